"""Transfers as ESP sees them: two halves, in two ledgers, that should agree.

`kitloan.queries.matching` decides which halves belong together. A ledger that is not here, or ends
before the other half was recorded, cannot be blamed for silence.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select, union

from kitloan.audit.census import KEPT, Census
from kitloan.queries.matching import TransferPair, transfer_pairs
from kitloan.storage.statements import AnyRow
from kitloan.tables import Holding, table
from kitloan.tables.absence import Withdrawal
from kitloan.text.dates import day_of, uk
from kitloan.text.tags import grouped
from kitloan.values import plural

holding, withdrawal = table(Holding), table(Withdrawal)

LONGEST_DAYS = 14
"""A kit that is under way for longer is asked after."""


_AT_ONCE = 500
"""Tags that one statement names."""


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
    sentence: str


@dataclass(frozen=True, slots=True)
class _Known:
    """The day of the audit, and up to when each college has spoken."""

    day: date
    last_entry_at: Mapping[str, str]
    names: Mapping[str, str]
    holders: Mapping[str, tuple[str, ...]]
    """The colleges of each tag that several hold; where it is counted comes first."""

    def name(self, college: str) -> str:
        return self.names.get(college, college)

    def days_since(self, at: str) -> int:
        return (self.day - day_of(at)).days

    def could_say(self, college: str, at: str) -> bool:
        """Whether a college's half should be here: its ledger goes on after, or had time to."""
        last = self.last_entry_at.get(college)
        return last is not None and (last >= at or self.days_since(at) > LONGEST_DAYS)


def journeys(census: Census) -> tuple[Journey, ...]:
    """Every transfer, the latest last; see `in_scope`."""
    connection, day = census.connection, census.day
    last_entry_at = {each: last.at for each, last in census.last_entries.items()}
    known = _Known(day, last_entry_at, census.college_names, census.doubles)
    met = list(transfer_pairs(connection))
    lost = _nowhere(connection, {each.tag for each in met if _taken_back(each, known)})
    found = [_journey(each, known, nowhere=each.tag in lost) for each in met]
    found.sort(key=lambda each: (each.sent or each.received or day, each.tag))
    return tuple(found)


def in_scope(each: Journey, census: Census) -> bool:
    """Whether a report is about a transfer, by its kit and its two colleges."""
    narrowed = census.scope.type or census.scope.donor or census.scope.gift
    if narrowed and not census.has_tag(each.tag):
        return False
    return census.has_college(each.from_college) or census.has_college(each.to_college)


def _taken_back(met: TransferPair, known: _Known) -> bool:
    """Whether the sender's ledger has its arrival, and the receiver's has it no more."""
    out = met.sent
    return (
        out is not None
        and met.received is None
        and met.latest
        and out.state == "arrived"
        and known.could_say(met.taker, out.ended_at)
    )


def _nowhere(connection: Connection, tags: set[str]) -> set[str]:
    """Those tags that are on no register, and were not written off."""
    gone = sorted(tags)
    found: set[str] = set()
    for at in range(0, len(gone), _AT_ONCE):
        some = gone[at : at + _AT_ONCE]
        kept = select(holding.c.tag).where(holding.c.tag.in_(some), KEPT)
        written_off = select(withdrawal.c.tag).where(
            withdrawal.c.tag.in_(some), withdrawal.c.signed_at.is_not(None)
        )
        found.update(connection.execute(union(kept, written_off)).scalars())
    return tags - found


def _journey(met: TransferPair, known: _Known, *, nowhere: bool) -> Journey:
    out, come = met.sent, met.received
    at_fault = met.taker if out is not None else met.giver
    status, problem, sentence = "matched", None, ""
    if out is not None and come is not None:
        if difference := _difference(out, come):
            status, problem = "counts differ", "transfer_counts_differ"
            way = f"from {known.name(met.giver)} to {known.name(met.taker)}"
            sentence = f"{grouped(met.tag)}, {way}: {difference}."
    elif out is not None:
        status, problem, sentence = _not_received(met, out, known, nowhere=nowhere)
    elif come is not None:
        status = "no file from the sender yet"
        if known.could_say(met.giver, come.received_at):
            status, problem = "never sent", "received_never_sent"
            sentence = (
                f"{known.name(met.taker)} received {grouped(met.tag)} on "
                f"{uk(day_of(come.received_at))}; {known.name(met.giver)}'s ledger, which goes on "
                "after that, does not show that it was sent."
            )
    return Journey(
        met.tag,
        met.giver,
        met.taker,
        day_of(out.sent_at) if out is not None else None,
        day_of(come.received_at) if come is not None else None,
        status,
        problem,
        at_fault,
        sentence,
    )


def _not_received(
    met: TransferPair, out: AnyRow, known: _Known, *, nowhere: bool
) -> tuple[str, str | None, str]:
    """The status of a sending that has no receipt here: in a word, as a finding, in full."""
    days = known.days_since(out.sent_at)
    giver, taker = known.name(met.giver), known.name(met.taker)
    when = f"{giver} sent {grouped(met.tag)} on {uk(day_of(out.sent_at))}"
    if out.state == "sent" and days > LONGEST_DAYS:
        return (
            "not received",
            "transfer_not_received",
            f"{when}, {plural(days, 'day')} ago; {taker} has not recorded that it came.",
        )
    if nowhere and _taken_back(met, known):
        return (
            "taken back",
            "arrived_and_gone",
            f"{when} and no longer holds it, because it arrived; {taker}'s ledger no longer shows "
            "it, and no other college holds it.",
        )
    if out.state == "sent":
        elsewhere = met.giver in known.holders.get(met.tag, ())[1:]
        return "in two colleges" if elsewhere else "on its way", None, ""
    return "arrived, no receipt here", None, ""


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
