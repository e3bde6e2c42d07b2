"""The stock that one can buy, and where its labels lie."""

import csv
from itertools import islice
from pathlib import Path

import pytest

from kitloan.errors import BadInput
from kitloan_labels import layout, qr, rolls, stock

SHEETS = pytest.mark.parametrize("sheet", stock.sheets(), ids=lambda sheet: sheet.id)


@SHEETS
def test_labels_lie_in_the_middle_of_the_page(sheet: layout.Sheet) -> None:
    """Lost: a wrong figure in the table, seen only when a box of labels has been spoilt."""
    right = sheet.left + (sheet.columns - 1) * sheet.pitch_x + sheet.label_width
    bottom = sheet.top + (sheet.rows - 1) * sheet.pitch_y + sheet.label_height
    assert sheet.page_width - right == pytest.approx(sheet.left, abs=0.2)
    assert sheet.page_height - bottom == pytest.approx(sheet.top, abs=0.2)


@SHEETS
def test_labels_do_not_overlap(sheet: layout.Sheet) -> None:
    """Lost: one label's words on the next one."""
    assert sheet.pitch_x >= sheet.label_width
    assert sheet.pitch_y >= sheet.label_height


@SHEETS
def test_code_and_words_lie_inside_the_label_and_apart(sheet: layout.Sheet) -> None:
    """Lost: a code that the die cuts into, or words within the white that a scanner needs."""
    face = layout.face(sheet)
    assert face.code.width == pytest.approx(face.module * (qr.SIDE + 2 * qr.QUIET))
    assert face.code.x + face.code.width <= face.words.x
    assert face.words.width > 15
    for box in (face.code, face.words):
        assert box.x >= layout.INSET_MM
        assert box.y >= layout.INSET_MM
        assert box.x + box.width <= sheet.label_width - layout.INSET_MM + 1e-9
        assert box.y + box.height <= sheet.label_height - layout.INSET_MM + 1e-9


@SHEETS
def test_a_code_starts_on_a_printers_dot(sheet: layout.Sheet) -> None:
    """Lost: modules a dot wider than their neighbours on a 300 dpi printer."""
    face = layout.face(sheet)
    for cell in islice(layout.cells(sheet), sheet.per_sheet):
        x, y = layout.code_corner(cell, face)
        assert abs(x - cell.x - face.code.x) <= qr.DOT_MM / 2 + 1e-9
        assert abs(y - cell.y - face.code.y) <= qr.DOT_MM / 2 + 1e-9
        assert x / qr.DOT_MM == pytest.approx(round(x / qr.DOT_MM))


@pytest.mark.parametrize(
    "name", ["l7160", "L7160", "J8160", "l7560", "Avery L7160", "avery l7160", " AVERY-L7160 "]
)
def test_a_stock_answers_to_every_number_on_its_box(name: str) -> None:
    """Lost: "no such stock", from a person who holds the box in the other hand."""
    assert stock.find(name).id == "l7160"


def cases() -> list[dict[str, str]]:
    """What people asked for in the trial, and what is right."""
    path = Path(__file__).parents[1] / "scanned" / "label_stocks.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


SIZES = {
    "5160": ("5160", 30, (66.7, 25.4)),
    "l7161": ("l7161", 18, (63.5, 46.6)),
    "herma4677": ("l7160", 21, (63.5, 38.1)),
    "dk22251": ("dk22205", 1, (62.0, 29.0)),
}
"""The stock's id, labels a sheet, and millimetres."""


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["# stock asked for"])
def test_what_people_asked_for_is_there(case: dict[str, str]) -> None:
    """Lost: labels in the box, and a program that does not know them."""
    asked = case["# stock asked for"]
    stock_id, per_sheet, size = SIZES[asked]
    roll = rolls.find(asked)
    sheet = None if roll else stock.find(asked)
    found = roll or sheet
    assert found
    assert found.id == stock_id
    assert (sheet.per_sheet if sheet else 1) == per_sheet
    if sheet:
        assert (sheet.label_width, sheet.label_height) == pytest.approx(size, abs=0.1)
    if roll:
        assert (roll.width, roll.height) == pytest.approx(size, abs=0.2)


@pytest.mark.parametrize(
    ("name", "stock_id"),
    [
        ("8160", "5160"),  # the very number, before J8160, the digits of which are the same
        ("Avery 5260", "5160"),
        ("Avery US 5160", "5160"),
        ("J8160", "l7160"),
        ("7160", "l7160"),
        ("LP21/63", "l7160"),
        ("Label Planet LP 21/63", "l7160"),
        ("Zweckform 3658", "l4773"),
        ("L7636", "l6009"),
        ("L4778", "l6009"),
        ("Herma 4608", "herma4608"),
        ("L7165", "l7165"),
    ],
)
def test_a_sheet_is_found_by_any_makers_number(name: str, stock_id: str) -> None:
    """Lost: a box of another maker's labels, of which kitloan knows the cut."""
    assert stock.find(name).id == stock_id


