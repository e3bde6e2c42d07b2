"""The question on the counter, and what the answers to it do.

At most one is open: a kit being counted, as it comes back or from another college; stock whose
number is asked; or a label that no holding has yet. It stays open when an answer cannot be used or
the store failed; a rule's refusal ends it, save where that would lose what somebody counted.

Enter alone answers with what is usual, but not when something was refused since the question was
last shown: a person who types a part's name wrong and presses Enter twice would record a whole
kit. It asks again then, and shows what was not taken.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from kitloan.college import College
from kitloan.contents import Count
from kitloan.errors import Refused
from kitloan.text.names import clean, near_names
from kitloan_tui.counter import lending, parsing, recording, refusals, sentences
from kitloan_tui.counter.questions import Arriving, Counting, HowMany, Question, TakingIn
from kitloan_tui.counter.state import CounterState
from kitloan_tui.counter.verdict import Verdict

LONGEST_NOTE = 2000


def ask(state: CounterState, college: College, question: Question) -> Verdict:
    """Open a question."""
    state.question, state.not_taken = question, ""
    return sentences.question(question, college.session.today)


def enter(state: CounterState, college: College, question: Question) -> Verdict:
    """Answer with Enter alone: what is usual, where something is."""
    not_taken, state.not_taken = state.not_taken, ""
    asked = sentences.question(question, college.session.today)
    match question:
        case _ if not_taken:
            return sentences.asked_again(asked, not_taken)
        case Counting() | Arriving():
            return _end_count(state, college, question, question.count())
        case HowMany() if not question.asks_whose:
            return _end_number(state, college, question, question.usual)
        case _:
            return asked


def answer(
    state: CounterState, college: College, question: Question, text: str, chosen: str | None
) -> Verdict:
    """Answer with words; `chosen` is what they pick when they are a number of the list."""
    match question:
        case Counting() if remark := parsing.after_note(text):
            state.step.retract = partial(_take_back_remark, state, college, question)
            question.remark = clean(remark, "The note", LONGEST_NOTE)
        case Counting() if question.returning and (due := parsing.after_due(text)):
            return _renew(state, college, question, due)
        case Counting() | Arriving():
            question.note(text)
        case TakingIn() if sender := parsing.after_from(text):
            return receive_from(state, college, question.tag, sender)
        case TakingIn() if question.sender:
            return receive_from(state, college, question.tag, question.sender, chosen or text)
        case TakingIn():
            return _take_in(state, college, question, text, chosen)
        case HowMany() if not question.asks_whose:
            numbers = None if question.to else parsing.came_back(text)
            if numbers and any(numbers[1:]):
                return _end_used(state, college, question, numbers)
            return _end_number(state, college, question, question.number(text))
        case HowMany():
            question.choose(question.named(text))
    state.not_taken = ""
    return sentences.question(question, college.session.today)


def _take_in(
    state: CounterState, college: College, question: TakingIn, text: str, chosen: str | None
) -> Verdict:
    """Take it in as the kind that was typed; one that may be a slip is asked about first."""
    kind = chosen or question.kind_typed(clean(text, "The kit type"))
    if question.new and text.lower() in parsing.YES:
        kind = question.new
    elif kind not in question.names and (like := near_names(kind, question.names)):
        return ask(state, college, replace(question, new=kind, like=like))
    return settle(state, college, lambda: recording.take_in_as(college, question, kind))


def receive_from(
    state: CounterState, college: College, tag: str, sender: str, kind: str | None = None
) -> Verdict:
    """It comes from another college: ask what it is, or count it, or receive it at once."""
    arrived = recording.expect_from(college, tag, sender, kind)
    if isinstance(arrived, Verdict):
        return settle(state, college, lambda: arrived)
    return ask(state, college, arrived)


def count_whole(state: CounterState, college: College) -> Verdict:
    """Everything on the list is there."""
    return _end_count(state, college, _untouched_count(state), Count(whole=True))


def count_later(state: CounterState, college: College) -> Verdict:
    """Nobody counts now."""
    return _end_count(state, college, _untouched_count(state), None)


def take_back(state: CounterState, college: College) -> Verdict | None:
    """Undo the last word of a count; None when there is none."""
    counting = state.question
    if not isinstance(counting, Counting | Arriving) or not counting.typed:
        return None
    last = counting.take_back()
    what = f"all of {last.bag}" if last.bag else f"{last.part} {last.number}"
    hint = f"Taken back: {what} {last.fault}."
    return sentences.question(counting, college.session.today, hint)


def _renew(state: CounterState, college: College, counting: Counting, due: str) -> Verdict:
    """The kit stays with them, until another day; what was counted already is not dropped."""
    if counting.typed or counting.remark:
        raise refusals.counted_already()
    done = recording.renew(college, counting.held.tag, due)
    state.question = None
    return done


def _take_back_remark(state: CounterState, college: College, counting: Counting) -> Verdict:
    counting.remark = ""
    return sentences.question(counting, college.session.today, "The note was taken back.")


def leave(state: CounterState, question: Question) -> Verdict:
    """Leave the question without an answer."""
    state.question = None
    return sentences.left(question)


def settle(state: CounterState, college: College, act: Callable[[], Verdict]) -> Verdict:
    """End the question with what this does."""
    question = state.question
    try:
        verdict = act()
    except Refused as refused:
        state.question = None
        if refused.code == "not_out" and isinstance(question, Counting) and question.typed:
            _count_here(state, college, question)
        raise
    state.question = None
    return verdict


def _untouched_count(state: CounterState) -> Counting | Arriving:
    """The kit being counted, when nobody has typed anything against it yet."""
    if not isinstance(state.question, Counting | Arriving):
        raise refusals.nothing_counted()
    if state.question.typed:
        raise refusals.counted_otherwise(state.question)
    return state.question


def _end_number(state: CounterState, college: College, asked: HowMany, number: int) -> Verdict:
    if asked.to:
        to = asked.to
        return settle(state, college, lambda: lending.lend(state, college, asked.held, to, number))
    on = state.terms.on
    return settle(state, college, lambda: recording.take_back_number(college, asked, number, on))


def _end_used(
    state: CounterState, college: College, asked: HowMany, numbers: tuple[int, int, int]
) -> Verdict:
    back, used, lost = numbers
    on, whose = state.terms.on, asked.whose
    return settle(
        state,
        college,
        lambda: recording.take_back_used(college, asked.held, whose, back, used, lost, on),
    )


def _end_count(
    state: CounterState, college: College, counting: Counting | Arriving, count: Count | None
) -> Verdict:
    if isinstance(counting, Arriving):
        return settle(state, college, lambda: recording.receive(college, counting, count))
    on = state.terms.on
    return settle(state, college, lambda: recording.end_count(college, counting, count, on))


def _count_here(state: CounterState, college: College, counted: Counting) -> None:
    """Another desk was first to take it back: what was counted here must not be lost.

    Raises:
        Refused: `back_already`, with the count open again as one with no loan about it.
    """
    held = college.find.holding(counted.tag)
    if held.status in ("in", "incomplete", "uncounted"):
        parts = college.loans.contents(held.tag)
        state.question = Counting(held=held, parts=parts, typed=counted.typed)
        raise refusals.back_already(held) from None
