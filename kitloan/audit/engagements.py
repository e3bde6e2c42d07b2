"""What the kits did: engagements, schools and learners, by academic year.

A school is its SchUID, else the borrower as its college calls it; an id of a college's own is that
college's. Learner engagements add up every group. How many different learners they were lies
between two bounds that are both true: at most all of them, at least, in each school, the largest
group of each band; a group over several bands counts alone where it is larger than those together.
An engagement with an event's id that several entered is one. What nobody knows adds nothing.

The database adds up (`kitloan.queries.uses`); here the sums become figures, and what leaves ESP is
protected. Only the uses of events that several colleges entered are looked at one by one.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, literal, select

from kitloan.audit.census import DONOR, OF_GIFT, OF_GIFTING, Census
from kitloan.audit.use import of_scope
from kitloan.evidence.disclosure import (
    HIDDEN,
    NOT_APPLICABLE,
    SMALL,
    Shown,
    academic_year,
    alone,
    hidden_parts,
    may_split_council,
    mean_of_ratings,
    percentage,
    positive_ratings,
    protect,
    protect_line,
)
from kitloan.queries.uses import (
    ANSWERS,
    KEYS,
    OF_ANSWERS,
    OF_ENGAGEMENT,
    OF_LOAN,
    TAG,
    By,
    Span,
    list_forms,
    list_learners,
    sum_answers,
    sum_bands,
    sum_forms,
    sum_uses,
)
from kitloan.reference import regions
from kitloan.storage.statements import AnyRow
from kitloan.tables import Gift, Holding, Loan, table
from kitloan.tables.evidence import Engagement, EngagementBand, Evaluation
from kitloan.tables.national import Gifting
from kitloan.text.dates import start_of
from kitloan.text.names import fold

engagement, band = table(Engagement), table(EngagementBand)
evaluation = table(Evaluation)
gift, gifting, holding, loan = table(Gift), table(Gifting), table(Holding), table(Loan)

MIXED = "mixed"
IN_ALL = "in this report"
"""In place of a region, where a part is not shown by region."""
LEARNER_TOTALS = ("learner_engagements", "learners_at_least", "learners_at_most")
"""The totals of learners: each is of people, so each is protected outside ESP."""


class Group(NamedTuple):
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
    staff: int
    half_hours: int
    in_scope: bool
    learners: int
    """All of its bands; none where they are unknown."""
    tag: str | None
    organisation: str | None
    programme: str | None
    recorded: str
    """The day on which it was recorded."""


class OfBand(NamedTuple):
    """Learners of one band in some uses; `largest` is the largest group."""

    many: int
    learners: int
    largest: int
    staff: int
    half_hours: int


class Sums(NamedTuple):
    """What some uses come to; see `Uses`."""

    many: int
    unknown: int = 0
    learners: int = 0
    staff: int = 0
    half_hours: int = 0
    girls: int = 0
    boys: int = 0


class Uses(NamedTuple):
    """Uses that are alike in what a figure distinguishes, added up.

    Attributes:
        year: in which their academic year begins.
        school: the same text for the same school, whichever college it borrowed from.
        used: whether the kit was used after all.
        many: how many uses.
        unknown: of those, uses whose learners nobody knows.
        learners, staff, half_hours: of all of them.
        girls, boys: of those in which both were counted.
        bands: learners by band.
        in_scope: whether they are what the report is about.
        tag, kit_type, donor, gift: of the holding, where they are added up by it.
        organisation, programme: where they are added up by it.
    """

    year: int
    college: str
    school: str
    used: bool
    many: int
    unknown: int
    learners: int
    staff: int
    half_hours: int
    girls: int
    boys: int
    bands: Mapping[str, OfBand]
    in_scope: bool
    tag: str | None
    kit_type: str | None
    donor: str | None
    gift: str | None
    organisation: str | None
    programme: str | None


class Dated(NamedTuple):
    """Learners of one band in one use, by the days that decide whether they are shown.

    Attributes:
        of: what part the use is in; its numbers are of no use.
        on: the day of the use.
        recorded: the day on which it was recorded.
        band: of the learners; empty for a form that came back, which is as one learner.
        learners: how many.
    """

    of: Uses
    on: str
    recorded: str
    band: str
    learners: int


@dataclass(frozen=True, slots=True)
class Reach:
    """What some engagements come to. `at_least` and `at_most` are different learners."""

    engagements: int
    schools: int
    learner_engagements: int
    at_least: int
    staff: int
    hours: float

    @property
    def at_most(self) -> int:
        """Every learner engagement was another learner."""
        return self.learner_engagements


NO_REACH = Reach(engagements=0, schools=0, learner_engagements=0, at_least=0, staff=0, hours=0.0)
"""What no use at all comes to."""


@dataclass(frozen=True, slots=True)
class RegionReach:
    """What a region's engagements come to, as its reader gets it; a mark where it is hidden."""

    region: str | None
    engagements: int
    schools: int
    learner_engagements: Shown
    at_least: Shown
    at_most: Shown
    staff: int
    hours: float


