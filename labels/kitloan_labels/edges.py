"""Whether a printer's correction leaves the codes on the paper, and on their labels.

An offset corrects a printer that prints as far the other way. A code at the sheet's edge may then
be drawn outside the page, where nothing is printed, and no printer can correct that: such labels
are refused. Figures that are only larger than a label's margins may be right, or may be a slip of
the ruler: those come with a note.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kitloan.errors import BadInput
from kitloan_labels import layout, qr
from kitloan_labels.adjust import EXACT, Adjustment
from kitloan_labels.layout import Sheet

UNPRINTED_MM = 4.0
"""Along a page's edges; office printers take 4.2 mm for it, some a little less."""

_MOST_NAMED = 10


def must_be_on_page(
    cell: layout.Cell, label: layout.Face, sheet: Sheet, adjust: Adjustment
) -> None:
    """Refuse a label whose code would be cut off at the page's edge.

    Raises:
        BadInput: `off_page`, with the `labels` of the sheet of which that is so.
    """
    if _spare(_code(cell, label), _page(sheet)) >= 0:
        return
    off = [each.number for each in _places(sheet, adjust, label) if each.on_page < 0]
    raise BadInput(
        "off_page",
        f"Moved by {adjust.offset_x:g} mm to the right and {adjust.offset_y:g} mm down, at scale "
        f"{adjust.scale:g}, {_named(off, sheet)} would run off the page.",
        "Set the guides in the printer's tray and measure again on the calibration page "
        "(kitloan labels --calibrate), or choose a stock with wider margins.",
        labels=off,
    )


def notes(sheet: Sheet, adjust: Adjustment, start: int = 1, count: int | None = None) -> list[str]:
    """What to check before printing with these figures; nothing for an exact printer.

    Args:
        sheet: the stock.
        adjust: the printer's figures.
        start: the first label of the first page that is used, from 1.
        count: how many labels there are; None for a whole page.
    """
    if adjust == EXACT:
        return []
    size = sheet.per_sheet
    used = {(start - 1 + n) % size + 1 for n in range(min(count or size, size))}
    places = [each for each in _places(sheet, adjust, layout.face(sheet)) if each.number in used]
    found = (
        (
            [each.number for each in places if each.on_page < 0],
            "would run off the page: such labels are refused. Measure again, or choose a stock "
            "with wider margins.",
        ),
        (
            [each.number for each in places if 0 <= each.on_page < UNPRINTED_MM],
            f"would come within {UNPRINTED_MM:g} mm of the page's edge, where most printers print "
            "nothing. Scan these before sticking any.",
        ),
        (
            [each.number for each in places if each.on_label < 0],
            "would be off their own labels if these figures are wrong: they move further than the "
            "labels' margins. Print the calibration page with them first.",
        ),
    )
    return [f"{_named(labels, sheet).capitalize()} {why}" for labels, why in found if labels]


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


class _Place(NamedTuple):
    """A label of a sheet, and how far inside the page and the label its code is, in mm."""

    number: int
    on_page: float
    on_label: float


def _places(sheet: Sheet, adjust: Adjustment, label: layout.Face) -> Iterator[_Place]:
    drawn, meant = layout.cells(sheet, adjust=adjust), layout.cells(sheet)
    for number, cell, own in zip(range(1, sheet.per_sheet + 1), drawn, meant, strict=False):
        code = _code(cell, label)
        outline = _Box(own.x, own.y, own.x + sheet.label_width, own.y + sheet.label_height)
        yield _Place(number, _spare(code, _page(sheet)), _spare(code, outline))


def _page(sheet: Sheet) -> _Box:
    return _Box(0, 0, sheet.page_width, sheet.page_height)


def _code(cell: layout.Cell, label: layout.Face) -> _Box:
    """What is black of a code, without the white around it."""
    (x, y), quiet = layout.code_corner(cell, label), qr.QUIET * label.module
    side = label.code.width - 2 * quiet
    return _Box(x + quiet, y + quiet, x + quiet + side, y + quiet + side)


def _spare(box: _Box, room: _Box) -> float:
    """How far a box is from its room's nearest edge; negative when it sticks out."""
    return min(
        box.left - room.left, box.top - room.top, room.right - box.right, room.bottom - box.bottom
    )


def _named(labels: Sequence[int], sheet: Sheet) -> str:
    """The codes of labels 1, 4 and 7."""
    if len(labels) == sheet.per_sheet:
        return f"the codes of all {sheet.per_sheet} labels"
    shown = [str(label) for label in labels[:_MOST_NAMED]]
    if len(labels) > _MOST_NAMED:
        shown.append(f"{len(labels) - _MOST_NAMED} more")
    if len(shown) == 1:
        return f"the code of label {shown[0]}"
    return f"the codes of labels {', '.join(shown[:-1])} and {shown[-1]}"
