"""What the week and the day ask of the library: what is free, promised, to be done, and due back.

Everything here is the library's answer put beside one another; nothing decides what may be booked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from kitloan.planning.calendar import Calendar
from kitloan.text.dates import days_after, uk
from kitloan.text.tags import grouped
from kitloan.values import PAGE, SYMBOLS, Status
from kitloan_tui import lookups
from kitloan_tui.bookings_at_risk import booked, find_reach, late_words, types_lost

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.planning.booked import Booking
    from kitloan.planning.free import Free

DAYS = 7
"""How many desk days are shown."""
_EVERY = 10_000
"""More bookings than wait at any college, and more loans than are due on one day."""
WORDS = {"risk": "at risk", "hand": "to hand out", "prepare": "to prepare", "due": "due back"}
"""The parts of a day, in order, as they are counted."""


@dataclass(frozen=True, slots=True)
class Handing:
    """A booking to be handed out today, and whether its kits are there."""

    booking: "Booking"
    status: str


@dataclass(frozen=True, slots=True)
class Week:
    """What the screen shows.

    Attributes:
        calendar: on which days the desk opens.
        days: the days across, in order.
        closed: those on which the desk is closed, with the reason as far as one was given.
        types: what is free of each kit type.
        handing: what waits to be collected today.
        at_risk: the bookings that cannot be kept as things are.
        reach: whom to ring at a school about these, by its name; nobody where nobody is on file.
    """

    calendar: Calendar
    days: tuple[date, ...]
    closed: dict[date, str]
    types: "tuple[Free, ...]"
    handing: tuple[Handing, ...]
    at_risk: "tuple[Booking, ...]"
    reach: Mapping[str, str]

    def free_on(self, row: int, day: date) -> int:
        """How many of a row's type are free on a day."""
        return next((each.free for each in self.types[row].days if each.day == day), 0)

    def lost_on(self, row: int, day: date) -> "list[Booking]":
        """The bookings of a row's type that are at risk and take a kit on a day."""
        kind = self.types[row].type
        return [
            each
            for each in self.at_risk
            if kind in types_lost(each) and each.busy_from <= day < each.free_from
        ]


def find_week(college: "College", first: date) -> Week:
    """The week that begins on a day, or on the next day that the desk's week has.

    Raises:
        StoreError: the store is out of reach.
    """
    today = college.session.today
    calendar = college.calendar.calendar()
    days = days_shown(calendar, max(first, today))
    kinds = set(lookups.kit_types(college.session))
    free = college.bookings.free(days[0], days[-1])
    at_risk = college.bookings.list(at_risk=True, limit=_EVERY).items
    to_hand_out = college.bookings.list(last=today, limit=_EVERY).items
    return Week(
        calendar,
        days,
        {day: calendar.reason(day) or "" for day in days if not calendar.is_desk_open(day)},
        tuple(each for each in free if each.type in kinds),
        tuple(find_handing(college, to_hand_out)),
        at_risk,
        find_reach(college.people, at_risk),
    )


def days_shown(calendar: Calendar, first: date, step: int = 1) -> tuple[date, ...]:
    """The days across from `first` on, or back from it: desk days, also such as are closed."""
    days: list[date] = []
    day = first
    while len(days) < DAYS:
        if day.weekday() in calendar.desk or calendar.is_desk_open(day):
            days.append(day)
        day = days_after(day, step)
    return tuple(sorted(days))


def find_handing(college: "College", waiting: "Sequence[Booking]") -> Iterator[Handing]:
    """Whether the kits of each booking are there, in the order in which they were booked."""
    there: dict[tuple[str, Status], int] = {}
    for booking in waiting:
        lacks = []
        for line in booking.lines:
            needed = line.quantity - line.collected
            for status in ("in", "uncounted"):
                key: tuple[str, Status] = (line.type, status)
                if key not in there:
                    there[key] = _count_here(college, *key)
            taken = min(needed, there[line.type, "in"])
            there[line.type, "in"] -= taken
            uncounted = min(needed - taken, there[line.type, "uncounted"])
            there[line.type, "uncounted"] -= uncounted
            if not line.collected:  # else it may be one of those that have gone out
                lacks += _chosen_away(college, line.tags)
            if uncounted:
                lacks.append(f"{uncounted} {line.type} not counted yet")
            if needed > taken + uncounted:
                lacks.append(f"{needed - taken - uncounted} {line.type} not here")
        yield Handing(booking, ", ".join(lacks))


