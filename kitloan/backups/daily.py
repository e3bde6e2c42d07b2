"""A copy of a SQLite store for every working day, made without asking, and kept by age.

The copies are in the folder `backups` next to the store: `fife-2026-11-23.sqlite`. Their check is
quick: SQLite checks its pages, and each ledger's head must be its last entry. `kitloan restore`
checks and replays every ledger of a copy before it uses one, as `kitloan backup` does at once.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from kitloan.errors import KitloanError, StoreError
from kitloan.storage.faults import translated
from kitloan.storage.files import whole_file
from kitloan.storage.rewriting import COUNTED, erasure_counts
from kitloan.storage.side_files import HALF_SECONDS, clear_abandoned, daily_copies, day_file
from kitloan.storage.store import Store

DAYS, WEEKS, MONTHS = 14, 8, 12
"""For how many days every copy is kept; then for how many weeks and months one of each."""

_END_OF_WEEKS = DAYS + 7 * WEEKS
_END = _END_OF_WEEKS + 365 + 30  # a month's first copy is kept for its last day, too
_HEADLESS = """
    SELECT count(*) FROM ledger_head h WHERE h.seq > 0 AND NOT EXISTS (
        SELECT 1 FROM ledger_entry e
        WHERE e.college = h.college AND e.epoch = h.epoch AND e.seq = h.seq AND e.hash = h.hash)
"""


@dataclass(frozen=True, slots=True)
class DayCopy:
    """The day's copy, or why it could not be made."""

    file: Path | None
    problem: KitloanError | None = None


class _Overtaken(Exception):  # no error: the way out of a copy that must not be kept
    """Somebody is being erased, and may still be in the copy."""


def copy_if_due(store: Store, today: date) -> DayCopy | None:
    """Make the day's copy if there is none, and delete the copies that are too old.

    With nothing to do, this only looks at the folder. A copy that failed is tried again after an
    hour, so that it is not reported at every scan.

    Args:
        store: an open store; only a SQLite file is copied.
        today: the date in Scotland.

    Returns:
        None when nothing was due. No error is raised: work goes on without a copy.
    """
    if not store.is_sqlite:
        return None
    file = day_file(store, today)
    folder = file.parent
    try:
        with translated("The day's copy"):
            if file.exists():
                return None
            folder.mkdir(mode=0o700, exist_ok=True)
            begun = folder / f".{file.name}.begun"
            if not _our_turn(begun):
                return None
            _copy(store, file)
            begun.unlink(missing_ok=True)
            clear_abandoned(store)
            _thin_out(store, today)
    except _Overtaken:
        begun.unlink(missing_ok=True)
        return None  # it is made the next time
    except KitloanError as problem:
        return DayCopy(None, problem)
    return DayCopy(file)


def _our_turn(begun: Path) -> bool:
    """Whether nobody else is making the copy, or failed to make it within the last hour."""
    try:
        begun.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        with suppress(FileNotFoundError):  # the other has just finished
            if abs(time.time() - begun.stat().st_mtime) > HALF_SECONDS:
                begun.touch()
                return True
        return False
    return True


def _copy(store: Store, file: Path) -> None:
    needed = Path(store.name).stat().st_size
    if shutil.disk_usage(file.parent).free < 2 * needed:
        raise StoreError(
            "full",
            f"{file.parent} has no room for the day's copy. The store itself is in order.",
            "Free some space on that disk.",
        )
    with store.read() as reading:
        forgotten, rewritten = erasure_counts(reading)
    if forgotten > rewritten:
        raise _Overtaken
    with ExitStack() as until_it_has_its_name, whole_file(file, over_a_store=True) as part:
        store.copy_to(part)
        copied = _check(store, part)
        with part.open("rb+") as written:  # now, while nobody has to wait for it
            os.fsync(written.fileno())
        # Nobody can write until the copy has its name. So an erasure either happened before this,
        # or finds the copy among the others.
        reading = until_it_has_its_name.enter_context(store.read())
        if erasure_counts(reading) != copied:
            raise _Overtaken


def _check(store: Store, copy: Path) -> tuple[int, int]:
    """Check a copy; gives how many people were erased in it, and how many when it was rewritten."""
    reading = sqlite3.connect(copy)
    try:
        (answer,) = reading.execute("PRAGMA quick_check(1)").fetchone()
        (headless,) = reading.execute(_HEADLESS).fetchone()
        forgotten, rewritten = reading.execute(COUNTED).fetchone()
    finally:
        reading.close()
    if answer != "ok" or headless:
        raise StoreError(
            "damaged",
            f"The day's copy of {store.name} is damaged, so the store may be damaged too: "
            f"{answer if answer != 'ok' else 'the head of a ledger is not its last entry'}.",
            "Keep the earlier copies, and run: kitloan ledger verify",
        )
    return int(forgotten), int(rewritten)


def _thin_out(store: Store, today: date) -> None:
    """Delete our own copies that are too old, and no other file."""
    there = daily_copies(store)
    for day in there.keys() - kept(there, today):
        there[day].unlink(missing_ok=True)


def kept(days: Iterable[date], today: date) -> set[date]:
    """The days whose copies are kept: all for 14 days, weekly for 8 weeks, monthly for a year.

    The newest fourteen are kept whatever their age, so that a clock that is wrong by years deletes
    no copy that a college relies on. Copies of future days are kept as well.
    """
    there = sorted(set(days))
    past = [day for day in there if day <= today]
    keep = {day for day in there if today - day < timedelta(days=DAYS)} | set(past[-DAYS:])
    periods: set[tuple[str, int, int]] = set()
    for day in past:  # oldest first, so that what is kept today is kept tomorrow
        age = (today - day).days
        if DAYS <= age < _END:
            week = day.isocalendar()
            period = (
                ("week", week.year, week.week)
                if age < _END_OF_WEEKS
                else ("month", day.year, day.month)
            )
            if period not in periods:
                periods.add(period)
                keep.add(day)
    return keep
