"""Notices: stages by open days, the latest only after a gap, words that a college can change."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import SetClock
from kitloan import BadInput, Count, NewHolding
from kitloan.college import College
from kitloan.evidence.engagements import NewEngagement
from kitloan.evidence.evaluations import Answers
from kitloan.planning.calendar import Calendar, DatedDay, days_between
from kitloan.planning.notices import LONGEST_MAILTO, When, mailto, stage_of
from kitloan.planning.templates import FIELDS, GAELIC, TEMPLATES, check_template, filled
from kitloan.text.dates import uk
from kitloan.text.tags import grouped

SCHOOL = "Àrd-sgoil Mhic Neacail"
TUESDAY = date(2026, 12, 1)
WEEK = frozenset(range(5))
CLOSED = [date(2026, 11, 30), *days_between(date(2026, 12, 21), date(2027, 1, 5))]
CALENDAR = Calendar(WEEK, WEEK, {day: DatedDay(open=False) for day in CLOSED})
"""That of the worked examples."""


@pytest.fixture
def desk(fife: College, clock: SetClock) -> College:
    """Fife's desk, open Monday to Friday, closed as in the worked examples."""
    fife.calendar.set_week(WEEK, WEEK)
    fife.calendar.close(date(2026, 11, 30), reason="St Andrew's Day")
    fife.calendar.close(date(2026, 12, 21), date(2027, 1, 5), reason="Christmas")
    return fife


def lend(desk: College, due_on: date = TUESDAY, **more: str) -> str:
    """A new kit with a school; gives its tag."""
    tag = desk.holdings.add(NewHolding("STEM kit")).tag
    desk.loans.check_out([tag], SCHOOL, due_on=due_on, **more)  # type: ignore[arg-type]
    return tag


def kinds(desk: College, day: date) -> list[tuple[str, int | None]]:
    """What is due on a day."""
    return [(each.kind, each.stage) for each in desk.notices.due(day)]


@pytest.mark.parametrize(
    ("day", "stage"),
    [
        (date(2026, 12, 1), 0),
        (date(2026, 12, 2), 1),
        (date(2026, 12, 7), 1),
        (date(2026, 12, 8), 2),  # open day 5
        (date(2027, 1, 13), 2),
        (date(2027, 1, 14), 3),  # open day 20, over Christmas
        (date(2028, 1, 1), 3),
    ],
)
def test_stages_count_open_days(day: date, stage: int) -> None:
    """Example 14: a school is not chased for days on which nobody could have taken the kit."""
    assert stage_of(TUESDAY, day, CALENDAR, When()) == stage


@given(st.integers(0, 60), st.frozensets(st.integers(0, 6), min_size=1), st.data())
def test_stages_agree_with_counting_on_fingers(
    later: int, week: frozenset[int], data: st.DataObject
) -> None:
    """Whatever the calendar: the stage is the one whose number of open days has passed."""
    days = data.draw(st.dictionaries(st.integers(0, 60), st.booleans(), max_size=20))
    dated = {TUESDAY + timedelta(days=n): DatedDay(open=is_open) for n, is_open in days.items()}
    calendar = Calendar(week, week, dated)
    day = TUESDAY + timedelta(days=later)
    opened = sum(calendar.is_desk_open(TUESDAY + timedelta(days=n)) for n in range(1, later + 1))
    expected = sum(opened >= least for least in (1, 5, 20))
    assert stage_of(TUESDAY, day, calendar, When()) == expected


def test_a_loan_from_the_reminder_to_the_third_letter(desk: College, clock: SetClock) -> None:
    """Each is due once, and after a gap only the latest: nobody gets three letters in one post."""
    tag = lend(desk)
    assert kinds(desk, date(2026, 11, 24)) == []
    assert kinds(desk, date(2026, 11, 25)) == [("due_soon", None)]  # three open days before
    assert kinds(desk, TUESDAY) == [("due_soon", None)]
    assert kinds(desk, date(2026, 12, 2)) == [("overdue", 1)]
    assert kinds(desk, date(2026, 12, 9)) == [("overdue", 2)], "one notice, and not two"
    clock.now = datetime(2026, 12, 9, 12, 0, tzinfo=UTC)
    assert len(desk.notices.mark()) == 1
    assert kinds(desk, date(2026, 12, 9)) == []
    assert kinds(desk, date(2027, 1, 13)) == [], "not mailed daily for ever"
    assert kinds(desk, date(2027, 1, 14)) == [("overdue", 3)]
    desk.loans.renew(tag, date(2026, 12, 15))
    assert kinds(desk, date(2026, 12, 15)) == [("due_soon", None)]
    assert kinds(desk, date(2026, 12, 16)) == [("overdue", 1)], "a renewal starts again"
    desk.loans.check_in([tag], Count(whole=True))
    assert kinds(desk, date(2027, 1, 14)) == []
    assert desk.ledger.verify().ok


