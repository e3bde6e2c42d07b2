"""How each cost grows with the college: `python bench/growth.py`, or some sizes of it: `1 10`.

    1x is a large college: 5,000 holdings, 20,000 entries. 10x and 100x are what no college has.

A cost that is bound to what is asked for stays where it is; one that is bound to the store grows
with it, and no faster. Sizes take turns within each measurement, so that a machine whose speed
drifts favours none of them. A store is built once: 100x takes some minutes and two gigabytes.
"""

import argparse
import random
import shutil
import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from bulk import bulk
from floors import timed
from machine import heading
from run import line

import kitloan
from kitloan.backups.daily import copy_if_due
from kitloan.college import College

HOLDINGS, ENTRIES = 5_000, 20_000
SIZES = (1, 10, 100)
TIMES, FEW = 30, 2
FLAT = 2
"""How many times as much something may cost in the largest store that need not look at it."""


def build(size: int) -> Path:
    """A college's store of so many times the size of a large one."""
    return bulk(f"growth-{size}", size * HOLDINGS, size * ENTRIES)


@dataclass(slots=True)
class College:
    """An open store of one size, and what can be asked about in it."""

    size: int
    path: Path
    opened: College
    shelf: list[str]
    asset_numbers: list[str]
    lent: list[str] = field(default_factory=list)
    day: date = date(2027, 1, 1)

    def check_out(self) -> None:
        """Lend what is on top of the shelf."""
        self.lent.append(self.shelf.pop())
        self.opened.loans.check_out(self.lent[-1:], "School 1")

    def check_in(self) -> None:
        """Take back what was lent first."""
        self.opened.loans.check_in([self.lent.pop(0)])

    def undo(self) -> None:
        """Undo what was done last."""
        self.shelf.append(self.lent.pop())
        self.opened.actions.undo()

    def daily_copy(self) -> None:
        """A copy on a new day."""
        self.day += timedelta(days=1)
        made = copy_if_due(self.opened.session.store, self.day)
        assert made is not None and made.file is not None, made
        made.file.unlink()

    def export(self, *, since_last: bool) -> None:
        """The ledger into a file."""
        file = self.path.with_suffix(".kitloan")
        self.opened.exchange.export(file, since_last=since_last)
        file.unlink()

    def open_again(self) -> None:
        """What a command does first."""
        kitloan.open(self.path, actor="bench").close()


@contextmanager
def at_work(folder: Path, size: int) -> Iterator[College]:
    """A copy of a store, open, with what can be lent in an order of its own."""
    path = folder / f"{size}x.sqlite"
    shutil.copy(build(size), path)
    with sqlite3.connect(path) as connection:
        shelf = connection.execute(
            "SELECT tag, asset_number FROM holding "
            "WHERE out_quantity = 0 AND critical_short = 0 AND NOT uncounted"
        ).fetchall()
    connection.close()
    random.Random(size).shuffle(shelf)
    tags, numbers = ([row[n] for row in shelf] for n in (0, 1))
    with kitloan.open(path, actor="bench") as opened:
        yield College(size, path, opened, tags, numbers)


@dataclass(frozen=True, slots=True)
class Cost:
    """Something whose cost may grow.

    Attributes:
        what: what it is called.
        do: does it once.
        grows: whether it has to look at all of the store, and so may grow as that does.
        before: what must be so each time, and is not measured.
        whole: whether it reads the whole store, so that it is measured a few times only.
        largest: the size up to which it is measured.
    """

    what: str
    do: Callable[[College], object]
    grows: bool = False
    before: Callable[[College], object] = lambda college: None
    whole: bool = False
    largest: int = SIZES[-1]


def some_work(college: College) -> None:
    """Ten kits out and back: twenty entries."""
    for _ in range(10):
        college.check_out()
    for _ in range(10):
        college.check_in()


COSTS = (
    Cost("opening the store", College.open_again),
    Cost("check-out", College.check_out),
    Cost("check-in", College.check_in),
    Cost("undo", College.undo, before=College.check_out),
    Cost("show", lambda c: c.opened.find.holding(c.asset_numbers[7])),
    Cost("history of a tag", lambda c: c.opened.find.history(c.shelf[7])),
    Cost("a school's loans", lambda c: c.opened.find.loans(to="School 1"), grows=True),
    Cost("search, one found", lambda c: c.opened.find.search(c.asset_numbers[7]), grows=True),
    Cost("search, none found", lambda c: c.opened.find.search("zzzz"), grows=True),
    Cost("overdue, first page", lambda c: c.opened.find.loans(overdue=True), grows=True),
    Cost("audit", lambda c: c.opened.audit.audit(), grows=True, whole=True, largest=10),
    Cost("daily copy", College.daily_copy, grows=True, whole=True),
    Cost("export, all", lambda c: c.export(since_last=False), grows=True, whole=True),
    Cost(
        "export, 20 new entries",
        lambda c: c.export(since_last=True),
        before=some_work,
        whole=True,
    ),
)


def measured(cost: Cost, colleges: Sequence[College]) -> list[float]:
    """The median milliseconds in each college, which take turns."""
    took: list[list[float]] = [[] for _ in colleges]
    for _ in range(FEW if cost.whole else 1 + TIMES):
        for college, times in zip(colleges, took, strict=True):
            cost.before(college)
            times.append(timed(lambda college=college: cost.do(college)))
    # The first of many loads what the others find loaded.
    return [statistics.median(times if cost.whole else times[1:]) for times in took]


def main() -> None:
    """Measure the sizes that are named, or all of them."""
    asked = argparse.ArgumentParser(description="How each cost grows with the size of a college.")
    asked.add_argument("sizes", nargs="*", type=int, choices=[[], *SIZES], default=[])
    sizes = sorted({1, *(asked.parse_args().sizes or SIZES)})
    heading()
    with (
        tempfile.TemporaryDirectory(prefix="kitloan-bench-", dir=Path(__file__).parent) as folder,
        ExitStack() as stack,
    ):
        colleges = [stack.enter_context(at_work(Path(folder), size)) for size in sizes]
        for cost in COSTS:
            those = [college for college in colleges if college.size <= cost.largest]
            base, *others = measured(cost, those)
            for college, took in zip(those[1:], others, strict=True):
                bound = f"{college.size if cost.grows else FLAT} x"
                line(f"{cost.what}, {college.size}x (floor: 1x)", took, base, bound)


if __name__ == "__main__":
    main()
