"""The nearest free kit for some days, by the ledgers that are in this store.

ESP's store has every college's; a college's own store has only its own. A distance is a straight
line from the school to the college: to the place that was recorded for it, else its main town. What
is free is what the college's own `free` would answer, as far as its last file shows. Only the
college itself can promise a kit, so how old its word is comes with it; an old one is shown, never
left out.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, select

from kitloan.borrowers.organisations import organisation_id
from kitloan.errors import BadInput
from kitloan.evidence.schools import link_of, search_words
from kitloan.exchange.merging import files_merged
from kitloan.exchange.places import Places
from kitloan.ledger.session import ESP, Session
from kitloan.planning.free import free_of
from kitloan.planning.rules import BookingRequest, check_dates, rules_of
from kitloan.queries.types import KnownType, type_meant
from kitloan.queries.whereabouts import college_name
from kitloan.reference.places import Position
from kitloan.storage.statements import AnyRow
from kitloan.tables import KitType, LedgerHead, Organisation, table
from kitloan.tables.evidence import SchoolNow
from kitloan.text.dates import day_of, uk
from kitloan.text.fields import SCHUID
from kitloan.text.names import clean, near_names
from kitloan.text.positions import degrees_in

head, kit_type, organisation = table(LedgerHead), table(KitType), table(Organisation)
school_now = table(SchoolNow)

_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?\s*[0-9][A-Z]{2}")
_SOUTH, _NORTH, _WEST, _EAST = 49, 62, -14, 3
"""Where Scotland and the seas around it are, in degrees, with room."""
_MOST_DAYS = 400
_LIST = (
    "Read the Scottish Government's list of school rolls and locations: kitloan schools import FILE"
)


@dataclass(frozen=True, slots=True)
class Near:
    """The place from which distances are.

    Attributes:
        name: the school's, or the position itself.
        schuid: the school's id; None for a position.
        latitude: degrees north.
        longitude: degrees east.
        island: the island that it is on, or `mainland`.
    """

    name: str
    schuid: str | None
    latitude: float
    longitude: float
    island: str

    @property
    def position(self) -> Position:
        """Its position."""
        return Position(self.latitude, self.longitude)


@dataclass(frozen=True, slots=True)
class NearKit:
    """What a college has free of a kit type, and how far away.

    Attributes:
        college: its id.
        name: its name.
        type: what it calls the kit type.
        free: how many a booking over the days could have.
        capacity: how many it can use, out or not.
        km: to the college, in whole kilometres; None where its place is not known.
        sea_crossing: whether the sea is in between; None where its place is not known.
        island: the island that it is on, or `mainland`; None where its place is not known.
        as_of: the day of its last file; of a college's own store, today.
        days_old: how many days ago that was.
        why: the rule for which nothing can be booked, where that is not the number.
    """

    college: str
    name: str
    type: str
    free: int
    capacity: int
    km: int | None
    sea_crossing: bool | None
    island: str | None
    as_of: date
    days_old: int
    why: str | None


@dataclass(frozen=True, slots=True)
class Nearest:
    """Colleges with a kit type, as near as they are.

    Attributes:
        near: the place from which distances are.
        items: those with a free kit: without a sea crossing first, each by distance.
        not_free: those with none free, in the same order.
        without_position: those whose place is not known, by name.
        only_own_college: whether this store has no other college's ledger.
    """

    near: Near
    items: tuple[NearKit, ...]
    not_free: tuple[NearKit, ...]
    without_position: tuple[NearKit, ...]
    only_own_college: bool


def nearest(session: Session, type_name: str, near: str, first: date, last: date) -> Nearest:
    """Which colleges have a kit free; see `Exchange.nearest`."""
    today = session.today
    check_dates(BookingRequest((), first, last), today)
    if (last - first).days > _MOST_DAYS:
        raise BadInput(
            "too_long", f"From {uk(first)} to {uk(last)} is too long.", "Give a shorter time."
        )
    with session.reading() as connection:
        known_at = days_known(connection, session)
        if not known_at:
            raise BadInput(
                "no_colleges",
                "No college has sent its ledger to this store yet.",
                "Take in a college's file: kitloan ledger import FILE",
            )
        types = _types(connection, sorted(known_at), type_name)
        place = _place(connection, session, sorted(known_at), near)
        places = Places(connection)
        found = []
        for college, meant in types.items():
            rules = rules_of(connection, college, today)
            free = free_of(connection, college, rules, meant.id, meant.name, first, last)
            name = college_name(connection, college)
            there, _ = places.find(college, name) or (None, None)
            found.append(
                NearKit(
                    college=college,
                    name=name,
                    type=meant.name,
                    free=free.free,
                    capacity=free.capacity,
                    km=None if there is None else round(place.position.km_to(there)),
                    sea_crossing=(
                        None if there is None else there.is_over_sea_from(place.position)
                    ),
                    island=None if there is None else there.island,
                    as_of=known_at[college],
                    days_old=max(0, (today - known_at[college]).days),
                    why=free.why,
                )
            )
    return Nearest(
        place,
        _in_order(each for each in found if each.km is not None and each.free > 0),
        _in_order(each for each in found if each.km is not None and each.free == 0),
        _in_order(each for each in found if each.km is None),
        only_own_college=not session.is_national,
    )


def _in_order(found: Iterable[NearKit]) -> tuple[NearKit, ...]:
    return tuple(
        sorted(found, key=lambda each: (each.sea_crossing or False, each.km or 0, each.name))
    )


def days_known(connection: Connection, session: Session) -> dict[str, date]:
    """The colleges whose ledgers are here, and the day up to which each is known."""
    if not session.is_national:
        return {session.college: session.today}
    files = files_merged(connection)
    found = {}
    for row in connection.execute(select(head).where(head.c.college != ESP, head.c.seq > 0)):
        college = row._mapping["college"]
        # No file was made before the last entry in it, whatever the clock showed.
        made = [at for at, _ in files.get(college, ())]
        found[college] = day_of(max([*made, row.at]))
    return found


def _types(connection: Connection, colleges: Sequence[str], name: str) -> dict[str, KnownType]:
    """The kit type that a name means at each college that has it."""
    name = clean(name, "The kit type")
    found = {
        college: meant
        for college in colleges
        if (meant := type_meant(connection, college, name)) is not None
    }
    if found:
        return found
    rows = connection.execute(
        select(kit_type.c.name).where(kit_type.c.college.in_(colleges)).distinct()
    )
    near = list(near_names(name, sorted(rows.scalars())))
    raise BadInput(
        "unknown_type",
        f"No kit type is called {name!r} in the ledgers that are here.",
        f"Did you mean {' or '.join(near)}?" if near else "See them: kitloan find TEXT",
        type=name,
        near=near,
    )


def _place(connection: Connection, session: Session, colleges: Sequence[str], text: str) -> Near:
    """The place that a text means: a position, the postcode of a listed school, or a borrower."""
    text = clean(text, "The place")
    if degrees := degrees_in(text):
        return _of_degrees(text, *degrees)
    upper = text.upper()
    if _POSTCODE.fullmatch(upper):
        return _of_postcode(connection, session.college, upper)
    if SCHUID.fullmatch(upper):
        rows = _schools(connection, session.college, school_now.c.schuid == upper)
        return _of_id(rows, upper)
    return _of_borrower(connection, session, colleges, text)


def _of_degrees(text: str, latitude: float, longitude: float) -> Near:
    if not (_SOUTH <= latitude <= _NORTH and _WEST <= longitude <= _EAST):
        turned = _SOUTH <= longitude <= _NORTH and _WEST <= latitude <= _EAST
        raise BadInput(
            "bad_position",
            f"{text!r} is not a place in or near Scotland.",
            f"Give the latitude first: {longitude:g},{latitude:g}"
            if turned
            else "Give latitude and longitude in degrees, as in: --near 58.594,-3.522",
            value=text[:60],
        )
    island = Position(latitude, longitude).island
    return Near(f"{latitude:g},{longitude:g}", None, latitude, longitude, island)


def _of_postcode(connection: Connection, college: str, postcode: str) -> Near:
    squeezed = "".join(postcode.split())
    spaced = f"{squeezed[:-3]} {squeezed[-3:]}"
    rows = _schools(connection, college, school_now.c.postcode.in_((squeezed, spaced, postcode)))
    if not rows:
        raise BadInput(
            "unknown_postcode",
            f"No school on a list that was read here has the postcode {spaced}.",
            f"{_LIST}; or give the place itself: --near LATITUDE,LONGITUDE",
            value=spaced,
        )
    return _with_position(rows, f"The school at {spaced}")


def _of_id(rows: Sequence[AnyRow], schuid: str) -> Near:
    if not rows:
        raise BadInput(
            "unknown_school",
            f"No list that was read here has a school {schuid}.",
            "Find its id: kitloan schools find NAME; or give the place itself: "
            "--near LATITUDE,LONGITUDE",
            value=schuid,
        )
    return _with_position(rows, schuid)


def _of_borrower(
    connection: Connection, session: Session, colleges: Sequence[str], text: str
) -> Near:
    """The school that a borrower of one of the colleges is linked to, or that has this name."""
    known, linked = False, set()
    for college in colleges:
        key, name = organisation_id(connection, college, text)
        if name is None:
            continue
        known = True
        link = link_of(connection, college, key)
        if link is not None:
            linked.add(str(link.schuid))
    if linked:
        rows = _schools(connection, session.college, school_now.c.schuid.in_(sorted(linked)))
    else:
        named = school_now.c.sort == " ".join(search_words(text))
        rows = _schools(connection, session.college, named)
    if len({row.schuid for row in rows}) > 1:
        raise BadInput(
            "several_schools",
            f"{text!r} means several schools: "
            + ", ".join(f"{row.name} ({row.schuid})" for row in rows[:5])
            + ".",
            f"Give one by its id, as in: --near {rows[0].schuid}",
            schools=[row.schuid for row in rows],
        )
    if rows or linked:
        return _with_position(rows, repr(text))
    if known:
        raise BadInput(
            "not_linked",
            f"Nobody has confirmed which school {text!r} is, so its place is not known.",
            f"Link it: kitloan schools link {text!r} SCHUID; or give a place: --near "
            "LATITUDE,LONGITUDE",
            value=text,
        )
    names = connection.execute(
        select(organisation.c.name).where(organisation.c.college.in_(colleges)).distinct()
    )
    near = list(near_names(text, sorted(names.scalars())))
    raise BadInput(
        "unknown_organisation",
        f"No borrower and no listed school has the name {text!r}.",
        f"Did you mean {' or '.join(near)}?"
        if near
        else "Give a school's postcode or id (kitloan schools find NAME), or LATITUDE,LONGITUDE.",
        value=text,
        near=near,
    )


def _schools(connection: Connection, college: str, which: ColumnElement[bool]) -> Sequence[AnyRow]:
    return connection.execute(
        select(school_now)
        .where(school_now.c.college == college, which)
        .order_by(school_now.c.listed.desc(), school_now.c.schuid)
    ).all()


def _with_position(rows: Sequence[AnyRow], what: str) -> Near:
    """The first of some schools whose position a list has."""
    for row in rows:
        if row.latitude and row.longitude:
            here = Position(float(row.latitude), float(row.longitude))
            return Near(row.name, row.schuid, here.latitude, here.longitude, here.island)
    raise BadInput(
        "no_position",
        f"No list that was read here has the position of {what}.",
        f"{_LIST}; or give the place itself: --near LATITUDE,LONGITUDE",
    )
