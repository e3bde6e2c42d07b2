"""Merging a file into a college's ledger: check every entry, and take the new ones.

An entry is identified by its hash, whichever branch it is on. Its number only shows where to look,
and so does its epoch: the same backup restored on two laptops gives two epochs called `fife/2`.
`StoredEntries` reads the hashes that the store has; `_Merging` takes the file line by line.
"""

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, literal_column, select, union_all

from kitloan.errors import BadInput, KitloanError
from kitloan.exchange.file import FIRST, ExchangeFile, Header
from kitloan.exchange.rebase import ChosenHistory, StoredEntry, choose_history, rebase
from kitloan.exchange.sending import remember
from kitloan.exchange.trust import ConfirmedKey, fingerprint, keys_of, must_be_trusted, pin
from kitloan.history.walk import Progress
from kitloan.ledger.clocks import ClockReading, keep_order, keep_reading, remember_order
from kitloan.ledger.entry import GENESIS, Entry, NotCanonical, seal
from kitloan.ledger.epochs import EPOCHS_AHEAD, college_of, epoch_of, ledger_name
from kitloan.ledger.facts.definitions import CollegeOpened
from kitloan.ledger.facts.ledger import LedgerResumed, Reversed
from kitloan.ledger.writer import Head, Sealed, begin, head_of, move_head, record, record_all
from kitloan.reference import colleges
from kitloan.storage.faults import driver_error
from kitloan.storage.files import insist_on_file
from kitloan.storage.statements import Meter, Query, TooMuchWork, metered
from kitloan.tables import College, LedgerEntry, LedgerHead, Setting, table
from kitloan.tables.national import APART, Resumption
from kitloan.text.names import plain, skeleton

college_row = table(College)
entry = table(LedgerEntry)
resumption = table(Resumption)
setting = table(Setting)
head = table(LedgerHead)

_WINDOW = 1_000
_STEP = 500
_DAY = len("2026-11-29")
_ASKS_MORE = (CollegeOpened, LedgerResumed, Reversed)
"""What may stand in one place of a ledger only, and what undoes an entry."""
_ALTERED = "was altered: its text does not match its hash"

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


_college_names = Query(select(college_row.c.college, college_row.c.name))


@dataclass(frozen=True, slots=True)
class Merged:
    """How many entries of a file were new, and how many were known."""

    file: str
    ledger: str
    added: int
    known: int


@dataclass(frozen=True, slots=True)
class MergeDecisions:
    """What the person who merges has decided.

    Attributes:
        at: when.
        by: who.
        new_key: accept a new key for this ledger.
        replace: take this ledger and its key in place of the college's earlier one.
        trust: the keys of first files that a person confirmed.
    """

    at: str
    by: str
    new_key: bool = False
    replace: bool = False
    trust: tuple[ConfirmedKey, ...] = ()


@dataclass(frozen=True, slots=True)
class MergeOutcome:
    """What came of a file, its header, and the number of the first entry that was new."""

    merged: Merged
    header: Header
    first_new: int


WHOLE_LEDGER = "Ask the college for its whole ledger: kitloan ledger export FILE"
"""The next step after `too_large`."""


class NeedsCopy(Exception):
    """All of the ledger has to be read, and perhaps replayed: see `kitloan.exchange.copying`."""


def merge(
    connection: Connection,
    file: ExchangeFile,
    decisions: MergeDecisions,
    meter: Meter | None,
    progress: Progress | None = None,
    look_back: Callable[[], None] | None = None,
) -> MergeOutcome:
    """Check every line of a file, and take what is new.

    Args:
        connection: a transaction, which must be rolled back when this raises.
        file: what was sent.
        decisions: what the person who merges has decided.
        meter: the most work that its entries may cause, see `bounds.meter_for`; None for a file
            that was merged before, and brings nothing if it still is.
        progress: called with how many lines are read, of how many.
        look_back: called, once or again, before entries are read that came before the file, or
            an entry is undone; None where entries may not be put on another branch, which reads
            all of the ledger.

    Raises:
        BadInput: `bad_exchange_file`, `altered`, `forked`, `gap`, `truncated`, `impossible`,
            `unsigned`, `key_changed`, `epoch_jump`, `newer_file`, `own_ledger`, `not_whole` or
            `too_large`.
        Refused: `unknown_key`, `retired_key`.
        NeedsCopy: entries belong on another branch, and `look_back` is None; or there are some
            to record, and `meter` is None.
    """
    with file.lines() as lines:
        return _merge(connection, file, lines, decisions, meter, progress, look_back)


