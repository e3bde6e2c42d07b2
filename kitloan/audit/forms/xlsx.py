"""The report as a workbook: a sheet that explains, then one sheet a table, with real types.

No cell can run. Whatever the text, its cell is written as text and marked with Excel's own
apostrophe, so that it stays text even when somebody edits it. Rows are written as they come, so a
table of a hundred thousand rows does not have to fit in memory as cells.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from kitloan.audit.forms.values import printable, words
from kitloan.audit.tables import Cell, Kind, Report, Table
from kitloan.storage.files import whole_file

ABOUT = "About"
_LONGEST_NAME = 31
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f']")
_FORMATS: dict[Kind, str] = {
    "text": "General",
    "tag": "General",
    "count": "#,##0",
    "days": "#,##0",
    "share": "0.0%",
    "pence": '"£"#,##0.00;-"£"#,##0.00',
    "date": "dd/mm/yyyy",
}
_HEAD = Font(bold=True)
_SHADE = PatternFill("solid", fgColor="E4ECF1")
_LINE = Border(bottom=Side(style="thin", color="1B4965"))
_NARROWEST, _WIDEST, _MEASURED = 8, 60, 1000
_ABOUT_WIDTHS = (26, 34, 26, 10, 100)
_NOTE = (
    "Each table is a sheet of its own. An empty cell is not recorded. Shares are percentages and "
    "money is pounds; the filters are the arrows in each sheet's first row."
)


def write(report: Report, path: Path) -> None:
    """Write the workbook.

    Raises:
        BadInput: `cannot_write`, ...; see `kitloan.storage.files.whole_file`.
    """
    # Its rows go to files of openpyxl's own as they are made, on a disk that may be full too.
    with whole_file(path) as beside, _new_book() as book:
        book.properties.title = printable(report.title)
        book.properties.creator = "kitloan"
        names = sheet_names(table.name for table in report.tables)
        _about(book.create_sheet(ABOUT), report, names)
        for table, name in zip(report.tables, names, strict=True):
            _sheet(book.create_sheet(name), table)
        book.save(beside)


@contextmanager
def _new_book() -> Iterator[Workbook]:
    """A workbook whose sheets are closed at the end, also when it was never saved.

    Left open, each would print a traceback when Python clears it away.
    """
    book = Workbook(write_only=True)
    try:
        yield book
    finally:
        for sheet in book.worksheets:
            if not sheet.closed:
                with suppress(Exception):
                    sheet.close()


def sheet_names(wanted: Iterable[str]) -> list[str]:
    """A name that Excel takes for each: at most 31 characters, none twice, none of `[]:*?/\\'`."""
    names: list[str] = []
    taken = {ABOUT.casefold(), "history"}  # Excel keeps the second for itself
    for each in wanted:
        base = _NOT_IN_A_NAME.sub(" ", each).strip() or "table"
        name, number = base[:_LONGEST_NAME], 1
        while name.casefold() in taken:
            number += 1
            name = f"{base[: _LONGEST_NAME - len(str(number)) - 1]} {number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _about(sheet: Worksheet, report: Report, names: list[str]) -> None:
    """What the workbook is, as at when, its sheets, and what every column means."""
    for index, width in enumerate(_ABOUT_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.append([_text(sheet, report.title, Font(bold=True, size=16))])
    sheet.append([_text(sheet, "As at the end of"), _date(sheet, report.as_at)])
    sheet.append([_text(sheet, _NOTE)])
    sheet.append([])
    sheet.append(_headers(sheet, ("Sheet", "Table", "Rows", "", "Note")))
    for table, name in zip(report.tables, names, strict=True):
        rows = WriteOnlyCell(sheet, len(table.rows))
        rows.number_format = _FORMATS["count"]
        rows.alignment = Alignment(horizontal="left", vertical="top")
        told = (_text(sheet, name), _text(sheet, table.title), rows, None, _text(sheet, table.note))
        sheet.append(told)
    sheet.append([])
    sheet.append(_headers(sheet, ("Sheet", "Column", "Name for programs", "Kind", "Meaning")))
    for table, name in zip(report.tables, names, strict=True):
        for column in table.columns:
            described = (name, column.title, column.name, column.kind, column.meaning)
            sheet.append([_text(sheet, each) for each in described])


def _sheet(sheet: Worksheet, table: Table) -> None:
    sheet.freeze_panes = "B2"
    last = get_column_letter(len(table.columns))
    sheet.auto_filter.ref = f"A1:{last}{len(table.rows) + 1}"
    for index, width in enumerate(_widths(table), 1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.append(_headers(sheet, [column.title for column in table.columns]))
    # One cell a column serves every row: a row is on its way to the file when `append` returns.
    cells = [WriteOnlyCell(sheet) for _ in table.columns]
    for i, (cell, column) in enumerate(zip(cells, table.columns, strict=True)):
        cell.number_format = _FORMATS[column.kind]
        if column.kind in ("count", "days") and any(
            isinstance(row[i], float) for row in table.rows
        ):
            cell.number_format = "#,##0.0"
        cell.quotePrefix = column.kind in ("text", "tag")
    for row in table.rows:
        for cell, column, value in zip(cells, table.columns, row, strict=True):
            _put(cell, column.kind, value)
        sheet.append(cells)


def _put(cell: SheetCell, kind: Kind, value: Cell) -> None:
    if isinstance(value, str):
        cell.value = printable(value)
        cell.data_type = "s"  # openpyxl takes a leading '=' for a formula; this says it is not
    elif kind == "pence" and value is not None and not isinstance(value, date):
        cell.value = value / 100
    else:
        cell.value = value


def _text(sheet: Worksheet, value: str, font: Font | None = None) -> SheetCell:
    cell = WriteOnlyCell(sheet)
    _put(cell, "text", value)
    cell.quotePrefix = True
    cell.alignment = Alignment(vertical="top", wrap_text=len(value) > _WIDEST and value != _NOTE)
    if font:
        cell.font = font
    return cell


def _date(sheet: Worksheet, value: date) -> SheetCell:
    cell = WriteOnlyCell(sheet)
    cell.value = value
    cell.number_format = _FORMATS["date"]
    cell.alignment = Alignment(horizontal="left")
    return cell


def _headers(sheet: Worksheet, titles: Iterable[str]) -> list[SheetCell]:
    cells = [_text(sheet, title, _HEAD) for title in titles]
    for cell in cells:
        cell.fill, cell.border = _SHADE, _LINE
    return cells


def _widths(table: Table) -> list[int]:
    """Wide enough for what is seen first, with room for the filter's arrow beside the title."""
    return [
        min(
            _WIDEST,
            max(
                _NARROWEST,
                len(column.title) + 4,
                *(len(words(column.kind, row[i])) + 2 for row in table.rows[:_MEASURED]),
            ),
        )
        for i, column in enumerate(table.columns)
    ]
