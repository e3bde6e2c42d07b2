"""Challenges: ESP asks a college to show some holdings, with a code that nobody knew before.

The college answers with a stocktake that names the challenge and its code, sealed into its own
ledger. Whether it was answered is reckoned here from the copy of that ledger, whenever asked.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from sqlalchemy import Connection, func, select

from kitloan.answers import plural
from kitloan.calendar import check_year, end_of, uk
from kitloan.entries import ChallengeSet
from kitloan.errors import BadInput, Refused
from kitloan.ledger import Writer, facts_said, id_reused
from kitloan.models import Holding, table
from kitloan.models.national import Challenge as ChallengeRow
from kitloan.models.national import ChallengeLine
from kitloan.models.stocktaking import Stocktake, StocktakeScan
from kitloan.prepared import AnyRow
from kitloan.session import ESP, check_quantity
from kitloan.tags import ALPHABET, grouped, parse

challenge, challenge_line = table(ChallengeRow), table(ChallengeLine)
holding, scan, stocktake = table(Holding), table(StocktakeScan), table(Stocktake)

MOST_TAGS = 1000
"""Holdings that one challenge may ask for: they travel in one entry."""

_CODE_LENGTH = 8

State = Literal[
    "answered", "answered_late", "wrong_code", "before_it_was_set", "waiting", "unanswered"
]
_BEST_FIRST: tuple[State, ...] = get_args(State)


@dataclass(frozen=True, slots=True)
class Asked:
    """A challenge that was set. `code` is for the college alone, and for this once."""

    id: str
    college: str
    code: str
    tags: tuple[str, ...]
    answer_by: date


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge, and how it was answered.

    Attributes:
        id: what it is known by.
        college: who is asked.
        code: the one-time code.
        set_at: since when the code is known.
        answer_by: the last day on which an answer is in time.
        asked: how many holdings it asks for.
        state: `answered` or `answered_late`, by a closed stocktake with its code; `wrong_code` or
            `before_it_was_set`, when the best answer is such a one; `waiting`, until its day is
            over; then `unanswered`.
        stocktake: the stocktake that it was judged by, if there is one.
        closed_at: when that was closed.
        sighted: how many of those asked for were scanned in it.
        not_sighted: the tags of the others.
    """

    id: str
    college: str
    code: str
    set_at: str
    answer_by: date
    asked: int
    state: State
    stocktake: str | None
    closed_at: str | None
    sighted: int
    not_sighted: tuple[str, ...]


def set_challenge(
    writer: Writer,
    college: str,
    sample: int | None,
    tags: Sequence[str] | None,
    answer_by: date,
) -> Asked:
    """See `National.challenge`."""
    if writer.said:
        (fact, *_) = facts_said(writer.said, ChallengeSet)
        if (fact.college, fact.answer_by) != (college, answer_by.isoformat()):
            raise id_reused(writer.request)
        return Asked(fact.challenge, college, fact.code, fact.tags, answer_by)
    if end_of(check_year(answer_by)) < writer.at:
        raise BadInput(
            "due_in_the_past",
            f"{uk(answer_by)} is in the past.",
            "Give the college a day that is to come.",
            answer_by=answer_by.isoformat(),
        )
    chosen = _chosen(writer, college, sample, tags)
    many = select(func.count()).where(challenge.c.college == writer.college)
    fact = ChallengeSet(
        challenge=f"c{writer.connection.execute(many).scalar_one() + 1}",
        college=college,
        code="".join(secrets.choice(ALPHABET) for _ in range(_CODE_LENGTH)),
        tags=chosen,
        answer_by=answer_by.isoformat(),
    )
    writer.append(fact)
    return Asked(fact.challenge, college, fact.code, chosen, answer_by)


