"""The parts of the home screen that speak: who is here, what just happened, and before that.

Each takes what it shows as a value and draws it as plain text, so that no name is ever markup.
"""

from collections import Counter as Tally
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from kitloan.text.dates import uk_instant
from kitloan.text.names import plain
from kitloan_tui import keys
from kitloan_tui.actions import ACTIONS, Action, why_not
from kitloan_tui.theme import tone
from kitloan_tui.verdict import Verdict

if TYPE_CHECKING:
    from kitloan_tui.counter import Counter
    from kitloan_tui.diary import Happened

_LOG_LINES = 12
_MOST_NOTES = 3
"""Beside the question; more are summed up, and the log has them all."""


class Heading(Horizontal):
    """The program and the college on the left, who and when on the right."""

    _shown = ("", "")

    def compose(self) -> ComposeResult:
        """Lay out the two halves."""
        yield Static("kitloan", id="where", markup=False)
        yield Static("", id="who", markup=False)

    def show(self, where: str, who: str) -> None:
        """Say where this is, and who is at it."""
        if (where, who) == self._shown:
            return
        self._shown = (where, who)
        self.query_one("#where", Static).update(
            Content.assemble(("kitloan", "bold $primary"), f"  {plain(where)}")
        )
        self.query_one("#who", Static).update(Content(plain(who)))


class Told(Static):
    """A text that is laid out and painted again only when it says something else."""

    _told: Content | None = None

    def tell(self, text: Content) -> None:
        """Say this."""
        if text != self._told:
            self._told = text
            self.update(text)


class VerdictPanel(Told):
    """The largest thing on the screen: what is asked, or else what just happened."""

    def show(
        self, verdict: Verdict, names: Mapping[str, str], notes: Sequence[Verdict] = ()
    ) -> None:
        """Say it: the word in a block of its own, the facts, and the next step.

        Args:
            verdict: what to say.
            names: how its hint calls actions.
            notes: what else was said, told below it.
        """
        colour = tone(verdict.symbol)
        self.set_classes(f"-{colour}")
        self.tell(
            Content("\n").join(
                line
                for line in (
                    Content.styled(
                        f" {verdict.symbol} {verdict.word} ", f"bold $background on ${colour}"
                    ),
                    Content.styled(plain(verdict.text), "bold"),
                    Content.styled(plain(keys.filled(verdict.hint, names)), "$text-muted"),
                    *_told_below(notes, names),
                )
                if line.plain.strip()
            )
        )


def _told_below(notes: Sequence[Verdict], names: Mapping[str, str]) -> Iterator[Content]:
    """Notes in order, refusals with what to do next; of many, how many there are of each word."""
    refused = [note for note in notes if not note.ok]
    rest = [note for note in notes if note.ok]
    if len(notes) > _MOST_NOTES:
        words = Tally(note.word for note in rest)
        yield Content(f"Also: {', '.join(f'{n} x {word}' for word, n in words.items())}")
        rest = []
    for note in [*refused, *rest]:
        hint = f" {plain(keys.filled(note.hint, names))}" if not note.ok else ""
        colour = tone(note.symbol)
        yield Content.assemble(
            (f"{note.symbol} {note.word} ", f"bold ${colour}"),
            f" {plain(note.text)}",
            (hint, "$text-muted"),
        )


class Context(Told):
    """Whose turn it is, and which scans wait; nothing when there is neither."""

    def show(self, lines: Sequence[str]) -> None:
        """Say these lines."""
        self.tell(Content(plain("\n".join(lines))))
        self.display = bool(lines)


class Log(Told):
    """What happened before, the latest first; the oldest fall off the foot."""

    def show(self, happened: Sequence["Happened"]) -> None:
        """List the latest of these."""
        lines = [
            Content.assemble((uk_instant(each.at)[-5:], "$text-muted"), f"  {each.verdict}")
            for each in list(happened)[: -_LOG_LINES - 1 : -1]
        ]
        self.tell(Content("\n").join(lines))


class KeyHint(Static):
    """One action in the bar, which a click does as its key does."""

    class Chosen(Message):
        """Somebody clicked an action."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, action: Action, key: str) -> None:
        super().__init__(markup=False, id=f"key-{action.id}")
        self._action = action
        self.set_class(bool(action.screen), "-elsewhere")
        self.show(None)
        self.update(Content.assemble((keys.shown(key), "bold"), f" {action.label}"))

    def on_click(self, event: events.Click) -> None:
        """Do it."""
        event.stop()
        self.post_message(self.Chosen(self._action))

    def show(self, counter: "Counter | None") -> None:
        """Stand back when it cannot be done now."""
        self.set_class(why_not(self._action, counter) is not None, "-cannot")


class KeyBar(Horizontal):
    """What can be done, at the foot."""

    def __init__(self, own_keys: Mapping[str, str]) -> None:
        super().__init__()
        self._keys = own_keys

    def compose(self) -> ComposeResult:
        """Lay out a hint for each action."""
        for action in ACTIONS:
            if action.in_bar:
                yield KeyHint(action, self._keys[action.id])

    def show(self, counter: "Counter | None") -> None:
        """Dim what cannot be done now; a narrow bar has room for what the question needs."""
        self.set_class(bool(counter and counter.question), "-asked")
        for hint in self.query(KeyHint):
            hint.show(counter)


class Banner(Static):
    """Across the whole screen: something that nobody must miss."""

    def __init__(self, text: str, *, id: str) -> None:  # noqa: A002  # Textual's own word
        super().__init__(Content(plain(text)), markup=False, id=id)
