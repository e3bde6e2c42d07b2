"""How the holdings are used: days out over days held, loans, and the organisations they served.

Over the twelve months that end with the day of the audit: to 31 July, from 1 August. A loan counts the days from the one on
which it went to the one before it came back, and at least one; a loan that is out counts the day of
the audit. Of a stock of loose items it counts the part that was lent: twelve of thirty goggles for
ten days are four days of that holding. A holding counts the days for which its college had it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import Connection, case, func, or_, select

from kitloan.audit.conditions import KEPT, type_names
from kitloan.audit.days import scottish_day
from kitloan.audit.stays import Stay, stays
from kitloan.calendar import day_of, end_of, start_of, twelve_months_to
from kitloan.models import Holding, Loan, table
from kitloan.prepared import AnyRow
from kitloan.text import fold

holding, loan = table(Holding), table(Loan)

_OF_HOLDING = (holding.c.college == loan.c.college) & (holding.c.tag == loan.c.tag)


@dataclass(slots=True)
class Use:
    """How holdings of one kind, or of one college, were used."""

    name: str
    holdings: int = 0
    loans: int = 0
    whole_out: int = 0
    parts_out: Fraction = Fraction(0)
    days_held: int = 0
    organisations: set[str] = field(default_factory=set)

    @property
    def _out(self) -> Fraction:
        return self.whole_out + self.parts_out

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
        self.types: dict[str, Use] = {}
        self.places: dict[str, Use] = {}

    def both(self, college: str, kit_type: str) -> tuple[Use, Use]:
        """Where something of a college's kit type is added."""
        name = self._names[college, kit_type]
        found = self.types.setdefault(fold(name), Use(name))
        found.name = min(found.name, name)
        return found, self.places.setdefault(college, Use(college))


def use(connection: Connection, day: date) -> tuple[list[Use], list[Use]]:
    """The use of every kit type, and of every college, in the twelve months that end with `day`."""
    uses = _Uses(type_names(connection))
    start, until = twelve_months_to(day), day + timedelta(days=1)
    for row in _held(connection, day, start):
        for each in uses.both(row.college, row.kit_type):
            each.holdings += row.holdings
            each.days_held += row.days
    for stay in stays(connection):
        for each in uses.both(stay.college, stay.kit_type):
            each.days_held += _more_days(stay, start, until)
    for row in _lent(connection, day, start):
        whom = {f"{row.college} {row.organisation}"} if row.loans else set()
        for each in uses.both(row.college, row.kit_type):
            each.loans += row.loans
            if row.lent < row.held:
                each.parts_out += Fraction(int(row.days) * row.lent, row.held)
            else:
                each.whole_out += int(row.days)
            each.organisations |= whom
    return (
        sorted(uses.types.values(), key=lambda each: (-(each.share or 0), fold(each.name))),
        [uses.places[key] for key in sorted(uses.places)],
    )


def _held(connection: Connection, day: date, start: date) -> Iterable[AnyRow]:
    """Holdings that are kept, and the days since each came, as if it had never moved."""
    came = case(
        (holding.c.accessioned_at < start_of(start), start.toordinal()),
        else_=scottish_day(holding.c.accessioned_at, start, day),
    )
    return connection.execute(
        select(
            holding.c.college,
            holding.c.kit_type,
            func.count().label("holdings"),
            func.sum(day.toordinal() + 1 - came).label("days"),
        )
        .where(KEPT)
        .group_by(holding.c.college, holding.c.kit_type)
    )


def _more_days(stay: Stay, start: date, until: date) -> int:
    """Days of one that moved: those it was held, less those that `_held` reckons for it."""
    days = sum(max(0, ((ended or until) - max(start, began)).days) for began, ended in stay.spans)
    (first, _), *_ = stay.spans
    return days - ((until - max(start, first)).days if stay.kept else 0)


def _lent(connection: Connection, day: date, start: date) -> Iterable[AnyRow]:
    """Loans that have days in the twelve months; by borrower, and of stock by what was lent."""
    since, last = start_of(start), end_of(day)
    began = case(
        (loan.c.out_at < since, start.toordinal()), else_=scottish_day(loan.c.out_at, start, day)
    )
    ended = case(
        (or_(loan.c.closed_at.is_(None), loan.c.closed_at > last), day.toordinal() + 1),
        else_=scottish_day(loan.c.closed_at, start, day),
    )
    each = (
        select(
            loan.c.college,
            holding.c.kit_type,
            loan.c.quantity.label("lent"),
            holding.c.quantity.label("held"),
            loan.c.organisation,
            case((loan.c.out_at >= since, 1), else_=0).label("begun"),
            began.label("began"),
            ended.label("ended"),
        )
        .join_from(loan, holding, _OF_HOLDING)
        .where(or_(loan.c.closed_at.is_(None), loan.c.closed_at >= since), loan.c.out_at <= last)
        .subquery()
    )
    days = case((each.c.ended > each.c.began, each.c.ended - each.c.began), else_=each.c.begun)
    keys = (each.c.college, each.c.kit_type, each.c.organisation, each.c.lent, each.c.held)
    return connection.execute(
        select(
            *keys,
            func.sum(each.c.begun).label("loans"),
            func.sum(days).label("days"),
        ).group_by(*keys)
    )


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
    since = start_of(twelve_months_to(day))
    of_it = (loan.c.college == holding.c.college, loan.c.tag == holding.c.tag)
    lately = select(loan.c.tag).where(*of_it, loan.c.closed_at >= since).exists()
    last = (
        select(func.max(loan.c.out_at)).where(*of_it).correlate(holding).scalar_subquery()
    ).label("last")
    rows = connection.execute(
        select(holding.c.tag, holding.c.college, holding.c.kit_type, last, holding.c.sighted_at)
        .where(holding.c.state == "held", holding.c.out_quantity == 0)
        .where(holding.c.accessioned_at < since, ~lately)
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
