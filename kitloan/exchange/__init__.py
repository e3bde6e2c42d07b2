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

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.exchange import sending
from kitloan.exchange.file import LONGEST_LINE, ExchangeFile
from kitloan.exchange.merging import Merged, Told, merge, meter_for
from kitloan.exchange.quarantine import Aside, Kept
from kitloan.exchange.receipts import Heard, hear
from kitloan.exchange.sending import Exported
from kitloan.ledger.epochs import college_of
from kitloan.ledger.session import ESP, Session
from kitloan.text.dates import instant
from kitloan.values import as_json
from kitloan.verify import Progress

__all__ = ["LONGEST_LINE", "Exchange", "Exported", "Heard", "Kept", "Merged"]


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

    def merge(
        self,
        paths: Sequence[Path],
        progress: Progress | None = None,
        *,
        new_key: bool = False,
        replace: bool = False,
    ) -> list[Merged]:
        """Merge files from colleges, in whatever order they come; each whole or not at all.

        A file that does not fit does not keep the others out: they are merged, and the refusal of
        the first that did not fit tells of all in its details. In a college's store, only ESP's
        file is taken: see `hear`.

        Args:
            paths: the files.
            progress: told how many entries of a file are read, of how many.
            new_key: take files that are signed with a key not known before.
            replace: take the one file's ledger in place of another that was known of its college,
                and its key; the other is kept, and no longer counted.

        Raises:
            Refused: `not_national`, for another college's file in a college's store.
            BadInput: `bad_exchange_file`, `altered`, `forked`, `gap`, `unsigned`, ...;
                `one_at_a_time`, to replace by more than one file.
        """
        if replace and len(paths) != 1:
            raise BadInput(
                "one_at_a_time",
                f"{len(paths)} files were named, and one ledger takes another's place.",
                "Name the one file: kitloan ledger import FILE --replace",
            )
        told = Told(instant(self._session.clock()), self._session.actor, new_key, replace)
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

    def hear(self, path: Path, *, new_key: bool = False) -> tuple[Merged, Heard]:
        """Take ESP's file in a college's store: its ledger, the receipt, shared kit types.

        Raises:
            Refused: `not_national`, for any other ledger's file.
            BadInput: as `merge`; `receipt_differs`.
        """
        (merged,) = self.merge([path], new_key=new_key)
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

    def _merge_one(self, file: ExchangeFile, told: Told, progress: Progress | None) -> Merged:
        meter = meter_for(file)
        with self._session.store.write() as connection:
            done = merge(connection, file, told, meter, progress)
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


def _refusal(problem: KitloanError) -> dict[str, Any]:
    """A file that does not fit, among those that do."""
    error = {"code": problem.code, "message": problem.message}
    return {"file": problem.details["file"], "error": error}
