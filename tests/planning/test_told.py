"""What borrowers are told of their bookings, and what inspections and blocks refuse of them."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from conftest import SetClock
from kitloan import KitloanError, NewHolding, Refused
from kitloan.college import College
from kitloan.planning.channels import CalendarEvent, calendar_file
from kitloan.text.dates import uk

SCHOOL = "Lochside Academy"
MONDAY, FRIDAY = date(2026, 12, 7), date(2026, 12, 11)


@pytest.fixture
def desk(fife: College) -> College:
    """Fife's desk, open Monday to Friday, with three kits."""
    fife.calendar.set_week(range(5), range(5))
    for n in range(3):
        fife.holdings.add(NewHolding("STEM kit", asset_number=f"K{n}"))
    return fife


def kinds(desk: College, day: date) -> list[tuple[str, int | None]]:
    """What is due on a day."""
    return [(each.kind, each.stage) for each in desk.notices.due(day)]


def refused(act: Callable[[], object]) -> KitloanError:
    """What an act was refused with."""
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value


def test_a_booking_is_confirmed_reminded_and_lapses(desk: College, clock: SetClock) -> None:
    """Each once; and of several that would be due together, the latest only."""
    (made,) = desk.bookings.book(SCHOOL, {"STEM kit": 2}, MONDAY, FRIDAY, contact="Iain Strachan")
    (notice,) = desk.notices.due()
    assert (notice.kind, notice.stage, notice.subject) == ("booked", None, made.id)
    assert (notice.to, notice.due_on) == (SCHOOL, MONDAY)
    assert "2 x STEM kit, from 7 Dec 2026 to 11 Dec 2026" in notice.text
    assert kinds(desk, date(2026, 12, 3)) == [("collect_soon", None)], "two open days before"
    assert kinds(desk, date(2026, 12, 8)) == [("collect_soon", None)], "kept one open day longer"
    assert kinds(desk, date(2026, 12, 9)) == [("lapsed", None)]
    assert kinds(desk, date(2027, 2, 1)) == []
    desk.notices.mark()
    assert kinds(desk, clock.now.date()) == []
    clock.now = datetime(2026, 12, 10, 12, 0, tzinfo=UTC)
    assert desk.notices.due()[0].kind == "lapsed"
    assert desk.notices.mark()[0].kind == "lapsed"
    assert desk.notices.due() == []
    assert desk.ledger.verify().ok


def test_a_booking_that_was_collected_or_cancelled_is_told_nothing(
    desk: College, clock: SetClock
) -> None:
    """Nobody is told to collect what they have, or that what they gave back has lapsed."""
    (made,) = desk.bookings.book(SCHOOL, {"STEM kit": 1}, MONDAY, FRIDAY)
    (gone,) = desk.bookings.book(SCHOOL, {"STEM kit": 1}, MONDAY, FRIDAY)
    desk.bookings.cancel(gone.id)
    clock.now = datetime(2026, 12, 7, 9, 0, tzinfo=UTC)
    desk.loans.check_out(["K0"], None, booking=made.id)
    assert kinds(desk, date(2026, 12, 7)) == []
    assert [kind for kind, _ in kinds(desk, date(2026, 12, 15))] == ["overdue"]


def test_a_booking_in_the_calendar_file(desk: College) -> None:
    """Example 15, from the store: same id, sequence 0, 1, 2, and CANCELLED at last."""
    (made,) = desk.bookings.book(SCHOOL, {"STEM kit": 1}, MONDAY, FRIDAY)

    def written() -> list[str]:
        return calendar_file(desk.notices.events(), "fife").decode().split("\r\n")

    uid = f"UID:booking-{made.id}@fife.kitloan"
    first = written()
    assert {uid, "DTSTART;VALUE=DATE:20261207", "DTEND;VALUE=DATE:20261212"} <= set(first)
    assert {"SEQUENCE:0", "STATUS:CONFIRMED"} <= set(first)
    desk.bookings.change(made.id, collect_on=date(2026, 12, 8))
    assert {uid, "SEQUENCE:1", "DTSTART;VALUE=DATE:20261208"} <= set(written())
    desk.bookings.cancel(made.id)
    assert {uid, "SEQUENCE:2", "STATUS:CANCELLED"} <= set(written())


