"""Facts of ESP's own ledger: gifts as they come, who gets them; and of any ledger, its resuming."""

from typing import Literal

from kitloan.entries.base import Count, Day, FactBase, GiftTitle, Hash, Id, Name, Number


class LedgerResumed(FactBase):
    """A backup was restored: this epoch follows on that entry, the last which the backup had."""

    kind: Literal["ledger.resumed"] = "ledger.resumed"
    seq: Number
    hash: Hash


class ProgrammeDefined(FactBase):
    """A programme that gifts are part of; said again, it replaces what was said before."""

    kind: Literal["programme.defined"] = "programme.defined"
    programme: Id
    name: Name


class GiftAgreed(FactBase):
    """A gift and its terms, as promised; said again, it replaces what was said before."""

    kind: Literal["gift.agreed"] = "gift.agreed"
    gift: Id
    donor: Name
    tranche: Name | None = None
    document: Name | None = None
    programme: Id | None = None
    kit_type: Id
    promised: Count
    title: GiftTitle = "unknown"
    donor_must_agree: bool = False
    """Whether the donor must agree before one is written off."""
    acknowledgement: Name | None = None
    """What a label must say of the donor."""


class GiftDelivered(FactBase):
    """Some of a gift came."""

    kind: Literal["gift.delivered"] = "gift.delivered"
    gift: Id
    delivery: Id
    quantity: Count
    received_on: Day


class AllocationMade(FactBase):
    """A college gets some of a gift; said again, it replaces what was said before."""

    kind: Literal["allocation.made"] = "allocation.made"
    allocation: Id
    gift: Id
    college: Id
    quantity: Count
    allocated_on: Day
