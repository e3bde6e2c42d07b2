"""Check-in, counts and restocking: a kit comes back counted, and what is missing is on record."""

from collections.abc import Callable

import pytest

from conftest import SetClock
from kitloan import BadInput, Count, NewHolding, Refused
from kitloan.college import College
from kitloan.text.tags import mint
from kitloan.values import ShortageLine


def lend(desk: College, tag: str, to: str = "Balwearie High School") -> str:
    """Lend one kit; gives the loan's id."""
    (lent,) = desk.loans.check_out([tag], to)
    return lent.id


def test_a_whole_kit_is_lent_again_at_once(fife: College, kit: str) -> None:
    """A kit that came back whole and cannot be lent is a kit lost to the next school."""
    loan = lend(fife, kit)
    (back,) = fife.loans.check_in([kit], Count(whole=True))
    assert (back.id, back.counted, back.shortages) == (loan, "whole", ())
    assert fife.find.holding(kit).status == "in"
    lend(fife, kit, "Viewforth High School")


def test_nobodys_count_is_assumed(fife: College, kit: str) -> None:
    """A kit that nobody counted must not go out as if it were whole."""
    lend(fife, kit)
    (back,) = fife.loans.check_in([kit])
    assert back.counted == "uncounted"
    assert fife.find.holding(kit).status == "uncounted"
    with pytest.raises(Refused) as refusal:
        lend(fife, kit)
    assert refusal.value.code == "uncounted"
    fife.loans.count(kit, Count(whole=True))
    lend(fife, kit)


def test_what_is_missing_is_on_record(fife: College, kit: str) -> None:
    """Two wheels lost and not written down are two wheels that the next school is blamed for."""
    lend(fife, kit)
    (back,) = fife.loans.check_in([kit], Count(missing={"wheels": 2}, broken={"pan": 1}))
    assert back.shortages == (ShortageLine("Panel", 0, 1), ShortageLine("Wheel", 2, 0))
    assert back.new == back.shortages
    assert fife.find.holding(kit).shortages == back.shortages
    assert fife.find.holding(kit).status == "in", "neither is critical"


def test_nobody_is_blamed_twice(fife: College, kit: str) -> None:
    """What was short when a kit left is not the next borrower's doing, and is not forgotten."""
    fife.loans.count(kit, Count(missing={"Wheel": 1}))
    lend(fife, kit)
    (back,) = fife.loans.check_in([kit], Count(missing={"Panel": 1}))
    assert back.shortages == (ShortageLine("Panel", 1, 0), ShortageLine("Wheel", 1, 0))
    assert back.new == (ShortageLine("Panel", 1, 0),)
    lend(fife, kit, "Viewforth High School")
    (back,) = fife.loans.check_in([kit], Count(missing={"Wheel": 3}))
    assert back.new == (ShortageLine("Wheel", 2, 0),)


def test_whole_means_everything_on_the_list(fife: College, kit: str) -> None:
    """A wheel that turned up must not be bought."""
    fife.loans.count(kit, Count(missing={"Wheel": 1}))
    lend(fife, kit)
    (back,) = fife.loans.check_in([kit], Count(whole=True))
    assert (back.shortages, back.found) == ((), ("Wheel",))
    assert fife.find.shortages().total == 0


@pytest.mark.parametrize(
    ("count", "code"),
    [
        (Count(missing={"Gear": 1}), "no_such_component"),
        (Count(missing={"": 1}), "no_such_component"),
        (Count(missing={"Wheel": 17}), "too_many_short"),
        (Count(missing={"Wheel": 9}, broken={"Wheel": 8}), "too_many_short"),
        (Count(missing={"Wheel": -1}), "bad_quantity"),
        (Count(whole=True, missing={"Wheel": 1}), "whole_but_short"),
    ],
)
def test_a_count_that_cannot_be_changes_nothing(
    fife: College, kit: str, count: Count, code: str
) -> None:
    """A slip at the counter must not close the loan with a wrong count."""
    lend(fife, kit)
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_in([kit], count)
    assert refusal.value.code == code
    assert fife.find.holding(kit).status == "out"


def test_what_is_in_cannot_come_back(fife: College, kit: str) -> None:
    """A return of something that is in means that the wrong label was scanned."""
    with pytest.raises(Refused) as refusal:
        fife.loans.check_in([kit])
    assert refusal.value.code == "not_out"


def test_a_device_without_contents_is_simply_back(fife: College) -> None:
    """A headset has nothing to count, and must not be asked about."""
    headset = fife.holdings.add(NewHolding("VR headset")).tag
    lend(fife, headset)
    (back,) = fife.loans.check_in([headset])
    assert back.counted == "no_contents"
    assert fife.find.holding(headset).status == "in"
    lend(fife, headset)
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_in([headset], Count(missing={"Strap": 1}))
    assert refusal.value.code == "no_contents_list"


