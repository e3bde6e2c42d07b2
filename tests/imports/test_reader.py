"""Registers as colleges keep them, read whole: rows, columns, problems."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from kitloan.errors import BadInput
from kitloan.imports.mapfile import Map
from kitloan.imports.reader import read
from kitloan.imports.rows import Problem, Register, Row
from kitloan.text import tags

EXAMPLES = Path(__file__).parents[2] / "examples" / "registers"


def csv_file(tmp_path: Path, *lines: str) -> Path:
    """A CSV file with those lines."""
    path = tmp_path / "kits.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def read_lines(tmp_path: Path, *lines: str) -> Register:
    """The register in those lines of CSV."""
    return read(csv_file(tmp_path, *lines))


def workbook(tmp_path: Path, **sheets: Callable[[Worksheet], object]) -> Path:
    """A workbook with those sheets, each filled."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, fill in sheets.items():
        fill(book.create_sheet(name))
    path = tmp_path / "kits.xlsx"
    book.save(path)
    return path


def rows(*lines: list[object]) -> Callable[[Worksheet], object]:
    """What fills a sheet with those lines."""

    def fill(sheet: Worksheet) -> None:
        for line in lines:
            sheet.append(line)

    return fill


def only_row(register: Register) -> Row:
    """The row of a register that has one."""
    (row,) = register.rows
    return row


def only_problem(register: Register) -> Problem:
    """The problem of a register that has one."""
    (problem,) = register.problems
    return problem


def test_the_mainland_example() -> None:
    """Otherwise the register that we were shown first does not come in."""
    register = read(EXAMPLES / "ayrshire.csv")
    assert (register.count, len(register.rows)) == (30, 29)
    where = [(p.severity, p.row, p.column, p.value) for p in register.problems]
    assert where == [
        ("error", 9, "Kit No", "AC0004"),
        ("warning", 14, "Last checked", "31/02/2024"),
        ("warning", 17, "Value (£)", "tbc"),
        ("warning", 37, "", "TOTAL"),
    ]
    assert "row 8" in register.errors[0].problem
    second = register.rows[1]
    assert (second.type, second.location) == ("MTa STEM Kit", "Ayr - Store 2, shelf B")
    assert (second.on_loan_to, second.due_on) == ("Belmont Academy", date(2026, 11, 25))
    assert (second.value_pence, second.last_sighted_on) == (65000, date(2025, 3, 27))
    goggles = register.rows[-1]
    assert (goggles.quantity, goggles.value_pence) == (30, 240)
    assert [row.extras for row in register.rows if row.extras] == [
        {"Last checked": "31/02/2024"},
        {"Value (£)": "tbc"},
        {"Notes": "Lid cracked; replacement on order. Contents list is the 2019 one"},
    ]
    assert register.questions == ()


def test_the_island_example() -> None:
    """Otherwise a workbook with two sheets and a merged title does not come in."""
    register = read(EXAMPLES / "north-west-hebrides.xlsx")
    assert [(p.severity, p.sheet, p.row, p.value) for p in register.problems] == [
        ("warning", "Loose stock", 4, "0"),
    ]
    assert register.rows[-1].quantity == 12, "'twelve' is read"
    assert register.count == 28
    assert register.questions == ()
    clock = register.rows[1]
    assert (clock.serial, clock.on_loan_to) == ("100200301", None)
    assert clock.home_college == "Lews Castle College UHI"
    assert clock.received_on == date(2024, 3, 13)
    assert {row.type for row in register.rows} == {
        *("Lend-a-Lab: Bridges", "Lend-a-Lab: Lemon clock", "MTa STEM kit"),
        *("Safety goggles", "AA battery holders", "Multimeter"),
    }
    assert register.fields_by_header()["Campus"] == "location"


