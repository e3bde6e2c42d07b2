"""Which branch of a ledger counts: that of its newest epoch, back to its first entry."""

import json
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, delete, insert, select

from kitloan.entries import GENESIS, parse
from kitloan.ledger import Head, Sealed, move_head, record_all
from kitloan.models import LedgerEntry, table
from kitloan.models.every import REGISTER_TABLES
from kitloan.models.national import LostEntry

entry, lost = table(LedgerEntry), table(LostEntry)

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Kept:
    epoch: int
    seq: int
    body: str


def lay_anew(connection: Connection, college: str) -> None:
    """Sort a ledger's entries into the branch that counts and what is lost; tell the former again.

    Needed when a college sends a ledger that was resumed from a backup, or entries of the branch
    that was left: rare, and worth the minute that a large college takes.
    """
    kept = _all(connection, college)
    in_order = sorted(kept, key=lambda each: (kept[each].epoch, kept[each].seq))
    main, digest = [], in_order[-1]
    while digest != GENESIS:
        main.append(digest)
        digest = json.loads(kept[digest].body)["prev"]
    for each in (*reversed(REGISTER_TABLES), entry, lost):
        connection.execute(delete(each).where(each.c.college == college))
    told = iter(reversed(main))
    while some := list(islice(told, _AT_ONCE)):
        again = [(kept[digest].epoch, kept[digest].body, digest) for digest in some]
        record_all(connection, college, [Sealed(e, parse(body), body, d) for e, body, d in again])
    counts = set(main)
    apart = [
        {
            "college": college,
            "epoch": kept[digest].epoch,
            "seq": kept[digest].seq,
            "body": kept[digest].body,
            "hash": digest,
        }
        for digest in in_order
        if digest not in counts
    ]
    if apart:
        connection.execute(insert(lost), apart)
    last = kept[main[0]]
    move_head(connection, college, Head(last.epoch, last.seq, main[0], parse(last.body).at))


def _all(connection: Connection, college: str) -> dict[str, _Kept]:
    """Every entry of a ledger by its hash, on whichever branch it lies."""
    return {
        row.hash: _Kept(row.epoch, row.seq, row.body)
        for both in (entry, lost)
        for row in connection.execute(
            select(both.c.hash, both.c.epoch, both.c.seq, both.c.body).where(
                both.c.college == college
            )
        )
    }
