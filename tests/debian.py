"""PostgreSQL servers of the system's packages: they have `postgres_fdw`, and pip's has not."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

_CONTROL = "share/postgresql/{}/extension/postgres_fdw.control"
PROGRAMS = next(
    (
        found
        for found in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        if Path("/usr", _CONTROL.format(found.parent.name)).exists()
    ),
    None,
)
"""Where `initdb` and `pg_ctl` are; None where the packages are not installed."""

_RULES = "local all postgres trust\nlocal all all scram-sha-256\n"
_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
fsync = off
"""


@contextmanager
def system_server(name: str) -> Iterator[str]:
    """The administrator's URL of a server that asks all others for their passwords."""
    # A server refuses to run as root: then as the user that its package made.
    owner = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix=f"kitloan-{name}-") as made:
        folder = Path(made)
        if owner:
            shutil.chown(folder, owner)
        data = folder / "data"

        def run(program: str, *options: str) -> None:
            assert PROGRAMS is not None
            line = (PROGRAMS / program, "-D", data, *options)
            subprocess.run(line, check=True, user=owner, cwd=folder, stdout=subprocess.DEVNULL)

        run("initdb", "-U", "postgres", "--no-sync", "--locale", "C.UTF-8", "--encoding", "UTF8")
        (data / "pg_hba.conf").write_text(_RULES, encoding="utf-8")
        with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(_SETTINGS.format(folder=folder))
        run("pg_ctl", "start", "--wait", "--silent", "--log", str(folder / "log"))
        try:
            url = sa.URL.create("postgresql", "postgres", database="postgres")
            yield str(url.update_query_dict({"host": str(folder)}))
        finally:
            run("pg_ctl", "stop", "--silent", "--mode", "immediate")
