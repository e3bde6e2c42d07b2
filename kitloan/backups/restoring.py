"""Restoring a backup: check it, show what would be lost, and put it in the place of the store.

`restoring` copies and checks the backup; `Restoration.carry_out` begins a new epoch in the copy and
puts it in place. The target is a SQLite file, which may be sound, damaged or gone, or a shared
PostgreSQL. A sound file is locked while it is replaced, so nothing is written in between. A desk
that has the old file open cannot write to it afterwards: SQLite checks under its write lock that
the file still has its name, and refuses (`replaced` in `kitloan.storage.faults`).
"""

import os
import shutil
import sqlite3
import sys
import tempfile
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from sqlalchemy import Connection, func, select

from kitloan.backups import CheckedCopy, about_file, check_copy, copy_ledgers, owned
from kitloan.backups.upgrading import up_to_date, upgrade_copy
from kitloan.errors import BadInput, Refused, StoreError, no_such_file
from kitloan.history.verify import LedgerState, Progress
from kitloan.ledger.epochs import LAST_EPOCH, college_of, ledger_name, without_jumps
from kitloan.ledger.session import ESP
from kitloan.ledger.writer import begin, head_of, resume
from kitloan.queries.history import LogLine, log
from kitloan.storage.faults import translated
from kitloan.storage.files import WORKING
from kitloan.storage.places import college_in, is_url
from kitloan.storage.schema import OLDEST
from kitloan.storage.side_files import clear_folders, forget_checkpoints, kept_file
from kitloan.storage.store import Store, create_store, open_store
from kitloan.tables import LedgerEntry, LedgerHead, table
from kitloan.text.dates import Clock, in_scotland, system_clock

entry = table(LedgerEntry)
head = table(LedgerHead)

_WORDS_OF = 5
_BEYOND_OPENING = ("damaged", "not_a_store", "unsafe_store")


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """Which backup to restore, to which place, and who asks for it."""

    file: Path
    place: str
    actor: str
    clock: Clock = system_clock


@dataclass(frozen=True, slots=True)
class Lost:
    """The entries of one ledger that the backup does not have: how many, and since when."""

    ledger: str
    entries: int
    since: str


