"""The day, a booking's page, what is at risk at home, and events whose kits a scan ticks."""

from datetime import date
from pathlib import Path

import pytest
from textual.widgets import Input

from kitloan.cli.labels import LabelPress
from kitloan.college import College
from kitloan.planning.booked import Booking
from kitloan_tui.screens.booking import BookingPage
from kitloan_tui.screens.day import DayScreen
from kitloan_tui.screens.events import EventPage, read_event
from labels.test_sheets import text_of
from tui.at_the_counter import OTHER, SCHOOL, Store
from tui.at_the_desk import Hands, at_desk
from tui.test_looks import cut_off

TODAY, LAST = date(2026, 11, 23), date(2026, 11, 27)
SIZES = [(80, 24), (60, 20)]


def book(store: Store, quantity: int = 1, first: date = TODAY, event: str | None = None) -> Booking:
    """STEM kits for the other school."""
    made = store.kitloan.bookings.book(OTHER, {"STEM kit": quantity}, first, LAST, event=event)
    return made[0]


def at_risk(store: Store) -> Booking:
    """Both kits booked, and one of them late with a school that has a phone."""
    lend = store.kitloan.loans.check_out
    lend([store.kit], SCHOOL, contact="Pat Ex", due_on=TODAY)
    store.kitloan.people.set_contact("Pat Ex", of=SCHOOL, phone="01592 000000")
    store.kitloan.session.clock.move(days=9)  # type: ignore[attr-defined]  # a test sets it
    today = store.kitloan.session.today
    made = store.kitloan.bookings.book(OTHER, {"STEM kit": 1}, date(2026, 12, 8), date(2026, 12, 9))
    store.kitloan.holdings.report_missing(store.second)
    assert today == date(2026, 12, 2)
    return made[0]


async def test_the_day_lists_what_is_to_be_done(store: Store, log: Path) -> None:
    """Else a technician would look at four lists in the morning, and miss the fifth."""
    made = book(store)
    store.kitloan.loans.check_out([store.headset], SCHOOL, due_on=TODAY)
    store.kitloan.policies.set("prep", "1")
    book(store, first=date(2026, 11, 24))
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.go("day")
        assert isinstance(hands.desk.screen, DayScreen)
        assert hands.reads("Monday 23 Nov 2026 (today)")
        assert hands.reads("> hand out") and hands.reads("= ready")
        assert hands.reads("~ prepare") and hands.reads("due back")
        await hands.press("enter")
        assert isinstance(hands.desk.screen, BookingPage)
        assert hands.reads(made.id) and hands.reads("1 STEM kit")
        await hands.press("escape")
        await hands.type("fri")
        assert hands.reads("Friday 27 Nov 2026")
        assert hands.reads("Nothing is to do on this day.")
        await hands.type("whenever")
        assert hands.reads("'whenever' is not a day")


async def test_a_booking_is_moved_and_cancelled_on_its_page(store: Store, log: Path) -> None:
    """Else a call from the school would need another program."""
    made = book(store)
    bookings = store.kitloan.bookings
    async with at_desk(lambda: store.kitloan, log) as hands:
        hands.desk.open_screen(BookingPage(hands.desk, made.id))
        await hands.settle()
        await hands.pilot.click("#days")
        await hands.type("1 dec to 4 dec")
        assert hands.reads("= BOOKED")
        assert bookings.get(made.id).return_by == date(2026, 12, 4)
        await hands.press("ctrl+z")
        assert bookings.get(made.id).return_by == LAST
        await hands.pilot.click("#days")
        await hands.type("1 dec")
        assert hands.reads("is not two days")
        await hands.press("escape")
        await hands.pilot.click("#turn")
        await hands.settle()
        assert hands.desk.screen is hands.desk.home
        await hands.scan(store.kit)
        assert bookings.get(made.id).state == "collected"


async def test_what_is_at_risk_is_first_at_home(store: Store, log: Path) -> None:
    """Else the school would hear of it at the counter, with its class waiting."""
    made = at_risk(store)
    async with at_desk(lambda: store.kitloan, log) as hands:
        assert hands.reads("Bookings at risk")
        assert hands.reads("! 8 Dec 2026")
        assert hands.reads("is 9 days late")
        assert hands.reads(f"Ring {SCHOOL}: Pat Ex 01592 000000.")
        assert hands.reads("Or offer 1")
        page = hands.seen()
        assert page.index("Bookings at risk") < page.index("Overdue")
        await hands.press("down", "enter")
        assert isinstance(hands.desk.screen, BookingPage)
        assert hands.reads(made.id) and hands.reads("! At risk") and hands.reads("Or offer 1")


async def test_nobody_to_ring_is_no_fault(store: Store, log: Path) -> None:
    """Else a school without a person on file would stop the first screen of the day."""
    made = book(store, 2)
    store.kitloan.holdings.report_missing(store.kit)
    async with at_desk(lambda: store.kitloan, log) as hands:
        assert hands.reads(f"Fewer can be used than are booked. Ring {OTHER}.")
        assert hands.reads("Or offer 1 of 2 STEM kit")
        await hands.go("day")
        assert hands.reads("! at risk")
        await hands.press("enter")
        assert hands.reads(made.id)
        assert not log.exists()


