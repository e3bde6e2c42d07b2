"""Facts about offers between colleges, and claims of them. Each college records its own half."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from kitloan.errors import StoreError
from kitloan.ledger.facts.base import (
    Count,
    CountOrNone,
    Day,
    FactBase,
    Id,
    Name,
    Recorded,
    SomeTags,
    applies,
)
from kitloan.storage.statements import Change, Query
from kitloan.tables import table
from kitloan.tables.sharing import Claim, ClaimAnswer, Offer

answer, claim, offer = table(ClaimAnswer), table(Claim), table(Offer)

_of_offer = (offer.c.college == bindparam("c"), offer.c.offer == bindparam("k"))
_of_claim = (claim.c.college == bindparam("c"), claim.c.claim == bindparam("k"))
_insert_offer = Change(insert(offer))
_close_offer = Change(update(offer).where(*_of_offer, offer.c.open.is_(True)).values(open=False))
_accept = Change(
    update(offer)
    .where(*_of_offer)
    .values(accepted=offer.c.accepted - bindparam("before") + bindparam("now"))
)
_answers = Change(
    delete(answer).where(answer.c.college == bindparam("c"), answer.c.offer == bindparam("k"))
)
_this_answer = (
    answer.c.college == bindparam("c"),
    answer.c.offer == bindparam("k"),
    answer.c.to_college == bindparam("t"),
)
_answered = Query(select(answer.c.quantity).where(*_this_answer))
_forget_answer = Change(delete(answer).where(*_this_answer))
_insert_answer = Change(insert(answer))
_insert_claim = Change(insert(claim))
_forget_claim = Change(delete(claim).where(*_of_claim))
_close_claim = Change(update(claim).where(*_of_claim, claim.c.open.is_(True)).values(open=False))

FORGET_OFFER = (_answers, Change(delete(offer).where(*_of_offer)))
"""Take away every row of an offer, children before parents."""
FORGET_CLAIM = (_forget_claim,)
"""Take away a claim."""


class OfferMade(FactBase):
    """The college would lend some of a kit type to another college, or give them to keep."""

    kind: Literal["offer.made"] = "offer.made"
    desk_action: ClassVar[bool] = True
    offer: Id
    kit_type: Id
    quantity: Count
    terms: Literal["lend", "keep"]
    first: Day | None
    last: Day | None
    until: Day
    kits: SomeTags = ()
    donor_agreement: Name | None = None

    @model_validator(mode="after")
    def _days_go_with_lending(self) -> Self:
        days = (self.first is not None, self.last is not None)
        if days != ((self.terms == "lend"),) * 2 or (self.first or "") > (self.last or ""):
            raise ValueError("what is lent has its days in order, what is given has none")
        return self


class OfferClosed(FactBase):
    """An offer can be claimed no more; what was accepted stays accepted."""

    kind: Literal["offer.closed"] = "offer.closed"
    desk_action: ClassVar[bool] = True
    offer: Id


class ClaimAnswered(FactBase):
    """How many of an offer another college gets; 0 declines its claim."""

    kind: Literal["claim.answered"] = "claim.answered"
    desk_action: ClassVar[bool] = True
    offer: Id
    to_college: Id
    quantity: CountOrNone


class OfferClaimed(FactBase):
    """The college would have some of what another offers. A later claim of it replaces this."""

    kind: Literal["offer.claimed"] = "offer.claimed"
    desk_action: ClassVar[bool] = True
    claim: Id
    from_college: Id
    offer: Id
    type_name: Name | None
    quantity: Count


class ClaimWithdrawn(FactBase):
    """The college would have none of it after all."""

    kind: Literal["claim.withdrawn"] = "claim.withdrawn"
    desk_action: ClassVar[bool] = True
    claim: Id


ABOUT_AN_OFFER: tuple[type[FactBase], ...] = (OfferMade, OfferClosed, ClaimAnswered)
"""Facts whose rows depend on each other: all of one offer are applied together."""
ABOUT_A_CLAIM: tuple[type[FactBase], ...] = (OfferClaimed, ClaimWithdrawn)
"""Likewise of one claim."""


@applies(OfferMade)
def offer_made(connection: Connection, college: str, entry: Recorded, fact: OfferMade) -> None:
    """Add the offer."""
    _insert_offer(
        connection,
        college=college,
        accepted=0,
        open=True,
        made_at=entry.at,
        **fact.model_dump(exclude={"kind", "kits"}),
        kits=",".join(fact.kits),
    )


@applies(OfferClosed)
def offer_closed(connection: Connection, college: str, entry: Recorded, fact: OfferClosed) -> None:
    """Keep the offer, with what was accepted; nobody can claim more of it."""
    _close_offer.one(connection, c=college, k=fact.offer)


@applies(ClaimAnswered)
def claim_answered(
    connection: Connection, college: str, entry: Recorded, fact: ClaimAnswered
) -> None:
    """Set what the other college gets; a later answer replaces an earlier one."""
    where = {"c": college, "k": fact.offer, "t": fact.to_college}
    before = _answered(connection, **where).scalar() or 0
    _accept.one(connection, c=college, k=fact.offer, before=before, now=fact.quantity)
    _forget_answer(connection, **where)
    _insert_answer(
        connection,
        college=college,
        answered_at=entry.at,
        **fact.model_dump(exclude={"kind"}),
    )


@applies(OfferClaimed)
def offer_claimed(
    connection: Connection, college: str, entry: Recorded, fact: OfferClaimed
) -> None:
    """Set the claim."""
    if fact.claim != f"{fact.from_college}:{fact.offer}":
        raise StoreError(
            "row_not_there",
            f"The claim {fact.claim} is not of the offer that it names. Nothing was written.",
            "Check the store: kitloan ledger verify",
        )
    _forget_claim(connection, c=college, k=fact.claim)
    _insert_claim(
        connection,
        college=college,
        open=True,
        made_at=entry.at,
        **fact.model_dump(exclude={"kind"}),
    )


@applies(ClaimWithdrawn)
def claim_withdrawn(
    connection: Connection, college: str, entry: Recorded, fact: ClaimWithdrawn
) -> None:
    """Keep the claim as one that was withdrawn."""
    _close_claim.one(connection, c=college, k=fact.claim)
