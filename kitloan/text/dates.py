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
from functools import lru_cache
from zoneinfo import ZoneInfo

from kitloan.errors import BadInput

SCOTLAND = ZoneInfo("Europe/London")
DEFAULT_LOAN_DAYS = 14
LONGEST_LOAN_DAYS = 3 * 366
FIRST_YEAR, LAST_YEAR = 1900, 2999
"""The range of years that people may give; any other is a typing mistake."""

NO_HOUR = "T00:00:00Z"
"""The time of an instant of which only the day is known."""

FOREVER = date.max.toordinal() + 1
"""The ordinal of a day after every day of the calendar."""

Clock = Callable[[], datetime]
"""Gives the present instant, with its time zone."""

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_UK = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})")
_WORDS = re.compile(r"(\d{1,2}) ([A-Za-z]{3,9})\.? (\d{4}|\d{2})")
_NO_YEAR = re.compile(r"(\d{1,2})(?:[/.](\d{1,2})|(?:st|nd|rd|th)? (?:of )?([a-z]{3,9}))\.?")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b(?: of)?")
_SPAN = re.compile(
    r"\+?(?:(?P<number>\d{1,4}|an?|one) ?)?"
    r"(?P<unit>d(?:ays?)?|w(?:(?:ee)?ks?)?|fortnights?|months?)(?P<ago> ago)?"
)
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_SHORTEST_DAY = 3
_UNIT_DAYS = {"d": 1, "w": 7, "f": 14}
_AS_SPOKEN = "Write it like friday, 18 dec, 18/12/2026, 3 weeks or 14d."


def system_clock() -> datetime:
    """The machine's own clock."""
    return datetime.now(UTC)


def instant(moment: datetime) -> str:
    """An aware `moment` as the tables and the ledger keep it: `2026-11-23T11:42:05Z`."""
    return f"{_in_zone(moment, UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def moment(text: str) -> datetime:
    """The aware instant that `instant` wrote."""
    return datetime.fromisoformat(text)


@lru_cache(maxsize=4_096)  # of the present instant it is asked several times
def day_of(text: str) -> date:
    """The date in Scotland of an instant as `instant` wrote it, or of a day that has no hour."""
    if "T" not in text:
        return date.fromisoformat(text)
    if "01" <= text[11:13] < "22":  # Scotland was never an hour behind, nor more than two ahead
        return date.fromisoformat(text[:10])
    return in_scotland(moment(text)).date()


def day_happened(at: str, on: str | None) -> date:
    """The day on which something happened: its own, else that of the instant it was recorded."""
    return date.fromisoformat(on) if on else day_of(at)


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


def months_after(day: date, months: int) -> date:
    """The day so many calendar months after `day`; the month's last where it has no such day.

    Six months after 31 August 2026 is 28 February 2027. Past the calendar's end, its last day.
    """
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    if year > date.max.year:
        return date.max
    for last in range(day.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, min(day.day, 28))


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


def last_quarter_end(day: date) -> date:
    """The last day of the calendar quarter that was over before `day`; of 30 September, 30 June."""
    return date(day.year, day.month - (day.month - 1) % 3, 1) - timedelta(days=1)


def parse_date(text: str) -> date:
    """A date as people in Britain write it: `23/11/2026`, `23.11.26`, `23 Nov 2026`, `2026-11-23`.

    Raises:
        BadInput: `bad_date`, for another form, a day that does not exist, or a year out of range.
    """
    written = _written(text.strip())
    if written is None:
        raise BadInput(
            "bad_date",
            f"{text!r} is not a date.",
            "Write it like 23/11/2026, 23 Nov 2026 or 2026-11-23.",
            value=text,
        )
    return _checked(written, text)


def _written(text: str) -> tuple[int, int, int] | None:
    """Year, month and day of a date that is written in full; None when it is not one.

    A year of two figures is of this century. One of four is as it is, also 0026.
    """
    if found := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _UK.fullmatch(text):
        day, month = int(found[1]), int(found[2])
        year = _year(found[3])
    elif (found := _WORDS.fullmatch(text)) and found[2][:3].lower() in _MONTHS:
        day, month, year = int(found[1]), _MONTHS.index(found[2][:3].lower()) + 1, _year(found[3])
    else:
        return None
    return year, month, day


def _year(figures: str) -> int:
    return int(figures) + (2000 if len(figures) == 2 else 0)


def _checked(written: tuple[int, int, int], text: str) -> date:
    try:
        return check_year(date(*written))
    except ValueError:
        raise BadInput(
            "bad_date", f"{text!r} is a day that does not exist.", "Check the date.", value=text
        ) from None


