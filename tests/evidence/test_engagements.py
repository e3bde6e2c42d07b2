"""Engagements: recorded, refused, corrected, withdrawn and undone."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import kitloan
from conftest import SetClock
from evidence.test_schools import MADE_UP
from kitloan import BadInput, Count, NewHolding, Refused
from kitloan.college import College
from kitloan.evidence.bands import band_of, parse_learners
from kitloan.evidence.engagements import EngagementChange, NewEngagement
from kitloan.tables import table
from kitloan.tables.evidence import Engagement, EngagementBand, Evaluation
from trusting import merge

DAY = date(2026, 11, 25)
SCHOOL = "Lochside Academy"


@pytest.fixture
def loan(fife: College, kit: str, clock: SetClock) -> str:
    """The id of a loan to a school since a week ago."""
    (lent,) = fife.loans.check_out([kit], SCHOOL)
    clock.move(days=7)
    return lent.id


def test_bands_follow_the_curriculum() -> None:
    """Example 3: a class over two levels, given to one, is a figure that nobody counted."""
    assert [band_of(each) for each in ("P4", "P5", "S2", "S5", "P1")] == [
        *("p2-p4", "p5-p7", "s1-s3", "s4-s6"),
        "early",
    ]
    assert parse_learners(["P4/5=26"]) == {"mixed": 26}
    assert parse_learners(["P7/S1=20"]) == {"mixed": 20}, "a transition class"
    assert parse_learners(["P5/6/7=20"]) == {"p5-p7": 20}
    assert parse_learners(["P3, P4 & P5=20"]) == {"mixed": 20}
    for written, band in (
        *(("P5\u2013P7", "p5-p7"), ("Primary 5", "p5-p7"), ("secondary 2", "s1-s3")),
        *(("P5 to P7", "p5-p7"), ("P1/2", "mixed"), ("S3/4", "mixed"), ("S4-6", "s4-s6")),
        *(("nursery", "early"), ("P2/3/4", "p2-p4"), ("P6/7", "p5-p7"), ("s5 & s6", "s4-s6")),
    ):
        assert parse_learners([f"{written}=26"]) == {band: 26}, written
    assert parse_learners(["p5-p7=20", "P6=7"]) == {"p5-p7": 27}
    assert band_of("P5/6") == "p5-p7"
    for wrong in (
        "p8=3",
        "p5-p7",
        "p5-p7=x",
        "p5-p7=-1",
        "=4",
        "p5-p7=1.5",
        "S1/P7=3",
        "P7/S9=20",
        "P4/=3",
    ):
        with pytest.raises(BadInput) as refusal:
            parse_learners([wrong])
        assert refusal.value.code == "bad_learners"


def test_an_engagement_is_of_the_loans_school(fife: College, loan: str) -> None:
    """Example 4: 27 learners, three sessions of an hour and a half."""
    fife.schools.take_in(MADE_UP)
    fife.schools.link(SCHOOL, "9900001S")
    taken = fife.engagements.record(
        NewEngagement(
            on=DAY,
            loan=loan,
            learners={"p5-p7": 27},
            sessions=3,
            hours=4.5,
            girls=14,
            boys=10,
            staff=2,
            programme="IET Faraday Challenge",
            themes=("Excellence", "Equity"),
        )
    )
    (line,) = fife.engagements.list().items
    assert line == taken.engagement
    assert (line.org, line.schuid, line.learners, line.sessions, line.hours) == (
        *(SCHOOL, "9900001S"),
        *({"p5-p7": 27}, 3, 4.5),
    )
    assert (line.girls, line.boys, line.used, line.source) == (14, 10, "yes", "teacher")
    assert not taken.warnings
    assert fife.ledger.log()[-1].summary == (
        "used, Lochside Academy, 25 Nov 2026, 27 learners, 4.5 hours"
    )
    assert fife.ledger.verify().ok


@pytest.mark.parametrize(
    ("learners", "sessions", "hours", "learner_hours"),
    [
        ({"p5-p7": 27}, 3, 4.5, 121.5),
        ({"p5-p7": 27, "mixed": 3}, 1, 0.5, 15.0),
        ({"p5-p7": 0}, 1, 2.0, 0.0),
        ({"adult": 30}, 2, 48.0, 1440.0),
        (None, 3, 4.5, None),
        ({"p5-p7": 27}, 3, None, None),
    ],
)
def test_hours_of_learners_are_hours_by_learners(
    fife: College,
    loan: str,
    learners: dict[Any, int] | None,
    sessions: int,
    hours: float | None,
    learner_hours: float | None,
) -> None:
    """Example 4: 27 learners for four and a half hours; unknown where either is not known."""
    new = NewEngagement(on=DAY, loan=loan, learners=learners, sessions=sessions, hours=hours)
    line = fife.engagements.record(new).engagement
    assert (line.sessions, line.hours, line.learner_hours) == (sessions, hours, learner_hours)


def test_unknown_stays_unknown(fife: College, loan: str) -> None:
    """A loan without a form is not a loan with no learners."""
    line = fife.engagements.record(NewEngagement(on=DAY, loan=loan)).engagement
    assert (line.learners, line.hours, line.girls) == (None, None, None)
    assert "learners not known" in fife.ledger.log()[-1].summary


def test_the_tag_means_the_loan_of_that_day(fife: College, kit: str, loan: str) -> None:
    """After the kit is back and lent again, last week's class was the next school's."""
    fife.loans.check_in([kit], Count(whole=True), on=DAY)
    fife.loans.check_out([kit], "Hillend High School", on=date(2026, 11, 26))
    record = fife.engagements.record
    assert record(NewEngagement(on=DAY, tag="FC001")).engagement.loan == loan
    later = record(NewEngagement(on=date(2026, 11, 26), tag=kit)).engagement
    assert later.org == "Hillend High School"
    by_school = record(NewEngagement(on=date(2026, 11, 24), tag=kit, organisation=SCHOOL))
    assert by_school.engagement.loan == loan


def test_a_kit_an_event_or_none(fife: College, kit: str, clock: SetClock) -> None:
    """An open day lends nothing and reaches two hundred."""
    clock.move(days=7)
    record = fife.engagements.record
    visit = record(NewEngagement(on=DAY, tag=kit, organisation=SCHOOL, learners={"s1-s3": 20}))
    assert (visit.engagement.tag, visit.engagement.loan, visit.engagement.org) == (
        kit,
        None,
        SCHOOL,
    )
    event = record(NewEngagement(on=DAY, event="EV1", learners={"mixed": 200}))
    assert (event.engagement.event, event.engagement.org) == ("EV1", None)
    none = record(NewEngagement(on=DAY, organisation=SCHOOL, learners={"adult": 9}))
    assert none.engagement.org == SCHOOL
    with pytest.raises(BadInput) as refusal:
        record(NewEngagement(on=DAY, learners={"adult": 9}))
    assert refusal.value.code == "no_school"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"learners": {"p5-p7": 27}, "not_used": "time"}, "learners_not_used"),
        ({"learners": {"p5-p7": 27}, "girls": 20, "boys": 8}, "split_over_total"),
        ({"girls": 12}, "split_over_total"),
        ({"learners": {"p5-p7": 9}, "girls": 4}, "too_small_to_split"),
        ({"hours": 4.3}, "bad_hours"),
        ({"hours": -1.0}, "bad_hours"),
        ({"hours": float("nan")}, "bad_hours"),
        ({"hours": 25.0}, "bad_hours"),
        ({"sessions": -1}, "bad_count"),
        ({"sessions": 0}, "bad_count"),
        ({"sessions": 367}, "bad_count"),
        ({"not_used": "time", "hours": 1.5}, "learners_not_used"),
        ({"hours": 4.25}, "bad_hours"),
        ({"sessions": 3, "hours": 72.5}, "bad_hours"),
        ({"learners": {"p5-p7": 12}, "girls": 13}, "split_over_total"),
        ({"learners": {"p5-p7": 12}, "boys": 13}, "split_over_total"),
        ({"learners": {"p5-p7": 5, "p2-p4": 4}, "girls": 4}, "too_small_to_split"),
        ({"staff": -1}, "bad_count"),
        ({"on": DAY + timedelta(days=30)}, "in_future"),
        ({"loan": "nowhere"}, "unknown_loan"),
        ({"schuid": "123"}, "bad_schuid"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_changed(
    fife: College, loan: str, wrong: dict[str, object], code: str
) -> None:
    """A figure that cannot be is found in the report, a year later."""
    before = len(fife.ledger.log())
    given: dict[str, object] = {"on": DAY, "loan": loan} | wrong
    with pytest.raises((BadInput, Refused)) as refusal:
        fife.engagements.record(NewEngagement(**given))  # type: ignore[arg-type]  # as a row says
    assert refusal.value.code == code
    assert len(fife.ledger.log()) == before
    assert not fife.engagements.list().items


def test_not_used_has_a_reason_and_no_learners(fife: College, loan: str) -> None:
    """Why a kit was not used is a code; the words, which may name somebody, are kept apart."""
    words = "Mrs Bell was off, nobody could cover"
    line = fife.engagements.record(NewEngagement(on=DAY, loan=loan, not_used=words)).engagement
    assert (line.used, line.not_used, line.learners, line.sessions) == ("no", "staff", {}, 0)
    assert "Bell" not in str([each.summary for each in fife.ledger.log()])
    fife.engagements.withdraw(line.id)
    again = fife.engagements.record(NewEngagement(on=DAY, loan=loan, not_used="time")).engagement
    assert again.not_used == "time"


def test_the_same_group_is_recorded_once(fife: College, loan: str) -> None:
    """The desk and the form both sent it, and the class was counted twice."""
    record = fife.engagements.record
    first = record(NewEngagement(on=DAY, loan=loan, learners={"p5-p7": 27})).engagement
    with pytest.raises(Refused) as refusal:
        record(NewEngagement(on=DAY, loan=loan, learners={"p5-p7": 25, "s1-s3": 4}))
    assert refusal.value.code == "same_engagement"
    assert refusal.value.details["engagement"] == first.id
    record(NewEngagement(on=DAY, loan=loan, learners={"s1-s3": 20}))
    record(NewEngagement(on=DAY - timedelta(days=1), loan=loan, learners={"p5-p7": 27}))


def test_the_database_refuses_by_itself(fife: College, loan: str) -> None:
    """A rule that only a program keeps is broken by the next program."""
    fife.engagements.record(NewEngagement(on=DAY, loan=loan, learners={"p5-p7": 27}))
    engagement, band = table(Engagement), table(EngagementBand)
    evaluation = table(Evaluation)
    store = fife.session.store
    with store.read() as connection:
        row = dict(connection.execute(sa.select(engagement)).one()._mapping)
        bands = dict(connection.execute(sa.select(band)).one()._mapping)
    answers = {
        "college": "fife",
        "engagement": row["engagement"],
        "helped": "",
        "again": None,
        "channel": "form",
        "received_at": "",
        "science": 0,
        "technology": 0,
        "engineering": 0,
        "mathematics": 0,
        "enjoyed": 5,
        "interest": 5,
    }
    other = {**row, "engagement": "e2"}
    wrong: list[tuple[sa.Table, dict[str, object]]] = [
        (engagement, {**other, "loan": "another college's"}),
        (engagement, {**other, "organisation": "nobody"}),
        (engagement, {**other, "learners": -1}),
        (engagement, {**other, "used": "no"}),
        (engagement, {**other, "girls": 20, "boys": 20}),
        (engagement, {**other, "learners": 4, "girls": 2}),
        (engagement, {**other, "learners": None, "girls": 2}),
        (engagement, {**other, "half_hours": 49}),
        (engagement, {**other, "schuid": "12345678P"}),
        (engagement, {**other, "schuid": "1234567Q"}),
        (band, {**bands, "engagement": "e3"}),
        (evaluation, {**answers, "enjoyed": 6}),
        (evaluation, {**answers, "science": 2}),
        (evaluation, {**answers, "engagement": "e4"}),
    ]
    for where, values in wrong:
        with pytest.raises(kitloan.KitloanError), store.write() as connection:
            connection.execute(where.insert().values(values))
    with pytest.raises(kitloan.KitloanError), store.write() as connection:
        connection.execute(engagement.insert().values(other))
        connection.execute(band.insert().values({**bands, "engagement": "e2"}))
    assert fife.ledger.verify().ok


def test_more_learners_than_the_roll_is_a_warning(fife: College, loan: str) -> None:
    """Example 15: 400 at a roll of 290 is taken, and looked at."""
    fife.schools.take_in(MADE_UP)
    fife.schools.link(SCHOOL, "9900002P")
    taken = fife.engagements.record(NewEngagement(on=DAY, loan=loan, learners={"p5-p7": 400}))
    (warned,) = taken.warnings
    assert warned.code == "over_roll"
    assert "290" in warned.message
    assert fife.engagements.list().total == 1


def test_corrected_withdrawn_and_undone_by_entries(
    fife: College, loan: str, reopen: Callable[..., College]
) -> None:
    """A wrong number stood for ever, or was changed and left no trace."""
    entered = fife.engagements.record(
        NewEngagement(on=DAY, loan=loan, learners={"p5-p7": 72}, girls=40, hours=2.0)
    ).engagement
    correct = fife.engagements.correct
    right = correct(
        entered.id, EngagementChange(learners={"p5-p7": 27}, girls=14, hours=1.5)
    ).engagement
    assert (right.learners, right.girls, right.hours, right.org) == (
        *({"p5-p7": 27}, 14, 1.5),
        SCHOOL,
    )
    with pytest.raises(BadInput):
        correct(entered.id, EngagementChange(girls=30))
    with pytest.raises(BadInput):
        correct("e0", EngagementChange(girls=30))
    with pytest.raises(BadInput):
        correct(entered.id, EngagementChange())
    fife.engagements.withdraw(entered.id)
    assert not fife.engagements.list().items
    with pytest.raises(Refused):
        correct(entered.id, EngagementChange(staff=3))
    assert [fife.actions.undo().kind for _ in range(2)] == [
        "engagement.withdrawn",
        "engagement.corrected",
    ]
    assert fife.engagements.list().items == (entered,)
    other = reopen("j.kerr")
    other.engagements.correct(entered.id, EngagementChange(staff=3))
    with pytest.raises(Refused) as refusal:
        fife.actions.undo()
    assert refusal.value.code == "built_upon"
    other.actions.undo()
    fife.actions.undo()
    assert not fife.engagements.list().items
    fife.actions.redo()
    assert fife.engagements.list().items == (entered,)
    assert fife.ledger.verify().ok


def test_a_tag_means_no_loan_that_began_later(fife: College, kit: str, loan: str) -> None:
    """What happened in the college was recorded of the school that borrowed the kit next."""
    before = fife.find.loans().items[0].on
    assert before is not None
    with pytest.raises(BadInput) as refusal:
        fife.engagements.record(NewEngagement(on=before - timedelta(days=9), tag=kit))
    assert refusal.value.code == "no_school"


def test_a_correction_fits_what_it_leaves(fife: College, loan: str) -> None:
    """Fifty hours in one session were for the database to refuse, and nobody knew why."""
    new = NewEngagement(on=DAY, loan=loan, learners={"p5-p7": 27}, sessions=3, hours=50)
    made = fife.engagements.record(new).engagement.id
    with pytest.raises(BadInput) as refusal:
        fife.engagements.correct(made, EngagementChange(sessions=1))
    assert refusal.value.code == "bad_hours"
    fife.engagements.correct(made, EngagementChange(not_used="time"))
    fife.engagements.correct(made, EngagementChange(sessions=3))
    (line,) = fife.engagements.list().items
    assert (line.used, line.sessions) == ("no", 0)


def test_a_loan_with_an_engagement_is_not_undone_away(fife: College, kit: str) -> None:
    """A class of 27 was left on a loan that never was."""
    fife.loans.check_out([kit], SCHOOL)
    fife.engagements.record(NewEngagement(on=date(2026, 11, 23), tag=kit))
    with pytest.raises(Refused) as refusal:
        fife.actions.undo(kit)
    assert refusal.value.code == "built_upon"
    fife.actions.undo()
    fife.actions.undo(kit)
    assert fife.ledger.verify().ok


def test_returns_and_renewals_leave_engagements_alone(fife: College, kit: str, loan: str) -> None:
    """Undoing a return makes a kit's loans anew; what was on them stayed or was lost."""
    fife.engagements.record(NewEngagement(on=DAY, loan=loan, learners={"p5-p7": 27}))
    fife.loans.check_in([kit], Count(whole=True))
    fife.actions.undo()
    (line,) = fife.engagements.list().items
    assert line.loan == loan
    assert fife.ledger.verify().ok


