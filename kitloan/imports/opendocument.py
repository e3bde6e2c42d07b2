"""ODS, which LibreOffice saves, and XLS, the old Office format: read by python-calamine.

calamine gives values and merged cells. What an ODS hides, comments on, or shows with zeros in
front is
found in its own XML, which also shows how far the sheets reach before anything of that size is
made.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, iterparse

from kitloan.errors import BadInput
from kitloan.imports.sheets import Book, Line, Sheet, Value, is_blank, pack_lines, text_value
from kitloan.text.names import plain

_MOST_CELLS = 20_000_000
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_PADDED = re.compile(r"\D*0\d+\D*|\d*[^\d.,\s-]\d+")


@dataclass(slots=True)
class _Beside:
    """What the XML of one sheet has beside its values."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    comments: dict[tuple[int, int], str] = field(default_factory=dict)
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    spans: list[tuple[int, int, int, int]] = field(default_factory=list)
    filtered: bool = False
    rows: int = 0
    columns: int = 0


def read_opendocument(path: Path, content: bytes) -> Book:
    """The visible sheets of an ODS file.

    Raises:
        BadInput: `damaged_spreadsheet`, `empty_file`, `file_too_large`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            xml = archive.read("content.xml")
        if b"<!ENTITY" in xml or b"<!DOCTYPE" in xml:
            raise ValueError("no ODS declares entities")
        beside = _beside(xml)
    except Exception as error:
        raise _damaged(path, ".ods") from error
    if any(each.rows * each.columns > _MOST_CELLS for each in beside.values()):
        raise BadInput(
            "file_too_large",
            f"{path.name} names more cells than a register has.",
            "Copy the register alone into a new spreadsheet.",
            file=str(path),
        )
    return _read(path, content, ".ods", beside)


def read_old_office(path: Path, content: bytes) -> Book:
    """The visible sheets of an XLS file.

    Raises:
        BadInput: `damaged_spreadsheet`, `empty_file`.
    """
    return _read(path, content, ".xls", {})


def _read(path: Path, content: bytes, kind: str, beside: dict[str, _Beside]) -> Book:
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    sheets, hidden = [], []
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for about in book.sheets_metadata:
            if about.visible != SheetVisibleEnum.Visible:
                hidden.append(plain(about.name))
                continue
            found = book.get_sheet_by_name(about.name)
            more = beside.get(about.name, _Beside())
            spans = more.spans or _spans(found)
            sheets.append(_sheet(about.name, found, more, spans))
    # the library meets a damaged file with whatever its parts happen to raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise _damaged(path, kind) from error
    if not any(sheet.lines for sheet in sheets):
        raise BadInput(
            "empty_file",
            f"{path.name} holds nothing in the sheets that are shown.",
            "Check that it was saved, and that the register is not on a hidden sheet.",
            file=str(path),
        )
    return Book(tuple(sheets), tuple(hidden))


_WIDEST = 400  # columns of one merged cell: a year of days


def _spans(found: Any) -> list[tuple[int, int, int, int]]:
    try:
        ranges = found.merged_cell_ranges or []
    except Exception:  # the library knows none for this kind of file
        return []
    return [(top + 1, left, bottom + 1, right) for (top, left), (bottom, right) in ranges]


def _sheet(name: str, found: Any, more: _Beside, spans: list[tuple[int, int, int, int]]) -> Sheet:
    first = found.start[0] if found.start else 0
    left = found.start[1] if found.start else 0
    lines = []
    for at, raw in enumerate(found.to_python(skip_empty_area=True)):
        number = first + at + 1
        values: tuple[Value, ...] = (None,) * left + tuple(
            _value(more.shown.get((number, left + i), cell)) for i, cell in enumerate(raw)
        )
        if not all(is_blank(value) for value in values):
            lines.append(Line(number, values))
    by_number = {line.number: line for line in lines}
    merged_down = {
        (number, column): by_number[top].value(column)
        for top, column, bottom, _ in spans
        if top in by_number
        for number in range(top + 1, min(bottom, lines[-1].number if lines else top) + 1)
        if number in by_number
    }
    banners = {
        top
        for top, column, _, right in spans
        if right > column
        and top in by_number
        and [i for i, v in enumerate(by_number[top].values) if not is_blank(v)] == [column]
    }
    return Sheet(
        plain(name),
        pack_lines(lines),
        merged_down=merged_down,
        merged_across={
            (top, index): column
            for top, column, bottom, right in spans
            if top == bottom and right - column < _WIDEST
            for index in range(column + 1, right + 1)
        },
        banners=frozenset(banners),
        hidden_rows=frozenset(more.hidden_rows),
        hidden_columns=frozenset(more.hidden_columns),
        filtered=more.filtered,
        comments=more.comments,
    )


def _value(cell: Any) -> Value:
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        return text_value(cell)
    if isinstance(cell, bool | int | float | date):
        return cell
    if isinstance(cell, time | timedelta):
        return str(cell)
    return text_value(str(cell))


def _beside(xml: bytes) -> dict[str, _Beside]:
    """What the sheets of an ODS have beside their values, by the sheet's name."""
    found: dict[str, _Beside] = {}
    here = _Beside()
    row = column = 0
    parsed = iterparse(io.BytesIO(xml), events=("start", "end"))  # noqa: S314  # no entities in it
    for event, element in parsed:
        tag = element.tag
        if event == "start":
            if tag == f"{_TABLE}table":
                here = found.setdefault(str(element.get(f"{_TABLE}name", "")), _Beside())
                row = column = 0
            continue
        if tag == f"{_TABLE}table-column":
            many = _repeated(element, "columns")
            if element.get(f"{_TABLE}visibility") in ("collapse", "filter") and many < 1000:
                here.hidden_columns.update(range(column, column + many))
            column += many
        elif tag == f"{_TABLE}table-row":
            row = _row(element, row, here)
            element.clear()
        elif tag == f"{_TABLE}filter":
            here.filtered = True
    return found


