"""The integrity of a SQLite file: local rows kept twice, and rules compared with the program's.

History proves the register: verifying replays it and compares. People, remarks, settings and keys
are in no history, so their rows are written twice, once in the table and once in an index over all
of its columns; `PRAGMA integrity_check` compares the two. And the rules (tables, indexes, triggers)
are in the file as text, which a flipped bit can weaken without breaking; they are compared with
what this program would write, word by word: how the words are set out, and which names are in
quotation marks, is SQLAlchemy's to change. A table is compared column by column and constraint by
constraint, in whatever order they are: one that got a column in an upgrade has it in another place.
"""

import re
from functools import cache, lru_cache

from sqlalchemy import Connection, Index, MetaData, create_engine
from sqlalchemy.schema import CreateIndex

from kitloan.errors import StoreError
from kitloan.storage.faults import RESTORE_NEWEST
from kitloan.storage.schema import create_tables, run_each

_RULES = "SELECT type, name, tbl_name, sql FROM sqlite_master"
_WORD = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\w+|[^\w \t\n]")

Rule = tuple[str, str, str, tuple[str, ...]]
"""Its type, its name, its table's name, and the words of its SQL."""


def create_everything(connection: Connection) -> None:
    """Make every table in an empty database, and in SQLite the indexes over local rows."""
    create_tables(connection)
    if connection.dialect.name == "sqlite":
        run_each(connection, _rows_twice())


@cache
def _rows_twice() -> tuple[str, ...]:
    """The statements that make the indexes over local rows. Compiled once: it takes 10 ms."""
    from sqlalchemy.dialects.sqlite import dialect  # which a PostgreSQL never needs

    from kitloan.tables import Contact, ContactChange, Remark, Setting, table
    from kitloan.tables.evidence import Quote
    from kitloan.tables.national import LostEntry, LostTwin, PinnedKey
    from kitloan.tables.noticing import Outbox

    copies = [
        table(model).to_metadata(MetaData())  # so that the class keeps its own indexes
        for model in (
            *(Contact, ContactChange, Remark, Setting, LostEntry, LostTwin, PinnedKey, Outbox),
            Quote,
        )
    ]
    indexes = (Index(f"{copy.name}_rows_twice", *copy.columns) for copy in copies)
    return tuple(str(CreateIndex(index).compile(dialect=dialect())) for index in indexes)


def rules_in(connection: Connection) -> frozenset[Rule]:
    """The rules in a SQLite file. In a damaged file any of them may be any value."""
    return frozenset(
        (kind, name, of, _in_order(kind, worded))
        for kind, name, of, worded in (map(str, row) for row in connection.exec_driver_sql(_RULES))
    )


@lru_cache(maxsize=512)
def _in_order(kind: str, worded: str) -> tuple[str, ...]:
    """A rule's words; of a table, its columns and constraints sorted, each whole.

    A check reads the same two hundred rules three times: ours, the file's, and those of a copy.
    """
    words = [word.strip('"') for word in _WORD.findall(worded)]
    if kind != "table" or "(" not in words:
        return tuple(words)
    start, end = words.index("(") + 1, len(words)
    parts: list[list[str]] = [[]]
    depth = 1
    for at, word in enumerate(words[start:], start):
        depth += (word == "(") - (word == ")")
        if depth == 0:
            end = at
            break
        if word == "," and depth == 1:
            parts.append([])
        else:
            parts[-1].append(word)
    between = [word for part in sorted(parts) for word in (*part, ",")]
    return (*words[:start], *between, *words[end:])


@cache
def _our_rules() -> frozenset[Rule]:
    engine = create_engine("sqlite://")
    try:
        with engine.connect() as new:
            create_everything(new)
            return rules_in(new)
    finally:
        engine.dispose()


def missing_rules(connection: Connection) -> list[str]:
    """The names of rules that a SQLite file was made with and no longer has.

    No data is lost with a rule, so the store can be used. But nothing has refused what the rule
    would have refused.
    """
    there = {name for _, name, *_ in rules_in(connection)}
    return sorted({name for _, name, *_ in _our_rules()} - there)


def insist_on_rules(connection: Connection, store: str) -> None:
    """Refuse a SQLite file whose rules are not what this program would have written.

    Raises:
        StoreError: `damaged`.
    """
    altered = sorted(name for _, name, *_ in rules_in(connection) - _our_rules())
    if altered:
        raise StoreError(
            "damaged",
            f"{store} is damaged: its rules are not as they were made ({', '.join(altered[:3])}).",
            RESTORE_NEWEST,
            store=store,
        )
