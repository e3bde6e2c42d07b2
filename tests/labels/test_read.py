"""Tags read back from pictures: photos as people take them, and files that are none."""

import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from kitloan.errors import BadInput
from kitloan.text import tags
from kitloan_labels import pdf, qr
from kitloan_labels.photos import read_tags

Printer = Callable[..., list[Image.Image]]

TAG = "KL8B7XAPXYTMZ"
CODE = (20, 100, 330, 410)  # where the code lies on the label below, in pixels
ORIENTATION = 0x0112  # the EXIF field that says how a camera was held


@pytest.fixture
def label(print_sheets: Printer) -> Image.Image:
    """One label, printed and scanned at 300 dots an inch: 8 pixels for each module."""
    (page,) = print_sheets([pdf.Label(TAG, "MTa STEM Kit", "Fife College")], "l7160", dpi=300)
    return page.crop((60, 150, 900, 660))


def noisy(picture: Image.Image) -> Image.Image:
    """As from a cheap camera in a dim store room."""
    dice = random.Random(7)
    grains = bytes(max(0, min(255, round(dice.gauss(128, 50)))) for _ in range(256 * 256))
    tile = Image.frombytes("L", (256, 256), grains)
    noise = Image.new("L", picture.size)
    for x in range(0, picture.width, 256):
        for y in range(0, picture.height, 256):
            noise.paste(tile, (x, y))
    dim = picture.point(lambda grey: 50 + grey // 2)
    return ImageChops.add(dim, noise, offset=-128)


def scratched(picture: Image.Image, scratches: int = 25) -> Image.Image:
    """As after a year in a school bag."""
    dice = random.Random(7)
    worn = picture.copy()
    pen = ImageDraw.Draw(worn)
    for _ in range(scratches):
        ends = [(dice.randrange(20, 290), dice.randrange(120, 400)) for _ in range(2)]
        pen.line(ends, fill=255, width=2)
    return worn


def specked(picture: Image.Image) -> Image.Image:
    """As photographed through a dusty bag: a fifth of the pixels black or white."""
    dice = random.Random(7)
    dusty = picture.copy()
    for _ in range(picture.width * picture.height // 5):
        place = dice.randrange(picture.width), dice.randrange(picture.height)
        dusty.putpixel(place, dice.choice((0, 255)))
    return dusty


PHOTOS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as printed": lambda label: label,
    "upside down": lambda label: label.rotate(180),
    "held askew": lambda label: label.rotate(23, expand=True, fillcolor=200),
    "far away": lambda label: label.reduce(4),
    "a little blurred": lambda label: label.filter(ImageFilter.GaussianBlur(3)),
    "out of focus": lambda label: label.filter(ImageFilter.GaussianBlur(4.5)),
    "noisy": lambda label: noisy(label.crop(CODE)),
    "noisy and far away": lambda label: noisy(label.crop(CODE).reduce(2)),
    "scratched": scratched,
    "specked": lambda label: specked(label.crop(CODE)),
    "grey and flat": lambda label: label.point(lambda grey: 110 + grey // 4),
    "white on black": lambda label: label.point(lambda grey: 255 - grey),
}


@pytest.mark.parametrize("photo", PHOTOS.values(), ids=PHOTOS.keys())
def test_a_photo_gives_the_tag(
    photo: Callable[[Image.Image], Image.Image], label: Image.Image, tmp_path: Path
) -> None:
    """Lost: a kit that has to be typed in because its photo was not perfect."""
    photo(label).save(tmp_path / "photo.jpg", quality=85)
    assert read_tags(tmp_path / "photo.jpg") == [TAG]


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "tiff", "bmp", "gif"])
def test_pictures_of_the_usual_kinds_are_read(
    kind: str, label: Image.Image, tmp_path: Path
) -> None:
    """Lost: a picture from a scanner or a chat program, refused for its format."""
    label.save(tmp_path / f"photo.{kind}")
    assert read_tags(tmp_path / f"photo.{kind}") == [TAG]


def test_a_code_on_a_transparent_ground_is_read(tmp_path: Path) -> None:
    """Lost: a code cut out of a document, whose ground would turn black like the code."""
    side = qr.SIDE * 8
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    for row, column, length in qr.runs(qr.modules(TAG)):
        picture.paste((0, 0, 0, 255), (column * 8, row * 8, (column + length) * 8, row * 8 + 8))
    picture.save(tmp_path / "code.png")
    assert read_tags(tmp_path / "code.png") == [TAG]


def test_a_phone_held_on_its_side_does_not_change_the_order(
    print_sheets: Printer, tmp_path: Path
) -> None:
    """Lost: tags named in the order of the sensor, not of the shelf."""
    shelf = [tags.mint() for _ in range(4)]
    (page,) = print_sheets([pdf.Label(tag, "Kit", "Fife College") for tag in shelf], "l7163")
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    page.rotate(90, expand=True).save(tmp_path / "photo.jpg", exif=exif)
    assert read_tags(tmp_path / "photo.jpg") == shelf


