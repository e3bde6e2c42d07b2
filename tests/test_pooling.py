"""Colleges reach their database through PgBouncer, which lends connections for one transaction."""

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

import kitloan
from kitloan import NewHolding
from kitloan.cli.provision import provision
from provisioned import Shared, database, server

BOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin")
pytestmark = pytest.mark.skipif(BOUNCER is None, reason="pgbouncer is not installed")
_numbers = count(16_432)

CONFIG = """
[databases]
pooled = host={host} dbname=pooled
[pgbouncer]
pool_mode = transaction
default_pool_size = 2
listen_addr =
unix_socket_dir = {folder}
listen_port = {port}
auth_type = trust
auth_file = {folder}/users
logfile = {folder}/log
pidfile = {folder}/pid
user = {owner}
"""


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """A database with logins for two colleges and ESP, and the URL of the pooler before it."""
    with server() as administrator:
        url = database(administrator, "pooled")
        file = tmp_path_factory.mktemp("passwords") / "kits.pgpass"
        provision(url, file, named=["fife", "ayrshire"], esp=True)
        host = Path(str(sa.make_url(url).query["host"]))
        folder = host.parent / "bouncer"
        folder.mkdir()
        lines = (line.rsplit(":", 2)[1:] for line in file.read_text().splitlines())
        users = "".join(f'"{login}" "{password}"\n' for login, password in lines)
        (folder / "users").write_text(users)
        port, owner = next(_numbers), host.owner()
        config = CONFIG.format(host=host, folder=folder, port=port, owner=owner)
        (folder / "config").write_text(config)
        for each in (folder, *folder.iterdir()):
            shutil.chown(each, owner)
        assert BOUNCER is not None
        with subprocess.Popen([BOUNCER, "-q", folder / "config"]) as running:
            try:
                there = sa.make_url(url).set(port=port)
                there = there.update_query_dict({"host": str(folder)})
                shared = Shared(there.render_as_string(hide_password=False), file)
                _wait_for(shared, running)
                yield shared
            finally:
                running.terminate()


def _wait_for(shared: Shared, running: "subprocess.Popen[bytes]") -> None:
    while running.poll() is None:
        try:
            shared.connect("fife").close()
        except psycopg.OperationalError:
            continue
        return
    pytest.fail("PgBouncer did not start")


def test_desks_lend_through_a_pooler(pooled: Shared) -> None:
    """A thousand colleges have more desks than a server has room for connections."""
    for college in ("fife", "ayrshire"):
        with kitloan.init(college, pooled.login(college), actor="m.ross") as opened:
            for n in range(4):
                opened.holdings.add(NewHolding(f"Kit {n}", asset_number=f"K{n}"))

    def desk(number: int) -> None:
        college = ("fife", "ayrshire")[number % 2]
        with kitloan.open(pooled.login(college), actor=f"desk {number}") as opened:
            for _ in range(8):  # the driver prepares what it sends for the sixth time
                opened.loans.check_out([f"K{number}"], "Viewforth")
                opened.loans.check_in([f"K{number}"])

    with ThreadPoolExecutor(4) as desks:
        list(desks.map(desk, range(4)))
    for college in ("fife", "ayrshire"):
        with kitloan.open(pooled.login(college), actor="m.ross") as opened:
            verdict = opened.ledger.verify(workers=2)
            assert verdict.ok, verdict.findings
            (own,) = (each for each in verdict.ledgers if each.ledger == college)
            assert own.entries >= 32


def test_what_one_sets_no_other_gets(pooled: Shared) -> None:
    """A wait that is set on a lent connection would be another program's; or nobody's."""
    with kitloan.open(pooled.login("fife"), actor="m.ross") as opened:
        for _ in range(3):
            with opened.session.reading() as connection:
                assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "10s"
    for _ in range(4):
        with pooled.connect("fife") as plain:
            assert plain.execute("SHOW lock_timeout").fetchone() == ("0",)


def test_an_erasure_shows_what_a_pooler_keeps_it_from(pooled: Shared) -> None:
    """Who erases somebody must not read that all is gone while the file still has the name."""
    with kitloan.init("esp", pooled.login("esp"), actor="esp") as esp:
        tag = esp.holdings.add(NewHolding("Kit")).tag
        esp.loans.check_out([tag], "Viewforth", contact="Zebedee Quill")
        assert "pooler" in str(esp.people.erase("Zebedee Quill"))
        with esp.session.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM contact").scalar_one() == 0