def test_the_same_store_and_day_give_the_same_notices(desk: College, clock: SetClock) -> None:
    """A list that changes by being looked at cannot be worked from."""
    lend(desk, contact="Màiri NicDhòmhnaill")
    before = len(desk.ledger.log())
    first = desk.notices.due(date(2026, 12, 8))
    clock.move(days=90)
    assert desk.notices.due(date(2026, 12, 8)) == first
    assert len(desk.ledger.log()) == before


def test_what_was_sent_is_on_record_without_address_or_words(
    desk: College, clock: SetClock
) -> None:
    """The ledger goes to ESP: which notice, of what and how, and nothing of the person."""
    tag = lend(desk, contact="Màiri NicDhòmhnaill")
    clock.now = datetime(2026, 12, 2, 12, 0, tzinfo=UTC)
    desk.notices.mark(channel="letter", request_id="marked")
    again = desk.notices.mark(channel="letter", request_id="marked")
    assert [each.stage for each in again] == [1]
    with desk.session.reading() as connection:
        (body,) = connection.exec_driver_sql(
            "SELECT body FROM ledger_entry WHERE kind = 'notice.sent'"
        ).scalars()
    assert "letter" in body
    assert "Màiri" not in body
    assert "Dear" not in body
    assert desk.find.history(tag)[-1].summary.startswith("notice sent: overdue 1")
    (line,) = desk.notices.sent().items
    assert (line.kind, line.stage, line.due_on, line.tag) == ("overdue", 1, TUESDAY, tag)
    assert desk.actions.undo().kind == "loan.checked_out", "a notice is no action, and blocks none"
    assert desk.ledger.verify().ok


def test_one_letter_has_everything_that_one_person_is_late_with(desk: College) -> None:
    """Six kits are one letter with six lines, and two people at a school are two letters."""
    for _ in range(3):
        lend(desk, contact="Màiri NicDhòmhnaill")
    lend(desk, contact="Iain Strachan")
    mails = desk.notices.messages(date(2026, 12, 2))
    assert sorted((each.recipient.contact, len(each.notices)) for each in mails) == [
        ("Iain Strachan", 1),
        ("Màiri NicDhòmhnaill", 3),
    ]
    assert sorted(each.text.count("•") for each in mails) == [1, 3]


def test_inspections_that_are_due_are_one_message_to_the_college(
    desk: College, clock: SetClock
) -> None:
    """The tester is booked for all of them at once."""
    tags = [desk.holdings.add(NewHolding("STEM kit")).tag for _ in range(2)]
    desk.inspections.set_regime("PAT", "STEM kit", 1)
    desk.inspections.record(tags[0], "PAT", "pass")  # until 23 December
    assert kinds(desk, date(2026, 11, 23)) == [("inspection_due", None)]
    assert kinds(desk, date(2026, 12, 9)) == [("inspection_due", None)] * 2
    (message,) = desk.notices.messages(date(2026, 12, 9))
    assert "valid until 23 Dec 2026" in message.text
    assert "never inspected" in message.text


def test_every_fail_is_noticed(desk: College, clock: SetClock) -> None:
    """Also after "never inspected" was marked, and after an earlier fail was; each once."""
    tag = desk.holdings.add(NewHolding("STEM kit")).tag
    desk.inspections.set_regime("PAT", "STEM kit", 12)
    assert [each.due_on for each in desk.notices.due()] == [None]
    desk.notices.mark()
    for _ in range(2):
        clock.move(days=1)
        assert desk.notices.due() == []
        failed_on = clock.now.date()
        desk.inspections.record(tag, "PAT", "fail")
        (notice,) = desk.notices.due()
        assert notice.due_on == failed_on and "failed on" in notice.text
        desk.notices.mark()
        clock.move(days=1)
        desk.inspections.record(tag, "PAT", "pass")
    assert desk.ledger.verify().ok


