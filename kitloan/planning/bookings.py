"""Bookings: making, changing and cancelling them, what is free, and which are at risk."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, exists, or_, select, tuple_

from kitloan.borrowers.organisations import (
    Borrower,
    blocked_on,
    borrower,
    must_be_open,
    person,
    remark,
)
from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.base import MOST_OF_A_LIST
from kitloan.ledger.facts.planning import (
    LONGEST_BOOKING,
    MOST_LINES,
    BookingCancelled,
    BookingChanged,
    BookingMade,
    BookingTerms,
    LineOfBooking,
    rows_of_days,
)
from kitloan.ledger.facts.promises import WAITING, booking_row, gone_out, lines_of_booking, room
from kitloan.ledger.notes import Asked, Unmet
from kitloan.ledger.session import Session, check_quantity
from kitloan.ledger.writer import Writer, id_reused
from kitloan.planning.availability import Wanted, at_risk, connected, free_by_day, free_over
from kitloan.planning.calendar import Calendar, calendar_now, calendar_of
from kitloan.planning.events import event_to_book
from kitloan.planning.policies import Policies, policies_now, policies_of
from kitloan.planning.supply import Stock, booked_as, name_of, stock_of, stocks_of
from kitloan.planning.types import kit_type_id
from kitloan.queries.resolve import meant
from kitloan.queries.types import type_name, type_names
from kitloan.storage.statements import Query
from kitloan.tables import (
    Contact,
    Holding,
    KitType,
    LedgerEntry,
    Loan,
    Organisation,
    Remark,
    table,
)
from kitloan.tables.planning import Booking as BookingRow
from kitloan.tables.planning import BookingLine, BookingPin
from kitloan.text.dates import check_year, day_of, days_after, uk
from kitloan.text.names import clean, fold
from kitloan.text.tags import grouped
from kitloan.values import PAGE, ContactOfLoan, Page, plural

booking, line, pin = table(BookingRow), table(BookingLine), table(BookingPin)
contact, holding, loan = table(Contact), table(Holding), table(Loan)
entry = table(LedgerEntry)
kit_type = table(KitType)
organisation, remark_table = table(Organisation), table(Remark)

State = Literal["made", "collected", "cancelled", "lapsed"]
STATES: tuple[State, ...] = ("made", "collected", "cancelled", "lapsed")
MOST_TIMES = 60
"""The most bookings of one series."""
_OF_THIS_SERIES = "+"
"""Begins the key of what the same request promises, before the number of its date."""
_LAST_DAY = date.max.isoformat()
_STEPS = {"week": 7, "fortnight": 14}

_KIT = Query(
    select(holding.c.kit_type, holding.c.quantity).where(
        holding.c.college == bindparam("c"), holding.c.tag == bindparam("t")
    )
)
_OF_BORROWER = Query(
    select(
        booking.c.booking,
        booking.c.busy_from,
        booking.c.free_from,
        booking.c.lapses_after,
        (line.c.quantity - line.c.collected).label("many"),
    )
    .join_from(
        booking,
        line,
        (line.c.college == booking.c.college) & (line.c.booking == booking.c.booking),
    )
    .where(
        booking.c.college == bindparam("c"),
        booking.c.organisation == bindparam("o"),
        booking.c.state == "made",
        line.c.quantity > line.c.collected,
    )
)
_OUT_WITH = Query(
    select(loan.c.quantity, loan.c.returned, loan.c.due_key).where(
        loan.c.college == bindparam("c"),
        loan.c.organisation == bindparam("o"),
        loan.c.closed_at.is_(None),
    )
)


@dataclass(frozen=True, slots=True)
class BookedLine:
    """So many kits of a type of a booking.

    Attributes:
        type: the kit type.
        quantity: how many.
        collected: how many of them have gone out.
        tags: those that are chosen.
    """

    type: str
    quantity: int
    collected: int
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why bookings are at risk: a loan that is overdue, and whom to ring about it."""

    tag: str
    type: str
    to: str
    due_on: date
    contact: ContactOfLoan | None


@dataclass(frozen=True, slots=True)
class Booking:
    """A booking.

    Attributes:
        id: what it is known by.
        to: the borrower.
        collect_on: the day on which its kits are collected.
        return_by: the day by which they are back.
        busy_from: the first day on which they are taken, to be prepared.
        free_from: the first day on which they can go out again.
        state: `made`, `collected`, `cancelled` or `lapsed`.
        lines: what it is of.
        lapses_after: the last day on which it is kept for collection.
        at_risk: whether it cannot be kept as things are.
        series: what bookings that repeat have in common.
        event: the event that it is for.
        changes: how often it was changed.
        contact: the person, as far as is on file.
        because: the overdue loans that put it at risk.
        new_organisation: whether the borrower was taken in with it.
    """

    id: str
    to: str
    collect_on: date
    return_by: date
    busy_from: date
    free_from: date
    state: State
    lines: tuple[BookedLine, ...]
    lapses_after: date
    at_risk: bool = False
    series: str | None = None
    event: str | None = None
    changes: int = 0
    contact: ContactOfLoan | None = None
    because: tuple[Cause, ...] = ()
    new_organisation: bool = False

    def is_kept_on(self, day: date) -> bool:
        """Whether its kits wait for collection on a day."""
        return self.state == "made" and self.collect_on <= day <= self.lapses_after

    def is_prepared_on(self, day: date) -> bool:
        """Whether its kits are taken on a day, to be prepared for a later one."""
        return self.busy_from <= day < self.collect_on


@dataclass(frozen=True, slots=True)
class FreeDay:
    """How many are left on a day."""

    day: date
    free: int


