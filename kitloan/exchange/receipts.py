"""What a college records after it merged ESP's file.

ESP's ledger is merged as a copy, like any other. Then the college remembers up to which entry ESP
has its ledger, defines ESP's kit types in the same way, and ends the transfers that arrived. No
college ever writes another's ledger, so these are entries in its own.
"""

import re
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from kitloan.errors import BadInput
from kitloan.exchange.file import Header, HeldByEsp
from kitloan.exchange.offered import ASKS_SEEN, SEEN, as_kept, asks_as_kept, offers_elsewhere
from kitloan.exchange.sending import epochs_of, remember, remember_receipt
from kitloan.holdings import as_known
from kitloan.ledger.epochs import EPOCHS_AHEAD, college_of, epoch_of, ledger_name
from kitloan.ledger.facts.definitions import ContentsLine, KitTypeDefined
from kitloan.ledger.facts.holdings import GiftRecorded
from kitloan.ledger.session import ESP, Session
from kitloan.ledger.writer import Writer
from kitloan.storage.settings import ESP_READS
from kitloan.storage.statements import Query
from kitloan.tables import Component as ComponentRow
from kitloan.tables import Gift, Holding, KitType, LedgerEntry, LedgerHead, table
from kitloan.tables.absence import Transfer
from kitloan.text.names import plain
from kitloan.transfers.sending import record_arrival

component, entry, kit_type = table(ComponentRow), table(LedgerEntry), table(KitType)
head, transfer = table(LedgerHead), table(Transfer)
gift, holding = table(Gift), table(Holding)

_TERMS = Query(
    select(
        holding.c.tag,
        *(gift.c[name] for name in GiftRecorded.model_fields if name not in ("kind", "tag")),
    )
    .outerjoin_from(
        holding, gift, (gift.c.college == holding.c.college) & (gift.c.tag == holding.c.tag)
    )
    .where(
        holding.c.college == bindparam("c"),
        holding.c.tag == bindparam("t"),
        holding.c.state != "withdrawn",
    )
)


@dataclass(frozen=True, slots=True)
class ReceiptTaken:
    """What ESP's file changed here.

    Attributes:
        esp_holds: up to which entry ESP has this ledger; 0 when it has another branch, None when
            nothing of it.
        kit_types: the names of those that were defined as ESP does.
        arrived: the tags whose transfers were ended.
        goes_on_as: the ledger's new name, if ESP has an epoch that this store never had.
    """

    esp_holds: int | None
    kit_types: tuple[str, ...]
    arrived: tuple[str, ...]
    goes_on_as: str | None = None


def take_receipt(session: Session, header: Header) -> ReceiptTaken:
    """Record what ESP's file holds for this college.

    Raises:
        BadInput: `receipt_differs`, when ESP holds another entry than this store has;
            `epoch_jump`, as `must_be_possible`.
        Refused: `epochs_used_up`.
    """
    with session.writing() as writer:
        kit_types = _adopt(writer)
        arrived = _end_transfers(writer, header)
        _keep_terms(writer, header)
        _keep_offers(writer, header)
        seq, goes_on_as = _receipt(writer, header)
        remember(writer.connection, writer.college, ESP_READS, str(header.reads))
    return ReceiptTaken(seq, kit_types, arrived, goes_on_as)


def must_be_possible(connection: Connection, college: str, header: Header) -> None:
    """Refuse ESP's file, all of it, if its receipt names an impossible epoch.

    Raises:
        BadInput: `epoch_jump`, when it names an epoch far beyond any that this ledger had.
    """
    wanted = select(head.c.epoch).where(head.c.college == college)
    epoch = connection.execute(wanted).scalar_one()
    for held in header.holds:
        if college_of(held.ledger) == college:
            _must_not_jump(held, epoch)


def _must_not_jump(held: HeldByEsp, epoch: int) -> None:
    if epoch_of(held.ledger) > epoch + EPOCHS_AHEAD:
        raise BadInput(
            "epoch_jump",
            f"ESP's file names this ledger {plain(held.ledger)!r}, and here it never went beyond "
            f"epoch {epoch:,}. Nothing was taken from the file.",
            "Send ESP this ledger whole (kitloan ledger export FILE), and ask by telephone there "
            "for: kitloan ledger import FILE --replace",
            ledger=held.ledger,
            epoch=epoch,
        )


