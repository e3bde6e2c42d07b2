"""What the user has set for the desk: its theme and its keys, in a small file of their own.

    theme = "light"      # dark, light or contrast

    [keys]
    undo = "f5"          # action = key

The file is only read here and where a theme is chosen; a desk without one is as it comes.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kitloan.errors import BadInput, KitloanError
from kitloan_tui import keys
from kitloan_tui.actions import ACTIONS

THEMES = ("dark", "light", "contrast")


def default_place() -> Path:
    """The file in the user's own folder for settings."""
    if os.name == "nt":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    elif os.environ.get("XDG_CONFIG_HOME"):
        base = Path(os.environ["XDG_CONFIG_HOME"])
    else:
        base = Path.home() / ".config"
    return base / "kitloan" / "desk.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """The theme, and every action's key."""

    theme: str = "dark"
    keys: Mapping[str, str] = field(
        default_factory=lambda: {action.id: action.key for action in ACTIONS}
    )


def read(place: Path) -> Settings:
    """The user's settings; what comes with the desk where there is no file.

    Raises:
        BadInput: `bad_settings` when the file cannot be read, `unknown_setting`, `unknown_theme`,
            or a key that cannot be given.
    """
    if not place.exists():
        return Settings()
    import tomllib  # only here: the desk paints sooner without it

    try:
        said = tomllib.loads(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise BadInput(
            "bad_settings", f"{place} cannot be read: {problem}.", "Mend it, or take it away."
        ) from problem
    try:
        return _checked(said)
    except BadInput as problem:
        raise BadInput(problem.code, f"In {place}: {problem.message}", problem.hint) from problem


def usable(place: Path) -> tuple[Settings, KitloanError | None]:
    """The user's settings, else those that come with the desk, and what was wrong.

    A slip in the file must not keep a counter closed.
    """
    try:
        return read(place), None
    except BadInput as problem:
        return Settings(), problem


def _checked(said: Mapping[str, Any]) -> Settings:
    unknown = set(said) - {"theme", "keys"}
    if unknown:
        raise BadInput(
            "unknown_setting", f"{min(unknown)!r} is no setting.", "There are: theme, [keys]."
        )
    theme, wished = said.get("theme", "dark"), said.get("keys", {})
    if theme not in THEMES:
        raise BadInput("unknown_theme", f"There is no theme {theme!r}.", f"{', '.join(THEMES)}.")
    if not isinstance(wished, dict) or not all(isinstance(key, str) for key in wished.values()):
        raise BadInput("bad_key", '[keys] holds lines like: undo = "f5"', "Mend it.")
    return Settings(theme, keys.own_keys(wished))
