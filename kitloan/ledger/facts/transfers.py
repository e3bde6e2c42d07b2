"""Facts about transfers between colleges: sent, called off, arrived there, received here.

Each college records its own half, in its own ledger.
"""

import json
from typing import ClassVar, Literal

from sqlalchemy import Connection, bindparam, insert, update

from kitloan.ledger.facts.base import Count, Counted, FactBase, Id, Recorded, Tag, applies
from kitloan.ledger.facts.custody import forget_absence, forget_withdrawal
from kitloan.ledger.facts.holding_rows import (
    COUNTED,
    SIGHTED,
    asset_key,
    change_holding,
    counted_in,
    insert_holding,
    new,
    number_order,
    refresh_words,
)
from kitloan.ledger.facts.shortages import Short, Shortages, set_shortages
from kitloan.storage.statements import Change
from kitloan.tables import Holding, table
from kitloan.tables.absence import Arrival, Transfer
from kitloan.text.dates import day_of
from kitloan.text.fields import PlacedHoldingFields

arrival = table(Arrival)
holding = table(Holding)
transfer = table(Transfer)

_on_its_way = holding.c.state == "in_transit"
_send = change_holding(
    holding.c.state == "held",
    state="in_transit",
    **COUNTED,
    **SIGHTED,
)
_hold_again = change_holding(_on_its_way, state="held", **SIGHTED)
_gone = change_holding(_on_its_way, state="withdrawn")
_hold = change_holding(
    state="held",
    asset_key=bindparam("new_asset_key"),
    number_order=bindparam("new_number_order"),
    **COUNTED,
    **new(PlacedHoldingFields),
    **SIGHTED,
)
_insert_transfer = Change(insert(transfer))
_insert_arrival = Change(insert(arrival))
_end_transfer = Change(
    update(transfer)
    .where(
        transfer.c.college == bindparam("c"),
        transfer.c.transfer == bindparam("x"),
        transfer.c.tag == bindparam("t"),
        transfer.c.state == "sent",
    )
    .values(state=bindparam("new_state"), ended_at=bindparam("at"))
)
_was_there = Change(
    update(transfer)
    .where(
        transfer.c.college == bindparam("c"),
        transfer.c.tag == bindparam("t"),
        transfer.c.state == "sent",
    )
    .values(state="arrived", ended_at=bindparam("at"))
)


class TransferSent(FactBase):
    """A holding left for another college, with what a count of its contents found."""

    kind: Literal["transfer.sent"] = "transfer.sent"
    desk_action: ClassVar[bool] = True
    tag: Tag
    transfer: Id
    to_college: Id
    quantity: Count = 1
    counted: Counted
    shortages: Shortages = ()


@applies(TransferSent)
def sent(connection: Connection, college: str, entry: Recorded, fact: TransferSent) -> None:
    """Mark the holding as in transit, and record the transfer and its count."""
    _send.one(
        connection,
        c=college,
        t=fact.tag,
        **counted_in(fact.counted, entry.at),
        at=entry.at,
        by=entry.by,
    )
    set_shortages(connection, college, fact.tag, fact.shortages, entry.at)
    _insert_transfer(
        connection,
        college=college,
        transfer=fact.transfer,
        tag=fact.tag,
        to_college=fact.to_college,
        quantity=fact.quantity,
        counted=fact.counted,
        short=short_json(fact.shortages),
        sent_at=entry.at,
        sent_by=entry.by,
        state="sent",
        ended_at=None,
    )


class TransferCalledOff(FactBase):
    """A holding that was sent never left, or came back: it is held here again."""

    kind: Literal["transfer.called_off"] = "transfer.called_off"
    desk_action: ClassVar[bool] = True
    tag: Tag
    transfer: Id


@applies(TransferCalledOff)
def called_off(
    connection: Connection, college: str, entry: Recorded, fact: TransferCalledOff
) -> None:
    """End the transfer, and mark the holding as held."""
    _end_transfer.one(
        connection, c=college, t=fact.tag, x=fact.transfer, new_state="called_off", at=entry.at
    )
    _hold_again.one(connection, c=college, t=fact.tag, at=entry.at, by=entry.by)


class TransferArrived(FactBase):
    """ESP's file shows that the other college has the holding: it is no longer held here."""

    kind: Literal["transfer.arrived"] = "transfer.arrived"
    tag: Tag
    transfer: Id


@applies(TransferArrived)
def arrived(connection: Connection, college: str, entry: Recorded, fact: TransferArrived) -> None:
    """End the transfer, and take the holding off this register."""
    _end_transfer.one(
        connection, c=college, t=fact.tag, x=fact.transfer, new_state="arrived", at=entry.at
    )
    _gone.one(connection, c=college, t=fact.tag)


class TransferReceived(PlacedHoldingFields, FactBase):
    """A holding was received from another college, with the tag it had there."""

    kind: Literal["transfer.received"] = "transfer.received"
    desk_action: ClassVar[bool] = True
    tag: Tag
    arrival: Id
    from_college: Id
    counted: Counted
    shortages: Shortages = ()


@applies(TransferReceived)
def received(connection: Connection, college: str, entry: Recorded, fact: TransferReceived) -> None:
    """Put the holding on this register, as new or again.

    An open transfer of it from here has arrived, because it comes back from another college. It is
    no longer missing or written off here.
    """
    _was_there(connection, c=college, t=fact.tag, at=entry.at)
    forget_absence(connection, c=college, t=fact.tag)
    forget_withdrawal(connection, c=college, t=fact.tag)
    key = asset_key(fact)
    again = _hold(
        connection,
        c=college,
        t=fact.tag,
        **PlacedHoldingFields.of(fact, "new_"),
        new_asset_key=key,
        new_number_order=number_order(fact),
        **counted_in(fact.counted, entry.at),
        at=entry.at,
        by=entry.by,
    )
    if not again:
        insert_holding(
            connection,
            college=college,
            tag=fact.tag,
            **PlacedHoldingFields.of(fact),
            out_quantity=0,
            state="held",
            uncounted=fact.counted == "uncounted",
            critical_short=0,
            asset_key=key,
            received_on=day_of(entry.at).isoformat(),
            register_row=None,
            accessioned_at=entry.at,
            sighted_at=entry.at,
            sighted_by=entry.by,
            words="",
            counted_at=entry.at if fact.counted in ("whole", "short") else None,
            out_of_use=None,
            in_repair=None,
            most_out=None,
            number_order=number_order(fact),
        )
    refresh_words(connection, college, fact.tag)
    set_shortages(connection, college, fact.tag, fact.shortages, entry.at)
    _insert_arrival(
        connection,
        college=college,
        arrival=fact.arrival,
        tag=fact.tag,
        from_college=fact.from_college,
        quantity=fact.quantity,
        counted=fact.counted,
        short=short_json(fact.shortages),
        received_at=entry.at,
        received_by=entry.by,
    )


def short_json(shortages: tuple[Short, ...]) -> str:
    """The shortages that a count found, as JSON: how many by component."""
    return json.dumps(
        {each.component: each.missing + each.broken for each in shortages},
        sort_keys=True,
        ensure_ascii=False,
    )
