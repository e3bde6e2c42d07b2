"""`kitloan backup` and `kitloan restore` as they are typed, and the copy that nobody asked for."""

import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import kitloan
from at_a_terminal import Terminal
from cli.running import POSIX, PROGRAM, Cli, Program, Stock, Untouched
from kitloan.text.dates import system_clock, today


@pytest.fixture
def backup(cli: Cli, stock: Stock, tmp_path: Path) -> Path:
    """A backup of the test's store."""
    file = tmp_path / "stick.sqlite"
    assert cli("backup", file).code == 0
    return file


def test_a_backup_says_what_it_holds(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """Whoever makes the backup must see that it is one, and a script must be able to check it."""
    file = tmp_path / "one.sqlite"
    said = cli("backup", file, "--json").json
    (ledger,) = cli("ledger", "verify", "--json").json["ledgers"]
    assert said == {"file": str(file), "ledgers": [ledger], "bytes": file.stat().st_size}
    words = cli("backup", tmp_path / "two.sqlite").out
    assert words.startswith("Backed up: ")
    assert f"fife: {ledger['entries']} entries, head {ledger['head'][:16]}" in words
    assert cli("show", stock.kit, store=file).code == 0


def test_refusals_have_their_codes(
    cli: Cli, backup: Path, store: Path, tmp_path: Path, nothing_changes: Untouched
) -> None:
    """A job that runs at night learns from the exit code alone whether there is a backup."""
    other = tmp_path / "ayrshire.sqlite"
    cli("init", "ayrshire", store=other)
    rotten = tmp_path / "rotten.sqlite"
    rotten.write_bytes(backup.read_bytes().replace(b"FC003", b"FC008"))
    text = tmp_path / "text"
    text.write_text("a letter")
    with nothing_changes():
        for line, code, rule in (
            (("backup", backup), 2, "exists"),
            (("backup", store), 2, "same_file"),
            (("backup", tmp_path / "no" / "such" / "folder"), 2, "cannot_write"),
            (("restore", tmp_path / "nothing"), 2, "no_such_file"),
            (("restore", store), 2, "same_file"),
            (("restore", text, "--yes"), 3, "damaged"),
            (("restore", rotten, "--yes"), 3, "damaged"),
            (("restore", other, "--yes"), 1, "another_college"),
        ):
            answer = cli(*line, "--json")
            assert (answer.code, answer.error["code"]) == (code, rule), line
    assert cli("backup", tmp_path / "x", "--json", store=rotten).code == 3
    assert not (tmp_path / "x").exists()


def test_a_restore_says_what_is_lost(cli: Cli, stock: Stock, backup: Path, store: Path) -> None:
    """The kit that went out since the backup stands in the answer, and in what is kept."""
    cli("checkout", stock.kit, "--to", "Lochgelly High School")
    told = cli("restore", backup)
    assert told.code == 0
    assert "would lose 2 entries" in told.out
    assert "lent: Lochgelly High School" in told.out
    assert "kept as" in told.out
    cli("checkout", stock.kit, "--to", "Lochgelly High School")
    said = cli("restore", backup, "--yes", "--json").json
    assert (said["ledger"], said["entries_lost"]) == ("fife/3", 3), "and the entry that resumed it"
    assert cli("show", stock.kit, "--json").json["status"] == "in"
    assert cli("show", stock.kit, "--json", store=said["kept"]).json["status"] == "out"
    assert cli("checkout", stock.kit, "--to", "Beath High School").code == 0
    assert cli("ledger", "verify").code == 0


def test_on_a_new_laptop_nobody_is_asked(
    cli: Cli, stock: Stock, backup: Path, tmp_path: Path
) -> None:
    """Where there is nothing to lose, a restore is one line."""
    new = tmp_path / "new" / "laptop" / "fife.sqlite"
    answer = cli("restore", backup, store=new)
    assert answer.code == 0
    assert "goes on as fife/2" in answer.out
    assert cli("show", stock.kit, store=new).code == 0


@POSIX
@pytest.mark.parametrize("typed", ["RESTORE", "r", ""])
def test_a_person_types_the_word(
    cli: Cli, stock: Stock, backup: Path, store: Path, typed: str
) -> None:
    """One key hit by mistake must not turn the register back."""
    cli("checkout", stock.kit, "--to", "Lochgelly High School")
    with Terminal([str(PROGRAM), "--store", str(store), "restore", str(backup)]) as terminal:
        terminal.until("lent: Lochgelly High School", "Type RESTORE to go on:")
        terminal.send(f"{typed}\r")
        terminal.until("goes on as fife/2" if typed == "RESTORE" else "Nothing was changed")
    now = cli("show", stock.kit, "--json").json["status"]
    assert now == ("in" if typed == "RESTORE" else "out")


@POSIX
def test_ctrl_c_in_the_middle_of_a_backup(store: Path, tmp_path: Path) -> None:
    """Half a backup that bears a backup's name is worse than none."""
    register = tmp_path / "many.csv"
    register.write_text("Kit No,Description\n" + "".join(f"N{i},Kit\n" for i in range(1_500)))
    with kitloan.init("fife", store) as fife:
        fife.registers.take_in(register)
    stick = tmp_path / "stick"
    stick.mkdir()
    with subprocess.Popen(
        [PROGRAM, "--store", store, "backup", stick / "fife.sqlite"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        while not list(stick.iterdir()):
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=300)
    assert (running.returncode, out, b"Traceback" in err) == (130, b"", False)
    assert list(stick.iterdir()) == []


CLOSING = """
import os, signal, sys
from sqlalchemy.engine.default import DefaultDialect
from kitloan.cli.main import run
close = DefaultDialect.do_close
def interrupted(self, connection):
    DefaultDialect.do_close = close
    os.kill(os.getpid(), signal.SIGINT)
    close(self, connection)
DefaultDialect.do_close = interrupted
sys.exit(run(sys.argv[1:]))
"""


@POSIX
def test_ctrl_c_while_a_connection_closes(stock: Stock, store: Path, tmp_path: Path) -> None:
    """A library that logs what happened to it would print a traceback at the counter."""
    program = [sys.executable, "-c", CLOSING, "--store", store, "backup", tmp_path / "copy.sqlite"]
    ended = subprocess.run(program, capture_output=True, timeout=300)
    assert (ended.returncode, ended.stdout) == (130, b"")
    assert ended.stderr.decode().strip() == "Stopped. Nothing was left half done."


def test_a_copy_each_day_of_work(cli: Cli, program: Program, stock: Stock, store: Path) -> None:
    """Nobody at a college has time to think of backups; looking a kit up makes none."""
    folder = store.parent / "backups"
    cli("show", stock.kit)
    cli("checkout", stock.lent, "--to", "Lochgelly High School")
    assert not folder.exists(), "nothing was written"
    done = program("checkout", stock.kit, "--to", "Lochgelly High School")
    assert (done.code, done.err) == (0, "")
    (copy,) = folder.iterdir()
    day = date.fromisoformat(copy.name.removeprefix("fife-").removesuffix(".sqlite"))
    assert abs((day - today(system_clock)).days) <= 1
    assert cli("show", stock.kit, "--json", store=copy).json["status"] == "out"


def test_a_copy_that_cannot_be_made(cli: Cli, stock: Stock, store: Path) -> None:
    """The loan is made and told, and the trouble is told apart from it."""
    (store.parent / "backups").write_text("somebody's list")
    answer = cli("checkout", stock.kit, "--to", "Lochgelly High School", "--json")
    assert (answer.code, len(answer.json["loans"])) == (0, 1)
    assert "copy" in answer.err
    assert cli("show", stock.kit).err == ""
