"""Registers in, as colleges have them: the whole file, its problems, and the second reading."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cli.running import REGISTERS, Answer, Cli, Untouched

AYRSHIRE = REGISTERS / "ayrshire.csv"
HEBRIDES = REGISTERS / "north-west-hebrides.xlsx"


@pytest.fixture
def ayrshire(cli: Cli) -> Answer:
    """Ayrshire's store, with the good rows of its register."""
    cli("init", "ayrshire")
    return cli("import", AYRSHIRE, "--skip-problems", "--json")


def holdings(cli: Cli, text: str = "") -> dict[str, dict[str, Any]]:
    """What the store holds, by asset number."""
    return {item["asset_number"]: item for item in cli("find", text, "--json").json["items"]}


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_with_an_error_nothing_is_taken(
    cli: Cli, nothing_changes: Untouched, options: tuple[str, ...]
) -> None:
    """A register that is half in is worse than one that is out; a dry run tells the same."""
    cli("init", "ayrshire")
    with nothing_changes():
        answer = cli("import", AYRSHIRE, *options, "--json")
        words = cli("import", AYRSHIRE, *options)
    assert (answer.code, answer.error["code"]) == (2, "rows_in_error")
    assert (answer.json["rows"], answer.json["added"], answer.json["skipped"]) == (30, 0, 30)
    assert words.code == 2
    assert "Kit No -> asset number" in words.out, "which column was taken for what is told anyway"
    assert "--skip-problems" in words.err


def test_a_dry_run_tells_and_changes_nothing(cli: Cli, nothing_changes: Untouched) -> None:
    """People look before they leap, and the look must not be the leap."""
    cli("init", "ayrshire")
    with nothing_changes():
        answer = cli("import", AYRSHIRE, "--dry-run", "--skip-problems", "--json")
    assert answer.code == 0
    assert (answer.json["added"], answer.json["skipped"]) == (29, 1)


def test_the_good_rows_are_taken_when_told(ayrshire: Answer) -> None:
    """One kit entered twice must not keep the other twenty-nine out for good."""
    assert ayrshire.code == 0
    read = ayrshire.json
    assert (read["rows"], read["added"], read["skipped"]) == (30, 29, 1)
    assert read["columns"] == {
        "Kit No": "asset_number",
        "Description": "type",
        "Donated by": "donor",
        "Where kept": "location",
        "Qty": "quantity",
        "Condition": "condition",
        "Last checked": "last_sighted_on",
        "On loan to": "on_loan_to",
        "Due back": "due_on",
        "Value (£)": "value",
        "Notes": "kept as a note",
    }


def test_every_problem_has_its_place(ayrshire: Answer) -> None:
    """Whoever mends the spreadsheet goes by sheet, row and column, as it shows them."""
    problems = [
        (p["severity"], p["sheet"], p["row"], p["column"], p["value"])
        for p in ayrshire.json["problems"]
    ]
    assert problems == [
        ("error", "ayrshire", 9, "Kit No", "AC0004"),
        ("warning", "ayrshire", 14, "Last checked", "31/02/2024"),
        ("warning", "ayrshire", 17, "Value (£)", "tbc"),
        ("warning", "ayrshire", 37, "", "TOTAL"),
    ]


def test_a_second_reading_adds_nothing(
    cli: Cli, ayrshire: Answer, nothing_changes: Untouched
) -> None:
    """The register comes again every month; the kits in it are the same kits."""
    with nothing_changes():
        again = cli("import", AYRSHIRE, "--skip-problems", "--json")
    assert (again.code, again.json["added"], again.json["skipped"]) == (0, 0, 30)
    assert cli("find", "", "--json").json["total"] == 29


