"""Statements that are compiled once and then run as they are.

The register is read and written by a few fixed statements, many times. SQLAlchemy Core expresses
each of them once for both databases. Compiling it each time, or looking it up in a cache by its
structure, would cost more than SQLite needs to run it. So a statement keeps the text that Core made
for a dialect, and hands it to the driver. A `Query` still gives SQLAlchemy's rows, with the column
names that the driver gave the first time, in a list: its results would take longer than a small
query.

Values are text, whole numbers and booleans only, which both drivers take as they come; and lists of
texts, with `among`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    Row,
    String,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.engine import result_tuple
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement

from kitloan.errors import StoreError

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row whose columns are not typed."""


class Rows(list[AnyRow]):
    """What a query found, all of it, asked for in SQLAlchemy's words."""

    __slots__ = ()

    def all(self) -> "Rows":
        """All of them."""
        return self

    def first(self) -> AnyRow | None:
        """The first; None without one."""
        return self[0] if self else None

    def one(self) -> AnyRow:
        """The only one. Fails where there is none, or several."""
        (row,) = self
        return row

    def one_or_none(self) -> AnyRow | None:
        """The only one; None without one. Fails where there are several."""
        return self.one() if self else None

    def scalars(self, column: int = 0) -> list[Any]:
        """What each has in a column, the first unless another is named."""
        return [row[column] for row in self]

    def scalar(self) -> Any:
        """What the first has in its first column; None without one."""
        return self[0][0] if self else None

    def scalar_one(self) -> Any:
        """What the only one has in its first column. Fails where there is none, or several."""
        return self.one()[0]


REPLAN_AFTER = 100
"""Rows that a connection to PostgreSQL writes until the server plans its statements again; then
after twice as many, and so on. The server keeps the plans of statements that run often. Those of
empty tables read whole tables, or by the wrong index, and the server does not notice that its
tables grow until somebody analyses them, which is not before the transaction ends."""

VERSIONS_OF_A_ROW = 400
"""Earlier versions of a row that a server reads in the time in which it changes a row."""

_WRITTEN, _REPLAN_AT = "rows written", "plan again at"


class TooMuchWork(Exception):
    """A file causes more reading and writing than a file of its size may.

    Attributes:
        meter: what counted it.
        seq: the number of the entry with which it became too much, where one did.
    """

    def __init__(self, meter: "Meter") -> None:
        super().__init__()
        self.meter = meter
        self.seq: int | None = None


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
        # Called for each statement of a merge: a call fewer here is a second of a nation.
        self.rows += rows if rows > 1 else 1
        written = self.written
        for each in values:
            if each.__class__ is str:
                written += len(each)
        self.written = written
        if self.rows > self.most_rows or written > self.most_written:
            raise TooMuchWork(self)


_METER: ContextVar[Meter | None] = ContextVar("meter", default=None)


@contextmanager
def metered(meter: Meter) -> Iterator[None]:
    """Count the statements of this module that run within the block."""
    before = _METER.set(meter)
    try:
        yield
    finally:
        _METER.reset(before)


def plan_again(connection: Connection) -> None:
    """Have a server make new plans for the statements of this connection."""
    driver: Any = connection.connection.dbapi_connection
    driver.execute("DISCARD PLANS")


