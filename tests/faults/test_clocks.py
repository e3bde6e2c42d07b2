"""Clocks that are wrong: order stays, due dates stay right, no copy is thrown away, nothing raises.

What a national audit makes of such clocks is in `tests/audit/test_clocks.py`.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from kitloan import NewHolding
from kitloan.backups.daily import copy_if_due
from kitloan.college import College
from kitloan.errors import KitloanError
from kitloan.ledger.own_clock import warning
from kitloan.text.dates import instant, parse_due

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
def test_order_is_the_entries_number(
    fife: College, kit: str, clock: SetClock, steps: list[dict[str, float]]
) -> None:
    """A flat battery on the board must not put a return before its loan, nor date what follows."""
    shown = []
    for number, step in enumerate(steps):
        fife.loans.check_out([kit], f"School {number}")
        clock.move(**step)
        shown.append(instant(clock.now))
        fife.loans.check_in([kit], kitloan.Count(whole=True))
        clock.move(minutes=1)
    log = fife.ledger.log()
    assert [line.seq for line in log] == list(range(1, len(log) + 1))
    assert [line.at for line in log if line.kind == "loan.checked_in"] == shown
    told = [line.kind for line in fife.find.history(kit)]
    assert told[-2:] == ["loan.checked_out", "loan.checked_in"]
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
    assert [line.kind for line in fife.ledger.log()][-2:] == ["loan.checked_out", "loan.checked_in"]
    assert times(fife)[-1] < times(fife)[-2]
    assert fife.find.holding(kit).status == "in"
    assert fife.ledger.verify().ok


def test_undo_takes_back_the_last_and_not_the_latest(
    fife: College, kit: str, clock: SetClock
) -> None:
    """Else a clock that was ahead once would have the same step undone for years."""
    clock.move(days=26_000)
    fife.holdings.move(kit, "Store 2")
    clock.move(days=-26_000)
    fife.loans.check_out([kit], "Viewforth")
    assert fife.actions.undo().kind == "loan.checked_out"
    assert fife.find.holding(kit).status == "in"
    assert fife.actions.undo().kind == "holding.moved"
    assert fife.ledger.verify().ok


def test_a_stocktake_over_a_clock_that_was_wrong(fife: College, kit: str, clock: SetClock) -> None:
    """A scan is late by its number; and one that is made now is news of what was seen in 2098."""
    clock.move(days=26_000)
    first = fife.stocktakes.open("Spring")
    fife.holdings.sight(kit)
    clock.move(days=-26_000)
    fife.stocktakes.scan(first.id, kit, desk="one")
    assert fife.find.holding(kit).last_sighted.at == instant(clock.now)
    clock.move(days=26_000)
    fife.stocktakes.close(first.id)
    clock.move(days=-26_000)
    late = fife.stocktakes.scan(first.id, kit, desk="one")
    assert late.late
    (line,) = fife.stocktakes.lines(first.id, "sighted").items
    assert not line.late, "one of its scans was in time"
    second = fife.stocktakes.open("Autumn")
    assert [each.id for each in fife.stocktakes.list()] == [second.id, first.id]
    assert fife.ledger.verify().ok


ENDS = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1, 1, 1, 0, 1, tzinfo=UTC),
    datetime(9999, 12, 17, 23, 59, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-12))),
]


@pytest.mark.parametrize("now", ENDS, ids=str)
def test_a_clock_at_the_ends_of_the_calendar(
    fife: College, kit: str, clock: SetClock, now: datetime, tmp_path: Path
) -> None:
    """Whatever a broken clock shows, the counter lends; or refuses in words."""
    right, clock.now = clock.now, now
    asks: list[Callable[[], object]] = [
        lambda: fife.loans.check_out([kit], "Viewforth"),
        lambda: fife.loans.renew(kit, parse_due("9999d", fife.session.today)),
        lambda: fife.loans.check_in([kit], kitloan.Count(whole=True)),
        lambda: fife.holdings.add(NewHolding("Telescope")),
        lambda: fife.stocktakes.open("All"),
        lambda: fife.stocktakes.scan("s1", kit, desk="one"),
        lambda: fife.stocktakes.close("s1"),
        lambda: fife.transfers.send(kit, "ayrshire"),
        fife.transfers.open,
        fife.transfers.received,
        fife.figures.loans_by_week,
        fife.figures.use_by_type,
        fife.figures.overdue_by_age,
        fife.audit.audit,
        lambda: fife.audit.audit(date(2030, 1, 1)),
        lambda: fife.find.loans(overdue=True),
        lambda: fife.exchange.export(tmp_path / "fife.kitloan"),
        lambda: warning(fife.session),
        lambda: copy_if_due(fife.session.store, fife.session.today),
    ]
    for ask in asks:
        with suppress(KitloanError):
            ask()
    assert fife.ledger.verify().ok
    clock.now = right + timedelta(days=1)
    for ask in asks:
        with suppress(KitloanError):
            ask()
    assert fife.ledger.verify().ok


@pytest.mark.parametrize(
    ("move", "words"),
    [
        ({"hours": -2}, "behind the last entry"),
        ({"days": -9000}, "behind the last entry"),
        ({"days": 1, "minutes": 1}, "more than a day ahead of the last entry"),
        ({"hours": 23}, ""),
        ({"seconds": -20}, ""),
    ],
)
def test_a_clock_is_doubted_before_the_first_entry(
    fife: College, kit: str, clock: SetClock, move: dict[str, float], words: str
) -> None:
    """Else a whole day is dated wrong before anybody looks; once there is an entry, it is quiet."""
    assert warning(fife.session) == ""
    clock.move(**move)
    said = warning(fife.session)
    assert (words in said) if words else said == ""
    fife.holdings.sight(kit)
    assert warning(fife.session) == ""
