"""A stocktake by scanning: the line listens, every scan gets its verdict, and the rest is listed.

It is opened or gone on with here, at any number of desks at once, and left at any time. While it is
open the desk is its alone, whatever lies over it: what is scanned is sighted, and neither lent nor
taken back; no card and no key reaches what was done at the counter before. Nothing about a holding
changes by it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button

from kitloan.college import College
from kitloan.errors import BadInput, Refused
from kitloan.stocktakes.outcome import Outcome, OutcomeLine, Result, StockCount, Stocktake
from kitloan.stocktakes.scanning import RecordedScan as StocktakeScan
from kitloan.text import scans
from kitloan.text.dates import instant, uk_instant
from kitloan.text.names import search_form
from kitloan.text.tags import grouped
from kitloan.values import Page, plural
from kitloan_tui.actions import BY_ID, BY_WORD
from kitloan_tui.counter import refusals, steps
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.labels import Press
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.holding import HoldingPage
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.widgets.panels import VerdictPanel
from kitloan_tui.widgets.table import Column

_WORDS = {
    "sighted": "SEEN",
    "sighted_elsewhere": "SEEN ELSEWHERE",
    "unexpected": "NOT ON THE LIST",
    "not_held": "UNKNOWN CODE",
    "unknown": "UNKNOWN CODE",
}
_TAKEN_BACK = ("stocktake.scanned", "stocktake.confirmed")
"""What was seen or confirmed here by mistake."""
_UNSCAN = "unscan"
_AT = "at "
_PHOTO = "photo "
_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".heic", ".pdf"}
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


class TakeStock(ListScreen[OutcomeLine]):
    """The count, the verdict, and what is not seen yet."""

    ACTION = "stocktake"
    NAME = "Stocktake"
    NARROWS = False
    PROMPT = "scan or type what you see; or: at PLACE"
    HINT = "at PLACE: where you scan. Enter on a loan: the borrower confirms it."
    HELP: ClassVar[str] = (
        "Scan everything that is there: each scan is recorded, and shows what it is of. Nothing is "
        "lent or taken back meanwhile. Leave it and come back at any time; several desks can scan "
        "at once. Type at PLACE when you go to another store, to see what is in the wrong one. "
        "Type photo FILE, or drop a picture here, to record every code in it."
    )
    VIEWS = tuple(_RESULTS.items())
    COLUMNS = (
        Column("Tag or code", 17),
        Column("What it is", share=3),
        Column("Number", 10),
        Column("Place", share=2),
        Column("Seen in, or with", share=3),
        Column("Last seen", 18, wide_only=True),
    )

    def __init__(self, desk: DeskHost) -> None:
        super().__init__(desk)
        self._which = ""
        self._begun = instant(self.college.session.clock())
        self._open: list[Stocktake] = []
        self._outcome: Outcome | None = None
        self._doubted = ""
        self._counted: StocktakeScan | None = None
        self._asks_count = False

    def middle(self) -> ComposeResult:
        """What was typed last, large; then the list."""
        yield VerdictPanel(markup=False)
        yield from super().middle()
        with Horizontal(id="buttons"):
            yield Button("Close it", id="close", compact=True)
            yield Button("Open another", id="another", compact=True)

    def report(self, verdict: Verdict | None) -> None:
        """Show it as the counter does."""
        panel = self.query_one(VerdictPanel)
        panel.display = verdict is not None
        if verdict is not None:
            panel.show(verdict, self.names)

    # -- the list ---------------------------------------------------------------------------------

    def find(self, text: str, view: str, after: str | None) -> Page[OutcomeLine]:
        """A page of what came of it; nothing while it is not chosen which stocktake is meant."""
        stocktakes = self.college.stocktakes
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
        """Where this desk scans, where that was typed."""
        return self.state.stocktake_places.get(self._which) or None

    @property
    def heading(self) -> str:
        """Its name, and how many of its list are seen."""
        if self._outcome is None:
            return self.NAME
        which = self._outcome.stocktake
        place = f" at {self._place}" if self._place else ""
        over = ", closed" if which.closed_at else ""
        many = f"{_count_seen(self._outcome):,} of {self._outcome.expected:,} seen"
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
            return "A stocktake lists what should be there. Then scan what is there."
        if view == "on_loan" and self._outcome and self._outcome.counts.on_loan_confirmed:
            return "Every loan is confirmed."
        if view == "not_sighted":
            return "Everything that should be here is seen."
        return f"Nothing is {self.view_called}."

    def take(self, item: OutcomeLine) -> None:
        """A loan is confirmed; anything else is looked at."""
        if self._view == "on_loan" and item.tag:
            tag = item.tag
            self.do(lambda: _confirm(self.college, self._which, tag))
        elif item.type and item.tag:
            self.desk.open_screen(HoldingPage(self.desk, item.tag))

    # -- which one --------------------------------------------------------------------------------

    def _ask_which(self) -> None:
        if not self._open:
            self._ask_name()
            return
        listed = ", ".join(f"{n} {each.name}" for n, each in enumerate(self._open, start=1))
        self.ask(f"Which? {listed}:", self._go_on_with)

    def _go_on_with(self, typed: str) -> None:
        if typed.isdecimal() and 1 <= int(typed) <= len(self._open):
            self._which = self._open[int(typed) - 1].id
        self.load()

    @on(Button.Pressed, "#another")
    def _ask_name(self) -> None:
        self.ask("Name of the stocktake? For one place only: NAME @ PLACE", self._begin)

    def _begin(self, typed: str) -> None:
        def act() -> Verdict:
            self._which, verdict = _open(self.college, typed)
            return verdict

        self.do(act)

    # -- scanning ---------------------------------------------------------------------------------

    def take_scan(self, text: str) -> bool:
        """Everything but a command card is sighted; nothing goes to the counter."""
        code = scans.read(text)
        self._leave_count()
        if isinstance(code, scans.Command):
            self.hold_back(code.name)
        elif self._which:
            self._see(text)
        else:
            self._refuse(_which_first())
        return True

    def hold_back(self, verb: str) -> None:
        """The counter's verbs wait; only what was done since this was opened is taken back."""
        if verb == "undo":
            self.undo()
        else:
            self._refuse(_not_meanwhile(BY_ID[verb].label if verb else "That"))

    def undo(self) -> None:
        """Take back what was done on a page over the list, and nothing done at the counter."""

        def act() -> Verdict:
            last = self.college.actions.would_undo()
            seen = last is not None and last.kind.startswith("stocktake.")
            if self.state.question or last is None or seen or last.at < self._begun:
                raise _nothing_to_take_back()
            return steps.undo(self.state, self.college)

        self.do(act)

    def _take_back_scan(self) -> None:
        """Take back what this person scanned or confirmed last, where nothing was done since."""

        def act() -> Verdict:
            last = self.college.actions.would_undo()
            if last is None or last.kind not in _TAKEN_BACK or last.at < self._begun:
                raise _no_scan_to_take_back()
            return steps.undo(self.state, self.college)

        self.do(act)

    def _refuse(self, why: Refused) -> None:
        self.do(lambda: refusals.shown(why))

    def entered(self, text: str) -> bool:
        """A typed code is as good as a scan; `at PLACE` sets where one is."""
        if not text or not self._which:
            return False
        if text.lower().startswith(_AT):
            self.state.stocktake_places[self._which] = text[len(_AT) :].strip()
            self.refresh_data()
        elif text.lower() == _UNSCAN:
            self._take_back_scan()
        elif photo := _photo_named(text):
            self._see_photo(photo)
        elif text.lower() in BY_WORD:
            self.hold_back(BY_WORD[text.lower()].id)
        elif isinstance(scans.read(text), scans.Text) and text != self._doubted:
            self._see_typed(text)
        else:
            self._doubted = ""
            self.take_scan(text)
        return True

    def _see_typed(self, text: str) -> None:
        """A typing slip is no find: a code that nothing here has is kept when typed twice."""

        def act() -> Verdict:
            try:
                self.college.find.holding(text)
            except BadInput as unknown:
                self._doubted = text
                raise _doubtful(unknown) from unknown
            return self._recorded(text)

        self.do(act)
        self._ask_count()

    def _see_photo(self, photo: Path) -> None:
        press = self.desk.press
        self.do(lambda: _record_photo(press, self.college, self._which, photo, self._place))

    def _see(self, text: str) -> None:
        self.do(lambda: self._recorded(text))
        self._ask_count()

    def _recorded(self, text: str) -> Verdict:
        """Record a scan, and keep what it is of, where that can be counted."""
        got = self.college.stocktakes.scan(self._which, text, place=self._place)
        is_stock = got.tag and got.type and self.college.find.holding(got.tag).quantity > 1
        self._counted = got if is_stock else None
        return _seen(got)

    def _ask_count(self) -> None:
        """A stock of loose items was scanned: how many are there? The next scan leaves it open."""
        got, self._counted = self._counted, None
        if got is None or got.tag is None:
            return
        self._asks_count = True
        question = f"How many of {got.type} {grouped(got.tag)} are here? Scan on to leave it:"
        self.ask(question, lambda typed: self._count(got, typed))

    def _leave_count(self) -> None:
        if self._asks_count and self._then is not None:
            self._close_question()
        self._asks_count = False

    def _count(self, got: StocktakeScan, typed: str) -> None:
        """Record the count that was typed; anything else is as good as a scan of that code."""
        self._asks_count = False
        which, place, tag = self._which, self._place, got.tag or ""
        if not typed.isdecimal():
            if not self.entered(typed):
                self._see_typed(typed)
            return

        def act() -> Verdict:
            done = self.college.stocktakes.scan(which, tag, place=place, quantity=int(typed))
            stock = self.college.stocktakes.outcome(which).stock
            return _count_verdict(done, next((each for each in stock if each.tag == tag), None))

        self.do(act)

    # -- the end ----------------------------------------------------------------------------------

    @on(Button.Pressed, "#close")
    def _ask_close(self) -> None:
        if self._outcome is not None:
            typed = f"Close {self._outcome.stocktake.name}?\n\n{_summary(self._outcome)}."
            self.desk.open_screen(Confirm(typed, "Go on", "Close it", self._close))

    def _close(self, without: tuple[str, ...] = ()) -> None:
        waiting: tuple[str, ...] = ()

        def act() -> Verdict:
            nonlocal waiting
            try:
                return _close_stocktake(self.college, self._which, without)
            except Refused as refused:
                waiting = tuple(refused.details.get("waiting", ()))
                raise

        verdict = self.do(act)
        if waiting:
            question = f"{verdict.text}\n\nClose it without them?"
            again = Confirm(question, "Wait", "Without", lambda: self._close(waiting))
            self.desk.open_screen(again)


