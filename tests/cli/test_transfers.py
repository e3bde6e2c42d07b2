"""`transfer`, `missing`, `found` and `withdraw`, as they are typed."""

import sys
from pathlib import Path
from typing import Any

import pytest

from cli.running import PROGRAM, Cli, Stock
from forked import become

FOREIGN = "KL80A60HZ0WGJ"
"""The tag of a kit that no store here knows."""


@pytest.fixture
def ayrshire(tmp_path: Path, cli: Cli) -> Path:
    """Another college's store."""
    place = tmp_path / "ayrshire.sqlite"
    assert cli("init", "ayrshire", store=place).code == 0
    return place


def test_a_kit_goes_from_one_college_to_another(cli: Cli, stock: Stock, ayrshire: Path) -> None:
    """Two technicians, two stores and one kit: each hears what the other needs to know."""
    sent = cli("transfer", "send", "FC001", "--to", "Ayrshire College", "--missing", "Wheel=2")
    assert (sent.code, sent.err) == (0, "")
    assert sent.out.startswith("~ IN TRANSIT  STEM kit KL ")
    assert "to Ayrshire College\n  Wheel: 2 missing" in sent.out
    listed = cli("transfer", "list")
    assert "0 days" in listed.out
    assert "to ayrshire" in listed.out
    came = cli(
        *("transfer", "receive", stock.kit, "--from", "Fife", "--type", "STEM kit"),
        *("--location", "Kilwinning", "--asset-number", "AC7", "--donor", "RAF", "--json"),
        store=ayrshire,
    ).json
    assert (came["tag"], came["from_name"], came["counted"]) == (
        stock.kit,
        "Fife College",
        "no_contents",
    )
    shown = cli("show", "AC7", "--json", store=ayrshire).json
    assert (shown["tag"], shown["location"], shown["gift"]["donor"]) == (
        stock.kit,
        "Kilwinning",
        "RAF",
    )
    assert "from fife" in cli("transfer", "list", store=ayrshire).out


def test_json_of_what_is_under_way(cli: Cli, stock: Stock) -> None:
    """A script that chases vans reads days and counts, not words."""
    sent = cli("transfer", "send", stock.goggles, "--to", "borders", "--json").json
    assert (sent["to_college"], sent["quantity"], sent["counted"]) == ("borders", 30, "no_contents")
    listed = cli("transfer", "list", "--json").json
    assert listed["received"] == []
    (line,) = listed["open"]
    assert (line["id"], line["days"], line["short"]) == (sent["id"], 0, {})
    back = cli("transfer", "call-off", stock.goggles, "--json").json
    assert back["id"] == sent["id"]
    assert cli("transfer", "list", "--json").json == {"open": [], "received": []}


def test_what_comes_home_is_counted(cli: Cli, stock: Stock) -> None:
    """A kit with a contents list is never assumed whole, and what it lacks is said."""
    assert "nobody counted it" in cli("transfer", "send", "FC001", "--to", "ayrshire").out
    home = cli("transfer", "receive", "FC001", "--from", "ayrshire", "--broken", "Panel=1")
    assert home.out.startswith("% RECEIVED, SHORT  STEM kit KL ")
    assert "Panel: 1 broken" in home.out
    cli("transfer", "send", "FC001", "--to", "ayrshire", "--uncounted")
    assert cli("transfer", "call-off", "FC001").out.startswith("= HERE AGAIN")


@pytest.mark.parametrize(
    ("line", "code", "exit_code"),
    [
        (("send", "FC002", "--to", "ayrshire"), "on_loan", 1),
        (("send", "FC001", "--to", "fife"), "own_college", 2),
        (("send", "FC001", "--to", "Hogwarts"), "unknown_college", 2),
        (("send", "FC001", "--to", "ayrshire", "--whole", "--uncounted"), "counted_and_not", 2),
        (("send", "FC001", "--to", "ayrshire", "--missing", "Whale=1"), "no_such_component", 2),
        (("receive", "FC001", "--from", "ayrshire"), "here_already", 1),
        (("receive", FOREIGN, "--from", "ayrshire"), "type_needed", 2),
        (("receive", FOREIGN, "--from", "ayrshire", "--type", "=1+1"), "bad_text", 2),
        (("receive", FOREIGN, "--from", "ayrshire", "--type", "K", "--quantity", "0"), None, 2),
        (("call-off", "FC001"), "not_in_transit", 1),
    ],
)
def test_what_is_refused_says_why(
    cli: Cli, stock: Stock, line: tuple[str, ...], code: str | None, exit_code: int
) -> None:
    """A refusal has a code for scripts and a next step for people."""
    answer = cli("transfer", *line, "--json")
    assert answer.code == exit_code
    assert answer.error["code"] == (code or "bad_quantity")
    assert answer.error["hint"] or code is None
    assert cli("transfer", "list", "--json").json == {"open": [], "received": []}