def test_a_fail_on_the_day_that_a_pass_ended_is_noticed(desk: College, clock: SetClock) -> None:
    """That the pass was to end was marked; that the kit failed is news."""
    tag = desk.holdings.add(NewHolding("STEM kit")).tag
    desk.inspections.set_regime("PAT", "STEM kit", 1)
    desk.inspections.record(tag, "PAT", "pass")
    clock.now = datetime(2026, 12, 23, 9, tzinfo=UTC)
    (ends,) = desk.notices.mark()
    assert ends.due_on == clock.now.date().isoformat()
    desk.inspections.record(tag, "PAT", "fail")
    (failed,) = desk.notices.due()
    assert failed.due_on == clock.now.date() and "failed on" in failed.text
    assert failed.key != ends
    desk.notices.mark()
    assert desk.notices.due() == []


def test_the_policies_say_when(desk: College) -> None:
    """A college that chases later, or does not remind, sets it."""
    lend(desk)
    desk.policies.set("due_soon", "0")
    desk.policies.set("overdue_1", "3")
    assert kinds(desk, TUESDAY) == []
    assert kinds(desk, date(2026, 12, 3)) == []
    assert kinds(desk, date(2026, 12, 4)) == [("overdue", 1)]


def test_a_college_writes_its_own_words(desk: College) -> None:
    """Its template is used from then on, in this store only, and can be taken back."""
    lend(desk, contact="Màiri NicDhòmhnaill")
    before = len(desk.ledger.log())
    desk.notices.set_template("overdue_1", "Air ais\r\n\r\n{contact}: {kits}\r\n{days_late}")
    (notice,) = desk.notices.due(date(2026, 12, 4))
    assert notice.title == "Air ais"
    assert notice.text.startswith("Màiri NicDhòmhnaill: • STEM kit")
    assert notice.text.endswith("\n3\n")
    assert len(desk.ledger.log()) == before
    desk.notices.set_template("overdue_1", None)
    assert desk.notices.due(date(2026, 12, 4))[0].title != "Air ais"


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("S\n\n{kit}", "unknown_field", "kit"),
        ("S\n\n{kits.__class__}", "unknown_field", "kits.__class__"),
        ("S\n\n{kits[0]}", "unknown_field", "kits[0]"),
        ("S\n\n{kits!r}", "unknown_field", "kits!r"),
        ("S\n\n{due:>10}", "unknown_field", "due:>10"),
        ("{}\n\nx", "unknown_field", ""),
        ("S\n\n{kits", "bad_template", None),
        ("S\n\nkits}", "bad_template", None),
        ("only a subject", "bad_template", None),
        ("\n\n", "bad_template", None),
        ("S\n\n\x1b[2J", "bad_template", None),
        ("S\n\n" + "x" * 9000, "bad_template", None),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_refused_by_name(
    text: str, code: str, field: str | None
) -> None:
    """A misspelt field would be found by the head teacher who gets the letter."""
    with pytest.raises(BadInput) as refusal:
        check_template("overdue_1", text)
    assert refusal.value.code == code
    if field is not None:
        assert refusal.value.details["field"] == field


def test_every_template_that_comes_with_kitloan_can_be_used() -> None:
    """The English ones and the Gaelic example: every field there is, and none that is not."""
    values = {name: f"<{name}>" for name in FIELDS}
    for name, text in (*TEMPLATES.items(), *GAELIC.items()):
        title, words = filled(check_template(name, text), values)
        assert "{" not in title + words
        assert "<kits>" in words


def test_what_is_filled_in_is_not_looked_at_again() -> None:
    """A school that is called {due} is called that, and no name is a format string."""
    values = dict.fromkeys(FIELDS, "") | {"school": "{due} {x!r} {"}
    assert filled("{school}\n\n{{school}}", values) == ("{due} {x!r} {", "{school}\n")


def test_a_draft_link_is_short_enough_and_whole(desk: College) -> None:
    """Mail programs cut a link that is too long, in the middle of a letter."""
    link = mailto("m@example.sch.uk", "Kits & more", "Dear Màiri,\nplease?\n")
    assert link == (
        "mailto:m@example.sch.uk?subject=Kits%20%26%20more&body=Dear%20M%C3%A0iri%2C%0D%0Aplease%3F"
    )
    long = mailto("m@example.sch.uk", "Kits", "\n".join(f"line {n}" for n in range(900)))
    assert len(long) <= LONGEST_MAILTO
    assert unquote(long).endswith("...")
    assert mailto("", "Kits", "x") == ""
    sly = mailto("m@example.sch.uk?bcc=all@example.sch.uk&x=", "t", "b")
    assert "?bcc" not in sly


