"""The calendar: on which days the desk is open, and on which days staff are at work.

Two weeks, because they differ: a desk that opens on Wednesdays has staff who count and clean from
Monday to Friday. Kits are collected and returned on desk days; preparation, turnaround and notice
count staff days. A dated closure or opening changes both. A college that has set no calendar has
every day.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, select

from kitloan.errors import BadInput
from kitloan.storage.statements import Query
from kitloan.tables import table
from kitloan.tables.planning import CalendarDay, CalendarWeek
from kitloan.text.dates import days_after

if TYPE_CHECKING:
    from kitloan.ledger.writer import Writer  # reading should not have to load it

EVERY_DAY = frozenset(range(7))
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

week_table, day_table = table(CalendarWeek), table(CalendarDay)

_WEEKS = Query(
    select(week_table.c.site, week_table.c.desk, week_table.c.staff).where(
        week_table.c.college == bindparam("c")
    )
)
_DAYS = Query(
    select(day_table.c.site, day_table.c.day, day_table.c.open, day_table.c.reason).where(
        day_table.c.college == bindparam("c")
    )
)


@dataclass(frozen=True, slots=True)
class DatedDay:
    """A day that differs from the week: closed or open, and why."""

    open: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """Desk days, staff days and the dated days that differ from both.

    Attributes:
        desk: the weekdays on which the desk opens, 0 for Monday; never empty.
        staff: the weekdays on which staff are at work, 0 for Monday; never empty.
        days: the dates that differ.
        has_week: whether somebody has set a week.
    """

    desk: frozenset[int] = EVERY_DAY
    staff: frozenset[int] = EVERY_DAY
    days: Mapping[date, DatedDay] = field(default_factory=dict)
    has_week: bool = field(default=False, compare=False)

    def is_desk_open(self, day: date) -> bool:
        """Whether kits are handed out and taken back on a day."""
        dated = self.days.get(day)
        return dated.open if dated else day.weekday() in self.desk

    def is_staff_day(self, day: date) -> bool:
        """Whether somebody is there to prepare, count and clean on a day."""
        dated = self.days.get(day)
        return dated.open if dated else day.weekday() in self.staff

    def reason(self, day: date) -> str | None:
        """Why a day differs from the week; None when it does not, or nobody gave a reason."""
        dated = self.days.get(day)
        return dated.reason if dated else None

    def next_open(self, day: date) -> date:
        """`day` when the desk is open on it, else the first day after it on which it is."""
        return day if self.is_desk_open(day) else _step(day, 1, self.is_desk_open)

    def add_open_days(self, day: date, count: int) -> date:
        """The desk day that is `count` desk days after `day`, or before it; 0 is `day` itself."""
        return _step(day, count, self.is_desk_open)

    def add_staff_days(self, day: date, count: int) -> date:
        """The staff day that is `count` staff days after `day`, or before it; 0 is `day` itself."""
        return _step(day, count, self.is_staff_day)

    def first_collection(self, today: date, notice: int) -> date:
        """The first day on which what is asked for today can be collected.

        `notice` is in staff days: a desk that opens once a week would make it a month in desk days.
        """
        return self.next_open(self.add_staff_days(today, notice))


def _step(day: date, count: int, counts: Callable[[date], bool]) -> date:
    one = timedelta(days=1 if count > 0 else -1)
    end = date.max if count > 0 else date.min
    for _ in range(abs(count)):
        # No week is empty and the dated days are finite, so there is such a day before the end.
        while day != end:
            day += one
            if counts(day):
                break
    return day


def calendar_of(connection: Connection, college: str, site: str | None = None) -> Calendar:
    """A college's calendar, or that of one of its sites.

    A site that has no week has the college's; its dated days come before the college's.

    Args:
        connection: a transaction.
        college: whose calendar.
        site: the site's name; None is the college's usual one.
    """
    weeks = {row.site: row for row in _WEEKS(connection, c=college)}
    days: dict[date, DatedDay] = {}
    for wanted in dict.fromkeys(("", site or "")):
        for row in _DAYS(connection, c=college):
            if row.site == wanted:
                days[date.fromisoformat(row.day)] = DatedDay(bool(row.open), row.reason)
    week = weeks.get(site or "") or weeks.get("")
    if week is None:
        return Calendar(days=days)
    return Calendar(_digits(week.desk), _digits(week.staff), days, has_week=True)


def calendar_now(writer: "Writer") -> Calendar:
    """The calendar of a writer's college: where it has set none, nothing is looked up."""
    if not writer.plans.calendar:
        return Calendar()
    return calendar_of(writer.connection, writer.college)


def _digits(text: str) -> frozenset[int]:
    return frozenset(int(each) for each in text)


def parse_weekdays(text: str) -> frozenset[int]:
    """Weekdays as people write them: `mon-fri`, `wed`, `mon,wed,fri`, `tue-thu,sat`.

    Raises:
        BadInput: `bad_week`.
    """
    found: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        ends = [_weekday(each, text) for each in (first, last if dash else first)]
        found.update((ends[0] + n) % 7 for n in range((ends[1] - ends[0]) % 7 + 1))
    return frozenset(found)


def _weekday(name: str, text: str) -> int:
    for number, full in enumerate(_FULL):
        if len(name) >= len(WEEKDAYS[number]) and full.startswith(name):
            return number
    raise BadInput(
        "bad_week",
        f"{text!r} does not name days of the week.",
        "Write them like mon-fri, or mon,wed,fri. At least one day is needed.",
        value=text[:60],
    )


_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def format_weekdays(days: Iterable[int]) -> str:
    """Weekdays as `parse_weekdays` reads them: `mon-fri`, `mon,wed`."""
    parts: list[list[int]] = []
    for day in sorted(days):
        if parts and parts[-1][-1] == day - 1:
            parts[-1].append(day)
        else:
            parts.append([day])
    return ",".join(
        WEEKDAYS[run[0]] if len(run) == 1 else f"{WEEKDAYS[run[0]]}-{WEEKDAYS[run[-1]]}"
        for run in parts
    )


def days_between(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`, both included."""
    return [days_after(first, n) for n in range((last - first).days + 1)]