def test_a_loan_that_came_back_is_asked_about_later(fife: College, kit: str, loan: str) -> None:
    """A form that was skipped at the counter was never asked for again."""
    assert not fife.engagements.waiting().items
    fife.loans.check_in([kit], Count(whole=True))
    (waiting,) = fife.engagements.waiting().items
    assert (waiting.id, waiting.to) == (loan, SCHOOL)
    fife.engagements.record(NewEngagement(on=DAY, loan=loan))
    assert not fife.engagements.waiting().items


def test_esp_sees_engagements_and_records_none_of_a_colleges(
    fife: College, loan: str, new_place: Callable[[], str], clock: SetClock, tmp_path: Path
) -> None:
    """ESP recorded a use on a college's loan, and the college never knew."""
    fife.schools.link(SCHOOL, "X-1")
    fife.engagements.record(NewEngagement(on=DAY, loan=loan, learners={"p5-p7": 27}))
    fife.exchange.export(tmp_path / "fife.kitloan")
    with kitloan.init("esp", new_place(), actor="auditor", clock=clock) as esp:
        merge(esp, [tmp_path / "fife.kitloan"])
        (line,) = esp.engagements.list().items
        assert (line.college, line.learners) == ("fife", {"p5-p7": 27})
        with pytest.raises(Refused) as refusal:
            esp.engagements.record(NewEngagement(on=DAY, loan=loan, organisation=SCHOOL))
        assert refusal.value.code == "not_yours"
        assert esp.ledger.verify().ok


