"""One cell of a register, read as what its column holds.

Every reader here takes a value that is there and gives what it means, or a `Fault`: why it cannot
be taken, as the end of a sentence. Nothing is guessed. Whether the day or the month comes first is
a matter of the whole column (`Dates`); "tbc" is no sum of money; "about 30" is no quantity.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from kitloan.imports.sheets import Readable, Unreadable, Value
from kitloan.ledger.facts.base import MOST_PENCE
from kitloan.text import tags
from kitloan.text.dates import SCOTLAND
from kitloan.text.names import LONGEST_NAME, fault, fold, tidy
from kitloan.text.personal import names_a_person
from kitloan.text.scans import kind_of_label

LONGEST_NOTE = 2_000
MOST_QUANTITY = 1_000_000
"""Ten million pounds; with the quantity, the bounds that any database's integers hold."""

_NOTHING = {"-", "--", "–", "—", "n/a", "na", "n.a.", "none", "nil", "not applicable"}

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_CLOCK = (  # exports add the time of day, and its zone
    r"(?:[ T,]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[ap]\.?m\.?)?"
    r"\s*(?:Z|UTC|GMT|BST|[+-]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST = re.compile(
    rf"(\d{{4}})([-/.]?)(\d{{2}}|(?<=[-/.])\d)\2(\d{{2}}|(?<=[-/.])\d){_CLOCK}",
    re.ASCII | re.IGNORECASE,
)
_ZONED = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})", re.ASCII
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? )?"
_DAY_FIRST = re.compile(
    rf"{_WEEKDAY}(\d{{1,2}})([-/. ])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_CLOCK}",
    re.ASCII | re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:[a-z]+,? )?(\d{1,2})(?:st|nd|rd|th)?(?: of)?[- /.]?([a-z]{3,9})\.?,?[- /.]?(\d{4}|\d{2})"
    rf"{_CLOCK}",
    re.ASCII | re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"{_WEEKDAY}([a-z]{{3,9}})\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}}){_CLOCK}",
    re.ASCII | re.IGNORECASE,
)
_SERIAL_DAY = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
_EXCEL_BEGINS = date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 29_221, 62_000  # 1980 to 2069
_MONEY = re.compile(r"(?:£|gbp)? ?(\d{1,3}(?:,\d{3})+|\d+)(\.\d{1,2})?(?: ?gbp)?", re.ASCII | re.I)
_NEGATIVE = re.compile(r"[-−(]")
_WHOLE = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?", re.ASCII)
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")

_NOT_OUT = {
    *("in", "in store", "in stock", "in college", "on site", "available", "returned", "back"),
    *("here", "no", "n", "false", "not on loan", "not out"),
    *("not loaned", "not lent", "not loaned out", "not lent out", "not borrowed", "not issued"),
    *("unloaned", "not currently on loan", "nobody", "no one", "no-one", "noone", "not used"),
    *("not in use", "none at present", "not booked", "not booked out", "free", "not assigned"),
    *("unassigned", "not allocated", "unallocated", "not checked out"),
    *("us", "ourselves", "ours", "we have it", "with us", "still here", "in the college"),
}
_YES = {"yes", "y", "true", "out", "on loan", "x"}

