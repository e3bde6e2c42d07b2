"""However it is asked: where the store and the name come from, JSON or words, any code page."""

from pathlib import Path

import pytest

from cli.running import Cli, Program, Stock


def test_words_when_nobody_asked_for_json(cli: Cli, stock: Stock) -> None:
    """A person reads the refusal on stderr, with what to do next, and stdout stays empty."""
    answer = cli("checkout", "FC002", "--to", "Glenwood High School")
    assert answer.out == ""
    assert "Balwearie High School" in answer.err
    assert "kitloan checkin" in answer.err


def test_json_before_and_after_the_command(cli: Cli, stock: Stock) -> None:
    """People put it where they remember it."""
    after = cli("show", "FC001", "--json")
    before = cli("--json", "show", "FC001")
    between = cli("ledger", "--json", "verify")
    assert after == before
    assert between.code == 2 or between.json["ok"]
    assert cli("--json", "ledger", "verify").json == cli("ledger", "verify", "--json").json


@pytest.mark.parametrize(
    "line",
    [
        ("checkout", "FC001", "--to", "B", "--quantity", "1.5", "--json"),
        ("show", "FC001", "--no-such-option", "--json"),
        ("no-such-command", "--json"),
        ("--json", "show"),
        ("ledger", "--json"),
    ],
)
def test_wrong_use_is_json_too(cli: Cli, stock: Stock, line: tuple[str, ...]) -> None:
    """A script that asked for JSON must never have to read prose, wherever --json stands."""
    answer = cli(*line)
    assert (answer.code, answer.error["code"]) == (2, "usage")


def test_the_store_comes_from_three_places(
    cli: Cli, stock: Stock, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--store, else KITLOAN_STORE, else the user's own: the wrong one would take the loans."""
    missing = cli("loans", "--json", store=None)
    assert (missing.code, missing.error["code"]) == (3, "no_store")
    assert str(tmp_path / "home") in missing.error["details"]["store"]
    monkeypatch.setenv("KITLOAN_STORE", str(store))
    assert cli("show", "FC001", store=None).code == 0
    monkeypatch.setenv("KITLOAN_STORE", str(tmp_path / "elsewhere"))
    assert cli("show", "FC001", store=store).code == 0
    assert cli("show", "FC001", store=None).code == 3


def test_an_empty_store_option_is_no_store(cli: Cli, stock: Stock) -> None:
    """`--store "$UNSET"` in a script must not lend from another store without a word."""
    answer = cli("loans", "--json", store="")
    assert (answer.code, answer.error["code"]) == (2, "usage")


def test_who_is_on_record(cli: Cli, stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The technician who is named, else the user of the machine."""
    monkeypatch.setenv("LOGNAME", "desk3")
    cli("checkout", "FC001", "--to", "Glenwood High School", as_="Mòrag Ross")
    cli("checkin", "FC001", "--whole", as_=None)
    history = cli("show", "FC001", "--json").json["history"]
    assert [line["by"] for line in history[-2:]] == ["Mòrag Ross", "desk3"]


def test_the_programs_answer_is_the_same(cli: Cli, program: Program, stock: Stock) -> None:
    """What holds in these tests' process holds for the installed program."""
    told = program("show", "FC002", "--json")
    assert (told.code, told.err) == (0, "")
    assert told.json == cli("show", "FC002", "--json").json


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_json_is_the_same_in_every_code_page(program: Program, stock: Stock, encoding: str) -> None:
    """A Gaelic name must survive a pipe on a machine whose code page has no such letter."""
    env = {"PYTHONUTF8": "0", "PYTHONIOENCODING": encoding}
    name = "Sgoil Àrd Phort Rìgh — ŵ"
    lent = program("checkout", "FC001", "--to", name, "--json", env=env)
    assert lent.json["loans"][0]["to"] == name
    assert program("show", "FC001", env=env).code == 0, "in words, what cannot be shown is a ?"
