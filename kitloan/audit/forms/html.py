"""The report as one page of HTML that opens anywhere: no network, no script, prints on A4.

The words are prepared here and set by `page.html.j2`, which escapes every one of them; its looks
are `page.css`. The page forbids itself script and network as well, so that a name that slipped
through could still do nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from kitloan.audit.forms.charts import MOST_BARS, svg
from kitloan.audit.forms.values import NUMBERS, printable, words
from kitloan.audit.tables import Cell, Column, Report, Table
from kitloan.storage.files import whole_file

MOST_ROWS = 200
"""Rows of one table on the page; the spreadsheet and the CSV hold the rest."""

_WIDE, _NARROW = (760, 34), (343, 18)  # a chart's pixels, and the letters of its longest name
_PORTRAIT = 104
"""Letters that fit across an upright sheet of A4; a wider table gets a sheet on its side."""

_LONGEST_LINE = 24
_SHORT = 8
"""Rows of a table that is kept on one sheet, and may stay on a sheet that lies on its side."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A cell: its words, its looks, and for a date what machines read."""

    words: str
    look: str
    iso: str | None = None


@dataclass(frozen=True, slots=True)
class _Head:
    """A column's title, and how narrow its column may be set: no text becomes a tower."""

    words: str
    look: str
    letters: int
    word: int


@dataclass(frozen=True, slots=True)
class _Section:
    """A table as the template sets it."""

    name: str
    title: str
    note: str
    columns: tuple[_Head, ...]
    meanings: tuple[tuple[str, str], ...]
    rows: tuple[tuple[_Shown, ...], ...]
    total: int
    short: bool
    wide: bool
    says: str | None
    key: tuple[str, ...]
    pictures: tuple[tuple[str, Markup], ...]
    uncharted: int


def write(report: Report, path: Path) -> None:
    """Write the page.

    Raises:
        BadInput: `cannot_write`.
    """
    page = render(report)
    with whole_file(path) as beside:
        beside.write_text(page, encoding="utf-8")


def render(report: Report) -> str:
    """The page, whole."""
    return _template().render(
        title=printable(report.title),
        as_at=_shown(Column("as_at", "", "date", ""), report.as_at),
        sections=list(_sections(report)),
        most_rows=MOST_ROWS,
        most_bars=MOST_BARS,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = lambda number: f"{number:,}"
    return environment.get_template("page.html.j2")


def _sections(report: Report) -> Iterator[_Section]:
    """The tables; a short one after a wide one stays on the wide one's sheet."""
    wide = False
    for table in report.tables:
        wide = _width(table) > _PORTRAIT or (wide and len(table.rows) <= _SHORT)
        yield _section(table, wide)


def _section(table: Table, wide: bool) -> _Section:
    chart = table.chart if table.rows else None
    valued = [c for c in table.columns if chart and c.name in chart.values]
    return _Section(
        name=table.name,
        title=printable(table.title),
        note=printable(table.note),
        columns=tuple(
            _Head(printable(c.title), _look(c), *_least(table, i))
            for i, c in enumerate(table.columns)
        ),
        meanings=tuple((printable(c.title), printable(c.meaning)) for c in table.columns),
        rows=tuple(
            tuple(_shown(*pair) for pair in zip(table.columns, row, strict=True))
            for row in table.rows[:MOST_ROWS]
        ),
        total=len(table.rows),
        short=len(table.rows) <= _SHORT,
        wide=wide,
        says=printable(chart.says) if chart else None,
        key=tuple(printable(c.title) for c in valued) if len(valued) > 1 else (),
        # Drawn twice and shown once: scaled down to a phone, the letters could not be read.
        pictures=(
            ("broad", Markup(svg(table, chart, *_WIDE))),  # noqa: S704  # pygal escapes its texts
            ("slim", Markup(svg(table, chart, *_NARROW))),  # noqa: S704
        )
        if chart
        else (),
        uncharted=max(0, len(table.rows) - MOST_BARS) if chart else 0,
    )


def _shown(column: Column, value: Cell) -> _Shown:
    look = _look(column) if value is not None else f"{_look(column)} unknown".strip()
    iso = value.isoformat() if isinstance(value, date) else None
    return _Shown(words(column.kind, value), look, iso)


def _look(column: Column) -> str:
    if column.kind in NUMBERS:
        return "number"
    return column.kind if column.kind in ("date", "tag") else ""


def _width(table: Table) -> int:
    """About how many letters wide a table is set, its longer texts and titles on several lines."""
    titles = (max(map(len, column.title.split()), default=0) for column in table.columns)
    return sum(max(title, _letters(table, i)) + 3 for i, title in enumerate(titles))


def _letters(table: Table, index: int) -> int:
    """The letters of a column's longest cell, or of one line of it."""
    return min(_LONGEST_LINE, max(map(len, _column(table, index)), default=0))


def _least(table: Table, index: int) -> tuple[int, int]:
    """The letters of one line of a column's text, and of its longest word; others do not wrap."""
    if _look(table.columns[index]):
        return 0, 0
    longest = (len(word) for text in _column(table, index) for word in text.split())
    # One more, because capitals are wider than the figures that a letter is measured by.
    return _letters(table, index) + 1, min(_LONGEST_LINE, max(longest, default=0) + 1)


def _column(table: Table, index: int) -> Iterator[str]:
    kind = table.columns[index].kind
    return (words(kind, row[index]) for row in table.rows[:MOST_ROWS])
