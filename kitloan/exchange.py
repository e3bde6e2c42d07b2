"""Ledgers out to ESP, and in from colleges.

An exchange file is JSON Lines in gzip: a header, then one entry a line exactly as it was sealed.
`zcat FILE | sed -n 3p | tr -d '\\n' | sha256sum` gives the hash that line 4 names as `prev`, so a
file can be checked with common tools. It holds no names of people, because the ledger has none.

Importing knows entries by (ledger, number): what is known already must be the same, what is new
must follow on. So a file can come twice and files can come in any order, and a file that does not
fit is refused whole, with the number of the first entry that is wrong.
"""

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection, delete, insert, select

from kitloan import __version__
from kitloan.calendar import instant
from kitloan.entries import FORMAT, GENESIS, CollegeOpened, Entry, Id, Number, parse, seal
from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.faults import driver_error
from kitloan.files import whole_file
from kitloan.ledger import Head, begin, head_of, ledger_name, move_head, record
from kitloan.models import LedgerEntry, LedgerHead, Setting, table
from kitloan.session import Session
from kitloan.text import plain
from kitloan.verify import Progress

entry, head, setting = table(LedgerEntry), table(LedgerHead), table(Setting)

LONGEST_LINE = 1_000_000
_KIND = "kitloan-ledger"
_LAST_EXPORT = "last_export"


class Header(BaseModel):
    """The first line of an exchange file."""

    model_config = ConfigDict(frozen=True, strict=True, populate_by_name=True)
    format: str
    version: Number
    ledger: Id
    first: Number
    last: Number
    prev: str
    head: str
    exported_at: str
    program: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote: `entries` of them, up to number `last`."""

    file: str
    ledger: str
    entries: int
    last: int


@dataclass(frozen=True, slots=True)
class Merged:
    """What a file brought: entries that were new, and entries that were known."""

    file: str
    ledger: str
    added: int
    known: int


class Exchange:
    """Sending this college's ledger, and merging what colleges sent."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def export(self, path: Path, *, since_last: bool = False) -> Exported:
        """Write this college's ledger to a file, whole or what came since the last export.

        Raises:
            BadInput: `cannot_write`.
        """
        college = self._session.college
        with self._session.reading() as connection:
            top = connection.execute(select(head).where(head.c.college == college)).one()
            seen = self._last_export(connection) if since_last else 0
            with whole_file(path) as beside:
                entries = self._write(connection, beside, top, seen)
        with self._session.store.write() as connection:
            self._remember(connection, top.seq)
        return Exported(str(path), ledger_name(college, top.epoch), entries, top.seq)

    def _write(self, connection: Connection, beside: Path, top: Any, seen: int) -> int:
        before = connection.execute(
            select(entry.c.hash).where(entry.c.college == top.college, entry.c.seq == seen)
        ).scalar()
        header = Header(
            format=_KIND,
            version=FORMAT,
            ledger=ledger_name(top.college, top.epoch),
            first=seen + 1,
            last=top.seq,
            prev=before or GENESIS,
            head=top.hash,
            exported_at=instant(self._session.clock()),
            program=f"kitloan {__version__}",
        )
        bodies = connection.execution_options(yield_per=500).execute(
            select(entry.c.body)
            .where(entry.c.college == top.college, entry.c.seq > seen)
            .order_by(entry.c.seq)
        )
        count = 0
        with gzip.GzipFile(beside, "wb", mtime=0) as out:
            out.write(json.dumps(header.model_dump(), sort_keys=True).encode() + b"\n")
            for body in bodies.scalars():
                out.write(body.encode() + b"\n")
                count += 1
        return count

    def _last_export(self, connection: Connection) -> int:
        found = connection.execute(
            select(setting.c.value).where(
                setting.c.college == self._session.college, setting.c.name == _LAST_EXPORT
            )
        ).scalar()
        return int(found or 0)

    def _remember(self, connection: Connection, seq: int) -> None:
        college = self._session.college
        connection.execute(
            delete(setting).where(setting.c.college == college, setting.c.name == _LAST_EXPORT)
        )
        connection.execute(
            insert(setting).values(college=college, name=_LAST_EXPORT, value=str(seq))
        )

    def merge(self, paths: Sequence[Path], progress: Progress | None = None) -> list[Merged]:
        """Merge files from colleges, in whatever order they come; each whole or not at all.

        A file that does not fit does not keep the others out: they are merged, and the refusal of
        the first that did not fit tells of all in its details.

        Raises:
            Refused: `not_national`, in a college's own store.
            BadInput: `bad_exchange_file`, `altered`, `forked`, `gap`, `newer_file`, ...
        """
        if not self._session.is_national:
            raise Refused(
                "not_national",
                f"This is the store of {self._session.college!r}; ledgers are merged in ESP's.",
                "Make a national store with: kitloan --store FILE init esp",
            )
        merged: list[Merged] = []
        refused: list[KitloanError] = []
        for _, path in sorted(_first_lines(paths, refused)):
            try:
                merged.append(self._merge(path, progress))
            except (BadInput, Refused) as problem:
                refused.append(problem)
        if refused:
            (first, *_) = refused
            first.details |= {
                "merged": [each.file for each in merged],
                "refused": [each.message for each in refused],
            }
            raise first
        return merged

    def _merge(self, path: Path, progress: Progress | None) -> Merged:
        with self._session.store.write() as connection:
            return _File(path).merge(connection, progress)


