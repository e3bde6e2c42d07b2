"""Transfers between colleges: sent, called off, arrived there, received here.

Each college records its own half, in its own ledger.
"""

import json
from typing import ClassVar, Literal

from sqlalchemy import Connection, bindparam, insert, update

from kitloan.ledger.facts.base import Count, Counted, FactBase, Id, Name, Recorded, Tag, applies
from kitloan.ledger.facts.custody import forget_absence, forget_withdrawal
from kitloan.ledger.facts.holdings import SIGHTED, change_holding, insert_holding, refresh_words
from kitloan.ledger.facts.shortages import Short, Shortages, set_shortages
from kitloan.storage.statements import Change
from kitloan.tables import Holding, table
from kitloan.tables.absence import Arrival, Transfer
from kitloan.text.dates import day_of
from kitloan.text.names import fold

arrival = table(Arrival)
holding = table(Holding)
transfer = table(Transfer)

_on_its_way = holding.c.state == "in_transit"
_send = change_holding(
    holding.c.state == "held",
    state="in_transit",
    uncounted=bindparam("not_counted"),
    **SIGHTED,
)
_hold_again = change_holding(_on_its_way, state="held", **SIGHTED)
_gone = change_holding(_on_its_way, state="withdrawn")
_hold = change_holding(
    state="held",
    kit_type=bindparam("new_type"),
    quantity=bindparam("new_quantity"),
    asset_number=bindparam("new_number"),
    asset_key=bindparam("new_key"),
    serial=bindparam("new_serial"),
    location=bindparam("new_location"),
    uncounted=bindparam("not_counted"),
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
    """A holding is on its way to another college."""
    _send.one(
        connection,
        c=college,
        t=fact.tag,
        not_counted=fact.counted == "uncounted",
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
    """A holding that was sent never went, or came back: it is held here again."""

    kind: Literal["transfer.called_off"] = "transfer.called_off"
    desk_action: ClassVar[bool] = True
    tag: Tag
    transfer: Id


@applies(TransferCalledOff)
def called_off(
    connection: Connection, college: str, entry: Recorded, fact: TransferCalledOff
) -> None:
    """A holding never went, or came back."""
    _end_transfer.one(
        connection, c=college, t=fact.tag, x=fact.transfer, new_state="called_off", at=entry.at
    )
    _hold_again.one(connection, c=college, t=fact.tag, at=entry.at, by=entry.by)


class TransferArrived(FactBase):
    """ESP says that the other college has it: it is held here no more."""

    kind: Literal["transfer.arrived"] = "transfer.arrived"
    tag: Tag
    transfer: Id


@applies(TransferArrived)
def arrived(connection: Connection, college: str, entry: Recorded, fact: TransferArrived) -> None:
    """The other college has it: it is off this register."""
    _end_transfer.one(
        connection, c=college, t=fact.tag, x=fact.transfer, new_state="arrived", at=entry.at
    )
    _gone.one(connection, c=college, t=fact.tag)


class TransferReceived(FactBase):
    """A holding came from another college under the tag it had there."""

    kind: Literal["transfer.received"] = "transfer.received"
    desk_action: ClassVar[bool] = True
    tag: Tag
    arrival: Id
    from_college: Id
    kit_type: Id
    quantity: Count = 1
    asset_number: Name | None = None
    serial: Name | None = None
    location: Name | None = None
    counted: Counted
    shortages: Shortages = ()


@applies(TransferReceived)
def received(connection: Connection, college: str, entry: Recorded, fact: TransferReceived) -> None:
    """A holding is on this register, anew or again.

    One that was sent from here and comes back from another college had arrived there; one that was
    missing or written off here is so no more.
    """
    _was_there(connection, c=college, t=fact.tag, at=entry.at)
    forget_absence(connection, c=college, t=fact.tag)
    forget_withdrawal(connection, c=college, t=fact.tag)
    key = fold(fact.asset_number) if fact.asset_number else None
    again = _hold(
        connection,
        c=college,
        t=fact.tag,
        new_type=fact.kit_type,
        new_quantity=fact.quantity,
        new_number=fact.asset_number,
        new_key=key,
        new_serial=fact.serial,
        new_location=fact.location,
        not_counted=fact.counted == "uncounted",
        at=entry.at,
        by=entry.by,
    )
    if not again:
        insert_holding(
            connection,
            college=college,
            tag=fact.tag,
            kit_type=fact.kit_type,
            quantity=fact.quantity,
            out_quantity=0,
            state="held",
            uncounted=fact.counted == "uncounted",
            critical_short=0,
            location=fact.location,
            asset_number=fact.asset_number,
            asset_key=key,
            serial=fact.serial,
            received_on=day_of(entry.at).isoformat(),
            register_row=None,
            accessioned_at=entry.at,
            sighted_at=entry.at,
            sighted_by=entry.by,
            words="",
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
    """What a count found short, as the two sides of a transfer are compared by it."""
    return json.dumps(
        {each.component: each.missing + each.broken for each in shortages},
        sort_keys=True,
        ensure_ascii=False,
    )
