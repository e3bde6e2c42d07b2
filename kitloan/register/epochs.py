"""What a ledger's name says: whose it is, and how often it was resumed from a backup."""


def epoch_of(ledger: str) -> int:
    """The epoch in a ledger's name: 1 for `fife`, 2 for `fife/2`."""
    _, _, epoch = ledger.partition("/")
    return int(epoch or 1)


def college_of(ledger: str) -> str:
    """The college in a ledger's name."""
    return ledger.partition("/")[0]
