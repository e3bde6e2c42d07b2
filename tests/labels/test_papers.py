"""Papers of a loan, read back from the page as it is printed."""

from pathlib import Path

import pypdfium2
import pytest

from kitloan import BadInput
from kitloan_labels.papers import (
    ADDRESS,
    Item,
    LentItem,
    Letter,
    LoanSheet,
    Receipt,
    Section,
    write_letters,
    write_list,
    write_loan_sheets,
    write_receipts,
)

TAG = "KL8B7XAPXYTMZ"
SCHOOL = "Àrd-sgoil Mhic Neacail agus Sgoil Bhaile a' Chaolais, Fort William and Lochaber"
MM = 72 / 25.4


def pages_of(pdf: Path) -> list[str]:
    """The words on each page."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def boxes(pdf: Path, words: str, page: int = 0) -> tuple[float, float, float, float]:
    """Where some words are on a page, in millimetres from its top left: left, top, right, foot."""
    with pypdfium2.PdfDocument(pdf) as document:
        text = document[page].get_textpage()
        height = document[page].get_height()
        start, count = text.search(words).get_next()
        found = [text.get_charbox(n) for n in range(start, start + count)]
    left, foot = min(each[0] for each in found), min(each[1] for each in found)
    right, top = max(each[2] for each in found), max(each[3] for each in found)
    return left / MM, (height - top) / MM, right / MM, (height - foot) / MM


def sheet(*lent: LentItem, to: str = SCHOOL) -> LoanSheet:
    """A loan sheet of these holdings."""
    return LoanSheet("Fife College", to, "Màiri, 01475 555 0199", "1 Dec 2026", "15 Dec 2026", lent)


def test_a_kit_is_counted_out_and_in(tmp_path: Path) -> None:
    """Every part by its bag, with how many are expected, and two signatures at each end."""
    items = (
        Item("Facilitator manual", 1, "Manual", critical=True),
        Item("Wheel", 16, "Red holdall", short="on record as short: 2 missing"),
        Item("Wheel hub", 4, "Red holdall"),
        Item("Loose <b>&amp; bold</b>", 3),
    )
    out = tmp_path / "loan.pdf"
    drawn = write_loan_sheets([sheet(LentItem(TAG, "MTa STEM kit", 1, "AC0001", items))], out)
    assert (drawn.pages, drawn.missing) == (1, "")
    (page,) = pages_of(out)
    for words in (
        *("Loan sheet", "Fife College", "AC0001", "KL 8B7X-APXY-TMZ", "15 Dec 2026", "Expected"),
        *("Out", "In", "Manual", "Red holdall", "Without a bag", "2 missing", "24 parts"),
        *("Loose <b>&amp; bold</b>", "When it goes out", "When it comes back", "Page 1 of 1"),
    ):
        assert words in page, words
    assert page.count("Red holdall") == 1, "the bag is a heading, and not on each line"
    assert page.count("For the college") == page.count("For the borrower") == 2
    assert page.count("Date") == 4
    assert SCHOOL[:40] in page.replace("\r\n", " ")


def test_a_long_list_goes_on_with_its_head(tmp_path: Path) -> None:
    """A hundred parts: every one is on a page, each page has the columns' names and the kit's."""
    items = tuple(Item(f"Part number {n}.", n, f"Bag {n // 20}", n % 7 == 0) for n in range(1, 101))
    out = tmp_path / "loan.pdf"
    drawn = write_loan_sheets([sheet(LentItem(TAG, "MTa STEM kit", 1, "", items))], out)
    pages = pages_of(out)
    assert len(pages) == drawn.pages >= 3
    assert all(f"Part number {n}." in "".join(pages) for n in range(1, 101))
    for number, page in enumerate(pages[:-1], start=1):
        assert "Expected" in page
        assert f"Page {number} of {len(pages)}" in page
    assert all("KL 8B7X-APXY-TMZ" in page for page in pages)
    assert "When it comes back" in pages[-1]
    assert "When it goes out" in pages[-1], "signatures are not torn apart"


def test_things_without_a_list_share_a_sheet(tmp_path: Path) -> None:
    """Goggles and a printer with one school are one paper to sign; a kit is one of its own."""
    out = tmp_path / "loan.pdf"
    kit = LentItem("KL91E24K8QPTS", "MTa STEM kit", 1, "", (Item("Wheel", 16),))
    goggles, printer = LentItem(TAG, "Safety goggles", 12), LentItem("KLTX3KKR6D75H", "3D printer")
    drawn = write_loan_sheets([sheet(goggles, kit, printer)], out)
    first, second = pages_of(out)
    assert drawn.pages == 2
    assert "Wheel" in first
    assert "Safety goggles" not in first
    assert all(words in second for words in ("Safety goggles", "3D printer", "12"))
    assert "Page 1 of 1" in first
    assert "Page 1 of 1" in second, "each sheet is numbered for itself"


def test_the_code_on_the_sheet_is_the_tag(tmp_path: Path) -> None:
    """The paper that comes back in the box is scanned in place of the label."""
    import zxingcpp

    out = tmp_path / "loan.pdf"
    write_loan_sheets([sheet(LentItem(TAG, "Kit", 1, "", (Item("Wheel", 16),)))], out)
    with pypdfium2.PdfDocument(out) as document:
        picture = document[0].render(scale=200 / 72).to_pil()
    assert [each.text for each in zxingcpp.read_barcodes(picture)] == [TAG]


@pytest.mark.parametrize("short", [(), ("Wheel: 2 missing", "Panel: 1 broken")])
def test_a_receipt_names_what_is_short(tmp_path: Path, short: tuple[str, ...]) -> None:
    """The school's proof that it gave everything back, or of exactly what it did not."""
    out = tmp_path / "receipt.pdf"
    found = "Counted." if short else "Counted whole: everything on the list is there."
    write_receipts(
        [
            Receipt(
                *("Fife College", SCHOOL, "MTa STEM kit", TAG, "AC0001", 1),
                *("1 Dec 2026", "15 Dec 2026", "m.ross", found, short),
            )
        ],
        out,
    )
    (page,) = pages_of(out)
    assert found in page
    assert all(line in page for line in short)
    assert ("turn up" in page) == bool(short)


