"""One file into the store: what is known must be the same, what is new must follow on.

Most files only go on from where the last one ended. After a backup was restored a college's ledger
has a second branch from the entry where it resumed: the branch of the newest epoch is the one that
counts, and the entries of the other are kept apart as *lost* (`lost_entry`), never dropped. Which
entries lie on which branch follows from the entries alone, so the order of files does not matter.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from kitloan.entries import GENESIS, CollegeOpened, Entry, LedgerResumed, seal
from kitloan.errors import BadInput, KitloanError
from kitloan.exchange.again import digest_of, remember_merged, was_merged
from kitloan.exchange.header import Header
from kitloan.exchange.known import Known
from kitloan.exchange.mainline import lay_anew
from kitloan.exchange.reading import ExchangeFile
from kitloan.exchange.signing import fingerprint
from kitloan.faults import driver_error
from kitloan.ledger import Head, Sealed, begin, head_of, move_head, record, record_all
from kitloan.models import LedgerHead, table
from kitloan.models.national import LostEntry, PinnedKey
from kitloan.register.epochs import college_of, epoch_of, ledger_name
from kitloan.text import plain
from kitloan.verify import Progress

head, lost, pinned = table(LedgerHead), table(LostEntry), table(PinnedKey)

_STEP = 500


@dataclass(frozen=True, slots=True)
class Merged:
    """What a file brought: entries that were new, and entries that were known."""

    file: str
    ledger: str
    added: int
    known: int


def merge(
    connection: Connection,
    file: ExchangeFile,
    *,
    now: str,
    new_key: bool = False,
    progress: Progress | None = None,
) -> Merged:
    """Check every line of a file, and take what is new.

    Args:
        connection: a transaction, which must be rolled back when this raises.
        file: what was sent.
        now: when, for the record of the key.
        new_key: take a key that this ledger's files were not signed with before.
        progress: told how many lines are read, of how many.

    Raises:
        BadInput: `bad_exchange_file`, `altered`, `forked`, `gap`, `truncated`, `impossible`,
            `unsigned`, `key_changed`, `newer_file` or `own_ledger`.
    """
    lines = file.lines()
    first = next(lines, "")
    header = file.read_header(first)
    college = college_of(header.ledger)
    top = head_of(connection, college)
    _must_fit(connection, file, header, top)
    digest = digest_of(file.path)
    merging = _Merging(connection, file, header, top or begin(connection, college, own=False))
    if was_merged(connection, header, digest) and merging.has_the_last():
        return Merged(str(file.path), header.ledger, 0, header.last - header.first + 1)
    try:
        for body in lines:
            merging.take(body)
            if progress is not None and merging.done % _STEP == 0:
                progress(merging.done, header.last - header.first + 1)
    except BadInput:
        merging.apply_waiting()  # the first entry that is wrong may be one of these
        raise
    merged = merging.end()
    if not file.signed(first, header):
        raise file.wrong(
            "unsigned", merging.first_new, header, "is the first that its signature does not cover"
        )
    _pin(connection, file, header, now, new_key)
    if merged.added:
        remember_merged(connection, header, digest)
    return merged


def _must_fit(connection: Connection, file: ExchangeFile, header: Header, top: Head | None) -> None:
    college = college_of(header.ledger)
    own = connection.execute(select(head.c.own).where(head.c.college == college)).scalar()
    if own:
        raise BadInput(
            "own_ledger",
            f"{file.path} is the ledger of {plain(college)!r}, which this store writes.",
            "There is nothing to merge.",
            file=str(file.path),
        )
    known = top.seq if top else 0
    if header.first > known + 1:
        raise BadInput(
            "gap",
            f"{file.path} begins at entry {header.first} of {plain(header.ledger)!r}, and only "
            f"{known} are known here.",
            f"Ask the college for its ledger from entry {known + 1}: kitloan ledger export FILE. "
            "This file is merged by itself when what is missing comes.",
            file=str(file.path),
            ledger=header.ledger,
            seq=known + 1,
        )


def _pin(
    connection: Connection, file: ExchangeFile, header: Header, now: str, new_key: bool
) -> None:
    """Remember the key of a ledger; refuse another one, unless a person takes it."""
    college = college_of(header.ledger)
    keys = connection.execute(
        select(pinned.c.key).where(pinned.c.college == college).order_by(pinned.c.since)
    )
    known = list(keys.scalars())
    if header.key in known:
        return
    if known and not new_key:
        raise BadInput(
            "key_changed",
            f"{file.path} is signed with the key {fingerprint(header.key)}, and the files of "
            f"{plain(college)!r} were signed with {fingerprint(known[-1])} until now. "
            "Nothing was merged from it.",
            "Ask the college by telephone whether its key changed, and read the new one out. "
            "If it did: kitloan ledger import FILE --new-key",
            file=str(file.path),
            ledger=header.ledger,
            seq=header.first,
            key=header.key,
            known=known[-1],
        )
    connection.execute(insert(pinned).values(college=college, key=header.key, since=now))


class _Merging:
    """A file, entry by entry."""

    def __init__(
        self, connection: Connection, file: ExchangeFile, header: Header, top: Head
    ) -> None:
        self._connection, self._file, self._header, self._top = connection, file, header, top
        self._college = college_of(header.ledger)
        self._known_entries = Known(connection, self._college)
        self._seq, self._prev, self._at = header.first - 1, header.prev, ""
        self._head = top
        self._branched = False
        self._waiting: list[Sealed] = []
        self._known = self._added = 0
        self.done = 0
        self.first_new = top.seq + 1
        before = {GENESIS: 0} if header.first == 1 else self._known_entries.epochs(header.first - 1)
        self._epoch = before.get(header.prev, 0)
        if header.prev not in before:
            raise self._wrong(
                "forked", header.first, "does not follow on the entry that is known here"
            )

    def take(self, body: str) -> None:
        """The next line."""
        self._seq += 1
        self.done += 1
        digest = seal(body)
        if self._is_known(digest):
            return
        read = self._file.read(body, self._seq, self._header)
        epoch = epoch_of(read.ledger)
        self._must_follow(read, epoch)
        self._prev, self._at, self._epoch = digest, read.at, epoch
        known = self._known_entries.hash(epoch, self._seq) if self._seq <= self._top.seq else None
        if known is None and self._seq > self._top.seq:
            known = self._lost_beyond(epoch)
        if known is not None:
            self._known += 1
            if known != digest:
                raise self._wrong("forked", self._seq, "is not the entry that is known here")
            return
        self._must_not_fork(epoch, read)
        if self._added == 0:
            self.first_new = self._seq
        self._added += 1
        if self._on_main_line(epoch, read):
            self._waiting.append(Sealed(epoch, read, body, digest))
            self._head = Head(epoch, read.seq, digest, read.at)
            if len(self._waiting) == _STEP:
                self.apply_waiting()
        else:
            self._branched = True
            self._connection.execute(
                insert(lost).values(
                    college=self._college, epoch=epoch, seq=self._seq, body=body, hash=digest
                )
            )

    def _is_known(self, digest: str) -> bool:
        """Whether the store has just this line after the one before it.

        Then nothing about it can be other than when it was read the first time.
        """
        if self._seq > self._top.seq:
            return False
        known = self._known_entries.follow_on_main(self._seq, self._prev, digest)
        if known is None:
            return False
        self._known += 1
        self._prev, self._at, self._epoch = digest, known.at, known.epoch
        return True

    def has_the_last(self) -> bool:
        """Whether the store has the entry that the file says is its last."""
        return self._header.head in self._known_entries.epochs(self._header.last)

    def _lost_beyond(self, epoch: int) -> str | None:
        """An entry past the end of the branch that counts; only an older epoch can have one."""
        if epoch >= self._top.epoch:
            return None
        return self._known_entries.hash(epoch, self._seq)

    def _must_follow(self, read: Entry, epoch: int) -> None:
        resumes = isinstance(read.fact, LedgerResumed)
        if read.prev != self._prev:
            raise self._wrong("altered", self._seq, "does not follow on the entry before it")
        if read.at < self._at:
            raise self._wrong("altered", self._seq, "is dated before the entry before it")
        if (self._seq == 1) != isinstance(read.fact, CollegeOpened):
            raise self._wrong("altered", self._seq, "opens a college in the wrong place")
        if read.ledger != ledger_name(self._college, epoch) or epoch < max(1, self._epoch):
            raise self._wrong("altered", self._seq, "is another ledger's, or out of order")
        if self._epoch and (epoch > self._epoch) != resumes:
            raise self._wrong("altered", self._seq, "resumes a ledger in the wrong place")
        if resumes and (epoch == 1 or (read.fact.seq, read.fact.hash) != (read.seq - 1, read.prev)):  # type: ignore[union-attr]  # `resumes` says which fact it is
            raise self._wrong("altered", self._seq, "does not resume the entry before it")

    def _must_not_fork(self, epoch: int, read: Entry) -> None:
        """An entry that is new must lie beyond what is known of its epoch."""
        on_main = self._known_entries.main(self._seq) if self._seq <= self._top.seq else None
        if on_main is None or on_main.epoch > epoch or self._branched:
            return
        if on_main.epoch < epoch and isinstance(read.fact, LedgerResumed):
            return
        raise self._wrong("forked", self._seq, "is not the entry that is known here")

    def _on_main_line(self, epoch: int, read: Entry) -> bool:
        if self._branched or self._seq != self._head.seq + 1:
            return False
        goes_on = epoch == self._head.epoch or isinstance(read.fact, LedgerResumed)
        return goes_on and read.prev == self._head.hash

    def apply_waiting(self) -> None:
        """Record the entries that wait: some hundreds at once cost a third less than one by one.

        Raises:
            BadInput: `impossible`, for the first that says what cannot have happened.
        """
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        until_here = self._connection.begin_nested()
        try:
            record_all(self._connection, self._college, waiting)
        except Exception as problem:
            _must_be_of_the_file(problem)
            until_here.rollback()
            self._find_the_wrong_one(waiting)
            raise  # none is wrong by itself: then it is not the file's
        until_here.commit()

    def _find_the_wrong_one(self, waiting: Sequence[Sealed]) -> None:
        for each in waiting:
            try:
                record(
                    self._connection, self._college, each.epoch, each.entry, each.body, each.hash
                )
            except Exception as problem:
                _must_be_of_the_file(problem)
                raise self._wrong(
                    "impossible", each.entry.seq, "says what cannot have happened"
                ) from problem

    def end(self) -> Merged:
        """The last line was read: is it the one that was promised?"""
        self.apply_waiting()
        header = self._header
        if self._seq != header.last:
            raise self._wrong("truncated", self._seq, f"is the last; {header.last} were promised")
        if self._prev != header.head or (
            self.done and ledger_name(self._college, self._epoch) != header.ledger
        ):
            raise self._wrong("altered", self._seq, "is not the last one that was sent")
        if self._head is not self._top:
            move_head(self._connection, self._college, self._head)
        if self._branched:
            self._lay_anew()
        return Merged(str(self._file.path), header.ledger, self._added, self._known)

    def _lay_anew(self) -> None:
        try:
            lay_anew(self._connection, self._college)
        except Exception as problem:
            _must_be_of_the_file(problem)
            raise self._wrong(
                "impossible", self.first_new, "leads to what cannot have happened"
            ) from problem

    def _wrong(self, code: str, seq: int, words: str) -> BadInput:
        return self._file.wrong(code, seq, self._header, words)


def _must_be_of_the_file(problem: Exception) -> None:
    """Raise what no entry can be to blame for: a fault of ours, or a disk that is full.

    With some of the latter SQLite gives up the transaction; whoever went on would write without.
    """
    if isinstance(problem, KitloanError):
        return
    said = driver_error(problem)
    rules = isinstance(said, sqlite3.IntegrityError | sqlite3.DataError)
    if said is None or (isinstance(said, sqlite3.Error) and not rules):
        raise problem
