"""A ledger walked from entry to entry: each is checked, and replayed in a scratch store."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, delete, insert, select, tuple_

from kitloan.errors import KitloanError
from kitloan.history.checkpoints import Checkpoint
from kitloan.ledger.entry import GENESIS, Entry, NotCanonical, apply, parse, seal
from kitloan.ledger.epochs import ledger_name
from kitloan.ledger.facts.base import FactBase
from kitloan.ledger.facts.ledger import LedgerResumed, Reversed
from kitloan.ledger.facts.naming import CHANGES
from kitloan.ledger.replay import NAMES
from kitloan.storage.faults import driver_error
from kitloan.storage.statements import AnyRow
from kitloan.tables import LedgerEntry, table

entry = table(LedgerEntry)

Progress = Callable[[int, int], None]
"""Called from time to time with how much is done, and of how much."""

STEP = 500
"""Rows that are read at a time, and between two calls of `Progress`."""

NOT_CANONICAL = "is not in canonical form, so it could be read in two ways"
ALTERED = "was altered: its text does not match its hash"


@dataclass(frozen=True, slots=True)
class LedgerProblem:
    """One problem that verifying found. `seq` is 0 when it is not about a single entry."""

    code: str
    ledger: str
    seq: int
    message: str


class Filed(NamedTuple):
    """A row of `ledger_entry`; reading a column of SQLAlchemy's rows would take too long."""

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
    """A college's entries as they are stored, in their order."""
    return chain.from_iterable(portions_of(connection, college))


def portions_of(
    connection: Connection, college: str, after: tuple[int, int] | None = None
) -> Iterator[list[Filed]]:
    """The same, some hundreds at a time: SQLAlchemy hands out single rows at twice the cost.

    `after` is an epoch and a number.
    """
    wanted = select(*(entry.c[name] for name in Filed._fields)).where(entry.c.college == college)
    if after is not None:
        wanted = wanted.where(tuple_(entry.c.epoch, entry.c.seq) > tuple_(*after))
    in_order = wanted.order_by(entry.c.epoch, entry.c.seq)
    rows = connection.execute(in_order.execution_options(yield_per=STEP))
    for portion in rows.partitions():
        yield [Filed._make(row) for row in portion]


