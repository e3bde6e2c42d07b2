"""Labels on a roll: pictures in one bit, at the printer's own dots.

A label printer has a few hundred dots across, and greys and half dots become a lottery when its
driver makes black and white of them. So a label is drawn on just the dots that the printer can
reach: a module of the code is a whole number of them, and letters are fitted to them by the
fonts' own instructions. The picture is the way up that it is read.

Rolls are rows of `label_stock.csv`, as sheets are. Zebra takes labels of any size, so its name may
give one: `zebra:100x50@300`, in millimetres and dots an inch.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from kitloan.errors import BadInput
from kitloan.storage.files import whole_file, whole_folder
from kitloan_labels import qr, stock
from kitloan_labels.fit import LEADING
from kitloan_labels.fonts import ASCENT, file_of
from kitloan_labels.layout import INSET_MM, LEAST_WORDS_MM
from kitloan_labels.pdf import READABLE, Placed
from kitloan_labels.template import TEMPLATES, Block, Subject, compose

MM = 25.4
POINTS = 72

_CUT_MM = {"dk22205": 29.0}
_LONG_CUT_MM = 60.0
"""Where a continuous roll is cut: as short as the words on an ordinary label allow."""

_NAMED_SIZE = re.compile(r"zebra[ :-]?(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(?:mm)?")
_DPI = re.compile(r"(\d+)(?:/\d+)?dpi")
_ZEBRA_MM = (15.0, 330.0)
_ZEBRA_DPI = (150, 600)


Room = tuple[int, int, int, int]
"""Left, top, right and bottom, in dots."""


@dataclass(frozen=True, slots=True)
class Roll:
    """A label on a roll as it is read, in millimetres, and what of it the printer reaches.

    `turned` labels are read along the roll: the printer gets them turned by a right angle.
    """

    id: str
    name: str
    dpi: int
    width: float
    height: float
    margin_x: float
    margin_y: float
    turned: bool

    @property
    def dots(self) -> tuple[int, int]:
        """How many dots across and down a picture of a label has."""
        return (
            round((self.width - 2 * self.margin_x) * self.dpi / MM),
            round((self.height - 2 * self.margin_y) * self.dpi / MM),
        )

    @property
    def inset(self) -> tuple[int, int]:
        """Dots left free along a picture's edges, where the margin alone is not enough."""
        return (self._spare(self.margin_x), self._spare(self.margin_y))

    def _spare(self, margin: float) -> int:
        return round(max(0.0, INSET_MM - margin) * self.dpi / MM)

    def module(self, side: int = qr.SIDE) -> int | None:
        """Dots along a module of a code with so many; None when no code that a webcam reads fits.

        There is always room next to the code for the tag in words.
        """
        width, height = (dots - 2 * free for dots, free in zip(self.dots, self.inset, strict=True))
        words = round(LEAST_WORDS_MM * self.dpi / MM)
        room = min(height, width - words, int(qr.LARGEST_MM * self.dpi / MM))
        module = room // (side + 2 * qr.QUIET)
        return module if module * MM / self.dpi >= qr.LEAST_MODULE_MM else None

    @property
    def speaks_zpl(self) -> bool:
        """Whether its printer takes ZPL."""
        return self.id.startswith("zebra")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A label's picture, the characters that it shows as `?`, and the texts it has no room for."""

    picture: Image.Image
    missing: str
    left_out: tuple[str, ...]


def rolls() -> tuple[Roll, ...]:
    """Every roll of `label_stock.csv` that takes a code, in its order."""
    found = (_roll(row) for row in stock.rows() if stock.is_roll(row))
    return tuple(roll for roll in found if roll.module())


def find(name: str) -> Roll | None:
    """The roll of this name; None when it is a sheet's, or not known.

    Args:
        name: an id or a maker's number, `dk11209`, `Dymo 99012`; or Zebra with a size in
            millimetres, `zebra:100x50`. `@300` behind it is a Zebra's dots an inch.

    Raises:
        BadInput: `bad_stock`, for a Zebra of a size that does not make a label; `no_such_stock`,
            for a roll too narrow for a code.
    """
    named, _, dpi = name.strip().casefold().partition("@")
    row = stock.row_named(named)
    if row is not None and not stock.is_roll(row):
        return None
    if row is not None and row["id"].startswith("zebra"):
        return _of_dpi(_roll(row), dpi, name)
    if row is not None and not dpi:
        return _wide_enough(_roll(row))
    size = _NAMED_SIZE.fullmatch(named)
    if size is None:
        return None
    across, along = float(size[1]), float(size[2])
    if not all(_ZEBRA_MM[0] <= side <= _ZEBRA_MM[1] for side in (across, along)):
        raise _bad_stock(name, f"a Zebra label has {_ZEBRA_MM[0]:g} to {_ZEBRA_MM[1]:g} mm a side")
    made = _laid(
        f"zebra{across:g}x{along:g}",
        f"Zebra {across:g} x {along:g} mm",
        203,
        across,
        along,
        (0.0, 0.0),
    )
    return _of_dpi(made, dpi, name)


