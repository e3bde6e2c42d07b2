"""The epochs of a ledger on the branch that counts, each known by the entry that began it."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, select, union_all

from kitloan.models import LedgerEntry, table
from kitloan.models.national import Resumption

entry, resumption = table(LedgerEntry), table(Resumption)


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
