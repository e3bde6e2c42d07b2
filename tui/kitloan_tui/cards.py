"""What a command card does, or its key, or its word.

Undo takes back the latest thing that a person did here, whether it is on record or not: a word of
a count, the scan that opened a question, the last kit that waits for a name, an Esc. Only when
nothing of that is on the counter does it reach into the ledger.
"""

from collections.abc import Callable
from functools import partial

from kitloan.college import College
from kitloan.errors import BadInput, Refused
from kitloan.values import Holding
from kitloan_tui import refusals, wording
from kitloan_tui.codes import Codes
from kitloan_tui.counting import Counting
from kitloan_tui.lender import Lender
from kitloan_tui.memory import Memory
from kitloan_tui.questions import Questions
from kitloan_tui.verdict import READY, Verdict

PrintLabel = Callable[[College, Holding], str]
"""Puts a holding's label on paper or into a file, and on record; gives where it is."""


class Cards:
    """The commands of one counter.

    Attributes:
        label: answers PRINT LABEL.
        named: what each card does, by its name in `kitloan.text.scans.COMMANDS`.
    """

    def __init__(
        self,
        lender: Lender,
        questions: Questions,
        codes: Codes,
        memory: Memory,
        note: Callable[[str], Verdict],
        print_label: PrintLabel | None,
    ) -> None:
        self.label: Callable[[Holding], Verdict] = self._write_label
        self._kitloan = lender.kitloan
        self._lender = lender
        self._questions = questions
        self._codes = codes
        self._memory = memory
        self._note = note
        self._print_label = print_label
        self.named: dict[str, Callable[[], Verdict]] = {
            "undo": self._undo,
            "done": self._done,
            "home": self.leave,
            "whole": questions.whole,
            "count_later": questions.count_later,
            "return": self._returns,
            "plus_7": partial(self._renew, 7),
            "plus_14": partial(self._renew, 14),
            "print_label": self._print,
        }

    # -- ending and leaving -----------------------------------------------------------------------

    def _done(self) -> Verdict:
        if self._questions.open:
            return self._questions.enter(self._questions.open)
        open_ = self._lender.basket or self._lender.session or self._codes.returns_only
        return self.leave() if open_ else self._note("Nothing is open.")

    def leave(self) -> Verdict:
        """Leave the innermost thing that is open."""
        if (question := self._questions.open) is not None:
            self._memory.now.retract = partial(self._questions.ask, question)
            return self._questions.leave(question)
        if basket := self._lender.basket:
            self._memory.now.retract = partial(self._lender.wait_again, basket)
        if verdict := self._lender.leave():
            return verdict
        if self._codes.returns_only:
            self._codes.returns_only = False
            return wording.returns_over()
        return READY

    def _returns(self) -> Verdict:
        while self._lender.leave():
            pass
        self._codes.returns_only = True
        return wording.returns_only()

    # -- what was lent or scanned last ------------------------------------------------------------

    def _renew(self, days: int) -> Verdict:
        if isinstance(self._questions.open, Counting) and self._questions.open.returning:
            self._questions.open = None  # the kit stays with them
        return self._lender.later(days)

    def _print(self) -> Verdict:
        if not self._lender.subjects:
            raise refusals.nothing_to_label()
        return self.label(self._kitloan.find.holding(self._lender.subjects[0].tag))

    def _write_label(self, held: Holding) -> Verdict:
        if self._print_label is None:
            raise refusals.no_press()
        return wording.label_written(held, self._print_label(self._kitloan, held))

    # -- undo -------------------------------------------------------------------------------------

    def _undo(self) -> Verdict:
        if retract := self._memory.before.retract:
            return retract()
        if (question := self._questions.open) is not None:
            return self._questions.take_back() or self._questions.leave(question)
        if self._lender.basket:
            return self._lender.take_out_last()
        return self.undo_recorded()

    def undo_recorded(self) -> Verdict:
        """Reverse this person's latest action that is on record."""
        undone = self._kitloan.actions.undo()
        over = ""
        if undone.kind != "loan.renewed":  # with its old day, a loan is still the one that it was
            for tag in undone.tags:
                if self._questions.open and self._questions.open.tag == tag:
                    self._questions.open = None
                self._lender.drop(tag)
            over = self._lender.after_undo()
        return wording.undone(undone, [self._now(tag) for tag in undone.tags], over)

    def _now(self, tag: str) -> Holding | str:
        """How it stands now; its tag alone when with the undo it is no holding any more."""
        try:
            return self._kitloan.find.holding(tag)
        except (BadInput, Refused):  # nobody's, or another college's again
            return tag
