"""Home: the line that listens, the verdict, and today.

The screen draws what it is given and keeps nothing but that; the line at its top always has the
focus, and takes it back from whatever took it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from kitloan.text.dates import uk
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS, LoanLine, ShortageLine, plural
from kitloan_tui import keys
from kitloan_tui.counter.state import CounterState
from kitloan_tui.counter.status import status_lines
from kitloan_tui.counter.verdict import STARTING, Verdict
from kitloan_tui.settings import DeskSettings
from kitloan_tui.widgets.omnibox import Complete, Omnibox
from kitloan_tui.widgets.panels import (
    MUTED,
    TITLE,
    Context,
    Heading,
    KeyBar,
    Log,
    TextBlock,
    VerdictPanel,
    fit,
)

if TYPE_CHECKING:
    from kitloan.contents import Part
    from kitloan_tui.counter.questions import PartsCount
    from kitloan_tui.lookups import Board

_WIDE = 150
_TAG, _WHEN, _BAG, _PART = 16, 13, 16, 30
_NOTHING = Content("")
_QUIET = (
    "Nothing is out. Scan a kit to lend it, or a new label to take a kit in. "
    "{register} takes in a whole register."
)
_LISTENING = "scan a kit or a school, or type"
_ASKED = {
    "IN?": "Enter: done. Or type what is missing: wheel 2",
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
        "just happened is below it in bold, and stays in the log at the foot."
    )

    def __init__(self, complete: Complete, settings: DeskSettings) -> None:
        super().__init__()
        self._complete = complete
        self._keys = settings.keys
        self._names = keys.by_key(settings.keys)
        self._drawn: tuple[CounterState, Board] | None = None
        self._asked: object = None
        self._refused_line = ""

    def compose(self) -> ComposeResult:
        """Lay out the screen, from the heading to the keys."""
        yield Heading()
        with Horizontal(id="line"):
            yield Static(">", id="prompt", markup=False)
            yield Omnibox(self._complete)
        yield Context(markup=False)
        yield VerdictPanel(markup=False)
        with VerticalScroll(id="body", can_focus=False):
            yield TextBlock(id="page", markup=False)
        yield Log(markup=False)
        yield KeyBar(self._keys)

    def on_mount(self) -> None:
        """Show that the desk is not ready yet, and listens already."""
        self.show_verdict(STARTING)

    def show(self, state: CounterState, board: "Board", more: list[str]) -> None:
        """Draw the counter, and these lines with its status."""
        from kitloan_tui.counter import sentences  # loads the library; the store is open by now

        asking, notes = sentences.asking(state, board.today), sentences.notes(state)
        self._drawn = (state, board)
        self.show_verdict(asking or state.verdict, notes)
        self.show_status([*status_lines(state), *more])
        shown = {verdict.text for verdict in (state.verdict, *notes)}
        self.query_one(Log).show([line for line in state.log if line.verdict.text not in shown])
        self.query_one(KeyBar).show(state)
        self._draw_page()

    def show_status(self, lines: list[str]) -> None:
        """Show whose turn it is, and what waits."""
        self.query_one(Context).show([keys.filled(line, self._names) for line in lines])

    def show_verdict(self, verdict: Verdict, notes: Sequence[Verdict] = ()) -> None:
        """Show what is asked, or else what just happened, and what the line waits for.

        Args:
            verdict: that.
            notes: what else was note, shown beside it.
        """
        self.query_one(VerdictPanel).show(verdict, self._names, notes)
        self.query_one(Omnibox).placeholder = _ASKED.get(verdict.word, _LISTENING)

    def give_back(self, refused: str) -> None:
        """Put a refused line back, to be corrected; it goes with its refusal.

        It is selected, so that a person who types again need not delete it first.
        """
        line = self.query_one(Omnibox)
        if refused:
            line.value = refused
            line.select_all()
        elif self._refused_line and line.value == self._refused_line:
            line.clear()
        self._refused_line = refused

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
        state, board = self._drawn
        width = self.query_one("#body").scrollable_content_region.width
        typed = tuple(state.counting.typed) if state.counting else ()
        asked = (board, state.question, typed, state.choices, state.matches, width)
        if asked != self._asked:
            self._asked = asked
            self.query_one("#page", TextBlock).set_text(draw_page(state, board, width, self._names))


# -- the page in the middle, drawn as text --------------------------------------------------------


def draw_page(state: CounterState, board: "Board", width: int, names: Mapping[str, str]) -> Content:
    """The page that the counter's state asks for."""
    if state.counting:
        return _stacked(_contents(state.counting, width))
    if state.choices:
        return _stacked(_choices(state, width))
    return _stacked(_today(board, width, names))


def _stacked(lines: Iterable[Content]) -> Content:
    return Content("\n").join(lines)


