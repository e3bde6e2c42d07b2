"""The writer: seals facts as entries, and applies them, in one transaction.

Every change to a store goes through `Writer.append`: the entry gets the next number, the hash of
the one before it and the time that the clock shows; it is written as it was hashed; and `apply`
makes the register agree, all in the caller's transaction. `writing` begins by locking the
college's head, so writes of one college take turns on both databases.

A repeated request, with the same id, runs as it did the first time: on the register as it was then,
each fact compared with the sealed one, and nothing kept. So a verb needs no code of its own for it,
gives the same answer, and a fact that differs shows another request.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, bindparam, insert, select, text, tuple_, update

from kitloan.errors import BadInput, Refused, StoreError
from kitloan.ledger.entry import GENESIS, Entry, apply, parse, seal
from kitloan.ledger.epochs import LAST_EPOCH, epoch_of, ledger_name
from kitloan.ledger.facts.base import FactBase
from kitloan.storage.statements import Change, Query, TooMuchWork
from kitloan.storage.store import Store
from kitloan.tables import LedgerEntry, LedgerHead, table
from kitloan.text.dates import Clock, instant
from kitloan.text.names import fault, tidy

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
_since = Query(
    select(entry_table.c.body)
    .where(
        entry_table.c.college == bindparam("c"),
        tuple_(entry_table.c.epoch, entry_table.c.seq) >= tuple_(bindparam("e"), bindparam("s")),
        entry_table.c.kind == bindparam("k"),
    )
    .order_by(entry_table.c.epoch, entry_table.c.seq)
)

_AT_ONCE = 500

F = TypeVar("F", bound=FactBase)


class Head(NamedTuple):
    """The head of a ledger: the epoch, number, hash and time of its last entry."""

    epoch: int
    seq: int
    hash: str
    at: str


@dataclass(frozen=True, slots=True)
class Plans:
    """What a college has planned: a calendar, policies, inspections, bookings that wait, blocks."""

    calendar: bool = False
    policies: bool = False
    inspections: bool = False
    bookings: bool = False
    blocks: bool = False


class Writer:
    """A transaction on one college's ledger, with its head locked.

    Attributes:
        connection: for checking conditions before a fact is appended.
        college: whose ledger it is.
        earlier: the entries that an earlier try of this request wrote. If there are any, the
            request is done already, and what is appended is compared with them.
        plans: what the college has planned, as it was when the transaction began.
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
        self.earlier = _entries_of(connection, college, request) if request else []
        self.actor = self.earlier[0].by if self.earlier else actor
        self.at = self.earlier[0].at if self.earlier else now
        self.names: dict[str, str] = {}  # of kit types met in this transaction, by key
        self.plans = Plans(
            calendar=True, policies=True, inspections=True, bookings=True, blocks=True
        )
        self._before = head
        self._head = head
        self._part = 0
        self._waiting: dict[Change, list[dict[str, Any]]] | None = None

    @property
    def earlier_tags(self) -> list[str]:
        """The tags that an earlier try of this request was about."""
        tags = (getattr(entry.fact, "tag", None) for entry in self.earlier)
        return list(dict.fromkeys(tag for tag in tags if tag is not None))

    @property
    def epoch(self) -> int:
        """The epoch that the ledger is in."""
        return self._head.epoch

    @property
    def next_seq(self) -> int:
        """The number that the next entry gets: short, and never used for another."""
        return self._head.seq + 1

    def append(self, fact: FactBase) -> Entry:
        """Seal a fact as the next entry and apply it.

        Raises:
            BadInput: `id_reused`, when an earlier try of the request appended another fact.
        """
        if self.earlier:
            return self._repeat(fact)
        entry = self._seal(fact, self.request, self._part)
        self._part += 1
        return entry

    def note(self, fact: FactBase) -> None:
        """Seal a fact that the program notes by itself, as a request of its own.

        Nothing, when the request is done already.
        """
        if not self.earlier:
            self._seal(fact, new_id(), 0)

    def _seal(self, fact: FactBase, request: str, part: int) -> Entry:
        entry = Entry(
            ledger=ledger_name(self.college, self._head.epoch),
            seq=self._head.seq + 1,
            prev=self._head.hash,
            id=request,
            part=part,
            at=self.at,
            by=self.actor,
            fact=fact,
        )
        body = entry.body
        self._head = Head(self._head.epoch, entry.seq, seal(body), entry.at)
        row = Sealed(self._head.epoch, entry, body, self._head.hash).row(self.college)
        self.insert(_insert_entry, row)
        apply(self.connection, self.college, entry)
        return entry

    def insert(self, into: Change, row: dict[str, Any]) -> None:
        """Insert a row that nothing reads within this transaction; see `in_batches`."""
        if self._waiting is None:
            into(self.connection, **row)
            return
        waiting = self._waiting.setdefault(into, [])
        waiting.append(row)
        if len(waiting) == _AT_ONCE:
            self._insert_waiting()

    @contextmanager
    def in_batches(self) -> Iterator[None]:
        """Within the block, insert entries and notes some hundreds at a time.

        For many facts that read no entries: an import. On a server each statement less is a wait
        less.
        """
        self._waiting = {}
        try:
            yield
            self._insert_waiting()
        finally:
            self._waiting = None

    def _insert_waiting(self) -> None:
        for into, rows in (self._waiting or {}).items():
            if rows:
                into.many(self.connection, rows)
                rows.clear()

    def earlier_fact(self, kind: type[F]) -> F | None:
        """The first fact of a kind that an earlier try of this request wrote; None without one.

        It is for values that were random then, and for things that were new then and exist now.
        """
        return next(iter(_of_kind(self.earlier, kind)), None)

    def next_earlier_fact(self, kind: type[F]) -> F | None:
        """As `earlier_fact`, of those that this try has not repeated yet."""
        return next(iter(_of_kind(self.earlier[self._part :], kind)), None)

    def earlier_facts(self, kind: type[F]) -> list[F]:
        """The facts that an earlier try of this request wrote, for a verb that compares them.

        Empty when there was none.

        Raises:
            BadInput: `id_reused`, when the id belongs to a request of another kind.
        """
        found = _of_kind(self.earlier, kind)
        if self.earlier and not found:
            raise id_reused(self.request)
        self._part = len(self.earlier)
        return found

    def since(self, kind: type[F]) -> list[F]:
        """The facts of a kind since an earlier try of this request, including its own."""
        if not self.earlier:
            return []
        (first, *_) = self.earlier
        bodies = _since(
            self.connection,
            c=self.college,
            e=epoch_of(first.ledger),
            s=first.seq,
            k=kind.model_fields["kind"].default,
        ).scalars()
        return _of_kind([parse(body) for body in bodies], kind)

    def resume(self, epoch: int) -> None:
        """Go on in a new epoch, whose first entry names the last of the one before.

        Raises:
            Refused: `epochs_used_up`, beyond the last number that a ledger's name can have.
        """
        last = self._head
        if epoch > LAST_EPOCH:
            raise Refused(
                "epochs_used_up",
                f"The ledger of {self.college!r} cannot go on as epoch {epoch:,}: the last number "
                f"is {LAST_EPOCH:,}.",
                "Renumber its epochs, losing nothing: kitloan backup FILE, then kitloan restore "
                "FILE",
                epoch=epoch,
            )
        from kitloan.ledger.facts.ledger import LedgerResumed  # only after a backup was restored

        self._head = Head(epoch, last.seq, last.hash, last.at)
        self.append(LedgerResumed(seq=last.seq, hash=last.hash))

    def finish(self) -> None:
        """Move the head to the last entry; the caller's transaction commits it.

        Raises:
            BadInput: `id_reused`, when an earlier try of the request wrote more.
        """
        if self._part < len(self.earlier):
            raise id_reused(self.request)
        if self._head is not self._before:
            move_head(self.connection, self.college, self._head)

    def _repeat(self, fact: FactBase) -> Entry:
        from kitloan.ledger.replay import is_rewound

        entry = self.earlier[self._part] if self._part < len(self.earlier) else None
        if entry is None or entry.fact != fact:
            raise id_reused(self.request)
        self._part += 1
        if is_rewound(fact):
            apply(self.connection, self.college, entry)
        return entry


