"""Correcting at the command line: what happened when, undo, and names that are nearly known."""

from datetime import timedelta

from cli.running import Cli, Stock
from cli.shapes import in_days


def test_lent_yesterday(cli: Cli, stock: Stock) -> None:
    """A day before the kit came, and one that has not come, are refused and change nothing."""
    before = cli("show", "FC001", "--json").json["history"]
    tomorrow = in_days(1).isoformat()
    future = cli("checkout", "FC001", "--to", "A Primary", "--on", tomorrow, "--json")
    assert (future.code, future.error["code"]) == (2, "in_future")
    early = (in_days(0) - timedelta(days=400)).isoformat()
    too_early = cli("checkout", "FC001", "--to", "A Primary", "--on", early, "--json")
    assert (too_early.code, too_early.error["code"]) == (1, "before_received")
    assert cli("show", "FC001", "--json").json["history"] == before
    received = (in_days(0) - timedelta(days=20)).isoformat()
    added = cli("add", "--type", "Telescope", "--received", received, "--json").json["tag"]
    on = (in_days(0) - timedelta(days=3)).isoformat()
    lent = cli("checkout", added, "--to", "Lochside", "--on", on, "--due", "14d", "--json").json
    assert lent["loans"][0]["due_on"] == in_days(11).isoformat()
    shown = cli("show", added, "--json").json
    assert shown["loan"]["on"] == on
    assert shown["history"][-1]["happened_on"] == on
    assert shown["history"][-1]["recorded_at"] == shown["history"][-1]["at"]
    assert cli("loans", "--to", "Lochside", "--json").json["items"][0]["on"] == on
    back = cli("checkin", added, "--on", "yesterday", "--json")
    assert back.code == 0, back.out
    across = cli("checkout", added, "--to", "B School", "--on", on, "--json")
    assert (across.code, across.error["code"]) == (1, "dates_overlap")
    assert across.error["details"]["loan"]["to"] == "Lochside"


def test_a_register_names_the_day_or_nobody_knows_it(cli: Cli, stock: Stock) -> None:
    """The import's day is no day on which a loan began."""
    loans = cli("loans", "--json").json["items"]
    assert all("on" in each and "contact" in each for each in loans)


def test_undo_at_the_command_line(cli: Cli, stock: Stock) -> None:
    """Each form of undo, in the shapes that a script reads."""
    cli("checkout", "FC001", "--to", "A Primary", "--json")
    listed = cli("undo", "--list", "--json").json
    first = listed["items"][0]
    assert (first["kind"], first["undoable"], first["why"]) == ("loan.checked_out", True, None)
    undone = cli("undo", "--json").json["undone"]
    assert undone["kind"] == "loan.checked_out"
    assert cli("undo", "--redo", "--json").json["redone"]["id"] == undone["id"]
    assert cli("undo", "FC001", "--json").json["undone"]["tags"] == undone["tags"]
    both = cli("undo", "FC001", "--list", "--json")
    assert (both.code, both.error["code"]) == (2, "usage")


def test_undo_names_what_it_cannot_undo(cli: Cli, stock: Stock) -> None:
    """It never reaches past a stocktake to a loan."""
    cli("checkout", "FC001", "--to", "A Primary")
    cli("stocktake", "open", "Autumn")
    refused = cli("undo", "--json")
    assert (refused.code, refused.error["code"]) == (1, "cannot_undo")
    assert "stocktake.opened" in refused.error["details"]["action"]
    assert cli("show", "FC001", "--json").json["status"] == "out"


def test_correct_and_pass_on(cli: Cli, stock: Stock) -> None:
    """The loan goes on: it is with another school, and nobody counted it."""
    cli("checkout", "FC001", "--to", "Wrong School")
    fixed = cli("correct", "FC001", "--to", "Right Academy", "--contact", "Pat Example", "--json")
    assert fixed.json["loan"]["to"] == "Right Academy"
    shown = cli("show", "FC001", "--json").json
    assert shown["contact"] == {"name": "Pat Example", "email": None, "phone": None}
    passed = cli("pass-on", "FC001", "--to", "Lochside Primary", "--json").json["loan"]
    assert (passed["to"], passed["was_with"]) == ("Lochside Primary", "Right Academy")
    assert "Pat Example" not in cli("show", "FC001").out
    assert cli("ledger", "verify", "--json").json["ok"]


