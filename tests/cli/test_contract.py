"""What scripts hold on to: every command's JSON, in the shapes that the interface promises."""

import re
import sqlite3
from pathlib import Path

from PIL import Image

from cli.running import Cli, Stock, rendered
from cli.shapes import (
    FIGURES,
    HOLDING,
    LOAN,
    LOAN_OF_HOLDING,
    SHORTAGE,
    has,
    in_days,
    times_are_right,
)


def test_show(cli: Cli, stock: Stock) -> None:
    """A script that prints a kit's page reads these names."""
    shown = cli("show", stock.lent, "--json").json
    has(shown, *HOLDING, "history", loan=LOAN_OF_HOLDING, history={"at", "kind", "by", "summary"})
    assert shown["tag"] == stock.lent
    assert (shown["type"], shown["college"], shown["region"]) == ("STEM kit", "fife", "FIF")
    assert (shown["status"], shown["quantity"], shown["out_quantity"]) == ("out", 1, 1)
    assert shown["loan"]["to"] == "Balwearie High School"
    assert shown["loan"]["overdue"] is False
    assert shown["loan"]["due_on"] == in_days(14).isoformat()
    assert [line["kind"] for line in shown["history"]] == [
        "holding.accessioned",
        "loan.checked_out",
    ]


def test_show_of_what_is_here(cli: Cli, stock: Stock) -> None:
    """No loan is null, no shortage an empty list, and neither is left out."""
    shown = cli("show", "FC001", "--json").json
    assert shown["loan"] is None
    assert shown["shortages"] == []
    short = cli("show", "FC004", "--json").json
    assert short["status"] == "incomplete"
    assert short["shortages"] == [{"component": "Spanner", "missing": 1, "broken": 0}]
    has(short, last_sighted={"at", "by"})
    assert short["last_sighted"]["by"] == "j.bain"


def test_show_tells_the_gift_terms(cli: Cli, stock: Stock) -> None:
    """A donor asks after a gift years later; its terms must come out as they went in."""
    added = cli(
        "add", "--type", "Telescope", "--donor", "RAF (Youth & STEM)", "--title",
        "on_loan_from_donor", "--document", "SLA 12/3", "--value", "£1,200.50", "--value-basis",
        "invoice", "--valued", "31/3/2024", "--funding-source", "IET", "--json",
    ).json  # fmt: skip
    gift = cli("show", added["tag"], "--json").json["gift"]
    assert (gift["donor"], gift["title"]) == ("RAF (Youth & STEM)", "on_loan_from_donor")
    assert (gift["funding_source"], gift["document"]) == ("IET", "SLA 12/3")
    assert (gift["value_pence"], gift["value_basis"]) == (120050, "invoice")
    assert gift["valued_on"] == "2024-03-31"


def test_add(cli: Cli, stock: Stock) -> None:
    """A script that takes in a delivery needs the tags to label."""
    added = cli("add", "--type", "stem  KIT", "--asset-number", "FC100", "--json").json
    has(added, "tag", "type", "asset_number", "quantity")
    assert added["type"] == "STEM kit", "spellings are folded by case and space"
    assert (added["asset_number"], added["quantity"]) == ("FC100", 1)
    loose = cli("add", "--type", "Crocodile leads", "--quantity", "120", "--json").json
    assert (loose["asset_number"], loose["quantity"]) == (None, 120)


def test_find(cli: Cli, stock: Stock) -> None:
    """An item of a search is a holding's page without its history."""
    found = cli("find", "goggles", "--json").json
    has(found, "items", "total", "next", items=HOLDING)
    assert (found["total"], found["next"]) == (1, None)
    assert found["items"][0]["tag"] == stock.goggles
    assert "history" not in found["items"][0]
    nothing = cli("find", "no such thing", "--json")
    assert (nothing.code, nothing.json) == (0, {"items": [], "total": 0, "next": None})


