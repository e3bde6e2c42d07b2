"""Facts about loans: checked out, found in a register, checked in, renewed."""

from typing import ClassVar, Literal

from sqlalchemy import Connection, bindparam, case, insert, select, update

from kitloan.ledger.facts.base import (
    Count,
    Counted,
    CountOrNone,
    Dated,
    Day,
    FactBase,
    Id,
    Later,
    Name,
    Recorded,
    Tag,
    applies,
    happened_at,
)
from kitloan.ledger.facts.holding_rows import COUNTED, SIGHTED, change_holding, counted_in, sighting
from kitloan.ledger.facts.shortages import Shortages, set_shortages
from kitloan.storage.statements import Change, Query
from kitloan.tables import Holding, Loan, table
from kitloan.text.fields import LoanFields

holding = table(Holding)
loan = table(Loan)

NO_DUE_DATE = "9999-12-31"
OUT_ON_UNKNOWN_DAY = ""
"""When a loan began of which a register names no day: before every day that is known."""

_insert_loan = Change(insert(loan))
_more_out = change_holding(out_quantity=holding.c.out_quantity + bindparam("q"))
_more_out_in_hand = change_holding(out_quantity=holding.c.out_quantity + bindparam("q"), **SIGHTED)
_FEWER_OUT = {
    "out_quantity": holding.c.out_quantity - bindparam("q"),
    "most_out": holding.c.most_out - bindparam("q"),  # what is out of use is not lent again
}
_back_in = change_holding(**_FEWER_OUT, **COUNTED, **SIGHTED)
_back_in_unseen = change_holding(**_FEWER_OUT, **COUNTED)

