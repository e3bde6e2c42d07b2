"""Verifying a store: check every ledger, replay it, and compare it with the tables.

`Verifier.verify` gives a `Verification` with every finding. For each ledger, `Walk` checks the
chain of entries and replays them into a scratch store. Then its tables are compared row by row, the
entries of lost branches are checked, and rows about people must be named by entries. For the whole
store, the rules of the database are compared with the rules that kitloan makes."""

import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import (
    Connection,
    Integer,
    Table,
    func,
    select,
    text,
    tuple_,
)

from kitloan.errors import KitloanError, Refused, StoreError
from kitloan.history.checkpoints import (
    PROGRAM,
    Checkpoint,
    Checkpoints,
    Unusable,
    driver_of,
    keep_tables,
    made_key,
    store_key,
)
from kitloan.history.rules import rule_is_gone, wrong_rules
from kitloan.history.walk import (
    ALTERED,
    NOT_CANONICAL,
    STEP,
    LedgerProblem,
    Progress,
    Walk,
    portions_of,
)
from kitloan.history.workers import Task, Tick, Workers, how_many
from kitloan.ledger.collecting import collecting_rarely
from kitloan.ledger.entry import GENESIS, NotCanonical, parse, seal
from kitloan.ledger.epochs import ledger_name
from kitloan.ledger.session import Session
from kitloan.queries.history import LogLine, log, page_of_log
from kitloan.queries.paging import PAGE
from kitloan.storage.integrity import insist_on_rules, missing_rules
from kitloan.storage.row_security import (
    login_of,
)
from kitloan.storage.servers import insist_on_one_place
from kitloan.storage.settings import is_readable
from kitloan.storage.store import SharedCopy, Store, only_replayed, scratch_store, shared_copy
from kitloan.tables import (
    Contact,
    ContactChange,
    LedgerEntry,
    LedgerHead,
    Remark,
    Setting,
    table,
)
from kitloan.tables.every import REGISTER_TABLES
from kitloan.tables.national import APART, LostEntry, LostTwin, PinnedKey
from kitloan.text.dates import instant
from kitloan.text.names import fold
from kitloan.values import Page

__all__ = [
    "LedgerProblem",
    "LedgerState",
    "NewVerification",
    "NotRead",
    "Progress",
    "Verification",
    "Verifier",
]

entry = table(LedgerEntry)
head = table(LedgerHead)
lost = table(LostEntry)
twin = table(LostTwin)
setting = table(Setting)
contact, contact_change = table(Contact), table(ContactChange)
remark = table(Remark)
pinned = table(PinnedKey)

lost_rows = APART

_MOST_FINDINGS = 200
_SCRATCH_KIB = 65536
"""How much of a scratch store is kept in memory; with SQLite's usual 2 MB it goes to disk."""

_MOST_IN_PLACE = 20_000
"""New entries up to which a file is read as it is: a second, for which those who write wait."""

_WRITTEN = "written_"

_THE_FILE = ""
"""What is checked beside the ledgers; no college has this name."""

