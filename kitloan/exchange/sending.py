"""Exporting this college's ledger to a signed file; in ESP's store, with receipts for colleges.

Also what a store remembers of it: the signing key, the last export, the last receipt, and the
epochs of a ledger, each identified by the entry that began it.
"""

import gzip
import json
import lzma
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import ColumnElement, Connection, and_, func, select, text, tuple_, union_all

from kitloan.__version__ import __version__
from kitloan.exchange.bounds import may_leave_out
from kitloan.exchange.file import (
    FIRST,
    KIND,
    NEWEST,
    SECOND,
    Arrived,
    Header,
    HeldByEsp,
    RecordedGift,
    new_signing_key,
    public_key,
    signed_text,
    signing_key,
    without_prev,
)
from kitloan.exchange.offered import asks_here, offers_here
from kitloan.ledger.entry import GENESIS
from kitloan.ledger.epochs import ledger_name
from kitloan.ledger.session import Session
from kitloan.queries.matching import RECEIVED_THERE
from kitloan.queries.terms import inherited
from kitloan.storage.files import whole_file
from kitloan.storage.settings import ESP_READS, whole_number
from kitloan.tables import Holding, LedgerEntry, LedgerHead, Setting, table
from kitloan.tables.absence import Arrival, Transfer
from kitloan.tables.national import Resumption
from kitloan.text.dates import instant

entry = table(LedgerEntry)
resumption = table(Resumption)
head = table(LedgerHead)
setting = table(Setting)
arrival = table(Arrival)
holding = table(Holding)
transfer = table(Transfer)

_REMEMBER = text(
    "INSERT INTO setting (college, name, value) VALUES (:college, :name, :value) "
    "ON CONFLICT (college, name) DO UPDATE SET value = excluded.value"
)

LONG_FILE = 5_000
"""Entries from which on a file is packed by xz, a third smaller at four times the work. Ids are
random, and each loan has its own: gzip, which looks 32 kB back, packs it again at each mention."""
_HOW_XZ_PACKS = [
    {"id": lzma.FILTER_LZMA2, "preset": 6, "mf": lzma.MF_HC4, "nice_len": 48, "depth": 2}
]
"""xz's usual setting looks at many places where a text was before. Here the first few are as good:
the file is the same size within half a hundredth, at two fifths of the work."""

_LAST_EXPORT = "last_export"
_RECEIPT = "receipt"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote: how many `entries`, up to number `last`."""

    file: str
    ledger: str
    entries: int
    last: int


def export(session: Session, path: Path, *, since_last: bool) -> Exported:
    """Write this college's ledger to a file; see `Exchange.export`."""
    college = session.college
    key = key_of(session)
    with session.reading() as connection:
        top = connection.execute(select(head).where(head.c.college == college)).one()
        seen = _seen_by_esp(connection, college) if since_last else 0
        header = _header(session, connection, top, seen) | {"key": public_key(key)}
        with whole_file(path) as part:
            for version, pack in _forms(connection, college, top.seq - seen):
                header["version"] = version
                header["signature"] = key.sign(signed_text(header)).hex()
                entries, unpacked = _write(connection, part, header, top, seen, pack)
                size = part.stat().st_size
                if version == FIRST or may_leave_out(entries, unpacked, size):
                    break
    with session.store.write() as connection:
        remember(connection, college, _LAST_EXPORT, str(top.seq))
    return Exported(str(path), ledger_name(college, top.epoch), entries, top.seq)


def key_of(session: Session) -> Ed25519PrivateKey:
    """The key that this college signs with, made now where it has none yet."""
    with session.reading() as connection:
        if (key := signing_key(connection, session.college)) is not None:
            return key
    with session.store.write() as connection:
        return new_signing_key(connection, session.college)


def _header(session: Session, connection: Connection, top: Any, seen: int) -> dict[str, Any]:
    before = connection.execute(
        select(entry.c.hash).where(*_from(connection, top, seen), entry.c.seq == seen).limit(1)
    ).scalar()
    national = session.is_national
    return Header(
        format=KIND,
        version=FIRST,
        ledger=ledger_name(top.college, top.epoch),
        first=seen + 1,
        last=top.seq,
        prev=before or GENESIS,
        head=top.hash,
        exported_at=instant(session.clock()),
        program=f"kitloan {__version__}",
        holds=_holds(connection) if national else [],
        arrived=_arrived(connection) if national else [],
        terms=_terms(connection) if national else [],
        offers=offers_here(connection, since=session.today) if national else [],
        asks=asks_here(connection, since=session.today) if national else [],
        reads=NEWEST,
    ).model_dump()


def _from(connection: Connection, top: Any, seq: int) -> tuple[ColumnElement[bool], ...]:
    """A condition for a ledger's entries from a number on, as one range of the primary key."""
    epoch = connection.execute(
        select(func.max(resumption.c.epoch)).where(
            resumption.c.college == top.college, resumption.c.seq < seq
        )
    ).scalar()
    return (
        entry.c.college == top.college,
        tuple_(entry.c.epoch, entry.c.seq) >= tuple_(epoch or 1, seq),
        entry.c.epoch <= top.epoch,
        entry.c.seq >= seq,
    )


Pack = Callable[[Path], AbstractContextManager[Any]]
"""Opens a file for writing, packed."""


