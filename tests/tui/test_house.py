"""The screens beside the counter: what is there, what is out, what is short, and who has it."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Button, Input, Select

import kitloan
from kitloan.accession import Gift, NewHolding
from kitloan.library import Kitloan
from kitloan.tags import grouped, mint
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.holding import OneHolding
from kitloan_tui.screens.holdings import Holdings
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.screens.take_in import TakeIn
from kitloan_tui.screens.working import Stopped, Working
from kitloan_tui.widgets.table import Listing
from tui.at_the_counter import OTHER, SCHOOL, Store
from tui.at_the_desk import Hands, at_desk

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
    "figures": ("Figures", "No loan is on record yet. Lend the first kit"),
    "register": ("Read a register", "Type where the spreadsheet lies"),
    "ledger": ("Ledger", "Not verified yet"),
}
SIZES = [(80, 24), (120, 40)]
ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT count(*) FROM holding UNION ALL SELECT i + 1 FROM n) "
    "SELECT max(i) FROM n"
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the desk would write what nobody expected."""
    return tmp_path / "state" / "desk.log"


@pytest.fixture
def busy(store: Store) -> Store:
    """The store after some days: something out, something late, something short, a person."""
    desk = store.kitloan.desk
    desk.count(store.second, kitloan.Count(missing={"Wheel": 2}, broken={"Panel": 1}))
    desk.check_out([store.headset], SCHOOL)
    store.clock.move(days=20)
    desk.check_out([store.kit], OTHER, contact="Isla Muir")
    desk.check_out([store.stock], SCHOOL, quantity=12)
    return store


async def go(hands: Hands, name: str) -> None:
    """Open a screen by its action, as its key and the palette do."""
    hands.desk.action_perform(name)
    await hands.settle()


def rows(hands: Hands) -> int:
    """How many rows the list holds."""
    return hands.desk.screen.query_one(Listing).row_count


# -- every screen -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_opens(busy: Store, log: Path, size: tuple[int, int]) -> None:
    """Else a key of the bar would end in a fault, or in a page too wide for the terminal."""
    async with at_desk(lambda: busy.kitloan, log, size) as hands:
        for name, (title, empty) in SCREENS.items():
            await go(hands, name)
            assert hands.reads(title), name
            assert name in ("take_in", "register", "ledger", "transfers") or not hands.reads(
                empty
            ), name
            for widget in hands.desk.screen.query("Static, Input, Listing, Button, Select"):
                assert widget.region.right <= size[0], (name, widget)
        assert not log.exists()


async def test_an_empty_screen_says_what_to_do_next(tmp_path: Path, log: Path) -> None:
    """Else the first morning would be a row of blank tables."""
    with kitloan.init("fife", tmp_path / "new.sqlite", actor="m.ross") as opened:
        async with at_desk(lambda: opened, log) as hands:
            for name, (_, empty) in SCREENS.items():
                await go(hands, name)
                assert hands.reads(empty), name


@pytest.mark.parametrize("name", SCREENS)
async def test_a_scan_goes_to_the_counter(busy: Store, log: Path, name: str) -> None:
    """Else a kit scanned beside an open list would be lost, or typed into it."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await go(hands, name)
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
            await go(hands, "borrowers")
            await hands.press("f5")
            await hands.press("enter")
            assert isinstance(hands.desk.screen, Confirm)
        elif open_it == "filter":
            await go(hands, "holdings")
            hands.desk.screen.query_one("#type", Select).expanded = True
            await hands.settle()
        else:
            await go(hands, "holdings")
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
    store.kitloan.desk.check_out([store.kit], f"{name} school")
    store.kitloan.desk.count(store.second, kitloan.Count(missing={"Wheel": 2}))
    async with at_desk(lambda: store.kitloan, log, (120, 40)) as hands:
        for screen in ("holdings", "loans", "shortages", "figures", "ledger"):
            await go(hands, screen)
            assert name in hands.seen(), screen
        await go(hands, "borrowers")
        assert f"{name} school" in hands.seen()
        await go(hands, "holdings")
        await hands.type("AC0001")
        assert f"{name} shelf" in hands.seen()


async def test_a_store_out_of_reach_is_told(busy: Store, log: Path) -> None:
    """Else a network that goes away for a minute would close the desk."""
    away = busy.place.with_suffix(".away")
    async with at_desk(lambda: busy.kitloan, log) as hands:
        busy.kitloan.session.store.engine.dispose()
        busy.place.rename(away)
        for name in SCREENS:
            await go(hands, name)
            if name == "take_in":
                await hands.type("Telescope")
                await hands.scan(mint())
            if name != "register":
                assert hands.reads("! REFUSED"), name
        away.rename(busy.place)
        await go(hands, "holdings")
        assert rows(hands) == 4
        assert not hands.reads("REFUSED")


async def test_escape_goes_back_one_step(busy: Store, log: Path) -> None:
    """Else looking at one kit would cost the place in the list."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await go(hands, "holdings")
        await hands.type("AC0001")
        assert isinstance(hands.desk.screen, OneHolding)
        await hands.press("f1")
        await hands.press("escape")
        assert isinstance(hands.desk.screen, OneHolding)
        await hands.press("escape")
        assert hands.desk.screen.query_one("#narrow", Input).value == "AC0001"
        await hands.press("escape")
        assert hands.desk.screen is hands.desk.home


