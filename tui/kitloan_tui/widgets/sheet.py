"""A sheet of labels as it will be: which are used up, which will be printed, which stay free.

The start is chosen on the picture itself, by the arrow keys or a click. Each label says by a sign
what becomes of it, never by a colour alone.
"""

from collections.abc import Iterator
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from kitloan_tui.labels import Stock

USED, FREE = "x", "."
_WIDEST = 14
_TALL = 3
_Line = tuple[str, str, str]
"""What a label's box has at its left, between, and at its right."""


class SheetPicker(Static, can_focus=True):
    """One sheet, of which a position is chosen.

    Attributes:
        start: the first label to be printed, counted from 1.
    """

    HELP: ClassVar[str] = (
        "The sheet that lies in the printer, seen from above. The arrow keys, Home, End, Page Up "
        "and Page Down, or a click, say where the first label goes. Enter prints."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", show=False),
        Binding("right", "move(1)", show=False),
        Binding("up", "row(-1)", show=False),
        Binding("down", "row(1)", show=False),
        Binding("home", "go(1)", show=False),
        Binding("end", "end", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Moved(Message):
        """The start is somewhere else now."""

    class Chosen(Message):
        """Somebody pressed Enter on the sheet."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own word
        super().__init__(id=id, markup=False)
        self.start = 1
        self._stock = Stock("", "")
        self._labels = 0

    def show(self, stock: Stock, labels: int, start: int) -> None:
        """Show this stock with so many labels on it from `start`."""
        self._stock, self._labels = stock, labels
        self.start = min(max(1, start), max(1, stock.per_sheet))
        self._draw()

    def page(self, way: int) -> None:
        """Start at the top or at the foot of this column."""
        columns = self._stock.columns
        if columns:
            column = (self.start - 1) % columns + 1
            self.action_go(column + (self._stock.rows - 1) * columns * (way > 0))

    # -- moving -----------------------------------------------------------------------------------

    def action_go(self, start: int) -> None:
        """Start here."""
        if 1 <= start <= self._stock.per_sheet and start != self.start:
            self.start = start
            self._draw()
            self.post_message(self.Moved())
            self._keep_in_sight()

    def action_move(self, by: int) -> None:
        """Start so many labels later."""
        self.action_go(self.start + by)

    def action_row(self, by: int) -> None:
        """Start so many rows below."""
        self.action_go(self.start + by * self._stock.columns)

    def action_end(self) -> None:
        """Start at the last label."""
        self.action_go(self._stock.per_sheet)

    def action_choose(self) -> None:
        """Print."""
        self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        """Start at the label under the pointer."""
        width, tall = self._cell
        column, row = event.x // width, event.y // tall
        if column < self._stock.columns and row < self._stock.rows:
            self.action_go(row * self._stock.columns + column + 1)

    def _keep_in_sight(self) -> None:
        """Scroll a sheet of very many rows."""
        _, tall = self._cell
        row = (self.start - 1) // max(1, self._stock.columns)
        if isinstance(self.parent, Widget):
            self.parent.scroll_to_region(Region(0, row * tall, 1, tall), animate=False)

    # -- drawing ----------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Draw for the new room."""
        self._draw()

    @property
    def _cell(self) -> tuple[int, int]:
        """How wide and how tall a label is drawn: in full where there is room for all of them."""
        width, height = self.container_size
        columns, rows = max(1, self._stock.columns), self._stock.rows
        return max(5, min(_WIDEST, width // columns)), _TALL if rows * _TALL <= height else 1

    def _draw(self) -> None:
        if self._stock.per_sheet:
            self.update(drawn(self._stock, self._labels, self.start, *self._cell))
        else:
            self.update(Content("A roll: the printer finds its labels itself, one after another."))


def drawn(stock: Stock, labels: int, start: int, width: int, tall: int) -> Content:
    """The sheet as text; each label is a box of `width` by `tall` cells."""
    return Content("\n").join(
        Content("").join(
            _box(number, labels, start, width, line)
            for number in range(row * stock.columns + 1, (row + 1) * stock.columns + 1)
        )
        for row in range(stock.rows)
        for line in _lines(tall)
    )


def _lines(tall: int) -> Iterator[_Line]:
    if tall == 1:
        yield ("[", " ", "]")
    else:
        yield ("┌", "─", "┐")
        yield ("│", " ", "│")
        yield ("└", "─", "┘")


def _box(number: int, labels: int, start: int, width: int, line: _Line) -> Content:
    left, between, right = line
    if number < start:
        sign, style = USED, "$text-muted"
    elif number < start + labels:
        sign, style = str(number - start + 1), "bold $primary"
    else:
        sign, style = FREE, ""
    if number == start:
        style = "bold $background on $primary"
    inside = sign if between == " " else between
    return Content.assemble((f"{left}{inside.center(width - 3, between)}{right}", style), " ")
