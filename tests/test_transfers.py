"""Transfers: two halves in two ledgers, one tag, and nobody's count assumed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

import kitloan
import movers
from conftest import KIT, SetClock
from crowd import Crowd
from kitloan import BadInput, Count, Gift, NewHolding, Refused
from kitloan.college import College
from kitloan.holdings import Holdings
from kitloan.ledger.entry import parse
from kitloan.ledger.facts.transfers import TransferSent
from kitloan.ledger.writer import writing
from kitloan.text.tags import mint
from kitloan.transfers.sending import record_arrival
from kitloan.values import as_json
from lives import register_of

WHOLE = Count(whole=True)


@pytest.fixture
def ayrshire(new_place: Callable[[], str], clock: SetClock) -> Iterator[College]:
    """Another college, in a store of its own."""
    with kitloan.init("ayrshire", new_place(), actor="j.kerr", clock=clock) as opened:
        yield opened


@pytest.fixture
def shared(new_postgres: Callable[[], str], clock: SetClock) -> Iterator[tuple[College, College]]:
    """Fife and Ayrshire in one PostgreSQL."""
    place = new_postgres()
    with (
        kitloan.init("fife", place, actor="m.ross", clock=clock) as fife,
        kitloan.init("ayrshire", place, actor="j.kerr", clock=clock) as ayrshire,
    ):
        fife.holdings.define_types([kit_type()])
        yield fife, ayrshire


def kit_type() -> Any:
    """The definition of a kit with contents."""
    from kitloan.holdings import kit_type_with

    return kit_type_with("STEM kit", KIT)


def tell_of_arrival(opened: College, transfer: str) -> bool:
    """What an exchange does when ESP's file says that a transfer arrived."""
    session = opened.session
    with writing(session.store, session.college, "esp", session.clock) as writer:
        return record_arrival(writer, transfer)


def refused(code: str, act: Callable[[], object]) -> Refused | BadInput:
    """The refusal with this code that `act` meets."""
    with pytest.raises((Refused, BadInput)) as refusal:
        act()
    assert refusal.value.code == code
    return refusal.value


def test_a_kit_goes_and_comes_home_under_one_tag(
    fife: College, ayrshire: College, kit: str, clock: SetClock
) -> None:
    """A kit that lost its tag or its past on the road would be a new kit to the donor."""
    ayrshire.holdings.define_types([kit_type()])
    fife.holdings.record_gift(kit, Gift(donor="RAF"))
    sent = fife.transfers.send("fc001", "Ayrshire College", Count(missing={"Wheel": 2}))
    assert (sent.to_college, sent.counted) == ("ayrshire", "short")
    assert fife.find.holding(kit).status == "in_transit"
    clock.move(days=3)
    came = ayrshire.transfers.receive(
        kit, "fife", Count(missing={"Panel": 1}), type="stem KIT", location="Kilwinning"
    )
    assert (came.tag, came.type, came.sender, came.never_sent) == (kit, "STEM kit", None, False)
    assert tell_of_arrival(fife, sent.id)
    assert not tell_of_arrival(fife, sent.id), "ESP may tell it again"
    assert fife.find.holding(kit).status == "withdrawn"
    assert ayrshire.find.holding(kit).status == "in"

    ayrshire.loans.check_out([kit], "Ardrossan Academy")
    ayrshire.loans.check_in([kit], WHOLE)
    ayrshire.transfers.send(kit, "fife", WHOLE)
    clock.move(days=1)
    fife.transfers.receive(kit, "ayrshire", WHOLE)
    home = fife.find.holding(kit)
    assert (home.tag, home.status, home.asset_number) == (kit, "in", "FC001")
    assert (home.gift.donor, home.shortages, home.received_on) == ("RAF", (), None)
    kinds = [line.kind for line in fife.find.history(kit)]
    assert kinds == [
        *("holding.accessioned", "gift.recorded"),
        *("transfer.sent", "transfer.arrived", "transfer.received"),
    ]
    fife.loans.check_out([kit], "Balwearie High School")
    assert fife.ledger.verify().ok
    assert ayrshire.ledger.verify().ok


