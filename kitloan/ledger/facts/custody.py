"""Facts about custody: holdings that are missing, found, or written off by two people."""

from typing import ClassVar, Literal

from sqlalchemy import Connection, bindparam, delete, exists, insert, or_, update

from kitloan.ledger.facts.base import (
    Dated,
    FactBase,
    Id,
    Later,
    Name,
    Recorded,
    Tag,
    applies,
    happened_at,
)
from kitloan.ledger.facts.holding_rows import SIGHTED, change_holding, sighting
from kitloan.ledger.facts.inspections import set_use
from kitloan.storage.statements import Change
from kitloan.tables import Holding, Loan, table
from kitloan.tables.absence import Absence, Withdrawal

absence = table(Absence)
holding = table(Holding)
loan = table(Loan)
withdrawal = table(Withdrawal)

_lent = exists().where(
    loan.c.college == bindparam("c"), loan.c.tag == bindparam("t"), loan.c.closed_at.is_(None)
)
_gone = change_holding(
    holding.c.state == "held",
    ~_lent,
    state="missing",
    out_quantity=0,
    most_out=holding.c.most_out - holding.c.out_quantity,
)
_back = change_holding(holding.c.state == "missing", state="held", **SIGHTED)
_to_be_counted = change_holding(uncounted=True)
_withdraw = change_holding(
    or_(holding.c.state == "held", holding.c.state == "missing"), state="withdrawn"
)
_set_out_of_use = change_holding(
    holding.c.state == "held",
    holding.c.out_quantity == 0,
    out_of_use=bindparam("why"),
    in_repair=bindparam("why"),
    most_out=0,
)
_set_repaired = change_holding(holding.c.in_repair.is_not(None), in_repair=None)
_reinstate = change_holding(
    holding.c.state == "withdrawn", state="held", uncounted=bindparam("not_counted"), **SIGHTED
)
_insert_absence = Change(insert(absence))
forget_absence = Change(
    delete(absence).where(absence.c.college == bindparam("c"), absence.c.tag == bindparam("t"))
)
_lost_on_loan = Change(
    update(loan)
    .where(
        loan.c.college == bindparam("c"),
        loan.c.loan == bindparam("l"),
        loan.c.tag == bindparam("t"),
        loan.c.closed_at.is_(None),
    )
    .values(returned=loan.c.quantity, closed_at=bindparam("at"))
)
_insert_withdrawal = Change(insert(withdrawal))
_of_tag = (withdrawal.c.college == bindparam("c"), withdrawal.c.tag == bindparam("t"))
forget_withdrawal = Change(delete(withdrawal).where(*_of_tag))
_forget_proposal = Change(delete(withdrawal).where(*_of_tag, withdrawal.c.signed_at.is_(None)))
_propose_again = Change(
    update(withdrawal)
    .where(*_of_tag, withdrawal.c.signed_at.is_not(None))
    .values(again_reason=bindparam("why"), again_at=bindparam("at"), again_by=bindparam("by"))
)
_sign = Change(
    update(withdrawal)
    .where(*_of_tag, withdrawal.c.signed_at.is_(None))
    .values(signed_at=bindparam("at"), signed_by=bindparam("by"))
)


class HoldingMissing(Dated):
    """A holding is missing. If it was lost on loan, the loan ends."""

    kind: Literal["holding.missing"] = "holding.missing"
    desk_action: ClassVar[bool] = True
    tag: Tag
    loan: Id | None = None
    reason: Name | None = None


@applies(HoldingMissing)
def missing(connection: Connection, college: str, entry: Recorded, fact: HoldingMissing) -> None:
    """Mark the holding as missing, and end the loan on which it was lost."""
    at = happened_at(entry, fact.on)
    if fact.loan is not None:
        _lost_on_loan.one(connection, c=college, t=fact.tag, l=fact.loan, at=at)
    _gone.one(connection, c=college, t=fact.tag)
    _insert_absence(
        connection,
        college=college,
        tag=fact.tag,
        loan=fact.loan,
        reason=fact.reason,
        since=at,
        said_by=entry.by,
    )


class HoldingFound(Dated):
    """A missing holding was found."""

    kind: Literal["holding.found"] = "holding.found"
    desk_action: ClassVar[bool] = True
    tag: Tag
    uncounted: bool = Later(False)
    """Whether its contents must be counted before it is lent: it was lost on loan."""


