"""Undo takes back what was done last, or refuses and names it; and what is undone is done again."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import kitloan
from conftest import KIT, SetClock
from kitloan import Count, NewHolding, Refused
from kitloan.college import College
from kitloan.holdings import kit_type_with
from kitloan.national.gifts import GiftTermsAgreed
from kitloan.text.tags import mint


def refused(act: Callable[[], object]) -> Refused:
    """How an act is refused."""
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value


def test_what_cannot_be_undone_is_not_passed_over(fife: College, kit: str) -> None:
    """Who printed the wrong label and types undo must not lose a loan of last month."""
    fife.loans.check_out([kit], "A Primary")
    fife.holdings.labels_printed([kit], blank=False)
    refusal = refused(fife.actions.undo)
    assert refusal.code == "cannot_undo"
    assert "labels.printed" in refusal.details["action"]
    assert fife.find.holding(kit).status == "out"
    assert fife.actions.undo(kit).kind == "loan.checked_out"
    assert fife.find.holding(kit).status == "in"
    assert refused(fife.actions.undo).code == "cannot_undo"


def test_a_school_that_stays_is_in_nobodys_way(
    fife: College, kit: str, reopen: Callable[[str], College]
) -> None:
    """A loan to a new school was undone, its teacher is on file: what was before comes next."""
    other = fife.holdings.add(NewHolding("Device")).tag
    fife.holdings.move(kit, "Lab")
    fife.loans.check_out([kit], "A Primary", contact="Pat Example")
    fife.loans.check_out([kit := fife.holdings.add(NewHolding("Rover")).tag], "B Primary")
    reopen("j.bain").loans.check_out([other], "B Primary")
    undone = [fife.actions.undo().kind for _ in range(4)]
    came = ["loan.checked_out", "holding.accessioned", "loan.checked_out", "holding.moved"]
    assert undone == came
    assert {each.name for each in fife.directory.borrowers().items} == {"A Primary", "B Primary"}
    assert [fife.actions.redo().kind for _ in range(4)] == came[::-1]
    assert fife.ledger.verify().ok


def test_a_register_is_not_passed_over(fife: College, kit: str, tmp_path: Path) -> None:
    """The wrong file was read: the loan before it is not to blame."""
    fife.loans.check_out([kit], "A Primary")
    file = tmp_path / "wrong.csv"
    file.write_text("Kit No,Description\n901,Telescope\n", encoding="utf-8")
    fife.registers.take_in(file)
    assert refused(fife.actions.undo).code == "cannot_undo"
    assert fife.find.holding(kit).status == "out"
    assert refused(lambda: fife.actions.undo("901")).code == "cannot_undo"


def test_an_erasure_is_not_passed_over(fife: College, kit: str) -> None:
    """What was erased stays erased, and what was done before it is not undone instead."""
    fife.loans.check_out([kit], "A Primary", contact="Pat Example")
    fife.people.erase("Pat Example")
    refusal = refused(fife.actions.undo)
    assert (refusal.code, refusal.details["kind"]) == ("cannot_undo", "erase")
    fife.holdings.move(kit, "Lab")
    assert fife.actions.undo().kind == "holding.moved"
    assert fife.actions.undo(kit).kind == "loan.checked_out"
    assert fife.ledger.verify().ok


def test_only_one_holding_of_a_basket(fife: College, kit: str) -> None:
    """Two of three kits did go; only the third was scanned by mistake."""
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.loans.check_out([kit, other], "A Primary")
    assert fife.actions.undo(kit).tags == (kit,)
    assert fife.find.holding(kit).status == "in"
    assert fife.find.holding(other).status == "out"
    assert fife.actions.undo().tags == (other,)
    assert fife.find.loans().total == 0
    assert fife.ledger.verify().ok


def test_a_colleagues_action_is_theirs(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """Undo by tag must not reach into what a colleague did, nor past it."""
    fife.loans.check_out([kit], "A Primary")
    reopen("j.bain").loans.check_in([kit], Count(whole=True))
    refusal = refused(lambda: fife.actions.undo(kit))
    assert refusal.code == "cannot_undo"
    assert "j.bain" in refusal.message


def test_an_earlier_day_needs_a_yes(fife: College, kit: str, clock: SetClock) -> None:
    """The first key of the morning must not take back yesterday's work."""
    fife.loans.check_out([kit], "A Primary")
    clock.move(days=1)
    refusal = refused(lambda: fife.actions.undo(earlier_day=False))
    assert refusal.code == "needs_yes"
    assert "loan.checked_out" in refusal.details["action"]
    assert fife.actions.undo().kind == "loan.checked_out"


