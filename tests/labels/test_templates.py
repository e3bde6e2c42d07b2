"""Every kind of label, on every stock: codes read, words stay in, and what counts is whole."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from kitloan.errors import BadInput
from kitloan.text import tags
from kitloan.text.names import slug
from kitloan.text.scans import COMMANDS, Command, Tag, Text, read
from kitloan_labels import layout, pdf, stock
from kitloan_labels.template import (
    TEMPLATES,
    Card,
    InspectedOn,
    Label,
    LabelOrganisation,
    Shelf,
    Subject,
    scanned_name,
)

Printer = Callable[..., list[Image.Image]]

DPI = 200
MM = 25.4 / DPI
TAG = "KL8B7XAPXYTMZ"
SCHOOL = "St Andrew's & St Bride's High School"
LONG = "Wind tunnel " * 25

SUBJECTS: dict[str, Callable[[str], Subject]] = {
    "kit": lambda name: Label(TAG, name, name, name, return_to=name, thanks=name),
    "bag": lambda name: Label(TAG, name, name, bag=name, which="2 of 3"),
    "shelf": lambda name: Shelf(name, name),
    "organisation": lambda name: LabelOrganisation(name[:60].strip(), name),
    "command": lambda name: Card("KLUUNDO", name, name),
    "inspection": lambda name: InspectedOn(TAG, name, "23 Sep 2026", name, "30 Sep 2027", False),
}
EVERYWHERE = pytest.mark.parametrize(
    "sheet", [*stock.sheets(), stock.CARDS], ids=lambda sheet: sheet.id
)
EVERY_KIND = pytest.mark.parametrize("kind", sorted(SUBJECTS))


def words_of(path: Path) -> str:
    """The words in a PDF, on one line; a hyphen at a line's end is a hyphen."""
    with pypdfium2.PdfDocument(path) as document:
        found = " ".join(page.get_textpage().get_text_range() for page in document)
    return " ".join(found.replace("\ufffe", "-").replace("\x02", "-").split())


def written(subject: Subject, kind: str, on: str, path: Path) -> tuple[str, pdf.Placed]:
    """The words of a label, and how it was placed."""
    (placed,) = pdf.write_sheets([subject], stock.find(on), path, template=kind)
    return words_of(path), placed


def test_every_template_is_tried_here() -> None:
    """Lost: a new kind of label that nobody has printed."""
    assert set(SUBJECTS) == set(TEMPLATES)


@EVERYWHERE
@EVERY_KIND
def test_long_words_stay_on_the_label_and_off_its_code(
    kind: str, sheet: layout.Sheet, print_sheets: Printer
) -> None:
    """Lost: one long name that spoils its neighbours, or a code that no scanner reads."""
    subject = SUBJECTS[kind](LONG)
    (page,) = print_sheets([subject], replace(sheet, cut=False), template=kind)
    cell = next(layout.cells(sheet))
    dark = ImageOps.invert(page).point(lambda grey: 255 * (grey > 60)).getbbox()
    assert dark is not None
    left, top, right, bottom = (edge * MM for edge in dark)
    assert left >= cell.x + layout.INSET_MM - 2 * MM
    assert top >= cell.y + layout.INSET_MM - 2 * MM
    assert right <= cell.x + sheet.label_width - layout.INSET_MM + 2 * MM
    assert bottom <= cell.y + sheet.label_height - layout.INSET_MM + 2 * MM
    inked = ImageOps.expand(page.crop(dark), round(10 / MM), fill=255)  # the rest is white
    codes = [barcode.text for barcode in zxingcpp.read_barcodes(inked)]
    assert len(codes) == (0 if kind == "shelf" else 1)
    assert not subject.tag or codes == [TAG]


