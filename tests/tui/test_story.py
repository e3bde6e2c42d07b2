"""A day at the counter: the real program at a pseudo-terminal, keys as a scanner types them.

Nothing here looks inside: what the technician sees is what the terminal was sent, and what the day
came to is asked of the store when the desk is closed.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.running import PROGRAM
from kitloan.tags import grouped
from tui.at_the_counter import OTHER, SCHOOL, Store

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no terminals to borrow")
if sys.platform != "win32":
    from at_a_terminal import ENDINGS, Terminal

PACES = {"quick": 0.004, "usual": 0.020, "slow": 0.080}


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Iterator["Terminal"]:
    """The desk on the store, open."""
    home = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    command = [str(PROGRAM), "--store", str(store.place), "--as", "m.ross"]
    with Terminal(command, size=(100, 30), env=home) as terminal:
        terminal.until("READY")
        yield terminal


@pytest.mark.parametrize("pace", PACES)
def test_a_morning(desk: "Terminal", store: Store, pace: str) -> None:
    """Else what works in a test's own terminal might not work in a technician's."""
    gap = PACES[pace]
    steps = [
        (store.kit, "TO WHOM?"),
        (SCHOOL, "OUT"),
        (store.headset, "OUT"),
        ("KLUUNDO", "UNDONE"),
        (store.second, "OUT"),
        ("KLUDONE", "DONE"),
        (store.kit, "IN?"),
        ("KLUWHOLE", "IN, WHOLE"),
        (store.second, "IN?"),
        ("KLULATER", "IN, TO BE COUNTED"),
        (OTHER, "FOUND 0"),
        ("KL0000000000A", "REFUSED"),
        ("KLURETURN", "RETURNS ONLY"),
        (store.kit, "REFUSED"),
    ]
    for code, word in steps:
        desk.mark()
        desk.scan(code, gap=gap)
        desk.until(word)
    desk.send("\x11")
    found = store.kitloan.find
    assert {found.holding(tag).status for tag in (store.kit, store.headset)} == {"in"}
    assert found.holding(store.second).status == "uncounted"


@pytest.mark.parametrize("ending", ["CR", "LF", "CR+LF", "Tab", "pasted"])
@pytest.mark.parametrize("pace", PACES)
def test_every_ending_at_every_pace(desk: "Terminal", store: Store, ending: str, pace: str) -> None:
    """Else a scanner out of its box would have to be set up before it could be used."""
    # The last is known by its own tag: "OUT" stands on the screen already and may be repainted.
    second = grouped(store.second)
    for code, word in ((store.kit, "TO WHOM?"), (SCHOOL, "OUT"), (store.second, second)):
        desk.mark()
        if ending == "pasted" and code != SCHOOL:
            desk.paste(code + "\r\n")
        else:
            desk.scan(code, gap=PACES[pace], end=ENDINGS.get(ending, "\r"))
        desk.until(word)
    assert {store.kitloan.find.holding(t).status for t in (store.kit, store.second)} == {"out"}


@pytest.mark.parametrize("where", ["help", "palette", "counting", "typing"])
def test_a_scan_in_every_focus(desk: "Terminal", store: Store, where: str) -> None:
    """Else a scan would press what has the focus, or be typed into it, and be lost."""
    opened = {
        "help": ("\x1bOP", "Scan or type"),
        "palette": ("\x10", "What can be scanned"),
        "typing": ("bal", "bal"),
    }
    if where == "counting":
        store.kitloan.desk.check_out([store.kit], SCHOOL)
        desk.scan(store.kit)
        desk.until("IN?")
        desk.mark()
        desk.scan(store.headset)
        desk.until("1 scan waiting")
        desk.mark()
        desk.press("\r")
    else:
        keys, seen = opened[where]
        desk.press(keys)
        desk.until(seen)
        desk.mark()
        desk.scan(store.headset)
    desk.until("TO WHOM?", grouped(store.headset))
    assert store.kitloan.find.holding(store.headset).status == "in"


def test_scans_before_the_store_is_open(store: Store, tmp_path: Path) -> None:
    """Else the first teacher of the morning would be lent nothing, and nobody would know."""
    command = [str(PROGRAM), "--store", str(store.place), "--as", "m.ross"]
    with Terminal(command, env={"XDG_STATE_HOME": str(tmp_path)}) as desk:
        desk.until("STARTING")
        for code in (store.kit, store.headset, SCHOOL):
            desk.scan(code)
        desk.until("OUT", f"2 to {SCHOOL}")