# -- lists --------------------------------------------------------------------------------------


async def test_the_list_narrows_as_one_types(busy: Store, log: Path) -> None:
    """Else finding one kit of thousands would need its whole number and a key."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await go(hands, "holdings")
        assert rows(hands) == 4
        await hands.press(*"stem")
        assert rows(hands) == 2
        await hands.press(" ", *"ac0002")
        assert rows(hands) == 1
        assert hands.reads("AC0002")
        await hands.press(*"xx")
        assert hands.reads("Nothing here is like that. Type less of it")


async def test_filters_by_status_and_type(busy: Store, log: Path) -> None:
    """Else a technician would leaf through a thousand kits to find the missing one."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await go(hands, "holdings")
        screen = hands.desk.screen
        for status, tag in (("out", busy.kit), ("overdue", busy.headset), ("in", busy.second)):
            screen.query_one("#view", Select).value = status
            await hands.settle()
            assert hands.reads(grouped(tag)), status
            assert not hands.reads(grouped(busy.stock)) or status == "in"
        screen.query_one("#view", Select).value = ""
        screen.query_one("#type", Select).value = "Multimeter"
        await hands.settle()
        assert rows(hands) == 1
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
        await go(hands, "holdings")
        screen = hands.desk.screen
        assert isinstance(screen, ListScreen)
        assert rows(hands) == 200
        assert hands.reads("1 to 200 of 450")
        screen.listing.move_cursor(row=199)
        await hands.press("pagedown")
        assert hands.reads("201 to 400 of 450")
        assert hands.reads(grouped(everything[200]))
        screen.listing.move_cursor(row=199)
        await hands.press("down")
        assert hands.reads("401 to 450 of 450")
        assert rows(hands) == 50
        await hands.press("pageup")
        assert hands.reads("201 to 400 of 450")
        assert screen.listing.cursor_row == 199
        screen.listing.move_cursor(row=0)
        await hands.press("up")
        assert hands.reads("1 to 200 of 450")


def _tags(opened: Kitloan) -> list[str]:
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
        assert rows(hands) == 3
        await hands.press("f3")
        assert hands.reads("Nothing is due today")
        await hands.press("f3")
        assert hands.reads(f"! 6 days {SCHOOL} VR headset {grouped(busy.headset)}")
        assert rows(hands) == 1
        await hands.press("f3")
        assert hands.reads(f"! 1 overdue {SCHOOL} 2 out")
        await hands.type("kilm")
        assert hands.reads(f"Loans of {SCHOOL}")
        assert rows(hands) == 2
        assert not hands.reads(OTHER)


async def test_a_click_opens_a_row(busy: Store, log: Path) -> None:
    """Else a desk with a mouse would need the keyboard after all."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await go(hands, "holdings")
        await hands.pilot.click(Listing, offset=(20, 2))
        await hands.settle()
        assert isinstance(hands.desk.screen, OneHolding)


# -- one holding --------------------------------------------------------------------------------


async def test_one_holding_tells_its_story(busy: Store, log: Path) -> None:
    """Else what is short, who gave it and who had it would take three commands."""
    gift = Gift(donor="RAF", title="held_for_esp", value_pence=65000)
    busy.kitloan.holdings.record_gift(busy.second, gift)
    async with at_desk(lambda: busy.kitloan, log, (100, 60)) as hands:
        await go(hands, "holdings")
        await hands.type("AC0002")
        for said in (
            "Contents 3 pieces short",
            "18 Panel % 1 broken",
            "16 Wheel % 2 missing",
            "Donor RAF",
            "Title held for esp",
            "Value £650.00",
            "counted: counted: Panel 1 broken, Wheel 2 missing m.ross",
            "accessioned: taken in",
        ):
            assert hands.reads(said), said


async def test_move_and_take_it_back(busy: Store, log: Path) -> None:
    """Else a kit that moved house would be looked for where it was."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await go(hands, "holdings")
        await hands.type("AC0002")
        await hands.pilot.click("#move")
        await hands.type("Rosyth [b]2[/b]")
        assert hands.reads("= MOVED")
        assert busy.kitloan.find.holding(busy.second).location == "Rosyth [b]2[/b]"
        await hands.press("ctrl+z")
        assert hands.reads("< UNDONE")
        assert isinstance(hands.desk.screen, OneHolding)
        assert busy.kitloan.find.holding(busy.second).location is None