def test_a_year_of_notices_marks_each_once(desk: College, clock: SetClock) -> None:
    """Looked at every day, marked every day: a reminder, three letters, and nothing twice."""
    lend(desk)
    told = []
    for _ in range(80):
        told += [(each.kind, each.stage) for each in desk.notices.due()]
        desk.notices.mark()
        clock.move(days=1)
    assert told == [("due_soon", None), ("overdue", 1), ("overdue", 2), ("overdue", 3)]


def test_a_second_desk_sees_what_was_marked(desk: College, reopen: Callable[..., College]) -> None:
    """Two desks must not send the same letter."""
    lend(desk)
    desk.notices.mark(date(2026, 12, 2))
    assert kinds(reopen("j.kerr"), date(2026, 12, 2)) == []


def test_a_return_is_receipted_when_the_college_wants_it(desk: College, clock: SetClock) -> None:
    """A teacher who left the box at the door can show that it is back; nobody is asked to count."""
    tag, went = lend(desk, contact="Iain Strachan"), uk(clock.now.date())
    clock.now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    desk.loans.check_in([tag])
    assert desk.notices.due() == [], "no college writes letters that it did not ask for"
    desk.policies.set("receipt", "2")
    (receipt,) = desk.notices.due()
    assert (receipt.kind, receipt.to, receipt.contact) == ("receipt", SCHOOL, "Iain Strachan")
    assert f"with you from {went}; not counted yet" in receipt.text
    assert kinds(desk, date(2026, 12, 3)) == [("receipt", None)]
    assert ("receipt", None) not in kinds(desk, date(2026, 12, 4)), "two open days"
    desk.notices.mark()
    assert desk.notices.due() == []
    desk.loans.count(tag, Count(missing={"Wheel": 2}, broken={"Panel": 1}))
    (short,) = desk.notices.due()
    assert short.kind == "part_missing"
    assert f"{grouped(tag)}: Panel: 1 broken; Wheel: 2 missing" in short.text
    desk.notices.mark()
    assert desk.notices.due() == [] and desk.ledger.verify().ok


def test_what_is_missing_is_asked_of_those_who_had_it(desk: College, clock: SetClock) -> None:
    """A school that brought everything back is not asked for what the next one lost."""
    tag = lend(desk)
    clock.now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    desk.loans.check_in([tag], Count(whole=True))
    clock.now += timedelta(hours=1)
    desk.loans.check_out([tag], "Lochside Academy", due_on=TUESDAY)
    clock.now += timedelta(hours=1)
    desk.loans.check_in([tag], Count(missing={"Wheel": 1}))
    assert [(each.kind, each.to) for each in desk.notices.due()] == [
        ("part_missing", "Lochside Academy")
    ]
    desk.loans.restock(tag, "Wheel", 1)
    assert desk.notices.due() == []


def test_how_it_went_is_asked_once_and_not_when_it_is_known(desk: College, clock: SetClock) -> None:
    """ESP hears what kits are used for; nobody is asked who has answered, or never had it back."""
    first, second, passed = lend(desk), lend(desk), lend(desk)
    went = uk(clock.now.date())
    desk.loans.pass_on(passed, "Lochside Academy")
    clock.now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    desk.loans.check_in([first], Count(whole=True))
    desk.loans.check_in([second])
    asked = date(2026, 12, 4)
    assert kinds(desk, date(2026, 12, 3)) == [("overdue", 1)], "what was handed on is late"
    due = [each for each in desk.notices.due(asked) if each.kind == "evaluation"]
    assert {each.tag for each in due} == {first, second}
    (letter,) = [each for each in desk.notices.messages(asked) if each.kind == "evaluation"]
    assert letter.text.count(f"with you from {went}") == 2, "one letter"
    loan = due[0].subject
    used = desk.engagements.record(NewEngagement(on=date(2026, 12, 1), loan=loan)).engagement
    assert len([k for k, _ in kinds(desk, asked) if k == "evaluation"]) == 2
    desk.evaluations.add(used.id, Answers(enjoyed=5))
    assert [each.subject for each in desk.notices.due(asked) if each.kind == "evaluation"] == [
        due[1].subject
    ]
    desk.policies.set("evaluation", "0")
    assert ("evaluation", None) not in kinds(desk, asked)
    desk.policies.set("evaluation", "default")
    assert ("evaluation", None) not in kinds(desk, date(2027, 1, 4)), "after four weeks never"
