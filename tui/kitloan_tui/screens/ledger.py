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
from kitloan.storage.check_results import save_verification
from kitloan.text.dates import uk_instant
from kitloan.text.names import plain
from kitloan.text.tags import grouped
from kitloan.values import plural
from kitloan_tui.counter import sentences
from kitloan_tui.screens.frame import WorkScreen
from kitloan_tui.widgets.table import Column, Listing

if TYPE_CHECKING:
    from kitloan.history.verify import LedgerState, Verification

_LATEST = 200
_MOST_LEDGERS = 30


class Ledger(WorkScreen):
    """Heads, findings, and the latest entries."""

    NAME = "Ledger"
    HINT = "Enter verifies: every entry is replayed and compared with the register."
    HELP: ClassVar[str] = (
        "The ledger lists what happened; the register shows what is true now. Verifying checks "
        "that they agree. If it finds a mismatch, stop, and ask the person who looks after kitloan."
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
        ledger = self.college.ledger
        self.look_up(lambda: (ledger.heads(), ledger.log(last=_LATEST)), self._show)

    def _show(self, found: tuple[list["LedgerState"], list[LogLine]]) -> None:
        heads, entries = found
        self._show_heads(heads, "Not verified yet.")
        rows = [
            (
                f"{each.seq:,}",
                uk_instant(each.at),
                each.by,
                f"{each.kind.partition('.')[0]} {sentences.entry_kind(each.kind)}".replace(
                    "_", " "
                ),
                grouped(each.tag) if each.tag else "",
                each.summary,
            )
            for each in reversed(entries)
        ]
        self.query_one("#list", Listing).fill(rows)

    def _show_heads(self, heads: "list[LedgerState]", *more: str) -> None:
        lines = [
            f"{each.ledger}: {plural(each.entries, 'entry', 'entries')}, ends in {each.head[:16]}"
            for each in heads[:_MOST_LEDGERS]
        ]
        self.query_one("#summary", Static).update(Content(plain("\n".join([*lines, *more]))))

    @on(Button.Pressed, "#verify")
    def _verify(self) -> None:
        if not self.is_looking:
            ledger, progress = self.college.ledger, self.progress
            self.work("Verifying entries", lambda: ledger.verify(progress), self._verified)

    def _verified(self, verdict: "Verification") -> None:
        session = self.college.session
        codes = [each.code for each in verdict.findings]
        save_verification(session.store.name, session.clock(), codes)
        if verdict.ok:
            lines = ["= VERIFIED: the ledger is complete, and the register agrees with it."]
        else:
            found = plural(len(verdict.findings), "finding")
            lines = [
                f"! MISMATCH: {found}. Ask the person who looks after kitloan, and lend on "
                "paper until then.",
                *(f"! {each.ledger} {each.message}" for each in verdict.findings),
            ]
        self._show_heads(list(verdict.ledgers), *lines)

    def page(self, way: int) -> None:
        """Scroll the entries."""
        listing = self.query_one("#list", Listing)
        listing.action_page_down() if way > 0 else listing.action_page_up()


def _kind_shown(kind: str) -> str:
    return f"{kind.partition('.')[0].replace('_', ' ')} {sentences.entry_kind(kind)}"
