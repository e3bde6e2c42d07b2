"""Offers between colleges: each side writes its own ledger, ESP's store shows both."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from kitloan import Count, Gift, NewHolding
from kitloan.college import College
from kitloan.errors import BadInput, KitloanError, Refused, StoreError
from kitloan.exchange.moves import cheapest_moves
from kitloan.exchange.offers import OfferLine
from kitloan.holdings import kit_type_with
from kitloan.ledger.facts.definitions import ContentsLine
from trusting import hear, merge

FIRST, LAST = date(2026, 12, 7), date(2026, 12, 18)
ROVER = kit_type_with(
    "Rover", (ContentsLine(name="Wheel", quantity=4), ContentsLine(name="Motor", quantity=2))
)


@dataclass(frozen=True, slots=True)
class Three:
    """Two colleges and ESP, which send each other files."""

    fife: College
    ayrshire: College
    esp: College
    folder: Path

    def send(self) -> None:
        """Both colleges' files to ESP, and ESP's to both."""
        for each in (self.fife, self.ayrshire):
            file = self.folder / f"{each.session.college}.kitloan"
            each.exchange.export(file)
            merge(self.esp, [file])
        file = self.folder / "esp.kitloan"
        self.esp.exchange.export(file)
        for each in (self.fife, self.ayrshire):
            hear(each, file)


@pytest.fixture
def three(new_place: Callable[[], str], clock: SetClock, tmp_path: Path) -> Iterator[Three]:
    """Fife has three STEM kits, Ayrshire none."""
    with (
        kitloan.init("fife", new_place(), actor="m.ross", clock=clock) as fife,
        kitloan.init("ayrshire", new_place(), actor="j.kerr", clock=clock) as ayrshire,
        kitloan.init("esp", new_place(), actor="esp", clock=clock) as esp,
    ):
        for _ in range(3):
            fife.holdings.add(NewHolding("STEM kit"))
        yield Three(fife, ayrshire, esp, tmp_path)


def only(opened: College) -> OfferLine:
    """The one offer that a store shows."""
    (found,) = opened.offers.list(closed_too=True).items
    return found


def test_an_offer_is_made_seen_claimed_and_accepted(three: Three) -> None:
    """A kit that idles in Fife is used in Ayrshire, and neither has written the other's ledger."""
    made = three.fife.offers.add("STEM kit", 2, keep=True)
    assert (made.offer, made.left, made.terms, made.state) == (made.offer, 2, "keep", "open")
    assert not three.ayrshire.offers.list().items
    three.send()
    seen = only(three.ayrshire)
    assert (seen.offer, seen.type, seen.left, seen.name) == (
        *(made.offer, "STEM kit", 2),
        "Fife College",
    )
    claimed = three.ayrshire.offers.claim(made.offer.lower(), 2)
    assert (claimed.state, claimed.type, claimed.gets) == ("waiting", "STEM kit", None)
    three.send()
    (asked,) = only(three.fife).claims
    assert (asked.college, asked.quantity, asked.state) == ("ayrshire", 2, "waiting")
    answered = three.fife.offers.answer(made.offer, "Ayrshire College", 1)
    assert (answered.left, answered.claims[0].gets) == (1, 1)
    three.send()
    for opened in (three.fife, three.ayrshire, three.esp):
        (claim,) = only(opened).claims
        assert (claim.college, claim.quantity, claim.gets, claim.state) == (
            *("ayrshire", 2, 1),
            "accepted",
        )
        assert only(opened).left == 1
        assert opened.ledger.verify().ok
    (mine,) = three.ayrshire.offers.list().claims
    assert (mine.offer, mine.gets, mine.state) == (made.offer, 1, "accepted")


def test_an_older_file_of_esp_takes_nothing_back(three: Three, clock: SetClock) -> None:
    """Files come in any order; what a later one showed stays."""
    three.send()
    older = three.folder / "older.kitloan"
    three.esp.exchange.export(older)
    clock.move(minutes=1)
    made = three.fife.offers.add("STEM kit", keep=True)
    three.send()
    hear(three.ayrshire, older)
    assert only(three.ayrshire).offer == made.offer


