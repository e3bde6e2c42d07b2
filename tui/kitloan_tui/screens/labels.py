"""Labels: what they are printed on, where, and where on the sheet they start, seen before printing.

Of one holding, or of all that have none yet. The stock and the printer that were used last are
chosen already, and the start is the first label that the last printing left free. Where there is
no printer a file is written, and it says where. The PRINT LABEL card prints here, so that a counter
without a keyboard can; any other scan goes to the counter.
"""

from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Select, Static

from kitloan.errors import KitloanError
from kitloan.text import scans
from kitloan.text.names import plain
from kitloan.values import plural
from kitloan_tui import refusals, wording
from kitloan_tui.diary import REPEAT_SECONDS
from kitloan_tui.labels import OnPaper, Order, Press, Stock
from kitloan_tui.screens.listing import chooser
from kitloan_tui.screens.working import Working
from kitloan_tui.widgets.sheet import FREE, USED, SheetPicker

if TYPE_CHECKING:
    from kitloan_tui.counter import Counter

_LOOKING = (("looking ...", ""),)
_FILE = "file"
_PRINTER = "printer "
_LEGEND = f"{USED} used   1 to be printed   {FREE} free"
_NONE = (
    "Every holding has its label.\n\n"
    "To print one again: scan it at the counter, then the PRINT LABEL card; or open it from the "
    "holdings."
)


class Labels(Working):
    """The sheet, and what it is printed on."""

    ACTION = "labels"
    NAME = "Labels"
    HINT = "Arrows: where to start. Enter prints. Tab: the stock, the printer."
    HELP: ClassVar[str] = (
        "Prints labels. The picture is the sheet that lies in the printer: choose the first label "
        "that is free on it. Tab reaches the stock and the printer; both are remembered. What is "
        "printed is also saved in a file."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#sheet"

    def __init__(self, counter: "Counter", tags: tuple[str, ...] = ()) -> None:
        super().__init__(counter)
        self.opened_at = monotonic()
        self._tags = tags
        self._of_one = bool(tags)
        self._called = ""
        self._stocks: dict[str, Stock] = {}
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
        self.title_says(self.called, "looking ...")
        self.look_up(self._find, self._show)

    # -- what there is ----------------------------------------------------------------------------

    def _find(self) -> tuple[tuple[str, ...], str, list[Stock], list[str]]:
        """On a thread: the tags, what they are called, the stocks and the printers."""
        press, chosen = self._press, self.desk.settings
        tags = self._tags or tuple(self.kitloan.holdings.unlabelled())
        called = f"{len(tags):,} that have none yet"
        if self._of_one:
            called = wording.shown(self.kitloan.find.holding(tags[0]))
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

    def _show(self, found: tuple[tuple[str, ...], str, list[Stock], list[str]]) -> None:
        self._tags, self._called, stocks, printers = found
        self.title_says(self.called, self._called)
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
    def _stock(self) -> Stock | None:
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
        self._tell_start()

    def page(self, way: int) -> None:
        """Page Up and Page Down: the top or the foot of the column."""
        self.query_one(SheetPicker).page(way)

    def _draw(self, start: int) -> None:
        if self._stock is not None and self._tags:
            self.query_one(SheetPicker).show(self._stock, len(self._tags), start)
        self._tell_start()

    def _tell_start(self) -> None:
        stock, count = self._stock, len(self._tags)
        said = _NONE
        if stock is not None and count:
            said = plural(count, "label")
            if stock.per_sheet:
                start = self.query_one(SheetPicker).start
                on = plural(stock.sheets(start, count), "sheet")
                said = f"Starts at {start} of {stock.per_sheet}: {said} on {on}.   {_LEGEND}"
        self.query_one("#summary", Static).update(Content(said))

    # -- printing ---------------------------------------------------------------------------------

    @on(SheetPicker.Chosen)
    @on(Button.Pressed, "#print")
    def print_now(self) -> None:
        """Print, unless there is nothing to print or it is being printed."""
        stock = self._stock
        if self.is_looking or stock is None or not self._tags:
            return
        start = self.query_one(SheetPicker).start if stock.per_sheet else 1
        order = Order(self._tags, stock.id, start, self._printer)
        press, opened, progress = self._press, self.kitloan, self.progress
        self.work(
            "Drawing labels",
            lambda: press.print(opened, order, progress),
            lambda made: self._printed(order, stock, made),
        )

    def _printed(self, order: Order, stock: Stock, made: OnPaper) -> None:
        """Remember what was used, and go back to where one came from, saying where they are."""
        start = stock.next_start(order.start, len(order.tags))
        self.desk.keep(stock=order.stock, printer=order.printer, next_label=start)
        what = self._called if self._of_one else plural(len(order.tags), "label")
        self.leave_saying(wording.labels_made(what, order, made))

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
