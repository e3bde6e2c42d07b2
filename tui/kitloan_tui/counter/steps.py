"""The way in to the counter: a scan, a typed line, a command or Esc is one step.

Each function takes the state and the open college, changes the state and gives a `Verdict`. A scan
never answers a question: it waits in `state.waiting` until the question is settled, and is then
handled in its turn, so that no count is assumed and no scan lost.

What is open (`sentences.asking`) is shown until it is settled. Whatever else comes of a step, a
refusal above all, is shown beside it and never in its place: an Enter must not answer what nobody
can see.

Undo takes back the latest thing that a person did here, whether it is on record or not: a word of
a count, the scan that opened a question, the last kit that waits for a name, an Esc. Only when
nothing of that is on the counter does it reach into the ledger.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from kitloan.college import College
from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.text import scans as scanned
from kitloan.text.dates import instant
from kitloan.text.names import tidy
from kitloan.text.scans import Command, Tag, Text
from kitloan.text.tags import PREFIX, bare
from kitloan.values import Holding
from kitloan_tui import lookups
from kitloan_tui.actions import BY_WORD
from kitloan_tui.counter import answering, codes, lending, parsing, refusals, sentences, uses
from kitloan_tui.counter.questions import Counting, HowMany, LendOrReturn, Question
from kitloan_tui.counter.state import CounterState, FrontEnd, LoggedVerdict, Step
from kitloan_tui.counter.verdict import ONLY_LOOKS, READY, Verdict

REPEAT_SECONDS = 1.5
"""The same code again within this is the scanner, or a hand that held the trigger."""

_TAG = re.compile(rf"\b{PREFIX} [0-9A-Z]{{4}}(?:-[0-9A-Z]{{1,4}})+\b")
"""A tag in the groups that people read."""


def open_counter(college: College, front: FrontEnd | None = None) -> CounterState:
    """A counter at which nothing has happened yet."""
    state = CounterState(front or FrontEnd(), is_national=college.session.is_national)
    lending.refresh_likely(state, college)
    if state.is_national:
        state.verdict = ONLY_LOOKS
    if college.upgraded is not None:
        show(state, college, sentences.upgraded(college.upgraded))
    return state


# -- what comes in --------------------------------------------------------------------------------


def scan(state: CounterState, college: College, text: str, at: float | None = None) -> Verdict:
    """Take a scan.

    Args:
        state: the counter.
        college: its store.
        text: what the scanner sent.
        at: when, in seconds of one clock that does not step back; None where that means nothing,
            as in a list of tags from a file, and then nothing is a repeat.
    """
    if uses.is_form(text):  # about a kit that came back: it answers nothing that is asked here
        return act(state, college, lambda: uses.take_form(college, text), text)
    if uses.words_after(tidy(text)):  # no scan, however fast it came: pasted, or typed by a program
        return submit(state, college, text)
    if len(parts := scanned.split(text)) > 1:
        return [scan(state, college, part, at) for part in parts][-1]
    code = scanned.read(text)
    if _is_repeat(state, code, at):
        return note(state, "The same code twice: the second was ignored.")
    if isinstance(code, Command):
        return command(state, college, code.name)
    if (question := state.question) is None:
        return act(state, college, lambda: codes.take(state, college, code), text)
    if isinstance(question, LendOrReturn) and (known := _school_for(college, code)):
        return act(
            state, college, lambda: codes.lend_or_return(state, college, question, known), text
        )
    # Words about the kit on the counter are no scan, however fast they came: pasted, or
    # typed by a program. Kept waiting, they would leave it recorded as whole.
    if isinstance(code, Text) and state.counting:
        return act(
            state, college, lambda: _answer(state, college, question, tidy(text), None), text
        )
    return act(state, college, lambda: _wait(state, college, question, text, code), text)


def submit(state: CounterState, college: College, text: str) -> Verdict:
    """Take a line that somebody typed and ended with Enter; empty for Enter alone."""
    text = tidy(text)
    if not text:
        return _enter(state, college)
    if uses.is_form(text):
        return scan(state, college, text)
    code = scanned.read(text)
    if not isinstance(code, Text) or len(scanned.split(text)) > 1:
        return scan(state, college, text)
    if text.lower() in BY_WORD:
        return command(state, college, BY_WORD[text.lower()].id)
    question, chosen = state.question, _chosen(state, text)

    def take() -> Verdict:
        if (used := uses.words_after(text)) is not None:
            if question is not None:
                raise uses.not_yet(text)
            return uses.take(state, college, used)
        if question is not None:
            return _answer(state, college, question, text, chosen)
        if chosen:
            return codes.pick(state, college, chosen)
        return codes.take(state, college, code, typed=True)

    verdict = act(state, college, take, text)
    is_asked = state.question or state.basket or verdict.asks
    state.refused_text = text if is_asked and not verdict.ok else ""
    return verdict


def escape(state: CounterState, college: College) -> Verdict:
    """Leave what is open, the innermost first; nothing is recorded."""
    return act(state, college, lambda: _leave(state, college))


def command(state: CounterState, college: College, name: str) -> Verdict:
    """Do what a command card asks for, by its name in `kitloan.text.scans.COMMANDS`."""
    return act(state, college, lambda: _COMMANDS[name](state, college))


def undo(state: CounterState, college: College) -> Verdict:
    """Take back what this person did last."""
    return command(state, college, "undo")


def act(
    state: CounterState, college: College, doing: Callable[[], Verdict], typed: str = ""
) -> Verdict:
    """Do one thing, and then take the scans that had to wait for it.

    Args:
        state: the counter.
        college: its store.
        doing: does it; a refusal that it raises becomes the verdict.
        typed: what was scanned or typed, where the thing is an answer.
    """
    state.refused_text = ""
    latest = state.typed_terms[-1] if state.typed_terms else None
    before = lookups.pulse(college.session) if latest else None
    show(state, college, _with_numbers(state, college, _attempt(state, doing, typed)))
    if latest and lookups.pulse(college.session) != before:
        latest.recorded += -1 if state.step.reverses else 1
    _ask_next_first(state)
    while state.waiting and state.question is None:
        taken = _attempt(state, lambda: codes.take(state, college, _next(state)))
        _show_also(state, college, _with_numbers(state, college, taken))
        _ask_next_first(state)
    lending.recount(state, college)
    if any("{undo}" in each.hint for each in sentences.notes(state)):
        # What was shown beside a question promised that Undo takes it back; so it does.
        state.step.retract = partial(_undo_recorded, state, college)
    return state.verdict


def answer_with(state: CounterState, college: College, doing: Callable[[], Verdict]) -> Verdict:
    """Settle the open question by what a screen does about it."""
    return act(state, college, lambda: answering.settle(state, college, doing))


def complete(state: CounterState, college: College, text: str) -> str | None:
    """What somebody who has typed `text` so far may want to type, where that is known."""
    if state.question is not None and not isinstance(state.question, LendOrReturn):
        return parsing.completed(text, state.question.names)
    return parsing.organisation_completed(college, text)


# -- what is shown --------------------------------------------------------------------------------


def show(state: CounterState, college: College, verdict: Verdict) -> None:
    """Show a verdict and log it; one that is shown already, with or without a note, is not new."""
    if verdict is not state.verdict:
        state.verdict, state.beside = verdict, ()
        _log(state, college, verdict)


def note(state: CounterState, hint: str) -> Verdict:
    """Show a hint with the verdict, which stays."""
    state.verdict = replace(state.verdict, hint=hint)
    return state.verdict


def _show_also(state: CounterState, college: College, verdict: Verdict) -> None:
    """Something more came of the step: the latest is shown first, or a refusal is."""
    _log(state, college, verdict)
    if state.verdict.ok or not verdict.ok:
        state.verdict, verdict = verdict, state.verdict
    state.beside = (*state.beside, verdict)


def _log(state: CounterState, college: College, verdict: Verdict) -> None:
    state.refusals += not verdict.ok
    state.returned = verdict.returned or state.returned
    if not verdict.asks and verdict != READY:
        state.log.append(LoggedVerdict(instant(college.session.clock()), verdict))


# -- one thing at a time --------------------------------------------------------------------------


def _attempt(state: CounterState, doing: Callable[[], Verdict], typed: str = "") -> Verdict:
    state.last_step, state.step = state.step, Step()
    asked = state.question
    try:
        return doing()
    except KitloanError as error:
        if asked is not None:
            state.not_taken = typed
        return refusals.shown(error)


def _with_numbers(state: CounterState, college: College, verdict: Verdict) -> Verdict:
    """A verdict in which the college's own number is beside each tag, as it is on the boxes."""
    tags = {bare(each): each for each in _TAG.findall(verdict.text)}
    if not tags or verdict is state.verdict:
        return verdict
    text = verdict.text
    for tag, number in lookups.numbers(college.session, tags).items():
        if number not in text:
            text = text.replace(tags[tag], f"{tags[tag]} ({number})", 1)
    return verdict if text == verdict.text else replace(verdict, text=text)


