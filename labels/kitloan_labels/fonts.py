"""The bundled fonts, and what they can draw.

They have the whole Latin alphabet, for names like Sabhal Mòr Ostaig. What they cannot draw, emoji
and scripts written from right to left among them, is printed as `?`, and the answer lists those
characters.
"""

import unicodedata
from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from kitloan.text.names import tidy

PLAIN, BOLD, MONO = "Kitloan-Plain", "Kitloan-Bold", "Kitloan-Mono"
_FILES = {
    PLAIN: "DejaVuSansCondensed.ttf",
    BOLD: "DejaVuSansCondensed-Bold.ttf",
    MONO: "DejaVuSansMono-Bold.ttf",
}
ASCENT = 0.93
"""From the top of a line to its baseline, in sizes: these fonts' tallest accents."""


def file_of(font: str) -> Path:
    """The file of a font."""
    return Path(__file__).with_name("fonts") / _FILES[font]


@cache
def fonts() -> dict[str, TTFont]:
    """The fonts by name, made known to reportlab."""
    found = {name: TTFont(name, str(file_of(name))) for name in _FILES}
    for font in found.values():
        pdfmetrics.registerFont(font)
    return found


def measure(font: str, text: str) -> float:
    """How wide a text is at a size of one point."""
    return float(fonts()[font].stringWidth(text, 1))


def drawable(text: str, font: str, missing: set[str]) -> str:
    """`text` tidied, with `?` for what the font lacks; those characters are added to `missing`."""
    visible = [c for c in tidy(text) if not _draws_nothing(c)]
    lacking = {c for c in visible if not _can_draw(c, font)}
    missing.update(lacking)
    return "".join("?" if c in lacking else c for c in visible)


def _draws_nothing(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"


def _can_draw(character: str, font: str) -> bool:
    # The fonts have some Arabic, but nothing here would join its letters or turn its direction.
    leftwards = unicodedata.bidirectional(character) in ("R", "AL", "AN")
    return not leftwards and ord(character) in fonts()[font].face.charToGlyph
