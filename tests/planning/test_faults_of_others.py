"""Faults that others shipped, each named by its thread, where no other test has it already.

Named elsewhere: Pinakes PR #227 and reservations #116, #625 (overdue and promised), YaleSTC #1218
(the due day), Koha 40296 (counted twice), Shelf #1761 and PR #2775, leihs #508, #815 and #924,
elabftw #7203 and adam-rms #819 in `test_bookings.py`; leihs #1908 in `test_calendar.py`.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time

import pytest

from conftest import SetClock
from kitloan import Count, NewHolding
from kitloan.college import College
from kitloan.text.dates import uk
from planning.test_bookings import OTHER, SCHOOL, day, kits, proved, refusal


@pytest.fixture
def desk(fife: College) -> College:
    """Fife's desk, open from Monday to Friday."""
    fife.calendar.set_week(range(5), range(5))
    return fife


@pytest.fixture
def at(clock: SetClock) -> Callable[[date], None]:
    """Make it a day, at nine in the morning."""

    def at(day: date) -> None:
        clock.now = datetime.combine(day, time(9), UTC)

    return at


def kinds(desk: College, day: date) -> list[str]:
    """The notices of bookings that are due on a day."""
    return [each.kind for each in desk.notices.due(day) if each.kind != "overdue"]


def test_nobody_is_told_to_collect_what_is_still_out(
    desk: College, at: Callable[[date], None]
) -> None:
    """Pinakes #366: the mail said "ready to collect" while another borrower had it."""
    (kit,) = kits(desk)
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(9), day(11))[0]
    desk.loans.check_out([kit], OTHER, due_on=day(1))
    assert kinds(desk, day(7)) == ["collect_soon"]
    at(day(7))
    (notice,) = [each for each in desk.notices.due() if each.subject == made.id]
    assert notice.kind == "at_risk" and "ring us" in notice.text
    assert "Ready for you" not in notice.title
    (message,) = [each for each in desk.notices.messages() if each.kind == "at_risk"]
    assert "1 x Telescope, from 9 Dec 2026" in message.text
    desk.loans.check_in([kit])
    assert kinds(desk, day(7)) == ["collect_soon"]
    proved(desk)


def test_who_was_told_of_a_risk_is_told_that_it_is_over_each_time(
    desk: College, at: Callable[[date], None]
) -> None:
    """A school that rang because of our letter must not stay away from kits that came back."""
    (kit,) = kits(desk)
    desk.bookings.book(SCHOOL, {"Telescope": 1}, day(16), day(18))
    desk.notices.mark()

    def late() -> None:
        at(day(1))
        desk.loans.check_out([kit], OTHER, due_on=day(2), override="it is for a fair")
        at(day(4))

    late()
    for stage in (None, 2, 3):
        risk = [each for each in desk.notices.due() if each.kind == "at_risk"]
        assert [each.stage for each in risk] == [stage]
        assert "please ring us" in risk[0].title
        desk.notices.mark()
        assert kinds(desk, day(4)) == [], "once a time"
        desk.loans.check_in([kit], Count(whole=True))
        (ready,) = [each for each in desk.notices.due() if each.kind == "booked"]
        assert ready.title == f"Your booking for {uk(day(16))} can be kept after all"
        desk.notices.mark()
        assert kinds(desk, day(4)) == []
        late()
    desk.loans.check_in([kit], Count(whole=True))
    assert kinds(desk, day(4)) == [], "who was not told of the last risk needs no word of its end"
    (last,) = [each for each in desk.notices.due(day(14)) if each.kind == "collect_soon"]
    assert last.title == f"Ready for you from {uk(day(16))}"
    proved(desk)


def test_nothing_is_judged_again_when_a_booking_is_brought_back(
    desk: College, at: Callable[[date], None]
) -> None:
    """Koha 41887: the clash check ran on the return, and the counter showed an error."""
    first, second = kits(desk, 2)
    made = desk.bookings.book(SCHOOL, {"Telescope": 2}, day(1), day(4))[0]
    desk.bookings.book(OTHER, {"Telescope": 2}, day(8), day(10))
    at(day(1))
    desk.loans.check_out([first, second], booking=made.id)
    at(day(9))
    desk.loans.check_in([first])
    desk.holdings.report_missing(second, "lost on the way")
    assert desk.bookings.get(made.id).state == "collected"
    assert [each.to for each in desk.bookings.list(at_risk=True).items] == [OTHER]
    proved(desk)


