"""Restoring a backup loses nothing unsaid."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

import drills
import kitloan
from backup.files import HISTORY, names_in, path_of, restore
from conftest import SetClock
from crowd import Crowd
from kitloan import BadInput, NewHolding, Refused, StoreError
from kitloan.backups import local_tables
from kitloan.backups.restoring import RestoreRequest, restoring
from kitloan.college import College
from kitloan.storage.places import is_url
from lives import long_life, rows_of
from trusting import hear, merge

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows replaces no file that is open")


def test_a_drill(
    fife: College,
    new_place: Callable[[], str],
    clock: SetClock,
    backup: Path,
    tmp_path: Path,
) -> None:
    """The laptop is stolen: on a new one the college lends on, and its history holds."""
    tags = long_life(fife, clock, tmp_path)
    fife.backups.make(backup)
    before = rows_of(fife, (*HISTORY, *local_tables()))
    clock.move(days=1)
    new = new_place(empty=True)
    done = restore(backup, new, clock)
    assert (done.ledger, done.entries_lost, done.kept) == ("fife/2", 0, None)
    if not is_url(new) and os.name != "nt":
        assert stat.S_IMODE(Path(new).stat().st_mode) == 0o600
    with kitloan.open(new, actor="j.bain", clock=clock) as desk:
        after = rows_of(desk, (*HISTORY, *local_tables()))
        for name in ("holding", "loan", "contact", "remark", "shortage"):
            assert after[name] == before[name], name
        desk.loans.check_out([tags["four"]], "Lochside Academy")
        (resumed, lent) = desk.ledger.log(last=2)
        assert (resumed.kind, lent.kind) == ("ledger.resumed", "loan.checked_out")
        assert resumed.seq == len(before["ledger_entry"]) + 1
        verdict = desk.ledger.verify()
        assert verdict.ok, verdict.findings
        assert [each.ledger for each in verdict.ledgers] == ["fife/2"]


def test_it_says_what_is_lost_and_keeps_it(filed: College, clock: SetClock, backup: Path) -> None:
    """What was lent since the backup is out there in a school, and somebody must know where."""
    (saved,) = filed.backups.make(backup).ledgers
    clock.move(days=3)
    for number in range(7):
        filed.loans.check_out([filed.holdings.add(NewHolding("Kit")).tag], f"School {number}")
    lost = filed.ledger.heads()
    with restoring(RestoreRequest(backup, str(path_of(filed)), "j.bain", clock)) as found:
        (mine,) = found.loss.ledgers
        assert found.loss.present == "whole"
        assert (mine.ledger, mine.since) == ("fife", "2026-11-26T11:42:00Z")
        assert mine.entries == found.loss.entries == lost[0].entries - saved.entries
        assert "School 6" in found.loss.last[-1].summary
        done = found.carry_out()
    assert done.kept is not None
    assert Path(done.kept).name == "fife.before-restore-20261126-114200.sqlite"
    assert stat.S_IMODE(Path(done.kept).stat().st_mode) & 0o077 == 0 or os.name == "nt"
    with kitloan.open(done.kept) as old:
        assert old.ledger.verify().ok
        assert old.ledger.heads() == lost
    with kitloan.open(path_of(filed)) as new:
        assert new.find.search("").total == 4
        assert new.ledger.verify().ok
    assert names_in(path_of(filed).parent) == [
        "fife.before-restore-20261126-114200.sqlite",
        "fife.sqlite",
    ]


def test_nothing_kept_is_kept_over(filed: College, clock: SetClock, backup: Path) -> None:
    """Two restores in one second: the first old store is the one that was of worth."""
    filed.backups.make(backup)
    done = [restore(backup, path_of(filed), clock) for _ in range(3)]
    assert len({each.kept for each in done}) == 3
    assert all(Path(str(each.kept)).exists() for each in done)
    assert [each.ledger for each in done] == ["fife/2", "fife/3", "fife/4"]
    with kitloan.open(path_of(filed)) as desk:
        assert desk.ledger.verify().ok


def test_going_back_to_what_was_kept(filed: College, clock: SetClock, backup: Path) -> None:
    """Whoever restored by mistake gets everything back, in an epoch that nothing else has."""
    filed.backups.make(backup)
    filed.loans.check_out(["FC1"], "Glenrothes High School")
    done = restore(backup, path_of(filed), clock)
    clock.move(minutes=5)
    again = restore(Path(str(done.kept)), path_of(filed), clock)
    assert (again.ledger, again.entries_lost) == ("fife/3", 1)
    with kitloan.open(path_of(filed)) as desk:
        assert desk.find.holding("FC1").status == "out"
        assert desk.ledger.verify().ok


def test_a_damaged_backup_changes_nothing(filed: College, clock: SetClock, backup: Path) -> None:
    """One flipped byte in the backup must not become the college's history."""
    filed.backups.make(backup)
    rotten = backup.read_bytes().replace(b'"asset_number":"FC2"', b'"asset_number":"FD2"', 1)
    assert rotten != backup.read_bytes()
    backup.write_bytes(rotten)
    before = path_of(filed).read_bytes()
    with pytest.raises(StoreError) as refusal:
        restore(backup, path_of(filed), clock)
    assert refusal.value.code == "damaged"
    assert str(backup) in refusal.value.message
    assert path_of(filed).read_bytes() == before
    assert names_in(path_of(filed).parent) == ["fife.sqlite"]
    assert backup.read_bytes() == rotten


