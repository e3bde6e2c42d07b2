"""The audit as at an earlier day: what it said then, it says now."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock, write_off
from kitloan import BadInput, Count, NewHolding
from kitloan.college import College
from kitloan.text.dates import SCOTLAND
from lives import begin, keep, lend, read_people, read_register, shared_figures
from trusting import merge

Told = dict[date, str]
"""For each day, the audit that was taken on it in the evening, as printed."""


def evening(clock: SetClock) -> None:
    """23:59:59 in Scotland, of the day that the clock stands on."""
    local = clock().astimezone(SCOTLAND).replace(hour=23, minute=59, second=59)
    clock.now = local.astimezone(UTC)


def story(desk: College, clock: SetClock, folder: Path) -> Told:
    """Two months at a college, with an audit every evening on which something had happened.

    They begin in summer time, and go past the change of the clocks and the first due dates.
    """
    tags: dict[str, str] = {}
    told: Told = {}
    days = (
        lambda: tags.update(begin(desk, clock)),
        lambda: lend(desk, clock, tags),
        lambda: read_people(desk, folder),
        lambda: keep(desk, clock, tags),
        lambda: desk.loans.check_in([tags["one"]], Count(missing={"Spanner": 1})),
        lambda: desk.actions.undo(),
        lambda: read_register(desk),
        lambda: write_off(desk, tags["four"], "given away"),
        lambda: None,
        lambda: desk.loans.check_in([tags["one"]], Count(whole=True)),
    )
    for day in days:
        clock.move(days=3)
        day()
        evening(clock)
        told[desk.session.today] = shared_figures(desk)
    return told


@pytest.fixture
def october(clock: SetClock) -> SetClock:
    """The clock in the week before summer time ends, half an hour into a day in Scotland."""
    clock.now = datetime(2026, 10, 18, 23, 30, tzinfo=UTC)
    return clock


@pytest.fixture
def desk(place: str, october: SetClock) -> Iterator[College]:
    """A college that opens then."""
    with kitloan.init("fife", place, actor="m.ross", clock=october) as opened:
        yield opened


def test_an_earlier_day_is_as_it_was_seen_then(
    desk: College, october: SetClock, tmp_path: Path
) -> None:
    """Figures that the donor was given in November must be the figures of November for ever."""
    told = story(desk, october, tmp_path)
    october.move(days=400)
    assert len(set(told.values())) == len(told), "every evening was different"
    for day, then in told.items():
        assert shared_figures(desk, day) == then, day
    assert desk.ledger.verify().ok


def test_a_day_on_which_nothing_happened_is_as_the_last_before_it(
    desk: College, october: SetClock
) -> None:
    """An audit on a Sunday must not be empty."""
    tag = desk.holdings.add(NewHolding("Device")).tag
    desk.loans.check_out([tag], "School", due_on=desk.session.today + timedelta(days=30))
    first = desk.session.today
    october.move(days=20)
    then = desk.audit.audit()
    desk.loans.check_in([tag])
    october.move(days=20)
    between = desk.audit.audit(first + timedelta(days=10))
    assert between.totals == then.totals
    assert between.totals.out == 1


def test_a_day_in_scotland_ends_at_midnight_there(desk: College, october: SetClock) -> None:
    """Half an hour on the wrong side of a month's end would move a loan to another report."""
    tag = desk.holdings.add(NewHolding("Device")).tag
    october.now = datetime(2026, 10, 23, 22, 59, 59, tzinfo=UTC)
    desk.loans.check_out([tag], "School")
    assert desk.session.today == date(2026, 10, 23)
    october.move(seconds=1)
    desk.loans.check_in([tag])
    assert desk.session.today == date(2026, 10, 24)
    october.now = datetime(2026, 10, 26, 0, 0, tzinfo=UTC)  # by then midnight is midnight
    desk.loans.check_out([tag], "School")
    october.move(days=30)
    out = {day: desk.audit.audit(date(2026, 10, day)).totals.out for day in (22, 23, 24, 25, 26)}
    assert out == {22: 0, 23: 1, 24: 0, 25: 0, 26: 1}


def test_before_the_first_record_there_is_nothing_to_say(desk: College, october: SetClock) -> None:
    """Zeros for a time of which nothing is known would be taken for figures."""
    first = desk.session.today
    october.move(days=50)
    assert desk.audit.audit(first).totals.colleges == 1
    with pytest.raises(BadInput) as refusal:
        desk.audit.audit(first - timedelta(days=1))
    assert refusal.value.code == "before_records"
    assert refusal.value.details["as_at"] == "2026-10-18"


def test_what_was_undone_later_was_known_until_then(desk: College, october: SetClock) -> None:
    """Who looked that day saw the loan; who looks back today knows that there was none."""
    tag = desk.holdings.add(NewHolding("Device")).tag
    desk.loans.check_out([tag], "School")
    mistaken = desk.session.today
    october.move(days=1)
    desk.actions.undo()
    october.move(days=1)
    assert desk.audit.audit(mistaken, known_on=mistaken).totals.out == 1
    assert desk.audit.audit(mistaken).totals.out == 0
    assert desk.audit.audit(mistaken + timedelta(days=1)).totals.out == 0


def test_a_due_date_in_the_past_is_overdue_from_then_only(desk: College, october: SetClock) -> None:
    """A college must not be blamed for a loan that was not late yet."""
    tag = desk.holdings.add(NewHolding("Device")).tag
    due = desk.session.today + timedelta(days=5)
    desk.loans.check_out([tag], "School", due_on=due)
    october.move(days=60)
    overdue = {n: desk.audit.audit(due + timedelta(days=n)).totals.overdue for n in (-1, 0, 1)}
    assert overdue == {-1: 0, 0: 0, 1: 1}
    (finding,) = desk.audit.audit(due + timedelta(days=1)).findings
    assert (finding.code, finding.tag) == ("overdue", tag)


def test_esp_sees_the_same_past(
    new_place: Callable[[], str], october: SetClock, tmp_path: Path
) -> None:
    """A file that came in January tells of October what the college saw in October."""
    with kitloan.init("fife", new_place(), actor="m.ross", clock=october) as desk:
        told = story(desk, october, tmp_path)
        october.move(days=60)
        desk.exchange.export(tmp_path / "fife.kitloan")
    with kitloan.init("esp", new_place(), actor="esp", clock=october) as national:
        merge(national, [tmp_path / "fife.kitloan"])
        for day, then in told.items():
            assert shared_figures(national, day) == then, day
        with pytest.raises(BadInput) as refusal:
            national.audit.audit(min(told) - timedelta(days=30))
        assert refusal.value.code == "before_records"


def test_looking_back_changes_nothing(desk: College, october: SetClock, tmp_path: Path) -> None:
    """A report of last year must not touch this year's store."""
    told = story(desk, october, tmp_path)
    october.move(days=60)
    before = desk.ledger.log(), desk.ledger.verify()
    for day in told:
        desk.audit.audit(day)
    assert (desk.ledger.log(), desk.ledger.verify()) == before
