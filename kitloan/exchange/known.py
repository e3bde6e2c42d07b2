"""What a store has of a ledger already: the hashes that a file's entries are compared with.

An entry is known by its hash, on whichever branch it lies. Its number says where to look, and its
epoch's number says little: the same backup restored on two laptops gives two that are both called
`fife/2`.
"""

import json
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, literal_column, select, union_all

from kitloan.entries import GENESIS
from kitloan.models import LedgerEntry, table
from kitloan.models.national import APART, Resumption
from kitloan.prepared import Query

entry, resumption = table(LedgerEntry), table(Resumption)

_WINDOW = 1_000

_resumed = select(resumption.c.epoch).where(resumption.c.college == bindparam("c"))
_main_line = Query(
    select(entry.c.seq, entry.c.epoch, entry.c.hash, entry.c.at).where(
        entry.c.college == bindparam("c"),
        # Named so that the key's index finds the numbers: else each window reads the whole ledger.
        entry.c.epoch.in_(union_all(select(literal_column("1")), _resumed)),
        entry.c.seq.between(bindparam("a"), bindparam("b")),
    )
)
_apart = Query(
    select(APART.c.seq, APART.c.epoch, APART.c.hash, APART.c.body).where(
        APART.c.college == bindparam("c"), APART.c.seq.between(bindparam("a"), bindparam("b"))
    )
)


class OnMain(NamedTuple):
    """An entry on the branch that counts."""

    epoch: int
    hash: str
    at: str


class _Apart(NamedTuple):
    """An entry on another branch."""

    epoch: int
    hash: str
    prev: str


class Known:
    """Entries that the store had before the file came, read some at a time as the file goes on."""

    def __init__(self, connection: Connection, college: str, last: int) -> None:
        """`last` is the number of the last entry on the branch that counts."""
        self._connection, self._college, self._last = connection, college, last
        self._from = self._to = 0
        self._main: dict[int, OnMain] = {}
        self._apart: dict[int, list[_Apart]] = {}

    def _reach(self, seq: int) -> None:
        if self._from <= seq < self._to:
            return
        self._from, self._to = seq - 1, seq + _WINDOW  # with the one before, which is asked for too
        within = {"c": self._college, "a": self._from}
        # What lies beyond the last is the file's own.
        main = _main_line(self._connection, **within, b=min(self._to - 1, self._last))
        self._main = {seq: OnMain(*rest) for seq, *rest in main}
        self._apart = {}
        for seq, epoch, digest, body in _apart(self._connection, **within, b=self._to - 1):
            each = _Apart(epoch, digest, json.loads(body)["prev"])
            self._apart.setdefault(seq, []).append(each)

    def main(self, seq: int) -> OnMain | None:
        """The entry of this number on the branch that counts."""
        self._reach(seq)
        return self._main.get(seq)

    def follow_on_main(self, seq: int, prev: str, digest: str) -> OnMain | None:
        """The entry of this number and hash on the branch that counts, if it follows on `prev`."""
        here = self.main(seq)
        if here is None or here.hash != digest:
            return None
        return here if prev == self._before_on_main(seq) else None

    def _before_on_main(self, seq: int) -> str:
        before = self._main.get(seq - 1)
        return before.hash if before else GENESIS

    def epochs(self, seq: int) -> dict[str, int]:
        """The epoch of every entry of this number, by its hash."""
        found = self.main(seq)
        apart = {each.hash: each.epoch for each in self._apart.get(seq, [])}
        return apart | ({found.hash: found.epoch} if found else {})

    def has_another(self, seq: int, prev: str, epoch: int, digest: str) -> bool:
        """Whether another entry than this one, of the same number and epoch, follows on `prev`.

        In one epoch only one can: it is a restored backup that goes on in another.
        """
        found = self.main(seq)
        others = [(each.prev, each.epoch, each.hash) for each in self._apart.get(seq, [])]
        if found is not None:
            others.append((self._before_on_main(seq), found.epoch, found.hash))
        return any(one[:2] == (prev, epoch) and one[2] != digest for one in others)
