"""The report as one page of HTML that opens anywhere: no network, no script, prints on A4.

The words are prepared here and set by `page.html.j2`, which escapes every one of them; its looks
are `page.css`. The page forbids itself script and network as well, so that a name that slipped
through could still do nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from kitloan.audit.export.bars import MOST_BARS, svg
from kitloan.audit.export.sheets import LONGEST_LINE, longest, make_sheet
from kitloan.audit.export.values import NUMBERS, printable, words
from kitloan.audit.tables import Cell, Column, Report, Table, Tile
from kitloan.storage.files import whole_file

MOST_ROWS = 200
"""Rows of one table on the page; the spreadsheet and the CSV hold the rest."""

MOST_HELD = 5000
"""Rows of the register on the page."""


def _most(table: Table) -> int:
    return MOST_HELD if table.name == "register" else MOST_ROWS


_WIDE, _NARROW = (760, 34), (343, 0)  # a chart's pixels, and the letters beside a bar
_SHORT = 8
"""The most rows of a table that stays on one sheet."""


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
class _Row:
    """A row, and whether it is on paper."""

    cells: tuple[_Shown, ...]
    on_paper: bool


@dataclass(frozen=True, slots=True)
class _Section:
    """A table as the template sets it; `off` are the columns that are not on paper, from one."""

    name: str
    title: str
    note: str
    columns: tuple[_Head, ...]
    rows: tuple[_Row, ...]
    shown: int
    total: int
    short: bool
    half: bool
    on_paper: bool
    paper_note: str
    off: tuple[int, ...]
    caption: str | None
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
    sections = [
        _section(each, report.reader, on_paper=each.name not in report.off_paper)
        for each in report.tables
    ]
    return _template().render(
        title=printable(report.title),
        as_at=_shown(Column("as_at", "", "date", ""), report.as_at),
        made=printable(report.made),
        first=_first_page(report),
        sections=sections,
        runs=list(_runs(sections)),
        nothing="; ".join(each.title for each in sections if each.on_paper and not each.rows),
        elsewhere="; ".join(each.title for each in sections if each.rows and not each.on_paper),
        reader=report.reader,
        meanings=_meanings(report) if report.dictionary else (),
        most_bars=MOST_BARS,
    )


@dataclass(frozen=True, slots=True)
class _Tile:
    """A region on the map: where it is, its words, and how dark it is; None is not known."""

    column: int
    row: int
    name: str
    kits: str
    more: str
    shade: int | None


@dataclass(frozen=True, slots=True)
class _Step:
    """A step of the flow: its share of the first one, in percent."""

    name: str
    number: int
    share: int
    fell: str


@dataclass(frozen=True, slots=True)
class _FirstPage:
    """What is on the first page."""

    thanks: str
    answers: tuple[tuple[str, str], ...]
    tiles: tuple[_Tile, ...]
    flow: tuple[_Step, ...]
    flow_of: str
    months: Markup | None
    months_say: str
    decisions: tuple[tuple[str, str], ...]


_MAP = {
    "HIS": (2, 1),
    "ABN": (3, 1),
    "FOV": (2, 2),
    "TAY": (3, 2),
    "WES": (1, 3),
    "FIF": (4, 2),
    "GLA": (2, 3),
    "WLO": (3, 3),
    "EDL": (4, 3),
    "AYR": (1, 4),
    "LAN": (2, 4),
    "BOR": (4, 4),
    "DGA": (3, 4),
}
"""Where each region's tile is: column and row."""

_SHADES = 4


def _first_page(report: Report) -> _FirstPage:
    summary = report.summary
    most = max((each.number for each in summary.flow), default=0) or 1
    return _FirstPage(
        printable(summary.thanks),
        tuple((printable(a), printable(b)) for a, b in summary.answers),
        tuple(
            _tile(each, *_MAP.get(each.code, (1, 5 + n))) for n, each in enumerate(summary.tiles)
        ),
        tuple(
            _Step(each.name, each.number, round(100 * each.number / most), each.fell)
            for each in summary.flow
        ),
        printable(summary.flow_of),
        _line(summary.months) if any(loans for _, loans in summary.months) else None,
        _months_say(summary.months),
        tuple((printable(a), printable(b)) for a, b in summary.decisions),
    )


def _tile(tile: Tile, column: int, row: int) -> _Tile:
    name = printable(tile.name)
    if tile.kits is None:
        return _Tile(column, row, name, "?", "no file received", None)
    if not tile.kits:
        return _Tile(column, row, name, "0", "none held", 0)
    seen = tile.seen or 0.0
    used = "use not known" if tile.used is None else f"{tile.used:.0%} in use"
    more = f"{seen:.0%} seen, {used}"
    if tile.per_1000 is not None:
        more += f", {tile.per_1000:.2f} for 1,000 pupils"
    return _Tile(column, row, name, f"{tile.kits:,}", more, round(seen * _SHADES))


