"""Labels drawn on sheets, as a PDF for an ordinary printer.

Everything is vector, so the codes are exact at any printer's resolution. The file asks viewers not
to scale it: a page shrunk to 96% drifts off its labels row by row. Equal labels give equal bytes.

Words are drawn in bundled fonts with the whole Latin alphabet, for names like Sabhal Mòr Ostaig.
What those cannot draw, emoji and scripts written from right to left among them, appears as `?`,
and each label's `Placed` says which characters those were.
"""

import os
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import BinaryIO

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from kitloan import tags
from kitloan import text as words
from kitloan.errors import BadInput
from kitloan_labels import layout, qr
from kitloan_labels.fit import LEADING, Fitted, fit
from kitloan_labels.stock import Sheet

PLAIN, BOLD, MONO = "Kitloan-Plain", "Kitloan-Bold", "Kitloan-Mono"
_FILES = {
    PLAIN: "DejaVuSansCondensed.ttf",
    BOLD: "DejaVuSansCondensed-Bold.ttf",
    MONO: "DejaVuSansMono-Bold.ttf",
}
_ASCENT = 0.93  # from the top of a line to its baseline, in sizes: these fonts' tallest accents

_TAG_LARGEST = 12.0
_TAG_ON_ONE_LINE = 7.5  # smaller than this, two larger lines are read more surely at a counter
_TAG_SHARE = 0.4  # of the height; the rest is for what the holding is and whose
_KIND = (10.0, 6.0)  # largest and smallest sizes in points
_COLLEGE = (8.0, 5.5)
_LINES = 7  # that a label has room for: no line is taller, or a small label would hold too little


