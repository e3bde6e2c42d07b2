"""A store: one college's SQLite file, or a PostgreSQL database that several share.

SQLite runs with a rollback journal and `synchronous=EXTRA`: slower than write-ahead logging and
still a hundred times faster than a counter needs, but safe on the network shares where colleges
keep files. Writes begin with `BEGIN IMMEDIATE`, so that a transaction that reads and then writes
is never refused its lock half way. PostgreSQL runs at READ COMMITTED; in both, a write first locks
its college's ledger head, and so takes its turn.

A store is never made by opening it. A file that is not one, or belongs to a newer kitloan, is
refused before anything is written.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import InvalidatePoolError

from kitloan.errors import KitloanError, StoreError, not_installed
from kitloan.storage.faults import as_ours, translated
from kitloan.storage.files import APPLICATION_ID, is_store, working_folder
from kitloan.storage.integrity import create_everything, insist_on_rules
from kitloan.storage.locks import insist_on_locks
from kitloan.storage.places import as_path, as_url, is_url
from kitloan.storage.schema import SCHEMA, create_tables, insist_on_version

BUSY_SECONDS = 10
POOLED = "pooled"
"""In the `info` of a connection to PostgreSQL: whether a pooler is in between."""
_HOW = "begin"
"""In the `info` of a connection: how its next transaction begins."""
_READING, _WRITING = "", "IMMEDIATE"
"""In a file, what follows BEGIN."""
_SEES = "sees"
"""In the `info` of a connection to a file: whether its transaction sees another."""
_MOST_KEPT = 4
"""The most connections that are kept; a desk rarely uses more at a time."""
_PAGES_AT_ONCE = 4096
"""Pages in one step of a copy: 16 MB, which stops writers for some ten milliseconds."""
_BUSY_PAUSE = 0.02
"""Seconds until a copy that finds the file locked tries again."""
_BEGINNINGS = 4
"""How often a copy in steps begins, before it is made in one step."""
_CACHE_OF_A_COPY = -2048
"""In KiB: a copy reads each page once, so pages that are kept would only fill memory."""
_PRAGMAS = {
    "foreign_keys": ("ON", 1),
    "journal_mode": ("DELETE", "delete"),
    "synchronous": ("EXTRA", 3),
    "secure_delete": ("ON", 1),
    "temp_store": ("MEMORY", 2),
    "cache_size": (-65536, -65536),  # in KiB: a hundred thousand holdings stay in memory
}


class _NeverStill(Exception):
    """Others write to a store more often than a copy in steps takes."""


class SharedCopy(NamedTuple):
    """What a store's readers share: a file, or a database and a snapshot of it."""

    place: str
    """The path, or the URL with its password: only ever for the pipe to another process."""
    snapshot: str = ""


Sharing = Callable[[SharedCopy], AbstractContextManager[None]]


