"""An exchange file: its header, its signature, its lines, and the refusals of a bad one.

The header names the hash of the last entry, and every entry names the one before it. So a signature
on the header signs all entries. Reading is bounded: the length of a line, the number of gzip
members and the unpacked size have limits that follow from the size of the file.

In version 2 each line leaves out `prev`, which is the hash of the line before. Half of a file would
be these hashes, because no packing shrinks them. `bodies` puts them back, so that all that follows
reads one text, whichever version came. A long file of version 2 is packed by xz, which sees further
back than gzip; what packed a file is seen by its first bytes.
"""

import json
import lzma
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection, delete, select, text

from kitloan.errors import BadInput, no_such_file
from kitloan.ledger.entry import FORMAT, UNKNOWN_KIND, Entry, parse, seal
from kitloan.ledger.epochs import college_of, is_ledger
from kitloan.ledger.facts.base import (
    MOST_OF_A_LIST,
    Count,
    CountOrNone,
    Day,
    GiftTitle,
    Hash,
    Id,
    Name,
    Number,
    Tag,
)
from kitloan.reference import is_college_id
from kitloan.storage.files import insist_on_file
from kitloan.storage.settings import SIGNING_KEY, key_bytes
from kitloan.tables import Setting, table
from kitloan.text.names import plain

setting = table(Setting)

KIND = "kitloan-ledger"
FIRST = FORMAT
"""The version of the file whose lines are the entries as they were sealed."""
SECOND = 2
"""The version that leaves out what can be rebuilt."""
NEWEST = SECOND
"""The newest version that this program reads."""

_LEFT_OUT = '"prev":"{}",'
_BEFORE = '"seq":'
"""What `prev` comes before, in the order of an entry's sealed text: the last of its fields."""
_HASH = 64


class HeldByEsp(BaseModel):
    """What ESP holds of a ledger: up to which entry, and that entry's hash.

    `first` is the hash of the ledger's first entry, `began` of the first one of its epoch; an
    epoch's number may be another epoch's too. Empty where an earlier kitloan wrote the file.
    """

    model_config = ConfigDict(frozen=True, strict=True)
    ledger: Id
    seq: Number
    hash: Hash
    first: str = ""
    began: str = ""


class Arrived(BaseModel):
    """A transfer that the other college has recorded as received."""

    model_config = ConfigDict(frozen=True, strict=True)
    college: Id
    transfer: Id


class RecordedGift(BaseModel):
    """What an earlier college recorded of a holding's gift, for one that has not recorded it."""

    model_config = ConfigDict(frozen=True, strict=True)
    college: Id
    tag: Tag
    donor: Name | None = None
    gift: Id | None = None
    title: GiftTitle = "unknown"
    funding_source: Name | None = None
    document: Name | None = None
    acknowledgement: Name | None = None


class ClaimSeen(BaseModel):
    """A claim of an offer: how many a college would have, and gets; None while unanswered."""

    model_config = ConfigDict(frozen=True, strict=True)
    college: Id
    quantity: Count
    gets: CountOrNone | None = None
    change: Id | None = None
    """The last change of the offer that the college had seen when it claimed."""


class OfferSeen(BaseModel):
    """An offer of one college to the others, as ESP's store has it."""

    model_config = ConfigDict(frozen=True, strict=True)
    college: Id
    offer: Id
    type: Name
    quantity: Count
    accepted: CountOrNone = 0
    terms: Literal["lend", "keep", "parts"]
    first: Day | None = None
    last: Day | None = None
    until: Day
    kits: list[Tag] = []
    open: bool = True
    claims: list[ClaimSeen] = []
    component: Name | None = None
    note: Name | None = None
    change: Id | None = None


class AskSeen(BaseModel):
    """What one college asks another for, with the answer, as ESP's store has it.

    What is None had not been seen by the college that answered; `gets` is None while unanswered.
    """

    model_config = ConfigDict(frozen=True, strict=True)
    college: Id
    ask: Id
    to_college: Id
    type: Name | None
    kit: Tag | None = None
    quantity: Count | None
    first: Day | None
    last: Day | None
    note: Name | None = None
    open: bool = True
    gets: CountOrNone | None = None
    reason: Name | None = None


