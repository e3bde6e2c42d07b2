"""Faults put beneath the real program: by the kernel, between it and its files.

`program` runs the installed kitloan in a process of its own, after the faults were prepared in the
child. Nothing of kitloan is replaced. Where there is no fault beneath the program, `command` runs
the same command inside this process: Python and kitloan need not start for it.
"""

import contextlib
import ctypes
import errno
import io
import os
import platform
import resource
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from cli.running import PROGRAM, Answer
from kitloan.cli.main import run

Prepare = Callable[[], None]

_SYSCALL_FCNTL = {"x86_64": 72, "aarch64": 25}
CAN_FILTER = platform.system() == "Linux" and platform.machine() in _SYSCALL_FCNTL
"""Whether a process here can be given a kernel that answers calls otherwise."""
_LOCKING = (6, 7, 37, 38)  # F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW


def program(store: Path, *args: str | Path, prepare: Prepare | None = None) -> Answer:
    """The installed kitloan on a store, as m.ross, with a fault beneath it."""
    done = subprocess.run(
        [PROGRAM, "--store", store, "--as", "m.ross", *args],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        preexec_fn=prepare,
    )
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


def command(store: Path, *args: str | Path) -> Answer:
    """The command line on a store, as m.ross, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(["--store", str(store), "--as", "m.ross", *map(str, args)])
    return Answer(code, out.getvalue(), err.getvalue())


def files_no_longer_than(size: int) -> Prepare:
    """A limit on the size of files (RLIMIT_FSIZE), in bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def locks_answered_with(error: int) -> Prepare:
    """A share whose answer to every request for a lock is this error; 0 for "done", a lie."""

    def prepare() -> None:
        load, jump_if, answer = 0x20, 0x15, 0x06
        allow, refuse = 0x7FFF0000, 0x00050000 | error
        # A jump says how many rules it leaves out when they are equal, and when they are not.
        rules = (
            (load, 0, 0, 0),  # which call it is
            (jump_if, 0, 5, _SYSCALL_FCNTL[platform.machine()]),
            (load, 0, 0, 24),  # the low half of its second argument
            *((jump_if, 4 - n, 0, command) for n, command in enumerate(_LOCKING)),
            (answer, 0, 0, allow),
            (answer, 0, 0, refuse),
        )
        code = b"".join(struct.pack("HBBI", *rule) for rule in rules)
        held = ctypes.create_string_buffer(code)
        given = struct.pack("HxxxxxxP", len(rules), ctypes.addressof(held))
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, given, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")

    return prepare


@contextlib.contextmanager
def small_disk(kilobytes: int) -> Iterator[Path]:
    """A disk of this size, mounted for as long as the block lasts.

    Raises:
        PermissionError: where disks cannot be mounted.
    """
    with tempfile.TemporaryDirectory(prefix="kitloan-disk-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder]
        try:
            done = subprocess.run(mount, capture_output=True).returncode
        except FileNotFoundError:
            done = errno.ENOENT
        if done:
            raise PermissionError(errno.EPERM, "a disk cannot be mounted here")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Fill a disk but for so many bytes; gives the file that does it."""
    filler = disk / "filler"
    free = os.statvfs(disk)
    with filler.open("wb") as file:
        file.write(bytes(max(0, free.f_bavail * free.f_frsize - leave)))
    return filler


@contextlib.contextmanager
def immutable(path: Path) -> Iterator[None]:
    """A file or folder that nobody can write to, root neither.

    Raises:
        PermissionError: where that cannot be had.
    """
    try:
        done = subprocess.run(["chattr", "+i", path], capture_output=True).returncode
    except FileNotFoundError:
        done = errno.ENOENT
    if done:
        raise PermissionError(errno.EPERM, "files cannot be made immutable here")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", path], check=True)