@dataclass(frozen=True, slots=True)
class RegionSplit:
    """Girls and boys of a region in a whole academic year; the region None is all of Scotland."""

    region: str | None
    girls: Shown
    boys: Shown
    not_recorded: Shown
    learner_engagements: Shown
    girls_share: Shown


@dataclass(frozen=True, slots=True)
class Answered:
    """What teachers answered to one question, in the academic year.

    Attributes:
        question: what they were asked.
        answers: how many answered it.
        mean: of ratings from 1 to 5; None where the question has none.
        words: how many were positive, or more, as or less able.
    """

    question: str
    answers: Shown
    mean: float | str | None
    words: str


@dataclass(frozen=True, slots=True)
class LearnerFigures:
    """The figures of the academic year up to the day, and the split of the last whole one.

    Attributes:
        year: the first day of the year that the day is in.
        totals: everything in scope.
        shown: by the name of each total of learners, as the reader gets it.
        by_region: every region that has engagements.
        split_year: the first day of the last whole academic year.
        split: by region, Scotland last; empty where the report is of a part.
        closed: loans that came back in the year, and how many of them have their use on record.
        answered: what teachers answered, a question each.
        hidden: of what leaves ESP, the parts of the whole year that are hidden, by what they are
            parts of; empty inside ESP.
    """

    year: date
    totals: Reach
    shown: Mapping[str, Shown]
    by_region: Sequence[RegionReach]
    split_year: date
    split: Sequence[RegionSplit]
    closed: tuple[int, int]
    answered: Sequence[Answered]
    hidden: Mapping[str, Set[str]]


@dataclass(frozen=True, slots=True)
class Twice:
    """Two engagements of one school, day and band that may be one."""

    college: str
    school: str
    on: date
    band: str
    ids: tuple[str, str]


MOST_YEARS = 5
"""Academic years that a report goes back."""


