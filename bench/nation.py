"""How the nation's costs grow with the colleges: `python bench/nation.py`, or `26 100 1000`.

Each college has 200 holdings and 800 entries. A row is a cost by its work: milliseconds of the
processor for a thousand entries, or holdings. Its floor is the same in the smallest nation, so what
is linear has a ratio of one. Each size is a process of its own, whose memory is told: what it takes
at most, beside the smallest nation. A thousand colleges take some ten minutes on a quiet machine.
"""

import argparse
import multiprocessing
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from colleges import college_file
from machine import heading
from run import line
from stores import trusted

import kitloan

HOLDINGS, ENTRIES = 200, 800
LINEAR = 1.3
"""How much more an entry or a holding may cost in a larger nation: caches are only so large."""
MORE_MEMORY = 150
"""MiB that the report may take beside that of the smallest nation."""

Costs = dict[str, float]


def measure(size: int, folder: Path) -> Costs:
    """Build ESP's store of so many colleges; gives what each thing costs, and the report's MiB."""
    files = [college_file(f"small-{n:04}", HOLDINGS, ENTRIES) for n in range(1, size + 1)]
    store = folder / f"{size}.sqlite"
    entries, holdings = size * ENTRIES / 1000, size * HOLDINGS / 1000
    with kitloan.init("esp", store, actor="bench") as esp:
        trust = trusted(esp, files)
        found = {"merging": spent(lambda: esp.exchange.merge(files, trust=trust)) / entries}
        for workers in (1, 2):
            name = f"verifying with {workers} {'process' if workers == 1 else 'processes'}"
            found[name] = spent(lambda n=workers: esp.ledger.verify(workers=n)) / entries
        esp.ledger.verify(remember=True)
        found["verifying what is new: nothing"] = spent(esp.ledger.verify_new) / entries
    with multiprocessing.get_context("spawn").Pool(1) as alone:
        took, found[MEMORY] = alone.apply(report, (store,))
    return found | {"the report, 1,000 holdings": took / holdings}


MEMORY = "MiB"


def report(store: Path) -> tuple[float, float]:
    """What the report takes: milliseconds of the processor, and the most memory."""
    with kitloan.open(store, actor="bench") as esp:
        took = spent(esp.audit.audit)
    told = dict(each.split(":") for each in Path("/proc/self/status").read_text().splitlines())
    return took, int(told["VmHWM"].split()[0]) / 1024


def spent(work: Callable[[], object]) -> float:
    """Milliseconds of the processor that a piece of work took, its processes included."""
    before = sum(os.times()[:4])
    work()
    return (sum(os.times()[:4]) - before) * 1000


def main() -> None:
    """Measure the sizes that are named, or 26, 100 and 1,000 colleges."""
    asked = argparse.ArgumentParser(description="How the nation's costs grow.")
    asked.add_argument("sizes", nargs="*", type=int, default=[26, 100, 1000])
    heading()
    least: Costs = {}
    with tempfile.TemporaryDirectory(prefix="kitloan-bench-", dir=Path(__file__).parent) as folder:
        for size in sorted(asked.parse_args().sizes):
            found = measure(size, Path(folder))
            least = least or found
            for what, cost in found.items():
                first = found is least
                floor, bound = (None, "") if first else (least[what], f"{LINEAR} x")
                if what == MEMORY:
                    words = f"memory of the report, {size:,} colleges (MiB)"
                    line(words, cost, floor, "" if first else f"+{MORE_MEMORY} MB")
                    continue
                of = what if "1,000" in what else f"{what}, 1,000 entries"
                line(f"{of}, {size:,} colleges", cost, floor, bound)


if __name__ == "__main__":
    main()
