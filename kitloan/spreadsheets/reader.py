"""A register read: file -> sheets -> header -> rows, with a problem for all that does not fit.

Here a file is laid out: which sheets are registers, where their headers are, what their columns
mean. What one line then says is the business of `lines`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from kitloan.errors import BadInput
from kitloan.spreadsheets.cells import load
from kitloan.spreadsheets.columns import HEADER_DEPTH, find_header, header_texts, recognise, squeeze
from kitloan.spreadsheets.lines import Layout, Memory, problem, read_line
from kitloan.spreadsheets.mapfile import Map, bad_map, load_map
from kitloan.spreadsheets.rows import Column, Problem, Register, Row
from kitloan.spreadsheets.sheets import Book, Line, Sheet, is_blank, letter
from kitloan.spreadsheets.values import READERS
from kitloan.text.names import fold, plain

Progress = Callable[[int, int], None]

_PROGRESS_EVERY = 200
_PARTS = {"component", "components", "componentname"}
_NO_HEADERS = "has no line of headers that mean anything, and was not read"
_CONTENTS = "lists the components of kits, not the kits, and was not read"


def read(path: Path, map_path: Path | None = None, progress: Progress | None = None) -> Register:
    """Read a register from a CSV or XLSX file.

    Args:
        path: the file.
        map_path: a map file (see `mapfile`), where the headers alone do not say enough.
        progress: told now and then how many lines are done, of how many.

    Raises:
        BadInput: the file is none that can be read (see `cells.load`), no sheet of it has headers
            that mean anything (`not_a_register`), it is a contents list (`contents_list`), or the
            map does not fit (`bad_map`).
    """
    wanted = load_map(map_path) if map_path else Map()
    book = load(path)
    layouts, problems = _layouts(path, _chosen(book, wanted), wanted)
    problems += [
        problem("warning", name, None, "", "", "is a hidden sheet, and was not read")
        for name in book.hidden
    ]
    rows: list[Row] = []
    count = done = 0
    total = sum(len(layout.lines) for layout in layouts)
    memory = Memory()
    for layout in layouts:
        for line in layout.lines:
            found = read_line(layout, line, memory)
            problems += found.problems
            count += found.counts
            if found.row:
                rows.append(found.row)
            done += 1
            if progress and (done % _PROGRESS_EVERY == 0 or done == total):
                progress(done, total)
    columns = tuple(column for layout in layouts for column in layout.columns.values())
    return Register(tuple(rows), columns, tuple(problems), count)


def _chosen(book: Book, wanted: Map) -> tuple[Sheet, ...]:
    sheets = tuple(sheet for sheet in book.sheets if sheet.lines)
    if wanted.sheet is None:
        return sheets
    chosen = tuple(sheet for sheet in sheets if fold(sheet.name) == fold(wanted.sheet))
    if not chosen:
        names = ", ".join(repr(sheet.name) for sheet in sheets)
        raise bad_map(f"The map names a sheet {wanted.sheet!r}.", f"The file has: {names}.")
    return chosen


def _layouts(
    path: Path, sheets: tuple[Sheet, ...], wanted: Map
) -> tuple[list[Layout], list[Problem]]:
    """The sheets that are registers; of the others, a warning each, or a refusal of them all."""
    layouts, aside = [], []
    for sheet in sheets:
        layout = _layout(sheet, wanted)
        if isinstance(layout, Layout):
            layouts.append(layout)
        else:
            aside.append(problem("warning", sheet.name, None, "", "", layout))
    if not layouts:
        raise _nothing_to_read(path, sheets, wanted, [each.problem for each in aside])
    headers = {fold(c.header): c.header for each in layouts for c in each.columns.values()}
    for key, header in wanted.written.items():
        if key not in headers:
            raise bad_map(
                f"The map names a column {header[:80]!r}, which no sheet of {path.name} has.",
                f"The headers are: {_listed(list(headers.values()))}.",
            )
    return layouts, aside


def _layout(sheet: Sheet, wanted: Map) -> Layout | str:
    """A sheet laid out as a register, or why it is none."""
    position = _header_position(sheet, wanted)
    if position is None:
        return _NO_HEADERS
    headers = header_texts(sheet, position)
    fields = recognise(headers, wanted.columns)
    _check_map_gives_once(sheet, headers, fields)
    if "asset_number" not in fields and any(squeeze(header) in _PARTS for header in headers):
        return _CONTENTS
    lines = sheet.lines[position + 1 :]
    columns = {
        index: Column(sheet.name, header, name, letter(index))
        for index, (header, name) in enumerate(zip(headers, fields, strict=True))
    }
    nameless = [i for i in columns if is_blank(sheet.value(sheet.lines[position], i))]
    used = set(_used(lines))
    for index in nameless:
        if index not in used:
            del columns[index]
    if not sheet.delimited:
        for index in sorted(used - set(range(len(headers)))):
            columns[index] = Column(sheet.name, f"Column {letter(index)}", None, letter(index))
    return Layout(sheet, columns, lines, len(headers))


def _used(lines: tuple[Line, ...]) -> Iterator[int]:
    """The columns in which a line has something."""
    for line in lines:
        for index, value in enumerate(line.values):
            if not is_blank(value):
                yield index


def _check_map_gives_once(
    sheet: Sheet, headers: tuple[str, ...], fields: tuple[str | None, ...]
) -> None:
    for name in READERS:
        if fields.count(name) > 1:
            twice = [header for header, each in zip(headers, fields, strict=True) if each == name]
            raise bad_map(
                f"The map gives {name!r} to two columns of the sheet {sheet.name!r}: "
                f"{_listed(twice)}.",
                'Give it to one, and "" to the other.',
            )


def _header_position(sheet: Sheet, wanted: Map) -> int | None:
    if wanted.header_row is None:
        return find_header(sheet, wanted.columns)
    for position, line in enumerate(sheet.lines):
        if line.number == wanted.header_row:
            fields = recognise(header_texts(sheet, position), wanted.columns)
            return position if {"type", "asset_number"} & set(fields) else None
    return None


def _nothing_to_read(
    path: Path, sheets: tuple[Sheet, ...], wanted: Map, reasons: list[str]
) -> BadInput:
    """The refusal of a file of which no sheet is a register."""
    if _CONTENTS in reasons:
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
            f"The likeliest headers are: {_listed(seen)}.",
        )
    return BadInput(
        "not_a_register",
        f"No line of {path.name} was recognised as the headers of a register. "
        f"The likeliest says: {_listed(seen)}.",
        "Say which column is which in a map file, and give it with --map. It looks like this:\n"
        "  [columns]\n"
        f'  "{plain(seen[0])[:40] if seen else "Your header"}" = "type"\n'
        f"The fields are: {', '.join(READERS)}.",
        headers=[plain(header)[:80] for header in seen[:50]],
    )


def _likeliest_headers(sheet: Sheet) -> list[str]:
    """What the fullest of the first lines says."""
    line = max(
        sheet.lines[:HEADER_DEPTH], key=lambda line: sum(not is_blank(v) for v in line.values)
    )
    headers = header_texts(sheet, sheet.lines.index(line))
    return [header for i, header in enumerate(headers) if not is_blank(line.value(i))]


def _listed(headers: list[str]) -> str:
    shown = ", ".join(repr(plain(header)[:40]) for header in headers[:20])
    return f"{shown}, ..." if len(headers) > 20 else shown
