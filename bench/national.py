"""`make bench`: the national store. Merging, verifying and exporting, and the memory it takes.

    python bench/national.py                        everything, at 26 colleges
    python bench/national.py merging --colleges 4   merging and verifying, of four
    python bench/national.py server                 merging into a PostgreSQL, 1x, 2x and 4x
    python bench/national.py memory --most 500000   up to so many entries

Ours and the floor (`bare_ledger.py`) take turns, file by file. Beside the time on the clock stands
that of the processor, which other programs on the machine change less.
"""

import argparse
import gzip
import multiprocessing
import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from bare_ledger import bare_merge, bare_verify
from colleges import college_file, halves
from load import postgres
from run import BUILT
from sqlalchemy import select
from stores import build, trusted

import kitloan
from kitloan.college import College
from kitloan.exchange.file import FIRST, SECOND
from kitloan.exchange.sending import remember
from kitloan.ledger.entry import Entry, seal
from kitloan.ledger.facts.holdings import HoldingSighted
from kitloan.ledger.writer import Head, head_of, move_head, record
from kitloan.storage.settings import ESP_READS
from kitloan.tables import Holding, table

HOLDINGS, ENTRIES = 5_000, 20_000
holding = table(Holding)


class Taken:
    """Seconds on the clock and of the processor, added up; `read` tells those of the processor."""

    def __init__(self, read: Callable[[], float] | None = None) -> None:
        self.clock = self.processor = 0.0
        self._read = read or _processor

    def times(self, number: int) -> "Taken":
        """As often the same."""
        more = Taken()
        more.clock, more.processor = number * self.clock, number * self.processor
        return more

    def by(self, work: Callable[[], object]) -> None:
        """Do a piece of work."""
        clock, processor = time.perf_counter(), self._read()
        work()
        self.clock += time.perf_counter() - clock
        self.processor += self._read() - processor


def _processor() -> float:
    """Seconds of the processor, of this process and of those that it started and that are over."""
    return sum(os.times()[:4])


def _processor_with(server: Path) -> float:
    """The same, with a PostgreSQL's processes; the server is in this folder."""
    main = (server / "postmaster.pid").read_text().split()[0]
    ticks = 0
    for each in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            told = each.read_text().rsplit(")", 1)[1].split()
            ticks += sum(map(int, told[11:13])) if told[1] == main else 0
            ticks += sum(map(int, told[11:15])) if each.parent.name == main else 0
    return _processor() + ticks / os.sysconf("SC_CLK_TCK")


def line(what: str, ours: Taken, floor: Taken | None, bound: str) -> None:
    """One row of the table."""
    against = ""
    if floor is not None:
        ratios = ours.clock / floor.clock, ours.processor / floor.processor
        against = f"{floor.clock:8.2f} {floor.processor:8.2f} {ratios[0]:6.2f} {ratios[1]:6.2f}"
    print(f"{what:44} {ours.clock:8.2f} {ours.processor:8.2f} {against:33}  {bound}", flush=True)


def merging(folder: Path, colleges: int) -> None:
    """Merge every college, merge them again, and verify; the floor's store gets the same rows."""
    ours, theirs = folder / "esp.sqlite", folder / "bare.sqlite"
    kitloan.init("esp", theirs, actor="bench").close()
    files = [college_file(f"college-{n:02}", HOLDINGS, ENTRIES) for n in range(1, colleges + 1)]
    mine, floor, again = Taken(), Taken(), Taken()
    with kitloan.init("esp", ours, actor="bench") as esp:
        for file in files:
            trust = trusted(esp, [file])
            mine.by(lambda file=file, trust=trust: esp.exchange.merge([file], _silent, trust=trust))
            floor.by(lambda file=file: bare_merge(theirs, file))
        line(f"merge {colleges} colleges, first time", mine, floor, "1.5 x")
        _merge_by_two(folder, files, mine)
        before = ours.read_bytes()
        again.by(lambda: esp.exchange.merge(files, _silent))
        assert ours.read_bytes() == before
        line("merge them again", again, None, "1 s, no byte changed")
        _must_be_the_same(ours, theirs)
        _go_on(folder, files)
        mine, floor = Taken(), Taken()
        for turn in range(2):
            mine.by(lambda: _must_be_ok(esp.ledger.verify(_silent, workers=1)))
            floor.by(lambda turn=turn: bare_verify(ours, folder / f"replayed-{turn}.sqlite"))
        line(f"verify {colleges} colleges, twice", mine, floor, "1.3 x")
        two = Taken()
        for _ in range(2):
            two.by(lambda: _must_be_ok(esp.ledger.verify(_silent, workers=2)))
        line("the same by two processes (floor: by one)", two, mine, "0.7 x")
        whole, daily = Taken(), Taken()
        whole.by(lambda: _must_be_ok(esp.ledger.verify(_silent, workers=1, remember=True)))
        _one_percent_more(esp)
        daily.by(lambda: _must_be_ok(esp.ledger.verify_new(_silent)))
        line("the daily check of 1 % new (floor: a full one)", daily, whole, "0.05 x")


