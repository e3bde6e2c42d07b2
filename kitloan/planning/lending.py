"""Until when a kit can be lent or renewed, so that every booking that is promised can be kept.

What bookings are kept by is loaded when there are any: a college that books nothing need not wait
for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from kitloan.errors import Refused
from kitloan.ledger.notes import Demanded, Unmet
from kitloan.ledger.writer import Writer
from kitloan.planning.calendar import Calendar, calendar_now
from kitloan.planning.policies import Policies, policies_now
from kitloan.text.dates import DEFAULT_LOAN_DAYS, day_of, days_after, uk

if TYPE_CHECKING:
    from kitloan.planning.availability import Wanted
    from kitloan.planning.supply import Stock


@dataclass(frozen=True, slots=True)
class Kit:
    """What is to be lent or renewed: so many of a holding; `loan` is the one that is renewed."""

    tag: str
    kit_type: str
    type: str
    things: int
    quantity: int = 1
    loan: str = ""


@dataclass(frozen=True, slots=True)
class Collecting:
    """A booking that is collected: its id, borrower and contact, its last day, and what waits."""

    id: str
    organisation: str
    contact: str | None
    return_by: date
    left: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Agreed:
    """Until when kits are lent; `free_from` by kit type, where it is not the day after."""

    due_on: date
    free_from: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Rules:
    calendar: Calendar
    policies: Policies
    bookings: bool


def _rules(writer: Writer) -> _Rules:
    """What a college has planned: one look where it has planned nothing."""
    return _Rules(calendar_now(writer), policies_now(writer), writer.plans.bookings)


def _free_from(rules: _Rules, kit_type: str, due: date, went: date) -> date:
    turnaround = rules.policies.number("turnaround", kit_type)
    return max(rules.calendar.add_staff_days(due, turnaround), days_after(went, 1))


def _agreed(rules: _Rules, kits: Sequence[Kit], due: date, went: date) -> Agreed:
    ends = {kit.kit_type: _free_from(rules, kit.kit_type, due, went) for kit in kits}
    usual = days_after(due, 1)
    return Agreed(due, {key: day.isoformat() for key, day in ends.items() if day != usual})


def free_again(writer: Writer, kit_type: str, due: date | None, went: date | None) -> str | None:
    """The first day on which what is due then can go out again; None for the day after, or never.

    Of a request that was done before, as it was sealed.
    """
    if writer.earlier:
        found = [getattr(entry.fact, "free_from", None) for entry in writer.earlier]
        return next((day for day in found if day), None)
    if due is None:
        return None
    kit = Kit("", kit_type, "", 1)
    return _agreed(_rules(writer), [kit], due, went or due).free_from.get(kit_type)


def agree(
    writer: Writer,
    kits: Sequence[Kit],
    went: date,
    due_on: date | None,
    *,
    who: str,
    override: str | None = None,
    collecting: Collecting | None = None,
    on_earlier_day: bool = False,
) -> Agreed:
    """Until when kits can be lent: what is asked for, or as long as every booking can be kept.

    Args:
        writer: the transaction.
        kits: what goes out, or is renewed.
        went: the day on which it goes.
        due_on: the day that is asked for; None for as long as is usual, or as can be.
        who: the borrower's id.
        override: why a booking is put at risk; then it is not asked about.
        collecting: the booking against which it goes.
        on_earlier_day: it went already, and cannot be refused any more.

    Raises:
        Refused: `not_free`, with `latest` and the bookings in the details.
    """
    rules = _rules(writer)
    wanted = due_on
    if wanted is None and collecting is not None:
        wanted = max(collecting.return_by, went)
    if wanted is None:
        days = [rules.policies.number("loan_days", kit.kit_type) for kit in kits]
        wanted = days_after(went, min(days, default=DEFAULT_LOAN_DAYS))
    due = rules.calendar.next_open(wanted)
    if not rules.bookings or override or on_earlier_day:
        return _agreed(rules, kits, due, went)
    checks = [
        check
        for kit_type in dict.fromkeys(kit.kit_type for kit in kits)
        if not _is_room(writer, rules, kit_type, kits, went, due)
        for check in _check_of(writer, rules, kit_type, kits, went, collecting)
    ]
    broken = [one for check in checks for one in check(due)]
    if not broken:
        return _agreed(rules, kits, due, went)
    latest = _latest(rules.calendar, checks, went, due)
    least = max(rules.policies.number("min_loan", kit.kit_type) for kit in kits)
    long_enough = latest is not None and (latest - went).days >= least
    if due_on is None and collecting is None and latest is not None and long_enough:
        return _agreed(rules, kits, latest, went)
    raise _not_free(writer, kits, went, due, latest, least, broken, who)


LIMIT = "limit"


def within_limit(
    writer: Writer, kits: Sequence[Kit], went: date, due: date, *, who: str, override: str | None
) -> list[str]:
    """Refuse more kits than a borrower may have at a time; gives the rules that are overridden.

    Raises:
        Refused: `limit`.
    """
    if writer.earlier:
        from kitloan.ledger.facts.rules import RuleOverridden

        facts = (each.fact for each in writer.earlier)
        return list({f.rule for f in facts if isinstance(f, RuleOverridden) and f.rule == LIMIT})
    most = policies_now(writer).number("max_out")
    if not most:
        return []
    from kitloan.planning.rules import kits_with

    asked = sum(kit.quantity for kit in kits)
    span = (went, days_after(due, 1))
    having = kits_with(writer.connection, writer.college, who, span, day_of(writer.at))
    if having + asked <= most:
        return []
    if override:
        return [LIMIT]
    raise Unmet(
        LIMIT,
        f"{asked} more would be {having + asked} kits at a time, booked ones included; the limit "
        f"is {most}.",
        "Lend fewer. Or all the same with --override REASON, which goes on record. The limit: "
        "kitloan policy max_out",
        *[Demanded(kit.kit_type, kit.quantity, went, due, who) for kit in kits],
        policy="max_out",
        limit=most,
        having=having,
        asked=asked,
    )


def _is_room(
    writer: Writer, rules: _Rules, kit_type: str, kits: Sequence[Kit], went: date, due: date
) -> bool:
    """Whether for certain no booking is broken by a loan until some day: most need no more."""
    from kitloan.ledger.facts.promises import room

    asked = sum(kit.quantity for kit in kits if kit.kit_type == kit_type)
    until = _free_from(rules, kit_type, due, went).isoformat()
    return asked <= room(writer.connection, writer.college, kit_type, went.isoformat(), until)


_Broken = tuple[Kit, dict[str, object]]
_Check = Callable[[date], list[_Broken]]


def _check_of(
    writer: Writer,
    rules: _Rules,
    kit_type: str,
    kits: Sequence[Kit],
    went: date,
    collecting: Collecting | None,
) -> list[_Check]:
    """What shows which bookings a loan until some day would break; none where none is booked."""
    from kitloan.ledger.facts.promises import lines_waiting
    from kitloan.planning.availability import Out, at_risk
    from kitloan.planning.supply import booked_as, stock_of

    connection, college = writer.connection, writer.college
    if not lines_waiting.tuples(connection, c=college, k=kit_type):
        return []
    stock = stock_of(connection, college, kit_type, day_of(writer.at))
    of_type = [kit for kit in kits if kit.kit_type == kit_type]
    standing = _standing(stock, of_type, collecting)
    renewed = {kit.loan for kit in of_type if kit.loan}
    stays = tuple(each for each in stock.supply.out if each.loan not in renewed)

    def check(due: date) -> list[_Broken]:
        until = _free_from(rules, kit_type, due, went).toordinal()
        out = [
            Out(kit.tag, went.toordinal(), until, kit.quantity)
            for kit in of_type
            if kit.things > 1 or kit.tag in stock.supply.kits
        ]
        lost = at_risk(replace(stock.supply, out=(*stays, *out)), standing)
        if lost:  # what could not be kept before is not broken by this
            lost -= at_risk(stock.supply, stock.standing)
        if collecting is not None:
            lost -= {collecting.id}
        return [
            (of_type[0], booked_as(connection, college, each))
            for each in standing
            if each.key in lost
        ]

    return [check]


def _standing(stock: "Stock", kits: Sequence[Kit], collecting: Collecting | None) -> "list[Wanted]":
    """The bookings that wait once these kits are collected."""
    standing = []
    for each in stock.standing:
        if collecting is not None and each.key == collecting.id:
            tags = {kit.tag for kit in kits}
            left = each.count - sum(kit.quantity for kit in kits)
            pins = tuple(tag for tag in each.pins if tag not in tags)[: max(left, 0)]
            if left > 0:
                standing.append(replace(each, count=left, pins=pins))
        else:
            standing.append(each)
    return standing


def _latest(calendar: Calendar, checks: Sequence[_Check], went: date, due: date) -> date | None:
    """The latest open day until which every booking can be kept; None when there is none."""
    days = [
        day for n in range((due - went).days) if calendar.is_desk_open(day := days_after(went, n))
    ]
    low, high = 0, len(days)  # what can be lent until a day can be lent until an earlier one
    while low < high:
        middle = (low + high) // 2
        if any(check(days[middle]) for check in checks):
            high = middle
        else:
            low = middle + 1
    return days[low - 1] if low else None


def _not_free(
    writer: Writer,
    kits: Sequence[Kit],
    went: date,
    due: date,
    latest: date | None,
    least: int,
    broken: Sequence[_Broken],
    who: str,
) -> Refused:
    bookings = list({str(each["id"]): each for _, each in broken}.values())
    named = "; ".join(
        f"{each['to']} has booked {each['quantity']} from "
        f"{uk(date.fromisoformat(str(each['collect_on'])))} (booking {each['id']})"
        for each in bookings
    )
    types = list(dict.fromkeys(kit.type for kit, _ in broken))
    if latest is None:
        until = "It cannot be lent before that."
    elif (latest - went).days < least:
        until = (
            f"It could be lent until {uk(latest)}, which is less than {least} days "
            "(policy min_loan)."
        )
    else:
        until = f"It can be lent until {uk(latest)}."
    offer = f"Lend it until then: --due {latest.isoformat()}. " if latest else ""
    asked = [
        Demanded(key, sum(kit.quantity for kit in kits if kit.kit_type == key), went, due, who)
        for key in dict.fromkeys(kit.kit_type for kit, _ in broken)
    ]
    return Unmet(
        "not_free",
        f"{', '.join(types)} until {uk(due)}: {named}. {until}",
        f"{offer}Or all the same with --override REASON, which puts the booking at risk.",
        *asked,
        latest=latest.isoformat() if latest else None,
        asked=due.isoformat(),
        free=0,
        bookings=bookings,
        tags=[kit.tag for kit in kits],
    )


def collecting(writer: Writer, booking: str) -> Collecting:
    """The booking against which something goes out.

    Raises:
        Refused: `booking_over`.
        BadInput: `unknown_booking`.
    """
    from kitloan.ledger.facts.promises import lines_of_booking
    from kitloan.planning.booked import booking_id, waiting_booking

    connection, college = writer.connection, writer.college
    key = booking_id(connection, college, booking)
    row: Any = waiting_booking(writer, key)
    return Collecting(
        key,
        row.organisation,
        row.contact,
        date.fromisoformat(row.return_by),
        {of: n - out for of, n, out in lines_of_booking(connection, college, key)},
    )


def must_be_of(booking: Collecting, kits: Sequence[Kit]) -> None:
    """Refuse to collect what a booking is not of, or more than waits.

    Raises:
        Refused: `not_in_booking`.
    """
    for kit in kits:
        many = sum(each.quantity for each in kits if each.kit_type == kit.kit_type)
        left = booking.left.get(kit.kit_type, 0)
        if many > left:
            what = f"has {left} of {kit.type} to collect" if left else f"waits for no {kit.type}"
            raise Refused(
                "not_in_booking",
                f"Booking {booking.id} {what}; {many} cannot be collected.",
                "Lend the others without --booking, or change it: "
                f"kitloan booking change {booking.id}",
                booking=booking.id,
                tag=kit.tag,
                left=left,
            )
