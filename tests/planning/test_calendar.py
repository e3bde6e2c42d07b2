"""The calendar and the policies: desk days, staff days, closures, and undoing them."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import SetClock
from kitloan import BadInput, Refused
from kitloan.college import College
from kitloan.planning.calendar import (
    Calendar,
    DatedDay,
    calendar_of,
    days_between,
    format_weekdays,
    parse_weekdays,
)
from kitloan.planning.closures import bank_holidays, read_ics
from kitloan.planning.policies import POLICIES, policies_of

MON_FRI = frozenset(range(5))
CHRISTMAS = [date(2026, 11, 30), *days_between(date(2026, 12, 21), date(2027, 1, 5))]
USUAL = Calendar(MON_FRI, MON_FRI, {day: DatedDay(False, "closed") for day in CHRISTMAS})
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
WEEKS = st.frozensets(st.integers(0, 6), min_size=1)
CALENDARS = st.builds(
    Calendar, WEEKS, WEEKS, st.dictionaries(DAYS, st.builds(DatedDay, st.booleans()), max_size=30)
)


def test_a_due_day_on_a_closed_day_moves_to_the_next_open_one() -> None:
    """Worked example 1: out on 7 December for 14 days, and the college is shut over Christmas."""
    assert USUAL.next_open(date(2026, 12, 7) + timedelta(days=14)) == date(2027, 1, 6)


@pytest.mark.parametrize(("turnaround", "free"), [(0, 4), (1, 7), (2, 8)])
def test_turnaround_counts_staff_days(turnaround: int, free: int) -> None:
    """Worked example 2: back on Friday; 0 is out again the same day."""
    assert USUAL.add_staff_days(date(2026, 12, 4), turnaround) == date(2026, 12, free)


def test_turnaround_and_preparation_leave_out_closed_days() -> None:
    """Worked example 3: St Andrew's Day is between."""
    assert USUAL.add_staff_days(date(2026, 11, 27), 1) == date(2026, 12, 1)
    assert USUAL.add_staff_days(date(2026, 12, 1), -1) == date(2026, 11, 27)


def test_notice_counts_staff_days_and_not_desk_days() -> None:
    """Worked example 4: a desk that opens on Wednesdays would push collection out a month."""
    wednesdays = Calendar(frozenset({2}), MON_FRI)
    assert wednesdays.first_collection(date(2026, 11, 27), 5) == date(2026, 12, 9)


def test_a_booking_is_kept_over_closed_days() -> None:
    """Worked example 5: the deadline never falls on a closed day."""
    assert USUAL.add_open_days(date(2026, 12, 18), 1) == date(2027, 1, 6)


@given(CALENDARS, DAYS, st.integers(-12, 12))
def test_counting_days_agrees_with_a_list_of_them(found: Calendar, day: date, count: int) -> None:
    """A calendar that miscounts lends a kit twice."""
    span = range(1, 400) if count > 0 else range(-1, -400, -1)
    around = [day + timedelta(days=n) for n in span]
    for add, counts in (
        (found.add_open_days, found.is_desk_open),
        (found.add_staff_days, found.is_staff_day),
    ):
        listed = [each for each in around if counts(each)]
        assert add(day, count) == (listed[abs(count) - 1] if count else day)
    later = [day + timedelta(days=n) for n in range(400)]
    assert found.next_open(day) == next(each for each in later if found.is_desk_open(each))


@given(CALENDARS)
def test_the_end_of_the_calendar_is_survived(found: Calendar) -> None:
    """A loan without an end must not hang the desk."""
    assert found.add_staff_days(date.max, 3) == date.max
    assert found.add_open_days(date.min, -3) == date.min


@given(WEEKS)
def test_a_week_that_is_shown_can_be_typed(week: frozenset[int]) -> None:
    """What the program writes, it must read."""
    assert parse_weekdays(format_weekdays(week)) == week


@pytest.mark.parametrize("text", ["", "mo", "someday", "mon-", "mon,,tue", "8", "mon-fri-sat"])
def test_what_names_no_days_is_refused(text: str) -> None:
    """A guessed week closes the desk on the wrong days."""
    with pytest.raises(BadInput) as refusal:
        parse_weekdays(text)
    assert refusal.value.code == "bad_week"


