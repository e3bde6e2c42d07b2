"""People in text: whether a name is a person's, and whether a remark mentions a person.

Both questions are answered from the text alone. `names_a_person` protects the ledger, which keeps
names for ever. It is true only beyond doubt, because a school may have a person's name.
`MentionFinder` finds the remarks to delete when a person is erased, however their name or number is
written: with another apostrophe, without accents, surname first, run together, with invisible
characters, with or without the country code.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import permutations
from typing import Protocol

from kitloan.errors import BadInput
from kitloan.text.names import LONGEST_NAME, UNSEEN, clean, fold, skeleton

_TITLES = {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor"}
_NAME = r"[^\W\d_][\w'’-]*"
_POSSESSIVE = rf"(?:[^\W\d_]\.?\s+)*{_NAME}(?:(?<=['’]s)|(?<=s['’]))(?![\w'’])"
"""Mrs Smith's Nursery, Dr Gray's Hospital: places named after people."""
_TITLED = re.compile(
    rf"\b(?P<title>{'|'.join(_TITLES)})\b\.?\s+(?!{_POSSESSIVE})(?P<name>{_NAME})", re.IGNORECASE
)
_FOR = re.compile(
    r"(?<!\w)(?:(?P<through>c/o)|f\.?a\.?o\b|attn\b|for the attention of\b)[.:]*\s+"
    r"(?P<whom>[^,;()/]+)",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^\s@<>,;:()]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"(?<![\w+])[+(]*\d(?:[\d ().-]*\d)?(?!\w)")
_PARTS = re.compile(r"\s[-–—]+\s|[,;:()/]")
_APOSTROPHES = re.compile(r"['’‘ʼ`´]")
_OWNED = re.compile(r"(?<=\w)['’]s(?!\w)")

# Words in the names of organisations and of jobs, and in no person's name.
_OF_ORGANISATIONS = """
school schools academy college university primary secondary high nursery infant junior hs ps sgoil
bunsgoil ard ardsgoil colaiste campus centre center hub church hall library museum office reception
department dept faculty science maths technology technical physics chemistry biology computing stem
engineering design team staff technician technicians teacher headteacher head depute deputy
principal janitor manager coordinator secretary council trust club group society association scouts
guides brigade cadets youth community service services ltd limited plc company learning education
training support unit base hospital institute partnership foundation royal north south east west st
saint the of and room
"""
_NOT_IN_NAMES = frozenset(_OF_ORGANISATIONS.split())

_FEWEST_OF_PHONE = 10
_IDENTIFYING = 9
"""How many last digits identify a phone number, whatever comes before them."""
_LOCAL = 6
"""How many are dialled within a town."""
_EXTENSION = 4
"""Fewer digits are too few to recognise."""
_INSIDE = 10
"""A run-together name of so many letters is never part of another word."""
_MOST_RUN_TOGETHER = 4
"""The most words of a name whose every order is searched for."""
_HUMP = re.compile(r"(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")


_PHONE = re.compile(
    r"[0-9+() ./\-]+(?:\s*(?:ext|extn|extension|x)\.?\s*[0-9]{1,6})?", re.IGNORECASE
)
_ONE_EMAIL = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>.]{2,}")


def check_phone(text: str) -> str:
    """A phone number, as it was given; in any of the usual ways to write one.

    Raises:
        BadInput: `bad_text`, `bad_phone`.
    """
    number = clean(text, "The phone number")
    digits = sum(each.isdigit() for each in number)
    if not _PHONE.fullmatch(number) or not 3 <= digits <= 20:
        raise BadInput(
            "bad_phone",
            f"{number!r} is not a phone number.",
            "Give digits, with spaces, + and an extension where there is one: 01292 555 123 ext 4",
            value=number,
        )
    return number


def check_email(text: str) -> str:
    """An e-mail address, as it was given.

    Raises:
        BadInput: `bad_text`, `bad_email`.
    """
    address = clean(text, "The e-mail address")
    if not _ONE_EMAIL.fullmatch(address):
        raise BadInput(
            "bad_email",
            f"{address!r} is not an e-mail address.",
            "Give one like office@school.example.",
            value=address,
        )
    return address


def names_a_person(text: str, contact: str | None = None) -> bool:
    """Whether the name of an organisation is a person's, beyond doubt.

    Args:
        text: the name of the organisation.
        contact: the person in the same row of a register, if there is one.
    """
    return _mentions_one(text) or bool(contact and _ends_with(text, contact))


@lru_cache(maxsize=1024)  # a register repeats its places and donors
def _mentions_one(text: str) -> bool:
    return bool(
        _EMAIL.search(text)
        or any(map(_is_phone, _NUMBER.findall(text)))
        or any(map(_is_titled, _TITLED.finditer(text)))
        or any(map(_is_whom, _FOR.finditer(text)))
    )


def on_record(text: str, what: str, limit: int = LONGEST_NAME) -> str:
    """Free words that the ledger keeps, as `clean` gives them; `what` begins the message.

    Raises:
        BadInput: `names_a_person`, for words that name somebody beyond doubt; `not_a_name`, for a
            tag or a command card; `bad_text`.
    """
    from kitloan.text.scans import check_no_label  # loaded by what writes, not to show a kit

    words = check_no_label(clean(text, what, limit), what)
    if names_a_person(words):
        raise BadInput(
            "names_a_person",
            f"{what} {words!r} names a person, and the ledger keeps it for ever.",
            "Leave the name out: 'training' and not whose.",
            value=words,
        )
    return words


def _is_phone(number: str) -> bool:
    return number.startswith(("0", "+", "(0")) and len(_digits(number)) >= _FEWEST_OF_PHONE


def _is_titled(found: re.Match[str]) -> bool:
    """Whether a title is followed by a name; "MS Society" and "miss a turn" have none."""
    title, name = found["title"], found["name"]
    if title == "MS":
        return name.isupper() and len(name) > 1
    return name[0].isupper() or found.start() == 0 or title.lower() in ("mr", "mrs")


def _is_whom(found: re.Match[str]) -> bool:
    """Whether a name follows "FAO" or "c/o"; one word after "c/o" may be a place."""
    named = words(found["whom"])
    return (
        found["whom"][0].isupper()
        and not _NOT_IN_NAMES.intersection(named)
        and (len(named) > 1 or not found["through"])
    )


def _ends_with(text: str, contact: str) -> bool:
    """Whether a part of `text`, or its end, is the contact's name, in any order."""
    name = sorted(set(words(contact)) - _TITLES)
    if len(name) < 2 or _NOT_IN_NAMES.intersection(name) or not all(map(str.isalpha, name)):
        return False
    parts = [words(part) for part in _PARTS.split(text)]
    return any(sorted(each) == name for each in (*parts, words(text)[-len(name) :]))


