"""The question at check-in: a list, what is not right, and Enter, at a real terminal."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.running import PROGRAM, Cli, Stock
from forked import become

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no terminals to borrow")
pexpect = pytest.importorskip("pexpect")

Terminal = Callable[..., Any]


@pytest.fixture
def terminal(store: Path) -> Iterator[Terminal]:
    """Runs `kitloan` at a terminal of its own."""
    running: list[Any] = []

    def terminal(*args: str) -> Any:
        line = ["--store", str(store), "--as", "m.ross", *args]
        running.append(
            pexpect.spawn(
                str(PROGRAM),
                line,
                encoding="utf-8",
                timeout=300,
                echo=False,
                preexec_fn=become(line),
            )
        )
        return running[-1]

    yield terminal
    for each in running:
        each.close(force=True)


def ended(at: Any) -> int:
    """The exit code of a program that has no more to say."""
    at.expect(pexpect.EOF)
    at.close()
    code: int = at.exitstatus
    return code


def test_the_list_and_what_is_not_right(terminal: Terminal, cli: Cli, stock: Stock) -> None:
    """Two wheels and a panel are said in seconds, with the kit still on the counter."""
    at = terminal("checkin", "FC002")
    at.expect(r"STEM kit KL \S+")
    at.expect(r"Manual +1 +Facilitator manual \*")
    at.expect(r"Red holdall +16 +Wheel\s")
    at.expect(r"Blue holdall +18 +Panel\s")
    at.expect("Enter: all there")
    for said, told in (
        ("wheel 2", "Wheel: 2 missing"),
        ("panel 1 broken", "Panel: 1 broken"),
        ("whale 3", "'whale' is not on the contents list.*Wheel hub"),
        ("wheel 17", "The kit has only 16"),
        ("", "IN, SHORT"),
    ):
        at.expect_exact("> ")
        at.sendline(said)
        at.expect(told)
    assert ended(at) == 0
    shown = cli("show", "FC002", "--json").json
    assert (shown["status"], shown["loan"]) == ("in", None)
    assert shown["shortages"] == [
        {"component": "Panel", "missing": 0, "broken": 1},
        {"component": "Wheel", "missing": 2, "broken": 0},
    ]


def test_one_line_says_it_all(terminal: Terminal, cli: Cli, stock: Stock) -> None:
    """The prompt's own example must work as it is written; a slip in it takes none of it."""
    at = terminal("checkin", "FC002")
    at.expect_exact("> ")
    at.sendline("wheel 2, pannel 1 broken")
    at.expect("'pannel' is not on the contents list")
    at.expect_exact("> ")
    at.sendline("wheel 2, panel 1 broken")
    at.expect("Wheel: 2 missing")
    at.expect("Panel: 1 broken")
    at.expect_exact("> ")
    at.sendline("wheel 0")
    at.expect("Wheel: 0 missing")
    at.expect_exact("> ")
    at.sendline()
    assert ended(at) == 0
    assert cli("show", "FC002", "--json").json["shortages"] == [
        {"component": "Panel", "missing": 0, "broken": 1}
    ]


def test_enter_alone_is_all_there(terminal: Terminal, cli: Cli, stock: Stock) -> None:
    """The common case is one key."""
    at = terminal("checkin", "FC002")
    at.expect_exact("> ")
    at.sendline()
    at.expect("IN, WHOLE")
    assert ended(at) == 0
    assert cli("show", "FC002", "--json").json["status"] == "in"


def test_enter_alone_is_as_it_left(terminal: Terminal, cli: Cli, stock: Stock) -> None:
    """What was short before is neither blamed on this borrower nor forgotten."""
    cli("count", "FC001", "--missing", "Wheel=2")
    cli("checkout", "FC001", "--to", "Glenwood High School")
    at = terminal("checkin", "FC001")
    at.expect(r"16 +Wheel +was 14")
    at.expect("Enter: as it left")
    at.expect_exact("> ")
    at.sendline()
    assert ended(at) == 0
    assert cli("show", "FC001", "--json").json["shortages"] == [
        {"component": "Wheel", "missing": 2, "broken": 0}
    ]


def test_whole_though_it_was_short(terminal: Terminal, cli: Cli, stock: Stock) -> None:
    """A school that puts the lost wheels back must find them counted."""
    cli("count", "FC001", "--missing", "Wheel=2")
    cli("checkout", "FC001", "--to", "Glenwood High School")
    at = terminal("checkin", "FC001")
    at.expect_exact("> ")
    at.sendline("WHOLE")
    at.expect("No longer short: Wheel")
    assert ended(at) == 0
    assert cli("show", "FC001", "--json").json["shortages"] == []


def test_later(terminal: Terminal, cli: Cli, stock: Stock) -> None:
    """With a queue at the counter the kit is back now and counted this evening."""
    at = terminal("checkin", "FC002")
    at.expect_exact("> ")
    at.sendline("later")
    at.expect("IN, TO BE COUNTED")
    assert ended(at) == 0
    assert cli("show", "FC002", "--json").json["status"] == "uncounted"


