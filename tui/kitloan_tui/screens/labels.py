"""Labels: what they are printed on, where, and where on the sheet they start, seen before printing.

Of one holding, or of all without a label. The stock and the printer that were used last are
chosen already, and the start is the first label that the last printing left free. Where there is
no printer a file is written, and it shows where. The PRINT LABEL card prints here, so that a
counter without a keyboard can; any other scan goes to the counter.

The sheet is drawn as it will be: each label shows by a sign whether it is used up, will be printed
or stays free, never by a colour alone.
"""

from collections.abc import Iterator
from time import monotonic
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Select, Static

from kitloan.errors import KitloanError
from kitloan.text import scans
from kitloan.text.names import plain
from kitloan.values import plural
from kitloan_tui.counter import refusals, sentences
from kitloan_tui.counter.steps import REPEAT_SECONDS
from kitloan_tui.labels import LabelStock, OnPaper, Order, Press
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.frame import WorkScreen
from kitloan_tui.screens.listing import chooser

USED, FREE = "x", "."
_WIDEST = 14
_TALL = 3
_Line = tuple[str, str, str]
"""What a label's box has at its left, between, and at its right."""

_LOOKING = (("loading ...", ""),)
_FILE = "file"
_PRINTER = "printer "
_LEGEND = f"{USED} used   1 to be printed   {FREE} free"
_NONE = (
    "Every holding has its label.\n\n"
    "To print one again: scan it at the counter, then the PRINT LABEL card; or open it from the "
    "holdings."
)


