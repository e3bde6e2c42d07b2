"""At the counter: on what terms things go, what a card does, and labels that nobody knows."""

from datetime import date

import pytest

from kitloan.text.tags import mint
from tui.at_the_counter import OTHER, SCHOOL, Day, expect


def incomplete(day: Day) -> None:
    """The kit comes back without a spanner that it cannot be used without."""
    day.lent(day.store.kit, OTHER)
    day.scan(day.store.kit)
    day.type("spanner 1", "")


def due(day: Day, tag: str) -> date | None:
    """When a holding's loan is due."""
    loan = day.held(tag).loan
    return loan.due_on if loan else None


# -- an incomplete kit ----------------------------------------------------------------------------


def test_an_incomplete_kit_goes_anyway_with_a_reason(day: Day) -> None:
    """Else a teacher with a spanner of her own would be sent away."""
    incomplete(day)
    day.type(f"to {SCHOOL}")
    expect(day.scan(day.store.kit), "REFUSED", "critical component", "anyway REASON")
    expect(day.type("anyway"), "REFUSED", "Why may it go?")
    expect(day.type("anyway they have spanners"), "OUT", SCHOOL)
    history = day.store.kitloan.find.history(day.store.kit)
    assert "they have spanners" in history[-1].summary


def test_anyway_before_the_school_is_named(day: Day) -> None:
    """Else the override would work only in one of the two orders that people scan in."""
    incomplete(day)
    expect(day.scan(day.store.kit), "REFUSED", "incomplete", "anyway REASON")
    expect(day.type("anyway they have spanners"), "TO WHOM?")
    day.scan(day.store.second)
    expect(day.scan(SCHOOL), "OUT", SCHOOL)
    assert {day.held(t).status for t in (day.store.kit, day.store.second)} == {"out"}


def test_only_the_rule_just_met_is_set_aside(day: Day) -> None:
    """Else a word meant for one kit would let the next one go."""
    incomplete(day)
    day.type(f"to {SCHOOL}")
    day.scan(day.store.kit, day.store.second)
    expect(day.type("anyway now"), "REFUSED", "No rule that may be set aside")
    assert day.held(day.store.kit).status == "incomplete"


# -- terms ----------------------------------------------------------------------------------------


def test_contact_and_date_of_a_turn(day: Day) -> None:
    """Else the desk could not say who took a kit, nor lend for a term."""
    expect(day.type("contact Ms Example"), "NOTED", "Ms Example")
    day.type("due 21d", "for the science fair", f"to {SCHOOL}")
    expect(day.scan(day.store.kit), "OUT", "due 14 Dec 2026")
    assert [person["name"] for person in day.store.kitloan.people.known()] == ["Ms Example"]
    assert day.store.kitloan.people.remarks(day.store.kit)[0].words == "the science fair"
    day.escape()
    day.type(f"to {OTHER}")
    expect(day.scan(day.store.second), "OUT", "due 7 Dec 2026")


def test_a_date_in_the_past_is_refused(day: Day) -> None:
    """Else a slip would make every kit of the turn overdue at once."""
    expect(day.type("due 1/1/2020"), "REFUSED", "in the past")
    expect(day.type("due soon"), "REFUSED", "not a date")


def test_another_school_begins_with_terms_of_its_own(day: Day) -> None:
    """Else one school's teacher would stand on record for another's loans."""
    day.type("contact Ms Example", f"to {SCHOOL}", f"to {OTHER}")
    day.scan(day.store.kit)
    assert day.store.kitloan.people.known() == []


def test_a_date_typed_after_the_scans_is_for_them_too(day: Day) -> None:
    """Else the desk would nod to a date that no loan of the turn has."""
    day.type(f"to {SCHOOL}")
    day.scan(day.store.kit, day.store.headset)
    expect(day.type("due 18 dec"), "RENEWED", "due 18 Dec 2026", "All of them at once")
    assert due(day, day.store.kit) == due(day, day.store.headset) == date(2026, 12, 18)
    expect(day.scan(day.store.second), "OUT", "due 18 Dec 2026")
    day.undo()
    expect(day.undo(), "UNDONE")
    assert due(day, day.store.kit) == due(day, day.store.headset) == date(2026, 12, 7)