_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class LedgerState:
    """A ledger: its name, how many entries it has, and the hash of the last."""

    ledger: str
    entries: int
    head: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying found; `ok` when it found no problem."""

    ok: bool
    ledgers: tuple[LedgerState, ...]
    findings: tuple[LedgerProblem, ...]


@dataclass(frozen=True, slots=True)
class NotRead:
    """What a check of what is new did not read: entries and rows that were checked before.

    Nor were people's rows read, nor entries of branches that do not count. `since` is the instant
    of the earliest check that it rests on.
    """

    entries: int = 0
    rows: int = 0
    since: str | None = None


@dataclass(frozen=True, slots=True)
class NewVerification:
    """What checking what is new found; `ok` when it found no problem.

    Attributes:
        new: how many entries were read.
        not_read: what was not.
        whole: why everything was read, if it was.
    """

    ok: bool
    ledgers: tuple[LedgerState, ...]
    findings: tuple[LedgerProblem, ...]
    new: int
    not_read: NotRead
    whole: tuple[str, ...] = ()


class Verifier:
    """Verifies the ledgers of a store, and lists their heads and entries."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def verify(
        self,
        progress: Progress | None = None,
        room: Path | None = None,
        *,
        workers: int | None = None,
        remember: bool = False,
    ) -> Verification:
        """Check and replay every ledger of the store, and compare the tables.

        Ledgers are checked side by side, by a process each (`kitloan.history.workers`).

        Args:
            progress: called with how many entries are done, of how many.
            room: the folder to copy a SQLite file into; the store's own when None.
            workers: how many processes; 1 starts none. None is as many as this process may use
                cores, where that many entries are to be checked that it pays. The findings are
                the same.
            remember: whether to leave checkpoints on this machine (`kitloan.history.checkpoints`)
                when there is no finding, and to hold those that are there against the ledgers.
        """
        memory = _Memory(self._session) if remember else None
        store, scratch = self._session.store, scratch_store(on_disk=True)
        ledgers, entries = self._to_check()
        several = how_many(workers, ledgers, entries)
        beside = Workers(several) if several > 1 else None
        try:
            with scratch.engine.connect() as replayed:
                seen_by = replayed if store.is_sqlite else None
                shared = (lambda copy: beside.on(CheckLedgers(copy))) if beside else None
                with store.read_copy(room, seen_by, shared) as live:
                    verdict = _verify(live, replayed, progress or _silent, beside, memory)
        finally:
            scratch.close()
            if memory is not None:
                memory.clear()
        return verdict

    def verify_new(self, progress: Progress | None = None) -> NewVerification:
        """Check what came since the last check on this machine, and leave new checkpoints.

        New entries are checked and replayed on the tables of the checkpoints. The rows that they
        change are compared, and all rows counted. Where a checkpoint is missing or does not fit,
        everything is checked, as by `verify`.

        Args:
            progress: called with how many entries are done, of how many.
        """
        session, report = self._session, progress or _silent
        memory = _Memory(session)
        with session.reading() as live:
            insist_on_one_place(live)
            found = memory.find(live)
            new = _new_entries(live, found)
            if new is not None and new <= _MOST_IN_PLACE:
                return _verify_new(session.store, live, memory, found, report)
        if new is not None:  # nobody is to wait so long
            with session.store.read_copy() as live:
                found = memory.find(live)
                if _new_entries(live, found) is not None:
                    return _verify_new(session.store, live, memory, found, report)
        reasons = tuple(each.reason for each in found.values() if isinstance(each, Unusable))
        full = self.verify(progress, remember=True)
        count = sum(each.entries for each in full.ledgers)
        return NewVerification(full.ok, full.ledgers, full.findings, count, NotRead(), reasons)

    def _to_check(self) -> tuple[int, int]:
        """How many ledgers and entries there are about, which a damaged file need not show."""
        try:
            with self._session.reading() as connection:
                tops = connection.execute(select(head.c.seq)).scalars().all()
        except StoreError:
            return 0, 0
        return len(tops), sum(seq for seq in tops if isinstance(seq, int))

    def heads(self) -> list[LedgerState]:
        """The head of each ledger of the store; nothing is checked."""
        with self._session.reading() as connection:
            tops = connection.execute(select(head).order_by(head.c.college)).all()
        return [LedgerState(ledger_name(top.college, top.epoch), top.seq, top.hash) for top in tops]

    def log(
        self, tag: str | None = None, last: int | None = None, college: str | None = None
    ) -> list[LogLine]:
        """A college's entries in words, oldest first; with `tag`, only those about that bare tag.

        `last` limits them to the newest; `college` is this session's when None.

        Raises:
            Refused: `not_yours`, for another college's, unless this is ESP.
        """
        whose = self._readable(college)
        with self._session.reading() as connection:
            return log(connection, whose, tag, last)

    def log_page(
        self,
        tag: str | None = None,
        after: str | None = None,
        limit: int = PAGE,
        college: str | None = None,
    ) -> Page[LogLine]:
        """A page of a college's entries in words, oldest first.

        Args:
            tag: only those about this bare tag; None for all.
            after: the `next` of the page before.
            limit: the most entries.
            college: whose; this session's when None.

        Raises:
            Refused: `not_yours`, for another college's, unless this is ESP.
            BadInput: `bad_cursor`.
        """
        whose = self._readable(college)
        with self._session.reading() as connection:
            return page_of_log(connection, whose, tag, after, limit)

    def _readable(self, college: str | None) -> str:
        whose = college or self._session.college
        if whose != self._session.college and not self._session.is_national:
            raise Refused(
                "not_yours",
                f"Only {whose!r} and ESP can read that college's ledger.",
                "Leave out the college to read your own.",
            )
        return whose


