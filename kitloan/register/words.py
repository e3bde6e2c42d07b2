"""The words that a search looks through, kept with each holding.

They are folded in Python, because the databases disagree on the case of Gaelic letters.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select, update

from kitloan.entries import HoldingAccessioned
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
        holding.c.words,
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
_name_of_type = Query(
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


def words_of_new(connection: Connection, college: str, fact: HoldingAccessioned) -> str:
    """The words of a holding that is not on the register yet, and so has no gift.

    Put in with its row: put in afterwards, they were a second write in every index.
    """
    name = _name_of_type(connection, c=college, k=fact.kit_type).scalar()  # None is refused anyway
    return _folded(fact.tag, fact.asset_number, name, fact.serial, fact.location)


def more_words(connection: Connection, college: str, tag: str, *parts: str | None) -> None:
    """Add the last words of a holding, its first gift's: what was there need not be read."""
    words = _folded(*parts)
    if words:
        _add_words(connection, c=college, t=tag, more=f" {words}")


def refresh_words(connection: Connection, college: str, tag: str) -> None:
    """Bring one holding's words up to date."""
    _refresh(connection, college, _parts_of_holding(connection, c=college, t=tag))


def refresh_words_of_type(connection: Connection, college: str, kit_type: str) -> None:
    """Bring the words of every holding of a kit type up to date."""
    _refresh(connection, college, _parts_of_type(connection, c=college, k=kit_type))


def _refresh(connection: Connection, college: str, rows: Iterable[AnyRow]) -> None:
    for *parts, now in rows:
        words = _folded(*parts)
        if words != now:
            _set_words(connection, c=college, t=parts[0], new_words=words)


def _folded(*parts: str | None) -> str:
    return fold(" ".join(part for part in parts if part))
