"""After which loan a shortage was found: who had the kit when the part went."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Connection, select

from kitloan.queries.undone import UNDONE
from kitloan.storage.statements import AnyRow
from kitloan.tables import LedgerEntry, Loan, Organisation, table
from kitloan.values import FoundAfter

entry, loan, organisation = table(LedgerEntry), table(Loan), table(Organisation)

Part = tuple[str, str, str]
"""A college, the tag of one of its kits, and a component of it."""

_KINDS = (
    *("loan.checked_in", "contents.counted", "shortage.made_good", "holding.missing"),
    *("transfer.sent", "transfer.received"),
)


def found_after(connection: Connection, parts: Collection[Part]) -> Mapping[Part, FoundAfter]:
    """The loans after which components were found short; what no loan explains is left out.

    That is the loan with whose return it was counted, or the last that came back uncounted before
    the count.
    """
    kits = {(college, tag) for college, tag, _ in parts}
    if not kits:
        return {}
    rows = connection.execute(
        select(entry.c.college, entry.c.tag, entry.c.kind, entry.c.body)
        .where(
            entry.c.college.in_({college for college, _ in kits}),
            entry.c.tag.in_({tag for _, tag in kits}),
            entry.c.kind.in_(_KINDS),
            ~UNDONE,
        )
        .order_by(entry.c.college, entry.c.epoch, entry.c.seq)
    )
    stories: defaultdict[tuple[str, str], list[AnyRow]] = defaultdict(list)
    for row in rows:
        stories[row.college, row.tag].append(row)
    loans = {
        (*kit, component): lent
        for kit in kits
        for component, lent in _loans_of(stories[kit]).items()
        if lent is not None
    }
    wanted = {part: loans[part] for part in parts if part in loans}
    names = _borrowers(connection, {(part[0], lent) for part, lent in wanted.items()})
    return {
        part: FoundAfter(lent, names[part[0], lent])
        for part, lent in wanted.items()
        if (part[0], lent) in names
    }


def _loans_of(story: Iterable[AnyRow]) -> dict[str, str | None]:
    """After which loan each component that is short was found so, from a kit's entries."""
    short: dict[str, str | None] = {}
    back: str | None = None  # the last loan, while nobody has counted since
    for row in story:
        fact = json.loads(row.body)["fact"]
        if row.kind == "holding.missing":
            back = fact["loan"] or back
        elif row.kind == "shortage.made_good":
            if not fact["missing"] + fact["broken"]:
                short.pop(fact["component"], None)
        else:
            back = fact.get("loan") or back
            now = [each["component"] for each in fact.get("shortages", ())]
            short = {each: short.get(each, back) for each in now}
            if fact.get("counted") in ("whole", "short"):
                back = None
    return short


def _borrowers(
    connection: Connection, loans: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], str]:
    rows = connection.execute(
        select(loan.c.college, loan.c.loan, organisation.c.name)
        .join_from(
            loan,
            organisation,
            (organisation.c.college == loan.c.college)
            & (organisation.c.organisation == loan.c.organisation),
        )
        .where(
            loan.c.college.in_({college for college, _ in loans}),
            loan.c.loan.in_({each for _, each in loans}),
        )
    )
    return {(row.college, row.loan): row.name for row in rows}
