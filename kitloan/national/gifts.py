"""Gifts to all of Scotland: what must be so before one is agreed, delivered or allocated."""

from dataclasses import dataclass, fields
from datetime import date
from itertools import count

from sqlalchemy import Column, Connection, func, select

from kitloan.errors import BadInput, Refused
from kitloan.holdings import define_if_new
from kitloan.ledger.facts.base import GiftTitle
from kitloan.ledger.facts.gifts import GiftAgreed
from kitloan.ledger.session import ESP, check_quantity
from kitloan.ledger.writer import Writer
from kitloan.queries.allocations import allocated_of, must_cover
from kitloan.reference import find_college
from kitloan.storage.statements import AnyRow
from kitloan.tables import College, KitType, table
from kitloan.tables.national import Allocation, Delivery, Gifting, Programme
from kitloan.text.dates import check_past, day_of, uk
from kitloan.text.names import clean, fold, plain
from kitloan.text.personal import on_record

allocation, college_table, delivery = table(Allocation), table(College), table(Delivery)
gifting, kit_type, programme = table(Gifting), table(KitType), table(Programme)


@dataclass(frozen=True, slots=True)
class GiftTermsAgreed:
    """What a donor promised to all of Scotland, and on what terms.

    Attributes:
        donor: who gives.
        type: the kit type; made when it is new.
        promised: how many.
        tranche: which part of a larger gift, if it comes in parts.
        document: the paper that it is agreed in.
        programme: the id of a programme that it is part of.
        title: whose the kits are.
        donor_must_agree: whether the donor is asked before one is written off.
        acknowledgement: what a label must print about the donor.
        agreed_on: the day on which it was agreed; None is the day on which it is put on record, or
            of a gift that is on record already, its day there.
    """

    donor: str
    type: str
    promised: int
    tranche: str | None = None
    document: str | None = None
    programme: str | None = None
    title: GiftTitle = "unknown"
    donor_must_agree: bool = False
    acknowledgement: str | None = None
    agreed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Allocated:
    """How many of a gift a college is to have, and since when."""

    id: str
    gift: str
    college: str
    quantity: int
    on: date


@dataclass(frozen=True, slots=True)
class GiftLine:
    """A gift with its terms, and how much of it came and is allocated."""

    gift: str
    donor: str
    type: str
    promised: int
    delivered: int
    allocated: int
    tranche: str | None
    document: str | None
    programme: str | None
    title: str
    donor_must_agree: bool
    acknowledgement: str | None
    agreed_at: str
    agreed_on: date
    allocations: tuple[Allocated, ...]


TERMS = tuple(each.name for each in fields(GiftTermsAgreed))
"""The terms of a gift, by name."""


def terms_of(connection: Connection, key: str) -> GiftTermsAgreed:
    """The terms of a gift as they are now."""
    line = gift_line(connection, key)
    return GiftTermsAgreed(**{name: getattr(line, name) for name in TERMS})


def agree(writer: Writer, key: str, terms: GiftTermsAgreed) -> None:
    """Seal what a donor promised; see `National.agree_gift`."""
    promised = check_quantity(terms.promised, "What is promised")
    part_of = None
    if terms.programme:
        named = clean(terms.programme, "The programme's id", 60)
        part_of = programme_spelt(writer.connection, named)
        if part_of is None:
            raise BadInput(
                "unknown_programme",
                f"There is no programme {plain(named)!r}.",
                "Name it: kitloan programme define ID NAME",
                programme=named,
            )
    agreed_on = _day_of_agreement(writer, key, terms.agreed_on)
    must_cover(writer.connection, key, promised)
    writer.append(
        GiftAgreed(
            gift=key,
            agreed_on=agreed_on,
            donor=on_record(terms.donor, "The donor"),
            tranche=on_record(terms.tranche, "The tranche") if terms.tranche else None,
            document=on_record(terms.document, "The document") if terms.document else None,
            programme=part_of,
            kit_type=define_if_new(writer, terms.type)[0],
            promised=promised,
            title=terms.title,
            donor_must_agree=terms.donor_must_agree,
            acknowledgement=(
                on_record(terms.acknowledgement, "The acknowledgement")
                if terms.acknowledgement
                else None
            ),
        )
    )


