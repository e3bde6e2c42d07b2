"""Registers in: a college's spreadsheet, read into rows that the rest of kitloan can trust.

Pure reading: a file goes in; validated rows and a list of problems come out; nothing is stored.

    sheets      what a file holds, before anybody knows what it means: sheets, lines, values
    cells       a file on disk -> sheets; says no to what is not a spreadsheet
    delimited   CSV, in the encodings and with the delimiters that Excel leaves behind
    workbook    XLSX, with merged cells, formulas and hidden sheets
    columns     which header means which field, and which line is the header
    mapfile     the user's own word on that, in TOML
    values      one cell -> one date, sum of money, quantity, name
    rows        what comes out: rows, columns, problems
    reader      puts them together: `read(path)`
"""

from kitloan.spreadsheets.reader import read
from kitloan.spreadsheets.rows import Column, Problem, Register, Row

__all__ = ["Column", "Problem", "Register", "Row", "read"]
