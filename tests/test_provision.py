"""One PostgreSQL for several colleges: what an administrator's one command leaves behind."""

import re
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

import kitloan
from crowd import raw
from kitloan import BadInput, Count, NewHolding, Refused, StoreError
from kitloan.cli.provision import provision
from kitloan.history.rules import wrong_rules
from kitloan.reference import colleges
from kitloan.storage.row_security import FUNCTIONS, OWNER, policies_of, tables
from kitloan.tables import Base
from kitloan.tables.every import ONLY_SOME_ROWS
from provisioned import Shared, as_0_2_0_set_it_up, database, server
from test_upgrading import RELEASES, unpacked

_numbers = count()


@pytest.fixture(scope="module")
def administrator() -> Iterator[str]:
    """A server of its own: roles belong to a server, not to a database."""
    with server() as url:
        yield url


@pytest.fixture
def empty(administrator: str) -> Iterator[str]:
    """An empty database, on a server where nobody has a login yet."""
    yield database(administrator, f"kits{next(_numbers)}")
    with psycopg.connect(administrator, autocommit=True) as connection:
        ours = "datname LIKE 'kits%'", "rolname ~ '^(kitloan|manager)'"
        for (name,) in connection.execute(
            f"SELECT datname FROM pg_database WHERE {ours[0]}"
        ).fetchall():
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        for (name,) in connection.execute(
            f"SELECT rolname FROM pg_roles WHERE {ours[1]} ORDER BY rolname = 'manager'"
        ).fetchall():
            connection.execute(f"DROP ROLE {name}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the passwords go."""
    return tmp_path / "kits.pgpass"


def everything(url: str) -> list[object]:
    """All that says who may do what, and the verifiers of the passwords."""
    questions = (
        "SELECT rolname, rolsuper, rolcanlogin, rolpassword FROM pg_authid ORDER BY 1",
        "SELECT relname, relowner::regrole::text, relacl::text, relrowsecurity, "
        "relforcerowsecurity FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
        "SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2",
        # The server names a foreign key's triggers by a number of its own.
        "SELECT coalesce(conname, tgname), tgrelid::regclass::text, tgfoid::regproc::text, "
        "tgenabled FROM pg_trigger t LEFT JOIN pg_constraint c ON c.oid = tgconstraint "
        "ORDER BY 1, 2, 3",
        "SELECT datname, datacl::text FROM pg_database ORDER BY 1",
        "SELECT setrole, setconfig FROM pg_db_role_setting ORDER BY 1",
        "SELECT roleid::regrole::text, member::regrole::text, admin_option FROM pg_auth_members "
        "ORDER BY 1, 2",
        "SELECT nspname, nspacl::text FROM pg_namespace WHERE nspname = 'public'",
        "SELECT proname, proacl::text, procost FROM pg_proc WHERE proname ~ '^kitloan_' ORDER BY 1",
        "SELECT attrelid::regclass::text, attname, attstattarget FROM pg_attribute a "
        "JOIN pg_class c ON c.oid = attrelid WHERE relkind = 'r' AND attnum > 0 "
        "AND NOT attisdropped AND relnamespace = 'public'::regnamespace ORDER BY 1, 2",
    )
    with psycopg.connect(url) as connection:
        return [connection.execute(each).fetchall() for each in questions]


def test_every_college_of_the_list_gets_a_login(empty: str, file: Path) -> None:
    """An administrator says one line, and no college is forgotten."""
    done = provision(empty, file)
    assert {each.college for each in done.logins} == {*(c.id for c in colleges()), "esp"}
    assert all(each.made for each in done.logins)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = file.read_text(encoding="utf-8").splitlines()
    assert {line.split(":")[3] for line in lines} == {each.login for each in done.logins}
    assert len({line.split(":")[4] for line in lines}) == len(lines)
    with psycopg.connect(empty) as connection:
        owners = connection.execute(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
        )
        assert owners.fetchall() == [(OWNER,)]


def test_every_table_is_closed(empty: str, file: Path) -> None:
    """A table that a later version adds must not be open because nobody thought of it here."""
    provision(empty, file, named=["fife"])
    with psycopg.connect(empty) as connection:
        found = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relforcerowsecurity "
            "AND relnamespace = 'public'::regnamespace ORDER BY relname"
        )
        assert [name for (name,) in found] == tables()


