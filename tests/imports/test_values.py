"""Cells read as dates, money, quantities, names: what is taken, and that nothing is guessed."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitloan.imports.sheets import LONGEST_CELL, Unreadable, text_value
from kitloan.imports.values import (
    MOST_PENCE,
    READERS,
    Fault,
    as_text,
    day,
    email,
    means_nothing,
    note,
    pence,
    quantity,
    tag,
    title,
    words,
)
from kitloan.text import tags

JULY = date(2025, 7, 2)


@pytest.mark.parametrize(
    "written",
    [
        JULY,
        datetime.fromisoformat("2025-07-02"),
        datetime.fromisoformat("2025-07-02T14:30"),
        "02/07/2025",
        "2/7/25",
        "2/7/2025",
        "02.07.2025",
        "02-07-2025",
        "2 7 2025",
        "2025-07-02",
        "2025/07/02",
        "2025-07-02 00:00:00",
        "2025-07-02T09:15:00Z",
        "02/07/2025 00:00",
        "2 Jul 2025",
        "2-Jul-25",
        "2nd July 2025",
        "Wed 2 July 2025",
        "Wednesday, 2 July 2025",
        "  02/07/2025 ",
    ],
)
def test_dates_as_people_write_them(written: str | date) -> None:
    """Otherwise a kit loses the day on which it was last seen."""
    assert day(written) == JULY


def test_september_by_its_four_letters() -> None:
    """Otherwise the usual British short form of one month is lost."""
    assert day("9 Sept 2024") == date(2024, 9, 9)


@pytest.mark.parametrize("written", ["31/02/2024", "29/02/2025", "31 Apr 2025", "00/07/2025"])
def test_a_day_that_does_not_exist_is_said_to_be_none(written: str) -> None:
    """Otherwise an auditor is shown a day on which nobody saw anything."""
    wrong = day(written)
    assert isinstance(wrong, Fault) and "not a date that exists" in wrong.problem


def test_a_month_first_date_is_never_turned_round() -> None:
    """Otherwise half of an American export is right and half is silently wrong."""
    wrong = day("07/25/2025")
    assert isinstance(wrong, Fault) and "month 25" in wrong.problem


@pytest.mark.parametrize(
    "written",
    [45840, 45840.5, True, "45840", "tbc", "July 2025", "2025", "02/07", "2/7-2025", "2 Juli 25"],
)
def test_what_is_not_a_date_is_not_made_one(written: object) -> None:
    """Otherwise a number or half a date becomes a day that somebody must answer for."""
    assert isinstance(day(written), Fault)  # type: ignore[arg-type]  # any value may stand there


def test_years_nobody_meant() -> None:
    """Otherwise a slip of the finger puts a kit in the year 205."""
    assert isinstance(day("02/07/1025"), Fault)
    assert isinstance(day(date(1899, 12, 31)), Fault)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_day_survives_each_way_of_writing_it(when: date) -> None:
    """Otherwise some day of some year is read as another."""
    assert day(as_text(when)) == when
    assert day(when.isoformat()) == when
    assert day(f"{when.day}/{when.month}/{when.year}") == when
    assert day(f"{when.day}.{when.month}.{when.year}") == when
    assert day(f"{when.day} {when:%B} {when.year}") == when


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_two_digit_years_are_of_this_century(when: date) -> None:
    """Otherwise a kit that is due in 2026 was due in 1926."""
    assert day(f"{when.day}/{when.month}/{when.year % 100:02}") == when


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (650, 65000),
        (650.0, 65000),
        (349.99, 34999),
        (0, 0),
        (1649.1 + 0.2, 164930),
        (Decimal("2.40"), 240),
        ("£349.99", 34999),
        ("£ 1,200", 120000),
        ("1,200", 120000),
        ("1,200,000.5", 120000050),
        ("310.00", 31000),
        ("2.4", 240),
        ("GBP 12", 1200),
    ],
)
def test_money_as_people_write_it(written: int | float | str, expected: int) -> None:
    """Otherwise the donor is told a wrong worth."""
    assert pence(written) == expected


@pytest.mark.parametrize(
    "written",
    ["tbc", "", "£", "650 each", "1,20", "1.200,00", "12.345", "1e5", "$5", 1.005, True, JULY],
)
def test_what_is_not_money_is_not_made_money(written: object) -> None:
    """Otherwise a note in the value column becomes a sum."""
    assert isinstance(pence(written), Fault)  # type: ignore[arg-type]  # any value may stand there


@pytest.mark.parametrize("written", [-1, -0.5, "-650", "-£5", "£-5", "(650)", "−3"])
def test_a_negative_sum_is_called_negative(written: int | float | str) -> None:
    """Otherwise a bookkeeper's correction is added as worth."""
    wrong = pence(written)
    assert isinstance(wrong, Fault) and "negative" in wrong.problem


