"""Home: the line that listens, the verdict, and today.

The screen draws what it is given and keeps nothing but that; the line at its top always has the
focus, and takes it back from whatever took it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from kitloan_tui import keys
from kitloan_tui.settings import Settings
from kitloan_tui.standing import standing
from kitloan_tui.verdict import STARTING, Verdict
from kitloan_tui.widgets.omnibox import Complete, Omnibox
from kitloan_tui.widgets.pages import page
from kitloan_tui.widgets.panels import Context, Heading, KeyBar, Log, Told, VerdictPanel

if TYPE_CHECKING:
    from kitloan_tui.counter import Counter
    from kitloan_tui.lookups import Board

_LISTENING = "scan a kit or a school, or type"
_ASKED = {
    "IN?": "Enter: done. Or type what is not: wheel 2",
    "TO WHOM?": "scan or type the school",
    "NEW SCHOOL?": "yes, or type the school",
    "FROM WHOM?": "type a number of the list, or the school",
    "HOW MANY?": "type how many",
    "TAKE IN?": "type what kind of kit it is",
}


class Home(Screen[None]):
    """The one screen that a counter needs."""

    AUTO_FOCUS: ClassVar[str | None] = "#omnibox"
    HELP: ClassVar[str] = (
        "One line that always listens. Scan or type a kit, a school or words to look for; what "
        "just happened stands below it in large letters, and stays in the log at the foot."
    )

    def __init__(self, complete: Complete, settings: Settings) -> None:
        super().__init__()
        self._complete = complete
        self._keys = settings.keys
        self._names = keys.by_key(settings.keys)
        self._drawn: tuple[Counter, Board] | None = None
        self._asked: object = None
        self._given_back = ""

    def compose(self) -> ComposeResult:
        """Lay out the screen, from the heading to the keys."""
        yield Heading()
        with Horizontal(id="line"):
            yield Static(">", id="prompt", markup=False)
            yield Omnibox(self._complete)
        yield Context(markup=False)
        yield VerdictPanel(markup=False)
        with VerticalScroll(id="body", can_focus=False):
            yield Told(id="page", markup=False)
        yield Log(markup=False)
        yield KeyBar(self._keys)

    def on_mount(self) -> None:
        """Say that the desk is not ready yet, and listens already."""
        self.show_verdict(STARTING)

    def show(self, counter: "Counter", board: "Board", notes: list[str]) -> None:
        """Draw the counter as it stands."""
        self._drawn = (counter, board)
        self.show_verdict(counter.asking or counter.verdict, counter.notes)
        self.show_standing([*standing(counter), *notes])
        told = {verdict.text for verdict in (counter.verdict, *counter.notes)}
        happened = [h for h in counter.diary.log if h.verdict.text not in told]
        self.query_one(Log).show(happened)
        self.query_one(KeyBar).show(counter)
        self._draw_page()

    def show_standing(self, lines: list[str]) -> None:
        """Say whose turn it is, and what waits."""
        self.query_one(Context).show([keys.filled(line, self._names) for line in lines])

    def show_verdict(self, verdict: Verdict, notes: Sequence[Verdict] = ()) -> None:
        """Say what is asked, or else what just happened, and what the line waits for.

        Args:
            verdict: that.
            notes: what else was said, told beside it.
        """
        self.query_one(VerdictPanel).show(verdict, self._names, notes)
        self.query_one(Omnibox).placeholder = _ASKED.get(verdict.word, _LISTENING)

    def give_back(self, refused: str) -> None:
        """Put a refused line back, to be put right; it goes with its refusal.

        It is selected, so that whoever types anew need not rub it out first.
        """
        line = self.query_one(Omnibox)
        if refused:
            line.value = refused
            line.select_all()
        elif self._given_back and line.value == self._given_back:
            line.clear()
        self._given_back = refused

    def on_resize(self) -> None:
        """Draw the page for the new width."""
        self.call_after_refresh(self._draw_page)

    def on_screen_resume(self) -> None:
        """Listen again."""
        self.query_one(Omnibox).focus()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Take the focus back from a click, but not while another program has the keyboard."""
        if self.app.app_focus and self.is_current:
            event.widget.focus()

    def _draw_page(self) -> None:
        if self._drawn is None:
            return
        counter, board = self._drawn
        width = self.query_one("#body").scrollable_content_region.width
        typed = tuple(counter.counting.typed) if counter.counting else ()
        asked = (board, counter.question, typed, counter.choices, counter.matches, width)
        if asked != self._asked:
            self._asked = asked
            self.query_one("#page", Told).tell(page(counter, board, width))
