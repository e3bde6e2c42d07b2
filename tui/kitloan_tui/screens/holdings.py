"""Holdings: everything the college holds, searched as it is typed, by status and by type."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Select

from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS, Holding, Page, Status
from kitloan_tui.screens.holding import HoldingPage
from kitloan_tui.screens.labels import Labels
from kitloan_tui.screens.listing import ListScreen, chooser
from kitloan_tui.widgets.table import Column

_STATUSES: dict[str, Status] = {
    status: status  # type: ignore[misc]  # the symbols are the statuses', one each
    for status in SYMBOLS
}
_ANY = "any type"


class HoldingList(ListScreen[Holding]):
    """The list; Enter opens one."""

    ACTION = "holdings"
    NAME = "Holdings"
    PROMPT = "a tag, a number, a type, a place, a donor: any part of it"
    HINT = "Enter opens one. Tab: filter by status or type. PgDn goes on."
    HELP: ClassVar[str] = (
        "Everything the college holds. Type any parts of words to narrow the list; Tab reaches "
        "the two filters, by status and by type. Enter or a click opens one holding."
    )
    VIEWS = (
        ("all statuses", ""),
        *((f"{symbol} {status.replace('_', ' ')}", status) for status, symbol in SYMBOLS.items()),
    )
    COLUMNS = (
        Column("Status", 12),
        Column("Tag", 16),
        Column("What it is", share=3),
        Column("Number", 10),
        Column("Place or borrower", share=3),
        Column("Donor", share=2, wide_only=True),
    )

    _type: str | None = None

    def more_choices(self) -> ComposeResult:
        """The kit types that the college has."""
        types = [(_ANY, ""), *((name, name) for name in self.kinds())]
        yield chooser(types, "", "type")

    @on(Select.Changed, "#type")
    def _choose_type(self, event: Select.Changed) -> None:
        event.stop()
        if (str(event.value) or None) != self._type:
            self._type = str(event.value) or None
            self.load()
        self.query_one("#narrow").focus()

    def middle(self) -> ComposeResult:
        """The list, and what can be done about all of it."""
        yield from super().middle()
        with Horizontal(id="buttons"):
            yield Button("Labels for holdings without one", id="labels", compact=True)

    @on(Button.Pressed, "#labels")
    def _labels(self) -> None:
        self.desk.open_screen(Labels(self.desk))

    def perform(self, name: str) -> bool:
        """Labels, from here, come back here."""
        if name == "labels":
            self._labels()
            return True
        return super().perform(name)

    def find(self, text: str, view: str, after: str | None) -> Page[Holding]:
        """A page of holdings."""
        return self.college.find.search(text, after, status=_STATUSES.get(view), type=self._type)

    def cells(self, item: Holding) -> Sequence[str]:
        """One holding as a row."""
        many = f"{item.quantity:,} of " if item.quantity > 1 else ""
        out = f"{item.out_quantity:,} out, " if 0 < item.out_quantity < item.quantity else ""
        whose = f"{item.college}: " if self.college.session.is_national else ""
        return (
            f"{SYMBOLS[item.status]} {item.status.replace('_', ' ')}",
            grouped(item.tag),
            many + item.type,
            item.asset_number or "",
            whose + (f"{out}with {item.loan.to}" if item.loan else item.location or ""),
            (item.gift.donor if item.gift else None) or "",
        )

    def take(self, item: Holding) -> None:
        """Open one holding."""
        self.desk.open_screen(HoldingPage(self.desk, item.tag))

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if text or view or self._type:
            return "Nothing here matches.\n\nType less of it, or choose all statuses and any type."
        if self.college.session.is_national:
            return (
                "No college's ledger is here yet.\n\n"
                "The person who looks after this store merges the files that the colleges send."
            )
        return (
            "The college holds nothing yet.\n\n"
            "{register} takes a spreadsheet in; {take_in} one holding. Or print blank labels, and "
            "scan each at the counter as you stick it on."
        )

    def on_screen_resume(self) -> None:
        """Show what was changed on the screen above."""
        if self._page is not None:
            self.refresh_data()
