"""Schools, kinds and people at the command line, in the shapes that a script reads."""

import csv
from pathlib import Path

from cli.running import Cli, Stock
from cli.shapes import in_days

BORROWER = {"organisation", "name", "also", "closed", "open_loans"}
CHASE = ["school", "contact", "phone", "e-mail", "college's number", "tag", "type", "out", "due"]


def test_organisations(cli: Cli, stock: Stock) -> None:
    """List, rename, merge, close: each is undone, and each name goes on being found."""
    cli("checkout", "FC001", "--to", "Belmont Academi")
    listed = cli("organisations", "--json").json
    assert {"items", "total", "next"} == set(listed)
    assert all(set(each) >= BORROWER for each in listed["items"])
    (mine,) = (each for each in listed["items"] if each["name"] == "Belmont Academi")
    assert (mine["also"], mine["closed"], mine["open_loans"]) == ([], False, 1)
    renamed = cli("organisations", "rename", "Belmont Academi", "Belmont Academy", "--json").json
    assert (renamed["name"], renamed["also"]) == ("Belmont Academy", ["Belmont Academi"])
    assert renamed["organisation"] == mine["organisation"]
    assert cli("show", "FC001", "--json").json["loan"]["to"] == "Belmont Academy"
    into = next(each["name"] for each in listed["items"] if each != mine)
    merged = cli("organisations", "merge", "Belmont Academy", into, "--json").json
    assert merged["name"] == into
    assert {"Belmont Academi", "Belmont Academy"} <= set(merged["also"])
    assert cli("loans", "--to", "belmont academi", "--json").json["total"] == merged["open_loans"]
    history = cli("show", "FC001", "--json").json["history"]
    assert history[-1]["kind"] == "loan.checked_out"
    closed = cli("organisations", "close", "Belmont Academi", "--json").json
    assert closed["closed"]
    refused = cli("checkout", stock.goggles, "--to", into, "--json")
    assert (refused.code, refused.error["code"]) == (1, "closed")
    for code, args in (
        ("same_organisation", ("merge", into, "Belmont Academi")),
        ("unknown_organisation", ("merge", "Nowhere School", into)),
    ):
        answer = cli("organisations", *args, "--json")
        assert (answer.code, answer.error["code"]) == (2, code)
    kinds = [cli("undo", "--json").json["undone"]["kind"] for _ in range(3)]
    assert kinds == ["organisation.closed", "organisation.merged", "organisation.renamed"]
    assert cli("organisations", "--json").json == listed
    assert "1 open loan" in cli("organisations").out
    assert cli("ledger", "verify", "--json").json["ok"]


