"""Pages by key, so that the last page costs no more than the first."""

import json
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, tuple_

from kitloan.errors import BadInput
from kitloan.storage.statements import AnyRow
from kitloan.text.names import by_name
from kitloan.values import PAGE as PAGE
from kitloan.values import Page


def page_of(
    connection: Connection,
    wanted: Select[Any],
    order: tuple[ColumnElement[Any], ...],
    after: str | None,
    limit: int,
    *,
    newest_first: bool = False,
) -> Page[AnyRow]:
    """A page of `wanted`.

    Args:
        connection: a transaction.
        wanted: selects at least the columns of `order`.
        order: columns of text or whole numbers that together identify a row; they should be
            indexed.
        after: the `next` of the page before.
        limit: the most rows.
        newest_first: go backwards through `order`.

    Raises:
        BadInput: `bad_cursor`, when `after` is not a `next` of these pages.
    """
    direction = [column.desc() for column in order] if newest_first else order
    paged = wanted.order_by(*direction).limit(limit + 1)
    if after is not None:
        here, there = tuple_(*order), tuple_(*_key(after, order))
        paged = paged.where(here < there if newest_first else here > there)
    rows = connection.execute(paged).all()
    more = len(rows) > limit
    if after is None and not more:
        total = len(rows)
    else:
        counted = wanted.with_only_columns(func.count(), maintain_column_froms=True)
        total = connection.execute(counted).scalar_one()
    last = rows[limit - 1] if more else None
    return Page(tuple(rows[:limit]), total, None if last is None else _cursor(last, order))


def page_by_name(
    connection: Connection,
    wanted: Select[Any],
    name: ColumnElement[str],
    key: tuple[ColumnElement[str], ...],
    after: str | None,
    limit: int,
) -> Page[AnyRow]:
    """A page of `wanted` by name, as people sort names; arguments and refusal as of `page_of`.

    No database sorts so. Everything is read, so it is for what a college has some thousands of.

    Args:
        connection: a transaction.
        wanted: selects at least `name` and `key`.
        name: what they are called.
        key: what identifies a row.
        after: the `next` of the page before.
        limit: the most rows.
    """
    order = (name, *key)

    def place(parts: Iterable[str]) -> list[str]:
        called, *rest = parts
        return [by_name(called), *rest]

    def place_of(row: AnyRow) -> list[str]:
        return place(row._mapping[column] for column in order)

    found = sorted(connection.execute(wanted), key=place_of)
    start = 0
    if after is not None:
        start = bisect_right(found, place(map(str, _key(after, order))), key=place_of)
    rows = found[start : start + limit]
    more = len(found) > start + limit
    return Page(tuple(rows), len(found), _cursor(rows[-1], order) if more and rows else None)


def _cursor(row: AnyRow, order: tuple[ColumnElement[Any], ...]) -> str:
    return json.dumps([row._mapping[column] for column in order], ensure_ascii=False)


def _key(after: str, order: tuple[ColumnElement[Any], ...]) -> list[str | int]:
    try:
        key = json.loads(after)
    except (ValueError, RecursionError):
        key = None
    if isinstance(key, list) and len(key) == len(order) and all(map(_fits, key, order)):
        return key
    raise BadInput(
        "bad_cursor",
        f"{after[:60]!r} is not a cursor of these pages.",
        "Give the `next` of the page before, unchanged.",
    )


def _fits(part: object, column: ColumnElement[Any]) -> bool:
    """Whether a part of a cursor can be a value of its column."""
    if column.type.python_type is int:
        return type(part) is int and 0 <= part < 2**31
    return isinstance(part, str)
