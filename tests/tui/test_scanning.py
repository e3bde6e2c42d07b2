"""The scanner at the screen: a scan never presses what has the focus, and typing stays typing."""

import asyncio
import time
from collections.abc import Callable
from typing import ClassVar

import pytest
from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Button, DataTable, Input, Select, TextArea

from kitloan_tui.scanning import HoldOver, Scanned, ScanRouter

KIT = "KL8B7XAPXYTMZ"
ENDINGS = {"CR": ["enter"], "LF": ["ctrl+j"], "CR+LF": ["enter", "ctrl+j"], "Tab": ["tab"]}
FOCUSES = ["name", "lend", "kits", "college", "notes", "modal", "nothing"]


class Question(ModalScreen[None]):
    """Asks, with "yes" in the focus: the worst that a scanner can meet."""

    def compose(self) -> ComposeResult:
        yield Button("Yes", id="yes")

    @on(Button.Pressed)
    def answer(self) -> None:
        self.app.exit(message="The scan said yes.")


class Counter(ScanRouter, App[None]):
    """One of each widget that takes keys, and a diary of whatever comes of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "note('k')"),  # a tag begins with it
        Binding("f2", "note('F2')", priority=True),  # acts before any widget sees it
    ]

    def __init__(self) -> None:
        super().__init__()
        self.diary: list[str] = []

    def compose(self) -> ComposeResult:
        yield Input(id="name")
        yield Button("Lend", id="lend")
        yield DataTable[str](id="kits")
        yield Select([("Fife", 1), ("Kilmarnock", 2)], id="college")
        yield TextArea(id="notes")

    def on_mount(self) -> None:
        table = self.query_one("#kits", DataTable)
        table.add_columns("tag", "kit")
        table.add_rows([(KIT, "MTa"), (KIT, "VR")])

    def action_note(self, what: str) -> None:
        self.diary.append(what)

    def on_scanned(self, event: Scanned) -> None:
        self.diary.append(f"scanned {event.text}")

    @on(Button.Pressed)
    @on(DataTable.CellSelected)
    @on(Input.Changed)
    @on(Input.Submitted)
    @on(Select.Changed)
    @on(TextArea.Changed)
    def something_happened(self, event: Message) -> None:
        self.diary.append(event.handler_name)


Desk = Pilot[None]


def counter(pilot: Desk) -> Counter:
    """The app under test, by its own type."""
    assert isinstance(pilot.app, Counter)
    return pilot.app


async def focus(pilot: Desk, where: str) -> None:
    """Put the focus where the scan will meet it, and open a fresh page of the diary."""
    if where == "modal":
        await pilot.app.push_screen(Question())
    target = {"modal": "#yes", "nothing": None}.get(where, f"#{where}")
    pilot.app.screen.set_focus(pilot.app.screen.query_one(target) if target else None)
    await pilot.pause()
    counter(pilot).diary.clear()


def press(pilot: Desk, keys: list[str], gap: float = 0.004, last: float | None = None) -> float:
    """Press `keys` at one pace, the last of them now; all wait in the app's queue at once."""
    pressed = [events.Key(key, key if len(key) == 1 else None) for key in keys]
    now = last or pressed[-1].time
    for number, key in enumerate(reversed(pressed)):
        key.time = now - number * gap
    for key in pressed:
        pilot.app.post_message(key)
    return now


async def until(pilot: Desk, happened: Callable[[], bool]) -> None:
    """Let the app work until something is so."""
    for _ in range(100):
        if happened():
            return
        await pilot.pause()
    pytest.fail("it never happened")


async def until_held(pilot: Desk) -> None:
    """Let the app take the keys in, and be back before what is held is let go.

    No waiting for a rest here, as `pause` does: on a busy machine that takes longer than a hold.
    """
    for _ in range(10_000):
        if counter(pilot).holding_keys:
            return
        await asyncio.sleep(0)
    pytest.fail("no key was held")


async def settle(pilot: Desk) -> list[str]:
    """The diary, when every key has been dealt with and so has all that came of it."""
    await pilot.pause()
    await until(pilot, lambda: not counter(pilot).holding_keys)
    await pilot.pause()
    return counter(pilot).diary


@pytest.mark.parametrize("where", FOCUSES)
@pytest.mark.parametrize("gap", [0.004, 0.080])
async def test_a_scan_meets_any_focus(where: str, gap: float) -> None:
    """Else scanning the next kit would press "yes" in the dialog about the last one."""
    async with Counter().run_test() as pilot:
        await focus(pilot, where)
        focused = pilot.app.focused
        press(pilot, [*KIT, "enter", "ctrl+j"], gap)
        assert await settle(pilot) == [f"scanned {KIT}"]
        assert pilot.app.focused is focused
        assert not pilot.app.query_one(Select).expanded


@pytest.mark.parametrize("where", ["lend", "name", "modal"])
async def test_a_machine_that_paused_in_a_scan_presses_nothing(where: str) -> None:
    """Else a label is typed into a form, and Enter takes a kit of that name in."""
    async with Counter().run_test() as pilot:
        await focus(pilot, where)
        line = pilot.app.screen_stack[0].query_one("#name", Input)
        line.value = "MTa "
        half = press(pilot, [*KIT[:8]])
        await settle(pilot)
        press(pilot, [*KIT[8:], "enter", "ctrl+j"], 0.020, last=half + 0.6)
        await until(pilot, lambda: f"scanned {KIT}" in counter(pilot).diary)
        assert set(await settle(pilot)) <= {f"scanned {KIT}", "on_input_changed"}
        assert line.value == "MTa "


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("where", ["lend", "name"])
async def test_every_ending_ends_one_scan(ending: str, where: str) -> None:
    """Else a scanner set to another suffix would press buttons or leave the field."""
    async with Counter().run_test() as pilot:
        await focus(pilot, where)
        press(pilot, [*"AC0001", *ENDINGS[ending], *KIT, *ENDINGS[ending]])
        assert await settle(pilot) == ["scanned AC0001", f"scanned {KIT}"]


