"""Install the wheel as three kinds of people do, and see that it works.

`python scripts/install_check.py UV PIPX` builds the wheel, installs it by uv, by pipx and by plain
pip, each into a new place, and does a college's first minute with what was installed. Nothing of
the checkout is on its path. `make install-check` gives it both installers.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
WINDOWS = os.name == "nt"
_SECONDS = 900


def main(uv: str, pipx: str) -> None:
    """Install in the three ways, one after the other."""
    with tempfile.TemporaryDirectory(prefix="kitloan-install-") as name:
        folder = Path(name).resolve()
        wheel = build(folder / "wheel")
        what = f"{wheel}[all]"
        ways = {
            "uv tool install": lambda home: by_uv(uv, what, home),
            "pipx install": lambda home: by_pipx(pipx, what, home),
            "pip install": lambda home: by_pip(what, home),
        }
        for way, install in ways.items():
            home = folder / way.split()[0]
            home.mkdir()
            start = time.monotonic()
            program = install(home)
            took = time.monotonic() - start
            first_minute(program, home)
            say(f"{way}: installed in {took:.0f} s, and a college's first minute works.")


def build(folder: Path) -> Path:
    """The wheel, as a release builds it."""
    options = ("--wheel", "--no-isolation", "--outdir", folder, HERE)
    run([sys.executable, "-m", "build", *options], folder.parent)
    (wheel,) = folder.glob("*.whl")
    return wheel


def by_uv(uv: str, what: str, home: Path) -> Path:
    """Install with uv, which brings an environment of its own for the tool."""
    places = {"UV_TOOL_DIR": str(home / "tools"), "UV_TOOL_BIN_DIR": str(home / "bin")}
    run([uv, "tool", "install", "--python", sys.executable, what], home, **places)
    return program_in(home / "bin")


def by_pipx(pipx: str, what: str, home: Path) -> Path:
    """Install with pipx, which does the same with pip."""
    places = {"PIPX_HOME": str(home / "pipx"), "PIPX_BIN_DIR": str(home / "bin")}
    run([pipx, "install", "--python", sys.executable, what], home, **places)
    return program_in(home / "bin")


def by_pip(what: str, home: Path) -> Path:
    """Install with pip, into an environment that somebody has made."""
    venv.create(home / "venv", with_pip=True)
    programs = home / "venv" / ("Scripts" if WINDOWS else "bin")
    run([programs / "python", "-m", "pip", "install", "--quiet", what], home)
    return program_in(programs)


def program_in(folder: Path) -> Path:
    """The program that an installer put into a folder."""
    return folder / ("kitloan.exe" if WINDOWS else "kitloan")


def first_minute(program: Path, home: Path) -> None:
    """Start a store, add a kit, lend it, print its label, and see what doctor finds."""
    for words in (
        ("--version",),
        ("init", "fife"),
        ("add", "--type", "STEM kit", "--asset-number", "FC001"),
        ("checkout", "FC001", "--to", "Balwearie High School"),
        ("labels", "--all", "--stock", "l7160", "--out", "labels.pdf"),
    ):
        run([program, "--store", "fife.sqlite", *words], home)
    page = json.loads(run([program, "--store", "fife.sqlite", "doctor", "--json"], home))
    if not page["ok"]:
        raise SystemExit(json.dumps(page, indent=2))


def run(line: list[str | Path], folder: Path, **more: str) -> str:
    """What a program prints; it ends this script when it fails."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(  # noqa: S603  # the installers, and what they installed
        [str(word) for word in line],
        cwd=folder,
        env=clean | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"} | more,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=_SECONDS,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, line))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def say(words: str) -> None:
    """Print it now."""
    print(words, flush=True)  # noqa: T201  # what the script is for


if __name__ == "__main__":
    main(*sys.argv[1:])
