"""The card for a kit's lid: its parts list, to count against, on A5 or A6.

    +--------------------------------+
    |  code    MTa STEM Kit          |
    |          KL 8B7X-APXY-TMZ      |
    |--------------------------------|
    |  [] 16   Wheel     Red holdall |
    |  []  4 ! Spanner   Red holdall |
    |--------------------------------|
    |  ! no lending without it  1/1  |
    +--------------------------------+

A list longer than a card continues on the next, with the same head. With the desk's address the
head has a second code at its right: a phone opens a mail with the tag in it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from reportlab.lib.units import mm

from kitloan.errors import BadInput
from kitloan.text import tags
from kitloan_labels import layout, qr
from kitloan_labels.fit import Fitted, fit
from kitloan_labels.fonts import BOLD, MONO, PLAIN, drawable, measure
from kitloan_labels.pdf import Pages, Placed, document, write_block

CRITICAL = "!"
"""Marks a part without which the kit is not lent; the foot of the card explains it."""

_LEGEND = f"{CRITICAL} = the kit is not lent without it"


@dataclass(frozen=True, slots=True)
class Size:
    """A card's size in millimetres, and the type on it in points."""

    width: float
    height: float
    margin: float
    row: float
    head: float
    title: float
    text: float


SIZES: Final = {
    "a5": Size(148, 210, margin=9, row=6.4, head=25, title=16, text=9.5),
    "a6": Size(105, 148, margin=6, row=5.4, head=23, title=12, text=8),
}

_COLUMNS = (("✔", 0.08), (CRITICAL, 0.05), ("Count", 0.13), ("Part", 0.44), ("Bag", 0.30))
"""Box to tick, critical mark, and so on: the heading, and the share of the width."""

_GAP_MM = 2.0  # between columns: less, and a long part reads on into its bag
_SMALLEST = 5.5
_FOOT_MM = 6.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a parts list."""

    component: str
    quantity: int
    bag: str = ""
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """What is on a kit's card."""

    tag: str
    kind: str
    college: str
    lines: tuple[Line, ...]
    asset_number: str = ""
    mail: str = ""
    """The desk's address, for the second code; empty for none."""


def write_cards(
    cards: Iterable[Contents],
    size: str,
    path: Path,
    progress: Callable[[int], None] | None = None,
) -> list[Placed]:
    """Draw the cards, each on its own page or on several, and write the file to `path`.

    Args:
        cards: what to draw.
        size: a name in `SIZES`.
        path: the PDF to write. A failure leaves the old one.
        progress: called after each card with the number drawn.

    Raises:
        BadInput: `nothing_to_print`, `bad_tag` or `cannot_write`; `mail_too_long`, for an address
            with which the second code has no room.
    """
    form = SIZES[size]
    placed: list[Placed] = []
    page = 1
    with document(path, "Contents cards", form.width, form.height) as pages:
        for card in cards:
            missing: set[str] = set()
            first = page
            parts = _split(card.lines, _rows_on(form))
            for number, lines in enumerate(parts, start=1):
                _draw_page(pages, form, card, lines, f"{number} of {len(parts)}", missing)
                pages.end_page()
                page += 1
            shown_as_marks = "".join(sorted(missing))
            placed.append(Placed(card.tag, first, form.margin, form.margin, shown_as_marks))
            if progress:
                progress(len(placed))
        if not placed:
            raise BadInput("nothing_to_print", "There are no cards to print.", "Name some kits.")
    return placed


def _rows_on(form: Size) -> int:
    """How many lines a card takes, without the headings."""
    room = form.height - 2 * form.margin - form.head - _FOOT_MM
    return int(room / form.row) - 1


def _split(lines: Sequence[Line], most: int) -> list[Sequence[Line]]:
    """A card's lines page by page; a kit without a list has one empty page."""
    return [lines[start : start + most] for start in range(0, max(len(lines), 1), most)]


