"""Names that changed: other names of borrowers and kit types, and what moved in a merge."""

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from kitloan.tables.base import Base

_SUBJECTS = "subject IN ('organisation', 'kit_type')"


class OtherName(Base, table=True):
    """A name by which a borrower or a kit type is found as well: one that it had or got."""

    __tablename__ = "other_name"
    __table_args__ = (CheckConstraint(_SUBJECTS, name="other_name_of_a_subject"),)
    college: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    """The column that names what has the name: `organisation` or `kit_type`."""
    key: str = Field(primary_key=True)
    """The id that one of this name would have."""
    whose: str
    """The id of the borrower or kit type that has it."""
    name: str


class MovedRow(Base, table=True):
    """A row that was one borrower's or kit type's, and is another's since the two were merged."""

    __tablename__ = "moved_row"
    __table_args__ = (CheckConstraint(_SUBJECTS, name="moved_row_of_a_subject"),)
    college: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    merged: str = Field(primary_key=True)
    """Whose it was."""
    of_table: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    """The rest of the row's key, as a JSON list."""
    into_: str
    """Whose it is; `into` is a word of SQL."""
