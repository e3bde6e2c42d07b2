"""Registers in: a college's spreadsheet, read into rows that the rest of kitloan can trust.

Pure reading, but for the last two: a file goes in; rows, problems and questions come out.

    sheets      what a file holds, before anybody knows what it means: sheets, lines, values
    packed      long lists of lines and rows, in little memory
    cells       a file on disk -> sheets; refuses what is no spreadsheet
    delimited   CSV, in the encodings and with the delimiters that programs leave behind
    workbook    XLSX, with merged, hidden and struck cells, formulas, comments
    headings    what people write above a column: tables of words
    statuses    their words for how a thing is: a table
    formats     exports of other programs, known by their headings: `formats.toml`
    evidence    what a column holds, found by looking at its values
    columns     heading and contents weighed: which column is which, and how certain that is
    tables      where the tables of a sheet are
    legends     the key of codes beneath a table
    weeks       columns that are days, weeks or months: a plan
    holders     who has a thing, as a cell says it
    shared_stock  several borrowers of one stock, in one cell
    spellings   borrowers that are spelt nearly alike
    values      one cell -> one date, sum of money, quantity, name
    questions   what could change who has what, and is not certain
    mapfile     a person's answers, in TOML
    entries     a table understood, and what a line of it gives
    line_fields the fields of a thing, from the cells of one line
    line_days   the days of its loan; line_status: its status; line_borrower: who has it
    line_loans  its loan: days, status and borrower compared
    line_notes  the cells that are left, and remarks about a loan
    lines       what a line is: a heading, a total, a row
    logs        several lines of one thing: which of its loans is open
    rows        what comes out
    candidates  a table that may be a register: columns understood, numbers, signatures
    sheet_roles things, loans, a copy, a plan, a list: what each table is
    sheet_names what the name of a sheet shows about its rows
    table_questions  questions about a whole table
    notices     warnings about a whole sheet
    refusals    refusals of a whole file
    reader      puts them together: `read(path)`
    register    those rows into a college's store
    contents    kit types with their parts, from a file
"""
