"""The counter: what lies on it, who stands at it, and what a scan or a typed line does to that.

No screen and no clock of its own: `scan`, `submit`, `escape` and `command` take what came in,
change the state and answer with a `Verdict`. The screens and a line desk draw the same state.

What goes out is the `Lender`'s: whose turn it is, and the kits that wait for a name. `question` is
a kit being counted, stock whose number is asked, or a label that no holding has yet. A scan never
answers a question: it waits in `waiting` until the question is settled, and is then handled in its
turn, so that no count is assumed and no scan lost.

`asking` is what is shown until it is settled. Whatever else is said meanwhile, a refusal above all,
is told beside it and never in its place: an Enter must not answer what nobody can see.
"""

from collections import deque
from collections.abc import Callable
from functools import partial

from kitloan.college import College
from kitloan.errors import BadInput, KitloanError
from kitloan.text import scans
from kitloan.text.names import tidy
from kitloan.text.scans import Command, Text
from kitloan.values import Holding
from kitloan_tui import meaning, wording
from kitloan_tui.actions import BY_WORD
from kitloan_tui.cards import Cards, PrintLabel
from kitloan_tui.codes import Codes
from kitloan_tui.counting import Lending, PartsCount, Question
from kitloan_tui.diary import Diary, Repeats
from kitloan_tui.lender import MOST_CHOICES, Lender, Subject
from kitloan_tui.memory import Memory
from kitloan_tui.questions import Questions
from kitloan_tui.verdict import ONLY_LOOKS, Verdict
from kitloan_tui.waiting import Waiting


