"""Backups are proved before they are called backups, and restoring one loses nothing unsaid."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import example, given, settings
from hypothesis import strategies as st

import drills
import kitloan
from conftest import SetClock
from crowd import Crowd, raw
from kitloan import BadInput, NewHolding, Refused, StoreError
from kitloan.backups import local_tables
from kitloan.backups.daily import DAYS, MONTHS, WEEKS, copy_if_due, kept
from kitloan.backups.replacing import Request
from kitloan.backups.restoring import Restored, restoring
from kitloan.library import Kitloan
from kitloan.models import LedgerEntry, table
from kitloan.models.every import REGISTER_TABLES
from kitloan.places import is_url
from lives import everything_in, long_life, rows_of, unguarded

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows replaces no file that is open")
TODAY = date(2026, 11, 23)
HISTORY = (table(LedgerEntry), *REGISTER_TABLES)


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    """Two processes that do what they are told at the same moment."""
    both = Crowd(2)
    yield both
    both.close()


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Where a backup can be made."""
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick" / "fife.sqlite"


@pytest.fixture
def filed(tmp_path: Path, clock: SetClock) -> Iterator[Kitloan]:
    """Fife's store as a file, with a few kits in it."""
    (tmp_path / "desk").mkdir()
    with kitloan.init("fife", tmp_path / "desk" / "fife.sqlite", actor="m.ross", clock=clock) as it:
        for number in range(4):
            it.holdings.add(NewHolding("STEM kit", asset_number=f"FC{number}"))
        yield it


def restore(file: Path, place: str | Path, clock: SetClock) -> Restored:
    """Restore a backup without asking."""
    with restoring(Request(file, str(place), "j.bain", clock)) as found:
        return found.carry_out()


def path_of(desk: Kitloan) -> Path:
    """The file of a store."""
    return Path(desk.session.store.name)


def names_in(folder: Path) -> list[str]:
    """What lies in a folder, hidden files too."""
    return sorted(each.name for each in folder.iterdir())


class TestBackup:
    def test_it_holds_all_that_the_store_holds(
        self, fife: Kitloan, clock: SetClock, backup: Path, tmp_path: Path
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
    def test_only_its_owner_can_read_it(self, fife: Kitloan, backup: Path) -> None:
        """The backup holds teachers' names, as the store does."""
        fife.backups.make(backup)
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600
        assert names_in(backup.parent) == ["fife.sqlite"]

    def test_others_go_on_lending(
        self, fife: Kitloan, place: str, crowd: Crowd, tmp_path: Path
    ) -> None:
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

    def test_a_damaged_store_gives_no_backup(
        self, fife: Kitloan, place: str, kit: str, backup: Path
    ) -> None:
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
        self, fife: Kitloan, place: str, kit: str, backup: Path
    ) -> None:
        """A loan that fell out of the tables must be noticed while the kit can still be found."""
        fife.desk.check_out([kit], "Glenrothes High School")
        engine = raw(place)
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM loan"))
        engine.dispose()
        with pytest.raises(StoreError) as refusal:
            fife.backups.make(backup)
        assert refusal.value.code == "damaged"
        assert "loan" in refusal.value.message
        assert names_in(backup.parent) == []

    def test_no_file_is_replaced(self, fife: Kitloan, backup: Path) -> None:
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

    def test_a_college_takes_nobody_elses_away(
        self, new_postgres: Callable[[], str], backup: Path
    ) -> None:
        """A backup of a shared database on a stick must not carry other colleges' people."""
        place = new_postgres()
        with kitloan.init("fife", place) as fife, kitloan.init("ayrshire", place) as ayrshire:
            tag = ayrshire.holdings.add(NewHolding("Device")).tag
            ayrshire.desk.check_out([tag], "Kyle Academy", contact="Isla Kerr")
            fife.backups.make(backup)
        with kitloan.open(backup) as copy:
            rows = [row for rows in everything_in(copy).values() for row in rows]
        assert {row["college"] for row in rows} == {"", "fife"}


