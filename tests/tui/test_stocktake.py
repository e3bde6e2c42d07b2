"""A stocktake at the desk: opened, scanned, left, gone on with, and closed."""

from pathlib import Path

import pytest
from PIL import Image
from textual.widgets import Select

from kitloan.cli.labels import LabelPress
from kitloan.holdings import NewHolding
from kitloan.text.tags import grouped, mint
from kitloan_labels import pdf, stock
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.stocktake import TakeStock
from tui.at_the_counter import SCHOOL, Store
from tui.at_the_desk import Hands, at_desk


async def begin(hands: Hands, name: str = "Autumn 2026") -> None:
    """Open a stocktake."""
    await hands.go("stocktake")
    assert hands.reads("Name of the stocktake?")
    await hands.type(name)


async def view(hands: Hands, name: str) -> None:
    """List something else."""
    hands.desk.screen.query_one("#view", Select).value = name
    await hands.settle()


async def sure(hands: Hands) -> None:
    """Answer the question that is open, half a second later."""
    confirm = hands.desk.screen
    assert isinstance(confirm, Confirm)
    confirm.asked_at -= 1
    await hands.press("tab", "enter")


async def test_every_scan_gets_its_verdict(store: Store, log: Path) -> None:
    """Else a stocktaker would look up each kit, or believe that a wrong one had been counted."""
    store.kitloan.holdings.move(store.kit, "Store 1")
    store.kitloan.loans.check_out([store.headset], SCHOOL)
    before = len(store.kitloan.find.loans().items)
    unknown = mint()
    async with at_desk(lambda: store.kitloan, log, (100, 30)) as hands:
        await begin(hands)
        assert hands.reads("= STOCKTAKE Autumn 2026: 4 holdings to look for")
        assert hands.reads("Autumn 2026: 0 of 4 seen")
        added = store.kitloan.holdings.add(NewHolding("Telescope")).tag
        await hands.type("at Store 2")
        for code, said in (
            (store.second, f"= SEEN STEM kit {grouped(store.second)}"),
            (store.second, "> SEEN ALREADY"),
            (
                store.kit,
                f"~ SEEN ELSEWHERE STEM kit {grouped(store.kit)} (AC0001); its place is Store 1",
            ),
            (store.headset, f"= SEEN VR headset {grouped(store.headset)}; on loan to {SCHOOL}"),
            (added, "? NOT ON THE LIST Telescope"),
            (unknown, f"? UNKNOWN CODE {unknown}; no holding here has this tag"),
            ("5012345678900", "? UNKNOWN CODE 5012345678900"),
        ):
            await hands.scan(code)
            assert hands.reads(said), (said, hands.seen())
            assert isinstance(hands.desk.screen, TakeStock)
        assert hands.reads("Autumn 2026 at Store 2: 3 of 4 seen")
        assert hands.reads(f"{grouped(store.stock)} Multimeter")
        await view(hands, "unknown")
        assert hands.reads("2 unknown codes")
    assert len(store.kitloan.find.loans().items) == before
    assert store.kitloan.stocktakes.outcome("Autumn 2026").scans == 7
    assert not log.exists()


async def test_left_and_gone_on_with_at_another_desk(store: Store, log: Path) -> None:
    """Else a stocktake would have to be done in one go, by one person."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await begin(hands)
        await hands.type("AC0001")
        assert hands.reads("1 of 4 seen")
        await hands.type("at Store 2")
        await hands.press("escape")
        await hands.scan(store.second)
        assert hands.reads("? TO WHOM?")
        await hands.go("stocktake")
        assert hands.reads("Autumn 2026 at Store 2: 1 of 4 seen")
    with store.another() as other:
        async with at_desk(lambda: other, log) as hands:
            await hands.go("stocktake")
            assert hands.reads("Autumn 2026: 1 of 4 seen")
            await hands.scan(store.second)
            assert hands.reads("Autumn 2026: 2 of 4 seen")


async def test_a_loan_is_confirmed_from_the_list(store: Store, log: Path) -> None:
    """Else a school's word on the phone would be on a piece of paper."""
    store.kitloan.loans.check_out([store.headset], SCHOOL)
    async with at_desk(lambda: store.kitloan, log, (120, 30)) as hands:
        await begin(hands)
        await view(hands, "on_loan")
        assert hands.reads("VR headset")
        assert hands.reads(f"with {SCHOOL}")
        await hands.press("enter")
        assert hands.reads(f"> CONFIRMED VR headset {grouped(store.headset)} is with {SCHOOL}")
        assert hands.reads("Every loan is confirmed.")
        await view(hands, "on_loan_confirmed")
        assert hands.reads("1 confirmed")
        await view(hands, "sighted")
        assert hands.reads("Nothing is seen.")


