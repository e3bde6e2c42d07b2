"""What is booked: bookings as they are on a day, and those that cannot be kept.

A booking that nobody collected in time is lapsed on the day after, whether or not that was noted.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, exists, or_, select, tuple_

from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.planning import LineOfBooking
from kitloan.ledger.facts.promises import WAITING, booking_row, gone_out, lines_of_booking
from kitloan.ledger.writer import Writer
from kitloan.planning.availability import at_risk
from kitloan.planning.calendar import Calendar, calendar_of
from kitloan.planning.rules import Before, BookingRequest
from kitloan.planning.supply import Stock, name_of, stock_of, stocks_of
from kitloan.storage.statements import Query
from kitloan.tables import Contact, KitType, LedgerEntry, Loan, Organisation, table
from kitloan.tables.planning import Booking as BookingRow
from kitloan.tables.planning import BookingLine
from kitloan.tables.promises import BookingPin
from kitloan.text.names import clean
from kitloan.values import ContactOfLoan

booking, line, pin = table(BookingRow), table(BookingLine), table(BookingPin)
contact, loan, entry = table(Contact), table(Loan), table(LedgerEntry)
kit_type, organisation = table(KitType), table(Organisation)
State = Literal["made", "collected", "cancelled", "lapsed"]


STATES: tuple[State, ...] = ("made", "collected", "cancelled", "lapsed")


_LAST_DAY = date.max.isoformat()


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
        moved: the days of collection and return, where one of them was closed since it was agreed:
            the next open ones.
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
    moved: tuple[date, date] | None = None

    @property
    def days(self) -> tuple[date, date]:
        """The days on which its kits can be collected and brought back, for the notices."""
        return self.moved or (self.collect_on, self.return_by)

    def is_kept_on(self, day: date) -> bool:
        """Whether its kits wait for collection on a day."""
        return self.state == "made" and self.days[0] <= day <= self.lapses_after

    def is_prepared_on(self, day: date) -> bool:
        """Whether its kits are taken on a day, to be prepared for a later one."""
        return self.busy_from <= day < self.days[0]


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


_CONTACT_OF_LOAN = Query(
    select(contact.c.name, contact.c.email, contact.c.phone)
    .join_from(
        loan,
        contact,
        (contact.c.college == loan.c.college) & (contact.c.contact == loan.c.contact),
    )
    .where(loan.c.college == bindparam("c"), loan.c.loan == bindparam("l"))
)


def as_agreed(connection: Connection, college: str, row: Any) -> Before:
    """A booking of which the row is given, as it was agreed."""
    pins: defaultdict[str, list[str]] = defaultdict(list)
    for each in _PINS_OF(connection, c=college, b=row.booking):
        pins[each.kit_type].append(each.kit)
    lines = lines_of_booking(connection, college, row.booking)
    return Before(
        row.booking,
        row.organisation,
        BookingRequest(
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
class Listed:
    """Of a booking what decides whether it is on a list."""

    booking: str
    collect_on: str
    to: str


def list_booked(
    connection: Connection,
    college: str,
    today: date,
    state: str,
    first: date | None,
    last: date | None,
) -> list[Listed]:
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
        Listed(key, collect_on, to)
        for key, collect_on, stored, lapses_after, waits, to in rows
        if state in ("all", _state(stored, lapses_after, not waits, today))
    ]


def types_waiting(connection: Connection, college: str, today: date) -> list[str]:
    """The kit types of the bookings that wait for collection."""
    rows = _TYPES_WAITING.tuples(connection, c=college, d=today.isoformat())
    return [kit_type for (kit_type,) in rows]


def booked_on(connection: Connection, college: str, day: date, today: date) -> list[Booking]:
    """The bookings that wait for collection and are prepared or kept on a day."""
    rows = _HEADS_ON.tuples(
        connection, c=college, day=day.isoformat(), until=max(day, today).isoformat()
    )
    some = [Listed(row[0], row[1], row[-1]) for row in rows if row[4]]
    return read_several(connection, college, today, some)


def read_one(connection: Connection, college: str, today: date, key: str) -> Booking:
    """A booking as it is on a day."""
    where = {"c": college, "b": key}
    rows = _ONE(connection, **where).all()
    lines, pins = _LINES_OF.tuples(connection, **where), _PINS_OF.tuples(connection, **where)
    (found,) = _as_bookings(connection, college, today, rows, lines, pins)
    return found


def read_several(
    connection: Connection, college: str, today: date, heads: Sequence[Listed]
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
    calendar = calendar_of(connection, college) if types else None
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
            moved=_moved(row, calendar) if calendar and states[row.booking] == "made" else None,
        )
        for row in rows
    ]


def _moved(row: Any, calendar: Calendar) -> tuple[date, date] | None:
    agreed = (date.fromisoformat(row.collect_on), date.fromisoformat(row.return_by))
    first, last = map(calendar.next_open, agreed)
    return None if (first, last) == agreed else (first, last)


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
