"""Whether the folder of a store has locks that keep two programs apart.

SQLite keeps writers apart by locks on the file. Some network shares answer every request for one
with "done" and keep nobody out, or have none; two desks that lend there at once spoil the file, and
find out days later. So before the first change that a program makes, it tries the folder: it locks
an empty file of its own as SQLite does, and sees whether somebody else is kept out. That takes half
a millisecond on a disk.

A share may also keep locks among the programs of one machine only. No trial can tell; but Linux
says so among the options of the mount.
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
"""Which byte of its file SQLite locks for whoever is about to write; a file need not be as long."""
_ON_LINUX: bool = sys.platform == "linux"
_MOUNTS = Path("/proc/self/mountinfo")
_ONE_MACHINE_ONLY = (
    ("nfs", r"nolock|local_lock=(?:all|posix)"),
    ("cifs|smb3", r"nobrl"),
    (r"fuse\.sshfs", r".*"),
)
"""Kinds of share, and the options with which locks do not leave the machine."""


def insist_on_locks(folder: Path) -> None:
    """See that locks in a folder keep two programs apart. It is as before when this returns.

    Nothing is said where nothing can be tried, in a folder that may not be written: what wants to
    write there hears of that.

    Raises:
        StoreError: `no_locks`.
    """
    try:
        why = _by_trial(folder) or _by_options(folder)
    except OSError:
        return
    if why:
        raise StoreError(
            "no_locks",
            f"{folder} has no locks to keep two desks from writing at once: {why}. They could "
            "spoil the store between them, so nothing was written.",
            "Keep the store on a local disk, or on a share with locks (NFS without `nolock`, SMB "
            "without `nobrl`), or share a PostgreSQL (docs/postgresql.md).",
            folder=str(folder),
        )


def _by_trial(folder: Path) -> str:
    """What was seen to be wrong with locks; nothing when they hold."""
    file, name = tempfile.mkstemp(prefix=".kitloan-locks-", dir=folder)
    try:
        with closing(sqlite3.connect(name, timeout=0, isolation_level=None)) as first:
            if not _locks(first):  # though nobody else knows of this file
                return "it gives none"
            return "" if _keeps_out(file, name) else "two had the same one"
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
    """Whether somebody else is refused the lock that a connection has."""
    if _ON_LINUX:
        fcntl: Any = import_module("fcntl")  # Windows has none, and its type checker knows it
        # SQLite's locks are a process's, and would let us in. This one is an open file's.
        wanted = struct.pack("hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, _RESERVED_BYTE, 1, 0)
        try:
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, wanted)
        except BlockingIOError:
            return True
        return False
    with closing(sqlite3.connect(name, timeout=0, isolation_level=None)) as second:
        return not _locks(second)


def _by_options(folder: Path) -> str:
    """What the mount of a folder says of locks; nothing when nothing is wrong with them."""
    return one_machine_only(_MOUNTS.read_text(errors="replace"), str(folder.resolve()))


def one_machine_only(mounts: str, folder: str) -> str:
    """Why locks in a folder are kept on this machine alone; nothing when they are not.

    Args:
        mounts: what Linux says in `/proc/self/mountinfo`.
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
