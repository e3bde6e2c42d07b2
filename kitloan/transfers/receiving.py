"""Receiving from another college: the receiver's half of a transfer.

The tag stays the same. If the sender's rows can be read here (in a shared database without row
security, or in ESP's), its type, its contents list and the gift's terms need not be given again,
and the two counts are compared at once. Nothing depends on that: otherwise ESP matches the halves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, select

from kitloan.contents import Count, Part, agrees
from kitloan.errors import BadInput, Refused
from kitloan.holdings import (
    ROW,
    TYPE,
    Gift,
    define_if_new,
    gift_fact,
    kit_type_with,
    must_be_free_number,
)
from kitloan.ledger.facts.base import Counted
from kitloan.ledger.facts.definitions import ContentsLine
from kitloan.ledger.facts.holdings import GiftRecorded
from kitloan.ledger.facts.transfers import TransferReceived
from kitloan.ledger.session import ESP, check_quantity
from kitloan.ledger.writer import Writer, id_reused
from kitloan.loans.counts import as_lines, counted_as, short_now
from kitloan.queries.matching import transfer_pairs
from kitloan.queries.resolve import resolve
from kitloan.queries.types import type_meant
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Alias, Holding, Label, table
from kitloan.tables import Component as ComponentRow
from kitloan.tables import Gift as GiftRow
from kitloan.tables.absence import Transfer, Withdrawal
from kitloan.text.names import clean, type_key
from kitloan.text.personal import on_record
from kitloan.text.tags import bare, grouped, is_tag
from kitloan.transfers.sending import other_college, read_short
from kitloan.values import ShortageLine

alias, component, gift, label = table(Alias), table(ComponentRow), table(GiftRow), table(Label)
holding, transfer, withdrawal = table(Holding), table(Transfer), table(Withdrawal)

_ALIAS = Query(
    select(alias.c.tag).where(alias.c.college == bindparam("c"), alias.c.label == bindparam("t"))
)
_OWN_BLANK = Query(
    select(label.c.tag).where(
        label.c.college == bindparam("c"), label.c.tag == bindparam("t"), label.c.blank
    )
)
_CONTENTS = Query(
    select(component.c.name, component.c.quantity, component.c.bag, component.c.critical)
    .where(component.c.college == bindparam("c"), component.c.kit_type == bindparam("k"))
    .order_by(component.c.position)
)
_GIFT = Query(select(gift).where(gift.c.college == bindparam("c"), gift.c.tag == bindparam("t")))
_ARRIVED_HERE = Query(
    select(transfer.c.transfer)
    .join_from(transfer, holding)
    .outerjoin(withdrawal)
    .where(
        transfer.c.college == bindparam("c"),
        transfer.c.tag == bindparam("t"),
        transfer.c.to_college == bindparam("to"),
        transfer.c.state == "arrived",
        holding.c.state == "withdrawn",
        withdrawal.c.tag.is_(None),
    )
    .limit(1)
)
"""The transfer by which a holding left its sender's register because it arrived."""


@dataclass(frozen=True, slots=True)
class ReceivedDetails:
    """A received holding's details, other than its count; None keeps what is known of it."""

    type: str | None = None
    quantity: int | None = None
    asset_number: str | None = None
    serial: str | None = None
    location: str | None = None
    gift: Gift = field(default_factory=Gift)


@dataclass(frozen=True, slots=True)
class SentHalf:
    """The sender's half: when it was sent, and the shortages that its count found, by component."""

    sent_at: str
    quantity: int
    counted: Counted
    short: dict[str, int]


