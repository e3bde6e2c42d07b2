"""What is asked for: words that name nobody, next steps that can be taken, and true demand."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from kitloan import BadInput, NewHolding, Refused
from kitloan.college import College
from planning.test_bookings import OTHER, SCHOOL, THIRD, day, kits, proved, refusal
from trusting import merge


@pytest.fixture
def desk(fife: College) -> College:
    """Fife's desk, open from Monday to Friday."""
    fife.calendar.set_week(range(5), range(5))
    return fife


@pytest.mark.parametrize(
    "event",
    ["for Zebedee Quill", "", "x" * 41, "x" * 999, "a b", "=A1", "E\x07", "Fèis_2026-1", "E1"],
)
def test_an_event_is_an_id(desk: College, event: str) -> None:
    """Free words would put a person's name into the ledger."""
    kits(desk)
    with pytest.raises(BadInput) as refused:
        desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(4), event=event)
    assert refused.value.code == "bad_event"
    fair = desk.events.add("Fèis", day(2)).id
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(4), event=fair)[0]
    assert made.event == fair


def test_no_reason_on_record_names_a_person(desk: College) -> None:
    """The ledger keeps each of them for ever."""
    a, b = kits(desk, 2)
    desk.loans.check_out([b], SCHOOL, due_on=day(4))
    desk.directory.block(SCHOOL, "a kit is lost")
    words = "ask Mrs Ada Smith"
    for act in (
        lambda: desk.directory.block(OTHER, words),
        lambda: desk.loans.check_out([a], SCHOOL, override=words),
        lambda: desk.loans.renew(b, day(11), override=words),
        lambda: desk.holdings.report_missing(a, words),
        lambda: desk.holdings.put_in_repair(a, words),
        lambda: desk.holdings.propose_withdrawal(a, words),
    ):
        with pytest.raises(BadInput) as refused:
            act()
        assert refused.value.code == "names_a_person"
    assert not [line for line in desk.ledger.log() if "Smith" in line.summary]


def test_a_refusal_leads_on(desk: College) -> None:
    """By the name that people know, and to a command that does what it says."""
    desk.holdings.add(NewHolding("Telescope"))
    desk.directory.rename(desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(4))[0].to, OTHER)
    desk.directory.block(OTHER, "a kit is lost")
    booked = refusal(lambda: desk.bookings.book(OTHER, {"Telescope": 1}, day(7), day(8)))
    assert (booked.code, booked.details["organisation"]) == ("blocked", OTHER)
    assert OTHER in booked.message and "--override" not in booked.hint
    (tag,) = kits(desk)
    assert "--override" in refusal(lambda: desk.loans.check_out([tag], OTHER)).hint
    refused = refusal(lambda: desk.bookings.book(THIRD, {"Telescope": 3}, day(1), day(4)))
    assert "kitloan free --type 'Telescope'" in refused.hint
    refused = refusal(lambda: desk.bookings.book(THIRD, {"Telescope": 2}, day(1), day(4)))
    desk.bookings.book(THIRD, {"Telescope": 1}, day(1), day(4))
    refused = refusal(lambda: desk.bookings.book(THIRD, {"Telescope": 1}, day(1), day(4)))
    assert "--to SCHOOL --type 'Telescope=1' --from 2026-12-01 --until 2026-12-04" in refused.hint


def test_who_waits_could_collect_on_a_day_that_can_be_booked(desk: College) -> None:
    """The policies hold for those who waited, too."""
    kits(desk)
    desk.policies.set("notice", "5")
    desk.wants.add(SCHOOL, "Telescope", 1, day(24, 11), day(18), days=3)
    (want,) = desk.wants.list()
    assert want.could_collect == day(30, 11)
    refused = refusal(
        lambda: desk.bookings.book(SCHOOL, {"Telescope": 1}, day(27, 11), day(30, 11))
    )
    assert refused.code == "too_soon"
    desk.policies.set("max_days", "2")
    assert desk.wants.list()[0].could_collect is None
    desk.policies.set("max_days", "default")
    desk.policies.set("horizon", "8")
    assert desk.wants.list()[0].could_collect is None


def test_a_turnaround_of_years_is_refused_and_no_crash(desk: College) -> None:
    """200 staff days of one a week are four years; what is free says the same."""
    (kit,) = kits(desk)
    desk.calendar.set_week([2], [2])
    desk.policies.set("turnaround", "200")
    for policy in ("turnaround", "prep"):
        refused = refusal(lambda: desk.bookings.book(SCHOOL, {"Telescope": 1}, day(2), day(9)))
        assert refused.code == "too_far" and policy in refused.hint
        found = desk.bookings.free(day(2), day(9), "Telescope")[0]
        assert (found.free, found.why) == (0, "too_far")
        desk.policies.set("turnaround", "1")
        desk.policies.set("prep", "200")
    desk.wants.add(SCHOOL, "Telescope", 1, day(2), day(9))
    assert desk.wants.list()[0].could_collect is None
    desk.policies.set("turnaround", "400")
    desk.loans.check_out([kit], SCHOOL, due_on=day(9))
    proved(desk)


def test_every_late_loan_of_a_stock_is_named(desk: College, clock: SetClock) -> None:
    """Two schools have some of it; both are to be rung."""
    stock = desk.holdings.add(NewHolding("Goggles", quantity=10)).tag
    for school in (SCHOOL, OTHER):
        desk.loans.check_out([stock], school, quantity=4, due_on=day(1))
    desk.bookings.book(THIRD, {"Goggles": 8}, day(8), day(9))
    clock.now = datetime(2026, 12, 3, 10, tzinfo=UTC)
    (risk,) = desk.bookings.list(at_risk=True).items
    assert {each.to for each in risk.because} == {SCHOOL, OTHER}
    refused = refusal(lambda: desk.bookings.book(SCHOOL, {"Goggles": 5}, day(8), day(9)))
    assert {each["to"] for each in refused.details["overdue"]} == {SCHOOL, OTHER}


def test_of_a_series_only_what_lacked_is_demand(desk: College) -> None:
    """A type that was free on that date was not asked for in vain."""
    kits(desk)
    kits(desk, 2, "Microscope")
    desk.bookings.book(OTHER, {"Telescope": 1}, day(8), day(9))
    refusal(
        lambda: desk.bookings.book(
            SCHOOL, {"Telescope": 1, "Microscope": 1}, day(1), day(2), every="week", times=2
        )
    )
    assert [(each.type, each.first) for each in desk.wants.refused()] == [("Telescope", day(8))]
    proved(desk)


def test_esp_asks_about_one_type(
    fife: College, new_place: Callable[[], str], clock: SetClock, tmp_path: Path
) -> None:
    """By any of its names in the college that was asked."""
    first, last = date(2026, 12, 1), date(2026, 12, 4)
    for name in ("Telescope", "Microscope"):
        fife.holdings.add(NewHolding(name))
        with pytest.raises(Refused):
            fife.bookings.book(SCHOOL, {name: 2}, first, last)
    fife.holdings.rename_type("Telescope", "Refractor")
    fife.exchange.export(tmp_path / "fife.kitloan")
    with kitloan.init("esp", new_place(), actor="esp", clock=clock) as esp:
        merge(esp, [tmp_path / "fife.kitloan"])
        for name in ("Telescope", "Refractor"):
            assert [each.type for each in esp.wants.refused(name)] == ["Refractor"]
        assert len(esp.wants.refused()) == 2
        assert esp.wants.refused("Rover") == ()
