"""Ctrl+C and a closed terminal, at any moment of any command: the store is whole, nothing is half.

The installed program, in a process of its own, is interrupted (SIGINT), hung up on (SIGHUP), or
loses whoever read its output (EPIPE), at a moment within the time that it takes.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import kitloan
from cli.running import PROGRAM
from faults.every_command import LINES

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
HOWS = ("SIGINT", "SIGHUP", "EPIPE")
EVERYDAY = (("SIGINT", "checkout"), ("SIGHUP", "labels"), ("EPIPE", "ledger log"))

Run = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(scope="session")
def lasts() -> dict[str, float]:
    """How long each command took when nobody disturbed it, once it was measured."""
    return {}


def start(store: Path, name: str, folder: Path) -> "subprocess.Popen[bytes]":
    """The program at work."""
    line = [part.format(folder=folder) for part in LINES[name]]
    return subprocess.Popen(
        [PROGRAM, "--store", store, "--as", "m.ross", *line],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def filled(folder: Path, store: Path) -> Path:
    """A folder with what the commands read."""
    folder.mkdir()
    with kitloan.open(store) as desk:
        desk.backups.make(folder / "saved.sqlite")
    return folder


def disturb(program: "subprocess.Popen[bytes]", how: str) -> str:
    """Interrupt a program, hang up on it or stop reading; gives what it had to say."""
    assert program.stdout is not None
    assert program.stderr is not None
    if how == "EPIPE":
        program.stdout.close()
    else:
        program.send_signal(getattr(signal, how))
    said = program.stderr.read().decode()
    program.wait(60)
    return said


@pytest.mark.parametrize(
    ("how", "name"),
    [
        *EVERYDAY,
        *(pytest.param(how, name, marks=pytest.mark.soak) for name in LINES for how in HOWS),
    ],
)
def test_an_interrupted_command_leaves_nothing_by_halves(
    stocked: Path, tmp_path: Path, lasts: dict[str, float], how: str, name: str
) -> None:
    """A lid that is shut or a hasty Ctrl+C must cost what was being done, and nothing else."""
    folder = filled(tmp_path / "out", stocked)
    if name not in lasts:
        began = time.perf_counter()
        undisturbed = Path(shutil.copy(stocked, tmp_path / "rehearsal.sqlite"))
        start(undisturbed, name, filled(tmp_path / "rehearsal", stocked)).communicate(timeout=120)
        lasts[name] = time.perf_counter() - began
    # The first tenths of a second are Python's own: nothing of kitloan runs yet.
    moment = random.Random(f"{how} {name}").uniform(0.3, 1.0) * lasts[name]
    began = time.perf_counter()
    program = start(stocked, name, folder)
    with contextlib.suppress(subprocess.TimeoutExpired):
        program.wait(max(0.0, moment - (time.perf_counter() - began)))
    said = disturb(program, how)
    # While it loads a module, Python itself may swallow an interrupt, with words of its own.
    assert "Traceback" not in said or said.startswith("Exception ignored in: <function _get_m"), (
        said
    )
    left = [each.name for each in (*folder.iterdir(), *stocked.parent.iterdir())]
    assert not [each for each in left if each.endswith((".part", "-journal"))], left
    with kitloan.open(stocked) as desk:
        verdict = desk.ledger.verify()
        assert verdict.ok, verdict.findings


def test_an_interrupt_while_it_loads_is_no_traceback(tmp_path: Path) -> None:
    """Forty lines of Python on the screen, after a Ctrl+C in the first tenths of a second."""
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt")  # met first, on its way in
    done = subprocess.run(
        [PROGRAM, "--help"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "\nStopped. Nothing was left half done.\n"
