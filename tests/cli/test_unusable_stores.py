"""A store that cannot be used, read or written: which it is, and that nothing has changed."""

import ctypes
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.running import REGISTERS, Cli, Program, Stock, Untouched


def no_file(store: Path) -> str:
    """Nobody has started it."""
    return "no_store"


def a_folder(store: Path) -> str:
    """Somebody named the folder that it lies in."""
    store.unlink()
    store.mkdir()
    return "not_a_store"


def some_text(store: Path) -> str:
    """Somebody named the register."""
    store.write_bytes((REGISTERS / "ayrshire.csv").read_bytes())
    return "not_a_store"


def an_empty_file(store: Path) -> str:
    """A copy that was broken off at its beginning."""
    store.write_bytes(b"")
    return "not_a_store"


def another_programs(store: Path) -> str:
    """SQLite keeps the data of half the programs on a machine."""
    store.unlink()
    with sqlite3.connect(store) as file:
        file.execute("CREATE TABLE song (title TEXT)")
    file.close()
    return "not_a_store"


def a_newer_ones(store: Path) -> str:
    """The next desk has a newer kitloan."""
    with sqlite3.connect(store) as file:
        file.execute("UPDATE setting SET value = '999' WHERE name = 'schema'")
    file.close()
    return "newer_store"


def cut_short(store: Path) -> str:
    """A copy that was broken off in the middle."""
    store.write_bytes(store.read_bytes()[:9_000])
    return "damaged"


def scribbled_on(store: Path) -> str:
    """A bad stick."""
    whole = store.read_bytes()
    store.write_bytes(whole[:100] + b"\xa5" * (len(whole) - 100))
    return "damaged"


USELESS = (
    no_file, a_folder, some_text, an_empty_file, another_programs, a_newer_ones, cut_short,
    scribbled_on,
)  # fmt: skip
COMMANDS = (
    ("show", "FC001"),
    ("loans",),
    ("checkout", "FC001", "--to", "Glenwood High School"),
    ("import", str(REGISTERS / "ayrshire.csv"), "--skip-problems"),
    ("labels", "--blank", "2", "--stock", "l7160", "--out", "x.pdf"),
    ("ledger", "verify"),
    ("audit",),
)


@pytest.mark.parametrize("make", USELESS, ids=[each.__name__ for each in USELESS])
def test_a_store_that_cannot_be_used(
    cli: Cli,
    stock: Stock,
    store: Path,
    nothing_changes: Untouched,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    make: Callable[[Path], str],
) -> None:
    """The wrong file must never be written to, and the answer is the third kind: call somebody."""
    monkeypatch.chdir(tmp_path)
    if make is no_file:
        store.unlink()
    rule = make(store)
    with nothing_changes():
        for line in COMMANDS:
            answer, words = cli(*line, "--json"), cli(*line)
            assert (answer.code, answer.error["code"]) == (3, rule), (line, answer.error)
            assert (words.code, words.out) == (3, "")
            assert str(store) in words.err
            assert "Traceback" not in words.err
    assert not (tmp_path / "x.pdf").exists()


@pytest.mark.parametrize(
    "make",
    [a_folder, some_text, another_programs, a_newer_ones, cut_short, scribbled_on],
    ids=lambda make: make.__name__,
)
def test_no_store_is_started_on_top_of_something_else(
    cli: Cli, stock: Stock, store: Path, nothing_changes: Untouched, make: Callable[[Path], str]
) -> None:
    """`init` with the wrong name must not write into somebody's music or register."""
    make(store)
    with nothing_changes():
        answer = cli("init", "fife", "--json")
    assert answer.code == 3
    assert answer.error["code"] != "unexpected"


def test_a_server_that_is_not_there(cli: Cli) -> None:
    """A network that is down is the third kind too, and says so without the password."""
    place = "postgresql://clerk:s3cret@127.0.0.1:1/kits"
    answer = cli("loans", "--json", store=place)
    assert (answer.code, answer.error["code"]) == (3, "unreachable")
    assert "s3cret" not in answer.out + answer.err


