"""Schools that have never borrowed, completed at the desk from the list that was read."""

from pathlib import Path

import pytest
from textual.widgets import Input

from evidence.test_schools import MADE_UP
from tui.at_the_counter import SCHOOL, Day, Store, expect
from tui.at_the_desk import at_desk
from tui.test_renaming import open_school, press_button


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


def test_yes_links_a_listed_school(listed: Day) -> None:
    """Linked by nobody, a school is in no figure of the schools that were reached."""
    (name,) = listed.college.schools.names("lochside a", 1)
    (school,) = listed.college.schools.find(name).items
    listed.type(name)
    asked = listed.scan(listed.store.headset)
    expect(asked, "OUT", name)
    assert school.schuid in asked.hint
    expect(listed.type("yes"), "DONE", name, school.schuid)
    assert listed.college.schools.called(name) == ()
    assert school.schuid not in listed.scan(listed.store.second).hint
    listed.undo()
    listed.undo()
    assert listed.college.schools.called(name) == (school,), "the link is undone, not the loan"
    assert listed.college.find.holding(listed.store.headset).status == "out"


def test_a_scan_goes_on_without_a_link(listed: Day) -> None:
    """Nobody is held up, and nothing is linked by a scan."""
    (name,) = listed.college.schools.names("lochside a", 1)
    listed.scan(listed.store.headset)
    assert "Type yes" in listed.type(f"to {name}").hint
    second = listed.scan(listed.store.second)
    expect(second, "OUT", name)
    assert "Type yes" not in second.hint, "it is asked once in a turn"
    assert len(listed.college.schools.called(name)) == 1
    assert "Type yes" not in listed.type("done").hint


def test_a_campus_of_two_departments_is_not_guessed(listed: Day) -> None:
    """Example 1: which of the two borrowed is for a person to say."""
    names = [each.name for each in listed.college.schools.find(limit=200).items]
    campus = next(name for name in names if names.count(name) > 1)
    listed.scan(listed.store.headset)
    assert "Type yes" not in listed.type(f"to {campus}").hint
    assert len(listed.college.schools.called(campus)) > 1


async def test_both_departments_of_a_campus_are_one_listed_school(store: Store, log: Path) -> None:
    """Else a campus would count as two schools that were reached, or as none."""
    store.kitloan.schools.take_in(MADE_UP)
    (school, *_) = store.kitloan.schools.find("lochside a").items
    departments = ("Campus Primary", "Campus Secondary")
    for name, kit in zip(departments, (store.kit, store.second), strict=True):
        store.kitloan.loans.check_out([kit], name)
    async with at_desk(lambda: store.kitloan, log) as hands:
        for name in departments:
            await open_school(hands, name)
            await press_button(hands, "#listed")
            await hands.type("8999999Z")
            assert hands.reads("! REFUSED")
            hands.desk.screen.query_one("#answer", Input).value = ""
            await hands.type(school.schuid)
            assert hands.reads(f"{name} is the listed school {school.schuid}")
            await hands.press("escape", "escape")
    with store.kitloan.session.reading() as connection:
        linked = connection.exec_driver_sql("SELECT schuid FROM school_link").scalars().all()
    assert linked == [school.schuid] * 2
