"""One holding's page: its story, and what can be done with it."""

from pathlib import Path

from textual.widgets import Input

from kitloan.holdings import Gift
from kitloan.text.tags import grouped, mint
from kitloan_tui.screens.holding import HoldingPage
from tui.at_the_counter import OTHER, SCHOOL, Store
from tui.at_the_desk import Hands, at_desk


async def test_one_holding_tells_its_story(busy: Store, log: Path) -> None:
    """Else what is short, who gave it and who had it would take three commands."""
    gift = Gift(donor="RAF", title="held_for_esp", value_pence=65000)
    busy.kitloan.holdings.record_gift(busy.second, gift)
    async with at_desk(lambda: busy.kitloan, log, (100, 60)) as hands:
        await hands.go("holdings")
        await hands.type("AC0002")
        for said in (
            "Contents 3 pieces short",
            "18 Panel % 1 broken",
            "16 Wheel % 2 missing",
            "Donor RAF",
            "Title held for esp",
            "Value £650.00",
            "counted: counted: Panel 1 broken, Wheel 2 missing m.ross",
            "added: added",
        ):
            assert hands.reads(said), said


async def test_move_and_take_it_back(busy: Store, log: Path) -> None:
    """Else a kit that moved house would be looked for where it was."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.go("holdings")
        await hands.type("AC0002")
        await hands.pilot.click("#move")
        await hands.type("Rosyth [b]2[/b]")
        assert hands.reads("= MOVED")
        assert busy.kitloan.find.holding(busy.second).location == "Rosyth [b]2[/b]"
        await hands.press("ctrl+z")
        assert hands.reads("< UNDONE")
        assert isinstance(hands.desk.screen, HoldingPage)
        assert busy.kitloan.find.holding(busy.second).location is None


async def test_withdrawing_takes_two(busy: Store, log: Path) -> None:
    """Else whoever lost a kit could write it off alone, or nobody could at the desk."""
    gift = Gift(donor="RAF", title="held_for_esp")
    busy.kitloan.holdings.record_gift(busy.second, gift)
    async with at_desk(lambda: busy.kitloan, log, (100, 40)) as hands:
        await hands.go("holdings")
        await hands.type("AC0002")
        await hands.pilot.click("#withdraw")
        await hands.type("broken beyond repair")
        assert hands.reads("! REFUSED")
        await hands.type("RAF letter of 3 May")
        assert hands.reads("x PROPOSED to withdraw STEM kit")
        assert hands.reads("To be withdrawn: broken beyond repair; proposed by m.ross")
        await hands.pilot.click("#withdraw")
        await hands.settle()
        assert hands.reads("! REFUSED m.ross proposed")
    with busy.another() as second:
        async with at_desk(lambda: second, log, (100, 40)) as hands:
            await hands.go("holdings")
            await hands.type("AC0002")
            assert hands.reads("Sign")
            await hands.pilot.click("#withdraw")
            await hands.settle()
            assert hands.reads("x WITHDRAWN")
            await hands.press("ctrl+z")
            assert hands.reads("< UNDONE")
            assert isinstance(hands.desk.screen, HoldingPage)
            assert busy.kitloan.find.holding(busy.second).status == "in"


async def test_a_question_can_be_left(busy: Store, log: Path) -> None:
    """Else a button pressed by mistake would want an answer."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.go("holdings")
        await hands.type("AC0002")
        await hands.pilot.click("#withdraw")
        await hands.type("")
        await hands.press("escape")
        assert isinstance(hands.desk.screen, HoldingPage)
        assert busy.kitloan.find.holding(busy.second).status == "in"


async def test_a_label_scanned_at_a_holding_is_claimed(busy: Store, log: Path) -> None:
    """Else a kit whose label came off would have to be taken in as a new one."""
    spare = mint()
    busy.kitloan.holdings.labels_printed([spare], blank=True)
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.go("holdings")
        await hands.type("AC0002")
        await hands.scan(spare)
        await hands.scan(spare, after=1)  # a held trigger
        assert hands.reads(f"= CLAIMED {grouped(spare)} is now also a label of STEM kit")
        assert isinstance(hands.desk.screen, HoldingPage)
        await hands.press("escape", "escape")
        await hands.scan(spare)
        assert hands.reads(f"? TO WHOM? STEM kit {grouped(busy.second)}")


