"""Tables of planning: the calendar, the policies and bookings; the rest is in `promises`, `wants`.

Bookings name no holding by a foreign key: a holding's rows are rebuilt from its entries when one is
undone, and a booking's from its own.
"""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kitloan.tables.base import Base, in_college


class CalendarWeek(Base, table=True):
    """The weekdays on which a site's desk opens and its staff work, as digits: 0 is Monday."""

    __tablename__ = "calendar_week"
    college: str = Field(primary_key=True)
    site: str = Field(primary_key=True)
    """Empty is the college's usual site."""
    desk: str
    staff: str


class CalendarDay(Base, table=True):
    """A day on which a site is open or closed whatever the week has."""

    __tablename__ = "calendar_day"
    college: str = Field(primary_key=True)
    site: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    open: bool
    reason: str | None


class PolicyValue(Base, table=True):
    """A policy that was set, for one kit type or for all of them."""

    __tablename__ = "policy"
    college: str = Field(primary_key=True)
    policy: str = Field(primary_key=True)
    kit_type: str = Field(primary_key=True)
    """Empty is all kit types."""
    setting: str


class Booking(Base, table=True):
    """A promise of kits to a borrower, from a collection day to a return day."""

    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint("state IN ('made', 'cancelled', 'lapsed')", name="booking_state_known"),
        CheckConstraint(
            "busy_from <= collect_on AND collect_on <= return_by AND return_by <= free_from",
            name="booking_days_in_order",
        ),
        in_college("organisation=organisation", to="organisation", name="booking_for_a_borrower"),
        Index("bookings_by_state", "college", "state", "lapses_after"),
        Index("bookings_by_day", "college", "collect_on"),
        Index("bookings_of_a_borrower", "college", "organisation"),
    )
    college: str = Field(primary_key=True)
    booking: str = Field(primary_key=True)
    organisation: str
    contact: str | None
    collect_on: str
    return_by: str
    busy_from: str
    """The first day on which its kits are taken: they may have to be prepared."""
    free_from: str
    """The first day on which its kits can go out again."""
    lapses_after: str
    """The last day on which it is kept for collection."""
    series: str | None
    event: str | None
    state: str
    changes: int
    """How often it was changed since it was made; an ending counts too."""
    made_at: str
    made_by: str
    made_seq: int
    """The number of the entry that made it: the first made is kept first."""


class BookingLine(Base, table=True):
    """So many kits of a type, of a booking; `collected` is how many have gone out."""

    __tablename__ = "booking_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="booking_line_of_something"),
        CheckConstraint("collected BETWEEN 0 AND quantity", name="never_more_collected"),
        in_college("booking=booking", to="booking", name="line_of_a_booking"),
        in_college("kit_type=kit_type", to="kit_type", name="line_of_a_kit_type"),
        Index("booking_lines_by_type", "college", "kit_type"),
    )
    college: str = Field(primary_key=True)
    booking: str = Field(primary_key=True)
    kit_type: str = Field(primary_key=True)
    quantity: int
    collected: int
