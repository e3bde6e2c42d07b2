"""Two papers of two days: their difference is nobody's group of fewer than five."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.scotland import Scotland
from conftest import SetClock
from kitloan import Gift, NewHolding
from kitloan.audit import Scope
from kitloan.audit.counted_uses import DatedLearners, Days, OfBand, Uses, reach_of
from kitloan.audit.leaving import is_settled, unsettled
from kitloan.evidence.disclosure import SMALL
from kitloan.evidence.engagements import NewEngagement

FIRST = date(2026, 9, 1)


def used(day: int, school: str, band: str, learners: int, late: int = 0) -> DatedLearners:
    """A use on a day of the term, recorded some days later."""
    on = FIRST + timedelta(days=day)
    bands = {band: OfBand(1, learners, learners, 0, 0)}
    uses = Uses(
        year=FIRST.year,
        college="fife",
        school=school,
        used=True,
        many=1,
        unknown=0,
        learners=learners,
        staff=0,
        half_hours=0,
        girls=0,
        boys=0,
        no_staff=0,
        no_hours=0,
        bands=bands,
        in_scope=True,
        tag=None,
        kit_type=None,
        donor=None,
        gift=None,
        organisation=None,
        programme=None,
    )
    return DatedLearners(
        uses, on.isoformat(), (on + timedelta(days=late)).isoformat(), band, learners
    )


USES = st.lists(
    st.builds(
        used,
        st.integers(0, 9),
        st.sampled_from("AB"),
        st.sampled_from(["p5-p7", "mixed"]),
        st.integers(0, 9),
        st.integers(0, 3),
    ),
    max_size=12,
)


def papers(uses: Sequence[DatedLearners], *, by_knowledge: bool) -> list[tuple[int, int]]:
    """Learners and the least of them on each day of the term on which they are shown."""
    found = []
    for day in range(14):
        until = (FIRST + timedelta(days=day)).isoformat()
        there = [
            each
            for each in uses
            if (max(each.on, each.recorded) if by_knowledge else each.on) <= until
        ]
        if is_settled(there):
            reach = reach_of(each.of for each in there)
            found.append((reach.learner_engagements, reach.at_least))
    return found


@given(USES, st.booleans())
def test_no_two_papers_differ_by_a_few(uses: list[DatedLearners], by_knowledge: bool) -> None:
    """Thirty-three in November, less the thirty of September, were three children."""
    for one, other in combinations(papers(uses, by_knowledge=by_knowledge), 2):
        for then, now in zip(one, other, strict=True):
            assert not 0 < now - then < SMALL


def days_of(uses: Sequence[DatedLearners], since: str) -> Days:
    """The uses as they are read: those of the last days one by one, all others added up."""
    groups = []
    for each in uses:
        before = each.learners if each.known < since else 0
        groups.append(
            each.of._replace(
                bands={each.band: OfBand(1, each.learners, each.learners, 0, 0, before)}
            )
        )
    return Days(
        groups,
        since,
        lambda day, colleges: [each for each in uses if each.known >= day],
    )


@given(USES, st.integers(0, 14))
def test_the_last_days_decide_as_all_of_them(uses: list[DatedLearners], day: int) -> None:
    """What is read is less; what is hidden is the same."""
    since = (FIRST + timedelta(days=day)).isoformat()
    all_read = unsettled(days_of(uses, ""), lambda each: each.school)
    assert all_read == {
        school
        for school in "AB"
        if not is_settled([each for each in uses if each.of.school == school])
    }
    assert unsettled(days_of(uses, since), lambda each: each.school) == all_read


def test_two_more_are_two_more_whatever_was_before() -> None:
    """What was shown before the last days need not be known, where many came since."""
    before = {"A": {"p5-p7": 9}}
    last = [used(3, "A", "p5-p7", 20), used(4, "A", "p5-p7", 22)]
    assert is_settled(last, before, last[0].on) is False
    assert is_settled(last[1:], before, last[1].on) is True


@pytest.mark.parametrize(
    ("uses", "shown"),
    [
        ([], True),
        ([used(0, "A", "p5-p7", 30)], True),
        ([used(0, "A", "p5-p7", 30), used(1, "B", "p5-p7", 3)], False),
        ([used(0, "A", "p5-p7", 30), used(1, "B", "p5-p7", 3), used(2, "B", "p5-p7", 9)], True),
        # The same class with three more: thirty-three came, and three of them are new.
        ([used(0, "A", "p5-p7", 30), used(1, "A", "p5-p7", 33)], False),
        # They were three on the day that they came, and are recorded with another class.
        ([used(0, "A", "p5-p7", 3, late=1), used(1, "A", "p5-p7", 30)], True),
        ([used(0, "A", "p5-p7", 30), used(0, "B", "p5-p7", 3, late=2)], False),
    ],
)
def test_learners_are_shown_when_five_and_more_came(uses: list[DatedLearners], shown: bool) -> None:
    """A figure that is hidden for ever is as little use as one that gives a child away."""
    assert is_settled(uses) is shown


def lend(scotland: Scotland, on: date, learners: int, donor: str = "RAF") -> None:
    """A group of a school of its own used a donor's kit."""
    fife = scotland["fife"]
    tag = fife.holdings.add(NewHolding("Device", gift=Gift(donor=donor))).tag
    new = NewEngagement(
        on=on, organisation=f"School of {tag}", tag=tag, learners={"p5-p7": learners}
    )
    fife.engagements.record(new, new_too=True)


def learners(scotland: Scotland, reader: str, scope: Scope) -> object:
    """What leaves ESP of a part."""
    scotland.send()
    found = scotland.esp.audit.audit(reader=reader, scope=scope)
    return found.as_json()["totals"]["learner_engagements"]


def test_a_part_has_no_paper_that_another_day_gives_away(
    scotland: Scotland, clock: SetClock
) -> None:
    """The donor's paper of September, and that of November: three children of one school."""
    parts = {"donor": Scope(donor="RAF"), "board": Scope(region="FIF")}
    clock.now = datetime(2026, 9, 24, 9, tzinfo=UTC)
    lend(scotland, date(2026, 9, 24), 103)
    assert [learners(scotland, *each) for each in parts.items()] == [103, 103]
    clock.now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    lend(scotland, date(2026, 11, 20), 3)
    assert [learners(scotland, *each) for each in parts.items()] == ["c", "c"]
    inside = scotland.esp.audit.audit(scope=Scope(donor="RAF"))
    assert inside.totals["learner_engagements"] == 106, "ESP's own figures hide nothing"
    tables = {each.name: each for each in scotland.esp.audit.audit(reader="board").report.tables}
    assert tables["learners"].column("learner_engagements") == ["c"]
    clock.now = datetime(2026, 11, 27, 9, tzinfo=UTC)
    lend(scotland, date(2026, 11, 27), 40)
    assert [learners(scotland, *each) for each in parts.items()] == [146, 146]
