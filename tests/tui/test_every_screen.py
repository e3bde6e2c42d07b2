"""Every screen beside the counter: it opens, says what to do next, and gives way to a scan."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input, Select

import kitloan
from kitloan.text.tags import mint
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.holding import HoldingPage
from tui.at_the_counter import Store
from tui.at_the_desk import at_desk

SCREENS = {
    "holdings": (
        "Holdings",
        "nothing yet. Ctrl+P, Read a register, takes a spreadsheet in; F6",
    ),
    "loans": ("Loans", "Nothing is out. Scan a kit at the counter"),
    "shortages": ("Shortages", "Nothing is short. Count a kit"),
    "borrowers": ("Schools and people", "No school has borrowed yet. At the counter type: to"),
    "take_in": ("Take in", "Label a new one, to be printed"),
    "transfers": ("Transfers", "Nothing is on its way. A kit is sent from its own page"),
    "sharing": ("Between colleges", "No other college waits for an answer."),
    "week": ("Week", "No kit type is on record yet. F6 takes the first kit in."),
    "day": ("(today)", "Nothing is to do on this day."),
    "events": ("Events", "No event is planned. Type one: Science fair"),
    "figures": ("Figures", "No loan is on record yet. Lend the first kit"),
    "register": ("Read a register", "Type the path of the spreadsheet"),
    "ledger": ("Ledger", "Not verified yet"),
}
EMPTY_TOO = ("take_in", "register", "ledger", "transfers", "sharing", "day", "events")
"""What is empty at a busy desk too."""
SIZES = [(80, 24), (120, 40)]


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_opens(busy: Store, log: Path, size: tuple[int, int]) -> None:
    """Else a key of the bar would end in a fault, or in a page too wide for the terminal."""
    async with at_desk(lambda: busy.kitloan, log, size) as hands:
        for name, (title, empty) in SCREENS.items():
            await hands.go(name)
            assert hands.reads(title), name
            assert name in EMPTY_TOO or not hands.reads(empty), name
            for widget in hands.desk.screen.query("Static, Input, Listing, Button, Select"):
                assert widget.region.right <= size[0], (name, widget)
        assert not log.exists()


async def test_an_empty_screen_says_what_to_do_next(tmp_path: Path, log: Path) -> None:
    """Else the first morning would be a row of blank tables."""
    with kitloan.init("fife", tmp_path / "new.sqlite", actor="m.ross") as opened:
        async with at_desk(lambda: opened, log) as hands:
            for name, (_, empty) in SCREENS.items():
                await hands.go(name)
                assert hands.reads(empty), name


@pytest.mark.parametrize("name", SCREENS)
async def test_a_scan_goes_to_the_counter(busy: Store, log: Path, name: str) -> None:
    """Else a kit scanned beside an open list would be lost, or typed into it."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.go(name)
        await hands.scan(busy.kit)
        assert hands.desk.screen is hands.desk.home
        assert hands.reads("? IN?")
        await hands.type("")
        assert hands.desk.focused is hands.desk.home.query_one("#omnibox")
        assert busy.kitloan.find.holding(busy.kit).status == "in"


@pytest.mark.parametrize("open_it", ["question", "confirm", "holding", "filter"])
async def test_no_question_takes_a_scan_as_its_answer(busy: Store, log: Path, open_it: str) -> None:
    """Else the Enter of a scanner would forget a person, or move a kit to a place called KL8B."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        if open_it == "confirm":
            await hands.go("borrowers")
            await hands.press("f5")
            await hands.press("enter")
            assert isinstance(hands.desk.screen, Confirm)
        elif open_it == "filter":
            await hands.go("holdings")
            hands.desk.screen.query_one("#type", Select).expanded = True
            await hands.settle()
        else:
            await hands.go("holdings")
            await hands.type("AC0002")
            if open_it == "question":
                await hands.pilot.click("#move")
                await hands.settle()
        before = len(busy.kitloan.ledger.log())
        await hands.scan(busy.headset)
        assert hands.desk.screen is hands.desk.home
        assert [line.kind for line in busy.kitloan.ledger.log()[before:]] == ["loan.checked_in"]
        assert busy.kitloan.directory.people().total == 1


@pytest.mark.parametrize("name", ["[red]kit[/]", "[/", "[@click=app.quit]quit[/]"])
async def test_names_are_never_markup_here_either(
    make_store: Callable[..., Store], log: Path, name: str
) -> None:
    """Else a kit's or a school's name could colour a list, stop the program or become a button."""
    store = make_store(name)
    store.kitloan.holdings.move(store.kit, f"{name} shelf")
    store.kitloan.loans.check_out([store.kit], f"{name} school")
    store.kitloan.loans.count(store.second, kitloan.Count(missing={"Wheel": 2}))
    async with at_desk(lambda: store.kitloan, log, (120, 40)) as hands:
        for screen in ("holdings", "loans", "shortages", "figures", "ledger"):
            await hands.go(screen)
            assert name in hands.seen(), screen
        await hands.go("borrowers")
        assert f"{name} school" in hands.seen()
        await hands.go("holdings")
        await hands.type("AC0001")
        assert f"{name} shelf" in hands.seen()


async def test_a_store_out_of_reach_is_told(busy: Store, log: Path) -> None:
    """Else a network that goes away for a minute would close the desk."""
    away = busy.place.with_suffix(".away")
    async with at_desk(lambda: busy.kitloan, log) as hands:
        busy.kitloan.session.store.release()  # a kept connection would go on with the moved file
        busy.kitloan.session.store.engine.dispose()
        busy.place.rename(away)
        for name in SCREENS:
            await hands.go(name)
            if name == "take_in":
                await hands.type("Telescope")
                await hands.scan(mint())
            if name != "register":
                assert hands.reads("! REFUSED"), name
        away.rename(busy.place)
        await hands.go("holdings")
        assert hands.rows() == 4
        assert not hands.reads("REFUSED")


async def test_escape_goes_back_one_step(busy: Store, log: Path) -> None:
    """Else looking at one kit would cost the place in the list."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.go("holdings")
        await hands.type("AC0001")
        assert isinstance(hands.desk.screen, HoldingPage)
        await hands.press("f1")
        await hands.press("escape")
        assert isinstance(hands.desk.screen, HoldingPage)
        await hands.press("escape")
        assert hands.desk.screen.query_one("#narrow", Input).value == "AC0001"
        await hands.press("escape")
        assert hands.desk.screen is hands.desk.home
