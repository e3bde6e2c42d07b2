"""Worker processes, which check or merge ledgers side by side: each a ledger at a time.

A worker is a Python of its own, started with nothing but the folders to load kitloan from (or the
bundle's program, with `ASKED`). Its standard input brings its `Job` and then ledgers, its standard
output what came of each. It is in a session of its own, so that Ctrl+C reaches only the program
that started it; that one ends its workers, and a worker whose input ends, because that program was
killed, ends at once. Where no process can be started, or one ends early, the caller does what is
left by itself.
"""

import json
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Protocol

ASKED = "--check-ledgers"
"""What the bundle's program is started with to be a worker."""

READY, TICK, DONE, FAILED, ENDED = "ready", "tick", "done", "failed", "ended"

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.stdin.buffer.readline()); "
    "from kitloan.history.worker import main; main()"
)
_SECONDS = 30.0
"""How long a worker may take to start: loading kitloan from a slow disk."""
_PATIENCE = 0.2
"""Seconds between two chances to act on Ctrl+C: on Windows nothing else wakes a queue."""

_WORTH_IT = 40_000
"""Entries from which on it pays to start processes, which takes each of them half a second."""

Task = tuple[str, Any]
"""A college, and what else is to be known about its ledger."""
Finished = Callable[[str, Any], None]
Tick = Callable[[int], None]
"""Called from time to time with how many entries more are done."""


class Job(Protocol):
    """What a worker does; it is sent to it by pickle."""

    def opened(self) -> AbstractContextManager[Callable[[Task, Tick], Any]]:
        """Open what the work needs; gives the function that does it for one ledger."""


def how_many(asked: int | None, ledgers: int, entries: int) -> int:
    """How many workers to start: as many as there are cores, and no more than there are ledgers.

    Args:
        asked: how many the caller wants; None leaves it to the machine, and to whether it pays.
        ledgers: how many ledgers there are.
        entries: how many entries they have together.
    """
    wanted = asked if asked is not None else _cores() if entries >= _WORTH_IT else 1
    return min(wanted, ledgers) if sys.executable else 1


def _cores() -> int:
    """How many cores this process may use."""
    allowed: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


class Workers:
    """Workers that have opened their jobs, until the block ends: then all of them have ended."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._answers: queue.Queue[tuple[int, str, Any]] = queue.Queue()
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    @contextmanager
    def on(self, *jobs: Job) -> Iterator[None]:
        """Start the workers, and have each open its job; fewer, where not all can be started.

        Args:
            jobs: one that all have, or one for each.
        """
        try:
            for number in range(self._wanted):
                try:
                    self._start(number, jobs[number % len(jobs)])
                except OSError:
                    break  # there is no such program here, or no room for one more process
            self._wait_until_ready()
            yield
        finally:
            self._end()

    def do(self, tasks: Sequence[Task], tick: Tick, finished: Finished) -> list[Task]:
        """Have ledgers done; gives the tasks that were not, because a worker failed.

        Args:
            tasks: the longest first, so that none is left for one worker at the end.
            tick: called with how many entries more are done.
            finished: called with a ledger's college and what came of it; its worker waits.
        """
        waiting, busy, failed = list(tasks), dict[int, Task](), list[Task]()
        for number in list(self._running):
            self._next(number, waiting, busy)
        while busy:
            with suppress(queue.Empty):
                number, what, answer = self._answers.get(timeout=_PATIENCE)
                if what == TICK:
                    tick(answer)
                    continue
                if number not in busy:
                    continue
                task = busy.pop(number)
                if what == DONE:
                    finished(task[0], answer)
                else:
                    failed.append(task)
                if what == ENDED:
                    self._kill(number)
                else:
                    self._next(number, waiting, busy)
        return failed + waiting

    def _next(self, number: int, waiting: list[Task], busy: dict[int, Task]) -> None:
        if waiting:
            busy[number] = waiting.pop(0)
            with suppress(OSError):  # as above
                _send(self._running[number], busy[number])

    def _start(self, number: int, job: Job) -> None:
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        frozen = bool(getattr(sys, "frozen", False))
        command = [sys.executable, ASKED] if frozen else [sys.executable, "-I", "-c", _START]
        started = subprocess.Popen(  # noqa: S603  # this Python, or this bundle
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            **apart,
        )
        self._running[number] = started
        threading.Thread(target=self._listen, args=(number, started), daemon=True).start()
        with suppress(OSError):  # it has ended already, and its output says so
            if not frozen and started.stdin is not None:
                started.stdin.write(json.dumps(sys.path).encode() + b"\n")
            _send(started, job)

    def _listen(self, number: int, started: subprocess.Popen[bytes]) -> None:
        try:
            while True:
                what, answer = pickle.load(started.stdout)  # type: ignore[arg-type]  # noqa: S301  # a pipe, from our own program
                self._answers.put((number, what, answer))
        except Exception:  # half an answer can raise anything; its ledger is done again
            self._answers.put((number, ENDED, None))

    def _wait_until_ready(self) -> None:
        """Wait until each has opened its job, or has ended."""
        starting = set(self._running)
        waits = _SECONDS
        while starting and waits > 0:
            try:
                number, what, _ = self._answers.get(timeout=_PATIENCE)
            except queue.Empty:
                waits -= _PATIENCE
                continue
            starting.discard(number)
            if what != READY:
                self._kill(number)
        for number in starting:
            self._kill(number)

    def _end(self) -> None:
        for number in list(self._running):
            self._kill(number)

    def _kill(self, number: int) -> None:
        running = self._running.pop(number)
        running.kill()
        running.wait()
        for pipe in (running.stdin, running.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]  # both are pipes


def _send(to: subprocess.Popen[bytes], what: object) -> None:
    pickle.dump(what, to.stdin)  # type: ignore[arg-type]  # it is a pipe
    to.stdin.flush()  # type: ignore[union-attr]
