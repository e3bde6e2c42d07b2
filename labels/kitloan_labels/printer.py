"""The system's printers: sending them a finished file.

On Linux and macOS that is CUPS and its command `lp`; on Windows what a file's own program does for
Print. The printer's driver is the system's. Where there is neither, the file is saved all the
same, and the answer names it.

A printer's name goes to `lp` as one argument of a list. No shell ever sees it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pypdfium2
from PIL import Image

from kitloan.errors import BadInput

_AS_IS = "print-scaling=none"
_RAW = ("raw",)  # no driver between us and a printer that takes ZPL
_PAPERS = {(210, 297): "A4", (148, 210): "A5", (105, 148): "A6", (216, 279): "Letter"}

_AT_ONCE = 200
"""Files in one call of `lp`: systems limit how long a command may be."""

_LONGEST_NAME = 200
_PATIENCE = 60
"""Seconds for a print server to answer."""
_GLANCE = 5
"""Seconds for it to list the printers."""


def send(files: Sequence[Path], printer: str = "") -> bool:
    """Print finished files of one kind in their order; False when this system has no way to.

    Args:
        files: a PDF, pictures of labels, or a file of ZPL.
        printer: the system's name for it; empty for the system's own choice.

    Raises:
        BadInput: `bad_printer`, for a name that none can have; `not_printed`, when the system
            refuses, in its own words.
    """
    check_name(printer)
    return _print(files, _options(files[0]), printer)


def printers() -> list[str]:
    """Names of the printers that `send` can be given; empty where there is no way to print.

    An empty name is the system's own choice, where nothing lists the others.
    """
    return _printers()


def check_name(printer: str) -> None:
    """Refuse what cannot be a printer's name.

    Raises:
        BadInput: `bad_printer`.
    """
    if not printer.isprintable() or '"' in printer or len(printer) > _LONGEST_NAME:
        raise BadInput(
            "bad_printer", f"{printer[:60]!r} is not the name of a printer.", "See: lpstat -p"
        )


def _options(file: Path) -> tuple[str, ...]:
    """Options with which `lp` scales nothing: one dot of ours for each of the printer's."""
    with file.open("rb") as opened:
        head = opened.read(4)  # the name of a file may be anything
    if head.startswith(b"^XA"):
        return _RAW
    if head == b"%PDF":
        paper = _PAPERS.get(_page_mm(file))
        return (f"media={paper}", _AS_IS) if paper else (_AS_IS,)
    with Image.open(file) as picture:
        dpi, _ = picture.info["dpi"]
    return (f"ppi={round(dpi)}", _AS_IS)


def _page_mm(file: Path) -> tuple[int, int]:
    with pypdfium2.PdfDocument(file) as document:
        width, height = document[0].get_size()
    return round(width / 72 * 25.4), round(height / 72 * 25.4)


def _parts(files: Sequence[Path]) -> Iterator[list[str]]:
    for start in range(0, len(files), _AT_ONCE):
        yield [os.fspath(file.absolute()) for file in files[start : start + _AT_ONCE]]


def _run(command: list[str], first: Path) -> None:
    try:
        done = subprocess.run(  # noqa: S603  # a list, and `which` found the program
            command,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as trouble:
        raise _not_printed("the print system did not answer", first) from trouble
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise _not_printed(lines[-1][:200] if lines else "the print system refused", first)


def _not_printed(why: str, first: Path) -> BadInput:
    return BadInput(
        "not_printed",
        f"Not printed: {why.rstrip('.')}. What was to be printed is saved in {first.parent}.",
        "`lpstat -p -d` lists the printers. Give one by its name, or print the file yourself.",
        file=str(first),
    )


if sys.platform == "win32":

    def _printers() -> list[str]:
        """Windows has its own choice; its list is for programs of its own."""
        return [""]

    def _print(files: Sequence[Path], options: tuple[str, ...], printer: str) -> bool:
        """By what a file's own program does for Print."""
        if options == _RAW:
            return False  # Windows has no program of its own that prints ZPL
        for file in files:
            try:
                if printer:
                    os.startfile(file.absolute(), "printto", f'"{printer}"')  # noqa: S606  # no shell
                else:
                    os.startfile(file.absolute(), "print")  # noqa: S606  # no shell
            except OSError as trouble:
                raise _not_printed(trouble.strerror or "Windows refused", file) from trouble
        return True

else:

    def _printers() -> list[str]:
        """The printers of CUPS."""
        command = shutil.which("lpstat")
        if command is None or shutil.which("lp") is None:
            return []
        try:
            listed = subprocess.run(  # noqa: S603  # as in `_run`
                [command, "-e"],
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=_GLANCE,
                check=False,
            ).stdout
        except (OSError, subprocess.TimeoutExpired):
            return []
        return listed.split()

    def _print(files: Sequence[Path], options: tuple[str, ...], printer: str) -> bool:
        """By CUPS."""
        command = shutil.which("lp")
        if command is None:
            return False
        to = ("-d", printer) if printer else ()
        chosen = [part for option in options for part in ("-o", option)]
        for some in _parts(files):
            _run([command, *to, "-t", "kitloan labels", *chosen, "--", *some], files[0])
        return True
