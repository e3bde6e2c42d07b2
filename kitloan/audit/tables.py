"""The report as tables: the one shape from which every form of it is made.

Terminal, HTML, XLSX, CSV and JSON read these values and reckon nothing of their own, so they cannot
disagree. A table that people would rather see has a chart, and a sentence that says the same.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

Cell: TypeAlias = str | int | float | date | None
"""What stands in a table. A share is a float from 0 to 1; money is whole pence; None is unknown."""

Kind = Literal["text", "tag", "count", "share", "days", "pence", "date"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the name that programs use, the title that people read, and what it holds."""

    name: str
    title: str
    kind: Kind
    meaning: str
    """One sentence for the data dictionary."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of some number columns of a table, by its first column; `says` is the same in words."""

    values: tuple[str, ...]
    says: str
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report. `name` is its file's and its sheet's; `note` explains, in words."""

    name: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    chart: Chart | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report as at the end of a day, its most important table first."""

    title: str
    as_at: date
    tables: tuple[Table, ...]
