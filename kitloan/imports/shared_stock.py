"""A stock that several borrowers have parts of, in one cell: "Alva Academy (12), Kyle Academy (5)".

Each part of the cell must be a name and a count. A cell with a part that has no count is left to
`holders`, which asks about it.
"""

import re
from typing import NamedTuple

from kitloan.imports.evidence import looks_like_person, may_be_borrower
from kitloan.imports.values import Fault, borrower
from kitloan.text.names import fold, tidy

_BETWEEN = re.compile(r"\s*(?:[\n;,/&+|]|\band\b)\s*")
_COUNT_FIRST = re.compile(
    r"(?P<many>\d{1,4})\s*(?:(?:[x×@:–-]|of them|(?:on loan|out|lent)?\s*\b(?:to|at|with|for))\s*)?"
    r"(?P<who>[^\W\d_].*)",
    re.IGNORECASE,
)
_COUNT_LAST = re.compile(
    r"(?P<who>[^\W\d_].*?)\s*(?:[:(=–-]|\b(?:has|have|got)\b|\s[x×])\s*[x×]?\s*(?P<many>\d{1,4})"
    r"\s*(?:off|of them|kits?|sets?)?\s*\)?",
    re.IGNORECASE,
)


class BorrowerShare(NamedTuple):
    """How many of a stock one borrower has."""

    borrower: str
    quantity: int


def part_of_stock(cell: str) -> BorrowerShare | None:
    """How many one borrower has, where the cell begins with that: "2 with Dollar Academy"."""
    found = _COUNT_FIRST.fullmatch(cell.strip())
    linked = found and not re.fullmatch(r"\d+\s*", cell.strip()[: found.start("who")])
    if found is None or not linked or not may_be_borrower(found["who"]):
        return None
    return BorrowerShare(tidy(found["who"]), int(found["many"]))


def parts_of_stock(cell: str) -> tuple[BorrowerShare, ...]:
    """The borrowers in a cell, each with how many they have; empty where it is no such cell."""
    pieces = [piece for piece in _BETWEEN.split(cell.strip()) if piece]
    if len(pieces) < 2:
        return ()
    found = []
    for piece in pieces:
        match = _COUNT_FIRST.fullmatch(piece) or _COUNT_LAST.fullmatch(piece)
        if match is None or int(match["many"]) < 1:
            return ()
        name = borrower(tidy(match["who"]))
        if isinstance(name, Fault) or looks_like_person(name):
            return ()
        found.append(BorrowerShare(name, int(match["many"])))
    schools = sum(may_be_borrower(part.borrower) for part in found)
    names = {fold(part.borrower) for part in found}
    return tuple(found) if schools and len(names) == len(found) else ()
