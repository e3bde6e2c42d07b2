"""The line that shows whether the camera sees, and the thread that looks through it.

A code is a scan when it comes into view, and no scan again before it has been out of view for a
while: a label that stays in front of the camera is scanned once. What is no tag and no card must be
read the same twice, since a damaged label is now and then read as another text first.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from threading import Event, Thread
from typing import Protocol

from textual.content import Content
from textual.message import Message

from kitloan.errors import KitloanError
from kitloan.text.names import plain
from kitloan.text.scans import Tag, Text, read
from kitloan.text.tags import grouped
from kitloan_tui.widgets.panels import TextBlock

GONE_SECONDS = 1.5
"""For so long a code must be out of view before it is a scan again: hands shake, lights blink."""

_AGAIN_SECONDS = 3.0
"""Between two attempts to open a camera that is not there, or that another program has."""

_LASTING = ("no_camera", "camera_in_use", "camera_stopped")
"""Troubles that end when somebody plugs the camera in, or closes another program."""

_LONGEST = 40


class SeenNow(Protocol):
    """One look: seconds since the camera was opened, the codes in view, and whether it is dark."""

    @property
    def at(self) -> float: ...

    @property
    def texts(self) -> tuple[str, ...]: ...

    @property
    def dark(self) -> bool: ...


Looks = Callable[[], Iterator[SeenNow]]
"""Opens a camera and looks through it; what prevents that is a `KitloanError`."""


class InView:
    """Which codes have come into view."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._unsure: set[str] = set()

    def fresh(self, texts: Sequence[str], at: float) -> list[str]:
        """The codes of a look that are scans now: new in view, and read with certainty."""
        self._last = {text: last for text, last in self._last.items() if at - last < GONE_SECONDS}
        unsure = {text for text in texts if isinstance(read(text), Text)} - self._unsure
        certain = [text for text in texts if text not in unsure]
        new = [text for text in certain if text not in self._last]
        self._last |= dict.fromkeys(certain, at)
        self._unsure = {text for text in texts if isinstance(read(text), Text)}
        return new


class CameraLine(TextBlock):
    """Whether the camera sees, and what; posts a `CodeSeen` for each code that comes into view."""

    class CodeSeen(Message):
        """A code came into view."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Looked(Message):
        """A thread looked through the camera: what to show, and the codes that are scans."""

        def __init__(self, line: str, codes: Sequence[str] = (), *, trouble: bool = False) -> None:
            super().__init__()
            self.line = line
            self.codes = codes
            self.trouble = trouble

    def __init__(self, looks: Looks) -> None:
        super().__init__(markup=False)
        self._looks = looks
        self._stop = Event()
        self._line = ""

    def on_mount(self) -> None:
        """Begin to look, on a thread of its own: a camera may take seconds to answer."""
        self._show("Camera: starting.", trouble=False)
        # A daemon, since a camera that hangs must not keep the desk from closing.
        Thread(target=self._look, name="camera", daemon=True).start()

    def on_unmount(self) -> None:
        """Look no more."""
        self._stop.set()

    def on_camera_line_looked(self, event: Looked) -> None:
        """Show what was seen, and pass on the codes that came into view."""
        event.stop()
        self._show(event.line, trouble=event.trouble)
        for code in event.codes:
            self.post_message(self.CodeSeen(code))

    def _show(self, line: str, *, trouble: bool) -> None:
        if line != self._line:
            self._line = line
            self.set_class(trouble, "-trouble")
            self.set_text(Content(plain(line)))

    # -- on the thread ----------------------------------------------------------------------------

    def _look(self) -> None:
        while not self._stop.is_set():
            try:
                self._watch()
            except KitloanError as problem:
                again = problem.code in _LASTING and "camera" in problem.details
                self._post(f"! Camera: {problem.message} {problem.hint}", trouble=True)
                if not again:
                    return
            except Exception as problem:  # whatever a driver raises, the desk goes on
                kind = type(problem).__name__
                self._post(f"! Camera: it failed ({kind}). Scan or type.", trouble=True)
            self._stop.wait(_AGAIN_SECONDS)

    def _watch(self) -> None:
        in_view, start, shown = InView(), time.monotonic(), ""
        for look in self._looks():
            codes = in_view.fresh(look.texts, look.at)
            line = _words(look)
            if codes or line != shown:
                shown = line
                self._post(line, codes, trouble=look.dark)
            ahead = start + look.at - time.monotonic()  # a recording is played at its own pace
            if self._stop.wait(max(0.0, ahead)):
                return

    def _post(self, line: str, codes: Sequence[str] = (), *, trouble: bool) -> None:
        self.post_message(self.Looked(line, codes, trouble=trouble))


def _words(look: SeenNow) -> str:
    if look.dark:
        return "! Camera: too dark to see. Turn on a light, or open the camera's cover."
    if not look.texts:
        return "Camera: sees no label. Hold one in front of it."
    return f"Camera: sees {', '.join(map(_shown, sorted(look.texts)))}"


def _shown(text: str) -> str:
    code = read(text)
    return grouped(code.tag) if isinstance(code, Tag) else text[:_LONGEST]