def test_redo_does_again_what_was_undone(fife: College, kit: str) -> None:
    """One undo too many must not cost a return that has to be counted again."""
    fife.loans.check_out([kit], "A New School")
    fife.loans.check_in([kit], Count(missing={"Wheel": 2}))
    fife.actions.undo()
    fife.actions.undo()
    assert fife.find.holding(kit).status == "in"
    assert fife.find.organisation("A New School") is None, "it came with the loan, and went with it"
    assert fife.actions.redo().kind == "loan.checked_out"
    assert fife.find.holding(kit).status == "out"
    assert fife.actions.redo(request_id="again").kind == "loan.checked_in"
    assert fife.actions.redo(request_id="again").kind == "loan.checked_in"
    assert [str(line) for line in fife.find.holding(kit).shortages] == ["Wheel: 2 missing"]
    assert refused(fife.actions.redo).code == "nothing_to_redo"
    assert fife.ledger.verify().ok
    assert fife.actions.undo().kind == "loan.checked_in"
    assert fife.find.holding(kit).status == "out"
    assert fife.actions.redo().kind == "loan.checked_in"
    assert fife.ledger.verify().ok


def test_redo_is_refused_when_more_was_done_since(fife: College, kit: str) -> None:
    """A loan that is done again must not lie over one that was made since."""
    fife.loans.check_out([kit], "A Primary")
    fife.actions.undo()
    fife.loans.check_out([kit], "B Primary")
    assert refused(fife.actions.redo).code == "built_upon"
    loan = fife.find.holding(kit).loan
    assert loan is not None
    assert loan.to == "B Primary"


def test_a_contents_list_is_undone(fife: College, kit: str) -> None:
    """The wrong contents file, read for a type, is as easy to take back as a loan."""
    before = fife.loans.contents(kit)
    fife.holdings.define_types([kit_type_with("STEM kit", KIT[:1])])
    assert len(fife.loans.contents(kit)) == 1
    assert fife.actions.undo().kind == "kit_type.defined"
    assert fife.loans.contents(kit) == before
    fife.actions.redo()
    assert len(fife.loans.contents(kit)) == 1
    assert fife.ledger.verify().ok


def test_a_mistyped_type_goes_with_its_holding(fife: College) -> None:
    """A kind that came of a slip must not be offered for ever."""
    fife.holdings.add(NewHolding("telescpe"))
    fife.actions.undo()
    assert "telescpe" not in [each.type for each in fife.figures.use_by_type()]
    assert fife.ledger.verify().ok
    tag = fife.actions.redo().tags[0]
    assert fife.find.holding(tag).type == "telescpe"


def test_a_type_that_others_need_stays(fife: College, reopen: Callable[..., College]) -> None:
    """A colleague's telescope is one also when mine was none."""
    fife.holdings.add(NewHolding("Telescope"))
    theirs = reopen("j.bain").holdings.add(NewHolding("Telescope")).tag
    fife.actions.undo()
    assert fife.find.holding(theirs).type == "Telescope"
    assert fife.ledger.verify().ok


def test_what_can_be_undone_is_listed(fife: College, kit: str, clock: SetClock) -> None:
    """Who wants to take back the third last thing must see what it was."""
    fife.loans.check_out([kit], "A Primary", request_id="r1")
    fife.holdings.labels_printed([mint()], blank=True, request_id="r2")
    fife.loans.check_in([kit], request_id="r3")
    listed = fife.actions.list()
    assert [each.id for each in listed][:3] == ["r3", "r2", "r1"]
    assert [bool(each.why) for each in listed][:3] == [False, True, True]
    assert "since then" in listed[2].why


