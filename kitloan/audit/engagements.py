"""What the kits did: engagements, schools and learners, by academic year.

A school is its SchUID, else the borrower as its college calls it; an id of a college's own is that
college's. Learner engagements add up every group. How many different learners they were lies
between two bounds that are both true: at most all of them, at least, in each school, the largest
group of each band; a group over several bands counts alone where it is larger than those together.
An engagement with an event's id that several entered is one. What nobody knows adds nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, and_, func, literal, select

from kitloan.audit.census import DONOR, OF_GIFT, OF_GIFTING, Census
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
from kitloan.reference import regions
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
    """An engagement that counts: whose, when, and how many of which band.

    Attributes:
        school: the same text for the same school, whichever college it borrowed from.
        bands: learners by band; None is unknown.
        split: girls and boys; None where not both were recorded.
        in_scope: whether it is what the report is about.
        donor, gift, kit_type: of the holding, where it was on one.
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
    donor: str | None
    gift: str | None
    kit_type: str | None
    learners: int
    """All of its bands; none where they are unknown."""
    tag: str | None = None
    """The holding, where it was on one."""
    organisation: str | None = None
    programme: str | None = None
    recorded: str = ""
    """The day on which it was recorded."""


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


def uses(census: Census) -> list[Group]:
    """Every use that counts, of the academic years that a report goes back."""
    first, _ = academic_year(census.day)
    since = date(first.year - MOST_YEARS + 1, 8, 1)
    return list(_once(_groups(census, since, census.day)))


def whole_year(day: date) -> date:
    """The first day of the last academic year that is over at the end of a day."""
    first, last = academic_year(day)
    return first if day == last else date(first.year - 1, 8, 1)


def within_year(groups: Iterable[Group], first: date) -> list[Group]:
    """The uses of the academic year that begins on a day."""
    begins, ends = first.isoformat(), date(first.year + 1, 7, 31).isoformat()
    return [each for each in groups if begins <= each.on <= ends]


def learner_figures(
    census: Census, *, protected: bool, every: Sequence[Group] | None = None
) -> LearnerFigures:
    """The figures as at the census's day.

    Args:
        census: what is counted.
        protected: whether they leave ESP.
        every: what `uses` gives, where that was read already.
    """
    if every is None:
        every = uses(census)
    first, _ = academic_year(census.day)
    before = whole_year(census.day)
    this_year = within_year(every, first)
    ours = [each for each in this_year if each.in_scope]
    totals = reach_of(ours)
    shown: dict[str, Shown] = {
        "learner_engagements": totals.learner_engagements,
        "learners_at_least": totals.at_least,
        "learners_at_most": totals.at_most,
    }
    region = part_keys(census)["region"]
    by_region = _by_region(ours, region)
    whole = within_year(every, before)
    split = _split(whole, region) if not census.scope else []
    hidden: Mapping[str, Set[str]] = {}
    if protected:
        hidden = {} if census.scope else hidden_of(census, whole)
        may_show = may_show_part(census, this_year)
        shown = {name: _protected(value, may_show) for name, value in shown.items()}
        by_region = (
            [_all_in_one(totals, shown)]
            if census.scope and ours
            else _protected_regions(by_region, ours, region, hidden_of(census, ours)["region"])
        )
        split = _protected_split(split, hidden.get("region", frozenset()))
    return LearnerFigures(
        first,
        totals,
        shown,
        by_region,
        before,
        split,
        _closed(census, first),
        _answered(census, this_year, protected=protected),
        hidden,
    )


def _protected(value: Shown, may_show: bool) -> Shown:
    return alone(value) if may_show and isinstance(value, int) else HIDDEN if value else value


def reach_of(groups: Iterable[Group]) -> Reach:
    """What engagements come to; those in which a kit was not used count as engagements only."""
    return reaches_by(groups, lambda each: "").get("", NO_REACH)


PartT = TypeVar("PartT", bound=Hashable)


