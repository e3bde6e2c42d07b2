"""The sheets of labels that can be printed: those on sale, and a user's own.

Those on sale are rows of `label_stock.csv`; to add one, add a row. The millimetres come from the
list that the row names, and what another list has is written next to it; `docs/labels.md` links
the lists. A sheet is cut in the middle of its page, and a test holds every row to that. Where the
box that the sheets came in has other figures, the box is right. `also` has the other numbers of the
same cut, of any maker: they are one stock, with one id, so that a printer is calibrated once for
all of them. Rolls, and labels too small for a QR code, are rows too, so that the refusal can give
the reason.

A user's own is a small TOML file, for what is in no list:

    name = "Market stall labels"
    columns = 3
    rows = 7
    label_width = 63.5
    label_height = 38.1
    left = 7.2            # from the page's edge to the first label
    top = 15.15
    pitch_x = 66.04       # from one label's left edge to the next one's; without it they touch
    pitch_y = 38.1

Lengths are in millimetres, or in inches with `unit = "in"`. `page_width` and `page_height` are
A4's where they are left out; `right` and `bottom`, the margins on the other sides, are compared
with the sums. `cut` prints the labels' outlines, for plain paper. A figure that cannot be right is
refused by its name: a sheet of labels is dear, and a mistake shows only when it has been printed.
"""

import csv
import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kitloan.errors import BadInput
from kitloan.storage.files import insist_on_file
from kitloan.text.names import clean, slug
from kitloan_labels.layout import A4_MM, INSET_MM, LEAST_WORDS_MM, LETTER_MM, Sheet, face

SYMMETRY_MM = 0.2
"""Sheets are cut in the middle of their page; a larger difference is mostly a slip in measuring."""

_PAGES = {"A4": A4_MM, "Letter": LETTER_MM}

_MAKERS = {
    "avery zweckform": "avery",
    "avery us": "avery",
    "avery uk": "avery",
    "avery": "avery",
    "zweckform": "avery",
    "brother p touch": "brother",
    "brother": "brother",
    "dymo": "dymo",
    "herma": "herma",
    "label planet": "labelplanet",
    "zebra": "zebra",
}
"""What a maker is called before a number, and the maker. A longer name is before a part of it."""

_NUMBER = re.compile(r"[A-Za-z]*-?\d{4,}[A-Za-z]*")
_DIGITS = re.compile(r"(?<!\d)\d{4,}(?!\d)")

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
    "page_width": (105, 2000),  # A6: the calibration page's ruler must fit on it
    "page_height": (148, 2000),
}
_UNITS = {"mm": 1.0, "in": 25.4}
_TEXTS = ("name", "material")
_KEYS = (*_TEXTS, *_COUNTS, *_LENGTHS, "unit", "cut")

CARDS = Sheet(
    id="cards",
    name="plain A4 paper, to be cut into cards",
    material="paper",
    columns=2,
    rows=5,
    label_width=85.0,
    label_height=54.0,
    left=20.0,
    top=13.5,
    pitch_x=85.0,
    pitch_y=54.0,
    cut=True,
)
"""Cards of a bank card's size, where there is no card stock: a laminator's pouches fit them."""


@dataclass(frozen=True, slots=True)
class CheckedSheet:
    """A sheet, and what a person should check before printing on it."""

    sheet: Sheet
    warnings: tuple[str, ...] = ()


# -- stock on sale --------------------------------------------------------------------------------


def sheets() -> tuple[Sheet, ...]:
    """Every sheet on sale that labels can be printed on, in the order of the file."""
    return tuple(sheet for sheet in map(_sheet_of, rows()) if sheet and sheet.module_mm)


