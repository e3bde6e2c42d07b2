"""What a stocktake at the desk says: a verdict for each scan, and what it comes to."""

from kitloan.college import College
from kitloan.errors import BadInput, Refused
from kitloan.stocktakes.outcome import Outcome
from kitloan.stocktakes.scanning import Scanned
from kitloan.text.tags import grouped
from kitloan.values import plural
from kitloan_tui.verdict import Verdict

_WORDS = {
    "sighted": "SEEN",
    "sighted_elsewhere": "SEEN ELSEWHERE",
    "unexpected": "NOT ON THE LIST",
    "not_held": "UNKNOWN CODE",
    "unknown": "UNKNOWN CODE",
}


def opened(kitloan: College, said: str) -> tuple[str, Verdict]:
    """Begin a stocktake; gives its id.

    Args:
        kitloan: the store.
        said: what it is called, and behind an `@` where it looks, if not everywhere.

    Raises:
        Refused: `nothing_expected`.
    """
    name, _, place = (part.strip() for part in said.partition("@"))
    made = kitloan.stocktakes.open(name, place=place or None)
    text = f"{made.name}: {plural(made.expected, 'holding')} to look for"
    return made.id, Verdict("STOCKTAKE", text, "Scan everything that is there.")


def scanned(kitloan: College, which: str, code: str, place: str | None) -> Verdict:
    """Keep a scan, and say what it is of."""
    got = kitloan.stocktakes.scan(which, code, place=place)
    word = "SEEN ALREADY" if got.repeat else _WORDS[got.outcome]
    shown = f"{got.type} {grouped(got.tag)}" if got.type and got.tag else got.code
    return Verdict(word, shown + "".join(f"; {note}" for note in _notes(got)), _next(got))


def _notes(got: Scanned) -> list[str]:
    notes = {
        f"kept at {got.place}": got.outcome == "sighted_elsewhere",
        "no holding here has this tag": got.outcome == "not_held",
        f"on loan to {got.on_loan_to} by the register": bool(got.on_loan_to),
        f"on record as {(got.state or '').replace('_', ' ')}": got.state not in (None, "held"),
        "the stocktake is closed; it counts all the same": got.late,
    }
    return [note for note, so in notes.items() if so]


def _next(got: Scanned) -> str:
    if got.on_loan_to or got.state == "missing":
        return "The stocktake does not change that: scan it at the counter afterwards."
    return "Take it in at the counter afterwards." if got.outcome == "not_held" else ""


def which_first() -> Refused:
    """A scan came while it is not known yet what it is for."""
    return Refused(
        "which_stocktake",
        "It is not known yet which stocktake that is for.",
        "Say which, then scan it again. {home} leaves it: then scans go to the counter.",
    )


def not_meanwhile(what: str) -> Refused:
    """The counter is not worked while a stocktake is open."""
    return Refused(
        "stocktake_open",
        f"{what} is for the counter, and a stocktake is open.",
        "{home} leaves the stocktake. It is gone on with where it was.",
    )


def nothing_to_take_back() -> Refused:
    """What was seen stays seen, and what was done before is the counter's."""
    return Refused(
        "nothing_to_undo",
        "What is scanned or confirmed in a stocktake stays on record, and changes no holding.",
        "To undo what was done before it, leave it with {home}.",
    )


def doubted(unknown: BadInput) -> BadInput:
    """Something was typed that no holding is called; it may be a slip, or a code that nobody has.

    Args:
        unknown: what the register said of it.
    """
    return BadInput(
        unknown.code,
        unknown.message,
        f"{unknown.hint} Type it once more to keep it as an unknown code.".strip(),
    )


def confirmed(kitloan: College, which: str, tag: str) -> Verdict:
    """A borrower says that they have it."""
    done = kitloan.stocktakes.confirm(which, tag)
    return Verdict("CONFIRMED", f"{done.type} {grouped(done.tag)} is with {done.to}, who say so")


def closed(kitloan: College, which: str, without: tuple[str, ...] = ()) -> Verdict:
    """It is over; what nobody saw is not missing by that.

    Raises:
        Refused: `desks_waiting`, `closed`.
    """
    outcome = kitloan.stocktakes.close(which, without=without)
    hint = "What was not seen is not missing by that: look again, or say so of each."
    return Verdict("CLOSED", f"{outcome.stocktake.name}: {summary(outcome)}", hint)


def summary(outcome: Outcome) -> str:
    """What it comes to, in a line."""
    counts = outcome.counts
    on_loan = counts.on_loan + counts.on_loan_confirmed
    parts = (
        f"{seen(outcome):,} of {outcome.expected:,} seen",
        f"{counts.sighted_elsewhere:,} of them elsewhere" if counts.sighted_elsewhere else "",
        f"{on_loan:,} on loan, {counts.on_loan_confirmed:,} confirmed" if on_loan else "",
        f"{counts.not_sighted:,} not seen",
        f"{counts.unexpected:,} not on the list" if counts.unexpected else "",
        f"{plural(counts.unknown, 'unknown code')}" if counts.unknown else "",
    )
    return ", ".join(part for part in parts if part)


def seen(outcome: Outcome) -> int:
    """How many of the list somebody had in hand."""
    return outcome.counts.sighted + outcome.counts.sighted_elsewhere