class StocktakeResults(ListScreen[Stocktake | OutcomeLine]):
    """Every stocktake, also those that are closed; Enter shows what one came to."""

    ACTION = "stocktake_results"
    NAME = "Stocktake results"
    PROMPT = "the name of a stocktake"
    HINT = "Enter: what it came to. In a result, same action again: the next list."
    HELP: ClassVar[str] = (
        "Stocktakes, the latest first. Enter on one shows what was not seen, what was seen "
        "elsewhere, what was on loan, and the rest. Nothing is changed here."
    )
    VIEWS = tuple(_RESULTS.items())
    COLUMNS = (
        Column("Name, or tag", 17),
        Column("What it is", share=3),
        Column("Number", 10),
        Column("Place", share=2),
        Column("Seen in, or with", share=3),
    )

    def __init__(self, desk: DeskHost, which: Stocktake | None = None) -> None:
        super().__init__(desk)
        self._which = which
        self._sum = ""

    @property
    def heading(self) -> str:
        """Which stocktake, and what it came to."""
        return f"{self._which.name}: {self._sum}" if self._which else self.NAME

    def find(self, text: str, view: str, after: str | None) -> Page[Stocktake | OutcomeLine]:
        """The stocktakes, or a page of what came of one."""
        stocktakes = self.college.stocktakes
        if self._which:
            self._sum = _summary(stocktakes.outcome(self._which.id))
            page = stocktakes.lines(self._which.id, _BY_VIEW[view], after)
            return Page(page.items, page.total, page.next)
        found = [
            each
            for each in reversed(stocktakes.list())
            if search_form(text) in search_form(each.name)
        ]
        return Page(tuple(found), len(found), None)

    def cells(self, item: Stocktake | OutcomeLine) -> Sequence[str]:
        """One of them as a row."""
        if isinstance(item, OutcomeLine):
            return (
                grouped(item.tag) if item.tag else item.code or "",
                item.type or "",
                item.asset_number or "",
                item.place or "",
                f"with {item.to}" if item.to else item.seen_in or "",
            )
        closed = f"closed {uk_instant(item.closed_at)}" if item.closed_at else "open"
        return (item.name, closed, "", item.place or "everywhere", "")

    def take(self, item: Stocktake | OutcomeLine) -> None:
        """Show what it came to, or the holding."""
        if isinstance(item, Stocktake):
            self.desk.open_screen(StocktakeResults(self.desk, item))
        elif item.type and item.tag:
            self.desk.open_screen(HoldingPage(self.desk, item.tag))

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if self._which:
            return "Nothing on this list. Tab and the arrows choose another."
        return "No stocktake was made yet.\n\n{stocktake} opens one."


