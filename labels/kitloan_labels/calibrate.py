"""The calibration page: a ruler, and the outlines of a stock's labels.

Printed on plain paper and held against a sheet of the stock, it shows how far off the printer is.
The outlines lie where labels would with the figures saved so far, so that a second page proves
them. The rulers never move with the figures: they measure the printer itself, and 100 divided by
what they measure is the scale.
"""

from itertools import islice
from pathlib import Path

from reportlab.lib.units import mm

from kitloan_labels import layout
from kitloan_labels.adjust import EXACT, Adjustment
from kitloan_labels.document import Pages, document
from kitloan_labels.fit import Fitted
from kitloan_labels.fonts import BOLD, PLAIN, drawable, fonts
from kitloan_labels.pdf import write_block
from kitloan_labels.stock import Sheet

RULER_MM = 100
_TICK_MM = {10: 5.0, 5: 3.5, 1: 2.0}  # every so many millimetres, how long a mark
_HAIRLINE = 0.25
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
    """Draws the page and puts it at `path`.

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
    canvas = pages.canvas
    canvas.setLineWidth(_HAIRLINE)
    for cell in islice(layout.cells(sheet, adjust=adjust), sheet.per_sheet):
        foot = pages.from_top(cell.y + sheet.label_height)
        canvas.rect(cell.x * mm, foot, sheet.label_width * mm, sheet.label_height * mm)


def _words(pages: Pages, panel: layout.Box, sheet: Sheet, adjust: Adjustment) -> None:
    fonts()
    canvas = pages.canvas
    canvas.setFillGray(1)
    foot = pages.from_top(panel.y + panel.height)
    # White to the left as well, where the upright ruler and its figures stand.
    canvas.rect((panel.x - 13) * mm, foot, (panel.width + 13) * mm, panel.height * mm, 0, 1)
    canvas.setFillGray(0)
    said = {"stock": sheet.name, "x": adjust.offset_x, "y": adjust.offset_y, "scale": adjust.scale}
    block = [
        (font, Fitted((drawable(text.format(**said), font, set()),), size))
        for font, size, text in _WORDS
    ]
    below = layout.Box(panel.x + 10, panel.y + 16, panel.width - 12, panel.height - 18)
    write_block(pages, block, below)


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
