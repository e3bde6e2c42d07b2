"""Check-out and renewal: what must be so before a holding goes to a borrower."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, bindparam, func, select

from kitloan.borrowers.organisations import (
    Borrower,
    borrower,
    must_be_open,
    must_not_be_blocked,
    organisation_id,
    person,
    remark,
)
from kitloan.contents import Count, Part, match, reckon
from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.inspections.gate import DUE, must_be_inspected, must_not_have_failed
from kitloan.ledger.facts.base import Counted
from kitloan.ledger.facts.holdings import ContentsCounted, ShortageMadeGood
from kitloan.ledger.facts.loans import CheckedIn, CheckedOut, LoanCorrected, LoanRenewed, StockGone
from kitloan.ledger.facts.rules import RuleOverridden
from kitloan.ledger.facts.shortages import Short
from kitloan.ledger.notes import Asked
from kitloan.ledger.session import Session, check_quantity
from kitloan.ledger.writer import Writer
from kitloan.planning.calendar import calendar_of
from kitloan.planning.events import event_id
from kitloan.planning.lending import (
    Agreed,
    Collecting,
    Kit,
    agree,
    collecting,
    free_again,
    must_be_of,
    within_limit,
)
from kitloan.planning.packing import choose_bookings, is_for_event, packed_before
from kitloan.planning.policies import policies_now
from kitloan.planning.supply import name_of
from kitloan.queries import whereabouts
from kitloan.queries.counted import new_critical_parts
from kitloan.queries.happened import (
    COUNTS,
    STAYS,
    earlier_day,
    must_be_before_it_came_back,
    must_be_free,
    must_be_the_last,
    must_have_gone,
    sealed,
)
from kitloan.queries.resolve import meant, resolve
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Component, Holding, KitType, Loan, Organisation, Shortage, table
from kitloan.text.dates import DEFAULT_LOAN_DAYS, check_due, day_of, days_after, uk
from kitloan.text.names import clean, same_organisation
from kitloan.text.personal import on_record
from kitloan.text.tags import grouped
from kitloan.values import ShortageLine, plural

holding = table(Holding)
kit_type = table(KitType)
loan = table(Loan)
organisation = table(Organisation)
component = table(Component)
shortage = table(Shortage)

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
        holding.c.out_of_use,
        holding.c.in_repair,
        holding.c.counted_at,
        kit_type.c.contents_at,
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
    """A loan that was made. `new_organisation` and `nearly` are what a person should see."""

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
    """On what terms a request lends; without a due day, for as long as is usual.

    `on` is the day on which it went, where that was not the day of the request.
    """

    due_on: date | None
    on: date | None
    quantity: int | None
    purpose: str | None
    override: str | None
    new_too: bool = True
    booking: str | None = None


def check_out(
    writer: Writer,
    texts: Sequence[str],
    to: str | None,
    contact: str | None,
    terms: Terms,
    *,
    first: int = 1,
) -> list[Lent]:
    """Lend each of `texts` to an organisation, or none of them; see `Loans.check_out`.

    `first` numbers the first loan, where one request lends to several.
    """
    tags = list(dict.fromkeys(meant(writer, text) for text in texts))
    if not tags:
        raise BadInput("nothing_named", "No holding was named.", "Scan or type a tag.")
    contact = clean(contact, "The contact's name") if contact else None
    terms = replace(terms, on=earlier_day(writer, terms.on))
    went = terms.on or day_of(writer.at)
    if not writer.earlier:
        check_due(terms.due_on or default_due(went), went)
    holdings = [held(writer, tag) for tag in tags]
    for row in holdings:
        _may_be_lent(writer, row, terms)
    kits = [
        Kit(row.tag, row.kit_type, row.type_name, row.quantity, terms.quantity or 1)
        for row in holdings
    ]
    booking = collecting(writer, terms.booking) if terms.booking else None
    terms = replace(terms, booking=booking.id if booking else None)
    who = _to_whom(writer, to, booking, terms)
    must_be_open(writer, who, went)
    of_borrower = _not_blocked(writer, who, holdings, went, terms)
    whom = person(writer, contact, who.organisation) if contact else None
    if booking is not None and not contact and who.organisation == booking.organisation:
        whom = booking.contact
    agreed = _agreed(writer, kits, went, who, booking, terms)
    broken = {row.tag: _inspected(writer, row, terms, agreed.due_on, went) for row in holdings}
    if booking is None and terms.on is None:  # booked is agreed, and what went is a fact
        of_borrower += within_limit(
            *(writer, kits, went, agreed.due_on), who=who.organisation, override=terms.override
        )
    return [
        _lend(
            *(writer, row, f"{writer.request}-{n}", who, whom, agreed, terms),
            (*broken[row.tag], *of_borrower),
        )
        for n, row in enumerate(holdings, start=first)
    ]


def pack(writer: Writer, event: str, texts: Sequence[str], override: str | None) -> list[Lent]:
    """Hand kits out on the bookings of an event; see `Loans.pack`."""
    key = event_id(writer.connection, writer.college, event)
    tags = list(dict.fromkeys(meant(writer, text) for text in texts))
    if not tags:
        raise BadInput("nothing_named", "No holding was named.", "Scan or type a tag.")
    if writer.earlier:
        found = packed_before(writer, key, tags)
    else:
        found = choose_bookings(writer, key, [held(writer, tag) for tag in tags])
    together: defaultdict[tuple[str, int | None], list[str]] = defaultdict(list)
    for tag in tags:
        together[found[tag]].append(tag)
    lent: list[Lent] = []
    for (booking, quantity), some in together.items():
        terms = Terms(None, None, quantity, None, override, booking=booking)
        lent += check_out(writer, some, None, None, terms, first=len(lent) + 1)
    return lent


def _to_whom(writer: Writer, to: str | None, booking: Collecting | None, terms: Terms) -> Borrower:
    """The borrower that is named, or for whom the booking is."""
    booked = None
    if booking is not None:
        booked = name_of(writer.connection, writer.college, booking.organisation)
    if to is None and booked is None:
        raise BadInput("bad_text", "Nobody to lend it to was named.", "Name the school or partner.")
    who = borrower(writer, str(booked) if to is None else to, new_too=terms.new_too)
    if booking is not None and who.organisation != booking.organisation:
        raise Refused(
            "another_borrower",
            f"Booking {booking.id} is for {booked}, and not for {who.name}.",
            f"Lend it without --booking, or: kitloan booking change {booking.id} --to NAME",
            booking=booking.id,
            to=booked,
        )
    return who


def _agreed(
    writer: Writer,
    kits: list[Kit],
    went: date,
    who: Borrower,
    booking: Collecting | None,
    terms: Terms,
) -> Agreed:
    """Until when the loans are; of a request that was done before, as it was sealed."""
    facts = [entry.fact for entry in writer.earlier if isinstance(entry.fact, CheckedOut)]
    if facts and facts[0].due_on is not None:
        due = date.fromisoformat(facts[0].due_on)
        asked = terms.due_on
        if asked is not None and asked != due:
            moved = calendar_of(writer.connection, writer.college).next_open(asked)
            due = due if moved == due else asked
        kept = {fact.tag: fact.free_from for fact in facts}
        return Agreed(due, {kit.kit_type: end for kit in kits if (end := kept.get(kit.tag))})
    if booking is not None:
        must_be_of(booking, kits)
    return agree(
        writer,
        kits,
        went,
        terms.due_on,
        who=who.organisation,
        override=terms.override,
        collecting=booking,
        on_earlier_day=terms.on is not None,
    )


def default_due(today: date) -> date:
    """When a loan is due that nobody gave a date for."""
    return days_after(today, DEFAULT_LOAN_DAYS)


def _lend(
    writer: Writer,
    row: AnyRow,
    loan_id: str,
    who: Borrower,
    whom: str | None,
    agreed: Agreed,
    terms: Terms,
    rules: Sequence[str],
) -> Lent:
    due_on = agreed.due_on
    quantity = terms.quantity or 1
    reason = on_record(terms.override, "The reason") if terms.override else None
    writer.append(
        CheckedOut(
            tag=row.tag,
            loan=loan_id,
            organisation=who.organisation,
            contact=whom,
            quantity=quantity,
            exclusive=row.quantity == 1,
            due_on=due_on.isoformat(),
            override=reason if row.critical_short or not rules else None,
            on=sealed(terms.on),
            booking=terms.booking,
            free_from=agreed.free_from.get(row.kit_type),
        )
    )
    for rule in rules:
        writer.append(RuleOverridden(tag=row.tag, loan=loan_id, rule=rule, reason=reason or ""))
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
        described, facts = whereabouts.away(writer.connection, writer.college, row.tag, row.state)
        raise Refused(
            row.state,
            f"{row.type_name} {grouped(row.tag)} {described}.",
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
    if terms.on is not None:
        must_be_free(writer, row, terms.on, quantity)
    if row.quantity - row.out_quantity < quantity:
        raise _not_enough(writer, row, quantity, shown)
    must_be_in_use(writer, row)
    if row.uncounted:
        raise _uncounted(writer, row, shown)
    if row.critical_short and not terms.override:
        raise _incomplete(writer, row, shown)
    if row.contents_at is not None and not terms.override:
        _must_have_been_counted_since(writer, row, shown)


def must_be_in_use(writer: Writer, row: AnyRow) -> None:
    """Refuse a holding that failed an inspection or is in repair; `row` is from `held`."""
    if row.out_of_use is None:
        return
    shown = f"{row.type_name} {grouped(row.tag)}"
    must_not_have_failed(writer, row, shown)
    raise Refused(
        "out_of_use",
        f"{shown} is in repair: {row.out_of_use}.",
        f"When it is repaired: kitloan repair {row.tag} --done",
        tag=row.tag,
        reason=row.out_of_use,
    )


def _inspected(writer: Writer, row: AnyRow, terms: Terms, due_on: date, went: date) -> list[str]:
    """Refuse a holding whose inspection is due; gives the rules that are overridden."""
    if writer.earlier:
        ours = [each.fact for each in writer.earlier if isinstance(each.fact, RuleOverridden)]
        return [each.rule for each in ours if each.tag == row.tag and each.rule == DUE]
    if not writer.plans.inspections:
        return []
    whole = policies_now(writer).choice("cover", row.kit_type) == "loan"
    shown = f"{row.type_name} {grouped(row.tag)}"
    return must_be_inspected(writer, row, shown, due_on if whole else went, terms.override)


def _not_blocked(
    writer: Writer, who: Borrower, holdings: Sequence[AnyRow], went: date, terms: Terms
) -> list[str]:
    """Refuse a borrower who is blocked; gives the rules that are overridden."""
    many, until = terms.quantity or 1, terms.due_on or default_due(went)
    asked = [Asked(row.kit_type, many, went, until, who.organisation) for row in holdings]
    return must_not_be_blocked(
        *(writer, who, went, asked),
        limits=policies_now(writer).of_blocks(),
        override=terms.override,
    )


def _must_have_been_counted_since(writer: Writer, row: AnyRow, shown: str) -> None:
    """Refuse a kit whose contents list got a critical part after its latest count."""
    if writer.earlier or row.counted_at is None or row.counted_at > row.contents_at:
        return
    new = new_critical_parts(writer.connection, writer.college, row.tag, row.kit_type)
    if new:
        raise Refused(
            "list_changed",
            f"{shown} was counted on {uk(day_of(row.counted_at))}. Its contents list has critical "
            f"parts since that nobody has counted: {', '.join(new)}.",
            f"Count it: kitloan count {row.tag}. Or lend it all the same with --override REASON, "
            "which goes on record.",
            tag=row.tag,
            components=list(new),
            counted_at=row.counted_at,
        )


def _uncounted(writer: Writer, row: AnyRow, shown: str) -> Refused:
    """Since when it waits to be counted, and who left it so."""
    described, facts = whereabouts.came_in(writer.connection, writer.college, row.tag)
    back = f"has been back {described}" if described else "came back"
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
            "out_at": each.out_at or None,
            "due_on": each.due_on,
        }
        for each in loans
    ]
    if row.quantity == 1 and loans:
        (first, *_) = loans
        due = f", due {uk(date.fromisoformat(first.due_on))}" if first.due_on else ""
        return Refused(
            "on_loan",
            f"{shown} has been with {first.to}{since(first.out_at)}{due}.",
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


def since(out_at: str | None) -> str:
    """` since 23 Nov 2026`, to go after whom a loan is with; empty where nobody knows the day."""
    return f" since {uk(day_of(out_at))}" if out_at else ""


def renew(
    writer: Writer,
    today: date,
    text: str,
    due_on: date,
    to: str | None,
    override: str | None = None,
) -> tuple[str, str, date]:
    """Make an open loan due on another day; gives the loan's id, its borrower and the day."""
    tag = meant(writer, text)
    if not writer.earlier:
        check_due(due_on, today)
    row = held(writer, tag)
    (which, *_) = loans_meant(writer, tag, to)
    done = [
        entry.fact
        for entry in writer.earlier
        if isinstance(entry.fact, LoanRenewed) and entry.fact.loan == which.loan
    ]
    if done:
        due = date.fromisoformat(done[0].due_on)
        if due != due_on and due != calendar_of(writer.connection, writer.college).next_open(
            due_on
        ):
            due = due_on
        agreed = Agreed(due, {row.kit_type: done[0].free_from} if done[0].free_from else {})
    else:
        left = which.quantity - which.returned
        kit = Kit(tag, row.kit_type, row.type_name, row.quantity, left, which.loan)
        agreed = agree(writer, [kit], today, due_on, who=which.organisation, override=override)
    writer.append(
        LoanRenewed(
            tag=tag,
            loan=which.loan,
            due_on=agreed.due_on.isoformat(),
            free_from=agreed.free_from.get(row.kit_type),
            override=on_record(override, "The reason") if override else None,
        )
    )
    return which.loan, which.to, agreed.due_on


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
        raise _not_enough(writer, row, quantity, shown)


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
        described, facts = whereabouts.came_in(writer.connection, writer.college, tag)
        raise Refused(
            "not_out",
            f"{shown} is not on loan" + (f": it has been here {described}." if described else "."),
            f"See its history: kitloan show {tag}",
            tag=tag,
            **facts,
        )
    if to is not None:
        whose, _ = organisation_id(writer.connection, writer.college, to)
        loans = [
            each for each in loans if same_organisation(each.to, to) or each.organisation == whose
        ]
        if not loans:
            raise Refused("not_out", f"{to} has none of {shown}.", "See: kitloan loans", tag=tag)
    if len({each.organisation for each in loans}) > 1:
        having = ", ".join(f"{each.to} ({each.quantity - each.returned})" for each in loans)
        raise Refused(
            "which_loan",
            f"Several have some of {shown}: {having}.",
            'Name the borrower: --from "NAME"',
            tag=tag,
            loans=[{"id": each.loan, "to": each.to} for each in loans],
        )
    return loans


