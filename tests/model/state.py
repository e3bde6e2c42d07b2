"""What a college is, as a plain dictionary, and how its holdings stand."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import NoReturn

from kitloan import Count, Gift
from kitloan.ledger.facts.definitions import ContentsLine

Short = dict[str, tuple[int, int]]
"""Of a component, how many are missing and how many are broken."""


def counted(count: Count | None) -> bool:
    """Whether anybody said what a count found."""
    return count is not None and bool(count.whole or count.missing or count.broken)


class No(Exception):  # as the refusals of the program
    """The model refuses, with this code."""


def no(code: str) -> NoReturn:
    """Refuse."""
    raise No(code)


def same_name(text: str) -> str:
    """Spellings that differ in case and spaces are one."""
    return " ".join(text.split()).casefold()


@dataclass
class Loan:
    """What one borrower has, or had, of a holding."""

    id: str
    to: str
    quantity: int
    due: date
    out_at: str
    back: int = 0

    @property
    def left(self) -> int:
        return self.quantity - self.back


@dataclass
class Kept:
    """A holding."""

    type: str
    quantity: int
    seen: tuple[str, str]
    asset_number: str | None = None
    serial: str | None = None
    location: str | None = None
    given: Gift | None = None
    state: str = "held"
    uncounted: bool = False
    repair: bool = False
    lost_on_loan: bool = False
    short: Short = field(default_factory=dict)
    loans: list[Loan] = field(default_factory=list)
    second_tags: set[str] = field(default_factory=set)
    proposed: tuple[str, str | None] | None = None
    """Who would withdraw it, and the donor's agreement."""
    named: list[tuple[str, str]] = field(default_factory=list)
    """The kit types and borrowers that what was done to it names, by kind and key."""

    @property
    def gift(self) -> Gift:
        return self.given or Gift()

    @property
    def out(self) -> list[Loan]:
        """The open loans, due first first."""
        found = [each for each in self.loans if each.left]
        return sorted(found, key=lambda each: (each.due, each.out_at, each.id))

    @property
    def out_quantity(self) -> int:
        return sum(each.left for each in self.out)


@dataclass
class Act:
    """A request that was done: what a retry must agree with, and what undoing puts back.

    `before` has each holding as it was; None for one that was not there. `parts` is how many
    entries of it are about a holding: so many an undo takes. `then` is the college as it was when
    it was said, `after` what came of it, and `person` who took a loan.
    """

    verb: str
    said: object
    by: str
    then: "Past"
    after: "Past"
    at: str
    person: int | None = None
    desk: bool = False
    before: dict[str, Kept | None] = field(default_factory=dict)
    parts: int = 0
    undone: bool = False
    answer: object = None


@dataclass(frozen=True)
class Name:
    """A kit type with its contents, or a borrower, as a request named it."""

    request: str
    kind: str
    key: str
    value: tuple[str, tuple[ContentsLine, ...]] = ("", ())


@dataclass
class World:
    """One college. `at` is when its last entry is dated, `entries` how many there are."""

    kept: dict[str, Kept] = field(default_factory=dict)
    types: dict[str, tuple[str, tuple[ContentsLine, ...]]] = field(default_factory=dict)
    borrowers: dict[str, str] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    people: dict[tuple[str, str], int] = field(default_factory=dict)
    met: int = 0
    acts: dict[str, Act] = field(default_factory=dict)
    names: list["Name"] = field(default_factory=list)
    """Kit types and borrowers as requests named them that are not undone, in order."""
    erased: dict[str, int] = field(default_factory=dict)
    """How many acts there were when somebody erased a person."""
    entries: int = 0
    at: str = ""
    exported: int = 0


class Past(World):
    """A world as it was at a moment; nobody changes it."""

    def __deepcopy__(self, memo: object) -> "Past":
        return self


def past(world: World) -> Past:
    """What a world is now, without its acts."""
    return Past(
        deepcopy(world.kept),
        dict(world.types),
        dict(world.borrowers),
        set(world.labels),
        dict(world.people),
    )


def status(world: World, kept: Kept, today: date) -> str:
    """The one word for how a holding stands."""
    if kept.state != "held":
        return kept.state
    if any(each.due < today for each in kept.out):
        return "overdue"
    if kept.out_quantity == kept.quantity:
        return "out"
    if kept.repair:
        return "out_of_use"
    if kept.uncounted:
        return "uncounted"
    critical = {each.name for each in world.types[kept.type][1] if each.critical}
    return "incomplete" if critical & set(kept.short) else "in"


def totals(
    worlds: Mapping[str, World], today: date, unseen_before: str, believed: Mapping[str, str]
) -> dict[str, int]:
    """What the audit must count: a tag once, where it was seen last.

    `believed` has the college of each tag where a clock was put back: no dictionary knows which of
    two clocks was right.
    """
    holders: dict[str, dict[str, tuple[World, Kept]]] = {}
    for college, world in sorted(worlds.items()):
        for tag, each in world.kept.items():
            if each.state != "withdrawn":
                holders.setdefault(tag, {})[college] = world, each
    last = {
        tag: claims[believed[tag]]
        if believed
        else max(claims.values(), key=lambda claim: claim[1].seen[0])
        for tag, claims in holders.items()
    }
    held = list(last.values())
    critical = {
        id(each): {c.name for c in w.types[each.type][1] if c.critical} & set(each.short)
        for w, each in held
    }
    return {
        "holdings": len(held),
        "out": sum(bool(each.out) for _, each in held),
        "overdue": sum(any(loan.due < today for loan in each.out) for _, each in held),
        "incomplete": sum(bool(critical[id(each)]) for _, each in held),
        "missing": sum(each.state == "missing" for _, each in held),
        "not_sighted_12_months": sum(each.seen[0] < unseen_before for _, each in held),
    }