@applies(HoldingFound)
def found(connection: Connection, college: str, entry: Recorded, fact: HoldingFound) -> None:
    """Mark the holding as held and seen, and delete an open proposal to write it off."""
    forget_absence.one(connection, c=college, t=fact.tag)
    _forget_proposal(connection, c=college, t=fact.tag)
    seen = sighting(connection, college, entry, fact)
    _back.one(connection, c=college, t=fact.tag, **seen)
    if fact.uncounted:
        _to_be_counted.one(connection, c=college, t=fact.tag)


class HoldingOutOfUse(FactBase):
    """A holding cannot be used until it is repaired: it is not lent, and still held."""

    kind: Literal["holding.out_of_use"] = "holding.out_of_use"
    desk_action: ClassVar[bool] = True
    tag: Tag
    reason: Name


@applies(HoldingOutOfUse)
def out_of_use(
    connection: Connection, college: str, entry: Recorded, fact: HoldingOutOfUse
) -> None:
    """It is in repair; given again, the later reason counts."""
    _set_out_of_use.one(connection, c=college, t=fact.tag, why=fact.reason)


class HoldingInUse(FactBase):
    """What was in repair can be used again."""

    kind: Literal["holding.in_use"] = "holding.in_use"
    desk_action: ClassVar[bool] = True
    tag: Tag


@applies(HoldingInUse)
def in_use(connection: Connection, college: str, entry: Recorded, fact: HoldingInUse) -> None:
    """It can be lent again, as far as its contents and its inspections allow."""
    _set_repaired.one(connection, c=college, t=fact.tag)
    set_use(connection, college, fact.tag)


class ReinstatementProposed(FactBase):
    """What was written off has turned up; a second person must sign."""

    kind: Literal["reinstatement.proposed"] = "reinstatement.proposed"
    desk_action: ClassVar[bool] = True
    tag: Tag
    reason: Name


@applies(ReinstatementProposed)
def reinstatement_proposed(
    connection: Connection, college: str, entry: Recorded, fact: ReinstatementProposed
) -> None:
    """One person has signed; a new proposal takes the place of an older one."""
    _propose_again.one(connection, c=college, t=fact.tag, why=fact.reason, at=entry.at, by=entry.by)


class HoldingReinstated(FactBase):
    """A written-off holding is on the register again, signed by a second person."""

    kind: Literal["holding.reinstated"] = "holding.reinstated"
    desk_action: ClassVar[bool] = True
    tag: Tag
    reason: Name
    proposed_by: Name
    uncounted: bool
    """Whether its contents must be counted before it is lent."""


@applies(HoldingReinstated)
def reinstated(
    connection: Connection, college: str, entry: Recorded, fact: HoldingReinstated
) -> None:
    """It is held again, and was in somebody's hand."""
    forget_withdrawal(connection, c=college, t=fact.tag)
    forget_absence(connection, c=college, t=fact.tag)
    _reinstate.one(
        connection, c=college, t=fact.tag, not_counted=fact.uncounted, at=entry.at, by=entry.by
    )


class WithdrawalProposed(FactBase):
    """One person proposed to write off a holding; a second person must sign."""

    kind: Literal["withdrawal.proposed"] = "withdrawal.proposed"
    desk_action: ClassVar[bool] = True
    tag: Tag
    reason: Name
    donor_agreement: Name | None = None
    """The donor's letter or message that agrees, if the gift's terms require one."""


@applies(WithdrawalProposed)
def proposed(
    connection: Connection, college: str, entry: Recorded, fact: WithdrawalProposed
) -> None:
    """Record the proposal, in place of an earlier one."""
    forget_withdrawal(connection, c=college, t=fact.tag)
    _insert_withdrawal(
        connection,
        college=college,
        tag=fact.tag,
        reason=fact.reason,
        donor_agreement=fact.donor_agreement,
        proposed_at=entry.at,
        proposed_by=entry.by,
        signed_at=None,
        signed_by=None,
        again_reason=None,
        again_at=None,
        again_by=None,
    )


class HoldingWithdrawn(FactBase):
    """A holding was written off, signed by a second person; its history stays."""

    kind: Literal["holding.withdrawn"] = "holding.withdrawn"
    desk_action: ClassVar[bool] = True
    tag: Tag
    reason: Name
    proposed_by: Name
    donor_agreement: Name | None = None


@applies(HoldingWithdrawn)
def withdrawn(
    connection: Connection, college: str, entry: Recorded, fact: HoldingWithdrawn
) -> None:
    """Mark the holding as withdrawn, so that it is no longer lent or looked for."""
    _sign.one(connection, c=college, t=fact.tag, at=entry.at, by=entry.by)
    _withdraw.one(connection, c=college, t=fact.tag)
