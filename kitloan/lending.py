"""Check-out and renewal: what must be so before a holding goes to a borrower."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import bindparam, select

from kitloan import whereabouts
from kitloan.answers import ShortageLine, plural
from kitloan.borrowers import Borrower, borrower, person, remark
from kitloan.calendar import DEFAULT_LOAN_DAYS, check_due, day_of, uk
from kitloan.entries import CheckedOut, LoanRenewed
from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.ledger import Writer
from kitloan.models import Holding, KitType, Loan, Organisation, table
from kitloan.prepared import AnyRow, Query
from kitloan.resolve import meant
from kitloan.session import check_quantity
from kitloan.tags import grouped
from kitloan.text import clean, same_organisation

holding, kit_type = table(Holding), table(KitType)
loan, organisation = table(Loan), table(Organisation)

_HOLDING = Query(
    select(
        holding.c.tag,
        holding.c.kit_type,
        kit_type.c.name.label("type_name"),
        holding.c.quantity,
        holding.c.out_quantity,
        holding.c.state,
        holding.c.uncounted,
        holding.c.critical_short,
    )
    .join_from(
        holding,
        kit_type,
        (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
    )
    .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
)
_OPEN_LOANS = Query(
    select(
        loan.c.loan,
        loan.c.tag,
        loan.c.organisation,
        organisation.c.name.label("to"),
        loan.c.contact,
        loan.c.quantity,
        loan.c.returned,
        loan.c.out_at,
        loan.c.out_by,
        loan.c.due_on,
        loan.c.due_key,
    )
    .join_from(
        loan,
        organisation,
        (organisation.c.college == loan.c.college)
        & (organisation.c.organisation == loan.c.organisation),
    )
    .where(
        loan.c.college == bindparam("c"),
        loan.c.tag == bindparam("t"),
        loan.c.closed_at.is_(None),
    )
)


@dataclass(frozen=True, slots=True)
class Lent:
    """A loan that was made. `new_organisation` and `nearly` are what a person should be told."""

    id: str
    tag: str
    type: str
    quantity: int
    to: str
    due_on: date
    new_organisation: bool = False
    nearly: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a request lends; without a day, for as long as is usual."""

    due_on: date | None
    quantity: int | None
    purpose: str | None
    override: str | None


def check_out(
    writer: Writer, today: date, texts: Sequence[str], to: str, contact: str | None, terms: Terms
) -> list[Lent]:
    """Lend each of `texts` to an organisation, or none of them; see `Desk.check_out`."""
    tags = list(dict.fromkeys(meant(writer, text) for text in texts))
    if not tags:
        raise BadInput("nothing_named", "No holding was named.", "Scan or type a tag.")
    due_on = _due(writer, today, terms)
    holdings = [held(writer, tag) for tag in tags]
    for row in holdings:
        _may_be_lent(writer, row, terms)
    who = borrower(writer, to)
    whom = person(writer, contact, who.organisation) if contact else None
    return [
        _lend(writer, row, f"{writer.request}-{n}", who, whom, due_on, terms)
        for n, row in enumerate(holdings, start=1)
    ]


def _due(writer: Writer, today: date, terms: Terms) -> date:
    """When the loans are due; what was said before was judged by the clock of that day."""
    lent = writer.first_said(CheckedOut)
    if lent is not None and lent.due_on is not None:
        return terms.due_on or date.fromisoformat(lent.due_on)
    return check_due(terms.due_on or default_due(today), today)


def default_due(today: date) -> date:
    """When a loan is due that nobody gave a date for."""
    return today + timedelta(days=DEFAULT_LOAN_DAYS)


def _lend(
    writer: Writer,
    row: AnyRow,
    loan_id: str,
    who: Borrower,
    whom: str | None,
    due_on: date,
    terms: Terms,
) -> Lent:
    quantity = terms.quantity or 1
    writer.append(
        CheckedOut(
            tag=row.tag,
            loan=loan_id,
            organisation=who.organisation,
            contact=whom,
            quantity=quantity,
            exclusive=row.quantity == 1,
            due_on=due_on.isoformat(),
            override=clean(terms.override, "The reason") if terms.override else None,
        )
    )
    if terms.purpose:
        remark(writer, row.tag, "for", terms.purpose, loan=loan_id, contact_id=whom)
    return Lent(loan_id, row.tag, row.type_name, quantity, who.name, due_on, who.new, who.nearly)


def held(writer: Writer, tag: str) -> AnyRow:
    """The row of a holding, while nobody else can change it."""
    return _HOLDING(writer.connection, c=writer.college, t=tag).one()


def open_loans(writer: Writer, tag: str) -> Sequence[AnyRow]:
    """The open loans of a holding, the one due first first."""
    # Sorted here: asked to sort, SQLite walks every open loan by date to find these few.
    rows = _OPEN_LOANS(writer.connection, c=writer.college, t=tag).all()
    return sorted(rows, key=lambda row: (row.due_key, row.out_at, row.loan))


_IF_IT_IS_HERE = {
    "missing": "If it is here: kitloan found {tag}",
    "in_transit": "If it never went: kitloan transfer call-off {tag}; if it came back from there: "
    "kitloan transfer receive {tag} --from COLLEGE",
}


