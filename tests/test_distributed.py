"""A server for each college, and a national database that sees them all."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

import kitloan
from debian import PROGRAMS, system_server
from kitloan import KitloanError, NewHolding, StoreError
from kitloan.cli.provision import provision
from kitloan.college import College
from kitloan.holdings import Gift
from kitloan.national.gifts import GiftTermsAgreed
from kitloan.storage.row_security import SHARED
from kitloan.storage.schema import SCHEMA
from kitloan.tables import Base
from provisioned import Shared, database

pytestmark = pytest.mark.skipif(
    PROGRAMS is None, reason="no PostgreSQL with postgres_fdw; `make distributed` installs one"
)


def now() -> datetime:
    """A clock that is the same for both ways of keeping the nation."""
    return datetime(2026, 11, 23, 11, 42, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Nation:
    """Each college's own database, the national one, and an empty one for all together."""

    colleges: dict[str, Shared]
    national: Shared
    together: str

    def open(self, college: str) -> College:
        """A college's store, with its own login."""
        shared = self.colleges.get(college, self.national)
        return kitloan.open(shared.login(college), actor="m.ross", clock=now)


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nation]:
    """Fife and Ayrshire on servers of their own, and ESP's, which sees both."""
    folder = tmp_path_factory.mktemp("passwords")
    with ExitStack() as running:
        servers = {
            name: running.enter_context(system_server(name)) for name in ("fife", "ayrshire", "esp")
        }
        colleges = {}
        for college in ("fife", "ayrshire"):
            url = database(servers[college], "kits")
            provision(url, folder / college, named=[college], esp=True)
            colleges[college] = Shared(url, folder / college)
            kitloan.init(college, colleges[college].login(college), actor="x", clock=now).close()
        national = Shared(database(servers["esp"], "kits"), folder / "esp")
        lines = [
            line
            for college in colleges
            for line in (folder / college).read_text(encoding="utf-8").splitlines()
            if ":kitloan_esp:" in line
        ]
        national.passwords.touch(0o600)
        national.passwords.write_text("\n".join(lines) + "\n", encoding="utf-8")
        sees = {college: shared.url for college, shared in colleges.items()}
        provision(national.url, national.passwords, esp=True, sees=sees)
        kitloan.init("esp", national.login("esp"), actor="x", clock=now).close()
        yield Nation(colleges, national, database(servers["esp"], "together"))


def a_term(nation: Nation) -> str:
    """What happens in two colleges, and at ESP; gives the tag of a kit that moved."""
    with nation.open("fife") as fife, nation.open("ayrshire") as ayrshire:
        of_sse = Gift(donor="SSE", gift="SSE-1")
        tags = [
            fife.holdings.add(NewHolding("Wind kit", asset_number=f"F{n}", gift=of_sse)).tag
            for n in range(4)
        ]
        ayrshire.holdings.add(NewHolding("Wind kit", asset_number="A1"))
        ayrshire.loans.check_out(["A1"], "Prestwick Academy")
        fife.loans.check_out(tags[:2], "Viewforth High School", contact="Zebedee Quill")
        fife.loans.check_in(tags[:1])
        fife.transfers.send(tags[3], "ayrshire")
        ayrshire.transfers.receive(tags[3], "fife", type="Wind kit")
    with nation.open("esp") as esp:
        esp.national.agree_gift("SSE-1", GiftTermsAgreed("SSE", "Wind kit", 9))
        for _ in range(12):  # after some, the driver prepares a statement, and the server a plan
            esp.national.allocate("SSE-1", "fife", 6, allocation="1")
        esp.national.challenge("fife", sample=2, answer_by=date(2026, 12, 1))
        own = esp.holdings.add(NewHolding("Wind kit", asset_number="E1")).tag
        esp.loans.check_out([own], "Scottish Parliament", contact="Ada Quill")
        esp.actions.undo()
    return tags[3]


def put_together(nation: Nation) -> str:
    """Every row of the three databases in one; gives the URL with which ESP opens it."""
    file = nation.national.passwords
    provision(nation.together, file, named=list(nation.colleges), esp=True)
    shared = Shared(nation.together, file)
    with closing(shared.connect()) as into:
        for each in (*nation.colleges.values(), nation.national):
            with closing(each.connect()) as source:
                for table in Base.metadata.sorted_tables:
                    rows = source.execute(f"SELECT * FROM ONLY {table.name}").fetchall()
                    for row in rows:
                        marks = ", ".join(["%s"] * len(row))
                        into.execute(
                            f"INSERT INTO {table.name} VALUES ({marks}) ON CONFLICT DO NOTHING", row
                        )
    return shared.login("esp")