class SheetPicker(Static, can_focus=True):
    """One sheet, of which a position is chosen.

    Attributes:
        start: the first label to be printed, counted from 1.
    """

    HELP: ClassVar[str] = (
        "The sheet in the printer, seen from above. The arrow keys, Home, End, Page Up "
        "and Page Down, or a click, choose where the first label goes. Enter prints."
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

    class Entered(Message):
        """Somebody pressed Enter on the sheet."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own word
        super().__init__(id=id, markup=False)
        self.start = 1
        self._stock = LabelStock("", "")
        self._labels = 0

    def show(self, stock: LabelStock, labels: int, start: int) -> None:
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
        self.post_message(self.Entered())

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
            self.update(draw_sheet(self._stock, self._labels, self.start, *self._cell))
        else:
            self.update(Content("A roll: the printer finds its labels itself, one after another."))


class Labels(WorkScreen):
    """The sheet, and what it is printed on."""

    ACTION = "labels"
    NAME = "Labels"
    HINT = "Arrows: where to start. Enter prints. Tab: the stock, the printer."
    HELP: ClassVar[str] = (
        "Prints labels. The picture is the sheet in the printer: choose the first label "
        "that is free on it. Tab reaches the stock and the printer; both are remembered. What is "
        "printed is also saved in a file."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#sheet"

    def __init__(self, desk: DeskHost, tags: tuple[str, ...] = ()) -> None:
        super().__init__(desk)
        self.opened_at = monotonic()
        self._tags = tags
        self._of_one = bool(tags)
        self._called = ""
        self._stocks: dict[str, LabelStock] = {}
        self._drawn_on = ""

    def middle(self) -> ComposeResult:
        """The two choices, and the sheet below them."""
        with Horizontal(id="choices"):
            yield Static("On", classes="what", markup=False)
            yield chooser(_LOOKING, "", "stock")
            yield Static("by", classes="what", markup=False)
            yield chooser(_LOOKING, "", "printer")
        yield Static(id="summary", markup=False)
        with VerticalScroll(id="body", can_focus=False):
            yield SheetPicker(id="sheet")
        with Horizontal(id="buttons"):
            pressed = Button("Print", id="print", compact=True)
            pressed.can_focus = False  # Tab goes from the sheet to the stock; Enter prints anyway
            yield pressed

    def on_mount(self) -> None:
        """Look up what there is to print, and on what."""
        super().on_mount()
        self._show_sheet(False)
        self.set_title(self.heading, "loading ...")
        self.look_up(self._find, self._show)

    # -- what there is ----------------------------------------------------------------------------

    def _find(self) -> tuple[tuple[str, ...], str, list[LabelStock], list[str]]:
        """On a thread: the tags, what they are called, the stocks and the printers."""
        press, chosen = self._press, self.desk.settings
        tags = self._tags or tuple(self.college.holdings.unlabelled())
        called = f"{len(tags):,} without a label"
        if self._of_one:
            called = sentences.shown(self.college.find.holding(tags[0]))
        stocks = list(press.stocks())
        usual = press.stock(chosen.stock if _known(press, chosen.stock) else "")
        if usual.id not in [each.id for each in stocks]:
            stocks.insert(0, usual)
        stocks.sort(key=lambda each: each.id != usual.id)
        return tags, called, stocks, list(press.printers())

    @property
    def _press(self) -> Press:
        press = self.desk.press
        if press is None:
            raise refusals.no_press()
        return press

    def _show(self, found: tuple[tuple[str, ...], str, list[LabelStock], list[str]]) -> None:
        self._tags, self._called, stocks, printers = found
        self.set_title(self.heading, self._called)
        self._stocks = {each.id: each for each in stocks}
        self._drawn_on = stocks[0].id
        chosen = self.desk.settings
        self._offer("stock", [(each.name, each.id) for each in stocks], stocks[0].id)
        named = [(name or "the system's printer", _PRINTER + name) for name in printers]
        usual = _PRINTER + (chosen.printer or "")
        known = chosen.printer is not None and usual in [value for _, value in named]
        self._offer("printer", [*named, ("a file", _FILE)], usual if known else _FILE)
        self._show_sheet(bool(self._tags))
        self._draw(chosen.next_label)

    def _show_sheet(self, there_is_something: bool) -> None:
        for part in ("#choices", "#sheet", "#buttons"):
            self.query_one(part).display = there_is_something
        if there_is_something:
            self.query_one("#sheet").focus()

    def _offer(self, name: str, choices: list[tuple[str, str]], value: str) -> None:
        select: Select[str] = self.query_one(f"#{name}", Select)
        select.set_options([(Content(plain(words)), each) for words, each in choices])
        select.value = value

    # -- choosing ---------------------------------------------------------------------------------

    @property
    def _stock(self) -> LabelStock | None:
        return self._stocks.get(str(self.query_one("#stock", Select).value))

    @property
    def _printer(self) -> str | None:
        value = str(self.query_one("#printer", Select).value)
        return value.removeprefix(_PRINTER) if value.startswith(_PRINTER) else None

    @on(Select.Changed, "#stock")
    def _another_stock(self, event: Select.Changed) -> None:
        event.stop()
        if self._stock is not None and self._stock.id != self._drawn_on:
            self._drawn_on = self._stock.id
            self._draw(1)
            self.query_one("#sheet").focus()

    @on(Select.Changed, "#printer")
    def _another_printer(self, event: Select.Changed) -> None:
        event.stop()
        if self._stocks:
            self.query_one("#sheet").focus()

    @on(SheetPicker.Moved)
    def _moved(self) -> None:
        self._show_start()

    def page(self, way: int) -> None:
        """Page Up and Page Down: the top or the foot of the column."""
        self.query_one(SheetPicker).page(way)

    def _draw(self, start: int) -> None:
        if self._stock is not None and self._tags:
            self.query_one(SheetPicker).show(self._stock, len(self._tags), start)
        self._show_start()

    def _show_start(self) -> None:
        stock, count = self._stock, len(self._tags)
        words = _NONE
        if stock is not None and count:
            words = plural(count, "label")
            if stock.per_sheet:
                start = self.query_one(SheetPicker).start
                on = plural(stock.sheets(start, count), "sheet")
                words = f"Starts at {start} of {stock.per_sheet}: {words} on {on}.   {_LEGEND}"
        self.query_one("#summary", Static).update(Content(words))

    # -- printing ---------------------------------------------------------------------------------

    @on(SheetPicker.Entered)
    @on(Button.Pressed, "#print")
    def print_now(self) -> None:
        """Print, unless there is nothing to print or it is being printed."""
        stock = self._stock
        if self.is_looking or stock is None or not self._tags:
            return
        start = self.query_one(SheetPicker).start if stock.per_sheet else 1
        order = Order(self._tags, stock.id, start, self._printer)
        press, opened, progress = self._press, self.college, self.progress
        self.work(
            "Drawing labels",
            lambda: press.print(opened, order, progress),
            lambda made: self._printed(order, stock, made),
        )

    def _printed(self, order: Order, stock: LabelStock, made: OnPaper) -> None:
        """Remember what was used, and go back to where one came from, showing where they are."""
        start = stock.next_start(order.start, len(order.tags))
        self.desk.save_settings(stock=order.stock, printer=order.printer, next_label=start)
        what = self._called if self._of_one else plural(len(order.tags), "label")
        self.leave_with(sentences.labels_made(what, order, made))

    def take_scan(self, text: str) -> bool:
        """The PRINT LABEL card prints; anything else is for the counter."""
        code = scans.read(text)
        if not isinstance(code, scans.Command) or code.name != "print_label":
            return False
        if monotonic() - self.opened_at > REPEAT_SECONDS:  # else the trigger was held
            self.print_now()
        return True

    def perform(self, name: str) -> bool:
        """Print label, here, prints."""
        if name == "print_label":
            self.print_now()
            return True
        return super().perform(name)


def _known(press: Press, name: str) -> bool:
    """Whether there still is such a stock; a user's own file may have gone."""
    try:
        press.stock(name)
    except KitloanError:
        return False
    return True


# -- the sheet, drawn as text ---------------------------------------------------------------------


def draw_sheet(stock: LabelStock, labels: int, start: int, width: int, tall: int) -> Content:
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
