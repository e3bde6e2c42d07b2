"""Holdings: added, given on terms, changed, moved, seen, counted, restocked, relabelled."""

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    bindparam,
    insert,
    select,
    text,
    update,
)

from kitloan.ledger.facts.base import (
    Count,
    Counted,
    CountOrNone,
    Day,
    FactBase,
    GiftTitle,
    Hash,
    Id,
    Name,
    Pence,
    Recorded,
    Tag,
    applies,
)
from kitloan.ledger.facts.shortages import Shortages, reckon, set_shortage, set_shortages
from kitloan.storage.statements import AnyRow, Change, Query
from kitloan.tables import Alias, Gift, Holding, KitType, table
from kitloan.text.names import fold

gift = table(Gift)
holding = table(Holding)
kit_type = table(KitType)
alias = table(Alias)

_parts = (
    select(
        holding.c.tag,
        holding.c.asset_number,
        kit_type.c.name,
        holding.c.serial,
        holding.c.location,
        gift.c.donor,
        gift.c.funding_source,
        holding.c.words,
    )
    .join_from(
        holding,
        kit_type,
        (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
    )
    .outerjoin(gift, (gift.c.college == holding.c.college) & (gift.c.tag == holding.c.tag))
)
_parts_of_holding = Query(
    _parts.where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
)
_parts_of_type = Query(
    _parts.where(holding.c.college == bindparam("c"), holding.c.kit_type == bindparam("k"))
)
_name_of_type = Query(
    select(kit_type.c.name).where(
        kit_type.c.college == bindparam("c"), kit_type.c.kit_type == bindparam("k")
    )
)
_set_words = Change(
    update(holding)
    .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
    .values(words=bindparam("new_words"))
)
_add_words = Change(
    update(holding)
    .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
    .values(words=holding.c.words + bindparam("more"))
)


def more_words(connection: Connection, college: str, tag: str, *parts: str | None) -> None:
    """Add the last words of a holding, its first gift's: what was there need not be read."""
    words = _folded(*parts)
    if words:
        _add_words(connection, c=college, t=tag, more=f" {words}")


def refresh_words(connection: Connection, college: str, tag: str) -> None:
    """Bring one holding's words up to date."""
    _refresh(connection, college, _parts_of_holding(connection, c=college, t=tag))


def refresh_words_of_type(connection: Connection, college: str, kit_type: str) -> None:
    """Bring the words of every holding of a kit type up to date."""
    _refresh(connection, college, _parts_of_type(connection, c=college, k=kit_type))


def _refresh(connection: Connection, college: str, rows: Iterable[AnyRow]) -> None:
    for *parts, now in rows:
        words = _folded(*parts)
        if words != now:
            _set_words(connection, c=college, t=parts[0], new_words=words)


def _folded(*parts: str | None) -> str:
    return fold(" ".join(part for part in parts if part))


SIGHTED: dict[str, BindParameter[Any]] = {
    "sighted_at": bindparam("at"),
    "sighted_by": bindparam("by"),
}
"""What a change of a holding sets besides, when somebody had it in hand."""


def change_holding(*only_if: ColumnElement[bool], **values: Any) -> Change:
    """A statement that sets columns of one holding, named by `c` and `t`, if it is as it must be.

    Whoever seals an entry has asked that already; a stranger who seals one has not.
    """
    return Change(
        update(holding)
        .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"), *only_if)
        .values(**values)
    )


insert_holding = Change(insert(holding))
_insert_alias = Change(insert(alias))
_amend = change_holding(
    kit_type=bindparam("new_type"),
    quantity=bindparam("new_quantity"),
    asset_number=bindparam("new_number"),
    asset_key=bindparam("new_key"),
    serial=bindparam("new_serial"),
)
_move = change_holding(location=bindparam("new_location"), **SIGHTED)
_sight = change_holding(**SIGHTED)
_counted = change_holding(uncounted=bindparam("not_counted"), **SIGHTED)


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


@applies(HoldingAccessioned)
def accessioned(
    connection: Connection, college: str, entry: Recorded, fact: HoldingAccessioned
) -> None:
    """A holding is on the register. In hand it is sighted; from a register, when that says so."""
    seen_at, seen_by = entry.at, entry.by
    if fact.register_row is not None:
        seen_at, seen_by = (f"{fact.sighted_on}T00:00:00Z", "register")
    known = fact.register_row is None or fact.sighted_on is not None
    insert_holding(
        connection,
        college=college,
        tag=fact.tag,
        kit_type=fact.kit_type,
        quantity=fact.quantity,
        out_quantity=0,
        state="held",
        uncounted=False,
        critical_short=0,
        location=fact.location,
        asset_number=fact.asset_number,
        asset_key=fold(fact.asset_number) if fact.asset_number else None,
        serial=fact.serial,
        received_on=fact.received_on,
        register_row=fact.register_row,
        accessioned_at=entry.at,
        sighted_at=seen_at if known else None,
        sighted_by=seen_by if known else None,
        words=words_of_new(connection, college, fact),
    )


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


@applies(GiftRecorded)
def gift_recorded(
    connection: Connection, college: str, entry: Recorded, fact: GiftRecorded
) -> None:
    """A holding was given on these terms."""
    terms = {name: getattr(fact, name) for name in _TERMS}
    if _insert_gift(connection, college=college, tag=fact.tag, **terms):
        more_words(connection, college, fact.tag, fact.donor, fact.funding_source)
        return
    changed = {f"new_{name}": value for name, value in terms.items()}
    _set_gift.one(connection, college=college, tag=fact.tag, **changed)
    refresh_words(connection, college, fact.tag)


class HoldingAmended(FactBase):
    """A holding's own particulars as they stand now, all of them."""

    kind: Literal["holding.amended"] = "holding.amended"
    desk_action: ClassVar[bool] = True
    tag: Tag
    kit_type: Id
    quantity: Count
    asset_number: Name | None
    serial: Name | None


@applies(HoldingAmended)
def amended(connection: Connection, college: str, entry: Recorded, fact: HoldingAmended) -> None:
    """A holding's particulars are these."""
    _amend.one(
        connection,
        c=college,
        t=fact.tag,
        new_type=fact.kit_type,
        new_quantity=fact.quantity,
        new_number=fact.asset_number,
        new_key=fold(fact.asset_number) if fact.asset_number else None,
        new_serial=fact.serial,
    )
    refresh_words(connection, college, fact.tag)
    reckon(connection, college, fact.tag)


class HoldingMoved(FactBase):
    """A holding has another place in the same college."""

    kind: Literal["holding.moved"] = "holding.moved"
    desk_action: ClassVar[bool] = True
    tag: Tag
    location: Name


@applies(HoldingMoved)
def moved(connection: Connection, college: str, entry: Recorded, fact: HoldingMoved) -> None:
    """A holding is in another place."""
    _move.one(
        connection, c=college, t=fact.tag, new_location=fact.location, at=entry.at, by=entry.by
    )
    refresh_words(connection, college, fact.tag)


class HoldingSighted(FactBase):
    """Somebody scanned a holding or saw it."""

    kind: Literal["holding.sighted"] = "holding.sighted"
    desk_action: ClassVar[bool] = True
    tag: Tag


@applies(HoldingSighted)
def sighted(connection: Connection, college: str, entry: Recorded, fact: HoldingSighted) -> None:
    """A holding was seen."""
    _sight.one(connection, c=college, t=fact.tag, at=entry.at, by=entry.by)


class LabelClaimed(FactBase):
    """A holding that has a tag answers to a second one as well."""

    kind: Literal["label.claimed"] = "label.claimed"
    desk_action: ClassVar[bool] = True
    tag: Tag
    label: Tag


@applies(LabelClaimed)
def label_claimed(
    connection: Connection, college: str, entry: Recorded, fact: LabelClaimed
) -> None:
    """A holding answers to a second tag."""
    _insert_alias(connection, college=college, label=fact.label, tag=fact.tag)
    _sight.one(connection, c=college, t=fact.tag, at=entry.at, by=entry.by)


class ContentsCounted(FactBase):
    """The contents were counted with no loan about it."""

    kind: Literal["contents.counted"] = "contents.counted"
    desk_action: ClassVar[bool] = True
    tag: Tag
    counted: Counted
    shortages: Shortages = ()


@applies(ContentsCounted)
def contents_counted(
    connection: Connection, college: str, entry: Recorded, fact: ContentsCounted
) -> None:
    """This is what a count found."""
    _counted.one(
        connection,
        c=college,
        t=fact.tag,
        not_counted=fact.counted == "uncounted",
        at=entry.at,
        by=entry.by,
    )
    set_shortages(connection, college, fact.tag, fact.shortages, entry.at)


class ShortageMadeGood(FactBase):
    """Components that were short were put back; `missing` and `broken` are what is left short."""

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
    """Of one component, this many are still short."""
    _sight.one(connection, c=college, t=fact.tag, at=entry.at, by=entry.by)
    set_shortage(connection, college, fact.tag, fact.component, fact.missing, fact.broken)


_TERMS = tuple(name for name in GiftRecorded.model_fields if name not in ("kind", "tag"))


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
    .values({name: bindparam(f"new_{name}") for name in _TERMS})
)


def words_of_new(connection: Connection, college: str, fact: HoldingAccessioned) -> str:
    """The words of a holding that is not on the register yet, and so has no gift.

    Put in with its row: put in afterwards, they were a second write in every index.
    """
    name = _name_of_type(connection, c=college, k=fact.kit_type).scalar()  # None is refused anyway
    return _folded(fact.tag, fact.asset_number, name, fact.serial, fact.location)
