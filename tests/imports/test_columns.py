"""Headers: which means which field, which line they are on, and what a map file can say."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from kitloan.errors import BadInput
from kitloan.imports.columns import guess
from kitloan.imports.headings import FIELDS, WORDS, squeeze
from kitloan.imports.mapfile import load_map
from kitloan.imports.sheets import Line, Sheet, letter
from kitloan.imports.tables import find_header
from kitloan.imports.values import READERS


def recognise(headers: tuple[str, ...], told: Mapping[str, str]) -> tuple[str | None, ...]:
    """What columns of these headers, with nothing beneath, are taken for."""
    columns = guess(Sheet("Kits", ()), dict(enumerate(headers)), (), told, date(2026, 11, 28))
    return tuple(column.field for column in columns)


def meaning(*headers: str) -> dict[str, str | None]:
    """What each header is taken for when they are side by side."""
    return dict(zip(headers, recognise(headers, {}), strict=True))


def sheet(*lines: tuple[str | None, ...]) -> Sheet:
    """A sheet with those lines, numbered as they come."""
    numbered = (Line(number, values) for number, values in enumerate(lines, 1))
    return Sheet("Kits", tuple(line for line in numbered if any(line.values)))


def test_the_headers_of_a_mainland_register() -> None:
    """Otherwise the first college we know of must rename its columns."""
    found = recognise(
        (
            *("Kit No", "Description", "Donated by", "Where kept", "Qty", "Condition"),
            *("Last checked", "On loan to", "Due back", "Value (£)", "Notes"),
        ),
        {},
    )
    assert found == (
        *("asset_number", "type", "donor", "location", "quantity", "condition"),
        *("last_sighted_on", "on_loan_to", "due_on", "value", None),
    )


def test_the_headers_of_an_island_register() -> None:
    """Otherwise the second college must rename its columns."""
    found = recognise(("Asset", "Item", "Serial", "Home college", "Campus", "Received", "From"), {})
    assert found == (
        *("asset_number", "type", "serial", "home_college", "location", "received_on", "donor"),
    )


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("KIT NO.", "asset_number"),
        ("kit_no", "asset_number"),
        ("Kit #", "asset_number"),
        ("Asset tag", "asset_number"),
        ("S/N", "serial"),
        ("E-mail", "contact_email"),
        ("Borrower's contact", "contact"),
        ("Date received", "received_on"),
        ("Cost (GBP)", "value"),
        ("Campus / room", "location"),
        ("Lent to (school)", "on_loan_to"),
        ("Due\nback", "due_on"),
        ("Number of", "quantity"),
        ("Tag", "tag"),
        ("Funder", "funding_source"),
        ("Ownership", "title"),
    ],
)
def test_one_header_in_many_hands(header: str, field: str) -> None:
    """Otherwise a comma, a capital or a bracket loses a column."""
    assert meaning(header)[header] == field


@pytest.mark.parametrize(
    "header",
    ["Notes", "Total value", "Value (£000)", "", "Checked by", "PAT date", "Warranty until"],
)
def test_headers_that_mean_none_of_ours_are_left_alone(header: str) -> None:
    """Otherwise a person's name becomes a kit, or thousands become pounds."""
    assert meaning(header)[header] is None


def test_the_best_of_two_columns_wins_and_the_other_is_kept() -> None:
    """Otherwise a remark called Description takes the place of the kit's own name."""
    assert meaning("Description", "Item") == {"Description": None, "Item": "type"}


def test_several_places_are_one_place() -> None:
    """Otherwise the cupboard is known, and not the campus that it is on."""
    assert meaning("Campus", "Room", "Item") == {
        "Campus": "location",
        "Room": "location",
        "Item": "type",
    }


def test_no_word_means_two_fields() -> None:
    """Otherwise which field wins depends on the order of a table."""
    seen: dict[str, str] = {}
    for field, phrases in WORDS.items():
        for phrase in phrases:
            assert seen.setdefault(squeeze(phrase), field) == field, phrase


def test_every_field_can_be_read() -> None:
    """Otherwise a column is recognised and then has no reader."""
    assert set(FIELDS) == set(READERS)


def test_the_header_is_found_below_title_lines() -> None:
    """Otherwise colleges that put their name on top cannot be read."""
    found = sheet(
        ("Ayrshire College",),
        ("Kit list, last updated today",),
        (None,),
        ("Kit", "Qty"),
        ("A", "1"),
    )
    assert find_header(found, {}) == 2


def test_the_header_under_a_merged_one() -> None:
    """Otherwise a two-line header loses the columns that span both lines."""
    two = sheet(("Kit No", "Item", "Loan", None), (None, None, "To", "Due back"), ("1", "x"))
    merged = Sheet(two.name, two.lines, {(2, 0): "Kit No", (2, 1): "Item"})
    assert find_header(merged, {}) == 1


def test_a_table_of_something_else_has_no_header() -> None:
    """Otherwise a telephone list becomes a stock of kits."""
    assert find_header(sheet(("Teacher", "Phone"), ("A Baird", "01292")), {}) is None
    assert find_header(sheet(("Item",), ("milk",)), {}) is None


def test_column_letters_as_a_spreadsheet_shows_them() -> None:
    """Otherwise people look for the problem in the wrong column."""
    assert [letter(i) for i in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_a_map_says_what_the_words_do_not(tmp_path: Path) -> None:
    """Otherwise a college with words of its own is stuck."""
    file = tmp_path / "map.toml"
    file.write_text('header_row = 4\nsheet = "Kits"\n[columns]\n"Gizmo " = "type"\nQty = ""\n')
    found = load_map(file)
    assert (found.header_row, found.sheet) == (4, "Kits")
    assert recognise(("gizmo", "Qty", "Item"), found.columns) == ("type", None, None)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[columns]\nGizmo = 'kind'", ("Gizmo", "kind", "asset_number")),
        ("[columns]\nGizmo = 3", ("Gizmo", "3")),
        ("columns = 3", ("columns",)),
        ("header_row = 0", ("header_row",)),
        ("header_row = true", ("header_row",)),
        ("sheet = 2", ("sheet",)),
        ("colums = 1", ("colums", "columns")),
        ("not toml", ("TOML",)),
    ],
)
def test_a_map_with_a_mistake_names_it(tmp_path: Path, text: str, named: tuple[str, ...]) -> None:
    """Otherwise people search a map file for a slip in the dark."""
    file = tmp_path / "map.toml"
    file.write_text(text)
    with pytest.raises(BadInput) as refused:
        load_map(file)
    assert refused.value.code == "bad_map"
    for word in named:
        assert word in refused.value.message + refused.value.hint


def test_a_map_that_is_not_there(tmp_path: Path) -> None:
    """Otherwise a misspelt file name is a traceback."""
    with pytest.raises(BadInput, match="cannot be read"):
        load_map(tmp_path / "none.toml")
