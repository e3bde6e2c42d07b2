"""Borrowers to whom nothing is lent for now: by somebody's decision, or while they are too late.

A counter loads this when somebody is blocked, or could be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select

from kitloan.borrowers.organisations import Borrower, Limits, known_organisation, name_now
from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.rules import BorrowerBlocked, BorrowerUnblocked, RuleOverridden
from kitloan.ledger.notes import Demanded, Unmet
from kitloan.ledger.writer import Writer
from kitloan.storage.statements import Query
from kitloan.tables import Block, Holding, KitType, Loan, table
from kitloan.tables.absence import Absence
from kitloan.text.dates import check_year, day_of, days_after, uk
from kitloan.text.personal import on_record
from kitloan.text.tags import grouped

absence, block = table(Absence), table(Block)
holding, kit_type, loan = table(Holding), table(KitType), table(Loan)

BLOCKED = "blocked"
_block_of = Query(
    select(block).where(block.c.college == bindparam("c"), block.c.organisation == bindparam("o"))
)
_LATE = Query(
    select(loan.c.tag, loan.c.due_on, kit_type.c.name.label("type_name"))
    .select_from(loan)
    .join(holding, (holding.c.college == loan.c.college) & (holding.c.tag == loan.c.tag))
    .join(
        kit_type,
        (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
    )
    .where(
        loan.c.college == bindparam("c"),
        loan.c.organisation == bindparam("o"),
        loan.c.closed_at.is_(None),
        loan.c.due_key < bindparam("d"),
    )
    .order_by(loan.c.due_key, loan.c.loan)
)
_LOST = Query(
    select(absence.c.tag)
    .select_from(absence)
    .join(
        loan,
        (loan.c.college == absence.c.college)
        & (loan.c.tag == absence.c.tag)
        & (loan.c.loan == absence.c.loan),
    )
    .where(loan.c.college == bindparam("c"), loan.c.organisation == bindparam("o"))
    .order_by(absence.c.tag)
)
Broken = tuple[str, str, str, dict[str, Any]]
"""A rule that is broken: the code, the message, the hint and the facts of its refusal."""


def blocked_on(
    connection: Connection, college: str, key: str, day: date, limits: Limits, today: date
) -> Broken | None:
    """Why nothing is lent to a borrower on a day, as a rule that is broken; None when it may be.

    Somebody has blocked them for that day, they have something overdue for too long today, or they
    have lost too much. The last two end by themselves.
    """
    by_itself = limits.overdue or limits.losses
    if not by_itself and not _block_of.tuples(connection, c=college, o=key):
        return None
    name = name_now(connection, college, key) or key
    return (
        _blocked_by_hand(connection, college, key, name, day)
        or _too_late(connection, college, key, name, today, limits.overdue)
        or _too_many_lost(connection, college, key, name, limits.losses)
    )


_OR_OVERRIDE = "Or lend all the same with --override REASON, which goes on record."


def _blocked_by_hand(
    connection: Connection, college: str, key: str, name: str, day: date
) -> Broken | None:
    found = _block_of(connection, c=college, o=key).first()
    if found is None or day_of(found.since) > day:
        return None
    if found.until is not None and date.fromisoformat(found.until) < day:
        return None
    until = f" until {uk(date.fromisoformat(found.until))}" if found.until else ""
    since = day_of(found.since)
    return (
        BLOCKED,
        f"{name} is blocked{until}: {found.reason} ({found.blocked_by}, {uk(since)}).",
        f"When that is settled: kitloan unblock {name!r}",
        {
            "organisation": name,
            "reason": found.reason,
            "until": found.until,
            "since": since.isoformat(),
            "by": found.blocked_by,
        },
    )


def _too_late(
    connection: Connection, college: str, key: str, name: str, today: date, most: int
) -> Broken | None:
    before = days_after(today, -most).isoformat()
    late = _LATE(connection, c=college, o=key, d=before).all() if most else []
    if not late:
        return None
    (first, *_) = late
    due = uk(date.fromisoformat(first.due_on))
    return (
        BLOCKED,
        f"{name} is blocked while it has something overdue for more than {most} days: "
        f"{first.type_name} {grouped(first.tag)}, due {due}.",
        f"Take it back first: kitloan checkin {first.tag}",
        {
            "organisation": name,
            "reason": "overdue",
            "policy": "block_overdue",
            "limit": most,
            "loans": [{"tag": each.tag, "due_on": each.due_on} for each in late],
        },
    )


def _too_many_lost(
    connection: Connection, college: str, key: str, name: str, most: int
) -> Broken | None:
    lost = _LOST(connection, c=college, o=key).all() if most else []
    if not most or len(lost) < most:
        return None
    tags = [each.tag for each in lost]
    return (
        BLOCKED,
        f"{name} is blocked while what it has lost is missing: "
        f"{', '.join(grouped(tag) for tag in tags)}.",
        f"When it turns up: kitloan found {tags[0]}",
        {
            "organisation": name,
            "reason": "losses",
            "policy": "block_losses",
            "limit": most,
            "tags": tags,
        },
    )


def must_not_be_blocked(
    writer: Writer,
    who: Borrower,
    day: date,
    asked: Sequence[Demanded],
    *,
    limits: Limits,
    override: str | None,
) -> list[str]:
    """Refuse to lend to a borrower who is blocked on a day; gives the rules overridden.

    Args:
        writer: the transaction.
        who: the borrower.
        day: the day on which it goes.
        asked: what they asked for, to be noted as demand when it is refused.
        limits: from when on they are blocked without anybody deciding it.
        override: why it is lent all the same.

    Raises:
        Refused: `blocked`.
    """
    if writer.earlier:
        facts = (each.fact for each in writer.earlier)
        return list({f.rule for f in facts if isinstance(f, RuleOverridden) and f.rule == BLOCKED})
    broken = blocked_on(writer.connection, writer.college, who.organisation, day, limits, day)
    if broken is None:
        return []
    if override:
        return [BLOCKED]
    code, message, hint, details = broken
    raise Unmet(code, message, f"{hint}. {_OR_OVERRIDE}", *asked, **details)


@dataclass(frozen=True, slots=True)
class BlockLine:
    """A borrower to whom nothing is lent for now. `until` is the last day of it."""

    college: str
    organisation: str
    reason: str
    until: date | None
    since: date
    by: str


def block_borrower(writer: Writer, name: str, reason: str, until: date | None) -> BlockLine:
    """See `Directory.block`."""
    why = on_record(reason, "The reason")
    row = known_organisation(writer.connection, writer.college, name)
    today = day_of(writer.at)
    if until is not None and not writer.earlier and check_year(until) < today:
        raise BadInput(
            "in_the_past",
            f"{uk(until)} is in the past: today is {uk(today)}.",
            "Give the last day of the block, or leave it out.",
            until=until.isoformat(),
            today=today.isoformat(),
        )
    last = until.isoformat() if until else None
    writer.append(BorrowerBlocked(organisation=row.organisation, reason=why, until=last))
    return BlockLine(writer.college, row.name, why, until, today, writer.actor)


def unblock_borrower(writer: Writer, name: str) -> str:
    """See `Directory.unblock`."""
    row = known_organisation(writer.connection, writer.college, name)
    there = _block_of(writer.connection, c=writer.college, o=row.organisation).first()
    if there is None and not writer.earlier:
        raise Refused(
            "not_blocked",
            f"{row.name} is not blocked.",
            "See who is: kitloan block",
            organisation=row.name,
        )
    writer.append(BorrowerUnblocked(organisation=row.organisation))
    return str(row.name)
