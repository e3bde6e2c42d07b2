"""The figures: each is a row of `MEASURES`, and every total, group, column and key follows from it.

The holdings of every college, kit type and donor are counted once; totals, regions, colleges,
donors and types are sums of those counts, so they cannot disagree.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
    tuple_,
)

from kitloan.audit.census import OF_GIFT, Census
from kitloan.ledger.session import ESP
from kitloan.reference import regions
from kitloan.storage.statements import AnyRow
from kitloan.tables import Component, Gift, Holding, Loan, Shortage, table
from kitloan.tables.national import Gifting
from kitloan.text.dates import start_of, year_before
from kitloan.text.names import fold, in_natural_order

component, gift, gifting = table(Component), table(Gift), table(Gifting)
holding, loan, shortage = table(Holding), table(Loan), table(Shortage)

OUTSIDE = "Outside the regions"
NO_DONOR = "not recorded"

HERE = tuple_(holding.c.college, holding.c.tag)


_LISTED = exists().where(
    component.c.college == holding.c.college, component.c.kit_type == holding.c.kit_type
)
"""Its kind has a contents list to be counted against."""

_SHORT = exists().where(shortage.c.college == holding.c.college, shortage.c.tag == holding.c.tag)


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure: what it is called, what it means, and which counted holdings it counts.

    Attributes:
        name: its key in JSON, and the name of its column.
        title: what people read.
        meaning: a sentence for the dictionary.
        condition: which rows of `holding` it counts,
        short: of those that have a shortage, of those that have none, or None of both;
        listed: and whether only of kinds with a contents list.
    """

    name: str
    title: str
    meaning: str
    condition: Callable[[Census], ColumnElement[bool]]
    short: bool | None = None
    listed: bool = False

    def whole_condition(self, census: Census) -> ColumnElement[bool]:
        """All three, as a condition on a row of `holding`."""
        of_short = {None: true(), True: _SHORT, False: not_(_SHORT)}[self.short]
        return and_(self.condition(census), of_short, _LISTED if self.listed else true())

    def counts(self, is_short: bool, is_listed: bool) -> bool:
        """Whether it counts holdings of a group, whose condition it has."""
        return self.short in (None, is_short) and (is_listed or not self.listed)


def is_late(census: Census) -> ColumnElement[bool]:
    """Whether a row of `loan` is open past its due date.

    The day is asked for in a form that no index has: else SQLite looks for each holding that is out
    through all loans that are late.
    """
    late = func.coalesce(loan.c.due_key, "") < census.day.isoformat()
    return and_(loan.c.closed_at.is_(None), late)


def is_unseen(census: Census) -> ColumnElement[bool]:
    """Whether a holding was not seen on the same day a year earlier, nor since; or never."""
    return holding.c.sighted_at.is_(None) | (
        holding.c.sighted_at < start_of(year_before(census.day))
    )


def _list_changed(census: Census) -> ColumnElement[bool]:
    """Whether a holding's contents list changed after its latest count."""
    older = [
        and_(
            holding.c.college == college,
            holding.c.kit_type == kind,
            holding.c.counted_at < change.at,
        )
        for (college, kind), change in census.lists_changed.items()
    ]
    in_that_second = HERE.in_(sorted(census.counted_too_early))
    return or_(false(), in_that_second if census.counted_too_early else false(), *older)


_KIT = and_(holding.c.state != "missing", holding.c.quantity == 1)


def _is_counted(_census: Census) -> ColumnElement[bool]:
    return and_(holding.c.counted_at.is_not(None), _KIT)