def _chosen(
    writer: Writer, college: str, sample: int | None, tags: Sequence[str] | None
) -> tuple[str, ...]:
    """What to ask for: as named, or drawn at random from what the college holds, as known here."""
    if (sample is None) == (tags is None):
        raise BadInput("what_to_show", "Say how many to draw at random, or which: one of the two.")
    rows = writer.connection.execute(
        select(holding.c.tag)
        .where(holding.c.college == college, holding.c.state.in_(("held", "missing")))
        .order_by(holding.c.tag)
    )
    known = list(rows.scalars())
    if not known:
        raise Refused(
            "nothing_expected",
            f"Nothing that {college} holds is known here.",
            "Merge its ledger first: kitloan ledger import FILE",
            college=college,
        )
    if tags is None:
        wanted = min(check_quantity(sample or 0, "The sample"), len(known))
        _must_not_be_many(wanted)
        return tuple(sorted(secrets.SystemRandom().sample(known, wanted)))
    chosen = tuple(dict.fromkeys(map(parse, tags)))
    _must_not_be_many(len(chosen))
    strange = sorted(set(chosen).difference(known))
    if strange or not chosen:
        raise BadInput(
            "unknown_tag",
            f"{college} does not hold {', '.join(map(grouped, strange[:5]))}, as far as is known "
            "here."
            if strange
            else "No tag was named.",
            "Name tags of that college: kitloan find TEXT",
            tags=strange,
        )
    return chosen


def _must_not_be_many(count: int) -> None:
    if count > MOST_TAGS:
        raise BadInput(
            "too_many",
            f"One challenge asks for {plural(MOST_TAGS, 'holding')} at most, not {count:,}.",
            "Set several.",
        )


def challenges(connection: Connection, college: str, now: str) -> list[Challenge]:
    """Every challenge to a college, or for ESP to all of them, the newest first.

    Args:
        connection: a transaction.
        college: who asks; a college is told of its own.
        now: the instant that decides what is still waited for.
    """
    wanted = select(challenge).where(challenge.c.college == ESP)
    if college != ESP:
        wanted = wanted.where(challenge.c.to_college == college)
    rows = connection.execute(
        wanted.order_by(challenge.c.set_at.desc(), challenge.c.challenge.desc())
    ).all()
    return [_judged(connection, row, now) for row in rows]


def _judged(connection: Connection, row: AnyRow, now: str) -> Challenge:
    """A challenge by the best answer that there is to it."""
    last = end_of(date.fromisoformat(row.answer_by))
    tries = connection.execute(
        select(stocktake)
        .where(
            stocktake.c.college == row.to_college,
            stocktake.c.challenge == row.challenge,
            stocktake.c.closed_at.is_not(None),
        )
        .order_by(stocktake.c.closed_at, stocktake.c.stocktake)
    ).all()
    judged: list[tuple[State, AnyRow]] = [(_state(row, each, last), each) for each in tries]
    state: State = "unanswered" if now > last else "waiting"
    answer = None
    if judged:
        state, answer = min(judged, key=lambda one: _BEST_FIRST.index(one[0]))
    tags = _shown(connection, row, answer.stocktake if answer else None)
    not_sighted = tuple(tag for tag, seen in tags if not seen)
    return Challenge(
        id=row.challenge,
        college=row.to_college,
        code=row.code,
        set_at=row.set_at,
        answer_by=date.fromisoformat(row.answer_by),
        asked=len(tags),
        state=state,
        stocktake=answer.stocktake if answer else None,
        closed_at=answer.closed_at if answer else None,
        sighted=len(tags) - len(not_sighted),
        not_sighted=not_sighted,
    )


def _state(row: AnyRow, answer: AnyRow, last: str) -> State:
    if answer.code != row.code:
        return "wrong_code"
    if answer.opened_at < row.set_at:
        return "before_it_was_set"
    return "answered_late" if answer.closed_at > last else "answered"


def _shown(connection: Connection, row: AnyRow, answer: str | None) -> list[tuple[str, bool]]:
    """Each tag that a challenge asks for, and whether the stocktake that answers it has it."""
    seen = (
        select(scan.c.scan)
        .where(
            scan.c.college == row.to_college,
            scan.c.stocktake == (answer or ""),
            scan.c.tag == challenge_line.c.tag,
        )
        .exists()
    )
    found = connection.execute(
        select(challenge_line.c.tag, seen.label("seen"))
        .where(challenge_line.c.college == ESP, challenge_line.c.challenge == row.challenge)
        .order_by(challenge_line.c.tag)
    )
    return [(each.tag, bool(each.seen)) for each in found]
