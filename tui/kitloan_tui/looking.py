"""What the desk shows: the counter as it stands, and the lists as they were looked at last.

Verbs run on the app's own thread, one after the other, and the screen is drawn from the counter
afterwards. Today's lists are looked at on another thread, every few seconds and after each verb,
so that what another desk does is seen here.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from kitloan.errors import KitloanError
from kitloan.storage.files import desk_log
from kitloan.text.dates import instant, uk_instant
from kitloan_tui import faultlog, settings
from kitloan_tui.banners import Banners
from kitloan_tui.messages import Looked
from kitloan_tui.screens.home import Home
from kitloan_tui.settings import Settings
from kitloan_tui.theme import THEMES
from kitloan_tui.verdict import Verdict
from kitloan_tui.widgets.panels import Heading

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan_tui.counter import Counter
    from kitloan_tui.lookups import Board

Act = Callable[["Counter"], object]


@runtime_checkable
class ShowsStore(Protocol):
    """A screen that shows what is in the store."""

    def refresh_data(self) -> None:
        """Look up again what it shows."""
        ...


class Looking(Banners):
    """An app with a counter behind it, once the store is open, and home in front of it.

    Args:
        chosen: the user's settings.
        settings_file: where they are kept for next time; nowhere when None.
        log: where unexpected errors are written; the user's own state folder when None.
    """

    def __init__(self, chosen: Settings, settings_file: Path | None, log: Path | None) -> None:
        super().__init__()
        self.animation_level = "none"
        self.settings = chosen
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = THEMES[chosen.theme].name
        self.set_keymap({name: key for name, key in chosen.keys.items() if key})
        self.counter: Counter | None = None
        self.home = Home(self._complete, chosen)
        self._settings_file = settings_file
        self._fault_log = log or desk_log()
        self._board: Board | None = None
        self._seen: object = None
        self._trouble = ""
        self._looking = self._look_once_more = False

    def get_default_screen(self) -> Home:
        """Start at home, so that nothing is painted twice."""
        return self.home

    def _complete(self, text: str) -> str | None:
        try:
            return self.counter.complete(text) if self.counter else None
        except KitloanError:  # a store out of reach is told when something is asked of it
            return None

    def keep(self, **said: str | int | None) -> KitloanError | None:
        """Keep some settings, for next time too; gives what stands in the way of that."""
        self.settings = replace(self.settings, **said)  # type: ignore[arg-type]  # by their names
        if self._settings_file is None:
            return None
        try:
            settings.keep(self._settings_file, self.settings, list(said))
        except KitloanError as problem:
            return problem
        return None

    # -- doing ------------------------------------------------------------------------------------

    def _do(self, act: Act) -> None:
        """Do one thing at the counter, ring for a refusal, and draw what came of it."""
        assert self.counter is not None  # noqa: S101  # callers look first; mypy cannot
        before = self.counter.diary.refusals
        try:
            act(self.counter)
        except Exception as problem:  # the desk goes on, whatever it was
            self.counter.diary.record(self.fault(problem))
        if self.counter.diary.refusals > before:
            self.bell()
        self.home.give_back(self.counter.refused_text)
        self._draw()
        self.look_again()

    def do_beside(self, act: Act) -> Verdict:
        """Have the counter do what a screen of the house asks for; gives what it says."""
        assert self.counter is not None  # noqa: S101  # such a screen is made with the counter
        self._do(act)
        return self.counter.verdict

    def fault(self, problem: Exception) -> Verdict:
        """Something that nobody expected, in words; it is written to the log."""
        return faultlog.fault(problem, self._fault_log)

    def _say(self, hint: str) -> None:
        if self.counter:
            self.counter.diary.note(hint)
            self._draw()

    # -- looking ----------------------------------------------------------------------------------

    @property
    def looking(self) -> bool:
        """Whether the store is being looked at on a thread."""
        return self._looking

    def look_again(self) -> None:
        """Look, on a thread, for what has changed in the store, here or at another desk."""
        if self.counter is None:
            return
        if self._looking:
            self._look_once_more = True
            return
        self._looking, self._look_once_more = True, False
        self.run_worker(
            partial(self._look, self.counter), thread=True, exit_on_error=False, group="looking"
        )

    def _look(self, counter: "Counter") -> None:
        """On a thread: today's lists, when something has changed since they were looked at."""
        from kitloan.ledger.clocks import warning
        from kitloan_tui import lookups

        session = counter.kitloan.session
        try:
            pulse = lookups.pulse(session)
            board = lookups.board(session) if pulse != self._seen else self._board
            self.post_message(Looked(board, pulse, clock=warning(session)))
        except KitloanError as error:
            self.post_message(Looked(self._board, self._seen, error.message))
        except Exception as problem:  # the lists are no reason to stop
            self.post_message(Looked(self._board, self._seen, self.fault(problem).text))

    def on_looked(self, event: Looked) -> None:
        """Show what a look at the store found; nothing is painted for nothing."""
        self._looking = False
        if not self.home.query(Heading):  # the desk is being closed
            return
        self.across("out-of-reach", f"! {event.trouble}" if event.trouble else "")
        self.show_clock(event.clock)
        changed = (event.board, event.trouble) != (self._board, self._trouble)
        news = event.pulse != self._seen
        self._board, self._seen, self._trouble = event.board, event.pulse, event.trouble
        if news and isinstance(self.screen, ShowsStore):
            self.screen.refresh_data()
        if self._look_once_more:
            self.look_again()
        if changed:
            self._draw()
        elif self.counter:
            self._show_heading(self.counter.kitloan)

    # -- drawing ----------------------------------------------------------------------------------

    def _draw(self) -> None:
        """Draw the counter as it stands, beside the lists as they were looked at last."""
        if self.counter is None or self._board is None:
            return
        notes = [f"! The lists may be old: {self._trouble}"] if self._trouble else []
        try:
            self._show_heading(self.counter.kitloan)
            self.home.show(self.counter, self._board, notes)
        except Exception as problem:  # what cannot be drawn must not stop the counter
            self.home.show_verdict(self.fault(problem))

    def _show_heading(self, kitloan: "College") -> None:
        now = uk_instant(instant(kitloan.session.clock()))
        for heading in self.home.query(Heading):  # a look may end while the desk is closing
            heading.show(kitloan.college_name, f"{kitloan.session.actor}   {now}")
