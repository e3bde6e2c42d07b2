"""The status of the counter in lines: whose turn it is, on what terms, and which scans wait (pure).

The screen draws these beside the line that listens; a desk of lines prints them when they change.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kitloan.text.dates import uk
from kitloan.text.tags import grouped, is_tag
from kitloan.values import plural
from kitloan_tui.counter.state import CounterState, TurnTerms

if TYPE_CHECKING:
    from kitloan.values import Holding
    from kitloan_tui.lookups import ToCollect


def status_lines(state: CounterState) -> list[str]:
    """Everything that is open beside the question; nothing when nothing is."""
    lines = []
    if state.turn:
        loans = plural(state.turn.loans, "loan")
        lines.append(f"> LENDING TO {state.turn.to}, {loans} so far. {{home}} ends the turn.")
        if state.turn.booked:
            lines.append(booked_line(state.turn.booked))
    if state.returns_only:
        lines.append("= RETURNS ONLY: nothing goes out. {home} ends it.")
    if terms := terms_shown(state.terms):
        whose = "This turn" if state.turn else "From now on"
        lines.append(f"> {whose}: {terms}. clear ends that.")
    if state.question and state.basket:
        named = ", ".join(map(_named, state.basket))
        lines.append(f"? {plural(len(state.basket), 'kit')} waiting for a name: {named}")
    if state.waiting:
        lines.append(waiting_line(list(state.waiting)))
    return lines


def _named(held: "Holding") -> str:
    return f"{grouped(held.tag)} ({held.asset_number})" if held.asset_number else grouped(held.tag)


def booked_line(booked: "Sequence[ToCollect]") -> str:
    """What a school has booked and can collect."""
    kits: dict[str, list[str]] = {}
    for each in booked:
        until = f"back by {uk(each.return_by)} ({each.booking})"
        kits.setdefault(until, []).append(f"{each.quantity} {each.type}")
    named = "; ".join(f"{', '.join(some)}, {until}" for until, some in kits.items())
    return f"# Booked, to collect: {named}"


def waiting_line(texts: Sequence[str]) -> str:
    """Scans that wait, in order."""
    named = ", ".join(grouped(text) if is_tag(text) else text for text in texts)
    return f"~ {plural(len(texts), 'scan')} waiting: {named}"


def terms_shown(terms: TurnTerms) -> str:
    """What holds for a turn, in a line; empty where nothing was set."""
    parts = (
        f"on {uk(terms.on)}" if terms.on else "",
        f"due {uk(terms.due_on)}" if terms.due_on else "",
        " ".join(filter(None, ("contact", terms.contact, terms.phone, terms.email)))
        if terms.contact
        else "",
        f"for {terms.purpose}" if terms.purpose else "",
    )
    return ", ".join(part for part in parts if part)
