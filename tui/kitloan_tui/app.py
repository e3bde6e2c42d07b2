"""The desk as a program: where keys, scans, clicks and actions go.

It paints first and opens the store behind the paint (`opening`). From then on everything runs on
one thread, one thing after the other: a scan is a verb of the `Counter`, a verb is about a
millisecond, and the screen is drawn from the counter afterwards (`looking`).
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Input

from kitloan.text.scans import COMMANDS
from kitloan_tui import hangup, keys, settings
from kitloan_tui.actions import ACTIONS, BY_ID, Action, why_not
from kitloan_tui.opening import Opening
from kitloan_tui.scanning import HasTheDesk, HearsKeys, Performs, Scanned, TakesScans, character_of
from kitloan_tui.screens.confirm import Closing
from kitloan_tui.screens.help import Help, help_for
from kitloan_tui.screens.trouble import Stays
from kitloan_tui.theme import THEMES
from kitloan_tui.verdict import Verdict
from kitloan_tui.widgets.omnibox import Omnibox
from kitloan_tui.widgets.panels import KeyHint

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.values import Holding
    from kitloan_tui.counter import Counter
    from kitloan_tui.labels import Press

LOOK_AGAIN_SECONDS = 5
_VERBS = frozenset(COMMANDS.values())
"""What the counter does by a key, a card or a word."""


class Desk(Opening):
    """The terminal desk; `Opening` says what it is made with."""

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

    def on_ready(self) -> None:
        """Paint, then open the store."""
        self.call_after_refresh(self.open_store)
        self.set_interval(LOOK_AGAIN_SECONDS, self.look_again)
        if hangup.has_terminal():
            self.set_interval(hangup.LOOK_EVERY, self._leave_with_terminal)

    def _leave_with_terminal(self) -> None:
        if not hangup.has_terminal():
            hangup.leave()

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
        if alone := self._alone():
            alone.take_scan(event.text)
            return
        if isinstance(self.screen, TakesScans) and self.screen.take_scan(event.text):
            return
        self._go_home()
        before = self._lies
        self._take(event.text, lambda counter: counter.scan(event.text, event.time))
        if self._lies != before:  # what was half typed was typed of something else
            self.home.query_one(Omnibox).select_all()

    @property
    def _lies(self) -> object:
        """What lies on the counter: what a half-typed line speaks of."""
        return self.counter and (self.counter.question, self.counter.basket)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take a typed line."""
        text = event.value
        event.input.clear()
        if text or self.counter:
            self._take(text, lambda counter: counter.submit(text))

    def type_for(self, line: str) -> None:
        """Do what typing this line does: for the palette, and for screens that pick something."""
        if alone := self._alone():
            alone.hold_back("")
            return
        self._go_home()
        self._take(line, lambda counter: counter.submit(line))

    def _offer_screens(self, counter: "Counter") -> None:
        """Have the form open over the counter's own question about a label nobody knows.

        And the sheet, where a label is to be printed: opening it is nothing that happened.
        """
        ask = counter.codes.take_in
        tell = counter.codes.look

        def take_in(tag: str) -> Verdict:
            self.call_later(self.open_take_in)
            return ask(tag)

        def label(held: "Holding") -> Verdict:
            self.call_later(self.open_labels, held.tag)
            return counter.verdict

        def look(held: "Holding") -> Verdict:
            self.call_later(self.open_holding, held.tag)
            return tell(held)

        counter.codes.take_in, counter.codes.look = take_in, look
        if self.press is not None:
            counter.cards.label = label
        if counter.kitloan.session.is_national:
            self.call_later(self._open_screen, BY_ID["national"])

    def open_take_in(self) -> None:
        """Open the form for the label that the counter asks about, unless something is open."""
        if self.screen is self.home and self.counter and self.counter.question:
            self._open_screen(BY_ID["take_in"])

    def open_holding(self, tag: str) -> None:
        """Open one holding's page, over the counter."""
        from kitloan_tui.screens.holding import OneHolding

        if self.counter:
            self._go_home()
            self.push_screen(OneHolding(self.counter, tag))

    def open_labels(self, tag: str) -> None:
        """Open the sheet for one holding's label, over what is on the screen."""
        from kitloan_tui.screens.labels import Labels

        if self.counter and not isinstance(self.screen, Labels):
            self.push_screen(Labels(self.counter, (tag,)))

    def on_key_hint_chosen(self, event: KeyHint.Chosen) -> None:
        """A click in the bar is the key."""
        self.action_perform(event.action.id)

    def action_perform(self, name: str) -> None:
        """Do what a row of the actions says, or say why not."""
        own: dict[str, Callable[[], object]] = {
            "help": self._help,
            "palette": self._palette,
            "home": self._back,
            "page_up": lambda: self._page(-1),
            "page_down": lambda: self._page(1),
            "theme": self._next_theme,
            "quit": self._quit,
        }
        if name in _VERBS and (alone := self._alone()):
            alone.hold_back(name)
            return
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

    def _help(self) -> None:
        if not isinstance(self.screen, Help):
            focused = self.focused or self.screen
            about = help_for(focused.ancestors_with_self)
            self.push_screen(Help(self.counter, self.settings.keys, about))

    def _page(self, way: int) -> None:
        """Show what is above, or below, where a screen has more than it can show."""
        for body in self.screen.query("#body").results(VerticalScroll):
            body.scroll_page_down() if way > 0 else body.scroll_page_up()

    def _quit(self) -> None:
        """Close; where something is open, ask once. The key once more says yes."""
        unfinished = self.counter.unfinished if self.counter else ""
        if isinstance(self.screen, Closing):
            if not self.screen.is_deaf:
                self.exit()
        elif unfinished:
            key = keys.spoken(self.settings.keys["quit"])
            self.push_screen(Closing(unfinished, key, self.exit))
        else:
            self.exit()

    def _next_theme(self) -> None:
        names = [theme.name for theme in THEMES.values()]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        chosen = next(name for name, theme in THEMES.items() if theme.name == self.theme)
        problem = self.keep(theme=chosen)
        self._say(f"Theme: {chosen}." + (f" Not kept: {problem.message}" if problem else ""))

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
            if not isinstance(self.screen, Stays):
                self.pop_screen()
        elif line.value:
            line.clear()
        elif self.counter:
            self._do(lambda counter: counter.escape())

    def _go_home(self) -> None:
        """Close whatever lies over the counter; that there is no store yet stays told."""
        self._go_down_to(self.home)

    def _alone(self) -> HasTheDesk | None:
        """The screen that has the desk to itself, if one is open; what lay over it is closed."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, HasTheDesk):
                self._go_down_to(screen)
                return screen
        return None

    def _go_down_to(self, below: object) -> None:
        while self.screen is not below and not isinstance(self.screen, Stays):
            self.workers.cancel_node(self.screen)  # now: what comes next must not wait for them
            self.pop_screen()


def run(
    opener: Callable[[], "College"],
    *,
    settings_file: Path | None = None,
    press: "Press | None" = None,
    starter: Callable[[str], "College"] | None = None,
    log: Path | None = None,
) -> None:
    """Open the desk, and come back when it is closed.

    Args:
        opener: opens the store, as `kitloan.open` does; called after the first paint.
        settings_file: the user's theme and keys; in the user's own folder when None.
        press: puts labels on paper.
        starter: starts a store where there is none yet; see `Desk`.
        log: where unexpected errors are written; the user's own state folder when None.
    """
    place = settings_file or settings.default_place()
    chosen, complaint = settings.usable(place)
    desk = Desk(
        opener,
        chosen=chosen,
        complaint=complaint,
        press=press,
        starter=starter,
        settings_file=place,
        log=log,
    )
    try:
        desk.run()
    finally:
        if desk.counter:
            desk.counter.kitloan.close()
