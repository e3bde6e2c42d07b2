"""Check-out and renewal: the two things that must never happen begin here."""

from collections.abc import Callable
from datetime import date

import pytest

from conftest import SetClock, add_twin
from kitloan import BadInput, Count, NewHolding, Refused
from kitloan.college import College


def test_a_kit_goes_out_for_fourteen_days(fife: College, kit: str) -> None:
    """A technician who gives no date must still have one on record."""
    (lent,) = fife.loans.check_out([kit], "Balwearie High School")
    assert lent.due_on == date(2026, 12, 7)
    shown = fife.find.holding(kit)
    assert shown.status == "out"
    assert shown.loan is not None
    assert (shown.loan.to, shown.loan.due_on) == ("Balwearie High School", date(2026, 12, 7))


def test_a_kit_is_never_lent_to_two(fife: College, kit: str) -> None:
    """The second borrower would travel for a kit that is elsewhere."""
    fife.loans.check_out([kit], "Balwearie High School")
    with pytest.raises(Refused) as refusal:
        fife.loans.check_out([kit], "Viewforth High School")
    assert refusal.value.code == "on_loan"
    assert "Balwearie High School" in refusal.value.message
    assert "23 Nov 2026" in refusal.value.message
    assert refusal.value.details["loan"]["due_on"] == "2026-12-07"
    assert fife.find.loans().total == 1


def test_all_of_the_tags_or_none(fife: College, kit: str) -> None:
    """Half a basket lent leaves a counter that nobody can put right."""
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.loans.check_out([other], "Viewforth High School")
    before = fife.ledger.log()
    with pytest.raises(Refused):
        fife.loans.check_out([kit, other], "Balwearie High School")
    assert fife.find.holding(kit).status == "in"
    assert fife.ledger.log() == before, "a refused request leaves no entry, not even of a borrower"


def test_the_same_request_twice_is_one_loan(fife: College, kit: str) -> None:
    """A desk that was killed before it heard "done" says it again; the kit must not be refused."""
    first = fife.loans.check_out([kit], "Balwearie High School", request_id="r1")
    again = fife.loans.check_out([kit], "Balwearie High School", request_id="r1")
    assert [loan.id for loan in again] == [loan.id for loan in first]
    assert fife.find.loans().total == 1


def test_an_id_belongs_to_one_request(fife: College, kit: str) -> None:
    """An id used for two different loans would answer the second with the first."""
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.loans.check_out([kit], "Balwearie High School", request_id="r1")
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_out([other], "Balwearie High School", request_id="r1")
    assert refusal.value.code == "id_reused"
    with pytest.raises(BadInput):
        fife.loans.check_in([kit], request_id="r1")
    assert fife.find.holding(kit).status == "out"


def test_ids_that_resemble_each_other_are_apart(fife: College) -> None:
    """A caller that numbers its requests must not run into the loans of another of its own."""
    tags = [fife.holdings.add(NewHolding("Device")).tag for _ in range(3)]
    fife.loans.check_out(tags[:2], "Balwearie High School", request_id="r")
    fife.loans.check_out(tags[2:], "Balwearie High School", request_id="r-1")
    assert len({loan.id for loan in fife.find.loans().items}) == 3


@pytest.mark.parametrize("request_id", ["", "x\n", "x" * 300, " x", "=x"])
def test_an_id_is_plain_words(fife: College, kit: str, request_id: str) -> None:
    """What a caller sends stands in the ledger for ever."""
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_out([kit], "Balwearie High School", request_id=request_id)
    assert refusal.value.code == "bad_id"


def test_the_asset_number_works_wherever_a_tag_does(fife: College, kit: str) -> None:
    """Colleges know their kits by their own numbers."""
    (lent,) = fife.loans.check_out([" fc001 "], "Balwearie High School")
    assert lent.tag == kit
    add_twin(fife, "FC001")
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_in(["FC001"])
    assert refusal.value.code == "ambiguous"
    assert kit in refusal.value.details["tags"]


def test_a_number_of_two_asks_though_one_is_missing(fife: College, kit: str) -> None:
    """The kit in somebody's hand may be the very one that was missing; the other would go out."""
    add_twin(fife, "FC001")
    fife.holdings.report_missing(kit, "not on its shelf")
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_out(["FC001"], "Balwearie High School")
    assert refusal.value.code == "ambiguous"
    assert kit in refusal.value.details["tags"]


