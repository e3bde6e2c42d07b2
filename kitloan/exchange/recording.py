"""Recording many entries of a ledger in a database on a server.

Applying an entry takes some small statements. On a server each waits for the one before it to come
back, and every change of a row that the same transaction changed already walks past all its
earlier versions. So a ledger that is recorded whole is applied in a SQLite file without a name, as
`verify` does, and only the rows that it leaves go to the server, some hundreds at a time. In a
SQLite store the entries are recorded where they belong.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, select

from kitloan.ledger.writer import Sealed, record_all
from kitloan.storage.statements import plan_again
from kitloan.storage.store import scratch_store
from kitloan.tables import LedgerEntry, table
from kitloan.tables.every import REGISTER_TABLES

_AT_ONCE = 1_000
_SCRATCH_KIB = 65_536
"""How much of the file is kept in memory."""


class WholeLedger:
    """Records all entries of a ledger of which the store has no rows.

    Attributes:
        connection: where the entries are recorded.
        is_apart: whether that is another database than the store's.
    """

    def __init__(self, store: Connection, college: str, apart: Connection | None) -> None:
        self._store, self._college = store, college
        self.connection = apart or store
        self.is_apart = apart is not None

    def record(self, batch: Sequence[Sealed]) -> None:
        """Write consecutive entries and apply them, as `record_all`."""
        record_all(self.connection, self._college, batch)

    def finish(self) -> None:
        """Bring the rows into the store, unless they are there."""
        if not self.is_apart:
            return
        plan_again(self._store)
        for each in (table(LedgerEntry), *REGISTER_TABLES):
            self._copy(each)
        plan_again(self._store)

    def _copy(self, rows_of: Table) -> None:
        columns = rows_of.columns
        types = [each.type.compile(dialect=self._store.dialect) for each in columns]
        # Not COPY: a server refuses it where a login sees only some rows of a table.
        statement = (
            f"INSERT INTO {rows_of.name} ({', '.join(each.name for each in columns)}) "  # noqa: S608  # the names and types are our own
            f"SELECT * FROM unnest({', '.join(f'%s::{each}[]' for each in types)})"
        )
        found = self.connection.execute(select(rows_of).where(rows_of.c.college == self._college))
        driver: Any = self._store.connection.dbapi_connection
        rows = iter(found)
        while some := list(islice(rows, _AT_ONCE)):
            driver.execute(statement, [list(column) for column in zip(*some, strict=True)])


@contextmanager
def whole_ledger(store: Connection, college: str) -> Iterator[WholeLedger]:
    """A place to record a whole ledger in; `finish` brings it into the store."""
    if store.dialect.name == "sqlite":
        yield WholeLedger(store, college, None)
        return
    scratch = scratch_store(on_disk=True)
    try:
        with scratch.write() as apart:
            apart.exec_driver_sql(f"PRAGMA cache_size = -{_SCRATCH_KIB}")
            yield WholeLedger(store, college, apart)
    finally:
        scratch.close()
