"""Year on year, by academic year (August to July, in Scotland), and how late what is late is."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from kitloan.calendar import day_of
from kitloan.models import Holding, Loan, table
from kitloan.models.absence import Withdrawal
from kitloan.prepared import AnyRow

holding, loan, withdrawal = table(Holding), table(Loan), table(Withdrawal)

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


def academic_years(connection: Connection) -> list[Year]:
    """Every academic year on record, the latest first."""
    years: dict[int, Year] = {}
    served: dict[int, set[str]] = defaultdict(set)

    def year_of(hour: str) -> Year:
        day = day_of(f"{hour}:00:00Z")
        starts = day.year if day.month >= 8 else day.year - 1
        return years.setdefault(starts, Year(starts))

    def by_hour(column: ColumnElement[Any]) -> Iterable[AnyRow]:
        hour = func.substr(column, 1, 13)
        return connection.execute(
            select(hour.label("hour"), func.count().label("many"))
            .where(column.is_not(None))
            .group_by(hour)
        )

    for row in by_hour(holding.c.accessioned_at):
        year_of(row.hour).accessioned += row.many
    for row in by_hour(withdrawal.c.signed_at):
        year_of(row.hour).withdrawn += row.many
    for row in by_hour(loan.c.out_at):
        year_of(row.hour).loans += row.many
    month = func.substr(loan.c.out_at, 1, 7)
    for row in connection.execute(
        select(month.label("month"), loan.c.college, loan.c.organisation).distinct()
    ):
        starts = int(row.month[:4]) - (int(row.month[5:]) < 8)
        served[starts].add(f"{row.college} {row.organisation}")
    for starts, who in served.items():
        years.setdefault(starts, Year(starts)).organisations = len(who)
    return [years[starts] for starts in sorted(years, reverse=True)]
