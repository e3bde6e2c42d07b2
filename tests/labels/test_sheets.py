"""Sheets from end to end: drawn, printed, and read back where the layout says they lie."""

import random
import tracemalloc
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageOps

from kitloan.errors import BadInput
from kitloan.text import tags
from kitloan_labels import layout, pdf, stock
from kitloan_labels.pdf import document
from kitloan_labels.photos import read_tags

Printer = Callable[..., list[Image.Image]]

DPI = 200
MM = 25.4 / DPI


def labels(count: int, **words: str) -> list[pdf.Label]:
    """Labels with fresh tags."""
    said = {"kind": "MTa STEM Kit", "college": "Sabhal Mòr Ostaig"} | words
    return [pdf.Label(tags.mint(), **said) for _ in range(count)]


def codes(page: Image.Image) -> dict[str, tuple[float, float]]:
    """Each code on a page and its centre in millimetres."""
    found = {}
    for barcode in zxingcpp.read_barcodes(page):
        place = barcode.position
        corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        found[barcode.text] = (
            sum(corner.x for corner in corners) / 4 * MM,
            sum(corner.y for corner in corners) / 4 * MM,
        )
    return found


def ink(page: Image.Image) -> tuple[float, float, float, float]:
    """The box around all that is printed on a page, in millimetres."""
    box = ImageOps.invert(page).point(lambda grey: 255 * (grey > 60)).getbbox()
    assert box is not None
    return tuple(edge * MM for edge in box)


def text_of(path: Path) -> str:
    """The words that a PDF viewer would find or read aloud."""
    with pypdfium2.PdfDocument(path) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


@pytest.mark.parametrize("sheet", stock.sheets(), ids=lambda sheet: sheet.id)
def test_every_label_of_a_sheet_reads_back_where_it_should_lie(
    sheet: layout.Sheet, print_sheets: Printer
) -> None:
    """Lost: a sheet that cannot be scanned, or that lies beside its labels."""
    wanted = labels(sheet.per_sheet)
    (page,) = print_sheets(wanted, sheet.id)
    found = codes(page)
    assert set(found) == {label.tag for label in wanted}
    code = layout.face(sheet).code
    for label, cell in zip(wanted, layout.cells(sheet), strict=False):
        x, y = found[label.tag]
        assert x == pytest.approx(cell.x + code.x + code.width / 2, abs=0.3)
        assert y == pytest.approx(cell.y + code.y + code.height / 2, abs=0.3)


def test_a_whole_scanned_page_gives_its_tags_in_reading_order(
    print_sheets: Printer, tmp_path: Path
) -> None:
    """Lost: a shelf counted from a photo of its labels, in the order of the shelf."""
    wanted = labels(21)
    (page,) = print_sheets(wanted, "l7160")
    page.rotate(1, expand=True, fillcolor=255).save(tmp_path / "scan.png")
    assert read_tags(tmp_path / "scan.png") == [label.tag for label in wanted]


def test_a_part_used_sheet_is_filled_from_its_first_free_label(
    print_sheets: Printer, tmp_path: Path
) -> None:
    """Lost: labels printed on the bare backing of those already peeled off."""
    wanted = labels(4)
    first, second = print_sheets(wanted, "l7160", start=19)
    assert set(codes(first)) == {label.tag for label in wanted[:3]}
    assert set(codes(second)) == {wanted[3].tag}
    sheet = stock.find("l7160")
    placed = pdf.write_sheets(wanted, sheet, tmp_path / "again.pdf", start=19)
    cells = islice(layout.cells(sheet, 19), 4)
    assert [(p.page, p.x_mm, p.y_mm) for p in placed] == [(c.page, c.x, c.y) for c in cells]
    assert [p.tag for p in placed] == [label.tag for label in wanted]
    x, y, _, _ = ink(second)
    assert x == pytest.approx(sheet.left + 4.2, abs=0.5)
    assert y > sheet.top


def test_the_same_labels_make_the_same_file(tmp_path: Path) -> None:
    """Lost: telling whether a sheet has changed since it was last printed."""
    wanted = labels(30)
    for name in ("one.pdf", "two.pdf"):
        pdf.write_sheets(wanted, stock.find("l7651"), tmp_path / name)
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