@given(st.integers(0, MOST_PENCE))
def test_every_sum_to_the_penny(total: int) -> None:
    """Otherwise binary fractions eat a penny here and there."""
    assert pence(f"£{total / 100:,.2f}") == total
    assert pence(total / 100) == total


@pytest.mark.parametrize(
    ("written", "expected"), [(1, 1), (30.0, 30), ("30", 30), (" 7 ", 7), ("1,200", 1200)]
)
def test_quantities(written: int | float | str, expected: int) -> None:
    """Otherwise a box of goggles counts as one."""
    assert quantity(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "dozens",
        0,
        -1,
        2.5,
        "0",
        "30+",
        "30 of 40",
        "1/2 roll",
        "about 30",
        "-",
        True,
        JULY,
        10**9,
        "9" * 5000,
    ],
)
def test_what_is_not_a_quantity_is_not_guessed(written: object) -> None:
    """Otherwise the stock on paper is not the stock on the shelf."""
    assert isinstance(quantity(written), Fault)  # type: ignore[arg-type]  # any value may stand


def test_numbers_lose_the_point_that_excel_gave_them() -> None:
    """Otherwise a serial number never matches the plate on the machine."""
    assert words(100200301.0) == "100200301"
    assert words(7) == "7"
    assert words(2.5) == "2.5"
    assert as_text(1e22) == "1" + "0" * 22


def test_words_come_out_on_one_line() -> None:
    """Otherwise one remark breaks a table, a label and a CSV."""
    assert words("Ayr -\r\nStore 2,\tshelf  B ") == "Ayr - Store 2, shelf B"


@pytest.mark.parametrize("written", ["=1+1", "\x1b[2Jgone", "abc\u202ecba", "a" * 201])
def test_words_that_are_more_than_words(written: str) -> None:
    """Otherwise a register carries a formula or a terminal command to whoever opens it next."""
    assert isinstance(words(written), Fault)


def test_a_note_may_run_longer_than_a_name() -> None:
    """Otherwise the remarks of years are left out."""
    assert note("a " * 900) == ("a " * 900).strip()
    assert isinstance(note("a" * 2001), Fault)


def test_tags_as_printed_and_as_scanned() -> None:
    """Otherwise a kit that bears a label gets another identity."""
    minted = tags.mint()
    assert tag(tags.grouped(minted)) == minted
    assert isinstance(tag("AC0001"), Fault)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Owned", "owned"),
        ("on loan from the donor", "on_loan_from_donor"),
        ("ON LOAN FROM DONOR", "on_loan_from_donor"),
        ("on-loan from donor", "on_loan_from_donor"),
        ("Held for ESP", "held_for_esp"),
        ("unknown", "unknown"),
    ],
)
def test_titles_in_plain_spellings(written: str, expected: str) -> None:
    """Otherwise the auditor cannot say whose a kit is."""
    assert title(written) == expected


def test_a_title_that_is_none() -> None:
    """Otherwise a name in that column decides whose a kit is."""
    assert isinstance(title("Mrs Baird"), Fault)


def test_addresses_that_can_be_written_to() -> None:
    """Otherwise a reminder goes nowhere."""
    assert email("a.baird@example.sch.uk") == "a.baird@example.sch.uk"
    for wrong in ("a.baird", "a@b", "a b@example.org", "@example.org", "a@example.org, b@c.org"):
        assert isinstance(email(wrong), Fault)


@pytest.mark.parametrize("written", [None, "", "  ", "\xa0", "-", "–", "n/a", "N/A", "None"])
def test_words_that_mean_nothing(written: str | None) -> None:
    """Otherwise a kit is on loan to a school called N/A."""
    assert means_nothing(written)


def test_a_cell_as_long_as_a_book() -> None:
    """Otherwise one broken cell fills the screen and the store."""
    long = text_value("x" * (LONGEST_CELL + 1))
    assert isinstance(long, Unreadable) and len(long.shown) <= 80
    assert text_value("x" * LONGEST_CELL) == "x" * LONGEST_CELL


ANY_VALUE = st.one_of(
    st.text(max_size=60),
    st.text("0123456789/-. £,:TJulyeptZ", max_size=20),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.decimals(),
)


@given(ANY_VALUE)
def test_no_value_whatever_is_a_crash(value: str | int | float | date | Decimal) -> None:
    """Otherwise one odd cell loses the whole register."""
    assert isinstance(as_text(value), str)
    for name, reader in READERS.items():
        result = reader(value)
        assert isinstance(result, Fault | str | int | date), name