def test_each_half_is_withdrawn_by_who_made_it(three: Three) -> None:
    """What is offered no more is not claimed, and a claim taken back is not answered."""
    made = three.fife.offers.add("STEM kit", first=FIRST, last=LAST)
    assert made.expires == LAST
    three.send()
    three.ayrshire.offers.claim(made.offer)
    three.ayrshire.offers.withdraw_claim(made.offer)
    three.send()
    assert not only(three.esp).claims
    assert three.ayrshire.offers.list().claims[0].state == "withdrawn"
    with pytest.raises(Refused) as refusal:
        three.ayrshire.offers.withdraw_claim(made.offer)
    assert refusal.value.code == "claim_closed"
    assert three.fife.offers.close(made.offer).state == "closed"
    assert not three.fife.offers.list().items
    three.send()
    for act in (
        lambda: three.ayrshire.offers.claim(made.offer),
        lambda: three.fife.offers.close(made.offer),
        lambda: three.fife.offers.answer(made.offer, "ayrshire", 1),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "offer_closed"
    summaries = [line.summary for line in three.fife.ledger.log()]
    number = made.offer.partition(":")[2]
    assert f"offer {number} closed" in summaries
    days = "to borrow from 7 Dec 2026 to 18 Dec 2026"
    assert f"1 of STEM kit offered to other colleges, {days}, offer {number}" in summaries


def test_a_declined_claim_waits_no_more_at_the_college_that_declined_it(three: Three) -> None:
    """Else a no would be given again and again, and a claim be answered twice."""
    made = three.fife.offers.add("STEM kit", keep=True)
    three.send()
    three.ayrshire.offers.claim(made.offer)
    three.send()
    declined = three.fife.offers.answer(made.offer, "ayrshire", 0)
    assert [(each.gets, each.state) for each in declined.claims] == [(0, "declined")]
    three.send()
    for opened in (three.fife, three.ayrshire, three.esp):
        assert [each.state for each in only(opened).claims] == ["declined"]
    three.fife.actions.undo()
    assert only(three.fife).claims[0].state == "waiting"


def test_undo_takes_back_each_step(three: Three) -> None:
    """A slip is one key away from never having been."""
    fife = three.fife.offers
    made = fife.add("STEM kit", 3, keep=True)
    fife.answer(made.offer, "ayrshire", 2)
    fife.answer(made.offer, "borders", 1)
    assert only(three.fife).left == 0 and only(three.fife).state == "taken"
    assert three.fife.actions.undo().kind == "claim.answered"
    assert only(three.fife).left == 1
    assert three.fife.actions.redo().kind == "claim.answered"
    assert [each.gets for each in only(three.fife).claims] == [2, 1]
    for _ in range(3):
        three.fife.actions.undo()
    assert not three.fife.offers.list(closed_too=True).items
    assert three.fife.ledger.verify().ok
    three.ayrshire.offers.claim("fife:O9")
    three.ayrshire.actions.undo()
    assert not three.ayrshire.offers.list().claims
    assert three.ayrshire.ledger.verify().ok


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"type": "Telescope", "keep": True}, "unknown_type"),
        ({"type": "STEM kit"}, "days_needed"),
        ({"type": "STEM kit", "keep": True, "first": FIRST}, "days_not_needed"),
        ({"type": "STEM kit", "first": LAST, "last": FIRST}, "dates_reversed"),
        ({"type": "STEM kit", "first": date(2026, 11, 1), "last": LAST}, "in_the_past"),
        ({"type": "STEM kit", "keep": True, "expires": date(2026, 11, 1)}, "in_the_past"),
        ({"type": "STEM kit", "quantity": 0, "keep": True}, "bad_quantity"),
        ({"type": "STEM kit", "quantity": 4, "keep": True}, "not_enough"),
        ({"type": "STEM kit", "quantity": 4, "first": FIRST, "last": LAST}, "not_free"),
        ({"keep": True}, "nothing_named"),
        (
            {"type": "STEM kit", "keep": True, "donor_agreement": "a@raf.example"},
            "names_a_person",
        ),
        ({"keep": True, "tags": ["KL00000000000"]}, "bad_tag"),
    ],
)
def test_what_cannot_be_offered_changes_nothing(
    three: Three, given: dict[str, object], code: str
) -> None:
    """Nobody drives for a kit that is not there."""
    before = len(three.fife.ledger.log())
    with pytest.raises(KitloanError) as refusal:
        three.fife.offers.add(**given)  # type: ignore[arg-type]
    assert refusal.value.code == code and refusal.value.hint
    assert len(three.fife.ledger.log()) == before


