"""A text as a QR code: which modules are dark, and how large a module may be.

Tags and command cards are in alphanumeric mode at error correction level H. Every tag, up to the
longest body that the parser takes, then makes a version 2 symbol of 25 x 25 modules, so that a
label can be laid out before its tag is known. At level H a code can be read with a blot over a
tenth of its area. An organisation's name is longer, and its card can be printed again: it
has level Q, and as many modules as it needs.

Modules are whole multiples of 1/300 inch. Printers of 300, 600 and 1200 dots an inch then give
every module the same number of dots; a module of four and a half dots reads far worse.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qrcode.util import QRData

SIDE = 25
"""Modules along one side of any tag's code."""

QUIET = 4
"""Modules of white that ISO/IEC 18004 asks for on every side."""

DOT_MM = 25.4 / 300
LEAST_MODULE_MM = 0.42
"""A webcam 20 cm away fails on smaller ones."""

LARGEST_MM = 24.0
"""The widest code with its quiet zone; more would take room from the words and read no better."""

MOST_IN_TAG = 20
"""Characters of the alphanumeric mode that the smallest code of level H holds."""

Matrix = tuple[tuple[bool, ...], ...]


def modules(text: str) -> Matrix:
    """The dark modules of a tag's or a card's code, row by row from the top; no quiet zone.

    Raises:
        ValueError: `text` has a character outside the alphanumeric mode, a small letter for one.
    """
    from qrcode import ERROR_CORRECT_H
    from qrcode.util import MODE_ALPHA_NUM, QRData

    # The stubs ask for an int where the library takes its own class.
    return _made(QRData(text, mode=MODE_ALPHA_NUM), ERROR_CORRECT_H)  # type: ignore[call-overload]


def modules_of_words(text: str) -> Matrix:
    """As `modules`, for words of any length and script: as many modules as they need."""
    from qrcode import ERROR_CORRECT_Q
    from qrcode.util import QRData

    return _made(QRData(text), ERROR_CORRECT_Q)


def _made(data: "QRData", level: int) -> Matrix:
    from qrcode import QRCode

    code = QRCode(error_correction=level, border=0)
    code.add_data(data)
    code.make()
    return tuple(tuple(bool(dark) for dark in row) for row in code.modules)


def runs(matrix: Matrix) -> Iterator[tuple[int, int, int]]:
    """Every unbroken stretch of dark modules in a row: row, first column, length."""
    for row, cells in enumerate(matrix):
        first = None
        for column, dark in enumerate((*cells, False)):
            if dark and first is None:
                first = column
            elif not dark and first is not None:
                yield row, first, column - first
                first = None


def module_mm(room_mm: float, side: int = SIDE) -> float | None:
    """The largest module with which a code and its quiet zone fit into a square of `room_mm`.

    None when the module would be too small to be read by a webcam. A code of more modules than a
    tag's may be larger in proportion, so that it is read from as far away.
    """
    largest = LARGEST_MM * max(1.0, (side + 2 * QUIET) / (SIDE + 2 * QUIET))
    span = min(room_mm, largest) / (side + 2 * QUIET)
    size = int(span / DOT_MM) * DOT_MM
    return size if size >= LEAST_MODULE_MM else None