def agreed_day(row: AnyRow) -> date:
    """The day on which a gift was agreed: the one that was named, else the one of its record."""
    return date.fromisoformat(row.agreed_on) if row.agreed_on else day_of(row.agreed_at)


def _day_of_agreement(writer: Writer, key: str, named: date | None) -> str | None:
    """The day of an agreement as a fact keeps it; None is the day on which it is recorded.

    Raises:
        BadInput: `in_future`.
        Refused: `agreed_later`, when some of it came or was allocated before that day.
    """
    if named is None:
        if gift_spelt(writer.connection, key) is None:
            return None
        return agreed_day(the_gift(writer.connection, key)).isoformat()
    day = day_on_record(writer, named)
    first = _first_day(writer.connection, key)
    if first is not None and first < day:
        raise Refused(
            "agreed_later",
            f"Some of {plain(key)} came or was allocated on {uk(date.fromisoformat(first))}; "
            f"{uk(named)} is after that.",
            "Give that day or an earlier one.",
            gift=key,
            agreed_on=day,
            first=first,
        )
    return day


def _first_day(connection: Connection, key: str) -> str | None:
    """The first day on which some of a gift came or was allocated."""
    came = select(func.min(delivery.c.received_on)).where(
        delivery.c.college == ESP, delivery.c.gift == key
    )
    went = select(func.min(allocation.c.allocated_on)).where(
        allocation.c.college == ESP, allocation.c.gift == key
    )
    days = [connection.execute(each).scalar() for each in (came, went)]
    return min((day for day in days if day is not None), default=None)


def day_since_agreed(writer: Writer, row: AnyRow, on: date | None) -> str:
    """`on` as a fact keeps it, or today; refuses a day before the one on which a gift was agreed.

    Where that day is the one of its record, ESP may have recorded the gift long after it came.

    Raises:
        BadInput: `in_future` or `bad_date`.
        Refused: `before_agreed`.
    """
    day, agreed = day_on_record(writer, on), agreed_day(row)
    if day < agreed.isoformat() and agreed != day_of(row.agreed_at):
        raise Refused(
            "before_agreed",
            f"{plain(row.donor)} agreed {plain(row.gift)} on {uk(agreed)}, by ESP's record; "
            f"{uk(date.fromisoformat(day))} is before that.",
            f"If it was agreed earlier, record its day: kitloan gift agree {plain(row.gift)} "
            "--on DATE",
            gift=row.gift,
            agreed_on=agreed.isoformat(),
            on=day,
        )
    return day


def must_not_be_over(row: AnyRow, came: int, many: int, reason: str | None) -> None:
    """Refuse that more of a gift came than was promised, without a reason."""
    if came + many > row.promised and not reason:
        raise Refused(
            "over_promised",
            f"{plain(row.donor)} promised {row.promised:,} of {plain(row.gift)}; "
            f"{came + many:,} would have come.",
            "If so many came, give the reason: --reason TEXT. To put the number right: "
            f"kitloan gift deliver {plain(row.gift)} --correct N",
            gift=row.gift,
            promised=row.promised,
            delivered=came,
            quantity=many,
        )


def must_be_left(connection: Connection, row: AnyRow, key: str, many: int) -> None:
    """Refuse to allocate more of a gift than is left of what was promised."""
    left = row.promised - allocated_of(connection, row.gift, but=key)
    if many > left:
        raise Refused(
            "more_than_promised",
            f"{many:,} of {plain(row.gift)} asked for; {left:,} of the {row.promised:,} that "
            f"{plain(row.donor)} promised are left.",
            f"Allocate {left:,} or fewer."
            if left
            else "If more was promised since, record it: kitloan gift agree ID --promised N",
            gift=row.gift,
            promised=row.promised,
            left=left,
        )