def _row(element: Element, row: int, here: _Beside) -> int:
    """Note one row; gives the number of rows so far."""
    many = _repeated(element, "rows")
    number = row + 1
    width = 0
    for column, cell in _cells(element):
        text = "\n".join("".join(p.itertext()) for p in cell.findall(f"{_TEXT}p"))
        has = bool(text) or cell.get(f"{_OFFICE}value-type") is not None
        if has:
            width = column + _repeated(cell, "columns")
        note = cell.find(f"{_OFFICE}annotation")
        if note is not None:
            words = "\n".join("".join(p.itertext()) for p in note.findall(f"{_TEXT}p"))
            here.comments[number, column] = words
        if cell.get(f"{_OFFICE}value-type") == "float" and _PADDED.fullmatch(text):
            here.shown[number, column] = text
        down = int(cell.get(f"{_TABLE}number-rows-spanned") or 1)
        across = int(cell.get(f"{_TABLE}number-columns-spanned") or 1)
        if down > 1 or across > 1:
            here.spans.append((number, column, number + down - 1, column + across - 1))
    if width:
        here.rows, here.columns = row + many, max(here.columns, width)
        if element.get(f"{_TABLE}visibility") in ("collapse", "filter"):
            here.hidden_rows.update(range(number, number + min(many, 1000)))
    return row + many


def _cells(element: Element) -> Iterator[tuple[int, Element]]:
    column = 0
    for cell in element:
        if cell.tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            yield column, cell
            column += _repeated(cell, "columns")


def _repeated(element: Element, what: str) -> int:
    return int(element.get(f"{_TABLE}number-{what}-repeated") or 1)


def _damaged(path: Path, kind: str) -> BadInput:
    return BadInput(
        "damaged_spreadsheet",
        f"{path.name} is damaged, or not quite {kind}.",
        "Open it in a spreadsheet program, and save it again as .xlsx or CSV.",
        file=str(path),
    )
