"""One school: what it has now, its people, its loans by term, and what it lost."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import ItemGrid
from textual.widgets import Button

from kitloan.borrowers.organisations import Person
from kitloan.text.dates import uk
from kitloan.text.names import fold
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS, LoanLine, Page, plural
from kitloan_tui import lookups
from kitloan_tui.counter import recording
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.lookups import LostLine, TermLine
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.holding import HoldingPage
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.widgets.table import Column

SchoolRow = LoanLine | Person | TermLine | LostLine

_EMPTY = {
    "now": "It has nothing out.\n\nTab and Enter open its turn.",
    "people": "No person of this school is on file.\n\nType contact NAME in its turn.",
    "terms": "It has borrowed nothing yet.",
    "lost": "It has lost nothing that is on record.",
}


class School(ListScreen[SchoolRow]):
    """The lists of one school; Enter opens the holding of a row."""

    ACTION = "borrowers"
    HINT = "Same key again: people, by term, lost. Tab: the buttons."
    PROMPT = "a kit, a tag, a person"
    HELP: ClassVar[str] = (
        "One school: what it has now, its people with phone and e-mail, how many loans it had in "
        "each term, and what it lost. Renew makes everything that it has due on another day."
    )
    VIEWS = (("out now", "now"), ("people", "people"), ("by term", "terms"), ("lost", "lost"))
    COLUMNS = (
        Column("Due, or who", share=2),
        Column("What, or phone", share=3),
        Column("Number", 10),
        Column("Contact, e-mail", share=3),
    )

    def __init__(self, desk: DeskHost, name: str) -> None:
        super().__init__(desk)
        self._school = name
        self._about: dict[str, lookups.AboutLoan] = {}

    @property
    def heading(self) -> str:
        """Which school."""
        return self._school

    def middle(self) -> ComposeResult:
        """The list, and what can be done for the school."""
        yield from super().middle()
        with ItemGrid(id="buttons", min_column_width=16):
            yield Button("Lend", id="lend", compact=True)
            yield Button("Renew all", id="renew-all", compact=True)

    def find(self, text: str, view: str, after: str | None) -> Page[SchoolRow]:
        """A page of one of its lists."""
        session, name = self.college.session, self._school
        found: list[SchoolRow] = []
        if view == "now":
            page = self.college.find.loans(to=name, text=text, after=after)
            self._about = lookups.about_loans(session, page.items)
            return Page(page.items, page.total, page.next)
        if view == "people":
            people = self.college.directory.people(text, limit=lookups.MOST_PEOPLE).items
            found += [each for each in people if each.organisation == name]
        elif view == "terms":
            found += lookups.loans_by_term(session, name)
        else:
            lost = lookups.lost_by(session, name)
            found += [each for each in lost if fold(text) in fold(f"{each.type} {each.tag}")]
        return Page(tuple(found), len(found), None)

    def cells(self, item: SchoolRow) -> Sequence[str]:
        """One of them as a row."""
        if isinstance(item, Person):
            return (item.name, item.phone or "", "", item.email or "")
        if isinstance(item, TermLine):
            return (item.term, plural(item.loans, "loan"), "", plural(item.kits, "kit"))
        if isinstance(item, LostLine):
            return (uk(item.on), item.type, item.number, grouped(item.tag))
        about = self._about.get(item.id, lookups.AboutLoan())
        many = f"{item.quantity:,} of " if item.quantity > 1 else ""
        return (
            when_due(item, self.college.session.today),
            many + item.type,
            about.number or item.tag[-6:],
            about.reach,
        )

    def take(self, item: SchoolRow) -> None:
        """Open the holding."""
        if isinstance(item, LoanLine | LostLine):
            self.desk.open_screen(HoldingPage(self.desk, item.tag))

    @on(Button.Pressed, "#lend")
    def _lend(self) -> None:
        self.desk.type_line(f"to {self._school}")

    @on(Button.Pressed, "#renew-all")
    def _ask_due(self) -> None:
        self.ask("All that it has is due when? friday, 18 dec, 3 weeks", self._renew)

    def _renew(self, typed: str) -> None:
        def act() -> Verdict:
            return recording.renew_all(self.college, self._school, typed)

        if not self.do(act).ok:
            self.ask("Due when? friday, 18 dec, 3 weeks", self._renew, typed)

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        return "Nothing here matches.\n\nType less of it." if text else _EMPTY[view]


def when_due(loan: LoanLine, today: date) -> str:
    """When a loan is due, or how late it is, with its symbol."""
    if loan.due_on is None:
        return f"{SYMBOLS['out']} no date"
    if loan.overdue:
        return f"{SYMBOLS['overdue']} {plural((today - loan.due_on).days, 'day')}"
    return f"{SYMBOLS['out']} {'today' if loan.due_on == today else uk(loan.due_on)}"
