"""What sealed entries say, read by the database: for the few whose tables do not tell it all.

An entry is text, kept as it was hashed. Both databases can look into it, so that a question about a
few of many entries need not bring them all here.
"""

from typing import Any

from sqlalchemy import JSON, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from kitloan.tables import LedgerEntry, table

entry = table(LedgerEntry)


class _sealed(GenericFunction[Any]):  # noqa: N801  # functions of SQL are written so
    """A text that is JSON, as the database's own JSON."""

    type = JSON()
    inherit_cache = True


@compiles(_sealed, "sqlite")
def _in_sqlite(element: Any, compiler: Any, **given: Any) -> str:
    return str(compiler.process(element.clauses, **given))  # its functions take the text


@compiles(_sealed, "postgresql")
def _in_postgresql(element: Any, compiler: Any, **given: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **given)} AS json)"


def said(name: str) -> ColumnElement[str]:
    """A text that the fact of a row of `ledger_entry` has under this name; NULL for none."""
    text: ColumnElement[str] = _sealed(entry.c.body)[("fact", name)].as_string()
    return text


def counted(name: str) -> ColumnElement[int]:
    """A number that the fact of a row of `ledger_entry` has under this name; NULL for none."""
    number: ColumnElement[int] = _sealed(entry.c.body)[("fact", name)].as_integer()
    return number
