"""Making the tables, and the version of them."""

from sqlalchemy import Connection, Index, MetaData, text

SCHEMA = 2
"""A store of another version is refused; from the first release on, an older one is upgraded."""


NEVER = (
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
PostgreSQL logins are kept from it: see `kitloan.provision.rowsecurity`. Copies of other ledgers may
be told anew when a college resumed from a backup."""


def create_tables(connection: Connection) -> None:
    """Make every table, constraint and index in an empty database."""
    from kitloan.models import Base, table  # opening a store needs none
    from kitloan.models.every import ONLY_SOME_ROWS

    Base.metadata.create_all(connection)
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
    if connection.dialect.name == "sqlite":
        for name, when, rows in NEVER:
            connection.exec_driver_sql(
                f"CREATE TRIGGER {name} BEFORE {when} "
                + (f"WHEN {rows} " if rows else "")
                + "BEGIN SELECT RAISE(ABORT, 'a ledger is never changed'); END"
            )