class UseSums:
    """The uses that a report counts, added up by what each figure distinguishes.

    Attributes:
        census: what is counted.
    """

    def __init__(self, census: Census) -> None:
        self.census = census
        self._dated_in: dict[date, list[Dated]] = {}
        self._returned_in: dict[date, Mapping[str, tuple[int, int]]] = {}

    @cached_property
    def every(self) -> Sequence[Uses]:
        """Uses by academic year, college and school, of all years that a report goes back."""
        return self._summed(frozenset({"school"}), None, with_bands=True)

    def in_year(self, first: date) -> list[Uses]:
        """Those of the academic year that begins on a day."""
        return [each for each in self.every if each.year == first.year]

    def by(self, key: By, first: date) -> list[Uses]:
        """Uses of one academic year that the report is about, by school and one more key.

        Their learners are not by band.
        """
        found = self._summed(frozenset({"school", key}), first, with_bands=False)
        return [each for each in found if each.in_scope]

    def _summed(self, by: Set[By], first: date | None, *, with_bands: bool) -> list[Uses]:
        span, by = _span(self.census, first), _with_tag(self.census, by)
        keys = _Keys(self.census, by)
        there: dict[tuple[Any, ...], dict[str, OfBand]] = defaultdict(dict)
        width = 2 + len(by)
        if with_bands:
            bands = sum_bands(span, by, apart=self._apart)
            for row in self.census.connection.execute(bands):
                there[row[:width]][row[width]] = OfBand(*row[width + 1 :])
        found = []
        for row in self.census.connection.execute(sum_uses(span, by, apart=self._apart)):
            key, used = row[:width], bool(row[width])
            of_bands = there.get(key, {}) if used else {}
            found.append(keys.uses(key, used, Sums(*row[width + 1 :]), of_bands))
        return found + [keys.alone(each) for each in self._shared_in(first)]

    def returned(self, first: date) -> Mapping[str, tuple[int, int]]:
        """By college, the loans that came back in an academic year, and those with a use."""
        if first not in self._returned_in:
            self._returned_in[first] = self._returned(first)
        return self._returned_in[first]

    def _returned(self, first: date) -> Mapping[str, tuple[int, int]]:
        of = loan.c.college
        closed = and_(
            loan.c.closed_at >= start_of(first),
            loan.c.closed_at < start_of(date(first.year + 1, 8, 1)),
        )
        back = select(of, func.count()).where(closed)
        uses = (
            select(of, func.count(loan.c.loan.distinct()))
            .join_from(engagement, loan, OF_LOAN)
            .where(closed, engagement.c.live.is_(True))
        )
        every, with_use = (
            {row[0]: int(row[1]) for row in self.census.connection.execute(each.group_by(of))}
            for each in (of_scope(self.census, back), of_scope(self.census, uses))
        )
        return {college: (many, with_use.get(college, 0)) for college, many in every.items()}

    def forms(self, first: date, *, by_school: bool) -> list[Uses]:
        """Uses about which a teacher answered, in one academic year; each is as one learner."""
        span = _span(self.census, first)
        by = _with_tag(self.census, frozenset({"school"}) if by_school else frozenset())
        keys = _Keys(self.census, by)
        found = [
            keys.uses(row[:-1], True, Sums(row[-1], learners=row[-1]), {})
            for row in self.census.connection.execute(sum_forms(span, by, apart=self._apart))
        ]
        return found + [
            keys.alone(each._replace(used=True, bands={}, learners=1))
            for each in self._shared_in(first)
            if (each.college, each.id) in self._answers_of_shared
        ]

    def dated(self, first: date) -> list[Dated]:
        """The learners of each use of an academic year, by band, with their days."""
        found = self._dated_in.get(first)
        if found is None:
            found = self._dated_in[first] = self._dated(first, list_learners)
            for each in self._shared_in(first):
                if each.used:
                    found += self._dated_alone(each, (each.bands or {}).items())
        return found

    def dated_forms(self, first: date) -> list[Dated]:
        """The forms that came back about the uses of an academic year; each is as one learner."""
        found = self._dated(first, list_forms)
        for each in self._shared_in(first):
            if (each.college, each.id) in self._answers_of_shared:
                found += self._dated_alone(each, [("", 1)])
        return found

    def _dated(self, first: date, listing: Callable[..., Select[Any]]) -> list[Dated]:
        span, by = _span(self.census, first), _with_tag(self.census, frozenset({"school"}))
        keys = _Keys(self.census, by)
        width = 1 + len(by)
        of: dict[tuple[Any, ...], Uses] = {}
        found = []
        for row in self.census.connection.execute(listing(span, by, apart=self._apart)):
            key = row[:width]
            uses = of.get(key)
            if uses is None:
                uses = of[key] = keys.uses((first.year, *key), True, Sums(1), {})
            found.append(Dated(uses, *row[width:]))
        return found

    def _dated_alone(self, each: Group, learners: Iterable[tuple[str, int]]) -> list[Dated]:
        by = _with_tag(self.census, frozenset({"school"}))
        uses = _Keys(self.census, by).alone(each)
        return [Dated(uses, each.on, each.recorded, *some) for some in learners]

    def answers(self, first: date) -> dict[str, Counter[int]]:
        """How often each question was answered in which way, in an academic year."""
        span, by = _span(self.census, first), _with_tag(self.census, frozenset())
        keys = _Keys(self.census, by)
        width = 2 + len(by)
        counts: dict[str, Counter[int]] = {name: Counter() for name in ANSWERS}

        def add(answers: Iterable[Any], many: int) -> None:
            for name, answer in zip(ANSWERS, answers, strict=True):
                if answer is not None:
                    counts[name][int(answer)] += many

        for row in self.census.connection.execute(sum_answers(span, by, apart=self._apart)):
            *answers, many = row[width:]
            if keys.uses(row[:width], True, Sums(many), {}).in_scope:
                add(answers, many)
        for each in self._shared_in(first):
            answered = self._answers_of_shared.get((each.college, each.id))
            if each.in_scope and answered is not None:
                add((getattr(answered, name) for name in ANSWERS), 1)
        return counts

    @property
    def _apart(self) -> Select[Any] | None:
        """The events that are apart from the sums; of all years, as those that are decided on."""
        return _span(self.census, None).shared if self._shared else None

    @cached_property
    def _shared(self) -> Sequence[Group]:
        """Of the uses of events that several colleges entered, those that count."""
        span = _span(self.census, None)
        if self.census.connection.execute(span.shared.limit(1)).first() is None:
            return []
        return list(_once(_groups(self.census, span, span.shared)))

    def _shared_in(self, first: date | None) -> list[Group]:
        if first is None:
            return list(self._shared)
        begins, ends = first.isoformat(), date(first.year + 1, 7, 31).isoformat()
        return [each for each in self._shared if begins <= each.on <= ends]

    @cached_property
    def _answers_of_shared(self) -> Mapping[tuple[str, str], AnyRow]:
        """Answers about the uses of events that several colleges entered."""
        if not self._shared:
            return {}
        span = _span(self.census, None)
        rows = self.census.connection.execute(
            select(evaluation)
            .join_from(evaluation, engagement, OF_ANSWERS)
            .where(span.within, engagement.c.event.in_(span.shared))
        )
        return {(row.college, row.engagement): row for row in rows}


def _span(census: Census, year: date | None) -> Span:
    first, _ = academic_year(census.day)
    if year is None:
        return Span(date(first.year - MOST_YEARS + 1, 8, 1), census.day)
    return Span(year, min(census.day, date(year.year + 1, 7, 31)))


def _is_about_holdings(census: Census) -> bool:
    scope = census.scope
    return bool(scope.donor or scope.gift or scope.type)


def _with_tag(census: Census, by: Set[By]) -> frozenset[By]:
    return frozenset(by) | ({"tag"} if _is_about_holdings(census) else set())