@pytest.mark.parametrize("on", ["l7651", "l7160", "l6009"])
def test_a_bags_place_among_the_bags_is_always_whole(on: str, tmp_path: Path) -> None:
    """Lost: "Red holdall, 2 of …", and nobody knows how many bags to look for."""
    said, _ = written(Label(TAG, LONG, LONG, bag=LONG, which="12 of 13"), "bag", on, tmp_path / "a")
    assert "12 of 13" in said
    assert "…, 12 of 13" in said
    short, _ = written(
        Label(TAG, "STEM kit", "Fife College", bag="Red holdall", which="2 of 3"),
        "bag",
        on,
        tmp_path / "a",
    )
    assert "Red holdall, 2 of 3" in short
    assert tags.grouped(TAG).split("-")[0] in short


@EVERYWHERE
@pytest.mark.parametrize(("passed", "verdict"), [(True, "✔ PASS"), (False, "✘ FAIL")])
def test_an_inspection_says_its_verdict_and_its_dates_whole(
    passed: bool, verdict: str, sheet: layout.Sheet, tmp_path: Path
) -> None:
    """Lost: a kit that failed, lent because its label was in the wrong colour or cut short."""
    label = InspectedOn(TAG, "AC0001", "28 Sep 2026", "J. Bain", "28 Sep 2027", passed)
    said, placed = written(label, "inspection", sheet.id, tmp_path / "a.pdf")
    for words in (verdict, "Due 28 Sep 2027", "On 28 Sep 2026", "By J. Bain"):
        assert words in said
    assert set(placed.left_out) <= {"asset number"}


def test_a_kits_label_says_where_it_goes_back_and_whose_gift_it_is(tmp_path: Path) -> None:
    """Lost: a kit found on a bus, and a donor whose terms were not kept."""
    label = Label(
        TAG,
        "STEM kit",
        "Fife College",
        "AC0001",
        return_to="Stenton Road, Glenrothes",
        thanks="Given by the Royal Air Force",
    )
    said, placed = written(label, "kit", "l7160", tmp_path / "a.pdf")
    for words in (
        "STEM kit",
        "Return to Fife College",
        "Stenton Road, Glenrothes",
        "Given by the Royal Air Force",
        "AC0001",
    ):
        assert words in said
    assert placed.left_out == ()


def test_what_had_no_room_is_named(tmp_path: Path) -> None:
    """Lost: an address that everybody believes to be on the labels."""
    label = Label(TAG, LONG, LONG, LONG, return_to=LONG, thanks=LONG)
    _, placed = written(label, "kit", "l7651", tmp_path / "a.pdf")
    assert set(placed.left_out) == {
        "the whole acknowledgement",
        "the whole address for finders",
        "asset number",
    }


@EVERYWHERE
def test_an_acknowledgement_is_whole_before_the_kit_type_is(
    sheet: layout.Sheet, tmp_path: Path
) -> None:
    """Lost: "Presented by the…", on the labels of a donor who asked to be named."""
    thanks = "Presented by the RAF Charitable Trust"
    label = Label(TAG, LONG, "UHI North, West and Hebrides", "AC0001", thanks=thanks)
    said, placed = written(label, "kit", sheet.id, tmp_path / "a.pdf")
    assert thanks in said
    assert "UHI North" in said
    assert LONG.split()[0] in said
    assert set(placed.left_out) <= {"asset number"}


@EVERYWHERE
def test_a_postcode_and_a_phone_number_are_never_broken(
    sheet: layout.Sheet, tmp_path: Path
) -> None:
    """Lost: the last figures of a number, on a line that looks like another one."""
    for lead in range(12):
        address = f"{'Hub ' * lead}Glenrothes KY6 2RA. 01592 223000"
        label = Label(TAG, "STEM kit", "Fife College", return_to=address)
        pdf.write_sheets([label], sheet, tmp_path / "a.pdf")
        with pypdfium2.PdfDocument(tmp_path / "a.pdf") as document:
            lines = document[0].get_textpage().get_text_range().splitlines()
        for number in ("01592", "KY6"):
            for line in (line for line in lines if number in line):
                assert not line.rstrip().endswith(number), line


