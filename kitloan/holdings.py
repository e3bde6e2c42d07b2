"""Taking in: from what a person gives to the facts about a new holding, its type and its gift."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from kitloan.borrowers.organisations import must_not_be_nearly_known, remark
from kitloan.errors import BadInput, Refused
from kitloan.inspections.gate import must_not_have_failed
from kitloan.ledger.facts.base import MOST_OF_A_LIST, MOST_PENCE, GiftTitle
from kitloan.ledger.facts.custody import (
    HoldingFound,
    HoldingInUse,
    HoldingMissing,
    HoldingOutOfUse,
    HoldingReinstated,
    HoldingWithdrawn,
    ReinstatementProposed,
    WithdrawalProposed,
)
from kitloan.ledger.facts.definitions import ContentsLine, KitTypeDefined, LabelsPrinted
from kitloan.ledger.facts.holdings import (
    GiftRecorded,
    HoldingAccessioned,
    HoldingAmended,
    HoldingMoved,
    HoldingSighted,
    LabelClaimed,
    LabelFreed,
    StockSplit,
)
from kitloan.ledger.facts.naming import KitTypeMerged, KitTypeRenamed
from kitloan.ledger.session import ESP, Session, check_quantity
from kitloan.ledger.writer import Writer, id_reused
from kitloan.loans.counts import parts_of
from kitloan.loans.custody import held, must_be_here, must_be_in_use, open_loans
from kitloan.queries.happened import (
    COUNTS,
    MOVES,
    STAYS,
    earlier_day,
    must_be_the_last,
    sealed,
)
from kitloan.queries.resolve import meant
from kitloan.queries.types import KnownType, type_meant
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Alias, Component, KitType, Label, table
from kitloan.tables import Gift as GiftRow
from kitloan.tables import Holding as HoldingRow
from kitloan.tables.absence import Absence, Arrival, Withdrawal
from kitloan.tables.naming import OtherName
from kitloan.tables.planning import Booking, BookingLine
from kitloan.text.dates import check_past, check_year, day_of
from kitloan.text.fields import HoldingFields
from kitloan.text.names import clean, fold, in_natural_order, near_names, type_key
from kitloan.text.personal import on_record
from kitloan.text.scans import check_no_label
from kitloan.text.tags import grouped, mint, parse

holding = table(HoldingRow)
alias = table(Alias)
kit_type = table(KitType)
component = table(Component)
other_name = table(OtherName)
label = table(Label)
gift = table(GiftRow)
absence = table(Absence)
withdrawal = table(Withdrawal)
arrival = table(Arrival)
booking, booking_line = table(Booking), table(BookingLine)

TYPE = Query(
    select(kit_type.c.name).where(
        kit_type.c.college == bindparam("c"), kit_type.c.kit_type == bindparam("k")
    )
)
_TYPES = Query(
    select(kit_type.c.name).where(
        kit_type.c.college == bindparam("c"), kit_type.c.merged_into.is_(None)
    )
)
_BY_NUMBER = Query(
    select(holding.c.tag, holding.c.asset_number, kit_type.c.name.label("type_name"))
    .join_from(
        holding,
        kit_type,
        (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
    )
    .where(
        holding.c.college == bindparam("c"),
        holding.c.asset_key == bindparam("n"),
        holding.c.state != "withdrawn",
    )
)
_same = holding.alias("same")
_SHARING = Query(
    select(holding.c.tag, holding.c.asset_number, kit_type.c.name.label("type_name"))
    .join_from(
        holding,
        kit_type,
        (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
    )
    .join(
        _same, (_same.c.college == holding.c.college) & (_same.c.asset_key == holding.c.asset_key)
    )
    .where(
        holding.c.college == bindparam("c"),
        holding.c.tag != _same.c.tag,
        holding.c.state != "withdrawn",
        _same.c.tag == bindparam("t"),
        _same.c.state != "withdrawn",
    )
)
"""The others that have the asset number of a holding. They are put in order afterwards: asked for
them in the order of their tags, SQLite reads all holdings."""
_first, _second = booking_line.alias(), booking_line.alias()
_BOOKED_OF = Query(
    select(booking.c.booking)
    .join_from(
        booking,
        _first,
        (_first.c.college == booking.c.college) & (_first.c.booking == booking.c.booking),
    )
    .join(
        _second,
        (_second.c.college == booking.c.college) & (_second.c.booking == booking.c.booking),
    )
    .where(
        booking.c.college == bindparam("c"),
        booking.c.state == "made",
        _first.c.kit_type == bindparam("a"),
        _second.c.kit_type == bindparam("b"),
    )
    .order_by(booking.c.made_seq)
    .limit(1)
)
_PARTS_OF_TYPE = Query(
    select(component.c.name, component.c.quantity, component.c.bag, component.c.critical)
    .where(component.c.college == bindparam("c"), component.c.kit_type == bindparam("k"))
    .order_by(component.c.position)
)
_HELD_OF_TYPE = Query(
    select(func.count())
    .select_from(holding)
    .where(
        holding.c.college == bindparam("c"),
        holding.c.kit_type == bindparam("k"),
        holding.c.state != "withdrawn",
    )
)
_OTHER_NAMES_OF_TYPE = Query(
    select(other_name.c.name)
    .where(
        other_name.c.college == bindparam("c"),
        other_name.c.subject == "kit_type",
        other_name.c.whose == bindparam("k"),
    )
    .order_by(other_name.c.key)
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
    """The line about the donor that a label must show."""

    def __bool__(self) -> bool:
        return self != _NO_GIFT


_NO_GIFT = Gift()


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
    new_too: bool = True,
) -> Added:
    """Take in one holding inside a transaction; see `Holdings.add`.

    Args:
        writer: the transaction.
        new: what to take in.
        sighted_on: when it was last seen, where a register says so.
        register_row: what the register's row is known by; None when it was taken in by hand.
        new_too: as for `define_if_new`.
    """
    if not isinstance(new, NewHolding):
        raise BadInput(
            "bad_holding", f"{new!r} is not a NewHolding.", "Give NewHolding(type, ...)."
        )
    if new.tag is None:
        tag = _tag_for(writer)  # 50 random bits: no label anywhere has them
    else:
        tag = parse(new.tag)
        must_be_free(writer, tag)
    quantity = check_quantity(new.quantity)
    for day in (new.received_on, new.gift.valued_on):
        if day is not None:
            check_past(day, day_of(writer.at))
    number = clean(new.asset_number, "The asset number") if new.asset_number else None
    if register_row is None:  # a register's own numbers were judged when it was read
        must_be_free_number(writer, number)
    key, name = define_if_new(writer, new.type, new_too=new_too)
    writer.append(
        HoldingAccessioned(
            tag=tag,
            kit_type=key,
            quantity=quantity,
            asset_number=number,
            serial=clean(new.serial, "The serial number") if new.serial else None,
            location=on_record(new.location, "The place") if new.location else None,
            received_on=new.received_on.isoformat() if new.received_on else None,
            sighted_on=sighted_on.isoformat() if sighted_on else None,
            register_row=register_row,
        )
    )
    if new.gift:
        writer.append(gift_fact(tag, new.gift))
    return Added(tag, name, number, quantity)


def _tag_for(writer: Writer) -> str:
    """A new tag; asked again, the one that was minted then."""
    taken_in = writer.earlier_fact(HoldingAccessioned)
    return taken_in.tag if taken_in else mint()


def define_if_new(writer: Writer, name: str, *, new_too: bool = True) -> tuple[str, str]:
    """The id and the name of the kit type that `name` means, defined bare when it is new.

    Args:
        writer: the transaction.
        name: as somebody gave it.
        new_too: whether one that is nearly like a known one, or its beginning, may be new.

    Raises:
        Refused: `nearly_known`, with `near` in the details.
    """
    name = clean(name, "The kit type")
    key = type_key(name)
    if (known := writer.names.get(key)) is not None:
        return key, known
    new = writer.earlier_fact(KitTypeDefined)
    if new is None or new.kit_type != key:
        now = type_meant(writer.connection, writer.college, name)
        if now is not None:
            if now.id == key:
                writer.names[key] = now.name
            return now.id, now.name
        if not new_too:
            names = _TYPES(writer.connection, c=writer.college).scalars()
            must_not_be_nearly_known(name, names, "a new kit type")
        new = KitTypeDefined(kit_type=key, name=check_no_label(name, "The kit type"))
    writer.append(new)
    writer.names[key] = new.name
    return key, new.name


def as_known(connection: Connection, college: str, defined: KitTypeDefined) -> KitTypeDefined:
    """A definition as that of the type that its name means here.

    A name by which that type is found as well does not become its name again.
    """
    known = type_meant(connection, college, defined.name)
    if known is None:
        return defined
    same = type_key(known.name) == type_key(defined.name)
    name = defined.name if same else known.name
    return KitTypeDefined(kit_type=known.id, name=name, contents=defined.contents)


@dataclass(frozen=True, slots=True)
class TypeShown:
    """A kit type with its contents list as it is now.

    Attributes:
        type: what it is called.
        also: other names that it is found by.
        holdings: how many holdings of it are on the register.
        contents: the list, in its order.
    """

    type: str
    also: tuple[str, ...]
    holdings: int
    contents: tuple[ContentsLine, ...]


def show_type(connection: Connection, college: str, name: str) -> TypeShown:
    """A kit type with its contents list; see `Holdings.type`."""
    known = _known_type(connection, college, name)
    others = _OTHER_NAMES_OF_TYPE(connection, c=college, k=known.id).scalars()
    return TypeShown(
        type=known.name,
        also=tuple(each for each in others if type_key(each) != type_key(known.name)),
        holdings=int(_HELD_OF_TYPE(connection, c=college, k=known.id).scalar_one()),
        contents=tuple(
            ContentsLine(name=row[0], quantity=row[1], bag=row[2], critical=bool(row[3]))
            for row in _PARTS_OF_TYPE(connection, c=college, k=known.id)
        ),
    )


def _known_type(connection: Connection, college: str, name: str) -> KnownType:
    name = clean(name, "The kit type")
    known = type_meant(connection, college, name)
    if known is not None:
        return known
    near = near_names(name, _TYPES(connection, c=college).scalars())
    raise BadInput(
        "unknown_type",
        f"No kit type has the name {name!r}.",
        f"Did you mean {' or '.join(near)}?" if near else "See what there is: kitloan find TEXT",
        value=name,
        near=list(near),
    )


def rename_type(writer: Writer, name: str, new: str) -> KnownType:
    """Give a kit type another name; see `Holdings.rename_type`."""
    connection, college = writer.connection, writer.college
    known = _known_type(connection, college, name)
    named = check_no_label(clean(new, "The kit type"), "The kit type")
    if named == known.name:
        raise BadInput("same_name", f"{known.name} has this name already.", value=named)
    other = type_meant(connection, college, named)
    if other is not None and other.id != known.id:
        raise Refused(
            "name_taken",
            f"{other.name} is another kit type that is found by {named!r}.",
            f"If the two are one: kitloan types merge '{known.name}' '{other.name}'",
            type=other.name,
        )
    writer.append(KitTypeRenamed(kit_type=known.id, before=known.name, name=named))
    return KnownType(known.id, named)


def merge_types(writer: Writer, name: str, into: str) -> KnownType:
    """Make two kit types one; see `Holdings.merge_types`."""
    connection, college = writer.connection, writer.college
    one, other = _known_type(connection, college, name), _known_type(connection, college, into)
    if one.id == other.id:
        raise BadInput(
            "same_type",
            f"{name!r} and {into!r} are the same kit type: {other.name}.",
            "Give the names of two kit types.",
            type=other.name,
        )
    together = None if writer.earlier else _BOOKED_OF(connection, c=college, a=one.id, b=other.id)
    if together is not None and (booking_id := together.scalar()) is not None:
        raise Refused(
            "booked_together",
            f"Booking {booking_id} is of both {one.name} and {other.name}; as one type it would "
            "count half of its kits.",
            f"Book them as {other.name} alone: kitloan booking change {booking_id} --type "
            f"'{other.name}=N'",
            booking=booking_id,
        )
    writer.append(KitTypeMerged(kit_type=one.id, into=other.id))
    return other


def kit_type_with(name: str, contents: Sequence[ContentsLine]) -> KitTypeDefined:
    """The definition of a kit type of this name with these contents.

    Raises:
        BadInput: `bad_text` or `not_a_name`, for the name; `too_many`, for more parts than a list
            may have.
    """
    name = check_no_label(clean(name, "The kit type"), "The kit type")
    if len(contents) > MOST_OF_A_LIST:
        raise BadInput(
            "too_many",
            f"The contents list of {name!r} has {len(contents):,} lines. One list can have "
            f"{MOST_OF_A_LIST:,}.",
            "Name parts of one kind together, with their quantity, or define two kit types.",
            most=MOST_OF_A_LIST,
        )
    return KitTypeDefined(kit_type=type_key(name), name=name, contents=tuple(contents))


def must_be_free(writer: Writer, tag: str) -> None:
    """Refuse a tag that a holding has, or that is on a blank label of another college."""
    if writer.earlier:
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


def must_be_free_number(writer: Writer, number: str | None, but: str | None = None) -> None:
    """Refuse an asset number that a holding has; one that was written off leaves its number free.

    Args:
        writer: the transaction.
        number: the number; None is no number.
        but: the tag of the holding that is to have it.

    Raises:
        Refused: `number_taken`.
    """
    if number is None or writer.earlier:
        return
    rows = _BY_NUMBER(writer.connection, c=writer.college, n=fold(number)).all()
    other = next((row for row in rows if row.tag != but), None)
    if other is not None:
        raise _number_taken(
            other,
            f"Give another number, or change that one first: "
            f"kitloan amend {other.tag} --asset-number NUMBER",
        )


def _number_taken(other: AnyRow, hint: str) -> Refused:
    return Refused(
        "number_taken",
        f"{other.type_name} {grouped(other.tag)} has the asset number {other.asset_number} "
        "already.",
        f"See it: kitloan show {other.tag}. {hint}",
        tag=other.tag,
        asset_number=other.asset_number,
    )


def numbers_shared(writer: Writer, tags: Iterable[str]) -> set[tuple[str, str]]:
    """Which of these holdings have the asset number of another: both tags, its own first.

    A register that was read in may have given one number twice; one that was written off has none.
    """
    return {(tag, other.tag) for tag in tags for other in _others_numbered(writer, tag)}


def must_share_no_other_number(
    writer: Writer, tags: Iterable[str], before: set[tuple[str, str]]
) -> None:
    """Refuse what gives a holding back a number that is another's by now.

    Args:
        writer: the transaction, in which it is done already.
        tags: the holdings that were changed.
        before: what `numbers_shared` was of them.

    Raises:
        Refused: `number_taken`.
    """
    for tag in tags:
        for other in _others_numbered(writer, tag):
            if (tag, other.tag) not in before:
                raise _number_taken(
                    other,
                    f"Give that one another number first: "
                    f"kitloan amend {other.tag} --asset-number NUMBER",
                )


def _others_numbered(writer: Writer, tag: str) -> Sequence[AnyRow]:
    others = _SHARING(writer.connection, c=writer.college, t=tag)
    return sorted(others, key=lambda other: str(other.tag))


def accession_several(
    writer: Writer, new: NewHolding, number: int, *, new_too: bool = True
) -> list[Added]:
    """Take in several alike inside a transaction; see `Holdings.add_several`."""
    if new.tag is not None:
        raise BadInput(
            "one_at_a_time",
            "Several cannot have one tag.",
            "Leave out the tag: each gets its own. Labels that are printed already are claimed one "
            "by one.",
        )
    if not 1 <= check_quantity(number) <= MOST_AT_ONCE:
        raise BadInput(
            "bad_quantity",
            f"{number:,} cannot be taken in at once; the most is {MOST_AT_ONCE}.",
            "Take them in in several goes.",
            quantity=number,
        )
    earlier: list[object] = [each.fact for each in writer.earlier]
    tags = [fact.tag for fact in earlier if isinstance(fact, HoldingAccessioned)]
    if len(tags) > number:
        raise id_reused(writer.request)
    tags += [mint() for _ in range(number - len(tags))]
    numbers = _counting_on(new.asset_number, number)
    return [
        accession(writer, replace(new, tag=tag, asset_number=each), new_too=new_too)
        for tag, each in zip(tags, numbers, strict=True)
    ]


def _counting_on(first: str | None, number: int) -> list[str | None]:
    """An asset number and those after it, with as many digits: AC0009, AC0010, ..."""
    if not first or number == 1:
        return [first or None] * number
    head = first.strip().rstrip("0123456789")
    digits = first.strip()[len(head) :]
    if not digits:
        raise BadInput(
            "bad_number",
            f"{first!r} does not end in a number, so the numbers after it are not known.",
            "Give one like AC0101, or none.",
            asset_number=first,
        )
    return [f"{head}{int(digits) + n:0{len(digits)}}" for n in range(number)]


MOST_AT_ONCE = 200
"""The most holdings that are taken in at once."""


def changed(new: str | None, old: str | None, what: str) -> str | None:
    """A text after an amendment: None leaves it as it was, an empty one takes it away."""
    if new is None:
        return old
    return clean(new, what) if new.strip() else None


def gift_fact(tag: str, gift: Gift) -> GiftRecorded:
    """What the ledger has of a holding's gift."""
    return GiftRecorded(
        tag=tag,
        donor=on_record(gift.donor, "The donor") if gift.donor else None,
        funding_source=on_record(gift.funding_source, "Who paid") if gift.funding_source else None,
        title=gift.title,
        document=on_record(gift.document, "The document") if gift.document else None,
        value_pence=_value(gift.value_pence),
        value_basis=on_record(gift.value_basis, "The value's basis") if gift.value_basis else None,
        valued_on=check_year(gift.valued_on).isoformat() if gift.valued_on else None,
        gift=clean(gift.gift, "The gift") if gift.gift else None,
        acknowledgement=(
            on_record(gift.acknowledgement, "The acknowledgement") if gift.acknowledgement else None
        ),
    )


