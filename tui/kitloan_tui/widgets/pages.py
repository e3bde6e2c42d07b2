"""What the middle of the screen shows, drawn as text for a given width (pure).

Three pages: today's loans, the contents of a kit being counted, and a list to pick from by number.
All of it is `Content` built from plain text: a kit called `[red]` is shown as it is called.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from textual.content import Content

from kitloan.text.dates import uk
from kitloan.text.names import plain
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS, LoanLine, ShortageLine, plural

if TYPE_CHECKING:
    from kitloan.contents import Part
    from kitloan_tui.counter import Counter
    from kitloan_tui.counting import PartsCount
    from kitloan_tui.lookups import Board

MUTED = "$text-muted"
TITLE = "bold $primary"
_WIDE = 150
_TAG, _WHEN, _BAG, _PART = 16, 13, 16, 30
_NOTHING = Content("")
_QUIET = (
    "Nothing is out. Scan a kit to lend it, or a new label to take a kit in. "
    "A whole register is read from the palette."
)


def cell(text: str, width: int, style: str = "") -> Content:
    """`text` in exactly `width` cells; too long a text ends in an ellipsis."""
    cut = Content(plain(text)).truncate(max(1, width), ellipsis=True, pad=True)
    return cut.stylize(style) if style else cut


def page(counter: "Counter", board: "Board", width: int) -> Content:
    """The page that the counter's state asks for."""
    if counter.counting:
        return _stacked(_contents(counter.counting, width))
    if counter.choices:
        return _stacked(_choices(counter, width))
    return _stacked(_today(board, width))


def _stacked(lines: Iterable[Content]) -> Content:
    return Content("\n").join(lines)


# -- today ----------------------------------------------------------------------------------------


def _today(board: "Board", width: int) -> Iterator[Content]:
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
        yield Content.styled(_QUIET, MUTED)
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
                cell(_when(line, today), _WHEN, "$error" if line.overdue else MUTED),
                cell(grouped(line.tag), _TAG),
                cell(many + line.type, rest * 9 // 20),
                cell(line.to, rest - rest * 9 // 20),
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
            name = cell("" if start else bag, _BAG, MUTED)
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
    said = ", ".join(note for note in notes if note)
    name = f"{part.name}{' *' if part.critical else ''}{f' ({said})' if said else ''}"
    return Content.assemble(
        cell(f"{part.quantity:>5,} ", 7, "bold"),
        cell(name, _PART - 8, "$warning" if now else ""),
        " ",
    )


# -- lists to pick from ---------------------------------------------------------------------------


def _choices(counter: "Counter", width: int) -> Iterator[Content]:
    yield Content.styled("Type a number to pick", TITLE)
    held = {match.tag: match for match in counter.matches}
    for number, choice in enumerate(counter.choices, start=1):
        found = held.get(choice)
        text = choice
        if found:
            loan = f" with {found.loan.to}" if found.loan else ""
            text = f"{grouped(choice)}  {SYMBOLS[found.status]} {found.status}{loan}  {found.type}"
        yield Content.assemble((f"{number:>3}  ", "bold"), cell(text, width - 5))
