"""A day at the counter: the real program at a pseudo-terminal, keys as a scanner types them.

Nothing here looks inside: what the technician sees is what the terminal was sent, and what the day
came to is asked of the store when the desk is closed.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.running import PROGRAM
from kitloan.text.tags import grouped
from tui.at_the_counter import OTHER, SCHOOL, Store

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="there are no terminals to borrow"),
    pytest.mark.waits,
]
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
    store.kitloan.loans.check_out([store.headset], SCHOOL)  # a school that is known: a slow
    store.kitloan.loans.check_in([store.headset])  # scanner's card is as good as typed
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


# Where a scan can find the focus: the keys that lead there, and what is then on the screen.
FOCUSES = {
    "home": (),
    "help": (("\x1bOP", "Scan or type"),),
    "palette": (("\x10", "What can be scanned"),),
    "a list": (("\x1bOQ", "AC0001"),),
    "a filter": (("\x1bOQ", "AC0001"), ("\t", ""), ("\r", "= in")),
    # By way of the one open loan: the first of the holdings may be any of them, with other buttons.
    "a button": (("\x1bOR", SCHOOL), ("\r", "Last seen"), ("\t", "")),
    "a question": (("\x1bOR", SCHOOL), ("\r", "Last seen"), ("\t\r", "Due when")),
    "a dialog": (("\x1b[15~", SCHOOL), ("\x1b[15~", "Isla Muir"), ("\r", "Forget")),
    "a form": (("\x1b[17~", "What it is"),),
    "a sheet": (("\x1b[21~", "Starts at"),),
    "a half-typed line": (("bal", "bal"),),
}
# CR presses buttons, LF is what some scanners end with, Tab moves the focus on.
SCANNER_ENDINGS = (*ENDINGS, "pasted") if sys.platform != "win32" else ()


def meetings(pace: str) -> list[tuple[str, str]]:
    """Which ending meets which focus: at home every one; elsewhere those that could press it."""
    if pace == "quick":
        away = [(where, end) for where in FOCUSES for end in ("CR", "Tab", "pasted")]
    elif pace == "usual":
        away = [(where, "LF") for where in FOCUSES]
    else:
        away = [(where, "CR+LF") for where in ("a button", "a question", "a dialog", "a form")]
    at_home = [("home", ending) for ending in SCANNER_ENDINGS]
    return at_home + [meeting for meeting in away if meeting not in at_home]


@pytest.mark.parametrize("pace", PACES)
def test_every_ending_in_every_focus(desk: "Terminal", store: Store, pace: str) -> None:
    """Else a scan would press what has the focus, or be typed into it, and be lost.

    The time between two keys is a scanner's nature, and the very thing under test: `scan` sends
    each key when it is due, and reads the screen until then.
    """
    store.kitloan.loans.check_out([store.kit], SCHOOL, contact="Isla Muir")
    before = len(store.kitloan.ledger.log())
    for number, (where, ending) in enumerate(meetings(pace)):
        for keys, seen in FOCUSES[where]:
            desk.mark()
            desk.press(keys)
            desk.until(seen)
        tag = (store.headset, store.second)[number % 2]
        desk.mark()
        if ending == "pasted":
            desk.paste(tag + "\r\n")
        else:
            desk.scan(tag, gap=PACES[pace], end=ENDINGS[ending])
        desk.until("TO WHOM?", grouped(tag))
        desk.mark()
        desk.scan("KLUDONE")
        desk.until("NOT LENT", grouped(tag))
    assert len(store.kitloan.ledger.log()) == before, "something was pressed"


@pytest.mark.parametrize(("pace", "ending"), zip(PACES, ENDINGS, strict=False))
def test_a_scan_while_a_kit_is_counted(
    desk: "Terminal", store: Store, pace: str, ending: str
) -> None:
    """Else the next kit's scan would end the count of this one, as if it were whole."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    desk.scan(store.kit)
    desk.until("IN?")
    desk.mark()
    desk.scan(store.headset, gap=PACES[pace], end=ENDINGS[ending])
    desk.until("1 scan waiting")
    assert store.kitloan.find.holding(store.kit).status == "out"
    desk.mark()
    desk.press("\r")
    desk.until("TO WHOM?", grouped(store.headset))


def test_scans_before_the_store_is_open(store: Store, tmp_path: Path) -> None:
    """Else the first teacher of the morning would be lent nothing, and nobody would know."""
    command = [str(PROGRAM), "--store", str(store.place), "--as", "m.ross"]
    with Terminal(command, env={"XDG_STATE_HOME": str(tmp_path)}) as desk:
        desk.until("STARTING")
        for code in (store.kit, store.headset, SCHOOL):
            desk.send(f"{code}\r")  # at once: a test that is held up between two keys is no scanner
        desk.until("OUT", f"2 to {SCHOOL}")
