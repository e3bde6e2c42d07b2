"""Clocks that are wrong: entries never run back, due dates stay right, no copy is thrown away."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from kitloan import NewHolding
from kitloan.backups.daily import copy_if_due
from kitloan.college import College

SPRING = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
"""Half an hour before 01:00 becomes 02:00 in Scotland."""
AUTUMN = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
"""Half an hour before 02:00 becomes 01:00; 01:30 comes twice."""


def times(desk: College) -> list[str]:
    """When each entry says that it was."""
    return [line.at for line in desk.ledger.log()]


@pytest.mark.parametrize(
    "steps",
    [[{"hours": -1}], [{"days": 3652}, {"days": -3652}], [{"days": -9000}, {"days": 9001}]],
    ids=["an hour back", "ten years ahead and home", "to 2002 and home"],
)
def test_entries_never_run_back(
    fife: College, kit: str, clock: SetClock, steps: list[dict[str, float]]
) -> None:
    """A flat battery on the board must not put a return before its loan."""
    for number, step in enumerate(steps):
        fife.loans.check_out([kit], f"School {number}")
        clock.move(**step)
        fife.loans.check_in([kit], kitloan.Count(whole=True))
        clock.move(minutes=1)
    told = times(fife)
    assert told == sorted(told)
    verdict = fife.ledger.verify()
    assert verdict.ok, verdict.findings
    assert fife.find.holding(kit).status == "in"


def test_a_clock_ahead_does_not_stop_the_counter(fife: College, kit: str, clock: SetClock) -> None:
    """Once it is right again, people lend for a fortnight from today, not from 2036."""
    clock.move(days=3652)
    fife.holdings.sight(kit)
    clock.move(days=-3652)
    (lent,) = fife.loans.check_out([kit], "Viewforth")
    assert lent.due_on == date(2026, 12, 7)
    assert not fife.find.loans(overdue=True).items
    clock.move(days=15)
    assert [loan.tag for loan in fife.find.loans(overdue=True).items] == [kit]
    assert fife.ledger.verify().ok


@pytest.mark.parametrize("change", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_the_night_of_the_change(place: str, clock: SetClock, change: datetime) -> None:
    """An hour that comes twice, or never, must make nobody overdue a day early."""
    clock.now = change - timedelta(days=14)
    with kitloan.init("fife", place, actor="m.ross", clock=clock) as desk:
        tag = desk.holdings.add(NewHolding("Telescope")).tag
        (lent,) = desk.loans.check_out([tag], "Viewforth")
        assert lent.due_on == date(change.year, change.month, change.day)
        overdue = []
        clock.now = change - timedelta(minutes=40)  # before midnight in Scotland, or just after
        for _ in range(26 * 3):
            overdue.append(bool(desk.find.loans(overdue=True).items))
            clock.move(minutes=20)
        assert overdue == sorted(overdue), "overdue once is overdue until it is back"
        first = change - timedelta(minutes=40) + timedelta(minutes=20) * overdue.index(True)
        midnight = {SPRING: 23, AUTUMN: 24}[change]  # of the day's end, in UTC
        assert first - change.replace(hour=0, minute=0) <= timedelta(hours=midnight, minutes=20)
        assert first - change.replace(hour=0, minute=0) >= timedelta(hours=midnight)
        desk.loans.check_in([tag])
        assert times(desk) == sorted(times(desk))
        assert desk.ledger.verify().ok


@pytest.mark.parametrize("days", [-3652, -1, 3652])
def test_a_wrong_clock_takes_no_copy_of_the_last_weeks(
    tmp_path: Path, clock: SetClock, days: int
) -> None:
    """The day on which the clock is wrong is often the day on which the disk goes, too."""
    with kitloan.init("fife", tmp_path / "fife.sqlite", clock=clock) as desk:
        folder = tmp_path / "backups"
        for _ in range(12):
            copy_if_due(desk.session.store, desk.session.today)
            clock.move(days=1)
        before = set(folder.iterdir())
        clock.move(days=days)
        copy_if_due(desk.session.store, desk.session.today)
        clock.move(days=-days)
        copy_if_due(desk.session.store, desk.session.today)
        assert before <= set(folder.iterdir())


def test_a_clock_that_steps_back_between_two_desks(
    fife: College, kit: str, clock: SetClock, reopen: Callable[..., College]
) -> None:
    """Two laptops never agree; what one lent the other takes back, in that order."""
    fife.loans.check_out([kit], "Viewforth")
    clock.move(hours=-7)
    reopen("j.kerr").loans.check_in([kit], kitloan.Count(whole=True))
    assert times(fife) == sorted(times(fife))
    assert fife.ledger.verify().ok