def test_stock_comes_back_in_parts(fife: College) -> None:
    """Twelve goggles go out together and come back when the classes are done."""
    goggles = fife.holdings.add(NewHolding("Safety goggles", quantity=30)).tag
    fife.loans.check_out([goggles], "Balwearie High School", quantity=12)
    (back,) = fife.loans.check_in([goggles], quantity=5)
    assert (back.quantity, back.still_out) == (5, 7)
    assert fife.find.loans().items[0].quantity == 7
    with pytest.raises(Refused) as refusal:
        fife.loans.check_in([goggles], quantity=8)
    assert refusal.value.details["outstanding"] == 7
    fife.loans.check_in([goggles])
    assert (fife.find.holding(goggles).status, fife.find.loans().total) == ("in", 0)


def test_of_several_borrowers_the_right_one_is_credited(fife: College) -> None:
    """Goggles credited to the wrong school leave the other chased for what it brought back."""
    goggles = fife.holdings.add(NewHolding("Safety goggles", quantity=30)).tag
    fife.loans.check_out([goggles], "Balwearie High School", quantity=12)
    fife.loans.check_out([goggles], "Viewforth High School", quantity=10)
    with pytest.raises(Refused) as refusal:
        fife.loans.check_in([goggles], quantity=10)
    assert refusal.value.code == "which_loan"
    (back,) = fife.loans.check_in([goggles], quantity=10, from_="viewforth high school")
    assert back.to == "Viewforth High School"
    (left,) = fife.find.loans().items
    assert (left.to, left.quantity) == ("Balwearie High School", 12)


def test_one_school_with_two_loans_gives_back_the_older_first(fife: College) -> None:
    """What is due first is back first, and one return may close two loans."""
    goggles = fife.holdings.add(NewHolding("Safety goggles", quantity=30)).tag
    for quantity in (5, 4):
        fife.loans.check_out([goggles], "Balwearie High School", quantity=quantity)
    (back,) = fife.loans.check_in([goggles], quantity=7)
    assert back.still_out == 2
    (left,) = fife.find.loans().items
    assert left.quantity == 2


def test_the_same_return_twice_is_one(fife: College, kit: str) -> None:
    """Said again after a crash, a return answers as it did, and not "it is not on loan"."""
    lend(fife, kit)
    count = Count(missing={"Wheel": 2})
    (first,) = fife.loans.check_in([kit], count, request_id="r2")
    (again,) = fife.loans.check_in([kit], count, request_id="r2")
    assert (again.id, again.shortages) == (first.id, first.shortages)
    assert len(fife.find.history(kit)) == 3


def test_a_return_over_two_loans_said_twice_answers_the_same(fife: College) -> None:
    """A desk that asks again must hear of one return, from the school that it came from."""
    goggles = fife.holdings.add(NewHolding("Safety goggles", quantity=30)).tag
    for quantity in (5, 4):
        fife.loans.check_out([goggles], "Balwearie High School", quantity=quantity)
    (first,) = fife.loans.check_in([goggles], quantity=9, request_id="r3")
    (again,) = fife.loans.check_in([goggles], quantity=9, request_id="r3")
    assert again == first


def test_exceptions_are_said_of_one_kit_at_a_time(fife: College, kit: str) -> None:
    """Two wheels missing from "these three kits" are missing from nobody knows which."""
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.loans.check_out([kit, other], "Balwearie High School")
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_in([kit, other], Count(missing={"Wheel": 2}))
    assert refusal.value.code == "one_at_a_time"
    assert fife.find.loans().total == 2
    assert len(fife.loans.check_in([kit, other], Count(whole=True))) == 2


def test_a_shortage_is_made_good_bit_by_bit(fife: College, kit: str) -> None:
    """Spares arrive two today and one next week."""
    fife.loans.count(kit, Count(missing={"Wheel": 3}, broken={"Wheel": 1}))
    assert fife.loans.restock(kit, "wheel", 2)[1] == (ShortageLine("Wheel", 1, 1),)
    with pytest.raises(Refused) as refusal:
        fife.loans.restock(kit, "wheel", 3)
    assert refusal.value.details["short"] == 2
    assert fife.loans.restock(kit, "wheel", 2)[1] == ()
    with pytest.raises(Refused) as refusal:
        fife.loans.restock(kit, "wheel", 1)
    assert refusal.value.code == "nothing_short"


def test_a_shortage_keeps_the_day_it_was_found(fife: College, kit: str, clock: SetClock) -> None:
    """A wheel missing since March must not look like last week's."""
    fife.loans.count(kit, Count(missing={"Wheel": 1}))
    since = fife.find.shortages().items[0].since
    clock.move(days=40)
    fife.loans.count(kit, Count(missing={"Wheel": 2}))
    assert fife.find.shortages().items[0].since == since


