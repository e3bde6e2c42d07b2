"""Undo: what a person did last, taken back by an entry of its own, and done again by another.

Read from the ledger, so it works after a restart and from another desk. Undo never reaches past
what cannot be undone to something older: it refuses, and names it. An entry about a holding is
undone only while nothing was done to that holding since that rests on it, save what was seen or
confirmed in a stocktake. What another college did may rest on it too, which no entry here shows:
some kinds ask that as well.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from kitloan.errors import Refused
from kitloan.ledger.entry import KINDS, parse
from kitloan.ledger.facts.base import FactBase
from kitloan.ledger.facts.ledger import Reversed
from kitloan.ledger.facts.naming import CHANGES, FIRST
from kitloan.ledger.facts.transfers import TransferReceived, TransferSent
from kitloan.ledger.replay import BOOKINGS, CLAIMS, DELIVERIES, OF_ENGAGEMENTS, OFFERS, WANTS
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Writer
from kitloan.planning.bookings import lost_of
from kitloan.queries.history import summary_of
from kitloan.queries.resolve import meant
from kitloan.queries.undone import UNDONE
from kitloan.storage import contact_changes
from kitloan.storage.erasure import erased_since
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Block, Contact, Holding, LedgerEntry, Loan, table
from kitloan.tables.evidence import Engagement, SchoolLink
from kitloan.tables.guides import KitGuide
from kitloan.tables.inspecting import Regime
from kitloan.tables.planning import Booking, BookingLine, Want
from kitloan.tables.sharing import Offer
from kitloan.tables.stocktaking import Stocktake
from kitloan.text.dates import day_of, uk_instant
from kitloan.text.tags import grouped
from kitloan.transfers.receiving import must_not_have_ended
from kitloan.transfers.sending import must_not_have_arrived

contact, entry, holding, loan = table(Contact), table(LedgerEntry), table(Holding), table(Loan)
stocktake = table(Stocktake)
block, regime = table(Block), table(Regime)
engagement, school_link = table(Engagement), table(SchoolLink)

_KINDS = {kind.model_fields["kind"].default for kind in KINDS if kind.desk_action} | {*DELIVERIES}
_NAMES = ("kit_type.defined", "organisation.added")
"""Kinds that come along with others, and stay where something else rests on them by now."""
_NO_ACTIONS = (
    *("entry.reversed", "college.opened"),
    *("demand.refused", "booking.lapsed", "loan.overrun", "notice.sent"),
)
"""Kinds that are no action of a person: undoing itself, and what the program notes by itself."""
_SEEN = ("stocktake.scanned", "stocktake.confirmed")
"""What was seen or confirmed in a stocktake: it rests on no entry, and nothing rests on it."""
_RESTS_ON_NOTHING = (*_SEEN, "gift.recorded", "notice.sent")
"""Whose a holding is rests on no loan or count; it goes with the entry that took the holding in."""
_TOOK_IN = ("holding.accessioned", "transfer.received")
_MOST_LISTED = 100
_COLUMNS = select(
    entry.c.college,
    entry.c.epoch,
    entry.c.seq,
    entry.c.id,
    entry.c.part,
    entry.c.kind,
    entry.c.tag,
    entry.c.at,
    entry.c.by,
    entry.c.body,
).where(entry.c.college == bindparam("c"))
_NEWEST_FIRST = (entry.c.epoch.desc(), entry.c.seq.desc())
_ACTIONS = (~UNDONE, *[entry.c.kind != kind for kind in _NO_ACTIONS])
_LATEST = Query(
    _COLUMNS.where(entry.c.by == bindparam("who"), *_ACTIONS).order_by(*_NEWEST_FIRST).limit(1)
)
_LATEST_OF_TAG = Query(
    _COLUMNS.where(entry.c.tag == bindparam("t"), *_ACTIONS).order_by(*_NEWEST_FIRST).limit(1)
)
_LATEST_SOME = Query(
    _COLUMNS.where(entry.c.by == bindparam("who"), *_ACTIONS)
    .order_by(*_NEWEST_FIRST)
    .limit(bindparam("most"))
)
_UNDOINGS = Query(
    _COLUMNS.where(
        entry.c.by == bindparam("who"), entry.c.kind == "entry.reversed", ~UNDONE
    ).order_by(*_NEWEST_FIRST)
)
# By part, which is their order in the ledger: by `seq`, SQLite walks the whole ledger to sort them.
_OF_REQUEST = Query(
    _COLUMNS.add_columns(UNDONE.label("undone"))
    .where(entry.c.id == bindparam("i"))
    .order_by(entry.c.part.desc())
)
_AT = Query(_COLUMNS.where(entry.c.epoch == bindparam("e"), entry.c.seq == bindparam("s")))
_DELIVERED_SINCE = Query(
    _COLUMNS.where(
        ~UNDONE,
        entry.c.tag.is_(None),
        or_(*[entry.c.kind == kind for kind in DELIVERIES]),
        (entry.c.epoch > bindparam("e"))
        | ((entry.c.epoch == bindparam("e")) & (entry.c.seq > bindparam("s"))),
    ).order_by(entry.c.epoch, entry.c.seq)
)
_SINCE = Query(
    _COLUMNS.where(
        ~UNDONE,
        entry.c.kind != "entry.reversed",
        entry.c.tag == bindparam("t"),
        entry.c.id != bindparam("i"),
        *[entry.c.kind != kind for kind in _RESTS_ON_NOTHING],
        (entry.c.epoch > bindparam("e"))
        | ((entry.c.epoch == bindparam("e")) & (entry.c.seq > bindparam("s"))),
    )
    .order_by(entry.c.epoch, entry.c.seq)
    .limit(1)
)
_ENGAGED_SINCE = Query(
    _COLUMNS.where(
        ~UNDONE,
        entry.c.tag.is_(None),
        or_(*[entry.c.kind == kind for kind in OF_ENGAGEMENTS]),
        entry.c.id != bindparam("i"),
        (entry.c.epoch > bindparam("e"))
        | ((entry.c.epoch == bindparam("e")) & (entry.c.seq > bindparam("s"))),
    ).order_by(entry.c.epoch, entry.c.seq)
)
_TERMS_OF = Query(
    _COLUMNS.where(
        ~UNDONE,
        entry.c.tag == bindparam("t"),
        entry.c.id != bindparam("i"),
        entry.c.kind == "gift.recorded",
        (entry.c.epoch > bindparam("e"))
        | ((entry.c.epoch == bindparam("e")) & (entry.c.seq > bindparam("s"))),
    ).order_by(*_NEWEST_FIRST)
)
_DEFINED = Query(
    _COLUMNS.where(~UNDONE, entry.c.tag.is_(None), entry.c.kind == "kit_type.defined").order_by(
        entry.c.epoch, entry.c.seq
    )
)
_RENAMED = Query(
    _COLUMNS.where(
        ~UNDONE, entry.c.tag.is_(None), or_(*[entry.c.kind == kind for kind in CHANGES])
    ).order_by(entry.c.epoch, entry.c.seq)
)
_OF_TYPE = Query(
    select(holding.c.tag)
    .where(holding.c.college == bindparam("c"), holding.c.kit_type == bindparam("k"))
    .limit(1)
)
_REGIME_OF_TYPE = Query(
    select(regime.c.code)
    .where(regime.c.college == bindparam("c"), regime.c.kit_type == bindparam("k"))
    .limit(1)
)
_PLANNED_OF_TYPE = Query(
    select(
        or_(
            *[
                select(each.c.college)
                .where(each.c.college == bindparam("c"), each.c.kit_type == bindparam("k"))
                .exists()
                for each in (table(BookingLine), table(Want), table(Offer), table(KitGuide))
            ]
        )
    )
)
_OF_BORROWER = Query(
    select(
        or_(
            *[
                select(each.c.college)
                .where(each.c.college == bindparam("c"), each.c.organisation == bindparam("k"))
                .exists()
                for each in (
                    *(loan, contact, block, engagement, school_link),
                    *(table(Booking), table(Want)),
                )
            ]
        )
    )
)
_PLANS: Mapping[str, str] = {
    **dict.fromkeys(BOOKINGS, "booking"),
    **dict.fromkeys(WANTS, "want"),
    **dict.fromkeys(OFFERS, "offer"),
    **dict.fromkeys(CLAIMS, "claim"),
}
"""Kinds of which each changes what the others recorded, and the field that names what of."""
_COLLECTED = Query(
    select(loan.c.tag)
    .where(loan.c.college == bindparam("c"), loan.c.booking == bindparam("b"))
    .limit(1)
)
_PLANNED_SINCE = Query(
    _COLUMNS.where(
        ~UNDONE,
        entry.c.tag.is_(None),
        or_(*[entry.c.kind == kind for kind in _PLANS]),
        (entry.c.epoch > bindparam("e"))
        | ((entry.c.epoch == bindparam("e")) & (entry.c.seq > bindparam("s"))),
    ).order_by(entry.c.epoch, entry.c.seq)
)
_CLOSED = Query(
    select(stocktake.c.name).where(
        stocktake.c.college == bindparam("c"),
        stocktake.c.stocktake == bindparam("s"),
        stocktake.c.closed_at.is_not(None),
    )
)

_ELSEWHERE: Mapping[type[FactBase], Callable[[Writer, Any], None]] = {
    TransferSent: lambda writer, sent: must_not_have_arrived(writer, sent.tag, sent.transfer),
    TransferReceived: must_not_have_ended,
}
"""What may rest on a fact in another college's ledger, by kind: refuses when it does."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What was undone or done again, or would be.

    Attributes:
        at: when it was done.
        tags: the holdings that it was about.
        kind: the kind of its first entry.
        summaries: what was done, in words, for each holding; of none, one for the whole.
        id: the request's id.
        why: why it cannot be undone; empty when it can.
    """

    at: str
    tags: tuple[str, ...]
    kind: str
    summaries: tuple[str, ...]
    id: str = ""
    why: str = ""


def would_undo(connection: Connection, college: str, actor: str) -> Undone | None:
    """What `undo` would reverse now; None when there is nothing left of this person's."""
    latest = _LATEST(connection, c=college, who=actor).one_or_none()
    place = (0, 0) if latest is None else (latest.epoch, latest.seq)
    changed = contact_changes.latest(connection, college, actor, undone=False)
    if changed is not None and (changed.epoch, changed.seq) >= place:
        return _described_of_person(changed)
    return (
        None
        if latest is None
        else _described(connection, college, _parts(connection, latest, None))
    )


