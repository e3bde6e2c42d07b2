"""Changing a booking: only what changes is judged, and what was agreed stays agreed."""

from datetime import UTC, date, datetime

import pytest

from conftest import SetClock
from kitloan import BadInput
from kitloan.college import College
from planning.test_bookings import OTHER, SCHOOL, THIRD, day, kits, proved, refusal


@pytest.fixture
def desk(fife: College) -> College:
    """Fife's desk, open from Monday to Friday."""
    fife.calendar.set_week(range(5), range(5))
    return fife


def put(clock: SetClock, when: date) -> None:
    """Put the clock on a day."""
    clock.now = datetime(when.year, when.month, when.day, 10, tzinfo=UTC)


def test_whom_to_ring_can_always_be_changed(desk: College, clock: SetClock) -> None:
    """Rules of today and the days that passed are no reason to keep a wrong number."""
    kits(desk)
    desk.policies.set("grace", "5")
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(4))[0]
    for key, number in {
        "notice": 9,
        "horizon": 1,
        "max_days": 1,
        "prep": 2,
        "turnaround": 9,
    }.items():
        desk.policies.set(key, str(number))
    desk.policies.set("max_bookings", "1")
    desk.calendar.close(day(1), day(4), reason="flood")
    kept = desk.bookings.get(made.id).lapses_after
    desk.directory.block(SCHOOL, "a kit is lost")
    put(clock, day(2))
    now = desk.bookings.change(made.id, contact="Pat Ex")
    assert now.contact is not None and now.contact.name == "Pat Ex"
    assert (now.busy_from, now.free_from, now.lapses_after) == (
        made.busy_from,
        made.free_from,
        kept,
    )
    proved(desk)


def test_a_booking_at_risk_can_have_another_contact_and_be_of_less(desk: College) -> None:
    """It asks for nothing that it did not have."""
    a, b, _ = kits(desk, 3)
    desk.bookings.book(OTHER, {"Telescope": 1}, day(1), day(4))
    made = desk.bookings.book(SCHOOL, {"Telescope": 2}, day(1), day(8))[0]
    for tag in (a, b):
        desk.holdings.report_missing(tag, None)
    assert desk.bookings.change(made.id, contact="Pat Ex").at_risk
    less = desk.bookings.change(made.id, types=[("Telescope", 1)], return_by=day(4))
    assert less.at_risk and less.lines[0].quantity == 1
    assert refusal(lambda: desk.bookings.change(made.id, return_by=day(8))).code == "not_free"
    proved(desk)
    desk.actions.undo()
    assert desk.bookings.get(made.id).lines[0].quantity == 2
    proved(desk)


def test_days_that_change_are_judged(desk: College, clock: SetClock) -> None:
    """The other day of the booking is not."""
    kits(desk)
    desk.policies.set("grace", "5")
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(4))[0]
    desk.policies.set("notice", "5")
    desk.calendar.close(day(1), reason="flood")
    put(clock, day(2))
    assert desk.bookings.change(made.id, return_by=day(8)).return_by == day(8)
    assert refusal(lambda: desk.bookings.change(made.id, return_by=day(12))).code == "closed_day"
    assert refusal(lambda: desk.bookings.change(made.id, collect_on=day(3))).code == "too_soon"
    with pytest.raises(BadInput) as refused:
        desk.bookings.change(made.id, return_by=day(1))
    assert refused.value.code == "in_the_past"
    proved(desk)


def test_a_blocked_school_does_not_get_what_another_booked(desk: College) -> None:
    """Nor more than it booked before it was blocked; what it has, it keeps."""
    kits(desk, 3)
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(4))[0]
    own = desk.bookings.book(OTHER, {"Telescope": 1}, day(1), day(4))[0]
    desk.directory.block(OTHER, "a kit is lost")
    assert refusal(lambda: desk.bookings.change(made.id, to=OTHER)).code == "blocked"
    more = [("Telescope", 2)]
    assert refusal(lambda: desk.bookings.change(own.id, types=more)).code == "blocked"
    desk.bookings.change(own.id, contact="Pat Ex")
    assert desk.bookings.change(made.id, to=THIRD).to == THIRD
    proved(desk)


