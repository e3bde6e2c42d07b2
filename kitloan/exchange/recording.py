"""Recording many entries of a ledger in a database on a server.

Applying an entry takes some small statements. On a server each waits for the one before it to come
back, and every change of a row that the same transaction changed already reads past all its earlier
versions. So many entries are applied in a SQLite file without a name, as `verify` does, after the
college's rows were copied into it. Then its rows replace those on the server, a thousand at a time.
In a SQLite store, entries are recorded where they belong.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, insert, select

from kitloan.ledger.writer import Sealed, record_all
from kitloan.storage.statements import plan_again
from kitloan.storage.store import scratch_store
from kitloan.tables import LedgerEntry, table
from kitloan.tables.every import REGISTER_TABLES

_entry = table(LedgerEntry)
_AT_ONCE = 1_000
_SCRATCH_KIB = 65_536
"""How much of the file is kept in memory."""

SMALL_FILE = 2_000
"""Bytes of a file that is always recorded on the server itself."""

BYTES_OF_A_COPIED_ENTRY = 2.5
"""Bytes of a file that may cause as much work on a server as copying one entry of its ledger."""


def is_worth_copying(entries: int, size: int) -> bool:
    """Whether copying a ledger is less work than a file may cause on the server itself.

    Args:
        entries: how many the ledger has there.
        size: the file's, in bytes.
    """
    return entries == 0 or size > SMALL_FILE + BYTES_OF_A_COPIED_ENTRY * entries


class Recording:
    """Records entries of a ledger, in the store or apart from it.

    Attributes:
        connection: where the entries are recorded.
        is_apart: whether that is another database than the store's.
    """

    def __init__(self, store: Connection, college: str, apart: Connection | None) -> None:
        self._store, self._college = store, college
        self.connection = apart or store
        self.is_apart = apart is not None
        self._last = 0
        self._had_rows = False

    def load(self, last: int) -> None:
        """Copy what the store has of the ledger, whose last entry has this number."""
        if not self.is_apart or last == 0:
            return
        self._last, self._had_rows = last, True
        for each in (_entry, *REGISTER_TABLES):
            found = self._store.execute(self._rows(each))
            rows = found.mappings()
            while some := [dict(row) for row in rows.fetchmany(_AT_ONCE)]:
                self.connection.execute(insert(each), some)

    def record(self, batch: Sequence[Sealed]) -> None:
        """Write consecutive entries and apply them, as `record_all`."""
        record_all(self.connection, self._college, batch)

    def finish(self) -> None:
        """Bring the rows into the store, unless they are there."""
        if not self.is_apart:
            return
        plan_again(self._store)
        for each in reversed(REGISTER_TABLES) if self._had_rows else ():
            self._store.execute(delete(each).where(each.c.college == self._college))
        self._copy(_entry, self._rows(_entry).where(_entry.c.seq > self._last))
        for each in REGISTER_TABLES:
            self._copy(each, self._rows(each))
        plan_again(self._store)

    def _rows(self, of: Table) -> Select[Any]:
        return select(of).where(of.c.college == self._college)

    def _copy(self, into: Table, rows: Select[Any]) -> None:
        columns = into.columns
        types = [each.type.compile(dialect=self._store.dialect) for each in columns]
        quote = self._store.dialect.identifier_preparer.quote
        names = ", ".join(quote(each.name) for each in columns)
        # Not COPY: a server refuses it where a login sees only some rows of a table.
        statement = (
            f"INSERT INTO {quote(into.name)} ({names}) "  # noqa: S608  # the names and types are our own
            f"SELECT * FROM unnest({', '.join(f'%s::{each}[]' for each in types)})"
        )
        driver: Any = self._store.connection.dbapi_connection
        found = iter(self.connection.execute(rows))
        while some := list(islice(found, _AT_ONCE)):
            driver.execute(statement, [list(column) for column in zip(*some, strict=True)])


@contextmanager
def recording(store: Connection, college: str, *, apart: bool) -> Iterator[Recording]:
    """A place to record entries of a ledger in; `finish` brings them into the store.

    Args:
        store: a transaction.
        college: whose ledger.
        apart: record them apart, if the store is on a server.
    """
    if not apart or store.dialect.name == "sqlite":
        yield Recording(store, college, None)
        return
    scratch = scratch_store(on_disk=True)
    try:
        with scratch.write() as connection:
            connection.exec_driver_sql(f"PRAGMA cache_size = -{_SCRATCH_KIB}")
            yield Recording(store, college, connection)
    finally:
        scratch.close()
