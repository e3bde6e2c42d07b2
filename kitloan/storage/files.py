"""Writing files whole or not at all, and never over a store.

Every file that kitloan writes at a name that a user gave is written here. A file of that name is
replaced. With a symbolic link, the file that it leads to is replaced, and the link stays. A store,
its journal, a device or a pipe is refused. Also here: working folders for copies of a store.
"""

import errno
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kitloan.errors import BadInput

APPLICATION_ID = 0x4B4C4F4E
"""`KLON`, in the header of every SQLite store: it distinguishes a store from other SQLite files."""

WORKING = ".kitloan-"
"""How the names of our working folders next to a store begin."""
MERGING = "kitloan-merging-"
"""How those of the folders begin where ledgers are merged, in the system's temporary folder."""


_HEADER_BYTES = 100
_JOURNALS = ("-journal", "-wal", "-shm")
"""How the names of the files that SQLite keeps next to a database end."""


def is_store(path: Path) -> bool:
    """Whether a file is a SQLite store: any college's, a copy, or a backup.

    Raises:
        OSError: it does not exist, or cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_HEADER_BYTES)
    ours = int.from_bytes(start[68:72], "big") == APPLICATION_ID
    return start[:16] == b"SQLite format 3\0" and ours


def insist_on_file(path: Path) -> None:
    """Refuse to read a pipe, a socket or a device before it is opened: a pipe could block for ever.

    A missing file, a folder or a file that cannot be examined is left to the caller.

    Raises:
        BadInput: `not_a_file`, for a pipe, a socket or a device.
    """
    try:
        kind = path.stat().st_mode
    except (OSError, ValueError):
        return
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        raise BadInput(
            "not_a_file",
            f"{path} is a device or a pipe, not a file. Nothing was read.",
            "Name an ordinary file.",
            file=str(path),
        )


@contextmanager
def working_folder(home: Path, purpose: str, room: int) -> Iterator[Path]:
    """A folder for copies of a store, which hold people; it is deleted when the block ends.

    It is next to the store, so that leftovers of a killed command are found and deleted with the
    store's other copies (`kitloan.storage.side_files`). If nothing can be written there, as on a
    locked or full memory stick, it is in the system's temporary folder.

    Args:
        home: the folder of the store.
        purpose: a word for its name.
        room: how many bytes will be written there.
    """
    try:
        if shutil.disk_usage(home).free < room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        folder = tempfile.TemporaryDirectory(prefix=f"{WORKING}{purpose}-", dir=home)
    except OSError:
        folder = tempfile.TemporaryDirectory(prefix="kitloan-")
    with folder as name:
        yield Path(name)


@contextmanager
def whole_file(path: Path, mode: int = 0o600, *, over_a_store: bool = False) -> Iterator[Path]:
    """A new file to write, which takes the place of `path` when the block ends without an error.

    Args:
        path: the file, as the user named it.
        mode: who may read and write it.
        over_a_store: whether it may replace a store, as a copy of a store may.

    Raises:
        BadInput: `cannot_write`; `is_a_store`; `not_a_file`, when it is a device or a pipe.
    """
    with _refused_in_words(path, "Choose another file, or a folder that you may write to."):
        target = _target(path, over_a_store=over_a_store)
        part = _part_of(target)
        try:
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode))
            yield part
            with part.open("rb+") as written:
                os.fsync(written.fileno())
            part.replace(target)
        finally:
            with suppress(OSError):  # it was never made, or the folder may not be entered
                part.unlink()


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A new folder to fill; it becomes `path` when the block ends without an error.

    If `path` is a folder already, the new files move into it, and replace files of their names.

    Raises:
        BadInput: as `whole_file`.
    """
    with _refused_in_words(path, "Choose another folder, in one that you may write to."):
        folder = _named(path)
        part = _part_of(folder)
        try:
            part.mkdir(mode=0o700)
            yield part
            for each in part.iterdir():
                each.chmod(0o600)  # the person who made a report decides who gets it
            if folder.is_dir():
                # All of them are checked before the first is moved.
                new = {each: _target(folder / each.name) for each in sorted(part.iterdir())}
                for each, target in new.items():
                    each.replace(target)
            else:
                part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _refused_in_words(path: Path, hint: str) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise BadInput(
            "cannot_write",
            f"{path} cannot be written: {problem.strerror or problem}.",
            hint,
            file=str(path),
        ) from problem


def _named(path: Path) -> Path:
    """The path that a name leads to, through symbolic links; it need not exist."""
    if not path.name:
        raise _not_a_name(path)
    if str(path) == "-":
        raise BadInput(
            "cannot_write",
            "Files are not written to standard output ('-').",
            "Name a file to write.",
        )
    return Path(os.path.realpath(path))


def must_be_writable(path: Path) -> None:
    """Refuse a file that `whole_file` would refuse, before there is anything to write.

    Raises:
        BadInput: as `whole_file`.
    """
    with _refused_in_words(path, "Choose another file, or a folder that you may write to."):
        _target(path)


def _target(path: Path, *, over_a_store: bool = False) -> Path:
    """The file that a name leads to, when it may be written or replaced."""
    target = _named(path)
    for end in _JOURNALS:
        store = target.with_name(target.name.removesuffix(end))
        if store != target and store.is_file() and is_store(store):
            raise _is_a_store(path, f"belongs to the store {store}")
    try:
        kind = target.stat().st_mode
    except FileNotFoundError:
        return target
    if stat.S_ISDIR(kind):
        raise _not_a_name(path)
    if not stat.S_ISREG(kind):
        raise BadInput(
            "not_a_file",
            f"{path} is a device or a pipe, not a file. Nothing was written.",
            "Name a file to write.",
            file=str(path),
        )
    if not over_a_store and is_store(target):
        raise _is_a_store(path, "is a kitloan store, or a copy of one")
    return target


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def _is_a_store(path: Path, what: str) -> BadInput:
    return BadInput(
        "is_a_store",
        f"{path} {what}. Nothing was written.",
        "Name another file to write.",
        file=str(path),
    )


def _not_a_name(path: Path) -> BadInput:
    return BadInput(
        "cannot_write", f"{str(path)!r} is not the name of a file.", "Name a file to write."
    )