_TITLES = {
    "owned": (
        *("owned", "owned by college", "owned by the college", "college owned", "college"),
        *("property of the college", "gift", "gifted", "outright gift"),
    ),
    "on_loan_from_donor": (
        *("on loan from the donor", "on loan from donor", "on loan", "loan", "loaned"),
        *("long term loan", "on long term loan", "lent by the donor", "owned by the donor"),
    ),
    "held_for_esp": (
        *("held for esp", "esp", "held on behalf of esp", "owned by esp", "property of esp"),
    ),
    "unknown": ("unknown", "not known", "unsure", "unclear", "?"),
}
_TITLE_OF = {fold(words): title for title, phrases in _TITLES.items() for words in phrases}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a value cannot be taken, as the end of a sentence whose beginning is the value."""

    problem: str


_NAMES_SOMEBODY = Fault("names a person, and the ledger would keep it for ever")
NAMES_A_PERSON = Fault("names a person: put the school here, and the person under Contact")


def as_text(value: Value) -> str:
    """A value as its spreadsheet shows it: a whole number without decimals, a date the UK way."""
    if value is None:
        return ""
    if isinstance(value, Unreadable):
        return value.shown
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        at = value.strftime("%H:%M") if value.time() != time() else ""
        return f"{value.day:02}/{value.month:02}/{value.year:04} {at}".rstrip()
    if isinstance(value, date):
        return f"{value.day:02}/{value.month:02}/{value.year:04}"
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def shown(value: Value) -> str:
    """A value as its spreadsheet shows it, tidy."""
    return _tidied(value) if isinstance(value, str) else tidy(as_text(value))


_tidied = lru_cache(maxsize=8192)(tidy)


def means_nothing(value: Value) -> bool:
    """Whether an optional cell is empty, or means that in words."""
    if not isinstance(value, str):
        return value is None
    return len(value) < 40 and (not value or value.isspace() or fold(value) in _NOTHING)


def words(value: Readable, limit: int = LONGEST_NAME) -> str | Fault:
    """A name, a place, a remark: tidied, on one line, and safe to show and to hand on."""
    return _words(shown(value), limit)


@lru_cache(maxsize=8192)
def _words(text: str, limit: int) -> str | Fault:
    wrong = fault(text, limit)
    return Fault(wrong) if wrong else text


def means_not_out(value: Value) -> bool:
    """Whether a cell that should name a borrower means in words that there is none."""
    return means_nothing(value) or (isinstance(value, str) and fold(value) in _NOT_OUT)


def name(value: Readable) -> str | Fault:
    """Who somebody is; a date or a number in its place means that the column was misunderstood."""
    if isinstance(value, bool | int | float | Decimal | date) or not isinstance(day(value), Fault):
        return Fault("is not a name")
    return words(value)


def borrower(value: Readable) -> str | Fault:
    """An organisation that has the kit. A person's name must not come into the ledger."""
    text = name(value)
    if isinstance(text, Fault):
        return text
    if fold(text) in _YES:
        return Fault("does not say who has it")
    return NAMES_A_PERSON if "@" in text or names_a_person(text) else text


def kind(value: Readable) -> str | Fault:
    """What a thing is: no code that kitloan prints, which always means one thing or a command."""
    text = words(value)
    label = kind_of_label(text) if isinstance(text, str) else ""
    return Fault(f"is {label}, not a name") if label else text


def on_record(value: Readable) -> str | Fault:
    """A place, or whose a holding is: the ledger keeps it for ever, and no person's name."""
    text = kind(value)
    return _NAMES_SOMEBODY if isinstance(text, str) and names_a_person(text) else text


def giver(value: Readable) -> str | Fault:
    """Who gave a holding, or paid for it: an organisation."""
    text = name(value)
    text = kind(text) if isinstance(text, str) else text
    return _NAMES_SOMEBODY if isinstance(text, str) and names_a_person(text) else text


def note(value: Readable) -> str | Fault:
    """Words of an extra column, which may run longer."""
    return words(value, LONGEST_NOTE)


Order = Literal["day", "month", "mixed", "unclear"]


@dataclass(frozen=True, slots=True)
class Dates:
    """How a column writes its days: whether the day or the month comes first.

    Attributes:
        order: "day" or "month" where a day that is impossible otherwise decides; "mixed" where such
            days speak for both; "unclear" where none does, and then the day comes first.
        examples: what decided, or could be either.
    """

    order: Order = "unclear"
    examples: tuple[str, ...] = ()
    ambiguous: bool = False

    @staticmethod
    def of(values: Iterable[Value]) -> "Dates":
        """The order that a column's own values show."""
        first: list[str] = []
        second: list[str] = []
        either: list[str] = []
        for value in dict.fromkeys(each for each in values if isinstance(each, str)):
            if not (found := _DAY_FIRST.fullmatch(tidy(value))):
                continue
            one, other = int(found[1]), int(found[3])
            into = first if one > 12 >= other else second if other > 12 >= one else either
            if one <= 12 and other <= 12 and one == other:
                continue
            if len(into) < 3 and value not in into:
                into.append(value)
        if first and second:
            return Dates("mixed", (first[0], second[0]), bool(either))
        if second:
            return Dates("month", tuple(second), bool(either))
        return (
            Dates("day", tuple(first), bool(either))
            if first
            else Dates("unclear", tuple(either), bool(either))
        )


