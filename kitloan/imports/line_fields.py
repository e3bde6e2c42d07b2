"""What the cells of one line say of a thing: its fields, read as their columns hold them.

Two severities. An *error* is a row that cannot be taken; a *warning* is a value that is left
out, and kept as a note.
"""

import re
from datetime import date
from typing import Any

from kitloan.imports.columns import SEVERAL
from kitloan.imports.entries import problem
from kitloan.imports.rows import Column, Problem, Severity
from kitloan.imports.sheets import Line, Unreadable, Value, is_blank
from kitloan.imports.statuses import (
    Standing,
)
from kitloan.imports.table_reading import TableReading
from kitloan.imports.values import (
    NONE_LEFT,
    READERS,
    Fault,
    as_text,
    day,
    means_nothing,
    note,
    serial_day,
    spoilt,
)

_MOST_REMEMBERED = 512  # values of one column; a column of numbers that never repeat fills it once
# Without these nobody can say what a row is; a fault in one is an error, elsewhere a warning.
_VITAL = {"tag", "asset_number", "type", "on_loan_to", "quantity", "quantity_out"}
# One to a line: a merged cell that reaches over several lines cannot mean each of them.
_ONE_EACH = {"tag", "asset_number", "serial", "quantity", "quantity_out", "value"}
_HARMLESS_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f\u200b\u2060\ufeff\u00ad]")
_DATES = ("due_on", "out_on", "returned_on", "received_on", "last_sighted_on", "valued_on")
PAST = frozenset(_DATES) - {"due_on"}


class LineFields:
    """One line on its way to being rows: its fields."""

    def __init__(self, reader: TableReading, line: Line) -> None:
        self.reader = reader
        self.layout = reader.layout
        self.line = line
        self.problems: list[Problem] = []
        self.refused = False
        self.left_out = False
        self.unread: dict[str, str] = {}
        self.standing: Standing | None = None
        self.asked = False
        self.settled = False  # a person has answered how this thing is
        self.status_cell: tuple[Column | None, str] = (None, "")  # the words for how the thing is

    def _report(
        self,
        column: Column | None,
        value: Value,
        what: str,
        error: bool,
        keep: bool = True,
    ) -> None:
        error = error or (isinstance(value, Unreadable) and value.grave)
        self.refused = self.refused or error
        severity: Severity = "error" if error else "warning"
        header = column.header if column else ""
        sheet, number = self.layout.sheet.name, self.line.number
        self.problems.append(problem(severity, sheet, number, header, as_text(value), what))
        if column and not error and keep and isinstance(value, str | int | float) and value != "":
            kept = note(value)
            if not isinstance(kept, Fault):
                self.unread[column.header] = kept

    def _fields(self) -> dict[str, Any]:
        """The values that can be taken, by field; loans and their words apart."""
        values: dict[str, Any] = {}
        several: dict[str, list[str]] = {}
        for index, column, name in self.reader.readable:
            if name in values and name not in SEVERAL:
                continue
            result = self._field(index, column, name)
            if result is None:
                continue
            if name in SEVERAL:
                several.setdefault(name, []).append(result)
            else:
                values[name] = result
        for index in self.layout.type_from if "type" not in values else ():
            value = self.layout.sheet.value(self.line, index)
            if not means_nothing(value) and not isinstance(value, Unreadable | None):
                result = READERS["type"](value)
                if not isinstance(result, Fault):
                    values["type"] = result
                    break
        for name, parts in several.items():
            values[name] = SEVERAL[name].join(dict.fromkeys(parts))[:200]
        if (
            self.reader.section
            and self.reader.section[0] == "location"
            and "location" not in values
        ):
            values["location"] = self.reader.section[1]
        return values

    def _field(self, index: int, column: Column, name: str) -> Any:
        """What a cell says of a field; None for nothing, or for what was reported.

        What could be read without a word is read once for all lines that say the same.
        """
        own = self.line.value(index)
        before = self.reader.read_before[index]
        if isinstance(own, str) and (result := before.get(own)) is not None:
            return result
        problems = len(self.problems)
        value = self._clean(self._own_or_merged(index, column), column)
        absent = is_blank if name in ("type", "quantity") else means_nothing
        if value is None or absent(value):
            return None
        result = self._read(index, name, column, value)
        if isinstance(result, Fault):
            self._report(column, value, result.problem, error=name in _VITAL)
            return None
        plain = isinstance(own, str) and len(self.problems) == problems
        if plain and len(before) < _MOST_REMEMBERED:
            before[str(own)] = result
        return result

    def _clean(self, value: Value, column: Column) -> Value:
        """A cell without the hidden characters that scanners and databases leave in it."""
        if not isinstance(value, str) or column.field in ("asset_number", "tag"):
            return value
        if value.isprintable():
            return value
        clean = _HARMLESS_CONTROL.sub("", value)
        if clean != value:
            self._report(
                column, clean, "held a hidden character, which was dropped", False, keep=False
            )
        return clean

    def _read(self, index: int, name: str, column: Column, value: Any) -> Any:
        if isinstance(value, Unreadable):
            return Fault(value.problem)
        if name in _DATES:
            found = self._day(index, column, value, past=name in PAST)
            if isinstance(found, Fault):
                return Fault(f"{found.problem}; kept as a note")
            return found
        if name == "type" and means_nothing(value):
            return Fault("does not say what kind of thing it is")
        if name in ("asset_number", "serial") and (why := spoilt(value)):
            self._report(
                column,
                value if isinstance(value, str) else as_text(value),
                f"{why}; left out",
                False,
            )
            return None
        result = READERS[name](value)
        if result is NONE_LEFT:
            self._report(column, value, "means none left: the row was left out", error=False)
            self.left_out = True
            return None
        return result

    def _day(self, index: int, column: Column, value: Any, *, past: bool) -> date | Fault:
        if isinstance(value, Unreadable):
            return Fault(value.problem)
        if (answer := self.reader.wanted.value(column.header, as_text(value))) and (
            not isinstance(read := day(answer), Fault)
        ):
            return read
        if (serial := serial_day(value)) and not isinstance(value, date):
            self._report(
                column,
                as_text(value),
                f"is a day as a spreadsheet counts them; read as {serial.day} {serial:%b %Y}",
                error=False,
                keep=False,
            )
            return serial
        profile = self.layout.profiles.get(index)
        return day(
            value,
            dates=profile.dates if profile else None,
            latest=self.reader.today
            if past
            else self.reader.today.replace(year=self.reader.today.year + 20, day=1),
        )

    def _own_or_merged(self, index: int, column: Column) -> Value:
        value = self.layout.sheet.value(self.line, index)
        if column.field not in _ONE_EACH or not is_blank(self.line.value(index)):
            return value
        if not is_blank(value):
            what = "is merged with the row above, and counts there alone"
            self._report(column, value, what, error=column.field == "quantity", keep=False)
        return None

    def _check_width(self) -> None:
        """Refuse a line of CSV longer than its header: a stray delimiter has moved its values."""
        beyond = self.line.values[self.layout.width :]
        if self.layout.sheet.delimited and not all(is_blank(value) for value in beyond):
            what = (
                "the row has more cells than the headers; a value with the delimiter in it "
                "needs quotation marks around it"
            )
            self._report(None, None, what, error=True)
