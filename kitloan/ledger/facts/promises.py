"""What is promised: the counts of each type and day, and of what bookings have gone out.

A day of a type has a row once a booking needs it. A promise counts its own days again, from the
register as it is: how many kits can be used, how many are out or promised. Then it adds itself and
nothing else, so that the database refuses one too many. What happens otherwise is a fact, never
refused and free of cost here: the next promise of those days counts it, and excuses what is too
many by then.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import lru_cache

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, text, update

from kitloan.storage.statements import AnyRow, Change, Query
from kitloan.tables import Holding, Loan, table
from kitloan.tables.planning import Booking, BookingLine
from kitloan.tables.promises import BookingPin, KitDay, TypeDay
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
WAITING = (
    (booking.c.college == line.c.college) & (booking.c.booking == line.c.booking),
    booking.c.state == "made",
    line.c.quantity > line.c.collected,
)
"""The conditions under which a line of a booking waits: it is joined to it, and not all is out."""
_of_kind = (line.c.college == bindparam("c"), line.c.kit_type == bindparam("k"))
lines_waiting = Query(
    select(
        booking.c.booking,
        booking.c.busy_from,
        booking.c.free_from,
        (line.c.quantity - line.c.collected).label("many"),
        booking.c.lapses_after,
        booking.c.made_seq,
        booking.c.event,
    ).where(*WAITING, *_of_kind)
)
_within_span = (booking.c.busy_from < bindparam("b"), booking.c.free_from > bindparam("a"))
_spans_waiting = Query(
    select(
        booking.c.busy_from,
        booking.c.free_from,
        line.c.quantity - line.c.collected,
    ).where(*WAITING, *_of_kind, *_within_span)
)
_usable_of_kind = (
    holding.c.college == bindparam("c"),
    holding.c.kit_type == bindparam("k"),
    *USABLE,
)
_is_chosen = exists().where(
    pin.c.college == bindparam("c"),
    pin.c.kit_type == bindparam("k"),
    booking.c.college == pin.c.college,
    booking.c.booking == pin.c.booking,
    booking.c.state == "made",
)
_room = Query(
    select(
        select(func.coalesce(func.sum(holding.c.quantity - holding.c.out_quantity), 0))
        .where(*_usable_of_kind)
        .scalar_subquery()
        - select(func.coalesce(func.sum(line.c.quantity - line.c.collected), 0))
        .where(*WAITING, *_of_kind, *_within_span)
        .scalar_subquery(),
        select(_is_chosen).scalar_subquery(),
    )
)
_capacity = Query(
    select(
        func.coalesce(func.sum(holding.c.quantity), 0),
        func.coalesce(func.sum(holding.c.out_quantity), 0),
        select(_is_chosen).scalar_subquery(),
    ).where(*_usable_of_kind)
)
_kits_out = Query(
    select(holding.c.tag, holding.c.quantity, holding.c.out_quantity).where(
        *_usable_of_kind, holding.c.out_quantity > 0
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
_write_day = Change(
    text(
        "INSERT INTO type_day (college, kit_type, day, capacity, committed, excused) "
        "VALUES (:college, :kit_type, :day, :capacity, :committed, :excused) "
        "ON CONFLICT (college, kit_type, day) DO UPDATE SET capacity = excluded.capacity, "
        "committed = excluded.committed, excused = excluded.excused"
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
    select(loan.c.tag, holding.c.kit_type, loan.c.quantity.label("many"))
    .join_from(loan, holding, (holding.c.college == loan.c.college) & (holding.c.tag == loan.c.tag))
    .where(loan.c.college == bindparam("c"), loan.c.booking == bindparam("b"))
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
forget_pins = Change(
    delete(kit_day).where(kit_day.c.college == bindparam("c"), kit_day.c.booking == bindparam("b"))
)
"""Keep no chosen kit for a booking any more."""

_EXCUSING: ContextVar[bool] = ContextVar("excusing", default=False)


@contextmanager
def excusing() -> Iterator[None]:
    """Within the block a booking is a fact: what was undone and done again is not checked again."""
    before = _EXCUSING.set(True)
    try:
        yield
    finally:
        _EXCUSING.reset(before)


_COUNTED: ContextVar[Mapping[str, "DayCounts"]] = ContextVar("counted", default={})  # noqa: B039  # never changed


@contextmanager
def counted(counts: Mapping[str, "DayCounts"]) -> Iterator[None]:
    """Within the block one booking is promised, for which these types were counted just now."""
    before = _COUNTED.set(counts)
    try:
        yield
    finally:
        _COUNTED.reset(before)


def loans_out(connection: Connection, college: str, kits: Iterable[AnyRow]) -> Iterator[AnyRow]:
    """The open loans of the kits that `usable_kits` gave.

    One by one: asked for together, SQLite walks every loan of the college to find them.
    """
    for kit in kits:
        if kit.out_quantity:
            yield from _loans_of_kit(connection, c=college, t=kit.tag)


@lru_cache(maxsize=4_096)
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


def room(connection: Connection, college: str, kit_type: str, first: str, until: str) -> int:
    """How many of a type are left over a span for certain; 0 where kits are chosen.

    What is out now is taken to stay out, and every booking that overlaps to take its kits on each
    day: there may be more, and there are not fewer. It is one look, and most promises need no more.
    """
    [(left, is_chosen)] = _room.tuples(connection, c=college, k=kit_type, a=first, b=until)
    return 0 if is_chosen else max(0, int(left))


class DayCounts:
    """How many of a type there are, and how many are out or promised on each day of a span.

    Attributes:
        span: the days, half open.
        capacity: how many there are.
        room: how many are left on each day for certain, as `room` has it.
    """

    def __init__(
        self, connection: Connection, college: str, kit_type: str, first: str, until: str
    ) -> None:
        """Count as the register is now."""
        self.span = (first, until)
        where = {"c": college, "k": kit_type}
        [(capacity, out, is_chosen)] = _capacity.tuples(connection, **where)
        self.capacity = int(capacity)
        change: defaultdict[int, int] = defaultdict(int)
        for row in loans_out(connection, college, _kits_out(connection, **where) if out else ()):
            change[first_of_loan(row.out_at)] += row.many
            change[until_of_loan(row.due_on, row.free_from)] -= row.many
        left = self.capacity - int(out)
        for busy_from, free_from, many in _spans_waiting.tuples(
            connection, **where, a=first, b=until
        ):
            change[ordinal(busy_from)] += many
            change[ordinal(free_from)] -= many
            left -= many
        self.room = 0 if is_chosen else max(0, left)
        self._change = sorted(change.items())

    def committed(self, days: Iterable[int]) -> Iterator[int]:
        """How many are out or promised on each of some days, which are in order."""
        now = at = 0
        for day in days:
            while at < len(self._change) and self._change[at][0] <= day:
                now += self._change[at][1]
                at += 1
            yield now


def promise(
    connection: Connection, college: str, lines: Iterable[tuple[str, int]], first: str, until: str
) -> None:
    """Count the days that a booking needs, before its own rows are there, and add it to them.

    What is too many on them already is excused. The database refuses one too many in addition.
    """
    days = range(ordinal(first), ordinal(until))
    texts = [_day(day) for day in days]
    for kit_type, count in lines:
        counts = _COUNTED.get().get(kit_type)
        if counts is None or counts.span != (first, until):
            counts = DayCounts(connection, college, kit_type, first, until)
        rows = []
        for day, before in zip(texts, counts.committed(days), strict=True):
            committed = before + count
            known = committed if _EXCUSING.get() else before
            rows.append(
                {
                    "college": college,
                    "kit_type": kit_type,
                    "day": day,
                    "capacity": counts.capacity,
                    "committed": committed,
                    "excused": max(0, known - counts.capacity),
                }
            )
        if rows:
            _write_day.many(connection, rows)


def gone_from(connection: Connection, college: str, key: str) -> tuple[dict[str, int], set[str]]:
    """How many of each kit type went out on a booking, and which holdings."""
    out: defaultdict[str, int] = defaultdict(int)
    gone = set()
    for tag, kit_type, many in _went_out.tuples(connection, c=college, b=key):
        out[kit_type] += int(many)
        gone.add(tag)
    return out, gone


def recount_booking(connection: Connection, college: str, key: str) -> None:
    """Count again how many of a booking's kits have gone out."""
    out, gone = gone_from(connection, college, key)
    left = {}
    for kit_type, quantity, collected in _lines_of.tuples(connection, c=college, b=key):
        now = min(quantity, out.get(kit_type, 0))
        left[kit_type] = quantity - now
        if now != collected:
            _set_collected(connection, c=college, b=key, k=kit_type, now_collected=now)
    keep_pins(connection, college, key, left, gone)