def parse_day(text: str, today: date, *, ahead: bool) -> date:
    """A day as people type it at a counter; whatever `parse_date` takes too.

    `today`, `tomorrow`, `yesterday`; `friday` or `fri`; `18 dec`, `18/12`; `3 weeks`, `14d`,
    `a month`, `2 weeks ago`. What could be more than one day is the nearest one in the direction
    asked for, which is never today for a weekday.

    Args:
        text: what was typed; case does not count, nor do `on`, `in`, `until` or `by` before it.
        today: the date in Scotland now.
        ahead: whether a day to come is meant; else one that is past.

    Raises:
        BadInput: `bad_date`, when no day is meant, or `next friday` could be either of two.
    """
    words = re.sub(r"^(?:on|in|until|till|by) ", "", " ".join(text.lower().split()))
    known = {"today": 0, "tomorrow": 1, "yesterday": -1}.get(words)
    if known is not None:
        return days_after(today, known)
    if found := _weekday(words, today, ahead=ahead):
        return found
    if span := _SPAN.fullmatch(words):
        return _after_span(text, today, span, ahead=ahead)
    if named := _NO_YEAR.fullmatch(words):
        return _in_nearest_year(text, today, named, ahead=ahead)
    written = _written(_ORDINAL.sub("", words))
    if written is None:
        raise _no_date(text)
    return _checked(written, text)


def _weekday(words: str, today: date, *, ahead: bool) -> date | None:
    which, _, name = words.rpartition(" ")
    named = [n for n, each in enumerate(_WEEKDAYS) if each.startswith(name)]
    if len(name) < _SHORTEST_DAY or not named or which not in ("", "next", "last", "this"):
        return None
    ahead = {"next": True, "this": True, "last": False}.get(which, ahead)
    coming = (named[0] - today.weekday() - 1) % 7 + 1
    nearest = days_after(today, coming if ahead else coming - 7 - 7 * (coming == 7))
    if which == "next" and coming + today.weekday() < 7:  # it is of this week
        later = days_after(nearest, 7)
        raise BadInput(
            "bad_date",
            f"{words!r} could be {uk(nearest)} or {uk(later)}.",
            f"Write {name}, or the date.",
            value=words,
        )
    return nearest


def _after_span(text: str, today: date, span: re.Match[str], *, ahead: bool) -> date:
    number, unit = span["number"] or "", span["unit"]
    if not number and unit[0] != "f":
        raise _no_date(text)
    many = int(number) if number.isdecimal() else 1
    many = many if ahead and not span["ago"] else -many
    if unit[0] != "m":
        return days_after(today, many * _UNIT_DAYS[unit[0]])
    months = today.year * 12 + today.month - 1 + many
    for day in range(today.day, 0, -1):  # a month after 31 January is the end of February
        try:
            return check_year(date(months // 12, months % 12 + 1, day))
        except ValueError:
            continue
    raise _no_date(text)


def _in_nearest_year(text: str, today: date, named: re.Match[str], *, ahead: bool) -> date:
    day, number, month = named.groups()
    if month and month[:3] not in _MONTHS:
        raise _no_date(text)
    in_year = int(number) if number else _MONTHS.index(month[:3]) + 1
    for year in range(today.year, today.year + (5 if ahead else -5), 1 if ahead else -1):
        try:
            found = date(year, in_year, int(day))
        except ValueError:  # 29 February, of most years
            continue
        if found == today or (found > today) == ahead:
            return found
    raise BadInput("bad_date", f"There is no such day: {text!r}.", value=text)


def _no_date(text: str) -> BadInput:
    return BadInput("bad_date", f"{text!r} is not a date.", _AS_SPOKEN, value=text)


def parse_past(text: str, today: date) -> date:
    """A day on which something happened, as `parse_day` reads it; `friday` is the last one.

    Raises:
        BadInput: `bad_date`; `in_future`.
    """
    day = parse_day(text, today, ahead=False)
    if day > today:
        raise BadInput(
            "in_future",
            f"{uk(day)} is in the future: today is {uk(today)}.",
            "Give the day on which it happened.",
            on=day.isoformat(),
            today=today.isoformat(),
        )
    return day


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
        BadInput: `bad_date` or `in_future`.
    """
    if day > today:
        raise BadInput(
            "in_future",
            f"{uk(day)} is in the future: today is {uk(today)}.",
            "Give the day on which it happened.",
            value=day.isoformat(),
        )
    return check_year(day)


def parse_due(text: str, today: date) -> date:
    """When a loan is due, as `parse_day` reads it: `14d`, `friday`, `18 dec`, `3 weeks`.

    Raises:
        BadInput: `bad_date`, `due_in_the_past` or `due_too_late`.
    """
    return check_due(parse_day(text, today, ahead=True), today)


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
    """An instant as screens show it, in Scotland's time: `23 Nov 2026 11:42`; a day without hour.

    One that has the time of `NO_HOUR` is a day of which nobody knows the hour: `23 Nov 2026`.
    """
    local = in_scotland(moment(text))
    if text.endswith(NO_HOUR):
        return uk(local.date())
    return f"{uk(local.date())} {local:%H:%M}"
