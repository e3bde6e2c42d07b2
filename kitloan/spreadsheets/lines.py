"""What one line of a register says: a row, problems, or neither.

Two severities. An *error* is a row that cannot be taken, because what it is, how many or which
one is in doubt; a *warning* is a value that is left out of a row that is taken. Lines are read in
order, and what must be remembered between them is little: the first spelling of each type, and
the first bearer of each number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kitloan.spreadsheets.columns import squeeze
from kitloan.spreadsheets.rows import Column, Problem, Row, Severity
from kitloan.spreadsheets.sheets import Line, Sheet, Unreadable, Value, is_blank
from kitloan.spreadsheets.values import (
    NAMES_A_PERSON,
    READERS,
    Fault,
    as_text,
    means_nothing,
    note,
    says_not_out,
)
from kitloan.text.names import fold, plain, tidy
from kitloan.text.personal import names_a_person

_SHOWN = 80

# Without these nobody can say what a row is; a fault in one is an error, elsewhere a warning.
_VITAL = {"tag", "asset_number", "type", "on_loan_to", "quantity"}
_ABSENT = {"type": is_blank, "quantity": is_blank, "on_loan_to": says_not_out}
# One to a line: a merged cell that reaches over several lines cannot mean each of them.
_ONE_EACH = {"tag", "asset_number", "serial", "quantity", "value"}
_TOTALS = {
    "total",
    "totals",
    "sum",
    "subtotal",
    "subtotals",
    "grandtotal",
    "totalkits",
    "totalitems",
}
_ATTRIBUTES = {"value": "value_pence"}  # fields that a row keeps under another name


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet with its header found.

    Attributes:
        columns: by position, the columns that have a header or a value.
        lines: the ones beneath the header.
        width: how many columns the line of headers has.
    """

    sheet: Sheet
    columns: Mapping[int, Column]
    lines: tuple[Line, ...]
    width: int

    def place(self, name: str) -> tuple[int, Column] | None:
        """The position and the column of a field, where the sheet has one."""
        return next(((i, c) for i, c in self.columns.items() if c.field == name), None)


@dataclass(slots=True)
class Memory:
    """What earlier lines have settled.

    Attributes:
        spellings: by folded type, its first spelling.
        bearers: by field and folded number, where it stood first.
    """

    spellings: dict[str, str] = field(default_factory=dict)
    bearers: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)


class Found(NamedTuple):
    """What a line gave; `counts` when it was a row of data, taken or not."""

    row: Row | None
    problems: list[Problem]
    counts: bool


def problem(
    severity: Severity, sheet: str, row: int | None, column: str, value: str, what: str
) -> Problem:
    """A problem whose value is short and safe to show."""
    shown = plain(tidy(value[: _SHOWN + 1]))
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
    return Problem(severity, sheet, row, column, shown, what)


def read_line(layout: Layout, line: Line, memory: Memory) -> Found:
    """Read one line beneath the header."""
    if _repeats_header(layout, line):
        return Found(None, [], counts=False)
    aside = _why_left_aside(layout, line)
    if aside:
        name, number = layout.sheet.name, line.number
        warning = problem("warning", name, number, "", as_text(_first(line)), aside)
        return Found(None, [warning], counts=False)
    return _Attempt(layout, line).row(memory)


def _repeats_header(layout: Layout, line: Line) -> bool:
    """Whether the line is the header over again, as at the top of a printed page."""
    same = 0
    for index, column in layout.columns.items():
        value = line.value(index)
        if column.field and not is_blank(value):
            if fold(as_text(value)) != fold(column.header):
                return False
            same += 1
    return same > 1


def _why_left_aside(layout: Layout, line: Line) -> str | None:
    if line.number in layout.sheet.banners:
        return "is a heading across the columns, and was left out"
    named = [layout.place(name) for name in ("tag", "asset_number")]
    numbered = any(place and not is_blank(line.value(place[0])) for place in named)
    kind = layout.place("type")
    is_total = _says_total(_first(line)) or (
        kind and not numbered and _says_total(line.value(kind[0]))
    )
    return "is a line of totals, and was left out" if is_total else None


def _first(line: Line) -> Value:
    return next((value for value in line.values if not is_blank(value)), None)


def _says_total(value: Value) -> bool:
    return isinstance(value, str) and len(value) < _SHOWN and squeeze(value) in _TOTALS


