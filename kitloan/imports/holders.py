"""Who has a thing, as a register's cell has it: a school, with a date or a person beside it.

"Belmont Academy until 12/12/26", "Grange Academy (back 4 Dec)", "Dalry Primary - J. Smith": the
organisation, the days and the person are told apart, because only the organisation may come to be
on record for ever. What is no organisation is named for what it is: a word for how the thing is, a
person, a doubt.
"""

import json
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from kitloan.imports.evidence import looks_like_person, looks_like_school, may_be_borrower
from kitloan.imports.statuses import Standing, speaks_of_gone, status_of_words
from kitloan.imports.values import Dates, Fault, day, means_not_out, means_nothing, yearless
from kitloan.text.names import fold, tidy
from kitloan.text.personal import names_a_person

Doubt = Literal["unsure", "person", "reserved", "sentence", "several"]

_DATE = (
    r"(?:\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2,4}|\d{4}-\d{2}-\d{2}|\d{1,2}[-/]\d{1,2}(?![-/\d])|"
    r"\d{1,2}(?:st|nd|rd|th)?(?: of)? ?(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|"
    r"dec)[a-z]*\.?"
    r"(?: ?,? ?'?(?:\d{4}|\d{2})(?!\d))?)"
)
_UNTIL = re.compile(
    rf"[\s,;(–-]*\b(?:until|till?|'til|back(?: by| on)?|due(?: back)?(?: by| on)?|by|"
    rf"returns?(?: by| on)?|"
    rf"returning(?: on)?|return(?: date)?|expected(?: back)?(?: by| on)?|to)\b[:\s]*(?:the "
    rf")?({_DATE})[\s)]*$",
    re.IGNORECASE,
)
_SINCE = re.compile(
    rf"[\s,;(–-]*\b(?:since|from|out(?: since| on)?|lent(?: on)?|on|w/?e\.? from|as of|borrowed|"
    rf"collected|taken)\b[:\s]*({_DATE})[\s)]*$",
    re.IGNORECASE,
)
_BARE = re.compile(rf"[\s,;–-]*\(?({_DATE})\)?[\s)]*$", re.IGNORECASE)
_UNSURE = {
    *(
        "?",
        "??",
        "???",
        "tbc",
        "tba",
        "tbd",
        "unknown",
        "not known",
        "not sure",
        "unsure",
        "unclear",
    ),
    *(
        "see notes",
        "see note",
        "see below",
        "check",
        "to check",
        "dunno",
        "don't know",
        "who?",
        "various",
    ),
    *(
        "someone",
        "somebody",
        "school",
        "a school",
        "another school",
        "other",
        "pending",
        "query",
        "ditto",
        "do",
        "do.",
    ),
    *("misc", "n/k", "nk", "*", "x?", "don’t know", "to be confirmed", "to be advised", "several"),
    *(
        "multiple",
        "staff",
        "student",
        "teacher",
        "external",
        "internal",
        "same",
        "as above",
        "school?",
    ),
    *("me", "them", "they", "him", "her", "themselves", "borrower", "the school"),
}
_ASKS = re.compile(
    r"\b(?:ask|check with|see|query|maybe|perhaps|possibly|might be|think)\b|\?[\s)]*$|"
    r"^(?:ex|was|formerly|previously|prev(?:ious)?|n/?a)\b|"
    r"^(?:tbc|tba|tbd|unknown|not known|not sure|unsure|unclear|n/?k)\b|\b(?:tbc|tba)\W*$",
    re.I,
)
_RESERVED = re.compile(
    r"\b(?:reserved?|booked|promised|earmarked|on hold|held for|for collection|to go to|going to|"
    r"waiting for|request(?:ed)? by|due to go|next)\b",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"\b(?:away for|sent for|gone for|out for|in for|at) (?:a )?(?:repair|service|calibration)\b",
    re.I,
)
_COMING = re.compile(
    r"(?:(?:is |now )?(?:coming|due|expected|returning|returns?)(?: back| in| here| soon)?"
    r"(?: on| by)?|back (?:by|on|in|next|soon)|tomorrow|next|mon|tues?|wed(?:nes)?|thur?s?|fri|"
    r"satur|sun)(?:day)?\b",
    re.IGNORECASE,
)
_BACK_FROM = re.compile(
    r"(?:now )?(?:returned|back|came back|brought back|handed back) (?:by|from)\b", re.IGNORECASE
)
_BACK = re.compile(
    r"^(?:now )?(?:returned|back|came back|brought back|handed back)\b", re.IGNORECASE
)
_LOAN_PREFIX = re.compile(
    r"^(?:(?:currently |now |still )?(?:on loan|out on loan|out|loaned(?: out)?|lent(?: out)?|"
    r"borrowed|issued|"
    r"checked out|signed out|booked out|gone|away|with|at|given)(?: (?:to|by|with|at))?|"
    r"to)\b[:\s-]*(?=\S)",
    re.IGNORECASE,
)
_PARTS = re.compile(
    r"\s+[-–—]+\s+|\s*[(),/;]\s*|\s+c/o\s+|\s+per\s+|\s+\+\s+|\s+(?:at|of|from)\s+", re.IGNORECASE
)
_TITLED = re.compile(r"\b(?:mr|mrs|ms|miss|mx|dr)\b\.? [^\W\d_][\w'’. -]*\)?$", re.IGNORECASE)
_BEFORE_A_PERSON = re.compile(
    r"(?:[\s,;:(/–-]+(?:contact|teacher|name|attn|per|via))?[\s,;:(/–-]*$", re.I
)
_ARROW = re.compile(r"^[=~–-]*[>→➔➜»]+\s*(?=\w)")
_LABEL = re.compile(
    r"^(?:(?:name of )?(?:school|borrower|establishment|organisation)|"
    r"(?:on loan|lent|loaned|issued)(?: out)? to|lent|loaned|with|to|who)\s*[:=]\s*(?=\w)",
    re.IGNORECASE,
)
"""What a form writes before a name: "School: Alva Academy"."""
_YES_BEFORE = re.compile(r"^(?:yes|y|[✓✔☑])\s*[-–—:,;(]\s*(?=\w)", re.IGNORECASE)
_LEADING_DATE = re.compile(rf"^({_DATE})[\s,:;–-]+(?:to\s+|at\s+)?(?=[^\W\d_])", re.IGNORECASE)
_SEVERAL = re.compile(r"\s*(?:&|\b(?:and|then|or)\b|\+|/|;|,|-+>|→|=>)\s*", re.IGNORECASE)