async def test_closing_is_meant_and_sums_up(store: Store, log: Path) -> None:
    """Else a slip would end the week's work, or nobody would hear what it came to."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await begin(hands)
        await hands.scan(store.kit)
        store.kitloan.stocktakes.join("Autumn 2026", "Laptop 2")
        await hands.pilot.click("#close")
        await hands.settle()
        confirm = hands.desk.screen
        assert isinstance(confirm, Confirm)
        assert hands.reads("1 of 4 seen, 3 not seen.")
        await hands.scan(store.second)
        assert isinstance(hands.desk.screen, TakeStock), "no dialog takes a scan"
        assert hands.reads("= SEEN STEM kit")
        await hands.pilot.click("#close")
        await hands.settle()
        await sure(hands)
        assert hands.reads("is waiting for the scans of Laptop 2.")
        assert hands.reads("Close it without them?")
        await sure(hands)
        assert hands.reads("= CLOSED Autumn 2026: 2 of 4 seen, 2 not seen")
        assert hands.reads("Autumn 2026, closed")
        assert not hands.desk.screen.query_one("#close").display
        assert hands.desk.focused is hands.desk.screen.query_one("#narrow")
    assert store.kitloan.stocktakes.outcome("Autumn 2026").stocktake.closed_at


async def test_one_place_and_several_at_once(store: Store, log: Path) -> None:
    """Else two stores could not be looked through on the same day."""
    store.kitloan.holdings.move(store.kit, "Store 1")
    async with at_desk(lambda: store.kitloan, log) as hands:
        await begin(hands, "Cupboard @ Store 1")
        assert hands.reads("Cupboard: 0 of 1 seen")
        await hands.pilot.click("#another")
        await hands.settle()
        await hands.type("All of it")
        assert hands.reads("All of it: 0 of 4 seen")
        await hands.press("escape")
        await hands.go("stocktake")
        assert hands.reads("Which?")
        number = 1 + [s.name for s in store.kitloan.stocktakes.list()].index("Cupboard")
        await hands.type(str(number))
        assert hands.reads("Cupboard: 0 of 1 seen")
        await hands.pilot.click("#another")
        await hands.settle()
        await hands.type("Attic @ Nowhere")
        assert hands.reads("! REFUSED")


@pytest.mark.parametrize("over", ["help", "close", "palette", "page"])
async def test_a_stocktake_has_the_desk_alone(store: Store, log: Path, over: str) -> None:
    """Else a scan behind a dialog would take a kit back uncounted, or Ctrl+Z undo a return."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    store.kitloan.loans.check_out([store.headset], SCHOOL)
    store.kitloan.loans.check_in([store.headset])
    store.clock.move(minutes=1)
    before = [line.kind for line in store.kitloan.ledger.log()]
    async with at_desk(lambda: store.kitloan, log) as hands:
        await begin(hands)

        async def lay_over() -> None:
            if over == "close":
                await hands.pilot.click("#close")
            elif over == "page":
                await hands.press("enter")
                assert not isinstance(hands.desk.screen, TakeStock)
            else:
                await hands.press({"help": "f1", "palette": "ctrl+p"}[over])
            await hands.settle()

        await lay_over()
        await hands.scan(store.kit)
        assert hands.reads(f"= SEEN STEM kit {grouped(store.kit)} (AC0001); on loan to {SCHOOL}")
        for card in ("KLUSEVEN", "KLURETURN"):
            await lay_over()
            await hands.scan(card)
            assert hands.reads("for the counter, and a stocktake is open")
        for way in ("ctrl+z", "card"):
            await lay_over()
            await (hands.scan("KLUUNDO") if way == "card" else hands.press(way))
            assert hands.reads("! REFUSED What is scanned or confirmed in a stocktake stays")
        assert isinstance(hands.desk.screen, TakeStock)
    done = [line.kind for line in store.kitloan.ledger.log()[len(before) :]]
    assert [each for each in done if each != "stocktake.expects"] == [
        "stocktake.opened",
        "stocktake.scanned",
    ]