def _months_say(months: Sequence[tuple[date, int | None]]) -> str:
    if not months:
        return ""
    each = (
        f"{first:%b %Y} {'not known' if loans is None else f'{loans:,}'}" for first, loans in months
    )
    return f"Loans by month: {', '.join(each)}"


_LINE = (520, 130)
_MARGIN = 24


def _line(months: Sequence[tuple[date, int | None]]) -> Markup:
    """Loans by month as a line, each month with its number; one that is not known has no point."""
    wide, high = _LINE
    most = max(loans or 0 for _, loans in months)
    step = (wide - 2 * _MARGIN) / (len(months) - 1)
    points = [
        (_MARGIN + n * step, high - 26 - (loans or 0) / most * (high - 52))
        for n, (_, loans) in enumerate(months)
    ]
    drawn = []
    both = zip(months, points, strict=True)
    for is_known, run in groupby(both, key=lambda pair: pair[0][1] is not None):
        if is_known:
            line = " ".join(f"{x:.0f},{y:.0f}" for _, (x, y) in run)
            drawn.append(Markup('<polyline points="{}"/>').format(line))
    for (first, loans), (x, y) in zip(months, points, strict=True):
        if loans is not None:
            drawn.append(Markup('<circle cx="{:.0f}" cy="{:.0f}" r="3"/>').format(x, y))
        many = "?" if loans is None else f"{loans:,}"
        at = (f"{x:.0f}", f"{y - 8:.0f}", many, high - 8, f"{first:%b}")
        drawn.append(
            Markup(
                '<text x="{0}" y="{1}">{2}</text><text class="month" x="{0}" y="{3}">{4}</text>'
            ).format(*at)
        )
    return Markup(
        '<svg class="line" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>'
    ).format(_months_say(months), wide, high, Markup("").join(drawn))


def _meanings(report: Report) -> tuple[tuple[str, str], ...]:
    """Every column's title and meaning, each pair once."""
    every = [(c.title, c.meaning) for table in report.tables for c in table.columns]
    pairs = sorted(dict.fromkeys(every), key=lambda pair: (pair[0].casefold(), pair[1]))
    return tuple((printable(title), printable(meaning)) for title, meaning in pairs)


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


def _runs(sections: Sequence[_Section]) -> Iterator[tuple[bool, list[_Section]]]:
    """Neighbours that need half a sheet each, together: on paper they are in two columns."""
    run: list[_Section] = []
    half = False
    for each in sections:
        takes_room = bool(each.on_paper and each.rows)
        if takes_room and run and each.half != half:
            yield half, run
            run = []
        if takes_room:
            half = each.half
        run.append(each)
    if run:
        yield half, run


def _section(table: Table, reader: str, *, on_paper: bool) -> _Section:
    sheet = make_sheet(table, reader)
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
        rows=tuple(
            _Row(
                tuple(_shown(*pair) for pair in zip(table.columns, row, strict=True)),
                at not in sheet.rows_off,
            )
            for at, row in enumerate(table.rows[: _most(table)])
        ),
        shown=_most(table),
        total=len(table.rows),
        short=len(table.rows) <= _SHORT,
        half=sheet.is_half,
        on_paper=on_paper,
        paper_note=sheet.note,
        off=tuple(at + 1 for at in sorted(sheet.columns_off)),
        caption=printable(chart.caption) if chart else None,
        key=tuple(printable(c.title) for c in valued) if len(valued) > 1 else (),
        # Drawn twice and shown once: scaled down to a phone, the letters could not be read.
        pictures=(
            ("broad", svg(table, chart, *_WIDE)),
            ("slim", svg(table, chart, *_NARROW)),
        )
        if chart
        else (),
        uncharted=max(0, len(table.rows) - MOST_BARS) if chart else 0,
    )


def _shown(column: Column, value: Cell) -> _Shown:
    look = _look(column) if value is not None else f"{_look(column)} unknown".strip()
    iso = value.isoformat() if isinstance(value, date) else None
    return _Shown(words(column, value), look, iso)


def _look(column: Column) -> str:
    if column.kind in NUMBERS:
        return "number"
    return column.kind if column.kind in ("date", "tag") else ""


def _least(table: Table, index: int) -> tuple[int, int]:
    """The letters of one line of a column's text, and of its longest word; others do not wrap."""
    column = table.columns[index]
    if _look(column):
        return 0, 0
    line, word = longest(column, (row[index] for row in table.rows[:MOST_ROWS]))
    # One more, because capitals are wider than the figures that a letter is measured by.
    return line + 1, min(LONGEST_LINE, word + 1)