def reaches_by(groups: Iterable[Group], part_of: Callable[[Group], PartT]) -> dict[PartT, Reach]:
    """What the uses of each part come to, in one pass: there may be a hundred thousand."""
    sums: dict[PartT, list[int]] = {}
    largest: dict[tuple[PartT, str], dict[str, int]] = {}
    for each in groups:
        if not each.used:
            continue
        part = part_of(each)
        found = sums.get(part)
        if found is None:
            found = sums[part] = [0, 0, 0, 0]
        found[0] += 1
        found[1] += each.learners
        found[2] += each.staff
        found[3] += each.half_hours
        bands, school = each.bands, (part, each.school)
        there = largest.get(school)
        if there is None:
            largest[school] = dict(bands) if bands else {}
        elif bands:
            for name, learners in bands.items():
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
    for each in _once(_groups(census, first, census.day)):
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


def _groups(census: Census, first: date, last: date) -> Iterator[Group]:
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    within = and_(
        engagement.c.live.is_(True),
        engagement.c.on >= first.isoformat(),
        engagement.c.on <= last.isoformat(),
    )
    for row in census.connection.execute(
        select(band.c.college, band.c.engagement, band.c.band, band.c.learners).where(
            band.c.live.is_(True),
            band.c.band != "",
            band.c.on >= first.isoformat(),
            band.c.on <= last.isoformat(),
        )
    ):
        counts[row.college, row.engagement][row.band] = row.learners
    tag = func.coalesce(loan.c.tag, engagement.c.holding)
    wanted = (
        select(
            *(engagement.c[name] for name in _COLUMNS),
            DONOR.label("donor"),
            gift.c.gift,
            holding.c.tag,
            holding.c.kit_type,
            _in_scope(census).label("wanted"),
        )
        .outerjoin_from(
            engagement,
            loan,
            and_(loan.c.college == engagement.c.college, loan.c.loan == engagement.c.loan),
        )
        .outerjoin(holding, and_(holding.c.college == engagement.c.college, holding.c.tag == tag))
        .outerjoin(gift, OF_GIFT)
        .outerjoin(gifting, OF_GIFTING)
        .where(within)
        .order_by(engagement.c.college, engagement.c.engagement)
    )
    for each in census.connection.execute(wanted):
        yield _group(census, tuple(each), counts)


_COLUMNS = (
    *("college", "engagement", "on", "organisation", "schuid", "loan", "event", "used"),
    *("learners", "girls", "boys", "staff", "half_hours", "programme", "recorded_at"),
)


def _in_scope(census: Census) -> Any:
    """Whether an engagement is what the report is about, by its college and its holding."""
    wanted, ids = census.scope, census.college_ids
    conditions: list[ColumnElement[bool]] = [literal(True)]
    if ids is not None:
        conditions.append(engagement.c.college.in_(sorted(ids)))
    if wanted.donor or wanted.gift or wanted.type:
        conditions.append(and_(holding.c.tag.is_not(None), census.in_scope))
    return and_(*conditions)


def _group(
    census: Census, row: Sequence[Any], counts: Mapping[tuple[str, str], Mapping[str, int]]
) -> Group:
    # By their order: reading columns of so many rows by name takes longer than all that follows.
    (college, which, on, organisation, schuid, on_loan, event, used, learners, girls, boys) = row[
        :11
    ]
    staff, half_hours, programme, recorded, donor, of_gift, tag, kit_type, wanted = row[11:]
    if tag is not None and donor is None and of_gift is None:  # it may have come with its terms
        terms = census.inherited.get((college, tag))
        donor, of_gift = (terms.donor, terms.gift) if terms is not None else (None, None)
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
        census.decided.donor(donor) if donor else None,
        of_gift,
        census.type_names.get((college, kit_type)) if kit_type else None,
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


def _by_region(groups: Sequence[Group], region: Callable[[Group], str]) -> list[RegionReach]:
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