@pytest.mark.parametrize(
    ("name", "stock_id"),
    [
        ("DK-11201", "dk11201"),
        ("11208", "dk11208"),
        ("DK-11204", "dk11204"),
        ("DK-11202", "dk11202"),
        ("Brother DK22251", "dk22205"),
        ("99010", "d99010"),
        ("Dymo 99014", "d99014"),
        ("11354", "d11354"),
        ("TZe-241", "tze18"),
        ("TZe-261", "tze36"),
        ("TZe 24", "tze24"),
    ],
)
def test_a_roll_is_found_by_any_makers_number(name: str, stock_id: str) -> None:
    """Lost: the roll that came with the printer."""
    found = rolls.find(name)
    assert found
    assert found.id == stock_id
    assert found.module()


@pytest.mark.parametrize("name", ["Herma 7160", "Dymo 7160", "Brother 5160"])
def test_another_makers_number_is_another_stock(name: str) -> None:
    """Lost: a sheet of another cut, printed because its digits are the same."""
    with pytest.raises(BadInput):
        stock.find(name)


def test_no_number_means_two_stocks() -> None:
    """Lost: a row that answers to a number of another, so that neither can be had by it."""
    for row in stock.rows():
        for name in (row["id"], *filter(None, row["also"].split("; "))):
            assert stock.row_named(name) is row, name


def test_an_equal_cut_is_named() -> None:
    """Lost: why the sheet that was asked for is called by another name."""
    found = stock.find_or_read("Herma 4677")
    assert found.warnings == ("Herma 4677 has the same cut as Avery L7160/J8160/L7560.",)
    assert stock.find_or_read("l7160").warnings == ()


@pytest.mark.parametrize("name", ["dk22214", "TZe-231"])
def test_a_tape_too_narrow_for_a_code_is_refused_with_the_reason(name: str) -> None:
    """Lost: a tape of codes that nothing can read."""
    with pytest.raises(BadInput, match="too small for a QR code"):
        rolls.find(name)


def test_makers_with_two_names_are_understood() -> None:
    """Lost: the same, for the weatherproof sheets."""
    assert stock.find("Avery Zweckform L4773").id == "l4773"


@SHEETS
def test_every_stock_is_found_by_its_own_name(sheet: layout.Sheet) -> None:
    """Lost: two rows that answer to one number, of which only the first can be had."""
    assert stock.find(sheet.id) == sheet


def test_an_unknown_stock_is_refused_with_those_that_there_are() -> None:
    """Lost: guessing at names."""
    with pytest.raises(BadInput) as refusal:
        stock.find("5027")
    assert refusal.value.code == "no_such_stock"
    assert "TOML" in refusal.value.hint
    assert "inches" in refusal.value.hint
    for sheet in stock.sheets():
        assert sheet.id in refusal.value.hint


@pytest.mark.parametrize("name", ["", "Avery", "-"])
def test_a_name_without_a_number_finds_nothing(name: str) -> None:
    """Lost: a sheet printed on whatever stock came first."""
    with pytest.raises(BadInput):
        stock.find(name)


@pytest.mark.parametrize("name", ["l7656", "L4731REV", "l6008"])
def test_labels_too_small_for_a_code_say_so(name: str) -> None:
    """Lost: a sheet of codes that nothing can read, or a hunt for a typing mistake."""
    with pytest.raises(BadInput, match="too small for a QR code") as refusal:
        stock.find(name)
    assert refusal.value.code == "no_such_stock"


@pytest.mark.parametrize(
    "name", ["dk11209", "DK-11209", "DK-2205", "tze24", "Dymo 99012", "zebra51x25"]
)
def test_rolls_are_named_as_rolls(name: str) -> None:
    """Lost: the reason why a stock that kitloan seems to know cannot be printed."""
    with pytest.raises(BadInput, match="roll"):
        stock.find(name)


def test_labels_start_where_the_used_sheet_leaves_off_and_later_pages_are_whole() -> None:
    """Lost: the rest of a sheet of expensive labels."""
    sheet = stock.find("l7160")
    cells = list(islice(layout.cells(sheet, start=20), 2 + sheet.per_sheet))
    whole = list(islice(layout.cells(sheet), sheet.per_sheet))
    assert cells[:2] == whole[19:]
    assert [cell.page for cell in cells] == [1, 1] + [2] * sheet.per_sheet
    assert [(cell.x, cell.y) for cell in cells[2:]] == [(cell.x, cell.y) for cell in whole]


@pytest.mark.parametrize("start", [-1, 0, 22])
def test_a_start_off_the_sheet_is_refused_before_anything_is_drawn(start: int) -> None:
    """Lost: labels printed on another label's place."""
    with pytest.raises(BadInput) as refusal:
        layout.cells(stock.find("l7160"), start)
    assert refusal.value.code == "bad_start"
    assert "1 to 21" in refusal.value.message


def test_every_figure_has_a_source_that_can_be_looked_up() -> None:
    """Lost: whom to ask, when a box of labels says otherwise than the table."""
    page = (Path(__file__).parents[2] / "docs" / "labels.md").read_text(encoding="utf-8")
    for row in stock.rows():
        for said in row["source"].split("; "):
            assert f"| {said.split()[0]} |" in page, f"{row['id']}: {said}"