class _Keys:
    """Makes `Uses` of lines of sums, with what is known of their holdings."""

    def __init__(self, census: Census, by: Set[By]) -> None:
        self._census, self._by = census, by
        self._names = tuple(name for name in KEYS if name in by)
        self._holdings = _holdings(census) if "tag" in by else {}
        self._about_holdings = _is_about_holdings(census)

    def uses(
        self,
        key: Sequence[Any],
        used: bool,
        sums: Sums,
        bands: Mapping[str, OfBand],
    ) -> Uses:
        """One line of sums, by its year, its college and its keys."""
        year, college, *values = key
        of: dict[str, str | None] = dict(zip(self._names, values, strict=True))
        return self._made(year, college, used, sums, bands, of)

    def alone(self, each: Group) -> Uses:
        """One engagement by itself."""
        year = academic_year(date.fromisoformat(each.on))[0].year
        bands = {
            name: OfBand(1, learners, learners, each.staff, each.half_hours)
            for name, learners in (each.bands or {}).items()
        }
        girls, boys = each.split or (0, 0)
        sums = Sums(
            many=1,
            unknown=int(each.bands is None),
            learners=each.learners,
            staff=each.staff,
            half_hours=each.half_hours,
            girls=girls,
            boys=boys,
        )
        of: dict[str, str | None] = {name: getattr(each, name) for name in self._names}
        return self._made(year, each.college, each.used, sums, bands, of)

    def _made(
        self,
        year: int,
        college: str,
        used: bool,
        sums: Sums,
        bands: Mapping[str, OfBand],
        of: Mapping[str, str | None],
    ) -> Uses:
        what = self._holdings.get((college, of.get("tag") or ""), _NO_HOLDING)
        in_scope = self._census.has_college(college)
        if self._about_holdings:
            in_scope = in_scope and what.in_scope
        return Uses(
            year,
            college,
            of.get("school") or "",
            used,
            *sums,
            bands,
            in_scope,
            of.get("tag"),
            what.kit_type,
            what.donor,
            what.gift,
            of.get("organisation"),
            of.get("programme"),
        )


class _Holding(NamedTuple):
    kit_type: str | None
    donor: str | None
    gift: str | None
    in_scope: bool


_NO_HOLDING = _Holding(None, None, None, False)


def _holdings(census: Census) -> dict[tuple[str, str], _Holding]:
    """What is known of the holdings that uses are of, by college and tag."""
    used = (
        select(engagement.c.college, TAG.label("tag"))
        .outerjoin_from(engagement, loan, OF_LOAN)
        .where(engagement.c.live.is_(True))
        .distinct()
        .subquery()
    )
    about = census.in_scope if _is_about_holdings(census) else literal(True)
    rows = census.connection.execute(
        select(
            holding.c.college,
            holding.c.tag,
            holding.c.kit_type,
            DONOR.label("donor"),
            gift.c.gift,
            about.label("wanted"),
        )
        .join_from(
            used, holding, and_(holding.c.college == used.c.college, holding.c.tag == used.c.tag)
        )
        .outerjoin(gift, OF_GIFT)
        .outerjoin(gifting, OF_GIFTING)
    )
    found = {}
    for college, tag, kit_type, donor, of_gift, wanted in rows:
        if donor is None and of_gift is None:  # it may have come with its terms
            terms = census.inherited.get((college, tag))
            donor, of_gift = (terms.donor, terms.gift) if terms is not None else (None, None)
        found[college, tag] = _Holding(
            census.type_names.get((college, kit_type)),
            census.decided.donor(donor) if donor else None,
            of_gift,
            bool(wanted),
        )
    return found


def whole_year(day: date) -> date:
    """The first day of the last academic year that is over at the end of a day."""
    first, last = academic_year(day)
    return first if day == last else date(first.year - 1, 8, 1)


def learner_figures(sums: UseSums, *, protected: bool) -> LearnerFigures:
    """The figures as at the census's day.

    Args:
        sums: the uses of what is counted.
        protected: whether they leave ESP.
    """
    census = sums.census
    first, _ = academic_year(census.day)
    before = whole_year(census.day)
    this_year = sums.in_year(first)
    ours = [each for each in this_year if each.in_scope]
    totals = reach_of(ours)
    shown: dict[str, Shown] = {
        "learner_engagements": totals.learner_engagements,
        "learners_at_least": totals.at_least,
        "learners_at_most": totals.at_most,
    }
    region = part_keys(census)["region"]
    by_region = _by_region(ours, region)
    whole = sums.in_year(before)
    split = _split(whole, region) if not census.scope else []
    hidden: Mapping[str, Set[str]] = {}
    if protected:
        dated = sums.dated(first)
        hidden = {} if census.scope else hidden_of(census, whole, sums.dated(before))
        may_show = may_show_part(census, this_year, lambda: dated)
        shown = {name: _protected(value, may_show) for name, value in shown.items()}
        by_region = (
            [_all_in_one(totals, shown)]
            if census.scope and ours
            else _protected_regions(by_region, census, ours, dated)
        )
        split = _protected_split(split, hidden.get("region", frozenset()))
    return LearnerFigures(
        first,
        totals,
        shown,
        by_region,
        before,
        split,
        _sums_of(sums.returned(first).values()),
        _answered(sums, first, protected=protected),
        hidden,
    )


def _protected(value: Shown, may_show: bool) -> Shown:
    return alone(value) if may_show and isinstance(value, int) else HIDDEN if value else value


