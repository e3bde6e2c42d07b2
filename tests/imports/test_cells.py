"""Files brought to cells: encodings, delimiters, workbooks, and what is refused."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from kitloan.errors import BadInput
from kitloan.imports.cells import load
from kitloan.imports.delimited import read_delimited
from kitloan.imports.sheets import Sheet, Unreadable

GAELIC = "Kit,Where\nSgoil Àrd Phort Rìgh – £5,Stòr\n"


def only(path: Path) -> Sheet:
    """The one sheet of a file."""
    (sheet,) = load(path).sheets
    return sheet


def written(tmp_path: Path, content: str | bytes, name: str = "kits.csv") -> Path:
    """A file with that content."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def workbook(tmp_path: Path, fill: Callable[[Worksheet], object]) -> Path:
    """A workbook of one sheet, filled."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    fill(sheet)
    path = tmp_path / "kits.xlsx"
    book.save(path)
    return path


def edited(path: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    """The workbook with one of its parts rewritten, as another program might have written it."""
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    parts[member] = change(parts[member])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, part in parts.items():
            target.writestr(name, part)
    return path


def refusal(path: Path) -> BadInput:
    """How a file is refused, in words that fit a screen."""
    with pytest.raises(BadInput) as refused:
        load(path)
    assert len(refused.value.message) < 500
    return refused.value


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_every_encoding_that_excel_writes(tmp_path: Path, encoding: str) -> None:
    """Otherwise Gaelic names come out as rubbish."""
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    found = only(written(tmp_path, (mark + GAELIC).encode(encoding)))
    assert [line.values for line in found.lines] == [
        ("Kit", "Where"),
        ("Sgoil Àrd Phort Rìgh – £5", "Stòr"),
    ]
    assert found.name == "kits"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_told_by_the_table(tmp_path: Path, delimiter: str) -> None:
    """Otherwise a semicolon in a remark, or a comma in a price, splits the register wrongly."""
    text = io.StringIO()
    table = csv.writer(text, delimiter=delimiter)
    table.writerow(["Our kits; all of them, as at May"])
    table.writerow(["Kit No", "Description", "Notes", "Value"])
    for number in range(5):
        table.writerow([number, "Lens; convex, 5\tcm", "a; b; c, d, e", "1,200"])
    lines = only(written(tmp_path, text.getvalue())).lines
    assert [line.values for line in lines[2:]] == [
        (str(number), "Lens; convex, 5\tcm", "a; b; c, d, e", "1,200") for number in range(5)
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_blank_lines_count_and_broken_cells_do_not(tmp_path: Path, ending: str) -> None:
    """Otherwise the row that a problem names is not the row that the spreadsheet shows."""
    rows = ["Kit,Notes", "", ",,", 'a,"one{}two"', "b,c"]
    found = only(written(tmp_path, ending.join(rows).format(ending)))
    assert [line.number for line in found.lines] == [1, 4, 5]


def test_a_quotation_mark_never_closed(tmp_path: Path) -> None:
    """Otherwise the rest of the register vanishes into one cell."""
    refused = refusal(written(tmp_path, 'Kit,Where\na,b\nc,"d\ne,f\n'))
    assert refused.code == "unclosed_quote" and refused.details["row"] == 3


def test_a_quotation_mark_closed_by_another_further_down(tmp_path: Path) -> None:
    """Otherwise the rows in between vanish without a word."""
    text = 'Kit,Item,Where\n1,a,"Ayr\n2,b,Ayr\n3,c,"Thurso\n'
    (_, line) = only(written(tmp_path, text)).lines
    assert isinstance(line.values[2], Unreadable) and line.values[2].grave


def test_a_fifty_megabyte_cell(tmp_path: Path) -> None:
    """Otherwise a broken export takes the program down, or the screen with it."""
    limit = csv.field_size_limit()
    found = only(written(tmp_path, b"Kit,Where\na," + b"x" * 50_000_000 + b"\nb,c\n"))
    cell = found.lines[1].values[1]
    assert isinstance(cell, Unreadable)
    assert "50,000,000" in cell.problem and len(cell.shown) <= 80
    assert found.lines[2].values == ("b", "c")
    assert csv.field_size_limit() == limit


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_any_text_is_cells_or_a_refusal(text: str) -> None:
    """Otherwise some file somewhere ends in a traceback."""
    try:
        (sheet,) = read_delimited(Path("kits.csv"), text.encode()).sheets
    except BadInput:
        return
    assert sheet.lines


def test_a_workbook_gives_real_values(tmp_path: Path) -> None:
    """Otherwise dates and numbers must be read back from how they look."""

    def fill(sheet: Worksheet) -> None:
        sheet.append(["a", 1, 2.5, True, date(2025, 7, 2), None, " "])

    (line,) = only(workbook(tmp_path, fill)).lines
    assert line.values[:5] == ("a", 1, 2.5, True, datetime.fromisoformat("2025-07-02"))


def test_a_hidden_sheet_is_not_read_but_named(tmp_path: Path) -> None:
    """Otherwise last year's copy, put out of sight, is counted again."""
    book = openpyxl.Workbook()
    book.active.append(["Kit"])  # type: ignore[union-attr]  # a new workbook has an active sheet
    for state in ("hidden", "veryHidden"):
        sheet = book.create_sheet(state)
        sheet.append(["old"])
        sheet.sheet_state = state
    path = tmp_path / "kits.xlsx"
    book.save(path)
    found = load(path)
    assert [sheet.name for sheet in found.sheets] == ["Sheet"]
    assert found.hidden == ("hidden", "veryHidden")


