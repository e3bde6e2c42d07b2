"""What the user has set for the desk, in a small file of their own.

    theme = "light"      # dark, light or contrast
    stock = "l7160"      # what labels were printed on last,
    printer = "office"   # by which printer; "" is the system's own, none at all is a file,
    next_label = 8       # and the first label of that sheet that is still free

    [keys]
    undo = "f5"          # action = key

A desk without the file is as it comes. The desk itself writes the first four; whatever else stands
in the file, comments too, stays as it is.
"""

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kitloan.errors import BadInput, KitloanError
from kitloan.storage.files import insist_on_file, whole_file
from kitloan_tui import keys
from kitloan_tui.actions import ACTIONS

THEMES = ("dark", "light", "contrast")

_TOP: Mapping[str, type] = {"theme": str, "stock": str, "printer": str, "next_label": int}
"""The settings that are a line each."""


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


def read(place: Path) -> Settings:
    """The user's settings; what comes with the desk where there is no file.

    Raises:
        BadInput: `bad_settings` when the file cannot be read, `unknown_setting`, `unknown_theme`,
            or a key that cannot be given.
    """
    if not place.exists():
        return Settings()
    _, said = _said_in(place)
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


def keep(place: Path, changed: Settings, names: Sequence[str]) -> None:
    """Write some of these settings into the file, for next time.

    Args:
        place: the user's file; made where there is none.
        changed: the settings as they are now.
        names: which of them to write; a None takes its line away.

    Raises:
        BadInput: `bad_settings` where the file as it stands cannot be used, `cannot_write`.
    """
    read(place)  # a file with a slip in it is the user's to mend
    text, said = _said_in(place) if place.exists() else ("", {})
    for name in names:
        value = getattr(changed, name)
        text = _with_line(text, name, None if value is None else json.dumps(value))
        said = {**said, name: value} if value is not None else _without(said, name)
    _must_say(place, text, said)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadInput(
            "cannot_write", f"{place.parent} cannot be made: {problem.strerror or problem}."
        ) from problem
    with whole_file(place) as beside:
        beside.write_text(text, encoding="utf-8")


def _said_in(place: Path) -> tuple[str, dict[str, Any]]:
    """A file's text, and what it says."""
    import tomllib  # only here: the desk paints sooner without it

    insist_on_file(place)
    try:
        text = place.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as problem:  # all that tomllib raises
        raise BadInput(
            "bad_settings", f"{place} cannot be read: {problem}.", "Mend it, or take it away."
        ) from problem


def _with_line(text: str, name: str, value: str | None) -> str:
    """The text with this setting in its line, or without it; a comment behind it stays."""
    top, table, rest = _before_tables(text)
    line = re.compile(rf"^{name}[ \t]*=[^#\n]*?([ \t]*#.*)?(\n|\Z)", re.MULTILINE)
    if value is None:
        return line.sub("", top, count=1) + table + rest
    if line.search(top):
        top = line.sub(lambda found: f"{name} = {value}{found[1] or ''}\n", top, count=1)
    else:
        top = f"{name} = {value}\n{top}"
    return top + table + rest


def _before_tables(text: str) -> tuple[str, str, str]:
    found = re.search(r"^[ \t]*\[", text, re.MULTILINE)
    return (
        (text, "", "") if found is None else (text[: found.start()], found[0], text[found.end() :])
    )


def _must_say(place: Path, text: str, said: Mapping[str, Any]) -> None:
    """Refuse to write what would not be read back as it is meant."""
    import tomllib

    try:
        if tomllib.loads(text) == said:
            return
    except (ValueError, RecursionError):
        pass
    raise BadInput(
        "bad_settings",
        f"{place} is written in a way that the desk cannot add to.",
        "Put each setting on a line of its own: docs/desk.md shows how.",
    )


def _without(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in said.items() if key != name}


def _checked(said: Mapping[str, Any]) -> Settings:
    unknown = set(said) - {*_TOP, "keys"}
    if unknown:
        raise BadInput(
            "unknown_setting",
            f"{min(unknown)!r} is no setting.",
            f"There are: {', '.join(_TOP)}, [keys].",
        )
    theme, wished = said.get("theme", "dark"), said.get("keys", {})
    if theme not in THEMES:
        raise BadInput("unknown_theme", f"There is no theme {theme!r}.", f"{', '.join(THEMES)}.")
    if not isinstance(wished, dict) or not all(isinstance(key, str) for key in wished.values()):
        raise BadInput("bad_key", '[keys] holds lines like: undo = "f5"', "Mend it.")
    for name, kind in _TOP.items():
        if name in said and type(said[name]) is not kind:
            raise BadInput("bad_settings", f"{name} = {said[name]!r} cannot be.", "Mend it.")
    return Settings(
        theme,
        keys.own_keys(wished),
        said.get("stock", ""),
        said.get("printer"),
        said.get("next_label", 1),
    )