def test_a_contact_typed_after_the_scans_is_for_them_too(day: Day) -> None:
    """The name is asked for last at a counter: it must not be acknowledged and thrown away."""
    day.type(f"to {SCHOOL}")
    day.scan(day.store.kit, day.store.headset)
    expect(day.type("contact Ms Reid"), "CORRECTED", "2 loans", "Ms Reid")
    assert [person["name"] for person in day.store.kitloan.people.known()] == ["Ms Reid"]
    expect(day.undo(), "UNDONE")
    assert {day.held(t).status for t in (day.store.kit, day.store.headset)} == {"out"}


@pytest.mark.parametrize("after", [True, False])
def test_the_phone_and_the_e_mail_of_a_contact(day: Day, after: bool) -> None:
    """Else all of it would be the person's name, and nobody could ring them."""
    line = "contact Mrs MacDonald 01292 555123 i@x.sch.uk"
    if not after:
        day.type(line)
    day.scan(day.store.kit, SCHOOL)
    if after:
        day.type(line)
    (person,) = day.store.kitloan.people.known()
    assert (person["name"], person["phone"], person["email"]) == (
        "Mrs MacDonald",
        "01292 555123",
        "i@x.sch.uk",
    )
    expect(day.type("contact Mr Bell 0129"), "REFUSED", "not a phone number")


def test_what_happened_on_friday(day: Day) -> None:
    """Else Friday's loans would be on record as Monday's, and due too late."""
    day.store.clock.move(days=7)
    day.type("on friday", f"to {SCHOOL}")
    expect(day.scan(day.store.kit), "OUT", "on 27 Nov 2026", "due 11 Dec 2026")
    loan = day.held(day.store.kit).loan
    assert loan is not None
    assert loan.on == date(2026, 11, 27)
    day.escape()
    day.type("on saturday")
    day.scan(day.store.kit)
    expect(day.type(""), "IN, WHOLE", "back on 28 Nov 2026")
    expect(day.type("on tomorrow"), "REFUSED", "in the future")
    expect(day.type("on today"), "NOTED", "or day set")


def test_the_day_typed_after_the_scans_is_for_them_too(day: Day) -> None:
    """Else a turn that was scanned first would have to be undone, kit by kit."""
    day.store.clock.move(days=7)
    day.type(f"to {SCHOOL}")
    day.scan(day.store.headset)
    expect(day.type("on friday"), "CORRECTED", "on 27 Nov 2026")
    loan = day.held(day.store.headset).loan
    assert loan is not None
    assert loan.on == date(2026, 11, 27)


def test_an_action_of_an_earlier_day_is_asked_about(day: Day) -> None:
    """Else Ctrl+Z, pressed to correct a typing slip, would reverse last week's loan."""
    day.lent(day.store.headset)
    day.store.clock.move(days=3)
    expect(day.undo(), "UNDO?", "lent")
    assert day.held(day.store.headset).status == "out"
    expect(day.type("yes"), "UNDONE", SCHOOL)
    expect(day.type("redo"), "DONE AGAIN", SCHOOL)
    assert day.held(day.store.headset).status == "out"


def test_stock_that_was_used_up(day: Day) -> None:
    """Else the leads that a school used would be on loan for ever, or invented as back."""
    day.store.kitloan.loans.check_out([day.store.stock], SCHOOL, quantity=30)
    day.scan(day.store.stock)
    expect(day.type("25 used 3"), "IN", "25 of Multimeter", "3 used up", "2 still out", "27 are")
    assert day.held(day.store.stock).quantity == 27


@pytest.mark.parametrize("line", ["for science week"])
def test_what_cannot_be_set_after_the_scans_is_refused(day: Day, line: str) -> None:
    """Else it would be acknowledged, and thrown away."""
    day.type(f"to {SCHOOL}")
    day.scan(day.store.kit)
    expect(day.type(line), "REFUSED", "went out before", "takes them back")
    assert not day.state.terms.purpose
    assert day.undo().word == "UNDONE"


def test_what_was_typed_goes_before_what_is_on_record(day: Day) -> None:
    """Else Undo after a mistyped date would reverse a loan of this morning."""
    day.scan(day.store.kit, SCHOOL)
    day.escape()
    day.type("due 21d", "contact Ms Example")
    day.type("")
    expect(day.undo(), "NOTED", "due 14 Dec 2026")
    expect(day.undo(), "NOTED", "no due date")
    assert day.held(day.store.kit).status == "out"
    expect(day.undo(), "UNDONE")