def _merge(
    connection: Connection,
    file: ExchangeFile,
    lines: Iterator[str],
    decisions: MergeDecisions,
    meter: Meter | None,
    progress: Progress | None,
    look_back: Callable[[], None] | None,
) -> MergeOutcome:
    first = next(lines, "")
    header = file.read_header(first)
    college = college_of(header.ledger)
    must_fit(connection, file, header, decisions)
    digest = digest_of(file.path)
    signed = file.signed(first, header)
    known = keys_of(connection, college)
    top = head_of(connection, college) or begin(connection, college, own=False)
    merging = _Merging(connection, file, header, top, decisions, meter or Meter(0, 0), look_back)
    # A file that is not signed, or does not join, is refused below for that fault.
    if signed and (merging.joins or known) and not (known and decisions.replace):
        news = not merging.has_the_last()
        must_be_trusted(known, header, file.path, decisions.trust, brings_news=news)
    repeated = was_merged(connection, header, digest) and not decisions.replace
    if repeated and merging.has_the_last():
        merged = Merged(str(file.path), header.ledger, 0, header.last - header.first + 1)
        return MergeOutcome(merged, header, merging.first_new)
    if meter is None:
        raise NeedsCopy
    try:
        for body in file.bodies(lines, header):
            merging.take(body)
            if progress is not None and merging.done % _STEP == 0:
                progress(merging.done, header.last - header.first + 1)
    except BadInput:
        merging.apply_waiting()  # the first wrong entry may be one of these
        raise
    merged = merging.end()
    if not signed:
        raise file.wrong(
            "unsigned", merging.first_new, header, "is the first that its signature does not cover"
        )
    if not (known and decisions.replace):
        news = merged.added > 0
        must_be_trusted(known, header, file.path, decisions.trust, brings_news=news)
    _pin(connection, file, header, decisions, known)
    remember_file(connection, header, decisions.at)
    if merged.added:
        remember_merged(connection, header, digest)
        keep_reading(
            connection,
            college,
            header.head,
            merging.latest,
            ClockReading(merging.first_new, header.exported_at, decisions.at),
        )
        is_kept = not merging.is_rebased and keep_order(
            connection, college, top, merging.head, is_in_order=merging.is_in_order
        )
        if not is_kept:
            merging.look_back()
            remember_order(connection, college)
    return MergeOutcome(merged, header, merging.first_new)


def must_fit(
    connection: Connection, file: ExchangeFile, header: Header, decisions: MergeDecisions
) -> None:
    """Refuse a file that this store cannot take, whatever its entries are.

    Raises:
        BadInput: `own_ledger`, `not_whole`.
    """
    college = college_of(header.ledger)
    own = connection.execute(select(head.c.own).where(head.c.college == college)).scalar()
    if own:
        raise BadInput(
            "own_ledger",
            f"{file.path} is the ledger of {plain(college)!r}, which this store writes.",
            "There is nothing to merge.",
            file=str(file.path),
        )
    if decisions.replace and header.first != 1:
        raise BadInput(
            "not_whole",
            f"{file.path} begins at entry {header.first}. Only a whole ledger can replace another.",
            "Ask the college for all of it: kitloan ledger export FILE",
            file=str(file.path),
        )


def _pin(
    connection: Connection,
    file: ExchangeFile,
    header: Header,
    decisions: MergeDecisions,
    known: Sequence[str],
) -> None:
    """Pin the key of a ledger; refuse a new one unless a person accepts it."""
    college = college_of(header.ledger)
    if header.key in known and not (decisions.replace and header.key != known[-1]):
        return
    if known and not (decisions.new_key or decisions.replace):
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
    pin(connection, college, header.key, decisions.at)


