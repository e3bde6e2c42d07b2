"""Undoing an entry: the register's rows about its tag are told again without it.

A holding's rows follow from the entries about its tag, in order. So to undo one, forget the rows
and apply the entries that stand. It serves every kind alike, leaves no place for an inverse that
does not quite fit, and a tag has few entries: telling a hundred again takes some milliseconds.
"""

from sqlalchemy import Connection, bindparam, delete, insert, select

from kitloan import entries
from kitloan.entries import Entry
from kitloan.models import Alias, Gift, Holding, LedgerEntry, Loan, Reversal, Shortage, table
from kitloan.models.absence import Absence, Arrival, Transfer, Withdrawal
from kitloan.models.stocktaking import Confirmation, StocktakeScan
from kitloan.prepared import Change, Query
from kitloan.register.applying import applies, apply
from kitloan.register.epochs import epoch_of

ledger_entry, reversal = table(LedgerEntry), table(Reversal)

_OF_A_TAG = (
    Alias,
    Gift,
    Shortage,
    Absence,
    Withdrawal,
    Transfer,
    Arrival,
    Confirmation,
    StocktakeScan,
    Loan,
    Holding,
)
"""Every table that a tag's story makes rows in, children before parents."""

_insert_reversal = Change(insert(reversal))
_forget = tuple(
    Change(delete(each).where(each.c.college == bindparam("c"), each.c.tag == bindparam("t")))
    for each in [table(model) for model in _OF_A_TAG]
)
_undone_then = (
    select(reversal.c.seq)
    .where(
        reversal.c.college == ledger_entry.c.college,
        reversal.c.epoch == ledger_entry.c.epoch,
        reversal.c.seq == ledger_entry.c.seq,
        (reversal.c.by_epoch < bindparam("ue"))
        | ((reversal.c.by_epoch == bindparam("ue")) & (reversal.c.by_seq < bindparam("us"))),
    )
    .exists()
)
_standing = Query(
    select(ledger_entry.c.body)
    .where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.tag == bindparam("t"),
        ledger_entry.c.kind != "entry.reversed",
        ~_undone_then,
        (ledger_entry.c.epoch < bindparam("e"))
        | ((ledger_entry.c.epoch == bindparam("e")) & (ledger_entry.c.seq < bindparam("s"))),
    )
    .order_by(ledger_entry.c.epoch, ledger_entry.c.seq)
)


@applies(entries.Reversed)
def undo(connection: Connection, college: str, entry: Entry, fact: entries.Reversed) -> None:
    """The register's rows about the tag are as if the entry had never been."""
    epoch = epoch_of(entry.ledger)
    _insert_reversal(
        connection,
        college=college,
        epoch=fact.epoch,
        seq=fact.seq,
        by_epoch=epoch,
        by_seq=entry.seq,
    )
    tell_again(
        connection,
        college,
        fact.tag,
        before=(epoch, entry.seq),
        undone_before=(epoch, entry.seq + 1),  # by this one too
    )


def tell_again(
    connection: Connection,
    college: str,
    tag: str,
    *,
    before: tuple[int, int],
    undone_before: tuple[int, int],
) -> None:
    """The register's rows about a tag are what its entries up to one of them make of it.

    Args:
        connection: a transaction.
        college: whose ledger.
        tag: the holding's.
        before: epoch and number of the first entry that is left out, with all that follow.
        undone_before: epoch and number up to which an entry that undoes others counts.
    """
    (epoch, seq), (undone_epoch, undone_seq) = before, undone_before
    standing = (
        _standing(connection, c=college, t=tag, e=epoch, s=seq, ue=undone_epoch, us=undone_seq)
        .scalars()
        .all()
    )
    for forget in _forget:
        forget(connection, c=college, t=tag)
    for body in standing:
        apply(connection, college, entries.parse(body))
