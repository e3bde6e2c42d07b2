"""A PDF for an ordinary printer: one page after the other, whole or not there at all.

Everything is vector, so codes are exact at any printer's resolution. The file asks viewers not to
scale it: a page shrunk to 96% drifts off its labels row by row. Equal pages give equal bytes.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFName, PDFStream
from reportlab.pdfgen.canvas import Canvas

from kitloan.files import whole_file
from kitloan_labels import qr
from kitloan_labels.fonts import fonts
from kitloan_labels.stream import Stream

READABLE = 0o666
"""A sheet holds nothing secret: it is as open to others as the system lets a new file be."""


class Pages:
    """The pages of a document, one at a time. Places are in millimetres from the top left corner.

    `canvas` is reportlab's, for words, whose sizes and places are in points from the bottom left.
    """

    def __init__(self, canvas: Canvas, stream: Stream, width_mm: float, height_mm: float) -> None:
        self.canvas = canvas
        self._stream = stream
        self.width = width_mm
        self.height = height_mm

    def from_top(self, y_mm: float) -> float:
        """So far from the top of the page, in reportlab's points from its foot."""
        return (self.height - y_mm) * mm

    def code(self, matrix: qr.Matrix, module: float, x_mm: float, y_mm: float) -> None:
        """A QR code whose quiet zone has its top left corner here."""
        canvas, quiet = self.canvas, qr.QUIET
        canvas.saveState()
        canvas.translate(x_mm * mm, self.from_top(y_mm))
        canvas.scale(module * mm, module * mm)
        path = canvas.beginPath()
        for row, column, length in qr.runs(matrix):
            # Whole numbers of modules: short to write, and the rows meet without a seam.
            path.rect(quiet + column, -(quiet + row + 1), length, 1)
        canvas.drawPath(path, stroke=0, fill=1)
        canvas.restoreState()

    def end_page(self) -> None:
        """The page is full: write it, and begin another when something more is drawn."""
        self.canvas.showPage()
        page = self.canvas._doc.Pages.pages[-1]  # type: ignore[attr-defined]  # not in the stubs
        # Packed here: reportlab would spell the bytes in letters, a quarter longer.
        packed = zlib.compress(page.stream.encode("latin-1")) + b"\n"
        page.Contents = PDFStream(PDFDictionary({"Filter": PDFName("FlateDecode")}), packed)
        self._stream.page(page)


@contextmanager
def document(path: Path, title: str, width_mm: float, height_mm: float) -> Iterator[Pages]:
    """A new PDF, which takes the place of `path` when the block ends well.

    Raises:
        BadInput: `cannot_write`.
    """
    fonts()
    with whole_file(path, READABLE) as beside, beside.open("wb") as file:
        canvas = Canvas(
            file,
            pagesize=(width_mm * mm, height_mm * mm),
            pageCompression=1,
            invariant=1,
            lang="en-GB",
        )
        canvas.setTitle(title)
        canvas.setAuthor("kitloan")
        canvas.setSubject("Print at 100%, without fitting to the page")
        canvas.setViewerPreference("PrintScaling", "None")
        stream = Stream(canvas, file)
        yield Pages(canvas, stream, width_mm, height_mm)
        stream.close()