def test_an_undone_change_is_one_more_in_the_calendar(desk: College) -> None:
    """A calendar that has number 2 takes no number 1; what is gone is withdrawn, and not left."""
    (made,) = desk.bookings.book(SCHOOL, {"STEM kit": 2}, MONDAY, FRIDAY)

    def seen() -> tuple[int, bool, date]:
        (event,) = (each for each in desk.notices.events() if each.id == f"booking-{made.id}")
        assert event.cancelled or event.title == f"2 x STEM kit for {SCHOOL}"
        return event.sequence, event.cancelled, event.first

    tuesday = date(2026, 12, 8)
    desk.bookings.change(made.id, collect_on=tuesday)
    assert seen() == (1, False, tuesday)
    desk.actions.undo()
    assert seen() == (2, False, MONDAY)
    desk.actions.redo()
    assert seen() == (3, False, tuesday)
    desk.actions.undo()
    desk.actions.undo()
    assert seen()[:2] == (5, True)
    desk.actions.redo()
    assert seen() == (6, False, MONDAY)


def test_an_undone_renewal_is_one_more_and_an_undone_loan_is_withdrawn(desk: College) -> None:
    """As with bookings."""
    desk.loans.check_out(["K0"], SCHOOL, due_on=FRIDAY)

    def seen() -> tuple[int, bool, date]:
        (event,) = desk.notices.events()
        assert event.cancelled or event.title == f"Due back: STEM kit from {SCHOOL}"
        return event.sequence, event.cancelled, event.first

    later = date(2026, 12, 18)
    desk.loans.renew("K0", later)
    assert seen() == (1, False, later)
    desk.actions.undo()
    assert seen() == (2, False, FRIDAY)
    desk.actions.undo()
    assert seen()[:2] == (3, True)
    desk.actions.redo()
    assert seen() == (4, False, FRIDAY)
    desk.loans.check_in(["K0"])
    desk.holdings.sight("K0")
    assert seen()[:2] == (5, True), "what came back is withdrawn from the calendar"


def test_a_blocked_borrower_books_nothing_and_is_counted_as_demand(desk: College) -> None:
    """What was asked for in vain is noted, whatever the rule; up to the block's last day."""
    desk.bookings.book(SCHOOL, {"STEM kit": 1}, MONDAY, FRIDAY)
    desk.directory.block(SCHOOL, "a kit is lost", until=date(2026, 12, 9))
    refusal = refused(
        lambda: desk.bookings.book(SCHOOL, {"STEM kit": 1}, date(2026, 12, 9), FRIDAY)
    )
    assert (refusal.code, refusal.details["reason"]) == ("blocked", "a kit is lost")
    assert refused(lambda: desk.loans.check_out(["K0"], SCHOOL)).code == "blocked"
    rules = [line.kind for line in desk.ledger.log() if line.kind == "demand.refused"]
    assert len(rules) >= 1
    desk.bookings.book(SCHOOL, {"STEM kit": 1}, date(2026, 12, 10), FRIDAY)


def test_an_inspection_covers_the_day_or_the_whole_loan(desk: College, clock: SetClock) -> None:
    """Example 13: passed on 31 August for six months, lent from 20 February to 6 March."""
    desk.calendar.set_week(range(7), range(7))
    clock.now = datetime(2026, 8, 31, 9, 0, tzinfo=UTC)
    kit = desk.holdings.add(NewHolding("Soldering iron")).tag
    desk.inspections.set_regime("PAT", "Soldering iron", 6)
    assert desk.inspections.record(kit, "PAT", "pass").valid_until == date(2027, 2, 28)
    clock.now = datetime(2027, 2, 20, 9, 0, tzinfo=UTC)
    desk.policies.set("cover", "loan")
    due = date(2027, 3, 6)
    refusal = refused(lambda: desk.loans.check_out([kit], SCHOOL, due_on=due))
    assert (refusal.code, refusal.details["until"]) == ("inspection_due", "2027-03-06")
    desk.loans.check_out([kit], SCHOOL, due_on=date(2027, 2, 28))
    desk.actions.undo()
    desk.policies.set("cover", "out")
    desk.loans.check_out([kit], SCHOOL, due_on=due)


