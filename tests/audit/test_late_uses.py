"""What is recorded, corrected or taken back after a year's page left, and what the next has."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.scotland import Scotland
from conftest import SetClock
from kitloan.audit import Scope
from kitloan.audit.group_uses import GroupUse
from kitloan.audit.late_changes import Change, State, YearOfChanges, settle
from kitloan.evidence.disclosure import SMALL
from kitloan.evidence.engagements import EngagementChange, NewEngagement
from kitloan.evidence.evaluations import Answers

MARCH = date(2026, 3, 10)
AUGUST = date(2026, 8, 2)


def group(which: str, school: str, band: str, learners: int) -> GroupUse:
    """A use of a class."""
    return GroupUse(
        college="fife",
        id=which,
        on=MARCH.isoformat(),
        school=school,
        event=None,
        loan=None,
        used=True,
        bands={band: learners},
        split=None,
        staff=None,
        half_hours=None,
        in_scope=True,
        learners=learners,
        tag=None,
        organisation=None,
        programme=None,
        recorded_at="",
    )


def cells(each: GroupUse) -> dict[Any, int]:
    """Learners by school and by band."""
    return {**(each.bands or {}), each.school: each.learners}


def least(school: str, states: Any) -> dict[Any, int]:
    """The largest group of a school, as if it had one band."""
    sizes = [each.learners for each in states if each is not None and each.school == school]
    return {"least": max(sizes, default=0)}


STATES = st.one_of(
    st.none(),
    st.builds(
        group,
        st.just("e"),
        st.sampled_from("AB"),
        st.sampled_from(["p5-p7", "s1-s3"]),
        st.integers(0, 12),
    ),
)
CHANGES = st.lists(st.tuples(st.integers(0, 5), st.sampled_from("123456"), STATES), max_size=14)


def year_until(day: int, made: Sequence[tuple[int, str, State]]) -> YearOfChanges:
    """The changes that were known up to a day."""
    changes = [
        Change((AUGUST + timedelta(days=known)).isoformat(), which, state)
        for known, which, state in sorted(made, key=lambda each: each[0])
        if known <= day
    ]
    base: dict[str, State] = {"1": group("1", "A", "p5-p7", 9), "2": group("2", "B", "s1-s3", 4)}
    base |= {each.which: None for each in changes if each.which not in base}
    return YearOfChanges(base, changes, base | {each.which: each.state for each in changes})


@given(CHANGES)
def test_every_count_of_what_came_or_went_is_none_or_five_and_more(
    made: list[tuple[int, str, State]],
) -> None:
    """Whatever is added, corrected and taken back on six days, in whichever order."""
    papers = [settle(year_until(day, made), cells, least) for day in range(-1, 6)]
    for before, after in pairwise(papers):
        steps: dict[Any, int] = {}
        for which, state in after.items():
            old, new = (
                cells(each) if each is not None else {} for each in (before.get(which), state)
            )
            for cell in {*old, *new}:
                change = new.get(cell, 0) - old.get(cell, 0)
                steps[cell, change > 0] = steps.get((cell, change > 0), 0) + abs(change)
        for school in "AB":
            more = least(school, after.values())["least"] - least(school, before.values())["least"]
            steps["least", more > 0] = steps.get(("least", more > 0), 0) + abs(more)
        assert not [each for each in steps.items() if 0 < each[1] < SMALL]


@given(st.integers(SMALL, 40), st.integers(0, 5))
def test_a_class_that_came_late_is_in_the_next_paper(learners: int, day: int) -> None:
    """What waits for ever without a need is as little use as what gives a child away."""
    late = group("7", "C", "p5-p7", learners)
    assert settle(year_until(5, [(day, "7", late)]), cells, least)["7"] == late


class Fife:
    """A college that records, and ESP, which makes the page of the year."""

    def __init__(self, scotland: Scotland, clock: SetClock, *, sends: bool = True) -> None:
        self.scotland, self.clock = scotland, clock
        self.clock.now = datetime(2026, 3, 10, 9, tzinfo=UTC)
        self.ids = [self.record(many, school) for many, school in ((25, "A"), (31, "B"), (3, "C"))]
        if sends:
            self.scotland.send()
        self.now(8)

    def now(self, month: int, hour: int = 9) -> None:
        """It is the third of a month."""
        self.clock.now = datetime(2026, month, 3, hour, tzinfo=UTC)

    def record(self, learners: int, school: str, college: str = "fife", **given: Any) -> str:
        """A class used something in March."""
        new = NewEngagement(
            on=MARCH, organisation=f"School {school}", learners={"p5-p7": learners}, **given
        )
        taken = self.scotland[college].engagements.record(new, new_too=True)
        return taken.engagement.id

    def answer(self, *ratings: int, first: int = 0) -> None:
        """Teachers of as many classes answered how far learners enjoyed it."""
        for which, rating in zip(self.ids[first:], ratings, strict=False):
            self.scotland["fife"].evaluations.add(which, Answers(enjoyed=rating))

    def answers(self, **scope: str) -> tuple[Any, ...]:
        """How many answered, the mean, and how many forms wait."""
        found = self.scotland.esp.audit.audit(reader="evidence", scope=Scope(**scope))
        tables = {each.name: each for each in found.report.tables}
        note = re.search(r"(\d+) forms?, received or changed", tables["evaluations"].note)
        rows = found.as_json()["tables"]["evaluations"]
        return *((row["answers"], row["mean"]) for row in rows), int(note[1]) if note else 0

    def page(self) -> dict[str, Any]:
        """The page of evidence, and what its tables say."""
        self.scotland.send()
        return self.scotland.esp.audit.audit(reader="evidence").as_json()["tables"]

    def figures(self) -> tuple[Any, ...]:
        """Learners and uses of the year, and whether changes wait."""
        found = self.scotland.esp.audit.audit(reader="evidence")
        (year,) = found.as_json()["tables"]["evidence_years"]
        return year["learner_engagements"], year["engagements"], self.waits() > 0

    def waits(self, **scope: str) -> int:
        """How many changes wait, as a page about something says."""
        found = self.scotland.esp.audit.audit(reader="evidence", scope=Scope(**scope))
        tables = {each.name: each for each in found.report.tables}
        note = re.search(r"(\d+) changes? to uses", tables["responses"].note)
        return int(note[1]) if note else 0


@pytest.fixture
def fife(scotland: Scotland, clock: SetClock) -> Fife:
    """Fife recorded fifty-nine learners in March, and it is August."""
    return Fife(scotland, clock)


def test_a_page_without_late_changes_is_the_same_in_october(fife: Fife) -> None:
    """A year that is over is over: its page does not lose a figure by getting older."""
    then = fife.page()
    fife.now(10)
    fife.scotland["fife"].engagements.record(
        NewEngagement(on=date(2026, 9, 1), organisation="School A", learners={"p5-p7": 2})
    )
    assert fife.page() == then


@pytest.mark.parametrize(("learners", "printed"), [(3, (59, 3, True)), (20, (79, 4, False))])
def test_a_use_recorded_late(fife: Fife, learners: int, printed: tuple[Any, ...]) -> None:
    """Fifty-nine in August and sixty-two in October were three children of one school."""
    assert fife.figures() == (59, 3, False)
    fife.now(10)
    fife.record(learners, "D")
    fife.scotland.send()
    assert fife.figures() == printed
    inside = fife.scotland.esp.audit.audit().as_json()["tables"]["evidence_years"]
    assert inside[0]["learner_engagements"] == 59 + learners, "ESP's own screen hides nothing"


def test_a_donors_page_counts_the_changes_of_its_own_kits(fife: Fife) -> None:
    """Else its note would be about what the donor's kits never did."""
    (kit,) = fife.scotland.kits("fife", 1, donor="RAF")
    fife.now(9)
    fife.scotland["fife"].engagements.withdraw(fife.ids[2])
    fife.scotland.send()
    assert (fife.waits(), fife.waits(donor="RAF")) == (1, 0)
    fife.now(10)
    fife.record(1, "E", tag=kit)
    fife.scotland.send()
    assert (fife.waits(), fife.waits(donor="RAF")) == (2, 1)


