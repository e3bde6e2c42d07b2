"""The week screen: what is free by day, booking in one line, today's bookings and those at risk."""

from datetime import date
from pathlib import Path

import pytest
from textual.widgets import Input, Static

import kitloan
from kitloan.text.tags import grouped
from kitloan_tui.booking_line import read_booking
from kitloan_tui.screens.week import WeekLine, WeekScreen
from kitloan_tui.widgets.panels import KeyBar
from kitloan_tui.widgets.week import WeekGrid
from tui.at_the_counter import OTHER, SCHOOL, Store
from tui.at_the_desk import Hands, at_desk

TODAY = date(2026, 11, 23)
SIZES = [(80, 24), (60, 20)]


@pytest.fixture
def planned(store: Store) -> Store:
    """Two kits and a headset, weekdays only, closed on St Andrew's Day, two bookings."""
    kitloan = store.kitloan
    kitloan.calendar.set_week(desk=range(5))
    kitloan.calendar.close(date(2026, 11, 30), reason="St Andrew's Day")
    kitloan.loans.check_out([store.headset], SCHOOL, due_on=date(2026, 11, 24))
    kitloan.bookings.book(OTHER, {"STEM kit": 1}, date(2026, 11, 25), date(2026, 11, 26))
    return store


def grid(hands: Hands) -> list[list[str]]:
    """The cells of the table, row by row."""
    table = hands.desk.screen.query_one(WeekGrid)
    return [[str(cell).strip() for cell in table.get_row_at(row)] for row in range(table.row_count)]


def headings(hands: Hands) -> list[str]:
    """The days across."""
    table = hands.desk.screen.query_one(WeekGrid)
    return [" ".join(str(each.label).split()) for each in table.ordered_columns][2:]


def line(hands: Hands) -> str:
    """What stands in the line."""
    return str(hands.desk.screen.query_one(WeekLine).value)


async def test_free_kits_by_day(planned: Store, log: Path) -> None:
    """Else "is one free on Tuesday?" would be answered from a diary, and wrongly."""
    async with at_desk(lambda: planned.kitloan, log) as hands:
        await hands.go("week")
        assert isinstance(hands.desk.screen, WeekScreen)
        assert headings(hands) == [
            "Mon 23",
            "Tue 24",
            "Wed 25",
            "Thu 26",
            "Fri 27",
            "Mon 30",
            "Tue 1",
        ]
        assert grid(hands) == [
            ["Multimeter", "30", *["30"] * 5, "·", "30"],
            ["STEM kit", "2", "2", "2", "1", "1", "2", "·", "2"],
            ["VR headset", "1", "0", "0", "1", "1", "1", "·", "1"],
        ]
        assert hands.reads("Mon 23 Nov to Tue 1 Dec 2026")
        assert hands.reads("Mon 23 Nov: 30 of 30 Multimeter free")


async def test_the_cursor_goes_by_arrows_and_weeks_by_keys(planned: Store, log: Path) -> None:
    """Else a booking in March would be out of reach."""
    async with at_desk(lambda: planned.kitloan, log) as hands:
        await hands.go("week")
        await hands.press("down", "right", "right")
        assert hands.reads("Wed 25 Nov: 1 of 2 STEM kit free")
        await hands.press("right", "right", "right")
        assert hands.reads("Mon 30 Nov: the desk is closed (St Andrew's Day)")
        await hands.press("right", "right")
        assert headings(hands)[0] == "Wed 2", "over the edge is the week after"
        assert hands.reads("Wed 2 Dec: 2 of 2 STEM kit free")
        await hands.press("pagedown")
        assert headings(hands)[0] == "Fri 11"
        await hands.press("pageup", "pageup", "pageup", "up", "up")
        assert headings(hands)[0] == "Mon 23", "and none is before today's"
        await hands.type("8 dec")
        assert headings(hands)[0] == "Tue 8"


async def test_a_booking_is_one_line(planned: Store, log: Path) -> None:
    """Else a teacher on the telephone would wait while a form is filled in."""
    async with at_desk(lambda: planned.kitloan, log) as hands:
        await hands.go("week")
        await hands.type("balw stem 2 1 dec 4 dec")
        assert hands.reads(
            "? BOOK? 2 STEM kit for Balwearie High School, Tue 1 Dec to Fri 4 Dec 2026. 2 of 2 "
            "free. Desk open: Tue 1 Dec to Fri 4 Dec."
        )
        assert hands.reads("Enter books it.")
        assert planned.kitloan.bookings.list().total == 1, "nothing is booked by looking"
        await hands.press("enter")
        assert hands.reads("= BOOKED 2 STEM kit for Balwearie High School, Tue 1 Dec to Fri 4 Dec")
        assert line(hands) == ""
        booked = planned.kitloan.bookings.list(to=OTHER).items[-1]
        assert (booked.collect_on, booked.return_by) == (date(2026, 12, 1), date(2026, 12, 4))
        assert grid(hands)[1][-1] == "0"
        await hands.press("ctrl+z")
        assert hands.reads("< UNDONE")
        assert grid(hands)[1][-1] == "2"


