"""Codes read from photos: pictures of any usual kind, scans of several pages, PDFs; from a camera.

A file is opened as pictures in greys, the right way up, one page in memory at a time. A file that
is not a picture is refused with what to do about it, and one that would fill the machine's memory
is refused before it does.
"""

import math
import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from kitloan.errors import BadInput, KitloanError, is_installed, not_installed
from kitloan.storage.files import insist_on_file
from kitloan.text import tags
from kitloan.text.names import tidy
from kitloan.text.scans import tag_in_mail

Progress = Callable[[int, int], None]
"""Called with how many pages are done, of how many."""

_PDF_DPI = 300
_LARGEST_PAGE = 20_000_000
"""Pixels of a PDF's page: A4 takes less than half. A larger page is rendered more coarsely."""

_PAGED = {"TIFF", "GIF", "WEBP", "PNG"}
"""Where a second frame is another page. In a phone's JPEG it is a preview, or depth and light."""

_MOST_FRAMES = 500
"""A few kilobytes can hold a million frames."""

_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"heif", b"mif1", b"msf1"}


def pictures(path: Path, progress: Progress | None = None) -> Iterator[Image.Image]:
    """The pages of a picture file or a PDF, one after another.

    Raises:
        BadInput: `no_such_file`, `not_a_file`, `cannot_read`, `not_a_picture` or
            `picture_too_large`.
    """
    insist_on_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(1024)
            file.seek(0)
            with _refusing(path, head):
                yield from _counted(_pages(file, head), progress)
    except FileNotFoundError as trouble:
        raise BadInput(
            "no_such_file", f"There is no file {path}.", "Check its name.", path=str(path)
        ) from trouble
    except OSError as trouble:
        raise BadInput(
            "cannot_read",
            f"{path} cannot be read: {trouble.strerror or trouble}.",
            "Give the name of a picture file that you may open.",
            path=str(path),
        ) from trouble


def _counted(
    pages: Iterator[tuple[Image.Image, int]], progress: Progress | None
) -> Iterator[Image.Image]:
    for number, (page, total) in enumerate(pages, start=1):
        yield page
        if progress:
            progress(number, total)


def _pages(file: BinaryIO, head: bytes) -> Iterator[tuple[Image.Image, int]]:
    return _of_pdf(file) if _is_pdf(head) else _of_picture(file)


def _of_picture(file: BinaryIO) -> Iterator[tuple[Image.Image, int]]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        picture = Image.open(file)
    frames = getattr(picture, "n_frames", 1) if picture.format in _PAGED else 1
    if frames > _MOST_FRAMES:
        raise _TooLargeError("picture_too_large", f"has more than {_MOST_FRAMES} pages")
    for number in range(frames):
        if number:
            picture.seek(number)
        # Each frame has its own size, and Pillow has checked only the first.
        if picture.width * picture.height > (Image.MAX_IMAGE_PIXELS or 0):
            raise Image.DecompressionBombError
        yield _greys(picture), frames


def _of_pdf(file: BinaryIO) -> Iterator[tuple[Image.Image, int]]:
    import pypdfium2  # here, since most pictures are photos

    with pypdfium2.PdfDocument(file) as document:
        for page in document:
            width, height = page.get_size()
            finest = math.sqrt(_LARGEST_PAGE / max(width * height, 1))
            rendered = page.render(scale=min(_PDF_DPI / 72, finest), grayscale=True)
            yield rendered.to_pil().convert("L"), len(document)
            page.close()


