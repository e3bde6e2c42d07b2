"""What each version of the tables brought: the steps from the one before, never edited again.

Steps only add: tables, indexes, columns that may be empty. So a program of the version before that
is still open goes on working, and a step that is cut short is taken back by the database. Every
constraint and index has a name. A new store is made by `kitloan.storage.schema`; a test holds the
two together, on both databases.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Integer, PrimaryKeyConstraint, String, Text, text

from kitloan.backups import proved, spoken_of
from kitloan.errors import KitloanError, StoreError
from kitloan.storage.files import whole_file, working_folder
from kitloan.storage.schema import OLDEST, SCHEMA, version_of
from kitloan.storage.side_files import day_file
from kitloan.storage.store import Store, one_at_a_time, open_store
from kitloan.text.dates import system_clock, today
from kitloan.verify import Progress

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


_NOT_BY_YOU = ("read_only", "not_allowed", "unreachable", "cannot_write")
"""Codes of what stands in the way of an upgrade where a file or a login is not ours to change."""

_AS_IT_WAS = (
    "It was not upgraded, and is as it was: the kitloan that made it still opens it. See there "
    "what is wrong with `kitloan ledger verify`, or restore a backup with this one."
)


@dataclass(frozen=True, slots=True)
class Upgraded:
    """That a store was brought up to this release.

    Attributes:
        since: the version of its tables before.
        kept: the file with the store as it was; None on a server.
    """

    since: int
    kept: str | None

    def __str__(self) -> str:
        kept = f" As it was, it is kept as {self.kept}." if self.kept else ""
        return f"An earlier release made this store; it was upgraded and holds together.{kept}"


def up_to_date(
    make: Callable[[str], Store], place: str, progress: Progress | None = None
) -> tuple[Store, Upgraded | None]:
    """The store at `place`, upgraded first where an earlier release made it.

    Args:
        make: opens it: `open_store` or `create_store`.
        place: the path of a SQLite file, or a PostgreSQL URL.
        progress: told how many entries of the copy are proved, of how many.

    Raises:
        StoreError: as `make`; `upgrade_due`, when this login or file does not let it be done;
            `damaged`, when the store does not hold together as it is, and was left so.
    """
    try:
        return make(place), None
    except StoreError as problem:
        if problem.code != "upgrade_due":
            raise
    done = _upgrade(place, progress)
    return make(place), done


def upgrade_copy(path: Path) -> None:
    """Bring a copy that nobody else has open up to this release, where it is of an earlier one."""
    store = open_store(str(path), oldest=OLDEST)
    try:
        with store.write() as connection:
            version = version_of(connection)
            if version < SCHEMA:
                bring_up(connection, version)
    finally:
        store.close()


def _upgrade(place: str, progress: Progress | None) -> Upgraded | None:
    store = open_store(place, oldest=OLDEST)
    try:
        with store.write() as connection:
            one_at_a_time(connection)
            version = version_of(connection)
            if version == SCHEMA:
                return None  # another program was quicker
            kept = _keep_and_rehearse(store, progress) if store.is_sqlite else None
            bring_up(connection, version)
        return Upgraded(version, kept)
    except KitloanError as problem:
        if problem.code not in _NOT_BY_YOU:
            raise
        raise _not_by_you(store, problem) from problem
    finally:
        store.close()


def _keep_and_rehearse(store: Store, progress: Progress | None) -> str:
    """Keep the store as it is as the day's copy, and prove that what it becomes holds together."""
    file = day_file(store, today(system_clock))
    file.parent.mkdir(mode=0o700, exist_ok=True)
    size = Path(store.name).stat().st_size
    with (
        whole_file(file, over_a_store=True) as beside,
        working_folder(file.parent.parent, "upgrade", room=3 * size) as folder,
    ):
        store.copy_to(beside)
        rehearsal = folder / "rehearsal.sqlite"
        shutil.copyfile(beside, rehearsal)
        try:
            upgrade_copy(rehearsal)
            proved(rehearsal, store.name, progress)
        except StoreError as problem:
            told = spoken_of(problem, rehearsal, store.name)
            raise StoreError(told.code, told.message, _AS_IT_WAS, **told.details) from problem
    return str(file)


def _not_by_you(store: Store, problem: KitloanError) -> StoreError:
    hint = (
        "See that you may write to the file and its folder, or copy it to where you may, and say "
        "it again."
        if store.is_sqlite
        else "Ask whoever set up the database to say once, with this kitloan: kitloan provision URL"
    )
    return StoreError(
        "upgrade_due",
        f"{store.name} was made by an earlier kitloan, and this login may not upgrade it: "
        f"{problem.message}",
        hint,
        store=store.name,
    )
