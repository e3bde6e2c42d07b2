"""Reach: the schools that kits came to, and those that they did not, against the lists of schools.

A school is reached when it borrowed, or has a use on record. Where it is, its sector, rurality and
deprivation come from the lists that this store has read; nothing is guessed for a school that is on
none. Learners are never multiplied by a share of pupils: a school is in a band, and its learners
with it. The year is the running one inside ESP, and the last whole one in what leaves it.

The region of a loan or a use is that of the college that lent. Denominators, the schools and pupils
of a region, go by the usual region of their council; a council that lies in several is apart.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from kitloan.audit.census import Census
from kitloan.audit.counted_uses import (
    OF_SCHOOL,
    Reach,
    Uses,
    UseSums,
    reach_of,
    reaches_by,
)
from kitloan.audit.group_uses import MOST_YEARS
from kitloan.audit.leaving import may_show_part
from kitloan.audit.years import Lending
from kitloan.evidence.councils import find_council
from kitloan.evidence.disclosure import HIDDEN, Shown, academic_year, alone
from kitloan.ledger.session import ESP
from kitloan.reference import regions
from kitloan.storage.statements import AnyRow
from kitloan.tables import Holding, Loan, table
from kitloan.tables.evidence import Engagement, Evaluation, OrganisationProfile
from kitloan.text.fields import BANDS
from kitloan.text.names import fold

loan, holding = table(Loan), table(Holding)
engagement, evaluation = table(Engagement), table(Evaluation)
profile = table(OrganisationProfile)

REMOTE = ("4", "5", "7", "8")
"""Of the eight-fold classification: remote and very remote, small towns and rural."""
DEPRIVED = ("25-50", "50-100")
"""Bands in which a quarter or more of a school's pupils live in the 20 % most deprived zones."""


@dataclass(frozen=True, slots=True)
class Response:
    """How much is known of a region's loans; the region None is outside the thirteen.

    Attributes:
        back: loans that came back in the year.
        with_use: how many of them have their use on record.
        uses: uses on record.
        unknown: of those, uses whose learners nobody knows.
        no_staff, no_hours: of those, uses without staff or hours on record.
        forms: uses about which a teacher answered.
    """

    region: str | None
    back: int
    with_use: int
    uses: int
    unknown: int
    no_staff: int
    no_hours: int
    forms: int

    @property
    def share(self) -> float | None:
        """Loans with their use on record, of those that came back."""
        return self.with_use / self.back if self.back else None


@dataclass(frozen=True, slots=True)
class PartReach:
    """What kits did in one part: a region, a council, a sector, a band.

    Where no college that would lend there has sent a file of the year, and no other lent there,
    what was used is None: nobody knows it.

    Attributes:
        key: the part; empty for schools of which no list has it.
        engagements: uses on record.
        schools: schools that were reached.
        listed: schools on the newest list; None where no list that was read has the part.
        reached: of those, how many were reached.
        pupils: on their rolls; None where no roll is known.
        kits: held in the region; None where no college of it has sent a file, or it is no region.
    """

    key: str
    engagements: int | None
    schools: int | None
    listed: int | None
    reached: int | None
    pupils: int | None
    learner_engagements: Shown | None
    at_least: int | None
    staff: int | None
    hours: float | None
    kits: int | None = None

    @property
    def share(self) -> float | None:
        """Schools that were reached, of those on the list."""
        if self.reached is None or not self.listed:
            return None
        return self.reached / self.listed

    @property
    def kits_per_1000(self) -> float | None:
        """Kits held for a thousand pupils."""
        if self.kits is None or not self.pupils:
            return None
        return round(1000 * self.kits / self.pupils, 2)


@dataclass(frozen=True, slots=True)
class YearReach:
    """What kits did in one academic year; `is_over` is false for the running one.

    `no_learners`, `no_staff` and `no_hours` are uses that have none on record; `waiting` is how
    many changes came after the year and are not in what leaves ESP yet.
    """

    first: date
    is_over: bool
    engagements: int
    schools: int
    learner_engagements: Shown
    at_least: Shown
    staff: int
    hours: float
    no_learners: int
    no_staff: int
    no_hours: int
    waiting: int

    @property
    def name(self) -> str:
        """`2026/27`."""
        return f"{self.first.year}/{(self.first.year + 1) % 100:02}"


