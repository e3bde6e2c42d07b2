"""The desk on its screen: what a technician sees, and that no scan goes astray."""

import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from textual.widgets import Input, Static

import kitloan
from kitloan.college import College
from kitloan.errors import StoreError
from kitloan.text.tags import grouped
from kitloan_tui import keys
from kitloan_tui.actions import ACTIONS
from kitloan_tui.screens.confirm import SECONDS_DEAF, ConfirmClosing
from kitloan_tui.screens.help import Help
from kitloan_tui.screens.holding import HoldingPage
from kitloan_tui.theme import DARK
from kitloan_tui.widgets.panels import KeyBar
from tui.at_the_counter import OTHER, SCHOOL, Store
from tui.at_the_desk import at_desk


async def test_lend_and_take_back_whole(store: Store, log: Path) -> None:
    """Else the two things that a counter does all day would not work from a scanner."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.kit)
        assert hands.reads(f"? TO WHOM? STEM kit {grouped(store.kit)}")
        await hands.scan(SCHOOL)
        assert hands.reads(
            f"> OUT STEM kit {grouped(store.kit)} (AC0001) to {SCHOOL}, due 7 Dec 2026"
        )
        store.clock.move(minutes=2)
        await hands.scan(store.kit)
        assert hands.reads("Red holdall 16 Wheel 4 Spanner *")
        await hands.press("enter")
        assert hands.reads("= IN, WHOLE")
        assert hands.desk.bells == 0
        assert store.kitloan.find.holding(store.kit).status == "in"


async def test_return_with_two_missing(store: Store, log: Path) -> None:
    """Else what is missing could not be seen while it is being said."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.kit)
        await hands.type("wheel 2")
        assert hands.line == ""
        assert hands.reads("2 missing, 0 broken")
        assert hands.reads("16 Wheel (2 short)")
        await hands.press("enter")
        assert hands.reads("% IN, 2 SHORT")
        assert hands.reads("Wheel: 2 missing")


async def test_what_was_short_before_is_shown_apart(store: Store, log: Path) -> None:
    """Else the next borrower would be blamed for it."""
    with store.another() as desk:
        desk.loans.check_out([store.kit], SCHOOL)
        desk.loans.check_in([store.kit], kitloan.Count(missing={"Wheel": 1}))
        desk.loans.check_out([store.kit], OTHER)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.kit)
        assert hands.reads("16 Wheel (was 15)")
        assert hands.reads("Enter: as it left")


async def test_undo_by_key(store: Store, log: Path) -> None:
    """Else a slip would need the command line."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.kit)
        await hands.scan(SCHOOL)
        await hands.press("ctrl+z")
        assert hands.reads(f"< UNDONE STEM kit {grouped(store.kit)} (AC0001): lent: {SCHOOL}")
        assert hands.reads("Now in")
        assert store.kitloan.find.holding(store.kit).status == "in"


async def test_the_bell_is_for_refusals(store: Store, log: Path) -> None:
    """Else a technician who looks at the kit and not at the screen would hand out a refused one."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.headset)
        assert hands.desk.bells == 0
        await hands.scan("KL0000000000A")
        assert hands.reads("! REFUSED")
        assert hands.desk.bells == 1
        await hands.press("escape")
        assert hands.desk.bells == 1


