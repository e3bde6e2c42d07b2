"""What a kit was used for, in one line or in the nine fields of the form (pure).

`p5 27 4.5h 3x` is 27 learners of the second level, 4.5 hours in three sessions. The order does not
count, and nothing is guessed: what is not typed is unknown, and a number that could mean several
things is refused. The line and the form have the same nine fields, so both end in `read_fields`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date

from kitloan.errors import BadInput
from kitloan.evidence.bands import band_of, parse_learners
from kitloan.evidence.engagements import NewEngagement
from kitloan.text.dates import parse_past

EXAMPLE = "use p5 27 4.5h 3x"

FIELDS = (
    ("learners", "Learners", "p5 27, or p4 12 p6 20; empty is unknown"),
    ("hours", "Hours", "all sessions together, to the half"),
    ("sessions", "Sessions", "1"),
    ("girls", "Girls", "of a larger group; may be left out"),
    ("boys", "Boys", ""),
    ("staff", "Staff", "teachers and others"),
    ("day", "Day", "the day it came back"),
    ("programme", "Programme", "such as FIRST LEGO League"),
    ("not_used", "Not used", "why: time, parts, guide, staff, other"),
)
"""The fields of the form: each one's name, what it is called, and what can be typed."""

_UNITS = {
    "hours": ("h", "hr", "hrs", "hour", "hours"),
    "sessions": ("x", "times", "session", "sessions"),
    "girls": ("g", "girl", "girls"),
    "boys": ("b", "boy", "boys"),
    "staff": ("staff", "teacher", "teachers"),
}
_UNIT_OF = {word: name for name, words in _UNITS.items() for word in words}
_UNKNOWN = ("yes", "used", "?", "unknown")
"""It was used, and nobody knows by how many."""
_NUMBER = re.compile(r"\d+(?:[.,]5|[.,]0)?")
_JOINED = re.compile(r"(\d+(?:[.,]\d)?)([a-z]+)")
_NOT_USED = re.compile(r"(?:not used|not|no|unused)\b[\s:,]*(.*)", re.IGNORECASE)
_PROGRAMME = re.compile(r"\s*\bprogramme\s+(.+)$", re.IGNORECASE)
_DAY = re.compile(r"\s*\bon\s+([^,]+?)\s*(?:,|$)", re.IGNORECASE)


def read_line(text: str) -> dict[str, str]:
    """The fields of the form that a line fills.

    Raises:
        BadInput: `bad_use`, for a word that means none of them, or a number with no meaning.
    """
    found: dict[str, str] = {}
    for name, pattern in (("programme", _PROGRAMME), ("day", _DAY)):
        if there := pattern.search(text):
            found[name] = there[1].strip()
            text = f"{text[: there.start()]} {text[there.end() :]}".strip()
    if unused := _NOT_USED.fullmatch(text):
        return found | {"not_used": unused[1].strip() or "other"}
    words = list(_words(text))
    if [word.lower() for word in words] in ([each] for each in _UNKNOWN):
        return found
    learners: list[str] = []
    at = 0
    while at < len(words):
        name, value, taken = _one(words, at)
        if name == "learners":
            learners.append(value)
        elif name in found:
            raise _not_understood(words[at], f"{name} was typed already")
        else:
            found[name] = value
        at += taken
    if learners:
        found["learners"] = " ".join(learners)
    if not found:
        raise _not_understood(text, "nothing was typed")
    return found


def read_fields(
    fields: Mapping[str, str], loan_id: str, today: date, back_on: date
) -> NewEngagement:
    """What is to be recorded of a loan, from the fields of the form.

    Args:
        fields: what was typed, by the name of the field; empty is unknown.
        loan_id: the loan that it was used on.
        today: the date in Scotland now.
        back_on: the day on which it came back, which is meant where no day is typed.

    Raises:
        BadInput: `bad_use`, `bad_learners`, `bad_count`, a day that cannot be read.
    """
    given = {name: value.strip() for name, value in fields.items() if value.strip()}
    learners = given.get("learners")
    hours = given.get("hours")
    return NewEngagement(
        on=parse_past(given["day"], today) if "day" in given else back_on,
        loan=loan_id,
        learners=None if learners is None else parse_learners(_pairs(learners)),
        hours=None if hours is None else _hours(hours),
        programme=given.get("programme"),
        not_used=given.get("not_used"),
        sessions=_whole(given, "sessions"),
        girls=_whole(given, "girls"),
        boys=_whole(given, "boys"),
        staff=_whole(given, "staff"),
    )


def _words(text: str) -> Iterator[str]:
    """The words of a line, with a number apart from the unit written behind it."""
    spread = re.sub(r"\s*=\s*", " ", text)
    for word in re.split(r"[\s;]+|,(?!\d)", spread):
        joined = _JOINED.fullmatch(word.lower())
        if joined and joined[2] in _UNIT_OF:
            yield from (joined[1], joined[2])
        elif word:
            yield word


def _one(words: list[str], at: int) -> tuple[str, str, int]:
    """The field that the words from here fill, its value, and how many words those are."""
    word = words[at]
    after = words[at + 1] if at + 1 < len(words) else ""
    if band_of(word) is not None:
        if not after.isdecimal():
            raise _not_understood(word, "how many learners")
        return "learners", f"{word}={after}", 2
    if not _NUMBER.fullmatch(word):
        raise _not_understood(word)
    if after.lower() in _UNIT_OF:
        return _UNIT_OF[after.lower()], word, 2
    if word.isdecimal() and band_of(after) is not None:
        return "learners", f"{after}={word}", 2
    raise _not_understood(word, "of what: a stage, as p5, or h, x, girls, boys, staff")


def _pairs(text: str) -> list[str]:
    """`BAND=N` texts from what was typed in the line of learners."""
    words = list(_words(text))
    pairs = []
    for at in range(0, len(words), 2):
        name, value, _ = _one(words, at)
        if name != "learners":
            raise _not_understood(words[at])
        pairs.append(value)
    return pairs


def _hours(text: str) -> float:
    number = text.lower().replace(",", ".").removesuffix("hours").removesuffix("h").strip()
    if not re.fullmatch(r"\d{1,4}(\.\d{1,2})?", number):
        raise BadInput(
            "bad_hours",
            f"{text!r} is not a number of hours to the half.",
            "Type the total of all sessions, as 4.5.",
            value=text,
        )
    return float(number)


def _whole(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 6:
        raise BadInput(
            "bad_count",
            f"{text!r} is not a number of {name}.",
            "Type a whole number, or leave it empty.",
            value=text,
        )
    return int(text)


def _not_understood(word: str, why: str = "") -> BadInput:
    return BadInput(
        "bad_use",
        f"{word!r} was not understood{f': {why}' if why else ''}.",
        f"Type for example: {EXAMPLE}. Or use alone, for the form.",
        value=word,
    )
