"""Challenges: ESP asks a college to show some holdings, with a code that nobody knew before.

The college answers with a stocktake that names the challenge and its code, sealed into its own
ledger. Whether it was answered is reckoned here from the copy of that ledger, whenever asked.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import Connection, and_, bindparam, func, select

from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.gifts import ChallengeSet
from kitloan.ledger.session import ESP, check_quantity
from kitloan.ledger.writer import Writer, id_reused
from kitloan.storage.statements import AnyRow
from kitloan.tables import Holding, table
from kitloan.tables.national import Challenge as ChallengeRow
from kitloan.tables.national import ChallengeLine
from kitloan.tables.stocktaking import Stocktake, StocktakeScan
from kitloan.text.dates import check_year, end_of, uk
from kitloan.text.tags import ALPHABET, grouped, parse
from kitloan.values import plural

challenge, challenge_line = table(ChallengeRow), table(ChallengeLine)
holding, scan, stocktake = table(Holding), table(StocktakeScan), table(Stocktake)

MOST_TAGS = 1000
"""Holdings that one challenge may ask for: they travel in one entry."""

_CODE_LENGTH = 8

State = Literal[
    "answered", "answered_late", "wrong_code", "before_it_was_set", "waiting", "unanswered"
]


Outcome = Literal[
    "answered",
    "answered_late",
    "not_all_shown",
    "wrong_code",
    "before_it_was_set",
    "waiting",
    "unanswered",
]

WORDS: dict[Outcome, str] = {
    "answered": "answered",
    "answered_late": "answered late",
    "not_all_shown": "answered, not all shown",
    "wrong_code": "answered with a wrong code",
    "before_it_was_set": "answered before it was set",
    "waiting": "waiting",
    "unanswered": "not answered in time",
}
"""What every list and report calls the outcome of a challenge."""


@dataclass(frozen=True, slots=True)
class SetChallenge:
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
        stocktake: the stocktake that it was judged by, if there is one: of several good answers
            the one that shows the most, and of those the first.
        closed_at: when that was closed.
        answered_at: when that was closed, and all that it shows was on record.
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
    answered_at: str | None
    sighted: int
    not_sighted: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        """The state, and whether everything was shown."""
        if self.state in ("answered", "answered_late") and self.not_sighted:
            return "not_all_shown"
        return self.state


def set_challenge(
    writer: Writer,
    college: str,
    sample: int | None,
    tags: Sequence[str] | None,
    answer_by: date,
) -> SetChallenge:
    """See `National.challenge`."""
    if writer.earlier:
        (fact, *_) = writer.earlier_facts(ChallengeSet)
        same = (fact.college, fact.answer_by) == (college, answer_by.isoformat())
        if not same or not _asks_for(writer, fact, sample, tags):
            raise id_reused(writer.request)
        return SetChallenge(fact.challenge, college, fact.code, fact.tags, answer_by)
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
    return SetChallenge(fact.challenge, college, fact.code, chosen, answer_by)


def _chosen(
    writer: Writer, college: str, sample: int | None, tags: Sequence[str] | None
) -> tuple[str, ...]:
    """What to ask for: as named, or drawn at random from what the college holds, as known here."""
    if (sample is None) == (tags is None):
        raise BadInput("what_to_show", "Give how many to draw at random, or which: one of the two.")
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


def _asks_for(
    writer: Writer, fact: ChallengeSet, sample: int | None, tags: Sequence[str] | None
) -> bool:
    """Whether a challenge that was set is one that was wished so."""
    if sample is None or tags is not None:
        return tags is not None and sample is None and set(map(parse, tags)) == set(fact.tags)
    if len(fact.tags) >= sample:
        return len(fact.tags) == sample
    others = writer.connection.execute(  # fewer were there: then all of them were taken
        select(holding.c.tag).where(
            holding.c.college == fact.college, holding.c.accessioned_at <= writer.at
        )
    ).scalars()
    return set(others) <= set(fact.tags)


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
        college: who asks; a college gets its own.
        now: the instant that decides what is still waited for.
    """
    wanted = select(challenge).where(challenge.c.college == ESP)
    if college != ESP:
        wanted = wanted.where(challenge.c.to_college == college)
    rows = connection.execute(
        # They are numbered as they are set; a clock may be wrong.
        wanted.order_by(func.length(challenge.c.challenge).desc(), challenge.c.challenge.desc())
    ).all()
    return [_judged(connection, row, now) for row in rows]


