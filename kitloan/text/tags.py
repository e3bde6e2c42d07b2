"""Tags: the code on a label, a holding's identity for life.

A tag is `KL`, then 10 characters of Crockford's base 32, then one ISO 7064 MOD 37-2 check
character. On the wire and in the tables it is bare, `KL8B7XAPXYTMZ`; people see it in groups,
`KL 8B7X-APXY-TMZ`. Bodies of up to 16 characters are accepted, so that longer tags can be minted
one day without new scanners.

Why this shape: letters and digits survive every keyboard layout that a scanner may meet, the
weights of MOD 37-2 catch every single slip, swap, jump swap and twin error, and 50 random bits
keep the chance that two of half a million printed tags agree near one in ten thousand.
"""

import re
import secrets
from collections.abc import Iterator
from functools import lru_cache

from kitloan.errors import BadInput

PREFIX = "KL"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32 (crockford.com/base32): no I, L, O or U."""

BODY_LENGTH = 10
LONGEST_BODY = 16

_CHECK_VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0"})
_SYMBOLOGY = re.compile(r"^\][A-Z][0-9A-Z]")  # AIM identifier that some scanners type first
_BODY = re.compile(rf"[{ALPHABET}]+")
_SPACE = re.compile(r"\s")
_GAPS = re.compile(r"[\s-]+")
_RUN = re.compile(rf"{PREFIX}(?:[ -]?[0-9A-Z]){{{BODY_LENGTH + 1},{LONGEST_BODY + 1}}}")

_LONGEST_ADDED = 6
"""Characters that a scanner's settings put before or after a code: `*`, `P01`, `_QR`."""


def check_character(body: str) -> str:
    """The ISO 7064 MOD 37-2 check character of a body without its prefix.

    The published vector `G123498654321` gives `H` (ISBT 128, transfusionguidelines.org).
    """
    total = 0
    for character in body:
        total = (total + _CHECK_VALUES.index(character)) * 2 % 37
    return _CHECK_VALUES[(38 - total) % 37]


_LETTERS = (ALPHABET * 8).encode()  # a letter for each byte; 32 divides 256


def mint() -> str:
    """A new tag, from the system's source of secrets.

    A body whose check character is not in the alphabet is discarded, and another is drawn.
    """
    while True:
        drawn = secrets.token_bytes(BODY_LENGTH)
        body = drawn.translate(_LETTERS).decode()
        check = check_character(body)
        if check in ALPHABET:
            return PREFIX + body + check


@lru_cache(maxsize=1_024)  # of a scan it is asked several times
def is_tag(text: str) -> bool:
    """Whether `text` is a tag in its bare form, check character included."""
    body = text[len(PREFIX) : -1]
    return (
        text.startswith(PREFIX)
        and BODY_LENGTH <= len(body) <= LONGEST_BODY
        and _BODY.fullmatch(text[len(PREFIX) :]) is not None
        and check_character(body) == text[-1]
    )


def bare(text: str) -> str:
    """The bare form of a tag as a scanner or a person gave it.

    Takes away spaces, hyphens, control characters, a scanner's `]Q1` identifier, what else a
    scanner was set to add before or after, and the address in front of a tag that was printed as a
    web link; folds case, and reads the letters I, L and O in the body as the digits they are
    mistaken for. Text that holds no tag comes back as it is otherwise, unchecked.
    """
    if is_tag(text):
        return text
    code = text if text.isprintable() else "".join(c for c in text if c.isprintable())
    code = code.upper()
    code = _SYMBOLOGY.sub("", code.strip())
    if "://" in code:
        code = code.rstrip("/").rsplit("/", 1)[-1]
    joined = _GAPS.sub("", code)
    if joined.startswith(PREFIX):
        joined = PREFIX + joined[len(PREFIX) :].translate(_LOOKALIKES)
    if is_tag(joined) or PREFIX not in code:
        return joined
    return added_to(code) or joined


def added_to(text: str) -> str:
    """The one tag in `text` that has a few characters before or after it; empty for none."""
    found = at(text, start) if (start := text.find(PREFIX)) >= 0 else None
    if found is None:
        return ""
    tag, end = found
    before, after = text[:start].lstrip(), text[end:].rstrip()
    most = max(len(before), len(after))
    return tag if most <= _LONGEST_ADDED and not _SPACE.search(before + after) else ""


def at(text: str, start: int) -> tuple[str, int] | None:
    """The tag that begins at `start` of a text in capitals, and where it ends; None for none.

    It ends where the text does, before another tag or card, or before anything but a letter or a
    digit: an extra character in a tag must not make another tag of it.
    """
    run = _RUN.match(text, start)
    for end in range(run.end() if run else start, start, -1):
        rest = text[end:]
        if rest[:1].isalnum() and not rest.startswith(PREFIX):
            continue
        tag = "".join(c for c in text[start:end] if c not in " -")
        tag = PREFIX + tag[len(PREFIX) :].translate(_LOOKALIKES)
        if is_tag(tag):
            return tag, end
    return None


def looks_like_tag(text: str) -> bool:
    """Whether `text` is meant as a tag, correct or with a slip."""
    candidate = bare(text)
    longest = len(PREFIX) + LONGEST_BODY + 2
    shortest = len(PREFIX) + BODY_LENGTH
    return (
        candidate.startswith(PREFIX)
        and shortest <= len(candidate) <= longest
        and _BODY.fullmatch(candidate[len(PREFIX) :]) is not None
    )


def parse(text: str) -> str:
    """The bare tag in `text`.

    Raises:
        BadInput: `bad_tag`, when it is not a tag or its check character is wrong.
    """
    tag = bare(text)
    if is_tag(tag):
        return tag
    raise BadInput(
        "bad_tag",
        f"{text!r} is not a tag: its check character is wrong."
        if looks_like_tag(text)
        else f"{text!r} is not a tag.",
        "Scan it again, or type it as it is on the label, like KL 8B7X-APXY-TMZ.",
        text=text,
    )


def grouped(tag: str) -> str:
    """A tag in the groups that people read: `KL 8B7X-APXY-TMZ`."""
    rest = tag[len(PREFIX) :]
    return f"{PREFIX} " + "-".join(rest[i : i + 4] for i in range(0, len(rest), 4))


def one_slip_away(text: str) -> Iterator[str]:
    """Every valid tag that one wrong, missing, extra or swapped character turns into `text`."""
    tag = bare(text)
    seen = set()
    for candidate in _edits(tag):
        if candidate not in seen and is_tag(candidate):
            seen.add(candidate)
            yield candidate


def _edits(tag: str) -> Iterator[str]:
    start = len(PREFIX) if tag.startswith(PREFIX) else 0
    for i in range(start, len(tag) + 1):
        head, tail = tag[:i], tag[i:]
        for character in ALPHABET:
            yield head + character + tail
        if not tail:
            continue
        yield head + tail[1:]
        for character in ALPHABET:
            yield head + character + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
    if start == 0:
        for i in range(min(3, len(tag) + 1)):
            yield PREFIX + tag[i:]
