"""Row-level security: in a PostgreSQL that colleges share, each login reaches its own rows.

Who somebody is follows from the login alone: `college_login` says which college a login writes
for, only the tables' owner can change it, and the policies look `session_user` up there. No
setting that a session can make, and no role that it can take on, changes what they find.

There are three kinds of table. The *ledger* is appended to and never changed, by privilege and, as
a second wall, by trigger. The *register* is a college's own to write; ESP reads every college's,
and every college reads ESP's. Any other table is *local*: nobody but the college sees its rows. So
a table that is new, and that nobody thought of here, is closed.
"""

from collections.abc import Iterator

from sqlalchemy import Connection

from kitloan.reference import ESP
from kitloan.tables import Base
from kitloan.tables.every import REGISTER_TABLES

OWNER = "kitloan_owner"
"""Owns the tables. Nobody logs in with it."""

_ROWS = "SELECT, INSERT, UPDATE, DELETE"
_LEDGER = {
    "ledger_entry": "SELECT, INSERT",
    "lost_entry": "SELECT, INSERT",
    "lost_twin": "SELECT, INSERT",
    "ledger_head": "SELECT, INSERT, UPDATE",
}
_SHARED = {*_LEDGER, *(each.name for each in REGISTER_TABLES)}
_REWRITTEN = ("contact", "remark")
"""What erasing a person writes anew; since version 17 there is a privilege for it."""

_ME = "(SELECT l.college FROM public.college_login l WHERE l.login = session_user)"
_OWN = f"college = {_ME}"
_READABLE = f"{_OWN} OR college = '{ESP}' OR {_ME} = '{ESP}'"
_POLICIES = ("reading", "adding", "changing", "taking_away", "own", "version")

_WHO = """
CREATE TABLE IF NOT EXISTS public.college_login (login name PRIMARY KEY, college text NOT NULL)
"""
_NEVER = """
CREATE OR REPLACE FUNCTION public.kitloan_never() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'a ledger is appended to, and never changed'
        USING ERRCODE = 'insufficient_privilege';
END $$
"""
_FORWARD = """
CREATE OR REPLACE FUNCTION public.kitloan_forward() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.college <> OLD.college OR NEW.own <> OLD.own
        OR (NEW.epoch, NEW.seq) <= (OLD.epoch, OLD.seq)
    THEN
        RAISE EXCEPTION 'the head of a ledger only moves forward'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$
"""
FUNCTIONS = {"kitloan_never": _NEVER, "kitloan_forward": _FORWARD}
TRIGGERS = (
    ("ledger_entry", "stays", "DELETE OR UPDATE OR TRUNCATE ON", "STATEMENT", "kitloan_never"),
    ("lost_entry", "stays", "DELETE OR UPDATE OR TRUNCATE ON", "STATEMENT", "kitloan_never"),
    ("lost_twin", "stays", "DELETE OR UPDATE OR TRUNCATE ON", "STATEMENT", "kitloan_never"),
    ("ledger_head", "stays", "DELETE OR TRUNCATE ON", "STATEMENT", "kitloan_never"),
    ("ledger_head", "moves_forward", "UPDATE ON", "ROW", "kitloan_forward"),
)


def tables() -> list[str]:
    """The names of every table whose rows belong to colleges."""
    return sorted(Base.metadata.tables)


def secure(connection: Connection) -> None:
    """Give every table its owner, policies, triggers and grants; as often as anybody likes.

    Reads `college_login` for who may do what, so an upgrade that adds a table need only call this
    again. Everything is one transaction, the caller's: nobody ever sees the tables half open.
    """
    for statement in _statements(connection):
        connection.exec_driver_sql(statement)
    version = connection.dialect.server_version_info or (0,)
    for login in logins(connection):
        for statement in _granted(quoted(login), may_rewrite=version >= (17,)):
            connection.exec_driver_sql(statement)


def prepare(connection: Connection) -> None:
    """Make the table that says which college a login writes for."""
    connection.exec_driver_sql(_WHO)


def logins(connection: Connection) -> dict[str, str]:
    """Every login that was provisioned, with its college."""
    rows = connection.exec_driver_sql(
        "SELECT login::text, college FROM public.college_login ORDER BY login"
    )
    return {row[0]: row[1] for row in rows}


def quoted(name: str) -> str:
    """An identifier as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _statements(connection: Connection) -> Iterator[str]:
    yield f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER}"
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    database = connection.exec_driver_sql("SELECT current_database()").scalar_one()
    yield f"REVOKE CREATE, TEMPORARY ON DATABASE {quoted(database)} FROM PUBLIC"
    for name, made in FUNCTIONS.items():
        yield made
        yield f"REVOKE ALL ON FUNCTION public.{name}() FROM PUBLIC"
        yield f"ALTER FUNCTION public.{name}() OWNER TO {OWNER}"
    for name in tables():
        yield from _policies(name)
    for where, name, when, each, function in TRIGGERS:
        yield (
            f"CREATE OR REPLACE TRIGGER {name} BEFORE {when} public.{where} "
            f"FOR EACH {each} EXECUTE FUNCTION public.{function}()"
        )
    for name in (*tables(), "college_login"):
        yield f"REVOKE ALL ON public.{name} FROM PUBLIC"
        yield f"ALTER TABLE public.{name} OWNER TO {OWNER}"
    yield "ALTER TABLE public.college_login ENABLE ROW LEVEL SECURITY"
    yield "DROP POLICY IF EXISTS own ON public.college_login"
    yield (
        "CREATE POLICY own ON public.college_login FOR SELECT TO PUBLIC "
        "USING (login = session_user)"
    )


def policies_of(name: str) -> Iterator[tuple[str, str, str | None, str | None]]:
    """The policies of a table: name, statement, which rows it finds, which it may leave there."""
    if name in _SHARED:
        yield "reading", "SELECT", _READABLE, None
        yield "adding", "INSERT", None, _OWN
        yield "changing", "UPDATE", _OWN, _OWN
        yield "taking_away", "DELETE", _OWN, None
        return
    yield "own", "ALL", _OWN, _OWN
    if name == "setting":  # the version of the tables is nobody's, and everybody's to read
        yield "version", "SELECT", "college = ''", None


def _policies(name: str) -> Iterator[str]:
    """Who sees and writes which rows of a table."""
    yield f"ALTER TABLE public.{name} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE public.{name} FORCE ROW LEVEL SECURITY"
    for policy in _POLICIES:
        yield f"DROP POLICY IF EXISTS {policy} ON public.{name}"
    for policy, statement, using, check in policies_of(name):
        found = f" USING ({using})" if using else ""
        left = f" WITH CHECK ({check})" if check else ""
        yield f"CREATE POLICY {policy} ON public.{name} FOR {statement} TO PUBLIC{found}{left}"


def _granted(login: str, *, may_rewrite: bool) -> Iterator[str]:
    """What a login may do at all; its policies say to which rows."""
    yield f"GRANT USAGE ON SCHEMA public TO {login}"
    yield f"REVOKE ALL ON public.college_login FROM {login}"
    yield f"GRANT SELECT ON public.college_login TO {login}"
    for name in tables():
        yield f"REVOKE ALL ON public.{name} FROM {login}"
        yield f"GRANT {_LEDGER.get(name, _ROWS)} ON public.{name} TO {login}"
    if may_rewrite:
        yield f"GRANT MAINTAIN ON {', '.join(f'public.{name}' for name in _REWRITTEN)} TO {login}"
