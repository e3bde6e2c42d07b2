"""What the screens beside the counter share: a heading, the last verdict, one question, the keys.

A screen looks things up on a thread, because a large college's lists may take a part
of a second, and shows that it does. What it changes goes through the counter, so that the verdict
is at home too and Ctrl+Z takes it back. It asks at most one thing at a time, on a line at its
foot. A scan closes it and is handled at the counter, unless it is about that scan.

Whatever a screen is given to show is drawn as plain text.

A `WorkScreen` does something that takes a while: it runs on a thread, shows how far it is, and can
be stopped. Leaving the screen stops it the next time that the thread reports: a store in a file
lets nobody write while it is read for minutes, and the counter must never wait for that.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.suggester import SuggestFromList
from textual.widgets import Input, Select, Static
from textual.worker import get_current_worker

from kitloan.errors import BadInput, KitloanError
from kitloan.text.dates import instant, uk_instant
from kitloan.text.names import plain
from kitloan_tui import keys, lookups
from kitloan_tui.counter import refusals, steps
from kitloan_tui.counter.state import CounterState
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.theme import SCREENS_STYLE, tone
from kitloan_tui.widgets.panels import Heading, KeyBar

if TYPE_CHECKING:
    from kitloan.college import College

T = TypeVar("T")

_NOTHING_TYPED = BadInput(
    "nothing_typed", "Nothing was typed.", "Type it, then Enter. {home} leaves the question."
)


class Answered(Message):
    """What a thread found out, or why it could not; `number` is that of its question."""

    def __init__(self, number: int, show: Callable[[], None], problem: Exception | None) -> None:
        super().__init__()
        self.number = number
        self.show = show
        self.problem = problem


class Notice(Static):
    """What just happened on this screen, in a line or two; nothing when nothing did."""

    def show(self, verdict: Verdict | None, names: dict[str, str]) -> None:
        """Show it, or nothing."""
        self.display = verdict is not None
        if verdict is not None:
            colour = tone(verdict.symbol)
            text = f" {verdict.symbol} {verdict.word} "
            hint = keys.filled(verdict.hint, names)
            self.update(
                Content.assemble(
                    (text, f"bold $background on ${colour}"),
                    (f" {plain(verdict.text)}", "bold"),
                    (f"  {plain(hint)}", "$text-muted"),
                )
            )


class AskLine(Horizontal):
    """One question, with a line for its answer; hidden until something is asked."""

    def compose(self) -> ComposeResult:
        """Lay out the question and the line."""
        yield Static(id="asks", markup=False)
        answer = Input(id="answer", compact=True)
        answer.cursor_blink = False
        yield answer


class DeskScreen(Screen[None]):
    """A screen beside the counter."""

    CSS_PATH = SCREENS_STYLE
    NAME: ClassVar[str] = ""
    HINT: ClassVar[str] = ""
    """What can be done here with other keys than those of the bar, in a line."""
    BINDINGS: ClassVar[list[BindingType]] = [
        # Tab goes from field to field; a scanner's line feed alone is an echo, and no answer.
        Binding("ctrl+j", "nothing", show=False),
    ]

    def __init__(self, desk: DeskHost) -> None:
        super().__init__()
        self.desk = desk
        self._asked = 0
        self._answered = 0
        self._is_asking = False
        self._waiting: Callable[[], None] | None = None
        self._then: Callable[[str], None] | None = None
        self._returns_to: Any = None

    @property
    def heading(self) -> str:
        """What the screen is called now."""
        return self.NAME

    @property
    def state(self) -> CounterState:
        """The counter."""
        return self.desk.state

    @property
    def college(self) -> "College":
        """The store."""
        return self.desk.college

    def kinds(self) -> tuple[str, ...]:
        """The kit types that the college has; none when the store is out of reach."""
        try:
            return lookups.kit_types(self.college.session)
        except KitloanError:  # shown by what the screen looks up next
            return ()

    # -- the frame --------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Lay out the frame, with what the screen itself shows in its middle."""
        yield Heading()
        yield Static(id="title", markup=False)
        yield Notice(markup=False)
        yield from self.middle()
        yield AskLine()
        yield Static(self.HINT, id="hint", markup=False)
        yield KeyBar(self.desk.settings.keys)

    def middle(self) -> ComposeResult:
        """What this screen shows."""
        yield VerticalScroll(id="body")

    def on_mount(self) -> None:
        """Show where this is."""
        now = uk_instant(instant(self.college.session.clock()))
        who = f"{self.college.session.actor}   {now}"
        self.query_one(Heading).show(self.college.college_name, who)
        self.query_one(KeyBar).show(self.state)
        self.report(None)
        self.set_title(self.heading)
        self.query_one(AskLine).display = False

    def set_title(self, title: str, more: str = "") -> None:
        """Name the screen, and how much of it there is."""
        self.query_one("#title", Static).update(
            Content.assemble((plain(title), "bold $primary"), (f"   {plain(more)}", "$text-muted"))
        )

    def report(self, verdict: Verdict | None) -> None:
        """Show what just happened here; None shows nothing."""
        self.query_one(Notice).show(verdict, self.names)

    @property
    def names(self) -> dict[str, str]:
        """How sentences call the actions: by the keys that the user has."""
        return keys.by_key(self.desk.settings.keys)

    # -- keys -------------------------------------------------------------------------------------

    def perform(self, name: str) -> bool:
        """Do an action of the registry in this screen's own way, or leave it with False."""
        own: dict[str, Callable[[], object]] = {
            "home": self.leave,
            "undo": self.undo,
            "page_up": lambda: self.page(-1),
            "page_down": lambda: self.page(1),
        }
        if name in own:
            own[name]()
        return name in own

    def leave(self) -> None:
        """Esc: close a list that dropped down, leave the question, else the screen."""
        dropped = [each for each in self.query(Select).results() if each.expanded]
        if dropped:
            dropped[0].expanded = False
        elif self._then is not None:
            self._close_question()
        else:
            self.desk.close_screen()

    def leave_with(self, verdict: Verdict) -> None:
        """Go back one step, and show there, and at the counter, what came of this screen."""
        if self.is_current:
            self.desk.close_screen()
        self.desk.do(partial(steps.act, doing=lambda: verdict))
        below = self.desk.top_screen
        if isinstance(below, DeskScreen):
            below.report(verdict)
            below.refresh_data()

    def page(self, way: int) -> None:
        """Show what is above, or below."""
        for body in self.query("#body").results(VerticalScroll):
            body.scroll_page_down() if way > 0 else body.scroll_page_up()

    def action_nothing(self) -> None:
        """Take no notice."""

    # -- changing ---------------------------------------------------------------------------------

    def do(self, act: Callable[[], Verdict]) -> Verdict:
        """Have the counter do something; show here how it went, and what is so now."""
        verdict = self.desk.do(partial(steps.act, doing=act))
        self.report(verdict)
        self.refresh_data()
        return verdict

    def undo(self) -> None:
        """Take back the person's latest action without leaving what they look at."""
        verdict = self.desk.do(steps.undo)
        self.report(verdict)
        self.refresh_data()
        if self.state.step.confirms:
            self.desk.open_screen(Confirm(verdict.text, "Keep", "Undo it", self._confirm_undo))

    def _confirm_undo(self) -> None:
        self.report(self.desk.do(steps.confirm))
        self.refresh_data()

    def refresh_data(self) -> None:
        """Look everything up again."""

    # -- asking -----------------------------------------------------------------------------------

    def ask(
        self,
        question: str,
        then: Callable[[str], None],
        value: str = "",
        names: Sequence[str] = (),
    ) -> None:
        """Ask for one line.

        Args:
            question: what is asked.
            then: is given what was typed, unless the question was left.
            value: what is in the line at first.
            names: what may be meant; completed as it is typed.
        """
        if self._then is None:
            self._returns_to = self.focused
        self._then = then
        self.query_one("#asks", Static).update(Content(plain(question)))
        answer = self.query_one("#answer", Input)
        answer.value = value
        answer.suggester = SuggestFromList(names, case_sensitive=False) if names else None
        self.query_one(AskLine).display = True
        answer.focus()
        answer.select_all()  # what is typed replaces what is in the line

    @on(Input.Submitted, "#answer")
    def _take_answer(self, event: Input.Submitted) -> None:
        event.stop()
        then, text = self._then, event.value.strip()
        if then is not None and text:
            self._close_question()
            then(text)
        elif then is not None:
            self.report(refusals.shown(_NOTHING_TYPED))

    def _close_question(self) -> None:
        self._then = None
        self.query_one(AskLine).display = False
        if self._returns_to is not None and self._returns_to.is_attached:
            self._returns_to.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """No line of a screen is meant for the counter."""
        event.stop()

    # -- looking up on a thread -------------------------------------------------------------------

    @property
    def is_looking(self) -> bool:
        """Whether an answer is still to come."""
        return self._answered < self._asked

    def look_up(self, find: Callable[[], T], show: Callable[[T], None]) -> None:
        """Find something out on a thread, then show it; an answer to an older question is dropped.

        While one question is asked, only the latest of those after it waits. Key after key would
        otherwise begin look-ups that nobody waits for, and a scan would wait for all of them.

        Args:
            find: asks the store; touches no widget.
            show: draws the answer.
        """
        self._asked += 1
        number = self._asked

        def work() -> None:
            try:
                found = find()
                self.post_message(Answered(number, lambda: show(found), None))
            except Exception as problem:  # shown on the screen, whatever it was
                self.post_message(Answered(number, lambda: None, problem))

        if self._is_asking:
            self._waiting = work
        else:
            self._ask_store(work)

    def _ask_store(self, work: Callable[[], None]) -> None:
        self._is_asking = True
        self.run_worker(work, thread=True, group="looking", exit_on_error=False)

    def on_answered(self, event: Answered) -> None:
        """Show the answer to the latest question, or ask it now."""
        self._is_asking, waiting, self._waiting = False, self._waiting, None
        if waiting is not None and self.is_attached:
            self._ask_store(waiting)
        if event.number != self._asked or not self.is_attached:
            return
        self._answered = event.number
        if event.problem is None:
            event.show()
        else:
            self.set_title(self.heading)
            self.report(self._problem(event.problem))

    def _problem(self, problem: Exception) -> Verdict:
        """A problem as a verdict."""
        if isinstance(problem, KitloanError):
            return refusals.shown(problem)
        return self.desk.fault(problem)


