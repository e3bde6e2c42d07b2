"""Statements that are compiled once and then run as they are.

The register is read and written by a few fixed statements, many times. SQLAlchemy Core expresses
each of them once for both databases. Compiling it each time, or looking it up in a cache by its
structure, would cost more than SQLite needs to run it. So a statement keeps the text that Core made
for a dialect, and hands it to the driver. A `Query` still gives SQLAlchemy's rows, with the column
names that the driver gave the first time: asking each time makes a small query take four times as
long.

Values are text, whole numbers and booleans only, which both drivers take as they come.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect, Result, Row
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.sql.expression import ClauseElement

from kitloan.errors import StoreError

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row whose columns are not typed."""


class TooMuchWork(Exception):
    """A file causes more reading and writing than a file of its size may.

    Attributes:
        seq: the number of the entry with which it became too much, where one did.
    """

    seq: int | None = None


class Meter:
    """Counts what statements do: rows they read or change, and characters they write.

    Each statement counts as one row at least.

    Attributes:
        rows: how many so far.
        written: how many characters so far.
    """

    def __init__(self, most_rows: int, most_written: int) -> None:
        """`most_rows` and `most_written` are the limits."""
        self.rows = self.written = 0
        self.most_rows, self.most_written = most_rows, most_written

    def count(self, rows: int, values: Iterable[Any] = ()) -> None:
        """Add rows, and values that were written.

        Raises:
            TooMuchWork: a limit is exceeded.
        """
        self.rows += max(1, rows)
        self.written += sum([len(each) for each in values if isinstance(each, str)])
        if self.rows > self.most_rows or self.written > self.most_written:
            raise TooMuchWork


_METER: ContextVar[Meter | None] = ContextVar("meter", default=None)


@contextmanager
def metered(meter: Meter) -> Iterator[None]:
    """Count the statements of this module that run within the block."""
    before = _METER.set(meter)
    try:
        yield
    finally:
        _METER.reset(before)


class _Compiled:
    """A statement's text for one dialect, and how its values go to that dialect's driver."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.text: str = compiled.string
        order: list[str] | None = compiled.positiontup if compiled.positional else None
        self.values_for = _values_function(
            {name: each.value for name, each in compiled.binds.items() if not each.required}, order
        )
        """Puts a call's values in the form that the driver takes."""
        self._names: SimpleResultMetaData | None = None

    def run(self, connection: Connection, values: dict[str, Any]) -> Any:
        """Run the statement; gives the driver's own cursor."""
        driver: Any = connection.connection.dbapi_connection
        return driver.execute(self.text, self.values_for(values))

    def rows(self, connection: Connection, values: dict[str, Any]) -> Result[*tuple[Any, ...]]:
        """Run the statement; gives all its rows."""
        cursor = self.run(connection, values)
        if self._names is None:
            self._names = SimpleResultMetaData([column[0] for column in cursor.description])
        found = cursor.fetchall()
        if (meter := _METER.get()) is not None:
            meter.count(len(found))
        return IteratorResult(self._names, iter(found))


def _values_function(
    constants: dict[str, Any], order: list[str] | None
) -> Callable[[dict[str, Any]], Any]:
    if order is None:
        return constants.__or__  # by name, as PostgreSQL's driver takes them
    if len(order) < 2:
        return lambda values: tuple([(constants | values)[name] for name in order])
    # One call in C: making a list here took as long as a small query.
    in_order = itemgetter(*order)
    return (lambda values: in_order(constants | values)) if constants else in_order


class _Statement:
    """One Core statement whose `bindparam` names are the arguments of a call."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def _for(self, connection: Connection) -> _Compiled:
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._statement, dialect)
        return compiled


class Query(_Statement):
    """A statement that gives rows."""

    def __call__(self, connection: Connection, **values: Any) -> Result[*tuple[Any, ...]]:
        """The rows for these values."""
        return self._for(connection).rows(connection, values)


class Change(_Statement):
    """A statement that writes."""

    def __call__(self, connection: Connection, **values: Any) -> int:
        """Write with these values; gives how many rows were changed."""
        touched = int(self._for(connection).run(connection, values).rowcount)
        if (meter := _METER.get()) is not None:
            meter.count(touched, values.values() if touched else ())
        return touched

    def many(self, connection: Connection, rows: Iterable[dict[str, Any]]) -> None:
        """Write once for each of the rows, which all have the same names."""
        compiled = self._for(connection)
        driver: Any = connection.connection.dbapi_connection
        some = list(rows)
        if (meter := _METER.get()) is not None:
            for row in some:
                meter.count(1, row.values())
        driver.cursor().executemany(compiled.text, [compiled.values_for(row) for row in some])

    def one(self, connection: Connection, **values: Any) -> None:
        """Make a change that must change exactly one row.

        Raises:
            StoreError: `row_not_there`, when it changed none, or several.
        """
        touched = self(connection, **values)
        if touched != 1:
            raise StoreError(
                "row_not_there",
                f"A change that must change one row changed {touched}. Nothing was written.",
                "Check the store: kitloan ledger verify",
            )