@pytest.mark.parametrize(
    ("which", "quantity", "code"),
    [
        ("O1", 1, "bad_offer"),
        ("fife:12", 1, "bad_offer"),
        ("ayrshire:O1", 1, "own_college"),
        ("hogwarts:O1", 1, "unknown_college"),
        ("fife:O1", 0, "bad_quantity"),
        ("fife:OFFER", 4, "offer_taken"),
    ],
)
def test_what_cannot_be_claimed_is_refused(
    three: Three, which: str, quantity: int, code: str
) -> None:
    """A claim names an offer as ESP lists it, and no more than is left."""
    made = three.fife.offers.add("STEM kit", 3, keep=True)
    three.send()
    with pytest.raises(KitloanError) as refusal:
        three.ayrshire.offers.claim(which.replace("fife:OFFER", made.offer), quantity)
    assert refusal.value.code == code and refusal.value.hint


def test_a_donors_kit_is_not_given_away_without_the_donor(three: Three) -> None:
    """What the RAF lends is not ours to give; with the RAF's letter it may go."""
    fife = three.fife
    lent = [
        fife.holdings.add(
            NewHolding("Drone", gift=Gift(donor="RAF", title="on_loan_from_donor"))
        ).tag
        for _ in range(2)
    ]
    for given in ({"tags": lent[:1]}, {"type": "Drone"}):
        with pytest.raises(Refused) as refusal:
            fife.offers.add(keep=True, **given)  # type: ignore[arg-type]
        assert refusal.value.code == "donor_must_agree"
        assert "--donor-agreement" in refusal.value.hint
    made = fife.offers.add(tags=lent, keep=True, donor_agreement="letter of 1 May 2026")
    assert (made.quantity, set(made.tags)) == (2, set(lent))
    assert fife.offers.add("Drone", first=FIRST, last=LAST).left == 1


def test_the_database_promises_no_more_than_is_offered(three: Three) -> None:
    """A bug above must not promise one kit to two colleges."""
    made = three.fife.offers.add("STEM kit", keep=True)
    three.fife.offers.answer(made.offer, "ayrshire", 1)
    with pytest.raises(Refused) as refusal:
        three.fife.offers.answer(made.offer, "borders", 1)
    assert (refusal.value.code, refusal.value.details["left"]) == ("offer_taken", 0)
    with (
        pytest.raises(StoreError, match="never_more_claimed"),
        three.fife.session.store.write() as connection,
    ):
        connection.exec_driver_sql("UPDATE offer SET accepted = 2")


def test_a_repeated_request_is_done_once(three: Three) -> None:
    """A desk that lost the answer asks again, and gets the same."""
    fife, ayrshire = three.fife.offers, three.ayrshire.offers
    made = fife.add("STEM kit", 2, keep=True, request_id="r1")
    fife.answer(made.offer, "ayrshire", 1, request_id="r2")
    assert fife.add("STEM kit", 2, keep=True, request_id="r1").offer == made.offer
    fife.answer(made.offer, "ayrshire", 1, request_id="r2")
    claimed = ayrshire.claim(made.offer, request_id="r3")
    assert ayrshire.claim(made.offer, request_id="r3") == claimed
    ayrshire.withdraw_claim(made.offer, request_id="r4")
    ayrshire.withdraw_claim(made.offer, request_id="r4")
    fife.close(made.offer, request_id="r5")
    fife.close(made.offer, request_id="r5")
    for act in (
        lambda: fife.add("STEM kit", 3, keep=True, request_id="r1"),
        lambda: fife.answer(made.offer, "ayrshire", 2, request_id="r2"),
        lambda: ayrshire.claim(made.offer, 2, request_id="r3"),
    ):
        with pytest.raises(BadInput) as refusal:
            act()
        assert refusal.value.code == "id_reused"


def test_a_changed_offer_is_seen_by_all_and_no_claim_of_it_is_lost(three: Three) -> None:
    """Ayrshire claimed two while Fife made it one: both see so, before anybody drives."""
    made = three.fife.offers.add("STEM kit", 2, keep=True, note="boxed")
    three.send()
    three.ayrshire.offers.claim(made.offer, 2)
    changed = three.fife.offers.change(made.offer, quantity=1, expires=date(2026, 12, 1), note="")
    assert (changed.quantity, changed.left, changed.expires, changed.note) == (
        *(1, 1, date(2026, 12, 1)),
        None,
    )
    three.send()
    for opened in (three.fife, three.ayrshire, three.esp):
        seen = only(opened)
        (claim,) = seen.claims
        assert (seen.quantity, seen.expires, claim.quantity) == (1, date(2026, 12, 1), 2)
        assert claim.before_change
        assert opened.ledger.verify().ok
    assert three.ayrshire.offers.list().claims[0].before_change
    with pytest.raises(Refused) as refusal:
        three.fife.offers.answer(made.offer, "ayrshire", 2)
    assert refusal.value.code == "offer_taken"
    claimed = three.ayrshire.offers.claim(made.offer, 1)
    assert not claimed.before_change
    three.send()
    assert not only(three.fife).claims[0].before_change
    days = "to be claimed until 1 Dec 2026"
    number = made.offer.partition(":")[2]
    assert f"offer {number} changed: 1, {days}" in [e.summary for e in three.fife.ledger.log()]


