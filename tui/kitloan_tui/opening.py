"""Opening the store behind the first paint, and what is scanned or typed until then.

Nothing here loads the store's libraries while the module is imported. They load on a thread once
the first screen is up; what comes in until then waits in order, in sight.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from kitloan.errors import KitloanError
from kitloan_tui import faultlog
from kitloan_tui.looking import Act, Looking
from kitloan_tui.messages import Chosen, StoreFailed, StoreOpened
from kitloan_tui.scanning import ScanRouter
from kitloan_tui.screens.trouble import Trouble
from kitloan_tui.settings import Settings
from kitloan_tui.standing import waiting
from kitloan_tui.yielding import give_way

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan_tui.counter import Counter
    from kitloan_tui.labels import Press


@runtime_checkable
class ShowsWaiting(Protocol):
    """A screen that has a line for the scans that wait for the store."""

    def show_waiting(self, line: str) -> None:
        """Say which they are."""
        ...


class Opening(ScanRouter, Looking):
    """An app whose counter comes after its first paint.

    Args:
        opener: opens the store; called on a thread, after the first paint.
        chosen: the user's settings.
        complaint: what was wrong with them, to be told once the desk is open.
        press: puts labels on paper.
        starter: starts the store of a college, or one to `play` with, where there is none yet.
        settings_file: where the settings are kept for next time; nowhere when None.
        log: where unexpected errors are written; the user's own state folder when None.
    """

    def __init__(
        self,
        opener: Callable[[], "College"],
        *,
        chosen: Settings | None = None,
        complaint: KitloanError | None = None,
        press: "Press | None" = None,
        starter: Callable[[str], "College"] | None = None,
        settings_file: Path | None = None,
        log: Path | None = None,
    ) -> None:
        super().__init__(chosen or Settings(), settings_file, log)
        self._opener = opener
        self._complaint = complaint
        self.press = press
        self._starter = starter
        self._early: list[tuple[str, Act]] = []

    def open_store(self) -> None:
        """Open it on a thread."""
        self.run_worker(self._open, thread=True, exit_on_error=False, group="opening")

    def _open(self) -> None:
        """On a thread: load the libraries, open the store, and say so."""
        try:
            from kitloan.ledger.clocks import warning
            from kitloan_tui import lookups
            from kitloan_tui.counter import Counter

            counter = Counter(self._opener())
            give_way(counter.kitloan.session.store)
            session = counter.kitloan.session
            self.post_message(StoreOpened(counter, lookups.board(session), warning(session)))
        except KitloanError as error:
            self.post_message(StoreFailed(error.message, error.hint, error.code))
        except Exception as problem:  # whatever it is, the person must be told on the screen
            where = faultlog.write(problem, self._fault_log)
            self.post_message(StoreFailed("Something went wrong while opening the store.", where))

    def on_store_opened(self, event: StoreOpened) -> None:
        """Take what waited, in order."""
        self.counter, self._board = event.counter, event.board
        self.show_clock(event.clock)
        self._offer_screens(event.counter)
        if complaint := self._complaint:
            self._do(lambda counter: counter.complain(complaint))
        early, self._early = self._early, []
        for _, act in early:
            self._do(act)
        self._draw()
        self.look_again()

    def _offer_screens(self, counter: "Counter") -> None:
        """Have screens open over questions of the counter; nothing by itself."""

    def on_chosen(self, event: Chosen) -> None:
        """Start the store that was chosen, on the thread that opens stores."""
        starter = self._starter
        if starter is not None:
            self._opener = partial(starter, event.college)
            self.pop_screen()
            self.open_store()

    def on_store_failed(self, event: StoreFailed) -> None:
        """Say why, over the whole screen; where there is no store yet, offer to start one."""
        if event.code == "no_store" and self._starter:
            from kitloan_tui.screens.first_run import FirstRun

            self.push_screen(FirstRun(event.message, self._early_line()))
            return
        lost = f"\n\n{self._early_line()}" if self._early else ""
        self.push_screen(Trouble(event.message, event.hint + lost))

    def _take(self, text: str, act: Act) -> None:
        """Do what came in, or keep it until the store is open."""
        if self.counter:
            self._do(act)
            return
        self._early.append((text, act))
        self.home.show_standing([self._early_line()])
        for screen in self.screen_stack:
            if isinstance(screen, ShowsWaiting):
                screen.show_waiting(self._early_line())

    def _early_line(self) -> str:
        """What waits for the store, in words; empty for nothing."""
        return waiting([text for text, _ in self._early]) if self._early else ""