def test_each_side_keeps_its_own_count(fife: College, ayrshire: College, kit: str) -> None:
    """Whether it was lost there, on the road or here is for people to see."""
    ayrshire.holdings.define_types([kit_type()])
    fife.transfers.send(kit, "ayrshire", Count(missing={"Wheel": 2}))
    ayrshire.transfers.receive(
        kit, "fife", Count(missing={"Wheel": 3}, broken={"Panel": 1}), type="STEM kit"
    )
    (sent,) = fife.transfers.open()
    (came,) = ayrshire.transfers.received()
    assert (sent.counted, sent.short) == ("short", {"Wheel": 2})
    assert (came.counted, came.short) == ("short", {"Wheel": 3, "Panel": 1})


def test_nobodys_count_is_assumed(fife: College, ayrshire: College, kit: str) -> None:
    """A kit that nobody counted must not reach a teacher as a whole one."""
    ayrshire.holdings.define_types([kit_type()])
    assert fife.transfers.send(kit, "ayrshire").counted == "uncounted"
    came = ayrshire.transfers.receive(kit, "fife", type="STEM kit")
    assert came.counted == "uncounted"
    refused("uncounted", lambda: ayrshire.loans.check_out([kit], "Ardrossan Academy"))
    goggles = fife.holdings.add(NewHolding("Safety goggles", quantity=30)).tag
    sent = fife.transfers.send(goggles, "ayrshire")
    assert (sent.counted, sent.quantity) == ("no_contents", 30)


def test_what_may_not_go_stays(fife: College, kit: str) -> None:
    """What is with a school, or about to be written off, cannot be on a van."""
    fife.loans.check_out([kit], "Balwearie High School")
    lent = refused("on_loan", lambda: fife.transfers.send(kit, "ayrshire"))
    assert "Balwearie High School" in lent.message
    fife.loans.check_in([kit], WHOLE)
    fife.holdings.propose_withdrawal(kit, "worn out")
    refused("withdrawal_proposed", lambda: fife.transfers.send(kit, "ayrshire"))
    fife.actions.undo()
    refused("own_college", lambda: fife.transfers.send(kit, "Fife College"))
    refused("unknown_college", lambda: fife.transfers.send(kit, "Hogwarts"))
    fife.transfers.send(kit, "kilmarnock college")
    refused("in_transit", lambda: fife.transfers.send(kit, "borders"))
    assert fife.transfers.open()[0].to_college == "ayrshire", "a former name means its successor"
    assert fife.ledger.verify().ok


def test_what_cannot_be_used_is_not_sent(fife: College, kit: str) -> None:
    """The receiver's store knows of no repair and no failed test, and would lend it."""
    fife.holdings.put_in_repair(kit, "the motor is burnt out")
    assert (
        "burnt out" in refused("out_of_use", lambda: fife.transfers.send(kit, "ayrshire")).message
    )
    fife.holdings.repaired(kit)
    fife.inspections.set_regime("PAT", "STEM kit", 12)
    fife.inspections.record(kit, "PAT", "fail")
    refused("inspection_failed", lambda: fife.transfers.send(kit, "ayrshire"))
    fife.inspections.record(kit, "PAT", "pass")
    assert fife.transfers.send(kit, "ayrshire").tag == kit
    assert fife.ledger.verify().ok


