"""Rows of holdings: changing them, and the words that they are found by; for facts of any topic.

Apart from the facts about holdings, because lending changes such rows too, and needs none of those.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    bindparam,
    case,
    func,
    insert,
    select,
    update,
)

from kitloan.ledger.facts.base import Counted, Recorded, happened_at
from kitloan.storage.statements import AnyRow, Change, Query
from kitloan.tables import Gift, Holding, KitType, table
from kitloan.text.fields import Fields, HoldingFields
from kitloan.text.names import fold, in_natural_order, search_form

gift, holding, kit_type = table(Gift), table(Holding), table(KitType)

_parts = (
    select(
        holding.c.tag,
        holding.c.asset_number,
        kit_type.c.name,
        holding.c.serial,
        holding.c.location,
        gift.c.donor,
        gift.c.funding_source,
        holding.c.words,
    )
    .join_from(holding, kit_type)
    .outerjoin(gift)
)
_parts_of_holding = Query(
    _parts.where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
)
_parts_of_type = Query(
    _parts.where(holding.c.college == bindparam("c"), holding.c.kit_type == bindparam("k"))
)
name_of_type = Query(
    select(kit_type.c.name).where(
        kit_type.c.college == bindparam("c"), kit_type.c.kit_type == bindparam("k")
    )
)
_set_words = Change(
    update(holding)
    .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
    .values(words=bindparam("new_words"))
)
_add_words = Change(
    update(holding)
    .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
    .values(words=holding.c.words + bindparam("more"))
)


def more_words(connection: Connection, college: str, tag: str, *parts: str | None) -> None:
    """Append words to a holding's words, without reading them: those of its first gift."""
    words = _folded_before(*parts)
    if words:
        _add_words.one(connection, c=college, t=tag, more=f" {words}")


def refresh_words(connection: Connection, college: str, tag: str) -> None:
    """Update the words of one holding."""
    _refresh(connection, college, _parts_of_holding(connection, c=college, t=tag))


def refresh_words_of_type(connection: Connection, college: str, kit_type: str) -> None:
    """Update the words of every holding of a kit type."""
    _refresh(connection, college, _parts_of_type(connection, c=college, k=kit_type))


def _refresh(connection: Connection, college: str, rows: Iterable[AnyRow]) -> None:
    for *parts, now in rows:
        words = folded(*parts)
        if words != now:
            _set_words(connection, c=college, t=parts[0], new_words=words)


def folded(*parts: str | None) -> str:
    """The words that are searched, of these parts."""
    return search_form(" ".join(filter(None, parts)))


_folded_before = lru_cache(maxsize=1024)(folded)  # thousands of kits have one donor


SIGHTED: dict[str, BindParameter[Any]] = {
    "sighted_at": bindparam("at"),
    "sighted_by": bindparam("by"),
}
"""The columns that a change of a holding also sets when the holding was seen."""


def new(fields: type[Fields]) -> dict[str, BindParameter[Any]]:
    """What a change sets to the values of `Fields.of(fact, "new_")`: each column by its name."""
    return {name: bindparam(f"new_{name}") for name in fields.model_fields}


def asset_key(fact: HoldingFields) -> str | None:
    """What a holding's asset number is found by."""
    return fold(fact.asset_number) if fact.asset_number else None


def number_order(fact: HoldingFields) -> str:
    """Where a holding is in a list: by its asset number as people count, else at the end."""
    return f"0{in_natural_order(fact.asset_number)}" if fact.asset_number else "1"


COUNTED: dict[str, Any] = {
    "uncounted": bindparam("not_counted"),
    "counted_at": case(
        (holding.c.counted_at > func.coalesce(bindparam("counted_now"), ""), holding.c.counted_at),
        else_=func.coalesce(bindparam("counted_now"), holding.c.counted_at),
    ),
}
"""What a change of a holding sets too, when its contents were or should have been counted."""


def counted_in(outcome: Counted, at: str) -> dict[str, Any]:
    """The values of `COUNTED` for what became of a count."""
    return {
        "not_counted": outcome == "uncounted",
        "counted_now": at if outcome in ("whole", "short") else None,
    }


_last_seen = Query(
    select(holding.c.sighted_at, holding.c.sighted_by).where(
        holding.c.college == bindparam("c"), holding.c.tag == bindparam("t")
    )
)


def sighting(connection: Connection, college: str, entry: Recorded, fact: Any) -> dict[str, Any]:
    """The values of `SIGHTED`: who had a holding in hand last, of this fact and those before it."""
    if fact.on is not None:
        at = happened_at(entry, fact.on)
        for seen_at, seen_by in _last_seen.tuples(connection, c=college, t=fact.tag):
            if seen_at is not None and seen_at > at:
                return {"at": seen_at, "by": seen_by}
        return {"at": at, "by": entry.by}
    return {"at": entry.at, "by": entry.by}


def change_holding(*only_if: ColumnElement[bool], **values: Any) -> Change:
    """A statement that sets columns of one holding, named by `c` and `t`, on some conditions.

    The verbs check these conditions before they seal an entry; a forged entry may break them.
    """
    return Change(
        update(holding)
        .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"), *only_if)
        .values(**values)
    )


insert_holding = Change(insert(holding))
