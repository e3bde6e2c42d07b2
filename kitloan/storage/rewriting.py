"""A store rewritten, so that what was deleted is in none of its bytes.

Deleting is not enough. SQLite overwrites deleted rows (`secure_delete`), but it also moves rows and
leaves copies, so the file is rewritten. PostgreSQL keeps a deleted or changed row in the table's
file until no earlier snapshot can see it; after that, rewriting the table leaves it out. The server
reports how many dead rows it had to keep.

Two settings count: `erasures`, how often people were erased, and `rewritten`, how many erasures the
last rewrite covered. A rewrite is due while they differ. Opening a store asks whether it is.
"""

import re
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, text

from kitloan.errors import KitloanError, StoreError
from kitloan.storage.faults import translated
from kitloan.storage.settings import whole_number
from kitloan.storage.statements import Change, Query
from kitloan.storage.store import BUSY_SECONDS, POOLED, Store
from kitloan.tables import Contact, ContactChange, Remark, Setting, table

setting = table(Setting)

_NUMBER = re.compile(r"\d+")
PATIENCE = 1.0
"""Seconds to wait for others before a store is rewritten. They wait as long, and the rewrite is
tried again whenever the store is opened."""

_ERASURES, _REWRITTEN = "erasures", "rewritten"
_NOT_OURS = "not_allowed"

_counters = Query(
    select(setting.c.name, setting.c.value).where(
        setting.c.college == bindparam("c"),
        or_(setting.c.name == _ERASURES, setting.c.name == _REWRITTEN),
    )
)

COUNTED = """
    SELECT coalesce(sum(CASE name WHEN 'erasures' THEN CAST(value AS INTEGER) END), 0),
        coalesce(sum(CASE name WHEN 'rewritten' THEN CAST(value AS INTEGER) END), 0)
    FROM setting WHERE name IN ('erasures', 'rewritten')
"""
"""Gives how often people were erased in a file, and how many of these its last rewrite covered."""

_count_one = Change(
    text(
        "INSERT INTO setting (college, name, value) VALUES (:c, :n, '1') "
        "ON CONFLICT (college, name) "
        "DO UPDATE SET value = CAST(CAST(setting.value AS INTEGER) + 1 AS TEXT)"
    )
)

_set = Change(
    text(
        "INSERT INTO setting (college, name, value) VALUES (:c, :n, :v) "
        "ON CONFLICT (college, name) DO UPDATE SET value = :v"
    )
)


def erasure_counts(connection: Connection) -> tuple[int, int]:
    """The two numbers of `COUNTED`. If a copy has the same, nobody was erased in between."""
    forgotten, rewritten = connection.exec_driver_sql(COUNTED).one()
    return int(forgotten), int(rewritten)


def count_erasure(connection: Connection, college: str) -> None:
    """Count that people were erased: a rewrite is due."""
    _count_one(connection, c=college, n=_ERASURES)


def rewrite_is_due(connection: Connection, college: str) -> bool:
    """Whether the store must still be rewritten after people were erased."""
    erased, rewritten = _counts(connection, college)
    return rewritten < erased


def _counts(connection: Connection, college: str) -> tuple[int, int]:
    found = {
        row.name: whole_number(row.name, row.value) for row in _counters(connection, c=college)
    }
    return found.get(_ERASURES, 0), found.get(_REWRITTEN, 0)


def rewrite_if_due(store: Store, college: str) -> str:
    """Rewrite the store if that is due.

    Args:
        store: an open store.
        college: whose.

    Returns:
        Why deleted details may still be in the store's files; empty when they are not.
    """
    try:
        with store.read() as connection:
            erased, rewritten = _counts(connection, college)
        if rewritten >= erased:
            return ""
        why = _rewritten(store)
        with store.write() as connection:
            _set(connection, c=college, n=_REWRITTEN, v=str(erased))
    except KitloanError as problem:
        in_use = f"{store.name} is in use by another program."
        return in_use if problem.code == "busy" else problem.message
    return why


def _rewritten(store: Store) -> str:
    """Rewrite the tables that hold people; gives why not, if trying again would change nothing."""
    from kitloan.tables.evidence import Quote  # opening a store should not have to load it

    people = (Contact, ContactChange, Quote, Remark)
    try:
        rewrite(store, *[table(each).name for each in people], patience=PATIENCE)
    except KitloanError as problem:
        if problem.code != _NOT_OURS:
            raise
        return f"{problem.message} {problem.hint}"
    return ""


def rewrite(store: Store, *tables: str, patience: float = BUSY_SECONDS) -> None:
    """Rewrite tables; in a SQLite store, all of them.

    Args:
        store: an open store.
        tables: their names.
        patience: how many seconds to wait for others who read or write them.

    Raises:
        StoreError: `busy`, `full`, ...; `still_seen`, when PostgreSQL must keep deleted rows for
            work that began before; `not_allowed`, when this login may not rewrite tables.
    """
    with translated(store.name):
        if store.is_sqlite:
            _rewrite_file(store, patience)
        else:
            _rewrite_tables(store, tables, patience)


def _rewrite_file(store: Store, patience: float) -> None:
    connection = store.engine.raw_connection()
    try:
        connection.cursor().execute(f"PRAGMA busy_timeout = {patience * 1000:.0f}")
        try:
            connection.cursor().execute("VACUUM")
        finally:
            connection.cursor().execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    finally:
        connection.close()


def _rewrite_tables(store: Store, tables: tuple[str, ...], patience: float) -> None:
    carried: list[int] = []

    def count_dead_rows(notice: Any) -> None:
        # Notices come in the server's language. Only the one about a rewritten table has a
        # detail, whose first number is how many dead rows were kept.
        detail = notice.message_detail
        if notice.severity_nonlocalized == "INFO" and detail and (found := _NUMBER.search(detail)):
            carried.append(int(found[0]))

    loose = store.engine.execution_options(isolation_level="AUTOCOMMIT")
    with loose.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if connection.info.get(POOLED):  # it may wait on another connection than it set a limit on
            raise StoreError(
                "pooled",
                f"{store.name} keeps deleted rows in its files: it is reached through a pooler, "
                "through which tables are not written again.",
                "Open the store once at the server's own address. kitloan tries again whenever it "
                "is opened.",
            )
        driver.add_notice_handler(count_dead_rows)
        connection.exec_driver_sql(f"SET lock_timeout = '{patience * 1000:.0f}ms'")
        try:
            for each in tables:
                # Analysed too, or the planner's statistics would keep names.
                connection.exec_driver_sql(f"VACUUM (FULL, VERBOSE, ANALYZE) {each}")
        finally:
            connection.exec_driver_sql(f"SET lock_timeout = '{BUSY_SECONDS}s'")
            driver.remove_notice_handler(count_dead_rows)
    if len(carried) < len(tables):
        raise StoreError(
            "not_allowed",
            f"{store.name} keeps deleted rows in its files until the server vacuums these tables: "
            "this login may not rewrite them.",
            "The administrator of the server can do it now: "
            f"VACUUM (FULL, ANALYZE) {', '.join(tables)}",
        )
    if any(carried):
        raise StoreError(
            "still_seen",
            f"{store.name} keeps deleted rows in its files until earlier work ends, for example a "
            "report or a backup of the server.",
            "kitloan tries again whenever the store is opened.",
        )