def reach_of(groups: Iterable[Uses]) -> Reach:
    """What engagements come to; those in which a kit was not used count as engagements only."""
    return reaches_by(groups, lambda each: "").get("", NO_REACH)


PartT = TypeVar("PartT", bound=Hashable)


def reaches_by(groups: Iterable[Uses], part_of: Callable[[Uses], PartT]) -> dict[PartT, Reach]:
    """What the uses of each part come to, in one pass."""
    sums: dict[PartT, list[int]] = {}
    largest: dict[tuple[PartT, str], dict[str, int]] = {}
    for each in groups:
        if not each.used:
            continue
        part = part_of(each)
        found = sums.get(part)
        if found is None:
            found = sums[part] = [0, 0, 0, 0]
        found[0] += each.many
        found[1] += each.learners
        found[2] += each.staff
        found[3] += each.half_hours
        school = part, each.school
        there = largest.get(school)
        if there is None:
            largest[school] = {name: of.largest for name, of in each.bands.items()}
            continue
        for name, (_, _, learners, _, _) in each.bands.items():
            if learners > there.get(name, 0):
                there[name] = learners
    at_least: Counter[PartT] = Counter()
    schools: Counter[PartT] = Counter()
    for (part, name), bands in largest.items():
        mixed = bands.pop(MIXED, 0)
        at_least[part] += max(sum(bands.values()), mixed)
        schools[part] += bool(name)
    return {
        part: Reach(
            engagements=numbers[0],
            schools=schools[part],
            learner_engagements=numbers[1],
            at_least=at_least[part],
            staff=numbers[2],
            hours=numbers[3] / 2,
        )
        for part, numbers in sums.items()
    }


def entered_twice(census: Census) -> Iterator[Twice]:
    """Pairs of engagements that two sides entered of one school, day and band, without one event.

    Two loans of one college on one day are two uses; they are not listed.
    """
    first, _ = academic_year(census.day)
    seen: dict[tuple[str, str, str], list[Group]] = defaultdict(list)
    for each in _once(_groups(census, _span(census, first))):
        if not (each.school and each.in_scope and each.used):
            continue
        for name in each.bands or ():
            seen[each.school, each.on, name].append(each)
    for (school, on, name), groups in seen.items():
        if len(groups) == 1:
            continue
        one, *others = sorted(groups, key=lambda each: (each.college, each.id))
        for other in others:
            if one.college != other.college or one.loan is None or other.loan is None:
                yield Twice(other.college, school, date.fromisoformat(on), name, (one.id, other.id))


def _groups(census: Census, span: Span, events: Select[Any] | None = None) -> Iterator[Group]:
    """Engagements one by one; only those of some events where these are given."""
    wanted = [span.within]
    if events is not None:
        wanted.append(engagement.c.event.in_(events))
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for row in census.connection.execute(
        select(band.c.college, band.c.engagement, band.c.band, band.c.learners)
        .join_from(band, engagement, OF_ENGAGEMENT)
        .where(band.c.band != "", *wanted)
    ):
        counts[row.college, row.engagement][row.band] = row.learners
    rows = census.connection.execute(
        select(
            *(engagement.c[name] for name in _COLUMNS), holding.c.tag, _in_scope(census).label("in")
        )
        .outerjoin_from(engagement, loan, OF_LOAN)
        .outerjoin(holding, and_(holding.c.college == engagement.c.college, holding.c.tag == TAG))
        .where(*wanted)
        .order_by(engagement.c.college, engagement.c.engagement)
    )
    for each in rows:
        yield _group(census, tuple(each), counts)


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
    if _is_about_holdings(census):
        conditions.append(and_(holding.c.tag.is_not(None), census.in_scope))
    return and_(*conditions)


def _group(
    census: Census, row: Sequence[Any], counts: Mapping[tuple[str, str], Mapping[str, int]]
) -> Group:
    # By their order: reading columns of so many rows by name takes longer than all that follows.
    (college, which, on, organisation, schuid, on_loan, event, used, learners, girls, boys) = row[
        :11
    ]
    staff, half_hours, programme, recorded, tag, wanted = row[11:]
    return Group(
        college,
        which,
        on,
        _school(census, college, organisation, schuid),
        event,
        on_loan,
        used != "no",
        counts.get((college, which), {}) if learners is not None else None,
        (girls, boys) if girls is not None and boys is not None else None,
        staff or 0,
        half_hours or 0,
        bool(wanted),
        learners or 0,
        tag,
        organisation,
        programme,
        recorded[:10],
    )


def _school(census: Census, college: str, organisation: str | None, schuid: str | None) -> str:
    """The same text for the same school; empty for an event that was open to the public."""
    if schuid is not None:
        return census.school_key(college, schuid)
    if organisation is None:
        return ""
    return census.schools.get((college, organisation), organisation)


