"""What is short, and who borrows: made good, and forgotten."""

from pathlib import Path

import pytest
from textual.widgets import Button, Input

import kitloan
from kitloan_tui.screens.confirm import Confirm
from tui.at_the_counter import OTHER, Store
from tui.at_the_desk import at_desk


async def test_made_good_from_the_list(busy: Store, log: Path) -> None:
    """Else the parts that came in the post would stay missing on record."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.press("f4")
        assert hands.rows() == 2
        await hands.type("wheel")
        assert hands.reads("Wheel, 2 short. How many are replaced?")
        hands.desk.screen.query_one("#answer", Input).value = "1"
        await hands.type("")
        assert hands.reads("= REPLACED 1 Wheel in STEM kit")
        assert busy.kitloan.find.shortages(text="wheel").items[0].missing == 1
        await hands.press("ctrl+z")
        assert busy.kitloan.find.shortages(text="wheel").items[0].missing == 2
        await hands.press("enter")
        await hands.press("enter")
        assert busy.kitloan.find.shortages(text="wheel").total == 0
        assert hands.reads("No shortage matches")


@pytest.mark.parametrize("said", ["9", "x", "0"])
async def test_no_more_is_made_good_than_is_short(busy: Store, log: Path, said: str) -> None:
    """Else a slip would leave a kit with more wheels than it has."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.press("f4")
        await hands.type("wheel")
        hands.desk.screen.query_one("#answer", Input).value = said
        await hands.type("")
        assert hands.reads("! REFUSED")
        assert busy.kitloan.find.shortages(text="wheel").items[0].missing == 2


async def test_shortages_by_type_lead_to_the_kits(busy: Store, log: Path) -> None:
    """Else the order for spares would be added up by hand."""
    busy.kitloan.loans.check_in([busy.kit], kitloan.Count(missing={"Wheel": 3}))
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.press("f4", "f4")
        assert hands.reads("% Wheel 5 0 STEM kit 2 of them")
        await hands.type("wheel")
        assert hands.reads("AC0001")
        assert hands.reads("AC0002")
        assert hands.rows() == 2


# -- schools and people -------------------------------------------------------------------------


async def test_forgetting_a_person_is_meant(busy: Store, log: Path) -> None:
    """Else one Enter too many would lose somebody's phone number for good, or never forget it."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.go("borrowers")
        await hands.press("f5")
        assert hands.reads(f"Isla Muir {OTHER}")
        await hands.press("enter")
        confirm = hands.desk.screen
        assert isinstance(confirm, Confirm)
        assert confirm.focused is confirm.query_one("#keep", Button)
        await hands.press("enter")
        assert hands.desk.screen is confirm, "an Enter that was on its way is no answer"
        await hands.press("tab", "enter")
        assert hands.desk.screen is confirm
        confirm.asked_at -= 1
        await hands.until(lambda: not confirm.query(".-active"))
        await hands.press("enter")
        assert hands.reads("x FORGOTTEN 1 person")
        assert hands.reads("No person is on file")


async def test_a_school_has_a_page(busy: Store, log: Path) -> None:
    """Else what a school has, whom to ring there and what it lost would be three lists."""
    busy.kitloan.holdings.report_missing(busy.kit, "lost on a trip")
    async with at_desk(lambda: busy.kitloan, log, (100, 40)) as hands:
        await hands.go("borrowers")
        await hands.type("kilm")
        assert hands.reads("Kilmarnock Academy 2")
        await hands.pilot.click("#renew-all")
        await hands.type("3 weeks")
        assert hands.reads("> RENEWED 2 loans of Kilmarnock Academy")
        await hands.press("ctrl+z")
        assert hands.reads("< UNDONE")
        await hands.press("escape")
        hands.desk.screen.query_one("#narrow", Input).value = ""
        await hands.settle()
        await hands.type("balwearie")
        await hands.press("f5")
        assert hands.reads("Isla Muir")
        await hands.press("f5")
        assert hands.reads("Aug to Dec 2026 1 loan")
        await hands.press("f5")
        assert hands.reads("AC0001")