def new_allocation(connection: Connection) -> str:
    """A short id that no allocation has yet."""
    used = set(
        connection.execute(
            select(allocation.c.allocation).where(allocation.c.college == ESP)
        ).scalars()
    )
    return next(key for n in count(len(used) + 1) if (key := f"a{n}") not in used)


def programme_spelt(connection: Connection, text: str) -> str | None:
    """A programme's id as it is on record, whatever its case; None when it is new."""
    return _spelt(connection, programme.c.programme, text)


def gift_spelt(connection: Connection, text: str) -> str | None:
    """A gift's id as it is on record, whatever its case; None when it is new."""
    return _spelt(connection, gifting.c.gift, text)


def _spelt(connection: Connection, column: Column[str], text: str) -> str | None:
    every = connection.execute(select(column).where(column.table.c.college == ESP)).scalars()
    return next((each for each in every if fold(each) == fold(text)), None)


def the_gift(connection: Connection, text: str) -> AnyRow:
    """The gift with this id, or the refusal `unknown_gift`."""
    key = gift_spelt(connection, text)
    if key is None:
        raise BadInput(
            "unknown_gift",
            f"There is no gift {plain(text[:60])!r}.",
            "See them: kitloan gift list",
            gift=text[:60],
        )
    return connection.execute(
        select(gifting).where(gifting.c.college == ESP, gifting.c.gift == key)
    ).one()


def the_college(connection: Connection, text: str) -> str:
    """The id of a college, of the reference list or one whose ledger is here."""
    known = find_college(text)
    if known is not None:
        return known.id
    rows = connection.execute(select(college_table).where(college_table.c.college != ESP))
    for row in rows:
        if fold(text) in (fold(row.college), fold(row.name)):
            return str(row.college)
    raise BadInput(
        "unknown_college",
        f"{plain(text[:60])!r} is not a college of the reference list, nor one whose ledger is "
        "here.",
        "Give its id, like fife, or its name.",
        college=text[:60],
    )


def day_on_record(writer: Writer, on: date | None) -> str:
    """`on` as a fact keeps it, or today; refuses a day that is to come, or of another age."""
    now = day_of(writer.at)
    return (now if on is None else check_past(on, now)).isoformat()


def every_gift(connection: Connection) -> tuple[GiftLine, ...]:
    """Every gift, by its id."""
    keys = connection.execute(select(gifting.c.gift).where(gifting.c.college == ESP)).scalars()
    return tuple(gift_line(connection, key) for key in sorted(keys))


def gift_line(connection: Connection, key: str) -> GiftLine:
    """A gift with its terms, and what came of it."""
    row = connection.execute(
        select(gifting, kit_type.c.name.label("type_name"))
        .join_from(
            gifting,
            kit_type,
            (kit_type.c.college == gifting.c.college) & (kit_type.c.kit_type == gifting.c.kit_type),
        )
        .where(gifting.c.college == ESP, gifting.c.gift == key)
    ).one()
    came = connection.execute(
        select(func.coalesce(func.sum(delivery.c.quantity), 0)).where(
            delivery.c.college == ESP, delivery.c.gift == key
        )
    ).scalar_one()
    shares = connection.execute(
        select(allocation)
        .where(allocation.c.college == ESP, allocation.c.gift == key)
        .order_by(allocation.c.to_college, allocation.c.allocation)
    ).all()
    return GiftLine(
        gift=row.gift,
        donor=row.donor,
        type=row.type_name,
        promised=row.promised,
        delivered=int(came),
        allocated=sum(each.quantity for each in shares),
        tranche=row.tranche,
        document=row.document,
        programme=row.programme,
        title=row.title,
        donor_must_agree=bool(row.donor_must_agree),
        acknowledgement=row.acknowledgement,
        agreed_at=row.agreed_at,
        agreed_on=agreed_day(row),
        allocations=tuple(
            Allocated(
                each.allocation,
                each.gift,
                each.to_college,
                each.quantity,
                date.fromisoformat(each.allocated_on),
            )
            for each in shares
        ),
    )
