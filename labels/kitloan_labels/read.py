"""The tags in a picture: a photo of a label, a screenshot, a scanned sheet, the pages of a PDF.

The decoder looks at a picture as it stands, and once more a little blurred. Where it finds no
code, more versions are tried in turn: each helps against something that photos suffer from, and
what each is worth stands in `docs/labels.md`. A damaged code now and then decodes to a wrong
text, and many codes in the world are not ours, so only what has a tag's check character counts.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import zxingcpp
from PIL import Image, ImageFilter

from kitloan import tags
from kitloan_labels.pictures import Progress, pictures

QR_ONLY = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)

_LARGEST_ENLARGED = 4_000_000
"""Pixels. A larger photo shows a label's modules large enough, and doubling it takes seconds."""

Version = Callable[[Image.Image], Image.Image]


def _filtered(by: ImageFilter.Filter) -> Version:
    return lambda picture: picture.filter(by)


def _enlarged(picture: Image.Image) -> Image.Image:
    if picture.width * picture.height > _LARGEST_ENLARGED:
        return picture
    twice = (picture.width * 2, picture.height * 2)
    return picture.resize(twice, Image.Resampling.LANCZOS)


def _reduced(picture: Image.Image) -> Image.Image:
    return picture.reduce(2)


VERSIONS: tuple[Version, ...] = (
    lambda picture: picture,
    _filtered(ImageFilter.GaussianBlur(2.5)),  # noise and specks, thin scratches
    _reduced,  # blots, broad noise
    _filtered(ImageFilter.UnsharpMask(3, 200)),  # out of focus, or of few pixels
    _enlarged,  # shadows' edges, small modules
    _filtered(ImageFilter.GaussianBlur(1)),  # noise upon small modules
    _filtered(ImageFilter.MinFilter(3)),  # broader scratches, which are light
)
_LOOKS = 2
"""How many versions are read even when the first gives a tag: one scratched label on a shelf of
good ones would else go unseen, and the second look finds most such at a small cost."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A tag and where the middle of its code lies, as shares of the picture."""

    tag: str
    x: float
    y: float
    height: float


def read_tags(path: Path, progress: Progress | None = None) -> list[str]:
    """The tags in a picture file or a PDF, each once, page by page in reading order.

    Args:
        path: a picture of any usual kind, with one frame or several, or a PDF.
        progress: called after each page with how many were read, of how many.

    Raises:
        BadInput: `no_such_file`, `cannot_read`, `not_a_picture` or `picture_too_large`.
    """
    return _each_once(tag for picture in pictures(path, progress) for tag in tags_in(picture))


def tags_in(picture: Image.Image) -> list[str]:
    """The tags in one picture in greys, from the top down and from left to right."""
    found: dict[str, _Found] = {}
    for look, version in enumerate(VERSIONS, start=1):
        shown = version(picture)
        for barcode in zxingcpp.read_barcodes(shown, formats=QR_ONLY):
            tag = tags.bare(barcode.text)
            if tags.is_tag(tag):
                found.setdefault(tag, _place(tag, barcode.position, shown))
        if found and look >= _LOOKS:
            break
    return _in_reading_order(list(found.values()))


def _each_once(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))


def _place(tag: str, position: zxingcpp.Position, shown: Image.Image) -> _Found:
    corners = (
        position.top_left,
        position.top_right,
        position.bottom_right,
        position.bottom_left,
    )
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    height = (max(ys) - min(ys)) / shown.height
    return _Found(tag, sum(xs) / 4 / shown.width, sum(ys) / 4 / shown.height, height)


def _in_reading_order(codes: list[_Found]) -> list[str]:
    """Codes less than half a code apart in height are one row: no photo is quite level."""
    rows: list[list[_Found]] = []
    for code in sorted(codes, key=lambda code: code.y):
        if rows and code.y - rows[-1][-1].y < code.height / 2:
            rows[-1].append(code)
        else:
            rows.append([code])
    return [code.tag for row in rows for code in sorted(row, key=lambda code: code.x)]