def _once(groups: Iterable[Group]) -> Iterator[Group]:
    """Engagements that several colleges entered of one event, school and day are one: the larger.

    Groups of other bands are others, and so are several of one college.
    """
    of_events: dict[tuple[str, str, str], list[Group]] = defaultdict(list)
    for each in groups:
        if each.event is None:
            yield each
        else:
            of_events[each.event, each.school, each.on].append(each)
    for same in of_events.values():
        same.sort(key=lambda each: (each.learners, each.in_scope, each.college, each.id))
        kept: list[Group] = []
        for each in reversed(same):
            if all(one.college == each.college or _of_other_bands(one, each) for one in kept):
                kept.append(each)
        yield from kept


def _of_other_bands(one: Group, other: Group) -> bool:
    return bool(one.bands and other.bands) and not (one.bands or {}).keys() & (other.bands or {})


def _by_region(groups: Sequence[Uses], region: Callable[[Uses], str]) -> list[RegionReach]:
    reaches = reaches_by(groups, region)
    there = {region(each) for each in groups}
    found = []
    for code in (*regions(), ""):
        if code not in there:
            continue
        reach = reaches.get(code, NO_REACH)
        found.append(
            RegionReach(
                region=code or None,
                engagements=reach.engagements,
                schools=reach.schools,
                learner_engagements=reach.learner_engagements,
                at_least=reach.at_least,
                at_most=reach.at_most,
                staff=reach.staff,
                hours=reach.hours,
            )
        )
    return found


def _split(groups: Sequence[Uses], region: Callable[[Uses], str]) -> list[RegionSplit]:
    found = []
    for code in (*regions(), ""):
        some = [each for each in groups if each.used and region(each) == code]
        if some:
            girls = sum(each.girls for each in some)
            boys = sum(each.boys for each in some)
            every = sum(each.learners for each in some)
            found.append(_line_of_split(code or None, girls, boys, every - girls - boys, every))
    return found


def _line_of_split(
    region: str | None, girls: int, boys: int, not_recorded: int, every: int
) -> RegionSplit:
    base = girls + boys
    share: Shown = (200 * girls + base) // (2 * base) if base else NOT_APPLICABLE
    return RegionSplit(region, girls, boys, not_recorded, every, share)


# What leaves ESP.


OF_SCHOOL = ("council", "sector", "rurality", "deprived")
"""What a list has of a school, by which uses are shown."""
FEW = "\0few"
"""In place of a council with too few schools served; no council is called so."""


def part_keys(census: Census) -> dict[str, "_Key"]:
    """The part that a use is in, for each way of dividing a nation's uses but the learners' band.

    A use of a school that is on no list has an empty text for what only a list has.
    """
    region_of = {each: row.region or "" for each, row in census.colleges.items()}
    listed = census.school_list

    def of_school(name: str) -> "_Key":
        found = {each: str(getattr(row, name) or "") for each, row in listed.items()}
        return lambda each: found.get(each.school, "")

    return {
        "region": lambda each: region_of.get(each.college, ""),
        "college": lambda each: each.college,
        "type": lambda each: fold(each.kit_type or ""),
        "donor": lambda each: fold(each.donor or ""),
        "gift": lambda each: fold(each.gift or ""),
    } | {name: of_school(name) for name in OF_SCHOOL}


def small_councils(groups: Iterable[Uses], council: "_Key") -> frozenset[str]:
    """Councils of which no split is given, with one more where a single one would follow."""
    served: dict[str, set[str]] = defaultdict(set)
    seen: set[str] = set()
    for each in groups:
        if each.used and each.school not in seen:
            seen.add(each.school)
            if name := council(each):
                served[name].add(each.school)
    few = {name for name, schools in served.items() if not may_split_council(len(schools))}
    rest = sorted((len(schools), name) for name, schools in served.items() if name not in few)
    return frozenset(few | {name for _, name in rest[:1]}) if len(few) == 1 else frozenset(few)


def hidden_of(
    census: Census, groups: Sequence[Uses], dated: Iterable[Dated]
) -> dict[str, set[str]]:
    """What is hidden of a nation's uses, printed by region, by each thing of `OF_SCHOOL`, by band.

    All of these tables are of the same people, so they are protected together; a region is hidden
    too where another day's paper would give a few away.
    """
    keys = part_keys(census)
    few = small_councils(groups, keys["council"])
    names = ("region", *OF_SCHOOL)
    counts: Counter[tuple[str, ...]] = Counter()
    places: dict[tuple[str, str], tuple[str, ...]] = {}
    for each in groups:
        if not (each.used and each.bands):
            continue
        place = each.college, each.school
        parts = places.get(place)
        if parts is None:
            region, council, *rest = (keys[name](each) for name in names)
            parts = places[place] = (region, FEW if council in few else council, *rest)
        for name, of in each.bands.items():
            counts[(*parts, name)] += of.learners
    forced: list[set[str]] = [set() for _ in (*names, "band")]
    forced[0] = _unsettled(dated, keys["region"])
    found = hidden_parts(counts, forced) or forced
    hidden = dict(zip((*names, "band"), found, strict=True))
    hidden["council"] |= few
    return hidden


