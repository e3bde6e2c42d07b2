"""One school: what it has now, its people, its loans by term, and what it lost."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import ItemGrid
from textual.widgets import Button

from kitloan.borrowers.directory import Person
from kitloan.errors import KitloanError
from kitloan.text.dates import uk
from kitloan.text.names import search_form
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS, LoanLine, Page, plural
from kitloan_tui import lookups
from kitloan_tui.counter import recording, refusals
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.loan_lookups import AboutLoan, about_loans
from kitloan_tui.protocols import DeskHost
from kitloan_tui.school_lookups import LostLine, TermLine, loans_by_term, lost_by
from kitloan_tui.screens.confirm import Confirm
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


_MOST_LISTED = 3
"""The ids of so many listed schools have room in the question."""


class School(ListScreen[SchoolRow]):
    """The lists of one school; Enter opens the holding of a row."""

    ACTION = "borrowers"
    HINT = "Same key again: people, by term, lost. Tab: buttons."
    PROMPT = "a kit, a tag, a person"
    HELP: ClassVar[str] = (
        "One school: what it has now, its people with phone and e-mail, how many loans it had in "
        "each term, and what it lost. Renew makes everything that it has due on another day. "
        "Rename corrects its name, Merge makes it one with another that is the same school, "
        "Listed school records which school of the lists it is, or which department of a campus, "
        "and Close records that nothing more is lent to it."
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
        self._about: dict[str, AboutLoan] = {}

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
            yield Button("Rename", id="rename", compact=True)
            yield Button("Merge", id="merge", compact=True)
            yield Button("Listed school", id="listed", compact=True)
            yield Button("Close it", id="close", compact=True)

    def find(self, text: str, view: str, after: str | None) -> Page[SchoolRow]:
        """A page of one of its lists."""
        session, name = self.college.session, self._school
        found: list[SchoolRow] = []
        if view == "now":
            page = self.college.find.loans(to=name, text=text, after=after)
            self._about = about_loans(session, page.items)
            return Page(page.items, page.total, page.next)
        if view == "people":
            people = self.college.directory.people(text, limit=lookups.MOST_PEOPLE).items
            found += [each for each in people if each.organisation == name]
        elif view == "terms":
            found += loans_by_term(session, name)
        else:
            lost = lost_by(session, name)
            found += [
                each for each in lost if search_form(text) in search_form(f"{each.type} {each.tag}")
            ]
        return Page(tuple(found), len(found), None)

    def cells(self, item: SchoolRow) -> Sequence[str]:
        """One of them as a row."""
        if isinstance(item, Person):
            return (item.name, item.phone or "", "", item.email or "")
        if isinstance(item, TermLine):
            return (item.term, plural(item.loans, "loan"), "", plural(item.kits, "kit"))
        if isinstance(item, LostLine):
            return (uk(item.on), item.type, item.number, grouped(item.tag))
        about = self._about.get(item.id, AboutLoan())
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

    @on(Button.Pressed, "#rename")
    def _ask_name(self) -> None:
        self.ask("What is it called from now on? Both names find it:", self._rename, self._school)

    def _rename(self, typed: str) -> None:
        if not self._renamed(lambda: recording.rename_school(self.college, self._school, typed)):
            self.ask("What is it called from now on?", self._rename, typed)

    @on(Button.Pressed, "#merge")
    def _ask_other(self) -> None:
        question = f"Which school is {self._school} the same as? Its loans and people go there:"
        self.ask(question, self._confirm_merge, names=self._others())

    def _others(self) -> tuple[str, ...]:
        items = self.college.directory.organisations().items
        return tuple(each.name for each in items if each.name != self._school)

    def _confirm_merge(self, typed: str) -> None:
        try:
            known = self.college.directory.borrower(typed)
        except KitloanError as unknown:
            self.report(refusals.shown(unknown))
            self.ask("Which school is it the same as?", self._confirm_merge, typed, self._others())
            return
        question = (
            f"Make {self._school} one with {known.name}?\n\nIts loans, people and bookings are "
            f"{known.name}'s then, and both names find it."
        )
        self.desk.open_screen(
            Confirm(question, "Keep both", "Merge", lambda: self._merge(known.name))
        )

    def _merge(self, into: str) -> None:
        self._renamed(lambda: recording.merge_schools(self.college, self._school, into))

    @on(Button.Pressed, "#listed")
    def _ask_listed(self) -> None:
        found = self.college.schools.find(self._school, limit=_MOST_LISTED).items
        ids = [each.schuid for each in found]
        which = f": {' or '.join(ids)}?" if ids else "? Its id, as in 8212627S"
        self.ask(f"Which listed school{which}", self._link, ids[0] if len(ids) == 1 else "", ids)

    def _link(self, typed: str) -> None:
        if not self.do(lambda: recording.link_school(self.college, self._school, typed)).ok:
            self.ask("Which listed school? Its id, as in 8212627S", self._link, typed)

    def _renamed(self, act: Callable[[], tuple[str, Verdict]]) -> bool:
        """Change what it is called, and go on under its name."""

        def doing() -> Verdict:
            self._school, verdict = act()
            return verdict

        return self.do(doing).ok

    @on(Button.Pressed, "#close")
    def _ask_close(self) -> None:
        question = (
            f"Close {self._school}?\n\nNothing more is lent to it. What it has is still on loan, "
            "and comes back as ever."
        )
        self.desk.open_screen(Confirm(question, "Keep", "Close it", self._close))

    def _close(self) -> None:
        self.do(lambda: recording.close_school(self.college, self._school))

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
