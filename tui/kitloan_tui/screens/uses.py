"""What kits were used for: the loans to ask about, what is recorded, and the form.

The form has nine fields and needs none of them. A scan closes it and is handled at the counter;
what was typed is there again when it is opened for the same loan.
"""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from kitloan.evidence.engagements import EngagementLine, LoanWithoutForm
from kitloan.text.dates import uk
from kitloan.text.names import plain
from kitloan.text.tags import grouped
from kitloan.values import Page
from kitloan_tui.counter import steps, uses
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.loan_lookups import AboutLoan, LoanBack, about_loans, loan_back
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.frame import DeskScreen
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.use_line import FIELDS
from kitloan_tui.widgets.table import Column

UseRow = LoanWithoutForm | EngagementLine


class Uses(ListScreen[UseRow]):
    """The list; Enter on a loan opens the form."""

    ACTION = "uses"
    NAME = "What kits were used for"
    PROMPT = "a school: any part of its name"
    HINT = "Enter opens the form of a loan. The other view is what is recorded."
    HELP: ClassVar[str] = (
        "Loans that came back, and whose use nobody has recorded: to be asked about later, with "
        "whom to ring. Enter opens the form. What is never answered stays unknown: it is not "
        "counted as no learners. The other view lists what is recorded."
    )
    VIEWS = (("to ask about", "missing"), ("recorded", "recorded"))
    COLUMNS = (
        Column("Back, or on", 13),
        Column("School", share=4),
        Column("Whom to ask, or learners", share=4),
        Column("Kit", 16),
    )

    def __init__(self, desk: DeskHost) -> None:
        super().__init__(desk)
        self._about: dict[str, AboutLoan] = {}

    def find(self, text: str, view: str, after: str | None) -> Page[UseRow]:
        """A page of loans to ask about, or of what is recorded."""
        if view == "recorded":
            return self.college.engagements.list(text=text, after=after)
        page = self.college.engagements.waiting(after, text=text)
        self._about = about_loans(self.college.session, page.items)
        return page

    def cells(self, item: UseRow) -> Sequence[str]:
        """One loan, or one use, as a row."""
        if isinstance(item, EngagementLine):
            tag = grouped(item.tag) if item.tag else ""
            return uk(item.date), item.org or "an event", _learners(item), tag
        about = self._about.get(item.id, AboutLoan())
        return uk(item.back_on), item.to, about.reach, about.number or grouped(item.tag)

    def take(self, item: UseRow) -> None:
        """Open the form of a loan; what is recorded is only shown."""
        if isinstance(item, EngagementLine):
            self.report(Verdict("USED", f"{item.org or 'an event'}: {_learners(item)}."))
            return
        self.desk.open_screen(UseForm(self.desk, item.id))

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if text:
            return "No school here matches.\n\nType less of its name."
        if view == "recorded":
            return "No use is recorded yet.\n\nTake a kit back, then type: use p5 27"
        return "Every loan that came back has its use on record."

    def on_screen_resume(self) -> None:
        """Show what was recorded on the screen above."""
        if self._page is not None:
            self.refresh_data()


class UseForm(DeskScreen):
    """The form of one loan; Enter in any line of it records, and Esc leaves it for later."""

    NAME = "What was it used for?"
    HINT = "Enter records it. Tab goes on. Unknown stays empty. Esc: ask later."
    HELP: ClassVar[str] = (
        "What a kit was used for while a school had it. Nothing must be filled: what is empty is "
        "unknown, and unknown is not none. Learners are typed with their stage: p5 27, or several: "
        "p4 12 p6 20. Enter in any line records it; Ctrl+Z takes it back. Esc leaves it on the "
        "list of loans to ask about, and so does a scan."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#learners"
    _names: ClassVar[tuple[str, ...]] = tuple(name for name, _, _ in FIELDS)

    def __init__(self, desk: DeskHost, loan: str) -> None:
        super().__init__(desk)
        self._loan = loan

    def middle(self) -> ComposeResult:
        """The form."""
        typed = self.state.use_drafts.get(self._loan, {})
        with VerticalScroll(id="body", can_focus=False):
            yield Static(id="loan", markup=False)
            for name, words, placeholder in FIELDS:
                line = Input(typed.get(name, ""), id=name, placeholder=placeholder, compact=True)
                line.cursor_blink = False
                yield Horizontal(Static(words, classes="what", markup=False), line, classes="row")
            yield Button("Record", id="record", compact=True)

    def on_mount(self) -> None:
        """Show which loan it is about."""
        super().on_mount()
        self.refresh_data()

    def refresh_data(self) -> None:
        """Show which loan it is about."""
        back = loan_back(self.college.session, self._loan)
        words = "The loan is open again." if back is None else _loan_shown(back)
        self.query_one("#loan", Static).update(Content(plain(words)))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in any line records it."""
        event.stop()
        self._record()

    @on(Button.Pressed, "#record")
    def _record(self) -> None:
        verdict = self.desk.do(partial(steps.act, doing=self._act))
        if not verdict.ok:
            self.report(verdict)
            return
        self.desk.close_screen()
        below = self.desk.top_screen
        if isinstance(below, DeskScreen):
            below.report(verdict)

    def _act(self) -> Verdict:
        back = loan_back(self.college.session, self._loan)
        if back is None:
            raise uses.open_again()
        return uses.record(self.state, self.college, back, self._typed())

    def _typed(self) -> dict[str, str]:
        return {name: self.query_one(f"#{name}", Input).value for name in self._names}

    @on(Input.Changed)
    def _keep(self, event: Input.Changed) -> None:
        """Keep what is typed for when the form is opened again: a scan may close it at any time."""
        event.stop()
        if event.input.id in self._names:
            draft = self.state.use_drafts.setdefault(self._loan, {})
            draft[event.input.id] = event.value


def _learners(item: EngagementLine) -> str:
    if item.used == "no":
        return f"not used ({item.not_used})"
    if item.learners is None:
        return "not known"
    return ", ".join(f"{many} {band}" for band, many in item.learners.items()) or "0"


def _loan_shown(back: LoanBack) -> str:
    return f"{back.type} {grouped(back.tag)}, {back.to}, back on {uk(back.on)}"
