"""A copy of one ledger, in which files are merged while the store stays free.

A file is read, checked and applied in a SQLite file without a name, as `verify` does, after what
the store has of the ledger was copied into it. The store is read some thousand rows at a time, so
nobody waits for that. `compare` then finds which rows came of it, and `bring_in` writes those into
the store in one short transaction, if the ledger there is still as it was copied. So the store is
locked for what a file changes, however much it has of the ledger already.

On a server this is also the faster way. There each small statement waits for the one before it to
come back, and every change of a row that the same transaction changed already reads past all its
earlier versions.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, delete, select, tuple_

from kitloan.exchange.bounds import LARGE_FILE, LARGE_FILE_ON_A_SERVER
from kitloan.exchange.sending import remember
from kitloan.ledger.entry import GENESIS
from kitloan.ledger.writer import Head, begin, head_of, move_head
from kitloan.storage.statements import plan_again
from kitloan.storage.store import only_replayed, scratch_store
from kitloan.tables import College, LedgerEntry, LedgerHead, Setting, table
from kitloan.tables.every import REGISTER_TABLES
from kitloan.tables.national import LostEntry, LostTwin, PinnedKey
from kitloan.text.names import skeleton

_college, _entry, _head = table(College), table(LedgerEntry), table(LedgerHead)
_setting, _pinned = table(Setting), table(PinnedKey)
_LOST = (table(LostEntry), table(LostTwin))

_MADE = (*REGISTER_TABLES, _entry)
"""What merging a file makes rows in, parents before children."""
_POINTED_AT = frozenset(
    key.referred_table
    for each in _MADE
    for key in each.foreign_key_constraints
    if not key.deferrable
)
"""Tables whose rows may not go while others point at them."""

_READ_AT_ONCE = 5_000
"""Rows in one reading of the store: some hundredths of a second, for which nobody can commit."""
_WRITTEN_AT_ONCE = 1_000
_SCRATCH_KIB = 65_536
"""How much of the copy is kept in memory."""

SMALL_FILE = 2_000
"""Bytes of a file that is always merged in the store itself, unless its ledger is new."""

BYTES_OF_A_COPIED_ENTRY = 2.5
"""Bytes of a file that may cause as much work in the store as copying one entry of its ledger."""


def is_worth_copying(entries: int, size: int, *, is_on_server: bool) -> bool:
    """Whether a file is merged in a copy of its ledger.

    Args:
        entries: how many the store has of the ledger.
        size: the file's, in bytes.
        is_on_server: whether the store is.
    """
    large = LARGE_FILE_ON_A_SERVER if is_on_server else LARGE_FILE
    least = min(large, SMALL_FILE + BYTES_OF_A_COPIED_ENTRY * entries)
    return entries == 0 or size > least


Reading = Callable[[], AbstractContextManager[Connection]]
"""Gives a transaction on the store, for reading."""


class Moved(Exception):
    """The ledger in the store is not as it was copied: somebody else has merged a file."""


@dataclass(frozen=True, slots=True)
class _State:
    """All that decides what a file does to a ledger, and the hashes that prove the rest.

    The hash of the last entry proves all entries before it, and they make the register.
    """

    head: Head
    own: bool
    keys: frozenset[tuple[Any, ...]]
    settings: frozenset[tuple[Any, ...]]
    lost: tuple[frozenset[str], ...]


def _state_of(connection: Connection, college: str) -> _State:
    top = connection.execute(
        select(_head.c.epoch, _head.c.seq, _head.c.hash, _head.c.at, _head.c.own).where(
            _head.c.college == college
        )
    ).one_or_none()
    keys, settings = (
        frozenset(tuple(row) for row in connection.execute(_of(each, college)))
        for each in (_pinned, _setting)
    )
    hashes = (select(each.c.hash).where(each.c.college == college) for each in _LOST)
    lost = tuple(frozenset(connection.execute(each).scalars()) for each in hashes)
    head = Head(*top[:4]) if top else Head(1, 0, GENESIS, "")
    return _State(head, bool(top and top.own), keys, settings, lost)


def _names_in(connection: Connection) -> dict[str, str]:
    return {row.college: row.name for row in connection.execute(select(_college))}


def _of(each: Table, college: str) -> Any:
    return select(each).where(each.c.college == college)


class LedgerCopy:
    """What a store has of one college's ledger, in a store of its own.

    Attributes:
        connection: a transaction on the copy.
    """

    def __init__(self, connection: Connection, college: str, reading: Reading) -> None:
        """Copy the ledger.

        Args:
            connection: a transaction on an empty scratch store.
            college: whose ledger.
            reading: gives transactions on the store; several, if others may write meanwhile.

        Raises:
            Moved: somebody wrote to the ledger while it was copied.
        """
        self.connection, self._college = connection, college
        with reading() as store:
            self._before = _state_of(store, college)
            self._names = _names_in(store)
            others = store.execute(select(_college).where(_college.c.college != college))
            self._fill(_college, [tuple(row) for row in others])
        if self._before.head.seq:
            tables = (_head, _entry, *REGISTER_TABLES, *_LOST, _pinned, _setting)
        else:
            tables = (*_LOST, _pinned, _setting)
        for each in tables:
            for rows in _pages(each, college, reading):
                self._fill(each, rows)
        for each in _MADE:
            if self._is_kept(each):
                self._keep(each)
        with reading() as store:
            self.must_be_current(store)

    def must_be_current(self, store: Connection) -> None:
        """Check that the ledger in the store is still as it was copied.

        Raises:
            Moved: it is not; or there is a new college whose name this one's looks like.
        """
        if _state_of(store, self._college) != self._before:
            raise Moved
        new = _names_in(store).items() - self._names.items()
        mine = _names_in(self.connection).get(self._college, "")
        if any(skeleton(name) == skeleton(mine) for of, name in new if of != self._college):
            raise Moved

    def compare(self) -> int:
        """Find the rows that came of merging; gives how many there are to write and to delete.

        It is called once, after the file is merged in the copy and before the store is locked.
        """
        for each in _MADE:
            now, old = each.name, f"old_{each.name}"
            key, kept = _names_of(each.primary_key), _names_of(_kept(each))
            row = f"SELECT {_names_of(each.columns)} FROM {now}"
            if not self._is_kept(each):
                self._run(f"CREATE VIEW new_{now} AS {row}")
                self._run(f"CREATE VIEW gone_{now} AS SELECT {key} FROM {now} WHERE false")
                continue
            mine, theirs = f"SELECT {kept} FROM {now}", f"SELECT {kept} FROM {old}"
            self._run(
                f"CREATE TABLE new_{now} AS {row} WHERE ({kept}) IN ({mine} EXCEPT {theirs})"
                if each is _entry
                else f"CREATE TABLE new_{now} AS {mine} EXCEPT {theirs}"
            )
            self._run(
                f"CREATE TABLE gone_{now} AS SELECT {key} FROM {old} EXCEPT SELECT {key} FROM {now}"
                if each in _POINTED_AT
                else f"CREATE TABLE gone_{now} AS SELECT {key} FROM ({theirs} EXCEPT {mine})"
            )
        counts = (
            self._run(f"SELECT count(*) FROM {what}_{each.name}").fetchone()[0]
            for each in _MADE
            for what in ("new", "gone")
        )
        return sum(counts)

    def bring_in(self, store: Connection) -> None:
        """Write what was merged in the copy, and compared, into the store.

        Args:
            store: a transaction on the store, which must be rolled back when this raises.

        Raises:
            Moved: somebody has written to the ledger since it was copied.
        """
        # The head is locked first: what is compared stays so until the transaction ends.
        if head_of(store, self._college) is None:
            begin(store, self._college, own=False)
        self.must_be_current(store)
        before, after = self._before, _state_of(self.connection, self._college)
        if after.head != before.head:
            self._bring_ledger(store)
            move_head(store, self._college, after.head)
        for each, old, new in zip(_LOST, before.lost, after.lost, strict=True):
            if new != old:
                store.execute(delete(each).where(each.c.college == self._college))
                _insert(store, each, self.connection.execute(_of(each, self._college)))
        for _, key, _ in before.keys - after.keys:
            gone = (_pinned.c.college == self._college) & (_pinned.c.key == key)
            store.execute(delete(_pinned).where(gone))
        _insert(store, _pinned, sorted(after.keys - before.keys))
        for college, name, value in sorted(after.settings - before.settings):
            remember(store, college, name, value)

    def _bring_ledger(self, store: Connection) -> None:
        """Bring in the rows of the register, and the entries.

        A row to which others point is changed where it is. Any other that changed is deleted and
        inserted again: so no two rows ever have what only one may, such as a kit's open loan.
        """
        if store.dialect.name != "sqlite":
            plan_again(store)
        for each in reversed(_MADE):
            if each not in _POINTED_AT:
                self._delete_gone(store, each)
        for each in _MADE:
            if each in _POINTED_AT:
                self._insert_new(store, each)
        for each in reversed(_MADE):
            if each in _POINTED_AT:
                self._delete_gone(store, each)
        for each in _MADE:
            if each not in _POINTED_AT:
                self._insert_new(store, each)
        if store.dialect.name != "sqlite":
            plan_again(store)

    def _insert_new(self, store: Connection, into: Table) -> None:
        new = self._run(f"SELECT * FROM new_{into.name}")
        changes = _on_conflict(into) if into in _POINTED_AT and self._is_kept(into) else ""
        _insert(store, into, new, changes)

    def _delete_gone(self, store: Connection, each: Table) -> None:
        _delete(store, each, self._run(f"SELECT * FROM gone_{each.name}"))

    def _is_kept(self, each: Table) -> bool:
        """Whether the copy had rows in a table before the file was merged."""
        return bool(self._before.head.seq) or each is _college

    def _keep(self, each: Table) -> None:
        """Keep what a table has now, to compare it later."""
        self._run(
            f"CREATE TABLE old_{each.name} AS SELECT {_names_of(_kept(each))} FROM {each.name}"
        )

    def _run(self, statement: str) -> Any:
        driver: Any = self.connection.connection.dbapi_connection
        return driver.execute(statement)

    def _fill(self, into: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        driver: Any = self.connection.connection.dbapi_connection
        driver.executemany(_insert_text(into), rows)


def _insert(store: Connection, into: Table, rows: Iterable[Any], changes: str = "") -> None:
    """Insert rows; `changes` is what to do with one that is there."""
    driver: Any = store.connection.dbapi_connection
    if store.dialect.name == "sqlite":
        found = getattr(rows, "cursor", rows)  # the driver's own rows, where there are any
        driver.executemany(_insert_text(into) + changes, found)
        return
    names = _names_of(into.columns)
    if not changes and not _sees_only_some(driver, into):
        with driver.cursor().copy(f'COPY "{into.name}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
        return
    # Not an array: the driver escapes quotation marks in one by one, and entries are full of them.
    statement = (
        f'INSERT INTO "{into.name}" ({names}) SELECT * FROM {_some_rows(into.columns, store)}'
    )
    _for_some(driver, statement + changes, into.columns, rows)


def _delete(store: Connection, each: Table, keys: Iterable[Any]) -> None:
    """Delete rows by their primary keys."""
    driver: Any = store.connection.dbapi_connection
    key = list(each.primary_key)
    if store.dialect.name == "sqlite":
        where = " AND ".join(f'"{column.name}" = ?' for column in key)
        driver.executemany(f'DELETE FROM "{each.name}" WHERE {where}', keys)
        return
    where = " AND ".join(f'it."{column.name}" = rows."{column.name}"' for column in key)
    statement = f'DELETE FROM "{each.name}" AS it USING {_some_rows(key, store)} WHERE {where}'
    _for_some(driver, statement, key, keys)


def _sees_only_some(driver: Any, each: Table) -> bool:
    """Whether a server shows this login only some rows of a table; then it refuses COPY."""
    return bool(driver.execute("SELECT row_security_active(%s)", [each.name]).fetchone()[0])


def _some_rows(columns: Iterable[Any], store: Connection) -> str:
    """Rows that come as one value, for a server's FROM."""
    typed = (f'"{each.name}" {each.type.compile(dialect=store.dialect)}' for each in columns)
    return f"json_to_recordset(%s::json) AS rows ({', '.join(typed)})"


