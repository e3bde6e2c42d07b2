"""A college's login in the hands of somebody hostile: what it can say to a shared PostgreSQL.

Each statement of `hostile.py` is said as Fife's login, and as ESP's, against Ayrshire. After each,
every row of every table and everything about roles, grants, policies and triggers is what it was,
and nothing of Ayrshire's people was told, not in a row, a message or a notice.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb

import kitloan
from hostile import COLLEGE_GUESSES, FIFE_ONLY, LOCAL_GUESSES, REFUSED, WITHOUT_EFFECT, Guess
from kitloan import NewHolding
from kitloan.cli.provision import provision
from kitloan.storage.row_security import tables
from provisioned import Shared, database, server

SECRET = "Morag"
"""Stands in the names, notes and settings that only Ayrshire may read."""

CATALOGUES = (
    "SELECT rolname, rolsuper, rolcanlogin, rolbypassrls, rolcreaterole, rolpassword "
    "FROM pg_authid",
    "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members",
    "SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting",
    "SELECT relname, relkind::text, relowner::regrole::text, relacl::text, relrowsecurity, "
    "relforcerowsecurity FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    "SELECT nspname, nspacl::text FROM pg_namespace WHERE nspname !~ '^pg_(temp|toast_temp)' ",
    "SELECT proname, prosrc, proacl::text FROM pg_proc p JOIN pg_namespace n ON n.oid = "
    "pronamespace WHERE nspname <> 'pg_catalog' AND nspname <> 'information_schema'",
    "SELECT tgname, tgrelid::regclass::text, tgenabled::text FROM pg_trigger",
    "SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies",
    "SELECT rulename, tablename FROM pg_rules WHERE schemaname = 'public'",
    "SELECT extname FROM pg_extension",
    "SELECT loid, data FROM pg_largeobject",
    "SELECT datname, datacl::text FROM pg_database",
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """Fife, Ayrshire and ESP in one database, each with something of its own."""
    passwords = tmp_path_factory.mktemp("passwords") / "kits.pgpass"
    with server() as administrator:
        url = database(administrator, "kits")
        provision(url, passwords, named=["fife", "ayrshire"], esp=True)
        shared = Shared(url, passwords)
        for college in ("fife", "ayrshire", "esp"):
            _stock(shared, college, tmp_path_factory.mktemp(college))
        with shared.connect() as watching:
            _many_people_at_ayrshire(watching)
        yield shared


def _stock(shared: Shared, college: str, folder: Path) -> None:
    with kitloan.init(college, shared.login(college), actor=f"clerk of {college}") as store:
        named = f"{SECRET} Baillie" if college == "ayrshire" else "Jane Smith"
        tag = store.holdings.add(NewHolding("STEM kit", asset_number=f"{college} 1")).tag
        store.loans.check_out([tag], f"{college} Academy", contact=named, purpose=f"for {named}")
        store.exchange.export(folder / "sent.kitloan")
    with shared.connect() as administrator:
        administrator.execute(
            "INSERT INTO setting VALUES (%s, 'key', %s)", (college, f"key of {named}")
        )


def _many_people_at_ayrshire(administrator: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Enough that a plan's figures would show them, and analysed as the server does by itself."""
    person = "'ayrshire-academy', 'Morag Baillie', 'morag baillie', 'morag@example.org', NULL"
    administrator.execute(
        "INSERT INTO contact VALUES ('ayrshire', 'a person of ayrshire', 'o', 'n', 'k', NULL, NULL)"
    )
    administrator.execute(
        f"INSERT INTO contact SELECT 'ayrshire', i::text, {person} FROM generate_series(1, 40) i"
    )
    administrator.execute("ANALYZE")


