"""`make bench`: the figures of bench/FIGURES.md, each against a floor in the same run.

Ours and the floor take turns, pair by pair, so that a machine whose speed drifts does not favour
one of them. What is printed is the median of the pairs, the ratio of the medians, and the bound.
"""

import csv
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from floors import bare, bare_check_out, timed
from stores import build, trusted

import kitloan

BUILT = Path(__file__).parent / ".stores"
PYTHON = sys.executable
KITLOAN = str(Path(PYTHON).with_name("kitloan"))


def paired(ours: Callable[[], object], floor: Callable[[], object], times: int) -> list[float]:
    """Medians in milliseconds of `ours` and of `floor`, taken in turns after one warm-up each."""
    ours()
    floor()
    pairs = [(timed(ours), timed(floor)) for _ in range(times)]
    return [statistics.median(side) for side in zip(*pairs, strict=True)]


def process(*command: str) -> Callable[[], object]:
    """A whole process, from start to end."""
    return lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def line(what: str, measured: float, floor: float | None, bound: str) -> None:
    """One row of the table."""
    against = f"{floor:9.2f} {measured / floor:7.2f}" if floor is not None else f"{'':17}"
    print(f"{what:58} {measured:9.2f} {against}  {bound}", flush=True)


def check_out(folder: Path) -> None:
    """One committed check-out, against bare sqlite3 writing the same rows."""
    store = build(BUILT / "college.sqlite", 5_000, 20_000)
    ours, theirs = folder / "ours.sqlite", folder / "bare.sqlite"
    shutil.copy(store, ours)
    shutil.copy(store, theirs)
    connection = bare(theirs)
    tags = _tags_in(connection)
    with kitloan.open(ours, actor="bench") as opened:
        body = opened.ledger.log()[-1].summary.ljust(400, "x")
        pairs = []
        for number, tag in enumerate(tags[:420]):
            mine = timed(lambda tag=tag: opened.loans.check_out([tag], "School 1"))
            floor = timed(lambda tag=tag, n=number: bare_check_out(connection, tag, n, body))
            pairs.append((mine, floor))
    mine, floor = (statistics.median(side) for side in zip(*pairs[20:], strict=True))
    line("one committed check-out, 5,000 holdings, 20,000 entries", mine, floor, "1.35 x")


def _tags_in(connection: object) -> list[str]:
    rows = connection.execute(  # type: ignore[attr-defined]  # a bare sqlite3 connection
        "SELECT tag FROM holding WHERE out_quantity = 0 AND critical_short = 0 AND NOT uncounted"
    )
    return [row[0] for row in rows]


def start_up(folder: Path) -> None:
    """What a command costs before it does anything."""
    store = str(build(BUILT / "college.sqlite", 5_000, 20_000))
    bare_python = process(PYTHON, "-c", "pass")
    for command in ("--help", "--version"):
        mine, floor = paired(process(KITLOAN, command), bare_python, 15)
        line(f"kitloan {command} (floor: python -c pass)", mine, floor, "150 ms")
    show = process(KITLOAN, "--store", store, "show", "AC000123")
    mine, floor = paired(show, process(PYTHON, "-c", "import sqlmodel"), 15)
    line("kitloan show TAG (floor: python -c 'import sqlmodel')", mine, floor, "1.0 x")


