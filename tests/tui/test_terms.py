"""At the counter: on what terms things go, what a card does, and labels that nobody knows."""

from datetime import date

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
    assert day.store.kitloan.people.remarks(day.store.kit)[0]["words"] == "the science fair"
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