async def test_the_same_code_twice(store: Store, log: Path) -> None:
    """Else a held trigger would return what it just lent."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.type(f"to {SCHOOL}")
        await hands.scan(store.headset)
        await hands.scan(store.headset, after=1.0)
        assert hands.reads("the second was ignored")
        assert store.kitloan.find.holding(store.headset).status == "out"
        store.clock.move(minutes=2)
        await hands.scan(store.headset, after=1.6)
        assert hands.reads("= IN VR headset")


async def test_what_comes_before_the_store_is_open(store: Store, log: Path) -> None:
    """Else the first scans of the morning would be lost."""
    door = threading.Event()

    def open_slowly() -> College:
        door.wait(300)
        return store.kitloan

    async with at_desk(open_slowly, log, ready=False) as hands:
        await hands.scan(store.kit)
        await hands.scan(store.headset)
        await hands.scan(SCHOOL)
        assert hands.reads("~ STARTING")
        assert hands.reads(f"3 scans waiting: {grouped(store.kit)}, {grouped(store.headset)}")
        door.set()
        await hands.until(lambda: hands.desk.is_open)
        await hands.settle()
        assert hands.reads(f"> OUT 2 to {SCHOOL}")


async def test_scans_that_wait_are_in_sight(store: Store, log: Path) -> None:
    """Else somebody would scan them again, or believe that they were done."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.kit)
        await hands.scan(store.headset)
        assert hands.reads(f"~ 1 scan waiting: {grouped(store.headset)}")
        await hands.press("enter")
        assert not hands.reads("waiting:")
        assert hands.reads("? TO WHOM? VR headset")
        assert hands.reads("= IN, WHOLE")  # in the log now


@pytest.mark.parametrize("name", ["[red]kit[/]", "[/", "[@click=app.quit]quit[/]", "kit ]["])
async def test_names_are_never_markup(
    make_store: Callable[..., Store], log: Path, name: str
) -> None:
    """Else a kit's name could colour the screen, stop the program or become a button."""
    store = make_store(name)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.type(f"to {name} school")
        await hands.scan(store.kit)
        assert hands.reads(f"{name} {grouped(store.kit)} (AC0001) to {name} school")
        await hands.press("escape")
        assert name in hands.seen()  # on the board
        await hands.scan(store.kit)
        await hands.press("escape")
        await hands.type(name)
        assert hands.reads("/ FOUND")
        assert hands.seen().count(name[:8]) > 2


@pytest.mark.parametrize("where", ["line", "typing", "help", "nothing"])
async def test_a_scan_arrives_whatever_is_on_the_screen(
    store: Store, log: Path, where: str
) -> None:
    """Else a scan would be typed into the wrong place, or not come at all."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        if where == "typing":
            hands.desk.home.query_one(Input).value = "whe"
        elif where == "help":
            await hands.press("f1")
            assert isinstance(hands.desk.screen, Help)
        elif where == "nothing":
            hands.desk.screen.set_focus(None)
        await hands.scan(store.kit)
        assert hands.reads(f"? TO WHOM? STEM kit {grouped(store.kit)}")
        assert hands.line == ("whe" if where == "typing" else "")
        await hands.type("")
        assert hands.desk.focused is hands.desk.home.query_one(Input)


@pytest.mark.parametrize("size", [(80, 24), (160, 50), (60, 20)])
async def test_no_verdict_is_clipped(
    make_store: Callable[..., Store], log: Path, size: tuple[int, int]
) -> None:
    """Else the end of a refusal, which says what to do, would be off the screen."""
    name = "Renewable energy and engineering skills STEM kit, second edition"
    school = "Bun-sgoil Ghàidhlig Loch Abar agus Àrd-sgoil Bhaile Dhubhthaich"
    store = make_store(name)
    store.kitloan.loans.check_out([store.kit], school)
    async with at_desk(lambda: store.kitloan, log, size) as hands:
        await hands.scan(store.kit)
        await hands.type("facilitator 1")
        await hands.type("wheel 2")
        await hands.press("enter")
        for part in ("IN, 3 SHORT", hands.state.verdict.text, "Ctrl+Z takes it back."):
            assert hands.reads(part)
        await hands.type(f"to {school}")
        await hands.scan(store.kit)
        for part in ("REFUSED", hands.state.verdict.text, "anyway REASON"):
            assert hands.reads(part)


async def test_another_desks_changes_appear(store: Store, log: Path) -> None:
    """Else two desks at one counter would not know of each other."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        with store.another() as desk:
            desk.loans.check_out([store.headset], OTHER)
        hands.desk.refresh_lists()
        await hands.settle()
        assert hands.reads(f"> 7 Dec 2026 {grouped(store.headset)} VR headset {OTHER}")


