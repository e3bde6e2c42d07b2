"""One value of the report as people in Britain read it, the same on paper and in a terminal."""

import re
from datetime import date

from kitloan.audit.tables import Cell, Column, Kind
from kitloan.text import names, tags
from kitloan.text.dates import uk

NUMBERS: frozenset[Kind] = frozenset({"count", "share", "days", "rate", "pence"})
"""The kinds that are set to the right, so that their digits line up."""

_NOT_IN_XML = re.compile("[\ufffe\uffff]")  # no control characters to Unicode, but XML has no place


def printable(words: str) -> str:
    """Any text for a page, a sheet or a terminal: what hides or steers is shown by its number."""
    return _NOT_IN_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", names.plain(words))


def words(column: Column, value: Cell) -> str:
    """A value as people read it: `1,234`, `12.5%`, `£1,234.50`, `23 Nov 2026`, `not recorded`."""
    match value:
        case None:
            return printable(column.unknown)
        case date():
            return uk(value)
        case str():
            shown = column.words.get(value, value)
            is_tag = column.kind == "tag" and tags.is_tag(shown)
            return tags.grouped(shown) if is_tag else printable(shown)
    match column.kind:
        case "share":
            return f"{value:.1%}"
        case "rate":
            return f"{value:,.2f}"
        case "pence":
            return f"{'-' if value < 0 else ''}£{abs(value) / 100:,.2f}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