@dataclass(frozen=True, slots=True)
class Received:
    """A holding that was received from another college, and its shortages now.

    Attributes:
        id: the arrival's.
        tag: the holding's; it stays the same.
        type: its kit type.
        from_college: the sender's id; `from_name` is its name.
        quantity: how many were received.
        counted: the outcome of the count.
        shortages: everything that is short now.
        sender: the sender's half; None when it cannot be read here, or does not exist.
        never_sent: whether the sender's rows can be read here, and have no sending.
        differs: the components of which the two counts found different shortages.
    """

    id: str
    tag: str
    type: str
    from_college: str
    from_name: str
    quantity: int
    counted: Counted
    shortages: tuple[ShortageLine, ...]
    sender: SentHalf | None
    never_sent: bool
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A holding before it is received: what it is, and the list to count it against."""

    tag: str
    sender: str
    sender_name: str
    type: str
    contents: tuple[ContentsLine, ...]
    short: tuple[ShortageLine, ...]
    here: AnyRow | None
    there: AnyRow | None

    @property
    def parts(self) -> list[Part]:
        """The contents list, with the shortages on record; empty if the type has none."""
        known = {line.component: line for line in self.short}
        none = ShortageLine("", 0, 0)
        return [
            Part(each.name, each.quantity, each.bag, each.critical, line.missing, line.broken)
            for each in self.contents
            for line in [known.get(each.name, none)]
        ]


def find_incoming(
    connection: Connection, own: str, text: str, from_college: str, details: ReceivedDetails
) -> Incoming:
    """Find what would be received; refuses before a person counts it in vain."""
    sender, name = other_college(connection, own, from_college)
    tag = _tag(connection, own, sender, text)
    here = ROW(connection, c=own, t=tag).one_or_none()
    there = ROW(connection, c=sender, t=tag).one_or_none()
    if here is None:
        _must_not_be_ours(connection, own, tag)
    else:
        _must_be_away(connection, here)
    kind = details.type or _type_of(connection, here) or _type_of(connection, there)
    if kind is None:
        raise BadInput(
            "type_needed",
            f"The kit type of {grouped(tag)} is not known here.",
            "Give the type on its label, as in: --type 'MTa STEM kit'",
            tag=tag,
        )
    kind = clean(kind, "The kit type")
    quantity = _quantity(details, here, there)
    known = type_meant(connection, own, kind)
    key = type_key(kind) if known is None else known.id
    contents = _contents(connection, own, sender, key) if quantity == 1 else ()
    source = sender if there is not None else own
    short = short_now(connection, source, tag)
    return Incoming(tag, sender, name, kind, contents, short, here, there)


def receive(
    writer: Writer,
    text: str,
    from_college: str,
    count: Count | None,
    details: ReceivedDetails,
    *,
    new_too: bool = True,
) -> Received:
    """Receive what another college sent; see `Transfers.receive`."""
    if writer.earlier:
        return _received_before(writer, text, from_college, count, details)
    found = find_incoming(writer.connection, writer.college, text, from_college, details)
    number = _clean_or(details.asset_number, "The asset number", _of(found.here, "asset_number"))
    must_be_free_number(writer, number, found.tag)
    kit_type = _define(writer, found, new_too=new_too or not details.type)
    outcome, short = counted_as(found.parts, found.short, count)
    here, there = found.here, found.there
    fact = TransferReceived(
        tag=found.tag,
        arrival=writer.request,
        from_college=found.sender,
        kit_type=kit_type,
        quantity=_quantity(details, here, there),
        asset_number=number,
        serial=_clean_or(
            details.serial, "The serial number", _of(here, "serial") or _of(there, "serial")
        ),
        location=on_record(details.location, "The place")
        if details.location
        else _of(here, "location"),
        counted=outcome,
        shortages=short,
    )
    writer.append(fact)
    terms = _gift(writer, found, details.gift)
    if terms is not None:
        writer.append(terms)
    return _answer(writer, fact, found.sender_name)


def _tag(connection: Connection, own: str, sender: str, text: str) -> str:
    """The tag that a text means: of a holding here, else of the sender's, else as it is."""
    tag = bare(text)
    if not is_tag(tag) or ROW(connection, c=own, t=tag).first() is not None:
        return resolve(connection, own, text)[1]
    known = (_ALIAS(connection, c=college, t=tag).scalar() for college in (own, sender))
    return next((str(each) for each in known if each is not None), tag)


def _must_not_be_ours(connection: Connection, own: str, tag: str) -> None:
    if _OWN_BLANK(connection, c=own, t=tag).first() is not None:
        raise Refused(
            "own_label",
            f"{grouped(tag)} is a blank label of this college. No other college can have sent it.",
            f"Add a holding with it: kitloan add --type TYPE --tag {tag}",
            tag=tag,
        )


def _must_be_away(connection: Connection, here: AnyRow) -> None:
    if here.state not in ("held", "missing"):
        return
    shown = f"{_type_of(connection, here)} {grouped(here.tag)}"
    raise Refused(
        "here_already",
        f"{shown} is on this college's register"
        + (", as missing." if here.state == "missing" else " already."),
        f"If it is here: kitloan found {here.tag}"
        if here.state == "missing"
        else f"See it: kitloan show {here.tag}",
        tag=here.tag,
        state=here.state,
    )


def _type_of(connection: Connection, row: AnyRow | None) -> str | None:
    """The name of a holding's kit type in its college."""
    if row is None:
        return None
    return str(TYPE(connection, c=row.college, k=row.kit_type).scalar_one())


def _quantity(details: ReceivedDetails, here: AnyRow | None, there: AnyRow | None) -> int:
    if details.quantity is not None:
        return check_quantity(details.quantity)
    return next((int(row.quantity) for row in (there, here) if row is not None), 1)


def _contents(
    connection: Connection, own: str, sender: str, kit_type: str
) -> tuple[ContentsLine, ...]:
    """The contents list of a kit type: this college's if it has the type, else another's."""
    known = TYPE(connection, c=own, k=kit_type).first() is not None
    for college in (own,) if known else (sender, ESP):
        rows = _CONTENTS(connection, c=college, k=kit_type).all()
        if rows:
            return tuple(
                ContentsLine(name=r.name, quantity=r.quantity, bag=r.bag, critical=bool(r.critical))
                for r in rows
            )
    return ()