def test_twice_changes_nothing(empty: str, file: Path) -> None:
    """Saying it again must not lock out every college with a new password."""
    provision(empty, file, named=["fife"], esp=True)
    before, passwords = everything(empty), file.read_bytes()
    again = provision(empty, file, named=["fife"], esp=True)
    assert [each.made for each in again.logins] == [False, False]
    assert (everything(empty), file.read_bytes()) == (before, passwords)


def test_again_closes_what_was_opened_since(empty: str, file: Path) -> None:
    """What somebody granted to get round a difficulty must not stay open for ever."""
    provision(empty, file, named=["fife"], esp=True)
    before = everything(empty)
    with psycopg.connect(empty, autocommit=True) as connection:
        for opened in (
            "GRANT UPDATE (body) ON ledger_entry TO kitloan_fife",
            "GRANT ALL ON college_login TO kitloan_fife",
            "GRANT SELECT ON contact TO PUBLIC",
            "ALTER TABLE contact DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE remark OWNER TO kitloan_fife",
            "DROP TRIGGER stays ON ledger_entry",
            "DROP POLICY reading ON holding",
            "CREATE POLICY own ON holding USING (true)",
            "GRANT CREATE ON SCHEMA public TO PUBLIC",
        ):
            connection.execute(opened)
    assert everything(empty) != before
    provision(empty, file, named=["fife"])
    assert everything(empty) == before


def test_a_college_is_added(empty: str, file: Path) -> None:
    """A college that joins in spring gets a login, and the others keep theirs."""
    provision(empty, file, named=["fife"])
    kept = file.read_text(encoding="utf-8")
    done = provision(empty, file, named=["uhi-nwh", "Ayrshire College"])
    assert [(e.login, e.made) for e in done.logins] == [
        ("kitloan_uhi_nwh", True),
        ("kitloan_ayrshire", True),
    ]
    assert file.read_text(encoding="utf-8").startswith(kept)
    shared = Shared(empty, file)
    for college in ("fife", "uhi-nwh", "ayrshire"):
        kitloan.init(college, shared.login(college), actor="x").close()


def test_passwords_are_asked_for_and_known_to_nobody_else(
    empty: str, file: Path, administrator: str
) -> None:
    """Whoever reads the server's tables or its log must not be able to log in."""
    provision(empty, file, named=["fife"])
    shared = Shared(empty, file)
    with pytest.raises(StoreError):
        kitloan.init("fife", shared.login("fife", "guess"))
    kitloan.init("fife", shared.login("fife"), actor="x").close()
    (line,) = file.read_text(encoding="utf-8").splitlines()
    password = line.rsplit(":", 1)[1]
    with psycopg.connect(empty) as connection:
        (kept,) = connection.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = 'kitloan_fife'"
        ).fetchone() or ("",)
    assert kept.startswith("SCRAM-SHA-256$") and password not in kept
    data = Path(str(sa.make_url(administrator).query["host"]))
    logs = [each for each in data.rglob("*log*") if each.is_file()]
    said = "".join(each.read_text(encoding="utf-8", errors="replace") for each in logs)
    assert "CREATE ROLE" in said, "the server logs what it is told"
    assert password not in said


def test_a_run_that_was_cut_short_finds_its_passwords(empty: str, file: Path) -> None:
    """A password that was written down and never set would lock a college out."""
    file.touch(mode=0o600)
    file.write_text("# kept by hand\nelsewhere:5432:kits:kitloan_fife:a-word-of-before\n")
    provision(empty, file, named=["fife"])
    shared = Shared(empty, file)
    kitloan.init("fife", shared.login("fife", "a-word-of-before"), actor="x").close()
    assert file.read_text(encoding="utf-8").startswith("# kept by hand\n")