def _of_kind(entries: Sequence[Entry], kind: type[F]) -> list[F]:
    facts: list[F] = []
    for entry in entries:
        fact: object = entry.fact
        if isinstance(fact, kind):
            facts.append(fact)
    return facts


def _entries_of(connection: Connection, college: str, request: str) -> list[Entry]:
    return [parse(body) for body in _of_request(connection, c=college, i=request).scalars()]


class Sealed(NamedTuple):
    """An entry with its sealed text and its hash; merging makes one for each line."""

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
    """Write consecutive entries and apply them: as `record`, at two thirds of the cost.

    When it raises, the transaction must be rolled back. Recording the entries one by one then shows
    which was wrong.
    """
    _insert_entry.many(connection, (each.row(college) for each in batch))
    # An entry that undoes another asks the ledger only for what came before it.
    for each in batch:
        try:
            apply(connection, college, each.entry)
        except TooMuchWork as problem:
            problem.seq = each.entry.seq
            raise


@contextmanager
def writing(
    store: Store, college: str, actor: str, clock: Clock, request: str | None = None
) -> Iterator[Writer]:
    """A transaction on a college's ledger, which commits at the end or changes nothing.

    Args:
        store: an open store.
        college: whose ledger.
        actor: who is on record for it.
        clock: gives the time.
        request: the request's id, so that a repeated request is done once; None makes one.

    Raises:
        BadInput: `bad_id`; `id_reused`, when the id was given to another request before.
        StoreError: `no_such_ledger`.
    """
    if request is not None and (fault(request) or tidy(request) != request or not request):
        raise BadInput(
            "bad_id",
            f"{request[:60]!r} is not a valid request id.",
            "Use a short text without spaces around it.",
            id=request[:60],
        )
    with store.write() as connection:
        found = head_of(connection, college)
        if found is None:
            raise StoreError(
                "no_such_ledger",
                f"{store.name} does not have the ledger of {college!r}.",
                f"Start it: kitloan init {college}",
                college=college,
            )
        writer = Writer(connection, college, actor, instant(clock()), request, found)
        with _rehearsing(writer) if writer.earlier else nullcontext():
            yield writer
            writer.finish()