def test_a_calendar_is_set_shown_undone_and_proved(fife: College) -> None:
    """Desk and staff differ; a dated day comes before the week; a site before the college."""
    assert fife.calendar.calendar() == Calendar()
    fife.calendar.set_week({2}, range(5))
    fife.calendar.close(date(2026, 12, 21), date(2027, 1, 5), reason="Christmas")
    fife.calendar.open(date(2026, 12, 22), reason="sale")
    fife.calendar.close(date(2026, 12, 2), site="Levenmouth")
    found = fife.calendar.calendar()
    assert (found.desk, found.staff) == (frozenset({2}), MON_FRI)
    assert found.is_desk_open(date(2026, 12, 22)) and not found.is_staff_day(date(2026, 12, 23))
    assert found.is_desk_open(date(2026, 12, 2))
    assert not fife.calendar.calendar("Levenmouth").is_desk_open(date(2026, 12, 2))
    assert fife.ledger.verify().ok
    fife.actions.undo()
    fife.actions.undo()
    assert not fife.calendar.calendar().is_desk_open(date(2026, 12, 22))
    fife.actions.undo()
    fife.actions.undo()
    assert fife.calendar.calendar() == Calendar()
    fife.actions.redo()
    assert fife.calendar.calendar().desk == frozenset({2})
    assert fife.ledger.verify().ok


def test_a_closure_lists_its_loans_and_moves_them_on_one_key(fife: College, kit: str) -> None:
    """Else everybody stands before a locked door, or comes back on one day."""
    fife.calendar.set_week(range(5))
    fife.loans.check_out([kit], "Balwearie High School", due_on=date(2026, 12, 21))
    hit = fife.calendar.close(date(2026, 12, 21), date(2027, 1, 5), reason="Christmas")
    assert [(each.tag, each.due_on, each.moved_to) for each in hit.loans] == [
        (kit, date(2026, 12, 21), None)
    ]
    assert fife.find.loans().items[0].due_on == date(2026, 12, 21)
    moved = fife.calendar.close(date(2026, 12, 21), date(2027, 1, 5), move=True, spread=3)
    assert [each.moved_to for each in moved.loans] == [date(2027, 1, 6)]
    assert fife.find.loans().items[0].due_on == date(2027, 1, 6)
    fife.actions.undo()
    assert fife.find.loans().items[0].due_on == date(2026, 12, 21)
    assert fife.ledger.verify().ok


def test_moved_loans_are_spread_over_open_days(fife: College) -> None:
    """Thirty kits on the first day back are thirty kits that nobody counts."""
    from kitloan import NewHolding

    fife.calendar.set_week(range(5))
    tags = [fife.holdings.add(NewHolding("STEM kit")).tag for _ in range(5)]
    fife.loans.check_out(tags, "Balwearie High School", due_on=date(2026, 12, 21))
    moved = fife.calendar.close(date(2026, 12, 21), move=True, spread=3)
    days = sorted(each.moved_to for each in moved.loans if each.moved_to)
    assert [day.day for day in days] == [22, 22, 23, 23, 24]


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        (date(2026, 12, 5), date(2026, 12, 1), "dates_reversed"),
        (date(2026, 1, 1), date(2027, 1, 2), "too_long"),
        (date(1, 1, 1), date(1, 1, 2), "bad_date"),
    ],
)
def test_closures_that_cannot_be_are_refused(
    fife: College, first: date, last: date, code: str
) -> None:
    """A slip of the year closes the desk for ten."""
    with pytest.raises(BadInput) as refusal:
        fife.calendar.close(first, last)
    assert refusal.value.code == code


def test_every_setting_is_done_once(fife: College) -> None:
    """A caller that was killed asks again."""
    for _ in range(2):
        fife.calendar.set_week({2}, request_id="w1")
        fife.calendar.close(date(2026, 12, 21), request_id="c1")
        fife.calendar.open(date(2026, 12, 22), request_id="o1")
        fife.policies.set("turnaround", "2", request_id="p1")
    assert len(fife.ledger.log()) == 6
    with pytest.raises(BadInput) as refusal:
        fife.calendar.set_week({3}, request_id="w1")
    assert refusal.value.code == "id_reused"


