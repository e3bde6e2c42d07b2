"""What befalls a label in a school cupboard, done to a picture of its code, from a seeded dice.

The benchmark tries each kind five hundred times for the table in `docs/labels.md`; the everyday
tests try a few. A picture here is a code on its label, 8 pixels to a module, with some white
around it as a photo would have.
"""

import math
import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from kitloan_labels import qr

MODULE = 8
EDGE = 10 * MODULE  # white on every side, the quiet zone in it
SIDE = qr.SIDE * MODULE
PAPER = SIDE + 2 * EDGE

Dice = random.Random
Damage = Callable[[Image.Image, Dice], Image.Image]

_FINDERS = ((0, 0), (18, 0), (0, 18))  # their corners, in modules; each is 7 modules wide


def printed(tag: str) -> Image.Image:
    """A code as it comes from the printer, square to the edges."""
    picture = Image.new("L", (PAPER, PAPER), 255)
    pen = ImageDraw.Draw(picture)
    for row, column, length in qr.runs(qr.modules(tag)):
        left, top = EDGE + column * MODULE, EDGE + row * MODULE
        pen.rectangle((left, top, left + length * MODULE - 1, top + MODULE - 1), fill=0)
    return picture


def blot(share: float) -> Damage:
    """A square of ink, or of torn paper, over this share of the code and off its finders."""
    side = math.sqrt(share) * qr.SIDE

    def damage(picture: Image.Image, dice: Dice) -> Image.Image:
        while True:
            x, y = (dice.uniform(0, qr.SIDE - side) for _ in "xy")
            if not any(
                x < fx + 7 and fx < x + side and y < fy + 7 and fy < y + side for fx, fy in _FINDERS
            ):
                break
        return _square(picture, x, y, side, dice.choice((0, 255)))

    return damage


def blot_anywhere(picture: Image.Image, dice: Dice) -> Image.Image:
    """A square of ink or torn paper over 5 to 30 % of the code, finders or not."""
    side = math.sqrt(dice.uniform(0.05, 0.3)) * qr.SIDE
    x, y = (dice.uniform(0, qr.SIDE - side) for _ in "xy")
    return _square(picture, x, y, side, dice.choice((0, 255)))


def _square(picture: Image.Image, x: float, y: float, side: float, grey: int) -> Image.Image:
    worn = picture.copy()
    left, top = EDGE + x * MODULE, EDGE + y * MODULE
    ends = (round(left + side * MODULE), round(top + side * MODULE))
    worn.paste(grey, (round(left), round(top), *ends))
    return worn


