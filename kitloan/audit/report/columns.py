"""What the tables of the report are made of: a column, and where its cell comes from."""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from kitloan.audit.tables import Cell, Chart, Column, Kind, Table

Field = tuple[Column, Callable[[Any], Cell]]
"""A column, and what gives its cell of the thing that a row is about."""


def field(
    name: str,
    title: str,
    meaning: str,
    kind: Kind = "text",
    of: Callable[[Any], Cell] | None = None,
) -> Field:
    """A field of words, unless it is of another kind; `of` its own name, unless said otherwise."""
    return Column(name, title, kind, meaning), of or attrgetter(name)


def count(name: str, title: str, meaning: str, of: Callable[[Any], Cell] | None = None) -> Field:
    """A field that says how many."""
    return field(name, title, meaning, "count", of)


def day(name: str, title: str, meaning: str) -> Field:
    """A field that is a date."""
    return field(name, title, meaning, "date")


COLLEGE = field("college", "College", "The college's id.")
TAG = field("tag", "Tag", "The holding's tag, as on its label.", "tag")
TYPE = field("type", "Kit type", "What kind of holding it is.")


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
    return Table(
        name,
        title,
        note,
        columns,
        tuple(tuple(cell(thing) for cell in cells) for thing in things),
        chart,
    )
