"""A user's own stock: what is taken, what is refused by its name, and what is only remarked on."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from kitloan.errors import BadInput
from kitloan.text import tags
from kitloan_labels import layout, stock
from kitloan_labels.pdf import Label
from kitloan_labels.photos import read_tags

Printer = Callable[..., list[Image.Image]]

L7160 = {
    "columns": 3,
    "rows": 7,
    "label_width": 63.5,
    "label_height": 38.1,
    "left": 7.2,
    "top": 15.15,
    "pitch_x": 66.04,
    "pitch_y": 38.1,
}
FILE = """
# What the box says.
name = "Market stall labels"
columns = 2
rows = 4
label_width = 96
label_height = 67.5
left = 7.75
top = 13.5
pitch_x = 98.5
"""


def refused(figures: dict[str, object]) -> BadInput:
    """The refusal that these figures get."""
    with pytest.raises(BadInput) as refusal:
        stock.check(figures, "mine")
    assert refusal.value.hint
    return refusal.value


def test_a_makers_sheet_measured_by_hand_is_that_sheet() -> None:
    """Lost: trust that one's own file means what the built-in rows mean."""
    found = stock.check(L7160, "mine")
    known = stock.find("l7160")
    assert replace(found.sheet, id=known.id, name=known.name) == known
    assert found.warnings == ()


def test_a_file_is_a_stock(tmp_path: Path, print_sheets: Printer) -> None:
    """Lost: labels that no list has, bought at a shop round the corner."""
    path = tmp_path / "Market stall.toml"
    path.write_text(FILE, encoding="utf-8")
    found = stock.find_or_read(str(path))
    assert (found.sheet.id, found.sheet.name) == ("own-market-stall", "Market stall labels")
    assert found.sheet.pitch_y == found.sheet.label_height, "labels that touch need no pitch"
    wanted = [Label(tags.mint(), "STEM kit", "Fife College") for _ in range(8)]
    (page,) = print_sheets(wanted, found.sheet)
    page.save(tmp_path / "page.png")
    assert read_tags(tmp_path / "page.png") == [label.tag for label in wanted]


def test_a_makers_number_still_is_one() -> None:
    """Lost: every stock that needs no file."""
    assert stock.find_or_read("Avery L7160").sheet == stock.find("l7160")


@pytest.mark.parametrize("key", ["columns", "rows", "label_width", "label_height", "left", "top"])
def test_a_figure_left_out_is_named(key: str) -> None:
    """Lost: guessing which of ten figures is missing."""
    refusal = refused({name: value for name, value in L7160.items() if name != key})
    assert refusal.code == "bad_stock"
    assert refusal.details["key"] == key
    assert key in refusal.message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("columns", 0),
        ("columns", 2.5),
        ("columns", True),
        ("rows", "7"),
        ("rows", 10**9),
        ("label_width", "63,5"),
        ("label_width", 0),
        ("label_height", math.nan),
        ("label_height", 12.0),
        ("left", -1),
        ("top", math.inf),
        ("pitch_x", 60.0),
        ("pitch_y", 38.0),
        ("page_width", 100),
        ("right", 20.0),
        ("bottom", 14.0),
        ("name", 7160),
        ("cut", "yes"),
    ],
)
def test_a_figure_that_cannot_be_is_named(key: str, value: object) -> None:
    """Lost: a box of labels, printed beside themselves."""
    refusal = refused({**L7160, key: value})
    assert refusal.code == "bad_stock"
    assert refusal.details["key"] == key


def test_labels_with_no_room_for_the_tag_in_words_are_refused() -> None:
    """Lost: the way back to a kit whose code has been scratched."""
    refusal = refused({**L7160, "label_width": 24.0, "label_height": 24.0})
    assert refusal.details["key"] == "label_width"
    assert "words" in refusal.message


def test_sums_that_run_off_the_page_are_refused_with_the_sum() -> None:
    """Lost: the column that the printer never prints."""
    wide = refused({**L7160, "columns": 4})
    assert wide.details["key"] == "label_width"
    assert "left + 3 x 66.04 + 63.5" in wide.message
    tall = refused({**L7160, "top": 40})
    assert tall.details["key"] == "label_height"


