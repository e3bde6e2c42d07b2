"""A file as pictures in greys, the right way up: photos, scans of several pages, PDFs.

One page is in memory at a time. What is no picture is refused with what to do about it, and what
would take the machine's memory is refused before it does.
"""

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from kitloan.errors import BadInput, KitloanError

Progress = Callable[[int, int], None]
"""Called with how many pages are done, of how many."""

_PDF_DPI = 300
_LARGEST_PAGE = 20_000_000
"""Pixels of a PDF's page: A4 takes less than half. A larger page is rendered more coarsely."""

_PAGED = {"TIFF", "GIF", "WEBP", "PNG"}
"""Where a second frame is another page. In a phone's JPEG it is a preview, or light and shade."""

_MOST_FRAMES = 500
"""A few kilobytes can hold a million frames."""

_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"heif", b"mif1", b"msf1"}


def pictures(path: Path, progress: Progress | None = None) -> Iterator[Image.Image]:
    """The pages of a picture file or a PDF, one after another.

    Raises:
        BadInput: `no_such_file`, `cannot_read`, `not_a_picture` or `picture_too_large`.
    """
    try:
        with path.open("rb") as file:
            head = file.read(1024)
            file.seek(0)
            with _refusing(path, head):
                yield from _counted(_pages(file, head), progress)
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
        # Each frame has its own size, and Pillow looked at the first only.
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
    except Exception as trouble:  # a decoder meets a damaged file with nearly any exception
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
