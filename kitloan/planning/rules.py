"""The rules by which kits are promised to a borrower, or refused with the reason.

A request is judged before it is sealed: its days, the limits, and whether what it asks for is free.
Of a booking that is changed only what differs is judged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select

from kitloan.borrowers.blocks import blocked_on
from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.base import MOST_OF_A_LIST
from kitloan.ledger.facts.planning import LONGEST_BOOKING, LineOfBooking, rows_of_days
from kitloan.ledger.facts.promises import DayCounts
from kitloan.ledger.notes import Demanded, Unmet
from kitloan.ledger.writer import Writer
from kitloan.planning.availability import Wanted, connected, free_by_day, free_over
from kitloan.planning.calendar import Calendar, calendar_now, calendar_of
from kitloan.planning.policies import Policies, policies_now, policies_of
from kitloan.planning.supply import Stock, booked_as, name_of, stock_of
from kitloan.queries.types import type_names
from kitloan.storage.statements import Query
from kitloan.tables import Loan, table
from kitloan.tables.planning import Booking as BookingRow
from kitloan.tables.planning import BookingLine
from kitloan.text.dates import check_year, day_of, days_after, uk
from kitloan.text.tags import grouped
from kitloan.values import plural

booking, line, loan = table(BookingRow), table(BookingLine), table(Loan)

_OF_THIS_SERIES = "+"
"""Begins the key of what the same request promises, before the number of its date."""


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
class BookingRequest:
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
    request: BookingRequest
    busy_from: date
    free_from: date
    lapses_after: date
    out: Mapping[str, int]
    gone: frozenset[str]

    def left(self, request: BookingRequest) -> BookingRequest:
        """Of what it is to be of, that which has not gone out."""
        lines = []
        for each in request.lines:
            waits = each.quantity - self.out.get(each.kit_type, 0)
            if waits > 0:
                pins = [tag for tag in each.pins if tag not in self.gone][:waits]
                lines.append(each.model_copy(update={"quantity": waits, "pins": tuple(pins)}))
        return replace(request, lines=tuple(lines))

    def had(self, request: BookingRequest) -> bool:
        """Whether it was of so many of each type already, with the same kits chosen."""
        before = {each.kit_type: each for each in self.request.lines}
        return all(
            each.kit_type in before
            and each.quantity <= before[each.kit_type].quantity
            and {*each.pins} <= {*before[each.kit_type].pins}
            for each in request.lines
        )


@dataclass(frozen=True, slots=True)
class BookedSpan:
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


def span_of(rules: Rules, request: BookingRequest, types: Sequence[str] = ()) -> tuple[date, date]:
    """The first day on which a booking takes its kits, and the first on which they are free."""
    types = types or [each.kit_type for each in request.lines]
    first = rules.calendar.add_staff_days(request.collect_on, -rules.number("prep", types))
    free = rules.calendar.add_staff_days(request.return_by, rules.number("turnaround", types))
    return first, max(free, days_after(request.collect_on, 1))


def days_of(rules: Rules, request: BookingRequest, before: Before | None = None) -> BookedSpan:
    """The days of a booking; those of one that is changed stay where nothing of theirs differs."""
    types = [each.kit_type for each in request.lines]
    first, free = span_of(rules, request)
    lapses = rules.calendar.add_open_days(request.collect_on, rules.number("grace", types))
    if before is not None and {*types} == {each.kit_type for each in before.request.lines}:
        if request.collect_on == before.request.collect_on:
            first, lapses = before.busy_from, before.lapses_after
        if request.return_by == before.request.return_by:
            free = max(before.free_from, days_after(request.collect_on, 1))
    return BookedSpan(first, free, lapses)


def _new_days(request: BookingRequest, before: Before | None) -> list[tuple[date, str]]:
    """The days that are asked for, each with what happens then; of a change those that differ."""
    days = [(request.collect_on, "collected"), (request.return_by, "returned")]
    if before is None:
        return days
    was = (before.request.collect_on, before.request.return_by)
    return [each for each, old in zip(days, was, strict=True) if each[0] != old]


def check_dates(request: BookingRequest, today: date, before: Before | None = None) -> None:
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


def day_rule(
    rules: Rules, request: BookingRequest, before: Before | None = None
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
    """The refusal of a booking that takes its kits for more days than one may, as `day_rule`."""
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


def _must_fit(request: BookingRequest, span: BookedSpan) -> None:
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
    request: BookingRequest,
    who: str,
    span: BookedSpan,
    also: Sequence[tuple[str, Wanted]],
    before: Before | None,
) -> tuple[str, str, str, dict[str, Any]] | None:
    """The limit that a request exceeds, as `day_rule`; arguments as for `judge`."""
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
    request: BookingRequest,
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


def judge(
    connection: Connection,
    college: str,
    rules: Rules,
    request: BookingRequest,
    who: str,
    span: BookedSpan,
    *,
    also: Sequence[tuple[str, Wanted]] = (),
    before: Before | None = None,
    counts: dict[str, DayCounts] | None = None,
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
        counts: where what is counted of each kit type is kept, for `counted`.
    """
    broken = None
    new = before is None or before.organisation != who
    more = before is None or not before.had(request)
    if new or more:
        limits = rules.policies.of_blocks()
        day = request.collect_on
        broken = blocked_on(connection, college, who, day, limits, rules.today)
    broken = broken or day_rule(rules, request, before)
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
        now = DayCounts(connection, college, each.kit_type, *_texts(days))
        if counts is not None:
            counts[each.kit_type] = now
        if not each.pins and each.quantity + also_of <= now.room:
            continue
        stock = stock_of(connection, college, each.kit_type, rules.today)
        stock = stock.without(before.key) if before else stock
        standing = (*stock.standing, *(one for kit_type, one in also if kit_type == each.kit_type))
        free = free_over(stock.supply, standing, *days, each.pins)
        if free < each.quantity:
            stock = replace(stock, standing=tuple(standing))
            return _not_free(connection, college, request, each, stock, days, free)
    return None