def _draw_page(
    pages: Pages,
    form: Size,
    card: Contents,
    lines: Sequence[Line],
    which: str,
    missing: set[str],
) -> None:
    width = form.width - 2 * form.margin
    _draw_head(pages, form, card, missing)
    top = form.margin + form.head
    _draw_row(pages, form, top, tuple(heading for heading, _ in _COLUMNS), BOLD, missing)
    for number, line in enumerate(lines, start=1):
        at = top + number * form.row
        mark = CRITICAL if line.critical else ""
        cells = ("", mark, str(line.quantity), line.component, line.bag)
        _draw_row(pages, form, at, cells, BOLD if line.critical else PLAIN, missing)
        _draw_box(pages, form, at)
    total = sum(line.quantity for line in card.lines)
    foot = layout.Box(form.margin, form.height - form.margin - _FOOT_MM, width, _FOOT_MM)
    words = f"{_LEGEND}.   {total:,} parts in {len(card.lines)} lines.   Card {which}."
    write_block(pages, [(PLAIN, _fitted(words, PLAIN, foot, form.text - 1, missing))], foot)


def _draw_head(pages: Pages, form: Size, card: Contents, missing: set[str]) -> None:
    tag, module = tags.parse(card.tag), qr.module_mm(form.head - 1)
    if module is None:
        raise ValueError("the card's head has no room for a code")
    # The page's own margin is white: the code is in line with the list, its quiet zone outside.
    top = form.margin - 2
    pages.code(qr.modules(tag), module, form.margin - qr.QUIET * module, top)
    span = module * (qr.SIDE + qr.QUIET)
    width = form.width - 2 * form.margin - span - _draw_mail(pages, form, card, top, missing)
    room = layout.Box(form.margin + span, top, width, form.head)
    half, sixth = (layout.Box(0, 0, width, form.head / share) for share in (2, 6))
    block = [
        (BOLD, _fitted(card.kind, BOLD, half, form.title, missing)),
        (MONO, _fitted(tags.grouped(tag), MONO, sixth, 11, missing)),
    ]
    block += [
        (PLAIN, _fitted(text, PLAIN, sixth, form.text, missing))
        for text in (card.asset_number, card.college)
    ]
    write_block(pages, block, room)


def mail_of(tag: str, address: str) -> str:
    """What the second code holds: a draft of a mail to the desk, with the tag as its subject."""
    return f"mailto:{address}?subject={tag}"


_CAPTION_MM = 3.5


def _draw_mail(pages: Pages, form: Size, card: Contents, top: float, missing: set[str]) -> float:
    """Draw the second code at the right of the head; gives the millimetres that it takes."""
    if not card.mail:
        return 0.0
    matrix = qr.modules_of_words(mail_of(tags.parse(card.tag), card.mail))
    module = qr.module_mm(form.head - _CAPTION_MM, len(matrix))
    if module is None:
        raise BadInput(
            "mail_too_long",
            f"With {card.mail!r} the code that opens a mail is too fine for this card.",
            "Give a shorter address, or take the larger card: --size a5",
            mail=card.mail,
        )
    span = module * (len(matrix) + 2 * qr.QUIET)
    left = form.width - form.margin - span + qr.QUIET * module
    pages.code(matrix, module, left, top)
    under = layout.Box(form.width - form.margin - span, top + span, span, _CAPTION_MM)
    words = "Scan to write to us"
    write_block(pages, [(PLAIN, _fitted(words, PLAIN, under, form.text - 1, missing))], under)
    return span


def _draw_row(
    pages: Pages,
    form: Size,
    top: float,
    texts: tuple[str, ...],
    font: str,
    missing: set[str],
) -> None:
    width, x = form.width - 2 * form.margin, form.margin
    for (_, share), text in zip(_COLUMNS, texts, strict=True):
        cell = layout.Box(x, top, share * width - _GAP_MM, form.row)
        write_block(pages, [(font, _fitted(text, font, cell, form.text, missing))], cell)
        x += share * width
    pages.canvas.setLineWidth(0.3)
    foot = pages.from_top(top + form.row)
    pages.canvas.line(form.margin * mm, foot, (form.margin + width) * mm, foot)


def _draw_box(pages: Pages, form: Size, top: float) -> None:
    side = form.row * 0.62
    inset = (form.row - side) / 2
    pages.canvas.setLineWidth(0.6)
    foot = pages.from_top(top + inset + side)
    pages.canvas.rect((form.margin + 0.5) * mm, foot, side * mm, side * mm)


def _fitted(text: str, font: str, room: layout.Box, largest: float, missing: set[str]) -> Fitted:
    shown = drawable(text, font, missing)
    how_wide = partial(measure, font)
    return fit(shown, how_wide, room.width * mm, room.height * mm, largest, _SMALLEST)
