"""The bars of a table as a picture for the page: SVG, still, with the page's own styles.

Every bar carries its own number, so there is no axis to read it off. The same report gives the same
bytes. Every text is escaped here, and nothing else comes from a table.
"""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from kitloan.audit.export.values import printable, words
from kitloan.audit.tables import Cell, Chart, Column, Table

MOST_BARS = 40
"""Rows that one chart shows; more cannot be distinguished on a sheet of paper."""

FONT = 13
"""Pixels, in the SVG's own measure; the stylesheet has the same."""

_LETTER = 0.62 * FONT
_ROW, _THIN_ROW, _GAP, _NAME = 26, 19, 6, 18


def svg(table: Table, chart: Chart, width: int, longest_name: int) -> Markup:
    """The chart of a table as an `<svg>` element, labelled with a sentence of the same meaning.

    Args:
        table: one with at least one row.
        chart: its chart.
        width: pixels; the picture is drawn for this width, and may be scaled down.
        longest_name: characters of a name beside its bar, before it is cut with an ellipsis; none
            puts every name above its bar, whole.
    """
    rows = table.rows[:MOST_BARS]
    columns = [(i, c) for i, c in enumerate(table.columns) if c.name in chart.values]
    names = [words(table.columns[0], row[0]) for row in rows]
    above = 0 if longest_name else _NAME
    label = 0.0
    if longest_name:
        names = [_short(name, longest_name) for name in names]
        label = max(map(len, names)) * _LETTER + 10
    lines = 1 if chart.stacked else len(columns)
    high = above + (_ROW if lines == 1 else _THIN_ROW * lines + 8)
    drawn = _stacked if chart.stacked else _side_by_side
    top = _top(rows, columns, stacked=chart.stacked, room=width - label)
    parts = []
    for n, (name, row) in enumerate(zip(names, rows, strict=True)):
        look, x, y = (
            ("name above", 0.0, n * high + above / 2 + 2)
            if above
            else ("name", label - 8, (n + 0.5) * high)
        )
        parts.append(
            Markup('<text class="{}" x="{}" y="{}">{}</text>').format(look, _px(x), _px(y), name)
        )
        parts += drawn(row, columns, n * high + above, label, (width - label) / top)
    look = "chart stacked" if chart.stacked else "chart"
    return Markup('<svg class="{}" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>').format(
        look, printable(chart.caption), width, _px(len(rows) * high), Markup("").join(parts)
    )


def _side_by_side(
    row: tuple[Cell, ...], columns: Sequence[tuple[int, Column]], y: float, x: float, scale: float
) -> Iterator[Markup]:
    """A bar for each column, one below the other, with its number after it."""
    thick = (_ROW if len(columns) == 1 else _THIN_ROW) - _GAP
    for n, (i, column) in enumerate(columns):
        long = max(0.0, _number(row[i]) * scale)
        at = y + _GAP / 2 + n * _THIN_ROW
        yield _bar(n, x, at, long, thick)
        yield Markup('<text class="value" x="{}" y="{}">{}</text>').format(
            _px(x + long + 5), _px(at + thick / 2), words(column, row[i])
        )


def _stacked(
    row: tuple[Cell, ...], columns: Sequence[tuple[int, Column]], y: float, x: float, scale: float
) -> Iterator[Markup]:
    """One bar of parts, with each number in its part where it has room."""
    thick, known = _ROW - _GAP, False
    for n, (i, column) in enumerate(columns):
        long = max(0.0, _number(row[i]) * scale)
        known = known or row[i] is not None
        shown = words(column, row[i])
        if long:
            yield _bar(n, x, y + _GAP / 2, long, thick)
        if long > len(shown) * _LETTER + 4:
            yield Markup('<text class="value" x="{}" y="{}">{}</text>').format(
                _px(x + long / 2), _px(y + _ROW / 2), shown
            )
        x += long
    if not known:
        yield Markup('<text class="none" x="{}" y="{}">{}</text>').format(
            _px(x + 5), _px(y + _ROW / 2), printable(columns[0][1].unknown)
        )


def _bar(n: int, x: float, y: float, long: float, thick: float) -> Markup:
    return Markup('<rect class="color-{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        n, _px(x), _px(y), _px(long), _px(thick)
    )


def _px(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _top(
    rows: Sequence[tuple[Cell, ...]],
    columns: Sequence[tuple[int, Column]],
    *,
    stacked: bool,
    room: float,
) -> float:
    """The value at the right edge, such that the longest bar leaves room for its number."""
    if stacked:
        return max(sum(_number(row[i]) for i, _ in columns) for row in rows) or 1
    top = 0.0
    for row in rows:
        for i, column in columns:
            number = len(words(column, row[i])) * _LETTER + FONT
            top = max(top, _number(row[i]) * room / max(room - number, room / 4))
    return top or 1


def _number(value: Cell) -> float:
    return value if isinstance(value, int | float) else 0


def _short(name: str, longest: int) -> str:
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"
