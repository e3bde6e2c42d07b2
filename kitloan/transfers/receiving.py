"""Receiving from another college: the other half of a transfer, said by who has the holding now.

The tag stays. Where the sender's rows can be read here (in a database that colleges share without
walls, or in ESP's), its type, its contents list and the gift's terms need not be given again, and
the two counts are compared at once. Nothing depends on that: elsewhere the halves meet at ESP.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, select

from kitloan.contents import Count, Part, agrees
from kitloan.errors import BadInput, Refused
from kitloan.holdings import ROW, TYPE, Gift, define_if_new, gift_fact, kit_type_with
from kitloan.ledger.facts.base import Counted
from kitloan.ledger.facts.definitions import ContentsLine
from kitloan.ledger.facts.holdings import GiftRecorded
from kitloan.ledger.facts.transfers import TransferReceived
from kitloan.ledger.session import ESP, check_quantity
from kitloan.ledger.writer import Writer, id_reused
from kitloan.loans import as_lines, counted_as, short_now
from kitloan.queries.resolve import resolve
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Alias, Holding, Label, table
from kitloan.tables import Component as ComponentRow
from kitloan.tables import Gift as GiftRow
from kitloan.tables.absence import Transfer, Withdrawal
from kitloan.text.names import clean, type_key
from kitloan.text.tags import bare, grouped, is_tag
from kitloan.transfers.matching import meetings
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
_TOLD = Query(
    select(transfer.c.transfer)
    .join(holding, (holding.c.college == transfer.c.college) & (holding.c.tag == transfer.c.tag))
    .outerjoin(
        withdrawal,
        (withdrawal.c.college == holding.c.college) & (withdrawal.c.tag == holding.c.tag),
    )
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
"""A sender that has a holding off its register because it arrived, and for nothing else."""


@dataclass(frozen=True, slots=True)
class Particulars:
    """What the receiver says of a holding besides its count; None is what is known of it."""

    type: str | None = None
    quantity: int | None = None
    asset_number: str | None = None
    serial: str | None = None
    location: str | None = None
    gift: Gift = field(default_factory=Gift)


@dataclass(frozen=True, slots=True)
class SenderSaid:
    """The sender's half: when it went, and what its count found short, by component."""

    sent_at: str
    quantity: int
    counted: Counted
    short: dict[str, int]


@dataclass(frozen=True, slots=True)
class Received:
    """A holding that came from another college, and how it stands now.

    Attributes:
        id: the arrival's.
        tag: the holding's; the same as there.
        type: what kind of thing it is.
        from_college: the sender's id; `from_name` is its name.
        quantity: how many came.
        counted: what the count came to.
        shortages: everything that is short now.
        sender: what the sender says; None where that cannot be read here, or it says nothing.
        never_sent: the sender's register can be read here, and does not say that it was sent.
        differs: components of which the two counts found different numbers short.
    """

    id: str
    tag: str
    type: str
    from_college: str
    from_name: str
    quantity: int
    counted: Counted
    shortages: tuple[ShortageLine, ...]
    sender: SenderSaid | None
    never_sent: bool
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coming:
    """A holding before it is received: what it is, and what it is to be counted against."""

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
        """The contents list, with what is known to be short; empty for what has none."""
        known = {line.component: line for line in self.short}
        none = ShortageLine("", 0, 0)
        return [
            Part(each.name, each.quantity, each.bag, each.critical, line.missing, line.broken)
            for each in self.contents
            for line in [known.get(each.name, none)]
        ]


