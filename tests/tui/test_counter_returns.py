"""Returns at the counter, without a screen: one scan and one key, and nobody's count assumed."""

from kitloan.text.tags import grouped
from tui.at_the_counter import OTHER, SCHOOL, Day, expect


def test_a_whole_kit_is_one_scan_and_one_key(day: Day) -> None:
    """Else counting would take longer than believing."""
    day.lent(day.store.kit)
    expect(day.scan(day.store.kit), "IN?", SCHOOL, "all there")
    assert day.held(day.store.kit).status == "out"
    expect(day.type(""), "IN, WHOLE", SCHOOL)
    assert day.held(day.store.kit).status == "in"


def test_two_missing_are_typed(day: Day) -> None:
    """Else what did not come back could not be said in the same breath."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    expect(day.type("wheel 2"), "IN?", "Wheel: 2 missing")
    expect(day.type("panel 1 broken"), "IN?", "Panel: 1 broken. Wheel: 2 missing")
    expect(day.type(""), "IN, 3 SHORT", "Wheel: 2 missing", SCHOOL)
    assert [str(s) for s in day.held(day.store.kit).shortages] == [
        "Panel: 1 broken",
        "Wheel: 2 missing",
    ]


def test_enter_leaves_old_shortages_as_they_were(day: Day) -> None:
    """Else the kit would be made whole by a key, or the school blamed for what it never had."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    day.type("wheel 1", "panel 1 broken", "")
    day.lent(day.store.kit, OTHER)
    expect(day.scan(day.store.kit), "IN?", "as it left")
    expect(day.type("wheel 3"), "IN?", "Wheel: 3 missing (1 of them before this loan)")
    day.undo()
    expect(day.type(""), "IN, 2 SHORT", "As it left")
    assert len(day.held(day.store.kit).shortages) == 2


def test_the_whole_card_finds_what_was_short(day: Day) -> None:
    """Else a part that turned up again would stay on record as missing."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    day.type("wheel 1", "")
    day.lent(day.store.kit, OTHER)
    day.scan(day.store.kit)
    expect(day.scan("KLUWHOLE"), "IN, WHOLE", "Found again: Wheel")


def test_whole_and_short_cannot_both_be_said(day: Day) -> None:
    """Else the card would wipe out what was just typed."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    day.type("wheel 2")
    for card in ("KLUWHOLE", "KLULATER"):
        expect(day.scan(card), "REFUSED", "Wheel: 2 missing", "Ctrl+Z")
    expect(day.scan("KLUDONE"), "IN, 2 SHORT")


def test_count_later_and_then_count(day: Day) -> None:
    """Else a rush at four o'clock would mean guessing, or never counting at all."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    expect(day.scan("KLULATER"), "IN, TO BE COUNTED")
    assert day.held(day.store.kit).status == "uncounted"
    expect(day.scan(day.store.kit), "IN?", grouped(day.store.kit))
    expect(day.escape(), "TO BE COUNTED")
    day.scan(day.store.kit)
    expect(day.type("wheel 1", ""), "IN, 1 SHORT", "Wheel: 1 missing")
    assert day.held(day.store.kit).status == "in"


def test_escape_leaves_the_kit_out_and_says_so(day: Day) -> None:
    """Else a kit nobody finished would look as if it had come back."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    day.type("wheel 1")
    expect(day.escape(), "NOT RETURNED", "still out")
    assert day.held(day.store.kit).status == "out"


def test_a_thing_without_contents_comes_back_at_once(day: Day) -> None:
    """Else a headset would need a key that says nothing."""
    day.lent(day.store.headset)
    day.store.clock.move(days=16)
    expect(day.scan(day.store.headset), "IN", "out 16 days", "2 days overdue")


def test_a_kit_comes_back_in_somebody_elses_turn(day: Day) -> None:
    """Else a teacher who returns one kit and takes another would be two visits."""
    day.lent(day.store.headset, OTHER)
    day.store.clock.move(minutes=2)
    day.type(f"to {SCHOOL}")
    expect(day.scan(day.store.headset), "IN", f"from {OTHER}")
    expect(day.scan(day.store.headset), "OUT", SCHOOL)


def test_what_another_desk_has_just_lent_is_no_return(day: Day) -> None:
    """Else of two desks that scan one headset at once, the second ends the first one's loan."""
    day.type(f"to {SCHOOL}")
    day.lent(day.store.headset, OTHER)
    expect(day.scan(day.store.headset), "REFUSED", OTHER, "Another desk lent")
    assert day.held(day.store.headset).status == "out"


def test_parts_are_named_as_people_name_them(day: Day) -> None:
    """Else every exception would have to be spelt as the list has it."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    for typed, said in {
        "2 wheels": "Wheel: 2 missing",
        "wheel=3": "Wheel: 3 missing",
        "wheel x4": "Wheel: 4 missing",
        "wheel 0": "Wheel: all there",
        "facilitator": "Facilitator manual: 1 missing",
        "PANEL 1 BROKEN": "Panel: 1 broken",
    }.items():
        expect(day.type(typed), "IN?", said)


def test_a_word_that_is_no_part_changes_nothing(day: Day) -> None:
    """Else a slip would go on record as a missing part."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    expect(day.type("weel 2"), "REFUSED", "not on the contents list")
    expect(day.type("wheel 17"), "REFUSED", "only 16")
    expect(day.type("wheel"), "REFUSED", "How many")
    expect(day.type(""), "IN?", "'wheel' was not taken", "Enter: all there")
    expect(day.type(""), "IN, WHOLE")


def test_loose_stock_comes_back_in_part(day: Day) -> None:
    """Else twenty-eight of thirty could not be taken back."""
    day.store.kitloan.loans.check_out([day.store.stock], SCHOOL, quantity=30)
    expect(day.scan(day.store.stock), "HOW MANY?", SCHOOL, "30")
    expect(day.type("28"), "IN", "28 of Multimeter", "2 still out")
    day.scan(day.store.stock)
    day.type("back")
    expect(day.type(""), "IN", SCHOOL)
    assert day.held(day.store.stock).out_quantity == 0


def test_loose_stock_that_two_schools_have(day: Day) -> None:
    """Else one school's loan would be closed by another's return."""
    for school in (SCHOOL, OTHER):
        day.store.kitloan.loans.check_out([day.store.stock], school, quantity=5)
    expect(day.scan(day.store.stock), "LEND OR RETURN?", SCHOOL, OTHER)
    expect(day.type("back"), "FROM WHOM?", SCHOOL, OTHER)
    expect(day.type("balwearie high school"), "HOW MANY?", OTHER)
    expect(day.type("4"), "IN", OTHER, "1 still out")


def test_a_new_day_typed_in_the_count_renews(day: Day) -> None:
    """The teacher who rang keeps the kit: its scan and a day are all it takes."""
    day.lent(day.store.kit)
    expect(day.scan(day.store.kit), "IN?")
    expect(day.type("due 32 dec"), "REFUSED")
    expect(day.type("due 18 dec"), "RENEWED", "18 Dec 2026")
    assert day.state.question is None
    assert day.held(day.store.kit).status == "out"
    expect(day.scan(day.store.kit), "IN?")
    day.type("wheel 2")
    expect(day.type("due 19 dec"), "REFUSED", "Something was entered for its return")
    expect(day.type(""), "IN?")
    expect(day.type(""), "IN, 2 SHORT")
    assert day.held(day.store.kit).loan is None
