"""Labels as the desk knows them: what there is to print on, what is wanted, and what came of it.

`kitloan_labels` draws them, and knows nothing of desks. The program that opens the desk gives it a
`Press`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.stocktakes.scanning import PictureScans


@dataclass(frozen=True, slots=True)
class LabelStock:
    """What labels are printed on: a sheet with so many columns and rows, or a roll with neither."""

    id: str
    name: str
    columns: int = 0
    rows: int = 0

    @property
    def per_sheet(self) -> int:
        """How many labels a sheet has; none, when it is a roll."""
        return self.columns * self.rows

    def sheets(self, start: int, labels: int) -> int:
        """How many sheets so many labels need, the first of them used up to `start`."""
        return -(-(start - 1 + labels) // self.per_sheet) if self.per_sheet else 0

    def next_start(self, start: int, labels: int) -> int:
        """The first label that is free after so many have been printed."""
        return (start - 1 + labels) % self.per_sheet + 1 if self.per_sheet else 1


@dataclass(frozen=True, slots=True)
class Order:
    """Labels of these holdings, on this stock, from this position of the first sheet.

    Without a printer they are saved in a file and no more.
    """

    tags: tuple[str, ...]
    stock: str
    start: int = 1
    printer: str | None = None


@dataclass(frozen=True, slots=True)
class OnPaper:
    """Where labels are.

    Attributes:
        file: what was written, or the folder of a roll's pictures.
        sent: whether it went to a printer; None when none was asked for.
        sheets: how many sheets it needs; none, when it is a roll.
        notes: what a person should know about it.
    """

    file: Path
    sent: bool | None
    sheets: int
    notes: tuple[str, ...] = ()


class Press(Protocol):
    """Puts labels on paper and on record, and reads them from photos."""

    def stocks(self) -> Sequence[LabelStock]:
        """Everything that can be printed on."""
        ...

    def stock(self, name: str) -> LabelStock:
        """The stock that goes by this name; the usual one for an empty name."""
        ...

    def printers(self) -> Sequence[str]:
        """The printers' names; empty where there is no way to print."""
        ...

    def scan_photo(
        self, opened: "College", which: str, photo: Path, place: str | None
    ) -> "PictureScans":
        """Record each code of a holding in a picture as seen in a stocktake."""
        ...

    def print_blank(
        self,
        opened: "College",
        number: int,
        stock: str,
        progress: Callable[[int, int], None] | None = None,
    ) -> OnPaper:
        """Draw so many labels with new tags, and put them on record."""
        ...

    def print_cards(self, opened: "College", *, schools: bool) -> OnPaper:
        """Draw the command cards, or a card for every school that has borrowed."""
        ...

    def print_packing_list(self, opened: "College", event: str, out: Path) -> int:
        """Draw an event's packing list; gives how many pages it has."""
        ...

    def print(
        self, opened: "College", order: Order, progress: Callable[[int, int], None] | None = None
    ) -> OnPaper:
        """Do it; `progress` gets how many are drawn, of how many."""
        ...