def _chosen_away(college: "College", tags: Sequence[str]) -> list[str]:
    """The chosen kits that cannot be handed out now, each with its status."""
    statuses = {tag: college.find.holding(tag).status for tag in tags}
    return [
        f"{grouped(tag)} is {status.replace('_', ' ')}"
        for tag, status in statuses.items()
        if status != "in"
    ]


def _count_here(college: "College", kind: str, status: Status) -> int:
    found = college.find.search("", type=kind, status=status, limit=PAGE).items
    return sum(each.quantity - each.out_quantity for each in found)


@dataclass(frozen=True, slots=True)
class DayRow:
    """One thing of a day: a booking, or a loan that is due, which has a tag.

    Attributes:
        kind: which part of `WORDS` it is of.
        part: the same as a mark and a word.
        id: the booking's, or the loan's.
        tag: the kit's that is due; empty of a booking.
        to: the borrower.
        what: how many of which types.
        how: what else is to be known of it.
    """

    kind: str
    part: str
    id: str
    tag: str
    to: str
    what: str
    how: str


def find_day(college: "College", day: date, part: str = "all") -> Iterator[DayRow]:
    """All of a day, or one part of `WORDS`; what is at risk is so whichever day is asked for.

    Raises:
        StoreError: the store is out of reach.
    """
    of_day = college.bookings.on_day(day)
    parts: dict[str, Callable[[], Iterator[DayRow]]] = {
        "risk": lambda: _at_risk(college),
        "hand": lambda: _handing(college, day, of_day),
        "prepare": lambda: _preparing(day, of_day),
        "due": lambda: _due(college, day),
    }
    for name in WORDS if part == "all" else (part,):
        yield from parts[name]()


def _at_risk(college: "College") -> Iterator[DayRow]:
    today = college.session.today
    for each in college.bookings.list(at_risk=True, limit=_EVERY).items:
        why = "; ".join(late_words(each, today))
        what = f"{booked(each)}, {uk(each.days[0])}"
        yield DayRow("risk", "! at risk", each.id, "", each.to, what, why)


def _handing(college: "College", day: date, of_day: "tuple[Booking, ...]") -> Iterator[DayRow]:
    due = [each for each in of_day if each.is_kept_on(day)]
    if day != college.session.today:  # what is here today shows nothing of that day
        for each in due:
            yield DayRow("hand", "> hand out", each.id, "", each.to, booked(each), _until(each))
        return
    for found in find_handing(college, due):
        how = f"# {found.status}" if found.status else "= ready"
        yield DayRow(
            "hand",
            "> hand out",
            found.booking.id,
            "",
            found.booking.to,
            booked(found.booking),
            f"{how}, {_until(found.booking)}",
        )


def _preparing(day: date, of_day: "tuple[Booking, ...]") -> Iterator[DayRow]:
    for each in of_day:
        if each.is_prepared_on(day):
            how = f"collected {uk(each.days[0])}"
            yield DayRow("prepare", "~ prepare", each.id, "", each.to, booked(each), how)


def _due(college: "College", day: date) -> Iterator[DayRow]:
    for each in college.find.loans(due_on=day, limit=_EVERY).items:
        many = f"{each.quantity:,} of " if each.quantity > 1 else ""
        number = f"{each.asset_number}  " if each.asset_number else ""
        yield DayRow(
            "due",
            f"{SYMBOLS['in']} due back",
            each.id,
            each.tag,
            each.to,
            many + each.type,
            f"{number}{grouped(each.tag)}",
        )


def _until(booking: "Booking") -> str:
    return f"back by {uk(booking.days[1])}"
