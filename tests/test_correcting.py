"""What was recorded wrongly is corrected, without a return or a count that nobody made."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from conftest import SetClock, write_off
from kitloan import BadInput, Count, Gift, KitloanError, NewHolding, Refused
from kitloan.college import College


def refused(act: Callable[[], object]) -> KitloanError:
    """How an act is refused."""
    with pytest.raises((Refused, BadInput)) as refusal:
        act()
    return refusal.value


@pytest.fixture
def stock(fife: College) -> str:
    """The tag of thirty goggles, ten of which are out."""
    tag = fife.holdings.add(NewHolding("Goggles", quantity=30)).tag
    fife.loans.check_out([tag], "A Primary", quantity=10)
    return tag


def test_the_wrong_school_is_corrected(fife: College, kit: str, clock: SetClock) -> None:
    """It never was with the first school, and nobody counted it."""
    fife.loans.check_out([kit], "Wrong School", contact="Pat Example")
    clock.move(days=2)
    fixed = fife.loans.correct(kit, to="Right School", contact="Ann Other")
    assert (fixed.to, fixed.was_with, fixed.new_organisation) == (
        "Right School",
        "Wrong School",
        True,
    )
    held = fife.find.holding(kit)
    assert held.status == "out"
    assert held.loan is not None
    assert (held.loan.to, held.loan.on) == ("Right School", date(2026, 11, 23))
    kinds = [line.kind for line in fife.find.history(kit)]
    assert kinds[-2:] == ["loan.checked_out", "loan.corrected"]
    assert fife.ledger.verify().ok
    fife.actions.undo()
    assert fife.find.loans().items[0].to == "Wrong School"
    assert fife.ledger.verify().ok


def test_the_day_is_corrected_for_every_report(fife: College, kit: str, clock: SetClock) -> None:
    """A report of the day between must show it out, though it was recorded otherwise."""
    clock.move(days=14)
    fife.loans.check_out([kit], "A Primary")
    assert fife.audit.audit(date(2026, 12, 2)).totals.out == 0
    fife.loans.correct(kit, on=date(2026, 12, 1))
    assert fife.find.loans().items[0].on == date(2026, 12, 1)
    assert fife.audit.audit(date(2026, 12, 2)).totals.out == 1
    assert fife.audit.audit(date(2026, 11, 30)).totals.out == 0
    clock.move(days=1)
    assert fife.audit.audit(date(2026, 12, 2), known_on=date(2026, 12, 6)).totals.out == 0
    fife.loans.renew(kit, date(2027, 1, 8))
    fife.loans.correct(kit, on=date(2026, 12, 8))
    assert fife.audit.audit(date(2026, 12, 7)).totals.out == 0
    assert fife.ledger.verify().ok


def test_a_correction_cannot_make_what_cannot_be(fife: College, kit: str, stock: str) -> None:
    """Each is refused with its facts, and nothing is changed."""
    fife.loans.check_in([stock], quantity=4)
    before = fife.find.history(stock)
    correct = fife.loans.correct
    assert refused(lambda: correct(kit, to="X School")).code == "not_out"
    assert refused(lambda: correct(stock)).code == "usage"
    assert refused(lambda: correct(stock, quantity=4)).code == "more_back"
    assert refused(lambda: correct(stock, quantity=35)).code == "not_enough"
    assert refused(lambda: correct(stock, on=date(2026, 11, 24))).code == "in_future"
    assert refused(lambda: correct(stock, on=date(2026, 11, 1))).code == "before_received"
    assert fife.find.history(stock) == before
    assert correct(stock, quantity=12).quantity == 8
    assert fife.find.holding(stock).out_quantity == 8
    assert fife.ledger.verify().ok


def test_a_kit_goes_straight_from_school_to_school(
    fife: College, kit: str, clock: SetClock
) -> None:
    """Nobody at the college had it in hand: it was not seen, and not counted."""
    fife.loans.check_out([kit], "A Primary")
    seen = fife.find.holding(kit).last_sighted
    clock.move(days=3)
    passed = fife.loans.pass_on(kit, "B Primary")
    held = fife.find.holding(kit)
    assert held.loan is not None
    assert (held.loan.id, held.loan.to, held.loan.on) == (
        passed.id,
        "B Primary",
        date(2026, 11, 26),
    )
    assert held.last_sighted == seen
    said = [line.summary for line in fife.find.history(kit)][-2:]
    assert said[0] == "handed on by A Primary"
    assert said[1].startswith("passed on to B Primary")
    assert refused(lambda: fife.loans.pass_on(kit, "B Primary")).code == "same_borrower"
    assert fife.audit.audit(date(2026, 11, 25)).totals.out == 1
    assert fife.ledger.verify().ok
    fife.actions.undo()
    assert fife.find.loans().items[0].to == "A Primary"
    assert fife.ledger.verify().ok


def test_what_was_used_up_and_lost_is_held_no_more(fife: College, stock: str) -> None:
    """Ten went, six are back, three were used, one was lost: the register must say who lost it."""
    fife.loans.check_in([stock], quantity=6, used=3, lost=1)
    held = fife.find.holding(stock)
    assert (held.quantity, held.out_quantity, held.loan) == (26, 0, None)
    summaries = [line.summary for line in fife.find.history(stock)]
    assert "3 used up, 1 lost by A Primary, 26 held now" in summaries
    assert fife.ledger.verify().ok
    fife.actions.undo()
    assert (fife.find.holding(stock).quantity, fife.find.holding(stock).out_quantity) == (30, 10)
    assert fife.ledger.verify().ok


def test_the_rest_stays_on_loan(fife: College, stock: str) -> None:
    """What nobody spoke of is with the school still."""
    fife.loans.check_in([stock], used=3)
    assert (fife.find.holding(stock).quantity, fife.find.holding(stock).out_quantity) == (27, 7)


def test_more_than_is_out_is_refused(fife: College, kit: str, stock: str) -> None:
    """Eleven of ten, a lost third of a kit, a stock of none."""
    check_in = fife.loans.check_in
    before = fife.find.history(stock)
    assert refused(lambda: check_in([stock], quantity=6, used=3, lost=2)).code == "more_than_out"
    fife.loans.check_out([kit], "A Primary")
    assert refused(lambda: check_in([kit], lost=1)).code == "bad_quantity"
    assert refused(lambda: check_in([stock], lost=-1)).code == "bad_quantity"
    assert fife.find.history(stock) == before
    fife.loans.check_out([stock], "A Primary", quantity=20)
    assert refused(lambda: check_in([stock], used=30)).code == "nothing_left"


def test_use_follows_what_was_used_up(fife: College, stock: str, clock: SetClock) -> None:
    """Days out of what is gone end with it, and the stock is smaller from then on."""
    clock.move(days=4)
    fife.loans.check_in([stock], Count(whole=True), quantity=5, used=5)
    clock.move(days=10)
    use = next(t for t in fife.audit.audit().report.tables if t.name == "use_by_type")
    (row,) = [each for each in use.rows if each[0] == "Goggles"]
    assert 1.3 in row, "ten of thirty for four days"


def test_what_is_in_repair_is_held_and_not_lent(fife: College, kit: str) -> None:
    """A kit whose motor burnt out goes to no school, and is no loss either."""
    fife.holdings.put_in_repair(kit, "motor burnt out")
    assert fife.find.holding(kit).status == "out_of_use"
    assert [each.tag for each in fife.find.search("", status="out_of_use").items] == [kit]
    assert fife.find.search("", status="in").total == 0
    refusal = refused(lambda: fife.loans.check_out([kit], "A Primary"))
    assert (refusal.code, refusal.details["reason"]) == ("out_of_use", "motor burnt out")
    assert fife.audit.audit().totals.holdings == 1
    fife.holdings.repaired(kit, note="new motor")
    assert fife.find.holding(kit).status == "in"
    assert refused(lambda: fife.holdings.repaired(kit)).code == "not_in_repair"
    fife.loans.check_out([kit], "A Primary")
    assert refused(lambda: fife.holdings.put_in_repair(kit, "broken")).code == "on_loan"
    assert fife.ledger.verify().ok


def test_part_of_a_stock_goes_to_another_store(fife: College, clock: SetClock) -> None:
    """Twelve of thirty are at the other campus, and the donor's terms hold for them too."""
    gift = Gift(donor="RAF", title="held_for_esp")
    stock = fife.holdings.add(NewHolding("Goggles", quantity=30, location="A", gift=gift)).tag
    fife.loans.check_out([stock], "A Primary", quantity=15)
    made = fife.holdings.split(stock, 12, location="B")
    assert (made.from_, made.quantity) == (stock, 12)
    new, old = fife.find.holding(made.tag), fife.find.holding(stock)
    assert (new.quantity, new.location, new.gift.donor, new.gift.title) == (
        12,
        "B",
        "RAF",
        "held_for_esp",
    )
    assert (old.quantity, old.out_quantity, old.location) == (18, 15, "A")
    assert refused(lambda: fife.holdings.split(stock, 18)).code == "bad_quantity"
    assert refused(lambda: fife.holdings.split(stock, 4)).code == "not_enough"
    assert fife.ledger.verify().ok
    fife.actions.undo(stock)
    assert fife.find.holding(stock).quantity == 30
    assert refused(lambda: fife.find.holding(made.tag)).code == "unknown_tag"
    assert fife.ledger.verify().ok