def test_a_problem_is_json_with_six_keys(tmp_path: Path) -> None:
    """Otherwise the scripts that read problems break."""
    problem = only_problem(read_lines(tmp_path, "Kit,Qty", "a,many"))
    assert json.loads(json.dumps(problem.as_json())) == {
        "severity": "error",
        "sheet": "kits",
        "row": 2,
        "column": "Qty",
        "value": "many",
        "problem": problem.problem,
    }


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("A1,,1,", "Item"),
        ("A1,-,1,", "Item"),
        ("A1,=cmd(),1,", "Item"),
        ("A1,kit\x1b[2J,1,", "Item"),
        ("=A1,kit,1,", "Kit No"),
        ("A\x071,kit,1,", "Kit No"),
        ("A1,kit,2.5,", "Qty"),
        ("A1,kit,1,AC0001", "Tag"),
    ],
)
def test_rows_that_cannot_be_taken(tmp_path: Path, line: str, column: str) -> None:
    """Otherwise a row comes in that nobody can say what it is, or which."""
    register = read_lines(tmp_path, "Kit No,Item,Qty,Tag", line, "B2,kit,1,")
    assert [row.asset_number for row in register.rows] == ["B2"]
    problem = only_problem(register)
    assert (problem.severity, problem.row, problem.column) == ("error", 2, column)
    assert "\x1b" not in problem.value and "\x07" not in problem.value
    assert register.count == 2


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Last seen", "soon"),
        ("Cost", "-5"),
        ("Where", "=HYPERLINK(1)"),
        ("E-mail", "ask the office"),
        ("Ownership", "Mrs Baird"),
        ("Notes", "=1+1"),
        ("Notes", "x" * 2001),
        ("Where", "x" * 10_001),
    ],
)
def test_values_that_are_left_out(tmp_path: Path, header: str, value: str) -> None:
    """Otherwise one bad value keeps a good row out, comes in unseen, or is lost."""
    register = read_lines(tmp_path, f"Item,Qty,{header}", f"kit,2,{value}")
    safe = not value.startswith("=") and len(value) <= 2000
    kept = {header: value} if safe else {}
    assert only_row(register) == Row(sheet="kits", number=2, type="kit", quantity=2, extras=kept)
    problem = only_problem(register)
    assert (problem.severity, problem.column) == ("warning", header)
    assert len(problem.value) <= 80


def test_a_number_borne_twice_even_in_another_spelling_or_sheet(tmp_path: Path) -> None:
    """Otherwise two rows claim to be the same kit, and both are counted."""
    path = workbook(
        tmp_path,
        Kits=rows(["Kit No", "Item"], ["AC 1", "kit"], ["x", "kit"]),
        More=rows(["Kit No", "Item"], ["ac  1", "kit"]),
    )
    problem = only_problem(read(path))
    assert (problem.severity, problem.sheet, problem.row) == ("error", "More", 2)
    assert "row 2" in problem.problem and "'Kits'" in problem.problem


def test_a_tag_borne_twice(tmp_path: Path) -> None:
    """Otherwise one label stands for two kits."""
    tag = tags.mint()
    register = read_lines(tmp_path, "Tag,Item", f"{tags.grouped(tag)},kit", f"{tag.lower()},kit")
    assert only_row(register).tag == tag
    assert only_problem(register).severity == "error"


def test_one_type_in_many_spellings(tmp_path: Path) -> None:
    """Otherwise the audit shows three kinds of kit where there is one."""
    register = read_lines(
        tmp_path, "Kit No,Item", "1,MTa STEM kit", "2,  mta  stem KIT ", "3,MTA Stem Kit"
    )
    assert [row.type for row in register.rows] == ["MTa STEM kit"] * 3


def test_a_borrower_that_is_no_text_keeps_its_row_out(tmp_path: Path) -> None:
    """Taken in as if it were here, a kit that somebody has would be promised to another."""
    register = read_lines(tmp_path, "Item,Borrower", "kit,a\x1b[2J")
    assert register.rows == ()
    assert only_problem(register).severity == "error"


@pytest.mark.parametrize(
    ("said", "answer", "due_on"),
    [
        ("05/09/2027", "until", date(2027, 9, 5)),
        ("Mrs Jane Smith", "borrower_person", None),
        ("j@x.sch.uk", "borrower_person", None),
        ("yes", "out", None),
    ],
)
def test_a_borrower_that_is_none_is_asked_about(
    tmp_path: Path, said: str, answer: str, due_on: date | None
) -> None:
    """An error here had one way out, to change the register; and the row must wait meanwhile."""
    register = read_lines(tmp_path, "Item,Borrower", f"kit,{said}")
    assert register.rows == ()
    (question,) = register.questions
    answers = Map().with_answers([(question, answer)])
    row = only_row(read(tmp_path / "kits.csv", answers=answers))
    assert row.on_loan_to == "Borrower not recorded"
    assert row.due_on == due_on