def test_find_page_after_page(cli: Cli, tmp_path: Path) -> None:
    """A script that follows `next` must see every holding once."""
    register = tmp_path / "many.csv"
    register.write_text("Kit No,Description\n" + "".join(f"N{i},Kit\n" for i in range(450)))
    cli("init", "fife")
    cli("import", register)
    seen: list[str] = []
    page = cli("find", "kit", "--json").json
    while page["next"]:
        seen += [item["asset_number"] for item in page["items"]]
        page = cli("find", "kit", "--after", page["next"], "--json").json
        assert page["total"] == 450
    seen += [item["asset_number"] for item in page["items"]]
    assert sorted(seen) == sorted(f"N{i}" for i in range(450))


def test_loans(cli: Cli, stock: Stock) -> None:
    """Whoever chases loans works from this list."""
    cli(
        "checkout",
        stock.goggles,
        "--to",
        "Viewforth High School",
        "--quantity",
        "12",
        "--due",
        "0d",
    )
    found = cli("loans", "--json").json
    has(found, "items", "total", "next", items=LOAN)
    assert [item["to"] for item in found["items"]] == [
        "Viewforth High School",
        "Balwearie High School",
    ], "those due first first"
    assert found["items"][0]["quantity"] == 12
    only = cli("loans", "--to", "balwearie high school", "--json").json
    assert [item["tag"] for item in only["items"]] == [stock.lent]
    assert cli("loans", "--overdue", "--json").json == {"items": [], "total": 0, "next": None}


def test_shortages(cli: Cli, stock: Stock) -> None:
    """The shopping list of the technician who makes kits whole again."""
    found = cli("shortages", "--json").json
    has(found, "items", "total", "next", items=SHORTAGE | {"tag"})
    assert [(i["tag"], i["component"], i["missing"]) for i in found["items"]] == [
        (stock.unusable, "Spanner", 1)
    ]


def test_checkout(cli: Cli, stock: Stock) -> None:
    """A desk of somebody else's making lends through this."""
    due = in_days(30)
    answer = cli(
        "checkout", "fc001", stock.goggles, "--to", "Glenwood High School",
        "--due", due.strftime("%d/%m/%Y"), "--json",
    )  # fmt: skip
    assert answer.code == 0
    has(answer.json, "loans", loans={"id", "tag", "to", "due_on"})
    assert [loan["tag"] for loan in answer.json["loans"]] == [stock.kit, stock.goggles]
    assert {loan["due_on"] for loan in answer.json["loans"]} == {due.isoformat()}
    open_now = {loan["id"] for loan in cli("loans", "--json").json["items"]}
    assert {loan["id"] for loan in answer.json["loans"]} < open_now


def test_checkin(cli: Cli, stock: Stock) -> None:
    """What is short after a return is in the answer, and nothing is when nobody counted."""
    loan = cli("show", stock.lent, "--json").json["loan"]["id"]
    back = cli(
        "checkin", "FC002", "--missing", "wheel=2", "--broken", "Panel=1", "--json"
    ).json  # fmt: skip
    has(back, "loans", loans={"id", "tag", "shortages"})
    (line,) = back["loans"]
    assert (line["id"], line["tag"]) == (loan, stock.lent)
    assert line["shortages"] == [
        {"component": "Panel", "missing": 0, "broken": 1},
        {"component": "Wheel", "missing": 2, "broken": 0},
    ]


def test_nobodys_count_is_assumed(cli: Cli, stock: Stock) -> None:
    """Without a terminal and without an answer a kit is back, and waits to be counted."""
    back = cli("checkin", "FC002")
    assert back.code == 0
    assert "TO BE COUNTED" in back.out
    assert cli("show", "FC002", "--json").json["status"] == "uncounted"
    refused = cli("checkout", "FC002", "--to", "Glenwood High School", "--json")
    assert (refused.code, refused.error["code"]) == (1, "uncounted")
    assert cli("count", "FC002", "--whole").code == 0
    assert cli("checkout", "FC002", "--to", "Glenwood High School").code == 0