async def test_another_line_is_another_booking(planned: Store, log: Path) -> None:
    """Else a line corrected after it was shown would book what it was before."""
    async with at_desk(lambda: planned.kitloan, log) as hands:
        await hands.go("week")
        await hands.type("balw stem 2 1 dec 4 dec")
        await hands.press("backspace", "backspace", "backspace", "backspace", "backspace")
        assert not hands.reads("BOOK?")
        await hands.type("3 dec")
        assert hands.reads("Tue 1 Dec to Thu 3 Dec 2026. 2 of 2 free")
        assert planned.kitloan.bookings.list().total == 1


async def test_enter_on_a_cell_begins_its_booking(planned: Store, log: Path) -> None:
    """Else the day that was just looked at would be typed again."""
    async with at_desk(lambda: planned.kitloan, log) as hands:
        await hands.go("week")
        await hands.press("down", "right", "enter")
        assert line(hands) == " STEM kit 1 24 Nov 2026 8 Dec 2026"
        await hands.type("kilm")
        assert hands.reads(
            "1 STEM kit for Kilmarnock Academy, Tue 24 Nov to Tue 8 Dec 2026. 1 of 2 free"
        )
        await hands.press("enter")
        assert hands.reads("= BOOKED")


async def test_a_new_school_can_book(planned: Store, log: Path) -> None:
    """Else a school that rings for the first time would have to borrow first."""
    async with at_desk(lambda: planned.kitloan, log) as hands:
        await hands.go("week")
        await hands.type("dalry stem 1 dec 4 dec")
        assert hands.reads("! REFUSED No school here has a name like 'dalry'.")
        await hands.press("escape")
        await hands.type("to Dalry Primary stem 1 dec 4 dec")
        assert hands.reads("1 STEM kit for Dalry Primary (a new school)")
        await hands.press("enter")
        assert hands.reads("= BOOKED")
        assert planned.kitloan.bookings.list(to="Dalry Primary").total == 1


@pytest.mark.parametrize(
    ("typed", "shown", "refused", "then"),
    [
        (
            "kilm stem 2 25 nov 27 nov",
            "1 of 2 free.",
            "STEM kit: 2 asked for 25 Nov 2026 to 27 Nov 2026, 1 free of 2: Balwearie High School "
            "has 1 from 25 Nov 2026 to 26 Nov 2026",
            "Correct the line: 1 or fewer, or other days.",
        ),
        (
            "kilm stem 30 nov 2 dec",
            "Desk open: Tue 1 Dec to Wed 2 Dec.",
            "The desk is closed on 30 Nov 2026 (St Andrew's Day), so nothing can be collected.",
            "Book with 1 Dec 2026 instead.",
        ),
        ("kilm stem 1 mar 2028 3 mar 2028", "These days cannot", "is too far ahead", "Book up to"),
    ],
)
async def test_a_refusal_has_the_facts_and_the_next_step(
    planned: Store, log: Path, typed: str, shown: str, refused: str, then: str
) -> None:
    """Else "not free" would end the call, and nobody would know how many were asked for."""
    async with at_desk(lambda: planned.kitloan, log) as hands:
        await hands.go("week")
        await hands.type(typed)
        assert hands.reads(shown)
        await hands.press("enter")
        assert hands.reads("! REFUSED")
        assert hands.reads(refused)
        assert hands.reads(then)
        assert not hands.reads("--") and not hands.reads("kitloan free")
        assert line(hands) == typed, "to be corrected"
        assert len(planned.kitloan.wants.refused()) == 1


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("kilm stem 2", "is not a whole booking. Type the school, the kit type, how many and two"),
        ("kilm lego 1 dec 2 dec", "No kit type here has a name like 'lego'."),
        ("kilm stem 4 dec 1 dec", "1 Dec 2026 is before 4 Dec 2026."),
        ("kilm stem 0 1 dec 2 dec", "Enter"),
    ],
)
async def test_a_line_that_cannot_be_used(planned: Store, log: Path, typed: str, why: str) -> None:
    """Else half a line would book something."""
    async with at_desk(lambda: planned.kitloan, log) as hands:
        await hands.go("week")
        await hands.type(typed)
        assert hands.reads(why)
        await hands.press("enter")
        assert planned.kitloan.bookings.list().total == 1
        assert not log.exists()


