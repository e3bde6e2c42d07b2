"""Home: the line that listens, the verdict, and today.

The screen draws what it is given and keeps nothing but that; the line at its top always has the
focus, and takes it back from whatever took it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.style import Style
from textual.widgets import Input, Static

from kitloan.text.dates import uk
from kitloan.text.names import plain
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS, Holding, LoanLine, ShortageLine, plural
from kitloan_tui import keys
from kitloan_tui.counter.state import CounterState
from kitloan_tui.counter.status import status_lines
from kitloan_tui.counter.verdict import STARTING, Verdict
from kitloan_tui.protocols import DeskHost
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
    from kitloan_tui.today import Board

_WIDE = 150
_ROOM_FOR_TAGS = 90
_TAG, _WHEN, _NUMBER, _STATUS, _BAG, _PART = 16, 13, 8, 12, 16, 30
_NOTHING = Content("")
_QUIET = (
    "Nothing is out. Scan a kit to lend it, or a new label to take a kit in. "
    "{register} takes in a whole register."
)
_LISTENING = "scan a kit or a school, or type"
_ON_A_ROW = "Enter opens the row; Up and Down move"
_ASKED = {
    "IN?": "Enter: done. Or type what is missing: wheel 2",
    "TO WHOM?": "scan or type the school",
    "NEW SCHOOL?": "yes, or type the school",
    "FROM WHOM?": "type a number of the list, or the school",
    "HOW MANY?": "type how many",
    "UNDO?": "yes, or go on",
    "NEW KIND?": "a number of the list, or yes",
    "LEND OR RETURN?": "scan or type the school that takes some, or: back",
    "TAKE IN?": "type what kind of kit it is",
}


class Home(Screen[None]):
    """The one screen that a counter needs."""

    AUTO_FOCUS: ClassVar[str | None] = "#omnibox"
    HELP: ClassVar[str] = (
        "One line that always listens. Scan or type a kit, a school or words to look for; what "
        "just happened is below it in bold, and stays in the log at the foot. The arrow keys and "
        "Enter, or a click, open a row of today's lists."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose_row(-1)", show=False),
        Binding("down", "choose_row(1)", show=False),
    ]

    def __init__(self, complete: Complete, settings: DeskSettings) -> None:
        super().__init__()
        self._complete = complete
        self._keys = settings.keys
        self._names = keys.by_key(settings.keys)
        self._drawn: tuple[CounterState, Board | None] | None = None
        self._asked: object = None
        self._refused_line = ""
        self._chosen: Opens | None = None

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

    def show(
        self, state: CounterState, board: "Board | None", today: date, more: list[str]
    ) -> None:
        """Draw the counter, and these lines with its status.

        Args:
            state: the counter.
            board: today's lists; None until they have been looked up, after the first scan may
                have come.
            today: the day.
            more: lines to show with the counter's status.
        """
        from kitloan_tui.counter import sentences  # loads the library; the store is open by now

        asking, notes = sentences.asking(state, today), sentences.notes(state)
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
        waits_for = _ON_A_ROW if self._chosen else _ASKED.get(verdict.word, _LISTENING)
        self.query_one(Omnibox).placeholder = waits_for

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
        if self._chosen and not self._lists_today():
            self._chosen = None
        width = self.query_one("#body").scrollable_content_region.width
        typed = tuple(state.counting.typed) if state.counting else ()
        asked = (board, state.question, typed, state.choices, state.matches, width, self._chosen)
        if asked != self._asked:
            self._asked = asked
            page = draw_page(state, board, width, self._names, self._chosen)
            self.query_one("#page", TextBlock).set_text(page)

    # -- today's rows -----------------------------------------------------------------------------

    def _lists_today(self) -> bool:
        """Whether today's lists are on the page, and nothing is asked that Enter answers."""
        if self._drawn is None:
            return False
        state, board = self._drawn
        is_asked = state.question or state.basket or state.verdict.asks or state.choices
        return not is_asked and self._chosen in (None, *rows_of(board))

    def action_choose_row(self, by: int) -> None:
        """Go down or up in today's lists; Enter then opens the row."""
        if self._drawn is None or not self._lists_today():
            return
        rows = rows_of(self._drawn[1])
        row = -1 if self._chosen is None else rows.index(self._chosen)
        self._choose(rows[row + by] if 0 <= row + by < len(rows) else None)

    def leave_row(self) -> bool:
        """Leave the row that was chosen; False when none was."""
        if self._chosen is None:
            return False
        self._choose(None)
        return True

    def _choose(self, chosen: "Opens | None") -> None:
        self._chosen = chosen
        self._draw_page()
        line = self.query_one(Omnibox)
        line.placeholder = _ON_A_ROW if chosen else _LISTENING
        if chosen and self._drawn:
            body = self.query_one("#body", VerticalScroll)
            row = rows_of(self._drawn[1]).index(chosen)
            body.scroll_to(y=max(0, row - body.size.height // 2), animate=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """What is typed is for the line, and not for a row."""
        if event.value and self._chosen:
            self._choose(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter on an empty line opens the row that was chosen; any other line is the counter's."""
        if not event.value and self._chosen:
            event.stop()
            self._open(self._chosen)

    def on_click(self, event: events.Click) -> None:
        """A click on a row opens it."""
        opens = event.style.meta.get("opens")
        if isinstance(opens, Opens):
            event.stop()
            self._open(opens)

    def _open(self, opens: "Opens") -> None:
        desk = cast("DeskHost", self.app)
        self._choose(None)
        if opens.action == "holding":
            desk.open_holding(opens.what)
        elif opens.action == "booking":
            from kitloan_tui.screens.booking import BookingPage  # the store is open by now

            desk.open_screen(BookingPage(desk, opens.what))
        else:
            desk.open_view(opens.action, opens.what)


# -- the page in the middle, drawn as text --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opens:
    """What a row of the page opens: a holding, or a screen, by its action and its view."""

    action: str
    what: str = ""


def draw_page(
    state: CounterState,
    board: "Board | None",
    width: int,
    names: Mapping[str, str],
    chosen: Opens | None = None,
) -> Content:
    """The page that the counter's state asks for; `chosen` is the row that the arrows are on.

    Without a board, it has what the counter asks and no lists.
    """
    if state.counting:
        return _stacked(_contents(state.counting, width))
    if state.choices:
        return _stacked(_choices(state, width))
    return _NOTHING if board is None else _stacked(_today(board, width, names, chosen))


def _stacked(lines: Iterable[Content]) -> Content:
    return Content("\n").join(lines)


# -- today ----------------------------------------------------------------------------------------


def rows_of(board: "Board | None") -> list[Opens]:
    """The rows of today's lists that can be opened, from the top."""
    if board is None:
        return []
    return [
        *(Opens("booking", each.id) for each in board.at_risk),
        *(opens for opens, _, some in _counts(board) if some),
        *(Opens("holding", line.tag) for line in (*board.due, *board.overdue, *board.coming)),
    ]


def _counts(board: "Board") -> list[tuple[Opens, str, bool]]:
    """What there is to do, with the screen that shows it, and whether there is any."""
    counts = [
        (
            Opens("holdings", "uncounted"),
            f"{SYMBOLS['uncounted']} To be counted {board.uncounted:,}",
            bool(board.uncounted),
        ),
        (
            Opens("shortages"),
            f"{SYMBOLS['incomplete']} Short {plural(board.short, 'kit')}",
            bool(board.short),
        ),
    ]
    if board.missing:
        text = f"{SYMBOLS['missing']} Missing {board.missing:,}"
        counts.append((Opens("holdings", "missing"), text, True))
    if board.stocktakes:
        counts.append((Opens("stocktake"), f"~ Stocktake open: {board.stocktakes[0]}", True))
    if board.unused:
        text = f"{SYMBOLS['uncounted']} Uses to ask about {board.unused:,}"
        counts.append((Opens("uses"), text, True))
    return counts


def _row(text: Content, opens: Opens, chosen: Opens | None) -> Content:
    """A row that a click opens, and the arrows and Enter."""
    meant = text.stylize(Style.from_meta({"opens": opens}))
    return meant.stylize("$background on $primary") if opens == chosen else meant


def _today(
    board: "Board", width: int, names: Mapping[str, str], chosen: Opens | None
) -> Iterator[Content]:
    due, overdue, coming = board.totals
    yield from _at_risk(board, width, chosen)
    counts = [
        _row(Content.styled(text, "$warning"), opens, chosen)
        if some
        else Content.styled(text, MUTED)
        for opens, text, some in _counts(board)
    ]
    yield Content("   ").join(counts)
    if not (due or overdue or coming):
        yield Content.styled(keys.filled(_QUIET, names), MUTED)
    wide = width >= _WIDE
    column = (width - 4) // 2 if wide else width
    today = list(_loans("Due today", board.due, due, board, column, chosen))
    late = list(_loans("Overdue", board.overdue, overdue, board, column, chosen))
    if wide:
        yield from _beside(today, late, column)
    else:
        yield from today
        yield from late
    yield from _loans("Due later", board.coming, coming, board, width, chosen)


def _at_risk(board: "Board", width: int, chosen: Opens | None) -> Iterator[Content]:
    """What is promised and cannot be kept, before all else: why, whom to ring, what to offer."""
    if not board.at_risk:
        return
    yield Content.styled("Bookings at risk", TITLE)
    for each in board.at_risk:
        cells = [fit(f"! {uk(each.on)}", _WHEN, "$error"), fit(each.what, width - _WHEN - 1)]
        yield _row(Content(" ").join(cells), Opens("booking", each.id), chosen)
        for words in filter(None, each.lines):
            yield Content(f"  {plain(words)}")


def _beside(left: Sequence[Content], right: Sequence[Content], column: int) -> Iterator[Content]:
    for one, other in zip_longest(left, right, fillvalue=_NOTHING):
        yield Content.assemble(one.pad_right(column - one.cell_length + 4), other)


def _loans(
    title: str,
    lines: Sequence[LoanLine],
    total: int,
    board: "Board",
    width: int,
    chosen: Opens | None,
) -> Iterator[Content]:
    more = f", the first {len(lines)} listed" if total > len(lines) else ""
    nothing = "" if lines else "  nothing"
    yield Content.assemble((f"{title} ({total:,}{more})", TITLE), (nothing, MUTED))
    for line in lines:
        cells = [
            fit(_when(line, board.today), _WHEN, "$error" if line.overdue else MUTED),
            *(fit(text, room) for text, room in _cells(line, board, width)),
        ]
        yield _row(Content(" ").join(cells), Opens("holding", line.tag), chosen)


def _cells(line: LoanLine, board: "Board", width: int) -> list[tuple[str, int]]:
    """What a row shows behind its date, and how wide: of an overdue loan, whom to ring."""
    about = board.about.get(line.id)
    number = about.number if about else ""
    many = f"{line.quantity:,} of " if line.quantity > 1 else ""
    rest = width - _WHEN - _NUMBER - 2
    if line.overdue and about and about.reach:
        part = (rest - 2) // 3
        return [
            (number or line.tag[-_NUMBER:], _NUMBER),
            (line.to, part),
            (about.reach, rest - 2 - 2 * part + 6),
            (many + line.type, part - 6),
        ]
    if width < _ROOM_FOR_TAGS:
        part = (rest - 1) * 9 // 20
        if number:
            return [(number, _NUMBER), (many + line.type, part), (line.to, rest - 1 - part)]
        rest = width - _WHEN - _TAG - 3
        part = rest * 9 // 20
        return [(grouped(line.tag), _TAG), (many + line.type, part), (line.to, rest - part)]
    rest -= _TAG + 2
    part = rest * 9 // 20
    return [
        (number, _NUMBER),
        (grouped(line.tag), _TAG),
        (many + line.type, part),
        (line.to, rest - part),
    ]


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
        yield Content.assemble(
            (f"{number:>3}  ", "bold"),
            _match(held[choice], width - 5) if choice in held else fit(choice, width - 5),
        )


def _match(found: Holding, width: int) -> Content:
    """A holding that a search found, in columns: the rest distinguishes two of one kind."""
    where = f"with {found.loan.to}" if found.loan else found.location or ""
    status = f"{SYMBOLS[found.status]} {found.status.replace('_', ' ')}"
    rest = width - _STATUS - _TAG - _NUMBER - 4
    kind = rest * 9 // 20
    return Content(" ").join(
        [
            fit(found.asset_number or "", _NUMBER),
            fit(grouped(found.tag), _TAG),
            fit(status, _STATUS),
            fit(found.type, kind),
            fit(where, rest - kind),
        ]
    )
