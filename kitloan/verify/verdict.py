"""What verifying says: findings, and where each ledger ends."""

from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[int, int], None]
"""Called now and then with how much is done and how much there is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not fit. `seq` is 0 where it concerns no one entry."""

    code: str
    ledger: str
    seq: int
    message: str


@dataclass(frozen=True, slots=True)
class LedgerState:
    """A ledger as it was found: its name, how many entries, and the hash of the last."""

    ledger: str
    entries: int
    head: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found; `ok` when nothing."""

    ok: bool
    ledgers: tuple[LedgerState, ...]
    findings: tuple[Finding, ...]