def test_a_mistyped_tag_names_its_neighbour(fife: College, kit: str) -> None:
    """One wrong key must not cost a search."""
    wrong = kit[:5] + ("A" if kit[5] != "A" else "B") + kit[6:]
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_out([wrong], "Balwearie High School")
    assert refusal.value.code == "bad_tag"
    assert refusal.value.details["near"] == [kit]


@pytest.mark.parametrize("quantity", [0, -1, 2])
def test_one_kit_cannot_be_lent_by_the_dozen(fife: College, kit: str, quantity: int) -> None:
    """A slip in the quantity must not become a record."""
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_out([kit], "Balwearie High School", quantity=quantity)
    assert refusal.value.code == "bad_quantity"


def test_a_due_date_in_the_past_is_refused(fife: College, kit: str) -> None:
    """A loan overdue from birth would be chased the same day."""
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_out([kit], "Balwearie High School", due_on=date(2026, 11, 22))
    assert refusal.value.code == "due_in_the_past"
    assert fife.find.holding(kit).status == "in"


def test_overdue_begins_the_day_after_the_due_date(
    fife: College, kit: str, clock: SetClock
) -> None:
    """Nobody is chased on the day a kit is due, and everybody the day after."""
    fife.loans.check_out([kit], "Balwearie High School", due_on=date(2026, 11, 23))
    assert fife.find.loans(overdue=True).total == 0
    clock.move(hours=12, minutes=17)
    assert fife.find.loans(overdue=True).total == 0, "23:59 in Scotland is still the day"
    clock.move(minutes=1)
    assert fife.find.holding(kit).status == "overdue"
    assert fife.find.loans(overdue=True).items[0].overdue


def test_fourteen_days_over_the_change_of_the_clocks(place: str, clock: SetClock) -> None:
    """Counted in hours, a loan over 25 October would be due a day early."""
    import kitloan

    clock.now = clock.now.replace(month=10, day=18, hour=23, minute=30)  # 00:30 on the 19th, BST
    with kitloan.init("fife", place, actor="m.ross", clock=clock) as desk:
        tag = desk.holdings.add(NewHolding("Device")).tag
        (lent,) = desk.loans.check_out([tag], "Balwearie High School")
    assert lent.due_on == date(2026, 11, 2)


def test_an_incomplete_kit_needs_a_reason(fife: College, kit: str) -> None:
    """A kit without its manual is of no use to a teacher who does not know it."""
    fife.loans.count(kit, Count(missing={"Facilitator manual": 1}))
    assert fife.find.holding(kit).status == "incomplete"
    with pytest.raises(Refused) as refusal:
        fife.loans.check_out([kit], "Balwearie High School")
    assert refusal.value.code == "incomplete"
    fife.loans.check_out([kit], "Balwearie High School", override="manual sent by e-mail")
    assert "manual sent by e-mail" in fife.find.history(kit)[-1].summary


def test_a_kit_that_is_short_but_usable_is_lent(fife: College, kit: str) -> None:
    """Two wheels of sixteen must not keep a kit in the cupboard."""
    fife.loans.count(kit, Count(missing={"Wheel": 2}))
    fife.loans.check_out([kit], "Balwearie High School")
    assert fife.find.holding(kit).status == "out"


def test_stock_is_lent_until_none_is_left(fife: College) -> None:
    """Thirty goggles serve three schools; a thirty-first pair does not exist."""
    goggles = fife.holdings.add(NewHolding("Safety goggles", quantity=30)).tag
    fife.loans.check_out([goggles], "Balwearie High School", quantity=12)
    fife.loans.check_out([goggles], "Viewforth High School", quantity=10)
    with pytest.raises(Refused) as refusal:
        fife.loans.check_out([goggles], "Glenwood High School", quantity=9)
    assert refusal.value.code == "not_enough"
    assert refusal.value.details["left"] == 8
    fife.loans.check_out([goggles], "Glenwood High School", quantity=8)
    shown = fife.find.holding(goggles)
    assert (shown.status, shown.out_quantity) == ("out", 30)


