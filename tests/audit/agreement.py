"""What holds of any report, whatever happened: tables are of the same kits, and gifts close."""

from collections import Counter

from audit.scotland import Rows, rows
from kitloan.audit import Audit
from kitloan.audit.measures import NAMES

FATES = ("held", "on_its_way", "redeployed", "missing", "written_off")
WITH = {"missing": "missing", "in_transit": "in_transit"}


def agrees(found: Audit) -> None:
    """Every two tables that can be compared say the same."""
    register = listed(found)
    held = {tag: each for tag, each in register.items() if each["with"] != "withdrawn"}
    totals = found.totals
    assert len(held) == totals.holdings
    for groups in (found.by_region, found.by_college, found.by_donor, found.by_type):
        for name in NAMES:
            assert sum(each.figures[name] for each in groups) == totals[name], name
    _same_places(found, held)
    _same_counts(found, held)
    for gift in [*rows(found, "gifts"), *rows(found, "gift_shares")]:
        if gift["allocated"] is not None:  # of one that ESP did not agree, nobody knows it
            closes(gift)
    _same_gifts(found)


def listed(found: Audit) -> dict[str, dict[str, object]]:
    """The register by tag: one row each."""
    every = found.as_json()["register"]
    by_tag = {each["tag"]: each for each in every}
    assert len(by_tag) == len(every), "a tag is in the register once"
    return by_tag


def closes(gift: dict[str, object]) -> None:
    """The identities of a gift, or of a college's share of one, which has the last two."""
    names = ("allocated", "taken_in", "not_taken_in", *FATES)
    n = {name: int(str(gift[name])) for name in names}
    assert n["allocated"] == n["taken_in"] + n["not_taken_in"]
    assert n["taken_in"] == sum(n[name] for name in FATES)
    if gift["promised"] is not None:
        more = ("promised", "received", "outstanding", "at_esp")
        promised, received, outstanding, at_esp = (int(str(gift[name])) for name in more)
        assert promised == received + outstanding
        assert received == n["allocated"] + at_esp


def _same_places(found: Audit, held: dict[str, dict[str, object]]) -> None:
    """Register, colleges, use, idle, pairs, transfers and gifts have each kit at one college."""
    at = Counter(str(each["college"]) for each in held.values())
    held_at = {each.id: each.figures.holdings for each in found.by_college}
    assert {where: many for where, many in held_at.items() if many} == at
    used = {str(each["name"]): each["holdings"] for each in rows(found, "use_by_college")}
    assert {name: many for name, many in used.items() if many} == at
    for name, tag, college in (
        ("idle", "tag", "college"),
        ("pairs", "tag", "college"),
        ("pairs", "from_tag", "from_college"),
    ):
        for each in rows(found, name):
            assert held[str(each[tag])]["college"] == each[college], name
    for each in rows(found, "gift_kits"):
        if each["held_by"] is not None and each["tag"] in held:
            assert held[str(each["tag"])]["college"] == each["held_by"]
    on_their_way = {
        each["tag"] for each in rows(found, "transfers") if each["status"] == "on its way"
    }
    assert on_their_way <= {t for t, each in held.items() if each["with"] == "in_transit"}


def _same_counts(found: Audit, held: dict[str, dict[str, object]]) -> None:
    """The register's words add up to the totals."""
    totals = found.totals
    there = [each for each in held.values() if each["with"] != "missing"]
    words = Counter(each["counted"] for each in there)
    assert words["whole"] == totals.counted_whole
    assert words["short"] == totals.counted_short
    assert words["never"] == totals.never_counted
    assert words["list_changed"] == totals.list_changed
    whereabouts = Counter(each["with"] for each in held.values())
    assert whereabouts["missing"] == totals.missing
    assert whereabouts["in_transit"] == totals.in_transit
    late = sum(int(str(each["loans"])) for each in rows(found, "overdue_by_age"))
    assert late >= totals.overdue
    assert len(rows(found, "findings")) == len(found.findings)


def _same_gifts(found: Audit) -> None:
    """Gifts, shares and kits are of the same things."""
    shares: Rows = rows(found, "gift_shares")
    for gift in rows(found, "gifts"):
        of_it = [each for each in shares if each["gift"] == gift["gift"]]
        for name in ("allocated", "taken_in", "not_taken_in", *FATES):
            assert sum(int(str(each[name])) for each in of_it) == gift[name], name
