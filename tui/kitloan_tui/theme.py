"""How the desk looks: three themes of our own, in which every text can be read.

Each colour that text is written in reaches a contrast of 4.5:1 on each ground that lies under text,
and 7:1 in the third theme; the tests measure it on the screen. No status is shown by colour alone,
so that the desk shows the same under NO_COLOR, which Textual answers with greys.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from textual.theme import Theme

STYLE: Final = Path(__file__).with_name("kitloan.tcss")
"""How home is laid out."""

SCREENS_STYLE: Final = STYLE.with_name("screens.tcss")
"""How the other screens are. Textual reads it with the first of them, not before the first paint,
and its rules then hold everywhere."""


def _theme(
    name: str,
    *,
    ink: str,
    paper: str,
    panel: str,
    muted: str,
    blue: str,
    green: str,
    amber: str,
    red: str,
    chosen: str,
    dark: bool = True,
) -> Theme:
    return Theme(
        name=f"kitloan-{name}",
        primary=blue,
        secondary=blue,
        accent=blue,
        success=green,
        warning=amber,
        error=red,
        foreground=ink,
        background=paper,
        surface=paper,
        panel=panel,
        dark=dark,
        variables={
            "text-muted": muted,
            "foreground-muted": muted,
            "input-cursor-background": ink,
            "input-cursor-foreground": paper,
            "input-selection-background": chosen,
            "block-cursor-background": blue,
            "block-cursor-foreground": paper,
            "block-cursor-blurred-background": panel,
            "block-cursor-blurred-foreground": ink,
            "block-hover-background": panel,
        },
    )


DARK: Final = _theme(
    "dark",
    ink="#e8ebee",
    paper="#12161a",
    panel="#232b33",
    muted="#a9b5bf",
    blue="#8ec5ff",
    green="#86d993",
    amber="#f2c95c",
    red="#ff9a8d",
    chosen="#3d4f60",
)
LIGHT: Final = _theme(
    "light",
    ink="#14181c",
    paper="#f7f8f9",
    panel="#e3e8ec",
    muted="#46525d",
    blue="#0b4f91",
    green="#14612a",
    amber="#6b4a00",
    red="#9c1c12",
    chosen="#b9d4ee",
    dark=False,
)
CONTRAST: Final = _theme(
    "contrast",
    ink="#ffffff",
    paper="#000000",
    panel="#1c1c1c",
    muted="#e0e0e0",
    blue="#8fd6ff",
    green="#8dff98",
    amber="#ffe566",
    red="#ffb3ad",
    chosen="#4a4a4a",
)

THEMES: Final[Mapping[str, Theme]] = {"dark": DARK, "light": LIGHT, "contrast": CONTRAST}
"""By the names that users know."""

_TONES: Final[Mapping[str, str]] = {
    "=": "success",
    ">": "primary",
    "<": "primary",
    "/": "primary",
    "~": "primary",
    "?": "warning",
    "%": "warning",
    "x": "warning",
    "#": "warning",
    "-": "warning",
    "!": "error",
}


def tone(symbol: str) -> str:
    """The colour that repeats what a verdict's symbol shows: the name of a theme variable."""
    return _TONES[symbol]
