"""Missing, found, and written off: by two people, with the donor's word, and never erased."""

from collections.abc import Callable
from dataclasses import replace

import pytest

import kitloan
from conftest import SetClock
from kitloan import BadInput, Count, Gift, NewHolding, Refused
from kitloan.college import College
from kitloan.holdings import Holdings
from kitloan.ledger.facts.gifts import GiftAgreed
from kitloan.values import as_json
from lives import register_of

Reopen = Callable[..., College]


def refused(code: str, act: Callable[[], object]) -> Refused | BadInput:
    """The refusal with this code that `act` meets."""
    with pytest.raises((Refused, BadInput)) as refusal:
        act()
    assert refusal.value.code == code
    return refusal.value


def standing(opened: College) -> object:
    """What the register says of holdings, loans, losses and withdrawals."""
    found = register_of(opened)
    return as_json({name: found[name] for name in ("holding", "loan", "absence", "withdrawal")})


def second(opened: College, actor: str = "j.kerr") -> Holdings:
    """The same college, with another person at the desk."""
    return Holdings(replace(opened.session, actor=actor))


def test_what_a_school_lost_is_off_the_loans(fife: College, kit: str) -> None:
    """A loan of what is lost would be overdue for ever, and chased every week."""
    fife.loans.check_out([kit], "Balwearie High School")
    fife.holdings.report_missing(kit, "left on a bus")
    assert fife.find.holding(kit).status == "missing"
    assert fife.find.loans().total == 0
    attempts: list[Callable[[], object]] = [
        lambda: fife.loans.check_out([kit], "Balwearie High School"),
        lambda: fife.loans.check_in([kit], Count(whole=True)),
        lambda: fife.loans.renew(kit, fife.session.today),
        lambda: fife.loans.count(kit, Count(whole=True)),
        lambda: fife.loans.restock(kit, "Wheel", 1),
        lambda: fife.transfers.send(kit, "ayrshire"),
        lambda: fife.holdings.report_missing(kit),
    ]
    for attempt in attempts:
        assert f"kitloan found {kit}" in refused("missing", attempt).hint
    said = fife.find.history(kit)[-1].summary
    assert said == "missing, lost on loan, left on a bus"
    assert fife.ledger.verify().ok


def test_what_is_found_is_lent_again(fife: College, kit: str) -> None:
    """A kit that turned up behind a door is worth as much as before, and lacks as much."""
    fife.loans.count(kit, Count(missing={"Wheel": 2}))
    refused("not_missing", lambda: fife.holdings.found(kit))
    fife.holdings.report_missing(kit)
    fife.holdings.found(kit)
    shown = fife.find.holding(kit)
    assert (shown.status, [line.missing for line in shown.shortages]) == ("in", [2])
    fife.loans.check_out([kit], "Balwearie High School")
    assert fife.ledger.verify().ok


def test_some_of_a_stock_is_not_the_stock(fife: College) -> None:
    """Two pairs of goggles gone must not take the other twenty-eight off the register."""
    goggles = fife.holdings.add(NewHolding("Safety goggles", quantity=30)).tag
    refused("several", lambda: fife.holdings.report_missing(goggles))
    assert fife.find.holding(goggles).status == "in"


def test_nobody_writes_off_alone(fife: College, kit: str, reopen: Reopen) -> None:
    """Who took a kit home could else make it vanish from the books as well."""
    refused("not_proposed", lambda: fife.holdings.withdraw(kit))
    fife.holdings.propose_withdrawal(kit, "beyond repair")
    for name in ("m.ross", " m.ross  "):
        same = reopen(name)
        refused("same_person", lambda same=same: same.holdings.withdraw(kit))
    fife.holdings.propose_withdrawal(kit, "really beyond repair")
    refused("same_person", lambda: fife.holdings.withdraw(kit))
    (waiting,) = fife.holdings.proposed_withdrawals()
    assert (waiting.by, waiting.reason) == ("m.ross", "really beyond repair")
    second(fife).withdraw(kit)
    assert fife.find.holding(kit).status == "withdrawn"
    assert fife.holdings.proposed_withdrawals() == []
    said = fife.find.history(kit)[-1]
    assert (said.by, said.summary) == (
        "j.kerr",
        "withdrawn: really beyond repair, proposed by m.ross",
    )
    refused("withdrawn", lambda: fife.holdings.propose_withdrawal(kit, "again"))
    refused("withdrawn", lambda: second(fife).withdraw(kit))
    assert fife.ledger.verify().ok


@pytest.mark.parametrize("title", ["on_loan_from_donor", "held_for_esp"])
def test_what_is_not_ours_needs_the_donors_word(fife: College, kit: str, title: str) -> None:
    """A college that scraps the RAF's kit without asking gets no second one."""
    fife.holdings.record_gift(kit, Gift(donor="RAF", title=title))  # type: ignore[arg-type]  # both are titles
    refusal = refused("donor_must_agree", lambda: fife.holdings.propose_withdrawal(kit, "worn"))
    assert "RAF" in refusal.message
    fife.holdings.propose_withdrawal(kit, "worn", donor_agreement="RAF letter, 3 May 2026")
    second(fife).withdraw(kit)
    assert "RAF letter, 3 May 2026" in fife.find.history(kit)[-1].summary