def keep_pins(
    connection: Connection, college: str, key: str, left: Mapping[str, int], gone: set[str]
) -> None:
    """Set on which days a booking keeps the kits that it names: those that have not gone out.

    Where as many have gone out as it is of, others in place of those named, it keeps none.

    Args:
        connection: a transaction.
        college: whose booking.
        key: its id.
        left: how many of each kit type wait.
        gone: the kits that went out on it.
    """
    pins = _pins_of.tuples(connection, c=college, b=key)
    if not pins:  # so it keeps none: a change forgets them with the pins
        return
    forget_pins(connection, c=college, b=key)
    row = _booking(connection, c=college, b=key).one_or_none()
    if row is None or row.state != "made":
        return
    # Before it was made nobody could keep anything for it.
    first = max(ordinal(row.busy_from), day_of(row.made_at).toordinal())
    days = range(first, ordinal(row.free_from))
    left = dict(left)
    for kit, kit_type in pins:
        if kit in gone or left.get(kit_type, 0) < 1:
            continue
        left[kit_type] -= 1
        if not days:
            continue
        _insert_kit_day.many(
            connection,
            [{"college": college, "kit": kit, "day": _day(d), "booking": key} for d in days],
        )


def gone_out(connection: Connection, college: str, key: str) -> set[str]:
    """The tags of the holdings that went out on a booking."""
    return {str(each.tag) for each in _went_out(connection, c=college, b=key)}