# -- what is put on record, with its verdict ------------------------------------------------------


def _open(college: College, typed: str) -> tuple[str, Verdict]:
    """Begin a stocktake; gives its id.

    Args:
        college: the store.
        typed: what it is called, and behind an `@` where it looks, if not everywhere.

    Raises:
        Refused: `nothing_expected`.
    """
    name, _, place = (part.strip() for part in typed.partition("@"))
    made = college.stocktakes.open(name, place=place or None)
    text = f"{made.name}: {plural(made.expected, 'holding')} to look for"
    return made.id, Verdict("STOCKTAKE", text, "Scan everything that is there.")


def _seen(got: StocktakeScan) -> Verdict:
    """What a scan is of."""
    word = "SEEN ALREADY" if got.repeat else _WORDS[got.outcome]
    shown = f"{got.type} {grouped(got.tag)}" if got.type and got.tag else got.code
    return Verdict(word, shown + "".join(f"; {note}" for note in _notes(got)), _next(got))


def _count_verdict(got: StocktakeScan, stock: StockCount | None) -> Verdict:
    """What was counted of a stock, and how many it should be."""
    shown = f"{got.quantity:,} of {got.type} {grouped(got.tag or '')}"
    if stock is None:
        return Verdict("COUNTED", shown)
    if len(stock.counts) > 1:
        shown += f", {stock.counted:,} in all"
    if not stock.difference:
        return Verdict("COUNTED", f"{shown}: as expected")
    many = abs(stock.difference)
    more = "more" if stock.difference > 0 else "fewer"
    hint = "The stocktake changes no number: change it on its page afterwards."
    return Verdict("COUNTED", f"{shown}: {many:,} {more} than the register has here", hint)


