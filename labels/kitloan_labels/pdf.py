"""Labels drawn on sheets as a PDF for an ordinary printer, and the page that calibrates it.

`template` has what is written on a label, `layout` where it goes; here it is drawn, by reportlab.
Each label's `Placed` has its place on the sheet, and what of it could not be shown.

The calibration page has a ruler and the outlines of a stock's labels. Printed on plain paper and
held against a sheet of the stock, it shows how far off the printer is. The outlines are where
labels would be with the figures saved so far, so that a second page proves them. The rulers never
move with the figures: they measure the printer itself, and 100 divided by what they measure is the
scale.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pypdfium2
from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from kitloan.errors import BadInput
from kitloan.storage.files import whole_file
from kitloan_labels import layout, qr
from kitloan_labels.adjust import EXACT, Adjustment
from kitloan_labels.edges import must_be_on_page
from kitloan_labels.fit import LEADING, Fitted
from kitloan_labels.fonts import ASCENT, BOLD, PLAIN, drawable, fonts
from kitloan_labels.layout import Sheet
from kitloan_labels.template import TEMPLATES, Block, Label, Subject, Template, compose

__all__ = ["Label", "Pages", "Placed", "document", "write_calibration", "write_sheets"]

rl_config.useA85 = 0  # else packed bytes are spelt in letters, and files are a quarter larger

READABLE = 0o666
"""A sheet holds nothing secret: it is as open to others as the system lets a new file be."""

DPI = 150
"""Enough to read the smallest words on a screen, and to scan the codes off it."""

_HAIRLINE = 0.25  # points: enough to cut along, too little to see once cut

# -- a document -----------------------------------------------------------------------------------


class Pages:
    """The pages of a document, one at a time. Places are in millimetres from the top left corner.

    `canvas` is reportlab's, for words, whose sizes and places are in points from the bottom left.
    """

    def __init__(self, canvas: Canvas, width_mm: float, height_mm: float) -> None:
        self.canvas = canvas
        self.width = width_mm
        self.height = height_mm

    def from_top(self, y_mm: float) -> float:
        """A distance from the top of the page, as reportlab's points from its foot."""
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

    def outline(self, x_mm: float, y_mm: float, width_mm: float, height_mm: float) -> None:
        """A hairline around a rectangle."""
        self.canvas.setLineWidth(_HAIRLINE)
        foot = self.from_top(y_mm + height_mm)
        self.canvas.rect(x_mm * mm, foot, width_mm * mm, height_mm * mm)

    def end_page(self) -> None:
        """The page is full; another begins when something more is drawn."""
        self.canvas.showPage()


@contextmanager
def document(path: Path, title: str, width_mm: float, height_mm: float) -> Iterator[Pages]:
    """A new PDF, which replaces `path` when the block ends well.

    The same drawing gives the same bytes: there is no date in the file.

    Raises:
        BadInput: `cannot_write`.
    """
    fonts()
    with whole_file(path, READABLE) as new, new.open("wb") as file:
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
        yield Pages(canvas, width_mm, height_mm)
        canvas.save()


def write_preview(pdf: Path, picture: Path, dpi: int = DPI) -> None:
    """Write the first page of `pdf` to `picture`, as a PNG.

    Raises:
        BadInput: `cannot_write`.
    """
    with pypdfium2.PdfDocument(pdf) as opened, whole_file(picture, READABLE) as new:
        page = opened[0].render(scale=dpi / 72).to_pil()
        page.save(new, format="PNG", dpi=(dpi, dpi))


