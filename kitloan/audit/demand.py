"""Unmet demand: what was asked for and could not be given, by kit type and region.

Over the twelve months that end with the day of the audit. A refusal is one school, one type and
days that overlap, once a day; it says nothing of those who never asked.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, tuple_

from kitloan.audit.census import Census
from kitloan.tables import Holding, table
from kitloan.tables.wants import Demand
from kitloan.text.dates import twelve_months_to
from kitloan.text.names import fold

demand, holding = table(Demand), table(Holding)

_NONE_FREE = "not_free"
_OF_DAYS = ("closed_day", "too_soon", "too_far")


@dataclass(frozen=True, slots=True)
class UnmetDemand:
    """What was asked for of a kit type in a region, and could not be given.

    Attributes:
        type: the kit type.
        region: the region's code; None outside the regions.
        refusals: how often.
        kits: how many kits, all times together.
        borrowers: how many different schools and other borrowers asked.
        none_free: refused because too few were free.
        days: refused because of the day: closed, too soon or too far ahead.
        limits: refused by a limit, or because the borrower was blocked.
    """

    type: str
    region: str | None
    refusals: int
    kits: int
    borrowers: int
    none_free: int
    days: int
    limits: int


def unmet_demand(census: Census) -> Sequence[UnmetDemand]:
    """What could not be given in the twelve months, the most kits first.

    A report about a donor or a gift has the types that its kits are of, at the colleges that have
    them.
    """
    first, last = twelve_months_to(census.day), census.day
    wanted = select(demand).where(
        demand.c.asked_on >= first.isoformat(), demand.c.asked_on <= last.isoformat()
    )
    if census.scope.donor is not None or census.scope.gift is not None:
        theirs = select(holding.c.college, holding.c.kit_type).where(census.in_scope).distinct()
        wanted = wanted.where(tuple_(demand.c.college, demand.c.kit_type).in_(theirs))
    rows = census.connection.execute(wanted).mappings()
    names: dict[str, str] = {}
    rules: defaultdict[tuple[str, str | None], Counter[str]] = defaultdict(Counter)
    kits: Counter[tuple[str, str | None]] = Counter()
    who: defaultdict[tuple[str, str | None], set[tuple[str, str]]] = defaultdict(set)
    for row in rows:
        college, kind = row["college"], row["kit_type"]
        if college not in census.colleges or not census.has_college(college):
            continue
        called = census.type_names.get((college, kind), kind)
        if not census.is_type(called):
            continue
        key = fold(called), census.colleges[college].region
        names.setdefault(key[0], called)
        rules[key][row["rule"]] += 1
        kits[key] += row["quantity"]
        if row["organisation"] is not None:
            place = college, row["organisation"]
            school = census.schools.get(place)
            who[key].add(("", school) if school else place)
    found = [
        UnmetDemand(
            names[key[0]],
            key[1],
            counted.total(),
            kits[key],
            len(who[key]),
            counted[_NONE_FREE],
            sum(counted[rule] for rule in _OF_DAYS),
            counted["limit"] + counted["blocked"],
        )
        for key, counted in rules.items()
    ]
    return sorted(found, key=lambda each: (-each.kits, each.type, each.region or ""))
