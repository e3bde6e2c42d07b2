"""What is promised: the counts of each type and day, kept in step with bookings, loans and kits.

A day of a type has a row from the first booking that needs it. Such a row follows from the register
alone: how many kits can be used, how many are out or promised then. A booking adds to what is
promised and nothing else, so that the database refuses one too many. Everything else is a fact: the
rows are counted again, and what is too many is excused.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, exists, func, insert, select, update

from kitloan.storage.statements import AnyRow, Change, Query
from kitloan.tables import Holding, Loan, table
from kitloan.tables.planning import Booking, BookingLine, BookingPin, KitDay, TypeDay
from kitloan.text.dates import FOREVER, day_of

booking, line, pin = table(Booking), table(BookingLine), table(BookingPin)
kit_day, type_day = table(KitDay), table(TypeDay)
holding, loan = table(Holding), table(Loan)

USABLE = (
    holding.c.state == "held",
    holding.c.uncounted.is_(False),
    holding.c.critical_short == 0,
    holding.c.out_of_use.is_(None),
)
"""The conditions under which a holding can be promised, wherever it is now."""

usable_kits = Query(
    select(holding.c.tag, holding.c.quantity, holding.c.out_quantity).where(
        holding.c.college == bindparam("c"), holding.c.kit_type == bindparam("k"), *USABLE
    )
)
_loans_of_kit = Query(
    select(
        loan.c.loan,
        loan.c.tag,
        (loan.c.quantity - loan.c.returned).label("many"),
        loan.c.out_at,
        loan.c.due_on,
        loan.c.free_from,
        loan.c.organisation,
    ).where(
        loan.c.college == bindparam("c"),
        loan.c.tag == bindparam("t"),
        loan.c.closed_at.is_(None),
    )
)
lines_waiting = Query(
    select(
        booking.c.booking,
        booking.c.busy_from,
        booking.c.free_from,
        (line.c.quantity - line.c.collected).label("many"),
        booking.c.lapses_after,
        booking.c.made_seq,
        booking.c.event,
    )
    .join_from(
        line,
        booking,
        (booking.c.college == line.c.college) & (booking.c.booking == line.c.booking),
    )
    .where(
        line.c.college == bindparam("c"),
        line.c.kit_type == bindparam("k"),
        booking.c.state == "made",
        line.c.quantity > line.c.collected,
    )
)
pins_waiting = Query(
    select(pin.c.booking, pin.c.kit)
    .join_from(
        pin, booking, (booking.c.college == pin.c.college) & (booking.c.booking == pin.c.booking)
    )
    .where(
        pin.c.college == bindparam("c"),
        pin.c.kit_type == bindparam("k"),
        booking.c.state == "made",
        exists().where(
            kit_day.c.college == pin.c.college,
            kit_day.c.booking == pin.c.booking,
            kit_day.c.kit == pin.c.kit,
        ),
    )
    .order_by(pin.c.booking, pin.c.kit)
)
_days_of_type = Query(
    select(type_day.c.day, type_day.c.capacity, type_day.c.committed, type_day.c.excused)
    .where(type_day.c.college == bindparam("c"), type_day.c.kit_type == bindparam("k"))
    .order_by(type_day.c.day)
)
_insert_day = Change(insert(type_day))
_set_day = Change(
    update(type_day)
    .where(
        type_day.c.college == bindparam("c"),
        type_day.c.kit_type == bindparam("k"),
        type_day.c.day == bindparam("d"),
    )
    .values(
        capacity=bindparam("new_capacity"),
        committed=bindparam("new_committed"),
        excused=bindparam("new_excused"),
    )
)
_within = (
    type_day.c.college == bindparam("c"),
    type_day.c.day >= bindparam("a"),
    type_day.c.day < bindparam("b"),
)
_days_within = Query(select(type_day.c.day).where(*_within, type_day.c.kit_type == bindparam("k")))
_promise = Change(
    update(type_day)
    .where(*_within, type_day.c.kit_type == bindparam("k"))
    .values(committed=type_day.c.committed + bindparam("n"))
)
_more = type_day.c.committed + bindparam("n")
_lend = Change(
    update(type_day)
    .where(
        *_within,
        type_day.c.kit_type
        == select(holding.c.kit_type)
        .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"), *USABLE)
        .scalar_subquery(),
    )
    .values(
        committed=_more,
        excused=case((_more > type_day.c.capacity, _more - type_day.c.capacity), else_=0),
    )
)
_type_with_days = Query(
    select(holding.c.kit_type).where(
        holding.c.college == bindparam("c"),
        holding.c.tag == bindparam("t"),
        exists().where(
            type_day.c.college == holding.c.college, type_day.c.kit_type == holding.c.kit_type
        ),
    )
)
_bookings_of_tag = Query(
    select(loan.c.booking)
    .where(
        loan.c.college == bindparam("c"), loan.c.tag == bindparam("t"), loan.c.booking.is_not(None)
    )
    .distinct()
)
_went_out = Query(
    select(loan.c.tag, holding.c.kit_type, func.sum(loan.c.quantity).label("many"))
    .join_from(loan, holding, (holding.c.college == loan.c.college) & (holding.c.tag == loan.c.tag))
    .where(loan.c.college == bindparam("c"), loan.c.booking == bindparam("b"))
    .group_by(loan.c.tag, holding.c.kit_type)
)
_lines_of = Query(
    select(line.c.kit_type, line.c.quantity, line.c.collected)
    .where(line.c.college == bindparam("c"), line.c.booking == bindparam("b"))
    .order_by(line.c.kit_type)
)
_pins_of = Query(
    select(pin.c.kit, pin.c.kit_type)
    .where(pin.c.college == bindparam("c"), pin.c.booking == bindparam("b"))
    .order_by(pin.c.kit)
)
_booking = Query(
    select(booking).where(booking.c.college == bindparam("c"), booking.c.booking == bindparam("b"))
)
_set_collected = Change(
    update(line)
    .where(
        line.c.college == bindparam("c"),
        line.c.booking == bindparam("b"),
        line.c.kit_type == bindparam("k"),
    )
    .values(collected=bindparam("now_collected"))
)
_insert_kit_day = Change(insert(kit_day))
_forget_kit_days = Change(
    delete(kit_day).where(kit_day.c.college == bindparam("c"), kit_day.c.booking == bindparam("b"))
)

_EXCUSING: ContextVar[bool] = ContextVar("excusing", default=False)


@contextmanager
def excusing() -> Iterator[None]:
    """Within the block a booking is a fact: what was undone and done again is not judged anew."""
    before = _EXCUSING.set(True)
    try:
        yield
    finally:
        _EXCUSING.reset(before)


def loans_out(connection: Connection, college: str, kits: Iterable[AnyRow]) -> Iterator[AnyRow]:
    """The open loans of the kits that `usable_kits` gave.

    One by one: asked for together, SQLite walks every loan of the college to find them.
    """
    for kit in kits:
        if kit.out_quantity:
            yield from _loans_of_kit(connection, c=college, t=kit.tag)


def ordinal(day: str) -> int:
    """A day of the register as a number."""
    return date.fromisoformat(day).toordinal()


def until_of_loan(due_on: str | None, free_from: str | None) -> int:
    """The day on which what is on loan can go out again, as a number."""
    if free_from is not None:
        return ordinal(free_from)
    return FOREVER if due_on is None else ordinal(due_on) + 1


def first_of_loan(out_at: str) -> int:
    """The day on which a loan began, as a number; 1 where nobody knows it."""
    return day_of(out_at).toordinal() if out_at else 1


def _day(number: int) -> str:
    return date.fromordinal(min(number, FOREVER - 1)).isoformat()


class _Counts:
    """How many of a type there are, and how many are out or promised on each day."""

    def __init__(self, connection: Connection, college: str, kit_type: str) -> None:
        where = {"c": college, "k": kit_type}
        kits = usable_kits(connection, **where).all()
        self.capacity = sum(kit.quantity for kit in kits)
        change: defaultdict[int, int] = defaultdict(int)
        for row in loans_out(connection, college, kits):
            change[first_of_loan(row.out_at)] += row.many
            change[until_of_loan(row.due_on, row.free_from)] -= row.many
        for row in lines_waiting(connection, **where):
            change[ordinal(row.busy_from)] += row.many
            change[ordinal(row.free_from)] -= row.many
        self._change = sorted(change.items())

    def committed(self, days: Iterable[int]) -> Iterator[int]:
        """How many are out or promised on each of some days, which are in order."""
        now = at = 0
        for day in days:
            while at < len(self._change) and self._change[at][0] <= day:
                now += self._change[at][1]
                at += 1
            yield now


def recount_type(connection: Connection, college: str, kit_type: str) -> None:
    """Count a type's days again; what is too many is excused."""
    rows = _days_of_type(connection, c=college, k=kit_type).all()
    if not rows:
        return
    counts = _Counts(connection, college, kit_type)
    days = [ordinal(row.day) for row in rows]
    changed = []
    for row, committed in zip(rows, counts.committed(days), strict=True):
        now = (counts.capacity, committed, max(0, committed - counts.capacity))
        if now != (row.capacity, row.committed, row.excused):
            changed.append(
                {
                    "c": college,
                    "k": kit_type,
                    "d": row.day,
                    "new_capacity": now[0],
                    "new_committed": now[1],
                    "new_excused": now[2],
                }
            )
    if changed:
        _set_day.many(connection, changed)