@dataclass(frozen=True, slots=True)
class Loss:
    """What a restore would lose.

    Attributes:
        present: whether the present store is `whole`, `damaged` (then the loss is not known) or
            `absent`.
        trouble: what is wrong with a damaged store.
        ledgers: what each ledger would lose; those that lose nothing are left out.
        last: the last few of the lost entries of the store's own ledger.
    """

    present: Literal["whole", "damaged", "absent"]
    trouble: str = ""
    ledgers: tuple[Lost, ...] = ()
    last: tuple[LogLine, ...] = ()

    @property
    def entries(self) -> int:
        """How many entries would be lost in all."""
        return sum(each.entries for each in self.ledgers)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: from which file, to which store and ledger, and where the old store is."""

    file: str
    store: str
    ledger: str
    entries_lost: int
    kept: str | None
    ledgers: tuple[LedgerState, ...]


class Target:
    """The place where a backup is restored."""

    name: str
    loss: Loss
    epochs: tuple[int, ...] = ()
    """The epochs of the present ledger."""

    def replace(self, copy: Path) -> Path | None:
        """Put the resumed copy in place; gives where the previous store is kept."""
        raise NotImplementedError

    def close(self) -> None:
        """Close what is open."""


class Restoration:
    """A backup that was checked and can be restored now.

    Attributes:
        loss: what would be lost.
        proof: what the backup holds.
    """

    def __init__(
        self, request: RestoreRequest, copy: Path, proof: CheckedCopy, target: Target
    ) -> None:
        self._request = request
        self._copy = copy
        self._target = target
        self.proof = proof
        self.loss = target.loss

    def carry_out(self) -> Restored:
        """Resume the backup's ledger in a new epoch, and put it in place.

        Raises:
            Refused: `changed_meanwhile`, `in_use`, `college_is_there`, `epochs_used_up`.
            StoreError: `busy`, `full`, ...
        """
        request = self._request
        with translated(str(request.file)):
            place, epoch = self._with_a_number_left()
        copy = open_store(str(place))
        try:
            resume(copy, self.proof.college, request.actor, request.clock, epoch)
        except StoreError as problem:
            raise about_file(problem, place, f"The copy of {request.file}") from problem
        finally:
            copy.close()
        kept = self._target.replace(place)
        return Restored(
            str(request.file),
            self._target.name,
            ledger_name(self.proof.college, epoch),
            self.loss.entries,
            str(kept) if kept else None,
            self.proof.ledgers,
        )

    def _with_a_number_left(self) -> tuple[Path, int]:
        """The copy, and the number of its next epoch.

        With release 0.2.0 a file from elsewhere could push the number past the last one. Then the
        epochs that jumped are renumbered in a copy of the copy, and no entry is lost.
        """
        college = self.proof.college
        copy = open_store(str(self._copy))
        try:
            with copy.read() as source:
                epochs = epochs_in(source, college)
                highest = max([*epochs, *self._target.epochs])
                if highest < LAST_EPOCH:
                    return self._copy, highest + 1
                numbers = without_jumps(epochs)
                place = self._copy.with_name("renumbered.sqlite")
                colleges = [college_of(each.ledger) for each in self.proof.ledgers]
                renumbered = create_store(str(new_file(place)))
                try:
                    with renumbered.write() as target:
                        copy_ledgers(source, target, colleges, renumbered={college: numbers})
                finally:
                    renumbered.close()
        finally:
            copy.close()
        check_copy(place, f"The copy of {self._request.file}")
        theirs = without_jumps(self._target.epochs)
        return place, max([*numbers.values(), *theirs.values()]) + 1


@contextmanager
def restoring(request: RestoreRequest, progress: Progress | None = None) -> Iterator[Restoration]:
    """Check a backup, and find out what restoring it would lose; nothing is changed yet.

    Args:
        request: the backup, the path or PostgreSQL URL of the store, and who is on record.
        progress: called with how many entries of the backup are checked, of how many.

    Raises:
        BadInput: `no_such_file`, `same_file`.
        StoreError: `damaged`, `not_a_store`, `newer_store`, ...: for the backup, or the store.
        Refused: `another_college`, `college_is_there`.
    """
    store_file = _store_file(request.place)
    _must_be_a_file(request.file, store_file)
    with _scratch(store_file.parent if store_file else None) as folder:
        copy = folder / "restored.sqlite"
        _copy_of(request.file, copy)
        try:
            upgrade_copy(copy)
        except StoreError as problem:
            raise about_file(problem, copy, str(request.file)) from problem
        proof = check_copy(copy, str(request.file), progress)
        target = (
            ServerTarget(request, proof)
            if store_file is None
            else FileTarget(request, store_file, proof, copy)
        )
        try:
            yield Restoration(request, copy, proof, target)
        finally:
            target.close()


def _store_file(place: str) -> Path | None:
    """The store's file; None when it is on a server."""
    if is_url(place):
        return None
    if "://" in place:
        open_store(place)  # which refuses it, and shows no password
    return Path(place).resolve()


def _must_be_a_file(file: Path, store_file: Path | None) -> None:
    if not file.is_file():
        raise no_such_file(file)
    if store_file is not None and store_file.exists() and file.samefile(store_file):
        raise BadInput(
            "same_file", f"{file} is the store itself.", "Name a backup of it.", file=str(file)
        )


@contextmanager
def _scratch(parent: Path | None) -> Iterator[Path]:
    """A folder of our own on the store's disk; folders that killed restores left are deleted."""
    with translated(str(parent)):
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
            clear_folders(parent)
        folder = tempfile.TemporaryDirectory(prefix=f"{WORKING}restore-", dir=parent)
    with folder as name:
        yield Path(name)


def _copy_of(file: Path, copy: Path) -> None:
    """Copy a backup, which may be on a disk that cannot be written to."""
    address = "file:" + quote(file.absolute().as_posix(), safe="/:") + "?mode=ro"
    with translated(str(file)):
        source, target = sqlite3.connect(address, uri=True), sqlite3.connect(new_file(copy))
        try:
            source.backup(target, pages=4096, progress=lambda *_: None)
        finally:
            target.close()
            source.close()


