"""Taking in: from what a person gives to the facts about a new holding, its type and its gift."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import bindparam, select

from kitloan.calendar import check_past, check_year, day_of
from kitloan.entries import (
    MOST_PENCE,
    Component,
    GiftRecorded,
    GiftTitle,
    HoldingAccessioned,
    KitTypeDefined,
)
from kitloan.errors import BadInput, Refused
from kitloan.ledger import Writer
from kitloan.models import Alias, KitType, Label, table
from kitloan.models import Holding as HoldingRow
from kitloan.prepared import Query
from kitloan.session import check_quantity
from kitloan.tags import grouped, mint, parse
from kitloan.text import clean, type_key

holding, alias, kit_type, label = (
    table(HoldingRow),
    table(Alias),
    table(KitType),
    table(Label),
)

TYPE = Query(
    select(kit_type.c.name).where(
        kit_type.c.college == bindparam("c"), kit_type.c.kit_type == bindparam("k")
    )
)
ROW = Query(
    select(holding).where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
)
_ALIAS = Query(
    select(alias.c.tag).where(alias.c.college == bindparam("c"), alias.c.label == bindparam("t"))
)
_BLANK_ELSEWHERE = Query(
    select(label.c.college).where(
        label.c.tag == bindparam("t"),
        label.c.blank,
        label.c.college != bindparam("c"),
        ~select(holding.c.tag)
        .where(holding.c.college == label.c.college, holding.c.tag == label.c.tag)
        .exists(),
        ~select(alias.c.tag)
        .where(alias.c.college == label.c.college, alias.c.label == label.c.tag)
        .exists(),
    )
)


@dataclass(frozen=True, slots=True)
class Gift:
    """The terms of a gift, as they are given. `value_pence` is in pence sterling."""

    donor: str | None = None
    funding_source: str | None = None
    title: GiftTitle = "unknown"
    document: str | None = None
    value_pence: int | None = None
    value_basis: str | None = None
    valued_on: date | None = None
    gift: str | None = None
    """Which of ESP's gifts it is of, by the id that ESP gave it."""
    acknowledgement: str | None = None
    """What a label must say of the donor."""

    def __bool__(self) -> bool:
        return self != Gift()


@dataclass(frozen=True, slots=True)
class NewHolding:
    """A holding to take in. Without a tag one is minted."""

    type: str
    quantity: int = 1
    tag: str | None = None
    asset_number: str | None = None
    serial: str | None = None
    location: str | None = None
    received_on: date | None = None
    gift: Gift = field(default_factory=Gift)


@dataclass(frozen=True, slots=True)
class Added:
    """A holding that was taken in."""

    tag: str
    type: str
    asset_number: str | None
    quantity: int


def accession(
    writer: Writer,
    new: NewHolding,
    *,
    sighted_on: date | None = None,
    register_row: str | None = None,
) -> Added:
    """Take in one holding inside a transaction; see `Holdings.add`.

    Args:
        writer: the transaction.
        new: what to take in.
        sighted_on: when it was last seen, where a register says so.
        register_row: what the register's row is known by; None when it was taken in by hand.
    """
    if not isinstance(new, NewHolding):
        raise BadInput(
            "bad_holding", f"{new!r} is not a NewHolding.", "Give NewHolding(type, ...)."
        )
    tag = _tag_for(writer) if new.tag is None else parse(new.tag)
    must_be_free(writer, tag)
    quantity = check_quantity(new.quantity)
    for day in (new.received_on, new.gift.valued_on):
        if day is not None:
            check_past(day, day_of(writer.at))
    key, name = define_if_new(writer, new.type)
    number = clean(new.asset_number, "The asset number") if new.asset_number else None
    writer.append(
        HoldingAccessioned(
            tag=tag,
            kit_type=key,
            quantity=quantity,
            asset_number=number,
            serial=clean(new.serial, "The serial number") if new.serial else None,
            location=clean(new.location, "The place") if new.location else None,
            received_on=new.received_on.isoformat() if new.received_on else None,
            sighted_on=sighted_on.isoformat() if sighted_on else None,
            register_row=register_row,
        )
    )
    if new.gift:
        writer.append(gift_fact(tag, new.gift))
    return Added(tag, name, number, quantity)


def _tag_for(writer: Writer) -> str:
    """A new tag; said again, the one that was minted then."""
    taken_in = writer.first_said(HoldingAccessioned)
    return taken_in.tag if taken_in else mint()


def define_if_new(writer: Writer, name: str) -> tuple[str, str]:
    """The id and the name of the kit type that `name` means, defined bare when it is new."""
    name = clean(name, "The kit type")
    key = type_key(name)
    new = writer.first_said(KitTypeDefined)
    if new is None or new.kit_type != key:
        known = TYPE(writer.connection, c=writer.college, k=key).scalar()
        if known is not None:
            return key, known
        new = KitTypeDefined(kit_type=key, name=name)
    writer.append(new)
    return key, new.name


def kit_type_with(name: str, contents: Sequence[Component]) -> KitTypeDefined:
    """The definition of a kit type of this name with these contents."""
    name = clean(name, "The kit type")
    return KitTypeDefined(kit_type=type_key(name), name=name, contents=tuple(contents))


def must_be_free(writer: Writer, tag: str) -> None:
    """Refuse a tag that a holding has, or that is on a blank label of another college."""
    if writer.said:
        return  # it was free then
    taken = ROW(writer.connection, c=writer.college, t=tag).first()
    by = taken.tag if taken else _ALIAS(writer.connection, c=writer.college, t=tag).scalar()
    if by:
        raise Refused(
            "tag_taken",
            f"{grouped(tag)} is a holding's already"
            + (f": that of {grouped(by)}." if by != tag else "."),
            f"See it: kitloan show {tag}. Choose a label that nothing has claimed.",
            tag=tag,
            holding=by,
        )
    theirs = _BLANK_ELSEWHERE(writer.connection, c=writer.college, t=tag).scalar()
    if theirs:
        raise Refused(
            "not_yours",
            f"{grouped(tag)} is on a blank label of {theirs}, which it may claim any day.",
            "Give the label back, and use one of your own: kitloan labels --blank N.",
            tag=tag,
            college=theirs,
        )


def changed(new: str | None, old: str | None, what: str) -> str | None:
    """A text after an amendment: None leaves it as it was, an empty one takes it away."""
    if new is None:
        return old
    return clean(new, what) if new.strip() else None


def gift_fact(tag: str, gift: Gift) -> GiftRecorded:
    """What the ledger says of a holding's gift."""
    return GiftRecorded(
        tag=tag,
        donor=clean(gift.donor, "The donor") if gift.donor else None,
        funding_source=clean(gift.funding_source, "Who paid") if gift.funding_source else None,
        title=gift.title,
        document=clean(gift.document, "The document") if gift.document else None,
        value_pence=_value(gift.value_pence),
        value_basis=clean(gift.value_basis, "The value's basis") if gift.value_basis else None,
        valued_on=check_year(gift.valued_on).isoformat() if gift.valued_on else None,
        gift=clean(gift.gift, "The gift") if gift.gift else None,
        acknowledgement=(
            clean(gift.acknowledgement, "The acknowledgement") if gift.acknowledgement else None
        ),
    )


def _value(pence: int | None) -> int | None:
    if pence is not None and not 0 <= pence <= MOST_PENCE:
        raise BadInput(
            "bad_value", f"A value is from nothing to £{MOST_PENCE // 100:,}.", value=str(pence)
        )
    return pence
