"""Scotland's councils: one name and one code for each, whatever a list calls it."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from kitloan.text.names import slug


@dataclass(frozen=True, slots=True)
class Council:
    """A council: its code as the Scottish Government gives it now, and its name.

    `usual_region` is the college region that most of it is in; None where several colleges serve
    it. Only denominators go by it: what was lent is of the region of the college that lent it.
    """

    code: str
    name: str
    usual_region: str | None


@cache
def _aliases() -> dict[str, Council]:
    text = (resources.files("kitloan.reference") / "councils.csv").read_text(encoding="utf-8")
    found: dict[str, Council] = {}
    for row in csv.DictReader(text.splitlines()):
        council = Council(row["code"], row["name"], row["usual_region"] or None)
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
