"""The ledger: heads and entries, only ever appended to."""

from sqlalchemy import Index, Text
from sqlmodel import Field

from kitloan.tables.base import Base


class LedgerHead(Base, table=True):
    """The end of each college's ledger; locking it makes that college's writes take turns."""

    __tablename__ = "ledger_head"
    college: str = Field(primary_key=True)
    epoch: int
    seq: int
    hash: str
    at: str
    own: bool
    """Whether this store writes it, or holds a copy of it."""


class LedgerEntry(Base, table=True):
    """One sealed entry; `body` is stored as it was hashed, the other columns are for finding it."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        Index("one_part_of_a_request", "college", "id", "part", unique=True),
        Index("entries_of_a_tag", "college", "tag", "epoch", "seq"),
        Index("entries_of_a_person", "college", "by", "epoch", "seq"),
    )
    college: str = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    id: str
    part: int
    kind: str
    tag: str | None
    at: str
    by: str
    body: str = Field(sa_type=Text)
    hash: str
