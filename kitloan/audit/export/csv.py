"""The report as a folder of CSV: one tidy file a table, and a dictionary of their columns.

For programs as much as for people: machine names at the head, ISO dates, plain numbers, whole
pence. UTF-8 without a mark, as the common tools read it. Every value is in quotes, and no text is
taken for a formula (see `kitloan.text.cells`); the dictionary says so.
"""

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from kitloan.audit.export.values import printable
from kitloan.audit.tables import Cell, Report
from kitloan.storage.files import whole_folder
from kitloan.text.cells import guarded

DICTIONARY = "data_dictionary"
_NOTES = (
    ("(all)", "", "", "", "An empty field is not recorded."),
    ("(all)", "", "", "share", "From 0 to 1."),
    ("(all)", "", "", "pence", "Whole pence."),
    ("(all)", "", "", "date", "YYYY-MM-DD."),
    (
        "(all)",
        "",
        "",
        "text",
        "A text that begins with = + - @ or a tab has an apostrophe before it, and so has a part "
        "of it that does behind a comma, a semicolon, a bar or a line's end, so that no "
        "spreadsheet program runs it.",
    ),
)


def write(report: Report, folder: Path) -> None:
    """Fill `folder` with `NAME.csv` for every table and `data_dictionary.csv`; all or none.

    Raises:
        BadInput: `cannot_write`.
    """
    with whole_folder(folder) as beside:
        for table in report.tables:
            _file(beside / f"{table.name}.csv", [c.name for c in table.columns], table.rows)
        described = [
            (table.name, column.name, column.title, column.kind, column.meaning)
            for table in report.tables
            for column in table.columns
        ]
        headers = ("table", "column", "title", "kind", "meaning")
        _file(beside / f"{DICTIONARY}.csv", headers, [*_NOTES, *described])


def field(value: Cell) -> str:
    """One value as it stands in the file."""
    match value:
        case None:
            return ""
        case date():
            return value.isoformat()
        case str():
            return guarded(printable(value))
    return str(value)


def _file(path: Path, headers: Iterable[str], rows: Iterable[tuple[Cell, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, quoting=csv.QUOTE_ALL)
        writer.writerow(headers)
        writer.writerows([field(value) for value in row] for row in rows)