def undo(writer: Writer, text: str | None = None, *, earlier_day: bool = True) -> Undone:
    """Reverse what this person did last, here or to a holding; see `Actions.undo`."""
    if writer.earlier:
        return _undone_earlier(writer)
    connection, college = writer.connection, writer.college
    tag = None if text is None else meant(writer, text)
    if tag is None:
        latest = _LATEST(connection, c=college, who=writer.actor).one_or_none()
    else:
        latest = _LATEST_OF_TAG(connection, c=college, t=tag).one_or_none()
    place = (0, 0) if latest is None else (latest.epoch, latest.seq)
    of_person = None if tag else _latest_of_person(writer, place, undone=False)
    if of_person is not None:
        return _reverse_of_person(writer, of_person, earlier_day=earlier_day)
    erased = None if tag else erased_since(connection, college, writer.actor, place)
    if erased:
        raise _cannot(Undone(erased, (), "erase", ("a person was erased",), why=_GONE_FOR_GOOD))
    if latest is None:
        of = f" to {grouped(tag)}" if tag else ""
        raise Refused(
            "nothing_to_undo",
            f"{writer.actor} has done nothing{of} here that is not undone already.",
            "Each person undoes what they did: name yourself with --as.",
        )
    parts = _parts(connection, latest, tag)
    action = _described(connection, college, parts)
    if latest.by != writer.actor:
        raise _cannot(replace(action, why=f"{latest.by} did it, and can undo it"))
    if action.why:
        raise _cannot(action)
    if not earlier_day:
        _must_be_of_today(writer, action)
    for part in parts:
        if part.tag is not None and part.kind not in _SEEN:
            _refuse_if_built_upon(writer, part)
            _refuse_if_others_build_upon(writer, part)
        if part.kind in DELIVERIES:
            _refuse_if_more_came(writer, part)
        if part.kind in CHANGES:
            _refuse_if_named_since(writer, part)
        if part.kind in OF_ENGAGEMENTS:
            _refuse_if_built_upon(writer, part)
        if part.kind in _PLANS:
            _refuse_if_planned_upon(writer, part)
    alone = all(part.kind in _NAMES for part in parts)
    lost = _lost(writer, parts)
    for part in (*_terms_since(writer, parts), *parts):
        if part.kind in _NAMES and _is_needed(writer, part, action if alone else None):
            continue
        writer.append(Reversed(tag=part.tag, epoch=part.epoch, seq=part.seq))
    _refuse_if_lost(writer, parts, lost)
    return action