@dataclass(frozen=True, slots=True)
class _Try:
    """A closed stocktake as an answer: when it came, and since when it shows what it shows."""

    state: State
    stocktake: str
    closed_at: str
    answered_at: str
    shown: frozenset[str]

    @property
    def rank(self) -> tuple[bool, int, str, str]:
        """The best answer has the least. A stocktake that shows nothing hides no later one."""
        good = self.state in ("answered", "answered_late")
        return not good, -len(self.shown), self.answered_at, self.stocktake


def _judged(connection: Connection, row: AnyRow, now: str) -> Challenge:
    """A challenge by the best answer that there is to it."""
    last = end_of(date.fromisoformat(row.answer_by))
    tags = connection.execute(
        select(challenge_line.c.tag)
        .where(challenge_line.c.college == ESP, challenge_line.c.challenge == row.challenge)
        .order_by(challenge_line.c.tag)
    ).scalars()
    asked = tuple(tags)
    best = min(_tries(connection, row, last), key=lambda each: each.rank, default=None)
    shown = best.shown if best else frozenset()
    return Challenge(
        id=row.challenge,
        college=row.to_college,
        code=row.code,
        set_at=row.set_at,
        answer_by=date.fromisoformat(row.answer_by),
        asked=len(asked),
        state=best.state if best else "unanswered" if now > last else "waiting",
        stocktake=best.stocktake if best else None,
        closed_at=best.closed_at if best else None,
        answered_at=best.answered_at if best else None,
        sighted=len(shown),
        not_sighted=tuple(tag for tag in asked if tag not in shown),
    )


def _tries(connection: Connection, row: AnyRow, last: str) -> Iterator[_Try]:
    """Every stocktake that was closed as an answer to a challenge, with what it shows of it."""
    shown: dict[str, dict[str, str]] = defaultdict(dict)
    for each in connection.execute(_SHOWN, {"c": row.to_college, "x": row.challenge}):
        shown[each.stocktake][each.tag] = each.since
    for each in connection.execute(_ANSWERS, {"c": row.to_college, "x": row.challenge}):
        since = shown[each.stocktake]
        # A scan counts after closing, too: but then the answer is no older than that scan.
        answered_at = max([each.closed_at, *since.values()])
        state = _state(row, each, answered_at, last)
        yield _Try(state, each.stocktake, each.closed_at, answered_at, frozenset(since))


_ANSWER_TO = (
    stocktake.c.college == bindparam("c"),
    stocktake.c.challenge == bindparam("x"),
    stocktake.c.closed_at.is_not(None),
)
_ANSWERS = select(stocktake).where(*_ANSWER_TO)
_SHOWN = (
    select(scan.c.stocktake, scan.c.tag, func.min(scan.c.recorded_at).label("since"))
    .join_from(
        stocktake,
        scan,
        and_(scan.c.college == stocktake.c.college, scan.c.stocktake == stocktake.c.stocktake),
    )
    .join(
        challenge_line,
        and_(
            challenge_line.c.college == ESP,
            challenge_line.c.challenge == stocktake.c.challenge,
            challenge_line.c.tag == scan.c.tag,
        ),
    )
    .where(*_ANSWER_TO)
    .group_by(scan.c.stocktake, scan.c.tag)
)
"""What of a challenge each answer shows, and since when that is on record."""


def _state(row: AnyRow, answer: AnyRow, answered_at: str, last: str) -> State:
    if answer.code != row.code:
        return "wrong_code"
    if answer.opened_at < row.set_at:
        return "before_it_was_set"
    return "answered_late" if answered_at > last else "answered"