async def test_an_event_is_planned_booked_and_ticked_by_scan(store: Store, log: Path) -> None:
    """Else who packs for the fair would tick paper, and the register would not know."""
    kitloan = store.kitloan
    async with at_desk(lambda: kitloan, log) as hands:
        await hands.go("events")
        await hands.type("Science fair 24 nov @ Town House")
        assert hands.reads("= PLANNED Science fair")
        await hands.type("")
        assert isinstance(hands.desk.screen, EventPage)
        assert hands.reads("Nothing is booked for it.")
        await hands.type("to Alva Academy stem 2 23 nov 27 nov")
        assert hands.reads("= BOOKED")
        assert hands.reads("2 STEM kit")
        await hands.scan(store.kit)
        assert isinstance(hands.desk.screen, EventPage), "it stays, for the next kit"
        assert hands.reads("> OUT STEM kit")
        await hands.scan(store.second)
        assert hands.reads("2 of 2 out, 0 back")
        await hands.scan(store.kit)
        assert hands.reads("? IN, TO BE COUNTED")
        assert hands.reads("2 of 2 out, 1 back")
        await hands.press("ctrl+z")
        assert hands.reads("2 of 2 out, 0 back")
        await hands.scan(store.headset)
        assert hands.desk.screen is hands.desk.home, "no kit of the event: it is the counter's"


async def test_what_is_lacking_waits_and_a_cancelled_event_needs_nothing(
    store: Store, log: Path
) -> None:
    """Else the shortage would be known on the morning of the fair."""
    kitloan: College = store.kitloan
    event = kitloan.events.add("Science fair", date(2026, 11, 24)).id
    made = book(store, 2, event=event)
    kitloan.holdings.report_missing(store.second)
    async with at_desk(lambda: kitloan, log) as hands:
        hands.desk.open_screen(EventPage(hands.desk, event))
        await hands.settle()
        assert hands.reads("! lacking 1 STEM kit")
        await hands.pilot.click("#lacking")
        await hands.settle()
        assert hands.reads("= ON THE LIST 1 STEM kit")
        assert len(kitloan.wants.list()) == 1
        await hands.pilot.click("#cancel")
        await hands.settle()
        await sure(hands)
        assert kitloan.bookings.get(made.id).state == "cancelled"
        assert kitloan.wants.list() == []


async def test_the_packing_list_is_printed_from_the_event(
    store: Store, log: Path, tmp_path: Path
) -> None:
    """Else whoever packs at the desk would need the command line for the paper."""
    event = store.kitloan.events.add("Science fair", date(2026, 11, 24)).id
    book(store, 2, event=event)
    paper = tmp_path / "packing.pdf"
    async with at_desk(lambda: store.kitloan, log, press=LabelPress()) as hands:
        hands.desk.open_screen(EventPage(hands.desk, event))
        await hands.settle()
        await hands.pilot.click("#paper")
        await hands.settle()
        line = hands.desk.screen.query_one("#path", Input)
        assert Path(line.value).name == f"{event}-packing.pdf"
        line.value = str(paper)
        await hands.press("enter")
        await hands.settle()
        assert hands.reads("= SAVED 2 pages in")
    text = text_of(paper)
    assert "Science fair" in text and OTHER in text


async def sure(hands: Hands) -> None:
    """Answer the question that is asked, as somebody who has read it."""
    hands.desk.screen.asked_at -= 1  # type: ignore[attr-defined]  # a question has it
    await hands.pilot.click("#sure")
    await hands.settle()


@pytest.mark.parametrize("size", SIZES)
async def test_nothing_is_cut_off(store: Store, log: Path, size: tuple[int, int]) -> None:
    """Else half of what can be done would be out of sight."""
    event = store.kitloan.events.add("Science fair", date(2026, 11, 24)).id
    made = book(store, 1, event=event)
    async with at_desk(lambda: store.kitloan, log, size) as hands:
        for screen in (BookingPage(hands.desk, made.id), EventPage(hands.desk, event)):
            hands.desk.open_screen(screen)
            await hands.settle()
            assert cut_off(hands, size) == []
            assert hands.reads("^P All")
            await hands.press("escape")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Science fair 12 dec", ("Science fair", date(2026, 12, 12), date(2026, 12, 12), None)),
        (
            "Open week 7 dec 11 dec @ Main hall",
            ("Open week", date(2026, 12, 7), date(2026, 12, 11), "Main hall"),
        ),
        ("Fair friday", ("Fair", date(2026, 11, 27), date(2026, 11, 27), None)),
    ],
)
def test_an_event_in_one_line(line: str, found: tuple[object, ...]) -> None:
    """Else planning a fair would need a form."""
    assert read_event(line, TODAY) == found
