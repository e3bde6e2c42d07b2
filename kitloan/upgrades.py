"""What each version of the tables brought: the steps from the one before, never edited again.

Steps only add: tables, indexes, columns that may be empty. So a program of the version before that
is still open goes on working, and a step that is cut short is taken back by the database. Every
constraint and index has a name. A new store is made by `kitloan.schema`; a test holds the two
together, on both databases.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Integer, PrimaryKeyConstraint, String, Text, text

from kitloan.errors import StoreError
from kitloan.schema import SCHEMA

if TYPE_CHECKING:
    from alembic.operations import Operations


def _to_3(op: "Operations") -> None:
    """Lists of what is not here, and of kits that cannot be used, no longer read every holding.

    And branches of a ledger may bear the same name: more than one lost entry has its number.
    """
    elsewhere, unusable = text("state <> 'held'"), text("critical_short > 0")
    op.create_index(
        "holdings_elsewhere",
        "holding",
        ["college", "state", "tag"],
        sqlite_where=elsewhere,
        postgresql_where=elsewhere,
    )
    op.create_index(
        "incomplete_holdings",
        "holding",
        ["college", "tag"],
        sqlite_where=unusable,
        postgresql_where=unusable,
    )
    columns: dict[str, Any] = {
        "college": String(),
        "hash": String(),
        "epoch": Integer(),
        "seq": Integer(),
    }
    op.create_table(
        "lost_twin",
        *(Column(name, kind, nullable=False) for name, kind in columns.items()),
        Column("body", Text(), nullable=False),
        PrimaryKeyConstraint("college", "hash"),
    )
    op.create_index("lost_twins_in_order", "lost_twin", ["college", "seq"])
    if op.get_bind().dialect.name == "sqlite":  # which proves what no ledger can bring back
        op.create_index("lost_twin_rows_twice", "lost_twin", [*columns, "body"])


STEPS: Mapping[int, Callable[["Operations"], None]] = {3: _to_3}
"""The steps to each version of the tables that came after the first release."""


def bring_up(connection: Connection, version: int) -> None:
    """Take a store's tables from `version` to this program's, within the caller's transaction."""
    from alembic.operations import Operations  # when an upgrade is due, and not before
    from alembic.runtime.migration import MigrationContext

    op = Operations(MigrationContext.configure(connection))
    for step in range(version + 1, SCHEMA + 1):
        STEPS[step](op)
    # Where colleges share a database, that row is nobody's, and closed to the tables' owner too.
    forced = (
        connection.dialect.name == "postgresql"
        and connection.exec_driver_sql(
            "SELECT relforcerowsecurity FROM pg_class WHERE oid = 'setting'::regclass"
        ).scalar_one()
    )
    if forced:
        connection.exec_driver_sql("ALTER TABLE setting NO FORCE ROW LEVEL SECURITY")
    changed = connection.execute(
        text(
            "UPDATE setting SET value = :now "
            "WHERE college = '' AND name = 'schema' AND value = :before"
        ),
        {"now": str(SCHEMA), "before": str(version)},
    ).rowcount
    if forced:
        connection.exec_driver_sql("ALTER TABLE setting FORCE ROW LEVEL SECURITY")
    if changed != 1:
        raise StoreError(
            "not_allowed",
            "This login may not change the version of the tables.",
            "Upgrade with the login that set up the database.",
        )