def _photo_named(text: str) -> Path | None:
    """The file in `photo FILE`, or a picture's own name, as a terminal types what is dropped."""
    named = text.lower().startswith(_PHOTO)
    name = (text[len(_PHOTO) :] if named else text).strip().strip("'\"").replace("\\ ", " ")
    file = Path(name).expanduser()
    return file if named or file.suffix.lower() in _PICTURES else None


def _record_photo(
    press: Press | None, college: College, which: str, photo: Path, place: str | None
) -> Verdict:
    """Record every code of a holding in a picture, and show what they are of."""
    if press is None:
        raise Refused("no_photos", "This desk reads no photos.", "Scan the labels.")
    found = press.scan_photo(college, which, photo, place)
    others = plural(len(found.left_out), "code")
    left_out = f"; left out {others} of something else" if found.left_out else ""
    if not found.scans:
        raise Refused(
            "nothing_found",
            f"No label was found in {photo.name}{left_out}.",
            "Take it nearer, or with more light; several photos of one shelf are fine.",
        )
    shown = ", ".join(
        f"{each.type} {grouped(each.tag)}" if each.type and each.tag else each.code
        for each in found.scans
    )
    word = "SEEN ALREADY" if all(each.repeat for each in found.scans) else "SEEN"
    text = f"{plural(len(found.scans), 'code')} in {photo.name}: {shown}{left_out}"
    return Verdict(word, text, "Photograph the next shelf, or scan on.")