def test_a_damaged_store_is_replaced_and_kept(
    filed: College, clock: SetClock, backup: Path
) -> None:
    """The day the disk rots is the day that restoring is for."""
    filed.backups.make(backup)
    filed.close()
    path = path_of(filed)
    broken = b"\0" * 4096 + path.read_bytes()[4096:]
    path.write_bytes(broken)
    stale = Path(f"{path}-journal")
    stale.write_bytes(b"of the broken file")
    with restoring(RestoreRequest(backup, str(path), "j.bain", clock)) as found:
        assert found.loss.present == "damaged"
        done = found.carry_out()
    assert done.kept is not None
    assert Path(done.kept).read_bytes() == broken
    assert not stale.exists(), "SQLite would play it into the restored store"
    with kitloan.open(path) as desk:
        assert desk.ledger.verify().ok


def test_another_colleges_backup_is_refused(
    filed: College, clock: SetClock, tmp_path: Path
) -> None:
    """A stick from the neighbours must not turn a college into another."""
    with kitloan.init("ayrshire", tmp_path / "a.sqlite") as other:
        other.backups.make(tmp_path / "b.sqlite")
    before = path_of(filed).read_bytes()
    with pytest.raises(Refused) as refusal:
        restore(tmp_path / "b.sqlite", path_of(filed), clock)
    assert refusal.value.code == "another_college"
    assert path_of(filed).read_bytes() == before


@pytest.mark.parametrize("what", ["missing", "text", "store itself"])
def test_what_is_no_backup_is_refused(
    filed: College, clock: SetClock, tmp_path: Path, what: str
) -> None:
    """A slip in the file's name costs a sentence and nothing else."""
    file = tmp_path / "x"
    if what == "text":
        file.write_text("not a store")
    if what == "store itself":
        file = path_of(filed)
    before = path_of(filed).read_bytes()
    with pytest.raises((BadInput, StoreError)) as refusal:
        restore(file, path_of(filed), clock)
    codes = {"missing": "no_such_file", "text": "damaged", "store itself": "same_file"}
    assert refusal.value.code == codes[what]
    assert path_of(filed).read_bytes() == before


@POSIX
def test_a_desk_that_was_open_loses_nothing_unsaid(
    filed: College, clock: SetClock, backup: Path
) -> None:
    """A loan written into a file that nobody will open again would be reported and gone."""
    filed.backups.make(backup)
    restore(backup, path_of(filed), clock)
    with pytest.raises(StoreError) as refusal:
        filed.loans.check_out(["FC1"], "Glenrothes High School")
    assert refusal.value.code == "replaced"
    assert not list(path_of(filed).parent.glob("*-journal"))
    with kitloan.open(path_of(filed), clock=clock) as desk:
        desk.loans.check_out(["FC1"], "Glenrothes High School")
        assert desk.ledger.verify().ok


def test_what_was_written_while_people_were_asked_is_not_lost(
    filed: College, clock: SetClock, backup: Path
) -> None:
    """What a person agreed to lose is what they were shown, and no more."""
    filed.backups.make(backup)
    with restoring(RestoreRequest(backup, str(path_of(filed)), "j.bain", clock)) as found:
        filed.loans.check_out(["FC1"], "Glenrothes High School")
        with pytest.raises(Refused) as refusal:
            found.carry_out()
    assert refusal.value.code == "changed_meanwhile"
    assert filed.find.holding("FC1").status == "out"
    assert filed.ledger.heads()[0].ledger == "fife"
    assert names_in(path_of(filed).parent) == ["fife.sqlite"]


