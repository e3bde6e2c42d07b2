"""The register's tables against those that a ledger makes anew, row by row.

Two SQLite files are compared by SQLite itself, and told row by row only where they differ.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Integer, Table, select, text

from kitloan.models import LedgerEntry, LedgerHead, table
from kitloan.models.every import REGISTER_TABLES
from kitloan.models.national import LostEntry, LostTwin
from kitloan.verify.verdict import Finding
from kitloan.verify.walk import STEP

entry, head = table(LedgerEntry), table(LedgerHead)
lost, twin = table(LostEntry), table(LostTwin)


def strays(live: Connection) -> list[Finding]:
    """Rows of colleges that have no ledger here, and so no history that could be replayed."""
    ledgers = select(head.c.college)
    return [
        Finding(
            "no_ledger", row[0], 0, f"Table {each.name} has rows of {row[0]!r}, without a ledger."
        )
        for each in (entry, lost, twin, *REGISTER_TABLES)
        for row in live.execute(
            select(each.c.college).where(each.c.college.not_in(ledgers)).distinct()
        )
    ]


def differences(live: Connection, replayed: Connection, college: str) -> list[Finding]:
    """Rows of the register that are not what the ledger makes them."""
    return [
        Finding("register_differs", college, 0, f"Table {each.name}: {words}.")
        for each in REGISTER_TABLES
        for words in _told(each, live, replayed, college)
    ]


def _told(each: Table, live: Connection, replayed: Connection, college: str) -> Iterable[str]:
    """How a college's rows of a table differ, in words."""
    if live.dialect.name != "sqlite":
        return _in_step(each, live, replayed, college)
    if not _differ(each, replayed, college):
        return ()
    # A 5 that stands for true, say, is not the same and is read as the same.
    return list(_in_step(each, live, replayed, college)) or (
        "a value is stored in a form that the ledger does not give it",
    )


def _differ(each: Table, replayed: Connection, college: str) -> bool:
    """Whether SQLite finds a row in one file that is not in the other."""
    columns = ", ".join(f'"{column.name}"' for column in each.columns)
    mine, theirs = (
        f"SELECT {columns} FROM {place}.{each.name} WHERE college = :c"  # noqa: S608  # our own names
        for place in ("main", "live")
    )
    return any(
        replayed.execute(text(f"{one} EXCEPT {other} LIMIT 1"), {"c": college}).first()
        for one, other in ((mine, theirs), (theirs, mine))
    )


def _in_step(each: Table, live: Connection, replayed: Connection, college: str) -> Iterator[str]:
    """Both sides come in the order of their keys, and go on in step."""
    found, right = _rows(each, live, college), _rows(each, replayed, college)
    ours, theirs = next(found, None), next(right, None)
    while ours or theirs:
        if ours and (theirs is None or _key(each, ours) < _key(each, theirs)):
            yield f"{_name(each, ours)} is not in the ledger"
            ours = next(found, None)
        elif theirs and (ours is None or _key(each, theirs) < _key(each, ours)):
            yield f"{_name(each, theirs)} is missing"
            theirs = next(right, None)
        elif ours and theirs:
            different = [column for column in ours if ours[column] != theirs[column]]
            if different:
                yield f"{_name(each, ours)} differs in {', '.join(different)}"
            ours, theirs = next(found, None), next(right, None)


def _key(each: Table, row: dict[str, Any]) -> list[tuple[bool, bool, Any]]:
    """What rows are ordered by; in SQLite, text may stand for a number, and bytes for text."""
    values = [row[column.name] for column in each.primary_key]
    return [(isinstance(v, bytes), isinstance(v, str), v) for v in values]


def _name(each: Table, row: dict[str, Any]) -> str:
    _, *rest = (str(row[column.name]) for column in each.primary_key)
    return ", ".join(rest) or str(row["college"])


def _rows(each: Table, connection: Connection, college: str) -> Iterator[dict[str, Any]]:
    """A college's rows in an order that both databases agree on."""
    collation = "C" if connection.dialect.name == "postgresql" else "BINARY"
    order = [
        column if isinstance(column.type, Integer) else column.collate(collation)
        for column in each.primary_key
    ]
    wanted = select(each).where(each.c.college == college).order_by(*order)
    for row in connection.execution_options(yield_per=STEP).execute(wanted):
        yield dict(row._mapping)