def _greys(picture: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(picture)
    if upright.has_transparency_data:
        paper = Image.new("RGBA", upright.size, "white")
        paper.alpha_composite(upright.convert("RGBA"))
        upright = paper
    return upright.convert("L")


class _TooLargeError(KitloanError):
    """Which limit it is over."""


@contextmanager
def _refusing(path: Path, head: bytes) -> Iterator[None]:
    """Turn what decoders raise inside the block into refusals."""
    try:
        yield
    except (GeneratorExit, BadInput):
        raise
    except (_TooLargeError, Image.DecompressionBombWarning, Image.DecompressionBombError) as why:
        most = f"has more than {Image.MAX_IMAGE_PIXELS or 0:,} pixels"
        raise BadInput(
            "picture_too_large",
            f"{path} {why if isinstance(why, _TooLargeError) else most}.",
            "Cut out the part with the labels, or save it smaller.",
            path=str(path),
        ) from why
    except Exception as trouble:  # a decoder raises nearly anything for a damaged file
        what, hint = _not_a_picture(head)
        raise BadInput("not_a_picture", f"{path} {what}.", hint, path=str(path)) from trouble


def _is_pdf(head: bytes) -> bool:
    return b"%PDF-" in head  # readers allow a little in front of it


def _not_a_picture(head: bytes) -> tuple[str, str]:
    if _is_pdf(head):
        return (
            "is a PDF that cannot be read: it is damaged, or needs a password",
            "Photograph the page, or export it as a PNG.",
        )
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return (
            "is a HEIC picture, which kitloan cannot open",
            "Save it as JPEG. On an iPhone: Settings, Camera, Formats, Most Compatible.",
        )
    return (
        "is not a picture that kitloan can open, or it is damaged",
        "Give a PNG or JPEG file, or a PDF.",
    )


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
"""How many versions are read even when the first has a tag: the second finds one scratched label
on a shelf of good ones, at a small cost."""


@dataclass(frozen=True, slots=True)
class Codes:
    """What a file's QR codes hold, each once, page by page in reading order.

    Attributes:
        tags: kitloan's tags, bare.
        others: the texts of codes that are not kitloan's: a web address, an asset number, a
            command card.
    """

    tags: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A code's text, and where its middle is, as shares of the picture."""

    text: str
    x: float
    y: float
    height: float

    def is_at(self, other: "_Found") -> bool:
        """Whether it is in the place of another code."""
        return max(abs(self.x - other.x), abs(self.y - other.y)) < other.height / 2


def read_codes(path: Path, progress: Progress | None = None) -> Codes:
    """The codes in a picture file or a PDF.

    Args:
        path: a picture of any usual kind, with one frame or several, or a PDF.
        progress: called after each page with how many were read, of how many.

    Raises:
        BadInput: `no_such_file`, `cannot_read`, `not_a_picture` or `picture_too_large`.
    """
    pages = [_codes_in(picture) for picture in pictures(path, progress)]
    texts = list(dict.fromkeys(text for page in pages for text in page))
    found = tuple(text for text in texts if tags.is_tag(text))
    return Codes(found, tuple(text for text in texts if not tags.is_tag(text)))


def read_tags(path: Path, progress: Progress | None = None) -> list[str]:
    """The tags in a picture file or a PDF, each once; arguments and refusals as `read_codes`."""
    return list(read_codes(path, progress).tags)


def tags_in(picture: Image.Image) -> list[str]:
    """The tags in one picture in greys, from the top down and from left to right."""
    return [text for text in _codes_in(picture) if tags.is_tag(text)]


def _codes_in(picture: Image.Image) -> list[str]:
    """The texts of a picture's codes in reading order; a tag in its bare form."""
    found: dict[str, _Found] = {}
    for look, version in enumerate(VERSIONS, start=1):
        shown = version(picture)
        for barcode in zxingcpp.read_barcodes(shown, formats=QR_ONLY):
            text = _text(barcode.text)
            if text:
                found.setdefault(text, _place(text, barcode.position, shown))
        if look >= _LOOKS and any(map(tags.is_tag, found)):
            break
    codes = list(found.values())
    good = [code for code in codes if tags.is_tag(code.text)]
    # A damaged label is now and then read as another text first, and then as what it is.
    misread = [code for code in codes if code not in good and any(map(code.is_at, good))]
    return _in_reading_order([code for code in codes if code not in misread])


def _text(decoded: str) -> str:
    tag = tag_in_mail(decoded) or tags.bare(decoded)
    return tag if tags.is_tag(tag) else tidy(decoded)


def _place(text: str, position: zxingcpp.Position, shown: Image.Image) -> _Found:
    corners = (
        position.top_left,
        position.top_right,
        position.bottom_right,
        position.bottom_left,
    )
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    height = (max(ys) - min(ys)) / shown.height
    return _Found(text, sum(xs) / 4 / shown.width, sum(ys) / 4 / shown.height, height)


def _in_reading_order(codes: list[_Found]) -> list[str]:
    """Codes less than half a code apart in height are one row: no photo is quite level."""
    rows: list[list[_Found]] = []
    for code in sorted(codes, key=lambda code: code.y):
        if rows and code.y - rows[-1][-1].y < code.height / 2:
            rows[-1].append(code)
        else:
            rows.append([code])
    return [code.text for row in rows for code in sorted(row, key=lambda code: code.x)]


# -- a camera -------------------------------------------------------------------------------------

_BETWEEN_LOOKS = 0.08
"""Seconds of the camera's time between two looks: each takes some hundredths, on one thread."""

_DARK = 16
"""The mean of a frame's greys, from 0 to 255, below which a lens is covered or a room is dark."""

_WISHED_WIDTH, _WISHED_HEIGHT = 1280, 720
"""What a camera is asked for; it gives the nearest that it has."""

_QUIET = {"OPENCV_LOG_LEVEL": "SILENT", "OPENCV_FFMPEG_LOGLEVEL": "-8"}
"""The library would write over the screen of the desk."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a camera saw at one moment.

    Attributes:
        at: seconds since the camera was opened, by the recording's own time where it is one.
        texts: the texts of the QR codes in view, as they were printed.
        dark: whether there is too little light to see anything.
    """

    at: float
    texts: tuple[str, ...]
    dark: bool


def looks(source: str) -> Iterator[Look]:
    """What a camera sees, look by look, for as long as it sees.

    Args:
        source: the number of a camera, the first being `0`; or the path of a recording, which is
            then seen in the camera's place.

    Raises:
        BadInput: `not_installed`; `no_camera`; `camera_in_use`; `camera_stopped`, when no more
            frames come: it was unplugged, or the recording is at its end; `no_such_file`,
            `not_a_file` and `cannot_read`, for a recording.
    """
    if not is_installed("camera"):
        raise not_installed("camera")
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import cv2  # half a second, and only for a camera

    number = int(source) if source.isdecimal() and len(source) < 3 else None
    if number is None:
        _insist_on_recording(Path(source))
    camera = cv2.VideoCapture(source if number is None else number)
    try:
        if not camera.isOpened():
            raise _not_opened(source, number)
        if number is not None:
            camera.set(cv2.CAP_PROP_FRAME_WIDTH, _WISHED_WIDTH)
            camera.set(cv2.CAP_PROP_FRAME_HEIGHT, _WISHED_HEIGHT)
        rate = camera.get(cv2.CAP_PROP_FPS) if number is None else 0.0
        yield from _looks_of(camera, cv2, rate, number)
    finally:
        camera.release()


def _looks_of(camera: Any, cv2: Any, rate: float, number: int | None) -> Iterator[Look]:
    """Look at the frames of an open camera: not at all of them, and never at an old one."""
    start, frame, last = time.monotonic(), 0, float("-inf")
    while camera.grab():
        at = frame / rate if rate > 0 else time.monotonic() - start
        frame += 1
        if at - last < _BETWEEN_LOOKS:
            continue
        last = at
        found, picture = camera.retrieve()
        if not found:
            break
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) if picture.ndim == 3 else picture
        texts = [code.text for code in zxingcpp.read_barcodes(grey, formats=QR_ONLY) if code.text]
        yield Look(at, tuple(dict.fromkeys(texts)), bool(grey.mean() < _DARK))
    if not frame:
        raise _in_use(number)
    raise _stopped(number)


