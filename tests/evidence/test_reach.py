"""Reach: which schools the kits came to, of which region, sector, rurality and deprivation."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import kitloan
from conftest import SetClock
from kitloan import Gift, NewHolding
from kitloan.audit import Audit, Scope
from kitloan.college import College
from kitloan.evidence.engagements import NewEngagement
from trusting import merge

MARCH = date(2027, 3, 1)
SEPT, BEFORE = date(2026, 9, 16), date(2026, 3, 10)
HEAD = (
    "Seed Code,LA Name,School Name,Primary Department,Secondary Department,Pupil Roll,"
    "8-fold Urban rural measure,Proportion of pupils who live in 20% most deprived datazones"
)
SCHOOLS = (
    ("8000001", "Fife", "Lochside Primary School", "Yes", "", 100, "2 - Other", "55 - <60%"),
    ("8000002", "Fife", "Hillend High School", "", "Yes", 700, "2 - Other", "10 - <15%"),
    ("8000003", "Highland", "Strath Primary School", "Yes", "", 200, "8 - Very Remote", "0 - <5%"),
    ("8000004", "Perth and Kinross", "Abbey High School", "", "Yes", 500, "6 - Acc", "15 - <20%"),
)
PRIMARY, SECONDARY, STRATH = "8000001P", "8000002S", "8000003P"


@pytest.fixture
def clock() -> SetClock:
    """A Monday in spring."""
    return SetClock(datetime(2027, 3, 1, 11, 42, tzinfo=UTC))


@pytest.fixture
def school_list(tmp_path: Path) -> Path:
    """Four schools of three councils, made up."""
    file = tmp_path / "schools 2027-01-31.csv"
    rows = [",".join(map(str, each)) for each in SCHOOLS]
    file.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    return file


@pytest.fixture
def national(
    fife: College,
    new_place: Callable[[], str],
    clock: SetClock,
    tmp_path: Path,
    school_list: Path,
) -> Iterator[Callable[[], College]]:
    """Makes ESP's store of Fife's ledger, with the list."""
    opened: list[College] = []

    def make() -> College:
        file = tmp_path / "fife.kitloan"
        fife.exchange.export(file)
        opened.append(kitloan.init("esp", new_place(), actor="auditor", clock=clock))
        merge(opened[-1], [file])
        opened[-1].schools.take_in(school_list)
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def record(college: College, on: date, schuid: str, **given: Any) -> None:
    """Record a use of a school on the list."""
    new = NewEngagement(on=on, organisation=f"School {schuid}", schuid=schuid, **given)
    college.engagements.record(new, new_too=True)


def table(found: Audit, name: str) -> dict[Any, dict[str, Any]]:
    """The rows of a table as JSON has them, by their first column."""
    rows = found.as_json()["tables"][name]
    return {next(iter(row.values())): row for row in rows}


def test_schools_are_counted_against_the_lists(
    fife: College, national: Callable[[], College]
) -> None:
    """How many of how many: a figure without its denominator is praise, and no evidence."""
    tag = fife.holdings.add(NewHolding("Device", gift=Gift(donor="RAF"))).tag
    record(fife, SEPT, PRIMARY, tag=tag, learners={"p5-p7": 27}, hours=2.0)
    record(fife, SEPT, SECONDARY, learners={"s1-s3": 40})
    record(fife, SEPT, "X-abbey", learners={"s1-s3": 12})
    record(fife, BEFORE, STRATH, learners={"p5-p7": 9})
    found = national().audit.audit()
    sector = table(found, "reach_by_sector")
    assert [(row["listed"], row["schools"], row["share"]) for row in sector.values()] == [
        (2, 1, 0.5),
        (2, 1, 0.5),
        (0, 1, None),
    ]
    assert sector["primary"]["learner_engagements"] == 27
    highland = table(found, "reach_by_council")["Highland"]
    assert (highland["listed"], highland["schools"]) == (1, None), "its colleges sent nothing"
    assert table(found, "reach_by_rurality")["2"]["learner_engagements"] == 67
    assert table(found, "reach_by_deprived")["50-100"]["learner_engagements"] == 27
    assert table(found, "reach_by_deprived")["50-100"]["pupils"] == 100
    assert table(found, "reach_by_band")["s1-s3"]["learner_engagements"] == 52
    assert {row["schuid"] for row in found.as_json()["tables"]["not_reached"]} == {"8000004S"}
    years = table(found, "evidence_years")
    assert (years["2025/26"]["learner_engagements"], years["2026/27"]["schools"]) == (9, 3)
    (gift,) = table(found, "gift_reach").values()
    assert (gift["donor"], gift["kits"], gift["primary"], gift["deprived"]) == ("RAF", 1, 1, 1)
    (kit,) = table(found, "kit_reach").values()
    assert (kit["tag"], kit["learner_engagements"], kit["hours"]) == (tag, 27, 2.0)


def test_regions_are_compared_by_their_pupils(
    fife: College, national: Callable[[], College]
) -> None:
    """Under-served is fewer kits for its pupils; nothing known is apart, and is not nothing."""
    for _ in range(4):
        fife.holdings.add(NewHolding("Device"))
    found = national().audit.audit()
    region = table(found, "reach_by_region")
    assert (region["FIF"]["kits"], region["FIF"]["pupils"]) == (4, 800)
    assert region["FIF"]["kits_per_1000"] == 5.0
    assert (region["HIS"]["kits"], region["HIS"]["pupils"]) == (None, 200)
    used = ("engagements", "schools", "share", "learner_engagements", "at_least")
    assert {region["HIS"][name] for name in used} == {None}, "no file has come of what was used"
    assert [region["FIF"][name] for name in used] == [0, 0, 0.0, 0, 0], "and here none was"
    assert region["GLA"]["listed"] is None, "the list that was read has no school of Glasgow"
    assert region[None]["listed"] == 1, "Perth and Kinross lies in several regions"
    assert next(iter(region)) == "FIF"
    assert len(region) == 14
    tiles = {each.code: each for each in found.report.summary.tiles}
    assert tiles["FIF"].per_1000 == 5.0
    assert tiles["HIS"].per_1000 is None


def test_no_list_no_denominator(fife: College) -> None:
    """Schools that nobody listed were compared with a number that nobody published."""
    tag = fife.holdings.add(NewHolding("Device", gift=Gift(donor="RAF"))).tag
    record(fife, SEPT, "X-abbey", tag=tag, learners={"s1-s3": 12})
    found = fife.audit.audit()
    (row,) = table(found, "reach_by_sector").values()
    assert (row["listed"], row["pupils"], row["share"], row["schools"]) == (None, None, None, 1)
    (shown,) = [each for each in found.report.tables if each.name == "reach_by_sector"]
    assert "No list of schools was read" in shown.note
    assert found.as_json()["tables"]["not_reached"] == []
    (gift,) = table(found, "gift_reach").values()
    listed = ("primary", "secondary", "special", "remote", "deprived")
    assert (gift["schools"], {gift[name] for name in listed}) == (1, {None})


def test_the_response_is_first(fife: College) -> None:
    """A figure of a tenth of the loans is not a figure of the loans."""
    for n in range(4):
        tag = fife.holdings.add(NewHolding("Device")).tag
        fife.loans.check_out([tag], f"School number {n}", new_too=True)
        fife.loans.check_in([tag])
        if n < 3:
            learners = {"p5-p7": 20} if n else None
            fife.engagements.record(NewEngagement(on=MARCH, tag=tag, learners=learners))
    (row,) = table(fife.audit.audit(), "responses").values()
    assert (row["back"], row["with_use"], row["share"]) == (4, 3, 0.75)
    assert (row["uses"], row["unknown"], row["forms"]) == (3, 1, 0)
    assert (row["no_staff"], row["no_hours"]) == (3, 3), "a sum without them is the least"
    names = [each.name for each in fife.audit.audit(reader="evidence").report.tables]
    assert names[0] == "responses"


def test_what_leaves_has_whole_years_only(
    fife: College, national: Callable[[], College], clock: SetClock
) -> None:
    """Two pages of one running year, the one less the other: the class of a fortnight."""
    record(fife, BEFORE, PRIMARY, learners={"p5-p7": 30})
    record(fife, SEPT, PRIMARY, learners={"p5-p7": 28})
    audit = national().audit
    inside = table(audit.audit(), "reach_by_sector")
    outside = table(audit.audit(reader="evidence"), "reach_by_sector")
    assert inside["primary"]["learner_engagements"] == 28
    assert outside["primary"]["learner_engagements"] == 30
    assert list(table(audit.audit(reader="evidence"), "evidence_years")) == ["2025/26"]
    clock.move(days=152)  # to 31 July 2027, the last day of the year
    over = audit.audit(reader="evidence")
    assert table(over, "reach_by_sector")["primary"]["learner_engagements"] == 28


def test_two_tables_give_nothing_away_together(
    fife: College, national: Callable[[], College]
) -> None:
    """Secondary schools less S1 to S3 were the two pupils of S5."""
    record(fife, BEFORE, PRIMARY, learners={"p5-p7": 50})
    record(fife, BEFORE, SECONDARY, learners={"s1-s3": 38})
    record(fife, BEFORE, SECONDARY, learners={"s4-s6": 2})
    found = national().audit.audit(reader="board")
    sector, band = table(found, "reach_by_sector"), table(found, "reach_by_band")
    shown = {row["learner_engagements"] for row in (*sector.values(), *band.values())}
    assert band["s4-s6"]["learner_engagements"] == "c"
    assert not {40, 38} <= shown


def test_a_council_needs_five_schools(fife: College, national: Callable[[], College]) -> None:
    """A council with one school served is that school."""
    record(fife, BEFORE, PRIMARY, learners={"p5-p7": 50})
    record(fife, BEFORE, STRATH, learners={"p5-p7": 60})
    council = table(national().audit.audit(reader="board"), "reach_by_council")
    assert council["Fife"]["learner_engagements"] == "c"
    assert council["Highland"]["learner_engagements"] == "c"
    assert council["Fife"]["schools"] == 1


def test_a_part_of_the_nation_has_no_split(fife: College, national: Callable[[], College]) -> None:
    """A region's page beside the nation's was the other regions' split."""
    tag = fife.holdings.add(NewHolding("Device", gift=Gift(donor="RAF"))).tag
    record(fife, BEFORE, PRIMARY, tag=tag, learners={"p5-p7": 50})
    audit = national().audit
    for reader, scope in (("evidence", Scope(region="FIF")), ("donor", Scope(donor="RAF"))):
        found = audit.audit(reader=reader, scope=scope)
        rows = table(found, "reach_by_sector")
        assert rows["primary"]["schools"] == 1
        assert "learner_engagements" not in rows["primary"]
        assert "learner_engagements" not in table(found, "gift_reach").get("RAF", {})
    assert table(audit.audit(reader="evidence", scope=Scope(region="FIF")), "reach_by_band") == {}


