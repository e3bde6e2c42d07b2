"""How the nation's costs grow with the colleges: `python bench/nation.py`, or `26 100 1000`.

Each college has 200 holdings and 800 entries. Beside each cost is its work: one that is linear
takes as many microseconds of the processor an entry, or a holding, in each row. Each size is a
process of its own, so that its memory can be told. A thousand colleges take some ten minutes.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from colleges import college_file
from machine import machine
from stores import trusted

import kitloan

HOLDINGS, ENTRIES = 200, 800


def measure(size: int, folder: Path) -> None:
    """Build ESP's store of so many colleges, and print what each thing takes."""
    files = [college_file(f"small-{n:04}", HOLDINGS, ENTRIES) for n in range(1, size + 1)]
    with kitloan.init("esp", folder / f"{size}.sqlite", actor="bench") as esp:
        trust = trusted(esp, files)
        row(size, "merge", "entry", ENTRIES, lambda: esp.exchange.merge(files, trust=trust))
        row(size, "verify, one process", "entry", ENTRIES, lambda: esp.ledger.verify(workers=1))
        row(size, "verify, two processes", "entry", ENTRIES, lambda: esp.ledger.verify(workers=2))
        esp.ledger.verify(remember=True)
        row(size, "verify what is new: nothing", "entry", ENTRIES, esp.ledger.verify_new)
        row(size, "audit", "holding", HOLDINGS, lambda: esp.audit.audit())


def row(size: int, what: str, unit: str, each: int, work: Callable[[], object]) -> None:
    """Do a piece of work, and print what it took and the most memory until then."""
    start, spent = time.perf_counter(), sum(os.times()[:4])
    work()
    took, spent = time.perf_counter() - start, sum(os.times()[:4]) - spent
    told = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    peak = int(told["VmHWM"].split()[0]) / 1024
    print(
        f"{size:8,}  {what:28} {took:8.2f} s {spent / size / each * 1e6:8.1f} us a {unit:8} "
        f"{peak:6.0f} MiB",
        flush=True,
    )


def main() -> None:
    """Measure the sizes that are named, or 26, 100 and 1,000 colleges."""
    asked = argparse.ArgumentParser(description="How the nation's costs grow.")
    asked.add_argument("sizes", nargs="*", type=int, default=[26, 100, 1000])
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="kitloan-bench-", dir=Path(__file__).parent) as folder:
        for size in asked.parse_args().sizes:
            started = multiprocessing.get_context("spawn").Process(
                target=measure, args=(size, Path(folder))
            )
            started.start()
            started.join()


if __name__ == "__main__":
    main()
