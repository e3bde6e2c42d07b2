"""What a college can lend of a type and what it has promised, as `availability` takes it.

One reading serves the screen, the check and the report.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, and_, bindparam, select

from kitloan.ledger.facts.promises import (
    USABLE,
    first_of_loan,
    lines_waiting,
    loans_out,
    ordinal,
    pins_waiting,
    until_of_loan,
)
from kitloan.planning.availability import Out, Supply, Wanted
from kitloan.storage.statements import Query
from kitloan.tables import Holding, Organisation, table
from kitloan.tables.planning import Booking
from kitloan.text.dates import FOREVER

booking, holding, organisation = table(Booking), table(Holding), table(Organisation)

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


def name_of(connection: Connection, college: str, organisation_id: str) -> str:
    """What a borrower is called; the id where it is not on file."""
    found = _NAMED(connection, c=college, o=organisation_id).scalar()
    return organisation_id if found is None else str(found)


def booked_as(connection: Connection, college: str, wanted: Wanted) -> dict[str, object]:
    """A booking that stands in the way, as a refusal names it."""
    row = _BOOKED(connection, c=college, b=wanted.key).one()
    return {
        "id": row.booking,
        "to": row.name,
        "collect_on": row.collect_on,
        "return_by": row.return_by,
        "quantity": wanted.count,
        "tags": list(wanted.pins),
    }
