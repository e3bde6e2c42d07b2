"""One holding: what it is and how it stands, its contents, its gift, and everything that happened.

Scanning a label that nothing has yet, while this is open, claims it: the holding answers to it as
well from then on, as when the old label has come off. Any other scan goes to the counter.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Static

from kitloan.contents import Count, Part, count_of, read_exceptions, recorded_shortages
from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.holdings import Proposal
from kitloan.reference import colleges
from kitloan.text import scans
from kitloan.text.tags import grouped
from kitloan.values import HistoryLine, Holding, Page
from kitloan_tui import lookups, telling, wording
from kitloan_tui.screens.house import House
from kitloan_tui.verdict import Verdict
from kitloan_tui.widgets.particulars import particulars

if TYPE_CHECKING:
    from kitloan_tui.counter import Counter


_WHOLE, _UNCOUNTED, _AS_KNOWN = "whole", "uncounted", "as known"
_HERE = ("in", "incomplete", "uncounted")


@dataclass(frozen=True, slots=True)
class Story:
    """All that is shown of one holding."""

    held: Holding
    parts: list[Part]
    having: list[tuple[str, int]]
    remarks: list[dict[str, str]]
    history: Page[HistoryLine]
    proposed: Proposal | None
    """That it should be withdrawn; a second person has to sign."""


class OneHolding(House):
    """The page of one holding."""

    NAME = "One holding"
    HINT = "Tab: the buttons. Scan an unused label to claim it for this one."
    HELP: ClassVar[str] = (
        "One holding with its contents, its gift and its history, the latest first. A label that "
        "nothing has yet, scanned here, becomes its second one. Withdrawing takes two people: one "
        "says why, the other signs."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#body"

    def __init__(self, counter: "Counter", tag: str, *, count: bool = False) -> None:
        super().__init__(counter)
        self.tag = tag
        self._is_to_be_counted = count
        self._story: Story | None = None
        self._claimed = ""

    def middle(self) -> ComposeResult:
        """The page, and what can be done with the holding."""
        with VerticalScroll(id="body"):
            yield Static(id="page", markup=False)
        with Horizontal(id="buttons"):
            count = Button("Count", id="count", compact=True)
            count.display = False  # until it is known: who is quick with Tab must not meet it
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
        if self._story is None:
            self.title_says(self.called, "looking ...")
        self.look_up(self._find, self._show)

    def _find(self) -> Story:
        kitloan = self.kitloan
        held = kitloan.find.holding(self.tag)
        return Story(
            held,
            kitloan.loans.contents(self.tag),
            lookups.who_has(kitloan.session, self.tag) if held.out_quantity else [],
            kitloan.people.remarks(self.tag),
            kitloan.find.history_page(self.tag),
            next((p for p in kitloan.holdings.proposed_withdrawals() if p.tag == held.tag), None),
        )

    def _show(self, story: Story) -> None:
        self._story = story
        self.title_says(story.held.type, grouped(story.held.tag))
        self.query_one("#withdraw", Button).label = "Sign" if story.proposed else "Withdraw"
        self.query_one("#count").display = bool(story.parts) and story.held.status in _HERE
        self.query_one("#missing").display = story.held.status in (*_HERE, "out", "overdue")
        self._draw()
        if self._is_to_be_counted:
            self._is_to_be_counted = False
            self._ask_count()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        if self._story:
            width = self.query_one("#body").scrollable_content_region.width
            today = self.kitloan.session.today
            self.query_one("#page", Static).update(particulars(self._story, today, width))

    # -- what can be done -------------------------------------------------------------------------

    @on(Button.Pressed, "#count")
    def _begin_count(self) -> None:
        self._ask_count()

    def _ask_count(self, value: str = "") -> None:
        """As when it comes back; the contents stand on the page."""
        parts = self._story.parts if self._story else []
        if not parts:
            self.do(lambda: telling.nothing_to_count(self.kitloan, self.tag))
            return
        question = f"Count: {_usual(parts)}, or what is not, as wheel 2"
        self.ask(question, lambda said: self._counted(said, parts), value)

    def _counted(self, said: str, parts: list[Part]) -> None:
        def act() -> Verdict:
            count = _count(said, parts)
            if count is None:
                raise telling.not_counted()
            return telling.counted(self.kitloan, self.tag, count)

        if not self.do(act).ok:
            self._ask_count(said)

    @on(Button.Pressed, "#move")
    def _ask_place(self) -> None:
        place = (self._story.held.location if self._story else None) or ""
        self.ask("Where is it kept now?", self._move, place)

    def _move(self, place: str) -> None:
        self.do(lambda: telling.moved(self.kitloan, self.tag, place))

    @on(Button.Pressed, "#sight")
    def _sight(self) -> None:
        self.do(lambda: telling.sighted(self.kitloan, self.tag))

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
        self.ask("Not to be found. What is known of it?", self._missing)

    def _missing(self, known: str) -> None:
        self.do(lambda: telling.missing(self.kitloan, self.tag, known))

    @on(Button.Pressed, "#send")
    def _begin_sending(self) -> None:
        self._ask_where()

    def _ask_where(self, value: str = "") -> None:
        self.ask("To which college?", self._ask_whole, value, [each.name for each in colleges()])

    def _ask_whole(self, said: str) -> None:
        """With a count of its contents, which the receiver's is compared with."""
        try:
            to = telling.college_meant(said)
        except BadInput as unknown:
            self.say(wording.refused(unknown))
            self._ask_where(said)
            return
        parts = self._story.parts if self._story else []
        if not parts:
            self.do(lambda: telling.sent(self.kitloan, self.tag, to, None))
            return
        question = f"Its contents: {_usual(parts)}, {_UNCOUNTED}, or what is short, as wheel 2"
        self.ask(question, lambda said: self._send(to, said, parts))

    def _send(self, to: str, said: str, parts: list[Part]) -> None:
        def act() -> Verdict:
            return telling.sent(self.kitloan, self.tag, to, _count(said, parts))

        self.do(act)

    @on(Button.Pressed, "#withdraw")
    def _propose_or_sign(self) -> None:
        """It takes two: one says why, another signs."""
        if self._story is None:
            return
        if self._story.proposed is None:
            self.ask("Why should it leave the register?", self._propose)
        else:
            self.do(lambda: telling.withdrawn(self.kitloan, self.tag))

    def _propose(self, reason: str, letter: str | None = None) -> None:
        needs_letter = False

        def act() -> Verdict:
            nonlocal needs_letter
            try:
                return telling.withdrawal_proposed(self.kitloan, self.tag, reason, letter)
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
        self.do(lambda: telling.claimed(self.kitloan, self.tag, code.tag))
        return True


def last_counted(counter: "Counter") -> OneHolding:
    """The page of the kit that was scanned last, and the question what is in it."""
    return OneHolding(counter, counter.subjects[0].tag, count=True)


def _usual(parts: list[Part]) -> str:
    """The words for what a count most often finds; none of them is assumed."""
    short = any(part.missing or part.broken for part in parts)
    return f"{_WHOLE}, {_AS_KNOWN}" if short else _WHOLE


def _count(said: str, parts: list[Part]) -> Count | None:
    """What somebody says of a kit's contents.

    Raises:
        BadInput: a part that is not on the list, or more of it than there are.
    """
    word = said.lower()
    if word == _UNCOUNTED:
        return None
    if word == _WHOLE:
        return Count(whole=True)
    more = [] if word == _AS_KNOWN else read_exceptions(said, parts)
    return count_of([*recorded_shortages(parts), *more])


def is_free(screen: House, tag: str) -> bool:
    """Whether no holding has this tag; not when the store cannot say."""
    try:
        screen.kitloan.find.holding(tag)
    except KitloanError as unknown:
        return unknown.code in ("unknown_tag", "unclaimed_tag")
    return False
