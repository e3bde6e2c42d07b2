"""SQL expressions for the JSON of sealed entries, for facts that no table has in full.

An entry is text, stored as it was hashed. Both databases can read values in it, so that a query
about a few of many entries does not load them all.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, select
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


def found_loans(connection: Connection, college: str, tags: Sequence[str]) -> dict[str, str | None]:
    """The loans that a register had when it was read, by id, each with the day on which it began.

    None where the register names no day: when such a loan began, nobody knows. The instant of its
    entry is when the register was read.
    """
    loan, began = fact_text("loan"), fact_text("out_on")
    rows = connection.execute(
        select(loan.label("loan"), began.label("began")).where(
            entry.c.college == college, entry.c.tag.in_(tags), entry.c.kind == "loan.found"
        )
    )
    return {row.loan: row.began for row in rows}
