"""Facts about holdings: added, given, changed, moved, seen, counted, restocked, relabelled."""

from typing import ClassVar, Literal

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    insert,
    text,
    update,
)

from kitloan.ledger.facts.base import (
    Count,
    Counted,
    CountOrNone,
    Dated,
    Day,
    FactBase,
    Later,
    Name,
    Recorded,
    Tag,
    applies,
    happened_at,
)
from kitloan.ledger.facts.holding_rows import (
    COUNTED,
    SIGHTED,
    asset_key,
    change_holding,
    counted_in,
    folded,
    insert_holding,
    more_words,
    name_of_type,
    new,
    number_order,
    refresh_words,
    sighting,
)
from kitloan.ledger.facts.shortages import Shortages, reckon, set_shortage, set_shortages
from kitloan.storage.statements import Change
from kitloan.tables import Alias, Gift, Holding, table
from kitloan.text.dates import NO_HOUR
from kitloan.text.fields import AddedHoldingFields, GiftTerms, HoldingFields
from kitloan.values import REGISTER

alias, gift, holding = table(Alias), table(Gift), table(Holding)

_insert_alias = Change(insert(alias))
_delete_alias = Change(
    delete(alias).where(
        alias.c.college == bindparam("college"),
        alias.c.label == bindparam("label"),
        alias.c.tag == bindparam("tag"),
    )
)
_amend = change_holding(
    **new(HoldingFields),
    asset_key=bindparam("new_asset_key"),
    number_order=bindparam("new_number_order"),
)
_move = change_holding(location=bindparam("new_location"), **SIGHTED)
_move_unseen = change_holding(location=bindparam("new_location"))
_split = change_holding(quantity=holding.c.quantity - bindparam("q"))
_sight = change_holding(**SIGHTED)
_counted = change_holding(**COUNTED, **SIGHTED)


class HoldingAccessioned(AddedHoldingFields, FactBase):
    """A holding was added to the college's register."""

    kind: Literal["holding.accessioned"] = "holding.accessioned"
    desk_action: ClassVar[bool] = True
    tag: Tag
    sighted_on: Day | None = None
    """When it was last seen before it was added, if a register has that."""
    split_from: Tag | None = Later(None)
    """The stock of which it was part until now."""


@applies(HoldingAccessioned)
def accessioned(
    connection: Connection, college: str, entry: Recorded, fact: HoldingAccessioned
) -> None:
    """Add the holding. It was seen now, or for an imported one, on the day in the register."""
    seen_at, seen_by = entry.at, entry.by
    if fact.register_row is not None:
        seen_at, seen_by = (f"{fact.sighted_on}{NO_HOUR}", REGISTER)
    known = fact.register_row is None or fact.sighted_on is not None
    insert_holding.one(
        connection,
        college=college,
        tag=fact.tag,
        **AddedHoldingFields.of(fact),
        out_quantity=0,
        state="held",
        uncounted=False,
        critical_short=0,
        asset_key=asset_key(fact),
        accessioned_at=entry.at,
        sighted_at=seen_at if known else None,
        sighted_by=seen_by if known else None,
        words=words_of_new(connection, college, fact),
        counted_at=None,
        out_of_use=None,
        in_repair=None,
        most_out=None,
        number_order=number_order(fact),
    )


class GiftRecorded(GiftTerms, FactBase):
    """Who gave a holding and on what terms; a later one replaces it."""

    kind: Literal["gift.recorded"] = "gift.recorded"
    desk_action: ClassVar[bool] = True
    tag: Tag


@applies(GiftRecorded)
def gift_recorded(
    connection: Connection, college: str, entry: Recorded, fact: GiftRecorded
) -> None:
    """Set the terms of a holding's gift."""
    terms = GiftTerms.of(fact)
    if _insert_gift(connection, college=college, tag=fact.tag, **terms):
        more_words(connection, college, fact.tag, fact.donor, fact.funding_source)
        return
    _set_gift.one(connection, college=college, tag=fact.tag, **GiftTerms.of(fact, "new_"))
    refresh_words(connection, college, fact.tag)


class HoldingAmended(HoldingFields, FactBase):
    """A holding's details were changed; the fact has all of them as they are now."""

    kind: Literal["holding.amended"] = "holding.amended"
    desk_action: ClassVar[bool] = True
    tag: Tag


@applies(HoldingAmended)
def amended(connection: Connection, college: str, entry: Recorded, fact: HoldingAmended) -> None:
    """Set the details of a holding."""
    _amend.one(
        connection,
        c=college,
        t=fact.tag,
        **HoldingFields.of(fact, "new_"),
        new_asset_key=asset_key(fact),
        new_number_order=number_order(fact),
    )
    refresh_words(connection, college, fact.tag)
    reckon(connection, college, fact.tag)


class HoldingMoved(Dated):
    """A holding was moved to another place in the same college."""

    kind: Literal["holding.moved"] = "holding.moved"
    desk_action: ClassVar[bool] = True
    tag: Tag
    location: Name
    in_hand: bool = Later(True)
    """Whether somebody had it in hand; a register that names its place had not."""