def _value(pence: int | None) -> int | None:
    if pence is not None and not 0 <= pence <= MOST_PENCE:
        raise BadInput(
            "bad_value", f"A value is from nothing to £{MOST_PENCE // 100:,}.", value=str(pence)
        )
    return pence


_PROPOSAL = Query(
    select(withdrawal).where(
        withdrawal.c.college == bindparam("c"),
        withdrawal.c.tag == bindparam("t"),
        withdrawal.c.signed_at.is_(None),
    )
)


@cache
def _terms() -> Query:
    """Who gave a holding, with what title, and whether ESP has agreed that the donor must agree."""
    from kitloan.tables.national import Gifting  # ESP's ten tables: lending needs none of them

    gifting = table(Gifting)
    return Query(
        select(gift.c.donor, gift.c.title, gifting.c.donor_must_agree)
        .select_from(gift)
        .outerjoin(gifting, (gifting.c.college == ESP) & (gifting.c.gift == gift.c.gift))
        .where(gift.c.college == bindparam("c"), gift.c.tag == bindparam("t"))
    )


NOT_OURS_TO_GIVE = ("on_loan_from_donor", "held_for_esp")
"""Titles under which a college does not own what it holds."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A withdrawal that waits for a second person."""

    tag: str
    reason: str
    donor_agreement: str | None
    at: str
    by: str