def _must_be_of_today(writer: Writer, action: Undone) -> None:
    if day_of(action.at) < day_of(writer.at):
        raise Refused(
            "needs_yes",
            f"Your latest action is of {uk_instant(action.at)}: {_named(action)}.",
            "To undo it all the same: kitloan undo --yes",
            action=_named(action),
            **_facts(action),
        )


def _lost(writer: Writer, parts: Sequence[AnyRow]) -> set[str]:
    """The bookings that cannot be kept, of the types that these entries book."""
    types: set[str] = set()
    for part in parts:
        if part.kind in BOOKINGS:
            key = json.loads(part.body)["fact"]["booking"]
            types.update(
                line["kit_type"]
                for row in _PLANNED_SINCE(writer.connection, c=writer.college, e=0, s=0)
                if (fact := json.loads(row.body)["fact"]).get("booking") == key
                for line in fact.get("lines", ())
            )
    return lost_of(writer.connection, writer.college, sorted(types), day_of(writer.at))


def _refuse_if_lost(writer: Writer, parts: Sequence[AnyRow], before: set[str]) -> None:
    """Refuse to promise again what is promised to others by now."""
    lost = _lost(writer, parts) - before
    if lost:
        raise Refused(
            "not_free",
            f"The kits are promised to others by now: booking {', '.join(sorted(lost))} could not "
            "be kept.",
            f"See what is free: kitloan free; or change it: kitloan booking change {min(lost)}",
            bookings=[{"id": key} for key in sorted(lost)],
            free=0,
        )


