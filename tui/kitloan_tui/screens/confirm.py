"""The one question before something that cannot be undone.

The safe answer has the focus. For half a second no answer counts, so that the Enter which was
already on its way does not become one; and a scan closes this like any other screen.
"""

from collections.abc import Callable
from time import monotonic
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from kitloan.text.names import plain
from kitloan_tui.theme import SCREENS_STYLE

SECONDS_DEAF = 0.5


class Confirm(ModalScreen[None]):
    """Asks, and does it when somebody means it.

    Attributes:
        asked_at: when it was asked, by `time.monotonic`.
    """

    CSS_PATH = SCREENS_STYLE
    AUTO_FOCUS: ClassVar[str | None] = "#keep"

    def __init__(self, question: str, safe: str, sure: str, act: Callable[[], object]) -> None:
        super().__init__()
        self._texts = (question, safe, sure)
        self._act = act
        self.asked_at = monotonic()

    def compose(self) -> ComposeResult:
        """Lay out the question and its two answers."""
        question, safe, sure = (Content(plain(text)) for text in self._texts)
        with Vertical(id="confirm"):
            yield Static(question, markup=False)
            with Horizontal():
                yield Button(safe, id="keep", compact=True)
                yield Button(sure, id="sure", compact=True)

    @property
    def is_deaf(self) -> bool:
        """Whether it was asked so short a time ago that nobody can have read it."""
        return monotonic() - self.asked_at < SECONDS_DEAF

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        event.stop()
        if self.is_deaf:
            return
        self.app.pop_screen()
        if event.button.id == "sure":
            self._act()


class ConfirmClosing(Confirm):
    """Asks before the desk closes over something that nobody has finished.

    Args:
        unfinished: what that is.
        key: the key that closes the desk.
        close: closes the desk.
    """

    def __init__(self, unfinished: str, key: str, close: Callable[[], object]) -> None:
        question = f"{unfinished}\n\nClose the desk? {key} once more does."
        super().__init__(question, "Go on", "Close", close)
