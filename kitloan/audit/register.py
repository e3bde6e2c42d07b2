"""The register of all colleges: one row a holding, with whom it is, and who saw it last."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, case, exists, or_, select

from kitloan.audit.census import ARRIVED, DONOR, OF_GIFT, OF_GIFTING, Census
from kitloan.audit.measures import is_late
from kitloan.queries.find import status_of
from kitloan.queries.terms import RecordedTerms
from kitloan.storage.statements import AnyRow
from kitloan.tables import Gift, Holding, Loan, table
from kitloan.tables.absence import Withdrawal
from kitloan.tables.national import Gifting
from kitloan.text.dates import day_of

gift, gifting, holding = table(Gift), table(Gifting), table(Holding)
loan, withdrawal = table(Loan), table(Withdrawal)

IN_TWO = "in_two_colleges"

WITH = {
    "college": "the college",
    "on_loan": "on loan",
    "in_transit": "on its way",
    "missing": "missing",
    "withdrawn": "written off",
}
"""With whom a holding is, in ESP's sense, and the words for it."""

COUNTED = {
    "whole": "counted whole",
    "short": "counted short",
    "never": "never counted",
    "list_changed": "list changed since",
}
"""How the latest count of a holding stands, and the words for it."""


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One holding of a college; one that two colleges hold is at the one that saw it last."""

    college: str
    region: str | None
    tag: str
    asset_number: str | None
    type: str
    quantity: int
    donor: str | None
    gift: str | None
    title: str
    place: str | None
    status: str
    whereabouts: str
    counted: str | None
    counted_on: date | None
    last_sighted_on: date | None
    last_sighted_by: str | None
    also_at: tuple[str, ...]


def register(census: Census) -> Iterator[RegisterRow]:
    """Every holding in scope, what was written off included, by college and tag."""
    written_off = exists().where(
        withdrawal.c.college == holding.c.college,
        withdrawal.c.tag == holding.c.tag,
        withdrawal.c.signed_at.is_not(None),
    )
    late = and_(
        holding.c.out_quantity > 0,
        exists().where(
            loan.c.college == holding.c.college, loan.c.tag == holding.c.tag, is_late(census)
        ),
    )
    elsewhere = holding.alias()
    held_elsewhere = exists().where(
        elsewhere.c.tag == holding.c.tag,
        elsewhere.c.college != holding.c.college,
        elsewhere.c.state != "withdrawn",
    )
    kept = and_(census.once, or_(holding.c.state != "in_transit", ~ARRIVED))
    also = withdrawal.alias()
    listed_elsewhere = exists().where(  # one tag that two colleges wrote off is one thing
        also.c.tag == holding.c.tag,
        also.c.college < holding.c.college,
        also.c.signed_at.is_not(None),
    )
    gone = and_(written_off, ~held_elsewhere, ~listed_elsewhere)
    wanted = (
        select(
            holding.c.college,
            holding.c.tag,
            holding.c.kit_type,
            holding.c.asset_number,
            holding.c.location,
            holding.c.quantity,
            holding.c.out_quantity,
            holding.c.state,
            holding.c.uncounted,
            holding.c.critical_short,
            holding.c.counted_at,
            holding.c.sighted_at,
            holding.c.sighted_by,
            DONOR.label("donor"),
            gift.c.gift,
            gift.c.title,
            case((late, 1), else_=0).label("late"),
        )
        .outerjoin_from(holding, gift, OF_GIFT)
        .outerjoin(gifting, OF_GIFTING)
        .where(kept, census.in_scope, or_(holding.c.state != "withdrawn", gone))
        .order_by(holding.c.college, holding.c.tag)
    )
    region_of = {each: row.region for each, row in census.colleges.items()}
    nothing = RecordedTerms()
    for row in census.rows(wanted):
        earlier = census.inherited.get((row.college, row.tag), nothing)
        donor = row.donor or earlier.donor
        yield RegisterRow(
            row.college,
            region_of.get(row.college),
            row.tag,
            row.asset_number,
            census.type_names[row.college, row.kit_type],
            row.quantity,
            census.decided.donor(donor) if donor else None,
            row.gift or earlier.gift,
            earlier.title if row.title in (None, "unknown") else row.title,
            row.location,
            _status(row, census),
            _whereabouts(row),
            census.counted_word(row),
            day_of(row.counted_at) if row.counted_at else None,
            day_of(row.sighted_at) if row.sighted_at else None,
            row.sighted_by,
            census.doubles.get(row.tag, ())[1:],
        )


def _status(row: AnyRow, census: Census) -> str:
    if row.tag in census.doubles:
        return IN_TWO
    return status_of(
        state=row.state,
        quantity=row.quantity,
        out_quantity=row.out_quantity,
        uncounted=row.uncounted,
        critical_short=row.critical_short,
        overdue=bool(row.late),
    )


def _whereabouts(row: AnyRow) -> str:
    if row.state != "held":
        return str(row.state)
    return "on_loan" if row.out_quantity else "college"


@dataclass(frozen=True, slots=True)
class WrittenOff:
    """What two people took off a register, and why; `agreement` is the donor's letter."""

    tag: str
    college: str
    type: str
    donor: str | None
    signed_on: date
    reason: str
    agreement: str | None
    proposed_by: str
    signed_by: str


def written_off(census: Census) -> list[WrittenOff]:
    """Every write-off in scope, the latest first."""
    rows = census.connection.execute(
        select(withdrawal, holding.c.kit_type, DONOR.label("donor"))
        .join_from(
            withdrawal,
            holding,
            and_(holding.c.college == withdrawal.c.college, holding.c.tag == withdrawal.c.tag),
        )
        .outerjoin(gift, OF_GIFT)
        .outerjoin(gifting, OF_GIFTING)
        .where(withdrawal.c.signed_at.is_not(None), census.in_scope)
        .order_by(withdrawal.c.signed_at.desc(), withdrawal.c.college, withdrawal.c.tag)
    )
    nothing = RecordedTerms()
    return [
        WrittenOff(
            row.tag,
            row.college,
            census.type_names[row.college, row.kit_type],
            row.donor or census.inherited.get((row.college, row.tag), nothing).donor,
            day_of(row.signed_at),
            row.reason,
            row.donor_agreement,
            row.proposed_by,
            row.signed_by,
        )
        for row in rows
    ]
