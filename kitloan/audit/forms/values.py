"""One value of the report as people in Britain read it, the same on paper and in a terminal."""

import re
from datetime import date

from kitloan.audit.tables import Cell, Kind
from kitloan.text import names, tags

UNKNOWN = "not recorded"
NUMBERS: frozenset[Kind] = frozenset({"count", "share", "days", "pence"})
"""The kinds that stand to the right, so that their digits line up."""

_NOT_IN_XML = re.compile("[\ufffe\uffff]")  # no control characters to Unicode, but XML has no place


def printable(words: str) -> str:
    """Any text for a page, a sheet or a terminal: what hides or steers is shown by its number."""
    return _NOT_IN_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", names.plain(words))


def words(kind: Kind, value: Cell) -> str:
    """A value as people read it: `1,234`, `12.5%`, `£1,234.50`, `23/11/2026`, `not recorded`."""
    match value:
        case None:
            return UNKNOWN
        case date():
            return f"{value:%d/%m/%Y}"
        case str():
            return tags.grouped(value) if kind == "tag" and tags.is_tag(value) else printable(value)
    match kind:
        case "share":
            return f"{value:.1%}"
        case "pence":
            return f"{'-' if value < 0 else ''}£{abs(value) / 100:,.2f}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