def without_roots_ways() -> None:
    """In a child that is about to become `kitloan`: modes of files bind even root."""
    if os.geteuid() == 0:
        drop, override, search = 24, 1, 2  # PR_CAPBSET_DROP of CAP_DAC_OVERRIDE, _READ_SEARCH
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (override, search):
            if libc.prctl(drop, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")


BOUND = pytest.mark.skipif(
    os.name == "nt" or (sys.platform != "linux" and os.geteuid() == 0),
    reason="modes of files bind nobody here",
)


@BOUND
@pytest.mark.parametrize("mode", [(0o444, 0o755), (0o444, 0o555), (0o644, 0o555)])
def test_a_store_that_may_only_be_read(
    program: Program,
    stock: Stock,
    store: Path,
    nothing_changes: Untouched,
    mode: tuple[int, int],
) -> None:
    """On a share that is read-only people can look things up, and are told that that is all."""
    store.chmod(mode[0])
    store.parent.chmod(mode[1])
    try:
        with nothing_changes():
            shown = program("show", "FC001", "--json", preexec_fn=without_roots_ways)
            lent = program(
                "checkout", "FC001", "--to", "Glenwood", "--json", preexec_fn=without_roots_ways
            )
    finally:
        store.parent.chmod(0o755)
    assert (shown.code, shown.json["status"]) == (0, "in")
    assert (lent.code, lent.error["code"]) == (3, "read_only")


@BOUND
def test_a_folder_that_may_not_be_written(
    program: Program, stock: Stock, store: Path, tmp_path: Path
) -> None:
    """Starting a store where nobody may write says so, and leaves nothing."""
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    answer = program(
        "init", "ayrshire", "--json", store=folder / "a.sqlite", preexec_fn=without_roots_ways
    )
    assert (answer.code, answer.error["code"]) == (3, "cannot_create")
    assert not list(folder.iterdir())


@BOUND
def test_a_folder_that_may_not_be_entered(program: Program, stock: Stock, store: Path) -> None:
    """A share whose permissions somebody changed is a refusal in words, with the place."""
    store.parent.chmod(0o000)
    try:
        for line in (("show", "FC001"), ("init", "fife")):
            answer = program(*line, "--json", preexec_fn=without_roots_ways)
            assert (answer.code, answer.error["code"]) == (3, "unreachable")
            assert str(store) in answer.error["message"]
    finally:
        store.parent.chmod(0o755)


@BOUND
def test_a_ledger_for_a_folder_that_may_not_be_entered(
    program: Program, stock: Stock, tmp_path: Path
) -> None:
    """The file is at fault there, and not the store."""
    (tmp_path / "locked").mkdir(mode=0o000)
    file = tmp_path / "locked" / "fife.kitloan"
    answer = program("ledger", "export", file, "--json", preexec_fn=without_roots_ways)
    assert (answer.code, answer.error["code"]) == (2, "cannot_write")


WRITERS = {
    "export": ("ledger", "export", "{file}"),
    "labels": ("labels", "--all", "--stock", "l7160", "--out", "{file}"),
    "preview": ("labels", "--all", "--stock", "l7160", "--preview", "{file}"),
    "blank": ("labels", "--blank", "4", "--stock", "l7160", "--out", "{file}"),
    "roll": ("labels", "{kit}", "--stock", "dk11209", "--preview", "{file}"),
    "cards": ("cards", "commands", "--out", "{file}"),
    "html": ("audit", "--html", "{file}"),
    "xlsx": ("audit", "--xlsx", "{file}"),
}


@pytest.mark.parametrize("command", WRITERS)
def test_nothing_is_written_over_a_store(
    cli: Cli, stock: Stock, nothing_changes: Untouched, store: Path, command: str
) -> None:
    """A name that the shell completed wrongly would cost a college its register."""
    copy = store.parent / "backups" / "fife-2026-11-22.sqlite"
    copy.parent.mkdir()
    copy.write_bytes(store.read_bytes())
    link = store.parent / "report"
    link.symlink_to(store)
    journal = store.with_name("fife.sqlite-journal")
    with nothing_changes():
        for file in (store, copy, link, journal):
            line = [part.format(file=file, kit=stock.kit) for part in WRITERS[command]]
            answer = cli(*line, "--json")
            assert (answer.code, answer.error["code"]) == (2, "is_a_store"), file
