"""The condition that an entry was undone by a later one."""

from sqlalchemy import select

from kitloan.tables import LedgerEntry, Reversal, table

_entry, _reversal = table(LedgerEntry), table(Reversal)

UNDONE = (
    select(_reversal.c.seq)
    .where(
        _reversal.c.college == _entry.c.college,
        _reversal.c.epoch == _entry.c.epoch,
        _reversal.c.seq == _entry.c.seq,
    )
    .exists()
)
"""Whether a row of `ledger_entry` was undone, as a condition on that table."""