async def test_what_was_done_beside_a_stocktake_is_taken_back(store: Store, log: Path) -> None:
    """Else a kit moved to the wrong place from the list could not be moved back from it."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    store.clock.move(minutes=1)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await begin(hands)
        await hands.press("enter")
        await hands.pilot.click("#sight")
        await hands.settle()
        await hands.press("ctrl+z")
        assert hands.reads("< UNDONE")
        await hands.press("ctrl+z")
        assert hands.reads("! REFUSED")
    assert store.kitloan.find.holding(store.kit).status == "out"


async def test_a_slip_of_the_fingers_is_no_find(store: Store, log: Path) -> None:
    """Else words typed at the line would stand in the report as codes that nobody knows."""
    store.clock.move(minutes=1)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await begin(hands)
        wrong = store.kit[:-1] + ("0" if store.kit[-1] != "0" else "1")
        await hands.type(wrong)
        assert hands.reads("! REFUSED")
        assert hands.reads(f"Did you mean {grouped(store.kit)}")
        await hands.type("undo")
        assert hands.reads("stays on record")
        await hands.type("AC0999")
        assert store.kitloan.stocktakes.outcome("Autumn 2026").scans == 0
        await hands.type("AC0999")
        assert hands.reads("? UNKNOWN CODE AC0999")


async def test_a_shelf_is_seen_by_its_photo(store: Store, log: Path, tmp_path: Path) -> None:
    """Else forty boxes would be forty scans, each taken down from its shelf."""
    shelf = photo_of([store.kit, store.headset], tmp_path / "my shelf.png")
    empty = photo_of([], tmp_path / "empty.png")
    async with at_desk(lambda: store.kitloan, log, (100, 30), press=LabelPress()) as hands:
        await begin(hands)
        await hands.type(f"photo {shelf}")
        assert hands.reads("= SEEN 2 codes in my shelf.png: STEM kit"), hands.seen()
        assert hands.reads("Autumn 2026: 2 of 4 seen")
        await hands.type(f"photo {empty}")
        assert hands.reads("No label was found in empty.png")
        await hands.type(f"'{shelf}'")
        assert hands.reads("Autumn 2026: 2 of 4 seen")
        await hands.type("photo none.jpg")
        assert hands.reads("There is no file none.jpg")
    assert store.kitloan.stocktakes.outcome("Autumn 2026").scans == 2, "one picture counts once"


def photo_of(wanted: list[str], path: Path) -> Path:
    """A photo of these holdings' labels."""
    labels = [pdf.Label(tag, "STEM kit", "Fife College") for tag in wanted]
    if labels:
        pdf.write_sheets(labels, stock.find("l7160"), path.with_suffix(".pdf"))
        pdf.write_preview(path.with_suffix(".pdf"), path)
    else:
        Image.new("L", (400, 300), 255).save(path)
    return path


async def test_a_stock_is_counted_after_its_scan(store: Store, log: Path) -> None:
    """A number is all that is typed; a scan goes on, and a slip is taken back by a word."""
    store.clock.move(minutes=1)
    many = store.kitloan.find.holding(store.stock).quantity
    counted = lambda: store.kitloan.stocktakes.outcome("Autumn 2026").stock  # noqa: E731
    async with at_desk(lambda: store.kitloan, log, (80, 24)) as hands:
        await begin(hands)
        await hands.scan(store.stock)
        assert hands.reads(f"How many of Multimeter {grouped(store.stock)} are here?")
        await hands.scan(store.kit)
        assert hands.reads(f"= SEEN STEM kit {grouped(store.kit)}")
        assert not hands.reads("How many of")
        await hands.scan(store.stock)
        await hands.type(str(many - 1))
        assert hands.reads("1 fewer than the register has here")
        assert counted()[0].difference == -1
        await hands.scan(store.stock)
        await hands.type(str(many))
        assert hands.reads("as expected")
        store.clock.move(minutes=1)
        await hands.type("unscan")
        assert hands.reads("< UNDONE")
        assert counted()[0].difference == -1
        await hands.scan(store.stock)
        await hands.type(store.second)
        assert hands.reads(f"= SEEN STEM kit {grouped(store.second)}")
    assert store.kitloan.find.holding(store.stock).quantity == many
