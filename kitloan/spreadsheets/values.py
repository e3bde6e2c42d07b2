"""One cell of a register, read as what its column holds.

Every reader here takes a value that is there and gives what it means, or a `Fault`: why it cannot
be taken, as the end of a sentence. Nothing is guessed. A day comes before a month, always; a
number is no date; "tbc" is no sum of money; "about 30" is no quantity.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from kitloan.ledger.facts.base import MOST_PENCE
from kitloan.spreadsheets.sheets import Readable, Unreadable, Value, is_blank
from kitloan.text import tags
from kitloan.text.names import LONGEST_NAME, fault, fold, tidy
from kitloan.text.personal import names_a_person

LONGEST_NOTE = 2_000
MOST_QUANTITY = 1_000_000
"""Ten million pounds; with the quantity, the bounds that any database's integers hold."""

_NOTHING = {"-", "--", "–", "—", "n/a", "na", "n.a.", "none", "nil", "not applicable"}

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_CLOCK = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?"  # exports add midnight to their dates
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_CLOCK}", re.ASCII)
_DAY_FIRST = re.compile(rf"(\d{{1,2}})([-/. ])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_CLOCK}", re.ASCII)
_NAMED = re.compile(
    r"(?:[a-z]+,? )?(\d{1,2})(?:st|nd|rd|th)?[- /.]?([a-z]{3,9})\.?,?[- /.]?(\d{4}|\d{2})",
    re.ASCII | re.IGNORECASE,
)
_MONEY = re.compile(r"(?:£|gbp)? ?(\d{1,3}(?:,\d{3})+|\d+)(\.\d{1,2})?(?: ?gbp)?", re.ASCII | re.I)
_NEGATIVE = re.compile(r"[-−(]")
_WHOLE = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?", re.ASCII)
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")

_NOT_OUT = {
    *("in", "in store", "in stock", "in college", "on site", "available", "returned", "back"),
    *("here", "no", "n", "false", "not on loan", "not out"),
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


def means_nothing(value: Value) -> bool:
    """Whether an optional cell is empty, or says in words that it is."""
    return is_blank(value) or (isinstance(value, str) and fold(value) in _NOTHING)


def words(value: Readable, limit: int = LONGEST_NAME) -> str | Fault:
    """A name, a place, a remark: tidied, on one line, and safe to show and to hand on."""
    text = tidy(as_text(value))
    wrong = fault(text, limit)
    return Fault(wrong) if wrong else text


def says_not_out(value: Value) -> bool:
    """Whether a cell that should name a borrower says in words that there is none."""
    return means_nothing(value) or (isinstance(value, str) and fold(value) in _NOT_OUT)


def name(value: Readable) -> str | Fault:
    """Who somebody is; a date or a number in its place means that the column was misunderstood."""
    if isinstance(value, bool | int | float | Decimal | date) or not isinstance(day(value), Fault):
        return Fault("is not a name")
    return words(value)


def borrower(value: Readable) -> str | Fault:
    """An organisation that has the kit. A person's name must not come to stand in the ledger."""
    text = name(value)
    if isinstance(text, Fault):
        return text
    if fold(text) in _YES:
        return Fault("does not say who has it")
    return NAMES_A_PERSON if "@" in text or names_a_person(text) else text


def note(value: Readable) -> str | Fault:
    """Words of an extra column, which may run longer."""
    return words(value, LONGEST_NOTE)


def day(value: Readable) -> date | Fault:
    """A date: a real one, or written the British way, ISO 8601's or with the month's name.

    Two-digit years are of this century.
    """
    if isinstance(value, datetime):
        return _checked(value.year, value.month, value.day)
    if isinstance(value, date):
        return _checked(value.year, value.month, value.day)
    if not isinstance(value, str):
        return Fault("is a number, not a date; format its cell as a date")
    text = tidy(value)
    if found := _YEAR_FIRST.fullmatch(text):
        return _checked(int(found[1]), int(found[2]), int(found[3]))
    if found := _DAY_FIRST.fullmatch(text):
        return _checked(_year(found[4]), int(found[3]), int(found[1]))
    if (found := _NAMED.fullmatch(text)) and (month := _month(found[2])):
        return _checked(_year(found[3]), month, int(found[1]))
    return Fault("is not a date like 02/07/2025 or 2 Jul 2025")


def _year(digits: str) -> int:
    return int(digits) + (2000 if len(digits) == 2 else 0)


def _month(name: str) -> int | None:
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
        return Fault("is no such day in the calendar")


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


def quantity(value: Readable) -> int | Fault:
    """How many: a whole number from 1 up."""
    number = None if isinstance(value, bool | date) else _WHOLE.fullmatch(tidy(as_text(value)))
    digits = number[1].replace(",", "") if number else ""
    if not digits or len(digits) > 12:
        return Fault("is not a quantity: a whole number, 1 or more, in figures")
    if not 1 <= int(digits) <= MOST_QUANTITY:
        return Fault(f"is not a quantity: it must be from 1 to {MOST_QUANTITY:,}")
    return int(digits)


def tag(value: Readable) -> str | Fault:
    """A kitloan tag, bare."""
    bare = tags.bare(as_text(value))
    if tags.is_tag(bare):
        return bare
    return Fault(
        "is not a kitloan tag; if it is your own number, a map file can say 'asset_number'"
    )


def title(value: Readable) -> str | Fault:
    """Whose the thing is: owned, on_loan_from_donor, held_for_esp or unknown."""
    found = _TITLE_OF.get(fold(as_text(value).replace("-", " ")))
    return found or Fault("is none of: owned, on loan from the donor, held for ESP, unknown")


def email(value: Readable) -> str | Fault:
    """An e-mail address, so far as one can tell by looking."""
    text = words(value)
    if isinstance(text, Fault) or _EMAIL.fullmatch(text):
        return text
    return Fault("is not an e-mail address")


READERS: dict[str, Callable[[Readable], Any | Fault]] = {
    "tag": tag,
    "asset_number": words,
    "type": words,
    "quantity": quantity,
    "location": words,
    "serial": words,
    "condition": words,
    "donor": name,
    "funding_source": name,
    "title": title,
    "document": words,
    "gift": words,
    "acknowledgement": words,
    "value": pence,
    "value_basis": words,
    "valued_on": day,
    "received_on": day,
    "last_sighted_on": day,
    "on_loan_to": borrower,
    "due_on": day,
    "contact": name,
    "contact_email": email,
    "contact_phone": words,
    "home_college": words,
}
"""By field, how its cells are read."""
