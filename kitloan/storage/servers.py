"""The national database that sees colleges' own: each on its own server, by `postgres_fdw`.

The national database is a store like any other, in which only ESP has a login. Each shared table
has a child for each college (table inheritance): a foreign table, which reads the college's
database as ESP's login there. So a query of a table reads every college's rows, what is written
goes into the table itself, and people's tables have no children. Each child promises that all its
rows are one college's: a query about that college is sent to its server alone, and what locks or
changes ESP's rows is sent to none. `misplaced` checks the promise.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from kitloan.reference import ESP
from kitloan.storage.row_security import OWNER, SHARED, login_of, quoted

_BEFORE = "kitloan_at_"
_ROWS_AT_ONCE = 1000


class Seen(NamedTuple):
    """A college's database: how the national server reaches it, and ESP's password there."""

    college: str
    options: Mapping[str, str]
    password: str


def server_of(college: str) -> str:
    """The name of a college's server, and of the schema of its tables, in the national database."""
    return _BEFORE + college.replace("-", "_")


def seen_colleges(connection: Connection) -> list[str]:
    """The colleges whose own databases this one sees."""
    names = connection.exec_driver_sql(
        "SELECT srvname::text FROM pg_foreign_server WHERE starts_with(srvname, %s) ORDER BY 1",
        (_BEFORE,),
    ).scalars()
    return [name.removeprefix(_BEFORE).replace("_", "-") for name in names]


def see(connection: Connection, colleges: list[Seen]) -> None:
    """Have this database see those of colleges; what it saw of them before is replaced."""
    if colleges:
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS postgres_fdw")
    for each in colleges:
        for statement in _server(each):
            connection.exec_driver_sql(statement)
    if not seen_colleges(connection):
        return
    for statement in (*_missing_tables(connection), *_settings(connection)):
        connection.exec_driver_sql(statement)


def _server(seen: Seen) -> Iterator[str]:
    name, login = server_of(seen.college), login_of(ESP)
    yield f"DROP SERVER IF EXISTS {name} CASCADE"
    yield f"DROP SCHEMA IF EXISTS {name}"
    options = {**seen.options, "updatable": "false", "fetch_size": str(_ROWS_AT_ONCE)}
    yield f"CREATE SERVER {name} FOREIGN DATA WRAPPER postgres_fdw OPTIONS ({_options(options)})"
    mapping = _options({"user": login, "password": seen.password})
    yield f"CREATE USER MAPPING FOR {login} SERVER {name} OPTIONS ({mapping})"
    yield f"CREATE SCHEMA {name} AUTHORIZATION {OWNER}"


def _options(options: Mapping[str, str]) -> str:
    return ", ".join(f"{quoted(name)} {_literal(value)}" for name, value in options.items())


def _literal(text: str) -> str:
    """A text as SQL writes it, with a percent sign as the driver wants it."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f" E'{escaped}'"


def _missing_tables(connection: Connection) -> Iterator[str]:
    """The statements that make the children which are not there; an upgrade makes new tables."""
    for college, name in missing(connection):
        schema = server_of(college)
        yield (
            f"CREATE FOREIGN TABLE {schema}.{name} (CHECK (college = '{college}')) "
            f"INHERITS (public.{name}) SERVER {schema} "
            f"OPTIONS (schema_name 'public', table_name '{name}')"
        )
        yield f"ALTER FOREIGN TABLE {schema}.{name} OWNER TO {OWNER}"


def _settings(connection: Connection) -> Iterator[str]:
    database = quoted(connection.exec_driver_sql("SELECT current_database()").scalar_one())
    # A plan for any college would ask every server, also for a lock on ESP's own ledger.
    yield (
        f"ALTER ROLE {login_of(ESP)} IN DATABASE {database} "
        "SET plan_cache_mode = force_custom_plan"
    )
    for name in sorted(SHARED):  # nothing is kept of what it samples, in every college's table
        yield f"ALTER TABLE public.{name} SET (autovacuum_analyze_threshold = 2147483647)"


def missing(connection: Connection) -> list[tuple[str, str]]:
    """The tables of colleges that this database should see and does not, by college and name."""
    there = {
        (row[0], row[1])
        for row in connection.exec_driver_sql(_CHILDREN, (_BEFORE,))
    }
    return [
        (college, name)
        for college in seen_colleges(connection)
        for name in sorted(SHARED)
        if (server_of(college), name) not in there
    ]


_CHILDREN = """
SELECT n.nspname::text, c.relname::text FROM pg_inherits
JOIN pg_class c ON c.oid = inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class p ON p.oid = inhparent
WHERE starts_with(n.nspname, %s) AND p.relname = c.relname
    AND p.relnamespace = 'public'::regnamespace
"""


def misplaced(connection: Connection) -> list[tuple[str, str]]:
    """The ledgers that are in another database than their college's, with the college of that.

    The database that sees the others counts as ESP's. What is in two databases would be counted
    twice in one figure, and once in the next.
    """
    seen = seen_colleges(connection)
    if not seen:
        return []
    schemas = {server_of(college): college for college in seen}
    rows = connection.exec_driver_sql(
        "SELECT college, (SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n "
        "ON n.oid = c.relnamespace WHERE c.oid = h.tableoid) FROM public.ledger_head h"
    )
    found = [(row[0], schemas.get(row[1], ESP)) for row in rows]
    return [(college, where) for college, where in found if college != where]


def not_alone(wrong: list[tuple[str, str]]) -> tuple[str, str, str]:
    """The code, the message and the hint of a refusal, for what `misplaced` found."""
    found = "; ".join(f"{college!r} in the database of {where!r}" for college, where in wrong[:3])
    return (
        "not_alone",
        f"Ledgers are in another database than their college's: {found}.",
        "Keep each college in a database of its own, and ESP in the one that sees them all.",
    )
