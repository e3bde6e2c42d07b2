"""XLSX, as people keep it: merged titles, merged cells down a column, formulas, hidden sheets.

openpyxl streams the values (its read-only mode takes a fifth of the memory). In that mode it
tells neither which cells are merged nor which hold formulas, so both are found in the sheet's own
XML, each by one pattern. Of a formula the saved result counts; a program that writes formulas
without results leaves nothing that could be read, and that is reported, not taken for blank. A
number
is read as its cell shows it, so that 12 in the format 00000 is 00012, as on the label.
"""

import io
import re
import warnings
import zipfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kitloan.errors import BadInput
from kitloan.imports.sheets import (
    Book,
    Line,
    Sheet,
    Unreadable,
    Value,
    is_blank,
    pack_lines,
    text_value,
)
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


_ROW = re.compile(rb"<(?:\w+:)?row\s([^>]*)>")
_ROW_NUMBER = re.compile(rb'\br="(\d+)"')
_COLUMN = re.compile(rb"<(?:\w+:)?col\s([^>]*?)/?>")
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_FROM_TO = re.compile(rb'\b(min|max)="(\d+)"')
_FILTERED = re.compile(rb"<(?:\w+:)?filterColumn[\s>]")
_SHOWN_TOKEN = re.compile(r'"([^"]*)"|\\(.)|(0+)|([-/ ])')
_MOST_COLUMNS = 16_384


class _Styles:
    """Which styles of a workbook show a number in another way, or strike it through."""

    def __init__(self, book: Any) -> None:
        self._patterns: dict[int, tuple[tuple[str, str], ...]] = {}
        self._struck: set[int] = set()
        custom = list(book._number_formats)
        for at, style in enumerate(book._cell_styles):
            number = style.numFmtId - 164
            if 0 <= number < len(custom) and (pattern := _pattern(custom[number])):
                self._patterns[at] = pattern
            if style.fontId < len(book._fonts) and book._fonts[style.fontId].strike:
                self._struck.add(at)

    @property
    def matter(self) -> bool:
        """Whether any style changes what is read."""
        return bool(self._patterns or self._struck)

    def is_struck(self, cell: Any) -> bool:
        """Whether a cell with a value is struck through."""
        return cell.value is not None and getattr(cell, "_style_id", 0) in self._struck

    def shown(self, cell: Any) -> object:
        """The cell's value, as the cell shows it where its format adds zeros or words."""
        value = cell.value
        pattern = self._patterns.get(getattr(cell, "_style_id", 0))
        if pattern is None or isinstance(value, bool) or not isinstance(value, int | float):
            return value
        if value != int(value) or value < 0:
            return value
        return _as_shown(pattern, str(int(value)))


def _pattern(text: str) -> tuple[tuple[str, str], ...] | None:
    """A number format that only pads with zeros and adds words, in pieces; None for any other."""
    text = text.split(";")[0]
    pieces: list[tuple[str, str]] = []
    at = 0
    for found in _SHOWN_TOKEN.finditer(text):
        if found.start() != at:
            return None
        at = found.end()
        zeros = found[3]
        pieces.append(("0", zeros) if zeros else ("words", found[1] or found[2] or found[4] or ""))
    zeros = sum(len(each) for kind, each in pieces if kind == "0")
    if at != len(text) or not zeros or (zeros == 1 and len(pieces) == 1):
        return None
    return tuple(pieces)


def _as_shown(pattern: tuple[tuple[str, str], ...], digits: str) -> str:
    shown: list[str] = []
    left = digits
    places = [at for at, (kind, _) in enumerate(pattern) if kind == "0"]
    for at, (kind, piece) in reversed(list(enumerate(pattern))):
        if kind != "0":
            shown.insert(0, piece)
        elif at == places[0]:
            shown.insert(0, left.rjust(len(piece), "0"))
        else:
            shown.insert(0, left[-len(piece) :].rjust(len(piece), "0"))
            left = left[: -len(piece)]
    return "".join(shown)


def _hidden_rows(xml: bytes) -> Iterator[bytes]:
    for found in _ROW.finditer(xml):
        if _HIDDEN.search(found[1]) and (number := _ROW_NUMBER.search(found[1])):
            yield number[1]


def _hidden_columns(xml: bytes) -> Iterator[int]:
    for found in _COLUMN.finditer(xml):
        if _HIDDEN.search(found[1]):
            ends = {name: int(number) for name, number in _FROM_TO.findall(found[1])}
            first, last = ends.get(b"min", 1), ends.get(b"max", 0)
            if last - first < _MOST_COLUMNS // 2:
                yield from range(first - 1, last)


