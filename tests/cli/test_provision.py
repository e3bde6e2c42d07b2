"""`kitloan provision`, and that no password is ever shown by anything."""

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from cli.running import Answer, Cli, Program, Stock
from provisioned import Shared, database, server

SECRET = "hunter2-and-more"


@dataclass(frozen=True, slots=True)
class Set:
    """What the command said, and the database that it made ready."""

    answer: dict[str, object]
    shared: Shared


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """A database that Fife and ESP share."""
    from kitloan.cli.provision import provision

    passwords = tmp_path_factory.mktemp("passwords") / "kits.pgpass"
    with server() as administrator:
        url = database(administrator, "kits")
        provision(url, passwords, named=["fife"], esp=True)
        yield Shared(url, passwords)


def shown(answer: Answer) -> str:
    """All that a person, a mail or a log could see of a run."""
    return answer.out + answer.err


def test_the_command_says_what_it_made(cli: Cli, ready: Shared, tmp_path: Path) -> None:
    """An administrator sees which logins there are and where the passwords are, but no password."""
    file = tmp_path / "kits.pgpass"
    line = ("provision", ready.url, "--college", "fife", "--college", "dumgal", "--esp")
    answer = cli(*line, "--passwords", file, "--json", store=None)
    assert answer.code == 0
    assert [(e["college"], e["login"], e["made"]) for e in answer.json["logins"]] == [
        ("fife", "kitloan_fife", False),
        ("dumgal", "kitloan_dumgal", True),
        ("esp", "kitloan_esp", False),
    ]
    assert (answer.json["owner"], answer.json["passwords"]) == ("kitloan_owner", str(file))
    (password,) = [each.rsplit(":", 1)[1] for each in file.read_text().splitlines()]
    again = cli(*line, "--passwords", file, store=None)
    assert again.code == 0
    assert "0 of them new" in again.out
    assert password not in shown(answer) + shown(again)


def test_where_the_passwords_go_must_be_said(cli: Cli, ready: Shared) -> None:
    """Passwords that were made and kept nowhere would be lost."""
    assert cli("provision", ready.url, "--college", "fife", store=None).code == 2


def test_a_college_logs_in_with_its_line_of_the_file(
    program: Program, ready: Shared, tmp_path: Path
) -> None:
    """A technician keeps one line in a file, and types no password anywhere."""
    url = sa.make_url(ready.url)
    query = {**url.query, "college": "fife"}
    store = str(sa.URL.create("postgresql", "kitloan_fife", database=url.database, query=query))
    env = {"PGPASSFILE": str(ready.passwords)}
    assert program("init", "fife", store=store, env=env).code == 0
    added = program("add", "--type", "Kit", "--json", store=store, env=env)
    assert added.code == 0
    assert program("show", added.json["tag"], store=store, env=env).code == 0
    without = program("loans", "--json", store=store, env={"PGPASSFILE": str(tmp_path / "none")})
    assert (without.code, without.error["code"]) == (3, "unreachable")


UNREACHABLE = (
    "postgresql://clerk:{}@127.0.0.1:1/kits",
    "postgresql://clerk:{}@no-such-host.invalid/kits",
    "postgresql://127.0.0.1:1/kits?user=clerk&password={}",
    "postgresql://clerk:{}@127.0.0.1:1/kits?college=fife&connect_timeout=1",
    "postgresql://clerk:p@{}@127.0.0.1:1/kits",
    "postgresql://clerk:{}@127.0.0.1:port/kits",
    "postgresql://clerk:{}@[::1/kits",
    "postgresql://clerk:{}",
    "postgresql+psycopg2://clerk:{}@127.0.0.1:1/kits",
    "postgress://clerk:{}@127.0.0.1:1/kits",
    "POSTGRESQL://clerk:{}@127.0.0.1:1/kits",
    "mysql://clerk:{}@127.0.0.1/kits",
    "postgresql:clerk:{}@127.0.0.1/kits",
)


@pytest.mark.parametrize("url", UNREACHABLE)
def test_no_password_of_a_url_is_shown(cli: Cli, url: str, tmp_path: Path) -> None:
    """A refusal is copied into mails and read over the telephone; a password must not be in it."""
    place = url.format(SECRET)
    lines = (("loans",), ("init", "fife"), ("--debug", "loans"))
    for line in lines:
        for options in ((), ("--json",)):
            answer = cli(*line, *options, store=place)
            assert answer.code in (2, 3)
            assert SECRET not in shown(answer), line
    answer = cli("--debug", "provision", place, "--passwords", tmp_path / "p", "--json", store=None)
    assert answer.code in (2, 3)
    assert SECRET not in shown(answer)
    assert not (tmp_path / "p").exists()


def test_a_wrong_password_is_not_shown(program: Program, ready: Shared) -> None:
    """Somebody mistypes a password that is right elsewhere."""
    place = ready.login("fife", SECRET)
    for line in (("--debug", "loans"), ("--debug", "loans", "--json"), ("desk", "--plain")):
        answer = program(*line, store=place)
        assert answer.code == 3, shown(answer)
        assert SECRET not in shown(answer)


def test_no_password_in_the_desks_log(tmp_path: Path, ready: Shared) -> None:
    """The log of faults is sent to whoever mends the program, and its owner alone reads it here."""
    import kitloan
    from kitloan_tui import faultlog

    log = tmp_path / "state" / "desk.log"
    with pytest.raises(kitloan.StoreError) as refusal:
        kitloan.open(ready.login("fife", SECRET))
    person = f"Morag {SECRET}"
    twice = "INSERT INTO contact VALUES ('fife', 'p', 'o', %s, 'm', NULL, NULL)"
    with (
        kitloan.init("fife", ready.login("fife"), actor="x") as fife,
        pytest.raises(kitloan.StoreError) as fault,
        fife.session.store.write() as connection,
    ):
        connection.exec_driver_sql(twice, (person,))
        connection.exec_driver_sql(twice, (person,))
    for problem in (refusal.value, fault.value):
        faultlog.write(problem, log)
    text = log.read_text(encoding="utf-8")
    assert text.count("Traceback") >= 2
    assert SECRET not in text
    assert ready.login("fife").split("@")[0].rsplit(":", 1)[1] not in text
    if os.name != "nt":
        assert stat.S_IMODE(log.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_what_is_written_is_its_owners(cli: Cli, stock: Stock, store: Path, tmp_path: Path) -> None:
    """On a shared machine others must not read a college's register off its files.

    Labels and cards are for the printer's queue to read, and hold nobody's name.
    """
    old = os.umask(0)
    try:
        made = tmp_path / "made"
        made.mkdir()
        lines = {
            "fife.kitloan": ("ledger", "export", made / "fife.kitloan"),
            "fife.copy": ("backup", made / "fife.copy"),
        }
        for name, line in lines.items():
            answer = cli(*line, "--json")
            assert answer.code == 0, answer
            assert json.loads(answer.out)
            assert stat.S_IMODE((made / name).stat().st_mode) == 0o600, name
        new = tmp_path / "new.sqlite"
        assert cli("init", "fife", store=new).code == 0
        assert stat.S_IMODE(new.stat().st_mode) == 0o600
    finally:
        os.umask(old)
