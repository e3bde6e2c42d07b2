"""The report as a workbook: a summary with charts, one sheet a table, and what it all means.

No cell can run. Whatever the text, its cell is written as text and marked with Excel's own
apostrophe, so that it stays text even when somebody edits it. Rows are written as they come, so a
table of a hundred thousand rows does not have to fit in memory as cells.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from kitloan.audit.export.values import printable, words
from kitloan.audit.tables import Cell, Kind, Report, Table
from kitloan.storage.files import whole_file
from kitloan.text.dates import uk

SUMMARY, ABOUT = "Summary", "About"
_LONGEST_NAME = 31
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f']")
_FORMATS: dict[Kind, str] = {
    "text": "General",
    "tag": "General",
    "count": "#,##0",
    "days": "#,##0",
    "rate": "#,##0.00",
    "share": "0.0%",
    "pence": '"£"#,##0.00;-"£"#,##0.00',
    "date": "d mmm yyyy",
}
_HEAD = Font(bold=True)
_SHADE = PatternFill("solid", fgColor="E4ECF1")
_LINE = Border(bottom=Side(style="thin", color="1B4965"))
_NARROWEST, _WIDEST, _MEASURED = 8, 60, 1000
_ABOUT_WIDTHS = (26, 34, 26, 10, 100)
_NO_WORDS: Mapping[str, str] = {}
_MOST_BARS, _A4 = 40, 9
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
        names = sheet_names(table.title for table in report.tables)
        first = book.create_sheet(SUMMARY)
        for table, name in zip(report.tables, names, strict=True):
            _sheet(book.create_sheet(name), table)
        _about(book.create_sheet(ABOUT), report, names)
        _summary(book, first, report, names)
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
    taken = {SUMMARY.casefold(), ABOUT.casefold(), "history"}  # Excel keeps the second for itself
    for each in wanted:
        base = _NOT_IN_A_NAME.sub(" ", each).strip() or "table"
        name, number = base[:_LONGEST_NAME], 1
        while name.casefold() in taken:
            number += 1
            name = f"{base[: _LONGEST_NAME - len(str(number)) - 1]} {number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _summary(book: Workbook, sheet: Worksheet, report: Report, names: list[str]) -> None:
    """The first page: answers, what needs a decision, the way to every sheet, and charts."""
    _for_paper(sheet)
    for letter, width in zip("ABC", (96, 34, 12), strict=True):
        sheet.column_dimensions[letter].width = width
    lines: list[list[SheetCell]] = [
        [_text(sheet, report.title, Font(bold=True, size=16))],
        [_text(sheet, f"As at the end of {uk(report.as_at)}")],
        [],
    ]
    if report.summary.thanks:
        lines.append([_text(sheet, report.summary.thanks, _HEAD)])
    for answer, limit in report.summary.answers:
        lines.append([_text(sheet, answer, Font(bold=True, size=12))])
        lines.append([_text(sheet, limit, Font(color="55606A"))])
    if report.summary.decisions:
        lines += [[], _headers(sheet, ("What needs a decision", "Who acts"))]
        lines += [[_text(sheet, what), _text(sheet, who)] for what, who in report.summary.decisions]
    lines += [[], _headers(sheet, ("Sheets", "", "Rows"))]
    links: list[Hyperlink] = []
    for table, name in zip(report.tables, names, strict=True):
        link = _text(sheet, name, Font(color="1B4965", underline="single"))
        lines.append([link, _text(sheet, ""), _number(sheet, len(table.rows))])
        links.append(Hyperlink(ref=f"A{len(lines)}", location=f"'{name}'!A1"))
    lines += [[], [_text(sheet, report.made)]]
    for line in lines:
        sheet.append(line)
    # Links inside the book; openpyxl makes outside ones of what is set on a cell.
    vars(sheet)["_hyperlinks"] = links
    _charts(book, sheet, report, names, len(lines) + 2)


def _charts(book: Workbook, sheet: Worksheet, report: Report, names: list[str], row: int) -> None:
    """The charts of the tables, below each other."""
    for table, name in zip(report.tables, names, strict=True):
        if table.chart is None or not table.rows:
            continue
        last = min(len(table.rows), _MOST_BARS) + 1
        drawn = BarChart()
        drawn.type, drawn.title = "bar", printable(table.chart.caption)
        drawn.grouping = "stacked" if table.chart.stacked else "clustered"
        drawn.overlap = 100 if table.chart.stacked else 0
        drawn.height, drawn.width = 4 + last * 0.6, 24
        drawn.x_axis.scaling.orientation = "maxMin"
        drawn.x_axis.delete = drawn.y_axis.delete = False
        drawn.legend = drawn.legend if len(table.chart.values) > 1 else None
        of = book[name]
        for i, column in enumerate(table.columns, 1):
            if column.name in table.chart.values:
                drawn.add_data(Reference(of, i, 1, i, last), titles_from_data=True)
        drawn.set_categories(Reference(of, 1, 2, 1, last))
        sheet.add_chart(drawn, f"A{row}")
        row += int(drawn.height / 0.5) + 2


def _for_paper(sheet: Worksheet) -> None:
    """A4 on its side, as wide as the sheet, and as many of them as it takes."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", _A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _number(sheet: Worksheet, value: int) -> SheetCell:
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = _FORMATS["count"]
    cell.alignment = Alignment(horizontal="left", vertical="top")
    return cell


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
        rows = _number(sheet, len(table.rows))
        shown = (_text(sheet, name), _text(sheet, table.title), rows, None)
        sheet.append([*shown, _text(sheet, table.note)])
    sheet.append([])
    sheet.append(_headers(sheet, ("Sheet", "Column", "Name for programs", "Kind", "Meaning")))
    for table, name in zip(report.tables, names, strict=True):
        for column in table.columns:
            described = (name, column.title, column.name, column.kind, column.meaning)
            sheet.append([_text(sheet, each) for each in described])


def _sheet(sheet: Worksheet, table: Table) -> None:
    sheet.freeze_panes = "B2"
    sheet.print_title_rows = "1:1"
    _for_paper(sheet)
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
            _put(cell, column.kind, value, column.words)
        sheet.append(cells)


def _put(
    cell: SheetCell, kind: Kind, value: Cell, words_for: Mapping[str, str] = _NO_WORDS
) -> None:
    if isinstance(value, str):
        cell.value = printable(words_for.get(value, value))
        cell.data_type = "s"  # openpyxl takes a leading '=' for a formula; this marks it as text
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
                *(len(words(column, row[i])) + 2 for row in table.rows[:_MEASURED]),
            ),
        )
        for i, column in enumerate(table.columns)
    ]