def test_what_is_under_way_is_not_lent_and_the_refusal_says_what_to_do(
    fife: College, kit: str
) -> None:
    """A kit on the counter that the register believes on a van needs its next key, not a riddle."""
    fife.transfers.send(kit, "ayrshire", WHOLE)
    attempts: list[Callable[[], object]] = [
        lambda: fife.loans.check_out([kit], "Balwearie High School"),
        lambda: fife.loans.check_in([kit]),
        lambda: fife.loans.count(kit, WHOLE),
        lambda: fife.loans.restock(kit, "Wheel", 1),
        lambda: fife.loans.renew(kit, fife.session.today),
        lambda: fife.holdings.report_missing(kit),
        lambda: fife.holdings.propose_withdrawal(kit, "lost by the carrier"),
    ]
    for attempt in attempts:
        assert f"kitloan transfer call-off {kit}" in refused("in_transit", attempt).hint


def test_a_transfer_is_called_off(fife: College, kit: str) -> None:
    """A van that never came must not leave a kit nowhere."""
    refused("not_in_transit", lambda: fife.transfers.call_off(kit))
    fife.transfers.send(kit, "ayrshire", Count(missing={"Wheel": 1}))
    back = fife.transfers.call_off(kit)
    assert (back.to_college, [line.component for line in back.shortages]) == ("ayrshire", ["Wheel"])
    assert fife.find.holding(kit).status == "in"
    assert fife.transfers.open() == []
    assert not tell_of_arrival(fife, back.id), "what ended cannot arrive"
    fife.transfers.send(kit, "borders", WHOLE)
    assert fife.ledger.verify().ok


def test_what_is_open_is_listed_oldest_first(fife: College, kit: str, clock: SetClock) -> None:
    """Fourteen days on a van is a call to the carrier, if somebody sees it."""
    other = fife.holdings.add(NewHolding("Telescope")).tag
    fife.transfers.send(other, "ayrshire")
    clock.move(days=14)
    fife.transfers.send(kit, "borders")
    assert [(each.tag, each.days) for each in fife.transfers.open()] == [(other, 14), (kit, 0)]


def test_what_is_here_cannot_arrive(fife: College, kit: str) -> None:
    """One tag on two kits, or one kit twice on the register, is a mix-up to look at at once."""
    lent = fife.holdings.add(NewHolding("Telescope", asset_number="T1")).tag
    second = mint()
    fife.holdings.claim_label(kit, second)
    fife.loans.check_out([lent], "Balwearie High School")
    for tag in (kit, second, lent, "T1"):
        refused(
            "here_already", lambda tag=tag: fife.transfers.receive(tag, "ayrshire", type="STEM kit")
        )
    fife.holdings.report_missing(kit)
    hint = refused("here_already", lambda: fife.transfers.receive(kit, "ayrshire")).hint
    assert f"kitloan found {kit}" in hint
    blank = mint()
    fife.holdings.labels_printed([blank], blank=True)
    refused("own_label", lambda: fife.transfers.receive(blank, "ayrshire", type="STEM kit"))
    refused("bad_tag", lambda: fife.transfers.receive("KL80A60HZ0WGK", "ayrshire", type="Kit"))
    refused("own_college", lambda: fife.transfers.receive(mint(), "fife", type="Kit"))
    refused("type_needed", lambda: fife.transfers.receive(mint(), "ayrshire"))


def test_a_kit_that_was_never_called_off_comes_home(
    fife: College, ayrshire: College, kit: str
) -> None:
    """Home before ESP's file said that it had arrived: the first journey must not stay open."""
    fife.transfers.send(kit, "ayrshire", WHOLE)
    ayrshire.transfers.receive(kit, "fife", type="STEM kit")
    ayrshire.transfers.send(kit, "fife")
    fife.transfers.receive("FC001", "ayrshire", WHOLE)
    assert fife.transfers.open() == []
    fife.transfers.send(kit, "borders", WHOLE)
    assert [each.to_college for each in fife.transfers.open()] == ["borders"]
    assert fife.ledger.verify().ok


