"""A half name, or a slip in one, makes no new school and no new kind of kit."""

from collections.abc import Callable

import pytest

from kitloan import NewHolding, Refused
from kitloan.college import College
from kitloan.text.names import near_names


def refused(act: Callable[[], object]) -> list[str]:
    """The names that an act is refused for."""
    with pytest.raises(Refused) as refusal:
        act()
    assert refusal.value.code == "nearly_known"
    near: list[str] = refusal.value.details["near"]
    return near


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Kilmarnock", ["Kilmarnock Academy"]),
        ("kilm", ["Kilmarnock Academy"]),
        ("Kirkcaldy Hgih", ["Kirkcaldy High School"]),
        ("sgoil arainn", ["Sgoil Àrainn"]),
        ("St Andrews Academi", ["St Andrew’s Academy"]),
        ("School 2", []),
        ("B Primary", []),
        ("Lochside Primary", []),
    ],
)
def test_which_names_are_near(name: str, near: list[str]) -> None:
    """Asked too seldom, a bogus school stays for ever; asked too often, nobody reads it."""
    known = [
        *("Kilmarnock Academy", "Kirkcaldy High School", "Sgoil Àrainn", "St Andrew’s Academy"),
        *("School 1", "A Primary", "Lochside Academy"),
    ]
    assert list(near_names(name, known)) == near


def test_half_a_name_makes_no_school(fife: College, kit: str) -> None:
    """`--to Kilmarnock` must not open a bogus borrower beside Kilmarnock Academy."""
    other = fife.holdings.add(NewHolding("Telescope")).tag
    loans = fife.loans
    loans.check_out([other], "Kilmarnock Academy")
    wanted = ["Kilmarnock Academy"]
    assert refused(lambda: loans.check_out([kit], "Kilmarnock", new_too=False)) == wanted
    assert fife.find.holding(kit).status == "in"
    assert fife.find.organisation("Kilmarnock") is None
    loans.check_out([kit], "Kilmarnock", new_too=True)
    assert refused(lambda: loans.correct(kit, to="Kilmarnok Academy", new_too=False)) == wanted
    assert refused(lambda: loans.pass_on(kit, "Kilmarnock Acad", new_too=False)) == wanted
    loans.correct(kit, to="Kilmarnock Academy", new_too=False)


def test_a_slip_makes_no_kit_type(fife: College, kit: str) -> None:
    """`Rvoer Kit` without a contents list would stay among the kinds for ever."""
    add = fife.holdings.add
    assert refused(lambda: add(NewHolding("STEM kits"), new_too=False)) == ["STEM kit"]
    assert refused(lambda: add(NewHolding("STME kit"), new_too=False)) == ["STEM kit"]
    amend = fife.holdings.amend
    assert refused(lambda: amend(kit, type="STEM ki", new_too=False)) == ["STEM kit"]
    receive = fife.transfers.receive
    tag = "KL80A60HZ0WGJ"
    near = refused(lambda: receive(tag, "Borders College", type="STEM kut", new_too=False))
    assert near == ["STEM kit"]
    assert add(NewHolding("stem  KIT"), new_too=False).type == "STEM kit"
    assert add(NewHolding("STEM kits"), new_too=True).type == "STEM kits"
