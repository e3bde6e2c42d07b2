"""Schools and people: who borrows, with what they have out, and who is on file."""

from collections.abc import Sequence
from typing import ClassVar

from kitloan.borrowers.directory import OrganisationLine, Person
from kitloan.values import SYMBOLS, Page
from kitloan_tui.counter import recording
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.screens.loans import AT_THE_COLLEGES
from kitloan_tui.screens.school import School
from kitloan_tui.widgets.table import Column

BorrowerRow = OrganisationLine | Person


class Borrowers(ListScreen[BorrowerRow]):
    """The list; Enter shows a school's loans, or asks whether to forget a person."""

    ACTION = "borrowers"
    NAME = "Schools and people"
    PROMPT = "a name, or a part of it"
    HINT = "Enter: a school's page, or forgets a person. Same key again: people."
    HELP: ClassVar[str] = (
        "Who borrows. Enter on a school shows what it has. People are kept apart from the "
        "records, and Enter on one asks whether to forget them: name, e-mail, phone and remarks."
    )
    VIEWS = (("schools", "organisations"), ("people", "people"))
    COLUMNS = (
        Column("Name", share=4),
        Column("Out", 6, right=True),
        Column("Overdue", 8, right=True),
        Column("School", share=4),
        Column("Phone, e-mail", share=3),
    )

    def find(self, text: str, view: str, after: str | None) -> Page[BorrowerRow]:
        """A page of schools, or of people."""
        directory = self.college.directory
        if view == "people":
            return directory.people(text, after)
        return directory.organisations(text, after)

    def cells(self, item: BorrowerRow) -> Sequence[str]:
        """One of them as a row."""
        if isinstance(item, Person):
            reach = ", ".join(part for part in (item.phone, item.email) if part)
            return (item.name, "", "", item.organisation, reach)
        late = f"{SYMBOLS['overdue']} {item.overdue:,}" if item.overdue else ""
        return (item.name, f"{item.open:,}" if item.open else "", late, "", "")

    def take(self, item: BorrowerRow) -> None:
        """Show a school's loans; ask whether a person is to be forgotten."""
        if isinstance(item, OrganisationLine):
            self.desk.open_screen(School(self.desk, item.name))
            return
        at = f" at {item.organisation}" if item.organisation else ""
        question = (
            f"Forget {item.name}{at}?\n\nName, e-mail, phone and remarks about them go from this "
            "store for good. Their loans stay on record, without a name. This cannot be undone."
        )
        self.desk.open_screen(
            Confirm(question, "Keep", "Forget", lambda: self._forget(item)),
        )

    def _forget(self, person: Person) -> None:
        self.do(lambda: recording.forget(self.college, person.id))

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if text:
            return "No school or person here has this name.\n\nType less of the name."
        if self.college.session.is_national:
            return AT_THE_COLLEGES
        if view == "people":
            return "No person is on file.\n\nType contact NAME in a school's turn at the counter."
        return "No school has borrowed yet.\n\nAt the counter type: to NAME OF THE SCHOOL"
