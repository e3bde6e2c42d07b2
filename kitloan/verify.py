"""Verifying: does history hold together, and do the tables say what it says?

Each ledger is walked from its first entry: numbers without gaps, each entry naming the hash of the
one before it, the stored text giving the stored hash. Then every entry is applied to an empty
scratch store, and the register's tables are compared with it row by row. What does not fit is a
finding, never an exception: somebody has to look at all of it.

The scratch store gets no copy of the ledger: only undoing asks for earlier entries, and those of
one tag are fetched when it does. Two SQLite files are compared by SQLite itself, and told row by
row only where they differ. Together that is half of what verifying would cost.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from sqlalchemy import Connection, Integer, Table, delete, func, insert, select, text

from kitloan.entries import GENESIS, Entry, LedgerResumed, Reversed, parse, seal
from kitloan.errors import KitloanError, Refused, StoreError
from kitloan.faults import driver_error
from kitloan.history import LogLine, log
from kitloan.ledger import record
from kitloan.models import LedgerEntry, LedgerHead, table
from kitloan.models.every import REGISTER_TABLES
from kitloan.models.national import LostEntry
from kitloan.prepared import AnyRow
from kitloan.register import apply
from kitloan.register.epochs import ledger_name
from kitloan.session import Session
from kitloan.soundness import missing_rules
from kitloan.store import Store, scratch_store

entry, head, lost = table(LedgerEntry), table(LedgerHead), table(LostEntry)

Progress = Callable[[int, int], None]
"""Called now and then with how much is done and how much there is."""

_MOST_FINDINGS = 100
_STEP = 500
_SCRATCH_KIB = 65536
"""Of a scratch store, kept in memory; SQLite's usual two megabytes go to disk and back."""


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

    def verify(self, progress: Progress | None = None, room: Path | None = None) -> Verdict:
        """Walk and replay every ledger of the store, and compare.

        Args:
            progress: told how many entries are done, of how many.
            room: the folder to copy a SQLite file into; where the store lies when None.
        """
        with (
            tempfile.TemporaryDirectory(prefix="kitloan-") as folder,
            self._session.store.read_aside(room) as live,
        ):
            scratch = scratch_store(Path(folder) / "replay.sqlite")
            try:
                with scratch.engine.connect() as replayed:
                    _attach(replayed, live)
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

        Raises:
            Refused: `not_yours`, for another college's, unless this is ESP.
        """
        whose = college or self._session.college
        if whose != self._session.college and not self._session.is_national:
            raise Refused("not_yours", f"The ledger of {whose!r} is that college's to read.")
        with self._session.reading() as connection:
            return log(connection, whose, tag, last)


def _attach(replayed: Connection, live: Connection) -> None:
    """Give the scratch store room in memory, and sight of the other where both are SQLite's."""
    replayed.exec_driver_sql(f"PRAGMA cache_size = -{_SCRATCH_KIB}")
    if live.dialect.name == "sqlite":
        replayed.exec_driver_sql("ATTACH ? AS live", (live.engine.url.database,))


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
            walk.step(row, live, replayed)
            done += 1
            if done % _STEP == 0:
                progress(done, total)
        walk.end(top)
        findings += walk.findings
        states.append(LedgerState(ledger_name(top.college, walk.epoch), walk.count, walk.hash))
        findings += _lost(live, top.college)
        if not walk.broken:
            findings += _differences(live, replayed, top.college)
    findings += _unguarded(live)
    progress(total, total)
    return Verdict(not findings, tuple(states), tuple(findings[:_MOST_FINDINGS]))


def _integrity(live: Connection) -> list[Finding]:
    """What SQLite says of its own file."""
    if live.dialect.name != "sqlite":
        return []
    said = live.exec_driver_sql("PRAGMA integrity_check(20)").scalars().all()
    return [Finding("file_damaged", "", 0, str(line)) for line in said if line != "ok"]


def _unguarded(live: Connection) -> list[Finding]:
    """Rules of a SQLite file that somebody took away; what they refuse could have come in since."""
    if live.dialect.name != "sqlite":
        return []
    return [
        Finding("unguarded", "", 0, f"The store's rule {name} is gone: somebody took it away.")
        for name in missing_rules(live)
    ]


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


