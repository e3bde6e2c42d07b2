"""The question on the counter, and what the answers to it do.

At most one is open: a kit being counted, as it comes back or from another college; stock whose
number is asked; or a label that no holding has yet. It stays open when an answer cannot be used or
the store failed; a rule's refusal ends it, save where that would lose what somebody counted.

Enter alone answers with what is usual, but not when something was refused since the question was
last told: whoever types a part's name wrong and presses Enter twice would record a whole kit. It
asks again then, and says what was not taken.
"""

from collections.abc import Callable
from dataclasses import dataclass

from kitloan.college import College
from kitloan.contents import Count
from kitloan.errors import Refused
from kitloan.text.names import clean
from kitloan_tui import arriving, refusals, settling, wording
from kitloan_tui.counting import Arriving, Counting, HowMany, PartsCount, Question, TakingIn
from kitloan_tui.lender import Lender
from kitloan_tui.verdict import Verdict


@dataclass(slots=True)
class Questions:
    """One counter's question."""

    kitloan: College
    lender: Lender
    open: Question | None = None
    not_taken: str = ""
    """What was said, and refused, since the question was told last."""

    @property
    def counting(self) -> PartsCount | None:
        """The kit that is being counted."""
        return self.open if isinstance(self.open, PartsCount) else None

    def ask(self, question: Question) -> Verdict:
        """Open a question."""
        self.open, self.not_taken = question, ""
        return self.asked(question)

    def asked(self, question: Question, also: str = "") -> Verdict:
        """The open question, in words."""
        return wording.question(question, self.kitloan.session.today, also)

    def enter(self, question: Question) -> Verdict:
        """Enter alone: what is usual, where something is."""
        not_taken, self.not_taken = self.not_taken, ""
        match question:
            case _ if not_taken:
                return wording.asked_again(self.asked(question), not_taken)
            case Counting() | Arriving():
                return self._end_count(question, question.count())
            case HowMany() if not question.asks_whose:
                return self._end_number(question, question.usual)
            case _:
                return self.asked(question)

    def answer(self, question: Question, text: str, chosen: str | None) -> Verdict:
        """Words, and what they pick from the list when they are a number of it."""
        match question:
            case Counting() | Arriving():
                question.say(text)
            case TakingIn() if sender := arriving.said(text):
                return self._come(question.tag, sender, None)
            case TakingIn() if question.sender:
                return self._come(question.tag, question.sender, chosen or text)
            case TakingIn():
                kind = chosen or clean(text, "The kit type")
                return self.settle(lambda: settling.taken_in(self.kitloan, question, kind))
            case HowMany() if not question.asks_whose:
                return self._end_number(question, question.number(text))
            case HowMany():
                question.choose(question.named(text))
        self.not_taken = ""
        return self.asked(question)

    def _come(self, tag: str, sender: str, kind: str | None) -> Verdict:
        """It comes from another college: ask what it is, or count it, or receive it at once."""
        came = arriving.come(self.kitloan, tag, sender, kind)
        if isinstance(came, Verdict):
            return self.settle(lambda: came)
        return self.ask(came)

    def whole(self) -> Verdict:
        """Everything on the list is there."""
        return self._end_count(self._untold(), Count(whole=True))

    def count_later(self) -> Verdict:
        """Nobody counts now."""
        return self._end_count(self._untold(), None)

    def take_back(self) -> Verdict | None:
        """Undo the last word of a count; None when there is none."""
        if not isinstance(self.open, Counting | Arriving) or not self.open.typed:
            return None
        said = self.open.typed.pop()
        return self.asked(self.open, f"Taken back: {said.part} {said.number} {said.fault}.")

    def leave(self, question: Question) -> Verdict:
        """Leave the question without an answer."""
        self.open = None
        return wording.left(question)

    def _untold(self) -> Counting | Arriving:
        """The kit being counted, when nobody has said anything against it yet."""
        if not isinstance(self.open, Counting | Arriving):
            raise refusals.nothing_counted()
        if self.open.typed:
            raise refusals.said_otherwise(self.open)
        return self.open

    def _end_number(self, asked: HowMany, number: int) -> Verdict:
        if asked.to:
            to = asked.to
            return self.settle(lambda: self.lender.lend(asked.held, to, number))
        return self.settle(lambda: settling.number_back(self.kitloan, asked, number))

    def _end_count(self, counting: Counting | Arriving, count: Count | None) -> Verdict:
        if isinstance(counting, Arriving):
            return self.settle(lambda: arriving.received(self.kitloan, counting, count))
        return self.settle(lambda: settling.count_ended(self.kitloan, counting, count))

    def settle(self, act: Callable[[], Verdict]) -> Verdict:
        """End the question with what this does."""
        question = self.open
        try:
            verdict = act()
        except Refused as refused:
            self.open = None
            if refused.code == "not_out" and isinstance(question, Counting) and question.typed:
                self._count_here(question)
            raise
        self.open = None
        return verdict

    def _count_here(self, counted: Counting) -> None:
        """Another desk was quicker to take it back: what was counted here must not be lost.

        Raises:
            Refused: `back_already`, with the count open again as one with no loan about it.
        """
        held = self.kitloan.find.holding(counted.tag)
        if held.status in ("in", "incomplete", "uncounted"):
            parts = self.kitloan.loans.contents(held.tag)
            self.open = Counting(held=held, parts=parts, typed=counted.typed)
            raise refusals.back_already(held) from None