def test_a_policy_of_a_type_comes_before_the_one_for_all(fife: College) -> None:
    """Microscopes go for a week, everything else for two."""
    fife.policies.set("loan_days", "21")
    assert fife.policies.set("loan-days", "7", "stem KIT").value == 7
    assert fife.policies.get("loan_days").value == 21
    assert fife.policies.get("loan_days", "STEM kit").value == 7
    with fife.session.reading() as connection:
        assert policies_of(connection, "fife").number("loan_days") == 21
        assert calendar_of(connection, "fife") == Calendar()
    fife.policies.set("loan_days", "default")
    assert fife.policies.get("loan_days").value == 14
    assert fife.policies.get("loan_days", "STEM kit").value == 7
    fife.actions.undo()
    fife.actions.undo()
    assert fife.policies.get("loan_days", "STEM kit").value == 21
    assert fife.ledger.verify().ok


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("turnaroud", "1", "unknown_policy"),
        ("turnaround", "-1", "bad_policy"),
        ("turnaround", "401", "bad_policy"),
        ("loan_days", "0", "bad_policy"),
        ("cover", "never", "bad_policy"),
        ("prep", "²", "bad_policy"),
    ],
)
def test_policies_that_cannot_be_are_refused(
    fife: College, key: str, value: str, code: str
) -> None:
    """A typing mistake must not decide how long kits are out."""
    with pytest.raises(BadInput) as refusal:
        fife.policies.set(key, value)
    assert refusal.value.code == code


def test_a_policy_of_the_college_is_of_no_type(fife: College, kit: str) -> None:
    """It would be taken, and do nothing; one that is of a type does something."""
    for key in ("max_out", "max_bookings", "block_overdue", "due_soon", "overdue_2"):
        with pytest.raises(BadInput) as refusal:
            fife.policies.set(key, "3", "STEM kit")
        assert refusal.value.code == "bad_policy"
        with pytest.raises(BadInput):
            fife.policies.get(key, "STEM kit")
    shown = {each.key for each in fife.policies.list("STEM kit")}
    assert shown == {each.key for each in POLICIES.values() if each.of_a_type}
    fife.policies.set("max_days", "2", "STEM kit")
    with pytest.raises(Refused) as refused:
        fife.bookings.book("Alva Academy", {"STEM kit": 1}, date(2026, 12, 1), date(2026, 12, 4))
    assert refused.value.details["limit"] == 2
    found = fife.bookings.free(date(2026, 12, 1), date(2026, 12, 4), "STEM kit")[0]
    assert (found.free, found.why) == (0, "limit")


def test_bank_holidays_are_scotlands() -> None:
    """St Andrew's Day is one, Easter Monday is not, and 15 June 2026 was one once."""
    days = {each.day for each in bank_holidays(2026)}
    assert {date(2026, 1, 2), date(2026, 6, 15), date(2026, 8, 3), date(2026, 11, 30)} <= days
    assert date(2026, 4, 6) not in days and date(2026, 12, 28) in days


ICS = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261221
DTEND;VALUE=DATE:20270106
SUMMARY:Christmas\\, New
  Year
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261130
SUMMARY:=SUM(A1)\x1b[31m
END:VEVENT
BEGIN:VEVENT
DTSTART:20261201T090000Z
SUMMARY:Meeting
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260101
RRULE:FREQ=DAILY
SUMMARY:For ever
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260101
DTEND;VALUE=DATE:99991231
SUMMARY:Too long
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar_file_is_read(tmp_path: Path) -> None:
    """The last day of an event is the one before DTEND; what cannot be a closure is named."""
    path = tmp_path / "closed.ics"
    path.write_bytes(ICS.replace("\n", "\r\n").encode())
    read = read_ics(path)
    assert [each.day for each in read.days] == CHRISTMAS
    assert read.days[-1].name == "Christmas, New Year"
    assert "\x1b" not in read.days[0].name
    assert [each.partition(":")[0] for each in read.not_taken] == [
        "Meeting",
        "For ever",
        "Too long",
    ]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"day,reason\n1/1/2026,x\n"])
