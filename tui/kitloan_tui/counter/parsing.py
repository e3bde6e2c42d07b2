"""Reading a typed line: the holding or the organisation that it names, or the words before one."""

import re
from collections.abc import Iterable

from kitloan.college import College
from kitloan.errors import BadInput, Refused
from kitloan.text.names import near_names, search_form
from kitloan.text.scans import Tag, Text
from kitloan.values import Holding
from kitloan_tui import lookups
from kitloan_tui.counter.state import MOST_CHOICES

BACK = "back"
"""Typed of a kit that is in transit, and is here: it never left."""

YES = ("yes", "y")
"""Typed of a name that is new here, and no slip."""

NO_MORE = ("none", "no", "-")
"""Typed after one of the words below: that it holds no longer."""

COMES_BACK = ("back", "in")
"""Typed of stock of which some are here and some are out: some come back."""

_TO, _FROM = "to ", "from "
"""Before the name of a school, also of a new one; before that of a college that sent a kit."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"(?:\+\d{2} ?|\(?0)(?:[\d()-] ?){8,12}\d(?!\d)")
_NOTE = "note "
"""Before words about a return; they stay in this college."""

_DUE = "due"
_TERMS = ("contact", "for", _DUE, "on", "anyway")
"""Before words: who takes it, what for, until when, on which day, why it may go all the same."""


def find_holding(college: College, code: Tag | Text) -> Holding | None:
    """The holding with this tag or asset number; None when there is none.

    Raises:
        BadInput: `bad_tag` or `ambiguous`, when a holding was meant but not named well.
    """
    try:
        return college.find.holding(code.tag if isinstance(code, Tag) else code.text)
    except (BadInput, Refused) as unknown:
        if isinstance(code, Text) and unknown.code != "unknown_holding":
            raise
        return None


def after_to(text: str) -> str:
    """The school in `to Kilmarnock Academy`; empty for any other text."""
    return text[len(_TO) :].strip() if text.lower().startswith(_TO) else ""


def after_from(text: str) -> str:
    """The college in `from Ayrshire College`; empty for any other text."""
    return text[len(_FROM) :].strip() if text.lower().startswith(_FROM) else ""


def split_contact(text: str) -> tuple[str, str | None, str | None]:
    """The name, the e-mail address and the phone number in `Mrs X 01292 000000 x@y.sch.uk`.

    Raises:
        BadInput: `bad_phone`, where digits are no phone number; `no_name`, where no name is left.
    """
    words = text.split()
    emails = [word for word in words if _EMAIL.fullmatch(word.strip("<>,;()"))]
    rest = " ".join(word for word in words if word not in emails)
    found = _PHONE.search(rest)
    name = " ".join((rest[: found.start()] + " " + rest[found.end() :]).split()) if found else rest
    name = name.strip(" ,;:")
    if any(character.isdecimal() for character in name):
        raise BadInput(
            "bad_phone",
            f"{text!r} has digits that are not a phone number.",
            "Type the name, then 10 or 11 digits: contact Ms Reid 01292 000000",
            value=text,
        )
    if not name:
        raise BadInput(
            "no_name",
            f"{text!r} has no name in it.",
            "Type the name first: contact Ms Reid 01292 000000",
            value=text,
        )
    email = emails[0].strip("<>,;()") if emails else None
    return name, email, " ".join(found[0].split()) if found else None


def came_back(text: str) -> tuple[int, int, int] | None:
    """How many are back, used up and lost in `8`, `8 used 2`, `back 5, lost 1`; None for others."""
    number = {"back": 0, "used": 0, "lost": 0}
    words = text.lower().replace(",", " ").replace(" and ", " ").split()
    if words and words[0].isdecimal():
        words.insert(0, "back")
    if len(words) < 2 or len(words) % 2:
        return None
    for word, many in zip(words[::2], words[1::2], strict=True):
        if word not in number or not many.isdecimal():
            return None
        number[word] = int(many)
    return number["back"], number["used"], number["lost"]


def after_note(text: str) -> str:
    """The note in `note lid cracked`; empty for any other text."""
    return text[len(_NOTE) :].strip() if text.lower().startswith(_NOTE) else ""


def after_due(text: str) -> str:
    """The day in `due 18 dec`; empty for any other text."""
    word, day = split_terms(text)
    return day if word == _DUE else ""


def split_terms(text: str) -> tuple[str, str]:
    """Which of the words above a line begins with, and the rest; two empty texts for none.

    `to` is one of them only where no name follows it.
    """
    first, _, rest = text.partition(" ")
    if text.lower() == _TO.strip():
        return _TO.strip(), ""
    return (first.lower(), rest.strip()) if first.lower() in _TERMS else ("", "")


def completed(text: str, names: Iterable[str]) -> str | None:
    """The first of `names` that begins as `text` does."""
    return next((name for name in names if search_form(name).startswith(search_form(text))), None)


def organisation_completed(college: College, text: str) -> str | None:
    """A borrower or a listed school whose name begins so, with or without `to` before it."""
    name = after_to(text)
    before = text[: len(text) - len(name)] if name else ""
    found = completed(name or text, lookups.organisations(college.session))
    found = found or completed(name or text, listed_beginning(college, name or text))
    return before + found if found else None


def listed_beginning(college: College, text: str) -> tuple[str, ...]:
    """Schools on the lists that were read whose names begin so, borrowers or not."""
    return tuple(college.schools.names(text, MOST_CHOICES, begin=True))


def organisations_like(college: College, text: str) -> tuple[str, ...]:
    """The known organisations that somebody who typed a name may have meant."""
    return near_names(text, lookups.organisations(college.session))


def organisations_beginning(college: College, text: str) -> tuple[str, ...]:
    """The known organisations whose names begin so."""
    known = lookups.organisations(college.session)
    return tuple(name for name in known if search_form(name).startswith(search_form(text)))