def day(value: Readable, *, dates: Dates | None = None, latest: date | None = None) -> date | Fault:
    """A date: a real one, or written as its column does, ISO 8601's way or with the month's name.

    Args:
        value: the cell.
        dates: how its column writes days; None means day first.
        latest: a day that it cannot be after, for years of two digits: 98 is then 1998.
    """
    if isinstance(value, datetime):
        return _checked(value.year, value.month, value.day)
    if isinstance(value, date):
        return _checked(value.year, value.month, value.day)
    if not isinstance(value, str):
        return Fault("is a number, not a date; format its cell as a date")
    return _day(value, dates, latest)


_SHORT_YEAR = re.compile(r"['’](?=\d\d$)")  # 11 Dec '26


@lru_cache(maxsize=8192)
def _day(value: str, dates: Dates | None, latest: date | None) -> date | Fault:
    text = _SHORT_YEAR.sub("", tidy(value))
    if found := _ZONED.fullmatch(text):
        return _in_britain(found)
    if (found := _YEAR_FIRST.fullmatch(text)) and (found[2] or len(text) == 8):
        return _checked(int(found[1]), int(found[3]), int(found[4]))
    if found := _DAY_FIRST.fullmatch(text):
        return _in_order(found, dates, latest)
    if (found := _NAMED.fullmatch(text)) and (month := month_of(found[2])):
        return _checked(_year(found[3], latest), month, int(found[1]))
    if (found := _MONTH_FIRST.fullmatch(text)) and (month := month_of(found[1])):
        return _checked(int(found[3]), month, int(found[2]))
    return Fault("is not a date like 02/07/2025 or 2 Jul 2025")


_DAY_IN_WORDS = re.compile(
    r"(?:\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2}|"
    r"\d{1,2}(?:st|nd|rd|th)?(?: of)?[- ]?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"[a-z]*\.?,?[- ]?(?:\d{4}|\d{2}))(?!\d)",
    re.ASCII | re.IGNORECASE,
)


def day_among_words(text: str, *, dates: Dates | None = None) -> date | None:
    """The one day that a text with other words begins or ends with; None for none, or several.

    "18/12/2026 (extended)", "Yes 12/9/26", "12/9/26 - 2 wheels missing" have one. "w/c 7 Dec 2026"
    and "before 7 Dec 2026" have none: the word changes the day.
    """
    found = list(_DAY_IN_WORDS.finditer(text))
    if len(found) != 1 or len(text) > 80:
        return None
    before, after = text[: found[0].start()].strip(" ,:-–("), text[found[0].end() :].strip()
    if before and (after.strip(") ") or fold(before) not in _BEFORE_A_DAY):
        return None
    if after and not (after[0] in "(,;-–)" or fold(after) in _AFTER_A_DAY):
        return None
    read = day(found[0][0], dates=dates)
    return None if isinstance(read, Fault) else read


_BEFORE_A_DAY = {"yes", "y", "on", "by", "due", "due back", "back", "back on", "returned", "ok"}
_BEFORE_A_DAY |= {"returned on", "back by", "until", "till", "ext to", "extended to", "done"}
_AFTER_A_DAY = {"ext", "extended", "ok", "complete", "confirmed", "am", "pm", "all ok"}
_YEARLESS = re.compile(
    rf"{_WEEKDAY}(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)?[- .]?(?P<month>[a-z]{{3,9}})\.?|"
    r"(?P<month_first>[a-z]{3,9})\.?[- ](?P<day_second>\d{1,2})(?:st|nd|rd|th)?|"
    r"(?P<one>\d{1,2})[-/](?P<other>\d{1,2}))",
    re.ASCII | re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def yearless(text: str, today: date, dates: Dates | None = None) -> tuple[date, ...]:
    """The days that a day without its year may be: last year's, this year's, next year's.

    Empty for any other text. A 29th of February is there in leap years alone.
    """
    found = _YEARLESS.fullmatch(tidy(text))
    if not found:
        return ()
    if found["one"]:
        written = f"{found['one']}/{found['other']}/"
    elif month_of(name := found["month"] or found["month_first"]):
        written = f"{found['day'] or found['day_second']} {name} "
    else:
        return ()
    years = range(today.year - 1, today.year + 2)
    days = [day(f"{written}{year}", dates=dates) for year in years]
    return tuple(each for each in days if not isinstance(each, Fault))


def _in_order(found: re.Match[str], dates: Dates | None, latest: date | None) -> date | Fault:
    one, other = int(found[1]), int(found[3])
    order = dates.order if dates else "day"
    if order == "month":
        one, other = other, one
    elif order == "mixed":
        if one <= 12 and other <= 12 and one != other:
            return Fault("could be day first or month first: the column has both")
        if other > 12:
            one, other = other, one
    return _checked(_year(found[4], latest), other, one)


def _in_britain(found: re.Match[str]) -> date | Fault:
    """The day in Scotland of an instant with its zone."""
    zone = (
        found[3] if ":" in found[3] or found[3].upper() == "Z" else f"{found[3][:3]}:{found[3][3:]}"
    )
    try:
        at = datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}")
    except ValueError:
        return Fault("is not a date that exists")
    return at.astimezone(SCOTLAND).date()


