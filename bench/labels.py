"""The figures of docs/labels.md: `python bench/labels.py`, or only some parts of it by name.

    python bench/labels.py                     everything but the longest run
    python bench/labels.py damage              one part: speed, memory, stocks, damage, slips, wrong
    python bench/labels.py wrong --times 100000    the longest run: half an hour or more
    python bench/labels.py memory --times 100000   some minutes

Damage comes from seeded dice, so that two runs try the same labels.
"""

import argparse
import io
import multiprocessing
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pypdfium2
import zxingcpp
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from run import line, paired

from kitloan.text import tags
from kitloan_labels import layout, pdf, photos, qr, rolls, stock

sys.path.append(str(Path(__file__).parents[1] / "tests"))

import damage

RESOLUTIONS = (150, 200, 300, 600)


def speed(_times: int) -> None:
    """1,000 labels as PDF, against making the codes with qrcode and drawing nothing but them."""
    sheet = stock.find("l7160")
    labels = [
        pdf.Label(tags.mint(), "MTa STEM Kit", "Sabhal Mòr Ostaig", f"AC{n:04}")
        for n in range(1000)
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "labels.pdf"
        mine, floor = paired(
            lambda: pdf.write_sheets(labels, sheet, file), lambda: _bare(labels, sheet), 5
        )
        line("1,000 labels to PDF, ms (floor: qrcode and bare reportlab)", mine, floor, "1.3 x")
        line("its size, KB", file.stat().st_size / 1000, None, "1,000")


def _bare(labels: list[pdf.Label], sheet: layout.Sheet) -> None:
    canvas = Canvas(io.BytesIO(), pagesize=A4, pageCompression=1, invariant=1)
    face = layout.face(sheet)
    page = 1
    for label, cell in zip(labels, layout.cells(sheet), strict=False):
        if cell.page != page:
            canvas.showPage()
            page = cell.page
        canvas.saveState()
        canvas.translate(cell.x * mm, A4[1] - cell.y * mm)
        canvas.scale(face.module * mm, -face.module * mm)
        path = canvas.beginPath()
        for row, column, length in qr.runs(qr.modules(label.tag)):
            path.rect(column, row, length, 1)
        canvas.drawPath(path, stroke=0, fill=1)
        canvas.restoreState()
    canvas.save()


def memory(times: int) -> None:
    """The most memory that a process has held once it has written so many labels as PDF."""
    for count in sorted({1_000, 10_000, times}):
        # A new process each: what one has held before cannot be told from what it needs now.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            peak, size = pool.apply(_peak, (count,))
        line(f"{count:,} labels to PDF, peak memory in MiB", peak, None, "4 KB a label")
        line("its size, KB", size, None, "")


def _peak(count: int) -> tuple[float, float]:
    """MiB, as Linux tells them, and the file's size in KB."""
    dice, sheet = random.Random("memory"), stock.find("l7160")
    labels = (pdf.Label(_tag(dice), "MTa STEM Kit", "Sabhal Mòr Ostaig") for _ in range(count))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "labels.pdf"
        pdf.write_sheets(labels, sheet, file)
        size = file.stat().st_size / 1000
    # Not `ru_maxrss`: a new process takes that over from the one that started it.
    told = dict(row.split(":") for row in Path("/proc/self/status").read_text().splitlines())
    return int(told["VmHWM"].split()[0]) / 1024, size


def stocks(_times: int) -> None:
    """Every stock rendered as scanners would: which codes decode, and how far off they lie."""
    print(f"{'stock':12} {'labels':>6} " + " ".join(f"{f'{dpi} dpi':>16}" for dpi in RESOLUTIONS))
    for sheet in stock.sheets():
        labels = [
            pdf.Label(tags.mint(), "MTa STEM Kit", "Fife College") for _ in range(sheet.per_sheet)
        ]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "labels.pdf"
            pdf.write_sheets(labels, sheet, file)
            told = [_told(_off(file, sheet, labels, dpi), len(labels)) for dpi in RESOLUTIONS]
        print(f"{sheet.id:12} {len(labels):6} " + " ".join(f"{each:>16}" for each in told))
    for each in rolls.rolls():
        label = pdf.Label(tags.mint(), "MTa STEM Kit", "Fife College")
        told = [_told(_off_roll(label, each, dpi), 1) for dpi in RESOLUTIONS]
        print(f"{each.id:12} {1:6} " + " ".join(f"{each:>16}" for each in told))


def _told(off: list[float], wanted: int) -> str:
    return f"{len(off)}/{wanted}, {max(off, default=99):.2f} mm"


def _off(file: Path, sheet: layout.Sheet, labels: list[pdf.Label], dpi: int) -> list[float]:
    """How far each code that is read on the first page lies from its place, in millimetres."""
    with pypdfium2.PdfDocument(file) as document:
        page = document[0].render(scale=dpi / 72, grayscale=True).to_pil()
    code = layout.face(sheet).code
    places = {
        label.tag: (cell.x + code.x + code.width / 2, cell.y + code.y + code.height / 2)
        for label, cell in zip(labels, layout.cells(sheet), strict=False)
    }
    return _distances(page, places, dpi)


def _off_roll(label: pdf.Label, each: rolls.Roll, dpi: int) -> list[float]:
    """The same for a roll's label, scanned at so many dots an inch."""
    picture = rolls.draw(label, each).picture.convert("L")
    size = [round(dots * dpi / each.dpi) for dots in picture.size]
    scanned = picture.resize((size[0], size[1]), Image.Resampling.BOX)
    side = (each.module() or 0) * (qr.SIDE + 2 * qr.QUIET)
    middle = (each.inset[0] + side / 2) * 25.4 / each.dpi, picture.height / 2 * 25.4 / each.dpi
    return _distances(scanned, {label.tag: middle}, dpi)


def _distances(page: Image.Image, places: dict[str, tuple[float, float]], dpi: int) -> list[float]:
    off = []
    for barcode in zxingcpp.read_barcodes(page):
        if barcode.text in places:
            at = barcode.position
            corners = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
            x, y = places[barcode.text]
            across = sum(corner.x for corner in corners) / 4 * 25.4 / dpi - x
            down = sum(corner.y for corner in corners) / 4 * 25.4 / dpi - y
            off.append(max(abs(across), abs(down)))
    return off


def damaged(times: int) -> None:
    """Each kind of damage so many times: the share still read, and by which version first."""
    print(f"{'damage':56} {'read':>6} {'target':>6}   looks in turn, each alone")
    for name, kind, target in damage.TABLE:
        dice = random.Random(name)
        right, alone = 0, Counter[int]()
        for _ in range(times):
            tag = _tag(dice)
            picture = kind(damage.printed(tag), dice)
            right += photos.tags_in(picture) == [tag]
            alone.update(_looks_that_read(picture, tag))
        worth = " ".join(f"{alone[look] / times:4.0%}" for look in range(len(photos.VERSIONS)))
        print(f"{name:56} {right / times:6.1%} {target:6.0%}   {worth}", flush=True)


def _looks_that_read(picture: Image.Image, tag: str) -> Iterator[int]:
    for look, version in enumerate(photos.VERSIONS):
        found = zxingcpp.read_barcodes(version(picture), formats=photos.QR_ONLY)
        if any(code.text == tag for code in found):
            yield look


def wrong(times: int) -> None:
    """Codes damaged beyond what they are meant to survive: nothing but their own tag is read."""
    dice = random.Random("wrong reads")
    came = Counter[str]()
    for done in range(times):
        tag = _tag(dice)
        found = photos.tags_in(damage.anything(damage.printed(tag), dice))
        came["right" if found == [tag] else "wrong" if found else "none"] += 1
        if (done + 1) % 10_000 == 0:
            print(f"  {done + 1:,}: {dict(came)}", file=sys.stderr, flush=True)
    print(f"damaged codes {times:,}: {came['right']:,} read, {came['none']:,} not read")
    line("wrong tags accepted", came["wrong"], None, "0")


def slips(times: int) -> None:
    """Every slip of typing that the check character is there for, in random tags."""
    dice = random.Random("slips")
    tried = Counter[str]()
    passed = Counter[str]()
    for _ in range(times):
        tag = _tag(dice)
        for kind, slipped in _slipped(tag):
            tried[kind] += 1
            passed[kind] += tags.is_tag(slipped)
    for kind, count in tried.items():
        line(f"{kind}: passed, of {count:,} in {times:,} tags", passed[kind], None, "0")


def _slipped(tag: str) -> Iterator[tuple[str, str]]:
    start = len(tags.PREFIX)
    for i in range(start, len(tag)):
        for other in tags.ALPHABET:
            if other != tag[i]:
                yield "single slip", tag[:i] + other + tag[i + 1 :]
                if i + 1 < len(tag) and tag[i] == tag[i + 1]:
                    yield "twin", tag[:i] + other * 2 + tag[i + 2 :]
        if i + 1 < len(tag) and tag[i] != tag[i + 1]:
            yield "adjacent swap", tag[:i] + tag[i + 1] + tag[i] + tag[i + 2 :]
        if i + 2 < len(tag) and tag[i] != tag[i + 2]:
            yield "jump swap", tag[:i] + tag[i + 2] + tag[i + 1] + tag[i] + tag[i + 3 :]


def _tag(dice: random.Random) -> str:
    """A tag from seeded dice; `tags.mint` throws dice of its own."""
    bodies = ("".join(dice.choices(tags.ALPHABET, k=tags.BODY_LENGTH)) for _ in iter(int, 1))
    made = (tags.PREFIX + body + tags.check_character(body) for body in bodies)
    (tag,) = islice(filter(tags.is_tag, made), 1)
    return tag


PARTS: dict[str, tuple[Callable[[int], None], int]] = {
    "speed": (speed, 1),
    "memory": (memory, 10_000),
    "stocks": (stocks, 1),
    "damage": (damaged, 500),
    "slips": (slips, 1_000),
    "wrong": (wrong, 5_000),
}
"""What can be measured, and how many times unless told."""


def main() -> None:
    """Measure the parts that are named, or all of them."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[], metavar="PART")
    asked.add_argument("--times", type=int, help="how many labels to damage")
    given = asked.parse_args()
    for part in given.parts or PARTS:
        measure, times = PARTS[part]
        measure(given.times or times)


if __name__ == "__main__":
    main()
