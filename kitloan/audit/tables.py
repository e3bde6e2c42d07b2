"""The report as tables: the one shape from which every form of it is made.

Terminal, HTML, XLSX, CSV and JSON read these values and work out nothing of their own, so they
cannot disagree. A table that people would rather see has a chart, and a sentence with the same
figures.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from operator import attrgetter
from typing import Any, Literal, TypeAlias

from kitloan.audit.stored import keep

Cell: TypeAlias = str | int | float | date | None
"""A value of a table. A share is a float from 0 to 1; money is whole pence; None is unknown."""

Kind = Literal["text", "tag", "count", "share", "days", "rate", "pence", "date"]

UNKNOWN = "not recorded"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the name that programs use, the title that people read, and what it holds.

    Attributes:
        name: the key in JSON, and the head of the column in CSV.
        title: the head of the column on paper and screen.
        kind: what its values are.
        meaning: one sentence for the dictionary.
        words: what people read in place of a value that programs use, such as a college's id.
        unknown: what people read where there is no value.
    """

    name: str
    title: str
    kind: Kind
    meaning: str
    words: Mapping[str, str] = field(default_factory=dict)
    unknown: str = UNKNOWN


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of some number columns of a table, by its first column; `caption` gives it in words."""

    values: tuple[str, ...]
    caption: str
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report. `name` is its file's, `title` its sheet's; `note` explains."""

    name: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]
    chart: Chart | None = None

    def column(self, name: str) -> list[Cell]:
        """The values of one column."""
        at = [each.name for each in self.columns].index(name)
        return [row[at] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Tile:
    """A region on the map: how many kits, and the share that was seen; None where unknown."""

    code: str
    name: str
    kits: int | None
    seen: float | None
    used: float | None
    per_1000: float | None = None
    """Kits for a thousand pupils of the region; None where no list of schools was read."""


@dataclass(frozen=True, slots=True)
class GiftStep:
    """A step of a gift's way to the classroom; `fell` is what did not go further, in words."""

    name: str
    number: int
    fell: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """The first page: answers before tables.

    Attributes:
        answers: sentences, each with what limits it.
        tiles: the regions; empty leaves out the map.
        flow: from promise to use; empty leaves it out.
        months: each month and its loans, the earliest first; None where no ledger covers it.
        decisions: what needs a decision, and who acts; the most serious first.
        thanks: what opens a page for a donor, who is thanked by name.
        evidence: answers about what the kits did, for a page that is about that.
    """

    answers: tuple[tuple[str, str], ...] = ()
    tiles: tuple[Tile, ...] = ()
    flow: tuple[GiftStep, ...] = ()
    flow_of: str = ""
    months: tuple[tuple[date, int | None], ...] = ()
    decisions: tuple[tuple[str, str], ...] = ()
    thanks: str = ""
    evidence: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report as at the end of a day, its most important table first."""

    title: str
    as_at: date
    tables: tuple[Table, ...]
    summary: Summary = Summary()
    made: str = ""
    """Who made it, when, and from what: the line at its foot."""
    dictionary: bool = True
    """Whether what the columns mean is an appendix of the page."""
    reader: str = ""
    """Whose paper it is; empty for the whole report."""
    off_paper: frozenset[str] = frozenset()
    """Tables that are not printed with the page: the screen and the other forms have them."""

    def only(self, names: Iterable[str]) -> "Report":
        """The same with some of its tables, in the order of their names here."""
        known = {each.name: each for each in self.tables}
        return replace(self, tables=tuple(known[name] for name in names if name in known))


Field = tuple[Column, Callable[[Any], Cell]]
"""A column, and what gives its value for the thing that a row is about."""


def text(
    name: str,
    title: str,
    meaning: str,
    of: Callable[[Any], Cell] | None = None,
    kind: Kind = "text",
    words: Mapping[str, str] | None = None,
    unknown: str = UNKNOWN,
) -> Field:
    """A field of text, or of another kind; its value is the attribute `name` when `of` is None."""
    return Column(name, title, kind, meaning, words or {}, unknown), of or attrgetter(name)


def count(name: str, title: str, meaning: str, of: Callable[[Any], Cell] | None = None) -> Field:
    """A field with a number of things."""
    return text(name, title, meaning, of, "count", unknown="not known")


def day(name: str, title: str, meaning: str, unknown: str = UNKNOWN) -> Field:
    """A field with a date."""
    return text(name, title, meaning, None, "date", unknown=unknown)


def table(
    name: str,
    title: str,
    note: str,
    fields: Sequence[Field],
    things: Iterable[Any],
    chart: Chart | None = None,
) -> Table:
    """A table with a row for each thing."""
    columns, cells = zip(*fields, strict=True)
    rows = keep(tuple([cell(thing) for cell in cells]) for thing in things)
    return Table(name, title, note, columns, rows, chart)
