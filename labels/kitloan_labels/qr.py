"""A tag as a QR code: which modules are dark, and how large a module may be.

Alphanumeric mode at error correction level H. Every tag, up to the longest body that the parser
takes, then makes a version 2 symbol of 25 x 25 modules, so that a label can be laid out before
its tag is known. Level H is what keeps a code readable with a blot over a tenth of its area.

Modules are whole multiples of 1/300 inch. Printers of 300, 600 and 1200 dots an inch then give
every module the same number of dots; a module of four and a half dots reads far worse.
"""

from collections.abc import Iterator

SIDE = 25
"""Modules along one side of any tag's code."""

QUIET = 4
"""Modules of white that ISO/IEC 18004 asks for on every side."""

DOT_MM = 25.4 / 300
LEAST_MODULE_MM = 0.42
"""A webcam 20 cm away fails on smaller ones."""

LARGEST_MM = 24.0
"""The widest code with its quiet zone; more would take room from the words and read no better."""

Matrix = tuple[tuple[bool, ...], ...]


def modules(text: str) -> Matrix:
    """The dark modules of a code, row by row from the top, without the quiet zone.

    Raises:
        ValueError: `text` has a character outside the alphanumeric mode, a small letter for one.
    """
    from qrcode import ERROR_CORRECT_H, QRCode
    from qrcode.util import MODE_ALPHA_NUM, QRData

    code = QRCode(error_correction=ERROR_CORRECT_H, border=0)
    code.add_data(QRData(text, mode=MODE_ALPHA_NUM))  # type: ignore[call-overload]  # stubs: int
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


def module_mm(room_mm: float) -> float | None:
    """The largest module with which a code and its quiet zone fit into a square of `room_mm`.

    None when the module would be too small to be read by a webcam.
    """
    span = min(room_mm, LARGEST_MM) / (SIDE + 2 * QUIET)
    size = int(span / DOT_MM) * DOT_MM
    return size if size >= LEAST_MODULE_MM else None
