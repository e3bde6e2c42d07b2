"""A page of rows: at most two hundred, every cell plain text, columns that share the width.

It never takes the focus: the line above it keeps that, so that typing always narrows the list and
the arrow keys move in it. A click on a row is Enter on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.widgets import DataTable

from kitloan.text.names import plain


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, and how wide; one without a width has a share of what is left.

    `wide_only` columns are left out where there are fewer than a hundred cells.
    """

    label: str
    width: int = 0
    share: int = 1
    wide_only: bool = False
    right: bool = False


class Listing(DataTable[Text], can_focus=False):
    """Rows to look at and to choose one of."""

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:  # noqa: A002  # Textual's own word
        super().__init__(cursor_type="row", cell_padding=0, id=id)
        self._described = tuple(columns)
        self._rows: Sequence[Sequence[str]] = ()

    def fill(self, rows: Sequence[Sequence[str]], cursor: int = 0) -> None:
        """Show these rows, with the cursor on one of them."""
        self._rows = rows
        shown = [c for c in self._described if self.size.width >= 100 or not c.wide_only]
        places = [self._described.index(column) for column in shown]
        widths = _widths(shown, max(20, self.size.width - 2))
        self.clear(columns=True)
        for column, width in zip(shown, widths, strict=True):
            self.add_column(_cell(column.label, width, column), width=width)
        self.add_rows(
            [_cell(row[p], w, c) for p, w, c in zip(places, widths, shown, strict=True)]
            for row in rows
        )
        self.move_cursor(row=max(0, min(cursor, len(rows) - 1)))

    def on_click(self, event: events.Click) -> None:
        """Take the row; a table by itself would only go there, and want a second click."""
        row = event.style.meta.get("row", -1)
        if row >= 0:
            event.prevent_default()
            event.stop()
            self.move_cursor(row=row)
            self.action_select_cursor()

    def on_resize(self) -> None:
        """Share the new width out."""
        self.call_after_refresh(self._fill_again)

    def _fill_again(self) -> None:
        self.fill(self._rows, self.cursor_row)


def _widths(columns: Sequence[Column], total: int) -> list[int]:
    """How wide each column is, with a cell of space after it."""
    left = total - sum(column.width + 1 for column in columns if column.width)
    shares = sum(column.share for column in columns if not column.width) or 1
    return [
        column.width + 1 if column.width else max(6, left * column.share // shares)
        for column in columns
    ]


def _cell(text: str, width: int, column: Column) -> Text:
    cut = Text(plain(text).replace("\n", " "), no_wrap=True)
    cut.truncate(width - 1, overflow="ellipsis")
    if column.right:
        cut.pad_left(max(0, width - 1 - cut.cell_len))
    return cut
