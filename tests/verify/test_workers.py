"""Ledgers are checked side by side, by a process each, and the answer is as if one had done it."""

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sqlalchemy as sa

import kitloan
from kitloan import NewHolding
from kitloan.college import College
from kitloan.history.verify import CheckLedgers
from kitloan.history.workers import Workers, how_many
from kitloan.storage.places import is_url
from kitloan.tables import LedgerEntry, table
from verify.behind import behind_its_back

COLLEGES = ("ayrshire", "edinburgh", "fife")
entry = table(LedgerEntry)
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def work(college: College) -> None:
    """Three kits, of which one is lent to somebody, and one loan undone."""
    tags = [college.holdings.add(NewHolding(f"Kit {n}", location="Store")).tag for n in range(3)]
    college.loans.check_out(tags[:1], "Viewforth", contact="Ann Bell")
    college.loans.check_out(tags[1:2], "Balwearie")
    college.actions.undo()


@pytest.fixture
def several(new_place: Callable[..., str], tmp_path: Path) -> Iterator[str]:
    """A store with the ledgers of three colleges: ESP's file, or a database that they share."""
    place = new_place()
    if is_url(place):
        for name in COLLEGES:
            with kitloan.init(name, place, actor="m.ross") as college:
                work(college)
        yield f"{place}{'&' if '?' in place else '?'}college=fife"
        return
    files = [tmp_path / f"{name}.kitloan" for name in COLLEGES]
    for name, file in zip(COLLEGES, files, strict=True):
        with kitloan.init(name, tmp_path / f"{name}.sqlite", actor="m.ross") as college:
            work(college)
            college.exchange.export(file)
    with kitloan.init("esp", place, actor="esp") as esp:
        keys = [each.fingerprint for each in esp.exchange.first_contacts(files)]
        esp.exchange.merge(files, trust=keys)
    yield place


def tamper(place: str) -> None:
    """Spoil three ledgers in three ways: a text, a missing entry, and a row of the register."""
    with behind_its_back(re.sub("[?&]college=fife$", "", place)) as connection:
        for college, seq, change in (
            ("ayrshire", 4, entry.update().values(body="rubbish")),
            ("edinburgh", 3, entry.delete()),
        ):
            assert connection.execute(
                change.where(entry.c.college == college, entry.c.seq == seq)
            ).rowcount
        assert connection.exec_driver_sql(
            "UPDATE holding SET location = 'Elsewhere' WHERE college = 'fife'"
        ).rowcount


def copied_for(store: College, beside: Workers) -> AbstractContextManager[sa.Connection]:
    """A copy of a store that workers may check."""
    return store.session.store.read_copy(shared=lambda copy: beside.on(CheckLedgers(copy)))


def children() -> set[int]:
    """The processes that this one started and that run."""
    return {
        int(child)
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text().split()
        if Path(f"/proc/{child}/cmdline").read_bytes()
    }


@pytest.mark.parametrize("change", [None, tamper], ids=["clean", "tampered"])
def test_one_worker_and_two_find_the_same(
    several: str, change: Callable[[str], None] | None
) -> None:
    """A finding that depends on how many cores a laptop has would be no proof of anything."""
    if change is not None:
        change(several)
    with kitloan.open(several) as store:
        one, two = (store.ledger.verify(workers=count) for count in (1, 2))
    assert one == two
    codes = {(each.ledger, each.code) for each in one.findings}
    expected = {("ayrshire", "unreadable"), ("edinburgh", "gap"), ("fife", "register_differs")}
    assert (codes >= expected) if change is not None else one.ok
    assert {each.ledger for each in one.ledgers} >= set(COLLEGES)


def test_it_is_the_workers_that_check(several: str) -> None:
    """If each fell back to this process, the two tests above would hold, and nothing be gained."""
    beside, done, came = Workers(2), [0], []
    with kitloan.open(several) as store, copied_for(store, beside) as live:
        tops = live.exec_driver_sql("SELECT college FROM ledger_head").scalars().all()
        left = beside.do(
            [(college, None) for college in tops],
            lambda more: done.append(done.pop() + more),
            lambda college, checked: came.append((college, checked.findings)),
        )
        entries = live.execute(sa.select(sa.func.count()).select_from(entry)).scalar_one()
    assert left == []
    assert sorted(came) == [(college, ()) for college in sorted(tops)]
    assert done == [entries]


