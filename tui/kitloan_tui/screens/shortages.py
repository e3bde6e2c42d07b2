"""Shortages: what is missing or broken, kit by kit or summed up by type, and making it good."""

from collections.abc import Sequence
from typing import ClassVar

from kitloan.errors import BadInput
from kitloan.queries.figures import ShortOfType
from kitloan.text.dates import day_of, uk
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS, Page, ShortageOfHolding
from kitloan_tui import telling
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.verdict import Verdict
from kitloan_tui.widgets.table import Column

Line = ShortageOfHolding | ShortOfType


class Shortages(ListScreen[Line]):
    """The list; Enter makes a kit's shortage good, or shows the kits of a type."""

    ACTION = "shortages"
    NAME = "Shortages"
    PROMPT = "a component, a kit, a type, a place"
    HINT = "Enter: made good, or the kits of a type. Same key again: by type."
    HELP: ClassVar[str] = (
        "What is missing or broken. Enter on a line says that it is made good: all of it, or the "
        "number that you type. By type, the list is the order for spares; Enter shows the kits."
    )
    VIEWS = (("by kit", "kit"), ("by type", "type"))
    COLUMNS = (
        Column("Component", share=3),
        Column("Missing", 8, right=True),
        Column("Broken", 8, right=True),
        Column("Of", share=3),
        Column("Kit", 16),
        Column("Since", 12, wide_only=True),
    )

    def find(self, text: str, view: str, after: str | None) -> Page[Line]:
        """A page of shortages."""
        if view == "type":
            return self.kitloan.figures.shortages_by_type(text, after)
        return self.kitloan.find.shortages(after, text=text)

    def cells(self, item: Line) -> Sequence[str]:
        """One shortage as a row."""
        short = (f"{SYMBOLS['incomplete']} {item.component}", str(item.missing), str(item.broken))
        if isinstance(item, ShortOfType):
            return (*short, item.type, f"{item.kits:,} of them", "")
        return (*short, item.type, grouped(item.tag), uk(day_of(item.since)))

    def take(self, item: Line) -> None:
        """Make it good, or show the kits behind it."""
        if isinstance(item, ShortOfType):
            self.view_at("kit", f"{item.type} {item.component}")
            return
        short = item.missing + item.broken
        question = f"{item.component}, {short:,} short: how many are made good?"
        self.ask(question, lambda said: self._make_good(item, said), str(short))

    def _make_good(self, line: ShortageOfHolding, said: str) -> None:
        def act() -> Verdict:
            if not said.isdecimal() or not int(said):
                raise BadInput(
                    "bad_quantity", f"{said!r} is no number of things.", "Type a number."
                )
            return telling.made_good(self.kitloan, line, int(said))

        self.do(act)

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if text:
            return "Nothing like that is short.\n\nType less of it."
        return "Nothing is short.\n\nCount a kit by scanning it when it comes back."
