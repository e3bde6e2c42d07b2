"""Facts of ESP's own ledger: programmes, gifts, deliveries, allocations, challenges."""

from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, update

from kitloan import entries
from kitloan.entries import Entry
from kitloan.models import table
from kitloan.models.national import (
    Allocation,
    Challenge,
    ChallengeLine,
    Delivery,
    Gifting,
    Programme,
    Resumption,
)
from kitloan.prepared import Change
from kitloan.register.applying import applies
from kitloan.register.epochs import epoch_of

allocation, challenge, challenge_line = table(Allocation), table(Challenge), table(ChallengeLine)
delivery, gifting = table(Delivery), table(Gifting)
programme, resumption = table(Programme), table(Resumption)

_insert_delivery = Change(insert(delivery))
_insert_challenge = Change(insert(challenge))
_insert_challenge_line = Change(insert(challenge_line))
_insert_resumption = Change(insert(resumption))


class _SaidAgain:
    """Rows that a later fact of the same id says anew."""

    def __init__(self, rows: Table, key: str) -> None:
        self._key = key
        self._insert = Change(insert(rows))
        self._update = Change(
            update(rows)
            .where(rows.c.college == bindparam("c"), rows.c[key] == bindparam("k"))
            .values(
                {
                    column.name: bindparam(f"new_{column.name}")
                    for column in rows.columns
                    if not column.primary_key
                }
            )
        )

    def __call__(self, connection: Connection, college: str, **values: Any) -> None:
        others = {f"new_{name}": v for name, v in values.items() if name != self._key}
        if not self._update(connection, c=college, k=values[self._key], **others):
            self._insert(connection, college=college, **values)


_say_programme = _SaidAgain(programme, "programme")
_say_gift = _SaidAgain(gifting, "gift")
_say_allocation = _SaidAgain(allocation, "allocation")


@applies(entries.ProgrammeDefined)
def programme_defined(
    connection: Connection, college: str, entry: Entry, fact: entries.ProgrammeDefined
) -> None:
    """A programme has this name."""
    _say_programme(connection, college, programme=fact.programme, name=fact.name)


@applies(entries.GiftAgreed)
def gift_agreed(
    connection: Connection, college: str, entry: Entry, fact: entries.GiftAgreed
) -> None:
    """A gift has these terms."""
    _say_gift(connection, college, agreed_at=entry.at, **fact.model_dump(exclude={"kind"}))


@applies(entries.GiftDelivered)
def gift_delivered(
    connection: Connection, college: str, entry: Entry, fact: entries.GiftDelivered
) -> None:
    """Some of a gift is there."""
    _insert_delivery(connection, college=college, **fact.model_dump(exclude={"kind"}))


@applies(entries.AllocationMade)
def allocation_made(
    connection: Connection, college: str, entry: Entry, fact: entries.AllocationMade
) -> None:
    """A college is to have so many of a gift."""
    _say_allocation(
        connection,
        college,
        allocation=fact.allocation,
        gift=fact.gift,
        to_college=fact.college,
        quantity=fact.quantity,
        allocated_on=fact.allocated_on,
    )


@applies(entries.ChallengeSet)
def challenge_set(
    connection: Connection, college: str, entry: Entry, fact: entries.ChallengeSet
) -> None:
    """A college is asked to show these."""
    _insert_challenge(
        connection,
        college=college,
        challenge=fact.challenge,
        to_college=fact.college,
        code=fact.code,
        answer_by=fact.answer_by,
        set_at=entry.at,
    )
    for tag in fact.tags:
        _insert_challenge_line(connection, college=college, challenge=fact.challenge, tag=tag)


@applies(entries.LedgerResumed)
def ledger_resumed(
    connection: Connection, college: str, entry: Entry, fact: entries.LedgerResumed
) -> None:
    """The ledger goes on from a backup."""
    _insert_resumption(
        connection,
        college=college,
        epoch=epoch_of(entry.ledger),
        seq=fact.seq,
        hash=fact.hash,
        at=entry.at,
        resumed_by=entry.by,
    )
