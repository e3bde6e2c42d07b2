"""Whose a holding is that came from another college: found by going back the way that it came.

Not every college is given the terms: its ledger has the receiver's own record alone. The nearest
college on the way back that records something is believed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from kitloan.storage.statements import AnyRow
from kitloan.tables import Gift, table
from kitloan.tables.absence import Arrival

arrival, gift = table(Arrival), table(Gift)

Place = tuple[str, str]
"""A college, and the tag of what it has or had."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RecordedTerms:
    """What is recorded of a gift, by whichever college; None is not recorded."""

    donor: str | None = None
    gift: str | None = None
    title: str = "unknown"
    funding_source: str | None = None
    document: str | None = None
    acknowledgement: str | None = None

    def __bool__(self) -> bool:
        return self != RecordedTerms()


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
        before = [(where, at[1]) for where in came.get(at, ())]
        waiting += [each for each in dict.fromkeys(before) if each not in been]
        been.update(before)
    return None


def inherited(connection: Connection) -> Mapping[Place, RecordedTerms]:
    """What is recorded of holdings before they came to a college that does not record it all.

    What the college records itself is not among it.
    """
    came = came_from(connection.execute(select(arrival)))
    if not came:
        return {}
    rows = connection.execute(select(gift).where(gift.c.tag.in_(select(arrival.c.tag)))).all()
    nothing = RecordedTerms()
    known: dict[str, dict[Place, Any]] = {
        each.name: {
            (row.college, row.tag): value
            for row in rows
            if (value := getattr(row, each.name)) != getattr(nothing, each.name)
        }
        for each in fields(RecordedTerms)
    }
    found = {}
    for place in came:
        before = {
            name: value
            for name, places in known.items()
            if place not in places and (value := nearest(place, came, places)) is not None
        }
        if before:
            found[place] = RecordedTerms(**before)
    return found