@pytest.mark.parametrize("said", ["In store", "available", "No", "not on loan"])
def test_words_for_not_on_loan_are_no_school(tmp_path: Path, said: str) -> None:
    """Otherwise every kit in the cupboard is on loan to a school called Available."""
    register = read_lines(tmp_path, "Item,Borrower", f"kit,{said}")
    assert only_row(register).on_loan_to is None


def test_words_for_nothing_are_nothing(tmp_path: Path) -> None:
    """Otherwise kits are on loan to a school called N/A."""
    register = read_lines(
        tmp_path, "Kit No,Item,Borrower,Due,Cost,Donor,Where", "n/a,kit,N/A,-,none,–,nil"
    )
    assert only_row(register) == Row(sheet="kits", number=2, type="kit")
    assert not register.problems


def test_a_due_date_that_nobody_owes(tmp_path: Path) -> None:
    """Otherwise a kit is overdue from no one."""
    register = read_lines(tmp_path, "Item,Borrower,Due", "kit,,25/11/26")
    assert only_row(register).due_on is None
    assert only_problem(register).column == "Due"


@pytest.mark.parametrize("line", [",Total,59,", "Totals:,,59,", ",GRAND TOTAL,59,", ",,Sum,59"])
def test_totals_are_not_kits(tmp_path: Path, line: str) -> None:
    """Otherwise a college holds 59 pieces of a kit called Total."""
    register = read_lines(tmp_path, "Kit No,Item,Qty,Notes", "1,kit,1,", line)
    assert register.count == 1
    assert only_problem(register).severity == "warning"


def test_a_kit_that_is_called_total_something(tmp_path: Path) -> None:
    """Otherwise a surveyor's total station is thrown out with the sums."""
    register = read_lines(tmp_path, "Kit No,Item", "1,Total station", "2,Sum")
    assert len(register.rows) == 2


def test_headers_printed_on_every_page(tmp_path: Path) -> None:
    """Otherwise each page break is an error, or a kit called Item."""
    register = read_lines(tmp_path, "Kit No,Item,Qty", "1,kit,1", "KIT NO, Item ,Qty", "2,kit,1")
    assert (register.count, register.problems) == (2, ())


def test_columns_that_are_no_field_are_kept(tmp_path: Path) -> None:
    """Otherwise years of remarks are lost on the way in."""
    register = read_lines(tmp_path, "Item,Qty,Notes,Notes,,PAT", "kit,1,a,b,c,", "kit,1,,,,")
    assert [row.extras for row in register.rows] == [
        {"Notes": "a", "Notes (2)": "b", "Column E": "c"},
        {},
    ]
    assert [(c.letter, c.field) for c in register.columns][:3] == [
        ("A", "type"),
        ("B", "quantity"),
        ("C", None),
    ]


def test_a_scribble_beside_the_table(tmp_path: Path) -> None:
    """Otherwise what somebody wrote past the last header is lost, or stops the import."""
    path = workbook(tmp_path, Kits=rows(["Item", "Qty"], ["kit", 1, None, "lid cracked"]))
    assert only_row(read(path)).extras == {"Column D": "lid cracked"}


def test_a_comma_without_quotation_marks(tmp_path: Path) -> None:
    """Otherwise every value behind it lands in its neighbour's column."""
    register = read_lines(tmp_path, "Kit No,Where,Item", "1,Ayr,kit", "2,Ayr, Store 2,kit")
    assert len(register.rows) == 1
    assert only_problem(register).severity == "error"


def test_merged_cells_down_a_register(tmp_path: Path) -> None:
    """Otherwise a donor is lost, or a stock of thirty is counted three times."""

    def fill(sheet: Worksheet) -> None:
        rows(["Kit No", "Item", "Donor", "Qty"], ["Robotics"], [1, "kit", "RAF", 30], [2, "kit"])(
            sheet
        )
        sheet.merge_cells("A2:D2")
        sheet.merge_cells("C3:C4")
        sheet.merge_cells("D3:D4")

    register = read(workbook(tmp_path, Kits=fill))
    assert only_row(register).donor == "RAF"
    banner, quantity = register.problems
    assert (banner.severity, banner.value) == ("warning", "Robotics")
    assert (quantity.severity, quantity.row, quantity.column) == ("error", 4, "Qty")
    assert register.count == 2


