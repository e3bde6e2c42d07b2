"""Writing files so that nobody ever finds half of one, and no store is written over.

Whatever kitloan writes at a name that somebody gave goes through here. A name may be that of a
file which is there already: it is replaced. It may be a symbolic link: what it leads to is
replaced, and the link stays. It may not be a store, a journal of one, a device or a pipe.
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
"""`KLON`, in the header of every SQLite store, so that `file` and we know one from another."""

WORKING = ".kitloan-"
"""How the names of our folders begin, beside a store, in which copies of it are worked on."""


_HEADER_BYTES = 100
_BESIDE_A_STORE = ("-journal", "-wal", "-shm")
"""How the names end of the files that SQLite keeps beside its own."""


def is_store(path: Path) -> bool:
    """Whether a file is a SQLite store: anybody's, a copy, or a backup.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_HEADER_BYTES)
    ours = int.from_bytes(start[68:72], "big") == APPLICATION_ID
    return start[:16] == b"SQLite format 3\0" and ours


def insist_on_file(path: Path) -> None:
    """Refuse to read what is no file, before it is opened: a pipe would keep us waiting for ever.

    What is not there, is a folder, or cannot be looked at, is left to whoever opens it.

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
            "Name a file.",
            file=str(path),
        )


@contextmanager
def working_folder(beside: Path, purpose: str, room: int) -> Iterator[Path]:
    """A folder for copies of a store, which hold people; it goes when the block ends.

    It lies beside the store, so that what a killed command leaves is found and taken away with the
    store's other copies (`kitloan.storage.side_files`). Only where nothing can be written there, as
    on a stick that is locked or full, does it lie where the system keeps such files.

    Args:
        beside: the folder of the store.
        purpose: a word for its name.
        room: how many bytes will be written there.
    """
    try:
        if shutil.disk_usage(beside).free < room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        folder = tempfile.TemporaryDirectory(prefix=f"{WORKING}{purpose}-", dir=beside)
    except OSError:
        folder = tempfile.TemporaryDirectory(prefix="kitloan-")
    with folder as name:
        yield Path(name)


@contextmanager
def whole_file(path: Path, mode: int = 0o600, *, over_a_store: bool = False) -> Iterator[Path]:
    """A new file to write beside `path`, which takes its place when the block ends well.

    Args:
        path: the file, as somebody named it.
        mode: who may read and write it.
        over_a_store: whether it may take the place of a store, as a copy of one may.

    Raises:
        BadInput: `cannot_write`; `is_a_store`; `not_a_file`, when it is a device or a pipe.
    """
    with _refused_in_words(path, "Choose another file, or a folder that you may write to."):
        target = _target(path, over_a_store=over_a_store)
        beside = _beside(target)
        try:
            os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode))
            yield beside
            with beside.open("rb+") as written:
                os.fsync(written.fileno())
            beside.replace(target)
        finally:
            with suppress(OSError):  # it was never there, or the folder may not be entered
                beside.unlink()


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A new folder to fill beside `path`; its files are there when the block ends well.

    Where `path` is a folder already, they join what is in it, in the place of files of their name.

    Raises:
        BadInput: as `whole_file`.
    """
    with _refused_in_words(path, "Choose another folder, in one that you may write to."):
        folder = _named(path)
        beside = _beside(folder)
        try:
            beside.mkdir(mode=0o700)
            yield beside
            for each in beside.iterdir():
                each.chmod(0o600)  # a report is for whoever made it to pass on
            if folder.is_dir():
                # All of them are looked at before the first is moved.
                new = {each: _target(folder / each.name) for each in sorted(beside.iterdir())}
                for each, target in new.items():
                    each.replace(target)
            else:
                beside.rename(folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


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
    """What a name leads to, through symbolic links; it need not be there."""
    if not path.name:
        raise _not_a_name(path)
    if str(path) == "-":
        raise BadInput(
            "cannot_write",
            "Files are not written to standard output, which is what '-' would mean.",
            "Name a file to write.",
        )
    return Path(os.path.realpath(path))


def _target(path: Path, *, over_a_store: bool = False) -> Path:
    """The file that a name leads to, when it may be written or replaced."""
    target = _named(path)
    for end in _BESIDE_A_STORE:
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
            f"{path} is a device or a pipe; kitloan puts a whole file in its place or none.",
            "Name a file to write.",
            file=str(path),
        )
    if not over_a_store and is_store(target):
        raise _is_a_store(path, "is a kitloan store, or a copy of one")
    return target


def _beside(path: Path) -> Path:
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