async def test_a_kit_that_is_here_is_counted(busy: Store, log: Path) -> None:
    """Else a kit that somebody looked through on its shelf could not be counted at the desk."""
    async with at_desk(lambda: busy.kitloan, log, (100, 40)) as hands:
        await hands.go("holdings")
        await hands.type("AC0002")
        await hands.pilot.click("#count")
        await hands.type("")
        assert hands.reads("! REFUSED Nothing was typed")
        await hands.type("whele 2")
        assert hands.reads("! REFUSED")
        answer = hands.desk.screen.query_one("#answer", Input)
        assert answer.value == "whele 2", "it is corrected, not typed again"
        answer.value = ""
        await hands.type("wheel 3")
        assert hands.reads("% IN, 4 SHORT STEM kit")
        await hands.press("escape", "escape")
        await hands.scan(busy.second)
        await hands.press("escape")
        await hands.go("count")
        await hands.type("whole")
        assert hands.reads("= IN, WHOLE STEM kit")
        await hands.go("holdings")
        await hands.type("AC0001")
        assert not hands.desk.screen.query_one("#count").display
    assert busy.kitloan.find.holding(busy.second).status == "in"


async def act(hands: Hands, tag: str, name: str, *lines: str) -> None:
    """Begin an action of a holding's page, and answer what it asks."""
    hands.desk.open_holding(tag, name)
    await hands.settle()
    for line in lines:
        await hands.type(line)


async def test_an_open_loan_is_corrected_and_passed_on(busy: Store, log: Path) -> None:
    """Else a wrong school would take a false return, and a count that nobody made."""
    async with at_desk(lambda: busy.kitloan, log, (100, 40)) as hands:
        await act(hands, busy.kit, "correct", "to kilmarnock")
        assert hands.reads("= CORRECTED")
        assert with_whom(busy, busy.kit) == SCHOOL
        await act(hands, busy.kit, "pass_on", "Balweari High School")
        assert hands.reads("! REFUSED")
        assert with_whom(busy, busy.kit) == SCHOOL
        await act(hands, busy.kit, "pass_on", OTHER)
        assert hands.reads("> PASSED ON")
        assert with_whom(busy, busy.kit) == OTHER
        await act(hands, busy.kit, "undo_here")
        assert hands.reads("< UNDONE")
        assert with_whom(busy, busy.kit) == SCHOOL
        await act(hands, busy.kit, "renew", "3 weeks")
        assert hands.reads("> RENEWED")


def with_whom(store: Store, tag: str) -> str | None:
    """Who has a holding."""
    loan = store.kitloan.find.holding(tag).loan
    return loan.to if loan else None


async def test_stock_is_used_up_and_split(busy: Store, log: Path) -> None:
    """Else what a school used would be out for ever."""
    async with at_desk(lambda: busy.kitloan, log, (100, 40)) as hands:
        await act(hands, busy.stock, "use_up", "back 5 used 3")
        assert hands.reads("3 used up")
        assert busy.kitloan.find.holding(busy.stock).quantity == 27
        await act(hands, busy.stock, "split", "10 @ Store 2")
        assert hands.reads("= SPLIT")
        assert busy.kitloan.find.holding(busy.stock).quantity == 17


async def test_repair_and_change(busy: Store, log: Path) -> None:
    """Else a broken kit would be lent, or invented as missing."""
    async with at_desk(lambda: busy.kitloan, log, (100, 40)) as hands:
        await act(hands, busy.second, "repair", "cracked case")
        assert hands.reads("- OUT OF USE")
        assert busy.kitloan.find.holding(busy.second).status == "out_of_use"
        await act(hands, busy.second, "repair")
        assert hands.reads("= REPAIRED")
        await act(hands, busy.second, "amend", "number", "AC0099")
        assert hands.reads("number from AC0002 to AC0099")
        await hands.press("ctrl+z")
        assert busy.kitloan.find.holding(busy.second).asset_number == "AC0002"


async def test_what_was_done_is_listed_and_undone(busy: Store, log: Path) -> None:
    """Else Undo would be a guess at what comes next."""
    busy.kitloan.holdings.move(busy.second, "Store 9")
    async with at_desk(lambda: busy.kitloan, log, (100, 40)) as hands:
        await hands.go("undo_list")
        assert hands.reads("moved to Store 9")
        await hands.press("enter")
        assert hands.reads("Undo this?")