def report_missing(writer: Writer, text: str, reason: str | None, on: date | None) -> None:
    """See `Holdings.report_missing`."""
    tag = meant(writer, text)
    why = on_record(reason, "The reason") if reason else None
    row = held(writer, tag)
    must_be_here(writer, row)
    if row.quantity > 1:
        raise Refused(
            "several",
            f"{grouped(tag)} is a stock of {row.quantity}; it is not missing as a whole.",
            f"Lost by a borrower: kitloan checkin {tag} --quantity 0 --lost N. "
            f"Gone from here: kitloan amend {tag} --quantity N",
            tag=tag,
        )
    loans = open_loans(writer, tag)
    day = earlier_day(writer, on)
    if day is not None:
        must_be_the_last(writer, row, day, STAYS, COUNTS)
    writer.append(
        HoldingMissing(
            tag=tag,
            loan=loans[0].loan if loans else None,
            reason=why,
            on=sealed(day),
        )
    )


def found(writer: Writer, text: str, on: date | None) -> None:
    """See `Holdings.found`."""
    tag = meant(writer, text)
    row = held(writer, tag)
    if row.state != "missing":
        raise Refused("not_missing", f"{_shown(row)} is not on record as missing.", tag=tag)
    day = earlier_day(writer, on)
    if day is not None:
        must_be_the_last(writer, row, day, STAYS)
    lost_on_loan = _LOST_ON_LOAN(writer.connection, c=writer.college, t=tag).scalar() is not None
    parts = parts_of(writer.connection, writer.college, tag) if lost_on_loan else []
    writer.append(HoldingFound(tag=tag, uncounted=bool(parts), on=sealed(day)))