def _insist_on_recording(path: Path) -> None:
    """Refuse what is no file of this machine: the library would also open addresses."""
    insist_on_file(path)
    try:
        with path.open("rb"):
            return
    except FileNotFoundError as trouble:
        raise BadInput(
            "no_such_file",
            f"There is no camera and no recording {path}.",
            "Give the number of a camera; the first is 0.",
            path=str(path),
        ) from trouble
    except (OSError, ValueError) as trouble:
        raise BadInput(
            "cannot_read",
            f"{path} cannot be read.",
            "Give the number of a camera; the first is 0.",
            path=str(path),
        ) from trouble


def _not_opened(source: str, number: int | None) -> BadInput:
    if number is None:
        return BadInput(
            "cannot_read",
            f"{source} is not a recording that can be played.",
            "Give the number of a camera; the first is 0.",
            path=source,
        )
    if Path(f"/dev/video{number}").exists():
        return _in_use(number)
    which = f"No camera {number} was found." if number else "No camera was found."
    return BadInput("no_camera", which, "Plug one in. Until then scan or type.", camera=number)


def _in_use(number: int | None) -> BadInput:
    if number is None:
        return BadInput(
            "cannot_read", "The recording has no picture.", "Give the number of a camera."
        )
    return BadInput(
        "camera_in_use",
        "The camera gives no picture: another program has it, or this one may not use it.",
        "Close the other program, or allow the terminal to use the camera.",
        camera=number,
    )


def _stopped(number: int | None) -> BadInput:
    if number is None:
        return BadInput(
            "camera_stopped", "The recording has ended.", "Scan or type, or open the desk again."
        )
    return BadInput(
        "camera_stopped",
        "The camera stopped: it was unplugged, or switched off.",
        "Plug it in again. Until then scan or type.",
        camera=number,
    )