MEASURES = (
    Measure(
        "holdings",
        "Held",
        "Kits, devices and stocks on the register; a stock of loose items is one.",
        lambda _: true(),
    ),
    Measure(
        "out", "On loan", "Some or all of it is on loan.", lambda _: holding.c.out_quantity > 0
    ),
    Measure(
        "overdue",
        "Overdue",
        "On loan, and past the due date.",
        lambda census: and_(
            holding.c.out_quantity > 0,
            exists().where(
                loan.c.college == holding.c.college, loan.c.tag == holding.c.tag, is_late(census)
            ),
        ),
    ),
    Measure(
        "incomplete",
        "Unusable",
        "A component is short without which the kit cannot be used.",
        lambda _: holding.c.critical_short > 0,
    ),
    Measure("short", "Short", "Any component is missing or broken.", lambda _: true(), short=True),
    Measure(
        "in_transit",
        "In transit",
        "Sent to another college and not yet received.",
        lambda _: holding.c.state == "in_transit",
    ),
    Measure(
        "missing", "Missing", "Recorded as not to be found.", lambda _: holding.c.state == "missing"
    ),
    Measure(
        "not_sighted_12_months",
        "Not seen in 12 months",
        "Not scanned or seen on the same day a year ago, nor since.",
        is_unseen,
    ),
    Measure(
        "counted_whole",
        "Counted whole",
        "The latest count of its contents found everything, or what was short has been replaced.",
        lambda census: and_(_is_counted(census), not_(_list_changed(census))),
        short=False,
        listed=True,
    ),
    Measure(
        "counted_short",
        "Counted short",
        "The latest count of its contents found something missing or broken.",
        lambda census: and_(_is_counted(census), not_(_list_changed(census))),
        short=True,
        listed=True,
    ),
    Measure(
        "never_counted",
        "Never counted",
        "It has a contents list, and its college has not counted it.",
        lambda _: and_(holding.c.counted_at.is_(None), _KIT),
        listed=True,
    ),
    Measure(
        "list_changed",
        "List changed",
        "Its contents list changed after the latest count.",
        lambda census: and_(_is_counted(census), _list_changed(census)),
        listed=True,
    ),
)
"""Every figure of a holding: a row here is a column of the tables and a key of the JSON."""

NAMES = tuple(each.name for each in MEASURES)


class MeasureCounts(Counter[str]):
    """How many holdings each measure counts, by its name. A stock of loose items is one."""

    def __getattr__(self, name: str) -> int:
        if name not in NAMES and name not in MORE_TOTALS:
            raise AttributeError(name)
        return self[name]

    @property
    def are_known(self) -> bool:
        """Of totals: whether a file has come of any college in scope, or ESP itself holds some."""
        return bool(self.colleges or self.holdings)


MORE_TOTALS = (
    *("colleges", "schools", "learner_engagements"),
    *("learners_at_least", "learners_at_most"),
)
"""What the totals have and no group has."""


@dataclass(frozen=True, slots=True)
class FigureGroup:
    """The figures of a region, a college, a donor or a type.

    `id` is None where it has none; `known` is false where no file of it has come.
    """

    id: str | None
    name: str
    figures: MeasureCounts
    known: bool = True


@dataclass(frozen=True, slots=True)
class HoldingCount:
    """The figures of one college's holdings of one kit type from one donor.

    `days` is how long they were held in the twelve months, added up.
    """

    college: str
    kit_type: str
    type_name: str
    donor_name: str | None
    figures: MeasureCounts
    days: int


def count(census: Census, days: ColumnElement[int]) -> list[HoldingCount]:
    """The figures of every college, kit type and donor.

    Args:
        census: what is counted.
        days: for how many days of the twelve months a row of `holding` was held.
    """
    agreed = {
        row.gift: row.donor
        for row in census.connection.execute(
            select(gifting.c.gift, gifting.c.donor).where(gifting.c.college == ESP)
        )
    }
    # Every holding is asked everything once, and those that answer alike are counted together.
    bits = [case((each.condition(census), 1 << n), else_=0) for n, each in enumerate(MEASURES)]
    unnamed = case((gift.c.donor.is_(None), gift.c.gift)).label("gift")
    rows = (
        select(
            holding.c.college,
            holding.c.kit_type,
            gift.c.donor,
            unnamed,
            reduce(add, bits).label("answers"),
            days.label("days"),
        )
        .outerjoin_from(holding, gift, OF_GIFT)
        .where(census.counted)
    )
    sums: dict[tuple[str, str, str | None], MeasureCounts] = {}
    held: Counter[tuple[str, str, str | None]] = Counter()

    def add_up(row: AnyRow, donor: str | None, many: int, *, short: bool, times: int = 1) -> None:
        key = (row.college, row.kit_type, donor)
        sums.setdefault(key, MeasureCounts()).update(_figures(census, row, many * times, short))
        held[key] += row.days * times

    for row in _alike(census, rows):
        add_up(row, row.donor or agreed.get(row.gift), row.many, short=False)
    # Few are short: asking it of those costs less than asking every holding.
    short = select(shortage.c.college, shortage.c.tag)
    for row in _alike(census, rows.where(HERE.in_(short))):
        donor = row.donor or agreed.get(row.gift)
        add_up(row, donor, row.many, short=False, times=-1)
        add_up(row, donor, row.many, short=True)
    later = {place: terms.donor for place, terms in census.inherited.items() if terms.donor}
    for row in _of(census, rows, list(later)):
        if row.donor is None and row.gift not in agreed:
            is_short = bool(row.is_short)
            add_up(row, None, 1, short=is_short, times=-1)
            add_up(row, later[row.college, row.tag], 1, short=is_short)
    return [
        HoldingCount(
            college,
            kind,
            census.type_names[college, kind],
            census.decided.donor(donor) if donor else None,
            figures,
            held[college, kind, donor],
        )
        for (college, kind, donor), figures in sums.items()
        if figures.holdings
    ]


