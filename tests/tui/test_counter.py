"""Days at the counter, without a screen: what each scan and each word does, and is answered."""

from datetime import date

from conftest import write_off
from kitloan.accession import NewHolding
from kitloan.tags import grouped
from kitloan_tui.counter import Counter
from kitloan_tui.lookups import board, pulse
from tui.at_the_counter import OTHER, SCHOOL, Day, expect

# -- lending --------------------------------------------------------------------------------------


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
    expect(day.counter.escape(), "DONE", "2 loans")
    assert day.counter.session is None


def test_several_kits_and_then_one_school(day: Day) -> None:
    """Else a pile of kits would have to wait for somebody to be typed first."""
    day.scan(day.store.kit, day.store.second, day.store.headset)
    expect(day.scan(SCHOOL), "OUT", "3 to Kilmarnock Academy")
    expect(day.counter.undo(), "UNDONE")
    assert {day.held(t).status for t in (day.store.kit, day.store.second)} == {"in"}


def test_a_new_school_spelt_nearly_like_a_known_one(day: Day) -> None:
    """Else the same school would stand on record twice without anybody noticing."""
    day.lent(day.store.headset)
    day.scan(day.store.kit)
    expect(day.type("Kilmarnok Academy"), "NEW SCHOOL?", f"Is it {SCHOOL}?", "Type yes")
    assert day.counter.choices == (SCHOOL,)
    assert day.held(day.store.kit).status == "in"
    expect(day.type("to Kilmarnok Academy"), "OUT", "new organisation", f"nearly like {SCHOOL}")


def test_a_number_picks_the_school_that_borrowed_last(day: Day) -> None:
    """Else a teacher would wait while a long name is typed."""
    for thing, school in ((day.store.headset, OTHER), (day.store.second, SCHOOL)):
        day.scan(thing, school)
        day.counter.escape()
        day.store.clock.move(minutes=1)
    for desk in (day, Day(day.store)):
        desk.scan(day.store.kit)
        assert desk.counter.choices == (SCHOOL, OTHER)
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
    assert day.counter.diary.refusals == 1


def test_what_cannot_be_lent_is_refused_before_anybody_is_named(day: Day) -> None:
    """Else the refusal would come after the school was typed."""
    write_off(day.store.kitloan, day.store.kit, "broken for good")
    expect(day.scan(day.store.kit), "REFUSED", "is withdrawn")
    assert day.counter.basket == ()


def test_another_desk_was_quicker(day: Day) -> None:
    """Else one kit that is gone would take the whole pile with it."""
    day.scan(day.store.kit, day.store.second)
    with day.store.another() as desk:
        desk.desk.check_out([day.store.kit], OTHER)
    expect(day.scan(SCHOOL), "REFUSED", OTHER)
    expect(day.scan(SCHOOL), "OUT", grouped(day.store.second))


# -- returns --------------------------------------------------------------------------------------


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
    day.counter.undo()
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
    expect(day.counter.escape(), "TO BE COUNTED")
    day.scan(day.store.kit)
    expect(day.type("wheel 1", ""), "IN, 1 SHORT", "Wheel: 1 missing")
    assert day.held(day.store.kit).status == "in"


def test_escape_leaves_the_kit_out_and_says_so(day: Day) -> None:
    """Else a kit nobody finished would look as if it had come back."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    day.type("wheel 1")
    expect(day.counter.escape(), "NOT RETURNED", "still out")
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
    expect(day.scan(day.store.headset), "REFUSED", OTHER, "within the last minute")
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
    day.store.kitloan.desk.check_out([day.store.stock], SCHOOL, quantity=30)
    expect(day.scan(day.store.stock), "HOW MANY?", SCHOOL, "30")
    expect(day.type("28"), "IN", "28 of Multimeter", "2 still out")
    day.scan(day.store.stock)
    expect(day.type(""), "IN", SCHOOL)
    assert day.held(day.store.stock).out_quantity == 0


def test_loose_stock_that_two_schools_have(day: Day) -> None:
    """Else one school's loan would be closed by another's return."""
    for school in (SCHOOL, OTHER):
        day.store.kitloan.desk.check_out([day.store.stock], school, quantity=5)
    expect(day.scan(day.store.stock), "FROM WHOM?", SCHOOL, OTHER)
    expect(day.type("balwearie high school"), "HOW MANY?", OTHER)
    expect(day.type("4"), "IN", OTHER, "1 still out")


# -- several things at once -----------------------------------------------------------------------


def test_scans_wait_for_the_count_in_order(day: Day) -> None:
    """Else a scan made while counting would answer for the count, or be lost."""
    day.lent(day.store.kit)
    day.lent(day.store.second)
    day.scan(day.store.kit)
    expect(day.scan(day.store.second), "IN?", grouped(day.store.kit), "waits")
    expect(day.scan(day.store.headset, day.store.second), "IN?", "waiting already")
    assert list(day.counter.waiting) == [day.store.second, day.store.headset]
    expect(day.type(""), "IN?", grouped(day.store.second))
    expect(day.type("wheel 2", ""), "TO WHOM?", "VR headset")
    assert day.words == ["IN, WHOLE", "IN, 2 SHORT"]


def test_words_that_come_as_fast_as_a_scan_are_still_words(day: Day) -> None:
    """Else "wheel 2", pasted, would wait while Enter recorded the kit as whole."""
    day.lent(day.store.kit)
    day.scan(day.store.kit, "wheel 2")
    assert not day.counter.waiting
    expect(day.type(""), "IN, 2 SHORT")
    assert [str(short) for short in day.held(day.store.kit).shortages] == ["Wheel: 2 missing"]


def test_the_kit_being_counted_scanned_again(day: Day) -> None:
    """Else a second scan of the same kit would count it, or lend it out again."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    expect(day.scan(day.store.kit), "IN?", "finish it first")
    assert not day.counter.waiting