@dataclass(frozen=True, slots=True)
class Free:
    """What is free of a type.

    Attributes:
        type: the kit type.
        capacity: how many can be used, out or not.
        free: how many a booking over these days could have.
        days: how many are left on each day.
        why: the rule for which nothing can be booked, where that is not the number.
    """

    type: str
    capacity: int
    free: int
    days: tuple[FreeDay, ...]
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants: by type, with the kits that are chosen."""

    lines: tuple[LineOfBooking, ...]
    collect_on: date
    return_by: date


@dataclass(frozen=True, slots=True)
class Before:
    """A booking as it was agreed, when it is to be changed: only what differs is judged.

    Attributes:
        key: its id.
        organisation: the borrower's id.
        request: what it is of, whole.
        busy_from: the first day on which its kits are taken.
        free_from: the first day on which they can go out again.
        lapses_after: the last day on which it is kept for collection.
        out: how many of it have gone out, by kit type.
        gone: the kits that went out on it, by tag.
    """

    key: str
    organisation: str
    request: Request
    busy_from: date
    free_from: date
    lapses_after: date
    out: Mapping[str, int]
    gone: frozenset[str]

    def left(self, request: Request) -> Request:
        """Of what it is to be of, that which has not gone out."""
        lines = []
        for each in request.lines:
            waits = each.quantity - self.out.get(each.kit_type, 0)
            if waits > 0:
                pins = [tag for tag in each.pins if tag not in self.gone][:waits]
                lines.append(each.model_copy(update={"quantity": waits, "pins": tuple(pins)}))
        return replace(request, lines=tuple(lines))

    def had(self, request: Request) -> bool:
        """Whether it was of so many of each type already, with the same kits chosen."""
        before = {each.kit_type: each for each in self.request.lines}
        return all(
            each.kit_type in before
            and each.quantity <= before[each.kit_type].quantity
            and {*each.pins} <= {*before[each.kit_type].pins}
            for each in request.lines
        )


@dataclass(frozen=True, slots=True)
class Span:
    """Over which days kits are taken, half open, and until when they wait for collection."""

    busy_from: date
    free_from: date
    lapses_after: date


@dataclass(frozen=True, slots=True)
class Rules:
    """The calendar and the policies, and the day on which they are asked."""

    calendar: Calendar
    policies: Policies
    today: date

    def number(self, key: str, kit_types: Iterable[str]) -> int:
        """The largest that a policy is for one of some types."""
        return max(self.policies.number(key, each) for each in kit_types)

    def longest(self, kit_types: Iterable[str]) -> int:
        """The most days from collection to return of a booking of some types; 0 is no limit."""
        limits = [self.policies.number("max_days", each) for each in kit_types]
        return min((each for each in limits if each), default=0)


def rules_of(connection: Connection, college: str, today: date) -> Rules:
    """The rules of a college on a day."""
    return Rules(calendar_of(connection, college), policies_of(connection, college), today)


def rules_now(writer: Writer) -> Rules:
    """The rules of a writer's college today."""
    return Rules(calendar_now(writer), policies_now(writer), day_of(writer.at))


def span_of(rules: Rules, request: Request, types: Sequence[str] = ()) -> tuple[date, date]:
    """The first day on which a booking takes its kits, and the first on which they are free."""
    types = types or [each.kit_type for each in request.lines]
    first = rules.calendar.add_staff_days(request.collect_on, -rules.number("prep", types))
    free = rules.calendar.add_staff_days(request.return_by, rules.number("turnaround", types))
    return first, max(free, days_after(request.collect_on, 1))


def _span(rules: Rules, request: Request, before: Before | None = None) -> Span:
    """The days of a booking; those of one that is changed stay where nothing of theirs differs."""
    types = [each.kit_type for each in request.lines]
    first, free = span_of(rules, request)
    lapses = rules.calendar.add_open_days(request.collect_on, rules.number("grace", types))
    if before is not None and {*types} == {each.kit_type for each in before.request.lines}:
        if request.collect_on == before.request.collect_on:
            first, lapses = before.busy_from, before.lapses_after
        if request.return_by == before.request.return_by:
            free = max(before.free_from, days_after(request.collect_on, 1))
    return Span(first, free, lapses)


def _new_days(request: Request, before: Before | None) -> list[tuple[date, str]]:
    """The days that are asked for, each with what happens then; of a change those that differ."""
    days = [(request.collect_on, "collected"), (request.return_by, "returned")]
    if before is None:
        return days
    was = (before.request.collect_on, before.request.return_by)
    return [each for each, old in zip(days, was, strict=True) if each[0] != old]


def check_dates(request: Request, today: date, before: Before | None = None) -> None:
    """Refuse days in the past, in the wrong order, or that are no dates.

    Args:
        request: what is asked for.
        today: the day.
        before: the booking that is changed; days that stay are not judged.

    Raises:
        BadInput: `bad_date`, `dates_reversed`, `in_the_past`.
    """
    for day in (request.collect_on, request.return_by):
        if not isinstance(day, date):
            raise BadInput("bad_date", f"{day!r} is not a date.", "Give a date like 23/11/2026.")
        check_year(day)
    if request.return_by < request.collect_on:
        raise BadInput(
            "dates_reversed",
            f"{uk(request.return_by)} is before {uk(request.collect_on)}.",
            "Give the collection day first, then the return day.",
            collect_on=request.collect_on.isoformat(),
            return_by=request.return_by.isoformat(),
        )
    past = [day for day, _ in _new_days(request, before) if day < today]
    if past:
        raise BadInput(
            "in_the_past",
            f"{uk(past[0])} is in the past: today is {uk(today)}.",
            "Give a day from today on. What went out earlier is a loan: kitloan checkout --on DATE",
            collect_on=request.collect_on.isoformat(),
            today=today.isoformat(),
        )


def _day_rule(
    rules: Rules, request: Request, before: Before | None = None
) -> tuple[str, str, str, dict[str, Any]] | None:
    """The rule about days that a request breaks: code, message, hint and facts."""
    calendar, today = rules.calendar, rules.today
    types = [each.kit_type for each in request.lines]
    days = _new_days(request, before)
    asked = {what for _, what in days}
    for day, what in days:
        if not calendar.is_desk_open(day):
            opens = calendar.next_open(day)
            why = calendar.reason(day)
            return (
                "closed_day",
                f"The desk is closed on {uk(day)}{f' ({why})' if why else ''}, so nothing can be "
                f"{what}. It opens on {uk(opens)}.",
                f"Book with {uk(opens)} instead.",
                {"day": day.isoformat(), "next_open": opens.isoformat()},
            )
    notice = rules.number("notice", types)
    earliest = calendar.first_collection(today, notice)
    if "collected" in asked and request.collect_on < earliest:
        return (
            "too_soon",
            f"{uk(request.collect_on)} is too soon: {plural(notice, 'staff day')} of notice are "
            f"needed, and {uk(earliest)} is the first day of collection.",
            f"Book from {uk(earliest)} on.",
            {"earliest": earliest.isoformat(), "notice": notice},
        )
    horizon = min(rules.policies.number("horizon", each) for each in types)
    latest = days_after(today, horizon)
    if "returned" in asked and request.return_by > latest:
        return (
            "too_far",
            f"{uk(request.return_by)} is too far ahead: bookings end by {uk(latest)}, "
            f"{plural(horizon, 'day')} from today.",
            f"Book up to {uk(latest)}.",
            {"latest": latest.isoformat(), "horizon": horizon},
        )
    return None


def taken_too_long(first: date, until: date) -> tuple[str, str, str, dict[str, Any]] | None:
    """The refusal of a booking that takes its kits for more days than one may, as `_day_rule`."""
    many = (until - first).days
    if many <= LONGEST_BOOKING:
        return None
    return (
        "too_far",
        f"Its kits would be taken for {many:,} days, from {uk(first)} to {uk(until)}, with their "
        f"preparation and turnaround; at most {LONGEST_BOOKING} can be.",
        "Book fewer days, or set fewer staff days: kitloan policy turnaround N, kitloan policy "
        "prep N",
        {"first": first.isoformat(), "until": until.isoformat(), "limit": LONGEST_BOOKING},
    )


def _must_fit(request: Request, span: Span) -> None:
    """Refuse a booking that would make more rows than one entry may."""
    days = (span.free_from - span.busy_from).days
    if rows_of_days(request.lines, days) > MOST_OF_A_LIST:
        types, named = len(request.lines), sum(len(each.pins) for each in request.lines)
        raise BadInput(
            "too_large",
            f"{plural(types, 'kit type')} and {plural(named, 'named kit')} for "
            f"{plural(days, 'day')} are too many for one booking: days times types and named kits "
            f"can be {MOST_OF_A_LIST:,}.",
            "Name fewer kits, book fewer days, or make several bookings.",
            days=days,
            types=types,
            named=named,
            limit=MOST_OF_A_LIST,
        )


