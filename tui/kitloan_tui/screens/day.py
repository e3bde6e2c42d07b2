"""The day: what is to be handed out, to be prepared and due back, and first what is at risk."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from kitloan.errors import BadInput
from kitloan.planning.bookings import Booking
from kitloan.text.dates import uk
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS, Page
from kitloan_tui.booking_line import read_day
from kitloan_tui.counter import refusals
from kitloan_tui.lookups import booked, late_words
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.booking import BookingPage
from kitloan_tui.screens.holding import HoldingPage
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.week import find_handing
from kitloan_tui.widgets.table import Column

_EVERY = 10_000
"""More bookings than wait at any college, and more loans than are due on one day."""


@dataclass(frozen=True, slots=True)
class DayRow:
    """One thing of a day: a booking, or a loan that is due, which has a tag."""

    part: str
    id: str
    tag: str
    to: str
    what: str
    how: str


class DayScreen(ListScreen[DayRow]):
    """The list of a day; Enter opens the booking, or the kit that is due."""

    ACTION = "day"
    NAME = "Day"
    NARROWS = False
    PROMPT = "type a day: fri, 18 dec, today"
    HINT = "Enter opens a row. Tab: hand out, prepare, due back, at risk."
    HELP: ClassVar[str] = (
        "What is to be handed out and to be prepared on a day, what is due back, and what cannot "
        "be kept. Type a day to see another. Enter on a row opens the booking, or the kit."
    )
    VIEWS = (
        ("everything", "all"),
        ("! at risk", "risk"),
        ("to hand out", "hand"),
        ("to prepare", "prepare"),
        ("due back", "due"),
    )
    COLUMNS = (
        Column("To do", 12),
        Column("For, or with", share=3),
        Column("What", share=3),
        Column("Status", share=3),
    )

    def __init__(self, desk: DeskHost) -> None:
        super().__init__(desk)
        self._day = self.college.session.today

    @property
    def heading(self) -> str:
        """Which day."""
        today = " (today)" if self._day == self.college.session.today else ""
        return f"{self._day:%A} {uk(self._day)}{today}"

    def find(self, text: str, view: str, after: str | None) -> Page[DayRow]:
        """All of the day, or one part of it; there are never many."""
        of_day = self.college.bookings.on_day(self._day)
        parts: dict[str, Callable[[], Iterator[DayRow]]] = {
            "risk": self._at_risk,
            "hand": lambda: self._handing(of_day),
            "prepare": lambda: self._preparing(of_day),
            "due": self._due,
        }
        chosen = parts if view == "all" else {view: parts[view]}
        rows = tuple(row for part in chosen.values() for row in part())
        return Page(rows, len(rows), None)

    def _at_risk(self) -> Iterator[DayRow]:
        today = self.college.session.today
        for each in self.college.bookings.list(at_risk=True, limit=_EVERY).items:
            why = "; ".join(late_words(each, today))
            what = f"{booked(each)}, {uk(each.collect_on)}"
            yield DayRow("! at risk", each.id, "", each.to, what, why)

    def _handing(self, waiting: Sequence[Booking]) -> Iterator[DayRow]:
        due = [each for each in waiting if each.is_kept_on(self._day)]
        if self._day != self.college.session.today:  # what is here today shows nothing of that day
            for each in due:
                yield DayRow("> hand out", each.id, "", each.to, booked(each), _until(each))
            return
        for found in find_handing(self.college, due):
            how = f"# {found.status}" if found.status else "= ready"
            yield DayRow(
                "> hand out",
                found.booking.id,
                "",
                found.booking.to,
                booked(found.booking),
                f"{how}, {_until(found.booking)}",
            )

    def _preparing(self, waiting: Sequence[Booking]) -> Iterator[DayRow]:
        for each in waiting:
            if each.is_prepared_on(self._day):
                how = f"collected {uk(each.collect_on)}"
                yield DayRow("~ prepare", each.id, "", each.to, booked(each), how)

    def _due(self) -> Iterator[DayRow]:
        for each in self.college.find.loans(due_on=self._day, limit=_EVERY).items:
            many = f"{each.quantity:,} of " if each.quantity > 1 else ""
            number = f"{each.asset_number}  " if each.asset_number else ""
            yield DayRow(
                f"{SYMBOLS['in']} due back",
                each.id,
                each.tag,
                each.to,
                many + each.type,
                f"{number}{grouped(each.tag)}",
            )

    def cells(self, item: DayRow) -> Sequence[str]:
        """One of them as a row."""
        return (item.part, item.to, item.what, item.how)

    def take(self, item: DayRow) -> None:
        """Open the booking, or the kit."""
        if item.tag:
            self.desk.open_screen(HoldingPage(self.desk, item.tag))
        else:
            self.desk.open_screen(BookingPage(self.desk, item.id))

    def entered(self, text: str) -> bool:
        """A day shows that day."""
        if not text:
            return False
        day = read_day(text, self.college.session.today)
        if day is None:
            self.report(
                refusals.shown(
                    BadInput("bad_date", f"{text[:60]!r} is not a day.", "Type it like 18 dec.")
                )
            )
            return True
        self.report(None)
        self._day = day
        self.load()
        return True

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if view == "risk":
            return "Every booking can be kept."
        words = {"hand": "to hand out", "prepare": "to prepare", "due": "due back"}
        return f"Nothing is {words.get(view, 'to do')} on this day.\n\n{{week}} shows what is free."


def _until(booking: Booking) -> str:
    return f"back by {uk(booking.return_by)}"
