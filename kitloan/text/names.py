"""Words that people give us, on their way in and on their way out.

In: `clean` brings a name to one form, and refuses what could be taken for something other than
text: control characters, terminal escapes, characters that turn the direction of writing, and a
leading `=`, which a spreadsheet would run. Out: `plain` makes any text safe to show in a terminal.
"""

import hashlib
import re
import unicodedata

from kitloan.errors import BadInput

LONGEST_NAME = 200
"""Characters; longer than any school, kit or place that anybody has shown us."""

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}  # categories that draw nothing, or move the cursor
_JOINERS = "\u200c\u200d"  # zero width, but part of how some scripts and emoji are spelt
_SPACES = re.compile(r"\s+")
_ORDINARY = re.escape(".,;:'‘’\"“”()/&-‐‑–—")  # as schools spell themselves


def fault(text: str, limit: int = LONGEST_NAME) -> str | None:
    """Why `text` cannot be taken as a name, as the end of a sentence; None when it can."""
    if found := _unreadable(text, limit):
        return found
    if text.lstrip().startswith("="):
        return "begins with '=', which a spreadsheet would run as a formula"
    return None


def _unreadable(text: str, limit: int) -> str | None:
    if len(text) > limit:
        return f"is {len(text):,} characters long; the most is {limit}"
    for character in text:
        if unicodedata.category(character) in _HIDDEN and character not in _JOINERS:
            return f"holds a control character (U+{ord(character):04X})"
    return None


def sought(text: str) -> list[str]:
    """The words to look for in what somebody typed into a search, folded; none finds everything.

    Raises:
        BadInput: `bad_text`, when no name could be so long, or hold such characters.
    """
    tidied = tidy(text)
    if wrong := _unreadable(tidied, LONGEST_NAME):
        raise BadInput(
            "bad_text",
            f"What to look for {wrong}.",
            "Look for one word, or a part of one.",
            value=tidied[:60],
        )
    return fold(tidied).split()


def tidy(text: str) -> str:
    """`text` in NFC, with runs of spaces, tabs and line breaks as one space, and none around it."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def clean(text: str, what: str, limit: int = LONGEST_NAME) -> str:
    """The tidy form of a name that somebody gave.

    Args:
        text: what they gave.
        what: what it is, for the refusal: `"The organisation"`.
        limit: the most characters.

    Raises:
        BadInput: `bad_text`, when it is empty or could be taken for something other than text.
    """
    if not isinstance(text, str):
        raise BadInput("bad_text", f"{what} must be text; {text!r} is not.", value=str(text)[:60])
    tidied = tidy(text)
    wrong = fault(tidied, limit) if tidied else "is empty"
    if wrong:
        shown = plain(tidied[:60])
        raise BadInput(
            "bad_text",
            f"{what} {wrong}: {shown!r}." if shown else f"{what} {wrong}.",
            "Give it again in plain words.",
            value=tidied[:60],
        )
    return tidied


def fold(text: str) -> str:
    """The form in which two spellings of one name are the same: case and spaces do not count."""
    return unicodedata.normalize("NFC", " ".join(text.split()).casefold())


def slug(text: str) -> str:
    """A readable identifier from a name: letters and digits of any script, joined by hyphens."""
    return "-".join(re.findall(r"\w+", fold(text).replace("'", "").replace("’", ""))) or "x"


def marked(name: str) -> str:
    """A name's slug with a mark that another name does not have, whatever it is spelt with."""
    return f"{slug(name)[:180]}-{hashlib.sha256(fold(name).encode()).hexdigest()[:8]}"


def type_key(name: str) -> str:
    """What a kit type is known by: its slug where that says all of its name, else with a mark.

    Spellings fold by case and space and no further: "C++" and "C#" are two things.
    """
    key = slug(name)
    return key if key == fold(name).replace(" ", "-") else marked(name)


def organisation_key(name: str) -> str:
    """What an organisation is known by: its slug, else with a mark.

    "St Mary's, Leith" and "ST MARYS LEITH" are one: letters and digits say all of a name that has
    nothing besides but ordinary punctuation. "C++ Club" and "C# Club" are two.
    """
    ordinary = re.fullmatch(rf"[\w\s{_ORDINARY}]*", name) and re.search(r"\w", name)
    return slug(name) if ordinary else marked(name)


def same_organisation(one: str, other: str) -> bool:
    """Whether two spellings are one organisation's."""
    return fold(one) == fold(other) or organisation_key(one) == organisation_key(other)


def plain(text: str) -> str:
    """`text` for a terminal: what would move a cursor or hide itself is shown by its code point."""
    return "".join(
        c
        if c in "\n\t" or c in _JOINERS or unicodedata.category(c) not in _HIDDEN
        else f"\\u{ord(c):04x}"
        for c in text
    )
