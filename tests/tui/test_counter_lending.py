"""Lending at the counter, without a screen: what each scan and each word does, and is answered."""

import csv
from pathlib import Path

import pytest

from conftest import write_off
from kitloan.text.tags import grouped
from kitloan_tui import lookups
from kitloan_tui.counter.state import FrontEnd
from tui.at_the_counter import OTHER, SCHOOL, Day, expect


def test_a_kit_and_then_its_school(day: Day) -> None:
    """Else lending would need more than a scan for the kit and one for the school."""
    expect(day.scan(day.store.kit), "TO WHOM?", grouped(day.store.kit))
    expect(day.scan(SCHOOL), "OUT", f"to {SCHOOL}", "due 7 Dec 2026", "new organisation")
    assert day.held(day.store.kit).status == "out"


def test_a_school_and_then_its_kits(day: Day) -> None:
    """Else lending n things would take more than n + 1 scans."""
    day.lent(day.store.headset)
    expect(day.scan(SCHOOL), "LENDING", SCHOOL)
    expect(day.scan(day.store.kit), "OUT", SCHOOL)
    expect(day.scan(day.store.second), "OUT", SCHOOL)
    expect(day.escape(), "DONE", "2 loans")
    assert day.state.turn is None


def test_several_kits_and_then_one_school(day: Day) -> None:
    """Else a pile of kits would have to wait for somebody to be typed first."""
    day.scan(day.store.kit, day.store.second, day.store.headset)
    expect(day.scan(SCHOOL), "OUT", "3 to Kilmarnock Academy")
    expect(day.undo(), "UNDONE")
    assert {day.held(t).status for t in (day.store.kit, day.store.second)} == {"in"}


def test_a_new_school_spelt_nearly_like_a_known_one(day: Day) -> None:
    """Else the same school would stand on record twice without anybody noticing."""
    day.lent(day.store.headset)
    day.scan(day.store.kit)
    expect(day.type("Kilmarnok Academy"), "NEW SCHOOL?", f"Is it {SCHOOL}?", "Type yes")
    assert day.state.choices == (SCHOOL,)
    assert day.held(day.store.kit).status == "in"
    expect(day.type("to Kilmarnok Academy"), "OUT", "new organisation", f"nearly like {SCHOOL}")


def test_a_school_wins_over_a_place(day: Day) -> None:
    """Every town with a campus has its academy: its first letters must open the turn."""
    day.lent(day.store.headset)
    day.store.kitloan.holdings.move(day.store.kit, "Kilmarnock - Store 1")
    expect(day.type("kilm"), "LENDING", SCHOOL)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Sgoil Àrainn", "sgoil arainn"),
        ("Sgoil Àrainn", "SGOIL ÀRA"),
        ("St Andrew’s RC Primary", "st andrews rc primary"),
        ("St Andrew’s RC Primary", "st andrew's"),
        ("Baird-Hill School", "bairdhill sch"),
        ("Àrd-Sgoil Phort Rìgh", "ard-sgoil phort righ"),
    ],
)
def test_a_school_is_typed_without_its_accents_and_signs(day: Day, name: str, typed: str) -> None:
    """Nobody types À at a counter; the school's second name on record would stay for ever."""
    day.lent(day.store.headset, name)
    day.store.kitloan.holdings.move(day.store.kit, "Store")
    expect(day.type(typed), "LENDING", name)
    day.escape()
    day.scan(day.store.kit)
    expect(day.type(typed), "OUT", f"to {name}")
    assert [each.name for each in day.store.kitloan.directory.organisations().items] == [name]


def test_what_a_kit_is_wins_over_a_school(day: Day) -> None:
    """Else a search for the STEM kits would open the turn of the STEM school."""
    day.lent(day.store.headset, "STEM Hub Dundee")
    expect(day.type("stem"), "FOUND 3", "To lend to STEM Hub Dundee, type: to STEM Hub Dundee")


