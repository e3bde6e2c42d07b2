"""Making a PostgreSQL database ready for several colleges: roles, logins, passwords, and the proof.

`provision` makes the tables, a role that owns them, two groups, and a login for each college. It
secures every table (`kitloan.storage.row_security`), and checks that no login can do more than it
should. It can be run again.

The passwords are in one file that only its owner can read, in the form that PostgreSQL's clients
read (`.pgpass`). A college is sent its line, keeps it in a file of its own, and types no password.
"""

import re
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from kitloan.backups.upgrading import up_to_date
from kitloan.errors import BadInput, StoreError
from kitloan.ledger.session import ESP
from kitloan.reference import colleges, find_college
from kitloan.storage.files import insist_on_file, whole_file
from kitloan.storage.places import as_url, is_url
from kitloan.storage.row_security import (
    COLLEGES,
    GROUPS,
    NATIONAL,
    OWNER,
    group_of,
    login_of,
    logins,
    prepare,
    quoted,
    secure,
    tables,
)
from kitloan.storage.servers import Seen, see, seen_colleges
from kitloan.storage.store import Store, create_store, one_at_a_time
from kitloan.text.names import slug

_LINE = re.compile(
    r"^(?P<server>(?:(?:\\.|[^:\\\n#])*:){2})(?P<database>(?:\\.|[^:\\\n#])*):"
    r"(?P<login>[^:\n]*):(?P<password>[^:\n]+)$",
    re.M,
)
_LONGEST_ROLE = 63
"""Bytes; PostgreSQL shortens longer names, and two could become one."""


@dataclass(frozen=True, slots=True)
class Login:
    """A login of the database: the college it writes for, and whether it was made just now."""

    login: str
    college: str
    made: bool


@dataclass(frozen=True, slots=True)
class Provisioned:
    """A database that is ready for colleges.

    Attributes:
        database: its URL, without passwords.
        owner: the role that owns the tables.
        logins: those that were asked for.
        passwords: the file with the passwords.
        sees: the colleges whose own databases this one sees.
    """

    database: str
    owner: str
    logins: tuple[Login, ...]
    passwords: str
    sees: tuple[str, ...] = ()


def provision(
    url: str,
    passwords: Path,
    *,
    named: Sequence[str] = (),
    esp: bool = False,
    sees: Mapping[str, str] | None = None,
) -> Provisioned:
    """Make a PostgreSQL database ready for colleges to share, and prove it.

    Args:
        url: of the database, with an administrator's login: a superuser, or one that owns the
            database and may make roles.
        passwords: the file for the passwords of new logins. Lines are added to an existing file,
            and a login that it names gets the password it has there.
        named: the colleges that get a login, by id or name. With no college and not `esp`, every
            college of the reference list and ESP get one.
        esp: whether ESP gets its login too.
        sees: the databases that this one is to see, by college: the national database, where ESP
            alone has a login. Each was made ready for its college and ESP before, and ESP's
            password there is in the file of passwords.

    Raises:
        BadInput: `bad_store`, `unknown_college`, `not_private`, `no_password`, `not_alone`, ...
        StoreError: `not_administrator`, `not_secure`, `unreachable`, `unlike`, `not_alone`, ...
    """
    if not is_url(url):
        raise BadInput(
            "bad_store",
            "That is not the URL of a PostgreSQL database.",
            "Write it like postgresql://ADMINISTRATOR@HOST/DATABASE",
        )
    elsewhere = {_college(college): _place_of(place) for college, place in (sees or {}).items()}
    wanted = {_login_of(each): each for each in _colleges(named, esp or bool(elsewhere))}
    store, _ = up_to_date(create_store, url)
    try:
        with store.write() as connection, _as_administrator(store):
            return _provision(connection, store, wanted, passwords, elsewhere)
    finally:
        store.close()


def _colleges(named: Sequence[str], esp: bool) -> list[str]:
    if not named and not esp:
        return [*(each.id for each in colleges()), ESP]
    found = dict.fromkeys(_college(each) for each in named)
    return [*found, *([ESP] if esp else [])]