def test_a_login_that_is_there_keeps_its_password(empty: str, file: Path, tmp_path: Path) -> None:
    """Another file, named by mistake, must not change what colleges log in with."""
    provision(empty, file, named=["fife"])
    provision(empty, tmp_path / "other.pgpass", named=["fife"])
    assert not (tmp_path / "other.pgpass").exists()
    kitloan.init("fife", Shared(empty, file).login("fife"), actor="x").close()


def test_a_file_that_others_can_read_is_refused(empty: str, file: Path) -> None:
    """Passwords in a file that everybody reads are everybody's."""
    file.touch(mode=0o644)
    before = everything(empty)
    with pytest.raises(BadInput) as refusal:
        provision(empty, file, named=["fife"])
    assert refusal.value.code == "not_private"
    assert everything(empty)[0] == before[0]
    assert file.read_bytes() == b""


@pytest.fixture
def manager(empty: str) -> str:
    """The URL of an administrator who is no superuser."""
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("CREATE ROLE manager LOGIN CREATEROLE PASSWORD 'm'")
        name = sa.make_url(empty).database
        connection.execute(f"ALTER DATABASE {name} OWNER TO manager")
    url = sa.make_url(empty).set(username="manager", password="m")
    return url.render_as_string(hide_password=False)


def test_an_administrator_who_is_no_superuser(manager: str, empty: str, file: Path) -> None:
    """Where the server is rented, nobody gets a superuser."""
    for made in (True, False):
        done = provision(manager, file, named=["fife", "ayrshire"])
        assert [each.made for each in done.logins] == [made, made]
    shared = Shared(empty, file)
    with kitloan.init("fife", shared.login("fife"), actor="x") as fife:
        tag = fife.holdings.add(NewHolding("Kit")).tag
    with (
        kitloan.init("ayrshire", shared.login("ayrshire"), actor="x") as ayrshire,
        pytest.raises(BadInput),
    ):
        ayrshire.find.holding(tag)


def test_who_is_no_administrator_is_told(empty: str, file: Path) -> None:
    """A college's own login must not half set up a database."""
    provision(empty, file, named=["fife"])
    before = everything(empty)
    with pytest.raises(StoreError) as refusal:
        provision(Shared(empty, file).login("fife"), file, named=["ayrshire"])
    assert refusal.value.code == "not_administrator"
    assert everything(empty) == before


@pytest.mark.parametrize("power", ["SUPERUSER", "BYPASSRLS", "CREATEROLE", "NOLOGIN"])
def test_a_login_that_can_do_more_is_refused(empty: str, file: Path, power: str) -> None:
    """A login that was there before, with powers that no policy holds, would see everybody."""
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE kitloan_fife LOGIN {power}".replace("LOGIN NOL", "NOL"))
    with pytest.raises(StoreError) as refusal:
        provision(empty, file, named=["fife"])
    assert refusal.value.code == "not_secure"
    assert "kitloan_fife" in refusal.value.message
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT to_regclass('college_login')").fetchone() == (None,)


@pytest.mark.parametrize(
    "college", ["owner", "colleges", "national", "a_b", "esp", "../x", "Nowhere College", "x" * 50]
)
def test_what_cannot_be_a_college(empty: str, file: Path, college: str) -> None:
    """A name that is mistyped must not become a login."""
    with pytest.raises(BadInput) as refusal:
        provision(empty, file, named=[college])
    assert refusal.value.code == "unknown_college"
    assert not file.exists()


def test_a_file_is_no_server(tmp_path: Path, file: Path) -> None:
    """SQLite has no logins to make."""
    with pytest.raises(BadInput) as refusal:
        provision(str(tmp_path / "fife.sqlite"), file)
    assert refusal.value.code == "bad_store"


def test_a_database_that_colleges_used_already(empty: str, file: Path) -> None:
    """Closing the doors must not lose what is inside."""
    with kitloan.init("fife", empty, actor="x") as fife:
        tag = fife.holdings.add(NewHolding("Kit")).tag
    provision(empty, file, named=["fife", "ayrshire"])
    with kitloan.open(Shared(empty, file).login("fife"), actor="x") as fife:
        assert fife.find.holding(tag).status == "in"
        assert fife.ledger.verify().ok


