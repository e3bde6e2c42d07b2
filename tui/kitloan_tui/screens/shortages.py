"""Shortages: what is missing or broken, by kit or by type, and which parts were replaced."""

from collections.abc import Sequence
from typing import ClassVar

from kitloan.errors import BadInput
from kitloan.queries.figures import ShortOfType
from kitloan.text.dates import day_of, uk
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS, Page, ShortageOfHolding
from kitloan_tui.counter import recording
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.widgets.table import Column

ShortageRow = ShortageOfHolding | ShortOfType


class Shortages(ListScreen[ShortageRow]):
    """The list; Enter records replaced parts, or shows the kits of a type."""

    ACTION = "shortages"
    NAME = "Shortages"
    PROMPT = "a component, a kit, a type, a place"
    HINT = "Enter: parts replaced, or the kits of a type. Same key again: by type."
    HELP: ClassVar[str] = (
        "What is missing or broken. Enter on a line records that its parts are replaced: all, or "
        "the number that you type. By type, the list is the order for spares; Enter shows the kits."
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

    def find(self, text: str, view: str, after: str | None) -> Page[ShortageRow]:
        """A page of shortages."""
        if view == "type":
            return self.college.figures.shortages_by_type(text, after)
        return self.college.find.shortages(after, text=text)

    def cells(self, item: ShortageRow) -> Sequence[str]:
        """One shortage as a row."""
        short = (f"{SYMBOLS['incomplete']} {item.component}", str(item.missing), str(item.broken))
        if isinstance(item, ShortOfType):
            return (*short, item.type, f"{item.kits:,} of them", "")
        return (*short, item.type, item.asset_number or grouped(item.tag), uk(day_of(item.since)))

    def take(self, item: ShortageRow) -> None:
        """Record replaced parts, or show the kits behind it."""
        if isinstance(item, ShortOfType):
            self.view_at("kit", f"{item.type} {item.component}")
            return
        short = item.missing + item.broken
        question = f"{item.component}, {short:,} short. How many are replaced?"
        self.ask(question, lambda typed: self._restock(item, typed), str(short))

    def _restock(self, line: ShortageOfHolding, typed: str) -> None:
        def act() -> Verdict:
            if not typed.isdecimal() or not int(typed):
                raise BadInput(
                    "bad_quantity", f"{typed!r} is not a valid quantity.", "Type a number."
                )
            return recording.restock(self.college, line, int(typed))

        self.do(act)

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if text:
            return "No shortage matches.\n\nType less of it."
        return "Nothing is short.\n\nCount a kit by scanning it when it comes back."
