"""Scotland's colleges and regions, as data with its sources (see README.md beside it)."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from kitloan.text.names import fold

ESP = "esp"
"""The id of the national store's own ledger."""


@dataclass(frozen=True, slots=True)
class College:
    """A college as the reference list knows it; `region` is None outside the thirteen."""

    id: str
    name: str
    region: str | None
    region_name: str | None
    former_names: tuple[str, ...]


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
