"""The map file: the user's own word on what a register's columns are.

    header_row = 4                # optional: the row with the headers, as the spreadsheet shows it
    sheet = "Kits"                # optional: read this sheet alone

    [columns]
    "Number" = "asset_number"     # header as written = field
    "Box" = ""                    # not a field: kept as an extra column

What it does not mention is recognised as ever.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kitloan.errors import BadInput
from kitloan.spreadsheets.columns import FIELDS
from kitloan.storage.files import insist_on_file
from kitloan.text.names import fold, plain

_KEYS = ("columns", "header_row", "sheet")


@dataclass(frozen=True, slots=True)
class Map:
    """What the user said; empty where they said nothing.

    Attributes:
        columns: by folded header, the field, or "" for an extra column.
        written: by folded header, the header as the map spells it.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    header_row: int | None = None
    sheet: str | None = None


def load_map(path: Path) -> Map:
    """Read a map file.

    Raises:
        BadInput: `not_a_file`, or `bad_map`, naming the key that is wrong and what it could be.
    """
    insist_on_file(path)
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise bad_map(f"The map file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # all that tomllib and the decoder raise
        raise bad_map(f"{path.name} is not TOML: {plain(str(error))[:200]}.") from error
    for key in found:
        if key not in _KEYS:
            raise bad_map(
                f"{path.name} has a key {key[:80]!r}.", f"It can have: {', '.join(_KEYS)}."
            )
    columns = _columns(path, found.get("columns", {}))
    row, sheet = found.get("header_row"), found.get("sheet")
    if row is not None and (not isinstance(row, int) or isinstance(row, bool) or row < 1):
        raise bad_map(f"In {path.name}, header_row is {row!r}.", "Give the row's number, like 4.")
    if sheet is not None and not isinstance(sheet, str):
        raise bad_map(f"In {path.name}, sheet is {sheet!r}.", "Give the sheet's name in quotes.")
    return Map(
        {fold(header): means for header, means in columns.items()},
        {fold(header): header for header in columns},
        row,
        sheet,
    )


def _columns(path: Path, table: Any) -> dict[str, str]:
    if not isinstance(table, dict):
        raise bad_map(
            f"In {path.name}, columns is not a table.", 'Write [columns] above "H" = "f".'
        )
    for header, means in table.items():
        if means != "" and means not in FIELDS:
            raise bad_map(
                f"In {path.name}, {header[:80]!r} = {str(means)[:80]!r} is not a field.",
                f'The fields are: {", ".join(FIELDS)}; or "" to keep it as an extra column.',
            )
    return table


def bad_map(message: str, hint: str = "") -> BadInput:
    """The refusal of a map file that cannot be followed."""
    return BadInput("bad_map", message, hint)
