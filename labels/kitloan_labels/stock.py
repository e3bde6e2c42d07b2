"""The label sheets that one can buy, each a row of `label_stock.csv`.

The millimetres come from LibreOffice's label list, as each row says; what another list gives stands
beside it, and `docs/labels.md` says where the lists are. A sheet is cut in the middle of its page,
and a test holds every row to that. To add a stock, add a row. Where the box that the sheets came in
gives other figures, the box is right.

The file also lists rolls, and sheets whose labels are too small for a QR code. They are there so
that a person who asks for one hears why it cannot be had.
"""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kitloan.errors import BadInput
from kitloan_labels import qr

PAGE_WIDTH_MM = 210.0
PAGE_HEIGHT_MM = 297.0

INSET_MM = 1.5
"""Kept free along a label's edges: a printer's feed slips, and the die cuts a little off."""

_MAKERS = re.compile(r"^(avery|zweckform|brother|dymo|zebra)+")
_NUMBERS = re.compile(r"[A-Za-z]*-?\d{4,}[A-Za-z]*")


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
    page_width: float = PAGE_WIDTH_MM
    page_height: float = PAGE_HEIGHT_MM
    cut: bool = False

    @property
    def right(self) -> float:
        """What is left of the page to the right of the last label."""
        used = self.left + (self.columns - 1) * self.pitch_x + self.label_width
        return round(self.page_width - used, 3)

    @property
    def bottom(self) -> float:
        """What is left of the page below the last label."""
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


CARDS = Sheet(
    id="cards",
    name="plain A4 paper, to be cut into cards",
    material="paper",
    columns=2,
    rows=5,
    label_width=85.0,
    label_height=54.0,
    left=20.0,
    top=13.5,
    pitch_x=85.0,
    pitch_y=54.0,
    cut=True,
)
"""Cards of a bank card's size, for whoever has no card stock: a laminator's pouches fit them."""


def sheets() -> tuple[Sheet, ...]:
    """Every stock that kitloan prints on, in the order of the file."""
    return tuple(sheet for sheet in map(_sheet, rows()) if sheet and sheet.module_mm)


def find(name: str) -> Sheet:
    """The sheet with this id or maker's number: `l7160`, `J8160`, `Avery L7160`.

    Raises:
        BadInput: `no_such_stock`.
    """
    wanted = {_key(name), _MAKERS.sub("", _key(name))}
    if CARDS.id in wanted:
        return CARDS
    row = row_named(name)
    known = ", ".join(
        [sheet.id for sheet in sheets()] + [row["id"] for row in rows() if not _sheet(row)]
    )
    if row is None:
        raise BadInput(
            "no_such_stock",
            f"There is no label stock {name!r}.",
            f"These can be printed: {known}. The number stands on the box.",
            stock=name,
        )
    sheet = _sheet(row)
    if sheet is not None and sheet.module_mm is not None:
        return sheet
    why = (
        f"is a roll ({row['kind']}), not a sheet"
        if sheet is None
        else f"has labels of {sheet.label_width:g} x {sheet.label_height:g} mm, "
        "too small for a QR code that a webcam can read"
    )
    raise BadInput(
        "no_such_stock",
        f"{row['maker_part']} {why}.",
        f"These can be printed: {known}.",
        stock=name,
    )


def row_named(name: str) -> dict[str, str] | None:
    """The row of `label_stock.csv` with this id or maker's number, a sheet's or a roll's."""
    wanted = {_key(name), _MAKERS.sub("", _key(name))}
    return next((row for row in rows() if wanted & _names(row)), None)


def _names(row: dict[str, str]) -> set[str]:
    numbers = _NUMBERS.findall(row["maker_part"])
    return {row["id"], *map(_key, numbers)}


def _key(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())


@cache
def rows() -> tuple[dict[str, str], ...]:
    """The rows of `label_stock.csv`, as they stand there."""
    with Path(__file__).with_name("label_stock.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _sheet(row: dict[str, str]) -> Sheet | None:
    page, _, material = row["kind"].partition(" ")
    if page != "A4":
        return None
    return Sheet(
        id=row["id"],
        name=row["maker_part"],
        material=material,
        columns=int(row["cols"]),
        rows=int(row["rows"]),
        label_width=float(row["label_w"]),
        label_height=float(row["label_h"]),
        left=float(row["x0"]),
        top=float(row["y0"]),
        pitch_x=float(row["pitch_x"]),
        pitch_y=float(row["pitch_y"]),
    )
