"""One holding: what it is, its status, its contents, its gift, and everything that happened.

Scanning a label that nothing has yet, while this is open, claims it: the holding answers to it as
well from then on, as when the old label has come off. Any other scan goes to the counter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from kitloan.contents import Count, Part, count_of, read_exceptions, recorded_shortages
from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.holdings import Proposal
from kitloan.reference import colleges
from kitloan.text import scans
from kitloan.text.dates import day_of, uk, uk_instant
from kitloan.text.names import plain
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS, HistoryLine, Holding, Page, plural
from kitloan_tui import lookups
from kitloan_tui.counter import recording, refusals, sentences
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.frame import DeskScreen
from kitloan_tui.widgets.panels import MUTED, TITLE, fit

_NAME = 14
_WHEN = 18
_WHOLE, _UNCOUNTED, _AS_KNOWN = "whole", "uncounted", "as known"
_HERE = ("in", "incomplete", "uncounted")


@dataclass(frozen=True, slots=True)
class HoldingDetails:
    """All that is shown of one holding."""

    held: Holding
    parts: list[Part]
    having: list[tuple[str, int]]
    remarks: list[dict[str, str]]
    history: Page[HistoryLine]
    proposed: Proposal | None
    """That it should be withdrawn; a second person has to sign."""


class HoldingPage(DeskScreen):
    """The page of one holding."""

    NAME = "One holding"
    HINT = "Tab: the buttons. Scan an unused label to claim it for this one."
    HELP: ClassVar[str] = (
        "One holding with its contents, its gift and its history, the latest first. A label that "
        "nothing has yet, scanned here, becomes its second one. Withdrawing takes two people: one "
        "gives the reason, the other signs."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#body"

    def __init__(self, desk: DeskHost, tag: str, *, count: bool = False) -> None:
        super().__init__(desk)
        self.tag = tag
        self._is_to_be_counted = count
        self._details: HoldingDetails | None = None
        self._claimed = ""

    def middle(self) -> ComposeResult:
        """The page, and what can be done with the holding."""
        with VerticalScroll(id="body"):
            yield Static(id="page", markup=False)
        with Horizontal(id="buttons"):
            count = Button("Count", id="count", compact=True)
            count.display = False  # until it is known: a quick Tab must not reach it
            yield count
            yield Button("Move", id="move", compact=True)
            yield Button("Seen here", id="sight", compact=True)
            yield Button("Label", id="label", compact=True)
            yield Button("Send", id="send", compact=True)
            yield Button("Missing", id="missing", compact=True)
            yield Button("Withdraw", id="withdraw", compact=True)

    def on_mount(self) -> None:
        """Look it up."""
        super().on_mount()
        self.refresh_data()

    def refresh_data(self) -> None:
        """Look all of it up again."""
        if self._details is None:
            self.set_title(self.heading, "loading ...")
        self.look_up(self._find, self._show)

    def _find(self) -> HoldingDetails:
        college = self.college
        held = college.find.holding(self.tag)
        return HoldingDetails(
            held,
            college.loans.contents(self.tag),
            lookups.who_has(college.session, self.tag) if held.out_quantity else [],
            college.people.remarks(self.tag),
            college.find.history_page(self.tag),
            next((p for p in college.holdings.proposed_withdrawals() if p.tag == held.tag), None),
        )

    def _show(self, details: HoldingDetails) -> None:
        self._details = details
        self.set_title(details.held.type, grouped(details.held.tag))
        self.query_one("#withdraw", Button).label = "Sign" if details.proposed else "Withdraw"
        self.query_one("#count").display = bool(details.parts) and details.held.status in _HERE
        self.query_one("#missing").display = details.held.status in (*_HERE, "out", "overdue")
        self._draw()
        if self._is_to_be_counted:
            self._is_to_be_counted = False
            self._ask_count()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        if self._details:
            width = self.query_one("#body").scrollable_content_region.width
            today = self.college.session.today
            self.query_one("#page", Static).update(draw_page(self._details, today, width))

    # -- what can be done -------------------------------------------------------------------------

    @on(Button.Pressed, "#count")
    def _begin_count(self) -> None:
        self._ask_count()

    def _ask_count(self, value: str = "") -> None:
        """As when it comes back; the contents are on the page."""
        parts = self._details.parts if self._details else []
        if not parts:
            self.do(self._no_contents)
            return
        question = f"Count: {_usual(parts)}, or what is missing, as wheel 2"
        self.ask(question, lambda typed: self._counted(typed, parts), value)

    def _no_contents(self) -> Verdict:
        raise refusals.no_contents(self.college.find.holding(self.tag))

    def _counted(self, typed: str, parts: list[Part]) -> None:
        def act() -> Verdict:
            count = _count(typed, parts)
            if count is None:
                raise refusals.nothing_recorded_by_that()
            return recording.count(self.college, self.tag, count)

        if not self.do(act).ok:
            self._ask_count(typed)

    @on(Button.Pressed, "#move")
    def _ask_place(self) -> None:
        place = (self._details.held.location if self._details else None) or ""
        self.ask("Where is it now?", self._move, place)

    def _move(self, place: str) -> None:
        self.do(lambda: recording.move(self.college, self.tag, place))

    @on(Button.Pressed, "#sight")
    def _sight(self) -> None:
        self.do(lambda: recording.sight(self.college, self.tag))

    @on(Button.Pressed, "#label")
    def _label(self) -> None:
        self.desk.open_labels(self.tag)

    def perform(self, name: str) -> bool:
        """A label printed from here is this one's."""
        if name in ("labels", "print_label"):
            self._label()
            return True
        if name == "count":
            self._ask_count()
            return True
        return super().perform(name)

    @on(Button.Pressed, "#missing")
    def _ask_what_is_known(self) -> None:
        self.ask("Missing. What is known about it?", self._missing)

    def _missing(self, known: str) -> None:
        self.do(lambda: recording.report_missing(self.college, self.tag, known))

    @on(Button.Pressed, "#send")
    def _begin_sending(self) -> None:
        self._ask_where()

    def _ask_where(self, value: str = "") -> None:
        self.ask("To which college?", self._ask_whole, value, [each.name for each in colleges()])

    def _ask_whole(self, typed: str) -> None:
        """With a count of its contents, which the receiver's is compared with."""
        try:
            to = recording.find_college_named(typed)
        except BadInput as unknown:
            self.report(refusals.shown(unknown))
            self._ask_where(typed)
            return
        parts = self._details.parts if self._details else []
        if not parts:
            self.do(lambda: recording.send(self.college, self.tag, to, None))
            return
        question = f"Its contents: {_usual(parts)}, {_UNCOUNTED}, or what is short, as wheel 2"
        self.ask(question, lambda typed: self._send(to, typed, parts))

    def _send(self, to: str, typed: str, parts: list[Part]) -> None:
        def act() -> Verdict:
            return recording.send(self.college, self.tag, to, _count(typed, parts))

        self.do(act)

    @on(Button.Pressed, "#withdraw")
    def _propose_or_sign(self) -> None:
        """It takes two: one gives the reason, another signs."""
        if self._details is None:
            return
        if self._details.proposed is None:
            self.ask("Why should it leave the register?", self._propose)
        else:
            self.do(lambda: recording.withdraw(self.college, self.tag))

    def _propose(self, reason: str, letter: str | None = None) -> None:
        needs_letter = False

        def act() -> Verdict:
            nonlocal needs_letter
            try:
                return recording.propose_withdrawal(self.college, self.tag, reason, letter)
            except Refused as refused:
                needs_letter = refused.code == "donor_must_agree"
                raise

        self.do(act)
        if needs_letter:
            self.ask("Which letter of the donor's agrees?", lambda it: self._propose(reason, it))

    def take_scan(self, text: str) -> bool:
        """Claim a label that nothing has yet; anything else is for the counter."""
        code = scans.read(text)
        if not isinstance(code, scans.Tag):
            return False
        if code.tag == self._claimed:  # the trigger was held
            return True
        if not is_free(self, code.tag):
            return False
        self._claimed = code.tag
        self.do(lambda: recording.claim_label(self.college, self.tag, code.tag))
        return True


