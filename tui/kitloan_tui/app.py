"""The desk as a program: it paints first, opens the store behind the paint, and then works.

Nothing here loads the store's libraries while the module is imported. They load on a thread once
the first screen is up; what is scanned or typed until then waits in order, in sight. From then on
everything runs on one thread, one thing after the other: a scan is a verb of the `Counter`, a
verb is about a millisecond, and the screen is drawn from the counter afterwards.
"""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Input

from kitloan.calendar import instant, uk_instant
from kitloan.errors import KitloanError
from kitloan_tui import faultlog, hangup, settings
from kitloan_tui.actions import ACTIONS, BY_ID, Action, why_not
from kitloan_tui.banners import Banners
from kitloan_tui.messages import Chosen, Looked, StoreFailed, StoreOpened
from kitloan_tui.scanning import HearsKeys, Performs, Scanned, ScanRouter, TakesScans, character_of
from kitloan_tui.screens.help import Help, help_for
from kitloan_tui.screens.home import Home
from kitloan_tui.screens.trouble import Trouble
from kitloan_tui.settings import Settings
from kitloan_tui.standing import waiting
from kitloan_tui.theme import THEMES
from kitloan_tui.verdict import Verdict
from kitloan_tui.widgets.omnibox import Omnibox
from kitloan_tui.widgets.panels import Heading, KeyHint

if TYPE_CHECKING:
    from kitloan.library import Kitloan
    from kitloan_tui.counter import Counter, PrintLabel
    from kitloan_tui.lookups import Board

LOOK_AGAIN_SECONDS = 5

Act = Callable[["Counter"], object]


