"""Help: what can be scanned, typed and pressed, from the registry of actions."""

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from kitloan_tui.actions import ACTIONS, Action, why_not

if TYPE_CHECKING:
    from kitloan_tui.counter import Counter

_SCANS = (
    ("a kit that is here", "is lent to the school at the counter, or waits to hear to whom"),
    ("a kit that is out", "comes back: Enter when all is there, or type what is not: wheel 2"),
    ("a kit to be counted", "is counted"),
    ("a school's name", "opens its turn: every kit scanned then is lent to it at once"),
    ("to NAME", "opens the turn of a school not met before"),
    ("an asset number", "stands for its kit"),
    ("any other words", "are looked for; a number picks from the list"),
)


class Help(Screen[None]):
    """One page; Esc goes home, and so does a scan."""

    def __init__(self, counter: "Counter | None") -> None:
        super().__init__()
        self._counter = counter

    def compose(self) -> ComposeResult:
        """Lay out the one page."""
        with VerticalScroll(id="body", can_focus=False):
            yield _title("Scan or type")
            for what, does in _SCANS:
                yield _row(what, does)
            yield _title("Keys and command cards")
            for action in ACTIONS:
                yield _row(f"{action.shown_key}  {action.label}", self._told(action))

    def _told(self, action: Action) -> str:
        """What an action does, the card that does the same, and why it cannot be done now."""
        why = why_not(action, self._counter)
        return " ".join(
            part
            for part in (
                action.help,
                f"Card: {action.card}." if action.card else "",
                f"(Not now: {why})" if why else "",
            )
            if part
        )


def _title(text: str) -> Static:
    return Static(Content.styled(text, "bold $primary"), classes="title")


def _row(what: str, does: str) -> Horizontal:
    return Horizontal(
        Static(Content.styled(what, "bold"), classes="what"),
        Static(Content(does), classes="does"),
        classes="row",
    )