def test_what_was_written_off_and_turns_up_elsewhere_is_whole_again(fife: College) -> None:
    """A lost kit that another college sends home must be lent, and lost again, like any other."""
    tag = fife.holdings.add(NewHolding("Telescope")).tag
    fife.holdings.report_missing(tag)
    fife.holdings.propose_withdrawal(tag, "lost")
    Holdings(replace(fife.session, actor="j.kerr")).withdraw(tag)
    fife.transfers.receive(tag, "ayrshire")
    assert fife.find.holding(tag).status == "in"
    assert fife.holdings.proposed_withdrawals() == []
    fife.holdings.report_missing(tag)
    assert fife.find.holding(tag).status == "missing"
    assert fife.ledger.verify().ok


def test_a_stock_comes_home_as_many_as_it_was(fife: College) -> None:
    """Thirty pairs of goggles must not come home as one."""
    tag = fife.holdings.add(NewHolding("Safety goggles", quantity=30, location="Store 2")).tag
    fife.transfers.send(tag, "ayrshire")
    assert fife.transfers.receive(tag, "ayrshire").quantity == 30
    assert fife.find.holding(tag).location == "Store 2"
    fife.transfers.send(tag, "ayrshire")
    assert fife.transfers.receive(tag, "ayrshire", quantity=28).quantity == 28
    assert fife.find.holding(tag).quantity == 28


def test_each_step_can_be_undone(fife: College, kit: str, clock: SetClock) -> None:
    """The wrong kit scanned for the van is one key away from never having been."""
    foreign = mint()
    steps: list[Callable[[], object]] = [
        lambda: fife.transfers.send(kit, "ayrshire", Count(missing={"Wheel": 1})),
        lambda: fife.transfers.call_off(kit),
        lambda: fife.transfers.send(kit, "ayrshire", WHOLE),
        lambda: fife.transfers.receive(kit, "ayrshire", Count(broken={"Panel": 2})),
        lambda: fife.transfers.receive(foreign, "borders", type="Telescope", gift=Gift(donor="X")),
    ]
    states = [standing(fife)]
    for step in steps:
        clock.move(minutes=1)
        step()
        states.append(standing(fife))
        assert states[-1] != states[-2]
    for before in reversed(states[:-1]):
        fife.actions.undo()
        assert standing(fife) == before
    refused("unknown_tag", lambda: fife.find.holding(foreign))
    assert fife.ledger.verify().ok


def standing(opened: College) -> object:
    """What the register says, without the types, the ledger and its undoings."""
    found = register_of(opened)
    names = ("holding", "gift", "shortage", "transfer", "arrival")
    return as_json({name: found[name] for name in names})


def test_what_esp_says_is_not_undone_by_the_sender(fife: College, kit: str) -> None:
    """A kit that is at Ayrshire cannot be back in Fife's cupboard by Ctrl+Z."""
    sent = fife.transfers.send(kit, "ayrshire", WHOLE)
    tell_of_arrival(fife, sent.id)
    refused("built_upon", fife.actions.undo)


def test_a_request_said_twice_is_done_once(fife: College, kit: str) -> None:
    """A desk that was killed before it heard "done" asks again, and must not hear a refusal."""
    first = fife.transfers.send(kit, "ayrshire", WHOLE, request_id="s1")
    assert fife.transfers.send(kit, "ayrshire", WHOLE, request_id="s1") == first
    refused("id_reused", lambda: fife.transfers.send(kit, "borders", WHOLE, request_id="s1"))
    assert fife.transfers.call_off(kit, request_id="c1") == fife.transfers.call_off(
        kit, request_id="c1"
    )
    fife.transfers.send(kit, "ayrshire", WHOLE)
    came = fife.transfers.receive("FC001", "ayrshire", request_id="r1")
    assert fife.transfers.receive("FC001", "ayrshire", request_id="r1") == came
    refused("id_reused", lambda: fife.transfers.receive(kit, "borders", request_id="r1"))
    assert len(fife.transfers.received()) == 1
    assert fife.ledger.verify().ok


# -- colleges in one database ---------------------------------------------------------------------


