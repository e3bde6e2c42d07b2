"""What a store has of a ledger already: the hashes that a file's entries are compared with."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, literal_column, select, union_all

from kitloan.entries import GENESIS
from kitloan.models import LedgerEntry, table
from kitloan.models.national import LostEntry, Resumption
from kitloan.prepared import Query

entry, lost, resumption = table(LedgerEntry), table(LostEntry), table(Resumption)

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
    select(lost.c.epoch, lost.c.seq, lost.c.hash).where(
        lost.c.college == bindparam("c"), lost.c.seq.between(bindparam("a"), bindparam("b"))
    )
)


class OnMain(NamedTuple):
    """An entry on the branch that counts."""

    epoch: int
    hash: str
    at: str


class Known:
    """The hashes of entries that the store has, read some at a time as the file goes on."""

    def __init__(self, connection: Connection, college: str) -> None:
        self._connection, self._college = connection, college
        self._from = self._to = 0
        self._main: dict[int, OnMain] = {}
        self._lost: dict[tuple[int, int], str] = {}

    def _reach(self, seq: int) -> None:
        if self._from <= seq < self._to:
            return
        self._from, self._to = seq - 1, seq + _WINDOW  # with the one before, which is asked for too
        within = {"c": self._college, "a": self._from, "b": self._to - 1}
        main = _main_line.plain(self._connection, **within)
        self._main = {seq: OnMain(*rest) for seq, *rest in main}
        apart = _apart.plain(self._connection, **within)
        self._lost = {(epoch, seq): digest for epoch, seq, digest in apart}

    def main(self, seq: int) -> OnMain | None:
        """The entry of this number on the branch that counts."""
        self._reach(seq)
        return self._main.get(seq)

    def follow_on_main(self, seq: int, prev: str, digest: str) -> OnMain | None:
        """The entry of this number and hash on the branch that counts, if it follows on `prev`."""
        here = self.main(seq)
        if here is None or here.hash != digest:
            return None
        before = self._main.get(seq - 1)
        return here if prev == (before.hash if before else GENESIS) else None

    def hash(self, epoch: int, seq: int) -> str | None:
        """The hash of an entry, on whatever branch it lies."""
        found = self.main(seq)
        if found is not None and found.epoch == epoch:
            return found.hash
        return self._lost.get((epoch, seq))

    def epochs(self, seq: int) -> dict[str, int]:
        """The epoch of every entry of this number, by its hash."""
        found = self.main(seq)
        apart = {digest: e for (e, number), digest in self._lost.items() if number == seq}
        return apart | ({found.hash: found.epoch} if found else {})