def test_a_few_wait_for_a_few_more(fife: Fife) -> None:
    """Three and four of one band, region and list are seven: both are in the page."""
    fife.now(9)
    fife.record(3, "D")
    fife.now(10)
    fife.record(4, "E")
    fife.scotland.send()
    assert fife.figures() == (66, 5, False)


@pytest.mark.parametrize(
    ("change", "printed"),
    [
        (lambda fife: fife.correct(0, 28), (59, 3, True)),
        (lambda fife: fife.correct(0, 36), (70, 3, False)),
        (lambda fife: fife.correct(1, 29), (59, 3, True)),
        (lambda fife: fife.withdraw(2), (59, 3, True)),
        (lambda fife: fife.withdraw(0), (34, 2, False)),
    ],
    ids=["three more", "eleven more", "two fewer", "three withdrawn", "a class withdrawn"],
)
def test_a_use_corrected_or_withdrawn_late(
    fife: Fife, change: Callable[[Any], None], printed: tuple[Any, ...]
) -> None:
    """A correction of a printed number is a difference like any other."""

    class Desk:
        def correct(self, which: int, learners: int) -> None:
            fife.scotland["fife"].engagements.correct(
                fife.ids[which], EngagementChange(learners={"p5-p7": learners})
            )

        def withdraw(self, which: int) -> None:
            fife.scotland["fife"].engagements.withdraw(fife.ids[which])

    fife.now(10)
    change(Desk())
    fife.scotland.send()
    assert fife.figures() == printed


