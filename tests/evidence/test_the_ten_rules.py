"""The ten rules of what leaves ESP, each by its number; and each example of the notes is named."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import kitloan
from conftest import SetClock
from kitloan.audit import Audit
from kitloan.college import College
from kitloan.evidence.disclosure import (
    MARKS,
    mean_of_ratings,
    percentage,
    protect,
    protect_line,
)
from kitloan.evidence.engagements import NewEngagement
from trusting import merge

TESTS = Path(__file__).parents[1]
BEFORE = date(2026, 3, 10)
LIST = """\
Seed Code,LA Name,School Name,Primary Department,Secondary Department,Pupil Roll
8000001,Fife,Lochside Primary School,Yes,,100
8000002,Fife,Hillend High School,,Yes,700
"""


@pytest.fixture
def clock() -> SetClock:
    """A Monday in spring."""
    return SetClock(datetime(2027, 3, 1, 11, 42, tzinfo=UTC))


@pytest.fixture
def leaves(
    fife: College, new_place: Callable[[], str], clock: SetClock, tmp_path: Path
) -> Iterator[Callable[..., Audit]]:
    """Makes ESP's report of what Fife recorded, for a reader."""
    opened: list[College] = []

    def make(reader: str | None) -> Audit:
        files = [tmp_path / f"fife-{len(opened)}.kitloan"]
        fife.exchange.export(files[0])
        opened.append(kitloan.init("esp", new_place(), actor="auditor", clock=clock))
        merge(opened[-1], files)
        schools = tmp_path / "schools 2027-01-31.csv"
        schools.write_text(LIST, encoding="utf-8")
        opened[-1].schools.take_in(schools)
        return opened[-1].audit.audit(reader=reader)

    yield make
    for each in opened:
        each.close()


def record(college: College, schuid: str, learners: dict[Any, int], **given: Any) -> None:
    """Record a use of a school in the year that is over."""
    new = NewEngagement(
        on=BEFORE, organisation=f"School {schuid}", schuid=schuid, learners=learners, **given
    )
    college.engagements.record(new, new_too=True)


def test_rule_1_a_count_of_one_to_four_is_hidden() -> None:
    """Rule 1: two counts under five, beside a large one, are never printed."""
    for small in (1, 2, 3, 4):
        assert protect_line([small, 4, 90])[0][:2] == ("c", "c")
    assert protect_line([5, 90, 0]) == ((5, 90, 0), 95)


def test_rule_2_one_hidden_count_takes_the_next_smallest_with_it() -> None:
    """Rule 2: the total less the rest is the one that is hidden."""
    assert protect_line([3, 20, 0, 60]) == (("c", "c", 0, 60), 83)


def test_rule_3_one_way_only_hides_the_whole_split() -> None:
    """Rule 3: two hidden counts with a sum of two are one each."""
    assert protect_line([1, 1, 30]) == (("c", "c", "c"), 32)
    assert protect_line([1, 2, 30]) == (("c", "c", 30), 33)


def test_rule_4_a_total_under_five_goes_with_its_line() -> None:
    """Rule 4: a line of four is hidden with its total, in a table too."""
    assert protect_line([4, 0, 0]) == (("c",) * 3, "c")
    assert protect([[2, 1], [40, 50], [60, 70]]).lines[0] == "c"


def test_rule_5_percentages_have_a_base_over_twenty() -> None:
    """Rule 5: of twenty, each is five per cent."""
    assert (percentage(10, 20), percentage(10, 21)) == ("c", 48)


def test_rule_6_means_are_of_five_forms() -> None:
    """Rule 6: of four answers, four teachers know the fourth."""
    assert (mean_of_ratings([4, 4, 4, 4]), mean_of_ratings([4, 4, 4, 4, 5])) == ("c", 4.2)


def test_rule_7_no_school_is_named_with_a_split(
    fife: College, leaves: Callable[..., Audit]
) -> None:
    """Rule 7: no school is on the page at all, and a council of two schools has no learners."""
    record(fife, "8000001P", {"p5-p7": 60}, girls=30, boys=30)
    record(fife, "8000002S", {"s1-s3": 80}, girls=40, boys=40)
    found = leaves("board")
    (council,) = [
        row for row in found.as_json()["tables"]["reach_by_council"] if row["name"] == "Fife"
    ]
    assert (council["schools"], council["learner_engagements"]) == (2, "c")
    assert "Lochside Primary" not in str(found.as_json()["tables"])


def test_rule_8_splits_are_of_whole_years(
    fife: College, leaves: Callable[..., Audit], clock: SetClock
) -> None:
    """Rule 8: girls and boys of the running year, less last week's page, are last week's class."""
    record(fife, "8000001P", {"p5-p7": 60}, girls=30, boys=30)
    fife.engagements.record(
        NewEngagement(
            on=date(2026, 9, 1),
            organisation="School 8000001P",
            learners={"p5-p7": 41},
            girls=20,
            boys=21,
        )
    )
    rows = leaves("board").as_json()["tables"]["learners_split"]
    assert {row["learner_engagements"] for row in rows} == {60}


def test_rule_9_true_figures_are_added_up_and_then_hidden(
    fife: College, leaves: Callable[..., Audit]
) -> None:
    """Rule 9: three groups of three are nine learners, although each by itself would be hidden."""
    for band in ("p2-p4", "p5-p7", "early"):
        record(fife, "8000001P", {band: 3})
    found = leaves("board")
    (year,) = found.as_json()["tables"]["evidence_years"]
    assert (year["learner_engagements"], year["at_least"]) == (9, 9)
    bands = found.as_json()["tables"]["reach_by_band"]
    assert {row["learner_engagements"] for row in bands} == {"c"}


def test_rule_10_marks_have_words(fife: College, leaves: Callable[..., Audit]) -> None:
    """Rule 10: the page says what its c is; inside ESP there is none."""
    record(fife, "8000001P", {"p5-p7": 3})
    record(fife, "8000001P", {"p2-p4": 60})
    for reader in ("board", None):
        (shown,) = [each for each in leaves(reader).report.tables if each.name == "reach_by_band"]
        assert (MARKS["c"] in shown.note) == (reader is not None)


def test_every_example_and_every_rule_has_a_test_that_names_it() -> None:
    """The notes have fifteen worked examples and ten rules; one that nothing plays is a promise."""
    text = "".join(file.read_text(encoding="utf-8") for file in TESTS.rglob("test_*.py"))
    for word, many in (("Example", 15), ("Rule", 10)):
        named = {
            int(number)
            for found in re.findall(rf'"""{word}s? (\d+(?:(?:, | and )\d+)*)', text)
            for number in re.findall(r"\d+", found)
        }
        assert set(range(1, many + 1)) <= named, word
