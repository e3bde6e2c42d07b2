"""The question on the counter, and what the answers to it do.

At most one is open: a kit being counted, stock whose number is asked, or a label that no holding
has yet. It stays open when an answer cannot be used or the store failed; a rule's refusal ends it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from kitloan.contents import Count
from kitloan.errors import Refused
from kitloan.library import Kitloan
from kitloan.text import clean
from kitloan_tui import settling, wording
from kitloan_tui.counting import Counting, HowMany, TakingIn
from kitloan_tui.lender import Lender
from kitloan_tui.verdict import Verdict

Question = Counting | HowMany | TakingIn


@dataclass(slots=True)
class Questions:
    """One counter's question."""

    kitloan: Kitloan
    lender: Lender
    open: Question | None = None

    @property
    def counting(self) -> Counting | None:
        """The kit that is being counted."""
        return self.open if isinstance(self.open, Counting) else None

    def ask(self, question: Question) -> Verdict:
        """Open a question."""
        self.open = question
        return self.asked(question)

    def asked(self, question: Question, also: str = "") -> Verdict:
        """The open question, in words."""
        return wording.question(question, self.kitloan.session.today, also)

    def enter(self, question: Question) -> Verdict:
        """Enter alone: what is usual, where something is."""
        match question:
            case Counting():
                return self._end_count(question, question.count())
            case HowMany() if not question.asks_whose:
                return self._end_number(question, question.usual)
            case _:
                return self.asked(question)

    def answer(self, question: Question, text: str, chosen: str | None) -> Verdict:
        """Words, and what they pick from the list when they are a number of it."""
        match question:
            case Counting():
                question.say(text)
            case TakingIn():
                kind = chosen or clean(text, "The kit type")
                return self.settle(lambda: settling.taken_in(self.kitloan, question, kind))
            case HowMany() if not question.asks_whose:
                return self._end_number(question, question.number(text))
            case HowMany():
                question.choose(question.named(text))
        return self.asked(question)

    def whole(self) -> Verdict:
        """Everything on the list is there."""
        return self._end_count(self._untold(), Count(whole=True))

    def count_later(self) -> Verdict:
        """Nobody counts now."""
        return self._end_count(self._untold(), None)

    def take_back(self) -> Verdict | None:
        """Undo the last word of a count; None when there is none."""
        if not self.counting or not self.counting.typed:
            return None
        said = self.counting.typed.pop()
        return self.asked(self.counting, f"Taken back: {said.part} {said.number} {said.fault}.")

    def leave(self) -> Verdict | None:
        """Leave the question without an answer; None when none is open."""
        question, self.open = self.open, None
        return wording.left(question) if question else None

    def _untold(self) -> Counting:
        """The kit being counted, when nobody has said anything against it yet."""
        if self.counting is None:
            raise wording.nothing_counted()
        if self.counting.typed:
            raise wording.said_otherwise(self.counting)
        return self.counting

    def _end_number(self, asked: HowMany, number: int) -> Verdict:
        if asked.to:
            to = asked.to
            return self.settle(lambda: self.lender.lend(asked.held, to, number))
        return self.settle(lambda: settling.number_back(self.kitloan, asked, number))

    def _end_count(self, counting: Counting, count: Count | None) -> Verdict:
        return self.settle(lambda: settling.count_ended(self.kitloan, counting, count))

    def settle(self, act: Callable[[], Verdict]) -> Verdict:
        """End the question with what this does."""
        try:
            verdict = act()
        except Refused:
            self.open = None
            raise
        self.open = None
        return verdict