async def test_withdrawing_takes_two(busy: Store, log: Path) -> None:
    """Else whoever lost a kit could write it off alone, or nobody could at the desk."""
    gift = Gift(donor="RAF", title="held_for_esp")
    busy.kitloan.holdings.record_gift(busy.second, gift)
    async with at_desk(lambda: busy.kitloan, log, (100, 40)) as hands:
        await go(hands, "holdings")
        await hands.type("AC0002")
        await hands.pilot.click("#withdraw")
        await hands.type("broken beyond repair")
        assert hands.reads("! REFUSED")
        await hands.type("RAF letter of 3 May")
        assert hands.reads("x PROPOSED to withdraw STEM kit")
        assert hands.reads("To be withdrawn: broken beyond repair; m.ross said so")
        await hands.pilot.click("#withdraw")
        await hands.settle()
        assert hands.reads("! REFUSED m.ross proposed")
    with busy.another() as second:
        async with at_desk(lambda: second, log, (100, 40)) as hands:
            await go(hands, "holdings")
            await hands.type("AC0002")
            assert hands.reads("Sign")
            await hands.pilot.click("#withdraw")
            await hands.settle()
            assert hands.reads("x WITHDRAWN")
            await hands.press("ctrl+z")
            assert hands.reads("< UNDONE")
            assert isinstance(hands.desk.screen, OneHolding)
            assert busy.kitloan.find.holding(busy.second).status == "in"


async def test_a_question_can_be_left(busy: Store, log: Path) -> None:
    """Else a button pressed by mistake would want an answer."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await go(hands, "holdings")
        await hands.type("AC0002")
        await hands.pilot.click("#withdraw")
        await hands.type("")
        await hands.press("escape")
        assert isinstance(hands.desk.screen, OneHolding)
        assert busy.kitloan.find.holding(busy.second).status == "in"


async def test_a_label_scanned_at_a_holding_is_claimed(busy: Store, log: Path) -> None:
    """Else a kit whose label came off would have to be taken in as a new one."""
    spare = mint()
    busy.kitloan.holdings.labels_printed([spare], blank=True)
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await go(hands, "holdings")
        await hands.type("AC0002")
        await hands.scan(spare)
        await hands.scan(spare, after=1)  # a held trigger
        assert hands.reads(f"= CLAIMED {grouped(spare)} stands for STEM kit")
        assert isinstance(hands.desk.screen, OneHolding)
        await hands.press("escape", "escape")
        await hands.scan(spare)
        assert hands.reads(f"? TO WHOM? STEM kit {grouped(busy.second)}")


async def test_a_kit_that_is_here_is_counted(busy: Store, log: Path) -> None:
    """Else a kit that somebody looked through on its shelf could not be counted at the desk."""
    async with at_desk(lambda: busy.kitloan, log, (100, 40)) as hands:
        await go(hands, "holdings")
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
        await go(hands, "count")
        await hands.type("whole")
        assert hands.reads("= IN, WHOLE STEM kit")
        await go(hands, "holdings")
        await hands.type("AC0001")
        assert not hands.desk.screen.query_one("#count").display
    assert busy.kitloan.find.holding(busy.second).status == "in"


async def test_what_another_desk_does_shows_on_every_screen(busy: Store, log: Path) -> None:
    """Else a list that stands open would go on showing what was so this morning."""
    async with at_desk(lambda: busy.kitloan, log, (100, 40)) as hands:
        await go(hands, "holdings")
        await hands.press("down", "down")
        on = hands.desk.screen.query_one(Listing).cursor_row
        before = hands.seen().splitlines()
        with busy.another() as second:
            second.desk.check_in([busy.kit])
            second.holdings.add(NewHolding("Telescope", tag=_tag_before(busy)))
            hands.desk.look_again()
            await hands.settle()
            assert hands.reads("Telescope")
            assert hands.desk.screen.query_one(Listing).cursor_row == on + 1, before
            await go(hands, "loans")
            await hands.type("headset")
            assert hands.reads("Status ! OVERDUE")
            second.desk.check_in([busy.headset])
            hands.desk.look_again()
            await hands.settle()
            assert hands.reads("Status = IN")


def _tag_before(store: Store) -> str:
    """A tag that comes before all others of the store."""
    first = min(store.kit, store.second, store.headset, store.stock)
    return next(tag for tag in iter(mint, "") if tag < first)


async def test_escape_closes_what_dropped_down(busy: Store, log: Path) -> None:
    """Else who looked at the choices and wanted none would lose the list."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await go(hands, "holdings")
        hands.desk.screen.query_one("#type", Select).expanded = True
        await hands.settle()
        await hands.press("escape")
        assert isinstance(hands.desk.screen, Holdings)
        assert not hands.desk.screen.query_one("#type", Select).expanded
        await hands.press("escape")
        assert hands.desk.screen is hands.desk.home


