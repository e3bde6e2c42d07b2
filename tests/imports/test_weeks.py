"""Columns that are days, weeks or months: which of them is now, also next week."""

from datetime import date
from pathlib import Path

import pytest

from imports.outcome import lines
from kitloan.imports.reader import read
from kitloan.imports.weeks import column_of, days_in_order, spans_of

NOW = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("headings", "now"),
    [
        (("w/c 16 Nov", "w/c 23 Nov", "w/c 30 Nov"), 1),
        (("16/11/2026", "23/11/2026", "30/11/2026"), 1),
        (("Mon 23 Nov", "Tue 24 Nov", "Fri 27 Nov"), None),
        (("Oct", "Nov", "Dec"), 1),
        (("November 2025", "December 2025"), None),
        (("16-20 Nov", "23-29 Nov"), 1),
        (("30 Nov-4 Dec", "7-11 Dec"), None),
        (("Week 47", "Week 48"), 1),
        (("Dec", "Jan", "Feb"), None),
        (("w/c 23 Nov", "w/c 16 Nov"), None),
        (("Due back", "Date out"), None),
        (("Nov",), None),
    ],
)
def test_the_column_with_today_in_it(headings: tuple[str, ...], now: int | None) -> None:
    """A plan read a week wrong gives every kit to another school."""
    assert column_of(spans_of(dict(enumerate(headings)), NOW), NOW) == now


def test_a_plan_is_read_again_a_week_later(tmp_path: Path) -> None:
    """The answer of last week must not say who has the kits this week."""
    file, answers = tmp_path / "plan.csv", tmp_path / "map.toml"
    file.write_text(
        "Kit no,Kit,w/c 16 Nov,w/c 23 Nov,w/c 30 Nov\n"
        "W1,Drone,Alva Academy,Alva Academy,\n"
        "W2,Drone,,,Kyle Academy\n",
        encoding="utf-8",
    )
    answers.write_text('[columns]\n"w/c 16 Nov" = "on_loan_then"\n', encoding="utf-8")
    assert lines(read(file, answers, today=NOW).rows) == [
        "W1 Drone -> Alva Academy until 2026-11-29",
        "W2 Drone",
    ]
    later = read(file, answers, today=date(2026, 12, 1))
    assert later.questions == ()
    assert lines(later.rows) == [
        "W1 Drone",
        "W2 Drone -> Kyle Academy from 2026-11-30 until 2026-12-06",
    ]


def test_the_days_of_one_loan_are_no_plan() -> None:
    """A line of data with two days in it must not become the line of headings."""
    assert days_in_order(("1", "Lamp", "02/11/2026", "04/12/2026")) == frozenset()
    assert days_in_order(("Kit", "02/11/2026", "09/11/2026", "16/11/2026")) == {1, 2, 3}