class Header(BaseModel):
    """The first line of an exchange file. `holds` to `asks` are in ESP's files only.

    `reads` is the newest version of the file that the store which wrote it reads.
    """

    model_config = ConfigDict(frozen=True, strict=True)
    format: str
    version: Number
    ledger: Id
    first: Number
    last: Number
    prev: str
    head: str
    exported_at: str
    program: str
    holds: list[HeldByEsp] = []
    arrived: list[Arrived] = []
    terms: list[RecordedGift] = []
    offers: list[OfferSeen] = []
    asks: list[AskSeen] = []
    reads: Number = FIRST
    key: str = ""
    signature: str = ""


class _Twice(Exception):
    """A name that stands twice in one object: two programs could read two things."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = value
    return found


def signed_text(header: dict[str, Any]) -> bytes:
    """What is signed: the header without its signature, as canonical JSON."""
    rest = {name: value for name, value in header.items() if name != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        errors="surrogatepass"
    )


_KEEP_FIRST = text(
    "INSERT INTO setting (college, name, value) VALUES (:college, :name, :value) "
    "ON CONFLICT (college, name) DO NOTHING"
)


def signing_key(connection: Connection, college: str) -> Ed25519PrivateKey | None:
    """The college's key; None when it has none.

    Raises:
        StoreError: `damaged`.
    """
    kept = connection.execute(
        select(setting.c.value).where(setting.c.college == college, setting.c.name == SIGNING_KEY)
    ).scalar()
    if kept is None:
        return None
    return Ed25519PrivateKey.from_private_bytes(key_bytes(SIGNING_KEY, kept))


def new_signing_key(connection: Connection, college: str) -> Ed25519PrivateKey:
    """The college's key, made now if it has none; if two programs make one, the first is kept."""
    made = Ed25519PrivateKey.generate()
    connection.execute(
        _KEEP_FIRST,
        {"college": college, "name": SIGNING_KEY, "value": made.private_bytes_raw().hex()},
    )
    return signing_key(connection, college) or made


def replace_signing_key(connection: Connection, college: str) -> Ed25519PrivateKey:
    """Make a new key for the college; the key before it is deleted."""
    connection.execute(
        delete(setting).where(setting.c.college == college, setting.c.name == SIGNING_KEY)
    )
    return new_signing_key(connection, college)


def public_key(key: Ed25519PrivateKey) -> str:
    """The public half of a key, in hexadecimal."""
    return key.public_key().public_bytes_raw().hex()


def is_signed(text: bytes, key: str, signature: str) -> bool:
    """Whether `signature` on `text` was made with the private half of `key`.

    A key has one spelling. In capitals, for example, a retired key would pass for a new one.
    """
    try:
        if bytes.fromhex(key).hex() != key:
            return False
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), text
        )
    except (ValueError, InvalidSignature):
        return False
    return True


LONGEST_LINE = 1_000_000
MOST_MEMBERS = 100
"""Parts that gzip may be in. Ours is one; some tools that put files together leave several."""
MOST_UNPACKED = 20
"""Times the file's size that it may unpack to, over `_FREE`. A ledger unpacks to about five."""
_FREE = 2**20
_PIECE = 2**16
_XZ = b"\xfd7zXZ\0"
_ROOM_TO_UNPACK = 100_000_000
"""Bytes of memory that xz may take: its own highest setting, and no more."""


class Unpacking(Exception):
    """A file unpacks to more than any ledger would; the text completes a sentence."""