# -- shortages ----------------------------------------------------------------------------------


async def test_made_good_from_the_list(busy: Store, log: Path) -> None:
    """Else the parts that came in the post would stay missing on record."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.press("f4")
        assert rows(hands) == 2
        await hands.type("wheel")
        assert hands.reads("Wheel, 2 short: how many are made good?")
        hands.desk.screen.query_one("#answer", Input).value = "1"
        await hands.type("")
        assert hands.reads("= MADE GOOD 1 Wheel in STEM kit")
        assert busy.kitloan.find.shortages(text="wheel").items[0].missing == 1
        await hands.press("ctrl+z")
        assert busy.kitloan.find.shortages(text="wheel").items[0].missing == 2
        await hands.press("enter")
        await hands.press("enter")
        assert busy.kitloan.find.shortages(text="wheel").total == 0
        assert hands.reads("Nothing like that is short")


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
    busy.kitloan.desk.check_in([busy.kit], kitloan.Count(missing={"Wheel": 3}))
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.press("f4", "f4")
        assert hands.reads("% Wheel 5 0 STEM kit 2 of them")
        await hands.type("wheel")
        assert hands.reads(grouped(busy.kit))
        assert hands.reads(grouped(busy.second))
        assert rows(hands) == 2


# -- schools and people -------------------------------------------------------------------------


async def test_forgetting_a_person_is_meant(busy: Store, log: Path) -> None:
    """Else one Enter too many would lose somebody's phone number for good, or never forget it."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await go(hands, "borrowers")
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
        assert hands.reads("Nobody is on file")


# -- taking in ----------------------------------------------------------------------------------


async def test_a_label_that_nobody_knows_opens_the_form(store: Store, log: Path) -> None:
    """Else a new kit would need a command line before it could be lent."""
    tag = mint()
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(tag)
        assert isinstance(hands.desk.screen, TakeIn)
        assert hands.reads(f"Label {grouped(tag)}")
        hands.desk.screen.query_one("#location", Input).value = "Store 2"
        await hands.type("STEM kit")
        assert hands.reads(f"= TAKEN IN STEM kit {grouped(tag)}")
        held = store.kitloan.find.holding(tag)
        assert (held.type, held.location, held.status) == ("STEM kit", "Store 2", "in")
        await hands.scan(tag)
        assert hands.reads(f"? TO WHOM? STEM kit {grouped(tag)}")


async def test_a_box_of_new_kits_is_scanned_and_taken_in(store: Store, log: Path) -> None:
    """Else each of twelve kits would need its type typed again, or a scan would be lost."""
    tags = [mint() for _ in range(3)]
    async with at_desk(lambda: store.kitloan, log) as hands:
        for tag in tags:
            await hands.scan(tag)
        assert hands.reads("~ 2 scans waiting")
        assert hands.reads("1 Multimeter 2 STEM kit 3 VR headset")
        await hands.type("3")
        await hands.press("enter")
        await hands.press("enter")
        assert [store.kitloan.find.holding(tag).type for tag in tags] == ["VR headset"] * 3


async def test_scans_behind_a_new_label_wait(store: Store, log: Path) -> None:
    """Else the kit scanned after it would answer what the new one is, or vanish."""
    tag = mint()
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(tag)
        await hands.scan(store.headset)
        assert hands.reads(f"~ 1 scan waiting: {grouped(store.headset)}")
        await hands.press("escape")
        assert hands.desk.screen is hands.desk.home
        assert hands.reads("? TO WHOM? VR headset")