class Named(Protocol):
    """A person's name, e-mail address and phone number."""

    @property
    def name(self) -> str:
        """The name as it was given."""

    @property
    def email(self) -> str | None:
        """Their e-mail address."""

    @property
    def phone(self) -> str | None:
        """Their phone number, or several."""


class MentionFinder:
    """Finds texts that mention one of some people."""

    def __init__(self, people: Iterable[Named]) -> None:
        people = list(people)
        self._names = [name for each in people for name in _spellings(each.name)]
        self._together = {each for name in self._names for each in _run_together(name)}
        self._surnames = {name[-1] for name in self._names if len(name[-1]) > 1}
        self._emails = [
            _as_words(text) for p in people for text in (p.email, p.name) if _mail(text)
        ]
        self._phones = [
            _national(number)
            for each in people
            for text in (each.phone, each.name)
            for number in _NUMBER.findall(text or "")
        ]

    def matches(self, text: str, *, about_theirs: bool = False) -> bool:
        """Whether a text mentions one of them, by name, e-mail address or phone number.

        Args:
            text: a remark or a line.
            about_theirs: whether the text is about a holding that they had; then the surname is
                enough.
        """
        text = unicodedata.normalize("NFKC", UNSEEN.sub("", text))
        readings = [words(text), words(_HUMP.sub(" ", text))]
        if not text.isascii():
            readings.append(words(skeleton(text)))
        return (
            any(_has_name(found, name) for found in readings for name in self._names)
            or any(_is_inside(word, self._together) for word in readings[0])
            or (about_theirs and not all(map(self._surnames.isdisjoint, readings)))
            or any(email.search(fold(text)) for email in self._emails)
            or any(
                _same_number(phone, _national(number))
                for number in _NUMBER.findall(text)
                for phone in self._phones
            )
        )


def words(text: str) -> list[str]:
    """The words of a text for comparing: without case, accents, apostrophes or hyphens."""
    plain = _APOSTROPHES.sub("", _OWNED.sub("", UNSEEN.sub("", text)))
    if not plain.isascii():
        apart = unicodedata.normalize("NFKD", plain)
        plain = "".join(c for c in apart if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", plain.casefold())


def _spellings(name: str) -> Iterator[list[str]]:
    """A name as words: as it was given, and without the title if two or more words are left."""
    if _mail(name):
        return
    given = words(name)
    if given and not all(map(str.isdecimal, given)):
        yield given
        untitled = [word for word in given if word not in _TITLES]
        if 1 < len(untitled) < len(given):
            yield untitled


def _has_name(found: Sequence[str], name: Sequence[str]) -> bool:
    """Whether a name's words are together, in any order, with at most one other between them.

    The forename may be an initial.
    """
    if name[-1] not in found:
        return False
    if len(name) == 1:
        return True
    initial = [name[0][0], name[-1]]
    pairs = [sorted(found[at : at + 2]) for at in range(len(found) - 1)]
    if name[0] not in _TITLES and sorted(initial) in pairs:
        return True
    wanted = Counter(name)
    reach = len(name) + 1
    return any(wanted <= Counter(found[at : at + reach]) for at in range(len(found)))


def _run_together(name: Sequence[str]) -> Iterator[str]:
    """A name of two or more words as one word: in any order, or the initial and the last word."""
    if 1 < len(name) <= _MOST_RUN_TOGETHER:
        for some in permutations(name):
            yield "".join(some)
        if name[0] not in _TITLES:
            yield name[0][0] + name[-1]


def _is_inside(word: str, together: Iterable[str]) -> bool:
    """Whether a word is one of these names, or contains a long one."""
    letters = word.strip("0123456789")
    return any(letters == name or (len(name) >= _INSIDE and name in word) for name in together)


def _mail(text: str | None) -> bool:
    return bool(text and "@" in text)


def _as_words(text: str | None) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(fold(text or ''))}(?!\w)")


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdecimal())


def _national(number: str) -> str:
    """A phone number's digits without the country code or the leading 0."""
    digits = _digits(number.replace("(0)", ""))
    return re.sub(r"^(?:0044|44(?=\d{9})|0)", "", digits)


def _same_number(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) >= _IDENTIFYING:
        return short[-_IDENTIFYING:] in long
    if len(short) >= _LOCAL:
        return long.endswith(short)
    return len(short) >= _EXTENSION and short == long
