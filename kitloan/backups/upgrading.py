"""Bringing a store of an earlier release up to this one: copied, rehearsed, proved, then done.

While nobody else can write, a SQLite store is copied as the day's copy, and the upgrade is done to
a second copy, which is then verified whole. Only when that holds together is it done to the store
itself, in one transaction: whoever pulls the plug finds the old store or the new one.

A shared PostgreSQL upgrades in one transaction as well; copies of it are its server's business. A
login that does not own the tables cannot; then `kitloan provision` does it.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kitloan.backups import proved, spoken_of
from kitloan.beside import day_file
from kitloan.calendar import system_clock, today
from kitloan.errors import KitloanError, StoreError
from kitloan.files import whole_file, working_folder
from kitloan.schema import OLDEST, SCHEMA
from kitloan.store import Store, one_at_a_time, open_store
from kitloan.upgrades import bring_up
from kitloan.verify import Progress
from kitloan.versions import version_of

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
