"""Opening a store: what is not one is refused before anything is written."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select

import kitloan
from kitloan import BadInput, KitloanError, NewHolding, Refused, StoreError
from kitloan.college import College
from kitloan.storage.statements import Query
from kitloan.tables import Holding, table
from kitloan.text.tags import mint


def test_opening_never_makes_a_file(tmp_path: Path) -> None:
    """A mistyped path must not become an empty college."""
    missing = tmp_path / "no" / "such.sqlite"
    with pytest.raises(StoreError) as refusal:
        kitloan.open(missing)
    assert refusal.value.code == "no_store"
    assert not missing.parent.exists()


_TWO_THREADS = """
import sys, threading
from sqlmodel import Field
from kitloan.tables.base import Base, table
sys.setswitchinterval(1e-6)

def wide(number):
    fields = {f"f{n}": Field(primary_key=not n) for n in range(40)}
    kinds = dict.fromkeys(fields, str)
    body = {"__annotations__": kinds, "__module__": __name__, "__tablename__": f"t{number}"}
    return type(Base)(f"T{number}", (Base,), body | fields, table=True)

found = []
for number in range(60):
    model, begin = wide(number), threading.Barrier(4)
    def make():
        begin.wait()
        found.append(len(table(model).columns))
    threads = [threading.Thread(target=make) for _ in range(4)]
    for each in threads: each.start()
    for each in threads: each.join()
assert found == [40] * 240, found
"""


def test_two_threads_that_need_a_table_get_all_of_it() -> None:
    """The desk loads today's lists while it takes a scan; half a table would stop either."""
    done = subprocess.run([sys.executable, "-c", _TWO_THREADS], capture_output=True, text=True)
    assert not done.returncode, done.stderr


def test_a_store_whose_version_is_no_number_is_refused(fife: College, place: str) -> None:
    """A flipped bit must be answered in words, not with a traceback."""
    with fife.session.store.write() as connection:
        connection.exec_driver_sql("UPDATE setting SET value = '3x' WHERE name = 'schema'")
    with pytest.raises(StoreError) as refusal:
        kitloan.open(place)
    assert refusal.value.code == "damaged"


@pytest.mark.parametrize("content", [b"not a database", b"SQLite format 3\0" + b"x" * 5000])
def test_what_is_not_a_store_is_left_as_it_was(tmp_path: Path, content: bytes) -> None:
    """A spreadsheet named by mistake must not be written to."""
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(StoreError):
        kitloan.open(file)
    with pytest.raises(StoreError):
        kitloan.init("fife", file)
    assert file.read_bytes() == content


def test_another_programs_database_is_left_as_it_was(tmp_path: Path) -> None:
    """A database of something else is no place for a college's ledger."""
    file = tmp_path / "other.sqlite"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE letters (word TEXT)")
    before = file.read_bytes()
    for use in (lambda: kitloan.open(file), lambda: kitloan.init("fife", file)):
        with pytest.raises(StoreError) as refusal:
            use()
        assert refusal.value.code == "not_a_store"
    assert file.read_bytes() == before


@pytest.mark.parametrize(("version", "code"), [("999", "newer_store"), ("1", "older_store")])
def test_a_store_of_another_version_is_refused(place: str, version: str, code: str) -> None:
    """A program must not write into tables that it does not know."""
    with kitloan.init("fife", place) as desk, desk.session.store.write() as connection:
        connection.exec_driver_sql(f"UPDATE setting SET value = '{version}' WHERE name = 'schema'")
    with pytest.raises(StoreError) as refusal:
        kitloan.open(place)
    assert refusal.value.code == code


def test_starting_twice_changes_nothing(place: str) -> None:
    """Typing init again must not begin a second history."""
    with kitloan.init("fife", place) as desk:
        first = desk.ledger.log()
    with kitloan.init("fife", place) as desk:
        assert desk.ledger.log() == first


def test_a_file_belongs_to_one_college(tmp_path: Path) -> None:
    """Two colleges in one file would lend each other's kits."""
    kitloan.init("fife", tmp_path / "one").close()
    with pytest.raises(Refused) as refusal:
        kitloan.init("ayrshire", tmp_path / "one")
    assert refusal.value.code == "another_college"


def test_colleges_on_one_server_are_worlds_of_their_own(new_postgres: Callable[[], str]) -> None:
    """A college must not see, lend or take back what another holds."""
    place = new_postgres()
    with kitloan.init("fife", place) as fife, kitloan.init("ayrshire", place) as ayrshire:
        tag = fife.holdings.add(kitloan.NewHolding("Device", asset_number="1")).tag
        for text, refusal in ((tag, Refused), ("1", BadInput)):
            with pytest.raises(refusal):
                ayrshire.loans.check_out([text], "Somewhere")
            with pytest.raises(refusal):
                ayrshire.find.holding(text)
        assert ayrshire.find.search("").total == 0
    with pytest.raises(StoreError) as refusal:
        kitloan.open(place)
    assert refusal.value.code == "which_college"
    with kitloan.open(place + "&college=fife") as fife:
        assert fife.college_name == "Fife College"
    with kitloan.open(place, college="ayrshire") as other:
        assert other.college_name == "Ayrshire College"


