"""Columns that are days, weeks or months, with who has each thing in them: a plan of loans.

The column that has today in it shows who has a thing now, if a person confirms that the plan was
followed. A loan lasts until the end of the last column in a row with the same borrower.
"""

import calendar
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from kitloan.imports.headings import plain_header
from kitloan.imports.sheets import Unreadable, Value
from kitloan.imports.values import Dates, Fault, day, month_of, yearless

_WEEK = re.compile(
    r"(?:w/?\s*[cb]\b|week (?:commencing|beginning|starting|of)|wk (?:comm?|beg)?\b|week\b)"
    r"[\s:.-]*",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    r"(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)[a-z]*[\s,.]+", re.IGNORECASE
)
_MONTH = re.compile(r"([A-Za-z]+)\.?[\s-]*'?(\d{4}|\d{2})?")
_NUMBERED = re.compile(r"(?:week|wk|w) ?(?:no\.? ?)?(\d{1,2})", re.IGNORECASE)
_LEAST = 2
_LONGEST = timedelta(days=45)
_HALF_YEAR = timedelta(days=183)
_RANGE = re.compile(
    r"\s*(?:[–—]|\s-\s|(?<=[A-Za-z\d])-(?=\d{1,2}\s*[A-Za-z])|\bto\b)\s*", re.IGNORECASE
)
_GAPS = {1, 2, 3, 7, 14, 28, 29, 30, 31}


@dataclass(frozen=True, slots=True)
class ColumnDays:
    """The days of one column, both included."""

    first: date
    last: date


def spans_of(headers: Mapping[int, str], today: date) -> dict[int, ColumnDays]:
    """By position, the days of each column that is a day, a week or a month; empty for none.

    Args:
        headers: by position, the headings of a table.
        today: a heading without a year is the one nearest to today.
    """
    if numbered := _numbered_weeks(headers, today):
        return numbered
    starts: list[tuple[int, date, date | None]] = []
    for index, header in headers.items():
        found = _begins(plain_header(header), today)
        if found is not None:
            starts.append((index, *found))
    if len(starts) < _LEAST or not _rising(starts):
        return {}
    spans = {}
    for at, (index, first, last) in enumerate(starts):
        if last is None and at + 1 < len(starts):
            last = starts[at + 1][1] - timedelta(days=1)
        if last is None:  # the last column is as long as the one before it
            last = first + (first - starts[at - 1][1]) - timedelta(days=1)
        spans[index] = ColumnDays(first, last)
    return spans if all(each.last - each.first <= _LONGEST for each in spans.values()) else {}


def _numbered_weeks(headers: Mapping[int, str], today: date) -> dict[int, ColumnDays]:
    """The weeks of the year that headings number, "Week 48", where today's is one of them."""
    found = {
        index: int(match[1])
        for index, header in headers.items()
        if (match := _NUMBERED.fullmatch(header.strip()))
    }
    year, week, _ = today.isocalendar()
    numbers = list(found.values())
    if len(found) < _LEAST or week not in numbers or numbers != sorted(set(numbers)):
        return {}
    spans = {}
    for index, number in found.items():
        if 1 <= number <= 52:
            first = date.fromisocalendar(year, number, 1)
            spans[index] = ColumnDays(first, first + timedelta(days=6))
    return spans


def column_of(spans: Mapping[int, ColumnDays], today: date) -> int | None:
    """The column that has today in it."""
    return next((i for i, each in spans.items() if each.first <= today <= each.last), None)


def _rising(starts: Sequence[tuple[int, date, date | None]]) -> bool:
    days = [first for _, first, _ in starts]
    return all(one < other for one, other in pairwise(days))


def _begins(header: str, today: date) -> tuple[date, date | None] | None:
    """The first day of a column, and the last one where the heading shows it."""
    if found := _MONTH.fullmatch(header.strip()):
        number = month_of(found[1])
        if number is None:
            return None
        year = _year(found[2], number, today)
        return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])
    week = _WEEK.match(header)
    text = header[week.end() :] if week else header
    weekday = _WEEKDAY.match(text)
    text = text[weekday.end() :] if weekday else text
    ends = _RANGE.split(text.strip())
    if len(ends) == 2 and (last := _day_near(ends[1], today)):
        month = ends[1].lstrip("0123456789 ")
        first = _day_near(ends[0], today) or _day_near(f"{ends[0]} {month}", today)
        return (first, last) if first and first <= last else None
    read = _day_near(text, today)
    if read is None or abs(read - today) > 4 * _HALF_YEAR:
        return None
    if week:
        return read, read + timedelta(days=6)
    return read, read if weekday else None


def _day_near(text: str, today: date) -> date | None:
    """The day that a text is; without a year, the one nearest to today."""
    read = day(text.strip(), dates=Dates("day"))
    if not isinstance(read, Fault):
        return read
    near = yearless(text.strip(), today, Dates("day"))
    return min(near, key=lambda each: abs(each - today)) if near else None


def days_in_order(values: Sequence[Value]) -> frozenset[int]:
    """The positions of the days in a line that counts them up, as the heading of a plan does."""
    read = [
        (index, found)
        for index, value in enumerate(values)
        if value is not None and not isinstance(value, Unreadable)
        if not isinstance(found := day(value), Fault)
    ]
    gaps = {(other - one).days for (_, one), (_, other) in pairwise(read)}
    return frozenset(index for index, _ in read) if len(read) > 2 and gaps <= _GAPS else frozenset()


def _year(written: str | None, month: int, today: date) -> int:
    if written:
        return int(written) + (2000 if len(written) == 2 else 0)
    years = (today.year - 1, today.year, today.year + 1)
    return min(years, key=lambda year: abs(date(year, month, 15) - today))