_COUNTED = re.compile(
    r"(?:\s*[:(]\s*[x×]?|\s+[x×])\s*(\d{1,4})\s*(?:off|of|kits?|sets?)?\s*\)?\s*$", re.IGNORECASE
)
"""How many somebody has, behind their name: "Kyle Academy x3", "Grange Academy: 5".
The number of "School 1" and "Ayr Scouts 3" is a part of their names."""


@dataclass(frozen=True, slots=True)
class Holder:
    """What a cell has of who has the thing.

    Attributes:
        organisation: who has it; None where the cell names none.
        person: somebody named beside it.
        due_on, out_on: days named in the cell.
        standing: a word for how it is, where the cell is nothing but that.
        doubt: why a person must answer.
        rest: a date whose meaning is open, and other words left over.
        quantity: how many they have, where the cell has it.
    """

    organisation: str | None = None
    person: str | None = None
    due_on: date | None = None
    out_on: date | None = None
    standing: Standing | None = None
    doubt: Doubt | None = None
    rest: str | None = None
    quantity: int | None = None


@lru_cache(maxsize=4096)
def holder(text: str, today: date, dates: Dates | None = None) -> Holder:
    """Read a cell that should name who has the thing.

    Args:
        text: the cell, tidy.
        today: a day without its year is the next that comes, or, of a loan's beginning, the last.
        dates: how the file writes its days.
    """
    text = _LABEL.sub("", _ARROW.sub("", tidy(text)))
    text = text.rstrip(" *†‡") or text
    if yes := _YES_BEFORE.match(text):
        text = text[yes.end() :]
        text = text if "(" in text else text.rstrip(")")
    key = fold(text)
    if means_nothing(text) or means_not_out(text):
        return Holder(standing="in")
    named = any(character.isalpha() for character in text) and not text.startswith(("{", "["))
    if key in _UNSURE or not named:
        return Holder(doubt="unsure")
    standing = status_of_words(text)
    if standing == "in" or _BACK_FROM.match(text):
        return Holder(standing="in")
    if _BACK.match(text) and not looks_like_school(text):
        return Holder(standing="in")
    if _RESERVED.search(text):
        return Holder(standing="in", doubt="reserved", rest=text)
    if standing == "out" and looks_like_school(text.partition("(")[2]):
        return _apart(text, today, dates)  # "On loan (Alva Academy)"
    if standing in ("missing", "withdrawn", "in_repair", "out"):
        return Holder(standing=standing)
    if gone := speaks_of_gone(text):
        return Holder(standing=gone)
    if _AWAY.search(text) and not looks_like_school(text):
        return Holder(standing="in_repair")
    if _COMING.match(text) and not looks_like_school(text):
        return Holder(doubt="unsure", rest=text)
    if _ASKS.search(text):
        return Holder(doubt="unsure", rest=text)
    return _apart(text, today, dates)


