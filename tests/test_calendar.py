"""Dates as Scotland keeps them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitloan.errors import BadInput
from kitloan.text.dates import (
    SCOTLAND,
    day_of,
    end_of,
    instant,
    parse_date,
    parse_day,
    parse_due,
    start_of,
    today,
    twelve_months_to,
    uk,
    uk_instant,
    year_before,
)

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    "text", ["2/7/2025", "02/07/25", "2.7.2025", "2 Jul 2025", "2 July 2025", "2025-07-02"]
)
def test_the_day_comes_first(text: str) -> None:
    """2/7 is July here, whatever the machine's language says."""
    assert parse_date(text) == date(2025, 7, 2)


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2026",
        "7",
        "someday",
        "2026-13-01",
        "1/1/1",
        "",
        "²d",
        "weeks",
        "fr",
        "32 dec",
        "29/13",
        "0026-12-18",
        "18/12/0026",
        "18 dec 0026",
        "9999-12-31",
    ],
)
def test_a_day_that_does_not_exist_is_refused(text: str) -> None:
    """A guessed date is worse than none."""
    with pytest.raises(BadInput) as refusal:
        parse_due(text, TODAY)
    assert refusal.value.code == "bad_date"


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_what_is_shown_can_be_typed(day: date) -> None:
    """A date copied off the screen must be taken."""
    assert parse_date(uk(day)) == day


def test_due_by_days_and_by_date() -> None:
    """Both are said at counters."""
    assert parse_due("14d", TODAY) == date(2026, 12, 7)
    assert parse_due("0 days", TODAY) == TODAY
    assert parse_due("7/12/2026", TODAY) == date(2026, 12, 7)
    for text, code in (("22/11/2026", "due_in_the_past"), ("9999d", "due_too_late")):
        with pytest.raises(BadInput) as refusal:
            parse_due(text, TODAY)
        assert refusal.value.code == code


@pytest.mark.parametrize(
    ("text", "ahead", "day"),
    [
        ("today", True, date(2026, 11, 23)),
        ("tomorrow", True, date(2026, 11, 24)),
        ("yesterday", False, date(2026, 11, 22)),
        ("friday", True, date(2026, 11, 27)),
        ("friday", False, date(2026, 11, 20)),
        ("Fri", False, date(2026, 11, 20)),
        ("on Friday", False, date(2026, 11, 20)),
        ("monday", True, date(2026, 11, 30)),
        ("monday", False, date(2026, 11, 16)),
        ("last friday", True, date(2026, 11, 20)),
        ("this friday", False, date(2026, 11, 27)),
        ("next monday", True, date(2026, 11, 30)),
        ("18 dec", True, date(2026, 12, 18)),
        ("18 dec", False, date(2025, 12, 18)),
        ("18th December", True, date(2026, 12, 18)),
        ("18/12", True, date(2026, 12, 18)),
        ("18.12.", False, date(2025, 12, 18)),
        ("23/11", True, date(2026, 11, 23)),
        ("2 jan", True, date(2027, 1, 2)),
        ("29/2", True, date(2028, 2, 29)),
        ("18th of December 2026", True, date(2026, 12, 18)),
        ("3 weeks", True, date(2026, 12, 14)),
        ("in 3 weeks", True, date(2026, 12, 14)),
        ("2w", True, date(2026, 12, 7)),
        ("a week", True, date(2026, 11, 30)),
        ("fortnight", True, date(2026, 12, 7)),
        ("a month", True, date(2026, 12, 23)),
        ("3 days ago", False, date(2026, 11, 20)),
        ("3 days ago", True, date(2026, 11, 20)),
        ("2 weeks", False, date(2026, 11, 9)),
        ("+14d", True, date(2026, 12, 7)),
    ],
)
def test_days_as_people_type_them(text: str, ahead: bool, day: date) -> None:
    """Else a technician counts on a calendar what everybody at the counter says in a word."""
    assert parse_day(text, TODAY, ahead=ahead) == day


def test_a_month_ends_when_it_ends() -> None:
    """Else a loan for a month from 31 January would be due on no day."""
    assert parse_day("a month", date(2027, 1, 31), ahead=True) == date(2027, 2, 28)
    assert parse_day("1 month", date(2027, 12, 31), ahead=True) == date(2028, 1, 31)
    with pytest.raises(BadInput):
        parse_day("9999 months ago", date(2027, 1, 31), ahead=True)


def test_two_days_that_could_be_meant_are_asked_about() -> None:
    """Half of Scotland means this week's Friday by it, and half the one after."""
    with pytest.raises(BadInput) as refusal:
        parse_day("next friday", TODAY, ahead=True)
    assert refusal.value.code == "bad_date"
    assert "27 Nov 2026 or 4 Dec 2026" in refusal.value.message


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.booleans())
def test_days_without_a_year_are_on_the_side_that_is_meant(day: date, ahead: bool) -> None:
    """A due date of last December would be overdue at once."""
    found = parse_day(f"{day.day}/{day.month}", TODAY, ahead=ahead)
    assert (found.day, found.month) == (day.day, day.month)
    assert found == TODAY or (found > TODAY) == ahead


def test_the_day_changes_at_midnight_in_scotland() -> None:
    """In summer a kit is overdue an hour before UTC thinks so."""
    late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    assert today(lambda: late) == date(2026, 7, 1)
    assert day_of(instant(late)) == date(2026, 7, 1)
    assert uk_instant(instant(late)) == "1 Jul 2026 00:30"
    assert end_of(date(2026, 6, 30)) == "2026-06-30T22:59:59Z"


@pytest.mark.parametrize("year", [1, 1846, 1941, 1944, 1970, 2026])
def test_each_hour_is_of_the_day_that_scotland_had(year: int) -> None:
    """Most hours are read off their text; local time and double summer time are years too."""
    for month in (1, 6):
        for minutes in range(0, 48 * 60, 59):
            then = datetime(year, month, 2, tzinfo=UTC) + timedelta(minutes=minutes, seconds=30)
            assert day_of(instant(then)) == then.astimezone(SCOTLAND).date()


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2026, 10, 25), "2026-10-25T23:59:59Z"),
        (date(2026, 10, 24), "2026-10-24T22:59:59Z"),
        (date(2027, 3, 28), "2027-03-28T22:59:59Z"),
    ],
)
def test_days_end_right_where_the_clocks_change(day: date, end: str) -> None:
    """An audit as at the 25th must not lose its last hour."""
    assert end_of(day) == end


@pytest.mark.parametrize(
    ("last", "first", "days"),
    [
        (date(2027, 7, 31), date(2026, 8, 1), 365),
        (date(2027, 12, 31), date(2027, 1, 1), 365),
        (date(2028, 2, 28), date(2027, 3, 1), 365),
        (date(2028, 2, 29), date(2027, 3, 1), 366),
        (date(2028, 7, 31), date(2027, 8, 1), 366),
        (date(2029, 2, 28), date(2028, 2, 29), 366),
    ],
)
def test_twelve_months_are_as_long_as_a_year(last: date, first: date, days: int) -> None:
    """A kit that is lent on every day of a year would have been lent on one more than it has."""
    assert twelve_months_to(last) == first
    assert year_before(last) == first - timedelta(days=1)
    assert (last - first).days + 1 == days


def test_a_day_begins_at_midnight_in_scotland() -> None:
    """A scan at half past midnight in June would be one of the day before."""
    assert start_of(date(2027, 6, 10)) == "2027-06-09T23:00:00Z"
    assert start_of(date(2027, 12, 10)) == "2027-12-10T00:00:00Z"
