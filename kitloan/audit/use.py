"""How the holdings are used: days out over days held, loans, and the organisations they served.

Over the twelve months that end with the day of the audit. A loan counts the days from the one on
which it went to the one before it came back, and at least one; a loan that is out counts the day of
the audit. Of a stock of loose items it counts what was out, of what was held on those days: twelve
of thirty goggles for ten days are four days of that holding. One that a register had when it was
read in counts the days since then, and is not among the loans that began. A holding counts the days
for which its college had it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from sqlalchemy import Connection, case, func, or_, select

from kitloan.audit.conditions import KEPT, type_names
from kitloan.audit.days import scottish_day
from kitloan.audit.months import OF_HOLDING, Months
from kitloan.audit.stays import Stay, stays
from kitloan.audit.stock import StockLoan, lent_of_stock
from kitloan.storage.statements import AnyRow
from kitloan.tables import Holding, Loan, table
from kitloan.text.dates import end_of
from kitloan.text.names import fold

holding, loan = table(Holding), table(Loan)


@dataclass(slots=True)
class Use:
    """How holdings of one kind, or of one college, were used."""

    name: str
    holdings: int = 0
    loans: int = 0
    whole_out: int = 0
    parts_out: Counter[int] = field(default_factory=Counter)
    """Days of the things of stocks, by how many there were."""
    days_held: int = 0
    organisations: set[str] = field(default_factory=set)

    def lent_to(self, whom: AnyRow | StockLoan, loans: int) -> None:
        """So many loans to an organisation began."""
        self.loans += loans
        if loans:
            self.organisations.add(f"{whom.college} {whom.organisation}")

    @property
    def _out(self) -> Fraction:
        return sum(
            (Fraction(days, of) for of, days in self.parts_out.items()), Fraction(self.whole_out)
        )

    @property
    def days_out(self) -> float:
        """Days out, to a tenth where stock makes it a fraction."""
        return round(float(self._out), 1) if self._out.denominator > 1 else int(self._out)

    @property
    def share(self) -> float | None:
        """Days out over days held, from 0 to 1; None where nothing was held.

        Lent twice on one day, a holding is out for two days of that one: hence the most there is.
        """
        return min(1.0, float(self._out / self.days_held)) if self.days_held else None


class _Uses:
    """Two ways of adding up: by kit type, across spellings, and by college."""

    def __init__(self, names: dict[tuple[str, str], str]) -> None:
        self._names = names
        self._both: dict[tuple[str, str], tuple[Use, Use]] = {}
        self.types: dict[str, Use] = {}
        self.places: dict[str, Use] = {}

    def both(self, college: str, kit_type: str) -> tuple[Use, Use]:
        """Where something of a college's kit type is added."""
        if (college, kit_type) not in self._both:
            name = self._names[college, kit_type]
            found = self.types.setdefault(fold(name), Use(name))
            found.name = min(found.name, name)
            place = self.places.setdefault(college, Use(college))
            self._both[college, kit_type] = found, place
        return self._both[college, kit_type]


def use(connection: Connection, day: date) -> tuple[list[Use], list[Use]]:
    """The use of every kit type, and of every college, in the twelve months that end with `day`."""
    uses, months = _Uses(type_names(connection)), Months(day)
    for row in _held(connection, months):
        for each in uses.both(row.college, row.kit_type):
            each.holdings += row.holdings
            each.days_held += row.days
    for stay in stays(connection):
        for each in uses.both(stay.college, stay.kit_type):
            each.days_held += _more_days(stay, months)
    for row in _lent_whole(connection, months):
        for each in uses.both(row.college, row.kit_type):
            each.whole_out += row.days
            each.lent_to(row, row.loans)
    for lent in lent_of_stock(connection, months):
        for each in uses.both(lent.college, lent.kit_type):
            for of, days in lent.out:
                each.parts_out[of] += days
            each.lent_to(lent, int(lent.began))
    return (
        sorted(uses.types.values(), key=lambda each: (-(each.share or 0), fold(each.name))),
        [uses.places[key] for key in sorted(uses.places)],
    )


def _held(connection: Connection, months: Months) -> Iterable[AnyRow]:
    """Holdings that are kept, and the days since each came, as if it had never moved."""
    came = case(
        (holding.c.accessioned_at < months.since, months.start.toordinal()),
        else_=scottish_day(holding.c.accessioned_at, months.start, months.day),
    )
    return connection.execute(
        select(
            holding.c.college,
            holding.c.kit_type,
            func.count().label("holdings"),
            func.sum(months.until.toordinal() - came).label("days"),
        )
        .where(KEPT)
        .group_by(holding.c.college, holding.c.kit_type)
    )


def _more_days(stay: Stay, months: Months) -> int:
    """Days of one that moved: those it was held, less those that `_held` reckons for it."""
    start, until = months.start, months.until
    days = sum(max(0, ((ended or until) - max(start, began)).days) for began, ended in stay.spans)
    (first, _), *_ = stay.spans
    return days - ((until - max(start, first)).days if stay.kept else 0)


def _lent_whole(connection: Connection, months: Months) -> Iterable[AnyRow]:
    """Loans of whole holdings that have days in the twelve months, by borrower."""
    start, day = months.start, months.day
    first = case(
        (~months.on_record, start.toordinal()), else_=scottish_day(loan.c.out_at, start, day)
    )
    over = case(
        (
            or_(loan.c.closed_at.is_(None), loan.c.closed_at > end_of(day)),
            months.until.toordinal(),
        ),
        else_=scottish_day(loan.c.closed_at, start, day),
    )
    each = (
        select(
            loan.c.college,
            holding.c.kit_type,
            loan.c.organisation,
            case((months.began, 1), else_=0).label("began"),
            case((months.on_record, 1), else_=0).label("least"),
            first.label("first"),
            over.label("over"),
        )
        .join_from(loan, holding, OF_HOLDING)
        .where(months.lent, loan.c.exclusive)
        .subquery()
    )
    days = case((each.c.over > each.c.first, each.c.over - each.c.first), else_=each.c.least)
    keys = (each.c.college, each.c.kit_type, each.c.organisation)
    return connection.execute(
        select(
            *keys,
            func.sum(each.c.began).label("loans"),
            func.sum(days).label("days"),
        ).group_by(*keys)
    )