def _refuse_if_planned_upon(writer: Writer, part: AnyRow) -> None:
    """Refuse to undo one thing that became of a booking, a want or an offer before a later one."""
    since = _planned_since(writer.connection, writer.college, part)
    if since is not None:
        summary = summary_of(writer.connection, writer.college, since.body)
        raise Refused(
            "built_upon",
            f"Since then {since.by} recorded this ({uk_instant(since.at)}): {summary}.",
            "See it: kitloan offers"
            if part.kind in (*OFFERS, *CLAIMS)
            else "See it: kitloan bookings",
            action=f"{since.kind}: {summary}",
        )
    fact = json.loads(part.body)["fact"]
    if part.kind == "booking.made":
        tag = _COLLECTED(writer.connection, c=writer.college, b=fact["booking"]).scalar()
        if tag is not None:
            raise Refused(
                "built_upon",
                f"{grouped(tag)} has gone out on booking {fact['booking']}.",
                f"Undo that first: kitloan undo {tag}",
                tag=tag,
            )


def _planned_since(connection: Connection, college: str, part: AnyRow) -> AnyRow | None:
    fact = json.loads(part.body)["fact"]
    field = _PLANS[part.kind]
    rows = _PLANNED_SINCE(connection, c=college, e=part.epoch, s=part.seq)
    return next(
        (row for row in rows if json.loads(row.body)["fact"].get(field) == fact[field]), None
    )


