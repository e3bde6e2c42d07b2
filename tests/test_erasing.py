"""Erased means erased: in the store's files, in every copy beside it, and when said again."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

import kitloan
from conftest import SetClock
from kitloan import BadInput, NewHolding
from kitloan.backups.daily import copy_if_due
from kitloan.backups.restoring import RestoreRequest, restoring
from kitloan.borrowers.people import Erased
from kitloan.college import College
from kitloan.storage.store import Store

NAME = "Zebedee Quark"


@pytest.fixture
def lent(tmp_path: Path, clock: SetClock) -> Iterator[College]:
    """Fife's file, in a folder of its own, in which Zebedee has a kit."""
    (tmp_path / "desk").mkdir()
    place = tmp_path / "desk" / "fife.sqlite"
    with kitloan.init("fife", place, actor="m.ross", clock=clock) as fife:
        lend(fife)
        yield fife


def lend(fife: College) -> None:
    """Zebedee takes a kit."""
    tag = fife.holdings.add(NewHolding("Kit")).tag
    fife.loans.check_out([tag], "Lochside Academy", contact=NAME, purpose=f"for {NAME}'s S2")


def holding(folder: Path) -> list[str]:
    """The files of a folder in which the person stands."""
    files = [each for each in sorted(folder.rglob("*")) if each.is_file()]
    return [each.name for each in files if b"zebedee" in each.read_bytes().lower()]


def folder_of(fife: College) -> Path:
    """Where its file lies."""
    return Path(fife.session.store.name).parent


def the_days_copy(fife: College) -> Path:
    """Today's copy, made now."""
    outcome = copy_if_due(fife.session.store, fife.session.today)
    assert outcome is not None and outcome.file is not None
    return outcome.file


def test_a_copy_that_was_in_use_forgets_when_it_is_said_again(
    lent: College, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who looks into yesterday's copy must not keep a person in it for ever."""
    monkeypatch.setattr("kitloan.storage.store.BUSY_SECONDS", 0.1)
    copy = the_days_copy(lent)
    elsewhere = sqlite3.connect(copy)
    elsewhere.execute("BEGIN IMMEDIATE")
    first = lent.people.erase(NAME)
    assert (first.people, first.copies_left, first.is_done) == (1, (str(copy),), False)
    again = lent.people.erase(NAME)
    assert again.copies_left == (str(copy),)
    elsewhere.close()
    assert lent.people.erase(NAME).is_done
    assert holding(folder_of(lent)) == []
    with pytest.raises(BadInput) as refusal:
        lent.people.erase(NAME)
    assert refusal.value.code == "unknown_contact"


@pytest.mark.skipif(os.name == "nt", reason="only POSIX can be told how long a file may be")
def test_a_disk_that_fills_leaves_an_erasure_that_is_finished_later(lent: College) -> None:
    """ "Nothing was written" must not be said of a person whose row went and whose bytes stay."""
    import resource

    place = lent.session.store.name
    with closing(sqlite3.connect(place)) as connection:  # no room in the file that is free already
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (Path(place).stat().st_size, most))
    try:
        erased = lent.people.erase(NAME)  # the rows fit, but not the file over again
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert (erased.people, erased.is_done) == (1, False)
    assert erased.store_left
    assert lent.people.known() == []
    assert copy_if_due(lent.session.store, lent.session.today) is None, "no copy of what is left"
    assert lent.people.erase(NAME) == Erased(0, 0), "said again, with room, it is finished"
    with pytest.raises(BadInput):
        lent.people.erase(NAME)


def test_a_store_that_a_restore_replaced_forgets_too(lent: College, tmp_path: Path) -> None:
    """A file that kitloan itself put beside the store holds the person like any copy."""
    lent.backups.make(tmp_path / "stick.sqlite")
    place = lent.session.store.name
    lent.close()
    with restoring(RestoreRequest(tmp_path / "stick.sqlite", place, "m.ross")) as found:
        found.carry_out()
    with kitloan.open(place) as fife:
        assert len(holding(folder_of(fife))) == 2
        assert fife.people.erase(NAME).is_done
        assert holding(folder_of(fife)) == []


def test_who_stands_in_an_older_copy_alone_can_be_forgotten(lent: College, tmp_path: Path) -> None:
    """A backup from before the loan was restored: the person is in the replaced store, and asks."""
    place = lent.session.store.name
    with kitloan.init("fife", tmp_path / "before.sqlite", actor="m.ross"):
        pass
    lent.close()
    with restoring(RestoreRequest(tmp_path / "before.sqlite", place, "m.ross")) as found:
        found.carry_out()
    with kitloan.open(place) as fife:
        assert fife.people.known() == []
        assert fife.people.erase(NAME) == Erased(1, 0)
        assert holding(folder_of(fife)) == []


class Interrupted(Store):
    """A store in which somebody is forgotten just when a copy of it is made."""

    def __init__(self, fife: College) -> None:
        path = Path(fife.session.store.name)
        super().__init__(fife.session.store.engine, str(path), path.parent)
        self._fife = fife

    def copy_to(self, place: Path) -> None:
        super().copy_to(place)
        self._fife.people.erase(NAME)


def test_a_copy_in_the_making_brings_nobody_back(lent: College) -> None:
    """A copy that was begun before a person was forgotten, and ended after, would hold them."""
    assert copy_if_due(Interrupted(lent), lent.session.today) is None
    assert holding(folder_of(lent)) == []
    assert the_days_copy(lent).exists(), "it is made without them the next time"
    assert holding(folder_of(lent)) == []


