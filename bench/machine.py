"""What figures were measured on: the first line of every table."""

import os
import platform
import sqlite3
import time

import kitloan


def machine() -> str:
    """The machine, the versions, the day, and how busy other programs keep it."""
    return (
        f"{time.strftime('%Y-%m-%d')}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"kitloan {kitloan.__version__}"
    )


def heading() -> None:
    """The machine, and the names of the columns that `run.line` prints."""
    print(machine())
    print(f"{'':58} {'ms':>9} {'floor':>9} {'ratio':>7}  at most", flush=True)