def test_making_the_manual_good_makes_the_kit_lendable(fife: College, kit: str) -> None:
    """A kit in order must not stay barred."""
    fife.loans.count(kit, Count(missing={"Facilitator manual": 1}))
    assert fife.find.holding(kit).status == "incomplete"
    fife.loans.restock(kit, "facilitator", 1)
    assert fife.find.holding(kit).status == "in"


def test_a_kit_on_loan_cannot_be_counted_here(fife: College, kit: str) -> None:
    """A count of what is not here would be a guess."""
    lend(fife, kit)
    with pytest.raises(Refused) as refusal:
        fife.loans.count(kit, Count(whole=True))
    assert refusal.value.code == "on_loan"


def test_the_list_to_count_against_shows_what_was_short(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """The person who counts must see what was known, in the bags' order."""
    fife.loans.count(kit, Count(missing={"Wheel": 1}))
    parts = reopen("j.bain").loans.contents(kit)
    assert [part.name for part in parts] == ["Facilitator manual", "Wheel", "Panel", "Spanner"]
    assert [part.missing for part in parts] == [0, 1, 0, 0]
    assert [part.critical for part in parts] == [True, False, False, True]


def test_a_note_stays_with_the_loan_and_out_of_the_ledger(fife: College, kit: str) -> None:
    """A remark may name a teacher, and the ledger is for ever."""
    lend(fife, kit)
    fife.loans.check_in([kit], Count(whole=True), note="Mrs Campbell says the lid sticks")
    (note,) = fife.people.remarks(kit)
    assert (note.heading, note.words) == ("note", "Mrs Campbell says the lid sticks")
    assert all("Campbell" not in line.summary for line in fife.ledger.log())


def test_a_note_has_its_day_and_its_writer(
    fife: College, kit: str, clock: SetClock, reopen: Callable[[str], College]
) -> None:
    """Whether the lid still sticks depends on when somebody wrote so, and whom one can ask."""
    fife.holdings.amend(kit, asset_number="K1")
    fife.holdings.put_in_repair(kit, "the lid sticks")
    fife.holdings.repaired(kit, note="oiled")
    clock.move(hours=48)
    lend(fife, kit)
    other = reopen("j.bain")
    other.loans.check_in([kit], Count(whole=True), note="it sticks again")
    label = mint()
    fife.holdings.claim_label(kit, label)
    written = [(note.words, note.at, note.by) for note in fife.people.remarks(kit)]
    assert written == [
        ("oiled", "2026-11-23T11:42:00Z", "m.ross"),
        ("it sticks again", "2026-11-25T11:42:00Z", "j.bain"),
    ]
    assert fife.people.remarks(label) == fife.people.remarks("K1") == fife.people.remarks(kit)
    spare = fife.holdings.add(NewHolding("Device")).tag
    fife.holdings.claim_label(spare, label, move=True)
    lend(fife, spare, "Viewforth High School")
    fife.directory.merge("Balwearie High School", "Viewforth High School")
    assert [note.words for note in fife.people.remarks(kit)] == ["oiled", "it sticks again"]


def test_a_note_goes_with_the_return_that_is_undone(fife: College, kit: str) -> None:
    """Undone is undone: a note of what did not come back stands nowhere, until it is redone."""
    lend(fife, kit)
    fife.loans.check_in([kit], Count(whole=True), note="the lid is cracked")
    fife.actions.undo()
    assert fife.people.remarks(kit) == []
    fife.actions.redo()
    assert [note.words for note in fife.people.remarks(kit)] == ["the lid is cracked"]


def test_a_stock_that_comes_back_on_several_loans(fife: College) -> None:
    """A script that closes its own list of loans would chase the second one for ever."""
    tag = fife.holdings.add(NewHolding("Goggles", quantity=9)).tag
    lent = [fife.loans.check_out([tag], "Viewforth", quantity=n)[0].id for n in (1, 2)]
    assert {loan.id for loan in fife.find.loans(of=tag).items} == set(lent)
    (back,) = fife.loans.check_in([tag], request_id="r1")
    assert sorted(back.loans) == sorted(zip(lent, (1, 2), strict=True))
    assert fife.loans.check_in([tag], request_id="r1")[0].loans == back.loans


def test_the_contents_of_a_stock_are_not_counted(fife: College) -> None:
    """Told to define a contents list that there is, a technician would go round in circles."""
    tag = fife.holdings.add(NewHolding("STEM kit", quantity=3)).tag
    fife.loans.check_out([tag], "Viewforth")
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_in([tag], Count(missing={"Wheel": 1}))
    assert "is a stock of 3" in refusal.value.message
    with pytest.raises(Refused) as out:
        fife.loans.count(tag, Count(whole=True))
    assert "--quantity" in out.value.hint
