"""The floor under the desk's first paint: a Textual app with one line and one input."""

from textual.app import App, ComposeResult
from textual.widgets import Input, Static


class Bare(App[None]):
    """Says one thing, and echoes."""

    def compose(self) -> ComposeResult:
        """Lay out a line and an input."""
        yield Static("bare and painted")
        yield Input()

    def on_mount(self) -> None:
        """Listen."""
        self.query_one(Input).focus()


Bare().run()