def count_last_scanned(desk: DeskHost) -> HoldingPage:
    """The page of the kit that was scanned last, and the question what is in it."""
    return HoldingPage(desk, desk.state.recent[0].tag, count=True)


def _usual(parts: list[Part]) -> str:
    """The words for what a count most often finds; none of them is assumed."""
    short = any(part.missing or part.broken for part in parts)
    return f"{_WHOLE}, {_AS_KNOWN}" if short else _WHOLE


def _count(typed: str, parts: list[Part]) -> Count | None:
    """What somebody typed of a kit's contents.

    Raises:
        BadInput: a part that is not on the list, or more of it than there are.
    """
    word = typed.lower()
    if word == _UNCOUNTED:
        return None
    if word == _WHOLE:
        return Count(whole=True)
    more = [] if word == _AS_KNOWN else read_exceptions(typed, parts)
    return count_of([*recorded_shortages(parts), *more])


def is_free(screen: DeskScreen, tag: str) -> bool:
    """Whether no holding has this tag; not when the store cannot be asked."""
    try:
        screen.college.find.holding(tag)
    except KitloanError as unknown:
        return unknown.code in ("unknown_tag", "unclaimed_tag")
    return False


# -- the page, drawn as text ----------------------------------------------------------------------


def draw_page(details: HoldingDetails, today: date, width: int) -> Content:
    """The whole page."""
    lines = [
        *_draw_status(details, today),
        *_draw_gift(details),
        *_draw_contents(details.parts, width),
        *_draw_remarks(details),
        *_draw_history(details, width),
    ]
    return Content("\n").join(lines)