def _wide_enough(roll: Roll) -> Roll:
    if roll.module():
        return roll
    raise BadInput(
        "no_such_stock",
        f"{roll.name} is too small for a QR code that a webcam can read.",
        "Choose a wider roll: dk11204 and tze18 are the narrowest.",
        stock=roll.id,
    )


def _of_dpi(roll: Roll, dpi: str, name: str) -> Roll:
    number = dpi.removesuffix("dpi")
    if dpi and not (number.isdecimal() and _ZEBRA_DPI[0] <= int(number) <= _ZEBRA_DPI[1]):
        raise _bad_stock(name, f"Zebras have {_ZEBRA_DPI[0]} to {_ZEBRA_DPI[1]} dots an inch")
    found = replace(roll, dpi=int(number)) if dpi else roll
    if found.module() is None:
        raise _bad_stock(name, "it is too small for a QR code that a webcam can read")
    return found


def _bad_stock(name: str, why: str) -> BadInput:
    return BadInput(
        "bad_stock",
        f"{name[:60]!r} cannot be printed: {why}.",
        "Give millimetres across and along the roll, and dots an inch: zebra:100x50@300.",
        stock=name[:60],
    )


def _roll(row: dict[str, str]) -> Roll:
    dpi = _DPI.search(row["kind"])
    if dpi is None:
        raise ValueError(f"label_stock.csv: how many dots an inch has {row['id']}?")
    margins = float(row["x0"]), float(row["y0"] or 0)
    along = float(row["label_h"] or _CUT_MM.get(row["id"], _LONG_CUT_MM))
    name, across = row["maker_part"], float(row["label_w"])
    return _laid(row["id"], name, int(dpi[1]), across, along, margins)


def _laid(
    id: str,  # noqa: A002  # the field of `Roll`
    name: str,
    dpi: int,
    across: float,
    along: float,
    margins: tuple[float, float],
) -> Roll:
    """A label is read along its longer side."""
    if along > across:
        return Roll(id, name, dpi, along, across, margins[1], margins[0], turned=True)
    return Roll(id, name, dpi, across, along, *margins, turned=False)


def draw(subject: Subject, roll: Roll, template: str = "kit") -> Drawn:
    """A label's picture, in black and white.

    Raises:
        BadInput: `bad_tag`; `too_long`, for a name whose code needs more room than there is.
    """
    picture = Image.new("1", roll.dots, 1)
    pen = ImageDraw.Draw(picture)
    width, height = roll.dots
    left, top = roll.inset
    room = (left, top, width - left, height - top)
    if subject.matrix:
        room = _draw_code(pen, subject.matrix, room, roll)
    scale = roll.dpi / POINTS
    across, down = (room[2] - room[0]) / scale, (room[3] - room[1]) / scale
    composed = compose(TEMPLATES[template], subject, across, down)
    _draw_words(pen, composed.block, room, scale)
    return Drawn(picture, composed.missing, composed.left_out)


def _draw_code(pen: ImageDraw.ImageDraw, matrix: qr.Matrix, room: Room, roll: Roll) -> Room:
    """Draw the code at the left, in the middle of the height; returns the room next to it."""
    module = roll.module(len(matrix))
    if module is None:
        raise BadInput(
            "too_long",
            f"The labels of {roll.name} are too small for the code of so long a name.",
            "Choose a larger stock: --stock cards prints on plain paper.",
        )
    left, top, right, bottom = room
    side = module * (len(matrix) + 2 * qr.QUIET)
    above = (top + bottom - side) // 2
    for row, column, length in qr.runs(matrix):
        x, y = left + (qr.QUIET + column) * module, above + (qr.QUIET + row) * module
        pen.rectangle((x, y, x + length * module - 1, y + module - 1), fill=0)
    return left + side, top, right, bottom


def _draw_words(pen: ImageDraw.ImageDraw, block: Block, room: Room, scale: float) -> None:
    """Lines from the top down, in the middle of the height that they have."""
    left, top, right, bottom = room
    y = (top + bottom - sum(fitted.height for _, fitted in block) * scale) / 2
    for name, fitted in block:
        font = _fitting(name, fitted.lines, fitted.size * scale, right - left)
        for line in fitted.lines:
            pen.text((left, round(y + ASCENT * fitted.size * scale)), line, 0, font, anchor="ls")
            y += LEADING * fitted.size * scale


def _fitting(name: str, lines: tuple[str, ...], size: float, width: int) -> ImageFont.FreeTypeFont:
    """The font at this size or, since letters on whole dots may be wider, a little smaller."""
    for dots in range(max(int(size), 1), 0, -1):
        font = _font(name, dots)
        if all(font.getlength(line, mode="1") <= width for line in lines):
            break
    return font


