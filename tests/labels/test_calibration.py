"""The calibration page, and what is done with what it shows."""

import json
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from kitloan.errors import BadInput
from kitloan.text import tags
from kitloan_labels import layout, pdf, stock
from kitloan_labels.adjust import (
    EXACT,
    Adjustment,
    LabelSettings,
    load_label_settings,
    parse_scale,
    save_label_settings,
)
from kitloan_labels.pdf import write_calibration

Printer = Callable[..., list[Image.Image]]

DPI = 300
MM = 25.4 / DPI


def drawn(path: Path) -> list[tuple[float, float, float, float]]:
    """The boxes around everything drawn with a line, in millimetres from the top left corner."""
    with pypdfium2.PdfDocument(path) as document:
        page = document[0]
        height = page.get_height()
        boxes = [
            each.get_bounds() for each in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_PATH])
        ]
    points = [(left, height - top, right, height - bottom) for left, bottom, right, top in boxes]
    return [tuple(edge / 72 * 25.4 for edge in box) for box in points]


def has_box(boxes: list[tuple[float, ...]], width: float, height: float) -> bool:
    """Whether something of this size is among them, within a line's thickness."""
    return any(
        abs(right - left - width) < 0.2 and abs(bottom - top - height) < 0.2
        for left, top, right, bottom in boxes
    )


@pytest.mark.parametrize("adjust", [EXACT, Adjustment(1.5, -2, 1.02)], ids=["exact", "adjusted"])
def test_the_rulers_are_a_hundred_millimetres_long(adjust: Adjustment, tmp_path: Path) -> None:
    """Lost: the measure that every figure rests on."""
    write_calibration(stock.find("l7160"), tmp_path / "c.pdf", adjust)
    boxes = drawn(tmp_path / "c.pdf")
    assert has_box(boxes, 100, 0), "across"
    assert has_box(boxes, 0, 100), "down: printers stretch the way they feed"
    marks = [box for box in boxes if box[2] - box[0] < 0.2 and 1.9 < box[3] - box[1] < 5.2]
    left, right = min(box[0] for box in marks), max(box[2] for box in marks)
    assert (len(marks), right - left) == (101, pytest.approx(100, abs=0.2))


@pytest.mark.parametrize("name", ["l7160", "l7651", "l7163"])
def test_the_outlines_lie_where_the_labels_do(name: str, tmp_path: Path) -> None:
    """Lost: a page that says all is well while the labels are printed elsewhere."""
    sheet, adjust = stock.find(name), Adjustment(1.5, -2, 1.02)
    write_calibration(sheet, tmp_path / "c.pdf", adjust)
    boxes = drawn(tmp_path / "c.pdf")
    cells = layout.cells(sheet, adjust=adjust)
    for cell, _ in zip(cells, range(sheet.per_sheet), strict=False):
        wanted = (cell.x, cell.y, cell.x + sheet.label_width, cell.y + sheet.label_height)
        assert any(box == pytest.approx(wanted, abs=0.15) for box in boxes)


def test_the_page_says_what_to_do(tmp_path: Path) -> None:
    """Lost: a page of lines that nobody knows how to read."""
    write_calibration(stock.find("l7160"), tmp_path / "c.pdf", Adjustment(scale=1.01))
    with pypdfium2.PdfDocument(tmp_path / "c.pdf") as document:
        words = document[0].get_textpage().get_text_range()
    for said in ("L7160", "--offset-x", "--offset-y", "--scale", "--save-printer", "1.01"):
        assert said in words
    assert b"/PrintScaling /None" in (tmp_path / "c.pdf").read_bytes()


def test_an_adjustment_moves_the_codes_by_that_much(print_sheets: Printer) -> None:
    """Lost: an afternoon of trying figures that do nothing, or twice what they say."""
    adjust = Adjustment(1.5, -2, 1.02)
    wanted = [pdf.Label(tags.mint(), "STEM kit", "Fife College") for _ in range(21)]

    def centres(**how: Adjustment) -> dict[str, tuple[float, float]]:
        (page,) = print_sheets(wanted, "l7160", dpi=DPI, **how)
        found = {}
        for code in zxingcpp.read_barcodes(page):
            place = code.position
            corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
            xs, ys = [c.x for c in corners], [c.y for c in corners]
            found[code.text] = (sum(xs) / 4 * MM, sum(ys) / 4 * MM)
        return found

    before, after = centres(), centres(adjust=adjust)
    assert set(before) == set(after) == {label.tag for label in wanted}
    cells = layout.cells(stock.find("l7160"))
    for label, cell in zip(wanted, cells, strict=False):
        x, y = before[label.tag]
        right, down = cell.x * 0.02 + 1.5, cell.y * 0.02 - 2
        assert after[label.tag] == pytest.approx((x + right, y + down), abs=0.2)


