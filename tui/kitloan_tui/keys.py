"""Keys: which one does what, how people read them, and the user's own choice (pure).

Sentences of the desk name actions, not keys: `{undo} takes it back.` The screen that shows
one fills in the key that the user has, or at a desk of lines the word to type, so that no hint
names a key that was given to something else.
"""

import re
from collections.abc import Mapping

from kitloan.errors import BadInput
from kitloan_tui.actions import ACTIONS, BY_ID

ALLOWED = (*(f"f{n}" for n in range(1, 11)), "escape", "ctrl+z", "ctrl+p", "ctrl+q")
"""Keys that terminals, tmux and browsers leave alone, and that type nothing."""

_NAMES = {"escape": "Esc", "enter": "Enter", "pageup": "PgUp", "pagedown": "PgDn"}
_MARK = re.compile(r"(?P<start>^|\. )?\{(?P<id>\w+)\}")


def in_bar(key: str) -> str:
    """A key in the bar: `F1`, `^Z`, `Esc`; empty for none."""
    return _NAMES.get(key) or key.upper().replace("CTRL+", "^")


def in_sentence(key: str) -> str:
    """A key in a sentence: `F1`, `Ctrl+Z`, `Esc`; empty for none."""
    return _NAMES.get(key) or key.upper().replace("CTRL", "Ctrl")


def own_keys(wished: Mapping[str, str]) -> dict[str, str]:
    """Every action's key, when the user chose some.

    Args:
        wished: actions by id, and the key each should have.

    Raises:
        BadInput: `unknown_action`, `bad_key` or `key_twice`.
    """
    keys = {action.id: action.key for action in ACTIONS}
    for name, key in wished.items():
        if name not in BY_ID or not BY_ID[name].bound:
            may = ", ".join(sorted(each.id for each in ACTIONS if each.bound))
            raise BadInput("unknown_action", f"No key can be given to {name!r}.", f"To: {may}.")
        if key.lower() not in ALLOWED:
            raise BadInput(
                "bad_key",
                f"{key!r} cannot be the key of {name!r}.",
                f"Free for that are: {', '.join(ALLOWED)}.",
            )
        keys[name] = key.lower()
    _refuse_clashes(keys)
    return keys


def _refuse_clashes(keys: Mapping[str, str]) -> None:
    taken: dict[str, str] = {}
    for name, key in keys.items():
        other = taken.setdefault(key, name)
        if key and other != name:
            raise BadInput(
                "key_twice",
                f"{in_sentence(key)} would be for {other!r} and for {name!r}.",
                "Give one of them another key.",
            )


def by_key(keys: Mapping[str, str]) -> dict[str, str]:
    """How actions are named in sentences where there are keys; the palette has the rest."""
    palette = in_sentence(keys["palette"])
    return {
        name: in_sentence(key) or f"{palette}, {BY_ID[name].label}," for name, key in keys.items()
    }


def by_word() -> dict[str, str]:
    """How actions are named in sentences where there are only words to type."""
    return {action.id: f"typing {action.typed}" for action in ACTIONS if action.typed}


def filled(hint: str, names: Mapping[str, str]) -> str:
    """A hint with the names of its actions in place; braces about anything else stay."""

    def fill(found: re.Match[str]) -> str:
        name = names.get(found["id"])
        if name is None:
            return found[0]
        if found["start"] is None:
            return name
        return found["start"] + name[0].upper() + name[1:]

    return _MARK.sub(fill, hint)
