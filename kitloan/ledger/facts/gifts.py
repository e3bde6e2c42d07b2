"""Facts in ESP's own ledger: programmes, gifts, deliveries, allocations and challenges."""

from typing import Any, Literal

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from kitloan.ledger.facts.base import (
    Count,
    CountOrNone,
    Day,
    FactBase,
    Id,
    Later,
    Name,
    Recorded,
    Remark,
    SomeTags,
    Tag,
    applies,
)
from kitloan.storage.statements import Change, Query
from kitloan.tables import Reversal, table
from kitloan.tables.national import (
    Allocation,
    Challenge,
    ChallengeLine,
    Delivery,
    Gifting,
    Programme,
    Resumption,
)
from kitloan.text.fields import AgreedGiftFields

allocation = table(Allocation)
challenge = table(Challenge)
challenge_line = table(ChallengeLine)
delivery = table(Delivery)
gifting = table(Gifting)
programme = table(Programme)
resumption = table(Resumption)
reversal = table(Reversal)

_insert_delivery = Change(insert(delivery))
_insert_reversal = Change(insert(reversal))
_reversal = Query(
    select(reversal.c.seq).where(
        reversal.c.college == bindparam("c"),
        reversal.c.epoch == bindparam("e"),
        reversal.c.seq == bindparam("s"),
    )
)
_insert_challenge = Change(insert(challenge))


def _forget(rows: Table, key: str) -> Change:
    return Change(
        delete(rows).where(rows.c.college == bindparam("c"), rows.c[key] == bindparam("k"))
    )


FORGET_PROGRAMME = (_forget(programme, "programme"),)
FORGET_GIFT = (_forget(gifting, "gift"),)
FORGET_ALLOCATION = (_forget(allocation, "allocation"),)
FORGET_DELIVERIES = (_forget(delivery, "gift"),)
_insert_challenge_line = Change(insert(challenge_line))
_insert_resumption = Change(insert(resumption))


class _Upsert:
    """Inserts a row, or replaces the one of the same id."""

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


_set_programme = _Upsert(programme, "programme")
_set_gift = _Upsert(gifting, "gift")
_set_allocation = _Upsert(allocation, "allocation")


class ProgrammeDefined(FactBase):
    """A programme that gifts belong to; a later definition replaces it."""

    kind: Literal["programme.defined"] = "programme.defined"
    programme: Id
    name: Name


@applies(ProgrammeDefined)
def programme_defined(
    connection: Connection, college: str, entry: Recorded, fact: ProgrammeDefined
) -> None:
    """Set the name of a programme."""
    _set_programme(connection, college, programme=fact.programme, name=fact.name)


class GiftAgreed(AgreedGiftFields, FactBase):
    """A gift and its terms, as promised; a later agreement replaces it."""

    kind: Literal["gift.agreed"] = "gift.agreed"
    gift: Id
    agreed_on: Day | None = Later(None)
    """The day, where it is another than the one on which the gift was first recorded."""


@applies(GiftAgreed)
def gift_agreed(connection: Connection, college: str, entry: Recorded, fact: GiftAgreed) -> None:
    """Set the terms of a gift."""
    terms = fact.model_dump(exclude={"kind", "agreed_on"})
    _set_gift(connection, college, agreed_at=entry.at, agreed_on=fact.agreed_on, **terms)


class GiftDelivered(FactBase):
    """Some of a gift came; `reason` is why more came than was promised."""

    kind: Literal["gift.delivered"] = "gift.delivered"
    gift: Id
    delivery: Id
    quantity: Count
    received_on: Day
    reason: Name | None = Later(None)


@applies(GiftDelivered)
def gift_delivered(
    connection: Connection, college: str, entry: Recorded, fact: GiftDelivered
) -> None:
    """Record the delivery."""
    _insert_delivery(connection, college=college, **fact.model_dump(exclude={"kind", "reason"}))


class DeliveryCorrected(FactBase):
    """So many of a gift came in all, whatever was recorded of its deliveries before."""

    kind: Literal["delivery.corrected"] = "delivery.corrected"
    gift: Id
    delivery: Id
    quantity: CountOrNone
    received_on: Day
    reason: Name | None = None


@applies(DeliveryCorrected)
def delivery_corrected(
    connection: Connection, college: str, entry: Recorded, fact: DeliveryCorrected
) -> None:
    """One delivery is in the place of all that there were, or none is."""
    for forget in FORGET_DELIVERIES:
        forget(connection, c=college, k=fact.gift)
    if fact.quantity:
        _insert_delivery(
            connection,
            college=college,
            delivery=fact.delivery,
            gift=fact.gift,
            quantity=fact.quantity,
            received_on=fact.received_on,
        )


class DonorAliased(FactBase):
    """A donor is known by another name as well; with its own name, by no other any more."""

    kind: Literal["donor.aliased"] = "donor.aliased"
    name: Name
    donor: Name


@applies(DonorAliased)
def donor_aliased(
    connection: Connection, college: str, entry: Recorded, fact: DonorAliased
) -> None:
    """Read from the ledger itself, by `kitloan.national.decisions`: no table has it."""


class CollegeMerged(FactBase):
    """A college became part of another; with itself, it is one of its own again."""

    kind: Literal["college.merged"] = "college.merged"
    college: Id
    into: Id
    on: Day


@applies(CollegeMerged)
def college_merged(
    connection: Connection, college: str, entry: Recorded, fact: CollegeMerged
) -> None:
    """As `donor_aliased`."""


class FindingAccepted(FactBase):
    """ESP has looked at a finding and accepts it as it is, while its facts stay the same.

    `about` is the tag of the holding, where it is about one; an empty note takes it back.
    """

    kind: Literal["finding.accepted"] = "finding.accepted"
    code: Id
    college: Id | None
    about: Tag | None
    facts: Remark
    note: Name | None


@applies(FindingAccepted)
def finding_accepted(
    connection: Connection, college: str, entry: Recorded, fact: FindingAccepted
) -> None:
    """As `donor_aliased`."""


class AllocationMade(FactBase):
    """A college gets part of a gift; a later allocation of the same id replaces it."""

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
    """Set how many of a gift a college gets."""
    _set_allocation(
        connection,
        college,
        allocation=fact.allocation,
        gift=fact.gift,
        to_college=fact.college,
        quantity=fact.quantity,
        allocated_on=fact.allocated_on,
    )


class ChallengeSet(FactBase):
    """ESP asks a college to show some holdings, with a new one-time code."""

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
    """Record the challenge and the holdings that it asks for."""
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
