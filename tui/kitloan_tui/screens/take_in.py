"""Taking in what the college got: one form, or a label that was scanned before anybody knew it.

The counter asks what a new label is stuck on; this screen opens over that question with the tag
filled in. Scans made meanwhile wait at the counter, in sight, and a whole box is taken in by
scanning every label and then pressing Enter once for each: what one kit was, the next is likely
to be. Opened by its key, with no label scanned, it takes new labels one after the other,
or mints a tag for what is typed: never for an Enter alone, which may be one too many. A label may
also be for a holding that is here already.
"""

from collections import deque
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Static

from kitloan.errors import BadInput, Refused
from kitloan.holdings import Gift, NewHolding
from kitloan.text import scans
from kitloan.text.names import near_names, plain, search_form
from kitloan.text.tags import grouped
from kitloan_tui.counter import recording, sentences, steps
from kitloan_tui.counter.questions import TakingIn
from kitloan_tui.counter.state import MOST_CHOICES
from kitloan_tui.counter.status import status_lines, waiting_line
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.frame import DeskScreen
from kitloan_tui.screens.holding import is_free

_MINTED = "a new one, to be printed"
_FIELDS = (
    ("type", "What it is", "a number of the list below, or a new kind"),
    ("quantity", "How many", "1; 30 loose things under one label; 10 each: ten things"),
    ("asset_number", "Number", "the college's own number for it"),
    ("serial", "Serial", "the maker's number"),
    ("location", "Place", "where it is kept"),
    ("donor", "Donor", "who gave it"),
    ("sender", "Sent by", "the college that sent it, when one did"),
    ("here", "Or is here", "a number or tag: the label is a second one for that holding"),
)
_OVER = ("TAKEN IN", "RECEIVED", "CLAIMED", "TAKE IN?")
"""Verdicts after which the form is ready for the next label."""
_EACH = " each"
"""After a number: so many things, each with a label of its own."""
_SAME_FOR_NEXT = ("type", "location", "donor", "sender")


class _Line(Input):
    """A line of the form. The same letter typed over itself is typed, too: it is the next thing."""

    class TypedOver(Message):
        """Something was typed that is what was there before."""

    def replace(self, text: str, start: int, end: int) -> None:
        """Put text in the place of some of the line."""
        before = self.value
        super().replace(text, start, end)
        if text and self.value == before:
            self.post_message(self.TypedOver())


