"""Backups are proved before they are called backups."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

import drills
import kitloan
from backup.files import HISTORY, names_in, path_of
from conftest import SetClock
from crowd import Crowd, raw
from kitloan import BadInput, NewHolding, StoreError
from kitloan.backups import local_tables
from kitloan.college import College
from lives import everything_in, long_life, rows_of, unguarded


def test_it_holds_all_that_the_store_holds(
    fife: College, clock: SetClock, backup: Path, tmp_path: Path
) -> None:
    """A backup that leaves out the people, the notes or one loan is found out too late."""
    long_life(fife, clock, tmp_path)
    fife.exchange.export(tmp_path / "sent")
    done = fife.backups.make(backup)
    with kitloan.open(backup) as copy:
        tables = (*HISTORY, *local_tables())
        here, there = rows_of(fife, tables), rows_of(copy, tables)
        here["setting"] = [row for row in here["setting"] if row["college"]]
        there["setting"] = [row for row in there["setting"] if row["college"]]
        assert there == here
        assert here["contact"]
        assert here["remark"]
        assert here["setting"]
        assert copy.ledger.verify().ledgers == done.ledgers
        assert copy.ledger.heads() == fife.ledger.heads()
    assert done.bytes == backup.stat().st_size


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_only_its_owner_can_read_it(fife: College, backup: Path) -> None:
    """The backup holds teachers' names, as the store does."""
    fife.backups.make(backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert names_in(backup.parent) == ["fife.sqlite"]


def test_others_go_on_lending(fife: College, place: str, crowd: Crowd, tmp_path: Path) -> None:
    """Nobody makes backups that close the counter, and one of half a loan is worth nothing."""
    tags = [fife.holdings.add(NewHolding("STEM kit")).tag for _ in range(40)]
    files, lent = crowd.do(drills.back_up_or_lend, place, tags, tmp_path)
    assert lent == tags
    whole = {(row["seq"], row["hash"]) for row in rows_of(fife, HISTORY)["ledger_entry"]}
    for file in files:
        with kitloan.open(file) as copy:
            assert copy.ledger.verify().ok
            (top,) = copy.ledger.heads()
            assert (top.entries, top.head) in whole


def test_a_damaged_store_gives_no_backup(fife: College, place: str, kit: str, backup: Path) -> None:
    """A copy of what is rotten already must not push out the one that was good."""
    engine = raw(place)
    with engine.begin() as connection, unguarded(connection):
        connection.execute(
            sa.text("UPDATE ledger_entry SET body = replace(body, 'FC001', 'FC007')")
        )
    engine.dispose()
    with pytest.raises(StoreError) as refusal:
        fife.backups.make(backup)
    assert (refusal.value.code, refusal.value.exit_code) == ("damaged", 3)
    assert "altered" in refusal.value.message
    assert names_in(backup.parent) == []


def test_a_register_that_history_does_not_make_gives_no_backup(
    fife: College, place: str, kit: str, backup: Path
) -> None:
    """A loan that fell out of the tables must be noticed while the kit can still be found."""
    fife.loans.check_out([kit], "Glenrothes High School")
    engine = raw(place)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM loan"))
    engine.dispose()
    with pytest.raises(StoreError) as refusal:
        fife.backups.make(backup)
    assert refusal.value.code == "damaged"
    assert "loan" in refusal.value.message
    assert names_in(backup.parent) == []


def test_no_file_is_replaced(fife: College, backup: Path) -> None:
    """The backup that a slip of the hand names may be the only good one, or the store."""
    backup.write_bytes(b"last year's")
    with pytest.raises(BadInput) as refusal:
        fife.backups.make(backup)
    assert refusal.value.code == "exists"
    assert backup.read_bytes() == b"last year's"
    if fife.session.store.is_sqlite:
        before = path_of(fife).read_bytes()
        with pytest.raises(BadInput) as refusal:
            fife.backups.make(path_of(fife))
        assert refusal.value.code == "same_file"
        assert path_of(fife).read_bytes() == before


def test_a_college_takes_nobody_elses_away(new_postgres: Callable[[], str], backup: Path) -> None:
    """A backup of a shared database on a stick must not carry other colleges' people."""
    place = new_postgres()
    with kitloan.init("fife", place) as fife, kitloan.init("ayrshire", place) as ayrshire:
        tag = ayrshire.holdings.add(NewHolding("Device")).tag
        ayrshire.loans.check_out([tag], "Kyle Academy", contact="Isla Kerr")
        fife.backups.make(backup)
    with kitloan.open(backup) as copy:
        rows = [row for rows in everything_in(copy).values() for row in rows]
    assert {row["college"] for row in rows} == {"", "fife"}