def test_sheets_that_are_not_registers_are_named(tmp_path: Path) -> None:
    """Otherwise people think that a sheet came in which did not."""

    def hidden(sheet: Worksheet) -> None:
        sheet.append(["Item", "Qty"])
        sheet.sheet_state = "hidden"

    path = workbook(
        tmp_path,
        Kits=rows(["Item", "Qty"], ["kit", 1]),
        Phones=rows(["Teacher", "Phone"]),
        Empty=rows(),
        Old=hidden,
    )
    register = read(path)
    assert [(p.sheet, p.row) for p in register.problems] == [("Phones", None), ("Old", None)]
    assert "hidden" in register.problems[1].problem


def test_a_file_in_which_nothing_is_recognised(tmp_path: Path) -> None:
    """Otherwise people do not learn how to say what their columns are."""
    with pytest.raises(BadInput) as refused:
        read_lines(tmp_path, "Our things,,", "Gizmo,Wer,Wo", "a,b,c")
    assert refused.value.code == "not_a_register"
    assert all(header in refused.value.message for header in ("Gizmo", "Wer", "Wo"))
    assert "[columns]" in refused.value.hint and "asset_number" in refused.value.hint


def test_a_contents_list_is_sent_to_its_own_command() -> None:
    """Otherwise every bag of wheels becomes a kit of its own."""
    with pytest.raises(BadInput) as refused:
        read(EXAMPLES / "contents.csv")
    assert refused.value.code == "contents_list" and "types import" in refused.value.hint


def test_a_register_without_a_column_for_the_kind(tmp_path: Path) -> None:
    """Otherwise numbers come in with nothing behind them."""
    register = read_lines(tmp_path, "Kit No,Where", "1,Ayr", "2,Ayr")
    assert (register.count, len(register.errors), register.rows) == (2, 2, ())


def test_a_map_makes_a_register_readable(tmp_path: Path) -> None:
    """Otherwise a college with words of its own is stuck."""
    path = csv_file(tmp_path, "Item,Qty", "Gizmo,Wer,Qty", "lens,Ayr,7")
    map_path = tmp_path / "map.toml"
    map_path.write_text('header_row = 2\n[columns]\nGizmo = "type"\nWer = "location"\nQty = ""\n')
    row = only_row(read(path, map_path))
    assert (row.type, row.location, row.quantity, row.extras) == ("lens", "Ayr", 1, {"Qty": "7"})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("header_row = 40", "40"),
        ("header_row = 2", "2"),
        ('sheet = "Stock"', "Stock"),
        ('[columns]\nGizmo = "type"', "Gizmo"),
        ('[columns]\nItem = "donor"\nWhere = "donor"\nNo = "type"', "donor"),
    ],
)
def test_a_map_that_does_not_fit_its_register(tmp_path: Path, text: str, named: str) -> None:
    """Otherwise a map for another file quietly turns columns round."""
    path = csv_file(tmp_path, "No,Item,Where", "1,lens,Ayr")
    map_path = tmp_path / "map.toml"
    map_path.write_text(text)
    with pytest.raises(BadInput) as refused:
        read(path, map_path)
    assert refused.value.code == "bad_map" and named in refused.value.message


def test_a_map_can_choose_the_sheet(tmp_path: Path) -> None:
    """Otherwise a log of past loans in the same workbook is counted as stock."""
    kits = rows(["Item", "Qty"], ["kit", 1])
    path = workbook(tmp_path, Kits=kits, Log=kits)
    map_path = tmp_path / "map.toml"
    map_path.write_text('sheet = "kits"')
    assert only_row(read(path, map_path)).sheet == "Kits"


def test_the_spreadsheet_library_is_loaded_only_for_workbooks() -> None:
    """Otherwise every start of the program waits for a library that few commands need."""
    script = "import sys, kitloan.imports; sys.exit('openpyxl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_large_register_says_how_far_it_is(tmp_path: Path) -> None:
    """Otherwise a long import looks like a program that hangs."""
    heard: list[tuple[int, int]] = []
    path = csv_file(tmp_path, "Kit No,Item", *(f"{n},kit" for n in range(450)))
    register = read(path, progress=lambda done, total: heard.append((done, total)))
    assert heard == [(200, 450), (400, 450), (450, 450)]
    assert len(register.rows) == 450
