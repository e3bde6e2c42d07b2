"""Undo: the latest thing a person did at the desk, taken back by an entry of its own.

Read from the ledger, so it works after a restart and from another desk. Only the newest standing
entry about a holding can be undone: anything done to it since rests on what would go, save what
was seen or said of it in a stocktake. So may what another college did, which no entry here says:
some kinds ask that as well.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from kitloan.errors import Refused
from kitloan.ledger.entry import KINDS, parse
from kitloan.ledger.facts.base import FactBase
from kitloan.ledger.facts.gifts import DeliveryReversed
from kitloan.ledger.facts.ledger import Reversed
from kitloan.ledger.facts.transfers import TransferReceived, TransferSent
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Writer
from kitloan.queries.history import summary_of
from kitloan.queries.undone import UNDONE
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import LedgerEntry, table
from kitloan.text.dates import uk_instant
from kitloan.text.tags import grouped
from kitloan.transfers.receiving import must_not_have_ended
from kitloan.transfers.sending import must_not_have_arrived

entry = table(LedgerEntry)

_KINDS = [kind.model_fields["kind"].default for kind in KINDS if kind.desk_action]
_SAID_FOR_ITSELF = ("stocktake.scanned", "stocktake.confirmed")
"""What was seen, and what a borrower confirmed: it rests on no entry, and is kept."""
_COLUMNS = select(
    entry.c.epoch,
    entry.c.seq,
    entry.c.id,
    entry.c.kind,
    entry.c.tag,
    entry.c.at,
    entry.c.by,
    entry.c.body,
).where(entry.c.college == bindparam("c"), entry.c.kind != "entry.reversed")
_STANDING = _COLUMNS.where(~UNDONE)

_LATEST = Query(
    _STANDING.where(
        entry.c.by == bindparam("who"),
        or_(*[entry.c.kind == kind for kind in _KINDS]),
        # What a register brought in is no act of the desk, though some kinds are the same.
        ~entry.c.body.contains('"register_row":"'),
    )
    .order_by(entry.c.epoch.desc(), entry.c.seq.desc())
    .limit(1)
)
# By part, which is their order in the ledger: by `seq`, SQLite walks the whole ledger to sort them.
_OF_REQUEST = Query(
    _COLUMNS.where(entry.c.id == bindparam("i"), entry.c.tag.is_not(None)).order_by(
        entry.c.part.desc()
    )
)
_AT = Query(_COLUMNS.where(entry.c.epoch == bindparam("e"), entry.c.seq == bindparam("s")))
_of_deliveries = or_(entry.c.kind == "gift.delivered", entry.c.kind == "delivery.corrected")
_LATEST_DELIVERY = Query(
    _STANDING.where(entry.c.by == bindparam("who"), entry.c.tag.is_(None), _of_deliveries)
    .order_by(entry.c.epoch.desc(), entry.c.seq.desc())
    .limit(1)
)
_DELIVERIES = Query(
    _STANDING.where(entry.c.tag.is_(None), _of_deliveries).order_by(entry.c.epoch, entry.c.seq)
)
_SINCE = Query(
    _STANDING.where(
        entry.c.tag == bindparam("t"),
        entry.c.id != bindparam("i"),
        *[entry.c.kind != kind for kind in _SAID_FOR_ITSELF],
        (entry.c.epoch > bindparam("e"))
        | ((entry.c.epoch == bindparam("e")) & (entry.c.seq > bindparam("s"))),
    )
    .order_by(entry.c.epoch, entry.c.seq)
    .limit(1)
)

_ELSEWHERE: Mapping[type[FactBase], Callable[[Writer, Any], None]] = {
    TransferSent: lambda writer, sent: must_not_have_arrived(writer, sent.tag, sent.transfer),
    TransferReceived: must_not_have_ended,
}
"""What may rest on a fact in another college's ledger, by kind: refuses when it does."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What was undone, or would be: when it was done, and what, in words, per holding."""

    at: str
    tags: tuple[str, ...]
    kind: str
    summaries: tuple[str, ...]


def would_undo(connection: Connection, college: str, actor: str) -> Undone | None:
    """What `undo` would reverse now; None when there is nothing left of this person's."""
    latest = _LATEST(connection, c=college, who=actor).one_or_none()
    if latest is None:
        return None
    return _told(connection, college, _OF_REQUEST(connection, c=college, i=latest.id).all())


