"""Collecting what a school has booked: its turn shows it, and a scan of a kit is all it takes."""

from datetime import date
from pathlib import Path

import pytest

from kitloan.planning.booked import Booking
from kitloan_tui.counter.status import status_lines
from tui.at_the_counter import OTHER, SCHOOL, Day, Store, expect
from tui.at_the_desk import at_desk

TODAY, LAST = date(2026, 11, 23), date(2026, 12, 4)


@pytest.fixture
def booked(store: Store) -> Booking:
    """Two STEM kits for the school, from today."""
    (made,) = store.kitloan.bookings.book(SCHOOL, {"STEM kit": 2}, TODAY, LAST)
    return made


def collected(day: Day, booking: Booking) -> list[int]:
    """How many of each line have gone out."""
    return [each.collected for each in day.college.bookings.get(booking.id).lines]


def test_a_booking_is_collected_by_a_scan_a_kit(day: Day, booked: Booking) -> None:
    """Else the kits would be lent beside the booking, and held for it twice."""
    store = day.store
    day.type(SCHOOL)
    assert f"# Booked, to collect: 2 STEM kit, back by 4 Dec 2026 ({booked.id})" in status_lines(
        day.state
    )
    expect(day.scan(store.kit), "OUT", SCHOOL, f"due 4 Dec 2026, as booked ({booked.id})")
    assert any("collect: 1 STEM kit" in each for each in status_lines(day.state))
    day.scan(store.second)
    assert not any("collect" in each for each in status_lines(day.state))
    assert day.college.bookings.get(booked.id).state == "collected"
    day.undo()
    assert collected(day, booked) == [1]
    assert any("collect: 1 STEM kit" in each for each in status_lines(day.state))


def test_kits_that_waited_for_the_name_are_collected_too(day: Day, booked: Booking) -> None:
    """Else the order of the scans would decide whether a booking is kept."""
    day.scan(day.store.kit, day.store.second)
    expect(day.type(SCHOOL), "OUT", "2 to", "due 4 Dec 2026", f"as booked ({booked.id})")
    assert collected(day, booked) == [2]


def test_what_is_not_booked_goes_as_ever(day: Day, booked: Booking) -> None:
    """Else a headset that they take as well would end with the booking, or be refused."""
    store = day.store
    day.scan(store.headset, store.kit)
    day.type(SCHOOL)
    assert collected(day, booked) == [1]
    due = {each.type: each.due_on for each in day.college.find.loans(to=SCHOOL).items}
    assert due == {"VR headset": date(2026, 12, 7), "STEM kit": LAST}


def test_another_schools_booking_is_not_touched(day: Day, booked: Booking) -> None:
    """Else the school that came first would take what the other one was promised."""
    day.type(f"to {OTHER}")
    assert not any("collect" in each for each in status_lines(day.state))
    expect(day.scan(day.store.kit), "REFUSED", SCHOOL, "due friday")
    assert collected(day, booked) == [0]


def test_a_booking_for_tomorrow_is_not_collected_today(day: Day, store: Store) -> None:
    """Else what is taken today would be missing from the booking tomorrow."""
    (made,) = store.kitloan.bookings.book(SCHOOL, {"VR headset": 1}, date(2026, 11, 25), LAST)
    day.type(SCHOOL)
    day.scan(store.kit)
    assert not any("collect" in each for each in status_lines(day.state))
    assert collected(day, made) == [0]


def test_loose_things_are_collected_by_number(day: Day, store: Store) -> None:
    """Else ten of the thirty would be held back once more."""
    (made,) = store.kitloan.bookings.book(SCHOOL, {"Multimeter": 10}, TODAY, LAST)
    day.type(SCHOOL)
    day.scan(store.stock)
    expect(day.type("12"), "REFUSED", "10 of Multimeter to collect", "Scan it again")
    day.scan(store.stock)
    expect(day.type("10"), "OUT", f"as booked ({made.id})")
    assert collected(day, made) == [10]


def test_several_types_and_bookings_are_in_one_line(day: Day, booked: Booking) -> None:
    """Else the second type of a booking would look like another booking."""
    college = day.college
    types = {"Multimeter": 5, "VR headset": 1}
    (other,) = college.bookings.book(SCHOOL, types, TODAY, date(2026, 11, 25))
    day.type(SCHOOL)
    assert status_lines(day.state)[1] == (
        f"# Booked, to collect: 2 STEM kit, back by 4 Dec 2026 ({booked.id}); 5 Multimeter, "
        f"1 VR headset, back by 25 Nov 2026 ({other.id})"
    )
    day.scan(day.store.headset)
    assert collected(day, other) == [0, 1]


async def test_the_screen_shows_what_is_to_collect(
    store: Store, booked: Booking, log: Path
) -> None:
    """Else the person at the desk would not know that the school has booked."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.type(SCHOOL)
        assert hands.reads(f"# Booked, to collect: 2 STEM kit, back by 4 Dec 2026 ({booked.id})")
        await hands.scan(store.kit)
        assert hands.reads("# Booked, to collect: 1 STEM kit")
