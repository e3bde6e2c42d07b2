"""Eight counters: the command line for each request, or a desk that stays."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Self

from cli.running import PROGRAM
from crowd import Ready, school
from forked import FORKS, become

PATIENCE = 600
"""Seconds until a program that does not answer is given up: a test must never hang."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one counter was told of one kit: whether it has lent it, and the words."""

    lent: bool
    words: str


def _told(tag: str, number: int, code: int, words: str | bytes) -> Told:
    """What an answer says, which must be one of two."""
    said = json.loads(words)
    if code == 0:
        (loan,) = said["loans"]
        assert (loan["tag"], loan["to"]) == (tag, school(number))
        return Told(True, loan["to"])
    error = said["error"]
    assert (code, error["code"]) == (1, "on_loan"), error
    assert error["details"]["loan"]["to"] in error["message"]
    return Told(False, error["message"])


def ask_in_forks(number: int, ready: Ready, place: str, tags: Sequence[str]) -> list[Told]:
    """One `kitloan checkout` for each tag: a task for a crowd's process, which forks for each.

    The fork has everything loaded and no store open. What runs in it is the command line's own
    `run`, with an output of its own; starting Python eight thousand times would take two hours.
    """
    from kitloan.cli.main import run

    told = []
    for tag in tags:
        front = ["--store", place, "--as", f"desk {number}", "--json"]
        heard, say = os.pipe()
        ready()
        command = os.fork()
        if command == 0:
            os.dup2(say, 1)
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # its own
            code = run([*front, "checkout", tag, "--to", school(number)])
            sys.stdout.flush()
            os._exit(code)
        os.close(say)
        with os.fdopen(heard, encoding="utf-8") as words:
            said = words.read()
        told.append(_told(tag, number, os.waitstatus_to_exitcode(os.waitpid(command, 0)[1]), said))
    return told


class PlainDesk:
    """A `kitloan desk --plain` that stays: one line in, one answer out."""

    def __init__(self, place: str, number: int) -> None:
        self.number = number
        line = ["--store", place, "--as", f"desk {number}", "desk", "--plain"]
        self._process = subprocess.Popen(
            [PROGRAM, *line],
            preexec_fn=become(line) if FORKS else None,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in: IO[str] = self._process.stdin
        self._out: IO[str] = self._process.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self._in.close()
        try:
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._out.close()

    def say(self, line: str) -> None:
        """Type or scan a line."""
        self._in.write(f"{line}\n")
        self._in.flush()

    def answer(self) -> str:
        """The answer to the line before; what is indented belongs to one that was read already."""
        for line in self._out:
            if not line.startswith("  "):
                return line.rstrip("\n")
        raise AssertionError(f"desk {self.number} fell silent")