def test_half_a_name(cli: Cli, stock: Stock) -> None:
    """`--to Balwearie` must not make a school beside Balwearie High School."""
    refused = cli("checkout", "FC001", "--to", "Balwearie", "--json")
    assert (refused.code, refused.error["code"]) == (1, "nearly_known")
    assert refused.error["details"]["near"] == ["Balwearie High School"]
    assert cli("checkout", "FC001", "--to", "Balwearie", "--new", "--json").code == 0
    kind = cli("add", "--type", "STEM kits", "--json")
    assert (kind.code, kind.error["code"]) == (1, "nearly_known")
    assert cli("add", "--type", "STEM kits", "--new", "--json").code == 0


def test_repair_and_split(cli: Cli, stock: Stock) -> None:
    """What is in repair is not lent; part of a stock has a tag of its own."""
    assert cli("repair", "FC001", "--reason", "burnt out", "--json").json["status"] == "out_of_use"
    refused = cli("checkout", "FC001", "--to", "A Primary", "--json")
    assert (refused.code, refused.error["code"]) == (1, "out_of_use")
    assert cli("repair", "FC001", "--done", "--json").json["status"] == "in"
    many = cli("add", "--type", "Goggles", "--quantity", "30", "--new", "--json").json["tag"]
    made = cli("split", many, "--quantity", "12", "--location", "Store 9", "--json").json
    assert (made["from"], made["quantity"]) == (many, 12)
    assert cli("show", made["tag"], "--json").json["location"] == "Store 9"
    whole = cli("split", many, "--quantity", "18", "--json")
    assert (whole.code, whole.error["code"]) == (2, "bad_quantity")
    cli("checkout", many, "--to", "A Primary", "--quantity", "10")
    gone = cli("checkin", many, "--quantity", "6", "--used", "1", "--lost", "1", "--json")
    assert gone.code == 0, gone.out
    left = cli("show", many, "--json").json
    assert (left["quantity"], left["out_quantity"]) == (16, 2)


def test_audit_as_known_on(cli: Cli, stock: Stock) -> None:
    """`--known-on` takes a day that is past, and no other."""
    future = cli("audit", "--known-on", in_days(1).isoformat(), "--json")
    assert (future.code, future.error["code"]) == (2, "in_future")
    today = in_days(0).isoformat()
    assert cli("audit", "--known-on", today, "--json").json["as_at"] == today


def test_some_of_a_stock_lost_and_none_back(cli: Cli, stock: Stock) -> None:
    """The loan that changed is named, and what was typed about it is kept."""
    leads = cli("add", "--type", "Lead", "--quantity", "30", "--json").json["tag"]
    lent = cli("checkout", leads, "--to", "A Primary", "--quantity", "10", "--json").json
    lost = cli("checkin", leads, "--quantity", "0", "--lost", "3", "--note", "on the bus", "--json")
    (loan,) = lost.json["loans"]
    assert (loan["id"], loan["quantity"]) == (lent["loans"][0]["id"], 0)
    assert "on the bus" in cli("show", leads).out
    counted = cli("checkin", leads, "--quantity", "0", "--lost", "1", "--whole", "--json")
    assert (counted.code, counted.error["code"]) == (2, "counted_and_not")
    gone = cli("checkin", leads, "--quantity", "0", "--used", "2").out
    assert "GONE  2 of Lead" in gone
    assert "still has 5" in gone
    assert " IN" not in gone
    refused = cli("missing", leads, "--json")
    assert (refused.code, refused.error["code"]) == (1, "several")
    hint = refused.error["hint"]
    assert f"checkin {leads} --quantity 0 --lost N" in hint
    assert f"amend {leads} --quantity N" in hint
    assert "holdings." not in hint


def test_a_school_that_is_not_on_file_is_not_blocked(cli: Cli, stock: Stock) -> None:
    """The next step lists who is on file."""
    refused = cli("block", "Nowhere School", "--reason", "late", "--json")
    assert (refused.code, refused.error["code"]) == (2, "unknown_organisation")
    assert "kitloan organisations" in refused.error["hint"]
