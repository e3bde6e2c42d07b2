"""What makes up for a printer that does not print where it should.

Printers feed paper a little askew of the sheet's measures, and some stretch or shrink the page. The
calibration page shows by how much; the figures are saved for each printer and stock in the user's
own file of settings, with the words that every label of theirs bears. Only the places of labels are
moved: what is on them keeps its exact size, so that a code's modules stay whole printer's dots.

In the file they are the table `[labels]`: see `LabelSettings`. What release 0.2.0 saved in
`labels.json` is read until they are saved again here.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kitloan.errors import BadInput
from kitloan.storage.user_files import labels_file_of_0_2, read_settings, save_settings

FURTHEST_MM = 15.0
"""A label further away than this is not a printer's slip, but another stock."""

SCALES = (0.9, 1.1)
"""Viewers that fit a page to the printer's margins shrink it to 94 %; nothing does worse."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Millimetres to the right and down, and a scale about the page's top left corner."""

    offset_x: float = 0.0
    offset_y: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        for name in ("offset_x", "offset_y"):
            value = getattr(self, name)
            if not (math.isfinite(value) and abs(value) <= FURTHEST_MM):
                raise BadInput(
                    "bad_offset",
                    f"{name.replace('_', ' ')} {value:g} mm cannot be: "
                    f"at most {FURTHEST_MM:g} mm either way.",
                    "Measure on the calibration page; or is it another stock?",
                    **{name: str(value)},
                )
        if not (math.isfinite(self.scale) and SCALES[0] <= self.scale <= SCALES[1]):
            raise _not_a_scale(f"{self.scale:g}")

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where to draw what belongs here."""
        return x * self.scale + self.offset_x, y * self.scale + self.offset_y


EXACT = Adjustment()


def parse_scale(text: str) -> float:
    """`1.012` or `101.2%` as a number.

    Raises:
        BadInput: `bad_scale`.
    """
    number = text.strip().removesuffix("%").strip()
    try:
        value = float(number) / (100 if "%" in text else 1)
    except ValueError:
        raise _not_a_scale(repr(text[:40])) from None
    if not (math.isfinite(value) and SCALES[0] <= value <= SCALES[1]):
        raise _not_a_scale(repr(text[:40]))
    return value


def _not_a_scale(shown: str) -> BadInput:
    return BadInput(
        "bad_scale",
        f"{shown} is not a scale: it is a number from {SCALES[0]:g} to {SCALES[1]:g}, "
        "or a percentage.",
        "Divide 100 by what the calibration page's ruler measures in millimetres: 100 / 98.5 "
        "is --scale 1.015.",
        scale=shown,
    )


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """What a user has saved for labels.

    In the file, each of these may be left out:

        [labels]
        return_to = "TEXT"
        [labels.acknowledge]
        DONOR = "WORDS"
        [labels.printers.NAME.STOCK]
        offset_x_mm = 0.5
        offset_y_mm = -1.0
        scale = 1.015
    """

    printers: Mapping[str, Mapping[str, Adjustment]]
    return_to: str = ""
    acknowledge: Mapping[str, str] | None = None

    def adjustment(self, printer: str, stock: str) -> Adjustment | None:
        """What was saved for a printer and a stock; None when nothing was."""
        return self.printers.get(printer, {}).get(stock)

    def with_printer(self, printer: str, stock: str, adjust: Adjustment) -> "LabelSettings":
        """These, with the printer's figures for a stock in the place of older ones."""
        stocks = {**self.printers.get(printer, {}), stock: adjust}
        return replace(self, printers={**self.printers, printer: stocks})


def load_label_settings(path: Path) -> LabelSettings:
    """The settings of labels in a settings file; none when there is no file.

    Raises:
        BadInput: `not_a_file`; `bad_settings`, when it was damaged; `bad_scale`, `bad_offset`.
    """
    found = read_settings(path).get("labels")
    try:
        if found is None:
            path = labels_file_of_0_2(path)
            found = json.loads(path.read_text(encoding="utf-8"))
        printers = {
            str(printer): {str(stock): _adjustment(figures) for stock, figures in stocks.items()}
            for printer, stocks in found.get("printers", {}).items()
        }
        acknowledge = {str(d): str(words) for d, words in found.get("acknowledge", {}).items()}
        return LabelSettings(printers, str(found.get("return_to", "")), acknowledge)
    except FileNotFoundError:
        return LabelSettings({})
    except (OSError, ValueError, AttributeError, TypeError, KeyError) as problem:
        raise BadInput(
            "bad_settings",
            f"{path} cannot be read as kitloan's label settings: {problem}.",
            "Correct it, or take it away and calibrate again.",
            file=str(path),
        ) from problem


def save_label_settings(path: Path, settings: LabelSettings) -> None:
    """Save the settings of labels for next time; the rest of the file stays as it is.

    Raises:
        BadInput: `bad_settings`, when the file cannot be read; `cannot_write`.
    """
    labels: dict[str, Any] = {
        "return_to": settings.return_to,
        "acknowledge": dict(settings.acknowledge or {}),
        "printers": {
            printer: {stock: _figures(adjust) for stock, adjust in sorted(stocks.items())}
            for printer, stocks in sorted(settings.printers.items())
        },
    }
    save_settings(path, {"labels": labels})


def _adjustment(figures: Mapping[str, Any]) -> Adjustment:
    return Adjustment(
        float(figures.get("offset_x_mm", 0)),
        float(figures.get("offset_y_mm", 0)),
        float(figures.get("scale", 1)),
    )


def _figures(adjust: Adjustment) -> dict[str, float]:
    return {
        "offset_x_mm": adjust.offset_x,
        "offset_y_mm": adjust.offset_y,
        "scale": adjust.scale,
    }
