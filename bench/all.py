"""`make bench`: every benchmark, one after another, and what they came to in one table.

    python bench/all.py             all of it: forty minutes
    python bench/all.py --quick     the short ones, and small sizes of the others: five minutes
    python bench/all.py --markdown  a table for bench/FIGURES.md
    python bench/all.py growth      one of them

Each is a program of its own that prints its rows as it goes; they are repeated on stderr. A row
without a bound is there to be compared with; one that misses its bound is no error.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bulk import bulk
from machine import machine

FOLDER = Path(__file__).parent

Options = tuple[str, ...]
PROGRAMS: dict[str, tuple[Options, Options]] = {
    "run": ((), ("check_out", "start_up", "register", "exchange")),
    "desk": ((), ("opening", "basket")),
    "labels": (("speed", "memory", "slips"), ("speed",)),
    "national": (
        ("merging", "exporting", "server"),
        ("merging", "exporting", "server", "--colleges", "2"),
    ),
    "bounded": ((), ("undone", "renamed")),
    "registers": ((), ("5000", "--on", "sqlite")),
    "report": ((), ("--colleges", "4")),
    "growth": ((), ("1", "10")),
    "lists": ((), ("--on", "postgresql")),
    "nation": ((), ("13", "26")),
    "provisioning": ((), ("20",)),
    "evidence": ((), ()),
    "planning": ((), ()),
    "spreadsheet": ((), ("--times", "2")),
}
"""The benchmarks, what they are told for the whole table, and what for a quick one."""

_ROW = re.compile(
    r"(?P<what>.{58,}?) +(?P<measured>-?[\d.]+)"
    r"(?: (?:(?P<floor> *[\d.]+) +[\d.]+| {17})| MB )  (?P<bound>.*)"
)
"""What `run.line` prints."""

_ROW_IN_SECONDS = re.compile(
    r"(?P<what>.{44,}?) +(?P<measured>[\d.]+) +[\d.]+"
    r" (?=.{33}  )(?:(?P<floor> *[\d.]+) +[\d.]+ +[\d.]+ +[\d.]+)? *  (?P<bound>\S.*|)"
)
"""What `national.py` prints: on the clock and of the processor."""

_BOUND = re.compile(r"(?P<plus>\+?)(?P<number>[\d,]+(?:\.\d+)?) ?(?P<unit>x|ms|s|MB|)")


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was measured.

    Attributes:
        what: what it is.
        measured: milliseconds, unless `what` or the bound name another unit.
        floor: the same for what it is compared with.
        bound: at most this: `1.5 x` the floor, `+50 ms` beyond it, `20 ms`; empty for none.
        command: what makes the row again.
    """

    what: str
    measured: float
    floor: float | None
    bound: str
    command: str

    @property
    def ratio(self) -> float | None:
        """How many times the floor."""
        return self.measured / self.floor if self.floor else None

    @property
    def verdict(self) -> str:
        """`met`, `MISSED`, or nothing where there is no bound to hold."""
        held = [self._within(found) for found in map(_BOUND.fullmatch, self.bound.split(", "))]
        known = [each for each in held if each is not None]
        return ("met" if all(known) else "MISSED") if known else ""

    def _within(self, bound: re.Match[str] | None) -> bool | None:
        if bound is None:
            return None
        limit = float(bound["number"].replace(",", ""))
        if bound["unit"] == "s":
            limit *= 1_000
        if bound["unit"] == "x":
            return None if self.ratio is None else self.ratio <= limit
        return self.measured - (self.floor or 0 if bound["plus"] else 0) <= limit

    def cells(self) -> tuple[str, ...]:
        """The row as the table shows it."""
        floor = "" if self.floor is None else f"{self.floor:,.2f}"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return (self.what, f"{self.measured:,.2f}", floor, ratio, self.bound, self.verdict)


COLUMNS = ("what", "measured, ms", "floor", "ratio", "at most", "")


def read_row(text: str, command: str) -> Row | None:
    """The row in a line that a benchmark printed; None for any other line."""
    seconds = command.startswith("bench/national.py")
    found = (_ROW_IN_SECONDS if seconds else _ROW).fullmatch(text.rstrip("\n"))
    if found is None:
        return None
    unit = 1_000 if seconds else 1
    floor = None if found["floor"] is None else float(found["floor"]) * unit
    measured = float(found["measured"]) * unit
    return Row(found["what"].strip(), measured, floor, found["bound"].strip(), command)


def rows_of(program: str, options: Options) -> Iterator[Row]:
    """Run one benchmark; its rows, as it prints them."""
    command = " ".join((f"bench/{program}.py", *options))
    print(f"-- {command}", file=sys.stderr, flush=True)
    with subprocess.Popen(
        [sys.executable, str(FOLDER / f"{program}.py"), *options], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        for text in running.stdout:
            print(text, end="", file=sys.stderr, flush=True)
            row = read_row(text, command)
            if row is not None:
                yield row
    if running.returncode:
        print(f"-- {command} ended with {running.returncode}", file=sys.stderr, flush=True)


def as_text(rows: list[Row]) -> str:
    """The table for a terminal."""
    table = [COLUMNS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if n in (0, 4, 5) else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in table
    )


def as_markdown(rows: list[Row]) -> str:
    """The table for a document, with the command that makes each row again."""
    head = (*COLUMNS[:-1], "met?", "by")
    lines = [head, ("---",) * len(head)]
    lines += [(*row.cells(), f"`{row.command}`") for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main() -> None:
    """Run what is named, or all of them, and print the table."""
    asked = argparse.ArgumentParser(description="Every benchmark, and one table.")
    asked.add_argument("programs", nargs="*", choices=[[], *PROGRAMS], default=[])
    asked.add_argument("--quick", action="store_true", help="the short ones, and small sizes")
    asked.add_argument("--markdown", action="store_true", help="a table for bench/FIGURES.md")
    given = asked.parse_args()
    # What the others read: a store that was built for other tables would be measured as it is.
    bulk("college", 5_000, 20_000)
    if not given.quick:
        bulk("large", 100_000, 1_000_000)
    before = machine()
    rows: list[Row] = []
    for program in given.programs or PROGRAMS:
        whole, quick = PROGRAMS[program]
        if (FOLDER / f"{program}.py").exists():
            rows += rows_of(program, quick if given.quick else whole)
    print(before)
    print((as_markdown if given.markdown else as_text)(rows))


if __name__ == "__main__":
    main()