def _verify(
    live: Connection,
    replayed: Connection,
    progress: Progress,
    beside: Workers | None,
    memory: "_Memory | None",
) -> Verification:
    insist_on_one_place(live)
    total = live.execute(select(func.count()).select_from(entry)).scalar_one()
    tops = live.execute(select(head.c.college, head.c.seq).order_by(head.c.college)).all()
    done = 0

    def tick(more: int) -> None:
        nonlocal done
        done += more
        progress(done, total)

    checked: dict[str, CheckedLedger] = {}
    longest = sorted(tops, key=lambda top: -top.seq if isinstance(top.seq, int) else 0)
    parts = memory.parts([top.college for top in tops]) if memory is not None else {}
    left: list[Task] = [
        (_THE_FILE, None),
        *[(top.college, parts.get(top.college)) for top in longest],
    ]
    if beside is not None:
        left = beside.do(left, tick, checked.__setitem__)
    checker = Checker(live, replayed)
    for each, part in left:
        checked[each] = checker.check(each, tick, part)
    findings = [*checked[_THE_FILE].findings, *strays(live), *owners(live), *settings(live)]
    for top in tops:
        findings += checked[top.college].findings
    findings += _unguarded(live)
    if memory is not None:
        findings += memory.misfits(memory.find(live))
        if not findings:
            memory.save([each.made for each in checked.values() if each.made is not None])
    progress(total, total)
    states = tuple(state for top in tops for state in checked[top.college].states)
    return Verification(not findings, states, tuple(findings[:_MOST_FINDINGS]))


@dataclass(frozen=True, slots=True)
class CheckedLedger:
    """What came of checking a ledger, or of the integrity check of the file, which has no state."""

    findings: tuple[LedgerProblem, ...]
    states: tuple[LedgerState, ...] = ()
    made: Checkpoint | None = None
    """A checkpoint that is not sealed yet, when its tables were to be kept."""


class Checker:
    """Checks ledgers of a store, each in a scratch store that is empty before and after."""

    def __init__(self, live: Connection, replayed: Connection) -> None:
        """`live` is a transaction on the store or its copy, `replayed` one on a new scratch store.

        Where the store is a SQLite file, `replayed` sees it as `live`.
        """
        self._live, self._replayed = live, replayed
        replayed.exec_driver_sql(f"PRAGMA cache_size = -{_SCRATCH_KIB}")
        only_replayed(replayed)
        replayed.commit()
        self._empty = sqlite3.connect(":memory:")
        driver_of(replayed).backup(self._empty)

    def check(
        self, college: str, tick: Callable[[int], None], part: Path | None = None
    ) -> CheckedLedger:
        """Check and replay a college's ledger, and compare its rows.

        Args:
            college: whose ledger; `_THE_FILE` has SQLite check its file instead.
            tick: called from time to time with how many entries more are done.
            part: a new file for the register that was replayed, if nothing was found.
        """
        live, replayed = self._live, self._replayed
        if college == _THE_FILE:
            return CheckedLedger(tuple(_integrity(live)))
        try:
            with collecting_rarely():
                return self._check(live, replayed, college, tick, part)
        finally:
            _roll_back(replayed)
            if part is not None:  # what was kept was committed
                self._empty.backup(driver_of(replayed))

    @staticmethod
    def _check(
        live: Connection,
        replayed: Connection,
        college: str,
        tick: Callable[[int], None],
        part: Path | None,
    ) -> CheckedLedger:
        walk = Walk(college, live, replayed)
        top = live.execute(select(head).where(head.c.college == college)).one()
        for rows in portions_of(live, college):
            walk.take(rows)
            tick(len(rows))
        walk.end(top)
        findings = walk.findings + lost_entries(live, college)
        if top.own and _sees_people(live, college):
            findings += people(live, walk)
        if not walk.broken:
            findings += differences(live, replayed, college)
        state = LedgerState(ledger_name(college, walk.epoch), walk.count, walk.hash)
        made = _kept(walk, replayed, part) if part is not None and not findings else None
        return CheckedLedger(tuple(findings), (state,), made)


