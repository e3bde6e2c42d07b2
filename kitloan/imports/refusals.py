"""Refusals of a whole file: no sheet of it is a register, or the map does not fit it."""

from pathlib import Path

from kitloan.errors import BadInput
from kitloan.imports.columns import RISKY, SEVERAL, Guess
from kitloan.imports.mapfile import Map, bad_map
from kitloan.imports.sheets import Sheet, is_blank
from kitloan.imports.tables import HEADER_DEPTH, Table, header_texts
from kitloan.imports.values import READERS
from kitloan.text.names import fold, plain

CONTENTS = "lists the components of kits, not the kits, and was not read"


def check_map(path: Path, tables: list[Table], wanted: Map) -> None:
    headers = {fold(h): h for each in tables for h in each.headers.values()}
    for key in wanted.columns:
        if key not in headers and key in wanted.written:
            header = wanted.written[key]
            raise bad_map(
                f"The map names a column {header[:80]!r}, which no sheet of {path.name} has.",
                f"The headers are: {listed(list(headers.values()))}.",
            )


def check_map_gives_once(sheet: Sheet, guesses: list[Guess], wanted: Map) -> None:
    for name in READERS:
        twice = [
            one.header
            for one in guesses
            if one.field == name and wanted.columns.get(fold(one.header)) == name
        ]
        if len(twice) > 1 and name not in SEVERAL and name not in RISKY:
            raise bad_map(
                f"The map gives {name!r} to two columns of the sheet {sheet.name!r}: "
                f"{listed(twice)}.",
                'Give it to one, and "" to the other.',
            )


def nothing_to_read(
    path: Path, sheets: tuple[Sheet, ...], wanted: Map, reasons: list[str]
) -> BadInput:
    """The refusal of a file of which no sheet is a register."""
    if CONTENTS in reasons:
        return BadInput(
            "contents_list",
            f"{path.name} lists the components of kits, not the kits that a college holds.",
            "For a contents list the command is: kitloan types import FILE.",
            file=str(path),
        )
    seen = [header for sheet in sheets for header in _likeliest_headers(sheet)]
    if wanted.header_row is not None:
        return bad_map(
            f"The map's header_row is {wanted.header_row}, and that row of {path.name} has no "
            "header that means a type or an asset number.",
            f"The likeliest headers are: {listed(seen)}.",
        )
    return BadInput(
        "not_a_register",
        f"No line of {path.name} was recognised as the headers of a register. "
        f"The likeliest is: {listed(seen)}.",
        "Write which column is which in a map file, and give it with --map. It looks like this:\n"
        "  [columns]\n"
        f'  "{plain(seen[0])[:40] if seen else "Your header"}" = "type"\n'
        f"The fields are: {', '.join(READERS)}.",
        headers=[plain(header)[:80] for header in seen[:50]],
    )


def _likeliest_headers(sheet: Sheet) -> list[str]:
    """What the fullest of the first lines holds."""
    line = max(
        sheet.lines[:HEADER_DEPTH], key=lambda line: sum(not is_blank(v) for v in line.values)
    )
    headers = header_texts(sheet, sheet.lines.index(line))
    return [header for i, header in enumerate(headers) if not is_blank(line.value(i))]


def listed(headers: list[str]) -> str:
    shown = ", ".join(repr(plain(header)[:40]) for header in headers[:20])
    return f"{shown}, ..." if len(headers) > 20 else shown
