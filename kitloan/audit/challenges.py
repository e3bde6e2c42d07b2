"""Challenges as ESP sees them: what was asked, and what the college's own ledger answers."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from kitloan.answers import plural
from kitloan.calendar import day_of, uk
from kitloan.models import table
from kitloan.models.national import Challenge, ChallengeLine
from kitloan.models.stocktaking import Stocktake, StocktakeScan
from kitloan.prepared import AnyRow
from kitloan.session import ESP

challenge, line = table(Challenge), table(ChallengeLine)
scan, stocktake = table(StocktakeScan), table(Stocktake)


@dataclass(frozen=True, slots=True)
class Answer:
    """A challenge, and how it was answered."""

    challenge: str
    college: str
    set_on: date
    answer_by: date
    asked: int
    shown: int
    answered: date | None
    status: str
    problem: str | None
    said: str


def answers(connection: Connection, day: date) -> tuple[Answer, ...]:
    """Every challenge, the earliest first."""
    rows = connection.execute(
        select(challenge)
        .where(challenge.c.college == ESP)
        .order_by(challenge.c.set_at, challenge.c.challenge)
    )
    return tuple(_answer(connection, row, day) for row in rows.all())


def _answer(connection: Connection, asked: AnyRow, day: date) -> Answer:
    tags = set(
        connection.execute(
            select(line.c.tag).where(
                line.c.college == asked.college, line.c.challenge == asked.challenge
            )
        ).scalars()
    )
    tried = connection.execute(
        select(stocktake)
        .where(
            stocktake.c.college == asked.to_college,
            stocktake.c.challenge == asked.challenge,
            stocktake.c.opened_at >= asked.set_at,
        )
        .order_by(stocktake.c.opened_at)
    ).all()
    right = [each for each in tried if each.code == asked.code and each.closed_at]
    seen = tags & set(
        connection.execute(
            select(scan.c.tag).where(
                scan.c.college == asked.to_college,
                scan.c.stocktake.in_([each.stocktake for each in right]),
            )
        ).scalars()
    )
    answered = day_of(right[0].closed_at) if right else None
    by = date.fromisoformat(asked.answer_by)
    status, problem, said = _judged(asked, tried, answered, by, len(tags) - len(seen), day)
    return Answer(
        asked.challenge,
        asked.to_college,
        day_of(asked.set_at),
        by,
        len(tags),
        len(seen),
        answered,
        status,
        problem,
        said,
    )


def _judged(
    asked: AnyRow, tried: object, answered: date | None, by: date, absent: int, day: date
) -> tuple[str, str | None, str]:
    name = f"The challenge {asked.challenge} to {asked.to_college}"
    if answered is None and tried:
        return "wrong code", "challenge_failed", f"{name} was answered with another code, or left."
    if answered is None and day > by:
        said = f"{name} was to be answered by {uk(by)}."
        return "unanswered", "challenge_unanswered", said
    if answered is None:
        return "waiting", None, ""
    if absent:
        return "failed", "challenge_failed", f"{name}: {plural(absent, 'holding')} not shown."
    if answered > by:
        said = f"{name} was answered on {uk(answered)}, and was to be by {uk(by)}."
        return "late", "challenge_failed", said
    return "answered", None, ""
