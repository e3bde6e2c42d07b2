"""Today at the counter: what is due, late, to be counted, and cannot be kept.

The desk loads this after it is ready: no scan waits for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, text

from kitloan.evidence.engagements import WITHOUT_USE
from kitloan.ledger.session import Session
from kitloan.queries.find import Finder
from kitloan.tables import Holding, Loan, Shortage, table
from kitloan.tables.stocktaking import Stocktake
from kitloan.text.dates import days_after, start_of
from kitloan.values import LoanLine
from kitloan_tui.bookings_at_risk import RiskLine, find_risks
from kitloan_tui.loan_lookups import AboutLoan, about_loans

holding, loan, shortage = table(Holding), table(Loan), table(Shortage)
stocktake = table(Stocktake)

MOST_ROWS = 15
"""Of each list at home: what a glance can take in. The screen of loans has them all."""

MOST_AT_RISK = 3
"""Bookings at risk at home, each with whom to ring. The day has them all."""

_UNCOUNTED, _ELSEWHERE = text("holding.uncounted IS TRUE"), text("holding.state <> 'held'")
"""In the very words of two indexes of some holdings: SQLite would not use them for any others."""


@dataclass(frozen=True, slots=True)
class Board:
    """What the counter should know of today: loans due today, overdue and to come, and counts."""

    today: date
    due: tuple[LoanLine, ...]
    overdue: tuple[LoanLine, ...]
    coming: tuple[LoanLine, ...]
    totals: tuple[int, ...]
    """How many there are of each, also of those that are not listed."""
    uncounted: int
    short: int
    """Kits with something missing or broken."""
    missing: int
    stocktakes: tuple[str, ...]
    """The names of those that are open."""
    about: Mapping[str, AboutLoan]
    """More of the loans that are listed, by their ids."""
    at_risk: tuple[RiskLine, ...] = ()
    """The bookings that cannot be kept as things are, those that are collected first."""
    unused: int = 0
    """Loans that came back in the last four weeks, and whose use nobody has recorded."""


def board(session: Session) -> Board:
    """Today's lists."""
    today = session.today
    find = Finder(session)
    due = find.loans(due_on=today, limit=MOST_ROWS)
    overdue = find.loans(overdue=True, limit=MOST_ROWS)
    coming = find.loans(due_after=today, limit=MOST_ROWS)
    with session.reading() as connection:
        uncounted = connection.execute(
            select(func.count()).where(
                holding.c.college == session.college,
                _UNCOUNTED,
                holding.c.state == "held",
                holding.c.out_quantity == 0,
            )
        ).scalar_one()
        short = connection.execute(
            select(func.count(shortage.c.tag.distinct())).where(
                shortage.c.college == session.college
            )
        ).scalar_one()
        missing = connection.execute(
            select(func.count()).where(
                holding.c.college == session.college,
                _ELSEWHERE,
                holding.c.state == "missing",
            )
        ).scalar_one()
        stocktakes = connection.execute(
            select(stocktake.c.name)
            .where(stocktake.c.college == session.college, stocktake.c.closed_at.is_(None))
            .order_by(stocktake.c.opened_at)
        ).scalars()
        names = tuple(str(name) for name in stocktakes)
        unused = connection.execute(
            select(func.count()).where(
                loan.c.college == session.college,
                loan.c.closed_at >= start_of(days_after(today, -28)),
                *WITHOUT_USE,
            )
        ).scalar_one()
    return Board(
        today,
        due.items,
        overdue.items,
        coming.items,
        (due.total, overdue.total, coming.total),
        uncounted,
        short,
        missing,
        names,
        about_loans(session, [*due.items, *overdue.items, *coming.items]),
        find_risks(session, MOST_AT_RISK),
        unused,
    )