class TestRestore:
    def test_a_drill(
        self,
        fife: Kitloan,
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
        new = new_place()
        done = restore(backup, new, clock)
        assert (done.ledger, done.entries_lost, done.kept) == ("fife/2", 0, None)
        if not is_url(new) and os.name != "nt":
            assert stat.S_IMODE(Path(new).stat().st_mode) == 0o600
        with kitloan.open(new, actor="j.bain", clock=clock) as desk:
            after = rows_of(desk, (*HISTORY, *local_tables()))
            for name in ("holding", "loan", "contact", "remark", "shortage"):
                assert after[name] == before[name], name
            desk.desk.check_out([tags["four"]], "Lochside Academy")
            (resumed, lent) = desk.ledger.log(last=2)
            assert (resumed.kind, lent.kind) == ("ledger.resumed", "loan.checked_out")
            assert resumed.seq == len(before["ledger_entry"]) + 1
            verdict = desk.ledger.verify()
            assert verdict.ok, verdict.findings
            assert [each.ledger for each in verdict.ledgers] == ["fife/2"]

    def test_it_says_what_is_lost_and_keeps_it(
        self, filed: Kitloan, clock: SetClock, backup: Path
    ) -> None:
        """What was lent since the backup is out there in a school, and somebody must know where."""
        (saved,) = filed.backups.make(backup).ledgers
        clock.move(days=3)
        for number in range(7):
            filed.desk.check_out([filed.holdings.add(NewHolding("Kit")).tag], f"School {number}")
        lost = filed.ledger.heads()
        with restoring(Request(backup, str(path_of(filed)), "j.bain", clock)) as found:
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

    def test_nothing_kept_is_kept_over(self, filed: Kitloan, clock: SetClock, backup: Path) -> None:
        """Two restores in one second: the first old store is the one that was of worth."""
        filed.backups.make(backup)
        done = [restore(backup, path_of(filed), clock) for _ in range(3)]
        assert len({each.kept for each in done}) == 3
        assert all(Path(str(each.kept)).exists() for each in done)
        assert [each.ledger for each in done] == ["fife/2", "fife/3", "fife/4"]
        with kitloan.open(path_of(filed)) as desk:
            assert desk.ledger.verify().ok

    def test_going_back_to_what_was_kept(
        self, filed: Kitloan, clock: SetClock, backup: Path
    ) -> None:
        """Whoever restored by mistake gets everything back, in an epoch that nothing else has."""
        filed.backups.make(backup)
        filed.desk.check_out(["FC1"], "Glenrothes High School")
        done = restore(backup, path_of(filed), clock)
        clock.move(minutes=5)
        again = restore(Path(str(done.kept)), path_of(filed), clock)
        assert (again.ledger, again.entries_lost) == ("fife/3", 1)
        with kitloan.open(path_of(filed)) as desk:
            assert desk.find.holding("FC1").status == "out"
            assert desk.ledger.verify().ok

    def test_a_damaged_backup_changes_nothing(
        self, filed: Kitloan, clock: SetClock, backup: Path
    ) -> None:
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
        self, filed: Kitloan, clock: SetClock, backup: Path
    ) -> None:
        """The day the disk rots is the day that restoring is for."""
        filed.backups.make(backup)
        filed.close()
        path = path_of(filed)
        broken = b"\0" * 4096 + path.read_bytes()[4096:]
        path.write_bytes(broken)
        stale = Path(f"{path}-journal")
        stale.write_bytes(b"of the broken file")
        with restoring(Request(backup, str(path), "j.bain", clock)) as found:
            assert found.loss.present == "damaged"
            done = found.carry_out()
        assert done.kept is not None
        assert Path(done.kept).read_bytes() == broken
        assert not stale.exists(), "SQLite would play it into the restored store"
        with kitloan.open(path) as desk:
            assert desk.ledger.verify().ok

    def test_another_colleges_backup_is_refused(
        self, filed: Kitloan, clock: SetClock, tmp_path: Path
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
        self, filed: Kitloan, clock: SetClock, tmp_path: Path, what: str
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
        self, filed: Kitloan, clock: SetClock, backup: Path
    ) -> None:
        """A loan written into a file that nobody will open again would be reported and gone."""
        filed.backups.make(backup)
        restore(backup, path_of(filed), clock)
        with pytest.raises(StoreError) as refusal:
            filed.desk.check_out(["FC1"], "Glenrothes High School")
        assert refusal.value.code == "replaced"
        assert not list(path_of(filed).parent.glob("*-journal"))
        with kitloan.open(path_of(filed), clock=clock) as desk:
            desk.desk.check_out(["FC1"], "Glenrothes High School")
            assert desk.ledger.verify().ok

    def test_what_was_written_while_people_were_asked_is_not_lost(
        self, filed: Kitloan, clock: SetClock, backup: Path
    ) -> None:
        """What a person agreed to lose is what they were shown, and no more."""
        filed.backups.make(backup)
        with restoring(Request(backup, str(path_of(filed)), "j.bain", clock)) as found:
            filed.desk.check_out(["FC1"], "Glenrothes High School")
            with pytest.raises(Refused) as refusal:
                found.carry_out()
        assert refusal.value.code == "changed_meanwhile"
        assert filed.find.holding("FC1").status == "out"
        assert filed.ledger.heads()[0].ledger == "fife"
        assert names_in(path_of(filed).parent) == ["fife.sqlite"]

    def test_a_shared_database_turns_no_college_back(
        self, new_postgres: Callable[[], str], clock: SetClock, backup: Path
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
        self, filed: Kitloan, new_postgres: Callable[[], str], clock: SetClock, tmp_path: Path
    ) -> None:
        """A college that joins the shared server brings its history, and no copy of ESP's."""
        place = new_postgres()
        with kitloan.init("esp", place, clock=clock) as esp:
            esp.exchange.export(tmp_path / "esp")
            filed.exchange.hear(tmp_path / "esp")
            filed.backups.make(tmp_path / "backup.sqlite")
            before = esp.ledger.heads()
            assert restore(tmp_path / "backup.sqlite", place, clock).ledger == "fife/2"
            assert [each.ledger for each in esp.ledger.heads()] == ["esp", "fife/2"]
            assert esp.ledger.heads()[0] == before[0]
            assert esp.ledger.verify().ok

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="restores are killed as forks")
    @pytest.mark.parametrize(
        ("kills", "seed"),
        [(24, 0), *(pytest.param(100, seed, marks=pytest.mark.soak) for seed in range(1, 6))],
    )
    def test_a_kill_leaves_the_old_store_or_the_new_one(
        self, filed: Kitloan, backup: Path, crowd: Crowd, kills: int, seed: int
    ) -> None:
        """A battery that dies in the middle of a restore must leave the college a register."""
        filed.backups.make(backup)
        filed.desk.check_out(["FC1"], "Glenrothes High School")
        filed.close()
        place = str(path_of(filed))
        (ends,) = crowd.do(drills.kill_restores, str(backup), place, kills, seed, each=1)
        assert sum(ends.values()) == kills
        assert set(ends) <= {"old", "new"}, ends
        assert ends["old"], "some kills came before the end"


