"""The palette: everything that can be done, what stands in the way of the rest, and a search.

With nothing typed it lists the actions, those that apply now first; the others are dim, and say
why when they are chosen. With something typed it also finds schools, whose turn it then opens, and
kits, which it takes up as if they had been scanned.
"""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widgets import Input

from kitloan.errors import KitloanError
from kitloan.tags import grouped
from kitloan.text import fold, plain
from kitloan_tui import keys
from kitloan_tui.actions import ACTIONS, Action, why_not

if TYPE_CHECKING:
    from kitloan_tui.app import Desk

_MOST = 5
"""Kits, and schools, that a search lists."""


class Everything(Provider):
    """What the palette offers."""

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
        matcher = self.matcher(query)
        for action, reason in self._actions():
            score = matcher.match(f"{action.label} {action.help}")
            if score > 0:
                score = score / 2 if reason else score
                run = partial(self._desk.action_perform, action.id)
                shown = self._shown(action, reason)
                yield Hit(score, shown, run, text=action.label, help=reason or action.help)
        for score, name, line, told in self._found(query):
            text = Content(plain(name))
            yield Hit(score, text, partial(self._desk.type_for, line), text=name, help=told)

    @property
    def _desk(self) -> "Desk":
        return cast("Desk", self.app)

    def _actions(self) -> list[tuple[Action, str | None]]:
        """The actions, with why they cannot run; those that can first."""
        told = [
            (action, why_not(action, self._desk.counter))
            for action in ACTIONS
            if action.bound and action.id not in ("palette", "page_up", "page_down")
        ]
        return sorted(told, key=lambda each: each[1] is not None)

    def _shown(self, action: Action, reason: str | None) -> Content:
        key = keys.shown(self._desk.settings.keys[action.id])
        name = Content.styled(action.label, "$text-muted" if reason else "bold")
        return Content.assemble(name, (f"  {key}" if key else "", "$text-muted"))

    def _found(self, query: str) -> Iterator[tuple[float, str, str, str]]:
        """Schools and kits: how well they fit, the name, the line that takes it up, and a word."""
        counter = self._desk.counter
        if counter is None or len(query.strip()) < 2:
            return
        from kitloan_tui import lookups

        try:
            names = lookups.organisations(counter.kitloan.session)
            kits = counter.kitloan.find.search(query, limit=_MOST).items
        except KitloanError:  # a store out of reach is told when something is asked of it
            return
        like = [name for name in names if fold(query) in fold(name)]
        for name in like[:_MOST]:
            yield 0.4, name, f"to {name}", "Opens this school's turn."
        for held in kits:
            name = f"{held.type} {grouped(held.tag)} {held.asset_number or ''}".strip()
            yield 0.3, name, held.tag, f"{held.status}: takes it up as a scan does."


class Palette(CommandPalette):
    """The palette, to be shown over whatever is on the screen."""

    def __init__(self) -> None:
        super().__init__([Everything], placeholder="what to do, a kit or a school")

    def on_mount(self) -> None:
        """Nothing moves at a counter, nor does the cursor."""
        self.query_one(Input).cursor_blink = False