_PARTS = Query(
    select(
        component.c.name,
        component.c.quantity,
        component.c.bag,
        component.c.critical,
        func.coalesce(shortage.c.missing, 0),
        func.coalesce(shortage.c.broken, 0),
    )
    .join_from(
        holding,
        component,
        (component.c.college == holding.c.college) & (component.c.kit_type == holding.c.kit_type),
    )
    .outerjoin(
        shortage,
        (shortage.c.college == holding.c.college)
        & (shortage.c.tag == holding.c.tag)
        & (shortage.c.component == component.c.name),
    )
    .where(
        holding.c.college == bindparam("c"),
        holding.c.tag == bindparam("t"),
        holding.c.quantity == 1,
    )
    .order_by(component.c.position)
)
_OLD_SHORTAGES = Query(
    select(shortage.c.component, shortage.c.missing, shortage.c.broken)
    .where(shortage.c.college == bindparam("c"), shortage.c.tag == bindparam("t"))
    .order_by(shortage.c.component)
)


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back on one loan, and how the kit stands now.

    Attributes:
        id: the loan's.
        tag: the holding's.
        type: what kind of thing it is.
        to: who had it.
        quantity: how many came back now; `still_out` is what the borrower keeps.
        counted: what the count came to.
        shortages: everything that is short now.
        new: of that, what was not short before.
        found: components that were short before and are not now.
        loans: every loan that this changed, and how many came back on each; `id` is the first.
        used: how many of a stock the borrower used up.
        lost: how many of a stock the borrower lost.
    """

    id: str
    tag: str
    type: str
    to: str
    quantity: int
    still_out: int
    counted: Counted
    shortages: tuple[ShortageLine, ...]
    new: tuple[ShortageLine, ...] = ()
    found: tuple[str, ...] = ()
    loans: tuple[tuple[str, int], ...] = ()
    used: int = 0
    lost: int = 0


def parts_of(connection: Connection, college: str, tag: str) -> list[Part]:
    """The contents list of a kit with what of it is short; empty when there is nothing to count."""
    return [Part(*row) for row in _PARTS(connection, c=college, t=tag)]


def check_in(
    writer: Writer,
    texts: Sequence[str],
    count: Count | None,
    *,
    quantity: int | None,
    note: str | None,
    from_: str | None,
    on: date | None = None,
    used: int = 0,
    lost: int = 0,
) -> list[Returned]:
    """Take back each of `texts`, or none of them; see `Desk.check_in`."""
    tags = list(dict.fromkeys(meant(writer, text) for text in texts))
    if not tags:
        raise BadInput("nothing_named", "No holding was named.", "Scan or type a tag.")
    if len(tags) > 1 and ((count is not None and count.exceptions) or quantity is not None):
        raise BadInput(
            "one_at_a_time",
            "What is missing or broken, or how many came back, is given for one holding at a time.",
            "Take the others back first.",
        )
    day = earlier_day(writer, on)
    if used or lost:
        if len(tags) > 1:
            raise BadInput(
                "one_at_a_time",
                "What was used up or lost can be recorded of one holding at a time.",
                "Take the others back first.",
            )
        gone = _record_gone(writer, tags[0], quantity or 0, used, lost, from_, day, note)
        if not quantity:
            _must_not_be_counted(writer, tags[0], count)
            return [gone]
        (back,) = [_take_back(writer, tag, count, quantity, note, from_, day) for tag in tags]
        nothing = [each for each in gone.loans if each[0] not in dict(back.loans)]
        return [replace(back, used=used, lost=lost, loans=(*back.loans, *nothing))]
    return [_take_back(writer, tag, count, quantity, note, from_, day) for tag in tags]


def _must_not_be_counted(writer: Writer, tag: str, count: Count | None) -> None:
    """Refuse a count of what did not come back."""
    if count is None:
        return
    row = held(writer, tag)
    _must_have_parts(row, count)
    raise BadInput(
        "counted_and_not",
        f"{row.type_name} {grouped(tag)}: none of it came back, so nothing was counted.",
        f"Give how many came back: kitloan checkin {tag} --quantity N; or leave out the count.",
        tag=tag,
    )


def unpack(writer: Writer, event: str, texts: Sequence[str], count: Count | None) -> list[Returned]:
    """Take back what went out for an event; see `Loans.unpack`."""
    key = event_id(writer.connection, writer.college, event)
    tags = list(dict.fromkeys(meant(writer, text) for text in texts))
    if not tags:
        raise BadInput("nothing_named", "No holding was named.", "Scan or type a tag.")
    if len(tags) > 1 and count is not None and count.exceptions:
        raise BadInput(
            "one_at_a_time",
            "What is missing or broken is given for one holding at a time.",
            "Take the others back first.",
        )
    back: list[Returned] = []
    for tag in tags:
        who = _borrower_at(writer, key, tag)
        back += check_in(writer, [tag], count, quantity=None, note=None, from_=who)
    return back


def _borrower_at(writer: Writer, event: str, tag: str) -> str:
    """Who has a holding that is out for an event."""
    for each in open_loans(writer, tag):
        if is_for_event(writer.connection, writer.college, each.loan, event):
            return str(each.to)
    row = held(writer, tag)
    raise Refused(
        "not_in_event",
        f"{row.type_name} {grouped(tag)} is not out for the event {event}.",
        f"Where it is: kitloan show {tag}; what is out for it: kitloan event show {event}",
        event=event,
        tag=tag,
    )


def _take_back(
    writer: Writer,
    tag: str,
    count: Count | None,
    quantity: int | None,
    note: str | None,
    from_: str | None,
    on: date | None,
) -> Returned:
    row = held(writer, tag)
    loans = loans_meant(writer, tag, from_)
    outstanding = sum(each.quantity - each.returned for each in loans)
    back = outstanding if quantity is None else check_quantity(quantity)
    if back > outstanding:
        raise Refused(
            "more_than_out",
            f"{row.type_name} {grouped(tag)}: {back} cannot come back, "
            f"{loans[0].to} has {outstanding}.",
            f"Take back {outstanding} or fewer.",
            tag=tag,
            outstanding=outstanding,
        )
    if count is not None:
        _must_have_parts(row, count)
    parts = parts_of(writer.connection, writer.college, tag)
    outcome, short = counted_as(parts, short_now(writer.connection, writer.college, tag), count)
    left = back
    taken: list[tuple[str, int]] = []
    for each in loans:
        now = min(left, each.quantity - each.returned)
        if now == 0:
            break
        if on is not None:
            must_have_gone(writer, row, on, each.loan)
        left -= now
        taken.append((each.loan, now))
        writer.append(
            CheckedIn(
                tag=tag,
                loan=each.loan,
                quantity=now,
                counted=outcome,
                shortages=short,
                on=sealed(on),
            )
        )
    (first, *_) = loans
    if note:
        remark(writer, tag, "note", note, loan=first.loan, contact_id=first.contact)
    return Returned(
        first.loan,
        tag,
        row.type_name,
        first.to,
        back,
        outstanding - back,
        outcome,
        as_lines(short),
        _newly(parts, short),
        _found(parts, short),
        tuple(taken),
    )


def _record_gone(
    writer: Writer,
    tag: str,
    back: int,
    used: int,
    lost: int,
    from_: str | None,
    on: date | None,
    note: str | None,
) -> Returned:
    """Of a stock on loan, some were used up or lost, and are held no more.

    The note is kept here when nothing is back; otherwise with what is.
    """
    row = held(writer, tag)
    shown = f"{row.type_name} {grouped(tag)}"
    for number in (used, lost):
        if number:
            check_quantity(number)
    loans = loans_meant(writer, tag, from_)
    if row.quantity == 1:
        raise BadInput(
            "bad_quantity",
            f"{shown} is one thing, and not a stock of which some can be used up or lost.",
            f"If it is lost: kitloan missing {tag}; if parts of it are: kitloan checkin {tag} "
            "--missing 'PART=N'",
            tag=tag,
        )
    outstanding = sum(each.quantity - each.returned for each in loans)
    if back + used + lost > outstanding:
        raise Refused(
            "more_than_out",
            f"{shown}: {back} back, {used} used up and {lost} lost are {back + used + lost}; "
            f"{loans[0].to} has {outstanding}.",
            f"Give {outstanding} or fewer together.",
            tag=tag,
            outstanding=outstanding,
        )
    if used + lost >= row.quantity:
        raise Refused(
            "nothing_left",
            f"{shown}: with {used + lost} gone nothing would be left of {row.quantity}.",
            f"Take back what there is, then write the holding off: kitloan withdraw {tag}",
            tag=tag,
            quantity=row.quantity,
        )
    left_used, left_lost, left_held = used, lost, row.quantity
    changed: list[tuple[str, int]] = []
    for each in loans:
        of_used = min(left_used, each.quantity - each.returned)
        of_lost = min(left_lost, each.quantity - each.returned - of_used)
        if of_used + of_lost == 0:
            break
        if on is not None:
            must_have_gone(writer, row, on, each.loan)
        left_used, left_lost = left_used - of_used, left_lost - of_lost
        left_held -= of_used + of_lost
        changed.append((each.loan, 0))
        writer.append(
            StockGone(
                tag=tag,
                loan=each.loan,
                quantity=of_used + of_lost,
                used=of_used,
                lost=of_lost,
                held=left_held,
                on=sealed(on),
            )
        )
    (first, *_) = loans
    if note and not back:
        remark(writer, tag, "note", note, loan=first.loan, contact_id=first.contact)
    return Returned(
        first.loan,
        tag,
        row.type_name,
        first.to,
        0,
        outstanding - used - lost,
        "no_contents",
        (),
        loans=tuple(changed),
        used=used,
        lost=lost,
    )


def _must_have_parts(row: AnyRow, count: Count) -> None:
    """Refuse to count the contents of a stock: which of them would lack a wheel?"""
    if row.quantity > 1 and count.exceptions and not count.whole:
        raise BadInput(
            "no_contents_list",
            f"{row.type_name} {grouped(row.tag)} is a stock of {row.quantity}: how many there are "
            "is counted, and not what each of them holds.",
            f"Give how many came back: kitloan checkin {row.tag} --quantity N. Kits whose contents "
            "are to be counted are taken in one by one, each with a tag of its own.",
            tag=row.tag,
        )


def counted_as(
    parts: list[Part], known: Sequence[ShortageLine], count: Count | None
) -> tuple[Counted, tuple[Short, ...]]:
    """What a count comes to. What was short and is listed no more stays short until it is replaced.

    Args:
        parts: the contents list, with what of it was short before.
        known: everything that was short before.
        count: what a person entered; None when nobody has counted.
    """
    outcome, short = reckon(parts, count)
    if count is not None and count.whole:
        return outcome, short
    listed = {part.name for part in parts}
    unlisted = tuple(
        Short(component=line.component, missing=line.missing, broken=line.broken)
        for line in known
        if line.component not in listed
    )
    return ("short" if outcome == "whole" and unlisted else outcome), short + unlisted


def as_lines(short: Sequence[Short]) -> tuple[ShortageLine, ...]:
    """What is short, by component."""
    lines = [ShortageLine(s.component, s.missing, s.broken) for s in short]
    return tuple(sorted(lines, key=lambda line: line.component))


def _newly(parts: list[Part], short: Sequence[Short]) -> tuple[ShortageLine, ...]:
    before = {part.name: part for part in parts}
    more = [
        ShortageLine(
            s.component,
            max(0, s.missing - before[s.component].missing),
            max(0, s.broken - before[s.component].broken),
        )
        for s in short
        if s.component in before
    ]
    some = [line for line in more if line.missing or line.broken]
    return tuple(sorted(some, key=lambda line: line.component))


def _found(parts: list[Part], short: Sequence[Short]) -> tuple[str, ...]:
    now = {s.component for s in short}
    return tuple(p.name for p in parts if (p.missing or p.broken) and p.name not in now)


def count_contents(
    writer: Writer, text: str, entered: Count, on: date | None
) -> tuple[str, tuple[ShortageLine, ...]]:
    """Count a kit that is here; gives its tag and what is short now. See `Desk.count`."""
    tag = meant(writer, text)
    row = held(writer, tag)
    shown = f"{row.type_name} {grouped(tag)}"
    if row.out_quantity:
        raise Refused(
            "on_loan",
            f"{shown} is on loan; its contents cannot be counted here.",
            f"Take it back with its count: kitloan checkin {tag}"
            if row.quantity == 1
            else f"How many come back is counted: kitloan checkin {tag} --quantity N",
            tag=tag,
        )
    must_be_here(writer, row)
    _must_have_parts(row, entered)
    day = earlier_day(writer, on)
    if day is not None:
        must_be_the_last(writer, row, day, STAYS, COUNTS)
    parts = parts_of(writer.connection, writer.college, tag)
    outcome, short = counted_as(parts, short_now(writer.connection, writer.college, tag), entered)
    writer.append(ContentsCounted(tag=tag, counted=outcome, shortages=short, on=sealed(day)))
    return tag, short_now(writer.connection, writer.college, tag)


def restock(
    writer: Writer, text: str, what: str, quantity: int
) -> tuple[str, tuple[ShortageLine, ...]]:
    """Put components back; gives the tag and what is still short. See `Desk.restock`."""
    tag = meant(writer, text)
    check_quantity(quantity)
    must_be_here(writer, held(writer, tag))
    short = {line.component: line for line in short_now(writer.connection, writer.college, tag)}
    if not short:
        raise Refused("nothing_short", f"Nothing is short in {grouped(tag)}.", tag=tag)
    line = short[match(what, short)]
    if quantity > line.missing + line.broken:
        raise Refused(
            "more_than_short",
            f"Only {line.missing + line.broken} of {line.component} are short in "
            f"{grouped(tag)}; {quantity} cannot be replaced.",
            f'Run: kitloan restock {tag} "{line.component}={line.missing + line.broken}"',
            tag=tag,
            component=line.component,
            short=line.missing + line.broken,
        )
    replaced = min(quantity, line.missing)
    writer.append(
        ShortageMadeGood(
            tag=tag,
            component=line.component,
            quantity=quantity,
            missing=line.missing - replaced,
            broken=line.broken - (quantity - replaced),
        )
    )
    return tag, short_now(writer.connection, writer.college, tag)


def short_now(connection: Connection, college: str, tag: str) -> tuple[ShortageLine, ...]:
    """Everything that is on record as short in a holding."""
    rows = _OLD_SHORTAGES(connection, c=college, t=tag)
    return tuple(ShortageLine(*row) for row in rows)


class Loans:
    """The verbs of the counter, for one person in one college."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def check_out(
        self,
        tags: Sequence[str],
        to: str | None = None,
        *,
        contact: str | None = None,
        due_on: date | None = None,
        on: date | None = None,
        quantity: int | None = None,
        purpose: str | None = None,
        override: str | None = None,
        new_too: bool = True,
        booking: str | None = None,
        request_id: str | None = None,
    ) -> list[Lent]:
        """Lend holdings to an organisation: all of them, or none.

        Args:
            tags: tags or asset numbers, or a single one; one named twice counts once.
            to: the organisation; taken in when it is new. With a booking, for whom that is when
                None.
            contact: the person who takes them, kept apart from the ledger.
            due_on: when they are due; a closed day becomes the next open one. When None, as many
                days after they went as the policy `loan_days` has, 14 when it is not set, or the
                latest day that keeps every booking.
            on: the day they went, when that was an earlier one than today.
            quantity: how many of each, for loose stock; 1 when None.
            purpose: what for, in free words, kept apart from the ledger.
            override: why it is lent although a critical component is short, an inspection is due,
                the organisation is blocked or has as many as it may, or a booking needs it; goes on
                record, so it names nobody.
            booking: the id of the booking against which they go.
            new_too: whether an organisation that is spelt nearly like a known one, or is the
                beginning of one, may be taken in as a new one.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `on_loan`, `not_enough`, `uncounted`, `incomplete`, `withdrawn`, `missing`,
                `in_transit`, `out_of_use`, `inspection_failed`, `inspection_due`, `blocked`,
                `limit`;
                `list_changed`, when the contents list got a critical part after the latest count;
                `nearly_known`; of an earlier day `before_received` or `dates_overlap`; `not_free`,
                when a booking needs it; of a booking `booking_over`, `not_in_booking`,
                `another_borrower`.
            BadInput: an unknown tag or booking, a due date in the past, a quantity that cannot be,
                `in_future`.
        """
        terms = Terms(due_on, on, quantity, purpose, override, new_too, booking)
        with self._session.writing(request_id) as writer:
            return check_out(writer, _several(tags), to, contact, terms)

    def pack(
        self,
        event: str,
        tags: Sequence[str],
        *,
        override: str | None = None,
        request_id: str | None = None,
    ) -> list[Lent]:
        """Tick kits out for an event: hand each out on the booking that it is for; all, or none.

        A chosen kit goes out on the booking that chose it. Of loose stock, as many go as the
        booking waits for, or as there are.

        Args:
            event: the event's id.
            tags: tags or asset numbers, or a single one.
            override: as for `check_out`.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_in_event`, when no booking of it waits for such a kit; as `check_out`.
            BadInput: `unknown_event`, `nothing_named`; as `check_out`.
        """
        with self._session.writing(request_id) as writer:
            return pack(writer, event, _several(tags), override)

    def unpack(
        self,
        event: str,
        tags: Sequence[str],
        count: Count | None = None,
        *,
        request_id: str | None = None,
    ) -> list[Returned]:
        """Tick kits in: take each back that went out for an event; all, or none.

        Args:
            event: the event's id.
            tags: tags or asset numbers, or a single one.
            count: as for `check_in`.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_in_event`, for what is not out for it; as `check_in`.
            BadInput: `unknown_event`, `nothing_named`; as `check_in`.
        """
        with self._session.writing(request_id) as writer:
            return unpack(writer, event, _several(tags), count)

    def check_in(
        self,
        tags: Sequence[str],
        count: Count | None = None,
        *,
        quantity: int | None = None,
        note: str | None = None,
        from_: str | None = None,
        on: date | None = None,
        used: int = 0,
        lost: int = 0,
        request_id: str | None = None,
    ) -> list[Returned]:
        """Take holdings back: all of them, or none.

        Args:
            tags: tags or asset numbers, or a single one.
            count: what the count of the contents found; None when nobody has counted, which
                leaves a kit that has a contents list `uncounted`.
            quantity: how many came back, for loose stock; everything that is out when None.
            note: free words, kept apart from the ledger.
            from_: whose loan, where several borrowers have some of a stock.
            on: the day they came back, when that was an earlier one than today.
            used: how many of a stock the borrower used up; with `lost`, how many fewer are held.
                Then only what `quantity` gives is back, and the rest stays on loan.
            lost: how many of a stock the borrower lost.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_out`, `which_loan`, `more_than_out`, `nothing_left`; of an earlier day
                `before_received` or `dates_overlap`.
            BadInput: an unknown tag or component, a count that cannot be, `in_future`.
        """
        with self._session.writing(request_id) as writer:
            return check_in(
                writer,
                _several(tags),
                count,
                quantity=quantity,
                note=note,
                from_=from_,
                on=on,
                used=used,
                lost=lost,
            )

    def correct(
        self,
        tag: str,
        *,
        to: str | None = None,
        contact: str | None = None,
        due_on: date | None = None,
        on: date | None = None,
        quantity: int | None = None,
        from_: str | None = None,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> Corrected:
        """Correct the facts of an open loan, without a return; both are in its history.

        Args:
            tag: the holding that is on loan.
            to: whom it went to.
            contact: the person, kept apart from the ledger.
            due_on: when it is due.
            on: the day it went.
            quantity: how many went, of loose stock, what is back of them included.
            from_: whose loan, where several borrowers have some of a stock.
            new_too: as for `check_out`.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_out`, `which_loan`, `nearly_known`, `not_enough`, `more_back`,
                `before_received`, `dates_overlap`.
            BadInput: an unknown tag, nothing to correct, `in_future`, `bad_quantity`.
        """
        wrong = Correction(to, contact, due_on, on, quantity, new_too)
        with self._session.writing(request_id) as writer:
            return correct(writer, tag, wrong, from_)

    def pass_on(
        self,
        tag: str,
        to: str,
        *,
        contact: str | None = None,
        due_on: date | None = None,
        quantity: int | None = None,
        from_: str | None = None,
        on: date | None = None,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> Corrected:
        """Put on record that a borrower handed a loan straight on to another. Nobody counted it.

        Args:
            tag: the holding that is on loan.
            to: who has it now.
            contact: the person who has it now, kept apart from the ledger.
            due_on: when it is due; as before when None.
            quantity: how many, of loose stock; all of the loan when None.
            from_: whose loan, where several borrowers have some of a stock.
            on: the day, when that was an earlier one than today.
            new_too: as for `check_out`.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_out`, `which_loan`, `more_than_out`, `nearly_known`, `dates_overlap`.
            BadInput: an unknown tag, `same_borrower`, `in_future`.
        """
        with self._session.writing(request_id) as writer:
            return pass_on(
                writer,
                tag,
                to,
                contact=contact,
                due_on=due_on,
                quantity=quantity,
                from_=from_,
                on=on,
                new_too=new_too,
            )

    def renew(
        self,
        tag: str,
        due_on: date,
        *,
        from_: str | None = None,
        override: str | None = None,
        request_id: str | None = None,
    ) -> tuple[str, str, date]:
        """Make a loan due on another day; gives the loan's id, its borrower and the day.

        A closed day becomes the next open one. `override` is why it is renewed although a booking
        needs it.

        Raises:
            Refused: `not_out`, `which_loan`; `not_free`, when a booking needs it.
            BadInput: an unknown tag, a date in the past.
        """
        return self.renew_together(
            [(tag, due_on, from_)], override=override, request_id=request_id
        )[0]

    def renew_together(
        self,
        loans: Sequence[tuple[str, date, str | None]],
        *,
        override: str | None = None,
        request_id: str | None = None,
    ) -> list[tuple[str, str, date]]:
        """Renew several loans in one go, all or none; one undo takes them back.

        Args:
            loans: of each the tag, the new day, and whose loan it is, or None; as for `renew`.
            override: as for `renew`.
            request_id: the request's id; None makes one.

        Raises as `renew`.
        """
        with self._session.writing(request_id) as writer:
            return [
                renew(writer, self._session.today, tag, due_on, from_, override)
                for tag, due_on, from_ in loans
            ]

    def count(
        self,
        tag: str,
        count: Count,
        *,
        on: date | None = None,
        request_id: str | None = None,
    ) -> tuple[str, tuple[ShortageLine, ...]]:
        """Count a kit that is here; gives its tag and everything that is short now.

        Args:
            tag: a tag or asset number.
            count: what was found.
            on: the day it was counted, when that was an earlier one than today.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `on_loan`, `withdrawn`, `missing`, `in_transit`; of an earlier day
                `before_received` or `dates_overlap`.
            BadInput: an unknown tag or component, a count that cannot be, `in_future`.
        """
        with self._session.writing(request_id) as writer:
            return count_contents(writer, tag, count, on)

    def restock(
        self,
        tag: str,
        component: str,
        quantity: int,
        *,
        request_id: str | None = None,
    ) -> tuple[str, tuple[ShortageLine, ...]]:
        """Make a shortage good; gives the tag and what is still short. Missing ones count first.

        Raises:
            Refused: `nothing_short`, `more_than_short`.
            BadInput: an unknown tag or component.
        """
        with self._session.writing(request_id) as writer:
            return restock(writer, tag, component, quantity)

    def contents(self, tag: str) -> list[Part]:
        """The contents list to count a kit against, with what is known to be short.

        Empty for a holding that has none, and for loose stock.
        """
        with self._session.reading() as connection:
            college, found = resolve(connection, self._session.college, tag)
            return parts_of(connection, college, found)


def _several(tags: Sequence[str]) -> Sequence[str]:
    """A single tag is a text, and a text a sequence of its letters: it is meant as the one."""
    return [tags] if isinstance(tags, str) else tags
