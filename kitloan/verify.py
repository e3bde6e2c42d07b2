"""Verifying: does history hold together, and do the tables say what it says?

Each ledger is walked from its first entry: numbers without gaps, each entry naming the hash of the
one before it, the stored text giving the stored hash. Then every entry is applied to an empty
scratch store, and the register's tables are compared with it row by row. What does not fit is a
finding, never an exception: somebody has to look at all of it.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Integer, Table, func, select

from kitloan.entries import GENESIS, Entry, parse, seal
from kitloan.errors import KitloanError, StoreError
from kitloan.faults import driver_error
from kitloan.history import LogLine, log
from kitloan.ledger import ledger_name, record
from kitloan.models import LedgerEntry, LedgerHead, table
from kitloan.models.every import REGISTER_TABLES
from kitloan.prepared import AnyRow
from kitloan.session import Session
from kitloan.store import Store, scratch_store

entry, head = table(LedgerEntry), table(LedgerHead)

Progress = Callable[[int, int], None]
"""Called now and then with how much is done and how much there is."""

_MOST_FINDINGS = 100
_STEP = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not fit. `seq` is 0 where it concerns no one entry."""

    code: str
    ledger: str
    seq: int
    message: str


@dataclass(frozen=True, slots=True)
class LedgerState:
    """A ledger as it was found: its name, how many entries, and the hash of the last."""

    ledger: str
    entries: int
    head: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found; `ok` when nothing."""

    ok: bool
    ledgers: tuple[LedgerState, ...]
    findings: tuple[Finding, ...]


class Verifier:
    """Questions about the ledgers themselves."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def verify(self, progress: Progress | None = None) -> Verdict:
        """Walk and replay every ledger of the store, and compare.

        Args:
            progress: told how many entries are done, of how many.
        """
        with tempfile.TemporaryDirectory(prefix="kitloan-") as folder:
            scratch = scratch_store(Path(folder) / "replay.sqlite")
            reading = self._session.store.read_aside(Path(folder))
            try:
                with reading as live, scratch.engine.begin() as replayed:
                    return _verify(live, replayed, progress or _silent)
            finally:
                scratch.close()

    def heads(self) -> list[LedgerState]:
        """Where each ledger of the store ends, as its head says; nothing is checked."""
        with self._session.reading() as connection:
            tops = connection.execute(select(head).order_by(head.c.college)).all()
        return [LedgerState(ledger_name(top.college, top.epoch), top.seq, top.hash) for top in tops]

    def log(
        self, tag: str | None = None, last: int | None = None, college: str | None = None
    ) -> list[LogLine]:
        """What a college has on record, oldest first; of one bare tag when named.

        `last` asks for the newest so many only; `college` is this session's when None.
        """
        with self._session.reading() as connection:
            return log(connection, college or self._session.college, tag, last)


def _silent(_done: int, _total: int) -> None:
    return None


def _verify(live: Connection, replayed: Connection, progress: Progress) -> Verdict:
    total = live.execute(select(func.count()).select_from(entry)).scalar_one()
    findings = _integrity(live) + _strays(live)
    states = []
    done = 0
    for top in live.execute(select(head).order_by(head.c.college)).all():
        walk = _Walk(top.college)
        for row in _entries_of(live, top.college):
            walk.step(row, replayed)
            done += 1
            if done % _STEP == 0:
                progress(done, total)
        walk.end(top)
        findings += walk.findings
        states.append(LedgerState(ledger_name(top.college, walk.epoch), walk.count, walk.hash))
        if not walk.broken:
            findings += _differences(live, replayed, top.college)
    progress(total, total)
    return Verdict(not findings, tuple(states), tuple(findings[:_MOST_FINDINGS]))


def _integrity(live: Connection) -> list[Finding]:
    """What SQLite says of its own file."""
    if live.dialect.name != "sqlite":
        return []
    said = live.exec_driver_sql("PRAGMA integrity_check(20)").scalars().all()
    return [Finding("file_damaged", "", 0, str(line)) for line in said if line != "ok"]


def _strays(live: Connection) -> list[Finding]:
    """Rows of colleges that have no ledger here, and so no history that could be replayed."""
    ledgers = select(head.c.college)
    return [
        Finding(
            "no_ledger", row[0], 0, f"Table {each.name} has rows of {row[0]!r}, without a ledger."
        )
        for each in (entry, *REGISTER_TABLES)
        for row in live.execute(
            select(each.c.college).where(each.c.college.not_in(ledgers)).distinct()
        )
    ]