def test_what_the_sender_knows_need_not_be_typed(shared: tuple[College, College]) -> None:
    """In one database the contents list and the donor's terms travel with the kit."""
    fife, ayrshire = shared
    terms = Gift(donor="RAF", title="held_for_esp", acknowledgement="Given by the RAF")
    kit = fife.holdings.add(NewHolding("STEM kit", serial="SN-1", gift=terms)).tag
    label = mint()
    fife.holdings.claim_label(kit, label)
    fife.transfers.send(kit, "ayrshire", Count(missing={"Wheel": 2}))
    kind, parts = ayrshire.transfers.expected(label, "fife")
    assert (kind, [part.missing for part in parts]) == ("STEM kit", [0, 2, 0, 0])
    came = ayrshire.transfers.receive(label, "fife", Count(missing={"Wheel": 5}))
    assert (came.tag, came.differs, came.never_sent) == (kit, ("Wheel",), False)
    assert came.sender is not None
    assert came.sender.short == {"Wheel": 2}
    shown = ayrshire.find.holding(kit)
    assert (shown.serial, shown.gift.donor, shown.gift.title) == ("SN-1", "RAF", "held_for_esp")
    ayrshire.actions.undo()
    refused("not_yours", lambda: ayrshire.find.holding(kit))
    assert fife.ledger.verify().ok


def test_what_was_never_sent_is_told(shared: tuple[College, College]) -> None:
    """A kit that Fife believes on its shelf is on two registers until somebody rings them."""
    fife, ayrshire = shared
    kit = fife.holdings.add(NewHolding("STEM kit")).tag
    assert ayrshire.transfers.receive(kit, "fife", WHOLE).never_sent


def test_what_arrived_is_not_called_off(shared: tuple[College, College]) -> None:
    """Where the database says that Ayrshire has it, Fife cannot have it back by a word."""
    fife, ayrshire = shared
    kit = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.transfers.send(kit, "ayrshire", WHOLE)
    ayrshire.transfers.receive(kit, "fife", WHOLE)
    refused("arrived", lambda: fife.transfers.call_off(kit))
    ayrshire.actions.undo()
    fife.transfers.call_off(kit)


def test_what_arrived_is_not_undone(shared: tuple[College, College]) -> None:
    """One kit would be lent twice in one database, to two schools."""
    fife, ayrshire = shared
    kit = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.transfers.send(kit, "ayrshire", WHOLE)
    ayrshire.transfers.receive(kit, "fife", WHOLE)
    assert refused("arrived", fife.actions.undo).details["college"] == "ayrshire"
    ayrshire.loans.check_out([kit], "Ardrossan Academy")
    refused("in_transit", lambda: fife.loans.check_out([kit], "Balwearie High School"))
    ayrshire.actions.undo()
    ayrshire.actions.undo()
    fife.actions.undo()
    fife.loans.check_out([kit], "Balwearie High School")
    assert fife.ledger.verify().ok


def test_what_was_passed_on_is_not_had_back(shared: tuple[College, College]) -> None:
    """Ayrshire has it no more because Borders has: Fife has it all the less."""
    fife, ayrshire = shared
    kit = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.transfers.send(kit, "ayrshire", WHOLE)
    ayrshire.transfers.receive(kit, "fife", WHOLE)
    ayrshire.transfers.send(kit, "borders", WHOLE)
    refused("arrived", lambda: fife.transfers.call_off(kit))
    refused("arrived", fife.actions.undo)


def test_what_the_sender_counts_on_is_not_undone(shared: tuple[College, College]) -> None:
    """Off one register because it is on the other, a kit would be on none."""
    fife, ayrshire = shared
    kit = fife.holdings.add(NewHolding("STEM kit")).tag
    sent = fife.transfers.send(kit, "ayrshire", WHOLE)
    ayrshire.transfers.receive(kit, "fife", WHOLE)
    tell_of_arrival(fife, sent.id)
    assert refused("arrived", ayrshire.actions.undo).details["college"] == "fife"
    fife.transfers.receive(kit, "ayrshire", WHOLE)  # it is at Fife after all
    ayrshire.actions.undo()
    assert fife.find.holding(kit).status == "in"


