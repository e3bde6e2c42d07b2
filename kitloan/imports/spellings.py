"""Names of borrowers that are spelt nearly alike within one register."""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType

from kitloan.text.names import organisation_key, same_organisation, skeleton

NEARLY = 0.86
"""How alike two names must be, from 0 to 1, to be asked about (difflib's ratio)."""

_FULL = {
    "acad": "academy",
    "hs": "high school",
    "ps": "primary school",
    "sch": "school",
    "prim": "primary",
    "sec": "secondary",
    "coll": "college",
    "jnr": "junior",
    "st": "saint",
    "gs": "grammar school",
    "ns": "nursery school",
    "ra": "royal academy",
    "cc": "community campus",
}
_KINDS = frozenset(
    {"academy", "high", "primary", "nursery", "grammar", "secondary", "junior", "college", "campus"}
)
_DROPPED = {"school", "the", "of"}


def expanded(name: str) -> str:
    """A name with its usual abbreviations written out, for comparing."""
    text = re.sub(r"\b([a-z])\.\s?([a-z])\.", r"\1\2", name.casefold())
    words = re.findall(r"\w+", text.replace("'", "").replace("’", ""))
    full = " ".join(_FULL.get(word, word) for word in words).split()
    return " ".join(word for word in full if word not in _DROPPED)


def near_names(counts: Mapping[str, int], difflib: ModuleType) -> Iterator[tuple[str, str]]:
    """Names that are nearly another, each with the one that it is nearly like.

    Args:
        counts: by name, how many rows have it; the commoner of two is taken for right, then the
        longer.
        difflib: the standard library's module, loaded only where there are borrowers.
    """
    by_key: dict[str, str] = {}
    for name in sorted(counts, key=lambda n: (-counts[n], n.isupper() or n.islower(), n)):
        by_key.setdefault(organisation_key(name), name)
    whole: dict[str, int] = {}
    for name, many in counts.items():
        key = organisation_key(name)
        whole[key] = whole.get(key, 0) + many
    ordered = sorted(by_key.values(), key=lambda n: (-whole[organisation_key(n)], -len(n), n))
    right: list[tuple[str, str]] = []
    for name in ordered:
        full = expanded(name)
        found = next((other for other, theirs in right if _is_near(full, theirs, difflib)), None)
        if found is not None:
            yield name, found
        else:
            right.append((name, full))


def look_alikes(names: Iterable[str], known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Names that a reader cannot tell from another, spelt with other letters; each with that one.

    Args:
        names: as a register has them.
        known: names of organisations on file, which come first.
    """
    right: dict[str, str] = {}
    for name in known:
        right.setdefault(skeleton(name), name)
    # Of two in one file, the one in plain letters is the right one.
    for name in sorted(names, key=lambda n: (not n.isascii(), n)):
        other = right.setdefault(skeleton(name), name)
        if not same_organisation(other, name):
            yield name, other


def _is_near(one: str, other: str, difflib: ModuleType) -> bool:
    """Whether two names, written out, are one but for a slip.

    Where both are of one kind (two primary schools), what tells them apart is the rest of the name.
    """
    if one == other:
        return True
    if abs(len(one) - len(other)) > 4 or _digits(one) != _digits(other):
        return False
    kinds = [sorted(_KINDS.intersection(name.split())) for name in (one, other)]
    if kinds[0] == kinds[1]:
        one, other = (" ".join(w for w in n.split() if w not in _KINDS) for n in (one, other))
        if min(len(one), len(other)) < 5:
            return False  # Duns and Dunn are two places
    match = difflib.SequenceMatcher(None, one, other)
    return bool(match.real_quick_ratio() >= NEARLY and match.ratio() >= NEARLY)


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdecimal())
