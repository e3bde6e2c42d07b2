"""Lists of what is there and what is out, and figures: narrowed, paged, opened, given up."""

import threading
from functools import partial
from pathlib import Path

from textual.widgets import Select

from kitloan.college import College
from kitloan.holdings import NewHolding
from kitloan.text.tags import grouped, mint
from kitloan_tui.screens.holding import HoldingPage
from kitloan_tui.screens.holdings import HoldingList
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.widgets.table import Listing
from tui.at_the_counter import OTHER, SCHOOL, Store
from tui.at_the_desk import at_desk

ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT count(*) FROM holding UNION ALL SELECT i + 1 FROM n) "
    "SELECT max(i) FROM n"
)


async def test_the_list_narrows_as_one_types(busy: Store, log: Path) -> None:
    """Else finding one kit of thousands would need its whole number and a key."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.go("holdings")
        assert hands.rows() == 4
        await hands.press(*"stem")
        assert hands.rows() == 2
        await hands.press(" ", *"ac0002")
        assert hands.rows() == 1
        assert hands.reads("AC0002")
        await hands.press(*"xx")
        assert hands.reads("Nothing here matches. Type less of it")


async def test_filters_by_status_and_type(busy: Store, log: Path) -> None:
    """Else a technician would leaf through a thousand kits to find the missing one."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.go("holdings")
        screen = hands.desk.screen
        for status, tag in (("out", busy.kit), ("overdue", busy.headset), ("in", busy.second)):
            screen.query_one("#view", Select).value = status
            await hands.settle()
            assert hands.reads(grouped(tag)), status
            assert not hands.reads(grouped(busy.stock)) or status == "in"
        screen.query_one("#view", Select).value = ""
        screen.query_one("#type", Select).value = "Multimeter"
        await hands.settle()
        assert hands.rows() == 1
        assert hands.reads("30 of Multimeter")
        assert hands.desk.focused is screen.query_one("#narrow")


async def test_pages_of_two_hundred_go_on_and_back(store: Store, log: Path, tmp_path: Path) -> None:
    """Else the four hundredth kit of a college could not be reached, or would freeze the screen."""
    register = tmp_path / "many.csv"
    lines = "".join(f"M{n:04},Micro:bit\n" for n in range(446))
    register.write_text("Asset number,Description\n" + lines)
    store.kitloan.registers.take_in(register)
    everything = [*_tags(store.kitloan)]
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.go("holdings")
        screen = hands.desk.screen
        assert isinstance(screen, ListScreen)
        assert hands.rows() == 200
        assert hands.reads("1 to 200 of 450")
        screen.listing.move_cursor(row=199)
        await hands.press("pagedown")
        assert hands.reads("201 to 400 of 450")
        assert hands.reads(grouped(everything[200]))
        screen.listing.move_cursor(row=199)
        await hands.press("down")
        assert hands.reads("401 to 450 of 450")
        assert hands.rows() == 50
        await hands.press("pageup")
        assert hands.reads("201 to 400 of 450")
        assert screen.listing.cursor_row == 199
        screen.listing.move_cursor(row=0)
        await hands.press("up")
        assert hands.reads("1 to 200 of 450")


def _tags(opened: College) -> list[str]:
    found, cursor = [], None
    while True:
        page = opened.find.search("", cursor)
        found += [each.tag for each in page.items]
        if (cursor := page.next) is None:
            return found


async def test_loans_by_when_and_by_school(busy: Store, log: Path) -> None:
    """Else whom to ring today would have to be worked out from a list of everything."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.press("f3")
        assert hands.rows() == 3
        await hands.press("f3")
        assert hands.reads("Nothing is due today")
        await hands.press("f3")
        assert hands.reads(f"! 6 days {SCHOOL} VR headset {grouped(busy.headset)}")
        assert hands.rows() == 1
        await hands.press("f3")
        assert hands.reads(f"! 1 overdue {SCHOOL} 2 out")
        await hands.type("kilm")
        assert hands.reads(f"{SCHOOL} 2")
        assert hands.rows() == 2
        assert not hands.reads(OTHER)


async def test_a_click_opens_a_row(busy: Store, log: Path) -> None:
    """Else a desk with a mouse would need the keyboard after all."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.go("holdings")
        await hands.pilot.click(Listing, offset=(20, 2))
        await hands.settle()
        assert isinstance(hands.desk.screen, HoldingPage)


