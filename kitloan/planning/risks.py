"""Bookings that cannot be kept as things are, and what could be lent instead of their kits."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from kitloan.ledger.session import Session
from kitloan.planning.availability import Wanted, at_risk, free_over
from kitloan.planning.booked import Booking, booking_id, lost_of, types_waiting
from kitloan.planning.bookings import Bookings
from kitloan.planning.supply import Stock, stock_of
from kitloan.queries.types import type_names
from kitloan.storage.statements import Query
from kitloan.tables import table
from kitloan.tables.planning import Booking as BookingRow
from kitloan.text.names import fold

booking = table(BookingRow)

MOST_STAND_INS = 3
"""How many types are listed that could be lent in place of one."""

_IN_ORDER = Query(
    select(booking.c.booking)
    .where(booking.c.college == bindparam("c"), booking.c.state == "made")
    .order_by(booking.c.collect_on, booking.c.made_seq)
)


@dataclass(frozen=True, slots=True)
class StandIn:
    """What could be given instead, over the days of a booking that is at risk.

    Attributes:
        instead_of: the kit type that is booked and cannot be given.
        type: the kit type that could be: the same one, where another kit than those that are
            chosen is free, or some of them are.
        needed: how many are booked and have not gone out.
        free: how many could be given.
    """

    instead_of: str
    type: str
    needed: int
    free: int


@dataclass(frozen=True, slots=True)
class Risk:
    """A booking that is at risk: why, whom to ring, and what could be lent instead."""

    booking: Booking
    stand_ins: tuple[StandIn, ...]


class Risks:
    """What a college has promised and cannot keep."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self, most: int | None = None) -> list[Risk]:
        """The bookings that are at risk, by collection day.

        Args:
            most: only so many of them; all when None.
        """
        college, today = self._session.college, self._session.today
        with self._session.reading() as connection:
            lost = lost_of(connection, college, types_waiting(connection, college, today), today)
            if not lost:
                return []
            look = _Look(connection, self._session)
            ordered = [key for key in _IN_ORDER(connection, c=college).scalars() if key in lost]
            stand_ins = {key: look.stand_ins(key) for key in ordered[:most]}
        bookings = Bookings(self._session)
        return [Risk(bookings.get(key), found) for key, found in stand_ins.items()]

    def stand_ins(self, booking: str) -> tuple[StandIn, ...]:
        """What could be lent instead of what a booking cannot have; empty when it can be kept.

        Raises:
            BadInput: `unknown_booking`.
        """
        with self._session.reading() as connection:
            key = booking_id(connection, self._session.college, booking)
            return _Look(connection, self._session).stand_ins(key)


class _Look:
    """One look at the stock: each type is read once."""

    def __init__(self, connection: Connection, session: Session) -> None:
        self._connection = connection
        self._session = session
        self._names = type_names(connection, session.college)
        self._stocks: dict[str, tuple[Stock, set[str]]] = {}

    def _stock(self, kind: str) -> tuple[Stock, set[str]]:
        if kind not in self._stocks:
            today = self._session.today
            stock = stock_of(self._connection, self._session.college, kind, today)
            self._stocks[kind] = stock, at_risk(stock.supply, stock.standing)
        return self._stocks[kind]

    def stand_ins(self, key: str) -> tuple[StandIn, ...]:
        """What could be lent instead of what one booking cannot have."""
        kinds = types_waiting(self._connection, self._session.college, self._session.today)
        found: list[StandIn] = []
        for kind in kinds:
            stock, lost = self._stock(kind)
            if key not in lost:
                continue
            wanted = next(each for each in stock.standing if each.key == key)
            found += self._instead_of(kind, wanted, stock, lost)
        return tuple(found)

    def _instead_of(self, kind: str, wanted: Wanted, stock: Stock, lost: set[str]) -> list[StandIn]:
        name, needed = self._names[kind], wanted.count
        kept: Sequence[Wanted] = [each for each in stock.standing if each.key not in lost]
        same = min(needed, free_over(stock.supply, kept, wanted.first, wanted.until))
        found = [StandIn(name, name, needed, same)] if same else []
        if same == needed:
            return found
        others: list[tuple[int, bool, int, str]] = []
        for other, called in self._names.items():
            if other == kind:
                continue
            their, _ = self._stock(other)
            free = free_over(their.supply, their.standing, wanted.first, wanted.until)
            if free >= needed:
                alike = len({*fold(called).split()} & {*fold(name).split()})
                others.append((-alike, not their.supply.kits, -free, called))
        return found + [
            StandIn(name, called, needed, -free)
            for _, _, free, called in sorted(others)[:MOST_STAND_INS]
        ]
