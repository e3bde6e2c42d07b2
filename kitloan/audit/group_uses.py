"""Uses one by one: those of which something is true, each with its learners by band.

An engagement with an event's id that several colleges entered is one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, literal, select, tuple_

from kitloan.audit.census import Census
from kitloan.evidence.disclosure import academic_year
from kitloan.queries.uses import (
    OF_ENGAGEMENT,
    OF_LOAN,
    TAG,
    YearSpan,
    list_same_day,
    list_same_name,
)
from kitloan.tables import Holding, Loan, table
from kitloan.tables.evidence import Engagement, EngagementBand

engagement, band = table(Engagement), table(EngagementBand)
holding, loan = table(Holding), table(Loan)

MOST_YEARS = 5
"""Academic years that a report goes back."""


class GroupUse(NamedTuple):
    """An engagement by itself: whose, when, and how many of which band.

    Attributes:
        school: the same text for the same school, whichever college it borrowed from.
        bands: learners by band; None is unknown.
        split: girls and boys; None where not both were recorded.
        in_scope: whether it is what the report is about.
    """

    college: str
    id: str
    on: str
    school: str
    event: str | None
    loan: str | None
    used: bool
    bands: Mapping[str, int] | None
    split: tuple[int, int] | None
    staff: int | None
    half_hours: int | None
    in_scope: bool
    learners: int
    """All of its bands; none where they are unknown."""
    tag: str | None
    organisation: str | None
    programme: str | None
    recorded_at: str

    @property
    def recorded(self) -> str:
        """The day on which it was recorded."""
        return self.recorded_at[:10]


@dataclass(frozen=True, slots=True)
class Twice:
    """Two engagements of one school, day and band that may be one.

    `by_name`: the borrowers have one name, and only one of them is linked to a listed school.
    """

    college: str
    school: str
    on: date
    band: str
    ids: tuple[str, str]
    by_name: bool = False


def span_of(census: Census, year: date | None) -> YearSpan:
    first, _ = academic_year(census.day)
    if year is None:
        return YearSpan(date(first.year - MOST_YEARS + 1, 8, 1), census.day)
    return YearSpan(year, min(census.day, date(year.year + 1, 7, 31)))


def is_about_holdings(census: Census) -> bool:
    scope = census.scope
    return bool(scope.donor or scope.gift or scope.type)


def entered_twice(census: Census) -> Iterator[Twice]:
    """Pairs of engagements that two sides entered of one school, day and band, without one event.

    Two loans of one college on one day are two uses; they are not listed.
    """
    for school, one, other, name in _alike(census, list_same_day, lambda each: each.school):
        if one.college != other.college or one.loan is None or other.loan is None:
            on = date.fromisoformat(other.on)
            yield Twice(other.college, school, on, name, (one.id, other.id))
    for school, one, other, name in _alike(census, list_same_name, lambda each: each.organisation):
        linked = [each.school != each.organisation for each in (one, other)]
        if one.college != other.college and any(linked) and not all(linked):
            on = date.fromisoformat(other.on)
            yield Twice(other.college, school, on, name, (one.id, other.id), by_name=True)


def _alike(
    census: Census,
    listed: Callable[[YearSpan], Select[Any]],
    school_of: Callable[[GroupUse], str | None],
) -> Iterator[tuple[str, GroupUse, GroupUse, str]]:
    """The first use of each school, day and band, with each of the others; and the band."""
    first, _ = academic_year(census.day)
    span = span_of(census, first)
    seen: dict[tuple[str, str, str], list[GroupUse]] = defaultdict(list)
    which = tuple_(engagement.c.college, engagement.c.engagement).in_(listed(span))
    for each in once(read_groups(census, span, which)):
        if not ((school := school_of(each)) and each.in_scope and each.used):
            continue
        for name in each.bands or ():
            seen[school, each.on, name].append(each)
    for (school, _, name), groups in seen.items():
        one, *others = sorted(groups, key=lambda each: (each.college, each.id))
        for other in others:
            yield school, one, other, name


def read_groups(census: Census, span: YearSpan, which: ColumnElement[bool]) -> Iterator[GroupUse]:
    """Engagements one by one: those of which something is true."""
    rows = census.connection.execute(
        select(
            *(engagement.c[name] for name in _COLUMNS),
            holding.c.tag,
            _in_scope(census).label("in"),
            band.c.band,
            band.c.learners.label("of_band"),
        )
        .outerjoin_from(engagement, loan, OF_LOAN)
        .outerjoin(holding, and_(holding.c.college == engagement.c.college, holding.c.tag == TAG))
        .outerjoin(band, and_(OF_ENGAGEMENT, band.c.band != ""))
        .where(span.within, which)
        .order_by(engagement.c.college, engagement.c.engagement)
    )
    # What decides which they are takes longest: so they are asked for with their bands, once.
    for _, of_it in groupby(rows, key=itemgetter(0, 1)):
        first, *others = of_it
        bands = {row.band: row.of_band for row in (first, *others) if row.band is not None}
        yield _group(census, first[:-2], bands)


_COLUMNS = (
    *("college", "engagement", "on", "organisation", "schuid", "loan", "event", "used"),
    *("learners", "girls", "boys", "staff", "half_hours", "programme", "recorded_at"),
)


def _in_scope(census: Census) -> Any:
    """Whether an engagement is what the report is about, by its college and its holding."""
    ids = census.college_ids
    conditions: list[ColumnElement[bool]] = [literal(True)]
    if ids is not None:
        conditions.append(engagement.c.college.in_(sorted(ids)))
    if is_about_holdings(census):
        conditions.append(and_(holding.c.tag.is_not(None), census.in_scope))
    return and_(*conditions)


def _group(census: Census, row: Sequence[Any], bands: Mapping[str, int]) -> GroupUse:
    # By their order: reading columns of so many rows by name takes longer than all that follows.
    (college, which, on, organisation, schuid, on_loan, event, used, learners, girls, boys) = row[
        :11
    ]
    staff, half_hours, programme, recorded, tag, wanted = row[11:]
    return GroupUse(
        college,
        which,
        on,
        school_of(census, college, organisation, schuid),
        event,
        on_loan,
        used != "no",
        bands if learners is not None else None,
        (girls, boys) if girls is not None and boys is not None else None,
        staff,
        half_hours,
        bool(wanted),
        learners or 0,
        tag,
        organisation,
        programme,
        recorded,
    )


def school_of(census: Census, college: str, organisation: str | None, schuid: str | None) -> str:
    """The same text for the same school; empty for an event that was open to the public."""
    if schuid is not None:
        return census.school_key(college, schuid)
    if organisation is None:
        return ""
    return census.schools.get((college, organisation), organisation)


def once(groups: Iterable[GroupUse]) -> Iterator[GroupUse]:
    """Engagements that several colleges entered of one event, school and day are one: the larger.

    Groups of other bands are others, and so are several of one college.
    """
    of_events: dict[tuple[str, str, str], list[GroupUse]] = defaultdict(list)
    for each in groups:
        if each.event is None:
            yield each
        else:
            of_events[each.event, each.school, each.on].append(each)
    for same in of_events.values():
        same.sort(key=lambda each: (each.learners, each.in_scope, each.college, each.id))
        kept: list[GroupUse] = []
        for each in reversed(same):
            if all(one.college == each.college or _of_other_bands(one, each) for one in kept):
                kept.append(each)
        yield from kept


def _of_other_bands(one: GroupUse, other: GroupUse) -> bool:
    return bool(one.bands and other.bands) and not (one.bands or {}).keys() & (other.bands or {})
