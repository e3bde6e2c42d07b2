"""The uses that a report counts, and what some of them come to.

A school is its SchUID, else the borrower as its college calls it; an id of a college's own is that
college's. Learner engagements add up every group. How many different learners they were lies
between two bounds that are both true: at most all of them, at least, in each school, the largest
group of each band; a group over several bands counts alone where it is larger than those together.
An engagement with an event's id that several entered is one. What nobody knows adds nothing.

The database adds up (`kitloan.queries.uses`). Only the uses of events that several colleges entered
are looked at one by one, and, of what leaves ESP, those of the last days.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, tuple_

from kitloan.audit.census import DONOR, OF_GIFT, OF_GIFTING, Census
from kitloan.audit.use import of_scope
from kitloan.evidence.disclosure import academic_year
from kitloan.queries.uses import (
    ANSWERS,
    KEYS,
    OF_ANSWERS,
    OF_ENGAGEMENT,
    OF_LOAN,
    TAG,
    By,
    YearSpan,
    count_by_day,
    list_forms,
    list_learners,
    list_same_day,
    list_same_name,
    sum_answers,
    sum_bands,
    sum_forms,
    sum_uses,
)
from kitloan.storage.statements import AnyRow
from kitloan.tables import Gift, Holding, Loan, table
from kitloan.tables.evidence import Engagement, EngagementBand, Evaluation
from kitloan.tables.national import Gifting
from kitloan.text.dates import start_of

engagement, band = table(Engagement), table(EngagementBand)
evaluation = table(Evaluation)
gift, gifting, holding, loan = table(Gift), table(Gifting), table(Holding), table(Loan)

MIXED = "mixed"


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
    recorded: str
    """The day on which it was recorded."""


class OfBand(NamedTuple):
    """Learners of one band in some uses.

    Attributes:
        largest: the largest group.
        before: the largest of those that are not among the last days' (`Days`); 0 inside ESP.
    """

    many: int
    learners: int
    largest: int
    staff: int
    half_hours: int
    before: int = 0


class Sums(NamedTuple):
    """What some uses come to; see `Uses`."""

    many: int
    unknown: int = 0
    learners: int = 0
    staff: int = 0
    half_hours: int = 0
    girls: int = 0
    boys: int = 0
    no_staff: int = 0
    no_hours: int = 0


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
        no_staff, no_hours: how many have none on record.
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
    no_staff: int
    no_hours: int
    bands: Mapping[str, OfBand]
    in_scope: bool
    tag: str | None
    kit_type: str | None
    donor: str | None
    gift: str | None
    organisation: str | None
    programme: str | None


class DatedLearners(NamedTuple):
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

    @property
    def known(self) -> str:
        """The day from which a paper could have it."""
        return max(self.on, self.recorded)


@dataclass(frozen=True)
class Days:
    """The uses of a year by their days: those of the last days one by one, all before added up.

    Attributes:
        groups: all of them, added up; `OfBand.before` is of those before.
        since: the first of the last days; empty when every use is read.
        read: the learners of each use that was known on a day or later, of some colleges or all.
    """

    groups: "Sequence[Uses]"
    since: str
    read: Callable[[str, Set[str] | None], "list[DatedLearners]"]

    @cached_property
    def last(self) -> "Sequence[DatedLearners]":
        """The learners of each use of the last days."""
        return self.read(self.since, None)


@dataclass(frozen=True, slots=True)
class Reach:
    """What some engagements come to. `at_least` and `at_most` are different learners.

    `no_learners`, `no_staff` and `no_hours` are how many of them have none on record: those add
    nothing, so the sums of the others are the least of what happened.
    """

    engagements: int
    schools: int
    learner_engagements: int
    at_least: int
    staff: int
    hours: float
    no_learners: int = 0
    no_staff: int = 0
    no_hours: int = 0

    @property
    def at_most(self) -> int:
        """Every learner engagement was another learner."""
        return self.learner_engagements


NO_REACH = Reach(engagements=0, schools=0, learner_engagements=0, at_least=0, staff=0, hours=0.0)
"""What no use at all comes to."""


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


MOST_YEARS = 5
"""Academic years that a report goes back."""
_LAST = 2_000
"""About as many uses of a year are read with their days. Whether a part may be shown is nearly
always decided by them; where it is not, all of the part's are read."""


