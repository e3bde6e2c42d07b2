"""The side files of a SQLite store: files next to it that hold people as the store does.

They are the daily copies in the folder `backups`; the stores that a restore replaced,
`fife.before-restore-20261123-114200.sqlite`; and leftovers of interrupted commands: unfinished
copies, and the folders in which restores, upgrades and long readings work.
"""

import glob
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

from kitloan.storage.files import MERGING, WORKING
from kitloan.storage.store import Store

HALF_SECONDS = 3600
"""After so many seconds, an unfinished copy is abandoned."""
_FOLDER_SECONDS = 24 * 3600
_BEFORE_RESTORE = ".before-restore-"
_SIDE_COPIES = ("aside.sqlite", "rehearsal.sqlite", "restored.sqlite", "kept.sqlite")
"""The names of the copies that commands work on in folders of their own."""


def day_file(store: Store, day: date) -> Path:
    """The path of a day's copy, which need not exist."""
    folder, stem = backups_of(store)
    return folder / f"{stem}-{day}.sqlite"


def backups_of(store: Store) -> tuple[Path, str]:
    """The folder of a store's daily copies, and how their names begin."""
    return _backups_of(Path(store.name).absolute())


def _backups_of(path: Path) -> tuple[Path, str]:
    return path.parent / "backups", _stem(path)


def kept_file(path: Path, moment: str) -> Path:
    """A new name for the store that a restore replaces."""
    number = 1
    while True:
        more = f"-{number}" if number > 1 else ""
        kept = path.with_name(f"{_stem(path)}{_BEFORE_RESTORE}{moment}{more}.sqlite")
        if not kept.exists():
            return kept
        number += 1


def daily_copies(store: Store) -> dict[date, Path]:
    """The daily copies that exist, by day."""
    return copies_of(Path(store.name).absolute())


def copies_of(path: Path) -> dict[date, Path]:
    """As `daily_copies`, for the absolute path of a store, which may be damaged or missing."""
    folder, stem = _backups_of(path)
    found: dict[date, Path] = {}
    for each in folder.iterdir() if folder.is_dir() else ():
        if ours := re.fullmatch(_daily(stem), each.name):
            with suppress(ValueError):  # a name with a day that does not exist is not ours
                found[date.fromisoformat(ours[1])] = each
    return found


def all_copies(store: Store) -> list[Path]:
    """Every copy that kitloan made next to a store: daily ones, oldest first, and by restores."""
    if not store.is_sqlite:
        return []
    days = daily_copies(store)
    path = Path(store.name).absolute()
    replaced = re.compile(rf"{re.escape(_stem(path) + _BEFORE_RESTORE)}\d{{8}}-\d{{6}}.*\.sqlite")
    kept = [each for each in path.parent.iterdir() if replaced.fullmatch(each.name)]
    return [*(days[day] for day in sorted(days)), *sorted(kept)]


def left_elsewhere() -> list[Path]:
    """Copies that killed commands left in the system's temporary folders.

    Commands work there when the store's own folder has no room, or cannot be written to. For a
    folder that cannot be read, the folder itself is given.
    """
    found: list[Path] = []
    for folder in _system_folders():
        for pattern in ("kitloan-*", f"{WORKING}*"):
            for each in sorted(folder.glob(pattern)):
                try:
                    inside = list(each.iterdir()) if each.is_dir() else []
                except FileNotFoundError:  # another command's, which has just ended
                    continue
                except OSError:
                    found.append(each)
                else:
                    found += sorted(one for one in inside if one.name in _SIDE_COPIES)
    return found


def _system_folders() -> list[Path]:
    """The temporary folders of this program, or of one with other settings."""
    named = [tempfile.gettempdir(), *(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))]
    posix = sys.platform != "win32"
    usual = ["/tmp", "/var/tmp"] if posix else []  # noqa: S108  # to look, not to write
    there = [Path(each).absolute() for each in (*named, *usual) if each]
    return [each for each in dict.fromkeys(there) if each.is_dir()]


def clear_abandoned(store: Store) -> None:
    """Delete what killed commands left next to a store or in the system's temporary folders.

    What is not a day old may be a command's that is still at work.
    """
    for left in left_elsewhere():
        if left.name in _SIDE_COPIES and _age(left) > _FOLDER_SECONDS:
            with suppress(OSError):  # another user's, or open elsewhere: erasing lists it
                left.unlink()
    for folder in _system_folders():
        clear_folders(folder, MERGING)
    if store.is_sqlite:
        clear_folders(Path(store.name).absolute().parent)
        for half in _halves(store):
            if _age(half) > HALF_SECONDS:
                half.unlink(missing_ok=True)


def checkpoints_of(path: Path) -> tuple[Path, str]:
    """The folder of the checkpoints of the store at an absolute path, and how their names begin.

    `kitloan.history.checkpoints` writes them. They hold no people.
    """
    return path.parent / "checkpoints", _stem(path)


def forget_checkpoints(path: Path) -> None:
    """Delete the checkpoints of a store that another took the place of."""
    folder, stem = checkpoints_of(path)
    for each in folder.glob(f"{glob.escape(stem)}.*") if folder.is_dir() else ():
        if each.suffix in (".json", ".tables"):
            each.unlink(missing_ok=True)


def clear_old_parts(folder: Path) -> None:
    """Delete what killed commands left unfinished in a folder an hour ago or earlier."""
    for each in folder.glob(".*.part"):
        if _age(each) > HALF_SECONDS:
            each.unlink(missing_ok=True)


def clear_folders(folder: Path, prefix: str = WORKING) -> None:
    """Delete the folders in which killed commands worked a day ago or earlier."""
    for old in folder.glob(f"{prefix}*"):
        if _age(old) > _FOLDER_SECONDS:
            shutil.rmtree(old, ignore_errors=True)


def unfinished(store: Store) -> list[Path]:
    """Copies that a command is making next to a store, or left unfinished a short time ago."""
    if not store.is_sqlite:
        return []
    folders = sorted(Path(store.name).absolute().parent.glob(f"{WORKING}*"))
    return [*folders, *(each for each in _halves(store) if each.suffix == ".part")]


def _halves(store: Store) -> Iterator[Path]:
    folder, stem = backups_of(store)
    halves = re.compile(rf"\.{_daily(stem)}\.(?:begun|[0-9a-f]{{8}}\.part)")
    for each in sorted(folder.iterdir()) if folder.is_dir() else ():
        if halves.fullmatch(each.name):
            yield each


def _stem(path: Path) -> str:
    return path.name.removesuffix(".sqlite")


def _daily(stem: str) -> str:
    return rf"{re.escape(stem)}-(\d{{4}}-\d\d-\d\d)\.sqlite"


def _age(path: Path) -> float:
    """How many seconds ago a file was changed; 0 if it has just been deleted."""
    with suppress(FileNotFoundError):
        return time.time() - path.stat().st_mtime
    return 0
