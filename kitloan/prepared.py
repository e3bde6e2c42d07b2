"""Statements that are compiled once and then run as they are.

The register is read and written by a few fixed statements, many times. SQLAlchemy Core says each
of them once for both databases; compiling it anew, or looking it up in a cache by its structure,
would cost more than SQLite needs to run it. So a statement keeps the text that Core made for a
dialect. A `Query` hands that text to SQLAlchemy, for its rows; a `Change` hands it to the driver,
because all it gives back is how many rows it touched.

Values are text, whole numbers and booleans only, which both drivers take as they come.
"""

from typing import Any, TypeAlias

from sqlalchemy import Connection, CursorResult, Dialect, Row
from sqlalchemy.sql.expression import ClauseElement

from kitloan.errors import StoreError

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row whose columns are not typed."""


class _Statement:
    """One Core statement whose `bindparam` names are the arguments of a call."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, dict[str, Any], list[str] | None]] = {}

    def _said(self, dialect: Dialect, values: dict[str, Any]) -> tuple[str, Any]:
        """The statement's text for a dialect, and the values in the form its driver takes."""
        known = self._compiled.get(dialect.name)
        text, constants, order = known or self._compile(dialect)
        every = constants | values
        return text, every if order is None else tuple([every[name] for name in order])

    def _compile(self, dialect: Dialect) -> tuple[str, dict[str, Any], list[str] | None]:
        compiled = self._statement.compile(dialect=dialect)
        order = compiled.positiontup if compiled.positional else None  # type: ignore[attr-defined]  # only SQLCompiler has it, which every statement here gives
        made = (compiled.string, dict(compiled.params), order)
        self._compiled[dialect.name] = made
        return made


class Query(_Statement):
    """A statement that gives rows."""

    def __call__(self, connection: Connection, **values: Any) -> CursorResult[*tuple[Any, ...]]:
        """The rows for these values."""
        return connection.exec_driver_sql(*self._said(connection.dialect, values))


class Change(_Statement):
    """A statement that writes."""

    def __call__(self, connection: Connection, **values: Any) -> int:
        """Write with these values; gives how many rows were touched."""
        driver: Any = connection.connection.dbapi_connection
        cursor = driver.execute(*self._said(connection.dialect, values))
        return int(cursor.rowcount)

    def one(self, connection: Connection, **values: Any) -> None:
        """Make a change that must touch exactly one row.

        Raises:
            StoreError: `row_not_there`, when it touched none, or several.
        """
        touched = self(connection, **values)
        if touched != 1:
            raise StoreError(
                "row_not_there",
                f"A change that must touch one row touched {touched}; nothing was written.",
                "Run `kitloan ledger verify` to see what is wrong with the store.",
            )