def propose(writer: Writer, text: str, reason: str, donor_agreement: str | None) -> None:
    """See `Holdings.propose_withdrawal`."""
    why = on_record(reason, "The reason")
    agreed = on_record(donor_agreement, "The donor's agreement") if donor_agreement else None
    tag = meant(writer, text)
    row = held(writer, tag)
    _may_leave(writer, row)
    donor_agrees(writer, row, agreed)
    writer.append(WithdrawalProposed(tag=tag, reason=why, donor_agreement=agreed))


def donor_agrees(writer: Writer, row: AnyRow, agreed: str | None) -> None:
    """Refuse to part with a holding whose terms need the donor, unless the donor has agreed.

    Args:
        writer: the transaction.
        row: the holding, from `kitloan.loans.held`.
        agreed: the letter or message that agrees.

    Raises:
        Refused: `donor_must_agree`.
    """
    if writer.earlier:
        return  # ESP's terms are in ESP's ledger, and may be others since
    terms = _terms()(writer.connection, c=writer.college, t=row.tag).first()
    if not agreed and terms and (terms.title in NOT_OURS_TO_GIVE or terms.donor_must_agree):
        raise Refused(
            "donor_must_agree",
            f"{_shown(row)} is {terms.donor or 'the donor'}'s "
            f"({terms.title.replace('_', ' ')}): the donor must agree first.",
            "Propose it with the letter or message that agrees: --donor-agreement.",
            tag=row.tag,
            donor=terms.donor,
            title=terms.title,
        )


