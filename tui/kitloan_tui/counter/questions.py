"""What can be asked at the counter: the contents of a kit, how many of a stock, what is new.

The counter keeps the question until it is settled. A person who counts names only what is not
right; what they typed last about a part counts, and can be taken back a word at a time. Nothing
here asks or changes the store.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from kitloan.contents import (
    Count,
    EnteredShortage,
    Part,
    count_of,
    read_exceptions,
    reckon,
    recorded_shortages,
)
from kitloan.errors import BadInput
from kitloan.text.names import same_organisation, search_form
from kitloan.values import Holding, ShortageLine


@dataclass(slots=True, kw_only=True)
class PartsCount:
    """A contents list against which somebody counts; what they typed last about a part counts."""

    parts: Sequence[Part]
    typed: list[EnteredShortage] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        """What can be named."""
        return tuple(part.name for part in self.parts)

    @property
    def choices(self) -> tuple[str, ...]:
        """Parts are named, not picked by number: a number is how many."""
        return ()

    @property
    def was_short(self) -> bool:
        """Whether something was short before."""
        return any(part.missing or part.broken for part in self.parts)

    def note(self, text: str) -> None:
        """Note what was typed: `wheel 2`, `2 wheels`, `wheel 2, panel 1 broken`, `red holdall`.

        Raises:
            BadInput: a part that is not on the list, or more of it than there are.
        """
        trial = [*self.typed, *read_exceptions(text, self.parts)]
        reckon(self.parts, count_of(trial))
        self.typed = trial

    def take_back(self) -> EnteredShortage:
        """Drop what was typed last, a bag whole; gives the last entry of it."""
        last = self.typed.pop()
        while last.bag and self.typed and self.typed[-1].bag == last.bag:
            self.typed.pop()
        return last

    def count(self) -> Count:
        """What Enter means now: the exceptions, or the kit as it left, or all there."""
        return count_of([*recorded_shortages(self.parts), *self.typed])

    def short(self) -> tuple[ShortageLine, ...]:
        """Everything that is short if the count ended now."""
        _, lines = reckon(self.parts, self.count())
        return tuple(ShortageLine(s.component, s.missing, s.broken) for s in lines)

    def running(self) -> str:
        """What was typed so far, in words; what was short before is shown apart."""
        before = {part.name: part.missing + part.broken for part in self.parts}
        named = {each.part for each in self.typed}
        short = {line.component: line for line in self.short()}
        return ". ".join(
            _part_shown(name, short.get(name), before[name]) for name in before if name in named
        )


@dataclass(slots=True, kw_only=True)
class Counting(PartsCount):
    """A kit whose contents are being counted; `returning` when that ends a loan.

    Attributes:
        remark: a note that goes with the return; it stays in this college.
    """

    held: Holding
    remark: str = ""

    @property
    def tag(self) -> str:
        """What it is about."""
        return self.held.tag

    @property
    def returning(self) -> bool:
        """Whether it comes back with this count, or came back before and waited for one."""
        return self.held.loan is not None


@dataclass(slots=True, kw_only=True)
class Arriving(PartsCount):
    """A kit that another college sent, counted before it is received."""

    tag: str
    type: str
    sender: str
    """The college's name."""

    @property
    def returning(self) -> bool:
        """It never was on loan here."""
        return False


@dataclass(slots=True)
class HowMany:
    """Loose stock whose number is asked: lent to one, or back from one of those who have some.

    Attributes:
        most: the most that can be typed.
        to: who takes it; None when it comes back.
        having: who has how many of it.
        whose: who brings it back, once that is known.
    """

    held: Holding
    most: int
    to: str | None = None
    having: Sequence[tuple[str, int]] = ()
    whose: str | None = None

    @classmethod
    def coming_back(cls, held: Holding, having: Sequence[tuple[str, int]]) -> Self:
        """The question about loose stock of which these borrowers have some."""
        asked = cls(held, 0, having=having)
        if len(having) == 1:
            asked.choose(having[0][0])
        return asked

    @property
    def tag(self) -> str:
        """What it is about."""
        return self.held.tag

    @property
    def usual(self) -> int:
        """What Enter means: one when lending, everything when it comes back."""
        return 1 if self.to else self.most

    @property
    def names(self) -> tuple[str, ...]:
        """Who can be named."""
        return tuple(name for name, _ in self.having)

    @property
    def choices(self) -> tuple[str, ...]:
        """Who can be picked by number, while that is asked."""
        return self.names if self.asks_whose else ()

    @property
    def asks_whose(self) -> bool:
        """Whether it is still to be named who brings it back."""
        return self.to is None and self.whose is None

    def choose(self, name: str) -> None:
        """Set who brings it back: one of those who have some, by name."""
        self.most = dict(self.having)[name]
        self.whose = name

    def named(self, text: str) -> str:
        """Which of those who have some is meant by a name, or by their number in the list.

        Raises:
            BadInput: `unknown_name`.
        """
        if text.isdecimal() and 1 <= int(text) <= len(self.names):
            return self.names[int(text) - 1]
        for name in self.names:
            if same_organisation(name, text):
                return name
        raise BadInput(
            "unknown_name", f"{text!r} has none of them.", "Type a number of the list.", value=text
        )

    def number(self, text: str) -> int:
        """The number in `text`, when it can be so many.

        Raises:
            BadInput: `bad_quantity`.
        """
        if not text.isdecimal() or not 1 <= int(text) <= self.most:
            raise BadInput(
                "bad_quantity",
                f"{text!r} is not a number from 1 to {self.most:,}.",
                "Type how many. {home} leaves it.",
                value=text,
            )
        return int(text)


@dataclass(frozen=True, slots=True)
class LendOrReturn:
    """Loose stock of which some are here and some are out: a scan of it may mean either.

    Attributes:
        having: who has how many of it.
    """

    held: Holding
    having: tuple[tuple[str, int], ...]

    @property
    def tag(self) -> str:
        """What it is about."""
        return self.held.tag

    @property
    def left(self) -> int:
        """How many are here."""
        return self.held.quantity - self.held.out_quantity

    @property
    def names(self) -> tuple[str, ...]:
        """Who has some of it."""
        return tuple(name for name, _ in self.having)

    @property
    def choices(self) -> tuple[str, ...]:
        """What a number picks: to lend some, or whose come back."""
        backs = (f"{n:,} come back from {name}" for name, n in self.having)
        return (f"lend some of the {self.left:,} here", *backs)


@dataclass(frozen=True, slots=True)
class TakingIn:
    """A label that no holding has yet, and the question what kind of thing it is stuck on.

    Attributes:
        names: the kinds that the college has.
        sender: the college that sent it; empty for a thing that comes from no other.
        new: a kind that the college does not have, and that may be a slip for one that it has.
        like: the kinds that may have been meant.
    """

    tag: str
    names: tuple[str, ...]
    sender: str = ""
    new: str = ""
    like: tuple[str, ...] = ()

    @property
    def choices(self) -> tuple[str, ...]:
        """Which kinds can be picked by number."""
        return self.like if self.new else self.names

    def kind_typed(self, typed: str) -> str:
        """The kind that is meant: one that the college has in its own spelling, else as typed."""
        return next((name for name in self.names if search_form(name) == search_form(typed)), typed)


Question = Counting | Arriving | HowMany | LendOrReturn | TakingIn
"""What can be asked at the counter."""


def _part_shown(name: str, line: ShortageLine | None, before: int) -> str:
    if line is None:
        return f"{name}: all there"
    return f"{line} ({before} of them before this loan)" if before else str(line)