class TestDaily:
    def test_one_copy_each_day_of_work(self, filed: Kitloan, clock: SetClock) -> None:
        """The college that never thought of backups still has yesterday's."""
        store, folder = filed.session.store, path_of(filed).parent / "backups"
        made = copy_if_due(store, filed.session.today)
        assert made is not None
        assert made.problem is None
        assert copy_if_due(store, filed.session.today) is None
        left = folder.parent / ".kitloan-restore-killed"
        left.mkdir()
        os.utime(left, (0, 0))
        clock.move(days=1)
        filed.desk.check_out(["FC1"], "Glenrothes High School")
        copy_if_due(store, filed.session.today)
        assert names_in(folder) == ["fife-2026-11-23.sqlite", "fife-2026-11-24.sqlite"]
        assert names_in(folder.parent) == ["backups", "fife.sqlite"]
        for name, status in zip(names_in(folder), ("in", "out"), strict=True):
            with kitloan.open(folder / name) as copy:
                assert copy.find.holding("FC1").status == status
                assert copy.ledger.verify().ok
        if os.name != "nt":
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {0o600}

    def test_a_shared_database_is_left_to_its_server(self, new_postgres: Callable[[], str]) -> None:
        """A college's laptop must not fill with copies of the server."""
        with kitloan.init("fife", new_postgres()) as fife:
            assert copy_if_due(fife.session.store, TODAY) is None

    def test_old_ones_go_and_nobody_elses_do(self, filed: Kitloan) -> None:
        """A folder called backups is where people put theirs, too."""
        folder = path_of(filed).parent / "backups"
        folder.mkdir()
        days = [TODAY - timedelta(days=age) for age in range(1, 1000)]
        for day in days:
            (folder / f"fife-{day}.sqlite").touch()
        foreign = [
            *("fife.sqlite", "fife-2020-02-31.sqlite", "fife-2020-01-01.sqlite.old", "notes.txt"),
            *("ayrshire-2020-01-01.sqlite", "my-fife-2020-01-01.sqlite", "fife-20200101.sqlite"),
        ]
        for name in foreign:
            (folder / name).touch()
        copy_if_due(filed.session.store, TODAY)
        left = {f"fife-{day}.sqlite" for day in kept([TODAY, *days], TODAY)}
        assert set(names_in(folder)) == left | set(foreign)
        assert len(left) < 40

    @pytest.mark.parametrize("trouble", ["a file in the way", "a store that is not whole"])
    def test_a_copy_that_fails_stops_nobody(self, filed: Kitloan, trouble: str) -> None:
        """The counter goes on lending on the day that the copy cannot be made, and hears why."""
        folder = path_of(filed).parent / "backups"
        if trouble == "a file in the way":
            folder.touch()
        else:
            with sqlite3.connect(path_of(filed)) as file:
                file.execute("DROP TRIGGER own_heads_move_forward")
                file.execute("UPDATE ledger_head SET hash = 'x'")
            file.close()
        outcome = copy_if_due(filed.session.store, TODAY)
        assert outcome is not None
        assert outcome.problem is not None
        assert outcome.file is None
        assert not list(folder.glob("*.sqlite")) or folder.is_file()
        if folder.is_dir():
            assert copy_if_due(filed.session.store, TODAY) is None, "said once"

    @settings(deadline=None)
    @given(st.sets(st.integers(0, 600)), st.integers(0, 150))
    @example({*range(14), 388, 389}, 46)  # the first of a month was thrown away a day too soon
    def test_what_is_kept_one_day_was_kept_the_day_before(self, ages: set[int], on: int) -> None:
        """A copy that should stand for March must not have been thrown away in February."""
        days = {TODAY - timedelta(days=age) for age in ages}
        then = TODAY + timedelta(days=on)
        step_by_step = days
        for more in range(on + 1):
            step_by_step = kept(step_by_step, TODAY + timedelta(days=more))
        for first, last, span in (
            (0, DAYS, 1),
            (DAYS, DAYS + 7 * WEEKS, 13),
            (DAYS + 7 * WEEKS, DAYS + 7 * WEEKS + 365, 61),
        ):
            for day in (day for day in days if first <= (then - day).days < last):
                near = [k for k in step_by_step if abs((k - day).days) < span]
                assert near, f"nothing is left near {day}"

    @settings(deadline=None)
    @given(st.sets(st.integers(-3000, 3000)))
    def test_copies_do_not_fill_the_disk(self, ages: set[int]) -> None:
        """Whatever lies there, a bounded number stays; and never none of the last fourteen."""
        days = {TODAY - timedelta(days=age) for age in ages}
        left = kept(days, TODAY)
        past = [day for day in left if day <= TODAY]
        assert left <= days
        assert len(past) <= DAYS + DAYS + WEEKS + 1 + MONTHS + 1
        assert set(sorted(day for day in days if day <= TODAY)[-DAYS:]) <= left
        old = {day for day in past if (TODAY - day).days >= DAYS + 7 * WEEKS + 365}
        assert len(old) <= DAYS

    def test_a_clock_ten_years_ahead_leaves_a_fortnight(self) -> None:
        """A flat battery on the board sets the clock wild, and must not take every copy."""
        days = {TODAY - timedelta(days=age) for age in range(60)}
        wild = TODAY.replace(year=2036)
        left = kept(days | {wild}, wild)
        assert sorted(left)[-DAYS:-1] == sorted(days)[-DAYS + 1 :]