async def test_what_is_to_be_handed_out_today(planned: Store, log: Path) -> None:
    """Else a school would come for a kit that nobody has counted."""
    college = planned.kitloan
    college.bookings.book(SCHOOL, {"STEM kit": 1}, TODAY, date(2026, 11, 24))
    async with at_desk(lambda: college, log) as hands:
        await hands.go("week")
        assert hands.reads("To hand out today (1)")
        assert hands.reads("Kilmarnock Academy 1 STEM kit = ready")
        for tag in (planned.kit, planned.second):
            college.loans.check_out([tag], OTHER, override="they are here", due_on=TODAY)
        college.loans.check_in(planned.kit)
        hands.desk.screen.refresh_data()
        await hands.settle()
        assert hands.reads("Kilmarnock Academy 1 STEM kit # 1 STEM kit not counted yet")


async def test_a_chosen_kit_that_is_out_is_not_ready(planned: Store, log: Path) -> None:
    """Else a school would be told to come for the very kit that another still has."""
    college = planned.kitloan
    wednesday, friday = date(2026, 11, 25), date(2026, 11, 27)
    college.bookings.book(SCHOOL, {}, wednesday, friday, tags=[planned.second])
    college.loans.check_out([planned.second], OTHER, due_on=TODAY, override="until tonight")
    planned.clock.move(days=2)
    async with at_desk(lambda: college, log, (120, 40)) as hands:
        await hands.go("week")
        assert hands.reads(f"{SCHOOL} 1 STEM kit # {grouped(planned.second)} is overdue")


async def test_what_is_at_risk_and_whom_to_ring(planned: Store, log: Path) -> None:
    """Else the school that waits would hear of it on the day."""
    college = planned.kitloan
    college.bookings.book(OTHER, {"VR headset": 1}, date(2026, 11, 26), date(2026, 11, 27))
    college.people.set_contact("Isla Muir", phone="01563 555555", of=SCHOOL)
    planned.clock.move(days=2)
    async with at_desk(lambda: college, log) as hands:
        await hands.go("week")
        assert hands.reads("At risk (1)")
        assert hands.reads("! Balwearie High School 1 VR headset Thu 26 Nov")
        assert hands.reads("is 1 day late. Ring Kilmarnock Academy: Isla Muir 01563 555555.")
        assert grid(hands)[2][3] == "0!"


@pytest.mark.parametrize("size", SIZES)
async def test_nothing_of_the_week_is_cut(planned: Store, log: Path, size: tuple[int, int]) -> None:
    """Else a number would lose a digit, and a day its name, in a small window."""
    async with at_desk(lambda: planned.kitloan, log, size) as hands:
        await hands.go("week")
        seen = hands.seen()
        for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "23", "24", "25", "26", "27", "30"):
            assert day in seen, day
        for name in ("Multimeter", "STEM kit", "VR headset"):
            assert name in seen
        assert hands.reads("To hand out today (0)") and hands.reads("At risk (0)")
        for widget in hands.desk.screen.query("Static, Input, WeekGrid"):
            assert widget.region.right <= size[0]
            assert not isinstance(widget, KeyBar) or widget.region.bottom <= size[1]
        hint = hands.desk.screen.query_one("#hint", Static)
        assert hands.reads(WeekScreen.HINT), hint.region
        await hands.type("kilm stem 2 25 nov 27 nov")
        await hands.press("enter")
        assert hands.reads("! REFUSED") and hands.reads("other days.")
        assert hands.reads("^P All") and grid(hands), "whatever is refused, the foot stays"


async def test_sixty_types_scroll_with_the_cursor(store: Store, log: Path) -> None:
    """Else the types of a large college would be below the edge of the screen."""
    for number in range(60):
        store.kitloan.holdings.add(kitloan.NewHolding(f"Kit {number:02}"))
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.go("week")
        await hands.press(*["down"] * 40)
        assert hands.reads("Kit 40")
        assert hands.reads("To hand out today (0)")


GLENWOOD = "Glenwood High School"
MTA = "MTa STEM kit"


