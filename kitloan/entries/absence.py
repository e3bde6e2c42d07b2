"""Facts about holdings that are not where they belong: missing, found, written off by two."""

from typing import ClassVar, Literal

from kitloan.entries.base import FactBase, Id, Name, Tag


class HoldingMissing(FactBase):
    """Somebody says that a holding is not to be found. A loan that lost it ends with it."""

    kind: Literal["holding.missing"] = "holding.missing"
    desk_action: ClassVar[bool] = True
    tag: Tag
    loan: Id | None = None
    reason: Name | None = None


class HoldingFound(FactBase):
    """A holding that was missing is back."""

    kind: Literal["holding.found"] = "holding.found"
    desk_action: ClassVar[bool] = True
    tag: Tag


class WithdrawalProposed(FactBase):
    """One person would take a holding off the register; a second one must sign."""

    kind: Literal["withdrawal.proposed"] = "withdrawal.proposed"
    desk_action: ClassVar[bool] = True
    tag: Tag
    reason: Name
    donor_agreement: Name | None = None
    """The donor's letter or message that agrees, where the gift's terms ask for one."""


class HoldingWithdrawn(FactBase):
    """A holding left the register for good, signed by a second person; its history stays."""

    kind: Literal["holding.withdrawn"] = "holding.withdrawn"
    desk_action: ClassVar[bool] = True
    tag: Tag
    reason: Name
    proposed_by: Name
    donor_agreement: Name | None = None