def _begin_days(
    connection: Connection, college: str, kit_type: str, first: int, until: int
) -> None:
    """Make the rows of these days that are not there yet."""
    within = {"c": college, "k": kit_type, "a": _day(first), "b": _day(until)}
    there = {row.day for row in _days_within(connection, **within)}
    if len(there) == until - first:
        return
    lacking = [day for day in range(first, until) if _day(day) not in there]
    counts = _Counts(connection, college, kit_type)
    _insert_day.many(
        connection,
        [
            {
                "college": college,
                "kit_type": kit_type,
                "day": _day(day),
                "capacity": counts.capacity,
                "committed": committed,
                "excused": max(0, committed - counts.capacity),
            }
            for day, committed in zip(lacking, counts.committed(lacking), strict=True)
        ],
    )


def begin_promise(
    connection: Connection, college: str, lines: Sequence[tuple[str, int]], first: str, until: str
) -> None:
    """Make the days that a booking needs, before its own rows are there."""
    for kit_type, _ in lines:
        _begin_days(connection, college, kit_type, ordinal(first), ordinal(until))


def promise(
    connection: Connection, college: str, lines: Sequence[tuple[str, int]], first: str, until: str
) -> None:
    """Add a booking to its days: the database refuses what would be too many."""
    for kit_type, count in lines:
        if _EXCUSING.get():
            recount_type(connection, college, kit_type)
        elif count:
            _promise(connection, c=college, k=kit_type, a=first, b=until, n=count)