def test_a_loan_goes_before_the_terms_it_was_made_on(day: Day) -> None:
    """Else Undo would leave the loan, and take back what was typed before it."""
    day.type("due 21d")
    day.scan(day.store.kit, SCHOOL)
    expect(day.undo(), "UNDONE", "lent")
    day.type("")
    expect(day.undo(), "NOTED", "no due date")


@pytest.mark.parametrize("clear", ["clear", "leave"])
def test_what_was_typed_can_be_cleared(day: Day, clear: str) -> None:
    """Else a mistyped contact would be the next school's."""
    day.type("contact Ms Exmaple", "due 21d")
    expect(day.type(clear), "NOTED", "no due date, contact, purpose or day")
    expect(day.undo(), "NOTED", "Ms Exmaple")
    day.type("contact none", "due none")
    day.type(f"to {SCHOOL}")
    expect(day.scan(day.store.kit), "OUT", "due 7 Dec 2026")
    assert day.store.kitloan.people.known() == []


# -- loose stock of which some are out ------------------------------------------------------------


def some_out(day: Day) -> None:
    """A school has three of the thirty."""
    day.store.kitloan.loans.check_out([day.store.stock], OTHER, quantity=3)


def test_stock_that_can_go_and_come_back_is_asked_about(day: Day) -> None:
    """Else the scan that lent yesterday takes back today."""
    some_out(day)
    expect(day.scan(day.store.stock), "LEND OR RETURN?", "27 here", f"3 with {OTHER}")
    expect(day.type(""), "LEND OR RETURN?")
    expect(day.type("1"), "TO WHOM?")
    expect(day.scan(SCHOOL), "HOW MANY?", f"to {SCHOOL}", "27 here")
    expect(day.type("2"), "OUT", "2 of Multimeter")


@pytest.mark.parametrize("by", ["card", "typed", "half"])
def test_a_school_settles_that_stock_is_lent(day: Day, by: str) -> None:
    """Else the school's card would be refused as a number of things."""
    some_out(day)
    day.lent(day.store.headset)
    day.scan(day.store.stock)
    if by == "card":
        day.scan(SCHOOL)
    else:
        day.type(SCHOOL if by == "typed" else "kilm")
    expect(day.verdict if day.verdict.asks else day.asking or day.verdict, "HOW MANY?", SCHOOL)
    expect(day.type("4"), "OUT", "4 of Multimeter", SCHOOL)


def test_stock_comes_back_by_a_word_a_number_or_the_card(day: Day) -> None:
    """Else a return could only be made with the tag typed in another place."""
    for answer in ("back", "2"):
        some_out(day)
        day.scan(day.store.stock)
        expect(day.type(answer), "HOW MANY?", f"from {OTHER}")
        expect(day.type(""), "IN", OTHER)
    some_out(day)
    day.scan(day.store.stock)
    expect(day.scan("KLURETURN"), "HOW MANY?", f"from {OTHER}")
    day.type("")
    assert day.held(day.store.stock).out_quantity == 0
    some_out(day)
    expect(day.scan(day.store.stock), "HOW MANY?", f"from {OTHER}")


# -- renewing -------------------------------------------------------------------------------------


def test_the_loan_just_made_is_renewed(day: Day) -> None:
    """Else a longer loan would be a command on another screen."""
    day.scan(day.store.kit, SCHOOL)
    expect(day.scan("KLUSEVEN"), "RENEWED", SCHOOL, "due 14 Dec 2026")
    expect(day.scan("KLUFOURTEEN"), "RENEWED", "due 28 Dec 2026")
    expect(day.undo(), "UNDONE")
    assert due(day, day.store.kit) == date(2026, 12, 14)


def test_a_kit_brought_back_to_be_renewed(day: Day) -> None:
    """Else a renewal at the counter would be a return, a count and a new loan."""
    day.lent(day.store.kit)
    day.store.clock.move(days=20)
    day.scan(day.store.kit)
    expect(day.scan("KLUSEVEN"), "RENEWED", "due 20 Dec 2026")
    assert day.state.question is None
    assert day.held(day.store.kit).status == "out"


def test_several_are_renewed_and_taken_back_at_once(day: Day) -> None:
    """Else five kits renewed with one card would take five undos, and nobody would count them."""
    kits = (day.store.kit, day.store.second, day.store.headset)
    day.scan(*kits, SCHOOL)
    expect(day.scan("KLUSEVEN"), "RENEWED", "due 14 Dec 2026", "All of them at once")
    expect(day.scan("KLUUNDO"), "UNDONE")
    due = {held.loan.due_on for tag in kits if (held := day.held(tag)).loan}
    assert {each.isoformat() for each in due if each} == {"2026-12-07"}
    with day.store.another() as other:
        other.loans.check_in([day.store.headset])
    expect(day.scan("KLUSEVEN"), "REFUSED", "VR headset")
    assert {loan.due_on for loan in day.store.kitloan.find.loans().items} == due, "all or none"


