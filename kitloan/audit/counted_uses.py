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
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, partial
from typing import Any, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, literal, not_, or_, select

from kitloan.audit.census import DONOR, OF_GIFT, OF_GIFTING, Census
from kitloan.audit.group_uses import (
    MOST_YEARS,
    GroupUse,
    is_about_holdings,
    once,
    read_groups,
    span_of,
)
from kitloan.audit.late_changes import (
    LateChanges,
    LateForm,
    Least,
    State,
    Which,
    YearOfChanges,
    largest_of_others,
    settle,
    which_of,
)
from kitloan.audit.use import of_scope
from kitloan.evidence.disclosure import academic_year
from kitloan.queries.uses import (
    ANSWERS,
    KEYS,
    OF_ANSWERS,
    OF_LOAN,
    TAG,
    Apart,
    By,
    are_named,
    count_by_day,
    list_forms,
    list_learners,
    one_of,
    sum_answers,
    sum_bands,
    sum_forms,
    sum_uses,
)
from kitloan.tables import Gift, Holding, Loan, table
from kitloan.tables.evidence import Engagement, Evaluation
from kitloan.tables.national import Gifting
from kitloan.text.dates import start_of
from kitloan.text.names import fold

engagement, evaluation = table(Engagement), table(Evaluation)
gift, gifting, holding, loan = table(Gift), table(Gifting), table(Holding), table(Loan)

MIXED = "mixed"
OF_SCHOOL = ("council", "sector", "rurality", "deprived")
"""What a list has of a school, by which uses are shown."""


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


KeyOfUses: TypeAlias = Callable[[Uses], str]
"""The part that a use is in."""


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


_LAST = 2_000
"""About as many uses of a year are read with their days. Whether a part may be shown is nearly
always decided by them; where it is not, all of the part's are read."""


