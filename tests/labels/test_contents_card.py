"""The contents card: everything on the list, once, readable, on a card that fits the lid."""

from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from kitloan.errors import BadInput
from kitloan.text import tags
from kitloan_labels.card import SIZES, Contents, Line, write_cards
from kitloan_labels.pdf import write_preview
from kitloan_labels.photos import read_tags

LINES = (
    Line("Facilitator manual", 1, "Manual", critical=True),
    Line("Wheel", 16, "Red holdall"),
    Line("Panel", 18, "Blue holdall"),
)
LONG = "Structural connector with a captive nut " * 7
EVERY_SIZE = pytest.mark.parametrize("size", SIZES)


def card(*lines: Line, **said: str) -> Contents:
    """A kit's card."""
    about = {"kind": "STEM kit", "college": "Sabhal Mòr Ostaig", "tag": tags.mint()} | said
    return Contents(**about, lines=lines or LINES)


def pages(path: Path) -> list[list[str]]:
    """The lines of words on each page."""
    with pypdfium2.PdfDocument(path) as document:
        found = [page.get_textpage().get_text_range() for page in document]
    return [[line.strip() for line in words.splitlines()] for words in found]


@EVERY_SIZE
def test_the_list_is_on_the_card_line_by_line(size: str, tmp_path: Path) -> None:
    """Lost: a count against memory."""
    kit = card(asset_number="AC0001")
    write_cards([kit], size, tmp_path / "c.pdf")
    (said,) = pages(tmp_path / "c.pdf")
    for words in ("STEM kit", tags.grouped(kit.tag), "AC0001", "Sabhal Mòr Ostaig"):
        assert words in said
    for line in ("! 1 Facilitator manual Manual", "16 Wheel Red holdall", "18 Panel Blue holdall"):
        assert line in said
    assert "! = the kit is not lent without it. 35 parts in 3 lines. Card 1 of 1." in said


@EVERY_SIZE
def test_a_card_is_of_its_size_and_its_code_scans(size: str, tmp_path: Path) -> None:
    """Lost: a card that is cut to fit the lid, and the way from the lid to the register."""
    kit = card()
    write_cards([kit], size, tmp_path / "c.pdf")
    write_preview(tmp_path / "c.pdf", tmp_path / "c.png")
    assert read_tags(tmp_path / "c.png") == [kit.tag]
    with Image.open(tmp_path / "c.png") as picture:
        size_mm = tuple(side / 150 * 25.4 for side in picture.size)
    assert size_mm == pytest.approx((SIZES[size].width, SIZES[size].height), abs=0.3)


@EVERY_SIZE
def test_every_part_has_a_box_to_tick(size: str, tmp_path: Path) -> None:
    """Lost: one's place in a list of forty parts."""
    write_cards([card()], size, tmp_path / "c.pdf")
    with pypdfium2.PdfDocument(tmp_path / "c.pdf") as document:
        paths = document[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_PATH])
        sizes = [
            (r - left, top - bottom) for left, bottom, r, top in (p.get_bounds() for p in paths)
        ]
    boxes = [wide for wide, high in sizes if 8 < wide < 20 and abs(wide - high) < 0.1]
    assert len(boxes) == len(LINES)


@EVERY_SIZE
def test_a_long_list_goes_on_on_the_next_card_and_loses_nothing(size: str, tmp_path: Path) -> None:
    """Lost: the parts at the end of the list, with every kit."""
    parts = [Line(f"Part number {n}", n, "Red holdall") for n in range(1, 101)]
    placed = write_cards([card(*parts), card()], size, tmp_path / "c.pdf")
    said = pages(tmp_path / "c.pdf")
    of_first = [line for page in said[:-1] for line in page if "Part number" in line]
    assert of_first == [f"{n} Part number {n} Red holdall" for n in range(1, 101)]
    assert all("STEM kit" in page for page in said)
    assert any(f"Card {len(said) - 1} of {len(said) - 1}." in line for line in said[-2])
    assert [each.page for each in placed] == [1, len(said)]


@EVERY_SIZE
def test_long_names_stay_in_their_column(size: str, tmp_path: Path) -> None:
    """Lost: a part's name printed over its count, or off the card."""
    write_cards([card(Line(LONG, 1_000_000, LONG, critical=True), kind=LONG)], size, tmp_path / "c")
    with pypdfium2.PdfDocument(tmp_path / "c") as document:
        texts = document[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT])
        boxes = sorted(each.get_bounds() for each in texts)
        width = document[0].get_width()
    margin = SIZES[size].margin / 25.4 * 72
    assert all(margin - 1 <= box[0] and box[2] <= width - margin + 1 for box in boxes)
    (said,) = pages(tmp_path / "c")
    assert any("1000000" in line for line in said)
    assert any(line.endswith("…") for line in said)


def test_what_the_font_lacks_is_said(tmp_path: Path) -> None:
    """Lost: parts that only their maker can read."""
    (placed,) = write_cards([card(Line("Rocket 🚀", 1, "ערכה"))], "a5", tmp_path / "c.pdf")
    assert set(placed.missing) == set("🚀ערכה")


def test_the_same_card_makes_the_same_file(tmp_path: Path) -> None:
    """Lost: telling whether the list has changed since the lids were done."""
    kit = card()
    for name in ("one.pdf", "two.pdf"):
        write_cards([kit], "a5", tmp_path / name)
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


@pytest.mark.parametrize(
    ("cards", "code"), [([], "nothing_to_print"), ([card(tag="KL8B7XAPXYTMY")], "bad_tag")]
)
def test_a_refused_card_leaves_nothing_behind(
    cards: list[Contents], code: str, tmp_path: Path
) -> None:
    """Lost: yesterday's cards, in exchange for half a file."""
    with pytest.raises(BadInput) as refusal:
        write_cards(cards, "a5", tmp_path / "c.pdf")
    assert refusal.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_a_preview_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """Lost: why there is no picture, behind a traceback."""
    write_cards([card()], "a5", tmp_path / "c.pdf")
    with pytest.raises(BadInput) as refusal:
        write_preview(tmp_path / "c.pdf", tmp_path / "none" / "c.png")
    assert refusal.value.code == "cannot_write"


def test_progress_counts_every_card(tmp_path: Path) -> None:
    """Lost: knowing that a college's cards are on their way."""
    counted: list[int] = []
    write_cards([card(), card()], "a6", tmp_path / "c.pdf", counted.append)
    assert counted == [1, 2]
