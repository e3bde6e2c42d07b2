"""The only writer of the register: `apply` turns one ledger entry into rows.

The same functions serve at the desk, when a ledger is merged from elsewhere, when `verify` replays
a ledger, and when a report asks for an earlier day. They judge nothing: whether a fact may happen
was settled before it was sealed, and the database's constraints have the last word.

A fact says absolute things (what is short now, which day it is due), so most functions are one or
two statements. Undoing needs no code of its own per kind: see `kitloan.register.undoing`.
"""

from kitloan.register import (  # noqa: F401  # they register
    absence,
    borrowing,
    definitions,
    keeping,
    national,
    stocktaking,
    transferring,
    undoing,
)
from kitloan.register.applying import apply

__all__ = ["apply"]