@pytest.mark.parametrize("word", ["later", "whole"])
def test_what_was_said_is_not_dropped(
    terminal: Terminal, cli: Cli, stock: Stock, word: str
) -> None:
    """Two wheels that somebody typed in must not vanish with the next word."""
    at = terminal("checkin", "FC002")
    at.expect_exact("> ")
    at.sendline("wheel 2")
    at.expect_exact("> ")
    at.sendline(word)
    at.expect("You have entered what is short")
    at.expect_exact("> ")
    at.sendline()
    assert ended(at) == 0
    assert cli("show", "FC002", "--json").json["shortages"][0]["missing"] == 2


@pytest.mark.parametrize("end", ["sendintr", "sendeof"])
def test_leaving_the_question_leaves_the_kit_out(
    terminal: Terminal, cli: Cli, stock: Stock, store: Path, end: str
) -> None:
    """Whoever stops half way through the count has not taken the kit back."""
    before = store.read_bytes()
    at = terminal("checkin", "FC002")
    at.expect_exact("> ")
    at.sendline("wheel 2")
    at.expect("Wheel: 2 missing")
    at.expect_exact("> ")
    getattr(at, end)()
    at.expect("Nothing was left half done")
    assert "Traceback" not in at.before
    assert ended(at) == 130
    assert store.read_bytes() == before
    assert cli("show", "FC002", "--json").json["status"] == "out"


def test_several_kits_are_each_asked_about(terminal: Terminal, cli: Cli, stock: Stock) -> None:
    """A box of kits comes back together, and each has its own wheels; stopping takes back none."""
    cli("checkout", "FC001", stock.goggles, "--to", "Balwearie High School")
    at = terminal("checkin", "FC002", stock.goggles, "FC001")
    at.expect_exact("> ")
    at.sendline("wheel 2")
    at.expect_exact("> ")
    at.sendline()
    at.expect("Facilitator manual")
    at.expect_exact("> ")
    at.sendintr()
    assert ended(at) == 130
    assert cli("loans", "--json").json["total"] == 3

    at = terminal("checkin", "FC002", stock.goggles, "FC001")
    for said in ("wheel 2", "", ""):
        at.expect_exact("> ")
        at.sendline(said)
    assert ended(at) == 0
    assert cli("loans", "--json").json["total"] == 0
    short = [cli("show", tag, "--json").json["shortages"] for tag in ("FC002", "FC001")]
    assert short == [[{"component": "Wheel", "missing": 2, "broken": 0}], []]
    assert cli("show", "FC001", "--json").json["status"] == "in"


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        (("checkin", "FC001"), "is not on loan"),
        (("checkin", "FC002", "FC001"), "is not on loan"),
        (("checkin", "FC999"), "No holding here"),
        (("count", "FC002"), "is on loan"),
    ],
)
def test_nobody_counts_for_nothing(
    terminal: Terminal, stock: Stock, line: tuple[str, ...], refusal: str
) -> None:
    """A refusal after five minutes of counting is one too late."""
    at = terminal(*line)
    assert at.expect([refusal, "Enter: "]) == 0
    at.expect(pexpect.EOF)
    assert "> " not in at.before


@pytest.mark.parametrize("options", [("--whole",), ("--uncounted",), ("--missing", "Wheel=1")])
def test_who_has_said_it_is_not_asked(
    terminal: Terminal, cli: Cli, stock: Stock, options: tuple[str, ...]
) -> None:
    """An answer in the command is an answer."""
    at = terminal("checkin", "FC002", *options)
    assert ended(at) == 0
    assert "Enter: " not in at.before
    assert cli("loans", "--json").json["total"] == 0


def test_what_has_no_contents_is_not_asked_about(
    terminal: Terminal, cli: Cli, stock: Stock
) -> None:
    """Goggles have no wheels to count."""
    cli("checkout", stock.goggles, "--to", "Glenwood High School", "--quantity", "12")
    at = terminal("checkin", stock.goggles, "--quantity", "5")
    at.expect("Glenwood High School still has 7")
    assert ended(at) == 0


def test_count_asks_as_well(terminal: Terminal, cli: Cli, stock: Stock) -> None:
    """The count put off at the counter is made in the evening, with the same list."""
    at = terminal("count", "FC003")
    at.expect_exact("> ")
    at.sendline("spanner 1")
    at.expect_exact("> ")
    at.sendline()
    at.expect("SHORT")
    assert ended(at) == 0
    assert cli("show", "FC003", "--json").json["status"] == "incomplete"


def test_json_is_never_a_question(terminal: Terminal, cli: Cli, stock: Stock) -> None:
    """A script run from somebody's terminal must not stop and wait for them."""
    at = terminal("checkin", "FC002", "--json")
    assert ended(at) == 0
    assert '"counted": "uncounted"' in at.before
    assert cli("show", "FC002", "--json").json["status"] == "uncounted"
