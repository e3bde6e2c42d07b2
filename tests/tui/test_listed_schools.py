"""Schools that have never borrowed, completed at the desk from the list that was read."""

import pytest

from evidence.test_schools import MADE_UP
from tui.at_the_counter import SCHOOL, Day, expect


@pytest.fixture
def listed(day: Day) -> Day:
    """A counter of a college that has read a list."""
    day.college.schools.take_in(MADE_UP)
    return day


def test_a_listed_name_is_completed_before_it_has_borrowed(listed: Day) -> None:
    """Else each school's name would be typed to the end once, in each college's own spelling."""
    (name,) = listed.college.schools.names("lochside a", 1)
    assert listed.complete("lochs") is not None
    assert listed.complete(name[:-3]) == name
    assert listed.complete(f"to {name[:-3]}") == f"to {name}"
    listed.lent(listed.store.second)
    assert listed.complete("kil") == SCHOOL
    assert listed.complete("trampo") is None


def test_a_whole_listed_name_opens_its_turn(listed: Day) -> None:
    """A school on the list is no slip, and needs no `to`."""
    (name,) = listed.college.schools.names("lochside a", 1)
    expect(listed.type(name.lower()), "LENDING", name)
    expect(listed.scan(listed.store.headset), "OUT", name)


def test_first_letters_offer_the_schools_on_the_list(listed: Day) -> None:
    """Two thousand five hundred schools, by the first letters of their words."""
    (name,) = listed.college.schools.names("lochside a", 1)
    expect(listed.type("loch acad"), "NEW SCHOOL?", name)
    number = listed.state.choices.index(name) + 1
    expect(listed.type(str(number)), "LENDING", name)
    listed.escape()
    listed.scan(listed.store.kit)
    expect(listed.type("to lochside"), "NEW SCHOOL?", name)
    expect(listed.type("yes"), "OUT", "to lochside")


def test_what_is_held_comes_before_the_list(listed: Day) -> None:
    """Looking for a kit must not turn into lending."""
    listed.college.holdings.move(listed.store.headset, "Lochside store")
    expect(listed.type("lochside sto"), "FOUND 1")


def test_without_a_list_nothing_is_offered(day: Day) -> None:
    """A college that reads no list works as before."""
    assert day.complete("lochs") is None
    expect(day.type("loch acad"), "FOUND 0")
