"""Matching the two halves of a transfer: the sending in one ledger, the receiving in another.

Neither half names the other, because a college can receive a kit before the sender's file has come.
But each ledger has its own halves in order. So the first sending of a tag from one college to
another matches the first receiving there, the second the second, whatever the two clocks showed and
whichever was recorded first. Halves that were undone or called off do not count.

Time decides only when a half is missing. A college may have passed a kit on without recording that
it received it; the next college's receiving shows that. Then a receiving matches the last sending
that is not later.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select
from sqlalchemy import Table as Rows

from kitloan.storage.statements import AnyRow
from kitloan.tables import Holding, LedgerEntry, table
from kitloan.tables.absence import Arrival, Transfer

arrival, entry = table(Arrival), table(LedgerEntry)
holding, transfer = table(Holding), table(Transfer)

_Way = tuple[str, str, str]
"""A tag, the college it left, and the one it went to."""
_Pair = tuple[AnyRow | None, AnyRow | None]

_sending, _receiving = transfer.alias("sending"), arrival.alias("receiving")


def _many(*which: ColumnElement[bool]) -> ColumnElement[int]:
    """How many halves there are, as an expression on a row of `transfer`."""
    return select(func.count()).where(*which).correlate(transfer).scalar_subquery()


_NOT_CALLED_OFF = (_sending.c.tag == transfer.c.tag, _sending.c.state != "called_off")
_OF_THIS_WAY = (
    _receiving.c.tag == transfer.c.tag,
    _receiving.c.college == transfer.c.to_college,
    _receiving.c.from_college == transfer.c.college,
)
_SENT = _many(
    *_NOT_CALLED_OFF,
    _sending.c.college == transfer.c.college,
    _sending.c.to_college == transfer.c.to_college,
)
_RECEIVED = _many(*_OF_THIS_WAY)
_PASSED_ON = _many(*_NOT_CALLED_OFF, _sending.c.college == transfer.c.to_college)
_TAKEN_ON = _many(
    _receiving.c.tag == transfer.c.tag, _receiving.c.from_college == transfer.c.to_college
)
_RECEIVED_SINCE = _many(*_OF_THIS_WAY, _receiving.c.received_at >= transfer.c.sent_at) > 0

RECEIVED_THERE = or_(_SENT <= _RECEIVED, and_(_RECEIVED_SINCE, _PASSED_ON < _TAKEN_ON))
"""Whether the other college has received what a row of `transfer` sent, as a condition on that
table. It is for open transfers: each is the last of its tag, so counting the halves is enough."""

HELD_THERE = (
    select(holding.c.tag)
    .where(
        holding.c.college == transfer.c.to_college,
        holding.c.tag == transfer.c.tag,
        (holding.c.state == "held") | (holding.c.state == "missing"),
    )
    .correlate(transfer)
    .exists()
)
"""Whether the other college's register has what a row of `transfer` sent, however it got there."""


def _in_order(rows: Rows, kind: str, id_of: ColumnElement[str]) -> Select[*tuple[Any, ...]]:
    """Halves, each college's in the order of its ledger, because two can have the same time."""
    return (
        select(rows)
        .outerjoin(
            entry,
            and_(
                entry.c.college == rows.c.college,
                entry.c.id == id_of,
                entry.c.kind == kind,
                entry.c.tag == rows.c.tag,
            ),
        )
        .order_by(func.coalesce(entry.c.epoch, 0), func.coalesce(entry.c.seq, 0), id_of)
    )


_SENDINGS = _in_order(transfer, "transfer.sent", transfer.c.transfer).where(
    transfer.c.state != "called_off"
)
_RECEIVINGS = _in_order(arrival, "transfer.received", arrival.c.arrival)


@dataclass(frozen=True, slots=True)
class TransferPair:
    """The two halves of a transfer, as rows of the tables; None for one that is not recorded.

    Attributes:
        tag: what was sent.
        giver: the college that sent it.
        taker: the college that should have it.
        sent: the giver's half.
        received: the taker's half.
        latest: whether the giver has not sent that tag again since.
    """

    tag: str
    giver: str
    taker: str
    sent: AnyRow | None
    received: AnyRow | None
    latest: bool


def transfer_pairs(connection: Connection, tag: str | None = None) -> Iterator[TransferPair]:
    """Every transfer with its halves, as far as they are on record here.

    Args:
        connection: a transaction on any store.
        tag: only this tag; None for all.
    """
    sendings, receivings = _SENDINGS, _RECEIVINGS
    if tag is not None:
        sendings = sendings.where(transfer.c.tag == tag)
        receivings = receivings.where(arrival.c.tag == tag)
    sent, received = defaultdict[_Way, list[AnyRow]](list), defaultdict[_Way, list[AnyRow]](list)
    latest: dict[tuple[str, str], AnyRow] = {}
    unrecorded: Counter[tuple[str, str]] = Counter()
    for row in connection.execute(sendings):
        sent[row.tag, row.college, row.to_college].append(row)
        latest[row.college, row.tag] = row
        unrecorded[row.college, row.tag] -= 1
    for row in connection.execute(receivings):
        received[row.tag, row.from_college, row.college].append(row)
        unrecorded[row.from_college, row.tag] += 1
    for way in sorted(sent.keys() | received.keys()):
        what, giver, taker = way
        for out, come in _pairs(sent[way], received[way], passed_on=unrecorded[taker, what] > 0):
            last = out is not None and latest[giver, what] is out
            yield TransferPair(what, giver, taker, out, come, last)


def _pairs(sent: list[AnyRow], received: list[AnyRow], *, passed_on: bool) -> list[_Pair]:
    """Each sending of one tag from one college to another with its receiving, in their order.

    `passed_on`: others received the tag from the receiver more often than it recorded sending it.
    """
    outs, comes, found = list(sent), list(received), list[_Pair]()
    while not passed_on and len(outs) > len(comes):
        found.append((outs.pop(), None))
    while outs and comes:
        if len(outs) > len(comes) and comes[-1].received_at < outs[-1].sent_at:
            found.append((outs.pop(), None))
        elif len(comes) > len(outs) and comes[-2].received_at >= outs[-1].sent_at:
            found.append((None, comes.pop()))
        else:
            found.append((outs.pop(), comes.pop()))
    alone = [*((out, None) for out in outs), *((None, come) for come in comes)]
    return [*alone, *reversed(found)]
