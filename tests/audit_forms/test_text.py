"""The report in a terminal."""

import re
import unicodedata
from datetime import date

import pytest

from audit_forms.sample import sample
from kitloan.audit.export import text
from kitloan.audit.tables import Chart, Column, Report, Table


def part(of: str, title: str) -> list[str]:
    """The lines of one table."""
    (found,) = [each for each in of.split("\n\n\n") if each.startswith(f"{title}\n")]
    return found.split("\n")


def test_numbers_stand_under_each_other() -> None:
    """A column that wanders is read wrongly."""
    lines = part(text.render(sample(), 100), "By region")
    head = next(i for i, line in enumerate(lines) if line.startswith("Region "))
    ends = [match.end() for match in re.finditer(r"\S+", lines[head])][1:]
    for line in lines[head + 2 :]:
        assert [match.end() for match in re.finditer(r"\d+", line)] == ends


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_lines_keep_to_the_width(width: int) -> None:
    """A line that wraps by itself breaks every column of the table."""
    assert max(map(len, text.render(sample(), width).split("\n"))) <= width


def test_a_wide_table_is_told_line_by_line() -> None:
    """Half of a gift's figures would be past the edge."""
    lines = part(text.render(sample(), 80), "Gifts, reconciled to the kit")
    assert "  Promised: £125,000.00" in lines
    assert lines.count("  Redeployed: not recorded") == 1


def test_a_long_table_says_how_many_more() -> None:
    """Thirty findings would pass for all of them."""
    assert part(text.render(sample(230), 100), "Findings")[-1] == f"and {230 - text.MOST_ROWS} more"


def test_an_empty_table_says_none() -> None:
    """Silence would pass for an error."""
    assert part(text.render(sample(), 100), "Transfers")[-1] == "None."


def test_bars_are_in_proportion_and_never_vanish() -> None:
    """One kit missing among thousands must still be seen."""
    columns = (
        Column("n", "Name", "text", ""),
        Column("k", "Kits", "count", ""),
        Column("m", "Missing", "count", ""),
    )
    rows = (("Fife", 4000, 1), ("Ayr", 2000, None), ("Borders", 0, 0))
    for stacked in (False, True):
        chart = Chart(("k", "m"), "Fife holds twice what Ayr does.", stacked)
        table = Table("t", "T", "", columns, rows, chart)
        lines = part(text.render(Report("R", date(2026, 7, 31), (table,)), 80), "T")
        bars = [line for line in lines if re.match(r"(Fife|Ayr|Borders) .*\d", line)][:3]
        longs = [line.count("#") for line in bars]
        assert longs[0] in (2 * longs[1], 2 * longs[1] - 1, 2 * longs[1] + 1)
        assert longs[2] == 0
        assert ("=" in bars[0]) == stacked
    assert "# Kits, = Missing" in lines


def test_nothing_in_the_report_steers_the_terminal() -> None:
    """A kit's name could otherwise clear the screen, or write what is not so."""
    steering = [c for c in text.render(sample(), 100) if unicodedata.category(c) in ("Cc", "Cf")]
    assert set(steering) <= {"\n", "\u200d"}
