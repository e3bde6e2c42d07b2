"""Make the bundle: one folder with kitloan in it, which runs where there is no Python.

`python scripts/bundle.py` is run by the Python of an environment that has `kitloan[all,camera]` and
PyInstaller, and nothing else (`make bundle` makes one). It makes `dist/kitloan/`, writes into it
the licences of everything that it carries, runs `kitloan demo` from it with an empty environment,
and prints how large and how fast it is.
"""

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from PyInstaller.__main__ import run as pyinstaller

HERE = Path(__file__).resolve().parents[1]
DIST, WORK = HERE / "dist", HERE / "build" / "bundle"
FOLDER = DIST / "kitloan"
PROGRAM = FOLDER / ("kitloan.exe" if os.name == "nt" else "kitloan")
LICENCES = "LICENCES.txt"

OURS = ("kitloan", "kitloan_tui", "kitloan_labels")
LOADED_BY_NAME = ("textual.widgets", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql")
"""Packages whose modules are imported by a name in a variable: the bundler sees none of them."""

EXTRAS = ("all", "camera")
NOT_NEEDED = ("tkinter", "PyInstaller", "pip", "setuptools")
OF_THE_BUNDLER = "pyinstaller"
"""Its starter is the program itself."""

_EXCEPTIONS = {OF_THE_BUNDLER: "; by its exception, what it bundles may have any licence"}

_SECONDS = 3_600
_STARTS = 5
_PAINTED = b"opening."
"""The end of what the first screen shows."""


def main() -> None:
    """Make the bundle, and try it."""
    carried = sorted(needed("kitloan", EXTRAS), key=lambda each: each.name.lower())
    bundle(carried)
    (FOLDER / LICENCES).write_text(licences([*carried, distribution(OF_THE_BUNDLER)]), "utf-8")
    demonstrate()
    report()


def bundle(carried: list[Distribution]) -> None:
    """Have PyInstaller collect the program, and everything that it loads by name."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    by_name = [f"--collect-submodules={name}" for name in (*OURS, *LOADED_BY_NAME)]
    pyinstaller(
        [
            "--noconfirm",
            "--log-level=WARN",
            "--onedir",
            "--name=kitloan",
            f"--distpath={DIST}",
            f"--workpath={WORK}",
            f"--specpath={WORK}",
            f"--runtime-hook={HERE / 'scripts' / 'bundle_start.py'}",
            *by_name,
            *(f"--collect-data={name}" for name in (*OURS, "textual")),
            *(f"--copy-metadata={each.name}" for each in carried),
            *(f"--exclude-module={name}" for name in NOT_NEEDED),
            str(HERE / "kitloan" / "__main__.py"),
        ]
    )


def needed(name: str, extras: tuple[str, ...]) -> list[Distribution]:
    """A distribution with these extras, and everything that it needs on this system."""
    found: dict[str, Distribution] = {}
    done: set[tuple[str, str]] = set()
    wanted = [(name, extra) for extra in ("", *extras)]
    while wanted:
        one, extra = wanted.pop()
        if (one, extra) in done:
            continue
        done.add((one, extra))
        there = found.setdefault(_same(one), distribution(one))
        for line in there.requires or ():
            further = Requirement(line)
            if further.marker is None or further.marker.evaluate({"extra": extra}):
                wanted += [(further.name, each) for each in ("", *further.extras)]
    return list(found.values())


def licences(carried: list[Distribution]) -> str:
    """The licences of what is carried: first a list, then every text.

    Raises:
        SystemExit: something names no licence; it must not be given away.
    """
    without = [each.name for each in carried if not _named(each) and _same(each.name) != "kitloan"]
    if without:
        raise SystemExit(f"No licence is named by: {', '.join(without)}")
    lines = [
        "What this folder carries, and under which licence. The texts are below.",
        "",
        f"Python {sys.version.split()[0]}: PSF License, with the libraries that come with it",
    ]
    texts = [("Python", _of_python())]
    for each in carried:
        named = _named(each) or "its owner has chosen none"
        lines.append(f"{each.name} {each.version}: {named}{_EXCEPTIONS.get(_same(each.name), '')}")
        texts += [(f"{each.name}: {file}", text) for file, text in _texts(each)]
    blocks = [f"{'=' * 72}\n{title}\n{'=' * 72}\n{text.strip()}\n" for title, text in texts]
    return "\n".join([*lines, "", *blocks])


def _named(each: Distribution) -> str:
    said = each.metadata
    classified = [
        line.rpartition(" :: ")[2]
        for line in said.get_all("Classifier") or ()
        if line.startswith("License :: ")
    ]
    free = said.get("License") or ""
    short = free if len(free) < 80 and "\n" not in free else ""
    return str(said.get("License-Expression") or short or ", ".join(classified))


def _texts(each: Distribution) -> Iterator[tuple[str, str]]:
    for file in each.files or ():
        named = re.match(r"(?i)(licen[cs]e|copying|notice|copyright)", file.name)
        if named or "licenses" in file.parts:  # where a distribution's own are since Metadata 2.4
            place = Path(str(each.locate_file(file)))
            if place.is_file() and place.suffix not in (".py", ".pyc"):
                yield file.name, place.read_text(encoding="utf-8", errors="replace")


def _of_python() -> str:
    for folder in (sysconfig.get_path("stdlib"), sys.base_prefix):
        for name in ("LICENSE.txt", "LICENSE"):
            if folder and (Path(folder) / name).is_file():
                return (Path(folder) / name).read_text(encoding="utf-8", errors="replace")
    return str(license)  # what `license()` shows at Python's prompt


def _same(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def demonstrate() -> None:
    """Run the whole job from the bundle: with no Python to be found, and no variable of ours."""
    with tempfile.TemporaryDirectory(prefix="kitloan-bundle-") as folder:
        done = subprocess.run(  # noqa: S603  # the program that was just made
            [PROGRAM, "demo"],
            cwd=folder,
            env=empty_environment(folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
        )
        made = Path(folder, "kitloan-demo", "audit.html")
        if done.returncode or not made.is_file():
            sys.stdout.buffer.write(done.stdout[-5000:] + done.stderr[-5000:])
            raise SystemExit(f"The demonstration failed in the bundle: {done.returncode}")
    _say("The demonstration ran from the bundle, without Python and without a network.")


def empty_environment(home: str) -> dict[str, str]:
    """An environment in which no Python can be found."""
    needs = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    home_names = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA")
    return {"PATH": str(Path(home) / "nothing"), **dict.fromkeys(home_names, home), **needs}


def report() -> None:
    """Print how large the bundle is, and how fast it starts beside the installed program."""
    files = [each for each in FOLDER.rglob("*") if each.is_file() and not each.is_symlink()]
    size = sum(each.stat().st_size for each in files)
    installed = Path(sysconfig.get_path("scripts")) / PROGRAM.name
    _say(f"{FOLDER}: {size / 1e6:,.0f} MB in {len(files):,} files")
    measures = {"kitloan --version": _answer_seconds}
    if os.name != "nt":  # Windows lends no terminal to a program
        measures["first paint of the desk"] = _paint_seconds
    for what, measure in measures.items():
        took: dict[Path, list[float]] = {PROGRAM: [], installed: []}
        for _ in range(_STARTS):  # by turns: a machine drifts
            for program in took:
                took[program].append(measure(program))
        bundle, plain = (statistics.median(each) for each in took.values())
        _say(f"  {what}: {bundle:.2f} s, installed {plain:.2f} s, ratio {bundle / plain:.2f}")


def _answer_seconds(program: Path) -> float:
    start = time.perf_counter()
    subprocess.run([program, "--version"], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return time.perf_counter() - start


def _paint_seconds(program: Path) -> float:
    """From the start of the desk to its first screen, in a terminal of our own."""
    pty: Any = import_module("pty")  # Windows has none, and its type checker knows it
    start = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.environ |= {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
        os.execv(program, [str(program), "--store", str(DIST / "none.sqlite")])  # noqa: S606
    written = b""
    try:
        while _PAINTED not in written:
            written += os.read(terminal, 65536)
        return time.perf_counter() - start
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201  # what the script is for


if __name__ == "__main__":
    main()
