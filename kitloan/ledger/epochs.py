"""The names of ledgers: the college, and the epoch that a restored backup begins."""

import re
from collections.abc import Iterable

LAST_EPOCH = 999_999
"""The highest number that the name of a ledger can have."""

EPOCHS_AHEAD = 1_000
"""How far the number of an epoch may go beyond the last one known here.

Each restore takes the number after the highest that it sees. So an honest ledger is ahead by the
restores since its last file: never by a thousand.
"""

_NAME = re.compile(r"[^/\s]+(/([2-9]|[1-9][0-9]{1,5}))?")


def ledger_name(college: str, epoch: int) -> str:
    """`fife`, or `fife/2` after a backup was restored."""
    return college if epoch == 1 else f"{college}/{epoch}"


def epoch_of(ledger: str) -> int:
    """The epoch in a ledger's name: 1 for `fife`, 2 for `fife/2`."""
    return int(ledger.partition("/")[2] or 1) if is_ledger(ledger) else 0


def college_of(ledger: str) -> str:
    """The college in a ledger's name."""
    return ledger.partition("/")[0]


def is_ledger(ledger: str) -> bool:
    """Whether a text can be the name of a ledger."""
    return _NAME.fullmatch(ledger) is not None


def without_jumps(epochs: Iterable[int]) -> dict[int, int]:
    """New numbers for the epochs of a ledger, in their order, if some jumped too far.

    Args:
        epochs: the numbers that the epochs have.

    Returns:
        The number that each should have: the same, unless it or one before it jumped.
    """
    numbers: dict[int, int] = {}
    last = 1
    for epoch in sorted(epochs):
        last = epoch if epoch <= last + EPOCHS_AHEAD else last + 1
        numbers[epoch] = last
    return numbers
