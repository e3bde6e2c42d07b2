"""What the screens beside the counter share: a heading, what was said last, one question, the keys.

A screen of the house looks things up on a thread, because a large college's lists may take a part
of a second, and shows that it does. What it changes goes through the counter, so that the verdict
stands at home too and Ctrl+Z takes it back. It asks at most one thing at a time, on a line at its
foot. A scan closes it and is handled at the counter, unless it is about that scan.

Whatever a screen is given to show is drawn as plain text.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.suggester import SuggestFromList
from textual.widgets import Input, Select, Static

from kitloan.errors import BadInput, KitloanError
from kitloan.text.dates import instant, uk_instant
from kitloan.text.names import plain
from kitloan_tui import keys, lookups, wording
from kitloan_tui.theme import tone
from kitloan_tui.verdict import Verdict
from kitloan_tui.widgets.panels import Heading, KeyBar

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan_tui.app import Desk
    from kitloan_tui.counter import Counter

T = TypeVar("T")

_NOTHING_TYPED = BadInput(
    "nothing_typed", "Nothing was typed.", "Type it, then Enter. {home} leaves the question."
)


class Answered(Message):
    """What a thread found out, or why it could not; `number` says which question it answers."""

    def __init__(self, number: int, show: Callable[[], None], problem: Exception | None) -> None:
        super().__init__()
        self.number = number
        self.show = show
        self.problem = problem


class Notice(Static):
    """What just happened on this screen, in a line or two; nothing when nothing did."""

    def say(self, verdict: Verdict | None, names: dict[str, str]) -> None:
        """Say it, or fall silent."""
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


class House(Screen[None]):
    """A screen beside the counter."""

    NAME: ClassVar[str] = ""
    HINT: ClassVar[str] = ""
    """What can be done here besides the keys of the bar, in a line."""
    BINDINGS: ClassVar[list[BindingType]] = [
        # Tab goes from field to field; a scanner's line feed alone is an echo, and no answer.
        Binding("ctrl+j", "nothing", show=False),
    ]

    def __init__(self, counter: "Counter") -> None:
        super().__init__()
        self.counter = counter
        self._asked = 0
        self._answered = 0
        self._then: Callable[[str], None] | None = None
        self._returns_to: Any = None

    @property
    def called(self) -> str:
        """What the screen is called now."""
        return self.NAME

    @property
    def kitloan(self) -> "College":
        """The store."""
        return self.counter.kitloan

    @property
    def desk(self) -> "Desk":
        """The program that this screen is part of."""
        return cast("Desk", self.app)

    def kinds(self) -> tuple[str, ...]:
        """The kit types that the college has; none when the store is out of reach."""
        try:
            return lookups.kit_types(self.kitloan.session)
        except KitloanError:  # told by whatever the screen looks up next
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
        """Say where this is."""
        now = uk_instant(instant(self.kitloan.session.clock()))
        who = f"{self.kitloan.session.actor}   {now}"
        self.query_one(Heading).show(self.kitloan.college_name, who)
        self.query_one(KeyBar).show(self.counter)
        self.say(None)
        self.title_says(self.called)
        self.query_one(AskLine).display = False

    def title_says(self, title: str, more: str = "") -> None:
        """Name the screen, and how much of it there is."""
        self.query_one("#title", Static).update(
            Content.assemble((plain(title), "bold $primary"), (f"   {plain(more)}", "$text-muted"))
        )

    def say(self, verdict: Verdict | None) -> None:
        """Say what just happened here; None says nothing."""
        self.query_one(Notice).say(verdict, self.names)

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
            self.desk.pop_screen()

    def leave_saying(self, said: Verdict) -> None:
        """Go back one step, and say there, and at the counter, what came of this screen."""
        if self.is_current:
            self.desk.pop_screen()
        verdict = self.desk.do_beside(lambda counter: counter.beside(lambda: said))
        below = self.desk.screen
        if isinstance(below, House):
            below.say(verdict)
            below.refresh_data()

    def page(self, way: int) -> None:
        """Show what is above, or below."""
        for body in self.query("#body").results(VerticalScroll):
            body.scroll_page_down() if way > 0 else body.scroll_page_up()

    def action_nothing(self) -> None:
        """Take no notice."""

    # -- changing ---------------------------------------------------------------------------------

    def do(self, act: Callable[[], Verdict]) -> Verdict:
        """Have the counter do something; say how it went here, and show what is so now."""
        verdict = self.desk.do_beside(lambda counter: counter.beside(act))
        self.say(verdict)
        self.refresh_data()
        return verdict

    def undo(self) -> None:
        """Take back the person's latest action without leaving what they look at."""
        self.say(self.desk.do_beside(lambda counter: counter.undo()))
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
            value: what stands in the line at first.
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

    @on(Input.Submitted, "#answer")
    def _take_answer(self, event: Input.Submitted) -> None:
        event.stop()
        then, text = self._then, event.value.strip()
        if then is not None and text:
            self._close_question()
            then(text)
        elif then is not None:
            self.say(wording.refused(_NOTHING_TYPED))

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
            except Exception as problem:  # told on the screen, whatever it was
                self.post_message(Answered(number, lambda: None, problem))

        self.run_worker(work, thread=True, group="looking", exclusive=True, exit_on_error=False)

    def on_answered(self, event: Answered) -> None:
        """Show the answer to the latest question."""
        if event.number != self._asked or not self.is_attached:
            return
        self._answered = event.number
        if event.problem is None:
            event.show()
        else:
            self.title_says(self.called)
            self.say(self.told(event.problem))

    def told(self, problem: Exception) -> Verdict:
        """A problem in words."""
        if isinstance(problem, KitloanError):
            return wording.refused(problem)
        return self.desk.fault(problem)
