"""Check-out and renewal: what must be so before a holding goes to a borrower, or stays longer.

What only events, bookings, inspections and refusals need is loaded by the first of them: a counter
that opens waits for what it needs to lend.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from kitloan.borrowers.organisations import (
    Borrower,
    borrower,
    must_be_open,
    person,
    remark,
)
from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.ledger.facts.loans import CheckedOut, LoanRenewed
from kitloan.ledger.notes import Demanded
from kitloan.ledger.session import check_quantity
from kitloan.ledger.writer import Writer
from kitloan.loans.custody import held, loans_meant, must_be_here, must_be_in_use, open_loans, since
from kitloan.planning.calendar import calendar_of
from kitloan.planning.lending import (
    Agreed,
    Collecting,
    Kit,
    agree,
    collecting,
    must_be_of,
    within_limit,
)
from kitloan.planning.policies import policies_now
from kitloan.queries.counted import new_critical_parts
from kitloan.queries.happened import earlier_day, must_be_free, sealed
from kitloan.queries.resolve import meant
from kitloan.storage.statements import AnyRow
from kitloan.text.dates import DEFAULT_LOAN_DAYS, check_due, day_of, days_after, uk
from kitloan.text.names import clean
from kitloan.text.tags import grouped
from kitloan.values import ShortageLine, plural


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
    if terms.on is not None:
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
    if terms.booking is not None:
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
    from kitloan.planning.events import event_id
    from kitloan.planning.packing import choose_bookings, packed_before

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
        from kitloan.planning.supply import name_of

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
    reason = _reason(terms.override)
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
    if rules:
        from kitloan.ledger.facts.rules import RuleOverridden

        for rule in rules:
            writer.append(RuleOverridden(tag=row.tag, loan=loan_id, rule=rule, reason=reason or ""))
    if terms.purpose:
        remark(writer, row.tag, "for", terms.purpose, loan=loan_id, contact_id=whom)
    return Lent(loan_id, row.tag, row.type_name, quantity, who.name, due_on, who.new, who.nearly)


def _reason(override: str | None) -> str | None:
    """Why a rule is overridden, as it goes on record; None where none is."""
    if not override:
        return None
    from kitloan.text.personal import on_record

    return on_record(override, "The reason")


def _may_be_lent(writer: Writer, row: AnyRow, terms: Terms) -> None:
    """Refuse a holding that cannot be lent, with the facts and what to do next."""
    must_be_here(writer, row)
    quantity = check_quantity(1 if terms.quantity is None else terms.quantity)
    if terms.on is not None:
        must_be_free(writer, row, terms.on, quantity)
    if row.quantity - row.out_quantity < quantity:
        raise not_enough(writer, row, quantity)
    must_be_in_use(writer, row)
    if row.uncounted:
        raise _uncounted(writer, row)
    if row.critical_short and not terms.override:
        raise _incomplete(writer, row)
    if row.contents_at is not None and not terms.override:
        _must_have_been_counted_since(writer, row)


def _inspected(writer: Writer, row: AnyRow, terms: Terms, due_on: date, went: date) -> list[str]:
    """Refuse a holding whose inspection is due; gives the rules that are overridden."""
    if not writer.earlier and not writer.plans.inspections:
        return []
    from kitloan.inspections.gate import DUE, must_be_inspected
    from kitloan.ledger.facts.rules import RuleOverridden

    if writer.earlier:
        ours = [each.fact for each in writer.earlier if isinstance(each.fact, RuleOverridden)]
        return [each.rule for each in ours if each.tag == row.tag and each.rule == DUE]
    whole = policies_now(writer).choice("cover", row.kit_type) == "loan"
    return must_be_inspected(writer, row, _shown(row), due_on if whole else went, terms.override)


def _not_blocked(
    writer: Writer, who: Borrower, holdings: Sequence[AnyRow], went: date, terms: Terms
) -> list[str]:
    """Refuse a borrower who is blocked; gives the rules that are overridden."""
    limits = policies_now(writer).of_blocks()
    if not (writer.earlier or writer.plans.blocks or limits.overdue or limits.losses):
        return []
    from kitloan.borrowers.blocks import must_not_be_blocked

    many, until = terms.quantity or 1, terms.due_on or default_due(went)
    asked = [Demanded(row.kit_type, many, went, until, who.organisation) for row in holdings]
    return must_not_be_blocked(
        *(writer, who, went, asked),
        limits=limits,
        override=terms.override,
    )


def _must_have_been_counted_since(writer: Writer, row: AnyRow) -> None:
    """Refuse a kit whose contents list got a critical part after its latest count."""
    if writer.earlier or row.counted_at is None or row.counted_at > row.contents_at:
        return
    new = new_critical_parts(writer.connection, writer.college, row.tag, row.kit_type)
    if new:
        raise Refused(
            "list_changed",
            f"{_shown(row)} was counted on {uk(day_of(row.counted_at))}. Its contents list has "
            f"critical parts since that nobody has counted: {', '.join(new)}.",
            f"Count it: kitloan count {row.tag}. Or lend it all the same with --override REASON, "
            "which goes on record.",
            tag=row.tag,
            components=list(new),
            counted_at=row.counted_at,
        )


def _shown(row: AnyRow) -> str:
    return f"{row.type_name} {grouped(row.tag)}"


def _uncounted(writer: Writer, row: AnyRow) -> Refused:
    """Since when it waits to be counted, and who left it so."""
    from kitloan.queries import whereabouts

    described, facts = whereabouts.came_in(writer.connection, writer.college, row.tag)
    back = f"has been back {described}" if described else "came back"
    return Refused(
        "uncounted",
        f"{_shown(row)} {back}, and its contents have not been counted.",
        f"Count it first: kitloan count {row.tag}",
        tag=row.tag,
        **facts,
    )


def _incomplete(writer: Writer, row: AnyRow) -> Refused:
    """Which parts it cannot be used without."""
    from kitloan.queries import whereabouts

    lacking = whereabouts.critical_shortages(writer.connection, writer.college, row.tag)
    lines = [ShortageLine(each["component"], each["missing"], each["broken"]) for each in lacking]
    return Refused(
        "incomplete",
        f"{_shown(row)} cannot be used: {plural(row.critical_short, 'critical component')} short "
        f"({'; '.join(map(str, lines))}).",
        "Make it good with `kitloan restock`, or lend it all the same with "
        "--override REASON, which goes on record.",
        tag=row.tag,
        shortages=lacking,
    )


def not_enough(writer: Writer, row: AnyRow, quantity: int) -> KitloanError:
    """Who has what is asked for."""
    shown = _shown(row)
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
            override=_reason(override),
        )
    )
    return which.loan, which.to, agreed.due_on