def test_a_scratched_label_among_good_ones_is_not_overlooked(
    print_sheets: Printer, tmp_path: Path
) -> None:
    """Lost: one kit of a shelf, without a word."""
    shelf = [TAG, tags.mint()]
    wanted = [pdf.Label(tag, "Kit", "Fife College") for tag in shelf]
    (page,) = print_sheets(wanted, "l7160", dpi=300)
    row = page.crop((60, 150, 1800, 660))
    scratched(row, 14).save(tmp_path / "photo.png")
    assert read_tags(tmp_path / "photo.png") == shelf


def test_one_code_seen_twice_is_one_tag(label: Image.Image, tmp_path: Path) -> None:
    """Lost: a kit counted twice because both of its labels were in the photo."""
    both = Image.new("L", (label.width, label.height * 2), 255)
    both.paste(label, (0, 0))
    both.paste(label, (0, label.height))
    both.save(tmp_path / "photo.png")
    assert read_tags(tmp_path / "photo.png") == [TAG]


@pytest.mark.parametrize(
    "text", ["KL8B7XAPXYTMY", "KL8B7XAPXYTM", "12345678", "HTTPS://EXAMPLE.ORG/", "937773"]
)
def test_a_code_that_is_no_tag_is_passed_over(text: str, tmp_path: Path) -> None:
    """Lost: a wrong reading, or a stranger's code, taken for a kit."""
    matrix = qr.modules(text)
    side = (len(matrix) + 8) * 6
    picture = Image.new("L", (side, side), 255)
    for row, column, length in qr.runs(matrix):
        left, top = (column + 4) * 6, (row + 4) * 6
        picture.paste(0, (left, top, left + length * 6, top + 6))
    picture.save(tmp_path / "code.png")
    assert read_tags(tmp_path / "code.png") == []


def test_a_tag_is_read_beside_a_code_that_is_none(label: Image.Image, tmp_path: Path) -> None:
    """Lost: kits in boxes that bear their maker's code too."""
    matrix = qr.modules("HTTPS://EXAMPLE.ORG/")
    picture = Image.new("L", (label.width, label.height + 300), 255)
    picture.paste(label, (0, 300))
    for row, column, length in qr.runs(matrix):
        left, top = 40 + column * 6, 40 + row * 6
        picture.paste(0, (left, top, left + length * 6, top + 6))
    picture.save(tmp_path / "photo.png")
    assert read_tags(tmp_path / "photo.png") == [TAG]


def test_a_picture_without_a_code_gives_no_tags(tmp_path: Path) -> None:
    """Lost: going through a folder of photos of which some show only kits."""
    Image.effect_noise((300, 200), 40).save(tmp_path / "photo.png")
    assert read_tags(tmp_path / "photo.png") == []


def bomb() -> bytes:
    """A PNG of a few bytes that claims a hundred thousand pixels a side."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(99))), (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize(
    ("contents", "code", "says"),
    [
        (b"%PDF-1.7\n%", "not_a_picture", "PNG"),
        (b"\x00\x00\x00\x24ftypheic\x00\x00\x00\x00mif1heic", "not_a_picture", "JPEG"),
        (b"", "not_a_picture", "JPEG"),
        (b"tag,type\nKL8B7XAPXYTMZ,kit\n", "not_a_picture", "JPEG"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_a_picture", "JPEG"),
        (bomb(), "picture_too_large", "smaller"),
    ],
    ids=["PDF", "HEIC", "empty", "a spreadsheet", "cut short", "bomb"],
)
def test_what_is_no_picture_is_refused_with_what_to_do(
    contents: bytes, code: str, says: str, tmp_path: Path
) -> None:
    """Lost: the way on, behind a decoder's own words, or the machine's memory."""
    (tmp_path / "photo").write_bytes(contents)
    with pytest.raises(BadInput) as refusal:
        read_tags(tmp_path / "photo")
    assert refusal.value.code == code
    assert says in refusal.value.hint


def test_a_photo_cut_off_in_its_middle_is_refused(label: Image.Image, tmp_path: Path) -> None:
    """Lost: "no tags" for a photo that did not finish copying."""
    label.save(tmp_path / "whole.png")
    whole = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput) as refusal:
        read_tags(tmp_path / "half.png")
    assert refusal.value.code == "not_a_picture"


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    """Lost: which of several names was wrong."""
    for name, code in (("none.png", "no_such_file"), (".", "cannot_read")):
        with pytest.raises(BadInput) as refusal:
            read_tags(tmp_path / name)
        assert refusal.value.code == code
        assert refusal.value.hint