def _comments(archive: zipfile.ZipFile, part: str) -> dict[tuple[int, int], str]:
    """The comments of a sheet, by line number and column."""
    from openpyxl.xml.functions import fromstring

    folder, _, name = part.rpartition("/")
    relations = f"{folder}/_rels/{name}.rels".lstrip("/")
    names = set(archive.namelist())
    if relations not in names:
        return {}
    found: dict[tuple[int, int], str] = {}
    for relation in fromstring(archive.read(relations)):
        if not str(relation.get("Type", "")).endswith("/comments"):
            continue
        target = str(relation.get("Target", ""))
        place = target.lstrip("/") if target.startswith("/") else _joined(folder, target)
        if place not in names:
            continue
        for comment in fromstring(archive.read(place)).iter():
            if not str(comment.tag).endswith("}comment"):
                continue
            at = re.fullmatch(r"\$?([A-Z]{1,3})\$?(\d+)", str(comment.get("ref", "")))
            words = "".join(t.text or "" for t in comment.iter() if str(t.tag).endswith("}t"))
            if at and words.strip():
                found[int(at[2]), _index(at[1].encode())] = words
    return found


def _joined(folder: str, target: str) -> str:
    parts = folder.split("/")
    for step in target.split("/"):
        if step == "..":
            parts = parts[:-1]
        elif step != ".":
            parts.append(step)
    return "/".join(part for part in parts if part)


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
        styles = _Styles(reader.wb)
        sheets = tuple(
            _sheet(
                worksheet,
                archive.read(parts[worksheet.title]),
                styles,
                _comments(archive, parts[worksheet.title]),
            )
            for worksheet in reader.wb.worksheets
            if worksheet.sheet_state == "visible"
        )
    hidden = tuple(plain(w.title) for w in reader.wb.worksheets if w.sheet_state != "visible")
    return Book(sheets, hidden)


_WIDEST = 400  # columns of one merged cell: a year of days


def _sheet(
    worksheet: "ReadOnlyWorksheet",
    xml: bytes,
    styles: "_Styles",
    comments: dict[tuple[int, int], str],
) -> Sheet:
    worksheet.reset_dimensions()  # some programs save the wrong ones, and rows would be lost
    struck: set[tuple[int, int]] = set()
    lines = pack_lines(_lines(worksheet, _formulas_without_result(xml), styles, struck))
    merges = tuple(_merges(xml))
    return Sheet(
        plain(worksheet.title),
        lines,
        merged_down=_merged_down(lines, merges),
        merged_across={
            (merge.top, index): merge.left
            for merge in merges
            if merge.top == merge.bottom and merge.right - merge.left < _WIDEST
            for index in range(merge.left + 1, merge.right + 1)
        },
        banners=_banners(lines, merges),
        hidden_rows=frozenset(int(found) for found in _hidden_rows(xml)),
        hidden_columns=frozenset(_hidden_columns(xml)),
        filtered=bool(_FILTERED.search(xml)),
        struck=frozenset(struck),
        comments=comments,
    )


def _lines(
    worksheet: "ReadOnlyWorksheet",
    formulas: set[tuple[int, int]],
    styles: "_Styles",
    struck: set[tuple[int, int]],
) -> Iterator[Line]:
    # the stubs bind iter_rows to the other kind of worksheet
    rows = worksheet.iter_rows(values_only=not styles.matter)  # type: ignore[misc]
    for number, raw in enumerate(islice(rows, _LAST_ROW), start=1):
        if styles.matter:
            struck.update((number, i) for i, cell in enumerate(raw) if styles.is_struck(cell))
            values = tuple(_value(styles.shown(cell)) for cell in raw)
        else:
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
    """Places of formulas that may lack a result: an empty text is a result, marked as one (`t`)."""
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


def _merged_down(lines: Sequence[Line], merges: tuple[_Merge, ...]) -> dict[tuple[int, int], Value]:
    """What each merged cell has, at every line below its first that it reaches into."""
    if not merges:
        return {}
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


def _banners(lines: Sequence[Line], merges: tuple[_Merge, ...]) -> frozenset[int]:
    wide = {(merge.top, merge.left) for merge in merges if merge.right > merge.left}
    banners: set[int] = set()
    if not wide:
        return frozenset()
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
