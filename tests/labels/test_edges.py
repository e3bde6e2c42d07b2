"""A printer's figures that would move codes off the paper, or off their labels."""

from pathlib import Path

import pytest

from kitloan.errors import BadInput
from kitloan.text import tags
from kitloan_labels import edges, layout, pdf, stock
from kitloan_labels.adjust import EXACT, Adjustment

LEFT_COLUMN = list(range(1, 66, 5))
TOP_ROW = [1, 2, 3, 4, 5]


def labels(count: int) -> list[pdf.Label]:
    """Labels that differ in their tag alone."""
    return [pdf.Label(tags.mint(), "STEM kit", "Fife College") for _ in range(count)]


@pytest.mark.parametrize(
    ("adjust", "off"),
    [
        (Adjustment(-9), LEFT_COLUMN),
        (Adjustment(0, -15, 0.9), TOP_ROW),
        (Adjustment(15, 0, 1.1), [*range(5, 66, 5), *range(61, 66)]),
    ],
    ids=["left", "up", "right and larger"],
)
def test_a_code_that_would_run_off_the_page_is_refused(
    adjust: Adjustment, off: list[int], tmp_path: Path
) -> None:
    """Lost: a whole sheet, of which the labels along one edge never scan."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"yesterday")
    with pytest.raises(BadInput) as refusal:
        pdf.write_sheets(labels(65), stock.find("l7651"), path, adjust=adjust)
    assert refusal.value.code == "off_page"
    assert set(refusal.value.details["labels"]) == set(off)
    assert str(off[0]) in refusal.value.message
    assert "--calibrate" in refusal.value.hint
    assert path.read_bytes() == b"yesterday"
    assert list(tmp_path.iterdir()) == [path]


def test_labels_that_stay_on_the_page_are_printed_on_a_sheet_whose_others_would_not(
    tmp_path: Path,
) -> None:
    """Lost: the rest of a sheet, to a refusal that is about labels nobody asked for."""
    sheet, adjust = stock.find("l7651"), Adjustment(-9)
    pdf.write_sheets(labels(4), sheet, tmp_path / "a.pdf", 2, adjust=adjust)
    assert not any("run off" in note for note in edges.notes(sheet, adjust, 2, 4))
    with pytest.raises(BadInput):
        pdf.write_sheets(labels(5), sheet, tmp_path / "a.pdf", 2, adjust=adjust)
    assert any("run off" in note for note in edges.notes(sheet, adjust, 2, 5))


@pytest.mark.parametrize("sheet", [*stock.sheets(), stock.CARDS], ids=lambda sheet: sheet.id)
@pytest.mark.parametrize(
    "adjust", [EXACT, Adjustment(1.5, -2, 1.005)], ids=["exact", "an office printer"]
)
def test_nothing_is_said_of_what_printers_are_usually_off_by(
    sheet: layout.Sheet, adjust: Adjustment
) -> None:
    """Lost: the warning that matters, among those that come every time."""
    assert edges.notes(sheet, adjust) == []


def test_a_code_in_the_strip_that_printers_leave_white_is_told() -> None:
    """Lost: half a code on the labels along one edge, found out at the counter."""
    told = edges.notes(stock.find("l7651"), Adjustment(0, -13))
    assert any("codes of labels 1, 2, 3, 4 and 5 would come within 4 mm" in n for n in told)


def test_figures_larger_than_a_label_forgives_are_told() -> None:
    """Lost: a sheet printed between its labels, for a minus sign or a point out of place."""
    told = edges.notes(stock.find("l7160"), Adjustment(-6))
    assert [note for note in told if "all 21 labels would be off their own labels" in note]
    (one,) = edges.notes(stock.find("l7160"), Adjustment(-6), start=3, count=1)
    assert one.startswith("The code of label 3 would be")
