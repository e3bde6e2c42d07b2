"""An entry: a fact with its place in a college's ledger, and its sealed text.

An entry's body is canonical JSON, and the SHA-256 of the body is the entry's hash. The body names
the hash of the entry before it, so a line of an export can be checked with `sha256sum`.
"""

import hashlib
from typing import TYPE_CHECKING

from pydantic import SerializeAsAny, TypeAdapter, ValidationError, create_model
from pydantic_core import PydanticCustomError, from_json

from kitloan.ledger.facts import fact_class
from kitloan.ledger.facts.base import APPLY, FactBase, Recorded
from kitloan.ledger.plain import Plain, kind_in

if TYPE_CHECKING:
    from sqlalchemy import Connection

FORMAT = 1
"""The version of the ledger's format. A program reads its own and older versions."""
UNKNOWN_KIND = "unknown_kind"
"""The type of the error of a text whose kind of fact this program does not know."""


class Entry(Recorded):
    """A fact with its place in a ledger."""

    fact: SerializeAsAny[FactBase]

    @property
    def body(self) -> str:
        """The canonical JSON that is stored and hashed."""
        text = self.__pydantic_serializer__.to_json(self)  # `Frozen` keeps the fields in order
        return text.decode()


GENESIS = ""
"""The hash that the first entry of a ledger names as the one before it."""


class Reader:
    """Reads the entries of one kind; made when the first of them is read."""

    def __init__(self, kind: type[FactBase]) -> None:
        of_kind = create_model(Entry.__name__, __base__=Entry, fact=(kind, ...))
        self.entries: TypeAdapter[Entry] = TypeAdapter(of_kind)
        self.plain: Plain[Entry] = Plain(self.entries)


_READERS: dict[str, Reader] = {}


def _reader_of(kind: str) -> Reader | None:
    """What reads entries of a kind; None for a kind that is not known."""
    if kind not in _READERS and (of_kind := fact_class(kind)) is not None:
        _READERS[kind] = Reader(of_kind)
    return _READERS.get(kind)


def seal(body: str) -> str:
    """The hash of an entry's body, in hexadecimal."""
    return hashlib.sha256(body.encode()).hexdigest()


class NotCanonical(ValueError):
    """A body is not the text that its entry is sealed as, so it could be read in two ways."""


def parse(body: str) -> Entry:
    """The entry in a stored body, which must be exactly the text that this entry is sealed as.

    Raises:
        pydantic.ValidationError: the body is not an entry of this format.
        NotCanonical: it is one, written in another way: a key twice, another spelling of a
            number or a character, spaces, another order, a default that is left out when sealing.
    """
    reader = _READERS.get(kind_in(body))
    if reader is not None and (plain := reader.plain.read(body)) is not None:
        return plain
    entry = read(body)
    if entry.body != body:
        raise NotCanonical("the text is not in canonical form")
    return entry


def read(text: str) -> Entry:
    """The entry in a text, in whatever way it is written.

    Raises:
        pydantic.ValidationError: it is not an entry of this format.
    """
    kind = _kind_of(text)
    if not isinstance(kind, str):
        return Entry.model_validate_json(text)  # which refuses it
    reader = _reader_of(kind)
    if reader is None:
        problem = PydanticCustomError(UNKNOWN_KIND, "It is of a kind that is not known")
        raise ValidationError.from_exception_data(
            Entry.__name__, [{"type": problem, "loc": ("fact", "kind"), "input": kind}]
        )
    return reader.entries.validate_json(text)


def _kind_of(text: str) -> object:
    """The kind of fact in a text, if it has one."""
    try:
        return from_json(text)["fact"]["kind"]
    except (ValueError, TypeError, LookupError):
        return None


def apply(connection: "Connection", college: str, entry: Entry) -> None:
    """Apply an entry of a college's ledger to the register."""
    APPLY[type(entry.fact)](connection, college, entry, entry.fact)
