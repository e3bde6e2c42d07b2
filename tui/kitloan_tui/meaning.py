"""What somebody means by a code or by words: a holding, an organisation, or nothing known."""

from collections.abc import Iterable

from kitloan.college import College
from kitloan.errors import BadInput, Refused
from kitloan.text.names import fold
from kitloan.text.scans import Tag, Text
from kitloan.values import Holding
from kitloan_tui import lookups

_TO = "to "
"""In front of a name it says that a school is meant, also one not met before."""

_BEFORE = ("contact", "for", "due", "anyway")
"""In front of words: who takes it, what for, until when, and why it may go all the same."""


def holding_meant(kitloan: College, code: Tag | Text) -> Holding | None:
    """The holding with this tag or asset number; None when there is none.

    Raises:
        BadInput: `bad_tag` or `ambiguous`, when a holding was meant but not well said.
    """
    try:
        return kitloan.find.holding(code.tag if isinstance(code, Tag) else code.text)
    except (BadInput, Refused) as unknown:
        if isinstance(code, Text) and unknown.code != "unknown_holding":
            raise
        return None


def name_after_to(text: str) -> str:
    """The school in `to Kilmarnock Academy`; empty when it was not said so."""
    return text[len(_TO) :].strip() if text.lower().startswith(_TO) else ""


def said_after(text: str) -> tuple[str, str]:
    """Which of the words above a line begins with, and the rest; two empty texts for none.

    `to` is one of them only where no name follows it.
    """
    first, _, rest = text.partition(" ")
    if text.lower() == _TO.strip():
        return _TO.strip(), ""
    return (first.lower(), rest.strip()) if first.lower() in _BEFORE else ("", "")


def completed(text: str, names: Iterable[str]) -> str | None:
    """The first of `names` that begins as `text` does."""
    return next((name for name in names if fold(name).startswith(fold(text))), None)


def organisation_completed(kitloan: College, text: str) -> str | None:
    """A known organisation whose name begins so, with or without `to` before it."""
    name = name_after_to(text)
    said = text[: len(text) - len(name)] if name else ""
    found = completed(name or text, lookups.organisations(kitloan.session))
    return said + found if found else None


def organisations_that_begin(kitloan: College, text: str) -> tuple[str, ...]:
    """The known organisations whose names begin so."""
    known = lookups.organisations(kitloan.session)
    return tuple(name for name in known if fold(name).startswith(fold(text)))