class Desk(ScanRouter, Banners):
    """The terminal desk.

    Args:
        opener: opens the store; called on a thread, after the first paint.
        chosen: the user's theme and keys.
        complaint: what was wrong with them, to be told once the desk is open.
        print_label: puts a holding's label on paper; see `kitloan_tui.counter`.
        starter: starts the store of a college, or one to `play` with, where there is none yet.
        log: where unexpected errors are written; the user's own state folder when None.
    """

    CSS_PATH = Path(__file__).with_name("kitloan.tcss")
    TITLE = "kitloan"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  # Textual declares it without ClassVar
        (0, "-narrow"),
        (120, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
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
        opener: Callable[[], "Kitloan"],
        *,
        chosen: Settings | None = None,
        complaint: KitloanError | None = None,
        print_label: "PrintLabel | None" = None,
        starter: Callable[[str], "Kitloan"] | None = None,
        log: Path | None = None,
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self.settings = chosen or Settings()
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = THEMES[self.settings.theme].name
        self.set_keymap({name: key for name, key in self.settings.keys.items() if key})
        self.counter: Counter | None = None
        self.home = Home(self._complete, self.settings)
        self._opener = opener
        self._complaint = complaint
        self._starter = starter
        self._print_label = print_label
        self._fault_log = log or faultlog.default_place()
        self._early: list[tuple[str, Act]] = []
        self._board: Board | None = None
        self._seen: object = None
        self._trouble = ""
        self._looking = self._look_once_more = False

    def get_default_screen(self) -> Home:
        """Start at home, so that nothing is painted twice."""
        return self.home

    def on_ready(self) -> None:
        """Paint, then open the store."""
        self.call_after_refresh(
            self.run_worker, self._open, thread=True, exit_on_error=False, group="opening"
        )
        self.set_interval(LOOK_AGAIN_SECONDS, self.look_again)
        if hangup.has_terminal():
            self.set_interval(hangup.LOOK_EVERY, self._leave_with_terminal)

    def _leave_with_terminal(self) -> None:
        if not hangup.has_terminal():
            self.exit()

    # -- opening ----------------------------------------------------------------------------------

    def _open(self) -> None:
        """On a thread: load the libraries, open the store, and say so."""
        try:
            from kitloan_tui import lookups
            from kitloan_tui.counter import Counter

            counter = Counter(self._opener(), self._print_label)
            self.post_message(StoreOpened(counter, lookups.board(counter.kitloan.session)))
        except KitloanError as error:
            self.post_message(StoreFailed(error.message, error.hint, error.code))
        except Exception as problem:  # whatever it is, the person must be told on the screen
            where = faultlog.write(problem, self._fault_log)
            self.post_message(StoreFailed("Something went wrong while opening the store.", where))

    def on_store_opened(self, event: StoreOpened) -> None:
        """Take what waited, in order."""
        self.counter, self._board = event.counter, event.board
        self._offer_form(event.counter)
        if complaint := self._complaint:
            self._do(lambda counter: counter.complain(complaint))
        early, self._early = self._early, []
        for _, act in early:
            self._do(act)
        self._draw()
        self.look_again()

    def _offer_form(self, counter: "Counter") -> None:
        """Have the form open over the counter's own question about a label nobody knows."""
        ask = counter.take_in

        def take_in(tag: str) -> Verdict:
            self.call_later(self.open_take_in)
            return ask(tag)

        counter.take_in = take_in

    def on_chosen(self, event: Chosen) -> None:
        """Start the store that was chosen, on the thread that opens stores."""
        starter = self._starter
        if starter is not None:
            self._opener = partial(starter, event.college)
            self.pop_screen()
            self.run_worker(self._open, thread=True, exit_on_error=False, group="opening")

    def on_store_failed(self, event: StoreFailed) -> None:
        """Say why, over the whole screen; where there is no store yet, offer to start one."""
        if event.code == "no_store" and self._starter:
            from kitloan_tui.screens.first_run import FirstRun

            self.push_screen(FirstRun(event.message))
            return
        lost = f"\n\n{waiting([text for text, _ in self._early])}" if self._early else ""
        self.push_screen(Trouble(event.message, event.hint + lost))

    # -- what comes in ----------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """A key that arrives shows that the desk listens, whatever the terminal has said."""
        if isinstance(event, events.Key | events.Paste):
            self.listens()
        if isinstance(event, events.Key) and isinstance(self.screen, HearsKeys):
            character = character_of(event)
            if character and not event.is_forwarded:
                self.screen.hear(character, event.time)
                return
        await super().on_event(event)

    def on_scanned(self, event: Scanned) -> None:
        """Take a scan, whatever is on the screen."""
        if isinstance(self.screen, TakesScans) and self.screen.take_scan(event.text):
            return
        self._go_home()
        self._take(event.text, lambda counter: counter.scan(event.text, event.time))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take a typed line."""
        text = event.value
        event.input.clear()
        if text or self.counter:
            self._take(text, lambda counter: counter.submit(text))

    def type_for(self, line: str) -> None:
        """Do what typing this line does: for the palette, and for screens that pick something."""
        self._go_home()
        self._take(line, lambda counter: counter.submit(line))

    def do_beside(self, act: Act) -> Verdict:
        """Have the counter do what a screen of the house asks for; gives what it says."""
        assert self.counter is not None  # noqa: S101  # such a screen is made with the counter
        self._do(act)
        return self.counter.verdict

    def open_take_in(self) -> None:
        """Open the form for the label that the counter asks about, unless something is open."""
        if self.screen is self.home and self.counter and self.counter.question:
            self._open_screen(BY_ID["take_in"])

    def on_key_hint_chosen(self, event: KeyHint.Chosen) -> None:
        """A click in the bar is the key."""
        self.action_perform(event.action.id)

    def action_perform(self, name: str) -> None:
        """Do what a row of the actions says, or say why not."""
        own: dict[str, Callable[[], object]] = {
            "help": self._help,
            "palette": self._palette,
            "home": self._back,
            "page_up": lambda: self.screen.query_one("#body", VerticalScroll).scroll_page_up(),
            "page_down": lambda: self.screen.query_one("#body", VerticalScroll).scroll_page_down(),
            "theme": self._next_theme,
            "quit": self.exit,
        }
        reason = why_not(BY_ID[name], self.counter)
        if reason:
            self._say(reason)
        elif isinstance(self.screen, Performs) and self.screen.perform(name):
            return
        elif name in own:
            own[name]()
        elif BY_ID[name].screen:
            self._open_screen(BY_ID[name])
        else:
            self._go_home()
            self._take("", lambda counter: counter.command(name))

    def _take(self, text: str, act: Act) -> None:
        if self.counter:
            self._do(act)
            return
        self._early.append((text, act))
        self.home.show_standing([waiting([early for early, _ in self._early])])

    def _help(self) -> None:
        if not isinstance(self.screen, Help):
            focused = self.focused or self.screen
            about = help_for(focused.ancestors_with_self)
            self.push_screen(Help(self.counter, self.settings.keys, about))

    def _next_theme(self) -> None:
        names = [theme.name for theme in THEMES.values()]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    def _palette(self) -> None:
        from kitloan_tui.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def _open_screen(self, action: Action) -> None:
        """Open the screen that a row of the actions names; it is loaded when it is first used."""
        module, _, name = action.screen.partition(":")
        screen: Callable[[Counter | None], Screen[None]] = getattr(import_module(module), name)
        self._go_home()
        self.push_screen(screen(self.counter))

    def _back(self) -> None:
        """Esc: leave the help, else empty the line, else leave what is open at the counter."""
        line = self.home.query_one(Omnibox)
        if self.screen is not self.home:
            if not isinstance(self.screen, Trouble):
                self.pop_screen()
        elif line.value:
            line.clear()
        else:
            self._take("", lambda counter: counter.escape())

    def _go_home(self) -> None:
        """Close whatever lies over the counter; a store that did not open stays told."""
        while self.screen is not self.home and not isinstance(self.screen, Trouble):
            self.pop_screen()

    def _complete(self, text: str) -> str | None:
        try:
            return self.counter.complete(text) if self.counter else None
        except KitloanError:  # a store out of reach is told when something is asked of it
            return None

    # -- doing and drawing ------------------------------------------------------------------------

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
        self._draw()
        self.look_again()

    def fault(self, problem: Exception) -> Verdict:
        """Something that nobody expected, in words; it is written to the log."""
        return faultlog.fault(problem, self._fault_log)

    def _say(self, hint: str) -> None:
        if self.counter:
            self.counter.diary.note(hint)
            self._draw()

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
        from kitloan_tui import lookups

        session = counter.kitloan.session
        try:
            pulse = lookups.pulse(session)
            board = lookups.board(session) if pulse != self._seen else self._board
            self.post_message(Looked(board, pulse))
        except KitloanError as error:
            self.post_message(Looked(self._board, self._seen, error.message))
        except Exception as problem:  # the lists are no reason to stop
            self.post_message(Looked(self._board, self._seen, self.fault(problem).text))

    def on_looked(self, event: Looked) -> None:
        """Show what a look at the store found; nothing is painted for nothing."""
        self._looking = False
        self.across("out-of-reach", f"! {event.trouble}" if event.trouble else "")
        changed = (event.board, event.trouble) != (self._board, self._trouble)
        self._board, self._seen, self._trouble = event.board, event.pulse, event.trouble
        if self._look_once_more:
            self.look_again()
        if changed:
            self._draw()
        elif self.counter:
            self._show_heading(self.counter.kitloan)

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

    @property
    def looking(self) -> bool:
        """Whether the store is being looked at on a thread."""
        return self._looking

    def _show_heading(self, kitloan: "Kitloan") -> None:
        now = uk_instant(instant(kitloan.session.clock()))
        self.home.query_one(Heading).show(kitloan.college_name, f"{kitloan.session.actor}   {now}")


def run(
    opener: Callable[[], "Kitloan"],
    *,
    settings_file: Path | None = None,
    print_label: "PrintLabel | None" = None,
    starter: Callable[[str], "Kitloan"] | None = None,
    log: Path | None = None,
) -> None:
    """Open the desk, and come back when it is closed.

    Args:
        opener: opens the store, as `kitloan.open` does; called after the first paint.
        settings_file: the user's theme and keys; in the user's own folder when None.
        print_label: puts a holding's label on paper.
        starter: starts a store where there is none yet; see `Desk`.
        log: where unexpected errors are written; the user's own state folder when None.
    """
    chosen, complaint = settings.usable(settings_file or settings.default_place())
    desk = Desk(
        opener,
        chosen=chosen,
        complaint=complaint,
        print_label=print_label,
        starter=starter,
        log=log,
    )
    try:
        desk.run()
    finally:
        if desk.counter:
            desk.counter.kitloan.close()