def test_a_scan_in_a_stocktake_is_taken_back(fife: College, kit: str, clock: SetClock) -> None:
    """A scan by mistake must not stay as the day on which the kit was last seen."""
    clock.move(days=3)
    seen = fife.find.holding(kit).last_sighted
    count = fife.stocktakes.open("Autumn").id
    fife.stocktakes.scan(count, kit)
    assert fife.find.holding(kit).last_sighted != seen
    fife.actions.undo()
    assert fife.find.holding(kit).last_sighted == seen
    fife.stocktakes.scan(count, kit)
    fife.stocktakes.close(count)
    assert refused(fife.actions.undo).code == "cannot_undo"
    assert refused(lambda: fife.actions.undo(kit)).code == "cannot_undo"
    assert fife.ledger.verify().ok


def test_kits_promised_since_are_not_promised_twice_after_a_merge(
    fife: College, reopen: Callable[..., College]
) -> None:
    """The type that was booked is part of another by now, and its kits are that one's."""
    for name in ("Rvoer kit", "Rover kit"):
        fife.holdings.add(NewHolding(name))
    first = fife.session.today + timedelta(days=7)
    last = first + timedelta(days=4)
    (made,) = fife.bookings.book("A School", {"Rvoer kit": 1}, first, last)
    fife.bookings.cancel(made.id)
    colleague = reopen("j.bain")
    colleague.holdings.merge_types("Rvoer kit", "Rover kit")
    colleague.bookings.book("B School", {"Rover kit": 2}, first, last)
    assert refused(fife.actions.undo).code == "not_free"
    assert fife.ledger.verify().ok