@dataclass(frozen=True, slots=True)
class CheckLedgers:
    """The job of a worker that checks ledgers of a copy."""

    copy: SharedCopy

    @contextmanager
    def opened(self) -> Iterator[Callable[[Task, Tick], CheckedLedger]]:
        """Open the copy, which is read when the first ledger is checked."""
        scratch = scratch_store(on_disk=True)
        with (
            scratch.engine.connect() as replayed,
            shared_copy(self.copy, replayed) as begin,
            ExitStack() as reading,
        ):
            checkers: list[Checker] = []

            def check(task: Task, tick: Tick) -> CheckedLedger:
                if not checkers:
                    checkers.append(Checker(reading.enter_context(begin()), replayed))
                college, part = task
                return checkers[0].check(college, tick, part)

            yield check


def _roll_back(scratch: Connection) -> None:
    """Roll back what was replayed, most of it by statements that SQLAlchemy does not see."""
    scratch.rollback()
    driver_of(scratch).rollback()


def _kept(walk: "Walk", replayed: Connection, part: Path) -> Checkpoint | None:
    """Keep the replayed register in a file; gives what a checkpoint has of it, without a seal."""
    rows = sum(_counts(replayed, walk.college).values())
    try:
        tables = keep_tables(replayed, part)
    except (OSError, sqlite3.Error):  # the check itself needs none
        return None
    return Checkpoint(
        college=walk.college,
        epoch=walk.epoch,
        seq=walk.seq,
        hash=walk.hash,
        at=walk.at,
        entries=walk.count,
        tables=tables,
        rows=rows,
        checked="",
        program=PROGRAM,
    )


_COUNTED = text(
    " UNION ALL ".join(
        f"SELECT '{each.name}', count(*) FROM {each.name} WHERE college = :c"  # noqa: S608
        for each in REGISTER_TABLES
    )
)


def _counts(connection: Connection, college: str) -> dict[str, int]:
    """How many rows a college has in each table of the register."""
    return {row[0]: row[1] for row in connection.execute(_COUNTED, {"c": college})}


Found = Mapping[str, Checkpoint | Unusable]


