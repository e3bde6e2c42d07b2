"""Checkpoints: what a full check of a ledger leaves, so that a later one reads what came since.

A checkpoint is two files of this machine, in the folder `checkpoints` next to a SQLite store, or in
the user's own folder for one on a server. `NAME.COLLEGE.json` names the last entry that was
checked, its hash, the digest of the tables, the program and the seal: an HMAC with the store's key.
`NAME.COLLEGE.DIGEST.tables` is a SQLite file with the register as it was replayed. They hold what
the ledger holds, and so no people. They are in no exchange file, no backup and no ledger.

Anyone who can rewrite the store has its key, and can make a checkpoint for what was rewritten. A
checkpoint shows a mistake and a forger of less than everything; ESP's copy is the other witness.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, text

from kitloan.__version__ import __version__
from kitloan.history.registers import copy, digest_of
from kitloan.storage.files import whole_file
from kitloan.storage.schema import SCHEMA
from kitloan.storage.settings import SIGNING_KEY, key_bytes
from kitloan.storage.side_files import checkpoints_of, clear_old_parts
from kitloan.storage.store import Store
from kitloan.storage.user_files import data_folder
from kitloan.tables import LedgerEntry, Setting, table
from kitloan.tables.national import APART

entry, setting = table(LedgerEntry), table(Setting)

PROGRAM = f"kitloan {__version__}, tables {SCHEMA}"
"""What replayed. Another program may make other rows of the same ledger."""

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a ledger had been checked to, and what the check had made of it.

    Attributes:
        college: whose ledger.
        epoch: of the last entry that was checked.
        seq: its number.
        hash: its hash.
        at: its time.
        entries: how many there were.
        tables: the SHA-256 of the file with the register as it was replayed.
        rows: how many rows that register has.
        checked: when it was checked.
        program: what checked it.
        key: by which of the store's keys it is sealed: a hash of that key.
        seal: the HMAC of all that.
    """

    college: str
    epoch: int
    seq: int
    hash: str
    at: str
    entries: int
    tables: str
    rows: int
    checked: str
    program: str
    key: str = ""
    seal: str = ""

    def sealed(self, key: bytes) -> "Checkpoint":
        """The same, sealed with a key."""
        named = {**asdict(self), "key": _name_of(key), "seal": ""}
        return Checkpoint(**{**named, "seal": _seal(named, key)})

    def is_sealed(self, key: bytes) -> bool:
        """Whether its seal was made with this key, and of these values."""
        return hmac.compare_digest(self.seal, _seal({**asdict(self), "seal": ""}, key))


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a ledger has to be read whole; with `differs`, the checkpoint that does not fit it."""

    reason: str
    differs: bool = False


class Checkpoints:
    """The checkpoints of a store on this machine."""

    def __init__(self, store: Store) -> None:
        if store.is_sqlite:
            self.folder, self._stem = checkpoints_of(Path(store.name).absolute())
        else:
            self.folder = data_folder() / "checkpoints"
            self._stem = hashlib.sha256(store.name.encode()).hexdigest()[:16]

    def part(self, college: str) -> Path | None:
        """A name for the tables of a ledger while they are written; None where there can be none.

        A college's name in a file that somebody else wrote may be any text, also a path.
        """
        if not _ID.fullmatch(college):
            return None
        return self.folder / f".{self._stem}.{college}.{secrets.token_hex(4)}.part"

    def clear(self, parts: Iterable[Path]) -> None:
        """Delete tables that were written for nothing."""
        for each in parts:
            with suppress(OSError):
                each.unlink(missing_ok=True)

    def prepare(self) -> bool:
        """Make the folder, and clear what killed commands left; False where that cannot be."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            clear_old_parts(self.folder)
        except OSError:
            return False
        return True

    def save(self, made: Iterable[tuple[Checkpoint, Path]]) -> None:
        """Keep checkpoints, each with the tables that were written to a part, in place of the last.

        Raises:
            OSError, BadInput: one cannot be written. Then the last one is what it was.
        """
        now: dict[str, Path] = {}
        for each, part in made:
            tables = now[each.college] = self._tables(each)
            part.replace(tables)
            with whole_file(self._file(each.college)) as file:
                file.write_text(json.dumps(asdict(each), indent=1) + "\n", encoding="utf-8")
        of_ours = re.compile(rf"{re.escape(self._stem)}\.({_ID.pattern})\.[0-9a-f]{{16}}\.tables")
        for other in list(self.folder.iterdir()):
            found = of_ours.fullmatch(other.name)
            if found and now.get(found[1], other) != other:
                other.unlink(missing_ok=True)

    def find(
        self, live: Connection, college: str, end: tuple[int, int], key: bytes | None
    ) -> Checkpoint | Unusable:
        """The checkpoint of a ledger, if it fits the ledger and this program.

        Args:
            live: a transaction on the store.
            college: whose ledger.
            end: epoch and number of its last entry now.
            key: the store's.
        """
        try:
            found = _read(self._file(college).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Unusable(f"{college} was not checked on this machine before")
        except (OSError, ValueError, TypeError):
            return Unusable(f"{self._file(college)} is not a checkpoint that kitloan wrote", True)
        if key is None or found.key != _name_of(key):
            return Unusable(f"the store has another key since {college} was checked")
        if found.college != college or not found.is_sealed(key):
            return Unusable(f"{self._file(college)} was changed since it was sealed", True)
        if not _is_there(live, found):
            if _is_apart(live, found):
                return Unusable(f"{college} went on from a backup since it was checked")
            return Unusable(
                f"{self._file(college)} names entry {found.seq} with hash {found.hash[:16]}, which "
                "the ledger does not have: entries were changed or taken away, or an older copy "
                "took the store's place",
                True,
            )
        if found.program != PROGRAM:
            return Unusable(f"{college} was checked by {found.program}, and this is {PROGRAM}")
        if end != (found.epoch, found.seq):  # they are needed
            digest = None
            with suppress(OSError):
                digest = digest_of(self._tables(found))
            if digest != found.tables:
                what = "missing" if digest is None else "not what they were"
                return Unusable(f"the tables of {self._file(college)} are {what}", True)
        return found

    def copy(self, found: Checkpoint, to: Path) -> None:
        """Copy the tables of a checkpoint that fits to a new file, to be gone on with."""
        copy(self._tables(found), to)

    def _file(self, college: str) -> Path:
        return self.folder / f"{self._stem}.{college if _ID.fullmatch(college) else ''}.json"

    def _tables(self, of: Checkpoint) -> Path:
        return self.folder / f"{self._stem}.{of.college}.{of.tables[:16]}.tables"


def _read(words: str) -> Checkpoint:
    found = json.loads(words)
    made = Checkpoint(**found)
    kinds = {name: type(value) for name, value in asdict(made).items()}
    numbers = {"epoch", "seq", "entries", "rows"}
    if any(kind is not (int if name in numbers else str) for name, kind in kinds.items()):
        raise ValueError("not what kitloan writes")
    if not re.fullmatch(r"[0-9a-f]{64}", made.tables):
        raise ValueError("not a digest")
    return made


def store_key(connection: Connection, college: str) -> bytes | None:
    """The key that a store signs and seals with; None when it has none.

    Raises:
        StoreError: `damaged`.
    """
    kept = connection.execute(
        select(setting.c.value).where(setting.c.college == college, setting.c.name == SIGNING_KEY)
    ).scalar()
    return None if kept is None else key_bytes(SIGNING_KEY, kept)


_KEEP_FIRST = text(
    "INSERT INTO setting (college, name, value) VALUES (:college, :name, :value) "
    "ON CONFLICT (college, name) DO NOTHING"
)


def made_key(store: Store, college: str) -> bytes | None:
    """As `store_key`, made now if there is none: any 32 random bytes are a key."""
    with store.read() as connection:
        found = store_key(connection, college)
    if found is not None:
        return found
    with store.write() as connection:
        new = {"college": college, "name": SIGNING_KEY, "value": secrets.token_bytes(32).hex()}
        connection.execute(_KEEP_FIRST, new)
        return store_key(connection, college)


def _name_of(key: bytes) -> str:
    return hashlib.sha256(b"kitloan checkpoint key" + key).hexdigest()[:16]


def _seal(of: Mapping[str, Any], key: bytes) -> str:
    words = json.dumps(of, sort_keys=True, separators=(",", ":")).encode()
    return hmac.new(
        hashlib.sha256(b"kitloan checkpoint" + key).digest(), words, "sha256"
    ).hexdigest()


def _is_there(live: Connection, found: Checkpoint) -> bool:
    """Whether the ledger has the checkpoint's last entry in its place, and as many up to it."""
    here = live.execute(
        select(entry.c.hash).where(
            entry.c.college == found.college,
            entry.c.epoch == found.epoch,
            entry.c.seq == found.seq,
        )
    ).scalar()
    count = live.execute(
        _UP_TO, {"college": found.college, "epoch": found.epoch, "seq": found.seq}
    ).scalar_one()
    return (here == found.hash or not found.entries) and count == found.entries


_UP_TO = text(
    "SELECT (SELECT count(*) FROM ledger_entry WHERE college = :college AND epoch < :epoch) + "
    "(SELECT count(*) FROM ledger_entry "
    "WHERE college = :college AND epoch = :epoch AND seq <= :seq)"
)
"""How many entries there are up to one: SQLite takes four times as long to compare both at once."""


def _is_apart(live: Connection, found: Checkpoint) -> bool:
    """Whether the entry is one that a restored backup had lost, as kitloan keeps them."""
    kept = select(APART.c.hash).where(APART.c.college == found.college, APART.c.hash == found.hash)
    return live.execute(kept).first() is not None
