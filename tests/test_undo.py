"""Undo: an entry, not an erasure; from the ledger, so also after a restart."""

from collections.abc import Callable
from datetime import date

import pytest

from conftest import SetClock
from kitloan import Count, Gift, NewHolding, Refused
from kitloan.college import College
from kitloan.evidence.engagements import EngagementChange, NewEngagement
from kitloan.evidence.evaluations import Answers
from kitloan.evidence.guides import Guide
from kitloan.ledger.facts import every_kind
from kitloan.text.tags import mint
from kitloan.values import as_json

DESK_ACTIONS = {str(each.model_fields["kind"].default) for each in every_kind() if each.desk_action}


def test_each_desk_action_can_be_undone(fife: College, kit: str, clock: SetClock) -> None:
    """A slip must be one key away from never having been; the register is as it was, whole."""
    goggles = fife.holdings.add(NewHolding("Safety goggles", quantity=30)).tag
    actions: list[Callable[[], object]] = [
        lambda: fife.loans.check_out([kit], "Balwearie High School"),
        lambda: fife.loans.renew(kit, date(2027, 1, 15)),
        lambda: fife.loans.check_in([kit], Count(missing={"Wheel": 2, "Spanner": 1})),
        lambda: fife.loans.restock(kit, "Spanner", 1),
        lambda: fife.loans.count(kit, Count(whole=True)),
        lambda: fife.holdings.move(kit, "Levenmouth"),
        lambda: fife.holdings.amend(kit, asset_number="FC900", serial="S1"),
        lambda: fife.holdings.sight(kit),
        lambda: fife.holdings.claim_label(kit, "KL80A60HZ0WGJ"),
        lambda: fife.holdings.claim_label(goggles, "KL80A60HZ0WGJ", move=True),
        lambda: fife.holdings.free_label("KL80A60HZ0WGJ"),
        lambda: fife.loans.check_out([goggles], "Balwearie High School", quantity=9),
        lambda: fife.loans.check_in([goggles], quantity=4),
        lambda: fife.loans.check_in([goggles], quantity=1, used=1, lost=1),
        lambda: fife.loans.correct(goggles, to="Kirkcaldy High School", quantity=10),
        lambda: fife.holdings.put_in_repair(kit, "motor burnt out"),
        lambda: fife.holdings.repaired(kit),
        lambda: fife.holdings.split(goggles, 3),
        lambda: fife.holdings.report_missing(kit, "not on its shelf"),
        lambda: fife.holdings.found(kit),
        lambda: fife.transfers.send(kit, "Borders College"),
        lambda: fife.transfers.call_off(kit),
        lambda: fife.transfers.receive(mint(), "Borders College", type="Telescope"),
        lambda: fife.holdings.add(NewHolding("Abacus")),
        lambda: fife.holdings.propose_withdrawal(kit, "worn out"),
    ]
    wednesdays = date(2026, 12, 2), date(2026, 12, 9)
    lent = fife.holdings.add(NewHolding("Telescope")).tag
    fife.loans.check_out([lent], "Kirkcaldy High School")
    count = fife.stocktakes.open("Autumn").id
    fife.stocktakes.join(count, "desk 1")
    actions += [
        lambda: fife.stocktakes.scan(count, goggles, place="Lab"),
        lambda: fife.stocktakes.confirm(count, lent),
        lambda: fife.holdings.record_gift(lent, Gift(donor="RAF")),
        lambda: fife.stocktakes.scan(count, "what is this"),
        lambda: fife.schools.link("Kirkcaldy High School", "X-khs"),
        lambda: fife.partners.describe("Kirkcaldy High School", referred_by="SSERC"),
        lambda: fife.partners.describe("Kirkcaldy High School", kind="school"),
        lambda: fife.engagements.record(NewEngagement(on=date(2026, 11, 23), tag=lent)),
        lambda: fife.engagements.correct(_latest(fife), EngagementChange(staff=2)),
        lambda: fife.evaluations.add(_latest(fife), Answers(enjoyed=5)),
        lambda: fife.engagements.withdraw(_latest(fife)),
        lambda: fife.calendar.set_week({2}),
        lambda: fife.policies.set("turnaround", "2"),
        lambda: fife.wants.add("Kirkcaldy High School", "Abacus", 1, *wednesdays),
        lambda: fife.bookings.book("Kirkcaldy High School", {"Abacus": 1}, *wednesdays),
        lambda: fife.bookings.change(fife.bookings.list().items[0].id, collect_on=wednesdays[1]),
        lambda: fife.bookings.cancel(fife.bookings.list().items[0].id),
        lambda: fife.wants.close(fife.wants.list()[0].id),
        lambda: fife.guides.write("Abacus", Guide(level="P1 to P3")),
        lambda: fife.offers.add("Abacus", keep=True),
        lambda: fife.offers.change(fife.offers.list().items[0].offer, note="in its box"),
        lambda: fife.offers.answer(fife.offers.list().items[0].offer, "borders", 1),
        lambda: fife.offers.close(fife.offers.list(closed_too=True).items[0].offer),
        lambda: fife.offers.claim("borders:O1"),
        lambda: fife.offers.withdraw_claim("borders:O1"),
        lambda: fife.asks.add("borders", "Abacus", 1, *wednesdays),
        lambda: fife.asks.withdraw(fife.asks.list()[0].ask),
        lambda: fife.asks.answer("borders:A1", 0, "all are out"),
        lambda: fife.exchange.set_place("56.2,-3.2"),
        lambda: fife.events.add("Science fair", wednesdays[1], to="Kirkcaldy High School"),
        lambda: fife.events.change(fife.events.list().items[0].id, place="Town House"),
        lambda: fife.events.cancel(fife.events.list().items[0].id),
        lambda: fife.inspections.set_regime("PAT", "Telescope", 12),
        lambda: fife.inspections.record(lent, "PAT", "fail"),
        lambda: fife.directory.block("Kirkcaldy High School", "a kit is lost"),
        lambda: fife.loans.check_out([goggles], "Kirkcaldy High School", override="all paid"),
        lambda: fife.directory.unblock("Kirkcaldy High School"),
        lambda: fife.directory.rename("Kirkcaldy High School", "Kirkcaldy Academy"),
        lambda: fife.directory.merge("Balwearie High School", "Kirkcaldy High School"),
        lambda: fife.directory.close("Kirkcaldy Academy"),
        lambda: fife.holdings.rename_type("Abacus", "Counting frame"),
        lambda: fife.holdings.merge_types("Counting frame", "Telescope"),
    ]
    states = [_state(fife)]
    begun = len(fife.ledger.log())
    for act in actions:
        clock.move(minutes=1)
        act()
        states.append(_state(fife))
        assert states[-1] != states[-2]
    done = {line.kind for line in fife.ledger.log()[begun:]}
    # Signing is a second person's: tests/test_withdrawing.py, tests/test_correcting.py.
    of_two = {"holding.withdrawn", "reinstatement.proposed", "holding.reinstated"}
    assert DESK_ACTIONS - done == of_two, "an action that this list leaves out"
    for before in reversed(states[:-1]):
        fife.actions.undo()
        assert _state(fife) == before
    assert fife.ledger.verify().ok


