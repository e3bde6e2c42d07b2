"""Lists give way to scans.

A store in a file cannot commit while somebody reads it: a scan would wait until a list of a hundred
thousand holdings has been looked up that nobody wants any more. So SQLite asks, every few thousand
steps of a statement, whether the worker that it runs for has been cancelled, and then breaks off.
A server has no such wait, and is left alone.
"""

import sqlite3
from typing import TYPE_CHECKING

from textual.worker import active_worker

if TYPE_CHECKING:
    from kitloan.storage.store import Store

STEPS = 5_000
"""About a fifth of a millisecond."""


def give_way(store: "Store") -> None:
    """Have this store's statements break off when the worker that asked has been cancelled."""
    from sqlalchemy import event

    def watch(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_progress_handler(_cancelled, STEPS)

    if store.is_sqlite:
        event.listen(store.engine, "checkout", watch)


def _cancelled() -> int:
    """Whether nobody waits for this any more; verbs of the counter run for no worker."""
    worker = active_worker.get(None)
    return int(worker is not None and worker.is_cancelled)