def test_one_thing_cannot_be_split(fife: College, kit: str) -> None:
    """Half a kit is no kit."""
    assert refused(lambda: fife.holdings.split(kit, 1)).code == "bad_quantity"


def test_what_was_written_off_turns_up(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """Two people wrote it off, and two people have it back; nobody has counted it."""
    assert refused(lambda: fife.holdings.propose_reinstatement(kit, "here")).code == "not_withdrawn"
    write_off(fife, kit, "burnt")
    second = reopen("j.kerr")
    assert refused(lambda: second.holdings.reinstate(kit)).code == "not_proposed"
    fife.holdings.propose_reinstatement(kit, "behind the boiler")
    assert refused(lambda: fife.holdings.reinstate(kit)).code == "same_person"
    assert fife.find.holding(kit).status == "withdrawn"
    second.holdings.reinstate(kit)
    assert fife.find.holding(kit).status == "uncounted"
    assert fife.audit.audit().totals.holdings == 1
    assert fife.ledger.verify().ok
    second.actions.undo()
    assert fife.find.holding(kit).status == "withdrawn"
    assert fife.ledger.verify().ok


def test_who_has_it_and_how_to_reach_them(fife: College, kit: str) -> None:
    """An overdue kit is rung after: its page and the list of loans must say whom to ring."""
    fife.loans.check_out([kit], "A Primary", contact="Pat Example")
    held, (line,) = fife.find.holding(kit), fife.find.loans().items
    assert held.contact == line.contact
    assert held.contact is not None
    assert (held.contact.name, held.contact.email, held.contact.phone) == (
        "Pat Example",
        None,
        None,
    )
    fife.people.erase("Pat Example")
    assert (fife.find.holding(kit).contact, fife.find.loans().items[0].contact) == (None, None)
    fife.loans.check_in([kit])
    assert fife.find.holding(kit).contact is None


def test_a_stock_that_is_out_of_use_is_not_split(fife: College) -> None:
    """Else what burnt in the store would be lent under a new label."""
    stock = fife.holdings.add(NewHolding("Goggles", quantity=30)).tag
    fife.holdings.put_in_repair(stock, "straps are torn")
    assert refused(lambda: fife.holdings.split(stock, 12)).code == "out_of_use"
    fife.holdings.repaired(stock)
    fife.inspections.set_regime("pat", "Goggles", 12)
    fife.inspections.record(stock, "pat", "fail")
    assert refused(lambda: fife.holdings.split(stock, 12)).code == "inspection_failed"
    assert fife.ledger.verify().ok


def test_what_was_split_off_was_not_there_before(fife: College, clock: SetClock) -> None:
    """All thirty were out in that week: twelve of them were not lent a second time."""
    stock = fife.holdings.add(
        NewHolding("Lead", quantity=30, received_on=fife.session.today - timedelta(days=30))
    ).tag
    fife.loans.check_out([stock], "A Primary", quantity=30)
    clock.move(days=4)
    fife.loans.check_in([stock])
    clock.move(days=4)
    part = fife.holdings.split(stock, 12).tag
    today = fife.session.today
    earlier = today - timedelta(days=6)
    refusal = refused(lambda: fife.loans.check_out([part], "B Primary", quantity=1, on=earlier))
    assert (refusal.code, refusal.details["received_on"]) == ("before_received", today.isoformat())
    assert fife.find.holding(part).received_on == fife.find.holding(stock).received_on
    clock.move(days=2)
    fife.loans.check_out([part], "B Primary", quantity=1, on=today)
    assert fife.ledger.verify().ok


def test_a_note_on_what_was_lost_is_kept(fife: College, stock: str) -> None:
    """Nothing came back, and what the school wrote about it is what is known."""
    (lost,) = fife.loans.check_in([stock], quantity=0, lost=3, note="the bus left with them")
    assert (lost.quantity, lost.lost, lost.still_out) == (0, 3, 7)
    assert lost.loans == ((lost.id, 0),)
    assert [each.words for each in fife.people.remarks(stock)] == ["the bus left with them"]
    for count in (Count(whole=True), Count(missing={"Strap": 1})):
        refusal = refused(lambda count=count: fife.loans.check_in([stock], count, lost=1))
        assert refusal.code in ("counted_and_not", "no_contents_list")
    assert fife.find.holding(stock).quantity == 27
    (back,) = fife.loans.check_in([stock], quantity=2, used=1, note="rest is on its way")
    assert (back.quantity, back.used, back.loans) == (2, 1, ((lost.id, 2),))
    assert len(fife.people.remarks(stock)) == 2


def test_nothing_goes_to_a_school_that_is_closed(fife: College, kit: str, clock: SetClock) -> None:
    """Whoever has it: a school that is no more cannot be who has it now."""
    (other, *_) = [each.tag for each in fife.holdings.add_several(NewHolding("STEM kit"), 3)]
    fife.loans.check_out([kit], "A Primary")
    fife.loans.check_out([other], "B Primary")
    clock.move(days=3)
    fife.directory.close("B Primary")
    assert refused(lambda: fife.loans.pass_on(kit, "B Primary")).code == "closed"
    fife.loans.check_in([kit], Count(whole=True))
    fife.loans.check_out([kit], "A Primary")
    assert refused(lambda: fife.loans.correct(kit, to="B Primary")).code == "closed"
    first = fife.session.today + timedelta(days=7)
    last = first + timedelta(days=4)
    book, want = fife.bookings.book, fife.wants.add
    (made,) = book("A Primary", {"STEM kit": 1}, first, last)
    assert refused(lambda: book("B Primary", {"STEM kit": 1}, first, last)).code == "closed"
    assert refused(lambda: fife.bookings.change(made.id, to="B Primary")).code == "closed"
    assert refused(lambda: want("B Primary", "STEM kit", 1, first, last)).code == "closed"
    fife.loans.correct(other, to="B Primary", due_on=fife.session.today + timedelta(days=9))
    assert fife.find.loans(to="B Primary").total == 1, "what it has is corrected as ever"
    assert fife.ledger.verify().ok
