"""One ledger from its first entry to its last: each as it was sealed, and told anew.

The scratch store gets no copy of the ledger: only undoing asks for earlier entries, and those of
one tag are fetched when it does.
"""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from pydantic import ValidationError
from sqlalchemy import Connection, delete, insert, select

from kitloan.entries import GENESIS, Entry, LedgerResumed, Reversed, parse, seal
from kitloan.errors import KitloanError
from kitloan.faults import driver_error
from kitloan.models import LedgerEntry, table
from kitloan.prepared import AnyRow
from kitloan.register import apply
from kitloan.register.epochs import ledger_name
from kitloan.verify.verdict import Finding

entry = table(LedgerEntry)

STEP = 500
"""Rows that are read at a time, and between two words about progress."""


class Filed(NamedTuple):
    """A row of `ledger_entry`. SQLAlchemy's rows take longer to tell a column than SQLite does."""

    college: str
    epoch: int
    seq: int
    id: str
    part: int
    kind: str
    tag: str | None
    at: str
    by: str
    body: str
    hash: str


def entries_of(connection: Connection, college: str) -> Iterator[Filed]:
    """A college's entries as they are filed, in the order in which they came."""
    wanted = select(*(entry.c[name] for name in Filed._fields)).where(entry.c.college == college)
    in_order = wanted.order_by(entry.c.epoch, entry.c.seq)
    rows = connection.execution_options(yield_per=STEP).execute(in_order)
    # In portions: SQLAlchemy hands out single rows of them at twice the cost.
    return map(Filed._make, chain.from_iterable(rows.partitions()))


class Walk:
    """One ledger on its way from the first entry to the last."""

    def __init__(self, college: str) -> None:
        self.college = college
        self.epoch = 1
        self.seq = 0
        self.count = 0
        self.hash = GENESIS
        self.at = ""
        self.broken = False
        self.findings: list[Finding] = []

    def step(self, row: Filed, live: Connection, replayed: Connection) -> None:
        """The next entry: does it follow on the last, and can it have happened?"""
        self.count += 1
        try:
            read = parse(row.body if isinstance(row.body, str) else "")
        except ValidationError as problem:
            self._broken("unreadable", row.seq, f"cannot be read: {problem.errors()[0]['msg']}")
            self.seq, self.hash = row.seq, row.hash
            return
        self._chain(row, read)
        if isinstance(row.epoch, int):
            self.epoch = row.epoch
        self.seq, self.hash, self.at = row.seq, row.hash, read.at
        if not self.broken:
            self._replay(row, read, live, replayed)

    def _chain(self, row: Filed, read: Entry) -> None:
        if not isinstance(row.seq, int) or row.seq != self.seq + 1:
            self._broken("gap", row.seq, f"follows entry {self.seq}; what lay between is gone")
        elif read.prev != self.hash:
            self._broken("broken_chain", row.seq, "does not name the hash of the entry before it")
        if seal(row.body) != row.hash:
            self._broken("altered", row.seq, "was altered: its text does not give its hash")
        if read.at < self.at:
            self._broken("time_runs_back", row.seq, "is dated before the entry before it")
        indexed = (row.id, row.part, row.kind, row.tag, row.at, row.by, row.seq)
        said = (
            read.id,
            read.part,
            read.fact.kind,
            getattr(read.fact, "tag", None),
            read.at,
            read.by,
            read.seq,
        )
        if not isinstance(row.epoch, int) or not self._goes_on(read, row.epoch):
            self._broken("wrong_epoch", row.seq, "does not belong to the epoch it is filed under")
        if indexed != said or read.ledger != ledger_name(self.college, row.epoch):
            self._broken("misfiled", row.seq, "is filed under other particulars than its text has")

    def _goes_on(self, read: Entry, epoch: int) -> bool:
        """Whether an entry can be of this epoch: of the last one's, or the first of a later."""
        return _resumes(read, epoch) if epoch > self.epoch else epoch == self.epoch

    def _replay(self, row: Filed, read: Entry, live: Connection, replayed: Connection) -> None:
        try:
            if isinstance(read.fact, Reversed):
                _bring(live, replayed, self.college, read.fact.tag, read.seq)
            apply(replayed, self.college, read)
        except Exception as problem:
            if not isinstance(problem, KitloanError) and driver_error(problem) is None:
                raise
            self._broken("impossible", row.seq, f"cannot have happened: {problem}")

    def end(self, top: AnyRow) -> None:
        """The ledger ended: there, where its head says?"""
        if (top.epoch, top.seq, top.hash, top.at) != (self.epoch, self.seq, self.hash, self.at):
            self._broken(
                "cut_short",
                self.seq,
                f"is the last there is, but not the one that the ledger's head names ({top.seq})",
            )

    def _broken(self, code: str, seq: int, words: str) -> None:
        self.broken = True
        self.findings.append(
            Finding(code, ledger_name(self.college, self.epoch), seq, f"Entry {seq} {words}.")
        )


def _bring(live: Connection, replayed: Connection, college: str, tag: str, seq: int) -> None:
    """Put the entries about a tag before this one, which were all walked, where undoing reads."""
    of_tag = (entry.c.college == college, entry.c.tag == tag)
    rows = live.execute(select(entry).where(*of_tag, entry.c.seq < seq)).all()
    replayed.execute(delete(entry).where(*of_tag))
    if rows:  # what is to be undone may be named by a tag that no entry is about
        replayed.execute(insert(entry), [row._asdict() for row in rows])


def _resumes(read: Entry, epoch: int) -> bool:
    """Whether an entry begins this epoch where the one before it ended."""
    fact = read.fact
    return (
        isinstance(fact, LedgerResumed)
        and epoch > 1
        and (fact.seq, fact.hash) == (read.seq - 1, read.prev)
    )