def find(name: str) -> Sheet:
    """The sheet on sale with this id or maker's number: `l7160`, `J8160`, `Herma 4677`.

    Raises:
        BadInput: `no_such_stock`.
    """
    if _key(name) == CARDS.id:
        return CARDS
    row = row_named(name)
    if row is None:
        raise _no_such_stock(name, f"There is no label stock {name[:60]!r}.")
    sheet = _sheet_of(row)
    if sheet is None:
        raise _no_such_stock(name, f"{row['maker_part']} is a roll ({row['kind']}), not a sheet.")
    if sheet.module_mm is None:
        raise _no_such_stock(
            name,
            f"{row['maker_part']} has labels of {sheet.label_width:g} x {sheet.label_height:g} mm, "
            "too small for a QR code that a webcam can read.",
        )
    return sheet


def row_named(name: str) -> dict[str, str] | None:
    """The row of `label_stock.csv`, a sheet's or a roll's, with this id or maker's number.

    Digits alone are a number too where only one row has them: `7160` is L7160. A number with
    another maker's name before it is not that stock.
    """
    maker, key = _maker_and_key(name)
    exact, digits = _by_number()
    for found in (exact.get(_key(name), ()), exact.get(key, ()), digits.get(key, ())):
        rows = [row for owner, row in found if not maker or owner == maker]
        if rows and all(row is rows[0] for row in rows):
            return rows[0]
    return None


def is_roll(row: dict[str, str]) -> bool:
    """Whether a row is a roll's; else it is a sheet's."""
    return row["kind"].partition(" ")[0] not in _PAGES