def must_be_here(writer: Writer, row: AnyRow) -> None:
    """Refuse a holding that is missing, on its way or written off; `row` is from `held`."""
    if row.state != "held":
        told, facts = whereabouts.away(writer.connection, writer.college, row.tag, row.state)
        raise Refused(
            row.state,
            f"{row.type_name} {grouped(row.tag)} {told}.",
            _IF_IT_IS_HERE.get(row.state, "See its history: kitloan show {tag}").format(
                tag=row.tag
            ),
            tag=row.tag,
            **facts,
        )


def _may_be_lent(writer: Writer, row: AnyRow, terms: Terms) -> None:
    """Refuse a holding that cannot be lent, with the facts and what to do next."""
    must_be_here(writer, row)
    shown = f"{row.type_name} {grouped(row.tag)}"
    quantity = check_quantity(1 if terms.quantity is None else terms.quantity)
    if row.quantity - row.out_quantity < quantity:
        raise _not_enough(writer, row, quantity, shown)
    if row.uncounted:
        raise _uncounted(writer, row, shown)
    if row.critical_short and not terms.override:
        raise _incomplete(writer, row, shown)


def _uncounted(writer: Writer, row: AnyRow, shown: str) -> Refused:
    """Since when it waits to be counted, and who left it so."""
    told, facts = whereabouts.came_in(writer.connection, writer.college, row.tag)
    back = f"has been back {told}" if told else "came back"
    return Refused(
        "uncounted",
        f"{shown} {back}, and its contents have not been counted.",
        f"Count it first: kitloan count {row.tag}",
        tag=row.tag,
        **facts,
    )


def _incomplete(writer: Writer, row: AnyRow, shown: str) -> Refused:
    """Which parts it cannot be used without."""
    lacking = whereabouts.critical_shortages(writer.connection, writer.college, row.tag)
    lines = [ShortageLine(each["component"], each["missing"], each["broken"]) for each in lacking]
    return Refused(
        "incomplete",
        f"{shown} cannot be used: {plural(row.critical_short, 'critical component')} short "
        f"({'; '.join(map(str, lines))}).",
        "Make it good with `kitloan restock`, or lend it all the same with "
        "--override REASON, which goes on record.",
        tag=row.tag,
        shortages=lacking,
    )


def _not_enough(writer: Writer, row: AnyRow, quantity: int, shown: str) -> KitloanError:
    """Who has what is asked for."""
    loans = open_loans(writer, row.tag)
    facts = [
        {
            "id": each.loan,
            "to": each.to,
            "quantity": each.quantity - each.returned,
            "out_at": each.out_at,
            "due_on": each.due_on,
        }
        for each in loans
    ]
    if row.quantity == 1 and loans:
        (first, *_) = loans
        due = f", due {uk(date.fromisoformat(first.due_on))}" if first.due_on else ""
        return Refused(
            "on_loan",
            f"{shown} has been with {first.to} since {uk(day_of(first.out_at))}{due}.",
            f"If it is here, take it back first: kitloan checkin {row.tag}",
            tag=row.tag,
            loan=facts[0],
        )
    if row.quantity == 1:
        return BadInput(
            "bad_quantity", f"{shown} is one thing; {quantity} of it cannot be lent.", tag=row.tag
        )
    left = row.quantity - row.out_quantity
    return Refused(
        "not_enough",
        f"{shown}: {quantity} asked for, {left} left of {row.quantity}.",
        f"Lend {left} or fewer." if left else "Wait for some to come back: kitloan loans",
        tag=row.tag,
        left=left,
        loans=facts,
    )


def renew(
    writer: Writer, today: date, text: str, due_on: date, to: str | None
) -> tuple[str, str, date]:
    """Make an open loan due on another day; gives the loan's id, its borrower and the day."""
    tag = meant(writer, text)
    if not writer.said:
        check_due(due_on, today)
    (which, *_) = loans_meant(writer, tag, to)
    writer.append(LoanRenewed(tag=tag, loan=which.loan, due_on=due_on.isoformat()))
    return which.loan, which.to, due_on


def loans_meant(writer: Writer, tag: str, to: str | None) -> Sequence[AnyRow]:
    """The open loans of a holding that a person means: all with one borrower, due first first.

    Raises:
        Refused: `missing`, `in_transit` or `withdrawn`; `not_out`; or `which_loan` when several
            borrowers have some of it.
    """
    row = held(writer, tag)
    shown = f"{row.type_name} {grouped(tag)}"
    loans = open_loans(writer, tag)
    if not loans:
        must_be_here(writer, row)
        told, facts = whereabouts.came_in(writer.connection, writer.college, tag)
        raise Refused(
            "not_out",
            f"{shown} is not on loan" + (f": it has been here {told}." if told else "."),
            f"See its history: kitloan show {tag}",
            tag=tag,
            **facts,
        )
    if to is not None:
        loans = [each for each in loans if same_organisation(each.to, to)]
        if not loans:
            raise Refused("not_out", f"{to} has none of {shown}.", "See: kitloan loans", tag=tag)
    if len({each.organisation for each in loans}) > 1:
        having = ", ".join(f"{each.to} ({each.quantity - each.returned})" for each in loans)
        raise Refused(
            "which_loan",
            f"Several have some of {shown}: {having}.",
            'Say whose: --from "NAME"',
            tag=tag,
            loans=[{"id": each.loan, "to": each.to} for each in loans],
        )
    return loans
