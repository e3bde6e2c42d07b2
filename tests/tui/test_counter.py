"""Several things at once at the counter, undo and search, without a screen."""

from datetime import date

from kitloan import NewHolding
from kitloan.text.scans import Tag, read
from kitloan.text.tags import grouped
from kitloan_tui.lookups import pulse
from kitloan_tui.today import board
from tui.at_the_counter import OTHER, SCHOOL, AtCounter, Day, expect


def test_scans_wait_for_the_count_in_order(day: Day) -> None:
    """Else a scan made while counting would answer for the count, or be lost."""
    day.lent(day.store.kit)
    day.lent(day.store.second)
    day.scan(day.store.kit)
    expect(day.scan(day.store.second), "IN?", grouped(day.store.kit), "waits")
    expect(day.scan(day.store.headset, day.store.second), "IN?", "waiting already")
    assert list(day.state.waiting) == [day.store.second, day.store.headset]
    expect(day.type(""), "IN?", grouped(day.store.second))
    expect(day.type("wheel 2", ""), "TO WHOM?", "VR headset")
    assert day.words == ["IN, WHOLE", "IN, 2 SHORT"]


def test_words_that_come_as_fast_as_a_scan_are_still_words(day: Day) -> None:
    """Else "wheel 2", pasted, would wait while Enter recorded the kit as whole."""
    day.lent(day.store.kit)
    day.scan(day.store.kit, "wheel 2")
    assert not day.state.waiting
    expect(day.type(""), "IN, 2 SHORT")
    assert [str(short) for short in day.held(day.store.kit).shortages] == ["Wheel: 2 missing"]


def test_the_kit_being_counted_scanned_again(day: Day) -> None:
    """Else a second scan of the same kit would count it, or lend it out again."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    expect(day.scan(day.store.kit), "IN?", "finish it first")
    assert not day.state.waiting


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
    ends = (day.store.second[:-1] + end for end in "0123456789")
    damaged = next(each for each in ends if not isinstance(read(each), Tag))  # on no keyboard
    expect(day.scan(damaged), "REFUSED", "not a tag", grouped(day.store.second))
    expect(day.type(""), "IN?", "was not taken")
    expect(day.type(""), "IN, WHOLE")


def test_the_same_code_within_a_second_and_a_half(day: Day) -> None:
    """Else a trigger held too long would return what it just lent."""
    day.type(f"to {SCHOOL}")
    day.scan(day.store.headset, at=10.0)
    expect(day.scan(day.store.headset, at=11.4), "OUT", "ignored")
    expect(day.scan(day.store.headset, at=12.8), "OUT", "ignored")
    expect(day.scan(day.store.headset, at=20.0), "OUT", "already", "RETURN")
    day.store.clock.move(minutes=2)
    expect(day.scan(day.store.headset, at=140.0), "IN", SCHOOL)


# -- undo and search ------------------------------------------------------------------------------


def test_undo_says_what_it_took_back(day: Day) -> None:
    """Else nobody would dare to press it."""
    day.scan(day.store.kit, SCHOOL)
    day.store.clock.move(days=1)
    expect(day.scan("KLUUNDO"), "UNDO?", "23 Nov 2026", "Type yes")
    expect(
        day.type("yes"),
        "UNDONE",
        f"STEM kit {grouped(day.store.kit)} (AC0001): lent: {SCHOOL}",
        "23 Nov 2026",
        "Now in",
    )
    assert day.held(day.store.kit).status == "in"


def test_undo_while_counting_takes_back_the_last_word(day: Day) -> None:
    """Else a slip in an exception would cost the whole count."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    day.type("wheel 2", "panel 3")
    expect(day.undo(), "IN?", "Taken back: Panel 3 missing", "Wheel: 2 missing")
    day.undo()
    expect(day.undo(), "NOT RETURNED", "still out")
    assert day.state.question is None
    expect(day.undo(), "UNDONE", SCHOOL)


def test_undo_after_a_restart(day: Day) -> None:
    """Else closing the program would make every slip final."""
    day.scan(day.store.kit, SCHOOL)
    expect(Day(day.store).undo(), "UNDONE", SCHOOL)
    with day.store.another() as desk:
        expect(AtCounter(desk).undo(), "REFUSED", "j.kerr has done nothing here")


def test_words_search_and_a_number_shows(day: Day) -> None:
    """Else a kit without a readable label could not be found from the same line."""
    expect(day.type("vr head"), "FOUND 1", "vr head")
    expect(day.type("1"), "FOUND 1", "VR headset", ": in", f"type {day.store.headset}")
    expect(day.type("trampoline"), "FOUND 0", "to trampoline")


def test_the_rest_of_what_was_found_is_listed(day: Day) -> None:
    """A kit whose label fell off is the tenth of those that look alike, and was out of reach."""
    numbers = [f"T{n}" for n in range(1, 21)]
    for number in numbers:
        day.store.kitloan.holdings.add(NewHolding("Telescope", asset_number=number))
    seen = []
    for listed in ("1 to 9", "10 to 18", "19 to 20", "1 to 9"):
        shown = day.type("telescope") if not seen else day.press("page_down")
        expect(shown, "FOUND 20", f"{listed} are listed")
        seen += [held.asset_number for held in day.state.matches]
    assert seen == [*numbers, *numbers[:9]]
    day.press("page_down")
    expect(day.type("1"), "FOUND 1", "T10")
    expect(day.press("page_down"), "FOUND 1", "T10")


def test_escape_goes_home_one_step_at_a_time(day: Day) -> None:
    """Else a kit that waited for a name would be forgotten without a word."""
    day.scan(day.store.kit)
    expect(day.escape(), "NOT LENT", grouped(day.store.kit))
    expect(day.escape(), "READY")


def test_completion_offers_what_can_be_named(day: Day) -> None:
    """Else long names would be typed to the end."""
    day.lent(day.store.kit)
    assert day.complete("kil") == SCHOOL
    assert day.complete("to kil") == f"to {SCHOOL}"
    day.scan(day.store.kit)
    assert day.complete("sp") == "Spanner"


def test_a_scanner_on_a_foreign_keyboard_is_told_of_once(day: Day) -> None:
    """Else the scanner would stay wrong until a code came that cannot be repaired."""
    tag = "KL8B7XAPXYTMZ"
    day.store.kitloan.holdings.add(NewHolding("VR headset", tag=tag))
    german = tag.translate(str.maketrans("YZ", "ZY"))
    expect(day.scan(german), "TO WHOM?", "German")
    day.escape()
    assert "German" not in day.scan(german).hint


def test_what_is_due(day: Day) -> None:
    """Else the counter would not know whom to expect, or whom to ring."""
    session = day.store.kitloan.session
    before = pulse(session)
    day.store.kitloan.loans.check_out([day.store.kit], SCHOOL, due_on=date(2026, 11, 23))
    day.store.kitloan.loans.check_out([day.store.headset], OTHER)
    assert pulse(session) != before
    today = board(session)
    assert [line.to for line in today.due] == [SCHOOL]
    assert [line.to for line in today.coming] == [OTHER]
    assert today.totals == (1, 0, 1)
    day.store.clock.move(days=1)
    assert [line.to for line in board(session).overdue] == [SCHOOL]
