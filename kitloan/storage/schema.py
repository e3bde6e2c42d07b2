"""The schema of a store: making its tables, indexes and triggers, and checking its version."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Dialect, Index, MetaData, text
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.exc import DBAPIError

from kitloan.errors import StoreError
from kitloan.storage.settings import whole_number

SCHEMA = 4
"""The version of the tables. A store of an older version is upgraded by
`kitloan.backups.upgrading`; a store of a newer one is refused."""

OLDEST = 2
"""The version that the first release, 0.1.0, made. Earlier stores cannot be used."""


_NEVER = (
    ("entries_stay", "UPDATE ON ledger_entry", ""),
    (
        "own_entries_stay",
        "DELETE ON ledger_entry",
        "(SELECT own FROM ledger_head WHERE college = OLD.college)",
    ),
    ("own_heads_stay", "DELETE ON ledger_head", "OLD.own"),
    (
        "own_heads_move_forward",
        "UPDATE ON ledger_head",
        "OLD.own AND (NOT NEW.own OR (NEW.epoch, NEW.seq) <= (OLD.epoch, OLD.seq))",
    ),
)
"""Triggers with which SQLite itself protects a ledger: name, event, and which rows. On PostgreSQL
the privileges of logins do: see `kitloan.storage.row_security`. Copies of other ledgers may be
replayed when a college resumed from a backup."""


def create_tables(connection: Connection) -> None:
    """Make every table, constraint and index in an empty database."""
    statements = _statements(connection.dialect.name, connection.dialect)
    if connection.dialect.name == "sqlite":
        run_each(connection, statements)
        return
    for statement in statements:
        connection.exec_driver_sql(statement)


def run_each(connection: Connection, statements: Iterable[str]) -> None:
    """Run statements that answer nothing, in SQLite.

    By the driver itself: a store takes more than a hundred, and SQLAlchemy longer for each than
    SQLite does.
    """
    cursor = connection.connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    cursor.close()


_made: dict[str, tuple[str, ...]] = {}


def _statements(name: str, dialect: Dialect) -> tuple[str, ...]:
    """The statements that make the tables in a dialect. Compiled once, because it takes 50 ms."""
    if name not in _made:
        statements: list[str] = []

        def keep(ddl: Any, _nothing: Any) -> None:
            statements.append(str(ddl.compile(dialect=dialect)))

        _make(MockConnection(dialect, keep))
        _made[name] = (*statements, *(_guards() if name == "sqlite" else ()))
    return _made[name]


def _guards() -> Iterator[str]:
    for name, when, rows in _NEVER:
        only = f"WHEN {rows} " if rows else ""
        raising = "BEGIN SELECT RAISE(ABORT, 'a ledger is never changed'); END"
        yield f"CREATE TRIGGER {name} BEFORE {when} {only}{raising}"


def _make(connection: MockConnection) -> None:
    from kitloan.tables import Base, table  # opening a store needs none
    from kitloan.tables.every import ONLY_SOME_ROWS

    Base.metadata.create_all(connection, checkfirst=False)
    for model, name, columns, rows, unique in ONLY_SOME_ROWS:
        copy = table(model).to_metadata(MetaData())  # so that the class keeps its own indexes
        index = Index(
            name,
            *(copy.c[column] for column in columns),
            unique=unique,
            sqlite_where=text(rows),
            postgresql_where=text(rows),
        )
        index.create(connection)


def version_of(connection: Connection) -> int:
    """The version of a store's tables; 0 when it has none.

    Raises:
        StoreError: `damaged`, when the value is not a version.
    """
    found = connection.exec_driver_sql(
        "SELECT value FROM setting WHERE college = '' AND name = 'schema'"
    ).scalar()
    return 0 if found is None else whole_number("schema", found)


def insist_on_version(connection: Connection, store: str, oldest: int = SCHEMA) -> None:
    """Refuse tables that this program cannot work with.

    Args:
        connection: a transaction.
        store: the store's name, for the refusal.
        oldest: the first version of the tables that the caller can work with.

    Raises:
        StoreError: `damaged`, `not_a_store`, `older_store`, `upgrade_due` or `newer_store`.
    """
    try:
        found = version_of(connection)
    except DBAPIError as problem:
        if not _no_such_table(problem):
            raise
        found = 0
    if not found:
        raise StoreError(
            "not_a_store",
            f"{store} is a database, but not a kitloan store.",
            "Name a store with --store, or make one: kitloan init COLLEGE",
            store=store,
        )
    if not oldest <= found <= SCHEMA:
        raise StoreError(*_wrong_version(store, found), store=store, schema=found)


def _wrong_version(store: str, found: int) -> tuple[str, str, str]:
    """The code, the message and the hint of a refusal."""
    if found < OLDEST:
        return (
            "older_store",
            f"{store} was made before the first release of kitloan (its tables are version "
            f"{found}, this program's {SCHEMA}), and cannot be used any more.",
            "Keep the file, start a new store with `kitloan init`, and import the register again.",
        )
    if found > SCHEMA:
        return (
            "newer_store",
            f"{store} was made by a newer kitloan (its tables are version {found}, "
            f"this program reads up to {SCHEMA}). It was not changed.",
            "Update kitloan on this machine.",
        )
    return (
        "upgrade_due",
        f"{store} was made by an earlier kitloan (its tables are version {found}, "
        f"this program's {SCHEMA}).",
        "Open it once with any command: kitloan upgrades it.",
    )


def _no_such_table(problem: DBAPIError) -> bool:
    return "no such table" in str(problem.orig) or getattr(problem.orig, "sqlstate", "") == "42P01"
