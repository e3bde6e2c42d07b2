"""The register as it stood before a request was first said, so that it can be said again.

Whoever was killed before they heard "done" says it again, and much may have happened in between.
So what the request is about is told again up to where it began: its holdings, the contents lists
of their kit types, and for ESP its gifts. On that the verb does what it did, and its facts are
compared with the sealed ones. None of it is kept: the transaction is rolled back.

What a college has names for (borrowers, kit types) stays, as other rows stand on it; who took one
in looks at `Writer.first_said`.
"""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, or_, select

from kitloan import entries
from kitloan.entries import Entry, Fact, parse
from kitloan.models import Alias, Holding, LedgerEntry, table
from kitloan.models.national import Allocation, Delivery, Gifting, Programme
from kitloan.prepared import Change, Query
from kitloan.register.applying import apply
from kitloan.register.epochs import epoch_of
from kitloan.register.undoing import tell_again

alias, gifting = table(Alias), table(Gifting)
holding, ledger_entry = table(Holding), table(LedgerEntry)

_GIFTS = (
    entries.ProgrammeDefined,
    entries.GiftAgreed,
    entries.GiftDelivered,
    entries.AllocationMade,
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