@dataclass(frozen=True, slots=True)
class GiftReach:
    """What the kits of one gift, or of a donor without one, did in the year.

    What only a list of schools has is None where no list was read that has it.
    """

    gift: str | None
    donor: str | None
    kits: int
    engagements: int
    schools: int
    primary: int | None
    secondary: int | None
    special: int | None
    remote: int | None
    deprived: int | None
    hours: float
    learner_engagements: int


@dataclass(frozen=True, slots=True)
class KitReach:
    """What one kit did in the year."""

    tag: str
    college: str
    type: str | None
    donor: str | None
    gift: str | None
    engagements: int
    schools: int
    hours: float
    learner_engagements: int


@dataclass(frozen=True, slots=True)
class NamedReach:
    """What kits did in the year in one programme, or at those whom one partner referred.

    Attributes:
        organisations: whom the partner referred; none for a programme.
    """

    name: str | None
    organisations: int
    engagements: int
    schools: int
    hours: float
    learner_engagements: int


@dataclass(frozen=True, slots=True)
class Members:
    """Members of a region's partnership of one kind; None is what nobody recorded."""

    region: str
    kind: str | None
    members: int
    engagements: int


@dataclass(frozen=True, slots=True)
class NotReached:
    """A listed school that no kit came to in two academic years."""

    schuid: str
    name: str
    council: str | None
    region: str | None
    sector: str
    roll: int | None
    rurality: str
    deprived: str


@dataclass(frozen=True, slots=True)
class ReachFigures:
    """Reach in one academic year, and year on year.

    Attributes:
        year: the first day of the year.
        is_over: whether it is over.
        is_protected: whether it leaves ESP.
        has_learners: whether learners are shown by part; not where a part of a nation leaves ESP.
        vintage: the newest list that was read; None when none was.
        parts: by `region`, `council`, `sector`, `rurality`, `deprived` and `band`.
        since: from when on a school counts as reached, for `not_reached`.
        waiting: changes of uses that came after the year, and are not in what leaves ESP yet.
    """

    year: date
    is_over: bool
    is_protected: bool
    has_learners: bool
    vintage: str | None
    responses: Sequence[Response]
    parts: Mapping[str, Sequence[PartReach]]
    years: Sequence[YearReach]
    gifts: Sequence[GiftReach]
    kits: Sequence[KitReach]
    programmes: Sequence[NamedReach]
    referrals: Sequence[NamedReach]
    members: Sequence[Members]
    not_reached: Sequence[NotReached]
    since: date
    waiting: int


def reach_figures(
    sums: UseSums,
    held: Mapping[str, int | None],
    lending: Lending,
    *,
    hidden: Mapping[str, Set[str]],
) -> ReachFigures:
    """The figures as at the census's day.

    Args:
        sums: the uses of what is counted.
        held: kits held in each region, by its code; None where nothing is known.
        lending: what was lent.
        hidden: the parts that are hidden then; see `kitloan.audit.engagements.LearnerFigures`.
    """
    census, protected = sums.census, sums.leaves
    running, _ = academic_year(census.day)
    year = census.last_whole_year if protected else running
    ours = [each for each in sums.in_year(year) if each.in_scope]
    since = date(running.year - 1, 8, 1)
    lent = _lent(census, lending, since)
    of_year = [(college, school) for college, school, first in lent if first == year]
    profiles = _profiles(census)
    of_kits = sums.by("tag", year)
    of_borrowers = sums.by("organisation", year) if profiles else []
    recent = {
        each.school
        for each in sums.every
        if each.in_scope and each.used and each.year >= since.year
    }
    return ReachFigures(
        year=year,
        is_over=census.last_whole_year >= year,
        is_protected=protected,
        has_learners=not (protected and census.scope),
        vintage=max((row.vintage for row in census.school_list.values()), default=None),
        responses=_responses(sums, ours, year),
        parts=_parts(census, ours, of_year, held, hidden, year),
        years=_years(sums, running),
        gifts=_gifts(census, of_kits),
        kits=_kits(of_kits),
        programmes=_programmes(sums.by("programme", year)),
        referrals=_referrals(of_borrowers, profiles),
        members=_members(of_borrowers, profiles),
        not_reached=[]
        if protected
        else _not_reached(census, recent | {school for _, school, _ in lent}),
        since=since,
        waiting=sums.waiting(year),
    )


def _lent(census: Census, lent: Lending, since: date) -> list[tuple[str, str, date]]:
    """The college, the school and the year of loans that began since a day, each once."""
    running, _ = academic_year(census.day)
    return [
        (place[0], census.schools.get(place, place[1]), first)
        for first, years in (
            (since, (since.year,)),
            (running, [year for year in lent.borrowers if year >= running.year]),
        )
        for place in dict.fromkeys(each for year in years for each in lent.borrowers.get(year, ()))
    ]