_handed_on = change_holding(out_quantity=holding.c.out_quantity - bindparam("q"))
_used_up = change_holding(
    quantity=holding.c.quantity - bindparam("q"),
    **_FEWER_OUT,
)
_corrected_out = change_holding(
    out_quantity=holding.c.out_quantity + bindparam("more"),
    most_out=holding.c.most_out + bindparam("more"),
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
_renew = _change_loan(
    due_on=bindparam("new_due"), due_key=bindparam("new_due"), free_from=bindparam("new_free")
)


_quantity_of = Query(
    select(loan.c.quantity).where(
        loan.c.college == bindparam("c"),
        loan.c.loan == bindparam("l"),
        loan.c.tag == bindparam("t"),
    )
)
_correct = _change_loan(
    organisation=bindparam("new_organisation"),
    contact=bindparam("new_contact"),
    quantity=bindparam("new_quantity"),
    due_on=bindparam("new_due"),
    due_key=bindparam("new_key"),
    free_from=bindparam("new_free"),
)
_correct_day = _change_loan(out_at=bindparam("new_out"))


class LoanTerms(LoanFields, Dated):
    """The terms of a loan, however it was recorded."""

    loan: Id
    override: Name | None = None
    """The reason why it was lent although a rule forbids it."""
    booking: Id | None = Later(None)
    """The booking against which it went out."""
    free_from: Day | None = Later(None)
    """The first day on which it can go out again, where that is not the day after it is due."""


class CheckedOut(LoanTerms):
    """A holding, or part of a stock, went to a borrower."""

    kind: Literal["loan.checked_out"] = "loan.checked_out"
    desk_action: ClassVar[bool] = True
    passed_from: Id | None = Later(None)
    """The loan of another borrower who handed it on; nobody here had it in hand."""


@applies(CheckedOut)
def checked_out(connection: Connection, college: str, entry: Recorded, fact: CheckedOut) -> None:
    """Open the loan, and reduce what is left to lend."""
    _open_loan(connection, college, entry, fact, happened_at(entry, fact.on))
    if fact.booking is not None:
        from kitloan.ledger.facts.promises import recount_booking  # most loans are of no booking

        recount_booking(connection, college, fact.booking)
    if fact.passed_from is not None:
        _more_out.one(connection, c=college, t=fact.tag, q=fact.quantity)
        return
    seen = sighting(connection, college, entry, fact)
    _more_out_in_hand.one(connection, c=college, t=fact.tag, q=fact.quantity, **seen)


class LoanFound(LoanTerms):
    """An imported register shows that the holding was on loan already.

    `on` is the day that the register names; without one the day is not known.
    """

    kind: Literal["loan.found"] = "loan.found"


@applies(LoanFound)
def loan_found(connection: Connection, college: str, entry: Recorded, fact: LoanFound) -> None:
    """Open a loan from before kitloan; the holding was not seen."""
    began = OUT_ON_UNKNOWN_DAY if fact.on is None else happened_at(entry, fact.on)
    _open_loan(connection, college, entry, fact, began)
    _more_out.one(connection, c=college, t=fact.tag, q=fact.quantity)


class CheckedIn(Dated):
    """A loan, or part of a stock, came back, with the count of its contents."""

    kind: Literal["loan.checked_in"] = "loan.checked_in"
    desk_action: ClassVar[bool] = True
    tag: Tag
    loan: Id
    quantity: Count = 1
    counted: Counted
    in_hand: bool = Later(True)
    """Whether somebody had it in hand; a register in which it is back had not."""
    shortages: Shortages = ()
    """Everything that is short after this count, including earlier shortages."""
    passed_to: Id | None = Later(None)
    """The loan of another borrower to whom it was handed on; nobody here had it in hand."""


@applies(CheckedIn)
def checked_in(connection: Connection, college: str, entry: Recorded, fact: CheckedIn) -> None:
    """Close the loan, or reduce it, and set the shortages."""
    at = happened_at(entry, fact.on)
    _take_back.one(connection, c=college, t=fact.tag, l=fact.loan, q=fact.quantity, at=at)
    if fact.passed_to is not None:
        _handed_on.one(connection, c=college, t=fact.tag, q=fact.quantity)
        return
    back = {"c": college, "t": fact.tag, "q": fact.quantity}
    back |= counted_in(fact.counted, at)
    if fact.in_hand:
        _back_in.one(connection, **back, **sighting(connection, college, entry, fact))
    else:
        _back_in_unseen.one(connection, **back)
    set_shortages(connection, college, fact.tag, fact.shortages, at)


class LoanRenewed(FactBase):
    """A loan got a new due date."""

    kind: Literal["loan.renewed"] = "loan.renewed"
    desk_action: ClassVar[bool] = True
    tag: Tag
    loan: Id
    due_on: Day
    free_from: Day | None = Later(None)
    """The first day on which it can go out again, where that is not the day after it is due."""
    override: Name | None = Later(None)
    """The reason why it was renewed although a booking needs it."""


@applies(LoanRenewed)
def renewed(connection: Connection, college: str, entry: Recorded, fact: LoanRenewed) -> None:
    """Set the new due date."""
    _renew.one(
        connection,
        c=college,
        t=fact.tag,
        l=fact.loan,
        new_due=fact.due_on,
        new_free=fact.free_from,
    )


class LoanCorrected(FactBase):
    """What an open loan should have been recorded as; it never was what it was before."""

    kind: Literal["loan.corrected"] = "loan.corrected"
    desk_action: ClassVar[bool] = True
    tag: Tag
    loan: Id
    organisation: Id
    contact: Id | None
    quantity: Count
    due_on: Day | None
    out_on: Day | None = None
    """The day it went, where that is what was wrong."""
    free_from: Day | None = Later(None)
    """The first day on which it can go out again, where that is not the day after it is due."""


@applies(LoanCorrected)
def corrected(connection: Connection, college: str, entry: Recorded, fact: LoanCorrected) -> None:
    """An open loan is to this borrower, of so many, due then."""
    from kitloan.ledger.facts.promises import Collected

    before = int(_quantity_of(connection, c=college, t=fact.tag, l=fact.loan).scalar() or 0)
    _correct.one(
        connection,
        c=college,
        t=fact.tag,
        l=fact.loan,
        new_organisation=fact.organisation,
        new_contact=fact.contact,
        new_quantity=fact.quantity,
        new_due=fact.due_on,
        new_key=fact.due_on or NO_DUE_DATE,
        new_free=fact.free_from,
    )
    _corrected_out.one(connection, c=college, t=fact.tag, more=fact.quantity - before)
    Collected(connection, college, fact.tag).recount()
    if fact.out_on is not None:
        out_at = happened_at(entry, fact.out_on)
        _correct_day.one(connection, c=college, t=fact.tag, l=fact.loan, new_out=out_at)


class StockGone(Dated):
    """Some of a stock on loan were used up or lost by the borrower, and are held no more."""

    kind: Literal["loan.stock_gone"] = "loan.stock_gone"
    desk_action: ClassVar[bool] = True
    tag: Tag
    loan: Id
    quantity: Count
    """How many: those used up and those lost."""
    used: CountOrNone
    lost: CountOrNone
    held: Count
    """How many the college holds from now on."""


@applies(StockGone)
def stock_gone(connection: Connection, college: str, entry: Recorded, fact: StockGone) -> None:
    """The loan has so many fewer to come back, and the stock is so many smaller."""
    at = happened_at(entry, fact.on)
    _take_back.one(connection, c=college, t=fact.tag, l=fact.loan, q=fact.quantity, at=at)
    _used_up.one(connection, c=college, t=fact.tag, q=fact.quantity)


def _open_loan(
    connection: Connection, college: str, entry: Recorded, fact: LoanTerms, began: str
) -> None:
    _insert_loan.one(
        connection,
        college=college,
        loan=fact.loan,
        **LoanFields.of(fact),
        returned=0,
        out_at=began,
        out_by=entry.by,
        due_key=fact.due_on or NO_DUE_DATE,
        closed_at=None,
        booking=fact.booking,
        free_from=fact.free_from,
    )