def _draw_status(details: HoldingDetails, today: date) -> Iterator[Content]:
    held = details.held
    status = f"{SYMBOLS[held.status]} {held.status.replace('_', ' ').upper()}"
    if held.quantity > 1:
        status += f"   {held.quantity - held.out_quantity:,} here of {held.quantity:,}"
    yield _line("Status", status, "bold")
    for name, number in details.having:
        many = f"{number:,} with " if held.quantity > 1 else ""
        yield _line("On loan", f"{many}{name}{_since(details, name, today)}")
    for name, value in (
        ("Number", held.asset_number),
        ("Serial", held.serial),
        ("Place", held.location),
        ("Received", _day(held.received_on)),
    ):
        if value:
            yield _line(name, value)
    if details.proposed:
        by, on = details.proposed.by, uk_instant(details.proposed.at)
        yield _line("To be", f"withdrawn: {details.proposed.reason}; proposed by {by}, {on}")
    seen = held.last_sighted
    yield _line("Last seen", f"{uk_instant(seen.at)} by {seen.by}" if seen else "never")


def _since(details: HoldingDetails, name: str, today: date) -> str:
    """Since when, and how late; known of the loan that is due first."""
    loan = details.held.loan
    if loan is None or loan.to != name:
        return ""
    since = f", since {uk(day_of(loan.out_at))}" if loan.out_at else ", since a day not known"
    if loan.due_on is None:
        return since
    late = (today - loan.due_on).days
    due = f", due {uk(loan.due_on)}"
    return since + due + (f", {SYMBOLS['overdue']} {plural(late, 'day')} overdue" * (late > 0))


def _draw_gift(details: HoldingDetails) -> Iterator[Content]:
    gift = details.held.gift
    yield _title("Gift")
    worth = f"£{gift.value_pence / 100:,.2f}" if gift.value_pence is not None else ""
    basis = ", ".join(part for part in (gift.value_basis, _day(gift.valued_on)) if part)
    for name, value in (
        ("Donor", gift.donor),
        ("Paid by", gift.funding_source),
        ("Title", gift.title.replace("_", " ")),
        ("Document", gift.document),
        ("Value", f"{worth} ({basis})" if worth and basis else worth),
    ):
        if value:
            yield _line(name, value)


def _draw_contents(parts: list[Part], width: int) -> Iterator[Content]:
    if not parts:
        return
    short = sum(part.missing + part.broken for part in parts)
    yield _title(f"Contents   {plural(short, 'piece')} short" if short else "Contents   whole")
    for bag, inside in groupby(parts, lambda part: part.bag or ""):
        for row, part in enumerate(inside):
            typed = [
                f"{n} {w}" for n, w in ((part.missing, "missing"), (part.broken, "broken")) if n
            ]
            short_now = f"  {SYMBOLS['incomplete']} {', '.join(typed)}" if typed else ""
            name = f"{part.name}{' *' if part.critical else ''}{short_now}"
            yield Content.assemble(
                fit("" if row else bag, _NAME, MUTED),
                (f"{part.quantity:>6,}  ", "bold"),
                fit(name, max(10, width - _NAME - 8), "$warning" if typed else ""),
            )


def _draw_remarks(details: HoldingDetails) -> Iterator[Content]:
    if details.remarks:
        yield _title("Notes   they stay in this college")
    for each in details.remarks:
        yield _line(each["heading"], each["words"])


def _draw_history(details: HoldingDetails, width: int) -> Iterator[Content]:
    items, total = details.history.items, plural(details.history.total, "entry", "entries")
    shown = total if len(items) == details.history.total else f"the latest {len(items)} of {total}"
    yield _title(f"History   {shown}, the latest first")
    for each in reversed(items):
        what = sentences.entry_kind(each.kind)
        text = f"{what}: {each.summary}" if each.summary else what
        lines = wrap(plain(f"{text}   {each.by}"), max(10, width - _WHEN)) or [""]
        for row, line in enumerate(lines):
            yield Content.assemble(fit("" if row else uk_instant(each.at), _WHEN, MUTED), line)


def _title(text: str) -> Content:
    return Content.assemble("\n", (plain(text), TITLE))


def _line(name: str, value: str, style: str = "") -> Content:
    return Content.assemble(fit(name, _NAME, MUTED), (plain(value), style))


def _day(text: str | None) -> str:
    return uk(date.fromisoformat(text)) if text else ""
