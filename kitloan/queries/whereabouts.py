"""The facts for a refusal: where a holding is, who has it, and since when.

These queries run only after a refusal, so they cost nothing in ordinary work.
"""

import json
from typing import Any

from sqlalchemy import Connection, and_, select

from kitloan.errors import BadInput, Refused
from kitloan.queries.undone import UNDONE
from kitloan.reference import find_college
from kitloan.storage.statements import AnyRow
from kitloan.tables import (
    College,
    Component,
    Holding,
    KitType,
    LedgerEntry,
    Loan,
    Organisation,
    Shortage,
    table,
)
from kitloan.tables.absence import Absence, Transfer, Withdrawal
from kitloan.text.dates import day_happened, day_of, uk
from kitloan.text.tags import grouped

absence, college, component = table(Absence), table(College), table(Component)
entry, holding, kit_type = table(LedgerEntry), table(Holding), table(KitType)
loan, organisation, shortage = table(Loan), table(Organisation), table(Shortage)
transfer, withdrawal = table(Transfer), table(Withdrawal)

_CAME_IN = ("loan.checked_in", "transfer.received", "transfer.called_off")
"""Kinds of entry by which a holding comes back or arrives."""


def not_yours(connection: Connection, where: str, tag: str) -> Refused:
    """The refusal for ESP of a college's holding: what it is, and who has it."""
    row = connection.execute(
        select(holding.c.state, kit_type.c.name)
        .join_from(holding, kit_type)
        .where(holding.c.college == where, holding.c.tag == tag)
    ).one()
    name = college_name(connection, where)
    words = f"{row.name} {grouped(tag)} belongs to {name}"
    loaned = _loan_elsewhere(connection, where, tag)
    if loaned:
        since = f" since {uk(day_of(loaned['out_at']))}" if loaned["out_at"] else ""
        words += f", and {loaned['to']} has had it{since}"
    elif row.state != "held":
        words += f"; it {away(connection, where, tag, row.state)[0]}"
    return Refused(
        "not_yours",
        f"{words}.",
        _only_they(name),
        **_whose(tag, where, name),
        state=row.state,
        loan=loaned,
    )


def another_colleges(connection: Connection, own: str, where: str, tag: str, asked: str) -> Refused:
    """The refusal for a college of another's holding: whose it is, and nothing else.

    Args:
        connection: a transaction.
        own: the college that asks.
        where: the college whose register has it.
        tag: its tag there.
        asked: the tag that was asked for, which may be its second one.
    """
    name = college_name(connection, where)
    sent = _last_sent(connection, where, tag, "sent")
    ours = sent is not None and sent.to_college == own
    return Refused(
        "not_yours",
        f"{grouped(asked)} belongs to {name}" + (", which has sent it to you." if ours else "."),
        f"If it is here: kitloan transfer receive {asked} --from {where}"
        if ours
        else _only_they(name),
        **_whose(asked, where, name),
    )


def _only_they(name: str) -> str:
    return f"Only {name} can lend it and take it back."


def _whose(tag: str, where: str, name: str) -> dict[str, Any]:
    return {"tag": tag, "college": where, "college_name": name}


def _loan_elsewhere(connection: Connection, where: str, tag: str) -> dict[str, Any] | None:
    """The open loan of a holding that is due first."""
    row = connection.execute(
        select(loan.c.loan, organisation.c.name, loan.c.out_at, loan.c.due_on)
        .join_from(loan, organisation)
        .where(loan.c.college == where, loan.c.tag == tag, loan.c.closed_at.is_(None))
        .order_by(loan.c.due_key, loan.c.loan)
    ).first()
    if row is None:
        return None
    return {"id": row.loan, "to": row.name, "out_at": row.out_at or None, "due_on": row.due_on}


def away(connection: Connection, where: str, tag: str, state: str) -> tuple[str, dict[str, Any]]:
    """Why a holding is not here: the end of a sentence, and the same facts as values.

    Args:
        connection: a transaction.
        where: the college.
        tag: the holding's tag.
        state: its state in the register: `missing`, `in_transit` or `withdrawn`.
    """
    if state == "missing":
        row = connection.execute(
            select(absence).where(absence.c.college == where, absence.c.tag == tag)
        ).one()
        return (
            f"has been missing since {uk(day_of(row.since))}, recorded by {row.said_by}",
            {"since": row.since, "by": row.said_by},
        )
    if state == "in_transit":
        sent = _last_sent(connection, where, tag, "sent")
        facts = {} if sent is None else _of_transfer(connection, sent, sent.sent_at)
        return f"is in transit{_to_whom(connection, sent)}", facts
    signed = connection.execute(
        select(withdrawal).where(
            withdrawal.c.college == where,
            withdrawal.c.tag == tag,
            withdrawal.c.signed_at.is_not(None),
        )
    ).first()
    if signed is not None:
        return (
            f"was withdrawn on {uk(day_of(signed.signed_at))}: {signed.reason}",
            {"since": signed.signed_at, "by": signed.signed_by, "reason": signed.reason},
        )
    gone = _last_sent(connection, where, tag, "arrived")
    if gone is None:
        return "is withdrawn", {}
    there = college_name(connection, gone.to_college)
    return (
        f"is withdrawn: {there} has had it since {uk(day_of(gone.ended_at))}",
        _of_transfer(connection, gone, gone.ended_at),
    )


