"""What lets SQLite itself prove a file: that no bit of it turned over while nobody looked.

History proves the register: verifying replays it and compares. People, remarks, settings and keys
are in no history, so their rows are written twice, once in the table and once in an index over all
of its columns; `PRAGMA integrity_check` compares the two. And the rules (tables, indexes, triggers)
stand in the file as text, which a flipped bit can weaken without breaking; they are compared with
what this program would write.
"""

from functools import cache

from sqlalchemy import Connection, Index, MetaData, create_engine

from kitloan.errors import StoreError
from kitloan.schema import create_tables

_RULES = "SELECT type, name, tbl_name, sql FROM sqlite_master"


def create_everything(connection: Connection) -> None:
    """Make every table in an empty database, and in SQLite what proves its local rows."""
    create_tables(connection)
    if connection.dialect.name == "sqlite":
        _double(connection)


def _double(connection: Connection) -> None:
    from kitloan.models import Contact, Remark, Setting, table
    from kitloan.models.national import LostEntry, PinnedKey

    for model in (Contact, Remark, Setting, LostEntry, PinnedKey):
        copy = table(model).to_metadata(MetaData())  # so that the class keeps its own indexes
        Index(f"{copy.name}_rows_twice", *copy.columns).create(connection)


@cache
def _our_rules() -> frozenset[tuple[str | None, ...]]:
    engine = create_engine("sqlite://")
    try:
        with engine.connect() as new:
            create_everything(new)
            return frozenset(tuple(row) for row in new.exec_driver_sql(_RULES))
    finally:
        engine.dispose()


def missing_rules(connection: Connection) -> list[str]:
    """The names of rules that a SQLite file was made with and has no more.

    Nobody's data goes with a rule, so a store without one can be used; but what the rule would have
    refused, nobody has refused since.
    """
    there = {row[1] for row in connection.exec_driver_sql(_RULES)}
    return sorted({str(row[1]) for row in _our_rules()} - there)


def insist_on_rules(connection: Connection, store: str) -> None:
    """See that a SQLite file's rules say what this program would have written.

    Raises:
        StoreError: `damaged`.
    """
    ours = _our_rules()
    altered = [row[1] for row in connection.exec_driver_sql(_RULES) if tuple(row) not in ours]
    if altered:
        raise StoreError(
            "damaged",
            f"{store} is damaged: its rules are not as they were made ({', '.join(altered[:3])}).",
            "Restore the newest backup, and keep this file for whoever mends it.",
            store=store,
        )
