"""Corrections of open loans: another borrower, day or number, and one handed straight on."""

from dataclasses import dataclass
from datetime import date

from kitloan.borrowers.organisations import Borrower, borrower, must_be_open, person
from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.loans import CheckedIn, CheckedOut, LoanCorrected
from kitloan.ledger.session import check_quantity
from kitloan.ledger.writer import Writer
from kitloan.loans.checkouts import default_due, not_enough
from kitloan.loans.counts import counted_as, parts_of, short_now
from kitloan.loans.custody import held, loans_meant
from kitloan.planning.lending import free_again
from kitloan.queries.happened import (
    earlier_day,
    must_be_before_it_came_back,
    must_be_free,
    must_have_gone,
    sealed,
)
from kitloan.queries.resolve import meant
from kitloan.storage.statements import AnyRow
from kitloan.text.dates import check_due, day_of
from kitloan.text.tags import grouped


@dataclass(frozen=True, slots=True)
class Corrected:
    """An open loan as it was corrected, or as it goes on with another borrower.

    Attributes:
        id: the loan's.
        tag: the holding's.
        type: what kind of thing it is.
        to: who has it.
        quantity: how many are still out of it.
        due_on: when it is due; None where a register names no day.
        on: the day it went; None where that is not on record.
        new_organisation: whether the borrower was taken in with this.
        was_with: who had it before.
    """

    id: str
    tag: str
    type: str
    to: str
    quantity: int
    due_on: date | None
    on: date | None
    new_organisation: bool
    was_with: str


@dataclass(frozen=True, slots=True)
class Correction:
    """What of an open loan was recorded wrongly; what is None stays."""

    to: str | None = None
    contact: str | None = None
    due_on: date | None = None
    on: date | None = None
    quantity: int | None = None
    new_too: bool = True


def correct(writer: Writer, text: str, wrong: Correction, from_: str | None) -> Corrected:
    """Correct the facts of an open loan; see `Loans.correct`."""
    if wrong == Correction(new_too=wrong.new_too):
        raise BadInput(
            "usage",
            "Name what is to be corrected.",
            "Whom it went to, the contact, when it is due, the day it went, or how many.",
        )
    tag = meant(writer, text)
    row = held(writer, tag)
    (which, *_) = loans_meant(writer, tag, from_)
    today = day_of(writer.at)
    earlier = earlier_day(writer, wrong.on)
    went = day_of(which.out_at) if which.out_at else None
    on = went if wrong.on is None else earlier or today
    quantity = which.quantity if wrong.quantity is None else check_quantity(wrong.quantity)
    _may_be_corrected(writer, row, which, quantity)
    if wrong.on is not None or quantity > which.quantity:
        must_be_free(writer, row, on or today, quantity, which.loan)
        must_be_before_it_came_back(writer, row, on or today, which.loan)
    due_on = date.fromisoformat(which.due_on) if which.due_on else None
    if wrong.due_on is not None:
        due_on = wrong.due_on if writer.earlier else check_due(wrong.due_on, on or today)
    who = Borrower(which.organisation, which.to, new=False)
    whom = which.contact
    if wrong.to is not None:
        who = borrower(writer, wrong.to, new_too=wrong.new_too)
        if who.organisation != which.organisation:
            must_be_open(writer, who, on or today)
        whom = whom if who.organisation == which.organisation else None
    if wrong.contact:
        whom = person(writer, wrong.contact, who.organisation)
    writer.append(
        LoanCorrected(
            tag=tag,
            loan=which.loan,
            organisation=who.organisation,
            contact=whom,
            quantity=quantity,
            due_on=sealed(due_on),
            out_on=None if wrong.on is None else sealed(on),
            free_from=free_again(writer, row.kit_type, due_on, on),
        )
    )
    left = quantity - which.returned
    return Corrected(which.loan, tag, row.type_name, who.name, left, due_on, on, who.new, which.to)


def _may_be_corrected(writer: Writer, row: AnyRow, which: AnyRow, quantity: int) -> None:
    """Refuse a number of things that an open loan cannot be of."""
    shown = f"{row.type_name} {grouped(row.tag)}"
    if row.quantity == 1 and quantity != 1:
        raise BadInput(
            "bad_quantity", f"{shown} is one thing; {quantity} of it cannot be lent.", tag=row.tag
        )
    if quantity <= which.returned:
        raise Refused(
            "more_back",
            f"{shown}: {which.returned} of this loan are back, so it was of more than {quantity}.",
            f"If all of it is back: kitloan checkin {row.tag}",
            tag=row.tag,
            returned=which.returned,
        )
    if quantity - which.quantity > row.quantity - row.out_quantity:
        raise not_enough(writer, row, quantity)


def pass_on(
    writer: Writer,
    text: str,
    to: str,
    *,
    contact: str | None,
    due_on: date | None,
    quantity: int | None,
    from_: str | None,
    on: date | None,
    new_too: bool,
) -> Corrected:
    """One borrower hands a loan on to another; see `Loans.pass_on`."""
    tag = meant(writer, text)
    row = held(writer, tag)
    (which, *_) = loans_meant(writer, tag, from_)
    day = earlier_day(writer, on)
    left = which.quantity - which.returned
    handed = left if quantity is None else check_quantity(quantity)
    if handed > left:
        raise Refused(
            "more_than_out",
            f"{row.type_name} {grouped(tag)}: {which.to} has {left}; {handed} cannot be passed on.",
            f"Pass on {left} or fewer.",
            tag=tag,
            outstanding=left,
        )
    if day is not None:
        must_have_gone(writer, row, day, which.loan)
    went = day or day_of(writer.at)
    who = borrower(writer, to, new_too=new_too)
    if who.organisation == which.organisation:
        raise BadInput(
            "same_borrower",
            f"{who.name} has {row.type_name} {grouped(tag)} already.",
            f"To make it due on another day: kitloan renew {tag} --due DATE",
            tag=tag,
        )
    must_be_open(writer, who, went)
    due = due_on or (date.fromisoformat(which.due_on) if which.due_on else default_due(went))
    if due_on is not None and not writer.earlier:
        check_due(due_on, went)
    whom = person(writer, contact, who.organisation) if contact else None
    new = f"{writer.request}-1"
    parts = parts_of(writer.connection, writer.college, tag)
    outcome, short = counted_as(parts, short_now(writer.connection, writer.college, tag), None)
    writer.append(
        CheckedIn(
            tag=tag,
            loan=which.loan,
            quantity=handed,
            counted=outcome,
            shortages=short,
            passed_to=new,
            on=sealed(day),
        )
    )
    writer.append(
        CheckedOut(
            tag=tag,
            loan=new,
            organisation=who.organisation,
            contact=whom,
            quantity=handed,
            exclusive=row.quantity == 1,
            due_on=sealed(due),
            passed_from=which.loan,
            on=sealed(day),
            free_from=free_again(writer, row.kit_type, due, went),
        )
    )
    return Corrected(new, tag, row.type_name, who.name, handed, due, went, who.new, which.to)
