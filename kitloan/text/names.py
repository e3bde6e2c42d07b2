"""Names that people give: checking them, comparing them, and showing them safely.

`clean` brings a name to one form, and refuses text that could be taken for other text, or for a
command: control characters, terminal escapes, characters that are invisible or change the direction
of writing, too many accents on a letter, and a leading `=`, which a spreadsheet would run. `fold`
and the keys compare names. `plain` makes any text safe to show in a terminal, and shows hidden
characters; `skeleton` finds names that look alike.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from kitloan.errors import BadInput

LONGEST_NAME = 200
"""Characters; longer than the name of any school, kit or place that we know."""

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}  # categories that are invisible, or move the cursor
_JOINERS = "\u200c\u200d"  # zero width, but part of how some scripts and emoji are spelt
_MOST_MARKS = 4
"""Accents on one letter: Vietnamese has two, Hebrew with all its points three."""
UNSEEN = re.compile(
    "[\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Characters that are invisible or change the direction of writing: Unicode's default-ignorable
ones (DerivedCoreProperties.txt), the control characters after ASCII, and the blank of braille."""
_ALIKE_CAPITALS = str.maketrans(
    "АВЕЅІЈКМНОРСТУХҮԌԜԚΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹՕՍԼՏ",
    "ABESIJKMHOPCTYXYGWQABEZHIKMNOPTYXCOULS",
)
_ALIKE = str.maketrans(
    "авеѕіјкмнорстухүһԁԛԝӏѵգαικνορυχγϲօսոհıɩɑɡ01|",
    "abesijkmhopctyxyhdqwlvqaikvopuxycounhiiagoll",
)
"""Letters of other scripts that look like a Latin one, as Unicode's confusables.txt pairs them
(Cyrillic, Greek, Armenian). NFKC converts letters that are only wider or in another style."""
_NEVER_WITH_LATIN = re.compile("[\u0400-\u052f\u0530-\u058fΟο]")
"""Cyrillic and Armenian; of Greek only the omicron, because physics mixes in the others."""
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_ORDINARY = re.escape(".,;:'‘’\"“”()/&-‐‑–—")  # punctuation in schools' names


def fault(text: str, limit: int = LONGEST_NAME) -> str | None:
    """Why `text` is not a valid name, as the end of a sentence; None when it is one."""
    if found := _unreadable(text, limit):
        return found
    if text.lstrip().startswith("="):
        return "begins with '=', which a spreadsheet would run as a formula"
    return None


def _unreadable(text: str, limit: int) -> str | None:
    if len(text) > limit:
        return f"is {len(text):,} characters long; the most is {limit}"
    if text.isascii() and text.isprintable():
        return None
    for at, character in enumerate(text):
        if _is_hidden(text, at):
            if _is_mark(character) and not UNSEEN.match(character):
                return f"has more than {_MOST_MARKS} accents on one letter"
            what = "an invisible" if UNSEEN.match(character) else "a control"
            return f"holds {what} character (U+{ord(character):04X})"
    if text and not any(unicodedata.category(c)[0] in "LNPS" for c in text):
        return "shows no letter, digit or sign"
    for word in re.findall(r"\w+", text):
        if _LATIN.search(word) and (found := _NEVER_WITH_LATIN.search(word)):
            return f"mixes letters of two scripts in one word (U+{ord(found[0]):04X})"
    return None


def _is_hidden(text: str, at: int) -> bool:
    """Whether a character is invisible, moves the cursor, or is one accent too many."""
    character = text[at]
    if character in _JOINERS:
        return not _joins(text[:at], text[at + 1 :])
    category = unicodedata.category(character)
    if category in _HIDDEN or UNSEEN.match(character):
        return True
    before = text[max(at - _MOST_MARKS, 0) : at]
    return category in ("Mn", "Me") and len(before) == _MOST_MARKS and all(map(_is_mark, before))


def _joins(before: str, after: str) -> bool:
    """Whether a joiner belongs to the letters or signs on its two sides."""
    return bool(before and after) and all(
        not each.isascii()
        and unicodedata.category(each)[0] in "LMS"
        and not unicodedata.name(each, "LATIN").startswith(("LATIN", "GREEK", "CYRILLIC"))
        and not UNSEEN.match(each)
        for each in (before[-1], after[0])
    )


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me")


