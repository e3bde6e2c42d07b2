"""Shortages of kits, and how many critical components each kit is short of."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from kitloan.ledger.facts.base import MOST_OF_A_LIST, CountOrNone, Frozen, Name
from kitloan.storage.statements import Change, Query
from kitloan.tables import Component, Holding, Shortage, table

component = table(Component)
holding = table(Holding)
shortage = table(Shortage)

_still_since = Query(
    select(shortage.c.component, shortage.c.since).where(
        shortage.c.college == bindparam("c"), shortage.c.tag == bindparam("t")
    )
)
_forget_shortages = Change(
    delete(shortage).where(shortage.c.college == bindparam("c"), shortage.c.tag == bindparam("t"))
)
_insert_shortage = Change(insert(shortage))
_set_shortage = Change(
    update(shortage)
    .where(
        shortage.c.college == bindparam("c"),
        shortage.c.tag == bindparam("t"),
        shortage.c.component == bindparam("k"),
    )
    .values(missing=bindparam("now_missing"), broken=bindparam("now_broken"))
)
_forget_shortage = Change(
    delete(shortage).where(
        shortage.c.college == bindparam("c"),
        shortage.c.tag == bindparam("t"),
        shortage.c.component == bindparam("k"),
    )
)

_critical = (
    select(func.count())
    .select_from(shortage)
    .join(
        component,
        (component.c.college == shortage.c.college) & (component.c.name == shortage.c.component),
    )
    .where(
        shortage.c.college == holding.c.college,
        shortage.c.tag == holding.c.tag,
        component.c.kit_type == holding.c.kit_type,
        component.c.critical,
    )
    .correlate(holding)
    .scalar_subquery()
)
_reckon_holding = Change(
    update(holding)
    .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
    .values(critical_short=_critical)
)
_reckon_type = Change(
    update(holding)
    .where(holding.c.college == bindparam("c"), holding.c.kit_type == bindparam("k"))
    .values(critical_short=_critical)
)


def reckon(connection: Connection, college: str, tag: str) -> None:
    """Recount how many critical components one kit is short of."""
    _still_since(
        connection, c=college, t=tag
    )  # so that a meter counts the rows that the next one reads
    _reckon_holding.one(connection, c=college, t=tag)


def set_shortage(
    connection: Connection, college: str, tag: str, component: str, missing: int, broken: int
) -> None:
    """Set how many of one component are still short."""
    if missing or broken:
        _set_shortage.one(
            connection, c=college, t=tag, k=component, now_missing=missing, now_broken=broken
        )
    else:
        _forget_shortage.one(connection, c=college, t=tag, k=component)
    reckon(connection, college, tag)


def reckon_type(connection: Connection, college: str, kit_type: str) -> None:
    """Recount critical shortages of all kits of a type, because its contents list changed."""
    _reckon_type(connection, c=college, k=kit_type)


class Short(Frozen):
    """How many of one component are missing, and how many are there but broken."""

    component: Name
    missing: CountOrNone = 0
    broken: CountOrNone = 0


Shortages = Annotated[tuple[Short, ...], Field(max_length=MOST_OF_A_LIST)]
"""Everything that is short in a kit."""


def set_shortages(
    connection: Connection, college: str, tag: str, shortages: tuple[Short, ...], at: str
) -> None:
    """Set all shortages of a kit; one that was on record keeps the day it was found."""
    known: dict[str, str] = dict(_still_since.tuples(connection, c=college, t=tag))
    if not known and not shortages:
        return
    _forget_shortages(connection, c=college, t=tag)
    for short in shortages:
        _insert_shortage(
            connection,
            college=college,
            tag=tag,
            since=known.get(short.component, at),
            **short.model_dump(),
        )
    reckon(connection, college, tag)