class _Memory:
    """The checkpoints of a session's store, as a check uses and leaves them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept = Checkpoints(session.store)
        self._parts: dict[str, Path] = {}

    def find(self, live: Connection) -> Found:
        """For each ledger its checkpoint, or why there is none that can be used."""
        key = store_key(live, self._session.college)
        tops = live.execute(select(head).order_by(head.c.college)).all()
        return {
            top.college: self._kept.find(live, top.college, (top.epoch, top.seq), key)
            for top in tops
        }

    def misfits(self, found: Found) -> list[LedgerProblem]:
        """The findings about checkpoints that do not fit."""
        return [
            LedgerProblem(
                "checkpoint_differs",
                college,
                0,
                f"The checkpoint does not fit: {each.reason}. If you know why, delete the file.",
            )
            for college, each in found.items()
            if isinstance(each, Unusable) and each.differs
        ]

    def parts(self, colleges: Iterable[str]) -> dict[str, Path]:
        """New files for the registers of colleges; none where they cannot be written."""
        if self._kept.prepare():
            made = ((college, self._kept.part(college)) for college in colleges)
            self._parts |= {college: part for college, part in made if part is not None}
        return dict(self._parts)

    def load(self, found: Checkpoint, into: Connection) -> None:
        """Put the tables of a checkpoint into a scratch store."""
        self._kept.load(found, into)

    def save(self, made: Iterable[Checkpoint]) -> None:
        """Seal and keep checkpoints. What cannot be kept is not: the next check reads it all."""
        session = self._session
        with suppress(KitloanError, OSError):
            key = made_key(session.store, session.college)
            now = instant(session.clock())
            for each in made:
                if key is None:
                    return
                whole = replace(each, checked=now).sealed(key)
                self._kept.save(whole, self._parts[each.college])

    def clear(self) -> None:
        """Delete files that were made for nothing."""
        self._kept.clear(self._parts.values())


def _new_entries(live: Connection, found: Found) -> int | None:
    """How many entries came since; None when not every ledger has a checkpoint that fits."""
    new = 0
    for each in found.values():
        if isinstance(each, Unusable):
            return None
        after = tuple_(entry.c.epoch, entry.c.seq) > tuple_(each.epoch, each.seq)
        counted = select(func.count()).select_from(entry)
        new += live.execute(counted.where(entry.c.college == each.college, after)).scalar_one()
    return new


def _verify_new(
    store: Store, live: Connection, memory: _Memory, found: Found, progress: Progress
) -> NewVerification:
    if store.is_sqlite:
        insist_on_rules(live, store.name)
    total = _new_entries(live, found) or 0
    known = [each for each in found.values() if isinstance(each, Checkpoint)]
    findings = [*strays(live), *owners(live), *settings(live)]
    parts = memory.parts(each.college for each in known)
    states: list[LedgerState] = []
    made: list[Checkpoint] = []
    rows = sum(each.rows for each in known)
    scratch = scratch_store(on_disk=True)
    try:
        with scratch.engine.connect() as replayed:
            checker = _NewChecker(live, replayed, memory)
            done = 0
            for each in known:
                checked = checker.check(each, parts.get(each.college))
                findings += checked.findings
                states += checked.states
                made += [checked.made] if checked.made is not None else []
                done += checked.states[0].entries - each.entries
                progress(done, total)
        findings += _unguarded(live)
    finally:
        scratch.close()
        if findings:
            memory.clear()
    since = min((each.checked for each in known), default=None)
    not_read = NotRead(sum(each.entries for each in known), rows - checker.compared, since)
    # What nobody may have to wait for, and a write: the caller's transaction is over by then.
    verdict = NewVerification(
        not findings, tuple(states), tuple(findings[:_MOST_FINDINGS]), total, not_read
    )
    if not findings:
        memory.save(made)
    memory.clear()
    return verdict


class _NewChecker:
    """Checks what came to ledgers since their checkpoints.

    Attributes:
        compared: how many rows that were there before were compared.
    """

    def __init__(self, live: Connection, replayed: Connection, memory: _Memory) -> None:
        self._live, self._replayed, self._memory = live, replayed, memory
        replayed.exec_driver_sql(f"PRAGMA cache_size = -{_SCRATCH_KIB}")
        self._watching = False
        self.compared = 0

    def check(self, found: Checkpoint, part: Path | None) -> CheckedLedger:
        """Check, replay and compare what is new of one ledger."""
        live, replayed, college = self._live, self._replayed, found.college
        walk = Walk(college, live, replayed, found)
        top = live.execute(select(head).where(head.c.college == college)).one()
        state = LedgerState(ledger_name(college, walk.epoch), walk.count, walk.hash)
        if (top.epoch, top.seq, top.hash, top.at) == (walk.epoch, walk.seq, walk.hash, walk.at):
            return CheckedLedger((), (state,))
        self._memory.load(found, replayed)
        self._watch()
        for each in REGISTER_TABLES:  # what was kept was committed, with the notes about it
            replayed.exec_driver_sql(f"DELETE FROM {_WRITTEN}{each.name}")  # noqa: S608
        try:
            for rows in portions_of(live, college, after=(found.epoch, found.seq)):
                walk.take(rows)
            walk.end(top)
            findings = list(walk.findings)
            if not walk.broken:
                findings += self._differences(college)
            state = LedgerState(ledger_name(college, walk.epoch), walk.count, walk.hash)
            made = _kept(walk, replayed, part) if part is not None and not findings else None
            return CheckedLedger(tuple(findings), (state,), made)
        finally:
            _roll_back(replayed)

    def _watch(self) -> None:
        """Have SQLite note the keys of the rows that replaying writes."""
        if self._watching:
            return
        self._watching = True
        for each in REGISTER_TABLES:
            keys = [f'"{column.name}"' for column in each.primary_key]
            self._replayed.exec_driver_sql(
                f"CREATE TEMP TABLE {_WRITTEN}{each.name} ({', '.join(keys)})"
            )
            for when, side in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
                values = ", ".join(f"{side}.{key}" for key in keys)
                note = f"INSERT INTO {_WRITTEN}{each.name} VALUES ({values})"  # noqa: S608
                trigger = f"{_WRITTEN}{each.name}_{when} AFTER {when} ON main.{each.name}"
                self._replayed.exec_driver_sql(f"CREATE TEMP TRIGGER {trigger} BEGIN {note}; END")
        self._replayed.commit()

    def _differences(self, college: str) -> list[LedgerProblem]:
        here, right = (_counts(side, college) for side in (self._live, self._replayed))
        return [
            LedgerProblem("register_differs", college, 0, f"Table {each.name}: {words}.")
            for each in REGISTER_TABLES
            for words in self._of_table(each, college, as_many=here[each.name] == right[each.name])
        ]

    def _of_table(self, each: Table, college: str, *, as_many: bool) -> Iterable[str]:
        live, replayed = self._live, self._replayed
        keys = replayed.exec_driver_sql(
            f"SELECT DISTINCT * FROM {_WRITTEN}{each.name}"  # noqa: S608  # our own names
        ).all()
        before = self.compared
        same = as_many
        for some in batched([tuple(key)[1:] for key in keys]):
            ours, right = (_rows_of(each, side, college, some) for side in (live, replayed))
            self.compared += len(right)
            same = same and ours == right
        if same:
            return ()
        self.compared = before
        return list(_in_step(each, live, replayed, college)) or (
            "its rows are not what the ledger makes",
        )


def batched(keys: list[Any]) -> Iterator[list[Any]]:
    """Keys, some hundreds at a time."""
    for start in range(0, len(keys), STEP):
        yield keys[start : start + STEP]


def _rows_of(
    each: Table, connection: Connection, college: str, keys: list[tuple[Any, ...]]
) -> set[tuple[Any, ...]]:
    """The rows of a table with these keys, after the college."""
    _, *columns = each.primary_key
    wanted = select(each).where(each.c.college == college)
    if len(columns) == 1:
        wanted = wanted.where(columns[0].in_([key[0] for key in keys]))
    elif columns:
        wanted = wanted.where(tuple_(*columns).in_(keys))
    return {tuple(row) for row in connection.execute(wanted)}


def _silent(_done: int, _total: int) -> None:
    return None


def _integrity(live: Connection) -> list[LedgerProblem]:
    """The findings of SQLite's own integrity check."""
    if live.dialect.name != "sqlite":
        return []
    lines = live.exec_driver_sql("PRAGMA integrity_check(20)").scalars().all()
    return [LedgerProblem("file_damaged", "", 0, str(line)) for line in lines if line != "ok"]


