"""kitloan: lend STEM kits, take them back counted, and show their donor where every one is.

    import kitloan

    with kitloan.open("fife.sqlite", actor="m.ross") as college:
        college.loans.check_out(["KL 8B7X-APXY-TMZ"], to="Balwearie High School")

`open` and `init` give a `College`. Its parts are the verbs by name: `loans`, `holdings`, `actions`,
`transfers`, `stocktakes`, `inspections`, `find`, `figures`, `directory`, `people`, `registers`,
`national`, `exchange`, `ledger`, `backups` and `audit`. What they answer are frozen values. Every
exception derives from `KitloanError`.

A name is loaded when it is first used, so that importing kitloan costs nothing.
"""

from typing import TYPE_CHECKING, Any

from kitloan.__version__ import __version__

if TYPE_CHECKING:
    from kitloan.audit import Audit, Auditor
    from kitloan.backups import Backups
    from kitloan.borrowers.organisations import Directory
    from kitloan.borrowers.people import People
    from kitloan.college import College, init, open  # noqa: A004  # as the interface has it
    from kitloan.contents import Count, Part
    from kitloan.errors import BadInput, KitloanError, Refused, StoreError
    from kitloan.exchange import Exchange
    from kitloan.history.undo import Actions, Undone
    from kitloan.history.verify import NewVerification, Verification, Verifier
    from kitloan.holdings import Added, Gift, Holdings, NewHolding
    from kitloan.imports.register import Registers
    from kitloan.inspections.results import Inspections
    from kitloan.loans import Loans
    from kitloan.loans.checkouts import Lent
    from kitloan.loans.returns import Returned
    from kitloan.national import National
    from kitloan.queries.figures import Figures
    from kitloan.queries.find import Finder
    from kitloan.stocktakes import Stocktakes
    from kitloan.text.fields import GiftTerms
    from kitloan.transfers import Transfers
    from kitloan.values import (
        HistoryLine,
        Holding,
        LoanLine,
        Page,
        ShortageLine,
        ShortageOfHolding,
        as_json,
    )

__all__ = [
    "Actions",
    "Added",
    "Audit",
    "Auditor",
    "Backups",
    "BadInput",
    "College",
    "Count",
    "Directory",
    "Exchange",
    "Figures",
    "Finder",
    "Gift",
    "GiftTerms",
    "HistoryLine",
    "Holding",
    "Holdings",
    "Inspections",
    "KitloanError",
    "Lent",
    "LoanLine",
    "Loans",
    "National",
    "NewHolding",
    "NewVerification",
    "Page",
    "Part",
    "People",
    "Refused",
    "Registers",
    "Returned",
    "ShortageLine",
    "ShortageOfHolding",
    "Stocktakes",
    "StoreError",
    "Transfers",
    "Undone",
    "Verification",
    "Verifier",
    "__version__",
    "as_json",
    "init",
    "open",
]

_HOMES = {
    "Actions": "kitloan.history.undo",
    "Added": "kitloan.holdings",
    "Audit": "kitloan.audit",
    "Auditor": "kitloan.audit",
    "Backups": "kitloan.backups",
    "BadInput": "kitloan.errors",
    "College": "kitloan.college",
    "Count": "kitloan.contents",
    "Directory": "kitloan.borrowers.organisations",
    "Exchange": "kitloan.exchange",
    "Figures": "kitloan.queries.figures",
    "Finder": "kitloan.queries.find",
    "Gift": "kitloan.holdings",
    "GiftTerms": "kitloan.text.fields",
    "HistoryLine": "kitloan.values",
    "Holding": "kitloan.values",
    "Holdings": "kitloan.holdings",
    "Inspections": "kitloan.inspections.results",
    "KitloanError": "kitloan.errors",
    "Lent": "kitloan.loans.checkouts",
    "LoanLine": "kitloan.values",
    "Loans": "kitloan.loans",
    "National": "kitloan.national",
    "NewHolding": "kitloan.holdings",
    "NewVerification": "kitloan.history.verify",
    "Page": "kitloan.values",
    "Part": "kitloan.contents",
    "People": "kitloan.borrowers.people",
    "Refused": "kitloan.errors",
    "Registers": "kitloan.imports.register",
    "Returned": "kitloan.loans.returns",
    "ShortageLine": "kitloan.values",
    "ShortageOfHolding": "kitloan.values",
    "Stocktakes": "kitloan.stocktakes",
    "StoreError": "kitloan.errors",
    "Transfers": "kitloan.transfers",
    "Undone": "kitloan.history.undo",
    "Verification": "kitloan.history.verify",
    "Verifier": "kitloan.history.verify",
    "as_json": "kitloan.values",
    "init": "kitloan.college",
    "open": "kitloan.college",
}
"""The module of each public name, which is loaded when the name is first used."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kitloan' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