def refusal_of(
    broken: tuple[str, str, str, dict[str, Any]], request: BookingRequest, who: str | None
) -> Refused:
    code, message, hint, facts = broken
    asked = [
        Demanded(each.kit_type, each.quantity, request.collect_on, request.return_by, who)
        for each in request.lines
    ]
    lacking = facts.pop("kit_type", None)  # the others of the booking could have been given
    wanted = [one for one in asked if lacking in (None, one.kit_type)]
    return Unmet(code, message, hint, *wanted, **facts)


def must_be_free(
    connection: Connection, college: str, rules: Rules, requests: Sequence[BookingRequest], who: str
) -> tuple[list[BookedSpan], Mapping[str, DayCounts]]:
    """Refuse a request, or a series of which one date cannot be promised.

    Gives each one's days; and of a single one what was counted, for `counted`: in a series the
    first changes what there is for the next.
    """
    counts: dict[str, DayCounts] = {}
    spans: list[BookedSpan] = []
    also: list[tuple[str, Wanted]] = []
    failed: list[tuple[int, BookingRequest, tuple[str, str, str, dict[str, Any]]]] = []
    for number, request in enumerate(requests, start=1):
        span = days_of(rules, request)
        spans.append(span)
        broken = judge(connection, college, rules, request, who, span, also=also, counts=counts)
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
        return spans, counts if len(requests) == 1 else {}
    (number, request, broken) = failed[0]
    if len(requests) == 1:
        raise refusal_of(broken, request, who)
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
        Demanded(each.kit_type, each.quantity, one.collect_on, one.return_by, who)
        for _, one, why in failed
        for each in one.lines
        if why[3].get("kit_type") in (None, each.kit_type)  # others could have been given
    ]
    raise Unmet(code, message, hint, *asked, **{**facts, "failed": listed})