def coming(
    connection: Connection, own: str, text: str, from_college: str, given: Particulars
) -> Coming:
    """What would be received; refuses what cannot be, so that nobody counts it for nothing."""
    sender, name = other_college(connection, own, from_college)
    tag = _tag(connection, own, sender, text)
    here = ROW(connection, c=own, t=tag).one_or_none()
    there = ROW(connection, c=sender, t=tag).one_or_none()
    if here is None:
        _must_not_be_ours(connection, own, tag)
    else:
        _must_be_away(connection, here)
    kind = given.type or _type_of(connection, here) or _type_of(connection, there)
    if kind is None:
        raise BadInput(
            "type_needed",
            f"{grouped(tag)} is not known here: what is it?",
            "Say what kind of thing it is, as its label does: --type 'MTa STEM kit'",
            tag=tag,
        )
    kind = clean(kind, "The kit type")
    quantity = _quantity(given, here, there)
    contents = _contents(connection, own, sender, type_key(kind)) if quantity == 1 else ()
    source = sender if there is not None else own
    short = short_now(connection, source, tag)
    return Coming(tag, sender, name, kind, contents, short, here, there)


def receive(
    writer: Writer, text: str, from_college: str, count: Count | None, given: Particulars
) -> Received:
    """Take in what another college sent; see `Transfers.receive`."""
    if writer.said:
        return _received_before(writer, text, from_college, count, given)
    found = coming(writer.connection, writer.college, text, from_college, given)
    kit_type = _define(writer, found)
    outcome, short = counted_as(found.parts, found.short, count)
    here, there = found.here, found.there
    fact = TransferReceived(
        tag=found.tag,
        arrival=writer.request,
        from_college=found.sender,
        kit_type=kit_type,
        quantity=_quantity(given, here, there),
        asset_number=_said(given.asset_number, "The asset number", _of(here, "asset_number")),
        serial=_said(
            given.serial, "The serial number", _of(here, "serial") or _of(there, "serial")
        ),
        location=_said(given.location, "The place", _of(here, "location")),
        counted=outcome,
        shortages=short,
    )
    writer.append(fact)
    terms = _gift(writer, found, given.gift)
    if terms is not None:
        writer.append(terms)
    return _answer(writer, fact, found.sender_name)


def _tag(connection: Connection, own: str, sender: str, text: str) -> str:
    """The tag that `text` means: known here, else of the sender's, else as it is on the label."""
    tag = bare(text)
    if not is_tag(tag) or ROW(connection, c=own, t=tag).first() is not None:
        return resolve(connection, own, text)[1]
    known = (_ALIAS(connection, c=college, t=tag).scalar() for college in (own, sender))
    return next((str(each) for each in known if each is not None), tag)