def _terms_since(writer: Writer, parts: Sequence[AnyRow]) -> list[AnyRow]:
    """What was recorded since of whose the holdings are that would be taken in no more."""
    return [
        row
        for part in parts
        if part.kind in _TOOK_IN
        for row in _TERMS_OF(
            writer.connection, c=writer.college, t=part.tag, i=part.id, e=part.epoch, s=part.seq
        )
    ]


def redo(writer: Writer) -> Undone:
    """Do again what this person undid last; see `Actions.redo`."""
    if writer.earlier:
        return _undone_earlier(writer)
    connection, college = writer.connection, writer.college
    undoings: list[AnyRow] = []
    for row in _UNDOINGS(connection, c=college, who=writer.actor):
        if undoings and row.id != undoings[0].id:
            break
        if _undone_by(connection, college, row).kind != "entry.reversed":
            undoings.append(row)
    place = (undoings[0].epoch, undoings[0].seq) if undoings else (0, 0)
    of_person = _latest_of_person(writer, place, undone=True)
    if of_person is not None:
        return _reverse_of_person(writer, of_person)
    if not undoings:
        raise Refused(
            "nothing_to_redo",
            f"{writer.actor} has undone nothing here that was not done again.",
            "Each person does again what they undid: name yourself with --as.",
        )
    parts = [_undone_by(connection, college, row) for row in undoings]
    for row in undoings:
        if row.tag is not None:
            _refuse_if_built_upon(writer, row)
    for part, row in zip(parts, undoings, strict=True):
        if part.kind in CHANGES:
            _refuse_if_named_since(writer, part, after=(row.epoch, row.seq))
    lost = _lost(writer, parts)
    for row in undoings:
        writer.append(Reversed(tag=row.tag, epoch=row.epoch, seq=row.seq))
    _refuse_if_lost(writer, parts, lost)
    return _described(connection, college, parts)


def _latest_of_person(writer: Writer, place: tuple[int, int], *, undone: bool) -> AnyRow | None:
    """A change of a person's details that was made, or undone, after an entry; None without one."""
    row = contact_changes.latest(writer.connection, writer.college, writer.actor, undone=undone)
    return row if row is not None and (row.epoch, row.seq) >= place else None


def _reverse_of_person(writer: Writer, row: AnyRow, *, earlier_day: bool = True) -> Undone:
    action = _described_of_person(row)
    if not earlier_day:
        _must_be_of_today(writer, action)
    contact_changes.reverse(writer.connection, row, writer.at)
    return action


def _described_of_person(row: AnyRow) -> Undone:
    return Undone(
        at=row.at,
        tags=(),
        kind=contact_changes.KIND,
        summaries=(f"details of {row.name} {'entered' if row.is_new else 'changed'}",),
        id=row.change,
    )


def actions(connection: Connection, college: str, actor: str) -> list[Undone]:
    """What this person did that is not undone, the latest first."""
    found: dict[str, AnyRow] = {}
    for row in _LATEST_SOME(connection, c=college, who=actor, most=_MOST_LISTED):
        found.setdefault(row.id, row)
    listed = [
        ((row.epoch, row.seq, 0), _described(connection, college, parts, built_upon=True))
        for row in found.values()
        for parts in [_parts(connection, row, None)]
    ]
    listed += [
        ((row.epoch, row.seq, row.number), _described_of_person(row))
        for row in contact_changes.listed(connection, college, actor, undone=False)
    ]
    return [action for _, action in sorted(listed, key=itemgetter(0), reverse=True)]