def test_what_is_received_is_held_against_its_own_sending(shared: tuple[College, College]) -> None:
    """Counts of last year's journey would be told for this one, which nobody has sent."""
    fife, ayrshire = shared
    kit = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.transfers.send(kit, "ayrshire", Count(missing={"Wheel": 2}))
    first = ayrshire.transfers.receive(kit, "fife", WHOLE, request_id="first")
    assert (first.differs, first.never_sent) == (("Wheel",), False)
    ayrshire.transfers.send(kit, "borders", WHOLE)
    again = ayrshire.transfers.receive(kit, "fife", WHOLE)
    assert (again.sender, again.differs, again.never_sent) == (None, (), True)
    assert ayrshire.transfers.receive(kit, "fife", WHOLE, request_id="first") == first


def test_a_kit_is_received_by_an_older_name_of_its_type(shared: tuple[College, College]) -> None:
    """What is said twice is done once, whatever the type is called by then."""
    fife, ayrshire = shared
    kit = fife.holdings.add(NewHolding("Drill")).tag
    ayrshire.holdings.add(NewHolding("Bohrer"))
    ayrshire.holdings.rename_type("Bohrer", "Drill")
    fife.transfers.send(kit, "ayrshire", WHOLE)
    first = ayrshire.transfers.receive(kit, "fife", WHOLE, type="Drill", request_id="r")
    assert ayrshire.find.holding(kit).type == "Drill"
    assert ayrshire.transfers.receive(kit, "fife", WHOLE, type="Drill", request_id="r") == first
    ayrshire.holdings.add(NewHolding("Hand drill"))
    ayrshire.holdings.merge_types("Drill", "Hand drill")
    for name in ("Drill", "Bohrer"):
        again = ayrshire.transfers.receive(kit, "fife", WHOLE, type=name, request_id="r")
        assert again.tag == first.tag
    with pytest.raises(BadInput) as refusal:
        ayrshire.transfers.receive(kit, "fife", WHOLE, type="STEM kit", request_id="r")
    assert refusal.value.code == "id_reused"
    assert ayrshire.ledger.verify().ok


def test_one_kit_is_sent_or_lent_and_received_once(shared: tuple[College, College]) -> None:
    """Two desks that both got it would leave a teacher waiting for a kit that is on a van."""
    fife, _ = shared
    url = fife.session.store.engine.url.set(drivername="postgresql")
    place = url.render_as_string(hide_password=False)
    crowd = Crowd(4)
    try:
        for _ in range(8):
            kit = fife.holdings.add(NewHolding("Telescope")).tag
            told = crowd.do(movers.send_or_lend, place, kit)
            assert sorted(told) in (["lent", *["on_loan"] * 3], [*["in_transit"] * 3, "sent"])
            came = crowd.do(movers.receive, place, kit)
            assert sorted(came) == [*["here_already"] * 3, "received"]
    finally:
        crowd.close()
    assert fife.ledger.verify().ok


def test_the_ledger_names_no_person(fife: College, kit: str) -> None:
    """What goes to ESP says which college, how whole and when; nothing about people."""
    fife.transfers.send(kit, "ayrshire", WHOLE)
    with fife.session.reading() as connection:
        body = connection.exec_driver_sql(
            "SELECT body FROM ledger_entry ORDER BY seq DESC LIMIT 1"
        ).scalar_one()
    fact = parse(body).fact
    assert isinstance(fact, TransferSent)
    assert set(fact.model_dump(exclude={"kind"})) == {
        *("tag", "transfer", "to_college", "quantity", "counted", "shortages")
    }
