"""Contents lists as people keep them: the kit once, other headings, four off, two bags."""

from pathlib import Path

import pytest

from kitloan.imports.contents import read_types

CASES = Path(__file__).parent / "cases"


def contents(path: Path) -> dict[str, list[tuple[str, int]]]:
    """By kit, its parts and how many of each."""
    return {each.name: [(c.name, c.quantity) for c in each.contents] for each in read_types(path)}


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("contents_headings.csv", {"Robot kit": [("Hub", 1), ("Wheel", 4)]}),
        (
            "contents_kit_written_once.csv",
            {
                "Microscope kit": [("Microscope", 1), ("Slides", 10), ("Cover slips", 50)],
                "Robot kit": [("Hub", 1), ("Wheel", 4)],
            },
        ),
        (
            "contents_quantities.csv",
            {"Robot kit": [("Wheel", 4), ("Cable (pair)", 2), ("Hub", 1)]},
        ),
        ("contents_merged.xlsx", {"Robot kit": [("Hub", 1), ("Wheel", 4)]}),
    ],
)
def test_a_contents_list(name: str, right: dict[str, list[tuple[str, int]]]) -> None:
    """Else every college would retype its lists before a kit could be counted."""
    assert contents(CASES / name) == right


def test_the_same_part_in_two_bags(tmp_path: Path) -> None:
    """Else the wheels of one bag would take the place of the other's."""
    path = tmp_path / "contents.csv"
    path.write_text("Kit,Bag,Part,Qty\nMTa,Blue,Wheel,4\n,Red,Wheel,6\n,Red,Axle,2\n")
    assert contents(path) == {"MTa": [("Wheel (Blue)", 4), ("Wheel (Red)", 6), ("Axle", 2)]}


def test_a_list_under_the_name_of_its_kit(tmp_path: Path) -> None:
    """A list a kit, with the kit's name above it, needs no column for it."""
    path = tmp_path / "list.csv"
    path.write_text("Robot kit,\nPart,Qty\nHub,1\nWheel,4\n")
    assert contents(path) == {"Robot kit": [("Hub", 1), ("Wheel", 4)]}
