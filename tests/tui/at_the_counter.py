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
from kitloan_tui.counter import Counter
from kitloan_tui.verdict import Verdict

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


class Day:
    """A counter that is worked and asked in one breath."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.counter = Counter(store.kitloan)

    def scan(self, *codes: str) -> Verdict:
        """Scan these one after the other, as slowly as people do."""
        for code in codes:
            self.counter.scan(code)
        return self.counter.verdict

    def type(self, *lines: str) -> Verdict:
        """Type these lines, each with its Enter."""
        for line in lines:
            self.counter.submit(line)
        return self.counter.verdict

    def held(self, tag: str) -> Holding:
        """How a holding stands."""
        return self.store.kitloan.find.holding(tag)

    def lent(self, tag: str, to: str = SCHOOL) -> None:
        """Have a holding out before the story begins."""
        self.store.kitloan.loans.check_out([tag], to)

    @property
    def words(self) -> list[str]:
        """The words of the log."""
        return [happened.verdict.word for happened in self.counter.diary.log]


def expect(verdict: Verdict, word: str, *facts: str) -> None:
    """The verdict says this word and these facts, in the text or the hint."""
    assert verdict.word == word, verdict
    for fact in facts:
        assert fold(fact) in fold(f"{verdict.text} {keys.filled(verdict.hint, NAMES)}")
    assert verdict.ok == (word != "REFUSED")