def serial_day(value: Readable) -> date | None:
    """The day that a spreadsheet means by a bare number, None for a number that is none."""
    text = as_text(value).strip()
    if isinstance(value, bool) or not _SERIAL_DAY.fullmatch(text):
        return None
    number = int(float(text))
    if not _FIRST_SERIAL <= number <= _LAST_SERIAL:
        return None
    return _EXCEL_BEGINS + timedelta(days=number)


def _year(digits: str, latest: date | None = None) -> int:
    year = int(digits)
    if len(digits) > 2:
        return year
    year += 2000
    return year - 100 if latest and year > latest.year + 1 else year


def month_of(name: str) -> int | None:
    """The number of a month, by its name or the short form of it; None for another word."""
    name = name.lower()
    if name in _MONTH_NAMES:
        return _MONTH_NAMES.index(name) + 1
    name = "sep" if name == "sept" else name
    return _MONTHS.index(name) + 1 if name in _MONTHS else None


def _checked(year: int, month: int, day_of_month: int) -> date | Fault:
    if not 1 <= month <= 12:
        return Fault(f"names month {month}; the day comes first, then the month")
    if not 1900 <= year <= 2199:
        return Fault(f"names the year {year}")
    try:
        return date(year, month, day_of_month)
    except ValueError:
        return Fault("is not a date that exists")


def pence(value: Readable) -> int | Fault:
    """A sum of money in whole pence."""
    if isinstance(value, bool | date):
        return Fault("is not a sum of money")
    text = tidy(_rounded(value))
    if _NEGATIVE.match(text.lstrip("£ ")):
        return Fault("is negative")
    found = _MONEY.fullmatch(text)
    if not found:
        return Fault("is not a sum of money like 349.99 or £1,200")
    total = int(Decimal(found[1].replace(",", "") + (found[2] or "")) * 100)
    if total > MOST_PENCE:
        return Fault(f"is more than £{MOST_PENCE // 100:,}")
    return total


def _rounded(value: Readable) -> str:
    """A number without the dust of binary fractions: 349.99000000000001 is 349.99."""
    if isinstance(value, float) and abs(value) < MOST_PENCE:
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return as_text(value)


_NONE_LEFT = {"none", "nil", "zero", "none left", "out of stock", "sold out", "all gone"}
NONE_LEFT = Fault("is none: the row is left out")


def quantity(value: Readable) -> int | Fault:
    """How many: a whole number from 1 up, in figures or in words that nobody would doubt.

    "3 rolls", "x3", "4 off" and "two" are such; "12+", "1/2 roll" and "about 30" are not.
    """
    if isinstance(value, bool | date):
        return Fault("is not a quantity: a whole number, 1 or more")
    text = fold(tidy(as_text(value)))
    found = _WHOLE.fullmatch(text) or _TIMES.fullmatch(text)
    digits = found[1].replace(",", "") if found else ""
    if not digits and (counted := _COUNTED.fullmatch(text)) and counted[2] in _UNITS:
        digits = counted[1].replace(",", "")
    words = text.removeprefix("a ").removeprefix("one ") if text.endswith("dozen") else text
    number = _NUMBERS.get(words)
    if number is None and (spoken := _SPOKEN.fullmatch(text)) and spoken[2] in _UNITS:
        number = _NUMBERS.get(spoken[1])
    if number is not None:
        return number
    if text in _NONE_LEFT:
        return NONE_LEFT
    if not digits or len(digits) > 12:
        return Fault("is not a quantity: a whole number, 1 or more")
    if int(digits) == 0:
        return NONE_LEFT
    if not 1 <= int(digits) <= MOST_QUANTITY:
        return Fault(f"is not a quantity: it must be from 1 to {MOST_QUANTITY:,}")
    return int(digits)