class Watched:
    """The shared database, and all that was in it when somebody last looked."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._administrator = shared.connect()
        names = self._administrator.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        rows = [f"SELECT '{name}', t::text FROM {name} t" for (name,) in names.fetchall()]
        told = [
            f"SELECT '{number}', c::text FROM ({each}) c" for number, each in enumerate(CATALOGUES)
        ]
        self._everything = " UNION ALL ".join([*rows, *told])
        self._before = self._found()

    def _found(self) -> list[tuple[object, ...]]:
        found = self._administrator.execute(self._everything)
        return sorted(found.fetchall())

    def close(self) -> None:
        """Look no more."""
        self._administrator.close()

    def is_as_before(self) -> bool:
        """Whether every row, role, grant, policy and trigger is what it was."""
        before, self._before = self._before, self._found()
        return self._before == before


@pytest.fixture(scope="module")
def watched(shared: Shared) -> Iterator[Watched]:
    """The shared database, watched."""
    watching = Watched(shared)
    yield watching
    watching.close()


def _said(watched: Watched, college: str, statement: str) -> tuple[str, int, str]:
    """What came of a statement: the error's code, how many rows, and everything that was told."""
    told: list[str] = []
    code, count = "", 0
    with watched.shared.connect(college) as hostile:
        hostile.add_notice_handler(lambda notice: told.append(str(notice.message_primary)))
        try:
            for part in statement.replace("{me}", college).replace("{{}}", "{}").split(";; "):
                count = _one(hostile, part, told)
        except psycopg.Error as refusal:
            code = refusal.sqlstate or "?"
            told.append(str(refusal))
    return code, count, "\n".join(told)


def _one(hostile: "psycopg.Connection[tuple[object, ...]]", part: str, told: list[str]) -> int:
    with hostile.cursor() as cursor:
        if part.startswith("COPY (") or part.endswith("FROM STDIN"):
            with cursor.copy(part) as copy:
                told += [] if part.endswith("STDIN") else [str(bytes(row)) for row in copy]
            return len(told)
        cursor.execute(part)
        if cursor.description is None:
            return max(cursor.rowcount, 0)
        found = cursor.fetchall()
        told.append(str(found))
        return len(found)


@pytest.mark.parametrize("college", ["fife", "esp"])
@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
def test_what_the_server_refuses(watched: Watched, college: str, statement: str) -> None:
    """A stolen laptop must not be the end of another college's history, or of the rules."""
    code, _, told = _said(watched, college, statement)
    assert code == "42501" or (code, "COPY" in statement) == ("0A000", True), told
    assert SECRET not in told
    assert watched.is_as_before()


@pytest.mark.parametrize("college", ["fife", "esp"])
@pytest.mark.parametrize("statement", WITHOUT_EFFECT.values(), ids=WITHOUT_EFFECT)
def test_what_finds_and_changes_nothing(watched: Watched, college: str, statement: str) -> None:
    """People stay in their college, whoever asks; and another's loan is another's to close."""
    code, count, told = _said(watched, college, statement)
    assert code in ("", "42501") and count == 0, told
    assert SECRET not in told
    assert watched.is_as_before()


@pytest.mark.parametrize("statement", FIFE_ONLY.values(), ids=FIFE_ONLY)
def test_what_a_college_does_not_see(watched: Watched, statement: str) -> None:
    """What Ayrshire holds and lends is Ayrshire's and ESP's to know."""
    assert _said(watched, "fife", statement)[:2] == ("", 0)
    assert watched.is_as_before()


def test_a_probe_tells_nothing(watched: Watched) -> None:
    """Whether a key is there must not be told by which error comes."""
    probes = (
        "INSERT INTO organisation VALUES ('ayrshire', '{}', 'x')",
        "INSERT INTO loan (college, loan, tag, organisation, quantity, returned, exclusive, out_at,"
        " out_by, due_key) VALUES ('ayrshire', 'x', 'x', '{}', 1, 0, true, '', '', '')",
        "INSERT INTO contact VALUES ('ayrshire', 'x', '{}', 'x', 'x', NULL, NULL)",
    )
    for probe in probes:
        there = _said(watched, "fife", probe.format("ayrshire-academy"))
        assert there == _said(watched, "fife", probe.format("nowhere"))
        assert there[0] == "42501"


