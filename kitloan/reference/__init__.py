"""Scotland's colleges and regions, as data with its sources (see README.md beside it)."""

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources

from kitloan.reference.places import Position
from kitloan.text.names import fold

ESP = "esp"
"""The id of the national store's own ledger."""

_LONGEST_ID = 40
_ID = re.compile(r"[a-z0-9_]+(-[a-z0-9_]+)*")


@dataclass(frozen=True, slots=True)
class College:
    """A college as the reference list knows it; `region` is None outside the thirteen.

    `position` is that of its main town.
    """

    id: str
    name: str
    region: str | None
    region_name: str | None
    former_names: tuple[str, ...]
    town: str
    position: Position


@cache
def colleges() -> tuple[College, ...]:
    """Every college of the list, in its order."""
    text = (resources.files(__name__) / "colleges.csv").read_text(encoding="utf-8")
    return tuple(
        College(
            id=row["college_id"],
            name=row["college_name"],
            region=row["region_code"] or None,
            region_name=row["region"] or None,
            former_names=tuple(name for name in row["former_names"].split(";") if name),
            town=row["town"],
            position=Position(float(row["latitude"]), float(row["longitude"])),
        )
        for row in csv.DictReader(text.splitlines())
    )


@cache
def regions() -> dict[str, str]:
    """The thirteen regions: code and name, by name."""
    found = {c.region: c.region_name for c in colleges() if c.region and c.region_name}
    return dict(sorted(found.items(), key=lambda item: item[1]))


@cache
def _by_name() -> dict[str, College]:
    found: dict[str, College] = {}
    for college in colleges():
        for name in (college.id, college.name, *college.former_names):
            found.setdefault(fold(name), college)
    return found


def find_college(name: str) -> College | None:
    """The college of this id, name or former name; None when the list has none."""
    return _by_name().get(fold(name))


def is_college_id(text: str) -> bool:
    """Whether a text can be a college's id: short, in small letters, digits and hyphens.

    Letters may have accents, as in Gaelic. What only looks like the id of a listed college, or of
    ESP, is none: full-width or Cyrillic letters, or the same id with an accent.
    """
    apart = unicodedata.normalize("NFD", text)
    bare = "".join(each for each in apart if not unicodedata.combining(each))
    taken = {ESP, *(each.id for each in colleges())}
    return (
        len(text) <= _LONGEST_ID
        and _ID.fullmatch(bare) is not None
        and unicodedata.normalize("NFC", text) == text
        and (text == bare or bare not in taken)
    )
