"""Pages by key, so that the last page costs no more than the first."""

import json
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Integer, Select, bindparam, func, tuple_

from kitloan.errors import BadInput
from kitloan.storage.statements import AnyRow, Query
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


class Paged:
    """Pages as `page_of` gives them, of a statement that is composed once.

    Its `bindparam` names are the arguments of a call. To compose a statement and look it up takes
    SQLAlchemy as long as a database needs for a page.
    """

    def __init__(
        self,
        wanted: Select[Any],
        order: tuple[ColumnElement[Any], ...],
        *,
        newest_first: bool = False,
    ) -> None:
        """Arguments as of `page_of`."""
        direction = [column.desc() for column in order] if newest_first else order
        paged = wanted.order_by(*direction).limit(bindparam("most", type_=Integer()))
        keys = [bindparam(f"after_{n}", type_=each.type) for n, each in enumerate(order)]
        here, there = tuple_(*order), tuple_(*keys)
        names = [column.key for column in wanted.selected_columns]
        self._order = order
        self._places = [names.index(column.key) for column in order]
        self._first = Query(paged)
        self._after = Query(paged.where(here < there if newest_first else here > there))
        self._count = Query(wanted.with_only_columns(func.count(), maintain_column_froms=True))

    def page(
        self, connection: Connection, after: str | None, limit: int, **values: Any
    ) -> Page[tuple[Any, ...]]:
        """A page for these values: its rows as the driver has them.

        Raises:
            BadInput: as `page_of`.
        """
        if after is None:
            rows = self._first.tuples(connection, most=limit + 1, **values)
        else:
            key = {f"after_{n}": part for n, part in enumerate(_key(after, self._order))}
            rows = self._after.tuples(connection, most=limit + 1, **key, **values)
        more = len(rows) > limit
        if after is None and not more:
            return Page(tuple(rows), len(rows), None)
        [(total,)] = self._count.tuples(connection, **values)
        if not more:
            return Page(tuple(rows), total, None)
        last = rows[limit - 1]
        cursor = json.dumps([last[place] for place in self._places], ensure_ascii=False)
        return Page(tuple(rows[:limit]), total, cursor)


_MOST_KEPT: Final = 64


class KeptPages:
    """Statements of pages that were asked before, by what they ask."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Paged] = {}

    def of(self, asked: Hashable, compose: Callable[[], Paged]) -> Paged:
        """The statement of what is asked, composed when it is asked for the first time."""
        found = self._kept.get(asked)
        if found is None:
            if len(self._kept) == _MOST_KEPT:
                self._kept.clear()
            found = self._kept[asked] = compose()
        return found


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