_OF_RESPONSE = ("back", "with_use", "uses", "unknown", "no_staff", "no_hours", "forms")


def _responses(sums: UseSums, ours: Sequence[Uses], year: date) -> list[Response]:
    census = sums.census
    region = {each: row.region or "" for each, row in census.colleges.items()}
    counts: Counter[tuple[str, str]] = Counter()
    for college, (back, with_use) in sums.returned(year).items():
        counts[region.get(college, ""), "back"] += back
        counts[region.get(college, ""), "with_use"] += with_use
    for each in ours:
        code = region.get(each.college, "")
        counts[code, "uses"] += each.many
        if each.used:
            counts[code, "unknown"] += each.unknown
            counts[code, "no_staff"] += each.no_staff
            counts[code, "no_hours"] += each.no_hours
    for each in sums.forms(year, by_school=False):
        if each.in_scope:
            counts[region.get(each.college, ""), "forms"] += each.many
    return [
        Response(
            code or None,
            *(counts[code, name] for name in _OF_RESPONSE),
        )
        for code in (*regions(), "")
        if counts[code, "back"] or counts[code, "uses"]
    ]


class _Lists:
    """The schools of the newest list, as denominators, and the part that each is in."""

    def __init__(self, census: Census) -> None:
        self._near = _regions_near(census)
        self._homes: dict[str | None, str] = {}
        self.is_read = bool(census.school_list)
        self.rows = [
            row
            for row in census.school_list.values()
            if row.listed and (self._near is None or self.region(row) in self._near)
        ]

    def has(self, region: str) -> bool:
        """Whether the schools of a region are denominators."""
        return self._near is None or region in self._near

    def region(self, row: AnyRow) -> str:
        """The usual region of a school's council; empty where it lies in several."""
        if row.council not in self._homes:
            council = find_council(row.council)
            self._homes[row.council] = (council.usual_region if council else None) or ""
        return self._homes[row.council]

    def part(self, name: str, row: AnyRow) -> str:
        """The part that a listed school is in."""
        return self.region(row) if name == "region" else str(getattr(row, name) or "")


def _regions_near(census: Census) -> frozenset[str] | None:
    """The regions whose schools are denominators; None where all are."""
    if census.scope.region is not None:
        return frozenset({census.scope.region})  # also where no file has come from it
    ids = census.college_ids
    if ids is None:
        ids = None if census.own == ESP else frozenset({census.own})
    found = {census.colleges[each].region or "" for each in ids or () if each in census.colleges}
    return frozenset(found) if found and "" not in found else None


_ORDER: Mapping[str, Sequence[str]] = {
    "region": tuple(regions()),
    "sector": ("primary", "secondary", "special"),
    "rurality": tuple("12345678"),
    "deprived": ("0-10", "10-25", "25-50", "50-100"),
}


def _parts(
    census: Census,
    ours: Sequence[Uses],
    lent: Sequence[tuple[str, str]],
    held: Mapping[str, int | None],
    hidden: Mapping[str, Set[str]],
    year: date,
) -> dict[str, list[PartReach]]:
    lists = _Lists(census)
    region_of = {each: row.region or "" for each, row in census.colleges.items()}
    sent = {
        code
        for college, code in region_of.items()
        if census.has_college(college) and census.covered.get(college, census.day) >= year
    }
    found = {}
    of_regions = reaches_by(ours, lambda each: (region_of.get(each.college, ""), each.school))
    of_schools = reaches_by(ours, lambda each: each.school)
    for name in ("region", *OF_SCHOOL):
        used: dict[str, list[tuple[str, Reach]]] = defaultdict(list)
        if name == "region":
            for (code, school), reach in of_regions.items():
                used[code].append((school, reach))
        else:
            for school, reach in of_schools.items():
                row = census.school_list.get(school)
                used["" if row is None else lists.part(name, row)].append((school, reach))
        borrowed: dict[str, set[str]] = defaultdict(set)
        for college, school in lent:
            row = census.school_list.get(school)
            key = "" if row is None else lists.part(name, row)
            borrowed[region_of.get(college, "") if name == "region" else key].add(school)
        listed: dict[str, list[AnyRow]] = defaultdict(list)
        for row in lists.rows:
            listed[lists.part(name, row)].append(row)
        there = {*used, *borrowed, *listed}
        order = _ORDER.get(name) or sorted(there - {""})
        found[name] = [
            _part(
                key,
                used[key],
                borrowed[key],
                listed[key],
                kits=held.get(key) if name == "region" else None,
                is_hidden=key in hidden.get(name, ()),
                is_read=lists.is_read and bool(listed[key] or name != "region" or not key),
                has_sent=_has_sent(name, key, sent),
            )
            for key in (*order, "")
            if key in there or (name == "region" and key and lists.has(key))
        ]
    found["band"] = list(_bands(ours, hidden.get("band", frozenset())))
    return found


