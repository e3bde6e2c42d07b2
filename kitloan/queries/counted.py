"""What the latest count of a kit's contents means today: whole, short, never, or out of date.

A contents list may change after a count. Then the kit is not counted against the list of today. An
instant has whole seconds, so of a count and a change in one second the ledger's order decides.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, or_, select

from kitloan.queries.undone import UNDONE
from kitloan.storage.statements import Query, among
from kitloan.tables import Component, Holding, KitType, LedgerEntry, table
from kitloan.values import Counted

component, entry, holding = table(Component), table(LedgerEntry), table(Holding)
kit_type = table(KitType)

Kind = tuple[str, str]
"""A college and the id of one of its kit types."""
Place = tuple[str, str]
"""A college and the tag of one of its holdings."""

_COUNTING = ("contents.counted", "loan.checked_in", "transfer.received", "transfer.sent")
_LATEST_COUNTS = Query(
    select(entry.c.epoch, entry.c.seq, entry.c.body)
    .where(
        entry.c.college == bindparam("c"),
        entry.c.tag == bindparam("t"),
        or_(*[entry.c.kind == kind for kind in _COUNTING]),
        ~UNDONE,
    )
    .order_by(entry.c.epoch.desc(), entry.c.seq.desc())
)


@dataclass(frozen=True, slots=True)
class ListChange:
    """When a contents list changed last, and the place of that entry in its college's ledger."""

    at: str
    epoch: int
    seq: int


_DEFINITIONS = Query(
    select(entry.c.at, entry.c.epoch, entry.c.seq, entry.c.body)
    .where(
        entry.c.college == bindparam("c"),
        entry.c.tag.is_(None),
        entry.c.kind == "kit_type.defined",
        ~UNDONE,
    )
    .order_by(entry.c.epoch, entry.c.seq)
)
_LISTED = Query(
    select(kit_type.c.kit_type, kit_type.c.contents_at).where(
        kit_type.c.college == bindparam("c"),
        among(kit_type.c.kit_type, "types"),
        exists().where(
            component.c.college == kit_type.c.college, component.c.kit_type == kit_type.c.kit_type
        ),
    )
)


def list_changes(connection: Connection, colleges: Collection[str]) -> Mapping[Kind, ListChange]:
    """The latest change of each contents list that was changed since it was first defined."""
    known: dict[Kind, Any] = {}
    changed: dict[Kind, ListChange] = {}
    for college in colleges:
        for at, epoch, seq, body in _DEFINITIONS.tuples(connection, c=college):
            fact = json.loads(body)["fact"]
            key = college, fact["kit_type"]
            if known.get(key, fact["contents"]) != fact["contents"]:
                changed[key] = ListChange(at, epoch, seq)
            known[key] = fact["contents"]
    return changed


def counted_before(connection: Connection, place: Place, change: ListChange) -> bool:
    """Whether a kit's latest count is before a change in the ledger's order."""
    for row in _LATEST_COUNTS(connection, c=place[0], t=place[1]):
        if json.loads(row.body)["fact"].get("counted") in ("whole", "short"):
            return bool((row.epoch, row.seq) < (change.epoch, change.seq))
    return True


def new_critical_parts(
    connection: Connection, college: str, tag: str, kit_type: str
) -> tuple[str, ...]:
    """Critical parts of a kit's list that the list had not, or fewer of, at its latest count."""
    latest = next(
        (
            (row.epoch, row.seq)
            for row in _LATEST_COUNTS(connection, c=college, t=tag)
            if json.loads(row.body)["fact"].get("counted") in ("whole", "short")
        ),
        None,
    )
    if latest is None:
        return ()
    rows = connection.execute(
        select(entry.c.epoch, entry.c.seq, entry.c.body)
        .where(
            entry.c.college == college,
            entry.c.tag.is_(None),
            entry.c.kind == "kit_type.defined",
            ~UNDONE,
        )
        .order_by(entry.c.epoch, entry.c.seq)
    )
    then: dict[str, int] = {}
    now: dict[str, int] = {}
    for row in rows:
        fact = json.loads(row.body)["fact"]
        if fact["kit_type"] != kit_type:
            continue
        now = {each["name"]: each["quantity"] for each in fact["contents"] if each["critical"]}
        if (row.epoch, row.seq) < latest:
            then = now
    return tuple(name for name, number in now.items() if number > then.get(name, 0))


def counted_in_that_second(
    connection: Connection, changes: Mapping[Kind, ListChange]
) -> frozenset[Place]:
    """The kits counted in the very second in which their list changed, and before it changed."""
    if not changes:
        return frozenset()
    same = [
        and_(
            holding.c.college == college,
            holding.c.kit_type == kind,
            holding.c.counted_at == change.at,
        )
        for (college, kind), change in changes.items()
    ]
    rows = connection.execute(
        select(holding.c.college, holding.c.tag, holding.c.kit_type).where(or_(*same))
    ).all()
    return frozenset(
        (row.college, row.tag)
        for row in rows
        if counted_before(connection, (row.college, row.tag), changes[row.college, row.kit_type])
    )


def count_words(
    connection: Connection,
    college: str,
    kits: Sequence[tuple[str, str, str | None]],
    short: Collection[str],
) -> dict[str, Counted]:
    """What the latest count of each of some kits means, by tag; those without a contents list are
    left out.

    Args:
        connection: a transaction.
        college: whose they are.
        kits: the tag of each, its kit type, and when it was counted; no stock.
        short: the tags of those of which something is missing or broken.
    """
    if not kits:
        return {}
    types = sorted({kind for _, kind, _ in kits})
    changed_at = dict(_LISTED.tuples(connection, c=college, types=types))
    changes: Mapping[Kind, ListChange] | None = None
    found: dict[str, Counted] = {}
    for tag, kind, at in kits:
        if kind not in changed_at:
            continue
        if at is None:
            found[tag] = "never"
            continue
        found[tag] = "short" if tag in short else "whole"
        if changed_at[kind]:
            if changes is None:
                changes = list_changes(connection, [college])
            change = changes.get((college, kind))
            if change is not None and (
                at < change.at
                or (at == change.at and counted_before(connection, (college, tag), change))
            ):
                found[tag] = "list_changed"
    return found