def _apart(text: str, today: date, dates: Dates | None) -> Holder:
    due = out = None
    rest = None
    left = _LOAN_PREFIX.sub("", text) if looks_like_school(text) else text
    for _ in range(2):
        if (found := _UNTIL.search(left)) and found.start():
            read = _day(found[1], today, dates, coming=True)
            due, left = (read or due), left[: found.start()]
            rest = rest if read else found[1]
        elif (found := _SINCE.search(left)) and found.start():
            read = _day(found[1], today, dates, coming=False)
            out, left = (read or out), left[: found.start()]
            rest = rest if read else found[1]
        elif (found := _BARE.search(left)) and found.start():
            rest, left = found[1], left[: found.start()]
    if (found := _LEADING_DATE.match(left)) and looks_like_school(left[found.end() :]):
        rest, left = found[1], left[found.end() :]
    left = left.strip(" ,;:-–(")
    if _RETURNED_TAIL.search(left):
        return Holder(standing="in", rest=text)
    if (found := _VAGUE.search(left)) and may_be_borrower(left[: found.start()].strip(" ,;:-–(")):
        rest, left = found[0].strip(" ,;:-–()"), left[: found.start()].strip(" ,;:-–(")
    if _RETURNED_TAIL.search(left):
        return Holder(standing="in", rest=text)
    many = None
    if (counted := _COUNTED.search(left)) and looks_like_school(left[: counted.start()]):
        many, left = int(counted[1]), left[: counted.start()].strip(" ,;:-–(")
    organisation, person = _persons_apart(left)
    if organisation and looks_like_person(organisation):
        return Holder(None, organisation, due, out, doubt="person", rest=rest)
    if organisation and (len(organisation) > 80 or len(organisation.split()) > 10):
        return Holder(organisation, person, due, out, doubt="sentence", rest=rest)
    if organisation and _names_several(organisation):
        return Holder(organisation, person, due, out, doubt="several", rest=rest)
    return Holder(organisation or None, person, due, out, rest=rest, quantity=many)


def days_of_loan(text: str, today: date, dates: Dates | None = None) -> tuple[date | None, ...]:
    """The days until and since which a thing is out, by words like "Out, due 11/12/26"."""
    until, since = _UNTIL.search(text), _SINCE.search(text)
    return (
        _day(until[1], today, dates, coming=True) if until else None,
        _day(since[1], today, dates, coming=False) if since and not until else None,
    )


