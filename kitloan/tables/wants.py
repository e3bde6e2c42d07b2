"""Tables of what is wanted, and of what was asked for in vain."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kitloan.tables.base import Base, in_college


class Want(Base, table=True):
    """A borrower who would have kits when some are free; nothing is promised."""

    __tablename__ = "want"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="want_of_something"),
        in_college("organisation=organisation", to="organisation", name="want_of_a_borrower"),
        in_college("kit_type=kit_type", to="kit_type", name="want_of_a_kit_type"),
        Index("wants_of_a_borrower", "college", "organisation"),
    )
    college: str = Field(primary_key=True)
    want: str = Field(primary_key=True)
    organisation: str
    contact: str | None
    kit_type: str
    quantity: int
    earliest: str
    latest: str
    days: int
    """For how many days, within those two."""
    open: bool
    event: str | None
    """The event for which it is lacking."""
    made_at: str
    made_seq: int


class Demand(Base, table=True):
    """What was asked for and could not be given."""

    __tablename__ = "demand"
    __table_args__ = (Index("demand_by_day", "college", "asked_on"),)
    college: str = Field(primary_key=True)
    demand: str = Field(primary_key=True)
    organisation: str | None
    kit_type: str
    quantity: int
    first: str
    last: str
    rule: str
    asked_on: str