class _Filed(NamedTuple):
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


def _entries_of(connection: Connection, college: str) -> Iterator[_Filed]:
    wanted = select(*(entry.c[name] for name in _Filed._fields)).where(entry.c.college == college)
    in_order = wanted.order_by(entry.c.epoch, entry.c.seq)
    rows = connection.execution_options(yield_per=_STEP).execute(in_order)
    # In portions: SQLAlchemy hands out single rows of them at twice the cost.
    return map(_Filed._make, chain.from_iterable(rows.partitions()))


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

    def step(self, row: _Filed, live: Connection, replayed: Connection) -> None:
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
            self._replay(row, read, live, replayed)

    def _chain(self, row: _Filed, read: Entry) -> None:
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
        if (row.epoch > self.epoch) != _resumes(read, row.epoch) or row.epoch < self.epoch:
            self._broken("wrong_epoch", row.seq, "does not belong to the epoch it is filed under")
        if indexed != said or read.ledger != ledger_name(self.college, row.epoch):
            self._broken("misfiled", row.seq, "is filed under other particulars than its text has")

    def _replay(self, row: _Filed, read: Entry, live: Connection, replayed: Connection) -> None:
        try:
            if isinstance(read.fact, Reversed):
                _bring(live, replayed, self.college, read.fact.tag, read.seq)
            apply(replayed, self.college, read)
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


def _lost(live: Connection, college: str) -> Iterator[Finding]:
    """Entries that a restored backup no longer had are not replayed, but must be as sealed."""
    hashes = set(live.execute(select(lost.c.hash).where(lost.c.college == college)).scalars())
    wanted = select(lost).where(lost.c.college == college).order_by(lost.c.epoch, lost.c.seq)
    for row in live.execution_options(yield_per=_STEP).execute(wanted):
        ledger = ledger_name(college, row.epoch)
        try:
            read = parse(row.body)
        except ValidationError:
            yield Finding("unreadable", ledger, row.seq, f"Lost entry {row.seq} cannot be read.")
            continue
        if seal(row.body) != row.hash:
            yield Finding("altered", ledger, row.seq, f"Lost entry {row.seq} was altered.")
        elif read.prev not in hashes and not _is_known(live, college, read.prev):
            yield Finding(
                "broken_chain", ledger, row.seq, f"Lost entry {row.seq} follows on no entry here."
            )


def _is_known(live: Connection, college: str, digest: str) -> bool:
    found = select(entry.c.seq).where(entry.c.college == college, entry.c.hash == digest)
    return live.execute(found.limit(1)).first() is not None


def _differences(live: Connection, replayed: Connection, college: str) -> list[Finding]:
    """Rows of the register that are not what the ledger makes them."""
    return [
        Finding("register_differs", college, 0, f"Table {each.name}: {words}.")
        for each in REGISTER_TABLES
        for words in _told(each, live, replayed, college)
    ]


def _told(each: Table, live: Connection, replayed: Connection, college: str) -> Iterable[str]:
    """How a college's rows of a table differ, in words."""
    if live.dialect.name != "sqlite":
        return _in_step(each, live, replayed, college)
    if not _differ(each, replayed, college):
        return ()
    # A 5 that stands for true, say, is not the same and is read as the same.
    return list(_in_step(each, live, replayed, college)) or (
        "a value is stored in a form that the ledger does not give it",
    )


def _differ(each: Table, replayed: Connection, college: str) -> bool:
    """Whether SQLite finds a row in one file that is not in the other."""
    columns = ", ".join(f'"{column.name}"' for column in each.columns)
    mine, theirs = (
        f"SELECT {columns} FROM {place}.{each.name} WHERE college = :c"  # noqa: S608  # our own names
        for place in ("main", "live")
    )
    return any(
        replayed.execute(text(f"{one} EXCEPT {other} LIMIT 1"), {"c": college}).first()
        for one, other in ((mine, theirs), (theirs, mine))
    )


def _in_step(each: Table, live: Connection, replayed: Connection, college: str) -> Iterator[str]:
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
