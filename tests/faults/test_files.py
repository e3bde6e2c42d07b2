"""What befalls a store's file while a desk works on it: nothing is reported that is not there."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import kitloan
from faults.beneath import command, immutable
from faults.conftest import KITS
from kitloan import StoreError
from kitloan.college import College

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody touch a file that is open")


@pytest.fixture
def desk(stocked: Path) -> Iterator[College]:
    """A desk that has been at work for a while."""
    with kitloan.open(stocked, actor="m.ross") as opened:
        opened.loans.check_out([KITS[0]], "Viewforth")
        yield opened


def removed(store: Path, whole: bytes) -> None:
    """Somebody tidied up."""
    store.unlink()


def replaced(store: Path, whole: bytes) -> None:
    """Somebody copied an older one over it by way of another name."""
    other = store.with_name("other")
    other.write_bytes(whole)
    other.replace(store)


def moved(store: Path, whole: bytes) -> None:
    """Somebody renamed it."""
    store.rename(store.with_name("old.sqlite"))


def emptied(store: Path, whole: bytes) -> None:
    """A shell's `>` in the wrong place."""
    os.truncate(store, 0)


def cut_short(store: Path, whole: bytes) -> None:
    """A synchronising program that broke off."""
    os.truncate(store, 3 * 4096)


def cut_in_a_page(store: Path, whole: bytes) -> None:
    """The same, not at the end of a page."""
    os.truncate(store, 12_345)


def overwritten(store: Path, whole: bytes) -> None:
    """A letter saved under the store's name."""
    store.write_bytes(b"Dear Sir or Madam, " * 9_000)


def zeroed(store: Path, whole: bytes) -> None:
    """A file system that lost its contents and kept their length."""
    store.write_bytes(bytes(len(whole)))


BEFALLS = (
    (removed, {"replaced"}),
    (replaced, {"replaced"}),
    (moved, {"replaced"}),
    (emptied, {"damaged"}),
    (cut_short, {"damaged"}),
    (cut_in_a_page, {"damaged"}),
    (overwritten, {"damaged"}),
    (zeroed, {"damaged"}),
)


@POSIX
@pytest.mark.parametrize(("befall", "codes"), BEFALLS, ids=[each[0].__name__ for each in BEFALLS])
def test_under_a_running_desk(
    desk: College, stocked: Path, befall: Callable[[Path, bytes], None], codes: set[str]
) -> None:
    """A loan that is reported into a file that nobody will open again is a kit that is lost."""
    befall(stocked, stocked.read_bytes())
    left = stocked.read_bytes() if stocked.exists() else None
    for _ in range(2):
        with pytest.raises(StoreError) as refusal:
            desk.loans.check_out([KITS[1]], "Viewforth")
        assert (refusal.value.code in codes, refusal.value.exit_code) == (True, 3), refusal.value
    assert (stocked.read_bytes() if stocked.exists() else None) == left, "nothing was written"


@POSIX
@pytest.mark.parametrize("befall", [each[0] for each in BEFALLS], ids=lambda each: each.__name__)
def test_before_a_command(stocked: Path, befall: Callable[[Path, bytes], None]) -> None:
    """The next command says what is wrong, and makes nothing worse."""
    befall(stocked, stocked.read_bytes())
    left = stocked.read_bytes() if stocked.exists() else None
    answer = command(stocked, "checkout", KITS[1], "--to", "Viewforth", "--json")
    assert answer.code == (0 if befall is replaced else 3)
    if befall is not replaced:
        assert answer.error["code"] in ("no_store", "not_a_store", "damaged")
        assert (stocked.read_bytes() if stocked.exists() else None) == left


@pytest.mark.parametrize("folder_too", [False, True])
def test_a_file_that_nobody_may_write(stocked: Path, folder_too: bool) -> None:
    """An administrator who froze the file meant it; people can still look things up."""
    with contextlib.ExitStack() as until_the_end:
        try:
            until_the_end.enter_context(immutable(stocked))
            if folder_too:
                until_the_end.enter_context(immutable(stocked.parent))
        except PermissionError as problem:
            pytest.skip(problem.strerror or "")
        lent = command(stocked, "checkout", KITS[1], "--to", "Glenwood", "--json")
        assert (lent.code, lent.error["code"]) == (3, "read_only")
        assert command(stocked, "show", KITS[1], "--json").json["status"] == "in"
        assert command(stocked, "ledger", "verify").code == 0
    assert command(stocked, "checkout", KITS[1], "--to", "Glenwood").code == 0


def test_a_folder_that_is_frozen_under_a_desk(desk: College, stocked: Path) -> None:
    """A share whose rights were taken away is said in words; the desk lends when they are back."""
    with contextlib.ExitStack() as until_the_end:
        try:
            until_the_end.enter_context(immutable(stocked.parent))
        except PermissionError as problem:
            pytest.skip(problem.strerror or "")
        with pytest.raises(StoreError) as refusal:
            desk.loans.check_out([KITS[1]], "Viewforth")
        assert refusal.value.code in ("read_only", "unreachable")
        assert desk.find.holding(KITS[1]).status == "in"
    desk.loans.check_out([KITS[1]], "Viewforth")
    assert desk.ledger.verify().ok


def test_a_journal_of_a_killed_desk_is_played_back(stocked: Path, tmp_path: Path) -> None:
    """The half change of a desk that lost its power is taken back by whoever opens next."""
    with closing(sqlite3.connect(stocked, isolation_level=None)) as dying:
        dying.execute("PRAGMA cache_size = 1")  # so that the change spills into the file
        dying.execute("BEGIN IMMEDIATE")
        dying.execute("UPDATE holding SET location = hex(randomblob(2000))")
        shutil.copy(stocked, tmp_path / "fife.sqlite")
        shutil.copy(f"{stocked}-journal", tmp_path / "fife.sqlite-journal")
        dying.execute("ROLLBACK")
    with kitloan.open(tmp_path / "fife.sqlite") as desk:
        assert desk.ledger.verify().ok
        assert desk.find.search("").total == len(KITS)
