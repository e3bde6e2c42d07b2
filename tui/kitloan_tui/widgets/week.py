"""The table of the week: kit types down, days across, the cursor on a day.

As other tables of the desk it never takes the focus: the line above it keeps that.
"""

from datetime import date

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import DataTable

from kitloan.text.names import plain
from kitloan_tui.week import DAYS, Week

_FIRST_DAY = 2
"""The column of the first day, after the type's name and how many can be used."""
_WIDE = 76
"""Cells from which on a day has its name and its number in one line."""
_CLOSED, _AT_RISK = "·", "!"


class WeekGrid(DataTable[Text], can_focus=False):
    """Types down, days across; the cursor is on a day."""

    class Chosen(Message):
        """Somebody clicked a day of a row."""

        def __init__(self, row: int, column: int) -> None:
            super().__init__()
            self.row = row
            self.column = column

    def __init__(self) -> None:
        super().__init__(cursor_type="cell", cell_padding=0, id="week")
        self._week: Week | None = None

    def fill(self, week: Week, row: int, column: int) -> None:
        """Show a week, with the cursor on a row and on one of its days."""
        self._week = week
        width = self.size.width - 2
        wide = width >= _WIDE
        each = 7 if wide else 5
        name = max(8, width - 5 - each * DAYS)
        self.header_height = 1 if wide else 2
        self.clear(columns=True)
        self.add_column("", width=name)
        self.add_column("  of ", width=5)
        for day in week.days:
            label = [f"{day:%a} {day.day}"] if wide else [f"{day:%a}", f"{day.day}"]
            self.add_column("\n".join(part.rjust(each - 1) for part in label), width=each)
        for number, kind in enumerate(week.types):
            self.add_row(
                _cut(kind.type, name),
                _right(f"{kind.capacity} ", 5),
                *(_cell(week, number, day, each) for day in week.days),
            )
        self.place(row, column)

    def place(self, row: int, column: int) -> None:
        """Put the cursor on a row and on one of its days, as far as there are such."""
        rows = len(self._week.types) if self._week else 0
        self.move_cursor(
            row=max(0, min(row, rows - 1)), column=_FIRST_DAY + max(0, min(column, DAYS - 1))
        )

    def on_click(self, event: events.Click) -> None:
        """Begin a booking of the cell; a table by itself would want a second click."""
        row, column = event.style.meta.get("row", -1), event.style.meta.get("column", -1)
        event.prevent_default()
        event.stop()
        if row >= 0 and column >= _FIRST_DAY:
            self.post_message(self.Chosen(row, column - _FIRST_DAY))

    def on_resize(self) -> None:
        """Share the new width out."""
        if self._week is not None:
            at = max(0, self.cursor_column - _FIRST_DAY)
            self.call_after_refresh(self.fill, self._week, self.cursor_row, at)


def _cell(week: Week, row: int, day: date, width: int) -> Text:
    """The number and a place for the mark, so that numbers are below one another."""
    mark = _AT_RISK if week.lost_on(row, day) else " "
    number = _CLOSED if day in week.closed else str(week.free_on(row, day))
    return _right(f"{number}{mark}", width, "bold" if mark != " " else "")


def _right(text: str, width: int, style: str = "") -> Text:
    return Text(text.rjust(width), style, no_wrap=True)


def _cut(name: str, width: int) -> Text:
    cut = Text(plain(name).replace("\n", " "), no_wrap=True)
    cut.truncate(width - 1, overflow="ellipsis")
    return cut
