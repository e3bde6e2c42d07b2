"""The day: what is to be handed out, to be prepared and due back, and first what is at risk."""

from collections.abc import Sequence
from typing import ClassVar

from kitloan.errors import BadInput
from kitloan.text.dates import uk
from kitloan.values import Page
from kitloan_tui.booking_line import read_day
from kitloan_tui.counter import refusals
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.booking import BookingPage
from kitloan_tui.screens.holding import HoldingPage
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.week import WORDS, DayRow, find_day
from kitloan_tui.widgets.table import Column


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
        rows = tuple(find_day(self.college, self._day, view))
        return Page(rows, len(rows), None)

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
        return f"Nothing is {WORDS.get(view, 'to do')} on this day.\n\n{{week}} shows what is free."
