"""How many holdings stand how, and every way of adding it up.

It counts the holdings of every college, kit type and donor; totals, regions, colleges, donors and
types are sums of those counts, so they cannot disagree.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from operator import add, sub
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, case, exists, func, select

from kitloan.audit.conditions import KEPT, type_names, unseen
from kitloan.audit.donors import came_from, nearest
from kitloan.ledger.session import ESP
from kitloan.reference import regions
from kitloan.storage.statements import AnyRow
from kitloan.tables import Gift, Holding, Loan, Shortage, table
from kitloan.tables.absence import Arrival
from kitloan.text.names import fold

arrival, gift, holding = table(Arrival), table(Gift), table(Holding)
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
        return self._with(add, other)

    def __sub__(self, other: "Figures") -> "Figures":
        return self._with(sub, other)

    def _with(self, by: Callable[[int, int], int], other: "Figures") -> "Figures":
        names = (each.name for each in fields(Figures))
        return Figures(*(by(getattr(self, name), getattr(other, name)) for name in names))


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

_OF_GIFT = and_(gift.c.college == holding.c.college, gift.c.tag == holding.c.tag)
_OF_SHORTAGE = (shortage.c.college == holding.c.college, shortage.c.tag == holding.c.tag)
_OF_LOAN = (loan.c.college == holding.c.college, loan.c.tag == holding.c.tag)
_OF_ARRIVAL = (arrival.c.college == holding.c.college, arrival.c.tag == holding.c.tag)
_KEYS = (holding.c.college, holding.c.kit_type, gift.c.donor)

_Key = tuple[str, str, str | None]


def count(connection: Connection, day: date) -> Counts:
    """The figures of every college, kit type and donor."""
    sums: dict[_Key, Figures] = defaultdict(Figures)
    for row in connection.execute(_of_holdings(day)):
        sums[row.college, row.kit_type, row.donor] += Figures(
            row.holdings,
            row.out,
            0,
            row.incomplete,
            row.in_transit,
            row.missing,
            row.not_sighted_12_months,
        )
    for row in connection.execute(_few(loan, _late(day))):
        sums[row.college, row.kit_type, row.donor] += Figures(overdue=row.many)
    for row in connection.execute(_few(shortage)):
        sums[row.college, row.kit_type, row.donor] += Figures(short=row.many)
    for key, donor, figures in _passed_on(connection, day):
        sums[key] -= figures
        sums[*key[:2], donor] += figures
    names = type_names(connection)
    return [
        ({"college": college, "type_name": names[college, kind], "donor_name": donor}, figures)
        for (college, kind, donor), figures in sums.items()
        if figures.holdings
    ]


def _late(day: date) -> ColumnElement[bool]:
    return and_(loan.c.closed_at.is_(None), loan.c.due_key < day.isoformat())


def _flags(day: date) -> dict[str, ColumnElement[bool]]:
    """What is asked of the holding's own row."""
    return {
        "out": holding.c.out_quantity > 0,
        "incomplete": holding.c.critical_short > 0,
        "in_transit": holding.c.state == "in_transit",
        "missing": holding.c.state == "missing",
        "not_sighted_12_months": unseen(day),
    }


def _of_holdings(day: date) -> Select[*tuple[Any, ...]]:
    sums = [func.sum(case((flag, 1), else_=0)).label(name) for name, flag in _flags(day).items()]
    return (
        select(*_KEYS, func.count().label("holdings"), *sums)
        .outerjoin_from(holding, gift, _OF_GIFT)
        .where(KEPT)
        .group_by(*_KEYS)
    )


def _few(rows: Table, which: ColumnElement[bool] | None = None) -> Select[*tuple[Any, ...]]:
    """Holdings that have such a row: found from the rows, of which there are few."""
    wanted = (
        select(*_KEYS, func.count(holding.c.tag.distinct()).label("many"))
        .join_from(
            rows, holding, and_(rows.c.college == holding.c.college, rows.c.tag == holding.c.tag)
        )
        .outerjoin(gift, _OF_GIFT)
        .where(KEPT)
        .group_by(*_KEYS)
    )
    return wanted if which is None else wanted.where(which)


def _passed_on(connection: Connection, day: date) -> Iterator[tuple[_Key, str, Figures]]:
    """What came from another college and has no donor here: who gave it, as that one says."""
    came = came_from(connection.execute(select(arrival)))
    if not came:
        return
    donors = {
        (row.college, row.tag): row.donor for row in connection.execute(_DONORS_OF_WHAT_MOVED)
    }
    asked = _flags(day) | {
        "overdue": exists().where(*_OF_LOAN, _late(day)),
        "short": exists().where(*_OF_SHORTAGE),
    }
    rows = connection.execute(
        select(
            holding.c.college,
            holding.c.tag,
            holding.c.kit_type,
            *(case((flag, 1), else_=0).label(name) for name, flag in asked.items()),
        )
        .outerjoin_from(holding, gift, _OF_GIFT)
        .where(KEPT, gift.c.donor.is_(None), exists().where(*_OF_ARRIVAL))
    )
    for row in rows:
        donor = nearest((row.college, row.tag), came, donors)
        if donor is not None:
            counted = {name: getattr(row, name) for name in asked}
            yield (row.college, row.kit_type, None), donor, Figures(holdings=1, **counted)


_DONORS_OF_WHAT_MOVED = select(gift.c.college, gift.c.tag, gift.c.donor).where(
    gift.c.donor.is_not(None), gift.c.tag.in_(select(arrival.c.tag))
)


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
    if outside.holdings or any(code not in sums for code in region_of.values()):
        found.append(Group(None, OUTSIDE, outside))
    return tuple(found)


def by_college(colleges: Iterable[AnyRow], counts: Counts) -> tuple[Group, ...]:
    """Every college that has sent its ledger; and ESP, where it holds something itself."""
    sums: dict[str, Figures] = defaultdict(Figures)
    for row, figures in counts:
        sums[row["college"]] += figures
    known = [(each.college, each.name) for each in colleges]
    known += [(ESP, ESP.upper())] if sums[ESP].holdings else []
    return tuple(Group(college, name, sums[college]) for college, name in known)


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
