"""Whose a holding is that came from another college: found by going back the way that it came.

Not every college is told: its ledger has the receiver's words alone. The nearest college on the way
back that says anything is believed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, and_, select

from kitloan.holdings import NOT_OURS_TO_GIVE
from kitloan.ledger.session import ESP
from kitloan.storage.statements import AnyRow
from kitloan.tables import Gift, table
from kitloan.tables.absence import Arrival, Withdrawal
from kitloan.tables.national import Gifting

arrival, gift, gifting, withdrawal = table(Arrival), table(Gift), table(Gifting), table(Withdrawal)

Place = tuple[str, str]
"""A college, and the tag of what it has or had."""

T = TypeVar("T")


def came_from(arrivals: Iterable[AnyRow]) -> dict[Place, list[str]]:
    """From where each holding came to each college, the latest first."""
    came: dict[Place, list[str]] = defaultdict(list)
    for row in sorted(arrivals, key=lambda each: (each.received_at, each.arrival), reverse=True):
        came[row.college, row.tag].append(row.from_college)
    return came


def nearest(place: Place, came: Mapping[Place, list[str]], known: Mapping[Place, T]) -> T | None:
    """What the nearest college on the way back knows of a holding; None when none does."""
    been, waiting = {place}, [place]
    while waiting:
        at = waiting.pop(0)
        if at in known:
            return known[at]
        before = [(college, at[1]) for college in came.get(at, ())]
        waiting += [each for each in dict.fromkeys(before) if each not in been]
        been.update(before)
    return None


@dataclass(frozen=True, slots=True)
class Unagreed:
    """What two people wrote off, and its donor has not agreed, as far as is on record."""

    college: str
    tag: str
    donor: str | None


def without_donor(connection: Connection) -> Iterator[Unagreed]:
    """What was written off without its donor, where its title or the gift's terms ask for one.

    The title is what the nearest college says that does not leave it unknown; and the gift the one
    that the nearest college names.
    """
    written_off = connection.execute(
        select(withdrawal.c.college, withdrawal.c.tag).where(
            withdrawal.c.signed_at.is_not(None), withdrawal.c.donor_agreement.is_(None)
        )
    ).all()
    if not written_off:
        return
    tags = select(withdrawal.c.tag).where(withdrawal.c.signed_at.is_not(None))
    came = came_from(connection.execute(select(arrival).where(arrival.c.tag.in_(tags))))
    said = {
        (row.college, row.tag): row
        for row in connection.execute(
            select(
                gift.c.college,
                gift.c.tag,
                gift.c.donor,
                gift.c.title,
                gifting.c.gift,
                gifting.c.donor.label("agreed_with"),
                gifting.c.title.label("agreed_title"),
                gifting.c.donor_must_agree,
            )
            .outerjoin_from(
                gift, gifting, and_(gifting.c.college == ESP, gifting.c.gift == gift.c.gift)
            )
            .where(gift.c.tag.in_(tags))
        )
    }
    titles = {place: row for place, row in said.items() if row.title != "unknown"}
    terms = {place: row for place, row in said.items() if row.gift is not None}
    donors = {place: row.donor for place, row in said.items() if row.donor is not None}
    for row in written_off:
        place = (row.college, row.tag)
        titled, agreed = nearest(place, came, titles), nearest(place, came, terms)
        not_ours = titled is not None and titled.title in NOT_OURS_TO_GIVE
        asked = agreed is not None and (
            agreed.donor_must_agree or agreed.agreed_title in NOT_OURS_TO_GIVE
        )
        if not_ours or asked:
            donor = nearest(place, came, donors)
            yield Unagreed(*place, donor or (agreed.agreed_with if agreed else None))
