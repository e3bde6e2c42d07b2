"""Tables of planning: the calendar and the policies."""

from sqlmodel import Field

from kitloan.tables.base import Base


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