def looking(folder: Path) -> None:
    """Questions at a hundred thousand holdings and a million entries, in the process."""
    store = build(BUILT / "large.sqlite", 100_000, 1_000_000)
    connection = bare(store)
    with kitloan.open(store, actor="bench") as opened:
        find = opened.find
        (tag,) = (each.tag for each in find.search("ac050000").items)
        like = "SELECT count(*) FROM holding WHERE college = 'ayrshire' AND words LIKE ?"
        for what, ours, sql, values in (
            (
                "a kit's page: the holding and its history",
                lambda: (find.holding(tag), find.history(tag)),
                "SELECT body FROM ledger_entry WHERE college = 'ayrshire' AND tag = ?",
                (tag,),
            ),
            ("a search that finds nothing", lambda: find.search("zzzz"), like, ("%zzzz%",)),
            ("a search that finds one", lambda: find.search("ac050000"), like, ("%ac050000%",)),
            ("a search that finds 25,000: first 200", lambda: find.search("mta"), like, ("%mta%",)),
            (
                "what is due: first 200 of the open loans",
                lambda: find.loans(),
                "SELECT * FROM loan WHERE college = 'ayrshire' AND closed_at IS NULL "
                "ORDER BY due_key, loan LIMIT 200",
                (),
            ),
            (
                "what is overdue: first 200",
                lambda: find.loans(overdue=True),
                "SELECT count(*) FROM loan WHERE college = 'ayrshire' AND closed_at IS NULL "
                "AND due_key < '2026-11-23'",
                (),
            ),
        ):
            mine, floor = paired(
                ours, lambda s=sql, v=values: connection.execute(s, v).fetchall(), 25
            )
            line(f"{what} (floor: the bare query)", mine, floor, "20 ms")


def register(folder: Path) -> None:
    """Reading a spreadsheet of 5,000 rows, against reading it with csv alone."""
    file = folder / "register.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows(_register_rows())

    def ours() -> float:
        store = folder / f"new{random.random()}.sqlite"
        with kitloan.init("ayrshire", store, actor="bench") as opened:
            start = time.perf_counter()
            opened.registers.take_in(file)
            return (time.perf_counter() - start) * 1000

    def floor() -> list[list[str]]:
        with file.open(newline="", encoding="utf-8") as read:
            return list(csv.reader(read))

    mine = statistics.median(ours() for _ in range(3))
    line("reading a 5,000-row register (floor: csv alone)", mine, timed(floor), "5,000 ms")


def _register_rows() -> Iterator[list[str]]:
    yield ["Kit No", "Description", "Donated by", "Where kept", "Qty", "On loan to", "Due back"]
    for n in range(5_000):
        out = [f"School {n % 300}", "14/12/2027"] if n % 10 == 0 else ["", ""]
        yield [f"AC{n:05}", f"Kit type {n % 20}", "RAF", f"Store {n % 9}", "1", *out]


def exchange(folder: Path) -> None:
    """Sending, merging and verifying a year of one college, against hashing its lines."""
    import gzip
    import hashlib

    store = build(BUILT / "college.sqlite", 5_000, 20_000)
    file = folder / "college.kitloan"
    with kitloan.open(store, actor="bench") as opened:
        exported = timed(lambda: opened.exchange.export(file))
        verified = timed(lambda: opened.ledger.verify())

    def hashing() -> None:
        with gzip.open(file) as lines:
            for each in lines:
                hashlib.sha256(each)

    floor = timed(hashing)
    line("ledger export, 20,000 entries (floor: hashing the lines)", exported, floor, "")
    line("ledger verify, 20,000 entries (floor: hashing the lines)", verified, floor, "")
    with kitloan.init("esp", folder / "esp.sqlite", actor="bench") as esp:
        trust = trusted(esp, [file])
        first = timed(lambda: esp.exchange.merge([file], trust=trust))
        again = timed(lambda: esp.exchange.merge([file]))
    line("ledger import, 20,000 new entries (floor: hashing)", first, floor, "")
    line("ledger import, 20,000 known entries (floor: hashing)", again, floor, "")
    print(f"{'size of the exchange file, 20,000 entries':58} {file.stat().st_size / 1e6:9.2f} MB")


def main() -> None:
    """Measure what is named on the command line, or everything."""
    benchmarks = (check_out, start_up, looking, register, exchange)
    wanted = set(sys.argv[1:]) or {each.__name__ for each in benchmarks}
    print(
        f"{platform.platform()}, Python {platform.python_version()}, kitloan {kitloan.__version__}"
    )
    print(f"{'':58} {'ms':>9} {'floor':>9} {'ratio':>7}  at most")
    with tempfile.TemporaryDirectory(prefix="kitloan-bench-", dir=Path(__file__).parent) as folder:
        for each in benchmarks:
            if each.__name__ in wanted:
                each(Path(folder))


if __name__ == "__main__":
    main()
