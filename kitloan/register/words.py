"""The words that a search looks through, kept with each holding.

They are folded in Python, because the databases disagree on the case of Gaelic letters.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select, update

from kitloan.models import Gift, Holding, KitType, table
from kitloan.prepared import AnyRow, Change, Query
from kitloan.text import fold

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
    )
    .join_from(
        holding,
        kit_type,
        (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
    )
    .outerjoin(gift, (gift.c.college == holding.c.college) & (gift.c.tag == holding.c.tag))
)
_parts_of_holding = Query(
    _parts.where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
)
_parts_of_type = Query(
    _parts.where(holding.c.college == bindparam("c"), holding.c.kit_type == bindparam("k"))
)
_set_words = Change(
    update(holding)
    .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
    .values(words=bindparam("new_words"))
)


def refresh_words(connection: Connection, college: str, tag: str) -> None:
    """Bring one holding's words up to date."""
    _refresh(connection, college, _parts_of_holding(connection, c=college, t=tag).all())


def refresh_words_of_type(connection: Connection, college: str, kit_type: str) -> None:
    """Bring the words of every holding of a kit type up to date."""
    _refresh(connection, college, _parts_of_type(connection, c=college, k=kit_type).all())


def _refresh(connection: Connection, college: str, rows: Sequence[AnyRow]) -> None:
    for row in rows:
        words = fold(" ".join(part for part in row if part))
        _set_words.one(connection, c=college, t=row[0], new_words=words)