def test_a_college_begins_its_own_ledger_only(empty: str, file: Path) -> None:
    """A mistyped id must not begin another college's history."""
    provision(empty, file, named=["fife", "ayrshire"])
    with pytest.raises(StoreError):
        kitloan.init("ayrshire", Shared(empty, file).login("fife"), actor="x")
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT count(*) FROM ledger_head").fetchone() == (0,)


@pytest.fixture
def at_work(empty: str, file: Path) -> Callable[[str], kitloan.College]:
    """Starts a college at its own login, in a database that Fife, Ayrshire and ESP share."""
    provision(empty, file, named=["fife", "ayrshire"], esp=True)
    shared = Shared(empty, file)
    return lambda college: kitloan.init(college, shared.login(college), actor="m.ross")


def test_a_day_at_a_colleges_login(
    at_work: Callable[[str], kitloan.College], tmp_path: Path
) -> None:
    """What is closed to others must be open to the college itself, every verb of it."""
    register = tmp_path / "register.csv"
    register.write_text(
        "Kit No,Description,Donor,On loan to,Contact\n"
        "F1,STEM kit,RAF,,\nF2,STEM kit,RAF,Viewforth,Ann Bell\n",
        encoding="utf-8",
    )
    with at_work("esp") as esp, at_work("fife") as fife, at_work("ayrshire") as ayrshire:
        esp.holdings.add(NewHolding("ESP kit"))
        ayrshire.holdings.add(NewHolding("Kit"))
        assert fife.registers.take_in(register).added == 2
        fife.loans.check_in(["F2"])
        fife.loans.check_out(["F1"], "Sgoil an Rubha", contact="Morag Bain", purpose="S2")
        with pytest.raises(Refused):
            fife.loans.check_out(["F1"], "Viewforth")
        fife.actions.undo()
        fife.loans.check_out(["F1"], "Sgoil an Rubha", contact="Morag Bain")
        fife.loans.check_in(["F1"], Count(whole=True), note="with Morag Bain")
        fife.holdings.move("F1", "Store 2")
        fife.holdings.record_gift("F1", kitloan.Gift(donor="RAF"))
        fife.holdings.labels_printed(fife.holdings.unlabelled(), blank=False)
        assert fife.people.erase("Morag Bain").people == 1
        fife.exchange.export(tmp_path / "fife.kitloan", since_last=True)
        assert (fife.ledger.verify().ok, esp.ledger.verify().ok) == (True, True)
        assert [s.ledger for s in fife.ledger.verify().ledgers] == ["esp", "fife"]
        assert [s.ledger for s in esp.ledger.verify().ledgers] == ["ayrshire", "esp", "fife"]
        assert fife.audit.audit().totals.colleges == 1
        assert (esp.audit.audit().totals.colleges, esp.find.search("").total) == (2, 4)
        assert fife.find.search("").total == 2
        assert esp.people.known() == []