def _enter(state: CounterState, college: College) -> Verdict:
    """Enter alone: the usual answer, where something is asked; else nothing happens."""
    if (question := state.question) is not None:
        return act(state, college, lambda: answering.enter(state, college, question))
    show(state, college, sentences.asking(state, college.session.today) or state.verdict)
    return state.verdict


def _answer(
    state: CounterState, college: College, question: Question, text: str, chosen: str | None
) -> Verdict:
    if isinstance(question, LendOrReturn):
        return codes.lend_or_return(state, college, question, text, chosen)
    try:
        return answering.answer(state, college, question, text, chosen)
    except BadInput as problem:
        # A slow scanner's asset number arrives as typing: a scan all the same, and it waits.
        code = Text(text)
        if problem.code == "no_such_component" and codes.takes(state, college, code):
            return _wait(state, college, question, text, code)
        raise


def _school_for(college: College, code: Tag | Text) -> str | None:
    """The school whose card was scanned; None for any other scan."""
    return (
        lookups.organisation_called(college.session, code.text) if isinstance(code, Text) else None
    )


def _chosen(state: CounterState, text: str) -> str | None:
    choices = state.choices
    if text.isdecimal() and len(text) < 3 and 1 <= int(text) <= len(choices):
        return choices[int(text) - 1]
    return None