def keep_pins(connection: Connection, college: str, key: str) -> None:
    """Set on which days a booking keeps the kits that it names: those that have not gone out.

    Where as many have gone out as it is of, others in place of those named, it keeps none.
    """
    _forget_kit_days(connection, c=college, b=key)
    row = _booking(connection, c=college, b=key).one_or_none()
    if row is None or row.state != "made":
        return
    gone = {each.tag for each in _went_out(connection, c=college, b=key)}
    left = {
        each.kit_type: each.quantity - each.collected
        for each in _lines_of(connection, c=college, b=key)
    }
    days = range(ordinal(row.busy_from), ordinal(row.free_from))
    for each in _pins_of(connection, c=college, b=key):
        if each.kit in gone or left.get(each.kit_type, 0) < 1:
            continue
        left[each.kit_type] -= 1
        _insert_kit_day.many(
            connection,
            [{"college": college, "kit": each.kit, "day": _day(d), "booking": key} for d in days],
        )


def recount_booking(connection: Connection, college: str, key: str) -> None:
    """Count again how many of a booking's kits have gone out."""
    out: defaultdict[str, int] = defaultdict(int)
    for row in _went_out(connection, c=college, b=key):
        out[row.kit_type] += int(row.many)
    for row in _lines_of(connection, c=college, b=key).all():
        now = min(row.quantity, out[row.kit_type])
        if now != row.collected:
            _set_collected(connection, c=college, b=key, k=row.kit_type, now_collected=now)
    keep_pins(connection, college, key)