class UseSums:
    """The uses that a report counts, added up by what each figure distinguishes.

    Attributes:
        census: what is counted.
        leaves: whether the figures leave ESP.
    """

    def __init__(self, census: Census, *, leaves: bool) -> None:
        self.census, self.leaves = census, leaves
        self._days: dict[date, Days] = {}
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
        only = (
            None if key == "programme" else key
        )  # uses of no kit, and of no borrower, are in no table
        found = self._summed(frozenset({"school", key}), first, with_bands=False, only=only)
        return [each for each in found if each.in_scope]

    def _summed(
        self, by: Set[By], first: date | None, *, with_bands: bool, only: By | None = None
    ) -> list[Uses]:
        span, by = _span(self.census, first), _with_tag(self.census, by)
        keys = _Keys(self.census, by)
        there: dict[tuple[Any, ...], dict[str, OfBand]] = defaultdict(dict)
        width = 2 + len(by)
        if with_bands:
            since = self._since if self.leaves else None
            bands = sum_bands(span, by, since, apart=self._apart)
            for row in self.census.connection.execute(bands).all():
                there[row[:width]][row[width]] = OfBand(*row[width + 1 :])
        found = []
        uses = sum_uses(span, by, only, apart=self._apart)
        for row in self.census.connection.execute(uses).all():
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
            for row in self.census.connection.execute(sum_forms(span, by, apart=self._apart)).all()
        ]
        return found + [
            keys.alone(each._replace(used=True, bands={}, learners=1))
            for each in self._shared_in(first)
            if (each.college, each.id) in self._answers_of_shared
        ]

    def days(self, first: date) -> Days:
        """The uses of an academic year by their days."""
        found = self._days.get(first)
        if found is None:
            read = partial(self._dated, first, list_learners)
            found = self._days[first] = Days(
                self.in_year(first), self._since.get(first.year, ""), read
            )
        return found

    def days_of_forms(self, first: date) -> Days:
        """The forms that came back about the uses of an academic year; each is as one learner."""
        forms = self.forms(first, by_school=True)
        return Days(forms, "", partial(self._dated, first, list_forms))

    @cached_property
    def _since(self) -> Mapping[int, str]:
        """The first of the last days of each academic year that has more than these."""
        found: dict[int, str] = {}
        many: Counter[int] = Counter()
        days = self.census.connection.execute(count_by_day(_span(self.census, None)))
        for year, day, uses in days.all():  # the latest first
            if many[year] < _LAST:
                found[year] = day
            many[year] += uses
        return {year: day for year, day in found.items() if many[year] > _LAST}

    def _dated(
        self,
        first: date,
        listing: Callable[..., Select[Any]],
        since: str,
        colleges: Set[str] | None,
    ) -> list[DatedLearners]:
        span, by = _span(self.census, first), _with_tag(self.census, frozenset({"school"}))
        keys = _Keys(self.census, by)
        width = 1 + len(by)
        of: dict[tuple[Any, ...], Uses] = {}
        found = []
        listed = listing(span, by, since, colleges, apart=self._apart)
        for row in self.census.connection.execute(listed).all():
            key = row[:width]
            uses = of.get(key)
            if uses is None:
                uses = of[key] = keys.uses((first.year, *key), True, Sums(1), {})
            found.append(DatedLearners(uses, *row[width:]))
        for each in self._shared_in(first):
            if colleges is None or each.college in colleges:
                found += self._dated_alone(each, is_form=listing is list_forms)
        return found

    def _dated_alone(self, each: GroupUse, *, is_form: bool) -> Iterator[DatedLearners]:
        if is_form:
            answered = (each.college, each.id) in self._answers_of_shared
            learners: Iterable[tuple[str, int]] = [("", 1)] if answered else []
        else:
            learners = (each.bands or {}).items() if each.used else ()
        by = _with_tag(self.census, frozenset({"school"}))
        uses = _Keys(self.census, by).alone(each)
        for some in learners:
            yield DatedLearners(uses, each.on, each.recorded, *some)

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

        rows = self.census.connection.execute(sum_answers(span, by, apart=self._apart))
        for row in rows.all():
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
    def _shared(self) -> Sequence[GroupUse]:
        """Of the uses of events that several colleges entered, those that count."""
        span = _span(self.census, None)
        if self.census.connection.execute(span.shared.limit(1)).first() is None:
            return []
        return list(_once(_groups(self.census, span, engagement.c.event.in_(span.shared))))

    def _shared_in(self, first: date | None) -> list[GroupUse]:
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


