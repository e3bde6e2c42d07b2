"""Facts about loans: checked out, checked in, renewed."""

from sqlalchemy import Connection, bindparam, case, insert, update

from kitloan import entries
from kitloan.entries import Entry
from kitloan.models import Holding, Loan, table
from kitloan.prepared import Change
from kitloan.register.applying import applies
from kitloan.register.keeping import SIGHTED, change_holding
from kitloan.register.wholeness import set_shortages

holding, loan = table(Holding), table(Loan)

NO_DUE_DATE = "9999-12-31"

_insert_loan = Change(insert(loan))
_more_out = change_holding(out_quantity=holding.c.out_quantity + bindparam("q"))
_more_out_in_hand = change_holding(out_quantity=holding.c.out_quantity + bindparam("q"), **SIGHTED)
_back_in = change_holding(
    out_quantity=holding.c.out_quantity - bindparam("q"),
    uncounted=bindparam("not_counted"),
    **SIGHTED,
)


def _change_loan(**values: object) -> Change:
    return Change(
        update(loan)
        .where(loan.c.college == bindparam("c"), loan.c.loan == bindparam("l"))
        .values(**values)
    )


_take_back = _change_loan(
    returned=loan.c.returned + bindparam("q"),
    closed_at=case((loan.c.returned + bindparam("q") == loan.c.quantity, bindparam("at"))),
)
_renew = _change_loan(due_on=bindparam("new_due"), due_key=bindparam("new_due"))


@applies(entries.CheckedOut)
def checked_out(
    connection: Connection, college: str, entry: Entry, fact: entries.CheckedOut
) -> None:
    """A loan is open, and that much less is there to lend."""
    _open_loan(connection, college, entry, fact)
    _more_out_in_hand.one(
        connection, c=college, t=fact.tag, q=fact.quantity, at=entry.at, by=entry.by
    )


@applies(entries.LoanFound)
def loan_found(connection: Connection, college: str, entry: Entry, fact: entries.LoanFound) -> None:
    """A loan is open that began before kitloan did; nobody had the holding in hand."""
    _open_loan(connection, college, entry, fact)
    _more_out.one(connection, c=college, t=fact.tag, q=fact.quantity)


def _open_loan(connection: Connection, college: str, entry: Entry, fact: entries.Lent) -> None:
    _insert_loan(
        connection,
        college=college,
        loan=fact.loan,
        tag=fact.tag,
        organisation=fact.organisation,
        contact=fact.contact,
        quantity=fact.quantity,
        returned=0,
        exclusive=fact.exclusive,
        out_at=entry.at,
        out_by=entry.by,
        due_on=fact.due_on,
        due_key=fact.due_on or NO_DUE_DATE,
        closed_at=None,
    )


@applies(entries.CheckedIn)
def checked_in(connection: Connection, college: str, entry: Entry, fact: entries.CheckedIn) -> None:
    """A loan, or part of one, is back, with what its count found."""
    _take_back.one(connection, c=college, l=fact.loan, q=fact.quantity, at=entry.at)
    _back_in.one(
        connection,
        c=college,
        t=fact.tag,
        q=fact.quantity,
        not_counted=fact.counted == "uncounted",
        at=entry.at,
        by=entry.by,
    )
    set_shortages(connection, college, fact.tag, fact.shortages, entry.at)


@applies(entries.LoanRenewed)
def renewed(connection: Connection, college: str, entry: Entry, fact: entries.LoanRenewed) -> None:
    """A loan is due on another day."""
    _renew.one(connection, c=college, l=fact.loan, new_due=fact.due_on)
