"""What comes out of reading a register: rows, what its columns were taken for, problems, questions.

Frozen values, JSON-ready where a program will want them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter, itemgetter
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from kitloan.imports.packed import Packed, PackedWriter
from kitloan.imports.questions import Question

Severity = Literal["error", "warning"]

UNNAMED = "Borrower not recorded"
"""The organisation of a loan whose register names nobody, or only a person."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one sheet: its header as written, and the field it was taken for, if any.

    Attributes:
        evidence: why, in words.
        samples: the first values that differ.
    """

    sheet: str
    header: str
    field: str | None
    letter: str
    evidence: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person should look at: an error is a row not taken, a warning a value left out.

    Attributes:
        row: as the spreadsheet numbers it; None where it is about the whole sheet.
        column: its header; empty where it is about the whole row.
        value: the value at fault, at most 80 characters, safe to show.
        problem: what is wrong, as the end of a sentence whose beginning is the value.
    """

    severity: Severity
    sheet: str
    row: int | None
    column: str
    value: str
    problem: str

    def as_json(self) -> dict[str, str | int | None]:
        """The problem as `--json` gives it."""
        return {
            "severity": self.severity,
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class SheetRead:
    """One sheet of the file: whether its rows were taken, and why or why not."""

    sheet: str
    header_row: int | None
    rows: int
    taken: bool
    why: str

    def as_json(self) -> dict[str, Any]:
        """The sheet as `--json` gives it."""
        return {
            "sheet": self.sheet,
            "header_row": self.header_row,
            "rows": self.rows,
            "taken": self.taken,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class RowStockLoan:
    """One more open loan of a stock, whose first loan the row itself has."""

    organisation: str
    quantity: int
    due_on: date | None = None
    out_on: date | None = None


class Row(NamedTuple):  # there are thousands, each packed and made again
    """One holding as a register has it.

    Attributes:
        sheet, number: the sheet and the row's number in the spreadsheet.
        type: the kind of thing, in the spelling in which this file first has it.
        tag: bare.
        value_pence: of one, in pence.
        title: owned, on_loan_from_donor, held_for_esp or unknown.
        out_on: the day on which the open loan began, where the register names it.
        quantity_out: how many of a stock are on loan; None is all of them.
        more_loans: the other open loans of a stock that several borrowers have parts of.
        missing: it is lost, by the register.
        in_repair: it is being repaired, by the register.
        extras: by header, what is in the columns that no field took, and what could not be read.
            It may speak of people.
    """

    sheet: str
    number: int
    type: str
    tag: str | None = None
    asset_number: str | None = None
    quantity: int = 1
    location: str | None = None
    serial: str | None = None
    condition: str | None = None
    donor: str | None = None
    funding_source: str | None = None
    title: str | None = None
    document: str | None = None
    gift: str | None = None
    acknowledgement: str | None = None
    value_pence: int | None = None
    value_basis: str | None = None
    valued_on: date | None = None
    received_on: date | None = None
    last_sighted_on: date | None = None
    on_loan_to: str | None = None
    due_on: date | None = None
    out_on: date | None = None
    quantity_out: int | None = None
    more_loans: tuple[RowStockLoan, ...] = ()
    missing: bool = False
    in_repair: bool = False
    contact: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None
    home_college: str | None = None
    extras: Mapping[str, str] = MappingProxyType({})


def packing_rows() -> PackedWriter[Row]:
    """An empty list of rows, to be filled, that needs little memory."""
    return PackedWriter(tuple, Row._make)


def values_of(rows: Sequence[Row], *names: str) -> Iterator[tuple[Any, ...]]:
    """Several fields of each row, without making the rows of a long list again."""
    if isinstance(rows, Packed):
        return map(itemgetter(*map(Row._fields.index, names)), rows.plain())
    return map(attrgetter(*names), rows)


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A row in error: its cells by heading, as the spreadsheet shows them, and why it was not
    taken.
    """

    sheet: str
    row: int
    cells: dict[str, str]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """A register as it was read.

    Attributes:
        rows: the ones that can be taken, in the file's order.
        columns: every column of every sheet that was read.
        problems: in the file's order.
        count: how many rows of data were seen, taken or not.
        sheets: every sheet and table, with why it was taken or left out.
        questions: what must be answered before anything changes.
        known_format: the program whose export it is, where its headings are known.
        map_used: the name of the map file that was found beside the register, where one was.
    """

    rows: Sequence[Row]
    columns: tuple[Column, ...]
    problems: tuple[Problem, ...]
    count: int
    sheets: tuple[SheetRead, ...] = ()
    questions: tuple[Question, ...] = ()
    known_format: str | None = None
    map_used: str | None = None
    not_taken: tuple["NotTaken", ...] = ()
    answers: Any = None
    """The map that was followed, with what was accepted: a `mapfile.Map`."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that kept a row out."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    def fields_by_header(self) -> dict[str, str]:
        """Which column was taken for what; two sheets that differ on a header are told apart."""
        found: dict[str, str] = {}
        for column in self.columns:
            if column.field is None:
                continue
            if found.setdefault(column.header, column.field) != column.field:
                found[f"{column.sheet}: {column.header}"] = column.field
        return found
