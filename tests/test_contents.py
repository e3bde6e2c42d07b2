"""What a person says of a kit's contents, at the desk and at the command line alike."""

import pytest

from kitloan.contents import Count, Part, Said, as_it_left, count_of, read_exceptions
from kitloan.errors import BadInput

PARTS = (
    Part("Wheel", 16, "Red holdall", False, missing=1),
    Part("Panel", 18, "Blue holdall", False),
    Part("Pulley 2", 8, None, False),
    Part("Facilitator manual", 1, "Manual", True),
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("wheel 2", [Said("Wheel", "missing", 2)]),
        ("2 wheels", [Said("Wheel", "missing", 2)]),
        ("Wheel=3", [Said("Wheel", "missing", 3)]),
        ("wheel x4", [Said("Wheel", "missing", 4)]),
        ("panel 1 broken", [Said("Panel", "broken", 1)]),
        ("panel 2 lost", [Said("Panel", "missing", 2)]),
        ("pulley 2 3", [Said("Pulley 2", "missing", 3)]),
        ("facilitator", [Said("Facilitator manual", "missing", 1)]),
        ("wheel 2, panel 1 broken", [Said("Wheel", "missing", 2), Said("Panel", "broken", 1)]),
    ],
)
def test_what_people_type(typed: str, meant: list[Said]) -> None:
    """Else every exception would have to be spelt as the list has it."""
    assert read_exceptions(typed, PARTS) == meant


@pytest.mark.parametrize(
    ("typed", "code"),
    [("wheel", "how_many"), ("weel 2", "no_such_component"), ("wheel 2, x", "no_such_component")],
)
def test_what_cannot_be_meant(typed: str, code: str) -> None:
    """Else a slip would go on record as a missing part."""
    with pytest.raises(BadInput) as refusal:
        read_exceptions(typed, PARTS)
    assert refusal.value.code == code


def test_the_last_word_about_a_part_holds() -> None:
    """Else a slip could not be mended by saying it again, and old shortages would be forgotten."""
    said = [*as_it_left(PARTS), *read_exceptions("panel 3", PARTS)]
    assert count_of(said) == Count(missing={"Wheel": 1, "Panel": 3}, broken={})
    assert count_of([*said, Said("Panel", "missing", 0)]).missing == {"Wheel": 1, "Panel": 0}
    assert count_of([]) == Count(whole=True)
