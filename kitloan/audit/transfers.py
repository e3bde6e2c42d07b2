"""Transfers as ESP sees them: two halves, in two ledgers, that should say the same.

The k-th sending of a tag from one college to another meets the k-th receiving of it. Neither half
names the other, because a college can take in a kit while the sender's file is still on its way.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

from sqlalchemy import Connection, select

from kitloan.answers import plural
from kitloan.calendar import day_of, uk
from kitloan.models import table
from kitloan.models.absence import Arrival, Transfer
from kitloan.prepared import AnyRow
from kitloan.tags import grouped

arrival, transfer = table(Arrival), table(Transfer)

LONGEST_DAYS = 14
"""A kit that is under way for longer is asked after."""


@dataclass(frozen=True, slots=True)
class Journey:
    """A transfer with both its halves, as far as they are known."""

    tag: str
    from_college: str
    to_college: str
    sent: date | None
    received: date | None
    status: str
    problem: str | None
    at_fault: str
    said: str


def journeys(connection: Connection, day: date) -> tuple[Journey, ...]:
    """Every transfer, the latest last."""
    sent, received = defaultdict(list), defaultdict(list)
    for row in connection.execute(
        select(transfer).order_by(transfer.c.sent_at, transfer.c.transfer)
    ):
        if row.state != "called_off":
            sent[row.college, row.to_college, row.tag].append(row)
    for row in connection.execute(
        select(arrival).order_by(arrival.c.received_at, arrival.c.arrival)
    ):
        received[row.from_college, row.college, row.tag].append(row)
    found = [
        _journey(key, out, come, day)
        for key in sorted(sent.keys() | received.keys())
        for out, come in zip_longest(sent[key], received[key])
    ]
    return tuple(sorted(found, key=lambda each: (each.sent or each.received or day, each.tag)))


def _journey(
    key: tuple[str, str, str], out: AnyRow | None, come: AnyRow | None, day: date
) -> Journey:
    giver, taker, tag = key
    sent = day_of(out.sent_at) if out else None
    received = day_of(come.received_at) if come else None
    shown = grouped(tag)
    status, problem, at_fault, said = "met", None, taker, ""
    if come is None and sent is not None and out is not None:
        days = (day - sent).days
        status = "under way" if out.state == "sent" else "met"
        if out.state == "sent" and days > LONGEST_DAYS:
            status, problem = "not received", "transfer_not_received"
            said = (
                f"{shown} was sent by {giver} on {uk(sent)}, {plural(days, 'day')} ago, and "
                f"{taker} has not received it."
            )
    elif out is None and received is not None:
        status, problem, at_fault = "never sent", "received_never_sent", giver
        said = f"{shown} was received by {taker} on {uk(received)}; {giver} says nothing of it."
    elif out is not None and come is not None and (difference := _difference(out, come)):
        status, problem = "counts differ", "transfer_counts_differ"
        said = f"{shown}, from {giver} to {taker}: {difference}."
    return Journey(tag, giver, taker, sent, received, status, problem, at_fault, said)


def _difference(out: AnyRow, come: AnyRow) -> str:
    """What the two counts do not agree on, in words; nothing when one of them did not count."""
    if out.quantity != come.quantity:
        return f"{out.quantity} sent, {come.quantity} received"
    if "uncounted" in (out.counted, come.counted) or out.short == come.short:
        return ""
    before, after = json.loads(out.short), json.loads(come.short)
    parts = [
        f"{name} {before.get(name, 0)} short when sent, {after.get(name, 0)} when received"
        for name in sorted(before.keys() | after.keys())
        if before.get(name, 0) != after.get(name, 0)
    ]
    return "; ".join(parts)
