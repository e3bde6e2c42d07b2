"""Tables of what is promised: kits that bookings name, and the counts of a type and day."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kitloan.tables.base import Base, in_college


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
