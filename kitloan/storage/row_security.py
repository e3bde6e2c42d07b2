"""Row-level security: in a PostgreSQL that colleges share, each login reaches its own rows.

Which college a login belongs to follows from its name alone: `kitloan_` and the college's id, with
`_` for each `-`. The policies read it from `session_user`, which no setting that a session can
make, and no role that it can take on, changes.

There are three kinds of table. The *ledger* is appended to and never changed, by privilege and, as
a second wall, by trigger. The *register* is a college's own to write; ESP reads every college's,
and every college reads ESP's. Any other table is *local*: nobody but the college sees its rows. So
a table that is new, and not listed here, is closed.

A plan must not count what a policy hides. So each policy is a condition of the indexes, all of
which begin with the college: no row of another's is read, and none is counted as removed. Where the
whole table is read all the same, a function that costs next to nothing comes before every condition
that the session brought, so that none of these runs on another's row. And the planner keeps no
statistics of any column, because its estimates would speak of everybody's values.

Privileges are granted to two roles, of which the logins are members, so that a thousand logins are
no more work than one each. Policies name neither of them, except the one with which ESP reads all:
a member of a role can have the policies that name it dropped (`DROP OWNED BY`).
"""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection

from kitloan.reference import ESP
from kitloan.tables import Base
from kitloan.tables.every import REGISTER_TABLES

OWNER = "kitloan_owner"
"""The role that owns the tables. Nobody logs in with it."""

_ROWS = "SELECT, INSERT, UPDATE, DELETE"
_LEDGER = {
    "ledger_entry": "SELECT, INSERT",
    "lost_entry": "SELECT, INSERT",
    "lost_twin": "SELECT, INSERT",
    "ledger_head": "SELECT, INSERT, UPDATE",
}
SHARED = {*_LEDGER, *(each.name for each in REGISTER_TABLES)}
"""The tables that ESP reads of every college: ledgers and registers."""

_REWRITTEN = ("contact", "contact_change", "quote", "remark")
"""The tables that erasing a person rewrites; since version 17 there is a privilege for it."""

COLLEGES, NATIONAL = "kitloan_colleges", "kitloan_national"
"""The roles of the colleges' logins and of ESP's. Nobody logs in with them."""

GROUPS = (COLLEGES, NATIONAL)

_BEFORE = "kitloan_"
# Without the collation of the column, PostgreSQL would not look it up in an index.
_ME = f"(replace(substr(session_user::text, {len(_BEFORE) + 1}), '_', '-') COLLATE \"default\")"
_OWN = f"college = {_ME} AND public.kitloan_mine(college, '')"
_POLICIES = ("reading", "national", "adding", "changing", "taking_away", "own", "version")

_WHO = """
CREATE TABLE IF NOT EXISTS public.college_login (login name PRIMARY KEY, college text NOT NULL)
"""
MINE = f"""
CREATE OR REPLACE FUNCTION public.kitloan_mine(college text, other text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 0.0001 AS $$
BEGIN
    RETURN college OPERATOR(pg_catalog.=) other
        OR session_user::pg_catalog.text OPERATOR(pg_catalog.=)
            ('{_BEFORE}' OPERATOR(pg_catalog.||) pg_catalog.replace(college, '-', '_'));
END $$
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
"""The functions that the triggers run."""

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
    """Give every table its owner, policies, triggers and grants; it can be called again.

    It is called again after an upgrade that adds a table or a column, and for a database that an
    earlier release made. Everything is one transaction, the caller's: nobody ever sees the tables
    half open.
    """
    for statement in _statements(connection):
        connection.exec_driver_sql(statement)
    for statement in _granted(connection):
        connection.exec_driver_sql(statement)


def login_of(college: str) -> str:
    """The login of a college. Ids hold no `_`, so two ids never have the same login."""
    return _BEFORE + college.replace("-", "_")


def group_of(college: str) -> str:
    """The role that the login of a college is a member of."""
    return NATIONAL if college == ESP else COLLEGES


def prepare(connection: Connection) -> None:
    """Make the table that records which college a login writes for."""
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
    roles = ", ".join(GROUPS)
    yield f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER}"
    yield f"GRANT USAGE ON SCHEMA public TO {roles}"
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    database = _database(connection)
    yield f"REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM PUBLIC"
    yield f"GRANT CONNECT ON DATABASE {database} TO {roles}"
    for name, made in FUNCTIONS.items():
        yield made
        yield f"REVOKE ALL ON FUNCTION public.{name}() FROM PUBLIC"
        yield f"ALTER FUNCTION public.{name}() OWNER TO {OWNER}"
    yield MINE
    yield f"ALTER FUNCTION public.kitloan_mine(text, text) OWNER TO {OWNER}"
    for name in tables():
        yield from _without_policies(name)
    yield from _without_statistics(connection)
    for name in tables():
        yield from _with_policies(name)
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


def _database(connection: Connection) -> str:
    return quoted(connection.exec_driver_sql("SELECT current_database()").scalar_one())


class RowPolicy(NamedTuple):
    """A policy of a table: for which statement and role, which rows it finds, which it leaves."""

    name: str
    statement: str
    role: str
    using: str | None
    check: str | None


def policies_of(name: str) -> Iterator[RowPolicy]:
    """The policies of a table."""
    if name in SHARED:
        yield RowPolicy("reading", "SELECT", "PUBLIC", _own_and(ESP), None)
        yield RowPolicy("national", "SELECT", NATIONAL, "true", None)
    elif name == "setting":  # every login may read the version of the tables, a row of no college
        yield RowPolicy("reading", "SELECT", "PUBLIC", _own_and(""), None)
    else:
        yield RowPolicy("own", "ALL", "PUBLIC", _OWN, _OWN)
        return
    yield RowPolicy("adding", "INSERT", "PUBLIC", None, _OWN)
    yield RowPolicy("changing", "UPDATE", "PUBLIC", _OWN, _OWN)
    yield RowPolicy("taking_away", "DELETE", "PUBLIC", _OWN, None)


def _own_and(other: str) -> str:
    """One's own rows and those of another, as one condition that an index can look up."""
    return f"college = ANY (ARRAY[{_ME}, '{other}']) AND public.kitloan_mine(college, '{other}')"