def test_a_blank_label_is_its_own_colleges(new_postgres: Callable[[], str]) -> None:
    """Two colleges must not both take a kit in under one tag: one of them would lose it."""
    place, tag = new_postgres(), mint()
    with kitloan.init("fife", place) as fife, kitloan.init("ayrshire", place) as ayrshire:
        fife.holdings.labels_printed([tag], blank=True)
        with pytest.raises(Refused) as refusal:
            ayrshire.holdings.add(kitloan.NewHolding("Device", tag=tag))
        assert refusal.value.code == "not_yours"
        with pytest.raises(BadInput, match="that fife printed") as unknown:
            ayrshire.find.holding(tag)
        assert unknown.value.code == "unclaimed_tag"
        assert "printed_by" not in unknown.value.details
        fife.holdings.add(kitloan.NewHolding("Device", tag=tag))
        ayrshire.holdings.add(kitloan.NewHolding("Device", tag=tag))


def test_what_a_rule_refuses_leaves_no_trace(fife: College, kit: str) -> None:
    """A failure half way through a request must undo the first half."""
    before = fife.ledger.log()

    class Stop(Exception):
        pass

    with pytest.raises(Stop), fife.session.writing() as writer:
        from kitloan.ledger.facts.holdings import HoldingSighted

        writer.append(HoldingSighted(tag=kit))
        raise Stop
    assert fife.ledger.log() == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_only_its_owner_can_read_a_store(tmp_path: Path) -> None:
    """The file holds teachers' names."""
    kitloan.init("fife", tmp_path / "fife.sqlite").close()
    assert stat.S_IMODE((tmp_path / "fife.sqlite").stat().st_mode) == 0o600


def test_the_settings_that_keep_loans_safe_are_in_force(tmp_path: Path) -> None:
    """A power cut must not take a loan that was reported as made."""
    with (
        kitloan.init("fife", tmp_path / "fife.sqlite") as desk,
        desk.session.store.read() as connection,
    ):
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert found == {
        "journal_mode": "delete",
        "synchronous": 3,
        "foreign_keys": 1,
        "secure_delete": 1,
    }


def test_an_unreachable_server_is_said_plainly() -> None:
    """A laptop off the network gets a sentence, not a driver's message."""
    with pytest.raises(StoreError) as refusal:
        kitloan.open("postgresql://nobody@127.0.0.1:9/kitloan")
    assert refusal.value.code == "unreachable"
    with pytest.raises(BadInput):
        kitloan.open("postgresql://nobody:hunter2@here:port/kitloan")


def test_a_desk_outlives_its_connection(new_postgres: Callable[[], str]) -> None:
    """A server that was restarted over lunch must not refuse the first scan of the afternoon."""
    place = new_postgres()
    with kitloan.init("fife", place, actor="m.ross") as fife:
        tag = fife.holdings.add(NewHolding("Kit")).tag
        for work in (
            lambda: fife.find.holding(tag),
            lambda: fife.loans.check_out([tag], "Viewforth"),
        ):
            with psycopg.connect(place, autocommit=True) as administrator:
                others = "datname = current_database() AND pid <> pg_backend_pid()"
                administrator.execute(
                    f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}"
                )
            work()
        assert fife.find.holding(tag).status == "out"


_KITS = Query(select(func.count()).select_from(table(Holding)))


def test_whoever_reads_sees_one_state(fife: College, place: str) -> None:
    """A page must not count other kits than it lists, however its statements reach the database."""
    fife.holdings.add(NewHolding("Kit"))
    with fife.session.store.read() as connection:
        before = _KITS(connection).scalar()
        _add_a_kit_beside(fife, place)
        assert connection.execute(select(func.count()).select_from(table(Holding))).scalar() == 1
        assert _KITS(connection).scalar() == before == 1
    _add_a_kit_beside(fife, place)
    with fife.session.store.read() as connection:
        assert _KITS(connection).scalar() > 1


def _add_a_kit_beside(fife: College, place: str) -> None:
    """Copy a row as another program would; where somebody reads a file, it cannot."""
    names = ", ".join(column.name for column in table(Holding).c)
    chosen = names.replace("tag,", "substr(tag, 1, 10) || (SELECT count(*) FROM holding),", 1)
    copy = f"INSERT INTO holding ({names}) SELECT {chosen} FROM holding LIMIT 1"
    if not fife.session.store.is_sqlite:
        with psycopg.connect(place) as other:
            other.execute(copy)
        return
    with closing(sqlite3.connect(place, timeout=0)) as other, suppress(sqlite3.OperationalError):
        other.execute(copy)
        other.commit()


@pytest.mark.parametrize("by_core", [False, True])
def test_a_reading_that_failed_keeps_nobody_waiting(
    fife: College, kit: str, place: str, by_core: bool
) -> None:
    """An error on one screen must not hold the file, or a state of the server, until it closes."""
    with pytest.raises(ZeroDivisionError), fife.session.store.read() as connection:
        assert _KITS(connection).scalar() == 1
        if by_core:
            connection.execute(select(1))
        raise ZeroDivisionError
    with kitloan.open(place, actor="j.kerr") as other:
        other.loans.check_out([kit], "Viewforth")
    assert fife.find.holding(kit).status == "out"


