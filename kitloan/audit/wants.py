"""Who waits for a kit, by the waiting lists of every college: how far an idle one is from a want.

A distance is a straight line between the places of two colleges, as for offers and wants. What can
be reached without a boat or an aeroplane is nearer than what cannot.
"""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select

from kitloan.audit.census import Census
from kitloan.exchange.places import Places
from kitloan.tables import KitType, table
from kitloan.tables.wants import Want
from kitloan.text.names import type_key

kit_type, want = table(KitType), table(Want)


@dataclass(frozen=True, slots=True)
class NearestWant:
    """The college nearest to a kit at which somebody waits for one of its type.

    Attributes:
        college: its id; the kit's own, where its own waiting list has one.
        km: to it, in whole kilometres; None where a place is not known.
        sea_crossing: whether the sea is in between; None where a place is not known.
    """

    college: str
    km: int | None
    sea_crossing: bool | None


class OpenWants:
    """What somebody waits for at the end of the day that is counted, at whichever college."""

    def __init__(self, census: Census) -> None:
        rows = census.connection.execute(
            select(want.c.college, kit_type.c.name)
            .join(
                kit_type,
                (kit_type.c.college == want.c.college) & (kit_type.c.kit_type == want.c.kit_type),
            )
            .where(want.c.open, want.c.latest >= census.day.isoformat())
            .distinct()
        )
        self._places = Places(census.connection)
        self._colleges: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            self._colleges[type_key(row.name)].add(row.college)
        self._found: dict[tuple[str, str], NearestWant | None] = {}

    def nearest(self, college: str, type_name: str) -> NearestWant | None:
        """The nearest want of a kit type from a college; None where nobody waits for one."""
        here = college, type_key(type_name)
        if here not in self._found:
            wanted = [
                NearestWant(each, *self._places.km_between(college, each))
                for each in self._colleges[here[1]]
            ]
            self._found[here] = min(wanted, key=_distance, default=None)
        return self._found[here]


def _distance(found: NearestWant) -> tuple[bool, bool, int, str]:
    return found.km is None, bool(found.sea_crossing), found.km or 0, found.college
