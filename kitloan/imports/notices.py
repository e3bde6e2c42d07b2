"""Warnings about a whole sheet: what it hides, and columns that were not certain."""

from collections.abc import Iterator

from kitloan.imports.candidates import Candidate
from kitloan.imports.entries import problem
from kitloan.imports.headings import plain_header
from kitloan.imports.rows import Problem
from kitloan.imports.sheets import Sheet


def hidden_parts(sheet: Sheet, laid: list[Candidate]) -> Iterator[Problem]:
    """What the spreadsheet hides, reported once a sheet."""
    if not any(each.table.sheet is sheet for each in laid):
        return
    headers = {
        i: h for each in laid if each.table.sheet is sheet for i, h in each.table.headers.items()
    }
    for index in sorted(sheet.hidden_columns):
        if index in headers:
            what = "is a hidden column, and was read"
            yield problem("warning", sheet.name, None, headers[index], "", what)
    if sheet.filtered:
        what = "has a filter set: rows that it hides were read as well"
        yield problem("warning", sheet.name, None, "", "", what)


def left_out_key(each: Candidate) -> Iterator[Problem]:
    """Warn that the key beneath a table is none of its rows."""
    legend = each.table.legend
    if legend is not None:
        what = f"is the key beneath the table, with {len(legend.meanings)} codes: it was left out"
        yield problem("warning", each.table.sheet.name, None, "", "", what)


def unsure_columns(each: Candidate) -> Iterator[Problem]:
    """Warn of columns that were not certain, or come twice."""
    for one in each.guesses:
        if one.mapped or one.field not in ("value", "location", "serial") or not one.found.filled:
            continue
        if one.base < 0.84 and one.score < 0.7:
            what = (
                f"was taken for {one.field}, and may be something else: {'; '.join(one.evidence)}"
            )
            yield problem("warning", each.table.sheet.name, None, one.header, "", what)
    for one in each.guesses:
        spare = one.field is None and not one.mapped and one.bases.get("on_loan_to", 0) >= 0.6
        if spare and one.found.share("faculties") > 0.4:
            what = "reads as parts of the college, not as borrowers, and was kept as a note"
            yield problem("warning", each.table.sheet.name, None, one.header, "", what)
    taken = {one.field for one in each.guesses if one.field}
    for one in each.guesses:
        again = one.field is None and not one.mapped and plain_header(one.header) != one.header
        if not again or not one.bases or not one.found.filled:
            continue
        likeliest = max(one.bases, key=lambda name: one.bases[name])
        if likeliest in taken and one.bases.get("remarks", 0) < 0.8:
            what = "comes again, and was kept as a note"
            yield problem("warning", each.table.sheet.name, None, one.header, "", what)
