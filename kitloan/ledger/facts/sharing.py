"""Facts about what colleges offer and ask each other, and the answers.

Each college records its own half.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import StringConstraints, model_validator
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from kitloan.errors import StoreError
from kitloan.ledger.facts.base import (
    Count,
    CountOrNone,
    Day,
    FactBase,
    Id,
    Later,
    Name,
    Recorded,
    SomeTags,
    Tag,
    applies,
)
from kitloan.storage.statements import Change, Query
from kitloan.tables import table
from kitloan.tables.sharing import Ask, AskAnswer, Claim, ClaimAnswer, CollegePlace, Offer

answer, claim, offer = table(ClaimAnswer), table(Claim), table(Offer)
ask, ask_answer, college_place = table(Ask), table(AskAnswer), table(CollegePlace)

_of_offer = (offer.c.college == bindparam("c"), offer.c.offer == bindparam("k"))
_of_claim = (claim.c.college == bindparam("c"), claim.c.claim == bindparam("k"))
_insert_offer = Change(insert(offer))
_close_offer = Change(update(offer).where(*_of_offer, offer.c.open.is_(True)).values(open=False))
_change_offer = Change(
    update(offer)
    .where(*_of_offer, offer.c.open.is_(True))
    .values(
        quantity=bindparam("now"),
        until=bindparam("end"),
        kits=bindparam("tags"),
        note=bindparam("words"),
        donor_agreement=bindparam("agreed"),
        change=bindparam("by"),
    )
)
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
_of_ask = (ask.c.college == bindparam("c"), ask.c.ask == bindparam("k"))
_insert_ask = Change(insert(ask))
_forget_ask = Change(delete(ask).where(*_of_ask))
_close_ask = Change(update(ask).where(*_of_ask, ask.c.open.is_(True)).values(open=False))
_insert_ask_answer = Change(insert(ask_answer))
_forget_ask_answer = Change(
    delete(ask_answer).where(
        ask_answer.c.college == bindparam("c"), ask_answer.c.ask == bindparam("k")
    )
)
_insert_place = Change(insert(college_place))
_forget_place = Change(
    delete(college_place).where(
        college_place.c.college == bindparam("c"), college_place.c.whose == bindparam("k")
    )
)

FORGET_OFFER = (_answers, Change(delete(offer).where(*_of_offer)))
"""Take away every row of an offer, children before parents."""
FORGET_CLAIM = (_forget_claim,)
"""Take away a claim."""
FORGET_ASK = (_forget_ask,)
"""Take away what another college was asked for."""
FORGET_ASK_ANSWER = (_forget_ask_answer,)
"""Take away the answer to what another college asked for."""
FORGET_PLACE = (_forget_place,)
"""Take away where a college is."""


class OfferMade(FactBase):
    """The college would lend some of a kit type to another college, or give them or parts away."""

    kind: Literal["offer.made"] = "offer.made"
    desk_action: ClassVar[bool] = True
    offer: Id
    kit_type: Id
    quantity: Count
    terms: Literal["lend", "keep", "parts"]
    first: Day | None
    last: Day | None
    until: Day
    kits: SomeTags = ()
    donor_agreement: Name | None = None
    component: Name | None = Later(None)
    note: Name | None = Later(None)

    @model_validator(mode="after")
    def _is_of_its_terms(self) -> Self:
        days = (self.first is not None, self.last is not None)
        if days != ((self.terms == "lend"),) * 2 or (self.first or "") > (self.last or ""):
            raise ValueError("what is lent has its days in order, what is given has none")
        if (self.terms == "parts") != (self.component is not None):
            raise ValueError("spare parts have a name, and whole kits have none")
        return self


class OfferChanged(FactBase):
    """What an offer is from now on; nobody has been promised any of it.

    `change` is the id of this change: a claim names the last one that the claiming college had
    seen.
    """

    kind: Literal["offer.changed"] = "offer.changed"
    desk_action: ClassVar[bool] = True
    offer: Id
    change: Id
    quantity: Count
    until: Day
    kits: SomeTags = ()
    donor_agreement: Name | None = None
    note: Name | None = None


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
    component: Name | None = Later(None)
    change: Id | None = Later(None)


class ClaimWithdrawn(FactBase):
    """The college would have none of it after all."""

    kind: Literal["claim.withdrawn"] = "claim.withdrawn"
    desk_action: ClassVar[bool] = True
    claim: Id


class KitAsked(FactBase):
    """The college asks one other college for some of a kit type, or for one kit, on some days."""

    kind: Literal["kit.asked"] = "kit.asked"
    desk_action: ClassVar[bool] = True
    ask: Id
    to_college: Id
    type_name: Name
    kit: Tag | None
    quantity: Count
    first: Day
    last: Day
    note: Name | None

    @model_validator(mode="after")
    def _days_are_in_order(self) -> Self:
        if self.first > self.last:
            raise ValueError("what is asked for has its days in order")
        return self


class AskWithdrawn(FactBase):
    """The college asks for it no more."""

    kind: Literal["ask.withdrawn"] = "ask.withdrawn"
    desk_action: ClassVar[bool] = True
    ask: Id


class AskAnswered(FactBase):
    """How many another college may have of what it asked for; 0 is no, and has a reason.

    A later answer replaces this. What was asked for is None where the ask had not been seen.
    """

    kind: Literal["ask.answered"] = "ask.answered"
    desk_action: ClassVar[bool] = True
    ask: Id
    from_college: Id
    type_name: Name | None
    first: Day | None
    last: Day | None
    quantity: CountOrNone
    reason: Name | None

    @model_validator(mode="after")
    def _no_has_a_reason(self) -> Self:
        if not self.quantity and self.reason is None:
            raise ValueError("a no has a reason")
        return self


_Degrees = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,2}\.[0-9]{5}$")]


class CollegePlaced(FactBase):
    """Where a college is, in degrees (WGS 84): in its own ledger, or in ESP's."""

    kind: Literal["college.placed"] = "college.placed"
    desk_action: ClassVar[bool] = True
    college: Id
    latitude: _Degrees
    longitude: _Degrees


