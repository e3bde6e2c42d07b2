"""Opening a stocktake: which holdings it expects is frozen then, and stays on record."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select

from kitloan.answers import plural
from kitloan.calendar import day_of
from kitloan.entries import StocktakeExpects, StocktakeOpened
from kitloan.errors import BadInput, Refused
from kitloan.ledger import Writer, id_reused
from kitloan.models import Holding, table
from kitloan.models.national import Challenge, ChallengeLine
from kitloan.prepared import AnyRow, Query
from kitloan.session import ESP, check_quantity
from kitloan.stocktakes.outcome import stocktakes
from kitloan.text import clean, fold, plain

challenge_table, challenge_line = table(Challenge), table(ChallengeLine)
holding = table(Holding)

_TAGS_PER_ENTRY = 500
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0"})

_LOOKED_FOR = Query(
    select(holding.c.tag, holding.c.location)
    .where(
        holding.c.college == bindparam("c"),
        or_(holding.c.state == "held", holding.c.state == "missing"),
    )
    .order_by(holding.c.tag)
)
_CHALLENGE = Query(
    select(challenge_table).where(
        challenge_table.c.college == ESP, challenge_table.c.challenge == bindparam("x")
    )
)
_ASKED_FOR = Query(
    select(challenge_line.c.tag, holding.c.tag.label("held"))
    .select_from(challenge_line)
    .outerjoin(
        holding,
        (holding.c.college == bindparam("c")) & (holding.c.tag == challenge_line.c.tag),
    )
    .where(challenge_line.c.college == ESP, challenge_line.c.challenge == bindparam("x"))
    .order_by(challenge_line.c.tag)
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A stocktake that was opened.

    Attributes:
        id: what it is known by here.
        name: what it was called.
        expected: how many holdings are on its list.
        late: whether it answers a challenge whose day has passed.
        not_here: tags that the challenge asks for and no holding here has.
    """

    id: str
    name: str
    expected: int
    late: bool = False
    not_here: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _List:
    tags: Sequence[str]
    late: bool = False
    not_here: tuple[str, ...] = ()


def open_stocktake(
    writer: Writer,
    name: str,
    place: str | None,
    sample: int | None,
    challenge: str | None,
    code: str | None,
) -> Opened:
    """See `Stocktakes.open`."""
    called = clean(name, "The stocktake's name")
    where = clean(place, "The place") if place else None
    if sample is not None:
        check_quantity(sample, "The sample")
    asked, secret = _challenge(challenge, code)
    if writer.said:
        return _opened_before(writer, called, where, sample, (asked, secret))
    known = _CHALLENGE(writer.connection, x=asked).first() if asked else None
    wanted = _asked_for(writer, known, secret) if known else _looked_for(writer, where, sample)
    if not wanted.tags:
        raise _nothing_expected(writer, where, wanted)
    stocktake = f"s{len(stocktakes(writer.connection, writer.college)) + 1}"
    writer.append(
        StocktakeOpened(
            stocktake=stocktake,
            name=called,
            place=None if known else where,
            sample=None if known else sample,
            challenge=asked,
            code=secret,
        )
    )
    for start in range(0, len(wanted.tags), _TAGS_PER_ENTRY):
        part = tuple(wanted.tags[start : start + _TAGS_PER_ENTRY])
        writer.append(StocktakeExpects(stocktake=stocktake, tags=part))
    return Opened(stocktake, called, len(wanted.tags), wanted.late, wanted.not_here)


def bare_code(code: str) -> str:
    """A one-time code as it is kept: case, spaces, hyphens and look-alikes do not count.

    Raises:
        BadInput: `bad_text`, when nothing is left.
    """
    kept = "".join(filter(str.isalnum, code)).upper().translate(_LOOKALIKES)
    return clean(kept, "The code")


def _challenge(challenge: str | None, code: str | None) -> tuple[str | None, str | None]:
    if (challenge is None) != (code is None):
        raise BadInput(
            "challenge_and_code",
            "A challenge is answered with its id and its one-time code, both.",
            "They stand in what ESP sent.",
        )
    if challenge is None or code is None:
        return None, None
    return clean(challenge, "The challenge").lower(), bare_code(code)


def _asked_for(writer: Writer, known: AnyRow, code: str | None) -> _List:
    """What a challenge asks for, where ESP's ledger is here to say so."""
    if known.to_college != writer.college:
        raise Refused(
            "not_yours",
            f"Challenge {plain(known.challenge)} is to {known.to_college}.",
            "See what ESP asks of you: kitloan challenge list",
            challenge=known.challenge,
            college=known.to_college,
        )
    if known.code != code:
        raise Refused(
            "wrong_code",
            f"That is not the code of challenge {plain(known.challenge)}.",
            "Give the code that ESP sent with it.",
            challenge=known.challenge,
        )
    rows = _ASKED_FOR(writer.connection, c=writer.college, x=known.challenge).all()
    return _List(
        [row.tag for row in rows if row.held],
        day_of(writer.at).isoformat() > known.answer_by,
        tuple(row.tag for row in rows if not row.held),
    )


def _looked_for(writer: Writer, place: str | None, sample: int | None) -> _List:
    rows = _LOOKED_FOR(writer.connection, c=writer.college).all()
    tags = [row.tag for row in rows if place is None or fold(row.location or "") == fold(place)]
    if sample is not None and sample < len(tags):
        tags = sorted(secrets.SystemRandom().sample(tags, sample))
    return _List(tags)


def _nothing_expected(writer: Writer, place: str | None, wanted: _List) -> Refused:
    if wanted.not_here:
        return Refused(
            "nothing_expected",
            f"No holding here has one of the {plural(len(wanted.not_here), 'tag')} that the "
            "challenge asks for.",
            "Tell ESP: its copy of your ledger may be an older one (kitloan ledger export FILE).",
            not_here=list(wanted.not_here),
        )
    rows = _LOOKED_FOR(writer.connection, c=writer.college).all()
    places = sorted({row.location for row in rows if row.location})
    if place is not None and rows:
        return Refused(
            "nothing_expected",
            f"Nothing is kept at {plain(place)!r}.",
            "Places are: " + ", ".join(map(plain, places[:10]))
            if places
            else "No holding has a place yet: kitloan stocktake open NAME takes all of them.",
            place=place,
            places=places,
        )
    return Refused(
        "nothing_expected",
        "There is nothing to look for: the college holds nothing.",
        "Take holdings in first: kitloan add, or kitloan import FILE",
    )


def _opened_before(
    writer: Writer,
    name: str,
    place: str | None,
    sample: int | None,
    asked: tuple[str | None, str | None],
) -> Opened:
    (fact, *_) = writer.answered(StocktakeOpened)
    listed = fact.challenge is not None and (fact.place, fact.sample) == (None, None)
    same = (fact.name, (fact.challenge, fact.code)) == (name, asked)
    if not same or not (listed or (fact.place, fact.sample) == (place, sample)):
        raise id_reused(writer.request)
    expects = [e.fact for e in writer.said if isinstance(e.fact, StocktakeExpects)]
    expected = {tag for each in expects for tag in each.tags}
    known = _CHALLENGE(writer.connection, x=fact.challenge).first() if fact.challenge else None
    if known is None:
        return Opened(fact.stocktake, name, len(expected))
    again = _asked_for(writer, known, fact.code)
    every = _ASKED_FOR(writer.connection, c=writer.college, x=known.challenge)
    not_here = tuple(row.tag for row in every if row.tag not in expected)
    return Opened(fact.stocktake, name, len(expected), again.late, not_here)