def test_a_type_that_others_ask_for_stays(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """A wrong contents file is not taken back under a colleague's booking, want or policy."""
    first = fife.session.today + timedelta(days=7)
    last = first + timedelta(days=4)
    colleague = reopen("j.bain")
    asks: dict[str, Callable[[str], object]] = {
        "Telescope": lambda name: colleague.bookings.book("A School", {name: 1}, first, last),
        "Drone": lambda name: colleague.wants.add("A School", name, 1, first, last, days=3),
        "Abacus": lambda name: colleague.policies.set("turnaround", "2", name),
    }
    for name, ask in asks.items():
        fife.holdings.define_types([kit_type_with(name, KIT)])
        one = colleague.holdings.add(NewHolding(name)).tag
        ask(name)
        colleague.holdings.amend(one, type="STEM kit")
        refusal = refused(fife.actions.undo)
        assert (refusal.code, name in refusal.message) == ("built_upon", True)
        assert fife.holdings.type(name).type == name
    assert fife.ledger.verify().ok


def test_a_type_that_a_gift_is_of_stays(new_place: Callable[[], str], clock: SetClock) -> None:
    """What a donor promised keeps its name."""
    place = new_place()
    with kitloan.init("esp", place, actor="auditor", clock=clock) as national:
        national.holdings.define_types([kit_type_with("Telescope", KIT)])
        with kitloan.open(place, actor="j.bain", clock=clock) as colleague:
            terms = GiftTermsAgreed(donor="RAF", type="Telescope", promised=20)
            colleague.national.agree_gift("raf-2026", terms)
        assert refused(national.actions.undo).code == "built_upon"
        assert national.ledger.verify().ok


def test_what_was_built_on_since_is_not_done_again(
    fife: College, reopen: Callable[..., College]
) -> None:
    """A booking that was changed since its cancelling was taken back is not cancelled again."""
    fife.holdings.add(NewHolding("STEM kit"))
    first = fife.session.today + timedelta(days=7)
    (made,) = fife.bookings.book("A School", {"STEM kit": 1}, first, first + timedelta(days=4))
    fife.bookings.cancel(made.id)
    fife.actions.undo()
    colleague = reopen("j.bain")
    colleague.bookings.change(made.id, return_by=first + timedelta(days=5))
    refusal = refused(fife.actions.redo)
    assert (refusal.code, "j.bain" in refusal.message) == ("built_upon", True)
    wanted = colleague.wants.add(
        "A School", "STEM kit", 1, first, first + timedelta(days=4), days=3
    )
    fife.wants.close(wanted.id)
    fife.actions.undo()
    colleague.actions.undo()
    assert refused(fife.actions.redo).code == "built_upon", "nobody wants it any more"
    assert colleague.actions.redo().kind == "want.made"
    assert fife.actions.redo().kind == "want.closed"
    assert fife.ledger.verify().ok


def test_what_names_a_school_that_is_gone_is_not_done_again(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """The school was taken in with a colleague's loan, and went when that was undone."""
    colleague = reopen("j.bain")
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    first = fife.session.today + timedelta(days=7)
    last = first + timedelta(days=4)
    acts: list[Callable[[], object]] = [
        lambda: fife.directory.block("New School", "three kits late"),
        lambda: fife.loans.check_out([other], "New School"),
        lambda: fife.bookings.book("New School", {"STEM kit": 1}, first, last),
        lambda: fife.wants.add("New School", "STEM kit", 1, first, last, days=3),
    ]
    for act in acts:
        colleague.loans.check_out([kit], "New School")
        act()
        fife.actions.undo()
        assert colleague.actions.undo().kind == "loan.checked_out"
        refusal = refused(fife.actions.redo)
        assert (refusal.code, "new-school" in refusal.message) == ("built_upon", True)
        assert colleague.actions.redo().kind == "loan.checked_out"
        assert fife.actions.redo().at
        fife.actions.undo()
        colleague.actions.undo()
    assert fife.ledger.verify().ok


def test_what_is_for_an_event_that_is_gone_is_not_done_again(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """A booking for nothing would be kept longest of all, and on no packing list."""
    colleague = reopen("j.bain")
    first = fife.session.today + timedelta(days=7)
    last = first + timedelta(days=4)
    event = colleague.events.add("Science fair", first).id
    fife.bookings.book("A School", {"STEM kit": 1}, first, last, event=event)
    assert refused(colleague.actions.undo).code in ("built_upon", "cannot_undo")
    fife.actions.undo()
    assert colleague.actions.undo().kind == "event.planned"
    refusal = refused(fife.actions.redo)
    assert (refusal.code, event in refusal.message) == ("built_upon", True)
    colleague.actions.redo()
    assert fife.actions.redo().kind == "booking.made"
    assert fife.ledger.verify().ok


def test_what_others_undid_of_a_holding_is_seen(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """A return is not done again when its loan is no more, nor a loan beside another."""
    colleague = reopen("j.bain")
    fife.loans.check_out([kit], "A School")
    colleague.loans.check_in([kit], Count(whole=True))
    colleague.actions.undo()
    fife.actions.undo()
    assert refused(colleague.actions.redo).code == "built_upon"
    colleague.loans.check_out([kit], "B School")
    colleague.actions.undo()
    fife.actions.redo()
    assert refused(colleague.actions.redo).code == "built_upon"
    fife.actions.undo()
    assert colleague.actions.redo().kind == "loan.checked_out"
    assert fife.ledger.verify().ok


def test_a_label_that_is_anothers_by_now_is_not_claimed_again(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """It was claimed by mistake, taken back, and stuck on another box since."""
    other, label, new = fife.holdings.add(NewHolding("STEM kit")).tag, mint(), mint()
    fife.holdings.claim_label(kit, label)
    fife.actions.undo()
    colleague = reopen("j.bain")
    colleague.holdings.claim_label(other, label)
    assert refused(fife.actions.redo).code == "built_upon"
    fife.holdings.add(NewHolding("STEM kit", tag=new))
    fife.actions.undo()
    colleague.holdings.claim_label(other, new)
    assert refused(fife.actions.redo).code == "built_upon"
    assert fife.ledger.verify().ok


def test_what_was_before_names_a_school_that_is_gone(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """No row names it now; a block that was ended, or a booking that was changed, did."""
    colleague = reopen("j.bain")
    fife.holdings.add_several(NewHolding("STEM kit"), 2)
    first = fife.session.today + timedelta(days=7)
    colleague.loans.check_out([kit], "New School")
    fife.directory.block("New School", "three kits late")
    fife.directory.unblock("New School")
    colleague.actions.undo()
    refusal = refused(fife.actions.undo)
    assert (refusal.code, "new-school" in refusal.message) == ("built_upon", True)
    colleague.actions.redo()
    assert fife.actions.undo().kind == "borrower.unblocked"
    assert [each.organisation for each in fife.directory.blocks()] == ["New School"]
    fife.directory.unblock("New School")
    (made,) = fife.bookings.book("New School", {"STEM kit": 1}, first, first + timedelta(days=4))
    fife.bookings.change(made.id, to="A School")
    colleague.actions.undo()
    assert refused(fife.actions.undo).code == "built_upon"
    assert fife.ledger.verify().ok


def test_the_list_knows_on_what_something_rests(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """What the list calls undoable can be undone."""
    colleague = reopen("j.bain")
    first = fife.session.today + timedelta(days=7)
    last = first + timedelta(days=4)
    (made,) = fife.bookings.book("A School", {"STEM kit": 1}, first, last)
    wanted = fife.wants.add("A School", "STEM kit", 1, first, last, days=3)
    fife.holdings.define_types([kit_type_with("Telescope", KIT)])
    assert [each.why for each in fife.actions.list()[:3]] == ["", "", ""]
    colleague.bookings.change(made.id, return_by=last + timedelta(days=1))
    colleague.wants.close(wanted.id)
    colleague.holdings.add(NewHolding("Telescope"))
    listed = {each.kind: each.why for each in fife.actions.list()[:3]}
    assert "j.bain" in listed["booking.made"]
    assert "j.bain" in listed["want.made"]
    assert "Telescope" in listed["kit_type.defined"]
    colleague.actions.undo()
    colleague.actions.undo()
    colleague.actions.undo()
    assert [each.why for each in fife.actions.list()[:3]] == ["", "", ""]
    colleague.loans.check_out([kit], booking=made.id, on=None)
    (why,) = [each.why for each in fife.actions.list() if each.kind == "booking.made"]
    assert why.startswith("KL ")


def test_the_list_says_that_kits_are_promised_to_others(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """A cancelled booking whose kit is another's by now is not called undoable."""
    first = fife.session.today + timedelta(days=7)
    last = first + timedelta(days=4)
    (made,) = fife.bookings.book("A School", {"STEM kit": 1}, first, last)
    fife.bookings.cancel(made.id)
    assert fife.actions.list()[0].why == ""
    colleague = reopen("j.bain")
    colleague.bookings.book("B School", {"STEM kit": 1}, first, last)
    before = fife.ledger.log()
    (listed,) = [each for each in fife.actions.list() if each.kind == "booking.cancelled"]
    assert (listed.code, "promised to others" in listed.why) == ("not_free", True)
    with pytest.raises(Refused) as refused:
        fife.actions.undo()
    assert (refused.value.code, refused.value.message) == (listed.code, f"{listed.why}.")
    assert fife.ledger.log() == before
    colleague.actions.undo()
    assert fife.actions.list()[0].why == ""


def test_the_list_says_that_a_number_is_anothers(fife: College) -> None:
    """An undone change would give two boxes one number."""
    one = fife.holdings.add(NewHolding("Telescope", asset_number="T1")).tag
    fife.holdings.amend(one, asset_number="T2")
    assert fife.actions.list()[0].why == ""
    fife.holdings.add(NewHolding("Telescope", asset_number="T1"))
    listed = {each.kind: each for each in fife.actions.list()}
    assert listed["holding.amended"].code == "number_taken"
    assert "T1" in listed["holding.amended"].why


def test_the_list_has_what_cannot_be_undone(fife: College, kit: str) -> None:
    """Printing and erasing are actions too: they are why nothing older is undone by itself."""
    fife.loans.check_out([kit], "A School", contact="Pat Example")
    fife.holdings.add(NewHolding("Telescope"))
    fife.holdings.labels_printed([kit], blank=False)
    fife.people.erase("Pat Example")
    erased, printed, *_ = fife.actions.list()
    assert (erased.kind, erased.code) == ("erase", "cannot_undo")
    assert (printed.kind, printed.code) == ("labels.printed", "cannot_undo")
    assert erased.why
    assert printed.why


def test_a_long_action_hides_no_older_one(fife: College, kit: str) -> None:
    """Two hundred taken in at once are one action, and the loan before it is listed too."""
    fife.loans.check_out([kit], "A School")
    for _ in range(3):
        fife.holdings.add_several(NewHolding("Telescope"), 200)
    kinds = [each.kind for each in fife.actions.list()]
    assert kinds[:4] == ["holding.accessioned"] * 3 + ["loan.checked_out"]
