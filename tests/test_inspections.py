"""Inspections: due by calendar months, and enforced where a holding is lent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from conftest import SetClock
from kitloan import BadInput, Count, KitloanError, NewHolding, Refused, StoreError
from kitloan.college import College
from kitloan.ledger.facts.loans import CheckedOut
from kitloan.text.dates import months_after

SCHOOL = "Balwearie High School"


def refused(act: Callable[[], object]) -> KitloanError:
    """What an act was refused with."""
    with pytest.raises((Refused, BadInput)) as refusal:
        act()
    return refusal.value


@pytest.mark.parametrize(
    ("day", "months", "until"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),  # example 13
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 1, 15), 11, date(2026, 12, 15)),
        (date.max, 1, date.max),
    ],
)
def test_months_are_of_the_calendar_and_end_with_the_month(
    day: date, months: int, until: date
) -> None:
    """Six months after 31 August is no day in March."""
    assert months_after(day, months) == until


def test_nothing_is_inspected_until_a_college_says_so(fife: College, kit: str) -> None:
    """An interval that a program made up would be followed, and is nobody's decision."""
    assert fife.inspections.regimes() == []
    fife.loans.check_out([kit], SCHOOL)
    refusal = refused(lambda: fife.inspections.record(kit, "PAT", "pass"))
    assert (refusal.code, refusal.details["regimes"]) == ("unknown_regime", [])


def test_what_is_overdue_is_not_lent_without_a_reason(fife: College, clock: SetClock) -> None:
    """A gate on a page only is one that the counter walks around: it is in the transaction."""
    good, never = (fife.holdings.add(NewHolding("STEM kit")).tag for _ in range(2))
    fife.inspections.set_regime("PAT", "stem KIT", 6)
    fife.inspections.record(good, "pat", "pass")
    refusal = refused(lambda: fife.loans.check_out([good, never], SCHOOL))
    assert (refusal.code, refusal.details["tag"]) == ("inspection_due", never)
    assert fife.find.loans().total == 0
    fife.loans.check_out([good], SCHOOL, due_on=date(2026, 12, 1))
    fife.loans.check_in([good], Count(whole=True))
    clock.now = datetime(2027, 5, 23, 12, 0, tzinfo=UTC)
    fife.loans.check_out([good], SCHOOL)  # the last day on which it is valid
    fife.loans.check_in([good], Count(whole=True))
    clock.move(days=1)
    refusal = refused(lambda: fife.loans.check_out([good], SCHOOL))
    assert refusal.details["regimes"] == [{"regime": "PAT", "valid_until": "2027-05-23"}]
    fife.loans.check_out([good], SCHOOL, override="the tester comes on Friday")
    history = fife.find.history(good)
    assert [line.kind for line in history][-2:] == ["loan.checked_out", "rule.overridden"]
    assert "inspection due" in history[-1].summary
    assert "the tester comes on Friday" in history[-1].summary
    assert "incomplete" not in history[-2].summary
    fife.actions.undo()
    assert fife.find.holding(good).loan is None
    assert fife.ledger.verify().ok


def test_a_warning_gates_nothing(fife: College, kit: str) -> None:
    """A regime that only reminds must never stop a school that is at the counter."""
    fife.inspections.set_regime("Visual", "STEM kit", 1, gate=False)
    fife.loans.check_out([kit], SCHOOL)
    (line,) = fife.inspections.list().items
    assert (line.overdue, line.gate, line.due_on) == (True, False, None)


@pytest.mark.parametrize("gate", [True, False])
def test_what_failed_is_out_of_use_until_it_passes(fife: College, kit: str, gate: bool) -> None:
    """Whatever the regime: a kit that is not safe is not lent, not for any reason, and repairing
    it is not enough."""
    fife.inspections.set_regime("PAT", "STEM kit", 12, gate=gate)
    fife.inspections.set_regime("Visual", "STEM kit", 1, gate=False)
    fife.inspections.record(kit, "PAT", "fail")
    fife.inspections.record(kit, "Visual", "pass")
    assert fife.find.holding(kit).status == "out_of_use"
    refusal = refused(lambda: fife.loans.check_out([kit], SCHOOL, override="please"))
    assert (refusal.code, refusal.details["regimes"]) == ("inspection_failed", ["PAT"])
    fife.holdings.put_in_repair(kit, "new plug")
    fife.holdings.repaired(kit)
    assert refused(lambda: fife.holdings.repaired(kit)).code == "inspection_failed"
    assert refused(lambda: fife.loans.check_out([kit], SCHOOL)).code == "inspection_failed"
    fife.inspections.record(kit, "PAT", "pass")
    assert fife.find.holding(kit).status == "in"
    fife.loans.check_out([kit], SCHOOL)
    assert fife.ledger.verify().ok


