"""What a college holds: taking in, amending, moving, sighting, withdrawing, and kit types."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select

from kitloan.calendar import day_of, uk
from kitloan.entries import (
    MOST_PENCE,
    Component,
    GiftRecorded,
    GiftTitle,
    HoldingAccessioned,
    HoldingAmended,
    HoldingMoved,
    HoldingSighted,
    HoldingWithdrawn,
    KitTypeDefined,
    LabelClaimed,
    LabelsPrinted,
)
from kitloan.errors import BadInput, Refused
from kitloan.ledger import Writer, facts_said, id_reused, said_of, say_once
from kitloan.models import Alias, KitType, Label, table
from kitloan.models import Holding as HoldingRow
from kitloan.prepared import AnyRow, Query
from kitloan.resolve import resolve
from kitloan.session import Session, check_quantity
from kitloan.tags import grouped, mint, parse
from kitloan.text import clean, type_key

holding, alias, kit_type, label = (
    table(HoldingRow),
    table(Alias),
    table(KitType),
    table(Label),
)

_TYPE = Query(
    select(kit_type.c.name).where(
        kit_type.c.college == bindparam("c"), kit_type.c.kit_type == bindparam("k")
    )
)
_ROW = Query(
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
_TAGS_PER_ENTRY = 500


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


class Holdings:
    """The verbs of the register, for one person in one college."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, new: NewHolding, *, id: str | None = None) -> Added:  # noqa: A002
        """Take in one holding; its kit type is made when it is new.

        Raises:
            BadInput: a text, quantity or tag that cannot be used.
            Refused: `tag_taken`, when the tag is a holding's already; `not_yours`, when it is on a
                blank label of another college.
        """
        with self._session.writing(id) as writer:
            if writer.said:
                (fact, *_) = facts_said(writer.said, HoldingAccessioned)
                _must_be_the_same(writer, fact, new)
                name = _TYPE(writer.connection, c=writer.college, k=fact.kit_type).scalar_one()
                return Added(fact.tag, name, fact.asset_number, fact.quantity)
            return accession(writer, new)

    def amend(
        self,
        tag: str,
        *,
        type: str | None = None,  # noqa: A002  # the word of the contract
        quantity: int | None = None,
        asset_number: str | None = None,
        serial: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Correct a holding's particulars; what is None stays, and an empty text takes away.

        Raises:
            Refused: `more_out`, when fewer would be held than are out.
        """
        with self._session.writing(id) as writer:
            row = self._row(writer, tag)
            if writer.said:
                said_of(writer, HoldingAmended, row.tag)
                return
            held = row.quantity if quantity is None else check_quantity(quantity)
            if held < row.out_quantity:
                raise Refused(
                    "more_out",
                    f"{row.out_quantity} of {grouped(row.tag)} are on loan; "
                    f"the college cannot hold only {held}.",
                    "Take some back first.",
                    tag=row.tag,
                )
            writer.append(
                HoldingAmended(
                    tag=row.tag,
                    kit_type=define_if_new(writer, type)[0] if type else row.kit_type,
                    quantity=held,
                    asset_number=_changed(asset_number, row.asset_number, "The asset number"),
                    serial=_changed(serial, row.serial, "The serial number"),
                )
            )

    def record_gift(self, tag: str, gift: Gift, *, id: str | None = None) -> None:  # noqa: A002
        """Say who gave a holding and on what terms, all of them."""
        with self._session.writing(id) as writer:
            row = self._row(writer, tag)
            say_once(writer, _gift_fact(row.tag, gift))

    def move(self, tag: str, location: str, *, id: str | None = None) -> None:  # noqa: A002
        """Say where in the college a holding is kept now."""
        place = clean(location, "The place")
        with self._session.writing(id) as writer:
            row = self._row(writer, tag)
            say_once(writer, HoldingMoved(tag=row.tag, location=place))

    def sight(self, tag: str, *, id: str | None = None) -> None:  # noqa: A002
        """Put on record that a holding was seen now."""
        with self._session.writing(id) as writer:
            row = self._row(writer, tag)
            say_once(writer, HoldingSighted(tag=row.tag))

    def withdraw(self, tag: str, reason: str, *, id: str | None = None) -> None:  # noqa: A002
        """Take a holding off the register for good; its history stays.

        Raises:
            Refused: `on_loan`, while any of it is out; `withdrawn`, when it is already.
        """
        why = clean(reason, "The reason")
        with self._session.writing(id) as writer:
            row = self._row(writer, tag)
            if writer.said:
                said_of(writer, HoldingWithdrawn, row.tag)
                return
            if row.out_quantity:
                raise Refused(
                    "on_loan",
                    f"{grouped(row.tag)} is on loan and cannot be withdrawn.",
                    f"Take it back first: kitloan checkin {row.tag}",
                    tag=row.tag,
                )
            if row.state == "withdrawn":
                raise Refused("withdrawn", f"{grouped(row.tag)} is withdrawn already.", tag=row.tag)
            writer.append(HoldingWithdrawn(tag=row.tag, reason=why))

    def claim_label(self, tag: str, new: str, *, id: str | None = None) -> None:  # noqa: A002
        """Let a holding answer to a second tag, off a label that no holding has yet.

        Raises:
            Refused: `tag_taken`, or `not_yours` for another college's blank label.
        """
        second = parse(new)
        with self._session.writing(id) as writer:
            row = self._row(writer, tag)
            if not writer.said:
                _must_be_free(writer, second)
            say_once(writer, LabelClaimed(tag=row.tag, label=second))

    def define_types(
        self,
        types: Sequence[KitTypeDefined],
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Define kit types with their contents; one that is known has these contents from now."""
        with self._session.writing(id) as writer:
            if writer.said and facts_said(writer.said, KitTypeDefined) != list(types):
                raise id_reused(writer.request)
            if not writer.said:
                for each in types:
                    writer.append(each)

    def labels_printed(self, tags: Sequence[str], *, blank: bool, stock: str | None = None) -> str:
        """Put on record that labels of these tags went to paper; gives the batch's id."""
        with self._session.writing() as writer:
            for start in range(0, len(tags), _TAGS_PER_ENTRY):
                part = tuple(tags[start : start + _TAGS_PER_ENTRY])
                writer.append(
                    LabelsPrinted(batch=writer.request, blank=blank, tags=part, stock=stock)
                )
            return writer.request

    def unlabelled(self) -> list[str]:
        """Tags of holdings that bear no label, not a claimed one either, in the order of `tags`."""
        printed = (
            select(label.c.tag)
            .where(label.c.college == holding.c.college, label.c.tag == holding.c.tag)
            .exists()
        )
        claimed = (
            select(alias.c.label)
            .where(alias.c.college == holding.c.college, alias.c.tag == holding.c.tag)
            .exists()
        )
        return self._tags(~printed & ~claimed)

    def tags(self) -> list[str]:
        """Tags of every holding that is not withdrawn, by asset number."""
        return self._tags(holding.c.state != "withdrawn")

    def _tags(self, wanted: Any) -> list[str]:
        with self._session.reading() as connection:
            return list(
                connection.execute(
                    select(holding.c.tag)
                    .where(
                        holding.c.college == self._session.college,
                        holding.c.state != "withdrawn",
                        wanted,
                    )
                    .order_by(holding.c.asset_key.is_(None), holding.c.asset_key, holding.c.tag)
                ).scalars()
            )

    def _row(self, writer: Writer, text: str) -> AnyRow:
        tag = resolve(writer.connection, writer.college, text)[1]
        return _ROW(writer.connection, c=writer.college, t=tag).one()


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
    tag = mint() if new.tag is None else parse(new.tag)
    _must_be_free(writer, tag)
    quantity = check_quantity(new.quantity)
    for day in (new.received_on, new.gift.valued_on):
        _must_have_been(day, day_of(writer.at))
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
        writer.append(_gift_fact(tag, new.gift))
    return Added(tag, name, number, quantity)


def define_if_new(writer: Writer, name: str) -> tuple[str, str]:
    """The id and the name of the kit type that `name` means, defined bare when it is new."""
    name = clean(name, "The kit type")
    key = type_key(name)
    known = _TYPE(writer.connection, c=writer.college, k=key).scalar()
    if known is not None:
        return key, known
    writer.append(KitTypeDefined(kit_type=key, name=name))
    return key, name


def kit_type_with(name: str, contents: Sequence[Component]) -> KitTypeDefined:
    """The definition of a kit type of this name with these contents."""
    name = clean(name, "The kit type")
    return KitTypeDefined(kit_type=type_key(name), name=name, contents=tuple(contents))


def _must_be_free(writer: Writer, tag: str) -> None:
    taken = _ROW(writer.connection, c=writer.college, t=tag).first()
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


def _must_be_the_same(writer: Writer, fact: HoldingAccessioned, new: NewHolding) -> None:
    """Refuse an id that took in something else."""
    wanted = (type_key(clean(new.type, "The kit type")), new.quantity)
    if (fact.kit_type, fact.quantity) != wanted or (new.tag and parse(new.tag) != fact.tag):
        raise id_reused(writer.request)


def _must_have_been(day: date | None, today: date) -> None:
    if day is not None and day > today:
        raise BadInput(
            "in_the_future",
            f"{uk(day)} is in the future: today is {uk(today)}.",
            "Give the day on which it happened.",
            value=day.isoformat(),
        )


def _changed(new: str | None, old: str | None, what: str) -> str | None:
    if new is None:
        return old
    return clean(new, what) if new.strip() else None


def _gift_fact(tag: str, gift: Gift) -> GiftRecorded:
    return GiftRecorded(
        tag=tag,
        donor=clean(gift.donor, "The donor") if gift.donor else None,
        funding_source=clean(gift.funding_source, "Who paid") if gift.funding_source else None,
        title=gift.title,
        document=clean(gift.document, "The document") if gift.document else None,
        value_pence=_value(gift.value_pence),
        value_basis=clean(gift.value_basis, "The value's basis") if gift.value_basis else None,
        valued_on=gift.valued_on.isoformat() if gift.valued_on else None,
    )


def _value(pence: int | None) -> int | None:
    if pence is not None and not 0 <= pence <= MOST_PENCE:
        raise BadInput(
            "bad_value", f"A value is from nothing to £{MOST_PENCE // 100:,}.", value=str(pence)
        )
    return pence
