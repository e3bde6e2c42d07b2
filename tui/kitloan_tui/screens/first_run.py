"""The first run: whose store is it to be? Or something to play with.

Typed letters narrow the list of colleges. A number of the list, or Enter when one is left, names
that college, and Enter once more starts its store: nothing is made of half a name. Scans made
meanwhile wait, in sight.
"""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from kitloan.reference import College, colleges
from kitloan.text.names import fold, plain
from kitloan_tui.messages import Chosen
from kitloan_tui.screens.trouble import Stays
from kitloan_tui.widgets.panels import Told

PLAY = "play"


class FirstRun(Stays):
    """One question."""

    AUTO_FOCUS: ClassVar[str | None] = "#college"
    HELP: ClassVar[str] = (
        "Type a few letters of your college's name, or the number that stands before it, and "
        "Enter; Enter once more starts its store. "
        "A college that the list does not have: kitloan init my-college --name 'My College'."
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
                    f"{plain(self._message)} Whose is it to be?\n"
                    f"Type letters of the college's name, or its number, then Enter. "
                    f"Type {PLAY} for a made-up store to try things on. Ctrl+Q closes."
                ),
                markup=False,
            )
            yield Input(placeholder="your college", id="college")
            yield Told(id="meant", markup=False)
            yield Told(id="waiting", markup=False)
        with VerticalScroll(id="body", can_focus=False):
            yield Told(id="colleges", markup=False)

    def on_mount(self) -> None:
        """Show the whole list."""
        self.query_one(Input).cursor_blink = False
        self._list("")
        self._ask(None)
        self.show_waiting(self._waiting)

    def show_waiting(self, line: str) -> None:
        """Say which scans wait for the store."""
        told = self.query_one("#waiting", Told)
        told.tell(Content(plain(line)))
        told.display = bool(line)

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Leave what fits."""
        self._list(event.value)
        self._ask(None)

    @on(Input.Submitted)
    def choose(self, event: Input.Submitted) -> None:
        """Name the one that is meant, when it is one; the next Enter takes it."""
        event.stop()
        said = event.value.strip()
        if fold(said) == PLAY:
            self.post_message(Chosen(PLAY))
            return
        if self._meant is not None:
            self.post_message(Chosen(self._meant.id))
            return
        listed = colleges()
        if said.isdecimal() and len(said) < 4 and 1 <= int(said) <= len(listed):
            self._ask(listed[int(said) - 1])
        elif said and len(found := _fitting(said)) == 1:
            self._ask(found[0])

    def _ask(self, college: College | None) -> None:
        """Ask whether it is to be this one's."""
        self._meant = college
        told = self.query_one("#meant", Told)
        told.display = college is not None
        if college is not None:
            text = f"{college.name}? Enter starts its store. Or type another name."
            told.tell(Content.styled(text, "bold $warning"))

    def _list(self, said: str) -> None:
        numbers = {college.id: number for number, college in enumerate(colleges(), start=1)}
        rows = [
            f"{numbers[college.id]:>3}  {college.name}"
            + (f"  ({college.region_name})" if college.region_name else "")
            for college in (_fitting(said) if not said.strip().isdecimal() else colleges())
        ]
        self.query_one("#colleges", Told).tell(Content("\n".join(rows) or "None is called so."))


def _fitting(said: str) -> list[College]:
    """The colleges in whose name, former names or id these letters stand."""
    return [
        college
        for college in colleges()
        if any(fold(said) in fold(n) for n in (college.name, college.id, *college.former_names))
    ]