def _for_some(driver: Any, statement: str, columns: Iterable[Any], rows: Iterable[Any]) -> None:
    found, names = iter(rows), [each.name for each in columns]
    while some := list(islice(found, _WRITTEN_AT_ONCE)):
        named = [dict(zip(names, row, strict=True)) for row in some]
        driver.execute(statement, [json.dumps(named, ensure_ascii=False)])


def _on_conflict(into: Table) -> str:
    key = [each.name for each in into.primary_key]
    rest = (each.name for each in into.columns if each.name not in key)
    changed = ", ".join(f'"{name}" = excluded."{name}"' for name in rest)
    return f" ON CONFLICT ({_names_of(into.primary_key)}) DO UPDATE SET {changed}"


def _kept(each: Table) -> list[Any]:
    """The columns by which rows are compared; of an entry its hash proves all others."""
    return [*each.primary_key, each.c.hash] if each is _entry else list(each.columns)


def _names_of(columns: Iterable[Any]) -> str:
    return ", ".join(f'"{each.name}"' for each in columns)


def _insert_text(into: Table) -> str:
    names = _names_of(into.columns)
    values = ", ".join("?" * len(into.columns))
    return f'INSERT INTO "{into.name}" ({names}) VALUES ({values})'


def _pages(each: Table, college: str, reading: Reading) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a college in a table, as the driver gives them, some thousand at a time."""
    key = [column for column in each.primary_key if column.name != "college"]
    at = [list(each.columns).index(column) for column in key]
    wanted = _of(each, college).order_by(*key).limit(_READ_AT_ONCE)
    after: list[Any] = []
    while True:
        page = wanted.where(tuple_(*key) > tuple_(*after)) if after else wanted
        with reading() as store:
            rows = list(store.execute(page).cursor.fetchall())
        yield rows
        if len(rows) < _READ_AT_ONCE or not key:
            return
        after = [rows[-1][column] for column in at]


@contextmanager
def scratch_for_copy() -> Iterator[Connection]:
    """A transaction on an empty scratch store, whose file is gone afterwards."""
    scratch = scratch_store(on_disk=True)
    try:
        with scratch.write() as connection:
            only_replayed(connection)
            connection.exec_driver_sql(f"PRAGMA cache_size = -{_SCRATCH_KIB}")
            yield connection
    finally:
        scratch.close()
