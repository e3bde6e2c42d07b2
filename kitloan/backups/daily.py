"""A copy of a SQLite store every day that somebody works, without asking, kept by age.

The copies lie in the folder `backups` beside the store: `fife-2026-11-23.sqlite`. They are quick:
SQLite's own check of the pages, and each ledger's head is where its entries end. What `kitloan
backup` does besides, walking and replaying every ledger, `kitloan restore` does before it uses one.
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
from kitloan.storage.erasure import COUNTED, counted
from kitloan.storage.faults import translated
from kitloan.storage.files import whole_file
from kitloan.storage.side_files import HALF_SECONDS, clear_abandoned, day_file, made
from kitloan.storage.store import Store

DAYS, WEEKS, MONTHS = 14, 8, 12
"""How many days every copy is kept, then how many weeks and how many months one of each."""

_END_OF_WEEKS = DAYS + 7 * WEEKS
_END = _END_OF_WEEKS + 365 + 30  # a month's copy, its first, stays while its last day needs one
_HEADLESS = """
    SELECT count(*) FROM ledger_head h WHERE h.seq > 0 AND NOT EXISTS (
        SELECT 1 FROM ledger_entry e
        WHERE e.college = h.college AND e.epoch = h.epoch AND e.seq = h.seq AND e.hash = h.hash)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The day's copy, or what stood in its way."""

    file: Path | None
    problem: KitloanError | None = None


class _Overtaken(Exception):  # no error: the way out of a copy that must not be kept
    """Somebody is being forgotten, and may still stand in the copy."""


def copy_if_due(store: Store, today: date) -> Outcome | None:
    """Make the day's copy, unless it is there; take away those that are too old.

    One look at the folder when there is nothing to do. A copy that failed is tried again after an
    hour, so that nobody hears of it at every scan.

    Args:
        store: an open store; only a SQLite file is copied.
        today: the date in Scotland.

    Returns:
        None when nothing was due. Nothing is raised: work goes on without a copy.
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
        return None  # it is made the next time that somebody looks
    except KitloanError as problem:
        return Outcome(None, problem)
    return Outcome(file)


def _our_turn(begun: Path) -> bool:
    """Whether nobody else makes the copy now, nor has failed to within the hour."""
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
            f"There was no room for the day's copy in {file.parent}.",
            "Free some space; the store itself is as it should be.",
        )
    with store.read() as reading:
        forgotten, rewritten = counted(reading)
    if forgotten > rewritten:
        raise _Overtaken
    with ExitStack() as until_it_has_its_name, whole_file(file, over_a_store=True) as beside:
        store.copy_to(beside)
        copied = _proved(store, beside)
        with beside.open("rb+") as written:  # now, while nobody has to wait for it
            os.fsync(written.fileno())
        # Nobody can write until the copy has its name. So whoever forgets a person either did so
        # before this, or finds the copy among the others.
        reading = until_it_has_its_name.enter_context(store.read())
        if counted(reading) != copied:
            raise _Overtaken


def _proved(store: Store, copy: Path) -> tuple[int, int]:
    """Check a copy; gives what it says of people who were forgotten before it was made."""
    reading = sqlite3.connect(copy)
    try:
        (said,) = reading.execute("PRAGMA quick_check(1)").fetchone()
        (headless,) = reading.execute(_HEADLESS).fetchone()
        forgotten, rewritten = reading.execute(COUNTED).fetchone()
    finally:
        reading.close()
    if said != "ok" or headless:
        raise StoreError(
            "damaged",
            f"The day's copy of {store.name} is not whole, and so the store may not be: "
            f"{said if said != 'ok' else 'a ledger does not end where its head says'}.",
            "Run `kitloan ledger verify` now, and keep the copies that there are.",
        )
    return int(forgotten), int(rewritten)


def _thin_out(store: Store, today: date) -> None:
    """Take away our own copies that are too old. Nothing else."""
    there = made(store)
    for day in there.keys() - kept(there, today):
        there[day].unlink(missing_ok=True)


def kept(days: Iterable[date], today: date) -> set[date]:
    """Which days' copies are kept: all of 14 days, one a week for 8 weeks, one a month for a year.

    The newest fourteen stay whatever their age, so that a clock that is wrong by years takes
    nothing that a college has come to rely on; so do those of days still to come.
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