def test_a_pass_does_not_end_a_repair(fife: College, kit: str) -> None:
    """A motor that burnt out is no better for the plug that was tested."""
    fife.inspections.set_regime("PAT", "STEM kit", 12)
    fife.holdings.put_in_repair(kit, "motor burnt out")
    fife.inspections.record(kit, "PAT", "fail")
    fife.inspections.record(kit, "PAT", "pass")
    refusal = refused(lambda: fife.loans.check_out([kit], SCHOOL))
    assert (refusal.code, refusal.details["reason"]) == ("out_of_use", "motor burnt out")
    fife.holdings.repaired(kit)
    fife.loans.check_out([kit], SCHOOL)


def test_a_pass_of_an_earlier_day_does_not_clear_a_later_fail(
    fife: College, kit: str, clock: SetClock
) -> None:
    """A paper of last week, entered today, says nothing of what was found yesterday."""
    fife.inspections.set_regime("PAT", "STEM kit", 12)
    clock.move(days=5)
    today = fife.session.today
    fife.inspections.record(kit, "PAT", "fail", on=date(2026, 11, 27))
    fife.inspections.record(kit, "PAT", "pass", on=date(2026, 11, 26))
    assert fife.find.holding(kit).status == "out_of_use"
    done = fife.inspections.record(kit, "PAT", "pass", on=today)
    assert (done.on, done.valid_until) == (today, date(2027, 11, 28))
    assert fife.find.holding(kit).status == "in"


def test_what_fails_on_loan_comes_back_and_stays(fife: College, kit: str) -> None:
    """A school reports a burnt plug: the loan is a fact, the next one is refused."""
    fife.inspections.set_regime("PAT", "STEM kit", 12, gate=False)
    fife.loans.check_out([kit], SCHOOL)
    fife.inspections.record(kit, "PAT", "fail")
    assert fife.find.holding(kit).loan is not None
    fife.loans.pass_on(kit, "Kirkcaldy High School")  # it did go there
    fife.loans.check_in([kit], Count(whole=True))
    assert fife.find.holding(kit).status == "out_of_use"
    assert refused(lambda: fife.loans.check_out([kit], SCHOOL)).code == "inspection_failed"
    assert fife.ledger.verify().ok


def test_some_of_a_stock_that_failed_are_out(fife: College) -> None:
    """Those that are out may come back in parts, and never go out again; a loss is a fact too."""
    stock = fife.holdings.add(NewHolding("Goggles", quantity=30)).tag
    fife.inspections.set_regime("Lenses", "Goggles", 12, gate=False)
    fife.loans.check_out([stock], SCHOOL, quantity=10)
    fife.loans.check_out([stock], "Kirkcaldy High School", quantity=5)
    fife.inspections.record(stock, "Lenses", "fail")
    fife.loans.check_in([stock], quantity=4, from_=SCHOOL)
    fife.loans.correct(stock, quantity=12, from_=SCHOOL)
    fife.loans.check_in([stock], quantity=1, lost=2, from_=SCHOOL)
    assert refused(lambda: fife.loans.check_out([stock], SCHOOL)).code == "inspection_failed"
    with pytest.raises(StoreError):
        lend_past_the_rules(fife, stock, exclusive=False)
    assert fife.ledger.verify().ok


def lend_past_the_rules(fife: College, tag: str, *, exclusive: bool = True) -> None:
    """Lend a holding as a program would that skipped every check."""
    with fife.session.writing() as writer:
        writer.append(
            CheckedOut(
                tag=tag,
                loan="past",
                organisation="balwearie-high-school",
                exclusive=exclusive,
                due_on="2027-01-15",
            )
        )


