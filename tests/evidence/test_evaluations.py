"""Evaluation: answers of teachers, and forms as a line of text."""

from datetime import date

import pytest

from conftest import SetClock
from evidence.test_schools import MADE_UP
from kitloan import BadInput, Count, Refused
from kitloan.college import College
from kitloan.evidence.engagements import NewEngagement
from kitloan.evidence.evaluations import Answers, parse_confidence

SCHOOL = "Lochside Academy"
FORM = "KLEVAL1;loan={};used=y;p57=27;hours=4.5;sessions=3;enj=5;int=4;s=1;t=0;e=1;m=0;again=y"


@pytest.fixture
def loan(fife: College, kit: str, clock: SetClock) -> str:
    """The id of a loan that came back today."""
    (lent,) = fife.loans.check_out([kit], SCHOOL)
    clock.move(days=7)
    fife.loans.check_in([kit], Count(whole=True))
    return lent.id


@pytest.fixture
def engagement(fife: College, loan: str) -> str:
    """The id of an engagement on it."""
    new = NewEngagement(on=date(2026, 11, 25), loan=loan, learners={"p5-p7": 27})
    return fife.engagements.record(new).engagement.id


def test_four_confidences_are_kept_apart(fife: College, engagement: str) -> None:
    """One figure for STEM hides that technology and engineering are where teachers stop."""
    answers = Answers(
        enjoyed=5, interest=4, confidence=parse_confidence("s=1,t=-1,e=1,m=0"), again=True
    )
    found = fife.evaluations.add(engagement, answers)
    assert found.confidence == {"s": 1, "t": -1, "e": 1, "m": 0}
    assert (found.enjoyed, found.interest, found.again) == (5, 4, True)
    assert fife.ledger.log()[-1].summary == "evaluated, enjoyed 5 of 5, interest 4 of 5"
    with pytest.raises(Refused) as refusal:
        fife.evaluations.add(engagement, Answers(enjoyed=1))
    assert refusal.value.code == "already_evaluated"
    assert fife.actions.undo().kind == "evaluation.received"
    fife.evaluations.add(engagement, Answers(enjoyed=1))
    assert fife.ledger.verify().ok


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (Answers(enjoyed=6), "bad_rating"),
        (Answers(interest=0), "bad_rating"),
        (Answers(confidence={"s": 2}), "bad_confidence"),
        (Answers(confidence={"x": 1}), "bad_confidence"),
        (Answers(helped=("money",)), "bad_helped"),
        (Answers(), "no_answer"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(
    fife: College, engagement: str, answers: Answers, code: str
) -> None:
    """A rating of 6 lifts every mean."""
    with pytest.raises(BadInput) as refusal:
        fife.evaluations.add(engagement, answers)
    assert refusal.value.code == code


def test_an_evaluation_is_of_an_engagement(fife: College, engagement: str) -> None:
    """Answers about nothing cannot be followed back to a class."""
    with pytest.raises(BadInput) as refusal:
        fife.evaluations.add("e0", Answers(enjoyed=5))
    assert refusal.value.code == "unknown_engagement"
    fife.engagements.withdraw(engagement)
    with pytest.raises(Refused):
        fife.evaluations.add(engagement, Answers(enjoyed=5))


def test_an_engagement_with_answers_is_undone_after_them(fife: College, engagement: str) -> None:
    """The answers were left without the class, and the store could not be written any more."""
    fife.evaluations.add(engagement, Answers(enjoyed=5))
    assert [fife.actions.undo().kind for _ in range(2)] == [
        "evaluation.received",
        "engagement.recorded",
    ]
    assert fife.ledger.verify().ok


def test_a_form_records_the_use_and_the_answers(fife: College, loan: str) -> None:
    """What a teacher sent as one line was typed again, field by field."""
    (taken,) = fife.evaluations.read(FORM.format(loan))
    assert taken.new
    assert (taken.engagement.learners, taken.engagement.hours) == ({"p5-p7": 27}, 4.5)
    assert (taken.engagement.date, taken.engagement.source) == (date(2026, 11, 30), "teacher")
    assert taken.evaluation.confidence == {"s": 1, "t": 0, "e": 1, "m": 0}
    assert fife.actions.undo().kind == "engagement.recorded"
    assert not fife.engagements.list().items
    assert fife.ledger.verify().ok


@pytest.mark.parametrize("around", ["\ufeff{}", "{}\r\n", "\r\n  {}  \r\n\r\n", "{};", "{}\n\n"])
def test_a_form_is_read_as_mail_and_files_carry_it(fife: College, loan: str, around: str) -> None:
    """A file saved in Windows begins with a mark that nobody sees, and ends its lines otherwise."""
    (taken,) = fife.evaluations.read(around.format(FORM.format(loan)))
    assert (taken.engagement.hours, taken.evaluation.enjoyed) == (4.5, 5)


def test_a_form_says_whether_the_kit_was_used(fife: College, loan: str) -> None:
    """A line with nothing but its loan was a use, of one session, that nobody had seen."""
    for line in ("used=n", "used=n;p57=0;sessions=0;hours=0", "p57=27", "sessions=2;used=p"):
        (taken,) = fife.evaluations.read(f"KLEVAL1;loan={loan};{line}")
        wanted = "no" if "used=n" in line else "partly" if "used=p" in line else "yes"
        assert taken.engagement.used == wanted
        fife.engagements.withdraw(taken.engagement.id)


def test_a_form_is_taken_with_its_warnings(fife: College, loan: str) -> None:
    """Example 15: 400 learners of a roll of 290 were typed on a form, and nobody looked at them."""
    fife.schools.take_in(MADE_UP)
    fife.schools.link(SCHOOL, "9900002P")
    wrong = FORM.format(loan).replace("p57=27", "p57=400") + ";date=2026-11-20"
    (taken,) = fife.evaluations.read(wrong)
    assert [each.code for each in taken.warnings] == ["over_roll", "before_loan"]


def test_what_a_form_has_besides_its_answers_is_named(
    fife: College, loan: str, engagement: str
) -> None:
    """The hours that a teacher wrote were dropped, because the class was on record without them."""
    (taken,) = fife.evaluations.read(FORM.format(loan))
    assert taken.engagement.hours is None
    assert [each.code for each in taken.warnings] == ["form_differs", "form_differs"]
    assert f"correct {engagement} --hours 4.5" in taken.warnings[1].message


def test_a_form_of_a_use_on_record_adds_its_answers(
    fife: College, loan: str, engagement: str
) -> None:
    """The class that the desk had entered was counted again when its form came."""
    (taken,) = fife.evaluations.read(FORM.format(loan))
    assert not taken.new
    assert taken.engagement.id == engagement
    with pytest.raises(Refused) as refusal:
        fife.evaluations.read(FORM.format(loan) + ";date=2026-11-25")
    assert refusal.value.code == "same_engagement"


def test_a_form_of_a_kit_not_used(fife: College, loan: str) -> None:
    """A kit that nobody opened is worth knowing too."""
    (taken,) = fife.evaluations.read(f"KLEVAL1;loan={loan};used=n;again=n")
    assert (taken.engagement.used, taken.engagement.learners) == ("no", {})
    assert taken.evaluation.again is False


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("enj=5", "enj=6"), "enj"),
        (("int=4", "int=x"), "int"),
        (("s=1", "s=2"), "s"),
        (("used=y", "used=maybe"), "used"),
        (("used=y", "used=n"), "used"),
        (("p57=27", "p57=-3"), "p57"),
        (("p57=27", "p57="), "p57"),
        (("hours=4.5", "hours=4.3"), "hours"),
        (("hours=4.5", "hours=80"), "hours"),
        (("again=y", "again=y;again=n"), "again"),
        (("again=y", "again=y;p8=3"), "p8"),
        (("again=y", "again=y;date=2026-02-30"), "date"),
        (("again=y", "again=y;date=2027-02-01"), "date"),
        (("again=y", "again=y;date=23/11/2026"), "date"),
        (("again=y", "again = y"), "again "),
        (("KLEVAL1", "KLEVAL2"), None),
        (("KLEVAL1", "kleval1"), None),
        (("loan=", "load="), "load"),
        (("KLEVAL1;loan=", "KLEVAL1;again=n;loan="), "again"),
        (("enj=5", "enj=0"), "enj"),
        (("enj=5", "enj=4.5"), "enj"),
        (("enj=5", "ENJ=5"), "ENJ"),
        (("enj=5", "enj=5;enj=5"), "enj"),
        (("enj=5", "enj=5;"), ""),
        (("again=y", "again=y;;"), ""),
        (("enj=5", "enj"), "enj"),
        (("s=1", "s=+1"), "s"),
        (("used=y", "used=Y"), "used"),
        (("hours=4.5", "hours=4,5"), "hours"),
        (("hours=4.5", "hours=72.5"), "hours"),
        (("sessions=3", "sessions=0"), "sessions"),
        (("again=y", "again=y;staff=two"), "staff"),
        (("again=y", "again=y\u200b"), "again"),
        (("used=y;p57=27;hours=4.5;sessions=3", "used=n;hours=2;sessions=3"), "used"),
        (("used=y;p57=27;hours=4.5;sessions=3", "used=n;hours=2"), "used"),
        (("used=y;p57=27;hours=4.5;sessions=3;", ""), "used"),
        (("KLEVAL1;", " \u200bKLEVAL1;"), None),
    ],
)
def test_a_line_with_one_field_wrong_is_named_and_nothing_changed(
    fife: College, loan: str, change: tuple[str, str], field: str | None
) -> None:
    """Of ten forms that were pasted, six were taken in and nobody knew which."""
    before = len(fife.ledger.log())
    good = FORM.format(loan)
    wrong = good.replace(*change, 1)
    assert wrong != good
    with pytest.raises(BadInput) as refusal:
        fife.evaluations.read(f"{good}\n\n{wrong}\n")
    assert refusal.value.code == "bad_form"
    assert refusal.value.details["line"] == 3
    assert refusal.value.details["field"] == field
    assert len(fife.ledger.log()) == before


