"""Tags read from files of several pages: PDFs, scans, animations; and files that hide too much."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

import damage
from kitloan.errors import BadInput
from kitloan.text import tags
from kitloan_labels import pdf, photos, stock
from kitloan_labels.photos import read_tags

Printer = Callable[..., list[Image.Image]]


def labels(count: int) -> list[pdf.Label]:
    """Labels with fresh tags."""
    return [pdf.Label(tags.mint(), "MTa STEM Kit", "Fife College") for _ in range(count)]


def test_a_sheet_is_read_from_its_pdf(tmp_path: Path) -> None:
    """Lost: a check of a sheet before it is printed, or of one that was sent by mail."""
    wanted = labels(30)
    pdf.write_sheets(wanted, stock.find("l7160"), tmp_path / "a.pdf")
    counted: list[tuple[int, int]] = []
    found = read_tags(tmp_path / "a.pdf", lambda *done: counted.append(done))
    assert found == [label.tag for label in wanted]
    assert counted == [(1, 2), (2, 2)]


def test_a_scan_in_a_pdf_is_read(print_sheets: Printer, tmp_path: Path) -> None:
    """Lost: what an office scanner makes, which is a PDF around a picture."""
    wanted = labels(21)
    (page,) = print_sheets(wanted, "l7160", dpi=200)
    page.rotate(1, fillcolor=255).save(tmp_path / "scan.pdf", resolution=200)
    assert read_tags(tmp_path / "scan.pdf") == [label.tag for label in wanted]


@pytest.mark.parametrize("kind", ["tiff", "gif", "png", "webp"])
def test_every_page_of_a_scan_is_read(kind: str, tmp_path: Path) -> None:
    """Lost: all but the first page of a stock-take."""
    wanted = [tags.mint() for _ in range(3)]
    first, *others = (damage.printed(tag) for tag in wanted)
    first.save(tmp_path / f"scan.{kind}", save_all=True, append_images=others)
    assert read_tags(tmp_path / f"scan.{kind}") == wanted


def test_a_phones_preview_is_no_second_page(tmp_path: Path) -> None:
    """Lost: a photo refused for what a phone keeps behind it."""
    tag = tags.mint()
    photo = damage.printed(tag)
    photo.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[photo.reduce(8)])
    whole = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(whole[:-400])
    assert read_tags(tmp_path / "a.jpg") == [tag]


def test_a_vast_page_takes_no_more_memory_than_another(tmp_path: Path) -> None:
    """Lost: the machine, to a drawing of a building that was dropped among the photos."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(14_000, 14_000)
    document.save(tmp_path / "plan.pdf")
    (page,) = photos.pictures(tmp_path / "plan.pdf")
    assert page.width * page.height < 21_000_000


def test_a_pdf_that_needs_a_password_or_is_cut_short_is_refused(tmp_path: Path) -> None:
    """Lost: "no tags" for sheets that were never looked at."""
    pdf.write_sheets(labels(1), stock.find("l7160"), tmp_path / "a.pdf")
    whole = (tmp_path / "a.pdf").read_bytes()
    (tmp_path / "a.pdf").write_bytes(whole[:40])
    with pytest.raises(BadInput) as refusal:
        read_tags(tmp_path / "a.pdf")
    assert refusal.value.code == "not_a_picture"
    assert "password" in refusal.value.message


def test_a_thousand_frames_are_refused(tmp_path: Path) -> None:
    """Lost: an afternoon, to a few kilobytes."""
    frames = [Image.new("L", (2, 2), shade % 256) for shade in range(502)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(BadInput) as refusal:
        read_tags(tmp_path / "a.gif")
    assert refusal.value.code == "picture_too_large"


def test_a_vast_second_page_is_refused(tmp_path: Path) -> None:
    """Lost: the machine's memory, to a bomb behind a harmless first page."""
    small = Image.new("1", (8, 8), 1)
    vast = Image.new("1", (10_000, 10_000), 1)
    small.save(tmp_path / "a.tiff", save_all=True, append_images=[vast], compression="group4")
    pages = photos.pictures(tmp_path / "a.tiff")
    assert len(list(islice(pages, 1))) == 1
    with pytest.raises(BadInput) as refusal:
        next(pages)
    assert refusal.value.code == "picture_too_large"