def _unguarded(live: Connection) -> list[LedgerProblem]:
    """Rules of the database that are gone or changed; wrong rows may have come in since."""
    if live.dialect.name == "postgresql":
        problems = list(wrong_rules(live))
    else:
        problems = [rule_is_gone(name) for name in missing_rules(live)]
    return [LedgerProblem("unguarded", "", 0, words) for words in problems]


def strays(live: Connection) -> list[LedgerProblem]:
    """Rows of colleges without a ledger here, which cannot be replayed."""
    tables = (entry, lost, twin, table(PinnedKey), *REGISTER_TABLES)
    return [
        LedgerProblem(
            "no_ledger", row[0], 0, f"Table {each.name} has rows of {row[0]!r}, without a ledger."
        )
        for each in with_rows(live, tables)
        for row in live.execute(text(_COLLEGES_OF.format(each.name)))
    ]


def with_rows(connection: Connection, tables: Iterable[Table], college: str = "") -> list[Table]:
    """The tables that have rows, of this college if one is given.

    One statement for all of them: most tables of most colleges are empty, and a server takes longer
    to be asked than to answer.
    """
    of = " WHERE college = :c" if college else ""
    by_name = {each.name: each for each in tables}
    asked = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name}{of})"  # noqa: S608  # our own names
        for name in by_name
    )
    found = connection.execute(text(asked), {"c": college} if college else {})
    return [by_name[name] for name in found.scalars()]


_COLLEGES_OF = """
WITH RECURSIVE found (college) AS (
    SELECT min(college) FROM {0}
    UNION ALL
    SELECT (SELECT min(o.college) FROM {0} AS o WHERE o.college > found.college)
    FROM found WHERE found.college IS NOT NULL
)
SELECT college FROM found
WHERE college IS NOT NULL AND college NOT IN (SELECT college FROM ledger_head)
"""
"""Which colleges have rows: one look into the index for each, where DISTINCT would walk it."""


def differences(live: Connection, replayed: Connection, college: str) -> list[LedgerProblem]:
    """Rows of the register that differ from what the ledger makes."""
    used = {
        each.name
        for connection in (live, replayed)
        for each in with_rows(connection, REGISTER_TABLES, college)
    }
    return [
        LedgerProblem("register_differs", college, 0, f"Table {each.name}: {words}.")
        for each in REGISTER_TABLES
        if each.name in used
        for words in _row_differences(each, live, replayed, college)
    ]