def test_a_late_change_that_was_undone_changes_nothing(fife: Fife) -> None:
    """Undone and done again: the page goes by what counts."""
    fife.now(9)
    fife.scotland["fife"].engagements.withdraw(fife.ids[0])
    fife.scotland.send()
    assert fife.figures() == (34, 2, False)
    fife.scotland["fife"].actions.undo()
    fife.scotland.send()
    assert fife.figures() == (59, 3, False)
    fife.scotland["fife"].actions.redo()
    fife.scotland.send()
    assert fife.figures() == (34, 2, False)


def test_a_use_undone_late_is_in_the_page_as_it_was(scotland: Scotland, clock: SetClock) -> None:
    """Recording three was undone in August: the three are what the page less the next one was."""
    fife = Fife(scotland, clock)
    scotland["fife"].actions.undo()
    scotland.send()
    assert fife.figures() == (59, 3, True)


def test_a_file_that_came_late_is_late(scotland: Scotland, clock: SetClock) -> None:
    """Recorded in June, sent in October: the page of August did not have it."""
    fife = Fife(scotland, clock)
    clock.now = datetime(2026, 6, 9, 9, tzinfo=UTC)
    fife.record(3, "D")
    fife.now(8)
    assert fife.figures() == (59, 3, False)
    fife.now(10)
    scotland.send()
    assert fife.figures() == (59, 3, True)


def test_a_withdrawal_by_a_wrong_clock_is_late(fife: Fife) -> None:
    """Its battery was flat, so the entry has a time of 2001; it counts in October."""
    fife.now(10)
    fife.record(20, "D")
    fife.clock.now = datetime(2001, 1, 1, 9, tzinfo=UTC)
    fife.scotland["fife"].engagements.withdraw(fife.ids[2])
    fife.now(10, 12)
    fife.record(20, "E")
    fife.scotland.send()
    assert fife.figures() == (99, 5, True)


def test_the_split_of_a_late_class_waits(fife: Fife) -> None:
    """Eighteen more, two of them girls: two girls in a school that everybody knows."""
    fife.now(9)
    fife.record(18, "D", girls=2, boys=16)
    fife.scotland.send()
    assert fife.figures() == (59, 3, True)


def test_no_page_of_a_year_before_it_is_over(scotland: Scotland, clock: SetClock) -> None:
    """In June `--as-at 31 July` gave the splits of a year that was running."""
    fife = Fife(scotland, clock)
    clock.now = datetime(2026, 6, 9, 9, tzinfo=UTC)
    found = scotland.esp.audit.audit(date(2026, 7, 31), reader="evidence").as_json()["tables"]
    assert found["learners_split"] == found["evidence_years"] == []
    fife.now(8)
    found = scotland.esp.audit.audit(date(2026, 7, 31), reader="evidence").as_json()["tables"]
    assert [row["learner_engagements"] for row in found["evidence_years"]] == [59]


