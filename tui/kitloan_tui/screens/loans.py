"""Loans: what is out, what is due today, what is overdue, and with which school."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from kitloan.organisations import OrganisationLine
from kitloan.text.dates import day_of, uk
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS, LoanLine, Page, plural
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.holding import HoldingPage
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.widgets.table import Column

LoanRow = LoanLine | OrganisationLine

_EMPTY = {
    "open": "Nothing is out.\n\nScan a kit at the counter, and then the school that takes it.",
    "today": "Nothing is due today.\n\n{loans} again shows what is overdue.",
    "overdue": "Nothing is overdue.",
    "school": "No school has borrowed yet.\n\nAt the counter type: to NAME OF THE SCHOOL",
}
AT_THE_COLLEGES = (
    "Schools borrow from the colleges, and each college has its own list.\n\n"
    "{loans} shows what is out at all of them; type a part of a school's name."
)


class Loans(ListScreen[LoanRow]):
    """The list; Enter opens the holding, or shows what a school has."""

    ACTION = "loans"
    NAME = "Loans"
    PROMPT = "a school, a kit, a tag: any part of it"
    HINT = "Enter opens one. Same key again: due today, overdue, by school."
    HELP: ClassVar[str] = (
        "Open loans, those due first first. The key that opened the list goes on to those due "
        "today and those overdue. Type a part of a school's name to see what that school has."
    )
    VIEWS = (
        ("all open", "open"),
        ("due today", "today"),
        ("! overdue", "overdue"),
        ("by school", "school"),
    )
    COLUMNS = (
        Column("Due", 13),
        Column("With", share=3),
        Column("What it is", share=3),
        Column("Tag", 16),
        Column("Out since", 12, wide_only=True),
    )

    def __init__(self, desk: DeskHost, to: str | None = None) -> None:
        super().__init__(desk)
        self._to = to

    @property
    def heading(self) -> str:
        """Whose loans, where they are one school's."""
        return f"Loans of {self._to}" if self._to else self.NAME

    def find(self, text: str, view: str, after: str | None) -> Page[LoanRow]:
        """A page of loans, or of schools."""
        if view == "school":
            return self.college.directory.organisations(text, after)
        today = self.college.session.today
        return self.college.find.loans(
            overdue=view == "overdue",
            due_on=today if view == "today" else None,
            to=self._to,
            text=text,
            after=after,
        )

    def cells(self, item: LoanRow) -> Sequence[str]:
        """One loan, or one school, as a row."""
        if isinstance(item, OrganisationLine):
            late = f"{SYMBOLS['overdue']} {item.overdue:,} overdue" if item.overdue else ""
            return (late, item.name, f"{item.open:,} out" if item.open else "nothing out", "", "")
        many = f"{item.quantity:,} of " if item.quantity > 1 else ""
        return (
            when_due(item, self.college.session.today),
            item.to,
            many + item.type,
            grouped(item.tag),
            uk(day_of(item.out_at)) if item.out_at else "not on record",
        )

    def take(self, item: LoanRow) -> None:
        """Open the holding, or the school's loans."""
        if isinstance(item, OrganisationLine):
            self.desk.open_screen(Loans(self.desk, item.name))
            return
        self.desk.open_screen(HoldingPage(self.desk, item.tag))

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if self._to and not text:
            return f"{self._to} has nothing out that matches."
        if text:
            return "No open loan matches.\n\nType less of it, or choose all open."
        if self.college.session.is_national:
            return AT_THE_COLLEGES if view == "school" else "No open loan at any college matches."
        return _EMPTY[view]

    def on_screen_resume(self) -> None:
        """Show what was changed on the screen above."""
        if self._page is not None:
            self.refresh_data()


def when_due(loan: LoanLine, today: date) -> str:
    """When a loan is due, or how late it is, with its symbol."""
    if loan.due_on is None:
        return f"{SYMBOLS['out']} no date"
    if loan.overdue:
        return f"{SYMBOLS['overdue']} {plural((today - loan.due_on).days, 'day')}"
    return f"{SYMBOLS['out']} {'today' if loan.due_on == today else uk(loan.due_on)}"
