"""Loans: what is out, what is due today, what is overdue, and with which school."""

from collections.abc import Sequence
from typing import ClassVar

from kitloan.borrowers.directory import OrganisationLine
from kitloan.text.dates import uk
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS, LoanLine, Page
from kitloan_tui.loan_lookups import AboutLoan, about_loans
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.holding import HoldingPage
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.screens.school import School, when_due
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
        Column("With", share=5),
        Column("Contact", share=3),
        Column("What it is", share=3),
        Column("Number or tag", 16),
        Column("Out since", 12, wide_only=True),
    )

    def __init__(self, desk: DeskHost) -> None:
        super().__init__(desk)
        self._about: dict[str, AboutLoan] = {}

    def find(self, text: str, view: str, after: str | None) -> Page[LoanRow]:
        """A page of loans, or of schools."""
        if view == "school":
            return self.college.directory.organisations(text, after)
        today = self.college.session.today
        page = self.college.find.loans(
            overdue=view == "overdue",
            due_on=today if view == "today" else None,
            text=text,
            after=after,
        )
        self._about = about_loans(self.college.session, page.items)
        return page

    def cells(self, item: LoanRow) -> Sequence[str]:
        """One loan, or one school, as a row."""
        if isinstance(item, OrganisationLine):
            late = f"{SYMBOLS['overdue']} {item.overdue:,} overdue" if item.overdue else ""
            return (
                late,
                item.name,
                "",
                f"{item.open:,} out" if item.open else "nothing out",
                "",
                "",
            )
        many = f"{item.quantity:,} of " if item.quantity > 1 else ""
        about = self._about.get(item.id, AboutLoan())
        return (
            when_due(item, self.college.session.today),
            item.to,
            about.reach,
            many + item.type,
            about.number or grouped(item.tag),
            uk(item.on) if item.on else "not on record",
        )

    def take(self, item: LoanRow) -> None:
        """Open the holding, or the school's loans."""
        if isinstance(item, OrganisationLine):
            self.desk.open_screen(School(self.desk, item.name))
            return
        self.desk.open_screen(HoldingPage(self.desk, item.tag))

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if text:
            return "No open loan matches.\n\nType less of it, or choose all open."
        if self.college.session.is_national:
            return AT_THE_COLLEGES if view == "school" else "No open loan at any college matches."
        return _EMPTY[view]

    def on_screen_resume(self) -> None:
        """Show what was changed on the screen above."""
        if self._page is not None:
            self.refresh_data()