def kits_with(
    connection: Connection,
    college: str,
    who: str,
    span: tuple[date, date],
    today: date,
    leave: str = "",
) -> int:
    """How many kits a borrower has, and has booked, over some days; `leave` is a booking's id.

    What is overdue today is out on any day.
    """
    first, until = (each.isoformat() for each in span)
    booked: int = sum(
        row.many
        for row in _OF_BORROWER(connection, c=college, o=who)
        if row.booking != leave
        and row.lapses_after >= today.isoformat()
        and row.busy_from < until
        and first < row.free_from
    )
    out: int = sum(
        row.quantity - row.returned
        for row in _OUT_WITH(connection, c=college, o=who)
        if row.due_key >= first or row.due_key < today.isoformat()
    )
    return booked + out


def _limit(
    connection: Connection,
    college: str,
    rules: Rules,
    request: Request,
    who: str,
    span: Span,
    also: Sequence[tuple[str, Wanted]],
    before: Before | None,
) -> tuple[str, str, str, dict[str, Any]] | None:
    """The limit that a request exceeds, as `_day_rule`; arguments as for `_judge`."""
    longest = rules.longest(each.kit_type for each in request.lines)
    length = (request.return_by - request.collect_on).days
    was = (before.request.return_by - before.request.collect_on).days if before else 0
    if longest and length > max(longest, was):
        return (
            "limit",
            f"{plural(length, 'day')} from collection to return; at most {longest} may be booked.",
            "Book fewer days. The limit: kitloan policy max_days",
            {"policy": "max_days", "limit": longest, "asked": length},
        )
    most_bookings, most_out = (rules.policies.number(k) for k in ("max_bookings", "max_out"))
    if not (most_bookings or most_out):
        return None
    waiting = {
        row.booking
        for row in _OF_BORROWER(connection, c=college, o=who)
        if row.lapses_after >= rules.today.isoformat()
    }
    many = len(waiting | {one.key for _, one in also})
    new = before is None or before.organisation != who
    if new and most_bookings and many >= most_bookings:
        return (
            "limit",
            f"{plural(many, 'booking')} of this borrower {'is' if many == 1 else 'are'} waiting; "
            f"the limit is {most_bookings}.",
            "Cancel one first. The limit: kitloan policy max_bookings",
            {"policy": "max_bookings", "limit": most_bookings, "waiting": many},
        )
    first, until = span.busy_from, span.free_from
    asked = sum(each.quantity for each in (before.left(request) if before else request).lines)
    leave = before.key if before else ""
    having = kits_with(connection, college, who, (first, until), rules.today, leave)
    having += sum(
        one.count for _, one in also if one.overlaps(first.toordinal(), until.toordinal())
    )
    if most_out and having + asked > most_out:
        return (
            "limit",
            f"{asked} more would be {having + asked} kits at a time; the limit is {most_out}.",
            "Book fewer, or other days. The limit: kitloan policy max_out",
            {"policy": "max_out", "limit": most_out, "having": having, "asked": asked},
        )
    return None


def _not_free(
    connection: Connection,
    college: str,
    request: Request,
    wanted: LineOfBooking,
    stock: Stock,
    span: tuple[int, int],
    free: int,
) -> tuple[str, str, str, dict[str, Any]]:
    """Why a line cannot be promised: who has it, on which days, and what is left."""
    name = type_names(connection, college).get(wanted.kit_type, wanted.kit_type)
    first, until = span
    near = [each for each in stock.standing if each.overlaps(first, until)]
    if not near:
        near = connected(stock.standing, first, until)
    in_series = [each.key for each in near if each.key.startswith(_OF_THIS_SERIES)]
    bookings = [booked_as(connection, college, each) for each in near if each.key not in in_series]
    left = free_by_day(stock.supply.capacity, (*stock.supply.out, *stock.standing), first, until)
    days = [
        {"day": date.fromordinal(first + n).isoformat(), "free": max(0, each)}
        for n, each in enumerate(left)
    ]
    loans = [
        {
            "tag": each.tag,
            "to": name_of(connection, college, each.organisation),
            "due_on": each.due_on,
            "overdue": True,
        }
        for each in stock.overdue
    ]
    pinned = [tag for tag in wanted.pins if tag not in _free_pins(stock, wanted, span)]
    facts: dict[str, Any] = {
        "kit_type": wanted.kit_type,
        "type": name,
        "asked": wanted.quantity,
        "capacity": stock.supply.capacity,
        "free": free,
        "bookings": bookings,
        "days": days,
        "overdue": loans,
        "uncounted": list(stock.uncounted),
    }
    holding_it = [
        f"{each['to']} has {each['quantity']} from {_shown(each['collect_on'])}"
        f" to {_shown(each['return_by'])} (booking {each['id']})"
        for each in bookings
    ]
    holding_it += [
        f"{each['to']} has {grouped(str(each['tag']))}, due {_shown(each['due_on'])} and not back"
        for each in loans
    ]
    holding_it += [f"date {key[1:]} of this series has some" for key in in_series]
    if stock.uncounted:
        holding_it.append(f"{plural(len(stock.uncounted), 'kit')} back and not counted")
    when = f"{uk(request.collect_on)} to {uk(request.return_by)}"
    if pinned:
        facts["pins"] = pinned
        sentence = f"{name} {', '.join(grouped(tag) for tag in pinned)} is not free {when}"
    elif min(left, default=0) >= wanted.quantity:
        chosen = sorted({tag for each in near for tag in each.pins})
        facts["pins"] = chosen
        sentence = (
            f"{name}: {wanted.quantity} asked for {when}. Some are left every day, but no single "
            f"kit is free throughout, because of chosen kits "
            f"({', '.join(grouped(tag) for tag in chosen)})"
        )
    else:
        sentence = (
            f"{name}: {wanted.quantity} asked for {when}, {free} free of {stock.supply.capacity}"
        )
    because = f": {'; '.join(holding_it)}" if holding_it else ""
    hint = f"Book {free} or fewer, or other days: kitloan free --type '{name}'"
    if not free:
        hint = (
            f"Other days: kitloan free --type '{name}'; or wait for one: kitloan want --to SCHOOL "
            f"--type '{name}={wanted.quantity}' --from {request.collect_on.isoformat()} --until "
            f"{request.return_by.isoformat()}"
        )
    if stock.uncounted:
        hint = f"Count it first: kitloan count {stock.uncounted[0]}"
    return "not_free", f"{sentence}{because}.", hint, facts


def _texts(days: tuple[int, int]) -> tuple[str, str]:
    first, until = (date.fromordinal(each).isoformat() for each in days)
    return first, until


def _shown(day: object) -> str:
    return uk(date.fromisoformat(str(day)))


def _free_pins(stock: Stock, wanted: LineOfBooking, span: tuple[int, int]) -> set[str]:
    return {
        tag for tag in wanted.pins if free_over(stock.supply, stock.standing, *span, (tag,)) > 0
    }