def test_a_form_of_an_unknown_loan_takes_the_others_with_it(fife: College, loan: str) -> None:
    """All of the forms, or none."""
    with pytest.raises(BadInput) as refusal:
        fife.evaluations.read(f"{FORM.format(loan)}\n{FORM.format('nowhere')}")
    assert refusal.value.code == "unknown_loan"
    assert refusal.value.details["line"] == 2
    assert refusal.value.message.startswith("Line 2: ")
    assert not fife.engagements.list().items
    with pytest.raises(BadInput):
        fife.evaluations.read("  \n ")


def test_forms_read_twice_by_one_request_are_read_once(
    fife: College, kit: str, clock: SetClock
) -> None:
    """A program that was killed before it heard "done" reads the same file again."""
    (lent,) = fife.loans.check_out([kit], SCHOOL)
    fife.engagements.record(
        NewEngagement(on=date(2026, 11, 23), loan=lent.id, learners={"p5-p7": 27})
    )
    second = f"KLEVAL1;loan={lent.id};used=y;s13=20;int=5"
    third = f"KLEVAL1;loan={lent.id};used=y;s46=12;int=5"
    forms = "\n".join((FORM.format(lent.id), second, third))
    first = fife.evaluations.read(forms, request_id="forms")
    assert [each.new for each in first] == [False, True, True]
    before = len(fife.ledger.log())
    clock.move(days=3)
    fife.loans.check_in([kit], Count(whole=True))
    fife.engagements.withdraw(first[2].engagement.id)
    assert fife.evaluations.read(forms, request_id="forms") == first
    assert len(fife.ledger.log()) == before + 2
    assert fife.ledger.verify().ok
