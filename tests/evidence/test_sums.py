"""What the database adds up is what plain Python adds up, whatever was recorded.

A year of made-up uses by three colleges, with all that makes adding up hard: schools by id, by link
and by name alone, events that two colleges entered, groups over several bands, uses that were not,
learners that nobody counted. The sums here go over the engagements one by one.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import kitloan
from conftest import SetClock
from kitloan import Gift, NewHolding
from kitloan.college import College
from kitloan.errors import Refused
from kitloan.evidence.engagements import EngagementLine, NewEngagement
from kitloan.evidence.evaluations import Answers
from trusting import merge

REGION_OF = {"fife": "FIF", "ayrshire": "AYR", "borders": "BOR"}
DAYS = [date(2026, 1, 12) + timedelta(days=9 * n) for n in range(44)]
BANDS = ("p2-p4", "p5-p7", "s1-s3", "mixed")


@pytest.fixture
def clock() -> SetClock:
    """A Monday in spring."""
    return SetClock(datetime(2027, 3, 1, 11, 42, tzinfo=UTC))


@pytest.fixture
def esp(new_place: Callable[[], str], clock: SetClock, tmp_path: Path) -> Iterator[College]:
    """ESP's store of what three colleges recorded."""
    chance = random.Random(19)
    with ExitStack() as stack:
        files = []
        for name in REGION_OF:
            college = stack.enter_context(
                kitloan.init(name, new_place(), actor="m.ross", clock=clock)
            )
            _live(college, chance)
            files.append(tmp_path / f"{name}.kitloan")
            college.exchange.export(files[-1])
        opened = stack.enter_context(kitloan.init("esp", new_place(), actor="auditor", clock=clock))
        merge(opened, files)
        yield opened


def _live(college: College, chance: random.Random) -> None:
    tags = [
        college.holdings.add(NewHolding("STEM kit", gift=Gift(donor="RAF" if n else "IET"))).tag
        for n in range(2)
    ]
    for n in range(45):
        # Schools are of no one college; the last two are linked to ids, one of the college's own.
        which = n if n < 8 else chance.randrange(8)
        bands = chance.sample(BANDS, chance.choice((1, 1, 2)))
        learners = {each: chance.randrange(3, 40) for each in bands}
        total = sum(learners.values())
        fate = chance.randrange(8)
        both = fate > 3 and total >= 10
        new = NewEngagement(
            on=chance.choice(DAYS),
            organisation=f"School number {which}",
            schuid=f"800000{which}P" if which in (1, 2, 3) else None,
            learners=None if fate in (0, 1) else learners,
            not_used="time" if fate == 0 else None,
            tag=tags[n % 2] if fate in (2, 3, 4) else None,
            event=f"EV{chance.randrange(6)}" if fate == 5 else None,
            sessions=2,
            hours=chance.choice((1.5, 2, None)) if fate else None,
            girls=total // 2 if both else None,
            boys=total // 3 if both else None,
            staff=chance.choice((None, 1, 2)),
            programme=chance.choice((None, None, "faraday", "Club of our own")),
        )
        try:
            made = college.engagements.record(new, new_too=True)
        except Refused:  # the same group again
            continue
        if fate > 4:
            college.evaluations.add(made.engagement.id, Answers(enjoyed=chance.randrange(1, 6)))
        if n == 20:
            college.schools.link("School number 6", "X-six", new_too=True)
        if n == 30:
            college.engagements.withdraw(made.engagement.id)


def counted(esp: College) -> list[EngagementLine]:
    """Every engagement that counts, one by one: of an event and day the larger of two colleges'."""
    lines: list[EngagementLine] = []
    after = None
    while True:
        page = esp.engagements.list(after=after)
        lines += page.items
        after = page.next
        if after is None:
            break
    kept: list[EngagementLine] = []
    for each in sorted(lines, key=lambda e: (e.known_learners or 0, e.college, e.id), reverse=True):
        twins = [
            one
            for one in kept
            if each.event
            and (one.event, one.date, school(one)) == (each.event, each.date, school(each))
            and one.college != each.college
            and not (one.learners and each.learners and not {*one.learners} & {*each.learners})
        ]
        if not twins:
            kept.append(each)
    return kept