def test_progress_is_of_all_ledgers(several: str) -> None:
    """A bar that starts again with each ledger tells nobody how long it takes."""
    told: list[tuple[int, int]] = []
    with kitloan.open(several) as store:
        store.ledger.verify(lambda *done: told.append(done), workers=2)
    assert told == sorted(told)
    assert {total for _, total in told} == {told[-1][0]}


@on_linux
def test_ctrl_c_ends_every_worker_and_leaves_no_copy(several: str, tmp_path: Path) -> None:
    """A worker that went on would keep a copy with people's names, and a core, for nobody."""
    before, seen = children(), []

    def stop(_done: int, _total: int) -> None:
        seen.append((children() - before, sorted(each.name for each in tmp_path.rglob("*.sqlite"))))
        raise KeyboardInterrupt

    files = sorted(tmp_path.rglob("*"))
    with kitloan.open(several) as store:
        with pytest.raises(KeyboardInterrupt):
            store.ledger.verify(stop, workers=2)
        ((running, names),) = seen
        assert len(running) == 2
        assert "aside.sqlite" not in names
        assert children() == before
        assert sorted(tmp_path.rglob("*")) == files
        assert store.ledger.verify(workers=2).ok


KILLED = """
import os, signal, sys
import kitloan
sys.path.insert(0, sys.argv[2])
from verify.test_workers import children
def stop(done, total):
    print(*children(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
with kitloan.open(sys.argv[1]) as store:
    store.ledger.verify(stop, workers=2)
"""


def must_end(printed: str) -> None:
    """Both workers, whose process ids were printed, end soon after the program that began them."""
    workers = [int(each) for each in printed.split()]
    assert len(workers) == 2
    for worker in workers:
        try:
            ended = os.pidfd_open(worker)
        except ProcessLookupError:
            continue
        with os.fdopen(ended) as waiting:
            assert select.select([waiting], [], [], 60)[0], "it runs on"


@on_linux
def test_workers_end_with_the_program_that_started_them(several: str, tmp_path: Path) -> None:
    """A terminal that is closed, or a machine out of memory, must leave no process behind."""
    tests = str(Path(__file__).parents[1])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, several, tests], capture_output=True, text=True, timeout=120
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    must_end(killed.stdout)


@on_linux
def test_the_ledger_of_a_worker_that_was_killed_is_checked_all_the_same(several: str) -> None:
    """A machine that is out of memory kills a process; its ledger must not pass unread."""
    tamper(several)
    before: set[int] = children()
    with kitloan.open(several) as store:
        one = store.ledger.verify(workers=1)

        def kill(_done: int, _total: int) -> None:
            for worker in children() - before:
                os.kill(worker, signal.SIGKILL)

        assert store.ledger.verify(kill, workers=2) == one


@pytest.mark.parametrize("program", ["", "/no/such/program", "true"])
def test_where_no_process_can_be_started_one_checks_all(
    several: str, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """A locked-down laptop starts no programs; it must verify all the same."""
    tamper(several)
    with kitloan.open(several) as store:
        one = store.ledger.verify(workers=1)
        monkeypatch.setattr(sys, "executable", program)
        assert store.ledger.verify(workers=2) == one


def test_a_bundle_starts_its_own_program(
    several: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no Python, the bundle's program is the worker."""
    program = Path(sys.executable).with_name("kitloan.exe" if os.name == "nt" else "kitloan")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    test_it_is_the_workers_that_check(several)


def test_processes_are_started_where_they_pay() -> None:
    """Half a second to start each is more than most colleges' whole check takes."""
    assert how_many(None, ledgers=26, entries=1_000) == 1
    assert how_many(None, ledgers=1, entries=1_000_000) == 1
    assert how_many(2, ledgers=26, entries=10) == 2
    assert how_many(9, ledgers=3, entries=10) == 3
    assert how_many(None, ledgers=26, entries=520_000) >= 1


def test_a_copy_that_is_shared_has_no_name(several: str) -> None:
    """Erasing reaches copies by their names; what is never named needs no reaching."""
    if is_url(several) or os.name == "nt":
        pytest.skip("a database makes no copy; Windows keeps the name of what is open")
    beside = Workers(1)
    with kitloan.open(several) as store, copied_for(store, beside) as live:
        assert live.exec_driver_sql("SELECT count(*) FROM ledger_head").scalar_one()
        (folder,) = Path(several).parent.glob(".kitloan-reading-*")
        assert list(folder.iterdir()) == []