@dataclass(frozen=True, slots=True)
class Label:
    """What one label says. A label to be claimed later has an empty `kind`."""

    tag: str
    kind: str
    college: str
    asset_number: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a label was drawn: its page, from 1, and its top left corner in millimetres.

    `missing` holds the characters that the label shows as `?`.
    """

    tag: str
    page: int
    x_mm: float
    y_mm: float
    missing: str = ""


def write_sheets(
    labels: Iterable[Label],
    sheet: Sheet,
    path: Path,
    start: int = 1,
    progress: Callable[[int], None] | None = None,
) -> list[Placed]:
    """Draws the labels and puts the finished file at `path`, in the place of what was there.

    Args:
        labels: in the order in which they are to lie on the sheets.
        sheet: the stock, from `stock.find`.
        path: the PDF to write. It is whole or not there: a failure leaves the old one.
        start: the first free label on the first page, counted from 1.
        progress: called after each label with the number drawn.

    Raises:
        BadInput: `bad_start`, `bad_tag`, `nothing_to_print` or `cannot_write`.
    """
    cells = layout.cells(sheet, start)
    with _writing(path):
        file, unfinished = _open_beside(path)
    try:
        with file:
            canvas = _canvas(file, sheet)
            placed = _draw_all(canvas, zip(labels, cells, strict=False), sheet, progress)
            with _writing(path):
                canvas.save()
                file.flush()
                os.fsync(file.fileno())
        with _writing(path):
            unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return placed


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as trouble:
        raise BadInput(
            "cannot_write",
            f"{path} cannot be written: {trouble.strerror or trouble}.",
            "Choose another folder; if the file is open in a viewer, close it there first.",
            path=str(path),
        ) from trouble


def _open_beside(path: Path) -> tuple[BinaryIO, Path]:
    # In the same folder, since a rename is atomic only within one file system.
    unfinished = path.parent / f".kitloan-{secrets.token_hex(6)}.tmp"
    return unfinished.open("xb"), unfinished


def _canvas(file: BinaryIO, sheet: Sheet) -> Canvas:
    canvas = Canvas(file, pagesize=A4, pageCompression=1, invariant=1, lang="en-GB")
    canvas.setTitle(f"Labels for {sheet.name}")
    canvas.setAuthor("kitloan")
    canvas.setSubject("Print at 100%, without fitting to the page")
    canvas.setViewerPreference("PrintScaling", "None")
    return canvas


@cache
def _fonts() -> dict[str, TTFont]:
    folder = Path(__file__).with_name("fonts")
    fonts = {name: TTFont(name, str(folder / file)) for name, file in _FILES.items()}
    for font in fonts.values():
        pdfmetrics.registerFont(font)
    return fonts


def _draw_all(
    canvas: Canvas,
    labels: Iterable[tuple[Label, layout.Cell]],
    sheet: Sheet,
    progress: Callable[[int], None] | None,
) -> list[Placed]:
    face = layout.face(sheet)
    placed: list[Placed] = []
    for label, cell in labels:
        if placed and cell.page != placed[-1].page:
            canvas.showPage()
        placed.append(_draw_label(canvas, label, cell, face))
        if progress:
            progress(len(placed))
    if not placed:
        raise BadInput("nothing_to_print", "There are no labels to print.", "Name some tags.")
    return placed


def _draw_label(canvas: Canvas, label: Label, cell: layout.Cell, face: layout.Face) -> Placed:
    tag = tags.parse(label.tag)
    _draw_code(canvas, tag, *layout.code_corner(cell, face), face.module)
    shown, missing = _drawable(label)
    room = face.words
    block = _compose(tag, shown, room.width * mm, room.height * mm)
    spare = room.height * mm - sum(fitted.height for _, fitted in block)
    left = (cell.x + room.x) * mm
    top = A4[1] - (cell.y + room.y) * mm - spare / 2
    for font, fitted in block:
        for line in fitted.lines:
            canvas.setFont(font, fitted.size)
            canvas.drawString(left, top - _ASCENT * fitted.size, line)
            top -= LEADING * fitted.size
    return Placed(tag, cell.page, cell.x, cell.y, missing)


def _draw_code(canvas: Canvas, tag: str, x: float, y: float, module: float) -> None:
    canvas.saveState()
    canvas.translate(x * mm, A4[1] - y * mm)
    canvas.scale(module * mm, -module * mm)
    # One path for the whole code: modules filled one by one show hairlines between them.
    path = canvas.beginPath()
    for row, column, length in qr.runs(qr.modules(tag)):
        path.rect(qr.QUIET + column, qr.QUIET + row, length, 1)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()


def _compose(tag: str, label: Label, width: float, height: float) -> list[tuple[str, Fitted]]:
    """The lines of a label from the top, each block with its font.

    The tag comes first and is always whole; the college is sure of two lines; then what the
    holding is has what is left, and the asset number what is left after that.
    """
    block = [(MONO, _tag_lines(tags.grouped(tag), width, height * _TAG_SHARE))]
    left = height - block[0][1].height
    tallest = height / _LINES
    plain, bold = partial(_measure, PLAIN), partial(_measure, BOLD)

    least = _COLLEGE[1] * LEADING
    kept = fit(label.college, plain, width, 2 * least, _COLLEGE[1], _COLLEGE[1]).height
    kind = fit(label.kind, bold, width, left - kept, min(_KIND[0], tallest), _KIND[1])
    left -= kind.height
    small = min(_COLLEGE[0], tallest * _COLLEGE[0] / _KIND[0]), _COLLEGE[1]
    college = fit(label.college, plain, width, left, *small)
    left -= college.height
    asset = fit(label.asset_number or "", plain, width, left, *small)
    return [*block, (BOLD, kind), (PLAIN, college), (PLAIN, asset)]


def _tag_lines(grouped: str, width: float, height: float) -> Fitted:
    one_line = min(width / _measure(MONO, grouped), height / LEADING, _TAG_LARGEST)
    if one_line >= _TAG_ON_ONE_LINE:
        return Fitted((grouped,), one_line)
    groups = grouped.split("-")
    half = len(groups) // 2 or 1
    lines = ("-".join(groups[:half]) + "-", "-".join(groups[half:]))
    widest = max(_measure(MONO, line) for line in lines)
    return Fitted(lines, min(width / widest, height / (2 * LEADING), _TAG_LARGEST))


def _measure(font: str, text: str) -> float:
    return _fonts()[font].stringWidth(text, 1)


def _drawable(label: Label) -> tuple[Label, str]:
    """The label with `?` for what its font cannot draw, and the characters concerned."""
    missing: set[str] = set()

    def shown(text: str, font: str) -> str:
        visible = [c for c in words.tidy(text) if not _draws_nothing(c)]
        lacking = {c for c in visible if not _can_draw(c, font)}
        missing.update(lacking)
        return "".join("?" if c in lacking else c for c in visible)

    drawn = Label(
        label.tag,
        shown(label.kind, BOLD),
        shown(label.college, PLAIN),
        shown(label.asset_number or "", PLAIN),
    )
    return drawn, "".join(sorted(missing))


def _draws_nothing(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"


def _can_draw(character: str, font: str) -> bool:
    # The fonts have some Arabic, but nothing here would join its letters or turn its direction.
    leftwards = unicodedata.bidirectional(character) in ("R", "AL", "AN")
    return not leftwards and ord(character) in _fonts()[font].face.charToGlyph