def _has_sent(name: str, key: str, sent: Set[str]) -> bool:
    """Whether a college that would lend in a part has sent a file of the year."""
    if name == "region":
        return key in sent
    council = find_council(key) if name == "council" else None
    if council is not None and council.usual_region is not None:
        return council.usual_region in sent
    return bool(sent)


def _part(
    key: str,
    used: Sequence[tuple[str, Reach]],
    borrowed: Set[str],
    listed: Sequence[AnyRow],
    *,
    kits: int | None,
    is_hidden: bool,
    is_read: bool,
    has_sent: bool,
) -> PartReach:
    """One part, of what the uses of each of its schools come to."""
    schools = borrowed | {school for school, _ in used if school}
    rolls = [row.roll for row in listed if row.roll is not None]
    many, pupils = len(listed) if is_read else None, sum(rolls) if rolls else None
    if not (has_sent or used or borrowed):
        return PartReach(key, None, None, many, None, pupils, *(None,) * 4, kits=kits)
    learners = sum(each.learner_engagements for _, each in used)
    return PartReach(
        key=key,
        engagements=sum(each.engagements for _, each in used),
        schools=len(schools),
        listed=many,
        reached=len(schools & {row.schuid for row in listed}),
        pupils=pupils,
        learner_engagements=HIDDEN if is_hidden and learners else learners,
        at_least=sum(each.at_least for _, each in used),
        staff=sum(each.staff for _, each in used),
        hours=sum(each.hours for _, each in used),
        kits=kits,
    )


