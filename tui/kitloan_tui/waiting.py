"""Scans that wait for the open question: in order, in sight, and each thing once."""

from collections import deque
from dataclasses import dataclass, field

from kitloan.college import College
from kitloan.text import scans
from kitloan.text.scans import Command, Tag, Text
from kitloan_tui import lookups, meaning, refusals, wording
from kitloan_tui.counting import Question
from kitloan_tui.questions import Questions
from kitloan_tui.verdict import Verdict


@dataclass(slots=True)
class Waiting:
    """One counter's waiting scans; a known holding waits under its tag, however it was named."""

    kitloan: College
    questions: Questions
    codes: deque[str] = field(default_factory=deque)

    def put(self, question: Question, text: str, code: Tag | Text) -> Verdict:
        """Keep a scan until the question is settled.

        Raises:
            BadInput: `unknown_name` for words that mean nothing here, `bad_tag`, `ambiguous`.
        """
        if not self.takes(code):
            raise refusals.no_such_name(text)
        tag = self._tag(code)
        if tag is not None and tag == question.tag:
            also = "That is the one on the counter; finish it first."
        elif (tag or text) in self.codes:
            also = f"{wording.label(text)} is waiting already."
        else:
            self.codes.append(tag or text)
            also = f"{wording.label(text)} waits until this one is finished."
        return self.questions.asked(question, also)

    def takes(self, code: Tag | Text) -> bool:
        """Whether something can be done with this code afterwards.

        Words that can not must be refused at once. Kept, they would look as if they had answered,
        and Enter would then record a kit as whole.
        """
        if isinstance(code, Tag) or meaning.holding_meant(self.kitloan, code):
            return True
        if lookups.organisation_called(self.kitloan.session, code.text):
            return True
        return bool(self.questions.lender.basket) and scans.reads_as_name(code.text)

    def first(self) -> None:
        """What the lender wants asked about goes before what was scanned since."""
        wanted = self.questions.lender.next
        self.codes.extendleft(reversed(wanted))
        wanted.clear()

    def next(self) -> Tag | Text:
        """Take the next one; cards never wait."""
        code = scans.read(self.codes.popleft())
        return Text(code.name) if isinstance(code, Command) else code

    def _tag(self, code: Tag | Text) -> str | None:
        held = meaning.holding_meant(self.kitloan, code)
        if held is not None:
            return held.tag
        return code.tag if isinstance(code, Tag) else None
