"""Writing files so that nobody ever finds half of one."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kitloan.errors import BadInput

WORKING = ".kitloan-"
"""How the names of our folders begin, beside a store, in which copies of it are worked on."""


@contextmanager
def working_folder(beside: Path, purpose: str) -> Iterator[Path]:
    """A folder for copies of a store, which hold people; it goes when the block ends.

    It lies beside the store, so that what a killed command leaves is found and taken away with the
    store's other copies (`kitloan.beside`). Only where nothing can be written there, as on
    a stick that is locked, does it lie where the system keeps such files.

    Args:
        beside: the folder of the store.
        purpose: a word for its name.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix=f"{WORKING}{purpose}-", dir=beside)
    except OSError:
        folder = tempfile.TemporaryDirectory(prefix="kitloan-")
    with folder as name:
        yield Path(name)


@contextmanager
def whole_file(path: Path, mode: int = 0o600) -> Iterator[Path]:
    """A new file to write beside `path`, which takes its place when the block ends well.

    Raises:
        BadInput: `cannot_write`.
    """
    beside = _beside(path)
    try:
        if path.is_dir():
            raise _not_a_name(path)
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode))
        yield beside
        with beside.open("rb+") as written:
            os.fsync(written.fileno())
        beside.replace(path)
    except OSError as problem:
        raise BadInput(
            "cannot_write",
            f"{path} cannot be written: {problem.strerror or problem}.",
            "Choose another file, or a folder that you may write to.",
            file=str(path),
        ) from problem
    finally:
        with suppress(OSError):  # it was never there, or the folder may not be entered
            beside.unlink()


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A new folder to fill beside `path`; its files are there when the block ends well.

    Where `path` is a folder already, they join what is in it, in the place of files of their name.

    Raises:
        BadInput: `cannot_write`.
    """
    beside = _beside(path)
    try:
        beside.mkdir(mode=0o700)
        yield beside
        for each in beside.iterdir():
            each.chmod(0o600)  # a report is for whoever made it to pass on
        if path.is_dir():
            for each in sorted(beside.iterdir()):
                each.replace(path / each.name)
        else:
            beside.rename(path)
    except OSError as problem:
        raise BadInput(
            "cannot_write",
            f"{path} cannot be written: {problem.strerror or problem}.",
            "Choose another folder, in one that you may write to.",
            file=str(path),
        ) from problem
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _beside(path: Path) -> Path:
    if not path.name:
        raise _not_a_name(path)
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def _not_a_name(path: Path) -> BadInput:
    return BadInput(
        "cannot_write", f"{str(path)!r} is not the name of a file.", "Name a file to write."
    )
