"""Lending at the counter: whose turn it is, what goes to them, and on what terms.

With a turn open each kit scanned is lent to it at once; without one the kits wait in the basket
for a name. How many loans a turn has is asked of the register after every step: a return, an undo
and another desk change it too.

What must be asked about before it goes (stock, whose number counts) and what goes on terms of its
own (an incomplete kit) is put into `ask_next`: the counter takes those codes as if scanned now.
"""

from dataclasses import replace
from datetime import date
from functools import partial

from kitloan.college import College
from kitloan.errors import KitloanError, Refused
from kitloan.loans import Lent, default_due
from kitloan.text.dates import days_after, parse_due
from kitloan.text.names import clean, same_organisation
from kitloan.values import Holding
from kitloan_tui import lookups
from kitloan_tui.counter import refusals, sentences
from kitloan_tui.counter.state import MOST_CHOICES, CounterState, Recent, Turn, TurnTerms
from kitloan_tui.counter.verdict import Verdict

# -- whose turn it is -----------------------------------------------------------------------------


def name_borrower(state: CounterState, college: College, to: str) -> Verdict:
    """Lend the basket to this organisation, and begin its turn."""
    to = clean(to, "The organisation")
    before, terms = state.turn, state.terms
    if before and same_organisation(before.to, to):
        return sentences.turn_open(before.to)
    if before:
        state.terms = TurnTerms()
    if state.basket:
        return _lend_basket(state, college, to)
    state.turn = Turn(to)
    state.step.retract = partial(_restore_turn, state, to, before, terms)
    if lookups.organisation_called(college.session, to):
        return sentences.turn_open(to)
    nearly = lookups.spelt_nearly_like(college.session, to)
    return sentences.turn_open(to, new=True, nearly=nearly)


def leave(state: CounterState) -> Verdict | None:
    """Leave the basket, else end the turn; None when there is neither."""
    if state.basket:
        basket, state.basket = state.basket, ()
        state.reasons.clear()
        return sentences.not_lent(basket)
    if state.turn:
        turn, state.turn = state.turn, None
        state.terms = TurnTerms()
        return sentences.turn_over(turn.to, turn.loans)
    return None


def _restore_turn(state: CounterState, to: str, before: Turn | None, terms: TurnTerms) -> Verdict:
    """The turn just begun was a slip: whose turn it was before is so again."""
    state.turn, state.terms = before, terms
    return sentences.turn_open(before.to) if before else sentences.turn_over(to, 0)


# -- what goes ------------------------------------------------------------------------------------


def take(state: CounterState, college: College, held: Holding) -> Verdict:
    """Lend a holding that is here to the open turn, else let it wait for a name."""
    if state.turn:
        return lend(state, college, held, state.turn.to)
    if held.status != "in" and held.tag not in state.reasons:
        state.step.refused = held if held.status == "incomplete" else None
        raise refusals.cannot_be_lent(held)
    if held.tag not in [each.tag for each in state.basket]:
        state.basket = (*state.basket, held)
    return sentences.ask_whom(state.basket)


def take_out_last(state: CounterState) -> Verdict:
    """Take the kit scanned last out of the basket."""
    *rest, last = state.basket
    state.drop(last.tag)
    return sentences.ask_whom(rest, without=last) if rest else sentences.not_lent([last])


def restore_basket(state: CounterState, basket: tuple[Holding, ...]) -> Verdict:
    """Leaving these was a slip: they wait for a name again."""
    state.basket = basket
    return sentences.ask_whom(basket)


def lend(
    state: CounterState, college: College, held: Holding, to: str, quantity: int | None = None
) -> Verdict:
    """Lend one holding now."""
    try:
        reason = state.reasons.pop(held.tag, None)
        (loan,) = _check_out(state, college, [held], to, quantity, reason)
    except Refused as refusal:
        state.step.refused = held if refusal.code == "incomplete" else None
        raise
    if state.turn:
        state.turn.to = loan.to
        state.turn.loan_ids.append(loan.id)
        state.turn.loans += 1
    _remember(state, [loan])
    return sentences.lent(loan, held.shortages)


def set_rule_aside(state: CounterState, college: College, reason: str) -> Verdict:
    """Lend what a rule refused in the step before, with the reason on record.

    Raises:
        Refused: `nothing_refused`, when there was none that may be set aside.
        BadInput: `why`, without a reason.
    """
    held = state.last_step.refused
    if held is None:
        raise refusals.nothing_refused()
    if not reason:
        state.step.refused = held
        raise refusals.reason_needed()
    state.reasons[held.tag] = clean(reason, "The reason")
    return take(state, college, held)


