"""The totals of the audit: schools, learner engagements and the bounds of different learners."""

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import kitloan
from conftest import SetClock
from kitloan import Count, Gift, NewHolding
from kitloan.audit.census import Scope
from kitloan.college import College
from kitloan.evidence.engagements import NewEngagement
from kitloan.evidence.evaluations import Answers
from kitloan.queries.uses import YearSpan, list_same_name
from trusting import merge

SEPT, FEB = date(2026, 9, 16), date(2027, 2, 10)
LAST_YEAR = date(2025, 9, 16)


@pytest.fixture
def clock() -> SetClock:
    """A Monday in spring."""
    return SetClock(datetime(2027, 3, 1, 11, 42, tzinfo=UTC))


def record(college: College, on: date, org: str, **given: Any) -> str:
    """Record a use of a school; gives its id."""
    new = NewEngagement(on=on, organisation=org, **given)
    return college.engagements.record(new, new_too=True).engagement.id


def totals(college: College, **given: Any) -> dict[str, Any]:
    """The totals of the audit as JSON."""
    found: dict[str, Any] = college.audit.audit(**given).as_json()["totals"]
    return found


def test_different_learners_are_between_two_true_bounds(fife: College) -> None:
    """Example 5: the same P5 class in September and February is 27 children, or 54."""
    record(fife, SEPT, "A primary", schuid="8000001P", learners={"p5-p7": 27})
    record(fife, FEB, "A primary", schuid="8000001P", learners={"p5-p7": 27})
    record(fife, SEPT, "A secondary", schuid="8000001S", learners={"s1-s3": 24})
    record(fife, SEPT, "B primary", schuid="8000002P", learners={"p5-p7": 30})
    found = fife.audit.audit()
    assert totals(fife)["learner_engagements"] == 108
    assert (totals(fife)["learners_at_least"], totals(fife)["learners_at_most"]) == (81, 108)
    (row,) = next(e for e in found.report.tables if e.name == "learners").rows
    assert row[:3] == ("FIF", 4, 3)


def test_a_mixed_group_counts_alone_where_it_is_larger(fife: College) -> None:
    """A composite class of 40 is at least 40 children, whatever the bands of the others are."""
    record(fife, SEPT, "A", learners={"p5-p7": 20, "p2-p4": 10})
    record(fife, FEB, "A", learners={"mixed": 40})
    record(fife, SEPT, "B", learners={"p5-p7": 20, "p2-p4": 10})
    record(fife, FEB, "B", learners={"mixed": 25})
    assert totals(fife)["learners_at_least"] == 40 + 30


def test_the_academic_year_begins_on_the_first_of_august(fife: College) -> None:
    """Last year's classes were counted with this year's."""
    record(fife, date(2026, 7, 31), "A", learners={"p5-p7": 20})
    record(fife, date(2026, 8, 1), "A", learners={"p5-p7": 7})
    assert totals(fife)["learner_engagements"] == 7


def test_unknown_and_unused_add_no_learners(fife: College) -> None:
    """Example 6: three forms of four loans, one of them for a kit that was not used."""
    learners = ({"p5-p7": 27}, {"p5-p7": 20}, None)
    for n, each in enumerate(learners):
        tag = fife.holdings.add(NewHolding("Device")).tag
        fife.loans.check_out([tag], f"School number {n}", new_too=True)
        fife.loans.check_in([tag])
        not_used = None if each else "time"
        fife.engagements.record(
            NewEngagement(on=date(2027, 3, 1), tag=tag, learners=each, not_used=not_used)
        )
    tag = fife.holdings.add(NewHolding("Device")).tag
    fife.loans.check_out([tag], "School number 9", new_too=True)
    fife.loans.check_in([tag])
    learners_table = {each.name: each for each in fife.audit.audit().report.tables}["learners"]
    assert "3 of 4 loans that came back have a record of use" in learners_table.note
    assert learners_table.column("engagements") == [2]
    assert totals(fife)["learner_engagements"] == 47


def test_schools_are_counted_once_by_their_id(fife: College) -> None:
    """Two spellings of one school were two schools served."""
    for name in ("Lochside Academy", "Academy at Lochside", "Hillend High School"):
        tag = fife.holdings.add(NewHolding("Device")).tag
        fife.loans.check_out([tag], name, new_too=True)
    assert totals(fife)["schools"] == 3
    fife.schools.link("Lochside Academy", "X-loch")
    fife.schools.link("Academy at Lochside", "X-loch")
    assert totals(fife)["schools"] == 2
    assert fife.ledger.verify().ok


