"""XLSX, as people keep it: merged titles, merged cells down a column, formulas, hidden sheets.

openpyxl streams the values (its read-only mode takes a fifth of the memory). In that mode it
tells neither which cells are merged nor which hold formulas, so both are found in the sheet's own
XML, each by one pattern. Of a formula the saved result counts; a program that writes formulas
without results leaves nothing that could be read, and that is said, not taken for blank.
"""

import io
import re
import warnings
import zipfile
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from kitloan.errors import BadInput
from kitloan.spreadsheets.sheets import Book, Line, Sheet, Unreadable, Value, is_blank, text_value
from kitloan.text.names import plain

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

_LAST_ROW = 1_048_576  # of any spreadsheet; a damaged one may name a row that never comes
_MERGED = re.compile(
    rb'<(?:\w+:)?mergeCell\s[^>]*?ref="\$?([A-Z]{1,3})\$?(\d+):\$?([A-Z]{1,3})\$?(\d+)"'
)
_FORMULA = re.compile(rb"<(?:\w+:)?c\s([^>]*)>\s*<(?:\w+:)?f[\s>/]")
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d+)"')
_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}


@dataclass(frozen=True, slots=True)
class _Merge:
    left: int
    top: int
    right: int
    bottom: int


def read_workbook(path: Path, content: bytes) -> Book:
    """The visible sheets of an XLSX workbook.

    Raises:
        BadInput: `damaged_spreadsheet`, `empty_file`.
    """
    try:
        # openpyxl warns about styles and validations that it would lose on saving
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = _read(content)
    # openpyxl meets a damaged workbook with whatever error its parts happen to raise
    except Exception as error:
        raise BadInput(
            "damaged_spreadsheet",
            f"{path.name} is damaged, or not quite .xlsx.",
            "Open it in a spreadsheet program, and save it again as .xlsx or CSV.",
            file=str(path),
        ) from error
    if not any(sheet.lines for sheet in book.sheets):
        raise BadInput(
            "empty_file",
            f"{path.name} holds nothing in the sheets that one can see.",
            "Check that it was saved, and that the register is not on a hidden sheet.",
            file=str(path),
        )
    return book


def _read(content: bytes) -> Book:
    from openpyxl.reader.excel import ExcelReader

    reader = ExcelReader(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    reader.read()
    parts = {sheet.name: part.target for sheet, part in reader.parser.find_sheets()}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = tuple(
            _sheet(worksheet, archive.read(parts[worksheet.title]))
            for worksheet in reader.wb.worksheets
            if worksheet.sheet_state == "visible"
        )
    hidden = tuple(plain(w.title) for w in reader.wb.worksheets if w.sheet_state != "visible")
    return Book(sheets, hidden)


def _sheet(worksheet: "ReadOnlyWorksheet", xml: bytes) -> Sheet:
    worksheet.reset_dimensions()  # some programs save the wrong ones, and rows would be lost
    lines = tuple(_lines(worksheet, _formulas_without_result(xml)))
    merges = tuple(_merges(xml))
    return Sheet(
        plain(worksheet.title),
        lines,
        merged_down=_merged_down(lines, merges),
        banners=_banners(lines, merges),
    )


def _lines(worksheet: "ReadOnlyWorksheet", formulas: set[tuple[int, int]]) -> Iterator[Line]:
    # the stubs bind iter_rows to the other kind of worksheet
    rows = worksheet.iter_rows(values_only=True)  # type: ignore[misc]
    for number, raw in enumerate(islice(rows, _LAST_ROW), start=1):
        values = tuple(_value(cell) for cell in raw)
        if formulas:
            values = tuple(
                Unreadable("", "holds a formula whose result was not saved in the file")
                if value is None and (number, index) in formulas
                else value
                for index, value in enumerate(values)
            )
        if not all(is_blank(value) for value in values):
            yield Line(number, values)


def _value(cell: object) -> Value:
    if cell is None:
        return None
    if isinstance(cell, str):
        if cell in _ERRORS:
            return Unreadable(cell, "is an error that the spreadsheet shows, not a value")
        return text_value(cell)
    if isinstance(cell, bool | int | float | date | Decimal):  # a datetime is a date
        return cell
    return text_value(str(cell))  # times of day and durations


def _formulas_without_result(xml: bytes) -> set[tuple[int, int]]:
    """Places of formulas that may lack a result: an empty text is a result, and says so (`t`)."""
    places = set()
    for found in _FORMULA.finditer(xml):
        attributes = found[1]
        place = _PLACE.search(attributes)
        if place and b't="str"' not in attributes:
            places.add((int(place[2]), _index(place[1])))
    return places


def _merges(xml: bytes) -> Iterator[_Merge]:
    for left, top, right, bottom in _MERGED.findall(xml):
        yield _Merge(_index(left), int(top), _index(right), int(bottom))


def _merged_down(
    lines: tuple[Line, ...], merges: tuple[_Merge, ...]
) -> dict[tuple[int, int], Value]:
    """What each merged cell says, at every line below its first that it reaches into."""
    numbers = [line.number for line in lines]
    by_number = dict(zip(numbers, lines, strict=True))
    reached = {}
    for merge in merges:
        first = by_number.get(merge.top)
        if first is None:
            continue
        below = slice(bisect_right(numbers, merge.top), bisect_right(numbers, merge.bottom))
        for number in numbers[below]:
            reached[number, merge.left] = first.value(merge.left)
    return reached


def _banners(lines: tuple[Line, ...], merges: tuple[_Merge, ...]) -> frozenset[int]:
    wide = {(merge.top, merge.left) for merge in merges if merge.right > merge.left}
    banners = set()
    for line in lines:
        filled = [index for index, value in enumerate(line.values) if not is_blank(value)]
        if len(filled) == 1 and (line.number, filled[0]) in wide:
            banners.add(line.number)
    return frozenset(banners)


def _index(letters: bytes) -> int:
    index = 0
    for character in letters:
        index = index * 26 + character - ord("A") + 1
    return index - 1