def may_show_part(
    census: Census, groups: Sequence[Uses], dated_of: Callable[[], Sequence[Dated]]
) -> bool:
    """Whether the learners of a part may be shown beside those of the whole, and of other parts.

    A reader has the reports of the other parts too, and subtracts. So the parts are protected as
    one table, and a part is shown when it is shown there. Of two ways of narrowing at once nothing
    is shown, because no one table has both.
    """
    scope = census.scope
    given = [
        name
        for name in ("donor", "gift", "college", "region", "type")
        if getattr(scope, name) is not None
    ]
    if not given:
        return True
    if len(given) > 1:
        return False
    dated = dated_of()
    if not is_settled(each for each in dated if each.of.in_scope):
        return False
    (name,) = given
    keys = part_keys(census)
    region = keys["region"]
    around = {"college": region, "gift": keys["donor"]}.get(name)
    beside = groups
    if around is not None:  # a part of a part: both are shown, or neither
        parts = {around(each) for each in groups if each.in_scope}
        if parts & _hidden_parts(groups, dated, around):
            return False
        beside = [each for each in groups if around(each) in parts]
        dated = [each for each in dated if around(each.of) in parts]
    if name == "region":
        hidden = hidden_of(census, groups, dated)["region"]
        ours = _in_scope_by(groups, region)
        return not ours & (hidden | _hidden_parts(groups, dated, region))

    def part_of(each: Uses) -> str:
        return _OURS if each.in_scope else keys[name](each)

    if _OURS in _hidden_parts(beside, dated, part_of):
        return False
    others = [
        _whole(keys[each])
        for each in ("region", "college", "type", "donor", *OF_SCHOOL)
        if each != name
    ]
    if name == "college":
        return True
    return _OURS not in _crossed(beside, part_of, [*others, _by_band])


def is_settled(dated: Iterable[Dated]) -> bool:
    """Whether the learners of a part may be shown on this day, beside any earlier day's.

    A reader has the papers of other days, and subtracts. So what came since a day on which they
    were shown must be none, or five and more, of the learners and of the least of them: until
    it is, they are hidden. Papers come in the order in which uses were recorded, and those
    of an earlier day in the order in which they happened; it must hold in both.
    """
    some = list(dated)
    return all(
        _is_settled_by(some, day)
        for day in (lambda each: each.on, lambda each: max(each.on, each.recorded))
    )


def _is_settled_by(dated: Iterable[Dated], day: Callable[[Dated], str]) -> bool:
    shown = now = (0, 0)
    largest: dict[str, dict[str, int]] = defaultdict(dict)
    for _, some in groupby(sorted(dated, key=day), day):
        learners, at_least = now
        for each in some:
            learners += each.learners
            there = largest[each.of.school]
            if each.band and each.learners > there.get(each.band, 0):
                before = _least_of_school(there)
                there[each.band] = each.learners
                at_least += _least_of_school(there) - before
        now = learners, at_least
        if not any(0 < new - old < SMALL for new, old in zip(now, shown, strict=True)):
            shown = now
    return now == shown


def _least_of_school(bands: Mapping[str, int]) -> int:
    """As `Reach.at_least` has it."""
    mixed = bands.get(MIXED, 0)
    return max(sum(bands.values()) - mixed, mixed)


def _unsettled(dated: Iterable[Dated], part_of: "_Key") -> set[str]:
    """The parts whose learners another day's paper would give away."""
    of_part: dict[str, list[Dated]] = defaultdict(list)
    for each in dated:
        of_part[part_of(each.of)].append(each)
    return {part for part, some in of_part.items() if not is_settled(some)}


def _whole(key: "_Key") -> "_Shares":
    """A use is in one part, with all of its learners."""
    return lambda each: ((key(each), each.learners),)


def _by_band(each: Uses) -> Iterable[tuple[str, int]]:
    return [(name, of.learners) for name, of in each.bands.items()]


_Key: TypeAlias = Callable[[Uses], str]
_Shares: TypeAlias = Callable[[Uses], Iterable[tuple[str, int]]]
_OURS = "\0"
"""The part that a report is about; no donor, type or college is called so."""


def _in_scope_by(groups: Iterable[Uses], key: _Key) -> set[str]:
    return {key(each) for each in groups if each.in_scope}


def _hidden_parts(groups: Iterable[Uses], dated: Iterable[Dated], part_of: _Key) -> set[str]:
    """The parts whose learners may not be printed beside the totals of all parts."""
    reaches = reaches_by(groups, part_of)
    parts = sorted(reaches)
    forced = {parts.index(part) for part in _unsettled(dated, part_of) if part in reaches}
    hidden = _hidden_lines([reaches[each] for each in parts], forced)
    return {part for at, part in enumerate(parts) if at in hidden}


def _hidden_lines(reaches: Sequence[Reach], forced: Set[int]) -> set[int]:
    """Which parts are hidden, so that neither learners nor the least of them can be worked out."""
    return {
        at
        for counts in (
            [[each.learner_engagements] for each in reaches],
            [[each.at_least] for each in reaches],
        )
        for at, line in enumerate(protect(counts, forced).lines)
        if line == HIDDEN
    }


