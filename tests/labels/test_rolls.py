"""Labels on rolls: on the printer's own dots, in a Zebra's language, and read back from both."""

import re
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from kitloan.errors import BadInput
from kitloan.text import tags
from kitloan_labels import qr, rolls, stock
from kitloan_labels.photos import read_tags, tags_in
from kitloan_labels.rolls import files, saving
from kitloan_labels.template import Label, Shelf

PRINTABLE = {
    "dk11209": (696, 271),
    "dk22205": (696, 343),
    "tze24": (425, 128),
    "d99012": (909, 389),
    "zebra51x25": (406, 203),
}
"""Dots that the makers' own drivers give for each, as labels are read."""

ZEBRAS = ("zebra51x25@300", "zebra:100x50@300", "zebra 40x40@203dpi", "Zebra-25x76@600")
EVERY = pytest.mark.parametrize("name", [*PRINTABLE, *ZEBRAS])


def label(**words: str) -> Label:
    """A label with a fresh tag."""
    return Label(tags.mint(), **{"kind": "MTa STEM Kit", "college": "Sabhal Mòr Ostaig"} | words)


def found(name: str) -> rolls.Roll:
    """The roll of this name, which there is."""
    each = rolls.find(name)
    assert each is not None
    return each


def printed_by_a_zebra(commands: str) -> list[Image.Image]:
    """What a printer makes of ZPL: every label's `^GFA` unpacked to dots, as its manual says."""
    labels = []
    for page in commands.split("^XZ")[:-1]:
        total, across, packed = re.search(r"\^GFA,(\d+),\d+,(\d+),([0-9A-F,:]+)\^FS", page).groups()
        rows: list[str] = []
        digits = 2 * int(across)
        line = ""
        for sign in packed:
            if sign == ":":
                rows.append(rows[-1])
                continue
            line = line.ljust(digits, "0") if sign == "," else line + sign
            if len(line) == digits:
                rows.append(line)
                line = ""
        ink = bytes.fromhex("".join(rows))
        assert len(ink) == int(total)
        width, height = (int(re.search(rf"\^{c}(\d+)", page)[1]) for c in ("PW", "LL"))
        whole = Image.frombytes("1", (int(across) * 8, len(rows)), bytes(b ^ 255 for b in ink))
        assert whole.height == height
        assert whole.crop((width, 0, *whole.size)).convert("L").getextrema() in ((255, 255), None)
        labels.append(whole.crop((0, 0, width, height)))
    return labels


@EVERY
def test_a_roll_label_reads_back(name: str, tmp_path: Path) -> None:
    """Lost: a roll of labels of which none scans."""
    wanted = label()
    picture = rolls.draw(wanted, found(name)).picture
    assert picture.mode == "1"
    picture.save(tmp_path / "label.png")
    assert read_tags(tmp_path / "label.png") == [wanted.tag]


@pytest.mark.parametrize("name", PRINTABLE)
def test_a_picture_has_as_many_dots_as_the_printer(name: str) -> None:
    """Lost: a picture that the driver scales, so that modules are of unequal width."""
    assert rolls.draw(label(), found(name)).picture.size == PRINTABLE[name]


@EVERY
def test_every_module_is_the_same_number_of_dots(name: str) -> None:
    """Lost: the exactness that lets a worn code of small modules still be read."""
    each, wanted = found(name), label()
    module = each.module()
    assert module is not None
    assert module * 25.4 / each.dpi >= qr.LEAST_MODULE_MM
    picture = rolls.draw(wanted, each).picture
    left = each.inset[0] + qr.QUIET * module
    side = qr.SIDE * module
    top = (picture.height - side) // 2
    code = picture.crop((left, top, left + side, top + side))
    for row, cells in enumerate(qr.modules(wanted.tag)):
        for column, dark in enumerate(cells):
            box = (column * module, row * module, (column + 1) * module, (row + 1) * module)
            dots = code.crop(box).convert("L").getextrema()
            assert dots == ((0, 0) if dark else (255, 255))


