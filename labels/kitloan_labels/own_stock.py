"""A user's own stock, from a small TOML file: what no maker's list has, or what the box says.

    name = "Market stall labels"
    columns = 3
    rows = 7
    label_width = 63.5
    label_height = 38.1
    left = 7.2            # from the page's edge to the first label
    top = 15.15
    pitch_x = 66.04       # from one label's left edge to the next one's; else they touch
    pitch_y = 38.1

Lengths are in millimetres. `page_width` and `page_height` are A4's unless given; `right` and
`bottom`, the margins on the other sides, are checked against the sums where they are given. `cut`
prints the labels' outlines, for plain paper. A figure that cannot be is refused by its name: a
sheet of labels is dear, and a wrong one shows only when it has been printed.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitloan.errors import BadInput
from kitloan.storage.files import insist_on_file
from kitloan.text.names import clean, slug
from kitloan_labels import layout, stock
from kitloan_labels.stock import INSET_MM, PAGE_HEIGHT_MM, PAGE_WIDTH_MM, Sheet

SYMMETRY_MM = 0.2
"""Sheets are cut in the middle of their page; a larger difference is mostly a slip in measuring."""

_CLOSES_MM = 0.3  # a ruler reads to half a millimetre; two readings agree better than this
_ROUNDING_MM = 0.01  # a hundredth over the edge is the maker's rounding
_LARGEST_FILE = 64 * 1024

_NEEDED = ("columns", "rows", "label_width", "label_height", "left", "top")
_COUNTS = {"columns": 60, "rows": 120}
_LENGTHS: Mapping[str, tuple[float, float]] = {
    "label_width": (1, 2000),
    "label_height": (1, 2000),
    "left": (0, 2000),
    "top": (0, 2000),
    "right": (0, 2000),
    "bottom": (0, 2000),
    "pitch_x": (1, 2000),
    "pitch_y": (1, 2000),
    "page_width": (105, 2000),  # A6: the calibration page's ruler must lie on it
    "page_height": (148, 2000),
}
_WORDS = ("name", "material")
_KEYS = (*_WORDS, *_COUNTS, *_LENGTHS, "cut")


@dataclass(frozen=True, slots=True)
class Checked:
    """A sheet, and what about it a person should look at before printing."""

    sheet: Sheet
    warnings: tuple[str, ...] = ()


def find(name: str) -> Checked:
    """The sheet of a maker's number, or of a file whose name ends in `.toml`.

    Raises:
        BadInput: `no_such_stock`, `no_such_file`, or `bad_stock` naming the `key` that is wrong.
    """
    if not name.lower().endswith(".toml"):
        return Checked(stock.find(name))
    path = Path(name)
    return check(_read(path), path.stem)


def check(said: Mapping[str, Any], called: str) -> Checked:
    """The sheet that these figures make.

    Args:
        said: the file's keys and values.
        called: what the file is called, which is the stock's name where it says none.

    Raises:
        BadInput: `bad_stock`.
    """
    for key in said:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            raise _bad(key, "is not known", f"Did you mean {near[0]}?" if near else _known())
    for key in _NEEDED:
        if key not in said:
            raise _bad(key, "is missing", "Measure it on the sheet, in millimetres.")
    sheet = _sheet(said, called)
    _must_not_overlap(sheet)
    _must_close(sheet, said)
    _must_hold_a_code(sheet)
    return Checked(sheet, tuple(_lopsided(sheet)))


def _read(path: Path) -> dict[str, Any]:
    insist_on_file(path)
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_FILE + 1)
    except OSError as problem:
        missing = isinstance(problem, FileNotFoundError)
        raise BadInput(
            "no_such_file" if missing else "cannot_read",
            f"There is no file {path}."
            if missing
            else f"{path} cannot be read: {problem.strerror or problem}.",
            "Give the stock's TOML file, or a maker's number such as l7160.",
            file=str(path),
        ) from problem
    try:
        if len(text) > _LARGEST_FILE:
            raise ValueError(f"it is larger than {_LARGEST_FILE // 1024} KiB")
        return tomllib.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as problem:
        raise BadInput(
            "bad_stock",
            f"{path} is not a TOML file of a stock: {problem}.",
            "Write one figure a line, such as: label_width = 63.5",
            file=str(path),
        ) from problem


def _sheet(said: Mapping[str, Any], called: str) -> Sheet:
    width, height = _length(said, "label_width"), _length(said, "label_height")
    cut = said.get("cut", False)
    if not isinstance(cut, bool):
        raise _bad("cut", f"is {cut!r}", "It is true or false.")
    return Sheet(
        id=f"own-{slug(called)}",
        name=_words(said, "name", called),
        material=_words(said, "material", "paper"),
        columns=_count(said, "columns"),
        rows=_count(said, "rows"),
        label_width=width,
        label_height=height,
        left=_length(said, "left"),
        top=_length(said, "top"),
        pitch_x=_length(said, "pitch_x", width),
        pitch_y=_length(said, "pitch_y", height),
        page_width=_length(said, "page_width", PAGE_WIDTH_MM),
        page_height=_length(said, "page_height", PAGE_HEIGHT_MM),
        cut=cut,
    )


def _words(said: Mapping[str, Any], key: str, default: str) -> str:
    value = said.get(key, default)
    if not isinstance(value, str):
        raise _bad(key, f"is {value!r}", "Put it in quotation marks.")
    return clean(value, f"The stock's {key}", 80)


def _count(said: Mapping[str, Any], key: str) -> int:
    value = said[key]
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _COUNTS[key]:
        raise _bad(key, f"is {value!r}", f"It is a whole number from 1 to {_COUNTS[key]}.")
    return value


def _length(said: Mapping[str, Any], key: str, default: float = 0.0) -> float:
    value = said.get(key, default)
    least, most = _LENGTHS[key]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not least <= value <= most:  # neither nan nor inf lies between two numbers
        raise _bad(key, f"is {value!r}", f"It is a number of millimetres, {least} to {most}.")
    return float(value)


def _must_not_overlap(sheet: Sheet) -> None:
    for key, pitch, size, of in (
        ("pitch_x", sheet.pitch_x, sheet.label_width, "label_width"),
        ("pitch_y", sheet.pitch_y, sheet.label_height, "label_height"),
    ):
        if pitch < size - _ROUNDING_MM:
            raise _bad(
                key,
                f"is {pitch:g}, less than {of}, {size:g}: the labels would overlap",
                "It is measured from one label's edge to the same edge of the next.",
            )


def _must_close(sheet: Sheet, said: Mapping[str, Any]) -> None:
    for key, first, count, pitch, size, page, left in (
        ("right", "left", sheet.columns, sheet.pitch_x, sheet.label_width, "width", sheet.right),
        ("bottom", "top", sheet.rows, sheet.pitch_y, sheet.label_height, "height", sheet.bottom),
    ):
        sums = f"{first} + {count - 1} x {pitch:g} + {size:g}"
        if left < -_ROUNDING_MM:
            raise _bad(
                f"label_{page}",
                f"does not fit: {sums} is {-left:g} mm more than the page's {page}",
                f"One of {first}, label_{page}, the pitch, the number of labels or page_{page} "
                "is wrong.",
            )
        given = _length(said, key) if key in said else left
        if abs(given - left) > _CLOSES_MM:
            raise _bad(
                key,
                f"is {given:g}, but {sums} leaves {left:g} mm",
                "Measure again: all of a row's figures must add up to the page.",
            )


def _must_hold_a_code(sheet: Sheet) -> None:
    narrow = "label_height" if sheet.label_height < sheet.label_width else "label_width"
    if sheet.module_mm is None:
        raise _bad(
            narrow,
            f"is {getattr(sheet, narrow):g} mm, too small for a QR code that a webcam can read",
            f"The least is 17 mm: a code of 14, and {INSET_MM:g} mm free on either side.",
        )
    words = layout.face(sheet).words
    if words.width < layout.LEAST_WORDS_MM:
        raise _bad(
            "label_width",
            f"is {sheet.label_width:g} mm: beside the code there are {max(words.width, 0):.1f} mm "
            "left for the tag in words",
            "A label needs 12 mm beside its code, or below it.",
        )


def _lopsided(sheet: Sheet) -> list[str]:
    sides = (
        ("left", sheet.left, "right", sheet.right),
        ("top", sheet.top, "bottom", sheet.bottom),
    )
    return [
        f"{sheet.name}: {near} is {near_mm:g} mm, and {far:g} mm are left at the {other}. "
        "Most sheets are cut in the middle of the page: measure again, or print the "
        "calibration page first."
        for near, near_mm, other, far in sides
        if abs(far - near_mm) > SYMMETRY_MM + 1e-9
    ]


def _known() -> str:
    return f"The keys are: {', '.join(_KEYS)}."


def _bad(key: str, wrong: str, hint: str) -> BadInput:
    return BadInput("bad_stock", f"In the stock's file, {key} {wrong}.", hint, key=key)