def test_terms_that_changed_since_are_looked_at_again(fife: College, kit: str) -> None:
    """The paper that says whose it is may be found between the two signatures."""
    fife.holdings.propose_withdrawal(kit, "worn")
    fife.holdings.record_gift(kit, Gift(donor="RAF", title="on_loan_from_donor"))
    refused("donor_must_agree", lambda: second(fife).withdraw(kit))
    assert fife.find.holding(kit).status == "in"


def test_esps_terms_of_a_gift_ask_for_the_donors_word(place: str, clock: SetClock) -> None:
    """What the donor agreed with ESP binds, though the college's own papers say "owned"."""
    with kitloan.init("esp", place, actor="esp", clock=clock) as esp:
        for gift, must in (("raf-1", True), ("raf-2", False)):
            with esp.session.writing() as writer:
                writer.append(
                    GiftAgreed(
                        gift=gift, donor="RAF", kit_type="kit", promised=9, donor_must_agree=must
                    )
                )
        bound, free = (
            esp.holdings.add(NewHolding("Kit", gift=Gift("RAF", title="owned", gift=gift))).tag
            for gift in ("raf-1", "raf-2")
        )
        refused("donor_must_agree", lambda: esp.holdings.propose_withdrawal(bound, "worn"))
        esp.holdings.propose_withdrawal(bound, "worn", donor_agreement="letter")
        esp.holdings.propose_withdrawal(free, "worn")


def test_what_is_found_is_not_written_off_as_lost(fife: College, kit: str) -> None:
    """The second signature must not come a day after the kit turned up."""
    fife.holdings.report_missing(kit)
    fife.holdings.propose_withdrawal(kit, "lost")
    fife.holdings.found(kit)
    refused("not_proposed", lambda: second(fife).withdraw(kit))
    assert fife.ledger.verify().ok


def test_what_is_lost_is_written_off(fife: College, kit: str) -> None:
    """Lost, proposed, signed: the loan that lost it is still there for who asks in five years."""
    fife.loans.check_out([kit], "Balwearie High School")
    refused("on_loan", lambda: fife.holdings.propose_withdrawal(kit, "lost"))
    fife.holdings.report_missing(kit)
    fife.holdings.propose_withdrawal(kit, "lost")
    second(fife).withdraw(kit)
    kinds = [line.kind for line in fife.find.history(kit)]
    assert kinds == [
        *("holding.accessioned", "loan.checked_out", "holding.missing"),
        *("withdrawal.proposed", "holding.withdrawn"),
    ]
    refused("withdrawn", lambda: fife.loans.check_out([kit], "Balwearie High School"))
    assert fife.ledger.verify().ok


def test_each_step_can_be_undone(fife: College, kit: str, clock: SetClock) -> None:
    """The wrong tag scanned as lost must give the school its loan back."""
    fife.loans.check_out([kit], "Balwearie High School")
    steps: list[Callable[[], object]] = [
        lambda: fife.holdings.report_missing(kit, "on a bus"),
        lambda: fife.holdings.found(kit),
        lambda: fife.holdings.report_missing(kit),
        lambda: fife.holdings.propose_withdrawal(kit, "lost"),
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
    assert fife.find.holding(kit).status == "out"
    assert fife.ledger.verify().ok


def test_what_was_signed_is_for_the_signer_to_undo(fife: College, kit: str, reopen: Reopen) -> None:
    """The first person alone must not bring back what two took away."""
    fife.holdings.propose_withdrawal(kit, "beyond repair")
    before = standing(fife)
    colleague = reopen("j.kerr")
    colleague.holdings.withdraw(kit)
    assert "j.kerr" in refused("built_upon", fife.actions.undo).message
    assert fife.find.holding(kit).status == "withdrawn"
    colleague.actions.undo()
    assert standing(fife) == before
    fife.actions.undo()
    refused("not_proposed", lambda: colleague.holdings.withdraw(kit))
    assert fife.ledger.verify().ok


def test_a_request_said_twice_is_done_once(fife: College, kit: str) -> None:
    """A desk that was killed before it heard "done" asks again, and must not hear a refusal."""
    for _ in range(2):
        fife.holdings.report_missing("FC001", "on a bus", request_id="m")
    for _ in range(2):
        fife.holdings.found("FC001", request_id="f")
    for _ in range(2):
        fife.holdings.propose_withdrawal("FC001", "worn", request_id="p")
    refused("id_reused", lambda: fife.holdings.propose_withdrawal("FC001", "lost", request_id="p"))
    for _ in range(2):
        second(fife).withdraw("fc001", request_id="w")
    other = fife.holdings.add(NewHolding("Telescope")).tag
    refused("id_reused", lambda: second(fife).withdraw(other, request_id="w"))
    assert len(fife.find.history(kit)) == 5
    assert fife.find.holding("FC001").status == "withdrawn", "only this one bears the number"
    anew = fife.holdings.add(NewHolding("STEM kit", asset_number="FC001")).tag
    assert fife.find.holding("FC001").tag == anew, "the number is the living one's"


def test_the_database_refuses_one_person_twice(fife: College, kit: str) -> None:
    """Another program, or a mistake of ours, must not write off alone either."""
    fife.holdings.propose_withdrawal(kit, "worn")
    said = "UPDATE withdrawal SET signed_by = proposed_by, signed_at = proposed_at"
    with (
        pytest.raises(Exception, match="withdrawal_by_two_people"),
        fife.session.store.engine.begin() as connection,
    ):
        connection.exec_driver_sql(said)
