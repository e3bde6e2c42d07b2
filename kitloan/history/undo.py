"""Undo: what a person did last, taken back by an entry of its own, and done again by another.

Read from the ledger, so it works after a restart and from another desk. Undo never reaches past
what cannot be undone to something older: it refuses, and names it. An entry about a holding is
undone only while nothing was done to that holding since that rests on it, save what was seen or
confirmed in a stocktake. What another college did may rest on it too, which no entry here shows:
some kinds ask that as well.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select, tuple_

from kitloan.errors import Refused, StoreError
from kitloan.holdings import must_share_no_other_number, numbers_shared
from kitloan.ledger.entry import parse
from kitloan.ledger.facts import every_kind
from kitloan.ledger.facts.base import FactBase
from kitloan.ledger.facts.ledger import Reversed
from kitloan.ledger.facts.naming import CHANGES, FIRST
from kitloan.ledger.facts.transfers import TransferReceived, TransferSent
from kitloan.ledger.replay import (
    ASK_ANSWERS,
    ASKS,
    BOOKINGS,
    CLAIMS,
    DELIVERIES,
    EVENTS,
    NAMES,
    OF_ENGAGEMENTS,
    OFFERS,
    TOGETHER,
    WANTS,
)
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Writer, writing
from kitloan.planning.booked import lost_of, lost_without_later
from kitloan.queries.allocations import must_cover
from kitloan.queries.history import summary_of
from kitloan.queries.resolve import meant
from kitloan.queries.undone import UNDONE
from kitloan.storage import contact_changes, quotes
from kitloan.storage.erasure import erased_by, erased_since
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import (
    Alias,
    Block,
    Contact,
    Holding,
    KitType,
    LedgerEntry,
    Loan,
    Organisation,
    Reversal,
    Setting,
    table,
)
from kitloan.tables.events import Event
from kitloan.tables.evidence import Engagement, OrganisationProfile, SchoolLink
from kitloan.tables.guides import KitGuide
from kitloan.tables.inspecting import Regime
from kitloan.tables.national import Gifting, Programme
from kitloan.tables.planning import Booking, BookingLine, PolicyValue
from kitloan.tables.sharing import Offer
from kitloan.tables.stocktaking import Stocktake
from kitloan.tables.wants import Want
from kitloan.text.dates import day_of, uk_instant
from kitloan.text.tags import grouped
from kitloan.transfers.receiving import must_not_have_ended
from kitloan.transfers.sending import must_not_have_arrived

contact, entry, holding, loan = table(Contact), table(LedgerEntry), table(Holding), table(Loan)
setting, stocktake = table(Setting), table(Stocktake)
block, kit_type, regime = table(Block), table(KitType), table(Regime)
engagement, school_link = table(Engagement), table(SchoolLink)
alias, event, organisation = table(Alias), table(Event), table(Organisation)
profile, reversal = table(OrganisationProfile), table(Reversal)

_AGREED, _ALLOCATED, _PROGRAMME = "gift.agreed", "allocation.made", "programme.defined"
_OF_ESP = (
    *(*DELIVERIES, _AGREED, _ALLOCATED, _PROGRAMME),
    *("donor.aliased", "college.merged", "finding.accepted"),
)
"""What ESP records of gifts, donors and colleges."""
_KINDS = {
    *(kind.model_fields["kind"].default for kind in every_kind() if kind.desk_action),
    *_OF_ESP,
}
_NAMES = ("kit_type.defined", "organisation.added")
"""Kinds that come along with others, and stay where something else rests on them by now."""
_NO_ACTIONS = (
    *("entry.reversed", "college.opened"),
    *("demand.refused", "booking.lapsed", "loan.overrun", "notice.sent"),
)
"""Kinds that are no action of a person: undoing itself, and what the program notes by itself."""
_SEEN = ("stocktake.scanned", "stocktake.confirmed")
"""What was seen or confirmed in a stocktake: it rests on no entry, and nothing rests on it."""
_TERMS = "gift.recorded"
_RESTS_ON_NOTHING = (*_SEEN, _TERMS, "notice.sent")
"""Whose a holding is rests on no loan or count, and on older terms alone, some of which it keeps;
it goes with the entry that took the holding in."""
_TOOK_IN = ("holding.accessioned", "transfer.received")
_PLANNED = "event.planned"
_RESTED_UPON = (
    *(DELIVERIES + OF_ENGAGEMENTS + BOOKINGS + WANTS + EVENTS + OFFERS + CLAIMS),
    *(ASKS + ASK_ANSWERS),
    *(_AGREED, _ALLOCATED, _PROGRAMME),
    *CHANGES,
)
"""Kinds of entry about no one holding, each of which changes what those before it recorded."""
IMPORT_TAKEN_BACK = "import-taken-back:"
"""Begins the name of the setting that an import which was taken back leaves, before its id."""
_MOST_LISTED = 100
_PAGE_OF_ENTRIES = 400
_REST_ON = {
    _PLANNED: (*BOOKINGS, *WANTS, *OF_ENGAGEMENTS),
    _PROGRAMME: (_AGREED,),
    _AGREED: (*DELIVERIES, _ALLOCATED),
}
"""Kinds that rest on one that names the same thing, beside those of its own kind."""
_KNOWN_BY_DOING = (
    *BOOKINGS,
    *("holding.amended", "holding.withdrawn", "transfer.sent", "transfer.received"),
    *(_AGREED, _ALLOCATED),
)
"""Kinds whose undoing may take what is another's by now: a promised kit, an asset number, a share
of a gift. And what another college's ledger may rest on."""
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
_of_same = entry.alias("of_same")
_IS_UNDONE_BUT_FOR_ITS_NAMES = (
    select(reversal.c.seq)
    .join_from(
        _of_same,
        reversal,
        (reversal.c.college == _of_same.c.college)
        & (reversal.c.epoch == _of_same.c.epoch)
        & (reversal.c.seq == _of_same.c.seq),
    )
    .where(_of_same.c.college == entry.c.college, _of_same.c.id == entry.c.id)
    .exists()
)
_ACTIONS = (
    ~UNDONE,
    *[entry.c.kind != kind for kind in _NO_ACTIONS],
    # A borrower or a kit type that stayed when its action was undone is no action any more.
    and_(*[entry.c.kind != kind for kind in _NAMES]) | ~_IS_UNDONE_BUT_FOR_ITS_NAMES,
)
_LATEST = Query(
    _COLUMNS.where(entry.c.by == bindparam("who"), *_ACTIONS).order_by(*_NEWEST_FIRST).limit(1)
)
_LATEST_OF_TAG = Query(
    _COLUMNS.where(entry.c.tag == bindparam("t"), *_ACTIONS).order_by(*_NEWEST_FIRST).limit(1)
)
_LATEST_SOME = Query(
    _COLUMNS.where(
        entry.c.by == bindparam("who"),
        *_ACTIONS,
        tuple_(entry.c.epoch, entry.c.seq) < tuple_(bindparam("e"), bindparam("s")),
    )
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
_ABOUT = Query(
    _COLUMNS.where(
        ~UNDONE,
        entry.c.tag.is_(None),
        or_(*[entry.c.kind == kind for kind in (*TOGETHER, _AGREED, _ALLOCATED, _PROGRAMME)]),
        entry.c.body.like(bindparam("m")),
        tuple_(entry.c.epoch, entry.c.seq) > tuple_(bindparam("e"), bindparam("s")),
    ).order_by(entry.c.epoch, entry.c.seq)
)
_OF_TAG = Query(_COLUMNS.where(~UNDONE, entry.c.tag == bindparam("t")))
_REVERSED_SINCE = Query(
    _COLUMNS.where(
        entry.c.kind == "entry.reversed",
        entry.c.id != bindparam("i"),
        tuple_(entry.c.epoch, entry.c.seq) > tuple_(bindparam("e"), bindparam("s")),
    ).order_by(entry.c.epoch, entry.c.seq)
)
_ON_REGISTER: Mapping[str, tuple[str, Query]] = {
    name: (
        what,
        Query(
            select(of.c[name])
            .where(of.c.college == bindparam("c"), of.c[name] == bindparam("k"))
            .limit(1)
        ),
    )
    for name, what, of in (
        ("organisation", "borrower", organisation),
        ("kit_type", "kit type", kit_type),
        ("loan", "loan", loan),
        ("event", "event", event),
        ("gift", "gift", table(Gifting)),
        ("programme", "programme", table(Programme)),
    )
}
"""What an entry may name: the field, what it is in words, and whether it is there."""
_TAKEN_BACK = Query(
    select(setting.c.value).where(
        setting.c.college == bindparam("c"), setting.c.name == bindparam("n")
    )
)
_LABELLED = Query(
    select(alias.c.tag).where(alias.c.college == bindparam("c"), alias.c.label == bindparam("k"))
)
_TERMS_OF = Query(
    _COLUMNS.where(
        ~UNDONE,
        entry.c.tag == bindparam("t"),
        entry.c.id != bindparam("i"),
        entry.c.kind == _TERMS,
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
_MERGED_TYPES = Query(
    select(kit_type.c.kit_type, kit_type.c.merged_into).where(
        kit_type.c.college == bindparam("c"), kit_type.c.merged_into.is_not(None)
    )
)
_REGIME_OF_TYPE = Query(
    select(regime.c.code)
    .where(regime.c.college == bindparam("c"), regime.c.kit_type == bindparam("k"))
    .limit(1)
)
_ASKED_OF_TYPE = Query(
    select(
        or_(
            *[
                select(each.c.college)
                .where(each.c.college == bindparam("c"), each.c.kit_type == bindparam("k"))
                .exists()
                for each in (
                    table(BookingLine),
                    table(Want),
                    table(Offer),
                    table(KitGuide),
                    table(Gifting),
                    table(PolicyValue),
                )
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
                    *(loan, contact, block, engagement, school_link, profile),
                    *(table(Booking), table(Want), event),
                )
            ]
        )
    )
)
_COLLECTED = Query(
    select(loan.c.tag)
    .where(loan.c.college == bindparam("c"), loan.c.booking == bindparam("b"))
    .limit(1)
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
        code: the refusal's code, where there is one: `cannot_undo`, `built_upon`, `not_free`, ...
    """

    at: str
    tags: tuple[str, ...]
    kind: str
    summaries: tuple[str, ...]
    id: str = ""
    why: str = ""
    code: str = ""


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
    return _reverse(writer, action, parts)


def _reverse(writer: Writer, action: Undone, parts: Sequence[AnyRow]) -> Undone:
    """Reverse the entries of an action, the last first, if nothing rests on them."""
    connection, college = writer.connection, writer.college
    for part in parts:
        _refuse_if_built_upon(writer, part)
        if part.tag is not None and part.kind not in _SEEN:
            _refuse_if_others_build_upon(writer, part)
        if (collected := _collected(connection, college, part)) is not None:
            raise Refused(
                "built_upon",
                f"{grouped(collected)} has gone out on the booking.",
                f"Undo that first: kitloan undo {collected}",
                tag=collected,
            )
    if why := _gone(connection, college, _left(connection, college, parts)):
        raise Refused(
            "built_upon",
            f"This cannot be undone: {_named(action)}: {why}, and what was before names it.",
            "Enter what is so now instead. See what you did: kitloan undo --list",
            action=_named(action),
            **_facts(action),
        )
    alone = all(part.kind in _NAMES for part in parts)
    lost = _lost(writer, parts)
    shared = numbers_shared(writer, _tags(parts))
    for part in (*_terms_since(writer, parts), *parts):
        if part.kind in _NAMES and _is_needed(writer, part, action if alone else None):
            continue
        if part.kind in OF_ENGAGEMENTS:
            quotes.forget(connection, college, (part.epoch, part.seq))
        writer.append(Reversed(tag=part.tag, epoch=part.epoch, seq=part.seq))
    _refuse_if_lost(writer, parts, lost)
    _refuse_if_over_allocated(writer, parts)
    must_share_no_other_number(writer, _tags(parts), shared)
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


def _left(connection: Connection, college: str, parts: Sequence[AnyRow]) -> list[AnyRow]:
    """The entries that rows are rebuilt from when these are undone."""
    left: list[AnyRow] = []
    for part in parts:
        if part.tag is not None and part.kind not in _SEEN:
            left += _OF_TAG(connection, c=college, t=part.tag)
        elif part.kind in TOGETHER:
            left += _about_it(connection, college, part, (0, 0))
        elif part.kind in (_AGREED, _ALLOCATED):
            about = _about_it(connection, college, part, (0, 0))
            left += [row for row in about if row.kind == part.kind][-2:]
    undone = {(part.epoch, part.seq) for part in parts}
    return [row for row in left if (row.epoch, row.seq) not in undone]


def _types_booked(writer: Writer, parts: Sequence[AnyRow]) -> set[str]:
    """The kit types that these entries book."""
    types: set[str] = set()
    for part in parts:
        if part.kind in BOOKINGS:
            types.update(
                line["kit_type"]
                for row in _about_it(writer.connection, writer.college, part, (0, 0))
                for line in json.loads(row.body)["fact"].get("lines", ())
            )
    rows = _MERGED_TYPES(writer.connection, c=writer.college) if types else ()
    into = {row.kit_type: row.merged_into for row in rows}
    now: set[str] = set()
    for key in types:  # an entry has the type that it was of, which may be another's by now
        while key in into:
            key = into[key]
        now.add(key)
    return now


def _lost(writer: Writer, parts: Sequence[AnyRow]) -> set[str]:
    """The bookings that cannot be kept, of the types that these entries book."""
    types = sorted(_types_booked(writer, parts))
    return lost_of(writer.connection, writer.college, types, day_of(writer.at))


def _refuse_if_lost(writer: Writer, parts: Sequence[AnyRow], before: set[str]) -> None:
    """Refuse to promise again what is promised to others by now.

    What could not be kept before that either is promised again, and is at risk as it was.
    """
    lost = _lost(writer, parts) - before
    if lost:
        types = sorted(_types_booked(writer, parts))
        first = min(parts, key=lambda part: (part.epoch, part.seq))
        today = day_of(writer.at)
        since = (first.epoch, first.seq)
        lost -= lost_without_later(writer.connection, writer.college, types, today, since)
    if lost:
        raise Refused(
            "not_free",
            f"The kits are promised to others by now: booking {', '.join(sorted(lost))} could not "
            "be kept.",
            f"See what is free: kitloan free; or change it: kitloan booking change {min(lost)}",
            bookings=[{"id": key} for key in sorted(lost)],
            free=0,
        )


def _refuse_if_over_allocated(writer: Writer, parts: Iterable[AnyRow]) -> None:
    """Refuse that colleges are to have more of a gift than is promised."""
    for part in parts:
        if part.kind in (_AGREED, _ALLOCATED):
            must_cover(writer.connection, json.loads(part.body)["fact"]["gift"])


def _collected(connection: Connection, college: str, part: AnyRow) -> str | None:
    """A kit that has gone out on the booking that an entry made."""
    if part.kind != "booking.made":
        return None
    booked = json.loads(part.body)["fact"]["booking"]
    collected: str | None = _COLLECTED(connection, c=college, b=booked).scalar()
    return collected


def _about_it(
    connection: Connection, college: str, part: AnyRow, after: tuple[int, int]
) -> list[AnyRow]:
    """The entries after a place about the same gift, engagement, booking, want, event or borrower.

    What was booked for an event rests on its planning; a change of it, on nothing.
    """
    field = NAMES[part.kind][0]
    fact = json.loads(part.body)["fact"]
    kinds = TOGETHER.get(part.kind, (part.kind,))
    if part.kind in (_PLANNED, _PROGRAMME, _AGREED):
        kinds = (*kinds, *_REST_ON[part.kind])
    rows = _marked(connection, college, _mark(field, fact[field]), kinds, after)
    if part.kind in (*DELIVERIES, _ALLOCATED) and after > (0, 0):
        # What was agreed since may rest on how many came, or went.
        agreed = _marked(connection, college, _mark("gift", fact["gift"]), (_AGREED,), after)
        rows = sorted([*rows, *agreed], key=lambda row: (row.epoch, row.seq))
    return rows


def _marked(
    connection: Connection,
    college: str,
    mark: str,
    kinds: Sequence[str],
    after: tuple[int, int],
) -> list[AnyRow]:
    rows = _ABOUT(connection, c=college, e=after[0], s=after[1], m=f"%{mark}%")
    return [row for row in rows if row.kind in kinds and mark in row.body]


def _mark(field: str, value: str) -> str:
    """How an entry that names something has it: the text of an entry is canonical."""
    return f'"{field}":{json.dumps(value, ensure_ascii=False)}'


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
    _refuse_if_import(writer, parts)
    for part, row in zip(parts, undoings, strict=True):
        _refuse_if_built_upon(writer, part, row)
    if why := _why_not(connection, college, parts):
        raise _not_again(_described(connection, college, parts), why)
    lost = _lost(writer, parts)
    shared = numbers_shared(writer, _tags(parts))
    for part, row in zip(parts, undoings, strict=True):
        if why := _gone(connection, college, [part]) or _taken(connection, college, part):
            raise _not_again(_described(connection, college, parts), why)
        writer.append(Reversed(tag=row.tag, epoch=row.epoch, seq=row.seq))
    _refuse_if_lost(writer, parts, lost)
    _refuse_if_over_allocated(writer, parts)
    must_share_no_other_number(writer, _tags(parts), shared)
    return _described(connection, college, parts)


def _refuse_if_import(writer: Writer, parts: Sequence[AnyRow]) -> None:
    """Refuse to do an import again, whose notes went when it was taken back."""
    name = f"{IMPORT_TAKEN_BACK}{parts[0].id}"
    kept = _TAKEN_BACK(writer.connection, c=writer.college, n=name).scalar()
    if kept is None:
        return
    file = json.loads(kept)["file"]
    raise Refused(
        "built_upon",
        f"This cannot be done again: the import of {file} was taken back, with its notes.",
        f"Read the file again: kitloan import {file}",
        action={"id": parts[0].id, "kind": "import", "file": file},
    )


def _tags(parts: Iterable[AnyRow]) -> set[str]:
    return {part.tag for part in parts if part.tag is not None}


def _not_again(action: Undone, why: str) -> Refused:
    return Refused(
        "built_upon",
        f"This cannot be done again: {_named(action)}: {why}.",
        "If it still holds, enter it again. See what you did: kitloan undo --list",
        action=_named(action),
        **_facts(action),
    )


def _gone(connection: Connection, college: str, parts: Iterable[AnyRow]) -> str:
    """What entries name that is no longer on the register, in words; empty when all of it is."""
    named = {each: None for part in parts for each in _named_by(part)}
    for field, key in named:
        what, is_there = _ON_REGISTER[field]
        if is_there(connection, c=college, k=key).first() is None:
            return f"the {what} {key!r} is no longer on the register"
    return ""


def _named_by(part: AnyRow) -> Iterator[tuple[str, str]]:
    """What an entry names and does not make: a field of `_ON_REGISTER`, and its value."""
    fact = json.loads(part.body)["fact"]
    for field in _ON_REGISTER:
        if part.kind == FIRST.get(field) or (field == "loan" and part.tag is not None):
            continue
        if field == "event" and part.kind in (_PLANNED, *OF_ENGAGEMENTS):
            continue  # an engagement may be at another college's event
        if field == "gift" and part.kind not in (*DELIVERIES, _ALLOCATED):
            continue  # a college may name a gift that ESP's ledger does not have
        if field == "programme" and part.kind != _AGREED:
            continue  # an engagement's is not ESP's
        keys = [fact.get(field), *(line.get(field) for line in fact.get("lines", ()))]
        if field == CHANGES.get(part.kind):
            keys.append(fact.get("into"))
        yield from ((field, key) for key in keys if key)


def _taken(connection: Connection, college: str, part: AnyRow) -> str:
    """Whether a label is another holding's by now, in words."""
    if part.kind not in ("label.claimed", *_TOOK_IN):
        return ""
    label = json.loads(part.body)["fact"].get("label") or part.tag
    tag = _LABELLED(connection, c=college, k=label).scalar()
    return "" if tag is None else f"{grouped(label)} is a label of {grouped(tag)} by now"


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


def actions(session: Session) -> list[Undone]:
    """What this person did that is not undone, the latest first, and why what cannot be cannot."""
    college, actor = session.college, session.actor
    with session.reading() as connection:
        listed: list[tuple[tuple[int, int, int], Undone]] = []
        by_doing: set[str] = set()
        for row in _latest_actions(connection, college, actor):
            parts = _parts(connection, row, None)
            action = _described(connection, college, parts, built_upon=True)
            listed.append(((row.epoch, row.seq, 0), action))
            if not action.why and any(part.kind in _KNOWN_BY_DOING for part in parts):
                by_doing.add(action.id)
        listed += [
            ((row.epoch, row.seq, row.number), _described_of_person(row))
            for row in contact_changes.listed(connection, college, actor, undone=False)
        ]
        if (erased := erased_by(connection, college, actor)) is not None:
            at, place = erased
            gone = Undone(
                at, (), "erase", ("a person was erased",), why=_GONE_FOR_GOOD, code="cannot_undo"
            )
            listed.append(((*place, _LAST), gone))
    found = [action for _, action in sorted(listed, key=itemgetter(0), reverse=True)]
    return [_rehearsed(session, each) if each.id in by_doing else each for each in found]


_LAST = 1_000_000_000
"""An erasure came after what its place names."""


def _latest_actions(connection: Connection, college: str, actor: str) -> list[AnyRow]:
    """The last entry of each of the latest actions; a register that was read has thousands."""
    found: dict[str, AnyRow] = {}
    place = (_LAST, _LAST)
    while len(found) < _MOST_LISTED:
        page = _LATEST_SOME(
            connection, c=college, who=actor, e=place[0], s=place[1], most=_PAGE_OF_ENTRIES
        ).all()
        for row in page:
            if len(found) < _MOST_LISTED:
                found.setdefault(row.id, row)
            place = (row.epoch, row.seq)
        if len(page) < _PAGE_OF_ENTRIES:
            break
    return list(found.values())


class _Rehearsed(Exception):
    """Ends a transaction of which nothing is kept."""


def _rehearsed(session: Session, action: Undone) -> Undone:
    """An action with why undoing it would be refused, where only doing it shows that."""
    try:
        with writing(session.store, session.college, session.actor, session.clock) as writer:
            rows = _OF_REQUEST(writer.connection, c=writer.college, i=action.id)
            latest = next((row for row in rows if not row.undone), None)
            if latest is not None:
                _reverse(writer, action, _parts(writer.connection, latest, None))
            raise _Rehearsed
    except Refused as refused:
        return replace(action, why=refused.message.removesuffix("."), code=refused.code)
    except (_Rehearsed, StoreError):  # where nothing can be written, nothing is to be undone
        return action


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
    if not before and _ASKED_OF_TYPE(connection, c=college, k=key).scalar():
        return f"{fact['name']} is booked, wanted, offered or in a gift, or has a policy or a guide"
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


def _refuse_if_built_upon(writer: Writer, part: AnyRow, undoing: AnyRow | None = None) -> None:
    """Refuse when something rests on an entry, or on its undoing, that was done since."""
    since = _since(writer.connection, writer.college, part, undoing)
    if since is None:
        return
    summary = summary_of(writer.connection, writer.college, since.body)
    about = f"{grouped(part.tag)}: since" if part.tag else "Since"
    how = "kitloan undo" if since.tag is None else f"kitloan undo {since.tag}"
    hint = f"That has to be undone first, by {since.by}: {how}"
    details = {"tag": part.tag}
    if part.kind in DELIVERIES:
        gift = json.loads(part.body)["fact"]["gift"]
        hint = f"Correct it: kitloan gift deliver {gift} --correct N"
        details["gift"] = gift
    elif part.kind in (*BOOKINGS, *WANTS, *EVENTS):
        hint = "See it: kitloan bookings"
    elif part.kind in (*OFFERS, *CLAIMS, *ASKS, *ASK_ANSWERS):
        hint = "See it: kitloan offers"
    raise Refused(
        "built_upon",
        f"{about} then {since.by} did this ({uk_instant(since.at)}): {summary}.",
        hint,
        action=f"{since.kind}: {summary}",
        **details,
    )


def _since(
    connection: Connection, college: str, part: AnyRow, undoing: AnyRow | None = None
) -> AnyRow | None:
    """The first thing done since an entry, or since its undoing, that rests on that."""
    place = part if undoing is None else undoing
    after = (place.epoch, place.seq)
    if undoing is not None and (again := _reversed_since(connection, college, part, undoing)):
        return again
    if part.kind in CHANGES:
        return _named_since(connection, college, part, after)
    if part.kind in _RESTED_UPON:
        rows = _about_it(connection, college, part, after)
    elif part.kind == "loan.checked_out":
        mark = _mark("loan", json.loads(part.body)["fact"]["loan"])
        rows = _marked(connection, college, mark, OF_ENGAGEMENTS, after)
    elif part.kind == _TERMS and not _came_with(connection, college, part):
        terms = _TERMS_OF(connection, c=college, t=part.tag, i=part.id, e=after[0], s=after[1])
        rows = list(reversed(terms.all()))
    else:
        rows = []
    first = next((row for row in rows if row.id != part.id), None)
    if first is not None or part.tag is None or part.kind in _SEEN:
        return first
    (epoch, seq) = after
    return _SINCE(connection, c=college, t=part.tag, i=part.id, e=epoch, s=seq).first()


def _came_with(connection: Connection, college: str, part: AnyRow) -> bool:
    """Whether terms are of the action that took their holding in."""
    rows = _OF_REQUEST(connection, c=college, i=part.id)
    return any(row.kind in _TOOK_IN and row.tag == part.tag for row in rows)


def _reversed_since(
    connection: Connection, college: str, part: AnyRow, undoing: AnyRow
) -> AnyRow | None:
    """What else of the same thing was undone, or done again, since an entry was undone.

    What was undone and done again leaves all as it was, and so does what was both done and undone.
    """
    place = (undoing.epoch, undoing.seq)
    changed: dict[tuple[int, int], AnyRow] = {}
    rows = _REVERSED_SINCE(connection, c=college, i=undoing.id, e=place[0], s=place[1])
    for row in rows:
        of = _undone_by(connection, college, row)
        while of.kind == "entry.reversed":
            of = _undone_by(connection, college, of)
        at = (of.epoch, of.seq)
        if at < place and _are_of_one(part, of) and changed.pop(at, None) is None:
            changed[at] = row
    return next(iter(changed.values()), None)


def _are_of_one(part: AnyRow, other: AnyRow) -> bool:
    """Whether two entries are of one holding, booking, want, gift, engagement, or name."""
    if part.tag is not None or other.tag is not None:
        kinds = {part.kind, other.kind}
        return part.tag == other.tag and (kinds == {_TERMS} or not kinds & {*_RESTS_ON_NOTHING})
    if part.kind not in _RESTED_UPON or other.kind not in _RESTED_UPON:
        return False
    field = CHANGES.get(part.kind) or NAMES[part.kind][0]
    ours, theirs = (json.loads(each.body)["fact"] for each in (part, other))
    if part.kind in CHANGES:
        named = {ours[field], ours.get("into")} & {theirs.get(field), theirs.get("into")}
        return other.kind in CHANGES and bool(named - {None})
    return NAMES.get(other.kind, ("",))[0] == field and ours[field] == theirs[field]


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
    why = never = _why_not(connection, college, parts)
    if built_upon and not why:
        why = next(filter(None, (_upon(connection, college, part) for part in parts)), "")
        if not why and (gone := _gone(connection, college, _left(connection, college, parts))):
            why = f"{gone}, and what was before names it"
        if not why and all(part.kind in _NAMES for part in parts):
            why = next(filter(None, (_rests_on(connection, college, part) for part in parts)), "")
    return Undone(
        at=shown[0].at,
        tags=tuple(tag for tag in words if tag is not None),
        kind=shown[0].kind,
        summaries=tuple("; ".join(dict.fromkeys(summary)) for summary in words.values()),
        id=shown[0].id,
        why=why,
        code=("cannot_undo" if why == never else "built_upon") if why else "",
    )


def _upon(connection: Connection, college: str, part: AnyRow) -> str:
    """What was done since that rests on an entry, in words; empty when nothing was."""
    since = _since(connection, college, part)
    if since is not None:
        summary = summary_of(connection, college, since.body)
        return f"since then {since.by} did this: {summary}"
    tag = _collected(connection, college, part)
    return "" if tag is None else f"{grouped(tag)} has gone out on the booking"


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
                `needs_yes`, for an earlier day; `number_taken`, when a holding would have again an
                asset number that is another's by now.
            BadInput: an unknown tag.
        """
        with self._session.writing(request_id) as writer:
            return undo(writer, tag, earlier_day=earlier_day)

    def redo(self, *, request_id: str | None = None) -> Undone:
        """Do again what this person undid last.

        Raises:
            Refused: `nothing_to_redo`; `built_upon`, when something else was done since;
                `number_taken`.
        """
        with self._session.writing(request_id) as writer:
            return redo(writer)

    def would_undo(self) -> Undone | None:
        """What `undo` would reverse now; None when there is nothing left of this person's."""
        with self._session.reading() as connection:
            return would_undo(connection, self._session.college, self._session.actor)

    def list(self) -> list[Undone]:
        """What this person did last that is not undone, the latest first; at most 100 actions.

        What cannot be undone has the reason, and names what was done since that rests on it.
        """
        return actions(self._session)
