"""What a column holds, found by looking at its values and not at its heading.

`Profile` counts: how many values are days, days to come, sums of money, whole numbers, codes that
never repeat, names that end as schools' names do, names of people, yes and no, words for how a
thing is. `fit` says how well that suits a field, and `words` puts it for a person.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from kitloan.imports.sheets import Unreadable, Value, is_blank
from kitloan.imports.statuses import status_of_words
from kitloan.imports.values import (
    Dates,
    Fault,
    day,
    day_among_words,
    means_nothing,
    pence,
    shown,
    title,
    yearless,
)
from kitloan.text.names import fold, organisation_key
from kitloan.text.personal import names_a_person

_REMEMBERED = 4_096  # a register says the same few hundred things over and over
MOST_LOOKED_AT = 1_000

_SCHOOL = re.compile(
    r"\b(?:academy|acad|high school|primary|grammar|secondary|nursery|elc|"
    r"h\.?s\.?|p\.?s\.?|school|schools|sgoil|bun-?sgoil|[àa]rd-?sgoil|high|h/s|p/s|"
    r"junior high|community campus|learning centre|asn|stem hub school|cadets|scouts|guides|"
    r"brigade)"
    r"(?=$|[\s,.()\-–/])",
    re.IGNORECASE,
)
_ORGANISATION = re.compile(
    r"\w\W+(?:college|centre|club|trust|museum|university|society)$", re.IGNORECASE
)
_FACULTY = re.compile(
    r"\b(?:(?:school|faculty|dept\.?|department|division|institute|centre|section) of\b|"
    r"(?:dept\.?|department|faculty)$|"
    r"^(?:engineering|science|sciences|computing|construction|business|care|health|hospitality|art|"
    r"arts|design|maths|mathematics|physics|chemistry|biology|sport|music|media|english|technology|"
    r"stem|automotive|electrical|mechanical|hair(?:dressing)?|beauty|creative industries)"
    r"(?:\s*(?:&|and|,)\s*\w+)*$)",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:store|room|rm|lab|cupboard|shelf|campus|building|bldg|block|floor|office|drawer|"
    r"cabinet|workshop|basement|garage|bay|rack|locker|library|hub|hall|annexe|stockroom)\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?=.*\d)[\w./ -]{1,24}")
_INTEGER = re.compile(r"[-+]?\d{1,9}(?:\.0+)?")
_MONEY_SIGN = re.compile(r"[£€$]|\bgbp\b", re.IGNORECASE)
_DECIMAL = re.compile(r"\d+\.\d{2}")
_EMAIL = re.compile(r"\S+@\S+\.\S+")
_PHONE = re.compile(r"\+?[\d ()-]{9,}")
_YES_NO = {
    *(
        "y",
        "n",
        "yes",
        "no",
        "true",
        "false",
        "x",
        "✓",
        "✔",
        "✗",
        "☑",
        "☐",
        "tick",
        "ticked",
        "0/1",
    ),
}
_ON_LOAN = re.compile(
    r"(?:currently |now )?(?:(?:out )?on loan|lent|loaned|borrowed|out(?: to| with| at|\s*[-–:(])|"
    r"reserved|returned by|awaiting return|with\b(?= [A-Z]))",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"[a-z]{1,12}[._][a-z]{2,20}\d{0,3}")
_SURNAME_FIRST = re.compile(r"[^\W\d_][\w'’-]+, ?[^\W\d_][\w'’.-]*(?: [^\W\d_][\w'’.-]*)?")
_INITIALS = re.compile(r"(?:[A-Z]\.? ?){1,3}[A-Z][\w'’-]+|[A-Z][a-z'’-]+ [A-Z]\.?|[A-Z]\.?[A-Z]\.?")
_TWO_NAMES = re.compile(
    r"[A-Z][a-zà-ÿ'’-]+(?: [A-Z][\w'’-]*\.?){0,1} (?:Mac|Mc|O['’])?[A-Z][\w'’-]+"
)
_FORENAMES_WORDS = """
aaron abbie abby adam adrian aidan aileen ailsa aimee alan alana alasdair alastair albert alec
alex alexander alexandra alice alina alison alistair allan allison amanda amber amelia amy ana
andrea andrew andy angela angus anna anne annie anthony archie arran arthur ash ashley audrey
ava barbara barry beth bethany betty bill billy blair bob bobby brendan brian brodie bruce bryan
calum cameron cara carol caroline carrie catherine catriona charles charlie charlotte cheryl
chloe chris christina christine christopher ciara claire clare colin connor craig daisy dan
daniel danny darren dave david dawn dean debbie deborah declan denise derek diana diane donald
donna dorothy dougal douglas duncan eddie edward eilidh elaine eleanor elena elizabeth ella
ellen ellie emily emma eric erin euan eva evan evie ewan faye fergus finlay finn fiona frances
francis frank fraser freya gail gareth garry gary gavin gemma geoff george georgia gerald
gillian gordon grace graeme graham grant greg gregor hamish hannah harris harry hazel heather
helen henry holly hugh iain ian innes irene iris isabel isabella isla jack jackie jacob
jacqueline jade jaime jake james jamie jane janet janice jason jay jean jeff jennifer jenny jess
jessica jill jim jo joan joanna joanne joe joel john johnny jon jonathan josh joshua joy joyce
judith julia julie june karen karl kate katherine kathleen kathryn katie katy kay keira keith
kelly ken kenneth kenny kerr kerry kevin kieran kim kirsten kirsty kirstie kyle lana laura
lauren lee leanne leo lesley leslie lewis liam lily linda lindsay lisa liz lois lorna lorraine
louise lucas lucy luke lynda lynn lynne lynsey mairi malcolm mandy margaret maria marie marion
marjory mark martha martin mary matt matthew maureen max megan melanie melissa mhairi mia
michael michelle mike mohammed moira molly morag morven muhammad murdo murray nancy naomi
natalie natasha neil niall nicholas nicola nick nicole nigel nina noah nora norma norman olivia
oliver owen pamela pat patricia patrick paul paula pauline peter phil philip pippa rachael
rachel ray raymond rebecca rhona rhys richard rob robbie robert robin robyn roddy roderick rona
ronald rory rose rosie ross roy ruairidh ruby russell ruth ryan sally sam samantha samuel sandra
sandy sara sarah scott sean shannon sharon shaun sheila shelley shirley shona sian simon skye
sofia sonia sophia sophie stacey stephanie stephen steven stewart stuart sue susan suzanne
sylvia tanya tara teresa theo theresa thomas tim tina toby tom tommy toni tony tracey tracy val
valerie vanessa vera veronica vicki vicky victoria wendy will william yasmin yvonne zara zoe
zoey
"""
FORENAMES = frozenset(_FORENAMES_WORDS.split())
_OF_NOBODY_WORDS = """
the of and for st saint mary's upper lower north south east west royal club team group trust ltd
limited council centre center service services college university hub stem science museum
society association foundation library church community youth learning training support staff
department faculty academy school primary high raf navy army fire police ambulance nhs hospital
care housing energy wind offshore engineering technologies technology solutions systems skills
enterprise lab labs store stores room office works building campus kit box set
"""
_OF_NOBODY = frozenset(_OF_NOBODY_WORDS.split())


@lru_cache(maxsize=_REMEMBERED)
def looks_like_school(text: str) -> bool:
    """Whether a name ends, or all but ends, as a school's or a club's does."""
    return bool(_SCHOOL.search(text)) and not looks_like_faculty(text)


@lru_cache(maxsize=_REMEMBERED)
def is_surely_school(text: str) -> bool:
    """Whether a name is beyond doubt a school outside the college, and no place within it."""
    return looks_like_school(text) and not _PLACE.search(text)


@lru_cache(maxsize=_REMEMBERED)
def may_be_borrower(text: str) -> bool:
    """Whether a name is that of a school, or ends as those of other organisations do."""
    return looks_like_school(text) or (
        bool(_ORGANISATION.search(text)) and not looks_like_faculty(text)
    )


def looks_like_faculty(text: str) -> bool:
    """Whether a name is a part of the college itself: a school of engineering, a department."""
    return bool(_FACULTY.search(text.strip()))


@lru_cache(maxsize=_REMEMBERED)
def looks_like_place(text: str) -> bool:
    """Whether words name a place in a building."""
    return bool(_PLACE.search(text)) and not is_surely_school(text)


@lru_cache(maxsize=_REMEMBERED)
def looks_like_person(text: str, *, doubtful: bool = False) -> bool:
    """Whether a text reads as a person's name: a known forename, an initial, a login, or reversed.

    Args:
        text: the cell.
        doubtful: also two capitalised words that could as well be a firm.
    """
    if looks_like_school(text) or looks_like_faculty(text) or len(text) > 60:
        return False
    if names_a_person(text) or _EMAIL.fullmatch(text) or _LOGIN.fullmatch(text):
        return True
    words = re.findall(r"[\w'’-]+", text)
    if not words or any(word.casefold() in _OF_NOBODY for word in words):
        return False
    if any(character.isdigit() for character in text):
        return False
    if _SURNAME_FIRST.fullmatch(text) and len(words) <= 4:
        return True
    first = words[0].casefold()
    if len(words) == 1:
        return first in FORENAMES or bool(re.fullmatch(r"[A-Z]\.?[A-Z]\.?", text))
    if len(words) <= 4 and first in FORENAMES and words[-1][:1].isalpha():
        return True
    if _INITIALS.fullmatch(text) and len(words) <= 4 and len(words[-1]) > 2 and not text.isupper():
        return True
    return doubtful and bool(_TWO_NAMES.fullmatch(text))


@dataclass(slots=True)
class Profile:
    """Counts over the values of one column.

    Attributes:
        rows: lines looked at; `filled` of them have a value here.
        samples: the first values that differ from one another.
    """

    rows: int = 0
    filled: int = 0
    distinct: int = 0
    days: int = 0
    future: int = 0
    integers: int = 0
    small: int = 0
    quantities: int = 0
    money: int = 0
    signed: int = 0
    codes: int = 0
    spoilt: int = 0
    schools: int = 0
    sure_schools: int = 0
    known: int = 0
    faculties: int = 0
    places: int = 0
    people: int = 0
    doubtful_people: int = 0
    emails: int = 0
    phones: int = 0
    yes_no: int = 0
    statuses: int = 0
    gone_or_out: int = 0
    loan_words: int = 0
    titles: int = 0
    long: int = 0
    texts: int = 0
    common: int = 0
    samples: list[str] = field(default_factory=list)
    dates: Dates = field(default_factory=Dates)

    def share(self, name: str) -> float:
        """The share of the filled values that are of a kind."""
        return float(getattr(self, name)) / self.filled if self.filled else 0.0


def profile(values: Iterable[Value], today: date, known: frozenset[str] = frozenset()) -> Profile:
    """Look at a column.

    Args:
        values: the cells beneath the heading, blank ones too.
        today: so that days to come are distinguished from days past.
        known: keys of organisations that the college has lent to (`organisation_key`).
    """
    found = Profile()
    seen: Counter[str] = Counter()
    texts: list[tuple[Value, str, str]] = []
    cells = list(values)
    found.rows = len(cells)
    found.dates = Dates.of(cells)
    step = max(1, len(cells) // MOST_LOOKED_AT)
    looked_at = cells if step == 1 else [*cells[:300], *cells[300::step]]
    found.rows = len(looked_at)
    for value in looked_at:
        if is_blank(value) or isinstance(value, Unreadable) or means_nothing(value):
            continue
        text = shown(value)
        key = fold(text)
        found.filled += 1
        seen[key] += 1
        if seen[key] == 1 and len(found.samples) < 3:
            found.samples.append(text[:80])
        texts.append((value, text, key))
    found.distinct = len(seen)
    found.common = max(seen.values(), default=0)
    kinds: dict[str, tuple[str, ...]] = {}
    for value, text, key in texts:
        if key not in kinds or not isinstance(value, str):
            kinds[key] = tuple(_kinds(value, text, key, today, known, found.dates))
        for kind in kinds[key]:
            setattr(found, kind, getattr(found, kind) + 1)
    return found


def _kinds(
    value: Value, text: str, key: str, today: date, known: frozenset[str], dates: Dates
) -> Iterable[str]:
    if isinstance(value, date | datetime):
        yield "days"
        if _date_of(value) > today:
            yield "future"
        return
    if isinstance(value, Unreadable) or value is None:
        return
    read = day(value, dates=dates, latest=today.replace(year=today.year + 20, day=1))
    if not isinstance(read, Fault):
        yield "days"
        if read > today:
            yield "future"
        return
    if len(text) < 80 and any(map(str.isalpha, text)):
        among = day_among_words(text, dates=dates)
        if among or yearless(text, today):
            yield "days"
            if among and among > today:
                yield "future"
            return
    if key in _YES_NO:
        yield "yes_no"
    if _INTEGER.fullmatch(text):
        yield "integers"
        if abs(float(text)) <= 2_000:
            yield "small"
            yield "quantities"
    if not isinstance(pence(value), Fault):
        yield "money"
        if _MONEY_SIGN.search(text) or _DECIMAL.fullmatch(text):
            yield "signed"
    if len(text) <= 24 and _CODE.fullmatch(text):
        yield "codes"
    if re.fullmatch(r"\d(?:\.\d+)?E\+\d{1,2}", text, re.IGNORECASE):
        yield "spoilt"
    if _EMAIL.fullmatch(text):
        yield "emails"
    elif _PHONE.fullmatch(text):
        yield "phones"
    if status := status_of_words(text):
        yield "statuses"
        if status in ("out", "missing", "withdrawn"):
            yield "gone_or_out"
    elif _ON_LOAN.match(text):
        yield "loan_words"
    if not isinstance(title(text), Fault):
        yield "titles"
    if len(text) > 60:
        yield "long"
    if not any(character.isalpha() for character in text):
        return
    yield "texts"
    if organisation_key(text[:200]) in known:
        yield "known"
    if looks_like_faculty(text):
        yield "faculties"
    elif looks_like_school(text):
        yield "schools"
        if is_surely_school(text):
            yield "sure_schools"
    if looks_like_place(text):
        yield "places"
    if looks_like_person(text):
        yield "people"
    if looks_like_person(text, doubtful=True):
        yield "doubtful_people"


def _date_of(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def fit(name: str, column: Profile) -> float:
    """How well what a column holds suits a field: 1 is as expected, below a half is against it."""
    if not column.filled:
        return 0.85
    reader = _FITS.get(name)
    return reader(column) if reader else 1.0


def _dated(column: Profile) -> float:
    share = column.share("days")
    if share >= 0.5:
        return 1.0
    if column.share("integers") > 0.5 and column.share("small") < 0.2:
        return 0.9  # days as Excel numbers them, which are read with care
    return 0.75 if share > 0 else 0.55


def _due(column: Profile) -> float:
    base = _dated(column)
    if column.share("yes_no") > 0.5:
        return 0.2
    return base + (0.15 if column.future else -0.1 if column.days else 0)


def _past(column: Profile) -> float:
    base = _dated(column)
    if column.share("yes_no") > 0.5:
        return 0.3
    return max(0.55, base * 0.6) if column.share("future") > 0.3 else base


def _out(column: Profile) -> float:
    base = _past(column)
    return max(base, 0.75) if column.share("days") > 0.5 else base  # some begin on a day to come


def _returned(column: Profile) -> float:
    flags = column.share("yes_no") + column.share("statuses")
    if flags > 0.7 or (flags and flags + column.share("days") > 0.7):
        return 1.0
    return _past(column) + (0.05 if column.filled < column.rows else -0.05)


def _borrower(column: Profile) -> float:
    if column.share("yes_no") > 0.6 or column.share("days") > 0.5:
        return 0.55
    if column.share("integers") > 0.5:
        return 0.1
    if column.share("faculties") > 0.5:
        return 0.6
    if column.share("places") > 0.2:
        return 0.7
    if column.share("schools") + column.share("known") > 0.3:
        return 1.2
    if column.share("statuses") > 0.7:
        return 0.6
    if column.share("long") > 0.5:
        return 0.5
    return 1.0


def _asset_number(column: Profile) -> float:
    if column.share("days") > 0.5 or column.share("long") > 0.2:
        return 0.3
    unique = column.distinct / column.filled
    if unique > 0.9:
        return 1.05 if column.share("codes") > 0.7 else 0.8 if column.share("codes") > 0.2 else 0.7
    return 0.8 if column.share("codes") > 0.7 and unique > 0.3 else 0.6


def _type(column: Profile) -> float:
    if column.share("days") > 0.5 or column.share("integers") > 0.7 or column.share("yes_no") > 0.6:
        return 0.25
    score = 1.0
    if column.filled >= 3 and column.distinct == column.filled and column.share("codes") > 0.7:
        score = 0.7  # numbers of things, whatever their heading
    if column.filled >= 3 and column.distinct == 1:
        score = 0.8
    if column.share("long") > 0.5:
        score *= 0.75
    if column.share("people") > 0.5:
        score *= 0.55
    if column.filled < column.rows * 0.3:
        score *= 0.85
    return score


def _money(column: Profile) -> float:
    return 1.0 if column.share("money") >= 0.4 or column.share("signed") > 0.3 else 0.6


def _quantity(column: Profile) -> float:
    if column.share("days") > 0.4 or column.share("schools") > 0.3:
        return 0.2
    return 1.0 if column.share("quantities") >= 0.3 else 0.7


def _quantity_out(column: Profile) -> float:
    return 1.0 if column.share("quantities") > 0.6 else 0.15


def _status(column: Profile) -> float:
    known = column.share("statuses") + column.share("yes_no") + column.share("loan_words")
    if (
        column.share("days") > 0.5
        or (column.share("schools") > 0.3 and known < 0.5)
        or column.share("signed") > 0.3
    ):
        return 0.2
    return 1.05 if known > 0.5 else 0.95 if known > 0 else 0.75


def _place(column: Profile) -> float:
    if column.share("days") > 0.5 or column.share("signed") > 0.5:
        return 0.3
    return 0.7 if column.share("sure_schools") > 0.5 else 1.0


def _person(column: Profile) -> float:
    if column.share("days") > 0.5 or column.share("integers") > 0.5:
        return 0.2
    if column.share("schools") > 0.5:
        return 0.5
    return 1.1 if column.share("doubtful_people") > 0.5 else 0.8


def _names(column: Profile) -> float:
    if column.share("days") > 0.5 or column.share("integers") > 0.7:
        return 0.2
    if column.share("people") > 0.5:
        return 0.7  # perhaps who handed it out, and no giver
    return 0.3 if any("://" in sample or "www." in sample for sample in column.samples) else 1.0


def _serial(column: Profile) -> float:
    return 0.5 if column.share("days") > 0.5 else 1.0


def _legal_title(column: Profile) -> float:
    return 1.0 if column.share("titles") > 0.3 else 0.55


_FITS = {
    "title": _legal_title,
    "due_on": _due,
    "out_on": _out,
    "returned_on": _returned,
    "received_on": _past,
    "valued_on": _past,
    "last_sighted_on": _past,
    "on_loan_to": _borrower,
    "borrower_person": _person,
    "asset_number": _asset_number,
    "type": _type,
    "value": _money,
    "total_value": _money,
    "quantity": _quantity,
    "quantity_out": _quantity_out,
    "status": _status,
    "location": _place,
    "contact": _person,
    "donor": _names,
    "funding_source": _names,
    "serial": _serial,
    "home_college": _names,
}


def words(column: Profile, name: str | None = None) -> tuple[str, ...]:
    """What was found, in words, the most telling first."""
    if not column.filled:
        return ("it is empty",)
    shares = [
        (share, f"{number:,} of {column.filled:,} {what}")
        for kind, what in _TOLD
        if (number := getattr(column, kind)) and (share := number / column.filled) >= 0.15
    ]
    found = [text for _, text in sorted(shares, key=lambda each: -each[0])[:3]]
    if column.filled > 2 and column.distinct == column.filled and column.share("codes") > 0.6:
        found.insert(0, "every value is different")
    elif column.filled > 3 and column.distinct <= max(1, column.filled // 4):
        found.append(f"{column.distinct:,} different values in {column.filled:,} rows")
    if column.filled < column.rows:
        found.append(f"{column.rows - column.filled:,} of {column.rows:,} rows are empty")
    return tuple(found)


_TOLD = (
    ("schools", "read as schools or clubs"),
    ("known", "are organisations that you have lent to"),
    ("faculties", "read as parts of the college"),
    ("people", "read as people"),
    ("future", "are days to come"),
    ("days", "are dates"),
    ("statuses", "are words like 'in', 'on loan' or 'lost'"),
    ("yes_no", "are yes or no"),
    ("signed", "are sums of money"),
    ("small", "are small whole numbers"),
    ("places", "read as places"),
    ("emails", "are e-mail addresses"),
    ("phones", "are phone numbers"),
    ("long", "are whole sentences"),
)