def test_a_key_misspelt_is_told_from_the_right_one() -> None:
    """Lost: a figure that is written down and never used."""
    refusal = refused({**L7160, "lable_width": 63.5})
    assert refusal.details["key"] == "lable_width"
    assert "label_width" in refusal.hint


def test_margins_that_agree_with_the_sums_are_taken() -> None:
    """Lost: the check that finds a slip in any of the other figures."""
    sheet = stock.check({**L7160, "right": 7.2, "bottom": 15.1}, "mine").sheet
    assert sheet.right == pytest.approx(7.22)


@pytest.mark.parametrize(
    ("key", "value", "said"), [("left", 6.9, ["left"]), ("top", 14.9, ["top"]), ("left", 7.15, [])]
)
def test_a_lopsided_sheet_is_remarked_on(key: str, value: float, said: list[str]) -> None:
    """Lost: the half millimetre that a ruler misread, seen only on paper."""
    found = stock.check({**L7160, key: value}, "mine")
    assert len(found.warnings) == len(said)
    assert all(word in warning for word, warning in zip(said, found.warnings, strict=True))


@pytest.mark.parametrize(
    ("contents", "code"),
    [
        (b"columns = ", "bad_stock"),
        (b"\xff\xfe", "bad_stock"),
        (b"#" * 100_000, "bad_stock"),
        (b"columns = 3", "bad_stock"),
        (b'{"columns": 3}', "bad_stock"),
        (b"[" * 20_000, "bad_stock"),
    ],
    ids=["half a line", "not text", "huge", "too little", "JSON", "nested"],
)
def test_what_is_no_stock_file_is_refused(contents: bytes, code: str, tmp_path: Path) -> None:
    """Lost: why there are no labels, behind a traceback."""
    (tmp_path / "my.toml").write_bytes(contents)
    with pytest.raises(BadInput) as refusal:
        stock.find_or_read(str(tmp_path / "my.toml"))
    assert refusal.value.code == code


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Lost: a slip in a file's name."""
    with pytest.raises(BadInput) as refusal:
        stock.find_or_read(str(tmp_path / "none.toml"))
    assert refusal.value.code == "no_such_file"
    assert "none.toml" in refusal.value.message


def test_inches_are_taken_as_the_box_has_them() -> None:
    """Lost: an American sheet, measured on its box, and ten figures to work out by hand."""
    inches = {
        "unit": "in",
        "columns": 3,
        "rows": 10,
        "label_width": 2.625,
        "label_height": 1,
        "left": 0.1875,
        "top": 0.5,
        "pitch_x": 2.75,
        "page_width": 8.5,
        "page_height": 11,
    }
    found = stock.check(inches, "mine")
    known = stock.find("5160")
    assert found.warnings == ()
    for name in ("label_width", "label_height", "left", "top", "pitch_x", "page_width"):
        assert getattr(found.sheet, name) == pytest.approx(getattr(known, name), abs=0.02)
    assert refused({**inches, "unit": "cm"}).details["key"] == "unit"


def test_tall_labels_have_their_words_below_the_code(print_sheets: Printer, tmp_path: Path) -> None:
    """Lost: upright labels, such as luggage tags, on which nothing fits beside a code."""
    tall = {**L7160, "columns": 6, "rows": 4, "label_width": 32.0, "label_height": 66.0}
    tall |= {"left": 9.0, "top": 16.5, "pitch_x": 32.0, "pitch_y": 66.0}
    sheet = stock.check(tall, "luggage").sheet
    face = layout.face(sheet)
    assert face.words.y >= face.code.y + face.code.height
    wanted = [Label(tags.mint(), "STEM kit", "Fife College") for _ in range(24)]
    (page,) = print_sheets(wanted, sheet)
    page.save(tmp_path / "page.png")
    assert read_tags(tmp_path / "page.png") == [label.tag for label in wanted]