class Stopped(Exception):  # no error: the way out of work that nobody waits for any more
    """The person who asked has left."""


class Progressed(Message):
    """How much is done, of how much."""

    def __init__(self, done: int, total: int) -> None:
        super().__init__()
        self.done = done
        self.total = total


class WorkScreen(DeskScreen):
    """A screen that works."""

    _what = ""

    def work(self, what: str, find: Callable[[], T], show: Callable[[T], None]) -> None:
        """Do something long on a thread, and show what came of it.

        Args:
            what: what it is, for the title.
            find: does it, and calls `progress` as it goes on.
            show: shows what came of it.
        """
        self._what = what
        self.set_title(self.heading, f"{what} ...")
        self.look_up(find, lambda found: self._done(found, show))

    def _done(self, found: T, show: Callable[[T], None]) -> None:
        self.set_title(self.heading)
        show(found)

    def progress(self, done: int, total: int) -> None:
        """The thread reports how far it is; it stops when nobody waits any more."""
        if get_current_worker().is_cancelled:
            raise Stopped
        self.post_message(Progressed(done, total))

    def on_progressed(self, event: Progressed) -> None:
        """Show how far it is."""
        if self.is_looking:
            self.set_title(self.heading, f"{self._what}: {event.done:,} of {event.total:,}")
