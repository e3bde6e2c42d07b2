"""Transfers as ESP sees them: two halves, in two ledgers, that should say the same.

Neither half names the other, because a college can take in a kit while the sender's file is still
on its way. A receiving meets the last sending before it. Two clocks differ: on the day of sending,
it meets one that seems to be later, where there are as many receivings as sendings.

A ledger that is not here, or ends before the other half was said, cannot be blamed for silence.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from kitloan.answers import plural
from kitloan.audit.freshness import Fresh
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


def journeys(connection: Connection, day: date, fresh: Iterable[Fresh]) -> tuple[Journey, ...]:
    """Every transfer, the latest last; `fresh` says up to when each college has spoken."""
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
    heard = {each.college: each.last_at for each in fresh if each.last_at is not None}
    found = [
        _journey(key, out, come, heard, day)
        for key in sorted(sent.keys() | received.keys())
        for out, come in _met(sent[key], received[key])
    ]
    return tuple(
        sorted(
            found,
            key=lambda each: (
                each.sent or each.received or day,
                each.tag,
                each.from_college,
                each.to_college,
            ),
        )
    )


def _met(sent: list[AnyRow], received: list[AnyRow]) -> list[tuple[AnyRow | None, AnyRow | None]]:
    """Each sending with its receiving, both in the order of time; alone where there is none."""
    outs, comes = list(sent), list(received)
    pairs: list[tuple[AnyRow | None, AnyRow | None]] = []
    while outs and comes:
        out, come = outs[-1], comes[-1]
        same_day = come.received_at[:10] == out.sent_at[:10] and len(comes) >= len(outs)
        if come.received_at < out.sent_at and not same_day:
            pairs.append((outs.pop(), None))
        elif len(comes) > max(1, len(outs)) and comes[-2].received_at >= out.sent_at:
            pairs.append((None, comes.pop()))
        else:
            pairs.append((outs.pop(), comes.pop()))
    return [
        *((out, None) for out in outs),
        *((None, come) for come in comes),
        *reversed(pairs),
    ]


def _journey(
    key: tuple[str, str, str],
    out: AnyRow | None,
    come: AnyRow | None,
    heard: dict[str, str],
    day: date,
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
                f"nothing says that {taker} has received it."
            )
    elif out is None and come is not None and received is not None:
        at_fault = giver
        status, problem = "never sent", "received_never_sent"
        said = f"{shown} was received by {taker} on {uk(received)}; {giver} says nothing of it."
        if not _could_have_said(giver, come.received_at, heard, (day - received).days):
            status, problem = "not heard yet", None
    elif out is not None and come is not None and (difference := _difference(out, come)):
        status, problem = "counts differ", "transfer_counts_differ"
        said = f"{shown}, from {giver} to {taker}: {difference}."
    return Journey(tag, giver, taker, sent, received, status, problem, at_fault, said)


def _could_have_said(giver: str, received_at: str, heard: dict[str, str], days: int) -> bool:
    """Whether the sender's half should be here: its ledger goes on after, or had time to."""
    last = heard.get(giver)
    return last is not None and (last >= received_at or days > LONGEST_DAYS)


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