def _notes(got: StocktakeScan) -> list[str]:
    notes = {
        f"its place is {got.place}": got.outcome == "sighted_elsewhere",
        "no holding here has this tag": got.outcome == "not_held",
        f"on loan to {got.on_loan_to} by the register": bool(got.on_loan_to),
        f"on record as {(got.state or '').replace('_', ' ')}": got.state not in (None, "held"),
        "the stocktake is closed; it counts all the same": got.late,
    }
    return [note for note, so in notes.items() if so]


def _next(got: StocktakeScan) -> str:
    if got.on_loan_to or got.state == "missing":
        return "The stocktake does not change that: scan it at the counter afterwards."
    return "Take it in at the counter afterwards." if got.outcome == "not_held" else ""


def _which_first() -> Refused:
    """A scan came while it is not known yet what it is for."""
    return Refused(
        "which_stocktake",
        "It is not known yet which stocktake that is for.",
        "Choose one, then scan it again. {home} leaves it: then scans go to the counter.",
    )


def _not_meanwhile(what: str) -> Refused:
    """The counter is not worked while a stocktake is open."""
    return Refused(
        "stocktake_open",
        f"{what} is for the counter, and a stocktake is open.",
        "{home} leaves the stocktake. Open it again to go on.",
    )


def _nothing_to_take_back() -> Refused:
    """What was seen stays seen, and what was done before is the counter's."""
    return Refused(
        "nothing_to_undo",
        "What is scanned or confirmed in a stocktake stays on record, and changes no holding.",
        "To take back a scan made by mistake, type: unscan. To undo what was done before the "
        "stocktake, leave it with {home}.",
    )


def _no_scan_to_take_back() -> Refused:
    """The latest action of this person is none of this screen's scans."""
    return Refused(
        "nothing_to_undo",
        "The last thing you did since you opened this is no scan that can be taken back.",
        "Scan it in its right place: that scan counts.",
    )


def _doubtful(unknown: BadInput) -> BadInput:
    """A typed code that no holding has; it may be a slip, or an unknown code.

    Args:
        unknown: why the register does not know it.
    """
    return BadInput(
        unknown.code,
        unknown.message,
        f"{refusals.next_step(unknown)} Type it once more to record it as an unknown code.".strip(),
    )


def _confirm(college: College, which: str, tag: str) -> Verdict:
    """Record that a borrower confirmed they have it."""
    done = college.stocktakes.confirm(which, tag)
    return Verdict(
        "CONFIRMED", f"{done.type} {grouped(done.tag)} is with {done.to}: they confirmed it"
    )


def _close_stocktake(college: College, which: str, without: tuple[str, ...] = ()) -> Verdict:
    """It is over; what nobody saw is not missing by that.

    Raises:
        Refused: `desks_waiting`, `closed`.
    """
    outcome = college.stocktakes.close(which, without=without)
    hint = "What was not seen is not recorded as missing: look again, or record each on its page."
    return Verdict("CLOSED", f"{outcome.stocktake.name}: {_summary(outcome)}", hint)


def _summary(outcome: Outcome) -> str:
    """What it comes to, in a line."""
    counts = outcome.counts
    on_loan = counts.on_loan + counts.on_loan_confirmed
    differ = sum(bool(each.difference) for each in outcome.stock)
    parts = (
        f"{_count_seen(outcome):,} of {outcome.expected:,} seen",
        f"{counts.sighted_elsewhere:,} of them elsewhere" if counts.sighted_elsewhere else "",
        f"{on_loan:,} on loan, {counts.on_loan_confirmed:,} confirmed" if on_loan else "",
        f"{counts.not_sighted:,} not seen",
        f"{plural(len(outcome.stock), 'stock')} counted, {differ:,} differ"
        if outcome.stock
        else "",
        f"{counts.unexpected:,} not on the list" if counts.unexpected else "",
        f"{plural(counts.unknown, 'unknown code')}" if counts.unknown else "",
    )
    return ", ".join(part for part in parts if part)


def _count_seen(outcome: Outcome) -> int:
    """How many of the list somebody had in hand."""
    return outcome.counts.sighted + outcome.counts.sighted_elsewhere
