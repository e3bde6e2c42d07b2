"""What backups are made of and restored to."""

from pathlib import Path

from conftest import SetClock
from kitloan.backups.restoring import Restored, RestoreRequest, restoring
from kitloan.college import College
from kitloan.tables import LedgerEntry, table
from kitloan.tables.every import REGISTER_TABLES

HISTORY = (table(LedgerEntry), *REGISTER_TABLES)


def restore(file: Path, place: str | Path, clock: SetClock) -> Restored:
    """Restore a backup without asking."""
    with restoring(RestoreRequest(file, str(place), "j.bain", clock)) as found:
        return found.carry_out()


def path_of(desk: College) -> Path:
    """The file of a store."""
    return Path(desk.session.store.name)


def names_in(folder: Path) -> list[str]:
    """What lies in a folder, hidden files too."""
    return sorted(each.name for each in folder.iterdir())