def scratches(picture: Image.Image, dice: Dice) -> Image.Image:
    """Ten scratches a quarter of a module wide, right across."""
    worn = picture.copy()
    pen = ImageDraw.Draw(worn)
    for _ in range(10):
        turn, off = dice.uniform(0, math.pi), dice.uniform(-0.4, 0.4) * SIDE
        x, y = PAPER / 2 - off * math.sin(turn), PAPER / 2 + off * math.cos(turn)
        dx, dy = SIDE * math.cos(turn), SIDE * math.sin(turn)
        pen.line((x - dx, y - dy, x + dx, y + dy), fill=255, width=MODULE // 4)
    return worn


def blurred(picture: Image.Image, dice: Dice) -> Image.Image:
    """Out of focus by 0.4 of a module, and turned any way."""
    return turned(picture, dice).filter(ImageFilter.GaussianBlur(0.4 * MODULE))


def noise(picture: Image.Image, dice: Dice) -> Image.Image:
    """As from a cheap camera in a dim store: half the contrast, grain of deviation 30."""
    grains = Image.frombytes("L", picture.size, dice.randbytes(picture.width * picture.height))
    reach = 30 * math.sqrt(12) / 255  # of even grain, to that deviation
    soft = grains.point(lambda grey: round(128 + (grey - 127.5) * reach))
    dim = picture.point(lambda grey: 64 + grey // 2)
    return ImageChops.add(dim, soft, offset=-128)


def tilted(picture: Image.Image, dice: Dice) -> Image.Image:
    """Seen at 30 degrees from a hand's breadth away, the label turned any way."""
    slant = math.radians(30)
    far, middle = 5 * SIDE, PAPER / 2
    # Where a point of the photo lies on the label, from the turn about the upright axis:
    # u = far*x / (far*cos - sin*x) and v = far*cos*y / (far*cos - sin*x), from the middle.
    scale = far * math.cos(slant) + math.sin(slant) * middle
    g = -math.sin(slant)
    rows = (
        (far + g * middle, 0.0, -far * middle + middle * scale),
        (g * middle, far * math.cos(slant), -far * math.cos(slant) * middle + middle * scale),
    )
    terms = [term / scale for row in rows for term in row]
    return turned(picture, dice).transform(
        picture.size,
        Image.Transform.PERSPECTIVE,
        (*terms, g / scale, 0.0),
        Image.Resampling.BICUBIC,
        fillcolor=255,
    )


def far_away(picture: Image.Image, dice: Dice) -> Image.Image:
    """Two and a half pixels of the camera to a module."""
    askew = picture.rotate(dice.uniform(-20, 20), Image.Resampling.BICUBIC, fillcolor=255)
    shift = dice.uniform(0, MODULE), dice.uniform(0, MODULE)
    box = (*shift, PAPER - MODULE + shift[0], PAPER - MODULE + shift[1])
    side = round((PAPER - MODULE) * 2.5 / MODULE)
    return askew.resize((side, side), Image.Resampling.BOX, box)


def shadowed(picture: Image.Image, dice: Dice) -> Image.Image:
    """A hand's soft shadow over a part of it, seven tenths of the light gone."""
    shade = Image.new("L", picture.size, 255)
    x, y = dice.uniform(0.2, 0.8) * PAPER, dice.uniform(0.2, 0.8) * PAPER
    ImageDraw.Draw(shade).pieslice(
        (x - PAPER, y - PAPER, x + PAPER, y + PAPER), start := dice.uniform(0, 360), start + 100, 76
    )
    return ImageChops.multiply(turned(picture, dice), shade.filter(ImageFilter.GaussianBlur(6)))


def turned(picture: Image.Image, dice: Dice) -> Image.Image:
    """Held any way up."""
    return picture.rotate(dice.uniform(0, 360), Image.Resampling.BICUBIC, fillcolor=255)


def anything(picture: Image.Image, dice: Dice) -> Image.Image:
    """Two kinds of damage at once, harder than any that a label is meant to survive."""
    for damage in dice.sample((blot_anywhere, scratches, noise, far_away, tilted, _torn), 2):
        if picture.width == PAPER:  # the others know where on the paper a code lies
            picture = damage(picture, dice)
    return picture


def _torn(picture: Image.Image, dice: Dice) -> Image.Image:
    """One module in eight is not what it was."""
    worn = picture.copy()
    for _ in range(qr.SIDE * qr.SIDE // 8):
        left, top = (EDGE + dice.randrange(qr.SIDE) * MODULE for _ in "xy")
        worn.paste(dice.choice((0, 255)), (left, top, left + MODULE, top + MODULE))
    return worn


TABLE: tuple[tuple[str, Damage, float], ...] = (
    ("square blot over 10 % of the area, off the finders", blot(0.10), 0.95),
    ("square blot over 15 % of the area, off the finders", blot(0.15), 0.75),
    ("ten thin scratches", scratches, 0.90),
    ("blur of 0.4 module, turned any way", blurred, 0.95),
    ("noise", noise, 0.95),
    ("tilt of 30 degrees, turned any way", tilted, 0.95),
    ("2.5 pixels a module", far_away, 0.95),
    ("a shadow over a part", shadowed, 0.95),
)
"""What is tried: its name, what it does, and the share that must still be read."""
