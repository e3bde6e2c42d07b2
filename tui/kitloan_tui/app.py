"""The desk as a program: where keys, scans, clicks and actions go.

It paints first and opens the store behind the paint, on a thread; what is scanned or typed until
then waits in order, in sight. From then on everything runs on one thread, one thing after the
other: a scan is a step at the counter, a step is about a millisecond, and the screen is drawn from
the counter's state afterwards. Today's lists are looked up on another thread, once the desk is
ready, every few seconds and after each step, so that what another desk does is seen here. They
are looked up once the verdict is painted: two threads at a time would paint it later.

Nothing here loads the store's libraries while the module is imported, nor screens that are not the
first.
"""

import os
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.theme import Theme
from textual.widgets import Input
from textual.worker import active_worker

from kitloan.errors import KitloanError
from kitloan.storage.user_files import desk_log
from kitloan.text.dates import instant, uk_instant
from kitloan.text.scans import COMMANDS
from kitloan_tui import faultlog, keys, settings
from kitloan_tui.actions import ACTIONS, BY_ID, Action, why_not
from kitloan_tui.counter.state import CounterState, FrontEnd
from kitloan_tui.counter.status import waiting_line
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.garbage import Garbage
from kitloan_tui.protocols import (
    CounterStep,
    CoversDesk,
    DeskHost,
    HasTheDesk,
    Performs,
    ShowsStore,
    ShowsViews,
    ShowsWaiting,
    TakesKeys,
    TakesScans,
)
from kitloan_tui.scanning import Scanned, ScanRouter, character_of
from kitloan_tui.screens.home import Home
from kitloan_tui.settings import DeskSettings
from kitloan_tui.theme import STYLE, THEMES
from kitloan_tui.widgets.omnibox import Omnibox
from kitloan_tui.widgets.panels import Banner, Heading, KeyBar

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.storage.store import Store
    from kitloan_tui.labels import Press
    from kitloan_tui.screens.start import CollegeChosen
    from kitloan_tui.today import Board
    from kitloan_tui.widgets.camera import CameraLine, Looks

LOOK_AGAIN_SECONDS = 5
TERMINAL_SECONDS = 2.0
"""Between two looks at whether the terminal is still there."""

NOT_LISTENING = "! NOT LISTENING: another window has the keyboard. Click here, then scan again."

CANCEL_STEPS = 5_000
"""Steps of an SQLite statement between two looks for a cancelled worker: 0.2 ms or so."""

_VERBS = frozenset([*COMMANDS.values(), "clear", "redo", "use"])
"""What the counter does by a key, a card or a word."""

_LISTENING = frozenset({"booking", "narrow"})
"""The lines of screens that show, plan or book what is typed, and settle no question or form."""


class StoreOpened(Message):
    """A thread has opened the store: its counter, and what is wrong with the clock."""

    def __init__(self, college: "College", state: CounterState, clock: str = "") -> None:
        super().__init__()
        self.college = college
        self.state = state
        self.clock = clock


class StoreFailed(Message):
    """A thread could not open the store."""

    def __init__(self, message: str, hint: str, code: str = "") -> None:
        super().__init__()
        self.code = code
        self.message = message
        self.hint = hint


class Refreshed(Message):
    """A thread looked the store up: today's lists, as of when, what prevented it; the clock."""

    def __init__(
        self, board: "Board | None", pulse: object, trouble: str = "", clock: str = ""
    ) -> None:
        super().__init__()
        self.board = board
        self.pulse = pulse
        self.trouble = trouble
        self.clock = clock


