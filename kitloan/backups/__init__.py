"""Backups: copies of a store that were opened, checked entry by entry, and replayed.

A SQLite store is copied as it is at one moment, while others go on writing. From a shared
PostgreSQL, one college is copied from one snapshot into a SQLite store of its own. Either way a
backup is an ordinary store, which kitloan of its version or a later one can open.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError
from sqlalchemy import Connection, Table, func, insert, or_, select

from kitloan.errors import BadInput, KitloanError, StoreError
from kitloan.history.verify import LedgerState, Progress, Verifier
from kitloan.ledger.entry import GENESIS, parse, read, seal
from kitloan.ledger.epochs import ledger_name
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Head, begin, move_head, record
from kitloan.storage.faults import driver_error, translated
from kitloan.storage.files import whole_file
from kitloan.storage.store import Store, create_store, open_store
from kitloan.tables import LedgerEntry, LedgerHead, table
from kitloan.tables.every import REGISTER_TABLES
from kitloan.text.dates import system_clock

entry, head = table(LedgerEntry), table(LedgerHead)

_MANY = 500


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was made and checked: its file, the ledgers in it, and its size in bytes."""

    file: str
    ledgers: tuple[LedgerState, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class CheckedCopy:
    """A copy that was checked: whose it is, and all the ledgers in it."""

    college: str
    ledgers: tuple[LedgerState, ...]


class Backups:
    """Makes backups of this session's store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def make(self, path: str | Path, progress: Progress | None = None) -> BackedUp:
        """Copy the store to a new file, which appears when the copy is checked.

        Args:
            path: the backup's file, readable by its owner alone; SQLite, whatever the store is.
            progress: called with how many entries are done, of how many.

        Raises:
            BadInput: `exists`, `same_file`, `cannot_write`.
            StoreError: `damaged`, when the copy fails the check; `full`, `busy`, ...
        """
        path, store = Path(path), self._session.store
        _must_be_new(path, store)
        with whole_file(path) as part:
            if store.is_sqlite:
                with translated(f"The copy of {store.name}"):
                    store.copy_to(part)
            else:
                self._copy_college(part, progress)
            room = Path(store.name).absolute().parent if store.is_sqlite else None
            proof = check_copy(part, f"The copy of {store.name}", progress, room)
        return BackedUp(str(path), proof.ledgers, path.stat().st_size)

    def _copy_college(self, part: Path, progress: Progress | None) -> None:
        """Copy this college from a shared database to a store of its own."""
        session = self._session
        copy = create_store(str(part))
        try:
            with session.reading() as live, copy.write() as target:
                copies = ~head.c.own if session.is_national else head.c.college == session.college
                wanted = select(head.c.college).where(
                    or_(head.c.college == session.college, copies)
                )
                colleges = live.execute(wanted.order_by(head.c.college)).scalars().all()
                copy_ledgers(live, target, colleges, progress)
                _must_agree(live, target, colleges)
        finally:
            copy.close()


def _must_be_new(path: Path, store: Store) -> None:
    if not path.exists():
        return
    if store.is_sqlite and path.samefile(store.name):
        raise BadInput(
            "same_file", f"{path} is the store itself.", "Name another file.", file=str(path)
        )
    raise BadInput(
        "exists",
        f"{path} exists already, and a backup replaces no file.",
        "Name a new file, for example with today's date in its name.",
        file=str(path),
    )


def check_copy(
    path: Path, called: str, progress: Progress | None = None, room: Path | None = None
) -> CheckedCopy:
    """Open a copy, check every ledger in it, replay it, and compare.

    Args:
        path: the copy; nobody else has it open.
        called: the copy's name in a refusal.
        progress: as for `Verifier.verify`.
        room: the folder to work in, because a memory stick may be too full or too slow.

    Raises:
        StoreError: `damaged`, with the findings in its details; `not_a_store`, `newer_store`, ...
    """
    try:
        store = open_store(str(path))
    except StoreError as problem:
        raise about_file(problem, path, called) from problem
    try:
        owner = owned(store)
        if owner is None:
            raise StoreError(
                "no_college",
                f"{called} has no college in it.",
                "Name a backup of a college's store.",
            )
        verdict = Verifier(Session(store, owner, "", system_clock)).verify(progress, room)
    except StoreError as problem:
        raise about_file(problem, path, called) from problem
    finally:
        store.close()
    if not verdict.ok:
        raise _damaged(called, [f"{each.ledger} {each.message}" for each in verdict.findings])
    return CheckedCopy(owner, verdict.ledgers)


def _damaged(called: str, findings: Sequence[str]) -> StoreError:
    return StoreError(
        "damaged",
        f"{called} is damaged: {findings[0].strip()}",
        "Use an older backup, and check the store with `kitloan ledger verify`.",
        findings=list(findings),
    )


def about_file(problem: StoreError, path: Path, called: str) -> StoreError:
    """The same error, about the file that people know instead of the copy at `path`."""
    details = {name: value for name, value in problem.details.items() if name != "store"}
    message = problem.message.replace(str(path), called)
    return StoreError(problem.code, message, problem.hint, **details)


def owned(store: Store) -> str | None:
    """The college that owns a SQLite store; None when it has none yet."""
    with store.read() as connection:
        college: str | None = connection.execute(select(head.c.college).where(head.c.own)).scalar()
    return college


def local_tables() -> list[Table]:
    """The tables that no ledger can rebuild: people, remarks, settings, keys."""
    ledger = {entry.name, head.name}
    made = {each.name for each in REGISTER_TABLES}
    return [
        each
        for each in entry.metadata.sorted_tables
        if each.name not in ledger and each.name not in made
    ]


def copy_ledgers(
    source: Connection,
    target: Connection,
    colleges: Sequence[str],
    progress: Progress | None = None,
    renumbered: Mapping[str, Mapping[int, int]] = MappingProxyType({}),
) -> None:
    """Copy colleges' ledgers, replayed, and their local rows to a store that does not have them.

    Args:
        source: the store to read.
        target: the store to write.
        colleges: whose ledgers.
        progress: called with how many entries are written, of how many.
        renumbered: by college, a new number for each epoch of its ledger. From the first epoch
            whose number changes, the entries are sealed again; their facts stay as they are.

    Raises:
        StoreError: `damaged`, when an entry cannot be read or applied.
    """
    wanted = entry.c.college.in_(colleges)
    total = source.execute(select(func.count()).select_from(entry).where(wanted)).scalar_one()
    done = 0
    tops = select(head).where(head.c.college.in_(colleges)).order_by(head.c.college)
    for top in source.execute(tops).all():
        begin(target, top.college, own=top.own)
        before = GENESIS
        rows = source.execute(
            select(entry.c.epoch, entry.c.seq, entry.c.body, entry.c.hash)
            .where(entry.c.college == top.college)
            .order_by(entry.c.epoch, entry.c.seq)
            .execution_options(yield_per=_MANY)
        )
        numbers = renumbered.get(top.college, {})
        changed = min((old for old, new in numbers.items() if old != new), default=None)
        last = Head(top.epoch, top.seq, top.hash, top.at)
        for row in rows:
            epoch, body, digest = row.epoch, row.body, row.hash
            if changed is not None and epoch >= changed:
                epoch = numbers[epoch]
                body = _moved(body, ledger_name(top.college, epoch), numbers, before)
                digest = seal(body)
                last = Head(epoch, row.seq, digest, top.at)
            _replay(target, top.college, epoch, row.seq, body, digest)
            before = digest
            done += 1
            if progress is not None and done % _MANY == 0:
                progress(done, total)
        move_head(target, top.college, last)
    for each in local_tables():
        rows = source.execute(
            select(each).where(each.c.college.in_(colleges)).execution_options(yield_per=_MANY)
        )
        for some in rows.partitions():
            target.execute(insert(each), [dict(row._mapping) for row in some])


def _moved(body: str, ledger: str, numbers: Mapping[int, int], before: str) -> str:
    """The body of an entry, moved to another epoch of its ledger, after the hash `before`."""
    sealed = json.loads(body)
    fact = sealed["fact"]
    if fact["kind"] == "ledger.resumed":
        fact["hash"] = before
    elif fact["kind"] == "entry.reversed":
        fact["epoch"] = numbers[fact["epoch"]]
    sealed |= {"ledger": ledger, "prev": before}
    return read(json.dumps(sealed)).body


def _replay(target: Connection, college: str, epoch: int, seq: int, body: str, digest: str) -> None:
    try:
        record(target, college, epoch, parse(body), body, digest)
    except Exception as problem:
        ours = isinstance(problem, (KitloanError, ValidationError))
        if not ours and driver_error(problem) is None:
            raise
        raise _damaged(f"The ledger of {college}", [f"entry {seq} cannot be applied."]) from problem


def _must_agree(live: Connection, copy: Connection, colleges: Sequence[str]) -> None:
    """Refuse a copy of which a table has more or fewer rows than the store's."""
    for each in (entry, *REGISTER_TABLES, *local_tables()):
        count = select(func.count()).select_from(each).where(each.c.college.in_(colleges))
        there, here = (side.execute(count).scalar_one() for side in (live, copy))
        if there != here:
            words = f"table {each.name} has {there:,} rows, and its ledger makes {here:,}."
            raise _damaged("The store", [words])