def test_merged_cells_reach_down_and_banners_are_known(tmp_path: Path) -> None:
    """Otherwise a donor written once for ten kits is lost for nine."""

    def fill(sheet: Worksheet) -> None:
        for row in (["Robotics"], ["RAF", "kit 1"], [None, "kit 2"], [], [None, "kit 3"]):
            sheet.append(row)
        sheet.merge_cells("A1:B1")
        sheet.merge_cells("A2:A5")

    found = only(workbook(tmp_path, fill))
    assert found.banners == {1}
    assert [found.value(line, 0) for line in found.lines] == ["Robotics", "RAF", "RAF", "RAF"]


def test_a_formula_gives_its_saved_result_and_says_when_there_is_none(tmp_path: Path) -> None:
    """Otherwise a computed number is taken for an empty cell."""

    def fill(sheet: Worksheet) -> None:
        sheet.append(["=1+1", '=IF(TRUE,"","x")', "=2+2", "end"])

    path = edited(
        workbook(tmp_path, fill),
        "xl/worksheets/sheet1.xml",
        lambda xml: (
            xml.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
            .replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
            .replace(b'<c r="B1">', b'<c r="B1" t="str">')
        ),
    )
    (line,) = only(path).lines
    assert line.values[0] == 2
    assert line.values[1] is None
    assert isinstance(line.values[2], Unreadable) and "formula" in line.values[2].problem


def test_an_error_cell_is_not_words(tmp_path: Path) -> None:
    """Otherwise a kit is kept at a place called #REF!."""

    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = "Kit"
        sheet["B1"] = "#REF!"

    (line,) = only(workbook(tmp_path, fill)).lines
    assert isinstance(line.values[1], Unreadable)


def test_a_row_numbered_beyond_any_spreadsheet(tmp_path: Path) -> None:
    """Otherwise a damaged workbook keeps the program counting for ever."""

    def fill(sheet: Worksheet) -> None:
        sheet.append(["Kit"])
        sheet.append(["lens"])

    path = edited(
        workbook(tmp_path, fill),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'<row r="2"', b'<row r="999999999999"'),
    )
    assert len(only(path).lines) == 1


def test_a_workbook_is_known_by_its_content(tmp_path: Path) -> None:
    """Otherwise a wrong ending keeps a good register out."""
    path = workbook(tmp_path, lambda sheet: sheet.append(["Kit"]))
    assert only(path.rename(tmp_path / "kits.xls")).lines[0].values == ("Kit",)


OLD = bytes.fromhex("d0cf11e0a1b11ae1")


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"", "empty_file", "empty"),
        (b"\xef\xbb\xbf \r\n\r\n", "empty_file", "empty"),
        (OLD + b"\x00" * 500, "not_a_spreadsheet", ".xls"),
        (OLD + "EncryptedPackage".encode("utf-16-le"), "locked_spreadsheet", "password"),
        (b"%PDF-1.7\n...", "not_a_spreadsheet", "PDF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_a_spreadsheet", "picture"),
        (b"\r\n<HTML><table>", "not_a_spreadsheet", "web page"),
        (b"\x1f\x8b\x08\x00", "not_a_spreadsheet", "compressed"),
        (b"PK\x03\x04 cut off", "damaged_spreadsheet", "damaged"),
        (bytes(range(256)) * 20, "not_a_spreadsheet", "not text"),
        (b"\x81\x8d\x8f" * 50, "not_a_spreadsheet", "not text"),
        (b"\xff\xfe\x41", "not_a_spreadsheet", "not text"),
    ],
)
def test_what_is_not_a_spreadsheet(tmp_path: Path, content: bytes, code: str, says: str) -> None:
    """Otherwise people are shown a codec's complaint and not what to do."""
    refused = refusal(written(tmp_path, content, "kits.xlsx"))
    assert refused.code == code and says in refused.message
    assert refused.hint


@pytest.mark.parametrize(
    ("members", "code"),
    [
        (["photo.jpg"], "not_a_spreadsheet"),
        (["mimetype", "content.xml"], "not_a_spreadsheet"),
        (["[Content_Types].xml", "xl/workbook.bin"], "not_a_spreadsheet"),
        (["[Content_Types].xml", "xl/workbook.xml"], "damaged_spreadsheet"),
    ],
)
def test_archives_that_are_not_workbooks(tmp_path: Path, members: list[str], code: str) -> None:
    """Otherwise a zip of photos, or an OpenDocument sheet, ends in a traceback."""
    path = tmp_path / "kits.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name in members:
            archive.writestr(name, "x")
    assert refusal(path).code == code


def test_a_zip_bomb(tmp_path: Path) -> None:
    """Otherwise a small file fills the memory."""
    path = tmp_path / "kits.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(5):
            archive.writestr(f"xl/{number}.xml", b"\x00" * 41_000_000)
    refused = refusal(path)
    assert refused.code == "file_too_large" and "205 MB once unpacked" in refused.message


def test_a_file_too_large_is_not_even_opened(tmp_path: Path) -> None:
    """Otherwise a disk image given by mistake is read to its end."""
    path = tmp_path / "kits.csv"
    with path.open("wb") as file:
        file.truncate(100_000_001)
    assert refusal(path).code == "file_too_large"


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """Otherwise a slip in a name is a traceback."""
    assert refusal(tmp_path / "none.csv").code == "no_such_file"
    assert refusal(tmp_path).code == "not_a_file"
    assert refusal(Path("a\x00b")).code in ("no_such_file", "file_unreadable")


def test_a_workbook_with_nothing_to_see(tmp_path: Path) -> None:
    """Otherwise an import of nothing looks like a success."""
    assert refusal(workbook(tmp_path, lambda sheet: None)).code == "empty_file"
    assert refusal(written(tmp_path, ",,\n,,\n")).code == "empty_file"
