"""`make bench`: the whole national report, against its own queries in bare `sqlite3`.

    python bench/report.py                 26 colleges
    python bench/report.py --colleges 4    fewer
    python bench/report.py --profile       where the time goes, statement by statement

The floor runs every statement that the report ran, with its values, in `sqlite3` with `fetchall`.
The register is outside it: a row for every holding is asked for by whoever wants them.
"""

import argparse
import os
import platform
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from colleges import college_file
from floors import bare, timed
from run import BUILT, line, paired
from stores import trusted

import kitloan
from kitloan.college import College
from kitloan.storage.schema import SCHEMA

HOLDINGS, ENTRIES, TIMES = 5_000, 20_000, 5
DAY = datetime(2025, 7, 31, 9, tzinfo=UTC)
"""The year of the colleges ends: their loans lie in the twelve months before it."""

Said = list[tuple[str, Any]]


def national(colleges: int) -> Path:
    """ESP's store with so many colleges, built once."""
    path = BUILT / f"national-{colleges}-v{SCHEMA}.sqlite"
    if path.exists():
        return path
    with tempfile.TemporaryDirectory(prefix="kitloan-bench-", dir=Path(__file__).parent) as folder:
        part = Path(folder) / "esp.sqlite"
        with kitloan.init("esp", part, actor="bench", clock=lambda: DAY) as esp:
            for n in range(1, colleges + 1):
                files = [college_file(f"college-{n:02}", HOLDINGS, ENTRIES)]
                esp.exchange.merge(files, trust=trusted(esp, files))
        shutil.move(part, path)
    return path


def statements_of(opened: College) -> Said:
    """Every statement that one audit runs, with its values."""
    said: Said = []

    @sa.event.listens_for(opened.session.store.engine, "before_cursor_execute")
    def note(_conn: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            said.append((statement, values))

    opened.audit.audit(register=False)
    sa.event.remove(opened.session.store.engine, "before_cursor_execute", note)
    return said


def run_bare(connection: sqlite3.Connection, said: Said) -> None:
    """The floor."""
    connection.execute("BEGIN")
    for statement, values in said:
        connection.execute(statement, values).fetchall()
    connection.execute("COMMIT")


def processor(work: Callable[[], object]) -> float:
    """Milliseconds of the processor, which other programs change less; the second time of two."""
    work()
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def profile(connection: sqlite3.Connection, said: Said) -> None:
    """Each statement's milliseconds and rows, the slowest first."""
    told = []
    for statement, values in said:
        rows: list[Any] = []
        taken = min(
            timed(
                lambda s=statement, v=values, r=rows: r.append(connection.execute(s, v).fetchall())
            )
            for _ in range(3)
        )
        told.append((taken, len(rows[-1]), " ".join(statement.split())[:150]))
    for taken, rows_, statement in sorted(told, reverse=True)[:25]:
        print(f"{taken:9.1f} ms {rows_:7} rows  {statement}")


def main() -> None:
    """Measure, and print a row of the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--colleges", type=int, default=26)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    store = national(given.colleges)
    print(
        f"{time.strftime('%d/%m/%Y')}, {platform.platform()}, Python {platform.python_version()}, "
        f"kitloan {kitloan.__version__}, SQLite {sqlite3.sqlite_version}, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    with (
        kitloan.open(store, actor="bench", clock=lambda: DAY) as opened,
        closing(bare(store)) as connection,
    ):
        said = statements_of(opened)
        if given.profile:
            profile(connection, said)
        mine, floor = paired(
            lambda: opened.audit.audit(register=False), lambda: run_bare(connection, said), TIMES
        )
    print(f"{'':58} {'ms':>9} {'floor':>9} {'ratio':>7}  at most")
    line(f"the whole report, {given.colleges} colleges", mine, floor, "1.2 x, 2,000 ms")
    print(f"{len(said)} statements; the medians of {TIMES} pairs. Of the processor's time:")
    with kitloan.open(store, actor="bench", clock=lambda: DAY) as opened:
        ours = processor(lambda: opened.audit.audit(register=False))
    with closing(bare(store)) as connection:
        theirs = processor(lambda: run_bare(connection, said))
    line("the same, processor", ours, theirs, "1.2 x, 2,000 ms")


if __name__ == "__main__":
    main()
