"""Where colleges are: as somebody recorded, else the main town of the reference list.

A college records its own place, or ESP does for it: one whose main town no list has, or whose kits
are elsewhere. The college's own word comes first. Where nobody gave it, it is not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, select

from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.sharing import CollegePlaced
from kitloan.ledger.session import ESP, Session
from kitloan.national.gifts import the_college
from kitloan.queries.whereabouts import college_name
from kitloan.reference import find_college
from kitloan.reference.places import Position
from kitloan.tables import table
from kitloan.tables.sharing import CollegePlace
from kitloan.text.names import clean
from kitloan.text.positions import degrees_in

place = table(CollegePlace)

_SOUTH, _NORTH, _WEST, _EAST = 49.8, 60.9, -8.7, 1.8
"""Great Britain and its islands, in degrees: from Scilly to Unst, from St Kilda to Lowestoft."""

Source = Literal["college", "esp", "town"]


@dataclass(frozen=True, slots=True)
class WhereCollegeIs:
    """Where a college is.

    Attributes:
        college: its id.
        name: its name.
        latitude: degrees north; None where its place is not known.
        longitude: degrees east; likewise.
        island: the island that it is on, or `mainland`; likewise.
        source: who gave it: the `college`, or `esp`; its main `town`, of the reference list; None.
    """

    college: str
    name: str
    latitude: float | None
    longitude: float | None
    island: str | None
    source: Source | None


class Places:
    """The place of every college, as far as the ledgers in a store show."""

    def __init__(self, connection: Connection) -> None:
        self._recorded = _recorded(connection)

    def find(self, college: str, name: str = "") -> tuple[Position, Source] | None:
        """Where a college is, by its id or else its name, and who gave it."""
        for whose, source in _SOURCES:
            found = self._recorded.get((whose or college, college))
            if found is not None:
                return found, source
        listed = find_college(college) or find_college(name)
        return None if listed is None else (listed.position, "town")

    def km_between(self, one: str, other: str) -> tuple[int | None, bool | None]:
        """Kilometres between two colleges, and whether the sea is in between; None, not known."""
        here, there = self.find(one), self.find(other)
        if here is None or there is None:
            return None, None
        return round(here[0].km_to(there[0])), here[0].is_over_sea_from(there[0])


_SOURCES: tuple[tuple[str, Source], ...] = (("", "college"), (ESP, "esp"))
"""Whose ledger, the empty text for the college's own, and what it is called: the first counts."""


def _recorded(connection: Connection) -> Mapping[tuple[str, str], Position]:
    """Places, by whose ledger has them and of which college."""
    return {
        (row._mapping["college"], row.whose): Position(float(row.latitude), float(row.longitude))
        for row in connection.execute(select(place))
    }


def place_of(connection: Connection, college: str) -> WhereCollegeIs:
    """Where a college is, and who gave it."""
    name = college_name(connection, college)
    found = Places(connection).find(college, name)
    if found is None:
        return WhereCollegeIs(college, name, None, None, None, None)
    position, source = found
    return WhereCollegeIs(
        college, name, position.latitude, position.longitude, position.island, source
    )


def set_place(
    session: Session, where: str, college: str | None, request_id: str | None
) -> WhereCollegeIs:
    """Record where a college is; see `Exchange.set_place`."""
    latitude, longitude = place_in(where)
    with session.writing(request_id) as writer:
        whose = _whose(writer.connection, session, college)
        writer.append(CollegePlaced(college=whose, latitude=latitude, longitude=longitude))
        return place_of(writer.connection, whose)


def get_place(session: Session, college: str | None) -> WhereCollegeIs:
    """Where a college is; see `Exchange.place`."""
    with session.reading() as connection:
        if college is not None:
            return place_of(connection, the_college(connection, college))
        return place_of(connection, _whose(connection, session, None))


def _whose(connection: Connection, session: Session, college: str | None) -> str:
    """The college whose place is meant: a college's own, or in ESP's store the one named."""
    if college is None:
        if session.is_national:
            raise BadInput(
                "college_needed",
                "ESP's store has many colleges, and none is named.",
                "Name it, as in: kitloan college place 56.0716,-3.4609 --college fife",
            )
        return session.college
    whose = the_college(connection, college)
    if whose != session.college and not session.is_national:
        raise Refused(
            "not_yours",
            f"Only {college_name(connection, whose)} itself, or ESP, records where it is.",
            "Ask them; for this college, leave out --college.",
            college=whose,
        )
    return whose


def place_in(text: str) -> tuple[str, str]:
    """The latitude and longitude of a college in a text, as a fact keeps them.

    Raises:
        BadInput: `bad_position`, for what is no place in Great Britain.
    """
    words = clean(text, "The place")
    found = degrees_in(words)
    if found is None:
        raise BadInput(
            "bad_position",
            f"{words[:60]!r} is not a latitude and a longitude.",
            "Give them in degrees with a comma between, as a map shows them: 56.0716,-3.4609",
            value=words[:60],
        )
    latitude, longitude = found
    if not _is_in_britain(latitude, longitude):
        raise BadInput(
            "bad_position",
            f"{words[:60]!r} is not in Great Britain.",
            f"Give the latitude first: {longitude:g},{latitude:g}"
            if _is_in_britain(longitude, latitude)
            else f"A latitude is from {_SOUTH:g} to {_NORTH:g}, a longitude from {_WEST:g} to "
            f"{_EAST:g}; west of Greenwich it has a minus: 56.0716,-3.4609",
            value=words[:60],
        )
    return f"{latitude:.5f}", f"{longitude:.5f}"


def _is_in_britain(latitude: float, longitude: float) -> bool:
    return _SOUTH <= latitude <= _NORTH and _WEST <= longitude <= _EAST
