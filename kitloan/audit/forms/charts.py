"""The bars of a table as a picture for the page: SVG by pygal, without what a page must not hold.

Pygal measures and places; its script, its styles, its tooltips and its date are taken out, so that
the picture is still, the page's one stylesheet speaks for all of it, and the same report gives the
same bytes. Every bar carries its own number, so there is no axis to read it off.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

import pygal

from kitloan.audit.forms.values import printable, words
from kitloan.audit.tables import Cell, Chart, Column, Table

MOST_BARS = 40
"""Rows that one chart shows; more cannot be told apart on a sheet of paper."""

FONT = 13
"""Pixels, in the SVG's own measure; the stylesheet says the same."""

_LETTER = 0.62 * FONT
_ROW, _THIN_ROW = 26, 19
_NOT_SHOWN = {"script", "style", "title", "desc", "defs"}


def svg(table: Table, chart: Chart, width: int, longest_name: int) -> str:
    """The chart of a table as an `<svg>` element, labelled with the sentence that says the same.

    Args:
        table: one with at least one row.
        chart: its chart.
        width: pixels; the picture is drawn for this width, and may be scaled down.
        longest_name: characters of a name before it is cut with an ellipsis.
    """
    rows = table.rows[:MOST_BARS][::-1]  # pygal begins at the foot
    columns = [(i, c) for i, c in enumerate(table.columns) if c.name in chart.values]
    names = [_short(words(table.columns[0].kind, row[0]), longest_name) for row in rows]
    bars = 1 if chart.stacked else len(columns)
    label = max(map(len, names)) * 0.6 * FONT + 10
    top = _top(rows, columns, chart.stacked, width - label)
    kind = pygal.HorizontalStackedBar if chart.stacked else pygal.HorizontalBar
    drawing = kind(
        width=width,
        height=len(rows) * (_ROW if bars == 1 else _THIN_ROW * bars + 8),
        margin=0,
        range=(min(0, _lowest(rows, columns)), top),
        js=[],
        show_legend=False,
        show_x_labels=False,
        print_values=True,
        print_values_position="center" if chart.stacked else "top",
        disable_xml_declaration=True,
        style=pygal.style.Style(
            label_font_size=FONT, major_label_font_size=FONT, value_font_size=FONT
        ),
    )
    drawing.x_labels = names
    for i, column in columns:
        scale = (width - label) / top
        drawing.add(column.name, [_bar(column, row[i], chart.stacked, scale) for row in rows])
    drawing.add_xml_filter(lambda root: _still(root, printable(chart.says), chart.stacked))
    return str(drawing.render(is_unicode=True))


def _bar(column: Column, value: Cell, stacked: bool, scale: float) -> dict[str, object]:
    """A bar and the words on it; in a stack only where they fit."""
    shown = words(column.kind, value)
    number = value if isinstance(value, int | float) else 0
    if stacked and number * scale < len(shown) * _LETTER + 4:
        shown = ""
    return {"value": number, "formatter": lambda _: shown}


def _top(
    rows: Sequence[tuple[Cell, ...]],
    columns: Sequence[tuple[int, Column]],
    stacked: bool,
    room: float,
) -> float:
    """The value at the right edge, such that the longest bar leaves room for its number."""
    if stacked:
        return max(sum(_number(row[i]) for i, _ in columns) for row in rows) or 1
    top = 1.0 if any(column.kind == "share" for _, column in columns) else 0.0
    for row in rows:
        for i, column in columns:
            number = len(words(column.kind, row[i])) * _LETTER + FONT
            top = max(top, _number(row[i]) * room / max(room - number, room / 4))
    return top or 1


def _lowest(rows: Sequence[tuple[Cell, ...]], columns: Sequence[tuple[int, Column]]) -> float:
    return min(_number(row[i]) for row in rows for i, _ in columns)


def _number(value: Cell) -> float:
    return value if isinstance(value, int | float) else 0


def _short(name: str, longest: int) -> str:
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"


def _still(root: Element, says: str, stacked: bool) -> Element:
    """The picture without script, style, tooltips and comments, and with its label."""
    _strip(root)
    del root.attrib["id"]
    root.set("class", "chart stacked" if stacked else "chart")
    root.set("role", "img")
    root.set("aria-label", says)
    return root


def _strip(node: Element) -> None:
    for child in list(node):
        name, look = child.tag, child.get("class", "")
        empty = name == "text" and not child.text
        if not isinstance(name, str) or name in _NOT_SHOWN or empty:
            node.remove(child)  # a comment's tag is a function
        elif look == "background" or "tooltip" in look.split():
            node.remove(child)
        else:
            _strip(child)