def test_an_asset_number_typed_while_counting_waits(day: Day) -> None:
    """Else a slow scanner's asset number would be refused as an unknown part."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    expect(day.type("AC0002"), "IN?", "AC0002 waits")
    expect(day.type(""), "TO WHOM?", grouped(day.store.second))


def test_a_damaged_tag_while_counting_is_refused_at_once(day: Day) -> None:
    """Else a misread label would be forgotten in the queue."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    damaged = day.store.second[:-1] + ("0" if day.store.second[-1] != "0" else "1")
    expect(day.scan(damaged), "REFUSED", "not a tag", grouped(day.store.second))
    expect(day.type(""), "IN?", "was not taken")
    expect(day.type(""), "IN, WHOLE")


def test_the_same_code_within_a_second_and_a_half(day: Day) -> None:
    """Else a trigger held too long would return what it just lent."""
    day.type(f"to {SCHOOL}")
    day.counter.scan(day.store.headset, at=10.0)
    expect(day.counter.scan(day.store.headset, at=11.4), "OUT", "ignored")
    expect(day.counter.scan(day.store.headset, at=12.8), "OUT", "ignored")
    expect(day.counter.scan(day.store.headset, at=20.0), "OUT", "already", "RETURN")
    day.store.clock.move(minutes=2)
    expect(day.counter.scan(day.store.headset, at=140.0), "IN", SCHOOL)


# -- undo and search ------------------------------------------------------------------------------


def test_undo_says_what_it_took_back(day: Day) -> None:
    """Else nobody would dare to press it."""
    day.scan(day.store.kit, SCHOOL)
    day.store.clock.move(days=1)
    expect(
        day.scan("KLUUNDO"),
        "UNDONE",
        f"STEM kit {grouped(day.store.kit)}: lent: {SCHOOL}",
        "23 Nov 2026",
        "Now in",
    )
    assert day.held(day.store.kit).status == "in"


def test_undo_while_counting_takes_back_the_last_word(day: Day) -> None:
    """Else a slip in an exception would cost the whole count."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    day.type("wheel 2", "panel 3")
    expect(day.counter.undo(), "IN?", "Taken back: Panel 3 missing", "Wheel: 2 missing")
    day.counter.undo()
    expect(day.counter.undo(), "NOT RETURNED", "still out")
    assert day.counter.question is None
    expect(day.counter.undo(), "UNDONE", SCHOOL)


def test_undo_after_a_restart(day: Day) -> None:
    """Else closing the program would make every slip final."""
    day.scan(day.store.kit, SCHOOL)
    expect(Day(day.store).counter.undo(), "UNDONE", SCHOOL)
    with day.store.another() as desk:
        expect(Counter(desk).undo(), "REFUSED", "j.kerr has done nothing here")


def test_words_search_and_a_number_shows(day: Day) -> None:
    """Else a kit without a readable label could not be found from the same line."""
    expect(day.type("vr head"), "FOUND 1", "vr head")
    expect(day.type("1"), "FOUND 1", "VR headset", ": in", f"type {day.store.headset}")
    expect(day.type("trampoline"), "FOUND 0", "to trampoline")


def test_escape_goes_home_one_step_at_a_time(day: Day) -> None:
    """Else a kit that waited for a name would be forgotten without a word."""
    day.scan(day.store.kit)
    expect(day.counter.escape(), "NOT LENT", grouped(day.store.kit))
    expect(day.counter.escape(), "READY")


def test_completion_offers_what_can_be_named(day: Day) -> None:
    """Else long names would be typed to the end."""
    day.lent(day.store.kit)
    assert day.counter.complete("kil") == SCHOOL
    assert day.counter.complete("to kil") == f"to {SCHOOL}"
    day.scan(day.store.kit)
    assert day.counter.complete("sp") == "Spanner"


def test_a_scanner_on_a_foreign_keyboard_is_told_of_once(day: Day) -> None:
    """Else the scanner would stay wrong until a code came that cannot be repaired."""
    tag = "KL8B7XAPXYTMZ"
    day.store.kitloan.holdings.add(NewHolding("VR headset", tag=tag))
    german = tag.translate(str.maketrans("YZ", "ZY"))
    expect(day.scan(german), "TO WHOM?", "German")
    day.counter.escape()
    assert "German" not in day.scan(german).hint


def test_what_is_due(day: Day) -> None:
    """Else the counter would not know whom to expect, or whom to ring."""
    session = day.store.kitloan.session
    before = pulse(session)
    day.store.kitloan.desk.check_out([day.store.kit], SCHOOL, due_on=date(2026, 11, 23))
    day.store.kitloan.desk.check_out([day.store.headset], OTHER)
    assert pulse(session) != before
    today = board(session)
    assert [line.to for line in today.due] == [SCHOOL]
    assert [line.to for line in today.coming] == [OTHER]
    assert today.totals == (1, 0, 1)
    day.store.clock.move(days=1)
    assert [line.to for line in board(session).overdue] == [SCHOOL]
