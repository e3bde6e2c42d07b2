"""The report on sheets of paper: what is left out is said, and half a sheet is enough for some."""

import re
from dataclasses import replace
from datetime import date

import pytest

from kitloan.audit.export import html
from kitloan.audit.export.sheets import PAPER_ROWS, make_sheet
from kitloan.audit.papers import paper
from kitloan.audit.tables import Cell, Column, Report, Summary, Table


def made(name: str, *columns: str, rows: list[tuple[Cell, ...]]) -> Table:
    """A table of texts first and counts after."""
    kinds = [Column(columns[0], columns[0].title(), "text", "")]
    kinds += [Column(each, each.title(), "count", "", unknown="not known") for each in columns[1:]]
    return Table(name, name.title(), "", tuple(kinds), rows)


REGIONS = made("regions", "name", "holdings", rows=[("Fife", 3), ("Tayside", None), ("West", None)])


def test_a_region_that_sent_nothing_is_named() -> None:
    """Four rows of "not known" took the room of figures; left out in silence, they hold none."""
    sheet = make_sheet(REGIONS)
    assert sheet.rows_off == {1, 2}
    assert sheet.note == (
        "No file has come from a college of Tayside, West: what is held there is not known."
    )


@pytest.mark.parametrize(("rows", "note"), [(PAPER_ROWS, ""), (PAPER_ROWS + 1, "On paper: the")])
def test_a_long_table_is_cut_and_says_so(rows: int, note: str) -> None:
    """Sixteen donors would pass for all of them."""
    table = made("donors", "name", "holdings", rows=[(f"D{n}", n) for n in range(rows)])
    sheet = make_sheet(table)
    assert len(sheet.rows_off) == rows - PAPER_ROWS
    assert sheet.note.startswith(note)
    assert bool(sheet.note) is bool(note)


def test_the_register_is_whole() -> None:
    """A kit that is not on the list is one that nobody looks for."""
    table = made("register", "college", "region", rows=[("Fife", n) for n in range(94)])
    assert make_sheet(table).rows_off == frozenset()
    assert make_sheet(table).columns_off == {1}


def test_problems_of_low_severity_are_on_the_screen() -> None:
    """Thirty kits that were not scanned hide the one that is in two places."""
    table = made("findings", "severity", "who", rows=[("high", 1), ("low", 2), ("medium", 3)])
    assert make_sheet(table).rows_off == {1}


def test_wide_tables_have_the_whole_sheet() -> None:
    """A column that is cut on paper cannot be scrolled to."""
    some = [f"c{n:02}" for n in range(30)]
    narrow = made("a", *some[:6], rows=[("Fife", 1, 2, 3, 4, 5)])
    wide = made("a", *some, rows=[("Fife", *range(29))])
    assert make_sheet(narrow).is_half
    assert not make_sheet(wide).is_half


def test_neighbours_of_half_a_sheet_are_in_two_columns() -> None:
    """Each with a sheet's whole width, the report of ninety-four kits was fifteen sheets."""
    narrow = made("types", "name", "holdings", rows=[("Device", 1)])
    some = [f"c{n:02}" for n in range(30)]
    wide = made("kinds", *some, rows=[("Fife", *range(29))])
    tables = (narrow, replace(narrow, name="donors"), wide, replace(narrow, name="years"))
    page = html.render(Report("R", date(2026, 7, 31), tables))
    runs = [
        re.findall(r'<section class="wide (\w+)', part) for part in page.split('<div class="run')
    ]
    assert runs[1:] == [["types", "donors", "kinds"], ["years"]]
    off = html.render(Report("R", date(2026, 7, 31), tables, off_paper=frozenset({"years"})))
    assert "On the screen and in the spreadsheet: Types" in off


def test_a_board_has_two_sheets() -> None:
    """The board's paper was four sheets; which tables are on the second is decided by name."""
    names = ("totals", "regions", "gifts", "reach_by_council", "reach_by_band", "learners")
    tables = tuple(made(each, "name", "holdings", rows=[("Fife", 1)]) for each in names)
    found = paper(Report("R", date(2026, 7, 31), tables, Summary()), "board", None)
    printed = {each.name for each in found.tables} - found.off_paper
    assert printed == {"totals", "regions", "gifts"}
    assert "reach_by_council" in {each.name for each in found.tables}, "the workbook has it"
