"""The workbook and the CSV files: nothing in them runs, and they explain themselves."""

import csv as csv_files
import re
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from audit_forms.sample import HOSTILE, sample
from kitloan.audit.export import csv, xlsx
from kitloan.audit.tables import Column, Report, Table


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample as a workbook."""
    path = tmp_path_factory.mktemp("workbook") / "report.xlsx"
    xlsx.write(sample(), path)
    return path


@pytest.fixture(scope="module")
def book(workbook: Path) -> Workbook:
    """The same, read back."""
    return load_workbook(workbook)


def test_no_cell_of_the_workbook_can_run(workbook: Path, book: Workbook) -> None:
    """A kit's name would start a program on the auditor's machine."""
    with zipfile.ZipFile(workbook) as archive:
        for name in archive.namelist():
            parts = archive.read(name).decode("utf-8")
            is_chart = name.startswith("xl/charts/")  # which names the cells that it draws
            assert is_chart or not re.search(r"<f[ >/]", parts), name
            assert "ddeLink" not in parts
        assert not [name for name in archive.namelist() if "external" in name.lower()]
    for row in book["Every kind of cell"].iter_rows(min_row=2):
        assert row[0].data_type == "s"
        assert row[0].quotePrefix  # it stays text when somebody edits it


def test_the_workbook_can_be_worked_with(book: Workbook) -> None:
    """Filters, titles that stay in sight, and dates and money that look like dates and money."""
    for sheet in book.worksheets[1:-1]:
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref == sheet.dimensions
        assert all(cell.font.bold for cell in sheet[1])
    row = book["Every kind of cell"][3]
    assert [cell.number_format for cell in row[2:]] == [
        "#,##0",
        "0.0%",
        "#,##0",
        "#,##0.0",
        '"£"#,##0.00;-"£"#,##0.00',
        "d mmm yyyy",
    ]
    assert book["Findings"].column_dimensions["E"].width > 30


def test_the_workbook_opens_on_the_way_to_every_sheet(book: Workbook) -> None:
    """A reader who must look through twenty tabs reads the first."""
    first = book.worksheets[0]
    assert (first.title, book.active) == ("Summary", first)
    ways = [cell.hyperlink.location for (cell,) in first.iter_rows(max_col=1) if cell.hyperlink]
    assert ways == [f"'{sheet.title}'!A1" for sheet in book.worksheets[1:-1]]
    for sheet in book.worksheets[:-1]:
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth) == ("landscape", 1)
    assert all(sheet.print_title_rows for sheet in book.worksheets[1:-1])


def test_the_last_sheet_explains_the_others(book: Workbook) -> None:
    """A workbook that comes by mail without its covering letter is a riddle."""
    told = {cell for row in book["About"].iter_rows(values_only=True) for cell in row}
    report = sample()
    assert report.title in told
    assert report.as_at in {cell.date() for cell in told if isinstance(cell, datetime)}
    for table in report.tables:
        assert {table.title, table.note} <= told
        assert {column.meaning for column in table.columns} <= told


def test_sheets_have_names_that_excel_takes() -> None:
    """Excel calls a workbook damaged whose sheets are called wrongly or alike."""
    long = "kits_that_nobody_has_seen_for_a_year"
    names = xlsx.sheet_names(["a/b", "A B", "about", "History", long, long + "_2", "''", "a:b"])
    assert names[0] == "a b"
    assert len({name.casefold() for name in names} | {"about", "history"}) == len(names) + 2
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in names)


def test_no_field_of_the_csv_can_run(tmp_path: Path) -> None:
    """People open CSV with Excel, which runs what begins like a formula."""
    csv.write(sample(), tmp_path / "out")
    with (tmp_path / "out" / "every_kind.csv").open(encoding="utf-8", newline="") as file:
        _, *rows = csv_files.reader(file)
    names = [row[0] for row in rows]
    risky = [i for i, name in enumerate(HOSTILE) if name.lstrip(" ").startswith(tuple("=+-@\t＝"))]
    assert len(risky) == 7
    assert all(names[i].startswith("'") for i in risky)
    assert names[0] == HOSTILE[0]
    assert [row[4] for row in rows[:2]] == ["-3", "-2"]  # a number is not a formula


def test_the_dictionary_describes_every_column(tmp_path: Path) -> None:
    """Figures without their meaning are quoted wrongly."""
    csv.write(sample(), tmp_path / "out")
    with (tmp_path / "out" / "data_dictionary.csv").open(encoding="utf-8", newline="") as file:
        described = list(csv_files.DictReader(file))
    found = {(row["table"], row["column"], row["kind"], row["meaning"]) for row in described}
    for table in sample().tables:
        for c in table.columns:
            assert (table.name, c.name, c.kind, c.meaning) in found
    assert any("apostrophe" in row["meaning"] for row in described)


def test_writing_again_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    """Next year's report would otherwise stand beside this year's, or be refused."""
    column = Column("n", "N", "count", "A number.")
    for number in (1, 2):
        table = Table("t", "T", "", (column,), ((number,),))
        report = Report("R", date(2026, 7, 31), (table,))
        csv.write(report, tmp_path / "out")
        xlsx.write(report, tmp_path / "out.xlsx")
    assert (tmp_path / "out" / "t.csv").read_text(encoding="utf-8").split() == ['"n"', '"2"']
    assert load_workbook(tmp_path / "out.xlsx")["T"]["A2"].value == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.xlsx"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "text", ["Club{}=1+1", 'Club{}"=1', "a{} @x", '"=1{}b', "-5{}+5", "a\n=1", "a{}＝1", "{}=1"]
)
def test_no_separator_makes_a_formula(separator: str, text: str, tmp_path: Path) -> None:
    """An importer takes the separator that its country or its user prefers, quotes or not."""
    columns = (Column("n", "N", "count", "A number."), Column("t", "T", "text", "A text."))
    for taken in (",", ";", "\t", "|"):
        table = Table("t", "T", "", columns, ((1, text.format(taken)), (2, "fine")))
        csv.write(Report("R", date(2026, 7, 31), (table,)), tmp_path / "out")
        with (tmp_path / "out" / "t.csv").open(encoding="utf-8", newline="") as file:
            lines = file.read().split("\n")
        for quoting in (csv_files.QUOTE_MINIMAL, csv_files.QUOTE_NONE):
            for row in csv_files.reader(lines, delimiter=separator, quoting=quoting):
                for cell in row:
                    assert not cell.lstrip(' "').startswith(("=", "+", "-", "@", "＝")), cell
