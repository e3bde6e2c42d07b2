"""A PDF that goes to its file page by page.

reportlab keeps every page until the end, and then joins them all in memory. A hundred thousand
labels are thousands of pages, so each page is written as soon as it is full, and forgotten.
reportlab still draws, and still says how each object is spelt; what is kept of a page is where in
the file it lies. Fonts hold the letters that were used and come last, with the list of pages.
"""

import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pypdfium2
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfdoc import (
    PDFDictionary,
    PDFFile,
    PDFIndirectObject,
    PDFName,
    PDFPage,
    PDFStream,
    PDFTrailer,
)
from reportlab.pdfgen.canvas import Canvas

from kitloan.storage.files import whole_file
from kitloan_labels import qr
from kitloan_labels.fonts import fonts


class Stream:
    """Writes what a canvas draws to a new file, in place of the canvas's own `save`."""

    def __init__(self, canvas: Canvas, file: BinaryIO) -> None:
        self._doc = canvas._doc  # type: ignore[attr-defined]  # not in the stubs
        self._file = file
        self._at = 0
        self._offsets = array("Q", [0])  # of each object by its number; 0 until it is written
        self._add(*PDFFile(self._doc._pdfVersion).strings)

    def page(self, page: PDFPage) -> None:
        """Write the page that was shown last, and forget it."""
        doc, name = self._doc, _name(page)
        self._write(name)
        # A page is no more than this to the list of pages, which `close` writes.
        doc.Pages.pages[-1] = f"{doc.idToObjectNumberAndVersion[name][0]} 0 R"
        contents = _name(page.Contents)  # it has its name since the page was written
        self._write(contents)
        for written in (name, contents):
            number, _ = doc.idToObjectNumberAndVersion.pop(written)
            del doc.idToObject[written], doc.numberToId[number]

    def close(self) -> None:
        """Write what the pages share, and where everything lies."""
        doc = self._doc
        for font in doc.delayedFonts:
            font.addObjects(doc)
        doc.Catalog.Outlines = None  # there are none
        doc.info.digest(doc.signature)
        root, info = doc.Reference(doc.Catalog), doc.Reference(doc.info)
        number = 0
        while (number := number + 1) <= doc.objectcounter:  # it grows: one object needs another
            if number in doc.numberToId:
                self._write(doc.numberToId[number])
        count = len(self._offsets)
        start = self._add(f"xref\n0 {count}\n0000000000 65535 f \n".encode())
        for offset in self._offsets[1:]:
            self._add(f"{offset:010} 00000 n \n".encode())
        self._add(PDFTrailer(start, count, Root=root, Info=info, ID=doc.ID()).format(doc))

    def _write(self, name: str) -> None:
        number, _ = self._doc.idToObjectNumberAndVersion[name]
        spelt = PDFIndirectObject(name, self._doc.idToObject[name]).format(self._doc)
        self._offsets.extend([0] * (number + 1 - len(self._offsets)))
        self._offsets[number] = self._add(spelt)

    def _add(self, *parts: bytes) -> int:
        """Where in the file the parts now begin."""
        start = self._at
        self._at += sum(map(self._file.write, parts))
        return start


def _name(known: object) -> str:
    """What a document calls an object of its own."""
    return str(known.__InternalName__)  # type: ignore[attr-defined]


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
