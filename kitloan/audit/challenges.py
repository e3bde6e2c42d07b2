"""Challenges in the report: what was asked, what the college's ledger answers, and what is wrong.

How one is judged stands in `kitloan.national.challenges`, once for the desk and for the audit.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from kitloan.ledger.session import ESP
from kitloan.national.challenges import Challenge, challenges
from kitloan.text.dates import day_of, end_of, uk
from kitloan.values import plural


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
    """Every challenge as at the end of a day, the earliest first."""
    return tuple(_answer(each) for each in reversed(challenges(connection, ESP, end_of(day))))


def _answer(asked: Challenge) -> Answer:
    answered = day_of(asked.answered_at) if asked.answered_at else None
    status, problem, said = _judged(asked, answered)
    return Answer(
        asked.id,
        asked.college,
        day_of(asked.set_at),
        asked.answer_by,
        asked.asked,
        asked.sighted,
        answered,
        status,
        problem,
        said,
    )


def _judged(asked: Challenge, answered: date | None) -> tuple[str, str | None, str]:
    name, by = f"The challenge {asked.id} to {asked.college}", uk(asked.answer_by)
    absent = len(asked.not_sighted)
    match asked.state:
        case "waiting":
            return "waiting", None, ""
        case "unanswered":
            return "unanswered", "challenge_unanswered", f"{name} was to be answered by {by}."
        case "wrong_code":
            return "wrong code", "challenge_failed", f"{name} was answered with another code."
        case "before_it_was_set":
            said = f"{name} was answered, by the college's clock, before it was set."
            return "before it was set", "challenge_failed", said
    if absent:
        return "failed", "challenge_failed", f"{name}: {plural(absent, 'holding')} not shown."
    if asked.state == "answered_late" and answered is not None:
        said = f"{name} was answered on {uk(answered)}, and was to be by {by}."
        return "late", "challenge_failed", said
    return "answered", None, ""