def test_the_file_asks_viewers_not_to_scale_it(tmp_path: Path) -> None:
    """Lost: a page shrunk to 96%, whose last row misses its labels by a centimetre."""
    pdf.write_sheets(labels(1), stock.find("l7160"), tmp_path / "a.pdf")
    assert b"/PrintScaling /None" in (tmp_path / "a.pdf").read_bytes()
    with pypdfium2.PdfDocument(tmp_path / "a.pdf") as document:
        assert "L7160" in document.get_metadata_dict()["Title"]


@pytest.mark.parametrize("name", ["l7651", "l7160"])
def test_names_keep_their_own_spelling(name: str, tmp_path: Path) -> None:
    """Lost: Sabhal Mòr Ostaig as "Sabhal Mo?r", on every label it owns."""
    spelt_apart = "Sabhal Mo\u0300r Ostaig"
    (placed,) = pdf.write_sheets(
        labels(1, college=spelt_apart, kind="Ŵyth – £5 ‘Łódź’", asset_number="AC0001"),
        stock.find(name),
        tmp_path / "a.pdf",
    )
    printed = " ".join(text_of(tmp_path / "a.pdf").split())
    assert "Sabhal Mòr Ostaig" in printed
    assert "Ŵyth – £5 ‘Łódź’" in printed
    assert "AC0001" in printed
    assert placed.missing == ""


@pytest.mark.parametrize("sheet", stock.sheets(), ids=lambda sheet: sheet.id)
def test_the_tag_is_whole_in_words_on_every_stock(sheet: layout.Sheet, tmp_path: Path) -> None:
    """Lost: the way back to a kit whose code has been scratched."""
    (label,) = labels(1, kind="A " * 150, college="B " * 150)
    pdf.write_sheets([label], sheet, tmp_path / "a.pdf")
    # A viewer takes a hyphen at a line's end for one that joins the two halves of a word.
    read = text_of(tmp_path / "a.pdf").replace("\ufffe", "").replace("\x02", "")
    assert tags.bare("".join(read.split())).startswith(label.tag)


@pytest.mark.parametrize("sheet", stock.sheets(), ids=lambda sheet: sheet.id)
@pytest.mark.parametrize(
    "name", ["Wind tunnel " * 25, "W" * 300, "ÀÇĘ̈ " * 75], ids=["words", "one word", "accents"]
)
def test_a_name_of_three_hundred_characters_stays_on_its_label(
    name: str, sheet: layout.Sheet, print_sheets: Printer
) -> None:
    """Lost: one long name that spoils its neighbours, or the code beside it."""
    (label,) = labels(1, kind=name, college=name, asset_number=name)
    (page,) = print_sheets([label], sheet.id)
    left, top, right, bottom = ink(page)
    cell = next(layout.cells(sheet))
    assert left >= cell.x + layout.INSET_MM
    assert top >= cell.y + layout.INSET_MM - 2 * MM
    assert right <= cell.x + sheet.label_width - layout.INSET_MM + 2 * MM
    assert bottom <= cell.y + sheet.label_height - layout.INSET_MM + 2 * MM
    assert label.tag in codes(page)


def test_nothing_is_printed_in_the_white_around_a_code(print_sheets: Printer) -> None:
    """Lost: codes that look right and that some scanners cannot find."""
    (page,) = print_sheets(labels(1, kind="W" * 300), "l7651", dpi=600)
    sheet = stock.find("l7651")
    face = layout.face(sheet)
    x, y = layout.code_corner(next(layout.cells(sheet)), face)
    quiet = 4 * face.module
    whole = [edge / 25.4 * 600 for edge in (x, y, x + face.code.width, y + face.code.width)]
    dark = page.point(lambda grey: 255 * (grey < 128)).crop(tuple(round(e) for e in whole))
    for edge, size in zip(dark.getbbox(), (0, 0, *dark.size), strict=True):
        assert abs(edge - size) / 600 * 25.4 == pytest.approx(quiet, abs=0.1)


