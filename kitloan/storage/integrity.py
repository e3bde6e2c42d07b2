"""The integrity of a SQLite file: local rows kept twice, and rules compared with the program's.

Verifying replays the ledger to check the register. People, remarks, settings and keys are in no
ledger, so their rows are written twice: in the table, and in an index over all of its columns.
`PRAGMA integrity_check` compares the two. The rules (tables, indexes, triggers) are in the file as
text, which a flipped bit can weaken without breaking. They are compared with what this program
would write, word by word; layout and quotation marks do not count, because SQLAlchemy may change
them.
"""

import re
from functools import cache

from sqlalchemy import Connection, Index, MetaData, create_engine

from kitloan.errors import StoreError
from kitloan.storage.faults import RESTORE_NEWEST
from kitloan.storage.schema import create_tables

_RULES = "SELECT type, name, tbl_name, sql FROM sqlite_master"
_WORD = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\w+|[^\w \t\n]")

Rule = tuple[str, str, str, tuple[str, ...]]
"""Its type, its name, its table's name, and the words of its SQL."""


def create_everything(connection: Connection) -> None:
    """Make every table in an empty database, and in SQLite the indexes over local rows."""
    create_tables(connection)
    if connection.dialect.name == "sqlite":
        _index_local_rows(connection)


def _index_local_rows(connection: Connection) -> None:
    from kitloan.tables import Contact, Remark, Setting, table
    from kitloan.tables.national import LostEntry, LostTwin, PinnedKey

    for model in (Contact, Remark, Setting, LostEntry, LostTwin, PinnedKey):
        copy = table(model).to_metadata(MetaData())  # so that the class keeps its own indexes
        Index(f"{copy.name}_rows_twice", *copy.columns).create(connection)


def _rules(connection: Connection) -> frozenset[Rule]:
    """The rules in a SQLite file. In a damaged file any of them may be any value."""
    return frozenset(
        (kind, name, of, tuple(word.strip('"') for word in _WORD.findall(sql)))
        for kind, name, of, sql in (map(str, row) for row in connection.exec_driver_sql(_RULES))
    )


@cache
def _our_rules() -> frozenset[Rule]:
    engine = create_engine("sqlite://")
    try:
        with engine.connect() as new:
            create_everything(new)
            return _rules(new)
    finally:
        engine.dispose()


def missing_rules(connection: Connection) -> list[str]:
    """The names of rules that a SQLite file was made with and no longer has.

    No data is lost with a rule, so the store can be used. But nothing has refused what the rule
    would have refused.
    """
    there = {name for _, name, *_ in _rules(connection)}
    return sorted({name for _, name, *_ in _our_rules()} - there)


def insist_on_rules(connection: Connection, store: str) -> None:
    """Refuse a SQLite file whose rules are not what this program would have written.

    Raises:
        StoreError: `damaged`.
    """
    altered = sorted(name for _, name, *_ in _rules(connection) - _our_rules())
    if altered:
        raise StoreError(
            "damaged",
            f"{store} is damaged: its rules are not as they were made ({', '.join(altered[:3])}).",
            RESTORE_NEWEST,
            store=store,
        )
