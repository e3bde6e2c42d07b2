"""Cards, other labels and what makes them lie right, as they are asked for at the command line."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

import kitloan
from cli.running import Cli, Stock, rendered
from kitloan.holdings import Gift
from kitloan.text.scans import COMMANDS, Command, read
from kitloan.text.tags import grouped

NothingChanges = Callable[[], AbstractContextManager[None]]

OWN = """
columns = 2
rows = 4
label_width = 96
label_height = 67.5
left = {left}
top = 13.5
pitch_x = 98.5
"""


def codes(pdf: Path, tmp_path: Path) -> list[str]:
    """The texts of all codes on a PDF's pages."""
    pages = [Image.open(page) for page in rendered(pdf, tmp_path)]
    return [barcode.text for page in pages for barcode in zxingcpp.read_barcodes(page)]


def words(pdf: Path) -> str:
    """The words in a PDF, on one line."""
    with pypdfium2.PdfDocument(pdf) as document:
        found = " ".join(page.get_textpage().get_text_range() for page in document)
    return " ".join(found.split())


def test_the_command_cards_are_all_on_one_sheet(cli: Cli, tmp_path: Path) -> None:
    """Lost: a command that nobody can scan; and a store is not needed to print them."""
    out = tmp_path / "cards.pdf"
    made = cli("cards", "commands", "--out", out, "--json", store=None)
    assert (made.code, made.json["pages"], made.json["notes"]) == (0, 1, [])
    assert {read(text) for text in codes(out, tmp_path)} == set(map(Command, COMMANDS.values()))
    assert "Undo" in words(out)