# -- labels ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a label was drawn: its page, from 1, and its top left corner in millimetres.

    `missing` holds the characters that the label shows as `?`; `left_out` names what it had no
    room for at all.
    """

    tag: str
    page: int
    x_mm: float
    y_mm: float
    missing: str = ""
    left_out: tuple[str, ...] = ()


def write_sheets(
    labels: Iterable[Subject],
    sheet: Sheet,
    path: Path,
    start: int = 1,
    progress: Callable[[int], None] | None = None,
    *,
    template: str = "kit",
    adjust: Adjustment = EXACT,
) -> list[Placed]:
    """Draw the labels and write the finished file to `path`, replacing what was there.

    Args:
        labels: in the order in which they are to be on the sheets.
        sheet: the stock, one on sale or a user's own; see `stock`.
        path: the PDF to write. A failure leaves the old one.
        start: the first free label on the first page, counted from 1.
        progress: called after each label with the number drawn.
        template: what is on the labels; a name in `template.TEMPLATES` that fits their kind.
        adjust: the printer's correction.

    Raises:
        BadInput: `bad_start`, `bad_tag`, `nothing_to_print`, `too_long`, `off_page` or
            `cannot_write`.
    """
    cells = layout.cells(sheet, start, adjust)
    title = f"Labels for {sheet.name}"
    form = _Form(sheet, TEMPLATES[template], adjust)
    with document(path, title, sheet.page_width, sheet.page_height) as pages:
        placed: list[Placed] = []
        for each in _drawn(pages, zip(labels, cells, strict=False), form):
            placed.append(each)
            if progress:
                progress(len(placed))
        if not placed:
            raise BadInput("nothing_to_print", "There are no labels to print.", "Name some.")
        pages.end_page()
    return placed


@dataclass(frozen=True, slots=True)
class _Form:
    """What all labels of one printing have in common."""

    sheet: Sheet
    template: Template
    adjust: Adjustment


def _drawn(
    pages: Pages, labels: Iterable[tuple[Subject, layout.Cell]], form: _Form
) -> Iterator[Placed]:
    page = 1
    for subject, cell in labels:
        if cell.page != page:
            pages.end_page()
            page = cell.page
        if form.sheet.cut:
            sheet = form.sheet
            pages.outline(cell.x, cell.y, sheet.label_width, sheet.label_height)
        yield _draw_label(pages, subject, cell, form)


def _draw_label(pages: Pages, subject: Subject, cell: layout.Cell, form: _Form) -> Placed:
    matrix = subject.matrix
    face = layout.face(form.sheet, len(matrix) if matrix else None)
    if matrix:
        must_be_on_page(cell, face, form.sheet, form.adjust)
        pages.code(matrix, face.module, *layout.code_corner(cell, face))
    room = face.words
    composed = compose(form.template, subject, room.width * mm, room.height * mm)
    box = layout.Box(cell.x + room.x, cell.y + room.y, room.width, room.height)
    write_block(pages, composed.block, box)
    return Placed(subject.tag, cell.page, cell.x, cell.y, composed.missing, composed.left_out)


def write_block(pages: Pages, block: Block, room: layout.Box) -> None:
    """Lines from the top down, in the middle of the height that they have on the page."""
    spare = room.height * mm - sum(fitted.height for _, fitted in block)
    top = pages.from_top(room.y) - spare / 2
    for font, fitted in block:
        for line in fitted.lines:
            pages.canvas.setFont(font, fitted.size)
            pages.canvas.drawString(room.x * mm, top - ASCENT * fitted.size, line)
            top -= LEADING * fitted.size


# -- the calibration page -------------------------------------------------------------------------

RULER_MM = 100
_TICK_MM = {10: 5.0, 5: 3.5, 1: 2.0}  # every so many millimetres, how long a mark
_PANEL = layout.Box(0, 0, 120, 62)  # in the middle of the page; outlines at its edges are enough
_WORDS = (
    (BOLD, 11, "Calibration page: {stock}"),
    (PLAIN, 8, 'Print at 100%, not "fit to page", on plain paper.'),
    (PLAIN, 8, "1. Measure the two rulers. 100 divided by what they show in mm is --scale."),
    (PLAIN, 8, "2. Hold the page behind a sheet of labels, against the light."),
    (PLAIN, 8, "To move the print right is --offset-x, down is --offset-y, in mm; left and up"),
    (PLAIN, 8, "are negative."),
    (PLAIN, 8, "3. Give them with --printer NAME --save-printer, and print this page again."),
    (PLAIN, 8, "Drawn here: offset {x:g}, {y:g} mm; scale {scale:g}."),
)


def write_calibration(sheet: Sheet, path: Path, adjust: Adjustment = EXACT) -> None:
    """Draw the calibration page of a stock and write it to `path`.

    Raises:
        BadInput: `cannot_write`.
    """
    title = f"Calibration page for {sheet.name}"
    with document(path, title, sheet.page_width, sheet.page_height) as pages:
        _outlines(pages, sheet, adjust)
        width = min(_PANEL.width, sheet.page_width)
        panel = layout.Box(
            (sheet.page_width - width) / 2,
            (sheet.page_height - _PANEL.height) / 2,
            width,
            _PANEL.height,
        )
        _words(pages, panel, sheet, adjust)
        _ruler(pages, (sheet.page_width - RULER_MM) / 2, panel.y + 8, across=True)
        _ruler(pages, max(panel.x - 8, 3), (sheet.page_height - RULER_MM) / 2, across=False)
        pages.end_page()


def _outlines(pages: Pages, sheet: Sheet, adjust: Adjustment) -> None:
    for cell in islice(layout.cells(sheet, adjust=adjust), sheet.per_sheet):
        pages.outline(cell.x, cell.y, sheet.label_width, sheet.label_height)


def _words(pages: Pages, panel: layout.Box, sheet: Sheet, adjust: Adjustment) -> None:
    canvas = pages.canvas
    canvas.setFillGray(1)
    foot = pages.from_top(panel.y + panel.height)
    # White to the left as well, where the upright ruler and its figures are.
    canvas.rect((panel.x - 13) * mm, foot, (panel.width + 13) * mm, panel.height * mm, 0, 1)
    canvas.setFillGray(0)
    block = [
        (font, Fitted((drawable(_filled(text, sheet, adjust), font, set()),), size))
        for font, size, text in _WORDS
    ]
    below = layout.Box(panel.x + 10, panel.y + 16, panel.width - 12, panel.height - 18)
    write_block(pages, block, below)


def _filled(text: str, sheet: Sheet, adjust: Adjustment) -> str:
    return text.format(stock=sheet.name, x=adjust.offset_x, y=adjust.offset_y, scale=adjust.scale)


def _ruler(pages: Pages, x: float, y: float, *, across: bool) -> None:
    """A ruler of 100 mm from here, rightwards or downwards, with a mark at every millimetre."""
    canvas = pages.canvas
    canvas.setLineWidth(_HAIRLINE)
    canvas.setFont(PLAIN, 6)

    def line(along: float, out: float, to_along: float, to_out: float) -> None:
        ends = [(along, out), (to_along, to_out)]
        (x1, y1), (x2, y2) = ends if across else [(o, a) for a, o in ends]
        canvas.line((x + x1) * mm, pages.from_top(y + y1), (x + x2) * mm, pages.from_top(y + y2))

    line(0, 0, RULER_MM, 0)
    for at in range(RULER_MM + 1):
        length = next(length for every, length in _TICK_MM.items() if at % every == 0)
        line(at, 0, at, length)
        if at % 10:
            continue
        if across:
            canvas.drawCentredString((x + at) * mm, pages.from_top(y - 1), str(at))
        else:
            canvas.drawRightString((x - 0.5) * mm, pages.from_top(y + at + 0.8), str(at))