def statistics(url: str) -> list[object]:
    """The columns of which the planner keeps samples; their values could be guessed by EXPLAIN."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
        return connection.execute(
            "SELECT tablename, attname FROM pg_stats WHERE schemaname = 'public'"
        ).fetchall()


def test_nobody_is_in_the_statistics(at_work: Callable[[str], kitloan.College], empty: str) -> None:
    """The planner would keep samples of names, also of a person who is forgotten."""
    with at_work("fife") as fife:
        tag = fife.holdings.add(NewHolding("Kit", quantity=50)).tag
        for number in range(20):
            fife.loans.check_out([tag], "Viewforth", contact=f"Morag Bain {number // 2}")
        assert statistics(empty) == []
        fife.people.erase("Morag Bain 3")
        assert statistics(empty) == []


@pytest.mark.parametrize("who", ["empty", "manager"])
def test_a_database_of_0_2_0_is_moved_and_loses_nothing(
    empty: str, manager: str, file: Path, who: str
) -> None:
    """The administrator's one line closes what EXPLAIN told, for every login that there is."""
    administrator = {"empty": empty, "manager": manager}[who]
    provision(administrator, file, named=["fife", "uhi-nwh"], esp=True)
    shared = Shared(empty, file)
    for college in ("fife", "uhi-nwh", "esp"):
        with kitloan.init(college, shared.login(college), actor="x") as opened:
            tag = opened.holdings.add(NewHolding("Kit")).tag
            opened.loans.check_out([tag], "Viewforth", contact="Morag Bain")
    before, rows, passwords = everything(empty), every_row(empty), file.read_bytes()
    as_0_2_0_set_it_up(empty, "kitloan_fife", "kitloan_uhi_nwh", "kitloan_esp")
    assert ("contact", "name") in statistics(empty)
    for college in ("fife", "uhi-nwh", "esp"):
        with kitloan.open(shared.login(college), actor="x") as opened:
            (finding,) = opened.ledger.verify().findings
        assert (finding.code, "kitloan provision" in finding.message) == ("unguarded", True)
    for _ in range(2):
        done = provision(administrator, file, named=["fife"])
        assert [each.made for each in done.logins] == [False]
        assert statistics(empty) == []
        assert (every_row(empty), file.read_bytes()) == (rows, passwords)
        assert by_hand(everything(empty)) == by_hand(before)
    for college in ("fife", "uhi-nwh", "esp"):
        with kitloan.open(shared.login(college), actor="x") as opened:
            assert opened.ledger.verify().ok
            opened.holdings.add(NewHolding("Kit"))


def every_row(url: str) -> list[object]:
    """Everything that colleges have in a database."""
    with psycopg.connect(url) as connection:
        return [
            connection.execute(f"SELECT t::text FROM {name} t ORDER BY 1").fetchall()
            for name in tables()
        ]


def by_hand(found: list[object]) -> list[object]:
    """What `everything` finds, but for the triggers that a server makes and numbers for keys."""
    return [
        [row for row in rows if "RI_ConstraintTrigger" not in str(row)]
        for rows in found
        if isinstance(rows, list)
    ]


def test_a_login_that_was_dropped_or_locked_is_in_nobodys_way(empty: str, file: Path) -> None:
    """A college that has left must not keep the others from the next release."""
    provision(empty, file, named=["fife", "ayrshire", "borders"])
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("ALTER ROLE kitloan_ayrshire NOLOGIN")
        connection.execute("DROP OWNED BY kitloan_borders")
        connection.execute("DROP ROLE kitloan_borders")
    assert [each.made for each in provision(empty, file, named=["fife"]).logins] == [False]


def test_a_college_in_the_role_of_esp_is_found(empty: str, file: Path) -> None:
    """It would read every college's register."""
    provision(empty, file, named=["fife"], esp=True)
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("GRANT kitloan_national TO kitloan_fife")
    with pytest.raises(StoreError) as refusal:
        provision(empty, file, named=["fife"])
    assert refusal.value.code == "not_secure"
    assert "kitloan_fife" in refusal.value.message


def test_a_login_says_whose_it_is(empty: str, file: Path) -> None:
    """Two ids that had one login would be one college to the policies."""
    provision(empty, file, named=["north-east"])
    with pytest.raises(BadInput) as refusal:
        provision(empty, file, named=["north_east"])
    assert refusal.value.code == "unknown_college"
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("UPDATE college_login SET college = 'north_east'")
    with pytest.raises(BadInput) as refusal:
        provision(empty, file, named=["fife"])
    assert "north_east" in refusal.value.message


def test_a_login_more_is_one_grant_more(empty: str, file: Path) -> None:
    """Tables that named each login could not be granted to any more at 2,444 of them."""
    provision(empty, file, named=["fife"])
    named = "SELECT count(*) FROM pg_shdepend WHERE refobjid = 'kitloan_fife'::regrole"
    with psycopg.connect(empty) as connection:
        assert connection.execute(
            f"{named} AND classid <> 'pg_auth_members'::regclass"
        ).fetchone() == (0,)


