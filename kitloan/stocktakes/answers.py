"""What is answered about stocktakes: frozen values, never live rows."""

from dataclasses import dataclass
from typing import Literal, get_args

Result = Literal[
    "sighted",
    "sighted_elsewhere",
    "on_loan_confirmed",
    "on_loan",
    "not_sighted",
    "unexpected",
    "unknown",
]
RESULTS: tuple[Result, ...] = get_args(Result)


@dataclass(frozen=True, slots=True)
class Stocktake:
    """A stocktake: what it covers, and when it was opened and closed."""

    id: str
    name: str
    place: str | None
    sample: int | None
    challenge: str | None
    opened_at: str
    opened_by: str
    closed_at: str | None
    closed_by: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each; the first five add up to what was expected.

    Attributes:
        sighted: seen where they are kept, or by a scan that did not say where.
        sighted_elsewhere: seen, and only in other places than their own.
        on_loan_confirmed: with a borrower, who says so.
        on_loan: with a borrower, on the word of the register alone.
        not_sighted: nobody saw them; that does not make them missing.
        unexpected: seen, held by the college, and not on the list.
        unknown: codes that no holding here has, tags among them.
    """

    sighted: int = 0
    sighted_elsewhere: int = 0
    on_loan_confirmed: int = 0
    on_loan: int = 0
    not_sighted: int = 0
    unexpected: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a stocktake comes to now.

    Attributes:
        stocktake: which.
        expected: how many holdings are on its list.
        counts: what came of them, and what else was scanned.
        on_loan_here: how many of those sighted were on loan when the list was frozen.
        scans: how many scans there are; each is kept.
        repeats: how many of them scanned again what had been scanned.
        late: how many came on record after it was closed.
        waiting: desks that have not handed in what they scanned.
    """

    stocktake: Stocktake
    expected: int
    counts: Counts
    on_loan_here: int
    scans: int
    repeats: int
    late: int
    waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """One holding or code of a stocktake.

    Attributes:
        tag: the holding's, or a valid tag that no holding here has; None for another code.
        code: what was scanned, where no holding has it.
        type: the kit type; None where there is no holding.
        asset_number: the college's own.
        place: where it was kept when the list was frozen; now, for one that is not on the list.
        seen_in: where it was scanned last, where somebody said.
        scans: how often it was scanned.
        seen_at: when it was scanned last.
        late: whether it is there only by scans that came after closing.
        to: who had it when the list was frozen, or has it now, when it is not on the list.
        state: how the register has it now: `held`, `missing`, `in_transit` or `withdrawn`.
        last_sighted: when it was last seen by anybody, on any occasion.
    """

    tag: str | None
    code: str | None
    type: str | None
    asset_number: str | None
    place: str | None
    seen_in: str | None
    scans: int
    seen_at: str | None
    late: bool
    to: str | None
    state: str | None
    last_sighted: str | None
