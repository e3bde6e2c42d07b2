"""Slips at the counter: what somebody mistypes, scans twice or takes back, and what it must not do.

An open question is shown until it is settled, whatever else is said; Enter answers only what was
told last; half a name lends to nobody; and Undo takes back what was done last.
"""

from kitloan.holdings import NewHolding
from kitloan.text.tags import grouped, mint
from kitloan_tui.counter.status import status_lines
from tui.at_the_counter import OTHER, SCHOOL, Day, expect


def damaged(tag: str) -> str:
    """The tag with one character misread."""
    return tag[:-1] + ("0" if tag[-1] != "0" else "1")


# -- the question stays ---------------------------------------------------------------------------


def test_a_misspelt_part_and_two_enters(day: Day) -> None:
    """Else two missing wheels would go on record as a whole kit."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    for wrong in ("whele 2", "panel 20 broken, wheel 3"):
        expect(day.type(wrong), "REFUSED")
        assert day.state.refused_text == wrong
        expect(day.type(""), "IN?", f"'{wrong}' was not taken", "Enter: all there")
        assert day.state.refused_text == ""
        assert day.held(day.store.kit).status == "out"
    day.type("whele 2")
    expect(day.type("wheel 2"), "IN?", "Wheel: 2 missing")
    expect(day.type(""), "IN, 2 SHORT")


def test_pasted_words_that_are_no_part(day: Day) -> None:
    """Else they would wait like a scan, and Enter would record the kit as whole."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    for pasted in ("whele 2", "9780140328721"):
        expect(day.scan(pasted), "REFUSED", "not on the contents list")
        assert not day.state.waiting
        expect(day.type(""), "IN?", "was not taken")


def test_a_refusal_does_not_hide_the_question(day: Day) -> None:
    """Else Enter, pressed to take a refusal away, would answer a question that nobody sees."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    for slip in (damaged(day.store.second), "KLUSEVENTY"):
        expect(day.scan(slip), "REFUSED")
        assert day.asking is not None
        expect(day.asking, "IN?", grouped(day.store.kit), "Not settled")
        assert [note.word for note in day.notes] == ["REFUSED"]
        expect(day.type(""), "IN?", grouped(day.store.kit))
        assert day.notes == ()
    day.escape()
    day.type(f"to {SCHOOL}")
    day.scan(day.store.stock)
    expect(day.type("ten"), "REFUSED", "'ten'")
    expect(day.type(""), "HOW MANY?", "'ten' was not taken", "Enter: 1")
    expect(day.type("10"), "OUT", "10 of Multimeter")


def test_a_card_does_not_hide_the_question(day: Day) -> None:
    """Else what a card did would stand where the question was."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    expect(day.scan("KLURETURN"), "RETURNS ONLY")
    assert day.asking is not None
    expect(day.asking, "IN?", grouped(day.store.kit))
    expect(day.type(""), "IN, WHOLE")


def test_kits_that_wait_for_a_name_stay_in_sight(day: Day) -> None:
    """Else a kit would lie on the counter, lent to nobody, and no screen would name it."""
    day.lent(day.store.second)
    day.scan(day.store.kit, day.store.second)
    assert status_lines(day.state) == [
        f"? 1 kit waiting for a name: {grouped(day.store.kit)} (AC0001)"
    ]
    expect(day.type(""), "IN, WHOLE", grouped(day.store.second))
    assert day.asking is not None
    expect(day.asking, "TO WHOM?", grouped(day.store.kit))
    expect(day.undo(), "UNDONE", grouped(day.store.second))
    expect(day.asking, "TO WHOM?", grouped(day.store.kit))
    expect(day.type(""), "TO WHOM?", grouped(day.store.kit))


