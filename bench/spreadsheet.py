"""What a loan costs in a spreadsheet, which is what colleges use today, and what it costs here.

The spreadsheet is a program's, without anybody's hands: load a register of 10,000 rows, find the
kit, write the loan into its row, save. Ours is one `kitloan checkout` in a store of 10,000
holdings, whole process; and the same within a process that stays, as a desk does.
"""

import argparse
import shutil
import statistics
import tempfile
from datetime import date
from pathlib import Path

from bulk import bulk
from floors import timed
from machine import heading
from openpyxl import Workbook, load_workbook
from run import KITLOAN, line, process

import kitloan

ROWS, TIMES = 10_000, 5
COLUMNS = ("Kit No", "Description", "Donated by", "Where kept", "Serial", "On loan to", "Due back")


def write_register(file: Path) -> None:
    """A register as colleges keep it, a row for each kit."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(COLUMNS)
    for n in range(ROWS):
        out = (f"School {n % 300}", date(2026, 12, 14)) if n % 10 == 0 else (None, None)
        sheet.append((f"AC{n:06}", f"Kit type {n % 20}", "RAF", f"Store {n % 9}", 10**8 + n, *out))
    book.save(file)


def lend_in_spreadsheet(file: Path, number: str) -> None:
    """Load the register, find the kit, write the loan, save."""
    book = load_workbook(file)
    for row in book.worksheets[0].iter_rows(min_row=2):
        if row[0].value == number:
            row[5].value, row[6].value = "School 1", date(2026, 12, 7)
            break
    book.save(file)


def main() -> None:
    """Measure both, in turns."""
    asked = argparse.ArgumentParser(description="A loan in a spreadsheet, and here.")
    asked.add_argument("--times", type=int, default=TIMES)
    times = asked.parse_args().times
    heading()
    with tempfile.TemporaryDirectory(prefix="kitloan-bench-", dir=Path(__file__).parent) as folder:
        register, store = Path(folder) / "register.xlsx", Path(folder) / "store.sqlite"
        write_register(register)
        shutil.copy(bulk("spreadsheet", ROWS, 4 * ROWS), store)
        with kitloan.open(store, actor="bench") as opened:
            found = opened.find.search("ac00", limit=1_000, status="in").items
            tags = iter([each.tag for each in found])
            theirs, programs, desks = [], [], []
            for n in range(times):
                number = f"AC{ROWS - 1 - n:06}"
                theirs.append(timed(lambda number=number: lend_in_spreadsheet(register, number)))
                checkout = ("checkout", next(tags), "--to", "School 1")
                programs.append(timed(process(KITLOAN, "--store", str(store), *checkout)))
                for _ in range(10):
                    tag = next(tags)
                    desks.append(timed(lambda tag=tag: opened.loans.check_out([tag], "School 1")))
    sheet, program, desk = (statistics.median(each) for each in (theirs, programs, desks))
    line("kitloan checkout, 10,000 holdings (floor: the spreadsheet)", program, sheet, "1 x")
    line("the same at a desk that stays open (floor: spreadsheet)", desk, sheet, "1 x")


if __name__ == "__main__":
    main()
