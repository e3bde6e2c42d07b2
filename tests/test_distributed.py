"""A server for each college, and a national database that sees them all."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

import kitloan
from debian import PROGRAMS, system_server
from kitloan import NewHolding
from kitloan.cli.provision import provision
from kitloan.college import College
from kitloan.holdings import Gift
from kitloan.national.gifts import GiftTermsAgreed
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