def _college(given: str) -> str:
    """The id of the college that `given` names; a new id is accepted too."""
    known = find_college(given)
    if known is not None:
        return known.id
    if slug(given) != given or "_" in given or len(given) > 40 or given == ESP:
        raise BadInput(
            "unknown_college",
            f"{given!r} is not in the list of colleges, and is not a valid new id.",
            "Give an id of small letters, digits and hyphens, or --esp for ESP.",
            college=given,
        )
    return given


def _login_of(college: str) -> str:
    login = login_of(college)
    if login in (OWNER, *GROUPS) or len(login.encode()) > _LONGEST_ROLE:
        raise BadInput(
            "unknown_college",
            f"{college!r} cannot have a login: {login} is not a valid name for one.",
            "Give the college a shorter id.",
            college=college,
        )
    return login


def _place_of(url: str) -> dict[str, str]:
    """How a server reaches the database of a URL; the login and its password are not the URL's."""
    found = as_url(url)
    named = {"host": found.host, "port": found.port, "dbname": found.database}
    asked = found.difference_update_query(["college"]).query
    if not is_url(url) or not found.database:
        raise BadInput(
            "bad_store",
            "That is not the URL of a college's PostgreSQL database.",
            "Write it like --sees fife=postgresql://HOST/DATABASE",
        )
    return {name: str(value) for name, value in {**named, **asked}.items() if value}


@contextmanager
def _as_administrator(store: Store) -> Iterator[None]:
    """Refuse in plain words when a login may not do what an administrator must."""
    try:
        yield
    except DBAPIError as problem:
        if getattr(problem.orig, "sqlstate", "") != "42501":
            raise
        raise StoreError(
            "not_administrator",
            f"This login may not set up {store.name}. Nothing was changed.",
            "Use a superuser, or a login that owns the database and may make roles: "
            "ALTER ROLE ... CREATEROLE; ALTER DATABASE ... OWNER TO ...",
        ) from problem


def _provision(
    connection: Connection,
    store: Store,
    wanted: Mapping[str, str],
    file: Path,
    elsewhere: Mapping[str, Mapping[str, str]],
) -> Provisioned:
    one_at_a_time(connection)
    roles = set(connection.exec_driver_sql("SELECT rolname::text FROM pg_roles").scalars())
    for role in (OWNER, *GROUPS):
        if role not in roles:
            connection.exec_driver_sql(f"CREATE ROLE {role} NOLOGIN")
    _own_the_tables(connection)
    prepare(connection)
    entered = logins(connection)
    _must_be_theirs(wanted, entered)
    _must_be_national(connection, elsewhere, {*wanted, *entered})
    new = [login for login in wanted if login not in roles]
    known = Passwords(file, connection)
    known.keep(wanted, new)
    for login in new:
        _make_login(connection, login, known.of[login])
    ready = entered.keys() & set(connection.exec_driver_sql(_WITH_A_PATH).scalars()) - {*new}
    for login, college in wanted.items():
        if login not in ready:
            _enter(connection, login, college)
    _join_groups(connection)
    secure(connection)
    _prove(connection, list(wanted))
    see(connection, [Seen(each, at, known.elsewhere(at)) for each, at in elsewhere.items()])
    return Provisioned(
        store.name,
        OWNER,
        tuple(Login(login, college, login in new) for login, college in wanted.items()),
        str(file),
        tuple(seen_colleges(connection)),
    )


def _must_be_national(
    connection: Connection, elsewhere: Mapping[str, object], logins_here: Iterable[str]
) -> None:
    """Refuse logins of colleges where ESP sees the databases of colleges."""
    if not elsewhere and not seen_colleges(connection):
        return
    others = sorted({*logins_here} - {login_of(ESP)})
    if others:
        raise BadInput(
            "not_alone",
            f"A database that sees colleges' own is for ESP alone, not for {', '.join(others)}.",
            "Give ESP an empty database of its own, and name each college with --sees.",
            logins=others,
        )


def _must_be_theirs(wanted: Mapping[str, str], entered: Mapping[str, str]) -> None:
    """Refuse a login that another college has: two ids may differ in a hyphen only."""
    for login, whose in entered.items():
        college = wanted.get(login, whose)
        if college != whose or login != login_of(whose) or "_" in whose:
            raise BadInput(
                "unknown_college",
                f"{college!r} cannot have a login: {login} is that of {whose!r}.",
                "Give the college another id, in letters, digits and hyphens.",
                college=college,
            )