def _first_lines(
    paths: Sequence[Path], refused: list[KitloanError]
) -> Iterator[tuple[tuple[str, int], Path]]:
    """Each file with its ledger and first number, so that parts of one ledger come in order."""
    for path in paths:
        try:
            header = _File(path).header()
            yield (header.ledger, header.first), path
        except BadInput as problem:
            refused.append(problem)


class _File:
    """One exchange file on its way in."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def header(self) -> Header:
        """The first line, checked."""
        for line in self._lines():
            return self._header(line)
        raise self._bad("it is empty")

    def _header(self, line: str) -> Header:
        try:
            raw = json.loads(line)
        except (ValueError, RecursionError):
            raise self._bad("its first line is not a header") from None
        if not isinstance(raw, dict) or raw.get("format") != _KIND:
            raise self._bad("its first line is not a kitloan header")
        if isinstance(raw.get("version"), int) and raw["version"] > FORMAT:
            raise BadInput(
                "newer_file",
                f"{self.path} was written by a newer kitloan ({plain(str(raw.get('program')))}).",
                "Update kitloan here, then import it again.",
                file=str(self.path),
            )
        try:
            return Header.model_validate(raw)
        except ValidationError as problem:
            raise self._bad(f"its header is wrong: {problem.errors()[0]['msg']}") from None

    def merge(self, connection: Connection, progress: Progress | None) -> Merged:
        """Check every line, and apply those that are new."""
        lines = self._lines()
        header = self._header(next(lines, ""))
        college = header.ledger
        top = head_of(connection, college)
        self._must_fit(connection, header, top)
        if top is None:
            top = begin(connection, college, own=False)
        known_hashes = self._known(connection, college, header, top)
        seq, prev, at = header.first - 1, header.prev, ""
        known = added = 0
        for line in lines:
            seq += 1
            body = line.rstrip("\n")
            read, digest = self._check(body, header, seq, prev, at)
            prev, at = digest, read.at
            if seq <= top.seq:
                known += 1
                if known_hashes.get(seq) != digest:
                    raise self._wrong("forked", seq, header, "is not the entry that is known here")
                continue
            self._apply(connection, college, read, body, digest, header)
            added += 1
            if progress is not None and added % 500 == 0:
                progress(seq - header.first + 1, header.last - header.first + 1)
        if seq != header.last:
            raise self._wrong("truncated", seq, header, f"is the last; {header.last} were promised")
        if prev != header.head:
            raise self._wrong("altered", seq, header, "is not the last one that was sent")
        if added:
            move_head(connection, college, Head(1, seq, prev, at))
        return Merged(str(self.path), header.ledger, added, known)

    def _must_fit(self, connection: Connection, header: Header, top: Head | None) -> None:
        if "/" in header.ledger or header.last < header.first - 1:
            raise self._bad("its header names a ledger or numbers that this version cannot take")
        own = connection.execute(select(head.c.own).where(head.c.college == header.ledger)).scalar()
        if own:
            raise BadInput(
                "own_ledger",
                f"{self.path} is the ledger of {plain(header.ledger)!r}, which this store writes.",
                "There is nothing to merge.",
                file=str(self.path),
            )
        known = top.seq if top else 0
        if header.first > known + 1:
            raise BadInput(
                "gap",
                f"{self.path} begins at entry {header.first} of {plain(header.ledger)!r}, and only "
                f"{known} are known here.",
                f"Ask the college for its ledger from entry {known + 1}: "
                "kitloan ledger export FILE",
                file=str(self.path),
                ledger=header.ledger,
                seq=known + 1,
            )

    def _known(
        self, connection: Connection, college: str, header: Header, top: Head
    ) -> dict[int, str]:
        rows = connection.execute(
            select(entry.c.seq, entry.c.hash).where(
                entry.c.college == college, entry.c.seq.between(header.first - 1, header.last)
            )
        )
        known = {row.seq: row.hash for row in rows}
        if header.prev != known.get(header.first - 1, GENESIS):
            raise self._wrong(
                "forked", header.first, header, "does not follow on the entry that is known here"
            )
        return known

    def _check(self, body: str, header: Header, seq: int, prev: str, at: str) -> tuple[Entry, str]:
        try:
            read = parse(body)
        except ValidationError as problem:
            if any(error["type"] == "union_tag_invalid" for error in problem.errors()):
                raise self._wrong(
                    "newer_file", seq, header, "is of a kind not known here"
                ) from None
            raise self._wrong("altered", seq, header, "cannot be read") from None
        if read.ledger != header.ledger or read.seq != seq:
            raise self._wrong("altered", seq, header, "is another ledger's, or out of order")
        if read.prev != prev:
            raise self._wrong("altered", seq, header, "does not follow on the entry before it")
        if read.at < at:
            raise self._wrong("altered", seq, header, "is dated before the entry before it")
        if (seq == 1) != isinstance(read.fact, CollegeOpened):
            raise self._wrong("altered", seq, header, "opens a college in the wrong place")
        return read, seal(body)

    def _apply(
        self,
        connection: Connection,
        college: str,
        read: Entry,
        body: str,
        digest: str,
        header: Header,
    ) -> None:
        try:
            record(connection, college, 1, read, body, digest)
        except Exception as problem:
            if not isinstance(problem, KitloanError) and driver_error(problem) is None:
                raise
            raise self._wrong(
                "impossible", read.seq, header, "says what cannot have happened"
            ) from problem

    def _lines(self) -> Iterator[str]:
        try:
            with gzip.open(self.path, "rb") as file:
                while line := file.readline(LONGEST_LINE + 1):
                    if len(line) > LONGEST_LINE:
                        raise self._bad("a line of it is longer than any entry")
                    yield line.decode()
        except (gzip.BadGzipFile, zlib.error, EOFError, UnicodeDecodeError):
            raise self._bad("it is cut short, or not an exchange file") from None
        except FileNotFoundError:
            raise BadInput(
                "no_such_file", f"There is no file {self.path}.", "See how its name is spelt."
            ) from None
        except OSError as problem:
            raise self._bad(problem.strerror or str(problem)) from None

    def _bad(self, why: str) -> BadInput:
        return BadInput(
            "bad_exchange_file",
            f"{self.path} cannot be merged: {why}.",
            "Ask the college to send it again: kitloan ledger export FILE",
            file=str(self.path),
        )

    def _wrong(self, code: str, seq: int, header: Header, words: str) -> BadInput:
        return BadInput(
            code,
            f"{self.path}: entry {seq} of {plain(header.ledger)!r} {words}. "
            "The file is refused whole; nothing was merged from it.",
            "Keep the file, and ask the college what happened.",
            file=str(self.path),
            ledger=header.ledger,
            seq=seq,
        )