def _judge(
    connection: Connection,
    college: str,
    rules: Rules,
    request: Request,
    who: str,
    span: Span,
    *,
    also: Sequence[tuple[str, Wanted]] = (),
    before: Before | None = None,
) -> tuple[str, str, str, dict[str, Any]] | None:
    """The rule for which a request is refused; None when it can be promised.

    Args:
        connection: a transaction.
        college: whose kits.
        rules: its calendar and policies.
        request: what is wanted.
        who: the borrower's id.
        span: the days of it.
        also: what is promised in the same request, by kit type.
        before: the booking that is changed: what it has already is not judged again.
    """
    broken = None
    new = before is None or before.organisation != who
    more = before is None or not before.had(request)
    if new or more:
        limits = rules.policies.of_blocks()
        day = request.collect_on
        broken = blocked_on(connection, college, who, day, limits, rules.today)
    broken = broken or _day_rule(rules, request, before)
    broken = broken or taken_too_long(span.busy_from, span.free_from)
    _must_fit(request, span)
    within = (
        before is not None
        and before.busy_from <= span.busy_from
        and span.free_from <= before.free_from
    )
    if not broken and (new or more or not within):
        broken = _limit(connection, college, rules, request, who, span, also, before)
    if broken:
        return broken
    if within and not more:
        return None
    days = (max(span.busy_from, rules.today).toordinal(), span.free_from.toordinal())
    for each in (before.left(request) if before else request).lines:
        also_of = sum(one.count for kit_type, one in also if kit_type == each.kit_type)
        if not each.pins and each.quantity + also_of <= room(
            connection, college, each.kit_type, *_texts(days)
        ):
            continue
        stock = stock_of(connection, college, each.kit_type, rules.today)
        stock = stock.without(before.key) if before else stock
        standing = (*stock.standing, *(one for kit_type, one in also if kit_type == each.kit_type))
        free = free_over(stock.supply, standing, *days, each.pins)
        if free < each.quantity:
            stock = replace(stock, standing=tuple(standing))
            return _not_free(connection, college, request, each, stock, days, free)
    return None


def _refuse(
    broken: tuple[str, str, str, dict[str, Any]], request: Request, who: str | None
) -> Refused:
    code, message, hint, facts = broken
    asked = [
        Asked(each.kit_type, each.quantity, request.collect_on, request.return_by, who)
        for each in request.lines
    ]
    lacking = facts.pop("kit_type", None)  # the others of the booking could have been given
    wanted = [one for one in asked if lacking in (None, one.kit_type)]
    return Unmet(code, message, hint, *wanted, **facts)


def _lines(
    connection: Connection,
    college: str,
    types: Sequence[tuple[str, int]],
    tags: Sequence[tuple[str, str, int]],
) -> tuple[LineOfBooking, ...]:
    """The lines that a person means by types with numbers, and by chosen kits.

    `tags` are tags with their kit types and how many things each is. A type that is not named gets
    a line of its chosen kits.
    """
    wanted: dict[str, int] = {}
    for name, quantity in types:
        key = kit_type_id(connection, college, name)
        wanted[key] = wanted.get(key, 0) + check_quantity(quantity)
    pins: defaultdict[str, list[str]] = defaultdict(list)
    for tag, kit_type, things in tags:
        if things > 1:
            raise BadInput(
                "bad_pin",
                f"{grouped(tag)} is a stock of {things}; it is booked by number.",
                "Name its type and how many: --type 'TYPE=N'",
                tag=tag,
            )
        if tag not in pins[kit_type]:
            pins[kit_type].append(tag)
    named = set(wanted)
    for kit_type, chosen in pins.items():
        if kit_type not in named:
            wanted[kit_type] = len(chosen)
        elif wanted[kit_type] < len(chosen):
            raise BadInput(
                "bad_quantity",
                f"{plural(len(chosen), 'kit')} of {kit_type} are named, and {wanted[kit_type]} "
                "booked.",
                "Book as many as are named, or name fewer.",
            )
    if not wanted:
        raise BadInput(
            "nothing_named", "Nothing to book was named.", "Name a type: --type 'TYPE=2'"
        )
    if len(wanted) > MOST_LINES:
        raise BadInput(
            "too_many", f"A booking has at most {MOST_LINES} kit types.", "Make several bookings."
        )
    return tuple(
        LineOfBooking(kit_type=key, quantity=wanted[key], pins=tuple(pins[key]))
        for key in sorted(wanted)
    )


def _chosen(writer: Writer, tags: Sequence[str]) -> list[tuple[str, str, int]]:
    found = []
    for text in tags:
        tag = meant(writer, text)
        row = _KIT(writer.connection, c=writer.college, t=tag).one()
        found.append((tag, str(row.kit_type), int(row.quantity)))
    return found


def _terms(
    request: Request, span: Span, key: str, who: Borrower, whom: str | None
) -> dict[str, Any]:
    return {
        "booking": key,
        "organisation": who.organisation,
        "contact": whom,
        "lines": request.lines,
        "collect_on": request.collect_on.isoformat(),
        "return_by": request.return_by.isoformat(),
        "busy_from": span.busy_from.isoformat(),
        "free_from": span.free_from.isoformat(),
        "lapses_after": span.lapses_after.isoformat(),
    }


def _dates(first: date, last: date, every: str | None, times: int) -> list[tuple[date, date]]:
    if every is None and times != 1:
        raise BadInput("usage", "How often does it repeat?", "Give --every week or fortnight.")
    if every is not None and every not in _STEPS:
        raise BadInput(
            "usage", f"A booking cannot repeat every {every[:40]!r}.", "Give week or fortnight."
        )
    if not 1 <= times <= MOST_TIMES:
        raise BadInput(
            "bad_quantity",
            f"A booking cannot repeat {times} times.",
            f"Give a number from 1 to {MOST_TIMES}.",
        )
    step = _STEPS[every] if every else 0
    return [(days_after(first, step * n), days_after(last, step * n)) for n in range(times)]


def _as_before(writer: Writer, requests: Sequence[Request], who: Borrower) -> Sequence[BookingMade]:
    """The bookings that an earlier try of this request made, when it asked for the same."""
    facts = writer.earlier_facts(BookingMade)
    asked = [
        (who.organisation, each.lines, each.collect_on.isoformat(), each.return_by.isoformat())
        for each in requests
    ]
    if asked != [(f.organisation, f.lines, f.collect_on, f.return_by) for f in facts]:
        raise id_reused(writer.request)
    return facts


def _made(writer: Writer, fact: BookingMade, who: Borrower) -> Booking:
    """A booking as it was made: of what was agreed, and not of the register again."""
    connection, college = writer.connection, writer.college
    whom = _CONTACT(connection, c=college, p=fact.contact).one_or_none() if fact.contact else None
    return Booking(
        fact.booking,
        who.name,
        date.fromisoformat(fact.collect_on),
        date.fromisoformat(fact.return_by),
        date.fromisoformat(fact.busy_from),
        date.fromisoformat(fact.free_from),
        "made",
        tuple(
            BookedLine(
                type_name(connection, college, each.kit_type),
                each.quantity,
                0,
                tuple(sorted(each.pins)),
            )
            for each in fact.lines
        ),
        date.fromisoformat(fact.lapses_after),
        series=fact.series,
        event=fact.event,
        contact=None if whom is None else ContactOfLoan(*whom),
        new_organisation=who.new,
    )


