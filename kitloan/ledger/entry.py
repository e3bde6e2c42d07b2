"""An entry: a fact with its place in a college's ledger, and its sealed text.

An entry's body is canonical JSON, and the SHA-256 of the body is the entry's hash. The body names
the hash of the entry before it, so a line of an export can be checked with `sha256sum`.
"""

import hashlib
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, TypeAdapter

from kitloan.ledger.facts import (  # noqa: F401  # each adds its facts
    calendar,
    custody,
    definitions,
    events,
    evidence,
    gifts,
    guides,
    holdings,
    inspections,
    ledger,
    loans,
    naming,
    notices,
    planning,
    rules,
    sharing,
    stocktakes,
    transfers,
)
from kitloan.ledger.facts.base import APPLY, FactBase, Recorded
from kitloan.ledger.plain import Plain

FORMAT = 1
"""The version of the ledger's format. A program reads its own and older versions."""

KINDS: tuple[type[FactBase], ...] = (*APPLY, ledger.Reversed)
"""Every kind of fact."""

if TYPE_CHECKING:
    Fact = FactBase
else:
    Fact = reduce(or_, KINDS)


class Entry(Recorded):
    """A fact with its place in a ledger."""

    fact: Annotated[Fact, Field(discriminator="kind")]

    @property
    def body(self) -> str:
        """The canonical JSON that is stored and hashed."""
        return _ENTRY.serializer.to_json(self).decode()  # `Frozen` keeps the fields in order


GENESIS = ""
"""The hash that the first entry of a ledger names as the one before it."""

_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)
_PLAIN: Plain[Entry] = Plain(_ENTRY)


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
    if (plain := _PLAIN.read(body)) is not None:
        return plain
    entry = _ENTRY.validate_json(body)
    if entry.body != body:
        raise NotCanonical("the text is not in canonical form")
    return entry
