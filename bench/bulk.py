"""Stores of any size within minutes: what `stores.py` tells, sealed, and merged by bare SQL.

They are what kitloan would have made: `kitloan ledger verify` accepts them. One that was built for
the tables of another kitloan is built anew.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from bare_ledger import bare_merge
from colleges import college_file

from kitloan.storage.store import create_store

BUILT = Path(__file__).parent / ".stores"


def bulk(name: str, holdings: int, entries: int) -> Path:
    """A college's store with so many holdings and about so many entries, kept under this name."""
    path = BUILT / f"{name}.sqlite"
    if path.exists() and _tables(path) == _tables_of_today():
        return path
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    file = college_file("ayrshire", holdings, entries)
    create_store(str(part)).close()
    bare_merge(part, file)
    with closing(sqlite3.connect(part, isolation_level=None)) as connection:
        connection.execute("UPDATE ledger_head SET own = 1")
    file.unlink()
    return part.rename(path)


def _tables(path: Path) -> set[str]:
    """What was said to make the tables, and their version."""
    with closing(sqlite3.connect(path)) as connection:
        made = connection.execute("SELECT sql FROM sqlite_schema WHERE sql > ''")
        version = connection.execute("SELECT value FROM setting WHERE name = 'schema'")
        return {row[0] for row in (*made, *version)}


def _tables_of_today() -> set[str]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite"
        create_store(str(path)).close()
        return _tables(path)
