"""Which version a store's tables have, and what is said of one that this program cannot use."""

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from kitloan.errors import StoreError
from kitloan.schema import OLDEST, SCHEMA


def version_of(connection: Connection) -> int:
    """The version of a store's tables; 0 where none is said, or nothing that could be one."""
    found = connection.exec_driver_sql(
        "SELECT value FROM setting WHERE college = '' AND name = 'schema'"
    ).scalar()
    said = str(found)
    return int(said) if said.isdecimal() else 0


def insist_on_version(connection: Connection, store: str, oldest: int = SCHEMA) -> None:
    """Refuse tables that this program cannot work with.

    Args:
        connection: a transaction.
        store: the store's name, for the refusal.
        oldest: the first version of the tables that the caller can work with.

    Raises:
        StoreError: `not_a_store`, `older_store`, `upgrade_due` or `newer_store`.
    """
    try:
        found = version_of(connection)
    except DBAPIError as problem:
        if not _no_such_table(problem):
            raise
        found = 0
    if not found:
        raise StoreError(
            "not_a_store",
            f"{store} is a database, but not a kitloan store.",
            "Name the right one with --store, or make one with `kitloan init COLLEGE`.",
            store=store,
        )
    if not oldest <= found <= SCHEMA:
        raise StoreError(*_wrong_version(store, found), store=store, schema=found)


def _wrong_version(store: str, found: int) -> tuple[str, str, str]:
    """The code, the message and the hint of a refusal."""
    if found < OLDEST:
        return (
            "older_store",
            f"{store} was made before the first release of kitloan (its tables are version "
            f"{found}, this program's {SCHEMA}), and cannot be used any more.",
            "Keep the file, start a new store, and read the register in again.",
        )
    if found > SCHEMA:
        return (
            "newer_store",
            f"{store} was made by a newer kitloan (its tables are version {found}, "
            f"this program knows up to {SCHEMA}).",
            "Update kitloan on this machine; the store is as it was.",
        )
    return (
        "upgrade_due",
        f"{store} was made by an earlier kitloan (its tables are version {found}, "
        f"this program's {SCHEMA}).",
        "Open it once, with any command, to have it upgraded.",
    )


def _no_such_table(problem: DBAPIError) -> bool:
    return "no such table" in str(problem.orig) or getattr(problem.orig, "sqlstate", "") == "42P01"
