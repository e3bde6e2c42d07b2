"""Undoing an entry: the register's rows about its tag are told again without it.

A holding's rows follow from the entries about its tag, in order. So to undo one, forget the rows
and apply the entries that stand. It serves every kind alike, leaves no place for an inverse that
does not quite fit, and a tag has few entries: telling a hundred again takes some milliseconds.
"""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, insert, or_, select

from kitloan.errors import StoreError
from kitloan.ledger.entry import Entry, Fact, parse
from kitloan.ledger.epochs import epoch_of
from kitloan.ledger.facts.base import APPLY, Recorded, applies
from kitloan.ledger.facts.gifts import AllocationMade, GiftAgreed, GiftDelivered, ProgrammeDefined
from kitloan.ledger.facts.ledger import Reversed
from kitloan.storage.statements import Change, Query
from kitloan.tables import Alias, Gift, Holding, LedgerEntry, Loan, Reversal, Shortage, table
from kitloan.tables.absence import Absence, Arrival, Transfer, Withdrawal
from kitloan.tables.national import Allocation, Delivery, Gifting, Programme
from kitloan.tables.stocktaking import Confirmation, StocktakeScan

ledger_entry = table(LedgerEntry)
reversal = table(Reversal)
alias = table(Alias)
gifting = table(Gifting)
holding = table(Holding)

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
_kind_of = Query(
    select(ledger_entry.c.kind).where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.epoch == bindparam("e"),
        ledger_entry.c.seq == bindparam("s"),
        ledger_entry.c.tag == bindparam("t"),
    )
)
_standing = Query(
    select(ledger_entry.c.body, ledger_entry.c.at)
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


def apply(connection: Connection, college: str, entry: Entry) -> None:
    """Change the register as `entry` records for `college`."""
    APPLY[type(entry.fact)](connection, college, entry, entry.fact)


@applies(Reversed)
def undo(connection: Connection, college: str, entry: Recorded, fact: Reversed) -> None:
    """The register's rows about the tag are as if the entry had never been."""
    epoch = epoch_of(entry.ledger)
    if not _is_of_the_tag(connection, college, fact, before=entry.seq):
        raise StoreError(
            "row_not_there",
            f"Entry {fact.seq} is none of {fact.tag} that can be undone; nothing was written.",
            "Run `kitloan ledger verify` to see what is wrong with the store.",
        )
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


def _is_of_the_tag(connection: Connection, college: str, fact: Reversed, before: int) -> bool:
    """Whether what is undone is an earlier entry about the same tag, and no undoing itself."""
    found = _kind_of(connection, c=college, e=fact.epoch, s=fact.seq, t=fact.tag).scalar()
    return fact.seq < before and found not in (None, "entry.reversed")


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
    standing = _standing(
        connection, c=college, t=tag, e=epoch, s=seq, ue=undone_epoch, us=undone_seq
    ).all()
    for forget in _forget:
        forget(connection, c=college, t=tag)
    for body, at in standing:
        entry = parse(body)
        # An audit files an entry whose clock was wrong at the time that it counts at.
        apply(connection, college, entry if entry.at == at else entry.model_copy(update={"at": at}))


_GIFTS = (
    ProgrammeDefined,
    GiftAgreed,
    GiftDelivered,
    AllocationMade,
)
_forget_gifts = tuple(
    Change(delete(table(each)).where(table(each).c.college == bindparam("c")))
    for each in (Allocation, Delivery, Gifting, Programme)  # children before parents
)
_of_gifts = Query(
    select(ledger_entry.c.epoch, ledger_entry.c.seq, ledger_entry.c.body)
    .where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.tag.is_(None),
        or_(*[ledger_entry.c.kind == each.model_fields["kind"].default for each in _GIFTS]),
    )
    .order_by(ledger_entry.c.epoch, ledger_entry.c.seq)
)
_of_types = Query(
    select(ledger_entry.c.epoch, ledger_entry.c.seq, ledger_entry.c.body)
    .where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.tag.is_(None),
        ledger_entry.c.kind == "kit_type.defined",
    )
    .order_by(ledger_entry.c.epoch, ledger_entry.c.seq)
)
_claims = Query(
    select(ledger_entry.c.body).where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.tag == bindparam("t"),
        ledger_entry.c.kind == "label.claimed",
    )
)
_forget_label = Change(
    delete(alias).where(alias.c.college == bindparam("c"), alias.c.label == bindparam("x"))
)
_type_of = Query(
    select(holding.c.kit_type).where(
        holding.c.college == bindparam("c"), holding.c.tag == bindparam("t")
    )
)

_types_of_gifts = Query(select(gifting.c.kit_type).where(gifting.c.college == bindparam("c")))

Place = tuple[int, int]
"""Where an entry stands: its epoch and its number."""


def rewind(
    connection: Connection, college: str, said: Sequence[Entry], tags: Sequence[str]
) -> None:
    """Put back what the entries of a request are about; the caller rolls back.

    Args:
        connection: a transaction of which nothing is to be kept.
        college: whose ledger.
        said: every entry of the request, in order.
        tags: the holdings that they are about.
    """
    (first, *_) = said
    at = (epoch_of(first.ledger), first.seq)
    types = {kind for each in said if (kind := getattr(each.fact, "kit_type", None))}
    for tag in tags:
        for body in _claims(connection, c=college, t=tag).scalars().all():
            # Another holding may have it by now.
            _forget_label(connection, c=college, x=json.loads(body)["fact"]["label"])
        tell_again(connection, college, tag, before=at, undone_before=at)
        types.update(_type_of(connection, c=college, t=tag).scalars())
    if any(isinstance(each.fact, _GIFTS) for each in said):
        _give_again(connection, college, at)
        types.update(_types_of_gifts(connection, c=college).scalars())
    _define_again(connection, college, types, at)


def is_rewound(fact: Fact) -> bool:
    """Whether `rewind` took back what a fact of this kind did, so that it may be done again."""
    return getattr(fact, "tag", None) is not None or isinstance(fact, _GIFTS)


def _define_again(connection: Connection, college: str, types: set[str], at: Place) -> None:
    """Give kit types that were defined anew since then the names and contents that they had.

    One that the request itself took in cannot be taken away; it is as it was made.
    """
    if not types:
        return
    marks = {f'"kit_type":{json.dumps(key, ensure_ascii=False)}' for key in types}
    then: dict[str, Entry] = {}
    since: set[str] = set()
    for row in _of_types(connection, c=college):
        if not any(mark in row.body for mark in marks):
            continue
        entry = parse(row.body)
        key = str(getattr(entry.fact, "kit_type", ""))
        if (row.epoch, row.seq) < at:
            then[key] = entry
        else:
            then.setdefault(key, entry)
            since.add(key)
    for key in types & since:
        apply(connection, college, then[key])


def _give_again(connection: Connection, college: str, at: Place) -> None:
    rows = _of_gifts(connection, c=college).all()
    for forget in _forget_gifts:
        forget(connection, c=college)
    for row in rows:
        if (row.epoch, row.seq) < at:
            apply(connection, college, parse(row.body))
