"""Which branch of a ledger counts.

A college's entries are a tree: each names the hash of the one before it. Within an epoch they are
a line; where a backup was restored another epoch branches off. The branch of the newest epoch
counts, back to the first entry. Two epochs can bear one number, because whoever restores an old
stick on a new laptop cannot know what was restored before: an epoch is known by the entry that
began it, and of two with one number the one begun later counts. So which branch counts follows from
the entries alone, and not from the order in which they came.

Two histories of one epoch can be there as well, when a college practised with a ledger that was
sent, or lost one without a backup. Which of them counts no entry can say: ESP has to
(`take_in_place`).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select

from kitloan.exchange.sending import remember
from kitloan.ledger.entry import GENESIS, parse
from kitloan.ledger.writer import Head, Sealed, move_head, record_all
from kitloan.storage.settings import TAKEN, texts
from kitloan.tables import LedgerEntry, Setting, table
from kitloan.tables.every import REGISTER_TABLES
from kitloan.tables.national import APART, LostEntry, LostTwin

entry, setting = table(LedgerEntry), table(Setting)
lost, twin = table(LostEntry), table(LostTwin)

_AT_ONCE = 500
_TAKEN = TAKEN


@dataclass(frozen=True, slots=True)
class Taken:
    """That ESP took one history of a college in place of another.

    Attributes:
        entry: the hash of the first entry that only the one taken has.
        at: when it was taken.
        by: who did.
    """

    entry: str
    at: str
    by: str


def take_in_place(connection: Connection, college: str, taken: Taken) -> None:
    """Of the histories of a college, the one with this entry counts from now on."""
    remember(connection, college, _TAKEN, json.dumps(asdict(taken)))


def taken_in_place(connection: Connection, college: str) -> Taken | None:
    """Which history of a college ESP took in place of another; None when it never did."""
    kept = connection.execute(
        select(setting.c.value).where(setting.c.college == college, setting.c.name == _TAKEN)
    ).scalar()
    return None if kept is None else Taken(**texts(_TAKEN, kept, ("entry", "at", "by")))


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as a store keeps it, on whichever branch."""

    epoch: int
    seq: int
    body: str


def lay_anew(connection: Connection, college: str, top: Head, more: dict[str, Kept]) -> None:
    """Sort a ledger's entries into the branch that counts and what lies apart.

    Where another branch counts than before, the register is told again: rare, and worth the minute
    that a large college takes.

    Args:
        connection: a transaction, which must be rolled back when this raises.
        college: whose ledger.
        top: where the branch ends that counted until now.
        more: entries that are new, by their hashes.
    """
    kept = _all(connection, college) | more
    taken = taken_in_place(connection, college)
    main = _main_line(kept, taken.entry if taken else None)
    for each in (lost, twin):
        connection.execute(delete(each).where(each.c.college == college))
    if main[-1] != top.hash:
        _tell_again(connection, college, kept, main)
    _lay_apart(connection, college, kept, kept.keys() - set(main))


def _all(connection: Connection, college: str) -> dict[str, Kept]:
    """Every entry of a ledger by its hash, on whichever branch it lies."""
    return {
        row.hash: Kept(row.epoch, row.seq, row.body)
        for both in (entry, APART)
        for row in connection.execute(
            select(both.c.hash, both.c.epoch, both.c.seq, both.c.body).where(
                both.c.college == college
            )
        )
    }


class _Weight(NamedTuple):
    """What an entry weighs: the branch that counts is that of the heaviest. No two are alike.

    Attributes:
        chosen: whether it is the entry that ESP chose, or follows on it.
        epoch: its epoch's number.
        at: when that epoch began.
        began: the hash of the entry with which it did.
        seq: its own number.
    """

    chosen: bool
    epoch: int
    at: str
    began: str
    seq: int


def _main_line(kept: dict[str, Kept], chosen: str | None) -> list[str]:
    """The hashes of the branch that counts, from the first; with what ESP chose."""
    before: dict[str, str] = {}
    weights: dict[str, _Weight] = {}
    for digest, each in sorted(kept.items(), key=lambda item: item[1].seq):
        said = json.loads(each.body)
        prev = before[digest] = said["prev"]
        so_far = weights.get(prev, _Weight(False, 0, "", "", 0))
        if digest == chosen:
            so_far = so_far._replace(chosen=True)
        if each.epoch > so_far.epoch:
            so_far = so_far._replace(epoch=each.epoch, at=said["at"], began=digest)
        weights[digest] = so_far._replace(seq=each.seq)
    line, digest = [], max(weights, key=lambda each: weights[each])
    while digest != GENESIS:
        line.append(digest)
        digest = before[digest]
    return line[::-1]


def _tell_again(
    connection: Connection, college: str, kept: dict[str, Kept], main: Sequence[str]
) -> None:
    """Forget what a ledger made, and tell the branch that counts from its first entry."""
    for each in (*reversed(REGISTER_TABLES), entry):
        connection.execute(delete(each).where(each.c.college == college))
    told = iter(main)
    while some := list(islice(told, _AT_ONCE)):
        again = [(kept[digest].epoch, kept[digest].body, digest) for digest in some]
        record_all(connection, college, [Sealed(e, parse(body), body, d) for e, body, d in again])
    last = kept[main[-1]]
    move_head(connection, college, Head(last.epoch, last.seq, main[-1], parse(last.body).at))


def _lay_apart(
    connection: Connection, college: str, kept: dict[str, Kept], apart: Iterable[str]
) -> None:
    """Keep what does not count; of entries with one epoch and number, all but one as twins."""
    rows: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    names: set[tuple[int, int]] = set()
    for digest in sorted(apart):
        each = kept[digest]
        name = (each.epoch, each.seq)
        rows[name in names].append({"college": college, "hash": digest} | asdict(each))
        names.add(name)
    for where, some in ((lost, rows[False]), (twin, rows[True])):
        if some:
            connection.execute(insert(where), some)
