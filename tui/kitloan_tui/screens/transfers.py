"""Transfers: what is on its way to other colleges, and what came from them."""

from collections.abc import Sequence
from typing import ClassVar

from kitloan.queries.paging import PAGE
from kitloan.text.dates import day_of, uk
from kitloan.text.names import search_form
from kitloan.text.tags import grouped
from kitloan.transfers import ReceivedLine, UnderWay
from kitloan.values import SYMBOLS, Page, plural
from kitloan_tui.screens.holding import HoldingPage
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.widgets.table import Column

TransferRow = UnderWay | ReceivedLine


class TransferList(ListScreen[TransferRow]):
    """The list; Enter opens the holding."""

    ACTION = "transfers"
    NAME = "Transfers"
    PROMPT = "a tag, a type, a college"
    HINT = "Enter opens the holding. To send one: its page, Send. To receive one: scan it."
    HELP: ClassVar[str] = (
        "What this college has sent and nobody has received yet, as far as it knows, and what came "
        "from others. A kit is sent from its own page, and received by scanning it."
    )
    VIEWS = (("on the way", "open"), ("came here", "received"))
    COLUMNS = (
        Column("When", 12),
        Column("Tag", 16),
        Column("What it is", share=3),
        Column("To, or from", share=3),
        Column("Count", share=2),
    )

    def find(self, text: str, view: str, after: str | None) -> Page[TransferRow]:
        """Those in which every word occurs; there are never many at once."""
        transfers = self.college.transfers
        lines: Sequence[TransferRow] = transfers.open() if view == "open" else transfers.received()
        words = search_form(text).split()
        found = tuple(
            each
            for each in lines
            if all(word in search_form(" ".join((*self.cells(each), each.tag))) for word in words)
        )
        return Page(found[:PAGE], len(found), None)

    def cells(self, item: TransferRow) -> Sequence[str]:
        """One transfer as a row."""
        if isinstance(item, UnderWay):
            when, where = f"{SYMBOLS['in_transit']} {plural(item.days, 'day')}", item.to_college
        else:
            when, where = uk(day_of(item.received_at)), item.from_college
        short = sum(item.short.values())
        counted = f"{SYMBOLS['incomplete']} {short:,} short" if short else item.counted
        many = f"{item.quantity:,} of " if item.quantity > 1 else ""
        return (when, grouped(item.tag), many + item.type, where, counted.replace("_", " "))

    def take(self, item: TransferRow) -> None:
        """Open the holding."""
        self.desk.open_screen(HoldingPage(self.desk, item.tag))

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if text:
            return "Nothing here matches.\n\nType less of it."
        if view == "open":
            return (
                "Nothing is on its way.\n\nA kit is sent from its own page: {holdings}, then Send."
            )
        return "Nothing has come from another college yet.\n\nScan what comes, to receive it."