def _own_the_tables(connection: Connection) -> None:
    """Make the administrator a member of the owner role, to give it the tables."""
    is_superuser = connection.exec_driver_sql("SELECT current_setting('is_superuser')").scalar()
    member = "SELECT pg_has_role(current_user, %s, 'USAGE')"
    if is_superuser != "on" and not connection.exec_driver_sql(member, (OWNER,)).scalar():
        connection.exec_driver_sql(f"GRANT {OWNER} TO CURRENT_USER")


def _make_login(connection: Connection, login: str, password: str) -> None:
    """Make a login with a password. The server gets a verifier, which does not reveal it."""
    driver: Any = connection.connection.dbapi_connection
    encrypted = driver.pgconn.encrypt_password(
        password.encode(), login.encode(), b"scram-sha-256"
    ).decode()
    connection.exec_driver_sql(
        f"CREATE ROLE {quoted(login)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION "
        f"NOBYPASSRLS PASSWORD '{encrypted}'"
    )


def _enter(connection: Connection, login: str, college: str) -> None:
    database = quoted(connection.exec_driver_sql("SELECT current_database()").scalar_one())
    connection.exec_driver_sql(
        "INSERT INTO public.college_login (login, college) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (login, college),
    )
    connection.exec_driver_sql(
        f"ALTER ROLE {quoted(login)} IN DATABASE {database} SET search_path = public"
    )


_WITH_A_PATH = """
SELECT rolname::text FROM pg_db_role_setting JOIN pg_roles r ON r.oid = setrole
JOIN pg_database d ON d.oid = setdatabase
WHERE datname = current_database() AND 'search_path=public' = ANY (setconfig)
"""
"""The logins whose tables are found in this database already."""


def _join_groups(connection: Connection) -> None:
    """Make every login a member of its group, also those of an earlier release.

    Since version 16 a member can be kept from acting as the group. No policy depends on that.
    """
    version = connection.dialect.server_version_info or (0,)
    only_its_privileges = " WITH INHERIT TRUE, SET FALSE" if version >= (16,) else ""
    there = {row[0]: row[1] for row in connection.exec_driver_sql(_MEMBERSHIPS)}
    for login, college in logins(connection).items():
        group = group_of(college)
        if group not in there.get(login, group):
            connection.exec_driver_sql(f"GRANT {group} TO {quoted(login)}{only_its_privileges}")


_MEMBERSHIPS = """
SELECT rolname::text, ARRAY(
    SELECT pg_get_userbyid(roleid)::text FROM pg_auth_members WHERE member = pg_roles.oid
) FROM pg_roles WHERE starts_with(rolname, 'kitloan_')
"""
"""The roles that each of ours is a member of; nothing for a login that was dropped."""


