"""Pages by key, and looking for a word inside a column, the same on both databases."""

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, and_, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from kitloan.answers import Page
from kitloan.prepared import AnyRow


class position_in(GenericFunction[int]):  # noqa: N801  # reads as the SQL function it is
    """Where a text occurs in a column, from 1; 0 when it does not. Nothing in it is a wildcard."""

    type = Integer()
    inherit_cache = True


@compiles(position_in, "sqlite")
def _instr(element: position_in, compiler: SQLCompiler, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


@compiles(position_in, "postgresql")
def _strpos(element: position_in, compiler: SQLCompiler, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


def page_of(
    connection: Connection,
    wanted: Select[Any],
    order: tuple[ColumnElement[Any], ...],
    after: str | None,
    limit: int,
) -> Page[AnyRow]:
    """A page of `wanted` in `order`, whose last column is unique beside those before it."""
    ordered = wanted.add_columns(*[c.label(f"_key{i}") for i, c in enumerate(order)])
    paged = ordered.order_by(*order).limit(limit + 1)
    if after is not None:
        paged = paged.where(_beyond(order, json.loads(after)))
    rows = connection.execute(paged).all()
    more = len(rows) > limit
    if after is None and not more:
        total = len(rows)
    else:
        total = connection.execute(
            select(func.count()).select_from(wanted.order_by(None).subquery())
        ).scalar_one()
    rows = rows[:limit]
    keys = [getattr(rows[-1], f"_key{i}") for i in range(len(order))] if more else None
    last = None if keys is None else json.dumps(keys, ensure_ascii=False)
    return Page(tuple(rows), total, last)


def _beyond(order: tuple[ColumnElement[Any], ...], key: list[Any]) -> ColumnElement[bool]:
    """Rows that come after a key, column by column."""
    return or_(
        *[
            and_(*[c == k for c, k in zip(order[:i], key[:i], strict=True)], order[i] > key[i])
            for i in range(min(len(order), len(key)))
        ]
    )