def test_the_nation_is_the_same_from_many_servers(nation: Nation) -> None:
    """ESP's report and check must not depend on where the colleges keep their stores."""
    moved = a_term(nation)
    one = put_together(nation)
    with nation.open("esp") as many, kitloan.open(one, actor="m.ross", clock=now) as shared:
        checked = many.ledger.verify(workers=1)
        assert checked.ok, checked.findings
        assert {each.ledger for each in checked.ledgers} == {"ayrshire", "esp", "fife"}
        assert asdict(checked) == asdict(shared.ledger.verify(workers=1))
        assert checked == many.ledger.verify(workers=2)
        report = many.audit.audit().as_json()
        assert report == shared.audit.audit().as_json()
        assert report["totals"]["holdings"] == 6
        assert many.audit.life(moved) == shared.audit.life(moved)


def test_a_college_that_cannot_be_reached_is_not_left_out(nation: Nation) -> None:
    """A report without Fife would look as if Fife held nothing."""
    with closing(nation.colleges["fife"].connect()) as fife:
        fife.execute("ALTER ROLE kitloan_esp NOLOGIN")
        try:
            with nation.open("esp") as esp:
                for asked in (esp.audit.audit, esp.ledger.verify):
                    with pytest.raises(StoreError, match="sees the database of fife") as refusal:
                        asked()
                    assert refusal.value.code == "unreachable"
                esp.holdings.add(NewHolding("Wind kit"))
        finally:
            fife.execute("ALTER ROLE kitloan_esp LOGIN")


def test_one_ledger_in_two_databases_is_refused(nation: Nation) -> None:
    """Kits that are in two databases would be counted once in one figure, twice in the next."""
    fife = nation.colleges["fife"]
    provision(fife.url, fife.passwords, named=["dumgal"])
    kitloan.init("dumgal", fife.login("dumgal"), actor="x", clock=now).close()
    try:
        with nation.open("esp") as esp:
            for asked in (esp.audit.audit, esp.ledger.verify, esp.ledger.verify_new):
                with pytest.raises(StoreError, match="'dumgal' in the database of 'fife'"):
                    asked()
    finally:
        with closing(fife.connect()) as administrator:
            administrator.execute("SET session_replication_role = replica")
            for table in Base.metadata.sorted_tables:
                administrator.execute(f"DELETE FROM {table.name} WHERE college = 'dumgal'")


def test_people_stay_on_their_colleges_server(nation: Nation) -> None:
    """No login of the national server, its administrator's included, has a way to a name."""
    with closing(nation.national.connect()) as administrator:
        rows = administrator.execute("SELECT DISTINCT relname FROM pg_class WHERE relkind = 'f'")
        about = {"its_database", "its_setting"}
        assert {name for (name,) in rows.fetchall()} - about == SHARED
    login = sa.make_url(nation.colleges["fife"].login("esp"))
    plain = login.difference_update_query(["college"]).render_as_string(hide_password=False)
    with closing(psycopg.connect(plain)) as esp:
        for name in ("contact", "remark", "quote"):
            assert esp.execute(f"SELECT * FROM {name}").fetchall() == []


def test_doing_it_again_adds_what_is_missing(nation: Nation) -> None:
    """An upgrade makes a table; without the colleges' rows in it, the report would lack them."""
    national = nation.national
    with closing(national.connect()) as administrator:
        administrator.execute("DROP FOREIGN TABLE kitloan_at_fife.loan")
    with nation.open("esp") as esp:
        words = "Table loan of the database of 'fife' is not seen here."
        assert words in [each.message for each in esp.ledger.verify(workers=1).findings]
        again = provision(national.url, national.passwords, esp=True)
        assert (again.sees, [each.made for each in again.logins]) == (("ayrshire", "fife"), [False])
        assert esp.ledger.verify(workers=1).ok


def test_what_cannot_be_seen_as_one_is_refused(nation: Nation, tmp_path: Path) -> None:
    """A wrong set-up must be noticed before ESP's first report, and change nothing."""
    national, fife = nation.national, nation.colleges["fife"].url
    file = national.passwords

    def refused(code: str, **given: Any) -> None:
        with pytest.raises(KitloanError) as refusal:
            provision(national.url, given.pop("file", file), **given)
        assert refusal.value.code == code

    refused("not_alone", named=["fife"])
    refused("not_alone", sees={"ayrshire": fife})
    refused("no_password", sees={"fife": fife}, file=tmp_path / "none")
    refused("bad_store", sees={"fife": "fife.sqlite"})
    with closing(nation.colleges["fife"].connect()) as administrator:
        version = "UPDATE setting SET value = %s WHERE college = '' AND name = 'schema'"
        administrator.execute(version, ("3",))
        refused("unlike", sees={"fife": fife})
        administrator.execute(version, (str(SCHEMA),))
    with nation.open("esp") as esp:
        assert esp.ledger.verify(workers=1).ok