def _receipt(writer: Writer, header: Header) -> tuple[int | None, str | None]:
    """Remember up to which entry ESP has this ledger; gives the ledger's new name if it changes.

    If ESP has an epoch that this store never had, and that would count before its own, the ledger
    goes on in a newer epoch. Otherwise nothing done here would ever count.
    """
    mine = [each for each in header.holds if college_of(each.ledger) == writer.college]
    if not mine:
        _remember(writer, 0)  # the files that were sent never arrived
        return None, None
    (held,) = mine[:1]
    if _hash(writer, held) == held.hash:
        return _remember(writer, held.seq), None
    epochs = epochs_of(writer.connection, writer.college)
    if held.first not in ("", epochs[0].began):
        raise _differs(
            held,
            f"ESP has another ledger called {held.ledger!r}: its first entry is different.",
            _OTHER_LEDGER,
        )
    number = epoch_of(held.ledger)
    for epoch, later in zip(epochs, (*epochs[1:], None), strict=True):
        if held.began != epoch.began and (held.began or number != epoch.number):
            continue
        if later is None or held.seq <= later.after:
            raise _differs(
                held,
                f"ESP has a different entry {held.seq} of {held.ledger!r} than this store.",
                _PUT_BACK,
            )
        # ESP has the entries that the backup had lost, and none since: it needs all from there.
        return _remember(writer, later.after), None
    if number >= epochs[-1].number:
        _must_not_jump(held, writer.epoch)
        after = max(number, writer.epoch) + 1
        writer.resume(after)
        return _remember(writer, 0), ledger_name(writer.college, after)
    return _remember(writer, 0), None


_PUT_BACK = (
    "If a backup was copied over this store by hand, restore it with `kitloan restore FILE`, and "
    "send ESP the whole ledger: kitloan ledger export FILE"
)
_OTHER_LEDGER = (
    "If a practice ledger was sent, or an earlier one was lost, send ESP this one whole (kitloan "
    "ledger export FILE), and ask there for: kitloan ledger import FILE --replace"
)


def _differs(held: HeldByEsp, message: str, hint: str) -> BadInput:
    return BadInput(
        "receipt_differs",
        message,
        hint,
        ledger=held.ledger,
        seq=held.seq,
    )


def _remember(writer: Writer, seq: int) -> int:
    remember_receipt(writer.connection, writer.college, seq)
    return seq


def _hash(writer: Writer, held: HeldByEsp) -> str | None:
    """The hash of this store's entry of the same epoch and number."""
    return writer.connection.execute(
        select(entry.c.hash).where(
            entry.c.college == writer.college,
            entry.c.epoch == epoch_of(held.ledger),
            entry.c.seq == held.seq,
        )
    ).scalar()


def _adopt(writer: Writer) -> tuple[str, ...]:
    """Define ESP's kit types here as ESP does, where they differ.

    A type that ESP has only by name, from a gift, does not replace a contents list.
    """
    theirs, ours = _types(writer.connection, ESP), _types(writer.connection, writer.college)
    here = [as_known(writer.connection, writer.college, each) for _, each in sorted(theirs.items())]
    new = [
        each
        for each in here
        if ours.get(each.kit_type) != each and (each.contents or each.kit_type not in ours)
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


def _keep_terms(writer: Writer, header: Header) -> None:
    """Record the terms of what came from another college, where they are not recorded here.

    Without them a donor's kit could be written off here, and nobody would be asked.
    """
    for each in header.terms:
        if each.college != writer.college:
            continue
        row = _TERMS(writer.connection, c=writer.college, t=each.tag).first()
        if row is None:  # not on this register any more, as far as this store knows
            continue
        theirs = each.model_dump(exclude={"college"})
        ours = {
            name: row._mapping[name]
            for name in GiftRecorded.model_fields
            if name in row._mapping and row._mapping[name] not in (None, "unknown")
        }
        merged = GiftRecorded(**(theirs | ours | {"tag": each.tag}))
        if merged.model_dump(exclude={"kind", "tag"}) != GiftRecorded(
            **(ours | {"tag": each.tag})
        ).model_dump(exclude={"kind", "tag"}):
            writer.append(merged)


def _keep_offers(writer: Writer, header: Header) -> None:
    """Remember what others offer and ask for, unless a later file brought it already."""
    _, before = offers_elsewhere(writer.connection, writer.college)
    if _INSTANT.fullmatch(header.exported_at) and header.exported_at >= before:
        for name, kept in (
            (SEEN, as_kept(header.offers, header.exported_at)),
            (ASKS_SEEN, asks_as_kept(header.asks, header.exported_at)),
        ):
            remember(writer.connection, writer.college, name, kept)


_INSTANT = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z")


def _end_transfers(writer: Writer, header: Header) -> tuple[str, ...]:
    named = [each.transfer for each in header.arrived if each.college == writer.college]
    ended = {which for which in named if record_arrival(writer, which)}
    rows = writer.connection.execute(
        select(transfer.c.tag, transfer.c.transfer)
        .where(transfer.c.college == writer.college, transfer.c.state == "arrived")
        .order_by(transfer.c.tag)
    )
    return tuple(row.tag for row in rows if row.transfer in ended)
