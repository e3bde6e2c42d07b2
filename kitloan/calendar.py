"""Days and instants as the counter knows them.

A due date is a date, not an instant: fourteen days from Friday is a Friday, whatever the clocks
did in between. `today` is the date in Scotland. Instants are UTC, written as RFC 3339 to the
second, so that text order is time order in both databases and in the ledger.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from kitloan.errors import BadInput

SCOTLAND = ZoneInfo("Europe/London")
DEFAULT_LOAN_DAYS = 14
LONGEST_LOAN_DAYS = 3 * 366

Clock = Callable[[], datetime]
"""Gives the present instant, aware of its zone."""

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
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """The aware instant that `instant` wrote."""
    return datetime.fromisoformat(text)


def day_of(text: str) -> date:
    """The date in Scotland of an instant as `instant` wrote it."""
    return moment(text).astimezone(SCOTLAND).date()


def today(clock: Clock) -> date:
    """The date in Scotland now."""
    return clock().astimezone(SCOTLAND).date()


def end_of(day: date) -> str:
    """The last second of `day` in Scotland, as an instant."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=SCOTLAND) + timedelta(days=1)
    return instant(midnight.astimezone(UTC) - timedelta(seconds=1))


def year_before(day: date) -> date:
    """The same day twelve months earlier; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def parse_date(text: str) -> date:
    """A date as people in Britain write it: `23/11/2026`, `23.11.26`, `23 Nov 2026`, `2026-11-23`.

    Raises:
        BadInput: `bad_date`, when it is written otherwise, or there is no such day.
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
        return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        raise BadInput("bad_date", f"There is no such day: {text!r}.", value=text) from None


def parse_due(text: str, today: date) -> date:
    """When a loan is due: a number of days (`14d`) or a date.

    Raises:
        BadInput: `bad_date`, `due_in_the_past` or `due_too_late`.
    """
    found = _DAYS.fullmatch(text.strip())
    due = today + timedelta(days=int(found[1])) if found else parse_date(text)
    return check_due(due, today)


def check_due(due: date, today: date) -> date:
    """`due`, when a loan made `today` can be due then; refusals as `parse_due`."""
    if due < today:
        raise BadInput(
            "due_in_the_past",
            f"{uk(due)} is in the past: today is {uk(today)}.",
            "Give a date from today on, or a number of days like 14d.",
            due_on=due.isoformat(),
            today=today.isoformat(),
        )
    if (due - today).days > LONGEST_LOAN_DAYS:
        raise BadInput(
            "due_too_late",
            f"{uk(due)} is more than three years away.",
            "Lend for a shorter time and renew, or move the holding to where it lives now.",
            due_on=due.isoformat(),
        )
    return due


def uk(day: date) -> str:
    """A date as screens show it: `23 Nov 2026`."""
    return f"{day.day} {_MONTHS[day.month - 1].title()} {day.year}"


def uk_instant(text: str) -> str:
    """An instant as screens show it, in Scotland's time: `23 Nov 2026 11:42`."""
    local = moment(text).astimezone(SCOTLAND)
    return f"{uk(local.date())} {local:%H:%M}"