class Bookings:
    """A college's bookings: the verbs, and what is free."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def book(
        self,
        to: str,
        types: Sequence[tuple[str, int]] | Mapping[str, int],
        collect_on: date,
        return_by: date,
        *,
        tags: Sequence[str] = (),
        contact: str | None = None,
        purpose: str | None = None,
        event: str | None = None,
        every: str | None = None,
        times: int = 1,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> list[Booking]:
        """Promise kits to a borrower; of a series, all of its bookings or none.

        Args:
            to: the borrower; taken in when it is new.
            types: kit types, each with how many.
            collect_on: the day on which they are collected.
            return_by: the day by which they are back.
            tags: kits that are chosen: each is one of its type's number.
            contact: the person, kept apart from the ledger.
            purpose: what for, in free words, kept apart from the ledger.
            event: the id of an event that is planned.
            every: `week` or `fortnight`, for a series.
            times: how many bookings the series has.
            new_too: as for `Loans.check_out`.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_free`, `closed_day`, `too_soon`, `too_far`, `limit`, `blocked`;
                `nearly_known`; `event_over`. What was refused is noted as demand.
            BadInput: an unknown type or tag, a quantity that cannot be, `dates_reversed`,
                `in_the_past`, `bad_date`, `bad_pin`, `bad_event`.
        """
        wanted = list(types.items()) if isinstance(types, Mapping) else list(types)
        check_dates(Request((), collect_on, return_by), date.min)
        dates = _dates(collect_on, return_by, every, times)
        with self._session.writing(request_id) as writer:
            connection, college = writer.connection, writer.college
            today = day_of(writer.at)
            lines = _lines(connection, college, wanted, _chosen(writer, tags))
            requests = [Request(lines, first, last) for first, last in dates]
            if not writer.earlier:
                for each in requests:
                    check_dates(each, today)
            who = borrower(writer, to, new_too=new_too)
            if writer.earlier:
                return [_made(writer, fact, who) for fact in _as_before(writer, requests, who)]
            must_be_open(writer, who, today)
            kept = None if event is None else event_to_book(writer, event)
            rules = rules_now(writer)
            spans = _must_be_free(connection, college, rules, requests, who.organisation)
            whom = person(writer, contact, who.organisation) if contact else None
            facts = []
            series = f"S{writer.next_seq}" if len(requests) > 1 else None
            for each, span in zip(requests, spans, strict=True):
                terms = _terms(each, span, f"B{writer.next_seq}", who, whom)
                facts.append(BookingMade(**terms, series=series, event=kept))
                writer.append(facts[-1])
            if purpose:
                for fact in facts:
                    remark(writer, "", "for", purpose, loan=fact.booking, contact_id=whom)
            return [_made(writer, fact, who) for fact in facts]

    def change(
        self,
        booking: str,
        *,
        collect_on: date | None = None,
        return_by: date | None = None,
        types: Sequence[tuple[str, int]] = (),
        tags: Sequence[str] | None = None,
        to: str | None = None,
        contact: str | None = None,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> Booking:
        """Change a booking that waits for collection; what is None or empty stays.

        A change of days may leave out chosen kits (`tags=[]`). What is out on it stays out.

        Raises:
            Refused: as `book`; `booking_over`, `collected`.
            BadInput: as `book`; `unknown_booking`.
        """
        with self._session.writing(request_id) as writer:
            connection, college = writer.connection, writer.college
            key = booking_id(connection, college, booking)
            row = waiting_booking(writer, key)
            before = _before(connection, college, row)
            lines = before.request.lines
            if types or tags is not None:
                kits = (
                    _chosen(writer, tags)
                    if tags is not None
                    else [(tag, each.kit_type, 1) for each in lines for tag in each.pins]
                )
                names = type_names(connection, college)
                given = list(types) or [(names[e.kit_type], e.quantity) for e in lines]
                lines = _lines(connection, college, given, kits)
            request = Request(
                lines,
                collect_on or before.request.collect_on,
                return_by or before.request.return_by,
            )
            who = Borrower(row.organisation, "", new=False)
            whom = row.contact
            if to is not None:
                who = borrower(writer, to, new_too=new_too)
                if who.organisation != row.organisation:
                    must_be_open(writer, who, day_of(writer.at))
                whom = whom if who.organisation == row.organisation else None
            if contact:
                whom = person(writer, contact, who.organisation)
            if writer.earlier:
                (done, *_) = writer.earlier_facts(BookingChanged)
                _must_be_the_change(writer, done, request, collect_on, return_by, types or tags)
                return self._one(connection, key, who.new)
            for kit_type, many in before.out.items():
                now = sum(each.quantity for each in lines if each.kit_type == kit_type)
                if now < many:
                    name = type_names(connection, college).get(kit_type, kit_type)
                    raise Refused(
                        "collected",
                        f"{many} of {name} have gone out on booking {key}; it cannot be of {now}.",
                        f"Take them back first, or keep at least {many}.",
                        booking=key,
                        collected=many,
                    )
            rules = rules_now(writer)
            check_dates(request, rules.today, before)
            span = _span(rules, request, before)
            broken = _judge(
                connection, college, rules, request, who.organisation, span, before=before
            )
            if broken:
                raise _refuse(broken, before.left(request), who.organisation)
            terms = _terms(request, span, key, who, whom)
            writer.append(BookingChanged(**terms, series=row.series, event=row.event))
            return self._one(connection, key, who.new)

    def cancel(self, booking: str, *, request_id: str | None = None) -> Booking:
        """Cancel a booking; what is out on it stays out.

        Raises:
            Refused: `booking_over`, for one that is cancelled, lapsed or collected.
            BadInput: `unknown_booking`.
        """
        with self._session.writing(request_id) as writer:
            connection, college = writer.connection, writer.college
            key = booking_id(connection, college, booking)
            if writer.earlier:
                (done, *_) = writer.earlier_facts(BookingCancelled)
                if done.booking != key:
                    raise id_reused(writer.request)
                return self._one(connection, key)
            row = waiting_booking(writer, key)
            writer.append(BookingCancelled(booking=key, organisation=row.organisation))
            return self._one(connection, key)

    def get(self, booking: str) -> Booking:
        """One booking.

        Raises:
            BadInput: `unknown_booking`.
        """
        with self._session.reading() as connection:
            key = booking_id(connection, self._session.college, booking)
            return _read_one(connection, self._session.college, self._session.today, key)

    def purpose(self, booking: str) -> tuple[str, ...]:
        """What a booking is for, in the words that somebody gave."""
        with self._session.reading() as connection:
            key = booking_id(connection, self._session.college, booking)
            wanted = select(remark_table.c.words).where(
                remark_table.c.college == self._session.college,
                remark_table.c.tag == "",
                remark_table.c.loan == key,
            )
            return tuple(connection.execute(wanted).scalars())

    def free(
        self,
        first: date,
        last: date,
        type: str | None = None,  # noqa: A002
    ) -> list[Free]:
        """What a booking from `first` to `last` could have, of one type or of all.

        Raises:
            BadInput: `unknown_type`, `dates_reversed`, `in_the_past`, `too_long`, `bad_date`.
        """
        today = self._session.today
        check_dates(Request((), first, last), today)
        if (last - first).days > 800:
            raise BadInput(
                "too_long",
                f"From {uk(first)} to {uk(last)} is too long.",
                "Give a shorter time.",
            )
        with self._session.reading() as connection:
            college = self._session.college
            names = type_names(connection, college)
            wanted = [kit_type_id(connection, college, type)] if type else list(names)
            rules = rules_of(connection, college, today)
            asked = {key: _one_of(key, first, last) for key in wanted}
            spans = [span_of(rules, each) for each in asked.values()]
            within = (
                min([first, *(begin for begin, _ in spans)]),
                max([days_after(last, 1), *(until for _, until in spans)]),
            )
            stocks = stocks_of(connection, college, wanted, today, within)
            return [_free(stocks[key], rules, names[key], each) for key, each in asked.items()]

    def list(
        self,
        *,
        state: str | None = None,
        first: date | None = None,
        last: date | None = None,
        to: str | None = None,
        at_risk: bool = False,
        after: str | None = None,
        limit: int = PAGE,
    ) -> Page[Booking]:
        """Bookings by collection day; those that wait for collection when no state is given.

        Args:
            state: one of `STATES`, or `all`.
            first: only those that end on this day or later.
            last: only those that begin on this day or earlier.
            to: only those of this borrower.
            at_risk: only those that cannot be kept as things are.
            after: where the page before ended.
            limit: the most on a page.

        Raises:
            BadInput: `bad_state`, `bad_cursor`.
        """
        if state is not None and state not in (*STATES, "all"):
            raise BadInput(
                "bad_state",
                f"{state[:40]!r} is not a state of a booking.",
                f"Give one of {', '.join((*STATES, 'all'))}.",
                known=[*STATES, "all"],
            )
        today = self._session.today
        college = self._session.college
        with self._session.reading() as connection:
            lost: set[str] = set()
            if at_risk:
                waiting = types_waiting(connection, college, today)
                lost = lost_of(connection, college, waiting, today)
            heads: list[_Head] = []
            if lost or not at_risk:
                heads = _heads(connection, college, today, state or "made", first, last)
            if at_risk:
                heads = [each for each in heads if each.booking in lost]
            if to is not None:
                heads = [each for each in heads if fold(to) in fold(each.to)]
            begin = 0
            if after is not None:
                if not after.isdecimal() or int(after) > len(heads):
                    raise BadInput(
                        "bad_cursor", "That page is not there.", "Begin again without it."
                    )
                begin = int(after)
            page = _read_several(connection, college, today, heads[begin : begin + limit])
        more = str(begin + limit) if begin + limit < len(heads) else None
        return Page(tuple(page), len(heads), more)

    def on_day(self, day: date) -> tuple[Booking, ...]:
        """The bookings that wait for collection and concern a day: handed out, or prepared, on it.

        By collection day. `Booking.is_kept_on` and `Booking.is_prepared_on` show which it is.
        """
        college, today = self._session.college, self._session.today
        with self._session.reading() as connection:
            rows = _HEADS_ON.tuples(
                connection,
                c=college,
                day=day.isoformat(),
                until=max(day, today).isoformat(),
            )
            heads = [_Head(row[0], row[1], row[-1]) for row in rows if row[4]]
            return tuple(_read_several(connection, college, today, heads))

    def _one(self, connection: Connection, key: str, new: bool = False) -> Booking:
        college, today = self._session.college, self._session.today
        found = _read_one(connection, college, today, key)
        return replace(found, new_organisation=new)


def _must_be_the_change(
    writer: Writer,
    done: BookingTerms,
    request: Request,
    collect_on: date | None,
    return_by: date | None,
    kits: object,
) -> None:
    same = (
        (collect_on is None or done.collect_on == collect_on.isoformat())
        and (return_by is None or done.return_by == return_by.isoformat())
        and (not kits or done.lines == request.lines)
    )
    if not same:
        raise id_reused(writer.request)


def _must_be_free(
    connection: Connection, college: str, rules: Rules, requests: Sequence[Request], who: str
) -> list[Span]:
    """Refuse a request, or a series of which one date cannot be promised; gives each one's days."""
    spans: list[Span] = []
    also: list[tuple[str, Wanted]] = []
    failed: list[tuple[int, Request, tuple[str, str, str, dict[str, Any]]]] = []
    for number, request in enumerate(requests, start=1):
        span = _span(rules, request)
        spans.append(span)
        broken = _judge(connection, college, rules, request, who, span, also=also)
        if broken:
            failed.append((number, request, broken))
            continue
        also += [
            (
                each.kit_type,
                Wanted(
                    f"{_OF_THIS_SERIES}{number}",
                    span.busy_from.toordinal(),
                    span.free_from.toordinal(),
                    each.quantity,
                    each.pins,
                ),
            )
            for each in request.lines
        ]
    if not failed:
        return spans
    (number, request, broken) = failed[0]
    if len(requests) == 1:
        raise _refuse(broken, request, who)
    code, message, hint, facts = broken
    listed = [
        {
            "number": n,
            "collect_on": each.collect_on.isoformat(),
            "return_by": each.return_by.isoformat(),
            "code": why[0],
            **{name: fact for name, fact in why[3].items() if name != "kit_type"},
        }
        for n, each, why in failed
    ]
    facts = {name: fact for name, fact in facts.items() if name != "kit_type"}
    named = ", ".join(f"{n} ({uk(each.collect_on)})" for n, each, _ in failed)
    message = (
        f"Of {len(requests)} dates, {len(failed)} cannot be booked: {named}. Nothing was booked. "
        f"Date {number}: {message}"
    )
    asked = [
        Asked(each.kit_type, each.quantity, one.collect_on, one.return_by, who)
        for _, one, why in failed
        for each in one.lines
        if why[3].get("kit_type") in (None, each.kit_type)  # others could have been given
    ]
    raise Unmet(code, message, hint, *asked, **{**facts, "failed": listed})


def free_of(
    connection: Connection,
    college: str,
    rules: Rules,
    key: str,
    name: str,
    first: date,
    last: date,
) -> Free:
    """What a booking from `first` to `last` could have of one kit type of a college.

    Args:
        connection: a transaction.
        college: whose kits.
        rules: its calendar and policies.
        key: the kit type's id.
        name: what the type is called.
        first: the collection day.
        last: the return day.
    """
    stock = stock_of(connection, college, key, rules.today)
    return _free(stock, rules, name, _one_of(key, first, last))


def _one_of(kit_type: str, first: date, last: date) -> Request:
    return Request((LineOfBooking(kit_type=kit_type, quantity=1),), first, last)


def _free(stock: Stock, rules: Rules, name: str, request: Request) -> Free:
    first, last = request.collect_on, request.return_by
    begin, free_day = span_of(rules, request)
    until = free_day.toordinal()
    broken = _day_rule(rules, request) or taken_too_long(begin, free_day)
    longest = rules.longest([each.kit_type for each in request.lines])
    why = broken[0] if broken else None
    if not why and longest and (last - first).days > longest:
        why = "limit"
    free = 0
    if not why:
        start = max(begin, rules.today).toordinal()
        free = free_over(stock.supply, stock.standing, start, until)
    left = free_by_day(
        stock.supply.capacity,
        (*stock.supply.out, *stock.standing),
        first.toordinal(),
        last.toordinal() + 1,
    )
    days = tuple(FreeDay(days_after(first, n), max(0, each)) for n, each in enumerate(left))
    return Free(name, stock.supply.capacity, free, days, why)


_ROWS = (
    select(
        booking,
        organisation.c.name,
        contact.c.name.label("person"),
        contact.c.email,
        contact.c.phone,
    )
    .join_from(
        booking,
        organisation,
        (organisation.c.college == booking.c.college)
        & (organisation.c.organisation == booking.c.organisation),
    )
    .outerjoin(
        contact,
        (contact.c.college == booking.c.college) & (contact.c.contact == booking.c.contact),
    )
    .where(booking.c.college == bindparam("c"))
)
_ONE = Query(_ROWS.where(booking.c.booking == bindparam("b")))
_on_days = (booking.c.collect_on >= bindparam("a"), booking.c.collect_on <= bindparam("z"))
_COLLECTED_ON = Query(_ROWS.where(*_on_days).order_by(booking.c.collect_on, booking.c.made_seq))
_of_booking = (line.c.college == booking.c.college) & (line.c.booking == booking.c.booking)
_HEADS = (
    select(
        booking.c.booking,
        booking.c.collect_on,
        booking.c.state,
        booking.c.lapses_after,
        exists().where(_of_booking, line.c.collected < line.c.quantity),
        organisation.c.name,
    )
    .join_from(
        booking,
        organisation,
        (organisation.c.college == booking.c.college)
        & (organisation.c.organisation == booking.c.organisation),
    )
    .where(booking.c.college == bindparam("c"))
    .order_by(booking.c.collect_on, booking.c.made_seq)
)
_HEADS_WITHIN = _HEADS.where(
    booking.c.return_by >= bindparam("first"), booking.c.collect_on <= bindparam("last")
)
_ALL_HEADS = Query(_HEADS_WITHIN)
_HEADS_WAITING = Query(
    _HEADS_WITHIN.where(booking.c.state == "made", booking.c.lapses_after >= bindparam("today"))
)
_HEADS_ON = Query(
    _HEADS.where(
        booking.c.state == "made",
        booking.c.lapses_after >= bindparam("until"),
        booking.c.busy_from <= bindparam("day"),
    )
)
_TYPES_WAITING = Query(
    select(line.c.kit_type)
    .where(*WAITING, booking.c.college == bindparam("c"), booking.c.lapses_after >= bindparam("d"))
    .distinct()
    .order_by(line.c.kit_type)
)
_LINES = (
    select(
        line.c.booking,
        line.c.kit_type,
        line.c.quantity,
        line.c.collected,
        kit_type.c.name,
    )
    .join_from(
        line,
        kit_type,
        (kit_type.c.college == line.c.college) & (kit_type.c.kit_type == line.c.kit_type),
    )
    .where(line.c.college == bindparam("c"))
    .order_by(line.c.booking, line.c.kit_type)
)
_PINS = (
    select(pin.c.booking, pin.c.kit_type, pin.c.kit)
    .where(pin.c.college == bindparam("c"))
    .order_by(pin.c.kit)
)
_LINES_COLLECTED_ON = Query(
    _LINES.join(
        booking, (booking.c.college == line.c.college) & (booking.c.booking == line.c.booking)
    ).where(*_on_days)
)
_PINS_COLLECTED_ON = Query(
    _PINS.join(
        booking, (booking.c.college == pin.c.college) & (booking.c.booking == pin.c.booking)
    ).where(*_on_days)
)
_LINES_OF = Query(_LINES.where(line.c.booking == bindparam("b")))
_PINS_OF = Query(_PINS.where(pin.c.booking == bindparam("b")))
_BOOKING_KINDS = ("booking.made", "booking.changed")
_AGREED_LATER = Query(
    select(entry.c.body).where(
        entry.c.college == bindparam("c"),
        tuple_(entry.c.epoch, entry.c.seq) > tuple_(bindparam("e"), bindparam("s")),
        or_(
            *[
                entry.c.kind == kind
                for kind in (
                    *_BOOKING_KINDS,
                    "loan.checked_out",
                    "loan.found",
                    "loan.renewed",
                    "loan.corrected",
                )
            ]
        ),
    )
)
_CONTACT = Query(
    select(contact.c.name, contact.c.email, contact.c.phone).where(
        contact.c.college == bindparam("c"), contact.c.contact == bindparam("p")
    )
)
_CONTACT_OF_LOAN = Query(
    select(contact.c.name, contact.c.email, contact.c.phone)
    .join_from(
        loan,
        contact,
        (contact.c.college == loan.c.college) & (contact.c.contact == loan.c.contact),
    )
    .where(loan.c.college == bindparam("c"), loan.c.loan == bindparam("l"))
)


def _before(connection: Connection, college: str, row: Any) -> Before:
    """A booking of which the row is given, as it was agreed."""
    pins: defaultdict[str, list[str]] = defaultdict(list)
    for each in _PINS_OF(connection, c=college, b=row.booking):
        pins[each.kit_type].append(each.kit)
    lines = lines_of_booking(connection, college, row.booking)
    return Before(
        row.booking,
        row.organisation,
        Request(
            tuple(
                LineOfBooking(kit_type=kit_type, quantity=many, pins=tuple(pins[kit_type]))
                for kit_type, many, _ in lines
            ),
            date.fromisoformat(row.collect_on),
            date.fromisoformat(row.return_by),
        ),
        date.fromisoformat(row.busy_from),
        date.fromisoformat(row.free_from),
        date.fromisoformat(row.lapses_after),
        {kit_type: out for kit_type, _, out in lines},
        frozenset(gone_out(connection, college, row.booking)),
    )


@dataclass(frozen=True, slots=True)
class _Head:
    """Of a booking what decides whether it is on a list."""

    booking: str
    collect_on: str
    to: str


def _heads(
    connection: Connection,
    college: str,
    today: date,
    state: str,
    first: date | None,
    last: date | None,
) -> list[_Head]:
    """The bookings in a state, or in any (`all`), that overlap some days; by collection day."""
    where = {
        "c": college,
        "first": "" if first is None else first.isoformat(),
        "last": _LAST_DAY if last is None else last.isoformat(),
    }
    rows = (
        _HEADS_WAITING.tuples(connection, **where, today=today.isoformat())
        if state == "made"
        else _ALL_HEADS.tuples(connection, **where)
    )
    return [
        _Head(key, collect_on, to)
        for key, collect_on, stored, lapses_after, waits, to in rows
        if state in ("all", _state(stored, lapses_after, not waits, today))
    ]


def types_waiting(connection: Connection, college: str, today: date) -> list[str]:
    """The kit types of the bookings that wait for collection."""
    rows = _TYPES_WAITING.tuples(connection, c=college, d=today.isoformat())
    return [kit_type for (kit_type,) in rows]


def _read_one(connection: Connection, college: str, today: date, key: str) -> Booking:
    """A booking as it is on a day."""
    where = {"c": college, "b": key}
    rows = _ONE(connection, **where).all()
    lines, pins = _LINES_OF.tuples(connection, **where), _PINS_OF.tuples(connection, **where)
    (found,) = _as_bookings(connection, college, today, rows, lines, pins)
    return found


def _read_several(
    connection: Connection, college: str, today: date, heads: Sequence[_Head]
) -> list[Booking]:
    """Bookings as they are on a day: of the college only those of their collection days are read.

    `heads` are in the order of these days.
    """
    if not heads:
        return []
    where = {"c": college, "a": heads[0].collect_on, "z": heads[-1].collect_on}
    wanted = {each.booking for each in heads}
    rows = [row for row in _COLLECTED_ON(connection, **where) if row.booking in wanted]
    lines = _LINES_COLLECTED_ON.tuples(connection, **where)
    pins = _PINS_COLLECTED_ON.tuples(connection, **where)
    return _as_bookings(connection, college, today, rows, lines, pins)


def _as_bookings(
    connection: Connection,
    college: str,
    today: date,
    rows: Sequence[Any],
    lines: Iterable[tuple[Any, ...]],
    pins: Iterable[tuple[Any, ...]],
) -> list[Booking]:
    """Bookings of their rows, and of rows of `_LINES` and `_PINS` that have theirs among them."""
    chosen: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for key, kit_type, kit in pins:
        chosen[key, kit_type].append(kit)
    of: defaultdict[str, list[tuple[str, BookedLine]]] = defaultdict(list)
    for key, kit_type, quantity, collected, name in lines:
        kits = tuple(chosen[key, kit_type])
        of[key].append((kit_type, BookedLine(name, quantity, collected, kits)))
    states = {}
    types: dict[str, str] = {}
    for row in rows:
        booked = of[row.booking]
        whole = all(each.collected == each.quantity for _, each in booked)
        state = states[row.booking] = _state(row.state, row.lapses_after, whole, today)
        if state == "made":
            types |= {kit_type: each.type for kit_type, each in booked}
    lost = _lost_because(connection, college, types, today)
    return [
        Booking(
            row.booking,
            row.name,
            date.fromisoformat(row.collect_on),
            date.fromisoformat(row.return_by),
            date.fromisoformat(row.busy_from),
            date.fromisoformat(row.free_from),
            states[row.booking],
            tuple(each for _, each in of[row.booking]),
            date.fromisoformat(row.lapses_after),
            row.booking in lost,
            row.series,
            row.event,
            row.changes,
            None if row.person is None else ContactOfLoan(row.person, row.email, row.phone),
            tuple(lost.get(row.booking, ())),
        )
        for row in rows
    ]


def _lost_because(
    connection: Connection, college: str, types: Mapping[str, str], today: date
) -> dict[str, list[Cause]]:
    """The bookings of some types, by id with their names, that cannot be kept, and why."""
    lost: dict[str, list[Cause]] = {}
    for kit_type, stock in stocks_of(connection, college, sorted(types), today).items():
        gone = at_risk(stock.supply, stock.standing)
        causes = _causes(connection, college, types[kit_type], stock) if gone else []
        for one in gone:
            lost.setdefault(one, []).extend(causes)
    return lost


def _state(stored: str, lapses_after: str, whole: bool, today: date) -> State:
    """The state of a booking on a day, of its row and of whether it was collected whole."""
    # Older versions noted a booking as lapsed that was collected whole.
    if whole and stored in ("made", "lapsed"):
        return "collected"
    if stored == "made" and lapses_after < today.isoformat():
        return "lapsed"
    state: State = stored  # type: ignore[assignment]  # the database takes no other
    return state


def _causes(connection: Connection, college: str, name: str, stock: Stock) -> list[Cause]:
    causes = []
    for each in stock.overdue:
        who = _CONTACT_OF_LOAN(connection, c=college, l=each.loan).one_or_none()
        causes.append(
            Cause(
                each.tag,
                name,
                name_of(connection, college, each.organisation),
                date.fromisoformat(each.due_on),
                None if who is None else ContactOfLoan(*who),
            )
        )
    return causes


def lost_of(
    connection: Connection, college: str, kit_types: Collection[str], today: date
) -> set[str]:
    """The bookings of some kit types that cannot be kept as things are."""
    lost: set[str] = set()
    for stock in stocks_of(connection, college, kit_types, today).values():
        lost |= at_risk(stock.supply, stock.standing)
    return lost


def lost_without_later(
    connection: Connection,
    college: str,
    kit_types: Collection[str],
    today: date,
    since: tuple[int, int],
) -> set[str]:
    """The bookings of some kit types that could not be kept either without what was agreed later.

    `since` is the epoch and number of an entry. Left out is each booking and each loan that was
    made or changed after it. What was lost or broken since stays so: that is nobody's promise.
    """
    epoch, seq = since
    later: set[str] = set()
    for (body,) in _AGREED_LATER.tuples(connection, c=college, e=epoch, s=seq):
        fact = json.loads(body)["fact"]
        later.add(fact["booking"] if fact["kind"] in _BOOKING_KINDS else fact["loan"])
    lost: set[str] = set()
    for kit_type in kit_types:
        stock = stock_of(connection, college, kit_type, today)
        out = tuple(each for each in stock.supply.out if each.loan not in later)
        standing = [each for each in stock.standing if each.key not in later]
        lost |= at_risk(replace(stock.supply, out=out), standing)
    return lost


def booking_id(connection: Connection, college: str, text: str) -> str:
    """The id of the booking that a person means: `B17`, `b17` or `17`.

    Raises:
        BadInput: `unknown_booking`.
    """
    wanted = clean(text, "The booking").upper()
    for key in (wanted, f"B{wanted}"):
        if booking_row(connection, college, key) is not None:
            return key
    raise BadInput(
        "unknown_booking",
        f"There is no booking {text!r}.",
        "See them: kitloan bookings",
        booking=text[:60],
    )


def waiting_booking(writer: Writer, key: str) -> Any:
    """The row of a booking that waits for collection.

    Raises:
        Refused: `booking_over`, for one that is cancelled, lapsed or collected whole.
    """
    row = booking_row(writer.connection, writer.college, key)
    lines = lines_of_booking(writer.connection, writer.college, key)
    whole = all(n == out for _, n, out in lines)
    over = row is None or row.state != "made" or whole
    if over and not writer.earlier:
        state = "collected" if row is None or (whole and row.state != "cancelled") else row.state
        raise Refused(
            "booking_over",
            f"Booking {key} is {state}.",
            "See it: kitloan booking show " + key,
            booking=key,
            state=state,
        )
    return row