@cache
def rows() -> tuple[dict[str, str], ...]:
    """The rows of `label_stock.csv`, in its order."""
    with Path(__file__).with_name("label_stock.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


_ByNumber = dict[str, list[tuple[str, dict[str, str]]]]
"""The makers and rows of each number."""


@cache
def _by_number() -> tuple[_ByNumber, _ByNumber]:
    exact: _ByNumber = {}
    digits: _ByNumber = {}
    for row in rows():
        for maker, number in _numbers(row):
            exact.setdefault(_key(number), []).append((maker, row))
            if found := _DIGITS.search(number):
                digits.setdefault(found[0], []).append((maker, row))
    return exact, digits


def _numbers(row: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The numbers of a row's stock, each with its maker."""
    maker, _ = _maker_and_key(row["maker_part"])
    yield maker, row["id"]
    for number in _NUMBER.findall(row["maker_part"]):
        yield maker, number
    yield from _also(row)


def _also(row: dict[str, str]) -> list[tuple[str, str]]:
    return [_maker_and_key(name) for name in row["also"].split("; ") if name]


def _maker_and_key(name: str) -> tuple[str, str]:
    key = _key(name)
    for called, maker in _MAKERS.items():
        if key.startswith(_key(called)):
            return maker, key.removeprefix(_key(called))
    return "", key


def _key(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())


def _no_such_stock(name: str, what: str) -> BadInput:
    rolls = [row for row in rows() if is_roll(row) and not row["source"].endswith("text only")]
    known = [sheet.id for sheet in sheets()] + [row["id"] for row in rolls]
    return BadInput(
        "no_such_stock",
        what,
        "Measure it, in millimetres or inches, and write a small TOML file: columns, rows, "
        "label_width, label_height, left, top. Give the file's name, such as mine.toml, in place "
        f"of the number. These can be printed without one: {', '.join(known)}.",
        stock=name[:60],
    )


def _sheet_of(row: dict[str, str]) -> Sheet | None:
    """The sheet of a row; None for a roll."""
    page, _, material = row["kind"].partition(" ")
    if page not in _PAGES:
        return None
    width, height = _PAGES[page]
    return Sheet(
        id=row["id"],
        name=row["maker_part"],
        material=material,
        columns=int(row["cols"]),
        rows=int(row["rows"]),
        label_width=float(row["label_w"]),
        label_height=float(row["label_h"]),
        left=float(row["x0"]),
        top=float(row["y0"]),
        pitch_x=float(row["pitch_x"]),
        pitch_y=float(row["pitch_y"]),
        page_width=width,
        page_height=height,
    )


# -- a user's own ---------------------------------------------------------------------------------


def find_or_read(name: str) -> CheckedSheet:
    """The sheet of a maker's number, or of a file whose name ends in `.toml`.

    Raises:
        BadInput: `no_such_stock`, `no_such_file`, or `bad_stock` naming the `key` that is wrong.
    """
    if name.lower().endswith(".toml"):
        path = Path(name)
        return check(_read(path), path.stem)
    sheet = find(name)
    row = row_named(name)
    if row is None or _maker_and_key(name) not in _also(row):
        return CheckedSheet(sheet)
    return CheckedSheet(sheet, (f"{name.strip()} has the same cut as {sheet.name}.",))


def check(figures: Mapping[str, Any], called: str) -> CheckedSheet:
    """The sheet that these figures make.

    Args:
        figures: the file's keys and values.
        called: the name of the file, which is the stock's name where the file gives none.

    Raises:
        BadInput: `bad_stock`.
    """
    for key in figures:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            raise _bad(key, "is not known", f"Did you mean {near[0]}?" if near else _known())
    for key in _NEEDED:
        if key not in figures:
            raise _bad(key, "is missing", "Measure it on the sheet, in millimetres or inches.")
    in_mm = _in_millimetres(figures)
    sheet = _sheet(in_mm, called)
    _must_not_overlap(sheet)
    _must_close(sheet, in_mm)
    _must_hold_a_code(sheet)
    return CheckedSheet(sheet, tuple(_lopsided(sheet)))


def _in_millimetres(figures: Mapping[str, Any]) -> Mapping[str, Any]:
    unit = figures.get("unit", "mm")
    if unit not in _UNITS:
        raise _bad("unit", f"is {unit!r}", 'It is "mm" or "in".')
    return {
        key: _scaled(value, _UNITS[unit]) if key in _LENGTHS and _is_number(value) else value
        for key, value in figures.items()
    }


def _scaled(value: float, by: float) -> float:
    try:
        return value * by
    except OverflowError:  # a whole number beyond any sheet, in any unit
        return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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


def _sheet(figures: Mapping[str, Any], called: str) -> Sheet:
    width, height = _length(figures, "label_width"), _length(figures, "label_height")
    cut = figures.get("cut", False)
    if not isinstance(cut, bool):
        raise _bad("cut", f"is {cut!r}", "It is true or false.")
    return Sheet(
        id=f"own-{slug(called)}",
        name=_text(figures, "name", called),
        material=_text(figures, "material", "paper"),
        columns=_count(figures, "columns"),
        rows=_count(figures, "rows"),
        label_width=width,
        label_height=height,
        left=_length(figures, "left"),
        top=_length(figures, "top"),
        pitch_x=_length(figures, "pitch_x", width),
        pitch_y=_length(figures, "pitch_y", height),
        page_width=_length(figures, "page_width", A4_MM[0]),
        page_height=_length(figures, "page_height", A4_MM[1]),
        cut=cut,
    )


def _text(figures: Mapping[str, Any], key: str, default: str) -> str:
    value = figures.get(key, default)
    if not isinstance(value, str):
        raise _bad(key, f"is {value!r}", "Put it in quotation marks.")
    return clean(value, f"The stock's {key}", 80)


def _count(figures: Mapping[str, Any], key: str) -> int:
    value = figures[key]
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _COUNTS[key]:
        raise _bad(key, f"is {value!r}", f"It is a whole number from 1 to {_COUNTS[key]}.")
    return value


def _length(figures: Mapping[str, Any], key: str, default: float = 0.0) -> float:
    value = figures.get(key, default)
    least, most = _LENGTHS[key]
    if not _is_number(value) or not least <= value <= most:  # false for nan and inf too
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


def _must_close(sheet: Sheet, figures: Mapping[str, Any]) -> None:
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
        given = _length(figures, key) if key in figures else left
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
    words = face(sheet).words
    if words.width < LEAST_WORDS_MM:
        raise _bad(
            "label_width",
            f"is {sheet.label_width:g} mm: next to the code there are {max(words.width, 0):.1f} mm "
            "left for the tag in words",
            f"A label needs {LEAST_WORDS_MM:g} mm next to its code, or below it.",
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
