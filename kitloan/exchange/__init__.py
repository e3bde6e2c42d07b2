"""Ledgers out to ESP, and in from colleges.

An exchange file is JSON Lines in gzip: a signed header, then one entry a line exactly as it was
sealed. `zcat FILE | sed -n 3p | tr -d '\\n' | sha256sum` gives the hash that line 4 names as
`prev`, so a file can be checked with common tools. Version 2 leaves `prev` out, for a receiver
whose answer names that version; `docs/exchange.md` shows how to rebuild the lines. A file holds no
details of borrowers or contacts, because the ledger has none; the technician on record is named.

Importing compares entries by their hashes: an entry that the store has must be the same, and a new
one must follow on. So a file can come twice, and files can come in any order. A file with a wrong
entry is refused whole, with the number of the first one, and goes to quarantine. It is tried again
whenever its college's ledger grows.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.exchange import sending
from kitloan.exchange.ahead import Ahead, merge_ahead
from kitloan.exchange.copying import Scratch
from kitloan.exchange.file import LONGEST_LINE, ExchangeFile
from kitloan.exchange.merging import Merged, MergeDecisions
from kitloan.exchange.nearest import Nearest, nearest
from kitloan.exchange.places import Places, WhereCollegeIs, get_place, set_place
from kitloan.exchange.quarantine import Quarantine, RefusedFile
from kitloan.exchange.receipts import ReceiptTaken, take_receipt
from kitloan.exchange.sending import Exported
from kitloan.exchange.taking import Taking
from kitloan.exchange.trust import (
    FirstContact,
    OwnKey,
    fingerprint,
    is_listed,
    keys_of,
    own_key,
    read_fingerprint,
)
from kitloan.history.walk import Progress
from kitloan.ledger.epochs import college_of
from kitloan.ledger.session import ESP, Session
from kitloan.text.dates import instant
from kitloan.text.names import plain
from kitloan.values import as_json

__all__ = [
    "LONGEST_LINE",
    "Exchange",
    "Exported",
    "FirstContact",
    "Merged",
    "OwnKey",
    "ReceiptTaken",
    "RefusedFile",
]


@dataclass(frozen=True, slots=True)
class _Batch:
    """The files of one college, what was decided about them, and what came of them."""

    files: Sequence[ExchangeFile]
    decisions: MergeDecisions
    merged: list[Merged] = field(default_factory=list)
    refused: list[KitloanError] = field(default_factory=list)


class Exchange:
    """Exports this college's ledger, and merges the files that colleges or ESP sent."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._quarantine = Quarantine(session)

    def export(self, path: str | Path, *, since_last: bool = False) -> Exported:
        """Write this college's ledger to a file, whole, or only what ESP does not have.

        ESP's last receipt shows what ESP has; without a receipt, the last export does.

        Raises:
            BadInput: `cannot_write`.
        """
        return sending.export(self._session, Path(path), since_last=since_last)

    def refused(self) -> list[RefusedFile]:
        """Files that were refused and are in quarantine, the oldest first."""
        return self._quarantine.files()

    def drop(self, which: str) -> RefusedFile:
        """Delete a file from quarantine for good; see `Quarantine.drop`."""
        return self._quarantine.drop(which)

    def key(self, *, new: bool = False) -> OwnKey:
        """The key that this store signs with, as others compare it.

        Args:
            new: make a new key first, for when the old one may be in the wrong hands. The stores
                that import its files must accept the new key (`new_key` of `merge`).
        """
        return own_key(self._session, new=new)

    def first_contacts(self, paths: Sequence[str | Path]) -> list[FirstContact]:
        """The keys that a person has to confirm before these files are merged.

        Args:
            paths: the files; one that cannot be read is left out, and refused by `merge`.

        Returns:
            One for each ledger and key, of ledgers that this store has no key of yet.
        """
        found: dict[tuple[str, str], FirstContact] = {}
        for path in map(Path, paths):
            with suppress(BadInput):
                header = ExchangeFile(path).signed_header()
                college = college_of(header.ledger)
                if header.first == 1 and self._may_come(college):
                    listed = is_listed(college)
                    found.setdefault(
                        (college, header.key),
                        FirstContact(str(path), college, fingerprint(header.key), listed),
                    )
        return list(found.values())

    def _may_come(self, college: str) -> bool:
        """Whether this store takes the college's ledger and has no key of it yet."""
        if college == self._session.college or not (self._session.is_national or college == ESP):
            return False
        with self._session.reading() as connection:
            return not keys_of(connection, college)

    def nearest(
        self,
        type: str,  # noqa: A002  # the word of the contract
        near: str,
        first: date,
        last: date,
    ) -> Nearest:
        """Which colleges have a kit free from `first` to `last`, the nearest first.

        It goes by the ledgers that are here: ESP's store has every college's that was sent, a
        college's own store has its own. A college behind the sea comes after all others.

        Args:
            type: the kit type.
            near: a borrower that is linked to a school, a listed school's name, id or postcode, or
                latitude and longitude in degrees, joined by a comma.
            first: the collection day.
            last: the return day.

        Raises:
            BadInput: `unknown_type`; `unknown_organisation`, `not_linked`, `several_schools`,
                `unknown_postcode`, `unknown_school`, `no_position`, `bad_position`;
                `dates_reversed`, `in_the_past`, `too_long`; `no_colleges`.
        """
        return nearest(self._session, type, near, first, last)

    def set_place(
        self, where: str, college: str | None = None, *, request_id: str | None = None
    ) -> WhereCollegeIs:
        """Record where a college is, for `nearest` and for distances between colleges.

        A college records its own place, ESP any college's. The college's own word comes first.

        Args:
            where: latitude and longitude in degrees (WGS 84), joined by a comma.
            college: in ESP's store, which college; in a college's, None or itself.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_yours`, for another college.
            BadInput: `bad_position`, for what is not in Great Britain; `college_needed`,
                `unknown_college`.
        """
        return set_place(self._session, where, college, request_id)

    def place(self, college: str | None = None) -> WhereCollegeIs:
        """Where a college is, as it or ESP recorded, else by the reference list.

        Raises:
            BadInput: `college_needed`, `unknown_college`.
        """
        return get_place(self._session, college)

    def km_between(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[int | None, bool | None]]:
        """Kilometres between the colleges of each pair, and whether the sea is in between."""
        with self._session.reading() as connection:
            places = Places(connection)
        return [places.km_between(*pair) for pair in pairs]

    def merge(
        self,
        paths: Sequence[str | Path],
        progress: Progress | None = None,
        *,
        new_key: bool = False,
        replace: bool = False,
        trust: Collection[str] = (),
        workers: int | None = None,
    ) -> list[Merged]:
        """Merge files from colleges, in any order; each whole or not at all.

        A file that is refused does not keep the others out. They are merged, and the error for the
        first refused file lists all files in its details. A college's store takes only ESP's file:
        see `take_receipt`.

        The files of several colleges are read, checked and replayed side by side, by a process each
        (`kitloan.exchange.ahead`).

        Args:
            paths: the files.
            progress: called with how many entries are read, of how many: of one file, or of all
                that are read side by side.
            new_key: accept files that are signed with a new key; the key before it is retired.
            replace: take the one file's ledger, and its key, in place of the college's earlier
                ledger; the earlier one is kept, and no longer counts.
            trust: fingerprints that a person compared and confirmed, as `first_contacts` gives
                them, each with a ledger's name before it if it is for that ledger only.
            workers: how many processes; 1 starts none. None is as many as this process may use
                cores, where that many entries come that it pays. The rows are the same.

        Raises:
            Refused: `unknown_key`, for the first file of a ledger, unless `trust` has its key;
                `retired_key`; `not_national`, for another college's file in a college's store.
            BadInput: `bad_exchange_file`, `altered`, `forked`, `gap`, `unsigned`, ...;
                `one_at_a_time`, to replace by more than one file, or to take two new keys of a
                ledger; `bad_fingerprint`.
        """
        if replace and len(paths) != 1:
            raise BadInput(
                "one_at_a_time",
                f"{len(paths)} files were named. Only one file can replace a college's ledger.",
                "Name one file: kitloan ledger import FILE --replace",
            )
        confirmed = tuple(read_fingerprint(each) for each in trust)
        at = instant(self._session.clock())
        decisions = MergeDecisions(at, self._session.actor, new_key, replace, confirmed)
        refused: list[KitloanError] = []
        colleges = self._by_college([Path(each) for each in paths], refused)
        batches = {college: _Batch(files, decisions) for college, files in colleges.items()}
        with Scratch() as scratch:

            def merge_files(college: str, ahead: Ahead = None) -> None:
                self._merge_college(college, batches[college], scratch, progress, ahead)

            left = merge_ahead(self._session, colleges, decisions, progress, workers, merge_files)
            for college in left:
                merge_files(college)
        merged = [each for batch in batches.values() for each in batch.merged]
        refused += [each for batch in batches.values() for each in batch.refused]
        if refused:
            (first, *_) = refused
            first.details |= {
                "merged": [each.file for each in merged],
                "refused": [each.message for each in refused],
                "files": [*as_json(merged), *(_refusal(each) for each in refused)],
            }
            raise first
        return merged

    def take_receipt(
        self,
        path: str | Path,
        *,
        new_key: bool = False,
        replace: bool = False,
        trust: Collection[str] = (),
    ) -> tuple[Merged, ReceiptTaken]:
        """Take ESP's file in a college's store: its ledger, the receipt, shared kit types.

        Args:
            path: the file.
            new_key: as in `merge`.
            replace: as in `merge`; for when ESP sent a practice ledger first, or a stranger's
                ledger was taken for ESP's.
            trust: as in `merge`.

        Raises:
            Refused: `not_national`, for any other ledger's file; `unknown_key`, `retired_key`.
            BadInput: as `merge`; `receipt_differs`, `epoch_jump`.
        """
        (merged,) = self.merge([path], new_key=new_key, replace=replace, trust=trust)
        return merged, take_receipt(self._session, ExchangeFile(Path(path)).header())

    def _by_college(
        self, paths: Sequence[Path], refused: list[KitloanError]
    ) -> dict[str, list[ExchangeFile]]:
        """The files of each college, parts of one ledger in the order of their entries."""
        found = []
        for path in paths:
            file = ExchangeFile(path)
            try:
                header = file.header()
            except BadInput as problem:
                self._refuse(path, problem, refused)
                continue
            if not self._session.is_national and college_of(header.ledger) != ESP:
                raise Refused(
                    "not_national",
                    f"This is the store of {self._session.college!r}. Only ESP's store merges the "
                    "ledgers of colleges.",
                    "Start a national store: kitloan --store FILE init esp",
                )
            found.append(((college_of(header.ledger), header.first, header.last, str(path)), file))
        colleges: dict[str, list[ExchangeFile]] = {}
        for (college, *_), file in sorted(found, key=lambda each: each[0]):
            colleges.setdefault(college, []).append(file)
        return colleges

    def _merge_college(
        self,
        college: str,
        batch: "_Batch",
        scratch: Scratch,
        progress: Progress | None,
        ahead: Ahead,
    ) -> None:
        """Merge a college's files; whenever its ledger grows, try the refused ones again.

        The files in quarantine are tried with them. They were reported when they were refused.
        `ahead` is what came of merging the first file ahead.
        """
        files, decisions = batch.files, batch.decisions
        if decisions.new_key and self._new_keys(college, files) > 1:
            for file in files:
                self._refuse(file.path, _two_keys(college, file), batch.refused)
            return
        problems: dict[Path, KitloanError] = {}
        waiting = {file.path: (file, decisions) for file in files}
        grew = True
        while grew:
            grew = False
            for path, (file, what) in list(waiting.items()):
                first, ahead = ahead, None
                try:
                    if isinstance(first, KitloanError):
                        raise first
                    done = Taking(self._session, file, what, progress).take(scratch, first)
                except (BadInput, Refused) as problem:
                    problems[path] = problem
                    continue
                self._quarantine.forget(path)
                del waiting[path]
                batch.merged.append(done)
                grew = grew or done.added > 0 or what.replace
            for file in self._quarantined(college) if grew else ():
                waiting.setdefault(file.path, (file, MergeDecisions(decisions.at, decisions.by)))
        for file in files:
            if file.path in waiting:
                self._refuse(file.path, problems[file.path], batch.refused)

    def _new_keys(self, college: str, files: Sequence[ExchangeFile]) -> int:
        """How many keys would replace the pinned one."""
        with self._session.reading() as connection:
            known = keys_of(connection, college)
        return len({file.header().key for file in files} - {*known}) if known else 0

    def _quarantined(self, college: str) -> list[ExchangeFile]:
        """A college's files in quarantine, whatever they were refused for: its ledger changed."""
        kept = [each for each in self._quarantine.files() if each.ledger]
        paths = [Path(each.copy) for each in kept if college_of(str(each.ledger)) == college]
        return self._by_college(paths, []).get(college, [])

    def _refuse(self, path: Path, problem: KitloanError, refused: list[KitloanError]) -> None:
        problem.details.setdefault("file", str(path))
        refused.append(problem)
        if self._session.is_national and problem.code not in ("no_such_file", "own_ledger"):
            self._quarantine.keep(path, problem)


def _two_keys(college: str, file: ExchangeFile) -> BadInput:
    return BadInput(
        "one_at_a_time",
        f"The files of {plain(college)!r} are signed with several keys that are new here. "
        f"{file.path} was not merged.",
        "Compare each key by telephone, then name only the files with the right one: "
        "kitloan ledger import FILE --new-key",
        file=str(file.path),
        ledger=college,
    )


def _refusal(problem: KitloanError) -> dict[str, Any]:
    """A refused file, for the list of all files."""
    error = {"code": problem.code, "message": problem.message}
    return {"file": problem.details["file"], "error": error}
