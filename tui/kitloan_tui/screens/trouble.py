"""The store could not be opened: what is wrong and what to do, and nothing else on the screen."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from kitloan.text.names import plain


class Stays(Screen[None]):
    """What neither Esc nor a scan takes away: there is no store behind it to go on with."""


class Trouble(Stays):
    """One message over the whole screen."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__()
        self._said = (message, hint)

    def compose(self) -> ComposeResult:
        """Lay out the message."""
        message, hint = self._said
        with VerticalScroll(id="body", can_focus=False):
            yield Static(
                Content("\n\n").join(
                    [
                        Content.styled(" ! THE DESK CANNOT OPEN ", "bold $background on $error"),
                        Content.styled(plain(message), "bold"),
                        Content(plain(hint)),
                        Content.styled("Ctrl+Q closes.", "$text-muted"),
                    ]
                ),
                markup=False,
            )