class FileTarget(Target):
    """A SQLite store, which may be whole, damaged or gone."""

    def __init__(self, request: RestoreRequest, path: Path, proof: CheckedCopy, copy: Path) -> None:
        self.name = str(path)
        self._request = request
        self._path = path
        self._store: Store | None = None
        self._heads: list[tuple[str, int, str]] = []
        try:
            self._store = open_store(self.name, oldest=OLDEST)  # it is only read
            self._look(self._store, proof, copy)
        except StoreError as problem:
            self.close()
            if problem.code == "no_store":
                self.loss = Loss("absent")
            elif problem.code in _BEYOND_OPENING and path.is_file():
                self._store = None
                self.loss = Loss("damaged", problem.message)
            else:
                raise
        except Refused:
            self.close()
            raise

    def _look(self, store: Store, proof: CheckedCopy, copy: Path) -> None:
        """Find out whose store it is, and which of its entries the backup does not have."""
        owner = owned(store)
        if owner is not None and owner != proof.college:
            raise _another(self._request.file, proof.college, owner)
        backup = open_store(str(copy))
        try:
            with store.read() as present, backup.read() as past:
                self._heads = _heads(present)
                self.epochs = epochs_in(present, proof.college)
                self.loss = _loss(present, past, proof.college)
        finally:
            backup.close()

    def close(self) -> None:
        """Close the store's connections."""
        if self._store is not None:
            self._store.close()

    def replace(self, copy: Path) -> Path | None:
        """Keep the present file under another name, and give the copy its name."""
        moment = in_scotland(self._request.clock())
        kept = kept_file(self._path, f"{moment:%Y%m%d-%H%M%S}")
        with translated(self.name), _in_use_elsewhere(self.name):
            forget_checkpoints(self._path.absolute())  # of entries that the backup may not have
            if self._store is not None:
                self._replace_whole(self._store, copy, kept)
                return kept
            was_there = self._path.exists()
            if was_there == (self.loss.present == "absent"):
                raise _changed(self.name)
            for journal in (
                "-journal",
                "-wal",
                "-shm",
            ):  # otherwise SQLite would replay it into the copy
                with suppress(FileNotFoundError):
                    Path(self.name + journal).rename(f"{kept}{journal}")
            if was_there:
                _keep(self._path, kept, copy.with_name("kept.sqlite"))
            copy.replace(self._path)
        return kept if was_there else None

    def _replace_whole(self, store: Store, copy: Path, kept: Path) -> None:
        with store.write() as connection:  # nobody else can write until it ends
            if _heads(connection) != self._heads:
                raise _changed(self.name)
            spare = new_file(copy.with_name("kept.sqlite"))
            store.copy_to(spare)
            spare.rename(kept)
            if sys.platform != "win32":
                copy.replace(self._path)
        store.close()
        if sys.platform == "win32":  # which replaces no file that is open, also not by ourselves
            copy.replace(self._path)


@contextmanager
def _in_use_elsewhere(name: str) -> Iterator[None]:
    """Refuse in plain words when Windows keeps a file that another program has open."""
    try:
        yield
    except PermissionError as problem:
        if sys.platform != "win32":
            raise
        raise Refused(
            "in_use",
            f"{name} is open in another program. Nothing was changed.",
            "Close the desks on every machine, then restore again.",
        ) from problem


def _changed(name: str) -> Refused:
    return Refused(
        "changed_meanwhile",
        f"Somebody wrote to {name} before the restore was confirmed. Nothing was changed.",
        "Restore again, and read what would be lost now.",
    )


def _keep(path: Path, kept: Path, spare: Path) -> None:
    """Keep a damaged file under a second name, read or unread."""
    try:
        os.link(path, kept)
    except OSError:  # a file system without second names
        shutil.copyfile(path, new_file(spare))
        spare.rename(kept)


def new_file(path: Path) -> Path:
    """A new file that only its owner can read."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    return path


def epochs_in(connection: Connection, college: str) -> tuple[int, ...]:
    """The numbers of a ledger's epochs, as its entries are filed."""
    numbers = select(entry.c.epoch).where(entry.c.college == college).distinct()
    return tuple(connection.execute(numbers).scalars())


