"""Rolls, printing and claiming at the command line, with a printer's queue that writes a diary."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.running import Cli, Stock
from kitloan.text.tags import grouped, mint

Queue = Callable[[], list[list[str]]]

LP = """#!{python}
import json, sys
with open({diary!r}, "a", encoding="utf-8") as diary:
    diary.write(json.dumps(sys.argv[1:]) + "\\n")
if "broken" in sys.argv:
    sys.exit("lp: The printer or class does not exist.")
"""


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Queue:
    """A system whose `lp` notes what it was asked; gives those notes."""
    if os.name == "nt":
        pytest.skip("Windows prints by a file's own verb")
    (tmp_path / "bin").mkdir()
    lp = tmp_path / "bin" / "lp"
    diary = tmp_path / "diary"
    lp.write_text(LP.format(python=sys.executable, diary=str(diary)), encoding="utf-8")
    lp.chmod(0o755)
    monkeypatch.setenv("PATH", str(lp.parent))

    def asked() -> list[list[str]]:
        return [json.loads(line) for line in diary.read_text(encoding="utf-8").splitlines()]

    return asked


def test_roll_labels_are_read_as_they_were_printed(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A label that does not scan is found out at the counter, with a school waiting."""
    out = tmp_path / "labels"
    made = cli("labels", "--all", "--stock", "DK-11209", "--out", out, "--json").json
    assert (made["file"], made["pages"]) == (str(out), 7)
    printed = [label["tag"] for label in made["labels"]]
    files = cli("read", *sorted(out.iterdir()), "--json").json["files"]
    assert [each["tags"] for each in files] == [[tag] for tag in printed]
    nothing = cli("labels", "--unlabelled", "--stock", "dk11209", "--out", out, "--json")
    assert nothing.error["code"] == "nothing_to_print", "they are on record"