def test_a_password_is_never_shown() -> None:
    """A refusal is read aloud, copied into mails and logged."""
    with pytest.raises(StoreError) as refusal:
        kitloan.open("postgresql://nobody:hunter2@127.0.0.1:9/kitloan")
    assert "hunter2" not in f"{refusal.value.message}{refusal.value.hint}{refusal.value.details}"


@pytest.mark.parametrize("college", ["Fife College", "FIFE", "Adam Smith College", "fife"])
def test_a_college_is_known_by_any_of_its_names(tmp_path: Path, college: str) -> None:
    """People type the name on their letterhead."""
    with kitloan.init(college, tmp_path / "x") as desk:
        assert (desk.session.college, desk.college_name) == ("fife", "Fife College")


def test_a_new_college_needs_a_plain_id(tmp_path: Path) -> None:
    """An id stands in every ledger entry and file name for ever."""
    with pytest.raises(BadInput):
        kitloan.init("../etc", tmp_path / "x")
    with kitloan.init("new-college", tmp_path / "x", name="Colaiste Ùr") as desk:
        assert desk.college_name == "Colaiste Ùr"


def test_whoever_reads_aside_holds_up_nobody(fife: College, kit: str) -> None:
    """A ledger that is verified for minutes must not keep the counter from lending meanwhile."""
    with fife.session.store.read_copy() as reading:
        before = reading.exec_driver_sql("SELECT count(*) FROM ledger_entry").scalar_one()
        fife.loans.check_out([kit], "Viewforth")
        assert fife.find.holding(kit).status == "out"
    assert len(fife.ledger.log()) > before


def test_who_reads_aside_keeps_as_much_in_memory(tmp_path: Path) -> None:
    """With two megabytes, a report of 50,000 holdings reads the same pages again and again."""
    with kitloan.init("fife", tmp_path / "fife.sqlite") as desk:
        asked = "PRAGMA cache_size"
        with desk.session.store.read() as reading, desk.session.store.read_copy() as aside:
            kept = reading.exec_driver_sql(asked).scalar_one()
            assert aside.exec_driver_sql(asked).scalar_one() == kept


@pytest.mark.parametrize(
    ("before", "after", "sound"),
    [
        ("(out_quantity", '\n  ( "out_quantity" ', True),
        ("out_quantity BETWEEN 0", "out_quantity BETWEEN 9", False),
        ("'withdrawn'", "'withdrawn '", False),
    ],
)
def test_rules_are_known_by_what_they_say(
    tmp_path: Path, before: str, after: str, sound: bool
) -> None:
    """A library that sets its statements out anew must not make every store of Scotland damaged."""
    file = tmp_path / "fife.sqlite"
    kitloan.init("fife", file).close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        changed = "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = 'holding'"
        connection.execute(changed, (before, after))
    with kitloan.open(file) as desk:
        if sound:
            assert desk.ledger.verify().ok
            return
        with pytest.raises(StoreError) as refusal:
            desk.ledger.verify()
        assert refusal.value.code == "damaged"


def test_a_store_that_is_never_still_is_read_all_the_same(tmp_path: Path) -> None:
    """Desks that never pause must not keep whoever verifies waiting until the evening."""
    file = tmp_path / "fife.sqlite"
    with kitloan.init("fife", file, actor="m.ross") as desk:
        with desk.session.store.write() as connection:
            many = "INSERT INTO programme VALUES ('fife', 'film', zeroblob(20000000))"
            connection.exec_driver_sql(many)
        stop = threading.Event()

        def keep_writing() -> None:
            with closing(sqlite3.connect(file, timeout=20, isolation_level=None)) as busy:
                busy.execute("PRAGMA synchronous = OFF")
                while not stop.is_set():
                    busy.execute("UPDATE setting SET value = value WHERE name = 'schema'")

        writer = threading.Thread(target=keep_writing)
        writer.start()
        try:
            with desk.session.store.read_copy(tmp_path) as reading:
                count = reading.exec_driver_sql("SELECT count(*) FROM ledger_entry")
                assert count.scalar_one() == len(desk.ledger.log())
        finally:
            stop.set()
            writer.join()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET body = replace(body, 'm.ross', 'n.boss')",
        "DELETE FROM ledger_entry WHERE seq = (SELECT max(seq) FROM ledger_entry)",
        "UPDATE ledger_head SET seq = seq - 1",
        "UPDATE ledger_head SET own = 0",
        "DELETE FROM ledger_head",
    ],
)
def test_sqlite_itself_keeps_a_ledger(fife: College, kit: str, statement: str) -> None:
    """A slip in some program of tomorrow must not be able to rewrite what happened."""
    if not fife.session.store.is_sqlite:
        pytest.skip("PostgreSQL keeps it from logins: tests/test_hostile.py")
    before = fife.ledger.heads()
    with pytest.raises(KitloanError), fife.session.store.write() as connection:
        connection.exec_driver_sql(statement)
    assert fife.ledger.heads() == before
    assert fife.ledger.verify().ok