def _merge_by_two(folder: Path, files: list[Path], one: Taken) -> None:
    """The same files into another store, by two processes."""
    two = Taken()
    with kitloan.init("esp", folder / "two.sqlite", actor="bench") as esp:
        trust = trusted(esp, files)
        two.by(lambda: esp.exchange.merge(files, _silent, trust=trust, workers=2))
    line("the same by two processes (floor: by one)", two, one, "0.7 x")


def _go_on(folder: Path, files: list[Path]) -> None:
    """What colleges send later: the second halves of their ledgers, where the first are known."""
    places = [folder / f"{name}.sqlite" for name in ("one", "both", "bare-halves")]
    parts = [halves(file) for file in files]
    firsts, seconds = ([pair[n] for pair in parts] for n in (0, 1))
    one, two, floor = Taken(), Taken(), Taken()
    for place, taken, workers in zip(places, (one, two), (1, 2), strict=False):
        with kitloan.init("esp", place, actor="bench") as esp:
            esp.exchange.merge(firsts, _silent, trust=trusted(esp, firsts), workers=2)
            taken.by(lambda e=esp, n=workers: e.exchange.merge(seconds, _silent, workers=n))
    kitloan.init("esp", places[2], actor="bench").close()
    for file in firsts:
        bare_merge(places[2], file)
    for file in seconds:
        floor.by(lambda file=file: bare_merge(places[2], file))
    _must_be_the_same(places[0], places[2])
    _must_be_the_same(places[1], places[2])
    line(f"merge what {len(files)} known colleges send later", one, floor, "1.5 x")
    line("that by two processes (floor: by one)", two, one, "0.7 x")


def server(folder: Path, _colleges: int) -> None:
    """Merge ledgers of three lengths into a PostgreSQL that is started here: 1x, 2x and 4x.

    The server's processes are counted as ours.
    """
    with postgres(folder) as place, kitloan.init("esp", place, actor="bench") as esp:
        least: dict[str, Taken] = {}
        for times in (1, 2, 4):
            first, second = halves(college_file(f"times-{times}", 2_500 * times, 10_000 * times))
            trust = trusted(esp, [first])
            for what, file in (("a new ledger", first), ("what follows it", second)):
                taken = Taken(lambda: _processor_with(folder / "pg"))
                taken.by(lambda f=file, t=trust: esp.exchange.merge([f], _silent, trust=t))
                floor = None if times == 1 else least[what].times(times)
                least.setdefault(what, taken)
                line(f"merge {what}, {times}x (floor: {times} times 1x)", taken, floor, "1.3 x")