def _last_sent(connection: Connection, where: str, tag: str, state: str) -> AnyRow | None:
    """The latest transfer of a holding by this college in this state."""
    return connection.execute(
        select(transfer)
        .where(transfer.c.college == where, transfer.c.tag == tag, transfer.c.state == state)
        .outerjoin(
            entry,
            and_(
                entry.c.college == transfer.c.college,
                entry.c.id == transfer.c.transfer,
                entry.c.kind == "transfer.sent",
                entry.c.tag == transfer.c.tag,
            ),
        )
        .order_by(entry.c.epoch.desc(), entry.c.seq.desc())
    ).first()


def _to_whom(connection: Connection, sent: AnyRow | None) -> str:
    if sent is None:
        return ""
    return f" to {college_name(connection, sent.to_college)} on {uk(day_of(sent.sent_at))}"


def _of_transfer(connection: Connection, row: AnyRow, since: str) -> dict[str, Any]:
    name = college_name(connection, row.to_college)
    return {"since": since, "by": row.sent_by, "to_college": row.to_college, "to_name": name}


def college_name(connection: Connection, which: str) -> str:
    """A college's name: from its own ledger, else from the reference list, else its id."""
    own = connection.execute(select(college.c.name).where(college.c.college == which)).scalar()
    listed = find_college(which)
    return str(own) if own else listed.name if listed else which


def came_in(connection: Connection, where: str, tag: str) -> tuple[str, dict[str, Any]]:
    """Since when a holding is here: the end of a sentence, and values; both empty for always."""
    row = connection.execute(
        select(entry.c.kind, entry.c.at, entry.c.by, entry.c.body)
        .where(entry.c.college == where, entry.c.tag == tag, entry.c.kind.in_(_CAME_IN), ~UNDONE)
        .order_by(entry.c.epoch.desc(), entry.c.seq.desc())
    ).first()
    if row is None:
        return "", {}
    fact = json.loads(row.body)["fact"]
    facts = {"since": row.at, "by": row.by}
    who = _from_whom(connection, where, fact)
    if who:
        facts["from"] = who
    words = f"since {uk(day_happened(row.at, fact.get('on')))}" + (f", from {who}" if who else "")
    return f"{words}, recorded by {row.by}", facts


def _from_whom(connection: Connection, where: str, fact: dict[str, Any]) -> str | None:
    """Who had the holding before: a borrower or a college."""
    if fact["kind"] == "transfer.received":
        return college_name(connection, fact["from_college"])
    if fact["kind"] != "loan.checked_in":
        return None
    return connection.execute(
        select(organisation.c.name)
        .join_from(loan, organisation)
        .where(loan.c.college == where, loan.c.loan == fact["loan"])
    ).scalar()


def critical_shortages(connection: Connection, where: str, tag: str) -> list[dict[str, Any]]:
    """The critical components of a kit that are short: how many, and since when."""
    rows = connection.execute(
        select(shortage.c.component, shortage.c.missing, shortage.c.broken, shortage.c.since)
        .join_from(shortage, holding)
        .join(
            component,
            (component.c.college == holding.c.college)
            & (component.c.kit_type == holding.c.kit_type)
            & (component.c.name == shortage.c.component),
        )
        .where(shortage.c.college == where, shortage.c.tag == tag, component.c.critical)
        .order_by(shortage.c.component)
    )
    return [dict(row._mapping) for row in rows]


def undone(connection: Connection, where: str | None, tag: str) -> BadInput | None:
    """The error for a holding whose adding was undone; None when it was never on the register.

    Args:
        connection: a transaction.
        where: the college; None for any.
        tag: the tag.
    """
    wanted = select(entry.c.at, entry.c.by).where(
        entry.c.tag == tag, entry.c.kind == "entry.reversed"
    )
    if where is not None:
        wanted = wanted.where(entry.c.college == where)
    newest_first = wanted.order_by(entry.c.epoch.desc(), entry.c.seq.desc())
    row = connection.execute(newest_first).first()
    if row is None:
        return None
    return BadInput(
        "unknown_tag",
        f"No holding here has {grouped(tag)} now: {row.by} undid adding it on "
        f"{uk(day_of(row.at))}.",
        f"See its history: kitloan ledger log {tag}. To add it again: "
        f"kitloan add --type TYPE --tag {tag}",
        tag=tag,
        near=[],
        undone_at=row.at,
        undone_by=row.by,
    )