def test_the_donor_reads_what_their_kits_did(
    fife: College, national: Callable[[], College]
) -> None:
    """A year with an event, forms and a kit nobody opened: the page says what happened, no more."""
    kits = [fife.holdings.add(NewHolding("Device", gift=Gift(donor=d))).tag for d in ("RAF", "B")]
    record(fife, BEFORE, PRIMARY, tag=kits[0], learners={"p5-p7": 30}, hours=2.0, staff=1)
    record(fife, BEFORE, SECONDARY, tag=kits[0], learners={"s1-s3": 50}, hours=1.5, staff=2)
    record(fife, BEFORE, STRATH, tag=kits[0], not_used="time")
    record(fife, BEFORE, STRATH, tag=kits[0])
    record(fife, BEFORE, PRIMARY, tag=kits[1], learners={"p5-p7": 90})
    record(fife, SEPT, PRIMARY, tag=kits[0], learners={"p5-p7": 28})
    found = national().audit.audit(reader="donor", scope=Scope(donor="RAF"))
    (year,) = table(found, "evidence_years").values()
    assert (year["year"], year["engagements"], year["schools"]) == ("2025/26", 3, 3)
    assert (year["learner_engagements"], year["at_least"], year["hours"]) == (80, 80, 3.5)
    (gift,) = found.as_json()["tables"]["gift_reach"]
    assert (gift["donor"], gift["primary"], gift["secondary"], gift["remote"]) == ("RAF", 2, 1, 1)
    said = [answer for answer, _ in found.report.summary.answers]
    assert "3 uses in 3 schools, at least 3.5 hours." in said
    limits = " ".join(limit for _, limit in found.report.summary.answers)
    assert "At least 3 teachers and other staff took part." in limits
    assert "1 use has no hours on record. 1 use has no staff on record." in limits
    assert "The learners of 1 more use are not known, and are in neither." in limits
    assert any("80 learner engagements" in answer for answer in said)
    page = str(found.as_json()["tables"])
    assert "School 8000001P" not in page


