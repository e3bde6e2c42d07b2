"""Facts about the ledger itself: resumed after a restored backup, and entries that are undone."""

from typing import Literal

from sqlalchemy import Connection, insert

from kitloan.ledger.epochs import epoch_of
from kitloan.ledger.facts.base import Count, FactBase, Hash, Later, Number, Recorded, Tag, applies
from kitloan.storage.statements import Change
from kitloan.tables import table
from kitloan.tables.national import Resumption

resumption = table(Resumption)

_insert_resumption = Change(insert(resumption))


class LedgerResumed(FactBase):
    """A backup was restored: this epoch follows on the last entry that the backup had."""

    kind: Literal["ledger.resumed"] = "ledger.resumed"
    seq: Number
    hash: Hash


@applies(LedgerResumed)
def ledger_resumed(
    connection: Connection, college: str, entry: Recorded, fact: LedgerResumed
) -> None:
    """Record the entry on which the new epoch follows."""
    _insert_resumption(
        connection,
        college=college,
        epoch=epoch_of(entry.ledger),
        seq=fact.seq,
        hash=fact.hash,
        at=entry.at,
        resumed_by=entry.by,
    )


class Reversed(FactBase):
    """An earlier entry is undone; it stays in the ledger. One that undoes another may be undone."""

    kind: Literal["entry.reversed"] = "entry.reversed"
    tag: Tag | None = Later(None)
    """The holding that the undone entry is about; None where that is about no one holding."""
    epoch: Count
    seq: Number
