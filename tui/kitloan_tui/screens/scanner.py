"""The scanner check: scan anything, and read what the scanner does and how to correct it."""

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from kitloan.storage.check_results import save_scanner_check
from kitloan.text.dates import system_clock
from kitloan.text.names import plain
from kitloan.text.scanner_check import check_scanner
from kitloan_tui.protocols import DeskHost
from kitloan_tui.theme import SCREENS_STYLE
from kitloan_tui.widgets.panels import TextBlock

QUIET = 0.5
"""Seconds without a key after which a scan is over, whatever ended it."""


class ScannerCheck(Screen[None]):
    """Takes every key itself; nothing that is scanned here reaches the counter."""

    CSS_PATH = SCREENS_STYLE
    HELP: ClassVar[str] = (
        "Scan one of your labels, or a command card. What is shown here is about the scanner, and "
        "nothing is lent or taken back. Esc goes back to the counter."
    )

    def __init__(self, _desk: DeskHost) -> None:
        super().__init__()
        self._keys: list[tuple[str, float]] = []
        self._over: asyncio.TimerHandle | None = None

    def compose(self) -> ComposeResult:
        """Lay out what to do, and what was found."""
        with VerticalScroll(id="body", can_focus=False):
            yield Static(Content.styled("Scanner check", "bold $primary"), markup=False)
            yield Static(Content(self.HELP), markup=False, classes="about")
            yield TextBlock(id="found", markup=False)

    def take_key(self, character: str, at: float) -> None:
        """Take one key, as it was pressed."""
        self._keys.append((character, at))
        if self._over is not None:
            self._over.cancel()
        self._over = asyncio.get_running_loop().call_later(QUIET, self._show)

    def _show(self) -> None:
        keys, self._keys = self._keys, []
        if not self.is_attached:
            return
        lines = []
        checks = check_scanner(keys)
        save_scanner_check(system_clock(), [check.fix for check in checks if not check.ok])
        for check in checks:
            sign, colour = ("= ", "$success") if check.ok else ("! ", "$error")
            lines.append(Content.styled(sign + plain(check.what), f"bold {colour}"))
            if check.fix:
                lines.append(Content(f"  {check.fix}"))
        self.query_one("#found", TextBlock).set_text(Content("\n").join(lines))
