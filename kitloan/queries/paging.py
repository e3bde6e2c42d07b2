"""Pages by key: the last page costs what the first did."""

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, tuple_

from kitloan.errors import BadInput
from kitloan.storage.statements import AnyRow
from kitloan.values import Page

PAGE = 200
"""The most rows on a page, unless somebody asks for fewer."""


def page_of(
    connection: Connection,
    wanted: Select[Any],
    order: tuple[ColumnElement[str], ...],
    after: str | None,
    limit: int,
) -> Page[AnyRow]:
    """A page of `wanted`.

    Args:
        connection: a transaction.
        wanted: selects at least the columns of `order`.
        order: text columns that together tell every row apart; an index should have them.
        after: the `next` of the page before.
        limit: the most rows.

    Raises:
        BadInput: `bad_cursor`, when `after` is not a `next` of these pages.
    """
    paged = wanted.order_by(*order).limit(limit + 1)
    if after is not None:
        paged = paged.where(tuple_(*order) > tuple_(*_key(after, len(order))))
    rows = connection.execute(paged).all()
    more = len(rows) > limit
    if after is None and not more:
        total = len(rows)
    else:
        counted = wanted.with_only_columns(func.count(), maintain_column_froms=True)
        total = connection.execute(counted).scalar_one()
    last = rows[limit - 1] if more else None
    return Page(tuple(rows[:limit]), total, None if last is None else _cursor(last, order))


def _cursor(row: AnyRow, order: tuple[ColumnElement[str], ...]) -> str:
    return json.dumps([row._mapping[column] for column in order], ensure_ascii=False)


def _key(after: str, columns: int) -> list[str]:
    try:
        key = json.loads(after)
    except ValueError:
        key = None
    if isinstance(key, list) and len(key) == columns and all(isinstance(part, str) for part in key):
        return key
    raise BadInput(
        "bad_cursor",
        f"{after[:60]!r} is not where a page ended.",
        "Give the `next` of the page before, as it was.",
    )
