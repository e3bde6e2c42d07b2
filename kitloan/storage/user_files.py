"""The user's own folders, and the one file of settings in them.

    theme = "light"            # the desk: see `kitloan_tui.settings`
    [keys]
    undo = "f5"
    borrowers = "ctrl+z"
    [labels]                   # labels: see `kitloan_labels.adjust`
    return_to = "Stores, Glenrothes"

The file is the user's: what kitloan changes in it leaves every other line, and every comment, as
it was written. Release 0.2.0 had two files, `desk.toml` and `labels.json`, and on macOS a folder of
its own for the store; what is there is still read.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kitloan.errors import BadInput
from kitloan.storage.files import insist_on_file, whole_file

_NAME = "kitloan"
_FIX = "Correct the file, or delete it."


def data_folder() -> Path:
    """Where the user's store and saved labels are."""
    import platformdirs  # like tomlkit: not before it is needed

    return platformdirs.user_data_path(_NAME, appauthor=False)


def log_folder() -> Path:
    """Where unexpected errors are written."""
    import platformdirs

    on_a_mac = sys.platform == "darwin"
    where = platformdirs.user_log_path if on_a_mac else platformdirs.user_state_path
    return where(_NAME, appauthor=False)


def desk_log() -> Path:
    """The file that the desk writes unexpected errors to."""
    return log_folder() / "desk.log"


def store_file() -> Path:
    """The user's own store, where no other is named."""
    name = "kitloan.sqlite"
    return _first_there(data_folder() / name, _xdg("DATA", ".local/share") / name)


def settings_file() -> Path:
    """The user's own settings."""
    import platformdirs

    return platformdirs.user_config_path(_NAME, appauthor=False, roaming=True) / "settings.toml"


def labels_file_of_0_2(settings: Path) -> Path:
    """Where release 0.2.0 saved the settings of labels, for a settings file."""
    name = "labels.json"
    return _first_there(settings.with_name(name), _xdg("CONFIG", ".config") / name)


def settings_source(file: Path) -> Path:
    """The file that is read for a settings file: that of release 0.2.0 until there is a new one."""
    return _first_there(file, file.with_name("desk.toml"))


def read_settings(file: Path) -> dict[str, Any]:
    """What a settings file holds; nothing where there is none.

    Raises:
        BadInput: `bad_settings`, when it cannot be read.
    """
    source = settings_source(file)
    return _parsed(source, _text(source)) if source.exists() else {}


def save_settings(file: Path, changed: Mapping[str, Any]) -> None:
    """Change some settings, and leave the rest of the file as the user wrote it.

    Args:
        file: the settings file; made where there is none.
        changed: values by name; None removes a setting.

    Raises:
        BadInput: `bad_settings`, when the file cannot be read; `cannot_write`.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    source = settings_source(file)
    text = _text(source) if source.exists() else ""
    _parsed(source, text)
    try:
        document = tomlkit.parse(text)
        for name, value in changed.items():
            if value is not None:
                document[name] = value
            elif name in document:
                document.remove(name)
        text = tomlkit.dumps(document)
    except (TOMLKitError, ValueError, RecursionError) as problem:
        raise _unreadable(source, problem) from problem
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadInput(
            "cannot_write",
            f"{file.parent} cannot be made: {problem.strerror or problem}.",
            "Without it no settings can be saved; give them each time instead.",
            file=str(file),
        ) from problem
    with whole_file(file) as new:
        new.write_text(text, encoding="utf-8")


def _text(file: Path) -> str:
    insist_on_file(file)
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        raise _unreadable(file, problem) from problem


def _parsed(file: Path, text: str) -> dict[str, Any]:
    import tomllib  # most users have set nothing

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as problem:  # all that tomllib raises
        raise _unreadable(file, problem) from problem


def _unreadable(file: Path, problem: Exception) -> BadInput:
    return BadInput("bad_settings", f"{file} cannot be read: {problem}.", _FIX, file=str(file))


def _first_there(place: Path, earlier: Path) -> Path:
    """The place, or the earlier one when only that is there."""
    return earlier if earlier.exists() and not place.exists() else place


def _xdg(kind: str, default: str) -> Path:
    base = os.environ.get(f"XDG_{kind}_HOME")
    return (Path(base) if base else Path.home() / default) / _NAME