def test_a_hostile_file_with_another_colleges_loan_is_refused(fife: College, loan: str) -> None:
    """An entry on a loan that is not there would be a use that nobody can follow back."""
    from kitloan.ledger.facts.evidence import EngagementRecorded

    with pytest.raises(kitloan.StoreError) as refusal, fife.session.writing() as writer:
        writer.append(
            EngagementRecorded(
                engagement="e1",
                on="2026-11-25",
                engagement_kind="kit_loan",
                loan="lockit",
                used="yes",
                sessions=1,
                source="teacher",
            )
        )
    assert refusal.value.code == "row_not_there"
    assert fife.ledger.verify().ok


def test_figures_of_an_earlier_day_know_the_use_of_that_day(
    fife: College, kit: str, clock: SetClock
) -> None:
    """A use that was recorded a week late was missing from the report of its own day."""
    clock.move(days=7)
    (lent,) = fife.loans.check_out([kit], SCHOOL, on=date(2026, 11, 24))
    line = fife.engagements.record(
        NewEngagement(on=date(2026, 11, 25), loan=lent.id, learners={"p5-p7": 27})
    ).engagement
    fife.engagements.correct(line.id, EngagementChange(learners={"p5-p7": 26}))
    fife.holdings.add(NewHolding("Device"))
    assert fife.audit.audit(date(2026, 11, 26)).totals["learner_engagements"] == 26
    assert fife.audit.audit(date(2026, 11, 24)).totals["learner_engagements"] == 0
    assert fife.audit.audit().totals["learner_engagements"] == 26
    assert fife.audit.audit(date(2026, 11, 23)).totals["learner_engagements"] == 0


