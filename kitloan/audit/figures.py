"""How many holdings stand how: one query, and every way of adding it up.

It counts the holdings of every college, kit type and donor; totals, regions, colleges, donors and
types are sums of those counts, so they cannot disagree.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, case, func, select, text

from kitloan.audit.conditions import KEPT, unseen
from kitloan.models import Gift, Holding, KitType, Loan, Shortage, table
from kitloan.models.absence import Arrival
from kitloan.prepared import AnyRow
from kitloan.reference import regions
from kitloan.text import fold

arrival, gift, holding, kit_type = table(Arrival), table(Gift), table(Holding), table(KitType)
loan, shortage = table(Loan), table(Shortage)

OUTSIDE = "Outside the regions"
NO_DONOR = "not recorded"


@dataclass(frozen=True, slots=True)
class Figures:
    """How many holdings stand how. A stock of loose items is one holding."""

    holdings: int = 0
    out: int = 0
    overdue: int = 0
    incomplete: int = 0
    in_transit: int = 0
    missing: int = 0
    not_sighted_12_months: int = 0
    short: int = 0
    """Kits of which any component is missing or broken."""

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Figures)))


@dataclass(frozen=True, slots=True)
class Totals(Figures):
    """The figures of all, and of how many colleges."""

    colleges: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of a region, a college, a donor or a type. `id` is None where it has none."""

    id: str | None
    name: str
    figures: Figures


Counts = list[tuple[Mapping[str, Any], Figures]]

_sent_with = (
    select(func.max(gift.c.donor))
    .join_from(
        arrival, gift, and_(gift.c.college == arrival.c.from_college, gift.c.tag == arrival.c.tag)
    )
    .where(arrival.c.college == holding.c.college, arrival.c.tag == holding.c.tag)
    .correlate(holding)
    .scalar_subquery()
)
"""Who gave a holding that came from another college, as that one says."""


def count(connection: Connection, day: date) -> Counts:
    """The figures of every college, kit type and donor."""
    late = (
        select(loan.c.college, loan.c.tag)
        .where(loan.c.closed_at.is_(None), loan.c.due_key < day.isoformat())
        .distinct()
        .subquery()
    )

    short = select(shortage.c.college, shortage.c.tag).distinct().subquery()

    def many(condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    rows = connection.execute(
        select(
            holding.c.college,
            kit_type.c.name.label("type_name"),
            func.coalesce(gift.c.donor, _sent_with).label("donor_name"),
            func.count().label("holdings"),
            many(holding.c.out_quantity > 0).label("out"),
            many(late.c.tag.is_not(None)).label("overdue"),
            many(holding.c.critical_short > 0).label("incomplete"),
            many(holding.c.state == "in_transit").label("in_transit"),
            many(holding.c.state == "missing").label("missing"),
            many(unseen(day)).label("not_sighted_12_months"),
            many(short.c.tag.is_not(None)).label("short"),
        )
        .join_from(
            holding,
            kit_type,
            and_(
                kit_type.c.college == holding.c.college, kit_type.c.kit_type == holding.c.kit_type
            ),
        )
        .outerjoin(gift, and_(gift.c.college == holding.c.college, gift.c.tag == holding.c.tag))
        .outerjoin(short, and_(short.c.college == holding.c.college, short.c.tag == holding.c.tag))
        .outerjoin(late, and_(late.c.college == holding.c.college, late.c.tag == holding.c.tag))
        .where(KEPT)
        .group_by(holding.c.college, kit_type.c.name, text("donor_name"))
    ).mappings()
    return [(dict(row), Figures(*(row[f.name] for f in fields(Figures)))) for row in rows]


def by_region(colleges: Iterable[AnyRow], counts: Counts) -> tuple[Group, ...]:
    """All thirteen, at zero too; then the colleges outside them, where there are any."""
    region_of = {row.college: row.region for row in colleges}
    sums = {code: Figures() for code in regions()}
    outside = Figures()
    for row, figures in counts:
        code = region_of.get(row["college"])
        if code in sums:
            sums[code] += figures
        else:
            outside += figures
    found = [Group(code, name, sums[code]) for code, name in regions().items()]
    if any(code not in sums for code in region_of.values()):
        found.append(Group(None, OUTSIDE, outside))
    return tuple(found)


def by_college(colleges: Iterable[AnyRow], counts: Counts) -> tuple[Group, ...]:
    """Every college that has sent its ledger."""
    return tuple(
        Group(
            each.college,
            each.name,
            sum((f for row, f in counts if row["college"] == each.college), Figures()),
        )
        for each in colleges
    )


def by_name(counts: Counts, key: str) -> tuple[Group, ...]:
    """By donor or type across colleges: spellings that differ in case and spaces are one."""
    names: dict[str, str] = {}
    sums: dict[str, Figures] = {}
    for row, figures in counts:
        name = row[key] or NO_DONOR
        folded = fold(name)
        names[folded] = min(names.get(folded, name), name)
        sums[folded] = sums.get(folded, Figures()) + figures
    return tuple(Group(None, names[folded], sums[folded]) for folded in sorted(sums))
