"""Work that is killed (`kill -9`) at some moment of it: tasks for a crowd's process.

A worker is a fork of that process, which has loaded everything and has no store open.
"""

import os
import random
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import kitloan
from crowd import Ready
from kitloan.storage.store import open_store
from trusting import merge

ROWS = 40
REHEARSALS = 2
"""How often work is done undisturbed first: once to load everything, and once, as a worker, for
its time."""
Work = Callable[[], None]


def kill_imports(
    number: int, ready: Ready, place: str, folder: Path, kills: int, seed: int
) -> Counter[str]:
    """Kill so many imports of a register, a new one each time; `all` or `none` of it was taken."""
    registers = [folder / f"register-{turn}.csv" for turn in range(kills + REHEARSALS)]
    for turn, each in enumerate(registers):
        rows = "".join(
            f"Turn{turn}x{row},Telescope\n"  # no tag has a U
            for row in range(ROWS)
        )
        each.write_text(f"Kit No,Description\n{rows}")

    def became(turn: int) -> str:
        with kitloan.open(place) as desk:
            found = desk.find.search(f"Turn{turn}x").total
            if not found:  # what was cut off can be said again
                assert desk.registers.take_in(registers[turn]).added == ROWS
        return {0: "none", ROWS: "all"}.get(found, f"{found} of {ROWS}")

    return _kill([partial(_take_in, place, each) for each in registers], became, seed)


def _take_in(place: str, register: Path) -> None:
    with kitloan.open(place, actor="m.ross") as desk:
        desk.registers.take_in(register)


def kill_merges(
    number: int, ready: Ready, place: str, files: Sequence[Path], lengths: Sequence[int], seed: int
) -> Counter[str]:
    """Kill merges, each of a file that is longer than the one before; `all` or `none` of it."""

    def became(turn: int) -> str:
        with kitloan.open(place) as esp:
            states = [each.entries for each in esp.ledger.heads() if each.ledger == "fife"]
            found = states[0] if states else 0
            merge(esp, [files[turn]])
        before = lengths[turn - 1] if turn else 0
        return {before: "none", lengths[turn]: "all"}.get(found, f"{found} entries")

    return _kill([partial(_merge, place, each) for each in files], became, seed)


def _merge(place: str, file: Path) -> None:
    with kitloan.open(place, actor="esp") as esp:
        merge(esp, [file])


def kill_backups(
    number: int, ready: Ready, place: str, folder: Path, kills: int, seed: int
) -> Counter[str]:
    """Kill backups; there is `none` under the name, or `all` of one, proved."""
    files = [folder / f"backup-{turn}.sqlite" for turn in range(kills + REHEARSALS)]

    def became(turn: int) -> str:
        if not files[turn].exists():
            return "none"
        with kitloan.open(files[turn]) as copy:
            return "all" if copy.ledger.verify().ok else "half"

    return _kill([partial(_back_up, place, each) for each in files], became, seed)


def _back_up(place: str, file: Path) -> None:
    with kitloan.open(place, actor="m.ross") as desk:
        desk.backups.make(file)


def kill_upgrades(number: int, ready: Ready, places: Sequence[str], seed: int) -> Counter[str]:
    """Kill the upgrades of so many stores; the `old` one is there or the `new` one, and works."""

    def became(turn: int) -> str:
        try:
            open_store(places[turn]).close()
            left = "new"
        except kitloan.StoreError as problem:
            left = "old" if problem.code == "upgrade_due" else problem.code
        with kitloan.open(places[turn], actor="m.ross") as desk:
            return left if desk.ledger.verify().ok else f"{left}, and does not verify"

    return _kill([partial(_upgrade, place) for place in places], became, seed)


def _upgrade(place: str) -> None:
    kitloan.open(place).close()


def _kill(works: Sequence[Work], became: Callable[[int], str], seed: int) -> Counter[str]:
    """Do the first two works undisturbed; kill each of the others within a little more time."""
    chance, ends = random.Random(seed), Counter[str]()
    works[0]()
    became(0)
    began = time.perf_counter()
    os.waitpid(_start(works[1]), 0)
    lasts = time.perf_counter() - began
    became(1)
    for turn, work in enumerate(works[REHEARSALS:], start=REHEARSALS):
        until = time.perf_counter() + chance.random() * 1.3 * lasts
        worker = _start(work)
        while time.perf_counter() < until:
            pass
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
        ends[became(turn)] += 1
    return ends


def _start(work: Work) -> int:
    worker = os.fork()
    if worker == 0:
        _work_and_end(work)
    return worker


def _work_and_end(work: Work) -> None:
    try:
        work()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)
