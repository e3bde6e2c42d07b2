"""Ledgers out to ESP, and in from colleges.

An exchange file is JSON Lines in gzip: a signed header, then one entry a line exactly as it was
sealed. `zcat FILE | sed -n 3p | tr -d '\\n' | sha256sum` gives the hash that line 4 names as
`prev`, so a file can be checked with common tools. It holds no details of borrowers or contacts,
because the ledger has none; the technician on record is named.

Importing knows entries by their hashes: what is known already must be the same, what is new must
follow on. So a file can come twice and files can come in any order, and a file that does not fit is
refused whole, with the number of the first entry that is wrong, and kept aside. What is kept aside
is tried again whenever its college's ledger grows.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.exchange import sending
from kitloan.exchange.file import LONGEST_LINE, ExchangeFile
from kitloan.exchange.merging import Merged, Told, merge, meter_for
from kitloan.exchange.quarantine import Aside, Kept
from kitloan.exchange.receipts import Heard, hear, must_be_possible
from kitloan.exchange.sending import Exported
from kitloan.exchange.trust import (
    FirstContact,
    OwnKey,
    fingerprint,
    is_listed,
    keys_of,
    own_key,
    read_fingerprint,
)
from kitloan.ledger.epochs import college_of
from kitloan.ledger.session import ESP, Session
from kitloan.text.dates import instant
from kitloan.text.names import plain
from kitloan.values import as_json
from kitloan.verify import Progress

__all__ = [
    "LONGEST_LINE",
    "Exchange",
    "Exported",
    "FirstContact",
    "Heard",
    "Kept",
    "Merged",
    "OwnKey",
]


class Exchange:
    """Sending this college's ledger, and merging what colleges or ESP sent."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._aside = Aside(session)

    def export(self, path: Path, *, since_last: bool = False) -> Exported:
        """Write this college's ledger to a file, whole or what ESP has not seen.

        What ESP has is known from its last receipt, else from the last export.

        Raises:
            BadInput: `cannot_write`.
        """
        return sending.export(self._session, path, since_last=since_last)

    def refused(self) -> list[Kept]:
        """Files that were refused and are kept aside, the oldest first."""
        return self._aside.kept()

    def drop(self, which: str) -> Kept:
        """Take a file that is kept aside away for good; see `Aside.drop`."""
        return self._aside.drop(which)

    def key(self, *, new: bool = False) -> OwnKey:
        """The key that this store signs with, as others compare it.

        Args:
            new: make another key first, where the one of before may be in the wrong hands. Others
                have to be asked to take it: `kitloan ledger import FILE --new-key`.
        """
        return own_key(self._session, new=new)

    def first_contacts(self, paths: Sequence[Path]) -> list[FirstContact]:
        """The keys that a person has to confirm before these files are merged.

        Args:
            paths: the files; one that cannot be read is left out, and refused by `merge`.

        Returns:
            One for each ledger and key, of ledgers that this store has no key of yet.
        """
        found: dict[tuple[str, str], FirstContact] = {}
        for path in paths:
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
        """Whether a ledger that this store takes has no key here yet."""
        if college == self._session.college or not (self._session.is_national or college == ESP):
            return False
        with self._session.reading() as connection:
            return not keys_of(connection, college)

    def merge(
        self,
        paths: Sequence[Path],
        progress: Progress | None = None,
        *,
        new_key: bool = False,
        replace: bool = False,
        trust: Collection[str] = (),
    ) -> list[Merged]:
        """Merge files from colleges, in whatever order they come; each whole or not at all.

        A file that does not fit does not keep the others out: they are merged, and the refusal of
        the first that did not fit tells of all in its details. In a college's store, only ESP's
        file is taken: see `hear`.

        Args:
            paths: the files.
            progress: told how many entries of a file are read, of how many.
            new_key: take files that are signed with another key than before, which is retired.
            replace: take the one file's ledger in place of another that was known of its college,
                and its key; the other is kept, and no longer counted.
            trust: fingerprints that a person compared and confirmed, as `first_contacts` gives
                them, each with the ledger's name before it where it is meant for that one only.

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
                f"{len(paths)} files were named, and one ledger takes another's place.",
                "Name the one file: kitloan ledger import FILE --replace",
            )
        confirmed = tuple(read_fingerprint(each) for each in trust)
        at = instant(self._session.clock())
        told = Told(at, self._session.actor, new_key, replace, confirmed)
        merged: list[Merged] = []
        refused: list[KitloanError] = []
        for college, files in self._by_college(paths, refused).items():
            self._merge_college(college, files, told, merged, refused, progress)
        if refused:
            (first, *_) = refused
            first.details |= {
                "merged": [each.file for each in merged],
                "refused": [each.message for each in refused],
                "files": [*as_json(merged), *(_refusal(each) for each in refused)],
            }
            raise first
        return merged

    def hear(
        self,
        path: Path,
        *,
        new_key: bool = False,
        replace: bool = False,
        trust: Collection[str] = (),
    ) -> tuple[Merged, Heard]:
        """Take ESP's file in a college's store: its ledger, the receipt, shared kit types.

        Args:
            path: the file.
            new_key: as in `merge`.
            replace: as in `merge`; for an ESP that practised first, or a stranger that was taken
                for ESP.
            trust: as in `merge`.

        Raises:
            Refused: `not_national`, for any other ledger's file; `unknown_key`, `retired_key`.
            BadInput: as `merge`; `receipt_differs`, `epoch_jump`.
        """
        (merged,) = self.merge([path], new_key=new_key, replace=replace, trust=trust)
        return merged, hear(self._session, ExchangeFile(path).header())

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
                    f"This is the store of {self._session.college!r}; ledgers of colleges are "
                    "merged in ESP's.",
                    "Make a national store with: kitloan --store FILE init esp",
                )
            found.append(((college_of(header.ledger), header.first, header.last, str(path)), file))
        colleges: dict[str, list[ExchangeFile]] = {}
        for (college, *_), file in sorted(found, key=lambda each: each[0]):
            colleges.setdefault(college, []).append(file)
        return colleges

    def _merge_college(
        self,
        college: str,
        files: Sequence[ExchangeFile],
        told: Told,
        merged: list[Merged],
        refused: list[KitloanError],
        progress: Progress | None,
    ) -> None:
        """Merge a college's files; whenever its ledger grew, those again that did not fit so far.

        With them what was kept aside before. It was refused already, and is not told of again.
        """
        if told.new_key and self._new_keys(college, files) > 1:
            for file in files:
                self._refuse(file.path, _two_keys(college, file), refused)
            return
        problems: dict[Path, KitloanError] = {}
        waiting = {file.path: (file, told) for file in files}
        grew = True
        while grew:
            grew = False
            for path, (file, what) in list(waiting.items()):
                try:
                    done = self._merge_one(file, what, progress)
                except (BadInput, Refused) as problem:
                    problems[path] = problem
                    continue
                del waiting[path]
                merged.append(done)
                grew = grew or done.added > 0 or what.replace
            for file in self._aside_of(college) if grew else ():
                waiting.setdefault(file.path, (file, Told(told.at, told.by)))
        for file in files:
            if file.path in waiting:
                self._refuse(file.path, problems[file.path], refused)

    def _new_keys(self, college: str, files: Sequence[ExchangeFile]) -> int:
        """How many keys the files are signed with that would take the place of a known one."""
        with self._session.reading() as connection:
            known = keys_of(connection, college)
        return len({file.header().key for file in files} - {*known}) if known else 0

    def _merge_one(self, file: ExchangeFile, told: Told, progress: Progress | None) -> Merged:
        meter = meter_for(file)
        with self._session.store.write() as connection:
            done = merge(connection, file, told, meter, progress)
            if not self._session.is_national:
                must_be_possible(connection, self._session.college, file.header())
        self._aside.forget(file.path)
        return done

    def _aside_of(self, college: str) -> list[ExchangeFile]:
        """A college's files that were refused once, whatever for: what lies around them changed."""
        kept = [each for each in self._aside.kept() if each.ledger]
        paths = [Path(each.copy) for each in kept if college_of(str(each.ledger)) == college]
        return self._by_college(paths, []).get(college, [])

    def _refuse(self, path: Path, problem: KitloanError, refused: list[KitloanError]) -> None:
        problem.details.setdefault("file", str(path))
        refused.append(problem)
        if self._session.is_national and problem.code not in ("no_such_file", "own_ledger"):
            self._aside.keep(path, problem)


def _two_keys(college: str, file: ExchangeFile) -> BadInput:
    return BadInput(
        "one_at_a_time",
        f"The files of {plain(college)!r} are signed with several keys that are not known here. "
        f"{file.path} was not merged.",
        "Compare each key by telephone, then name only the files with the right one: "
        "kitloan ledger import FILE --new-key",
        file=str(file.path),
        ledger=college,
    )


def _refusal(problem: KitloanError) -> dict[str, Any]:
    """A file that does not fit, among those that do."""
    error = {"code": problem.code, "message": problem.message}
    return {"file": problem.details["file"], "error": error}