def test_a_claim_of_a_changed_offer_is_made_again_with_the_same_number(three: Three) -> None:
    """Who still wants it after the change has only to say so."""
    made = three.fife.offers.add("STEM kit", keep=True)
    three.send()
    three.ayrshire.offers.claim(made.offer)
    three.fife.offers.change(made.offer, note="without its box")
    three.send()
    assert not three.ayrshire.offers.claim(made.offer).before_change
    with pytest.raises(Refused) as refusal:
        three.ayrshire.offers.claim(made.offer)
    assert refusal.value.code == "claimed_already"


def test_the_kits_of_an_offer_are_changed(three: Three) -> None:
    """One of the kits broke before anybody claimed it; another goes in its place."""
    tags = [each.tag for each in three.fife.find.search("").items]
    made = three.fife.offers.add(tags=tags[:2], keep=True)
    assert set(three.fife.offers.change(made.offer, tags=tags[1:]).tags) == set(tags[1:])
    assert three.fife.offers.change(made.offer, tags=tags).quantity == 3
    with pytest.raises(Refused) as refusal:
        three.fife.offers.add("STEM kit", keep=True)
    assert refusal.value.code == "not_enough"


def test_a_change_is_undone_while_nothing_rests_on_it(three: Three) -> None:
    """A slip of the finger is taken back; what another college was promised since is not."""
    fife = three.fife
    made = fife.offers.add("STEM kit", 2, keep=True)
    before = only(fife)
    fife.offers.change(made.offer, quantity=3)
    fife.actions.undo()
    assert only(fife) == before
    fife.actions.redo()
    assert only(fife).quantity == 3
    fife.offers.answer(made.offer, "ayrshire", 3)
    with pytest.raises(Refused) as refusal:
        fife.offers.change(made.offer, quantity=1)
    assert refusal.value.code == "offer_accepted"
    assert only(fife).left == 0
    assert fife.ledger.verify().ok


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "usage"),
        ({"quantity": 0}, "bad_quantity"),
        ({"quantity": 4}, "not_enough"),
        ({"quantity": 2}, "nothing_changes"),
        ({"expires": date(2026, 11, 1)}, "in_the_past"),
        ({"note": "ask Mrs Quill"}, "names_a_person"),
        ({"tags": ["KL00000000000"]}, "bad_tag"),
    ],
)
def test_a_change_that_cannot_be_made_changes_nothing(
    three: Three, given: dict[str, object], code: str
) -> None:
    """What is offered stays what the college has, and for days to come."""
    made = three.fife.offers.add("STEM kit", 2, keep=True)
    before = len(three.fife.ledger.log())
    with pytest.raises(KitloanError) as refusal:
        three.fife.offers.change(made.offer, **given)  # type: ignore[arg-type]
    assert refusal.value.code == code and refusal.value.hint
    assert len(three.fife.ledger.log()) == before
    three.fife.offers.close(made.offer)
    with pytest.raises(Refused) as refused:
        three.fife.offers.change(made.offer, quantity=1)
    assert refused.value.code == "offer_closed"


def test_an_offer_that_ended_is_offered_again(three: Three, clock: SetClock) -> None:
    """Nobody claimed it in time; a later last day is enough, while the kits are still here."""
    made = three.fife.offers.add("STEM kit", 3, keep=True, expires=date(2026, 11, 30))
    clock.move(days=10)
    assert only(three.fife).state == "ended"
    with pytest.raises(BadInput) as refusal:
        three.fife.offers.change(made.offer, note="still here")
    assert refusal.value.code == "in_the_past"
    assert three.fife.offers.change(made.offer, expires=date(2027, 1, 8)).state == "open"


