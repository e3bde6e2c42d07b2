"""A day: what is at risk, what is to be handed out and prepared, and what is due back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from kitloan.text.dates import uk
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS
from kitloan_tui.lookups import booked, late_words
from kitloan_tui.week import find_handing

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.planning.bookings import Booking

_EVERY = 10_000
"""More bookings than wait at any college, and more loans than are due on one day."""
WORDS = {"risk": "at risk", "hand": "to hand out", "prepare": "to prepare", "due": "due back"}
"""The parts of a day, in order, as they are counted."""


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
        what = f"{booked(each)}, {uk(each.collect_on)}"
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
            how = f"collected {uk(each.collect_on)}"
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
    return f"back by {uk(booking.return_by)}"