def _split(groups: Sequence[Group], region: Callable[[Group], str]) -> list[RegionSplit]:
    found = []
    for code in (*regions(), ""):
        some = [each for each in groups if each.used and region(each) == code]
        if some:
            girls = sum(each.split[0] for each in some if each.split)
            boys = sum(each.split[1] for each in some if each.split)
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


def small_councils(groups: Iterable[Group], council: "_Key") -> frozenset[str]:
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


def hidden_of(census: Census, groups: Sequence[Group]) -> dict[str, set[str]]:
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
        for name, learners in each.bands.items():
            counts[(*parts, name)] += learners
    forced: list[set[str]] = [set() for _ in (*names, "band")]
    forced[0] = _unsettled(groups, keys["region"])
    found = hidden_parts(counts, forced) or forced
    hidden = dict(zip((*names, "band"), found, strict=True))
    hidden["council"] |= few
    return hidden


def may_show_part(census: Census, groups: Sequence[Group]) -> bool:
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
    if not is_settled([each for each in groups if each.in_scope]):
        return False
    (name,) = given
    keys = part_keys(census)
    region = keys["region"]
    around = {"college": region, "gift": keys["donor"]}.get(name)
    beside = groups
    if around is not None:  # a part of a part: both are shown, or neither
        parts = {around(each) for each in groups if each.in_scope}
        if parts & _hidden_parts(groups, around):
            return False
        beside = [each for each in groups if around(each) in parts]
    if name == "region":
        hidden = hidden_of(census, groups)["region"]
        ours = _in_scope_by(groups, region)
        return not ours & (hidden | _hidden_parts(groups, region))

    def part_of(each: Group) -> str:
        return _OURS if each.in_scope else keys[name](each)

    if _OURS in _hidden_parts(beside, part_of):
        return False
    others = [
        _whole(keys[each])
        for each in ("region", "college", "type", "donor", *OF_SCHOOL)
        if each != name
    ]
    if name == "college":
        return True
    return _OURS not in _crossed(beside, part_of, [*others, _by_band])


def is_settled(groups: Sequence[Group]) -> bool:
    """Whether the learners of a part may be shown on this day, beside any earlier day's.

    A reader has the papers of other days, and subtracts. So what came since a day on which they
    were shown must be none, or five and more, of the learners and of the least of them: until
    it is, they are hidden. Papers come in the order in which uses were recorded, and those
    of an earlier day in the order in which they happened; it must hold in both.
    """
    return all(
        _is_settled_by(groups, day_of_use)
        for day_of_use in (lambda each: each.on, lambda each: max(each.on, each.recorded))
    )


def _is_settled_by(groups: Sequence[Group], day_of_use: "_Key") -> bool:
    shown = now = (0, 0)
    largest: dict[str, dict[str, int]] = defaultdict(dict)
    for _, some in groupby(sorted(groups, key=day_of_use), day_of_use):
        learners, at_least = now
        for each in some:
            if not (each.used and each.learners):
                continue
            there = largest[each.school]
            before = _least_of_school(there)
            for name, number in (each.bands or {}).items():
                there[name] = max(number, there.get(name, 0))
            learners += each.learners
            at_least += _least_of_school(there) - before
        now = learners, at_least
        if not any(0 < new - old < SMALL for new, old in zip(now, shown, strict=True)):
            shown = now
    return now == shown


def _least_of_school(bands: Mapping[str, int]) -> int:
    """As `Reach.at_least` has it."""
    mixed = bands.get(MIXED, 0)
    return max(sum(bands.values()) - mixed, mixed)


def _unsettled(groups: Iterable[Group], part_of: "_Key") -> set[str]:
    """The parts whose learners another day's paper would give away."""
    of_part: dict[str, list[Group]] = defaultdict(list)
    for each in groups:
        of_part[part_of(each)].append(each)
    return {part for part, some in of_part.items() if not is_settled(some)}


