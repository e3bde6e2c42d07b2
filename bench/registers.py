"""Reading a college's register: 5,000 and 30,000 rows, looked at and taken in; and its memory.

Each is a process of its own: `kitloan import`, first with `--dry-run`, then for good.
"""

import argparse
import random
import resource
import subprocess
import tempfile
from pathlib import Path

from floors import timed
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


def main() -> None:
    """Measure each size."""
    asked = argparse.ArgumentParser(description="Reading a register.")
    asked.add_argument("rows", nargs="*", type=int, default=list(BOUNDS))
    heading()
    for rows in asked.parse_args().rows:
        with tempfile.TemporaryDirectory(
            prefix="kitloan-bench-", dir=Path(__file__).parent
        ) as name:
            file, store = Path(name) / "register.csv", str(Path(name) / "store.sqlite")
            write_register(file, rows)
            subprocess.run([KITLOAN, "--store", store, "init", "fife"], check=True, stdout=-3)
            command = (KITLOAN, "--store", store, "import", str(file), "--json")
            bound = f"{BOUNDS[rows]:,} s" if rows in BOUNDS else ""
            line(
                f"look at a register of {rows:,} rows",
                timed(process(*command, "--dry-run")),
                None,
                "",
            )
            line(f"take in a register of {rows:,} rows", timed(process(*command)), None, bound)
            most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            print(f"{'its memory at the most':58} {most:9.0f} MB", flush=True)


if __name__ == "__main__":
    main()
