"""The palette: everything that can be done, what prevents the rest, and a search.

With nothing typed it lists the actions, those that apply now first; the others are dim, and show
why when they are chosen. With something typed it also finds schools, whose turn it then opens, and
kits, whose page it opens.

What begins as the typed words do comes first. Words match words from their beginnings, and never
letters that are strewn over a sentence: Enter on a school's name must not run Undo.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import cast

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widgets import Input

from kitloan.errors import KitloanError
from kitloan.text.names import plain, search_form
from kitloan.text.tags import grouped
from kitloan_tui import keys
from kitloan_tui.actions import ACTIONS, Action, why_not
from kitloan_tui.protocols import DeskHost
from kitloan_tui.theme import SCREENS_STYLE

_MOST = 5
"""Kits, and schools, that a search lists."""

_ACTION, _SCHOOL, _KIT, _SENTENCE = 0.4, 0.3, 0.2, 0.1
"""How well something fits by what of it was typed; what begins so ranks above all of these."""
_FIRST = 0.5
_OTHER_WORD = 0.35
"""For one of the other words by which people look for an action."""


class Everything(Provider):
    """What the list offers."""

    async def discover(self) -> Hits:
        """Every action, before anything is typed."""
        for action, reason in self._actions():
            yield DiscoveryHit(
                self._shown(action, reason),
                partial(self._desk.action_perform, action.id),
                text=action.label,
                help=reason or action.help,
            )

    async def search(self, query: str) -> Hits:
        """Actions, schools and kits that `query` may mean."""
        nothing = True
        for action, reason in self._actions():
            score = (
                _named(query, action.label, _ACTION)
                or (_begin_words(query, action.words) and _OTHER_WORD)
                or _described(query, action.help)
            )
            if score:
                do = partial(self._desk.action_perform, action.id)
                shown = self._shown(action, reason)
                yield Hit(score, shown, do, text=action.label, help=reason or action.help)
                nothing = False
        for score, name, run, help_ in self._found(query):
            yield Hit(score, Content(plain(name)), run, text=name, help=help_)
            nothing = False
        if nothing:
            words = f"Nothing here has {query.strip()!r} in its name"
            help_ = "Type another word, or less of it. Esc closes this list."
            yield Hit(_SENTENCE, Content(plain(words)), _nothing, text=words, help=help_)

    @property
    def _desk(self) -> DeskHost:
        return cast("DeskHost", self.app)

    def _actions(self) -> list[tuple[Action, str | None]]:
        """The actions, with why they cannot run; those that can first."""
        desk = self._desk
        state = desk.state if desk.is_open else None
        reasons = [
            (action, why_not(action, state))
            for action in ACTIONS
            if action.bound and action.id not in ("palette", "page_up", "page_down")
        ]
        return sorted(reasons, key=lambda each: each[1] is not None)

    def _shown(self, action: Action, reason: str | None) -> Content:
        key = keys.in_bar(self._desk.settings.keys[action.id])
        name = Content.styled(action.label, "$text-muted" if reason else "bold")
        return Content.assemble(name, (f"  {key}" if key else "", "$text-muted"))

    def _found(self, query: str) -> Iterator[tuple[float, str, Callable[[], None], str]]:
        """Schools and kits: how well they fit, the name, what opens them, and a word."""
        desk = self._desk
        if not desk.is_open or len(query.strip()) < 2:
            return
        from kitloan_tui import lookups

        try:
            names = lookups.organisations(desk.college.session)
            kits = desk.college.find.search(query, limit=_MOST).items
        except KitloanError:  # a store out of reach is shown when something is asked of it
            return
        like = [(score, name) for name in names if (score := _named(query, name, _SCHOOL))]
        for score, name in sorted(like, key=lambda each: -each[0])[:_MOST]:
            run = partial(desk.type_line, f"to {name}")
            yield score, name, run, "Opens this school's turn."
        for held in kits:
            name = f"{held.type} {grouped(held.tag)} {held.asset_number or ''}".strip()
            run = partial(desk.open_holding, held.tag)
            yield _KIT, name, run, f"{held.status}: opens its page."


def _nothing() -> None:
    """Nothing fits what was typed, so nothing is done."""


def _named(query: str, name: str, least: float) -> float:
    """How well words name something: all of it that was typed begins it, or begins its words."""
    if search_form(name).startswith(search_form(query)):
        return least + _FIRST
    return least if _begin_words(query, name) else 0


def _described(query: str, sentence: str) -> float:
    """Whether the words are in the sentence about something."""
    return _SENTENCE if _begin_words(query, sentence) else 0


def _begin_words(query: str, text: str) -> bool:
    words = search_form(text).split()
    return all(any(word.startswith(part) for word in words) for part in search_form(query).split())


class Palette(CommandPalette):
    """The palette, to be shown over whatever is on the screen."""

    CSS_PATH = SCREENS_STYLE

    def __init__(self) -> None:
        super().__init__([Everything], placeholder="what to do, a kit or a school")

    def on_mount(self) -> None:
        """Nothing moves at a counter, nor does the cursor."""
        self.query_one(Input).cursor_blink = False

    def perform(self, name: str) -> bool:
        """Page Up and Page Down go through the list."""
        if name in ("page_up", "page_down"):
            self._action_command_list(name)
        return name in ("page_up", "page_down")