ABOUT_AN_OFFER: tuple[type[FactBase], ...] = (OfferMade, OfferChanged, OfferClosed, ClaimAnswered)
"""Facts whose rows depend on each other: all of one offer are applied together."""
ABOUT_A_CLAIM: tuple[type[FactBase], ...] = (OfferClaimed, ClaimWithdrawn)
"""Likewise of one claim."""
ABOUT_AN_ASK: tuple[type[FactBase], ...] = (KitAsked, AskWithdrawn)
"""Likewise of what one college asks another for."""
ANSWERS_TO_ASKS: tuple[type[FactBase], ...] = (AskAnswered,)
"""Likewise of the answer to that: the last one counts."""


@applies(OfferMade)
def offer_made(connection: Connection, college: str, entry: Recorded, fact: OfferMade) -> None:
    """Add the offer."""
    _insert_offer(
        connection,
        college=college,
        accepted=0,
        open=True,
        made_at=entry.at,
        change=None,
        **fact.model_dump(exclude={"kind", "kits", "component", "note"}),
        kits=",".join(fact.kits),
        component=fact.component,
        note=fact.note,
    )


@applies(OfferChanged)
def offer_changed(
    connection: Connection, college: str, entry: Recorded, fact: OfferChanged
) -> None:
    """Set what the offer is now; claims of it stay, and show that it was changed since."""
    _change_offer.one(
        connection,
        c=college,
        k=fact.offer,
        now=fact.quantity,
        end=fact.until,
        tags=",".join(fact.kits),
        words=fact.note,
        agreed=fact.donor_agreement,
        by=fact.change,
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
        **fact.model_dump(exclude={"kind", "component", "change"}),
        component=fact.component,
        change=fact.change,
    )


@applies(ClaimWithdrawn)
def claim_withdrawn(
    connection: Connection, college: str, entry: Recorded, fact: ClaimWithdrawn
) -> None:
    """Keep the claim as one that was withdrawn."""
    _close_claim.one(connection, c=college, k=fact.claim)


@applies(KitAsked)
def kit_asked(connection: Connection, college: str, entry: Recorded, fact: KitAsked) -> None:
    """Add what is asked for."""
    _insert_ask(
        connection,
        college=college,
        open=True,
        made_at=entry.at,
        **fact.model_dump(exclude={"kind"}),
    )


@applies(AskWithdrawn)
def ask_withdrawn(
    connection: Connection, college: str, entry: Recorded, fact: AskWithdrawn
) -> None:
    """Keep what was asked for as withdrawn."""
    _close_ask.one(connection, c=college, k=fact.ask)


@applies(AskAnswered)
def ask_answered(connection: Connection, college: str, entry: Recorded, fact: AskAnswered) -> None:
    """Set the answer."""
    _forget_ask_answer(connection, c=college, k=fact.ask)
    _insert_ask_answer(
        connection,
        college=college,
        answered_at=entry.at,
        **fact.model_dump(exclude={"kind"}),
    )


@applies(CollegePlaced)
def college_placed(
    connection: Connection, college: str, entry: Recorded, fact: CollegePlaced
) -> None:
    """Set where the college is, as this ledger has it."""
    _forget_place(connection, c=college, k=fact.college)
    _insert_place(
        connection,
        college=college,
        whose=fact.college,
        latitude=fact.latitude,
        longitude=fact.longitude,
    )
