"""`kitloan import` when it asks: exit codes, maps written and read, bad rows, taking one back."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.running import Cli
from kitloan.imports.mapfile import load_map

CASES = Path(__file__).parents[1] / "imports" / "cases"


@pytest.fixture
def fife_cli(cli: Cli) -> Iterator[Cli]:
    """A command line with a store of Fife."""
    cli("init", "fife")
    yield cli


def test_the_exit_code_while_a_question_is_open(fife_cli: Cli) -> None:
    """A script must not go on as if the register were in."""
    for options in (("--dry-run",), ()):
        asked = fife_cli("import", CASES / "remark_says_lent.csv", *options, "--json")
        assert (asked.code, asked.error["code"]) == (2, "unanswered")
        (question,) = asked.json["questions"]
        assert set(question) == {
            *("id", "sheet", "column", "rows", "why", "proposed", "samples"),
        }
        assert (question["column"], question["rows"]) == ("Notes", [2])
        assert question["proposed"] == "on_loan_to"
    taken = fife_cli("import", CASES / "remark_says_lent.csv", "--accept-proposed", "--json")
    assert (taken.code, taken.json["loans"]) == (0, 1)
    (loan,) = fife_cli("loans", "--json").json["items"]
    assert (loan["to"], loan["due_on"]) == ("Kyle Academy", "2026-12-12"), "as the note has it"


def test_the_written_map_answers(fife_cli: Cli, tmp_path: Path) -> None:
    """A map that is written must be one that can be read, and that says what is proposed."""
    written = tmp_path / "map.toml"
    asked = fife_cli("import", CASES / "status_column.csv", "--write-map", written, "--json")
    assert (asked.code, asked.error["code"]) == (2, "unanswered")
    made = load_map(written)
    assert made.proposed
    assert made.values["status"] == {
        "lost": "missing",
        "scrapped 12/03/2025": "withdrawn",
        "disposed": "withdrawn",
    }
    taken = fife_cli("import", CASES / "status_column.csv", "--map", written, "--json")
    assert (taken.code, taken.json["added"]) == (0, 4)


def test_the_map_is_written_beside_the_register(fife_cli: Cli, tmp_path: Path) -> None:
    """With its answers confirmed, the next reading asks nothing."""
    file = tmp_path / "kits.csv"
    file.write_bytes((CASES / "duplicate_headers.csv").read_bytes())
    taken = fife_cli("import", file, "--accept-proposed", "--write-map", "--json")
    assert taken.json["map_written"] == str(tmp_path / "kits.map.toml")
    again = fife_cli("import", file, "--json")
    assert (again.code, again.json["questions"], again.json["map"]) == (0, [], "kits.map.toml")


def test_rows_in_error_are_written_with_the_reason(fife_cli: Cli, tmp_path: Path) -> None:
    """One bad row does not stop a college, and is not forgotten."""
    file = tmp_path / "kits.csv"
    file.write_bytes((CASES / "quantities_in_words.csv").read_bytes())
    refused = fife_cli("import", file, "--json")
    assert (refused.code, refused.error["code"]) == (2, "rows_in_error")
    taken = fife_cli("import", file, "--skip-problems", "--json")
    bad = Path(taken.json["not_taken"])
    text = bad.read_text(encoding="utf-8-sig")
    assert [line.split(",")[:2] for line in text.splitlines()[1:]] == [
        ["Foil", "1/2 roll"],
        ["Lead", "12+"],
    ]
    bad.write_text(text.replace("1/2 roll", "1").replace("12+,", "12,"), encoding="utf-8-sig")
    mended = fife_cli("import", bad, "--json")
    assert (mended.code, mended.json["added"], mended.json["kept"]) == (0, 2, [])


def test_no_row_in_error_comes_back_as_a_formula(fife_cli: Cli, tmp_path: Path) -> None:
    """Whatever separator a spreadsheet program prefers: in a cell, a heading, and the reason."""
    file = tmp_path / "kits.csv"
    file.write_text(
        'Asset number,Type,Quantity,"Notes;=1+1"\n'
        '1,Kit,1/2 roll,"Club;=1+1"\n2,"@A1",1/2 roll,"-5+5"\n3,Kit,=2,"a\t+x"\n',
        encoding="utf-8",
    )
    taken = fife_cli("import", file, "--accept-proposed", "--skip-problems", "--json")
    text = Path(taken.json["not_taken"]).read_text(encoding="utf-8-sig")
    assert "Club" in text and "1+1" in text
    for separator in (",", ";", "\t", "|"):
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            for row in csv.reader(text.split("\n"), delimiter=separator, quoting=quoting):
                for cell in row:
                    assert cell.strip(' "\r')[:1] not in tuple("=+-@") or cell == ""


def test_an_import_is_undone_from_the_command_line(fife_cli: Cli, tmp_path: Path) -> None:
    """By the file's name, or by the id that the import gave."""
    file = tmp_path / "kits.csv"
    file.write_text("Kit no,Item\n1,Camera\n", encoding="utf-8")
    imported = fife_cli("import", file, "--json").json["id"]
    undone = fife_cli("import", "--undo", imported, "--json")
    assert undone.json["undone"]["holdings"] == 1
    assert fife_cli("find", "", "--json").json["total"] == 0
    again = fife_cli("import", "--undo", file, "--json")
    assert (again.code, again.error["code"]) == (2, "no_such_import")
    assert json.loads(again.out)["error"]["message"]