class Store:
    """An open store. Transactions come from `read` and `write`.

    Attributes:
        name: its path or URL, as shown to people; without passwords.
        is_sqlite: whether it is a file.
        wrote: whether something was committed since it was opened.
    """

    def __init__(self, engine: Engine, name: str, folder: Path | None = None) -> None:
        self.engine = engine
        self.name = name
        self.is_sqlite = engine.dialect.name == "sqlite"
        self.wrote = False
        self._untried = folder  # where to try the locks before the first write
        self._kept: list[Connection] = []

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state of the store and changes nothing."""
        return _Transaction(self, _READING)

    def connection(self) -> Connection:
        """A connection that is kept, or a new one.

        To take one out of the pool and give it back takes SQLAlchemy longer than a file needs to
        answer, and as long as a server near by.
        """
        return self._kept_one() or self.engine.connect()

    def keep(self, connection: Connection) -> None:
        """Keep a connection for the next transaction, if few are kept."""
        if len(self._kept) < _MOST_KEPT:
            if not self.is_sqlite:
                connection.info[_LAST_USED] = time.monotonic()
            self._kept.append(connection)
        else:
            connection.close()

    def _kept_one(self) -> Connection | None:
        """A connection that is kept and can be used; None without one."""
        while True:
            try:
                connection = self._kept.pop()
            except IndexError:
                return None
            if self.is_sqlite:
                return connection
            try:
                _insist_on_connection(
                    self.engine, connection.connection.dbapi_connection, connection.info
                )
            except InvalidatePoolError:
                connection.invalidate()
                connection.close()
            else:
                return connection

    def release(self) -> None:
        """Give the connections that are kept back to the pool."""
        while self._kept:
            self._kept.pop().close()

    @contextmanager
    def read_copy(
        self,
        folder: Path | None = None,
        seen_by: Connection | None = None,
        shared: Sharing | None = None,
    ) -> Iterator[Connection]:
        """As `read`, for reading that takes minutes: writers do not have to wait for it.

        A SQLite file with a rollback journal lets nobody commit while it is read. So it is copied,
        some pages at a time between which others may write, and the copy is read. The copy holds
        people. Where the system allows it, its name is deleted before anything is in it, so that a
        killed command leaves no file.

        Args:
            folder: a folder with room for that copy; the store's own when None.
            seen_by: another SQLite connection, which is to see the copy as `live`.
            shared: a context in which other processes may read the copy. They open it when the
                context begins, before anything is in it, and must have left when it ends.

        Raises:
            StoreError: `damaged`, when the rules in a file are not the ones it was made with.
        """
        if not self.is_sqlite:
            with self.read() as connection, self._snapshot(connection, shared):
                yield connection
            return
        home = folder or Path(self.name).absolute().parent
        room = Path(self.name).stat().st_size
        with translated(self.name), working_folder(home, "reading", room) as folder:
            copy = folder / "aside.sqlite"
            if seen_by is not None:
                seen_by.exec_driver_sql("ATTACH ? AS live", (str(copy),))
            ours = sqlite3.connect(copy)
            ours.execute(f"PRAGMA cache_size = {_PRAGMAS['cache_size'][0]}")
            engine = sa.create_engine("sqlite://", creator=lambda: ours, poolclass=sa.StaticPool)
            try:
                with shared(SharedCopy(str(copy))) if shared else nullcontext():
                    self._copy_unnamed(copy)
                    with engine.connect() as connection, connection.begin():
                        insist_on_rules(connection, self.name)
                        yield connection
            finally:
                engine.dispose()
                if seen_by is not None:
                    seen_by.rollback()
                    seen_by.exec_driver_sql("DETACH live")

    @contextmanager
    def _snapshot(self, connection: Connection, shared: Sharing | None) -> Iterator[None]:
        """Let others read what this transaction of PostgreSQL sees, until the block ends."""
        if shared is None:
            yield
            return
        # It is idle while others read, longer than a desk may be.
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        with shared(SharedCopy(self.engine.url.render_as_string(hide_password=False), snapshot)):
            yield

    def _copy_unnamed(self, place: Path) -> None:
        """As `copy_to`, to a file that only this process has open, and no other can open."""
        targets = [sqlite3.connect(place) for _ in range(2)]
        descriptor = os.open(place, os.O_RDWR)
        try:
            with suppress(PermissionError):  # Windows keeps the name of what is open
                place.unlink()
            self._copy_into(targets.pop, lambda: os.ftruncate(descriptor, 0))
        finally:
            for each in targets:
                each.close()
            os.close(descriptor)

    def copy_to(self, place: Path) -> None:
        """Copy a SQLite store as it is at one moment, while others may go on writing.

        If another program writes between two steps, SQLite begins again. If others write more often
        than a copy takes, the copy is made in one step, and they wait for it.

        Raises what the driver raises; an unfinished copy may be left at `place`.
        """
        self._copy_into(lambda: sqlite3.connect(place), lambda: os.truncate(place, 0))

    def _copy_into(
        self, target: Callable[[], sqlite3.Connection], empty: Callable[[], None]
    ) -> None:
        try:
            self._copy(target(), _PAGES_AT_ONCE)
        except _NeverStill:
            empty()
            self._copy(target(), -1)

    def _copy(self, target: sqlite3.Connection, pages: int) -> None:
        source = self.engine.raw_connection()
        begun, before = 0, 0

        # Between two steps Python can act on Ctrl+C, but only if it has a function to call.
        def stepped(status: int, left: int, _total: int) -> None:
            nonlocal begun, before
            if status != sqlite3.SQLITE_BUSY:
                begun, before = begun + (left >= before), left
            if begun > _BEGINNINGS:
                raise _NeverStill

        driver: Any = source.driver_connection
        (kept,) = driver.execute("PRAGMA cache_size").fetchone()
        try:
            target.execute("PRAGMA journal_mode = OFF")  # an unfinished copy is thrown away
            driver.execute(f"PRAGMA cache_size = {_CACHE_OF_A_COPY}")
            driver.backup(target, pages=pages, progress=stepped, sleep=_BUSY_PAUSE)
        finally:
            driver.execute(f"PRAGMA cache_size = {kept}")
            target.close()
            source.close()

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction that commits at the end, or changes nothing.

        Raises:
            StoreError: `no_locks`, before the first write, when locks do not keep programs apart.
        """
        if self._untried is not None:
            insist_on_locks(self._untried)
            self._untried = None
        return _Transaction(self, _WRITING)

    def close(self) -> None:
        """Close every connection."""
        self.release()
        self.engine.dispose()


