"""The parts of the home screen: who is here, what just happened, and before that.

Each takes what it shows as a value and draws it as plain text, so that no name is ever markup.
"""

from collections import Counter as Tally
from collections.abc import Iterator, Mapping, Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widgets import Static

from kitloan.text.dates import uk_instant
from kitloan.text.names import plain
from kitloan_tui import keys
from kitloan_tui.actions import ACTIONS, Action, why_not
from kitloan_tui.counter.state import CounterState, LoggedVerdict
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.theme import tone

MUTED = "$text-muted"
TITLE = "bold $primary"

_WAYS_OUT = ("palette", "undo", "help", "home")
_LOG_LINES = 12
_MOST_NOTES = 3
"""Beside the question; more are summed up, and the log has them all."""


def fit(text: str, width: int, style: str = "") -> Content:
    """`text` in exactly `width` cells; too long a text ends in an ellipsis."""
    cut = Content(plain(text)).truncate(max(1, width), ellipsis=True, pad=True)
    return cut.stylize(style) if style else cut


class TextBlock(Static):
    """A text that is laid out and painted again only when it changes."""

    _text: Content | None = None

    def set_text(self, text: Content) -> None:
        """Show this."""
        if text != self._text:
            self._text = text
            self.update(text)


class Heading(TextBlock):
    """The program and the college on the left, who and when on the right."""

    _shown = ("", "")

    def show(self, where: str, who: str) -> None:
        """Show where this is, and who is at it."""
        self._shown = (where, who)
        self._fit()

    def on_resize(self) -> None:
        """Share out the new width."""
        self._fit()

    def _fit(self) -> None:
        where, who = map(plain, self._shown)
        width = self.content_size.width
        right = Content(who).truncate(width // 2, ellipsis=True)
        left = Content.assemble(("kitloan", "bold $primary"), f"  {where}")
        self.set_text(
            Content.assemble(
                left.truncate(max(1, width - right.cell_length), ellipsis=True, pad=True),
                right.stylize(MUTED),
            )
        )


class VerdictPanel(TextBlock):
    """The largest thing on the screen: what is asked, or else what just happened."""

    def show(
        self, verdict: Verdict, names: Mapping[str, str], notes: Sequence[Verdict] = ()
    ) -> None:
        """Show the word in a block of its own, the facts, and the next step.

        Args:
            verdict: what happened, or is asked.
            names: how hints name the actions.
            notes: what is shown below it.
        """
        colour = tone(verdict.symbol)
        self.set_classes(f"-{colour}")
        self.set_text(
            Content("\n").join(
                line
                for line in (
                    Content.styled(
                        f" {verdict.symbol} {verdict.word} ", f"bold $background on ${colour}"
                    ),
                    Content.styled(plain(verdict.text), "bold"),
                    Content.styled(plain(keys.filled(verdict.hint, names)), "$text-muted"),
                    *_notes_below(notes, names),
                )
                if line.plain.strip()
            )
        )


def _notes_below(notes: Sequence[Verdict], names: Mapping[str, str]) -> Iterator[Content]:
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


class Context(TextBlock):
    """Whose turn it is, and which scans wait; nothing when there is neither."""

    def show(self, lines: Sequence[str]) -> None:
        """Show these lines."""
        self.set_text(Content(plain("\n".join(lines))))
        self.display = bool(lines)


class Log(TextBlock):
    """What happened before, the latest first; the oldest fall off the foot."""

    def show(self, happened: Sequence[LoggedVerdict]) -> None:
        """List the latest of these."""
        lines = [
            Content.assemble((uk_instant(each.at)[-5:], "$text-muted"), f"  {each.verdict}")
            for each in list(happened)[: -_LOG_LINES - 1 : -1]
        ]
        self.set_text(Content("\n").join(lines))


class KeyBar(TextBlock):
    """What can be done here, at the foot: as much of it as there is room for, none of it cut off.

    What only the counter's question needs comes first, then the ways out, then the other screens.
    A click on an action does it as its key does.
    """

    class Chosen(Message):
        """Somebody clicked an action."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    _state: CounterState | None = None

    def __init__(self, own_keys: Mapping[str, str]) -> None:
        super().__init__(markup=False)
        self._hints = {
            action: _hint(action, own_keys[action.id]) for action in ACTIONS if action.in_bar
        }

    def show(self, state: CounterState | None) -> None:
        """Show what can be done now."""
        self._state = state
        self._fit()

    def on_resize(self) -> None:
        """Share out the new width."""
        self._fit()

    def on_click(self, event: events.Click) -> None:
        """Do what was clicked."""
        action = event.style.meta.get("action")
        if isinstance(action, str):
            event.stop()
            self.post_message(self.Chosen(action))

    def _fit(self) -> None:
        left = self.app.size.width
        shown = set[str]()
        for action in sorted(self._hints, key=_rank):
            cells = self._hints[action].cell_length
            if cells <= left and why_not(action, self._state) is None:
                shown.add(action.id)
                left -= cells
        hints = [hint for action, hint in self._hints.items() if action.id in shown]
        self.set_text(Content("").join(hints))


def _hint(action: Action, key: str) -> Content:
    text = Content.assemble(" ", (keys.in_bar(key), "bold"), f" {action.label} ")
    return text.stylize(Style.from_meta({"action": action.id}))


def _rank(action: Action) -> int:
    """How soon an action has its place in the bar; what cannot be done now has none."""
    if action.id in _WAYS_OUT:
        return 1 + _WAYS_OUT.index(action.id)
    return 9 if action.screen else 0


class Banner(Static):
    """Across the whole screen: something that nobody must miss."""

    def __init__(self, text: str, *, id: str) -> None:  # noqa: A002  # Textual's own word
        super().__init__(Content(plain(text)), markup=False, id=id)
