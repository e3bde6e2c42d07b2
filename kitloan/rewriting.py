"""Writing tables anew, so that nothing deleted is left between their rows or behind them.

SQLite overwrites what is deleted (`secure_delete`), but moves rows about and leaves a copy here and
there; so the file is written anew. PostgreSQL overwrites nothing, an UPDATE no more than a DELETE:
a row that is gone for every new query stays in the table's file until nobody's earlier snapshot can
see it. Then writing the table anew leaves it out. Whether it did is asked of the server, which says
how many dead rows it had to carry along.
"""

import re
from typing import Any

from kitloan.errors import StoreError
from kitloan.faults import translated
from kitloan.store import BUSY_SECONDS, Store

_NUMBER = re.compile(r"\d+")


def rewrite(store: Store, *tables: str, patience: float = BUSY_SECONDS) -> None:
    """Write tables anew; of a SQLite store all of them.

    Args:
        store: an open store.
        tables: their names.
        patience: how many seconds to wait for others who read or write them.

    Raises:
        StoreError: `busy`, `full`, ...; `still_seen`, when PostgreSQL must keep deleted rows for
            work that began before; `not_allowed`, when this login may not have tables written anew.
    """
    with translated(store.name):
        if store.is_sqlite:
            _file(store, patience)
        else:
            _tables(store, tables, patience)


def _file(store: Store, patience: float) -> None:
    connection = store.engine.raw_connection()
    try:
        connection.cursor().execute(f"PRAGMA busy_timeout = {patience * 1000:.0f}")
        try:
            connection.cursor().execute("VACUUM")
        finally:
            connection.cursor().execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    finally:
        connection.close()


def _tables(store: Store, tables: tuple[str, ...], patience: float) -> None:
    carried: list[int] = []

    def told(notice: Any) -> None:
        # Its sentences come in the server's language. Only that on a table written anew has a
        # detail, whose first number is how many dead rows were carried along.
        detail = notice.message_detail
        if notice.severity_nonlocalized == "INFO" and detail and (found := _NUMBER.search(detail)):
            carried.append(int(found[0]))

    loose = store.engine.execution_options(isolation_level="AUTOCOMMIT")
    with loose.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.add_notice_handler(told)
        connection.exec_driver_sql(f"SET lock_timeout = '{patience * 1000:.0f}ms'")
        try:
            for each in tables:
                # Analysed too, or the planner's statistics would go on holding names.
                connection.exec_driver_sql(f"VACUUM (FULL, VERBOSE, ANALYZE) {each}")
        finally:
            connection.exec_driver_sql(f"SET lock_timeout = '{BUSY_SECONDS}s'")
            driver.remove_notice_handler(told)
    if len(carried) < len(tables):
        raise StoreError(
            "not_allowed",
            f"{store.name} keeps what was deleted in its files until the server next vacuums these "
            "tables: this login may not have them written anew.",
            "Whoever runs the server can do it at once: "
            f"VACUUM (FULL, ANALYZE) {', '.join(tables)}",
        )
    if any(carried):
        raise StoreError(
            "still_seen",
            f"{store.name} keeps what was deleted in its files while work that began before goes "
            "on: somebody's report, perhaps, or a backup of the server.",
            "It is tried again whenever the store is opened.",
        )
