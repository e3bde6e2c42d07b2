"""The table of events: a day or some days on which a college shows kits somewhere."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kitloan.tables.base import Base, in_college


class Event(Base, table=True):
    """An event for which kits are booked.

    Bookings name it by no foreign key: its row is rebuilt from its entries when one is undone.
    """

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("state IN ('planned', 'cancelled')", name="event_state_known"),
        CheckConstraint("starts_on <= ends_on", name="event_days_in_order"),
        in_college("organisation=organisation", to="organisation", name="event_of_a_borrower"),
        Index("events_of_a_borrower", "college", "organisation"),
    )
    college: str = Field(primary_key=True)
    event: str = Field(primary_key=True)
    """Its id, which begins with the college's: no other college has it."""
    name: str
    starts_on: str
    ends_on: str
    place: str | None
    organisation: str | None
    """For whom it is; NULL for the college itself, or for everybody."""
    state: str
    made_at: str
    made_by: str
    made_seq: int
