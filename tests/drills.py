"""Backups made while others work, and restores that are killed: tasks for a crowd of processes."""

import os
import random
import shutil
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import kitloan
from crowd import Ready
from kitloan.backups.restoring import RestoreRequest, restoring


def back_up_or_lend(
    number: int, ready: Ready, place: str, tags: Sequence[str], folder: Path
) -> list[Any]:
    """The first makes backups, the other lends: gives the files, and the tags that were lent."""
    with kitloan.open(place, actor=f"desk {number}") as desk:
        ready()
        if number:
            return [desk.loans.check_out([tag], "School")[0].tag for tag in tags]
        files = [folder / f"backup-{turn}.sqlite" for turn in range(3)]
        return [Path(desk.backups.make(file).file) for file in files]


def kill_restores(
    number: int, ready: Ready, backup: str, place: str, kills: int, seed: int
) -> Counter[str]:
    """Kill a restore (`kill -9`) at some moment, and again; gives how often which store was left.

    Every other one is killed while it puts the backup in place, the rest while they prove it. Each
    time the old store is put back first. A restore is a fork of this process, which has loaded
    everything and has no store open.
    """
    chance = random.Random(seed)
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder) / "old.sqlite"
        shutil.copy(place, old)
        proving, placing = _rehearse(backup, place)
        for turn in range(kills):
            _put_back(old, place)
            told, tell = os.pipe()
            child = os.fork()
            if child == 0:
                _restore_and_end(backup, place, tell)
            os.close(tell)
            if turn % 2:
                os.read(told, 1)  # it is about to put the backup in place
            _spin(chance.random() * (1.2 * placing if turn % 2 else proving))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(told)
            ends[_left(place, old)] += 1
        _put_back(old, place)
    return ends


def _put_back(old: Path, place: str) -> None:
    for each in Path(place).parent.glob("fife*"):
        each.unlink()
    shutil.copy(old, place)


def _rehearse(backup: str, place: str) -> tuple[float, float]:
    """How long proving takes, and putting in place; everything is loaded then."""
    start = time.perf_counter()
    with restoring(RestoreRequest(Path(backup), place, "j.bain")) as found:
        proved = time.perf_counter()
        found.carry_out()
    return proved - start, time.perf_counter() - proved


def _restore_and_end(backup: str, place: str, tell: int) -> NoReturn:
    try:
        with restoring(RestoreRequest(Path(backup), place, "j.bain")) as found:
            os.write(tell, b".")
            found.carry_out()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _left(place: str, old: Path) -> str:
    """Which store a killed restore left: `old` or `new`, whole."""
    with kitloan.open(place) as desk, kitloan.open(old) as before:
        (top,) = desk.ledger.heads()
        (lost,) = before.ledger.heads()
        if top == lost:
            verdict = desk.ledger.verify()
            return "old" if verdict.ok else str(verdict.findings)
        desk.loans.check_out(["FC1"], "School")
        verdict = desk.ledger.verify()
        return "new" if verdict.ok and top.ledger == "fife/2" else str(verdict)


def _spin(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass
