"""Labels on paper and back: printed, scanned, and read as exactly the tags that were printed."""

from pathlib import Path

import pytest

from cli.running import Cli, Stock, rendered
from kitloan.text.tags import grouped


def tags_on(cli: Cli, pdf: Path, tmp_path: Path) -> list[list[str]]:
    """What `kitloan read` finds on each page of a PDF."""
    files = cli("read", *rendered(pdf, tmp_path), "--json").json["files"]
    return [each["tags"] for each in files]


@pytest.mark.parametrize("stock_id", ["l7160", "l7651", "l7163", "l7654", "l6009"])
def test_a_sheet_is_read_as_it_was_printed(
    cli: Cli, stock: Stock, tmp_path: Path, stock_id: str
) -> None:
    """A label that does not scan is found out at the counter, with a school waiting."""
    out = tmp_path / "labels.pdf"
    made = cli("labels", "--all", "--stock", stock_id, "--out", out, "--json").json
    printed = [label["tag"] for label in made["labels"]]
    held = {item["tag"] for item in cli("find", "", "--json").json["items"]}
    assert set(printed) == held - {stock.withdrawn}
    (read,) = tags_on(cli, out, tmp_path)
    assert sorted(read) == sorted(printed)


def test_a_part_used_sheet(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """The first label must fall on the first free place, and later pages be whole."""
    out = tmp_path / "labels.pdf"
    labels = ("labels", "--all", "--stock", "l7160", "--out", out, "--json")
    whole, part = cli(*labels).json, cli(*labels, "--start", "20").json
    assert (whole["pages"], part["pages"]) == (1, 2)
    assert [label["page"] for label in part["labels"]] == [1, 1, 2, 2, 2, 2, 2]
    places = [[(label["x_mm"], label["y_mm"]) for label in m["labels"]] for m in (whole, part)]
    assert places[1][2:] == places[0][:5]
    first, second = tags_on(cli, out, tmp_path)
    assert sorted(first) == sorted(label["tag"] for label in part["labels"][:2])
    assert sorted(second) == sorted(label["tag"] for label in part["labels"][2:])


def test_unlabelled_is_empty_after_printing(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """Whoever prints labels every Friday wants those of the week, and no kit twice."""
    unlabelled = ("labels", "--unlabelled", "--stock", "l7160", "--out", tmp_path / "x.pdf")
    first = cli(*unlabelled, "--json").json
    assert len(first["labels"]) == 7
    nothing = cli(*unlabelled, "--json")
    assert (nothing.code, nothing.error["code"]) == (2, "nothing_to_print")
    new = cli("add", "--type", "STEM kit", "--json").json["tag"]
    again = cli(*unlabelled, "--json").json
    assert [label["tag"] for label in again["labels"]] == [new]
    assert len(cli(*unlabelled[:1], "--all", *unlabelled[2:], "--json").json["labels"]) == 8


def test_blank_labels_are_claimed_later(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """Labels taken along to a delivery are stuck on first and entered at the desk."""
    out = tmp_path / "blank.pdf"
    made = cli("labels", "--blank", "4", "--stock", "l7160", "--out", out, "--json").json
    minted = [label["tag"] for label in made["labels"]]
    assert len(set(minted)) == 4
    (read,) = tags_on(cli, out, tmp_path)
    assert sorted(read) == sorted(minted)

    unclaimed = cli("show", minted[0], "--json")
    assert (unclaimed.code, unclaimed.error["code"]) == (2, "unclaimed_tag")
    assert "blank label that m.ross printed" in unclaimed.error["message"]
    assert minted[0] in unclaimed.error["hint"]
    lent = cli("checkout", minted[0], "--to", "Glenwood High School", "--json")
    assert (lent.code, lent.error["code"]) == (2, "unclaimed_tag")

    claimed = cli("add", "--type", "STEM kit", "--tag", grouped(minted[0]).lower(), "--json")
    assert (claimed.code, claimed.json["tag"]) == (0, minted[0])
    assert cli("checkout", minted[0], "--to", "Glenwood High School").code == 0
    second = cli("add", "--type", "Telescope", "--tag", minted[0], "--json")
    assert (second.code, second.error["code"]) == (1, "tag_taken")
    unlabelled = cli("labels", "--unlabelled", "--stock", "l7160", "--out", out, "--json").json
    assert minted[0] not in [label["tag"] for label in unlabelled["labels"]], "it has its label"


def test_a_tag_is_read_however_it_was_typed(cli: Cli, stock: Stock) -> None:
    """People type a label as it stands there, in small letters, or with an O for a nought."""
    for said in (stock.kit.lower(), grouped(stock.kit), f" {stock.kit} ", f"]Q1{stock.kit}"):
        assert cli("show", said, "--json").json["tag"] == stock.kit


def test_the_college_stands_on_its_labels(cli: Cli, tmp_path: Path) -> None:
    """A lost kit comes home by its label, in the college's own spelling."""
    import pypdfium2

    cli("init", "Sabhal Mòr Ostaig")
    cli("add", "--type", "Àireamhair", "--asset-number", "SMO-1")
    out = tmp_path / "x.pdf"
    tag = cli("labels", "smo-1", "--stock", "l7160", "--out", out, "--json").json["labels"][0]
    with pypdfium2.PdfDocument(out) as document:
        words = document[0].get_textpage().get_text_range()
    assert "Sabhal Mòr Ostaig" in words
    assert "Àireamhair" in words
    assert grouped(tag["tag"]) in " ".join(words.split())


def test_a_failed_print_leaves_the_old_sheet(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A sheet that is still to be printed must not be lost to a slip in the next command."""
    out = tmp_path / "x.pdf"
    cli("labels", "FC001", "--stock", "l7160", "--out", out)
    before = out.read_bytes()
    assert cli("labels", "FC001", "FC999", "--stock", "l7160", "--out", out).code == 2
    assert (
        cli("labels", "--blank", "2", "--stock", "l7160", "--start", "99", "--out", out).code == 2
    )
    assert out.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir() if each.suffix in (".tmp", ".part")] == []


def picture(text: str, path: Path) -> Path:
    """A photo of one QR code with this text."""
    from PIL import Image

    from kitloan_labels import qr

    matrix = qr.modules_of_words(text)
    side = (len(matrix) + 8) * 6
    shown = Image.new("L", (side, side), 255)
    for row, column, length in qr.runs(matrix):
        left, top = (column + 4) * 6, (row + 4) * 6
        shown.paste(0, (left, top, left + length * 6, top + 6))
    shown.save(path)
    return path


def test_a_code_that_is_not_kitloans_is_named(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A photo of the wrong code must not look like a photo that could not be read."""
    from PIL import Image

    foreign = picture("https://example.org/", tmp_path / "foreign.png")
    tag = picture(stock.kit, tmp_path / "tag.png")
    empty = tmp_path / "empty.png"
    Image.new("L", (300, 200), 200).save(empty)
    found = cli("read", foreign)
    assert found.code == 1
    assert "a code that is not kitloan's (a web address)" in found.out
    assert cli("read", empty).out == f"{empty}: no tag found\n"
    answers = cli("read", foreign, empty, "--json")
    assert answers.code == 1
    assert answers.json["files"] == [
        {"file": str(foreign), "tags": [], "others": ["https://example.org/"]},
        {"file": str(empty), "tags": []},
    ]
    both = cli("read", foreign, tag, "--json")
    assert both.code == 0
    assert [each["tags"] for each in both.json["files"]] == [[], [stock.kit]]


def test_a_code_is_no_borrower_at_the_command_line_either(cli: Cli, stock: Stock) -> None:
    """A scanner types into a command line too, and a borrower's name stays for ever."""
    for code in ("WIFI:S:Guest;T:WPA;P:x;;", "https://example.org", stock.lent, "5012345678900"):
        lent = cli("checkout", stock.kit, "--to", code, "--json")
        assert (lent.code, lent.error["code"]) == (2, "not_a_name"), code
        assert lent.error["hint"]
    assert cli("show", stock.kit, "--json").json["status"] == "in"
    for sent in (f"*{stock.kit}*", f"s{stock.kit}", f"{stock.kit}_QR"):
        assert cli("show", sent, "--json").json["tag"] == stock.kit