def test_several_schools_that_begin_so_are_asked_about(day: Day) -> None:
    """Else half a name finds only the kits that are kept in the town."""
    day.lent(day.store.headset)
    day.lent(day.store.second, "Kilmarnock Primary")
    day.store.kitloan.holdings.move(day.store.kit, "Kilmarnock - Store 1")
    expect(day.type("kilmarnock"), "NEW SCHOOL?", SCHOOL, "Kilmarnock Primary")
    expect(day.type("2"), "LENDING", "Kilmarnock Primary")


@pytest.mark.parametrize("half", ["to Kilmarnock", "to Kilmarnok Academy"])
@pytest.mark.parametrize("asks", [True, False])
def test_no_desk_makes_a_school_of_half_a_name(day: Day, half: str, asks: bool) -> None:
    """Else the bogus school would be there for ever, and take the real one's loans."""
    day.lent(day.store.headset)
    day.state.front = FrontEnd(asks_names=asks)
    expect(day.type(half), "NEW SCHOOL?", SCHOOL)
    expect(day.type("1"), "LENDING", SCHOOL)
    assert day.store.kitloan.directory.organisations().total == 1


def test_what_cannot_be_a_school_is_not_offered_as_one(day: Day) -> None:
    """Else a book's barcode would be offered as a school's name."""
    assert "to lend" not in day.type("5000112548167").hint.lower()
    expect(day.type("Glenwood High"), "FOUND 0", "To lend to a new school")


def test_a_number_picks_the_school_that_borrowed_last(day: Day) -> None:
    """Else a teacher would wait while a long name is typed."""
    for thing, school in ((day.store.headset, OTHER), (day.store.second, SCHOOL)):
        day.scan(thing, school)
        day.escape()
        day.store.clock.move(minutes=1)
    for desk in (day, Day(day.store)):
        desk.scan(day.store.kit)
        assert desk.state.choices == (SCHOOL, OTHER)
    expect(day.type("2"), "OUT", OTHER)


def test_to_in_front_opens_a_new_school(day: Day) -> None:
    """Else a school not met before could only be lent to after a kit was scanned."""
    expect(day.type("to Glenwood High School"), "LENDING", "new organisation")
    expect(day.scan(day.store.kit), "OUT", "Glenwood High School")


def test_a_barcode_is_not_a_school(day: Day) -> None:
    """Else a book's barcode, or a mistyped asset number, would become a borrower."""
    day.scan(day.store.kit)
    for text in ("9780140328721", "AC0009"):
        expect(day.scan(text), "REFUSED", text)
    expect(day.scan(SCHOOL), "OUT")


def not_schools() -> list[str]:
    """Codes as scanners send them, none of them a school's card."""
    path = Path(__file__).parents[1] / "scanned" / "not_schools.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [row["scanned"] for row in csv.DictReader(file)]


def test_no_code_becomes_a_school(day: Day) -> None:
    """Else a kit would be lent to a Wi-Fi network, for ever on record."""
    for text in not_schools():
        for scan in (day.scan, day.type):
            day.escape()
            day.scan(day.store.kit)
            scan(text)
            assert day.held(day.store.kit).status == "in", text
    for text in ("https://example.org", "ORG:Kyle Academy"):
        day.scan(day.store.kit)
        expect(day.type(f"to {text}"), "REFUSED", text)
    assert lookups.organisations(day.store.kitloan.session) == []


def test_what_was_scanned_and_only_may_be_a_school_is_asked_about(day: Day) -> None:
    """Else the text of a poster would be a borrower, or a school's own card be of no use."""
    day.scan(day.store.kit)
    expect(day.scan("Guest network"), "NEW SCHOOL?", "Guest network", "Type yes")
    assert lookups.organisations(day.store.kitloan.session) == []
    expect(day.scan("STEM Ambassadors"), "NEW SCHOOL?", "STEM Ambassadors")
    expect(day.type("yes"), "OUT", "STEM Ambassadors")