def _heads(connection: Connection) -> list[tuple[str, int, str]]:
    rows = connection.execute(
        select(head.c.college, head.c.seq, head.c.hash).order_by(head.c.college)
    )
    return [(row.college, row.seq, row.hash) for row in rows]


def _loss(present: Connection, past: Connection, own: str) -> Loss:
    """What the present store has on record and the backup does not."""
    lost, last = [], []
    for college, seq, _ in _heads(present):
        shared = _shared(present, past, college, seq)
        count, since, ledger = _since(present, college, shared)
        if count:
            lost.append(Lost(ledger, count, since))
            if college == own:
                with suppress(ValueError, KeyError):  # an entry that cannot be read has no summary
                    last = log(present, college, None, min(count, _WORDS_OF))
    return Loss("whole", "", tuple(lost), tuple(last))


def _since(present: Connection, college: str, seq: int) -> tuple[int, str, str]:
    """How many entries follow number `seq`, when the first was, and the ledger's name."""
    count, since, epoch = present.execute(
        select(func.count(), func.min(entry.c.at), func.max(entry.c.epoch)).where(
            entry.c.college == college, entry.c.seq > seq
        )
    ).one()
    return count, since or "", ledger_name(college, epoch or 1)


def _shared(present: Connection, past: Connection, college: str, most: int) -> int:
    """How many entries both have; as hashes are chained, they agree up to one and never after."""

    def differs(seq: int) -> bool:
        wanted = select(entry.c.hash).where(entry.c.college == college, entry.c.seq == seq)
        ours, theirs = (side.execute(wanted).scalar() for side in (present, past))
        return ours is None or ours != theirs

    return bisect_left(range(1, most + 1), True, key=differs)


class ServerTarget(Target):
    """A shared PostgreSQL, to which only a college that it does not have can be restored.

    A college's copies of other ledgers are left out, because a shared database has the originals.
    ESP's copies are restored.
    """

    def __init__(self, request: RestoreRequest, proof: CheckedCopy) -> None:
        self.loss = Loss("absent")
        self._college = proof.college
        wanted = college_in(request.place) or os.environ.get("KITLOAN_COLLEGE")
        if wanted not in (None, proof.college):
            raise _another(request.file, proof.college, str(wanted))
        self._colleges = _to_restore(proof)
        self._store, _ = up_to_date(create_store, request.place)
        self.name = self._store.name
        try:
            with self._store.read() as connection:
                self._must_be_new(connection)
        except Refused:
            self.close()
            raise

    def close(self) -> None:
        """Close the store's connections."""
        self._store.close()

    def _must_be_new(self, connection: Connection) -> None:
        there = [college for college in self._colleges if head_of(connection, college) is not None]
        if there:
            raise Refused(
                "college_is_there",
                f"{self.name} has {', '.join(there)} already. On a server, a backup replaces no "
                "college.",
                "Restore the backup to a file: kitloan --store FILE restore BACKUP",
                colleges=there,
            )

    def replace(self, copy: Path) -> Path | None:
        """Write the copy's ledgers and people to the server, in one transaction."""
        backup = open_store(str(copy))
        try:
            with self._store.write() as target, backup.read() as source:
                self._must_be_new(target)
                for college in self._colleges:
                    if begin(target, college, own=college == self._college).seq:
                        raise _changed(self.name)  # two restores at once
                copy_ledgers(source, target, self._colleges)
        finally:
            backup.close()
        return None


def _to_restore(proof: CheckedCopy) -> list[str]:
    """The colleges whose ledgers are restored to a shared database."""
    ledgers = [college_of(each.ledger) for each in proof.ledgers]
    return ledgers if proof.college == ESP else [proof.college]


def _another(file: Path, college: str, theirs: str) -> Refused:
    return Refused(
        "another_college",
        f"{file} is a backup of {college!r}, and the store belongs to {theirs!r}.",
        f"Name a backup of {theirs!r}, or the store of {college!r} with --store.",
        backup=college,
        store=theirs,
    )
