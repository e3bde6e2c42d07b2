"""A sheet of labels: where each label is on its page, and the code and the words on a label.

Pure arithmetic in millimetres, from the top left corner. Every place is worked out from the
sheet's own corner, never from the label before it, so that rounding cannot drift down a page.

    +--------------------------------+
    |  inset                         |
    |  +-------------+-----------+   |
    |  | quiet zone  | words     |   |
    |  |   QR code   |           |   |
    |  +-------------+-----------+   |
    +--------------------------------+
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count

from kitloan.errors import BadInput
from kitloan_labels import qr
from kitloan_labels.adjust import EXACT, Adjustment

A4_MM = (210.0, 297.0)
LETTER_MM = (215.9, 279.4)

INSET_MM = 1.5
"""Left free along a label's edges: a printer's feed slips, and the die cuts a little off."""

LEAST_WORDS_MM = 12.0
"""The narrowest column of words in which a tag, in two lines, can still be read."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of labels. Lengths are in millimetres, from the page's top left corner.

    A sheet that is `cut` is plain paper: the labels' outlines are printed, to cut along.
    """

    id: str
    name: str
    material: str
    columns: int
    rows: int
    label_width: float
    label_height: float
    left: float
    top: float
    pitch_x: float
    pitch_y: float
    page_width: float = A4_MM[0]
    page_height: float = A4_MM[1]
    cut: bool = False

    @property
    def right(self) -> float:
        """The margin to the right of the last label."""
        used = self.left + (self.columns - 1) * self.pitch_x + self.label_width
        return round(self.page_width - used, 3)

    @property
    def bottom(self) -> float:
        """The margin below the last label."""
        used = self.top + (self.rows - 1) * self.pitch_y + self.label_height
        return round(self.page_height - used, 3)

    @property
    def per_sheet(self) -> int:
        """How many labels a page has."""
        return self.columns * self.rows

    @property
    def module_mm(self) -> float | None:
        """The module size of the codes on these labels; None when they are too small for one."""
        return qr.module_mm(min(self.label_width, self.label_height) - 2 * INSET_MM)


@dataclass(frozen=True, slots=True)
class Cell:
    """One label's place: the page, counted from 1, and its top left corner on that page."""

    page: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a label, from the label's top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Face:
    """Where things are on every label of a sheet. `code` includes the quiet zone."""

    module: float
    code: Box
    words: Box


def cells(sheet: Sheet, start: int = 1, adjust: Adjustment = EXACT) -> Iterator[Cell]:
    """The labels of a sheet in reading order, page after page without end.

    Args:
        sheet: the stock.
        start: the first label to use on the first page, counted from 1, for a sheet that has
            been used in part. Later pages are whole.
        adjust: corrects a printer that does not print where it should.

    Raises:
        BadInput: `bad_start`, when the sheet has no such label.
    """
    if not 1 <= start <= sheet.per_sheet:
        raise BadInput(
            "bad_start",
            f"{sheet.name} has labels 1 to {sheet.per_sheet}; there is no label {start}.",
            "Count the labels from the top left, row by row.",
            start=start,
            per_sheet=sheet.per_sheet,
        )
    corners = [_corner(sheet, place, adjust) for place in range(sheet.per_sheet)]
    rest = ((page, corner) for page in count(2) for corner in corners)
    first = ((1, corner) for corner in corners[start - 1 :])
    return (Cell(page, x, y) for page, (x, y) in chain(first, rest))


def _corner(sheet: Sheet, place: int, adjust: Adjustment) -> tuple[float, float]:
    row, column = divmod(place, sheet.columns)
    x, y = adjust.place(sheet.left + column * sheet.pitch_x, sheet.top + row * sheet.pitch_y)
    return round(x, 3), round(y, 3)


def face(sheet: Sheet, side: int | None = qr.SIDE) -> Face:
    """Where the code and the words are on a label: the words next to the code, or else below it.

    Args:
        sheet: the stock.
        side: the modules along a side of the code; None for a label that is words alone.

    Raises:
        ValueError: the labels are too small for a tag's code; `stock.find` gives no such sheet.
        BadInput: `too_long`, when they are too small for a code of more modules.
    """
    width, height = sheet.label_width - 2 * INSET_MM, sheet.label_height - 2 * INSET_MM
    if side is None:
        return Face(0, Box(0, 0, 0, 0), Box(INSET_MM, INSET_MM, width, height))
    module = sheet.module_mm if side == qr.SIDE else qr.module_mm(min(width, height), side)
    if module is None and side == qr.SIDE:
        raise ValueError(f"{sheet.id} is too small for a QR code")
    if module is None:
        raise BadInput(
            "too_long",
            f"The labels of {sheet.name} are too small for the code of so long a name.",
            "Choose a larger stock: --stock cards prints on plain paper.",
        )
    span = module * (side + 2 * qr.QUIET)
    if width - span < LEAST_WORDS_MM <= height - span:
        below = Box(INSET_MM, INSET_MM + span, width, height - span)
        return Face(module, Box((sheet.label_width - span) / 2, INSET_MM, span, span), below)
    return Face(
        module,
        code=Box(INSET_MM, (sheet.label_height - span) / 2, span, span),
        words=Box(INSET_MM + span, INSET_MM, width - span, height),
    )


def code_corner(cell: Cell, label: Face) -> tuple[float, float]:
    """The top left of a code's quiet zone on the page, on a whole dot of a 300 dpi printer.

    Edges that fall between dots would make some modules a dot wider than others.
    """
    return (
        round((cell.x + label.code.x) / qr.DOT_MM) * qr.DOT_MM,
        round((cell.y + label.code.y) / qr.DOT_MM) * qr.DOT_MM,
    )