class _Attempt:
    """One line on its way to being a row."""

    def __init__(self, layout: Layout, line: Line) -> None:
        self.layout = layout
        self.line = line
        self.problems: list[Problem] = []
        self.refused = False

    def row(self, memory: Memory) -> Found:
        """The row, if there is one, and what was wrong."""
        self._check_width()
        values = self._fields()
        if "type" in values:
            values["type"] = memory.spellings.setdefault(fold(values["type"]), values["type"])
        self._check_numbers(values, memory)
        self._check_borrower(values)
        self._check_loan(values)
        extras = self._extras()
        if self.refused:
            return Found(None, self.problems, counts=True)
        attributes = {_ATTRIBUTES.get(name, name): value for name, value in values.items()}
        row = Row(
            sheet=self.layout.sheet.name, number=self.line.number, extras=extras, **attributes
        )
        return Found(row, self.problems, counts=True)

    def _report(self, column: Column | None, value: Value, what: str, error: bool) -> None:
        error = error or (isinstance(value, Unreadable) and value.grave)
        self.refused = self.refused or error
        severity: Severity = "error" if error else "warning"
        header = column.header if column else ""
        sheet, number = self.layout.sheet.name, self.line.number
        self.problems.append(problem(severity, sheet, number, header, as_text(value), what))

    def _fields(self) -> dict[str, Any]:
        """The values that can be taken, by field."""
        values = {}
        for index, column in self.layout.columns.items():
            name = column.field
            if name is None:
                continue
            value = self._own_or_merged(index, column)
            absent = _ABSENT.get(name, means_nothing)(value)
            if value is None or absent:
                continue
            result = Fault(value.problem) if isinstance(value, Unreadable) else READERS[name](value)
            if name == "type" and means_nothing(value):
                result = Fault("does not say what kind of thing it is")
            if isinstance(result, Fault):
                self._report(column, value, result.problem, error=name in _VITAL)
            else:
                values[name] = result
        self._check_type_is_given()
        return values

    def _own_or_merged(self, index: int, column: Column) -> Value:
        value = self.layout.sheet.value(self.line, index)
        if column.field not in _ONE_EACH or not is_blank(self.line.value(index)):
            return value
        if not is_blank(value):
            what = "is merged with the row above, and counts there alone"
            self._report(column, value, what, error=column.field == "quantity")
        return None

    def _check_type_is_given(self) -> None:
        place = self.layout.place("type")
        if place is None:
            self._report(None, None, "no column of this sheet says what kind of thing it is", True)
        elif is_blank(self.layout.sheet.value(self.line, place[0])):
            self._report(place[1], None, "is empty: what kind of thing is it?", error=True)

    def _check_width(self) -> None:
        """Refuse a line of CSV longer than its header: a stray delimiter has moved its values."""
        beyond = self.line.values[self.layout.width :]
        if self.layout.sheet.delimited and not all(is_blank(value) for value in beyond):
            what = (
                "the row has more cells than the headers; a value with the delimiter in it "
                "needs quotation marks around it"
            )
            self._report(None, None, what, error=True)

    def _check_numbers(self, values: dict[str, Any], memory: Memory) -> None:
        """Refuse a tag or an asset number that an earlier line bears."""
        here = self.layout.sheet.name, self.line.number
        for name in ("tag", "asset_number"):
            place = self.layout.place(name)
            if place is None or name not in values:
                continue
            first = memory.bearers.setdefault((name, fold(values[name])), here)
            if first != here:
                where = f"row {first[1]}"
                if first[0] != here[0]:
                    where += f" of the sheet {first[0]!r}"
                self._report(place[1], values[name], f"is already on {where}", error=True)

    def _check_borrower(self, values: dict[str, Any]) -> None:
        """Refuse a borrower in whose name the person stands whom the row names as the contact."""
        place, to = self.layout.place("on_loan_to"), values.get("on_loan_to")
        if place and to and names_a_person(to, values.get("contact")):
            self._report(place[1], to, NAMES_A_PERSON.problem, error=True)

    def _check_loan(self, values: dict[str, Any]) -> None:
        place = self.layout.place("due_on")
        if place and "due_on" in values and "on_loan_to" not in values:
            due = values.pop("due_on")
            self._report(
                place[1], due, "is a due date, but nobody is named who has it", error=False
            )

    def _extras(self) -> dict[str, str]:
        extras = {}
        for index, column in self.layout.columns.items():
            value = self.layout.sheet.value(self.line, index)
            if column.field or value is None or is_blank(value):
                continue
            result = Fault(value.problem) if isinstance(value, Unreadable) else note(value)
            if isinstance(result, Fault):
                self._report(column, value, result.problem, error=False)
            else:
                extras[column.header] = result
        return extras
