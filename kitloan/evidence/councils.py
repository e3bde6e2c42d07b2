"""Scotland's councils: one name and one code for each, whatever a list calls it."""

import csv
import html
import re
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
    """A name as it is compared: `Edinburgh, City of` and `City of Edinburgh Council` are one."""
    name, _, before = html.unescape(text).partition(",")
    key = slug(f"{before} {name}".replace("&", " and ")).removeprefix("the-")
    for short, whole in (("n", "north"), ("e", "east"), ("s", "south"), ("w", "west")):
        if key.startswith(f"{short}-"):
            key = f"{whole}{key[1:]}"
    return key.removesuffix("-council")


def find_council(text: str | None) -> Council | None:
    """The council that a name or a code means, a former one too; None when it is none of them."""
    if not text:
        return None
    found = _aliases().get(_key(text))
    if found is None and (more := re.fullmatch(r"(.+?)\s*\((.+)\)", text.strip())):
        names = {_aliases().get(_key(each)) for each in (more[1], f"{more[1]}, {more[2]}")} - {None}
        found = names.pop() if len(names) == 1 else None
    return found