def _lend_basket(state: CounterState, college: College, to: str) -> Verdict:
    later = [each for each in state.basket if each.quantity > 1 or each.tag in state.reasons]
    kits = [each for each in state.basket if each not in later]
    loans: list[Lent] = []
    if kits:
        try:
            loans = _check_out(state, college, kits, to)
        except Refused as refused:
            state.drop(str(refused.details.get("tag")))
            raise
    state.basket = ()
    to = loans[0].to if loans else to
    state.turn = Turn(to, [loan.id for loan in loans], len(loans), by_loan=bool(loans))
    state.ask_next += [held.tag for held in later]
    _remember(state, loans)
    if len(loans) > 1:
        return sentences.lent_together(loans)
    return sentences.lent(loans[0], kits[0].shortages) if loans else sentences.turn_open(to)


def _check_out(
    state: CounterState,
    college: College,
    kits: list[Holding],
    to: str,
    quantity: int | None = None,
    override: str | None = None,
) -> list[Lent]:
    return college.loans.check_out(
        [held.tag for held in kits],
        to,
        contact=state.terms.contact,
        purpose=state.terms.purpose,
        due_on=state.terms.due_on,
        quantity=quantity,
        override=override,
    )


def _remember(state: CounterState, loans: list[Lent]) -> None:
    if not loans:
        return
    to = loans[0].to
    state.recent = tuple(Recent(loan.tag, loan.to) for loan in loans)
    state.likely = [to, *(name for name in state.likely if name != to)][:MOST_CHOICES]


# -- on what terms --------------------------------------------------------------------------------


def set_terms(state: CounterState, college: College, word: str, value: str) -> Verdict:
    """Set the `contact`, the purpose (`for`) or the date (`due`) of this turn or the next one."""
    state.step.retract = partial(_restore_terms, state, state.terms)
    if word == "due":
        due_on = parse_due(value, college.session.today)
        state.terms = replace(state.terms, due_on=due_on)
    elif word == "contact":
        state.terms = replace(state.terms, contact=clean(value, "The contact's name"))
    else:
        state.terms = replace(state.terms, purpose=clean(value, "What it is for"))
    return sentences.terms_set(state.terms)


def _restore_terms(state: CounterState, terms: TurnTerms) -> Verdict:
    state.terms = terms
    return sentences.terms_set(terms)


def extend(state: CounterState, college: College, days: int) -> Verdict:
    """Set a later date: for what was lent or scanned last, else for the turn just begun.

    A loan that is overdue is counted from today, any other from the day it is due.
    """
    if state.turn and not state.turn.loans:
        due = state.terms.due_on or default_due(college.session.today)
        state.step.retract = partial(_restore_terms, state, state.terms)
        state.terms = replace(state.terms, due_on=days_after(due, days))
        return sentences.terms_set(state.terms)
    if not state.recent:
        raise refusals.nothing_to_renew()
    kits = [college.find.holding(each.tag) for each in state.recent]
    today = college.session.today
    wanted = [
        (each.tag, _day_after(held, today, days), each.to)
        for each, held in zip(state.recent, kits, strict=True)
    ]
    renewed = college.loans.renew_together(wanted)
    return sentences.renewed(
        [(held, to, day) for held, (_, to, day) in zip(kits, renewed, strict=True)]
    )


def _day_after(held: Holding, today: date, days: int) -> date:
    due = held.loan.due_on if held.loan and held.loan.due_on else today
    return days_after(max(due, today), days)


# -- what the register has of it ------------------------------------------------------------------


def refresh_likely(state: CounterState, college: College) -> None:
    """Ask the register who borrowed last."""
    state.likely = lookups.recent_borrowers(college.session, MOST_CHOICES)


def recount(state: CounterState, college: College) -> None:
    """Ask the register how many of this turn's loans are still out."""
    if state.turn and state.turn.loan_ids:
        try:
            state.turn.loans = lookups.still_out(college.session, state.turn.loan_ids)
        except KitloanError:  # out of reach: shown when something is asked of the store
            return


def end_turn_undone(state: CounterState, college: College) -> str:
    """End a turn of which an undo left nothing; gives whose it was, empty when none ended.

    A turn that began with a loan ends when that is undone: the name may have been the slip.
    """
    refresh_likely(state, college)
    recount(state, college)
    turn = state.turn
    if turn is None or turn.loans or not turn.by_loan:
        return ""
    state.turn, state.terms = None, TurnTerms()
    return turn.to
