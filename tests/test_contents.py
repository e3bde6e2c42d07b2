"""What a person says of a kit's contents, at the desk and at the command line alike."""

import pytest

from kitloan.contents import (
    Count,
    EnteredShortage,
    Part,
    count_of,
    match,
    parse_exceptions,
    read_exceptions,
    reckon,
    recorded_shortages,
)
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
        ("wheel 2", [EnteredShortage("Wheel", "missing", 2)]),
        ("2 wheels", [EnteredShortage("Wheel", "missing", 2)]),
        ("Wheel=3", [EnteredShortage("Wheel", "missing", 3)]),
        ("wheel x4", [EnteredShortage("Wheel", "missing", 4)]),
        ("panel 1 broken", [EnteredShortage("Panel", "broken", 1)]),
        ("panel 2 lost", [EnteredShortage("Panel", "missing", 2)]),
        ("pulley 2 3", [EnteredShortage("Pulley 2", "missing", 3)]),
        ("facilitator", [EnteredShortage("Facilitator manual", "missing", 1)]),
        ("manual", [EnteredShortage("Facilitator manual", "missing", 1)]),
        (
            "wheel 2, panel 1 broken",
            [EnteredShortage("Wheel", "missing", 2), EnteredShortage("Panel", "broken", 1)],
        ),
    ],
)
def test_what_people_type(typed: str, meant: list[EnteredShortage]) -> None:
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


def test_a_word_that_several_names_have() -> None:
    """Else "beam 2" would be called unknown, where the list has a long one and a short one."""
    beams = (Part("Long beam", 24, None, False), Part("Short beam", 36, None, False))
    for typed in ("beam 2", "2 beams"):
        with pytest.raises(BadInput, match="could be Long beam or Short beam"):
            read_exceptions(typed, beams)


BAGGED = (
    Part("Wheel", 16, "Bag 2", False, broken=1),
    Part("Spanner", 4, "Bag 2", True),
    Part("Panel", 18, "Bag 20", False),
    Part("Red LED", 1, None, False),
    Part("Axle", 6, "Red holdall", False),
    Part("Nut", 9, "Blue holdall", False),
)


@pytest.mark.parametrize("typed", ["bag 2", "Bag 2 missing", "BAG  2 lost"])
def test_a_whole_bag_is_missing_in_one_word(typed: str) -> None:
    """Thirty parts typed one by one is a bag that nobody reports."""
    short = {"Spanner": (4, 0), "Wheel": (16, 0)}
    at_desk = count_of([*recorded_shortages(BAGGED), *read_exceptions(typed, BAGGED)])
    in_command = Count(missing=parse_exceptions(["bag 2"]))
    for said in (at_desk, in_command):
        counted, lines = reckon(BAGGED, said)
        assert counted == "short"
        assert {each.component: (each.missing, each.broken) for each in lines} == short
    _, broken = reckon(BAGGED, Count(broken={"red holdall": None}, missing={"Panel": 2}))
    assert {each.component: each.broken for each in broken} == {"Axle": 6, "Panel": 0, "Wheel": 1}


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("holdall", "all of Blue holdall or all of Red holdall"),
        ("bag", "all of Bag 2 or all of Bag 20"),
        ("red", "all of Red holdall or Red LED"),
        ("bag 3", "not on the contents list"),
        ("2", "not on the contents list"),
        ("red holdall 6", "not on the contents list"),
    ],
)
def test_a_bag_that_is_not_clear_is_asked_about(typed: str, asked: str) -> None:
    """A guess would blame a school for a bag that it brought back."""
    with pytest.raises(BadInput, match=asked):
        read_exceptions(typed, BAGGED)
    with pytest.raises(BadInput):
        reckon(BAGGED, Count(missing=parse_exceptions([typed])))


def test_what_is_in_a_bag_is_named_once() -> None:
    """Of two numbers one would be dropped."""
    for twice in (["bag 2", "Wheel=1"], ["Wheel=1", "bag 2"], ["bag 2", "Bag 2"]):
        with pytest.raises(BadInput) as refusal:
            reckon(BAGGED, Count(missing=parse_exceptions(twice)))
        assert refusal.value.code == "bad_exception"


def test_the_last_word_about_a_part_holds() -> None:
    """Else a slip could not be mended by saying it again, and old shortages would be forgotten."""
    said = [*recorded_shortages(PARTS), *read_exceptions("panel 3", PARTS)]
    assert count_of(said) == Count(missing={"Wheel": 1, "Panel": 3}, broken={})
    assert count_of([*said, EnteredShortage("Panel", "missing", 0)]).missing == {
        "Wheel": 1,
        "Panel": 0,
    }
    assert count_of([]) == Count(whole=True)


RESISTORS = (Part("R=10k resistor", 20, None, False), Part("V=IR card", 4, None, False))


@pytest.mark.parametrize("text", ["R=10", "V=1", "R = 10", "v=1"])
def test_a_part_of_a_name_is_no_number(text: str) -> None:
    """Half of `R=10k resistor` would be ten resistors missing, and nobody would hear of it."""
    with pytest.raises(BadInput) as refusal:
        reckon(RESISTORS, Count(missing=parse_exceptions([text])))
    assert refusal.value.code == "no_such_component"
    with pytest.raises(BadInput):
        read_exceptions(text, RESISTORS)
    whole = parse_exceptions(["R=10k resistor=2"])
    _, (short,) = reckon(RESISTORS, Count(missing=whole))
    assert (short.component, short.missing) == ("R=10k resistor", 2)


def test_a_component_named_twice_in_two_spellings() -> None:
    """One of the two numbers would be dropped, and the other blamed on the borrower."""
    said = Count(missing=parse_exceptions(["Wheel=2", "wheels=3"]))
    with pytest.raises(BadInput) as refusal:
        reckon(PARTS, said)
    assert refusal.value.code == "bad_exception"
    both = Count(missing={"Wheel": 2}, broken={"wheels": 3})
    assert reckon(PARTS, both)[1][0].broken == 3


@pytest.mark.parametrize(
    ("typed", "part"),
    [("etage", "Étagère"), ("drivers cable", "Driver’s cable"), ("c++", "C++ card")],
)
def test_parts_are_typed_without_accents_and_signs(typed: str, part: str) -> None:
    """A part that cannot be typed as it is printed would be counted as there."""
    assert match(typed, ("Étagère", "Driver’s cable", "C++ card", "C# card")) == part