def sought(text: str) -> list[str]:
    """The folded words of a search; no words find everything.

    A word of nothing but signs that make no difference makes none either, beside other words.

    Raises:
        BadInput: `bad_text`, when no name could have that length or those characters.
    """
    tidied = tidy(text)
    if wrong := _unreadable(tidied, LONGEST_NAME):
        raise BadInput(
            "bad_text",
            f"The search text {wrong}.",
            "Search for one word, or a part of one.",
            value=tidied[:60],
        )
    words = search_form(tidied).split()
    return [word for word in words if _NO_DIFFERENCE.sub("", word)] or words


_NO_DIFFERENCE = re.compile("[.,;:'‘’ʼʻ`´\"“”()/&_·‐‑–—-]")
"""Punctuation that nobody types when searching, and everybody types in another way."""
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})


def search_form(text: str) -> str:
    """The form in which texts are searched: case, accents, apostrophes, dashes do not count.

    A word of nothing but such signs stays as it is, and so do signs that tell names apart: "C++"
    and "C#" are two.
    """
    words = [word if _is_bare(word) else _searched(word) for word in fold(text).split()]
    return " ".join(filter(None, words))


def _is_bare(word: str) -> bool:
    return word.isascii() and word.isalnum()


@lru_cache(maxsize=4096)  # a register repeats its places, types and donors
def _searched(word: str) -> str:
    """A folded word without accents, and without punctuation unless it is nothing else."""
    words = (word if word.isascii() else _without_accents(word)).split()
    return " ".join(_NO_DIFFERENCE.sub("", each) or each for each in words)


def _without_accents(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word)
    bare = "".join(each for each in parts if not unicodedata.combining(each))
    return unicodedata.normalize("NFC", bare).translate(_PLAIN_LETTERS)


_NUMBERS = re.compile(r"[0-9]+")


def in_natural_order(text: str) -> str:
    """A key that sorts as people count: AC2 before AC10."""
    return _NUMBERS.sub(lambda found: found[0].lstrip("0").rjust(20, "0"), fold(text))


def by_name(name: str) -> str:
    """A key that sorts names as people do: School 2 before School 10, with or without accents."""
    return in_natural_order(search_form(name))


def number_pattern(text: str) -> str:
    """A LIKE pattern, with backslash as the escape, for numbers that differ in leading zeros only.

    It finds a few more than those: `in_natural_order` shows which are the same.
    """
    escaped = re.sub(r"([\\%_])", r"\\\1", fold(text))
    return _NUMBERS.sub(lambda found: "%" + (found[0].lstrip("0") or "0"), escaped)


_NUMBERED = re.compile(r"([^0-9]*)0*([0-9]+)")
_MOST_DIGITS = 6


def with_other_zeros(word: str) -> list[str]:
    """What else to search for, for a word of `sought` that is a number, perhaps after letters.

    It has other leading zeros, up to six digits in all: `ac42` gives `ac042` and so on, and `0042`
    gives ` 42` and ` 042`, each the beginning of a word.
    """
    match = _NUMBERED.fullmatch(word)
    if match is None:
        return []
    head, digits = match[1], match[2].lstrip("0") or "0"
    if digits == word:
        return []  # it is in each of them
    widths = range(len(digits), max(_MOST_DIGITS, len(digits)) + 1)
    numbers = [head + digits.rjust(n, "0") for n in widths]
    return [each if head else f" {each}" for each in numbers if each != word]


def tidy(text: str) -> str:
    """`text` in NFC, with each run of spaces, tabs and line breaks as one space, and stripped."""
    # `split` takes the same characters for space as the pattern \s does, in a third of the time
    return " ".join((text if text.isascii() else unicodedata.normalize("NFC", text)).split())


def clean(text: str, what: str, limit: int = LONGEST_NAME) -> str:
    """The tidy form of a name.

    Args:
        text: the name as it was given.
        what: the field, for the error: `"The organisation"`.
        limit: the most characters.

    Raises:
        BadInput: `bad_text`, when it is empty or not a valid name.
    """
    if not isinstance(text, str):
        raise BadInput(
            "bad_text",
            f"{what} must be text; {text!r} is not.",
            "Give it as text.",
            value=str(text)[:60],
        )
    tidied = tidy(text)
    wrong = fault(tidied, limit) if tidied else "is empty"
    if wrong:
        shown = plain(tidied[:60])
        raise BadInput(
            "bad_text",
            f"{what} {wrong}: {shown!r}." if shown else f"{what} {wrong}.",
            "Type it again, in plain letters.",
            value=tidied[:60],
        )
    return tidied


