"""Which branch of a ledger counts.

A college's entries are a tree: each names the hash of the one before it. Within an epoch they are
a line; where a backup was restored another epoch branches off. The branch of the newest epoch
counts, back to the first entry. Two epochs can have the same number, because nobody who restores an
old backup on a new laptop can know of another restore. So an epoch is identified by the entry that
began it, and of two with one number the later one counts. Which branch counts depends on the
entries alone, and not on the order in which they came.

One epoch can have two histories, when a college sent a practice ledger, or lost a ledger without a
backup. No entry shows which of them counts: ESP decides (`choose_history`).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select

from kitloan.exchange.bounds import meter_for_branch
from kitloan.exchange.sending import remember
from kitloan.ledger.entry import GENESIS, parse
from kitloan.ledger.writer import Head, Sealed, move_head, record_all
from kitloan.storage.settings import TAKEN, texts
from kitloan.storage.statements import metered
from kitloan.tables import LedgerEntry, Setting, table
from kitloan.tables.every import REGISTER_TABLES
from kitloan.tables.national import APART, LostEntry, LostTwin

entry, setting = table(LedgerEntry), table(Setting)
lost, twin = table(LostEntry), table(LostTwin)

_AT_ONCE = 500
_TAKEN = TAKEN


@dataclass(frozen=True, slots=True)
class ChosenHistory:
    """That ESP took one history of a college in place of another.

    Attributes:
        entry: the hash of the first entry that only the one taken has.
        at: when it was taken.
        by: who did.
    """

    entry: str
    at: str
    by: str


def choose_history(connection: Connection, college: str, taken: ChosenHistory) -> None:
    """Record that the history with this entry counts from now on."""
    remember(connection, college, _TAKEN, json.dumps(asdict(taken)))


def chosen_history(connection: Connection, college: str) -> ChosenHistory | None:
    """Which history of a college ESP took in place of another; None when it never did."""
    kept = connection.execute(
        select(setting.c.value).where(setting.c.college == college, setting.c.name == _TAKEN)
    ).scalar()
    return None if kept is None else ChosenHistory(**texts(_TAKEN, kept, ("entry", "at", "by")))


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as the store keeps it, on any branch."""

    epoch: int
    seq: int
    body: str


def rebase(connection: Connection, college: str, top: Head, more: dict[str, StoredEntry]) -> None:
    """Sort a ledger's entries into the branch that counts and the others.

    If another branch counts than before, the register is rebuilt from it. That is rare, and takes a
    minute for a large college.

    Args:
        connection: a transaction on a copy of the ledger, which is given up when this raises.
        college: whose ledger.
        top: where the branch ends that counted until now.
        more: entries that are new, by their hashes.

    Raises:
        TooMuchWork: the branch that counts causes more than its entries may.
    """
    kept = _all(connection, college) | more
    taken = chosen_history(connection, college)
    main = _main_line(kept, taken.entry if taken else None)
    for each in (lost, twin):
        connection.execute(delete(each).where(each.c.college == college))
    if main[-1] != top.hash:
        _replay_branch(connection, college, kept, main)
    _keep_lost(connection, college, kept, kept.keys() - set(main))


def _all(connection: Connection, college: str) -> dict[str, StoredEntry]:
    """Every entry of a ledger by its hash, on any branch."""
    return {
        row.hash: StoredEntry(row.epoch, row.seq, row.body)
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


def _main_line(kept: dict[str, StoredEntry], chosen: str | None) -> list[str]:
    """The hashes of the branch that counts, from the first; with what ESP chose."""
    before: dict[str, str] = {}
    weights: dict[str, _Weight] = {}
    for digest, each in sorted(kept.items(), key=lambda item: item[1].seq):
        sealed = json.loads(each.body)
        prev = before[digest] = sealed["prev"]
        so_far = weights.get(prev, _Weight(False, 0, "", "", 0))
        if digest == chosen:
            so_far = so_far._replace(chosen=True)
        if each.epoch > so_far.epoch:
            so_far = so_far._replace(epoch=each.epoch, at=sealed["at"], began=digest)
        weights[digest] = so_far._replace(seq=each.seq)
    line, digest = [], max(weights, key=lambda each: weights[each])
    while digest != GENESIS:
        line.append(digest)
        digest = before[digest]
    return line[::-1]


def _replay_branch(
    connection: Connection, college: str, kept: dict[str, StoredEntry], main: Sequence[str]
) -> None:
    """Delete the rows that a ledger made, and replay the branch that counts."""
    for each in (*reversed(REGISTER_TABLES), entry):
        connection.execute(delete(each).where(each.c.college == college))
    left = iter(main)
    meter = meter_for_branch(len(main), sum(len(kept[digest].body) for digest in main))
    with metered(meter):
        while some := list(islice(left, _AT_ONCE)):
            rows = [(kept[digest].epoch, kept[digest].body, digest) for digest in some]
            batch = [Sealed(e, parse(body), body, d) for e, body, d in rows]
            record_all(connection, college, batch)
    last = kept[main[-1]]
    move_head(connection, college, Head(last.epoch, last.seq, main[-1], parse(last.body).at))


def _keep_lost(
    connection: Connection, college: str, kept: dict[str, StoredEntry], apart: Iterable[str]
) -> None:
    """Keep the entries that do not count; all but one with the same epoch and number as twins."""
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
