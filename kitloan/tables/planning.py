"""Tables of planning: the calendar, the policies, bookings, what is promised, and what is wanted.

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


class BookingPin(Base, table=True):
    """A kit that a booking names."""

    __tablename__ = "booking_pin"
    __table_args__ = (
        in_college("booking=booking", to="booking", name="pin_of_a_booking"),
        Index("booking_pins_by_type", "college", "kit_type"),
    )
    college: str = Field(primary_key=True)
    booking: str = Field(primary_key=True)
    kit: str = Field(primary_key=True)
    kit_type: str


class KitDay(Base, table=True):
    """A day on which a kit is kept for a booking that names it: one booking a day."""

    __tablename__ = "kit_day"
    __table_args__ = (
        in_college("booking=booking", to="booking", name="kit_day_of_a_booking"),
        Index("kit_days_of_a_booking", "college", "booking"),
    )
    college: str = Field(primary_key=True)
    kit: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    booking: str


class TypeDay(Base, table=True):
    """How many of a type there were on a day, and how many promised or out, when it was counted.

    A booking that takes the day counts it again, and adds itself; what is lent or lost since is not
    in it. A promise that would be too many is refused here. What happens is not: the next promise
    of that day counts a loss or a late return, and excuses what is too many by then.
    """

    __tablename__ = "type_day"
    __table_args__ = (
        CheckConstraint(
            "committed BETWEEN 0 AND capacity + excused", name="never_more_promised_than_there_is"
        ),
    )
    college: str = Field(primary_key=True)
    kit_type: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    capacity: int
    committed: int
    excused: int


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