def test_what_failed_is_no_longer_free(desk: College) -> None:
    """A kit that is not safe is promised to nobody; a promise that it leaves short is at risk."""
    free = desk.bookings.free(MONDAY, FRIDAY, type="STEM kit")
    assert free[0].free == 3
    desk.bookings.book(SCHOOL, {"STEM kit": 3}, MONDAY, FRIDAY)
    desk.inspections.set_regime("PAT", "STEM kit", 12, gate=False)
    desk.inspections.record("K0", "PAT", "fail")
    assert desk.bookings.free(MONDAY, FRIDAY, type="STEM kit")[0].capacity == 2
    assert desk.bookings.list(at_risk=True).total == 1
    assert desk.ledger.verify().ok
    desk.inspections.record("K0", "PAT", "pass")
    assert desk.bookings.list(at_risk=True).total == 0
    assert desk.ledger.verify().ok


def test_a_borrower_who_is_very_late_or_has_lost_kits_is_blocked_by_itself(
    desk: College, clock: SetClock
) -> None:
    """Where a college set it; it ends by itself, and a person can decide otherwise."""
    desk.loans.check_out(["K0"], SCHOOL, due_on=date(2026, 11, 24))
    desk.policies.set("block_overdue", "7")
    clock.now = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    desk.loans.check_out(["K1"], SCHOOL)
    later = date(2027, 3, 1)
    (far,) = desk.bookings.book(SCHOOL, {"STEM kit": 1}, later, later)
    desk.bookings.cancel(far.id)
    clock.move(days=1)
    refusal = refused(lambda: desk.loans.check_out(["K2"], SCHOOL))
    assert (refusal.code, refusal.details["policy"]) == ("blocked", "block_overdue")
    booked = refused(lambda: desk.bookings.book(SCHOOL, {"STEM kit": 1}, MONDAY, FRIDAY))
    assert booked.code == "blocked"
    desk.policies.set("block_losses", "1")
    desk.holdings.report_missing("K0", "lost on the bus")
    refusal = refused(lambda: desk.loans.check_out(["K2"], SCHOOL))
    assert (refusal.code, refusal.details["policy"]) == ("blocked", "block_losses")
    desk.loans.check_out(["K2"], SCHOOL, override="the council pays")
    desk.actions.undo()
    desk.holdings.found("K0")
    desk.loans.check_out(["K2"], SCHOOL)
    assert desk.ledger.verify().ok


def test_a_day_that_is_closed_later_is_named_no_more(desk: College) -> None:
    """Else a school drives to a locked door: we wrote "Ready for you from" the day of the snow."""
    (made,) = desk.bookings.book(SCHOOL, {"STEM kit": 1}, MONDAY, FRIDAY)
    desk.notices.mark()
    before = event_of(desk, made.id)
    desk.calendar.close(MONDAY, reason="snow")
    desk.calendar.close(FRIDAY, reason="in service day")
    tuesday, next_monday = date(2026, 12, 8), date(2026, 12, 14)
    (booked,) = desk.notices.due(date(2026, 12, 1))
    assert (booked.kind, booked.due_on) == ("booked", tuesday), "who was written to hears of it"
    (ready,) = desk.notices.due(date(2026, 12, 4))
    assert ready.title == f"Ready for you from {uk(tuesday)}"
    (message,) = desk.notices.messages(date(2026, 12, 4))
    for words in (ready.text, message.text):
        assert f"from {uk(tuesday)} to {uk(next_monday)}" in words
        assert uk(MONDAY) not in words and uk(FRIDAY) not in words
    moved = event_of(desk, made.id)
    assert (moved.first, moved.last) == (tuesday, next_monday)
    assert moved.sequence > before.sequence, "a calendar takes the highest"
    for found in (desk.bookings.get(made.id), *desk.bookings.list().items):
        assert found.days == (tuesday, next_monday)
        assert (found.collect_on, found.return_by) == (MONDAY, FRIDAY), "as it was agreed"
        assert not found.is_kept_on(MONDAY) and found.is_kept_on(tuesday)
    desk.calendar.open(MONDAY)
    opened = event_of(desk, made.id)
    assert (opened.first, opened.sequence > moved.sequence) == (MONDAY, True)


def event_of(desk: College, booking: str) -> CalendarEvent:
    """A booking as the calendar file has it."""
    (found,) = (each for each in desk.notices.events() if each.id == f"booking-{booking}")
    return found