def sign(writer: Writer, text: str) -> None:
    """See `Holdings.withdraw`."""
    tag = meant(writer, text)
    row = held(writer, tag)
    _may_leave(writer, row)
    proposal = proposal_of(writer, tag)
    if proposal is None:
        raise Refused(
            "not_proposed",
            f"Nobody has proposed to withdraw {_shown(row)}.",
            f"Give the reason: kitloan withdraw {tag} --reason REASON; then a second person signs.",
            tag=tag,
        )
    donor_agrees(writer, row, proposal.donor_agreement)  # the terms may be others by now
    if proposal.proposed_by == writer.actor:
        raise Refused(
            "same_person",
            f"{writer.actor} proposed to withdraw {_shown(row)}; a second person must sign.",
            f"A second person signs: kitloan withdraw {tag} --sign",
            tag=tag,
            proposed_by=proposal.proposed_by,
        )
    writer.append(
        HoldingWithdrawn(
            tag=tag,
            reason=proposal.reason,
            proposed_by=proposal.proposed_by,
            donor_agreement=proposal.donor_agreement,
        )
    )


def proposal_of(writer: Writer, tag: str) -> AnyRow | None:
    """The withdrawal of a holding that waits for a second person, when there is one."""
    return _PROPOSAL(writer.connection, c=writer.college, t=tag).one_or_none()


def proposals(connection: Connection, college: str) -> list[Proposal]:
    """Withdrawals that wait for a second person, the oldest first."""
    rows = connection.execute(
        select(withdrawal)
        .where(withdrawal.c.college == college, withdrawal.c.signed_at.is_(None))
        .order_by(withdrawal.c.proposed_at, withdrawal.c.tag)
    )
    return [
        Proposal(row.tag, row.reason, row.donor_agreement, row.proposed_at, row.proposed_by)
        for row in rows
    ]


def _may_leave(writer: Writer, row: AnyRow) -> None:
    if row.out_quantity:
        raise Refused(
            "on_loan",
            f"{_shown(row)} is on loan and cannot be withdrawn.",
            f"Take it back first: kitloan checkin {row.tag}; or, when it is lost: "
            f"kitloan missing {row.tag}",
            tag=row.tag,
        )
    if row.state != "missing":  # what is lost is what is written off
        must_be_here(writer, row)


def _shown(row: AnyRow) -> str:
    return f"{row.type_name} {grouped(row.tag)}"


@dataclass(frozen=True, slots=True)
class Split:
    """Part of a stock that is a holding of its own: its new tag, the stock's, and how many."""

    tag: str
    from_: str
    quantity: int


def put_in_repair(writer: Writer, text: str, reason: str) -> None:
    """See `Holdings.put_in_repair`."""
    why = on_record(reason, "The reason")
    tag = meant(writer, text)
    row = held(writer, tag)
    must_be_here(writer, row)
    if row.out_quantity:
        raise Refused(
            "on_loan",
            f"{_shown(row)} is on loan; it cannot be repaired here.",
            f"Take it back first: kitloan checkin {tag}",
            tag=tag,
        )
    writer.append(HoldingOutOfUse(tag=tag, reason=why))


def repaired(writer: Writer, text: str, note: str | None) -> None:
    """See `Holdings.repaired`."""
    tag = meant(writer, text)
    row = held(writer, tag)
    if row.out_of_use is None:
        raise Refused("not_in_repair", f"{_shown(row)} is not in repair.", tag=tag)
    if row.in_repair is None:
        must_not_have_failed(writer, row, _shown(row))
    writer.append(HoldingInUse(tag=tag))
    if note:
        remark(writer, tag, "repair", note)


def split(writer: Writer, text: str, quantity: int, location: str | None) -> Split:
    """See `Holdings.split`."""
    tag = meant(writer, text)
    many = check_quantity(quantity)
    place = on_record(location, "The place") if location else None
    row = held(writer, tag)
    must_be_here(writer, row)
    must_be_in_use(writer, row)
    here = row.quantity - row.out_quantity
    if many >= row.quantity:
        raise BadInput(
            "bad_quantity",
            f"{_shown(row)} is {row.quantity}; {many} of it is no part.",
            "Give fewer than there are. To move all of it: kitloan move TAG PLACE",
            tag=tag,
            quantity=row.quantity,
        )
    if many > here:
        raise Refused(
            "not_enough",
            f"{_shown(row)}: {here} are here and {row.out_quantity} on loan; {many} cannot be "
            "split off.",
            f"Split off {here} or fewer." if here else f"Take some back: kitloan checkin {tag}",
            tag=tag,
            left=here,
        )
    whole = ROW(writer.connection, c=writer.college, t=tag).one()
    again = writer.earlier_fact(StockSplit)
    new = again.into if again else mint()
    writer.append(StockSplit(tag=tag, into=new, quantity=many, held=row.quantity - many))
    writer.append(
        HoldingAccessioned(
            tag=new,
            kit_type=whole.kit_type,
            quantity=many,
            location=place or whole.location,
            received_on=whole.received_on,
            split_from=tag,
        )
    )
    given = _GIVEN(writer.connection, c=writer.college, t=tag).one_or_none()
    if given is not None:
        terms = {key: value for key, value in given._mapping.items() if key not in _KEYS}
        writer.append(GiftRecorded(tag=new, **terms))
    return Split(new, tag, many)


def propose_reinstatement(writer: Writer, text: str, reason: str) -> None:
    """See `Holdings.propose_reinstatement`."""
    why = on_record(reason, "The reason")
    tag = meant(writer, text)
    row = _written_off(writer, tag)
    writer.append(ReinstatementProposed(tag=row.tag, reason=why))


