"""The national database that sees colleges' own: each on its own server, by `postgres_fdw`.

The national database is a store like any other, in which only ESP has a login. Each shared table
has a child for each college (table inheritance): a foreign table, which reads the college's
database as ESP's login there. So a query of a table reads every college's rows, what is written
goes into the table itself, and people's tables have no children. Each child promises that all its
rows are one college's: a query about that college is sent to its server alone, and what locks or
changes ESP's rows is sent to none. `misplaced` checks the promise.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from kitloan.errors import StoreError
from kitloan.reference import ESP
from kitloan.storage.row_security import OWNER, SHARED, login_of, quoted
from kitloan.storage.schema import SCHEMA

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


def see(connection: Connection, colleges: Sequence[Seen]) -> None:
    """Have this database see those of colleges, and prove it.

    What it saw of them before is replaced. For the others, tables that are new are added.

    Raises:
        StoreError: `not_alone` or `unlike`.
    """
    if colleges:
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS postgres_fdw")
    for each in colleges:
        for statement in _server(each):
            connection.exec_driver_sql(statement)
    if not seen_colleges(connection):
        return
    for statement in (*_missing_tables(connection), *_settings(connection)):
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"SET LOCAL ROLE {login_of(ESP)}")
    for each in colleges:
        _insist_alike(connection, each)
        for name in sorted(SHARED):  # each column is there, and may be read
            connection.exec_driver_sql(
                f"SELECT * FROM public.{name} WHERE college = '{each.college}' LIMIT 1"  # noqa: S608
            )
    insist_on_one_place(connection)
    connection.exec_driver_sql("RESET ROLE")


def _server(seen: Seen) -> Iterator[str]:
    name, login = server_of(seen.college), login_of(ESP)
    yield f"DROP SERVER IF EXISTS {name} CASCADE"
    yield f"DROP SCHEMA IF EXISTS {name}"
    options = {**seen.options, "updatable": "false", "fetch_size": str(_ROWS_AT_ONCE)}
    yield f"CREATE SERVER {name} FOREIGN DATA WRAPPER postgres_fdw OPTIONS ({_options(options)})"
    mapping = _options({"user": login, "password": seen.password})
    yield f"CREATE USER MAPPING FOR {login} SERVER {name} OPTIONS ({mapping})"
    yield f"CREATE SCHEMA {name} AUTHORIZATION {OWNER}"
    yield f"GRANT USAGE ON SCHEMA {name} TO {login}"
    for table, columns, origin in _ABOUT:
        yield (f"CREATE FOREIGN TABLE {name}.{table} ({columns}) SERVER {name} OPTIONS ({origin})")
        yield f"GRANT SELECT ON {name}.{table} TO {login}"
        yield f"ALTER FOREIGN TABLE {name}.{table} OWNER TO {OWNER}"


_ABOUT = (
    (
        "its_database",
        "datname name, encoding integer, datcollate text",
        "schema_name 'pg_catalog', table_name 'pg_database'",
    ),
    (
        "its_setting",
        "college text, name text, value text",
        "schema_name 'public', table_name 'setting'",
    ),
)
"""What is read of a college's database beside its tables."""


def _insist_alike(connection: Connection, seen: Seen) -> None:
    """Refuse a database with which this one cannot be read as one.

    Raises:
        StoreError: `unlike`.
    """
    schema = server_of(seen.college)
    version = connection.exec_driver_sql(
        f"SELECT value FROM {schema}.its_setting WHERE college = '' AND name = 'schema'"  # noqa: S608
    ).scalar()
    if version != str(SCHEMA):
        raise StoreError(
            "unlike",
            f"The tables of {seen.college!r} are version {version}, and here {SCHEMA}.",
            "Run `kitloan provision` with the same kitloan there first.",
        )
    there = connection.exec_driver_sql(
        f"SELECT encoding, datcollate FROM {schema}.its_database WHERE datname = %s",  # noqa: S608
        (seen.options["dbname"],),
    ).first()
    here = connection.exec_driver_sql(
        "SELECT encoding, datcollate FROM pg_database WHERE datname = current_database()"
    ).one()
    if there is None or tuple(there) != tuple(here):
        raise StoreError(
            "unlike",
            f"The database of {seen.college!r} sorts text in another way than this one does.",
            "Make the databases with one encoding and collation: "
            f"{there and tuple(there)} there, {tuple(here)} here.",
        )


def _options(options: Mapping[str, str]) -> str:
    return ", ".join(f"{quoted(name)} {_literal(value)}" for name, value in options.items())


def _literal(text: str) -> str:
    """A text as SQL writes it, whatever a server thinks of backslashes."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"


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
    for setting in (
        # A plan for any college would ask every server, also for a lock on ESP's own ledger.
        "plan_cache_mode = force_custom_plan",
        # Knowing nothing of foreign tables, the planner would have large queries compiled first.
        "jit = off",
    ):
        yield f"ALTER ROLE {login_of(ESP)} IN DATABASE {database} SET {setting}"
    for name in sorted(SHARED):  # nothing is kept of what it samples, in every college's table
        yield f"ALTER TABLE public.{name} SET (autovacuum_analyze_threshold = 2147483647)"


def missing(connection: Connection) -> list[tuple[str, str]]:
    """The tables of colleges that this database should see and does not, by college and name."""
    there = {(row[0], row[1]) for row in connection.exec_driver_sql(_CHILDREN, (_BEFORE,))}
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


def insist_on_one_place(connection: Connection) -> None:
    """Refuse a nation in which a ledger is in another database than its college's.

    The database that sees the others is ESP's. What is in two databases would be counted twice in
    one figure, and once in the next.

    Raises:
        StoreError: `not_alone`.
    """
    if connection.dialect.name == "sqlite" or not (seen := seen_colleges(connection)):
        return
    places = {server_of(college): college for college in seen} | {"public": ESP}
    rows = connection.exec_driver_sql(
        "SELECT h.college, relnamespace::regnamespace::text FROM public.ledger_head h "
        "JOIN pg_class ON oid = h.tableoid"
    )
    wrong = [(row[0], places[row[1]]) for row in rows if row[0] != places[row[1]]]
    if wrong:
        found = ", ".join(f"that of {college!r} in the database of {at!r}" for college, at in wrong)
        raise StoreError(
            "not_alone",
            f"A ledger is in another database than its college's: {found}.",
            "Keep each college in a database of its own, and ESP in the one that sees them.",
            ledgers=[college for college, _ in wrong],
        )