def test_what_is_no_calendar_is_refused(tmp_path: Path, content: bytes) -> None:
    """A wrong file must close nothing."""
    path = tmp_path / "closed.ics"
    path.write_bytes(content)
    with pytest.raises(BadInput) as refusal:
        read_ics(path)
    assert refusal.value.code == "not_a_calendar"


def test_a_desk_week_leaves_the_week_of_the_staff(fife: College) -> None:
    """Also one of all seven days, once somebody has set it."""
    assert fife.calendar.set_week([2]).staff == frozenset({2})
    fife.calendar.set_week(staff=range(7))
    now = fife.calendar.set_week([0])
    assert (now.desk, now.staff) == (frozenset({0}), frozenset(range(7)))
    assert fife.calendar.calendar() == now


def test_a_closure_in_the_past_hits_no_loan(fife: College, kit: str, clock: SetClock) -> None:
    """What is overdue already is not excused by closing the day it was due."""
    fife.loans.check_out([kit], "Balwearie High School", due_on=date(2026, 11, 24))
    clock.move(days=7)
    assert fife.calendar.close(date(2026, 11, 24)).loans == ()


def test_a_moved_loan_keeps_its_turnaround_and_says_what_it_puts_at_risk(
    fife: College, kit: str
) -> None:
    """The move is refused to nobody, so it must not be silent about a booking."""
    fife.calendar.set_week(range(5))
    fife.policies.set("turnaround", "2")
    fife.loans.check_out([kit], "Balwearie High School", due_on=date(2026, 12, 7))
    made = fife.bookings.book(
        "Viewforth High School", {"STEM kit": 1}, date(2026, 12, 10), date(2026, 12, 11)
    )[0]
    moved = fife.calendar.close(date(2026, 12, 7), move=True)
    assert [each.moved_to for each in moved.loans] == [date(2026, 12, 8)]
    assert moved.at_risk == ()
    moved = fife.calendar.close(date(2026, 12, 8), move=True, request_id="once")
    assert moved.at_risk == (made.id,)
    assert fife.bookings.get(made.id).at_risk
    fife.calendar.close(date(2026, 12, 8), move=True, request_id="once")
    fife.bookings.cancel(made.id)
    free = fife.bookings.free(date(2026, 12, 9), date(2026, 12, 14), "STEM kit")[0]
    assert [each.day.day for each in free.days if each.free] == [11, 12, 13, 14]
    assert fife.ledger.verify().ok


def test_no_loan_goes_by_the_calendar_of_a_site(fife: College, kit: str) -> None:
    """A campus that closes lists and moves no loan of the whole college."""
    fife.loans.check_out([kit], "Balwearie High School", due_on=date(2026, 12, 7))
    assert fife.calendar.close(date(2026, 12, 7), site="Levenmouth").loans == ()
    with pytest.raises(BadInput) as refusal:
        fife.calendar.close(date(2026, 12, 7), site="Levenmouth", move=True)
    assert refusal.value.code == "move_of_a_site"
    assert fife.find.loans().items[0].due_on == date(2026, 12, 7)


def test_a_closure_names_nobody(fife: College, tmp_path: Path) -> None:
    """A calendar of leave has names, and the ledger keeps what it has for ever."""
    day = date(2026, 12, 7)
    for act in (fife.calendar.close, fife.calendar.open):
        with pytest.raises(BadInput) as refusal:
            act(day, reason="Mrs Ada Smith is off")
        assert refusal.value.code == "names_a_person"
    with pytest.raises(BadInput) as refusal:
        fife.directory.block("Balwearie High School", "ask ada.smith@example.org")
    assert refusal.value.code == "names_a_person"
    path = tmp_path / "leave.ics"
    path.write_text(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261207\n"
        "SUMMARY:Dr Ada Smith on leave\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    read = read_ics(path)
    assert [(each.day, each.name) for each in read.days] == [(day, "closed")]
    assert len(read.not_taken) == 1