def sign_reinstatement(writer: Writer, text: str) -> None:
    """See `Holdings.reinstate`."""
    tag = meant(writer, text)
    off = _written_off(writer, tag)
    shown = _shown(held(writer, tag))
    if off.again_by is None:
        raise Refused(
            "not_proposed",
            f"Nobody has recorded that {shown} turned up.",
            f"Give the reason first: kitloan reinstate {tag} --reason REASON",
            tag=tag,
        )
    if off.again_by == writer.actor:
        raise Refused(
            "same_person",
            f"{writer.actor} proposed to reinstate {shown}; a second person must sign.",
            f"Somebody else signs: kitloan reinstate {tag} --sign",
            tag=tag,
            proposed_by=off.again_by,
        )
    whole = ROW(writer.connection, c=writer.college, t=tag).one()
    must_be_free_number(writer, whole.asset_number, tag)
    parts = parts_of(writer.connection, writer.college, tag)
    writer.append(
        HoldingReinstated(
            tag=tag, reason=off.again_reason, proposed_by=off.again_by, uncounted=bool(parts)
        )
    )


def _written_off(writer: Writer, tag: str) -> AnyRow:
    """How a holding was written off by two people; refused when it was not."""
    row = held(writer, tag)
    off = _WRITTEN_OFF(writer.connection, c=writer.college, t=tag).one_or_none()
    if row.state != "withdrawn" or off is None:
        raise Refused(
            "not_withdrawn",
            f"{_shown(row)} was not written off here.",
            f"See its history: kitloan show {tag}",
            tag=tag,
        )
    return off


_WRITTEN_OFF = Query(
    select(withdrawal).where(
        withdrawal.c.college == bindparam("c"),
        withdrawal.c.tag == bindparam("t"),
        withdrawal.c.signed_at.is_not(None),
    )
)
_LOST_ON_LOAN = Query(
    select(absence.c.loan).where(
        absence.c.college == bindparam("c"), absence.c.tag == bindparam("t")
    )
)
_GIVEN = Query(select(gift).where(gift.c.college == bindparam("c"), gift.c.tag == bindparam("t")))
_KEYS = ("college", "tag")


_TAGS_PER_ENTRY = 500


def _corrected_gift(writer: Writer, tag: str, given: Mapping[str, str | None]) -> GiftRecorded:
    """The terms of a holding's gift with some of them changed."""
    row = _GIVEN(writer.connection, c=writer.college, t=tag).first()
    before = dict(row._mapping) if row is not None else {}
    before.pop("college", None)
    named = {
        name: value.strip() or ("unknown" if name == "title" else None)
        for name, value in given.items()
        if value is not None
    }
    texts = {
        name: on_record(value, f"The {name}") if value and name != "title" else value
        for name, value in named.items()
    }
    return GiftRecorded(**(before | texts | {"tag": tag}))