async def test_a_new_label_for_a_holding_that_is_here(store: Store, log: Path) -> None:
    """Else the pre-printed label stuck on an old kit would make it two kits."""
    tag = mint()
    store.kitloan.holdings.labels_printed([tag], blank=True)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(tag)
        hands.desk.screen.query_one("#here", Input).value = "AC0001"
        await hands.type("")
        assert hands.reads("= CLAIMED")
        assert store.kitloan.find.holding(tag).tag == store.kit


async def test_taking_in_by_key(store: Store, log: Path) -> None:
    """Else a thing that has no label yet could not be taken in at the desk."""
    tag = mint()
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.press("f6")
        await hands.type("3D printer")
        assert store.kitloan.find.search("3d printer").total == 1
        await hands.scan(tag)
        assert hands.reads(f"Label {grouped(tag)}")
        await hands.press("enter")
        assert store.kitloan.find.holding(tag).type == "3D printer"
        hands.desk.screen.query_one("#quantity", Input).value = "many"
        await hands.press("enter")
        assert hands.reads("! REFUSED 'many' is no number")


async def test_enter_alone_takes_nothing_in(store: Store, log: Path) -> None:
    """Else one Enter too many would make a kit that does not exist, under a tag that is nowhere."""
    tags = [mint() for _ in range(3)]
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.press("f6")
        await hands.type("Robot")
        for key in ("enter", "enter"):
            await hands.press(key)
        assert hands.reads("! REFUSED Nothing was scanned or typed since.")
        for tag in tags:
            await hands.scan(tag)
        assert hands.reads(f"Label {grouped(tags[0])}")
        assert hands.reads(f"~ 2 scans waiting: {grouped(tags[1])}")
        await hands.press("enter")
        await hands.type("Robot arm")
        await hands.press("enter", "enter")
        assert hands.reads("! REFUSED")
    named = [store.kitloan.find.holding(tag).type for tag in tags]
    assert named == ["Robot", "Robot arm", "Robot arm"]
    assert store.kitloan.find.search("robot").total == 4


async def test_a_number_in_use_and_a_scan_in_between(store: Store, log: Path) -> None:
    """Else two kits would share a number unnoticed, or a form half filled would be thrown away."""
    for n in range(12):
        store.kitloan.holdings.add(NewHolding(f"Kind {n}"))
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.press("f6")
        assert hands.reads("and 6 more: type letters of one")
        hands.desk.screen.query_one("#asset_number", Input).value = "AC0001"
        await hands.press(*"vr")
        assert hands.reads("VR headset")
        assert not hands.reads("1 Kind 0")
        await hands.scan(store.second)
        assert hands.reads("! REFUSED Something is being taken in")
        await hands.press("enter")
        assert hands.reads("! REFUSED AC0001 is the number of STEM kit")
        await hands.press("enter")
        assert hands.reads("= TAKEN IN vr")


# -- registers and the ledger -------------------------------------------------------------------


async def test_a_register_shows_its_problems_first(store: Store, log: Path, tmp_path: Path) -> None:
    """Else a spreadsheet of four hundred rows would come in with its slips, for good."""
    register = tmp_path / "kits.csv"
    register.write_text(
        "Asset number,Description,Quantity,Donor\n"
        "K1,Telescope,1,RAF\nK2,,1,RAF\nK3,[b]Lens[/b],lots,RAF\nK4,Telescope,1,RAF\n"
    )
    async with at_desk(lambda: store.kitloan, log) as hands:
        await go(hands, "register")
        hands.desk.screen.query_one("#path", Input).value = f"'{register}'"
        await hands.type("")
        assert hands.reads("Columns: Asset number = asset number, Description = type")
        assert hands.reads("4 rows: 2 rows in error; 2 new")
        assert hands.reads("! error: kits row 3, Description: is empty: what")
        assert hands.reads("! error: kits row 4, Quantity: 'lots' is not a quantity"), (
            "no word is cut"
        )
        assert store.kitloan.find.search("telescope").total == 0
        await hands.press("enter")
        confirm = hands.desk.screen
        assert isinstance(confirm, Confirm)
        confirm.asked_at -= 1
        await hands.press("tab", "enter")
        assert hands.reads("= REGISTER 2 holdings from kits.csv")
        assert store.kitloan.find.search("telescope").total == 2
        hands.desk.screen.query_one("#path", Input).focus()
        await hands.type("")
        assert hands.reads("2 rows in error; 0 new; 2 known already")
        assert not hands.desk.screen.query_one("#take").display