class Passwords:
    """The file of passwords: a line `host:port:database:login:password` for each login.

    Attributes:
        of: each login's password, from the file or made now. ESP's is another on each server: the
            administrator of a college's server could find out what ESP logs in with there.
    """

    def __init__(self, file: Path, connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        self._here = _place(driver.info.host, driver.info.port, driver.info.dbname)
        self._file = file
        self._text = _read_private(file)
        self._lines = list(_LINE.finditer(self._text))
        self.of = {
            found["login"]: found["password"]
            for found in self._lines
            if found["login"] != login_of(ESP) or self._here.startswith(found["server"])
        }

    def elsewhere(self, options: Mapping[str, str]) -> str:
        """ESP's password for another server's database.

        Raises:
            BadInput: `no_password`.
        """
        there = _place(options.get("host"), options.get("port"), options["dbname"])
        for found in self._lines:
            place = f"{found['server']}{found['database']}"
            if (place, found["login"]) == (there, login_of(ESP)):
                return found["password"]
        raise BadInput(
            "no_password",
            f"{self._file} has no password of {login_of(ESP)} for {there}.",
            f"Add the line that `kitloan provision` wrote there: {there}:{login_of(ESP)}:PASSWORD",
            file=str(self._file),
        )

    def keep(self, wanted: Iterable[str], new: Iterable[str]) -> None:
        """Make a password for each new login that has none, and add the missing lines to the file.

        Raises:
            BadInput: `cannot_write`.
        """
        for login in new:
            self.of.setdefault(login, secrets.token_urlsafe(24))
        lines = [f"{self._here}:{login}:{self.of[login]}" for login in wanted if login in self.of]
        missing = [line for line in lines if line not in self._text.splitlines()]
        if missing:
            with whole_file(self._file) as part:
                text = [*self._text.splitlines(), *missing]
                part.write_text("\n".join(text) + "\n", encoding="utf-8")


def _place(host: str | None, port: object, database: str) -> str:
    """A database as a file of passwords names it."""
    parts = (host or "localhost", str(port or 5432), database)
    return ":".join(re.sub(r"([\\:])", r"\\\1", part) for part in parts)


def _read_private(file: Path) -> str:
    """The text of a file that only its owner can read; empty when there is no file."""
    insist_on_file(file)
    try:
        mode = file.stat().st_mode
        if sys.platform != "win32" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise BadInput(
                "not_private",
                f"Others can read {file}, so passwords are not kept there.",
                f"Make it private first: chmod 600 {file}",
                file=str(file),
            )
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        raise BadInput(
            "cannot_read",
            f"{file} cannot be read as a file of passwords.",
            "Name a new file.",
            file=str(file),
        ) from None


def _prove(connection: Connection, wanted: Sequence[str]) -> None:
    """Check that every login and table is as it should be.

    Some statements do nothing when the administrator may not run them, and an existing login may
    have powers that no policy limits.

    Raises:
        StoreError: `not_secure`, with every problem.
    """
    entered = list(logins(connection))
    every = [*tables(), "college_login"]
    wrong = [
        words.format(name)
        for question, values, words in (
            (_OPEN_TABLES, every, "table {} is open, or belongs to another role"),
            (_STRONG_ROLES, [OWNER, *GROUPS, *entered], "{} may do more than a college"),
            (_LOCKED_OUT, wanted, "{} may not log in"),
            (_MEMBERS, [*GROUPS, *entered], "{} is a member of other roles"),
            (_STRANGERS, list(GROUPS), "{} is a member of a role that is for others"),
            (_MAKERS, [*GROUPS, *entered], "{} may make tables or functions"),
        )
        for name in connection.exec_driver_sql(question, (values,)).scalars()
    ]
    if wrong:
        raise StoreError(
            "not_secure",
            f"The database would not keep colleges apart: {'; '.join(wrong)}. Nothing was changed.",
            "Remove those powers, or run this as a superuser or the database's owner.",
            wrong=wrong,
        )


_OPEN_TABLES = f"""
SELECT wanted FROM unnest(%s::text[]) AS wanted
LEFT JOIN pg_class c ON c.relname = wanted AND c.relnamespace = 'public'::regnamespace
WHERE c.relrowsecurity IS NOT TRUE OR pg_get_userbyid(c.relowner) <> '{OWNER}'
    OR NOT (c.relforcerowsecurity OR wanted = 'college_login')
"""  # noqa: S608  # OWNER is our own

_STRONG_ROLES = f"""
SELECT rolname::text FROM pg_roles WHERE rolname = ANY (%s)
    AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
        OR rolcanlogin AND rolname IN ('{OWNER}', '{"', '".join(GROUPS)}'))
"""  # noqa: S608

_LOCKED_OUT = "SELECT rolname::text FROM pg_roles WHERE rolname = ANY (%s) AND NOT rolcanlogin"
_MEMBERS = f"""
SELECT DISTINCT pg_get_userbyid(member)::text FROM pg_auth_members
WHERE pg_get_userbyid(member) = ANY (%s) AND pg_get_userbyid(roleid)
    <> CASE pg_get_userbyid(member) WHEN '{login_of(ESP)}' THEN '{NATIONAL}' ELSE '{COLLEGES}' END
"""  # noqa: S608

_STRANGERS = r"""
SELECT DISTINCT pg_get_userbyid(member)::text FROM pg_auth_members
WHERE pg_get_userbyid(roleid) = ANY (%s) AND pg_get_userbyid(member) NOT LIKE 'kitloan\_%%'
    AND NOT admin_option
"""

_MAKERS = """
SELECT rolname::text FROM pg_roles WHERE rolname = ANY (%s) AND (
    has_schema_privilege(oid, 'public', 'CREATE')
    OR has_database_privilege(oid, current_database(), 'CREATE')
    OR has_database_privilege(oid, current_database(), 'TEMPORARY')
)
"""
