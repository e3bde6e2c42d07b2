"""Facts: what can happen, one module for each topic, with what each fact does to the tables.

A fact is a frozen class; the function under it, marked with `applies`, is the only writer of the
register's rows. The same functions serve at the desk, when a ledger is merged from elsewhere, when
`verify` replays a ledger, and when a report asks for an earlier day. They check no rules of
lending: a verb checks them before a fact is sealed, and the database's constraints check them last.

Facts hold no names, addresses or remarks about people: an organisation's id and an opaque contact
id are all that a loan has. Counts are absolute (how many are missing now, not how many more), so
that applying a fact needs nothing but the fact.
"""

from collections.abc import Mapping
from importlib import import_module

from kitloan.ledger.facts.base import KINDS, FactBase

MODULES: Mapping[str, tuple[str, ...]] = {
    "kitloan.ledger.facts.calendar": (
        "calendar.set",
        "policy.set",
    ),
    "kitloan.ledger.facts.custody": (
        "holding.missing",
        "holding.found",
        "holding.out_of_use",
        "holding.in_use",
        "reinstatement.proposed",
        "holding.reinstated",
        "withdrawal.proposed",
        "holding.withdrawn",
    ),
    "kitloan.ledger.facts.definitions": (
        "labels.printed",
        "college.opened",
        "kit_type.defined",
        "organisation.added",
    ),
    "kitloan.ledger.facts.events": (
        "event.planned",
        "event.changed",
        "event.cancelled",
    ),
    "kitloan.ledger.facts.evidence": (
        "engagement.recorded",
        "engagement.corrected",
        "engagement.withdrawn",
        "evaluation.received",
        "school.linked",
        "organisation.described",
    ),
    "kitloan.ledger.facts.gifts": (
        "programme.defined",
        "gift.agreed",
        "gift.delivered",
        "delivery.corrected",
        "donor.aliased",
        "college.merged",
        "finding.accepted",
        "allocation.made",
        "challenge.set",
    ),
    "kitloan.ledger.facts.guides": ("guide.written",),
    "kitloan.ledger.facts.holdings": (
        "holding.accessioned",
        "gift.recorded",
        "holding.amended",
        "holding.moved",
        "stock.split",
        "holding.sighted",
        "label.claimed",
        "label.freed",
        "contents.counted",
        "shortage.made_good",
    ),
    "kitloan.ledger.facts.inspections": (
        "inspection.regime",
        "inspection.done",
    ),
    "kitloan.ledger.facts.ledger": ("ledger.resumed",),
    "kitloan.ledger.facts.loans": (
        "loan.checked_out",
        "loan.found",
        "loan.checked_in",
        "loan.renewed",
        "loan.corrected",
        "loan.stock_gone",
    ),
    "kitloan.ledger.facts.naming": (
        "organisation.renamed",
        "organisation.merged",
        "organisation.closed",
        "kit_type.renamed",
        "kit_type.merged",
    ),
    "kitloan.ledger.facts.notices": ("notice.sent",),
    "kitloan.ledger.facts.planning": (
        "booking.made",
        "booking.changed",
        "booking.cancelled",
        "booking.lapsed",
        "want.made",
        "want.closed",
        "demand.refused",
    ),
    "kitloan.ledger.facts.rules": (
        "borrower.blocked",
        "borrower.unblocked",
        "rule.overridden",
    ),
    "kitloan.ledger.facts.sharing": (
        "offer.made",
        "offer.changed",
        "offer.closed",
        "claim.answered",
        "offer.claimed",
        "claim.withdrawn",
        "kit.asked",
        "ask.withdrawn",
        "ask.answered",
        "college.placed",
    ),
    "kitloan.ledger.facts.stocktakes": (
        "stocktake.opened",
        "stocktake.expects",
        "stocktake.desk",
        "stocktake.scanned",
        "stocktake.confirmed",
        "stocktake.closed",
    ),
    "kitloan.ledger.facts.transfers": (
        "transfer.sent",
        "transfer.called_off",
        "transfer.arrived",
        "transfer.received",
    ),
    "kitloan.ledger.replay": ("entry.reversed",),
}
"""Every kind of fact, by the module that has it and what it does to the tables.

A module is loaded when the first of its facts is made or read: a counter lends and takes back, and
should not wait until all that can happen in a nation is loaded.
"""
_MODULE_OF = {kind: module for module, kinds in MODULES.items() for kind in kinds}


def fact_class(kind: str) -> type[FactBase] | None:
    """The class of a kind of fact; None for a kind that is not known."""
    module = _MODULE_OF.get(kind)
    if module is None:
        return None
    import_module(module)
    return KINDS[kind]


def every_kind() -> tuple[type[FactBase], ...]:
    """The classes of all kinds of fact."""
    for module in MODULES:
        import_module(module)
    return tuple(KINDS[kind] for kind in _MODULE_OF)
