"""Registers read and ledgers verified in sight: told first, stopped at will, in nobody's way."""

import threading
from pathlib import Path

from textual.widgets import Input

from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.frame import Stopped, WorkScreen
from tui.at_the_counter import Store
from tui.at_the_desk import at_desk


async def test_a_register_shows_its_problems_first(store: Store, log: Path, tmp_path: Path) -> None:
    """Else a spreadsheet of four hundred rows would come in with its slips, for good."""
    register = tmp_path / "kits.csv"
    register.write_text(
        "Asset number,Description,Quantity,Donor\n"
        "K1,Telescope,1,RAF\nK2,,1,RAF\nK3,[b]Lens[/b],lots,RAF\nK4,Telescope,1,RAF\n"
    )
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.go("register")
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
        await hands.go("register")
        screen = hands.desk.screen
        assert isinstance(screen, WorkScreen)
        say = screen.set_title
        screen.set_title = lambda title, more="": (told.append(more), say(title, more))[1]  # type: ignore[method-assign]
        screen.query_one("#path", Input).value = str(register)
        await hands.type("")
        assert hands.reads("600 rows: 600 new")
    assert any("other desks wait: " in each and each.endswith("of 600") for each in told), told


async def test_a_file_that_is_no_register(store: Store, log: Path, tmp_path: Path) -> None:
    """Else a slip in the path would look like a college without kits."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.go("register")
        hands.desk.screen.query_one("#path", Input).value = str(tmp_path / "nowhere.csv")
        await hands.type("")
        assert hands.reads("! REFUSED")
        assert hands.reads("There is no file")
        assert not hands.reads("Reading rows")


async def test_the_ledger_is_verified_in_sight(busy: Store, log: Path) -> None:
    """Else nobody at a college would ever prove that the records hold."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.go("ledger")
        assert hands.reads("loan checked out")
        await hands.press("enter")
        assert hands.reads("= VERIFIED")


async def test_who_leaves_stops_the_work(busy: Store, log: Path) -> None:
    """Else a ledger of a million entries would go on being verified behind a busy counter."""
    door, ended = threading.Event(), threading.Event()
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.go("ledger")
        screen = hands.desk.screen
        assert isinstance(screen, WorkScreen)

        def work() -> None:
            door.wait(300)
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


async def test_a_broken_ledger_is_told(busy: Store, log: Path) -> None:
    """Else a changed record would pass for a good one."""
    with busy.kitloan.session.store.write() as connection:
        connection.exec_driver_sql("UPDATE holding SET location = 'Elsewhere' WHERE quantity = 30")
    async with at_desk(lambda: busy.kitloan, log) as hands:
        await hands.go("ledger")
        await hands.press("enter")
        assert hands.reads("! MISMATCH: 1 finding")
        assert hands.reads("differs in location")
