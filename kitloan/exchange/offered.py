"""What colleges offer and ask each other, as a store has it: its tables, and ESP's last file.

ESP's store has the ledgers of all colleges, so both halves of every offer and of everything that is
asked for. To a college, ESP's file brings what others offer, with what was claimed and accepted,
and what they ask for, with the answers.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Connection, select, true

from kitloan.errors import BadInput
from kitloan.exchange.file import AskSeen, ClaimSeen, OfferSeen
from kitloan.tables import KitType, Setting, table
from kitloan.tables.sharing import Ask, AskAnswer, Claim, ClaimAnswer, Offer
from kitloan.transfers.sending import other_college

answer, claim, offer = table(ClaimAnswer), table(Claim), table(Offer)
ask, ask_answer = table(Ask), table(AskAnswer)
kit_type, setting = table(KitType), table(Setting)

SEEN = "offers of others"
"""The setting that keeps what ESP's last file shows."""
ASKS_SEEN = "asks of others"
"""Likewise of what colleges ask each other for."""
MOST_SEEN = 500
"""Offers that one file brings, and asks; those that end last come first."""
_MOST_CHARACTERS = 200_000
"""Characters that they may take in the file's first line, whose length is limited."""
_KEPT_DAYS = 60
"""For so long after its last day ESP's file shows an offer, and what became of it."""
_SEEN: TypeAdapter[list[OfferSeen]] = TypeAdapter(list[OfferSeen])
_ASKS_SEEN: TypeAdapter[list[AskSeen]] = TypeAdapter(list[AskSeen])
_Seen = TypeVar("_Seen", OfferSeen, AskSeen)


def number_there(
    connection: Connection, own: str, text: str, letter: str, wrong: BadInput
) -> tuple[str, str]:
    """The college and the number that a text like `fife:O12` names.

    Args:
        connection: a transaction on the store.
        own: the college that works here, which is not another.
        text: the text.
        letter: with which the numbers begin.
        wrong: what to raise for a text of another form.
    """
    college, colon, number = text.rpartition(":")
    number = number.strip().upper()
    if not colon or not re.fullmatch(f"{letter}[1-9][0-9]{{0,9}}", number):
        raise wrong
    return other_college(connection, own, college)[0], number


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
            component=row.component,
            note=row.note,
            change=row.change,
        )
        for row in rows
    ]
    return found if since is None else _that_fit(found)


def _that_fit(every: Sequence[_Seen]) -> list[_Seen]:
    """The first of some, as many as a file's first line has room for."""
    room, found = _MOST_CHARACTERS, []
    for each in every:
        room -= len(each.model_dump_json())
        if room < 0:
            break
        found.append(each)
    return found


def answers_of(connection: Connection, college: str) -> dict[tuple[str, str], int]:
    """How many of its offers a college has promised, by the offer and who gets them; 0 declines."""
    rows = connection.execute(select(answer).where(answer.c.college == college))
    return {(row._mapping["offer"], row.to_college): row.quantity for row in rows}


def _claims(connection: Connection) -> dict[tuple[str, str], list[ClaimSeen]]:
    """Open claims and answers, by the offer. What was promised by telephone has no claim yet."""
    gets = {
        (row._mapping["college"], row._mapping["offer"], row.to_college): row.quantity
        for row in connection.execute(select(answer))
    }
    wanted = {
        (row.from_college, row._mapping["offer"], row._mapping["college"]): row
        for row in connection.execute(select(claim).where(claim.c.open))
    }
    found: dict[tuple[str, str], list[ClaimSeen]] = defaultdict(list)
    for key in sorted(gets.keys() | wanted.keys()):
        row = wanted.get(key)
        many = gets[key] if row is None else row.quantity
        if many:
            found[key[:2]].append(
                ClaimSeen(
                    college=key[2],
                    quantity=many,
                    gets=gets.get(key),
                    change=None if row is None else row.change,
                )
            )
    return found


def offers_elsewhere(connection: Connection, college: str) -> tuple[list[OfferSeen], str]:
    """What ESP's last file shows, and the instant at which it was made; empty without one."""
    return _kept(connection, college, SEEN, _SEEN)


def asks_elsewhere(connection: Connection, college: str) -> tuple[list[AskSeen], str]:
    """Likewise of what colleges ask each other for."""
    return _kept(connection, college, ASKS_SEEN, _ASKS_SEEN)


def _kept(
    connection: Connection, college: str, name: str, shape: TypeAdapter[list[_Seen]]
) -> tuple[list[_Seen], str]:
    kept = connection.execute(
        select(setting.c.value).where(setting.c.college == college, setting.c.name == name)
    ).scalar()
    if not kept:
        return [], ""
    at, _, text = str(kept).partition(" ")
    try:
        return shape.validate_json(text), at
    except ValidationError:
        return [], ""


def asks_here(
    connection: Connection, *, college: str | None = None, since: date | None = None
) -> list[AskSeen]:
    """What the ledgers in this store ask for and answer; what is needed last comes first.

    Args:
        connection: a transaction.
        college: only what this college asks for or has answered.
        since: only what was needed not long before this day, and no more than a file brings.
    """
    answers = {
        (row.from_college, row._mapping["ask"], row._mapping["college"]): row
        for row in connection.execute(
            select(ask_answer).where(true() if college is None else ask_answer.c.college == college)
        )
    }
    found = []
    for row in connection.execute(
        select(ask).where(true() if college is None else ask.c.college == college)
    ):
        own = row._mapping
        key = f"{own['college']}:{own['ask']}"
        answer = answers.pop((own["college"], key, row.to_college), None)
        found.append(
            AskSeen(
                college=own["college"],
                ask=own["ask"],
                to_college=row.to_college,
                type=row.type_name,
                kit=row.kit,
                quantity=row.quantity,
                first=row.first,
                last=row.last,
                note=row.note,
                open=bool(row.open),
                gets=None if answer is None else answer.quantity,
                reason=None if answer is None else answer.reason,
            )
        )
    found += [
        AskSeen(
            college=whose,
            ask=key.rpartition(":")[2],
            to_college=by,
            type=row.type_name,
            quantity=None,
            first=row.first,
            last=row.last,
            gets=row.quantity,
            reason=row.reason,
        )
        for (whose, key, by), row in answers.items()
    ]
    # What nobody here has seen has no day, and was answered for some days to come.
    found.sort(key=lambda each: (each.college, each.ask))
    found.sort(key=lambda each: each.last or "9999", reverse=True)
    if since is None:
        return found
    earliest = (since - timedelta(days=_KEPT_DAYS)).isoformat()
    return _that_fit([each for each in found if (each.last or earliest) >= earliest][:MOST_SEEN])


def as_kept(offers: Sequence[OfferSeen], at: str) -> str:
    """The text of the setting `SEEN`."""
    return f"{at} {_SEEN.dump_json(list(offers)).decode()}"


def asks_as_kept(asks: Sequence[AskSeen], at: str) -> str:
    """The text of the setting `ASKS_SEEN`."""
    return f"{at} {_ASKS_SEEN.dump_json(list(asks)).decode()}"