# -- today ----------------------------------------------------------------------------------------


def _today(board: "Board", width: int, names: Mapping[str, str]) -> Iterator[Content]:
    due, overdue, coming = board.totals
    yield Content.assemble(
        (
            f"{SYMBOLS['uncounted']} To be counted {board.uncounted:,}",
            "$warning" if board.uncounted else MUTED,
        ),
        ("     ", ""),
        (
            f"{SYMBOLS['incomplete']} Short {plural(board.short, 'kit')}",
            "$warning" if board.short else MUTED,
        ),
    )
    if not (due or overdue or coming):
        yield Content.styled(keys.filled(_QUIET, names), MUTED)
    wide = width >= _WIDE
    column = (width - 4) // 2 if wide else width
    today = list(_loans("Due today", board.due, due, board.today, column))
    late = list(_loans("Overdue", board.overdue, overdue, board.today, column))
    if wide:
        yield from _beside(today, late, column)
    else:
        yield from today
        yield from late
    yield from _loans("Due soon", board.coming, coming, board.today, width)


def _beside(left: Sequence[Content], right: Sequence[Content], column: int) -> Iterator[Content]:
    for one, other in zip_longest(left, right, fillvalue=_NOTHING):
        yield Content.assemble(one.pad_right(column - one.cell_length + 4), other)


def _loans(
    title: str, lines: Sequence[LoanLine], total: int, today: date, width: int
) -> Iterator[Content]:
    more = f", the first {len(lines)} listed" if total > len(lines) else ""
    nothing = "" if lines else "  nothing"
    yield Content.assemble((f"{title} ({total:,}{more})", TITLE), (nothing, MUTED))
    rest = width - _WHEN - _TAG - 6
    for line in lines:
        many = f"{line.quantity:,} of " if line.quantity > 1 else ""
        yield Content("  ").join(
            [
                fit(_when(line, today), _WHEN, "$error" if line.overdue else MUTED),
                fit(grouped(line.tag), _TAG),
                fit(many + line.type, rest * 9 // 20),
                fit(line.to, rest - rest * 9 // 20),
            ]
        )


def _when(line: LoanLine, today: date) -> str:
    """Overdue by a word and a symbol: how long, which is what a person rings about."""
    if line.due_on is None:
        return f"{SYMBOLS['out']} no date"
    if line.overdue:
        return f"{SYMBOLS['overdue']} {plural((today - line.due_on).days, 'day')}"
    if line.due_on == today:
        return f"{SYMBOLS['out']} today"
    return f"{SYMBOLS['out']} {uk(line.due_on)}"


# -- the contents of a kit ------------------------------------------------------------------------


def _contents(counting: "PartsCount", width: int) -> Iterator[Content]:
    short = {line.component: line for line in counting.short()}
    missing = sum(line.missing for line in short.values())
    broken = sum(line.broken for line in short.values())
    yield Content.assemble(
        (f"{missing} missing, {broken} broken", "bold $warning" if short else "bold"),
        (f"   {plural(len(counting.parts), 'part')} on the list, * needed for use", MUTED),
    )
    across = max(1, (width - _BAG) // _PART)
    for bag, parts in groupby(counting.parts, lambda part: part.bag or ""):
        cells = [_part(part, short) for part in parts]
        for start in range(0, len(cells), across):
            name = fit("" if start else bag, _BAG, MUTED)
            yield Content.assemble(name, *cells[start : start + across])


def _part(part: "Part", short: dict[str, ShortageLine]) -> Content:
    """One part: how many there should be, and what is not as it should be."""
    line = short.get(part.name)
    now = line.missing + line.broken if line else 0
    before = part.missing + part.broken
    notes = [
        f"{now} short" if now != before else "",
        f"was {part.quantity - before}" if before else "",
    ]
    note = ", ".join(note for note in notes if note)
    name = f"{part.name}{' *' if part.critical else ''}{f' ({note})' if note else ''}"
    return Content.assemble(
        fit(f"{part.quantity:>5,} ", 7, "bold"),
        fit(name, _PART - 8, "$warning" if now else ""),
        " ",
    )


# -- lists to pick from ---------------------------------------------------------------------------


def _choices(state: CounterState, width: int) -> Iterator[Content]:
    yield Content.styled("Type a number to pick", TITLE)
    held = {match.tag: match for match in state.matches}
    for number, choice in enumerate(state.choices, start=1):
        found = held.get(choice)
        text = choice
        if found:
            loan = f" with {found.loan.to}" if found.loan else ""
            text = f"{grouped(choice)}  {SYMBOLS[found.status]} {found.status}{loan}  {found.type}"
        yield Content.assemble((f"{number:>3}  ", "bold"), fit(text, width - 5))