@pytest.mark.parametrize("where", ["lend", "notes", "modal"])
async def test_a_pasted_list_of_tags(where: str) -> None:
    """Else only the first of a pasted list would count, or none where a button has the focus."""
    async with Counter().run_test() as pilot:
        await focus(pilot, where)
        pilot.app.post_message(events.Paste(f"{KIT}\r\nKLUDONE\r\n"))
        press(pilot, ["enter"])
        assert await settle(pilot) == [f"scanned {KIT}", "scanned KLUDONE"]


async def test_any_other_paste_is_pasted() -> None:
    """Else a school's name could not be pasted."""
    async with Counter().run_test() as pilot:
        await focus(pilot, "name")
        pilot.app.post_message(events.Paste("Àrd-sgoil Bhaile Dhubhthaich"))
        assert await settle(pilot) == ["on_input_changed"]
        assert pilot.app.query_one(Input).value == "Àrd-sgoil Bhaile Dhubhthaich"


@pytest.mark.parametrize("gap", [0.090, 0.200])
@pytest.mark.parametrize("word", ["hello", "klara", "kl", "klaras"])
async def test_typing_reaches_the_field(word: str, gap: float) -> None:
    """Else names that begin like a tag could not be searched for."""
    async with Counter().run_test() as pilot:
        await focus(pilot, "name")
        press(pilot, [*word, "x", "backspace", "enter"], gap)
        diary = await settle(pilot)
        assert pilot.app.query_one(Input).value == word
        assert diary[-1] == "on_input_submitted"


async def test_a_last_letter_is_let_go_by_itself() -> None:
    """Else the last word typed would not show until the next key."""
    async with Counter().run_test() as pilot:
        await focus(pilot, "name")
        press(pilot, ["k"])
        await until_held(pilot)
        await until(pilot, lambda: pilot.app.query_one(Input).value == "k")
        assert not counter(pilot).holding_keys


async def test_keys_still_reach_their_actions() -> None:
    """Else shortcuts, buttons and tables would be for the mouse only."""
    async with Counter().run_test() as pilot:
        await focus(pilot, "lend")
        press(pilot, ["k", "enter", "tab", "enter"], gap=0.5)
        assert await settle(pilot) == [
            "k",
            "on_button_pressed",
            "on_data_table_cell_selected",
        ]


async def test_a_busy_app_joins_a_scan_that_waited() -> None:
    """Else a slow disk would cut a scan in two and type both halves."""
    async with Counter().run_test() as pilot:
        await focus(pilot, "lend")
        keys = [events.Key(key, None) for key in [*KIT, "enter"]]
        over = HoldOver()
        for number, key in enumerate(keys):
            key.time = over.time + (number - 6) * 0.080
        for event in [*keys[:7], over, *keys[7:]]:
            pilot.app.post_message(event)
        assert await settle(pilot) == [f"scanned {KIT}"]


@pytest.mark.parametrize("ending", ["enter", "tab"])
async def test_a_machine_that_stood_still_cuts_no_scan_in_two(ending: str) -> None:
    """Else a laptop that is busy for a third of a second would type half a tag and press Enter.

    The app is held up in earnest: that it was is what it has to notice.
    """
    async with Counter().run_test() as pilot:
        await focus(pilot, "lend")
        keys = [events.Key(key, None) for key in [*KIT, ending]]
        for key in keys[:7]:
            pilot.app.post_message(key)
        await until_held(pilot)
        time.sleep(0.4)
        for key in keys[7:]:
            key.time += 0.38
            pilot.app.post_message(key)
        assert await settle(pilot) == [f"scanned {KIT}"]
        press(pilot, ["k", "l", "enter"], gap=0.5)
        assert (await settle(pilot))[-1] == "on_button_pressed", "a person is a person again"


async def test_a_terminal_that_was_held_up_longer_cuts_no_name_in_two() -> None:
    """Else half a school's name would be typed, and a kit lent to the other half.

    What reads the terminal runs on its own, and comes to the keys a little after the app does.
    """
    async with Counter().run_test() as pilot:
        await focus(pilot, "lend")
        pressed = [events.Key(key, key) for key in "Dunfermline High"]
        keys = [*pressed, events.Key("enter", None)]
        for key in keys[:4]:
            pilot.app.post_message(key)
        await until_held(pilot)
        time.sleep(0.4)
        for key in keys[4:]:
            key.time += 0.43
            pilot.app.post_message(key)
        assert await settle(pilot) == ["scanned Dunfermline High"]


async def test_a_key_that_waited_does_not_overtake_the_scan() -> None:
    """Else a key pressed after a scan would act on the kit before."""
    async with Counter().run_test() as pilot:
        await focus(pilot, "lend")
        press(pilot, [*KIT, "enter", "f2"])
        assert await settle(pilot) == [f"scanned {KIT}", "F2"]