@cache
def _font(name: str, dots: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file_of(name), dots, layout_engine=ImageFont.Layout.BASIC)


_INK = bytes(byte ^ 0xFF for byte in range(256))
"""White is 1 to Pillow, and ink to a printer."""


def label(picture: Image.Image, roll: Roll) -> str:
    """The commands that print one label."""
    fed = picture.transpose(Image.Transpose.ROTATE_90) if roll.turned else picture
    return f"^XA^PW{fed.width}^LL{fed.height}^LH0,0^FO0,0{graphic(fed)}^FS^PQ1^XZ\n"


def graphic(picture: Image.Image) -> str:
    """A picture in one bit as a `^GFA` command."""
    across = (picture.width + 7) // 8
    padded = Image.new("1", (across * 8, picture.height), 1)
    padded.paste(picture, (0, 0))
    total = across * picture.height
    return f"^GFA,{total},{total},{across}," + "".join(
        _rows(padded.tobytes().translate(_INK), across)
    )


def _rows(ink: bytes, across: int) -> Iterator[str]:
    above = None
    for start in range(0, len(ink), across):
        row = ink[start : start + across].hex().upper()
        shortened = row.rstrip("0")
        yield ":" if row == above else shortened + "," if shortened != row else row
        above = row


_FILES = (".zpl", ".png")


@contextmanager
def saving(
    labels: Sequence[Subject],
    roll: Roll,
    out: Path,
    progress: Callable[[int], None] | None = None,
    template: str = "kit",
) -> Iterator[list[Placed]]:
    """Draw the labels; the files are in place when the block ends well, and not before.

    Args:
        labels: in the order in which they are to come off the roll.
        roll: the stock, from `roll.find`.
        out: a file that ends in `.zpl`; one that ends in `.png`, for one label; or a folder.
        progress: called after each label with the number drawn.
        template: what is on the labels.

    Raises:
        BadInput: `nothing_to_print`, `wrong_file`, `bad_tag`, `too_long` or `cannot_write`.
    """
    kind = out.suffix.casefold()
    _must_suit(kind, len(labels), roll, out)
    whole = whole_file(out, READABLE) if kind in _FILES else whole_folder(out)
    with whole as new:
        placed: list[Placed] = []
        for each in _drawn(labels, roll, template, new, kind):
            placed.append(each)
            if progress:
                progress(len(placed))
        yield placed


def files(placed: Sequence[Placed], out: Path) -> list[Path]:
    """The files that were written: `out`, or those in that folder, in the roll's order."""
    if not out.is_dir():
        return [out]
    return [out / _name(each.page, each.tag, len(placed)) for each in placed]


def _must_suit(kind: str, count: int, roll: Roll, out: Path) -> None:
    if not count:
        raise BadInput("nothing_to_print", "There are no labels to print.", "Name some.")
    problem = {
        ".zpl": "" if roll.speaks_zpl else f"{roll.name} is not for a printer that takes ZPL",
        ".png": "" if count == 1 else f"{count:,} labels do not go into one picture",
        ".pdf": f"{roll.name} is a roll, and its labels are pictures",
    }.get(kind, "")
    if problem:
        raise BadInput("wrong_file", f"{problem}.", "Name a folder for them.", file=str(out))


def _drawn(
    labels: Sequence[Subject], roll: Roll, template: str, new: Path, kind: str
) -> Iterator[Placed]:
    write_to = _in_one_file if kind == ".zpl" else _in_pictures
    with write_to(new, roll, len(labels)) as take:
        for number, subject in enumerate(labels, start=1):
            drawn = draw(subject, roll, template)
            take(number, subject.tag, drawn.picture)
            yield Placed(subject.tag, number, 0.0, 0.0, drawn.missing, drawn.left_out)


Take = Callable[[int, str, Image.Image], None]
"""Writes a label's picture, given its number on the roll and its tag."""


@contextmanager
def _in_one_file(new: Path, roll: Roll, total: int) -> Iterator[Take]:
    with new.open("w", encoding="ascii", newline="\n") as file:

        def take(number: int, tag: str, picture: Image.Image) -> None:
            file.write(label(picture, roll))

        yield take


@contextmanager
def _in_pictures(new: Path, roll: Roll, total: int) -> Iterator[Take]:
    folder = new.is_dir()

    def take(number: int, tag: str, picture: Image.Image) -> None:
        place = new / _name(number, tag, total) if folder else new
        picture.save(place, "PNG", dpi=(roll.dpi, roll.dpi))

    yield take


def _name(number: int, tag: str, total: int) -> str:
    """The number comes first, so that the names are in the order of the roll."""
    return f"{number:0{len(str(total))}}-{tag or 'label'}.png"
