"""A PDF that goes to its file page by page.

reportlab keeps every page until the end, and then joins them all in memory. A hundred thousand
labels are thousands of pages, so each page is written as soon as it is full, and forgotten.
reportlab still draws, and still says how each object is spelt; what is kept of a page is where in
the file it lies. Fonts hold the letters that were used and come last, with the list of pages.
"""

from array import array
from typing import BinaryIO

from reportlab.pdfbase.pdfdoc import PDFFile, PDFIndirectObject, PDFPage, PDFTrailer
from reportlab.pdfgen.canvas import Canvas


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