def _row_differences(
    each: Table, live: Connection, replayed: Connection, college: str
) -> Iterable[str]:
    """The differences between a college's rows of a table, in words."""
    if live.dialect.name != "sqlite":
        return _in_step(each, live, replayed, college)
    if not _differ(each, replayed, college):
        return ()
    # A stored 5 for true, for example, differs and is read as the same.
    return list(_in_step(each, live, replayed, college)) or (
        "a value is stored in a form that the ledger does not make",
    )


def _differ(each: Table, replayed: Connection, college: str) -> bool:
    """Whether SQLite finds a row in one file that the other does not have."""
    mine, theirs = f"main.{each.name} AS mine", f"live.{each.name} AS theirs"  # our own names
    numbers = " <> ".join(
        f"(SELECT count(*) FROM {place}.{each.name} WHERE college = :c)"  # noqa: S608
        for place in ("main", "live")
    )
    keys = {column.name for column in each.primary_key}
    same = " AND ".join(
        f'theirs."{name}" {"=" if name in keys else "IS"} mine."{name}"'
        for name in each.columns.keys()  # noqa: SIM118  # columns are not their names
    )
    # Rows of a table are all different. So as many, of which none is missing, are the same.
    missing = (
        f"SELECT 1 FROM {mine} WHERE mine.college = :c"  # noqa: S608
        f" AND NOT EXISTS (SELECT 1 FROM {theirs} WHERE {same}) LIMIT 1"
    )
    here = {"c": college}
    return bool(
        replayed.execute(text(f"SELECT {numbers}"), here).scalar()
        or replayed.execute(text(missing), here).first()
    )


def _in_step(each: Table, live: Connection, replayed: Connection, college: str) -> Iterator[str]:
    """The differences row by row, from both sides in the order of their keys."""
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
    """The key by which rows are ordered; in a damaged SQLite file, values may have any type."""
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
    for row in connection.execute(wanted.execution_options(yield_per=STEP)):
        yield dict(row._mapping)


def lost_entries(live: Connection, college: str) -> list[LedgerProblem]:
    """Problems with the entries of branches that do not count."""
    wrong: list[LedgerProblem] = []
    apart, follow_on = {GENESIS}, []
    wanted = (
        select(lost_rows)
        .where(lost_rows.c.college == college)
        .order_by(lost_rows.c.epoch, lost_rows.c.seq)
    )
    for row in live.execute(wanted.execution_options(yield_per=STEP)):
        ledger = ledger_name(college, row.epoch)
        apart.add(row.hash)
        try:
            read = parse(row.body if isinstance(row.body, str) else "")
        except ValidationError:
            wrong.append(_found("unreadable", ledger, row.seq, "cannot be read"))
            continue
        except NotCanonical:
            as_sealed = seal(row.body) == row.hash
            wrong.append(
                _found("not_canonical", ledger, row.seq, NOT_CANONICAL)
                if as_sealed
                else _found("altered", ledger, row.seq, ALTERED)
            )
            continue
        if seal(row.body) != row.hash:
            wrong.append(_found("altered", ledger, row.seq, ALTERED))
        else:
            follow_on.append((ledger, row.seq, read.prev))
        if (read.ledger, read.seq) != (ledger, row.seq):
            wrong.append(
                _found(
                    "misfiled", ledger, row.seq, "is stored under another number than its text has"
                )
            )
    ends = _merged(live, college)
    known = apart | _on_main(live, college, {*ends, *(prev for *_, prev in follow_on)} - apart)
    wrong += [
        _found("broken_chain", ledger, seq, "does not follow on any entry here")
        for ledger, seq, prev in follow_on
        if prev not in known
    ]
    return wrong + [
        LedgerProblem(
            "cut_short",
            college,
            0,
            f"The last entry of a merged file, {str(end)[:16]}, is gone.",
        )
        for end in sorted(ends - known, key=str)
    ]


def _found(code: str, ledger: str, seq: int, words: str) -> LedgerProblem:
    return LedgerProblem(code, ledger, seq, f"Lost entry {seq} {words}.")


def _merged(live: Connection, college: str) -> set[str]:
    """The last entries of merged files, as `kitloan.exchange.merging` remembers them.

    In a shared database each college remembers its own files, and sees no other's.
    """
    kept = (setting.c.college == college, setting.c.name.startswith("merged "))
    return set(live.execute(select(setting.c.value).where(*kept)).scalars())


