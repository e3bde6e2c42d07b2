"""Reading a college's register: 5,000 and 30,000 rows, looked at and taken in; and its memory.

Each is a process of its own: `kitloan import`, first with `--dry-run`, then for good. Beside the
clock stand the processor's seconds, which a busy machine changes less. With `--on postgresql` the
rows go into an empty database of a server that is started here: twice the rows, twice the time.
"""

import argparse
import random
import resource
import subprocess
import tempfile
from contextlib import ExitStack
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
"""Seconds, by rows."""


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


def measure(rows: int, place: str, folder: Path) -> None:
    """Look at a register of so many rows, take it in, and print what that took."""
    file = folder / "register.csv"
    write_register(file, rows)
    subprocess.run([KITLOAN, "--store", place, "init", "fife"], check=True, stdout=-3)
    command = (KITLOAN, "--store", place, "import", str(file), "--json")
    bound = f"{BOUNDS[rows]:,} s" if rows in BOUNDS else ""
    for what, more, limit in (("look at", ("--dry-run",), ""), ("take in", (), bound)):
        before = processor()
        line(f"{what} a register of {rows:,} rows", timed(process(*command, *more)), None, limit)
        print(f"{'of the processor':58} {processor() - before:9.1f} s", flush=True)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{'its memory at the most':58} {most:9.0f} MB", flush=True)


def main() -> None:
    """Measure each size."""
    asked = argparse.ArgumentParser(description="Reading a register.")
    asked.add_argument("rows", nargs="*", type=int, default=list(BOUNDS))
    asked.add_argument("--on", choices=("sqlite", "postgresql"), default="sqlite")
    given = asked.parse_args()
    heading()
    for rows in given.rows:
        with ExitStack() as stack:
            here = Path(__file__).parent
            name = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="kitloan-bench-", dir=here)
            )
            folder = Path(name)
            place = str(folder / "store.sqlite")
            if given.on == "postgresql":
                place = stack.enter_context(postgres(folder))
            measure(rows, place, folder)


if __name__ == "__main__":
    main()
