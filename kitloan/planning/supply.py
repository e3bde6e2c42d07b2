"""What a college can lend of a type and what it has promised, as `availability` takes it.

One reading serves the screen, the check and the report.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, and_, bindparam, func, select

from kitloan.ledger.facts.promises import (
    USABLE,
    WAITING,
    first_of_loan,
    lines_waiting,
    loans_out,
    ordinal,
    pins_waiting,
    until_of_loan,
)
from kitloan.planning.availability import Out, Supply, Wanted
from kitloan.storage.statements import Query
from kitloan.tables import Holding, Loan, Organisation, table
from kitloan.tables.planning import Booking, BookingLine
from kitloan.tables.promises import BookingPin
from kitloan.text.dates import FOREVER

booking, holding, organisation = table(Booking), table(Holding), table(Organisation)
line, loan, pin = table(BookingLine), table(Loan), table(BookingPin)

FEW = 12
"""Of so many types each is read by itself; of more the whole college is read at once."""

_KITS = Query(
    select(
        holding.c.tag,
        holding.c.quantity,
        holding.c.out_quantity,
        and_(*USABLE).label("usable"),
        holding.c.uncounted,
    ).where(
        holding.c.college == bindparam("c"),
        holding.c.kit_type == bindparam("k"),
        holding.c.state == "held",
    )
)
"""What is held of a type, in one walk: what can be promised, and what is not counted."""
_BOOKED = Query(
    select(
        booking.c.booking,
        booking.c.collect_on,
        booking.c.return_by,
        organisation.c.name,
    )
    .join_from(
        booking,
        organisation,
        (organisation.c.college == booking.c.college)
        & (organisation.c.organisation == booking.c.organisation),
    )
    .where(booking.c.college == bindparam("c"), booking.c.booking == bindparam("b"))
)
_TYPES_CHOSEN = Query(
    select(pin.c.kit_type)
    .join_from(
        pin, booking, (booking.c.college == pin.c.college) & (booking.c.booking == pin.c.booking)
    )
    .where(pin.c.college == bindparam("c"), booking.c.state == "made")
    .distinct()
)
_COUNTED = Query(
    select(holding.c.kit_type, func.sum(holding.c.quantity))
    .where(holding.c.college == bindparam("c"), *USABLE)
    .group_by(holding.c.kit_type)
)
_UNCOUNTED = Query(
    select(holding.c.kit_type, holding.c.tag).where(
        holding.c.college == bindparam("c"),
        holding.c.state == "held",
        holding.c.uncounted.is_(True),
    )
)
_ALL_OUT = Query(
    select(
        holding.c.kit_type,
        loan.c.tag,
        loan.c.quantity - loan.c.returned,
        loan.c.out_at,
        loan.c.due_on,
        loan.c.free_from,
        loan.c.loan,
        loan.c.organisation,
    )
    .join_from(loan, holding, (holding.c.college == loan.c.college) & (holding.c.tag == loan.c.tag))
    .where(
        loan.c.college == bindparam("c"),
        loan.c.closed_at.is_(None),
        loan.c.due_key > "",  # of the open ones, by their index
        *USABLE,
    )
)
_ALL_WAITING = Query(
    select(
        line.c.kit_type,
        booking.c.booking,
        booking.c.busy_from,
        booking.c.free_from,
        line.c.quantity - line.c.collected,
    )
    .where(
        *WAITING,
        booking.c.college == bindparam("c"),
        booking.c.lapses_after >= bindparam("now"),
        booking.c.busy_from < bindparam("b"),
        booking.c.free_from > bindparam("a"),
    )
    .order_by(booking.c.event.is_(None), booking.c.made_seq, booking.c.booking)
)
_ALWAYS = (date.min.isoformat(), date.max.isoformat())
_NAMED = Query(
    select(organisation.c.name).where(
        organisation.c.college == bindparam("c"), organisation.c.organisation == bindparam("o")
    )
)


@dataclass(frozen=True, slots=True, order=True)
class Late:
    """A loan that is overdue; of a stock there may be several."""

    tag: str
    due_on: str
    loan: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Stock:
    """What there is of a type and what is promised, on a day.

    Attributes:
        supply: the kits that can be used, and those of them that are out.
        standing: the bookings that wait for collection, those to be kept first first.
        overdue: the loans that are overdue, by tag.
        uncounted: the kits that are back and not counted.
    """

    supply: Supply
    standing: tuple[Wanted, ...]
    overdue: tuple[Late, ...]
    uncounted: tuple[str, ...]

    def without(self, booking: str) -> "Stock":
        """The same without a booking: what would be free for it."""
        kept = tuple(each for each in self.standing if each.key != booking)
        return replace(self, standing=kept)


def stock_of(connection: Connection, college: str, kit_type: str, today: date) -> Stock:
    """What a college has of a type and has promised, as of a day.

    A loan that is overdue is out without end, a kit that is not counted cannot be promised, and a
    booking that was not collected in time is promised no more.
    """
    where = {"c": college, "k": kit_type}
    now = today.isoformat()
    # Rows are unpacked and not asked by name: there are thousands, and it takes a third.
    held = _KITS(connection, **where).all()
    rows = [row for row in held if row[3]]
    single = {tag for tag, things, *_ in rows if things == 1}
    overdue = []
    out = []
    for row in loans_out(connection, college, rows):
        until = until_of_loan(row.due_on, row.free_from)
        if row.due_on is not None and row.due_on < now:
            until = FOREVER
            overdue.append(Late(row.tag, row.due_on, row.loan, row.organisation))
        out.append(Out(row.tag, first_of_loan(row.out_at), until, row.many, row.loan))
    pins: defaultdict[str, list[str]] = defaultdict(list)
    for row in pins_waiting(connection, **where):
        pins[row.booking].append(row.kit)
    begun = today.toordinal()
    waiting = sorted(
        (event is None, made_seq, booking, ordinal(busy_from), ordinal(free_from), many)
        for booking, busy_from, free_from, many, lapses_after, made_seq, event in lines_waiting(
            connection, **where
        )
        if lapses_after >= now
    )
    return Stock(
        Supply(
            frozenset(single),
            sum(things for _, things, *_ in rows) - len(single),
            tuple(out),
        ),
        tuple(
            Wanted(key, max(first, min(begun, until - 1)), until, many, tuple(pins.get(key, ())))
            for _, _, key, first, until, many in waiting
            if until > first
        ),
        tuple(sorted(overdue)),
        tuple(sorted(tag for tag, *_, uncounted in held if uncounted)),
    )


def stocks_of(
    connection: Connection,
    college: str,
    kit_types: Collection[str],
    today: date,
    within: tuple[date, date] | None = None,
) -> dict[str, Stock]:
    """What a college has of several types and has promised, as `stock_of` has it of one.

    Many are read at once, and the kits of a type are counted there and not named
    (`Supply.loose`), unless a booking chooses one of them.

    Args:
        connection: a transaction.
        college: whose kits.
        kit_types: the types' ids.
        today: the day.
        within: of the bookings only those that take a kit on one of these days, from the first to
            before the last, where no kit is chosen; all of them when None.
    """
    if len(kit_types) <= FEW:
        return {each: stock_of(connection, college, each, today) for each in kit_types}
    now = today.isoformat()
    begin, end = _ALWAYS if within is None else [day.isoformat() for day in within]
    chosen = {key for (key,) in _TYPES_CHOSEN.tuples(connection, c=college)}
    capacity = dict(_COUNTED.tuples(connection, c=college))
    out: defaultdict[str, list[Out]] = defaultdict(list)
    overdue: defaultdict[str, list[Late]] = defaultdict(list)
    for key, tag, many, out_at, due_on, free_from, loan_id, who in _ALL_OUT.tuples(
        connection, c=college
    ):
        until = until_of_loan(due_on, free_from)
        if due_on is not None and due_on < now:
            until = FOREVER
            overdue[key].append(Late(tag, due_on, loan_id, who))
        out[key].append(Out(tag, first_of_loan(out_at), until, many, loan_id))
    uncounted: defaultdict[str, list[str]] = defaultdict(list)
    for key, tag in _UNCOUNTED.tuples(connection, c=college):
        uncounted[key].append(tag)
    standing: defaultdict[str, list[Wanted]] = defaultdict(list)
    begun = today.toordinal()
    for key, booking_id, busy_from, free_from, many in _ALL_WAITING.tuples(
        connection, c=college, now=now, a=begin, b=end
    ):
        first, until = ordinal(busy_from), ordinal(free_from)
        if until > first:
            first = max(first, min(begun, until - 1))
            standing[key].append(Wanted(booking_id, first, until, many))
    return {
        each: stock_of(connection, college, each, today)
        if each in chosen
        else Stock(
            Supply(frozenset(), int(capacity.get(each, 0)), tuple(out[each])),
            tuple(standing[each]),
            tuple(sorted(overdue[each])),
            tuple(sorted(uncounted[each])),
        )
        for each in kit_types
    }


def name_of(connection: Connection, college: str, organisation_id: str) -> str:
    """What a borrower is called; the id where it is not on file."""
    found = _NAMED(connection, c=college, o=organisation_id).scalar()
    return organisation_id if found is None else str(found)


def booked_as(connection: Connection, college: str, wanted: Wanted) -> dict[str, object]:
    """A booking that prevents another, as a refusal names it."""
    row = _BOOKED(connection, c=college, b=wanted.key).one()
    return {
        "id": row.booking,
        "to": row.name,
        "collect_on": row.collect_on,
        "return_by": row.return_by,
        "quantity": wanted.count,
        "tags": list(wanted.pins),
    }