def _on_main(live: Connection, college: str, digests: set[str]) -> set[str]:
    """Which of these entries are on the branch that counts; each query reads the whole branch."""
    found: set[str] = set()
    for some in _portions(digests):
        wanted = select(entry.c.hash).where(entry.c.college == college, entry.c.hash.in_(some))
        found.update(live.execute(wanted).scalars())
    return found


def _portions(digests: Iterable[str]) -> Iterator[list[str]]:
    left = iter(digests)
    while some := list(islice(left, STEP)):
        yield some


def owners(live: Connection) -> list[LedgerProblem]:
    """A finding unless a SQLite store belongs to exactly one college."""
    if live.dialect.name != "sqlite":
        return []
    own = live.execute(select(head.c.college).where(head.c.own).order_by(head.c.college))
    names = own.scalars().all()
    if len(names) == 1:
        return []
    whose = ", ".join(map(repr, names)) or "no college"
    words = f"The store must belong to one college, and belongs to {whose}."
    return [LedgerProblem("owner_unclear", "", 0, words)]


def settings(live: Connection) -> list[LedgerProblem]:
    """Settings and keys with a value that kitloan never writes."""
    rows = live.execute(select(setting).order_by(setting.c.college, setting.c.name))
    wrong = [
        LedgerProblem(
            "setting_damaged", str(row.college), 0, f"Setting {row.name!r} cannot be read."
        )
        for row in rows
        if not is_readable(row.name, row.value)
    ]
    keys = live.execute(select(pinned).order_by(pinned.c.college, pinned.c.key))
    return wrong + [
        LedgerProblem("key_damaged", str(row.college), 0, "A pinned key is not a valid key.")
        for row in keys
        if not _KEY.fullmatch(str(row.key))
    ]


def _sees_people(live: Connection, college: str) -> bool:
    """Whether this login may read a college's people, which row security keeps from all others."""
    if live.dialect.name != "postgresql":
        return True
    closed = live.exec_driver_sql("SELECT row_security_active('contact')").scalar_one()
    login = live.exec_driver_sql("SELECT session_user::text").scalar_one()
    return not closed or login == login_of(college)


def people(live: Connection, walk: Walk) -> list[LedgerProblem]:
    """Rows about people that no entry of the store's own ledger explains, and missing ones."""
    return [LedgerProblem(code, walk.college, 0, words) for code, words in _people(live, walk)]


def _people(live: Connection, walk: Walk) -> Iterator[tuple[str, str]]:
    college = walk.college
    erasures = live.execute(
        select(func.count()).where(setting.c.college == college, setting.c.name == "erasures")
    ).scalar_one()
    there = {
        row.contact: row
        for row in live.execute(select(contact).where(contact.c.college == college))
    }
    remarks = live.execute(
        select(remark.c.remark, remark.c.tag, remark.c.contact).where(remark.c.college == college)
    ).all()
    tags = set(
        live.execute(select(entry.c.tag).where(entry.c.college == college).distinct()).scalars()
    )
    for row in there.values():
        if row.name_key != fold(row.name):
            yield "contact_differs", f"Contact {row.contact} is indexed under another name."
    for row in remarks:
        if row.tag and row.tag not in tags:  # without a tag, it is about a booking
            yield "remark_unknown", f"Remark {row.remark} is about a tag that no entry names."
        if row.contact is not None and row.contact not in there:
            yield "contact_missing", f"Remark {row.remark} names a contact that is not on file."
    if erasures:  # an erased person's remarks could have explained other rows
        return
    named = walk.contacts | {row.contact for row in remarks} | _named_apart(live, college, there)
    entered = select(contact_change.c.contact).where(contact_change.c.college == college)
    named |= set(live.execute(entered).scalars())
    for gone in sorted(walk.contacts - there.keys()):
        yield (
            "contact_missing",
            f"Contact {gone} is missing: an entry names them, and nobody was erased.",
        )
    for more in sorted(there.keys() - named):
        yield "contact_unknown", f"No entry and no remark names contact {more}."


def _named_apart(live: Connection, college: str, wanted: Collection[str]) -> set[str]:
    """The contacts named by entries that a restored backup had lost."""
    bodies = live.execute(select(APART.c.body).where(APART.c.college == college)).scalars()
    return {each for body in bodies for each in wanted if f'"{each}"' in str(body)}
