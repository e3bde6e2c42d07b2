"""Tables of stocktakes: expected holdings, desks, every scan, and what borrowers confirmed."""

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import Field

from kitloan.tables.base import Base, in_college


def _of_a_stocktake(name: str) -> ForeignKeyConstraint:
    return in_college("stocktake=stocktake", to="stocktake", name=name)


class Stocktake(Base, table=True):
    """One stocktake, open until a person closes it."""

    __tablename__ = "stocktake"
    college: str = Field(primary_key=True)
    stocktake: str = Field(primary_key=True)
    name: str
    place: str | None
    sample: int | None
    challenge: str | None
    code: str | None
    opened_at: str
    opened_by: str
    closed_at: str | None
    closed_by: str | None


class StocktakeLine(Base, table=True):
    """A holding that a stocktake expects, as it was when the list was frozen."""

    __tablename__ = "stocktake_line"
    __table_args__ = (_of_a_stocktake("line_of_a_stocktake"),)
    college: str = Field(primary_key=True)
    stocktake: str = Field(primary_key=True)
    tag: str = Field(primary_key=True)
    place: str | None
    loan: str | None


class StocktakeDesk(Base, table=True):
    """A desk that takes part; `waiting` while its scans are not handed in."""

    __tablename__ = "stocktake_desk"
    __table_args__ = (_of_a_stocktake("desk_of_a_stocktake"),)
    college: str = Field(primary_key=True)
    stocktake: str = Field(primary_key=True)
    desk: str = Field(primary_key=True)
    waiting: bool


class StocktakeScan(Base, table=True):
    """One scan."""

    __tablename__ = "stocktake_scan"
    __table_args__ = (
        _of_a_stocktake("scan_of_a_stocktake"),
        Index("scans_of_a_stocktake", "college", "stocktake", "tag"),
        Index("scans_of_a_tag", "college", "tag"),
    )
    college: str = Field(primary_key=True)
    scan: str = Field(primary_key=True)
    stocktake: str
    tag: str | None
    code: str
    place: str | None
    desk: str
    seen_at: str
    scanned_by: str
    recorded_at: str
    """When it was recorded: after closing, it is late."""
    quantity: int | None = Field(
        default=None,
        sa_column_args=(CheckConstraint("quantity >= 0", name="counted_not_negative"),),
    )
    """How many were counted of a stock of loose items; NULL for a scan that counted nothing."""
    expected: int | None = None
    """How many of it should have been here then."""
    counted_seq: int | None = None
    """Where a count is in the ledger; NULL for a scan that counted nothing."""


class Confirmation(Base, table=True):
    """A borrower's confirmation that they have a holding on loan."""

    __tablename__ = "confirmation"
    __table_args__ = (_of_a_stocktake("confirmation_of_a_stocktake"),)
    college: str = Field(primary_key=True)
    stocktake: str = Field(primary_key=True)
    tag: str = Field(primary_key=True)
    loan: str
    at: str
    confirmed_by: str
