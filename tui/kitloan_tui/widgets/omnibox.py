"""The line that always listens: whatever is typed at the desk is typed here."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

Complete = Callable[[str], str | None]


class _Names(Suggester):
    """Offers the rest of a name as it is typed; what can be named changes with every scan."""

    def __init__(self, complete: Complete) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        name = self._complete(value) if len(value) > 1 else None
        # The line shows the rest behind what was typed, so what was typed must stay as it is.
        return value + name[len(value) :] if name else None


class Omnibox(Input):
    """One line without a frame; Tab takes the name that is offered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "take_or_submit", show=False),
        Binding("ctrl+j", "submit_what_is_there", show=False),
    ]

    def __init__(self, complete: Complete) -> None:
        super().__init__(id="omnibox", compact=True, suggester=_Names(complete))
        self.cursor_blink = False
        self._complete = complete

    async def action_take_or_submit(self) -> None:
        """Tab takes the name that is offered; where none is, it ended what a slow scanner typed."""
        if self._complete(self.value):
            self.action_cursor_right()
        elif self.value:
            await self.action_submit()

    async def action_submit_what_is_there(self) -> None:
        """A scanner's line feed ends what it typed; alone it is an echo, and no answer."""
        if self.value:
            await self.action_submit()