def count_versions(connection: Connection, changes: int) -> None:
    """Count what a server reads to change the rows of one holding so often in one transaction.

    Each change walks past the versions that the changes before it left; SQLite keeps one.
    """
    if (meter := _METER.get()) is not None and connection.dialect.name != "sqlite":
        meter.count(changes * changes // VERSIONS_OF_A_ROW)


class _Among(ColumnElement[bool]):
    """See `among`."""

    inherit_cache = False  # these are compiled once, by `_Statement`
    type = Boolean()

    def __init__(self, column: ColumnElement[str], name: str) -> None:
        texts = func.json_each(bindparam(name, type_=_Texts())).table_valued("value")
        self.in_sqlite = column.in_(select(texts.c.value))
        self.in_postgresql = column == any_(bindparam(name, type_=ARRAY(String())))

    def self_group(self, against: Any = None) -> "_Among":
        """Itself: SQLAlchemy would compare it with 1, and SQLite then look up no index."""
        return self


class _Texts(String):
    """A list of texts as SQLite takes it: as JSON."""


def among(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """The condition that a column is one of the texts of a list, the argument `name` of a call.

    `in_` makes another statement for each length of the list.
    """
    return _Among(column, name)


@compiles(_Among, "sqlite")
def _among_in_sqlite(element: _Among, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.in_sqlite, **options))


@compiles(_Among, "postgresql")
def _among_in_postgresql(element: _Among, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.in_postgresql, **options))


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
        self.lists = [n for n, each in compiled.binds.items() if isinstance(each.type, _Texts)]
        self.is_counted = dialect.name != "sqlite"
        """Whether rows that were written count; see `REPLAN_AFTER`."""
        self._row: Callable[[tuple[Any, ...]], Any] | None = None
        """Makes a row of what the driver gives."""

    def run(self, connection: Connection, values: dict[str, Any]) -> Any:
        """Run the statement; gives the driver's own cursor."""
        driver: Any = connection.connection.dbapi_connection
        for name in self.lists:
            values[name] = f"[{','.join(map(encode_basestring_ascii, values[name]))}]"
        return driver.execute(self.text, self.values_for(values))

    def changed(self, connection: Connection, rows: int) -> None:
        """Count rows that were written; see `REPLAN_AFTER`."""
        if not self.is_counted:
            return
        info = connection.info
        info[_WRITTEN] = written = info.get(_WRITTEN, 0) + rows
        if written >= info.get(_REPLAN_AT, REPLAN_AFTER):
            info[_REPLAN_AT] = 2 * written
            plan_again(connection)

    def rows(self, connection: Connection, values: dict[str, Any]) -> Rows:
        """Run the statement; gives all its rows."""
        cursor = self.run(connection, values)
        if self._row is None:
            self._row = result_tuple([column[0] for column in cursor.description])
        found = cursor.fetchall()
        if (meter := _METER.get()) is not None:
            meter.count(len(found))
        return Rows(map(self._row, found))


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

    def __call__(self, connection: Connection, **values: Any) -> Rows:
        """The rows for these values."""
        return self._for(connection).rows(connection, values)

    def tuples(self, connection: Connection, **values: Any) -> list[tuple[Any, ...]]:
        """The rows for these values, as plain tuples: for thousands, to be unpacked."""
        # A small query takes as long as ten calls: so what `run` does is done here.
        compiled = self._compiled.get(connection.dialect.name) or self._for(connection)
        for name in compiled.lists:
            values[name] = f"[{','.join(map(encode_basestring_ascii, values[name]))}]"
        driver: Any = connection.connection.dbapi_connection
        cursor = driver.execute(compiled.text, compiled.values_for(values))
        found: list[tuple[Any, ...]] = cursor.fetchall()
        if (meter := _METER.get()) is not None:
            meter.count(len(found))
        return found


class Change(_Statement):
    """A statement that writes."""

    def __call__(self, connection: Connection, **values: Any) -> int:
        """Write with these values; gives how many rows were changed."""
        return self._write(connection, values)

    def _write(self, connection: Connection, values: dict[str, Any]) -> int:
        # Each step of this is taken for every row that is replayed: so they are not calls.
        compiled = self._compiled.get(connection.dialect.name) or self._for(connection)
        driver: Any = connection.connection.dbapi_connection
        touched: int = driver.execute(compiled.text, compiled.values_for(values)).rowcount
        if compiled.is_counted:
            compiled.changed(connection, touched)
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
        compiled.changed(connection, len(some))

    def one(self, connection: Connection, **values: Any) -> None:
        """Make a change that must change exactly one row.

        Raises:
            StoreError: `row_not_there`, when it changed none, or several.
        """
        touched = self._write(connection, values)
        if touched != 1:
            raise StoreError(
                "row_not_there",
                f"A change that must change one row changed {touched}. Nothing was written.",
                "Check the store: kitloan ledger verify",
            )