def _is_repeat(state: CounterState, code: Tag | Command | Text, at: float | None) -> bool:
    """Whether this is the scan before it once more; each such scan begins the time again."""
    last, state.last_scan = state.last_scan, None if at is None else (code, at)
    if last is None or at is None:
        return False
    return last[0] == code and at - last[1] < REPEAT_SECONDS


# -- scans that wait for the question -------------------------------------------------------------


def _wait(
    state: CounterState, college: College, question: Question, text: str, code: Tag | Text
) -> Verdict:
    """Keep a scan until the question is settled; a known holding waits under its tag.

    Raises:
        BadInput: `unknown_name` for words that mean nothing here, `bad_tag`, `ambiguous`.
    """
    if not codes.takes(state, college, code):
        raise refusals.no_such_name(text)
    held = parsing.find_holding(college, code)
    tag = held.tag if held else code.tag if isinstance(code, Tag) else None
    if tag is not None and tag == question.tag:
        hint = "That is the one on the counter; finish it first."
    elif (tag or text) in state.waiting:
        hint = f"{sentences.code_shown(text)} is waiting already."
    else:
        state.waiting.append(tag or text)
        hint = f"{sentences.code_shown(text)} waits until this one is finished."
    return sentences.question(question, college.session.today, hint)


def _ask_next_first(state: CounterState) -> None:
    """What lending has to ask about goes before what was scanned since."""
    state.waiting.extendleft(reversed(state.ask_next))
    state.ask_next.clear()


def _next(state: CounterState) -> Tag | Text:
    """Take the next scan; cards never wait."""
    code = scanned.read(state.waiting.popleft())
    return Text(code.name) if isinstance(code, Command) else code


# -- command cards, their keys and their words ----------------------------------------------------


def _done(state: CounterState, college: College) -> Verdict:
    if state.question:
        return answering.enter(state, college, state.question)
    return _leave(state, college) if state.is_open else note(state, "Nothing is open.")


def _leave(state: CounterState, college: College) -> Verdict:
    """Leave the innermost thing that is open."""
    if (question := state.question) is not None:
        state.step.retract = partial(answering.ask, state, college, question)
        return answering.leave(state, question)
    if basket := state.basket:
        state.step.retract = partial(lending.restore_basket, state, basket)
    if verdict := lending.leave(state):
        return verdict
    if state.returns_only:
        state.returns_only = False
        return sentences.returns_over()
    return lending.clear_terms(state) or READY


