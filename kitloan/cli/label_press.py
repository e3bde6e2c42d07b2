"""Putting labels on paper for the desk: by the very functions of `kitloan labels`.

The desk's screens know nothing of how labels are drawn, and the drawing nothing of screens; they
meet here, where both are known. What is drawn is recorded as the command records it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kitloan.cli.sheets import Asked, Where, fill
from kitloan.cli.wording import Words, labels_of
from kitloan.errors import BadInput

if TYPE_CHECKING:
    from kitloan.answers import Holding
    from kitloan.library import Kitloan
    from kitloan_tui.labels import OnPaper, Order, Stock

USUAL_STOCK = "l7160"
_AS_SAVED = Words(None, (), save_words=False)


class LabelPress:
    """What the desk asks for labels; see `kitloan_tui.labels.Press`."""

    def stocks(self) -> "list[Stock]":
        """Every sheet, then every roll."""
        from kitloan_labels.roll import rolls
        from kitloan_labels.stock import sheets
        from kitloan_tui.labels import Stock  # like all below, when the desk asks

        on_sheets = [Stock(each.id, each.name, each.columns, each.rows) for each in sheets()]
        return on_sheets + [Stock(each.id, each.name) for each in rolls()]

    def stock(self, name: str) -> "Stock":
        """The stock that goes by this name, or is described in this file.

        Raises:
            BadInput: `no_such_stock`, `no_such_file`, `bad_stock`.
        """
        from kitloan_tui.labels import Stock

        asked = _asked(name or USUAL_STOCK)
        if roll := asked.roll():
            return Stock(asked.stock, roll.name)
        sheet, _ = asked.sheet()
        return Stock(asked.stock, sheet.name, sheet.columns, sheet.rows)

    def printers(self) -> list[str]:
        """The printers' names, as the system has them."""
        from kitloan_labels.printing import printers

        return printers()

    def print(
        self,
        opened: "Kitloan",
        order: "Order",
        progress: Callable[[int, int], None] | None = None,
    ) -> "OnPaper":
        """Draw an order into the folder of labels, put it on record, and send it to a printer.

        Raises:
            BadInput: `bad_start`, `cannot_write`, ...; `not_printed`, when it is saved and on
                record but the printer refused.
        """
        from kitloan_tui.labels import OnPaper

        asked = _asked(order.stock, order.start)
        out = _free_name(_folder(), order.tags, asked)
        where = Where(out, None, order.printer)
        wanted, notes = labels_of(
            opened, [opened.find.holding(tag) for tag in order.tags], _AS_SAVED, "kit"
        )
        tags = [label.tag for label in wanted]
        placed, more = fill(
            wanted,
            "kit",
            asked,
            where,
            lambda: opened.holdings.labels_printed(tags, blank=False, stock=asked.stock_id),
            progress=progress,
        )
        sheets = 0 if asked.roll() else placed[-1].page
        return OnPaper(out, where.send(placed), sheets, (*notes, *more))

    def print_one(self, opened: "Kitloan", held: "Holding") -> str:
        """Draw one holding's label on the stock that the user's desk used last; gives the file."""
        from kitloan_tui import settings
        from kitloan_tui.labels import Order

        chosen, _ = settings.usable(settings.default_place())
        order = Order((held.tag,), chosen.stock or USUAL_STOCK)
        return str(self.print(opened, order).file)


def _asked(stock: str, start: int = 1) -> Asked:
    return Asked(stock, start, None, None, None, None, save_printer=False)


def _folder() -> Path:
    """Beside the user's own store: a folder that people find, and may empty."""
    from kitloan.places import default_place

    folder = Path(default_place()).parent / "labels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadInput(
            "cannot_write",
            f"{folder} cannot be made: {problem.strerror or problem}.",
            "Labels are saved there, also those that are printed: kitloan labels --out FILE.pdf "
            "writes them elsewhere.",
            file=str(folder),
        ) from problem
    return folder


def _free_name(folder: Path, tags: Sequence[str], asked: Asked) -> Path:
    """One label bears its tag and takes the place of an older one; several bear the day."""
    roll = asked.roll()
    several = len(tags) > 1
    end = ".pdf" if roll is None else ".zpl" if roll.speaks_zpl else "" if several else ".png"
    if not several:
        return folder / f"{tags[0]}{end}"
    day = f"{datetime.now().astimezone():%Y-%m-%d}"
    numbers = (folder / f"labels-{day}-{n}{end}" for n in range(1, 100_000))
    return next(file for file in numbers if not file.exists())