def _crossed(groups: Iterable[Uses], part_of: _Key, others: Sequence[_Shares]) -> set[str]:
    """Parts that would give away a small count of another table: a region's, less the part's.

    Where it is one part alone, the next smallest goes with it: the total less the rest is it.
    """
    cells: Counter[tuple[str, int, str]] = Counter()
    wholes: Counter[tuple[int, str]] = Counter()
    sums: Counter[str] = Counter()
    for each in groups:
        if not each.used:
            continue
        part = part_of(each)
        sums[part] += each.learners
        for number, shares in enumerate(others):
            for other, learners in shares(each):
                cells[part, number, other] += learners
                wholes[number, other] += learners
    found = {
        part
        for (part, number, other_part), count in cells.items()
        if 0 < count < SMALL or 0 < wholes[number, other_part] - count < SMALL
    }
    rest = [(count, part) for part, count in sums.items() if count and part not in found]
    return found | {part for _, part in sorted(rest)[:1]} if len(found) == 1 else found


def _all_in_one(totals: Reach, shown: Mapping[str, Shown]) -> RegionReach:
    """One line for a report of a part: by region, it would be beside the regions of the whole."""
    return RegionReach(
        region=IN_ALL,
        engagements=totals.engagements,
        schools=totals.schools,
        learner_engagements=shown["learner_engagements"],
        at_least=shown["learners_at_least"],
        at_most=shown["learners_at_most"],
        staff=totals.staff,
        hours=totals.hours,
    )


def _protected_regions(
    found: Sequence[RegionReach],
    census: Census,
    groups: Sequence[Uses],
    dated: Sequence[Dated],
) -> list[RegionReach]:
    region = part_keys(census)["region"]
    ours = [each for each in dated if each.of.in_scope]
    hidden = hidden_of(census, groups, ours)["region"] | _hidden_parts(groups, ours, region)
    return [
        each
        if (each.region or "") not in hidden
        else replace(each, learner_engagements=HIDDEN, at_least=HIDDEN, at_most=HIDDEN)
        for each in found
    ]


def _protected_split(found: Sequence[RegionSplit], hidden: Set[str]) -> list[RegionSplit]:
    true = [
        [number for number in (each.girls, each.boys, each.not_recorded) if isinstance(number, int)]
        for each in found
    ]
    if not true:
        return []
    safe = protect(true)
    return [
        RegionSplit(each.region, *(HIDDEN,) * 5)
        if (each.region or "") in hidden
        else RegionSplit(each.region, cells[0], cells[1], cells[2], total, _share(cells))
        for each, cells, total in zip(found, safe.cells, safe.lines, strict=True)
    ]


def _share(cells: Sequence[Shown]) -> Shown:
    girls, boys, _ = cells
    if girls == boys == 0:
        return NOT_APPLICABLE
    if isinstance(girls, int) and isinstance(boys, int):
        return percentage(girls, girls + boys)
    return HIDDEN


_ABLE = (
    ("science", "Able to teach science"),
    ("technology", "Able to teach technology"),
    ("engineering", "Able to teach engineering"),
    ("mathematics", "Able to teach mathematics"),
)


def _answered(sums: UseSums, year: date, *, protected: bool) -> list[Answered]:
    """What teachers answered in an academic year; no form is filled in that did not come.

    `protected` when it leaves ESP. A reader subtracts answers as well: so of a part they are shown
    where its forms would be, if each was a learner.
    """
    if protected and sums.census.scope:
        forms = sums.forms(year, by_school=True)
        if not may_show_part(sums.census, forms, lambda: sums.dated_forms(year)):
            return []
    answers = sums.answers(year)
    found = []
    for name, question in (
        ("enjoyed", "Learners enjoyed it, as the teacher judges"),
        ("interest", "Learners more interested in STEM, as the teacher judges"),
    ):
        ratings = sorted(answers[name].elements())
        if not ratings:
            continue
        mean: float | str = mean_of_ratings(ratings)
        words = positive_ratings(ratings)
        if not protected:
            mean = round(sum(ratings) / len(ratings), 1)
            words = f"{sum(each >= 4 for each in ratings)} of {len(ratings)} positive"
        found.append(Answered(question, len(ratings), mean, words))
    for name, question in _ABLE:
        if levels := answers[name]:
            found.append(_of_choices(question, levels, (1, 0, -1), _LEVELS, protected=protected))
    if again := answers["again"]:
        words_of = ("yes", "no")
        found.append(
            _of_choices("Would borrow it again", again, (1, 0), words_of, protected=protected)
        )
    return found


_LEVELS = ("more", "the same", "less")


def _of_choices(
    question: str,
    counts: Mapping[int, int],
    choices: Sequence[int],
    words: Sequence[str],
    *,
    protected: bool,
) -> Answered:
    numbers = [counts.get(each, 0) for each in choices]
    shown, total = protect_line(numbers) if protected else (tuple(numbers), sum(numbers))
    shares = ", ".join(f"{number} {word}" for number, word in zip(shown, words, strict=True))
    return Answered(question, total, None, shares)


def _sums_of(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Of pairs of numbers the sums of both."""
    every = list(pairs)
    return sum(one for one, _ in every), sum(other for _, other in every)
