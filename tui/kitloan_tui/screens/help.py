"""Help: what can be scanned, typed and pressed, from the registry of actions.

It follows the focus: a screen or a widget that has help of its own carries it as
`HELP`, in plain sentences, and the innermost one that has the focus is shown first.
"""

from collections.abc import Iterable, Mapping

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Static

from kitloan_tui import keys
from kitloan_tui.actions import ACTIONS, Action, why_not
from kitloan_tui.counter.state import CounterState
from kitloan_tui.theme import SCREENS_STYLE

_SCANS = (
    ("a kit that is here", "is lent to the school at the counter, or waits for a school"),
    ("a kit that is out", "comes back: Enter when all is there, or type what is missing: wheel 2"),
    ("a kit to be counted", "is counted"),
    ("a missing kit", "is found; scan it again to lend it"),
    ("a kit sent to us", "is counted as one that comes back, and received"),
    (
        "from COLLEGE",
        "receives a kit with a label that is unknown here, from the college that sent it",
    ),
    ("use p5 27 4.5h", "what the kit that came back last was used for; use alone opens the form"),
    ("KLEVAL1;...", "a teacher's form, pasted or scanned"),
    ("back", "records that a kit in transit to another college never left"),
    ("a new label", "asks what kind of kit it is on, and takes that in"),
    ("a school's name", "opens its turn: every kit scanned then is lent to it at once"),
    ("part of its name", "the same, when one school begins so; else it is asked which, or yes"),
    ("to NAME", "opens the turn of a new school"),
    ("contact NAME", "who takes the kits of this turn; kept apart, and can be forgotten"),
    ("for WORDS", "what they are for; kept apart too"),
    ("due 21d", "until when the kits of this turn are lent; also: due 18/12/2026"),
    ("anyway REASON", "lends a kit that was refused as incomplete; the reason goes on record"),
    ("an asset number", "means its kit"),
    ("any other words", "are looked for; a number opens the page of one of the list"),
)


def help_for(focused: Iterable[DOMNode]) -> str:
    """The help of the innermost of these nodes; empty when none has any."""
    return next((str(node.HELP) for node in focused if getattr(node, "HELP", "")), "")


class Help(Screen[None]):
    """One page; Esc goes home, and so does a scan."""

    CSS_PATH = SCREENS_STYLE

    def __init__(
        self, state: CounterState | None, own_keys: Mapping[str, str], about: str = ""
    ) -> None:
        super().__init__()
        self._state = state
        self._keys = own_keys
        self._about = about

    def compose(self) -> ComposeResult:
        """Lay out the one page."""
        with VerticalScroll(id="body", can_focus=False):
            if self._about:
                yield Static(Content(self._about), classes="about")
            yield _title("Scan or type")
            for what, does in _SCANS:
                yield _row(what, does)
            yield _title("Keys, words to type and command cards")
            for action in ACTIONS:
                key = keys.in_bar(self._keys[action.id])
                yield _row(f"{key}  {action.label}".strip(), self._help_of(action))

    def _help_of(self, action: Action) -> str:
        """What an action does, the word and the card for it, and why it cannot be done now."""
        why = why_not(action, self._state)
        return " ".join(
            part
            for part in (
                action.help,
                f"Type: {action.typed}." if action.typed else "",
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