def test_a_new_borrower_is_taken_in_and_a_near_one_told(fife: College, kit: str) -> None:
    """One school under two spellings would count twice in every report."""
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    (first,) = fife.loans.check_out([kit], "Kilmarnock Academy")
    assert (first.new_organisation, first.nearly) == (True, ())
    (second,) = fife.loans.check_out([other], "Kilmarnock Acadmy")
    assert second.nearly == ("Kilmarnock Academy",)
    fife.loans.check_in([other], Count(whole=True))
    (third,) = fife.loans.check_out([other], " KILMARNOCK  academy ")
    assert (third.to, third.new_organisation) == ("Kilmarnock Academy", False)


@pytest.mark.parametrize("name", ["", "  ", "\x1b[2JEvil High", "=cmd()", "x" * 201, "a\x00b"])
def test_a_borrower_is_plain_words(fife: College, kit: str, name: str) -> None:
    """What a terminal or a spreadsheet would obey must not come to rest in the register."""
    before = fife.ledger.log()
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_out([kit], name)
    assert refusal.value.code == "bad_text"
    assert fife.ledger.log() == before


def test_a_person_is_no_borrower(fife: College, kit: str) -> None:
    """A name in the ledger stays for ever and goes to ESP: nobody could have it erased."""
    before = len(fife.ledger.log())
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_out([kit], "Lochgelly HS (Mrs Quark)")
    assert refusal.value.code == "names_a_person"
    assert "--contact" in refusal.value.hint
    assert len(fife.ledger.log()) == before
    fife.loans.check_out([kit], "Lochgelly HS", contact="Mrs Quark")


def test_a_loan_is_renewed_from_today(fife: College, kit: str) -> None:
    """A teacher who needs another week must not have to bring the kit in."""
    (lent,) = fife.loans.check_out([kit], "Balwearie High School")
    loan, to, due = fife.loans.renew(kit, date(2027, 1, 15))
    assert (loan, to, due) == (lent.id, "Balwearie High School", date(2027, 1, 15))
    shown = fife.find.holding(kit).loan
    assert shown is not None and shown.due_on == date(2027, 1, 15)
    with pytest.raises(BadInput):
        fife.loans.renew(kit, date(2026, 1, 1))


def test_what_is_not_out_cannot_be_renewed(fife: College, kit: str) -> None:
    """A renewal without a loan means that the wrong tag was scanned."""
    with pytest.raises(Refused) as refusal:
        fife.loans.renew(kit, date(2027, 1, 15))
    assert refusal.value.code == "not_out"


def test_a_clock_that_steps_back_does_not_stop_a_return(
    fife: College, kit: str, clock: SetClock
) -> None:
    """A laptop whose clock steps back must still be able to take a kit in."""
    fife.loans.check_out([kit], "Balwearie High School")
    clock.move(hours=-5)
    fife.loans.check_in([kit], Count(whole=True))
    *_, out, back = fife.find.history(kit)
    assert (out.kind, back.kind) == ("loan.checked_out", "loan.checked_in")
    assert back.at < out.at, "each entry keeps what the clock showed"
    assert fife.ledger.verify().ok


def test_another_desk_sees_it_at_once(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """Two desks that know different things lend the same kit."""
    other = reopen("j.bain")
    fife.loans.check_out([kit], "Balwearie High School")
    with pytest.raises(Refused):
        other.loans.check_out([kit], "Viewforth High School")
    assert other.find.holding(kit).status == "out"


def test_what_a_program_gives_wrongly_is_said_in_words(fife: College, kit: str) -> None:
    """A tag given as a text was a list of its letters; and a TypeError names no remedy."""
    (lent,) = fife.loans.check_out(kit, "Viewforth")
    assert fife.loans.check_in(kit, Count(whole=True))[0].id == lent.id
    wrong: list[tuple[str, Callable[..., object]]] = [
        ("bad_date", lambda odd: fife.loans.check_out([kit], "Viewforth", due_on=odd)),
        ("bad_text", lambda odd: fife.loans.check_out([kit], {"2026-12-01": None}[odd])),
        ("bad_holding", lambda odd: fife.holdings.add(odd)),
        ("unknown_holding", lambda odd: fife.find.holding({"2026-12-01": None}[odd])),
    ]
    for code, act in wrong:
        with pytest.raises(BadInput) as refusal:
            act("2026-12-01")
        assert refusal.value.code == code