@pytest.mark.parametrize("name", [".kitloan-reading-x/aside.sqlite", "backups/{half}"])
def test_what_a_killed_command_left_goes_or_is_named(lent: College, name: str) -> None:
    """A verify that was killed leaves the whole store behind, people and all."""
    left = folder_of(lent) / name.format(half=".fife-2026-11-22.sqlite.0123abcd.part")
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(Path(lent.session.store.name).read_bytes())
    top = left.parent if left.parent.name.startswith(".") else left
    assert lent.people.erase(NAME).copies_left == (str(top),), "it may be somebody's work"
    with pytest.raises(BadInput) as refusal:
        lent.people.erase(NAME)
    assert refusal.value.details["unread"] == [str(top)], "still not said to be gone"
    long_ago = time.time() - 25 * 3600
    os.utime(top, (long_ago, long_ago))
    lend(lent)
    assert lent.people.erase(NAME).is_done
    assert holding(folder_of(lent)) == []


@pytest.mark.parametrize("name", ["kitloan-x1y2z3/aside.sqlite", ".kitloan-restore-x/kept.sqlite"])
def test_a_copy_that_was_left_in_the_systems_folder_is_reached(
    lent: College, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stick without room has its copies made elsewhere, where nobody would look."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "system"))
    whole = tmp_path / "system" / name
    half = tmp_path / "system" / "kitloan-half" / "aside.sqlite"
    for each in (whole, half):
        each.parent.mkdir(parents=True)
    content = Path(lent.session.store.name).read_bytes()
    whole.write_bytes(content)
    half.write_bytes(content[: len(content) // 2])
    erased = lent.people.erase(NAME)
    assert erased.copies_left == (str(half),), "what cannot be read is named"
    assert b"zebedee" not in whole.read_bytes().lower()
    long_ago = time.time() - 25 * 3600
    os.utime(half, (long_ago, long_ago))
    lend(lent)
    assert lent.people.erase(NAME).is_done
    assert not half.exists()


def test_the_desks_log_forgets_too(
    lent: College, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody expected is written down with the words that brought it about."""
    monkeypatch.setattr("kitloan.borrowers.people.desk_log", lambda: tmp_path / "desk.log")
    log = tmp_path / "desk.log"
    log.write_text("2026-11-23T11:42:00Z\nValueError: Quark, Zebedee\nKeyError: 4\n")
    assert lent.people.erase(NAME).is_done
    assert "KeyError: 4" in log.read_text() and "Quark" not in log.read_text()
    log.write_text("ValueError: ZebedeeQuark\n")
    assert lent.people.erase(NAME).is_done, "also when it is in nothing but the log"
    with pytest.raises(BadInput):
        lent.people.erase(NAME)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the name of what is open")
def test_a_verify_that_is_killed_leaves_nobody(
    lent: College, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is there while it runs is what a kill would leave."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "system"))
    (tmp_path / "system").mkdir()
    seen: list[list[str]] = []
    lent.ledger.verify(lambda *_: seen.append(holding(tmp_path)))
    assert seen and all(each == ["fife.sqlite"] for each in seen)


def test_proving_a_backup_needs_no_more_room_on_the_stick(lent: College, tmp_path: Path) -> None:
    """A stick that holds one copy must do, and a slow one must not be written twice."""
    (tmp_path / "stick").mkdir()
    seen: list[int] = []

    def look(_done: int, _total: int) -> None:
        seen.append(len(list((tmp_path / "stick").iterdir())))

    lent.backups.make(tmp_path / "stick" / "fife.sqlite", look)
    assert seen and set(seen) == {1}


def test_a_long_reading_leaves_no_copy_to_find(lent: College) -> None:
    """A verify that is killed must leave nobody behind, wherever its copy was."""
    with lent.session.store.read_copy() as reading:
        assert reading.exec_driver_sql("SELECT count(*) FROM contact").scalar_one() == 1
        assert len(holding(folder_of(lent))) == (2 if os.name == "nt" else 1)
    assert holding(folder_of(lent)) == ["fife.sqlite"]


class TestPostgres:
    @pytest.fixture
    def shared(self, new_postgres: Callable[[], str], clock: SetClock) -> Iterator[College]:
        """Fife on a server, and Zebedee has a kit."""
        with kitloan.init("fife", new_postgres(), actor="m.ross", clock=clock) as fife:
            lend(fife)
            yield fife

    @staticmethod
    def bytes_left(url: str) -> bool:
        """Whether the person stands in the files of the two tables."""
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("CHECKPOINT")
            found: Any = server.execute(
                "SELECT current_setting('data_directory') || '/' || "
                "pg_relation_filepath(t::regclass) FROM unnest(ARRAY['contact', 'remark']) AS t"
            ).fetchall()
        return any(NAME.encode() in Path(path).read_bytes() for (path,) in found)

    @pytest.mark.parametrize("how", ["a snapshot", "a lock"])
    def test_what_others_still_see_is_told_and_goes_when_they_end(
        self, shared: College, how: str, clock: SetClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A report that runs elsewhere keeps the bytes; "forgotten" must not be said of them."""
        monkeypatch.setattr("kitloan.storage.rewriting.PATIENCE", 0.2)
        url = shared.session.store.engine.url.set(drivername="postgresql")
        plain = url.render_as_string(hide_password=False)
        report = psycopg.connect(plain)
        report.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        report.execute(f"SELECT 1 FROM {'holding' if how == 'a snapshot' else 'contact'}")
        erased = shared.people.erase(NAME)
        assert (erased.people, erased.remarks, erased.is_done) == (1, 1, False)
        assert "until earlier work ends" in erased.store_left or how == "a lock"
        assert self.bytes_left(plain)
        assert shared.people.erase(NAME).store_left, "said again, while it runs"
        report.close()
        kitloan.open(plain, clock=clock).close()
        assert not self.bytes_left(plain)
        with pytest.raises(BadInput):
            shared.people.erase(NAME)
