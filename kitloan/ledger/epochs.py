"""What a ledger's name says: whose it is, and how often it was resumed from a backup."""

import re

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
