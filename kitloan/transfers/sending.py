"""Sending to another college: the sender's half of a transfer, its conditions, and its end.

Each college records its own half of a transfer in its own ledger. The sender's ends when the
transfer is called off, or when ESP's file shows that the other college has the holding.
"""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, or_, select

from kitloan.contents import Count
from kitloan.errors import BadInput, Refused
from kitloan.holdings import proposal_of
from kitloan.ledger.facts.base import Counted
from kitloan.ledger.facts.transfers import TransferArrived, TransferCalledOff, TransferSent
from kitloan.ledger.session import ESP
from kitloan.ledger.writer import Writer
from kitloan.loans.counts import as_lines, counted_as, parts_of, short_now
from kitloan.loans.custody import held, must_be_here, must_be_in_use, open_loans
from kitloan.queries.matching import HELD_THERE, RECEIVED_THERE
from kitloan.queries.resolve import meant
from kitloan.reference import find_college
from kitloan.storage.statements import Query
from kitloan.tables import College, table
from kitloan.tables.absence import Transfer
from kitloan.text.names import clean, fold, plain
from kitloan.text.tags import grouped
from kitloan.values import ShortageLine

college, transfer = table(College), table(Transfer)

_COLLEGES = Query(select(college.c.college, college.c.name))
_TRANSFER = Query(
    select(transfer).where(
        transfer.c.college == bindparam("c"), transfer.c.transfer == bindparam("x")
    )
)
_OPEN = Query(
    select(transfer).where(
        transfer.c.college == bindparam("c"),
        transfer.c.tag == bindparam("t"),
        transfer.c.state == "sent",
    )
)
_HAD_THERE = Query(
    select(transfer.c.to_college).where(
        transfer.c.college == bindparam("c"),
        transfer.c.transfer == bindparam("x"),
        or_(RECEIVED_THERE, HELD_THERE),
    )
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A transfer that was sent or called off: the holding, the other college, and shortages."""

    id: str
    tag: str
    type: str
    to_college: str
    to_name: str
    quantity: int
    counted: Counted
    shortages: tuple[ShortageLine, ...]


def other_college(connection: Connection, own: str, text: str) -> tuple[str, str]:
    """The id and the name of the other college that a text means.

    Raises:
        BadInput: `unknown_college`; `own_college`, when it is this college.
    """
    given = clean(text, "The college")
    by_word = {
        fold(word): (row.college, row.name)
        for row in _COLLEGES(connection)
        for word in (row.name, row.college)
    }
    listed = find_college(given)
    found = by_word.get(fold(given)) or (listed and (listed.id, listed.name))
    if found is None and fold(given) == ESP:
        found = (ESP, "ESP")
    if not found:
        raise BadInput(
            "unknown_college",
            f"{plain(given)!r} is not a college that kitloan knows.",
            "Give its name or its id, as in: --to 'Ayrshire College', --to ayrshire",
            college=given,
        )
    if found[0] == own:
        raise BadInput(
            "own_college",
            f"{found[1]} is this college.",
            "Name the other college. To move a kit within this one: kitloan move",
            college=own,
        )
    return found


def send(writer: Writer, text: str, to_college: str, count: Count | None) -> Sent:
    """Send a holding to another college; see `Transfers.send`."""
    tag = meant(writer, text)
    there, name = other_college(writer.connection, writer.college, to_college)
    quantity = _may_go(writer, tag)
    outcome, short = counted_as(
        parts_of(writer.connection, writer.college, tag),
        short_now(writer.connection, writer.college, tag),
        count,
    )
    fact = TransferSent(
        tag=tag,
        transfer=writer.request,
        to_college=there,
        quantity=quantity,
        counted=outcome,
        shortages=short,
    )
    writer.append(fact)
    return _sent(writer, fact, name)


def _may_go(writer: Writer, tag: str) -> int:
    """Refuse a holding that may not leave; gives its quantity."""
    row = held(writer, tag)
    shown = f"{row.type_name} {grouped(tag)}"
    must_be_here(writer, row)
    must_be_in_use(writer, row)
    if row.out_quantity:
        having = ", ".join(each.to for each in open_loans(writer, tag))
        raise Refused(
            "on_loan",
            f"{shown} is on loan to {having}, and cannot be sent.",
            f"Take it back first: kitloan checkin {tag}",
            tag=tag,
        )
    proposal = proposal_of(writer, tag)
    if proposal is not None:
        raise Refused(
            "withdrawal_proposed",
            f"{proposal.proposed_by} has proposed to withdraw {shown}: {proposal.reason}.",
            f"{proposal.proposed_by} can take the proposal back first: kitloan undo",
            tag=tag,
            proposed_by=proposal.proposed_by,
        )
    return int(row.quantity)


def _sent(writer: Writer, fact: TransferSent, name: str) -> Sent:
    return Sent(
        fact.transfer,
        fact.tag,
        held(writer, fact.tag).type_name,
        fact.to_college,
        name,
        fact.quantity,
        fact.counted,
        as_lines(fact.shortages),
    )


def call_off(writer: Writer, text: str) -> Sent:
    """Record that a holding is here after all; see `Transfers.call_off`."""
    tag = meant(writer, text)
    row = held(writer, tag)
    found = _OPEN(writer.connection, c=writer.college, t=tag).one_or_none()
    if row.state != "in_transit" or found is None:
        raise Refused(
            "not_in_transit",
            f"{row.type_name} {grouped(tag)} is not in transit to another college.",
            f"See its history: kitloan show {tag}",
            tag=tag,
        )
    if not writer.earlier:
        must_not_have_arrived(writer, tag, found.transfer)
    writer.append(TransferCalledOff(tag=tag, transfer=found.transfer))
    return _called_off(writer, found.transfer)


def must_not_have_arrived(writer: Writer, tag: str, which: str) -> None:
    """Refuse to take back a holding that the other college has, or has passed on.

    This can be seen only if the colleges share a database.

    Raises:
        Refused: `arrived`.
    """
    there = _HAD_THERE(writer.connection, c=writer.college, x=which).scalar()
    if there is not None:
        raise Refused(
            "arrived",
            f"{held(writer, tag).type_name} {grouped(tag)} arrived at {there}, which has it on its "
            "register.",
            f"If it came back: kitloan transfer receive {tag} --from {there}",
            tag=tag,
            college=there,
        )


def _called_off(writer: Writer, which: str) -> Sent:
    row = _TRANSFER(writer.connection, c=writer.college, x=which).one()
    return Sent(
        which,
        row.tag,
        held(writer, row.tag).type_name,
        row.to_college,
        name_of(writer.connection, row.to_college),
        row.quantity,
        row.counted,
        tuple(short_now(writer.connection, writer.college, row.tag)),
    )


def name_of(connection: Connection, which: str) -> str:
    """A college's name: in this store, else in the reference list, else its id."""
    names = {row.college: row.name for row in _COLLEGES(connection)}
    listed = find_college(which)
    return names.get(which) or (listed.name if listed else which)


def record_arrival(writer: Writer, which: str) -> bool:
    """Record that the other college has what this transfer sent, as ESP's file shows.

    Args:
        writer: a transaction on the sender's ledger.
        which: the transfer's id.

    Returns:
        Whether it was recorded now; an ended or unknown transfer is left as it is.
    """
    row = _TRANSFER(writer.connection, c=writer.college, x=which).one_or_none()
    if row is None or row.state != "sent":
        return False
    writer.append(TransferArrived(tag=row.tag, transfer=which))
    return True


def read_short(text: str) -> dict[str, int]:
    """The shortages of a transfer's count, as the tables have them: how many by component."""
    short: dict[str, int] = json.loads(text)
    return short
