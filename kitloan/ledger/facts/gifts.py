"""ESP's own ledger: programmes, gifts, deliveries, allocations and challenges."""

from typing import Any, Literal

from sqlalchemy import Connection, Table, bindparam, insert, update

from kitloan.ledger.facts.base import (
    Count,
    Day,
    FactBase,
    GiftTitle,
    Id,
    Name,
    Recorded,
    SomeTags,
    applies,
)
from kitloan.storage.statements import Change
from kitloan.tables import table
from kitloan.tables.national import (
    Allocation,
    Challenge,
    ChallengeLine,
    Delivery,
    Gifting,
    Programme,
    Resumption,
)

allocation = table(Allocation)
challenge = table(Challenge)
challenge_line = table(ChallengeLine)
delivery = table(Delivery)
gifting = table(Gifting)
programme = table(Programme)
resumption = table(Resumption)

_insert_delivery = Change(insert(delivery))
_insert_challenge = Change(insert(challenge))
_insert_challenge_line = Change(insert(challenge_line))
_insert_resumption = Change(insert(resumption))


class _SaidAgain:
    """Rows that a later fact of the same id says anew."""

    def __init__(self, rows: Table, key: str) -> None:
        self._key = key
        self._insert = Change(insert(rows))
        self._update = Change(
            update(rows)
            .where(rows.c.college == bindparam("c"), rows.c[key] == bindparam("k"))
            .values(
                {
                    column.name: bindparam(f"new_{column.name}")
                    for column in rows.columns
                    if not column.primary_key
                }
            )
        )

    def __call__(self, connection: Connection, college: str, **values: Any) -> None:
        others = {f"new_{name}": v for name, v in values.items() if name != self._key}
        if not self._update(connection, c=college, k=values[self._key], **others):
            self._insert(connection, college=college, **values)


_say_programme = _SaidAgain(programme, "programme")
_say_gift = _SaidAgain(gifting, "gift")
_say_allocation = _SaidAgain(allocation, "allocation")


class ProgrammeDefined(FactBase):
    """A programme that gifts are part of; said again, it replaces what was said before."""

    kind: Literal["programme.defined"] = "programme.defined"
    programme: Id
    name: Name


@applies(ProgrammeDefined)
def programme_defined(
    connection: Connection, college: str, entry: Recorded, fact: ProgrammeDefined
) -> None:
    """A programme has this name."""
    _say_programme(connection, college, programme=fact.programme, name=fact.name)


class GiftAgreed(FactBase):
    """A gift and its terms, as promised; said again, it replaces what was said before."""

    kind: Literal["gift.agreed"] = "gift.agreed"
    gift: Id
    donor: Name
    tranche: Name | None = None
    document: Name | None = None
    programme: Id | None = None
    kit_type: Id
    promised: Count
    title: GiftTitle = "unknown"
    donor_must_agree: bool = False
    """Whether the donor must agree before one is written off."""
    acknowledgement: Name | None = None
    """What a label must say of the donor."""


@applies(GiftAgreed)
def gift_agreed(connection: Connection, college: str, entry: Recorded, fact: GiftAgreed) -> None:
    """A gift has these terms."""
    _say_gift(connection, college, agreed_at=entry.at, **fact.model_dump(exclude={"kind"}))


class GiftDelivered(FactBase):
    """Some of a gift came."""

    kind: Literal["gift.delivered"] = "gift.delivered"
    gift: Id
    delivery: Id
    quantity: Count
    received_on: Day


@applies(GiftDelivered)
def gift_delivered(
    connection: Connection, college: str, entry: Recorded, fact: GiftDelivered
) -> None:
    """Some of a gift is there."""
    _insert_delivery(connection, college=college, **fact.model_dump(exclude={"kind"}))


class AllocationMade(FactBase):
    """A college gets some of a gift; said again, it replaces what was said before."""

    kind: Literal["allocation.made"] = "allocation.made"
    allocation: Id
    gift: Id
    college: Id
    quantity: Count
    allocated_on: Day


@applies(AllocationMade)
def allocation_made(
    connection: Connection, college: str, entry: Recorded, fact: AllocationMade
) -> None:
    """A college is to have so many of a gift."""
    _say_allocation(
        connection,
        college,
        allocation=fact.allocation,
        gift=fact.gift,
        to_college=fact.college,
        quantity=fact.quantity,
        allocated_on=fact.allocated_on,
    )


class ChallengeSet(FactBase):
    """ESP asks a college to show some holdings, with a code that nobody knew before."""

    kind: Literal["challenge.set"] = "challenge.set"
    challenge: Id
    college: Id
    code: Name
    tags: SomeTags
    answer_by: Day


@applies(ChallengeSet)
def challenge_set(
    connection: Connection, college: str, entry: Recorded, fact: ChallengeSet
) -> None:
    """A college is asked to show these."""
    _insert_challenge(
        connection,
        college=college,
        challenge=fact.challenge,
        to_college=fact.college,
        code=fact.code,
        answer_by=fact.answer_by,
        set_at=entry.at,
    )
    for tag in fact.tags:
        _insert_challenge_line(connection, college=college, challenge=fact.challenge, tag=tag)
