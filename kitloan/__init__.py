"""kitloan: lend STEM kits, take them back counted, and show their donor where every one is.

    import kitloan

    with kitloan.open("fife.sqlite", actor="m.ross") as college:
        college.loans.check_out(["KL 8B7X-APXY-TMZ"], to="Balwearie High School")

`open` and `init` give a `College`. Its parts are the verbs by name: `loans`, `holdings`, `actions`,
`transfers`, `stocktakes`, `find`, `figures`, `directory`, `people`, `registers`, `national`,
`exchange`, `ledger`, `backups` and `audit`. What they answer are frozen values. Every exception
derives from `KitloanError`.

A name is loaded when it is first used, so that importing kitloan costs nothing.
"""

from typing import TYPE_CHECKING, Any

from kitloan.__version__ import __version__

if TYPE_CHECKING:
    from kitloan.audit import Audit, Auditor
    from kitloan.backups import Backups
    from kitloan.college import College, init, open  # noqa: A004  # as the interface has it
    from kitloan.contents import Count, Part
    from kitloan.errors import BadInput, KitloanError, Refused, StoreError
    from kitloan.exchange import Exchange
    from kitloan.holdings import Added, Gift, Holdings, NewHolding
    from kitloan.loans import Lent, Loans, Returned
    from kitloan.national import National
    from kitloan.organisations import Directory
    from kitloan.people import People
    from kitloan.queries.figures import Figures
    from kitloan.queries.find import Finder
    from kitloan.stocktakes import Stocktakes
    from kitloan.taking_in import Registers
    from kitloan.text.fields import GiftTerms
    from kitloan.transfers import Transfers
    from kitloan.undo import Actions, Undone
    from kitloan.values import (
        HistoryLine,
        Holding,
        LoanLine,
        Page,
        ShortageLine,
        ShortageOfHolding,
        as_json,
    )
    from kitloan.verify import Verdict, Verifier

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
    "KitloanError",
    "Lent",
    "LoanLine",
    "Loans",
    "National",
    "NewHolding",
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
    "Verdict",
    "Verifier",
    "__version__",
    "as_json",
    "init",
    "open",
]

_homes: dict[str, str] = {}


def _find_homes() -> dict[str, str]:
    """The module of each public name: what a type checker reads above, read when it is needed."""
    import ast
    from pathlib import Path

    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    return {
        name.name: str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("kitloan.")
        for name in node.names
    }


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'kitloan' has no attribute {name!r}")
    from importlib import import_module

    if not _homes:
        _homes.update(_find_homes())
    return getattr(import_module(_homes[name]), name)