def fold(text: str) -> str:
    """The form for comparing spellings of a name: case and spaces do not count."""
    folded = " ".join(text.split()).casefold()
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded)


@lru_cache(maxsize=8192)
def skeleton(text: str) -> str:
    """The form for comparing texts by how they look to a reader.

    Takes any text, a name or an id. Gives it folded, without invisible characters, with full-width
    and styled letters as plain ones, and Cyrillic, Greek and Armenian letters as the Latin ones
    that they look like. Accents stay: "Bàrr" and "Barr" differ. Only for comparing, never for
    showing.
    """
    wide = unicodedata.normalize("NFKC", UNSEEN.sub("", unicodedata.normalize("NFC", text)))
    return fold(fold(wide.translate(_ALIKE_CAPITALS)).translate(_ALIKE))


@lru_cache(maxsize=4096)
def slug(text: str) -> str:
    """A readable identifier from a name: letters and digits of any script, joined by hyphens."""
    return "-".join(re.findall(r"\w+", fold(text).replace("'", "").replace("’", ""))) or "x"


def marked(name: str) -> str:
    """A name's slug and a short hash, so that no two names have the same."""
    return f"{slug(name)[:180]}-{hashlib.sha256(fold(name).encode()).hexdigest()[:8]}"


@lru_cache(maxsize=4096)
def type_key(name: str) -> str:
    """The id of a kit type: its slug if that has all of its name, else the slug and a hash.

    Only case and spaces are folded: "C++" and "C#" are two types.
    """
    key = slug(name)
    return key if key == fold(name).replace(" ", "-") else marked(name)


def organisation_key(name: str) -> str:
    """The id of an organisation: its slug, or the slug and a hash.

    "St Mary's, Leith" and "ST MARYS LEITH" are one organisation, because ordinary punctuation does
    not distinguish names. "C++ Club" and "C# Club" are two.
    """
    ordinary = re.fullmatch(rf"[\w\s{_ORDINARY}]*", name) and re.search(r"\w", name)
    return slug(name) if ordinary else marked(name)


def same_organisation(one: str, other: str) -> bool:
    """Whether two spellings name the same organisation."""
    return fold(one) == fold(other) or organisation_key(one) == organisation_key(other)


def plain(text: str) -> str:
    """`text` for a terminal: hidden and control characters are shown as code points."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"\\u{ord(c):04x}" if c not in "\n\t" and _is_hidden(text, at) else c
        for at, c in enumerate(text)
    )


_NEAR = 0.86
"""How alike two names must be, from 0 to 1, for one to be taken for a slip (difflib's ratio)."""
_MOST_NEAR = 5


def near_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Of names that are known, those that a new one may be meant for, the nearest first.

    Those that begin with it, and those that it, or as many of their first words, is spelt almost
    like. Accents do not count. Two that differ in a number or an initial alone, as "School 1" and
    "School 2" do, are two.
    """
    wanted = _bare(name)
    found = []
    for each in known:
        other = _bare(each)
        first_words = "-".join(other.split("-")[: wanted.count("-") + 1])
        if other.startswith(wanted):
            found.append((-1.0, each))
            continue
        like = max(_alike(wanted, other), _alike(wanted, first_words))
        if like >= _NEAR:
            found.append((-like, each))
    return tuple(each for _, each in sorted(found)[:_MOST_NEAR])


def _bare(name: str) -> str:
    parts = unicodedata.normalize("NFD", slug(name))
    return "".join(c for c in parts if not unicodedata.combining(c))


def _alike(one: str, other: str) -> float:
    """How alike two slugs are; 0 where they differ in numbers or initials alone."""
    import difflib  # asked of the mistyped only

    ours, theirs = one.split("-"), other.split("-")
    if len(ours) == len(theirs):
        differing = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
        if all(_is_initial(a) and _is_initial(b) for a, b in differing) and differing:
            return 0.0
    return difflib.SequenceMatcher(None, one, other).ratio()


def _is_initial(word: str) -> bool:
    return len(word) <= _LONGEST_INITIAL or any(c.isdigit() for c in word)


_LONGEST_INITIAL = 2
