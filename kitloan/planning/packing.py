"""Packing for an event: what its bookings are of, what of that is out and back, what is lacking.

To tick a kit out is to hand it out against one of the event's bookings, and to tick it in is to
take it back: a packing list keeps nothing of its own that could differ from the loans.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from sqlalchemy import Connection, bindparam, select

from kitloan.errors import Refused
from kitloan.ledger.facts.loans import CheckedOut
from kitloan.ledger.facts.planning import WantClosed, WantMade
from kitloan.ledger.facts.promises import booking_row, lines_of_booking
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Writer, id_reused
from kitloan.planning.availability import at_risk, free_over
from kitloan.planning.booked import Booking
from kitloan.planning.bookings import Bookings
from kitloan.planning.events import WANTED, Event, Events, event_id
from kitloan.planning.supply import name_of, stock_of
from kitloan.queries.types import type_names
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Holding, KitType, Loan, table
from kitloan.tables.planning import Booking as BookingRow
from kitloan.tables.promises import BookingPin
from kitloan.text.dates import day_of

booking, pin = table(BookingRow), table(BookingPin)
holding, kit_type, loan = table(Holding), table(KitType), table(Loan)

Ticked = Literal["chosen", "out", "back"]
"""Whether a kit is only chosen, has gone out, or is back."""
_KEPT = ("made", "collected")
"""The states of a booking that is neither cancelled nor lapsed."""
_EVERY = 100_000
"""More bookings than a college has."""

_OF_EVENT = Query(
    select(booking)
    .where(
        booking.c.college == bindparam("c"),
        booking.c.event == bindparam("e"),
        booking.c.state == "made",
        booking.c.lapses_after >= bindparam("d"),
    )
    .order_by(booking.c.collect_on, booking.c.made_seq)
)
_PINS = Query(
    select(pin.c.kit, pin.c.kit_type).where(
        pin.c.college == bindparam("c"), pin.c.booking == bindparam("b")
    )
)
_WENT_OUT = Query(
    select(
        loan.c.tag,
        loan.c.quantity,
        loan.c.returned,
        loan.c.closed_at,
        kit_type.c.name.label("type_name"),
        holding.c.asset_number,
    )
    .join_from(loan, holding, (holding.c.college == loan.c.college) & (holding.c.tag == loan.c.tag))
    .join(
        kit_type,
        (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
    )
    .where(loan.c.college == bindparam("c"), loan.c.booking == bindparam("b"))
    .order_by(loan.c.out_at, loan.c.loan)
)
_NUMBER = Query(
    select(holding.c.asset_number).where(
        holding.c.college == bindparam("c"), holding.c.tag == bindparam("t")
    )
)
_EVENT_OF_LOAN = Query(
    select(booking.c.event)
    .join_from(
        loan,
        booking,
        (booking.c.college == loan.c.college) & (booking.c.booking == loan.c.booking),
    )
    .where(loan.c.college == bindparam("c"), loan.c.loan == bindparam("l"))
)


@dataclass(frozen=True, slots=True)
class PackedKit:
    """A kit on a packing list.

    Attributes:
        tag: the holding's.
        asset_number: the college's own number for it.
        quantity: how many, of loose stock.
        ticked: whether it is only chosen, has gone out, or is back.
    """

    tag: str
    asset_number: str | None
    quantity: int
    ticked: Ticked


@dataclass(frozen=True, slots=True)
class PackingLine:
    """So many kits of a type that one booking of an event is of.

    Attributes:
        booking: the booking's id.
        to: for whom it is.
        type: the kit type.
        quantity: how many.
        out: how many have gone out, back or not.
        back: how many of those are back.
        lacking: how many cannot be given as things are.
        kits: those that are chosen or went out.
        collect_on: the day on which they are collected.
        return_by: the day by which they are back.
    """

    booking: str
    to: str
    type: str
    quantity: int
    out: int
    back: int
    lacking: int
    kits: tuple[PackedKit, ...]
    collect_on: date
    return_by: date


@dataclass(frozen=True, slots=True)
class PackingList:
    """What an event needs.

    Attributes:
        event: the event.
        lines: what its bookings are of.
        bookings: those bookings, whole, with their contacts.
    """

    event: Event
    lines: tuple[PackingLine, ...]
    bookings: tuple[Booking, ...]


@dataclass(frozen=True, slots=True)
class NewWant:
    """What was put on the waiting list for an event.

    Attributes:
        id: what it is known by.
        to: the borrower.
        type: the kit type.
        quantity: how many.
        earliest: the day on which they are needed.
        latest: the day by which they are back.
    """

    id: str
    to: str
    type: str
    quantity: int
    earliest: date
    latest: date


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What a booking of an event is lacking as things are.

    Attributes:
        booking: the booking's id.
        organisation: the borrower's id.
        to: the borrower.
        kit_type: the kit type's id.
        type: the kit type.
        quantity: how many are lacking.
        collect_on: the day on which they are needed.
        return_by: the day by which they are back.
    """

    booking: str
    organisation: str
    to: str
    kit_type: str
    type: str
    quantity: int
    collect_on: date
    return_by: date


