"""What the program notes by itself: bookings that lapsed, and what was asked for in vain.

Nobody did these, so they are requests of their own: no undo takes them back.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, column, exists, func, select
from sqlalchemy import table as named

from kitloan.errors import Refused
from kitloan.ledger.writer import Plans, Writer
from kitloan.storage.statements import Query
from kitloan.tables import Block, table
from kitloan.tables.planning import Booking, BookingLine, CalendarDay, CalendarWeek, PolicyValue
from kitloan.text.dates import day_of

booking, line = table(Booking), table(BookingLine)

_WAITING = (
    booking.c.college == bindparam("c"),
    booking.c.state == "made",
    exists().where(
        line.c.college == booking.c.college,
        line.c.booking == booking.c.booking,
        line.c.quantity > line.c.collected,
    ),
)
"""A booking of which something is still to be collected: the others stay `made`, and are kept."""
_PLANS = Query(
    select(
        *[
            exists().where(each.c.college == bindparam("c")).label(name)
            for name, each in (
                ("week", table(CalendarWeek)),
                ("days", table(CalendarDay)),
                ("policies", table(PolicyValue)),
                # By its name: to load what few colleges have makes every desk wait.
                ("regimes", named("regime", column("college"))),
                ("blocks", table(Block)),
            )
        ],
        select(func.min(booking.c.lapses_after)).where(*_WAITING).scalar_subquery().label("lapses"),
    )
)
_OVERDUE_FOR_COLLECTION = Query(
    select(booking.c.booking, booking.c.organisation)
    .where(*_WAITING, booking.c.lapses_after < bindparam("today"))
    .order_by(booking.c.booking)
)


@dataclass(frozen=True, slots=True)
class Demanded:
    """What somebody asked for: so many of a type over some days; for whom, where that is known."""

    kit_type: str
    quantity: int
    first: date
    last: date
    organisation: str | None


class Unmet(Refused):
    """A refusal of what could not be given: after it, what was asked for is noted as demand."""

    def __init__(
        self, code: str, message: str, hint: str = "", *asked: Demanded, **details: Any
    ) -> None:
        """As `Refused`, with what was asked for."""
        super().__init__(code, message, hint, **details)
        self.asked = asked


def note_lapses(writer: Writer) -> None:
    """Note the bookings that nobody collected in time, before anything else is done.

    The one look that this takes also shows what the college has planned at all.
    """
    [(week, days, policies, regimes, blocks, lapses)] = _PLANS.tuples(
        writer.connection, c=writer.college
    )
    writer.plans = Plans(
        calendar=bool(week or days),
        policies=bool(policies),
        inspections=bool(regimes),
        bookings=lapses is not None,
        blocks=bool(blocks),
    )
    today = day_of(writer.at).isoformat()
    if lapses is None or lapses >= today:
        return
    from kitloan.ledger.facts.planning import BookingLapsed  # most counters have none to note

    for row in _OVERDUE_FOR_COLLECTION(writer.connection, c=writer.college, today=today).all():
        writer.note(BookingLapsed(booking=row.booking, organisation=row.organisation))
