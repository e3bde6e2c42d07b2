"""Local tables, which never leave the college: people, remarks and settings."""

from sqlalchemy import Index, Text
from sqlmodel import Field

from kitloan.tables.base import Base


class Contact(Base, table=True):
    """A person at an organisation. The ledger has only their id."""

    __tablename__ = "contact"
    __table_args__ = (Index("contacts_by_name", "college", "name_key"),)
    college: str = Field(primary_key=True)
    contact: str = Field(primary_key=True)
    organisation: str
    name: str
    name_key: str
    email: str | None
    phone: str | None


class ContactChange(Base, table=True):
    """What somebody changed of a person's details, for as long as it can be undone."""

    __tablename__ = "contact_change"
    college: str = Field(primary_key=True)
    change: str = Field(primary_key=True)
    contact: str
    organisation: str
    name: str
    name_key: str
    email: str | None
    phone: str | None
    email_before: str | None
    phone_before: str | None
    is_new: bool
    undone: bool
    at: str
    by: str
    epoch: int
    seq: int
    """The ledger's end when it was made, or undone."""
    number: int
    """Which it is of those with the same end."""


class Remark(Base, table=True):
    """Free text about a loan or a holding, which may mention people."""

    __tablename__ = "remark"
    __table_args__ = (
        Index("remarks_of_a_holding", "college", "tag"),
        Index("remarks_about_a_person", "college", "contact"),
    )
    college: str = Field(primary_key=True)
    remark: str = Field(primary_key=True)
    tag: str
    loan: str | None
    contact: str | None
    heading: str
    words: str = Field(sa_type=Text)
    written_at: str | None = None
    """When it was written here; None where an older version kept it."""
    written_by: str | None = None
    """Which of the staff wrote it, or `register`."""
    request: str | None = None
    """The request that it came with; where all of that is undone, it is not shown."""


class Setting(Base, table=True):
    """A value that the store remembers about itself: its version, the last export, ..."""

    __tablename__ = "setting"
    college: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    value: str
