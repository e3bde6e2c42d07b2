"""How the desk looks: one dark theme of our own, in which every text can be read.

Each colour that text is written in reaches a contrast of 4.5:1 on each ground that lies under text;
the tests measure it on the screen. No status is told by colour alone, so that the desk says the
same under NO_COLOR, which Textual answers with greys.
"""

from collections.abc import Mapping
from typing import Final

from textual.theme import Theme

DARK: Final = Theme(
    name="kitloan-dark",
    primary="#8ec5ff",
    secondary="#8ec5ff",
    accent="#8ec5ff",
    success="#86d993",
    warning="#f2c95c",
    error="#ff9a8d",
    foreground="#e8ebee",
    background="#12161a",
    surface="#12161a",
    panel="#232b33",
    dark=True,
    variables={
        "text-muted": "#a9b5bf",
        "input-cursor-background": "#e8ebee",
        "input-cursor-foreground": "#12161a",
        "input-selection-background": "#3d4f60",
    },
)

_TONES: Final[Mapping[str, str]] = {
    "=": "success",
    ">": "primary",
    "<": "primary",
    "/": "primary",
    "~": "primary",
    "?": "warning",
    "%": "warning",
    "x": "warning",
    "!": "error",
}


def tone(symbol: str) -> str:
    """The colour that repeats what a verdict's symbol says: the name of a theme variable."""
    return _TONES[symbol]
