"""`make bench-desk`: the desk's figures, through the real program at a pseudo-terminal.

Ours and the floor take turns, as in `run.py`. The terminal's own round trip, which no program can
be quicker than, is a key typed into a bare Textual app and painted there.
"""

import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from floors import bare
from run import BUILT, KITLOAN, PYTHON, line, process, timed
from stores import build

import kitloan
from kitloan.text.tags import grouped

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from at_a_terminal import Terminal

BARE = str(Path(__file__).with_name("bare_app.py"))
BARE_DESK = str(Path(__file__).with_name("bare_desk.py"))
TIMES = 7
SCANS = 60
HOUR = 720
"""Scans in an hour at the busiest counter: one every five seconds."""

HOLDINGS = "\x1bOQ"
"""F2; again, with the list open, for the next status."""

SIZES = (("college.sqlite", 5_000, 20_000), ("large.sqlite", 100_000, 1_000_000))


@contextmanager
def at_desk(
    folder: Path, name: str, holdings: int, entries: int
) -> Iterator[tuple[Terminal, list]]:
    """The desk, open on a copy of a store, and the tags of kits that can be lent."""
    store = folder / name
    shutil.copy(build(BUILT / name, holdings, entries), store)
    connection = bare(store)
    tags = [
        row[0]
        for row in connection.execute(
            "SELECT tag FROM holding WHERE out_quantity = 0 AND critical_short = 0 "
            "AND NOT uncounted ORDER BY tag LIMIT 2000"
        )
    ]
    connection.close()
    with Terminal([KITLOAN, "--store", str(store), "--as", "bench"], size=(80, 24)) as desk:
        desk.until("READY")
        yield desk, tags
    store.unlink()


def opening(folder: Path) -> None:
    """First paint, and ready for the first scan."""
    store = str(build(BUILT / "college.sqlite", 5_000, 20_000))
    ours = [KITLOAN, "--store", store]
    imports = process(PYTHON, "-c", "import sqlmodel, textual.app")
    paints, bare_paints, readies, bare_readies, imported = [], [], [], [], []
    for _ in range(TIMES + 1):
        with Terminal(ours) as desk:
            paints.append((desk.until("The store is opening.") - desk.started) * 1000)
            readies.append((desk.until("READY") - desk.started) * 1000)
        with Terminal([PYTHON, BARE]) as app:
            bare_paints.append((app.until("bare and painted") - app.started) * 1000)
        with Terminal([PYTHON, BARE_DESK, store]) as app:
            bare_readies.append((app.until("READY for KL") - app.started) * 1000)
        imported.append(timed(imports))
    paint, bare_paint, ready, bare_ready, import_ = (
        statistics.median(each[1:])
        for each in (paints, bare_paints, readies, bare_readies, imported)
    )
    line("first paint (floor: a bare Textual app's)", paint, bare_paint, "1.5 x")
    line("ready for a scan (floor: a bare desk with a store)", ready, bare_ready, "1.2 x")
    line("the same (floor: import sqlmodel, textual.app)", ready, import_, "1.2 x")


def round_trip() -> list[float]:
    """A key typed into a bare Textual app, until it is painted."""
    took = []
    with Terminal([PYTHON, BARE]) as app:
        app.until("bare and painted")
        for number in range(SCANS):
            app.mark()
            key = chr(ord("a") + number % 26)
            start = app.send(key)
            took.append((app.until(key) - start) * 1000)
    return took


def verdicts(folder: Path) -> None:
    """From the last key of a scan to its verdict, in both sizes of store."""
    floor = statistics.median(round_trip())
    for size in SIZES:
        with at_desk(folder, *size) as (desk, tags):
            desk.scan("School 1")
            desk.until("LENDING")
            took = [_verdict(desk, tag) for tag in tags[:SCANS]]
        usual = statistics.median(took[5:])
        line(f"last key to verdict, median, {size[1]:,} holdings (floor: echo)", usual, floor, "")
        worst = statistics.quantiles(took[5:], n=20)[-1]
        line(
            f"last key to verdict, p95, {size[1]:,} holdings (floor: echo)", worst, floor, "+50 ms"
        )


def _verdict(desk: Terminal, tag: str) -> float:
    desk.mark()
    start = desk.scan(tag)
    return (desk.until(grouped(tag)) - start) * 1000


def basket(folder: Path) -> None:
    """The 200th kit that waits for a name, against the first."""
    with at_desk(folder, *SIZES[0]) as (desk, tags):
        took = [_verdict(desk, tag) for tag in tags[:210]]
        first, last = statistics.median(took[2:22]), statistics.median(took[190:210])
        line("the 200th kit of a basket (floor: the first)", last, first, "as fast")
        desk.mark()
        start = desk.scan("School 1")
        line("lending all 210 at once", (desk.until("OUT") - start) * 1000, None, "")


def lists(folder: Path) -> None:
    """Scans that come while the holdings are looked up by status, against scans at home."""
    with at_desk(folder, *SIZES[1]) as (desk, tags):
        desk.scan("School 1")
        desk.until("LENDING")
        alone = [_verdict(desk, tag) for tag in tags[:SCANS]][5:]
        beside = []
        for tag in tags[SCANS : 2 * SCANS]:
            desk.mark()
            desk.send(HOLDINGS)
            desk.until("1 to 200 of")
            desk.press(HOLDINGS * 5)
            beside.append(_verdict(desk, tag))
    for name, part in (("median", 10), ("p95", 19)):
        usual, busy = (statistics.quantiles(each, n=20)[part - 1] for each in (alone, beside))
        what = f"last key to verdict beside a list, {name}, {SIZES[1][1]:,} holdings"
        line(f"{what} (floor: at home)", busy, usual, "+50 ms")


def memory(folder: Path) -> None:
    """What an hour of scans leaves behind."""
    with at_desk(folder, *SIZES[1]) as (desk, tags):
        desk.scan("School 1")
        desk.until("LENDING")
        for tag in tags[:60]:
            _verdict(desk, tag)
        before = desk.memory
        for tag in tags[60:HOUR]:
            _verdict(desk, tag)
        print(f"{'memory, 100,000 holdings, after 60 scans':58} {before:9.0f} MB   150 MB")
        print(f"{f'the same after {HOUR} scans':58} {desk.memory:9.0f} MB   flat")


def main() -> None:
    """Measure what is named on the command line, or everything."""
    benchmarks = (opening, verdicts, basket, lists, memory)
    wanted = set(sys.argv[1:]) or {each.__name__ for each in benchmarks}
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print(f"{time.strftime('%Y-%m-%d')}, kitloan {kitloan.__version__}, load {os.getloadavg()[0]}")
    print(f"{'':58} {'ms':>9} {'floor':>9} {'ratio':>7}  at most")
    with tempfile.TemporaryDirectory(prefix="kitloan-bench-", dir=Path(__file__).parent) as folder:
        for each in benchmarks:
            if each.__name__ in wanted:
                each(Path(folder))


if __name__ == "__main__":
    main()