def letter(*address: str, paragraphs: tuple[str, ...] = ("Dear Màiri,",)) -> Letter:
    """A letter to this address."""
    return Letter("Sabhal Mòr Ostaig", address, "9 Dec 2026", "Kits", paragraphs)


@pytest.mark.parametrize(
    "address",
    [
        ("Lochside Academy",),
        ("Màiri NicDhòmhnaill", SCHOOL, "12 Example Street", "FORT WILLIAM", "PH33 6ZZ"),
        tuple(f"{SCHOOL} {n}" for n in range(5)),
    ],
)
def test_the_address_is_in_the_window_wherever_the_letter_slides(
    tmp_path: Path, address: tuple[str, ...]
) -> None:
    """Nothing of it is behind the envelope, and nothing else is in the window."""
    left, top, width, height = ADDRESS
    assert left >= 20, "the window, when the letter lies at the left"
    assert left + width <= 100, "and at the right"
    assert top >= 57, "at the top"
    assert top + height <= 81, "and at the foot"
    out = tmp_path / "letter.pdf"
    write_letters([letter(*address)], out)
    for line in address:
        box = boxes(out, line.split(" agus")[0])
        assert box[0] >= left
        assert box[1] >= top
        assert box[2] <= left + width
        assert box[3] <= top + height
    assert boxes(out, "9 Dec 2026")[1] > 92, "the date is below the window"
    assert boxes(out, "Sabhal")[3] < 46, "and the college's name above it"


def test_letters_are_each_numbered_and_whole(tmp_path: Path) -> None:
    """Two letters in one file are put into two envelopes."""
    kits = "\n".join(f"• STEM kit {n}" for n in range(90))
    out = tmp_path / "letters.pdf"
    drawn = write_letters([letter("A", paragraphs=("Dear A,", kits, "Le meas")), letter("B")], out)
    pages = pages_of(out)
    assert drawn.pages == len(pages)
    assert "Page 1 of 1" in pages[-1]
    assert f"Page 1 of {len(pages) - 1}" in pages[0]
    assert all(f"STEM kit {n}" in "".join(pages) for n in range(90))


def test_a_list_says_when_there_is_nothing(tmp_path: Path) -> None:
    """An empty part of the day is a sentence: else somebody looks for the page that is missing."""
    out = tmp_path / "list.pdf"
    due = Section("Due back", "Nothing is due back.", ("What", "With"), (0.5, 0.5), (("Kit", "A"),))
    late = Section("Overdue", "Nothing is overdue.", ("What", "With"), (0.5, 0.5), ())
    write_list("Fife College", "Tuesday 1 Dec 2026", [due, late], out)
    (page,) = pages_of(out)
    assert all(words in page for words in ("Due back (1)", "Overdue (0)", "Nothing is overdue."))
    many = Section(
        "Due back",
        "",
        ("What", "With"),
        (0.5, 0.5),
        (("Kit", "A"),) * 90,
    )
    assert write_list("Fife College", "Tuesday", [many], out).pages > 1
    assert all("What" in page for page in pages_of(out))


def test_what_the_fonts_lack_is_told(tmp_path: Path) -> None:
    """A name in a script that the fonts do not have is shown as ?, and the answer lists it."""
    drawn = write_letters([letter("学校")], tmp_path / "letter.pdf")
    assert drawn.missing == "学校"


def test_nothing_to_print_is_refused(tmp_path: Path) -> None:
    """An empty file at the printer is worse than a sentence."""
    with pytest.raises(BadInput) as refusal:
        write_letters([], tmp_path / "letter.pdf")
    assert refusal.value.code == "nothing_to_print"
    assert not (tmp_path / "letter.pdf").exists()


def test_the_same_paper_is_the_same_file(tmp_path: Path) -> None:
    """A paper that is written again for a folder under version control has not changed."""
    for name in ("a", "b"):
        write_letters([letter("Lochside Academy")], tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