def lines_of_booking(connection: Connection, college: str, key: str) -> list[tuple[str, int, int]]:
    """Of each line of a booking the kit type, how many, and how many have gone out."""
    rows = _lines_of(connection, c=college, b=key)
    return [(str(row.kit_type), row.quantity, row.collected) for row in rows]


def types_of_booking(connection: Connection, college: str, key: str) -> list[str]:
    """The kit types that a booking is of."""
    return [str(row.kit_type) for row in _lines_of(connection, c=college, b=key)]


_LENDING = ("loan.checked_out", "loan.found")
_OTHERS = frozenset(
    {
        *("loan.checked_in", "loan.renewed", "loan.corrected", "loan.stock_gone"),
        *("holding.accessioned", "holding.amended", "holding.missing", "holding.found"),
        *("holding.withdrawn", "holding.reinstated", "holding.out_of_use", "holding.in_use"),
        *("transfer.sent", "transfer.called_off", "transfer.received", "transfer.arrived"),
        *("contents.counted", "shortage.made_good", "stock.split", "inspection.done"),
    }
)
"""Kinds of entry that change how many of a type can be used, or until when one is out."""


class Affected:
    """The types and bookings that a change to a holding affects, before and after it."""

    def __init__(self, connection: Connection, college: str, tag: str) -> None:
        self._where = (connection, college, tag)
        self._types, self._bookings = self._now()

    def _now(self) -> tuple[set[str], set[str]]:
        connection, college, tag = self._where
        return (
            {str(row.kit_type) for row in _type_with_days(connection, c=college, t=tag)},
            {str(row.booking) for row in _bookings_of_tag(connection, c=college, t=tag)},
        )

    def recount(self) -> None:
        """Count again what was affected."""
        connection, college, _ = self._where
        types, bookings = self._now()
        for key in sorted(self._bookings | bookings):
            recount_booking(connection, college, key)
        for kit_type in sorted(self._types | types):
            recount_type(connection, college, kit_type)


def before_fact(connection: Connection, college: str, fact: Any) -> Affected | None:
    """What to count again after a fact; None where nothing but `after_fact` is needed."""
    if fact.kind == "holding.amended":
        return Affected(connection, college, fact.tag)
    return None


def after_fact(connection: Connection, college: str, entry: Any, affected: Affected | None) -> None:
    """Keep the counts in step with a fact that was applied."""
    fact = entry.fact
    if affected is not None:
        affected.recount()
    elif fact.kind in _LENDING:
        if fact.booking is not None:
            recount_booking(connection, college, fact.booking)
            _recount_tag(connection, college, fact.tag)
            return
        first = entry.at if fact.on is None else fact.on
        until = until_of_loan(fact.due_on, fact.free_from)
        began = "" if fact.kind == "loan.found" and fact.on is None else first
        _lend(
            connection,
            c=college,
            t=fact.tag,
            a=_day(first_of_loan(began)),
            b=_day(until) if until < FOREVER else "9999-12-31T",
            n=fact.quantity,
        )
    elif fact.kind in _OTHERS:
        _recount_tag(connection, college, fact.tag)
    elif fact.kind == "kit_type.defined":
        recount_type(connection, college, fact.kit_type)


def _recount_tag(connection: Connection, college: str, tag: str) -> None:
    for row in _type_with_days(connection, c=college, t=tag).all():
        recount_type(connection, college, str(row.kit_type))


def booking_row(connection: Connection, college: str, key: str) -> AnyRow | None:
    """A booking as the register has it; None without one."""
    found: AnyRow | None = _booking(connection, c=college, b=key).one_or_none()
    return found
