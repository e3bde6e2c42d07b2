"""Nothing is cut off: buttons and the bar at the foot fit, at the two smallest sizes."""

from pathlib import Path

import pytest
from textual.widgets import Button

from kitloan_tui.screens.home import Home
from kitloan_tui.widgets.panels import KeyBar
from tui.at_the_counter import CONTENTS, SCHOOL, Store
from tui.at_the_desk import Hands, at_desk

SIZES = [(80, 24), (60, 20)]
SCREENS = (
    "holdings",
    "loans",
    "shortages",
    "borrowers",
    "take_in",
    "stocktake",
    "stocktake_results",
    "transfers",
    "sharing",
    "week",
    "day",
    "events",
    "figures",
    "register",
    "kit_types",
    "chase_list",
    "export",
    "backup",
    "blank_labels",
    "cards",
    "undo_list",
    "ledger",
)


def cut_off(hands: Hands, size: tuple[int, int]) -> list[str]:
    """The buttons and the keys at the foot of which not all can be seen."""
    screen = hands.desk.screen
    shown = [
        each
        for each in (*screen.query(Button).results(), *screen.query(KeyBar).results())
        if each.display and each.region.area
    ]
    assert shown
    return [
        f"{each.id} {each.region}"
        for each in shown
        if each.region.right > size[0]
        or each.region.bottom > size[1]
        or (isinstance(each, KeyBar) and each.region.width < len(str(each.content)))
        or (isinstance(each, Button) and each.region.width < len(str(each.label)) + 2)
    ]


@pytest.mark.parametrize("size", SIZES)
async def test_no_screen_cuts_a_button_or_a_key_off(
    busy: Store, log: Path, size: tuple[int, int]
) -> None:
    """Else half of what can be done would be out of sight, without a sign of it."""
    async with at_desk(lambda: busy.kitloan, log, size) as hands:
        for name in SCREENS:
            await hands.go(name)
            assert cut_off(hands, size) == [], name
            assert hands.reads("^P All"), name
            await hands.press("escape")
        assert not log.exists()


@pytest.mark.parametrize("size", SIZES)
async def test_a_holdings_page_shows_every_button(
    busy: Store, log: Path, size: tuple[int, int]
) -> None:
    """Else Missing and Withdraw would be outside a small window."""
    async with at_desk(lambda: busy.kitloan, log, size) as hands:
        for tag in (busy.second, busy.kit, busy.stock):
            hands.desk.open_holding(tag)
            await hands.settle()
            assert cut_off(hands, size) == []
            assert hands.reads("Missing")
            assert hands.reads("Withdraw")
            body = hands.desk.screen.query_one("#body")
            assert body.region.height >= 4, "the page itself is still there"


@pytest.mark.parametrize("size", SIZES)
async def test_the_foot_shows_what_is_useful_now(
    busy: Store, log: Path, size: tuple[int, int]
) -> None:
    """Else the keys of a count would be cut off by screens that nobody wants in it."""
    async with at_desk(lambda: busy.kitloan, log, size) as hands:
        assert not hands.reads("F7 All there")
        await hands.scan(busy.kit)
        assert hands.reads("F7 All there")
        assert hands.reads("F8 Count later")
        assert hands.reads("^P All")
        assert cut_off(hands, size) == []


async def test_a_row_of_home_opens_by_key(busy: Store, log: Path) -> None:
    """Else what is overdue could be read, and not looked at."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.press("down")
        await hands.press("enter")
        assert hands.reads("Shortages")
        await hands.press("escape")
        assert isinstance(hands.desk.screen, Home)
        rows = [line.tag for line in busy.kitloan.find.loans(overdue=True).items]
        await hands.press("down", "down")
        assert hands.reads("nter opens the row")
        await hands.press("enter")
        assert hands.reads(busy.kitloan.find.holding(rows[0]).type)
        assert hands.reads("On loan")
        await hands.press("escape")
        await hands.press("down")
        await hands.type("AC0001")
        assert hands.reads("? IN?"), "what is typed is for the line"


async def test_a_row_of_home_opens_by_mouse(busy: Store, log: Path) -> None:
    """Else a technician with a touch screen would type the number that is in front of them."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        page = hands.desk.screen.query_one("#page")
        seen = hands.seen().splitlines()
        heading = next(n for n, row in enumerate(seen) if row.startswith("Overdue"))
        top = next(n for n, row in enumerate(seen) if "To be counted" in row)
        await hands.pilot.click(page, offset=(4, heading - top + 1))
        await hands.settle()
        assert hands.reads("On loan")


async def test_home_shows_what_is_missing_and_an_open_stocktake(busy: Store, log: Path) -> None:
    """Else a stocktake that nobody closed would be forgotten."""
    busy.kitloan.holdings.report_missing(busy.second, "not on its shelf")
    busy.kitloan.stocktakes.open("Spring")
    async with at_desk(lambda: busy.kitloan, log) as hands:
        assert hands.reads("# Missing 1")
        assert hands.reads("~ Stocktake open: Spring")


async def test_whom_to_ring_is_where_it_is_overdue(busy: Store, log: Path) -> None:
    """Else the desk would know the teacher's name, and nobody at it would."""
    busy.clock.move(days=20)
    async with at_desk(lambda: busy.kitloan, log) as hands:
        assert hands.reads("Isla Muir")
        await hands.go("loans")
        assert hands.reads("Isla Muir")
        hands.desk.open_holding(busy.kit)
        await hands.settle()
        assert hands.reads("Contact Isla Muir")


async def test_found_rows_can_be_told_apart(store: Store, log: Path) -> None:
    """Else two kits of one type would be two equal rows."""
    store.kitloan.holdings.move(store.kit, "Store 2, shelf B")
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.type("stem kit")
        assert hands.reads("AC0001")
        assert hands.reads("Store 2")


async def test_a_long_contents_list_stays_in_sight(store: Store, log: Path) -> None:
    """Else a part that could be several would push the list off the screen."""
    assert CONTENTS
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    async with at_desk(lambda: store.kitloan, log, (60, 20)) as hands:
        await hands.scan(store.kit)
        await hands.type("nonsense 2")
        assert hands.reads("Facilitator manual")