def test_what_the_rows_say_comes_to_stand(cli: Cli, ayrshire: Answer) -> None:
    """A value that cannot be read is left out, never guessed; all others are as written."""
    held = holdings(cli)
    assert set(held) == {f"AC{n:04}" for n in range(1, 31)} - {"AC0005"}
    assert held["AC0016"]["type"] == "MTa STEM Kit", "spelt with spaces around it"
    assert held["AC0021"]["gift"]["value_pence"] == 34999
    assert held["AC0029"]["gift"]["value_pence"] == 120000
    assert held["AC0030"]["gift"]["value_pence"] == 240
    assert held["AC0013"]["gift"]["value_pence"] is None, "tbc"
    assert held["AC0010"]["last_sighted"] is None, "31 February"
    assert held["AC0001"]["last_sighted"]["at"].startswith("2025-07-0")
    assert held["AC0002"]["location"] == "Ayr - Store 2, shelf B"
    assert held["AC0030"]["quantity"] == 30


def test_who_has_a_kit_now_becomes_a_loan(cli: Cli, ayrshire: Answer) -> None:
    """A kit that the register says is out must not be looked for on the shelf."""
    numbers = {item["tag"]: number for number, item in holdings(cli).items()}
    loans = {
        numbers[item["tag"]]: (item["to"], item["due_on"])
        for item in cli("loans", "--json").json["items"]
    }
    assert loans == {
        "AC0002": ("Belmont Academy", "2026-11-25"),
        "AC0004": ("Kilmarnock Academy", "2026-11-19"),
        "AC0013": ("Dalry Primary", "2026-12-14"),
        "AC0017": ("Garnock Community Campus", "2026-11-27"),
        "AC0022": ("Loudoun Academy", "2026-12-14"),
        "AC0025": ("Dalry Primary", "2026-11-16"),
    }
    back = cli("checkin", "AC0002", "--json")
    assert (back.code, back.json["loans"][0]["to"]) == (0, "Belmont Academy")


def test_notes_are_kept_and_shown(cli: Cli, ayrshire: Answer) -> None:
    """What a technician once wrote about a kit is often all that anybody knows."""
    page = cli("show", "AC0021").out
    assert "Lid cracked; replacement on order. Contents list is the 2019 one" in page
    assert "Fair - bag torn" in page
    assert "2 x wheels missing" in cli("show", "AC0002").out


def test_the_register_is_no_desk_action(cli: Cli, ayrshire: Answer) -> None:
    """One undo too many takes no row of the register away, and is answered with what was last."""
    refused = cli("undo", "--json")
    assert (refused.code, refused.error["code"]) == (1, "cannot_undo")


def test_a_workbook_of_several_sheets(cli: Cli) -> None:
    """Headers on the third line, real dates, two sheets of different columns."""
    cli("init", "uhi-nwh")
    taken = cli("import", HEBRIDES, "--json").json
    assert [(p["severity"], p["sheet"], p["row"], p["value"]) for p in taken["problems"]] == [
        ("warning", "Loose stock", 4, "0"),
    ]
    assert taken["questions"] == []
    assert [(s["sheet"], s["taken"]) for s in taken["sheets"]] == [
        ("Kits", True),
        ("Loose stock", True),
    ]
    assert (taken["rows"], taken["added"], taken["skipped"]) == (28, 27, 1)
    held = holdings(cli)
    assert held["NWH-001"]["loan"]["to"] == "Plockton High School"
    assert held["NWH-001"]["received_on"] == "2025-01-08"
    assert held["NWH-001"]["loan"]["due_on"] is None, "the register names no day, so there is none"
    assert held["NWH-002"]["loan"] is None, "a borrower of one space is nobody"
    assert held["NWH-002"]["serial"] == "100200301"
    assert held["NWH-011"]["type"] == held["NWH-003"]["type"], "MTA Stem Kit is MTa STEM kit"
    assert held["NWH-011"]["loan"]["to"] == "Sgoil Àrd Phort Rìgh"
    assert cli("find", "goggles", "--json").json["items"][0]["quantity"] == 45
    again = cli("import", HEBRIDES, "--skip-problems", "--json").json
    assert again["added"] == 0, "loose stock, which has no number, is known again too"


