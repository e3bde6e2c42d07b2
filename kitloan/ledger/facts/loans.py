"""Loans: checked out, found in a register, checked in, renewed."""

from typing import ClassVar, Literal

from sqlalchemy import Connection, bindparam, case, insert, update

from kitloan.ledger.facts.base import (
    Count,
    Counted,
    Day,
    FactBase,
    Id,
    Name,
    Recorded,
    Tag,
    applies,
)
from kitloan.ledger.facts.holdings import SIGHTED, change_holding
from kitloan.ledger.facts.shortages import Shortages, set_shortages
from kitloan.storage.statements import Change
from kitloan.tables import Holding, Loan, table

holding = table(Holding)
loan = table(Loan)

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


class LoanTerms(FactBase):
    """What every loan is made of, however it came on record."""

    tag: Tag
    loan: Id
    organisation: Id
    contact: Id | None = None
    quantity: Count = 1
    exclusive: bool = True
    """The whole holding: nobody else can have it at the same time."""
    due_on: Day | None
    override: Name | None = None
    """Why it was lent although a rule stood against it."""


class CheckedOut(LoanTerms):
    """A holding, or part of a stock, went to a borrower."""

    kind: Literal["loan.checked_out"] = "loan.checked_out"
    desk_action: ClassVar[bool] = True


@applies(CheckedOut)
def checked_out(connection: Connection, college: str, entry: Recorded, fact: CheckedOut) -> None:
    """A loan is open, and that much less is there to lend."""
    _open_loan(connection, college, entry, fact)
    _more_out_in_hand.one(
        connection, c=college, t=fact.tag, q=fact.quantity, at=entry.at, by=entry.by
    )


class LoanFound(LoanTerms):
    """A register that was read in said that the holding is with a borrower already."""

    kind: Literal["loan.found"] = "loan.found"


@applies(LoanFound)
def loan_found(connection: Connection, college: str, entry: Recorded, fact: LoanFound) -> None:
    """A loan is open that began before kitloan did; nobody had the holding in hand."""
    _open_loan(connection, college, entry, fact)
    _more_out.one(connection, c=college, t=fact.tag, q=fact.quantity)


class CheckedIn(FactBase):
    """A loan came back, or part of a stock did, and what the count of its contents was."""

    kind: Literal["loan.checked_in"] = "loan.checked_in"
    desk_action: ClassVar[bool] = True
    tag: Tag
    loan: Id
    quantity: Count = 1
    counted: Counted
    shortages: Shortages = ()
    """Everything that is short after this count, what was short before it included."""


@applies(CheckedIn)
def checked_in(connection: Connection, college: str, entry: Recorded, fact: CheckedIn) -> None:
    """A loan, or part of one, is back, with what its count found."""
    _take_back.one(connection, c=college, t=fact.tag, l=fact.loan, q=fact.quantity, at=entry.at)
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


class LoanRenewed(FactBase):
    """A loan is due on another day."""

    kind: Literal["loan.renewed"] = "loan.renewed"
    desk_action: ClassVar[bool] = True
    tag: Tag
    loan: Id
    due_on: Day


@applies(LoanRenewed)
def renewed(connection: Connection, college: str, entry: Recorded, fact: LoanRenewed) -> None:
    """A loan is due on another day."""
    _renew.one(connection, c=college, t=fact.tag, l=fact.loan, new_due=fact.due_on)


def _open_loan(connection: Connection, college: str, entry: Recorded, fact: LoanTerms) -> None:
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
