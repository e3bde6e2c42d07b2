"""What no model has yet, in any order: a college and ESP agree after it, and history proves it.

Events, bookings, offers, claims, schools closed, kinds merged, labels moved, stocktakes,
corrections and earlier days, with undo and redo between. A refusal is an answer; a crash, a ledger
that does not verify or figures that disagree are not.
"""

import random
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

import kitloan
from audit.agreement import agrees
from conftest import SetClock
from kitloan import Count, KitloanError, NewHolding
from kitloan.college import College
from lives import register_of
from model.sayings import tag_of
from trusting import merge

SCHOOLS = ("Lochside Academy", "Alva Primary", "Tain Royal Academy")
STEPS = 45
LABEL = tag_of(8)


def wishes(desk: College, dice: random.Random) -> list[Callable[[], object]]:
    """What somebody may ask for now, about things that there are."""
    tag, other = dice.choice(desk.holdings.tags()), dice.choice(desk.holdings.tags())
    school, into = dice.choice(SCHOOLS), dice.choice(SCHOOLS)
    first = desk.session.today + timedelta(days=dice.randint(1, 20))
    last = first + timedelta(days=dice.randint(0, 9))
    events = [each.id for each in desk.events.list().items] or ["E9"]
    bookings = [each.id for each in desk.bookings.list().items] or ["B9"]
    offers = [each.offer for each in desk.offers.list(closed_too=True).items] or ["O9"]
    event, booking, offer = map(dice.choice, (events, bookings, offers))
    earlier = desk.session.today - timedelta(days=dice.choice((1, 1, 3, 9)))
    many = dice.randint(1, 4)
    count = next((each.id for each in desk.stocktakes.list() if not each.closed_at), "S9")
    return [
        lambda: desk.events.add("Science fair", first, last, to=school),
        lambda: desk.events.change(event, place="Town House"),
        lambda: desk.events.cancel(event),
        lambda: desk.bookings.book(school, {"STEM kit": 1}, first, last),
        lambda: desk.bookings.book(school, {"STEM kit": 1}, first, last, event=event),
        lambda: desk.bookings.change(booking, return_by=last),
        lambda: desk.bookings.cancel(booking),
        lambda: desk.offers.add("STEM kit", keep=True),
        lambda: desk.offers.add("STEM kit", first=first, last=last),
        lambda: desk.offers.answer(offer, "borders", 1),
        lambda: desk.offers.close(offer),
        lambda: desk.offers.claim("borders:O1"),
        lambda: desk.offers.withdraw_claim("borders:O1"),
        lambda: desk.directory.close(school),
        lambda: desk.directory.rename(school, f"{school} Annexe"),
        lambda: desk.directory.merge(school, into),
        lambda: desk.holdings.split(tag, dice.randint(1, 4)),
        lambda: desk.holdings.put_in_repair(tag, "the motor is burnt out"),
        lambda: desk.holdings.repaired(tag),
        lambda: desk.holdings.report_missing(tag),
        lambda: desk.holdings.found(tag),
        lambda: desk.holdings.amend(tag, asset_number=dice.choice(("K1", "K2", ""))),
        lambda: desk.holdings.propose_withdrawal(tag, "worn out"),
        lambda: desk.holdings.withdraw(tag),
        lambda: desk.holdings.propose_reinstatement(tag, "behind the radiator"),
        lambda: desk.holdings.reinstate(tag),
        lambda: desk.holdings.add(NewHolding("STEM kit", asset_number="K1")),
        lambda: desk.transfers.send(tag, "borders"),
        lambda: desk.transfers.call_off(tag),
        lambda: desk.loans.check_out([tag], school, override="sent by post"),
        lambda: desk.loans.check_out([tag, other], into),
        lambda: desk.loans.check_out([other], into, quantity=many, on=earlier),
        lambda: desk.loans.check_in([tag], Count(whole=True)),
        lambda: desk.loans.check_in([tag], Count(whole=True), on=earlier),
        lambda: desk.loans.check_in([tag], quantity=many - 1, used=1, lost=dice.randint(0, 1)),
        lambda: desk.loans.correct(tag, to=into, contact="Pat Example"),
        lambda: desk.loans.correct(tag, quantity=many),
        lambda: desk.loans.correct(tag, on=earlier, due_on=last),
        lambda: desk.loans.pass_on(tag, into, quantity=dice.choice((None, 1))),
        lambda: desk.loans.count(other, Count(whole=True), on=earlier),
        lambda: desk.holdings.rename_type("STEM kit", dice.choice(("STEM kits", "STEM kit"))),
        lambda: desk.holdings.merge_types("Robot", "STEM kit"),
        lambda: desk.holdings.amend(tag, type=dice.choice(("Robot", "STEM kit"))),
        lambda: desk.holdings.claim_label(tag, LABEL, move=True),
        lambda: desk.holdings.free_label(LABEL),
        lambda: desk.stocktakes.open("Autumn"),
        lambda: desk.stocktakes.scan(count, tag, place="Lab"),
        lambda: desk.stocktakes.scan(count, tag, quantity=many),
        lambda: desk.stocktakes.close(count),
        lambda: desk.people.set_contact("Pat Example", phone="01292 000000"),
        *[desk.actions.undo] * 8,
        lambda: desk.actions.undo(tag),
        *[desk.actions.redo] * 5,
    ]


@pytest.mark.parametrize(
    "seed", [0, 1, 2, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(3, 20))]
)
def test_what_nobody_foresaw_is_proved_by_history(
    seed: int, new_place: Callable[[], str], clock: SetClock, tmp_path: Path
) -> None:
    """A rule between two parts of the program that neither part's tests know of."""
    dice = random.Random(seed)  # the same story every day
    place = new_place()
    with ExitStack() as stack:
        esp = stack.enter_context(kitloan.init("esp", new_place(), actor="auditor", clock=clock))
        stack.enter_context(kitloan.init("fife", place, actor="m.ross", clock=clock))
        desks = [
            stack.enter_context(kitloan.open(place, actor=who, clock=clock))
            for who in ("m.ross", "j.bain")
        ]
        for number in (1, 2, None, None):
            desks[0].holdings.add(
                NewHolding("STEM kit", asset_number=f"K{number}" if number else None)
            )
        desks[0].holdings.add(NewHolding("Goggles", quantity=12))
        done = 0
        for _ in range(STEPS):
            clock.move(hours=dice.choice((1, 1, 1, 30)))
            desk = dice.choice(desks)
            before = desk.ledger.heads()
            try:
                dice.choice(wishes(desk, dice))()
                done += 1
            except KitloanError as refusal:
                assert refusal.code not in ("damaged", "not_yours"), refusal
                kept = {each.ledger: each.entries for each in desk.ledger.heads()}
                more = kept["fife"] - {each.ledger: each.entries for each in before}["fife"]
                assert more <= 1, "only a note of what was asked for in vain"
            numbers = [
                each.asset_number
                for each in desk.find.search("").items
                if each.asset_number and each.status != "withdrawn"
            ]
            assert len(numbers) == len(set(numbers)), "two holdings bear one number"
        assert done > STEPS // 4
        verdict = desks[0].ledger.verify()
        assert verdict.ok, verdict.findings
        agrees(desks[0].audit.audit())
        file = tmp_path / f"{seed}.klx"
        desks[0].exchange.export(file)
        merge(esp, [file])
        assert esp.ledger.verify().ok
        mine, national = register_of(desks[0]), register_of(esp)
        assert mine == {
            name: [each for each in rows if each["college"] == "fife"]
            for name, rows in national.items()
        }
        agrees(esp.audit.audit())