def _span(census: Census, year: date | None) -> YearSpan:
    first, _ = academic_year(census.day)
    if year is None:
        return YearSpan(date(first.year - MOST_YEARS + 1, 8, 1), census.day)
    return YearSpan(year, min(census.day, date(year.year + 1, 7, 31)))


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

    def alone(self, each: GroupUse) -> Uses:
        """One engagement by itself."""
        year = academic_year(date.fromisoformat(each.on))[0].year
        bands = {
            name: OfBand(1, learners, learners, each.staff or 0, each.half_hours or 0)
            for name, learners in (each.bands or {}).items()
        }
        girls, boys = each.split or (0, 0)
        sums = Sums(
            many=1,
            unknown=int(each.bands is None),
            learners=each.learners,
            staff=each.staff or 0,
            half_hours=each.half_hours or 0,
            girls=girls,
            boys=boys,
            no_staff=int(each.staff is None),
            no_hours=int(each.half_hours is None),
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
            found = sums[part] = [0] * 7
        found[0] += each.many
        found[1] += each.learners
        found[2] += each.staff
        found[3] += each.half_hours
        found[4] += each.unknown
        found[5] += each.no_staff
        found[6] += each.no_hours
        school = part, each.school
        there = largest.get(school)
        if there is None:
            largest[school] = {name: of.largest for name, of in each.bands.items()}
            continue
        for name, of in each.bands.items():
            if of.largest > there.get(name, 0):
                there[name] = of.largest
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
            no_learners=numbers[4],
            no_staff=numbers[5],
            no_hours=numbers[6],
        )
        for part, numbers in sums.items()
    }


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
    span = _span(census, first)
    seen: dict[tuple[str, str, str], list[GroupUse]] = defaultdict(list)
    which = tuple_(engagement.c.college, engagement.c.engagement).in_(listed(span))
    for each in _once(_groups(census, span, which)):
        if not ((school := school_of(each)) and each.in_scope and each.used):
            continue
        for name in each.bands or ():
            seen[school, each.on, name].append(each)
    for (school, _, name), groups in seen.items():
        one, *others = sorted(groups, key=lambda each: (each.college, each.id))
        for other in others:
            yield school, one, other, name


def _groups(census: Census, span: YearSpan, which: ColumnElement[bool]) -> Iterator[GroupUse]:
    """Engagements one by one: those of which something is true."""
    wanted = [span.within, which]
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
) -> GroupUse:
    # By their order: reading columns of so many rows by name takes longer than all that follows.
    (college, which, on, organisation, schuid, on_loan, event, used, learners, girls, boys) = row[
        :11
    ]
    staff, half_hours, programme, recorded, tag, wanted = row[11:]
    return GroupUse(
        college,
        which,
        on,
        _school(census, college, organisation, schuid),
        event,
        on_loan,
        used != "no",
        counts.get((college, which), {}) if learners is not None else None,
        (girls, boys) if girls is not None and boys is not None else None,
        staff,
        half_hours,
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


def _once(groups: Iterable[GroupUse]) -> Iterator[GroupUse]:
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
