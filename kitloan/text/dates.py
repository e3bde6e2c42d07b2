"""Days and instants as the counter knows them.

A due date is a date, not an instant: fourteen days from Friday is a Friday, whatever the clocks
did in between. `today` is the date in Scotland. Instants are UTC, written as RFC 3339 to the
second, so that text order is time order in both databases and in the ledger.

A day that a person gives is between `FIRST_YEAR` and `LAST_YEAR`. A sealed day may be any in the
calendar: it stays for ever, so all code that reads days must accept it.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from kitloan.errors import BadInput

SCOTLAND = ZoneInfo("Europe/London")
DEFAULT_LOAN_DAYS = 14
LONGEST_LOAN_DAYS = 3 * 366
FIRST_YEAR, LAST_YEAR = 1900, 2999
"""The range of years that people may give; any other is a typing mistake."""

Clock = Callable[[], datetime]
"""Gives the present instant, with its time zone."""

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_UK = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})")
_WORDS = re.compile(r"(\d{1,2}) ([A-Za-z]{3,9})\.? (\d{4}|\d{2})")
_DAYS = re.compile(r"\+?(\d{1,4}) ?d(?:ays?)?", re.IGNORECASE)


def system_clock() -> datetime:
    """The machine's own clock."""
    return datetime.now(UTC)


def instant(moment: datetime) -> str:
    """An aware `moment` as the tables and the ledger keep it: `2026-11-23T11:42:05Z`."""
    return f"{_in_zone(moment, UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def moment(text: str) -> datetime:
    """The aware instant that `instant` wrote."""
    return datetime.fromisoformat(text)


def day_of(text: str) -> date:
    """The date in Scotland of an instant as `instant` wrote it, or of a day that has no hour."""
    if "T" not in text:
        return date.fromisoformat(text)
    return in_scotland(moment(text)).date()


def in_scotland(moment: datetime) -> datetime:
    """An aware `moment` in Scotland's time; in the calendar's first and last hours, as it is."""
    return _in_zone(moment, SCOTLAND)


def _in_zone(moment: datetime, zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:  # that zone has no such day
        return moment


def today(clock: Clock) -> date:
    """The date in Scotland now."""
    return in_scotland(clock()).date()


def days_after(day: date, days: int) -> date:
    """The day `days` after `day`, or before it; at the calendar's ends its first or last."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def same_time_tomorrow(text: str) -> str:
    """The instant 24 hours after one that `instant` wrote; on the calendar's last day, the same."""
    at = moment(text)
    return text if at.date() == date.max else instant(at + timedelta(days=1))


def end_of(day: date) -> str:
    """The last second of `day` in Scotland, as an instant."""
    return instant(datetime.combine(day, time(23, 59, 59), tzinfo=SCOTLAND))


def start_of(day: date) -> str:
    """The first second of `day` in Scotland, as an instant."""
    return instant(datetime(day.year, day.month, day.day, tzinfo=SCOTLAND))


def year_before(day: date) -> date:
    """The same day twelve months earlier; 29 February becomes the 28th.

    A holding that was seen on that day was seen within the twelve months: as with a due date, the
    day on which it must be seen again is not over.
    """
    if day.year == date.min.year:
        return date.min
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def twelve_months_to(day: date) -> date:
    """The first day of the twelve months that end with `day`: for 31 July 2027, 1 August 2026.

    Days of use are counted over them, both ends included: 365 days, or 366 with a leap day.
    """
    return year_before(day) + timedelta(days=1)


def parse_date(text: str) -> date:
    """A date as people in Britain write it: `23/11/2026`, `23.11.26`, `23 Nov 2026`, `2026-11-23`.

    Raises:
        BadInput: `bad_date`, for another form, a day that does not exist, or a year out of range.
    """
    wanted = text.strip()
    if found := _ISO.fullmatch(wanted):
        year, month, day = (int(part) for part in found.groups())
    elif found := _UK.fullmatch(wanted):
        day, month, year = (int(part) for part in found.groups())
    elif (found := _WORDS.fullmatch(wanted)) and found[2][:3].lower() in _MONTHS:
        day, month, year = int(found[1]), _MONTHS.index(found[2][:3].lower()) + 1, int(found[3])
    else:
        raise BadInput(
            "bad_date",
            f"{text!r} is not a date.",
            "Write it like 23/11/2026, 23 Nov 2026 or 2026-11-23.",
            value=text,
        )
    try:
        return check_year(date(year + 2000 if year < 100 else year, month, day))
    except ValueError:
        raise BadInput(
            "bad_date", f"{text!r} is a day that does not exist.", "Check the date.", value=text
        ) from None


def check_year(day: date) -> date:
    """`day`, when its year is in range.

    Raises:
        BadInput: `bad_date`.
    """
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadInput(
            "bad_date",
            f"{uk(day)} is out of range.",
            f"Give a year from {FIRST_YEAR} to {LAST_YEAR}.",
            value=day.isoformat(),
        )
    return day


def check_past(day: date, today: date) -> date:
    """`day`, when it is not in the future.

    Raises:
        BadInput: `bad_date` or `in_the_future`.
    """
    if day > today:
        raise BadInput(
            "in_the_future",
            f"{uk(day)} is in the future: today is {uk(today)}.",
            "Give the day on which it happened.",
            value=day.isoformat(),
        )
    return check_year(day)


def parse_due(text: str, today: date) -> date:
    """When a loan is due: a number of days (`14d`) or a date.

    Raises:
        BadInput: `bad_date`, `due_in_the_past` or `due_too_late`.
    """
    if found := _DAYS.fullmatch(text.strip()):
        return check_due(days_after(today, int(found[1])), today)
    try:
        return check_due(parse_date(text), today)
    except BadInput as problem:
        if problem.code == "bad_date":
            problem.hint = "Write a number of days like 14d, or a date like 23/11/2026."
        raise


def check_due(due: date, today: date) -> date:
    """`due`, when a loan made `today` can be due then; errors as `parse_due`."""
    if not isinstance(due, date) or isinstance(due, datetime):
        raise BadInput(
            "bad_date",
            f"{due!r} is not a date.",
            "Give a date like 23/11/2026.",
            value=str(due)[:60],
        )
    if due < today:
        raise BadInput(
            "due_in_the_past",
            f"{uk(due)} is in the past: today is {uk(today)}.",
            "Give today or a later date, or a number of days like 14d.",
            due_on=due.isoformat(),
            today=today.isoformat(),
        )
    if (due - today).days > LONGEST_LOAN_DAYS:
        raise BadInput(
            "due_too_late",
            f"{uk(due)} is more than three years away.",
            "Give an earlier date, and renew the loan when it is due.",
            due_on=due.isoformat(),
        )
    return due


def uk(day: date) -> str:
    """A date as screens show it: `23 Nov 2026`."""
    return f"{day.day} {_MONTHS[day.month - 1].title()} {day.year}"


def uk_instant(text: str) -> str:
    """An instant as screens show it, in Scotland's time: `23 Nov 2026 11:42`."""
    local = in_scotland(moment(text))
    return f"{uk(local.date())} {local:%H:%M}"