class DeskApp(ScanRouter, App[None]):
    """The terminal desk.

    Args:
        opener: opens the store; called on a thread, after the first paint.
        chosen: the user's settings.
        complaint: what was wrong with them, to be shown once the desk is open.
        press: prints labels.
        starter: starts the store of a college, or one to `play` with, where there is none yet.
        settings_file: where the settings are saved for next time; nowhere when None.
        log: where unexpected errors are written; the user's own log folder when None.
        camera: looks through a camera, whose codes are scans too; None for no camera.
    """

    CSS_PATH = STYLE
    TITLE = "kitloan"
    ENABLE_COMMAND_PALETTE = False
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012  # Textual declares it without ClassVar
        (0, "-short"),
        (32, "-tall"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        # An action without a key has one that no terminal sends, until the user gives it another.
        Binding(
            a.key or f"none-{a.id}",
            f"perform('{a.id}')",
            a.label,
            id=a.id,
            show=a.in_bar,
            priority=True,
        )
        for a in ACTIONS
        if a.bound
    ]

    def __init__(
        self,
        opener: "Callable[[], College]",
        *,
        chosen: DeskSettings | None = None,
        complaint: KitloanError | None = None,
        press: "Press | None" = None,
        starter: "Callable[[str], College] | None" = None,
        settings_file: Path | None = None,
        log: Path | None = None,
        camera: "Looks | None" = None,
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self.settings = chosen or DeskSettings()
        for theme in THEMES.values():
            self.register_theme(theme)
        self._begin_with(THEMES[self.settings.theme])
        self.set_keymap({name: key for name, key in self.settings.keys.items() if key})
        self.press = press
        self.home = Home(self._complete, self.settings)
        self._opener = opener
        self._starter = starter
        self._complaint = complaint
        self._settings_file = settings_file
        self._fault_log = log or desk_log()
        self._camera = camera
        self._open: tuple[CounterState, College] | None = None
        self._early: list[tuple[str, CounterStep]] = []
        self._board: Board | None = None
        self._pulse: object = None
        self._trouble = ""
        self._is_refreshing = self._refresh_once_more = False
        self._garbage = Garbage(lambda: self.holding_keys)

    def _begin_with(self, theme: Theme) -> None:
        """Set the first theme before any style is read: a change of it reads them all again."""
        self.set_reactive(App.theme, theme.name)
        self.set_class(theme.dark, "-dark-mode", update=False)
        self.set_class(not theme.dark, "-light-mode", update=False)
        self.stylesheet.set_variables(self.get_css_variables())

    def get_default_screen(self) -> Home:
        """Start at home, so that nothing is painted twice."""
        return self.home

    @property
    def is_open(self) -> bool:
        """Whether the store is open."""
        return self._open is not None

    @property
    def state(self) -> CounterState:
        """The counter, once the store is open."""
        assert self._open is not None  # noqa: S101  # callers look at `is_open`; mypy cannot
        return self._open[0]

    @property
    def college(self) -> "College":
        """The store, once it is open."""
        assert self._open is not None  # noqa: S101
        return self._open[1]

    @property
    def top_screen(self) -> Screen[object]:
        """The screen that is shown."""
        return self.screen

    # -- opening the store ------------------------------------------------------------------------

    def on_ready(self) -> None:
        """Paint, then open the store."""
        self.call_after_refresh(self.open_store)
        self.set_interval(LOOK_AGAIN_SECONDS, self.refresh_lists)
        if _has_terminal():
            self.set_interval(TERMINAL_SECONDS, _leave_with_terminal)

    def open_store(self) -> None:
        """Open it on a thread."""
        self.run_worker(self._open_store, thread=True, exit_on_error=False, group="opening")

    def _open_store(self) -> None:
        """On a thread: load the libraries and open the store."""
        try:
            from kitloan.ledger.own_clock import warning
            from kitloan_tui.counter import steps

            college = self._opener()
            state = steps.open_counter(college, FrontEnd(shows_labels=self.press is not None))
            _break_off_when_cancelled(college.session.store)
            self.post_message(StoreOpened(college, state, warning(college.session)))
        except KitloanError as error:
            from kitloan_tui.counter.refusals import next_step

            self.post_message(StoreFailed(error.message, next_step(error), error.code))
        except Exception as problem:  # whatever it is, the screen must show it
            where = faultlog.write(problem, self._fault_log)
            self.post_message(StoreFailed("Something went wrong while opening the store.", where))

    def on_store_opened(self, event: StoreOpened) -> None:
        """Take what waited, in order."""
        from kitloan_tui.counter import refusals, steps

        self._open = (event.state, event.college)
        self._show_clock(event.clock)
        if event.state.is_national:
            self.call_later(self._open_action_screen, BY_ID["national"])
        if self._complaint:
            steps.show(self.state, self.college, refusals.shown(self._complaint))
            self.bell()
        early, self._early = self._early, []
        for _, step in early:
            self.do(step)
        if self._camera:
            from kitloan_tui.widgets.camera import CameraLine  # only a desk with a camera has it

            self.home.mount(CameraLine(self._camera), before=self.home.query_one(KeyBar))
        self._draw()
        self.call_after_refresh(self.refresh_lists)  # that a scan can be taken is shown first

    def on_store_failed(self, event: StoreFailed) -> None:
        """Show why, over the whole screen; where there is no store yet, offer to start one."""
        from kitloan_tui.screens.start import FirstRun, Trouble

        if event.code == "no_store" and self._starter:
            self.push_screen(FirstRun(event.message, self._early_line()))
            return
        lost = f"\n\n{self._early_line()}" if self._early else ""
        self.push_screen(Trouble(event.message, event.hint + lost))

    def on_college_chosen(self, event: "CollegeChosen") -> None:
        """Start the store that was chosen, on the thread that opens stores."""
        starter = self._starter
        if starter is not None:
            self._opener = partial(starter, event.college)
            self.pop_screen()
            self.open_store()

    def _take(self, text: str, step: CounterStep) -> None:
        """Do what came in, or keep it until the store is open."""
        if self.is_open:
            self.do(step)
            return
        self._early.append((text, step))
        self.home.show_status([self._early_line()])
        for screen in self.screen_stack:
            if isinstance(screen, ShowsWaiting):
                screen.show_waiting(self._early_line())

    def _early_line(self) -> str:
        """What waits for the store, in words; empty for nothing."""
        return waiting_line([text for text, _ in self._early]) if self._early else ""

    # -- what comes in ----------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """A key that arrives shows that the desk listens, whatever the terminal has reported."""
        if isinstance(event, events.Key | events.Paste) and not self.app_focus:
            self.app_focus = True
        if isinstance(event, events.Key) and isinstance(self.screen, TakesKeys):
            character = character_of(event)
            if character and not event.is_forwarded:
                self.screen.take_key(character, event.time)
                return
        await super().on_event(event)

    def on_camera_line_code_seen(self, event: "CameraLine.CodeSeen") -> None:
        """A code that comes into the camera's view is a scan; the scanner check gets its keys."""
        if isinstance(self.screen, TakesKeys):
            for character in f"{event.text}\r":
                self.screen.take_key(character, event.time)
        else:
            self.post_message(Scanned(event.text, event.time))

    def is_for_line(self, text: str) -> bool:
        """Whether words that came as fast as a scan are for a line of the screen over the counter.

        The counter's own line has rules of its own, and a stocktake has every scan.
        """
        if not self.is_open or self.screen is self.home or not isinstance(self.focused, Input):
            return False
        if any(isinstance(screen, HasTheDesk) for screen in self.screen_stack):
            return False
        from kitloan_tui.counter import codes

        try:
            return codes.is_typing(self.college, text)
        except Exception:  # whatever it was is shown by what a scan comes to
            return False

    def is_enter_safe(self) -> bool:
        """Whether Enter in the line that has the focus only shows, plans or books.

        A question or a form it would settle; nothing that may be a code on a wall shall do that.
        """
        return self.focused is not None and self.focused.id in _LISTENING

    def on_scanned(self, event: Scanned) -> None:
        """Take a scan, whatever is on the screen."""
        if alone := self._screen_alone():
            alone.take_scan(event.text)
            return
        if isinstance(self.screen, TakesScans) and self.screen.take_scan(event.text):
            return
        self._go_home()
        before = self._on_counter
        self._take(event.text, _scan_step(event.text, event.time))
        if self._on_counter != before:  # what was half typed was typed of something else
            self.home.query_one(Omnibox).select_all()

    @property
    def _on_counter(self) -> object:
        """What a half-typed line is about."""
        return self.is_open and (self.state.question, self.state.basket)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take a typed line."""
        text = event.value
        event.input.clear()
        if text or self.is_open:
            self._take(text, _line_step(text))

    def type_line(self, line: str) -> None:
        """Do what typing this line does: for the palette, and for screens that pick something."""
        if alone := self._screen_alone():
            alone.hold_back("")
            return
        self._go_home()
        self._take(line, _line_step(line))

    def _complete(self, text: str) -> str | None:
        if not self.is_open:
            return None
        from kitloan_tui.counter import steps

        try:
            return steps.complete(self.state, self.college, text)
        except KitloanError:  # a store out of reach: shown when something is asked of it
            return None

    # -- actions ----------------------------------------------------------------------------------

    def on_key_bar_chosen(self, event: KeyBar.Chosen) -> None:
        """A click in the bar is the key."""
        self.action_perform(event.action)

    def action_perform(self, name: str) -> None:
        """Do what a row of the actions is for, or show why not."""
        own: dict[str, Callable[[], object]] = {
            "help": self._help,
            "palette": self._palette,
            "home": self._back,
            "page_up": lambda: self._page(-1),
            "page_down": lambda: self._page(1),
            "theme": self._next_theme,
            "quit": self._quit,
        }
        if name in _VERBS and (alone := self._screen_alone()):
            alone.hold_back(name)
            return
        action = BY_ID[name]
        if action.of_holding and isinstance(self.screen, Performs) and self.screen.perform(name):
            return
        reason = why_not(action, self.state if self.is_open else None)
        if reason:
            self._note(reason)
        elif action.of_holding:
            self.open_holding(self.state.recent[0].tag, name)
        elif isinstance(self.screen, Performs) and self.screen.perform(name):
            return
        elif name in own:
            own[name]()
        elif action.screen:
            self._open_action_screen(action)
        else:
            self._go_home()
            self._take("", _command_step(name))

    def _help(self) -> None:
        from kitloan_tui.screens.help import Help, help_for

        if not isinstance(self.screen, Help):
            focused = self.focused or self.screen
            about = help_for(focused.ancestors_with_self)
            state = self.state if self.is_open else None
            self.push_screen(Help(state, self.settings.keys, about))

    def _page(self, way: int) -> None:
        """Show what is above, or below, where a screen has more than it can show.

        Below the foot of what a search found is the rest of it.
        """
        is_found = way > 0 and self.screen is self.home and self.is_open and self.state.step.more
        for body in self.screen.query("#body").results(VerticalScroll):
            if is_found and body.scroll_target_y >= body.max_scroll_y:
                self.do(_command_step("page_down"))
            else:
                body.scroll_page_down() if way > 0 else body.scroll_page_up()

    def _quit(self) -> None:
        """Close; where something is open, ask once. The key once more means yes."""
        from kitloan_tui.screens.confirm import ConfirmClosing

        if isinstance(self.screen, ConfirmClosing):
            if not self.screen.is_deaf:
                self.exit()
            return
        unfinished = ""
        if self.is_open:
            from kitloan_tui.counter import sentences

            unfinished = sentences.unfinished(self.state)
        if unfinished:
            key = keys.in_sentence(self.settings.keys["quit"])
            self.push_screen(ConfirmClosing(unfinished, key, self.exit))
        else:
            self.exit()

    def _next_theme(self) -> None:
        names = [theme.name for theme in THEMES.values()]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        chosen = next(name for name, theme in THEMES.items() if theme.name == self.theme)
        problem = self.save_settings(theme=chosen)
        self._note(f"Theme: {chosen}." + (f" Not kept: {problem.message}" if problem else ""))

    def save_settings(self, **changed: str | int | None) -> KitloanError | None:
        """Change settings for now and for next time; gives what prevents saving them."""
        self.settings = replace(self.settings, **changed)  # type: ignore[arg-type]  # by their names
        if self._settings_file is None:
            return None
        try:
            settings.save(self._settings_file, self.settings, list(changed))
        except KitloanError as problem:
            return problem
        return None

    def _palette(self) -> None:
        from kitloan_tui.screens.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    # -- screens ----------------------------------------------------------------------------------

    def open_screen(self, screen: Screen[None]) -> None:
        """Show this screen over the one that is shown."""
        self.push_screen(screen)

    def close_screen(self) -> None:
        """Go back one screen."""
        self.pop_screen()

    def _open_action_screen(self, action: Action) -> None:
        """Open the screen that a row of the actions names; it is loaded when it is first used."""
        module, _, name = action.screen.partition(":")
        screen: Callable[[DeskHost], Screen[None]] = getattr(import_module(module), name)
        self._go_home()
        self.push_screen(screen(self))

    def open_take_in(self) -> None:
        """Open the form for the label that the counter asks about, unless something is open."""
        if self.screen is self.home and self.is_open and self.state.question:
            self._open_action_screen(BY_ID["take_in"])

    def open_holding(self, tag: str, begin: str = "") -> None:
        """Open one holding's page over the counter, and begin an action of it there."""
        from kitloan_tui.screens.holding import HoldingPage

        if self.is_open:
            self._go_home()
            self.push_screen(HoldingPage(self, tag, begin))

    def open_view(self, name: str, view: str) -> None:
        """Open an action's screen on one of its views; on its usual one for an empty name."""
        self.action_perform(name)
        screen = self.screen
        if view and isinstance(screen, ShowsViews):
            screen.show_view(view)

    def open_labels(self, tag: str) -> None:
        """Open the sheet for one holding's label, over what is on the screen."""
        from kitloan_tui.screens.labels import Labels

        if self.is_open and not isinstance(self.screen, Labels):
            self.push_screen(Labels(self, (tag,)))

    def open_use_form(self, loan: str) -> None:
        """Open the form of what a loan was used for, over the counter."""
        from kitloan_tui.screens.uses import UseForm

        if self.screen is self.home and self.is_open:
            self.push_screen(UseForm(self, loan))

    def _open_what_step_shows(self) -> None:
        """Have a screen open over what came of the last step, where it has one of its own."""
        match self.state.step.opens:
            case ("take_in", _):
                self.call_later(self.open_take_in)
            case ("holding", tag):
                self.call_later(self.open_holding, tag)
            case ("labels", tag):
                self.call_later(self.open_labels, tag)
            case ("use", loan):
                self.call_later(self.open_use_form, loan)

    def _back(self) -> None:
        """Esc: leave the help, else empty the line, else leave what is open at the counter."""
        line = self.home.query_one(Omnibox)
        if self.screen is not self.home:
            if not isinstance(self.screen, CoversDesk):
                self.pop_screen()
        elif line.value:
            line.clear()
        elif self.home.leave_row():
            return
        elif self.is_open:
            self.do(_escape_step)

    def _go_home(self) -> None:
        """Close whatever is over the counter; that there is no store yet stays shown."""
        self._go_down_to(self.home)

    def _screen_alone(self) -> HasTheDesk | None:
        """The screen that has the desk to itself, if one is open; what was over it is closed."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, HasTheDesk):
                self._go_down_to(screen)
                return screen
        return None

    def _go_down_to(self, below: object) -> None:
        while self.screen is not below and not isinstance(self.screen, CoversDesk):
            self.workers.cancel_node(self.screen)  # now: what comes next must not wait for them
            self.pop_screen()

    # -- doing ------------------------------------------------------------------------------------

    def do(self, step: CounterStep) -> Verdict:
        """Do one step at the counter, ring for a refusal, draw it, and give what came of it."""
        from kitloan_tui.counter import steps

        state, before = self.state, self.state.refusals
        opens = state.step.opens
        try:
            step(state, self.college)
        except Exception as problem:  # the desk goes on, whatever it was
            steps.show(state, self.college, self.fault(problem))
        if state.refusals > before:
            self.bell()
        if state.step.opens is not opens:
            self._open_what_step_shows()
        self.home.give_back(state.refused_text)
        self._draw()
        self._refresh_once_more = True
        self.call_after_refresh(self._after_verdict)
        return state.verdict

    def _after_verdict(self) -> None:
        """The verdict is painted, and nobody has answered it yet."""
        self.refresh_lists()
        self._garbage.collect_soon()

    def fault(self, problem: Exception) -> Verdict:
        """Log what nobody expected, and give it in words."""
        return faultlog.fault(problem, self._fault_log)

    def _note(self, hint: str) -> None:
        if self.is_open:
            from kitloan_tui.counter import steps

            steps.note(self.state, hint)
            self._draw()

    # -- today's lists ----------------------------------------------------------------------------

    @property
    def is_refreshing(self) -> bool:
        """Whether the lists are being looked up on a thread, or will be."""
        return self._is_refreshing or self._refresh_once_more

    def refresh_lists(self) -> None:
        """Look up, on a thread, what has changed in the store, here or at another desk."""
        if not self.is_open:
            return
        if self._is_refreshing:
            self._refresh_once_more = True
            return
        self._is_refreshing, self._refresh_once_more = True, False
        self.run_worker(
            partial(self._look_up, self.college), thread=True, exit_on_error=False, group="looking"
        )

    def _look_up(self, college: "College") -> None:
        """On a thread: today's lists, when something has changed since they were looked up."""
        try:
            from kitloan.ledger.own_clock import warning
            from kitloan_tui import lookups, today

            session = college.session
            pulse = lookups.pulse(session)
            board = today.board(session) if pulse != self._pulse else self._board
            self.post_message(Refreshed(board, pulse, clock=warning(session)))
        except KitloanError as error:
            self.post_message(Refreshed(self._board, self._pulse, error.message))
        except Exception as problem:  # the lists are no reason to stop
            self.post_message(Refreshed(self._board, self._pulse, self.fault(problem).text))

    def on_refreshed(self, event: Refreshed) -> None:
        """Show what was looked up; nothing is painted for nothing."""
        self._is_refreshing = False
        if not self.home.query(Heading):  # the desk is being closed
            return
        self._show_banner("out-of-reach", f"! {event.trouble}" if event.trouble else "")
        self._show_clock(event.clock)
        changed = (event.board, event.trouble) != (self._board, self._trouble)
        news = event.pulse != self._pulse
        self._board, self._pulse, self._trouble = event.board, event.pulse, event.trouble
        if news and isinstance(self.screen, ShowsStore):
            self.screen.refresh_data()
        if self._refresh_once_more:
            self.refresh_lists()
        if changed:
            self._draw()
        elif self.is_open:
            self._show_heading()

    # -- drawing ----------------------------------------------------------------------------------

    def _draw(self) -> None:
        """Draw the counter as it is now, beside the lists as they were looked up last."""
        if not self.is_open:
            return
        notes = [f"! The lists may be old: {self._trouble}"] if self._trouble else []
        try:
            self._show_heading()
            self.home.show(self.state, self._board, self.college.session.today, notes)
        except Exception as problem:  # what cannot be drawn must not stop the counter
            self.home.show_verdict(self.fault(problem))

    def _show_heading(self) -> None:
        now = uk_instant(instant(self.college.session.clock()))
        for heading in self.home.query(Heading):  # a look may end while the desk is closing
            heading.show(self.college.college_name, f"{self.college.session.actor}   {now}")

    def watch_app_focus(self, focus: bool) -> None:
        """Show across the screen that scans are going somewhere else."""
        self._show_banner("not-listening", "" if focus else NOT_LISTENING)

    def _show_clock(self, warning: str) -> None:
        """Show what is wrong with this computer's clock, until an entry is made by it."""
        self._show_banner("clock", f"! {warning}" if warning else "")

    def _show_banner(self, name: str, text: str) -> None:
        """Show a banner over the whole width, or take it away when there is no text."""
        if not text:
            for screen in self.screen_stack:
                screen.query(Banner).filter(f"#{name}").remove()
        elif not self.screen.query(f"#{name}"):
            self.screen.mount(Banner(text, id=name), before=0)


# -- steps, which load the counter when they are done ---------------------------------------------


def _scan_step(text: str, at: float) -> CounterStep:
    def step(state: CounterState, college: "College") -> Verdict:
        from kitloan_tui.counter import steps

        return steps.scan(state, college, text, at)

    return step


def _line_step(text: str) -> CounterStep:
    def step(state: CounterState, college: "College") -> Verdict:
        from kitloan_tui.counter import steps

        return steps.submit(state, college, text)

    return step


def _command_step(name: str) -> CounterStep:
    def step(state: CounterState, college: "College") -> Verdict:
        from kitloan_tui.counter import steps

        return steps.command(state, college, name)

    return step


def _escape_step(state: CounterState, college: "College") -> Verdict:
    from kitloan_tui.counter import steps

    return steps.escape(state, college)


# -- the store and the terminal -------------------------------------------------------------------


def _break_off_when_cancelled(store: "Store") -> None:
    """Have a file's statements break off when the worker that asked has been cancelled.

    A store in a file cannot commit while somebody reads it: a scan would wait until a list of a
    hundred thousand holdings has been looked up that nobody wants any more. A server has no such
    wait, and is left alone.
    """
    from sqlalchemy import event

    def watch(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_progress_handler(_is_cancelled, CANCEL_STEPS)

    if store.is_sqlite:
        event.listen(store.engine, "checkout", watch)
        store.release()  # those that were taken before are not watched


def _is_cancelled() -> int:
    """Whether nobody waits for this any more; steps at the counter run for no worker."""
    worker = active_worker.get(None)
    return int(worker is not None and worker.is_cancelled)


def _has_terminal() -> bool:
    """Whether the program reads from a terminal that is there."""
    on_windows: bool = sys.platform == "win32"  # which ends a console's programs itself
    if on_windows or sys.__stdin__ is None:
        return False
    termios: Any = import_module("termios")  # Windows has none, and its type checker knows it
    try:
        termios.tcgetattr(sys.__stdin__.fileno())
    except (termios.error, OSError, ValueError):
        return False
    return True


def _leave_with_terminal() -> None:
    """End with the terminal: a window that was closed must not leave a desk behind.

    Closing a window sends the program a hang-up, but a program that was started to outlive its
    parent ignores those; it would then read nothing from a terminal that is gone, as fast as it
    can. Textual's own way out writes to the terminal first, and waits for ever when there is none.
    So the process ends here, between two steps, each of which is a transaction of its own.
    """
    if not _has_terminal():
        _end_process()


def _end_process() -> NoReturn:
    os._exit(0)


def run(
    opener: "Callable[[], College]",
    *,
    settings_file: Path | None = None,
    press: "Press | None" = None,
    starter: "Callable[[str], College] | None" = None,
    log: Path | None = None,
    camera: "Looks | None" = None,
) -> None:
    """Open the desk, and come back when it is closed.

    Args:
        opener: opens the store, as `kitloan.open` does; called after the first paint.
        settings_file: the user's theme and keys; in the user's own folder when None.
        press: prints labels.
        starter: starts a store where there is none yet; see `DeskApp`.
        log: where unexpected errors are written; the user's own log folder when None.
        camera: looks through a camera; see `DeskApp`.
    """
    place = settings_file or settings.default_place()
    chosen, complaint = settings.usable(place)
    desk = DeskApp(
        opener,
        chosen=chosen,
        complaint=complaint,
        press=press,
        starter=starter,
        settings_file=place,
        log=log,
        camera=camera,
    )
    try:
        desk.run()
    finally:
        if desk.is_open:
            desk.college.close()
