"""Restoring: a proved backup takes the place of a store, and its ledger begins a new epoch.

First the backup is copied and the copy is proved; the backup itself is only read. Then people see
what they would lose. Then the copy resumes its ledger, the present store is kept beside, and the
copy takes its name in one step: whoever pulls the plug finds the old store or the new one.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from kitloan.backups import Proved, proved, spoken_of
from kitloan.backups.replacing import FileTarget, Request, ServerTarget, Target, new_file
from kitloan.backups.upgrading import upgrade_copy
from kitloan.beside import clear_folders
from kitloan.errors import BadInput, StoreError
from kitloan.faults import translated
from kitloan.files import WORKING
from kitloan.ledger import resume
from kitloan.places import is_url
from kitloan.register.epochs import ledger_name
from kitloan.store import open_store
from kitloan.verify import LedgerState, Progress


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
            Refused: `changed_meanwhile`, `in_use`, `college_is_there`.
            StoreError: `busy`, `full`, ...
        """
        request, epoch = self._request, max(self.proof.epoch, self._target.epoch) + 1
        copy = open_store(str(self._copy))
        try:
            resume(copy, self.proof.college, request.actor, request.clock, epoch)
        except StoreError as problem:
            raise spoken_of(problem, self._copy, f"The copy of {request.file}") from problem
        finally:
            copy.close()
        kept = self._target.replace(self._copy)
        return Restored(
            str(request.file),
            self._target.name,
            ledger_name(self.proof.college, epoch),
            self.loss.entries,
            str(kept) if kept else None,
            self.proof.ledgers,
        )


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