def _has_abacus(desk: College) -> bool:
    return bool(desk.find.search("abacus").items)


def _latest(desk: College) -> str:
    return desk.engagements.list().items[0].id


def _state(desk: College) -> object:
    with desk.session.reading() as connection:
        labels = connection.exec_driver_sql("SELECT label, tag FROM alias ORDER BY label").all()
    return (
        [tuple(row) for row in labels],
        as_json([desk.engagements.list(), desk.evaluations.list(), desk.schools.unlinked()]),
        as_json(desk.partners.list()),
        as_json(desk.find.search("").items),
        as_json(desk.find.loans().items),
        as_json(desk.holdings.proposed_withdrawals()),
        [as_json(desk.stocktakes.outcome(each.id)) for each in desk.stocktakes.list()],
        as_json(desk.directory.organisations().items),
        as_json(desk.inspections.regimes()),
        as_json(desk.inspections.list().items),
        as_json(desk.directory.blocks()),
        as_json(desk.directory.borrowers().items),
        as_json(desk.bookings.list(state="all").items),
        as_json(desk.wants.list(closed_too=True)),
        as_json(desk.offers.list(closed_too=True)),
        as_json([desk.asks.list(past_too=True), desk.exchange.place()]),
        as_json(desk.events.list(past_too=True)),
        as_json(desk.guides.get("Abacus")) if _has_abacus(desk) else None,
        as_json(desk.policies.list()),
        desk.calendar.calendar(),
    )


def test_undo_takes_back_a_whole_basket(fife: College, kit: str) -> None:
    """Three kits lent to the wrong school are one mistake, and one undo."""
    tags = [kit, *(fife.holdings.add(NewHolding("STEM kit")).tag for _ in range(2))]
    fife.loans.check_out(tags, "Balwearie High School")
    told = fife.actions.would_undo()
    undone = fife.actions.undo()
    assert undone == told
    assert set(undone.tags) == set(tags)
    assert fife.find.loans().total == 0


