"""A copy of a SQLite store every day that somebody works, without asking, kept by age.

The copies lie in the folder `backups` beside the store: `fife-2026-11-23.sqlite`. They are quick:
SQLite's own check of the pages, and each ledger's head is where its entries end. What `kitloan
backup` does besides, walking and replaying every ledger, `kitloan restore` does before it uses one.
"""

import re
import shutil
import sqlite3
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from kitloan.errors import KitloanError, StoreError
from kitloan.faults import translated
from kitloan.files import whole_file
from kitloan.store import Store

DAYS, WEEKS, MONTHS = 14, 8, 12
"""How many days every copy is kept, then how many weeks and how many months one of each."""

_END_OF_WEEKS = DAYS + 7 * WEEKS
_END = _END_OF_WEEKS + 365
_AGAIN_SECONDS = 3600
_ABANDONED_SECONDS = 24 * 3600
RESTORING = ".kitloan-restore-"
"""How the folders begin, beside the store, in which restores work."""
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
    folder, stem = _where(store)
    file = day_file(store, today)
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
            clear_abandoned(folder.parent)
            _tidy(folder, stem, today)
    except KitloanError as problem:
        return Outcome(None, problem)
    return Outcome(file)


def day_file(store: Store, today: date) -> Path:
    """Where the copy of a day lies, or would lie."""
    folder, stem = _where(store)
    return folder / f"{stem}-{today}.sqlite"


def _where(store: Store) -> tuple[Path, str]:
    path = Path(store.name).absolute()
    return path.parent / "backups", path.name.removesuffix(".sqlite")


def _our_turn(begun: Path) -> bool:
    """Whether nobody else makes the copy now, nor has failed to within the hour."""
    try:
        begun.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        with suppress(FileNotFoundError):  # the other has just finished
            if abs(time.time() - begun.stat().st_mtime) > _AGAIN_SECONDS:
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
    with whole_file(file) as beside:
        store.copy_to(beside)
        copy = sqlite3.connect(beside)
        try:
            (said,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            (headless,) = copy.execute(_HEADLESS).fetchone()
        finally:
            copy.close()
        if said != "ok" or headless:
            raise StoreError(
                "damaged",
                f"The day's copy of {store.name} is not whole, and so the store may not be: "
                f"{said if said != 'ok' else 'a ledger does not end where its head says'}.",
                "Run `kitloan ledger verify` now, and keep the copies that there are.",
            )


def _tidy(folder: Path, stem: str, today: date) -> None:
    """Take away our own copies that are too old, and what a killed copy left. Nothing else."""
    halves = re.compile(rf"\.{_ours(stem).pattern}\.(?:begun|[0-9a-f]{{8}}\.part)")
    for each in folder.iterdir():
        if halves.fullmatch(each.name) and time.time() - each.stat().st_mtime > _AGAIN_SECONDS:
            each.unlink(missing_ok=True)
    made = _made(folder, stem)
    for day in made.keys() - kept(made, today):
        made[day].unlink(missing_ok=True)


def _ours(stem: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(stem)}-(\d{{4}}-\d\d-\d\d)\.sqlite")


def _made(folder: Path, stem: str) -> dict[date, Path]:
    """The copies that there are, by their day."""
    made: dict[date, Path] = {}
    for each in folder.iterdir() if folder.is_dir() else ():
        if found := _ours(stem).fullmatch(each.name):
            with suppress(ValueError):  # a name with a day that does not exist is not ours
                made[date.fromisoformat(found[1])] = each
    return made


def copies(store: Store) -> list[Path]:
    """The daily copies that lie beside a store, the oldest first."""
    if not store.is_sqlite:
        return []
    made = _made(*_where(store))
    return [made[day] for day in sorted(made)]


def clear_abandoned(folder: Path) -> None:
    """Take away what killed restores left beside a store a day ago or more: it holds people."""
    for old in folder.glob(f"{RESTORING}*"):
        with suppress(FileNotFoundError):  # its restore has just ended
            if time.time() - old.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(old, ignore_errors=True)


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