async def test_overdue_by_word_and_symbol(store: Store, log: Path) -> None:
    """Else whoever cannot see colours would not see who is late."""
    store.kitloan.loans.check_out([store.headset], OTHER)
    store.clock.move(days=23)
    async with at_desk(lambda: store.kitloan, log) as hands:
        assert hands.reads(f"Overdue (1) ! 9 days {grouped(store.headset)}")


async def test_escape_empties_the_line_first(store: Store, log: Path) -> None:
    """Else mending a half-typed word would drop the kit that is being counted."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.kit)
        await hands.press("w", "h")
        await hands.press("escape")
        assert hands.line == ""
        assert hands.state.counting
        await hands.press("escape")
        assert hands.reads("x NOT RETURNED")


async def test_keys_that_cannot_say_why(store: Store, log: Path) -> None:
    """Else a key that does nothing would look broken."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.press("f8")
        assert hands.reads("No kit is being counted")
        store.kitloan.loans.check_out([store.kit], SCHOOL)
        await hands.scan(store.kit)
        await hands.press("f8")
        assert hands.reads("? IN, TO BE COUNTED")
        assert hands.reads("? To be counted 1")


async def test_a_click_is_as_good_as_a_key(store: Store, log: Path) -> None:
    """Else a desk with a mouse and no function keys could not count later."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        bar = hands.desk.home.query_one(KeyBar)
        await hands.pilot.click(bar, offset=(str(bar.content).index("Help"), 0))
        await hands.settle()
        assert isinstance(hands.desk.screen, Help)
        await hands.press("escape")
        await hands.pilot.click("#page")
        await hands.settle()
        assert hands.desk.focused is hands.desk.home.query_one(Input)


async def test_help_tells_of_every_action(store: Store, log: Path) -> None:
    """Else there would be keys and cards that nobody finds."""
    async with at_desk(lambda: store.kitloan, log, (120, 150)) as hands:
        await hands.press("f1")
        for action in ACTIONS:
            assert hands.reads(f"{keys.in_bar(action.key)} {action.label} {action.help}"[:60])
            assert action.card is None or hands.reads(f"Card: {action.card}")


async def test_a_store_that_does_not_open(tmp_path: Path, log: Path) -> None:
    """Else a missing file would end in a traceback at the counter."""

    def fail() -> College:
        raise StoreError("no_store", "There is no store at [b]/x.", "Make one.")

    async with at_desk(fail, log, ready=False) as hands:
        await hands.until(lambda: len(hands.desk.screen_stack) > 1)
        await hands.settle()
        assert hands.reads("There is no store at [b]/x. Make one.")
        await hands.scan("KL8B7XAPXYTMZ")
        await hands.press("ctrl+q")
        await hands.until(lambda: not hands.desk.is_running)


async def test_the_unexpected_is_logged_and_the_desk_goes_on(store: Store, log: Path) -> None:
    """Else one fault in the program would close the counter."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        find, store.kitloan.__dict__["find"] = store.kitloan.find, None
        await hands.scan(store.kit)
        assert hands.reads("! FAULT")
        assert hands.desk.bells == 1
        assert "Traceback" in log.read_text()
        store.kitloan.__dict__["find"] = find
        await hands.scan(store.kit)
        assert hands.reads("? TO WHOM?")