_GONE_FOR_GOOD = "what is erased is gone"


def _parts(connection: Connection, latest: AnyRow, tag: str | None) -> list[AnyRow]:
    """The entries of an action that are not undone, the last first; only a holding's, of one."""
    rows = _OF_REQUEST(connection, c=latest._mapping["college"], i=latest.id).all()
    if any(row.kind == "stock.split" for row in rows):
        tag = None  # one without the other would make things of nothing
    return [
        row
        for row in rows
        if not row.undone and row.kind not in _NO_ACTIONS and (tag is None or row.tag == tag)
    ]


def _undone_by(connection: Connection, college: str, row: AnyRow) -> AnyRow:
    fact = json.loads(row.body)["fact"]
    return _AT(connection, c=college, e=fact["epoch"], s=fact["seq"]).one()


def _undone_earlier(writer: Writer) -> Undone:
    """What an earlier try of this request undid, or did again."""
    rows = [
        _AT(writer.connection, c=writer.college, e=each.epoch, s=each.seq).one()
        for each in writer.earlier_facts(Reversed)
    ]
    while rows[0].kind == "entry.reversed":
        rows = [_undone_by(writer.connection, writer.college, row) for row in rows]
    rows.sort(key=lambda row: row.part, reverse=True)
    return _described(writer.connection, writer.college, rows)


def _cannot(action: Undone) -> Refused:
    return Refused(
        "cannot_undo",
        f"The latest action cannot be undone: {_named(action)} ({uk_instant(action.at)}): "
        f"{action.why}.",
        "What was done before it stays. One holding's latest action: kitloan undo TAG; "
        "all of them: kitloan undo --list",
        action=_named(action),
        **_facts(action),
    )


def _named(action: Undone) -> str:
    words = "; ".join(dict.fromkeys(action.summaries))
    return f"{action.kind}: {words}" if words else action.kind


def _facts(action: Undone) -> dict[str, Any]:
    return {
        "id": action.id,
        "at": action.at,
        "kind": action.kind,
        "tags": list(action.tags),
    }


def _is_needed(writer: Writer, part: AnyRow, alone: Undone | None) -> bool:
    """Whether something else rests on a kit type or a borrower by now.

    Raises:
        Refused: `built_upon`, where taking it back is all that is asked for.
    """
    by = _rests_on(writer.connection, writer.college, part)
    if by and alone is not None:
        raise Refused(
            "built_upon", f"{_named(alone)}: {by}.", "Undo that first.", action=_named(alone)
        )
    return bool(by)


def _rests_on(connection: Connection, college: str, part: AnyRow) -> str:
    """What rests on a kit type or a borrower, in words; empty when nothing does."""
    fact = json.loads(part.body)["fact"]
    named = _named_since(connection, college, part)
    if named is not None:
        return f"since then {named.by} did this: {summary_of(connection, college, named.body)}"
    if part.kind == "organisation.added":
        used = _OF_BORROWER(connection, c=college, k=fact["organisation"]).scalar()
        rests = f"{fact['name']} has loans, people or engagements, or is blocked, by now"
        return rests if used else ""
    key = fact["kit_type"]
    same = [
        row
        for row in _DEFINED(connection, c=college)
        if json.loads(row.body)["fact"]["kit_type"] == key
    ]
    if any((row.epoch, row.seq) > (part.epoch, part.seq) for row in same):
        return f"{fact['name']} was defined again since"
    before = any((row.epoch, row.seq) < (part.epoch, part.seq) for row in same)
    if not before and _OF_TYPE(connection, c=college, k=key).first() is not None:
        return f"there are holdings of {fact['name']}"
    if not before and _REGIME_OF_TYPE(connection, c=college, k=key).first() is not None:
        return f"{fact['name']} has inspections"
    if not before and _PLANNED_OF_TYPE(connection, c=college, k=key).scalar():
        return f"{fact['name']} is booked, wanted or offered, or has a guide"
    return ""


