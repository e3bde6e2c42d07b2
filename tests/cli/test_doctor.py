"""`kitloan doctor`, on machines that are well and on those on which things fail."""

import getpass
import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kitloan
from cli.running import POSIX, PROGRAM, Answer, Cli, Program, Stock, Untouched

if sys.platform != "win32":
    from at_a_terminal import Terminal

NAMES = [
    "versions", "parts", "store", "readers", "locks", "space", "copies", "settings", "log",
    "terminal", "fonts", "printers", "scanner", "verify", "exchange",
]  # fmt: skip


def checks(answer: Answer) -> dict[str, dict[str, Any]]:
    """The lines of a page by name, when it has its documented shape."""
    assert answer.code == 0, answer.err
    page = answer.json
    assert set(page) == {"ok", "made_at", "checks"}
    for each in page["checks"]:
        assert set(each) == {"check", "verdict", "message", "hint", "details"}
        assert each["verdict"] in ("good", "doubtful", "bad")
        assert each["message"]
        assert each["verdict"] == "good" or each["hint"], each
    assert page["ok"] is all(each["verdict"] != "bad" for each in page["checks"])
    found = {each["check"]: each for each in page["checks"]}
    assert list(found) == NAMES
    return found


def test_a_store_that_is_well(cli: Cli, stock: Stock, store: Path, tmp_path: Path) -> None:
    """The page has to be all good where all is good, or nobody reads it."""
    cli("ledger", "verify")
    cli("ledger", "export", tmp_path / "fife.kitloan")
    found = checks(cli("doctor", "--json"))
    for name in ("versions", "store", "readers", "locks", "settings", "fonts", "verify"):
        assert found[name]["verdict"] == "good", found[name]
    assert found["store"]["details"]["colleges"] == ["fife"]
    assert found["store"]["details"]["bytes"] == store.stat().st_size
    assert found["verify"]["details"]["ok"] is True
    sent = found["exchange"]["details"]
    assert sent["sent"] == sent["entries"] > 5
    assert sent["answered"] is None
    assert found["versions"]["details"]["kitloan"] == kitloan.__version__


def test_the_page_in_words(cli: Cli, stock: Stock) -> None:
    """Support asks for the page by telephone: each line begins with its verdict."""
    words = cli("doctor").out
    lines = [line for line in words.splitlines() if line[:2] in ("= ", "? ", "! ")]
    assert len(lines) == len(NAMES)
    assert "? doubtful  Last verify" in words
    assert "-> Run: kitloan ledger verify" in words
    assert max(map(len, words.splitlines())) <= 100


def test_it_changes_nothing(cli: Cli, stock: Stock, nothing_changes: Untouched) -> None:
    """A look must not upgrade a store, nor leave anything next to it."""
    with nothing_changes():
        checks(cli("doctor", "--json"))


def no_store(store: Path) -> None:
    store.unlink()


def a_folder(store: Path) -> None:
    store.unlink()
    store.mkdir()


def cut_short(store: Path) -> None:
    store.write_bytes(store.read_bytes()[:9_000])


def scribbled_on(store: Path) -> None:
    whole = store.read_bytes()
    store.write_bytes(whole[:100] + b"\xa5" * (len(whole) - 100))


def one_page_scribbled_on(store: Path) -> None:
    whole = store.read_bytes()
    store.write_bytes(whole[:-8192] + b"\xa5" * 8192)


def a_rule_gone_soft(store: Path) -> None:
    with sqlite3.connect(store) as file:
        file.execute("PRAGMA writable_schema = ON")
        file.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'RAISE(ABORT', 'RAISE(IGNORE') "
            "WHERE name = 'entries_stay'"
        )
        whole = ", ''a ledger is never changed''"
        file.execute(
            f"UPDATE sqlite_master SET sql = replace(sql, '{whole}', '') "
            "WHERE name = 'entries_stay'"
        )
    file.close()


def a_newer_ones(store: Path) -> None:
    with sqlite3.connect(store) as file:
        file.execute("UPDATE setting SET value = '999' WHERE name = 'schema'")
    file.close()


def a_pipe(store: Path) -> None:
    store.unlink()
    os.mkfifo(store)


@pytest.mark.parametrize(
    "harm",
    [no_store, a_folder, cut_short, scribbled_on, one_page_scribbled_on, a_rule_gone_soft,
     a_newer_ones, pytest.param(a_pipe, marks=POSIX)],
    ids=lambda harm: harm.__name__,
)  # fmt: skip
def test_a_store_that_is_not(
    cli: Cli, stock: Stock, store: Path, nothing_changes: Untouched, harm: Callable[[Path], None]
) -> None:
    """The page is for the day on which the store does not open."""
    harm(store)
    if harm is a_pipe:
        found = checks(cli("doctor", "--json"))
    else:
        with nothing_changes():
            found = checks(cli("doctor", "--json"))
    assert found["store"]["verdict"] == "bad"
    assert found["store"]["hint"]
    assert found["versions"]["verdict"] == "good"