async def test_no_color_keeps_its_theme(
    store: Store, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else NO_COLOR with a terminal's own colours could end in black on black."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TEXTUAL_THEME", "ansi-dark")
    async with at_desk(lambda: store.kitloan, log) as hands:
        assert hands.desk.no_color
        assert hands.desk.theme == DARK.name
        assert hands.reads("= READY")


async def test_kit_names_of_other_scripts_line_up(
    make_store: Callable[..., Store], log: Path
) -> None:
    """Else a wide character would push the school off the row."""
    store = make_store("機械 kit " + "機" * 40)
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    async with at_desk(lambda: store.kitloan, log) as hands:
        page = hands.desk.home.query_one("#page", Static)
        assert all(strip.cell_length <= 80 for strip in page.render_lines(page.size.region))
        assert hands.reads(SCHOOL)


async def test_what_is_asked_is_on_the_page_before_todays_lists(store: Store, log: Path) -> None:
    """A first scan is answered while the lists are looked up, and where they cannot be."""
    store.kitloan.loans.check_out([store.headset], SCHOOL)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.kit)
        await hands.type("kilmarnok academy")
        home, state = hands.desk.home, hands.desk.state
        assert state.choices == (SCHOOL,)

        def page() -> str:
            home.show(state, None, date(2026, 11, 23), [])
            block = home.query_one("#page", Static)
            return "\n".join(strip.text for strip in block.render_lines(block.size.region))

        assert f"1  {SCHOOL}" in page()
        await hands.press("escape", "escape")
        assert not page().strip(), "nobody has looked what is due"


async def test_a_refused_line_comes_back_beside_its_question(store: Store, log: Path) -> None:
    """Else two Enters after a slip would record a whole kit, under a question that is hidden."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.kit)
        await hands.type("whele 2")
        assert hands.reads(f"? IN? STEM kit {grouped(store.kit)}")
        assert hands.reads("! REFUSED 'whele' is not on the contents list.")
        assert hands.line == "whele 2"
        await hands.press("enter")
        assert store.kitloan.find.holding(store.kit).status == "out"
        await hands.type("wheel 2")  # over what is selected
        assert hands.reads("Wheel: 2 missing")
        assert hands.line == ""
        assert hands.notes == ()
        await hands.press("enter")
        assert hands.reads("% IN, 2 SHORT")


async def test_a_half_typed_name_is_not_joined_to_the_next(store: Store, log: Path) -> None:
    """Else "kilm", a scan and "belm" would make a school called kilmbelm."""
    store.kitloan.loans.check_out([store.headset], OTHER)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.kit)
        await hands.press(*"kilm")
        await hands.scan(store.second)
        await hands.press(*"balw", "enter")
        assert hands.reads(f"> OUT 2 to {OTHER}")


async def test_a_word_half_typed_goes_on_after_a_scan_that_waits(store: Store, log: Path) -> None:
    """Else a colleague's scan would cut "wheel 2" in two."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.kit)
        await hands.press(*"whe")
        await hands.scan(store.headset)
        await hands.press(*"el 2", "enter")
        assert hands.reads("Wheel: 2 missing")


async def test_closing_asks_once(store: Store, log: Path) -> None:
    """Else a count that nobody finished, and scans that wait, would be gone without a word."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.kit)
        await hands.press("ctrl+q")
        assert hands.reads("NOT RETURNED: STEM kit")
        await hands.press("pagedown", "ctrl+q", "enter")  # none of them can have been meant yet
        assert isinstance(hands.desk.screen, ConfirmClosing)
        await hands.press("escape")
        assert hands.reads("? IN?")
        await hands.press("ctrl+q")
        assert isinstance(hands.desk.screen, ConfirmClosing)
        hands.desk.screen.asked_at -= SECONDS_DEAF
        await hands.press("ctrl+q")
        await hands.until(lambda: not hands.desk.is_running)
    assert store.kitloan.find.holding(store.kit).status == "out"


async def test_a_number_of_a_search_opens_its_page(store: Store, log: Path) -> None:
    """Else looking for the headset would end its loan."""
    store.kitloan.loans.check_out([store.headset], SCHOOL)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.type("vr head")
        await hands.type("1")
        assert isinstance(hands.desk.screen, HoldingPage)
        assert store.kitloan.find.holding(store.headset).status == "out"