def test_a_look_at_a_roll_label_is_not_on_record(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A look before printing must not make kits count as labelled."""
    picture = tmp_path / "look.png"
    cli("labels", "FC001", "--stock", "tze24", "--preview", picture)
    assert cli("read", picture, "--json").json["files"][0]["tags"] == [stock.kit]
    left = cli("labels", "--unlabelled", "--stock", "tze24", "--out", tmp_path / "x", "--json").json
    assert stock.kit in [label["tag"] for label in left["labels"]]


def test_a_sheet_is_sent_to_the_printer_that_was_named(
    cli: Cli, stock: Stock, queue: Queue, tmp_path: Path
) -> None:
    """A page that the print system scales misses its labels."""
    out = tmp_path / "labels.pdf"
    answer = cli("labels", "FC001", "--stock", "l7160", "--out", out, "--print", "Office 2; rm -r")
    assert answer.code == 0
    assert "Sent to the printer" in answer.out
    (asked,) = queue()
    assert asked[asked.index("-d") + 1] == "Office 2; rm -r", "one argument, seen by no shell"
    assert {"media=A4", "print-scaling=none"} <= set(asked)
    assert asked[-1] == str(out)
    assert out.exists()


def test_roll_labels_are_sent_in_their_order(
    cli: Cli, stock: Stock, queue: Queue, tmp_path: Path
) -> None:
    """Labels that come off the roll out of order are stuck on the wrong kits."""
    out = tmp_path / "labels"
    made = cli("labels", "--all", "--stock", "dk11209", "--out", out, "--print", "--json").json
    assert made["sent"] is True
    (asked,) = queue()
    assert "-d" not in asked, "the system's own printer"
    assert "ppi=300" in asked
    files = [Path(each) for each in asked[asked.index("--") + 1 :]]
    assert [file.stem.partition("-")[2] for file in files] == [
        label["tag"] for label in made["labels"]
    ]


def test_zpl_goes_to_a_zebra_as_it_is(cli: Cli, stock: Stock, queue: Queue, tmp_path: Path) -> None:
    """A driver would print the commands as words."""
    out = tmp_path / "labels.zpl"
    cli("labels", "FC001", "--stock", "zebra:51x25@300", "--out", out, "--print", "zebra")
    (asked,) = queue()
    assert asked[asked.index("-o") + 1] == "raw"


def test_a_sheet_is_printed_whatever_it_is_called(
    cli: Cli, stock: Stock, queue: Queue, tmp_path: Path
) -> None:
    """A file without a suffix is a PDF all the same."""
    out = tmp_path / "labels"
    assert cli("labels", "FC001", "--stock", "l7160", "--out", out, "--print").code == 0
    assert "media=A4" in queue()[0]


def test_an_american_sheet_is_printed_on_its_own_paper(
    cli: Cli, stock: Stock, queue: Queue, tmp_path: Path
) -> None:
    """A sheet of Letter that is printed as A4 misses its labels."""
    out = tmp_path / "labels.pdf"
    made = cli("labels", "FC001", "--stock", "Avery 8160", "--out", out, "--print", "--json").json
    assert made["notes"] == ["Avery 8160 has the same cut as Avery 5160 (US Letter)."]
    assert "media=Letter" in queue()[0]


def test_a_printer_that_refuses_leaves_the_file(
    cli: Cli, stock: Stock, queue: Queue, tmp_path: Path
) -> None:
    """Labels that are on record as printed must still be there to print."""
    out = tmp_path / "labels.pdf"
    answer = cli("labels", "FC001", "--stock", "l7160", "--out", out, "--print", "broken", "--json")
    assert (answer.code, answer.error["code"]) == (2, "not_printed")
    assert "does not exist" in answer.error["message"]
    assert str(tmp_path) in answer.error["message"]
    assert out.exists()


def test_without_a_print_system_the_file_is_named(
    cli: Cli, stock: Stock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop with no printer still makes labels to print elsewhere."""
    monkeypatch.setenv("PATH", str(tmp_path))
    out = tmp_path / "labels.pdf"
    asked = ("labels", "FC001", "--stock", "l7160", "--out", out, "--print")
    assert cli(*asked, "--json").json["sent"] is False
    assert f"print {out}" in cli(*asked).out


@pytest.mark.parametrize("name", ['say "cheese"', "bell\a", "x" * 201])
def test_a_printers_name_that_cannot_be_is_refused(
    cli: Cli, stock: Stock, queue: Queue, tmp_path: Path, name: str
) -> None:
    """What is no name must not reach the print system as something else."""
    out = tmp_path / "a.pdf"
    answer = cli("labels", "FC001", "--stock", "l7160", "--out", out, "--print", name, "--json")
    assert (answer.code, answer.error["code"]) == (2, "bad_printer")
    assert not out.exists(), "nothing is drawn, nor on record"


def test_a_batch_is_on_record_with_who_and_on_what(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A label found in a drawer in three years says where it came from."""
    out = tmp_path / "blank"
    made = cli("labels", "--blank", "2", "--stock", "dk11209", "--out", out, "--json").json
    first = made["labels"][0]["tag"]
    told = cli("show", first, "--json").error
    assert told["code"] == "unclaimed_tag"
    assert told["details"]["batch"] == made["batch"]
    assert told["details"]["printed_by"] == "m.ross"
    assert told["details"]["stock"] == "dk11209"
    assert made["batch"] in told["message"]
    assert "2 labels, blank, on dk11209" in cli("ledger", "log").out


def test_a_blank_label_is_claimed_for_a_kit_that_has_one(
    cli: Cli, stock: Stock, tmp_path: Path
) -> None:
    """A spoilt label is replaced from the drawer; both must find the kit."""
    out = tmp_path / "blank"
    made = cli("labels", "--blank", "2", "--stock", "dk11209", "--out", out, "--json").json
    first, second = (label["tag"] for label in made["labels"])
    claimed = cli("relabel", "FC001", grouped(first).lower(), "--json")
    assert claimed.json == {"tag": stock.kit, "label": first}
    assert cli("show", first, "--json").json["tag"] == stock.kit
    assert cli("show", stock.kit, "--json").json["tag"] == stock.kit
    assert cli("checkout", first, "--to", "Glenwood High School").code == 0

    again = cli("relabel", "FC002", first, "--json")
    assert (again.code, again.error["code"]) == (1, "tag_taken")
    assert again.error["details"]["holding"] == stock.kit
    assert cli("add", "--type", "STEM kit", "--tag", first, "--json").error["code"] == "tag_taken"
    assert cli("show", second, "--json").error["code"] == "unclaimed_tag", "its neighbour is free"


def test_a_claimed_label_is_the_kits_label(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A kit that bears a label off a blank sheet needs no other on Friday."""
    cli("relabel", "FC001", mint())
    out = tmp_path / "x"
    left = cli("labels", "--unlabelled", "--stock", "dk11209", "--out", out, "--json").json
    assert stock.kit not in [label["tag"] for label in left["labels"]]


def test_a_spoilt_label_is_printed_again_with_the_same_tag(
    cli: Cli, stock: Stock, tmp_path: Path
) -> None:
    """The tag is the kit's for life, whatever befalls its label."""
    second = mint()
    cli("relabel", "FC001", second)
    for said in ("FC001", stock.kit, second):
        out = tmp_path / "x.png"
        made = cli("labels", said, "--stock", "dk11209", "--out", out, "--json").json
        assert [label["tag"] for label in made["labels"]] == [stock.kit]


def test_a_claim_can_be_undone(cli: Cli, stock: Stock) -> None:
    """A label stuck on the wrong kit is put right."""
    second = mint()
    cli("relabel", "FC001", second)
    cli("undo")
    assert cli("relabel", "FC002", second, "--json").json["label"] == second


def test_a_tag_from_elsewhere_is_said_to_be_none_of_ours(cli: Cli, stock: Stock) -> None:
    """Another college's kit in the box must not be taken for a slip of the scanner."""
    told = cli("show", mint(), "--json").error
    assert told["code"] == "unknown_tag"
    assert "no label with it was printed here" in told["message"]


@pytest.mark.parametrize("name", ["nowhere/labels", "nowhere/labels.zpl", "file/labels"])
def test_a_place_that_cannot_be_written_leaves_nothing_on_record(
    cli: Cli, stock: Stock, tmp_path: Path, name: str
) -> None:
    """Labels on record that never were on paper would be looked for in vain."""
    (tmp_path / "file").touch()
    before = cli("ledger", "log").out
    answer = cli("labels", "--all", "--stock", "zebra51x25", "--out", tmp_path / name, "--json")
    assert (answer.code, answer.error["code"]) == (2, "cannot_write")
    assert cli("ledger", "log").out == before


def test_a_type_of_three_hundred_characters_is_refused_and_a_long_one_fits(
    cli: Cli, stock: Stock, tmp_path: Path
) -> None:
    """A pasted paragraph must not become a kit type, nor spoil a label."""
    assert cli("add", "--type", "x" * 300).code == 2
    tag = cli("add", "--type", "Wind tunnel " * 9, "--json").json["tag"]
    out = tmp_path / "x.png"
    assert cli("labels", tag, "--stock", "tze24", "--out", out).code == 0
    assert cli("read", out, "--json").json["files"][0]["tags"] == [tag]


@pytest.mark.parametrize("given", [("--start", "2"), ("--offset-x", "1"), ("--printer", "hp")])
def test_what_is_for_sheets_is_not_silently_ignored(
    cli: Cli, stock: Stock, tmp_path: Path, given: tuple[str, str]
) -> None:
    """Whoever moves the print by a millimetre must not believe that it was moved."""
    out = tmp_path / "x.png"
    answer = cli("labels", "FC001", "--stock", "dk11209", "--out", out, *given, "--json")
    assert (answer.code, answer.error["code"]) == (2, "not_for_rolls")
    assert not out.exists()