class ExchangeFile:
    """A file that another store sent. Each fault in it is raised as `BadInput`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def header(self) -> Header:
        """The first line, checked; its signature is not, see `signed`."""
        with self.lines() as lines:
            for line in lines:
                return self.read_header(line)
        raise self.bad("it is empty")

    def signed_header(self) -> Header:
        """The first line, checked, with its signature.

        Raises:
            BadInput: `bad_exchange_file`, ...; `unsigned`.
        """
        with self.lines() as lines:
            first = next(lines, "")
        header = self.read_header(first)
        if not self.signed(first, header):
            raise self.wrong("unsigned", header.first, header, "is not covered by its signature")
        return header

    def is_one(self) -> bool:
        """Whether its first line is a kitloan header."""
        try:
            with self.lines() as lines:
                return bool(self._raw(next(lines, "")))
        except BadInput:
            return False

    def read_header(self, line: str) -> Header:
        """The header that a line holds."""
        raw = self._raw(line)
        if isinstance(raw.get("version"), int) and raw["version"] > NEWEST:
            raise BadInput(
                "newer_file",
                f"{self.path} was written by a newer kitloan ({plain(str(raw.get('program')))}).",
                "Update kitloan here, then import it again.",
                file=str(self.path),
            )
        try:
            header = Header.model_validate(raw)
        except ValidationError as problem:
            raise self.bad(f"its header is wrong: {problem.errors()[0]['msg']}") from None
        if header.last < header.first - 1 or not is_ledger(header.ledger):
            raise self.bad("its header names a ledger or entry numbers that are not valid")
        if not is_college_id(college_of(header.ledger)):
            raise self.bad(f"{plain(header.ledger)!a} cannot be the ledger of a college")
        return header

    def _raw(self, line: str) -> dict[str, Any]:
        try:
            raw = json.loads(line, object_pairs_hook=_each_once)
        except _Twice as twice:
            raise self.bad(f"its header has {plain(twice.name)!r} twice") from None
        except (ValueError, RecursionError):
            raise self.bad("its first line is not a header") from None
        if not isinstance(raw, dict) or raw.get("format") != KIND:
            raise self.bad("its first line is not a kitloan header")
        return raw

    def signed(self, line: str, header: Header) -> bool:
        """Whether the header is signed with the key that it names."""
        return is_signed(signed_text(self._raw(line)), header.key, header.signature)

    def read(self, body: str, seq: int, header: Header) -> Entry:
        """The entry in a line.

        Raises:
            BadInput: `altered`, `newer_file` or `too_large`.
            NotCanonical: its text is not the text that would be sealed.
        """
        try:
            read = parse(body)
        except ValidationError as problem:
            if any(error["type"] == UNKNOWN_KIND for error in problem.errors()):
                raise self.wrong(
                    "newer_file",
                    seq,
                    header,
                    "is of a kind that this kitloan does not know",
                    "Update kitloan here, then import the file again.",
                ) from None
            if any(error["type"] == "too_long" for error in problem.errors()):
                raise self.wrong(
                    "too_large",
                    seq,
                    header,
                    f"has a list of more than {MOST_OF_A_LIST:,}, or would make more rows",
                ) from None
            raise self.wrong("altered", seq, header, "cannot be read") from None
        if read.seq != seq or college_of(read.ledger) != college_of(header.ledger):
            raise self.wrong("altered", seq, header, "is another ledger's, or out of order")
        return read

    def lines(self) -> closing[Generator[str, None, None]]:
        """Every line, without its end; the file is closed when the block ends.

        Otherwise a refusal would keep it open, and on Windows nobody could move it.
        """
        return closing(self._lines())

    def _lines(self) -> Generator[str, None, None]:
        insist_on_file(self.path)
        try:
            with self.path.open("rb") as file:
                yield from _lines_in(_unpacked(file, self.size()))
        except Unpacking as problem:
            raise self.bad(str(problem)) from None
        except (zlib.error, lzma.LZMAError, EOFError, UnicodeDecodeError):
            raise self.bad("it is cut short, or not an exchange file") from None
        except FileNotFoundError:
            raise no_such_file(self.path) from None
        except OSError as problem:
            raise self.bad(problem.strerror or str(problem)) from None

    def bodies(self, lines: Iterator[str], header: Header) -> Iterator[str]:
        """The sealed text of each entry, from the lines that follow the header.

        A line of version 2 that is not an entry's is given as it is, and refused when it is read.
        """
        return with_prev(lines, header.prev) if header.version == SECOND else lines

    def size(self) -> int:
        """Bytes of the file as it is."""
        return self.path.stat().st_size

    def unpacked_size(self) -> int:
        """Characters of all its lines, with what version 2 leaves out.

        Reads the whole file: call it before the store is locked.

        Raises:
            BadInput: `bad_exchange_file`.
        """
        with self.lines() as lines:
            first = next(lines, "")
            left_out = left_out_of(self.read_header(first).version)
            total, most = len(first) + 1, most_unpacked(self.size())
            for line in lines:
                total += len(line) + 1 + left_out
                if len(line) + left_out > LONGEST_LINE:
                    raise self.bad(_too_long())
                if total > most:
                    raise self.bad(_too_much(most))
            return total

    def bad(self, why: str) -> BadInput:
        """The refusal of a file that cannot be read as one."""
        return BadInput(
            "bad_exchange_file",
            f"{self.path} cannot be merged: {why}.",
            "Ask the college to send it again: kitloan ledger export FILE",
            file=str(self.path),
        )

    def wrong(self, code: str, seq: int, header: Header, words: str, hint: str = "") -> BadInput:
        """The refusal of a file for one of its entries."""
        return BadInput(
            code,
            f"{self.path}: entry {seq} of {plain(header.ledger)!r} {words}. "
            "The file is refused whole; nothing was merged from it.",
            hint or "Keep the file, and ask the college what happened.",
            file=str(self.path),
            ledger=header.ledger,
            seq=seq,
        )


def left_out_of(version: int) -> int:
    """How many characters a version of the file leaves out of each line."""
    return len(_LEFT_OUT.format("")) + _HASH if version == SECOND else 0


def without_prev(body: str) -> str:
    """An entry's line in version 2 of the file."""
    start, seq = body.rsplit(_BEFORE, 1)
    return start[: start.rindex(_LEFT_OUT.partition("{")[0])] + _BEFORE + seq