class Counter:
    """One desk's counter, for one person in one college.

    Attributes:
        codes: reads tags, names and words; a screen may put its own `take_in` and `look` there.
        cards: does what command cards ask for; a screen may put its own `label` there.
        refused_text: what was typed last, when it was refused while something is asked: to be
            put right.
    """

    def __init__(self, kitloan: College, print_label: PrintLabel | None = None) -> None:
        self.kitloan = kitloan
        self.diary = Diary(kitloan.session.clock)
        if kitloan.session.is_national:
            self.diary.verdict = ONLY_LOOKS
        if kitloan.upgraded is not None:
            self.diary.record(wording.upgraded(kitloan.upgraded))
        self._memory = Memory()
        self.lender = Lender(kitloan, self._memory)
        self.questions = Questions(kitloan, self.lender)
        self.codes = Codes(kitloan, self.lender, self.questions, self._memory)
        self.cards = Cards(
            self.lender, self.questions, self.codes, self._memory, self.diary.note, print_label
        )
        self.refused_text = ""
        self._waiting = Waiting(kitloan, self.questions)
        self._repeats = Repeats()

    # -- what comes in ----------------------------------------------------------------------------

    def scan(self, text: str, at: float | None = None) -> Verdict:
        """Take a scan.

        Args:
            text: what the scanner sent.
            at: when, in seconds of one clock that does not step back; None where that means
                nothing, as in a list of tags from a file, and then nothing is a repeat.
        """
        if len(codes := scans.split(text)) > 1:
            return [self.scan(code, at) for code in codes][-1]
        code = scans.read(text)
        if self._repeats.same_again(code, at):
            return self.diary.note("The same code twice: the second was ignored.")
        if isinstance(code, Command):
            return self.command(code.name)
        if (question := self.question) is None:
            return self._say(lambda: self.codes.take(code), text)
        # Words about the kit on the counter are no scan, however fast they came: pasted, or
        # typed by a program. Kept waiting, they would leave it recorded as whole.
        if isinstance(code, Text) and self.counting:
            return self._say(lambda: self._answer(question, tidy(text), None), text)
        return self._say(lambda: self._waiting.put(question, text, code), text)

    def submit(self, text: str) -> Verdict:
        """Take a line that somebody typed and ended with Enter; empty for Enter alone."""
        text = tidy(text)
        if not text:
            return self._enter()
        code = scans.read(text)
        if not isinstance(code, Text) or len(scans.split(text)) > 1:
            return self.scan(text)
        if text.lower() in BY_WORD:
            return self.command(BY_WORD[text.lower()].id)
        question, chosen = self.question, self._chosen(text)
        verdict = self._say(lambda: self._words(question, code, text, chosen), text)
        self.refused_text = text if self.asking and not verdict.ok else ""
        return verdict

    def escape(self) -> Verdict:
        """Leave what is open, the innermost first; nothing is recorded."""
        return self._say(self.cards.leave)

    def undo(self) -> Verdict:
        """Take back what this person did last: see `cards`."""
        return self.command("undo")

    def command(self, name: str) -> Verdict:
        """Do what a command card asks for, by its name in `kitloan.text.scans.COMMANDS`."""
        return self._say(self.cards.named[name])

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

    # -- how it stands ----------------------------------------------------------------------------

    @property
    def verdict(self) -> Verdict:
        """What was said last."""
        return self.diary.verdict

    @property
    def asking(self) -> Verdict | None:
        """What is open and waits for somebody, in words."""
        if self.verdict.asks:
            return self.verdict
        if self.question is not None:
            asked = self.questions.asked(self.question)
            return wording.not_answered(asked) if self.questions.not_taken else asked
        return wording.whom(self.basket) if self.basket else None

    @property
    def notes(self) -> tuple[Verdict, ...]:
        """What is told beside the question, or beside what was said last."""
        told = (*self.diary.beside, self.verdict) if self.asking else self.diary.beside
        return tuple(verdict for verdict in told if not verdict.asks)

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
        """The holdings that a card may speak of: those scanned or lent last."""
        return self.lender.subjects

    @property
    def waiting(self) -> deque[str]:
        """The scans that wait for the question."""
        return self._waiting.codes

    @property
    def returns_only(self) -> bool:
        """Whether kits only come back."""
        return self.codes.returns_only

    @property
    def matches(self) -> tuple[Holding, ...]:
        """What the search just made has found."""
        return self._memory.now.matches

    @property
    def unfinished(self) -> str:
        """What would be lost if the desk closed now, in words; empty when nothing would."""
        return wording.unfinished(self.question, self.basket, len(self.waiting))

    @property
    def is_open(self) -> bool:
        """Whether something has begun and is not over."""
        return bool(self.question or self.basket or self.session or self.returns_only)

    # -- what can be chosen -----------------------------------------------------------------------

    @property
    def choices(self) -> tuple[str, ...]:
        """What typing 1, 2, 3, ... picks now."""
        if self.question is not None:
            return self.question.choices[:MOST_CHOICES]
        if self._memory.now.unmet:
            return self._memory.now.unmet.like
        if self.basket:
            return tuple(self.lender.likely)
        return tuple(held.tag for held in self.matches)

    def complete(self, text: str) -> str | None:
        """What somebody who has typed `text` so far may want to type, where that is known."""
        if self.question is not None:
            return meaning.completed(text, self.question.names)
        return meaning.organisation_completed(self.kitloan, text)

    def _chosen(self, text: str) -> str | None:
        choices = self.choices
        return choices[int(text) - 1] if _is_number(text, len(choices)) else None

    # -- one thing at a time ----------------------------------------------------------------------

    def _say(self, act: Callable[[], Verdict], said: str = "") -> Verdict:
        """Do one thing, say how it went, and then take the scans that had to wait for it."""
        self.refused_text = ""
        self.diary.record(self._attempt(act, said))
        self._waiting.first()
        while self.waiting and self.question is None:
            self.diary.also(self._attempt(lambda: self.codes.take(self._waiting.next())))
            self._waiting.first()
        self.lender.recount()
        if any("{undo}" in told.hint for told in self.notes):
            # What was told beside a question promised that Undo takes it back; so it does.
            self._memory.now.retract = self.cards.undo_recorded
        return self.verdict

    def _attempt(self, act: Callable[[], Verdict], said: str = "") -> Verdict:
        self._memory.step()
        asked = self.question
        try:
            return act()
        except KitloanError as error:
            if asked is not None:
                self.questions.not_taken = said
            return wording.refused(error)

    def _enter(self) -> Verdict:
        """Enter alone: the usual answer, where something is asked; else nothing happens."""
        if (question := self.question) is not None:
            return self._say(partial(self.questions.enter, question))
        self.diary.record(self.asking or self.verdict)
        return self.verdict

    def _words(
        self, question: Question | None, code: Text, text: str, chosen: str | None
    ) -> Verdict:
        if question is not None:
            return self._answer(question, text, chosen)
        return self.codes.pick(chosen) if chosen else self.codes.take(code, typed=True)

    def _answer(self, question: Question, text: str, chosen: str | None) -> Verdict:
        try:
            return self.questions.answer(question, text, chosen)
        except BadInput as problem:
            # A slow scanner's asset number arrives as typing: a scan all the same, and it waits.
            if problem.code == "no_such_component" and self._waiting.takes(Text(text)):
                return self._waiting.put(question, text, Text(text))
            raise


def _is_number(text: str, most: int) -> bool:
    return text.isdecimal() and len(text) < 3 and 1 <= int(text) <= most
