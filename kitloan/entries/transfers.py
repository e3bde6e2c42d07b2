"""Facts about transfers between colleges: each side says its own half, in its own ledger."""

from typing import ClassVar, Literal

from kitloan.entries.base import Count, Counted, FactBase, Id, Name, Tag
from kitloan.entries.lending import Short


class TransferSent(FactBase):
    """A holding left for another college, with what a count of its contents found."""

    kind: Literal["transfer.sent"] = "transfer.sent"
    desk_action: ClassVar[bool] = True
    tag: Tag
    transfer: Id
    to_college: Id
    quantity: Count = 1
    counted: Counted
    shortages: tuple[Short, ...] = ()


class TransferCalledOff(FactBase):
    """A holding that was sent never went, or came back: it is held here again."""

    kind: Literal["transfer.called_off"] = "transfer.called_off"
    desk_action: ClassVar[bool] = True
    tag: Tag
    transfer: Id


class TransferArrived(FactBase):
    """ESP says that the other college has it: it is held here no more."""

    kind: Literal["transfer.arrived"] = "transfer.arrived"
    tag: Tag
    transfer: Id


class TransferReceived(FactBase):
    """A holding came from another college under the tag it had there."""

    kind: Literal["transfer.received"] = "transfer.received"
    desk_action: ClassVar[bool] = True
    tag: Tag
    arrival: Id
    from_college: Id
    kit_type: Id
    quantity: Count = 1
    asset_number: Name | None = None
    serial: Name | None = None
    location: Name | None = None
    counted: Counted
    shortages: tuple[Short, ...] = ()