def test_former_names_of_a_college_are_its_own(cli: Cli, tmp_path: Path) -> None:
    """After a merger half the register still says what the college was called before."""
    cli("init", "uhi-nwh")
    ours = cli("import", HEBRIDES, "--skip-problems", "--json").json["problems"]
    assert not [p for p in ours if p["column"] == "Home college"]
    fife = tmp_path / "fife-too.sqlite"
    cli("init", "fife", store=fife)
    theirs = cli("import", HEBRIDES, "--skip-problems", "--json", store=fife).json["problems"]
    said = [p for p in theirs if p["column"] == "Home college"]
    assert len(said) == 24
    assert {p["severity"] for p in said} == {"warning"}


@pytest.mark.parametrize("name", ["Lews Castle College UHI", "UHI Outer Hebrides", "uhi-nwh"])
def test_a_college_is_started_by_any_of_its_names(cli: Cli, name: str) -> None:
    """Nobody must know our ids by heart."""
    assert cli("init", name, "--json").json["college"] == "uhi-nwh"


def test_a_map_says_what_headers_do_not(cli: Cli, tmp_path: Path) -> None:
    """A register with headers of the college's own making is read without being rewritten."""
    cli("init", "fife")
    register, mapped = tmp_path / "register.csv", tmp_path / "map.toml"
    register.write_text("Nummer,Ding,Kasten\n7,Telescope,A\n8,Globe,B\n")
    mapped.write_text('[columns]\nNummer = "asset_number"\nDing = "type"\n')
    assert cli("import", register, "--json").error["code"] == "not_a_register"
    read = cli("import", register, "--map", mapped, "--json").json
    assert read["columns"] == {
        "Nummer": "asset_number",
        "Ding": "type",
        "Kasten": "kept as a note",
    }
    assert read["added"] == 2
    assert "Kasten: B" in cli("show", "8").out


ROWS = "Kit No{0}Description{0}Where kept\nX1{0}Sgoil Àrd kit{0}Càrn\n"


@pytest.mark.parametrize(
    ("delimiter", "encoding"),
    [(",", "utf-8"), (",", "utf-8-sig"), (";", "cp1252"), ("\t", "cp1252"), ("\t", "utf-16")],
)
def test_csv_as_programs_write_it(cli: Cli, tmp_path: Path, delimiter: str, encoding: str) -> None:
    """A spreadsheet program asks nobody which CSV to write."""
    cli("init", "fife")
    register = tmp_path / "register.csv"
    register.write_text(ROWS.format(delimiter), encoding=encoding)
    assert cli("import", register).code == 0
    item = holdings(cli)["X1"]
    assert (item["type"], item["location"]) == ("Sgoil Àrd kit", "Càrn")


def test_a_formula_is_never_run_nor_kept(
    cli: Cli, tmp_path: Path, nothing_changes: Untouched
) -> None:
    """What a spreadsheet would run must not wait in the register for the next spreadsheet."""
    cli("init", "fife")
    register = tmp_path / "register.csv"
    register.write_text('Kit No,Description\nX1,"=HYPERLINK(""http://x.example"")"\nX2,Kit\n')
    with nothing_changes():
        refused = cli("import", register, "--json")
    assert refused.code == 2
    assert [(p["row"], p["column"]) for p in refused.json["problems"]] == [(2, "Description")]
    book = openpyxl.Workbook()
    book.active.append(["Kit No", "Description"])
    book.active.append(["X1", "=A1"])
    book.save(tmp_path / "register.xlsx")
    with nothing_changes():
        assert cli("import", tmp_path / "register.xlsx").code == 2


def test_nothing_is_said_of_what_is_quick(cli: Cli, tmp_path: Path) -> None:
    """Progress is for what takes longer than a second; the nightly log stays empty."""
    cli("init", "fife")
    register = tmp_path / "short.csv"
    register.write_text("Kit No,Description\nX1,Kit\n")
    assert cli("import", register).err == ""
