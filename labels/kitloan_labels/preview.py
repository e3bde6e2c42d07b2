"""The first page of a PDF as a picture: a look before paper is spent."""

from pathlib import Path

import pypdfium2

from kitloan.files import whole_file
from kitloan_labels.document import READABLE

DPI = 150
"""Enough to read the smallest words on a screen, and to scan the codes off it."""


def write_preview(pdf: Path, picture: Path, dpi: int = DPI) -> None:
    """Puts the first page of `pdf` at `picture`, as a PNG.

    Raises:
        BadInput: `cannot_write`.
    """
    with pypdfium2.PdfDocument(pdf) as document, whole_file(picture, READABLE) as beside:
        page = document[0].render(scale=dpi / 72).to_pil()
        page.save(beside, format="PNG", dpi=(dpi, dpi))
