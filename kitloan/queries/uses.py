"""Uses of kits, added up in the database: how many, their learners, the largest group of each band.

What a figure is listed by (the school, the kit) is in the `GROUP BY`; all else is a sum. So a
hundred thousand uses come back as the few thousand lines that a report is made of. Uses that are
`apart` are left out: where several colleges entered one event, or a use changed after its year was
over, which of them count is decided one by one.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)

from kitloan.tables import Loan, table
from kitloan.tables.evidence import Engagement, EngagementBand, Evaluation, SchoolLink

engagement, band = table(Engagement), table(EngagementBand)
evaluation, link, loan = table(Evaluation), table(SchoolLink), table(Loan)

By: TypeAlias = Literal["school", "tag", "organisation", "programme"]
"""What uses can be listed by, in addition to their year and their college."""
KEYS: tuple[By, ...] = get_args(By)

OF_LOAN = and_(loan.c.college == engagement.c.college, loan.c.loan == engagement.c.loan)
OF_ENGAGEMENT = and_(
    band.c.college == engagement.c.college, band.c.engagement == engagement.c.engagement
)
OF_ANSWERS = and_(
    evaluation.c.college == engagement.c.college,
    evaluation.c.engagement == engagement.c.engagement,
)
TAG: ColumnElement[str | None] = func.coalesce(loan.c.tag, engagement.c.holding)
"""The holding that a use was of: its loan's, where it was on a loan."""
ANSWERS = (
    *("enjoyed", "interest", "science", "technology", "engineering", "mathematics", "again"),
)
"""The columns of a teacher's answers."""
Apart: TypeAlias = Sequence[ColumnElement[bool]]
"""Conditions by which uses that are looked at one by one are left out of the sums."""
WHICH: ColumnElement[str] = engagement.c.college + ":" + engagement.c.engagement
"""One text for each use, by which many can be named."""


@dataclass(frozen=True, slots=True)
class YearSpan:
    """The academic years in which uses are added up.

    Attributes:
        first: the 1 August on which the earliest begins.
        last: the last day of all.
    """

    first: date
    last: date

    @property
    def within(self) -> ColumnElement[bool]:
        """Whether a use is on record, and its day is in it."""
        return and_(
            engagement.c.live.is_(True),
            engagement.c.on >= self.first.isoformat(),
            engagement.c.on <= self.last.isoformat(),
        )

    @property
    def year(self) -> ColumnElement[int]:
        """The calendar year in which the academic year of a use begins."""
        return self.of_year({year: year for year in self._years})

    def of_year(self, values: Mapping[int, Any]) -> ColumnElement[Any]:
        """The value of the year that a use is in; empty where there is none."""
        *later, first = reversed(self._years)
        whens = [
            (engagement.c.on >= date(year, 8, 1).isoformat(), values.get(year, ""))
            for year in later
        ]
        value = values.get(first, "")
        if whens:
            return case(*whens, else_=value)
        return value if isinstance(value, ColumnElement) else literal(value)

    @property
    def _years(self) -> range:
        return range(self.first.year, self.last.year - (self.last.month < 8) + 1)

    @property
    def shared(self) -> Select[Any]:
        """The events whose uses several colleges entered."""
        return (
            select(engagement.c.event)
            .where(self.within, engagement.c.event.is_not(None))
            .group_by(engagement.c.event)
            .having(func.count(engagement.c.college.distinct()) > 1)
        )


