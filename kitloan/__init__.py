"""kitloan: lend STEM kits, take them back counted, and show their donor where every one is.

    import kitloan

    with kitloan.open("fife.sqlite", actor="m.ross") as college:
        college.loans.check_out(["KL 8B7X-APXY-TMZ"], to="Balwearie High School")

`open` and `init` give a `College`. Its parts are the verbs by name: `loans`, `holdings`,
`bookings`, `transfers`, `stocktakes`, `engagements` and so on; the reference has each. What they
answer are frozen values. Every exception derives from `KitloanError`.

A name is loaded when it is first used, so that importing kitloan costs nothing.
"""

from typing import TYPE_CHECKING, Any

from kitloan.__version__ import __version__

if TYPE_CHECKING:
    from kitloan.audit import Audit, Auditor
    from kitloan.backups import Backups
    from kitloan.borrowers.directory import Directory
    from kitloan.borrowers.people import People
    from kitloan.college import College, init, open  # noqa: A004  # as the interface has it
    from kitloan.contents import Count, Part
    from kitloan.errors import BadInput, KitloanError, Refused, StoreError
    from kitloan.evidence.engagements import Engagements
    from kitloan.evidence.evaluations import Evaluations
    from kitloan.evidence.guides import Guides
    from kitloan.evidence.partners import Partners
    from kitloan.evidence.schools import Schools
    from kitloan.exchange import Exchange
    from kitloan.exchange.asks import Asks
    from kitloan.exchange.offers import Offers
    from kitloan.history.undo import Actions, Undone
    from kitloan.history.verify import NewVerification, Verification, Verifier
    from kitloan.holdings import Added, Gift, Holdings, NewHolding
    from kitloan.imports.register import Registers
    from kitloan.inspections.results import Inspections
    from kitloan.loans import Loans
    from kitloan.loans.checkouts import Lent
    from kitloan.loans.returns import Returned
    from kitloan.national import National
    from kitloan.planning.bookings import Bookings
    from kitloan.planning.events import Events
    from kitloan.planning.packing import Packing
    from kitloan.planning.risks import Risks
    from kitloan.planning.sending import Notices
    from kitloan.planning.settings import Calendars, PolicyBook
    from kitloan.planning.wants import Wants
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
    "Asks",
    "Audit",
    "Auditor",
    "Backups",
    "BadInput",
    "Bookings",
    "Calendars",
    "College",
    "Count",
    "Directory",
    "Engagements",
    "Evaluations",
    "Events",
    "Exchange",
    "Figures",
    "Finder",
    "Gift",
    "GiftTerms",
    "Guides",
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
    "Notices",
    "Offers",
    "Packing",
    "Page",
    "Part",
    "Partners",
    "People",
    "PolicyBook",
    "Refused",
    "Registers",
    "Returned",
    "Risks",
    "Schools",
    "ShortageLine",
    "ShortageOfHolding",
    "Stocktakes",
    "StoreError",
    "Transfers",
    "Undone",
    "Verification",
    "Verifier",
    "Wants",
    "__version__",
    "as_json",
    "init",
    "open",
]

_HOMES = {
    "Actions": "kitloan.history.undo",
    "Added": "kitloan.holdings",
    "Asks": "kitloan.exchange.asks",
    "Audit": "kitloan.audit",
    "Auditor": "kitloan.audit",
    "Backups": "kitloan.backups",
    "BadInput": "kitloan.errors",
    "Bookings": "kitloan.planning.bookings",
    "Calendars": "kitloan.planning.settings",
    "College": "kitloan.college",
    "Count": "kitloan.contents",
    "Directory": "kitloan.borrowers.directory",
    "Engagements": "kitloan.evidence.engagements",
    "Evaluations": "kitloan.evidence.evaluations",
    "Events": "kitloan.planning.events",
    "Exchange": "kitloan.exchange",
    "Figures": "kitloan.queries.figures",
    "Finder": "kitloan.queries.find",
    "Gift": "kitloan.holdings",
    "GiftTerms": "kitloan.text.fields",
    "Guides": "kitloan.evidence.guides",
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
    "Notices": "kitloan.planning.sending",
    "Offers": "kitloan.exchange.offers",
    "Packing": "kitloan.planning.packing",
    "Page": "kitloan.values",
    "Part": "kitloan.contents",
    "Partners": "kitloan.evidence.partners",
    "People": "kitloan.borrowers.people",
    "PolicyBook": "kitloan.planning.settings",
    "Refused": "kitloan.errors",
    "Registers": "kitloan.imports.register",
    "Returned": "kitloan.loans.returns",
    "Risks": "kitloan.planning.risks",
    "Schools": "kitloan.evidence.schools",
    "ShortageLine": "kitloan.values",
    "ShortageOfHolding": "kitloan.values",
    "Stocktakes": "kitloan.stocktakes",
    "StoreError": "kitloan.errors",
    "Transfers": "kitloan.transfers",
    "Undone": "kitloan.history.undo",
    "Verification": "kitloan.history.verify",
    "Verifier": "kitloan.history.verify",
    "Wants": "kitloan.planning.wants",
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
