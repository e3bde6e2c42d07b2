"""A copy of one ledger, in which files are merged while the store stays free.

A file is read, checked and applied in a scratch file, after the rows that the store has of the
college were copied into it; its entries are copied when one of them is asked for. The store is read
some thousand rows at a time, so nobody waits for that. `compare` then finds which rows came of it,
and `Changes.bring_in` writes those into the store in one short transaction, if the ledger there is
still as it was copied. So the store is locked for what a file changes, however much it has of the
ledger already. All but the last may be done by another process (`kitloan.exchange.ahead`): a store
that is a file then sees the scratch file, and takes the rows from it at half of what it costs to
hand them over one by one.

On a server this is also the faster way. There each small statement waits for the one before it to
come back, and every change of a row that the same transaction changed already reads past all its
earlier versions.
"""

import json
import sqlite3
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select, tuple_

from kitloan.exchange.bounds import LARGE_FILE, LARGE_FILE_ON_A_SERVER
from kitloan.exchange.sending import remember
from kitloan.ledger.entry import GENESIS
from kitloan.ledger.writer import Head, begin, head_of, move_head
from kitloan.storage.files import MERGING
from kitloan.storage.statements import plan_again
from kitloan.storage.store import Store, only_replayed, scratch_store, see
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

_INDEXES = {str(each.name): each for each in _entry.indexes}
_OF_A_TAG, _OF_A_REQUEST = _INDEXES["entries_of_a_tag"], _INDEXES["one_part_of_a_request"]
"""Indexes of entries that few files need, and that took as long as the entries themselves."""

_READ_AT_ONCE = 5_000
"""Rows in one reading of the store: some hundredths of a second, for which nobody can commit."""
_WRITTEN_AT_ONCE = 1_000
_SCRATCH_KIB = 65_536
"""How much of the copy is kept in memory."""

SMALL_FILE = 2_000
"""Bytes of a file that is always merged in the store itself, unless its ledger is new."""

BYTES_OF_A_COPIED_ENTRY = 2.5
"""Bytes of a file that may cause as much work in the store as copying the rows that one entry of
its ledger has made."""


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


class LedgerMoved(Exception):
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

    @property
    def has_ledger(self) -> bool:
        """Whether it has an entry."""
        return bool(self.head.seq)


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


class Scratch:
    """A file for the copies of ledgers, one after another, from which a store can take rows.

    Nothing is made before the first copy. What came of the last one stays until the next.
    """

    def __init__(self, place: Path | None = None) -> None:
        """`place` is a new file, which the caller deletes; None is one in a folder of its own."""
        self._place = place
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._store: Store | None = None
        self._empty = sqlite3.connect(":memory:")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._empty.close()
        if self._store is not None:
            self._store.close()
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def place(self) -> Path:
        """The file."""
        if self._place is None:
            self._folder = tempfile.TemporaryDirectory(prefix=MERGING)
            self._place = Path(self._folder.name) / "copy.sqlite"
        return self._place

    @contextmanager
    def emptied(self) -> Iterator[Connection]:
        """A transaction on the file, which is an empty store when it begins."""
        if self._store is None:
            self._store = scratch_store(self.place)
            with self._store.write() as connection:
                only_replayed(connection)
                for each in (_OF_A_TAG, _OF_A_REQUEST):
                    each.drop(connection)
                connection.exec_driver_sql(f"PRAGMA cache_size = -{_SCRATCH_KIB}")
            with self._store.engine.connect() as connection:
                _driver_of(connection).backup(self._empty)
        else:
            with self._store.engine.connect() as connection:
                self._empty.backup(_driver_of(connection))
        with self._store.write() as connection:
            yield connection


