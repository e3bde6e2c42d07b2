"""Facts: what can happen, one module for each topic, with what each fact does to the tables.

A fact is a frozen class; the function under it, marked with `applies`, is the only writer of the
register's rows. The same functions serve at the desk, when a ledger is merged from elsewhere, when
`verify` replays a ledger, and when a report asks for an earlier day. They check no rules of
lending: a verb checks them before a fact is sealed, and the database's constraints check them last.

Facts hold no names, addresses or remarks about people: an organisation's id and an opaque contact
id are all that a loan has. Counts are absolute (how many are missing now, not how many more), so
that applying a fact needs nothing but the fact.
"""

from functools import cache
from importlib import import_module

from kitloan.ledger.facts.base import APPLY, KINDS, FactBase

MODULES = (
    "kitloan.ledger.facts.calendar",
    "kitloan.ledger.facts.custody",
    "kitloan.ledger.facts.definitions",
    "kitloan.ledger.facts.events",
    "kitloan.ledger.facts.evidence",
    "kitloan.ledger.facts.gifts",
    "kitloan.ledger.facts.guides",
    "kitloan.ledger.facts.holdings",
    "kitloan.ledger.facts.inspections",
    "kitloan.ledger.facts.ledger",
    "kitloan.ledger.facts.loans",
    "kitloan.ledger.facts.naming",
    "kitloan.ledger.facts.notices",
    "kitloan.ledger.facts.planning",
    "kitloan.ledger.facts.rules",
    "kitloan.ledger.facts.sharing",
    "kitloan.ledger.facts.stocktakes",
    "kitloan.ledger.facts.transfers",
    "kitloan.ledger.replay",
)
"""The modules with every kind of fact and what it does to the tables.

A verb loads the kinds that it seals. All are loaded when another is read: a counter that lends and
takes back should not wait for all that can happen in a nation.
"""


@cache
def _load_every_kind() -> None:
    for module in MODULES:
        import_module(module)


def fact_class(kind: str) -> type[FactBase] | None:
    """The class of a kind of fact; None for a kind that is not known."""
    if kind not in KINDS:
        _load_every_kind()
    if (found := KINDS.get(kind)) is not None:
        # Another thread may be loading its module; this waits until all of it is there.
        import_module(APPLY[found].__module__)
    return found


def every_kind() -> tuple[type[FactBase], ...]:
    """The classes of all kinds of fact, by the names of the kinds."""
    _load_every_kind()
    return tuple(KINDS[kind] for kind in sorted(KINDS))