@applies(HoldingMoved)
def moved(connection: Connection, college: str, entry: Recorded, fact: HoldingMoved) -> None:
    """Set the place of a holding."""
    place = {"c": college, "t": fact.tag, "new_location": fact.location}
    if fact.in_hand:
        _move.one(connection, **place, **sighting(connection, college, entry, fact))
    else:
        _move_unseen.one(connection, **place)
    refresh_words(connection, college, fact.tag)


class StockSplit(FactBase):
    """Part of a stock is a holding of its own from now on; the same request takes that in."""

    kind: Literal["stock.split"] = "stock.split"
    desk_action: ClassVar[bool] = True
    tag: Tag
    into: Tag
    quantity: Count
    held: Count
    """How many are left of the stock."""


@applies(StockSplit)
def split(connection: Connection, college: str, entry: Recorded, fact: StockSplit) -> None:
    """The stock is so many smaller."""
    _split.one(connection, c=college, t=fact.tag, q=fact.quantity)


class HoldingSighted(FactBase):
    """A holding was scanned or seen."""

    kind: Literal["holding.sighted"] = "holding.sighted"
    desk_action: ClassVar[bool] = True
    tag: Tag


@applies(HoldingSighted)
def sighted(connection: Connection, college: str, entry: Recorded, fact: HoldingSighted) -> None:
    """Set when and by whom a holding was last seen."""
    _sight.one(connection, c=college, t=fact.tag, at=entry.at, by=entry.by)


class LabelClaimed(FactBase):
    """A holding got a second tag."""

    kind: Literal["label.claimed"] = "label.claimed"
    desk_action: ClassVar[bool] = True
    tag: Tag
    label: Tag


@applies(LabelClaimed)
def label_claimed(
    connection: Connection, college: str, entry: Recorded, fact: LabelClaimed
) -> None:
    """Add the second tag."""
    _insert_alias(connection, college=college, label=fact.label, tag=fact.tag)
    _sight.one(connection, c=college, t=fact.tag, at=entry.at, by=entry.by)


class LabelFreed(FactBase):
    """A second tag is a holding's no more: it was claimed for the wrong one."""

    kind: Literal["label.freed"] = "label.freed"
    desk_action: ClassVar[bool] = True
    tag: Tag
    label: Tag


@applies(LabelFreed)
def label_freed(connection: Connection, college: str, entry: Recorded, fact: LabelFreed) -> None:
    """Take the second tag away."""
    _delete_alias.one(connection, college=college, label=fact.label, tag=fact.tag)


class ContentsCounted(Dated):
    """The contents were counted, without a loan."""

    kind: Literal["contents.counted"] = "contents.counted"
    desk_action: ClassVar[bool] = True
    tag: Tag
    counted: Counted
    shortages: Shortages = ()


@applies(ContentsCounted)
def contents_counted(
    connection: Connection, college: str, entry: Recorded, fact: ContentsCounted
) -> None:
    """Set the shortages that the count found."""
    _counted.one(
        connection,
        c=college,
        t=fact.tag,
        **counted_in(fact.counted, happened_at(entry, fact.on)),
        **sighting(connection, college, entry, fact),
    )
    at = happened_at(entry, fact.on)
    set_shortages(connection, college, fact.tag, fact.shortages, at)


class ShortageMadeGood(FactBase):
    """Components that were short were replaced; `missing` and `broken` are what is still short."""

    kind: Literal["shortage.made_good"] = "shortage.made_good"
    desk_action: ClassVar[bool] = True
    tag: Tag
    component: Name
    quantity: Count
    missing: CountOrNone
    broken: CountOrNone


@applies(ShortageMadeGood)
def made_good(
    connection: Connection, college: str, entry: Recorded, fact: ShortageMadeGood
) -> None:
    """Set how many of the component are still short."""
    _sight.one(connection, c=college, t=fact.tag, at=entry.at, by=entry.by)
    set_shortage(connection, college, fact.tag, fact.component, fact.missing, fact.broken)


_TERMS = tuple(GiftTerms.model_fields)
_insert_gift = Change(
    text(
        f"INSERT INTO gift (college, tag, {', '.join(_TERMS)}) "  # noqa: S608  # our own names
        f"VALUES (:college, :tag, {', '.join(f':{name}' for name in _TERMS)}) "
        "ON CONFLICT DO NOTHING"
    )
)


_set_gift = Change(
    update(gift)
    .where(gift.c.college == bindparam("college"), gift.c.tag == bindparam("tag"))
    .values(**new(GiftTerms))
)


def words_of_new(connection: Connection, college: str, fact: HoldingAccessioned) -> str:
    """The words of a holding that is not on the register yet, and so has no gift.

    They are inserted with its row: later, they would be a second write in every index.
    """
    found = name_of_type.tuples(connection, c=college, k=fact.kit_type)
    name = found[0][0] if found else None  # which is refused anyway
    return folded(fact.tag, fact.asset_number, name, fact.serial, fact.location)
