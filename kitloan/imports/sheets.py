"""What a spreadsheet holds, before anybody knows what it means.

A book is sheets, a sheet is lines, a line is the number that the user sees beside it and its
values. Blank lines are left out, so the number is never the position. A value that is there but
cannot be had (a formula without a saved result, a cell as long as a book) is `Unreadable`, and
stays one value: whoever knows the column decides what its loss means.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from kitloan.imports.packed import PackedWriter

LONGEST_CELL = 10_000
"""Characters; a cell with more is a pasted document or a broken file."""

_SHOWN = 80
_ERROR = re.compile(
    r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!)|#{3,}|Err:\d{3}", re.IGNORECASE
)
"""An error of Excel or LibreOffice, or a column too narrow for its number, saved as text."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value that cannot be had: what to show of it, and why, as a phrase.

    `grave` when it puts its whole line in doubt, whatever the column.
    """

    shown: str
    problem: str
    grave: bool = False


Readable = str | int | float | bool | date | datetime | Decimal
Value = Readable | Unreadable | None


class Line(NamedTuple):  # there are thousands, each packed and made again for every pass
    """One line that is not blank: its number in the spreadsheet, and its values from column A."""

    number: int
    values: tuple[Value, ...]

    def value(self, index: int) -> Value:
        """The value in a column, None beyond the last."""
        return self.values[index] if index < len(self.values) else None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet.

    Attributes:
        name: as the tab says; of a CSV, the file's name without its ending.
        lines: the lines that are not blank, in order.
        merged_down: by (line number, column), the value of the merged cell that reaches down
            into this place from a line above.
        merged_across: by (line number, column), the column on the left whose merged cell reaches
            into this place.
        banners: numbers of the lines that hold one cell and nothing else, merged across columns.
        delimited: whether it was text, where a stray delimiter can push values into the wrong
            column.
        hidden_rows, hidden_columns: numbers of rows and positions of columns that are not shown.
        filtered: whether a filter is set.
        struck: by (line number, column), cells that are struck through.
        comments: by (line number, column), the comment on the cell.
    """

    name: str
    lines: Sequence[Line]
    merged_down: Mapping[tuple[int, int], Value] = field(default_factory=dict)
    merged_across: Mapping[tuple[int, int], int] = field(default_factory=dict)
    banners: frozenset[int] = frozenset()
    delimited: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    filtered: bool = False
    struck: frozenset[tuple[int, int]] = frozenset()
    comments: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def value(self, line: Line, index: int) -> Value:
        """The value in a column, taken from a merged cell that reaches down to it if need be."""
        own = line.values[index] if index < len(line.values) else None
        if not self.merged_down:
            return own
        return self.merged_down.get((line.number, index)) if is_blank(own) else own


@dataclass(frozen=True, slots=True)
class Book:
    """The sheets that were read, and the names of the hidden ones, which were not."""

    sheets: tuple[Sheet, ...]
    hidden: tuple[str, ...] = ()


def pack_lines(lines: Iterable[Line]) -> Sequence[Line]:
    """The lines of a sheet, gone through once and held in little memory."""
    packing = PackedWriter[Line](tuple, Line._make)
    for line in lines:
        packing.add(line)
    return packing.finish()


def is_blank(value: Value) -> bool:
    """Whether a cell looks empty to the person in front of it."""
    return value is None or (isinstance(value, str) and (not value or value.isspace()))


def text_value(text: str) -> Value:
    """The value of a cell of text: itself, None when empty, `Unreadable` when far too long."""
    if len(text) > LONGEST_CELL:
        problem = f"is {len(text):,} characters long; the most is {LONGEST_CELL:,}"
        return Unreadable(text[:_SHOWN], problem)
    if text[:1] in "#E" and _ERROR.fullmatch(text):
        return Unreadable(text, "is an error that the spreadsheet shows, not a value")
    return text or None


def letter(index: int) -> str:
    """The letter of a column as a spreadsheet shows it: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