def _entries_of(connection: Connection, college: str) -> Iterator[AnyRow]:
    wanted = select(entry).where(entry.c.college == college).order_by(entry.c.epoch, entry.c.seq)
    return iter(connection.execution_options(yield_per=_STEP).execute(wanted))


class _Walk:
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

    def step(self, row: AnyRow, replayed: Connection) -> None:
        self.count += 1
        try:
            read = parse(row.body if isinstance(row.body, str) else "")
        except ValidationError as problem:
            self._broken("unreadable", row.seq, f"cannot be read: {problem.errors()[0]['msg']}")
            self.seq, self.hash = row.seq, row.hash
            return
        self._chain(row, read)
        self.epoch, self.seq, self.hash, self.at = row.epoch, row.seq, row.hash, read.at
        if not self.broken:
            self._replay(row, read, replayed)

    def _chain(self, row: AnyRow, read: Entry) -> None:
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
        if indexed != said or read.ledger != ledger_name(self.college, row.epoch):
            self._broken("misfiled", row.seq, "is filed under other particulars than its text has")

    def _replay(self, row: AnyRow, read: Entry, replayed: Connection) -> None:
        try:
            record(replayed, self.college, row.epoch, read, row.body, row.hash)
        except Exception as problem:
            if not isinstance(problem, KitloanError) and driver_error(problem) is None:
                raise
            self._broken("impossible", row.seq, f"cannot have happened: {problem}")

    def end(self, top: AnyRow) -> None:
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


def _differences(live: Connection, replayed: Connection, college: str) -> list[Finding]:
    """Rows of the register that are not what the ledger makes them."""
    return [
        Finding("register_differs", college, 0, f"Table {each.name}: {words}.")
        for each in REGISTER_TABLES
        for words in _compare(each, live, replayed, college)
    ]


def _compare(each: Table, live: Connection, replayed: Connection, college: str) -> Iterator[str]:
    """Both sides come in the order of their keys, and go on in step."""
    found, right = _rows(each, live, college), _rows(each, replayed, college)
    ours, theirs = next(found, None), next(right, None)
    while ours or theirs:
        if ours and (theirs is None or _key(each, ours) < _key(each, theirs)):
            yield f"{_name(each, ours)} is not in the ledger"
            ours = next(found, None)
        elif theirs and (ours is None or _key(each, theirs) < _key(each, ours)):
            yield f"{_name(each, theirs)} is missing"
            theirs = next(right, None)
        elif ours and theirs:
            different = [column for column in ours if ours[column] != theirs[column]]
            if different:
                yield f"{_name(each, ours)} differs in {', '.join(different)}"
            ours, theirs = next(found, None), next(right, None)


def _key(each: Table, row: dict[str, Any]) -> list[tuple[bool, bool, Any]]:
    """What rows are ordered by; in SQLite, text may stand for a number, and bytes for text."""
    values = [row[column.name] for column in each.primary_key]
    return [(isinstance(v, bytes), isinstance(v, str), v) for v in values]


def _name(each: Table, row: dict[str, Any]) -> str:
    _, *rest = (str(row[column.name]) for column in each.primary_key)
    return ", ".join(rest) or str(row["college"])


def _rows(each: Table, connection: Connection, college: str) -> Iterator[dict[str, Any]]:
    """A college's rows in an order that both databases agree on."""
    collation = "C" if connection.dialect.name == "postgresql" else "BINARY"
    order = [
        column if isinstance(column.type, Integer) else column.collate(collation)
        for column in each.primary_key
    ]
    wanted = select(each).where(each.c.college == college).order_by(*order)
    for row in connection.execution_options(yield_per=_STEP).execute(wanted):
        yield dict(row._mapping)


def replay(live: Connection, scratch: Store, until: str, progress: Progress) -> None:
    """Apply every entry up to an instant to a scratch store: the state as it was then.

    Raises:
        StoreError: `damaged`, when an entry cannot be read or applied.
    """
    total = live.execute(
        select(func.count()).select_from(entry).where(entry.c.at <= until)
    ).scalar_one()
    with scratch.engine.begin() as replayed:
        colleges = live.execute(select(head.c.college).order_by(head.c.college)).scalars().all()
        done = 0
        for college in colleges:
            for row in _entries_of(live, college):
                if row.at > until:
                    break
                try:
                    record(replayed, college, row.epoch, parse(row.body), row.body, row.hash)
                except (ValidationError, KitloanError) as problem:
                    raise StoreError(
                        "damaged",
                        f"Entry {row.seq} of {college!r} cannot be read or applied.",
                        "Run `kitloan ledger verify` to see what is wrong with the store.",
                        college=college,
                        seq=row.seq,
                    ) from problem
                done += 1
                if done % _STEP == 0:
                    progress(done, total)