def _take_returns_only(state: CounterState, college: College) -> Verdict:
    asked = state.question
    while lending.leave(state):
        pass
    state.returns_only = True
    if isinstance(asked, LendOrReturn):
        return answering.ask(state, college, HowMany.coming_back(asked.held, asked.having))
    return sentences.returns_only()


def _clear(state: CounterState, college: College) -> Verdict:
    """Clear what was typed for the turn."""
    return lending.clear_terms(state) or note(state, "No due date, contact or purpose is set.")


def _extend(days: int, state: CounterState, college: College) -> Verdict:
    if isinstance(state.question, Counting) and state.question.returning:
        state.question = None  # the kit stays with them
    return lending.extend(state, college, days)


def _print_label(state: CounterState, college: College) -> Verdict:
    if not state.recent:
        raise refusals.nothing_to_label()
    held = college.find.holding(state.recent[0].tag)
    if state.front.shows_labels:
        state.step.opens = ("labels", held.tag)
        return state.verdict
    if state.front.print_label is None:
        raise refusals.no_press()
    return sentences.label_saved(held, state.front.print_label(college, held))


def _use(state: CounterState, college: College) -> Verdict:
    """Have the form of the kit that came back last opened."""
    if state.question is not None:
        raise uses.not_yet(uses.WORD)
    return uses.open_form(state, college)


def _undo(state: CounterState, college: College) -> Verdict:
    if retract := state.last_step.retract:
        return retract()
    if (question := state.question) is not None:
        return answering.take_back(state, college) or answering.leave(state, question)
    if state.basket:
        return lending.take_out_last(state)
    return lending.take_back_terms(state) or _undo_recorded(state, college)


def _undo_recorded(state: CounterState, college: College, *, sure: bool = False) -> Verdict:
    """Reverse this person's latest action on record; one of an earlier day is asked about."""
    try:
        undone = college.actions.undo(earlier_day=sure)
    except Refused as refused:
        if refused.code != "needs_yes":
            raise
        state.step.confirms = partial(_undo_recorded, state, college, sure=True)
        return sentences.ask_undo(refused.message)
    state.step.reverses = True
    over = ""
    if undone.kind != "loan.renewed":  # with its old day, a loan is still the one that it was
        for tag in undone.tags:
            if state.question and state.question.tag == tag:
                state.question = None
            state.drop(tag)
        over = lending.end_turn_undone(state, college)
    return sentences.undone(undone, [_find_now(college, tag) for tag in undone.tags], over)


def _redo(state: CounterState, college: College) -> Verdict:
    """Do again what this person undid last."""
    done = college.actions.redo()
    lending.refresh_likely(state, college)
    return sentences.redone(done, [_find_now(college, tag) for tag in done.tags])


def undo_one(state: CounterState, college: College, tag: str) -> Verdict:
    """Reverse what was done last to one holding, which somebody chose from a list."""

    def act_on_it() -> Verdict:
        undone = college.actions.undo(tag)
        state.drop(tag)
        lending.end_turn_undone(state, college)
        return sentences.undone(undone, [_find_now(college, each) for each in undone.tags])

    return act(state, college, act_on_it)


def confirm(state: CounterState, college: College) -> Verdict:
    """Do what was asked about in the step before."""
    return submit(state, college, "yes")


def _find_now(college: College, tag: str) -> Holding | str:
    """The holding now; its tag alone when with the undo it is no holding any more."""
    try:
        return college.find.holding(tag)
    except (BadInput, Refused):  # nobody's, or another college's again
        return tag


def _list_next(state: CounterState, _college: College) -> Verdict:
    """List more of what the search in the step before found."""
    more = state.last_step.more
    return more() if more else state.verdict


_COMMANDS: Final[Mapping[str, Callable[[CounterState, College], Verdict]]] = {
    "undo": _undo,
    "done": _done,
    "home": _leave,
    "whole": answering.count_whole,
    "count_later": answering.count_later,
    "return": _take_returns_only,
    "clear": _clear,
    "redo": _redo,
    "page_down": _list_next,
    "plus_7": partial(_extend, 7),
    "plus_14": partial(_extend, 14),
    "print_label": _print_label,
    "use": _use,
}
"""What each card, key or word does, by the id of its action."""
