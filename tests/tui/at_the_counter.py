"""Words for the stories of the desk: a store, a day at its counter, and what is expected."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import kitloan
from kitloan.college import College
from kitloan.ledger.facts.definitions import ContentsLine
from kitloan.text.names import fold
from kitloan.values import Holding
from kitloan_tui import keys
from kitloan_tui.actions import ACTIONS
from kitloan_tui.counter import sentences, steps
from kitloan_tui.counter.state import FrontEnd
from kitloan_tui.counter.verdict import Verdict

SCHOOL = "Kilmarnock Academy"
OTHER = "Balwearie High School"

NAMES = keys.by_key({action.id: action.key for action in ACTIONS})
"""How hints call the actions where nobody has changed the keys."""

CONTENTS = (
    ContentsLine(name="Facilitator manual", quantity=1, bag="Manual", critical=True),
    ContentsLine(name="Panel", quantity=18, bag="Blue holdall"),
    ContentsLine(name="Wheel", quantity=16, bag="Red holdall"),
    ContentsLine(name="Spanner", quantity=4, bag="Red holdall", critical=True),
)


class MovableClock(Protocol):
    """The clock of the tests; see `tests/conftest.py`."""

    def __call__(self) -> datetime: ...

    def move(self, **by: float) -> None:
        """Put the clock on by so many days, hours, ..."""


@dataclass(frozen=True)
class Store:
    """Fife College's store, and the tags of what it holds."""

    kitloan: College
    place: Path
    clock: MovableClock
    kit: str
    """With contents; asset number AC0001."""
    second: str
    """Another such; AC0002."""
    headset: str
    """A single thing without contents."""
    stock: str
    """Thirty loose items."""

    def another(self, actor: str = "j.kerr") -> College:
        """The same store, opened at another desk."""
        return kitloan.open(self.place, actor=actor, clock=self.clock)


class AtCounter:
    """A counter that is worked and asked in one breath."""

    def __init__(self, college: College, front: FrontEnd | None = None) -> None:
        self.college = college
        self.state = steps.open_counter(college, front)

    def scan(self, *codes: str, at: float | None = None) -> Verdict:
        """Scan these one after the other, as slowly as people do unless it is given when."""
        for code in codes:
            steps.scan(self.state, self.college, code, at)
        return self.state.verdict

    def type(self, *lines: str) -> Verdict:
        """Type these lines, each with its Enter."""
        for line in lines:
            steps.submit(self.state, self.college, line)
        return self.state.verdict

    def press(self, name: str) -> Verdict:
        """Press the key, or scan the card, of this command."""
        return steps.command(self.state, self.college, name)

    def undo(self) -> Verdict:
        return steps.undo(self.state, self.college)

    def escape(self) -> Verdict:
        return steps.escape(self.state, self.college)

    def complete(self, text: str) -> str | None:
        """What the line offers behind this text."""
        return steps.complete(self.state, self.college, text)

    @property
    def verdict(self) -> Verdict:
        return self.state.verdict

    @property
    def asking(self) -> Verdict | None:
        return sentences.asking(self.state, self.college.session.today)

    @property
    def notes(self) -> tuple[Verdict, ...]:
        return sentences.notes(self.state)

    @property
    def unfinished(self) -> str:
        return sentences.unfinished(self.state)

    @property
    def words(self) -> list[str]:
        """The words of the log."""
        return [line.verdict.word for line in self.state.log]

    def held(self, tag: str) -> Holding:
        """A holding as the register has it."""
        return self.college.find.holding(tag)

    def lent(self, tag: str, to: str = SCHOOL) -> None:
        """Have a holding out before the story begins."""
        self.college.loans.check_out([tag], to)


class Day(AtCounter):
    """A day at the counter of a store of the tests."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.kitloan)
        self.store = store


def expect(verdict: Verdict, word: str, *facts: str) -> None:
    """The verdict says this word and these facts, in the text or the hint."""
    assert verdict.word == word, verdict
    for fact in facts:
        assert fold(fact) in fold(f"{verdict.text} {keys.filled(verdict.hint, NAMES)}")
    assert verdict.ok == (word != "REFUSED")
