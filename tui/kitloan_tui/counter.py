"""The counter: what lies on it, who stands at it, and what a scan or a typed line does to that.

No screen and no clock of its own: `scan`, `submit`, `escape` and `command` take what came in,
change the state and answer with a `Verdict`. The screens and a line desk draw the same state.

What goes out is the `Lender`'s: whose turn it is, and the kits that wait for a name. `question` is
a kit being counted, stock whose number is asked, or a label that no holding has yet. A scan never
answers a question: it waits in `waiting` until the question is settled, and is then handled in its
turn, so that no count is assumed and no scan lost.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from kitloan import scan
from kitloan.answers import Holding
from kitloan.errors import BadInput, KitloanError
from kitloan.library import Kitloan
from kitloan.scan import Command, Tag, Text
from kitloan.text import clean, tidy
from kitloan_tui import arriving, lookups, meaning, settling, wording
from kitloan_tui.actions import BY_WORD
from kitloan_tui.counting import Counting, HowMany, Lending, PartsCount, Question, TakingIn
from kitloan_tui.diary import Diary, Repeats
from kitloan_tui.lender import MOST_CHOICES, Lender, Subject
from kitloan_tui.questions import Questions
from kitloan_tui.verdict import ONLY_LOOKS, READY, Verdict

PrintLabel = Callable[[Kitloan, Holding], str]
"""Puts a holding's label on paper or into a file, and on record; gives where it is."""


