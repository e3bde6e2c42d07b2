"""What a kit that just came back was used for: asked for, and never in a scan's way.

The verdict of a return ends in the word to type. `use` and some numbers records it at once, `use`
alone opens the form, and any scan or other word goes on as if nothing had been asked. What nobody
answers stays on the list of loans to ask about, which the ledger alone makes.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kitloan.college import College
from kitloan.errors import Refused
from kitloan.text.dates import uk
from kitloan.text.scans import FORM
from kitloan.text.tags import grouped
from kitloan.values import plural
from kitloan_tui.counter.sentences import UNDOES
from kitloan_tui.counter.state import CounterState
from kitloan_tui.counter.verdict import Verdict

if TYPE_CHECKING:
    from kitloan.evidence.engagements import EngagementLine, EngagementTaken
    from kitloan_tui.loan_lookups import LoanBack

WORD = "use"


def words_after(text: str) -> str | None:
    """What follows the word `use` in a line; None for any other line."""
    first, _, rest = text.partition(" ")
    return rest.strip() if first.lower() == WORD else None


def take(state: CounterState, college: College, text: str) -> Verdict:
    """Record what was typed after `use` for the kit that came back last.

    Raises:
        Refused: `nothing_back`; what `Engagements.record` refuses.
        BadInput: `bad_use`; numbers that cannot be.
    """
    from kitloan_tui import use_line  # loads what records a use: no scan has to wait for it

    back = _came_back(state, college)
    return record(state, college, back, use_line.read_line(text))


def open_form(state: CounterState, college: College) -> Verdict:
    """Have the form open for the kit that came back last; a desk of lines reads how to type it.

    Raises:
        Refused: `nothing_back`.
    """
    from kitloan_tui import use_line

    back = _came_back(state, college)
    state.step.opens = (WORD, back.loan)
    return Verdict(
        "USE",
        f"{back.type} {grouped(back.tag)}, back from {back.to}",
        f"Type: {use_line.EXAMPLE}. Also 14 girls 13 boys, 2 staff, on friday, programme NAME; or "
        "use not, and why.",
    )


def is_form(text: str) -> bool:
    """Whether a line is a teacher's form, pasted or scanned."""
    return text.strip().startswith(f"{FORM};")


def take_form(college: College, text: str) -> Verdict:
    """Take in a teacher's form; all of its line, or nothing.

    Raises:
        BadInput: `bad_form`, which names the field.
        Refused: `already_evaluated`; what `Engagements.record` refuses.
    """
    (taken,) = college.evaluations.read(text)
    line = taken.engagement
    numbers = f"not used, {line.not_used}" if line.used == "no" else _numbers(line)
    warned = "".join(f" {each.message}" for each in taken.warnings)
    return Verdict("FORM", f"{line.org or 'an event'}: {numbers}, {uk(line.date)}.{warned}", UNDOES)


def record(
    state: CounterState, college: College, back: "LoanBack", fields: Mapping[str, str]
) -> Verdict:
    """Record what a kit was used for, from the fields of the form.

    Raises:
        BadInput: numbers or a day that cannot be.
        Refused: `same_engagement`, `too_small_to_split`.
    """
    from kitloan_tui import use_line

    new = use_line.read_fields(fields, back.loan, college.session.today, back.on)
    taken = college.engagements.record(new)
    state.use_drafts.pop(back.loan, None)
    return _recorded(back, taken)


def not_yet(word: str) -> Refused:
    """A question is open, and its kit is not the one that came back."""
    return Refused(
        "not_yet",
        f"The kit on the counter comes first; {word!r} is for one that came back.",
        "Finish it: Enter. Then type use.",
    )


def open_again() -> Refused:
    """The return was undone, or there is no such loan."""
    return Refused(
        "loan_open",
        "The loan is open: what it was used for is asked when it is back.",
        "Take the kit back first: scan it at the counter.",
    )


def _came_back(state: CounterState, college: College) -> "LoanBack":
    from kitloan_tui.loan_lookups import loan_back  # no scan has to wait for it

    back = loan_back(college.session, state.returned) if state.returned else None
    if back is None:
        raise Refused(
            "nothing_back",
            "No kit has come back at this desk since it was opened.",
            "Scan one that comes back. {uses} lists the loans to ask about.",
        )
    return back


def _recorded(back: "LoanBack", taken: "EngagementTaken") -> Verdict:
    line = taken.engagement
    kit = f"{back.type} {grouped(back.tag)}, {back.to}"
    warned = "".join(f" {each.message}" for each in taken.warnings)
    if line.used == "no":
        return Verdict("NOT USED", f"{kit}: {line.not_used}.{warned}", UNDOES)
    return Verdict("USED", f"{kit}: {_numbers(line)}, {uk(line.date)}.{warned}", UNDOES)


def _numbers(line: "EngagementLine") -> str:
    known = line.learners is not None
    parts = [
        ", ".join(f"{many} {band}" for band, many in (line.learners or {}).items())
        if known
        else "learners not known",
        f"{line.girls} girls" if line.girls is not None else "",
        f"{line.boys} boys" if line.boys is not None else "",
        plural(line.sessions, "session"),
        f"{line.hours:g} hours" if line.hours is not None else "",
        f"{line.staff} staff" if line.staff is not None else "",
        line.programme or "",
    ]
    return ", ".join(part for part in parts if part)
