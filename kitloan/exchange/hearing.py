"""What a college takes from ESP's file, in its own ledger and of its own accord.

ESP's ledger is merged as a copy, like any other. Then: the receipt says up to where ESP has this
college's ledger; kit types that ESP defines are defined here the same way; transfers that the other
college has received are ended. No college ever writes another's ledger, so each is an entry here.
"""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from kitloan.entries import Component, KitTypeDefined
from kitloan.errors import BadInput
from kitloan.exchange.header import Header
from kitloan.exchange.sending import remember_receipt
from kitloan.ledger import Writer
from kitloan.models import Component as ComponentRow
from kitloan.models import KitType, LedgerEntry, table
from kitloan.models.absence import Transfer
from kitloan.models.national import Resumption
from kitloan.register.epochs import college_of, epoch_of
from kitloan.session import ESP, Session
from kitloan.transfers.sending import arrived

component, entry, kit_type = table(ComponentRow), table(LedgerEntry), table(KitType)
resumption, transfer = table(Resumption), table(Transfer)


@dataclass(frozen=True, slots=True)
class Heard:
    """What ESP's file changed here: the receipt, kit types taken over, transfers that arrived."""

    esp_holds: int | None
    kit_types: tuple[str, ...]
    arrived: tuple[str, ...]


def hear(session: Session, header: Header) -> Heard:
    """Take over what ESP's file says to this college.

    Raises:
        BadInput: `receipt_differs`, when ESP holds another entry than this store has.
    """
    with session.writing() as writer:
        kit_types = _adopt(writer)
        arrived = _end_transfers(writer, header)
        seq = _receipt(writer, header)
    return Heard(seq, kit_types, arrived)


def _receipt(writer: Writer, header: Header) -> int | None:
    """Remember up to where ESP has this ledger, when it is the ledger that this store has."""
    mine = [each for each in header.holds if college_of(each.ledger) == writer.college]
    if not mine:
        return None
    (held,) = mine[:1]
    seam = writer.connection.execute(
        select(func.min(resumption.c.seq)).where(
            resumption.c.college == writer.college, resumption.c.epoch > epoch_of(held.ledger)
        )
    ).scalar()
    if seam is not None and seam < held.seq:
        # ESP has what the backup had lost, and not yet what came since: it needs all from there.
        remember_receipt(writer.connection, writer.college, seam)
        return int(seam)
    ours = writer.connection.execute(
        select(entry.c.hash).where(
            entry.c.college == writer.college,
            entry.c.epoch == epoch_of(held.ledger),
            entry.c.seq == held.seq,
        )
    ).scalar()
    if ours != held.hash:
        raise BadInput(
            "receipt_differs",
            f"ESP holds entry {held.seq} of {held.ledger!r}, and this store has "
            + ("another one." if ours else "none of that number."),
            "Was a backup put in the place of this store by hand? Put it back with "
            "`kitloan restore`, and send ESP the whole ledger: kitloan ledger export FILE",
            ledger=held.ledger,
            seq=held.seq,
        )
    remember_receipt(writer.connection, writer.college, held.seq)
    return held.seq


def _adopt(writer: Writer) -> tuple[str, ...]:
    """Define the kit types that ESP defines as ESP does, where they differ."""
    theirs, ours = _types(writer.connection, ESP), _types(writer.connection, writer.college)
    new = [each for key, each in sorted(theirs.items()) if ours.get(key) != each]
    for each in new:
        writer.append(each)
    return tuple(each.name for each in new)


def _types(connection: Connection, college: str) -> dict[str, KitTypeDefined]:
    parts = defaultdict(list)
    for row in connection.execute(
        select(component)
        .where(component.c.college == college)
        .order_by(component.c.kit_type, component.c.position)
    ):
        parts[row.kit_type].append(
            Component(name=row.name, quantity=row.quantity, bag=row.bag, critical=row.critical)
        )
    return {
        row.kit_type: KitTypeDefined(
            kit_type=row.kit_type, name=row.name, contents=tuple(parts[row.kit_type])
        )
        for row in connection.execute(select(kit_type).where(kit_type.c.college == college))
    }


def _end_transfers(writer: Writer, header: Header) -> tuple[str, ...]:
    named = [each.transfer for each in header.arrived if each.college == writer.college]
    ended = [which for which in named if arrived(writer, which)]
    rows = writer.connection.execute(
        select(transfer.c.tag)
        .where(transfer.c.college == writer.college, transfer.c.transfer.in_(ended))
        .order_by(transfer.c.tag)
    )
    return tuple(rows.scalars())