class _Transaction(AbstractContextManager[Connection]):
    """A transaction on a store.

    SQLAlchemy begins and ends only transactions that write. One that reads is the driver's, which
    gets most statements (see `kitloan.storage.statements`): by SQLAlchemy, to begin and end it
    would take a third of the time of a kit's page.
    """

    __slots__ = ("_connection", "_driver", "_how", "_store")

    def __init__(self, store: Store, how: str) -> None:
        self._store, self._how = store, how

    def __enter__(self) -> Connection:
        try:
            self._connection = connection = self._store.connection()
            try:
                self._begin(connection)
            except BaseException:
                connection.close()
                raise
        except Exception as problem:
            self._raise_ours(problem)
            raise
        return connection

    def _begin(self, connection: Connection) -> None:
        is_file, info = self._store.is_sqlite, connection.info
        driver: Any = connection.connection.dbapi_connection
        self._driver = driver
        info[_HOW] = self._how
        if not is_file:
            _set_level(self._store.engine, driver, self._how)
        if self._how == _WRITING or (not is_file and info.get(POOLED)):
            connection.begin()
        elif is_file and not driver.in_transaction:  # a scratch copy has one connection
            driver.execute("BEGIN")
        # The driver of a server begins one by itself.

    def __exit__(self, kind: type[BaseException] | None, problem: Any, _: object) -> None:
        connection = self._connection
        try:
            try:
                self._end(connection, is_well=kind is None)
            finally:
                _lose_sight(connection)
        except BaseException as failed:
            connection.close()
            if isinstance(failed, Exception):
                self._raise_ours(failed)
            raise
        if kind is not None:
            connection.close()
            if isinstance(problem, Exception):
                self._raise_ours(problem)
            return
        if self._how == _WRITING:
            self._store.wrote = True
        self._store.keep(connection)

    def _end(self, connection: Connection, *, is_well: bool) -> None:
        if not is_well:
            connection.rollback()
            if not connection.invalidated:
                self._driver.rollback()
        elif connection.in_transaction():
            connection.commit()
        else:
            self._driver.commit()

    def _raise_ours(self, problem: Exception) -> None:
        """Raise kitloan's own error in place of a driver's; return where it is no driver's."""
        error = as_ours(problem, self._store.name)
        if error is not problem:
            raise error from problem


def see(connection: Connection, place: Path) -> None:
    """Let a transaction on a store that is a file see another file, as `seen`, until it ends."""
    driver: Any = connection.connection.dbapi_connection
    driver.execute("ATTACH ? AS seen", (str(place),))
    connection.info[_SEES] = True


def _lose_sight(connection: Connection) -> None:
    if connection.invalidated:  # the server went away while it committed: nothing is to be asked
        return
    if connection.info.pop(_SEES, False):
        driver: Any = connection.connection.dbapi_connection
        driver.execute("DETACH seen")


@contextmanager
def shared_copy(
    copy: SharedCopy, seen_by: Connection
) -> Iterator[Callable[[], AbstractContextManager[Connection]]]:
    """Open what another process shares; the function that is given begins a transaction on it.

    A file is opened at once, while it has a name, and read when that function is called.

    Args:
        copy: what `Store.read_copy` shares.
        seen_by: a SQLite connection, which is to see a file as `live`.
    """
    if copy.snapshot:
        store = _postgres(copy.place)
        try:
            yield lambda: _on_snapshot(store, copy.snapshot)
        finally:
            store.close()
        return
    seen_by.exec_driver_sql("ATTACH ? AS live", (copy.place,))
    ours = sqlite3.connect(copy.place)
    engine = sa.create_engine("sqlite://", creator=lambda: ours, poolclass=sa.StaticPool)
    try:
        yield engine.begin
    finally:
        engine.dispose()


@contextmanager
def _on_snapshot(store: Store, snapshot: str) -> Iterator[Connection]:
    with store.read() as connection:
        connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield connection


def open_store(place: str, oldest: int = SCHEMA) -> Store:
    """The store at a path or a PostgreSQL URL.

    Args:
        place: the path or URL.
        oldest: the first version of the tables that the caller can work with.

    Raises:
        StoreError: `no_store`, `not_a_store`, `upgrade_due`, `newer_store`, `unreachable`, ...
    """
    store = _postgres(place) if is_url(place) else _sqlite(_existing(as_path(place)))
    try:
        with store.read() as connection:
            insist_on_version(connection, store.name, oldest)
    except KitloanError as problem:
        store.close()
        if store.is_sqlite and problem.code in ("busy", "unreachable"):
            insist_on_locks(
                as_path(place).absolute().parent
            )  # to SQLite, a share without locks looks locked
        raise
    return store


