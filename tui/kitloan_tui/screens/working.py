"""Screens with something that takes a while: it runs on a thread, shows how far it is, can stop.

Whoever leaves the screen stops it: the thread is told so the next time that it reports. A store in
a file lets nobody write while it is read for minutes, and the counter must never wait for that.
"""

from collections.abc import Callable
from typing import TypeVar

from textual.message import Message
from textual.worker import get_current_worker

from kitloan_tui.screens.house import House

T = TypeVar("T")


class Stopped(Exception):  # no error: the way out of work that nobody waits for any more
    """Whoever asked has left."""


class Progressed(Message):
    """How much is done, of how much."""

    def __init__(self, done: int, total: int) -> None:
        super().__init__()
        self.done = done
        self.total = total


class Working(House):
    """A screen that works."""

    _what = ""

    def work(self, what: str, find: Callable[[], T], show: Callable[[T], None]) -> None:
        """Do something long on a thread, and show what came of it.

        Args:
            what: what it is, for the title.
            find: does it, and tells `progress` how far it is.
            show: shows what came of it.
        """
        self._what = what
        self.title_says(self.called, f"{what} ...")
        self.look_up(find, lambda found: self._done(found, show))

    def _done(self, found: T, show: Callable[[T], None]) -> None:
        self.title_says(self.called)
        show(found)

    def progress(self, done: int, total: int) -> None:
        """Told by the thread how far it is; stops it when nobody waits any more."""
        if get_current_worker().is_cancelled:
            raise Stopped
        self.post_message(Progressed(done, total))

    def on_progressed(self, event: Progressed) -> None:
        """Show how far it is."""
        if self.is_looking:
            self.title_says(self.called, f"{self._what}: {event.done:,} of {event.total:,}")