@pytest.fixture
def esp(
    fife: College, new_place: Callable[[], str], clock: SetClock, tmp_path: Path
) -> Iterator[Callable[..., College]]:
    """Makes ESP's store of Fife's ledger, and of other colleges'."""
    opened: list[College] = []

    def make(*others: College) -> College:
        files = []
        for each in (fife, *others):
            files.append(tmp_path / f"{each.session.college}.kitloan")
            each.exchange.export(files[-1])
        opened.append(kitloan.init("esp", new_place(), actor="auditor", clock=clock))
        merge(opened[-1], files)
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def ayrshire(new_place: Callable[[], str], clock: SetClock) -> Iterator[College]:
    """A second college."""
    with kitloan.init("ayrshire", new_place(), actor="j.kerr", clock=clock) as opened:
        yield opened


def test_an_event_that_two_colleges_entered_is_one(
    fife: College, ayrshire: College, esp: Callable[..., College]
) -> None:
    """Example 13: with the event's id it is one engagement; without it, a finding."""
    school = {"schuid": "8000001S", "learners": {"s1-s3": 36}}
    record(fife, SEPT, "Lochside", event="EV1", **school)
    record(ayrshire, SEPT, "Lochside Academy", event="EV1", **school)
    one = esp(ayrshire).audit.audit()
    assert one.totals["learner_engagements"] == 36
    assert "engagement_twice" not in {each.code for each in one.findings}
    record(ayrshire, FEB, "Lochside Academy", **school)
    record(fife, FEB, "Lochside", event="EV2", **school)
    two = esp(ayrshire).audit.audit()
    assert two.totals["learner_engagements"] == 36 * 3
    (finding,) = [each for each in two.findings if each.code == "engagement_twice"]
    assert "same school, date and band" in finding.message


@pytest.mark.parametrize("event", [None, "EV1"])
def test_a_use_entered_by_two_colleges_of_which_one_has_linked_the_school(
    fife: College, ayrshire: College, esp: Callable[..., College], event: str | None
) -> None:
    """One class in the report twice, and nobody asked: nothing is known of which school it is."""
    record(fife, SEPT, "Lochside", schuid="8000001S", learners={"s1-s3": 36}, event=event)
    record(ayrshire, SEPT, "Lochside", learners={"s1-s3": 36}, event=event)
    record(ayrshire, FEB, "Lochside", learners={"s1-s3": 36}, event=event)
    found = [
        each for each in esp(ayrshire).audit.audit().findings if each.code == "engagement_twice"
    ]
    assert [each.since for each in found] == [SEPT]
    assert "only one is linked to a listed school" in found[0].message


def test_two_linked_schools_of_one_name_are_two(
    fife: College, ayrshire: College, esp: Callable[..., College]
) -> None:
    """There is a St Mary's in every other town."""
    record(fife, SEPT, "St Mary's", schuid="8000001S", learners={"s1-s3": 36})
    record(ayrshire, SEPT, "St Mary's", schuid="8000002S", learners={"s1-s3": 36})
    national = esp(ayrshire)
    findings = national.audit.audit().findings
    assert "engagement_twice" not in {each.code for each in findings}
    with national.session.reading() as connection:  # nor are they read one by one: there are many
        assert connection.execute(list_same_name(YearSpan(SEPT, FEB))).all() == []


def test_two_loans_of_a_day_are_two_uses(fife: College) -> None:
    """Two kits in one class room are no mistake; a loan and a visit of one band may be."""

    def found() -> list[str]:
        listed = fife.audit.audit().findings
        return [each.message for each in listed if each.code == "engagement_twice"]

    day = date(2027, 3, 1)
    for _ in range(2):
        tag = fife.holdings.add(NewHolding("Device")).tag
        fife.loans.check_out([tag], "Lochside")
        fife.loans.check_in(tag)
        record(fife, day, "Lochside", tag=tag, learners={"p5-p7": 20})
    assert found() == []
    record(fife, day, "Lochside", learners={"s1-s3": 20})
    assert found() == [], "another band"
    record(fife, day, "Lochside", not_used="time")
    assert found() == [], "not used after all"
    record(fife, day, "Lochside", learners={"p5-p7": 20})
    assert found()