def _whole(key: "_Key") -> "_Shares":
    """A use is in one part, with all of its learners."""
    return lambda each: ((key(each), each.learners),)


def _by_band(each: Group) -> Iterable[tuple[str, int]]:
    return (each.bands or {}).items()


_Key: TypeAlias = Callable[[Group], str]
_Shares: TypeAlias = Callable[[Group], Iterable[tuple[str, int]]]
_OURS = "\0"
"""The part that a report is about; no donor, type or college is called so."""


def _in_scope_by(groups: Iterable[Group], key: _Key) -> set[str]:
    return {key(each) for each in groups if each.in_scope}


def _hidden_parts(groups: Sequence[Group], part_of: _Key) -> set[str]:
    """The parts whose learners may not be printed beside the totals of all parts."""
    reaches = reaches_by(groups, part_of)
    parts = sorted(reaches)
    forced = {parts.index(part) for part in _unsettled(groups, part_of) if part in reaches}
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


def _crossed(groups: Iterable[Group], part_of: _Key, others: Sequence[_Shares]) -> set[str]:
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
    found: Sequence[RegionReach], groups: Sequence[Group], region: _Key, hidden: Set[str]
) -> list[RegionReach]:
    hidden = {*hidden, *_hidden_parts(groups, region)}
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


def _answered(census: Census, groups: Iterable[Group], *, protected: bool) -> list[Answered]:
    """What teachers answered about these engagements; no form is filled in that did not come.

    `protected` when it leaves ESP. A reader subtracts answers as well: so of a part they are shown
    where its forms would be, if each was a learner.
    """
    of = {(each.college, each.id): each for each in groups}
    every = [
        row
        for row in census.connection.execute(select(evaluation)).mappings()
        if (row["college"], row["engagement"]) in of
    ]
    rows = [row for row in every if of[row["college"], row["engagement"]].in_scope]
    if protected:
        forms = [
            of[row["college"], row["engagement"]]._replace(used=True, bands={}, learners=1)
            for row in every
        ]
        if not may_show_part(census, forms):
            return []
    found = []
    for name, question in (
        ("enjoyed", "Learners enjoyed it, as the teacher judges"),
        ("interest", "Learners more interested in STEM, as the teacher judges"),
    ):
        ratings = [int(row[name]) for row in rows if row[name] is not None]
        if not ratings:
            continue
        mean: float | str = mean_of_ratings(ratings)
        words = positive_ratings(ratings)
        if not protected:
            mean = round(sum(ratings) / len(ratings), 1)
            words = f"{sum(each >= 4 for each in ratings)} of {len(ratings)} positive"
        found.append(Answered(question, len(ratings), mean, words))
    for name, question in _ABLE:
        levels = Counter(int(row[name]) for row in rows if row[name] is not None)
        if levels:
            found.append(_of_choices(question, levels, (1, 0, -1), _LEVELS, protected=protected))
    again = Counter(int(row["again"]) for row in rows if row["again"] is not None)
    if again:
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


def _closed(census: Census, first: date) -> tuple[int, int]:
    """Loans that came back since a day, and how many of them have their use on record."""
    used = (
        select(engagement.c.engagement)
        .where(
            engagement.c.college == loan.c.college,
            engagement.c.loan == loan.c.loan,
            engagement.c.live.is_(True),
        )
        .exists()
    )
    closed = (
        select(loan.c.loan, used.label("used"))
        .join_from(
            loan, holding, and_(holding.c.college == loan.c.college, holding.c.tag == loan.c.tag)
        )
        .where(
            loan.c.closed_at >= start_of(first),
            census.in_scope,
        )
        .subquery()
    )
    rows = census.connection.execute(select(closed.c.used, func.count()).group_by(closed.c.used))
    counts = {bool(row[0]): int(row[1]) for row in rows}
    return sum(counts.values()), counts.get(True, 0)
