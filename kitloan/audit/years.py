"""Lending through time: by academic year and month, how late what is late is, and what is idle.

An academic year is August to July, in Scotland. A school that borrows twice in a year is counted
once, whichever colleges lend to it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select

from kitloan.audit.census import Census
from kitloan.audit.measures import is_late
from kitloan.audit.stored import keep_sorted
from kitloan.audit.use import DAY_KNOWN, OF_HOLDING, Months
from kitloan.audit.wants import NearestWant, OpenWants
from kitloan.storage.statements import AnyRow
from kitloan.tables import Holding, Loan, table
from kitloan.tables.absence import Arrival, Withdrawal
from kitloan.text.dates import day_of, instant

arrival, holding, loan = table(Arrival), table(Holding), table(Loan)
withdrawal = table(Withdrawal)

AGES = ((7, "up to a week"), (28, "up to 4 weeks"), (91, "up to 3 months"), (365, "up to a year"))
LATER = "over a year"


def overdue_by_age(census: Census) -> list[tuple[str, int, int]]:
    """Open loans past their due date: how late, how many loans, how many things."""
    late: Counter[str] = Counter()
    things: Counter[str] = Counter()
    rows = census.connection.execute(
        select(
            loan.c.due_key,
            func.count().label("loans"),
            func.sum(loan.c.quantity - loan.c.returned).label("things"),
        )
        .join_from(loan, holding, OF_HOLDING)
        .where(is_late(census), census.counted)
        .group_by(loan.c.due_key)
    )
    for row in rows:
        days = (census.day - date.fromisoformat(row.due_key)).days
        age = next((words for most, words in AGES if days <= most), LATER)
        late[age] += row.loans
        things[age] += row.things
    return [(age, late[age], things[age]) for age in (*(words for _, words in AGES), LATER)]


@dataclass(slots=True)
class Year:
    """An academic year, August to July: what came, what left, what was lent, and to whom."""

    starts: int
    accessioned: int = 0
    withdrawn: int = 0
    loans: int = 0
    borrowers: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """`2026/27`."""
        return f"{self.starts}/{(self.starts + 1) % 100:02}"

    @property
    def organisations(self) -> int:
        """How many different organisations borrowed."""
        return len(self.borrowers)


@dataclass(frozen=True, slots=True)
class Trend:
    """Every academic year on record, the latest first; and the loans of each month."""

    years: list[Year]
    months: Counter[date]

    def twelve_months_to(self, day: date) -> tuple[tuple[date, int], ...]:
        """The loans that began in each of the twelve months that end with that of `day`."""
        last = day.year * 12 + day.month - 1
        firsts = [date(each // 12, each % 12 + 1, 1) for each in range(last - 11, last + 1)]
        return tuple((first, self.months[first]) for first in firsts)


def trend(census: Census) -> Trend:
    """What came, left and was lent, by academic year and by month."""
    years: dict[int, Year] = {}
    months: Counter[date] = Counter()

    def year_of(first: date) -> Year:
        starts = first.year - (first.month < 8)
        return years.setdefault(starts, Year(starts))

    taken_in = _by_month(census, holding.c.accessioned_at, census.in_scope)
    for first, row in taken_in:
        year_of(first).accessioned += row.many
    for first, row in _by_month(census, arrival.c.received_at, _CAME_FIRST, arrival):
        year_of(first).accessioned -= row.many
    signed = withdrawal.c.signed_at
    for first, row in _by_month(census, signed, signed.is_not(None), withdrawal):
        year_of(first).withdrawn += row.many
    whom = (loan.c.organisation, loan.c.college)
    lent = _by_month(census, loan.c.out_at, DAY_KNOWN, loan, *whom)
    for first, row in lent:
        year_of(first).loans += row.many
        place = (row.college, row.organisation)
        year_of(first).borrowers.add(census.schools.get(place, row.organisation))
        months[first] += row.many
    return Trend([years[starts] for starts in sorted(years, reverse=True)], months)


_then = holding.alias("then")  # another name: a scope joins the same table
_CAME_FIRST = (
    select(_then.c.tag)
    .where(
        _then.c.college == arrival.c.college,
        _then.c.tag == arrival.c.tag,
        _then.c.accessioned_at == arrival.c.received_at,
    )
    .exists()
)
"""With this a holding came to a college from another: it was taken in there, and not again."""


def _by_month(
    census: Census,
    at: ColumnElement[Any],
    which: ColumnElement[bool],
    of: Any = None,
    *more: ColumnElement[Any],
) -> Iterable[tuple[date, AnyRow]]:
    """How many rows there are by month in Scotland, given as its first day."""
    month = func.substr(at, 1, 7).label("month")
    # The last hour of a day in UTC is the next day in summer.
    late = case((func.substr(at, 12, 2) == "23", func.substr(at, 9, 2)), else_="").label("late")
    wanted = select(month, late, *more, func.count().label("many")).where(which)
    if of is not None and census.scope:
        here = (holding.c.college == of.c.college) & (holding.c.tag == of.c.tag)
        wanted = wanted.join_from(of, holding, here).where(census.in_scope)
    for row in census.connection.execute(wanted.group_by(month, late, *more)):
        year, number = int(row.month[:4]), int(row.month[5:])
        first = date(year, number, 1)
        if row.late:
            hour = datetime(year, number, int(row.late), 23, tzinfo=UTC)
            first = day_of(instant(hour)).replace(day=1)
        yield first, row


@dataclass(frozen=True, slots=True)
class Idle:
    """A holding that was on loan to nobody in the twelve months, though it was there all of them.

    `counted` is how its latest count stands, in a word; `want` is the nearest want of its type.
    """

    tag: str
    college: str
    region: str | None
    place: str | None
    type: str
    asset_number: str | None
    counted: str | None
    last_lent: date | None
    last_sighted: date | None
    want: NearestWant | None


SILENT_DAYS = 62
"""A college whose last file is older than two months is silent: nothing is known of its use."""


def idle(census: Census) -> Sequence[Idle]:
    """What is not used, the longest unused first; at colleges that are not silent."""
    months = Months(census)
    since = months.since
    of_it = (loan.c.college == holding.c.college, loan.c.tag == holding.c.tag)
    lately = (
        select(loan.c.tag)
        .where(*of_it, or_(loan.c.closed_at.is_(None), loan.c.closed_at >= since))
        .exists()
    )
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
        select(func.max(loan.c.out_at))
        .where(*of_it, DAY_KNOWN)
        .correlate(holding)
        .scalar_subquery()
    ).label("last")
    before = census.day - timedelta(days=SILENT_DAYS)
    silent = [each for each, known in census.covered.items() if known < before]
    rows = census.rows(
        select(holding, last)
        .where(holding.c.state == "held", holding.c.out_quantity == 0, census.counted)
        .where(holding.c.accessioned_at < since, ~lately, ~away)
        .where(holding.c.college.not_in(silent))
    )
    region_of = {each: row.region for each, row in census.colleges.items()}
    wants = OpenWants(census)
    found = (
        Idle(
            row.tag,
            row.college,
            region_of.get(row.college),
            row.location,
            census.type_names[row.college, row.kit_type],
            row.asset_number,
            census.counted_word(row),
            day_of(row.last) if row.last else None,
            day_of(row.sighted_at) if row.sighted_at else None,
            wants.nearest(row.college, census.type_names[row.college, row.kit_type]),
        )
        for row in rows
    )
    return keep_sorted(found, lambda each: (each.last_lent or date.min, each.college, each.tag))
