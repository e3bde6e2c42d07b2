"""Facts about loans: checked out, found in a register, checked in, renewed."""

from typing import ClassVar, Literal

from sqlalchemy import Connection, bindparam, case, insert, update

from kitloan.ledger.facts.base import (
    Count,
    Counted,
    Day,
    FactBase,
    Id,
    Later,
    Name,
    Recorded,
    Tag,
    applies,
)
from kitloan.ledger.facts.holdings import COUNTED, SIGHTED, change_holding, counted_in
from kitloan.ledger.facts.shortages import Shortages, set_shortages
from kitloan.storage.statements import Change
from kitloan.tables import Holding, Loan, table
from kitloan.text.fields import LoanFields

holding = table(Holding)
loan = table(Loan)

NO_DUE_DATE = "9999-12-31"

_insert_loan = Change(insert(loan))
_more_out = change_holding(out_quantity=holding.c.out_quantity + bindparam("q"))
_more_out_in_hand = change_holding(out_quantity=holding.c.out_quantity + bindparam("q"), **SIGHTED)
_back_in = change_holding(
    out_quantity=holding.c.out_quantity - bindparam("q"),
    **COUNTED,
    **SIGHTED,
)
_back_in_unseen = change_holding(out_quantity=holding.c.out_quantity - bindparam("q"), **COUNTED)


def _change_loan(**values: object) -> Change:
    return Change(
        update(loan)
        .where(
            loan.c.college == bindparam("c"),
            loan.c.loan == bindparam("l"),
            loan.c.tag == bindparam("t"),
            loan.c.closed_at.is_(None),
        )
        .values(**values)
    )


_take_back = _change_loan(
    returned=loan.c.returned + bindparam("q"),
    closed_at=case((loan.c.returned + bindparam("q") == loan.c.quantity, bindparam("at"))),
)
_renew = _change_loan(due_on=bindparam("new_due"), due_key=bindparam("new_due"))


class LoanTerms(LoanFields, FactBase):
    """The terms of a loan, however it was recorded."""

    loan: Id
    override: Name | None = None
    """The reason why it was lent although it was incomplete or not counted."""


class CheckedOut(LoanTerms):
    """A holding, or part of a stock, went to a borrower."""

    kind: Literal["loan.checked_out"] = "loan.checked_out"
    desk_action: ClassVar[bool] = True


@applies(CheckedOut)
def checked_out(connection: Connection, college: str, entry: Recorded, fact: CheckedOut) -> None:
    """Open the loan, and reduce what is left to lend."""
    _open_loan(connection, college, entry, fact)
    _more_out_in_hand.one(
        connection, c=college, t=fact.tag, q=fact.quantity, at=entry.at, by=entry.by
    )


class LoanFound(LoanTerms):
    """An imported register shows that the holding was on loan already."""

    kind: Literal["loan.found"] = "loan.found"
    out_on: Day | None = Later(None)
    """The day on which it began, where the register names it."""


@applies(LoanFound)
def loan_found(connection: Connection, college: str, entry: Recorded, fact: LoanFound) -> None:
    """Open a loan from before kitloan; the holding was not seen."""
    _open_loan(connection, college, entry, fact)
    _more_out.one(connection, c=college, t=fact.tag, q=fact.quantity)


class CheckedIn(FactBase):
    """A loan, or part of a stock, came back, with the count of its contents."""

    kind: Literal["loan.checked_in"] = "loan.checked_in"
    desk_action: ClassVar[bool] = True
    tag: Tag
    loan: Id
    quantity: Count = 1
    counted: Counted
    in_hand: bool = Later(True)
    """Whether somebody had it in hand; a register that says it is back had not."""
    shortages: Shortages = ()
    """Everything that is short after this count, including earlier shortages."""


@applies(CheckedIn)
def checked_in(connection: Connection, college: str, entry: Recorded, fact: CheckedIn) -> None:
    """Close the loan, or reduce it, and set the shortages."""
    _take_back.one(connection, c=college, t=fact.tag, l=fact.loan, q=fact.quantity, at=entry.at)
    back = {"c": college, "t": fact.tag, "q": fact.quantity}
    back |= counted_in(fact.counted, entry.at)
    if fact.in_hand:
        _back_in.one(connection, **back, at=entry.at, by=entry.by)
    else:
        _back_in_unseen.one(connection, **back)
    set_shortages(connection, college, fact.tag, fact.shortages, entry.at)


class LoanRenewed(FactBase):
    """A loan got a new due date."""

    kind: Literal["loan.renewed"] = "loan.renewed"
    desk_action: ClassVar[bool] = True
    tag: Tag
    loan: Id
    due_on: Day


@applies(LoanRenewed)
def renewed(connection: Connection, college: str, entry: Recorded, fact: LoanRenewed) -> None:
    """Set the new due date."""
    _renew.one(connection, c=college, t=fact.tag, l=fact.loan, new_due=fact.due_on)


def _open_loan(connection: Connection, college: str, entry: Recorded, fact: LoanTerms) -> None:
    _insert_loan(
        connection,
        college=college,
        loan=fact.loan,
        **LoanFields.of(fact),
        returned=0,
        out_at=entry.at,
        out_by=entry.by,
        due_key=fact.due_on or NO_DUE_DATE,
        closed_at=None,
    )
