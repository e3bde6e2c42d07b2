"""Free words about an engagement: what a teacher wrote, or why a kit was not used.

They may name people, so they are apart from the ledger, where they can be erased. Each was written
with one entry, has its place as its id, and goes when that entry is undone.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from kitloan.storage.statements import AnyRow, Change
from kitloan.tables import table
from kitloan.tables.evidence import Quote
from kitloan.text.names import clean

quote = table(Quote)

Place = tuple[int, int]
"""The epoch and the number of an entry."""

_insert = Change(insert(quote))
_forget = Change(
    delete(quote).where(quote.c.college == bindparam("c"), quote.c.quote == bindparam("q"))
)


def _id(place: Place) -> str:
    epoch, seq = place
    return f"{epoch}.{seq}"


def keep(
    connection: Connection,
    college: str,
    place: Place,
    engagement: str,
    *,
    heading: str,
    words: str,
    may_publish: bool = False,
) -> None:
    """Keep words that were written with an entry.

    Raises:
        BadInput: `bad_text`.
    """
    _insert(
        connection,
        college=college,
        quote=_id(place),
        engagement=engagement,
        heading=heading,
        words=clean(words, "The quote", 2000),
        may_publish=may_publish,
    )


def forget(connection: Connection, college: str, place: Place) -> None:
    """Forget what was written with an entry, if anything was."""
    _forget(connection, c=college, q=_id(place))


def of_engagements(
    connection: Connection, college: str, engagements: Sequence[str]
) -> list[AnyRow]:
    """The quotes of engagements: `engagement`, `heading`, `words` and `may_publish`."""
    return list(
        connection.execute(
            select(quote.c.engagement, quote.c.heading, quote.c.words, quote.c.may_publish)
            .where(quote.c.college == college, quote.c.engagement.in_(engagements))
            .order_by(quote.c.engagement, quote.c.heading, quote.c.quote)
        )
    )
