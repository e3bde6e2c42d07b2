"""What a table is understood to be, and what its lines give: entries with their loans.

A `Layout` is a table whose columns are known. Each of its lines gives no entry, one or several; an
entry has the fields of a row and what the line has of a loan, open or not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from kitloan.imports.evidence import Profile
from kitloan.imports.formats import Format
from kitloan.imports.headings import plain_header
from kitloan.imports.rows import Column, Problem, Severity
from kitloan.imports.sheets import Line, Sheet, Unreadable, is_blank
from kitloan.imports.statuses import Standing
from kitloan.imports.values import NONE_LEFT, READERS, Fault, as_text, means_nothing
from kitloan.imports.weeks import ColumnDays
from kitloan.text.names import plain, tidy

_SHOWN = 80
PLANNED = "on_loan_then"
"""The field of a column that has who has each thing in the days that head it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A table with its columns understood.

    Attributes:
        columns: by position, the columns that have a header or a value.
        lines: the ones beneath the header.
        width: how many columns the line of headers has.
        profiles: by position, what the column holds.
        alone: whether no other table is beside it.
        made_by: the program whose export it is.
        type_from: positions of columns that can show what a thing is, best first.
        is_loans: the table lists loans of what another sheet has.
        is_log: one line is one loan, and a thing has several.
        is_below: another table of the sheet is above it.
        spans: by position, the days of a column that is one of a plan.
        now: of those, the column that has today in it.
        codes: by folded code, what the key beneath the table has for it.
        kind_asked: which column has what a thing is was asked, so no row need be reported.
    """

    sheet: Sheet
    columns: Mapping[int, Column]
    lines: Sequence[Line]
    width: int
    profiles: Mapping[int, Profile] = field(default_factory=dict)
    alone: bool = True
    made_by: Format | None = None
    type_from: tuple[int, ...] = ()
    header_row: int = 0
    is_loans: bool = False
    is_log: bool = False
    kind_asked: bool = False
    is_below: bool = False
    spans: Mapping[int, ColumnDays] = field(default_factory=dict)
    now: int | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    by_field: dict[str, list[tuple[int, Column]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[str, list[tuple[int, Column]]] = {}
        for index, column in self.columns.items():
            if column.field == PLANNED and index == self.now:
                found.setdefault("on_loan_to", []).append((index, column))
            elif column.field is not None:
                found.setdefault(column.field, []).append((index, column))
        object.__setattr__(self, "by_field", found)

    def place(self, name: str) -> tuple[int, Column] | None:
        """The position and the column of a field, where the table has one."""
        found = self.by_field.get(name)
        return found[0] if found else None

    def places(self, name: str) -> list[tuple[int, Column]]:
        """Every column of a field, from left to right."""
        return self.by_field.get(name, [])


@dataclass(slots=True)
class Loan:
    """What a line records of a loan, open or not; `others` have more of the same stock.

    `back` is what a line with "in" names: who brought the thing back, and when.
    """

    organisation: str | None = None
    out_on: date | None = None
    due_on: date | None = None
    returned_on: date | None = None
    returned: bool = False
    quantity: int | None = None
    back: "Loan | None" = None
    others: list["Loan"] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether somebody has the thing still."""
        return self.organisation is not None and not self.returned


def in_words(loan: Loan) -> str:
    """A loan that is over, as a note has it."""
    parts = [loan.organisation or "somebody"]
    parts += [f"from {loan.out_on.isoformat()}"] if loan.out_on else []
    parts += [f"to {loan.returned_on.isoformat()}"] if loan.returned_on else []
    return " ".join(parts)


@dataclass(slots=True)
class Entry:
    """One line that can be taken: the fields of a row, its loan, its notes."""

    layout: Layout
    number: int
    values: dict[str, Any]
    loan: Loan
    extras: dict[str, str]
    standing: Standing | None = None


class Found(NamedTuple):
    """What a line gave; `counts` when it was a row of data, taken or not."""

    entries: list[Entry]
    problems: list[Problem]
    counts: bool


def problem(
    severity: Severity, sheet: str, row: int | None, column: str, value: str, what: str
) -> Problem:
    """A problem whose value is short and safe to show."""
    shown = plain(tidy(value[: _SHOWN + 1]))
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
    return Problem(severity, sheet, row, column, shown, what)


def matrix(layout: Layout, entries: list[Entry], problems: list[Problem]) -> Iterator[Entry]:
    """The entries of a table whose columns are places or schools, with how many are at each.

    One entry for each place that has some. Where the table has a total as well, one entry with a
    loan for each school. What cannot be counted is added to `problems`.
    """
    places = [
        (index, column)
        for index, column in layout.columns.items()
        if column.field in ("quantity_at", "quantity_with")
    ]
    if not places:
        yield from entries
        return
    schools = all(column.field == "quantity_with" for _, column in places)
    by_number = {line.number: line for line in layout.lines}
    for entry in entries:
        counts = list(_counts(entry, by_number[entry.number], places, problems))
        if schools and layout.place("quantity"):
            if _lend_parts(entry, counts, problems):
                yield entry
            continue
        for column, many in counts:
            name = plain_header(column.header)
            values = dict(entry.values) | {"quantity": many}
            loan = Loan()
            if column.field == "quantity_at":
                if not isinstance(place := READERS["location"](name), Fault):
                    values["location"] = place
            else:
                loan.organisation = name
            yield Entry(layout, entry.number, values, loan, dict(entry.extras), entry.standing)


def _counts(
    entry: Entry, line: Line, places: list[tuple[int, Column]], problems: list[Problem]
) -> Iterator[tuple[Column, int]]:
    for index, column in places:
        value = line.value(index)
        if value is None or is_blank(value):
            continue
        many = Fault(value.problem) if isinstance(value, Unreadable) else READERS["quantity"](value)
        if not isinstance(many, Fault):
            yield column, many
        elif many is not NONE_LEFT and not means_nothing(value):
            sheet, text = entry.layout.sheet.name, as_text(value)
            problems.append(
                problem("error", sheet, entry.number, column.header, text, many.problem)
            )


def _lend_parts(entry: Entry, counts: list[tuple[Column, int]], problems: list[Problem]) -> bool:
    """Give a stock a loan for each school that has a part; whether there are enough."""
    held, out = entry.values.get("quantity", 1), sum(many for _, many in counts)
    if out > held:
        what = f"has {out} on loan, and there are {held}"
        name = str(entry.values.get("type", ""))
        problems.append(problem("error", entry.layout.sheet.name, entry.number, "", name, what))
        return False
    loans = [Loan(plain_header(column.header), quantity=many) for column, many in counts]
    if loans:
        entry.loan = loans[0]
        entry.loan.others = loans[1:]
    return True
