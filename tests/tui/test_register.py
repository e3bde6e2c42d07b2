"""A register read at the desk: what is in doubt is asked, by one key, and the answers are kept."""

from pathlib import Path

from textual.widgets import Button, Input

from kitloan.imports.mapfile import load_map
from kitloan_tui.screens.confirm import Confirm
from tui.at_the_counter import Store
from tui.at_the_desk import Hands, at_desk

LINES = {
    "status": "Asset No,Item,Status\nR1,Camera,Available\nR2,Tripod,Lost\nR3,Lamp,Scrapped\n"
    "R4,Fan,Kaput\n",
    "gizmo": "Asset No,Gizmo,Room\nG1,Camera,A\nG2,Tripod,B\n",
    "people": "Kit no,Item,Borrower\nP1,Camera,Jane Example\nP2,Fan,\n",
}


async def read(hands: Hands, folder: Path, name: str) -> Path:
    """Open the screen, and read the register of this name."""
    file = folder / f"{name}.csv"
    file.write_text(LINES[name], encoding="utf-8")
    await hands.go("register")
    hands.desk.screen.query_one("#path", Input).value = str(file)
    await hands.type("")
    return file


async def test_each_question_is_answered_by_a_key(store: Store, log: Path, tmp_path: Path) -> None:
    """Else what a college has lost would come in as kits on its shelves."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        file = await read(hands, tmp_path, "status")
        assert hands.reads("Question 1 of 3")
        assert hands.reads("for example: Lost")
        await hands.press("1", "enter")
        assert hands.reads("Question 2 of 3")
        await hands.press("1", "enter")  # in place of the proposed number, and not behind it
        await hands.press("1", "enter")
        assert hands.desk.screen.query_one("#take", Button).display
        await _take_in(hands)
        held = {n: store.kitloan.find.holding(n).status for n in ("R1", "R2")}
        assert held == {"R1": "in", "R2": "missing"}
        assert store.kitloan.find.search("lamp").total == 0
        kept = load_map(file.with_name("status.map.toml"))
        assert kept.values["status"] == {
            "lost": "missing",
            "scrapped": "withdrawn",
            "kaput": "",
        }
        assert not kept.proposed


async def test_another_answer_than_the_proposed_one(
    store: Store, log: Path, tmp_path: Path
) -> None:
    """Else a proposal would be all that a technician can say."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await read(hands, tmp_path, "people")
        assert hands.reads("Question 1 of 1")
        await hands.type("99")
        assert hands.reads("none of the answers")
        await hands.type("Kyle Academy")
        await _take_in(hands)
        held = store.kitloan.find.holding("P1")
        assert held.loan is not None and held.loan.to == "Kyle Academy"


async def test_differences_are_taken(store: Store, log: Path, tmp_path: Path) -> None:
    """Else a technician would see at the desk what differs, and could take it elsewhere alone."""
    file = tmp_path / "gizmo.csv"
    file.write_text("Asset No,Item,Room\nG1,Camera,A\nG2,Tripod,B\n", encoding="utf-8")
    store.kitloan.registers.take_in(file)
    file.write_text("Asset No,Item,Room\nG1,Camera,C\nG2,Tripod,B\n", encoding="utf-8")
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.go("register")
        hands.desk.screen.query_one("#path", Input).value = str(file)
        await hands.type("")
        assert hands.reads("2 known already; 1 difference")
        await _take_in(hands, "#update")
        assert store.kitloan.find.holding("G1").location == "C"


async def test_a_column_is_changed(store: Store, log: Path, tmp_path: Path) -> None:
    """Else what was read wrongly could be put right at the command line alone."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await read(hands, tmp_path, "gizmo")
        await hands.press("enter")  # Gizmo is what kind of thing it is
        assert hands.reads("Room = location")
        hands.desk.screen.query_one("#change", Button).focus()
        await hands.press("enter")
        await hands.type("Room")
        await hands.type("note")
        assert hands.reads("Kept as notes: Room")
        await _take_in(hands)
        assert store.kitloan.find.holding("G1").location is None


async def _take_in(hands: Hands, button: str = "#take") -> None:
    """Press the button, and mean it."""
    hands.desk.screen.query_one(button, Button).focus()
    await hands.press("enter")
    confirm = hands.desk.screen
    assert isinstance(confirm, Confirm)
    confirm.asked_at -= 1
    await hands.press("tab", "enter")
