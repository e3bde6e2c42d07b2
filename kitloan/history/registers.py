"""Registers that a check keeps: SQLite files with the rows of a ledger as they were replayed.

The next check goes on in a copy of such a file, which becomes the one that is kept. Triggers in the
file note the key of each row that is written there, so that this check knows what to compare.
"""

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine

from kitloan.tables import LedgerEntry, table
from kitloan.tables.every import REGISTER_TABLES

CACHE_KIB = 65536
"""How much of a register is kept in memory; with SQLite's usual 2 MB it goes to disk."""

_FORGET = f"DELETE FROM {table(LedgerEntry).name}"  # noqa: S608  # our own name
"""Entries are brought for undoing only."""

_KEYS = {each.name: len(each.primary_key) - 1 for each in REGISTER_TABLES}
"""How many columns the key of a table has, after the college."""


def _noting() -> Iterator[str]:
    """The statements that have SQLite note the keys, after the college, of rows that it writes."""
    most = ", ".join(f"key_{n}" for n in range(max(_KEYS.values())))
    yield f"CREATE TABLE noted (of_table, {most})"
    for each in REGISTER_TABLES:
        _, *keys = (column.name for column in each.primary_key)
        into = ", ".join(["of_table", *(f"key_{n}" for n, _ in enumerate(keys))])
        for when, side in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            values = ", ".join([f"'{each.name}'", *(f'{side}."{key}"' for key in keys)])
            note = f"INSERT INTO noted ({into}) VALUES ({values})"  # noqa: S608  # our own names
            trigger = f"noted_{each.name}_{when} AFTER {when} ON {each.name}"
            yield f"CREATE TRIGGER {trigger} BEGIN {note}; END"


_NOTING = ";\n".join(["BEGIN", *_noting(), "COMMIT"])


def keep(replayed: Connection, place: Path) -> str:
    """Commit the register of a scratch store and write it to a new file; gives its digest.

    Raises:
        OSError, sqlite3.Error: it cannot be written.
    """
    driver = driver_of(replayed)
    driver.execute(_FORGET)
    driver.commit()  # SQLite copies nothing that is not
    place.touch(mode=0o600)
    target = sqlite3.connect(place)
    try:
        target.execute("PRAGMA journal_mode = OFF")
        driver.backup(target)
        target.executescript(_NOTING)
    finally:
        target.close()
    return digest_of(place)


def copy(kept: Path, place: Path) -> None:
    """Copy a register that was kept to a new file that only its owner can read."""
    place.touch(mode=0o600)
    shutil.copyfile(kept, place)


class Registers:
    """Opens copies of registers, one after another, so that what is new is replayed in them.

    They have one engine: SQLAlchemy makes a statement once for an engine, which takes longer than
    SQLite takes to run it.
    """

    def __init__(self) -> None:
        self._place = Path()
        self._engine = create_engine(
            "sqlite://", creator=lambda: sqlite3.connect(self._place), poolclass=NullPool
        )

    @contextmanager
    def opened(self, place: Path) -> Iterator[Connection]:
        """A connection to a copy, with nothing noted; what is not `settled` is rolled back."""
        self._place = place
        with self._engine.connect() as connection:
            driver = driver_of(connection)
            driver.execute("PRAGMA journal_mode = MEMORY")  # no other file beside it
            driver.execute("PRAGMA foreign_keys = ON")
            driver.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            try:
                yield connection
            finally:
                driver.rollback()  # most of it is by statements that SQLAlchemy does not see


def noted(replayed: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """The keys, after the college, of the rows that were written to a copy; by table."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for name, *values in driver_of(replayed).execute("SELECT DISTINCT * FROM noted"):
        found.setdefault(name, []).append(tuple(values[: _KEYS[name]]))
    return found


def settle(replayed: Connection) -> None:
    """Commit what was replayed in a copy, to be kept: it is on the disk before it is named.

    Raises:
        sqlite3.Error: it cannot be written.
    """
    driver = driver_of(replayed)
    driver.execute(_FORGET)
    driver.execute("DELETE FROM noted")
    driver.commit()


def digest_of(file: Path) -> str:
    """The SHA-256 of a file.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def driver_of(connection: Connection) -> Any:
    """SQLite's own connection."""
    return connection.connection.dbapi_connection
