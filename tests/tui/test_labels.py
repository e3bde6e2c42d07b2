"""Labels at the desk: the sheet seen before it is printed, the start chosen on it, the record."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from textual.widgets import Select

from kitloan.cli.labels import LabelPress
from kitloan.cli.main import run
from kitloan.text.tags import grouped
from kitloan_labels.pdf import DPI, write_preview
from kitloan_labels.photos import read_tags
from kitloan_tui import settings
from kitloan_tui.counter.state import FrontEnd
from kitloan_tui.screens.holdings import HoldingList
from kitloan_tui.screens.labels import Labels, SheetPicker
from tui.at_the_counter import SCHOOL, AtCounter, Store, expect
from tui.at_the_desk import Hands, at_desk

LP = """#!{python}
import json, pathlib, sys
if pathlib.Path(sys.argv[0]).name == "lpstat":
    print("office\\nlibrary")
    sys.exit()
with open({diary!r}, "a", encoding="utf-8") as diary:
    diary.write(json.dumps(sys.argv[1:]) + "\\n")
if "library" in sys.argv:
    sys.exit("lp: The printer is on fire.")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without printers, and where its labels are saved."""
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "data"))
    monkeypatch.setenv("PATH", "")
    return tmp_path / "data" / "kitloan" / "labels"


@pytest.fixture
def queue(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Two printers, one of which is on fire; gives what the last of them was asked."""
    if os.name == "nt":
        pytest.skip("Windows prints by a file's own verb")
    diary = tmp_path / "diary"
    for name in ("lp", "lpstat"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(LP.format(python=sys.executable, diary=str(diary)), encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def asked() -> list[str]:
        last: list[str] = json.loads(diary.read_text(encoding="utf-8").splitlines()[-1])
        return last

    return asked


def printings(store: Store) -> list[tuple[str, str | None]]:
    """The printings on record, in words."""
    log = store.kitloan.ledger.log()
    return [(each.summary, each.tag) for each in log if each.kind == "labels.printed"]


def sheet(hands: Hands) -> SheetPicker:
    """The picture of the sheet."""
    return hands.desk.screen.query_one(SheetPicker)


async def test_the_start_is_chosen_on_the_sheet(store: Store, log: Path, folder: Path) -> None:
    """Else a part-used sheet would be thrown away, or its used labels printed over."""
    async with at_desk(lambda: store.kitloan, log, press=LabelPress()) as hands:
        await hands.press("f10")
        assert hands.reads("Starts at 1 of 21: 4 labels on 1 sheet.")
        for key, start in (
            ("down", 4),
            ("right", 5),
            ("pagedown", 20),
            ("right", 21),
            ("right", 21),
            ("pageup", 3),
            ("up", 3),
            ("left", 2),
            ("end", 21),
            ("home", 1),
        ):
            await hands.press(key)
            assert sheet(hands).start == start, key
        await hands.pilot.click(SheetPicker, offset=(2, 2))
        await hands.settle()
        assert hands.reads("Starts at 7 of 21: 4 labels on 1 sheet.")
        assert hands.reads("[ x ] [ x ] [ x ] [ 1 ] [ 2 ] [ 3 ] [ 4 ] [ . ] [ . ]")
        await hands.press("enter")
        (made,) = folder.iterdir()
        assert hands.reads("= LABEL 4 labels: saved in")
        assert str(made) in hands.state.verdict.text
        assert len(read_tags(made)) == 4
        await hands.press("f10")
        assert hands.reads("Every holding has its label.")


async def test_the_preview_shows_what_is_printed(
    store: Store, log: Path, folder: Path, tmp_path: Path
) -> None:
    """Else the label would come out somewhere else than the picture said."""
    async with at_desk(lambda: store.kitloan, log, press=LabelPress()) as hands:
        await hands.scan(store.kit)
        await hands.scan("KLULABEL")
        await hands.press("down", "down", "enter")
    whole, seventh = tmp_path / "sheet.png", tmp_path / "seventh.png"
    write_preview(folder / f"{store.kit}.pdf", whole)
    with Image.open(whole) as page:
        left, top, right, foot = (round(mm / 25.4 * DPI) for mm in (7.2, 91.35, 70.7, 129.45))
        page.crop((left, top, right, foot)).save(seventh)
    assert read_tags(seventh) == [store.kit]


async def test_it_is_on_record_as_the_command_records_it(
    store: Store, log: Path, folder: Path, tmp_path: Path
) -> None:
    """Else the desk's labels could not be told from any others when a stock turns out bad."""
    commanded = ["--store", str(store.place), "--as", "m.ross", "labels", store.kit]
    assert run([*commanded, "--stock", "l7160", "--out", str(tmp_path / "x.pdf")]) == 0
    async with at_desk(lambda: store.kitloan, log, press=LabelPress()) as hands:
        await hands.scan(store.kit)
        await hands.scan("KLULABEL")
        await hands.press("enter")
    plain = AtCounter(store.kitloan, FrontEnd(print_label=LabelPress().print_one))
    plain.scan(store.kit)
    expect(plain.type("label"), "LABEL", str(folder / f"{store.kit}.pdf"))
    by_command, *by_desk = printings(store)
    assert by_desk == [by_command] * 2


async def test_the_card_opens_the_sheet_and_prints(store: Store, log: Path, folder: Path) -> None:
    """Else a counter without a keyboard could not print, or a held trigger would print twice."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    async with at_desk(lambda: store.kitloan, log, press=LabelPress()) as hands:
        await hands.scan(store.kit)
        await hands.scan("KLULABEL")
        screen = hands.desk.screen
        assert isinstance(screen, Labels)
        assert hands.reads(f"Labels STEM kit {grouped(store.kit)}")
        await hands.scan("KLULABEL", after=0.3)
        assert hands.desk.screen is screen
        screen.opened_at -= 2
        await hands.scan("KLULABEL")
        assert hands.desk.screen is hands.desk.home
        assert hands.state.counting, "the kit on the counter is still to be counted"
        assert len(printings(store)) == 1


async def test_any_other_scan_goes_to_the_counter(store: Store, log: Path, folder: Path) -> None:
    """Else a kit scanned beside the open sheet would be lost, or printed."""
    async with at_desk(lambda: store.kitloan, log, press=LabelPress()) as hands:
        await hands.press("f10")
        await hands.scan(store.headset)
        assert hands.reads("? TO WHOM? VR headset")
        assert printings(store) == []


async def test_from_a_holding_and_back(store: Store, log: Path, folder: Path) -> None:
    """Else a new label for one kit would cost the place in the list."""
    async with at_desk(lambda: store.kitloan, log, press=LabelPress()) as hands:
        await hands.press("f2")
        await hands.type("AC0001")
        await hands.pilot.click("#label")
        await hands.settle()
        await hands.press("escape")
        await hands.pilot.click("#label")
        await hands.settle()
        await hands.pilot.click("#print")
        await hands.settle()
        assert hands.reads(f"= LABEL STEM kit {grouped(store.kit)} (AC0001): saved in")
        await hands.press("escape")
        assert isinstance(hands.desk.screen, HoldingList)
        await hands.pilot.click("#labels")
        await hands.settle()
        assert hands.reads("Labels 3 without a label")


async def test_stock_printer_and_start_are_remembered(
    store: Store, log: Path, tmp_path: Path, queue: Callable[[], list[str]]
) -> None:
    """Else every label would begin with the same three choices, and on used-up labels."""
    place = tmp_path / "settings.toml"
    async with at_desk(
        lambda: store.kitloan, log, press=LabelPress(), settings_file=place
    ) as hands:
        await hands.press("f10")
        hands.desk.screen.query_one("#stock", Select).value = "l7163"
        hands.desk.screen.query_one("#printer", Select).value = "printer office"
        await hands.settle()
        await hands.press("right", "enter")
        assert hands.reads("= LABEL 4 labels: sent to office, and saved in")
        assert queue()[:2] == ["-d", "office"]
    chosen = settings.read(place)
    assert (chosen.stock, chosen.printer, chosen.next_label) == ("l7163", "office", 6)
    async with at_desk(lambda: store.kitloan, log, press=LabelPress(), chosen=chosen) as hands:
        await hands.scan(store.kit)
        await hands.scan("KLULABEL")
        assert hands.reads("On Avery L7163/J8163")
        assert hands.reads("by office")
        assert hands.reads("Starts at 6 of 14: 1 label on 1 sheet.")


async def test_a_printer_that_refuses(
    store: Store, log: Path, folder: Path, queue: Callable[[], list[str]]
) -> None:
    """Else the kit would go back to the shelf without its label, and nobody would know."""
    async with at_desk(lambda: store.kitloan, log, press=LabelPress()) as hands:
        await hands.press("f10")
        hands.desk.screen.query_one("#printer", Select).value = "printer library"
        await hands.settle()
        await hands.press("enter")
        assert hands.reads("! REFUSED Not printed: lp: The printer is on fire.")
        assert hands.reads("is saved in")
        assert isinstance(hands.desk.screen, Labels)
        assert [*folder.iterdir()]


@pytest.mark.parametrize(("stock", "files"), [("dk11209", 4), ("zebra51x25", 1)])
async def test_a_roll(store: Store, log: Path, folder: Path, stock: str, files: int) -> None:
    """Else a college with a label printer could not print from the desk."""
    async with at_desk(lambda: store.kitloan, log, press=LabelPress()) as hands:
        await hands.press("f10")
        hands.desk.screen.query_one("#stock", Select).value = stock
        await hands.settle()
        assert hands.reads("A roll: the printer finds its labels itself")
        await hands.press("enter")
        (made,) = folder.iterdir()
        assert hands.reads("= LABEL 4 labels: saved in")
        assert len([*made.iterdir()] if made.is_dir() else [made]) == files


@pytest.mark.parametrize("stock", ["gone.toml", "l9999"])
async def test_a_stock_that_is_gone(store: Store, log: Path, folder: Path, stock: str) -> None:
    """Else a settings file from another machine would keep the desk from printing at all."""
    chosen = settings.DeskSettings(stock=stock, next_label=40, printer="gone")
    async with at_desk(lambda: store.kitloan, log, press=LabelPress(), chosen=chosen) as hands:
        await hands.press("f10")
        assert hands.reads("On Avery L7160")
        assert hands.reads("by a file")
        assert hands.reads("Starts at 21 of 21")


async def test_a_folder_that_cannot_be_written(store: Store, log: Path, folder: Path) -> None:
    """Else labels that are nowhere would be on record as printed."""
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    async with at_desk(lambda: store.kitloan, log, press=LabelPress()) as hands:
        await hands.press("f10")
        await hands.press("enter")
        assert hands.reads("! REFUSED")
        assert hands.reads("cannot be made")
        assert printings(store) == []
        assert not log.exists()


async def test_a_desk_without_a_press(store: Store, log: Path) -> None:
    """Else a desk opened by another program would end in a fault."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.press("f10")
        assert hands.reads("! REFUSED This desk cannot print labels.")