def _bands(ours: Iterable[Uses], hidden: Set[str]) -> Iterator[PartReach]:
    """Learners by band; what a group over two bands is in is `mixed`."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    largest: dict[str, dict[str, int]] = defaultdict(dict)
    for each in ours:
        for name, of in each.bands.items():
            for at, number in enumerate((of.many, of.learners, of.staff, of.half_hours)):
                sums[name][at] += number
            there = largest[name]
            there[each.school] = max(of.largest, there.get(each.school, 0))
    for name in BANDS:
        if name in sums:
            many, learners, staff, half_hours = sums[name]
            schools = largest[name].keys() - {""}
            at_least = sum(largest[name].values())
            reach = Reach(many, len(schools), learners, at_least, staff, half_hours / 2)
            yield _part(
                name,
                [("", reach)],
                schools,
                (),
                kits=None,
                is_hidden=name in hidden,
                is_read=False,
                has_sent=True,
            )


def _years(sums: UseSums, running: date) -> list[YearReach]:
    """Year on year, the earliest first; in what leaves ESP, years that are over."""
    census, protected = sums.census, sums.leaves
    over = census.last_whole_year
    found = []
    for back in range(MOST_YEARS - 1, -1, -1):
        first = date(running.year - back, 8, 1)
        ours = [each for each in sums.in_year(first) if each.in_scope]
        if not ours or (protected and first > over):
            continue
        reach = reach_of(ours)
        numbers: list[Shown] = [reach.learner_engagements, reach.at_least]
        if protected:
            may_show = may_show_part(census, sums.days(first))
            numbers = [
                alone(each) if may_show and isinstance(each, int) else HIDDEN if each else each
                for each in numbers
            ]
        found.append(
            YearReach(
                first,
                first <= over,
                reach.engagements,
                reach.schools,
                numbers[0],
                numbers[1],
                reach.staff,
                reach.hours,
                reach.no_learners,
                reach.no_staff,
                reach.no_hours,
                sums.waiting(first),
            )
        )
    return found


def _gifts(census: Census, ours: Sequence[Uses]) -> list[GiftReach]:
    """What the kits of each gift did: gifts with an id first, then donors without one."""
    some: dict[tuple[str, str, str], list[Uses]] = defaultdict(list)
    for each in ours:
        if each.used and each.tag and (each.donor or each.gift):
            some[each.gift or "\uffff", fold(each.donor or ""), each.gift or ""].append(each)
    lists = census.school_list
    of_place = any(row.rurality for row in lists.values())
    of_pupils = any(row.deprived for row in lists.values())
    found = []
    for key in sorted(some):
        groups = some[key]
        reach = reach_of(groups)
        rows = [
            row
            for school in {each.school for each in groups}
            if (row := lists.get(school)) is not None
        ]
        sectors = Counter(row.sector for row in rows)
        found.append(
            GiftReach(
                gift=groups[0].gift,
                donor=groups[0].donor,
                kits=len({each.tag for each in groups}),
                engagements=reach.engagements,
                schools=reach.schools,
                primary=sectors["primary"] if lists else None,
                secondary=sectors["secondary"] if lists else None,
                special=sectors["special"] if lists else None,
                remote=sum(str(row.rurality) in REMOTE for row in rows) if of_place else None,
                deprived=sum(row.deprived in DEPRIVED for row in rows) if of_pupils else None,
                hours=reach.hours,
                learner_engagements=reach.learner_engagements,
            )
        )
    return found


def _kits(ours: Sequence[Uses]) -> list[KitReach]:
    """What each kit did, by its tag; one that moved between colleges is a line of each."""
    some: dict[tuple[str, str], list[Uses]] = defaultdict(list)
    for each in ours:
        if each.used and each.tag:
            some[each.tag, each.college].append(each)
    found = []
    for (tag, college), groups in sorted(some.items()):
        reach, one = reach_of(groups), groups[0]
        found.append(
            KitReach(
                tag,
                college,
                one.kit_type,
                one.donor,
                one.gift,
                reach.engagements,
                reach.schools,
                reach.hours,
                reach.learner_engagements,
            )
        )
    return found


def _profiles(census: Census) -> dict[tuple[str, str], AnyRow]:
    """What is recorded of partners in scope, by college and organisation."""
    rows = census.connection.execute(select(profile))
    return {(row.college, row.organisation): row for row in rows if census.has_college(row.college)}


def _programmes(ours: Iterable[Uses]) -> list[NamedReach]:
    """What kits did in each programme, by its name; none named comes last."""
    some: dict[str, list[Uses]] = defaultdict(list)
    for each in ours:
        if each.used:
            some[each.programme or ""].append(each)
    if set(some) == {""}:
        return []
    return [_named(name, some[name], 0) for name in sorted(some, key=lambda name: (not name, name))]


def _referrals(
    ours: Iterable[Uses], profiles: Mapping[tuple[str, str], AnyRow]
) -> list[NamedReach]:
    """What kits did at those whom each partner referred."""
    by = {place: row.referred_by for place, row in profiles.items() if row.referred_by}
    whom = Counter(by.values())
    some: dict[str, list[Uses]] = defaultdict(list)
    for each in ours:
        if each.used and (name := by.get((each.college, each.organisation or ""))):
            some[name].append(each)
    return [_named(name, some[name], whom[name]) for name in sorted(whom)]


def _named(name: str, groups: Sequence[Uses], organisations: int) -> NamedReach:
    reach = reach_of(groups)
    return NamedReach(
        name or None,
        organisations,
        reach.engagements,
        reach.schools,
        reach.hours,
        reach.learner_engagements,
    )


def _members(ours: Iterable[Uses], profiles: Mapping[tuple[str, str], AnyRow]) -> list[Members]:
    """Members of each partnership by kind, by region."""
    used: Counter[tuple[str, str]] = Counter()
    for each in ours:
        if each.used:
            used[each.college, each.organisation or ""] += each.many
    counts: Counter[tuple[str, str]] = Counter()
    uses: Counter[tuple[str, str]] = Counter()
    for place, row in profiles.items():
        if row.partnership:
            key = row.partnership, row.organisation_kind or ""
            counts[key] += 1
            uses[key] += used[place]
    return [
        Members(region, kind or None, counts[region, kind], uses[region, kind])
        for region, kind in sorted(counts)
    ]


def _not_reached(census: Census, reached: Set[str]) -> list[NotReached]:
    """Listed schools that no kit came to, by council and name."""
    lists = _Lists(census)
    rows = [row for row in lists.rows if row.schuid not in reached]
    return [
        NotReached(
            row.schuid,
            row.name,
            row.council,
            lists.region(row) or None,
            row.sector,
            row.roll,
            str(row.rurality or ""),
            row.deprived or "",
        )
        for row in sorted(rows, key=lambda row: (row.council or "\uffff", row.name, row.schuid))
    ]
