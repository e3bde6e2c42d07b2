"""Offers between colleges as a store has them: in its tables, and in the last file of ESP.

ESP's store has the ledgers of all colleges, so both halves of every offer. To a college, ESP's file
brings the offers of the others, with what was claimed and accepted.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Connection, select, true

from kitloan.exchange.file import ClaimSeen, OfferSeen
from kitloan.tables import KitType, Setting, table
from kitloan.tables.sharing import Claim, ClaimAnswer, Offer

answer, claim, offer = table(ClaimAnswer), table(Claim), table(Offer)
kit_type, setting = table(KitType), table(Setting)

SEEN = "offers of others"
"""The setting that keeps what ESP's last file shows."""
MOST_SEEN = 500
"""Offers that one file brings; those that end last come first."""
_MOST_CHARACTERS = 200_000
"""Characters that they may take in the file's first line, whose length is limited."""
_KEPT_DAYS = 60
"""For so long after its last day ESP's file shows an offer, and what became of it."""
_SEEN: TypeAdapter[list[OfferSeen]] = TypeAdapter(list[OfferSeen])


def offers_here(
    connection: Connection, *, college: str | None = None, since: date | None = None
) -> list[OfferSeen]:
    """The offers of the ledgers in this store, with claims; those that end last come first.

    Args:
        connection: a transaction.
        college: only those of this college.
        since: only those that ended not long before this day, and no more than a file brings.
    """
    wanted: ColumnElement[bool] = true() if college is None else offer.c.college == college
    if since is not None:
        wanted &= offer.c.until >= (since - timedelta(days=_KEPT_DAYS)).isoformat()
    rows = connection.execute(
        select(offer, kit_type.c.name.label("type_name"))
        .join(
            kit_type,
            (kit_type.c.college == offer.c.college) & (kit_type.c.kit_type == offer.c.kit_type),
        )
        .where(wanted)
        .order_by(offer.c.until.desc(), offer.c.college, offer.c.offer)
        .limit(None if since is None else MOST_SEEN)
    ).all()
    claims = _claims(connection)
    found = [
        OfferSeen(
            college=row._mapping["college"],
            offer=row._mapping["offer"],
            type=row.type_name,
            quantity=row.quantity,
            accepted=row.accepted,
            terms=row.terms,
            first=row.first,
            last=row.last,
            until=row.until,
            kits=row.kits.split(",") if row.kits else [],
            open=bool(row.open),
            claims=claims[row._mapping["college"], row._mapping["offer"]],
        )
        for row in rows
    ]
    return found if since is None else _that_fit(found)


def _that_fit(offers: Sequence[OfferSeen]) -> list[OfferSeen]:
    """The first of some offers, as many as a file's first line has room for."""
    room, found = _MOST_CHARACTERS, []
    for each in offers:
        room -= len(each.model_dump_json())
        if room < 0:
            break
        found.append(each)
    return found


def _claims(connection: Connection) -> dict[tuple[str, str], list[ClaimSeen]]:
    """Open claims and answers, by the offer. What was promised by telephone has no claim yet."""
    gets = {
        (row._mapping["college"], row._mapping["offer"], row.to_college): row.quantity
        for row in connection.execute(select(answer))
    }
    wanted = {
        (row.from_college, row._mapping["offer"], row._mapping["college"]): row.quantity
        for row in connection.execute(select(claim).where(claim.c.open))
    }
    found: dict[tuple[str, str], list[ClaimSeen]] = defaultdict(list)
    for key in sorted(gets.keys() | wanted.keys()):
        many = wanted.get(key) or gets[key]
        if many:
            found[key[:2]].append(ClaimSeen(college=key[2], quantity=many, gets=gets.get(key)))
    return found


def offers_elsewhere(connection: Connection, college: str) -> tuple[list[OfferSeen], str]:
    """What ESP's last file shows, and the instant at which it was made; empty without one."""
    kept = connection.execute(
        select(setting.c.value).where(setting.c.college == college, setting.c.name == SEEN)
    ).scalar()
    if not kept:
        return [], ""
    at, _, text = str(kept).partition(" ")
    try:
        return _SEEN.validate_json(text), at
    except ValidationError:
        return [], ""


def as_kept(offers: Sequence[OfferSeen], at: str) -> str:
    """The text of the setting `SEEN`."""
    return f"{at} {_SEEN.dump_json(list(offers)).decode()}"