@EVERY
@pytest.mark.parametrize(
    "long", ["Wind tunnel " * 25, "W" * 300, "ÀÇĘ̈ " * 75], ids=["words", "one word", "accents"]
)
def test_long_words_stay_off_the_white_around_the_code(name: str, long: str) -> None:
    """Lost: codes that scanners cannot find, for a kit with a long name."""
    each, wanted = found(name), label(kind=long, college=long, asset_number=long)
    picture = rolls.draw(wanted, each).picture
    module = each.module()
    assert module is not None
    left = each.inset[0]
    quiet = qr.QUIET * module
    whole = (qr.SIDE + 2 * qr.QUIET) * module
    top = max((picture.height - whole) // 2, 0)
    for x in (left, left + whole - quiet):
        strip = picture.crop((x, top, x + quiet, top + whole))
        assert strip.convert("L").getextrema() == (255, 255)
    edge = picture.crop((picture.width - max(each.inset[0], 1), 0, *picture.size))
    assert each.inset[0] == 0 or edge.convert("L").getextrema() == (255, 255)
    assert tags_in(picture.convert("L")) == [wanted.tag]


@pytest.mark.parametrize("name", ["zebra51x25", *ZEBRAS])
def test_a_zebra_prints_just_the_dots_that_were_drawn(name: str) -> None:
    """Lost: Gaelic names as boxes, and a code of the printer's own making."""
    each = found(name)
    wanted = label(kind="Àireamhair ŵ")
    picture = rolls.draw(wanted, each).picture
    (printed,) = printed_by_a_zebra(rolls.label(picture, each))
    upright = printed.transpose(Image.Transpose.ROTATE_270) if each.turned else printed
    assert upright.convert("L").tobytes() == picture.convert("L").tobytes()
    (code,) = zxingcpp.read_barcodes(printed.convert("L"))
    assert (code.text, code.ec_level) == (wanted.tag, "H")


def test_a_tall_label_is_turned_as_the_roll_feeds_it() -> None:
    """Lost: labels of which the printer shows the first inch."""
    each = found("zebra:25x76@203")
    assert each.turned
    commands = rolls.label(rolls.draw(label(), each).picture, each)
    assert f"^PW{round(25 / 25.4 * 203)}^LL{round(76 / 25.4 * 203)}" in commands


def test_nothing_that_was_typed_stands_among_the_commands() -> None:
    """Lost: a kit type named `^XZ~JR` that resets the printer."""
    each = found("zebra51x25")
    wanted = label(kind="^XZ^XA~JR", college="~HI^FD")
    commands = rolls.label(rolls.draw(wanted, each).picture, each)
    assert re.fullmatch(
        r"\^XA\^PW\d+\^LL\d+\^LH0,0\^FO0,0\^GFA,[0-9,]+[0-9A-F,:]+\^FS\^PQ1\^XZ\n", commands
    )


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("DK-11209", "dk11209"),
        ("brother dk 2205", "dk22205"),
        ("99012", "d99012"),
        ("Dymo 99012", "d99012"),
        ("TZe24", "tze24"),
        ("zebra 100x50", "zebra100x50"),
    ],
)
def test_a_roll_answers_to_every_number_on_its_box(name: str, id: str) -> None:  # noqa: A002  # the field
    """Lost: "no such stock", from a person who holds the box in the other hand."""
    assert found(name).id == id


@pytest.mark.parametrize("name", ["l7160", "Avery L7163", "nothing", "", "x" * 300])
def test_what_is_no_roll_is_left_to_the_sheets(name: str) -> None:
    """Lost: a sheet's name taken for a roll's."""
    assert rolls.find(name) is None


