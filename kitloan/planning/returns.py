"""What came back lately, for the notices of a return: a receipt, what is missing, the question.

Only what somebody here had in hand counts as back: not what a borrower handed straight on, nor what
a register shows as back. What is missing is a borrower's only if it was found between this return
and the next loan.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, bindparam, select

from kitloan.ledger.facts.loans import CheckedIn
from kitloan.planning.notices import LONGEST_AFTER, line_of
from kitloan.queries.loan_rows import select_loans
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Contact, Holding, LedgerEntry, Loan, Shortage, table
from kitloan.tables.evidence import Engagement, Evaluation
from kitloan.text.dates import day_of, days_after, uk
from kitloan.values import ShortageLine

contact, holding, loan = table(Contact), table(Holding), table(Loan)
engagement, entry, evaluation = table(Engagement), table(LedgerEntry), table(Evaluation)
shortage = table(Shortage)

_CLOSED = (
    select_loans(
        loan.c.loan,
        loan.c.tag,
        loan.c.quantity,
        loan.c.out_at,
        loan.c.closed_at,
        holding.c.uncounted,
        holding.c.counted_at,
        contact.c.name.label("person"),
        contact.c.email,
        contact.c.phone,
    )
    .outerjoin(
        contact, (contact.c.college == loan.c.college) & (contact.c.contact == loan.c.contact)
    )
    .where(loan.c.college == bindparam("c"), loan.c.closed_at >= bindparam("d"))
    .order_by(loan.c.closed_at, loan.c.loan)
)
"""The loans that ended on a day or later. It walks them all: no counter asks it."""
_RETURNS_OF = Query(
    select(entry.c.body)
    .where(
        entry.c.college == bindparam("c"),
        entry.c.tag == bindparam("t"),
        entry.c.kind == CheckedIn.model_fields["kind"].default,
    )
    .order_by(entry.c.epoch.desc(), entry.c.seq.desc())
)
_OUT_AGAIN = Query(
    select(loan.c.out_at).where(
        loan.c.college == bindparam("c"),
        loan.c.tag == bindparam("t"),
        loan.c.loan != bindparam("l"),
        loan.c.out_at >= bindparam("d"),
    )
)
_SHORT_OF = Query(
    select(shortage.c.component, shortage.c.missing, shortage.c.broken, shortage.c.since)
    .where(shortage.c.college == bindparam("c"), shortage.c.tag == bindparam("t"))
    .order_by(shortage.c.component)
)
_ANSWERED = Query(
    select(engagement.c.used, evaluation.c.engagement.label("evaluated"))
    .join_from(
        engagement,
        evaluation,
        (evaluation.c.college == engagement.c.college)
        & (evaluation.c.engagement == engagement.c.engagement),
        isouter=True,
    )
    .where(
        engagement.c.college == bindparam("c"),
        engagement.c.loan == bindparam("l"),
        engagement.c.live.is_(True),
    )
)


@dataclass(frozen=True, slots=True)
class Return:
    """A loan that came back.

    Attributes:
        loan: its id.
        tag: the holding's.
        type: the kit type.
        number: the asset number.
        quantity: how many it was of.
        to: the borrower.
        contact: the person; empty where nobody is on file, as are the next two.
        email: their address.
        phone: their number.
        out_on: the day it went; None when nobody knows it.
        on: the day it came back.
        uncounted: whether nobody has counted it since.
        short: what was found missing or broken before it went out again, and still is.
        answered: whether somebody has answered how it went, or that it was not used.
    """

    loan: str
    tag: str
    type: str
    number: str | None
    quantity: int
    to: str
    contact: str
    email: str
    phone: str
    out_on: date | None
    on: date
    uncounted: bool
    short: tuple[ShortageLine, ...]
    answered: bool

    @property
    def line(self) -> str:
        """It in a line, with the day it went."""
        out = f", with you from {uk(self.out_on)}" if self.out_on else ""
        return line_of(self.type, self.tag, self.number, self.quantity) + out

    @property
    def lacking(self) -> str:
        """It in a line, with what is missing or broken."""
        parts = "; ".join(str(each) for each in self.short)
        return f"{line_of(self.type, self.tag, self.number)}: {parts}"


def returns_of(connection: Connection, college: str, today: date) -> Iterator[Return]:
    """What came back to a college in the last days, the earliest first."""
    begin = days_after(today, -LONGEST_AFTER).isoformat()
    for row in connection.execute(_CLOSED, {"c": college, "d": begin}):
        if not _was_in_hand(connection, college, row):
            continue
        again = [
            at
            for (at,) in _OUT_AGAIN.tuples(
                connection, c=college, t=row.tag, l=row.loan, d=row.closed_at
            )
        ]
        out_again = min(again, default=None)
        yield Return(
            loan=row.loan,
            tag=row.tag,
            type=row.type_name,
            number=row.asset_number,
            quantity=row.quantity,
            to=row.to,
            contact=row.person or "",
            email=row.email or "",
            phone=row.phone or "",
            out_on=day_of(row.out_at) if row.out_at else None,
            on=day_of(row.closed_at),
            uncounted=bool(row.uncounted) and out_again is None,
            short=_short_since(connection, college, row, out_again),
            answered=any(
                evaluated is not None or used == "no"
                for used, evaluated in _ANSWERED.tuples(connection, c=college, l=row.loan)
            ),
        )


def _was_in_hand(connection: Connection, college: str, row: AnyRow) -> bool:
    """Whether somebody here had in hand what ended a loan; of several returns, the last."""
    for (body,) in _RETURNS_OF.tuples(connection, c=college, t=row.tag):
        fact = json.loads(body)["fact"]
        if fact["loan"] == row.loan:
            return fact.get("in_hand", True) and not fact.get("passed_to")
    return False  # it was lost, or used up


def _short_since(
    connection: Connection, college: str, row: AnyRow, out_again: str | None
) -> tuple[ShortageLine, ...]:
    return tuple(
        ShortageLine(component, missing, broken)
        for component, missing, broken, since in _SHORT_OF.tuples(connection, c=college, t=row.tag)
        if since >= row.closed_at and (out_again is None or since <= out_again)
    )
