"""A list by pages: type to narrow it, choose a view, go through two hundred rows at a time.

The line keeps the focus. The arrow keys and Page Up and Down move in the table, and go on to the
next page or back to the one before where a page ends. Enter takes the row under the cursor, also
one that is still being looked up, so that a number typed in a hurry opens what it names.
"""

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import DataTable, Input, Select, Static

from kitloan.queries.paging import PAGE
from kitloan.text.names import plain
from kitloan.values import Page
from kitloan_tui import keys
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.frame import DeskScreen
from kitloan_tui.widgets.table import Column, Listing

RowT = TypeVar("RowT")

_LOOKING = "loading ..."


class ListScreen(DeskScreen, Generic[RowT]):
    """A list of one kind of thing."""

    ACTION: ClassVar[str] = ""
    """The action that opens this screen; done again, it goes to the next view."""
    COLUMNS: ClassVar[Sequence[Column]] = ()
    VIEWS: ClassVar[Sequence[tuple[str, str]]] = ()
    """What can be chosen to see: words, and the view that they choose."""
    NARROWS: ClassVar[bool] = True
    """Whether what is typed narrows the list; else the line is for what `entered` takes."""
    PROMPT: ClassVar[str] = "type to narrow the list"
    AUTO_FOCUS: ClassVar[str | None] = "#narrow"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
    ]

    def __init__(self, desk: DeskHost, text: str = "", view: str = "") -> None:
        super().__init__(desk)
        self._text = text
        self._view = view or (self.VIEWS[0][1] if self.VIEWS else "")
        self._page: Page[RowT] | None = None
        self._before: list[str | None] = []
        self._after: str | None = None
        self._take_when_found = False
        self._kept_row: tuple[object, ...] | None = None

    # -- what each list has of its own ------------------------------------------------------------

    def find(self, text: str, view: str, after: str | None) -> Page[RowT]:
        """A page of the list. Runs on a thread."""
        raise NotImplementedError

    def cells(self, item: RowT) -> Sequence[str]:
        """An item as a row, a cell for each column."""
        raise NotImplementedError

    def take(self, item: RowT) -> None:
        """Somebody chose an item."""

    def entered(self, text: str) -> bool:
        """Take a line in a way of the screen's own; False takes the row under the cursor."""
        return False

    def empty(self, text: str, view: str) -> str:
        """What to do next where nothing is listed; it may name actions as `{undo}`."""
        raise NotImplementedError

    # -- the frame --------------------------------------------------------------------------------

    def middle(self) -> ComposeResult:
        """The line, the views and the table."""
        with Horizontal(id="narrowing"):
            yield Static(">", id="prompt", markup=False)
            line = Input(self._text, id="narrow", compact=True, placeholder=self.PROMPT)
            line.cursor_blink = False
            yield line
            if self.VIEWS:
                yield chooser(self.VIEWS, self._view, "view")
            yield from self.more_choices()
        yield Listing(self.COLUMNS, id="list")
        yield Static(id="empty", markup=False)

    def more_choices(self) -> ComposeResult:
        """Other ways to narrow the list."""
        yield from ()

    def on_mount(self) -> None:
        """Begin with the first page."""
        super().on_mount()
        self.query_one("#empty").display = False
        self.load()

    # -- looking ----------------------------------------------------------------------------------

    def load(
        self, after: str | None = None, before: Sequence[str | None] = (), row: int = 0
    ) -> None:
        """Look a page up.

        Args:
            after: the `next` of the page before it; None for the first.
            before: what led to each page before it.
            row: where the cursor goes.
        """
        text, view = self._text, self._view
        if after != self._after:
            self._kept_row = None
        self._before, self._after = list(before), after
        self.set_title(self.heading, _LOOKING)
        self.look_up(lambda: self.find(text, view, after), lambda page: self._show(page, row))

    def refresh_data(self) -> None:
        """Look the same page up again; the cursor stays on its item."""
        before, row = self._page, self.listing.cursor_row
        if before is not None and 0 <= row < len(before.items):
            self._kept_row = _marks(before.items[row])
        self.load(self._after, self._before, row)

    def _show(self, page: Page[RowT], row: int) -> None:
        self._page = page
        kept, self._kept_row = self._kept_row, None
        marked = [_marks(item) for item in page.items]
        row = marked.index(kept) if kept in marked else row
        self.listing.fill([self.cells(item) for item in page.items], row)
        start = len(self._before) * PAGE
        self.set_title(self.heading, self._how_much(start, len(page.items), page.total))
        words = "" if page.items else self.empty(self._text, self._view)
        empty = self.query_one("#empty", Static)
        empty.update(Content(plain(keys.filled(words, self.names))))
        empty.display, self.listing.display = not page.items, bool(page.items)
        if self._take_when_found:
            self._take_when_found = False
            self._take_current()

    def _how_much(self, start: int, listed: int, total: int) -> str:
        if listed == total:
            return f"{total:,}"
        return f"{start + 1:,} to {start + listed:,} of {total:,}: type to narrow"

    @property
    def listing(self) -> Listing:
        """The table."""
        return self.query_one("#list", Listing)

    # -- moving -----------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Move the cursor, on to the next page where this one ends."""
        if self._page is None or self.is_looking:
            return
        row = self.listing.cursor_row + by
        if row >= len(self._page.items):
            self._next_page()
        elif row < 0:
            self._page_before()
        else:
            self.listing.move_cursor(row=row)

    def page(self, way: int) -> None:
        """Page Up and Page Down: a screen of rows, on to the next page where this one ends."""
        if self._page is None or self.is_looking:
            return
        step = max(1, self.listing.size.height - 2)
        last = len(self._page.items) - 1
        row = self.listing.cursor_row
        at_end = row >= last if way > 0 else row <= 0
        if at_end:
            self.action_move(way)
        else:
            self.listing.move_cursor(row=min(last, max(0, row + way * step)))

    def _next_page(self) -> None:
        if self._page is not None and self._page.next is not None:
            self.load(self._page.next, [*self._before, self._after])

    def _page_before(self) -> None:
        if self._before:
            self.load(self._before[-1], self._before[:-1], PAGE - 1)

    # -- narrowing and taking ---------------------------------------------------------------------

    @on(Input.Changed, "#narrow")
    def _narrow(self, event: Input.Changed) -> None:
        event.stop()
        if self.NARROWS and event.value.strip() != self._text:
            self._text = event.value.strip()
            self.load()

    @on(Select.Changed, "#view")
    def _choose_view(self, event: Select.Changed) -> None:
        event.stop()
        if event.value != self._view:
            self._view = str(event.value)
            self.load()
        self.query_one("#narrow").focus()

    @on(Input.Submitted, "#narrow")
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        if self.entered(event.value.strip()):
            event.input.clear()
        elif self.is_looking:
            self._take_when_found = True
        else:
            self._take_current()

    @on(DataTable.RowSelected)
    def _clicked(self, event: DataTable.RowSelected) -> None:
        event.stop()
        self._take_current()

    def _take_current(self) -> None:
        if self._page is not None and 0 <= self.listing.cursor_row < len(self._page.items):
            self.take(self._page.items[self.listing.cursor_row])

    def perform(self, name: str) -> bool:
        """The key that opens the list goes to its next view when it is open."""
        if name == self.ACTION and self.VIEWS:
            values = [value for _, value in self.VIEWS]
            self.view_at(values[(values.index(self._view) + 1) % len(values)])
            return True
        return super().perform(name)

    def show_view(self, view: str) -> None:
        """Begin with this view."""
        self._view = view

    def view_at(self, view: str, text: str | None = None) -> None:
        """Show another view, narrowed to this text when it is given."""
        if text is not None:
            self.query_one("#narrow", Input).value = text
        self.query_one("#view", Select).value = view


def _marks(item: object) -> tuple[object, ...]:
    """What an item is known again by, when something about it has changed."""
    names = ("tag", "code", "id", "name", "type", "component", "to")
    return tuple(getattr(item, name, None) for name in names)


def chooser(views: Sequence[tuple[str, str]], value: str, name: str) -> Select[str]:
    """A drop-down of one line; what it offers is plain text."""
    return Select(
        [(Content(plain(words)), each) for words, each in views],
        value=value,
        allow_blank=False,
        compact=True,
        id=name,
    )