def test_renew_undo_count_restock(cli: Cli, stock: Stock) -> None:
    """Each answers with one document too."""
    renewed = cli("renew", "FC002", "--due", "30d", "--json").json
    due = in_days(30)
    assert renewed["loan"]["due_on"] == due.isoformat()
    undone = cli("undo", "--json").json
    assert undone["undone"]["tags"] == [stock.lent]
    counted = cli("count", "FC004", "--missing", "Wheel=2", "--json").json
    assert [s["component"] for s in counted["shortages"]] == ["Spanner", "Wheel"]
    restocked = cli("restock", "FC004", "Wheel=2", "--json").json
    assert [s["component"] for s in restocked["shortages"]] == ["Spanner"]
    for document in (renewed, undone, counted, restocked):
        times_are_right(document)


def test_what_the_register_says_is_put_right(cli: Cli, stock: Stock) -> None:
    """Three pairs that a school lost would be overdue for ever, a wrong number on every label."""
    cli("checkout", stock.goggles, "--to", "Viewforth", "--quantity", "12")
    few = cli("amend", stock.goggles, "--quantity", "11", "--json")
    assert (few.code, few.error["code"]) == (1, "more_out")
    cli("checkin", stock.goggles)
    told = cli("amend", stock.goggles, "--quantity", "27", "--asset-number", "GG 1", "--json").json
    assert told == {
        "tag": stock.goggles,
        "type": "Safety goggles",
        "quantity": 27,
        "asset_number": "GG 1",
        "serial": None,
        "gift": told["gift"],
    }
    assert told["gift"]["donor"] is None
    taken_away = cli("amend", "GG 1", "--asset-number", "", "--serial", "S7")
    assert taken_away.out.endswith(": 27 of them, serial number S7\n")
    assert cli("move", stock.goggles, "Store 2", "--json").json["location"] == "Store 2"
    shown = cli("show", stock.goggles, "--json").json
    assert (shown["quantity"], shown["location"]) == (27, "Store 2")
    said = [line["summary"] for line in shown["history"]]
    assert "quantity changed from 30 to 27; asset number GG 1 added" in said
    assert "asset number GG 1 removed; serial number S7 added" in said
    cli("undo")
    cli("undo")
    assert cli("show", "GG 1", "--json").json["tag"] == stock.goggles


def test_undo_is_ones_own(cli: Cli, stock: Stock) -> None:
    """A colleague's undo must not take back what I just did."""
    cli("checkout", "FC001", "--to", "Glenwood High School", as_="a.begg")
    refused = cli("undo", "--json", as_="m.ross")
    assert (refused.code, refused.error["code"]) == (1, "nothing_to_undo")
    assert cli("undo", as_="a.begg").code == 0
    assert cli("show", "FC001", "--json").json["status"] == "in"


