"""Closures that come in a list: all-day events of an `.ics` file, and Scotland's bank holidays."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from kitloan.errors import BadInput, no_such_file
from kitloan.storage.files import insist_on_file
from kitloan.text.dates import FIRST_YEAR, LAST_YEAR
from kitloan.text.names import LONGEST_NAME, plain
from kitloan.text.personal import names_a_person

_MOST_BYTES = 1_000_000
_LONGEST = 366
"""The most days of one event: a longer one is a mistake, or no closure."""
_CLOSED = "closed"
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)")


@dataclass(frozen=True, slots=True)
class Closure:
    """A day that is proposed as closed, and why."""

    day: date
    name: str


@dataclass(frozen=True, slots=True)
class Closures:
    """What a file has: days, and the events or words that cannot be taken, each with the reason."""

    days: tuple[Closure, ...]
    not_taken: tuple[str, ...]


def bank_holidays(year: int) -> tuple[Closure, ...]:
    """Scotland's bank holidays of a year, with the substitute days for those on weekends.

    Source: the package `holidays`, country GB, subdivision SCT, which follows the Scottish
    Government's list.

    Raises:
        BadInput: `bad_year`.
    """
    from holidays import country_holidays  # 0.2 s, for this alone

    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadInput(
            "bad_year",
            f"{year} is out of range.",
            f"Give a year from {FIRST_YEAR} to {LAST_YEAR}.",
            value=year,
        )
    found = country_holidays("GB", subdiv="SCT", years=year)
    return tuple(Closure(day, name) for day, name in sorted(found.items()) if day.year == year)


def read_ics(path: Path) -> Closures:
    """The all-day events of an iCalendar file (RFC 5545), a closure for each of their days.

    An event with a time of day or one that repeats by a rule is not taken, and named. Words that
    name a person are left out, because the ledger keeps them.

    Raises:
        BadInput: `no_such_file`, `not_a_file`, `not_a_calendar`, `too_large`.
    """
    insist_on_file(path)
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise no_such_file(path) from None
    except OSError as problem:
        raise BadInput(
            "unreadable", f"{path} cannot be read: {problem.strerror}.", "Check the file."
        ) from problem
    if len(raw) > _MOST_BYTES:
        raise BadInput(
            "too_large",
            f"{path} has {len(raw):,} bytes; a calendar of closures has at most {_MOST_BYTES:,}.",
            "Export the closures alone.",
        )
    # A line that goes on in the next one is folded: a line end, then a space or a tab.
    text = re.sub(r"\r?\n[ \t]", "", raw.decode("utf-8-sig", errors="replace"))
    if "BEGIN:VCALENDAR" not in text.upper():
        raise BadInput(
            "not_a_calendar",
            f"{path} is not an iCalendar file.",
            "Export the calendar as .ics, or close the days one by one: kitloan calendar close DAY",
            file=str(path),
        )
    days: dict[date, str] = {}
    not_taken: list[str] = []
    for event in re.findall(r"(?ims)^BEGIN:VEVENT\s*$(.*?)^END:VEVENT", text):
        lines = dict(_property(line) for line in event.splitlines() if ":" in line)
        name = _words(lines.get("SUMMARY", "")) or _CLOSED
        kept = _CLOSED if names_a_person(name) else name
        wrong = _take(lines, kept, days)
        if wrong:
            not_taken.append(f"{name}: {wrong}")
        elif kept != name:
            not_taken.append(f"the words {name!r}: they name a person")
    ordered = tuple(Closure(day, days[day]) for day in sorted(days))
    return Closures(ordered, tuple(not_taken))


def _property(line: str) -> tuple[str, str]:
    head, _, value = line.partition(":")
    return head.partition(";")[0].strip().upper(), value.strip()


def _words(value: str) -> str:
    text = re.sub(r"\\[nN]", " ", value)
    return plain(" ".join(re.sub(r"\\(.)", r"\1", text).split()))[:LONGEST_NAME].strip()


def _take(lines: dict[str, str], name: str, days: dict[date, str]) -> str:
    """Add the days of an event; gives why it cannot be taken, empty when it was."""
    if lines.get("STATUS", "").upper() == "CANCELLED":
        return "cancelled"
    if "RRULE" in lines or "RDATE" in lines:
        return "it repeats by a rule; close its days one by one"
    first = _day(lines.get("DTSTART", ""))
    if first is None:
        return "not an all-day event"
    end = _day(lines["DTEND"]) if "DTEND" in lines else first + timedelta(days=1)
    if end is None or not 0 < (end - first).days <= _LONGEST:
        return "its last day cannot be read"
    for n in range((end - first).days):  # DTEND is the day after the last
        days.setdefault(first + timedelta(days=n), name)
    return ""


def _day(value: str) -> date | None:
    if not _DATE.fullmatch(value):
        return None
    try:
        day = datetime.strptime(value, "%Y%m%d").date()  # noqa: DTZ007  # a day has no zone
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None
