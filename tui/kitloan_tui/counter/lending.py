"""Lending at the counter: whose turn it is, what goes to them, and on what terms.

With a turn open each kit scanned is lent to it at once; without one the kits wait in the basket
for a name. What the school has booked for today is collected by that, with no further key. How
many loans a turn has, and what is still to be collected, is asked of the register after every step:
a return, an undo and another desk change it too.

What must be asked about before it goes (stock, whose number counts) and what goes on terms of its
own (an incomplete kit) is put into `ask_next`: the counter takes those codes as if scanned now.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from kitloan.college import College
from kitloan.errors import KitloanError, Refused
from kitloan.loans.checkouts import Lent, default_due
from kitloan.text.dates import days_after, parse_due, parse_past
from kitloan.text.names import clean, same_organisation
from kitloan.values import Holding, LoanLine
from kitloan_tui import lookups
from kitloan_tui.counter import parsing, recording, refusals, sentences
from kitloan_tui.counter.state import (
    MOST_CHOICES,
    CounterState,
    Recent,
    Turn,
    TurnTerms,
    TypedTerms,
)
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.lookups import ToCollect

# -- whose turn it is -----------------------------------------------------------------------------


def name_borrower(state: CounterState, college: College, to: str) -> Verdict:
    """Lend the basket to this organisation, and begin its turn."""
    to = clean(to, "The organisation")
    before, terms = state.turn, state.terms
    if before and same_organisation(before.to, to):
        return sentences.turn_open(before.to)
    if before:
        state.clear_terms()
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
        state.clear_terms()
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
        booking = _booking_of(lookups.to_collect(college.session, to, _day(state, college)), held)
        (loan,) = _check_out(state, college, [held], to, quantity, reason, booking)
    except Refused as refusal:
        state.step.refused = held if refusal.code == "incomplete" else None
        raise
    if state.turn:
        state.turn.to = loan.to
        state.turn.loan_ids.append(loan.id)
        state.turn.loans += 1
    _remember(state, [loan])
    verdict = sentences.lent(loan, held.shortages, state.terms.on, booking)
    is_first = state.turn is None or state.turn.loans == 1
    return _ask_school(state, college, loan.to, verdict) if is_first else verdict


def _booking_of(booked: Sequence[ToCollect], held: Holding) -> str | None:
    """The booking against which a holding goes; None where none is of its type."""
    return next((each.booking for each in booked if each.type == held.type), None)


def _day(state: CounterState, college: College) -> date:
    return state.terms.on or college.session.today


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
    booked = lookups.to_collect(college.session, to, _day(state, college))
    booking, kits, others = _of_one_booking(booked, kits)
    later += others
    loans: list[Lent] = []
    if kits:
        try:
            loans = _check_out(state, college, kits, to, booking=booking)
        except Refused as refused:
            state.drop(str(refused.details.get("tag")))
            raise
    state.basket = ()
    to = loans[0].to if loans else to
    state.turn = Turn(to, [loan.id for loan in loans], len(loans), by_loan=bool(loans))
    state.ask_next += [held.tag for held in later]
    _remember(state, loans)
    if not loans:
        return sentences.turn_open(to)
    if len(loans) > 1:
        verdict = sentences.lent_together(loans, state.terms.on, booking)
    else:
        verdict = sentences.lent(loans[0], kits[0].shortages, state.terms.on, booking)
    return _ask_school(state, college, to, verdict)


def _ask_school(state: CounterState, college: College, to: str, verdict: Verdict) -> Verdict:
    """Ask whether a borrower is the one listed school of its name; whatever else comes goes on."""
    found = college.schools.called(to)
    if len(found) != 1:
        return verdict
    (school,) = found
    state.step.confirms = partial(recording.link_school, college, to, school.schuid)
    return replace(verdict, hint=f"{sentences.ask_listed(school)} {verdict.hint}")


def _of_one_booking(
    booked: Sequence[ToCollect], kits: list[Holding]
) -> tuple[str | None, list[Holding], list[Holding]]:
    """The kits that go against the booking of the first of them, or against none; and the rest."""
    left = {(each.booking, each.type): each.quantity for each in booked}
    groups: dict[str | None, list[Holding]] = {}
    for held in kits:
        taken = next((key for key, many in left.items() if many and key[1] == held.type), None)
        if taken:
            left[taken] -= 1
        groups.setdefault(taken[0] if taken else None, []).append(held)
    (booking, first), *rest = groups.items() or [(None, [])]
    return booking, first, [held for _, group in rest for held in group]


def _check_out(
    state: CounterState,
    college: College,
    kits: list[Holding],
    to: str,
    quantity: int | None = None,
    override: str | None = None,
    booking: str | None = None,
) -> list[Lent]:
    loans = college.loans.check_out(
        [held.tag for held in kits],
        to,
        contact=state.terms.contact,
        purpose=state.terms.purpose,
        due_on=state.terms.due_on,
        on=state.terms.on,
        quantity=quantity,
        override=override,
        booking=booking,
    )
    recording.keep_details(college, loans[0].to, state.terms)
    return loans


def _remember(state: CounterState, loans: list[Lent]) -> None:
    if not loans:
        return
    to = loans[0].to
    state.recent = tuple(Recent(loan.tag, loan.to) for loan in loans)
    state.likely = [to, *(name for name in state.likely if name != to)][:MOST_CHOICES]


# -- on what terms --------------------------------------------------------------------------------


def set_terms(state: CounterState, college: College, word: str, value: str) -> Verdict:
    """Set the `contact`, the purpose (`for`) or the date (`due`) of this turn or the next one.

    What is typed after the first scans of a turn is for the loans of this turn too.

    Raises:
        Refused: `lent_already`, where it cannot be set for what was lent in this turn.
        BadInput: a date or a name that cannot be used.
    """
    is_cleared = value.lower() in parsing.NO_MORE
    before = state.terms
    if word == "on":
        on = None if is_cleared else parse_past(value, college.session.today)
        terms = replace(before, on=None if on == college.session.today else on)
    elif word == "due":
        went = before.on or college.session.today
        due_on = None if is_cleared else parse_due(value, went)
        terms = replace(before, due_on=due_on)
    elif word == "contact":
        name, email, phone = (None, None, None) if is_cleared else parsing.split_contact(value)
        contact = clean(name, "The contact's name") if name else None
        terms = replace(before, contact=contact, email=email, phone=phone)
    else:
        purpose = None if is_cleared else clean(value, "What it is for")
        terms = replace(before, purpose=purpose)
    lent = _of_this_turn(state, college)
    if lent and word == "due" and terms.due_on:
        return _change_due(state, college, lent, terms, terms.due_on)
    if lent and (word == "for" or is_cleared):
        raise refusals.lent_already(word, lent)
    if lent:
        recording.correct_together(college, lent, contact=terms.contact, on=terms.on, what=word)
        recording.keep_details(college, lent[0].to, terms)
        _keep_terms(state, terms, recorded=1)
        return sentences.corrected_together(lent, terms)
    return _keep_terms(state, terms)


def _of_this_turn(state: CounterState, college: College) -> list[LoanLine]:
    """The loans of this turn that are still open."""
    if state.turn is None or not state.turn.loan_ids:
        return []
    return lookups.open_loans(college.session, state.turn.loan_ids, state.turn.to)


def _change_due(
    state: CounterState, college: College, lent: list[LoanLine], terms: TurnTerms, due_on: date
) -> Verdict:
    """Another day for everything that was lent in this turn, and for what is lent from now on."""
    tags = list(dict.fromkeys(each.tag for each in lent))
    kits = [college.find.holding(tag) for tag in tags]
    renewed = college.loans.renew_together([(tag, due_on, lent[0].to) for tag in tags])
    _keep_terms(state, terms, recorded=1)
    return sentences.renewed(
        [(held, to, day) for held, (_, to, day) in zip(kits, renewed, strict=True)]
    )


def _keep_terms(state: CounterState, terms: TurnTerms, recorded: int = 0) -> Verdict:
    state.typed_terms.append(TypedTerms(state.terms, recorded))
    state.terms = terms
    return sentences.terms_set(terms, state.turn.to if state.turn else None)


def take_back_terms(state: CounterState) -> Verdict | None:
    """Undo what was typed last of the terms; None where an action on record came after it."""
    if not state.typed_terms or state.typed_terms[-1].recorded > 0:
        return None
    state.terms = state.typed_terms.pop().before
    return sentences.terms_set(state.terms, state.turn.to if state.turn else None)


def clear_terms(state: CounterState) -> Verdict | None:
    """Clear the terms that were typed; None when there are none."""
    if state.terms == TurnTerms():
        return None
    return _keep_terms(state, TurnTerms())


def extend(state: CounterState, college: College, days: int) -> Verdict:
    """Set a later date: for what was lent or scanned last, else for the turn just begun.

    A loan that is overdue is counted from today, any other from the day it is due.
    """
    if state.turn and not state.turn.loans:
        due = state.terms.due_on or default_due(college.session.today)
        return _keep_terms(state, replace(state.terms, due_on=days_after(due, days)))
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
    """Ask the register how many of this turn's loans are still out, and what is to be collected."""
    turn = state.turn
    if turn is None:
        return
    try:
        if turn.loan_ids:
            turn.loans = lookups.still_out(college.session, turn.loan_ids)
        turn.booked = lookups.to_collect(college.session, turn.to, _day(state, college))
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
    state.turn = None
    return turn.to