@pytest.mark.parametrize(
    "name", ["zebra:5x5", "zebra:900x50", "zebra:16x16@203", "zebra51x25@9", "zebra51x25@9999999"]
)
def test_a_zebra_label_that_cannot_be_is_refused(name: str) -> None:
    """Lost: a code too small to read, or the machine's memory."""
    with pytest.raises(BadInput) as refusal:
        rolls.find(name)
    assert refusal.value.code == "bad_stock"
    assert "zebra:100x50@300" in refusal.value.hint


def test_a_label_of_words_alone_has_all_the_room() -> None:
    """Lost: a shelf's name in small letters beside a blank."""
    picture = rolls.draw(Shelf("Store 3, bay 2", "Fife College"), found("d99012"), "shelf").picture
    dark = picture.convert("L").point(lambda grey: 255 - grey).getbbox()
    assert dark is not None
    assert dark[0] < 20
    assert dark[2] - dark[0] > picture.width / 2


def test_pictures_lie_in_the_order_of_the_roll(tmp_path: Path) -> None:
    """Lost: labels that come off the roll in another order than the shelf's."""
    wanted = [label() for _ in range(11)]
    out = tmp_path / "labels"
    with saving(wanted, found("dk11209"), out) as placed:
        assert not out.exists(), "nothing is in its place before all is recorded"
    assert [each.page for each in placed] == list(range(1, 12))
    lying = sorted(out.iterdir())
    assert files(placed, out) == lying
    assert [read_tags(file) for file in lying] == [[each.tag] for each in wanted]
    assert all(Image.open(file).info["dpi"] == pytest.approx((300, 300), abs=0.1) for file in lying)
    assert list(tmp_path.iterdir()) == [out]


def test_a_folder_keeps_what_lay_in_it(tmp_path: Path) -> None:
    """Lost: last week's labels, still to be printed."""
    (tmp_path / "old.png").write_bytes(b"old")
    with saving([label()], found("dk11209"), tmp_path):
        pass
    assert len(list(tmp_path.iterdir())) == 2
    assert (tmp_path / "old.png").read_bytes() == b"old"


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    """Lost: half a batch of labels, that looks like a whole one."""
    slipped = Label("KL8B7XAPXYTMY", "Kit", "Fife College")
    for name in ("labels", "labels.zpl"):
        with (
            pytest.raises(BadInput, match="check"),
            saving([label(), slipped], found("zebra51x25"), tmp_path / name),
        ):
            pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "many", "on"),
    [("a.png", 2, "dk11209"), ("a.zpl", 1, "dk11209"), ("a.pdf", 1, "zebra51x25")],
)
def test_a_file_that_cannot_hold_them_is_refused(
    name: str, many: int, on: str, tmp_path: Path
) -> None:
    """Lost: a file of another kind than its name says."""
    with (
        pytest.raises(BadInput) as refusal,
        saving([label() for _ in range(many)], found(on), tmp_path / name),
    ):
        pass
    assert refusal.value.code == "wrong_file"
    assert list(tmp_path.iterdir()) == []


def test_zpl_of_many_labels_is_one_file(tmp_path: Path) -> None:
    """Lost: a batch that has to be sent to the printer label by label."""
    wanted = [label() for _ in range(3)]
    with saving(wanted, found("zebra51x25"), tmp_path / "a.zpl"):
        pass
    printed = printed_by_a_zebra((tmp_path / "a.zpl").read_text(encoding="ascii"))
    assert [tags_in(each.convert("L")) for each in printed] == [[each.tag] for each in wanted]


def test_the_manual_has_every_stock_with_its_module() -> None:
    """Lost: which box of labels to buy."""
    manual = (Path(__file__).parents[2] / "docs" / "labels.md").read_text(encoding="utf-8")
    modules = {sheet.id: sheet.module_mm for sheet in stock.sheets()}
    modules |= {r.id: (r.module() or 0) * 25.4 / r.dpi for r in rolls.rolls()}
    for name, size in modules.items():
        assert re.search(rf"^\| {name} \|.*\| {size:.2f} \|$", manual, re.MULTILINE), name
