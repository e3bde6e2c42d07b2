"""What a store has of a ledger already: the hashes that a file's entries are compared with.

An entry is known by its hash, on whichever branch it lies. Its number says where to look, and its
epoch's number says little: the same backup restored on two laptops gives two that are both called
`fife/2`.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, literal_column, select, union_all

from kitloan.errors import BadInput, KitloanError
from kitloan.exchange.file import ExchangeFile, Header
from kitloan.exchange.rebase import Kept, Taken, lay_anew, take_in_place
from kitloan.exchange.sending import remember
from kitloan.exchange.trust import Confirmed, fingerprint, keys_of, must_be_trusted, pin
from kitloan.ledger.clocks import Reading, keep_reading
from kitloan.ledger.entry import GENESIS, Entry, NotCanonical, seal
from kitloan.ledger.epochs import EPOCHS_AHEAD, college_of, epoch_of, ledger_name
from kitloan.ledger.facts.definitions import CollegeOpened
from kitloan.ledger.facts.ledger import LedgerResumed
from kitloan.ledger.writer import Head, Sealed, begin, head_of, move_head, record, record_all
from kitloan.storage.faults import driver_error
from kitloan.storage.files import insist_on_file
from kitloan.storage.statements import Meter, Query, TooMuchWork, metered
from kitloan.tables import LedgerEntry, LedgerHead, Setting, table
from kitloan.tables.national import APART, Resumption
from kitloan.text.names import plain
from kitloan.verify import Progress

entry = table(LedgerEntry)
resumption = table(Resumption)
setting = table(Setting)
head = table(LedgerHead)

_WINDOW = 1_000

_resumed = select(resumption.c.epoch).where(resumption.c.college == bindparam("c"))
_main_line = Query(
    select(entry.c.seq, entry.c.epoch, entry.c.hash).where(
        entry.c.college == bindparam("c"),
        # Named so that the key's index finds the numbers: else each window reads the whole ledger.
        entry.c.epoch.in_(union_all(select(literal_column("1")), _resumed)),
        entry.c.seq.between(bindparam("a"), bindparam("b")),
    )
)
_apart = Query(
    select(APART.c.seq, APART.c.epoch, APART.c.hash, APART.c.body).where(
        APART.c.college == bindparam("c"), APART.c.seq.between(bindparam("a"), bindparam("b"))
    )
)


class OnMain(NamedTuple):
    """An entry on the branch that counts."""

    epoch: int
    hash: str


class _Apart(NamedTuple):
    """An entry on another branch."""

    epoch: int
    hash: str
    prev: str


class Known:
    """Entries that the store had before the file came, read some at a time as the file goes on."""

    def __init__(self, connection: Connection, college: str, last: int) -> None:
        """`last` is the number of the last entry on the branch that counts."""
        self._connection, self._college, self._last = connection, college, last
        self._from = self._to = 0
        self._main: dict[int, OnMain] = {}
        self._apart: dict[int, list[_Apart]] = {}

    def _reach(self, seq: int) -> None:
        if self._from <= seq < self._to:
            return
        self._from, self._to = seq - 1, seq + _WINDOW  # with the one before, which is asked for too
        within = {"c": self._college, "a": self._from}
        # What lies beyond the last is the file's own.
        main = _main_line(self._connection, **within, b=min(self._to - 1, self._last))
        self._main = {seq: OnMain(*rest) for seq, *rest in main}
        self._apart = {}
        for seq, epoch, digest, body in _apart(self._connection, **within, b=self._to - 1):
            each = _Apart(epoch, digest, json.loads(body)["prev"])
            self._apart.setdefault(seq, []).append(each)

    def main(self, seq: int) -> OnMain | None:
        """The entry of this number on the branch that counts."""
        self._reach(seq)
        return self._main.get(seq)

    def follow_on_main(self, seq: int, prev: str, digest: str) -> OnMain | None:
        """The entry of this number and hash on the branch that counts, if it follows on `prev`."""
        here = self.main(seq)
        if here is None or here.hash != digest:
            return None
        return here if prev == self._before_on_main(seq) else None

    def _before_on_main(self, seq: int) -> str:
        before = self._main.get(seq - 1)
        return before.hash if before else GENESIS

    def epochs(self, seq: int) -> dict[str, int]:
        """The epoch of every entry of this number, by its hash."""
        found = self.main(seq)
        apart = {each.hash: each.epoch for each in self._apart.get(seq, [])}
        return apart | ({found.hash: found.epoch} if found else {})

    def has_another(self, seq: int, prev: str, epoch: int, digest: str) -> bool:
        """Whether another entry than this one, of the same number and epoch, follows on `prev`.

        In one epoch only one can: it is a restored backup that goes on in another.
        """
        found = self.main(seq)
        others = [(each.prev, each.epoch, each.hash) for each in self._apart.get(seq, [])]
        if found is not None:
            others.append((self._before_on_main(seq), found.epoch, found.hash))
        return any(one[:2] == (prev, epoch) and one[2] != digest for one in others)


def digest_of(path: Path) -> str:
    """The hash of a file's bytes; of one that has gone meanwhile, that of none."""
    insist_on_file(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def was_merged(connection: Connection, header: Header, digest: str) -> bool:
    """Whether a file of these bytes was merged into this store."""
    found = select(setting.c.value).where(
        setting.c.college == college_of(header.ledger), setting.c.name == f"merged {digest}"
    )
    return connection.execute(found).scalar() == header.head


def remember_merged(connection: Connection, header: Header, digest: str) -> None:
    """A file of these bytes is merged."""
    remember(connection, college_of(header.ledger), f"merged {digest}", header.head)


_STEP = 500
BYTES_OF_A_ROW = 10
"""Of a file's size, for each row that its entries may read or touch, over `FREE_ROWS`. An entry of
an ordinary ledger takes some seventy bytes, and reads or touches four rows."""
FREE_ROWS = 150_000
MOST_WRITTEN = 3
"""Times the characters of its lines that a file may write into tables, over `FREE_WRITTEN`; an
ordinary ledger writes them twice."""
FREE_WRITTEN = 2**20


def meter_for(file: ExchangeFile) -> Meter:
    """What the entries of a file may cost: so much for its size, whatever they say.

    Reads all of the file: called before the store is locked.

    Raises:
        BadInput: `bad_exchange_file`.
    """
    written = MOST_WRITTEN * file.unpacked_size() + FREE_WRITTEN
    return Meter(file.size() // BYTES_OF_A_ROW + FREE_ROWS, written)


@dataclass(frozen=True, slots=True)
class Merged:
    """What a file brought: entries that were new, and entries that were known."""

    file: str
    ledger: str
    added: int
    known: int


@dataclass(frozen=True, slots=True)
class Told:
    """What the person who merges says with it.

    Attributes:
        at: when.
        by: who.
        new_key: take a key that this ledger's files were not signed with before.
        replace: take this ledger in place of another one of the college; its key, too.
        trust: the keys of first files that a person confirmed.
    """

    at: str
    by: str
    new_key: bool = False
    replace: bool = False
    trust: tuple[Confirmed, ...] = ()


def merge(
    connection: Connection,
    file: ExchangeFile,
    told: Told,
    meter: Meter,
    progress: Progress | None = None,
) -> Merged:
    """Check every line of a file, and take what is new.

    Args:
        connection: a transaction, which must be rolled back when this raises.
        file: what was sent.
        told: what is said with it.
        meter: what its entries may cost, see `meter_for`.
        progress: told how many lines are read, of how many.

    Raises:
        BadInput: `bad_exchange_file`, `altered`, `forked`, `gap`, `truncated`, `impossible`,
            `unsigned`, `key_changed`, `epoch_jump`, `newer_file`, `own_ledger`, `not_whole` or
            `too_large`.
        Refused: `unknown_key`, `retired_key`.
    """
    with file.lines() as lines:
        return _merge(connection, file, lines, told, meter, progress)


def _merge(
    connection: Connection,
    file: ExchangeFile,
    lines: Iterator[str],
    told: Told,
    meter: Meter,
    progress: Progress | None,
) -> Merged:
    first = next(lines, "")
    header = file.read_header(first)
    college = college_of(header.ledger)
    _must_fit(connection, file, header, told)
    digest = digest_of(file.path)
    signed = file.signed(first, header)
    known = keys_of(connection, college)
    top = head_of(connection, college) or begin(connection, college, own=False)
    merging = _Merging(connection, file, header, top, told, meter)
    # What is not signed, or does not join, is refused below for what is wrong with it.
    if signed and (merging.joins or known) and not (known and told.replace):
        news = not merging.has_the_last()
        must_be_trusted(known, header, file.path, told.trust, brings_news=news)
    again = was_merged(connection, header, digest) and not told.replace
    if again and merging.has_the_last():
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
    if not signed:
        raise file.wrong(
            "unsigned", merging.first_new, header, "is the first that its signature does not cover"
        )
    if not (known and told.replace):
        news = merged.added > 0
        must_be_trusted(known, header, file.path, told.trust, brings_news=news)
    _pin(connection, file, header, told, known)
    if merged.added:
        remember_merged(connection, header, digest)
        keep_reading(
            connection,
            college,
            header.head,
            merging.latest,
            Reading(merging.first_new, header.exported_at, told.at),
        )
    return merged


def _must_fit(connection: Connection, file: ExchangeFile, header: Header, told: Told) -> None:
    college = college_of(header.ledger)
    own = connection.execute(select(head.c.own).where(head.c.college == college)).scalar()
    if own:
        raise BadInput(
            "own_ledger",
            f"{file.path} is the ledger of {plain(college)!r}, which this store writes.",
            "There is nothing to merge.",
            file=str(file.path),
        )
    if told.replace and header.first != 1:
        raise BadInput(
            "not_whole",
            f"{file.path} begins at entry {header.first}; only a whole ledger can be taken in "
            "place of another.",
            "Ask the college for all of it: kitloan ledger export FILE",
            file=str(file.path),
        )


def _pin(
    connection: Connection, file: ExchangeFile, header: Header, told: Told, known: Sequence[str]
) -> None:
    """Remember the key of a ledger; refuse another one, unless a person takes it."""
    college = college_of(header.ledger)
    if header.key in known and not (told.replace and header.key != known[-1]):
        return
    if known and not (told.new_key or told.replace):
        raise BadInput(
            "key_changed",
            f"{file.path} is signed with the key {fingerprint(header.key)}, and the files of "
            f"{plain(college)!r} were signed with {fingerprint(known[-1])} until now. "
            "Nothing was merged from it.",
            "Ask by telephone whether the key changed, and compare the new one with what "
            "`kitloan key` shows there. If it did: kitloan ledger import FILE --new-key",
            file=str(file.path),
            ledger=header.ledger,
            seq=header.first,
            key=header.key,
            known=known[-1],
        )
    pin(connection, college, header.key, told.at)


class _Merging:
    """A file, entry by entry, onto a ledger that ends at `top`."""

    def __init__(
        self,
        connection: Connection,
        file: ExchangeFile,
        header: Header,
        top: Head,
        told: Told,
        meter: Meter,
    ) -> None:
        self._connection, self._file, self._header = connection, file, header
        self._top, self._told, self._meter = top, told, meter
        self._college = college_of(header.ledger)
        self._store = Known(connection, self._college, top.seq)
        self._seq, self._prev = header.first - 1, header.prev
        self._head = top
        self._waiting: list[Sealed] = []
        self._apart: dict[str, Kept] = {}
        self._chosen = self._off_main = ""
        self._known = self._added = 0
        self.latest = ""
        self.done = 0
        self.first_new = top.seq + 1
        known = {GENESIS: 0} if self._seq == 0 else self._store.epochs(self._seq)
        self.joins = self._prev in known
        self._epoch = known.get(self._prev, 0)
        self._most = max(1, top.epoch, self._epoch) + EPOCHS_AHEAD

    def take(self, body: str) -> None:
        """The next line."""
        self._seq += 1
        self.done += 1
        digest = seal(body)
        if self._is_known(digest):
            return
        try:
            read = self._file.read(body, self._seq, self._header)
        except NotCanonical:
            raise self._not_canonical(digest) from None
        epoch = epoch_of(read.ledger)
        self._must_join(epoch)
        self._must_follow(read, epoch)
        self._must_not_fork(read, epoch, digest)
        if self._prev != self._head.hash:
            self._off_main = self._off_main or digest
        if digest in self._store.epochs(self._seq):
            self._known += 1
        else:
            self._add(Sealed(epoch, read, body, digest))
        self._prev, self._epoch = digest, epoch

    def _is_known(self, digest: str) -> bool:
        """Whether the store has just this line after the one before it, on the branch that counts.

        Then nothing about it can be other than when it was read the first time.
        """
        known = self._store.follow_on_main(self._seq, self._prev, digest)
        if known is None:
            return False
        self._known += 1
        self._prev, self._epoch = digest, known.epoch
        return True

    def has_the_last(self) -> bool:
        """Whether the store has the entry that the file says is its last."""
        return self._header.head in self._store.epochs(self._header.last)

    def _must_join(self, epoch: int) -> None:
        """What the first line follows on must be known, on some branch; `epoch` is that line's.

        The first epoch is one line: another entry of the same number there is no branch. In later
        ones it may be that of another laptop, whose entries have still to come.
        """
        if self.joins:
            return
        first = self._header.first
        if first == 1 or (epoch == 1 and 1 in self._store.epochs(first - 1).values()):
            raise self._wrong("forked", first, "does not follow on the entry that is known here")
        known = self._top.seq if first > self._top.seq + 1 else 0
        ledger = plain(self._header.ledger)
        raise BadInput(
            "gap",
            f"{self._file.path} begins at entry {first} of {ledger!r}, and the one before that is "
            "not known here.",
            f"Ask the college for its ledger from entry {known + 1}: kitloan ledger export FILE. "
            "This file is merged by itself when what is missing comes.",
            file=str(self._file.path),
            ledger=self._header.ledger,
            seq=known + 1,
        )

    def _must_follow(self, read: Entry, epoch: int) -> None:
        resumes = isinstance(read.fact, LedgerResumed)
        if read.prev != self._prev:
            raise self._wrong("altered", self._seq, "does not follow on the entry before it")
        if (self._seq == 1) != isinstance(read.fact, CollegeOpened):
            raise self._wrong("altered", self._seq, "opens a college in the wrong place")
        if read.ledger != ledger_name(self._college, epoch) or epoch < max(1, self._epoch):
            raise self._wrong("altered", self._seq, "is another ledger's, or out of order")
        if self._epoch and (epoch > self._epoch) != resumes:
            raise self._wrong("altered", self._seq, "resumes a ledger in the wrong place")
        if resumes and (epoch == 1 or (read.fact.seq, read.fact.hash) != (read.seq - 1, read.prev)):  # type: ignore[attr-defined]  # `resumes` says which fact it is
            raise self._wrong("altered", self._seq, "does not resume the entry before it")

        if epoch > self._most and not self._told.replace:
            raise self._wrong(
                "epoch_jump",
                self._seq,
                f"calls its ledger {plain(read.ledger)!r}; {self._college}/{self._most} is the "
                "furthest that restored backups could have brought it",
                "Keep the file, and ask by telephone what happened. Where it is the true one, "
                "take the whole ledger: kitloan ledger import FILE --replace",
            )

    def _not_canonical(self, digest: str) -> BadInput:
        words = "is not in canonical form, so it could be read in two ways"
        known = self._store.has_another(self._seq, self._prev, self._epoch, digest)
        return self._wrong("forked" if known else "altered", self._seq, words)

    def _must_not_fork(self, read: Entry, epoch: int, digest: str) -> None:
        """Only one entry of an epoch can follow on another; a second one is another history."""
        resumes = isinstance(read.fact, LedgerResumed)
        if resumes or not self._store.has_another(self._seq, self._prev, epoch, digest):
            return
        if self._told.replace:
            self._chosen = digest
        elif digest not in self._store.epochs(self._seq):
            raise self._wrong(
                "forked",
                self._seq,
                "is not the entry that is known here",
                "Keep the file, and ask by telephone what happened; it names the key "
                f"{plain(fingerprint(self._header.key))}. Where it is the true one (a practice "
                "ledger was sent before, say, or one was lost without a backup): kitloan ledger "
                "import FILE --replace",
            )

    def _add(self, sealed: Sealed) -> None:
        """Take an entry that is new, where the branch that counts ends or on another."""
        if self._added == 0:
            self.first_new = self._seq
        self._added += 1
        self.latest = max(self.latest, sealed.entry.at)
        if self._prev != self._head.hash:
            self._apart[sealed.hash] = Kept(sealed.epoch, self._seq, sealed.body)
            return
        self._waiting.append(sealed)
        self._head = Head(sealed.epoch, self._seq, sealed.hash, sealed.entry.at)
        if len(self._waiting) == _STEP:
            self.apply_waiting()

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
            with metered(self._meter):
                record_all(self._connection, self._college, waiting)
        except TooMuchWork as problem:
            raise self._too_much(problem.seq or waiting[-1].entry.seq) from None
        except Exception as problem:
            _must_be_of_the_file(problem)
            until_here.rollback()
            self._find_the_wrong_one(waiting)
            raise  # none is wrong by itself: then it is not the file's
        until_here.commit()

    def _too_much(self, seq: int) -> BadInput:
        meter = self._meter
        what = (
            f"{meter.most_rows:,} rows may be read or changed for a file of its size"
            if meter.rows > meter.most_rows
            else f"{meter.most_written:,} characters may be written for a file of its length"
        )
        return self._wrong(
            "too_large",
            seq,
            f"asks for more than a file may: {what}",
            "Ask the college for its whole ledger: kitloan ledger export FILE. If that is refused "
            "too, ask by telephone what happened.",
        )

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
        self._must_join(epoch_of(self._header.ledger))
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
        if self._told.replace:
            self._chosen = self._chosen or self._off_main
        if self._chosen:
            taken = Taken(self._chosen, self._told.at, self._told.by)
            take_in_place(self._connection, self._college, taken)
        if self._apart or self._chosen:
            self._lay_anew()
        return Merged(str(self._file.path), header.ledger, self._added, self._known)

    def _lay_anew(self) -> None:
        try:
            lay_anew(self._connection, self._college, self._head, self._apart)
        except Exception as problem:
            _must_be_of_the_file(problem)
            raise self._wrong(
                "impossible", self.first_new, "leads to what cannot have happened"
            ) from problem

    def _wrong(self, code: str, seq: int, words: str, hint: str = "") -> BadInput:
        return self._file.wrong(code, seq, self._header, words, hint)


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