def test_what_was_counted_here_outlives_another_desk(day: Day) -> None:
    """Else two missing wheels would be gone because a colleague pressed Enter first."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    day.type("wheel 2")
    with day.store.another() as desk:
        desk.loans.check_in([day.store.kit])
    expect(day.type(""), "REFUSED", "another desk has taken it back", "kept")
    assert day.asking is not None
    expect(day.asking, "IN?", "Wheel: 2 missing")
    expect(day.type(""), "IN, 2 SHORT", "Wheel: 2 missing")
    assert [str(short) for short in day.held(day.store.kit).shortages] == ["Wheel: 2 missing"]


# -- schools --------------------------------------------------------------------------------------


def test_half_a_name_is_the_school_that_begins_so(day: Day) -> None:
    """Else Enter on "kilm" would lend to a new school of that name."""
    day.lent(day.store.headset)
    day.scan(day.store.kit)
    expect(day.type("kilm"), "OUT", f"to {SCHOOL}")
    day.escape()
    expect(day.type("kilm"), "LENDING", f"to {SCHOOL}")


def test_words_that_name_no_school_ask(day: Day) -> None:
    """Else a word of the desk's own, or two half words, would become a borrower."""
    day.lent(day.store.headset)
    day.scan(day.store.kit)
    for slip in ("store 2", "back", "kilmbelm", "Kilmarnok Acadmy"):
        expect(day.type(slip), "NEW SCHOOL?", repr(slip), "Type yes", grouped(day.store.kit))
        expect(day.type(""), "NEW SCHOOL?", repr(slip))
    assert day.state.choices == (SCHOOL,)
    expect(day.type("1"), "OUT", f"to {SCHOOL}")


def test_two_schools_that_begin_alike(day: Day) -> None:
    """Else the first in the alphabet would get the other's kit."""
    day.lent(day.store.headset, "St Mungo")
    day.lent(day.store.second, "St Andrew")
    day.scan(day.store.kit)
    expect(day.type("st"), "NEW SCHOOL?", "St Andrew", "St Mungo")
    assert day.state.choices == ("St Andrew", "St Mungo")
    expect(day.type("2"), "OUT", "St Mungo")


def test_yes_makes_a_new_school(day: Day) -> None:
    """Else a school not met before would need a command that nobody remembers."""
    day.scan(day.store.kit)
    day.type(SCHOOL)
    expect(day.type("yes"), "OUT", f"to {SCHOOL}", "new organisation")
    expect(day.type("to kilm"), "NEW SCHOOL?", SCHOOL)
    expect(day.type("trampoline"), "FOUND 0")
    expect(day.type("yes"), "FOUND 0", "'yes'")


def test_undoing_the_loan_ends_the_turn_that_it_began(day: Day) -> None:
    """Else the next teacher's kits would go to the name that was a slip."""
    day.lent(day.store.headset, OTHER)
    day.scan(day.store.kit, "Dalr School")
    expect(day.undo(), "UNDONE", "Dalr School's turn is over")
    assert day.state.turn is None
    day.scan(day.store.kit)
    assert day.state.choices == (OTHER,)


# -- scans that waited, scans made twice ----------------------------------------------------------


def test_what_came_of_waiting_scans_is_told(day: Day) -> None:
    """Else a refused kit would be handed out, because nobody saw that it was refused."""
    day.lent(day.store.second)
    day.scan(day.store.second)
    day.type("spanner 1", "", f"to {SCHOOL}")
    day.lent(day.store.kit, OTHER)
    day.store.clock.move(minutes=2)
    day.scan(day.store.kit, day.store.second, day.store.headset)
    expect(day.type(""), "REFUSED", grouped(day.store.second))
    assert [note.word for note in day.notes] == ["IN, WHOLE", "OUT"]
    assert day.state.refusals == 1


def test_leaving_a_count_is_told_also_when_a_scan_waits(day: Day) -> None:
    """Else the waiting kit's verdict would stand where NOT RETURNED should."""
    day.lent(day.store.kit)
    day.scan(day.store.kit, day.store.headset)
    expect(day.escape(), "TO WHOM?", "VR headset")
    assert [note.word for note in day.notes] == ["NOT RETURNED"]


def test_a_kit_waits_once_however_it_is_named(day: Day) -> None:
    """Else its tag would lend it, and its number take it back in the same breath."""
    day.lent(day.store.kit)
    day.scan(day.store.kit, day.store.second)
    expect(day.type("AC0002"), "IN?", "waiting already")
    assert list(day.state.waiting) == [day.store.second]


def test_a_kit_lent_in_this_turn_and_scanned_again(day: Day) -> None:
    """Else whoever is not sure that the scanner beeped would take the loan back."""
    day.type(f"to {SCHOOL}")
    day.scan(day.store.kit, day.store.headset)
    for tag in (day.store.kit, day.store.headset):
        expect(day.scan(tag), "OUT", "already", grouped(tag), "RETURN")
        assert day.held(tag).status == "out"
    expect(day.scan("KLURETURN", day.store.headset), "IN", SCHOOL)