def as_an_earlier_release_left_it(url: str, folder: Path) -> None:
    """Take back what later versions of the tables brought, as their owner can."""
    with closing(sqlite3.connect(unpacked(RELEASES[0], folder / "released.sqlite"))) as released:
        (version,) = released.execute("SELECT value FROM setting WHERE name = 'schema'").fetchone()
        tables = [name for (name,) in released.execute("SELECT name FROM sqlite_master")]
        columns = {
            (name, column[1])
            for name in tables
            for column in released.execute(f"PRAGMA table_info({name})")
        }
        indexes = {
            row[1]: (name, [each[2] for each in released.execute(f"PRAGMA index_info({row[1]})")])
            for name in tables
            for row in released.execute(f"PRAGMA index_list({name})").fetchall()
        }
    with psycopg.connect(url) as connection:
        there = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
        before = {name for (name,) in connection.execute(there)}
        for (name,) in connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall():
            if name not in tables:
                connection.execute(f"DROP TABLE {name} CASCADE")
        for name, column in connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public'"
        ).fetchall():
            if (name, column) not in columns:
                connection.execute(f"ALTER TABLE {name} DROP COLUMN {column} CASCADE")
        for (name,) in connection.execute(there).fetchall():
            if name not in indexes and not name.endswith("_pkey"):
                connection.execute(f"DROP INDEX {name}")
        now = {name for (name,) in connection.execute(there)}
        for name in (before - now) & indexes.keys():  # it went with a column that came since
            table, of = indexes[name]
            connection.execute(f"CREATE INDEX {name} ON {table} ({', '.join(of)})")
        connection.execute("UPDATE setting SET value = %s WHERE name = 'schema'", (version,))


def test_a_colleges_login_is_told_who_upgrades(empty: str, file: Path, tmp_path: Path) -> None:
    """The first desk that is updated must not be left with the driver's words."""
    provision(empty, file, named=["fife"])
    login = Shared(empty, file).login("fife")
    kitloan.init("fife", login, actor="x").close()
    as_an_earlier_release_left_it(empty, tmp_path)
    with pytest.raises(StoreError) as refusal:
        kitloan.open(login)
    assert refusal.value.code == "upgrade_due"
    assert "kitloan provision" in refusal.value.hint
    assert "password" not in str(refusal.value)


def test_whoever_set_it_up_upgrades_it(
    manager: str, empty: str, file: Path, tmp_path: Path
) -> None:
    """The same one line as on the first day; the doors stay as closed as they were."""
    provision(manager, file, named=["fife"])
    login = Shared(empty, file).login("fife")
    kitloan.init("fife", login, actor="x").close()
    before = everything(empty)
    as_an_earlier_release_left_it(empty, tmp_path)
    provision(manager, file, named=["fife"])
    assert everything(empty) == before
    with kitloan.open(login, actor="x") as fife:
        assert fife.upgraded is None
        assert fife.ledger.verify().ok


_WALLS_TAKEN_DOWN = (
    ("ALTER TABLE remark NO FORCE ROW LEVEL SECURITY", "remark, its rows is gone"),
    ("ALTER TABLE loan OWNER TO CURRENT_USER", "loan, its rows is gone"),
    ("DROP TRIGGER stays ON ledger_entry", "ledger_entry.stays is gone"),
    ("ALTER TABLE ledger_entry DISABLE TRIGGER ALL", "ledger_entry.stays is gone"),
    (
        "CREATE OR REPLACE FUNCTION kitloan_never() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RETURN NULL; END $$",
        "rule ledger_entry.stays was changed",
    ),
    ("DROP POLICY own ON contact", "contact.own is gone"),
    ("ALTER POLICY own ON contact USING (true)", "rule contact.own was changed"),
    (
        "CREATE POLICY everybody ON contact FOR SELECT USING (true)",
        "rule contact.everybody that kitloan did not make",
    ),
    ("DROP TABLE college_login CASCADE", "college_login is gone"),
    ("ALTER TABLE contact ALTER name SET STATISTICS 100", "contact, no statistics is gone"),
    ("CREATE STATISTICS s ON college, name FROM contact", "contact, no statistics is gone"),
    (
        "CREATE OR REPLACE FUNCTION kitloan_mine(college text, other text) RETURNS boolean "
        "LANGUAGE plpgsql STABLE COST 0.0001 AS $$ BEGIN RETURN true; END $$",
        "rule kitloan_mine was changed",
    ),
    (
        "ALTER FUNCTION kitloan_mine(text, text) COST 100",
        "rule kitloan_mine was changed",
    ),
    (
        "GRANT UPDATE (body) ON ledger_entry TO kitloan_colleges",
        "rule ledger_entry, privileges of kitloan_colleges was changed",
    ),
    (
        "GRANT SELECT ON loan TO PUBLIC",
        "rule loan, privileges of PUBLIC that kitloan did not make",
    ),
    (
        "GRANT DELETE ON ledger_entry TO kitloan_fife",
        "rule ledger_entry, privileges of kitloan_fife that kitloan did not make",
    ),
    (
        "GRANT kitloan_national TO kitloan_fife",
        "rule kitloan_national, its member kitloan_fife that kitloan did not make",
    ),
    ("ALTER POLICY national ON loan TO PUBLIC", "rule loan.national was changed"),
)


