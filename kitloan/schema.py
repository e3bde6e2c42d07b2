"""Making the tables, and the version of them."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Dialect, Index, MetaData, text
from sqlalchemy.engine.mock import MockConnection

SCHEMA = 3
"""The version of the tables. A store of an older one is upgraded, see `kitloan.upgrades`; one of a
newer is refused."""

OLDEST = 2
"""What the first release, 0.1.0, made. What went before cannot be used any more."""


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
"""What SQLite itself refuses to do to a ledger, by trigger: its name, when, of which rows. On
PostgreSQL logins are kept from it: see `kitloan.rowsecurity`. Copies of other ledgers may
be told anew when a college resumed from a backup."""


def create_tables(connection: Connection) -> None:
    """Make every table, constraint and index in an empty database."""
    for statement in _statements(connection.dialect.name, connection.dialect):
        connection.exec_driver_sql(statement)


_made: dict[str, tuple[str, ...]] = {}


def _statements(name: str, dialect: Dialect) -> tuple[str, ...]:
    """What makes the tables, in a database's own words. Put together once: it takes 50 ms."""
    if name not in _made:
        said: list[str] = []

        def keep(ddl: Any, _nothing: Any) -> None:
            said.append(str(ddl.compile(dialect=dialect)))

        _make(MockConnection(dialect, keep))
        _made[name] = (*said, *(_guards() if name == "sqlite" else ()))
    return _made[name]


def _guards() -> Iterator[str]:
    for name, when, rows in _NEVER:
        only = f"WHEN {rows} " if rows else ""
        raising = "BEGIN SELECT RAISE(ABORT, 'a ledger is never changed'); END"
        yield f"CREATE TRIGGER {name} BEFORE {when} {only}{raising}"


def _make(connection: MockConnection) -> None:
    from kitloan.models import Base, table  # opening a store needs none
    from kitloan.models.every import ONLY_SOME_ROWS

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
