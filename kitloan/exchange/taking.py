"""Taking a file: merged in the store itself, or in a copy of its ledger while the store is free.

A small file that goes on where its ledger ends is merged in the store: that is a short transaction.
Any other is merged in a copy, without a lock (`copying`). What came of it is brought in, if the
ledger is still as it was copied; else all begins again. After some tries the ledger is locked from
the beginning, so that even many processes come to an end.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from sqlalchemy import Connection, select

from kitloan.errors import BadInput, Refused
from kitloan.exchange.bounds import meter_for, most_changed_rows
from kitloan.exchange.copying import Changes, LedgerCopy, LedgerMoved, Scratch, is_worth_copying
from kitloan.exchange.file import ExchangeFile
from kitloan.exchange.merging import (
    WHOLE_LEDGER,
    Merged,
    MergeDecisions,
    MergeOutcome,
    NeedsCopy,
    is_known,
    merge,
    must_be_of_the_file,
    must_fit,
)
from kitloan.exchange.receipts import must_be_possible
from kitloan.history.walk import Progress
from kitloan.ledger.collecting import collecting_rarely
from kitloan.ledger.epochs import college_of
from kitloan.ledger.session import Session
from kitloan.ledger.writer import begin
from kitloan.storage.statements import Meter
from kitloan.tables import LedgerHead, table

_head = table(LedgerHead)

_TRIES = 3
"""How often a file is merged without a lock, when others merge files of the same ledger."""


class _CheckAgain(Exception):
    """A file cannot be merged: it is merged once more with every check, to name the wrong entry.

    A copy allows a request twice, because few files have one and the store refuses it.
    """


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that is merged in a copy of its ledger, and what is to be brought into the store."""

    done: MergeOutcome
    changes: Changes


class Taking:
    """Takes one file into a session's store."""

    def __init__(
        self,
        session: Session,
        file: ExchangeFile,
        decisions: MergeDecisions,
        progress: Progress | None = None,
    ) -> None:
        self._session, self._file = session, file
        self._decisions, self._progress = decisions, progress
        self._college = college_of(file.header().ledger)
        self._checks_all = self._was_merged = False

    def take(self, scratch: Scratch, prepared: Prepared | None = None) -> Merged:
        """Merge the file, whole or not at all.

        Args:
            scratch: where to copy its ledger, if that is worth it.
            prepared: what came of `prepare`, if it was called, by whichever process.

        Raises:
            BadInput, Refused: as `merge`; `epoch_jump`, for ESP's file, as `must_be_possible`.
        """
        with collecting_rarely():
            if prepared is not None:
                try:
                    return self._bring_in(prepared)
                except (LedgerMoved, _CheckAgain):
                    pass
            return self._take(scratch)

    def prepare(self, scratch: Scratch) -> Prepared:
        """Merge the file in a copy of its ledger; the store is only read.

        Raises:
            LedgerMoved: somebody else has merged a file of the same ledger meanwhile.
            BadInput, Refused: as `take`.
        """
        with collecting_rarely():
            try:
                return self._prepare(scratch, self._session.reading)
            except _CheckAgain:
                return self._prepare(scratch, self._session.reading)

    def _take(self, scratch: Scratch) -> Merged:
        if not self.is_dear():
            try:
                return self._in_store()
            except NeedsCopy:
                pass
        for _ in range(_TRIES):
            try:
                return self._bring_in(self._prepare(scratch, self._session.reading))
            except (LedgerMoved, _CheckAgain):
                continue
        while True:
            try:
                with self._session.store.write() as store:
                    return self._under_the_lock(store, scratch)
            except (LedgerMoved, _CheckAgain):
                continue  # on a server, another college came whose name looks like this one's

    def _under_the_lock(self, store: Connection, scratch: Scratch) -> Merged:
        begin(store, self._college, own=False)
        return self._write(store, self._prepare(scratch, lambda: nullcontext(store)))

    def is_dear(self) -> bool:
        """Whether merging the file in the store would hold it for long."""
        header, size = self._file.header(), self._file.size()
        with self._session.reading() as store:
            must_fit(store, self._file, header, self._decisions)
            wanted = select(_head.c.seq).where(_head.c.college == self._college)
            entries = store.execute(wanted).scalar() or 0
            self._was_merged = is_known(store, self._file, header, self._decisions)
        if self._was_merged:
            return False
        return is_worth_copying(entries, size, is_on_server=not self._session.store.is_sqlite)

    def _in_store(self) -> Merged:
        is_on_server = not self._session.store.is_sqlite
        most = None if self._was_merged else meter_for(self._file, is_on_server=is_on_server)
        with self._session.store.write() as store:
            done = self._merge(store, most, look_back=None)
            self._must_be_possible(store)
        return done.merged

    def _prepare(
        self, scratch: Scratch, reading: Callable[[], AbstractContextManager[Connection]]
    ) -> Prepared:
        """As `prepare`; `reading` gives transactions on the store."""
        most = meter_for(self._file)
        with scratch.emptied() as connection:
            copy = LedgerCopy(connection, self._college, reading)
            if self._checks_all:
                copy.refuse_repeated_requests()
            try:
                done = self._merge(connection, most, copy.look_back)
                changes = copy.compare(scratch.place)
                self._must_be_brief(changes.rows, done)
            except (BadInput, Refused) as refusal:
                with reading() as store:
                    copy.must_be_current(store)  # else what is missing may have come
                if isinstance(refusal, BadInput):
                    self._check_again()
                raise
        return Prepared(done, changes)

    def _merge(
        self, connection: Connection, most: Meter | None, look_back: Callable[[], None] | None
    ) -> MergeOutcome:
        return merge(
            connection, self._file, self._decisions, most, self._progress, look_back=look_back
        )

    def _must_be_brief(self, rows: int, done: MergeOutcome) -> None:
        """Refuse what would hold the store locked for long."""
        most = most_changed_rows(self._file.size())
        if rows > most:
            raise self._file.wrong(
                "too_large",
                done.first_new,
                done.header,
                f"is the first of those that change {rows:,} rows of the store: at most {most:,} "
                "may change at once by a file of this size",
                WHOLE_LEDGER,
            )

    def _bring_in(self, prepared: Prepared) -> Merged:
        with self._session.store.write() as store:
            return self._write(store, prepared)

    def _write(self, store: Connection, prepared: Prepared) -> Merged:
        done = prepared.done
        try:
            prepared.changes.bring_in(store)
        except LedgerMoved:
            raise
        except Exception as problem:
            must_be_of_the_file(problem)
            self._check_again()
            raise self._file.wrong(
                "impossible", done.first_new, done.header, "leads to something that cannot be kept"
            ) from problem
        self._must_be_possible(store)
        return done.merged

    def _check_again(self) -> None:
        """Have a file that cannot be merged merged once more, with every check.

        Raises:
            _CheckAgain: not every check was made yet.
        """
        if not self._checks_all:
            self._checks_all = True
            raise _CheckAgain

    def _must_be_possible(self, store: Connection) -> None:
        if not self._session.is_national:
            must_be_possible(store, self._session.college, self._file.header())