class Counter:
    """One desk's counter, for one person in one college.

    Attributes:
        take_in: answers a valid tag that no holding has. It asks for the kind of kit, unless a
            screen that can do more puts itself here.
        label: answers PRINT LABEL. It writes the label at once, unless a screen does more.
    """

    def __init__(self, kitloan: Kitloan, print_label: PrintLabel | None = None) -> None:
        self.kitloan = kitloan
        self.diary = Diary(kitloan.session.clock)
        if kitloan.session.is_national:
            self.diary.verdict = ONLY_LOOKS
        if kitloan.upgraded is not None:
            self.diary.record(wording.upgraded(kitloan.upgraded))
        self.lender = Lender(kitloan)
        self.questions = Questions(kitloan, self.lender)
        self.returns_only = False
        self.waiting: deque[str] = deque()
        self.matches: tuple[Holding, ...] = ()
        self.take_in: Callable[[str], Verdict] = self._ask_kind
        self.label: Callable[[Holding], Verdict] = self._write_label
        self._print_label = print_label
        self._just_refused: Holding | None = None
        self._repeats = Repeats()
        self._layout_told = False
        self._commands: dict[str, Callable[[], Verdict]] = {
            "undo": self._undo,
            "done": self._done,
            "home": self._leave,
            "whole": self.questions.whole,
            "count_later": self.questions.count_later,
            "return": self._returns,
            "plus_7": partial(self._renew, 7),
            "plus_14": partial(self._renew, 14),
            "print_label": self._label,
        }

    # -- what comes in ----------------------------------------------------------------------------

    def scan(self, text: str, at: float | None = None) -> Verdict:
        """Take a scan.

        Args:
            text: what the scanner sent.
            at: when, in seconds of one clock that does not step back; None where that means
                nothing, as in a list of tags from a file, and then nothing is a repeat.
        """
        code = scan.read(text)
        if self._repeats.same_again(code, at):
            return self.diary.note("The same code twice: the second was ignored.")
        if isinstance(code, Command):
            return self.command(code.name)
        if (question := self.question) is not None:
            # Words about the kit on the counter are no scan, however fast they came: pasted, or
            # typed by a program. Kept waiting, they would leave it recorded as whole.
            if isinstance(code, Text) and self.counting and self.counting.understands(text):
                return self._say(lambda: self._answer(question, tidy(text)))
            return self._say(lambda: self._wait(question, text, code))
        return self._say(lambda: self._take(code))

    def submit(self, text: str) -> Verdict:
        """Take a line that somebody typed and ended with Enter; empty for Enter alone."""
        text = tidy(text)
        if not text:
            return self._say(self._enter)
        code = scan.read(text)
        if not isinstance(code, Text):
            return self.scan(text)
        if text.lower() in BY_WORD:
            return self.command(BY_WORD[text.lower()].id)
        if (question := self.question) is not None:
            return self._say(lambda: self._answer(question, text))
        chosen = self._chosen(text)
        return self._say(lambda: self._pick(chosen) if chosen else self._take(code))

    def escape(self) -> Verdict:
        """Leave what is open, the innermost first; nothing is recorded."""
        return self._say(self._leave)

    def undo(self) -> Verdict:
        """Take back the last word of a count, else this person's latest action."""
        return self.command("undo")

    def command(self, name: str) -> Verdict:
        """Do what a command card asks for, by its name in `kitloan.scan.COMMANDS`."""
        return self._say(self._commands[name])

    def beside(self, act: Callable[[], Verdict]) -> Verdict:
        """Do what a screen beside the counter asks for, and say how it went."""
        return self._say(act)

    def answered(self, act: Callable[[], Verdict]) -> Verdict:
        """Settle the open question by what a screen does about it."""
        return self._say(lambda: self.questions.settle(act))

    def complain(self, problem: KitloanError) -> Verdict:
        """Say what is wrong with something beside the counter."""
        self.diary.record(wording.refused(problem))
        return self.verdict

    @property
    def verdict(self) -> Verdict:
        """What was said last."""
        return self.diary.verdict

    @property
    def question(self) -> Question | None:
        """What is asked now."""
        return self.questions.open

    @property
    def counting(self) -> PartsCount | None:
        """The kit that is being counted."""
        return self.questions.counting

    @property
    def session(self) -> Lending | None:
        """The organisation whose turn it is."""
        return self.lender.session

    @property
    def basket(self) -> tuple[Holding, ...]:
        """Kits that wait to hear who takes them."""
        return self.lender.basket

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The holdings that a card may speak of: those scanned, lent or shown last."""
        return self.lender.subjects

    @property
    def is_open(self) -> bool:
        """Whether something has begun and is not over."""
        return bool(self.question or self.basket or self.session or self.returns_only)

    def regard(self, tag: str) -> None:
        """A screen shows this holding: +7 DAYS and PRINT LABEL speak of it now."""
        self.lender.subjects = (Subject(tag),)

    # -- what can be chosen -----------------------------------------------------------------------

    @property
    def choices(self) -> tuple[str, ...]:
        """What typing 1, 2, 3, ... picks now."""
        if self.question is not None:
            return self.question.choices[:MOST_CHOICES]
        if self.basket:
            return tuple(self.lender.likely)
        return tuple(held.tag for held in self.matches)

    def complete(self, text: str) -> str | None:
        """What somebody who has typed `text` so far may want to type, where that is known."""
        if self.question is not None:
            return meaning.completed(text, self.question.names)
        return meaning.organisation_completed(self.kitloan, text)

    # -- one thing at a time ----------------------------------------------------------------------

    def _say(self, act: Callable[[], Verdict]) -> Verdict:
        """Do one thing, say how it went, and then take the scans that had to wait for it."""
        self.diary.record(self._attempt(act))
        self._queue_next()
        while self.waiting and self.question is None:
            self.diary.record(self._attempt(partial(self._take, scan.read(self.waiting.popleft()))))
            self._queue_next()
        return self.verdict

    def _queue_next(self) -> None:
        """What the lender wants asked about goes before what was scanned since."""
        self.waiting.extendleft(reversed(self.lender.next))
        self.lender.next.clear()

    def _attempt(self, act: Callable[[], Verdict]) -> Verdict:
        self.matches = ()
        self._just_refused, self.lender.refused = self.lender.refused, None
        try:
            return act()
        except KitloanError as error:
            return wording.refused(error)

    def _wait(self, question: Question, text: str, code: Tag | Text) -> Verdict:
        """Keep a scan until the question is settled."""
        asked = self.questions.asked
        held = meaning.holding_meant(self.kitloan, code)
        if (held.tag if held else isinstance(code, Tag) and code.tag) == question.tag:
            return self.questions.asked(
                question, "That is the one on the counter; finish it first."
            )
        if code in [scan.read(each) for each in self.waiting]:
            return asked(question, f"{wording.label(text)} is waiting already.")
        self.waiting.append(text)
        return self.questions.asked(
            question, f"{wording.label(text)} waits until this one is finished."
        )

    # -- what a code means ------------------------------------------------------------------------

    def _take(self, code: Tag | Command | Text) -> Verdict:
        match code:
            case Command(name):
                return self._commands[name]()
            case Tag(tag, layout):
                return self._with_layout(self._tag(tag), layout)
            case Text(text):
                held = meaning.holding_meant(self.kitloan, code)
                return self._holding(held) if held else self._words(text)

    def _tag(self, tag: str) -> Verdict:
        try:
            held = self.kitloan.find.holding(tag)
        except KitloanError as unknown:
            new = unknown.code in ("unknown_tag", "unclaimed_tag")
            if not (new or unknown.code == "not_yours") or self.kitloan.session.is_national:
                raise
            sender = lookups.sent_here(self.kitloan.session, tag)
            if not (sender or new):
                raise
            return self._come(tag, sender) if sender else self.take_in(tag)
        return self._holding(held)

    def _with_layout(self, verdict: Verdict, layout: str) -> Verdict:
        if not layout or self._layout_told:
            return verdict
        self._layout_told = True
        return replace(verdict, hint=wording.layout(layout))

    def _words(self, text: str) -> Verdict:
        """An organisation, terms of the turn, a new name where one is asked for, or a search."""
        if (away := self._just_refused) is not None and away.status == "in_transit":
            if text.lower() == arriving.BACK:
                return arriving.called_off(self.kitloan, away)
            if sender := arriving.said(text):
                return self._come(away.tag, sender)
        what, words = meaning.said_after(text)
        if what and not words and what != "anyway" and (self.basket or self.session):
            raise wording.half_said(what)
        if what == "anyway":
            return self.lender.anyway(words, self._just_refused)
        if what and words:
            return self.lender.say(what, words)
        asked = meaning.name_after_to(text)
        known = lookups.organisation_called(self.kitloan.session, asked or text)
        if known:
            return self._name(known)
        if asked or (self.basket and meaning.reads_as_name(text)):
            return self._name(clean(asked or text, "The organisation"))
        if self.basket:
            raise wording.no_such_name(text)
        page = self.kitloan.find.search(text, limit=MOST_CHOICES)
        self.matches = page.items
        nearly = () if page.items else lookups.spelt_nearly_like(self.kitloan.session, text)
        return wording.found(text, page.items, page.total, nearly)

    def _chosen(self, text: str) -> str | None:
        choices = self.choices
        return choices[int(text) - 1] if _is_number(text, len(choices)) else None

    def _pick(self, chosen: str) -> Verdict:
        if self.basket:
            return self._name(chosen)
        return self._holding(self.kitloan.find.holding(chosen))

    def _name(self, to: str) -> Verdict:
        if self.kitloan.session.is_national:
            raise wording.lends_nothing()
        self.returns_only = False
        return self.lender.name(to)

    # -- a holding on the counter -----------------------------------------------------------------

    def _holding(self, held: Holding) -> Verdict:
        if self.kitloan.session.is_national:
            raise wording.only_looks(held)
        self.regard(held.tag)
        if held.status == "missing":
            return arriving.found(self.kitloan, held)
        if held.status == "in_transit":
            sender = lookups.sent_here(self.kitloan.session, held.tag)
            if sender:
                return self._come(held.tag, sender)
            self.lender.refused = held
            raise wording.on_its_way(held)
        if self.returns_only and not held.out_quantity and held.status != "uncounted":
            raise wording.here_already(held)
        if held.quantity > 1:
            return self._stock(held)
        if held.status in ("out", "overdue"):
            if self.session and lookups.lent_just_now(self.kitloan.session, held, self.session.to):
                raise wording.lent_just_now(held)
            return self._back(held)
        if held.status == "uncounted":
            return self.questions.ask(
                Counting(held=held, parts=self.kitloan.desk.contents(held.tag))
            )
        return self.lender.wanted(held)

    def _come(self, tag: str, sender: str) -> Verdict:
        """Another college has sent it: count it, or it is received at once."""
        came = arriving.come(self.kitloan, tag, sender, None)
        return came if isinstance(came, Verdict) else self.questions.ask(came)

    def _stock(self, held: Holding) -> Verdict:
        left = held.quantity - held.out_quantity
        if self.session and left:
            return self.questions.ask(HowMany(held, left, to=self.session.to))
        if held.out_quantity and not self.basket:
            return self.questions.ask(settling.stock_back(self.kitloan, held))
        return self.lender.wanted(held)

    def _ask_kind(self, tag: str) -> Verdict:
        return self.questions.ask(TakingIn(tag, lookups.kit_types(self.kitloan.session)))

    def _back(self, held: Holding) -> Verdict:
        parts = self.kitloan.desk.contents(held.tag)
        if parts:
            return self.questions.ask(Counting(held=held, parts=parts))
        (back,) = self.kitloan.desk.check_in([held.tag])
        return wording.returned(back, held, self.kitloan.session.today)

    # -- questions --------------------------------------------------------------------------------

    def _answer(self, question: Question, text: str) -> Verdict:
        try:
            return self.questions.answer(question, text, self._chosen(text))
        except BadInput as problem:
            # A slow scanner's asset number arrives as typing: a scan all the same, and it waits.
            code = Text(text)
            if problem.code == "no_such_component" and meaning.holding_meant(self.kitloan, code):
                return self._wait(question, text, code)
            raise

    # -- commands ---------------------------------------------------------------------------------

    def _enter(self) -> Verdict:
        return self.questions.enter(self.question) if self.question else self.verdict

    def _done(self) -> Verdict:
        if self.question:
            return self._enter()
        return self._leave() if self.is_open else self.diary.note("Nothing is open.")

    def _returns(self) -> Verdict:
        while self.lender.leave():
            pass
        self.returns_only = True
        said = wording.returns_only()
        return self.questions.asked(self.question, said.text) if self.question else said

    def _renew(self, days: int) -> Verdict:
        if isinstance(self.question, Counting) and self.question.returning:
            self.questions.open = None  # the kit stays with them
        return self.lender.later(days)

    def _label(self) -> Verdict:
        if not self.subjects:
            raise wording.nothing_to_label()
        said = self.label(self.kitloan.find.holding(self.subjects[0].tag))
        if self.question is None:
            return said
        self.diary.record(said)
        return self.questions.asked(self.question)

    def _write_label(self, held: Holding) -> Verdict:
        if self._print_label is None:
            raise wording.no_press()
        return wording.label_written(held, self._print_label(self.kitloan, held))

    def _undo(self) -> Verdict:
        if verdict := self.questions.take_back():
            return verdict
        undone = self.kitloan.desk.undo()
        for tag in undone.tags if undone.kind != "loan.renewed" else ():
            self._forget(tag)  # with its old day, a loan is still the one that it was
        return wording.undone(undone)

    def _forget(self, tag: str) -> None:
        """What the state knew of a holding is no longer so."""
        if self.question and self.question.tag == tag:
            self.questions.open = None
        self.lender.forget(tag)

    def _leave(self) -> Verdict:
        if verdict := self.questions.leave() or self.lender.leave():
            return verdict
        if self.returns_only:
            self.returns_only = False
            return wording.returns_over()
        return READY


def _is_number(text: str, most: int) -> bool:
    return text.isdecimal() and len(text) < 3 and 1 <= int(text) <= most