def _named_since(
    connection: Connection, college: str, part: AnyRow, after: tuple[int, int] | None = None
) -> AnyRow | None:
    """What was done since to the name of a borrower or kit type, that rests on an entry of it."""
    subject = next((of for of, kind in FIRST.items() if kind == part.kind), CHANGES.get(part.kind))
    if subject is None:
        return None
    fact = json.loads(part.body)["fact"]
    ours = {fact[subject], fact.get("into")} - {None}
    for row in _RENAMED(connection, c=college):
        if (row.epoch, row.seq) <= (after or (part.epoch, part.seq)) or CHANGES[
            row.kind
        ] != subject:
            continue
        later = json.loads(row.body)["fact"]
        if ours & {later[subject], later.get("into")}:
            return row
    return None


def _refuse_if_named_since(
    writer: Writer, part: AnyRow, after: tuple[int, int] | None = None
) -> None:
    since = _named_since(writer.connection, writer.college, part, after)
    if since is not None:
        summary = summary_of(writer.connection, writer.college, since.body)
        raise Refused(
            "built_upon",
            f"Since then {since.by} did this ({uk_instant(since.at)}): {summary}.",
            f"That has to be undone first, by {since.by}: kitloan undo",
            action=f"{since.kind}: {summary}",
        )


def _refuse_if_built_upon(writer: Writer, part: AnyRow) -> None:
    since = _since(writer.connection, writer.college, part)
    if since is not None:
        summary = summary_of(writer.connection, writer.college, since.body)
        about = f"{grouped(part.tag)}: since" if part.tag else "Since"
        how = "kitloan undo" if since.tag is None else f"kitloan undo {since.tag}"
        raise Refused(
            "built_upon",
            f"{about} then {since.by} did this ({uk_instant(since.at)}): {summary}.",
            f"That has to be undone first, by {since.by}: {how}",
            tag=part.tag,
            action=f"{since.kind}: {summary}",
        )


def _refuse_if_more_came(writer: Writer, part: AnyRow) -> None:
    since = _delivered_since(writer.connection, writer.college, part)
    if since is not None:
        gift = json.loads(part.body)["fact"]["gift"]
        summary = summary_of(writer.connection, writer.college, since.body)
        raise Refused(
            "built_upon",
            f"Since then {since.by} recorded this ({uk_instant(since.at)}): {summary}.",
            f"Correct it: kitloan gift deliver {gift} --correct N",
            gift=gift,
            action=f"{since.kind}: {summary}",
        )


def _delivered_since(connection: Connection, college: str, part: AnyRow) -> AnyRow | None:
    """What was recorded of a gift's deliveries since an entry about one."""
    gift = json.loads(part.body)["fact"]["gift"]
    rows = _DELIVERED_SINCE(connection, c=college, e=part.epoch, s=part.seq)
    return next((row for row in rows if json.loads(row.body)["fact"]["gift"] == gift), None)


def _since(connection: Connection, college: str, part: AnyRow) -> AnyRow | None:
    """The first thing done to a holding since an entry about it, that rests on that."""
    if part.kind in DELIVERIES:
        return _delivered_since(connection, college, part)
    if part.kind in CHANGES:
        return _named_since(connection, college, part)
    if part.kind in OF_ENGAGEMENTS:
        return _engaged_since(connection, college, part, "engagement")
    if part.kind == "loan.checked_out" and (
        engaged := _engaged_since(connection, college, part, "loan")
    ):
        return engaged
    return _SINCE(connection, c=college, t=part.tag, i=part.id, e=part.epoch, s=part.seq).first()


