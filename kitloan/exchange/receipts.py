"""What a college takes from ESP's file, in its own ledger and of its own accord.

ESP's ledger is merged as a copy, like any other. Then: the receipt says up to where ESP has this
college's ledger; kit types that ESP defines are defined here the same way; transfers that the other
college has received are ended. No college ever writes another's ledger, so each is an entry here.
"""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection, select

from kitloan.errors import BadInput
from kitloan.exchange.file import Header, Held
from kitloan.exchange.sending import epochs_of, remember_receipt
from kitloan.ledger.epochs import EPOCHS_AHEAD, college_of, epoch_of, ledger_name
from kitloan.ledger.facts.definitions import ContentsLine, KitTypeDefined
from kitloan.ledger.session import ESP, Session
from kitloan.ledger.writer import Writer
from kitloan.tables import Component as ComponentRow
from kitloan.tables import KitType, LedgerEntry, LedgerHead, table
from kitloan.tables.absence import Transfer
from kitloan.text.names import plain
from kitloan.transfers.sending import arrived

component, entry, kit_type = table(ComponentRow), table(LedgerEntry), table(KitType)
head, transfer = table(LedgerHead), table(Transfer)


@dataclass(frozen=True, slots=True)
class Heard:
    """What ESP's file changed here.

    Attributes:
        esp_holds: up to which entry ESP has this ledger; 0 when it has another branch, None when
            nothing of it.
        kit_types: the names of those that were defined as ESP does.
        arrived: the tags whose transfers were ended.
        goes_on_as: the ledger's new name, where ESP counts an epoch that this store never had.
    """

    esp_holds: int | None
    kit_types: tuple[str, ...]
    arrived: tuple[str, ...]
    goes_on_as: str | None = None


def hear(session: Session, header: Header) -> Heard:
    """Take over what ESP's file says to this college.

    Raises:
        BadInput: `receipt_differs`, when ESP holds another entry than this store has;
            `epoch_jump`, as `must_be_possible`.
        Refused: `epochs_used_up`.
    """
    with session.writing() as writer:
        kit_types = _adopt(writer)
        arrived = _end_transfers(writer, header)
        seq, goes_on_as = _receipt(writer, header)
    return Heard(seq, kit_types, arrived, goes_on_as)


def must_be_possible(connection: Connection, college: str, header: Header) -> None:
    """Refuse ESP's file, all of it, whose receipt no history of a college's can lead to.

    Raises:
        BadInput: `epoch_jump`, when it counts an epoch far beyond any that this ledger had.
    """
    wanted = select(head.c.epoch).where(head.c.college == college)
    epoch = connection.execute(wanted).scalar_one()
    for held in header.holds:
        if college_of(held.ledger) == college:
            _must_not_jump(held, epoch)


def _must_not_jump(held: Held, epoch: int) -> None:
    if epoch_of(held.ledger) > epoch + EPOCHS_AHEAD:
        raise BadInput(
            "epoch_jump",
            f"ESP's file counts this ledger as {plain(held.ledger)!r}, and it never went beyond "
            f"epoch {epoch:,} here. Nothing was taken from the file.",
            "Send ESP this ledger whole (kitloan ledger export FILE), and ask by telephone there "
            "for: kitloan ledger import FILE --replace",
            ledger=held.ledger,
            epoch=epoch,
        )


def _receipt(writer: Writer, header: Header) -> tuple[int | None, str | None]:
    """Remember up to where ESP has this ledger; and the ledger's name, where that changes.

    Where ESP counts an epoch that this store never had, and that would count before its own, the
    ledger goes on in a newer one: else nothing done here would ever count.
    """
    mine = [each for each in header.holds if college_of(each.ledger) == writer.college]
    if not mine:
        _remember(writer, 0)  # what was sent never came there
        return None, None
    (held,) = mine[:1]
    if _hash(writer, held) == held.hash:
        return _remember(writer, held.seq), None
    epochs = epochs_of(writer.connection, writer.college)
    if held.first not in ("", epochs[0].began):
        raise _differs(held, "another ledger of this college, from its first entry", _OTHER_LEDGER)
    number = epoch_of(held.ledger)
    for epoch, later in zip(epochs, (*epochs[1:], None), strict=True):
        if held.began != epoch.began and (held.began or number != epoch.number):
            continue
        if later is None or held.seq <= later.after:
            raise _differs(held, f"entry {held.seq} otherwise than this store", _PUT_BACK)
        # ESP has what the backup had lost, and not yet what came since: it needs all from there.
        return _remember(writer, later.after), None
    if number >= epochs[-1].number:
        _must_not_jump(held, writer.epoch)
        after = max(number, writer.epoch) + 1
        writer.resume(after)
        return _remember(writer, 0), ledger_name(writer.college, after)
    return _remember(writer, 0), None


_PUT_BACK = (
    "Was a backup put in the place of this store by hand? Put it back with `kitloan restore`, and "
    "send ESP the whole ledger: kitloan ledger export FILE"
)
_OTHER_LEDGER = (
    "Was a practice ledger sent, or another one lost? Send ESP this one whole (kitloan ledger "
    "export FILE), and ask there for: kitloan ledger import FILE --replace"
)


def _differs(held: Held, what: str, hint: str) -> BadInput:
    return BadInput(
        "receipt_differs",
        f"Of {held.ledger!r} ESP holds {what}.",
        hint,
        ledger=held.ledger,
        seq=held.seq,
    )


def _remember(writer: Writer, seq: int) -> int:
    remember_receipt(writer.connection, writer.college, seq)
    return seq


def _hash(writer: Writer, held: Held) -> str | None:
    """The hash of this store's entry where ESP holds one."""
    return writer.connection.execute(
        select(entry.c.hash).where(
            entry.c.college == writer.college,
            entry.c.epoch == epoch_of(held.ledger),
            entry.c.seq == held.seq,
        )
    ).scalar()


def _adopt(writer: Writer) -> tuple[str, ...]:
    """Define the kit types that ESP defines as ESP does, where they differ.

    One of which ESP only knows the name, from a gift, says nothing of what a kit holds.
    """
    theirs, ours = _types(writer.connection, ESP), _types(writer.connection, writer.college)
    new = [
        each
        for key, each in sorted(theirs.items())
        if ours.get(key) != each and (each.contents or key not in ours)
    ]
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
            ContentsLine(name=row.name, quantity=row.quantity, bag=row.bag, critical=row.critical)
        )
    return {
        row.kit_type: KitTypeDefined(
            kit_type=row.kit_type, name=row.name, contents=tuple(parts[row.kit_type])
        )
        for row in connection.execute(select(kit_type).where(kit_type.c.college == college))
    }


def _end_transfers(writer: Writer, header: Header) -> tuple[str, ...]:
    named = [each.transfer for each in header.arrived if each.college == writer.college]
    ended = {which for which in named if arrived(writer, which)}
    rows = writer.connection.execute(
        select(transfer.c.tag, transfer.c.transfer)
        .where(transfer.c.college == writer.college, transfer.c.state == "arrived")
        .order_by(transfer.c.tag)
    )
    return tuple(row.tag for row in rows if row.transfer in ended)
