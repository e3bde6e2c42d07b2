"""The floors: the same work in bare `sqlite3`, with the same pragmas and nothing else."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA synchronous = EXTRA",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",
)


def bare(path: Path) -> sqlite3.Connection:
    """A bare connection with the pragmas that kitloan ships with."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(pragma)
    return connection


def bare_check_out(connection: sqlite3.Connection, tag: str, number: int, body: str) -> None:
    """Write the rows of one check-out: the entry, the head, the loan, the holding."""
    cursor = connection.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    (seq,) = cursor.execute("SELECT seq FROM ledger_head WHERE college = 'ayrshire'").fetchone()
    cursor.execute(
        "INSERT INTO ledger_entry (college, epoch, seq, id, part, kind, tag, at, by, body, hash) "
        "VALUES ('ayrshire', 1, ?, ?, 0, 'loan.checked_out', ?, '2026-11-23T11:42:05Z', 'm.ross', "
        "?, ?)",
        (seq + 1, f"bare{number}", tag, body, "0" * 64),
    )
    cursor.execute(
        "INSERT INTO loan (college, loan, tag, organisation, contact, quantity, returned, "
        "exclusive, out_at, out_by, due_on, due_key, closed_at) VALUES ('ayrshire', ?, ?, "
        "'school-1', NULL, 1, 0, 1, '2026-11-23T11:42:05Z', 'm.ross', '2026-12-07', "
        "'2026-12-07', NULL)",
        (f"bare{number}", tag),
    )
    cursor.execute(
        "UPDATE holding SET out_quantity = out_quantity + 1, sighted_at = '2026-11-23T11:42:05Z', "
        "sighted_by = 'm.ross' WHERE college = 'ayrshire' AND tag = ?",
        (tag,),
    )
    cursor.execute(
        "UPDATE ledger_head SET seq = ?, hash = ?, at = '2026-11-23T11:42:05Z' "
        "WHERE college = 'ayrshire'",
        (seq + 1, "0" * 64),
    )
    cursor.execute("COMMIT")


def timed(work: Callable[[], object]) -> float:
    """Milliseconds that a piece of work took."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000