_TIMES = re.compile(r"(?:[x×]\s*)?(\d{1,6})\s*[x×]?", re.ASCII)
_COUNTED = re.compile(
    r"(?:[x×]\s*)?(\d{1,3}(?:,\d{3})+|\d{1,6})\s*(?:[x×]\s*)?([a-z]+)\.?", re.ASCII
)
_SPOKEN = re.compile(r"([a-z-]+)\s+([a-z]+)\.?", re.ASCII)
_UNITS_WORDS = """
off no nos pc pcs piece pieces unit units each ea item items kit kits set sets pair pairs roll
rolls box boxes pack packs packet packets bag bags bottle bottles tub tubs tube tubes tin tins
reel reels sheet sheets length lengths case cases tray trays bundle bundles class classes device
devices pot pots jar jars can cans book books card cards strip strips ream reams coil coils bar
bars
"""
_UNITS = frozenset(_UNITS_WORDS.split())
_NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_NUMBERS = {
    word: number
    for number, word in enumerate(
        _NUMBER_WORDS.split(),
        start=1,
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "dozen": 12, "a dozen": 12, "half dozen": 6}


def tag(value: Readable) -> str | Fault:
    """A kitloan tag, bare."""
    bare = tags.bare(as_text(value))
    if tags.is_tag(bare):
        return bare
    return Fault(
        "is not a kitloan tag; if it is your own number, a map file can say 'asset_number'"
    )


_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+?\d{1,3}", re.IGNORECASE)
_DATE_AGAIN = re.compile(
    r"\d{1,2}-(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-\d{2}",
    re.IGNORECASE,
)


def spoilt(value: Readable) -> str | None:
    """How a spreadsheet has spoilt a number that names a thing; None when it has not."""
    if isinstance(value, date):
        return "was turned into a date by the spreadsheet"
    text = tidy(as_text(value))
    if _SCIENTIFIC.fullmatch(text):
        return "was spoilt by the spreadsheet: its last digits are gone"
    if isinstance(value, float | int) and not isinstance(value, bool) and abs(value) >= 1e15:
        return "was spoilt by the spreadsheet: it keeps 15 digits of a number"
    if _DATE_AGAIN.fullmatch(text):
        return "looks like a number that the spreadsheet turned into a date"
    return None


def title(value: Readable) -> str | Fault:
    """Whose the thing is: owned, on_loan_from_donor, held_for_esp or unknown."""
    found = _TITLE_OF.get(fold(as_text(value).replace("-", " ")))
    return found or Fault("is none of: owned, on loan from the donor, held for ESP, unknown")


def email(value: Readable) -> str | Fault:
    """An e-mail address, so far as one can see."""
    text = words(value)
    if isinstance(text, Fault) or _EMAIL.fullmatch(text):
        return text
    return Fault("is not an e-mail address")


READERS: dict[str, Callable[[Readable], Any | Fault]] = {
    "tag": tag,
    "asset_number": words,
    "type": kind,
    "own_name": words,
    "category": words,
    "quantity": quantity,
    "quantity_out": quantity,
    "location": on_record,
    "serial": words,
    "condition": words,
    "donor": giver,
    "funding_source": giver,
    "title": title,
    "document": on_record,
    "gift": words,
    "acknowledgement": on_record,
    "value": pence,
    "total_value": pence,
    "value_basis": on_record,
    "valued_on": day,
    "received_on": day,
    "last_sighted_on": day,
    "on_loan_to": borrower,
    "borrower_person": words,
    "borrower_kind": words,
    "due_on": day,
    "out_on": day,
    "returned_on": day,
    "status": words,
    "contact": name,
    "contact_email": email,
    "contact_phone": words,
    "home_college": words,
}
"""By field, how its cells are read."""