def test_the_college_sets_from_which_size_girls_and_boys_are_recorded(fife: College) -> None:
    """Ten fits no special school and every council differs; five is the floor of the database."""
    tag = fife.holdings.add(NewHolding("Device")).tag
    day = date(2026, 11, 23)
    group = {"on": day, "learners": {"p5-p7": 8}, "girls": 5, "organisation": SCHOOL}

    def refused(**more: Any) -> int:
        with pytest.raises(Refused) as refusal:
            fife.engagements.record(NewEngagement(**{**group, **more}), new_too=True)
        assert refusal.value.code == "too_small_to_split"
        return int(refusal.value.details["least"])

    assert refused() == 10
    fife.policies.set("may_split", "8")
    small = fife.engagements.record(NewEngagement(**group), new_too=True).engagement
    assert small.girls == 5
    fife.policies.set("may-split", "12", "Device")
    assert refused(tag=tag, learners={"p5-p7": 11}) == 12
    with pytest.raises(BadInput):
        fife.policies.set("may_split", "4")
    fife.policies.set("may_split", "20")
    assert fife.engagements.correct(small.id, EngagementChange(staff=2)).engagement.girls == 5
    with pytest.raises(Refused):
        fife.engagements.correct(small.id, EngagementChange(girls=4))
    assert fife.ledger.verify().ok
