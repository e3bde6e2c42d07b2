"""Facts about loans, and about what is in a kit."""

from typing import ClassVar, Literal

from kitloan.entries.base import (
    Count,
    Counted,
    CountOrNone,
    Day,
    FactBase,
    Frozen,
    Id,
    Name,
    Number,
    Tag,
)


class Short(Frozen):
    """How many of one component are not there, and how many are there but broken."""

    component: Name
    missing: CountOrNone = 0
    broken: CountOrNone = 0


class Lent(FactBase):
    """What every loan is made of, however it came on record."""

    tag: Tag
    loan: Id
    organisation: Id
    contact: Id | None = None
    quantity: Count = 1
    exclusive: bool = True
    """The whole holding: nobody else can have it at the same time."""
    due_on: Day | None
    override: Name | None = None
    """Why it was lent although a rule stood against it."""


class CheckedOut(Lent):
    """A holding, or part of a stock, went to a borrower."""

    kind: Literal["loan.checked_out"] = "loan.checked_out"
    desk_action: ClassVar[bool] = True


class LoanFound(Lent):
    """A register that was read in said that the holding is with a borrower already."""

    kind: Literal["loan.found"] = "loan.found"


class CheckedIn(FactBase):
    """A loan came back, or part of a stock did, and what the count of its contents was."""

    kind: Literal["loan.checked_in"] = "loan.checked_in"
    desk_action: ClassVar[bool] = True
    tag: Tag
    loan: Id
    quantity: Count = 1
    counted: Counted
    shortages: tuple[Short, ...] = ()
    """Everything that is short after this count, what was short before it included."""


class LoanRenewed(FactBase):
    """A loan is due on another day."""

    kind: Literal["loan.renewed"] = "loan.renewed"
    desk_action: ClassVar[bool] = True
    tag: Tag
    loan: Id
    due_on: Day


class ContentsCounted(FactBase):
    """The contents were counted with no loan about it."""

    kind: Literal["contents.counted"] = "contents.counted"
    desk_action: ClassVar[bool] = True
    tag: Tag
    counted: Counted
    shortages: tuple[Short, ...] = ()


class ShortageMadeGood(FactBase):
    """Components that were short were put back; `missing` and `broken` are what is left short."""

    kind: Literal["shortage.made_good"] = "shortage.made_good"
    desk_action: ClassVar[bool] = True
    tag: Tag
    component: Name
    quantity: Count
    missing: CountOrNone
    broken: CountOrNone


class Reversed(FactBase):
    """An earlier entry about the same tag is undone; it stays in the ledger."""

    kind: Literal["entry.reversed"] = "entry.reversed"
    tag: Tag
    epoch: Count
    seq: Number
