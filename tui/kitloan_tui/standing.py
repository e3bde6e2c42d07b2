"""How the counter stands, in lines: whose turn it is, on what terms, and which scans wait (pure).

The screen draws these beside the line that listens; a line desk prints them when they change.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from kitloan.text.dates import uk
from kitloan.text.tags import grouped, is_tag
from kitloan.values import plural

if TYPE_CHECKING:
    from kitloan_tui.counter import Counter


def standing(counter: "Counter") -> list[str]:
    """Everything that is open beside the question; nothing when nothing is."""
    lines = []
    if counter.session:
        lent = plural(counter.session.loans, "loan")
        lines.append(f"> LENDING TO {counter.session.to}, {lent} so far. {{home}} ends the turn.")
    if counter.returns_only:
        lines.append("= RETURNS ONLY: nothing goes out. {home} ends it.")
    given = counter.lender.terms
    if said := terms(given.contact, given.purpose, given.due_on):
        lines.append(f"> This turn: {said}")
    if counter.question and counter.basket:
        named = ", ".join(grouped(held.tag) for held in counter.basket)
        lines.append(f"? {plural(len(counter.basket), 'kit')} waiting for a name: {named}")
    if counter.waiting:
        lines.append(waiting(list(counter.waiting)))
    return lines


def waiting(texts: Sequence[str]) -> str:
    """Scans that wait, in order."""
    named = ", ".join(grouped(text) if is_tag(text) else text for text in texts)
    return f"~ {plural(len(texts), 'scan')} waiting: {named}"


def terms(contact: str | None, purpose: str | None, due_on: date | None) -> str:
    """What holds for a turn, in a line; empty when nothing was said."""
    parts = (
        f"due {uk(due_on)}" if due_on else "",
        f"contact {contact}" if contact else "",
        f"for {purpose}" if purpose else "",
    )
    return ", ".join(part for part in parts if part)