@pytest.mark.parametrize("on", ["l7651", "l7160", "cards"])
def test_the_lead_gives_way_before_the_colleges_name_does(on: str, tmp_path: Path) -> None:
    """Lost: "Return to University of the Highlands…", and no college."""
    college = "University of the Highlands"
    said, _ = written(Label(TAG, LONG, college), "kit", on, tmp_path / "a.pdf")
    assert college in said


@EVERY_KIND
def test_what_the_font_lacks_is_seen_and_said_on_every_kind(kind: str, tmp_path: Path) -> None:
    """Lost: empty boxes, or letters in the wrong order, noticed at the counter."""
    name = "Rocket 🚀 ערכה"
    said, placed = written(SUBJECTS[kind](name), kind, "l7163", tmp_path / "a.pdf")
    assert "?" in said
    assert set(placed.missing) == set("🚀ערכה")


@pytest.mark.parametrize("code", sorted(COMMANDS))
def test_a_command_card_scans_as_its_command(code: str, print_sheets: Printer) -> None:
    """Lost: a card that does something else, or nothing."""
    (page,) = print_sheets([Card(code, "Word", "What it does.")], "cards", template="command")
    (barcode,) = zxingcpp.read_barcodes(page)
    assert read(barcode.text) == Command(COMMANDS[code])


@pytest.mark.parametrize(
    "name", ["Kilmarnock Academy", SCHOOL, "Àrd-sgoil Phort Rìgh", "S3 Club", "Łódź LO nr 1"]
)
@pytest.mark.parametrize("on", ["cards", "l7163", "l7160"])
def test_an_organisations_card_scans_as_that_organisation(
    name: str, on: str, print_sheets: Printer
) -> None:
    """Lost: a card that opens a new borrower in the place of the school it shows."""
    (page,) = print_sheets([LabelOrganisation(name, "Fife College")], on, template="organisation")
    (barcode,) = zxingcpp.read_barcodes(page)
    meant = read(barcode.text)
    assert isinstance(meant, Text)
    assert slug(meant.text) == slug(name)


@given(st.text(min_size=1, max_size=60))
def test_a_scanned_name_is_the_same_organisation_whatever_it_is_called(name: str) -> None:
    """Lost: the one school whose name is not like the others."""
    assert slug(scanned_name(name)) == slug(name)


def test_a_name_too_long_for_a_small_label_is_refused(print_sheets: Printer) -> None:
    """Lost: a code of dust, where plain paper would have had room."""
    school = LabelOrganisation("Àrd-sgoil " * 19, "Fife College")
    with pytest.raises(BadInput, match="too small") as refusal:
        print_sheets([school], "l7651", template="organisation")
    assert (refusal.value.code, "--stock cards" in refusal.value.hint) == ("too_long", True)
    (page,) = print_sheets([school], "cards", template="organisation")
    assert len(zxingcpp.read_barcodes(page)) == 1


def test_plain_names_scan_in_letters_that_every_keyboard_has() -> None:
    """Lost: names garbled where a scanner and a computer disagree about the keyboard."""
    assert scanned_name(SCHOOL) == "ST ANDREWS ST BRIDES HIGH SCHOOL"


def test_a_labels_tag_scans_as_that_tag(print_sheets: Printer) -> None:
    """Lost: the label's one purpose."""
    for kind in ("kit", "bag", "inspection"):
        (page,) = print_sheets([SUBJECTS[kind]("STEM kit")], "l7160", template=kind)
        (barcode,) = zxingcpp.read_barcodes(page)
        assert read(barcode.text) == Tag(TAG)


def test_cards_on_plain_paper_have_lines_to_cut_along(print_sheets: Printer) -> None:
    """Lost: cards of eight sizes, cut by eye."""
    (page,) = print_sheets([Card("KLUUNDO", "Undo", "")], "cards", template="command", dpi=300)
    box = ImageOps.invert(page).point(lambda grey: 255 * (grey > 60)).getbbox()
    assert box is not None
    cell = next(layout.cells(stock.CARDS))
    edges = (cell.x, cell.y, cell.x + 85, cell.y + 54)
    assert [edge / 300 * 25.4 for edge in box] == pytest.approx(edges, abs=0.2)
