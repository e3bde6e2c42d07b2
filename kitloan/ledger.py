"""The ledger: one append-only list of entries for each college.

Every change to a store goes through `Writer.append`: the entry gets the next number, the hash of
the one before it and a time that never runs backwards; it is written as it was hashed; and `apply`
makes the register agree, all in the caller's transaction. `writing` begins by locking the
college's head, so writes of one college take turns on both databases.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, insert, select, text, update

from kitloan.calendar import Clock, instant
from kitloan.entries import GENESIS, Entry, Fact, LedgerResumed, parse, seal
from kitloan.errors import BadInput, StoreError
from kitloan.models import LedgerEntry, LedgerHead, table
from kitloan.prepared import Change, Query
from kitloan.register import apply
from kitloan.register.epochs import ledger_name
from kitloan.store import Store
from kitloan.text import fault, tidy

head, entry_table = table(LedgerHead), table(LedgerEntry)

_head = Query(
    select(head.c.epoch, head.c.seq, head.c.hash, head.c.at)
    .where(head.c.college == bindparam("c"))
    .with_for_update()
)
_insert_head = Change(
    text(
        "INSERT INTO ledger_head (college, epoch, seq, hash, at, own) "
        "VALUES (:college, 1, 0, :hash, '', :own) ON CONFLICT DO NOTHING"
    )
)
_move_head = Change(
    update(head)
    .where(head.c.college == bindparam("c"))
    .values(
        epoch=bindparam("new_epoch"),
        seq=bindparam("new_seq"),
        hash=bindparam("new_hash"),
        at=bindparam("new_at"),
    )
)
_insert_entry = Change(insert(entry_table))
_of_request = Query(
    select(entry_table.c.body)
    .where(entry_table.c.college == bindparam("c"), entry_table.c.id == bindparam("i"))
    .order_by(entry_table.c.part)
)


F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a ledger: its epoch, the last number, its hash and its time."""

    epoch: int
    seq: int
    hash: str
    at: str


class Writer:
    """A transaction on one college's ledger, with its head locked.

    Attributes:
        connection: for reading what must be so before a fact is appended.
        college: whose ledger it is.
        said: entries of this request that an earlier try had written already; when there are
            any, the request is done, and nothing may be appended.
    """

    def __init__(
        self,
        connection: Connection,
        college: str,
        actor: str,
        now: str,
        request: str | None,
        head: Head,
    ) -> None:
        self.connection = connection
        self.college = college
        self.request = request or new_id()
        self.actor = actor
        self.at = max(now, head.at)
        self.said = _said(connection, college, request) if request else []
        self._before = head
        self._head = head
        self._part = 0

    def append(self, fact: Fact) -> Entry:
        """Seal a fact as the next entry and apply it."""
        entry = Entry(
            ledger=ledger_name(self.college, self._head.epoch),
            seq=self._head.seq + 1,
            prev=self._head.hash,
            id=self.request,
            part=self._part,
            at=self.at,
            by=self.actor,
            fact=fact,
        )
        self._part += 1
        body = entry.body
        self._head = Head(self._head.epoch, entry.seq, seal(body), entry.at)
        record(self.connection, self.college, self._head.epoch, entry, body, self._head.hash)
        return entry

    def resume(self, epoch: int) -> None:
        """Go on in a new epoch, whose first entry names the last of the one before."""
        last = self._head
        self._head = Head(epoch, last.seq, last.hash, last.at)
        self.append(LedgerResumed(seq=last.seq, hash=last.hash))

    def finish(self) -> None:
        """Move the head to the last entry; the caller's transaction commits it."""
        if self._head is not self._before:
            move_head(self.connection, self.college, self._head)


def _said(connection: Connection, college: str, request: str) -> list[Entry]:
    return [parse(body) for body in _of_request(connection, c=college, i=request).scalars()]


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry with its text as it was sealed, and that text's hash."""

    epoch: int
    entry: Entry
    body: str
    hash: str

    def row(self, college: str) -> dict[str, Any]:
        """Its row in a college's ledger."""
        entry = self.entry
        return {
            "college": college,
            "epoch": self.epoch,
            "seq": entry.seq,
            "id": entry.id,
            "part": entry.part,
            "kind": entry.fact.kind,
            "tag": getattr(entry.fact, "tag", None),
            "at": entry.at,
            "by": entry.by,
            "body": self.body,
            "hash": self.hash,
        }


