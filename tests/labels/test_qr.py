"""A tag as a code: its size, its level, its runs."""

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kitloan.text import tags
from kitloan_labels import qr

TAG = "KL8B7XAPXYTMZ"


def picture(matrix: qr.Matrix, scale: int = 4) -> Image.Image:
    """A code with its quiet zone, as a screen would show it."""
    side = len(matrix) + 2 * qr.QUIET
    image = Image.new("L", (side, side), 255)
    for row, column, length in qr.runs(matrix):
        image.paste(
            0, (qr.QUIET + column, qr.QUIET + row, qr.QUIET + column + length, qr.QUIET + row + 1)
        )
    return image.resize((side * scale, side * scale), Image.Resampling.NEAREST)


def longest_tag() -> str:
    """A tag with the longest body that the parser takes."""
    for last in tags.ALPHABET:
        body = "Z" * (tags.LONGEST_BODY - 1) + last
        if tags.is_tag(tag := tags.PREFIX + body + tags.check_character(body)):
            return tag
    raise AssertionError("no body has a check character within the alphabet")


@given(st.text(tags.ALPHABET, min_size=tags.BODY_LENGTH + 1, max_size=tags.LONGEST_BODY + 1))
@settings(max_examples=25, deadline=None)
def test_every_tag_makes_the_same_size_of_code(body: str) -> None:
    """Lost: labels laid out before their tag is known would be drawn over their words."""
    matrix = qr.modules(tags.PREFIX + body)
    assert {len(row) for row in matrix} == {len(matrix)} == {qr.SIDE}


@pytest.mark.parametrize("tag", [TAG, longest_tag()])
def test_a_scanner_reads_the_tag_and_nothing_else(tag: str) -> None:
    """Lost: the label would name another kit, or none."""
    (barcode,) = zxingcpp.read_barcodes(picture(qr.modules(tag)))
    assert barcode.text == tag
    assert barcode.ec_level == "H"
    assert barcode.bytes == tag.encode()


def test_runs_draw_every_dark_module_once() -> None:
    """Lost: a module left out, or drawn over its neighbour, costs error correction."""
    matrix = qr.modules(TAG)
    drawn = [
        (row, column)
        for row, first, length in qr.runs(matrix)
        for column in range(first, first + length)
    ]
    dark = [(r, c) for r, cells in enumerate(matrix) for c, is_dark in enumerate(cells) if is_dark]
    assert drawn == dark


def test_runs_are_as_long_as_they_can_be() -> None:
    """Lost: files several times larger, with seams between the modules of a row."""
    matrix = qr.modules(TAG)
    for row, first, length in qr.runs(matrix):
        assert first == 0 or not matrix[row][first - 1]
        assert first + length == qr.SIDE or not matrix[row][first + length]


def test_small_letters_are_refused_rather_than_made_into_a_larger_code() -> None:
    """Lost: a code of more modules than the label was laid out for."""
    with pytest.raises(ValueError, match="represented"):
        qr.modules(TAG.lower())


@given(st.floats(0, 200))
def test_modules_are_whole_dots_and_never_too_small(room: float) -> None:
    """Lost: codes whose modules differ by a printer's dot, or that a webcam cannot read."""
    size = qr.module_mm(room)
    if size is None:
        assert room < qr.LEAST_MODULE_MM * 33 + qr.DOT_MM * 33
        return
    assert size >= qr.LEAST_MODULE_MM
    assert size / qr.DOT_MM == pytest.approx(round(size / qr.DOT_MM))
    assert size * (qr.SIDE + 2 * qr.QUIET) <= min(room, qr.LARGEST_MM) + 1e-9
