"""The forms agree: whoever holds the page and whoever holds the spreadsheet read the same."""

import csv as csv_files
import json
import re
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from audit_forms.reading import Page, Seen
from audit_forms.sample import sample
from kitloan.audit.export import csv, html, xlsx
from kitloan.audit.export.json import as_json
from kitloan.audit.export.values import printable
from kitloan.audit.tables import Cell, Column, Report, Table
from kitloan.text import tags


@pytest.fixture(scope="module")
def report() -> Report:
    """Every kind of cell, and more findings than the page holds."""
    return sample(findings=html.MOST_ROWS + 30)


def plainly(value: Cell) -> Cell:
    """A value with what no form may carry shown by its number."""
    return printable(value) if isinstance(value, str) else value


def from_page(column: Column, cell: Seen) -> Cell:
    """What a reader takes a cell of the page for; the words are read back by hand."""
    if cell.text == column.unknown:
        return None
    match column.kind:
        case "date":
            assert cell.day is not None
            day = date.fromisoformat(cell.day)
            assert cell.text == f"{day.day} {day:%b %Y}"
            return day
        case "count":
            return int(cell.text.replace(",", ""))
        case "days":
            return float(cell.text)
        case "share":
            return float(cell.text.removesuffix("%")) / 100
        case "pence":
            sign, _, pounds = cell.text.partition("£")
            return round(float(f"{sign}{pounds.replace(',', '')}") * 100)
        case "tag":
            return tags.bare(cell.text) if cell.text.startswith("KL ") else cell.text
    return cell.text


def test_the_page_has_every_number(report: Report) -> None:
    """A donor who is sent the page would be told other figures than the auditor found."""
    page = Page(html.render(report))
    for table in report.tables:
        if not table.rows:
            assert table.name in page.says_none
            continue
        grid = page.tables[table.name]
        assert [cell.text for cell in grid.head] == [c.title for c in table.columns]
        assert len(grid.rows) == min(len(table.rows), html.MOST_ROWS)
        for row, cells in zip(table.rows, grid.rows, strict=False):
            for column, value, cell in zip(table.columns, row, cells, strict=True):
                found = from_page(column, cell)
                if column.kind in ("share", "days") and value is not None:
                    assert found == pytest.approx(value, abs=0.00051)
                else:
                    assert found == plainly(value)


def test_the_workbook_has_every_number_with_its_type(report: Report, tmp_path: Path) -> None:
    """A sum over text is nought, and nobody sees why."""
    xlsx.write(report, tmp_path / "report.xlsx")
    book = load_workbook(tmp_path / "report.xlsx")
    names = [table.title for table in report.tables]
    assert book.sheetnames == ["Summary", *xlsx.sheet_names(names), "About"]
    for table, sheet in zip(report.tables, xlsx.sheet_names(names), strict=True):
        rows = book[sheet].iter_rows(values_only=True)
        assert next(rows) == tuple(column.title for column in table.columns)
        for row, found in zip(table.rows, rows, strict=True):
            for column, value, cell in zip(table.columns, row, found, strict=True):
                if column.kind == "date" and value is not None:
                    assert isinstance(cell, datetime)
                    assert cell.date() == value
                elif column.kind == "pence" and isinstance(value, int):
                    assert isinstance(cell, int | float)
                    assert cell == value / 100
                else:
                    assert cell == plainly(value)
                    assert isinstance(cell, str) == isinstance(value, str)


def test_the_csv_files_have_every_number(report: Report, tmp_path: Path) -> None:
    """Whoever loads the files into another tool would publish other figures."""
    csv.write(report, tmp_path / "report")
    for table in report.tables:
        with (tmp_path / "report" / f"{table.name}.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = csv_files.reader(file)
        assert header == [column.name for column in table.columns]
        for row, found in zip(table.rows, rows, strict=True):
            for column, value, cell in zip(table.columns, row, found, strict=True):
                assert from_csv(column, cell) == plainly(value)


def from_csv(column: Column, cell: str) -> Cell:
    """What a program reads from a field that the dictionary describes."""
    if not cell:
        return None
    match column.kind:
        case "date":
            return date.fromisoformat(cell)
        case "count" | "pence":
            return int(cell)
        case "share" | "days" | "rate":
            return float(cell)
    guarded = r"(^|[,;|\t\r\n])'(?=[\s\"]*[=+\-@＝＋－＠]|[\t\r])"
    return re.sub(guarded, r"\1", cell)


def test_the_json_has_every_value(report: Report) -> None:
    """A script would be given less than a reader."""
    document = json.loads(json.dumps(as_json(report)))
    assert list(document) == [table.name for table in report.tables]
    for table in report.tables:
        assert document[table.name] == [expected(table, row) for row in table.rows]


def expected(table: Table, row: tuple[Cell, ...]) -> dict[str, object]:
    """A row as JSON has it."""
    values = [value.isoformat() if isinstance(value, date) else value for value in row]
    return dict(zip((column.name for column in table.columns), values, strict=True))
