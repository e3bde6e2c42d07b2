"""Year on year, by academic year (August to July, in Scotland), and how late what is late is."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, not_, select

from kitloan.audit.months import FOUND
from kitloan.storage.statements import AnyRow
from kitloan.tables import Holding, Loan, table
from kitloan.tables.absence import Arrival, Withdrawal

arrival, holding, loan = table(Arrival), table(Holding), table(Loan)
withdrawal = table(Withdrawal)

AGES = ((7, "up to a week"), (28, "up to 4 weeks"), (91, "up to 3 months"), (365, "up to a year"))
LATER = "over a year"


def overdue_by_age(connection: Connection, day: date) -> list[tuple[str, int, int]]:
    """Open loans past their due date: how late, how many loans, how many things."""
    late: Counter[str] = Counter()
    things: Counter[str] = Counter()
    rows = connection.execute(
        select(
            loan.c.due_key,
            func.count().label("loans"),
            func.sum(loan.c.quantity - loan.c.returned).label("things"),
        )
        .where(loan.c.closed_at.is_(None), loan.c.due_key < day.isoformat())
        .group_by(loan.c.due_key)
    )
    for row in rows:
        days = (day - date.fromisoformat(row.due_key)).days
        age = next((words for most, words in AGES if days <= most), LATER)
        late[age] += row.loans
        things[age] += row.things
    return [(age, late[age], things[age]) for age in (*(words for _, words in AGES), LATER)]


@dataclass(slots=True)
class Year:
    """An academic year, August to July: what came, what left, what was lent, and to how many."""

    starts: int
    accessioned: int = 0
    withdrawn: int = 0
    loans: int = 0
    organisations: int = 0

    @property
    def name(self) -> str:
        """`2026/27`."""
        return f"{self.starts}/{(self.starts + 1) % 100:02}"


_TURN = "07-31T23"
"""Where a year ends in UTC: midnight before 1 August in Scotland, which is always summer time."""


def academic_years(connection: Connection) -> list[Year]:
    """Every academic year on record, the latest first."""
    years: dict[int, Year] = {}

    def year_of(row: AnyRow) -> Year:
        starts = int(row.year) - (not row.turned)
        return years.setdefault(starts, Year(starts))

    for row in _by_year(connection, holding.c.accessioned_at):
        year_of(row).accessioned += row.many
    for row in _by_year(connection, arrival.c.received_at, _CAME_FIRST):
        year_of(row).accessioned -= row.many
    for row in _by_year(connection, withdrawal.c.signed_at, withdrawal.c.signed_at.is_not(None)):
        year_of(row).withdrawn += row.many
    for row in _by_year(
        connection,
        loan.c.out_at,
        not_(FOUND),
        func.count(loan.c.organisation.distinct()),
        loan.c.college,
    ):
        year_of(row).loans += row.many
        year_of(row).organisations += row.different  # a borrower is a college's own
    return [years[starts] for starts in sorted(years, reverse=True)]


_CAME_FIRST = (
    select(holding.c.tag)
    .where(
        holding.c.college == arrival.c.college,
        holding.c.tag == arrival.c.tag,
        holding.c.accessioned_at == arrival.c.received_at,
    )
    .exists()
)
"""With this a holding came to a college from another: it was taken in there, and not anew."""


def _by_year(
    connection: Connection,
    at: ColumnElement[Any],
    which: ColumnElement[bool] | None = None,
    different: ColumnElement[int] | None = None,
    *more: ColumnElement[Any],
) -> Iterable[AnyRow]:
    """How many rows, by calendar year and whether the academic year had turned."""
    year = func.substr(at, 1, 4).label("year")
    turned = case((func.substr(at, 6, 8) >= _TURN, 1), else_=0).label("turned")
    counted = [func.count().label("many")]
    if different is not None:
        counted.append(different.label("different"))
    wanted = select(year, turned, *more, *counted)
    if which is not None:
        wanted = wanted.where(which)
    return connection.execute(wanted.group_by(year, turned, *more))