def _must_not_be_ours(connection: Connection, own: str, tag: str) -> None:
    if _OWN_BLANK(connection, c=own, t=tag).first() is not None:
        raise Refused(
            "own_label",
            f"{grouped(tag)} is a blank label of this college, so no other can have sent it.",
            f"Take it in: kitloan add --type TYPE --tag {tag}",
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
    """What kind of thing a college says a holding is."""
    if row is None:
        return None
    return str(TYPE(connection, c=row.college, k=row.kit_type).scalar_one())


def _quantity(given: Particulars, here: AnyRow | None, there: AnyRow | None) -> int:
    if given.quantity is not None:
        return check_quantity(given.quantity)
    return next((int(row.quantity) for row in (there, here) if row is not None), 1)


def _contents(
    connection: Connection, own: str, sender: str, kit_type: str
) -> tuple[ContentsLine, ...]:
    """The contents list of a kit type: this college's, when it has the type; else another's."""
    known = TYPE(connection, c=own, k=kit_type).first() is not None
    for college in (own,) if known else (sender, ESP):
        rows = _CONTENTS(connection, c=college, k=kit_type).all()
        if rows:
            return tuple(
                ContentsLine(name=r.name, quantity=r.quantity, bag=r.bag, critical=bool(r.critical))
                for r in rows
            )
    return ()


def _define(writer: Writer, found: Coming) -> str:
    """The id of the kit type; one that is new here has the contents that it has there."""
    known = TYPE(writer.connection, c=writer.college, k=type_key(found.type)).first()
    if known is None and found.contents:
        defined = kit_type_with(found.type, found.contents)
        writer.append(defined)
        return defined.kit_type
    return define_if_new(writer, found.type)[0]


def _of(row: AnyRow | None, name: str) -> str | None:
    found: str | None = getattr(row, name, None)
    return found


def _said(given: str | None, what: str, known: str | None) -> str | None:
    return clean(given, what) if given else known


def _gift(writer: Writer, found: Coming, given: Gift) -> GiftRecorded | None:
    """The gift's terms: as they are given; else, for a holding that is new here, as they were."""
    if given:
        return gift_fact(found.tag, given)
    row = _GIFT(writer.connection, c=found.sender, t=found.tag).one_or_none()
    if row is None or found.here is not None:
        return None
    terms = {name: value for name, value in row._mapping.items() if name != "college"}
    return GiftRecorded(**terms)


def _received_before(
    writer: Writer, text: str, from_college: str, count: Count | None, given: Particulars
) -> Received:
    """What an earlier try of this request received.

    Compared by what was given: the rest came from the sender's rows, which are others by now.
    """
    fact = writer.first_said(TransferReceived)
    if fact is None:
        raise id_reused(writer.request)
    sender, name = other_college(writer.connection, writer.college, from_college)
    wanted = {
        "tag": _tag(writer.connection, writer.college, sender, text),
        "from_college": sender,
        "kit_type": type_key(clean(given.type, "The kit type")) if given.type else fact.kit_type,
        "quantity": given.quantity or fact.quantity,
        "asset_number": _said(given.asset_number, "The asset number", fact.asset_number),
        "serial": _said(given.serial, "The serial number", fact.serial),
        "location": _said(given.location, "The place", fact.location),
    }
    terms = gift_fact(fact.tag, given.gift)
    if (
        fact.model_copy(update=wanted) != fact
        or (given.gift and writer.first_said(GiftRecorded) != terms)
        or not agrees(count, fact.counted, fact.shortages)
    ):
        raise id_reused(writer.request)
    for entry in writer.said:
        writer.append(entry.fact)
    return _answer(writer, fact, name)


def _answer(writer: Writer, fact: TransferReceived, sender_name: str) -> Received:
    connection, sender = writer.connection, fact.from_college
    row = _sent(writer, fact)
    said = None
    if row is not None:
        said = SenderSaid(row.sent_at, row.quantity, row.counted, read_short(row.short))
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
        said,
        readable and said is None,
        _differs(fact.counted, lines, said),
    )


def _sent(writer: Writer, fact: TransferReceived) -> AnyRow | None:
    """The sender's half of what was received, where it can be read here."""
    for each in meetings(writer.connection, fact.tag):
        mine = each.received
        if mine is not None and (mine.college, mine.arrival) == (writer.college, fact.arrival):
            return each.sent
    return None


def must_not_be_told(writer: Writer, fact: TransferReceived) -> None:
    """Refuse to give up a holding that its sender has off its register, because it is here.

    It is seen only where the colleges share a database.

    Raises:
        Refused: `arrived`.
    """
    sender = fact.from_college
    told = _TOLD(writer.connection, c=sender, t=fact.tag, to=writer.college).first()
    if told is not None:
        kind = str(TYPE(writer.connection, c=writer.college, k=fact.kit_type).scalar_one())
        raise Refused(
            "arrived",
            f"{sender} was told that {kind} {grouped(fact.tag)} arrived here, and has it off its "
            "register.",
            f"If it is to go back: kitloan transfer send {fact.tag} --to {sender}",
            tag=fact.tag,
            college=sender,
        )


def _differs(
    counted: Counted, lines: Sequence[ShortageLine], said: SenderSaid | None
) -> tuple[str, ...]:
    """The components that two counts disagree about; nothing where one side did not count."""
    if said is None or "uncounted" in (counted, said.counted):
        return ()
    here = {line.component: line.missing + line.broken for line in lines}
    either = sorted({*here, *said.short})
    return tuple(name for name in either if here.get(name, 0) != said.short.get(name, 0))
