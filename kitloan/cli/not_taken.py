"""The rows that an import did not take, in a small file: to be corrected, and read again."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from kitloan.cli.output import print_notice
from kitloan.errors import BadInput
from kitloan.imports.tables import WHY_NOT_TAKEN
from kitloan.storage.files import whole_file
from kitloan.text.cells import csv_cell

if TYPE_CHECKING:
    from kitloan.imports.register import TakenIn


def write(file: Path, taken: "TakenIn") -> Path | None:
    """Write the rows in error beside the register, each with the reason; None where there are
    none.
    """
    rows = taken.register.not_taken
    if not rows:
        return None
    headers = list(dict.fromkeys(header for row in rows for header in row.cells))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*map(csv_cell, headers), WHY_NOT_TAKEN])
    for row in rows:
        where = f"{row.sheet} row {row.row}: {'; '.join(row.reasons)}"
        cells = (row.cells.get(header, "") for header in headers)
        writer.writerow([*map(csv_cell, cells), csv_cell(where)])
    path = file.with_name(f"{file.stem}.not-taken.csv")
    try:
        with whole_file(path) as working:
            working.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
    except BadInput as problem:  # the rows are in, and the reasons are listed: it is no failure
        print_notice(f"The rows that were not taken could not be written. {problem.message}")
        return None
    return path
