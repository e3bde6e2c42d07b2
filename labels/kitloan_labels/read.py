"""The tags in a picture: a photo of a label, a screenshot, a scanned sheet.

The decoder looks at the picture as it stands, and once more a little blurred. Where it finds no
code, more filters are tried in turn: each helps against something that photos suffer from. A
damaged code now and then decodes to a wrong text, and many codes in the world are not ours, so
only what has a tag's check character counts.
"""

import warnings
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from kitloan import tags
from kitloan.errors import BadInput

_RESCUES = (
    ImageFilter.GaussianBlur(2.5),  # noise and specks, thin scratches
    ImageFilter.UnsharpMask(3, 200),  # out of focus, or of few pixels
    ImageFilter.GaussianBlur(1),  # noise upon small modules
    ImageFilter.MinFilter(3),  # broader scratches, which are light
)
_LOOKS = 2
"""How many versions are read even when the first gives a tag: one scratched label on a shelf of
good ones would else go unseen, and the second look finds most such at a small cost."""

_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"heif", b"mif1", b"msf1"}


@dataclass(frozen=True, slots=True)
class _Found:
    """A tag and where the middle of its code lies, in pixels."""

    tag: str
    x: float
    y: float
    height: float


def read_tags(path: Path) -> list[str]:
    """The tags in a picture file, each once, from the top down and from left to right.

    Raises:
        BadInput: `no_such_file`, `cannot_read`, `not_a_picture` or `picture_too_large`.
    """
    found: dict[str, _Found] = {}
    ours = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
    picture = _open(path)
    for look, version in enumerate(chain([picture], map(picture.filter, _RESCUES)), start=1):
        for barcode in zxingcpp.read_barcodes(version, formats=ours):
            tag = tags.bare(barcode.text)
            if tags.is_tag(tag):
                found.setdefault(tag, _place(tag, barcode.position))
        if found and look >= _LOOKS:
            break
    return _in_reading_order(list(found.values()))


def _place(tag: str, position: zxingcpp.Position) -> _Found:
    corners = (
        position.top_left,
        position.top_right,
        position.bottom_right,
        position.bottom_left,
    )
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    return _Found(tag, sum(xs) / 4, sum(ys) / 4, max(ys) - min(ys))


def _in_reading_order(codes: list[_Found]) -> list[str]:
    """Codes less than half a code apart in height are one row: no photo is quite level."""
    rows: list[list[_Found]] = []
    for code in sorted(codes, key=lambda code: code.y):
        if rows and code.y - rows[-1][-1].y < code.height / 2:
            rows[-1].append(code)
        else:
            rows.append([code])
    return [code.tag for row in rows for code in sorted(row, key=lambda code: code.x)]


def _open(path: Path) -> Image.Image:
    """The picture in greys, the right way up, transparent parts white."""
    try:
        with path.open("rb") as file:
            return _decoded(file, path)
    except FileNotFoundError as trouble:
        raise BadInput(
            "no_such_file", f"There is no file {path}.", "Look at its name again.", path=str(path)
        ) from trouble
    except OSError as trouble:
        raise BadInput(
            "cannot_read",
            f"{path} cannot be read: {trouble.strerror or trouble}.",
            "Give the name of a picture file that you may open.",
            path=str(path),
        ) from trouble


def _decoded(file: BinaryIO, path: Path) -> Image.Image:
    head = file.read(16)
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _greys(Image.open(file))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as trouble:
        raise BadInput(
            "picture_too_large",
            f"{path} has more than {Image.MAX_IMAGE_PIXELS or 0:,} pixels.",
            "Cut out the part with the labels, or save it smaller.",
            path=str(path),
        ) from trouble
    except Exception as trouble:  # a decoder meets a damaged file with nearly any exception
        what, hint = _not_a_picture(head)
        raise BadInput("not_a_picture", f"{path} {what}.", hint, path=str(path)) from trouble


def _not_a_picture(head: bytes) -> tuple[str, str]:
    if head.startswith(b"%PDF"):
        return "is a PDF, not a picture", "Photograph the page, or export it as a PNG."
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return (
            "is a HEIC picture, which kitloan cannot open",
            "Save it as JPEG. On an iPhone: Settings, Camera, Formats, Most Compatible.",
        )
    return (
        "is not a picture that kitloan can open, or it is damaged",
        "Give a PNG or JPEG file.",
    )


def _greys(picture: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(picture)
    if upright.has_transparency_data:
        paper = Image.new("RGBA", upright.size, "white")
        paper.alpha_composite(upright.convert("RGBA"))
        upright = paper
    return upright.convert("L")
