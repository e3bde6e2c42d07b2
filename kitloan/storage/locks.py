"""Whether the folder of a store has locks that keep two programs apart.

SQLite keeps writers apart by locks on the file. Some network shares grant every lock and keep
nobody out, or have no locks. Two desks that lend there at once damage the file, and find out days
later. So before a program's first change it tries the folder: it locks an empty file of its own as
SQLite does, and checks that a second lock is refused. That takes half a millisecond on a disk.

A share may also keep locks among the programs of one machine only. No trial can find that, but on
Linux the options of the mount show it.
"""

import os
import re
import sqlite3
import struct
import sys
import tempfile
from contextlib import closing
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from kitloan.errors import StoreError

_RESERVED_BYTE = 0x40000001
"""The byte of its file that SQLite locks before it writes; a file need not be as long."""
_ON_LINUX: bool = sys.platform == "linux"
_MOUNTS = Path("/proc/self/mountinfo")
_ONE_MACHINE_ONLY = (
    ("nfs", r"nolock|local_lock=(?:all|posix)"),
    ("cifs|smb3", r"nobrl"),
    (r"fuse\.sshfs", r".*"),
)
"""Kinds of share, and the mount options with which locks stay on one machine."""


def insist_on_locks(folder: Path) -> None:
    """Refuse a folder whose locks do not keep two programs apart. The folder is left as it was.

    A folder that may not be written to cannot be tried, and is not refused here: writing to it
    gives an error of its own.

    Raises:
        StoreError: `no_locks`.
    """
    try:
        why = lock_problem(folder)
    except OSError:
        return
    if why:
        raise StoreError(
            "no_locks",
            f"{folder} has no locks that keep two desks from writing at once: {why}. They could "
            "damage the store, so nothing was written.",
            "Keep the store on a local disk, or on a share with locks (NFS without `nolock`, SMB "
            "without `nobrl`), or share a PostgreSQL (docs/postgresql.md).",
            folder=str(folder),
        )


def lock_problem(folder: Path) -> str:
    """Why the locks of a folder do not keep two programs apart; empty when they do.

    Raises:
        OSError: the folder cannot be written to, so they cannot be tried.
    """
    return _by_trial(folder) or _by_options(folder)


def _by_trial(folder: Path) -> str:
    """What a trial of the locks found wrong; empty when they work."""
    file, name = tempfile.mkstemp(prefix=".kitloan-locks-", dir=folder)
    try:
        with closing(sqlite3.connect(name, timeout=0, isolation_level=None)) as first:
            if not _locks(first):  # though nobody else uses this file
                return "it grants no lock"
            return "" if _keeps_out(file, name) else "it granted the same lock twice"
    finally:
        os.close(file)
        Path(name).unlink()


def _locks(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = MEMORY")  # writes nothing: a disk may be full
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


def _keeps_out(file: int, name: str) -> bool:
    """Whether the lock that one connection has is refused to another."""
    if _ON_LINUX:
        fcntl: Any = import_module("fcntl")  # Windows has none, and its type checker knows it
        # SQLite's locks belong to a process, and would let us in. This one belongs to an open file.
        wanted = struct.pack("hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, _RESERVED_BYTE, 1, 0)
        try:
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, wanted)
        except BlockingIOError:
            return True
        return False
    with closing(sqlite3.connect(name, timeout=0, isolation_level=None)) as second:
        return not _locks(second)


def _by_options(folder: Path) -> str:
    """What the mount options of a folder show to be wrong with locks; empty when nothing is."""
    if not _ON_LINUX:
        return ""
    mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
    return one_machine_only(mounts, str(folder.resolve()))


def one_machine_only(mounts: str, folder: str) -> str:
    """Why locks in a folder hold on this machine alone; empty when they are not.

    Args:
        mounts: the text of `/proc/self/mountinfo` on Linux.
        folder: an absolute path.
    """
    found, longest = "", -1
    for line in mounts.splitlines():
        ours, _, theirs = line.partition(" - ")
        point = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), ours.split()[4])
        if len(point) >= longest and PurePosixPath(folder).is_relative_to(point):
            longest, found = len(point), theirs
    kind, _, rest = found.partition(" ")
    options = rest.rpartition(" ")[2].split(",")
    for kinds, local in _ONE_MACHINE_ONLY:
        if re.match(kinds, kind):
            named = [each for each in options if re.fullmatch(local, each)]
            if named:
                return f"{kind} keeps them on this machine alone ({named[0]})"
    return ""
