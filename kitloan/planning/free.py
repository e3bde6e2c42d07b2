"""What is free of a kit type: how many a booking could have, and how many are left each day."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from kitloan.ledger.facts.planning import LineOfBooking
from kitloan.planning.availability import free_by_day, free_over
from kitloan.planning.rules import BookingRequest, Rules, day_rule, span_of, taken_too_long
from kitloan.planning.supply import Stock, stock_of
from kitloan.text.dates import days_after


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
    return free_for(stock, rules, name, one_of(key, first, last))


def one_of(kit_type: str, first: date, last: date) -> BookingRequest:
    return BookingRequest((LineOfBooking(kit_type=kit_type, quantity=1),), first, last)


def free_for(stock: Stock, rules: Rules, name: str, request: BookingRequest) -> Free:
    first, last = request.collect_on, request.return_by
    begin, free_day = span_of(rules, request)
    until = free_day.toordinal()
    broken = day_rule(rules, request) or taken_too_long(begin, free_day)
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