@pytest.mark.parametrize(
    ("kind", "shown", "missing"),
    [
        ("Rocket 🚀 kit", "Rocket ? kit", "🚀"),
        ("Scientist 👩\u200d🔬 kit", "Scientist ?? kit", "👩🔬"),
        ("ערכה kit", "???? kit", "הכער"),
    ],
)
def test_what_the_font_lacks_is_seen_and_said(
    kind: str, shown: str, missing: str, tmp_path: Path
) -> None:
    """Lost: empty boxes on a label, noticed by whoever has to find the kit."""
    path = tmp_path / "a.pdf"
    (placed,) = pdf.write_sheets(labels(1, kind=kind), stock.find("l7160"), path)
    assert shown in text_of(path)
    assert set(placed.missing) == set(missing)


def test_a_label_to_be_claimed_later_bears_its_tag_and_college(tmp_path: Path) -> None:
    """Lost: labels printed ahead of the kits they are for."""
    (label,) = labels(1, kind="")
    pdf.write_sheets([label], stock.find("l7160"), tmp_path / "a.pdf")
    printed = text_of(tmp_path / "a.pdf")
    assert printed.split("\n")[0].strip() == tags.grouped(label.tag)
    assert "Sabhal Mòr Ostaig" in printed


def test_a_label_takes_a_few_kilobytes_of_memory_until_the_file_is_saved(tmp_path: Path) -> None:
    """Lost: a computer without memory, in the middle of ten thousand labels."""
    dice = random.Random(7)
    rows = [tuple(dice.random() < 0.5 for _ in range(25)) for _ in range(100)]
    with document(tmp_path / "a.pdf", "Many", 210, 297) as pages:
        tracemalloc.start()
        for number in range(30):
            for x in range(20):
                pages.code(tuple(dice.sample(rows, 25)), 0.5, x * 5, 10)
            pages.end_page()
            if number == 9:
                before, _ = tracemalloc.get_traced_memory()
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (after - before) / 20 / 20 < 4_000, "bytes for a label"


def test_every_object_lies_where_the_file_says(tmp_path: Path) -> None:
    """Lost: printers with a strict reader; viewers mend such a file without a word."""
    path = tmp_path / "a.pdf"
    pdf.write_sheets(labels(50), stock.find("l7160"), path)
    data = path.read_bytes()
    start = int(data.split(b"startxref\n")[1].split()[0])
    table = data[start:].split(b"trailer")[0].split(b"\n")[:-1]
    assert table[:3] == [b"xref", b"0 %d" % (len(table) - 2), b"0000000000 65535 f "]
    for number, row in enumerate(table[3:], start=1):
        offset = int(row.split()[0])
        assert data[offset:].startswith(b"%d 0 obj\n" % number)
        assert len(row) == 19, "with its line end each row has 20 bytes"


def test_progress_counts_every_label(tmp_path: Path) -> None:
    """Lost: knowing that a thousand labels are still on their way."""
    counted: list[int] = []
    pdf.write_sheets(labels(5), stock.find("l7160"), tmp_path / "a.pdf", progress=counted.append)
    assert counted == [1, 2, 3, 4, 5]


def test_no_labels_is_refused_and_leaves_the_old_file(tmp_path: Path) -> None:
    """Lost: yesterday's sheet, in exchange for an empty one."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"yesterday")
    with pytest.raises(BadInput) as refusal:
        pdf.write_sheets([], stock.find("l7160"), path)
    assert refusal.value.code == "nothing_to_print"
    assert path.read_bytes() == b"yesterday"
    assert list(tmp_path.iterdir()) == [path]


def test_a_tag_with_a_slip_is_never_printed(tmp_path: Path) -> None:
    """Lost: a label on a kit that no scanner will ever find."""
    (label,) = labels(1)
    wrong = label.tag[:-1] + ("A" if label.tag[-1] != "A" else "B")
    with pytest.raises(BadInput) as refusal:
        pdf.write_sheets(
            [pdf.Label(wrong, "Kit", "Fife College")], stock.find("l7160"), tmp_path / "a.pdf"
        )
    assert refusal.value.code == "bad_tag"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["no such folder/a.pdf", "folder", "file/a.pdf"])
def test_a_place_that_cannot_be_written_is_refused(name: str, tmp_path: Path) -> None:
    """Lost: why there is no sheet, behind a traceback."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BadInput) as refusal:
        pdf.write_sheets(labels(1), stock.find("l7160"), tmp_path / name)
    assert refusal.value.code == "cannot_write"
    assert refusal.value.hint
    assert sorted(tmp_path.iterdir()) == before
