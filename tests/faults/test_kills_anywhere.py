"""Imports, merges and backups that are killed at any moment: all of it is there, or none.

Desks that are killed while they lend are in `tests/test_kills.py`, restores in
`tests/backup/test_restoring.py`.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import kitloan
from crowd import Crowd
from faults import killing
from kitloan import NewHolding
from kitloan.college import College

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are killed as forks")

often = pytest.mark.parametrize(
    ("kills", "seed"),
    [(6, 0), *(pytest.param(25, seed, marks=pytest.mark.soak) for seed in range(1, 9))],
)
"""A few every day; in the soak 200 of each kind on each database, so many at a time that a crowd's
patience is enough on a slow machine."""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Crowd]:
    """One process that workers are forked from."""
    crowd = Crowd(1)
    yield crowd
    crowd.close()


def all_or_none(ends: Counter[str], kills: int) -> None:
    """Nothing was left by halves; some kills came before the end."""
    print(dict(ends))  # noqa: T201  # the figures of docs/trust.md, with -s
    assert set(ends) <= {"all", "none"}, ends
    assert ends.total() == kills
    assert ends["none"]


@often
def test_a_register_is_taken_in_whole_or_not_at_all(
    fife: College, place: str, nursery: Crowd, tmp_path: Path, kills: int, seed: int
) -> None:
    """Half a register could neither be worked with nor be read again."""
    (ends,) = nursery.do(killing.kill_imports, place, tmp_path, kills, seed)
    all_or_none(ends, kills)
    assert fife.find.search("Telescope").total == (kills + killing.REHEARSALS) * killing.ROWS
    assert fife.ledger.verify().ok


@often
def test_a_ledger_is_merged_whole_or_not_at_all(
    new_place: Callable[[], str], nursery: Crowd, tmp_path: Path, kills: int, seed: int
) -> None:
    """Half of a college's ledger in ESP's store would shut the college out as a forger."""
    files, lengths = [], []
    with kitloan.init("fife", tmp_path / "fife.sqlite", actor="m.ross") as desk:
        for turn in range(kills + killing.REHEARSALS):
            for _ in range(3):
                desk.holdings.add(NewHolding("Telescope"))
            files.append(tmp_path / f"fife-{turn}.kitloan")
            lengths.append(desk.exchange.export(files[-1]).entries)
    place = new_place()
    kitloan.init("esp", place, actor="esp").close()
    (ends,) = nursery.do(killing.kill_merges, place, files, lengths, seed)
    all_or_none(ends, kills)
    with kitloan.open(place) as esp:
        assert {each.ledger: each.entries for each in esp.ledger.heads()}["fife"] == lengths[-1]
        assert esp.ledger.verify().ok


@often
def test_a_backup_is_whole_or_not_there(
    fife: College, place: str, nursery: Crowd, tmp_path: Path, kills: int, seed: int
) -> None:
    """Half a backup under a backup's name is found out on the day that it is needed."""
    for number in range(20):
        fife.holdings.add(NewHolding("STEM kit", asset_number=f"K{number}"))
    before = fife.ledger.heads()
    (ends,) = nursery.do(killing.kill_backups, place, tmp_path, kills, seed)
    all_or_none(ends, kills)
    assert fife.ledger.heads() == before
