"""The state of one counter: whose turn it is, what waits for a name, what is asked, what happened.

Data only: nothing here asks the register or changes it, and importing it loads no store, so that
the first screen can be drawn from it. The functions that change it are in `steps`, `codes`,
`lending` and `answering`.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from kitloan.text.scans import Command, Tag, Text
from kitloan.values import Holding
from kitloan_tui.counter.verdict import READY, Verdict

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan_tui.counter.questions import PartsCount, Question
    from kitloan_tui.lookups import ToCollect

MOST_CHOICES = 9
"""What a single digit can pick."""

_LOG_LINES = 100

PrintLabel = Callable[["College", Holding], str]
"""Prints a holding's label or saves it in a file, records it, and gives where it is."""


@dataclass(slots=True)
class Turn:
    """An organisation's turn at the counter, and what it has taken in it.

    Attributes:
        to: its name.
        loan_ids: every loan that was made in it, also those that are over or undone.
        loans: how many of them are still out.
        by_loan: whether it began with a loan, of kits that had waited for the name.
        booked: what it has booked and can collect.
    """

    to: str
    loan_ids: list[str] = field(default_factory=list)
    loans: int = 0
    by_loan: bool = False
    booked: "tuple[ToCollect, ...]" = ()


@dataclass(frozen=True, slots=True)
class TurnTerms:
    """What holds for a turn; None where nothing was typed.

    Attributes:
        contact: the person who takes what is lent.
        email: the person's e-mail address.
        phone: the person's phone number.
        purpose: what it is for.
        due_on: until when.
        on: the day on which things went out or came back, where that was an earlier one.
    """

    contact: str | None = None
    purpose: str | None = None
    due_on: date | None = None
    on: date | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(slots=True)
class TypedTerms:
    """Terms that somebody typed, so that Undo can take them back before anything older.

    Attributes:
        before: the terms that they replaced.
        recorded: how many actions were put on record since, less those that were undone.
    """

    before: TurnTerms
    recorded: int = 0


@dataclass(frozen=True, slots=True)
class Recent:
    """A holding that was scanned or lent last, and the borrower whose loan of it is meant."""

    tag: str
    to: str | None = None


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A name that no school here has, and the schools that may have been meant."""

    name: str
    like: tuple[str, ...] = ()


@dataclass(slots=True)
class Step:
    """What one step leaves for the next one, and for no other.

    `anyway`, `yes`, `back`, a number of the list and Undo refer to the step before. A step that
    came in between makes them refer to nothing, so that no late word acts on the wrong thing.

    Attributes:
        refused: the holding that a rule refused which can be set aside, or that is in transit.
        unknown: the name that `yes` makes a new school of.
        matches: what a search found, as much as is listed.
        more: lists the rest of what it found.
        retract: how Undo takes this step back, where that is not what it would do by itself.
        opens: the action whose screen shows what came of this step, and the tag it is about.
        reverses: whether it took back something on record.
        confirms: what `yes` does.
    """

    refused: Holding | None = None
    unknown: UnknownName | None = None
    matches: tuple[Holding, ...] = ()
    more: Callable[[], Verdict] | None = None
    retract: Callable[[], Verdict] | None = None
    opens: tuple[str, str] | None = None
    reverses: bool = False
    confirms: Callable[[], Verdict] | None = None


@dataclass(frozen=True, slots=True)
class LoggedVerdict:
    """A line of the log: when, and what happened."""

    at: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """What the program in front of the counter can do.

    Attributes:
        asks_names: whether a typed name that is not known is asked about. A desk of lines takes it
            as it is, as a script means it, and lists those spelt nearly so.
        shows_labels: whether a screen prints labels.
        print_label: prints one at once, where no screen does.
    """

    asks_names: bool = True
    shows_labels: bool = False
    print_label: PrintLabel | None = None


@dataclass(slots=True)
class CounterState:
    """One desk's counter, for one person in one college.

    Attributes:
        front: what the program in front of it can do.
        is_national: whether the store is ESP's, which holds and lends nothing.
        turn: the organisation that is being lent to.
        terms: hold until the turn ends.
        typed_terms: what was typed of them, the latest last.
        basket: kits that wait for the name of a borrower.
        returns_only: whether kits only come back.
        question: what is asked now. A scan never answers it: it waits in `waiting`.
        not_taken: what was typed and refused since the question was shown last.
        waiting: the scans that wait for the question, in order, each thing once.
        ask_next: tags that must be asked about before anything that waits.
        reasons: why a rule is set aside, by tag.
        recent: what +7 DAYS and PRINT LABEL refer to.
        likely: borrowers to pick by number, the latest first.
        step: what the step being done leaves for the next one.
        last_step: what the step before it left.
        verdict: what happened last; a refusal, when one came of it.
        beside: what else came of it.
        log: what happened, the oldest first; a question is nothing that happened.
        refusals: how many verdicts so far deserved the bell.
        refused_text: the line typed last, when it was refused while something is asked.
        last_scan: the code scanned last and when.
        is_layout_shown: whether the hint about the keyboard layout was shown.
        returned: the loan that came back last, whose use can be recorded; empty for none.
        use_drafts: what was typed in the form of a loan and is not on record, by loan and field.
        stocktake_places: where this desk scans, by stocktake, so that a person who leaves one to
            lend a kit comes back to the same shelf.
    """

    front: FrontEnd = field(default_factory=FrontEnd)
    is_national: bool = False
    turn: Turn | None = None
    terms: TurnTerms = field(default_factory=TurnTerms)
    typed_terms: list[TypedTerms] = field(default_factory=list)
    basket: tuple[Holding, ...] = ()
    returns_only: bool = False
    question: "Question | None" = None
    not_taken: str = ""
    waiting: deque[str] = field(default_factory=deque)
    ask_next: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    recent: tuple[Recent, ...] = ()
    likely: list[str] = field(default_factory=list)
    step: Step = field(default_factory=Step)
    last_step: Step = field(default_factory=Step)
    verdict: Verdict = READY
    beside: tuple[Verdict, ...] = ()
    log: deque[LoggedVerdict] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))
    refusals: int = 0
    refused_text: str = ""
    last_scan: tuple[Tag | Command | Text, float] | None = None
    is_layout_shown: bool = False
    returned: str = ""
    use_drafts: dict[str, dict[str, str]] = field(default_factory=dict)
    stocktake_places: dict[str, str] = field(default_factory=dict)

    @property
    def counting(self) -> "PartsCount | None":
        """The kit that is being counted."""
        if self.question is None:
            return None
        from kitloan_tui.counter.questions import PartsCount  # loads the library's models

        return self.question if isinstance(self.question, PartsCount) else None

    @property
    def is_open(self) -> bool:
        """Whether something has begun and is not over."""
        return bool(self.question or self.basket or self.turn or self.returns_only)

    @property
    def matches(self) -> tuple[Holding, ...]:
        """What the search just made has found."""
        return self.step.matches

    @property
    def choices(self) -> tuple[str, ...]:
        """What typing 1, 2, 3, ... picks now."""
        if self.question is not None:
            return self.question.choices[:MOST_CHOICES]
        if self.step.unknown:
            return self.step.unknown.like
        if self.basket:
            return tuple(self.likely)
        return tuple(held.tag for held in self.matches)

    def clear_terms(self) -> None:
        """Forget the terms, as when the turn that they were for is over."""
        self.terms = TurnTerms()
        self.typed_terms.clear()

    def drop(self, tag: str) -> None:
        """Take a kit out of the basket, so that the next name can have the rest."""
        self.basket = tuple(held for held in self.basket if held.tag != tag)
        self.reasons.pop(tag, None)
