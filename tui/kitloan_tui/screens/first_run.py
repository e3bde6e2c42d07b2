"""The first run: whose store is it to be? Or something to play with.

Typed letters narrow the list of colleges; a number of the list, or Enter when one is left, starts
that college's store. Nothing is made while more than one could be meant.
"""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from kitloan.reference import College, colleges
from kitloan.text import fold, plain
from kitloan_tui.messages import Chosen
from kitloan_tui.widgets.panels import Told

PLAY = "play"


class FirstRun(Screen[None]):
    """One question."""

    AUTO_FOCUS: ClassVar[str | None] = "#college"
    HELP: ClassVar[str] = (
        "Type a few letters of your college's name, then the number that stands before it. "
        "A college that the list does not have: kitloan init my-college --name 'My College'."
    )

    def __init__(self, message: str) -> None:
        super().__init__()
        self._message = message

    def compose(self) -> ComposeResult:
        """Lay out the question and the list."""
        with VerticalScroll(id="body", can_focus=False):
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
            yield Told(id="colleges", markup=False)

    def on_mount(self) -> None:
        """Show the whole list."""
        self.query_one(Input).cursor_blink = False
        self._list("")

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Leave what fits."""
        self._list(event.value)

    @on(Input.Submitted)
    def choose(self, event: Input.Submitted) -> None:
        """Take the one that is meant, when it is one."""
        event.stop()
        said = event.value.strip()
        if fold(said) == PLAY:
            self.post_message(Chosen(PLAY))
            return
        listed = colleges()
        if said.isdecimal() and len(said) < 4 and 1 <= int(said) <= len(listed):
            self.post_message(Chosen(listed[int(said) - 1].id))
        elif said and len(found := _fitting(said)) == 1:
            self.post_message(Chosen(found[0].id))

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