def test_spare_parts_are_offered_claimed_accepted_and_counted_out(three: Three) -> None:
    """Two wheels of an idle kit make one at Ayrshire whole, and both registers show it."""
    for each in (three.fife, three.ayrshire):
        each.holdings.define_types([ROVER])
    kit = three.fife.holdings.add(NewHolding("Rover")).tag
    short = three.ayrshire.holdings.add(NewHolding("Rover")).tag
    three.ayrshire.loans.count(short, Count(missing={"Wheel": 2}))
    three.fife.loans.count(kit, Count(broken={"Wheel": 1}))
    made = three.fife.offers.add(None, 3, tags=[kit], component="wheels")
    assert (made.terms, made.component, made.quantity, made.type) == ("parts", "Wheel", 3, "Rover")
    with pytest.raises(Refused) as refusal:
        three.fife.offers.add(None, 1, tags=[kit], component="Wheel")
    assert (refusal.value.code, refusal.value.details["there"]) == ("not_enough", 0)
    three.send()
    claimed = three.ayrshire.offers.claim(made.offer, 2)
    assert (claimed.component, claimed.type) == ("Wheel", "Rover")
    three.send()
    assert only(three.fife).claims[0].state == "waiting"
    assert three.fife.offers.change(made.offer, quantity=2).left == 2
    assert three.fife.offers.answer(made.offer, "ayrshire", 2).left == 0
    three.fife.loans.count(kit, Count(missing={"Wheel": 2}, broken={"Wheel": 1}))
    three.ayrshire.loans.restock(short, "Wheel", 2)
    three.send()
    assert only(three.ayrshire).claims[0].gets == 2
    assert not three.ayrshire.find.shortages().items
    assert not three.esp.offers.list().matches
    for opened in (three.fife, three.ayrshire, three.esp):
        assert opened.ledger.verify().ok


def test_spare_parts_of_a_donors_kit_need_the_donor(three: Three) -> None:
    """A wheel of what the RAF lends is the RAF's; and parts have names and come out of kits."""
    three.fife.holdings.define_types([ROVER])
    gift = Gift(donor="RAF", title="on_loan_from_donor")
    kit = three.fife.holdings.add(NewHolding("Rover", gift=gift)).tag
    drone = three.fife.holdings.add(NewHolding("Drone")).tag
    for code, given in (
        ("donor_must_agree", {"tags": [kit], "component": "Wheel"}),
        ("kits_needed", {"type": "Rover", "component": "Wheel"}),
        ("no_such_component", {"tags": [kit], "component": "Sail"}),
        ("no_contents_list", {"tags": [drone], "component": "Wheel"}),
        ("days_not_needed", {"tags": [kit], "component": "Wheel", "first": FIRST, "last": LAST}),
    ):
        with pytest.raises(KitloanError) as refusal:
            three.fife.offers.add(**given)  # type: ignore[arg-type]
        assert refusal.value.code == code and refusal.value.hint
    agreed = "letter of 1 May 2026"
    made = three.fife.offers.add(tags=[kit], component="Wheel", donor_agreement=agreed)
    assert made.left == 1


def test_esp_matches_offers_with_wants(three: Three) -> None:
    """Somebody waits in Ayrshire for what idles in Fife; a person rings, nothing is promised."""
    three.ayrshire.holdings.add(NewHolding("STEM kit"))
    three.ayrshire.wants.add(
        "Kilmarnock Academy", "stem kit", 2, FIRST, date(2026, 12, 14), contact="Zebedee Quill"
    )
    three.ayrshire.wants.add("Ayr Academy", "STEM kit", 1, date(2027, 1, 11), date(2027, 1, 15))
    made = three.fife.offers.add("STEM kit", 3, first=FIRST, last=LAST)
    three.send()
    found = three.esp.offers.list()
    assert [(each.college, each.to, each.quantity) for each in found.wants] == [
        ("ayrshire", "Kilmarnock Academy", 2),
        ("ayrshire", "Ayr Academy", 1),
    ]
    (match,) = found.matches
    assert (match.offer, match.want, match.quantity, match.sea_crossing) == (
        *(made.offer, found.wants[0].want, 2),
        False,
    )
    assert match.km == 117
    assert "Zebedee" not in repr(found)
    assert not three.esp.offers.list("Telescope").matches


def test_the_fewest_kit_kilometres_beat_the_nearest_first() -> None:
    """Example 14: A 3, B 1 to X 2, Y 1: nearest first drives 270, the transport problem 140."""
    moves = cheapest_moves([3, 1], [2, 1], [[40, 200], [30, 60]])
    assert moves == [[2, 0], [0, 1]]
    assert cheapest_moves([2], [1, 5], [[None, 7]]) == [[0, 2]]
    assert cheapest_moves([], [1], []) == []
