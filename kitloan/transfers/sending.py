"""Sending to another college: what must be so before a holding goes, and how that ends.

Each college says its own half of a transfer, in its own ledger: here the sender's. It ends when the
holding is called back, or when ESP tells that the other college has it.
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
from kitloan.loans import as_lines, counted_as, held, must_be_here, open_loans, parts_of, short_now
from kitloan.queries.resolve import meant
from kitloan.reference import find_college
from kitloan.storage.statements import Query
from kitloan.tables import College, table
from kitloan.tables.absence import Transfer
from kitloan.text.names import clean, fold, plain
from kitloan.text.tags import grouped
from kitloan.transfers.matching import CAME, HELD_THERE
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
        or_(CAME, HELD_THERE),
    )
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A holding that went to another college, or was called back: what, where to, how whole."""

    id: str
    tag: str
    type: str
    to_college: str
    to_name: str
    quantity: int
    counted: Counted
    shortages: tuple[ShortageLine, ...]


def other_college(connection: Connection, own: str, text: str) -> tuple[str, str]:
    """The id and the name of another college that `text` means.

    Raises:
        BadInput: `unknown_college`; `own_college`, when it is oneself.
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
            f"{plain(given)!r} is no college that kitloan knows.",
            "Give its name or its id, as in: --to 'Ayrshire College', --to ayrshire",
            college=given,
        )
    if found[0] == own:
        raise BadInput(
            "own_college",
            f"{found[1]} is this college: a transfer goes from one college to another.",
            "Put it in another place of this college with `move`, or name the other college.",
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
    """How many there are of a holding that may leave; refuses one that may not."""
    row = held(writer, tag)
    shown = f"{row.type_name} {grouped(tag)}"
    must_be_here(writer, row)
    if row.out_quantity:
        having = ", ".join(each.to for each in open_loans(writer, tag))
        raise Refused(
            "on_loan",
            f"{shown} is with {having}, and cannot be sent from here.",
            f"Take it back first: kitloan checkin {tag}",
            tag=tag,
        )
    proposal = proposal_of(writer, tag)
    if proposal is not None:
        raise Refused(
            "withdrawal_proposed",
            f"{proposal.proposed_by} has proposed to withdraw {shown}: {proposal.reason}.",
            "Settle that first: a second person signs it, or who proposed it says: kitloan undo",
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
    """Say that a holding is here after all; see `Transfers.call_off`."""
    tag = meant(writer, text)
    row = held(writer, tag)
    found = _OPEN(writer.connection, c=writer.college, t=tag).one_or_none()
    if row.state != "in_transit" or found is None:
        raise Refused(
            "not_in_transit",
            f"{row.type_name} {grouped(tag)} is not on its way to another college.",
            f"See its history: kitloan show {tag}",
            tag=tag,
        )
    if not writer.said:
        must_not_have_come(writer, tag, found.transfer)
    writer.append(TransferCalledOff(tag=tag, transfer=found.transfer))
    return _called_off(writer, found.transfer)


def must_not_have_come(writer: Writer, tag: str, which: str) -> None:
    """Refuse to have a holding back that the other college has, or has passed on.

    It is seen only where the colleges share a database.

    Raises:
        Refused: `arrived`.
    """
    there = _HAD_THERE(writer.connection, c=writer.college, x=which).scalar()
    if there is not None:
        raise Refused(
            "arrived",
            f"{there} has put {held(writer, tag).type_name} {grouped(tag)} on its register: it "
            "arrived.",
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
    """What a college is called: in this store, else in the reference list, else its id."""
    names = {row.college: row.name for row in _COLLEGES(connection)}
    listed = find_college(which)
    return names.get(which) or (listed.name if listed else which)


def arrived(writer: Writer, which: str) -> bool:
    """Put on record what ESP tells: the other college has what this transfer sent.

    Args:
        writer: a transaction of the sender's.
        which: the transfer's id.

    Returns:
        Whether that was news; a transfer that ended before, or that nobody knows, stays as it is.
    """
    row = _TRANSFER(writer.connection, c=writer.college, x=which).one_or_none()
    if row is None or row.state != "sent":
        return False
    writer.append(TransferArrived(tag=row.tag, transfer=which))
    return True


def read_short(text: str) -> dict[str, int]:
    """What a count of a transfer found short, as the tables keep it: component to how many."""
    said: dict[str, int] = json.loads(text)
    return said