@pytest.mark.parametrize("how", ["failed", "in repair"])
def test_the_database_itself_refuses_to_lend_what_is_out_of_use(
    fife: College, kit: str, how: str
) -> None:
    """A desk with another program, or a fault in this one, must not lend what is not safe."""
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.loans.check_out([other], SCHOOL)
    fife.inspections.set_regime("PAT", "STEM kit", 12)
    if how == "failed":
        fife.inspections.record(kit, "PAT", "fail")
    else:
        fife.holdings.put_in_repair(kit, "motor burnt out")
    before = len(fife.ledger.log())
    with pytest.raises(StoreError) as refusal:
        lend_past_the_rules(fife, kit)
    assert refusal.value.code == "refused_by_the_database"
    assert len(fife.ledger.log()) == before


def test_a_loan_of_an_earlier_day_goes_by_what_was_found_since(
    fife: College, kit: str, clock: SetClock
) -> None:
    """Lent on Monday, failed on Tuesday and passed on Thursday cannot all be so."""
    fife.inspections.set_regime("PAT", "STEM kit", 12)
    fife.inspections.record(kit, "PAT", "fail")
    clock.move(days=3)
    fife.inspections.record(kit, "PAT", "pass")
    refusal = refused(lambda: fife.loans.check_out([kit], SCHOOL, on=date(2026, 11, 24)))
    assert refusal.code == "dates_overlap"
    fife.loans.check_out([kit], SCHOOL, on=date(2026, 11, 26))
    assert fife.ledger.verify().ok


def test_a_regime_that_ended_gates_no_more_but_a_fail_stays(fife: College, kit: str) -> None:
    """Else ending the regime would be the way to lend a kit that failed."""
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.inspections.set_regime("PAT", "STEM kit", 12)
    fife.inspections.record(kit, "PAT", "fail")
    fife.inspections.end_regime("PAT", "STEM kit")
    fife.loans.check_out([other], SCHOOL)
    assert refused(lambda: fife.loans.check_out([kit], SCHOOL)).code == "inspection_failed"
    assert fife.inspections.record(kit, "pat", "pass").valid_until is None
    fife.loans.check_out([kit], SCHOOL)
    refusal = refused(lambda: fife.inspections.end_regime("PAT", "STEM kit"))
    assert refusal.code == "no_such_regime"


def test_a_regime_is_set_again_and_undone(fife: College, kit: str) -> None:
    """A slip in the months is one key away from never having been."""
    fife.inspections.set_regime("PAT", "STEM kit", 12, gate=False)
    fife.inspections.set_regime("PAT", "STEM kit", 1)
    assert [(each.months, each.gate) for each in fife.inspections.regimes()] == [(1, False)]
    fife.actions.undo()
    assert [each.months for each in fife.inspections.regimes()] == [12]
    fife.actions.undo()
    assert fife.inspections.regimes() == []
    fife.actions.redo()
    assert [each.months for each in fife.inspections.regimes()] == [12]
    assert fife.ledger.verify().ok


def test_what_is_due_is_listed_first_due_first(fife: College, clock: SetClock) -> None:
    """The tester's day: never inspected and failed at the top, then by day, page after page."""
    tags = [fife.holdings.add(NewHolding("STEM kit", asset_number=f"F{n}")).tag for n in range(4)]
    fife.inspections.set_regime("PAT", "STEM kit", 6)
    for n, tag in enumerate(tags[:3]):
        clock.move(days=1)
        fife.inspections.record(tag, "PAT", "fail" if n == 1 else "pass")
    page = fife.inspections.list()
    assert [(each.result, each.due_on) for each in page.items[2:]] == [
        ("pass", date(2027, 5, 24)),
        ("pass", date(2027, 5, 26)),
    ]
    assert {each.result for each in page.items[:2]} == {None, "fail"}
    assert all(each.overdue for each in page.items[:2])
    by = fife.inspections.list(due_by=date(2027, 5, 25))
    assert by.total == 3
    seen = []
    page = fife.inspections.list(limit=1)
    while page.next:
        seen += page.items
        page = fife.inspections.list(after=page.next, limit=1)
    assert len({each.tag for each in (*seen, *page.items)}) == 4
    fife.holdings.report_missing(tags[0])
    assert fife.inspections.list().total == 3