async def test_others_wait_while_a_register_is_read(
    store: Store, log: Path, tmp_path: Path
) -> None:
    """Else nobody would know why the desk at the other door answers so late."""
    register = tmp_path / "many.csv"
    register.write_text("Asset number,Description\n" + "".join(f"M{n},Lens\n" for n in range(600)))
    told: list[str] = []
    async with at_desk(lambda: store.kitloan, log) as hands:
        await go(hands, "register")
        screen = hands.desk.screen
        assert isinstance(screen, Working)
        say = screen.title_says
        screen.title_says = lambda title, more="": (told.append(more), say(title, more))[1]  # type: ignore[method-assign]
        screen.query_one("#path", Input).value = str(register)
        await hands.type("")
        assert hands.reads("600 rows: 600 new")
    assert any("other desks wait: " in each and each.endswith("of 600") for each in told), told


async def test_a_file_that_is_no_register(store: Store, log: Path, tmp_path: Path) -> None:
    """Else a slip in the path would look like a college without kits."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await go(hands, "register")
        hands.desk.screen.query_one("#path", Input).value = str(tmp_path / "nowhere.csv")
        await hands.type("")
        assert hands.reads("! REFUSED")
        assert hands.reads("There is no file")
        assert not hands.reads("Reading rows")


async def test_the_ledger_is_verified_in_sight(busy: Store, log: Path) -> None:
    """Else nobody at a college would ever prove that the records hold."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await go(hands, "ledger")
        assert hands.reads("loan checked out")
        await hands.press("enter")
        assert hands.reads("= ALL IS WELL")


async def test_who_leaves_stops_the_work(busy: Store, log: Path) -> None:
    """Else a ledger of a million entries would go on being verified behind a busy counter."""
    door, ended = threading.Event(), threading.Event()
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await go(hands, "ledger")
        screen = hands.desk.screen
        assert isinstance(screen, Working)

        def work() -> None:
            door.wait(30)
            try:
                screen.progress(1, 2)
            except Stopped:
                ended.set()

        screen.work("Waiting", work, lambda _: None)
        await hands.press("f1")  # with the help over it, too
        await hands.scan(busy.second)
        assert hands.reads("? TO WHOM?")
        door.set()
        await hands.until(ended.is_set)


async def test_a_list_gives_way_to_a_scan(busy: Store, log: Path) -> None:
    """Else a teacher would wait until a list was looked up that nobody wants any more."""
    begun, ended = threading.Event(), threading.Event()
    busy.kitloan.desk.check_in([busy.headset])

    def look() -> None:
        begun.set()
        try:
            with busy.kitloan.session.reading() as connection:
                connection.exec_driver_sql(ENDLESS)
        finally:
            ended.set()

    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.type(SCHOOL)
        await go(hands, "holdings")
        screen = hands.desk.screen
        assert isinstance(screen, Holdings)
        screen.look_up(look, lambda _: None)
        await hands.until(begun.is_set)
        await hands.scan(busy.headset)
        assert hands.reads("> OUT VR headset")
        assert ended.wait(20)
    assert not log.exists()


async def test_a_broken_ledger_is_told(busy: Store, log: Path) -> None:
    """Else a changed record would pass for a good one."""
    with busy.kitloan.session.store.write() as connection:
        connection.exec_driver_sql("UPDATE holding SET location = 'Elsewhere' WHERE quantity = 30")
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await go(hands, "ledger")
        await hands.press("enter")
        assert hands.reads("! SOMETHING DOES NOT FIT: 1 finding")
        assert hands.reads("differs in location")


async def test_figures_carry_their_numbers(busy: Store, log: Path) -> None:
    """Else a bar would have to be measured with a ruler."""
    busy.kitloan.holdings.add(NewHolding("Unused"))
    async with at_desk(lambda: busy.kitloan, log, (120, 40)) as hands:
        await go(hands, "figures")
        assert hands.reads("Unused 0 of 1")
        seen = [" ".join(line.split()) for line in hands.seen().splitlines()]
        week = next(line for line in seen if line.startswith("from 7 Dec 2026"))
        assert "# 2" in week
        late = next(line for line in seen if line.startswith("up to a week"))
        assert late.endswith("# 1")