def school(line: EngagementLine) -> str:
    """The same text for the same school."""
    if line.org == "School number 6":  # an id of a college's own is that college's
        return f"{line.college}:X-SIX"
    if line.schuid:
        return line.schuid
    return line.org or ""


def plain(lines: Sequence[EngagementLine]) -> tuple[Any, ...]:
    """Uses, schools, learners, the least of them, staff and hours: added up here."""
    used = [each for each in lines if each.used != "no"]
    largest: dict[str, dict[str, int]] = defaultdict(dict)
    for each in used:
        for name, many in (each.learners or {}).items():
            there = largest[school(each)]
            there[name] = max(there.get(name, 0), many)
    least = sum(
        max(sum(many for name, many in bands.items() if name != "mixed"), bands.get("mixed", 0))
        for bands in largest.values()
    )
    return (
        len(used),
        len({school(each) for each in used}),
        sum(each.known_learners or 0 for each in used),
        least,
        sum(each.staff or 0 for each in used),
        sum(each.hours or 0 for each in used),
    )


def year_of(line: EngagementLine) -> str:
    """`2026/27`."""
    first = line.date.year - (line.date.month < 8)
    return f"{first}/{(first + 1) % 100:02}"


def rows(esp: College, name: str) -> list[dict[str, Any]]:
    """The rows of a table of ESP's own audit."""
    found: list[dict[str, Any]] = esp.audit.audit().as_json()["tables"][name]
    return found


COLUMNS = ("engagements", "schools", "learner_engagements", "at_least", "staff", "hours")


def test_years_and_regions_are_the_plain_sums(esp: College) -> None:
    """A query that joined or grouped wrongly would have counted a school's class twice."""
    lines = counted(esp)
    assert any(each.event for each in lines) and len(lines) > 60
    shown = {
        row["year"]: tuple(row[name] for name in COLUMNS) for row in rows(esp, "evidence_years")
    }
    assert shown == {
        year: plain([each for each in lines if year_of(each) == year])
        for year in ("2025/26", "2026/27")
    }
    now = [each for each in lines if year_of(each) == "2026/27"]
    regions = {row["region"]: row for row in rows(esp, "learners")}
    for college, region in REGION_OF.items():
        wanted = plain([each for each in now if each.college == college])
        names = ("engagements", "schools", "learner_engagements", "at_least")
        assert tuple(regions[region][name] for name in names) == wanted[:4], region


def test_bands_programmes_kits_and_forms_are_the_plain_sums(esp: College) -> None:
    """Each table asks the database in its own way, and each was a loop over all uses before."""
    now = [each for each in counted(esp) if year_of(each) == "2026/27"]
    used = [each for each in now if each.used != "no"]
    bands: Counter[str] = Counter()
    for each in used:
        bands.update(each.learners or {})
    assert {r["band"]: r["learner_engagements"] for r in rows(esp, "reach_by_band")} == bands
    programmes = {
        name or None: plain([each for each in used if (each.programme or "") == name])[:3]
        for name in {each.programme or "" for each in used}
    }
    names = ("engagements", "schools", "learner_engagements")
    assert {
        row["name"]: tuple(row[name] for name in names) for row in rows(esp, "reach_by_programme")
    } == programmes
    kits = Counter((each.college, each.tag) for each in used if each.tag)
    assert {
        (row["college"], row["tag"]): row["engagements"] for row in rows(esp, "kit_reach")
    } == kits
    assert sum(row["engagements"] for row in rows(esp, "gift_reach")) == kits.total()
    answered = {each.engagement for each in esp.evaluations.list(limit=500).items if each.enjoyed}
    forms = Counter(REGION_OF[each.college] for each in now if each.id in answered)
    unknown = Counter(REGION_OF[each.college] for each in used if each.learners is None)
    for row in rows(esp, "responses"):
        region = row["region"]
        assert (row["forms"], row["unknown"]) == (forms[region], unknown[region])
        assert row["uses"] == sum(REGION_OF[each.college] == region for each in now)
