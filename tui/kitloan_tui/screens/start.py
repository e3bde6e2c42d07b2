"""Before there is a store: the first run, and what is shown when the store cannot be opened.

First run: whose store is it to be? Or something to play with. Typed letters narrow the list of
colleges. A number of the list, or Enter when one is left, names that college, and Enter once more
starts its store: nothing is made of half a name. Scans made meanwhile wait, in sight.
"""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from kitloan.reference import College, colleges
from kitloan.text.names import fold, plain, search_form
from kitloan_tui.protocols import CoversDesk
from kitloan_tui.theme import SCREENS_STYLE
from kitloan_tui.widgets.panels import TextBlock

PLAY = "play"


class Trouble(CoversDesk):
    """One message over the whole screen."""

    CSS_PATH = SCREENS_STYLE

    def __init__(self, message: str, hint: str) -> None:
        super().__init__()
        self._text = (message, hint)

    def compose(self) -> ComposeResult:
        """Lay out the message."""
        message, hint = self._text
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


class CollegeChosen(Message):
    """Somebody chose whose store to start; `play` for something to play with."""

    def __init__(self, college: str) -> None:
        super().__init__()
        self.college = college


class FirstRun(CoversDesk):
    """One question."""

    CSS_PATH = SCREENS_STYLE
    AUTO_FOCUS: ClassVar[str | None] = "#college"
    HELP: ClassVar[str] = (
        "Type a few letters of your college's name, or the number before it, and "
        "Enter; Enter once more starts its store. "
        "If your college is not in the list, close the desk and ask the person who installed "
        "kitloan."
    )

    def __init__(self, message: str, waiting: str = "") -> None:
        super().__init__()
        self._message = message
        self._waiting = waiting
        self._meant: College | None = None

    def compose(self) -> ComposeResult:
        """Lay out the question and the list."""
        with Vertical(id="first"):
            yield Static(Content.styled("Welcome to kitloan", "bold $primary"), markup=False)
            yield Static(
                Content(
                    f"{plain(self._message)} Which college is it for?\n"
                    f"Type some letters of the college's name, or its number, then Enter. "
                    f"Type {PLAY} for a made-up store to try things on. Ctrl+Q closes."
                ),
                markup=False,
            )
            yield Input(placeholder="your college", id="college")
            yield TextBlock(id="meant", markup=False)
            yield TextBlock(id="waiting", markup=False)
        with VerticalScroll(id="body", can_focus=False):
            yield TextBlock(id="colleges", markup=False)

    def on_mount(self) -> None:
        """Show the whole list."""
        self.query_one(Input).cursor_blink = False
        self._list("")
        self._ask(None)
        self.show_waiting(self._waiting)

    def show_waiting(self, line: str) -> None:
        """Show which scans wait for the store."""
        block = self.query_one("#waiting", TextBlock)
        block.set_text(Content(plain(line)))
        block.display = bool(line)

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Leave what fits."""
        self._list(event.value)
        self._ask(None)

    @on(Input.Submitted)
    def choose(self, event: Input.Submitted) -> None:
        """Name the one that is meant, when it is one; the next Enter takes it."""
        event.stop()
        typed = event.value.strip()
        if fold(typed) == PLAY:
            self.post_message(CollegeChosen(PLAY))
            return
        if self._meant is not None:
            self.post_message(CollegeChosen(self._meant.id))
            return
        listed = colleges()
        if typed.isdecimal() and len(typed) < 4 and 1 <= int(typed) <= len(listed):
            self._ask(listed[int(typed) - 1])
        elif typed and len(found := _fitting(typed)) == 1:
            self._ask(found[0])

    def _ask(self, college: College | None) -> None:
        """Ask whether it is to be this one's."""
        self._meant = college
        block = self.query_one("#meant", TextBlock)
        block.display = college is not None
        if college is not None:
            text = f"{college.name}? Enter starts its store. Or type another name."
            block.set_text(Content.styled(text, "bold $warning"))

    def _list(self, typed: str) -> None:
        numbers = {college.id: number for number, college in enumerate(colleges(), start=1)}
        rows = [
            f"{numbers[college.id]:>3}  {college.name}"
            + (f"  ({college.region_name})" if college.region_name else "")
            for college in (_fitting(typed) if not typed.strip().isdecimal() else colleges())
        ]
        self.query_one("#colleges", TextBlock).set_text(
            Content("\n".join(rows) or "No college has this name.")
        )


def _fitting(typed: str) -> list[College]:
    """The colleges in whose name, former names or id these letters stand."""
    return [
        college
        for college in colleges()
        if any(
            search_form(typed) in search_form(n)
            for n in (college.name, college.id, *college.former_names)
        )
    ]
