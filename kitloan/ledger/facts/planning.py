"""Facts about bookings, what is wanted, and what was asked for in vain.

A booking's dates are computed when it is made, and stored: replaying needs no calendar of today.
"""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import Connection, bindparam, delete, insert, update

from kitloan.ledger.facts.base import (
    MOST_OF_A_LIST,
    Count,
    Day,
    FactBase,
    Frozen,
    Id,
    Later,
    Name,
    Recorded,
    Tag,
    applies,
)
from kitloan.ledger.facts.promises import (
    asks_no_more,
    excusing,
    forget_pins,
    gone_from,
    keep_pins,
    promise,
)
from kitloan.storage.statements import Change
from kitloan.tables import table
from kitloan.tables.planning import Booking, BookingLine
from kitloan.tables.promises import BookingPin, KitDay
from kitloan.tables.wants import Demand, Want
from kitloan.text.dates import day_of

booking, line, pin = table(Booking), table(BookingLine), table(BookingPin)
demand, kit_day, want = table(Demand), table(KitDay), table(Want)

MOST_LINES = 50
MOST_PINS = 200
LONGEST_BOOKING = 800
"""Days from the first on which its kits are taken to the last: each may become a row."""

_insert_booking = Change(insert(booking))
_insert_line = Change(insert(line))
_insert_pin = Change(insert(pin))
_of_booking = (booking.c.college == bindparam("c"), booking.c.booking == bindparam("k"))
_change = Change(
    update(booking)
    .where(*_of_booking, booking.c.state == "made")
    .values(
        organisation=bindparam("new_organisation"),
        contact=bindparam("new_contact"),
        collect_on=bindparam("new_collect_on"),
        return_by=bindparam("new_return_by"),
        busy_from=bindparam("new_busy_from"),
        free_from=bindparam("new_free_from"),
        lapses_after=bindparam("new_lapses_after"),
        series=bindparam("new_series"),
        event=bindparam("new_event"),
        changes=booking.c.changes + 1,
    )
)
_end = Change(
    update(booking)
    .where(*_of_booking, booking.c.state == "made")
    .values(state=bindparam("new_state"), changes=booking.c.changes + 1)
)
_forget_rows = tuple(
    Change(delete(each).where(each.c.college == bindparam("c"), each.c.booking == bindparam("k")))
    for each in (kit_day, pin, line, booking)  # children before parents
)
_insert_want = Change(insert(want))
_close_want = Change(
    update(want)
    .where(want.c.college == bindparam("c"), want.c.want == bindparam("k"), want.c.open.is_(True))
    .values(open=False)
)
FORGET_WANT = (
    Change(delete(want).where(want.c.college == bindparam("c"), want.c.want == bindparam("k"))),
)
"""Take away a want, before its entries are applied again."""
_insert_demand = Change(insert(demand))


FORGET_BOOKING = _forget_rows
"""Take away a booking, before its entries are applied again."""


class LineOfBooking(Frozen):
    """So many kits of a type; `pins` are those of them that are chosen."""

    kit_type: Id
    quantity: Count
    pins: Annotated[tuple[Tag, ...], Field(max_length=MOST_PINS)] = ()


def rows_of_days(lines: Iterable[LineOfBooking], days: int) -> int:
    """How many rows a booking of so many days makes: a day of each type, and of each chosen kit."""
    return days * sum(1 + len(each.pins) for each in lines)


class BookingTerms(FactBase):
    """A booking, whole."""

    booking: Id
    organisation: Id
    contact: Id | None
    lines: Annotated[tuple[LineOfBooking, ...], Field(min_length=1, max_length=MOST_LINES)]
    collect_on: Day
    return_by: Day
    busy_from: Day
    free_from: Day
    lapses_after: Day
    series: Id | None = None
    event: Id | None = None

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        first, last = map(date.fromisoformat, (self.busy_from, self.free_from))
        if not 0 <= (last - first).days <= LONGEST_BOOKING:
            raise ValueError("a booking of too many days")
        if rows_of_days(self.lines, (last - first).days) > MOST_OF_A_LIST:
            raise PydanticCustomError("too_long", "a booking of too many kits for so many days")
        if len({each.kit_type for each in self.lines}) < len(self.lines):
            raise ValueError("a kit type twice in a booking")
        return self


_COLUMNS = tuple(name for name in BookingTerms.model_fields if name not in ("kind", "lines"))
"""The terms that a booking's row has; its lines have rows of their own."""


class BookingMade(BookingTerms):
    """Kits were promised to a borrower."""

    kind: Literal["booking.made"] = "booking.made"
    desk_action: ClassVar[bool] = True


class BookingChanged(BookingTerms):
    """A booking is this from now on."""

    kind: Literal["booking.changed"] = "booking.changed"
    desk_action: ClassVar[bool] = True


@applies(BookingMade)
def made(connection: Connection, college: str, entry: Recorded, fact: BookingMade) -> None:
    """Add the booking, and promise its kits."""
    out = _promise(connection, college, entry, fact)
    _insert_booking(
        connection,
        college=college,
        state="made",
        changes=0,
        made_at=entry.at,
        made_by=entry.by,
        made_seq=entry.seq,
        **{name: getattr(fact, name) for name in _COLUMNS},
    )
    _insert_lines(connection, college, fact, *out)