class Packing:
    """Packing lists: what events need, and what they are lacking. `Loans.pack` ticks out."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, event: str) -> PackingList:
        """The packing list of an event.

        Raises:
            BadInput: `unknown_event`.
        """
        found = Events(self._session).get(event)
        college, today = self._session.college, self._session.today
        bookings = [
            each
            for each in Bookings(self._session).list(state="all", limit=_EVERY).items
            if each.event == found.id
            and (each.state in _KEPT or any(line.collected for line in each.lines))
        ]
        with self._session.reading() as connection:
            lacking = {
                (each.booking, each.type): each.quantity
                for each in shortfalls(connection, college, found.id, today)
            }
            lines = [
                line for each in bookings for line in _lines_of(connection, college, each, lacking)
            ]
        return PackingList(found, tuple(lines), tuple(bookings))

    def want_lacking(self, event: str, *, request_id: str | None = None) -> list[NewWant]:
        """Make the waiting list have what an event is lacking, and nothing else for it.

        Done again, it changes nothing while the same is lacking. Gives what was put on the list.

        Raises:
            BadInput: `unknown_event`.
        """
        with self._session.writing(request_id) as writer:
            return _want_lacking(writer, event)


def packed_before(
    writer: Writer, key: str, tags: Sequence[str]
) -> dict[str, tuple[str, int | None]]:
    """On which booking each kit went out when this request was done before; see `choose_bookings`.

    Raises:
        BadInput: `id_reused`, when the request was about other kits or another event.
    """
    facts = {
        each.fact.tag: each.fact for each in writer.earlier if isinstance(each.fact, CheckedOut)
    }
    if facts.keys() != set(tags):
        raise id_reused(writer.request)
    found: dict[str, tuple[str, int | None]] = {}
    for tag, fact in facts.items():
        row = booking_row(writer.connection, writer.college, fact.booking or "")
        if fact.booking is None or row is None or row.event != key:
            raise id_reused(writer.request)
        found[tag] = (fact.booking, None if fact.exclusive else fact.quantity)
    return found


class _Waits:
    """What the bookings of an event wait for, while kits are handed out on them."""

    def __init__(self, connection: Connection, college: str, key: str, today: date) -> None:
        self.left: dict[tuple[str, str], int] = {}
        self._chosen: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for row in _OF_EVENT(connection, c=college, e=key, d=today.isoformat()).all():
            of = row.booking
            gone = {each.tag for each in _WENT_OUT(connection, c=college, b=of)}
            for each in _PINS(connection, c=college, b=of):
                if each.kit not in gone:
                    self._chosen[of, each.kit_type].add(each.kit)
            for kind, quantity, out in lines_of_booking(connection, college, of):
                if quantity > out:
                    self.left[of, kind] = quantity - out

    def take(self, tag: str, kind: str, things: int) -> tuple[str, int | None] | None:
        """The booking on which a kit goes out, and how many of a stock; None without one."""
        waiting = [each for each, many in self.left.items() if each[1] == kind and many]
        best = [each for each in waiting if tag in self._chosen[each]]
        # What others chose is left for last: theirs may not have been scanned yet.
        best += [each for each in waiting if self.left[each] > len(self._chosen[each])]
        for each in (*best, *waiting):
            many = min(self.left[each], things)
            self.left[each] -= many
            self._chosen[each].discard(tag)
            return each[0], None if things == 1 else many
        return None


def choose_bookings(
    writer: Writer, key: str, kits: Sequence[AnyRow]
) -> dict[str, tuple[str, int | None]]:
    """On which booking of an event each kit goes out, and how many of a stock, by tag.

    Args:
        writer: the transaction.
        key: the event's id.
        kits: rows of holdings, in the order in which they were scanned.

    Raises:
        Refused: `not_in_event`, when no booking of it waits for such a kit.
    """
    waits = _Waits(writer.connection, writer.college, key, day_of(writer.at))
    found = {}
    for row in kits:
        things = 1 if row.quantity == 1 else max(1, row.quantity - row.out_quantity)
        taken = waits.take(row.tag, row.kit_type, things)
        if taken is None:
            raise _not_in_event(writer, key, row)
        found[row.tag] = taken
    return found


def is_for_event(connection: Connection, college: str, loan_id: str, key: str) -> bool:
    """Whether a loan is on a booking of an event."""
    return bool(_EVENT_OF_LOAN(connection, c=college, l=loan_id).scalar() == key)


def _not_in_event(writer: Writer, key: str, row: AnyRow) -> Refused:
    names = type_names(writer.connection, writer.college)
    waits = _Waits(writer.connection, writer.college, key, day_of(writer.at))
    left: defaultdict[str, int] = defaultdict(int)
    for (_, kind), many in waits.left.items():
        left[names[kind]] += many
    shown = ", ".join(f"{many} {name}" for name, many in sorted(left.items()))
    return Refused(
        "not_in_event",
        f"The event {key} waits for no {row.type_name}"
        + (f": {shown} are still to be packed." if shown else ": all of it is packed."),
        f"Book it first: kitloan book --event {key} --type {row.type_name!r}",
        event=key,
        tag=row.tag,
        type=row.type_name,
        waits_for=dict(left),
    )


def shortfalls(connection: Connection, college: str, key: str, today: date) -> list[Shortfall]:
    """What the bookings of an event that wait for collection are lacking, as things are."""
    rows = {
        row.booking: row for row in _OF_EVENT(connection, c=college, e=key, d=today.isoformat())
    }
    kinds = {
        kind
        for of in rows
        for kind, quantity, out in lines_of_booking(connection, college, of)
        if quantity > out
    }
    names = type_names(connection, college) if kinds else {}
    found = []
    for kind in sorted(kinds):
        stock = stock_of(connection, college, kind, today)
        lost = at_risk(stock.supply, stock.standing)
        kept = [each for each in stock.standing if each.key not in lost]
        for each in stock.standing:
            if each.key not in lost or each.key not in rows:
                continue
            could = min(each.count, free_over(stock.supply, kept, each.first, each.until))
            if could:
                kept.append(replace(each, count=could, pins=()))
            if could < each.count:
                row = rows[each.key]
                found.append(
                    Shortfall(
                        each.key,
                        row.organisation,
                        name_of(connection, college, row.organisation),
                        kind,
                        names[kind],
                        each.count - could,
                        date.fromisoformat(row.collect_on),
                        date.fromisoformat(row.return_by),
                    )
                )
    return found


def _want_lacking(writer: Writer, event: str) -> list[NewWant]:
    connection, college = writer.connection, writer.college
    key = event_id(connection, college, event)
    if writer.earlier:
        made = [each.fact for each in writer.earlier if isinstance(each.fact, WantMade)]
        writer.earlier_facts(WantMade if made else WantClosed)
        if any(each.event != key for each in made):
            raise id_reused(writer.request)
        return [_new_want(connection, college, each) for each in made]
    needed: defaultdict[tuple[str, str, str, str], int] = defaultdict(int)
    for each in shortfalls(connection, college, key, day_of(writer.at)):
        days = each.collect_on.isoformat(), each.return_by.isoformat()
        needed[each.organisation, each.kit_type, *days] += each.quantity
    for row in WANTED(connection, c=college, e=key).all():
        same = (row.organisation, row.kit_type, row.earliest, row.latest)
        if needed.get(same) == row.quantity:
            del needed[same]
        else:
            writer.append(WantClosed(want=row.want, organisation=row.organisation))
    new = []
    for (who, kind, first, last), many in needed.items():
        length = (date.fromisoformat(last) - date.fromisoformat(first)).days
        fact = WantMade(
            want=f"W{writer.next_seq}",
            organisation=who,
            contact=None,
            kit_type=kind,
            quantity=many,
            earliest=first,
            latest=last,
            days=max(1, length),
            event=key,
        )
        writer.append(fact)
        new.append(_new_want(connection, college, fact))
    return new


def _new_want(connection: Connection, college: str, fact: WantMade) -> NewWant:
    return NewWant(
        fact.want,
        name_of(connection, college, fact.organisation),
        type_names(connection, college).get(fact.kit_type, fact.kit_type),
        fact.quantity,
        date.fromisoformat(fact.earliest),
        date.fromisoformat(fact.latest),
    )


def _lines_of(
    connection: Connection, college: str, of: Booking, lacking: dict[tuple[str, str], int]
) -> Iterator[PackingLine]:
    """The lines of a booking; of one that was cancelled or lapsed, what had gone out on it."""
    went: defaultdict[str, list[AnyRow]] = defaultdict(list)
    for row in _WENT_OUT(connection, c=college, b=of.id):
        went[row.type_name].append(row)
    for line in of.lines:
        rows = went[line.type]
        quantity = line.quantity if of.state in _KEPT else line.collected
        if not quantity:
            continue
        kits = [
            PackedKit(
                row.tag,
                row.asset_number,
                row.quantity,
                "back" if row.closed_at is not None else "out",
            )
            for row in rows
        ]
        gone = {row.tag for row in rows}
        if line.collected < quantity:
            kits += [
                PackedKit(tag, _NUMBER(connection, c=college, t=tag).scalar(), 1, "chosen")
                for tag in line.tags
                if tag not in gone
            ]
        yield PackingLine(
            of.id,
            of.to,
            line.type,
            quantity,
            sum(row.quantity for row in rows),
            sum(row.returned for row in rows),
            lacking.get((of.id, line.type), 0),
            tuple(kits),
            of.collect_on,
            of.return_by,
        )
