"""A program at a pseudo-terminal, and a scanner that types into it at its own pace.

Nothing here sleeps: what waits, waits for bytes from the program, or for the moment at which the
scanner's next key is due, which is the very thing under test.
"""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_=>])"
)
ENDINGS: Mapping[str, str] = {"CR": "\r", "LF": "\n", "CR+LF": "\r\n", "Tab": "\t"}
PERSON = 0.25
"""Seconds in which nobody has yet answered what they see."""
PASTE = ("\x1b[200~", "\x1b[201~")


class Terminal:
    """A running program and everything that it has written."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (80, 24),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.started = time.perf_counter()
        self.pid, self._file = pty.fork()
        if self.pid == 0:  # the program
            environment = {**os.environ, "TERM": "xterm-256color", **(env or {})}
            try:
                os.execvpe(command[0], list(command), environment)
            finally:  # what could not begin must not go on as a second run of the tests
                os._exit(127)
        self.resize(*size)
        self._written = b""
        self._mark = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the program, if it has not ended by itself."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def hang_up(self, patience: float = 120.0) -> bool:
        """Close the window, as its X does; gives whether the program has ended by itself."""
        os.close(self._file)
        self._file = -1
        waiting = threading.Thread(target=os.waitpid, args=(self.pid, 0), daemon=True)
        waiting.start()
        waiting.join(patience)
        if waiting.is_alive():
            os.kill(self.pid, signal.SIGKILL)
            waiting.join()
            self.pid = 0
            return False
        self.pid = 0
        return True

    def resize(self, width: int, height: int) -> None:
        """Make the window another size."""
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    # -- typing -----------------------------------------------------------------------------------

    def send(self, text: str) -> float:
        """Type all of `text` at once; gives the moment of the last key."""
        os.write(self._file, text.encode())
        return time.perf_counter()

    def press(self, keys: str) -> float:
        """Press keys as a person does, who has looked at the screen first."""
        self._read_until(time.perf_counter() + PERSON)
        return self.send(keys)

    def scan(self, code: str, *, gap: float = 0.004, end: str = "\r") -> float:
        """Type a code as a scanner does, a key every `gap` seconds; gives the moment of the end."""
        due = time.perf_counter()
        for character in code + end:
            self._read_until(due)
            at = self.send(character)
            due = max(due + gap, at)
        return at

    def paste(self, text: str) -> None:
        """Paste a text, as terminals mark it."""
        self.send(text.join(PASTE))

    # -- looking ----------------------------------------------------------------------------------

    def mark(self) -> None:
        """Look only at what comes from now on."""
        self._mark = len(self._written)

    def until(self, *texts: str, timeout: float = 300.0) -> float:
        """Read until all of `texts` have been written since the mark; gives the moment."""
        end = time.perf_counter() + timeout
        while not self.wrote(*texts):
            if time.perf_counter() > end or not self._read_until(end, once=True):
                raise AssertionError(f"never wrote {texts}; but: {self.seen()[-3000:]}")
        return time.perf_counter()

    def wrote(self, *texts: str) -> bool:
        """Whether all of `texts` have been written since the mark."""
        seen = self.seen()
        return all(" ".join(text.split()) in seen for text in texts)

    def seen(self) -> str:
        """What was written since the mark, without what only moves and colours."""
        text = _ESCAPES.sub(b" ", self._written[self._mark :]).decode(errors="replace")
        return " ".join(text.split())

    def _read_until(self, moment: float, *, once: bool = False) -> bool:
        """Take in what the program writes until a moment; False when it has ended."""
        while (left := moment - time.perf_counter()) > 0:
            ready, _, _ = select.select([self._file], [], [], left)
            if not ready:
                return True
            try:
                some = os.read(self._file, 65536)
            except OSError:  # Linux says so when the other end is closed
                return False
            if not some:
                return False
            self._written += some
            if once:
                return True
        return True

    @property
    def memory(self) -> float:
        """The memory that the program holds, in megabytes."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        (line,) = (line for line in status if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024