def record(
    connection: Connection, college: str, epoch: int, entry: Entry, body: str, digest: str
) -> None:
    """Write one sealed entry and apply it; moving the head is the caller's."""
    _insert_entry(connection, **Sealed(epoch, entry, body, digest).row(college))
    apply(connection, college, entry)


def record_all(connection: Connection, college: str, batch: Sequence[Sealed]) -> None:
    """Write entries that follow on one another and apply them: as `record`, at two thirds the cost.

    When it raises, the transaction must be rolled back to where it was: which of them was wrong is
    told by recording them one by one.
    """
    _insert_entry.many(connection, (each.row(college) for each in batch))
    # An entry that undoes another asks the ledger only for what came before it.
    for each in batch:
        apply(connection, college, each.entry)


@contextmanager
def writing(
    store: Store, college: str, actor: str, clock: Clock, request: str | None = None
) -> Iterator[Writer]:
    """A transaction on a college's ledger, which commits at the end or leaves no trace.

    Args:
        store: an open store.
        college: whose ledger.
        actor: who is on record for it.
        clock: tells the time.
        request: the request's id, so that the same one said twice is done once; None makes one.
    """
    if request is not None and (fault(request) or tidy(request) != request or not request):
        raise BadInput(
            "bad_id", f"{request[:60]!r} cannot be the id of a request.", id=request[:60]
        )
    with store.write() as connection:
        found = head_of(connection, college)
        if found is None:
            raise StoreError(
                "no_such_ledger",
                f"{store.name} does not hold the ledger of {college!r}.",
                f"Make it with `kitloan init {college}`.",
                college=college,
            )
        writer = Writer(connection, college, actor, instant(clock()), request, found)
        yield writer
        writer.finish()


def resume(store: Store, college: str, actor: str, clock: Clock, epoch: int) -> None:
    """Begin a new epoch of a ledger where a restored backup ends.

    Args:
        store: the restored store.
        college: whose ledger.
        actor: who is on record for it.
        clock: tells the time.
        epoch: the new epoch's number, higher than any that the ledger had anywhere.
    """
    with writing(store, college, actor, clock) as writer:
        writer.resume(epoch)


def begin(connection: Connection, college: str, *, own: bool) -> Head:
    """Make the empty ledger of a college, unless another program just has; gives its head."""
    _insert_head(connection, college=college, hash=GENESIS, own=own)
    return Head(*_head(connection, c=college).one())


def head_of(connection: Connection, college: str) -> Head | None:
    """The head of a college's ledger, locked until the transaction ends; None without one."""
    row = _head(connection, c=college).one_or_none()
    return None if row is None else Head(*row)


def move_head(connection: Connection, college: str, head: Head) -> None:
    """The ledger ends here now."""
    _move_head.one(
        connection,
        c=college,
        new_epoch=head.epoch,
        new_seq=head.seq,
        new_hash=head.hash,
        new_at=head.at,
    )


def new_id() -> str:
    """An id for a request: 80 random bits in hexadecimal."""
    return secrets.token_hex(10)


def facts_said(said: Sequence[Entry], kind: type[F]) -> list[F]:
    """What an earlier try of this request did, when it was the same kind of request.

    Raises:
        BadInput: `id_reused`, when the id belongs to a request of another kind.
    """
    facts: list[F] = []
    for entry in said:
        fact: object = entry.fact
        if isinstance(fact, kind):
            facts.append(fact)
    if not facts:
        raise id_reused(said[0].id)
    return facts


def said_of(writer: Writer, kind: type[F], tag: str) -> F:
    """What an earlier try of this request did to one holding.

    Raises:
        BadInput: `id_reused`, when the id belongs to another request.
    """
    for fact in facts_said(writer.said, kind):
        if getattr(fact, "tag", None) == tag:
            return fact
    raise id_reused(writer.request)


def id_reused(request: str) -> BadInput:
    """The refusal of an id that stands for something else already."""
    return BadInput(
        "id_reused",
        f"The id {request!r} belongs to another request.",
        "Give every request an id of its own.",
        id=request,
    )


def say_once(writer: Writer, fact: Fact) -> None:
    """Append the one fact of a request, unless an earlier try of it did.

    Raises:
        BadInput: `id_reused`, when that try said something else.
    """
    if not writer.said:
        writer.append(fact)
    elif writer.said[0].fact != fact:
        raise id_reused(writer.request)
