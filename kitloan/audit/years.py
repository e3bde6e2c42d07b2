"""Lending through time: by academic year and month, how late what is late is, and what is idle.

An academic year is August to July, in Scotland. A school that borrows twice in a year is counted
once, whichever colleges lend to it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from kitloan.audit.census import Census
from kitloan.audit.measures import is_late
from kitloan.audit.stored import Storable, keep_sorted
from kitloan.audit.use import DAY_KNOWN, OF_HOLDING, Months, of_scope
from kitloan.audit.wants import NearestWant, OpenWants
from kitloan.queries.terms import Place
from kitloan.tables import Holding, Loan, table
from kitloan.tables.absence import Arrival, Withdrawal
from kitloan.text.dates import day_of, instant, start_of

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

    def twelve_months_to(
        self, day: date, known: Collection[tuple[date, date]]
    ) -> tuple[tuple[date, int | None], ...]:
        """The loans that began in each of the twelve months that end with that of `day`.

        Args:
            day: a day of the last month.
            known: the first and the last day of what each ledger covers. A month that is in none
                of them, and of which no loan is known, is None.
        """
        last = day.year * 12 + day.month - 1
        firsts = [date(each // 12, each % 12 + 1, 1) for each in range(last - 11, last + 1)]
        covered = [(first.replace(day=1), last) for first, last in known]
        return tuple(
            (each, self.months[each] or (0 if any(a <= each <= b for a, b in covered) else None))
            for each in firsts
        )


@dataclass(frozen=True, slots=True)
class Lending:
    """Every loan of which the day is known.

    Attributes:
        months: how many began in each month, by its first day.
        borrowers: the college and the borrower of those that began in an academic year, each once.
    """

    months: Counter[date]
    borrowers: Mapping[int, Sequence[Place]]


def lending(census: Census) -> Lending:
    """What was lent, by month and by academic year."""
    months: Counter[date] = Counter()
    for first, many in _by_month(census, loan.c.out_at, DAY_KNOWN, loan):
        months[first] += many
    years = sorted({_starts(first) for first in months})
    # A borrower's loans are side by side in an index: with a column a year nothing is sorted.
    lent = [
        func.max(case((and_(loan.c.out_at >= first, loan.c.out_at < end), 1), else_=0))
        for first, end in ((_start(year), _start(year + 1)) for year in years)
    ]
    whom = (loan.c.college, loan.c.organisation)
    wanted = of_scope(census, select(*whom, *lent).where(DAY_KNOWN)).group_by(*whom)
    borrowers: dict[int, list[Place]] = {year: [] for year in years}
    for college, organisation, *in_years in census.rows(wanted):
        for year, is_lent in zip(years, in_years, strict=True):
            if is_lent:
                borrowers[year].append((college, organisation))
    return Lending(months, borrowers)


def _starts(day: date) -> int:
    """The year in which the academic year of a day begins."""
    return day.year - (day.month < 8)


def _start(year: int) -> str:
    return start_of(date(year, 8, 1))


def trend(census: Census, lent: Lending) -> Trend:
    """What came, left and was lent, by academic year and by month."""
    years: dict[int, Year] = {}

    def year_of(first: date) -> Year:
        return years.setdefault(_starts(first), Year(_starts(first)))

    taken_in = _by_month(census, holding.c.accessioned_at, census.in_scope)
    for first, many in taken_in:
        year_of(first).accessioned += many
    for first, many in _by_month(census, arrival.c.received_at, _CAME_FIRST, arrival):
        year_of(first).accessioned -= many
    signed = withdrawal.c.signed_at
    for first, many in _by_month(census, signed, signed.is_not(None), withdrawal):
        year_of(first).withdrawn += many
    for first, many in lent.months.items():
        year_of(first).loans += many
    for starts, places in lent.borrowers.items():
        years[starts].borrowers.update(census.schools.get(each, each[1]) for each in places)
    return Trend([years[starts] for starts in sorted(years, reverse=True)], lent.months)


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
    census: Census, at: ColumnElement[Any], which: ColumnElement[bool], of: Any = None
) -> Iterable[tuple[date, int]]:
    """How many rows there are by month in Scotland, given as its first day."""
    # The last hour of a day in UTC is the next day in summer: of that hour, the day as well.
    part = func.substr(at, 1, case((func.substr(at, 12, 2) == "23", 10), else_=7)).label("part")
    wanted = select(part, func.count().label("many")).where(which)
    if of is not None and census.scope:
        here = (holding.c.college == of.c.college) & (holding.c.tag == of.c.tag)
        wanted = wanted.join_from(of, holding, here).where(census.in_scope)
    for row in census.connection.execute(wanted.group_by(part)):
        year, number = int(row.part[:4]), int(row.part[5:7])
        first = date(year, number, 1)
        if len(row.part) > len("2026-08"):
            hour = datetime(year, number, int(row.part[8:]), 23, tzinfo=UTC)
            first = day_of(instant(hour)).replace(day=1)
        yield first, row.many


@dataclass(frozen=True, slots=True)
class Idle(Storable):
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


_SHOWN = (
    *("college", "tag", "kit_type", "location", "asset_number"),
    *("quantity", "counted_at", "sighted_at"),
)


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
        select(*(holding.c[name] for name in _SHOWN), last)
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
