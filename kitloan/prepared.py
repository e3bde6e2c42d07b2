"""Statements that are compiled once and then run as they are.

The register is read and written by a few fixed statements, many times. SQLAlchemy Core says each
of them once for both databases; compiling it anew, or looking it up in a cache by its structure,
would cost more than SQLite needs to run it. So a statement keeps the text that Core made for a
dialect. A `Query` hands that text to SQLAlchemy, for its rows; a `Change` hands it to the driver,
because all it gives back is how many rows it touched.

Values are text, whole numbers and booleans only, which both drivers take as they come.
"""

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Connection, CursorResult, Dialect, Row
from sqlalchemy.sql.expression import ClauseElement

from kitloan.errors import StoreError

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row whose columns are not typed."""


class _Said:
    """A statement's text for one dialect, and how its values go to that dialect's driver."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.text: str = compiled.string
        order: list[str] | None = compiled.positiontup if compiled.positional else None
        self.given = _giver(
            {name: each.value for name, each in compiled.binds.items() if not each.required}, order
        )
        """Puts a call's values in the form that the driver takes."""


def _giver(constants: dict[str, Any], order: list[str] | None) -> Callable[[dict[str, Any]], Any]:
    if order is None:
        return constants.__or__  # by name, as PostgreSQL's driver takes them
    if len(order) < 2:
        return lambda values: tuple([(constants | values)[name] for name in order])
    # One call in C: a list made here took as long as a small query.
    in_order = itemgetter(*order)
    return (lambda values: in_order(constants | values)) if constants else in_order


class _Statement:
    """One Core statement whose `bindparam` names are the arguments of a call."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Said] = {}

    def _for(self, connection: Connection) -> _Said:
        dialect = connection.dialect
        said = self._compiled.get(dialect.name)
        if said is None:
            said = self._compiled[dialect.name] = _Said(self._statement, dialect)
        return said

    def _run(self, connection: Connection, values: dict[str, Any]) -> Any:
        """The driver's own cursor, after the statement ran."""
        said = self._compiled.get(connection.dialect.name) or self._for(connection)
        driver: Any = connection.connection.dbapi_connection
        return driver.execute(said.text, said.given(values))


class Query(_Statement):
    """A statement that gives rows."""

    def __call__(self, connection: Connection, **values: Any) -> CursorResult[*tuple[Any, ...]]:
        """The rows for these values."""
        said = self._for(connection)
        return connection.exec_driver_sql(said.text, said.given(values))

    def plain(self, connection: Connection, **values: Any) -> list[tuple[Any, ...]]:
        """The rows as the driver gives them: a small query takes a quarter of the time."""
        rows: list[tuple[Any, ...]] = self._run(connection, values).fetchall()
        return rows


class Change(_Statement):
    """A statement that writes."""

    def __call__(self, connection: Connection, **values: Any) -> int:
        """Write with these values; gives how many rows were touched."""
        return int(self._run(connection, values).rowcount)

    def many(self, connection: Connection, rows: Iterable[dict[str, Any]]) -> None:
        """Write once for each of the rows, which all have the same names."""
        said = self._for(connection)
        driver: Any = connection.connection.dbapi_connection
        driver.cursor().executemany(said.text, [said.given(row) for row in rows])

    def one(self, connection: Connection, **values: Any) -> None:
        """Make a change that must touch exactly one row.

        Raises:
            StoreError: `row_not_there`, when it touched none, or several.
        """
        touched = self._run(connection, values).rowcount
        if touched != 1:
            raise StoreError(
                "row_not_there",
                f"A change that must touch one row touched {touched}; nothing was written.",
                "Run `kitloan ledger verify` to see what is wrong with the store.",
            )