def test_a_drill_of_the_national_store(tmp_path: Path, clock: SetClock) -> None:
    """ESP's store comes back with every college's ledger that was merged into it."""
    with kitloan.init("fife", tmp_path / "fife.sqlite", clock=clock) as fife:
        fife.holdings.add(NewHolding("Device"))
        fife.exchange.export(tmp_path / "sent")
    place = tmp_path / "esp.sqlite"
    with kitloan.init("esp", place, clock=clock) as esp:
        esp.exchange.merge([tmp_path / "sent"])
        esp.backups.make(tmp_path / "backup.sqlite")
    place.unlink()
    done = restore(tmp_path / "backup.sqlite", place, clock)
    assert done.ledger == "esp/2"
    with kitloan.open(place) as esp:
        assert {each.ledger for each in esp.ledger.heads()} == {"esp/2", "fife"}
        assert esp.ledger.verify().ok


def test_esp_goes_on_with_a_restored_ledger(
    filed: Kitloan, clock: SetClock, tmp_path: Path
) -> None:
    """A college that restored would otherwise be shut out of the audit as a forger."""
    filed.exchange.export(tmp_path / "first")  # from now on the college has a key
    filed.backups.make(tmp_path / "backup.sqlite")
    filed.desk.check_out(["FC1"], "Glenrothes High School")
    filed.exchange.export(tmp_path / "before")
    restore(tmp_path / "backup.sqlite", path_of(filed), clock)
    with kitloan.open(path_of(filed), actor="j.bain", clock=clock) as desk:
        desk.desk.check_out(["FC2"], "Auchmuty High School")
        desk.exchange.export(tmp_path / "after")
    with kitloan.init("esp", tmp_path / "esp.sqlite", clock=clock) as esp:
        for sent in ("before", "after"):
            esp.exchange.merge([tmp_path / sent])
        assert {each.ledger for each in esp.ledger.heads()} == {"esp", "fife/2"}
        assert esp.ledger.verify().ok
        assert [loan.to for loan in esp.find.loans().items] == ["Auchmuty High School"]