@contextmanager
def _rehearsing(writer: Writer) -> Iterator[None]:
    """Run a repeated request on the register as it was the first time; nothing is kept.

    Raises:
        BadInput: `id_reused`, also for any refusal: a request that was done cannot be refused.
    """
    from kitloan.ledger.replay import rewind  # hardly ever needed

    with writer.connection.begin_nested() as rehearsal:
        rewind(writer.connection, writer.college, writer.earlier, writer.earlier_tags)
        try:
            yield
        except (Refused, BadInput) as refusal:
            raise id_reused(writer.request) from refusal
        rehearsal.rollback()


def resume(store: Store, college: str, actor: str, clock: Clock, epoch: int) -> None:
    """Begin a new epoch of a ledger where a restored backup ends.

    Args:
        store: the restored store.
        college: whose ledger.
        actor: who is on record for it.
        clock: gives the time.
        epoch: the new epoch's number, higher than any that the ledger had anywhere.

    Raises:
        Refused: `epochs_used_up`; see `Writer.resume`.
    """
    with writing(store, college, actor, clock) as writer:
        writer.resume(epoch)


def begin(connection: Connection, college: str, *, own: bool) -> Head:
    """Make the empty ledger of a college, unless it exists; gives its head."""
    _insert_head(connection, college=college, hash=GENESIS, own=own)
    return Head(*_head(connection, c=college).one())


def head_of(connection: Connection, college: str) -> Head | None:
    """The head of a college's ledger, locked until the transaction ends; None without one."""
    rows = _head.tuples(connection, c=college)
    return Head(*rows[0]) if rows else None


def move_head(connection: Connection, college: str, head: Head) -> None:
    """Move the head of a college's ledger."""
    _move_head.one(
        connection,
        c=college,
        new_epoch=head.epoch,
        new_seq=head.seq,
        new_hash=head.hash,
        new_at=head.at,
    )


def new_id() -> str:
    """A new id for a request: 80 random bits in hexadecimal."""
    return secrets.token_hex(10)


def id_reused(request: str) -> BadInput:
    """The refusal of an id that belongs to another request."""
    return BadInput(
        "id_reused",
        f"The id {request!r} belongs to another request.",
        "Give every request its own id.",
        id=request,
    )