def test_a_store_of_the_release_before_is_not_upgraded(cli: Cli, store: Path) -> None:
    """Support wants to see it as it is; the next command upgrades it."""
    released = Path(__file__).parents[1] / "released" / "0.2.0.sqlite.gz"
    store.write_bytes(gzip.decompress(released.read_bytes()))
    before = store.read_bytes()
    found = checks(cli("doctor", "--json"))
    assert found["store"]["verdict"] == "doubtful"
    assert found["store"]["details"]["code"] == "upgrade_due"
    assert store.read_bytes() == before


def test_nobody_is_named(
    cli: Cli, stock: Stock, store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The page is sent by mail to people who have no right to the names in a store."""
    home = tmp_path / "flora.macneil"
    ours = home / "kits of flora.macneil" / "fife.sqlite"
    ours.parent.mkdir(parents=True)
    shutil.copy(store, ours)
    for name in ("LOGNAME", "USER", "USERNAME"):
        monkeypatch.setenv(name, "flora.macneil")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    cli("checkout", stock.kit, "--to", "Madras College", "--contact", "Ann Bain", store=ours)
    cli("ledger", "verify", store=ours, as_="flora.macneil")
    for path in (ours, tmp_path / "flora.macneil" / "absent.sqlite"):
        for answer in (cli("doctor", store=path), cli("doctor", "--json", store=path)):
            assert not [n for n in ("flora", "macneil", "Bain", str(home)) if n in answer.out]
            assert f"~{os.sep}" in answer.out or "~\\\\" in answer.out
    url = "postgresql://flora.macneil:s3cret@127.0.0.1:1/kits"
    for answer in (cli("doctor", store=url), cli("doctor", "--json", store=url)):
        assert answer.code == 0
        assert not [n for n in ("flora", "s3cret") if n in answer.out]
        assert "127.0.0.1" in answer.out


@pytest.mark.parametrize("place", ["mysql://flora:s3cret@h/x", "postgresql://flora:s3c@ret@h/x"])
def test_an_address_that_is_no_stores(cli: Cli, place: str) -> None:
    """A mistyped address may hold a password; it is not on the page."""
    for answer in (cli("doctor", "--json", store=place), cli("doctor", store=place)):
        assert answer.code == 0
        assert not [word for word in ("flora", "s3c", "ret@") if word in answer.out]
    found = checks(cli("doctor", "--json", store=place))
    assert found["store"]["verdict"] == "bad"


@POSIX
def test_who_else_may_read_it(cli: Cli, stock: Stock, store: Path) -> None:
    """A store in a shared folder that everyone can read is what support has to see first."""
    for folder in store.parents:
        if not folder.stat().st_mode & 0o001 and folder.stat().st_uid == os.geteuid():
            folder.chmod(folder.stat().st_mode | 0o011)
        if folder.name.startswith("pytest-of"):
            break
    store.chmod(0o644)
    found = checks(cli("doctor", "--json"))["readers"]
    assert found["verdict"] == "doubtful"
    assert "chmod 600" in found["hint"]
    assert str(store) in found["message"]
    store.chmod(0o600)
    assert checks(cli("doctor", "--json"))["readers"]["verdict"] == "good"


def test_a_server(cli: Cli, postgres: str, new_postgres: Callable[..., str]) -> None:
    """Colleges that share a database have no file to look at."""
    place = new_postgres()
    kitloan.init("fife", place, actor="m.ross").close()
    found = checks(cli("doctor", "--json", store=place))
    assert found["store"]["verdict"] == "good", found["store"]
    assert found["locks"]["verdict"] == "good"
    assert found["copies"]["verdict"] == "doubtful"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_an_answer_that_cannot_be_written(stock: Stock, store: Path) -> None:
    """A full disk under the page itself is a sentence too."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [PROGRAM, "--store", store, "doctor"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 3
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_and_a_log_that_are_wrong(
    cli: Cli, stock: Stock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A slip in the settings is found where support looks, and an error of yesterday too."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    file = tmp_path / "config" / "kitloan" / "settings.toml"
    file.parent.mkdir(parents=True)
    file.write_text('theme = "mauve"\n', encoding="utf-8")
    log = tmp_path / "state" / "kitloan" / "desk.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("an error\n", encoding="utf-8")
    found = checks(cli("doctor", "--json"))
    assert found["settings"]["verdict"] == "bad"
    assert "mauve" in found["settings"]["message"]
    assert found["log"]["verdict"] == "doubtful"


@POSIX
def test_pipes_in_the_place_of_files(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A page that waits for ever is no page."""
    state = tmp_path / "state" / "kitloan"
    state.mkdir(parents=True)
    for name in ("desk.log", "checks.toml"):
        os.mkfifo(state / name)
    found = checks(cli("doctor", "--json"))
    for name in ("log", "scanner", "verify"):
        assert found[name]["verdict"] == "bad"
        assert "pipe" in found[name]["message"]
        assert "Delete it" in found[name]["hint"]
    assert cli("ledger", "verify").code == 0, "what cannot be noted stops nothing"


def test_what_verifying_found_last(cli: Cli, stock: Stock, store: Path) -> None:
    """Support asks when it was verified last, and a failure has to stay in sight."""
    assert checks(cli("doctor", "--json"))["verify"]["verdict"] == "doubtful"
    cli("ledger", "verify")
    assert checks(cli("doctor", "--json"))["verify"]["verdict"] == "good"
    with sqlite3.connect(store) as file:
        file.execute("UPDATE holding SET location = 'elsewhere' WHERE tag = ?", (stock.kit,))
    file.close()
    assert cli("ledger", "verify").code == 3
    found = checks(cli("doctor", "--json"))["verify"]
    assert found["verdict"] == "bad"
    assert found["details"]["problems"]
    assert (
        checks(cli("doctor", "--json", store=store.with_name("other.sqlite")))["verify"]["verdict"]
        == "doubtful"
    ), "of another store"


def test_a_note_that_somebody_edited(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """The file of notes is an ordinary file: whatever is in it, there is a page."""
    file = tmp_path / "state" / "kitloan" / "checks.toml"
    file.parent.mkdir(parents=True)
    for text in ("scanner = 3\nverify = []", '[scanner]\nat = "soon"\nok = true\nproblems = []'):
        file.write_text(text, encoding="utf-8")
        found = checks(cli("doctor", "--json"))
        assert (found["scanner"]["verdict"], found["verify"]["verdict"]) == ("doubtful",) * 2
    file.write_bytes(b"\xff[")
    assert checks(cli("doctor", "--json"))["scanner"]["verdict"] == "bad"


@POSIX
def test_at_a_terminal(store: Path, stock: Stock) -> None:
    """The width and the colours are the ones of the window that the desk is used in."""
    line = [str(PROGRAM), "--store", str(store), "doctor"]
    with Terminal(line, size=(100, 50)) as window:
        window.until("100x50", "bad. No person is named")
    with Terminal(line, size=(50, 18)) as window:
        window.until("50x18", "desk --plain")


@POSIX
def test_no_room(store: Path, stock: Stock) -> None:
    """The disk that is full is the first thing that support should read."""
    free = shutil.disk_usage(store.parent).free
    script = (
        "import shutil, sys; from collections import namedtuple\n"
        "used = namedtuple('usage', 'total used free')\n"
        "shutil.disk_usage = lambda path: used(10**9, 10**9, int(sys.argv.pop(1)))\n"
        "from kitloan.cli.main import run\n"
        f"sys.exit(run(['--store', {str(store)!r}, 'doctor', '--json']))"
    )
    for room, verdict in ((0, "bad"), (60_000_000, "doubtful"), (free, None)):
        done = subprocess.run(
            [sys.executable, "-c", script, str(room)], capture_output=True, text=True, timeout=300
        )
        found = checks(Answer(done.returncode, done.stdout, done.stderr))["space"]
        assert verdict in (None, found["verdict"])
        assert json.dumps(room) in json.dumps(found["details"]) or verdict is None


def no_byte_more() -> None:
    """In a child that is about to become `kitloan`: no file may grow, as on a full disk."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@POSIX
def test_where_nothing_can_be_written(stock: Stock, program: Program) -> None:
    """A page that needs room to be made is not there when it is needed."""
    found = checks(program("doctor", "--json", preexec_fn=no_byte_more))
    assert found["store"]["verdict"] == found["locks"]["verdict"] == "good"
    assert found["terminal"]["verdict"] == "doubtful", "nor is there a terminal"


def test_a_login_that_names_nobody(cli: Cli, stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that a whole college uses would take the college's name off the page."""
    monkeypatch.setenv("LOGNAME", "fife")
    assert "fife, 1 ledger" in " ".join(cli("doctor").out.split())


def test_getuser_is_left_out(cli: Cli, stock: Stock) -> None:
    """A login that is in no variable is a name all the same."""
    login = getpass.getuser()
    home = str(Path.home())
    assert home not in cli("doctor").out
    assert f"/{login}/" not in cli("doctor", "--json").out