async def test_what_another_desk_does_shows_on_every_screen(busy: Store, log: Path) -> None:
    """Else a list that stands open would go on showing what was so this morning."""
    async with at_desk(lambda: busy.kitloan, log, (100, 40)) as hands:
        await hands.go("holdings")
        await hands.press("down", "down")
        on = hands.desk.screen.query_one(Listing).cursor_row
        before = hands.seen().splitlines()
        with busy.another() as second:
            second.loans.check_in([busy.kit])
            second.holdings.add(NewHolding("Telescope", tag=_tag_before(busy)))
            hands.desk.refresh_lists()
            await hands.settle()
            assert hands.reads("Telescope")
            assert hands.desk.screen.query_one(Listing).cursor_row == on + 1, before
            await hands.go("loans")
            await hands.type("headset")
            assert hands.reads("Status ! OVERDUE")
            second.loans.check_in([busy.headset])
            hands.desk.refresh_lists()
            await hands.settle()
            assert hands.reads("Status = IN")


def _tag_before(store: Store) -> str:
    """A tag that comes before all others of the store."""
    first = min(store.kit, store.second, store.headset, store.stock)
    return next(tag for tag in iter(mint, "") if tag < first)


async def test_escape_closes_what_dropped_down(busy: Store, log: Path) -> None:
    """Else who looked at the choices and wanted none would lose the list."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.go("holdings")
        hands.desk.screen.query_one("#type", Select).expanded = True
        await hands.settle()
        await hands.press("escape")
        assert isinstance(hands.desk.screen, HoldingList)
        assert not hands.desk.screen.query_one("#type", Select).expanded
        await hands.press("escape")
        assert hands.desk.screen is hands.desk.home


async def test_a_list_gives_way_to_a_scan(busy: Store, log: Path) -> None:
    """Else a teacher would wait until a list was looked up that nobody wants any more."""
    begun, ended = threading.Event(), threading.Event()
    busy.kitloan.loans.check_in([busy.headset])

    def look() -> None:
        begun.set()
        try:
            with busy.kitloan.session.reading() as connection:
                connection.exec_driver_sql(ENDLESS)
        finally:
            ended.set()

    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.type(SCHOOL)
        await hands.go("holdings")
        screen = hands.desk.screen
        assert isinstance(screen, HoldingList)
        screen.look_up(look, lambda _: None)
        await hands.until(begun.is_set)
        await hands.scan(busy.headset)
        assert hands.reads("> OUT VR headset")
        assert ended.wait(300)
    assert not log.exists()


async def test_of_keys_in_a_hurry_the_last_is_looked_up(busy: Store, log: Path) -> None:
    """Else a scan after five keys would wait for five lists, of which nobody sees four."""
    asked, shown = list[int](), list[int]()
    go_on = threading.Event()

    def look(number: int) -> int:
        asked.append(number)
        go_on.wait(60)
        return number

    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.go("holdings")
        screen = hands.desk.screen
        assert isinstance(screen, HoldingList)
        for number in range(5):
            screen.look_up(partial(look, number), shown.append)
        await hands.until(lambda: bool(asked))
        assert screen.is_looking
        go_on.set()
        await hands.until(lambda: bool(shown))
        assert (asked, shown) == ([0, 4], [4])
        assert not screen.is_looking
    assert not log.exists()


async def test_figures_carry_their_numbers(busy: Store, log: Path) -> None:
    """Else a bar would have to be measured with a ruler."""
    busy.kitloan.holdings.add(NewHolding("Unused"))
    async with at_desk(lambda: busy.kitloan, log, (120, 40)) as hands:
        await hands.go("figures")
        assert hands.reads("Unused 0 of 1")
        seen = [" ".join(line.split()) for line in hands.seen().splitlines()]
        week = next(line for line in seen if line.startswith("from 7 Dec 2026"))
        assert "# 2" in week
        late = next(line for line in seen if line.startswith("up to a week"))
        assert late.endswith("# 1")
