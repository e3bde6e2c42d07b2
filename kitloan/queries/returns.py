"""What came back last on loan: for a receipt, read from the ledger as it was recorded."""

import json
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, bindparam, select

from kitloan.queries.loan_rows import select_loans
from kitloan.queries.undone import UNDONE
from kitloan.storage.statements import Query
from kitloan.tables import LedgerEntry, Loan, table
from kitloan.text.dates import day_happened, day_of
from kitloan.values import ShortageLine

entry, loan = table(LedgerEntry), table(Loan)

_LAST = Query(
    select(entry.c.at, entry.c.by, entry.c.body)
    .where(
        entry.c.college == bindparam("c"),
        entry.c.tag == bindparam("t"),
        entry.c.kind == "loan.checked_in",
        ~UNDONE,
    )
    .order_by(entry.c.epoch.desc(), entry.c.seq.desc())
    .limit(1)
)
_LOAN = Query(
    select_loans(loan.c.out_at, loan.c.quantity, loan.c.returned).where(
        loan.c.college == bindparam("c"),
        loan.c.tag == bindparam("t"),
        loan.c.loan == bindparam("l"),
    )
)


@dataclass(frozen=True, slots=True)
class ReturnedLoan:
    """What came back on one loan, as it was recorded.

    Attributes:
        tag: the holding's.
        type: what kind of thing it is.
        asset_number: the college's own number for it.
        to: who had it.
        quantity: how many came back; `still_out` is what the borrower keeps.
        still_out: how many are on this loan now.
        out_on: the day it went; None where a register names no day.
        back_on: the day it came back.
        by: who took it in.
        counted: `whole`, `short`, `uncounted` or `no_contents`.
        shortages: everything that was short after the count.
    """

    tag: str
    type: str
    asset_number: str | None
    to: str
    quantity: int
    still_out: int
    out_on: date | None
    back_on: date
    by: str
    counted: str
    shortages: tuple[ShortageLine, ...]


def latest_return(connection: Connection, college: str, tag: str) -> ReturnedLoan | None:
    """The latest return of a holding; None when it never came back on a loan."""
    row = _LAST(connection, c=college, t=tag).first()
    if row is None:
        return None
    fact = json.loads(row.body)["fact"]
    of = _LOAN(connection, c=college, t=tag, l=fact["loan"]).one()
    short = [
        ShortageLine(each["component"], each["missing"], each["broken"])
        for each in fact["shortages"]
    ]
    return ReturnedLoan(
        tag,
        of.type_name,
        of.asset_number,
        of.to,
        fact["quantity"],
        of.quantity - of.returned,
        day_of(of.out_at) if of.out_at else None,
        day_happened(row.at, fact.get("on")),
        row.by,
        fact["counted"],
        tuple(sorted(short, key=lambda line: line.component)),
    )
