"""SQL expressions for the JSON of sealed entries, for facts that no table has in full.

An entry is text, stored as it was hashed. Both databases can read values in it, so that a query
about a few of many entries does not load them all.
"""

from typing import Any

from sqlalchemy import JSON, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from kitloan.tables import LedgerEntry, table

entry = table(LedgerEntry)


class _entry_json(GenericFunction[Any]):  # noqa: N801  # as SQL functions are written
    """A text column that holds JSON, as the database's own JSON type."""

    type = JSON()
    inherit_cache = True


@compiles(_entry_json, "sqlite")
def _in_sqlite(element: Any, compiler: Any, **given: Any) -> str:
    return str(compiler.process(element.clauses, **given))  # its JSON functions take text


@compiles(_entry_json, "postgresql")
def _in_postgresql(element: Any, compiler: Any, **given: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **given)} AS json)"


def fact_text(name: str) -> ColumnElement[str]:
    """The text field of this name in the fact of a `ledger_entry` row; NULL without one."""
    text: ColumnElement[str] = _entry_json(entry.c.body)[("fact", name)].as_string()
    return text


def fact_number(name: str) -> ColumnElement[int]:
    """The number field of this name in the fact of a `ledger_entry` row; NULL without one."""
    number: ColumnElement[int] = _entry_json(entry.c.body)[("fact", name)].as_integer()
    return number