def test_what_leaves_esp_is_protected(
    fife: College, ayrshire: College, esp: Callable[..., College]
) -> None:
    """Three learners of one college were the nation less the other, or were printed."""
    record(fife, SEPT, "A", learners={"p5-p7": 103}, girls=60, boys=43)
    record(ayrshire, SEPT, "B", learners={"adult": 3})
    national = esp(ayrshire)
    assert totals(national)["learner_engagements"] == 106
    assert totals(national, reader="board")["learner_engagements"] == 106
    for scope in (Scope(college="ayrshire"), Scope(region="AYR"), Scope(college="fife")):
        within = totals(national, scope=scope)["learner_engagements"]
        assert isinstance(within, int)
        assert totals(national, scope=scope, reader="board")["learner_engagements"] == "c"
    board = {e.name: e for e in national.audit.audit(reader="board").report.tables}
    assert board["learners"].column("learner_engagements") == ["c", "c"]
    assert board["learners_split"].rows == ()


def of_a_gift(college: College, gift: str | None, donor: str | None, **learners: int) -> None:
    """A kit of a gift, and what one group did with it."""
    terms = Gift(gift=gift, donor=donor)
    tag = college.holdings.add(NewHolding("Device", gift=terms)).tag
    new = NewEngagement(on=SEPT, tag=tag, organisation=f"School {tag}", learners=learners)
    college.engagements.record(new, new_too=True)


def board(esp: College, **scope: str) -> Any:
    """The learners that a board gets of a part."""
    return totals(esp, scope=Scope(**scope), reader="board")["learner_engagements"]


def test_two_reports_give_no_third_away(
    fife: College, ayrshire: College, esp: Callable[..., College]
) -> None:
    """A donor's hundred and one gift's hundred were the other gift's three."""
    of_a_gift(fife, "raf-1", "RAF", adult=100)
    of_a_gift(fife, "raf-2", "RAF", adult=3)
    of_a_gift(ayrshire, "shell", "Shell", adult=50)
    of_a_gift(ayrshire, "iet", "IET", adult=60)
    national = esp(ayrshire)
    assert board(national, donor="RAF") == 103
    assert (board(national, gift="raf-1"), board(national, gift="raf-2")) == ("c", "c")
    assert board(national, gift="shell") == 50


def test_a_donor_less_than_its_region_gives_nobody_away(
    fife: College, ayrshire: College, esp: Callable[..., College]
) -> None:
    """Fife's hundred and three, less the hundred with the RAF's kits, were three adults."""
    of_a_gift(fife, None, "RAF", adult=100)
    of_a_gift(fife, None, None, adult=3)
    of_a_gift(ayrshire, None, None, adult=50)
    of_a_gift(ayrshire, None, "Shell", adult=60)
    national = esp(ayrshire)
    assert board(national, region="FIF") == 103
    assert board(national, donor="RAF") == "c"


def test_the_least_of_a_region_does_not_follow_from_the_total(
    fife: College, ayrshire: College, esp: Callable[..., College]
) -> None:
    """Three learners twice are six, and the nation's least less the other region's is three."""
    record(fife, SEPT, "A", learners={"adult": 3})
    record(fife, FEB, "A", learners={"adult": 3})
    record(ayrshire, SEPT, "B", learners={"adult": 50})
    shown = {e.name: e for e in esp(ayrshire).audit.audit(reader="board").report.tables}["learners"]
    assert shown.column("at_least") == ["c", "c"]


def test_answers_of_one_teacher_are_not_the_rest(
    fife: College, ayrshire: College, esp: Callable[..., College]
) -> None:
    """Scotland's seven answers, less Fife's six, were what one teacher in Ayrshire thinks."""
    for n in range(6):
        id_ = record(fife, LAST_YEAR, f"School number {n}", learners={"adult": 20})
        fife.evaluations.add(id_, Answers(enjoyed=5))
    other = record(ayrshire, LAST_YEAR, "School number 9", learners={"adult": 20})
    ayrshire.evaluations.add(other, Answers(enjoyed=1))
    audit = esp(ayrshire).audit

    def answers(**given: Any) -> int:
        tables = {each.name: each for each in audit.audit(**given).report.tables}
        return len(tables["evaluations"].rows)

    assert answers(reader="board") == 1
    assert answers(scope=Scope(region="FIF"), reader="board") == 0