def _is_own(schuid: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether an id is one that a college made itself, which no list has."""
    return func.substr(schuid, 1, 2) == "X-"


_SCHOOL: ColumnElement[str] = case(
    (
        _is_own(engagement.c.schuid),
        engagement.c.college + ":" + engagement.c.schuid,
    ),
    (engagement.c.schuid.is_not(None), engagement.c.schuid),
    (_is_own(link.c.schuid), engagement.c.college + ":" + link.c.schuid),
    else_=func.coalesce(link.c.schuid, engagement.c.organisation, ""),
)
"""The same text for the same school, as `kitloan.audit.census.Census.school_key` has it."""
_OF_LINK = and_(
    engagement.c.schuid.is_(None),
    link.c.college == engagement.c.college,
    link.c.organisation == engagement.c.organisation,
)


def sum_uses(span: YearSpan, by: Set[By], only: By | None = None, *, apart: Apart) -> Select[Any]:
    """Uses by year, college, the given keys and whether the kit was used.

    `only` leaves out those that have nothing of that key.

    Each line has `year`, `college`, the keys, `used` (1 or 0), `many`, how many of them have
    unknown learners, `learners`, `staff`, `half_hours`, `girls` and `boys` of the groups in which
    both were counted, and `no_staff` and `no_hours`, how many have none on record.
    """
    both = and_(engagement.c.girls.is_not(None), engagement.c.boys.is_not(None))
    sums = (
        func.count().label("many"),
        (func.count() - func.count(engagement.c.learners)).label("unknown"),
        _sum(engagement.c.learners, "learners"),
        _sum(engagement.c.staff, "staff"),
        _sum(engagement.c.half_hours, "half_hours"),
        _sum(case((both, engagement.c.girls)), "girls"),
        _sum(case((both, engagement.c.boys)), "boys"),
        (func.count() - func.count(engagement.c.staff)).label("no_staff"),
        (func.count() - func.count(engagement.c.half_hours)).label("no_hours"),
    )
    found = _grouped(span, by, (_USED,), sums, engagement, apart=apart)
    return found if only is None else found.where(_OF_KEY[only].is_not(None))


def sum_bands(
    span: YearSpan, by: Set[By], since: Mapping[int, str] | None, *, apart: Apart
) -> Select[Any]:
    """Learners of uses by year, college, the given keys and band.

    Each line has `year`, `college`, the keys, `band`, `many`, `learners`, `largest` (the learners
    of the largest group), `staff` and `half_hours`; and `before`, the largest group of those known
    before a day, where such a day is given of each year.
    """
    sums: tuple[ColumnElement[Any], ...] = (
        func.count().label("many"),
        _sum(band.c.learners, "learners"),
        func.max(band.c.learners).label("largest"),
        _sum(engagement.c.staff, "staff"),
        _sum(engagement.c.half_hours, "half_hours"),
    )
    if since is not None:
        before = case((_known < span.of_year(since), band.c.learners), else_=0)
        sums = (*sums, func.max(before).label("before"))
    joined = engagement.join(band, and_(OF_ENGAGEMENT, band.c.band != ""))
    return _grouped(span, by, (band.c.band,), sums, joined, apart=apart).where(
        engagement.c.used != "no"
    )


def sum_forms(span: YearSpan, by: Set[By], *, apart: Apart) -> Select[Any]:
    """Uses about which a teacher answered, by year, college and the given keys: `many`."""
    return _grouped(span, by, (), (func.count().label("many"),), _WITH_ANSWERS, apart=apart)


def sum_answers(span: YearSpan, by: Set[By], *, apart: Apart) -> Select[Any]:
    """How often each set of answers was given, by year, college and the given keys: `many`."""
    answers = tuple(evaluation.c[name] for name in ANSWERS)
    return _grouped(span, by, answers, (func.count().label("many"),), _WITH_ANSWERS, apart=apart)


def count_by_day(span: YearSpan) -> Select[Any]:
    """How many uses were known first on each day, by year, the latest day first."""
    year, day = span.year.label("year"), _known.label("day")
    columns: tuple[ColumnElement[Any], ...] = (year, day, func.count().label("many"))
    return select(*columns).where(span.within).group_by(year, day).order_by(day.desc())


def list_learners(
    span: YearSpan,
    by: Set[By],
    since: str,
    colleges: Set[str] | None,
    *,
    apart: Apart,
) -> Select[Any]:
    """Learners of each use and band, not added up, with the days on which it was and was recorded.

    Only of uses that were known on a day or later, and of some colleges where these are given. Each
    line has `college`, the keys, `on`, `recorded`, `band` and `learners`.
    """
    joined = engagement.join(band, and_(OF_ENGAGEMENT, band.c.band != ""))
    more = (*_DAYS, band.c.band, band.c.learners)
    listed = _of_each(span, by, more, joined, since, colleges, apart=apart)
    return listed.where(engagement.c.used != "no")


def list_forms(
    span: YearSpan,
    by: Set[By],
    since: str,
    colleges: Set[str] | None,
    *,
    apart: Apart,
) -> Select[Any]:
    """Uses about which a teacher answered, a line each: as `list_learners`, as one learner each."""
    more = (*_DAYS, literal("").label("band"), literal(1).label("learners"))
    return _of_each(span, by, more, _WITH_ANSWERS, since, colleges, apart=apart)


def largest_groups(span: YearSpan, schools: Set[str], *, apart: Apart) -> Select[Any]:
    """The largest group of each band of some schools: `year`, `college`, `school`, `band`, it."""
    joined = engagement.join(band, and_(OF_ENGAGEMENT, band.c.band != ""))
    largest: ColumnElement[int] = func.max(band.c.learners).label("largest")
    found = _grouped(span, {"school"}, (band.c.band,), (largest,), joined, apart=apart)
    return found.where(engagement.c.used != "no", one_of(_SCHOOL, schools))


def one_of(text: ColumnElement[Any], values: Collection[str]) -> ColumnElement[bool]:
    """Whether a text is one of some values, however many; each in the statement itself, because
    a database binds no more than some thousands."""
    named: BindParameter[Any] = bindparam(
        None, sorted(values), expanding=True, literal_execute=True
    )
    return text.in_(named)


def are_named(which: Collection[str]) -> ColumnElement[bool]:
    """Whether a use is one of those that are named as `WHICH`; their ids alone are asked first."""
    ids = {each.partition(":")[2] for each in which}
    return and_(one_of(engagement.c.engagement, ids), one_of(WHICH, which))


def recorded_after(
    span: YearSpan,
    known: Mapping[int, tuple[Mapping[str, str], str]],
    at: ColumnElement[str] = engagement.c.recorded_at,
) -> ColumnElement[bool]:
    """Whether a use was recorded after the instant that its year has.

    Args:
        span: the years.
        known: of each year, the instant of each college, and that of all others.
        at: another instant to look at than the one when the use was recorded.
    """
    instants = {
        year: case(some, value=engagement.c.college, else_=otherwise) if some else otherwise
        for year, (some, otherwise) in known.items()
    }
    return at > span.of_year(instants)


def list_same_day(span: YearSpan) -> Select[Any]:
    """Schools and days with several uses that may be one: `college` and `engagement` of each.

    Several loans of one college on one day are several uses.
    """
    inner = (
        select(_SCHOOL.label("school"), engagement.c.on)
        .select_from(_joined(engagement, {"school"}))
        .where(span.within, engagement.c.used != "no", _SCHOOL != "")
        .group_by(_SCHOOL, engagement.c.on)
        .having(
            func.count() > 1,
            or_(
                func.min(engagement.c.college) != func.max(engagement.c.college),
                func.count(engagement.c.loan) < func.count(),
            ),
        )
        .subquery()
    )
    return (
        select(engagement.c.college, engagement.c.engagement)
        .select_from(_joined(engagement, {"school"}))
        .join(inner, and_(inner.c.school == _SCHOOL, inner.c.on == engagement.c.on))
        .where(span.within)
    )


def list_same_name(span: YearSpan) -> Select[Any]:
    """Uses of one day by borrowers of one name in several colleges.

    Some of the borrowers are linked to a listed school, and some are not.
    """
    linked = case((engagement.c.organisation == _SCHOOL, 0), else_=1)
    inner = (
        select(engagement.c.organisation, engagement.c.on)
        .select_from(_joined(engagement, {"school"}))
        .where(span.within, engagement.c.used != "no", engagement.c.organisation.is_not(None))
        .group_by(engagement.c.organisation, engagement.c.on)
        .having(
            func.min(engagement.c.college) != func.max(engagement.c.college),
            func.min(linked) != func.max(linked),
        )
        .subquery()
    )
    return (
        select(engagement.c.college, engagement.c.engagement)
        .join(
            inner,
            and_(inner.c.organisation == engagement.c.organisation, inner.c.on == engagement.c.on),
        )
        .where(span.within)
    )


_recorded: ColumnElement[str] = func.substr(engagement.c.recorded_at, 1, 10)
_DAYS = (engagement.c.on, _recorded.label("recorded"))
_known: ColumnElement[str] = case((_recorded > engagement.c.on, _recorded), else_=engagement.c.on)
"""The day from which a paper could have a use: it had happened, and was recorded."""
_USED = case((engagement.c.used == "no", 0), else_=1).label("used")
_WITH_ANSWERS = engagement.join(evaluation, OF_ANSWERS)


def _sum(column: ColumnElement[Any], name: str) -> ColumnElement[int]:
    # PostgreSQL's sum of whole numbers may be `numeric`, which Python reads as Decimal.
    return cast(func.coalesce(func.sum(column), 0), BigInteger).label(name)


def _grouped(
    span: YearSpan,
    by: Set[By],
    more: Sequence[ColumnElement[Any]],
    sums: Sequence[ColumnElement[Any]],
    source: Any,
    *,
    apart: Apart,
) -> Select[Any]:
    year = span.year
    keys = (engagement.c.college, *_keys(by), *more)
    wanted = select(year.label("year"), *keys, *sums).select_from(_joined(source, by))
    wanted = wanted.where(*_kept(span, apart))
    return (
        wanted.group_by(*keys) if isinstance(year, BindParameter) else wanted.group_by(year, *keys)
    )


def _of_each(
    span: YearSpan,
    by: Set[By],
    more: Sequence[ColumnElement[Any]],
    source: Any,
    since: str,
    colleges: Set[str] | None,
    *,
    apart: Apart,
) -> Select[Any]:
    wanted = select(engagement.c.college, *_keys(by), *more).select_from(_joined(source, by))
    if since:
        wanted = wanted.where(_known >= since)
    if colleges is not None:
        wanted = wanted.where(engagement.c.college.in_(sorted(colleges)))
    return wanted.where(*_kept(span, apart))


def _joined(source: Any, by: Set[By]) -> Any:
    joined = source
    if "tag" in by:
        joined = joined.outerjoin(loan, OF_LOAN)
    if "school" in by:
        joined = joined.outerjoin(link, _OF_LINK)
    return joined


def _keys(by: Set[By]) -> Sequence[ColumnElement[Any]]:
    return [_OF_KEY[name].label(name) for name in KEYS if name in by]


_OF_KEY: Mapping[By, ColumnElement[Any]] = {
    "school": _SCHOOL,
    "tag": TAG,
    "organisation": engagement.c.organisation,
    "programme": engagement.c.programme,
}


def _kept(span: YearSpan, apart: Apart) -> Sequence[ColumnElement[bool]]:
    return [span.within, *apart]