def named_in_json(text: str) -> str:
    """The name in the JSON that another program writes in a cell; the text as it is without one."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    inner = found.get("custodian", found) if isinstance(found, dict) else found
    name = inner.get("name") if isinstance(inner, dict) else None
    return name if isinstance(name, str) and name else text


_VAGUE = re.compile(
    r"[\s,;(–-]+(?:until|till|'til|over|for|due|back|w/?[ce]|since|from|during|all)\b.*$",
    re.IGNORECASE,
)
_RETURNED_TAIL = re.compile(
    r"[\s(–-]+(?:now )?(?:returned|rtd|rtn?d|ret.?d|back(?: in)?|came back)[\s)]*$", re.IGNORECASE
)


def _persons_apart(text: str) -> tuple[str, str | None]:
    """The organisation, and the person named beside it where one is beyond doubt."""
    titled = _TITLED.search(text)
    before = _BEFORE_A_PERSON.sub("", text[: titled.start()]) if titled else ""
    if titled and looks_like_school(before):
        return before, text[titled.start() :].strip(" )")
    parts = [part for part in _PARTS.split(text) if part and part.strip()]
    if len(parts) < 2 or len(parts) > 4:
        return text, None
    schools = [part for part in parts if looks_like_school(part)]
    people = [part for part in parts if part not in schools and looks_like_person(part)]
    if len(schools) == 1 and people and len(people) == len(parts) - 1:
        return schools[0].strip(), ", ".join(part.strip() for part in people)
    return text, None


def _names_several(text: str) -> bool:
    parts = [_COUNTED.sub("", part).strip() for part in _SEVERAL.split(text) if part]
    return len(parts) > 1 and all(
        looks_like_school(part) and len(part.split()) > 1 for part in parts
    )


def _day(text: str, today: date, dates: Dates | None, *, coming: bool) -> date | None:
    """A day as a cell names it, without its year too; None when it is none."""
    found = day(text.replace("'", ""), dates=dates)
    if not isinstance(found, Fault):
        return found
    days = yearless(text, today, dates)
    if coming:
        return next((each for each in days if each >= today), None)
    return next((each for each in reversed(days) if each <= today), None)


_LENT_WORDS = re.compile(
    r"\b(?:(?:out )?on loan\b(?!\s+from)|loaned(?: out)?(?: to)?\b(?!\s+(?:from|by))|"
    r"lent(?: out)?(?: to)?\b|borrowed "
    r"by|borrowed\b|"
    r"issued to|"
    r"checked out|signed out|booked out|out to|out at|out with|out again|"
    r"^(?:out|loan(?:ed)?|lent|away)\s*[-–:(]\s*|is with|still with|currently "
    r"(?:with|at)|"
    r"^\d{1,4} ?x? ?(?:is |are |now )?(?:at|with|in) (?=[A-Z])|"
    r"^(?:now )?with(?! )|^(?:now )?(?:with|at) (?=[A-Z])|given to|taken by|"
    r"ha(?:s|ve) (?:it|this|these|them)\b|due "
    r"back|"
    r"not (?:yet )?returned|never returned|overdue|to be returned|back (?:by|on)\b|in use at|"
    r"gone to)\b",
    re.IGNORECASE,
)
_CLAUSES = re.compile(
    r"[,;\n]+\s*|(?<!\bst)(?<!\bmr)(?<!\bdr)(?<!\bms)(?<!\bmrs)\.\s+|"
    r"\s+(?:and then|then|but)\s+|\s+[-–—]\s+(?=(?:now|returned|back|with|lent|on loan|out)\b)",
    re.IGNORECASE,
)
_PAST_LOAN = re.compile(
    r"\b(?:was|were|previously|formerly|last(?: (?:lent|loaned|borrowed|with|at|used|out|on loan|"
    r"seen)|:)|used to be|had been|"
    r"(?<!not )(?<!not yet )(?<!never )(?<!to be )(?<!yet to be )returned|came back|back (?:in|"
    r"from)|"
    r"no longer|not on loan|never lent|not (?:to be )?lent|do not lend|don't lend|don’t lend|"
    r"not for loan|"
    r"available for loan|can be|may be|lent by|on loan from|loan from|borrowed from)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def speaks_of_loan(text: str) -> bool:
    """Whether by a remark somebody has the thing now."""
    return _clause_of_loan(text) is not None


def _clause_of_loan(text: str) -> str | None:
    """The part of a remark that means that, unless by a later part it is over."""
    latest = None
    for clause in filter(None, map(str.strip, _CLAUSES.split(text))):
        found = _LENT_WORDS.search(clause)
        if _PAST_LOAN.search(clause):
            latest = None
        elif found and (
            not re.match(r"(?:now |\d.*?)?(?:with|at|in)\b", found[0], re.IGNORECASE)
            or looks_like_school(clause)
        ):
            latest = clause
    return latest


def loan_in(text: str, today: date, dates: Dates | None = None) -> str | None:
    """Who has it, in the words of a remark that speaks of a loan; None when they name no school."""
    found = _NAMED_LOAN.search(_clause_of_loan(text) or text)
    if not found:
        return None
    named = holder(found[1], today, dates)
    if named.organisation is None or named.doubt or not looks_like_school(named.organisation):
        return None
    if names_a_person(named.organisation):
        return None
    many = _MANY_OUT.match(_clause_of_loan(text) or text)
    who = f"{named.organisation} x{many[1]}" if many else named.organisation
    return f"{who} until {named.due_on.isoformat()}" if named.due_on else who


_MANY_OUT = re.compile(
    r"(\d{1,4}) ?x? ?(?:of (?:them|these) |kits? |sets? )?(?:is |are |now )?"
    r"(?:on loan|out|lent|loaned|at|with|borrowed|in)\b",
    re.IGNORECASE,
)
_NAMED_LOAN = re.compile(
    r"(?:on loan|loaned|lent|borrowed|issued|checked out|signed out|booked out|out|with|at|"
    r"given|taken)"
    r"(?: out)?(?: again)?(?: to| by| with| at)?\s+(.+?)(?:[.;]|$)",
    re.IGNORECASE,
)
