"""Where a restored backup goes: a SQLite file, whole, damaged or gone; or a shared PostgreSQL.

A target says what would be lost, and puts the copy in place in one step. A file that is whole is
locked meanwhile, so nothing is written between its copy and its end. A desk that has the old file
open cannot write to it afterwards: SQLite looks, under its write lock, whether the file still bears
its name, and refuses (`replaced` in `kitloan.storage.faults`).
"""

import os
import shutil
import sqlite3
import tempfile
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from sqlalchemy import Connection, func, select

from kitloan.backups import Proved, owned, pour, proved, spoken_of
from kitloan.backups.upgrading import up_to_date, upgrade_copy
from kitloan.errors import BadInput, Refused, StoreError
from kitloan.ledger.epochs import LAST_EPOCH, college_of, ledger_name, without_jumps
from kitloan.ledger.session import ESP
from kitloan.ledger.writer import begin, head_of, resume
from kitloan.queries.history import LogLine, log
from kitloan.storage.faults import translated
from kitloan.storage.files import WORKING
from kitloan.storage.places import college_in, is_url
from kitloan.storage.schema import OLDEST
from kitloan.storage.side_files import clear_folders, kept_file
from kitloan.storage.store import Store, create_store, open_store
from kitloan.tables import LedgerEntry, LedgerHead, table
from kitloan.text.dates import Clock, in_scotland, system_clock
from kitloan.verify import LedgerState, Progress

entry = table(LedgerEntry)
head = table(LedgerHead)

_WORDS_OF = 5
_BEYOND_OPENING = ("damaged", "not_a_store", "unsafe_store")


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for which backup to be restored to where."""

    file: Path
    place: str
    actor: str
    clock: Clock = system_clock


@dataclass(frozen=True, slots=True)
class Lost:
    """Entries of one ledger that the backup does not have: how many, and since when."""

    ledger: str
    entries: int
    since: str


@dataclass(frozen=True, slots=True)
class Loss:
    """What a restore would lose.

    Attributes:
        present: whether the store that is there is `whole`, `damaged` (then nobody can tell what
            is lost) or `absent`.
        trouble: what is wrong with a damaged one.
        ledgers: what each ledger would lose; those that lose nothing are left out.
        last: the last few entries of the store's own ledger among them.
    """

    present: Literal["whole", "damaged", "absent"]
    trouble: str = ""
    ledgers: tuple[Lost, ...] = ()
    last: tuple[LogLine, ...] = ()

    @property
    def entries(self) -> int:
        """How many entries are lost in all."""
        return sum(each.entries for each in self.ledgers)


class Target:
    """Where a backup is to go."""

    name: str
    loss: Loss
    epochs: tuple[int, ...] = ()
    """The epochs of the ledger that is there."""

    def replace(self, copy: Path) -> Path | None:
        """Put the resumed copy in place; gives where the store that was there is kept."""
        raise NotImplementedError

    def close(self) -> None:
        """Give back what is open."""


class FileTarget(Target):
    """A SQLite store, which may be whole, damaged or gone."""

    def __init__(self, request: Request, path: Path, proof: Proved, copy: Path) -> None:
        self.name = str(path)
        self._request = request
        self._path = path
        self._store: Store | None = None
        self._heads: list[tuple[str, int, str]] = []
        try:
            self._store = open_store(self.name, oldest=OLDEST)  # it is only read, and kept
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

    def _look(self, store: Store, proof: Proved, copy: Path) -> None:
        """See whose store it is, and what of it the backup does not have."""
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
        """Give back the store's connections."""
        if self._store is not None:
            self._store.close()

    def replace(self, copy: Path) -> Path | None:
        """Keep what is there, and give the copy its name."""
        moment = in_scotland(self._request.clock())
        kept = kept_file(self._path, f"{moment:%Y%m%d-%H%M%S}")
        with translated(self.name), _in_use_elsewhere(self.name):
            if self._store is not None:
                self._replace_whole(self._store, copy, kept)
                return kept
            was_there = self._path.exists()
            if was_there == (self.loss.present == "absent"):
                raise _changed(self.name)
            for journal in ("-journal", "-wal", "-shm"):  # else SQLite would play it into the copy
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
            aside = new_file(copy.with_name("kept.sqlite"))
            store.copy_to(aside)
            aside.rename(kept)
            if os.name != "nt":
                copy.replace(self._path)
        store.close()
        if os.name == "nt":  # which replaces no file that is open, also not by ourselves
            copy.replace(self._path)


@contextmanager
def _in_use_elsewhere(name: str) -> Iterator[None]:
    """Windows does not let go of a file that another program has open: say so."""
    try:
        yield
    except PermissionError as problem:
        if os.name != "nt":
            raise
        raise Refused(
            "in_use",
            f"{name} is open in another program; nothing was changed.",
            "Close the desks on every machine, then say it again.",
        ) from problem


def _changed(name: str) -> Refused:
    return Refused(
        "changed_meanwhile",
        f"Somebody wrote to {name} while you were asked; nothing was changed.",
        "Say it again, and look again at what would be lost.",
    )