def with_prev(lines: Iterator[str], prev: str) -> Iterator[str]:
    """The sealed texts of entries from their lines in version 2; the first follows on `prev`."""
    for line in lines:
        start, found, seq = line.rpartition(_BEFORE)
        body = start + _LEFT_OUT.format(prev) + found + seq if found else line
        prev = seal(body)
        yield body


def most_unpacked(size: int) -> int:
    """Bytes that a file of this size may unpack to."""
    return MOST_UNPACKED * size + _FREE


def _too_long() -> str:
    return f"a line of it is longer than {LONGEST_LINE:,} bytes"


def _too_much(most: int) -> str:
    return f"it unpacks to more than {MOST_UNPACKED} times its size, {most:,} bytes"


def _unpacked(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The unpacked pieces of a file, up to the limit for a file of this size."""
    is_xz = file.read(len(_XZ)) == _XZ
    file.seek(0)
    most, total = most_unpacked(size), 0
    for piece in _from_xz(file) if is_xz else _from_gzip(file):
        total += len(piece)
        if total > most:
            raise Unpacking(_too_much(most))
        yield piece


def _from_xz(file: BinaryIO) -> Iterator[bytes]:
    whole = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_ROOM_TO_UNPACK)
    while not whole.eof:
        data = file.read(_PIECE) if whole.needs_input else b""
        if whole.needs_input and not data:
            raise EOFError
        yield whole.decompress(data, _PIECE)
    if whole.unused_data or file.read(1):
        raise Unpacking("something follows its end")


def _from_gzip(file: BinaryIO) -> Iterator[bytes]:
    members = 0
    member, data = None, b""
    while data := data or file.read(_PIECE):
        if member is None:
            if members and not data.strip(b"\0"):  # what fills the last block of some tapes
                data = b""
                continue
            members += 1
            if members > MOST_MEMBERS:
                raise Unpacking(f"it is in more than {MOST_MEMBERS} parts")
            member = zlib.decompressobj(wbits=31)
        yield member.decompress(data, _PIECE)
        data = member.unused_data if member.eof else member.unconsumed_tail
        if member.eof:
            member = None
    if member is not None:
        yield member.flush()
        if not member.eof:
            raise EOFError


def _lines_in(pieces: Iterator[bytes]) -> Iterator[str]:
    """Lines without their ends, none longer than an entry can be."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n") if b"\n" in piece else (rest + piece,)
        if len(rest) > LONGEST_LINE or max(map(len, lines), default=0) > LONGEST_LINE:
            raise Unpacking(_too_long())
        yield from map(bytes.decode, lines)
    if rest:
        yield rest.decode()