def _one_percent_more(esp: College) -> None:
    """Each college sees some of its kits."""
    tags = select(holding.c.tag).limit(ENTRIES // 100)
    with esp.session.store.write() as connection:
        for each in esp.ledger.heads():
            top = head_of(connection, each.ledger)
            assert top is not None
            for tag in connection.execute(tags.where(holding.c.college == each.ledger)).scalars():
                entry = Entry(
                    ledger=each.ledger,
                    seq=top.seq + 1,
                    prev=top.hash,
                    id=f"seen-{top.seq}",
                    part=0,
                    at=top.at,
                    by="bench",
                    fact=HoldingSighted(tag=tag),
                )
                top = Head(top.epoch, entry.seq, seal(entry.body), entry.at)
                record(connection, each.ledger, top.epoch, entry, entry.body, top.hash)
            if top.seq > each.entries:
                move_head(connection, each.ledger, top)


def _silent(_done: int, _total: int) -> None:
    return None


def _must_be_ok(verdict: object) -> None:
    assert verdict.ok, verdict.findings  # type: ignore[attr-defined]  # a verdict


def _must_be_the_same(ours: Path, theirs: Path) -> None:
    """The floor is one only if it leaves the same rows."""
    with closing(sqlite3.connect(ours)) as connection:
        connection.execute("ATTACH ? AS bare", (str(theirs),))
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        for (name,) in names:
            if name in ("pinned_key", "setting"):
                continue
            for one, other in (("main", "bare"), ("bare", "main")):
                found = connection.execute(
                    f"SELECT * FROM {one}.{name} WHERE college <> 'esp' "
                    f"EXCEPT SELECT * FROM {other}.{name} WHERE college <> 'esp' LIMIT 1"
                )
                assert found.fetchone() is None, name


def exporting(folder: Path, _colleges: int) -> None:
    """A year of one college into a file, against writing the same lines with gzip alone.

    The second file is for an ESP that answered that it reads version 2.
    """
    store = build(BUILT / "year.sqlite", HOLDINGS, ENTRIES, as_desks_do=True)
    file = folder / "year.kitloan"
    mine, floor = Taken(), Taken()
    with kitloan.open(store, actor="bench") as opened:
        opened.exchange.export(file)  # the first makes the college's key
        mine.by(lambda: opened.exchange.export(file))
        floor.by(lambda: _bare_export(store, folder / "bare.gz"))
        line("export a year of one college", mine, floor, "1 s")
        print(f"{'its size, MB':44} {file.stat().st_size / 1e6:8.3f}")
        with opened.session.store.write() as connection:
            remember(connection, opened.session.college, ESP_READS, str(SECOND))
        again = Taken()
        again.by(lambda: opened.exchange.export(file))
        with opened.session.store.write() as connection:
            remember(connection, opened.session.college, ESP_READS, str(FIRST))
    line("export it in version 2", again, None, "1 s")
    print(f"{'its size, MB':44} {file.stat().st_size / 1e6:8.3f} {'':42}  0.6")


def _bare_export(store: Path, file: Path) -> None:
    with closing(sqlite3.connect(store)) as connection, gzip.open(file, "wb") as out:
        for (body,) in connection.execute("SELECT body FROM ledger_entry ORDER BY epoch, seq"):
            out.write(body.encode() + b"\n")


def memory(_folder: Path, colleges: int, most: int = 2_000_000) -> None:
    """The most memory that merging and verifying take, each in a process of its own."""
    one = [(f"one ledger of {n:,} entries", 1, n) for n in sorted({100_000, most})]
    for what, ledgers, entries in (*one, (f"{colleges} ledgers of 20,000", colleges, ENTRIES)):
        files = [
            college_file(f"college-{n:02}", entries // 4, entries) for n in range(1, ledgers + 1)
        ]
        with tempfile.TemporaryDirectory(
            prefix="kitloan-bench-", dir=Path(__file__).parent
        ) as place:
            store = Path(place) / "esp.sqlite"
            for name, work in (("merge", _merge), ("verify", _verify)):
                # A process of its own: what one has held before cannot be told from what it needs.
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    peak, seconds = pool.apply(_peak, (work, store, files))
                print(f"{f'{name} {what}':44} {peak:8.0f} MiB {seconds:8.0f} s", flush=True)


def _merge(store: Path, files: list[Path]) -> None:
    with kitloan.init("esp", store, actor="bench") as esp:
        esp.exchange.merge(files, trust=trusted(esp, files))


def _verify(store: Path, _files: list[Path]) -> None:
    with kitloan.open(store, actor="bench") as esp:
        _must_be_ok(esp.ledger.verify())


def _peak(
    work: Callable[[Path, list[Path]], None], store: Path, files: list[Path]
) -> tuple[float, float]:
    """MiB, as Linux tells them, and seconds."""
    start = time.perf_counter()
    work(store, files)
    seconds = time.perf_counter() - start
    # Not `ru_maxrss`: a new process takes that over from the one that started it.
    told = dict(row.split(":") for row in Path("/proc/self/status").read_text().splitlines())
    return int(told["VmHWM"].split()[0]) / 1024, seconds


def main() -> None:
    """Measure what is named on the command line, or everything."""
    benchmarks = {each.__name__: each for each in (merging, exporting, server, memory)}
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", nargs="*", choices=[[], *benchmarks])
    parser.add_argument("--colleges", type=int, default=26)
    parser.add_argument("--most", type=int, default=2_000_000)
    given = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print(
        f"{time.strftime('%d/%m/%Y')}, kitloan {kitloan.__version__}, SQLite "
        f"{sqlite3.sqlite_version}, load {os.getloadavg()[0]:.1f}"
    )
    print(f"{'seconds: clock, processor':44} {'ours':>17} {'floor':>17} {'ratio':>13}   at most")
    with tempfile.TemporaryDirectory(prefix="kitloan-bench-", dir=Path(__file__).parent) as folder:
        for name in given.what or benchmarks:
            if name == "memory":
                memory(Path(folder), given.colleges, given.most)
            else:
                benchmarks[name](Path(folder), given.colleges)


if __name__ == "__main__":
    main()