def _engaged_since(connection: Connection, college: str, part: AnyRow, field: str) -> AnyRow | None:
    """What was recorded since of the engagement, or on the loan, that an entry is about."""
    which = json.loads(part.body)["fact"][field]
    rows = _ENGAGED_SINCE(connection, c=college, i=part.id, e=part.epoch, s=part.seq)
    return next((row for row in rows if json.loads(row.body)["fact"].get(field) == which), None)


def _refuse_if_others_build_upon(writer: Writer, part: AnyRow) -> None:
    fact = parse(part.body).fact
    if type(fact) in _ELSEWHERE:
        _ELSEWHERE[type(fact)](writer, fact)


def _why_not(connection: Connection, college: str, parts: Sequence[AnyRow]) -> str:
    """Why an action is of a kind that cannot be undone; empty when it can be."""
    if any('"register_row":"' in part.body for part in parts):
        return "a register that was read in is taken back as a whole, or not at all"
    for part in parts:
        if part.kind not in _KINDS and part.kind not in _NAMES:
            return "this kind of action cannot be undone"
        if part.kind in _SEEN:
            which = json.loads(part.body)["fact"]["stocktake"]
            closed = _CLOSED(connection, c=college, s=which).scalar()
            if closed:
                return f"the stocktake {closed} is closed"
    return ""


def _described(
    connection: Connection, college: str, parts: Sequence[AnyRow], *, built_upon: bool = False
) -> Undone:
    ordered = list(reversed(parts))
    shown = [
        part for part in ordered if part.kind not in ("gift.recorded", *_NAMES) or len(parts) == 1
    ] or ordered
    words: dict[str | None, list[str]] = {}
    for part in shown:
        words.setdefault(part.tag, []).append(summary_of(connection, college, part.body))
    why = _why_not(connection, college, parts)
    if built_upon and not why:
        later = [
            since
            for part in parts
            if (part.tag is not None and part.kind not in _SEEN)
            or part.kind in (*DELIVERIES, *CHANGES, *OF_ENGAGEMENTS)
            for since in [_since(connection, college, part)]
            if since is not None
        ]
        if later:
            summary = summary_of(connection, college, later[0].body)
            why = f"since then {later[0].by} did this: {summary}"
    return Undone(
        at=shown[0].at,
        tags=tuple(tag for tag in words if tag is not None),
        kind=shown[0].kind,
        summaries=tuple("; ".join(dict.fromkeys(summary)) for summary in words.values()),
        id=shown[0].id,
        why=why,
    )


class Actions:
    """What this person did, reversing it, and doing it again."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def undo(
        self,
        tag: str | None = None,
        *,
        earlier_day: bool = True,
        request_id: str | None = None,
    ) -> Undone:
        """Reverse this person's latest action that is not yet undone, whole.

        Args:
            tag: reverse instead what was done last to this holding; of an action on several,
                only what was done to this one.
            earlier_day: whether an action of an earlier day than today may be reversed.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `nothing_to_undo`; `cannot_undo`, when the latest action is none that can be
                undone, whatever was done before it; `built_upon`, when more was done since;
                `needs_yes`, for an earlier day.
            BadInput: an unknown tag.
        """
        with self._session.writing(request_id) as writer:
            return undo(writer, tag, earlier_day=earlier_day)

    def redo(self, *, request_id: str | None = None) -> Undone:
        """Do again what this person undid last.

        Raises:
            Refused: `nothing_to_redo`; `built_upon`, when something else was done since.
        """
        with self._session.writing(request_id) as writer:
            return redo(writer)

    def would_undo(self) -> Undone | None:
        """What `undo` would reverse now; None when there is nothing left of this person's."""
        with self._session.reading() as connection:
            return would_undo(connection, self._session.college, self._session.actor)

    def list(self) -> list[Undone]:
        """What this person did last that is not undone, the latest first; at most 100 entries."""
        with self._session.reading() as connection:
            return actions(connection, self._session.college, self._session.actor)
