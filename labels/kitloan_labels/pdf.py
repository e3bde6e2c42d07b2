"""Labels drawn on sheets, as a PDF for an ordinary printer.

`template` says what is written on a label, `layout` where it lies; here it is drawn. Each label's
`Placed` says where it came to lie, and what of it could not be shown.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reportlab.lib.units import mm

from kitloan.errors import BadInput
from kitloan_labels import layout
from kitloan_labels.adjust import EXACT, Adjustment
from kitloan_labels.document import Pages, document
from kitloan_labels.edges import must_be_on_page
from kitloan_labels.fit import LEADING
from kitloan_labels.fonts import ASCENT
from kitloan_labels.stock import Sheet
from kitloan_labels.template import TEMPLATES, Block, Label, Subject, Template, compose

__all__ = ["Label", "Placed", "write_sheets"]

_HAIRLINE = 0.25  # points: enough to cut along, too little to see once cut


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
    """Draws the labels and puts the finished file at `path`, in the place of what was there.

    Args:
        labels: in the order in which they are to lie on the sheets.
        sheet: the stock, from `stock.find` or a user's own.
        path: the PDF to write. It is whole or not there: a failure leaves the old one.
        start: the first free label on the first page, counted from 1.
        progress: called after each label with the number drawn.
        template: what the labels say; a name in `template.TEMPLATES` that fits their kind.
        adjust: what makes up for the printer.

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
    """What all labels of a printing share."""

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
            _outline(pages, cell, form.sheet)
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


def _outline(pages: Pages, cell: layout.Cell, sheet: Sheet) -> None:
    pages.canvas.setLineWidth(_HAIRLINE)
    foot = pages.from_top(cell.y + sheet.label_height)
    pages.canvas.rect(cell.x * mm, foot, sheet.label_width * mm, sheet.label_height * mm)