def undo(writer: Writer) -> Undone:
    """Reverse the latest desk action of this person; see `Desk.undo`."""
    if writer.earlier_fact(DeliveryReversed) is not None:
        (again,) = writer.earlier_facts(DeliveryReversed)
        done = _AT(writer.connection, c=writer.college, e=again.epoch, s=again.seq).one()
        return _delivery_told(writer.connection, writer.college, done)
    if writer.earlier:
        (*_, last) = writer.earlier_facts(Reversed)
        undone = _AT(writer.connection, c=writer.college, e=last.epoch, s=last.seq).one()
        parts = _OF_REQUEST(writer.connection, c=writer.college, i=undone.id).all()
        return _told(writer.connection, writer.college, parts)
    latest = _LATEST(writer.connection, c=writer.college, who=writer.actor).one_or_none()
    came = _LATEST_DELIVERY(writer.connection, c=writer.college, who=writer.actor).one_or_none()
    if came is not None and (latest is None or latest[:2] < came[:2]):
        return _undo_delivery(writer, came)
    if latest is None:
        raise Refused(
            "nothing_to_undo",
            f"{writer.actor} has done nothing here that is not undone already.",
            "Each person undoes what they did: say who you are with --as.",
        )
    parts = _OF_REQUEST(writer.connection, c=writer.college, i=latest.id).all()
    told = _told(writer.connection, writer.college, parts)
    for part in parts:
        _refuse_if_built_upon(writer, part)
        _refuse_if_others_build_upon(writer, part)
    for part in parts:
        writer.append(Reversed(tag=part.tag, epoch=part.epoch, seq=part.seq))
    return told


def _undo_delivery(writer: Writer, came: AnyRow) -> Undone:
    """Take back what was recorded of the deliveries of a gift, unless somebody did since."""
    gift = json.loads(came.body)["fact"]["gift"]
    quantity, on = 0, json.loads(came.body)["fact"]["received_on"]
    for row in _DELIVERIES(writer.connection, c=writer.college):
        fact = json.loads(row.body)["fact"]
        if fact["gift"] != gift or row[:2] == came[:2]:
            continue
        if row[:2] > came[:2]:
            raise Refused(
                "built_upon",
                f"Since then {row.by} recorded this ({uk_instant(row.at)}): "
                f"{summary_of(writer.connection, writer.college, row.body)}.",
                f"Correct it: kitloan gift deliver {gift} --correct N",
                gift=gift,
            )
        quantity = fact["quantity"] + (quantity if row.kind == "gift.delivered" else 0)
        on = fact["received_on"]
    writer.append(
        DeliveryReversed(
            gift=gift,
            epoch=came.epoch,
            seq=came.seq,
            delivery=writer.request,
            quantity=quantity,
            received_on=on,
        )
    )
    return _delivery_told(writer.connection, writer.college, came)


def _delivery_told(connection: Connection, college: str, row: AnyRow) -> Undone:
    return Undone(row.at, (), row.kind, (summary_of(connection, college, row.body),))


def _refuse_if_built_upon(writer: Writer, part: AnyRow) -> None:
    since = _SINCE(
        writer.connection, c=writer.college, t=part.tag, i=part.id, e=part.epoch, s=part.seq
    ).first()
    if since is not None:
        said = summary_of(writer.connection, writer.college, since.body)
        raise Refused(
            "built_upon",
            f"{grouped(part.tag)}: since then {since.by} did this "
            f"({uk_instant(since.at)}): {said}.",
            "That would have to be undone first, by whoever did it.",
            tag=part.tag,
        )


def _refuse_if_others_build_upon(writer: Writer, part: AnyRow) -> None:
    fact = parse(part.body).fact
    if type(fact) in _ELSEWHERE:
        _ELSEWHERE[type(fact)](writer, fact)


def _told(connection: Connection, college: str, parts: Sequence[AnyRow]) -> Undone:
    ordered = [part for part in reversed(parts) if part.kind != "gift.recorded"]
    words: dict[str, list[str]] = {}
    for part in ordered:
        words.setdefault(part.tag, []).append(summary_of(connection, college, part.body))
    return Undone(
        at=ordered[0].at,
        tags=tuple(words),
        kind=ordered[0].kind,
        summaries=tuple("; ".join(said) for said in words.values()),
    )


class Actions:
    """What this person did, and reversing it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def undo(self, *, id: str | None = None) -> Undone:  # noqa: A002
        """Reverse this person's latest desk action that is not yet undone, whole.

        Raises:
            Refused: `nothing_to_undo`, or `built_upon` when somebody has done more since.
        """
        with self._session.writing(id) as writer:
            return undo(writer)

    def would_undo(self) -> Undone | None:
        """What `undo` would reverse now; None when there is nothing left of this person's."""
        with self._session.reading() as connection:
            return would_undo(connection, self._session.college, self._session.actor)
