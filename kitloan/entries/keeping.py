"""Facts about keeping holdings: taking in, gift terms, moving, sighting, labels, withdrawing."""

from typing import ClassVar, Literal

from kitloan.entries.base import Count, Day, FactBase, GiftTitle, Hash, Id, Name, Pence, Tag


class HoldingAccessioned(FactBase):
    """A thing came into the college's care under a tag."""

    kind: Literal["holding.accessioned"] = "holding.accessioned"
    desk_action: ClassVar[bool] = True
    tag: Tag
    kit_type: Id
    quantity: Count = 1
    asset_number: Name | None = None
    serial: Name | None = None
    location: Name | None = None
    received_on: Day | None = None
    sighted_on: Day | None = None
    """When it was last seen before it came under this tag, where a register says so."""
    register_row: Hash | None = None
    """What a row of a spreadsheet was known by, so that reading it again adds nothing."""


class GiftRecorded(FactBase):
    """Who gave a holding and on what terms; said again, it replaces what was said before."""

    kind: Literal["gift.recorded"] = "gift.recorded"
    tag: Tag
    donor: Name | None = None
    funding_source: Name | None = None
    title: GiftTitle = "unknown"
    document: Name | None = None
    value_pence: Pence | None = None
    value_basis: Name | None = None
    valued_on: Day | None = None
    gift: Id | None = None
    """Which of ESP's gifts it is of, where that is known."""
    acknowledgement: Name | None = None
    """What the label must say of the donor, where the terms ask for it."""


class HoldingAmended(FactBase):
    """A holding's own particulars as they stand now, all of them."""

    kind: Literal["holding.amended"] = "holding.amended"
    desk_action: ClassVar[bool] = True
    tag: Tag
    kit_type: Id
    quantity: Count
    asset_number: Name | None
    serial: Name | None


class HoldingMoved(FactBase):
    """A holding has another place in the same college."""

    kind: Literal["holding.moved"] = "holding.moved"
    desk_action: ClassVar[bool] = True
    tag: Tag
    location: Name


class HoldingSighted(FactBase):
    """Somebody scanned a holding or saw it."""

    kind: Literal["holding.sighted"] = "holding.sighted"
    desk_action: ClassVar[bool] = True
    tag: Tag


class LabelsPrinted(FactBase):
    """Labels went to paper: for holdings, or blank ones to be claimed later."""

    kind: Literal["labels.printed"] = "labels.printed"
    batch: Id
    blank: bool
    tags: tuple[Tag, ...]
    stock: Name | None = None
    """What they were printed on: the sheet or roll to look for."""


class LabelClaimed(FactBase):
    """A holding that has a tag answers to a second one as well."""

    kind: Literal["label.claimed"] = "label.claimed"
    desk_action: ClassVar[bool] = True
    tag: Tag
    label: Tag
