"""The ledger's health: where each ledger ends, what was put on record last, and proving all of it.

Verifying replays every entry and compares the register with what comes out, row by row. It takes
minutes for a large store, on a thread; a scan stops it and is handled.
"""

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static

from kitloan.queries.history import LogLine
from kitloan.text.dates import uk_instant
from kitloan.text.names import plain
from kitloan.text.tags import grouped
from kitloan.values import plural
from kitloan_tui.screens.working import Working
from kitloan_tui.widgets.table import Column, Listing

if TYPE_CHECKING:
    from kitloan.verify import LedgerState, Verification

_LATEST = 200
_MOST_LEDGERS = 30


class Health(Working):
    """Heads, findings, and the latest entries."""

    NAME = "Ledger"
    HINT = "Enter verifies: every entry is replayed and compared with the register."
    HELP: ClassVar[str] = (
        "The ledger says what happened; the register says what is true now. Verifying proves "
        "that they agree. Whoever finds something here should not go on before it is settled."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#verify"
    COLUMNS = (
        Column("Entry", 9, right=True),
        Column("When", 17),
        Column("By", 12),
        Column("What", 18),
        Column("Tag", 16, wide_only=True),
        Column("In words", share=3),
    )

    def middle(self) -> ComposeResult:
        """What is known of the ledgers, then the entries."""
        yield Static(id="summary", markup=False)
        with Horizontal(id="buttons"):
            yield Button("Verify", id="verify", compact=True)
        yield Listing(self.COLUMNS, id="list")

    def on_mount(self) -> None:
        """Show where the ledgers end; nothing is checked yet."""
        super().on_mount()
        ledger = self.kitloan.ledger
        self.look_up(lambda: (ledger.heads(), ledger.log(last=_LATEST)), self._show)

    def _show(self, found: tuple[list["LedgerState"], list[LogLine]]) -> None:
        heads, entries = found
        self._say_heads(heads, "Not verified yet.")
        rows = [
            (
                f"{each.seq:,}",
                uk_instant(each.at),
                each.by,
                each.kind.replace(".", " ").replace("_", " "),
                grouped(each.tag) if each.tag else "",
                each.summary,
            )
            for each in reversed(entries)
        ]
        self.query_one("#list", Listing).fill(rows)

    def _say_heads(self, heads: "list[LedgerState]", *more: str) -> None:
        lines = [
            f"{each.ledger}: {plural(each.entries, 'entry', 'entries')}, ends in {each.head[:16]}"
            for each in heads[:_MOST_LEDGERS]
        ]
        self.query_one("#summary", Static).update(Content(plain("\n".join([*lines, *more]))))

    @on(Button.Pressed, "#verify")
    def _verify(self) -> None:
        if not self.is_looking:
            ledger, progress = self.kitloan.ledger, self.progress
            self.work("Verifying entries", lambda: ledger.verify(progress), self._verified)

    def _verified(self, verdict: "Verification") -> None:
        if verdict.ok:
            told = ["= ALL IS WELL: history holds together, and the register is what it makes it."]
        else:
            found = plural(len(verdict.findings), "finding")
            told = [
                f"! SOMETHING DOES NOT FIT: {found}. Ask whoever looks after kitloan, and lend on "
                "paper until then.",
                *(f"! {each.ledger} {each.message}" for each in verdict.findings),
            ]
        self._say_heads(list(verdict.ledgers), *told)

    def page(self, way: int) -> None:
        """Scroll the entries."""
        listing = self.query_one("#list", Listing)
        listing.action_page_down() if way > 0 else listing.action_page_up()
