"""How the holdings are used: days out over days held, loans, and the organisations they served.

Over the twelve months that end with the day of the audit. A loan counts the days of it that lie in
them; a holding counts the days since it came, at most the twelve months. Days are those of UTC: a
loan made in the hour before a summer midnight counts one day more.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, and_, case, func, literal, select

from kitloan.audit.conditions import KEPT, a_year_ago
from kitloan.calendar import day_of, end_of, year_before
from kitloan.models import Holding, KitType, Loan, table
from kitloan.prepared import AnyRow
from kitloan.text import fold

holding, kit_type, loan = table(Holding), table(KitType), table(Loan)


@dataclass(slots=True)
class Use:
    """How holdings of one kind, or of one college, were used."""

    name: str
    holdings: int = 0
    loans: int = 0
    days_out: int = 0
    days_held: int = 0
    organisations: set[str] = field(default_factory=set)

    @property
    def share(self) -> float | None:
        """Days out over days held, from 0 to 1; None where nothing was held."""
        return min(1.0, self.days_out / self.days_held) if self.days_held else None


def use(connection: Connection, day: date) -> tuple[list[Use], list[Use]]:
    """The use of every kit type, and of every college, in the twelve months that end with `day`."""
    types: dict[str, Use] = {}
    places: dict[str, Use] = {}

    def both(college: str, name: str) -> tuple[Use, Use]:
        return (
            types.setdefault(fold(name), Use(name)),
            places.setdefault(college, Use(college)),
        )

    until = day.toordinal() + 1
    for row in _held(connection, day):
        for each in both(row.college, row.name):
            each.holdings += row.many
            each.days_held += row.many * (until - date.fromisoformat(row.began).toordinal())
    for row in _lent(connection, day):
        for each in both(row.college, row.name):
            each.loans += row.begun
            each.days_out += row.many * (
                min(until, date.fromisoformat(row.ended).toordinal() + 1)
                - date.fromisoformat(row.began).toordinal()
            )
    for row in _served(connection, day):
        for each in both(row.college, row.name):
            each.organisations.add(f"{row.college} {row.organisation}")
    return (
        sorted(types.values(), key=lambda each: (-(each.share or 0), fold(each.name))),
        [places[key] for key in sorted(places)],
    )


_OF_TYPE = and_(kit_type.c.college == holding.c.college, kit_type.c.kit_type == holding.c.kit_type)
_OF_HOLDING = and_(holding.c.college == loan.c.college, holding.c.tag == loan.c.tag)


def _held(connection: Connection, day: date) -> Iterable[AnyRow]:
    start = year_before(day).isoformat()
    began = func.substr(holding.c.accessioned_at, 1, 10)
    clipped = case((began < start, literal(start)), else_=began)
    return connection.execute(
        select(
            holding.c.college, kit_type.c.name, clipped.label("began"), func.count().label("many")
        )
        .join_from(holding, kit_type, _OF_TYPE)
        .where(KEPT)
        .group_by(holding.c.college, kit_type.c.name, clipped)
    )


def _lent(connection: Connection, day: date) -> Iterable[AnyRow]:
    start, last = year_before(day).isoformat(), day.isoformat()
    out = func.substr(loan.c.out_at, 1, 10)
    back = func.coalesce(func.substr(loan.c.closed_at, 1, 10), last)
    began = case((out < start, literal(start)), else_=out)
    ended = case((back > last, literal(last)), else_=back)
    return connection.execute(
        select(
            loan.c.college,
            kit_type.c.name,
            began.label("began"),
            ended.label("ended"),
            func.count().label("many"),
            func.sum(case((loan.c.out_at >= a_year_ago(day), 1), else_=0)).label("begun"),
        )
        .join_from(loan, holding, _OF_HOLDING)
        .join(kit_type, _OF_TYPE)
        .where(back >= start, loan.c.out_at <= end_of(day))
        .group_by(loan.c.college, kit_type.c.name, began, ended)
    )


def _served(connection: Connection, day: date) -> Iterable[AnyRow]:
    return connection.execute(
        select(loan.c.college, kit_type.c.name, loan.c.organisation)
        .join_from(loan, holding, _OF_HOLDING)
        .join(kit_type, _OF_TYPE)
        .where(loan.c.out_at >= a_year_ago(day))
        .distinct()
    )


@dataclass(frozen=True, slots=True)
class Idle:
    """A holding that nobody borrowed in the twelve months, though it was there all of them."""

    tag: str
    college: str
    type: str
    last_lent: date | None
    last_sighted: date | None


def idle(connection: Connection, day: date) -> list[Idle]:
    """What is not used, the longest unused first."""
    since = a_year_ago(day)
    lately = (
        select(loan.c.tag)
        .where(loan.c.college == holding.c.college, loan.c.tag == holding.c.tag)
        .where(loan.c.out_at >= since)
        .exists()
    )
    last = (
        select(func.max(loan.c.out_at))
        .where(loan.c.college == holding.c.college, loan.c.tag == holding.c.tag)
        .correlate(holding)
        .scalar_subquery()
        .label("last")
    )
    rows = connection.execute(
        select(holding.c.tag, holding.c.college, kit_type.c.name, last, holding.c.sighted_at)
        .join_from(holding, kit_type, _OF_TYPE)
        .where(holding.c.state == "held", holding.c.out_quantity == 0)
        .where(holding.c.accessioned_at < since, ~lately)
    )
    found = [
        Idle(
            row.tag,
            row.college,
            row.name,
            day_of(row.last) if row.last else None,
            day_of(row.sighted_at) if row.sighted_at else None,
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.last_lent or date.min, each.college, each.tag))