def _keep(path: Path, kept: Path, aside: Path) -> None:
    """Keep a damaged file under a second name, read or unread."""
    try:
        os.link(path, kept)
    except OSError:  # a file system without second names
        shutil.copyfile(path, new_file(aside))
        aside.rename(kept)


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
    """What the present store has on record and the backup has not."""
    lost, last = [], []
    for college, seq, _ in _heads(present):
        shared = _shared(present, past, college, seq)
        count, since, ledger = _since(present, college, shared)
        if count:
            lost.append(Lost(ledger, count, since))
            if college == own:
                with suppress(ValueError, KeyError):  # an entry that cannot be read has no words
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
    """How many entries both have: hashes are chained, so they agree up to one, and never after."""

    def differs(seq: int) -> bool:
        wanted = select(entry.c.hash).where(entry.c.college == college, entry.c.seq == seq)
        ours, theirs = (side.execute(wanted).scalar() for side in (present, past))
        return ours is None or ours != theirs

    return bisect_left(range(1, most + 1), True, key=differs)


class ServerTarget(Target):
    """A shared PostgreSQL, in which only a college that is not there can be restored.

    The copies that a college has of other ledgers are left out: who shares a database reads theirs.
    ESP's are what its store is for.
    """

    def __init__(self, request: Request, proof: Proved) -> None:
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
        """Give back the store's connections."""
        self._store.close()

    def _must_be_new(self, connection: Connection) -> None:
        there = [college for college in self._colleges if head_of(connection, college) is not None]
        if there:
            raise Refused(
                "college_is_there",
                f"{self.name} has {', '.join(there)} already; a backup replaces no college there.",
                "Ask whoever runs the server to restore it to an earlier moment, or restore the "
                "backup to a file: kitloan --store FILE restore BACKUP",
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
                pour(source, target, self._colleges)
        finally:
            backup.close()
        return None


def _to_restore(proof: Proved) -> list[str]:
    """The colleges whose ledgers are written to a shared database."""
    ledgers = [college_of(each.ledger) for each in proof.ledgers]
    return ledgers if proof.college == ESP else [proof.college]


def _another(file: Path, college: str, theirs: str) -> Refused:
    return Refused(
        "another_college",
        f"{file} is a backup of {college!r}, and the store is {theirs!r}'s.",
        "Name a backup of this college, or the other college's store with --store.",
        backup=college,
        store=theirs,
    )


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: from which file, to where, as which ledger, and where the old store is."""

    file: str
    store: str
    ledger: str
    entries_lost: int
    kept: str | None
    ledgers: tuple[LedgerState, ...]


class Restoration:
    """A backup that was proved and can be restored now.

    Attributes:
        loss: what would be lost by it.
        proof: what the backup holds.
    """

    def __init__(self, request: Request, copy: Path, proof: Proved, target: Target) -> None:
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
            raise spoken_of(problem, place, f"The copy of {request.file}") from problem
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

        Release 0.2.0 let a file from elsewhere push the number past the last one there is. Then the
        epochs that jumped are numbered again, in a copy of the copy, and nothing in them is lost.
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
                        pour(source, target, colleges, renumbered={college: numbers})
                finally:
                    renumbered.close()
        finally:
            copy.close()
        proved(place, f"The copy of {self._request.file}")
        theirs = without_jumps(self._target.epochs)
        return place, max([*numbers.values(), *theirs.values()]) + 1


@contextmanager
def restoring(request: Request, progress: Progress | None = None) -> Iterator[Restoration]:
    """Prove a backup, and see what restoring it would lose; nothing is changed yet.

    Args:
        request: the backup, the path or PostgreSQL URL of the store, and who is on record.
        progress: told how many entries of the backup are proved, of how many.

    Raises:
        BadInput: `no_such_file`, `same_file`.
        StoreError: `damaged`, `not_a_store`, `newer_store`, ...: of the backup, or of the store.
        Refused: `another_college`, `college_is_there`.
    """
    beside = _path(request.place)
    _must_be_a_file(request.file, beside)
    with _scratch(beside.parent if beside else None) as folder:
        copy = folder / "restored.sqlite"
        _copy_of(request.file, copy)
        try:
            upgrade_copy(copy)
        except StoreError as problem:
            raise spoken_of(problem, copy, str(request.file)) from problem
        proof = proved(copy, str(request.file), progress)
        target = (
            ServerTarget(request, proof)
            if beside is None
            else FileTarget(request, beside, proof, copy)
        )
        try:
            yield Restoration(request, copy, proof, target)
        finally:
            target.close()


def _path(place: str) -> Path | None:
    """The store's file; None where it is on a server."""
    if is_url(place):
        return None
    if "://" in place:
        open_store(place)  # which refuses it, and shows no password
    return Path(place).resolve()


def _must_be_a_file(file: Path, beside: Path | None) -> None:
    if not file.is_file():
        raise BadInput(
            "no_such_file",
            f"There is no file {file}.",
            "See how its name is spelt.",
            file=str(file),
        )
    if beside is not None and beside.exists() and file.samefile(beside):
        raise BadInput(
            "same_file", f"{file} is the store itself.", "Name a backup of it.", file=str(file)
        )


@contextmanager
def _scratch(parent: Path | None) -> Iterator[Path]:
    """A folder of our own on the store's disk; what a killed restore left there goes."""
    with translated(str(parent)):
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
            clear_folders(parent)
        folder = tempfile.TemporaryDirectory(prefix=f"{WORKING}restore-", dir=parent)
    with folder as name:
        yield Path(name)


def _copy_of(file: Path, copy: Path) -> None:
    """Copy a backup, which may lie on a disk that cannot be written to."""
    address = "file:" + quote(file.absolute().as_posix(), safe="/:") + "?mode=ro"
    with translated(str(file)):
        source, target = sqlite3.connect(address, uri=True), sqlite3.connect(new_file(copy))
        try:
            source.backup(target, pages=4096, progress=lambda *_: None)
        finally:
            target.close()
            source.close()
