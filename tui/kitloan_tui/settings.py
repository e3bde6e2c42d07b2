"""What the user has set for the desk, in the user's own file of settings.

    theme = "light"      # dark, light or contrast
    stock = "l7160"      # what labels were printed on last,
    printer = "office"   # by which printer; "" is the system's own, none at all is a file,
    next_label = 8       # and the first label of that sheet that is still free

    [keys]
    undo = "f5"          # action = key
    borrowers = "ctrl+z" # which had that key

A desk without the file is as it comes. The desk itself writes the first four.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kitloan.errors import BadInput, KitloanError
from kitloan.storage.user_files import read_settings, save_settings, settings_file, settings_source
from kitloan_tui import keys
from kitloan_tui.actions import ACTIONS

THEMES = ("dark", "light", "contrast")

_TOP: Mapping[str, type] = {"theme": str, "stock": str, "printer": str, "next_label": int}
"""The settings that are a line each."""

_OTHERS = ("labels", "mail")
"""What other parts of kitloan have in the same file."""


def default_place() -> Path:
    """The file in the user's own folder for settings."""
    return settings_file()


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """The theme, every action's key, and what labels were printed on last.

    `stock` is empty, and `printer` is None, where nothing has been printed on it yet.
    """

    theme: str = "dark"
    keys: Mapping[str, str] = field(
        default_factory=lambda: {action.id: action.key for action in ACTIONS}
    )
    stock: str = ""
    printer: str | None = None
    next_label: int = 1


def read(place: Path) -> DeskSettings:
    """The user's settings; what comes with the desk where there is no file.

    Raises:
        BadInput: `bad_settings` when the file cannot be read, `unknown_setting`, `unknown_theme`,
            or a key that cannot be given.
    """
    found = read_settings(place)
    try:
        return _checked(found)
    except BadInput as problem:
        where = settings_source(place)
        raise BadInput(problem.code, f"In {where}: {problem.message}", problem.hint) from problem


def usable(place: Path) -> tuple[DeskSettings, KitloanError | None]:
    """The user's settings, else those that come with the desk, and what was wrong.

    A slip in the file must not keep a counter closed.
    """
    try:
        return read(place), None
    except BadInput as problem:
        return DeskSettings(), problem


def save(place: Path, changed: DeskSettings, names: Sequence[str]) -> None:
    """Write some of these settings into the file, for next time.

    Args:
        place: the user's file; made where there is none.
        changed: the settings as they are now.
        names: which of them to write; a None takes its line away.

    Raises:
        BadInput: `bad_settings` where the file cannot be used, `cannot_write`.
    """
    read(place)  # a file with a slip in it is the user's to correct
    save_settings(place, {name: getattr(changed, name) for name in names})


def _checked(found: Mapping[str, Any]) -> DeskSettings:
    unknown = set(found) - {*_TOP, "keys", *_OTHERS}
    if unknown:
        raise BadInput(
            "unknown_setting",
            f"{min(unknown)!r} is not a setting.",
            f"There are: {', '.join(_TOP)}, [keys].",
        )
    theme, wished = found.get("theme", "dark"), found.get("keys", {})
    if theme not in THEMES:
        raise BadInput("unknown_theme", f"There is no theme {theme!r}.", f"{', '.join(THEMES)}.")
    if not isinstance(wished, dict) or not all(isinstance(key, str) for key in wished.values()):
        raise BadInput("bad_key", '[keys] holds lines like: undo = "f5"', "Correct it.")
    for name, kind in _TOP.items():
        if name in found and type(found[name]) is not kind:
            raise BadInput(
                "bad_settings", f"{name} = {found[name]!r} cannot be used.", "Correct it."
            )
    return DeskSettings(
        theme,
        keys.own_keys(wished),
        found.get("stock", ""),
        found.get("printer"),
        found.get("next_label", 1),
    )