class _Merging:
    """Merges a file, entry by entry, into a ledger that ends at `top`."""

    def __init__(
        self,
        connection: Connection,
        file: ExchangeFile,
        header: Header,
        top: Head,
        decisions: MergeDecisions,
        meter: Meter,
        look_back: Callable[[], None] | None,
    ) -> None:
        self._connection, self._file, self._header = connection, file, header
        self._top, self._decisions, self._meter = top, decisions, meter
        self._may_rebase = look_back is not None
        self.look_back = look_back or _have_all
        self._college = college_of(header.ledger)
        self._store = StoredEntries(connection, self._college, top, self.look_back)
        self._seq, self._prev = header.first - 1, header.prev
        self.head = top
        self.is_in_order = True
        self.is_rebased = self._undoes = False
        self._waiting: list[Sealed] = []
        self._apart: dict[str, StoredEntry] = {}
        self._chosen = self._off_main = ""
        self._known = self._added = 0
        self.latest = ""
        self.done = 0
        self.first_new = top.seq + 1
        known = {GENESIS: 0} if self._seq == 0 else self._store.epochs(self._seq)
        self.joins = self._prev in known
        self._epoch = known.get(self._prev, 0)
        self._ledger = ledger_name(self._college, self._epoch) if self._epoch else ""
        self._most = max(1, top.epoch, self._epoch) + EPOCHS_AHEAD

    def take(self, body: str) -> None:
        """Take the next line."""
        self._seq += 1
        self.done += 1
        digest = seal(body)
        is_beyond = self._seq > self._store.last
        if not is_beyond and self._is_known(digest):
            return
        try:
            read = self._file.read(body, self._seq, self._header)
        except NotCanonical:
            raise self._not_canonical(digest) from None
        if (
            is_beyond
            and read.prev == self._prev == self.head.hash
            and read.ledger == self._ledger
            and read.fact.__class__ not in _ASKS_MORE
        ):  # as nearly all do; then what is asked below is so
            self._add(Sealed(self._epoch, read, body, digest))
            self._prev = digest
            return
        if isinstance(read.fact, CollegeOpened):
            self._must_not_look_alike(read.fact.name)
        self._undoes = self._undoes or isinstance(read.fact, Reversed)
        epoch = self._epoch if read.ledger == self._ledger else epoch_of(read.ledger)
        self._must_join(epoch)
        self._must_follow(read, epoch)
        if not is_beyond:
            self._must_not_fork(read, epoch, digest)
        if self._prev != self.head.hash:
            self._off_main = self._off_main or digest
        if not is_beyond and digest in self._store.epochs(self._seq):
            self._known += 1
        else:
            self._add(Sealed(epoch, read, body, digest))
        self._prev, self._epoch, self._ledger = digest, epoch, read.ledger

    def _is_known(self, digest: str) -> bool:
        """Whether the store has this line after the one before it, on the branch that counts.

        Such a line was checked when it was merged.
        """
        known = self._store.follow_on_main(self._seq, self._prev, digest)
        if known is None:
            return False
        self._known += 1
        self._prev, self._epoch = digest, known.epoch
        self._ledger = ledger_name(self._college, known.epoch)
        return True

    def has_the_last(self) -> bool:
        """Whether the store has the entry that the header names as the last."""
        return self._header.head in self._store.epochs(self._header.last)

    def _must_join(self, epoch: int) -> None:
        """Refuse a file whose first line, of this epoch, follows on an entry that is not here.

        The first epoch cannot branch. A later one may be another laptop's, whose entries have not
        come yet.
        """
        if self.joins:
            return
        first = self._header.first
        if first == 1 or (epoch == 1 and 1 in self._store.epochs(first - 1).values()):
            raise self._wrong("forked", first, "does not follow on the entry that this store has")
        known = self._top.seq if first > self._top.seq + 1 else 0
        ledger = plain(self._header.ledger)
        raise BadInput(
            "gap",
            f"{self._file.path} begins at entry {first} of {ledger!r}. This store does not have "
            "the entry before it.",
            f"Ask the college for its ledger from entry {known + 1}: kitloan ledger export FILE. "
            "When that comes, kitloan merges this file too.",
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
        if resumes and (epoch == 1 or (read.fact.seq, read.fact.hash) != (read.seq - 1, read.prev)):  # type: ignore[attr-defined]  # `resumes` narrows the fact
            raise self._wrong("altered", self._seq, "does not resume the entry before it")

        if epoch > self._most and not self._decisions.replace:
            raise self._wrong(
                "epoch_jump",
                self._seq,
                f"names its ledger {plain(read.ledger)!r}; restored backups can have brought it to "
                f"{self._college}/{self._most} at most",
                "Keep the file, and ask by telephone what happened. If it is the right ledger, "
                "take all of it: kitloan ledger import FILE --replace",
            )

    def _must_not_look_alike(self, name: str) -> None:
        """Refuse a college with the name of another, or one that looks the same."""
        if self._decisions.replace:
            return
        others = {each.id: each.name for each in colleges()}
        others |= {row.college: row.name for row in _college_names(self._connection)}
        for other, its_name in others.items():
            if other != self._college and skeleton(its_name) == skeleton(name):
                raise self._wrong(
                    "looks_alike",
                    self._seq,
                    f"names its college {plain(name)!r}; this looks like the name of {other!r}, "
                    f"{plain(its_name)!r}",
                    "Ask the sender by telephone which college it is. If the name is right: "
                    "kitloan ledger import FILE --replace",
                )

    def _not_canonical(self, digest: str) -> BadInput:
        words = "is not in canonical form, so it could be read in two ways"
        known = self._store.has_another(self._seq, self._prev, self._epoch, digest)
        return self._wrong("forked" if known else "altered", self._seq, words)

    def _must_not_fork(self, read: Entry, epoch: int, digest: str) -> None:
        """Refuse a second entry of an epoch after the same one: that is another history."""
        resumes = isinstance(read.fact, LedgerResumed)
        if resumes or not self._store.has_another(self._seq, self._prev, epoch, digest):
            return
        if self._decisions.replace:
            self._chosen = digest
        elif digest not in self._store.epochs(self._seq):
            raise self._wrong(
                "forked",
                self._seq,
                "is not the entry that this store has",
                "Keep the file, and ask by telephone what happened; it names the key "
                f"{plain(fingerprint(self._header.key))}. If it is the right ledger (the earlier "
                "one was for practice, or was lost without a backup): kitloan ledger import FILE "
                "--replace",
            )

    def _add(self, sealed: Sealed) -> None:
        """Take a new entry, at the end of the branch that counts or on another branch."""
        if self._added == 0:
            self.first_new = self._seq
        self._added += 1
        at = sealed.entry.at
        if at > self.latest:
            self.latest = at
        if self._prev != self.head.hash:
            self._apart[sealed.hash] = StoredEntry(sealed.epoch, self._seq, sealed.body)
            return
        if at < self.head.at and at[:_DAY] < self.head.at[:_DAY]:
            self.is_in_order = False
        self._waiting.append(sealed)
        self.head = Head(sealed.epoch, self._seq, sealed.hash, at)
        if len(self._waiting) == _STEP:
            self.apply_waiting()

    def apply_waiting(self) -> None:
        """Record the waiting entries; some hundreds at once cost a third less than one by one.

        Raises:
            BadInput: `impossible`, for the first that records something impossible.
        """
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        if self._undoes:
            self.look_back()
        until_here = self._connection.begin_nested()
        try:
            with metered(self._meter):
                record_all(self._connection, self._college, waiting)
        except TooMuchWork as problem:
            raise self._too_much(problem, problem.seq or waiting[-1].entry.seq) from None
        except Exception as problem:
            must_be_of_the_file(problem)
            until_here.rollback()
            self._find_the_wrong_one(waiting)
            raise  # no single entry is wrong, so the file is not to blame
        until_here.commit()

    def _too_much(self, problem: TooMuchWork, seq: int) -> BadInput:
        meter = problem.meter
        what = (
            f"at most {meter.most_rows:,} rows may be read or changed for a file of this size"
            if meter.rows > meter.most_rows
            else f"at most {meter.most_written:,} characters may be written for a file of this size"
        )
        return self._wrong(
            "too_large",
            seq,
            f"causes more work than its file may: {what}",
            WHOLE_LEDGER,
        )

    def _find_the_wrong_one(self, waiting: Sequence[Sealed]) -> None:
        for each in waiting:
            try:
                record(
                    self._connection, self._college, each.epoch, each.entry, each.body, each.hash
                )
            except Exception as problem:
                must_be_of_the_file(problem)
                self._must_be_as_sealed()
                raise self._wrong(
                    "impossible", each.entry.seq, "records something that cannot have happened"
                ) from problem

    def _must_be_as_sealed(self) -> None:
        """Refuse a file with an entry that was changed since it was sealed: its hash is another.

        What such an entry records may be impossible as well, and that would accuse the college.
        """
        header, seq, prev = self._header, self._header.first - 1, self._header.prev
        with self._file.lines() as lines:
            next(lines, "")
            for body in self._file.bodies(lines, header):
                try:
                    named = json.loads(body)["prev"]
                except (ValueError, KeyError, TypeError, RecursionError):
                    return  # that line is refused for what it is
                if named != prev and seq >= header.first:
                    raise self._wrong("altered", seq, _ALTERED)
                seq, prev = seq + 1, seal(body)
        if seq == header.last and prev != header.head:
            # A file of version 2 leaves out the hashes in between, so it may be any of them.
            or_before = "" if header.version == FIRST else " (or one before it)"
            raise self._wrong("altered", seq, f"{_ALTERED}{or_before}")

    def end(self) -> Merged:
        """Check that the last line is the one that the header names, and finish."""
        self._must_join(epoch_of(self._header.ledger))
        self.apply_waiting()
        header = self._header
        if self._seq != header.last:
            raise self._wrong(
                "truncated", self._seq, f"is the last one, and the header promises {header.last}"
            )
        if self._prev != header.head or (
            self.done and ledger_name(self._college, self._epoch) != header.ledger
        ):
            raise self._wrong("altered", self._seq, "is not the last one that the header names")
        if self.head is not self._top:
            move_head(self._connection, self._college, self.head)
        if self._decisions.replace:
            self._chosen = self._chosen or self._off_main
        if self._chosen:
            taken = ChosenHistory(self._chosen, self._decisions.at, self._decisions.by)
            choose_history(self._connection, self._college, taken)
        if self._apart or self._chosen:
            self._rebase()
        return Merged(str(self._file.path), header.ledger, self._added, self._known)

    def _rebase(self) -> None:
        if not self._may_rebase:
            raise NeedsCopy
        self.look_back()
        self.is_rebased = True
        try:
            rebase(self._connection, self._college, self.head, self._apart)
        except TooMuchWork as problem:
            raise self._too_much(problem, problem.seq or self.first_new) from None
        except Exception as problem:
            must_be_of_the_file(problem)
            raise self._wrong(
                "impossible", self.first_new, "leads to something that cannot have happened"
            ) from problem

    def _wrong(self, code: str, seq: int, words: str, hint: str = "") -> BadInput:
        return self._file.wrong(code, seq, self._header, words, hint)


def must_be_of_the_file(problem: Exception) -> None:
    """Raise the problem unless an entry of the file caused it.

    With a full disk, for example, SQLite may end the transaction: going on would write without one.
    """
    if isinstance(problem, KitloanError):
        return
    cause = driver_error(problem)
    rules = isinstance(cause, sqlite3.IntegrityError | sqlite3.DataError)
    if cause is None or (isinstance(cause, sqlite3.Error) and not rules):
        raise problem


def digest_of(path: Path) -> str:
    """The hash of a file's bytes; empty if the file is gone."""
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


def is_known(
    connection: Connection, file: ExchangeFile, header: Header, decisions: MergeDecisions
) -> bool:
    """Whether a file of these bytes was merged, and all that it brought is still here."""
    if decisions.replace or not was_merged(connection, header, digest_of(file.path)):
        return False
    college = college_of(header.ledger)
    row = connection.execute(
        select(head.c.epoch, head.c.seq, head.c.hash, head.c.at).where(head.c.college == college)
    ).first()
    if row is None:
        return False
    stored = StoredEntries(connection, college, Head(*row), _have_all)
    return header.head in stored.epochs(header.last)


def _have_all() -> None:
    """Nothing is to be done before a store is read that has all of the ledger."""


_FILE = "file of "
_INSTANT = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z")


def files_merged(connection: Connection) -> dict[str, list[tuple[str, str]]]:
    """Of each college's files: when each was made by its clock, and when it was merged here."""
    found: dict[str, list[tuple[str, str]]] = {}
    rows = connection.execute(
        select(setting.c.college, setting.c.name, setting.c.value)
        .where(setting.c.name.startswith(_FILE))
        .order_by(setting.c.name)
    )
    for row in rows:
        found.setdefault(row.college, []).append((row.name.removeprefix(_FILE), row.value))
    return found


def remember_file(connection: Connection, header: Header, at: str) -> None:
    """Record that a college sent a file, which may have brought nothing new: it has reported."""
    if not _INSTANT.fullmatch(header.exported_at):
        return
    made = min(header.exported_at, at)  # a clock that is ahead has not reported from the future
    college, name = college_of(header.ledger), f"{_FILE}{made}"
    known = select(setting.c.value).where(setting.c.college == college, setting.c.name == name)
    if connection.execute(known).first() is None:
        remember(connection, college, name, at)


def remember_merged(connection: Connection, header: Header, digest: str) -> None:
    """Record that a file of these bytes was merged."""
    remember(connection, college_of(header.ledger), f"merged {digest}", header.head)


class OnMain(NamedTuple):
    """An entry on the branch that counts."""

    epoch: int
    hash: str


class _Apart(NamedTuple):
    """An entry on a branch that does not count."""

    epoch: int
    hash: str
    prev: str


class StoredEntries:
    """The entries that the store had before the file came, read in portions as the file goes on."""

    def __init__(
        self, connection: Connection, college: str, top: Head, look_back: Callable[[], None]
    ) -> None:
        """The branch that counts ends at `top`; `look_back` is called before others are read."""
        self._connection, self._college, self._top = connection, college, top
        self._look_back = look_back
        self._from = self._to = 0
        self._main: dict[int, OnMain] = {}
        self._apart: dict[int, list[_Apart]] = {}
        apart = select(func.max(APART.c.seq)).where(APART.c.college == college)
        self._last_apart: int = connection.execute(apart).scalar() or 0
        self.last = max(top.seq, self._last_apart)
        """The highest number of an entry, on whichever branch."""

    def _reach(self, seq: int) -> None:
        if self._from <= seq < self._to:
            return
        self._look_back()
        self._from, self._to = seq - 1, seq + _WINDOW  # and the entry before it
        within = {"c": self._college, "a": self._from}
        # Entries beyond the last came from this file.
        main = _main_line(self._connection, **within, b=min(self._to - 1, self._top.seq))
        self._main = {seq: OnMain(*rest) for seq, *rest in main}
        self._apart = {}
        for seq, epoch, digest, body in _apart(self._connection, **within, b=self._to - 1):
            each = _Apart(epoch, digest, json.loads(body)["prev"])
            self._apart.setdefault(seq, []).append(each)

    def main(self, seq: int) -> OnMain | None:
        """The entry of this number on the branch that counts."""
        top = self._top
        if seq >= top.seq:  # the head has the last
            return OnMain(top.epoch, top.hash) if seq and seq == top.seq else None
        self._reach(seq)
        return self._main.get(seq)

    def apart(self, seq: int) -> Sequence[_Apart]:
        """The entries of this number on other branches."""
        if seq > self._last_apart:
            return ()
        self._reach(seq)
        return self._apart.get(seq, ())

    def follow_on_main(self, seq: int, prev: str, digest: str) -> OnMain | None:
        """The entry of this number and hash on the branch that counts, if it follows on `prev`."""
        here = self.main(seq)
        if here is None or here.hash != digest:
            return None
        return here if prev == self._before_on_main(seq) else None

    def _before_on_main(self, seq: int) -> str:
        before = self.main(seq - 1)
        return before.hash if before else GENESIS

    def epochs(self, seq: int) -> dict[str, int]:
        """The epoch of every entry of this number, by its hash."""
        found = self.main(seq)
        apart = {each.hash: each.epoch for each in self.apart(seq)}
        return apart | ({found.hash: found.epoch} if found else {})

    def has_another(self, seq: int, prev: str, epoch: int, digest: str) -> bool:
        """Whether a different entry of the same number and epoch follows on `prev`.

        In one epoch only one entry can. A restored backup goes on in another epoch.
        """
        found = self.main(seq)
        others = [(each.prev, each.epoch, each.hash) for each in self.apart(seq)]
        if found is not None:
            others.append((self._before_on_main(seq), found.epoch, found.hash))
        return any(one[:2] == (prev, epoch) and one[2] != digest for one in others)
