"""Which function applies which kind of fact."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

from kitloan.entries import Entry

F = TypeVar("F")
Apply = Callable[[Connection, str, Entry, F], None]

_APPLIES: dict[type[Any], Apply[Any]] = {}


def applies(kind: type[F]) -> Callable[[Apply[F]], Apply[F]]:
    """Name the function that applies facts of this kind."""

    def register(function: Apply[F]) -> Apply[F]:
        _APPLIES[kind] = function
        return function

    return register


def apply(connection: Connection, college: str, entry: Entry) -> None:
    """Make the register say what `entry` says happened in `college`."""
    _APPLIES[type(entry.fact)](connection, college, entry, entry.fact)
