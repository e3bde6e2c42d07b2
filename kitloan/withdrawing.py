"""Missing, found, and written off: what must be so before a holding leaves the shelf for good.

A holding leaves the register by two people: one proposes, with the reason and, where the gift's
terms ask for it, the donor's agreement; another signs. Who lost it cannot write it off alone. Two
people are two names on record, to the letter; that nobody works under another's name is for the
logins to see to.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from kitloan.entries import (
    HoldingFound,
    HoldingMissing,
    HoldingWithdrawn,
    WithdrawalProposed,
)
from kitloan.errors import Refused
from kitloan.ledger import Writer
from kitloan.lending import held, must_be_here, open_loans
from kitloan.models import Gift, table
from kitloan.models.absence import Withdrawal
from kitloan.models.national import Gifting
from kitloan.prepared import AnyRow, Query
from kitloan.resolve import meant
from kitloan.session import ESP
from kitloan.tags import grouped
from kitloan.text import clean

gift, gifting = table(Gift), table(Gifting)
withdrawal = table(Withdrawal)

_PROPOSAL = Query(
    select(withdrawal).where(
        withdrawal.c.college == bindparam("c"),
        withdrawal.c.tag == bindparam("t"),
        withdrawal.c.signed_at.is_(None),
    )
)
_TERMS = Query(
    select(gift.c.donor, gift.c.title, gifting.c.donor_must_agree)
    .select_from(gift)
    .outerjoin(gifting, (gifting.c.college == ESP) & (gifting.c.gift == gift.c.gift))
    .where(gift.c.college == bindparam("c"), gift.c.tag == bindparam("t"))
)
NOT_OURS_TO_GIVE = ("on_loan_from_donor", "held_for_esp")
"""Titles under which a college does not own what it holds."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A withdrawal that waits for a second person."""

    tag: str
    reason: str
    donor_agreement: str | None
    at: str
    by: str


def report_missing(writer: Writer, text: str, reason: str | None) -> None:
    """See `Holdings.report_missing`."""
    tag = meant(writer, text)
    why = clean(reason, "The reason") if reason else None
    row = held(writer, tag)
    must_be_here(writer, row)
    if row.quantity > 1:
        raise Refused(
            "several",
            f"{grouped(tag)} is a stock of {row.quantity}; it is not missing as a whole.",
            "What did not come back stays on its loan. A program corrects how many there are: "
            "holdings.amend(tag, quantity=N).",
            tag=tag,
        )
    loans = open_loans(writer, tag)
    writer.append(
        HoldingMissing(
            tag=tag,
            loan=loans[0].loan if loans else None,
            reason=why,
        )
    )


def found(writer: Writer, text: str) -> None:
    """See `Holdings.found`."""
    tag = meant(writer, text)
    row = held(writer, tag)
    if row.state != "missing":
        raise Refused("not_missing", f"{_shown(row)} is not on record as missing.", tag=tag)
    writer.append(HoldingFound(tag=tag))


def propose(writer: Writer, text: str, reason: str, donor_agreement: str | None) -> None:
    """See `Holdings.propose_withdrawal`."""
    why = clean(reason, "The reason")
    agreed = clean(donor_agreement, "The donor's agreement") if donor_agreement else None
    tag = meant(writer, text)
    row = held(writer, tag)
    _may_leave(writer, row)
    _donor_agrees(writer, row, agreed)
    writer.append(WithdrawalProposed(tag=tag, reason=why, donor_agreement=agreed))


def _donor_agrees(writer: Writer, row: AnyRow, agreed: str | None) -> None:
    if writer.said:
        return  # ESP's terms are in ESP's ledger, and may be others since
    terms = _TERMS(writer.connection, c=writer.college, t=row.tag).first()
    if not agreed and terms and (terms.title in NOT_OURS_TO_GIVE or terms.donor_must_agree):
        raise Refused(
            "donor_must_agree",
            f"{_shown(row)} is {terms.donor or 'the donor'}'s "
            f"({terms.title.replace('_', ' ')}): the donor must agree first.",
            "Propose it with the letter or message that agrees: --donor-agreement.",
            tag=row.tag,
            donor=terms.donor,
            title=terms.title,
        )


def sign(writer: Writer, text: str) -> None:
    """See `Holdings.withdraw`."""
    tag = meant(writer, text)
    row = held(writer, tag)
    _may_leave(writer, row)
    proposal = proposal_of(writer, tag)
    if proposal is None:
        raise Refused(
            "not_proposed",
            f"Nobody has proposed to withdraw {_shown(row)}.",
            f"Say why: kitloan withdraw {tag} --reason REASON; then a second person signs.",
            tag=tag,
        )
    _donor_agrees(writer, row, proposal.donor_agreement)  # the terms may be others by now
    if proposal.proposed_by == writer.actor:
        raise Refused(
            "same_person",
            f"{writer.actor} proposed to withdraw {_shown(row)}; a second person must sign.",
            f"Somebody else says: kitloan withdraw {tag} --sign",
            tag=tag,
            proposed_by=proposal.proposed_by,
        )
    writer.append(
        HoldingWithdrawn(
            tag=tag,
            reason=proposal.reason,
            proposed_by=proposal.proposed_by,
            donor_agreement=proposal.donor_agreement,
        )
    )


def proposal_of(writer: Writer, tag: str) -> AnyRow | None:
    """The withdrawal of a holding that waits for a second person, when there is one."""
    return _PROPOSAL(writer.connection, c=writer.college, t=tag).one_or_none()


def proposals(connection: Connection, college: str) -> list[Proposal]:
    """Withdrawals that wait for a second person, the oldest first."""
    rows = connection.execute(
        select(withdrawal)
        .where(withdrawal.c.college == college, withdrawal.c.signed_at.is_(None))
        .order_by(withdrawal.c.proposed_at, withdrawal.c.tag)
    )
    return [
        Proposal(row.tag, row.reason, row.donor_agreement, row.proposed_at, row.proposed_by)
        for row in rows
    ]


def _may_leave(writer: Writer, row: AnyRow) -> None:
    if row.out_quantity:
        raise Refused(
            "on_loan",
            f"{_shown(row)} is on loan and cannot be withdrawn.",
            f"Take it back first: kitloan checkin {row.tag}; or, when it is lost: "
            f"kitloan missing {row.tag}",
            tag=row.tag,
        )
    if row.state != "missing":  # what is lost is what is written off
        must_be_here(writer, row)


def _shown(row: AnyRow) -> str:
    return f"{row.type_name} {grouped(row.tag)}"