def test_two_tags_joined_are_two_kits(day: Day) -> None:
    """Else the second kit of a pile would be left out when an Enter got lost."""
    expect(day.scan(day.store.kit + day.store.headset), "TO WHOM?", "VR headset", "STEM kit")
    expect(day.scan(SCHOOL), "OUT", "2 to Kilmarnock Academy")


def test_another_school_takes_over_the_turn(day: Day) -> None:
    """Else the next teacher's kits would go on record with the last one."""
    day.lent(day.store.headset, OTHER)
    day.type(f"to {SCHOOL}")
    day.scan(day.store.kit)
    expect(day.scan(OTHER), "LENDING", OTHER)
    expect(day.scan(day.store.second), "OUT", OTHER)


def test_what_was_short_is_said_when_it_goes_out(day: Day) -> None:
    """Else the next school would be blamed for what is missing already."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    day.type("wheel 1", "")
    day.scan(OTHER)
    expect(day.scan(day.store.kit), "TO WHOM?", "Wheel: 1 missing")
    expect(day.scan(OTHER), "OUT", "Already short: Wheel: 1 missing")


def test_asset_numbers_are_as_good_as_tags(day: Day) -> None:
    """Else a kit whose label was torn off could not be lent."""
    expect(day.type("ac0001"), "TO WHOM?", grouped(day.store.kit))


def test_loose_stock_asks_for_its_number(day: Day) -> None:
    """Else ten multimeters would be ten scans."""
    day.type(f"to {SCHOOL}")
    expect(day.scan(day.store.stock), "HOW MANY?", "30 here")
    expect(day.type("40"), "REFUSED", "1 to 30")
    expect(day.type("10"), "OUT", "10 of Multimeter")
    day.scan(day.store.stock)
    expect(day.type(""), "OUT", SCHOOL)
    assert day.held(day.store.stock).out_quantity == 11


def test_stock_and_kits_wait_for_one_school_together(day: Day) -> None:
    """Else stock scanned before the school was named would go out as one, unasked."""
    day.scan(day.store.stock, day.store.kit)
    expect(day.scan(SCHOOL), "HOW MANY?", SCHOOL)
    expect(day.type("5"), "OUT", "5 of Multimeter")
    assert day.words == ["OUT", "OUT"]


def test_a_refusal_keeps_the_turn(day: Day) -> None:
    """Else one kit that cannot go would send the teacher back to the start."""
    day.lent(day.store.kit, OTHER)
    day.scan(day.store.kit)
    day.type("spanner 1", "")
    day.type(f"to {SCHOOL}")
    expect(day.scan(day.store.kit), "REFUSED", "critical component")
    expect(day.scan(day.store.second), "OUT", SCHOOL)
    assert day.state.refusals == 1


def test_what_cannot_be_lent_is_refused_before_anybody_is_named(day: Day) -> None:
    """Else the refusal would come after the school was typed."""
    write_off(day.store.kitloan, day.store.kit, "broken for good")
    expect(day.scan(day.store.kit), "REFUSED", "is withdrawn")
    assert day.state.basket == ()


def test_another_desk_was_quicker(day: Day) -> None:
    """Else one kit that is gone would take the whole pile with it."""
    day.scan(day.store.kit, day.store.second)
    with day.store.another() as desk:
        desk.loans.check_out([day.store.kit], OTHER)
    expect(day.scan(SCHOOL), "REFUSED", OTHER)
    expect(day.scan(SCHOOL), "OUT", grouped(day.store.second))


@pytest.mark.parametrize("ways", [("to Mrs Smith",), ("KIT", "Mrs Smith"), ("KIT", "to Mrs Smith")])
def test_a_person_opens_no_turn(day: Day, ways: tuple[str, ...]) -> None:
    """A turn that can lend nothing would be refused at each kit, and each number asked in vain."""
    *kits, person = ways
    if kits:
        day.scan(day.store.kit)
    expect(day.type(person), "REFUSED", "names a person", "contact NAME")
    assert day.state.turn is None
    assert day.held(day.store.kit).status == "in"
    expect(day.type(f"to {SCHOOL}"), "OUT" if kits else "LENDING", SCHOOL)