def test_loans_are_counted_as_they_stand(day: Day) -> None:
    """Else the teacher would be told of a kit that is back, or twice of one."""
    day.type(f"to {SCHOOL}")
    day.scan(day.store.headset)
    day.store.clock.move(minutes=2)
    turn = day.state.turn
    assert turn is not None
    day.scan(day.store.headset)
    assert turn.loans == 0
    day.undo()
    assert turn.loans == 1
    day.scan(day.store.headset, day.store.headset)
    assert turn.loans == 1
    expect(day.escape(), "DONE", "1 loan to")


# -- undo -----------------------------------------------------------------------------------------


def test_undo_takes_the_last_kit_out_of_the_basket(day: Day) -> None:
    """Else it would undo another school's loan, and the wrong kit would still wait."""
    day.lent(day.store.headset, OTHER)
    day.scan(day.store.kit, day.store.second)
    expect(day.undo(), "TO WHOM?", grouped(day.store.kit), "Taken back")
    expect(day.undo(), "NOT LENT", grouped(day.store.kit))
    assert day.held(day.store.headset).status == "out"


def test_undo_takes_an_escape_back(day: Day) -> None:
    """Else Esc at the wrong moment would lose the count, and Undo the return before it."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    day.type("wheel 2")
    expect(day.escape(), "NOT RETURNED")
    expect(day.undo(), "IN?", "Wheel: 2 missing")
    day.type("")
    day.scan(day.store.second, day.store.headset)
    day.escape()
    expect(day.undo(), "TO WHOM?", grouped(day.store.second), "VR headset")


def test_undo_takes_back_what_was_said_of_a_turn(day: Day) -> None:
    """Else it would undo somebody's loan in place of a slip in a name."""
    day.lent(day.store.headset, OTHER)
    day.type("contact Ms Exampel")
    expect(day.undo(), "NOTED", "no due date")
    day.type(f"to {SCHOOL}")
    expect(day.undo(), "DONE", f"Nothing to {SCHOOL}")
    assert day.state.turn is None
    assert day.held(day.store.headset).status == "out"


def test_undo_does_what_the_screen_promised(day: Day) -> None:
    """Else "Ctrl+Z takes it back" would speak of a return, and leave the next kit's count."""
    day.lent(day.store.kit)
    day.lent(day.store.second)
    day.scan(day.store.kit, day.store.second)
    expect(day.type(""), "IN?", grouped(day.store.second))
    assert [note.word for note in day.notes] == ["IN, WHOLE"]
    expect(day.undo(), "UNDONE", grouped(day.store.kit), f"out with {SCHOOL}")
    expect(day.undo(), "NOT RETURNED", grouped(day.store.second))


def test_undo_of_what_is_no_holding_any_more(day: Day) -> None:
    """Else taking back a label stuck on the wrong thing would end in a fault."""
    tag = mint()
    day.scan(tag)
    day.type("STEM kit")
    expect(day.undo(), "UNDONE", grouped(tag), "not taken in")


# -- words and cards ------------------------------------------------------------------------------


def test_a_number_after_a_search_only_shows(day: Day) -> None:
    """Else a look at who has the headset would end the loan."""
    day.lent(day.store.headset, OTHER)
    day.type("vr head")
    expect(day.type("1"), "FOUND 1", f"out with {OTHER}, due 7 Dec 2026")
    assert day.held(day.store.headset).status == "out"


def test_parts_named_by_a_word_inside(day: Day) -> None:
    """Else "manual 1" would be refused where the list has a Facilitator manual."""
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    expect(day.type("manual"), "IN?", "Facilitator manual: 1 missing")


def test_cards_speak_of_what_was_scanned(day: Day) -> None:
    """Else +7 DAYS would renew the loan of a kit that was only looked at on its page."""
    day.lent(day.store.headset)
    day.store.kitloan.holdings.add(NewHolding("Telescope"))
    day.type("vr head", "1")
    expect(day.scan("KLUSEVEN"), "REFUSED", "No loan")
    expect(day.scan("KLULABEL"), "REFUSED", "No kit")


def test_closing_over_something_unfinished(day: Day) -> None:
    """Else two missing wheels, typed and not recorded, would be gone without a word."""
    assert day.unfinished == ""
    day.type(f"to {SCHOOL}")
    assert day.unfinished == ""
    day.lent(day.store.kit)
    day.store.clock.move(minutes=2)
    day.scan(day.store.kit, day.store.headset)
    day.type("wheel 2")
    assert "STEM kit" in day.unfinished
    assert "still out. 1 scan not handled." in day.unfinished