def test_a_schools_card_is_that_school_at_checkout(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """Lost: a school under two names, one of them in capitals."""
    cli("checkout", "FC001", "--to", "St Andrew's High School")
    cli("checkin", "FC001", "--whole")
    out = tmp_path / "cards.pdf"
    made = cli("cards", "organisations", "st andrews high school", "--out", out)
    assert (made.code, made.out) == (0, f"1 card on 1 sheet in {out}.\n")
    assert "St Andrew's High School" in words(out)
    (scanned,) = codes(out, tmp_path)
    (lent,) = cli("checkout", "FC001", "--to", scanned, "--json").json["loans"]
    assert lent["to"] == "St Andrew's High School"
    cli("undo")
    desk = cli("desk", "--plain", stdin=f"{scanned}\n")
    assert "LENDING  to St Andrew's High School" in desk.out
    every = cli("cards", "organisations", "--all", "--out", out, "--json").json
    assert len(every["labels"]) == 2


def test_a_school_that_is_not_known_gets_no_card(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """Lost: a slip in a name, printed and laminated."""
    wanted = ("cards", "organisations", "Balweary High School", "--out", tmp_path / "x.pdf")
    answer = cli(*wanted, "--json")
    assert (answer.code, answer.error["code"]) == (2, "unknown_organisation")
    assert "Balwearie High School" in answer.error["hint"]
    neither = cli("cards", "organisations", "--out", tmp_path / "x.pdf", "--json")
    assert neither.error["code"] == "which_organisations"
    assert not (tmp_path / "x.pdf").exists()


def test_a_shelfs_label_is_its_name_in_words(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """Lost: the place that the register says a kit is kept at."""
    out = tmp_path / "shelves.pdf"
    made = cli("cards", "shelves", "Store 3, bay 2", "Prep room", "--stock", "l7163", "--out", out)
    assert made.out == f"2 labels on 1 sheet in {out}.\n"
    assert "Store 3, bay 2" in words(out)
    assert codes(out, tmp_path) == []


@pytest.mark.parametrize(("found", "verdict"), [("--pass", "✔ PASS"), ("--fail", "✘ FAIL")])
def test_an_inspection_label(
    found: str, verdict: str, cli: Cli, stock: Stock, tmp_path: Path
) -> None:
    """Lost: when a kit was last looked at, and whether it may be used."""
    out = tmp_path / "x.pdf"
    asked = ("cards", "inspection", "FC001", "--by", "J. Bain", "--stock", "l7651", "--out", out)
    when = ("--on", "1 Sep 2026", "--due", "365d")
    assert cli(*asked, *when, found).code == 0
    said = words(out)
    assert all(text in said for text in (verdict, "On 1 Sep 2026", "Due ", "By J. Bain"))
    assert codes(out, tmp_path) == [stock.kit]
    assert cli(*asked, *when, "--json").error["code"] == "pass_or_fail"
    late = cli(*asked, "--on", "1 Sep 2199", "--due", "365d", found, "--json")
    assert late.error["code"] == "bad_date"


def test_a_contents_card_lists_the_kit(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """Lost: what to count against, in a cupboard without a computer."""
    out = tmp_path / "x.pdf"
    made = cli("cards", "contents", "FC001", "FC002", "--size", "A6", "--out", out)
    assert made.out == f"2 contents cards on 2 sheets in {out}.\n"
    assert "! 4 Spanner Red holdall" in words(out)
    assert codes(out, tmp_path) == [stock.kit, stock.lent]
    bare = cli("cards", "contents", stock.goggles, "--out", out, "--json")
    assert (bare.code, bare.error["code"]) == (2, "no_contents_list")


def test_a_label_for_each_bag_of_a_kit(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """Lost: the blue holdall, left behind because nothing said that there are three."""
    out = tmp_path / "bags.pdf"
    asked = ("labels", "--template", "bag", "--stock", "l7160", "--out", out)
    made = cli(*asked, "FC001", "--json").json
    assert [label["tag"] for label in made["labels"]] == [stock.kit] * 3
    for bag in ("Manual, 1 of 3", "Red holdall, 2 of 3", "Blue holdall, 3 of 3"):
        assert bag in words(out)
    assert codes(out, tmp_path) == [stock.kit] * 3
    mixed = cli(*asked, "FC001", stock.goggles)
    assert f"{grouped(stock.goggles)}: its contents list names no bags." in mixed.out
    assert cli(*asked, stock.goggles, "--json").error["code"] == "no_bags"
    unlabelled = cli("labels", "--unlabelled", "--stock", "l7160", "--out", out, "--json").json
    assert stock.kit in [label["tag"] for label in unlabelled["labels"]], "a bag is not the kit"


def test_a_gifts_label_names_its_donor_where_asked(
    cli: Cli, store: Path, stock: Stock, tmp_path: Path
) -> None:
    """Lost: a donor's terms; and their name must not get on what others gave."""
    with kitloan.open(store, actor="m.ross") as fife:
        fife.holdings.record_gift(stock.kit, Gift(donor="RAF"))
        fife.holdings.record_gift(stock.lent, Gift(donor="A firm"))
    out = tmp_path / "x.pdf"
    asked = ("labels", "FC001", "FC002", "--stock", "l7160", "--out", out)
    given = ("--acknowledge", "raf=Given by the Royal Air Force", "--return-to", "01592 223000")
    assert cli(*asked).code == 0
    assert "Royal" not in words(out)
    assert cli(*asked, *given, "--save-words").code == 0
    said = words(out)
    assert (said.count("Given by"), said.count("01592 223000")) == (1, 2)
    assert cli(*asked).code == 0
    assert words(out) == said, "what was saved is used next time"
    assert cli(*asked, "--acknowledge", "A firm").code == 0
    assert "Given by A firm" in words(out)


def test_the_gifts_own_terms_stand_on_its_label_before_the_users_words(
    cli: Cli, store: Path, stock: Stock, tmp_path: Path
) -> None:
    """Lost: the words that a donor's document asks for, to a setting on one computer."""
    with kitloan.open(store, actor="m.ross") as fife:
        asks = Gift(donor="RAF", acknowledgement="Presented by the RAF Charitable Trust")
        fife.holdings.record_gift(stock.kit, asks)
        fife.holdings.record_gift(stock.lent, Gift(donor="RAF"))
    out = tmp_path / "x.pdf"
    asked = ("labels", "FC001", "FC002", "--stock", "l7160", "--out", out)
    assert cli(*asked).code == 0
    assert " ".join(words(out).split()).count("Presented by the RAF Charitable Trust") == 1
    assert cli(*asked, "--acknowledge", "RAF=Given by the Royal Air Force").code == 0
    said = " ".join(words(out).split())
    assert said.count("Presented by the RAF Charitable Trust") == 1
    assert said.count("Given by the Royal Air Force") == 1
    assert cli("show", "FC001", "--json").json["gift"]["acknowledgement"] == asks.acknowledgement


def test_a_users_own_stock(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """Lost: labels that no list has; and what is odd about them is said."""
    own, out = tmp_path / "stall.toml", tmp_path / "x.pdf"
    own.write_text(OWN.format(left=7.75), encoding="utf-8")
    asked = ("labels", "FC001", "--stock", own, "--out", out, "--json")
    exact = cli(*asked).json
    assert (exact["labels"][0]["x_mm"], exact["notes"]) == (7.75, [])
    own.write_text(OWN.format(left=7), encoding="utf-8")
    (note,) = cli(*asked).json["notes"]
    assert "left is 7 mm, and 8.5 mm are left at the right" in note
    own.write_text(OWN.format(left=70), encoding="utf-8")
    refused = cli(*asked)
    assert (refused.code, refused.error["code"]) == (2, "bad_stock")
    assert refused.error["details"]["key"] == "label_width"


def test_a_printers_figures_are_saved_and_used(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """Lost: the afternoon it took to find them."""
    out = tmp_path / "x.pdf"
    figures = ("--offset-x", "1.5", "--offset-y", "-2", "--scale", "101%")
    page = ("labels", "--calibrate", "--stock", "l7160", "--out", out, "--printer", "Office")
    assert cli(*page, *figures, "--save-printer", store="/nowhere/at/all").code == 0
    assert "offset 1.5, -2 mm; scale 1.01" in words(out)
    label = ("labels", "FC001", "--stock", "l7160", "--out", out, "--json")
    (exact,) = cli(*label).json["labels"]
    (moved,) = cli(*label, "--printer", "Office").json["labels"]
    assert moved["x_mm"] == pytest.approx(exact["x_mm"] * 1.01 + 1.5, abs=0.001)
    assert moved["y_mm"] == pytest.approx(exact["y_mm"] * 1.01 - 2, abs=0.001)
    (tried,) = cli(*label, "--printer", "Office", "--offset-x", "0").json["labels"]
    assert tried["x_mm"] == pytest.approx(exact["x_mm"] * 1.01, abs=0.001)
    (again,) = cli(*label, "--printer", "Office").json["labels"]
    assert again == moved, "what is only tried is not saved"


@pytest.mark.parametrize(
    ("option", "code"),
    [
        (("--scale", "big"), "bad_scale"),
        (("--scale", "nan"), "bad_scale"),
        (("--scale", "0"), "bad_scale"),
        (("--offset-x", "nan"), "bad_offset"),
        (("--offset-y", "99"), "bad_offset"),
        (("--offset-y", "left"), "usage"),
        (("--printer", "Home"), "no_such_printer"),
        (("--save-printer",), "which_printer"),
        (("--start", "22"), "bad_start"),
        (("--template", "poster"), "usage"),
        (("--template", "bag", "--blank", "3"), "which_labels"),
        (("--calibrate",), "which_labels"),
        (("--return-to", "=1+1"), "bad_text"),
        (("--preview", "no such folder/x.png"), "cannot_write"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_printed_is_refused_and_nothing_is_left(
    option: tuple[str, ...],
    code: str,
    cli: Cli,
    stock: Stock,
    tmp_path: Path,
    nothing_changes: NothingChanges,
) -> None:
    """Lost: paper, or a half-written file that looks whole."""
    tags = () if "--blank" in option else ("FC001",)
    before = sorted(tmp_path.iterdir())
    with nothing_changes():
        answer = cli(
            "labels", *tags, "--stock", "l7160", "--out", tmp_path / "x.pdf", *option, "--json"
        )
    assert (answer.code, answer.error["code"]) == (2, code)
    assert sorted(tmp_path.iterdir()) == before


def test_a_look_puts_nothing_on_record(
    cli: Cli, stock: Stock, tmp_path: Path, nothing_changes: NothingChanges
) -> None:
    """Lost: a kit that counts as labelled because somebody looked at its label."""
    look = tmp_path / "look.png"
    with nothing_changes():
        made = cli("labels", "FC001", "--stock", "l7160", "--preview", look, "--json").json
    assert made["preview"] == str(look)
    with Image.open(look) as picture:
        assert [barcode.text for barcode in zxingcpp.read_barcodes(picture)] == [stock.kit]
    nowhere = cli("labels", "FC001", "--stock", "l7160", "--json")
    assert (nowhere.code, nowhere.error["code"]) == (2, "where_to")
    blank = cli("labels", "--blank", "2", "--stock", "l7160", "--preview", look, "--json")
    assert blank.error["code"] == "which_labels"


def test_a_sheet_and_its_picture_are_made_together(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """Lost: looking at one thing and printing another."""
    out, look = tmp_path / "x.pdf", tmp_path / "x.png"
    told = cli("labels", "FC001", "--stock", "l7160", "--out", out, "--preview", look).out
    assert (str(out) in told, str(look) in told) == (True, True)
    with Image.open(look) as picture:
        seen = [barcode.text for barcode in zxingcpp.read_barcodes(picture)]
    assert seen == codes(out, tmp_path) == [stock.kit]