def test_types(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A list that is printed can be read again; a kind made by a slip becomes the right one."""
    printed = cli("types", "show", "stem kit").out
    again = tmp_path / "again.csv"
    again.write_text(printed, encoding="utf-8")
    before = cli("types", "show", "STEM kit", "--json").json
    assert {"component", "quantity", "bag", "critical"} == set(before["contents"][0])
    assert cli("types", "import", again).code == 0
    assert cli("types", "show", "STEM kit", "--json").json == before
    slip = cli("add", "--type", "STME kit", "--new", "--json").json["tag"]
    merged = cli("types", "merge", "STME kit", "STEM kit", "--json").json
    assert (merged["type"], merged["also"]) == ("STEM kit", ["STME kit"])
    assert merged["holdings"] == before["holdings"] + 1
    assert cli("show", slip, "--json").json["type"] == "STEM kit"
    assert cli("add", "--type", "stme KIT", "--json").json["type"] == "STEM kit"
    renamed = cli("types", "rename", "STEM kit", "Science kit", "--json").json
    assert {"STEM kit", "STME kit"} == set(renamed["also"])
    assert cli("types", "show", "STEM kit", "--json").json["type"] == "Science kit"
    same = cli("types", "merge", "STEM kit", "Science kit", "--json")
    assert (same.code, same.error["code"]) == (2, "same_type")
    unknown = cli("types", "show", "Sciense kit", "--json")
    assert (unknown.code, unknown.error["code"]) == (2, "unknown_type")
    assert unknown.error["details"]["near"] == ["Science kit"]
    assert cli("ledger", "verify", "--json").json["ok"]


def test_contacts(cli: Cli, stock: Stock) -> None:
    """Entered, listed, on the kit's page and its loan, undone, erased."""
    cli("checkout", "FC001", "--to", "A Primary", "--contact", "Pat Example")
    args = ("--email", "pat@school.example", "--phone", "01292 555 123", "--of", "A Primary")
    made = cli("contacts", "set", "Pat Example", *args, "--json").json["contact"]
    assert made["organisation"] == "A Primary"
    listed = cli("contacts", "--of", "A Primary", "--json").json
    assert (listed["total"], listed["items"]) == (1, [made])
    person = {key: made[key] for key in ("name", "email", "phone")}
    assert cli("show", "FC001", "--json").json["contact"] == person
    assert cli("loans", "--to", "A Primary", "--json").json["items"][0]["contact"] == person
    assert "01292 555 123" in cli("contacts").out
    assert cli("undo", "--list", "--json").json["items"][0]["kind"] == "contacts.set"
    assert cli("undo", "--json").json["undone"]["kind"] == "contacts.set"
    assert cli("contacts", "--of", "A Primary", "--json").json["items"][0]["phone"] is None
    cli("undo", "--redo")
    bad = cli("contacts", "set", "Pat Example", "--phone", "ring me", "--json")
    assert (bad.code, bad.error["code"]) == (2, "bad_phone")
    assert cli("erase", "Pat Example").code == 0
    assert cli("contacts", "--of", "A Primary", "--json").json["items"] == []
    assert cli("ledger", "verify", "--json").json["ok"]


def test_the_chase_list(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """Whom to ring about what, for a spreadsheet and on paper; nothing in it runs."""
    late = in_days(-9).isoformat()
    kit = cli("add", "--type", "<b>Kit</b>", "--asset-number", "X1", "--received", late).out
    assert "taken in" in kit
    cli("checkout", "X1", "--to", "-1+1 School", "--contact", "Pat", "--on", late, "--due", "2d")
    cli("contacts", "set", "Pat", "--phone", "+44 1292 555", "--email", "pat@school.example")
    sheet, page = tmp_path / "late.csv", tmp_path / "late.html"
    answer = cli("loans", "--overdue", "--csv", sheet, "--html", page, "--json").json
    assert (answer["csv"], answer["html"]) == (str(sheet), str(page))
    rows = list(csv.DictReader(sheet.read_text(encoding="utf-8").splitlines()))
    assert list(rows[0]) == [*CHASE, "days late"]
    assert len(rows) == answer["total"] == cli("loans", "--overdue", "--json").json["total"]
    mine = next(row for row in rows if row["college's number"] == "X1")
    assert mine["school"] == "'-1+1 School"
    assert mine["phone"] == "'+44 1292 555"
    assert (mine["out"], mine["due"], mine["days late"]) == (late, in_days(-7).isoformat(), "7")
    html = page.read_text(encoding="utf-8")
    assert "&lt;b&gt;Kit&lt;/b&gt;" in html
    assert "<b>" not in html
    for each in ("pat@school.example", "+44 1292 555", "X1", "-1+1 School"):
        assert each in html
    over = cli("loans", "--csv", cli("init", "fife", "--json").json["store"], "--json")
    assert (over.code, over.error["code"]) == (2, "is_a_store")


def test_after_whom_a_part_was_missing(cli: Cli, stock: Stock) -> None:
    """Who lost it; a part that nobody had out is nobody's."""
    kit = cli("add", "--type", "STEM kit", "--json").json["tag"]
    cli("count", kit, "--missing", "Panel=1")
    loan = cli("checkout", kit, "--to", "A Primary", "--json").json["loans"][0]["id"]
    cli("checkin", kit, "--uncounted")
    cli("count", kit, "--missing", "Wheel=2", "--missing", "Panel=1")
    other = cli("checkout", kit, "--to", "B Primary", "--new", "--json").json["loans"][0]["id"]
    cli("checkin", kit, "--broken", "Wheel hub=1")
    found = {
        each["component"]: each
        for each in cli("shortages", "--json").json["items"]
        if each["tag"] == kit
    }
    assert all(each["college"] == "fife" for each in found.values())
    assert found["Panel"]["found_after"] is None
    assert found["Wheel"]["found_after"] == {"loan": loan, "to": "A Primary"}
    assert found["Wheel hub"]["found_after"] == {"loan": other, "to": "B Primary"}
    assert "found after A Primary had it" in cli("shortages").out


def test_numbers_that_exist(cli: Cli, stock: Stock) -> None:
    """Refused by each command that sets one; several come in with the numbers after the first."""
    for args in (
        ("add", "--type", "STEM kit", "--asset-number", "fc001"),
        ("amend", stock.goggles, "--asset-number", "FC001"),
        ("add", "--type", "STEM kit", "--asset-number", "FC000", "--each", "2"),
    ):
        refused = cli(*args, "--json")
        assert (refused.code, refused.error["code"]) == (1, "number_taken")
    made = cli("add", "--type", "STEM kit", "--each", "3", "--asset-number", "Z9", "--json").json
    assert [each["asset_number"] for each in made["items"]] == ["Z9", "Z10", "Z11"]
    found = cli("find", "z", "stem", "--json").json["items"]
    numbers = [each["asset_number"] for each in found if (each["asset_number"] or "")[0:1] == "Z"]
    assert numbers == ["Z9", "Z10", "Z11"]
