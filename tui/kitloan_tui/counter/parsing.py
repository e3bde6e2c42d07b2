"""Reading a typed line: the holding or the organisation that it names, or the words before one."""

from collections.abc import Iterable

from kitloan.college import College
from kitloan.errors import BadInput, Refused
from kitloan.text.names import fold
from kitloan.text.scans import Tag, Text
from kitloan.values import Holding
from kitloan_tui import lookups

BACK = "back"
"""Typed of a kit that is in transit, and is here: it never left."""

_TO, _FROM = "to ", "from "
"""Before the name of a school, also of a new one; before that of a college that sent a kit."""

_TERMS = ("contact", "for", "due", "anyway")
"""Before words: who takes it, what for, until when, and why it may go all the same."""


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
    return next((name for name in names if fold(name).startswith(fold(text))), None)


def organisation_completed(college: College, text: str) -> str | None:
    """A known organisation whose name begins so, with or without `to` before it."""
    name = after_to(text)
    before = text[: len(text) - len(name)] if name else ""
    found = completed(name or text, lookups.organisations(college.session))
    return before + found if found else None


def organisations_beginning(college: College, text: str) -> tuple[str, ...]:
    """The known organisations whose names begin so."""
    known = lookups.organisations(college.session)
    return tuple(name for name in known if fold(name).startswith(fold(text)))