def test_only_types_on_the_register_have_regimes(fife: College, kit: str) -> None:
    """A regime for a misspelt type gates nothing, and everybody thinks that it does."""
    refusal = refused(lambda: fife.inspections.set_regime("PAT", "STEM kits", 12))
    assert (refusal.code, refusal.details["near"]) == ("unknown_type", ["STEM kit"])
    for months in (0, -1, 1.5, True, 10_000):
        refusal = refused(
            lambda m=months: fife.inspections.set_regime("PAT", "STEM kit", m)  # type: ignore[misc]
        )
        assert refusal.code == "bad_months"
    fife.inspections.set_regime("PAT", "STEM kit", 12)
    other = fife.holdings.add(NewHolding("Telescope")).tag
    assert refused(lambda: fife.inspections.record(other, "PAT", "pass")).code == "not_covered"


def test_a_blocked_borrower_gets_nothing(fife: College, kit: str, clock: SetClock) -> None:
    """Until the day that was named, with the reason shown; and a person can still decide."""
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.loans.check_out([other], SCHOOL)
    fife.directory.block(SCHOOL.upper(), "two kits not returned", until=date(2026, 12, 1))
    refusal = refused(lambda: fife.loans.check_out([kit], SCHOOL))
    assert (refusal.code, refusal.details["until"]) == ("blocked", "2026-12-01")
    assert "two kits not returned" in refusal.message
    fife.loans.check_out([kit], SCHOOL, override="the head teacher rang")
    assert fife.find.history(kit)[-1].kind == "rule.overridden"
    fife.loans.check_in([kit], Count(whole=True))
    clock.now = datetime(2026, 12, 1, 23, 0, tzinfo=UTC)
    assert refused(lambda: fife.loans.check_out([kit], SCHOOL)).code == "blocked"
    clock.move(hours=2)
    assert fife.directory.blocks() == []
    fife.loans.check_out([kit], SCHOOL)
    assert fife.ledger.verify().ok


def test_a_block_is_ended_and_undone(fife: College, kit: str) -> None:
    """Blocking the wrong school is a slip like any other."""
    fife.loans.check_out([kit], SCHOOL)
    fife.loans.check_in([kit], Count(whole=True))
    fife.directory.block(SCHOOL, "one reason")
    fife.directory.block(SCHOOL, "another reason")
    fife.directory.unblock(SCHOOL)
    fife.actions.undo()
    assert [each.reason for each in fife.directory.blocks()] == ["another reason"]
    fife.actions.undo()
    assert [each.reason for each in fife.directory.blocks()] == ["one reason"]
    fife.actions.undo()
    assert fife.directory.blocks() == []
    assert refused(lambda: fife.directory.unblock(SCHOOL)).code == "not_blocked"
    refusal = refused(lambda: fife.directory.block("Balweary High School", "x"))
    assert (refusal.code, refusal.details["near"]) == ("unknown_organisation", [SCHOOL])
    assert fife.ledger.verify().ok


def test_a_borrower_that_is_blocked_stays_when_its_loan_is_undone(fife: College, kit: str) -> None:
    """The block rests on the borrower; undoing the loan must not take that away."""
    fife.loans.check_out([kit], SCHOOL)
    other = replace(fife.session, actor="j.kerr")
    from kitloan.borrowers.directory import Directory

    Directory(other).block(SCHOOL, "a kit is lost")
    fife.actions.undo()
    assert [each.organisation for each in fife.directory.blocks()] == [SCHOOL]
    assert fife.ledger.verify().ok


def test_a_loan_before_the_block_is_entered_late(fife: College, kit: str, clock: SetClock) -> None:
    """What went on Friday went, whatever was decided on Monday."""
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.loans.check_out([other], SCHOOL)
    friday = fife.session.today
    clock.move(days=3)
    fife.directory.block(SCHOOL, "a kit is lost")
    fife.loans.check_out([kit], SCHOOL, on=friday)
    assert refused(lambda: fife.loans.check_out([other], SCHOOL)).code == "on_loan"