def test_a_group_of_an_event_that_another_college_entered_waits(fife: Fife) -> None:
    """Of one event the page counts the larger group: it would be two more, not twenty-seven.

    Both colleges have had a larger class of the school, so the least of it stays the same.
    """
    lochs = {"schuid": "5500015S"}
    fife.now(4)
    for college in ("fife", "ayrshire"):
        fife.record(40, "A", college, **lochs)
    fife.record(25, "A", event="EV1", **lochs)
    fife.scotland.send()
    fife.now(8)
    assert fife.figures() == (164, 6, False)
    fife.now(10)
    fife.record(27, "A", "ayrshire", event="EV1", **lochs)
    fife.scotland.send()
    assert fife.figures() == (164, 6, True)


def test_a_group_that_was_in_a_paper_stays_when_another_college_enters_its_event(
    fife: Fife,
) -> None:
    """In September it was of one college: taking it out again would give twenty-five."""
    fife.now(9)
    fife.record(25, "D", event="EV1")
    fife.scotland.send()
    assert fife.figures() == (84, 4, False)
    fife.now(10)
    fife.record(27, "D", "ayrshire", event="EV1")
    fife.scotland.send()
    assert fife.figures() == (84, 4, True)


def test_files_of_one_day_are_two_papers(fife: Fife) -> None:
    """Twenty in the morning and two at noon: a page may have left at eleven."""
    fife.now(10)
    fife.record(20, "D")
    fife.scotland.send()
    assert fife.figures() == (79, 4, False)
    fife.now(10, 12)
    fife.record(2, "E")
    fife.scotland.send()
    assert fife.figures() == (79, 4, True)


def test_files_of_the_first_day_are_one_paper(scotland: Scotland, clock: SetClock) -> None:
    """Of a year of which nothing was known: an auditor merges several files, one after another."""
    clock.now = datetime(2026, 3, 10, 9, tzinfo=UTC)
    fife = Fife(scotland, clock, sends=False)
    fife.record(2, "D", "ayrshire")
    scotland.send("fife")
    fife.now(8, 12)
    scotland.send("ayrshire")
    assert fife.figures() == (61, 4, False)


@pytest.fixture
def asked(scotland: Scotland, clock: SetClock) -> Fife:
    """Eight classes, and no teacher has answered."""
    fife = Fife(scotland, clock)
    clock.now = datetime(2026, 5, 10, 9, tzinfo=UTC)
    fife.ids += [fife.record(20 + each, "B") for each in range(5)]
    scotland.send()
    return fife


@pytest.fixture
def answered(asked: Fife) -> Fife:
    """Seven teachers answered before the year was over."""
    asked.answer(5, 5, 5, 4, 3, 3, 3)
    asked.scotland.send()
    asked.now(8)
    return asked


def test_a_form_that_came_late_waits(answered: Fife) -> None:
    """Seven had a mean of 4.0 and eight one of 3.6: the eighth gave one."""
    (then, waits) = answered.answers()
    assert then[0] == 7 and waits == 0
    answered.now(10)
    answered.answer(1, first=7)
    answered.scotland.send()
    assert answered.answers() == (then, 1)
    assert answered.answers(region="FIF")[-1] == 1


@pytest.mark.parametrize("change", ["another form", "undone", "withdrawn", "corrected"])
def test_a_form_that_changed_late_is_as_it_was(answered: Fife, change: str) -> None:
    """Also where its use was withdrawn or corrected, and the page of uses has that."""
    then, _ = answered.answers()
    answered.now(10)
    engagements = answered.scotland["fife"].engagements
    match change:
        case "another form":
            answered.scotland["fife"].actions.undo()
            answered.answer(1, first=6)
        case "undone":
            answered.scotland["fife"].actions.undo()
        case "withdrawn":
            engagements.withdraw(answered.ids[0])
        case "corrected":
            engagements.correct(answered.ids[0], EngagementChange(learners={"p5-p7": 45}))
    answered.scotland.send()
    assert answered.answers() == (then, int(change in ("another form", "undone")))


def test_the_first_forms_of_a_year_may_come_late(asked: Fife) -> None:
    """Of a year of which ESP had none: those of the first day, none of the next."""
    asked.now(8)
    assert asked.answers() == (0,)
    asked.now(9)
    asked.answer(5, 4, 3, 4, 5)
    asked.scotland.send()
    then, waits = asked.answers()
    assert then[0] == 5 and waits == 0
    asked.now(10)
    asked.answer(1, first=5)
    asked.scotland.send()
    assert asked.answers() == (then, 1)
