"""Taking a file: merged in the store itself, or in a copy of its ledger while the store is free.

A small file that goes on where its ledger ends is merged in the store: that is a short transaction.
Any other is merged in a copy, without a lock (`copying`). What came of it is brought in, if the
ledger is still as it was copied; else all begins again. After some tries the ledger is locked from
the beginning, so that even many processes come to an end.
"""

from contextlib import AbstractContextManager, nullcontext

from sqlalchemy import Connection, select

from kitloan.errors import BadInput, Refused
from kitloan.exchange.bounds import meter_for, most_changed_rows
from kitloan.exchange.copying import LedgerCopy, Moved, is_worth_copying, scratch_for_copy
from kitloan.exchange.file import ExchangeFile
from kitloan.exchange.merging import (
    WHOLE_LEDGER,
    Decisions,
    Merged,
    NeedsCopy,
    Outcome,
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


class Taking:
    """Takes one file into a session's store."""

    def __init__(
        self,
        session: Session,
        file: ExchangeFile,
        decisions: Decisions,
        progress: Progress | None = None,
    ) -> None:
        self._session, self._file = session, file
        self._decisions, self._progress = decisions, progress
        self._college = college_of(file.header().ledger)

    def take(self) -> Merged:
        """Merge the file, whole or not at all.

        Raises:
            BadInput, Refused: as `merge`; `epoch_jump`, for ESP's file, as `must_be_possible`.
        """
        with collecting_rarely():
            return self._take()

    def _take(self) -> Merged:
        if not self._is_dear():
            try:
                return self._in_store()
            except NeedsCopy:
                pass
        for _ in range(_TRIES):
            try:
                return self._in_copy()
            except Moved:
                continue
        while True:
            try:
                with self._session.store.write() as store:
                    return self._in_copy(store)
            except Moved:  # on a server, another college came whose name looks like this one's
                continue

    def _is_dear(self) -> bool:
        """Whether merging the file in the store would hold it for long."""
        header, on_server = self._file.header(), not self._session.store.is_sqlite
        self._most = meter_for(self._file, is_on_server=on_server)
        with self._session.reading() as store:
            must_fit(store, self._file, header, self._decisions)
            wanted = select(_head.c.seq).where(_head.c.college == self._college)
            entries = store.execute(wanted).scalar() or 0
            if is_known(store, self._file, header, self._decisions):
                return False
        if is_worth_copying(entries, self._file.size(), is_on_server=on_server):
            self._most = meter_for(self._file)
            return True
        return False

    def _meter(self) -> Meter:
        return Meter(self._most.most_rows, self._most.most_written)

    def _in_store(self) -> Merged:
        with self._session.store.write() as store:
            done = self._merge(store, may_rebase=False)
            self._must_be_possible(store)
        return done.merged

    def _in_copy(self, locked: Connection | None = None) -> Merged:
        """Merge the file in a copy of its ledger, and bring the rows in.

        Args:
            locked: a transaction on the store; None to read and write in short ones.

        Raises:
            Moved: somebody else has merged a file of the same ledger meanwhile.
        """

        def reading() -> AbstractContextManager[Connection]:
            return self._session.reading() if locked is None else nullcontext(locked)

        if locked is not None:
            begin(locked, self._college, own=False)
        with scratch_for_copy() as scratch:
            copy = LedgerCopy(scratch, self._college, reading)
            try:
                done = self._merge(scratch, may_rebase=True)
                self._must_be_brief(copy.compare(), done)
            except (BadInput, Refused):
                with reading() as store:
                    copy.must_be_current(store)  # else what is missing may have come
                raise
            if locked is None:
                with self._session.store.write() as store:
                    self._bring_in(store, copy, done)
            else:
                self._bring_in(locked, copy, done)
        return done.merged

    def _merge(self, connection: Connection, *, may_rebase: bool) -> Outcome:
        return merge(
            connection,
            self._file,
            self._decisions,
            self._meter(),
            self._progress,
            may_rebase=may_rebase,
        )

    def _must_be_brief(self, rows: int, done: Outcome) -> None:
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

    def _bring_in(self, store: Connection, copy: LedgerCopy, done: Outcome) -> None:
        try:
            copy.bring_in(store)
        except Moved:
            raise
        except Exception as problem:
            must_be_of_the_file(problem)
            raise self._file.wrong(
                "impossible", done.first_new, done.header, "leads to something that cannot be kept"
            ) from problem
        self._must_be_possible(store)

    def _must_be_possible(self, store: Connection) -> None:
        if not self._session.is_national:
            must_be_possible(store, self._session.college, self._file.header())