def create_store(place: str) -> Store:
    """The store at `place`; its tables are made if it has none yet.

    Raises:
        StoreError: as `open_store`, or `cannot_create`.
    """
    store = _postgres(place) if is_url(place) else _sqlite(_new_or_existing(as_path(place)))
    with store.write() as connection:
        one_at_a_time(connection)
        if not sa.inspect(connection).get_table_names():
            create_everything(connection)
            connection.exec_driver_sql(
                f"INSERT INTO setting (college, name, value) VALUES ('', 'schema', '{SCHEMA}')"  # noqa: S608  # SCHEMA is our own number
            )
            if store.is_sqlite:
                connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    try:
        with store.read() as connection:
            insist_on_version(connection, store.name)
    except KitloanError:
        store.close()
        raise
    return store


def one_at_a_time(connection: Connection) -> None:
    """Make programs that create or alter tables take turns, until the transaction ends."""
    if connection.dialect.name != "sqlite":  # where only one program writes at a time in any case
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (APPLICATION_ID,))


def scratch_store(place: Path | None = None, *, on_disk: bool = False) -> Store:
    """An empty store for replaying a ledger: in memory, or in a file.

    Args:
        place: a new file, which others may read; the caller deletes it.
        on_disk: whether it is otherwise in a file of SQLite's own. That has no name, or is deleted
            when it is closed, so that a killed command leaves none.
    """
    where = "" if on_disk else ":memory:"
    made = sqlite3.connect(where if place is None else place, check_same_thread=False)
    engine = sa.create_engine("sqlite://", creator=lambda: made, poolclass=sa.StaticPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA synchronous = OFF")
        if place is not None:
            connection.exec_driver_sql("PRAGMA journal_mode = MEMORY")  # no other file beside it
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        create_tables(connection)
    return Store(engine, "a scratch copy")


_FOR_READERS = (
    "holdings_found_by_words",
    "holdings_by_asset_number",
    "holdings_by_register_row",
    "holdings_elsewhere",
    "incomplete_holdings",
    "uncounted_holdings",
    "open_loans_by_due_date",
    "loans_that_ended",
    "entries_of_a_person",
    "changes_of_uses",
)
"""Indexes by which people's questions are answered. Replaying asks none of these, and each index is
a write more for every row."""


def only_replayed(scratch: Connection) -> None:
    """Drop the indexes of a scratch store that only people's questions need."""
    for name in _FOR_READERS:
        scratch.exec_driver_sql(f"DROP INDEX {name}")


def _existing(path: Path) -> Path:
    with translated(str(path)):
        return _checked(path)


def _checked(path: Path) -> Path:
    if path.is_dir():
        raise StoreError(
            "not_a_store",
            f"{path} is a folder, not a store.",
            "Name the store's file with --store.",
        )
    if not path.exists():
        raise StoreError(
            "no_store",
            f"There is no store at {path}.",
            "Make one: kitloan init COLLEGE. Or name another with --store.",
            store=str(path),
        )
    if not path.is_file():
        raise StoreError(
            "not_a_store",
            f"{path} is a device or a pipe, not a file.",
            "Name the store's file with --store.",
        )
    if not is_store(path):
        raise StoreError(
            "not_a_store",
            f"{path} is not a kitloan store.",
            "Name the store's file with --store. To import a spreadsheet: kitloan import FILE",
            store=str(path),
        )
    return path


def _new_or_existing(path: Path) -> Path:
    with translated(str(path)):
        if not path.exists():
            _new_file(path)
            return path
        # An interrupted `init` leaves an empty file, which holds no data.
        return path if path.is_file() and path.stat().st_size == 0 else _checked(path)


def _new_file(path: Path) -> None:
    """Make an empty file that only its owner can read: it will hold people's names."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return  # another program has just made it
    except OSError as problem:
        raise StoreError(
            "cannot_create",
            f"A store cannot be made at {path}: {problem.strerror or problem}.",
            "Choose a folder that you may write to, with --store.",
            store=str(path),
        ) from problem


def _sqlite(path: Path) -> Store:
    # With an empty authority: SQLite refuses that of a Windows share, \\\\server\\share.
    name = path.absolute().as_posix()
    address = (
        "file://" + quote(name if name.startswith("/") else f"/{name}", safe="/:") + "?mode=rw"
    )

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            address,
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )

    engine = sa.create_engine(
        "sqlite+pysqlite://", creator=connect, poolclass=sa.QueuePool, hide_parameters=True
    )
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return Store(engine, str(path), path.absolute().parent)


def _set_pragmas(connection: Any, _record: Any) -> None:
    """Set each pragma and read it back: SQLite ignores one that it cannot set without an error."""
    for name, (wish, meaning) in _PRAGMAS.items():
        connection.execute(f"PRAGMA {name} = {wish}")
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != meaning:
            raise StoreError(
                "unsafe_store",
                f"SQLite could not set {name} to {wish}; it is {found!r}.",
                "Keep the store on a local disk, and restore it there from a backup.",
            )


def _begin(connection: Connection) -> None:
    driver: Any = connection.connection.dbapi_connection
    if not driver.in_transaction:  # one that reads has begun before SQLAlchemy hears of it
        driver.execute(f"BEGIN {connection.info.get(_HOW, '')}")


def _postgres(place: str) -> Store:
    url = as_url(place).set(drivername="postgresql+psycopg")
    url = url.difference_update_query(["college"])
    # Any other part of the query may hold a password, or something mistyped for one.
    shown = url.set(query={key: v for key, v in url.query.items() if key in ("host", "port")})
    name = shown.render_as_string(hide_password=True).replace("+psycopg", "")
    try:
        engine = sa.create_engine(
            url,
            hide_parameters=True,  # they hold people's names, and tracebacks are sent by mail
            connect_args={"connect_timeout": BUSY_SECONDS},
        )
        event.listen(engine, "connect", _set_patience)
        event.listen(engine, "begin", _set_patience_of_transaction)
        event.listen(engine, "checkout", partial(_checked_out, engine))
        event.listen(engine, "checkin", _checked_in)
    except ModuleNotFoundError as missing:
        raise not_installed("postgres") from missing
    return Store(engine, name)


_LAST_USED = "last used"
_LONG_IDLE = 30
"""Seconds after which a server is asked whether it is still there."""


def _insist_on_connection(engine: Engine, connection: Any, info: dict[Any, Any]) -> None:
    """Have the pool connect again where the server ended an idle connection.

    A server reports that when it happens, and the report is read here. To ask before each read
    would be one more journey to the server. After a longer time it is asked all the same: where
    the network lost the connection, nothing was reported.
    """
    idle = time.monotonic() - info.setdefault(_LAST_USED, time.monotonic())
    try:
        for _ in range(2):  # why it ended, and that it did
            connection.pgconn.consume_input()
        if idle > _LONG_IDLE:
            engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as problem:
        raise InvalidatePoolError from problem


def _checked_out(engine: Engine, connection: Any, record: Any, _proxy: Any) -> None:
    _insist_on_connection(engine, connection, record.info)


def _checked_in(connection: Any, record: Any) -> None:
    record.info[_LAST_USED] = time.monotonic()
    if connection is not None and connection.isolation_level is not None:
        connection.isolation_level = None  # the usual one, for the next use


def _set_level(engine: Engine, driver: Any, how: str) -> None:
    """Set what a transaction on a server sees: one state, when it reads.

    At the usual level every statement sees a state of its own.
    """
    levels: Any = engine.dialect.loaded_dbapi
    wanted = levels.IsolationLevel.REPEATABLE_READ if how == _READING else None
    if driver.isolation_level != wanted:
        driver.isolation_level = wanted


_PATIENCE = (
    ("lock_timeout", f"{BUSY_SECONDS}s"),
    ("idle_in_transaction_session_timeout", "120s"),
)
"""How long to wait for a lock, as long as SQLite would, and when an idle transaction ends."""


def _set_patience(connection: Any, record: Any) -> None:
    """Set how long to wait; where a pooler is in between, each transaction sets it for itself.

    Poolers lend a connection of the server for one transaction. What is set for longer, and what is
    prepared, would be another's. A pooler is known by the number of the server's process, which is
    not the one that it gave.
    """
    with connection.cursor() as cursor:
        (process,) = cursor.execute("SELECT pg_backend_pid()").fetchone()
        record.info[POOLED] = process != connection.info.backend_pid
        if record.info[POOLED]:
            connection.prepare_threshold = None
        else:
            for name, wait in _PATIENCE:
                cursor.execute(f"SET {name} = '{wait}'")
    connection.commit()


def _set_patience_of_transaction(connection: Connection) -> None:
    if connection.info.get(POOLED):
        for name, wait in _PATIENCE:
            connection.exec_driver_sql(f"SET LOCAL {name} = '{wait}'")
