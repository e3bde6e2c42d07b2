"""Names put right at the desk: schools and kit types renamed, merged and closed."""

from pathlib import Path

import pytest

from kitloan import BadInput, NewHolding, Refused
from kitloan_tui.screens.confirm import Confirm
from tui.at_the_counter import SCHOOL, Store
from tui.at_the_desk import Hands, at_desk


async def sure(hands: Hands) -> None:
    """Answer the question that is open, half a second later."""
    confirm = hands.desk.screen
    assert isinstance(confirm, Confirm)
    confirm.asked_at -= 1
    await hands.press("tab", "enter")


async def press_button(hands: Hands, name: str) -> None:
    """Press a button of the page."""
    hands.desk.screen.query_one(name).focus()
    await hands.press("enter")


async def open_school(hands: Hands, name: str) -> None:
    """Go to a school's page."""
    await hands.go("borrowers")
    await hands.type(name)
    assert hands.reads("Renew all")


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_a_school_is_renamed_and_undone(
    store: Store, log: Path, size: tuple[int, int]
) -> None:
    """A misspelt school would be offered for ever."""
    store.kitloan.loans.check_out([store.kit], "Kirkcaldy Hgih")
    find = store.kitloan.find.organisation
    async with at_desk(lambda: store.kitloan, log, size) as hands:
        await open_school(hands, "Kirkcaldy Hgih")
        await press_button(hands, "#rename")
        answer = hands.desk.screen.query_one("#answer")
        answer.clear()
        await hands.type("Kirkcaldy High")
        assert hands.reads("Kirkcaldy Hgih is Kirkcaldy High now")
        assert find("Kirkcaldy Hgih") == "Kirkcaldy High"
        await hands.press("ctrl+z")
        assert hands.reads("< UNDONE")
    assert find("Kirkcaldy Hgih") == "Kirkcaldy Hgih"
    assert not log.exists()


async def test_two_schools_become_one_and_it_is_closed(store: Store, log: Path) -> None:
    """Else what one school has stands under two names, and a school that is gone is offered."""
    store.kitloan.loans.check_out([store.kit], "Kirkcaldy Hgih")
    store.kitloan.loans.check_out([store.second], SCHOOL)
    async with at_desk(lambda: store.kitloan, log, (80, 24)) as hands:
        await open_school(hands, "Kirkcaldy Hgih")
        await press_button(hands, "#merge")
        await hands.type("no such school")
        assert hands.reads("! REFUSED")
        hands.desk.screen.query_one("#answer").clear()
        await hands.type(SCHOOL)
        await sure(hands)
        assert hands.reads(f"Kirkcaldy Hgih is {SCHOOL} now")
        assert store.kitloan.find.loans(to=SCHOOL).total == 2
        await press_button(hands, "#close")
        await sure(hands)
        assert hands.reads("nothing more is lent to it")
        with pytest.raises(Refused):
            store.kitloan.loans.check_out([store.headset], SCHOOL)
    assert not log.exists()


async def test_a_closed_school_is_told_at_the_counter(store: Store, log: Path) -> None:
    """The next step is of the counter, and not of a stocktake."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    store.kitloan.directory.close(SCHOOL)
    async with at_desk(lambda: store.kitloan, log, (80, 24)) as hands:
        await hands.type(SCHOOL)
        await hands.scan(store.second)
        assert hands.reads("! REFUSED")
        assert not hands.reads("Scans that come late")
    assert store.kitloan.find.holding(store.second).status == "in"


async def test_a_kit_type_is_renamed_and_merged(store: Store, log: Path) -> None:
    """A kind made of a typing slip goes on in every list."""
    tag = store.kitloan.holdings.add(NewHolding("Rvoer Kit")).tag
    store.kitloan.holdings.add(NewHolding("Rover"))
    async with at_desk(lambda: store.kitloan, log, (80, 24)) as hands:
        await hands.go("kit_types")
        await hands.type("Rvoer Kit")
        await press_button(hands, "#rename")
        hands.desk.screen.query_one("#answer").clear()
        await hands.type("Rover Kit")
        assert hands.reads("Rvoer Kit is Rover Kit now")
        await press_button(hands, "#merge")
        await hands.type("Rover")
        await sure(hands)
        assert hands.reads("Rover Kit is Rover now")
        assert store.kitloan.find.holding(tag).type == "Rover"
        await hands.press("ctrl+z")
        assert store.kitloan.find.holding(tag).type == "Rover Kit"
    with pytest.raises(BadInput):
        store.kitloan.holdings.type("no such kind")
    assert not log.exists()
