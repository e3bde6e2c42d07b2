"""kitloan: lend STEM kits, take them back counted, and show their donor where every one is.

    import kitloan

    with kitloan.open("fife.sqlite", actor="m.ross") as desk:
        desk.loans.check_out(["KL 8B7X-APXY-TMZ"], to="Balwearie High School")

`open` gives a `Kitloan`, whose parts are the verbs by name: `desk`, `holdings`, `transfers`,
`find`, `directory`, `figures`, `people`, `registers`, `stocktakes`, `national`, `exchange`,
`ledger`, `backups` and `audit`. Names load when they are first used, so that importing kitloan
costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kitloan.__version__ import __version__

if TYPE_CHECKING:
    from kitloan.college import College, init, open  # noqa: A004  # the word of the contract
    from kitloan.contents import Count
    from kitloan.errors import BadInput, KitloanError, Refused, StoreError
    from kitloan.holdings import Gift, NewHolding

_HOMES = {
    "BadInput": "kitloan.errors",
    "Count": "kitloan.contents",
    "Gift": "kitloan.holdings",
    "College": "kitloan.college",
    "KitloanError": "kitloan.errors",
    "NewHolding": "kitloan.holdings",
    "Refused": "kitloan.errors",
    "StoreError": "kitloan.errors",
    "init": "kitloan.college",
    "open": "kitloan.college",
}

__all__ = [
    "BadInput",
    "College",
    "Count",
    "Gift",
    "KitloanError",
    "NewHolding",
    "Refused",
    "StoreError",
    "__version__",
    "init",
    "open",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'kitloan' has no attribute {name!r}")
