"""Files of several colleges are merged side by side, and the store is as if one had done it."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.sent import Sent
from exchange.test_any_ledger import BEGINNING, ONE, file_of_bodies, more, sealed
from exchange.test_store_stays_free import (
    AT,
    lent,
    resumed,
    returned,
    rows_in,
    seen,
    taken_in,
    under_the_lock,
)
from kitloan import BadInput
from kitloan.college import College
from kitloan.exchange.ahead import Ahead, merge_ahead
from kitloan.exchange.file import ExchangeFile
from kitloan.exchange.merging import MergeDecisions
from kitloan.exchange.taking import Prepared
from kitloan.exchange.trust import read_fingerprint
from kitloan.storage.files import MERGING
from kitloan.storage.side_files import clear_abandoned
from trusting import keys_of, merge
from verify.test_workers import children, must_end, on_linux

Stores = Callable[[], College]


def test_the_rows_are_the_same_with_one_and_two_and_under_the_lock(
    colleges: dict[str, Sent], new_national: Stores
) -> None:
    """A row that depends on how many cores ESP's laptop has would be no record of anything."""
    one, two, locked = new_national(), new_national(), new_national()
    first = [sent.parts[0] for sent in colleges.values()]
    then = [sent.whole for sent in colleges.values()]
    for files in (first, then):
        assert merge(one, files, workers=1) == merge(two, files, workers=2)
        under_the_lock(locked, files)
        assert rows_in(one) == rows_in(two) == rows_in(locked)
    assert two.ledger.verify().ok
    assert {each.ledger for each in two.ledger.heads()} == {"esp", *colleges}


def branches(folder: Path) -> tuple[Path, Path]:
    """A ledger, and the branch on which it went on after a backup was restored."""
    begun = sealed([(AT, fact) for fact in (*BEGINNING, taken_in(ONE), *seen(20), lent("z"))])
    branch = [*begun, *more(begun, [resumed(begun), returned("z"), lent("a"), *seen(60)], epoch=2)]
    first, second = folder / "first.kitloan", folder / "second.kitloan"
    return file_of_bodies(begun, first), file_of_bodies(branch, second)


def test_it_is_the_workers_that_merge(
    colleges: dict[str, Sent], national: College, tmp_path: Path
) -> None:
    """If each fell back to this process, the test above would hold, and nothing be gained."""
    first, second = branches(tmp_path)
    merge(national, [first])
    paths = [second, *(sent.whole for sent in colleges.values())]
    names = ["borders", *colleges]
    files = {name: [ExchangeFile(path)] for name, path in zip(names, paths, strict=True)}
    trust = tuple(read_fingerprint(key) for key in keys_of(national, paths))
    came: dict[str, Ahead] = {}
    told: list[tuple[int, int]] = []
    left = merge_ahead(
        national.session,
        files,
        MergeDecisions("2026-12-14T09:00:00Z", "esp", trust=trust),
        lambda *done: told.append(done),
        2,
        came.__setitem__,
    )
    assert left == []
    assert {name: type(each) for name, each in came.items()} == dict.fromkeys(names, Prepared)
    assert told == sorted(told)
    assert {total for _, total in told} == {told[-1][0]}, "progress is of all of them"
    assert [each.ledger for each in national.ledger.heads()] == ["borders", "esp"]


def test_another_branch_is_merged_side_by_side_too(
    colleges: dict[str, Sent], new_national: Stores, tmp_path: Path
) -> None:
    """A loan is closed and another opened, on a branch that a worker replays."""
    first, second = branches(tmp_path)
    one, two = new_national(), new_national()
    for workers, national in ((1, one), (2, two)):
        merge(national, [first])
        merge(national, [second, colleges["fife"].whole], workers=workers)
    assert rows_in(one) == rows_in(two)
    assert two.ledger.verify().ok


def test_a_damaged_file_leaves_the_others_as_they_are(
    colleges: dict[str, Sent], new_national: Stores, tmp_path: Path
) -> None:
    """One bad download must not keep a nation's ledgers out, and goes to quarantine as always."""
    bodies = sealed([(AT, fact) for fact in (*BEGINNING, taken_in(ONE), lent("z"), lent("y"))])
    wrong = file_of_bodies(bodies, tmp_path / "impossible.kitloan")
    spoilt = tmp_path / "spoilt.kitloan"
    spoilt.write_bytes(colleges["uhi-nwh"].whole.read_bytes()[:-40])
    files = [wrong, colleges["fife"].whole, spoilt, colleges["ayrshire"].whole]
    one, two = new_national(), new_national()
    problems = []
    for workers, national in ((1, one), (2, two)):
        with pytest.raises(BadInput) as refused:
            merge(national, files, workers=workers)
        problems.append(refused.value.as_json())
    assert problems[0] == problems[1]
    codes = [each.get("error", {}).get("code") for each in refused.value.details["files"]]
    assert codes == [None, None, "impossible", "bad_exchange_file"]
    assert rows_in(one) == rows_in(two)
    kept = [[(each.file, each.code, each.seq) for each in s.exchange.refused()] for s in (one, two)]
    assert kept[0] == kept[1]
    assert len(kept[0]) == 2
    assert {each.ledger for each in two.ledger.heads()} == {"ayrshire", "esp", "fife"}