def test_a_turn_just_begun_gets_its_date(day: Day) -> None:
    """Else five kits for a month would be five renewals."""
    day.scan(SCHOOL)
    day.type(f"to {SCHOOL}")
    expect(day.scan("KLUFOURTEEN"), "NOTED", "due 21 Dec 2026")
    expect(day.scan(day.store.kit), "OUT", "due 21 Dec 2026")


def test_nothing_to_renew_or_label(day: Day) -> None:
    """Else a card held up at the wrong moment would look as if it had worked."""
    expect(day.scan("KLUSEVEN"), "REFUSED", "No loan")
    expect(day.scan("KLULABEL"), "REFUSED", "No kit")


# -- returns only ---------------------------------------------------------------------------------


def test_returns_only(day: Day) -> None:
    """Else a kit scanned twice in a pile of returns would go out again."""
    day.lent(day.store.headset)
    expect(day.scan("KLURETURN"), "RETURNS ONLY")
    expect(day.scan(day.store.headset), "IN", SCHOOL)
    expect(day.scan(day.store.headset), "REFUSED", "only returns", "Esc")
    expect(day.scan("KLUDONE"), "DONE", "Returns are over")
    expect(day.scan(day.store.headset), "TO WHOM?")


def test_a_school_ends_the_returns(day: Day) -> None:
    """Else the next teacher's kits would all be refused."""
    day.lent(day.store.headset)
    day.type(f"to {OTHER}")
    expect(day.scan("KLURETURN"), "RETURNS ONLY")
    assert day.state.turn is None
    expect(day.scan(SCHOOL), "LENDING", SCHOOL)
    expect(day.scan(day.store.kit), "OUT", SCHOOL)


# -- labels that nobody knows ---------------------------------------------------------------------


def test_a_new_label_is_taken_in(day: Day) -> None:
    """Else a kit with a label stuck on it in advance would have to wait for the office."""
    tag = mint()
    expect(day.scan(tag), "TAKE IN?", "No holding has")
    assert day.state.choices[1] == "STEM kit"
    expect(day.type("2"), "TAKEN IN", "STEM kit")
    expect(day.scan(tag), "TO WHOM?", "STEM kit")


def test_a_new_kind_of_kit(day: Day) -> None:
    """Else the first of its kind could not be taken in at the counter."""
    tag = mint()
    day.scan(tag)
    expect(day.type(""), "TAKE IN?")
    expect(day.scan(tag, day.store.kit), "TAKE IN?", "waits")
    expect(day.type("Wind tunnel"), "TO WHOM?", "STEM kit")
    assert day.held(tag).type == "Wind tunnel"
    assert day.words == ["TAKEN IN"]


def test_a_mistyped_kind_is_asked_about(day: Day) -> None:
    """Else a slip would be a kind of kit of its own, and stay in the list for ever."""
    tag, other = mint(), mint()
    day.scan(tag)
    expect(day.type("VR hedset"), "NEW KIND?", "Is it VR headset?", "yes when VR hedset")
    assert tag not in day.store.kitloan.holdings.tags()
    expect(day.type("1"), "TAKEN IN", "VR headset")
    day.scan(other)
    day.type("VR head")
    expect(day.type("yes"), "TAKEN IN", "VR head", "a new kind")
    day.undo()
    expect(day.scan(mint()), "TAKE IN?")
    assert "VR head" not in day.state.choices, "nothing of it is held"
    expect(day.type("vr HEADSET"), "TAKEN IN", "VR headset")


def test_a_new_label_can_be_left(day: Day) -> None:
    """Else somebody else's label, scanned by chance, would become a holding."""
    tag = mint()
    day.scan(tag)
    expect(day.escape(), "NOT TAKEN IN")
    assert tag not in day.store.kitloan.holdings.tags()


def test_typed_words_do_what_cards_do(day: Day) -> None:
    """Else a line desk, which has no keys, could not undo."""
    day.scan(day.store.kit, SCHOOL)
    expect(day.type("undo"), "UNDONE")
    expect(day.type("return"), "RETURNS ONLY")
    expect(day.type("leave"), "DONE")
