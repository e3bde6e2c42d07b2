"""The report for a terminal: columns that line up, and bars of text.

Lines and no drawings, as on the desk (docs/decisions/0010): every bar carries its number, the
characters are in every font, and a screen reader reads it line by line.
"""

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

from kitloan.audit.export.values import NUMBERS, printable, words
from kitloan.audit.tables import Cell, Chart, Column, Report, Table
from kitloan.text.dates import last_quarter_end, uk

MOST_ROWS = 30
_MARKS = "#=+:-."
"""One for each part of a stack, and again from the start."""

_GAP = "  "
_LEAST_TEXT, _MOST_NAME, _LEAST_BAR = 10, 30, 10


def render(report: Report, width: int = 100) -> str:
    """The report in lines of about `width` cells; a longer table ends with how many more it has.

    A table that cannot be set in `width` is listed row by row, a line a value.
    """
    opening = f"{_flat(report.title)}\nAs at the end of {uk(report.as_at)}"
    return "\n\n\n".join([opening, *("\n".join(_table(each, width)) for each in report.tables)])


def one_screen(report: Report, width: int = 100) -> str:
    """The answers of the first page in lines of about `width` cells, and where the rest is."""
    summary = report.summary
    lines = [_flat(report.title), f"As at the end of {uk(report.as_at)}", ""]
    if summary.thanks:
        lines += [_flat(summary.thanks), ""]
    for answer, limit in summary.answers:
        lines += [*_wrapped(answer, width), *_wrapped(limit, width - 2, "  ")]
    if summary.decisions:
        lines += ["", "What needs a decision"]
        for what, who in summary.decisions:
            lines += _wrapped(f"{what} [{who}]", width - 2, "  ")
    advice = next((table.note for table in report.tables if table.name == "totals"), "")
    if len(summary.answers) < _FULL_ANSWERS:
        lines += ["", *_wrapped(advice, width)]
    lines += _changes(report, width)
    lines += ["", *_wrapped(report.made, width), "Every table: kitloan audit --full"]
    return "\n".join(lines)


def _changes(report: Report, width: int) -> list[str]:
    """What changed in the summary figures, or how to see it."""
    totals = next((each for each in report.tables if each.name == "totals"), None)
    if totals is None or not totals.rows:
        return []
    names = [each.name for each in totals.columns]
    if "change" not in names:
        then = last_quarter_end(report.as_at)
        return ["", f"What changed since {uk(then)}: kitloan audit --since {then.isoformat()}"]
    since = totals.columns[names.index("before")].title.removeprefix("On ")
    changed = [
        f"{what} {change:+,}"
        for what, change in zip(totals.column("measure"), totals.column("change"), strict=True)
        if isinstance(change, int) and change
    ]
    return ["", *_wrapped(f"Since {since}: {', '.join(changed) or 'no change'}.", width)]


_FULL_ANSWERS = 3
"""Fewer answers come of a store with nothing in it: then the reader needs the next step."""


def _table(table: Table, width: int) -> list[str]:
    title = _flat(table.title)
    lines = [title, "=" * _cells(title), *_wrapped(table.note, width)]
    if not table.rows:
        return [*lines, "None."]
    if table.chart:
        lines += ["", *_wrapped(table.chart.caption, width), *_bars(table, table.chart, width)]
    lines += ["", *(_columns(table, width) or _line_by_line(table, width))]
    if len(table.rows) > MOST_ROWS:
        lines.append(f"and {len(table.rows) - MOST_ROWS:,} more")
    return lines


def _bars(table: Table, chart: Chart, width: int) -> list[str]:
    """A line a bar: its name, the bar, its number; a stack is one bar with a mark for each part."""
    valued = [(i, c) for i, c in enumerate(table.columns) if c.name in chart.values]
    marks = [_MARKS[k % len(_MARKS)] if chart.stacked else "#" for k in range(len(valued))]
    groups = [valued] if chart.stacked else [[each] for each in valued]
    lines: list[tuple[str, list[float], str]] = []
    for row in table.rows[:MOST_ROWS]:
        name = _cut(_word(table.columns[0], row[0]), _MOST_NAME)
        for group in groups:
            shown = " ".join(_word(column, row[i]) for i, column in group)
            if len(groups) > 1:
                shown += f" {_flat(group[0][1].title).lower()}"
            lines.append((name, [_amount(row[i]) for i, _ in group], shown))
            name = ""
    names = max(_cells(name) for name, _, _ in lines)
    after = max(_cells(shown) for _, _, shown in lines)
    room = max(_LEAST_BAR, width - names - after - 2 * len(_GAP))
    most = max(sum(amounts) for _, amounts, _ in lines)
    drawn = [
        _GAP.join([_left(name, names), f"{_bar(amounts, marks, most, room)} {shown}".strip()])
        for name, amounts, shown in lines
    ]
    key = [f"{mark} {_flat(c.title)}" for mark, (_, c) in zip(marks, valued, strict=True)]
    return [*(_wrapped(", ".join(key), width) if chart.stacked else []), *drawn]