def _without_policies(name: str) -> Iterator[str]:
    yield f"ALTER TABLE public.{name} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE public.{name} FORCE ROW LEVEL SECURITY"
    for policy in _POLICIES:
        yield f"DROP POLICY IF EXISTS {policy} ON public.{name}"


def _without_statistics(connection: Connection) -> Iterator[str]:
    """Keep no samples of any column, and forget those that are kept.

    ANALYZE passes over a column without forgetting what it found before. Giving a column the type
    that it has makes the server forget, of any version and for any owner.
    """
    every = [*tables(), "college_login"]
    for name, analysed, columns in connection.exec_driver_sql(_SAMPLED, (every,)):
        changes = [f"ALTER {column} SET STATISTICS 0" for column, _ in columns]
        if analysed:
            changes += [f"ALTER {column} TYPE {kind}" for column, kind in columns]
        yield f"ALTER TABLE public.{name} {', '.join(changes)}"


_SAMPLED = """
SELECT relname, reltuples >= 0,
    array_agg(ARRAY[quote_ident(attname), format_type(atttypid, atttypmod)] ORDER BY attnum)
FROM pg_class c JOIN pg_attribute ON attrelid = c.oid
WHERE relnamespace = 'public'::regnamespace AND relname = ANY (%s)
    AND attnum > 0 AND NOT attisdropped AND attstattarget IS DISTINCT FROM 0
GROUP BY relname, reltuples
"""
"""The columns that the planner may keep statistics of, by table; whether it was ever analysed."""


def _with_policies(name: str) -> Iterator[str]:
    """The statements that make a table's policies."""
    for each in policies_of(name):
        found = f" USING ({each.using})" if each.using else ""
        left = f" WITH CHECK ({each.check})" if each.check else ""
        yield (
            f"CREATE POLICY {each.name} ON public.{name} FOR {each.statement} TO {each.role}"
            f"{found}{left}"
        )


def privileges_of(name: str, *, may_rewrite: bool) -> str:
    """What the colleges' logins and ESP's may do to a table at all, in PostgreSQL's order.

    `may_rewrite`: whether the server has a privilege to rewrite a table.
    """
    maintain = ", MAINTAIN" if may_rewrite and name in _REWRITTEN else ""
    return _LEDGER.get(name, _ROWS) + maintain


def _granted(connection: Connection) -> Iterator[str]:
    """What a login may do at all; its policies limit it to some rows."""
    every = ", ".join(f"public.{name}" for name in (*tables(), "college_login"))
    roles = ", ".join(GROUPS)
    for login in connection.exec_driver_sql(_NAMED_IN_GRANTS).scalars():
        yield f"REVOKE ALL ON {every} FROM {quoted(login)}"
        yield f"REVOKE ALL ON SCHEMA public FROM {quoted(login)}"
        yield f"REVOKE CONNECT ON DATABASE {_database(connection)} FROM {quoted(login)}"
    yield f"REVOKE ALL ON {every} FROM {roles}"
    yield f"GRANT SELECT ON public.college_login TO {roles}"
    may_rewrite = can_rewrite(connection)
    for name in tables():
        allowed = privileges_of(name, may_rewrite=may_rewrite)
        yield f"GRANT {allowed} ON public.{name} TO {roles}"


def can_rewrite(connection: Connection) -> bool:
    """Whether the server has a privilege to rewrite tables: since version 17."""
    return (connection.dialect.server_version_info or (0,)) >= (17,)


_NAMED_IN_GRANTS = """
SELECT DISTINCT l.login::text FROM public.college_login l JOIN pg_roles r ON r.rolname = l.login
JOIN (
    SELECT (aclexplode(relacl)).grantee FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
    UNION
    SELECT (aclexplode(attacl)).grantee FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace
    UNION SELECT (aclexplode(nspacl)).grantee FROM pg_namespace WHERE nspname = 'public'
    UNION SELECT (aclexplode(datacl)).grantee FROM pg_database WHERE datname = current_database()
) AS granted ON granted.grantee = r.oid ORDER BY 1
"""
"""The logins that have privileges of their own: until 0.2.0 all had them."""