def test_a_policy_refuses_before_a_key_does(watched: Watched) -> None:
    """Which keys Ayrshire has, in any table, must not be told by the error of a second one."""
    with watched.shared.connect() as administrator, watched.shared.connect("fife") as hostile:
        for name in tables():
            rows = administrator.execute(
                f"SELECT to_jsonb(t) FROM {name} t WHERE college = 'ayrshire' LIMIT 1"
            ).fetchall()
            for (row,) in [*rows, ({"college": "ayrshire"},)]:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    hostile.execute(
                        f"INSERT INTO {name} SELECT (jsonb_populate_record(NULL::{name}, %s)).*",
                        (Jsonb(row),),
                    )
    assert watched.is_as_before()


def test_every_index_begins_with_the_college(shared: Shared) -> None:
    """A policy is a condition of such an index only; of another, it would count what it hides."""
    with shared.connect() as administrator:
        found = administrator.execute(
            "SELECT indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = indrelid "
            "LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0] "
            "WHERE relnamespace = 'public'::regnamespace AND relname <> 'college_login' "
            "AND attname IS DISTINCT FROM 'college'"
        )
        assert found.fetchall() == []


def test_not_even_the_administrator_by_mistake(watched: Watched) -> None:
    """A hand that slips in psql must not rewrite history."""
    slips = (
        "UPDATE ledger_entry SET body = 'x' WHERE false",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "DELETE FROM ledger_head WHERE college = 'fife'",
        "UPDATE ledger_head SET seq = 0",
        "UPDATE ledger_head SET own = false, seq = seq + 1",
    )
    with watched.shared.connect() as administrator:
        for slip in slips:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                administrator.execute(slip)
    assert watched.is_as_before()


def test_what_colleges_share_is_seen(shared: Shared) -> None:
    """ESP's kit types are for every college to read, and every register for ESP."""
    for college, seen in (("fife", {"esp", "fife"}), ("esp", {"ayrshire", "esp", "fife"})):
        with shared.connect(college) as connection:
            for table in ("kit_type", "holding", "ledger_entry", "ledger_head"):
                found = connection.execute(f"SELECT DISTINCT college FROM {table}").fetchall()
                assert {row[0] for row in found} == seen, table
            for table in ("contact", "remark"):
                found = connection.execute(f"SELECT DISTINCT college FROM {table}").fetchall()
                assert {row[0] for row in found} == {college}, table


def _plan(hostile: "psycopg.Connection[tuple[object, ...]]", guess: Guess, value: str) -> str:
    """What a plan says of a guess, without the guess itself."""
    statement = guess.statement.replace("{me}", hostile.info.user.removeprefix("kitloan_"))
    told: list[str] = []
    with hostile.cursor() as cursor:
        cursor.execute(f"BEGIN; {statement.replace('{}', value)}; ROLLBACK".encode())
        while True:
            if cursor.description:
                told += [str(line) for (line,) in cursor]
            if not cursor.nextset():
                break
    said = "\n".join(told).split("Planning:")[0].replace(f"= {value})", "= ?)")
    return re.sub("'[^']*'", "?", said)


def _told_apart(watched: Watched, college: str, guesses: dict[str, Guess]) -> list[str]:
    """The guesses of which a plan says whether they are right."""
    found = []
    with watched.shared.connect(college) as hostile:
        for name, guess in guesses.items():
            # The first time, a plan may speak of pages that were not in memory yet.
            if all(
                _plan(hostile, guess, guess.right) != _plan(hostile, guess, guess.wrong)
                for _ in range(2)
            ):
                found.append(name)
    return found


@pytest.mark.parametrize("college", ["fife", "esp"])
def test_no_plan_tells_of_another_colleges_people(watched: Watched, college: str) -> None:
    """A right guess must look like a wrong one."""
    guesses = LOCAL_GUESSES
    if college == "esp":  # which has the same policies on these tables: as it comes
        guesses = {k: v for k, v in guesses.items() if not v.statement.startswith("SET")}
    assert _told_apart(watched, college, guesses) == []
    assert watched.is_as_before()


def test_no_plan_tells_of_another_colleges_register(watched: Watched) -> None:
    """Whom Ayrshire lends to, and how much, must not be spelt out letter by letter."""
    assert _told_apart(watched, "fife", COLLEGE_GUESSES) == []
    assert watched.is_as_before()