class Walk:
    """Checks one ledger from the first entry, or what follows a checkpoint, to the last."""

    def __init__(
        self,
        college: str,
        live: Connection,
        replayed: Connection,
        since: Checkpoint | None = None,
    ) -> None:
        """`live` has the entries; `replayed` is where to apply them, which has those before."""
        self.college = college
        self._live, self._replayed = live, replayed
        self._waiting: list[tuple[Filed, Entry]] = []
        self.epoch = since.epoch if since else 1
        self.seq = since.seq if since else 0
        self.count = since.entries if since else 0
        self.hash = since.hash if since else GENESIS
        self.at = since.at if since else ""
        self.broken = False
        self.contacts: set[str] = set()
        self.findings: list[LedgerProblem] = []

    def take(self, rows: Iterable[Filed]) -> None:
        """Check that the next entries follow on the last, and replay them.

        First all are read and then all are replayed: by turns, each pushes the other's program
        and data out of the processor's caches, which costs a sixth.
        """
        for row in rows:
            self._take(row)
        self._replay_waiting()

    def _take(self, row: Filed) -> None:
        self.count += 1
        try:
            read = parse(row.body if isinstance(row.body, str) else "")
        except (ValidationError, NotCanonical) as problem:
            self._broken(*_unread(row, problem))
            self.seq, self.hash = row.seq, row.hash
            return
        fact = vars(read.fact)
        if named := fact.get("contact"):
            self.contacts.add(named)
        if not self._is_next(row, read, fact.get("tag")):
            self._chain(row, read)
        if isinstance(row.epoch, int):
            self.epoch = row.epoch
        self.seq, self.hash, self.at = row.seq, row.hash, read.at
        if not self.broken:
            self._waiting.append((row, read))

    def _is_next(self, row: Filed, read: Entry, tag: str | None) -> bool:
        """Whether an entry has nothing that `_chain` would find, and is of the same epoch."""
        college, epoch, seq, *indexed, body, digest = row
        return (
            isinstance(seq, int)
            and isinstance(epoch, int)
            and (epoch, seq, read.seq) == (self.epoch, self.seq + 1, seq)
            and read.prev == self.hash
            and seal(body) == digest
            and indexed == [read.id, read.part, read.fact.kind, tag, read.at, read.by]
            and read.ledger == ledger_name(college, epoch)
        )

    def _chain(self, row: Filed, read: Entry) -> None:
        fact = read.fact
        if not isinstance(row.seq, int) or row.seq != self.seq + 1:
            self._broken("gap", row.seq, f"follows entry {self.seq}: the entries between are gone")
        elif read.prev != self.hash:
            self._broken("broken_chain", row.seq, "does not name the hash of the entry before it")
        if seal(row.body) != row.hash:
            self._broken("altered", row.seq, ALTERED)
        indexed = (row.id, row.part, row.kind, row.tag, row.at, row.by, row.seq)
        tag = _value(fact, "tag")
        sealed = (read.id, read.part, fact.kind, tag, read.at, read.by, read.seq)
        if not isinstance(row.epoch, int) or not self._goes_on(read, row.epoch):
            self._broken(
                "wrong_epoch", row.seq, "is stored under an epoch that it does not belong to"
            )
        if indexed != sealed or read.ledger != ledger_name(self.college, row.epoch):
            self._broken("misfiled", row.seq, "is stored with other values than its text has")

    def _goes_on(self, read: Entry, epoch: int) -> bool:
        """Whether an entry can be in this epoch: the same as before, or one that it begins."""
        return _resumes(read, epoch) if epoch > self.epoch else epoch == self.epoch

    def _replay_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for row, read in waiting:
            try:
                if isinstance(read.fact, Reversed):
                    _bring(self._live, self._replayed, self.college, read.fact.tag, read.seq)
                apply(self._replayed, self.college, read)
            except Exception as problem:
                if not isinstance(problem, KitloanError) and driver_error(problem) is None:
                    raise
                self._find("impossible", row.epoch, row.seq, f"cannot have happened: {problem}")
                return

    def end(self, top: AnyRow) -> None:
        """Check that the ledger ends at its head."""
        if (top.epoch, top.seq, top.hash, top.at) != (self.epoch, self.seq, self.hash, self.at):
            self._broken(
                "cut_short",
                self.seq,
                f"is the last one, and the ledger's head names entry {top.seq}",
            )

    def _broken(self, code: str, seq: int, words: str) -> None:
        self._replay_waiting()  # what is wrong with an earlier entry comes first
        self._find(code, self.epoch, seq, words)

    def _find(self, code: str, epoch: int, seq: int, words: str) -> None:
        self.broken = True
        self.findings.append(
            LedgerProblem(code, ledger_name(self.college, epoch), seq, f"Entry {seq} {words}.")
        )


def _value(fact: FactBase, field: str) -> Any:
    """A field of a fact, or None; to ask a fact for one it has not takes as long as hashing it."""
    return vars(fact).get(field)


def _unread(row: Filed, problem: ValidationError | NotCanonical) -> tuple[str, int, str]:
    if not isinstance(problem, NotCanonical):
        return "unreadable", row.seq, f"cannot be read: {problem.errors()[0]['msg']}"
    if seal(row.body) != row.hash:
        return "altered", row.seq, ALTERED
    return "not_canonical", row.seq, NOT_CANONICAL


def _bring(live: Connection, replayed: Connection, college: str, tag: str | None, seq: int) -> None:
    """Copy the checked entries about a tag, before this one, to the scratch store for undoing."""
    of_tag: list[ColumnElement[bool]] = [entry.c.college == college, entry.c.tag == tag]
    if tag is None:
        of_tag.append(entry.c.kind.in_(["entry.reversed", *NAMES, *CHANGES]))
    rows = live.execute(select(entry).where(*of_tag, entry.c.seq < seq)).all()
    replayed.execute(delete(entry).where(*of_tag))
    if rows:  # an entry may undo something of a tag that no entry is about
        replayed.execute(insert(entry), [row._asdict() for row in rows])


def _resumes(read: Entry, epoch: int) -> bool:
    """Whether an entry begins this epoch where the one before it ended."""
    fact = read.fact
    return (
        isinstance(fact, LedgerResumed)
        and epoch > 1
        and (fact.seq, fact.hash) == (read.seq - 1, read.prev)
    )