@pytest.mark.parametrize(
    ("text", "scale"), [("1", 1), ("1.015", 1.015), (" 98.5% ", 0.985), ("101.5 %", 1.015)]
)
def test_a_scale_is_a_number_or_a_percentage(text: str, scale: float) -> None:
    """Lost: a scale as the printer's own dialog says it."""
    assert parse_scale(text) == pytest.approx(scale)


@pytest.mark.parametrize(
    "text", ["", "big", "nan", "inf", "-1", "0", "100", "1.5", "1,015", "0x1", "%", "98.5%%"]
)
def test_what_is_no_scale_is_refused(text: str) -> None:
    """Lost: a page of labels the size of stamps."""
    with pytest.raises(BadInput, match="is not a scale") as refusal:
        parse_scale(text)
    assert refusal.value.code == "bad_scale"


@pytest.mark.parametrize("offset", [float("nan"), float("inf"), 16, -300])
def test_an_offset_off_the_page_is_refused(offset: float) -> None:
    """Lost: paper, where another stock was meant."""
    with pytest.raises(BadInput) as refusal:
        Adjustment(offset_y=offset)
    assert refusal.value.code == "bad_offset"


def test_what_is_saved_is_there_next_time_and_leaves_the_rest(tmp_path: Path) -> None:
    """Lost: one printer's figures, when another's are saved."""
    path = tmp_path / "config" / "kitloan" / "settings.toml"
    assert load_label_settings(path) == LabelSettings({}), "nothing yet"
    first = LabelSettings({}, "Glenrothes", {"RAF": "Given by the RAF"})
    save_label_settings(path, first.with_printer("Office", "l7160", Adjustment(0.5, -1, 1.015)))
    again = load_label_settings(path)
    save_label_settings(path, again.with_printer("Office", "l7163", Adjustment(2)))
    found = load_label_settings(path)
    assert found.adjustment("Office", "l7160") == Adjustment(0.5, -1, 1.015)
    assert found.adjustment("Office", "l7163") == Adjustment(2)
    assert found.adjustment("Home", "l7160") is None
    assert (found.return_to, found.acknowledge) == (first.return_to, first.acknowledge)


@pytest.mark.parametrize(
    ("contents", "code"),
    [
        ("{", "bad_settings"),
        ("[]", "bad_settings"),
        ('{"printers": {"Office": 3}}', "bad_settings"),
        ('{"printers": {"Office": {"l7160": {"scale": "big"}}}}', "bad_settings"),
        ('{"acknowledge": []}', "bad_settings"),
        ("[labels", "bad_settings"),
        ("[labels]\nprinters = 3", "bad_settings"),
        ("[labels.printers.Office.l7160]\nscale = 9", "bad_scale"),
        (json.dumps({"printers": {"Office": {"l7160": {"scale": 9}}}}), "bad_scale"),
    ],
)
def test_damaged_settings_are_refused_not_forgotten(
    contents: str, code: str, tmp_path: Path
) -> None:
    """Lost: labels printed askew because a file could not be read and nobody said so."""
    path = tmp_path / "settings.toml"
    saved_by_0_2 = path.with_name("labels.json")
    (path if contents.startswith("[labels") else saved_by_0_2).write_text(contents, "utf-8")
    with pytest.raises(BadInput) as refusal:
        load_label_settings(path)
    assert refusal.value.code == code


def test_settings_that_cannot_be_kept_say_so(tmp_path: Path) -> None:
    """Lost: figures believed to be saved."""
    (tmp_path / "kitloan").write_text("a file where the folder should be")
    with pytest.raises(BadInput) as refusal:
        save_label_settings(tmp_path / "kitloan" / "settings.toml", LabelSettings({}))
    assert refusal.value.code == "cannot_write"