def test_import(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A script that feeds registers in acts on these names."""
    register = tmp_path / "register.csv"
    register.write_text("Kit No,Description,Value\nX1,Kit,tbc\n,,\nX2,Kit,12.50\n")
    read = cli("import", register, "--json").json
    has(read, "rows", "added", "skipped", "columns", "problems")
    assert (read["rows"], read["added"], read["skipped"]) == (2, 2, 0)
    assert read["columns"] == {"Kit No": "asset_number", "Description": "type", "Value": "value"}
    (problem,) = read["problems"]
    assert set(problem) == {"severity", "sheet", "row", "column", "value", "problem"}
    assert (problem["severity"], problem["row"], problem["column"]) == ("warning", 2, "Value")


def test_labels(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A script that checks a sheet against its labels needs to know where each one lies."""
    out = tmp_path / "labels.pdf"
    made = cli("labels", stock.kit, "FC002", "--stock", "L7160", "--out", out, "--json").json
    has(made, "file", "pages", "labels", labels={"tag", "page", "x_mm", "y_mm"})
    assert (made["file"], made["pages"]) == (str(out), 1)
    assert [label["tag"] for label in made["labels"]] == [stock.kit, stock.lent]
    first, second = made["labels"]
    assert first["y_mm"] == second["y_mm"]
    assert second["x_mm"] > first["x_mm"]


def test_read(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A script that takes stock by photo gets a list for every picture, empty or not."""
    out, blank = tmp_path / "labels.pdf", tmp_path / "wall.png"
    Image.new("L", (400, 300), 255).save(blank)
    cli("labels", stock.kit, "--stock", "l7160", "--out", out)
    (page,) = rendered(out, tmp_path)
    read = cli("read", blank, page, "--json").json
    assert read == {
        "files": [{"file": str(blank), "tags": []}, {"file": str(page), "tags": [stock.kit]}]
    }


def test_ledger_verify(cli: Cli, stock: Stock) -> None:
    """A nightly check reads `ok`, and tells by the head whether anything came since."""
    verdict = cli("ledger", "verify", "--json").json
    has(verdict, "ok", "ledgers", "findings", ledgers={"ledger", "entries", "head"})
    assert verdict["ok"] is True
    assert verdict["findings"] == []
    (fife,) = verdict["ledgers"]
    assert fife["ledger"] == "fife"
    assert len(cli("ledger", "log", "--json").json["items"]) == fife["entries"]


def test_ledger_verify_finds_a_change_by_hand(cli: Cli, stock: Stock, store: Path) -> None:
    """Somebody who edits the file must be found out, with exit code 3 for the nightly check."""
    with sqlite3.connect(store) as file:
        file.execute("DROP TRIGGER entries_stay")  # as the owner of the file can
        file.execute("UPDATE ledger_entry SET body = replace(body, 'Balwearie', 'Viewforth')")
    file.close()
    verdict = cli("ledger", "verify", "--json")
    assert verdict.code == 3
    assert verdict.json["ok"] is False
    assert verdict.json["findings"][0]["code"] == "altered"


def test_ledger_export_and_import(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A file that comes twice must add nothing, and say so."""
    file, esp = tmp_path / "fife.kitloan", tmp_path / "esp.sqlite"
    entries = cli("ledger", "export", file, "--json").json["entries"]
    cli("init", "esp", store=esp)
    key = cli("key", "--json").json["fingerprint"]
    unknown = cli("ledger", "import", file, "--json", store=esp)
    assert (unknown.code, unknown.error["code"]) == (1, "unknown_key")
    assert unknown.error["details"]["ledger"] == "fife"
    assert unknown.error["details"]["fingerprint"] == key
    first = cli("ledger", "import", file, "--json", "--trust", key, store=esp).json
    assert first == {"files": [{"file": str(file), "ledger": "fife", "added": entries, "known": 0}]}
    again = cli("ledger", "import", file, "--json", store=esp).json
    assert again == {"files": [{"file": str(file), "ledger": "fife", "added": 0, "known": entries}]}


def test_audit(cli: Cli, stock: Stock) -> None:
    """ESP's report is made of these names."""
    audit = cli("audit", "--json").json
    has(
        audit, "as_at", "totals", "by_region", "by_college", "by_donor", "by_type", "findings",
        totals=FIGURES, findings={"code", "college", "tag", "message"},
    )  # fmt: skip
    assert audit["as_at"] == in_days(0).isoformat()
    assert audit["totals"]["colleges"] == 1
    assert (audit["totals"]["holdings"], audit["totals"]["out"]) == (7, 1)
    assert audit["totals"]["incomplete"] == 1
    for group in ("by_region", "by_college", "by_donor", "by_type"):
        assert all(FIGURES - {"colleges"} <= set(row) for row in audit[group]), group
        assert sum(row["holdings"] for row in audit[group]) == 7, group


def test_errors(cli: Cli, stock: Stock) -> None:
    """A refusal is a document as well, on stdout, with the same four parts every time."""
    for command in (("show", "nothing"), ("checkout", "FC002", "--to", "B"), ("import", "none")):
        answer = cli(*command, "--json")
        assert answer.code in (1, 2)
        assert set(answer.json) == {"error"}
        assert set(answer.error) == {"code", "message", "hint", "details"}
        assert re.fullmatch("[a-z_]+", answer.error["code"])
        assert answer.err == ""


def test_a_stock_on_several_loans(cli: Cli, stock: Stock) -> None:
    """Eighteen pairs out, and three of them found: the other loans would be nobody's."""
    ids = [
        cli("checkout", stock.goggles, "--to", to, "--quantity", n, "--json").json["loans"][0]["id"]
        for to, n in (("Viewforth", "3"), ("Glenwood", "10"), ("Viewforth", "5"))
    ]
    shown = cli("show", stock.goggles, "--json").json
    assert {each["id"]: each["quantity"] for each in shown["loans"]} == dict(
        zip(ids, (3, 10, 5), strict=True)
    )
    words = cli("show", stock.goggles).out
    assert words.count("  With Viewforth since ") == 2
    renewed = cli("renew", stock.goggles, "--from", "viewforth", "--due", "20d", "--json").json
    assert {renewed["loan"]["id"], *renewed["not_renewed"]} == {ids[0], ids[2]}
    assert "1 other loan" in cli("renew", stock.goggles, "--from", "Viewforth", "--due", "21d").out
    back = cli("checkin", stock.goggles, "--from", "Viewforth", "--json").json["loans"]
    assert {each["id"]: each["quantity"] for each in back} == {ids[0]: 3, ids[2]: 5}


def test_starting_a_college_again_or_by_a_slip(cli: Cli, tmp_path: Path) -> None:
    """A ledger that nobody meant to start is ESP's to explain, years later."""
    cli("init", "fife")
    again = cli("init", "fife", "--name", "Renamed", "--json")
    assert (again.code, again.json["name"]) == (0, "Fife College")
    assert "name is still Fife College" in again.err
    slip = cli("init", "fyfe", "--json", store=tmp_path / "fyfe.sqlite")
    assert (slip.code, slip.error["details"]["near"]) == (2, ["fife"])
    assert not (tmp_path / "fyfe.sqlite").exists()
    own = cli("init", "fyfe", "--name", "Fyfe Academy", "--json", store=tmp_path / "fyfe.sqlite")
    assert own.json["name"] == "Fyfe Academy"


def test_a_borrower_spelt_nearly_so(cli: Cli, stock: Stock) -> None:
    """That nothing is on loan would be believed, and the kit never be asked for."""
    slip = cli("loans", "--to", "balweary high school", "--json").json
    assert (slip["total"], slip["nearly"]) == (0, ["Balwearie High School"])
    assert "Balwearie High School" in cli("loans", "--to", "balweary high school").out
    assert "nearly" not in cli("loans", "--to", "balwearie high school", "--json").json


def test_one_bad_file_among_good_ones(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """What was merged or read is done, and a script must be told of it all the same."""
    cli("ledger", "export", tmp_path / "fife.kitloan")
    (tmp_path / "bad").write_text("no ledger")
    esp = tmp_path / "esp.sqlite"
    cli("init", "esp", store=esp)
    files = (tmp_path / "bad", tmp_path / "fife.kitloan")
    key = cli("key", "--json").json["fingerprint"]
    answer = cli("ledger", "import", *files, "--json", "--trust", key, store=esp)
    told = {Path(each["file"]).name: each for each in answer.error["details"]["files"]}
    assert answer.code == 2
    assert (told["fife.kitloan"]["ledger"], told["fife.kitloan"]["added"] > 0) == ("fife", True)
    assert told["bad"]["error"]["code"] == "bad_exchange_file"
    cli("labels", stock.kit, "--stock", "l7160", "--out", tmp_path / "x.pdf")
    answer = cli("read", tmp_path / "bad", tmp_path / "x.pdf", "--json")
    assert [each.get("tags") for each in answer.error["details"]["files"]] == [None, [stock.kit]]
    assert stock.kit[2:6] in cli("read", tmp_path / "bad", tmp_path / "x.pdf").out