@pytest.mark.parametrize(
    ("typed", "to", "kind", "quantity", "first", "last"),
    [
        ("glenwood mta 2 8 dec 12 dec", GLENWOOD, MTA, 2, (12, 8), (12, 12)),
        ("glen 3 microbit 8 dec 2 weeks", GLENWOOD, "micro:bit set", 3, (12, 8), (12, 22)),
        ("kirk acad vr h fri mon", "Kirkland Academy", "VR headset", 1, (11, 27), (11, 30)),
        ("glenwood high mta stem 8/12/2026 9/12/26", GLENWOOD, MTA, 1, (12, 8), (12, 9)),
        ("school 2 mta 5 8 dec 9 dec", "School 2", MTA, 5, (12, 8), (12, 9)),
    ],
)
def test_what_a_line_means(
    typed: str, to: str, kind: str, quantity: int, first: tuple[int, int], last: tuple[int, int]
) -> None:
    """Else people would have to learn how a line is written."""
    schools = [GLENWOOD, "Kirkcaldy High School", "Kirkland Academy", "School 2"]
    read = read_booking(typed, TODAY, schools, [MTA, "micro:bit set", "VR headset"])
    assert (read.to, read.type, read.quantity) == (to, kind, quantity)
    assert (read.collect_on, read.return_by) == (date(2026, *first), date(2026, *last))


def test_a_request_from_the_page_for_teachers_is_pasted() -> None:
    """What came by mail need not be typed again."""
    line = "KLREQ1;type=mta%20stem%20kit;n=2;from=2026-12-08;to=2026-12-12;school=Alva%20Academy"
    read = read_booking(line, TODAY, [GLENWOOD], [MTA])
    assert (read.to, read.is_new, read.type, read.quantity) == ("Alva Academy", True, MTA, 2)
    assert (read.collect_on, read.return_by) == (date(2026, 12, 8), date(2026, 12, 12))
    known = read_booking(
        line.replace("Alva%20Academy", "glenwood%20high%20school"), TODAY, [GLENWOOD], [MTA]
    )
    assert (known.to, known.is_new) == (GLENWOOD, False)
    for wrong, code in (("mta", "no_such_name"), ("", "bad_request")):
        with pytest.raises(kitloan.BadInput) as refusal:
            read_booking(line.replace("mta%20stem%20kit", wrong), TODAY, [GLENWOOD], [MTA])
        assert refusal.value.code == code


def test_what_could_be_two_is_asked_about() -> None:
    """Else a kit would be booked for the school down the road."""
    with pytest.raises(kitloan.BadInput, match="Kirkcaldy High School or Kirkland Academy"):
        read_booking(
            "kirk vr 1 dec 2 dec", TODAY, ["Kirkcaldy High School", "Kirkland Academy"], ["VR"]
        )


async def test_words_that_come_fast_are_for_the_line(planned: Store, log: Path) -> None:
    """Else a booking that is pasted where pastes are not marked would be looked for at home."""
    async with at_desk(lambda: planned.kitloan, log) as hands:
        await hands.go("week")
        await hands.scan("balw stem 1 1 dec 4 dec")
        assert isinstance(hands.desk.screen, WeekScreen)
        assert hands.reads("? BOOK? 1 STEM kit for Balwearie High School")
        await hands.type("")
        assert hands.reads("= BOOKED")
        days = "from=2026-12-08;to=2026-12-11"
        await hands.scan(f"KLREQ1;type=stem%20kit;n=1;{days};school=Alva%20Hs")
        assert hands.reads("? BOOK? 1 STEM kit for Alva Hs (a new school)")
        await hands.press("escape")
        await hands.go("day")
        day = hands.desk.screen
        await hands.scan("8 december 2026")
        await hands.scan("12/12/2026")
        assert hands.desk.screen is day and hands.reads("12 Dec 2026")
        await hands.go("holdings")
        listed = hands.desk.screen
        await hands.scan("goggles")
        assert hands.desk.screen is listed
        planned.kitloan.holdings.add(kitloan.NewHolding("Telescope", asset_number="Kit 17"))
        for code in (planned.kit, SCHOOL, "Kit 17", "AC0001", "9780140328721"):
            await hands.go("week")
            await hands.scan(code)
            assert hands.desk.screen is hands.desk.home, code
            await hands.press("escape", "escape")
    assert not log.exists()


async def test_words_that_come_fast_settle_no_question(planned: Store, log: Path) -> None:
    """Else a poster's code that is scanned by mistake would be why a kit is in repair."""
    async with at_desk(lambda: planned.kitloan, log) as hands:
        hands.desk.open_holding(planned.kit, "repair")
        await hands.settle()
        page = hands.desk.screen
        await hands.scan("left out in the rain")
        assert hands.desk.screen is page
        assert planned.kitloan.find.holding(planned.kit).status == "in"
        assert page.query_one("#answer", Input).value == "left out in the rain"
        await hands.press("enter")
        assert planned.kitloan.find.holding(planned.kit).status == "out_of_use"