@applies(BookingChanged)
def changed(connection: Connection, college: str, entry: Recorded, fact: BookingChanged) -> None:
    """Set the booking, and promise what it is of now and not out yet.

    What it had before and cannot be kept is no reason to refuse a change that asks for no more.
    """
    lines = [(each.kit_type, each.quantity) for each in fact.lines]
    no_more = asks_no_more(connection, college, fact.booking, lines, fact.busy_from, fact.free_from)
    for forget in _forget_rows[:-1]:
        forget(connection, c=college, k=fact.booking)
    with excusing() if no_more else nullcontext():
        out = _promise(connection, college, entry, fact)
    _change.one(
        connection,
        c=college,
        k=fact.booking,
        **{f"new_{name}": getattr(fact, name) for name in _COLUMNS if name != "booking"},
    )
    _insert_lines(connection, college, fact, *out)


def _promise(
    connection: Connection, college: str, entry: Recorded, fact: BookingTerms
) -> tuple[dict[str, int], set[str]]:
    """Promise what has not gone out of a booking; gives what has, as `gone_from`.

    Something has when a booking is changed, or when its entries are applied again.
    """
    out, gone = gone_from(connection, college, fact.booking)
    left = [(each.kit_type, each.quantity - _collected(each, out)) for each in fact.lines]
    promise(connection, college, left, _first(entry, fact), fact.free_from)
    return out, gone


def _collected(wanted: LineOfBooking, out: Mapping[str, int]) -> int:
    return min(wanted.quantity, out.get(wanted.kit_type, 0))


def _first(entry: Recorded, fact: BookingTerms) -> str:
    """The first day that is promised: preparation may reach back to before it was asked for."""
    return max(fact.busy_from, day_of(entry.at).isoformat())


def _insert_lines(
    connection: Connection,
    college: str,
    fact: BookingTerms,
    out: Mapping[str, int],
    gone: set[str],
) -> None:
    """Add what a booking is of; `out` and `gone` are as `gone_from` gives them."""
    left = {}
    for each in fact.lines:
        collected = _collected(each, out)
        left[each.kit_type] = each.quantity - collected
        _insert_line(
            connection,
            college=college,
            booking=fact.booking,
            kit_type=each.kit_type,
            quantity=each.quantity,
            collected=collected,
        )
        for tag in dict.fromkeys(each.pins):
            _insert_pin(
                connection,
                college=college,
                booking=fact.booking,
                kit=tag,
                kit_type=each.kit_type,
            )
    if any(each.pins for each in fact.lines):
        keep_pins(connection, college, fact.booking, left, gone)


class BookingCancelled(FactBase):
    """A booking is not needed any more; what is out on it stays out."""

    kind: Literal["booking.cancelled"] = "booking.cancelled"
    desk_action: ClassVar[bool] = True
    booking: Id
    organisation: Id


class BookingLapsed(FactBase):
    """A booking was not collected in time, whole or in part; the program notes it."""

    kind: Literal["booking.lapsed"] = "booking.lapsed"
    booking: Id
    organisation: Id


@applies(BookingCancelled)
def cancelled(
    connection: Connection, college: str, entry: Recorded, fact: BookingCancelled
) -> None:
    """Promise nothing more for the booking."""
    _ended(connection, college, fact.booking, "cancelled")


@applies(BookingLapsed)
def lapsed(connection: Connection, college: str, entry: Recorded, fact: BookingLapsed) -> None:
    """Promise nothing more for the booking."""
    _ended(connection, college, fact.booking, "lapsed")


def _ended(connection: Connection, college: str, key: str, state: str) -> None:
    _end.one(connection, c=college, k=key, new_state=state)
    forget_pins(connection, c=college, b=key)


class WantMade(FactBase):
    """A borrower would have kits when some are free; nothing is promised."""

    kind: Literal["want.made"] = "want.made"
    desk_action: ClassVar[bool] = True
    want: Id
    organisation: Id
    contact: Id | None
    kit_type: Id
    quantity: Count
    earliest: Day
    latest: Day
    days: Count
    event: Id | None = Later(None)


@applies(WantMade)
def want_made(connection: Connection, college: str, entry: Recorded, fact: WantMade) -> None:
    """Add it to the waiting list."""
    _insert_want(
        connection,
        college=college,
        open=True,
        event=fact.event,
        made_at=entry.at,
        made_seq=entry.seq,
        **fact.model_dump(exclude={"kind", "event"}),
    )


class WantClosed(FactBase):
    """A borrower waits no more."""

    kind: Literal["want.closed"] = "want.closed"
    desk_action: ClassVar[bool] = True
    want: Id
    organisation: Id


@applies(WantClosed)
def want_closed(connection: Connection, college: str, entry: Recorded, fact: WantClosed) -> None:
    """Take it off the waiting list."""
    _close_want.one(connection, c=college, k=fact.want)


class DemandRefused(FactBase):
    """What was asked for and could not be given; the program notes it.

    A borrower who is not on file has only the id that it would have.
    """

    kind: Literal["demand.refused"] = "demand.refused"
    demand: Id
    organisation: Id | None
    kit_type: Id
    quantity: Count
    first: Day
    last: Day
    rule: Name
    asked_on: Day


@applies(DemandRefused)
def demand_refused(
    connection: Connection, college: str, entry: Recorded, fact: DemandRefused
) -> None:
    """Add it to what is asked for in vain."""
    _insert_demand(connection, college=college, **fact.model_dump(exclude={"kind"}))
