"""What of a table goes on sheets of paper: which columns and rows, and in how much room.

Paper is for reading, so a long list has its first rows, and the screen and the workbook have all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kitloan.audit.export.values import NUMBERS, words
from kitloan.audit.tables import Cell, Column, Table

PAPER_ROWS = 16
"""Rows of most tables on paper; the summary has as many. Of the register, all."""

_BOARD_GIFTS = 8
"""Gifts on the board's second sheet."""

LONGEST_LINE = 24
"""Letters of a text that a column is made wide enough for; a longer one wraps."""

_HALF_A_SHEET = 98
"""Letters, with two between columns, that go on half a sheet of A4 that is on its side."""
_CAPITALS = 1.25
"""How much wider the letters of a tag are."""
_NARROWED = 0.8
"""A column of texts may be this much narrower than its longest text."""

_COLUMNS_OFF = {
    "register": ("region", "quantity", "title", "with", "counted_on", "also_at"),
    "findings": ("who", "action"),
    "regions": ("id",),
    "colleges": ("id",),
    "freshness": ("name",),
    "gift_shares": ("promised", "received", "outstanding", "at_esp"),
    "reach_by_region": ("at_least",),
    **{f"reach_by_{each}": ("staff",) for each in ("council", "sector", "rurality", "deprived")},
}
"""Columns that the screen and the workbook have, and a sheet has no room for."""

_KNOWN_BY = {"regions": "holdings", "colleges": "holdings", "freshness": "file_on"}
"""The column that is empty in the row of a college, or a region, of which no file has come."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table on paper.

    Attributes:
        columns_off: the columns that are left out, by their place.
        rows_off: the rows that are left out, by their place.
        note: what is left out, in a sentence; empty where all is there.
        is_half: whether half the width of a sheet is enough.
    """

    columns_off: frozenset[int]
    rows_off: frozenset[int]
    note: str
    is_half: bool


def make_sheet(table: Table, reader: str = "") -> Sheet:
    """Decide what of a table goes on paper, in the whole report or a reader's."""
    off = _COLUMNS_OFF.get(table.name, ())
    columns_off = frozenset(at for at, each in enumerate(table.columns) if each.name in off)
    by_rule = frozenset(_left_out(table))
    rest = [at for at in range(len(table.rows)) if at not in by_rule]
    most = _BOARD_GIFTS if (reader, table.name) == ("board", "gifts") else PAPER_ROWS
    cut = () if table.name in ("register", "findings") else rest[most:]
    rows_off = by_rule | frozenset(cut)
    note = _note(table, by_rule, most if cut else None) if rows_off else ""
    shown = [row for at, row in enumerate(table.rows) if at not in rows_off]
    is_half = table.name != "register" and _is_narrow(table, columns_off, shown)
    return Sheet(columns_off, rows_off, note, is_half)


def longest(column: Column, cells: Iterator[Cell]) -> tuple[int, int]:
    """The letters of a column's longest cell, or of one line of it, and of its longest word."""
    line = word = 0
    for cell in cells:
        text = words(column, cell)
        line = max(line, len(text))
        word = max([word, *map(len, text.split())])
    return min(LONGEST_LINE, line), min(LONGEST_LINE, word)


def _left_out(table: Table) -> Iterator[int]:
    """The rows that are not on paper whatever the length of the table, by their place."""
    if table.name in _KNOWN_BY:
        known = table.column(_KNOWN_BY[table.name])
        yield from (at for at, cell in enumerate(known) if cell is None)
    elif table.name == "findings":
        severities = table.column("severity")
        yield from (at for at, severity in enumerate(severities) if severity == "low")
    elif table.name == "reach_by_council":  # there are thirty-two
        reached = zip(table.column("schools"), table.column("engagements"), strict=True)
        yield from (at for at, cells in enumerate(reached) if not any(cells))


def _note(table: Table, by_rule: frozenset[int], most: int | None) -> str:
    rest = f"The screen and the spreadsheet have all {len(table.rows):,}."
    if most is not None:
        return f"On paper: the first {most} rows. {rest}"
    if table.name == "regions":
        names = ", ".join(str(table.rows[at][0]) for at in sorted(by_rule))
        return f"No file has come from a college of {names}: what is held there is not known."
    what = {
        "findings": "those of high and medium severity",
        "reach_by_council": "the councils in which a school was reached",
    }
    return f"On paper: {what.get(table.name, 'the colleges that have sent a file')}. {rest}"


def _is_narrow(table: Table, off: frozenset[int], rows: list[tuple[Cell, ...]]) -> bool:
    """Whether a table takes half a sheet; its titles may wrap, and "not known"; no number does."""
    letters = 0.0
    for at, column in enumerate(table.columns):
        if at in off:
            continue
        known = [row[at] for row in rows if row[at] is not None or column.kind not in NUMBERS]
        line, word = longest(column, iter(known))
        if column.kind == "text":
            line = max(word, round(_NARROWED * line))
        elif column.kind == "tag":
            line = round(_CAPITALS * line)
        if len(known) < len(rows):
            line = max([line, *map(len, column.unknown.split())])
        letters += 2 + max([line, *map(len, column.title.split())])
    return letters <= _HALF_A_SHEET