def test_a_region_that_sent_nothing_is_not_known(
    fife: College, national: Callable[[], College]
) -> None:
    """Glasgow's page had no use on record, and compared it with the schools of Fife."""
    record(fife, BEFORE, PRIMARY, learners={"p5-p7": 30})
    found = national().audit.audit(reader="evidence", scope=Scope(region="GLA"))
    (answer,) = found.report.summary.answers
    assert answer[0] == "What the kits did is not known."
    assert table(found, "reach_by_council") == {}
    assert list(table(found, "reach_by_region")) == ["GLA"]


def test_a_school_that_borrowed_is_reached(fife: College, national: Callable[[], College]) -> None:
    """A loan with no form came to a school all the same; what it did there is unknown."""
    tag = fife.holdings.add(NewHolding("Device")).tag
    fife.loans.check_out([tag], "Lochside Primary School", new_too=True)
    fife.schools.link("Lochside Primary School", "X-own")
    fife.loans.check_in([tag])
    other = fife.holdings.add(NewHolding("Device")).tag
    fife.schools.take_in(Path(__file__).parents[2] / "examples" / "schools" / FILE)
    fife.loans.check_out([other], "Lochside Academy", new_too=True)
    fife.schools.link("Lochside Academy", "9900001S")
    found = fife.audit.audit()
    sector = table(found, "reach_by_sector")
    assert (sector["secondary"]["schools"], sector["secondary"]["engagements"]) == (1, 0)
    assert sector[None]["schools"] == 1


FILE = "made-up schools 31 Jan 2026.csv"