@dataclass(frozen=True, slots=True)
class Changes:
    """What came of merging a file in a copy of its ledger; its rows are in a scratch file.

    Attributes:
        place: the scratch file.
        college: whose ledger.
        name: the college's name in the copy.
        names: the names of all colleges that the store had.
        before: the ledger when it was copied.
        after: the ledger in the copy.
        rows: how many rows there are to write and to delete.
    """

    place: Path
    college: str
    name: str
    names: Mapping[str, str]
    before: _State
    after: _State
    rows: int

    def bring_in(self, store: Connection) -> None:
        """Write what was merged in the copy, and compared, into the store.

        Args:
            store: a transaction on the store, which must be rolled back when this raises.

        Raises:
            LedgerMoved: somebody has written to the ledger since it was copied.
        """
        # The head is locked first: what is compared stays so until the transaction ends.
        if head_of(store, self.college) is None:
            begin(store, self.college, own=False)
        _must_be_current(store, self.college, self.before, self.names, self.name)
        before, after = self.before, self.after
        with _rows_of(self.place, store) as rows:
            if after.head != before.head:
                rows.bring(before.has_ledger)
                move_head(store, self.college, after.head)
            for each, old, new in zip(_LOST, before.lost, after.lost, strict=True):
                if new != old:
                    store.execute(delete(each).where(each.c.college == self.college))
                    rows.insert(each, each.name)
        for _, key, _ in before.keys - after.keys:
            gone = (_pinned.c.college == self.college) & (_pinned.c.key == key)
            store.execute(delete(_pinned).where(gone))
        for row in sorted(after.keys - before.keys):
            store.execute(insert(_pinned).values(row))
        for college, name, value in sorted(after.settings - before.settings):
            remember(store, college, name, value)


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
            LedgerMoved: somebody wrote to the ledger while it was copied.
        """
        self.connection, self._college, self._reading = connection, college, reading
        self._sees_all = False
        with reading() as store:
            self._before = _state_of(store, college)
            self._names = _names_in(store)
            others = store.execute(select(_college).where(_college.c.college != college))
            self._fill(_college, [tuple(row) for row in others])
        if self._before.has_ledger:
            tables = (_head, *REGISTER_TABLES, *_LOST, _pinned, _setting)
        else:
            tables = (*_LOST, _pinned, _setting)
        for each in tables:
            self._copy(each)
        for each in REGISTER_TABLES:
            if _is_kept(each, self._before.has_ledger):
                self._keep(each)
        with reading() as store:
            self.must_be_current(store)

    def look_back(self) -> None:
        """Copy the entries that the store has, and make the index by which undoing finds them.

        Most files need neither: they go on where the ledger ended, and it is long.

        Raises:
            LedgerMoved: somebody has written to the ledger since the rest was copied.
        """
        if self._sees_all:
            return
        self._sees_all = True
        last = self._before.head.seq
        if self._before.has_ledger:  # what is beyond the last is the file's
            self._copy(_entry, _entry.c.seq <= last)
            self._keep(_entry, f" WHERE seq <= {last}")
            with self._reading() as store:
                self.must_be_current(store)
        _OF_A_TAG.create(self.connection)

    def refuse_repeated_requests(self) -> None:
        """Refuse a request twice as it is recorded; otherwise the store does, and names no entry.

        Call it before anything is merged: a unique index cannot be made over what is there twice.
        """
        self.look_back()
        _OF_A_REQUEST.create(self.connection)

    def _copy(self, each: Table, *only: ColumnElement[bool]) -> None:
        for rows in _pages(each, self._college, self._reading, only):
            self._fill(each, rows)

    def must_be_current(self, store: Connection) -> None:
        """Check that the ledger in the store is still as it was copied.

        Raises:
            LedgerMoved: it is not; or there is a new college whose name this one's looks like.
        """
        _must_be_current(store, self._college, self._before, self._names, self._name())

    def _name(self) -> str:
        return _names_in(self.connection).get(self._college, "")

    def compare(self, place: Path) -> Changes:
        """Find the rows that came of merging, and let others read them.

        It is called once, after the file is merged in the copy and before the store is locked.

        Args:
            place: the scratch file.
        """
        for each in _MADE:
            now, old = each.name, f"old_{each.name}"
            key, kept = _names_of(each.primary_key), _names_of(_kept(each))
            row = f"SELECT {_names_of(each.columns)} FROM {now}"
            if not _is_kept(each, self._before.has_ledger):
                self._run(f"CREATE VIEW new_{now} AS {row}")
                self._run(f"CREATE VIEW gone_{now} AS SELECT {key} FROM {now} WHERE false")
                continue
            if each is _entry and (not self._sees_all or self._goes_on()):
                self._run(f"CREATE VIEW new_{now} AS {row} WHERE seq > {self._before.head.seq}")
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
        counts = [
            self._run(f"SELECT count(*) FROM {what}_{each.name}").fetchall()[0][0]
            for each in _MADE
            for what in ("new", "gone")
        ]
        after = _state_of(self.connection, self._college)
        changes = Changes(
            place, self._college, self._name(), self._names, self._before, after, sum(counts)
        )
        _driver_of(self.connection).commit()
        return changes

    def _goes_on(self) -> bool:
        """Whether the entry that was the last is still there, and so all before it."""
        last = self._before.head
        at = (_entry.c.epoch == last.epoch) & (_entry.c.seq == last.seq)
        hash_there = select(_entry.c.hash).where(_entry.c.college == self._college, at)
        return self.connection.execute(hash_there).scalar() == last.hash

    def _keep(self, each: Table, where: str = "") -> None:
        """Keep what the store has in a table, to compare it later."""
        row = f"SELECT {_names_of(_kept(each))} FROM {each.name}"
        self._run(f"CREATE TABLE old_{each.name} AS {row}{where}")

    def _run(self, statement: str) -> Any:
        return _driver_of(self.connection).execute(statement)

    def _fill(self, into: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        _driver_of(self.connection).executemany(_insert_text(into), rows)


def _driver_of(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _must_be_current(
    store: Connection, college: str, before: _State, names: Mapping[str, str], name: str
) -> None:
    if _state_of(store, college) != before:
        raise LedgerMoved
    new = _names_in(store).items() - names.items()
    if any(skeleton(other) == skeleton(name) for of, other in new if of != college):
        raise LedgerMoved


def _is_kept(each: Table, has_ledger: bool) -> bool:
    """Whether the copy had rows in a table before the file was merged."""
    return has_ledger or each is _college


class _Rows(ABC):
    """The rows of a scratch file, as they are taken into a store."""

    def bring(self, has_ledger: bool) -> None:
        """Bring in the rows of the register, and the entries.

        A row to which others point is changed where it is. Any other that changed is deleted and
        inserted again: so no two rows ever have what only one may, such as a kit's open loan.
        """
        for each in reversed(_MADE):
            if each not in _POINTED_AT:
                self.delete(each, f"gone_{each.name}")
        for each in _MADE:
            if each in _POINTED_AT:
                changes = _on_conflict(each) if _is_kept(each, has_ledger) else ""
                self.insert(each, f"new_{each.name}", changes)
        for each in reversed(_MADE):
            if each in _POINTED_AT:
                self.delete(each, f"gone_{each.name}")
        for each in _MADE:
            if each not in _POINTED_AT:
                self.insert(each, f"new_{each.name}")

    @abstractmethod
    def insert(self, into: Table, rows: str, changes: str = "") -> None:
        """Insert rows of the scratch file; `changes` is what to do with one that is there."""

    @abstractmethod
    def delete(self, each: Table, keys: str) -> None:
        """Delete the rows whose primary keys are in the scratch file."""


class _SeenRows(_Rows):
    """Those that a store takes that is a file: it sees the scratch file itself."""

    def __init__(self, store: Connection) -> None:
        self._driver = _driver_of(store)

    def insert(self, into: Table, rows: str, changes: str = "") -> None:
        names = _names_of(into.columns)
        self._driver.execute(
            f'INSERT INTO main."{into.name}" ({names}) '
            f'SELECT {names} FROM seen."{rows}" WHERE true{changes}'
        )

    def delete(self, each: Table, keys: str) -> None:
        key = _names_of(each.primary_key)
        self._driver.execute(
            f'DELETE FROM main."{each.name}" WHERE ({key}) IN (SELECT {key} FROM seen."{keys}")'
        )


class _SentRows(_Rows):
    """Those that go to a server."""

    def __init__(self, scratch: sqlite3.Connection, store: Connection) -> None:
        self._scratch, self._store = scratch, store

    def bring(self, has_ledger: bool) -> None:
        plan_again(self._store)
        super().bring(has_ledger)
        plan_again(self._store)

    def insert(self, into: Table, rows: str, changes: str = "") -> None:
        driver, names = _driver_of(self._store), _names_of(into.columns)
        found = self._scratch.execute(f'SELECT {names} FROM "{rows}"')
        if not changes and not _sees_only_some(driver, into):
            with driver.cursor().copy(f'COPY "{into.name}" ({names}) FROM STDIN') as copy:
                for row in found:
                    copy.write_row(row)
            return
        # Not an array: the driver escapes quotation marks in one by one, and entries are full of
        # them.
        these = _some_rows(into.columns, self._store)
        statement = f'INSERT INTO "{into.name}" ({names}) SELECT * FROM {these}'
        _for_some(driver, statement + changes, into.columns, found)

    def delete(self, each: Table, keys: str) -> None:
        key = list(each.primary_key)
        found = self._scratch.execute(f'SELECT {_names_of(key)} FROM "{keys}"')
        where = " AND ".join(f'it."{column.name}" = rows."{column.name}"' for column in key)
        these = _some_rows(key, self._store)
        statement = f'DELETE FROM "{each.name}" AS it USING {these} WHERE {where}'
        _for_some(_driver_of(self._store), statement, key, found)


@contextmanager
def _rows_of(place: Path, store: Connection) -> Iterator[_Rows]:
    """The rows of a scratch file, to be taken in a transaction on a store."""
    if store.dialect.name == "sqlite":
        see(store, place)
        yield _SeenRows(store)
        return
    with closing(sqlite3.connect(place)) as scratch:
        yield _SentRows(scratch, store)


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


def _pages(
    each: Table, college: str, reading: Reading, only: Iterable[ColumnElement[bool]]
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a college in a table, as the driver gives them, some thousand at a time."""
    key = [column for column in each.primary_key if column.name != "college"]
    at = [list(each.columns).index(column) for column in key]
    wanted = _of(each, college).where(*only).order_by(*key).limit(_READ_AT_ONCE)
    after: list[Any] = []
    while True:
        page = wanted.where(tuple_(*key) > tuple_(*after)) if after else wanted
        with reading() as store:
            rows = list(store.execute(page).cursor.fetchall())
        yield rows
        if len(rows) < _READ_AT_ONCE or not key:
            return
        after = [rows[-1][column] for column in at]
