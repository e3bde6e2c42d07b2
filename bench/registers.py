"""Reading a college's register, looked at and taken in; and its memory.

    python bench/registers.py                    5,000 and 30,000 rows on SQLite; and on PostgreSQL
    python bench/registers.py 5000 --on sqlite   so many rows, on one of them

Each is a process of its own: `kitloan import`, first with `--dry-run`, then for good. Beside the
clock stand the processor's seconds, which a busy machine changes less. On PostgreSQL the rows go
into an empty database of a server that is started here: twice the rows, twice the time.
"""

import argparse
import random
import resource
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from floors import timed
from load import postgres
from machine import heading
from run import KITLOAN, line, process

PLACES = "Belmont Kyle Grange Alva Dollar Tain Golspie Nairn Wick Oban Elgin Forres"
SCHOOLS = [
    f"{place} {kind}"
    for place in PLACES.split()
    for kind in ("Academy", "Primary School", "High School")
]
HEADINGS = (
    "Kit No,Description,Donated by,Where kept,Qty,Condition,Last checked,On loan to,Due "
    "back,Value (£),"
    "Notes"
)
BOUNDS = {5_000: 5, 30_000: 15}
"""Seconds on SQLite, by rows."""
ON_A_SERVER = (2_500, 5_000, 10_000)
"""Rows that go into a PostgreSQL."""


def write_register(file: Path, rows: int) -> None:
    """A register as colleges keep it, one kit in seven on loan."""
    chance = random.Random(1)
    lines = [HEADINGS]
    for number in range(rows):
        school = chance.choice(SCHOOLS) if chance.random() < 1 / 7 else ""
        kind = chance.choice(("MTa STEM kit", "micro:bit class set", "LEGO SPIKE Prime set"))
        checked = f"{chance.randint(1, 28):02}/{chance.randint(1, 12):02}/2025"
        note = f"note {number}" if number % 10 == 0 else ""
        due = "14/12/30" if school else ""
        lines.append(
            f"AC{number:06},{kind},RAF,Store "
            f"{number % 9},1,Good,{checked},{school},{due},650,{note}"
        )
    file.write_text("\n".join(lines), encoding="utf-8")


def processor() -> float:
    """Seconds of the processor that finished children took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(rows: int, place: str, folder: Path, limit: str, least: float | None = None) -> float:
    """Look at a register of so many rows, take it in, and print what that took.

    Args:
        rows: how many.
        place: a store that is not there yet.
        folder: where to put the register.
        limit: the bound of taking it in.
        least: milliseconds that it may be compared with.

    Returns:
        Milliseconds that taking it in took.
    """
    file = folder / "register.csv"
    write_register(file, rows)
    subprocess.run([KITLOAN, "--store", place, "init", "fife"], check=True, stdout=-3)
    command = (KITLOAN, "--store", place, "import", str(file), "--json")
    where = "PostgreSQL" if least is not None else "SQLite"
    taken = 0.0
    for what, more in (("look at", ("--dry-run",)), ("take in", ())):
        before, takes = processor(), what == "take in"
        taken = timed(process(*command, *more))
        floor = (least or None) if takes else None
        text = f"{what} a register of {rows:,} rows, {where}"
        line(text, taken, floor, limit if takes else "")
        print(f"{'of the processor':58} {processor() - before:9.1f} s", flush=True)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{'its memory at the most':58} {most:9.0f} MB", flush=True)
    return taken


@contextmanager
def _folder() -> Iterator[Path]:
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory(prefix="kitloan-bench-", dir=here) as name:
        yield Path(name)


def in_a_file(sizes: Sequence[int]) -> None:
    """Measure each size, into a new store."""
    for rows in sizes:
        with _folder() as folder:
            limit = f"{BOUNDS[rows]:,} s" if rows in BOUNDS else ""
            measure(rows, str(folder / "store.sqlite"), folder, limit)


def on_a_server(sizes: Sequence[int]) -> None:
    """Measure each size, into an empty PostgreSQL; the floor is the first, as often as it fits."""
    a_row = 0.0
    for rows in sizes:
        with _folder() as folder, postgres(folder) as place:
            taken = measure(rows, place, folder, "1.3 x" if a_row else "", a_row * rows)
            a_row = a_row or taken / rows


def main() -> None:
    """Measure each size."""
    asked = argparse.ArgumentParser(description="Reading a register.")
    asked.add_argument("rows", nargs="*", type=int)
    asked.add_argument("--on", choices=("sqlite", "postgresql"))
    given = asked.parse_args()
    heading()
    if given.on != "postgresql":
        in_a_file(given.rows or list(BOUNDS))
    if given.on != "sqlite":
        on_a_server(given.rows or ON_A_SERVER)


if __name__ == "__main__":
    main()
