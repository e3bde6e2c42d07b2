"""One holding: what it is, its status, its contents, its gift, and everything that happened.

Scanning a label that nothing has yet, while this is open, claims it: the holding answers to it as
well from then on, as when the old label has come off. Any other scan goes to the counter.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby
from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import ItemGrid, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from kitloan.contents import Count, Part, count_of, read_exceptions, recorded_shortages
from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.holdings import Proposal
from kitloan.reference import colleges
from kitloan.text import scans
from kitloan.text.dates import uk, uk_instant
from kitloan.text.names import plain
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS, HistoryLine, Holding, NoteLine, Page, plural
from kitloan_tui import lookups
from kitloan_tui.actions import ACTIONS
from kitloan_tui.counter import recording, refusals, sentences, steps
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.loan_lookups import contacts_of
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.frame import DeskScreen
from kitloan_tui.widgets.panels import MUTED, TITLE, fit

_BUTTON = 16
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
    contacts: dict[str, str]
    """Whom to ring, by borrower."""
    remarks: list[NoteLine]
    history: Page[HistoryLine]
    proposed: Proposal | None
    """That it should be withdrawn; a second person has to sign."""


class HoldingPage(DeskScreen):
    """The page of one holding."""

    NAME = "One holding"
    HINT = "Tab: buttons. Scan an unused label to claim it for this."
    HELP: ClassVar[str] = (
        "One holding with its contents, its gift and its history, the latest first. A label that "
        "nothing has yet, scanned here, becomes its second one. Withdrawing takes two people: one "
        "gives the reason, the other signs."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#body"

    def __init__(self, desk: DeskHost, tag: str, begin: str = "") -> None:
        """Make the page of one holding.

        Args:
            desk: the program.
            tag: which holding.
            begin: the action of a holding that is begun as soon as the page is there.
        """
        super().__init__(desk)
        self.tag = tag
        self._begin = begin
        self._details: HoldingDetails | None = None
        self._claimed = ""

    def middle(self) -> ComposeResult:
        """The page, and what can be done with the holding."""
        with VerticalScroll(id="body"):
            yield Static(id="page", markup=False)
        with ItemGrid(id="buttons", min_column_width=_BUTTON):
            for action in ACTIONS:
                if action.of_holding:
                    button = Button(action.label, id=action.id, compact=True)
                    button.display = False  # until it is known: a quick Tab must not reach it
                    yield button

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
            contacts_of(college.session, self.tag) if held.out_quantity else {},
            college.people.remarks(self.tag),
            college.find.history_page(self.tag),
            next((p for p in college.holdings.proposed_withdrawals() if p.tag == held.tag), None),
        )

    def _show(self, details: HoldingDetails) -> None:
        self._details = details
        self.set_title(details.held.type, grouped(details.held.tag))
        self.query_one("#withdraw", Button).label = "Sign" if details.proposed else "Withdraw"
        for name, can_be_done in _CAN_BE_DONE.items():
            button = self.query_one(f"#{name}", Button)
            button.display = can_be_done(details)
            if button.has_focus and not button.display:
                self.query_one("#body").focus()
        self._draw()
        if self._begin:
            begin, self._begin = self._begin, ""
            self.perform(begin)

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        if self._details:
            width = self.query_one("#body").scrollable_content_region.width
            today = self.college.session.today
            self.query_one("#page", Static).update(draw_page(self._details, today, width))

    # -- what can be done -------------------------------------------------------------------------

    @on(Button.Pressed, "#buttons Button")
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.perform(event.button.id or "")

    def perform(self, name: str) -> bool:
        """Do an action of the registry to this holding; a label printed from here is its own."""
        own: dict[str, Callable[[], object]] = {
            "count": self._ask_count,
            "renew": self._ask_due,
            "amend": self._ask_what_changes,
            "correct": self._ask_what_was_wrong,
            "pass_on": self._ask_who_has_it,
            "use_up": self._ask_what_was_used,
            "split": self._ask_how_many,
            "repair": self._repair,
            "reinstate": self._reinstate,
            "undo_here": self._undo_here,
            "move": self._ask_place,
            "sight": self._sight,
            "label": self._label,
            "labels": self._label,
            "print_label": self._label,
            "send": self._ask_where,
            "missing": self._ask_what_is_known,
            "withdraw": self._propose_or_sign,
        }
        if name in own:
            own[name]()
            return True
        return super().perform(name)

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

    def _ask_due(self, value: str = "") -> None:
        loan = self._details.held.loan if self._details else None
        whose = f"Loan of {loan.to}. " if loan else ""
        self.ask(f"{whose}Due when? friday, 18 dec, 3 weeks", self._renew, value)

    def _renew(self, typed: str) -> None:
        if not self.do(lambda: recording.renew(self.college, self.tag, typed)).ok:
            self._ask_due(typed)

    def _ask_what_was_wrong(self, value: str = "") -> None:
        question = "What is right? to SCHOOL, on friday, due 18 dec, contact NAME, quantity 4"
        self.ask(question, self._correct, value, [f"to {name}" for name in self._schools()])

    def _correct(self, typed: str) -> None:
        if not self.do(lambda: recording.correct_loan(self.college, self.tag, typed)).ok:
            self._ask_what_was_wrong(typed)

    def _ask_who_has_it(self, value: str = "") -> None:
        self.ask("Which school has it now?", self._pass_on, value, self._schools())

    def _pass_on(self, typed: str) -> None:
        if not self.do(lambda: recording.pass_on(self.college, self.tag, typed)).ok:
            self._ask_who_has_it(typed)

    def _schools(self) -> list[str]:
        try:
            return lookups.organisations(self.college.session)
        except KitloanError:  # shown when something is asked of the store
            return []

    def _ask_what_was_used(self, value: str = "") -> None:
        self.ask("How many? back 5 used 3 lost 2", self._use_up, value)

    def _use_up(self, typed: str) -> None:
        if not self.do(lambda: recording.use_up(self.college, self.tag, typed)).ok:
            self._ask_what_was_used(typed)

    def _ask_how_many(self, value: str = "") -> None:
        self.ask("How many go apart? 10, or 10 @ PLACE", self._split, value)

    def _split(self, typed: str) -> None:
        if not self.do(lambda: recording.split(self.college, self.tag, typed)).ok:
            self._ask_how_many(typed)

    def _repair(self) -> None:
        if self._details and self._details.held.status == "out_of_use":
            self.do(lambda: recording.repaired(self.college, self.tag))
        else:
            self.ask("What is to be repaired?", self._put_in_repair)

    def _put_in_repair(self, reason: str) -> None:
        self.do(lambda: recording.repair(self.college, self.tag, reason))

    def _reinstate(self) -> None:
        """It takes two: one gives the reason, another signs."""
        is_proposed = True

        def act() -> Verdict:
            nonlocal is_proposed
            try:
                return recording.reinstate(self.college, self.tag)
            except Refused as refused:
                is_proposed = refused.code != "not_proposed"
                raise

        self.do(act)
        if not is_proposed:
            self.report(None)
            self.ask("How did it turn up?", self._propose_reinstatement)

    def _propose_reinstatement(self, reason: str) -> None:
        self.do(lambda: recording.propose_reinstatement(self.college, self.tag, reason))

    def _undo_here(self) -> None:
        self.report(self.desk.do(partial(steps.undo_one, tag=self.tag)))
        self.refresh_data()

    def _ask_what_changes(self) -> None:
        self.ask("What is to be changed? number, serial, type or quantity", self._ask_value)

    def _ask_value(self, what: str) -> None:
        """The new value, with the old one to be corrected."""
        try:
            field = recording.amendable(what)
        except BadInput as unknown:
            self.report(refusals.shown(unknown))
            self._ask_what_changes()
            return
        held = self._details.held if self._details else None
        before = str(getattr(held, field) or "") if held else ""
        kinds = self.kinds() if field == "type" else ()
        words = "none takes it away" if field in ("asset_number", "serial") else "Enter changes it"
        question = f"New {what.lower()}? {words}"
        self.ask(question, lambda typed: self._amend(field, typed), before, kinds)

    def _amend(self, field: str, typed: str) -> None:
        self.do(lambda: recording.amend(self.college, self.tag, field, typed))

    def _ask_place(self) -> None:
        place = (self._details.held.location if self._details else None) or ""
        self.ask("Where is it now?", self._move, place)

    def _move(self, place: str) -> None:
        self.do(lambda: recording.move(self.college, self.tag, place))

    def _sight(self) -> None:
        self.do(lambda: recording.sight(self.college, self.tag))

    def _label(self) -> None:
        self.desk.open_labels(self.tag)

    def _ask_what_is_known(self) -> None:
        self.ask("Missing. What is known about it?", self._missing)

    def _missing(self, known: str) -> None:
        self.do(lambda: recording.report_missing(self.college, self.tag, known))

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


def _is_here(details: HoldingDetails) -> bool:
    return details.held.status in _HERE


def _is_held(details: HoldingDetails) -> bool:
    return details.held.status not in ("withdrawn", "in_transit")


_CAN_BE_DONE: Mapping[str, Callable[[HoldingDetails], bool]] = {
    "count": lambda details: bool(details.parts) and _is_here(details),
    "renew": lambda details: details.held.loan is not None,
    "amend": _is_held,
    "correct": lambda details: details.held.loan is not None,
    "pass_on": lambda details: details.held.loan is not None,
    "use_up": lambda details: details.held.loan is not None and details.held.quantity > 1,
    "split": lambda details: details.held.quantity > 1 and _is_held(details),
    "repair": lambda details: details.held.status in (*_HERE, "out_of_use"),
    "reinstate": lambda details: details.held.status == "withdrawn",
    "undo_here": lambda details: bool(details.history.items),
    "move": _is_held,
    "sight": _is_held,
    "label": _is_held,
    "send": _is_here,
    "missing": lambda details: details.held.status in (*_HERE, "out", "overdue"),
    "withdraw": _is_held,
}
"""Which of the actions of a holding have a button, by what is known of it."""


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
        *_draw_contents(details, width),
        *_draw_remarks(details, width),
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
        if contact := details.contacts.get(name):
            yield _line("Contact", contact)
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
    since = f", since {uk(loan.on)}" if loan.on else ", since a day not known"
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


_COUNTED = {
    "whole": "counted whole",
    "short": "counted short",
    "never": "never counted",
    "list_changed": "list changed after the latest count",
}


def _draw_contents(details: HoldingDetails, width: int) -> Iterator[Content]:
    parts = details.parts
    if not parts:
        return
    short = sum(part.missing + part.broken for part in parts)
    counted = _COUNTED[details.held.counted or "never"]
    words = f"{plural(short, 'piece')} short" if short else counted
    yield _title(f"Contents   {words}")
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


def _draw_remarks(details: HoldingDetails, width: int) -> Iterator[Content]:
    if details.remarks:
        yield _title("Notes   they stay in this college")
    for each in details.remarks:
        written = f"   ({each.written})" if each.written else ""
        lines = wrap(plain(f"{each.words}{written}"), max(10, width - _NAME))
        for row, line in enumerate(lines):
            yield _line("" if row else each.heading, line)


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
