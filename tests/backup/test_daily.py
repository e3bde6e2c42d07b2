"""A copy is made on each day of work, and old ones go by age."""

import os
import sqlite3
import stat
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import kitloan
from backup.files import names_in, path_of
from conftest import SetClock
from kitloan.backups.daily import DAYS, MONTHS, WEEKS, copy_if_due, kept
from kitloan.college import College

TODAY = date(2026, 11, 23)


def test_one_copy_each_day_of_work(filed: College, clock: SetClock) -> None:
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
    filed.loans.check_out(["FC1"], "Glenrothes High School")
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


def test_a_shared_database_is_left_to_its_server(new_postgres: Callable[[], str]) -> None:
    """A college's laptop must not fill with copies of the server."""
    with kitloan.init("fife", new_postgres()) as fife:
        assert copy_if_due(fife.session.store, TODAY) is None


def test_old_ones_go_and_nobody_elses_do(filed: College) -> None:
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
def test_a_copy_that_fails_stops_nobody(filed: College, trouble: str) -> None:
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
def test_what_is_kept_one_day_was_kept_the_day_before(ages: set[int], on: int) -> None:
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
def test_copies_do_not_fill_the_disk(ages: set[int]) -> None:
    """Whatever lies there, a bounded number stays; and never none of the last fourteen."""
    days = {TODAY - timedelta(days=age) for age in ages}
    left = kept(days, TODAY)
    past = [day for day in left if day <= TODAY]
    assert left <= days
    assert len(past) <= DAYS + DAYS + WEEKS + 1 + MONTHS + 1
    assert set(sorted(day for day in days if day <= TODAY)[-DAYS:]) <= left
    old = {day for day in past if (TODAY - day).days >= DAYS + 7 * WEEKS + 365}
    assert len(old) <= DAYS


def test_a_clock_ten_years_ahead_leaves_a_fortnight() -> None:
    """A flat battery on the board sets the clock wild, and must not take every copy."""
    days = {TODAY - timedelta(days=age) for age in range(60)}
    wild = TODAY.replace(year=2036)
    left = kept(days | {wild}, wild)
    assert sorted(left)[-DAYS:-1] == sorted(days)[-DAYS + 1 :]