def _alike(census: Census, rows: Select[Any]) -> Iterable[AnyRow]:
    """How many holdings answer alike, and the days for which they were held."""
    each = rows.subquery()
    keys = (each.c.college, each.c.kit_type, each.c.donor, each.c.gift, each.c.answers)
    numbers = (func.count().label("many"), func.sum(each.c.days).label("days"))
    return census.connection.execute(select(*keys, *numbers).group_by(*keys))


def _figures(census: Census, row: AnyRow, many: int, is_short: bool) -> MeasureCounts:
    """The figures of so many holdings that answer alike."""
    is_listed = (row.college, row.kit_type) in census.listed
    return MeasureCounts(
        {
            each.name: many if row.answers >> n & 1 and each.counts(is_short, is_listed) else 0
            for n, each in enumerate(MEASURES)
        }
    )


_AT_ONCE = 500
"""Holdings that one statement names."""


def _of(census: Census, rows: Select[Any], places: Sequence[tuple[str, str]]) -> Iterable[Any]:
    """The counted ones of some holdings."""
    for at in range(0, len(places), _AT_ONCE):
        more = (holding.c.tag, case((_SHORT, 1), else_=0).label("is_short"))
        some = rows.add_columns(*more).where(HERE.in_(places[at : at + _AT_ONCE]))
        yield from census.connection.execute(some)


def total(counts: Iterable[HoldingCount]) -> MeasureCounts:
    """The sum of some counts."""
    summed = MeasureCounts(dict.fromkeys(NAMES, 0))
    for each in counts:
        summed.update(each.figures)
    return summed


def by_region(
    census: Census, counts: Sequence[HoldingCount], sent: frozenset[str] | None
) -> tuple[FigureGroup, ...]:
    """All thirteen, and the colleges outside them where there are any.

    Those of the colleges in `sent` are known; all are when it is None.
    """
    region_of = {each: row.region for each, row in census.colleges.items()}
    sums = {code: total(()) for code in regions()}
    outside = total(())
    for each in counts:
        code = region_of.get(each.college)
        sums.get(code or "", outside).update(each.figures)
    known = {*regions()} if sent is None else {region_of.get(each) for each in sent}
    found = [FigureGroup(code, name, sums[code], code in known) for code, name in regions().items()]
    if outside.holdings or any(code not in sums for code in region_of.values()):
        found.append(FigureGroup(None, OUTSIDE, outside))
    wanted = census.college_ids
    if wanted is None:
        return tuple(found)
    return tuple(
        each
        for each in found
        if each.figures.holdings or any(region_of.get(college) == each.id for college in wanted)
    )


def by_college(
    census: Census, counts: Sequence[HoldingCount], silent: Iterable[str] = ()
) -> tuple[FigureGroup, ...]:
    """Every college that has sent its ledger; ESP, where it holds something itself; the silent."""
    sums: dict[str, MeasureCounts] = {}
    for each in counts:
        sums.setdefault(each.college, total(())).update(each.figures)
    known = [*census.colleges, *([ESP] if ESP in sums else [])]
    names = census.college_names
    found = [FigureGroup(each, names[each], sums.get(each) or total(())) for each in known]
    found += [FigureGroup(each, names[each], total(()), known=False) for each in silent]
    return tuple(each for each in found if each.id is None or census.has_college(each.id))


def by_name(
    counts: Iterable[HoldingCount], name_of: Callable[[HoldingCount], str | None]
) -> tuple[FigureGroup, ...]:
    """By donor or type across colleges: spellings that differ in case and spaces are one."""
    names: dict[str, str] = {}
    sums: dict[str, MeasureCounts] = {}
    for each in counts:
        name = name_of(each) or NO_DONOR
        folded = fold(name)
        names[folded] = min(names.get(folded, name), name)
        sums.setdefault(folded, total(())).update(each.figures)
    return tuple(
        FigureGroup(None, names[folded], sums[folded])
        for folded in sorted(sums, key=in_natural_order)
    )