def lines_of_booking(connection: Connection, college: str, key: str) -> list[tuple[str, int, int]]:
    """Of each line of a booking the kit type, how many, and how many have gone out."""
    rows = _lines_of(connection, c=college, b=key)
    return [(str(row.kit_type), row.quantity, row.collected) for row in rows]


class Collected:
    """The bookings against which a holding went out, before its rows are rebuilt and after."""

    def __init__(self, connection: Connection, college: str, tag: str) -> None:
        self._where = (connection, college, tag)
        self._before = self._now()

    def _now(self) -> set[str]:
        connection, college, tag = self._where
        return {str(row.booking) for row in _bookings_of_tag(connection, c=college, t=tag)}

    def recount(self) -> None:
        """Count again how many have gone out on them."""
        connection, college, _ = self._where
        for key in sorted(self._before | self._now()):
            recount_booking(connection, college, key)


def asks_no_more(
    connection: Connection,
    college: str,
    key: str,
    lines: Sequence[tuple[str, int]],
    first: str,
    until: str,
) -> bool:
    """Whether a booking was of so much on these days already."""
    row = booking_row(connection, college, key)
    if row is None or first < row.busy_from or row.free_from < until:
        return False
    had = {each.kit_type: each.quantity for each in _lines_of(connection, c=college, b=key)}
    return all(many <= had.get(kit_type, 0) for kit_type, many in lines)


def booking_row(connection: Connection, college: str, key: str) -> AnyRow | None:
    """A booking as the register has it; None without one."""
    found: AnyRow | None = _booking(connection, c=college, b=key).one_or_none()
    return found