def test_of_two_names_that_look_alike_the_same_one_is_refused(
    new_national: Stores, tmp_path: Path
) -> None:
    """A worker that is quicker must not decide which of two colleges is the real one."""
    files = []  # the second one is short, so a worker would have it ready first
    for college, name, length in (
        ("borders", "Nevis College", 2_000),
        ("moray", "NEVIS College", 90),
    ):
        facts = [BEGINNING[0] | {"name": name}, *BEGINNING[1:], taken_in(ONE), *seen(length)]
        bodies = sealed([(AT, fact) for fact in facts], college)
        files.append(file_of_bodies(bodies, tmp_path / f"{college}.kitloan"))
    for workers in (1, 2):
        national = new_national()
        with pytest.raises(BadInput) as refused:
            merge(national, files, workers=workers)
        assert refused.value.code == "looks_alike"
        assert refused.value.details["ledger"] == "moray"
        assert {each.ledger for each in national.ledger.heads()} == {"borders", "esp"}


@on_linux
def test_ctrl_c_ends_every_worker_and_leaves_whole_ledgers(
    colleges: dict[str, Sent],
    national: College,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is half done, no process goes on, and no copy of a ledger stays on the disk."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before, files = children(), [sent.whole for sent in colleges.values()]
    trust, running = keys_of(national, files), set[int]()

    def stop(_done: int, _total: int) -> None:
        running.update(children() - before)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        national.exchange.merge(files, stop, trust=trust, workers=2)
    assert len(running) == 2
    assert children() == before
    assert not list(tmp_path.glob(f"{MERGING}*"))
    assert national.ledger.verify().ok
    lengths = {each.ledger: each.entries for each in national.ledger.heads()}
    assert all(lengths.get(name, 0) in (0, sent.entries) for name, sent in colleges.items())
    merge(national, files, workers=2)
    assert len(national.ledger.heads()) == 1 + len(colleges)


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
import kitloan
place, tests, *files = sys.argv[1:]
sys.path.insert(0, tests)
from verify.test_workers import children
def stop(done, total):
    print(*children(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
with kitloan.open(place, clock=lambda: datetime(2026, 12, 14, 9, tzinfo=UTC)) as esp:
    keys = [each.fingerprint for each in esp.exchange.first_contacts(files)]
    esp.exchange.merge(files, stop, trust=keys, workers=2)
"""


@on_linux
def test_killed_in_the_middle_it_leaves_the_store_as_it_was(
    colleges: dict[str, Sent],
    national: College,
    place_of: Callable[[College], str],
    tmp_path: Path,
) -> None:
    """Before the first ledger is in there is none of any; and the workers end by themselves."""
    before, files = rows_in(national), [str(sent.whole) for sent in colleges.values()]
    tests = str(Path(__file__).parents[1])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, place_of(national), tests, *files],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    must_end(killed.stdout)
    assert rows_in(national) == before
    merge(national, [Path(each) for each in files], workers=2)
    assert national.ledger.verify().ok


def test_what_a_killed_merge_left_on_the_disk_goes_the_next_day(
    national: College, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of a ledger is as large as the ledger, and nobody else would look for it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, new = tmp_path / f"{MERGING}old", tmp_path / f"{MERGING}new"
    for each in (old, new):
        each.mkdir()
        (each / "0.sqlite").touch()
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))
    clear_abandoned(national.session.store)
    assert [old.exists(), new.exists()] == [False, True]


@on_linux
def test_the_ledger_of_a_worker_that_was_killed_is_merged_all_the_same(
    colleges: dict[str, Sent], new_national: Stores
) -> None:
    """A machine that is out of memory kills a process; its college must not be missing."""
    one, two = new_national(), new_national()
    before, files = children(), [sent.whole for sent in colleges.values()]

    def kill(_done: int, _total: int) -> None:
        for worker in children() - before:
            os.kill(worker, signal.SIGKILL)

    merged = two.exchange.merge(files, kill, trust=keys_of(two, files), workers=2)
    assert merged == merge(one, files, workers=1)
    assert rows_in(one) == rows_in(two)


@pytest.mark.parametrize("program", ["", "/no/such/program", "true"])
def test_where_no_process_can_be_started_one_merges_all(
    colleges: dict[str, Sent],
    national: College,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
) -> None:
    """A locked-down laptop starts no programs; it must merge all the same."""
    monkeypatch.setattr(sys, "executable", program)
    merge(national, [sent.whole for sent in colleges.values()], workers=2)
    assert len(national.ledger.heads()) == 1 + len(colleges)