class TakeIn(DeskScreen):
    """The form; Enter in any line of it takes the holding in."""

    NAME = "Take in"
    HINT = "Enter takes it in. Tab goes on to the next line. Scan the label that is on it."
    HELP: ClassVar[str] = (
        "Takes in a holding under the label that was scanned, or under a new tag. Enter in any "
        "line does it. Type, place, donor and sender stay for the next one. What another college "
        "sent keeps its label: scan that, and type who sent it. The last line is for a label that "
        "goes on a holding which is here already."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#type"

    def __init__(self, desk: DeskHost) -> None:
        super().__init__(desk)
        self._own_tags: deque[str] = deque()
        self._kinds = self.kinds()
        self._kept = {name: "" for name, _, _ in _FIELDS}
        """What the lines held when the form was last ready for a label."""
        self._is_typed = False
        self._is_over = False
        self._kind_shown = ""

    @property
    def tag(self) -> str:
        """The label that it is about: the one that the counter asks of, else the one scanned."""
        question = self.state.question
        if isinstance(question, TakingIn):
            return question.tag
        return self._own_tags[0] if self._own_tags else ""

    def middle(self) -> ComposeResult:
        """The form."""
        kinds = SuggestFromList(self._kinds, case_sensitive=False)
        with VerticalScroll(id="body", can_focus=False):
            yield _row("Label", Static(id="label", markup=False))
            for name, words, placeholder in _FIELDS:
                line = _Line(
                    id=name,
                    placeholder=placeholder,
                    compact=True,
                    suggester=kinds if name == "type" else None,
                )
                line.cursor_blink = False
                yield _row(words, line)
            yield Static(id="kinds", markup=False)
            yield Button("Take in", id="take", compact=True)
            yield Button("Read a register instead", id="register", compact=True)
            yield Static(id="waiting", markup=False)

    def on_mount(self) -> None:
        """Show which label it is about."""
        super().on_mount()
        self.refresh_data()

    def refresh_data(self) -> None:
        """Show which label it is about now, and what waits behind it."""
        self.query_one("#label", Static).update(grouped(self.tag) if self.tag else _MINTED)
        self._list_kinds()
        waits = [line for line in status_lines(self.state) if "waiting" in line]
        behind = list(self._own_tags)[0 if self.tag not in self._own_tags else 1 :]
        if behind:
            waits.append(waiting_line(behind))
        self.query_one("#waiting", Static).update("\n".join(waits))

    def _list_kinds(self) -> None:
        """The kinds to pick by number; those that are like what is typed, while something is."""
        typed = search_form(self._value("type"))
        narrowed = bool(typed) and self._is_typed and not typed.isdecimal()
        like = [kind for kind in self._kinds if not narrowed or typed in search_form(kind)]
        listed = like[:MOST_CHOICES]
        shown = [kind if narrowed else f"{n} {kind}" for n, kind in enumerate(listed, start=1)]
        if len(like) > len(listed):
            shown.append(f"and {len(like) - len(listed):,} more: type letters of one")
        words = "   ".join(shown) or ("A new kind." if narrowed else "")
        self.query_one("#kinds", Static).update(Content(plain(words)))

    @on(_Line.TypedOver)
    def _typed_over(self, event: "_Line.TypedOver") -> None:
        event.stop()
        self._is_typed = True

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value.strip() != self._kept.get(event.input.id or "", event.value):
            self._is_typed = True
        self._list_kinds()

    # -- taking in --------------------------------------------------------------------------------

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in any line takes it in."""
        event.stop()
        self._take_in()

    @on(Button.Pressed, "#take")
    def _take_in(self) -> None:
        if isinstance(self.state.question, TakingIn):
            verdict = self.desk.do(partial(steps.answer_with, doing=self._act))
        else:
            verdict = self.desk.do(partial(steps.act, doing=self._act))
            if verdict.ok and self._own_tags:
                self._own_tags.popleft()
        self.report(verdict)
        if not verdict.ok:
            self.query_one("#type", Input).action_select_all()
        if verdict.word in _OVER:
            self._begin_next()
        elif verdict.ok:  # the counter has gone on to what was scanned meanwhile
            super().leave()

    @on(Button.Pressed, "#register")
    def _register(self) -> None:
        self.desk.action_perform("register")

    def _act(self) -> Verdict:
        if self._is_over and not self._is_typed and not self.tag:
            raise BadInput(
                "nothing_new",
                "Nothing was scanned or typed since the last one.",
                "Scan the next label. Or type what the next thing is: it gets a new tag.",
            )
        if self._value("here"):
            if not self.tag:
                raise BadInput("no_label", "No label was scanned.", "Scan the label, then Enter.")
            return recording.claim_label(self.college, self._value("here"), self.tag)
        if self._value("sender"):
            if not self.tag:
                raise BadInput("no_label", "No label was scanned.", "Scan the label that it has.")
            return recording.receive_as(self.college, self._value("sender"), self._new())
        new = self._new()
        if self._value("quantity").endswith(_EACH):
            if self.tag:
                raise BadInput(
                    "one_label",
                    "One label was scanned, and several things are to be taken in.",
                    "Scan the label of each. Or leave this, and begin without a label.",
                )
            return recording.take_in_several(self.college, replace(new, quantity=1), new.quantity)
        return recording.take_in(self.college, new)

    def _new(self) -> NewHolding:
        self._must_not_be_in_use(self._value("asset_number"))
        number = self._value("quantity").removesuffix(_EACH).strip() or "1"
        if not number.isdecimal():
            raise BadInput("bad_quantity", f"{number!r} is not a valid quantity.", "Type a number.")
        return NewHolding(
            type=self._kind(),
            quantity=int(number),
            tag=self.tag or None,
            asset_number=self._value("asset_number") or None,
            serial=self._value("serial") or None,
            location=self._value("location") or None,
            gift=Gift(donor=self._value("donor") or None),
        )

    def _must_not_be_in_use(self, number: str) -> None:
        """A number that something on the register has is refused, before a kind is asked about."""
        if not number:
            return
        try:
            held = self.college.find.holding(number)
            if held.status == "withdrawn":
                return
            whose = sentences.shown(held)
        except BadInput as unknown:
            if unknown.code != "ambiguous":
                return
            whose = "several holdings"
        raise BadInput(
            "number_in_use",
            f"{plain(number)} is the number of {whose} already.",
            "Correct it, or leave it empty.",
        )

    def _kind(self) -> str:
        typed = self._value("type")
        listed = self._kinds[:MOST_CHOICES]
        if typed.isdecimal() and 1 <= int(typed) <= len(listed):
            return listed[int(typed) - 1]
        known = next(
            (kind for kind in self._kinds if search_form(kind) == search_form(typed)), None
        )
        like = () if known or not typed else near_names(typed, self._kinds)
        if like and typed != self._kind_shown:
            self._kind_shown = typed
            raise BadInput(
                "new_kind",
                f"{typed!r} is no kind of kit here. Is it {' or '.join(like)}?",
                "Type that. Or press Enter once more: then it is a new kind.",
            )
        return known or typed

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _begin_next(self) -> None:
        for name, _, _ in _FIELDS:
            if name not in _SAME_FOR_NEXT:
                self.query_one(f"#{name}", Input).clear()
            self._kept[name] = self._value(name)
        self._is_typed, self._is_over = False, True
        kind = self.query_one("#type", Input)
        kind.focus()
        kind.action_select_all()  # what is typed now is another kind, and no more of this one
        self.refresh_data()

    # -- scans ------------------------------------------------------------------------------------

    def take_scan(self, text: str) -> bool:
        """A label that nothing has yet fills the form; while the counter asks, any scan waits."""
        if isinstance(self.state.question, TakingIn):
            self.report(self.desk.do(partial(steps.scan, text=text)))
            self.refresh_data()
            return True
        code = scans.read(text)
        if isinstance(code, scans.Tag) and is_free(self, code.tag):
            if code.tag not in self._own_tags:
                self._own_tags.append(code.tag)
            self.refresh_data()
        elif self._own_tags or self._is_typed:
            self.report(self.desk.do(partial(steps.act, doing=_half_filled)))
        else:
            return False
        return True

    def leave(self) -> None:
        """Esc: the label stays unknown, and the counter goes on."""
        if isinstance(self.state.question, TakingIn):
            self.desk.do(steps.escape)
        super().leave()


def _half_filled() -> Verdict:
    raise Refused(
        "half_filled",
        "The form is half filled, and this is not its label.",
        "Enter takes it in, {home} leaves it. Then scan that again.",
    )


def _row(words: str, what: Static | Input) -> Horizontal:
    return Horizontal(Static(words, classes="what", markup=False), what, classes="row")