def test_missing_and_found(cli: Cli, stock: Stock) -> None:
    """Who lost it is said once, and the way back stands under it."""
    lost = cli("missing", "FC002", "--reason", "left on a bus")
    assert lost.out.startswith("# MISSING  STEM kit KL ")
    assert "It was with Balwearie High School: that loan is over." in lost.out
    refused = cli("checkin", "FC002", "--json")
    assert (refused.code, refused.error["code"]) == (1, "missing")
    assert refused.error["hint"] == f"If it is here: kitloan found {stock.lent}"
    found = cli("found", "FC002", "--json").json
    assert found == {"tag": stock.lent, "type": "STEM kit", "status": "uncounted"}
    assert cli("missing", "FC002", "--json").json["lost_by"] is None
    assert cli("found", "FC001", "--json").error["code"] == "not_missing"


def test_two_people_withdraw(cli: Cli, stock: Stock) -> None:
    """The first is told that a second must sign, the second what there is to sign."""
    assert cli("withdraw", "--list").out == "No withdrawal waits for a second person.\n"
    proposed = cli("withdraw", "FC001", "--reason", "worn", "--donor-agreement", "letter 7")
    assert f"Somebody else signs: kitloan withdraw {stock.kit} --sign" in proposed.out
    listed = cli("withdraw", "--list", "--json").json
    (line,) = listed["items"]
    assert (line["by"], line["reason"], line["donor_agreement"]) == ("m.ross", "worn", "letter 7")
    assert "proposed by m.ross" in cli("withdraw", "--list").out
    alone = cli("withdraw", "FC001", "--sign", "--json")
    assert (alone.code, alone.error["code"]) == (1, "same_person")
    signed = cli("withdraw", "FC001", "--sign", "--json", as_="j.kerr").json
    assert signed == {
        "tag": stock.kit,
        "type": "STEM kit",
        "status": "withdrawn",
        "signed_by": "j.kerr",
    }
    assert "letter 7" in cli("show", stock.kit).out


@pytest.mark.parametrize(
    "line",
    [
        ("FC001",),
        (),
        ("--reason", "worn"),
        ("FC001", "--list"),
        ("FC001", "--sign", "--reason", "worn"),
        ("FC001", "--sign", "--donor-agreement", "letter"),
        ("FC001", "--reason", ""),
    ],
)
def test_half_a_withdrawal_is_none(cli: Cli, stock: Stock, line: tuple[str, ...]) -> None:
    """Nothing leaves the register by a line that says two things, or none."""
    answer = cli("withdraw", *line, "--json", as_="j.kerr")
    assert (answer.code, answer.error["code"]) == (2, "usage")
    assert cli("show", "FC001", "--json").json["status"] == "in"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no terminals to borrow")
def test_at_a_terminal_both_sides_are_asked_to_count(cli: Cli, stock: Stock, store: Path) -> None:
    """The list is there when the kit is, and nobody counts what is refused anyway."""
    pexpect = pytest.importorskip("pexpect")

    def terminal(*args: str) -> Any:
        line = ["--store", str(store), "--as", "m.ross", *args]
        return pexpect.spawn(
            str(PROGRAM), line, encoding="utf-8", timeout=300, echo=False, preexec_fn=become(line)
        )

    at = terminal("transfer", "send", "FC001", "--to", "ayrshire")
    at.expect("Enter: all there")
    at.expect_exact("> ")
    at.sendline("wheel 2")
    at.expect_exact("> ")
    at.sendline()
    at.expect("IN TRANSIT")
    at.expect(pexpect.EOF)
    at = terminal("transfer", "send", "FC001", "--to", "ayrshire")
    assert at.expect(["is in transit", "Enter: "]) == 0
    at = terminal("transfer", "receive", "FC001", "--from", "ayrshire")
    at.expect(r"16 +Wheel +was 14")
    at.expect_exact("> ")
    at.sendline("whole")
    at.expect("RECEIVED, WHOLE")
    at.expect(pexpect.EOF)
    at = terminal("transfer", "receive", "FC001", "--from", "ayrshire")
    assert at.expect(["on this college's register already", "Enter: "]) == 0
    for each in ("missing", "count"):
        at = terminal(each, "FC003")
        assert at.expect(["MISSING", "been missing", "Enter: "]) == ("missing", "count").index(each)