def _with_gzip(path: Path) -> AbstractContextManager[Any]:
    return gzip.GzipFile(path, "wb", mtime=0)


def _with_xz(path: Path) -> AbstractContextManager[Any]:
    return lzma.open(path, "wb", filters=_HOW_XZ_PACKS)


def _forms(connection: Connection, college: str, entries: int) -> Iterator[tuple[int, Pack]]:
    """The forms of a file of so many entries that ESP reads, the smaller first.

    The last one is read by all.
    """
    if _newest_read(connection, college) >= SECOND:
        if entries >= LONG_FILE:
            yield SECOND, _with_xz
        yield SECOND, _with_gzip
    yield FIRST, _with_gzip


def _newest_read(connection: Connection, college: str) -> int:
    """The newest version of the file that ESP reads, by its last answer."""
    kept = connection.execute(
        select(setting.c.value).where(setting.c.college == college, setting.c.name == ESP_READS)
    ).scalar()
    return FIRST if kept is None else whole_number(ESP_READS, kept)


def _write(
    connection: Connection, part: Path, header: dict[str, Any], top: Any, seen: int, pack: Pack
) -> tuple[int, int]:
    """Write a file; gives how many entries, and how many characters with what is left out."""
    bodies = connection.execute(
        select(entry.c.body)
        .where(*_from(connection, top, seen + 1))
        .order_by(entry.c.epoch, entry.c.seq)
        .execution_options(yield_per=500)
    )
    count = unpacked = 0
    leaves_out = header["version"] == SECOND
    with pack(part) as out:
        out.write(json.dumps(header, sort_keys=True).encode() + b"\n")
        for body in bodies.scalars():
            line = without_prev(body) if leaves_out else body
            out.write(line.encode() + b"\n")
            count += 1
            unpacked += len(body) + 1
    return count, unpacked


def _holds(connection: Connection) -> list[HeldByEsp]:
    """The receipt for every college: up to which entry ESP has its ledger."""
    rows = connection.execute(
        select(head).where(~head.c.own, head.c.seq > 0).order_by(head.c.college)
    )
    holds = []
    for row in rows.all():
        first, *later = epochs_of(connection, row.college)
        holds.append(
            HeldByEsp(
                ledger=ledger_name(row.college, row.epoch),
                seq=row.seq,
                hash=row.hash,
                first=first.began,
                began=later[-1].began if later else first.began,
            )
        )
    return holds


def _arrived(connection: Connection) -> list[Arrived]:
    """Open transfers that the other college has received."""
    rows = connection.execute(
        select(transfer.c.college, transfer.c.transfer)
        .where(transfer.c.state == "sent", RECEIVED_THERE)
        .order_by(transfer.c.college, transfer.c.transfer)
    )
    return [Arrived(college=row.college, transfer=row.transfer) for row in rows]


MOST_TERMS = 1000
"""Holdings whose terms one file brings; the colleges that have recorded theirs need no more."""


def _terms(connection: Connection) -> list[RecordedGift]:
    """The terms of what colleges received from others and have not recorded themselves."""
    held = {
        (row.college, row.tag)
        for row in connection.execute(
            select(holding.c.college, holding.c.tag)
            .join(
                arrival, (arrival.c.college == holding.c.college) & (arrival.c.tag == holding.c.tag)
            )
            .where(holding.c.state != "withdrawn")
        )
    }
    found = [
        RecordedGift(college=place[0], tag=place[1], **asdict(terms))
        for place, terms in sorted(inherited(connection).items())
        if place in held
    ]
    return found[:MOST_TERMS]


def _seen_by_esp(connection: Connection, college: str) -> int:
    """Up to which entry ESP has this ledger: by its last receipt, else by the last export."""
    rows = connection.execute(
        select(setting.c.name, setting.c.value).where(
            setting.c.college == college, setting.c.name.in_((_LAST_EXPORT, _RECEIPT))
        )
    )
    known = {row.name: whole_number(row.name, row.value) for row in rows}
    return known.get(_RECEIPT, known.get(_LAST_EXPORT, 0))


def remember_receipt(connection: Connection, college: str, seq: int) -> None:
    """Record that ESP has this college's ledger up to this entry."""
    remember(connection, college, _RECEIPT, str(seq))


def remember(connection: Connection, college: str, name: str, value: str) -> None:
    """Keep a setting of a college. In one statement: two desks may export at the same moment."""
    connection.execute(_REMEMBER, {"college": college, "name": name, "value": value})


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch's number, the hash of its first entry, and the number of the one before that."""

    number: int
    began: str
    after: int


def epochs_of(connection: Connection, college: str) -> list[Epoch]:
    """The epochs of a college's ledger in their order; the first began with the ledger."""
    columns = select(entry.c.epoch, entry.c.hash, entry.c.seq)
    first = columns.where(entry.c.college == college, entry.c.epoch == 1, entry.c.seq == 1)
    begins = and_(
        entry.c.college == resumption.c.college,
        entry.c.epoch == resumption.c.epoch,
        entry.c.seq == resumption.c.seq + 1,
    )
    later = columns.join(resumption, begins).where(resumption.c.college == college)
    rows = connection.execute(union_all(first, later)).all()
    return sorted(
        (Epoch(row.epoch, row.hash, row.seq - 1) for row in rows), key=lambda each: each.number
    )