def test_undo_works_after_a_restart_and_for_its_own_person(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """The colleague at the other desk must not undo my loan by accident."""
    fife.loans.check_out([kit], "Balwearie High School")
    with pytest.raises(Refused) as refusal:
        reopen("j.bain").actions.undo()
    assert refusal.value.code == "nothing_to_undo"
    reopen("m.ross").actions.undo()
    assert fife.find.holding(kit).status == "in"


def test_what_others_built_upon_stays(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """Undoing a loan that a colleague has taken back since would lose the return."""
    fife.loans.check_out([kit], "Balwearie High School")
    reopen("j.bain").loans.check_in([kit], Count(whole=True))
    with pytest.raises(Refused) as refusal:
        fife.actions.undo()
    assert refusal.value.code == "built_upon"
    assert "j.bain" in refusal.value.message
    assert fife.find.holding(kit).status == "in"


def test_an_undone_action_stays_on_record(fife: College, kit: str) -> None:
    """An auditor must see that it was done, and that it was taken back."""
    fife.loans.check_out([kit], "Balwearie High School")
    fife.actions.undo()
    said = [line.summary for line in fife.find.history(kit)]
    assert said[-2].endswith("(undone)")
    assert said[-1].startswith("undid")


def test_undo_again_goes_further_back(fife: College, kit: str) -> None:
    """Undo twice means the last two things, not undo and redo."""
    fife.loans.check_out([kit], "Balwearie High School")
    fife.loans.check_in([kit], Count(whole=True))
    assert fife.actions.undo().kind == "loan.checked_in"
    assert fife.actions.undo().kind == "loan.checked_out"
    assert fife.find.holding(kit).loan is None


def test_the_same_undo_twice_is_one(fife: College, kit: str) -> None:
    """Said again after a crash, an undo must not take back one action more."""
    fife.loans.check_out([kit], "Balwearie High School")
    fife.loans.check_in([kit], Count(whole=True))
    first = fife.actions.undo(request_id="u1")
    assert fife.actions.undo(request_id="u1") == first
    assert fife.find.holding(kit).status == "out"


def test_a_holding_taken_in_by_mistake_goes_with_its_gift(fife: College) -> None:
    """A kit added twice must not stand in the donor's report."""
    tag = fife.holdings.add(NewHolding("STEM kit", gift=Gift(donor="RAF"))).tag
    assert fife.actions.undo().tags == (tag,)
    assert fife.find.search("").total == 0
    fife.holdings.add(NewHolding("STEM kit", tag=tag))
    assert fife.find.holding(tag).gift.donor is None


def test_terms_recorded_since_rest_on_older_terms_alone(
    fife: College, kit: str, reopen: Callable[..., College]
) -> None:
    """The terms came with ESP's file: the loan before them is undone, and older terms are not."""
    colleague = reopen("j.bain")
    terms = Gift(donor="RAF", title="held_for_esp"), Gift(donor="RAF", document="letter of 3 May")

    fife.holdings.move(kit, "Lab")
    colleague.holdings.record_gift(kit, terms[0])
    assert fife.actions.undo().kind == "holding.moved"
    assert fife.find.holding(kit).gift.title == "held_for_esp"
    fife.holdings.record_gift(kit, terms[1])
    with pytest.raises(Refused) as refused:
        colleague.actions.undo()
    assert (refused.value.code, "m.ross" in refused.value.message) == ("built_upon", True)
    assert fife.actions.undo().kind == "gift.recorded"
    assert fife.find.holding(kit).gift.title == "held_for_esp"
    colleague.holdings.record_gift(kit, terms[0])
    with pytest.raises(Refused) as refused:
        fife.actions.redo()
    assert refused.value.code == "built_upon"

    taken_in = fife.holdings.add(NewHolding("STEM kit", gift=Gift(donor="IET"))).tag
    colleague.holdings.record_gift(taken_in, terms[0])
    assert fife.actions.undo().tags == (taken_in,)
    assert fife.actions.redo().tags == (taken_in,)
    assert fife.find.holding(taken_in).gift.donor == "RAF"
    assert fife.ledger.verify().ok


def test_a_contents_list_that_changed_since_is_kept(fife: College, kit: str) -> None:
    """Undo tells a kit's story again, by the contents list of today."""
    from kitloan.holdings import kit_type_with
    from kitloan.ledger.facts.definitions import ContentsLine

    fife.loans.count(kit, Count(missing={"Wheel": 1}))
    fife.holdings.sight(kit)
    wheels_matter = (ContentsLine(name="Wheel", quantity=16, critical=True),)
    fife.holdings.define_types([kit_type_with("STEM kit", wheels_matter)])
    assert fife.find.holding(kit).status == "incomplete"
    fife.actions.undo(kit)
    assert fife.find.holding(kit).status == "incomplete"
    assert fife.ledger.verify().ok
