"""What stands idle: what a college had all year, and lent to nobody."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from kitloan.audit.conditions import type_names
from kitloan.audit.months import Months
from kitloan.tables import Holding, Loan, table
from kitloan.tables.absence import Arrival
from kitloan.text.dates import day_of

arrival, holding, loan = table(Arrival), table(Holding), table(Loan)


@dataclass(frozen=True, slots=True)
class Idle:
    """A holding that nobody had on loan in the twelve months, though it was there all of them."""

    tag: str
    college: str
    type: str
    last_lent: date | None
    last_sighted: date | None


def idle(connection: Connection, day: date) -> list[Idle]:
    """What is not used, the longest unused first."""
    since = Months(day).since
    of_it = (loan.c.college == holding.c.college, loan.c.tag == holding.c.tag)
    lately = select(loan.c.tag).where(*of_it, loan.c.closed_at >= since).exists()
    away = (
        select(arrival.c.tag)
        .where(
            arrival.c.college == holding.c.college,
            arrival.c.tag == holding.c.tag,
            arrival.c.received_at >= since,
        )
        .exists()
    )
    last = (
        select(func.max(loan.c.out_at)).where(*of_it).correlate(holding).scalar_subquery()
    ).label("last")
    rows = connection.execute(
        select(holding.c.tag, holding.c.college, holding.c.kit_type, last, holding.c.sighted_at)
        .where(holding.c.state == "held", holding.c.out_quantity == 0)
        .where(holding.c.accessioned_at < since, ~lately, ~away)
    )
    names = type_names(connection)
    found = [
        Idle(
            row.tag,
            row.college,
            names[row.college, row.kit_type],
            day_of(row.last) if row.last else None,
            day_of(row.sighted_at) if row.sighted_at else None,
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.last_lent or date.min, each.college, each.tag))
