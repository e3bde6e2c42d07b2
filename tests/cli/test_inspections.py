"""Inspections and blocks from the command line."""

from cli.running import Cli, Stock
from cli.shapes import has, in_days
from kitloan.text.dates import months_after


def test_a_gate_from_setting_to_passing(cli: Cli, stock: Stock) -> None:
    """A technician's whole morning: set, refused, inspected, lent."""
    none = cli("inspections")
    assert (none.code, "kitloan regime set" in none.out) == (0, True)
    made = cli("regime", "set", "PAT", "--type", "STEM kit", "--months", "12", "--json").json
    has(made, "regime", regime={"college", "code", "type", "months", "gate"})
    assert made["regime"]["gate"] is True
    refused = cli("checkout", "FC001", "--to", "Viewforth High School", "--json")
    assert (refused.code, refused.error["code"]) == (1, "inspection_due")
    assert "--override" in refused.error["hint"]
    done = cli("inspect", "FC001", "--regime", "pat", "--result", "pass", "--json").json
    assert done["valid_until"] == months_after(in_days(0), 12).isoformat()
    assert (done["result"], done["status"], done["tag"]) == ("pass", "in", stock.kit)
    assert cli("checkout", "FC001", "--to", "Viewforth High School").code == 0
    assert cli("regime", "list", "--json").json["total"] == 1


def test_what_fails_is_refused_whatever_is_said(cli: Cli, stock: Stock) -> None:
    """No option of the counter lends a kit that is not safe."""
    cli("regime", "set", "PAT", "--type", "STEM kit", "--months", "12", "--warn")
    failed = cli("inspect", "FC001", "--regime", "PAT", "--result", "fail")
    assert (failed.code, failed.out[0]) == (0, "-")
    refused = cli("checkout", "FC001", "--to", "Viewforth", "--override", "urgent", "--json")
    assert (refused.code, refused.error["code"]) == (1, "inspection_failed")
    repaired = cli("repair", "FC001", "--done", "--json")
    assert (repaired.code, repaired.error["code"]) == (1, "inspection_failed")
    shown = cli("show", "FC001", "--json").json
    assert (shown["status"], shown["out_of_use"]) == ("out_of_use", "failed its inspection: PAT")
    assert "Out of use: failed its inspection: PAT" in cli("show", "FC001").out
    lent = cli("inspect", stock.lent, "--regime", "PAT", "--result", "fail")
    assert "Balwearie High School" in lent.out, "who has it must hear of it today"


def test_inspections_are_listed_by_the_day_they_are_due(cli: Cli, stock: Stock) -> None:
    """The tester is sent a list by day; the shape is what a script reads."""
    cli("regime", "set", "PAT", "--type", "STEM kit", "--months", "1")
    cli("inspect", "FC001", "--regime", "PAT", "--result", "pass")
    every = cli("inspections", "--json").json
    has(every, "items", "total", "next")
    assert set(every["items"][0]) == {
        "college", "tag", "asset_number", "type", "location", "regime", "months", "gate", "result",
        "on", "due_on", "overdue",
    }  # fmt: skip
    due = cli("inspections", "--due-by", "today", "--json").json
    assert due["total"] == every["total"] - 1
    assert every["items"][-1]["due_on"] == months_after(in_days(0), 1).isoformat()
    assert cli("inspections", "--due-by", "no day").code == 2


def test_what_is_not_there_is_named(cli: Cli, stock: Stock) -> None:
    """A slip in a code or a type is answered with what there is."""
    unknown = cli("inspect", "FC001", "--regime", "PAT", "--result", "pass", "--json")
    assert (unknown.code, unknown.error["code"]) == (2, "unknown_regime")
    assert cli("regime", "set", "PAT", "--type", "STEM", "--months", "6", "--json").error[
        "details"
    ]["near"] == ["STEM kit"]
    assert cli("regime", "set", "PAT", "--type", "STEM kit", "--months", "0").code == 2
    assert cli("regime", "end", "PAT", "--type", "STEM kit").code == 1
    cli("regime", "set", "PAT", "--type", "STEM kit", "--months", "6")
    later = cli("inspect", "FC001", "--regime", "PAT", "--result", "pass", "--on", "2999-01-01")
    assert later.code == 2


def test_a_blocked_borrower(cli: Cli, stock: Stock) -> None:
    """Blocked with the reason, listed, lent all the same with a reason, and ended."""
    until = in_days(3).isoformat()
    line = cli(
        "block", "balwearie high school", "--reason", "two kits lost", "--until", until, "--json"
    )
    has(line.json, "block", block={"organisation", "reason", "until", "since", "by"})
    assert line.json["block"]["until"] == until
    refused = cli("checkout", "FC001", "--to", "Balwearie High School", "--json")
    assert (refused.code, refused.error["code"]) == (1, "blocked")
    assert refused.error["details"]["reason"] == "two kits lost"
    assert "two kits lost" in cli("block").out
    assert cli("block", "--json").json["total"] == 1
    lent = cli("checkout", "FC001", "--to", "Balwearie High School", "--override", "settled")
    assert lent.code == 0
    assert "rule.overridden" in {
        each["kind"] for each in cli("show", "FC001", "--json").json["history"]
    }
    assert cli("unblock", "Balwearie High School", "--json").json["blocked"] is False
    assert cli("unblock", "Balwearie High School").code == 1
    assert cli("block", "Nobody's School", "--reason", "x").code == 2
    assert cli("block", "Balwearie High School").code == 2
    assert "No borrower is blocked" in cli("block").out