def test_a_shared_database_turns_no_college_back(
    new_postgres: Callable[[], str], clock: SetClock, backup: Path
) -> None:
    """On a server that colleges share, restoring one must not reach into it by surprise."""
    place = new_postgres()
    with kitloan.init("fife", place) as fife, kitloan.init("ayrshire", place):
        fife.backups.make(backup)
        for url in (place, f"{place}&college=fife"):
            with pytest.raises(Refused) as refusal:
                restore(backup, url, clock)
            assert refusal.value.code == "college_is_there"
        with pytest.raises(Refused) as refusal:
            restore(backup, f"{place}&college=ayrshire", clock)
        assert refusal.value.code == "another_college"
        assert [each.ledger for each in fife.ledger.heads()] == ["ayrshire", "fife"]


def test_a_college_that_heard_esp_moves_to_where_esp_is(
    filed: College, new_postgres: Callable[[], str], clock: SetClock, tmp_path: Path
) -> None:
    """A college that joins the shared server brings its history, and no copy of ESP's."""
    place = new_postgres()
    with kitloan.init("esp", place, clock=clock) as esp:
        esp.exchange.export(tmp_path / "esp")
        hear(filed, tmp_path / "esp")
        filed.backups.make(tmp_path / "backup.sqlite")
        before = esp.ledger.heads()
        assert restore(tmp_path / "backup.sqlite", place, clock).ledger == "fife/2"
        assert [each.ledger for each in esp.ledger.heads()] == ["esp", "fife/2"]
        assert esp.ledger.heads()[0] == before[0]
        assert esp.ledger.verify().ok


@pytest.mark.skipif(not hasattr(os, "fork"), reason="restores are killed as forks")
@pytest.mark.parametrize(
    ("kills", "seed"),
    [(24, 0), *(pytest.param(25, seed, marks=pytest.mark.soak) for seed in range(1, 21))],
)
def test_a_kill_leaves_the_old_store_or_the_new_one(
    filed: College, backup: Path, crowd: Crowd, kills: int, seed: int
) -> None:
    """A battery that dies in the middle of a restore must leave the college a register."""
    filed.backups.make(backup)
    filed.loans.check_out(["FC1"], "Glenrothes High School")
    filed.close()
    place = str(path_of(filed))
    (ends,) = crowd.do(drills.kill_restores, str(backup), place, kills, seed, each=1)
    assert sum(ends.values()) == kills
    assert set(ends) <= {"old", "new"}, ends
    assert ends["old"], "some kills came before the end"


def test_a_drill_of_the_national_store(tmp_path: Path, clock: SetClock) -> None:
    """ESP's store comes back with every college's ledger that was merged into it."""
    with kitloan.init("fife", tmp_path / "fife.sqlite", clock=clock) as fife:
        fife.holdings.add(NewHolding("Device"))
        fife.exchange.export(tmp_path / "sent")
    place = tmp_path / "esp.sqlite"
    with kitloan.init("esp", place, clock=clock) as esp:
        merge(esp, [tmp_path / "sent"])
        esp.backups.make(tmp_path / "backup.sqlite")
    place.unlink()
    done = restore(tmp_path / "backup.sqlite", place, clock)
    assert done.ledger == "esp/2"
    with kitloan.open(place) as esp:
        assert {each.ledger for each in esp.ledger.heads()} == {"esp/2", "fife"}
        assert esp.ledger.verify().ok


def test_esp_goes_on_with_a_restored_ledger(
    filed: College, clock: SetClock, tmp_path: Path
) -> None:
    """A college that restored would otherwise be shut out of the audit as a forger."""
    filed.exchange.export(tmp_path / "first")  # from now on the college has a key
    filed.backups.make(tmp_path / "backup.sqlite")
    filed.loans.check_out(["FC1"], "Glenrothes High School")
    filed.exchange.export(tmp_path / "before")
    restore(tmp_path / "backup.sqlite", path_of(filed), clock)
    with kitloan.open(path_of(filed), actor="j.bain", clock=clock) as desk:
        desk.loans.check_out(["FC2"], "Auchmuty High School")
        desk.exchange.export(tmp_path / "after")
    with kitloan.init("esp", tmp_path / "esp.sqlite", clock=clock) as esp:
        for sent in ("before", "after"):
            merge(esp, [tmp_path / sent])
        assert {each.ledger for each in esp.ledger.heads()} == {"esp", "fife/2"}
        assert esp.ledger.verify().ok
        assert [loan.to for loan in esp.find.loans().items] == ["Auchmuty High School"]