def test_a_college_finds_a_wall_that_is_gone(
    at_work: Callable[[str], kitloan.College], empty: str
) -> None:
    """Whoever can read another college's people must not be told that all is well."""
    engine = raw(empty)
    with at_work("fife") as fife:
        assert fife.ledger.verify().ok
        with engine.connect() as administrator:
            for statement, rule in _WALLS_TAKEN_DOWN:
                administrator.exec_driver_sql(statement)
                said = list(wrong_rules(administrator))
                assert any(rule in each for each in said), (statement, said)
                administrator.rollback()
            administrator.exec_driver_sql("ALTER TABLE contact DISABLE ROW LEVEL SECURITY")
            administrator.commit()
        (finding,) = fife.ledger.verify().findings
        assert (finding.code, "contact, its rows" in finding.message) == ("unguarded", True)
    engine.dispose()


def test_again_makes_only_the_logins_that_are_new(empty: str, file: Path) -> None:
    """A college that joins a thousand others must not cost as much as a thousand."""

    def settings() -> dict[str, str]:
        with psycopg.connect(empty) as connection:
            rows = connection.execute(
                "SELECT setrole::regrole::text, s.xmin::text FROM pg_db_role_setting s "
                "JOIN pg_database d ON d.oid = setdatabase WHERE datname = current_database()"
            )
            return dict(rows.fetchall())

    provision(empty, file, named=["fife"])
    before = settings()
    assert before.keys() == {"kitloan_fife"}
    provision(empty, file, named=["fife", "ayrshire"])
    after = settings()
    assert after.keys() == {"kitloan_fife", "kitloan_ayrshire"}
    assert after["kitloan_fife"] == before["kitloan_fife"]
    with psycopg.connect(empty) as connection:
        database = connection.info.dbname
        connection.execute(f"ALTER ROLE kitloan_fife IN DATABASE {database} RESET ALL")
    provision(empty, file, named=["fife"])
    assert "kitloan_fife" in settings()


def test_every_table_can_be_divided_by_the_college() -> None:
    """On a database that is divided by the college, a rule across colleges could not be kept.

    Citus refuses such keys, sub-selects in policies, and functions of triggers that read rows.
    """
    for table in Base.metadata.tables.values():
        keys = [index.columns for index in table.indexes if index.unique]
        for columns in (table.primary_key.columns, *keys):
            assert "college" in columns, table.name
        for key in table.foreign_key_constraints:
            assert key.column_keys[0] == "college" == key.elements[0].column.name, table.name
        conditions = [f"{each.using} {each.check}" for each in policies_of(table.name)]
        assert not [each for each in conditions if "SELECT" in each.upper()], table.name
    for _, name, columns, _, unique in ONLY_SOME_ROWS:
        assert not unique or "college" in columns, name
    for body in FUNCTIONS.values():
        assert not re.search(r"\b(SELECT|INSERT|UPDATE|DELETE)\b", body.split("$$")[1])
