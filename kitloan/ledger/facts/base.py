"""The base of all facts: types of fields, the root classes, and the registry of apply functions."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import StringConstraints

from kitloan.text.dates import NO_HOUR
from kitloan.text.fields import (
    MOST_OF_A_LIST,
    MOST_PENCE,
    Count,
    Counted,
    CountOrNone,
    Day,
    Frozen,
    GiftTitle,
    Hash,
    Id,
    Instant,
    Later,
    Name,
    Number,
    Pence,
    Remark,
    SomeTags,
    Tag,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection  # reading a spreadsheet needs the fields, and no database

__all__ = [
    "APPLY",
    "MOST_OF_A_LIST",
    "MOST_PENCE",
    "Apply",
    "Count",
    "CountOrNone",
    "Counted",
    "Day",
    "FactBase",
    "Frozen",
    "GiftTitle",
    "Hash",
    "Id",
    "Instant",
    "Later",
    "Name",
    "Number",
    "Pence",
    "Recorded",
    "Remark",
    "SomeTags",
    "Tag",
    "applies",
]


class FactBase(Frozen):
    """A fact: something that happened. `desk_action`: whether a person at the desk may undo it."""

    desk_action: ClassVar[bool] = False
    kind: str


class Recorded(Frozen):
    """The place of a fact in a ledger, with its time and person.

    `id` is the request's: all entries of one request have the same, and `part` numbers them.
    """

    ledger: Id
    seq: Number
    prev: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
    id: Id
    part: CountOrNone
    at: Instant
    by: Name


class Dated(FactBase):
    """What may have happened on an earlier day than the one on which it was recorded."""

    on: Day | None = Later(None)
    """The day it happened; None is the day on which it was recorded."""


def happened_at(entry: Recorded, on: str | None) -> str:
    """The instant at which a fact counts: when it was recorded, or its own day, without an hour.

    A day has the hour `NO_HOUR`. What a stranger sealed with a later day than its entry has counts
    when it was recorded.
    """
    at = entry.at if on is None else f"{on}{NO_HOUR}"
    return min(at, entry.at)


F = TypeVar("F", bound=FactBase)
Apply = Callable[["Connection", str, Recorded, F], None]

APPLY: dict[type[FactBase], Apply[Any]] = {}
"""The kinds of fact that are loaded, and the function that changes the register for each."""

KINDS: dict[str, type[FactBase]] = {}
"""The same kinds by name; `kitloan.ledger.facts` finds those that are not loaded yet, too."""


def applies(kind: type[F]) -> Callable[[Apply[F]], Apply[F]]:
    """Register a function as the one that applies facts of this kind."""

    def register(function: Apply[F]) -> Apply[F]:
        APPLY[kind] = function  # before its name: who finds the kind finds what it does
        KINDS[kind.model_fields["kind"].default] = kind
        return function

    return register
