"""A stocktake by scanning: the line listens, every scan gets its verdict, and the rest is listed.

It is opened or gone on with here, at any number of desks at once, and left at any time. While it is
open the desk is its alone, whatever lies over it: what is scanned is sighted, and neither lent nor
taken back; no card and no key reaches what was done at the counter before. Nothing about a holding
changes by it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button

from kitloan.errors import BadInput, Refused
from kitloan.stocktakes.outcome import Outcome, OutcomeLine, Result, Stocktake
from kitloan.text import scans
from kitloan.text.dates import instant, uk_instant
from kitloan.text.tags import grouped
from kitloan.values import Page
from kitloan_tui import stock_check, wording
from kitloan_tui.actions import BY_ID, BY_WORD
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.holding import OneHolding
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.verdict import Verdict
from kitloan_tui.widgets.panels import VerdictPanel
from kitloan_tui.widgets.table import Column

if TYPE_CHECKING:
    from kitloan_tui.counter import Counter

_AT = "at "
_NOTHING: Page[OutcomeLine] = Page((), 0, None)
_RESULTS: dict[str, Result] = {
    "not seen yet": "not_sighted",
    "seen elsewhere": "sighted_elsewhere",
    "on loan": "on_loan",
    "confirmed": "on_loan_confirmed",
    "seen": "sighted",
    "not on the list": "unexpected",
    "unknown codes": "unknown",
}
_BY_VIEW: dict[str, Result] = {result: result for result in _RESULTS.values()}
_PLACES: "WeakKeyDictionary[Counter, dict[str, str]]" = WeakKeyDictionary()
"""Where each desk scans, by stocktake: who leaves it to lend a kit comes back to the same shelf."""


class TakeStock(ListScreen[OutcomeLine]):
    """The count, the verdict, and what is not seen yet."""

    ACTION = "stocktake"
    NAME = "Stocktake"
    NARROWS = False
    PROMPT = "scan or type what you see; or: at PLACE"
    HINT = "at PLACE: where you scan. Enter on a loan: the borrower says they have it."
    HELP: ClassVar[str] = (
        "Scan everything that is there: each scan is kept, and says what it is of. Nothing is lent "
        "or taken back meanwhile. Leave it and come back at any time; several desks can scan at "
        "once. Type at PLACE when you go to another store, to see what lies in the wrong one."
    )
    VIEWS = tuple(_RESULTS.items())
    COLUMNS = (
        Column("Tag or code", 17),
        Column("What it is", share=3),
        Column("Number", 10),
        Column("Kept at", share=2),
        Column("Seen in, or with", share=3),
        Column("Last seen", 18, wide_only=True),
    )

    def __init__(self, counter: "Counter") -> None:
        super().__init__(counter)
        self._which = ""
        self._begun = instant(self.kitloan.session.clock())
        self._open: list[Stocktake] = []
        self._outcome: Outcome | None = None
        self._doubted = ""

    def middle(self) -> ComposeResult:
        """What was said last, large; then the list."""
        yield VerdictPanel(markup=False)
        yield from super().middle()
        with Horizontal(id="buttons"):
            yield Button("Close it", id="close", compact=True)
            yield Button("Open another", id="another", compact=True)

    def say(self, verdict: Verdict | None) -> None:
        """Say it large, as the counter does."""
        panel = self.query_one(VerdictPanel)
        panel.display = verdict is not None
        if verdict is not None:
            panel.show(verdict, self.names)

    # -- the list ---------------------------------------------------------------------------------

    def find(self, text: str, view: str, after: str | None) -> Page[OutcomeLine]:
        """A page of what came of it; nothing while it is not known which stocktake is meant."""
        stocktakes = self.kitloan.stocktakes
        self._open = [each for each in stocktakes.list() if each.closed_at is None]
        if not self._which and len(self._open) == 1:
            self._which = self._open[0].id
        if not self._which:
            return _NOTHING
        self._outcome = stocktakes.outcome(self._which)
        return stocktakes.lines(self._which, _BY_VIEW[view], after)

    def _show(self, page: Page[OutcomeLine], row: int) -> None:
        super()._show(page, row)
        self.query_one("#buttons").display = bool(self._which)
        is_open = self._outcome is not None and self._outcome.stocktake.closed_at is None
        close = self.query_one("#close")
        if close.has_focus and not is_open:
            self.query_one("#narrow").focus()
        close.display = is_open
        if not self._which and self._then is None:
            self._ask_which()

    @property
    def _place(self) -> str | None:
        """Where this desk scans, where somebody said."""
        return _PLACES.get(self.counter, {}).get(self._which) or None

    @property
    def called(self) -> str:
        """Its name, and how many of its list are seen."""
        if self._outcome is None:
            return self.NAME
        which = self._outcome.stocktake
        place = f" at {self._place}" if self._place else ""
        over = ", closed" if which.closed_at else ""
        many = f"{stock_check.seen(self._outcome):,} of {self._outcome.expected:,} seen"
        return f"{which.name}{over}{place}: {many}"

    def _how_much(self, start: int, listed: int, total: int) -> str:
        return f"{total:,} {self.view_called}" if self._which else ""

    @property
    def view_called(self) -> str:
        """What is listed, in words."""
        return next(name for name, result in _RESULTS.items() if result == self._view)

    def cells(self, item: OutcomeLine) -> Sequence[str]:
        """One holding or code as a row."""
        return (
            grouped(item.tag) if item.tag else item.code or "",
            item.type or "",
            item.asset_number or "",
            item.place or "",
            f"with {item.to}" if item.to else item.seen_in or "",
            uk_instant(item.last_sighted) if item.last_sighted else "never",
        )

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if not self._which:
            return "A stocktake freezes the list of what should be there. Then scan what is."
        if view == "on_loan" and self._outcome and self._outcome.counts.on_loan_confirmed:
            return "Every loan is confirmed."
        if view == "not_sighted":
            return "Everything that should be here is seen."
        return f"Nothing is {self.view_called}."

    def take(self, item: OutcomeLine) -> None:
        """A loan is confirmed; anything else is looked at."""
        if self._view == "on_loan" and item.tag:
            tag = item.tag
            self.do(lambda: stock_check.confirmed(self.kitloan, self._which, tag))
        elif item.type and item.tag:
            self.desk.push_screen(OneHolding(self.counter, item.tag))

    # -- which one --------------------------------------------------------------------------------

    def _ask_which(self) -> None:
        if not self._open:
            self._ask_name()
            return
        listed = ", ".join(f"{n} {each.name}" for n, each in enumerate(self._open, start=1))
        self.ask(f"Which? {listed}:", self._go_on_with)

    def _go_on_with(self, said: str) -> None:
        if said.isdecimal() and 1 <= int(said) <= len(self._open):
            self._which = self._open[int(said) - 1].id
        self.load()

    @on(Button.Pressed, "#another")
    def _ask_name(self) -> None:
        self.ask("What is it called? To look in one place only: NAME @ PLACE", self._begin)

    def _begin(self, said: str) -> None:
        def act() -> Verdict:
            self._which, verdict = stock_check.opened(self.kitloan, said)
            return verdict

        self.do(act)

    # -- scanning ---------------------------------------------------------------------------------

    def take_scan(self, text: str) -> bool:
        """Everything but a command card is sighted; nothing goes to the counter."""
        code = scans.read(text)
        if isinstance(code, scans.Command):
            self.hold_back(code.name)
        elif self._which:
            self._see(text)
        else:
            self._refuse(stock_check.which_first())
        return True

    def hold_back(self, verb: str) -> None:
        """The counter's verbs wait; only what was done since this was opened is taken back."""
        if verb == "undo":
            self.undo()
        else:
            self._refuse(stock_check.not_meanwhile(BY_ID[verb].label if verb else "That"))

    def undo(self) -> None:
        """Take back what was done on a page over the list; what lies before it is the counter's."""

        def act() -> Verdict:
            last = self.kitloan.actions.would_undo()
            if self.counter.question or last is None or last.at < self._begun:
                raise stock_check.nothing_to_take_back()
            return self.counter.undo()

        self.do(act)

    def _refuse(self, why: Refused) -> None:
        self.do(lambda: wording.refused(why))

    def entered(self, text: str) -> bool:
        """A typed code is as good as a scan; `at PLACE` says where one is."""
        if not text or not self._which:
            return False
        if text.lower().startswith(_AT):
            _PLACES.setdefault(self.counter, {})[self._which] = text[len(_AT) :].strip()
            self.refresh_data()
        elif text.lower() in BY_WORD:
            self.hold_back(BY_WORD[text.lower()].id)
        elif isinstance(scans.read(text), scans.Text) and text != self._doubted:
            self._see_typed(text)
        else:
            self._doubted = ""
            self.take_scan(text)
        return True

    def _see_typed(self, text: str) -> None:
        """A slip of the fingers is no find: what nothing here is called is kept when said twice."""

        def act() -> Verdict:
            try:
                self.kitloan.find.holding(text)
            except BadInput as unknown:
                self._doubted = text
                raise stock_check.doubted(unknown) from unknown
            return stock_check.scanned(self.kitloan, self._which, text, self._place)

        self.do(act)

    def _see(self, text: str) -> None:
        self.do(lambda: stock_check.scanned(self.kitloan, self._which, text, self._place))

    # -- the end ----------------------------------------------------------------------------------

    @on(Button.Pressed, "#close")
    def _ask_close(self) -> None:
        if self._outcome is not None:
            said = f"Close {self._outcome.stocktake.name}?\n\n{stock_check.summary(self._outcome)}."
            self.desk.push_screen(Confirm(said, "Go on", "Close it", self._close))

    def _close(self, without: tuple[str, ...] = ()) -> None:
        waiting: tuple[str, ...] = ()

        def act() -> Verdict:
            nonlocal waiting
            try:
                return stock_check.closed(self.kitloan, self._which, without)
            except Refused as refused:
                waiting = tuple(refused.details.get("waiting", ()))
                raise

        verdict = self.do(act)
        if waiting:
            question = f"{verdict.text}\n\nClose it without them?"
            again = Confirm(question, "Wait", "Without", lambda: self._close(waiting))
            self.desk.push_screen(again)
