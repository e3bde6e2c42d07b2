"""Scotland's councils: one name and one code for each, whatever a list calls it."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from kitloan.text.names import slug


@dataclass(frozen=True, slots=True)
class Council:
    """A council: its code as the Scottish Government gives it now, and its name."""

    code: str
    name: str


@cache
def _aliases() -> dict[str, Council]:
    text = (resources.files("kitloan.reference") / "councils.csv").read_text(encoding="utf-8")
    found: dict[str, Council] = {}
    for row in csv.DictReader(text.splitlines()):
        council = Council(row["code"], row["name"])
        spelt = [row["name"], *row["also"].split(";")]
        for each in (row["code"], *row["former_codes"].split(";"), *spelt):
            if each:
                found.setdefault(_key(each), council)
    return found


def _key(text: str) -> str:
    key = slug(text.replace("&", " and ")).removeprefix("the-")
    return key.removesuffix("-council")


def find_council(text: str | None) -> Council | None:
    """The council that a name or a code means, a former one too; None when it is none of them."""
    return _aliases().get(_key(text)) if text else None
