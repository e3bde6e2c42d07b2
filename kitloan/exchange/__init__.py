"""Ledgers out to ESP, and in from colleges.

An exchange file is JSON Lines in gzip: a signed header, then one entry a line exactly as it was
sealed. `zcat FILE | sed -n 3p | tr -d '\\n' | sha256sum` gives the hash that line 4 names as
`prev`, so a file can be checked with common tools. It holds no details of borrowers or contacts,
because the ledger has none; the technician on record is named.

Importing knows entries by (ledger, number): what is known already must be the same, what is new
must follow on. So a file can come twice and files can come in any order, and a file that does not
fit is refused whole, with the number of the first entry that is wrong, and kept aside.
"""

from collections.abc import Sequence
from pathlib import Path

from kitloan.calendar import instant
from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.exchange import sending
from kitloan.exchange.aside import Aside, Kept
from kitloan.exchange.hearing import Heard, hear
from kitloan.exchange.merging import Merged, merge
from kitloan.exchange.reading import LONGEST_LINE, ExchangeFile
from kitloan.exchange.sending import Exported
from kitloan.register.epochs import college_of
from kitloan.session import ESP, Session
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
    ) -> list[Merged]:
        """Merge files from colleges, in whatever order they come; each whole or not at all.

        A file that does not fit does not keep the others out: they are merged, and the refusal of
        the first that did not fit tells of all in its details. In a college's store, only ESP's
        file is taken: see `hear`.

        Args:
            paths: the files.
            progress: told how many entries of a file are read, of how many.
            new_key: take files that are signed with a key not known before.

        Raises:
            Refused: `not_national`, for another college's file in a college's store.
            BadInput: `bad_exchange_file`, `altered`, `forked`, `gap`, `unsigned`, ...
        """
        merged: list[Merged] = []
        refused: list[KitloanError] = []
        for file in self._in_order(paths, refused):
            self._try(file, merged, refused, progress, new_key)
        self._try_those_aside(merged, progress)
        if refused:
            (first, *_) = refused
            first.details |= {
                "merged": [each.file for each in merged],
                "refused": [each.message for each in refused],
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

    def _in_order(self, paths: Sequence[Path], refused: list[KitloanError]) -> list[ExchangeFile]:
        """The files, parts of one ledger in the order of their entries."""
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
        return [file for _, file in sorted(found, key=lambda each: each[0])]

    def _try(
        self,
        file: ExchangeFile,
        merged: list[Merged],
        refused: list[KitloanError],
        progress: Progress | None,
        new_key: bool,
    ) -> None:
        try:
            with self._session.store.write() as connection:
                now = instant(self._session.clock())
                done = merge(connection, file, now=now, new_key=new_key, progress=progress)
        except (BadInput, Refused) as problem:
            self._refuse(file.path, problem, refused)
        else:
            merged.append(done)
            self._aside.forget(file.path)

    def _refuse(self, path: Path, problem: KitloanError, refused: list[KitloanError]) -> None:
        refused.append(problem)
        if self._session.is_national and problem.code not in ("no_such_file", "own_ledger"):
            self._aside.keep(path, problem)

    def _try_those_aside(self, merged: list[Merged], progress: Progress | None) -> None:
        """Merge what came too early and fits now."""
        grown = {college_of(each.ledger) for each in merged if each.added}
        while grown:
            college = grown.pop()
            waiting = [
                Path(each.copy)
                for each in self._aside.kept()
                if each.code == "gap" and each.ledger and college_of(each.ledger) == college
            ]
            for file in self._in_order(waiting, []):
                before = len(merged)
                self._try(file, merged, [], progress, new_key=False)
                if len(merged) > before and merged[-1].added:
                    grown.add(college)