def _bar(amounts: Sequence[float], marks: Sequence[str], most: float, room: int) -> str:
    """In proportion; something is never drawn as nothing."""
    spare = room - len(amounts) + 1
    return "".join(
        mark * (max(1, round(amount * spare / most)) if amount > 0 else 0)
        for mark, amount in zip(marks, amounts, strict=False)
    )


def _columns(table: Table, width: int) -> list[str]:
    """The table in columns, long texts and titles on several lines; none where it cannot fit."""
    shown = [[_word(c, v) for c, v in zip(table.columns, row, strict=True)] for row in _seen(table)]
    widths = [
        max(map(_cells, [*_longest_word(column.title), *(row[i] for row in shown)]))
        for i, column in enumerate(table.columns)
    ]
    texts = [i for i, column in enumerate(table.columns) if column.kind == "text"]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        widest = max(texts, key=lambda i: widths[i], default=None)
        if widest is None or widths[widest] <= _LEAST_TEXT:
            return []
        widths[widest] -= 1
    right = [column.kind in NUMBERS for column in table.columns]
    titles = [_flat(column.title) for column in table.columns]
    head = _row(titles, widths, right, foot=True)
    return [*head, _GAP.join("-" * each for each in widths)] + [
        line for row in shown for line in _row(row, widths, right)
    ]


def _row(
    texts: Sequence[str], widths: Sequence[int], right: Sequence[bool], foot: bool = False
) -> list[str]:
    """The lines of one row; titles are at its foot, values hang from its head."""
    blocks = [_wrapped(text, width) or [""] for text, width in zip(texts, widths, strict=True)]
    high = max(map(len, blocks))
    blocks = [[""] * (high - len(b)) + b if foot else b + [""] * (high - len(b)) for b in blocks]
    return [
        _GAP.join(
            _right(text, width) if at_right else _left(text, width)
            for text, width, at_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in zip(*blocks, strict=True)
    ]


def _line_by_line(table: Table, width: int) -> list[str]:
    lines: list[str] = []
    for row in _seen(table):
        for column, value in zip(table.columns, row, strict=True):
            line = f"{_flat(column.title)}: {_word(column, value)}"
            lines += _wrapped(line, width, "" if column is table.columns[0] else _GAP)
    return lines


def _seen(table: Table) -> Sequence[tuple[Cell, ...]]:
    return table.rows[:MOST_ROWS]


def _amount(value: Cell) -> float:
    return value if isinstance(value, int | float) else 0


def _word(column: Column, value: Cell) -> str:
    return _flat(words(column, value))


def _flat(text: str) -> str:
    """On one line, with nothing that a terminal would obey."""
    return " ".join(printable(text).split())


def _longest_word(title: str) -> Iterable[str]:
    return sorted(_flat(title).split(), key=_cells)[-1:] or [""]


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(
        _flat(text), width, initial_indent=indent, subsequent_indent=indent and indent * 2
    )


def _cells(text: str) -> int:
    """How many cells a terminal draws a text in."""
    return sum(_WIDE.get(unicodedata.east_asian_width(c), 1) for c in text if not _rides(c))


_WIDE = {"W": 2, "F": 2}


def _rides(character: str) -> bool:
    """Whether it combines with the character before it."""
    return unicodedata.combining(character) > 0 or character in "\u200c\u200d\ufe0f"


def _left(text: str, width: int) -> str:
    return text + " " * (width - _cells(text))


def _right(text: str, width: int) -> str:
    return " " * (width - _cells(text)) + text


def _cut(text: str, width: int) -> str:
    if _cells(text) <= width:
        return text
    while _cells(text) > width - 1:
        text = text[:-1]
    return text.rstrip() + "…"