def test_a_booking_that_lapsed_does_not_look_collected(
    desk: College, at: Callable[[date], None]
) -> None:
    """Circulate PR #2185: an expired hold looked as if it had been picked up."""
    kits(desk)
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(4))[0]
    at(day(3))
    for _ in range(2):  # as it is derived, and as it is on record
        found = desk.bookings.get(made.id)
        assert (found.state, found.lines[0].collected) == ("lapsed", 0)
        assert desk.bookings.list(state="collected").total == 0
        assert desk.bookings.list(state="lapsed").total == 1
        desk.holdings.add(NewHolding("Microscope"))
    proved(desk)


def test_the_deadline_counts_from_the_collection_day_in_open_days(desk: College) -> None:
    """Rero-ils #2679 counted from the request; circulate #195 and #2115 counted closed days."""
    kits(desk)
    desk.policies.set("grace", "2")
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(11), day(18))[0]
    assert made.lapses_after == day(15), "Friday, and two open days over the weekend"


def test_a_closure_moves_what_it_hits_and_not_all_to_one_day(desk: College) -> None:
    """Circulate #2200, and the Wellcome Collection's #8220: everybody came on the first day."""
    for tag in kits(desk, 4):
        desk.loans.check_out([tag], SCHOOL, due_on=day(21))
    found = desk.calendar.close(day(21), date(2027, 1, 5), reason="Christmas", move=True, spread=2)
    assert [each.moved_to for each in found.loans] == [
        date(2027, 1, 6),
        date(2027, 1, 7),
        date(2027, 1, 6),
        date(2027, 1, 7),
    ]
    proved(desk)


def test_a_hold_is_not_longer_than_was_chosen(desk: College, at: Callable[[date], None]) -> None:
    """Circulate PR #548: seven days were chosen and fourteen were kept."""
    kits(desk)
    desk.policies.set("grace", "5")
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(18))[0]
    assert made.lapses_after == day(8)
    at(day(9))
    assert desk.bookings.get(made.id).state == "lapsed"
    desk.bookings.book(OTHER, {"Telescope": 1}, day(9), day(10))


def test_a_reminder_comes_again_after_an_extension_and_not_every_day(
    desk: College, at: Callable[[date], None]
) -> None:
    """Leihbase #48 sent none after an extension, reservation #93 one each day for ever."""
    (kit,) = kits(desk)
    desk.loans.check_out([kit], SCHOOL, due_on=day(1))
    at(day(2))
    assert [each.stage for each in desk.notices.mark()] == [1]
    at(day(3))
    assert desk.notices.due() == []
    desk.loans.renew(kit, day(15))
    at(day(16))
    assert [(each.kind, each.stage) for each in desk.notices.due()] == [("overdue", 1)]


def test_days_on_which_nobody_looked_cost_no_notice_and_send_no_heap(
    desk: College, at: Callable[[date], None]
) -> None:
    """Leihs #425 left out the steps of days on which it did not run."""
    (kit,) = kits(desk)
    desk.loans.check_out([kit], SCHOOL, due_on=day(1))
    at(day(9))
    assert [(each.kind, each.stage) for each in desk.notices.due()] == [("overdue", 2)]


def test_the_kit_is_chosen_at_the_counter(desk: College, at: Callable[[date], None]) -> None:
    """Adam-rms #157: what is booked is a type, and any of its kits that is there goes out."""
    first, second = kits(desk, 2)
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(4))[0]
    assert made.lines[0].tags == ()
    desk.holdings.report_missing(first, "lost")
    at(day(1))
    desk.loans.check_out([second], booking=made.id)
    assert desk.bookings.get(made.id).state == "collected"
    assert refusal(lambda: desk.loans.check_out([second], OTHER)).code == "on_loan"
    proved(desk)