def test_boys_that_nobody_counted_are_not_none(fife: College) -> None:
    """Fourteen girls of forty were a hundred per cent of those recorded."""
    record(fife, date(2025, 9, 16), "A", learners={"p5-p7": 40}, girls=14)
    split = {e.name: e for e in fife.audit.audit().report.tables}["learners_split"]
    assert split.rows == (("FIF", 0, 0, 40, 40, "z"),)


def test_two_groups_of_a_school_at_one_event_are_two(
    fife: College, ayrshire: College, esp: Callable[..., College]
) -> None:
    """A school that brought two classes to the challenge day was counted with one of them."""
    for band, many in (("p5-p7", 27), ("p2-p4", 20)):
        record(fife, SEPT, "A", schuid="8000001P", event="EV1", learners={band: many})
    record(ayrshire, SEPT, "A school", schuid="8000001P", event="EV1", learners={"p5-p7": 27})
    assert totals(esp(ayrshire))["learner_engagements"] == 47


def test_girls_and_boys_are_of_a_whole_year(fife: College, ayrshire: College, esp: Any) -> None:
    """Examples 7 and 12: a split of the running year, less the one before, gives a class away."""
    last = date(2025, 9, 16)
    record(fife, last, "A", learners={"p5-p7": 30}, girls=14, boys=13)
    record(fife, SEPT, "A", learners={"p5-p7": 30}, girls=15, boys=15)
    national = esp(ayrshire).audit
    own = {e.name: e for e in national.audit().report.tables}["learners_split"]
    assert own.rows == (("FIF", 14, 13, 3, 30, 52),)
    board = {e.name: e for e in national.audit(reader="board").report.tables}["learners_split"]
    assert board.rows[0][1:4].count("c") >= 2
    assert "c" in board.rows[0][5:]


def test_what_teachers_answered_is_theirs(fife: College) -> None:
    """Example 11: of four forms there is no mean that leaves; of five, no percentage.

    What leaves ESP is of the last whole year, as the tables around it are.
    """

    def answered(**given: Any) -> dict[str, tuple[Any, ...]]:
        tables = {each.name: each for each in fife.audit.audit(**given).report.tables}
        return {str(row[0]): row[1:] for row in tables["evaluations"].rows}

    for n, rating in enumerate((5, 4, 4, 5, 5, 4, 4, 5)):
        id_ = record(fife, (SEPT, LAST_YEAR)[n // 4], f"School number {n}")
        answers = Answers(enjoyed=rating, confidence={"s": 1, "t": -1 if n % 4 else 1}, again=True)
        fife.evaluations.add(id_, answers)
    enjoyed = "Learners enjoyed it, as the teacher judges"
    assert answered()[enjoyed] == (4, 4.5, "4 of 4 positive")
    assert answered()["Able to teach technology"][2] == "1 more, 0 the same, 3 less"
    assert answered(reader="board")[enjoyed] == (4, "c", "c")
    assert answered(reader="board")["Able to teach technology"][2] == "c more, c the same, c less"
    fife.evaluations.add(record(fife, LAST_YEAR, "School number 9"), Answers(enjoyed=3))
    assert answered(reader="board")[enjoyed] == (5, 4.2, "4 of 5 positive")


def test_the_exchange_file_has_nobodys_details(fife: College, tmp_path: Path, kit: str) -> None:
    """A teacher's words about a class reached ESP with the numbers."""
    (lent,) = fife.loans.check_out(
        [kit], "Lochside Academy", contact="Morag Bell", purpose="ask for Morag"
    )
    fife.loans.check_in([kit], Count(whole=True), note="Morag Bell was delighted")
    taken = fife.engagements.record(
        NewEngagement(on=date(2027, 3, 1), loan=lent.id, learners={"p5-p7": 27})
    )
    quote = "Ms Bell says P5 loved it; ring 01592 123456"
    fife.evaluations.add(taken.engagement.id, Answers(enjoyed=5), quote=quote, may_quote=True)
    other = fife.engagements.record(
        NewEngagement(on=date(2027, 3, 1), organisation="Hillend", not_used="Morag was ill")
    )
    assert other.engagement.not_used == "other"
    fife.exchange.export(tmp_path / "fife.kitloan")
    sent = gzip.decompress((tmp_path / "fife.kitloan").read_bytes())
    for words in (b"Bell", b"Morag", b"01592", b"loved"):
        assert words not in sent
    assert b"engagement.recorded" in sent
    assert b"evaluation.received" in sent
    erased = fife.people.erase("Morag Bell")
    assert erased.is_done
    assert erased.remarks >= 3
    assert fife.ledger.verify().ok