class Holdings:
    """The verbs of the register, for one person in one college."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        new: NewHolding,
        *,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> Added:
        """Take in one holding; its kit type is made when it is new.

        Args:
            new: what to take in.
            new_too: whether a kit type that is spelt nearly like a known one, or is the beginning
                of one, may be made as a new one.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: a text, quantity or tag that cannot be used.
            Refused: `nearly_known`; `number_taken`; `tag_taken`, when the tag is a holding's
                already; `not_yours`, when it is on a blank label of another college.
        """
        with self._session.writing(request_id) as writer:
            return accession(writer, new, new_too=new_too)

    def add_several(
        self,
        new: NewHolding,
        number: int,
        *,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> list[Added]:
        """Take in several holdings that are alike, each with a tag of its own, as one action.

        Args:
            new: what each of them is; its tag is None. Of its asset number, the first has it, and
                the others have those after it.
            number: how many, at most `MOST_AT_ONCE`.
            new_too: as for `add`.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: as `add`; `bad_quantity`; `one_at_a_time`, with a tag; `bad_number`, for an
                asset number that does not end in digits.
            Refused: as `add`.
        """
        with self._session.writing(request_id) as writer:
            return accession_several(writer, new, number, new_too=new_too)

    def amend(
        self,
        tag: str,
        *,
        type: str | None = None,  # noqa: A002  # the word of the contract
        quantity: int | None = None,
        asset_number: str | None = None,
        serial: str | None = None,
        donor: str | None = None,
        gift: str | None = None,
        title: GiftTitle | None = None,
        document: str | None = None,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> None:
        """Correct what is recorded of a holding; what is None stays, and an empty text takes away.

        Args:
            tag: a tag or asset number.
            type: what kind of thing it is.
            quantity: how many there are.
            asset_number: the college's number for it.
            serial: the maker's number.
            donor: who gave it.
            gift: which of ESP's gifts it is of.
            title: whose it is.
            document: the paper that records the gift.
            request_id: the request's id; None makes one.

        `new_too` is as for `add`.

        Raises:
            Refused: `nearly_known`; `number_taken`; `more_out`, when fewer would be held than are
                out.
        """
        with self._session.writing(request_id) as writer:
            row = self._row(writer, tag)
            held = row.quantity if quantity is None else check_quantity(quantity)
            if held < row.out_quantity:
                raise Refused(
                    "more_out",
                    f"{row.out_quantity} of {grouped(row.tag)} are on loan; "
                    f"the college cannot hold only {held}.",
                    "Take some back first.",
                    tag=row.tag,
                )
            number = changed(asset_number, row.asset_number, "The asset number")
            if number != row.asset_number:
                must_be_free_number(writer, number, row.tag)
            details = HoldingFields.of(row) | {
                "kit_type": row.kit_type
                if type is None
                else define_if_new(writer, type, new_too=new_too)[0],
                "quantity": held,
                "asset_number": number,
                "serial": changed(serial, row.serial, "The serial number"),
            }
            writer.append(HoldingAmended(tag=row.tag, **details))
            terms = {"donor": donor, "gift": gift, "title": title, "document": document}
            if any(value is not None for value in terms.values()):
                writer.append(_corrected_gift(writer, row.tag, terms))

    def record_gift(self, tag: str, gift: Gift, *, request_id: str | None = None) -> None:
        """Record who gave a holding and on what terms, all of them.

        Raises:
            BadInput: `bad_text` or `bad_value`; an unknown tag.
        """
        with self._session.writing(request_id) as writer:
            row = self._row(writer, tag)
            writer.append(gift_fact(row.tag, gift))

    def move(
        self,
        tag: str,
        location: str,
        *,
        on: date | None = None,
        request_id: str | None = None,
    ) -> None:
        """Put on record where in the college a holding is kept now.

        Args:
            tag: a tag or asset number.
            location: the place.
            on: the day it went there, when that was an earlier one than today.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `missing`, `in_transit` or `withdrawn`; of an earlier day `before_received`
                or `dates_overlap`.
            BadInput: `bad_text`; an unknown tag; `in_future`.
        """
        place = on_record(location, "The place")
        with self._session.writing(request_id) as writer:
            row = self._here(writer, tag)
            day = earlier_day(writer, on)
            if day is not None:
                must_be_the_last(writer, held(writer, row.tag), day, MOVES)
            writer.append(HoldingMoved(tag=row.tag, location=place, on=sealed(day)))

    def sight(self, tag: str, *, request_id: str | None = None) -> None:
        """Put on record that a holding was seen now.

        Raises:
            Refused: `missing`, `in_transit` or `withdrawn`.
            BadInput: an unknown tag.
        """
        with self._session.writing(request_id) as writer:
            row = self._here(writer, tag)
            writer.append(HoldingSighted(tag=row.tag))

    def report_missing(
        self,
        tag: str,
        reason: str | None = None,
        *,
        on: date | None = None,
        request_id: str | None = None,
    ) -> None:
        """Put on record that a holding is not to be found; a loan that lost it ends with it.

        Args:
            tag: a tag or asset number.
            reason: what happened; goes on record.
            on: the day it was missed, when that was an earlier one than today.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `missing`, `withdrawn` or `in_transit`; `several`, for a stock of loose items;
                of an earlier day `before_received` or `dates_overlap`.
            BadInput: an unknown tag; `in_future`.
        """
        with self._session.writing(request_id) as writer:
            report_missing(writer, tag, reason, on)

    def found(
        self,
        tag: str,
        *,
        on: date | None = None,
        request_id: str | None = None,
    ) -> None:
        """Put on record that a missing holding is here again.

        One that a borrower had when it was lost is uncounted, when it has a contents list.

        Args:
            tag: a tag or asset number.
            on: the day it was found, when that was an earlier one than today.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_missing`; of an earlier day `dates_overlap`.
            BadInput: an unknown tag; `in_future`.
        """
        with self._session.writing(request_id) as writer:
            found(writer, tag, on)

    def propose_withdrawal(
        self,
        tag: str,
        reason: str,
        *,
        donor_agreement: str | None = None,
        request_id: str | None = None,
    ) -> None:
        """Propose that a holding leaves the register for good; a second person signs.

        Args:
            tag: the holding.
            reason: why; goes on record.
            donor_agreement: the donor's letter that agrees, where the gift's terms ask for one.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `donor_must_agree`, `on_loan`, `in_transit` or `withdrawn`.
        """
        with self._session.writing(request_id) as writer:
            propose(writer, tag, reason, donor_agreement)

    def withdraw(self, tag: str, *, request_id: str | None = None) -> None:
        """Sign a withdrawal that somebody else proposed: the holding leaves the register for good.

        Its history stays.

        Raises:
            Refused: `not_proposed`; `same_person`, when this person proposed it; `on_loan`,
                `in_transit`, or `withdrawn` already.
        """
        with self._session.writing(request_id) as writer:
            sign(writer, tag)

    def put_in_repair(self, tag: str, reason: str, *, request_id: str | None = None) -> None:
        """Put on record that a holding cannot be used until it is repaired; it is not lent.

        Raises:
            Refused: `on_loan`, `missing`, `in_transit` or `withdrawn`.
            BadInput: `bad_text`; an unknown tag.
        """
        with self._session.writing(request_id) as writer:
            put_in_repair(writer, tag, reason)

    def repaired(
        self,
        tag: str,
        *,
        note: str | None = None,
        request_id: str | None = None,
    ) -> None:
        """Put on record that a holding can be used again; `note` is kept apart from the ledger.

        Raises:
            Refused: `not_in_repair`; `inspection_failed`, when only a pass ends it.
            BadInput: an unknown tag.
        """
        with self._session.writing(request_id) as writer:
            repaired(writer, tag, note)

    def split(
        self,
        tag: str,
        quantity: int,
        *,
        location: str | None = None,
        request_id: str | None = None,
    ) -> Split:
        """Make part of a stock a holding of its own, with a new tag and the same gift terms.

        Args:
            tag: the stock.
            quantity: how many of what is here.
            location: where they are kept; as the stock when None.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_enough`, `missing`, `in_transit` or `withdrawn`; `out_of_use` or
                `inspection_failed`, as what is split off would be in use.
            BadInput: `bad_quantity`, also for all of it; `bad_text`; an unknown tag.
        """
        with self._session.writing(request_id) as writer:
            return split(writer, tag, quantity, location)

    def propose_reinstatement(
        self,
        tag: str,
        reason: str,
        *,
        request_id: str | None = None,
    ) -> None:
        """Put on record that a written-off holding turned up; a second person signs.

        Raises:
            Refused: `not_withdrawn`.
            BadInput: `bad_text`; an unknown tag.
        """
        with self._session.writing(request_id) as writer:
            propose_reinstatement(writer, tag, reason)

    def reinstate(self, tag: str, *, request_id: str | None = None) -> None:
        """Sign that a written-off holding is on the register again; its contents are uncounted.

        Raises:
            Refused: `not_withdrawn`, `not_proposed`, `same_person`; `number_taken`, when another
                holding has its asset number by now.
            BadInput: an unknown tag.
        """
        with self._session.writing(request_id) as writer:
            sign_reinstatement(writer, tag)

    def proposed_withdrawals(self) -> list[Proposal]:
        """Withdrawals that wait for a second person, the oldest first."""
        with self._session.reading() as connection:
            return proposals(connection, self._session.college)

    def claim_label(
        self,
        tag: str,
        new: str,
        *,
        move: bool = False,
        request_id: str | None = None,
    ) -> None:
        """Let a holding answer to a second tag, off a label that no holding has yet.

        Args:
            tag: a tag or asset number.
            new: what is on the label.
            move: whether to take it from another holding whose second tag it is.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `tag_taken`, or `not_yours` for another college's blank label.
        """
        second = parse(new)
        with self._session.writing(request_id) as writer:
            row = self._row(writer, tag)
            freed = writer.earlier_fact(LabelFreed)
            bearer = _ALIAS(writer.connection, c=writer.college, t=second).scalar()
            if freed is not None:
                writer.append(freed)
            elif move and bearer is not None and bearer != row.tag:
                writer.append(LabelFreed(tag=bearer, label=second))
            else:
                must_be_free(writer, second)
            writer.append(LabelClaimed(tag=row.tag, label=second))

    def free_label(self, label: str, *, request_id: str | None = None) -> str:
        """Take a second tag away from the holding that has it; gives that holding's tag.

        The label can be claimed for another holding then.

        Raises:
            Refused: `first_tag`, for the tag that a holding has for life; `not_claimed`.
            BadInput: `bad_tag`.
        """
        second = parse(label)
        with self._session.writing(request_id) as writer:
            freed = writer.earlier_fact(LabelFreed)
            bearer = _ALIAS(writer.connection, c=writer.college, t=second).scalar()
            whose = bearer if freed is None else freed.tag
            if whose is None:
                first = ROW(writer.connection, c=writer.college, t=second).first() is not None
                raise Refused(
                    "first_tag" if first else "not_claimed",
                    f"{grouped(second)} is the tag that a holding has for life."
                    if first
                    else f"{grouped(second)} is no holding's second tag.",
                    f"See it: kitloan show {second}" if first else "",
                    tag=second,
                )
            writer.append(LabelFreed(tag=whose, label=second))
            return str(whose)

    def define_types(
        self,
        types: Sequence[KitTypeDefined],
        *,
        request_id: str | None = None,
    ) -> None:
        """Define kit types with their contents; one that is known has these contents from now.

        Raises:
            StoreError: `refused_by_the_database`, when a list has a component twice.
        """
        with self._session.writing(request_id) as writer:
            for each in types:
                writer.append(as_known(writer.connection, writer.college, each))

    def type(self, name: str) -> TypeShown:
        """A kit type with its contents list as it is now, by any name that it has or had.

        Raises:
            BadInput: `unknown_type`, with `near` in the details.
        """
        with self._session.reading() as connection:
            return show_type(connection, self._session.college, name)

    def rename_type(
        self,
        name: str,
        new: str,
        *,
        request_id: str | None = None,
    ) -> KnownType:
        """Give a kit type another name. It keeps its holdings and history, and both names find it.

        Raises:
            Refused: `name_taken`, when another type is found by the new name.
            BadInput: `unknown_type`, `same_name`, `bad_text`.
        """
        with self._session.writing(request_id) as writer:
            return rename_type(writer, name, new)

    def merge_types(
        self,
        name: str,
        into: str,
        *,
        request_id: str | None = None,
    ) -> KnownType:
        """Make two kit types one: the holdings of `name` are of `into`, and both names find it.

        Gives the type that is left. The contents list is that of `into`.

        Raises:
            BadInput: `unknown_type`; `same_type`, for one and the same.
            Refused: `booked_together`, when a booking waits for kits of both.
        """
        with self._session.writing(request_id) as writer:
            return merge_types(writer, name, into)

    def labels_printed(
        self,
        tags: Sequence[str],
        *,
        blank: bool,
        stock: str | None = None,
        request_id: str | None = None,
    ) -> str:
        """Put on record that labels of these tags went to paper; gives the batch's id.

        Args:
            tags: what is on the labels.
            blank: whether no holding has them yet.
            stock: the sheet or roll that they were printed on.
            request_id: the request's id, which is the batch's; None makes one.

        Raises:
            BadInput: `bad_tag`, for what is no tag.
        """
        with self._session.writing(request_id) as writer:
            for start in range(0, len(tags), _TAGS_PER_ENTRY):
                part = tuple(map(parse, tags[start : start + _TAGS_PER_ENTRY]))
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
        came = (  # from another college, with its label on
            select(arrival.c.tag)
            .where(arrival.c.college == holding.c.college, arrival.c.tag == holding.c.tag)
            .exists()
        )
        return self._tags(~printed & ~claimed & ~came)

    def tags(self) -> list[str]:
        """Tags of every holding that is not withdrawn, by asset number."""
        return self._tags(holding.c.state != "withdrawn")

    def _tags(self, wanted: Any) -> list[str]:
        with self._session.reading() as connection:
            rows = connection.execute(
                select(holding.c.tag, holding.c.asset_key).where(
                    holding.c.college == self._session.college,
                    holding.c.state != "withdrawn",
                    wanted,
                )
            ).all()
        return [
            row.tag
            for row in sorted(
                rows,
                key=lambda row: (
                    row.asset_key is None,
                    in_natural_order(row.asset_key or ""),
                    row.tag,
                ),
            )
        ]

    def _here(self, writer: Writer, text: str) -> AnyRow:
        """As `_row`; refused while it is missing, on its way or written off."""
        row = self._row(writer, text)
        must_be_here(writer, held(writer, row.tag))
        return row

    def _row(self, writer: Writer, text: str) -> AnyRow:
        return ROW(writer.connection, c=writer.college, t=meant(writer, text)).one()