def _define(writer: Writer, found: Incoming, *, new_too: bool) -> str:
    """The id of the kit type; a new one gets the sender's contents list."""
    known = type_meant(writer.connection, writer.college, found.type)
    if known is None and found.contents:
        defined = kit_type_with(found.type, found.contents)
        writer.append(defined)
        return defined.kit_type
    return define_if_new(writer, found.type, new_too=new_too)[0]


def _of(row: AnyRow | None, name: str) -> str | None:
    found: str | None = getattr(row, name, None)
    return found


def _clean_or(given: str | None, what: str, known: str | None) -> str | None:
    return clean(given, what) if given else known


def _gift(writer: Writer, found: Incoming, given: Gift) -> GiftRecorded | None:
    """The gift's terms as given; else, for a holding that is new here, the sender's."""
    if given:
        return gift_fact(found.tag, given)
    row = _GIFT(writer.connection, c=found.sender, t=found.tag).one_or_none()
    if row is None or found.here is not None:
        return None
    terms = {name: value for name, value in row._mapping.items() if name != "college"}
    return GiftRecorded(**terms)


def _type_before(writer: Writer, given: str | None, sealed: str) -> str:
    """The id that was sealed when the given name means that type now too; else the name's own."""
    if not given:
        return sealed
    name = clean(given, "The kit type")
    now, then = (type_meant(writer.connection, writer.college, each) for each in (name, sealed))
    same = now is not None and then is not None and now.id == then.id
    return sealed if same else type_key(name)


def _received_before(
    writer: Writer, text: str, from_college: str, count: Count | None, details: ReceivedDetails
) -> Received:
    """The answer of an earlier try of this request.

    Only the given details are compared: the others came from the sender's rows, which may have
    changed.
    """
    fact = writer.earlier_fact(TransferReceived)
    if fact is None:
        raise id_reused(writer.request)
    sender, name = other_college(writer.connection, writer.college, from_college)
    wanted = {
        "tag": _tag(writer.connection, writer.college, sender, text),
        "from_college": sender,
        "kit_type": _type_before(writer, details.type, fact.kit_type),
        "quantity": details.quantity or fact.quantity,
        "asset_number": _clean_or(details.asset_number, "The asset number", fact.asset_number),
        "serial": _clean_or(details.serial, "The serial number", fact.serial),
        "location": _clean_or(details.location, "The place", fact.location),
    }
    terms = gift_fact(fact.tag, details.gift)
    if (
        fact.model_copy(update=wanted) != fact
        or (details.gift and writer.earlier_fact(GiftRecorded) != terms)
        or not agrees(count, fact.counted, fact.shortages)
    ):
        raise id_reused(writer.request)
    for entry in writer.earlier:
        writer.append(entry.fact)
    return _answer(writer, fact, name)


def _answer(writer: Writer, fact: TransferReceived, sender_name: str) -> Received:
    connection, sender = writer.connection, fact.from_college
    row = _sent_half(writer, fact)
    sent = None
    if row is not None:
        sent = SentHalf(row.sent_at, row.quantity, row.counted, read_short(row.short))
    readable = ROW(connection, c=sender, t=fact.tag).first() is not None
    lines = as_lines(fact.shortages)
    return Received(
        fact.arrival,
        fact.tag,
        str(TYPE(connection, c=writer.college, k=fact.kit_type).scalar_one()),
        sender,
        sender_name,
        fact.quantity,
        fact.counted,
        lines,
        sent,
        readable and sent is None,
        _differs(fact.counted, lines, sent),
    )


def _sent_half(writer: Writer, fact: TransferReceived) -> AnyRow | None:
    """The sender's half of what was received, if it can be read here."""
    for each in transfer_pairs(writer.connection, fact.tag):
        mine = each.received
        if mine is not None and (mine.college, mine.arrival) == (writer.college, fact.arrival):
            return each.sent
    return None


def must_not_have_ended(writer: Writer, fact: TransferReceived) -> None:
    """Refuse to undo a receiving whose sender has already recorded that it arrived.

    This can be seen only if the colleges share a database.

    Raises:
        Refused: `arrived`.
    """
    sender = fact.from_college
    arrived = _ARRIVED_HERE(writer.connection, c=sender, t=fact.tag, to=writer.college).first()
    if arrived is not None:
        kind = str(TYPE(writer.connection, c=writer.college, k=fact.kit_type).scalar_one())
        raise Refused(
            "arrived",
            f"{sender} has recorded that {kind} {grouped(fact.tag)} arrived here, and no longer "
            "holds it.",
            f"To send it back: kitloan transfer send {fact.tag} --to {sender}",
            tag=fact.tag,
            college=sender,
        )


def _differs(
    counted: Counted, lines: Sequence[ShortageLine], sent: SentHalf | None
) -> tuple[str, ...]:
    """The components on which the two counts differ; none if one side did not count."""
    if sent is None or "uncounted" in (counted, sent.counted):
        return ()
    here = {line.component: line.missing + line.broken for line in lines}
    either = sorted({*here, *sent.short})
    return tuple(name for name in either if here.get(name, 0) != sent.short.get(name, 0))
