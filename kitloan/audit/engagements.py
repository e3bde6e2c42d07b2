"""What the kits did by academic year: uses, schools, learners, and what teachers answered.

Which uses count, and what they come to, is in `kitloan.audit.counted_uses`; which of the figures a
reader outside ESP does not get, in `kitloan.audit.leaving`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date

from kitloan.audit.census import Census
from kitloan.audit.counted_uses import (
    NO_REACH,
    Days,
    Reach,
    Uses,
    UseSums,
    part_keys,
    reach_of,
    reaches_by,
)
from kitloan.audit.leaving import hidden_of, hidden_parts_of, hidden_still, may_show_part
from kitloan.evidence.disclosure import (
    HIDDEN,
    NOT_APPLICABLE,
    Protected,
    Shown,
    academic_year,
    alone,
    mean_of_ratings,
    percentage,
    positive_ratings,
    protect,
    protect_line,
)
from kitloan.reference import regions
from kitloan.tables import Holding, Loan, table
from kitloan.tables.evidence import Engagement

engagement = table(Engagement)
holding, loan = table(Holding), table(Loan)

IN_ALL = "in this report"
"""In place of a region, where a part is not shown by region."""
LEARNER_TOTALS = ("learner_engagements", "learners_at_least", "learners_at_most")
"""The totals of learners: each is of people, so each is protected outside ESP."""


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
class QuestionAnswers:
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
        answered: what teachers answered, a question each; outside ESP in the last whole year.
        answers_of: the first day of that year.
        closed_then: as `closed`, in that year.
        forms_waiting: forms that came after that year, and are not in what leaves ESP.
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
    answered: Sequence[QuestionAnswers]
    answers_of: date
    closed_then: tuple[int, int]
    forms_waiting: int
    hidden: Mapping[str, Set[str]]


@dataclass(frozen=True, slots=True)
class HiddenOfYear:
    """What is hidden of the nation's uses in the last whole year.

    Attributes:
        parts: the parts, by what they are parts of.
        split: of girls, boys and the rest by region: the region, and which of them.
    """

    parts: Mapping[str, Set[str]] = field(default_factory=dict)
    split: Set[tuple[str, int]] = frozenset()


def sums_for(census: Census, *, leaves: bool) -> tuple[UseSums, HiddenOfYear]:
    """The uses that a report counts, added up, and what is hidden of them.

    In what leaves ESP, the last whole year is as its first paper had it where what came since
    cannot be shown beside that paper.
    """
    sums = UseSums(census, leaves=leaves)
    if not leaves or census.scope:
        return sums, HiddenOfYear()
    year = census.last_whole_year
    first, now = sums.first_printed(year), sums.days(year)
    before, after = hidden_still(census, first, now)
    region = part_keys(census)["region"]
    split = _hidden_split(_split(first.groups, region), frozenset())
    if first is now:
        return sums, HiddenOfYear(before, split)
    if after is not None:
        more = _hidden_split(_split(now.groups, region), split) - split
        if all(name in after["region"] for name, _ in more):
            return sums, HiddenOfYear(after, split)
    return UseSums(census, leaves=True, late=False), HiddenOfYear(before, split)


def learner_figures(sums: UseSums, hidden: HiddenOfYear) -> LearnerFigures:
    """The figures as at the census's day.

    Args:
        sums: the uses of what is counted.
        hidden: what is hidden of the last whole year.
    """
    census = sums.census
    first, _ = academic_year(census.day)
    before = census.last_whole_year
    answers_of = before if sums.leaves else first
    this_year = sums.in_year(first)
    ours = [each for each in this_year if each.in_scope]
    totals = reach_of(ours)
    shown: dict[str, Shown] = {
        "learner_engagements": totals.learner_engagements,
        "learners_at_least": totals.at_least,
        "learners_at_most": totals.at_most,
    }
    as_answered = sums.with_first_forms
    region = part_keys(census)["region"]
    by_region = _by_region(ours, region)
    split = [] if census.scope else _split(sums.in_year(before), region)
    if sums.leaves:
        days = sums.days(first)
        split = _protected_split(split, hidden)
        may_show = may_show_part(census, days)
        shown = {name: _protected(value, may_show) for name, value in shown.items()}
        by_region = (
            [_all_in_one(totals, shown)]
            if census.scope and ours
            else _protected_regions(by_region, census, days)
        )
    return LearnerFigures(
        first,
        totals,
        shown,
        by_region,
        before,
        split,
        _sums_of(sums.returned(first).values()),
        _answered(as_answered, answers_of),
        answers_of,
        _sums_of(sums.returned(answers_of).values()),
        as_answered.forms_waiting(),
        hidden.parts,
    )


def _protected(value: Shown, may_show: bool) -> Shown:
    return alone(value) if may_show and isinstance(value, int) else HIDDEN if value else value


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
    of_region: dict[str, list[Uses]] = defaultdict(list)
    for each in groups:
        if each.used:
            of_region[region(each)].append(each)
    found = []
    for code in (*regions(), ""):
        if some := of_region[code]:
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
    found: Sequence[RegionReach], census: Census, days: Days
) -> list[RegionReach]:
    region = part_keys(census)["region"]
    hidden = hidden_of(census, days)["region"] | hidden_parts_of(days, region)
    return [
        each
        if (each.region or "") not in hidden
        else replace(each, learner_engagements=HIDDEN, at_least=HIDDEN, at_most=HIDDEN)
        for each in found
    ]


def _protected_split(found: Sequence[RegionSplit], hidden: HiddenOfYear) -> list[RegionSplit]:
    safe = _protect_split(found, hidden.split)
    return [
        RegionSplit(each.region, *(HIDDEN,) * 5)
        if (each.region or "") in hidden.parts["region"]
        else RegionSplit(each.region, shown[0], shown[1], shown[2], total, _share(shown))
        for each, shown, total in zip(found, safe.cells, safe.lines, strict=True)
    ]


def _protect_split(found: Sequence[RegionSplit], cells: Set[tuple[str, int]]) -> Protected:
    true = [
        [number for number in (each.girls, each.boys, each.not_recorded) if isinstance(number, int)]
        for each in found
    ]
    at = {each.region or "": line for line, each in enumerate(found)}
    forced = {(at[region], column) for region, column in cells if region in at}
    return protect(true, cells=forced) if true else Protected((), (), (), 0)


def _hidden_split(
    found: Sequence[RegionSplit], cells: Set[tuple[str, int]]
) -> Set[tuple[str, int]]:
    """What is hidden of girls and boys, by region and column, where some of it is already."""
    safe = _protect_split(found, cells)
    return {
        (each.region or "", column)
        for each, shown, total in zip(found, safe.cells, safe.lines, strict=True)
        for column, value in enumerate((*shown, total))
        if value == HIDDEN
    }


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


def _answered(sums: UseSums, year: date) -> list[QuestionAnswers]:
    """What teachers answered in an academic year; no form is filled in that did not come.

    A reader subtracts answers as well: so of a part they are shown where its forms would be, if
    each was a learner.
    """
    protected = sums.leaves
    if protected and sums.census.scope and not may_show_part(sums.census, sums.days_of_forms(year)):
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
        found.append(QuestionAnswers(question, len(ratings), mean, words))
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
) -> QuestionAnswers:
    numbers = [counts.get(each, 0) for each in choices]
    shown, total = protect_line(numbers) if protected else (tuple(numbers), sum(numbers))
    shares = ", ".join(f"{number} {word}" for number, word in zip(shown, words, strict=True))
    return QuestionAnswers(question, total, None, shares)


def _sums_of(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Of pairs of numbers the sums of both."""
    every = list(pairs)
    return sum(one for one, _ in every), sum(other for _, other in every)