def test_chosen_kits_that_went_out_are_in_nobodys_way(desk: College) -> None:
    """A booking of two chosen kits, one of them collected, is moved with the other."""
    tags = kits(desk, 2)
    made = desk.bookings.book(SCHOOL, [], day(23, 11), day(4), tags=tags)[0]
    desk.loans.check_out(tags[:1], booking=made.id)
    now = desk.bookings.change(made.id, return_by=day(8))
    assert now.return_by == day(8) and set(now.lines[0].tags) == set(tags)
    proved(desk)
    kits(desk)
    now = desk.bookings.change(made.id, types=[("Telescope", 3)])
    assert (now.lines[0].quantity, now.lines[0].collected) == (3, 1)
    refused = refusal(lambda: desk.bookings.change(made.id, types=[("Telescope", 4)]))
    assert (refused.code, refused.details["asked"]) == ("not_free", 3)
    proved(desk)


def test_what_is_free_can_be_booked_where_preparation_would_have_begun(
    desk: College, clock: SetClock
) -> None:
    """What was out last week stands in nobody's way today; a chosen kit neither."""
    (kit,) = kits(desk)
    desk.policies.set("turnaround", "0")
    desk.policies.set("prep", "5")
    desk.loans.check_out([kit], OTHER, due_on=day(24, 11))
    put(clock, day(25, 11))
    desk.loans.check_in([kit])
    desk.loans.check_out([kit], OTHER, due_on=day(26, 11))
    put(clock, day(26, 11))
    assert desk.bookings.free(day(27, 11), day(1), "Telescope")[0].free == 1
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(27, 11), day(1), tags=[kit])[0]
    assert made.busy_from == day(20, 11)
    proved(desk)
    assert desk.bookings.change(made.id, return_by=day(2)).return_by == day(2)
    proved(desk)


def test_a_school_has_no_more_than_its_limit_by_lending_either(
    desk: College, clock: SetClock
) -> None:
    """What is booked counts; what was booked is handed out; a person may decide otherwise."""
    tags = kits(desk, 5)
    desk.policies.set("max_out", "2")
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(4))[0]
    desk.loans.check_out(tags[:1], SCHOOL, due_on=day(14))
    refused = refusal(lambda: desk.loans.check_out(tags[1:2], SCHOOL, due_on=day(2)))
    assert (refused.code, refused.details["policy"]) == ("limit", "max_out")
    assert (refused.details["having"], refused.details["limit"]) == (2, 2)
    assert [each.rule for each in desk.wants.refused()] == ["limit"]
    desk.loans.check_out(tags[1:2], SCHOOL, due_on=day(30, 11))
    desk.loans.check_in(tags[1:2])
    for _ in range(2):
        desk.loans.check_out(
            tags[1:2], SCHOOL, due_on=day(2), override="a class of forty", request_id="o"
        )
    assert [line.kind for line in desk.ledger.log()].count("rule.overridden") == 1
    put(clock, day(1))
    desk.policies.set("max_out", "1")
    desk.loans.check_out(tags[2:3], booking=made.id)
    proved(desk)


def test_limits_count_a_series_and_no_kit_twice(desk: College) -> None:
    """Ten bookings at once are ten; a kit that was collected is one."""
    tags = kits(desk, 6)
    desk.policies.set("max_bookings", "2")
    book = desk.bookings.book
    refused = refusal(lambda: book(SCHOOL, {"Telescope": 1}, day(1), day(2), every="week", times=3))
    assert refused.details["policy"] == "max_bookings"
    assert [each["number"] for each in refused.details["failed"]] == [3]
    desk.policies.set("max_bookings", "default")
    desk.policies.set("max_out", "3")
    desk.policies.set("turnaround", "6")
    refused = refusal(lambda: book(SCHOOL, {"Telescope": 2}, day(1), day(2), every="week", times=2))
    assert refused.details["policy"] == "max_out"
    made = book(SCHOOL, {"Telescope": 3}, day(23, 11), day(4))[0]
    desk.loans.check_out(tags[:2], booking=made.id)
    assert desk.bookings.change(made.id, return_by=day(8)).return_by == day(8)
    refused = refusal(lambda: desk.bookings.change(made.id, types=[("Telescope", 4)]))
    assert (refused.code, refused.details["having"]) == ("limit", 2)
    proved(desk)