class UseSums:
    """The uses that a report counts, added up by what each figure distinguishes.

    Attributes:
        census: what is counted.
        leaves: whether the figures leave ESP.
        late: whether they have what changed in a year after it was over, as far as a paper may.
    """

    def __init__(self, census: Census, *, leaves: bool, late: bool = True) -> None:
        self.census, self.leaves, self.late = census, leaves, late
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
        span, by = span_of(self.census, first), _with_tag(self.census, by)
        keys = self._keys(by)
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
        return found + [keys.alone(each) for each in self._alone_in(first)]

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
        span = span_of(self.census, first)
        by = _with_tag(self.census, frozenset({"school"}) if by_school else frozenset())
        keys = self._keys(by)
        found = [
            keys.uses(row[:-1], True, Sums(row[-1], learners=row[-1]), {})
            for row in self.census.connection.execute(sum_forms(span, by, apart=self._apart)).all()
        ]
        return found + [
            keys.alone(each._replace(used=True, bands={}, learners=1))
            for each in self._alone_in(first)
            if (each.college, each.id) in self._answers_of_alone
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
        for year, day, uses in self._by_day:
            if many[year] < _LAST:
                found[year] = day
            many[year] += uses
        return {year: day for year, day in found.items() if many[year] > _LAST}

    @cached_property
    def _by_day(self) -> Sequence[tuple[int, str, int]]:
        """How many uses of each year were known first on each day, the latest day first."""
        days = count_by_day(span_of(self.census, None))
        return [tuple(row) for row in self.census.connection.execute(days)]

    def _dated(
        self,
        first: date,
        listing: Callable[..., Select[Any]],
        since: str,
        colleges: Set[str] | None,
    ) -> list[DatedLearners]:
        span, by = span_of(self.census, first), _with_tag(self.census, frozenset({"school"}))
        keys = self._keys(by)
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
        for each in self._alone_in(first):
            if colleges is None or each.college in colleges:
                found += self._dated_alone(each, is_form=listing is list_forms)
        return found

    def _dated_alone(self, each: GroupUse, *, is_form: bool) -> Iterator[DatedLearners]:
        if is_form:
            answered = (each.college, each.id) in self._answers_of_alone
            learners: Iterable[tuple[str, int]] = [("", 1)] if answered else []
        else:
            learners = (each.bands or {}).items() if each.used else ()
        by = _with_tag(self.census, frozenset({"school"}))
        uses = self._keys(by).alone(each)
        for some in learners:
            yield DatedLearners(uses, each.on, each.recorded, *some)

    def answers(self, first: date) -> dict[str, Counter[int]]:
        """How often each question was answered in which way, in an academic year."""
        span, by = span_of(self.census, first), _with_tag(self.census, frozenset())
        keys = self._keys(by)
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
        for each in self._alone_in(first):
            answered = self._answers_of_alone.get((each.college, each.id))
            if answered is not None and keys.alone(each).in_scope:
                add((answered.get(name) for name in ANSWERS), 1)
        return counts

    def first_printed(self, first: date) -> Days:
        """The uses of an academic year as its first paper has them; also `Days.last` and `read`."""
        days, steps = self.days(first), self._late.taken.get(first)
        if not steps:
            return days
        keys = self._keys(_with_tag(self.census, frozenset({"school"})))
        groups = list(days.groups)
        shared = {each.event for each in self._alone}
        came: Counter[tuple[Any, ...]] = Counter()
        back: list[DatedLearners] = []
        for before, now in steps:
            if any(each is not None and each.event in shared - {None} for each in (before, now)):
                continue  # which of several entries counts is decided of them all
            if now is not None:
                groups.append(_less(keys.alone(now)))
                came.update(map(_as_key, self._dated_alone(now, is_form=False)))
            if before is not None:
                groups.append(keys.alone(before))
                back += self._dated_alone(before, is_form=False)

        def read(since: str, colleges: Set[str] | None) -> list[DatedLearners]:
            left, found = came.copy(), list(back)
            is_last = since == days.since and colleges is None
            for each in days.last if is_last else days.read(since, colleges):
                if left[_as_key(each)]:
                    left[_as_key(each)] -= 1
                else:
                    found.append(each)
            return found

        return Days(groups, days.since, read)

    def waiting(self, first: date) -> int:
        """How many changes of uses the report is about are not in the papers of a year yet."""
        return self._late.waiting.get(first, 0)

    @property
    def with_first_forms(self) -> "UseSums":
        """The uses, and the teachers' forms, of the last whole year's first paper.

        What a few teachers answered is the difference of two papers, so what came later waits.
        """
        return _FirstForms(self) if self.leaves else self

    def forms_waiting(self) -> int:
        """How many forms that the report is about came too late for these figures."""
        return 0

    @cached_property
    def _changes(self) -> tuple[LateChanges, Mapping[date, YearOfChanges]]:
        over = self.census.last_whole_year
        many: Counter[int] = Counter()
        for began, _, uses in self._by_day:
            many[began] += uses
        years = [date(over.year - back, 8, 1) for back in range(MOST_YEARS)]
        changes = LateChanges(self.census, years)
        return changes, changes.read(many)

    @cached_property
    def _late(self) -> "_Late":
        return self._read_late() if self.leaves else _Late()

    def _read_late(self) -> "_Late":
        changes, found = self._changes
        held: set[Which] = set()
        printed: dict[date, dict[Which, State]] = {}
        taken: dict[date, list[tuple[State, State]]] = {}
        waiting: dict[date, int] = {}
        for first, year in found.items():
            has = settle(year, self._cells, self._least(first, year)) if self.late else year.base
            printed[first] = dict(has)
            taken[first] = [
                (year.base[which], state)
                for which, state in has.items()
                if state != year.base[which]
            ]
            later = {which for which, state in has.items() if state != year.now[which]}
            waiting[first] = sum(
                any(
                    each is not None and self._with_holding.alone(each).in_scope
                    for each in (has[which], year.now[which])
                )
                for which in later
            )
            held |= later
        alone = [
            state
            for some in printed.values()
            for which, state in some.items()
            if which in held and state is not None
        ]
        for which in held:  # one that was moved is in the year that it was moved to
            final = changes.finals.get(which)
            if final is not None:
                first, _ = academic_year(date.fromisoformat(final.on))
                if which not in printed.get(first, ()):
                    alone.append(final)
        return _Late(alone, frozenset(held), taken, waiting)

    def _keys(self, by: Set[By]) -> "_Keys":
        return _Keys(self.census, by, self._holdings if "tag" in by else {})

    @cached_property
    def _holdings(self) -> "Mapping[tuple[str, str], _Holding]":
        return _holdings(self.census)

    def _cells(self, each: GroupUse) -> Mapping[Hashable, int]:
        """Every count of people that a use adds to: by all that it is printed by, at once."""
        if not each.used:
            return {}
        uses = self._with_holding.alone(each)
        parts = tuple(key(uses) for key in self._parts.values())
        girls, boys = each.split or (0, 0)
        region = self._parts["region"](uses)
        split = {"girls": girls, "boys": boys, "not recorded": each.learners - girls - boys}
        return {
            **{(parts, name): learners for name, learners in (each.bands or {}).items()},
            **{(region, name): learners for name, learners in split.items()},
        }

    @cached_property
    def _with_holding(self) -> "_Keys":
        return self._keys(frozenset({"school", "tag"}))

    @cached_property
    def _parts(self) -> Mapping[str, KeyOfUses]:
        return part_keys(self.census)

    def _least(self, first: date, year: YearOfChanges) -> Least:
        """The least number of different learners in a school, for the nation and by region."""
        others = largest_of_others(self.census, first, year)
        region_of = {each: row.region or "" for each, row in self.census.colleges.items()}

        def least(school: str, states: Iterable[State]) -> dict[Hashable, int]:
            largest: dict[str | None, dict[str, int]] = defaultdict(dict)
            bands: list[tuple[str, Mapping[str, int]]] = [*others.get(school, {}).items()]
            bands += [
                (each.college, each.bands)
                for each in states
                if each is not None and each.school == school and each.used and each.bands
            ]
            for college, some in bands:
                for scope in (None, region_of.get(college, "")):
                    there = largest[scope]
                    for name, learners in some.items():
                        there[name] = max(learners, there.get(name, 0))
            return {scope: least_of_school(there) for scope, there in largest.items()}

        return least

    @cached_property
    def _apart(self) -> Apart:
        """What is apart from the sums; of all years, as those that are decided on."""
        span, late = span_of(self.census, None), self._late
        found = []
        if self._has_shared:
            of_several = engagement.c.event.in_(span.shared)
            found.append(or_(engagement.c.event.is_(None), not_(of_several)))
        if late.held:
            found.append(not_(late.is_held))
        if late.events:
            of_held = one_of(engagement.c.event, late.events)
            found.append(or_(engagement.c.event.is_(None), not_(of_held)))
        return found

    @cached_property
    def _has_shared(self) -> bool:
        shared = span_of(self.census, None).shared.limit(1)
        return self.census.connection.execute(shared).first() is not None

    @cached_property
    def _alone(self) -> Sequence[GroupUse]:
        """The uses that are not in the sums: of events that several colleges entered, those that
        count; and as papers have them, those that changed too late."""
        groups: Iterable[GroupUse] = ()
        if self._has_shared or self._late.events:
            groups = read_groups(self.census, span_of(self.census, None), self._of_events)
        held = self._late.held
        return list(
            once([*(each for each in groups if which_of(each) not in held), *self._late.alone])
        )

    @property
    def _of_events(self) -> ColumnElement[bool]:
        of_several = engagement.c.event.in_(span_of(self.census, None).shared)
        events = self._late.events
        return or_(of_several, one_of(engagement.c.event, events)) if events else of_several

    def _alone_in(self, first: date | None) -> list[GroupUse]:
        if first is None:
            return list(self._alone)
        begins, ends = first.isoformat(), date(first.year + 1, 7, 31).isoformat()
        return [each for each in self._alone if begins <= each.on <= ends]

    @cached_property
    def _answers_of_alone(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """Answers about the uses that are not in the sums."""
        if not self._alone:
            return {}
        wanted = self._of_events
        if self._late.held:
            wanted = or_(wanted, self._late.is_held)
        return self._answers_where(wanted)

    def _answers_where(
        self, wanted: ColumnElement[bool]
    ) -> dict[tuple[str, str], Mapping[str, Any]]:
        rows = self.census.connection.execute(
            select(evaluation)
            .join_from(evaluation, engagement, OF_ANSWERS)
            .where(span_of(self.census, None).within, wanted)
        )
        return {(row.college, row.engagement): row._asdict() for row in rows}


class _FirstForms(UseSums):
    """The uses and the forms of the last whole year as its first paper has them."""

    def __init__(self, sums: UseSums) -> None:
        super().__init__(sums.census, leaves=True, late=False)
        self._changes = sums._changes
        self._sums = sums

    @property
    def _has_shared(self) -> bool:
        return self._sums._has_shared

    @property
    def _holdings(self) -> "Mapping[tuple[str, str], _Holding]":
        return self._sums._holdings

    @cached_property
    def _forms(self) -> Mapping[Which, LateForm]:
        first = self.census.last_whole_year
        changes, found = self._changes
        return changes.forms(first, found[first].base if first in found else ())

    @cached_property
    def _late(self) -> "_Late":
        late = self._read_late()
        more = self._forms.keys() - late.held
        if not more:
            return late
        span = span_of(self.census, self.census.last_whole_year)
        alone = [*late.alone, *read_groups(self.census, span, are_named(more))]
        return replace(late, alone=alone, held=late.held | more)

    @cached_property
    def _answers_of_alone(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        events = self._late.events
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        if self._has_shared or events:
            found.update(self._answers_where(self._of_events))
        for which, form in self._forms.items():
            college, _, of = which.partition(":")
            found.pop((college, of), None)
            if form.first is not None:
                found[college, of] = form.first
        return found

    def forms_waiting(self) -> int:
        _, found = self._changes
        first = self.census.last_whole_year
        states = {which_of(each): each for each in self._late.alone}
        if first in found:
            states |= {which: each for which, each in found[first].now.items() if each is not None}
        return sum(
            form.first != form.now
            and which in states
            and self._with_holding.alone(states[which]).in_scope
            for which, form in self._forms.items()
        )


@dataclass(frozen=True)
class _Late:
    """What changed after its year was over.

    Attributes:
        alone: uses as papers have them, of which that is not as they are.
        held: the college and id of each of those, and of those that no paper has.
        taken: by year, what papers have otherwise than the first: each then, and as they have it.
        waiting: by year, how many changes they do not have.
    """

    alone: Sequence[GroupUse] = ()
    held: frozenset[Which] = frozenset()
    taken: Mapping[date, Sequence[tuple[State, State]]] = field(default_factory=dict)
    waiting: Mapping[date, int] = field(default_factory=dict)

    @property
    def is_held(self) -> ColumnElement[bool]:
        """Whether a row of `engagement` is one of those."""
        return are_named(self.held)

    @property
    def events(self) -> set[str]:
        """Events that a use of `alone` is of: others may have entered them."""
        return {each.event for each in self.alone if each.event is not None}


def _less(uses: Uses) -> Uses:
    """What takes these uses away, where they are added up."""
    return uses._replace(
        many=-uses.many,
        learners=-uses.learners,
        girls=-uses.girls,
        boys=-uses.boys,
        bands={name: OfBand(-of.many, -of.learners, 0, 0, 0) for name, of in uses.bands.items()},
    )


def _as_key(each: DatedLearners) -> tuple[Any, ...]:
    return each.of.college, each.of.school, each.on, each.recorded, each.band, each.learners


def _with_tag(census: Census, by: Set[By]) -> frozenset[By]:
    return frozenset(by) | ({"tag"} if is_about_holdings(census) else set())


class _Keys:
    """Makes `Uses` of lines of sums, with what is known of their holdings."""

    def __init__(
        self, census: Census, by: Set[By], holdings: "Mapping[tuple[str, str], _Holding]"
    ) -> None:
        self._census, self._by = census, by
        self._names = tuple(name for name in KEYS if name in by)
        self._holdings = holdings
        self._about_holdings = is_about_holdings(census)

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
        .where(engagement.c.live.is_(True), TAG.is_not(None))
        .distinct()
        .subquery()
    )
    about = census.in_scope if is_about_holdings(census) else literal(True)
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


def part_keys(census: Census) -> dict[str, "KeyOfUses"]:
    """The part that a use is in, for each way of dividing a nation's uses but the learners' band.

    A use of a school that is on no list has an empty text for what only a list has.
    """
    region_of = {each: row.region or "" for each, row in census.colleges.items()}
    listed = census.school_list

    def of_school(name: str) -> "KeyOfUses":
        found = {each: str(getattr(row, name) or "") for each, row in listed.items()}
        return lambda each: found.get(each.school, "")

    return {
        "region": lambda each: region_of.get(each.college, ""),
        "college": lambda each: each.college,
        "type": lambda each: fold(each.kit_type or ""),
        "donor": lambda each: fold(each.donor or ""),
        "gift": lambda each: fold(each.gift or ""),
    } | {name: of_school(name) for name in OF_SCHOOL}


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
        at_least[part] += least_of_school(bands)
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


def least_of_school(bands: Mapping[str, int]) -> int:
    """How many different learners a school had at least, by the largest group of each band."""
    mixed = bands.get(MIXED, 0)
    return max(sum(bands.values()) - mixed, mixed)
